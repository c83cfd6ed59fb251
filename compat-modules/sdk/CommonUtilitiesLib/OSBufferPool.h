// SPDX-License-Identifier: MIT OR Apache-2.0
// Buffers of one size, used over and over. Safe from any thread.
#ifndef QTSS_SDK_OS_BUFFER_POOL_H
#define QTSS_SDK_OS_BUFFER_POOL_H

#include "OSMutex.h"
#include "OSQueue.h"

class OSBufferPool {
public:
    OSBufferPool(UInt32 inBufferSize) : fBufSize(inBufferSize), fTotNumBuffers(0) {}
    // Frees the buffers that were put back; those still out leak.
    ~OSBufferPool();

    UInt32 GetTotalNumBuffers() { return fTotNumBuffers; }
    UInt32 GetNumAvailableBuffers() { return fQueue.GetLength(); }

    // Aligned for any type. The content is whatever was left in it.
    void* Get();
    void Put(void* inBuffer);

private:
    OSBufferPool(const OSBufferPool&);
    OSBufferPool& operator=(const OSBufferPool&);

    OSMutex fMutex;
    OSQueue fQueue;
    UInt32 fBufSize;
    UInt32 fTotNumBuffers;
};

#endif
