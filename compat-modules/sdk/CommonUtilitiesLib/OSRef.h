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
    OSRef() : fObjectP(NULL), fRefCount(0), fHashValue(0), fNextHashEntry(NULL) {}
    OSRef(const StrPtrLen& inString, void* inObjectP)
        : fObjectP(NULL), fRefCount(0), fHashValue(0), fNextHashEntry(NULL) {
        Set(inString, inObjectP);
    }
    ~OSRef() {}

    // Not while it is in a table. The name stays the caller's.
    void Set(const StrPtrLen& inString, void* inObjectP);

    void** GetObjectPtr() { return &fObjectP; }
    void* GetObject() { return fObjectP; }
    UInt32 GetRefCount() { return fRefCount; }
    StrPtrLen* GetString() { return &fString; }

private:
    OSRef(const OSRef&);
    OSRef& operator=(const OSRef&);

    static UInt32 Hash(const StrPtrLen& name);

    void* fObjectP;
    StrPtrLen fString;
    UInt32 fRefCount;
    OSCond fCond;
    UInt32 fHashValue;
    OSRef* fNextHashEntry;

    friend class OSRefKey;
    friend class OSHashTable<OSRef, OSRefKey>;
    friend class OSHashTableIter<OSRef, OSRefKey>;
    friend class OSRefTable;
};

class OSRefKey {
public:
    OSRefKey(StrPtrLen* inStringP) : fStringP(inStringP), fHashValue(OSRef::Hash(*inStringP)) {}
    OSRefKey(OSRef* elem) : fStringP(&elem->fString), fHashValue(elem->fHashValue) {}

    StrPtrLen* GetString() { return fStringP; }
    UInt32 GetHashKey() { return fHashValue; }
    friend bool operator==(const OSRefKey& a, const OSRefKey& b) { return a.fStringP->Equal(*b.fStringP) != 0; }

private:
    StrPtrLen* fStringP;
    UInt32 fHashValue;
};

typedef OSHashTable<OSRef, OSRefKey> OSRefHashTable;
typedef OSHashTableIter<OSRef, OSRefKey> OSRefHashTableIter;

class OSRefTable {
public:
    enum { kDefaultTableSize = 1193 };

    OSRefTable(UInt32 tableSize = kDefaultTableSize) : fTable(tableSize) {}
    ~OSRefTable() {}

    // Held by each call; hold it to do several, or to walk the hash table.
    OSMutex* GetMutex() { return &fMutex; }
    OSRefHashTable* GetHashTable() { return &fTable; }

    // EPERM if the name is empty or taken.
    OS_Error Register(OSRef* ref);
    // NULL if it could be registered; otherwise the one that has the name, resolved. A ref without name is
    // not registered, and NULL too.
    OSRef* RegisterOrResolve(OSRef* inRef);
    // Waits until not more than `refCount` users are left, then takes it out.
    void UnRegister(OSRef* ref, UInt32 refCount = 0);
    // The same without waiting: false if there are more users.
    Bool16 TryUnRegister(OSRef* ref, UInt32 refCount = 0);

    // One user more, or NULL; each Resolve wants one Release.
    OSRef* Resolve(StrPtrLen* inString);
    void Release(OSRef* inRef);
    // Puts this one in the place of the one that has its name; that one's users stay its own.
    void Swap(OSRef* newRef);

    UInt32 GetNumRefsInTable() { return static_cast<UInt32>(fTable.GetNumEntries()); }

private:
    OSRefHashTable fTable;
    OSMutex fMutex;
};

// Releases at the end of the scope.
class OSRefReleaser {
public:
    OSRefReleaser(OSRefTable* inTable, OSRef* inRef) : fOSRefTable(inTable), fOSRef(inRef) {}
    ~OSRefReleaser() { fOSRefTable->Release(fOSRef); }
    OSRef* GetRef() { return fOSRef; }

private:
    OSRefReleaser(const OSRefReleaser&);
    OSRefReleaser& operator=(const OSRefReleaser&);

    OSRefTable* fOSRefTable;
    OSRef* fOSRef;
};

#endif
