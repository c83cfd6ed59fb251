// SPDX-License-Identifier: MIT OR Apache-2.0
#include "OSMutexRW.h"

#include <errno.h>

void OSMutexRW::LockRead() {
    OSMutexLocker locker(&fLock);
    while (fWriting || fWaitingWriters > 0)
        fReadersCond.Wait(&fLock);
    fReaders++;
}

void OSMutexRW::LockWrite() {
    OSMutexLocker locker(&fLock);
    fWaitingWriters++;
    while (fWriting || fReaders > 0)
        fWritersCond.Wait(&fLock);
    fWaitingWriters--;
    fWriting = true;
}

int OSMutexRW::TryLockRead() {
    OSMutexLocker locker(&fLock);
    if (fWriting || fWaitingWriters > 0)
        return EBUSY;
    fReaders++;
    return 0;
}

int OSMutexRW::TryLockWrite() {
    OSMutexLocker locker(&fLock);
    if (fWriting || fReaders > 0 || fWaitingWriters > 0)
        return EBUSY;
    fWriting = true;
    return 0;
}

void OSMutexRW::Unlock() {
    OSMutexLocker locker(&fLock);
    if (fWriting)
        fWriting = false;
    else if (fReaders > 0)
        fReaders--;
    if (fReaders > 0)
        return;
    if (fWaitingWriters > 0)
        fWritersCond.Signal();
    else
        fReadersCond.Broadcast();
}
