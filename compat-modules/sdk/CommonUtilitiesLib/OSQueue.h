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
    OSQueueElem(void* enclosingObject = NULL)
        : fNext(NULL), fPrev(NULL), fQueue(NULL), fEnclosingObject(enclosingObject) {}
    // An element must not die in a queue.
    virtual ~OSQueueElem() { Assert(fQueue == NULL); }

    void* GetEnclosingObject() { return fEnclosingObject; }
    void SetEnclosingObject(void* obj) { fEnclosingObject = obj; }

    Bool16 IsMember(const OSQueue& queue) { return &queue == fQueue; }
    Bool16 IsMemberOfAnyQueue() { return fQueue != NULL; }
    OSQueue* InQueue() { return fQueue; }
    // Out of its queue, if it is in one.
    void Remove();

    // Next leads towards the head, to what was put in earlier; Prev leads towards the tail. Behind either
    // end comes an element without object.
    OSQueueElem* Next() { return fNext; }
    OSQueueElem* Prev() { return fPrev; }

private:
    OSQueueElem(const OSQueueElem&);
    OSQueueElem& operator=(const OSQueueElem&);

    OSQueueElem* fNext;
    OSQueueElem* fPrev;
    OSQueue* fQueue;
    void* fEnclosingObject;

    friend class OSQueue;
};

class OSQueue {
public:
    OSQueue();
    ~OSQueue() {}

    // Nothing happens if it is in already. It must not be in another queue.
    void EnQueue(OSQueueElem* object);
    // The element that was put in first, or NULL.
    OSQueueElem* DeQueue();
    // Nothing happens if it is not in.
    void Remove(OSQueueElem* object);

    OSQueueElem* GetHead() { return fLength > 0 ? fSentinel.fPrev : NULL; } // put in first
    OSQueueElem* GetTail() { return fLength > 0 ? fSentinel.fNext : NULL; } // put in last
    UInt32 GetLength() { return fLength; }

protected:
    OSQueueElem fSentinel;
    UInt32 fLength;

private:
    OSQueue(const OSQueue&);
    OSQueue& operator=(const OSQueue&);

    friend class OSQueueIter;
};

// From the head to the tail. The current element may be taken out of the queue before Next is called, if it
// is not put into another one.
class OSQueueIter {
public:
    OSQueueIter(OSQueue* inQueue) : fQueueP(inQueue), fCurrentElemP(inQueue->GetHead()) {}
    OSQueueIter(OSQueue* inQueue, OSQueueElem* startElemP) : fQueueP(inQueue), fCurrentElemP(startElemP) {
        Assert(startElemP == NULL || startElemP->IsMember(*inQueue));
    }

    void Reset() { fCurrentElemP = fQueueP->GetHead(); }
    OSQueueElem* GetCurrent() { return fCurrentElemP; }
    void Next();
    Bool16 IsDone() { return fCurrentElemP == NULL; }

private:
    OSQueue* fQueueP;
    OSQueueElem* fCurrentElemP;
};

// A queue between threads.
class OSQueue_Blocking {
public:
    OSQueue_Blocking() {}
    ~OSQueue_Blocking() {}

    // Waits for an element; NULL after the timeout (0: none) and, rarely, before.
    OSQueueElem* DeQueueBlocking(OSThread* inCurThread, SInt32 inTimeoutInMilSecs);
    OSQueueElem* DeQueue();
    void EnQueue(OSQueueElem* obj);

    OSCond* GetCond() { return &fCond; }
    OSQueue* GetQueue() { return &fQueue; }

private:
    OSCond fCond;
    OSMutex fMutex;
    OSQueue fQueue;
};

#endif
