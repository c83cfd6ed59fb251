// SPDX-License-Identifier: MIT OR Apache-2.0
#include "OSBufferPool.h"

#include <new>

namespace {

// Each buffer lies behind its queue element, at the next multiple of 16.
const size_t kHeaderSize = (sizeof(OSQueueElem) + 15) / 16 * 16;

OSQueueElem* ElemOf(void* buffer) {
    return reinterpret_cast<OSQueueElem*>(static_cast<char*>(buffer) - kHeaderSize);
}

} // namespace

OSBufferPool::~OSBufferPool() {
    for (OSQueueElem* elem = spare_.DeQueue(); elem != NULL; elem = spare_.DeQueue()) {
        elem->~OSQueueElem();
        ::operator delete(elem);
    }
}

void* OSBufferPool::Get() {
    OSMutexLocker locker(&guard_);
    OSQueueElem* elem = spare_.DeQueue();
    if (elem == NULL) {
        char* memory = static_cast<char*>(::operator new(kHeaderSize + bytesEach_));
        elem = new (memory) OSQueueElem(memory + kHeaderSize);
        made_++;
    }
    return elem->GetEnclosingObject();
}

void OSBufferPool::Put(void* block) {
    OSMutexLocker locker(&guard_);
    spare_.EnQueue(ElemOf(block));
}
