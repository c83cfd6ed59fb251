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
    OSMutexRW() : fReaders(0), fWaitingWriters(0), fWriting(false) {}

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

    OSMutex fLock;
    OSCond fReadersCond;
    OSCond fWritersCond;
    UInt32 fReaders;
    UInt32 fWaitingWriters;
    bool fWriting;
};

// Guards; a NULL lock means none.
class OSMutexReadWriteLocker {
public:
    OSMutexReadWriteLocker(OSMutexRW* inMutexPtr) : fRWMutexPtr(inMutexPtr) {}
    ~OSMutexReadWriteLocker() { UnLock(); }

    void UnLock() {
        if (fRWMutexPtr != NULL)
            fRWMutexPtr->Unlock();
    }
    void SetMutex(OSMutexRW* mutexPtr) { fRWMutexPtr = mutexPtr; }

    OSMutexRW* fRWMutexPtr;
};

class OSMutexReadLocker : public OSMutexReadWriteLocker {
public:
    OSMutexReadLocker(OSMutexRW* inMutexPtr) : OSMutexReadWriteLocker(inMutexPtr) { Lock(); }
    void Lock() {
        if (fRWMutexPtr != NULL)
            fRWMutexPtr->LockRead();
    }
};

class OSMutexWriteLocker : public OSMutexReadWriteLocker {
public:
    OSMutexWriteLocker(OSMutexRW* inMutexPtr) : OSMutexReadWriteLocker(inMutexPtr) { Lock(); }
    void Lock() {
        if (fRWMutexPtr != NULL)
            fRWMutexPtr->LockWrite();
    }
};

#endif
