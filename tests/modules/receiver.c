/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Takes broadcasts below /push: ANNOUNCE, SETUP with mode=record, RECORD; notes what comes. */
#include "probe.h"

static QTSS_Object sStreams[2], sSession;
static int sCount;

static void do_setup(QTSS_StandardRTSP_Params* inParams, const char* inPath)
{
    QTSS_Object theStream = NULL;
    UInt16 thePort = 7070;
    CHECK(90, number(inParams->inRTSPRequest, qtssRTSPReqTransportMode) == qtssRTPTransportModeRecord);
    if (strstr(inPath, "own-port") != NULL)
        CHECK(90, QTSS_SetValue(inParams->inRTSPRequest, qtssRTSPReqSetUpServerPort, 0, &thePort, sizeof(thePort)) == QTSS_NoErr);
    if (QTSS_AddRTPStream(inParams->inClientSession, inParams->inRTSPRequest, &theStream, qtssASFlagsForceUDPTransport) != QTSS_NoErr)
        return;
    CHECK(90, number(theStream, qtssRTPStrNetworkMode) == qtssRTPNetworkModeUnicast);
    sSession = inParams->inClientSession;
    if (sCount < 2)
        sStreams[sCount++] = theStream;
    (void)QTSS_SendStandardRTSPResponse(inParams->inRTSPRequest, theStream, 0);
}

static QTSS_Error dispatch(QTSS_Role inRole, QTSS_RoleParamPtr inParams)
{
    QTSS_StandardRTSP_Params* theParams = &inParams->rtspPreProcessorParams;
    Bool16 isTrue = 1;
    UInt32 theCount = 0;
    char* thePath = NULL;
    switch (inRole)
    {
        case QTSS_Register_Role:
            (void)QTSS_AddRole(QTSS_RTSPRoute_Role);
            (void)QTSS_AddRole(QTSS_RTSPPreProcessor_Role);
            (void)QTSS_AddRole(QTSS_RTSPIncomingData_Role);
            (void)QTSS_AddRole(QTSS_RTCPProcess_Role);
            (void)QTSS_AddRole(QTSS_ClientSessionClosing_Role);
            break;
        case QTSS_RTSPRoute_Role:
            (void)QTSS_SetValue(inParams->rtspRouteParams.inRTSPRequest, qtssRTSPReqSkipAuthorization, 0, &isTrue, sizeof(isTrue));
            break;
        case QTSS_RTSPPreProcessor_Role:
            if (QTSS_GetValueAsString(theParams->inRTSPRequest, qtssRTSPReqFilePath, 0, &thePath) != QTSS_NoErr)
                return QTSS_NoErr;
            if (strncmp(thePath, "/push", 5) == 0)
            {
                switch (number(theParams->inRTSPRequest, qtssRTSPReqMethod))
                {
                    case qtssAnnounceMethod:
                        (void)QTSS_SendStandardRTSPResponse(theParams->inRTSPRequest, theParams->inClientSession, 0);
                        break;
                    case qtssSetupMethod: do_setup(theParams, thePath); break;
                    case qtssRecordMethod:
                        (void)QTSS_GetNumValues(theParams->inClientSession, qtssCliSesStreamObjects, &theCount);
                        note("streams %d", (int)theCount);
                        CHECK(90, QTSS_Play(theParams->inClientSession, theParams->inRTSPRequest, 0) == QTSS_NoErr);
                        (void)QTSS_SendStandardRTSPResponse(theParams->inRTSPRequest, theParams->inClientSession, 0);
                        break;
                }
            }
            QTSS_Delete(thePath);
            break;
        case QTSS_RTPSendPackets_Role: note("asked for packets"); break;
        case QTSS_RTSPIncomingData_Role:
        {
            unsigned char* theData = (unsigned char*)inParams->rtspIncomingDataParams.inPacketData;
            note("frame channel %d length %d", theData[1], (int)inParams->rtspIncomingDataParams.inPacketLen);
            break;
        }
        case QTSS_RTCPProcess_Role:
            CHECK(90, inParams->rtcpProcessParams.inClientSession == sSession);
            note("rtcp of stream %d", inParams->rtcpProcessParams.inRTPStream == sStreams[0] ? 0 : 1);
            break;
        case QTSS_ClientSessionClosing_Role: note("closed"); break;
    }
    return QTSS_NoErr;
}

ENTRY(Receiver)
