// SPDX-License-Identifier: MIT OR Apache-2.0
// A lock for many readers or one writer. Writers go first.
#ifndef QTSS_SDK_OS_MUTEX_RW_H
#define QTSS_SDK_OS_MUTEX_RW_H

#include <stdlib.h>
#include "MyAssert.h"
#include "OSCond.h"
#include "OSHeaders.h"
#include "OSMutex.h"
#include "OSQueue.h"
#include "OSThread.h"
#include "SafeStdLib.h"

class OSMutexRW {
public:
    OSMutexRW() : readers_(0), waitingWriters_(0), writing_(false) {}

    // Not to be taken twice by one thread: a writer that waits in between would lock both out.
    void LockRead();
    void LockWrite();
    void Unlock();
    // 0 when locked, otherwise EBUSY.
    int TryLockRead();
    int TryLockWrite();

private:
    OSMutexRW(const OSMutexRW&);
    OSMutexRW& operator=(const OSMutexRW&);

    OSMutex lock_;
    OSCond readersMayGo_;
    OSCond writerMayGo_;
    UInt32 readers_;
    UInt32 waitingWriters_;
    bool writing_;
};

// Guards; a NULL lock means none.
class OSMutexReadWriteLocker {
public:
    OSMutexReadWriteLocker(OSMutexRW* givenMutexPtr) : lock_(givenMutexPtr) {}
    ~OSMutexReadWriteLocker() { UnLock(); }

    void UnLock() {
        if (lock_ != NULL)
            lock_->Unlock();
    }
    void SetMutex(OSMutexRW* mutexPtr) { lock_ = mutexPtr; }

    OSMutexRW* lock_;
};

class OSMutexReadLocker : public OSMutexReadWriteLocker {
public:
    OSMutexReadLocker(OSMutexRW* givenMutexPtr) : OSMutexReadWriteLocker(givenMutexPtr) { Lock(); }
    void Lock() {
        if (lock_ != NULL)
            lock_->LockRead();
    }
};

class OSMutexWriteLocker : public OSMutexReadWriteLocker {
public:
    OSMutexWriteLocker(OSMutexRW* givenMutexPtr) : OSMutexReadWriteLocker(givenMutexPtr) { Lock(); }
    void Lock() {
        if (lock_ != NULL)
            lock_->LockWrite();
    }
};

#endif
