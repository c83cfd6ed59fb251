/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A source of packets: /synth.sdp is described, set up and played by this module. */
#include "probe.h"

enum { kPackets = 20, kSize = 200, kGap = 20 };

static QTSS_Object sStream, sSession;
static UInt16 sSequence;
static SInt64 sStart;
static int sCalls, sStopsWith;
static QTSS_TimeVal sNextStop;

static void send_sdp(QTSS_StandardRTSP_Params* inParams)
{
    static char sSDP[] = "v=0\r\ns=synth\r\nm=video 0 RTP/AVP 96\r\na=control:trackID=1\r\n";
    struct iovec theVec[2];
    char theLength[16];
    UInt32 theWritten = 0;
    snprintf(theLength, sizeof(theLength), "%d", (int)strlen(sSDP));
    (void)QTSS_AppendRTSPHeader(inParams->inRTSPRequest, qtssContentLengthHeader, theLength, strlen(theLength));
    (void)QTSS_SendStandardRTSPResponse(inParams->inRTSPRequest, inParams->inClientSession, 0);
    theVec[0].iov_base = (void*)1; /* the server's; never to be read */
    theVec[0].iov_len = 4711;
    theVec[1].iov_base = sSDP;
    theVec[1].iov_len = strlen(sSDP);
    CHECK(55, QTSS_WriteV(inParams->inRTSPRequest, theVec, 2, strlen(sSDP), &theWritten) == QTSS_NoErr);
    CHECK(55, theWritten == strlen(sSDP));
}

static void do_setup(QTSS_StandardRTSP_Params* inParams)
{
    QTSS_Object theStream = (QTSS_Object)4711;
    UInt32 theLevels = 1;
    QTSS_Error theError = QTSS_AddRTPStream(inParams->inClientSession, inParams->inRTSPRequest, &theStream, 0);
    if (theError != QTSS_NoErr)
    {
        CHECK(51, theError == QTSS_RequestFailed && theStream == (QTSS_Object)4711);
        return;
    }
    sStream = theStream;
    sSession = inParams->inClientSession;
    (void)QTSS_SetValue(sStream, qtssRTPStrNumQualityLevels, 0, &theLevels, sizeof(theLevels));
    CHECK(45, QTSS_Play(inParams->inClientSession, inParams->inRTSPRequest, qtssPlayFlagsSendRTCP) == QTSS_RequestFailed);
    CHECK(52, QTSS_SendStandardRTSPResponse(inParams->inRTSPRequest, inParams->inClientSession, 0) == QTSS_BadArgument);
    CHECK(52, QTSS_SendStandardRTSPResponse(inParams->inRTSPRequest, inParams->inRTSPRequest, 0) == QTSS_BadArgument);
    CHECK(52, QTSS_SendStandardRTSPResponse(inParams->inRTSPRequest, NULL, 0) == QTSS_BadArgument);
    CHECK(52, QTSS_SendStandardRTSPResponse(inParams->inRTSPRequest, sStream, 0) == QTSS_NoErr);
}

static void do_play(QTSS_StandardRTSP_Params* inParams)
{
    UInt16 theSequence = 100;
    UInt32 theTime = 5000;
    sStart = QTSS_Milliseconds();
    sSequence = theSequence;
    (void)QTSS_SetValue(sStream, qtssRTPStrFirstSeqNumber, 0, &theSequence, sizeof(theSequence));
    (void)QTSS_SetValue(sStream, qtssRTPStrFirstTimestamp, 0, &theTime, sizeof(theTime));
    CHECK(45, QTSS_Play(inParams->inClientSession, inParams->inRTSPRequest, qtssPlayFlagsSendRTCP) == QTSS_NoErr);
    CHECK(52, QTSS_SendStandardRTSPResponse(inParams->inRTSPRequest, inParams->inClientSession, qtssPlayRespWriteTrackInfo) == QTSS_NoErr);
}

static void do_send(QTSS_RTPSendPackets_Params* inParams)
{
    unsigned char theData[kSize] = {0x80, 96};
    QTSS_PacketStruct thePacket;
    UInt32 theWritten;
    QTSS_Error theError;

    sCalls++;
    CHECK(45, inParams->inClientSession == sSession);
    CHECK(46, inParams->outNextPacketTime == 0);
    CHECK(48, inParams->inCurrentTime <= QTSS_Milliseconds() && inParams->inCurrentTime > QTSS_Milliseconds() - 1000);
    thePacket.packetData = theData;
    for (;;)
    {
        int theNumber = sSequence - 100;
        if (theNumber >= kPackets)
        {
            note("all sent after %d calls", sCalls);
            inParams->outNextPacketTime = sNextStop; /* 0 or less: not again */
            return;
        }
        theData[2] = (unsigned char)(sSequence >> 8);
        theData[3] = (unsigned char)sSequence;
        theData[12] = (unsigned char)theNumber;
        thePacket.packetTransmitTime = sStart + theNumber * kGap;
        thePacket.suggestedWakeupTime = 4711;
        theWritten = 4711;
        theError = QTSS_Write(sStream, &thePacket, kSize, &theWritten, qtssWriteFlagsIsRTP);
        if (theError == QTSS_WouldBlock)
        {
            CHECK(47, theWritten == 4711);
            CHECK(48, thePacket.suggestedWakeupTime == -1 || thePacket.suggestedWakeupTime > QTSS_Milliseconds() - 5);
            inParams->outNextPacketTime = thePacket.suggestedWakeupTime == -1 ? 10 : thePacket.suggestedWakeupTime - QTSS_Milliseconds();
            if (inParams->outNextPacketTime <= 0)
                inParams->outNextPacketTime = 1;
            return;
        }
        CHECK(47, theError == QTSS_NoErr && theWritten == kSize);
        CHECK(48, thePacket.suggestedWakeupTime == -1 || thePacket.suggestedWakeupTime <= QTSS_Milliseconds());
        if (theNumber == 0)
        {
            thePacket.suggestedWakeupTime = 4711;
            CHECK(49, QTSS_Write(sStream, &thePacket, kSize, &theWritten, 0) == QTSS_BadArgument);
            CHECK(48, thePacket.suggestedWakeupTime == -1);
            CHECK(10, QTSS_WriteV(sStream, NULL, 0, 0, NULL) == QTSS_Unimplemented);
        }
        sSequence++;
    }
}

static QTSS_Error dispatch(QTSS_Role inRole, QTSS_RoleParamPtr inParams)
{
    char* thePath = NULL;
    UInt32 theLen = 0;
    QTSS_StandardRTSP_Params* theParams = &inParams->rtspPreProcessorParams;
    switch (inRole)
    {
        case QTSS_Register_Role:
            (void)QTSS_AddRole(QTSS_Initialize_Role);
            (void)QTSS_AddRole(QTSS_RTSPPreProcessor_Role);
            (void)QTSS_AddRole(QTSS_ClientSessionClosing_Role);
            break;
        case QTSS_Initialize_Role:
            sStopsWith = (int)number_pref(prefs_of(inParams->initParams.inModule), "stop", 0);
            sNextStop = -(QTSS_TimeVal)sStopsWith;
            break;
        case QTSS_RTSPPreProcessor_Role:
            if (QTSS_GetValueAsString(theParams->inRTSPRequest, qtssRTSPReqFilePath, 0, &thePath) != QTSS_NoErr)
                return QTSS_NoErr;
            if (strncmp(thePath, "/synth.sdp", 10) == 0)
            {
                switch (number(theParams->inRTSPRequest, qtssRTSPReqMethod))
                {
                    case qtssDescribeMethod: send_sdp(theParams); break;
                    case qtssSetupMethod: do_setup(theParams); break;
                    case qtssPlayMethod: do_play(theParams); break;
                    case qtssPauseMethod:
                        (void)QTSS_Pause(theParams->inClientSession);
                        (void)QTSS_SendStandardRTSPResponse(theParams->inRTSPRequest, theParams->inClientSession, 0);
                        break;
                    case qtssTeardownMethod:
                        CHECK(69, QTSS_Teardown(theParams->inClientSession) == QTSS_NoErr);
                        CHECK(69, QTSS_GetNumValues(theParams->inClientSession, 0, &theLen) == QTSS_NoErr);
                        (void)QTSS_SendStandardRTSPResponse(theParams->inRTSPRequest, theParams->inClientSession, 0);
                        break;
                }
            }
            QTSS_Delete(thePath);
            break;
        case QTSS_RTPSendPackets_Role: do_send(&inParams->rtpSendPacketsParams); break;
        case QTSS_ClientSessionClosing_Role:
            note("closing after %d calls reason %d", sCalls, (int)inParams->clientSessionClosingParams.inReason);
            CHECK(69, inParams->clientSessionClosingParams.inClientSession == sSession || sSession == NULL);
            break;
    }
    return QTSS_NoErr;
}

ENTRY(Sending)
