/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Words of a line, for C and C++. */
#ifndef QTSS_SDK_GET_WORD_H
#define QTSS_SDK_GET_WORD_H

#include "OSHeaders.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Skip blanks and control bytes, copy a word and terminate it, and return where it ended. At most `limit`
   bytes are copied, so the buffer has one byte more. */
char* GetWord(char* toWordPtr, char* fromStrPtr, SInt32 limit);
/* The same for a word in double quotes, in which two of them stand for one; without quotes it is empty. */
char* GetQuotedWord(char* toWordPtr, char* fromStrPtr, SInt32 limit);

#ifdef __cplusplus
}
#endif

#endif
