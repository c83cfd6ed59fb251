// SPDX-License-Identifier: MIT OR Apache-2.0
// Pairs of UDP sockets for RTP and RTCP: an even port and the one above it.
#ifndef QTSS_SDK_UDP_SOCKET_POOL_H
#define QTSS_SDK_UDP_SOCKET_POOL_H

#include "OSMutex.h"
#include "OSQueue.h"
#include "UDPDemuxer.h"
#include "UDPSocket.h"

class UDPSocketPair;

class UDPSocketPool {
public:
    UDPSocketPool() {}
    virtual ~UDPSocketPool() {}

    OSMutex* GetMutex() { return &fMutex; }
    OSQueue* GetSocketQueue() { return &fPairs; }

    // A pair on the address, and on the port unless it is 0. With a sender, a pair that is in use serves
    // too if its demuxer has no task for that sender, nor one for all. NULL if there is none. Each Get
    // wants a Release.
    UDPSocketPair* GetUDPSocketPair(UInt32 inIPAddr, UInt16 inPort, UInt32 inSrcIPAddr, UInt16 inSrcPort);
    void ReleaseUDPSocketPair(UDPSocketPair* inPair);
    // A new pair; without a port the first free one from 6970 up.
    UDPSocketPair* CreateUDPSocketPair(UInt32 inAddr, UInt16 inPort);

protected:
    virtual UDPSocketPair* ConstructUDPSocketPair() = 0;
    virtual void DestructUDPSocketPair(UDPSocketPair* inPair) = 0;
    // Called when the sockets are open, before they are bound.
    virtual void SetUDPSocketOptions(UDPSocketPair* /*inPair*/) {}

private:
    UDPSocketPair* TryPort(UInt32 addr, UInt16 port, bool* outGiveUp);

    OSQueue fPairs;
    OSMutex fMutex;
};

class UDPSocketPair {
public:
    UDPSocketPair(UDPSocket* inSocketA, UDPSocket* inSocketB)
        : fSocketA(inSocketA), fSocketB(inSocketB), fRefCount(0), fElem(this) {}
    ~UDPSocketPair() {}

    UDPSocket* GetSocketA() { return fSocketA; }
    UDPSocket* GetSocketB() { return fSocketB; }

private:
    UDPSocketPair(const UDPSocketPair&);
    UDPSocketPair& operator=(const UDPSocketPair&);

    UDPSocket* fSocketA;
    UDPSocket* fSocketB;
    UInt32 fRefCount;
    OSQueueElem fElem;

    friend class UDPSocketPool;
};

#endif
