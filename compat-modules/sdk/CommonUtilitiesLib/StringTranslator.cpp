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

SInt32 StringTranslator::DecodeURL(const char* src, SInt32 srcLen, char* dest, SInt32 destLen) {
    if (srcLen <= 0 || *src != '/')
        return OS_BadURLFormat;
    SInt32 written = 0;
    bool query = false;
    for (SInt32 at = 0; at < srcLen; at++) {
        char c = src[at];
        if (c == '\0')
            return OS_BadURLFormat;
        bool queryStarts = c == '?' && !query;
        if (c == '%') {
            int high = at + 2 < srcLen ? HexValue(src[at + 1]) : -1;
            int low = high < 0 ? -1 : HexValue(src[at + 2]);
            if (low < 0)
                return OS_BadURLFormat;
            c = static_cast<char>(high * 16 + low);
            at += 2;
        }
        if (!query && written > 0 && (c == '/' || queryStarts)) {
            SInt32 kept = WithoutDots(dest, written);
            bool cut = kept != written;
            written = kept;
            if (cut && c == '/')
                continue; // what was kept ends with the slash
        }
        query = query || queryStarts;
        if (written >= destLen)
            return OS_NotEnoughSpace;
        dest[written++] = c;
    }
    return query ? written : WithoutDots(dest, written);
}

SInt32 StringTranslator::EncodeURL(const char* src, SInt32 srcLen, char* dest, SInt32 destLen) {
    static const char kDigits[] = "0123456789ABCDEF";
    SInt32 written = 0;
    for (SInt32 at = 0; at < srcLen; at++) {
        unsigned char c = static_cast<unsigned char>(src[at]);
        bool escaped = c > 127 || c < 0x20 || ::strchr(" <>#%{}|\\^~[]`;?@=&$\"", c) != NULL;
        SInt32 wanted = escaped ? 3 : 1;
        if (destLen - written < wanted)
            return OS_NotEnoughSpace;
        if (escaped) {
            dest[written++] = '%';
            dest[written++] = kDigits[c >> 4];
            dest[written++] = kDigits[c & 0xF];
        } else {
            dest[written++] = static_cast<char>(c);
        }
    }
    return written;
}

void StringTranslator::DecodePath(char* src, UInt32 srcLen) {
    for (UInt32 i = 0; i < srcLen; i++) {
        if (src[i] == '/')
            src[i] = kPathDelimiterChar;
    }
}
