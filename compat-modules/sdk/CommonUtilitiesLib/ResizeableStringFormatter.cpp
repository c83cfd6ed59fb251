// SPDX-License-Identifier: MIT OR Apache-2.0
#include "ResizeableStringFormatter.h"

ResizeableStringFormatter::~ResizeableStringFormatter() {
    if (fStartPut != callers_)
        delete[] fStartPut;
}

Bool16 ResizeableStringFormatter::BufferIsFull(char* buffer, UInt32 bufferLen) {
    const UInt32 kFirstSize = 64;
    const UInt32 kLargestToDouble = 0x40000000; // sizes are 32 bits wide
    UInt32 oldSize = GetTotalBufferSize();
    if (oldSize > kLargestToDouble)
        return false;
    UInt32 newSize = oldSize == 0 ? kFirstSize : oldSize * 2;
    char* grown = new char[newSize];
    if (bufferLen > 0)
        ::memcpy(grown, buffer, bufferLen);
    if (buffer != callers_)
        delete[] buffer;
    fStartPut = grown;
    fCurrentPut = grown + bufferLen;
    fEndPut = grown + newSize;
    return true;
}
