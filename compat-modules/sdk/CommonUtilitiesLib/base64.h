/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Base64 (RFC 4648 4), for C and C++. Lengths include the terminator unless stated otherwise. */
#ifndef QTSS_SDK_BASE64_H
#define QTSS_SDK_BASE64_H

#ifdef __cplusplus
extern "C" {
#endif

/* Room that the coded form of `length` bytes needs. */
int Base64encode_len(int length);
/* Returns the length written. */
int Base64encode(char* coded_dst, const char* plain_src, int len_plain_src);

/* Room that the decoded form of a text may need. */
int Base64decode_len(const char* coded_src);
/* Decodes up to the first byte that is no base64 digit, and terminates. Returns the length without the
   terminator. */
int Base64decode(char* plain_dst, const char* coded_src);

#ifdef __cplusplus
}
#endif

#endif
