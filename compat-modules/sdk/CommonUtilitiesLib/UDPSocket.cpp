// SPDX-License-Identifier: MIT OR Apache-2.0
#include "UDPSocket.h"

#include <errno.h>
#include <string.h>
#include "SocketUtils.h"

namespace {
OS_Error ResultOf(ssize_t result) { return result < 0 ? static_cast<OS_Error>(errno) : static_cast<OS_Error>(OS_NoErr); }
} // namespace

UDPSocket::UDPSocket(Task* task, UInt32 socketType) : Socket(task, socketType), demuxer_(NULL) {
    if ((socketType & kWantsDemuxer) != 0)
        demuxer_ = new UDPDemuxer;
}

OS_Error UDPSocket::Open() { return Socket::Open(SOCK_DGRAM); }

OS_Error UDPSocket::SendTo(UInt32 remoteAddr, UInt16 remotePort, const void* buffer, UInt32 bytes) {
    struct sockaddr_in remote = AddressOf(remoteAddr, remotePort);
    return ResultOf(::sendto(fFileDesc, buffer, bytes, MSG_NOSIGNAL, reinterpret_cast<struct sockaddr*>(&remote),
                             sizeof(remote)));
}

OS_Error UDPSocket::RecvFrom(UInt32* peerAddr, UInt16* peerPort, void* room, UInt32 roomBytes,
                             UInt32* recvLen) {
    struct sockaddr_in remote;
    socklen_t length = sizeof(remote);
    ::memset(&remote, 0, sizeof(remote));
    ssize_t received =
        ::recvfrom(fFileDesc, room, roomBytes, 0, reinterpret_cast<struct sockaddr*>(&remote), &length);
    if (received < 0)
        return static_cast<OS_Error>(errno);
    *peerAddr = ntohl(remote.sin_addr.s_addr);
    *peerPort = ntohs(remote.sin_port);
    *recvLen = static_cast<UInt32>(received);
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

OS_Error UDPSocket::JoinMulticast(UInt32 group) { return ChangeMembership(IP_ADD_MEMBERSHIP, group); }

OS_Error UDPSocket::LeaveMulticast(UInt32 group) { return ChangeMembership(IP_DROP_MEMBERSHIP, group); }

OS_Error UDPSocket::SetTtl(UInt16 hops) {
    unsigned char ttl = static_cast<unsigned char>(hops);
    return ResultOf(::setsockopt(fFileDesc, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof(ttl)));
}

OS_Error UDPSocket::SetMulticastInterface(UInt32 localAddr) {
    struct in_addr address;
    address.s_addr = htonl(localAddr);
    return ResultOf(::setsockopt(fFileDesc, IPPROTO_IP, IP_MULTICAST_IF, &address, sizeof(address)));
}
