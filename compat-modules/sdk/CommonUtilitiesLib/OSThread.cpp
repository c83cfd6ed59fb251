// SPDX-License-Identifier: MIT OR Apache-2.0
#include "OSThread.h"

#include <sched.h>
#include <time.h>
#include "MyAssert.h"

namespace {
__thread OSThread* sCurrent = NULL;
}

void* OSThread::sMainThreadData = NULL;

OSThread::OSThread() : fThreadID(), fStopRequested(false), fStarted(false), fJoined(false), fThreadData(NULL) {}

OSThread::~OSThread() { this->StopAndWaitForThread(); }

void OSThread::Start() {
    int error = ::pthread_create(&fThreadID, NULL, Run, this);
    AssertV(error == 0, error);
    fStarted = error == 0;
}

void OSThread::Join() {
    if (!fStarted || fJoined)
        return;
    fJoined = true;
    (void)::pthread_join(fThreadID, NULL);
}

void OSThread::SendStopRequest() { __atomic_store_n(&fStopRequested, Bool16(true), __ATOMIC_RELEASE); }

Bool16 OSThread::IsStopRequested() { return __atomic_load_n(&fStopRequested, __ATOMIC_ACQUIRE); }

void OSThread::StopAndWaitForThread() {
    SendStopRequest();
    Join();
}

OSThread* OSThread::GetCurrent() { return sCurrent; }

void OSThread::ThreadYield() { (void)::sched_yield(); }

void OSThread::Sleep(UInt32 inMsec) {
    struct timespec left;
    left.tv_sec = static_cast<time_t>(inMsec / 1000);
    left.tv_nsec = static_cast<long>(inMsec % 1000) * 1000000L;
    while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

void* OSThread::Run(void* inThread) {
    OSThread* self = static_cast<OSThread*>(inThread);
    sCurrent = self;
    self->Entry();
    return NULL;
}
