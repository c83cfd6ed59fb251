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

    // What may be copied field by field, but for the text and the ports.
    struct StreamFields {
        StreamFields();

        UInt32 fTrackID;
        QTSS_RTPPayloadType fPayloadType;
        StrPtrLen fPayloadName; // the stream's own, from new[]
        UInt32 fTimeScale;
        Float32 fBufferDelay; // seconds
        UInt32 fSrcIPAddr;
        UInt32 fDestIPAddr;
        UInt16 fPort;
        UInt16 fTimeToLive;
        Bool16 fSetupToReceive;
        Bool16 fIsTCP;
    };
    struct OutputFields {
        OutputFields();

        UInt32 fLocalAddr;
        UInt32 fDestAddr;
        UInt16 fBasePort;
        UInt32 fNumPorts;
        UInt16* fPortArray; // the output's own, from new[]
        UInt16 fTimeToLive;
        Bool16 fAlreadySetup;
    };

    struct StreamInfo : public StreamFields {
        StreamInfo() {}
        ~StreamInfo() { fPayloadName.Delete(); }
        void Copy(const StreamInfo& other);

    private:
        StreamInfo(const StreamInfo&);
        StreamInfo& operator=(const StreamInfo&);
    };

    struct OutputInfo : public OutputFields {
        OutputInfo() {}
        ~OutputInfo() { delete[] fPortArray; }
        void Copy(const OutputInfo& other);
        // Address, interface and time to live, and the base port, if there is one, or the first port.
        Bool16 Equal(const OutputInfo& other);

    private:
        OutputInfo(const OutputInfo&);
        OutputInfo& operator=(const OutputInfo&);
    };

    SourceInfo();
    SourceInfo(const SourceInfo& other);
    virtual ~SourceInfo();

    UInt32 GetNumStreams() const { return fNumStreams; }
    // NULL outside, and for an unknown track.
    StreamInfo* GetStreamInfo(UInt32 streamIndex);
    StreamInfo* GetStreamInfoByTrackID(UInt32 trackID);
    UInt32 GetNumOutputs() const { return fNumOutputs; }
    UInt32 GetNumNewOutputs(); // not set up yet
    OutputInfo* GetOutputInfo(UInt32 outputIndex);

    // Whether all streams come in over TCP, by multicast, or to an address of this machine
    // (SocketUtils::Initialize), with a time to live.
    Bool16 IsReflectable();
    Bool16 HasTCPStreams();
    Bool16 HasIncomingBroacast();

    // The description for clients of this server, from new[]; NULL if there is none.
    virtual char* GetLocalSDP(UInt32* length);
    virtual Bool16 IsRTSPSourceInfo();
    virtual char* Name();
    // The same number of streams, from and to the same addresses and ports; a port of 0 is any.
    virtual Bool16 Equal(SourceInfo* source);

    time_t NTPSecs_to_UnixSecs(time_t time) { return time - static_cast<time_t>(kNTP_Offset_From_1970); }
    UInt32 UnixSecs_to_NTPSecs(time_t time) {
        return static_cast<UInt32>(time + static_cast<time_t>(kNTP_Offset_From_1970));
    }
    Bool16 IsValidNTPSecs(UInt32 time) { return time >= kNTP_Offset_From_1970; }

    // The times of a t line (RFC 4566 5.9); 0 is open. False, and no time is active, if they make no sense.
    Bool16 SetActiveNTPTimes(UInt32 startNTPTime, UInt32 endNTPTime);
    Bool16 IsPermanentSource() { return fStartTimeUnixSecs == 0 && fEndTimeUnixSecs == 0; }
    Bool16 IsActiveTime(time_t when);
    Bool16 IsActiveNow() { return this->IsActiveTime(OS::UnixTime_Secs()); }
    time_t GetStartTimeUnixSecs() { return fStartTimeUnixSecs; }
    time_t GetEndTimeUnixSecs() { return fEndTimeUnixSecs; }
    UInt32 GetDurationSecs(); // 0 when over, all ones without end
    Bool16 IsRTSPControlled() { return fSessionControlType == kRTSPSessionControl; }

protected:
    Bool16 IsReflectableIPAddr(UInt32 ipAddr);

    // Set by subclasses; the arrays are from new[] and belong to this.
    UInt32 fNumStreams, fNumOutputs;
    StreamInfo* fStreamArray;
    OutputInfo* fOutputArray;
    // 0 is open, if times were set at all; not valid when they make no sense.
    time_t fStartTimeUnixSecs, fEndTimeUnixSecs;
    UInt32 fSessionControlType;
    Bool16 fTimeSet, fHasValidTime;

private:
    SourceInfo& operator=(const SourceInfo&);
};

#endif
