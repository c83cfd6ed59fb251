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
    UDPSocket(Task* inTask, UInt32 inSocketType);
    virtual ~UDPSocket() { delete fDemuxer; }

    OS_Error Open() { return Socket::Open(SOCK_DGRAM); }
    // On the interface of the local address; for any address, on the first of SocketUtils.
    OS_Error JoinMulticast(UInt32 inRemoteAddr);
    OS_Error LeaveMulticast(UInt32 inRemoteAddr);
    OS_Error SetTtl(UInt16 timeToLive);
    OS_Error SetMulticastInterface(UInt32 inLocalAddr);

    OS_Error SendTo(UInt32 inRemoteAddr, UInt16 inRemotePort, const void* inBuffer, UInt32 inLength);
    OS_Error RecvFrom(UInt32* outRemoteAddr, UInt16* outRemotePort, void* ioBuffer, UInt32 inBufLen,
                      UInt32* outRecvLen);

    UDPDemuxer* GetDemuxer() { return fDemuxer; }

private:
    OS_Error ChangeMembership(int option, UInt32 group);

    UDPDemuxer* fDemuxer;
};

#endif
