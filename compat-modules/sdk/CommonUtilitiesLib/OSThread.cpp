// SPDX-License-Identifier: MIT OR Apache-2.0
#include "OSThread.h"

#include <sched.h>
#include <time.h>
#include "MyAssert.h"

namespace {
__thread OSThread* sCurrent = NULL;
}

void* OSThread::mainData_ = NULL;

OSThread::OSThread() : id_(), stopping_(false), started_(false), joined_(false), data_(NULL) {}

OSThread::~OSThread() { this->StopAndWaitForThread(); }

void OSThread::Start() {
    int error = ::pthread_create(&id_, NULL, Run, this);
    AssertV(error == 0, error);
    started_ = error == 0;
}

void OSThread::Join() {
    if (!started_ || joined_)
        return;
    joined_ = true;
    (void)::pthread_join(id_, NULL);
}

void OSThread::SendStopRequest() { __atomic_store_n(&stopping_, Bool16(true), __ATOMIC_RELEASE); }

Bool16 OSThread::IsStopRequested() { return __atomic_load_n(&stopping_, __ATOMIC_ACQUIRE); }

void OSThread::StopAndWaitForThread() {
    SendStopRequest();
    Join();
}

OSThread* OSThread::GetCurrent() { return sCurrent; }

void OSThread::ThreadYield() { (void)::sched_yield(); }

void OSThread::Sleep(UInt32 msec) {
    struct timespec left;
    left.tv_sec = static_cast<time_t>(msec / 1000);
    left.tv_nsec = static_cast<long>(msec % 1000) * 1000000L;
    while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

void* OSThread::Run(void* thread) {
    OSThread* self = static_cast<OSThread*>(thread);
    sCurrent = self;
    self->Entry();
    return NULL;
}
