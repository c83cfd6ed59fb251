/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Included first in every file of a module. The platform's facts come with the interface; the switches of the
   helper classes stand here. */
#ifndef QTSS_SDK_PLATFORM_HEADER_H
#define QTSS_SDK_PLATFORM_HEADER_H

#include "../../include/PlatformHeader.h"

#ifndef DEBUG
#define DEBUG 0
#endif
#ifndef ASSERT
#define ASSERT 1
#endif
#define MEMORY_DEBUGGING 0
#define QTFILE_MEMORY_DEBUGGING 0
#define MMAP_TABLES 0

#define USE_THREAD 0
#define THREADING_IS_COOPERATIVE 0
#define USE_THR_YIELD 0

#define PLATFORM_SERVER_BIN_NAME "DarwinStreamingServer"
#define PLATFORM_SERVER_TEXT_NAME "Darwin Streaming Server"

#endif
