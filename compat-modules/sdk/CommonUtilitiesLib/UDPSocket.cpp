// SPDX-License-Identifier: MIT OR Apache-2.0
#include "UDPSocket.h"

#include <errno.h>
#include <string.h>
#include "SocketUtils.h"

namespace {
OS_Error ResultOf(ssize_t result) { return result < 0 ? static_cast<OS_Error>(errno) : static_cast<OS_Error>(OS_NoErr); }
} // namespace

UDPSocket::UDPSocket(Task* inTask, UInt32 inSocketType) : Socket(inTask, inSocketType), fDemuxer(NULL) {
    if ((inSocketType & kWantsDemuxer) != 0)
        fDemuxer = new UDPDemuxer;
}

OS_Error UDPSocket::SendTo(UInt32 inRemoteAddr, UInt16 inRemotePort, const void* inBuffer, UInt32 inLength) {
    struct sockaddr_in remote;
    ::memset(&remote, 0, sizeof(remote));
    remote.sin_family = AF_INET;
    remote.sin_port = htons(inRemotePort);
    remote.sin_addr.s_addr = htonl(inRemoteAddr);
    return ResultOf(::sendto(fFileDesc, inBuffer, inLength, MSG_NOSIGNAL, reinterpret_cast<struct sockaddr*>(&remote),
                             sizeof(remote)));
}

OS_Error UDPSocket::RecvFrom(UInt32* outRemoteAddr, UInt16* outRemotePort, void* ioBuffer, UInt32 inBufLen,
                             UInt32* outRecvLen) {
    struct sockaddr_in remote;
    socklen_t length = sizeof(remote);
    ::memset(&remote, 0, sizeof(remote));
    ssize_t received =
        ::recvfrom(fFileDesc, ioBuffer, inBufLen, 0, reinterpret_cast<struct sockaddr*>(&remote), &length);
    if (received < 0)
        return static_cast<OS_Error>(errno);
    *outRemoteAddr = ntohl(remote.sin_addr.s_addr);
    *outRemotePort = ntohs(remote.sin_port);
    *outRecvLen = static_cast<UInt32>(received);
    return OS_NoErr;
}

OS_Error UDPSocket::ChangeMembership(int option, UInt32 group) {
    struct ip_mreq membership;
    membership.imr_multiaddr.s_addr = htonl(group);
    membership.imr_interface = fLocalAddr.sin_addr;
    if (GetLocalAddr() == INADDR_ANY && SocketUtils::GetNumIPAddrs() > 0)
        membership.imr_interface.s_addr = htonl(SocketUtils::GetIPAddr(0));
    return ResultOf(::setsockopt(fFileDesc, IPPROTO_IP, option, &membership, sizeof(membership)));
}

OS_Error UDPSocket::JoinMulticast(UInt32 inRemoteAddr) { return ChangeMembership(IP_ADD_MEMBERSHIP, inRemoteAddr); }

OS_Error UDPSocket::LeaveMulticast(UInt32 inRemoteAddr) { return ChangeMembership(IP_DROP_MEMBERSHIP, inRemoteAddr); }

OS_Error UDPSocket::SetTtl(UInt16 timeToLive) {
    unsigned char ttl = static_cast<unsigned char>(timeToLive);
    return ResultOf(::setsockopt(fFileDesc, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof(ttl)));
}

OS_Error UDPSocket::SetMulticastInterface(UInt32 inLocalAddr) {
    struct in_addr address;
    address.s_addr = htonl(inLocalAddr);
    return ResultOf(::setsockopt(fFileDesc, IPPROTO_IP, IP_MULTICAST_IF, &address, sizeof(address)));
}
