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
    ResizeableStringFormatter(char* inBuffer = NULL, UInt32 inBufSize = 0)
        : StringFormatter(inBuffer, inBufSize), fOriginalBuffer(inBuffer) {}
    virtual ~ResizeableStringFormatter();

private:
    virtual Bool16 BufferIsFull(char* inBuffer, UInt32 inBufferLen);

    char* fOriginalBuffer;
};

#endif
