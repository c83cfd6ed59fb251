// SPDX-License-Identifier: MIT OR Apache-2.0
#include "OSMemory.h"

#include <stdlib.h>

namespace {
SInt32 sMemoryError = EXIT_FAILURE;
}

void OSMemory::SetMemoryError(SInt32 err) { sMemoryError = err; }

void* OSMemory::New(size_t size) {
    void* memory = ::malloc(size == 0 ? 1 : size);
    if (memory == NULL)
        ::exit(static_cast<int>(sMemoryError));
    return memory;
}

void OSMemory::Delete(void* givenMemory) { ::free(givenMemory); }
