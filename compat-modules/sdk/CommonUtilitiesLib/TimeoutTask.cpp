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
        bool due = timeout->dueAt_ > 0 && now >= timeout->dueAt_;
        if (due && timeout->task_ != NULL)
            timeout->task_->Signal(Task::kTimeoutEvent);
    }
    return kInterval;
}

TimeoutTaskThread* TimeoutTask::watcher_ = NULL;

void TimeoutTask::Initialize() {
    if (watcher_ != NULL)
        return;
    watcher_ = new TimeoutTaskThread;
    watcher_->Signal(Task::kStartEvent);
}

TimeoutTask::TimeoutTask(Task* task, SInt64 milliseconds)
    : task_(task), dueAt_(0), interval_(0) {
    listed_.SetEnclosingObject(this);
    Assert(watcher_ != NULL);
    this->SetTimeout(milliseconds);
    if (watcher_ == NULL)
        return;
    OSMutexLocker locker(&watcher_->fMutex);
    watcher_->fQueue.EnQueue(&listed_);
}

TimeoutTask::~TimeoutTask() {
    if (watcher_ == NULL)
        return;
    OSMutexLocker locker(&watcher_->fMutex);
    watcher_->fQueue.Remove(&listed_);
}

void TimeoutTask::SetTask(Task* task) {
    OSMutexLocker locker(watcher_ == NULL ? NULL : &watcher_->fMutex);
    task_ = task;
}

void TimeoutTask::SetTimeout(SInt64 milliseconds) {
    OSMutexLocker locker(watcher_ == NULL ? NULL : &watcher_->fMutex);
    interval_ = milliseconds;
    dueAt_ = milliseconds == 0 ? 0 : OS::Milliseconds() + milliseconds;
}

void TimeoutTask::RefreshTimeout() {
    OSMutexLocker locker(watcher_ == NULL ? NULL : &watcher_->fMutex);
    dueAt_ = interval_ == 0 ? 0 : OS::Milliseconds() + interval_;
}
