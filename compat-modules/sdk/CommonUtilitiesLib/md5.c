/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "md5.h"

#include <string.h>

/* The integer parts of 4294967296 * |sin(n)|, n in radians from 1 up (RFC 1321 3.4). */
static const UInt32 kSines[64] = {
    0xd76aa478U, 0xe8c7b756U, 0x242070dbU, 0xc1bdceeeU, 0xf57c0fafU, 0x4787c62aU,
    0xa8304613U, 0xfd469501U, 0x698098d8U, 0x8b44f7afU, 0xffff5bb1U, 0x895cd7beU,
    0x6b901122U, 0xfd987193U, 0xa679438eU, 0x49b40821U, 0xf61e2562U, 0xc040b340U,
    0x265e5a51U, 0xe9b6c7aaU, 0xd62f105dU, 0x02441453U, 0xd8a1e681U, 0xe7d3fbc8U,
    0x21e1cde6U, 0xc33707d6U, 0xf4d50d87U, 0x455a14edU, 0xa9e3e905U, 0xfcefa3f8U,
    0x676f02d9U, 0x8d2a4c8aU, 0xfffa3942U, 0x8771f681U, 0x6d9d6122U, 0xfde5380cU,
    0xa4beea44U, 0x4bdecfa9U, 0xf6bb4b60U, 0xbebfbc70U, 0x289b7ec6U, 0xeaa127faU,
    0xd4ef3085U, 0x04881d05U, 0xd9d4d039U, 0xe6db99e5U, 0x1fa27cf8U, 0xc4ac5665U,
    0xf4292244U, 0x432aff97U, 0xab9423a7U, 0xfc93a039U, 0x655b59c3U, 0x8f0ccc92U,
    0xffeff47dU, 0x85845dd1U, 0x6fa87e4fU, 0xfe2ce6e0U, 0xa3014314U, 0x4e0811a1U,
    0xf7537e82U, 0xbd3af235U, 0x2ad7d2bbU, 0xeb86d391U,
};

/* Rotations: four for each of the four rounds, used in turn. */
static const unsigned char kRotations[4][4] = {
    {7, 12, 17, 22},
    {5, 9, 14, 20},
    {4, 11, 16, 23},
    {6, 10, 15, 21},
};

static UInt32 RotateLeft(UInt32 value, unsigned int count) {
    return ((value << count) | ((value & 0xFFFFFFFFU) >> (32 - count))) & 0xFFFFFFFFU;
}

static UInt32 WordAt(const unsigned char* bytes) {
    return (UInt32)bytes[0] | ((UInt32)bytes[1] << 8) | ((UInt32)bytes[2] << 16) | ((UInt32)bytes[3] << 24);
}

static void PutWord(unsigned char* bytes, UInt32 value) {
    int i;
    for (i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
}

static void AddBlock(UInt32 state[4], const unsigned char* block) {
    UInt32 sums[4];
    UInt32 a = state[0], b = state[1], c = state[2], d = state[3];
    unsigned int step;
    for (step = 0; step < 64; step++) {
        unsigned int round = step / 16;
        unsigned int word;
        UInt32 mixed, next;
        switch (round) {
        case 0:
            mixed = (b & c) | (~b & d);
            word = step;
            break;
        case 1:
            mixed = (d & b) | (~d & c);
            word = (5 * step + 1) % 16;
            break;
        case 2:
            mixed = b ^ c ^ d;
            word = (3 * step + 5) % 16;
            break;
        default:
            mixed = c ^ (b | ~d);
            word = (7 * step) % 16;
            break;
        }
        next = b + RotateLeft(a + mixed + WordAt(block + 4 * word) + kSines[step], kRotations[round][step % 4]);
        a = d;
        d = c;
        c = b;
        b = next;
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
    for (step = 0; step < 4; step++)
        state[step] += sums[step];
}

void MD5_Init(MD5_CTX* context) {
    memset(context, 0, sizeof(*context));
    context->state[0] = 0x67452301U;
    context->state[1] = 0xefcdab89U;
    context->state[2] = 0x98badcfeU;
    context->state[3] = 0x10325476U;
}

void MD5_Update(MD5_CTX* context, const unsigned char* input, unsigned int inputLen) {
    unsigned int used = (unsigned int)((context->count[0] >> 3) & 63);
    UInt64 bits = ((UInt64)context->count[1] << 32 | context->count[0]) + ((UInt64)inputLen << 3);
    context->count[0] = (UInt32)(bits & 0xffffffffU);
    context->count[1] = (UInt32)(bits >> 32 & 0xffffffffU);

    while (inputLen > 0) {
        unsigned int room = 64 - used;
        unsigned int part = inputLen < room ? inputLen : room;
        memcpy(context->buffer + used, input, part);
        input += part;
        inputLen -= part;
        used += part;
        if (used == 64) {
            AddBlock(context->state, context->buffer);
            used = 0;
        }
    }
}

void MD5_Final(unsigned char digest[16], MD5_CTX* context) {
    static const unsigned char kPadding[64] = {0x80};
    unsigned char length[8];
    unsigned int used = (unsigned int)((context->count[0] >> 3) & 63);
    int i;
    PutWord(length, context->count[0]);
    PutWord(length + 4, context->count[1]);
    MD5_Update(context, kPadding, used < 56 ? 56 - used : 120 - used);
    MD5_Update(context, length, sizeof(length));
    for (i = 0; i < 4; i++)
        PutWord(digest + 4 * i, context->state[i]);
    memset(context, 0, sizeof(*context));
}
