// SPDX-License-Identifier: MIT OR Apache-2.0
#include "ResizeableStringFormatter.h"

ResizeableStringFormatter::~ResizeableStringFormatter() {
    if (fStartPut != fOriginalBuffer)
        delete[] fStartPut;
}

Bool16 ResizeableStringFormatter::BufferIsFull(char* inBuffer, UInt32 inBufferLen) {
    const UInt32 kFirstSize = 64;
    const UInt32 kLargestToDouble = 0x40000000; // sizes are 32 bits wide
    UInt32 oldSize = GetTotalBufferSize();
    if (oldSize > kLargestToDouble)
        return false;
    UInt32 newSize = oldSize == 0 ? kFirstSize : oldSize * 2;
    char* grown = new char[newSize];
    if (inBufferLen > 0)
        ::memcpy(grown, inBuffer, inBufferLen);
    if (inBuffer != fOriginalBuffer)
        delete[] inBuffer;
    fStartPut = grown;
    fCurrentPut = grown + inBufferLen;
    fEndPut = grown + newSize;
    return true;
}
