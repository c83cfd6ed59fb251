// SPDX-License-Identifier: MIT OR Apache-2.0
#include "Task.h"

#include "OS.h"
#include "atomic.h"

namespace {
const char kLiveMark[] = "live_";
const size_t kLiveMarkLen = sizeof(kLiveMark) - 1;
} // namespace

unsigned int Task::sShortTaskThreadPicker = 0;
unsigned int Task::sBlockingTaskThreadPicker = 0;

TaskThread** TaskThreadPool::sTaskThreadArray = NULL;
UInt32 TaskThreadPool::sNumTaskThreads = 0;
UInt32 TaskThreadPool::sNumShortTaskThreads = 0;
UInt32 TaskThreadPool::sNumBlockingTaskThreads = 0;
OSMutexRW TaskThreadPool::sMutexRW;

Task::Task()
    : fEvents(0), fUseThisThread(NULL), fDefaultThread(NULL), fWantsLock(false), fHoldsLock(false),
      fPicker(&sShortTaskThreadPicker) {
    this->SetTaskName("unknown");
    fTaskQueueElem.SetEnclosingObject(this);
    fTimerHeapElem.SetEnclosingObject(this);
}

void Task::SetTaskName(const char* name) {
    if (name != NULL)
        ::snprintf(fTaskName, sizeof(fTaskName), "%s%s", kLiveMark, name);
}

Bool16 Task::Valid() { return ::strncmp(fTaskName, kLiveMark, kLiveMarkLen) == 0; }

Task::EventFlags Task::GetEvents() {
    EventFlags events = __atomic_load_n(&fEvents, __ATOMIC_ACQUIRE) & ~static_cast<EventFlags>(kAlive);
    (void)atomic_sub(&fEvents, static_cast<int>(events));
    return events;
}

void Task::ForceSameThread() {
    fUseThisThread = dynamic_cast<TaskThread*>(OSThread::GetCurrent());
    Assert(fUseThisThread != NULL);
}

SInt64 Task::CallLocked() {
    ForceSameThread();
    fWantsLock = true;
    return 10;
}

void Task::GlobalUnlock() {
    if (!fHoldsLock)
        return;
    fHoldsLock = false;
    TaskThreadPool::sMutexRW.Unlock();
}

void Task::Signal(EventFlags eventFlags) {
    if (!this->Valid())
        return;
    if (TaskThreadPool::sNumTaskThreads == 0) {
        (void)atomic_or(&fEvents, eventFlags);
        return;
    }
    EventFlags before = atomic_or(&fEvents, eventFlags | kAlive);
    if ((before & kAlive) != 0)
        return; // whoever has the task sees the events
    TaskThread* thread = fUseThisThread != NULL ? fUseThisThread : fDefaultThread;
    if (thread == NULL) {
        UInt32 shortThreads = TaskThreadPool::sNumShortTaskThreads;
        UInt32 blockingThreads = TaskThreadPool::sNumBlockingTaskThreads;
        UInt32 index = atomic_add(fPicker, 1);
        if (fPicker == &sBlockingTaskThreadPicker && blockingThreads > 0)
            index = shortThreads + index % blockingThreads;
        else
            index %= shortThreads;
        thread = TaskThreadPool::sTaskThreadArray[index];
    }
    thread->fTaskQueue.EnQueue(&fTaskQueueElem);
}

// True if the task is to run again at once, since it was signalled meanwhile.
bool TaskThread::RunOnce(Task* task) {
    task->fUseThisThread = NULL;
    SInt64 next;
    if (task->fWantsLock) {
        TaskThreadPool::sMutexRW.LockWrite();
        task->fWantsLock = false;
        task->fHoldsLock = true;
        next = task->Run();
        task->GlobalUnlock();
    } else {
        OSMutexReadLocker locker(&TaskThreadPool::sMutexRW);
        next = task->Run();
    }
    if (next < 0) {
        task->fTaskName[0] = 'D'; // not valid any more
        delete task;
        return false;
    }
    if (next == 0)
        return compare_and_store(Task::kAlive, 0, &task->fEvents) == 0;
    task->fTimerHeapElem.SetValue(OS::Milliseconds() + next);
    (void)atomic_or(&task->fEvents, Task::kIdleEvent);
    fTimers.Insert(&task->fTimerHeapElem);
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
        if (fTimers.PeekMin() != NULL) {
            wait = fTimers.PeekMin()->GetValue() - OS::Milliseconds();
            if (wait <= 0)
                return static_cast<Task*>(fTimers.ExtractMin()->GetEnclosingObject());
            if (wait > kLongestWait)
                wait = kLongestWait;
        }
        OSQueueElem* elem = fTaskQueue.DeQueueBlocking(this, static_cast<SInt32>(wait));
        if (elem != NULL)
            return static_cast<Task*>(elem->GetEnclosingObject());
    }
    return NULL;
}

Bool16 TaskThreadPool::AddThreads(UInt32 numToAdd) {
    Assert(sTaskThreadArray == NULL);
    if (sNumShortTaskThreads == 0 || sNumShortTaskThreads + sNumBlockingTaskThreads > numToAdd) {
        sNumShortTaskThreads = numToAdd;
        sNumBlockingTaskThreads = 0;
    }
    sTaskThreadArray = new TaskThread*[numToAdd];
    for (UInt32 i = 0; i < numToAdd; i++) {
        sTaskThreadArray[i] = new TaskThread;
        sTaskThreadArray[i]->Start();
    }
    sNumTaskThreads = numToAdd;
    return true;
}

TaskThread* TaskThreadPool::GetThread(UInt32 index) {
    return index < sNumTaskThreads ? sTaskThreadArray[index] : NULL;
}

void TaskThreadPool::RemoveThreads() {
    UInt32 count = sNumTaskThreads;
    sNumTaskThreads = 0;
    for (UInt32 i = 0; i < count; i++) {
        sTaskThreadArray[i]->SendStopRequest();
        sTaskThreadArray[i]->fTaskQueue.GetCond()->Signal();
    }
    for (UInt32 i = 0; i < count; i++)
        delete sTaskThreadArray[i];
    delete[] sTaskThreadArray;
    sTaskThreadArray = NULL;
    sNumShortTaskThreads = 0;
    sNumBlockingTaskThreads = 0;
}
