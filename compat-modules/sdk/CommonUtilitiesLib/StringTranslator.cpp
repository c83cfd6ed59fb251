// SPDX-License-Identifier: MIT OR Apache-2.0
#include "StringTranslator.h"

#include <string.h>

namespace {

int HexValue(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

// Takes the last segment off the text if it is "." or "..". The text starts with a slash and ends behind a
// segment; the slash before the segment stays.
SInt32 WithoutDots(const char* text, SInt32 length) {
    SInt32 start = length;
    while (text[start - 1] != '/')
        start--;
    SInt32 dots = length - start;
    bool special = (dots == 1 && text[start] == '.') || (dots == 2 && text[start] == '.' && text[start + 1] == '.');
    return special ? start : length;
}

} // namespace

SInt32 StringTranslator::DecodeURL(const char* inSrc, SInt32 inSrcLen, char* ioDest, SInt32 inDestLen) {
    if (inSrcLen <= 0 || *inSrc != '/')
        return OS_BadURLFormat;
    SInt32 written = 0;
    bool inQuery = false;
    for (SInt32 at = 0; at < inSrcLen; at++) {
        char c = inSrc[at];
        if (c == '\0')
            return OS_BadURLFormat;
        bool queryStarts = c == '?' && !inQuery;
        if (c == '%') {
            int high = at + 2 < inSrcLen ? HexValue(inSrc[at + 1]) : -1;
            int low = high < 0 ? -1 : HexValue(inSrc[at + 2]);
            if (low < 0)
                return OS_BadURLFormat;
            c = static_cast<char>(high * 16 + low);
            at += 2;
        }
        if (!inQuery && written > 0 && (c == '/' || queryStarts)) {
            SInt32 kept = WithoutDots(ioDest, written);
            bool cut = kept != written;
            written = kept;
            if (cut && c == '/')
                continue; // what was kept ends with the slash
        }
        inQuery = inQuery || queryStarts;
        if (written >= inDestLen)
            return OS_NotEnoughSpace;
        ioDest[written++] = c;
    }
    return inQuery ? written : WithoutDots(ioDest, written);
}

SInt32 StringTranslator::EncodeURL(const char* inSrc, SInt32 inSrcLen, char* ioDest, SInt32 inDestLen) {
    static const char kDigits[] = "0123456789ABCDEF";
    SInt32 written = 0;
    for (SInt32 at = 0; at < inSrcLen; at++) {
        unsigned char c = static_cast<unsigned char>(inSrc[at]);
        bool escaped = c > 127 || c < 0x20 || ::strchr(" <>#%{}|\\^~[]`;?@=&$\"", c) != NULL;
        SInt32 wanted = escaped ? 3 : 1;
        if (inDestLen - written < wanted)
            return OS_NotEnoughSpace;
        if (escaped) {
            ioDest[written++] = '%';
            ioDest[written++] = kDigits[c >> 4];
            ioDest[written++] = kDigits[c & 0xF];
        } else {
            ioDest[written++] = static_cast<char>(c);
        }
    }
    return written;
}

void StringTranslator::DecodePath(char* inSrc, UInt32 inSrcLen) {
    for (UInt32 i = 0; i < inSrcLen; i++) {
        if (inSrc[i] == '/')
            inSrc[i] = kPathDelimiterChar;
    }
}
