// SPDX-License-Identifier: MIT OR Apache-2.0
#include "OSMutex.h"

// The holder is kept here rather than by a recursive pthread mutex, so that OSCond can wait with a lock
// that was taken several times.

OSMutex::OSMutex() : owner_(0), depth_(0) { (void)::pthread_mutex_init(&mutex_, NULL); }

OSMutex::~OSMutex() { (void)::pthread_mutex_destroy(&mutex_); }

// Another thread may change the holder meanwhile, but never to or from this thread.
bool OSMutex::HeldByMe() const {
    return __atomic_load_n(&depth_, __ATOMIC_RELAXED) != 0 &&
           ::pthread_equal(__atomic_load_n(&owner_, __ATOMIC_RELAXED), ::pthread_self());
}

void OSMutex::Take() {
    __atomic_store_n(&owner_, ::pthread_self(), __ATOMIC_RELAXED);
    __atomic_store_n(&depth_, depth_ + 1, __ATOMIC_RELAXED);
}

void OSMutex::Lock() {
    if (!HeldByMe())
        (void)::pthread_mutex_lock(&mutex_);
    Take();
}

Bool16 OSMutex::TryLock() {
    if (!HeldByMe() && ::pthread_mutex_trylock(&mutex_) != 0)
        return false;
    Take();
    return true;
}

void OSMutex::Unlock() {
    if (!HeldByMe())
        return;
    UInt32 left = depth_ - 1;
    __atomic_store_n(&depth_, left, __ATOMIC_RELAXED);
    if (left == 0) {
        __atomic_store_n(&owner_, pthread_t(0), __ATOMIC_RELAXED);
        (void)::pthread_mutex_unlock(&mutex_);
    }
}

UInt32 OSMutex::ReleaseAll() {
    UInt32 count = depth_;
    __atomic_store_n(&owner_, pthread_t(0), __ATOMIC_RELAXED);
    __atomic_store_n(&depth_, UInt32(0), __ATOMIC_RELAXED);
    return count;
}

void OSMutex::Restore(UInt32 count) {
    __atomic_store_n(&owner_, ::pthread_self(), __ATOMIC_RELAXED);
    __atomic_store_n(&depth_, count, __ATOMIC_RELAXED);
}
