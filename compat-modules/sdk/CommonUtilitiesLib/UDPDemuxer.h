// SPDX-License-Identifier: MIT OR Apache-2.0
// Finds the task for a datagram by its sender. Addresses and ports are in host byte order.
#ifndef QTSS_SDK_UDP_DEMUXER_H
#define QTSS_SDK_UDP_DEMUXER_H

#include "OSHashTable.h"
#include "OSMutex.h"
#include "StrPtrLen.h"

class Task;
class UDPDemuxerKey;

class UDPDemuxerTask {
public:
    UDPDemuxerTask() : remoteAddr_(0), remotePort_(0), fNextHashEntry(NULL) {}
    virtual ~UDPDemuxerTask() {}

    UInt32 GetRemoteAddr() { return remoteAddr_; }

private:
    UInt32 remoteAddr_;
    UInt16 remotePort_;
    UDPDemuxerTask* fNextHashEntry;

    friend class UDPDemuxerKey;
    friend class UDPDemuxer;
    friend class OSHashTable<UDPDemuxerTask, UDPDemuxerKey>;
    friend class OSHashTableIter<UDPDemuxerTask, UDPDemuxerKey>;
};

class UDPDemuxerKey {
public:
    UDPDemuxerKey(UInt32 addr, UInt16 port) : remoteAddr_(addr), remotePort_(port) {}
    UDPDemuxerKey(UDPDemuxerTask* elem) : remoteAddr_(elem->remoteAddr_), remotePort_(elem->remotePort_) {}

    UInt32 GetHashKey() { return remoteAddr_ * 31 + remotePort_; }
    friend bool operator==(const UDPDemuxerKey& a, const UDPDemuxerKey& b) {
        return a.remoteAddr_ == b.remoteAddr_ && a.remotePort_ == b.remotePort_;
    }

private:
    UInt32 remoteAddr_;
    UInt16 remotePort_;
};

typedef OSHashTable<UDPDemuxerTask, UDPDemuxerKey> UDPDemuxerHashTable;

class UDPDemuxer {
public:
    UDPDemuxer() : tasks_(kHashTableSize) {}

    // EPERM if that sender has a task already.
    OS_Error RegisterTask(UInt32 remoteAddr, UInt16 remotePort, UDPDemuxerTask* taskP);
    // EPERM if it is not that task.
    OS_Error UnregisterTask(UInt32 remoteAddr, UInt16 remotePort, UDPDemuxerTask* taskP);
    // With the mutex held, as long as the task is used; NULL if there is none.
    UDPDemuxerTask* GetTask(UInt32 remoteAddr, UInt16 remotePort);
    Bool16 AddrInMap(UInt32 remoteAddr, UInt16 remotePort) {
        return this->GetTask(remoteAddr, remotePort) != NULL;
    }

    OSMutex* GetMutex() { return &guard_; }
    UDPDemuxerHashTable* GetHashTable() { return &tasks_; }

private:
    enum { kHashTableSize = 2747 };

    UDPDemuxerHashTable tasks_;
    OSMutex guard_;
};

#endif
