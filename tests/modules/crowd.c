/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Keeps the sessions and requests of "/first", and on "/last" tries whether one of them is anything again. Those of "/second"
   must have other handles. */
#include "probe.h"

#define MOST 4096

static QTSS_Object sOld[MOST];
static unsigned sCount, sNew, sAgain;

static void keep(QTSS_Object inObject)
{
    if (sCount < MOST)
        sOld[sCount++] = inObject;
}

static void compare(QTSS_Object inObject)
{
    unsigned i;
    sNew++;
    for (i = 0; i < sCount; i++)
        sAgain += sOld[i] == inObject;
}

static QTSS_Error dispatch(QTSS_Role inRole, QTSS_RoleParamPtr inParams)
{
    if (inRole == QTSS_Register_Role)
        (void)QTSS_AddRole(QTSS_RTSPFilter_Role);
    if (inRole == QTSS_RTSPFilter_Role)
    {
        QTSS_Filter_Params* theParams = &inParams->rtspFilterParams;
        const char* theText = full_request(theParams->inRTSPRequest);
        if (strstr(theText, "/first") != NULL)
        {
            keep(theParams->inRTSPSession);
            keep(theParams->inRTSPRequest);
        }
        if (strstr(theText, "/second") != NULL)
        {
            compare(theParams->inRTSPSession);
            compare(theParams->inRTSPRequest);
        }
        if (strstr(theText, "/last") != NULL)
        {
            unsigned i, theAlive = 0;
            for (i = 0; i < sCount; i++)
            {
                char theValue[4096];
                UInt32 theLen = sizeof(theValue);
                theAlive += QTSS_GetValue(sOld[i], 0, 0, theValue, &theLen) != QTSS_BadArgument;
            }
            note("kept %u, new %u, again %u, alive %u", sCount, sNew, sAgain, theAlive);
        }
    }
    return QTSS_NoErr;
}

ENTRY(Crowd)
