/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Waiting: each role waits once with a timer or for a signal from a thread of its own, and notes the order of its calls.
   Preferences of its section choose what it does. */
#include "probe.h"
#include <pthread.h>

static UInt32 sSleepInAuthorize, sWaitInRoles, sWaitInClosing, sSignalInFilter;
static volatile int sInside, sMostInside;
static int sExpectedInside;
static pthread_mutex_t sMutex = PTHREAD_MUTEX_INITIALIZER;
static QTSS_Role sWaited[32];
static unsigned sWaitedCount;
static QTSS_StreamRef sStream;
static long long sTicks; /* Interval comes from another thread than Initialize */

static int waits_first_time(QTSS_Role inRole)
{
    unsigned i;
    for (i = 0; i < sWaitedCount; i++)
        if (sWaited[i] == inRole)
            return 0;
    sWaited[sWaitedCount++] = inRole;
    return 1;
}

static void* signal_it(void* inUnused)
{
    (void)inUnused;
    usleep(150000);
    CHECK(40, QTSS_SetIdleTimer(1) == QTSS_RequestFailed);
    CHECK(40, QTSS_SetIntervalRoleTimer(1000) == QTSS_RequestFailed);
    CHECK(40, QTSS_RequestEvent(sStream, QTSS_ReadableEvent) == QTSS_RequestFailed);
    CHECK(40, QTSS_AddRole(QTSS_Interval_Role) == QTSS_OutOfState);
    note("signal");
    (void)QTSS_SignalStream(sStream, QTSS_ReadableEvent);
    return NULL;
}

static void maybe_wait(QTSS_Role inRole)
{
    note("waits %s", role_text(inRole));
    if (sWaitInRoles && waits_first_time(inRole))
        CHECK(40, QTSS_SetIdleTimer(30) == QTSS_NoErr);
}

static void do_filter(QTSS_Filter_Params* inParams)
{
    static int isSignalled = 0;
    pthread_t theThread;
    note("waits filt");
    CHECK(40, QTSS_SetIntervalRoleTimer(1000) == QTSS_RequestFailed);
    if (sSignalInFilter && !isSignalled)
    {
        isSignalled = 1;
        sStream = inParams->inRTSPSession;
        CHECK(65, QTSS_RequestEvent(sStream, 0) == QTSS_NoErr);
        pthread_create(&theThread, NULL, signal_it, NULL);
        pthread_detach(theThread);
        return;
    }
    if (sWaitInRoles && waits_first_time(QTSS_RTSPFilter_Role))
        (void)QTSS_SetIdleTimer(30);
}

static void do_authorize(void)
{
    int theTries;
    pthread_mutex_lock(&sMutex);
    if (++sInside > sMostInside)
        sMostInside = sInside;
    pthread_mutex_unlock(&sMutex);
    /* As many as may be in here at a time have come, and nobody else does meanwhile. */
    for (theTries = 0; sMostInside < sExpectedInside && theTries < 2000; theTries++)
        usleep(10000);
    usleep(sSleepInAuthorize * 1000);
    pthread_mutex_lock(&sMutex);
    sInside--;
    note("inside at most %d", sMostInside);
    pthread_mutex_unlock(&sMutex);
}

static QTSS_Error dispatch(QTSS_Role inRole, QTSS_RoleParamPtr inParams)
{
    QTSS_Object thePrefs;
    switch (inRole)
    {
        case QTSS_Register_Role:
            (void)QTSS_AddRole(QTSS_Initialize_Role);
            (void)QTSS_AddRole(QTSS_RTSPFilter_Role);
            (void)QTSS_AddRole(QTSS_RTSPRoute_Role);
            (void)QTSS_AddRole(QTSS_RTSPAuthenticate_Role);
            (void)QTSS_AddRole(QTSS_RTSPAuthorize_Role);
            (void)QTSS_AddRole(QTSS_RTSPPreProcessor_Role);
            (void)QTSS_AddRole(QTSS_RTSPPostProcessor_Role);
            (void)QTSS_AddRole(QTSS_RTSPSessionClosing_Role);
            (void)QTSS_AddRole(QTSS_ClientSessionClosing_Role);
            (void)QTSS_AddRole(QTSS_Interval_Role);
            (void)QTSS_AddRole(QTSS_StateChange_Role);
            (void)QTSS_AddRole(QTSS_Shutdown_Role);
            CHECK(40, QTSS_SetIdleTimer(1) == QTSS_OutOfState);
            CHECK(43, QTSS_SetIntervalRoleTimer(50) == QTSS_NoErr);
            break;
        case QTSS_Initialize_Role:
            thePrefs = prefs_of(inParams->initParams.inModule);
            sSleepInAuthorize = number_pref(thePrefs, "sleep", 0);
            sExpectedInside = (int)number_pref(thePrefs, "expected", 0);
            sWaitInRoles = number_pref(thePrefs, "wait", 0);
            sWaitInClosing = number_pref(thePrefs, "wait_in_closing", 0);
            sSignalInFilter = number_pref(thePrefs, "signal", 0);
            usleep(number_pref(thePrefs, "slow_initialize", 0) * 1000);
            note("initialized after %s ticks", __atomic_load_n(&sTicks, __ATOMIC_RELAXED) > 0 ? "some" : "no");
            break;
        case QTSS_Interval_Role:
            CHECK(44, inParams == NULL);
            if (__atomic_add_fetch(&sTicks, 1, __ATOMIC_RELAXED) <= 5)
                note("tick");
            if (__atomic_load_n(&sTicks, __ATOMIC_RELAXED) == 2)
                CHECK(44, QTSS_SetIntervalRoleTimer(50) == QTSS_NoErr);
            break;
        case QTSS_RTSPFilter_Role: do_filter(&inParams->rtspFilterParams); break;
        case QTSS_RTSPAuthorize_Role:
            if (sSleepInAuthorize)
                do_authorize();
            maybe_wait(inRole);
            break;
        case QTSS_RTSPRoute_Role:
        case QTSS_RTSPAuthenticate_Role:
        case QTSS_RTSPPreProcessor_Role:
        case QTSS_RTSPPostProcessor_Role: maybe_wait(inRole); break;
        case QTSS_RTSPSessionClosing_Role:
            CHECK(40, QTSS_SetIdleTimer(1) == QTSS_RequestFailed);
            break;
        case QTSS_StateChange_Role:
            CHECK(40, QTSS_SetIdleTimer(1) == QTSS_OutOfState);
            note("state %d", (int)inParams->stateChangeParams.inNewState);
            break;
        case QTSS_Shutdown_Role:
            CHECK(40, QTSS_SetIdleTimer(1) == QTSS_OutOfState);
            note("shutdown");
            break;
        case QTSS_ClientSessionClosing_Role:
            note("waits dess reason %d", (int)inParams->clientSessionClosingParams.inReason);
            if (sWaitInClosing)
            {
                QTSS_Object theStream = NULL;
                UInt32 theLen = sizeof(theStream), theSSRC = 0;
                (void)QTSS_GetValue(inParams->clientSessionClosingParams.inClientSession, qtssCliSesStreamObjects, 0, &theStream, &theLen);
                theLen = sizeof(theSSRC);
                CHECK(67, QTSS_GetValue(theStream, qtssRTPStrSSRC, 0, &theSSRC, &theLen) == QTSS_NoErr);
            }
            if (sWaitInClosing && waits_first_time(inRole))
                CHECK(67, QTSS_SetIdleTimer(30) == QTSS_NoErr);
            else if (sWaitInClosing)
            {
                char* theID = NULL;
                CHECK(67, QTSS_GetValueAsString(inParams->clientSessionClosingParams.inClientSession, qtssCliSesRTSPSessionID, 0, &theID) == QTSS_NoErr);
                free(theID);
            }
            break;
    }
    return QTSS_NoErr;
}

ENTRY(Waits)
