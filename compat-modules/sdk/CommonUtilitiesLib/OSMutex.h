// SPDX-License-Identifier: MIT OR Apache-2.0
// A lock that its holder may take again.
#ifndef QTSS_SDK_OS_MUTEX_H
#define QTSS_SDK_OS_MUTEX_H

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include "MyAssert.h"
#include "OSHeaders.h"
#include "OSThread.h"
#include "SafeStdLib.h"

class OSCond;

class OSMutex {
public:
    OSMutex();
    ~OSMutex();

    void Lock();
    // Once for each Lock. Does nothing for a thread that does not hold the lock.
    void Unlock();
    // True if the lock was free or the caller's own.
    Bool16 TryLock();

private:
    OSMutex(const OSMutex&);
    OSMutex& operator=(const OSMutex&);

    bool HeldByMe() const;
    void Take();
    // For waiting: gives the lock up however often it was taken, and the count back.
    UInt32 ReleaseAll();
    void Restore(UInt32 count);

    pthread_mutex_t mutex_;
    pthread_t owner_; // valid while depth_ is not 0
    UInt32 depth_;

    friend class OSCond;
};

// Holds a lock until it goes out of scope. A NULL lock is allowed and means none.
class OSMutexLocker {
public:
    OSMutexLocker(OSMutex* mutexP) : mutex_(mutexP) { Lock(); }
    ~OSMutexLocker() { Unlock(); }

    void Lock() {
        if (mutex_ != NULL)
            mutex_->Lock();
    }
    void Unlock() {
        if (mutex_ != NULL)
            mutex_->Unlock();
    }

private:
    OSMutexLocker(const OSMutexLocker&);
    OSMutexLocker& operator=(const OSMutexLocker&);

    OSMutex* mutex_;
};

#endif
