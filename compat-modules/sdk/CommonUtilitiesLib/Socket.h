// SPDX-License-Identifier: MIT OR Apache-2.0
// What TCP and UDP sockets have in common. Addresses and ports are in host byte order; errors are errnos.
#ifndef QTSS_SDK_SOCKET_H
#define QTSS_SDK_SOCKET_H

#include <netinet/in.h>
#include <sys/uio.h>
#include "EventContext.h"
#include "ev.h"

class Socket : public EventContext {
public:
    enum { kNonBlockingSocketType = 1 };
    enum { kMaxNumSockets = 4096 };

    // For events: make the thread before any socket, and start it.
    static void Initialize();
    static void StartThread() { eventThread_->Start(); }
    static EventThread* GetEventThread() { return eventThread_; }

    OS_Error Bind(UInt32 addr, UInt16 port, Bool16 test = false);
    void NoDelay();
    void ReuseAddr();
    void KeepAlive();
    void SetSocketBufSize(UInt32 newSize); // for sending
    OS_Error SetSocketRcvBufSize(UInt32 newSize);

    // ENOTCONN without connection; any error but EAGAIN ends the connection, so does the end of data.
    OS_Error Send(const char* data, const UInt32 bytes, UInt32* lengthSent);
    OS_Error WriteV(const struct iovec* iov, const UInt32 numIOvecs, UInt32* lengthSent);
    OS_Error Read(void* buffer, const UInt32 length, UInt32* received);

    Bool16 IsConnected() { return (fState & kConnected) != 0; }
    Bool16 IsBound() { return (fState & kBound) != 0; }
    UInt16 GetLocalPort() { return HostPort(fLocalAddr); }
    UInt32 GetLocalAddr() { return HostAddr(fLocalAddr); }
    // Good as long as the socket. The name is the address if SocketUtils does not know one.
    StrPtrLen* GetLocalDNSStr();
    StrPtrLen* GetLocalAddrStr();
    StrPtrLen* GetLocalPortStr();

protected:
    enum { kBound = 0x0004, kConnected = 0x0008 };

    Socket(Task* task, UInt32 socketType);
    virtual ~Socket() {}

    OS_Error Open(int type);
    static UInt32 HostAddr(const struct sockaddr_in& peer) { return ntohl(peer.sin_addr.s_addr); }
    static UInt16 HostPort(const struct sockaddr_in& peer) { return ntohs(peer.sin_port); }

    UInt32 fState;
    struct sockaddr_in fLocalAddr, fDestAddr;

    // Of IPv4, from host byte order.
    static struct sockaddr_in AddressOf(UInt32 addr, UInt16 port);

    static EventThread* eventThread_;

private:
    void SetOption(int level, int option, int value);
    OS_Error Failed();

    char localAddrBuffer_[INET_ADDRSTRLEN];
    char portBuffer_[8];
    StrPtrLen localAddrStr_;
    StrPtrLen portStr_;
};

#endif
