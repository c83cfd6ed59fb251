// SPDX-License-Identifier: MIT OR Apache-2.0
// A thread: subclass it, give it an Entry, Start it.
#ifndef QTSS_SDK_OS_THREAD_H
#define QTSS_SDK_OS_THREAD_H

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include "DateTranslator.h"
#include "OSHeaders.h"

class OSThread {
public:
    // Nothing to do; kept for modules that call it.
    static void Initialize() {}

    OSThread();
    // Stops the thread and waits for it. Too late for subclasses whose Entry uses their fields: those call
    // StopAndWaitForThread in their own destructor.
    virtual ~OSThread();

    virtual void Entry() = 0;

    void Start();
    // Waits for the end of Entry, once; at once if the thread was never started.
    void Join();
    void SendStopRequest();
    // Entry has to look at this.
    Bool16 IsStopRequested();
    void StopAndWaitForThread();

    // One pointer of the owner's.
    void* GetThreadData() { return data_; }
    void SetThreadData(void* threadData) { data_ = threadData; }
    DateBuffer* GetDateBuffer() { return &date_; }

    static void* GetMainThreadData() { return mainData_; }
    static void SetMainThreadData(void* data) { mainData_ = data; }

    // The OSThread that the caller runs on; NULL on threads of others, such as the server's.
    static OSThread* GetCurrent();
    static pthread_t GetCurrentThreadID() { return pthread_self(); }
    static int GetErrno() { return errno; }
    static void ThreadYield();
    // Not cut short by signals.
    static void Sleep(UInt32 msec);

private:
    OSThread(const OSThread&);
    OSThread& operator=(const OSThread&);

    static void* Run(void* thread);

    static void* mainData_;

    pthread_t id_;
    Bool16 stopping_;
    Bool16 started_;
    Bool16 joined_;
    void* data_;
    DateBuffer date_;
};

// Sets the current OSThread's pointer, and another one at the end of the scope.
class OSThreadDataSetter {
public:
    OSThreadDataSetter(void* initialValue, void* finalValue) : finalValue_(finalValue) {
        Put(initialValue);
    }
    ~OSThreadDataSetter() { Put(finalValue_); }

private:
    static void Put(void* value) {
        OSThread* current = OSThread::GetCurrent();
        if (current != NULL)
            current->SetThreadData(value);
    }

    void* finalValue_;
};

#endif
