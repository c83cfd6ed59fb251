// SPDX-License-Identifier: MIT OR Apache-2.0
// The streams that an SDP (RFC 4566) describes.
#ifndef QTSS_SDK_SDP_SOURCE_INFO_H
#define QTSS_SDK_SDP_SOURCE_INFO_H

#include "SourceInfo.h"
#include "StrPtrLen.h"
#include "StringParser.h"

class SDPSourceInfo : public SourceInfo {
public:
    SDPSourceInfo() {}
    SDPSourceInfo(const char* sdpData, UInt32 sdpLen) { Parse(sdpData, sdpLen); }
    SDPSourceInfo(const SDPSourceInfo& copy) : SourceInfo(copy) {
        if (copy.sDPData_.Ptr != NULL)
            sDPData_.Set(copy.sDPData_.GetAsCString(), copy.sDPData_.Len);
    }
    virtual ~SDPSourceInfo() { sDPData_.Delete(); }

    // Copies the text. Once: later calls do nothing.
    void Parse(const char* sdpData, UInt32 sdpLen);
    // The same description with this server in the sender's place: address 0.0.0.0, ports 0, tracks as
    // trackID=N, session lines in order. Terminated, from new[]; the length does not count the terminator.
    virtual char* GetLocalSDP(UInt32* length);
    StrPtrLen* GetSDPData() { return &sDPData_; }

    // An address up to a byte or the end; 0 if there is none.
    static UInt32 GetIPAddr(StringParser* givenParser, char stopChar);

private:
    SDPSourceInfo& operator=(const SDPSourceInfo&);

    enum { kDefaultTTL = 15 };

    void ParseTime(StringParser* line);
    void ParseMedia(StringParser* line, StreamInfo* stream);
    void ParseAttribute(StringParser* line, StreamInfo* stream, Float32* seconds);

    StrPtrLen sDPData_;
};

#endif
