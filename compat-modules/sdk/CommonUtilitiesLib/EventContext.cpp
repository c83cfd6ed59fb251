// SPDX-License-Identifier: MIT OR Apache-2.0
#include "EventContext.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "atomic.h"

namespace {
unsigned int sLastID = 0;
}

EventContext::EventContext(int inFileDesc, EventThread* inThread)
    : fFileDesc(inFileDesc), fUniqueID(0),
      fUniqueIDStr(reinterpret_cast<const char*>(&fUniqueID), static_cast<UInt32>(sizeof(fUniqueID))),
      fEventThread(inThread), fAutoCleanup(true), fTask(NULL) {
    ::memset(&fEventReq, 0, sizeof(fEventReq));
}

EventContext::~EventContext() {
    if (fAutoCleanup)
        this->Cleanup();
}

void EventContext::InitNonBlocking(int inFileDesc) {
    fFileDesc = inFileDesc;
    int flags = ::fcntl(inFileDesc, F_GETFL, 0);
    int result = flags == -1 ? -1 : ::fcntl(inFileDesc, F_SETFL, flags | O_NONBLOCK);
    AssertV(result != -1, errno);
}

void EventContext::Cleanup() {
    if (fUniqueID != 0 && fEventThread != NULL) {
        fEventThread->fContexts.UnRegister(&fEntry);
        (void)select_removeevent(fFileDesc);
    }
    if (fFileDesc != kInvalidFileDesc)
        (void)::close(fFileDesc);
    fFileDesc = kInvalidFileDesc;
    fUniqueID = 0;
}

void EventContext::RequestEvent(int theMask) {
    Assert(fEventThread != NULL);
    if (fEventThread == NULL)
        return;
    fEventReq.er_eventbits = theMask;
    int result;
    if (fUniqueID != 0) {
        result = select_modwatch(&fEventReq, theMask);
    } else {
        fUniqueID = static_cast<PointerSizedInt>(atomic_add(&sLastID, 1));
        fEntry.Set(fUniqueIDStr, this);
        (void)fEventThread->fContexts.Register(&fEntry);
        fEventReq.er_type = EV_FD;
        fEventReq.er_handle = fFileDesc;
        fEventReq.er_data = reinterpret_cast<void*>(fUniqueID);
        result = select_watchevent(&fEventReq, theMask);
    }
    AssertV(result == 0, errno);
}

void EventContext::SnarfEventContext(EventContext& fromContext) {
    fFileDesc = fromContext.fFileDesc == kInvalidFileDesc ? fFileDesc : fromContext.fFileDesc;
    fromContext.fFileDesc = kInvalidFileDesc;
    if (fromContext.fUniqueID == 0)
        return;
    fUniqueID = fromContext.fUniqueID;
    fEventReq = fromContext.fEventReq;
    fEventThread = fromContext.fEventThread;
    fEntry.Set(fUniqueIDStr, this);
    fEventThread->fContexts.Swap(&fEntry);
    fEventThread->fContexts.UnRegister(&fromContext.fEntry); // waits for an event on its way to the other
    fromContext.fUniqueID = 0;
}

void EventContext::ProcessEvent(int /*eventBits*/) {
    if (fTask != NULL)
        fTask->Signal(Task::kReadEvent);
}

void EventThread::Entry() {
    while (!this->IsStopRequested()) {
        struct eventreq event;
        if (select_waitevent(&event, NULL) != 0)
            continue;
        StrPtrLen id(reinterpret_cast<const char*>(&event.er_data), static_cast<UInt32>(sizeof(event.er_data)));
        OSRef* ref = fContexts.Resolve(&id);
        if (ref == NULL)
            continue;
        static_cast<EventContext*>(ref->GetObject())->ProcessEvent(event.er_eventbits);
        fContexts.Release(ref);
    }
}
