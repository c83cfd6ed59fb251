// SPDX-License-Identifier: MIT OR Apache-2.0
#include "Task.h"

#include "OS.h"
#include "atomic.h"

namespace {
const char kLiveMark[] = "live_";
const size_t kLiveMarkLen = sizeof(kLiveMark) - 1;
} // namespace

unsigned int Task::nextShort_ = 0;
unsigned int Task::nextBlocking_ = 0;

TaskThread** TaskThreadPool::threads_ = NULL;
UInt32 TaskThreadPool::total_ = 0;
UInt32 TaskThreadPool::shortOnes_ = 0;
UInt32 TaskThreadPool::blocking_ = 0;
OSMutexRW TaskThreadPool::everyone_;

Task::Task()
    : pending_(0), pinned_(NULL), home_(NULL), wantsLock_(false), holdsLock_(false),
      picker_(&nextShort_) {
    this->SetTaskName("unknown");
    place_.SetEnclosingObject(this);
    alarm_.SetEnclosingObject(this);
}

void Task::SetTaskName(const char* name) {
    if (name != NULL)
        ::snprintf(fTaskName, sizeof(fTaskName), "%s%s", kLiveMark, name);
}

Bool16 Task::Valid() { return ::strncmp(fTaskName, kLiveMark, kLiveMarkLen) == 0; }

Task::EventFlags Task::GetEvents() {
    EventFlags events = __atomic_load_n(&pending_, __ATOMIC_ACQUIRE) & ~static_cast<EventFlags>(kAlive);
    (void)atomic_sub(&pending_, static_cast<int>(events));
    return events;
}

void Task::ForceSameThread() {
    pinned_ = dynamic_cast<TaskThread*>(OSThread::GetCurrent());
    Assert(pinned_ != NULL);
}

SInt64 Task::CallLocked() {
    ForceSameThread();
    wantsLock_ = true;
    return 10;
}

void Task::GlobalUnlock() {
    if (!holdsLock_)
        return;
    holdsLock_ = false;
    TaskThreadPool::everyone_.Unlock();
}

void Task::Signal(EventFlags events) {
    if (!this->Valid())
        return;
    if (TaskThreadPool::total_ == 0) {
        (void)atomic_or(&pending_, events);
        return;
    }
    EventFlags before = atomic_or(&pending_, events | kAlive);
    if ((before & kAlive) != 0)
        return; // whoever has the task sees the events
    TaskThread* thread = pinned_ != NULL ? pinned_ : home_;
    if (thread == NULL) {
        UInt32 shortThreads = TaskThreadPool::shortOnes_;
        UInt32 blockingThreads = TaskThreadPool::blocking_;
        UInt32 index = atomic_add(picker_, 1);
        if (picker_ == &nextBlocking_ && blockingThreads > 0)
            index = shortThreads + index % blockingThreads;
        else
            index %= shortThreads;
        thread = TaskThreadPool::threads_[index];
    }
    thread->ready_.EnQueue(&place_);
}

// True if the task is to run again at once, since it was signalled meanwhile.
bool TaskThread::RunOnce(Task* task) {
    task->pinned_ = NULL;
    SInt64 next;
    if (task->wantsLock_) {
        TaskThreadPool::everyone_.LockWrite();
        task->wantsLock_ = false;
        task->holdsLock_ = true;
        next = task->Run();
        task->GlobalUnlock();
    } else {
        OSMutexReadLocker locker(&TaskThreadPool::everyone_);
        next = task->Run();
    }
    if (next < 0) {
        task->fTaskName[0] = 'D'; // not valid any more
        delete task;
        return false;
    }
    if (next == 0)
        return compare_and_store(Task::kAlive, 0, &task->pending_) == 0;
    task->alarm_.SetValue(OS::Milliseconds() + next);
    (void)atomic_or(&task->pending_, Task::kIdleEvent);
    timers_.Insert(&task->alarm_);
    return false;
}

void TaskThread::Entry() {
    for (Task* task = WaitForTask(); task != NULL; task = WaitForTask()) {
        while (RunOnce(task)) {
        }
    }
}

// NULL when the thread is to stop.
Task* TaskThread::WaitForTask() {
    const SInt64 kLongestWait = 500; // ms; a request to stop is noticed after that
    while (!this->IsStopRequested()) {
        SInt64 wait = kLongestWait;
        if (timers_.PeekMin() != NULL) {
            wait = timers_.PeekMin()->GetValue() - OS::Milliseconds();
            if (wait <= 0)
                return static_cast<Task*>(timers_.ExtractMin()->GetEnclosingObject());
            if (wait > kLongestWait)
                wait = kLongestWait;
        }
        OSQueueElem* elem = ready_.DeQueueBlocking(this, static_cast<SInt32>(wait));
        if (elem != NULL)
            return static_cast<Task*>(elem->GetEnclosingObject());
    }
    return NULL;
}

Bool16 TaskThreadPool::AddThreads(UInt32 wanted) {
    Assert(threads_ == NULL);
    if (shortOnes_ == 0 || shortOnes_ + blocking_ > wanted) {
        shortOnes_ = wanted;
        blocking_ = 0;
    }
    threads_ = new TaskThread*[wanted];
    for (UInt32 i = 0; i < wanted; i++) {
        threads_[i] = new TaskThread;
        threads_[i]->Start();
    }
    total_ = wanted;
    return true;
}

TaskThread* TaskThreadPool::GetThread(UInt32 index) {
    return index < total_ ? threads_[index] : NULL;
}

void TaskThreadPool::RemoveThreads() {
    UInt32 count = total_;
    total_ = 0;
    for (UInt32 i = 0; i < count; i++) {
        threads_[i]->SendStopRequest();
        threads_[i]->ready_.GetCond()->Signal();
    }
    for (UInt32 i = 0; i < count; i++)
        delete threads_[i];
    delete[] threads_;
    threads_ = NULL;
    shortOnes_ = 0;
    blocking_ = 0;
}
