/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A module that is slow in Authorize: a request whose URL has "slow" in it sleeps for `sleep_msec`, or until the file "go" is
   in the folder that PROBE_FOLDER names. All other requests are let through at once. */
#include "probe.h"

static UInt32 sSleepMsec = 5000;

static QTSS_Error authorize(QTSS_StandardRTSP_Params* inParams)
{
    char* theUrl = NULL;
    if (QTSS_GetValueAsString(inParams->inRTSPRequest, qtssRTSPReqAbsoluteURL, 0, &theUrl) != QTSS_NoErr)
        return QTSS_NoErr;
    const bool isSlow = strstr(theUrl, "slow") != NULL;
    QTSS_Delete(theUrl);
    if (!isSlow)
        return QTSS_NoErr;
    if (getenv("PROBE_LOG") != NULL)
        note("asleep");
    if (getenv("PROBE_FOLDER") != NULL)
        wait_for_go(sSleepMsec);
    else
        (void)usleep(sSleepMsec * 1000);
    return QTSS_NoErr;
}

static QTSS_Error dispatch(QTSS_Role inRole, QTSS_RoleParamPtr inParams)
{
    switch (inRole)
    {
        case QTSS_Register_Role:
            (void)QTSS_AddRole(QTSS_Initialize_Role);
            return QTSS_AddRole(QTSS_RTSPAuthorize_Role);
        case QTSS_Initialize_Role:
            sSleepMsec = number_pref(prefs_of(inParams->initParams.inModule), "sleep_msec", sSleepMsec);
            return QTSS_NoErr;
        case QTSS_RTSPAuthorize_Role:
            return authorize(&inParams->rtspAuthParams);
        default:
            return QTSS_NoErr;
    }
}

ENTRY_OF(SleeperModule)
