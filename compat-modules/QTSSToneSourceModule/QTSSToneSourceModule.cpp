// SPDX-License-Identifier: MIT OR Apache-2.0
// Streams a tone of 440 Hz at rtsp://host/tone.sdp, for as long as a client listens.
//
// The lesson: a source of one's own, from DESCRIBE to TEARDOWN. The first QTSS_AddRTPStream makes the module
// the session's owner, QTSS_Play starts its RTPSendPackets role, and a packet that the server does not
// take yet is offered again later.

#include <math.h>
#include <string.h>
#include "OSMutex.h"
#include "QTSS.h"
#include "QTSSMemoryDeleter.h"
#include "QTSSModuleUtils.h"
#include "ResizeableStringFormatter.h"

extern "C" {
EXPORT QTSS_Error QTSSToneSourceModule_Main(void* inPrivateArgs);
}

namespace {

const UInt32 kSamplesASecond = 8000;
const UInt32 kSamplesAPacket = 160; // 20 ms
const UInt32 kHeaderLen = 12;
const SInt64 kPollInterval = 10; // ms, when the server cannot say when it takes a packet
const double kPi = 3.14159265358979323846;

char sToneName[] = "QTSSToneSourceModuleTone";
QTSS_AttributeID sToneID = static_cast<QTSS_AttributeID>(qtssIllegalAttrID);
QTSS_ModulePrefsObject sPrefs = NULL;
OSMutex sMutex; // for what requests read while RereadPrefs writes
Bool16 sEnabled = false;

// What one client is sent. Packets count from 0, with them sequence numbers and timestamps.
struct Tone {
    Tone() : stream(NULL), ssrc(0), next(0), start(0), resumed(0) {}
    QTSS_RTPStreamObject stream;
    UInt32 ssrc;
    UInt32 next;        // packet
    QTSS_TimeVal start; // when packet `resumed` is due
    UInt32 resumed;
};

template <class T>
T ValueOf(QTSS_Object object, QTSS_AttributeID id, T otherwise) {
    T value = otherwise;
    UInt32 length = sizeof(value);
    return QTSS_GetValue(object, id, 0, &value, &length) == QTSS_NoErr ? value : otherwise;
}

template <class T>
void Set(QTSS_Object object, QTSS_AttributeID id, T value) {
    (void)QTSS_SetValue(object, id, 0, &value, sizeof(value));
}

Tone* ToneOf(QTSS_ClientSessionObject session) { return ValueOf<Tone*>(session, sToneID, NULL); }

void ReadPrefs() {
    Bool16 enabled = false;
    const Bool16 standard = false;
    QTSSModuleUtils::GetAttribute(sPrefs, "enabled", qtssAttrDataTypeBool16, &enabled, &standard, sizeof(enabled));
    OSMutexLocker locker(&sMutex);
    sEnabled = enabled;
}

bool IsEnabled() {
    OSMutexLocker locker(&sMutex);
    return sEnabled != 0;
}

// Mu-law (ITU-T G.711) of a linear sample.
UInt8 MuLaw(int sample) {
    const int kBias = 132;
    const int kClip = 32635;
    int sign = sample < 0 ? 0x80 : 0;
    int magnitude = (sample < 0 ? -sample : sample);
    magnitude = (magnitude > kClip ? kClip : magnitude) + kBias;
    int exponent = 7;
    for (int mask = 0x4000; (magnitude & mask) == 0 && exponent > 0; mask >>= 1)
        exponent--;
    return static_cast<UInt8>(~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0F)));
}

void PutNumber(UInt8* bytes, UInt32 value, int count) {
    for (int i = 0; i < count; i++)
        bytes[i] = static_cast<UInt8>(value >> (8 * (count - 1 - i)));
}

// RTP (RFC 3550 5.1), payload type 0 (RFC 3551 6).
void MakePacket(const Tone& tone, UInt8* packet) {
    const double kStep = 2 * kPi * 440 / kSamplesASecond;
    packet[0] = 0x80;
    packet[1] = tone.next == tone.resumed ? 0x80 : 0; // the marker stands at the start of a talk
    PutNumber(packet + 2, tone.next, 2);
    PutNumber(packet + 4, tone.next * kSamplesAPacket, 4);
    PutNumber(packet + 8, tone.ssrc, 4);
    UInt32 first = (tone.next % kSamplesASecond) * kSamplesAPacket; // 440 whole waves a second
    for (UInt32 i = 0; i < kSamplesAPacket; i++)
        packet[kHeaderLen + i] = MuLaw(static_cast<int>(8000 * ::sin(kStep * ((first + i) % kSamplesASecond))));
}

QTSS_Error Describe(QTSS_StandardRTSP_Params* params) {
    char text[] = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=Tone\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\n"
                  "m=audio 0 RTP/AVP 0\r\na=control:trackID=1\r\n";
    iovec vectors[2]; // the first one is the server's
    ::memset(vectors, 0, sizeof(vectors));
    vectors[1].iov_base = text;
    vectors[1].iov_len = sizeof(text) - 1;
    QTSSModuleUtils::SendDescribeResponse(params->inRTSPRequest, params->inClientSession, vectors, 2, sizeof(text) - 1);
    return QTSS_NoErr;
}

QTSS_Error Setup(QTSS_StandardRTSP_Params* params) {
    if (ToneOf(params->inClientSession) != NULL)
        return QTSSModuleUtils::SendErrorResponse(params->inRTSPRequest, qtssClientMethodNotValidInState, qtssMsgNoMessage);
    QTSS_RTPStreamObject stream = NULL;
    QTSS_Error error = QTSS_AddRTPStream(params->inClientSession, params->inRTSPRequest, &stream, qtssASFlagsNoFlags);
    if (error != QTSS_NoErr)
        return error; // the client has its answer already
    const char name[] = "PCMU/8000";
    Set(stream, qtssRTPStrTrackID, UInt32(1));
    Set(stream, qtssRTPStrPayloadType, QTSS_RTPPayloadType(qtssAudioPayloadType));
    Set(stream, qtssRTPStrTimescale, SInt32(kSamplesASecond));
    Set(stream, qtssRTPStrNumQualityLevels, UInt32(1));
    (void)QTSS_SetValue(stream, qtssRTPStrPayloadName, 0, name, sizeof(name) - 1);

    Tone* tone = new Tone;
    tone->stream = stream;
    tone->ssrc = ValueOf<UInt32>(stream, qtssRTPStrSSRC, 0);
    Set(params->inClientSession, sToneID, tone);
    return QTSS_SendStandardRTSPResponse(params->inRTSPRequest, stream, 0);
}

QTSS_Error Play(QTSS_StandardRTSP_Params* params, Tone* tone) {
    tone->start = QTSS_Milliseconds();
    tone->resumed = tone->next;
    Set(tone->stream, qtssRTPStrFirstSeqNumber, static_cast<UInt16>(tone->next));
    Set(tone->stream, qtssRTPStrFirstTimestamp, static_cast<UInt32>(tone->next * kSamplesAPacket));
    QTSS_Error error = QTSS_Play(params->inClientSession, params->inRTSPRequest, qtssPlayFlagsSendRTCP);
    if (error != QTSS_NoErr)
        return QTSSModuleUtils::SendErrorResponse(params->inRTSPRequest, qtssServerInternal, qtssMsgNoMessage);
    return QTSS_SendStandardRTSPResponse(params->inRTSPRequest, params->inClientSession, qtssPlayRespWriteTrackInfo);
}

bool IsOurs(QTSS_RTSPRequestObject request) {
    char* text = NULL;
    (void)QTSS_GetValueAsString(request, qtssRTSPReqFilePath, 0, &text);
    QTSSCharArrayDeleter deleter(text);
    StrPtrLen path(text);
    return path.Equal("/tone.sdp") || (path.Len > 9 && StrPtrLen(path.Ptr, 10).Equal("/tone.sdp/"));
}

QTSS_Error Answer(QTSS_StandardRTSP_Params* params) {
    Tone* tone = ToneOf(params->inClientSession);
    switch (ValueOf<QTSS_RTSPMethod>(params->inRTSPRequest, qtssRTSPReqMethod, qtssIllegalMethod)) {
    case qtssDescribeMethod: return IsEnabled() && IsOurs(params->inRTSPRequest) ? Describe(params) : QTSS_NoErr;
    case qtssSetupMethod: return IsEnabled() && IsOurs(params->inRTSPRequest) ? Setup(params) : QTSS_NoErr;
    case qtssPlayMethod: return tone == NULL ? QTSS_NoErr : Play(params, tone);
    case qtssPauseMethod:
        if (tone == NULL)
            return QTSS_NoErr;
        (void)QTSS_Pause(params->inClientSession);
        return QTSS_SendStandardRTSPResponse(params->inRTSPRequest, params->inClientSession, 0);
    case qtssTeardownMethod:
        if (tone == NULL)
            return QTSS_NoErr;
        (void)QTSS_Teardown(params->inClientSession);
        return QTSS_SendStandardRTSPResponse(params->inRTSPRequest, params->inClientSession, 0);
    default: return QTSS_NoErr;
    }
}

QTSS_Error SendPackets(QTSS_RTPSendPackets_Params* params) {
    Tone* tone = ToneOf(params->inClientSession);
    params->outNextPacketTime = -1; // never again, without tone
    if (tone == NULL)
        return QTSS_NoErr;
    QTSS_WriteFlags flags = qtssWriteFlagsIsRTP | qtssWriteFlagsWriteBurstBegin;
    for (;;) {
        UInt8 bytes[kHeaderLen + kSamplesAPacket];
        MakePacket(*tone, bytes);
        QTSS_PacketStruct packet;
        packet.packetData = bytes;
        packet.packetTransmitTime =
            tone->start + static_cast<SInt64>(tone->next - tone->resumed) * kSamplesAPacket * 1000 / kSamplesASecond;
        packet.suggestedWakeupTime = -1;
        QTSS_Error error = QTSS_Write(tone->stream, &packet, sizeof(bytes), NULL, flags);
        if (error == QTSS_WouldBlock) {
            SInt64 wait = packet.suggestedWakeupTime - params->inCurrentTime;
            params->outNextPacketTime = packet.suggestedWakeupTime == -1 || wait <= 0 ? kPollInterval : wait;
            return QTSS_NoErr;
        }
        if (error != QTSS_NoErr)
            return QTSS_NoErr;
        flags = qtssWriteFlagsIsRTP;
        tone->next++;
    }
}

void Close(QTSS_ClientSessionObject session) {
    delete ToneOf(session);
    Set(session, sToneID, static_cast<Tone*>(NULL));
}

QTSS_Error Register() {
    (void)QTSS_AddRole(QTSS_ClientSessionClosing_Role);
    (void)QTSS_AddRole(QTSS_RTSPPreProcessor_Role);
    (void)QTSS_AddRole(QTSS_RereadPrefs_Role);
    (void)QTSS_AddRole(QTSS_Initialize_Role);
    (void)QTSS_AddStaticAttribute(qtssClientSessionObjectType, sToneName, NULL, qtssAttrDataTypeVoidPointer);
    return QTSS_IDForAttr(qtssClientSessionObjectType, sToneName, &sToneID);
}

QTSS_Error Initialize(QTSS_Initialize_Params* params) {
    QTSS_RTSPMethod methods[] = {qtssDescribeMethod, qtssSetupMethod, qtssPlayMethod, qtssPauseMethod, qtssTeardownMethod};
    QTSSModuleUtils::Initialize(params->inMessages, params->inServer, params->inErrorLogStream);
    QTSSModuleUtils::SetupSupportedMethods(params->inServer, methods, sizeof(methods) / sizeof(methods[0]));
    sPrefs = QTSSModuleUtils::GetModulePrefsObject(params->inModule);
    ReadPrefs();
    return QTSS_NoErr;
}

QTSS_Error Dispatch(QTSS_Role role, QTSS_RoleParamPtr params) {
    switch (role) {
    case QTSS_Register_Role: return Register();
    case QTSS_Initialize_Role: return Initialize(&params->initParams);
    case QTSS_RereadPrefs_Role: ReadPrefs(); return QTSS_NoErr;
    case QTSS_RTSPPreProcessor_Role: return Answer(&params->rtspPreProcessorParams);
    case QTSS_RTPSendPackets_Role: return SendPackets(&params->rtpSendPacketsParams);
    case QTSS_ClientSessionClosing_Role: Close(params->clientSessionClosingParams.inClientSession); return QTSS_NoErr;
    default: return QTSS_NoErr;
    }
}

} // namespace

QTSS_Error QTSSToneSourceModule_Main(void* inPrivateArgs) { return _stublibrary_main(inPrivateArgs, Dispatch); }
