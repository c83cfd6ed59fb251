// SPDX-License-Identifier: MIT OR Apache-2.0
// The basic types come with the interface; the helper classes add the names below.
#ifndef QTSS_SDK_OS_HEADERS_H
#define QTSS_SDK_OS_HEADERS_H

#include "../../../include/OSHeaders.h"

#define kEOLString "\n"
#define kPathDelimiterString "/"
#define kPathDelimiterChar '/'
#define kPartialPathBeginsWithDelimiter 0

// An errno, or one of these.
typedef SInt32 OS_Error;

enum {
    OS_NoErr = 0,
    OS_BadURLFormat = -100,
    OS_NotEnoughSpace = -101
};

#endif
