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
    static void StartThread() { sEventThread->Start(); }
    static EventThread* GetEventThread() { return sEventThread; }

    OS_Error Bind(UInt32 addr, UInt16 port, Bool16 test = false);
    void ReuseAddr();
    void NoDelay();
    void KeepAlive();
    void SetSocketBufSize(UInt32 inNewSize); // for sending
    OS_Error SetSocketRcvBufSize(UInt32 inNewSize);

    // ENOTCONN without connection; any error but EAGAIN ends the connection, so does the end of data.
    OS_Error Send(const char* inData, const UInt32 inLength, UInt32* outLengthSent);
    OS_Error WriteV(const struct iovec* iov, const UInt32 numIOvecs, UInt32* outLengthSent);
    OS_Error Read(void* buffer, const UInt32 length, UInt32* rcvLen);

    Bool16 IsConnected() { return (fState & kConnected) != 0; }
    Bool16 IsBound() { return (fState & kBound) != 0; }
    UInt32 GetLocalAddr() { return ntohl(fLocalAddr.sin_addr.s_addr); }
    UInt16 GetLocalPort() { return ntohs(fLocalAddr.sin_port); }
    // Good as long as the socket. The name is the address if SocketUtils does not know one.
    StrPtrLen* GetLocalAddrStr();
    StrPtrLen* GetLocalPortStr();
    StrPtrLen* GetLocalDNSStr();

protected:
    enum { kBound = 0x0004, kConnected = 0x0008 };

    Socket(Task* notifytask, UInt32 inSocketType);
    virtual ~Socket() {}

    OS_Error Open(int theType);

    UInt32 fState;
    struct sockaddr_in fLocalAddr;
    struct sockaddr_in fDestAddr;

    static EventThread* sEventThread;

private:
    void SetOption(int level, int option, int value);
    OS_Error Failed();

    char fLocalAddrBuffer[INET_ADDRSTRLEN];
    char fPortBuffer[8];
    StrPtrLen fLocalAddrStr;
    StrPtrLen fPortStr;
};

#endif
