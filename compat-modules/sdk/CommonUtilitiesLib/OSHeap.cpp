// SPDX-License-Identifier: MIT OR Apache-2.0
#include "OSHeap.h"

OSHeap::OSHeap(UInt32 inStartSize) : fElems(NULL), fCount(0), fArraySize(inStartSize < 2 ? 2 : inStartSize) {
    fElems = new OSHeapElem*[fArraySize];
}

void OSHeap::Put(UInt32 place, OSHeapElem* elem) {
    fElems[place] = elem;
    elem->fPlace = place;
}

void OSHeap::MoveUp(UInt32 place) {
    OSHeapElem* elem = fElems[place];
    while (place > 0) {
        UInt32 parent = (place - 1) / 2;
        if (fElems[parent]->fValue <= elem->fValue)
            break;
        Put(place, fElems[parent]);
        place = parent;
    }
    Put(place, elem);
}

void OSHeap::MoveDown(UInt32 place) {
    OSHeapElem* elem = fElems[place];
    for (;;) {
        UInt32 child = 2 * place + 1;
        if (child + 1 < fCount && fElems[child + 1]->fValue < fElems[child]->fValue)
            child++;
        if (child >= fCount || fElems[child]->fValue >= elem->fValue)
            break;
        Put(place, fElems[child]);
        place = child;
    }
    Put(place, elem);
}

void OSHeap::Insert(OSHeapElem* inElem) {
    if (inElem->fCurrentHeap != NULL)
        return;
    if (fCount == fArraySize) {
        OSHeapElem** grown = new OSHeapElem*[fArraySize * 2];
        for (UInt32 i = 0; i < fCount; i++)
            grown[i] = fElems[i];
        delete[] fElems;
        fElems = grown;
        fArraySize *= 2;
    }
    inElem->fCurrentHeap = this;
    Put(fCount, inElem);
    fCount++;
    MoveUp(fCount - 1);
}

OSHeapElem* OSHeap::Remove(OSHeapElem* elem) {
    if (elem->fCurrentHeap != this)
        return NULL;
    UInt32 place = elem->fPlace;
    elem->fCurrentHeap = NULL;
    fCount--;
    if (place < fCount) {
        Put(place, fElems[fCount]);
        MoveDown(place);
        MoveUp(place);
    }
    return elem;
}
