/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A source of packets whose session is thinned, whose transport flags come from the URL (/flags-N.sdp), and whose packets
   are late, early, or too many for the window. */
#include "probe.h"

enum { kSize = 1300 };

static QTSS_Object sServer, sSession, sStream;
static UInt32* sLevelPtr;
static UInt16 sSequence = 1;
static int sStep, sLooks;

static UInt64 long_number(QTSS_Object inObject, QTSS_AttributeID inID)
{
    UInt64 theValue = 0;
    UInt32 theLen = sizeof(theValue);
    (void)QTSS_GetValue(inObject, inID, 0, &theValue, &theLen);
    return theValue;
}

/* One packet, due so many milliseconds from now. */
static QTSS_Error send_due(QTSS_Object inStream, SInt64 inFromNow, UInt32* outWritten, SInt64* outWakeup)
{
    static unsigned char theData[kSize] = {0x80, 96};
    QTSS_PacketStruct thePacket;
    QTSS_Error theError;
    theData[2] = (unsigned char)(sSequence >> 8);
    theData[3] = (unsigned char)sSequence;
    thePacket.packetData = theData;
    thePacket.packetTransmitTime = QTSS_Milliseconds() + inFromNow;
    thePacket.suggestedWakeupTime = 4711;
    *outWritten = 4711;
    theError = QTSS_Write(inStream, &thePacket, kSize, outWritten, qtssWriteFlagsIsRTP);
    *outWakeup = thePacket.suggestedWakeupTime;
    if (theError == QTSS_NoErr)
        sSequence++;
    return theError;
}

/* Server preferences: thin all the way from 200 ms, drop all from 400 ms. */
static void levels(QTSS_RTPSendPackets_Params* inParams)
{
    UInt32 theWritten, theLevel, thePacketsBefore;
    UInt64 theBytesBefore;
    SInt64 theWakeup;
    switch (sStep++)
    {
        case 0:
            CHECK(49, send_due(sStream, 0, &theWritten, &theWakeup) == QTSS_NoErr && theWritten == kSize);
            CHECK(18, number(sStream, qtssRTPStrQualityLevel) == 0);
            /* What was due before QTSS_Play is never too late. */
            CHECK(49, send_due(sStream, -10000, &theWritten, &theWakeup) == QTSS_NoErr);
            CHECK(49, number(sStream, qtssRTPStrStalePacketsDropped) == 0);
            inParams->outNextPacketTime = 700;
            return;
        case 1:
            thePacketsBefore = (UInt32)long_number(sServer, qtssRTPSvrTotalPackets);
            theBytesBefore = long_number(sServer, qtssRTPSvrTotalBytes);
            CHECK(49, send_due(sStream, -300, &theWritten, &theWakeup) == QTSS_NoErr && theWritten == kSize);
            CHECK(18, number(sStream, qtssRTPStrQualityLevel) == 4 && *sLevelPtr == 4); /* the worst of five */
            CHECK(49, number(sStream, qtssRTPStrStalePacketsDropped) == 0);
            CHECK(49, long_number(sServer, qtssRTPSvrTotalPackets) == thePacketsBefore + 1);
            CHECK(49, long_number(sServer, qtssRTPSvrTotalBytes) == theBytesBefore + kSize);
            CHECK(49, number(sServer, qtssSvrNumThinned) == 1);
            /* Later than all limits: dropped, which is a success. */
            CHECK(49, send_due(sStream, -600, &theWritten, &theWakeup) == QTSS_NoErr && theWritten == kSize);
            CHECK(49, theWakeup == -1);
            CHECK(49, number(sStream, qtssRTPStrStalePacketsDropped) == 1);
            CHECK(49, long_number(sServer, qtssRTPSvrTotalPackets) == thePacketsBefore + 1);
            CHECK(49, number(sSession, qtssCliSesRTPPacketsSent) == 3 && number(sSession, qtssCliSesRTPBytesSent) == 3 * kSize);
            inParams->outNextPacketTime = 120;
            return;
        case 2:
            (void)send_due(sStream, 0, &theWritten, &theWakeup);
            inParams->outNextPacketTime = 150;
            return;
        case 3:
            /* In time again: quality comes back, when the server thinks it will hold. */
            CHECK(18, send_due(sStream, 0, &theWritten, &theWakeup) == QTSS_NoErr);
            if (number(sStream, qtssRTPStrQualityLevel) == 4 && ++sLooks < 200)
            {
                sStep--;
                inParams->outNextPacketTime = 150;
                return;
            }
            CHECK(18, number(sStream, qtssRTPStrQualityLevel) < 4 && *sLevelPtr < 4);
            /* What the module sets counts at once, within what it has. */
            theLevel = 1;
            CHECK(18, QTSS_SetValue(sStream, qtssRTPStrQualityLevel, 0, &theLevel, sizeof(theLevel)) == QTSS_NoErr);
            CHECK(18, number(sStream, qtssRTPStrQualityLevel) == 1 && *sLevelPtr == 1);
            theLevel = 9;
            (void)QTSS_SetValue(sStream, qtssRTPStrQualityLevel, 0, &theLevel, sizeof(theLevel));
            CHECK(18, number(sStream, qtssRTPStrQualityLevel) == 4 && *sLevelPtr == 4);
            theLevel = (UInt32)-1;
            (void)QTSS_SetValue(sStream, qtssRTPStrQualityLevel, 0, &theLevel, sizeof(theLevel));
            CHECK(18, number(sStream, qtssRTPStrQualityLevel) == 0 && *sLevelPtr == 0);
            CHECK(49, number(sServer, qtssSvrNumThinned) == 0);
            note("levels seen");
            return;
    }
}

/* Reliable UDP with a window of one packet, and nobody acknowledges. */
static void window(void)
{
    UInt32 theWritten;
    SInt64 theWakeup;
    if (sStep++ > 0)
        return;
    CHECK(47, send_due(sStream, 0, &theWritten, &theWakeup) == QTSS_NoErr);
    (void)send_due(sStream, 0, &theWritten, &theWakeup);
    CHECK(47, send_due(sStream, 0, &theWritten, &theWakeup) == QTSS_WouldBlock && theWritten == kSize);
    CHECK(48, theWakeup == -1);
    note("window full");
}

static void do_setup(QTSS_StandardRTSP_Params* inParams, const char* inPath)
{
    QTSS_Object theStream = NULL;
    UInt32 theLevels = 5, theFlags = 0, theLen = 0, theType = qtssVideoPayloadType;
    if (strncmp(inPath, "/flags-", 7) == 0)
        theFlags = (UInt32)atoi(inPath + 7);
    if (QTSS_AddRTPStream(inParams->inClientSession, inParams->inRTSPRequest, &theStream, theFlags) != QTSS_NoErr)
        return;
    (void)QTSS_SetValue(theStream, qtssRTPStrPayloadType, 0, &theType, sizeof(theType));
    CHECK(18, number(theStream, qtssRTPStrNumQualityLevels) == 0);
    (void)QTSS_SetValue(theStream, qtssRTPStrNumQualityLevels, 0, &theLevels, sizeof(theLevels));
    (void)QTSS_GetValuePtr(theStream, qtssRTPStrQualityLevel, 0, (void**)&sLevelPtr, &theLen);
    note("transport %d", (int)number(theStream, qtssRTPStrTransportType));
    sStream = theStream;
    sSession = inParams->inClientSession;
    (void)QTSS_SendStandardRTSPResponse(inParams->inRTSPRequest, theStream, 0);
}

static QTSS_Error dispatch(QTSS_Role inRole, QTSS_RoleParamPtr inParams)
{
    QTSS_StandardRTSP_Params* theParams = &inParams->rtspPreProcessorParams;
    UInt32 theWritten, theMethods[] = {qtssPlayMethod, qtssPlayMethod, qtssDescribeMethod};
    SInt64 theWakeup;
    char* thePath = NULL;
    static int sKind;
    UInt32 i, theCount = 0;
    switch (inRole)
    {
        case QTSS_Register_Role:
            (void)QTSS_AddRole(QTSS_Initialize_Role);
            (void)QTSS_AddRole(QTSS_RTSPPreProcessor_Role);
            (void)QTSS_AddRole(QTSS_ClientSessionClosing_Role);
            break;
        case QTSS_Initialize_Role:
            sServer = inParams->initParams.inServer;
            /* As SetupSupportedMethods of the SDK does, but without a look at what is there. */
            (void)QTSS_GetNumValues(sServer, qtssSvrHandledMethods, &theCount);
            for (i = 0; i < 3; i++)
                CHECK(18, QTSS_SetValue(sServer, qtssSvrHandledMethods, theCount + i, &theMethods[i], sizeof(theMethods[i])) == QTSS_NoErr);
            break;
        case QTSS_RTSPPreProcessor_Role:
            if (QTSS_GetValueAsString(theParams->inRTSPRequest, qtssRTSPReqFilePath, 0, &thePath) != QTSS_NoErr)
                return QTSS_NoErr;
            if (strncmp(thePath, "/levels.sdp", 11) == 0 || strncmp(thePath, "/flags-", 7) == 0 || strncmp(thePath, "/window.sdp", 11) == 0)
            {
                switch (number(theParams->inRTSPRequest, qtssRTSPReqMethod))
                {
                    case qtssSetupMethod: do_setup(theParams, thePath); break;
                    case qtssPlayMethod:
                        sKind = thePath[1];
                        (void)QTSS_Play(theParams->inClientSession, theParams->inRTSPRequest, qtssPlayFlagsSendRTCP);
                        (void)QTSS_SendStandardRTSPResponse(theParams->inRTSPRequest, theParams->inClientSession, 0);
                        break;
                }
            }
            QTSS_Delete(thePath);
            break;
        case QTSS_RTPSendPackets_Role:
            if (sKind == 'l')
                levels(&inParams->rtpSendPacketsParams);
            else if (sKind == 'w')
                window();
            else
                (void)send_due(sStream, 0, &theWritten, &theWakeup);
            break;
        case QTSS_ClientSessionClosing_Role:
            note("closed reason %d", (int)inParams->clientSessionClosingParams.inReason);
            theCount = 0;
            (void)QTSS_GetNumValues(sServer, qtssSvrHandledMethods, &theCount);
            for (i = 0; i < theCount; i++)
            {
                UInt32 theMethod = 0, theLen = sizeof(theMethod);
                (void)QTSS_GetValue(sServer, qtssSvrHandledMethods, i, &theMethod, &theLen);
                note("method %d", (int)theMethod);
            }
            note("methods told");
            break;
    }
    return QTSS_NoErr;
}

ENTRY(Levels)
