// SPDX-License-Identifier: MIT OR Apache-2.0
// new and delete of a module, by way of the server. A module compiles this file in, or leaves it out and
// uses the C++ runtime's: the heap is the same.

#include <stdlib.h>
#include <new>
#include "OSMemory.h"
#include "QTSS.h"

#if __cplusplus >= 201103L
#define SDK_NEW_THROWS
#define SDK_NO_THROW noexcept
#else
#define SDK_NEW_THROWS throw(std::bad_alloc)
#define SDK_NO_THROW throw()
#endif

namespace {
SInt32 sMemoryError = EXIT_FAILURE;
}

void OSMemory::SetMemoryError(SInt32 err) { sMemoryError = err; }

void* OSMemory::New(size_t givenSize) {
    void* memory = QTSS_New(FOUR_CHARS_TO_INT('m', 'o', 'd', 'u'), static_cast<UInt32>(givenSize == 0 ? 1 : givenSize));
    if (memory == NULL)
        ::exit(static_cast<int>(sMemoryError));
    return memory;
}

void OSMemory::Delete(void* givenMemory) {
    if (givenMemory != NULL)
        QTSS_Delete(givenMemory);
}

void* operator new(std::size_t size) SDK_NEW_THROWS { return OSMemory::New(size); }

void* operator new[](std::size_t size) SDK_NEW_THROWS { return OSMemory::New(size); }

void operator delete(void* memory) SDK_NO_THROW { OSMemory::Delete(memory); }

void operator delete[](void* memory) SDK_NO_THROW { OSMemory::Delete(memory); }

#if defined(__cpp_sized_deallocation) || __cplusplus >= 201402L
void operator delete(void* memory, std::size_t) SDK_NO_THROW { OSMemory::Delete(memory); }

void operator delete[](void* memory, std::size_t) SDK_NO_THROW { OSMemory::Delete(memory); }
#endif
