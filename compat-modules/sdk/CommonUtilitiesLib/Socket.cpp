// SPDX-License-Identifier: MIT OR Apache-2.0
#include "Socket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include "SocketUtils.h"

EventThread* Socket::sEventThread = NULL;

void Socket::Initialize() {
    if (sEventThread == NULL)
        sEventThread = new EventThread;
}

Socket::Socket(Task* notifytask, UInt32 inSocketType)
    : EventContext(kInvalidFileDesc, sEventThread), fState(inSocketType) {
    ::memset(&fLocalAddr, 0, sizeof(fLocalAddr));
    ::memset(&fDestAddr, 0, sizeof(fDestAddr));
    this->SetTask(notifytask);
}

OS_Error Socket::Open(int theType) {
    Assert(fFileDesc == kInvalidFileDesc);
    fFileDesc = ::socket(PF_INET, theType | SOCK_CLOEXEC, 0);
    if (fFileDesc == kInvalidFileDesc)
        return static_cast<OS_Error>(errno);
    if ((fState & kNonBlockingSocketType) != 0)
        this->InitNonBlocking(fFileDesc);
    return OS_NoErr;
}

void Socket::SetOption(int level, int option, int value) {
    int result = ::setsockopt(fFileDesc, level, option, &value, sizeof(value));
    AssertV(result == 0, errno);
}

void Socket::ReuseAddr() { SetOption(SOL_SOCKET, SO_REUSEADDR, 1); }

void Socket::NoDelay() { SetOption(IPPROTO_TCP, TCP_NODELAY, 1); }

void Socket::KeepAlive() { SetOption(SOL_SOCKET, SO_KEEPALIVE, 1); }

void Socket::SetSocketBufSize(UInt32 inNewSize) { SetOption(SOL_SOCKET, SO_SNDBUF, static_cast<int>(inNewSize)); }

OS_Error Socket::SetSocketRcvBufSize(UInt32 inNewSize) {
    int size = static_cast<int>(inNewSize);
    if (::setsockopt(fFileDesc, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) != 0)
        return static_cast<OS_Error>(errno);
    return OS_NoErr;
}

OS_Error Socket::Bind(UInt32 addr, UInt16 port, Bool16 /*test*/) {
    ::memset(&fLocalAddr, 0, sizeof(fLocalAddr));
    fLocalAddr.sin_family = AF_INET;
    fLocalAddr.sin_port = htons(port);
    fLocalAddr.sin_addr.s_addr = htonl(addr);
    if (::bind(fFileDesc, reinterpret_cast<struct sockaddr*>(&fLocalAddr), sizeof(fLocalAddr)) != 0) {
        OS_Error error = static_cast<OS_Error>(errno);
        ::memset(&fLocalAddr, 0, sizeof(fLocalAddr));
        return error;
    }
    socklen_t length = sizeof(fLocalAddr);
    (void)::getsockname(fFileDesc, reinterpret_cast<struct sockaddr*>(&fLocalAddr), &length);
    fState |= kBound;
    return OS_NoErr;
}

StrPtrLen* Socket::GetLocalAddrStr() {
    fLocalAddrStr.Set(fLocalAddrBuffer, 0);
    SocketUtils::ConvertAddrToString(fLocalAddr.sin_addr, &fLocalAddrStr);
    return &fLocalAddrStr;
}

StrPtrLen* Socket::GetLocalDNSStr() {
    for (UInt32 i = 0; i < SocketUtils::GetNumIPAddrs(); i++) {
        if (SocketUtils::GetIPAddr(i) == GetLocalAddr())
            return SocketUtils::GetDNSNameStr(i);
    }
    return GetLocalAddrStr();
}

StrPtrLen* Socket::GetLocalPortStr() {
    ::snprintf(fPortBuffer, sizeof(fPortBuffer), "%u", static_cast<unsigned int>(GetLocalPort()));
    fPortStr.Set(fPortBuffer);
    return &fPortStr;
}

OS_Error Socket::Failed() {
    int error = errno;
    if (error != EAGAIN)
        fState &= ~static_cast<UInt32>(kConnected);
    return static_cast<OS_Error>(error);
}

OS_Error Socket::Send(const char* inData, const UInt32 inLength, UInt32* outLengthSent) {
    struct iovec vector;
    vector.iov_base = const_cast<char*>(inData);
    vector.iov_len = inLength;
    return WriteV(&vector, 1, outLengthSent);
}

OS_Error Socket::WriteV(const struct iovec* iov, const UInt32 numIOvecs, UInt32* outLengthSent) {
    if ((fState & kConnected) == 0)
        return ENOTCONN;
    struct msghdr message;
    ::memset(&message, 0, sizeof(message));
    message.msg_iov = const_cast<struct iovec*>(iov);
    message.msg_iovlen = numIOvecs;
    ssize_t sent;
    do {
        sent = ::sendmsg(fFileDesc, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return Failed();
    if (outLengthSent != NULL)
        *outLengthSent = static_cast<UInt32>(sent);
    return OS_NoErr;
}

OS_Error Socket::Read(void* buffer, const UInt32 length, UInt32* rcvLen) {
    if ((fState & kConnected) == 0)
        return ENOTCONN;
    ssize_t received;
    do {
        received = ::recv(fFileDesc, buffer, length, 0);
    } while (received < 0 && errno == EINTR);
    if (received < 0)
        return Failed();
    if (received == 0 && length > 0) {
        fState &= ~static_cast<UInt32>(kConnected);
        return ENOTCONN;
    }
    *rcvLen = static_cast<UInt32>(received);
    return OS_NoErr;
}
