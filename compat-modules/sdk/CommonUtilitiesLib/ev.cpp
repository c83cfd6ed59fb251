// SPDX-License-Identifier: MIT OR Apache-2.0
#include "ev.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace {

pthread_once_t sOnce = PTHREAD_ONCE_INIT;
int sEpoll = -1;

void Open() { sEpoll = ::epoll_create(64); }

int Control(int operation, const struct eventreq* request, int which) {
    (void)::pthread_once(&sOnce, Open);
    struct epoll_event event;
    ::memset(&event, 0, sizeof(event));
    event.events = EPOLLONESHOT;
    if ((which & EV_RE) != 0)
        event.events |= EPOLLIN;
    if ((which & EV_WR) != 0)
        event.events |= EPOLLOUT;
    event.data.ptr = request->er_data;
    return ::epoll_ctl(sEpoll, operation, request->er_handle, &event);
}

} // namespace

void select_startevents(void) { (void)::pthread_once(&sOnce, Open); }

int select_watchevent(struct eventreq* req, int which) { return Control(EPOLL_CTL_ADD, req, which); }

int select_modwatch(struct eventreq* req, int which) { return Control(EPOLL_CTL_MOD, req, which); }

int select_removeevent(int which) {
    (void)::pthread_once(&sOnce, Open);
    struct epoll_event event;
    ::memset(&event, 0, sizeof(event)); // old kernels want one
    return ::epoll_ctl(sEpoll, EPOLL_CTL_DEL, which, &event);
}

int select_waitevent(struct eventreq* req, void* /*unused*/) {
    const int kTimeout = 500; // ms
    (void)::pthread_once(&sOnce, Open);
    struct epoll_event event;
    int count = ::epoll_wait(sEpoll, &event, 1, kTimeout);
    if (count < 0)
        return -1;
    if (count == 0) {
        errno = EINTR;
        return -1;
    }
    ::memset(req, 0, sizeof(*req));
    req->er_type = EV_FD;
    req->er_handle = -1;
    req->er_data = event.data.ptr;
    if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
        req->er_eventbits |= EV_RE;
    if ((event.events & EPOLLOUT) != 0)
        req->er_eventbits |= EV_WR;
    return 0;
}
