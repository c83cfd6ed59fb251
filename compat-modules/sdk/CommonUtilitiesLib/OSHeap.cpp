// SPDX-License-Identifier: MIT OR Apache-2.0
#include "OSHeap.h"

OSHeap::OSHeap(UInt32 room) : elems_(NULL), count_(0), room_(room < 2 ? 2 : room) {
    elems_ = new OSHeapElem*[room_];
}

void OSHeap::Put(UInt32 place, OSHeapElem* elem) {
    elems_[place] = elem;
    elem->place_ = place;
}

void OSHeap::MoveUp(UInt32 place) {
    OSHeapElem* elem = elems_[place];
    while (place > 0) {
        UInt32 parent = (place - 1) / 2;
        if (elems_[parent]->due_ <= elem->due_)
            break;
        Put(place, elems_[parent]);
        place = parent;
    }
    Put(place, elem);
}

void OSHeap::MoveDown(UInt32 place) {
    OSHeapElem* elem = elems_[place];
    for (;;) {
        UInt32 child = 2 * place + 1;
        if (child + 1 < count_ && elems_[child + 1]->due_ < elems_[child]->due_)
            child++;
        if (child >= count_ || elems_[child]->due_ >= elem->due_)
            break;
        Put(place, elems_[child]);
        place = child;
    }
    Put(place, elem);
}

void OSHeap::Insert(OSHeapElem* added) {
    if (added->heap_ != NULL)
        return;
    if (count_ == room_) {
        OSHeapElem** grown = new OSHeapElem*[room_ * 2];
        for (UInt32 i = 0; i < count_; i++)
            grown[i] = elems_[i];
        delete[] elems_;
        elems_ = grown;
        room_ *= 2;
    }
    added->heap_ = this;
    Put(count_, added);
    count_++;
    MoveUp(count_ - 1);
}

OSHeapElem* OSHeap::Remove(OSHeapElem* elem) {
    if (elem->heap_ != this)
        return NULL;
    UInt32 place = elem->place_;
    elem->heap_ = NULL;
    count_--;
    if (place < count_) {
        Put(place, elems_[count_]);
        MoveDown(place);
        MoveUp(place);
    }
    return elem;
}
