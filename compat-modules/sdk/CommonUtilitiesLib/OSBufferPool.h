// SPDX-License-Identifier: MIT OR Apache-2.0
// Buffers of one size, used over and over. Safe from any thread.
#ifndef QTSS_SDK_OS_BUFFER_POOL_H
#define QTSS_SDK_OS_BUFFER_POOL_H

#include "OSMutex.h"
#include "OSQueue.h"

class OSBufferPool {
public:
    OSBufferPool(UInt32 bufferSize) : bytesEach_(bufferSize), made_(0) {}
    // Frees the buffers that were put back; those still out leak.
    ~OSBufferPool();

    UInt32 GetTotalNumBuffers() { return made_; }
    UInt32 GetNumAvailableBuffers() { return spare_.GetLength(); }

    // Aligned for any type. The content is whatever was left in it.
    void* Get();
    void Put(void* block);

private:
    OSBufferPool(const OSBufferPool&);
    OSBufferPool& operator=(const OSBufferPool&);

    OSMutex guard_;
    OSQueue spare_;
    UInt32 bytesEach_;
    UInt32 made_;
};

#endif
