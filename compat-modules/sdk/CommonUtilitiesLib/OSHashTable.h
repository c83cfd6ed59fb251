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
    OSHashTable(UInt32 size) : chains_(NULL), buckets_(size == 0 ? 1 : size), used_(0) {
        chains_ = new T*[buckets_];
        for (UInt32 i = 0; i < buckets_; i++)
            chains_[i] = NULL;
    }
    ~OSHashTable() { delete[] chains_; }

    // Two entries with one key may both be in; Map finds the later one.
    void Add(T* entry) {
        Assert(entry->fNextHashEntry == NULL);
        T** chain = ChainOf(entry);
        entry->fNextHashEntry = *chain;
        *chain = entry;
        used_++;
    }
    // Nothing happens if the entry is not in the table.
    void Remove(T* entry) {
        for (T** link = ChainOf(entry); *link != NULL; link = &(*link)->fNextHashEntry) {
            if (*link != entry)
                continue;
            *link = entry->fNextHashEntry;
            entry->fNextHashEntry = NULL;
            used_--;
            return;
        }
    }
    // The entry with that key, or NULL.
    T* Map(K* key) {
        T* entry = chains_[Index(*key)];
        while (entry != NULL) {
            K entryKey(entry);
            if (entryKey == *key)
                break;
            entry = entry->fNextHashEntry;
        }
        return entry;
    }

    UInt64 GetNumEntries() { return used_; }
    UInt32 GetTableSize() { return buckets_; }
    // First entry of a chain, or NULL.
    T* GetTableEntry(int i) { return chains_[i]; }

private:
    OSHashTable(const OSHashTable&);
    OSHashTable& operator=(const OSHashTable&);

    UInt32 Index(K& key) { return static_cast<UInt32>(key.GetHashKey()) % buckets_; }
    T** ChainOf(T* entry) {
        K key(entry);
        return &chains_[Index(key)];
    }

    T** chains_;
    UInt32 buckets_;
    UInt64 used_;
};

// Goes through all entries, in no particular order. To remove the current entry, go on to the next first.
template <class T, class K>
class OSHashTableIter {
public:
    OSHashTableIter(OSHashTable<T, K>* table) : walked_(table), at_(NULL), bucket_(0) { First(); }

    void First() {
        bucket_ = 0;
        FindChain();
    }
    void Next() {
        at_ = at_->fNextHashEntry;
        if (at_ == NULL) {
            bucket_++;
            FindChain();
        }
    }
    Bool16 IsDone() { return at_ == NULL; }
    T* GetCurrent() { return at_; }

private:
    void FindChain() {
        at_ = NULL;
        for (; bucket_ < walked_->GetTableSize(); bucket_++) {
            at_ = walked_->GetTableEntry(static_cast<int>(bucket_));
            if (at_ != NULL)
                return;
        }
    }

    OSHashTable<T, K>* walked_;
    T* at_;
    UInt32 bucket_;
};

#endif
