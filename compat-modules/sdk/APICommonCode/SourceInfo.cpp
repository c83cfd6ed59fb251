// SPDX-License-Identifier: MIT OR Apache-2.0
#include "SourceInfo.h"

#include <string.h>
#include "OSMemory.h"
#include "SocketUtils.h"

SourceInfo::StreamInfo::StreamInfo()
    : fSrcIPAddr(0), fDestIPAddr(0), fPort(0), fTimeToLive(0), fPayloadType(qtssUnknownPayloadType), fTrackID(0),
      fBufferDelay(static_cast<Float32>(eDefaultBufferDelay)), fIsTCP(false), fSetupToReceive(false), fTimeScale(0) {}

void SourceInfo::StreamInfo::Copy(const StreamInfo& copy) {
    if (&copy == this)
        return;
    fSrcIPAddr = copy.fSrcIPAddr;
    fDestIPAddr = copy.fDestIPAddr;
    fPort = copy.fPort;
    fTimeToLive = copy.fTimeToLive;
    fPayloadType = copy.fPayloadType;
    fPayloadName.Delete();
    if (copy.fPayloadName.Ptr != NULL)
        fPayloadName.Set(copy.fPayloadName.GetAsCString(), copy.fPayloadName.Len);
    fTrackID = copy.fTrackID;
    fBufferDelay = copy.fBufferDelay;
    fIsTCP = copy.fIsTCP;
    fSetupToReceive = copy.fSetupToReceive;
    fTimeScale = copy.fTimeScale;
}

SourceInfo::OutputInfo::OutputInfo()
    : fDestAddr(0), fLocalAddr(0), fTimeToLive(0), fPortArray(NULL), fNumPorts(0), fBasePort(0), fAlreadySetup(false) {}

void SourceInfo::OutputInfo::Copy(const OutputInfo& copy) {
    if (&copy == this)
        return;
    fDestAddr = copy.fDestAddr;
    fLocalAddr = copy.fLocalAddr;
    fTimeToLive = copy.fTimeToLive;
    delete[] fPortArray;
    fPortArray = NULL;
    fNumPorts = copy.fNumPorts;
    if (fNumPorts > 0) {
        fPortArray = NEW UInt16[fNumPorts];
        ::memcpy(fPortArray, copy.fPortArray, fNumPorts * sizeof(UInt16));
    }
    fBasePort = copy.fBasePort;
    fAlreadySetup = copy.fAlreadySetup;
}

Bool16 SourceInfo::OutputInfo::Equal(const OutputInfo& info) {
    if (fDestAddr != info.fDestAddr || fLocalAddr != info.fLocalAddr || fTimeToLive != info.fTimeToLive)
        return false;
    if (fBasePort != 0 && fBasePort == info.fBasePort)
        return true;
    return fNumPorts == 0 || (fNumPorts == info.fNumPorts && fPortArray[0] == info.fPortArray[0]);
}

SourceInfo::SourceInfo()
    : fStreamArray(NULL), fNumStreams(0), fOutputArray(NULL), fNumOutputs(0), fTimeSet(false), fStartTimeUnixSecs(0),
      fEndTimeUnixSecs(0), fSessionControlType(kRTSPSessionControl), fHasValidTime(false) {}

SourceInfo::SourceInfo(const SourceInfo& copy)
    : fStreamArray(NULL), fNumStreams(0), fOutputArray(NULL), fNumOutputs(0), fTimeSet(copy.fTimeSet),
      fStartTimeUnixSecs(copy.fStartTimeUnixSecs), fEndTimeUnixSecs(copy.fEndTimeUnixSecs),
      fSessionControlType(copy.fSessionControlType), fHasValidTime(copy.fHasValidTime) {
    if (copy.fStreamArray != NULL && copy.fNumStreams > 0) {
        fNumStreams = copy.fNumStreams;
        fStreamArray = NEW StreamInfo[fNumStreams];
        for (UInt32 i = 0; i < fNumStreams; i++)
            fStreamArray[i].Copy(copy.fStreamArray[i]);
    }
    if (copy.fOutputArray != NULL && copy.fNumOutputs > 0) {
        fNumOutputs = copy.fNumOutputs;
        fOutputArray = NEW OutputInfo[fNumOutputs];
        for (UInt32 i = 0; i < fNumOutputs; i++)
            fOutputArray[i].Copy(copy.fOutputArray[i]);
    }
}

SourceInfo::~SourceInfo() {
    delete[] fStreamArray;
    delete[] fOutputArray;
}

SourceInfo::StreamInfo* SourceInfo::GetStreamInfo(UInt32 inStreamIndex) {
    return fStreamArray != NULL && inStreamIndex < fNumStreams ? &fStreamArray[inStreamIndex] : NULL;
}

SourceInfo::StreamInfo* SourceInfo::GetStreamInfoByTrackID(UInt32 inTrackID) {
    for (UInt32 i = 0; fStreamArray != NULL && i < fNumStreams; i++) {
        if (fStreamArray[i].fTrackID == inTrackID)
            return &fStreamArray[i];
    }
    return NULL;
}

SourceInfo::OutputInfo* SourceInfo::GetOutputInfo(UInt32 inOutputIndex) {
    return fOutputArray != NULL && inOutputIndex < fNumOutputs ? &fOutputArray[inOutputIndex] : NULL;
}

UInt32 SourceInfo::GetNumNewOutputs() {
    UInt32 count = 0;
    for (UInt32 i = 0; i < fNumOutputs; i++) {
        if (!fOutputArray[i].fAlreadySetup)
            count++;
    }
    return count;
}

Bool16 SourceInfo::IsReflectableIPAddr(UInt32 inIPAddr) {
    return SocketUtils::IsMulticastIPAddr(inIPAddr) || SocketUtils::IsLocalIPAddr(inIPAddr);
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

Bool16 SourceInfo::IsActiveTime(time_t unixTimeSecs) {
    if (!fHasValidTime || unixTimeSecs < 0)
        return false;
    return unixTimeSecs >= fStartTimeUnixSecs && (fEndTimeUnixSecs == 0 || unixTimeSecs <= fEndTimeUnixSecs);
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

Bool16 SourceInfo::Equal(SourceInfo* inInfo) {
    if (inInfo == NULL || fNumStreams != inInfo->fNumStreams)
        return false;
    for (UInt32 i = 0; i < fNumStreams; i++) {
        StreamInfo& mine = fStreamArray[i];
        StreamInfo& other = inInfo->fStreamArray[i];
        if (mine.fDestIPAddr != other.fDestIPAddr || mine.fSrcIPAddr != other.fSrcIPAddr)
            return false;
        if (mine.fPort == 0 || other.fPort == 0)
            return true;
        if (mine.fPort != other.fPort)
            return false;
    }
    return true;
}
