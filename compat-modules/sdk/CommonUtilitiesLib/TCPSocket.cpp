// SPDX-License-Identifier: MIT OR Apache-2.0
#include "TCPSocket.h"

#include <errno.h>
#include <string.h>
#include "SocketUtils.h"

TCPSocket::TCPSocket(Task* notifytask, UInt32 inSocketType) : Socket(notifytask, inSocketType) {
    ::memset(&fRemoteAddr, 0, sizeof(fRemoteAddr));
}

void TCPSocket::Set(int inSocket, struct sockaddr_in* remoteaddr) {
    fFileDesc = inSocket;
    fRemoteAddr = *remoteaddr;
    fState &= ~static_cast<UInt32>(kBound | kConnected);
    if (inSocket == kInvalidFileDesc)
        return;
    socklen_t length = sizeof(fLocalAddr);
    (void)::getsockname(inSocket, reinterpret_cast<struct sockaddr*>(&fLocalAddr), &length);
    fState |= kBound | kConnected;
}

void TCPSocket::SnarfSocket(TCPSocket& tcpSocket) {
    Assert(fFileDesc == kInvalidFileDesc);
    this->Set(tcpSocket.fFileDesc, &tcpSocket.fRemoteAddr);
    this->SnarfEventContext(tcpSocket);
    struct sockaddr_in nobody;
    ::memset(&nobody, 0, sizeof(nobody));
    tcpSocket.Set(kInvalidFileDesc, &nobody);
}

StrPtrLen* TCPSocket::GetRemoteAddrStr() {
    fRemoteStr.Set(fRemoteBuffer, 0);
    SocketUtils::ConvertAddrToString(fRemoteAddr.sin_addr, &fRemoteStr);
    return &fRemoteStr;
}

OS_Error TCPSocket::Connect(UInt32 inRemoteAddr, UInt16 inRemotePort) {
    ::memset(&fRemoteAddr, 0, sizeof(fRemoteAddr));
    fRemoteAddr.sin_family = AF_INET;
    fRemoteAddr.sin_port = htons(inRemotePort);
    fRemoteAddr.sin_addr.s_addr = htonl(inRemoteAddr);
    int result = ::connect(fFileDesc, reinterpret_cast<struct sockaddr*>(&fRemoteAddr), sizeof(fRemoteAddr));
    if (result == 0 || errno == EINPROGRESS)
        fState |= kConnected;
    if (result == 0)
        return OS_NoErr;
    OS_Error error = static_cast<OS_Error>(errno);
    if (error != EINPROGRESS)
        ::memset(&fRemoteAddr, 0, sizeof(fRemoteAddr));
    return error;
}
