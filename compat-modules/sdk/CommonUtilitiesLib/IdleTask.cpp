// SPDX-License-Identifier: MIT OR Apache-2.0
#include "IdleTask.h"

#include "OS.h"

class IdleTaskThread : public OSThread {
public:
    void Set(OSHeapElem* timer, SInt64 msec) {
        OSMutexLocker locker(&fMutex);
        if (timer->IsMemberOfAnyHeap())
            return;
        timer->SetValue(OS::Milliseconds() + msec);
        fTimers.Insert(timer);
        fCond.Signal();
    }
    void Cancel(OSHeapElem* timer) {
        OSMutexLocker locker(&fMutex);
        (void)fTimers.Remove(timer);
    }

private:
    virtual void Entry();

    OSHeap fTimers;
    OSMutex fMutex;
    OSCond fCond;
};

void IdleTaskThread::Entry() {
    const SInt64 kLongestWait = 60 * 1000;
    OSMutexLocker locker(&fMutex);
    while (!this->IsStopRequested()) {
        SInt64 now = OS::Milliseconds();
        while (fTimers.PeekMin() != NULL && fTimers.PeekMin()->GetValue() <= now)
            static_cast<IdleTask*>(fTimers.ExtractMin()->GetEnclosingObject())->Signal(Task::kIdleEvent);
        SInt64 wait = fTimers.PeekMin() == NULL ? kLongestWait : fTimers.PeekMin()->GetValue() - now;
        fCond.Wait(&fMutex, static_cast<SInt32>(wait < kLongestWait ? wait : kLongestWait));
    }
}

IdleTaskThread* IdleTask::alarmClock_ = NULL;

// The thread lives until the process ends.
void IdleTask::Initialize() {
    if (alarmClock_ != NULL)
        return;
    alarmClock_ = new IdleTaskThread;
    alarmClock_->Start();
}

IdleTask::IdleTask() {
    this->SetTaskName("IdleTask");
    alarm_.SetEnclosingObject(this);
}

IdleTask::~IdleTask() { this->CancelTimeout(); }

void IdleTask::SetIdleTimer(SInt64 msec) {
    Assert(alarmClock_ != NULL);
    if (alarmClock_ != NULL)
        alarmClock_->Set(&alarm_, msec);
}

void IdleTask::CancelTimeout() {
    if (alarmClock_ != NULL)
        alarmClock_->Cancel(&alarm_);
}
