// SPDX-License-Identifier: MIT OR Apache-2.0
#include "OSRef.h"

#include <errno.h>

void OSRef::Set(const StrPtrLen& string, void* object) {
    name_ = string;
    object_ = object;
    hash_ = Hash(name_);
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

OS_Error OSRefTable::Register(OSRef* givenRef) {
    if (givenRef == NULL || givenRef->name_.Ptr == NULL || givenRef->name_.Len == 0)
        return EPERM;
    Assert(givenRef->holders_ == 0);
    OSMutexLocker locker(&guard_);
    OSRefKey key(&givenRef->name_);
    if (table_.Map(&key) != NULL)
        return EPERM;
    table_.Add(givenRef);
    return OS_NoErr;
}

OSRef* OSRefTable::RegisterOrResolve(OSRef* givenRef) {
    OSMutexLocker locker(&guard_);
    OSRef* existing = this->Resolve(&givenRef->name_);
    if (existing == NULL)
        (void)this->Register(givenRef);
    return existing;
}

void OSRefTable::UnRegister(OSRef* ref, UInt32 users) {
    OSMutexLocker locker(&guard_);
    while (ref->holders_ > users)
        ref->released_.Wait(&guard_);
    table_.Remove(ref);
}

Bool16 OSRefTable::TryUnRegister(OSRef* ref, UInt32 users) {
    OSMutexLocker locker(&guard_);
    if (ref->holders_ > users)
        return false;
    table_.Remove(ref);
    return true;
}

OSRef* OSRefTable::Resolve(StrPtrLen* string) {
    OSRefKey key(string);
    OSMutexLocker locker(&guard_);
    OSRef* ref = table_.Map(&key);
    if (ref != NULL)
        ref->holders_++;
    return ref;
}

void OSRefTable::Release(OSRef* givenRef) {
    OSMutexLocker locker(&guard_);
    Assert(givenRef->holders_ > 0);
    if (givenRef->holders_ > 0)
        givenRef->holders_--;
    // All of them: two threads may wait for different counts. Under the lock, since the owner may delete
    // the ref as soon as it is free.
    givenRef->released_.Broadcast();
}

void OSRefTable::Swap(OSRef* heir) {
    OSMutexLocker locker(&guard_);
    OSRefKey key(&heir->name_);
    OSRef* old = table_.Map(&key);
    Assert(old != NULL);
    if (old == NULL)
        return;
    table_.Remove(old);
    table_.Add(heir);
}
