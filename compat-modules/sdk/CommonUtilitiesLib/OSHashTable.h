// SPDX-License-Identifier: MIT OR Apache-2.0
// A hash table that owns nothing. Entries of type T have a field `T* fNextHashEntry`, NULL while they are
// in no table, that this table can reach. Keys of type K are made from a T*, have GetHashKey() and ==.
#ifndef QTSS_SDK_OS_HASH_TABLE_H
#define QTSS_SDK_OS_HASH_TABLE_H

#include <string.h>
#include "MyAssert.h"
#include "OSHeaders.h"

template <class T, class K>
class OSHashTable {
public:
    // The size is the number of chains; 0 is taken as 1.
    OSHashTable(UInt32 size) : fChains(NULL), fSize(size == 0 ? 1 : size), fNumEntries(0) {
        fChains = new T*[fSize];
        for (UInt32 i = 0; i < fSize; i++)
            fChains[i] = NULL;
    }
    ~OSHashTable() { delete[] fChains; }

    // Two entries with one key may both be in; Map finds the later one.
    void Add(T* entry) {
        Assert(entry->fNextHashEntry == NULL);
        T** chain = ChainOf(entry);
        entry->fNextHashEntry = *chain;
        *chain = entry;
        fNumEntries++;
    }
    // Nothing happens if the entry is not in the table.
    void Remove(T* entry) {
        for (T** link = ChainOf(entry); *link != NULL; link = &(*link)->fNextHashEntry) {
            if (*link != entry)
                continue;
            *link = entry->fNextHashEntry;
            entry->fNextHashEntry = NULL;
            fNumEntries--;
            return;
        }
    }
    // The entry with that key, or NULL.
    T* Map(K* key) {
        T* entry = fChains[Index(*key)];
        while (entry != NULL) {
            K entryKey(entry);
            if (entryKey == *key)
                break;
            entry = entry->fNextHashEntry;
        }
        return entry;
    }

    UInt64 GetNumEntries() { return fNumEntries; }
    UInt32 GetTableSize() { return fSize; }
    // First entry of a chain, or NULL.
    T* GetTableEntry(int i) { return fChains[i]; }

private:
    OSHashTable(const OSHashTable&);
    OSHashTable& operator=(const OSHashTable&);

    UInt32 Index(K& key) { return static_cast<UInt32>(key.GetHashKey()) % fSize; }
    T** ChainOf(T* entry) {
        K key(entry);
        return &fChains[Index(key)];
    }

    T** fChains;
    UInt32 fSize;
    UInt64 fNumEntries;
};

// Goes through all entries, in no particular order. To remove the current entry, go on to the next first.
template <class T, class K>
class OSHashTableIter {
public:
    OSHashTableIter(OSHashTable<T, K>* table) : fHashTable(table), fCurrent(NULL), fIndex(0) { First(); }

    void First() {
        fIndex = 0;
        FindChain();
    }
    void Next() {
        fCurrent = fCurrent->fNextHashEntry;
        if (fCurrent == NULL) {
            fIndex++;
            FindChain();
        }
    }
    Bool16 IsDone() { return fCurrent == NULL; }
    T* GetCurrent() { return fCurrent; }

private:
    void FindChain() {
        fCurrent = NULL;
        for (; fIndex < fHashTable->GetTableSize(); fIndex++) {
            fCurrent = fHashTable->GetTableEntry(static_cast<int>(fIndex));
            if (fCurrent != NULL)
                return;
        }
    }

    OSHashTable<T, K>* fHashTable;
    T* fCurrent;
    UInt32 fIndex;
};

#endif
