// SPDX-License-Identifier: MIT OR Apache-2.0
// Work that runs on a pool of threads when it is signalled.
//
// A module has a pool only if it calls TaskThreadPool::AddThreads; without one, signals are kept and
// nothing runs. The server's own threads are not reached from here: modules that want to wait use
// QTSS_SetIdleTimer and QTSS_RequestEvent.
#ifndef QTSS_SDK_TASK_H
#define QTSS_SDK_TASK_H

#include "OSHeap.h"
#include "OSMutexRW.h"
#include "OSQueue.h"
#include "OSThread.h"

class TaskThread;

class Task {
public:
    typedef unsigned int EventFlags;
    enum {
        kKillEvent = 1 << 0,
        kIdleEvent = 1 << 1,
        kStartEvent = 1 << 2,
        kTimeoutEvent = 1 << 3,
        kReadEvent = 1 << 4,
        kWriteEvent = 1 << 5,
        kUpdateEvent = 1 << 6
    };

    Task();
    virtual ~Task() {}

    // Never called twice at once for one task. Negative: delete the task, which must come from new. 0: wait
    // for the next signal. Otherwise: run again after so many ms, with kIdleEvent; signals before that are
    // kept until then.
    virtual SInt64 Run() = 0;

    // From any thread. Events add up until Run fetches them.
    void Signal(EventFlags events);
    // Ends what CallLocked asked for before Run returns.
    void GlobalUnlock();
    // False once the task was deleted.
    Bool16 Valid();

    void SetTaskName(const char* name);
    void SetDefaultThread(TaskThread* thread) { home_ = thread; }
    // Which of the pool's two groups the task belongs to.
    void SetThreadPicker(unsigned int* picker) { picker_ = picker; }
    static unsigned int* GetBlockingTaskThreadPicker() { return &nextBlocking_; }

    char fTaskName[48];

protected:
    // What was signalled since the last call.
    EventFlags GetEvents();
    // The next Run comes on this thread.
    void ForceSameThread();
    // Return the result from Run: it is called again after 10 ms, alone among the pool's tasks.
    SInt64 CallLocked();

private:
    enum { kAlive = 0x80000000U }; // in a queue, in a timer, or running

    Task(const Task&);
    Task& operator=(const Task&);

    static unsigned int nextShort_;
    static unsigned int nextBlocking_;

    EventFlags pending_;
    TaskThread* pinned_;
    TaskThread* home_;
    bool wantsLock_; // from CallLocked
    bool holdsLock_; // while Run is called alone
    unsigned int* picker_;
    OSHeapElem alarm_;
    OSQueueElem place_;

    friend class TaskThread;
};

class TaskThread : public OSThread {
public:
    TaskThread() {}
    virtual ~TaskThread() { StopAndWaitForThread(); }

private:
    virtual void Entry();
    Task* WaitForTask();
    bool RunOnce(Task* task);

    OSHeap timers_;
    OSQueue_Blocking ready_;

    friend class Task;
    friend class TaskThreadPool;
};

class TaskThreadPool {
public:
    // Once; true.
    static Bool16 AddThreads(UInt32 count);
    // Stops the threads after the tasks that they run. Tasks that wait stay undone.
    static void RemoveThreads();
    // NULL outside.
    static TaskThread* GetThread(UInt32 place);
    static UInt32 GetNumThreads() { return total_; }
    // The first threads are for short tasks, those behind them for tasks that block; before AddThreads.
    static void SetNumShortTaskThreads(UInt32 count) { shortOnes_ = count; }
    static void SetNumBlockingTaskThreads(UInt32 count) { blocking_ = count; }

private:
    friend class TaskThread;
    friend class Task;

    static TaskThread** threads_;
    static UInt32 total_;
    static UInt32 shortOnes_;
    static UInt32 blocking_;
    static OSMutexRW everyone_;
};

#endif
