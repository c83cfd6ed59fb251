// SPDX-License-Identifier: MIT OR Apache-2.0
// A TCP connection.
#ifndef QTSS_SDK_TCP_SOCKET_H
#define QTSS_SDK_TCP_SOCKET_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>
#include "SafeStdLib.h"
#include "Socket.h"
#include "StrPtrLen.h"
#include "Task.h"

class TCPSocket : public Socket {
public:
    TCPSocket(Task* notifytask, UInt32 inSocketType);
    virtual ~TCPSocket() {}

    OS_Error Open() { return Socket::Open(SOCK_STREAM); }
    // EINPROGRESS for a socket that does not block: it is connected, or not, when it becomes writable.
    OS_Error Connect(UInt32 inRemoteAddr, UInt16 inRemotePort);
    // Takes over the other's connection and events; this one must not be open.
    void SnarfSocket(TCPSocket& tcpSocket);

    UInt32 GetRemoteAddr() { return ntohl(fRemoteAddr.sin_addr.s_addr); }
    UInt16 GetRemotePort() { return ntohs(fRemoteAddr.sin_port); }
    StrPtrLen* GetRemoteAddrStr();

protected:
    // For an accepted connection.
    void Set(int inSocket, struct sockaddr_in* remoteaddr);

    struct sockaddr_in fRemoteAddr;

private:
    char fRemoteBuffer[INET_ADDRSTRLEN];
    StrPtrLen fRemoteStr;

    friend class TCPListenerSocket;
};

#endif
