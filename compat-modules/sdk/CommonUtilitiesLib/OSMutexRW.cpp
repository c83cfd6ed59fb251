// SPDX-License-Identifier: MIT OR Apache-2.0
#include "OSMutexRW.h"

#include <errno.h>

void OSMutexRW::LockRead() {
    OSMutexLocker locker(&lock_);
    while (writing_ || waitingWriters_ > 0)
        readersMayGo_.Wait(&lock_);
    readers_++;
}

void OSMutexRW::LockWrite() {
    OSMutexLocker locker(&lock_);
    waitingWriters_++;
    while (writing_ || readers_ > 0)
        writerMayGo_.Wait(&lock_);
    waitingWriters_--;
    writing_ = true;
}

int OSMutexRW::TryLockRead() {
    OSMutexLocker locker(&lock_);
    if (writing_ || waitingWriters_ > 0)
        return EBUSY;
    readers_++;
    return 0;
}

int OSMutexRW::TryLockWrite() {
    OSMutexLocker locker(&lock_);
    if (writing_ || readers_ > 0 || waitingWriters_ > 0)
        return EBUSY;
    writing_ = true;
    return 0;
}

void OSMutexRW::Unlock() {
    OSMutexLocker locker(&lock_);
    if (writing_)
        writing_ = false;
    else if (readers_ > 0)
        readers_--;
    if (readers_ > 0)
        return;
    if (waitingWriters_ > 0)
        writerMayGo_.Signal();
    else
        readersMayGo_.Broadcast();
}
