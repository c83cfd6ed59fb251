// SPDX-License-Identifier: MIT OR Apache-2.0
// A priority queue by 64-bit value, smallest first. It owns nothing: members carry an OSHeapElem.
#ifndef QTSS_SDK_OS_HEAP_H
#define QTSS_SDK_OS_HEAP_H

#include "OSCond.h"

class OSHeap;

class OSHeapElem {
public:
    OSHeapElem(void* enclosingObject = NULL)
        : fValue(0), fEnclosingObject(enclosingObject), fCurrentHeap(NULL), fPlace(0) {}

    // Not while it is in a heap.
    void SetValue(SInt64 newValue) { fValue = newValue; }
    SInt64 GetValue() { return fValue; }
    void* GetEnclosingObject() { return fEnclosingObject; }
    void SetEnclosingObject(void* obj) { fEnclosingObject = obj; }
    Bool16 IsMemberOfAnyHeap() { return fCurrentHeap != NULL; }

private:
    OSHeapElem(const OSHeapElem&);
    OSHeapElem& operator=(const OSHeapElem&);

    SInt64 fValue;
    void* fEnclosingObject;
    OSHeap* fCurrentHeap;
    UInt32 fPlace;

    friend class OSHeap;
};

class OSHeap {
public:
    enum { kDefaultStartSize = 1024 };

    OSHeap(UInt32 inStartSize = kDefaultStartSize);
    ~OSHeap() { delete[] fElems; }

    UInt32 CurrentHeapSize() { return fCount; }
    // NULL when empty.
    OSHeapElem* PeekMin() { return fCount > 0 ? fElems[0] : NULL; }
    OSHeapElem* ExtractMin() { return fCount > 0 ? Remove(fElems[0]) : NULL; }
    // Nothing happens if it is in a heap already.
    void Insert(OSHeapElem* inElem);
    // The element, or NULL if it is not in this heap.
    OSHeapElem* Remove(OSHeapElem* elem);

private:
    OSHeap(const OSHeap&);
    OSHeap& operator=(const OSHeap&);

    void Put(UInt32 place, OSHeapElem* elem);
    void MoveUp(UInt32 place);
    void MoveDown(UInt32 place);

    OSHeapElem** fElems;
    UInt32 fCount;
    UInt32 fArraySize;
};

#endif
