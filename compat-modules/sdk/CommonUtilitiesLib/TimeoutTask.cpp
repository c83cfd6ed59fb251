// SPDX-License-Identifier: MIT OR Apache-2.0
#include "TimeoutTask.h"

// Looks at all timeouts once a second.
class TimeoutTaskThread : public Task {
public:
    TimeoutTaskThread() { this->SetTaskName("TimeoutTask"); }

    OSMutex fMutex; // for the queue and the fields of its members
    OSQueue fQueue;

private:
    virtual SInt64 Run();
};

SInt64 TimeoutTaskThread::Run() {
    const SInt64 kInterval = 1000;
    (void)this->GetEvents();
    OSMutexLocker locker(&fMutex);
    SInt64 now = OS::Milliseconds();
    for (OSQueueIter iter(&fQueue); !iter.IsDone(); iter.Next()) {
        TimeoutTask* timeout = static_cast<TimeoutTask*>(iter.GetCurrent()->GetEnclosingObject());
        bool due = timeout->fTimeoutAtThisTime > 0 && now >= timeout->fTimeoutAtThisTime;
        if (due && timeout->fTask != NULL)
            timeout->fTask->Signal(Task::kTimeoutEvent);
    }
    return kInterval;
}

TimeoutTaskThread* TimeoutTask::sThread = NULL;

void TimeoutTask::Initialize() {
    if (sThread != NULL)
        return;
    sThread = new TimeoutTaskThread;
    sThread->Signal(Task::kStartEvent);
}

TimeoutTask::TimeoutTask(Task* inTask, SInt64 inTimeoutInMilSecs)
    : fTask(inTask), fTimeoutAtThisTime(0), fTimeoutInMilSecs(0) {
    fQueueElem.SetEnclosingObject(this);
    Assert(sThread != NULL);
    this->SetTimeout(inTimeoutInMilSecs);
    if (sThread == NULL)
        return;
    OSMutexLocker locker(&sThread->fMutex);
    sThread->fQueue.EnQueue(&fQueueElem);
}

TimeoutTask::~TimeoutTask() {
    if (sThread == NULL)
        return;
    OSMutexLocker locker(&sThread->fMutex);
    sThread->fQueue.Remove(&fQueueElem);
}

void TimeoutTask::SetTask(Task* inTask) {
    OSMutexLocker locker(sThread == NULL ? NULL : &sThread->fMutex);
    fTask = inTask;
}

void TimeoutTask::SetTimeout(SInt64 inTimeoutInMilSecs) {
    OSMutexLocker locker(sThread == NULL ? NULL : &sThread->fMutex);
    fTimeoutInMilSecs = inTimeoutInMilSecs;
    fTimeoutAtThisTime = inTimeoutInMilSecs == 0 ? 0 : OS::Milliseconds() + inTimeoutInMilSecs;
}

void TimeoutTask::RefreshTimeout() {
    OSMutexLocker locker(sThread == NULL ? NULL : &sThread->fMutex);
    fTimeoutAtThisTime = fTimeoutInMilSecs == 0 ? 0 : OS::Milliseconds() + fTimeoutInMilSecs;
}
