// SPDX-License-Identifier: MIT OR Apache-2.0
#include "TCPSocket.h"

#include <errno.h>
#include "SocketUtils.h"

TCPSocket::TCPSocket(Task* task, UInt32 socketType) : Socket(task, socketType), fRemoteAddr() {}

OS_Error TCPSocket::Open() { return Socket::Open(SOCK_STREAM); }

void TCPSocket::Set(int givenSocket, struct sockaddr_in* peer) {
    fFileDesc = givenSocket;
    fRemoteAddr = *peer;
    fState &= ~static_cast<UInt32>(kBound | kConnected);
    if (givenSocket == kInvalidFileDesc)
        return;
    socklen_t length = sizeof(fLocalAddr);
    (void)::getsockname(givenSocket, reinterpret_cast<struct sockaddr*>(&fLocalAddr), &length);
    fState |= kBound | kConnected;
}

void TCPSocket::SnarfSocket(TCPSocket& tcpSocket) {
    Assert(fFileDesc == kInvalidFileDesc);
    this->Set(tcpSocket.fFileDesc, &tcpSocket.fRemoteAddr);
    this->SnarfEventContext(tcpSocket);
    struct sockaddr_in nobody = sockaddr_in();
    tcpSocket.Set(kInvalidFileDesc, &nobody);
}

StrPtrLen* TCPSocket::GetRemoteAddrStr() {
    remoteStr_.Set(remoteBuffer_, 0);
    SocketUtils::ConvertAddrToString(fRemoteAddr.sin_addr, &remoteStr_);
    return &remoteStr_;
}

OS_Error TCPSocket::Connect(UInt32 remoteAddr, UInt16 remotePort) {
    fRemoteAddr = AddressOf(remoteAddr, remotePort);
    int result = ::connect(fFileDesc, reinterpret_cast<struct sockaddr*>(&fRemoteAddr), sizeof(fRemoteAddr));
    OS_Error error = result == 0 ? static_cast<OS_Error>(OS_NoErr) : static_cast<OS_Error>(errno);
    if (error != OS_NoErr && error != EINPROGRESS)
        fRemoteAddr = sockaddr_in();
    else
        fState = fState | kConnected;
    return error;
}
