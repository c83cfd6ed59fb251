// SPDX-License-Identifier: MIT OR Apache-2.0
#include "OSQueue.h"

void OSQueueElem::Remove() {
    if (fQueue != NULL)
        fQueue->Remove(this);
}

OSQueue::OSQueue() : fLength(0) {
    fSentinel.fNext = &fSentinel;
    fSentinel.fPrev = &fSentinel;
}

void OSQueue::EnQueue(OSQueueElem* elem) {
    if (elem->fQueue == this)
        return;
    Assert(elem->fQueue == NULL);
    elem->fNext = fSentinel.fNext;
    elem->fPrev = &fSentinel;
    elem->fQueue = this;
    fSentinel.fNext->fPrev = elem;
    fSentinel.fNext = elem;
    fLength++;
}

OSQueueElem* OSQueue::DeQueue() {
    OSQueueElem* head = GetHead();
    if (head != NULL)
        Remove(head);
    return head;
}

// The element keeps its links, for an iterator that stands on it.
void OSQueue::Remove(OSQueueElem* elem) {
    if (elem->fQueue != this)
        return;
    elem->fNext->fPrev = elem->fPrev;
    elem->fPrev->fNext = elem->fNext;
    elem->fQueue = NULL;
    fLength--;
}

void OSQueueIter::Next() {
    fCurrentElemP = fCurrentElemP->Prev();
    if (fCurrentElemP == &fQueueP->fSentinel)
        fCurrentElemP = NULL;
}

OSQueueElem* OSQueue_Blocking::DeQueueBlocking(OSThread* /*inCurThread*/, SInt32 inTimeoutInMilSecs) {
    OSMutexLocker locker(&fMutex);
    if (fQueue.GetLength() == 0)
        fCond.Wait(&fMutex, inTimeoutInMilSecs);
    return fQueue.DeQueue();
}

OSQueueElem* OSQueue_Blocking::DeQueue() {
    OSMutexLocker locker(&fMutex);
    return fQueue.DeQueue();
}

void OSQueue_Blocking::EnQueue(OSQueueElem* obj) {
    {
        OSMutexLocker locker(&fMutex);
        fQueue.EnQueue(obj);
    }
    fCond.Signal();
}
