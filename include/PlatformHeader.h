/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Facts about the platform, for every file of a module. Makefiles pass it with -include; including it twice, or not at
 * all, is harmless. Macros that the command line already sets are left alone.
 */
#ifndef DSS_PLATFORMHEADER_H
#define DSS_PLATFORMHEADER_H

/* Byte order: 1 where the most significant byte comes first. */
#ifndef BIGENDIAN
#if defined(__BYTE_ORDER__) && defined(__ORDER_BIG_ENDIAN__)
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define BIGENDIAN 1
#else
#define BIGENDIAN 0
#endif
#else
#define BIGENDIAN 0
#endif
#endif

/* 1 where a word may be read from any address. */
#ifndef ALLOW_NON_WORD_ALIGN_ACCESS
#if defined(__i386__) || defined(__x86_64__)
#define ALLOW_NON_WORD_ALIGN_ACCESS 1
#else
#define ALLOW_NON_WORD_ALIGN_ACCESS 0
#endif
#endif

/* Threads are POSIX threads, and the C library is asked for its reentrant functions. */
#ifndef __PTHREADS__
#define __PTHREADS__ 1
#endif
#ifndef __PTHREADS_MUTEXES__
#define __PTHREADS_MUTEXES__ 1
#endif
#ifndef _REENTRANT
#define _REENTRANT 1
#endif

/* Neither the Mac OS X event queue nor the assembler atomics are used. */
#ifndef MACOSXEVENTQUEUE
#define MACOSXEVENTQUEUE 0
#endif
#ifndef USE_ATOMICLIB
#define USE_ATOMICLIB 0
#endif

#ifndef kPlatformNameString
#if defined(__linux__)
#define kPlatformNameString "Linux"
#elif defined(__FreeBSD__)
#define kPlatformNameString "FreeBSD"
#elif defined(__APPLE__)
#define kPlatformNameString "MacOSX"
#else
#define kPlatformNameString "Unix"
#endif
#endif

/* Stands before the entry function of a module. Nothing is needed here: modules are built with default visibility. */
#ifndef EXPORT
#define EXPORT
#endif

#endif /* DSS_PLATFORMHEADER_H */
