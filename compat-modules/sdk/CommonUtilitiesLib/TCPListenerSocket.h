// SPDX-License-Identifier: MIT OR Apache-2.0
// Accepts TCP connections, each for a task that the subclass provides.
#ifndef QTSS_SDK_TCP_LISTENER_SOCKET_H
#define QTSS_SDK_TCP_LISTENER_SOCKET_H

#include "IdleTask.h"
#include "TCPSocket.h"

class TCPListenerSocket : public TCPSocket, public IdleTask {
public:
    TCPListenerSocket();
    virtual ~TCPListenerSocket() {}

    // Binds and listens; the first RequestEvent is the caller's.
    OS_Error Initialize(UInt32 addr, UInt16 port);

    // Too many files are open; accepting goes on after a second.
    Bool16 IsOutOfDescriptors() { return exhausted_; }
    // At most one connection a second.
    void SlowDown() { slow_ = true; }
    void RunNormal() { slow_ = false; }

    // The task for a new connection and its socket, which gets the connection. NULL refuses it.
    virtual Task* GetSessionTask(TCPSocket** foundSocket) = 0;

    virtual SInt64 Run();

private:
    virtual void ProcessEvent(int bits);
    void Adopt(int connection, struct sockaddr_in* remote);

    bool exhausted_;
    bool slow_;
};

#endif
