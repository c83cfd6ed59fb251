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
    TCPSocket(Task* task, UInt32 socketType);
    virtual ~TCPSocket() {}

    OS_Error Open();
    // EINPROGRESS for a socket that does not block: it is connected, or not, when it becomes writable.
    OS_Error Connect(UInt32 remoteAddr, UInt16 remotePort);
    // Takes over the other's connection and events; this one must not be open.
    void SnarfSocket(TCPSocket& tcpSocket);

    UInt32 GetRemoteAddr() { return HostAddr(fRemoteAddr); }
    UInt16 GetRemotePort() { return HostPort(fRemoteAddr); }
    StrPtrLen* GetRemoteAddrStr();

protected:
    // For an accepted connection.
    void Set(int givenSocket, struct sockaddr_in* peer);

    struct sockaddr_in fRemoteAddr;

private:
    char remoteBuffer_[INET_ADDRSTRLEN];
    StrPtrLen remoteStr_;

    friend class TCPListenerSocket;
};

#endif
