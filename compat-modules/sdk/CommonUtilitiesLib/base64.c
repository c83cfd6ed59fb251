/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base64.h"

static const char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int ValueOf(char c) {
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    if (c == '/')
        return 63;
    return -1;
}

int Base64encode_len(int len) { return (len + 2) / 3 * 4 + 1; }

int Base64encode(char* coded_dst, const char* plain_src, int len_plain_src) {
    const unsigned char* in = (const unsigned char*)plain_src;
    char* out = coded_dst;
    int left = len_plain_src;
    while (left > 0) {
        unsigned int second = left > 1 ? in[1] : 0u;
        unsigned int third = left > 2 ? in[2] : 0u;
        unsigned int group = ((unsigned int)in[0] << 16) | (second << 8) | third;
        *out++ = kDigits[(group >> 18) & 63];
        *out++ = kDigits[(group >> 12) & 63];
        *out++ = left > 1 ? kDigits[(group >> 6) & 63] : '=';
        *out++ = left > 2 ? kDigits[group & 63] : '=';
        in += 3;
        left -= 3;
    }
    *out++ = '\0';
    return (int)(out - coded_dst);
}

int Base64decode_len(const char* coded_src) {
    int digits = 0;
    while (ValueOf(coded_src[digits]) >= 0)
        digits++;
    return (digits + 3) / 4 * 3 + 1;
}

int Base64decode(char* plain_dst, const char* coded_src) {
    char* out = plain_dst;
    unsigned int bits = 0;
    int count = 0; /* of bits kept that are not written yet */
    int value;
    while ((value = ValueOf(*coded_src++)) >= 0) {
        bits = (bits << 6) | (unsigned int)value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            *out++ = (char)((bits >> count) & 0xFF);
        }
        bits &= (1u << count) - 1u;
    }
    *out = '\0';
    return (int)(out - plain_dst);
}
