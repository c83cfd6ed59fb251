// SPDX-License-Identifier: MIT OR Apache-2.0
// Waiting for another thread's signal.
#ifndef QTSS_SDK_OS_COND_H
#define QTSS_SDK_OS_COND_H

#include <pthread.h>
#include "MyAssert.h"
#include "OSMutex.h"

class OSCond {
public:
    OSCond();
    ~OSCond();

    void Signal() { (void)::pthread_cond_signal(&condition_); }
    void Broadcast() { (void)::pthread_cond_broadcast(&condition_); }
    // The caller holds the lock, which is free while it waits and held again afterwards. A timeout of 0
    // means none. Returns on a signal, on time, or without reason.
    void Wait(OSMutex* mutex, SInt32 timeoutInMilSecs = 0);

private:
    OSCond(const OSCond&);
    OSCond& operator=(const OSCond&);

    pthread_cond_t condition_;
};

#endif
