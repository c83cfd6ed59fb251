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
        bool due = timeout->fDueAt > 0 && now >= timeout->fDueAt;
        if (due && timeout->fTask != NULL)
            timeout->fTask->Signal(Task::kTimeoutEvent);
    }
    return kInterval;
}

TimeoutTaskThread* TimeoutTask::sWatcher = NULL;

void TimeoutTask::Initialize() {
    if (sWatcher != NULL)
        return;
    sWatcher = new TimeoutTaskThread;
    sWatcher->Signal(Task::kStartEvent);
}

TimeoutTask::TimeoutTask(Task* inTask, SInt64 inTimeoutInMilSecs)
    : fTask(inTask), fDueAt(0), fInterval(0) {
    fListed.SetEnclosingObject(this);
    Assert(sWatcher != NULL);
    this->SetTimeout(inTimeoutInMilSecs);
    if (sWatcher == NULL)
        return;
    OSMutexLocker locker(&sWatcher->fMutex);
    sWatcher->fQueue.EnQueue(&fListed);
}

TimeoutTask::~TimeoutTask() {
    if (sWatcher == NULL)
        return;
    OSMutexLocker locker(&sWatcher->fMutex);
    sWatcher->fQueue.Remove(&fListed);
}

void TimeoutTask::SetTask(Task* inTask) {
    OSMutexLocker locker(sWatcher == NULL ? NULL : &sWatcher->fMutex);
    fTask = inTask;
}

void TimeoutTask::SetTimeout(SInt64 inTimeoutInMilSecs) {
    OSMutexLocker locker(sWatcher == NULL ? NULL : &sWatcher->fMutex);
    fInterval = inTimeoutInMilSecs;
    fDueAt = inTimeoutInMilSecs == 0 ? 0 : OS::Milliseconds() + inTimeoutInMilSecs;
}

void TimeoutTask::RefreshTimeout() {
    OSMutexLocker locker(sWatcher == NULL ? NULL : &sWatcher->fMutex);
    fDueAt = fInterval == 0 ? 0 : OS::Milliseconds() + fInterval;
}
