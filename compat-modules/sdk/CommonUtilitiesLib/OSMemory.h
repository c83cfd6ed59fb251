// SPDX-License-Identifier: MIT OR Apache-2.0
// Memory of a module. Server and modules share the C heap, so it does not matter who frees.
#ifndef QTSS_SDK_OS_MEMORY_H
#define QTSS_SDK_OS_MEMORY_H

#include <new>
#include "OSHeaders.h"
#include "OSMutex.h"
#include "OSQueue.h"

class OSMemory {
public:
    // malloc; without memory the process ends with the status set below.
    static void* New(size_t size);
    // NULL does nothing.
    static void Delete(void* givenMemory);
    static void SetMemoryError(SInt32 err);
};

#ifndef NEW
#define NEW new
#endif

#endif
