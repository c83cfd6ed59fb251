// SPDX-License-Identifier: MIT OR Apache-2.0
// C library calls under the names that modules use. The printf family is the C library's own; the time
// and error text functions are the reentrant ones, with the result in the caller's buffer.
#ifndef QTSS_SDK_SAFE_STD_LIB_H
#define QTSS_SDK_SAFE_STD_LIB_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "OSHeaders.h"

#define kTimeStrSize 32
#define kErrorStrSize 256

#ifdef __USE_MAX_PRINTF__
#define qtss_printf qtss_maxprintf
#else
#define qtss_printf printf
#endif
#define qtss_sprintf sprintf
#define qtss_fprintf fprintf
#define qtss_snprintf snprintf
#define qtss_strftime strftime

#ifdef __cplusplus
extern "C" {
#endif

// Like printf, until the limit set below is reached; then it returns -1 and prints nothing more.
int qtss_maxprintf(const char* format, ...);
void qtss_setmaxprintfcharsinK(UInt32 newMaxCharsInK);
UInt32 qtss_getmaxprintfcharsinK(void);

// These return `buffer`, always terminated and cut to `buffLen` bytes.
char* qtss_strerror(int errnum, char* buffer, int buffLen);
char* qtss_ctime(const time_t* timep, char* buffer, int buffLen);
char* qtss_asctime(const struct tm* timeptr, char* buffer, int buffLen);

// These return `result`, or NULL when the time has no calendar form.
struct tm* qtss_gmtime(const time_t* timep, struct tm* result);
struct tm* qtss_localtime(const time_t* timep, struct tm* result);

#ifdef __cplusplus
}
#endif

#endif
