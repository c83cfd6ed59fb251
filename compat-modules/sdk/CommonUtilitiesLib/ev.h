/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Events on file descriptors. EV_RE and EV_WR are also what modules pass to EventContext::RequestEvent. */
#ifndef QTSS_SDK_EV_H
#define QTSS_SDK_EV_H

#ifdef __cplusplus
extern "C" {
#endif

#define EV_FD 1

#define EV_RE 1 /* readable; also hang-up and error */
#define EV_WR 2 /* writable */
#define EV_EX 4
#define EV_RM 8

struct eventreq {
    int er_type;   /* EV_FD */
    int er_handle; /* the descriptor */
    void* er_data; /* the caller's; comes back with the event */
    int er_rcnt;
    int er_wcnt;
    int er_ecnt;
    int er_eventbits;
};
typedef struct eventreq* er_t;

/* All return 0, or -1 and set errno. An event is reported once; modwatch asks for the next one. */
int select_watchevent(struct eventreq* req, int which);
int select_modwatch(struct eventreq* req, int which);
int select_removeevent(int which); /* the descriptor stays open */
/* Waits for one event, for half a second at most: then it is EINTR. The second argument is not used. */
int select_waitevent(struct eventreq* req, void* unused);
void select_startevents(void);

#ifdef __cplusplus
}
#endif

#endif
