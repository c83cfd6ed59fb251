// SPDX-License-Identifier: MIT OR Apache-2.0
// What is known about the streams of a broadcast: where they come from, where they go, and when.
// Addresses and ports are in host byte order.
#ifndef QTSS_SDK_SOURCE_INFO_H
#define QTSS_SDK_SOURCE_INFO_H

#include "OS.h"
#include "OSQueue.h"
#include "QTSS.h"
#include "StrPtrLen.h"

#define kNTP_Offset_From_1970 2208988800LU

class SourceInfo {
public:
    enum { eDefaultBufferDelay = 3 }; // seconds
    enum { kSDPTimeControl, kRTSPSessionControl };

    struct StreamInfo {
        StreamInfo();
        ~StreamInfo() { fPayloadName.Delete(); }
        void Copy(const StreamInfo& copy);

        UInt32 fSrcIPAddr;
        UInt32 fDestIPAddr;
        UInt16 fPort;
        UInt16 fTimeToLive;
        QTSS_RTPPayloadType fPayloadType;
        StrPtrLen fPayloadName; // its own, from new[]
        UInt32 fTrackID;
        Float32 fBufferDelay; // seconds
        Bool16 fIsTCP;
        Bool16 fSetupToReceive;
        UInt32 fTimeScale;

    private:
        StreamInfo(const StreamInfo&);
        StreamInfo& operator=(const StreamInfo&);
    };

    struct OutputInfo {
        OutputInfo();
        ~OutputInfo() { delete[] fPortArray; }
        void Copy(const OutputInfo& copy);
        // Address, interface and time to live, and the base port, if there is one, or the first port.
        Bool16 Equal(const OutputInfo& info);

        UInt32 fDestAddr;
        UInt32 fLocalAddr;
        UInt16 fTimeToLive;
        UInt16* fPortArray; // its own, from new[]
        UInt32 fNumPorts;
        UInt16 fBasePort;
        Bool16 fAlreadySetup;

    private:
        OutputInfo(const OutputInfo&);
        OutputInfo& operator=(const OutputInfo&);
    };

    SourceInfo();
    SourceInfo(const SourceInfo& copy);
    virtual ~SourceInfo();

    UInt32 GetNumStreams() { return fNumStreams; }
    // NULL outside, and for an unknown track.
    StreamInfo* GetStreamInfo(UInt32 inStreamIndex);
    StreamInfo* GetStreamInfoByTrackID(UInt32 inTrackID);
    UInt32 GetNumOutputs() { return fNumOutputs; }
    UInt32 GetNumNewOutputs(); // not set up yet
    OutputInfo* GetOutputInfo(UInt32 inOutputIndex);

    // Whether all streams come in over TCP, by multicast, or to an address of this machine
    // (SocketUtils::Initialize), with a time to live.
    Bool16 IsReflectable();
    Bool16 HasTCPStreams();
    Bool16 HasIncomingBroacast();

    // The description for clients of this server, from new[]; NULL if there is none.
    virtual char* GetLocalSDP(UInt32* /*newSDPLen*/) { return NULL; }
    virtual Bool16 IsRTSPSourceInfo() { return false; }
    virtual char* Name() { return NULL; }
    // The same number of streams, from and to the same addresses and ports; a port of 0 is any.
    virtual Bool16 Equal(SourceInfo* inInfo);

    time_t NTPSecs_to_UnixSecs(time_t time) { return time - static_cast<time_t>(kNTP_Offset_From_1970); }
    UInt32 UnixSecs_to_NTPSecs(time_t time) {
        return static_cast<UInt32>(time + static_cast<time_t>(kNTP_Offset_From_1970));
    }
    Bool16 IsValidNTPSecs(UInt32 time) { return time >= kNTP_Offset_From_1970; }

    // The times of a t line (RFC 4566 5.9); 0 is open. False, and no time is active, if they make no sense.
    Bool16 SetActiveNTPTimes(UInt32 startNTPTime, UInt32 endNTPTime);
    Bool16 IsPermanentSource() { return fStartTimeUnixSecs == 0 && fEndTimeUnixSecs == 0; }
    Bool16 IsActiveTime(time_t unixTimeSecs);
    Bool16 IsActiveNow() { return IsActiveTime(OS::UnixTime_Secs()); }
    time_t GetStartTimeUnixSecs() { return fStartTimeUnixSecs; }
    time_t GetEndTimeUnixSecs() { return fEndTimeUnixSecs; }
    UInt32 GetDurationSecs(); // 0 when over, all ones without end
    Bool16 IsRTSPControlled() { return fSessionControlType == kRTSPSessionControl; }

protected:
    Bool16 IsReflectableIPAddr(UInt32 inIPAddr);

    StreamInfo* fStreamArray;
    UInt32 fNumStreams;
    OutputInfo* fOutputArray;
    UInt32 fNumOutputs;
    Bool16 fTimeSet;
    time_t fStartTimeUnixSecs;
    time_t fEndTimeUnixSecs;
    UInt32 fSessionControlType;
    Bool16 fHasValidTime;

private:
    SourceInfo& operator=(const SourceInfo&);
};

#endif
