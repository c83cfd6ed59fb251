// SPDX-License-Identifier: MIT OR Apache-2.0
// Tasks that are signalled after a while. IdleTask::Initialize starts the thread for that; the pool of
// Task.h must run too.
#ifndef QTSS_SDK_IDLE_TASK_H
#define QTSS_SDK_IDLE_TASK_H

#include "OSCond.h"
#include "OSHeap.h"
#include "OSMutex.h"
#include "OSThread.h"
#include "Task.h"

class IdleTaskThread;

class IdleTask : public Task {
public:
    static void Initialize();

    IdleTask();
    virtual ~IdleTask();

    // kIdleEvent after so many ms, once. Nothing changes while a timer runs.
    void SetIdleTimer(SInt64 msec);
    void CancelTimeout();

private:
    static IdleTaskThread* alarmClock_;

    OSHeapElem alarm_;
};

#endif
