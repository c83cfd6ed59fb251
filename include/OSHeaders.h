/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The basic types of the QTSS interfaces, the macros that print them, and the standard headers module sources expect to
 * have been included. Plain C, C89 on.
 *
 * With a freestanding compiler (-ffreestanding) no system header is read; time_t and struct iovec are then declared
 * here as the System V ABIs lay them out. That is how the layout of the other data model is checked.
 */
#ifndef DSS_OSHEADERS_H
#define DSS_OSHEADERS_H

#if !defined(__STDC_HOSTED__) || __STDC_HOSTED__
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#else
typedef long time_t;
struct iovec
{
    void* iov_base;
    __SIZE_TYPE__ iov_len;
};
#endif

/* Exactly 8, 16, 32 and 64 bits. The 32-bit ones are int where long has 64 bits, long elsewhere. */
typedef unsigned char UInt8;
typedef signed char SInt8;
typedef unsigned short UInt16;
typedef signed short SInt16;
#if defined(__LP64__)
typedef unsigned int UInt32;
typedef signed int SInt32;
#else
typedef unsigned long UInt32;
typedef signed long SInt32;
#endif
#if defined(__GNUC__)
__extension__ typedef unsigned long long UInt64;
__extension__ typedef signed long long SInt64;
#else
typedef unsigned long long UInt64;
typedef signed long long SInt64;
#endif
typedef float Float32;
typedef double Float64;

/* Integers as wide as a pointer. */
typedef signed long PointerSizedInt;
typedef unsigned long PointerSizedUInt;

/* Truth values of the interfaces: 0 or 1 in two bytes (one byte), never a C++ bool. */
typedef UInt16 Bool16;
typedef UInt8 Bool8;

/* Four characters in 32 bits, the first in the most significant byte on every machine. */
typedef unsigned int FourCharCode;
typedef FourCharCode OSType;
#define FOUR_CHARS_TO_INT(c1, c2, c3, c4) ((c1) << 24 | (c2) << 16 | (c3) << 8 | (c4))
#define TW0_CHARS_TO_INT(c1, c2) ((c1) << 8 | (c2))

#ifndef TRUE
#define TRUE 1
#endif
#ifndef FALSE
#define FALSE 0
#endif

#define kSInt16_Max 32767
#define kUInt16_Max 65535
#define kSInt32_Max 2147483647
#define kUInt32_Max 4294967295U
#define kSInt64_Max ((SInt64)(kUInt64_Max >> 1))
#define kUInt64_Max (~(UInt64)0)

/*
 * printf conversions, the percent sign left out. In C++11 and later a blank must stand between a string literal and the
 * macro; without it the compiler reads a user-defined literal.
 */
#if defined(__LP64__)
#define _S32BITARG_ "d"
#define _U32BITARG_ "u"
#define _SPOINTERSIZEARG_ "ld"
#define _UPOINTERSIZEARG_ "lu"
#else
#define _S32BITARG_ "ld"
#define _U32BITARG_ "lu"
#define _SPOINTERSIZEARG_ "ld"
#define _UPOINTERSIZEARG_ "lu"
#endif
#define _S64BITARG_ "lld"
#define _U64BITARG_ "llu"
#define _64BITARG_ "q" /* old form: "%" _64BITARG_ "d" */

#define EOL "\r\n"
#define QT_PATH_SEPARATOR '/'
#define QT_TIME_TO_LOCAL_TIME (-2082844800) /* seconds from the QuickTime epoch, 1904, to the Unix one, 1970 */

#endif /* DSS_OSHEADERS_H */
