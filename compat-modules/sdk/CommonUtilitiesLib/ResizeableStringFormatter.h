// SPDX-License-Identifier: MIT OR Apache-2.0
// A formatter whose buffer grows: it doubles, from 64 bytes up.
//
// A first buffer of the caller's stays the caller's. Grown buffers come from new[] and are freed at the
// end; GetBufPtr() and then Set(NULL, 0) hands such a buffer over to the caller.
#ifndef QTSS_SDK_RESIZEABLE_STRING_FORMATTER_H
#define QTSS_SDK_RESIZEABLE_STRING_FORMATTER_H

#include "StringFormatter.h"

class ResizeableStringFormatter : public StringFormatter {
public:
    ResizeableStringFormatter(char* buffer = NULL, UInt32 bufSize = 0)
        : StringFormatter(buffer, bufSize), callers_(buffer) {}
    virtual ~ResizeableStringFormatter();

private:
    virtual Bool16 BufferIsFull(char* buffer, UInt32 bufferLen);

    char* callers_;
};

#endif
