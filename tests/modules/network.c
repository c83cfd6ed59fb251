/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What comes from players, and refusals. */
#include "probe.h"

static QTSS_Error dispatch(QTSS_Role inRole, QTSS_RoleParamPtr inParams)
{
    Bool16 isAllowed = 0;
    char* thePath = NULL;
    switch (inRole)
    {
        case QTSS_Register_Role:
#ifdef ONLY_AUTHORIZE
            (void)QTSS_AddRole(QTSS_RTSPAuthorize_Role);
#else
            (void)QTSS_AddRole(QTSS_RTSPIncomingData_Role);
            (void)QTSS_AddRole(QTSS_RTCPProcess_Role);
            (void)QTSS_AddRole(QTSS_RTSPAuthorize_Role);
            (void)QTSS_AddRole(QTSS_RTSPSessionClosing_Role);
            (void)QTSS_AddRole(QTSS_ClientSessionClosing_Role);
#endif
            break;
        case QTSS_RTSPIncomingData_Role:
        {
            unsigned char* theData = (unsigned char*)inParams->rtspIncomingDataParams.inPacketData;
            CHECK(73, theData[0] == '$' && inParams->rtspIncomingDataParams.inPacketLen == 4u + theData[2] * 256u + theData[3]);
            CHECK(40, QTSS_SetIdleTimer(1) == QTSS_NoErr);
            note("incoming");
            break;
        }
        case QTSS_RTCPProcess_Role:
        {
            unsigned char* theData = (unsigned char*)inParams->rtcpProcessParams.inRTCPPacketData;
            CHECK(73, theData[0] == 0x80 && theData[1] == 201 && inParams->rtcpProcessParams.inRTCPPacketDataLen == 8);
            CHECK(73, inParams->rtcpProcessParams.inClientSession != NULL && inParams->rtcpProcessParams.inRTPStream != NULL);
            CHECK(40, QTSS_SetIdleTimer(1) == QTSS_OutOfState);
            note("rtcp");
            break;
        }
        case QTSS_RTSPAuthorize_Role:
#ifdef ONLY_AUTHORIZE
            note("asleep");
            wait_for_go(60000);
#endif
            if (QTSS_GetValueAsString(inParams->rtspAuthParams.inRTSPRequest, qtssRTSPReqFilePath, 0, &thePath) == QTSS_NoErr
                && strcmp(thePath, "/forbidden.mp4") == 0)
                (void)QTSS_SetValue(inParams->rtspAuthParams.inRTSPRequest, qtssRTSPReqUserAllowed, 0, &isAllowed, sizeof(isAllowed));
            free(thePath);
            break;
        case QTSS_RTSPSessionClosing_Role: note("connection closed"); break;
        case QTSS_ClientSessionClosing_Role: note("session closed %d", (int)inParams->clientSessionClosingParams.inReason); break;
    }
    return QTSS_NoErr;
}

ENTRY(Network)
