// SPDX-License-Identifier: MIT OR Apache-2.0
#include "OSMutex.h"

// The holder is kept here rather than by a recursive pthread mutex, so that OSCond can wait with a lock
// that was taken several times.

OSMutex::OSMutex() : fHolder(0), fHolderCount(0) { (void)::pthread_mutex_init(&fMutex, NULL); }

OSMutex::~OSMutex() { (void)::pthread_mutex_destroy(&fMutex); }

// Another thread may change the holder meanwhile, but never to or from this thread.
bool OSMutex::HeldByMe() const {
    return __atomic_load_n(&fHolderCount, __ATOMIC_RELAXED) != 0 &&
           ::pthread_equal(__atomic_load_n(&fHolder, __ATOMIC_RELAXED), ::pthread_self());
}

void OSMutex::Take() {
    __atomic_store_n(&fHolder, ::pthread_self(), __ATOMIC_RELAXED);
    __atomic_store_n(&fHolderCount, fHolderCount + 1, __ATOMIC_RELAXED);
}

void OSMutex::Lock() {
    if (!HeldByMe())
        (void)::pthread_mutex_lock(&fMutex);
    Take();
}

Bool16 OSMutex::TryLock() {
    if (!HeldByMe() && ::pthread_mutex_trylock(&fMutex) != 0)
        return false;
    Take();
    return true;
}

void OSMutex::Unlock() {
    if (!HeldByMe())
        return;
    UInt32 left = fHolderCount - 1;
    __atomic_store_n(&fHolderCount, left, __ATOMIC_RELAXED);
    if (left == 0) {
        __atomic_store_n(&fHolder, pthread_t(0), __ATOMIC_RELAXED);
        (void)::pthread_mutex_unlock(&fMutex);
    }
}

UInt32 OSMutex::ReleaseAll() {
    UInt32 count = fHolderCount;
    __atomic_store_n(&fHolder, pthread_t(0), __ATOMIC_RELAXED);
    __atomic_store_n(&fHolderCount, UInt32(0), __ATOMIC_RELAXED);
    return count;
}

void OSMutex::Restore(UInt32 count) {
    __atomic_store_n(&fHolder, ::pthread_self(), __ATOMIC_RELAXED);
    __atomic_store_n(&fHolderCount, count, __ATOMIC_RELAXED);
}
