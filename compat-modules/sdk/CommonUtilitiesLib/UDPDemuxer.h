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
    UDPDemuxerTask() : fRemoteAddr(0), fRemotePort(0), fNextHashEntry(NULL) {}
    virtual ~UDPDemuxerTask() {}

    UInt32 GetRemoteAddr() { return fRemoteAddr; }

private:
    UInt32 fRemoteAddr;
    UInt16 fRemotePort;
    UDPDemuxerTask* fNextHashEntry;

    friend class UDPDemuxerKey;
    friend class UDPDemuxer;
    friend class OSHashTable<UDPDemuxerTask, UDPDemuxerKey>;
    friend class OSHashTableIter<UDPDemuxerTask, UDPDemuxerKey>;
};

class UDPDemuxerKey {
public:
    UDPDemuxerKey(UInt32 addr, UInt16 port) : fRemoteAddr(addr), fRemotePort(port) {}
    UDPDemuxerKey(UDPDemuxerTask* elem) : fRemoteAddr(elem->fRemoteAddr), fRemotePort(elem->fRemotePort) {}

    UInt32 GetHashKey() { return fRemoteAddr * 31 + fRemotePort; }
    friend bool operator==(const UDPDemuxerKey& a, const UDPDemuxerKey& b) {
        return a.fRemoteAddr == b.fRemoteAddr && a.fRemotePort == b.fRemotePort;
    }

private:
    UInt32 fRemoteAddr;
    UInt16 fRemotePort;
};

typedef OSHashTable<UDPDemuxerTask, UDPDemuxerKey> UDPDemuxerHashTable;

class UDPDemuxer {
public:
    UDPDemuxer() : fHashTable(kHashTableSize) {}

    // EPERM if that sender has a task already.
    OS_Error RegisterTask(UInt32 inRemoteAddr, UInt16 inRemotePort, UDPDemuxerTask* inTaskP);
    // EPERM if it is not that task.
    OS_Error UnregisterTask(UInt32 inRemoteAddr, UInt16 inRemotePort, UDPDemuxerTask* inTaskP);
    // With the mutex held, as long as the task is used; NULL if there is none.
    UDPDemuxerTask* GetTask(UInt32 inRemoteAddr, UInt16 inRemotePort);
    Bool16 AddrInMap(UInt32 inRemoteAddr, UInt16 inRemotePort) {
        return this->GetTask(inRemoteAddr, inRemotePort) != NULL;
    }

    OSMutex* GetMutex() { return &fMutex; }
    UDPDemuxerHashTable* GetHashTable() { return &fHashTable; }

private:
    enum { kHashTableSize = 2747 };

    UDPDemuxerHashTable fHashTable;
    OSMutex fMutex;
};

#endif
