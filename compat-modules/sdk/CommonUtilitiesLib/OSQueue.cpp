// SPDX-License-Identifier: MIT OR Apache-2.0
#include "OSQueue.h"

void OSQueueElem::Remove() {
    if (queue_ != NULL)
        queue_->Remove(this);
}

void OSQueue::EnQueue(OSQueueElem* added) {
    if (added->IsMember(*this))
        return;
    Assert(!added->IsMemberOfAnyQueue());
    OSQueueElem::Join(added, end_.older_);
    OSQueueElem::Join(&end_, added);
    added->queue_ = this;
    ++length_;
}

OSQueueElem* OSQueue::DeQueue() {
    OSQueueElem* head = GetHead();
    if (head != NULL)
        Remove(head);
    return head;
}

// The element keeps its links, for an iterator that stands on it.
void OSQueue::Remove(OSQueueElem* member) {
    if (!member->IsMember(*this))
        return;
    OSQueueElem* newer = member->newer_;
    OSQueueElem* older = member->older_;
    newer->older_ = older;
    older->newer_ = newer;
    member->queue_ = NULL;
    --length_;
}

void OSQueueIter::Next() {
    OSQueueElem* newer = at_->Prev();
    at_ = newer == &walked_->end_ ? NULL : newer;
}

OSQueueElem* OSQueue_Blocking::DeQueueBlocking(OSThread* /*caller*/, SInt32 milliseconds) {
    OSMutexLocker locker(&mutex_);
    if (queue_.GetHead() == NULL)
        cond_.Wait(&mutex_, milliseconds);
    return queue_.DeQueue();
}

OSQueueElem* OSQueue_Blocking::DeQueue() {
    OSMutexLocker locker(&mutex_);
    return queue_.DeQueue();
}

void OSQueue_Blocking::EnQueue(OSQueueElem* added) {
    {
        OSMutexLocker locker(&mutex_);
        queue_.EnQueue(added);
    }
    cond_.Signal();
}
