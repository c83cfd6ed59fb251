// SPDX-License-Identifier: MIT OR Apache-2.0
// A file descriptor whose events signal a task. A thread must wait for them: Socket::Initialize and
// Socket::StartThread make one. The server's own is not reached from a module; see QTSS_RequestEvent.
#ifndef QTSS_SDK_EVENT_CONTEXT_H
#define QTSS_SDK_EVENT_CONTEXT_H

#include "OSRef.h"
#include "OSThread.h"
#include "Task.h"
#include "ev.h"

class EventThread;

class EventContext {
public:
    enum { kInvalidFileDesc = -1 };

    EventContext(int inFileDesc, EventThread* inThread);
    // Closes the descriptor, unless told not to.
    virtual ~EventContext();

    void InitNonBlocking(int inFileDesc);
    // Waits until no event is being delivered, and closes the descriptor.
    void Cleanup();
    void DontAutoCleanup() { fAutoCleanup = false; }

    // kReadEvent for the task on the next event of the kind, once.
    void RequestEvent(int theMask = EV_RE);
    void SetTask(Task* inTask) { fTask = inTask; }
    int GetSocketFD() { return fFileDesc; }
    // Takes over descriptor and pending event of another one, which has neither afterwards.
    void SnarfEventContext(EventContext& fromContext);

protected:
    // On the event thread.
    virtual void ProcessEvent(int eventBits);

    int fFileDesc;

private:
    EventContext(const EventContext&);
    EventContext& operator=(const EventContext&);

    struct eventreq fEventReq;
    // Events are looked up by number, so that one that comes late finds nothing instead of a dead object.
    OSRef fEntry;
    PointerSizedInt fUniqueID;
    StrPtrLen fUniqueIDStr;
    EventThread* fEventThread;
    bool fAutoCleanup;
    Task* fTask;

    friend class EventThread;
};

class EventThread : public OSThread {
public:
    EventThread() {}
    virtual ~EventThread() { this->StopAndWaitForThread(); }

private:
    virtual void Entry();

    OSRefTable fContexts;

    friend class EventContext;
};

#endif
