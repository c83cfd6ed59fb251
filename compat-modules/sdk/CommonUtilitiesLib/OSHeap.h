// SPDX-License-Identifier: MIT OR Apache-2.0
// A priority queue by 64-bit value, smallest first. It owns nothing: members carry an OSHeapElem.
#ifndef QTSS_SDK_OS_HEAP_H
#define QTSS_SDK_OS_HEAP_H

#include "OSCond.h"

class OSHeap;

class OSHeapElem {
public:
    OSHeapElem(void* owner = NULL)
        : due_(0), owner_(owner), heap_(NULL), place_(0) {}

    // Not while it is in a heap.
    void SetValue(SInt64 value) { due_ = value; }
    SInt64 GetValue() { return due_; }
    void* GetEnclosingObject() { return owner_; }
    void SetEnclosingObject(void* owner) { owner_ = owner; }
    Bool16 IsMemberOfAnyHeap() { return heap_ != NULL; }

private:
    OSHeapElem(const OSHeapElem&);
    OSHeapElem& operator=(const OSHeapElem&);

    SInt64 due_;
    void* owner_;
    OSHeap* heap_;
    UInt32 place_;

    friend class OSHeap;
};

class OSHeap {
public:
    enum { kDefaultStartSize = 1024 };

    OSHeap(UInt32 room = kDefaultStartSize);
    ~OSHeap() { delete[] elems_; }

    UInt32 CurrentHeapSize() { return count_; }
    // NULL when empty.
    OSHeapElem* PeekMin() { return count_ > 0 ? elems_[0] : NULL; }
    OSHeapElem* ExtractMin() { return count_ > 0 ? Remove(elems_[0]) : NULL; }
    // Nothing happens if it is in a heap already.
    void Insert(OSHeapElem* added);
    // The element, or NULL if it is not in this heap.
    OSHeapElem* Remove(OSHeapElem* member);

private:
    OSHeap(const OSHeap&);
    OSHeap& operator=(const OSHeap&);

    void Put(UInt32 place, OSHeapElem* member);
    void MoveUp(UInt32 place);
    void MoveDown(UInt32 place);

    OSHeapElem** elems_;
    UInt32 count_;
    UInt32 room_;
};

#endif
