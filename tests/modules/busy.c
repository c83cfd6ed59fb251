/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Takes its time in SendPackets; notes the RTCP of the session. */
#include "probe.h"

static int sCalls;

static QTSS_Error dispatch(QTSS_Role inRole, QTSS_RoleParamPtr inParams)
{
    QTSS_StandardRTSP_Params* theParams = &inParams->rtspPreProcessorParams;
    QTSS_Object theStream = NULL;
    UInt32 theMethod, theLevels = 1;
    char* thePath = NULL;
    switch (inRole)
    {
        case QTSS_Register_Role:
            (void)QTSS_AddRole(QTSS_RTSPPreProcessor_Role);
            (void)QTSS_AddRole(QTSS_RTCPProcess_Role);
            break;
        case QTSS_RTSPPreProcessor_Role:
            if (QTSS_GetValueAsString(theParams->inRTSPRequest, qtssRTSPReqFilePath, 0, &thePath) != QTSS_NoErr)
                break;
            theMethod = number(theParams->inRTSPRequest, qtssRTSPReqMethod);
            if (strncmp(thePath, "/busy.sdp", 9) == 0 && theMethod == qtssSetupMethod
                && QTSS_AddRTPStream(theParams->inClientSession, theParams->inRTSPRequest, &theStream, 0) == QTSS_NoErr)
            {
                (void)QTSS_SetValue(theStream, qtssRTPStrNumQualityLevels, 0, &theLevels, sizeof(theLevels));
                (void)QTSS_SendStandardRTSPResponse(theParams->inRTSPRequest, theStream, 0);
            }
            if (strncmp(thePath, "/busy.sdp", 9) == 0 && theMethod == qtssPlayMethod)
            {
                (void)QTSS_Play(theParams->inClientSession, theParams->inRTSPRequest, 0);
                (void)QTSS_SendStandardRTSPResponse(theParams->inRTSPRequest, theParams->inClientSession, 0);
            }
            QTSS_Delete(thePath);
            break;
        case QTSS_RTPSendPackets_Role:
            if (sCalls++ > 0)
                break;
            note("busy");
            wait_for_go(60000);
            note("idle");
            break;
        case QTSS_RTCPProcess_Role: note("rtcp"); break;
    }
    return QTSS_NoErr;
}

ENTRY(Busy)
