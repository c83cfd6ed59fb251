// SPDX-License-Identifier: MIT OR Apache-2.0
// First in, first out. The queue owns nothing: each member carries an OSQueueElem that points back to it.
#ifndef QTSS_SDK_OS_QUEUE_H
#define QTSS_SDK_OS_QUEUE_H

#include "MyAssert.h"
#include "OSCond.h"
#include "OSHeaders.h"
#include "OSMutex.h"
#include "OSThread.h"

class OSQueue;

class OSQueueElem {
public:
    OSQueueElem(void* owner = NULL) : older_(NULL), newer_(NULL), queue_(NULL), owner_(owner) {}
    // An element must not die in a queue.
    virtual ~OSQueueElem() { Assert(queue_ == NULL); }

    void* GetEnclosingObject() { return owner_; }
    void SetEnclosingObject(void* owner) { owner_ = owner; }

    Bool16 IsMember(const OSQueue& queue) { return &queue == queue_; }
    Bool16 IsMemberOfAnyQueue() { return queue_ != NULL; }
    OSQueue* InQueue() { return queue_; }
    // Out of its queue, if it is in one.
    void Remove();

    // Next leads towards the head, to what was put in earlier; Prev leads towards the tail. Behind either
    // end comes an element without object.
    OSQueueElem* Next() { return older_; }
    OSQueueElem* Prev() { return newer_; }

private:
    OSQueueElem(const OSQueueElem&);
    OSQueueElem& operator=(const OSQueueElem&);

    friend class OSQueue;

    // Makes the two neighbours, in whatever queue they are.
    static void Join(OSQueueElem* newer, OSQueueElem* older) {
        newer->older_ = older;
        older->newer_ = newer;
    }

    OSQueueElem* older_;
    OSQueueElem* newer_;
    OSQueue* queue_;
    void* owner_;
};

class OSQueue {
public:
    OSQueue() : length_(0) { OSQueueElem::Join(&end_, &end_); }

    // Nothing happens if it is in already. It must not be in another queue.
    void EnQueue(OSQueueElem* added);
    // The element that was put in first, or NULL.
    OSQueueElem* DeQueue();
    // Nothing happens if it is not in.
    void Remove(OSQueueElem* member);

    OSQueueElem* GetHead() { return length_ > 0 ? end_.newer_ : NULL; } // put in first
    OSQueueElem* GetTail() { return length_ > 0 ? end_.older_ : NULL; } // put in last
    UInt32 GetLength() { return length_; }

private:
    friend class OSQueueIter;

    OSQueue(const OSQueue&);
    OSQueue& operator=(const OSQueue&);

    OSQueueElem end_; // closes the ring: before it the newest, behind it the oldest
    UInt32 length_;
};

// From the head to the tail. The current element may be taken out of the queue before Next is called, if it
// is not put into another one.
class OSQueueIter {
public:
    OSQueueIter(OSQueue* queue) : walked_(queue), at_(queue->GetHead()) {}
    OSQueueIter(OSQueue* queue, OSQueueElem* start) : walked_(queue), at_(start) {
        Assert(start == NULL || start->IsMember(*queue));
    }

    void Reset() { at_ = walked_->GetHead(); }
    OSQueueElem* GetCurrent() { return at_; }
    void Next();
    Bool16 IsDone() { return at_ == NULL; }

private:
    OSQueue* walked_;
    OSQueueElem* at_;
};

// A queue between threads.
class OSQueue_Blocking {
public:
    OSQueue_Blocking() {}

    // Waits for an element; NULL after the timeout (0: none) and, rarely, before.
    OSQueueElem* DeQueueBlocking(OSThread* caller, SInt32 milliseconds);
    OSQueueElem* DeQueue();
    void EnQueue(OSQueueElem* added);

    OSCond* GetCond() { return &cond_; }
    OSQueue* GetQueue() { return &queue_; }

private:
    OSCond cond_;
    OSMutex mutex_;
    OSQueue queue_;
};

#endif
