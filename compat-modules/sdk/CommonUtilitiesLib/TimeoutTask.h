// SPDX-License-Identifier: MIT OR Apache-2.0
// Signals a task with kTimeoutEvent when nobody refreshed it for a while. TimeoutTask::Initialize first; the
// pool of Task.h must run. Timeouts are late by up to a second, and are repeated until refreshed.
#ifndef QTSS_SDK_TIMEOUT_TASK_H
#define QTSS_SDK_TIMEOUT_TASK_H

#include "IdleTask.h"
#include "OS.h"
#include "OSMutex.h"
#include "OSQueue.h"
#include "OSThread.h"
#include "StrPtrLen.h"

class TimeoutTaskThread;

class TimeoutTask {
public:
    static void Initialize();

    // The timeout is in ms; 0 means none.
    TimeoutTask(Task* task, SInt64 milliseconds = 60);
    ~TimeoutTask();

    void SetTask(Task* task);
    void SetTimeout(SInt64 milliseconds);
    void RefreshTimeout();

private:
    TimeoutTask(const TimeoutTask&);
    TimeoutTask& operator=(const TimeoutTask&);

    static TimeoutTaskThread* watcher_;

    Task* task_;
    SInt64 dueAt_; // ms; 0 for never
    SInt64 interval_;
    OSQueueElem listed_;

    friend class TimeoutTaskThread;
};

#endif
