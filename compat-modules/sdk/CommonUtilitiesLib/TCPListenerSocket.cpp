// SPDX-License-Identifier: MIT OR Apache-2.0
#include "TCPListenerSocket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {
const SInt64 kPauseInMsec = 1000;
const int kListenQueueLength = 128;
} // namespace

TCPListenerSocket::TCPListenerSocket()
    : TCPSocket(NULL, Socket::kNonBlockingSocketType), exhausted_(false), slow_(false) {
    this->SetTaskName("TCPListenerSocket");
}

OS_Error TCPListenerSocket::Initialize(UInt32 addr, UInt16 port) {
    OS_Error error = this->Open();
    if (error != OS_NoErr)
        return error;
    this->ReuseAddr();
    error = this->Bind(addr, port);
    if (error == OS_NoErr && ::listen(fFileDesc, kListenQueueLength) != 0)
        error = static_cast<OS_Error>(errno);
    return error;
}

void TCPListenerSocket::Adopt(int connection, struct sockaddr_in* remote) {
    TCPSocket* socket = NULL;
    Task* task = this->GetSessionTask(&socket);
    if (task == NULL || socket == NULL) {
        (void)::close(connection);
        return;
    }
    socket->Set(connection, remote);
    socket->InitNonBlocking(connection);
    socket->NoDelay();
    socket->KeepAlive();
    socket->SetTask(task);
    socket->RequestEvent(EV_RE);
}

void TCPListenerSocket::ProcessEvent(int /*eventBits*/) {
    struct sockaddr_in remote;
    socklen_t length = sizeof(remote);
    int connection = ::accept(fFileDesc, reinterpret_cast<struct sockaddr*>(&remote), &length);
    exhausted_ = connection == -1 && (errno == EMFILE || errno == ENFILE);
    if (connection != -1)
        Adopt(connection, &remote);
    if (slow_ || exhausted_)
        this->SetIdleTimer(kPauseInMsec);
    else
        this->RequestEvent(EV_RE);
}

SInt64 TCPListenerSocket::Run() {
    const EventFlags events = GetEvents();
    if ((events & kKillEvent) != 0)
        return -1;
    this->ProcessEvent(kReadEvent);
    return 0;
}
