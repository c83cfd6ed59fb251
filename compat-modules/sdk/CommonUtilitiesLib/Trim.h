/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef QTSS_SDK_TRIM_H
#define QTSS_SDK_TRIM_H

#ifdef __cplusplus
extern "C" {
#endif

/* The first byte that is neither a blank nor a control byte; the end of the text if there is none. */
char* TrimLeft(char* fromStrPtr);

#ifdef __cplusplus
}
#endif

#endif
