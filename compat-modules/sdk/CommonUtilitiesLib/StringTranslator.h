// SPDX-License-Identifier: MIT OR Apache-2.0
// URL and path forms of a text. Results are a length, or a negative OS_Error; nothing is terminated.
#ifndef QTSS_SDK_STRING_TRANSLATOR_H
#define QTSS_SDK_STRING_TRANSLATOR_H

#include "OSHeaders.h"

class StringTranslator {
public:
    // Takes away %XX, and before a query the path segments "." and ".." themselves: "/a/../b" is "/a/b", so
    // nothing leads upwards. OS_BadURLFormat: no leading slash, a bad %XX, or a zero byte.
    // OS_NotEnoughSpace: the result is longer than the buffer; the source's length is always enough. Source
    // and buffer may be one.
    static SInt32 DecodeURL(const char* src, SInt32 srcLen, char* dest, SInt32 destLen);
    // Makes %XX of what has a meaning in URLs, of blanks and line ends, and of bytes above 127.
    static SInt32 EncodeURL(const char* src, SInt32 srcLen, char* dest, SInt32 destLen);
    // Slashes to the system's path delimiters.
    static void DecodePath(char* src, UInt32 srcLen);
};

#endif
