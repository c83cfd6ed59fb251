// SPDX-License-Identifier: MIT OR Apache-2.0
#include "EventContext.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "atomic.h"

namespace {
unsigned int sLastID = 0;
}

EventContext::EventContext(int fileDesc, EventThread* thread)
    : fFileDesc(fileDesc), cookie_(0),
      cookieKey_(reinterpret_cast<const char*>(&cookie_), static_cast<UInt32>(sizeof(cookie_))),
      watcher_(thread), closes_(true), waiting_(NULL) {
    ::memset(&request_, 0, sizeof(request_));
}

EventContext::~EventContext() {
    if (closes_)
        this->Cleanup();
}

void EventContext::InitNonBlocking(int fileDesc) {
    fFileDesc = fileDesc;
    int flags = ::fcntl(fileDesc, F_GETFL, 0);
    int result = flags == -1 ? -1 : ::fcntl(fileDesc, F_SETFL, flags | O_NONBLOCK);
    AssertV(result != -1, errno);
}

void EventContext::Cleanup() {
    if (cookie_ != 0 && watcher_ != NULL) {
        watcher_->contexts_.UnRegister(&entry_);
        (void)select_removeevent(fFileDesc);
    }
    if (fFileDesc >= 0)
        (void)::close(fFileDesc);
    fFileDesc = kInvalidFileDesc;
    cookie_ = 0;
}

void EventContext::RequestEvent(int mask) {
    Assert(watcher_ != NULL);
    if (watcher_ == NULL)
        return;
    request_.er_eventbits = mask;
    int result;
    if (cookie_ != 0) {
        result = select_modwatch(&request_, mask);
    } else {
        cookie_ = static_cast<PointerSizedInt>(atomic_add(&sLastID, 1));
        entry_.Set(cookieKey_, this);
        (void)watcher_->contexts_.Register(&entry_);
        request_.er_type = EV_FD;
        request_.er_handle = fFileDesc;
        request_.er_data = reinterpret_cast<void*>(cookie_);
        result = select_watchevent(&request_, mask);
    }
    AssertV(result == 0, errno);
}

void EventContext::SnarfEventContext(EventContext& other) {
    fFileDesc = other.fFileDesc == kInvalidFileDesc ? fFileDesc : other.fFileDesc;
    other.fFileDesc = kInvalidFileDesc;
    if (other.cookie_ == 0)
        return;
    cookie_ = other.cookie_;
    request_ = other.request_;
    watcher_ = other.watcher_;
    entry_.Set(cookieKey_, this);
    watcher_->contexts_.Swap(&entry_);
    watcher_->contexts_.UnRegister(&other.entry_); // waits for an event on its way to the other
    other.cookie_ = 0;
}

void EventContext::ProcessEvent(int /*eventBits*/) {
    if (waiting_ != NULL)
        waiting_->Signal(Task::kReadEvent);
}

void EventThread::Entry() {
    while (!this->IsStopRequested()) {
        struct eventreq event;
        if (select_waitevent(&event, NULL) != 0)
            continue;
        StrPtrLen id(reinterpret_cast<const char*>(&event.er_data), static_cast<UInt32>(sizeof(event.er_data)));
        OSRef* ref = contexts_.Resolve(&id);
        if (ref == NULL)
            continue;
        static_cast<EventContext*>(ref->GetObject())->ProcessEvent(event.er_eventbits);
        contexts_.Release(ref);
    }
}
