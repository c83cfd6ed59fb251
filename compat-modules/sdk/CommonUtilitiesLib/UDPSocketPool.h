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

    OSMutex* GetMutex() { return &guard_; }
    OSQueue* GetSocketQueue() { return &pairs_; }

    // A pair on the address, and on the port unless it is 0. With a sender, a pair that is in use serves
    // too if its demuxer has no task for that sender, nor one for all. NULL if there is none. Each Get
    // wants a Release.
    UDPSocketPair* GetUDPSocketPair(UInt32 ipAddr, UInt16 givenPort, UInt32 srcIPAddr, UInt16 srcPort);
    void ReleaseUDPSocketPair(UDPSocketPair* pair);
    // A new pair; without a port the first free one from 6970 up.
    UDPSocketPair* CreateUDPSocketPair(UInt32 givenAddr, UInt16 givenPort);

protected:
    virtual UDPSocketPair* ConstructUDPSocketPair() = 0;
    virtual void DestructUDPSocketPair(UDPSocketPair* pair) = 0;
    // Called when the sockets are open, before they are bound.
    virtual void SetUDPSocketOptions(UDPSocketPair* /*pair*/) {}

private:
    UDPSocketPair* TryPort(UInt32 addr, UInt16 port, bool* foundGiveUp);

    OSQueue pairs_;
    OSMutex guard_;
};

class UDPSocketPair {
public:
    UDPSocketPair(UDPSocket* socketA, UDPSocket* socketB)
        : first_(socketA), second_(socketB), users_(0), place_(this) {}
    ~UDPSocketPair() {}

    UDPSocket* GetSocketA() { return first_; }
    UDPSocket* GetSocketB() { return second_; }

private:
    UDPSocketPair(const UDPSocketPair&);
    UDPSocketPair& operator=(const UDPSocketPair&);

    UDPSocket* first_;
    UDPSocket* second_;
    UInt32 users_;
    OSQueueElem place_;

    friend class UDPSocketPool;
};

#endif
