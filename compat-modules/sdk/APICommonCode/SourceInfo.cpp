// SPDX-License-Identifier: MIT OR Apache-2.0
#include "SourceInfo.h"

#include <string.h>
#include "OSMemory.h"
#include "SocketUtils.h"

SourceInfo::StreamFields::StreamFields()
    : fTrackID(0), fPayloadType(qtssUnknownPayloadType), fTimeScale(0),
      fBufferDelay(static_cast<Float32>(eDefaultBufferDelay)), fSrcIPAddr(0), fDestIPAddr(0), fPort(0), fTimeToLive(0),
      fSetupToReceive(false), fIsTCP(false) {}

SourceInfo::OutputFields::OutputFields()
    : fLocalAddr(0), fDestAddr(0), fBasePort(0), fNumPorts(0), fPortArray(NULL), fTimeToLive(0), fAlreadySetup(false) {}

void SourceInfo::StreamInfo::Copy(const StreamInfo& other) {
    if (this == &other)
        return;
    StrPtrLen name;
    if (other.fPayloadName.Ptr != NULL)
        name.Set(other.fPayloadName.GetAsCString(), other.fPayloadName.Len);
    fPayloadName.Delete();
    static_cast<StreamFields&>(*this) = other;
    fPayloadName = name;
}

void SourceInfo::OutputInfo::Copy(const OutputInfo& other) {
    if (this == &other)
        return;
    UInt16* ports = other.fNumPorts == 0 ? NULL : NEW UInt16[other.fNumPorts];
    for (UInt32 i = 0; i < other.fNumPorts; i++)
        ports[i] = other.fPortArray[i];
    delete[] fPortArray;
    static_cast<OutputFields&>(*this) = other;
    fPortArray = ports;
}

Bool16 SourceInfo::OutputInfo::Equal(const OutputInfo& other) {
    if (fDestAddr != other.fDestAddr || fLocalAddr != other.fLocalAddr || fTimeToLive != other.fTimeToLive)
        return false;
    if (fBasePort != 0 && fBasePort == other.fBasePort)
        return true;
    return fNumPorts == 0 || (fNumPorts == other.fNumPorts && fPortArray[0] == other.fPortArray[0]);
}

SourceInfo::SourceInfo()
    : fNumStreams(0), fNumOutputs(0), fStreamArray(NULL), fOutputArray(NULL), fStartTimeUnixSecs(0),
      fEndTimeUnixSecs(0), fSessionControlType(kRTSPSessionControl), fTimeSet(false), fHasValidTime(false) {}

namespace {

// An array of copies, from new[]; NULL for none.
template <class T>
T* CopyAll(const T* from, UInt32 count) {
    if (from == NULL || count == 0)
        return NULL;
    T* copies = NEW T[count];
    for (UInt32 i = 0; i < count; i++)
        copies[i].Copy(from[i]);
    return copies;
}

} // namespace

SourceInfo::SourceInfo(const SourceInfo& other)
    : fNumStreams(other.fStreamArray == NULL ? 0 : other.fNumStreams),
      fNumOutputs(other.fOutputArray == NULL ? 0 : other.fNumOutputs),
      fStreamArray(CopyAll(other.fStreamArray, fNumStreams)), fOutputArray(CopyAll(other.fOutputArray, fNumOutputs)),
      fStartTimeUnixSecs(other.fStartTimeUnixSecs),
      fEndTimeUnixSecs(other.fEndTimeUnixSecs), fSessionControlType(other.fSessionControlType),
      fTimeSet(other.fTimeSet), fHasValidTime(other.fHasValidTime) {}

char* SourceInfo::GetLocalSDP(UInt32* /*length*/) { return NULL; }

Bool16 SourceInfo::IsRTSPSourceInfo() { return false; }

char* SourceInfo::Name() { return NULL; }

SourceInfo::~SourceInfo() {
    delete[] fStreamArray;
    delete[] fOutputArray;
}

SourceInfo::StreamInfo* SourceInfo::GetStreamInfo(UInt32 streamIndex) {
    return fStreamArray != NULL && streamIndex < fNumStreams ? &fStreamArray[streamIndex] : NULL;
}

SourceInfo::StreamInfo* SourceInfo::GetStreamInfoByTrackID(UInt32 trackID) {
    for (UInt32 i = 0; fStreamArray != NULL && i < fNumStreams; i++) {
        if (fStreamArray[i].fTrackID == trackID)
            return &fStreamArray[i];
    }
    return NULL;
}

SourceInfo::OutputInfo* SourceInfo::GetOutputInfo(UInt32 outputIndex) {
    return fOutputArray != NULL && outputIndex < fNumOutputs ? &fOutputArray[outputIndex] : NULL;
}

UInt32 SourceInfo::GetNumNewOutputs() {
    UInt32 count = 0;
    for (UInt32 i = 0; i < fNumOutputs; i++) {
        if (!fOutputArray[i].fAlreadySetup)
            count++;
    }
    return count;
}

Bool16 SourceInfo::IsReflectableIPAddr(UInt32 ipAddr) {
    return SocketUtils::IsMulticastIPAddr(ipAddr) || SocketUtils::IsLocalIPAddr(ipAddr);
}

Bool16 SourceInfo::IsReflectable() {
    if (fStreamArray == NULL || fNumStreams == 0)
        return false;
    for (UInt32 i = 0; i < fNumStreams; i++) {
        const StreamInfo& stream = fStreamArray[i];
        if (!stream.fIsTCP && (!this->IsReflectableIPAddr(stream.fDestIPAddr) || stream.fTimeToLive == 0))
            return false;
    }
    return true;
}

Bool16 SourceInfo::HasTCPStreams() {
    for (UInt32 i = 0; i < fNumStreams; i++) {
        if (fStreamArray[i].fIsTCP)
            return true;
    }
    return false;
}

Bool16 SourceInfo::HasIncomingBroacast() {
    for (UInt32 i = 0; i < fNumStreams; i++) {
        if (fStreamArray[i].fSetupToReceive)
            return true;
    }
    return false;
}

Bool16 SourceInfo::SetActiveNTPTimes(UInt32 startNTPTime, UInt32 endNTPTime) {
    bool backwards = startNTPTime > 0 && endNTPTime > 0 && endNTPTime < startNTPTime;
    fHasValidTime = !backwards && (endNTPTime == 0 || IsValidNTPSecs(endNTPTime));
    if (!fHasValidTime)
        return false;
    fStartTimeUnixSecs = IsValidNTPSecs(startNTPTime) ? NTPSecs_to_UnixSecs(static_cast<time_t>(startNTPTime)) : 0;
    fEndTimeUnixSecs = endNTPTime == 0 ? 0 : NTPSecs_to_UnixSecs(static_cast<time_t>(endNTPTime));
    return true;
}

Bool16 SourceInfo::IsActiveTime(time_t when) {
    if (!fHasValidTime || when < 0)
        return false;
    return when >= fStartTimeUnixSecs && (fEndTimeUnixSecs == 0 || when <= fEndTimeUnixSecs);
}

UInt32 SourceInfo::GetDurationSecs() {
    if (fEndTimeUnixSecs == 0)
        return ~static_cast<UInt32>(0);
    time_t now = OS::UnixTime_Secs();
    if (fEndTimeUnixSecs <= now)
        return 0;
    time_t from = fStartTimeUnixSecs == 0 ? now : fStartTimeUnixSecs;
    return static_cast<UInt32>(fEndTimeUnixSecs - from);
}

Bool16 SourceInfo::Equal(SourceInfo* source) {
    if (source == NULL || fNumStreams != source->fNumStreams)
        return false;
    for (UInt32 i = 0; i < fNumStreams; i++) {
        StreamInfo& mine = fStreamArray[i];
        StreamInfo& other = source->fStreamArray[i];
        if (mine.fDestIPAddr != other.fDestIPAddr || mine.fSrcIPAddr != other.fSrcIPAddr)
            return false;
        if (mine.fPort == 0 || other.fPort == 0)
            return true;
        if (mine.fPort != other.fPort)
            return false;
    }
    return true;
}
