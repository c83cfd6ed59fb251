// SPDX-License-Identifier: MIT OR Apache-2.0
#include "OSMemory.h"

#include <stdlib.h>

namespace {
SInt32 sMemoryError = EXIT_FAILURE;
}

void OSMemory::SetMemoryError(SInt32 inErr) { sMemoryError = inErr; }

void* OSMemory::New(size_t inSize) {
    void* memory = ::malloc(inSize == 0 ? 1 : inSize);
    if (memory == NULL)
        ::exit(static_cast<int>(sMemoryError));
    return memory;
}

void OSMemory::Delete(void* inMemory) { ::free(inMemory); }
