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

    EventContext(int fileDesc, EventThread* thread);
    // Closes the descriptor, unless told not to.
    virtual ~EventContext();

    void InitNonBlocking(int fileDesc);
    // Waits until no event is being delivered, and closes the descriptor.
    void Cleanup();
    void DontAutoCleanup() { closes_ = false; }

    // kReadEvent for the task on the next event of the kind, once.
    void RequestEvent(int mask = EV_RE);
    void SetTask(Task* task) { waiting_ = task; }
    int GetSocketFD() const { return fFileDesc; }
    // Takes over descriptor and pending event of another one, which has neither afterwards.
    void SnarfEventContext(EventContext& other);

protected:
    // On the event thread.
    virtual void ProcessEvent(int bits);

    int fFileDesc;

private:
    EventContext(const EventContext&);
    EventContext& operator=(const EventContext&);

    struct eventreq request_;
    // Events are looked up by number, so that one that comes late finds nothing instead of a dead object.
    OSRef entry_;
    PointerSizedInt cookie_;
    StrPtrLen cookieKey_;
    EventThread* watcher_;
    bool closes_;
    Task* waiting_;

    friend class EventThread;
};

class EventThread : public OSThread {
public:
    EventThread() {}
    virtual ~EventThread() { this->StopAndWaitForThread(); }

private:
    virtual void Entry();

    OSRefTable contexts_;

    friend class EventContext;
};

#endif
