// SPDX-License-Identifier: MIT OR Apache-2.0
#include "OSCond.h"

#include <time.h>

// Timeouts run on the monotonic clock: setting the wall clock does not stretch them.
OSCond::OSCond() {
    pthread_condattr_t attributes;
    (void)::pthread_condattr_init(&attributes);
    (void)::pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)::pthread_cond_init(&condition_, &attributes);
    (void)::pthread_condattr_destroy(&attributes);
}

OSCond::~OSCond() { (void)::pthread_cond_destroy(&condition_); }

void OSCond::Wait(OSMutex* mutex, SInt32 timeoutInMilSecs) {
    const long kNanosInSecond = 1000000000L;
    UInt32 count = mutex->ReleaseAll();
    if (timeoutInMilSecs <= 0) {
        (void)::pthread_cond_wait(&condition_, &mutex->mutex_);
    } else {
        struct timespec until;
        (void)::clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += timeoutInMilSecs / 1000;
        until.tv_nsec += (timeoutInMilSecs % 1000) * 1000000L;
        if (until.tv_nsec >= kNanosInSecond) {
            until.tv_sec++;
            until.tv_nsec -= kNanosInSecond;
        }
        (void)::pthread_cond_timedwait(&condition_, &mutex->mutex_, &until);
    }
    mutex->Restore(count);
}
