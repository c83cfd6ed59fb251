// SPDX-License-Identifier: MIT OR Apache-2.0
// A UDP socket. Addresses and ports are in host byte order; errors are errnos.
#ifndef QTSS_SDK_UDP_SOCKET_H
#define QTSS_SDK_UDP_SOCKET_H

#include <sys/socket.h>
#include <sys/uio.h>
#include "Socket.h"
#include "UDPDemuxer.h"

class UDPSocket : public Socket {
public:
    enum { kWantsDemuxer = 0x0100 };

    // The type is a sum of this flag and Socket's.
    UDPSocket(Task* task, UInt32 socketType);
    virtual ~UDPSocket() { delete demuxer_; }

    OS_Error Open();
    // On the interface of the local address; for any address, on the first of SocketUtils.
    OS_Error JoinMulticast(UInt32 group);
    OS_Error LeaveMulticast(UInt32 group);
    OS_Error SetTtl(UInt16 hops);
    OS_Error SetMulticastInterface(UInt32 localAddr);

    OS_Error SendTo(UInt32 remoteAddr, UInt16 remotePort, const void* buffer, UInt32 bytes);
    OS_Error RecvFrom(UInt32* peerAddr, UInt16* peerPort, void* room, UInt32 roomBytes,
                      UInt32* recvLen);

    UDPDemuxer* GetDemuxer() { return demuxer_; }

private:
    OS_Error ChangeMembership(int option, UInt32 group);

    UDPDemuxer* demuxer_;
};

#endif
