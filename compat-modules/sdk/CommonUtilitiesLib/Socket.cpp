// SPDX-License-Identifier: MIT OR Apache-2.0
#include "Socket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include "SocketUtils.h"

EventThread* Socket::eventThread_ = NULL;

void Socket::Initialize() {
    if (eventThread_ == NULL)
        eventThread_ = new EventThread;
}

Socket::Socket(Task* task, UInt32 socketType)
    : EventContext(kInvalidFileDesc, eventThread_), fState(socketType), fLocalAddr(), fDestAddr() {
    SetTask(task);
}

struct sockaddr_in Socket::AddressOf(UInt32 addr, UInt16 port) {
    struct sockaddr_in made = sockaddr_in();
    made.sin_family = AF_INET;
    made.sin_addr.s_addr = htonl(addr);
    made.sin_port = htons(port);
    return made;
}

OS_Error Socket::Open(int type) {
    Assert(fFileDesc == kInvalidFileDesc);
    fFileDesc = ::socket(PF_INET, type | SOCK_CLOEXEC, 0);
    if (fFileDesc == kInvalidFileDesc)
        return static_cast<OS_Error>(errno);
    if ((fState & kNonBlockingSocketType) != 0)
        InitNonBlocking(fFileDesc);
    return OS_NoErr;
}

void Socket::SetOption(int level, int option, int value) {
    int result = ::setsockopt(fFileDesc, level, option, &value, sizeof(value));
    AssertV(result == 0, errno);
}

void Socket::ReuseAddr() { SetOption(SOL_SOCKET, SO_REUSEADDR, 1); }

void Socket::NoDelay() { SetOption(IPPROTO_TCP, TCP_NODELAY, 1); }

void Socket::KeepAlive() { SetOption(SOL_SOCKET, SO_KEEPALIVE, 1); }

void Socket::SetSocketBufSize(UInt32 newSize) { SetOption(SOL_SOCKET, SO_SNDBUF, static_cast<int>(newSize)); }

OS_Error Socket::SetSocketRcvBufSize(UInt32 newSize) {
    int size = static_cast<int>(newSize);
    if (::setsockopt(fFileDesc, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) != 0)
        return static_cast<OS_Error>(errno);
    return OS_NoErr;
}

OS_Error Socket::Bind(UInt32 addr, UInt16 port, Bool16 /*test*/) {
    fLocalAddr = AddressOf(addr, port);
    if (::bind(fFileDesc, reinterpret_cast<struct sockaddr*>(&fLocalAddr), sizeof(fLocalAddr)) != 0) {
        OS_Error error = static_cast<OS_Error>(errno);
        fLocalAddr = sockaddr_in();
        return error;
    }
    socklen_t length = sizeof(fLocalAddr);
    (void)::getsockname(fFileDesc, reinterpret_cast<struct sockaddr*>(&fLocalAddr), &length);
    fState |= kBound;
    return OS_NoErr;
}

StrPtrLen* Socket::GetLocalAddrStr() {
    localAddrStr_.Set(localAddrBuffer_, 0);
    SocketUtils::ConvertAddrToString(fLocalAddr.sin_addr, &localAddrStr_);
    return &localAddrStr_;
}

StrPtrLen* Socket::GetLocalDNSStr() {
    for (UInt32 i = 0; i < SocketUtils::GetNumIPAddrs(); i++) {
        if (SocketUtils::GetIPAddr(i) == GetLocalAddr())
            return SocketUtils::GetDNSNameStr(i);
    }
    return GetLocalAddrStr();
}

StrPtrLen* Socket::GetLocalPortStr() {
    ::snprintf(portBuffer_, sizeof(portBuffer_), "%u", static_cast<unsigned int>(GetLocalPort()));
    portStr_.Set(portBuffer_);
    return &portStr_;
}

OS_Error Socket::Failed() {
    int error = errno;
    if (error != EAGAIN)
        fState &= ~static_cast<UInt32>(kConnected);
    return static_cast<OS_Error>(error);
}

OS_Error Socket::Send(const char* data, const UInt32 bytes, UInt32* lengthSent) {
    struct iovec vector;
    vector.iov_base = const_cast<char*>(data);
    vector.iov_len = bytes;
    return WriteV(&vector, 1, lengthSent);
}

OS_Error Socket::WriteV(const struct iovec* iov, const UInt32 numIOvecs, UInt32* lengthSent) {
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
    if (lengthSent != NULL)
        *lengthSent = static_cast<UInt32>(sent);
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
