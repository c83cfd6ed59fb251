// SPDX-License-Identifier: MIT OR Apache-2.0
// A table of objects by name, that counts who uses them. It owns neither the objects nor the names.
#ifndef QTSS_SDK_OS_REF_H
#define QTSS_SDK_OS_REF_H

#include "OSCond.h"
#include "OSHashTable.h"
#include "StrPtrLen.h"

class OSRefKey;

class OSRef {
public:
    OSRef() : object_(NULL), holders_(0), hash_(0), fNextHashEntry(NULL) {}
    OSRef(const StrPtrLen& string, void* object)
        : object_(NULL), holders_(0), hash_(0), fNextHashEntry(NULL) {
        Set(string, object);
    }
    ~OSRef() {}

    // Not while it is in a table. The name stays the caller's.
    void Set(const StrPtrLen& string, void* object);

    void** GetObjectPtr() { return &object_; }
    void* GetObject() { return object_; }
    UInt32 GetRefCount() { return holders_; }
    StrPtrLen* GetString() { return &name_; }

private:
    friend class OSRefTable;
    friend class OSHashTableIter<OSRef, OSRefKey>;
    friend class OSHashTable<OSRef, OSRefKey>;
    friend class OSRefKey;

    OSRef(const OSRef&);
    OSRef& operator=(const OSRef&);

    static UInt32 Hash(const StrPtrLen& name);

    void* object_;
    StrPtrLen name_;
    UInt32 holders_;
    OSCond released_;
    UInt32 hash_;
    OSRef* fNextHashEntry;
};

class OSRefKey {
public:
    OSRefKey(StrPtrLen* name) : name_(name), hash_(OSRef::Hash(*name)) {}
    OSRefKey(OSRef* elem) : name_(&elem->name_), hash_(elem->hash_) {}

    StrPtrLen* GetString() { return name_; }
    UInt32 GetHashKey() { return hash_; }
    friend bool operator==(const OSRefKey& a, const OSRefKey& b) { return a.name_->Equal(*b.name_) != 0; }

private:
    StrPtrLen* name_;
    UInt32 hash_;
};

typedef OSHashTable<OSRef, OSRefKey> OSRefHashTable;
typedef OSHashTableIter<OSRef, OSRefKey> OSRefHashTableIter;

class OSRefTable {
public:
    enum { kDefaultTableSize = 1193 };

    OSRefTable(UInt32 tableSize = kDefaultTableSize) : table_(tableSize) {}
    ~OSRefTable() {}

    // Held by each call; hold it to do several, or to walk the hash table.
    OSMutex* GetMutex() { return &guard_; }
    OSRefHashTable* GetHashTable() { return &table_; }

    // EPERM if the name is empty or taken.
    OS_Error Register(OSRef* ref);
    // NULL if it could be registered; otherwise the one that has the name, resolved. A ref without name is
    // not registered, and NULL too.
    OSRef* RegisterOrResolve(OSRef* givenRef);
    // Waits until not more than `users` users are left, then takes it out.
    void UnRegister(OSRef* ref, UInt32 users = 0);
    // The same without waiting: false if there are more users.
    Bool16 TryUnRegister(OSRef* ref, UInt32 users = 0);

    // One user more, or NULL; each Resolve wants one Release.
    OSRef* Resolve(StrPtrLen* string);
    void Release(OSRef* givenRef);
    // Puts this one in the place of the one that has its name; that one's users stay its own.
    void Swap(OSRef* heir);

    UInt32 GetNumRefsInTable() { return static_cast<UInt32>(table_.GetNumEntries()); }

private:
    OSRefHashTable table_;
    OSMutex guard_;
};

// Releases at the end of the scope.
class OSRefReleaser {
public:
    OSRefReleaser(OSRefTable* table, OSRef* givenRef) : table_(table), held_(givenRef) {}
    ~OSRefReleaser() { table_->Release(held_); }
    OSRef* GetRef() { return held_; }

private:
    OSRefReleaser(const OSRefReleaser&);
    OSRefReleaser& operator=(const OSRefReleaser&);

    OSRefTable* table_;
    OSRef* held_;
};

#endif
