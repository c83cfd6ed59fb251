// SPDX-License-Identifier: MIT OR Apache-2.0
#include "OSRef.h"

#include <errno.h>

void OSRef::Set(const StrPtrLen& inString, void* inObjectP) {
    fString = inString;
    fObjectP = inObjectP;
    fHashValue = Hash(fString);
}

// FNV-1a.
UInt32 OSRef::Hash(const StrPtrLen& name) {
    UInt32 hash = 2166136261U;
    for (UInt32 i = 0; name.Ptr != NULL && i < name.Len; i++) {
        hash ^= static_cast<unsigned char>(name.Ptr[i]);
        hash = static_cast<UInt32>((static_cast<UInt64>(hash) * 16777619U) & 0xFFFFFFFFU);
    }
    return hash;
}

OS_Error OSRefTable::Register(OSRef* inRef) {
    if (inRef == NULL || inRef->fString.Ptr == NULL || inRef->fString.Len == 0)
        return EPERM;
    Assert(inRef->fRefCount == 0);
    OSMutexLocker locker(&fMutex);
    OSRefKey key(&inRef->fString);
    if (fTable.Map(&key) != NULL)
        return EPERM;
    fTable.Add(inRef);
    return OS_NoErr;
}

OSRef* OSRefTable::RegisterOrResolve(OSRef* inRef) {
    OSMutexLocker locker(&fMutex);
    OSRef* existing = this->Resolve(&inRef->fString);
    if (existing == NULL)
        (void)this->Register(inRef);
    return existing;
}

void OSRefTable::UnRegister(OSRef* ref, UInt32 refCount) {
    OSMutexLocker locker(&fMutex);
    while (ref->fRefCount > refCount)
        ref->fCond.Wait(&fMutex);
    fTable.Remove(ref);
}

Bool16 OSRefTable::TryUnRegister(OSRef* ref, UInt32 refCount) {
    OSMutexLocker locker(&fMutex);
    if (ref->fRefCount > refCount)
        return false;
    fTable.Remove(ref);
    return true;
}

OSRef* OSRefTable::Resolve(StrPtrLen* inString) {
    OSRefKey key(inString);
    OSMutexLocker locker(&fMutex);
    OSRef* ref = fTable.Map(&key);
    if (ref != NULL)
        ref->fRefCount++;
    return ref;
}

void OSRefTable::Release(OSRef* inRef) {
    OSMutexLocker locker(&fMutex);
    Assert(inRef->fRefCount > 0);
    if (inRef->fRefCount > 0)
        inRef->fRefCount--;
    // All of them: two threads may wait for different counts. Under the lock, since the owner may delete
    // the ref as soon as it is free.
    inRef->fCond.Broadcast();
}

void OSRefTable::Swap(OSRef* newRef) {
    OSMutexLocker locker(&fMutex);
    OSRefKey key(&newRef->fString);
    OSRef* oldRef = fTable.Map(&key);
    Assert(oldRef != NULL);
    if (oldRef == NULL)
        return;
    fTable.Remove(oldRef);
    fTable.Add(newRef);
}
