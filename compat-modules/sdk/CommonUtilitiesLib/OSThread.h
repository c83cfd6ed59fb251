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
    void* GetThreadData() { return fThreadData; }
    void SetThreadData(void* inThreadData) { fThreadData = inThreadData; }
    DateBuffer* GetDateBuffer() { return &fDateBuffer; }

    static void* GetMainThreadData() { return sMainThreadData; }
    static void SetMainThreadData(void* inData) { sMainThreadData = inData; }

    // The OSThread that the caller runs on; NULL on threads of others, such as the server's.
    static OSThread* GetCurrent();
    static pthread_t GetCurrentThreadID() { return ::pthread_self(); }
    static int GetErrno() { return errno; }
    static void ThreadYield();
    // Not cut short by signals.
    static void Sleep(UInt32 inMsec);

private:
    OSThread(const OSThread&);
    OSThread& operator=(const OSThread&);

    static void* Run(void* inThread);

    static void* sMainThreadData;

    pthread_t fThreadID;
    Bool16 fStopRequested;
    Bool16 fStarted;
    Bool16 fJoined;
    void* fThreadData;
    DateBuffer fDateBuffer;
};

// Sets the current OSThread's pointer, and another one at the end of the scope.
class OSThreadDataSetter {
public:
    OSThreadDataSetter(void* inInitialValue, void* inFinalValue) : fFinalValue(inFinalValue) {
        Put(inInitialValue);
    }
    ~OSThreadDataSetter() { Put(fFinalValue); }

private:
    static void Put(void* value) {
        OSThread* current = OSThread::GetCurrent();
        if (current != NULL)
            current->SetThreadData(value);
    }

    void* fFinalValue;
};

#endif
