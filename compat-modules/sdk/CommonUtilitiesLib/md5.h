/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* MD5 (RFC 1321), for C and C++. */
#ifndef QTSS_SDK_MD5_H
#define QTSS_SDK_MD5_H

#include "OSHeaders.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    UInt32 state[4];
    UInt32 count[2]; /* bits so far, low word first */
    unsigned char buffer[64];
} MD5_CTX;

void MD5_Init(MD5_CTX* context);
void MD5_Update(MD5_CTX* context, const unsigned char* input, unsigned int inputLen);
/* Wipes the context. */
void MD5_Final(unsigned char digest[16], MD5_CTX* context);

#ifdef __cplusplus
}
#endif

#endif
