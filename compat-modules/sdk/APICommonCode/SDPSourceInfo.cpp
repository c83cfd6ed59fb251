// SPDX-License-Identifier: MIT OR Apache-2.0
#include "SDPSourceInfo.h"

#include <netinet/in.h>
#include <string.h>
#include "OSMemory.h"
#include "ResizeableStringFormatter.h"
#include "SDPUtils.h"
#include "SocketUtils.h"

void SDPSourceInfo::ParseTime(StringParser* line) {
    line->ConsumeUntilDigit();
    UInt32 start = line->ConsumeInteger();
    line->ConsumeUntilDigit();
    UInt32 end = line->ConsumeInteger();
    (void)SetActiveNTPTimes(start, end);
}

void SDPSourceInfo::ParseMedia(StringParser* line, StreamInfo* stream) {
    line->ConsumeLength(NULL, 2);
    StrPtrLen type;
    line->ConsumeWord(&type);
    if (type.Equal("video"))
        stream->fPayloadType = qtssVideoPayloadType;
    else if (type.Equal("audio"))
        stream->fPayloadType = qtssAudioPayloadType;
    line->ConsumeUntilDigit();
    UInt32 port = line->ConsumeInteger();
    if (port < 65536)
        stream->fPort = static_cast<UInt16>(port);
    line->ConsumeWhitespace();
    StrPtrLen transport;
    line->ConsumeUntilWhitespace(&transport);
    stream->fIsTCP = transport.Equal("RTP/AVP/TCP");
}

// The stream is NULL for lines of the session.
void SDPSourceInfo::ParseAttribute(StringParser* line, StreamInfo* stream, Float32* seconds) {
    line->ConsumeLength(NULL, 2);
    StrPtrLen name;
    line->ConsumeWord(&name);
    if (name.Equal("x-broadcastcontrol")) {
        line->ConsumeUntil(NULL, StringParser::sWordMask);
        StrPtrLen control;
        line->ConsumeWord(&control);
        if (control.Equal("RTSP"))
            fSessionControlType = kRTSPSessionControl;
        else if (control.Equal("TIME"))
            fSessionControlType = kSDPTimeControl;
    } else if (stream == NULL) {
        return;
    } else if (name.Equal("rtpmap")) {
        if (stream->fPayloadName.Len == 0 && line->GetThru(NULL, ' ')) {
            StrPtrLen payload(line->GetCurrentPosition(), line->GetDataRemaining());
            stream->fPayloadName.Delete();
            stream->fPayloadName.Set(payload.GetAsCString(), payload.Len);
        }
    } else if (name.Equal("control")) {
        line->ConsumeUntil(NULL, '=');
        line->ConsumeUntilDigit();
        stream->fTrackID = line->ConsumeInteger();
    } else if (name.Equal("x-bufferdelay")) {
        line->ConsumeUntilDigit();
        *seconds = line->ConsumeFloat();
    }
}

void SDPSourceInfo::Parse(const char* sdpData, UInt32 sdpLen) {
    if (sDPData_.Ptr != NULL || sdpData == NULL)
        return;
    sDPData_.Set(StrPtrLen(sdpData, sdpLen).GetAsCString(), sdpLen);

    StrPtrLen line;
    StringParser counter(&sDPData_);
    while (counter.GetDataRemaining() > 0) {
        (void)counter.GetThruEOL(&line);
        if (line.Len > 0 && line[0] == 'm')
            fNumStreams++;
    }
    fStreamArray = new StreamInfo[fNumStreams];

    // A c line before the first m line is for all streams.
    UInt32 commonAddr = INADDR_ANY;
    UInt16 commonTTL = kDefaultTTL;
    Float32 bufferDelay = static_cast<Float32>(eDefaultBufferDelay);
    UInt32 count = 0;
    StringParser parser(&sDPData_);
    while (parser.GetDataRemaining() > 0) {
        (void)parser.GetThruEOL(&line);
        if (line.Len == 0)
            continue;
        StringParser fields(&line);
        StreamInfo* stream = count == 0 ? NULL : &fStreamArray[count - 1];
        switch (line[0]) {
        case 't': ParseTime(&fields); break;
        case 'a': ParseAttribute(&fields, stream, &bufferDelay); break;
        case 'm':
            stream = &fStreamArray[count++];
            stream->fDestIPAddr = commonAddr;
            stream->fTimeToLive = commonTTL;
            stream->fTrackID = count;
            ParseMedia(&fields, stream);
            break;
        case 'c': {
            fields.ConsumeLength(NULL, 9); // "c=IN IP4 "
            UInt32 addr = GetIPAddr(&fields, '/');
            UInt16 ttl = kDefaultTTL;
            if (fields.Expect('/'))
                ttl = static_cast<UInt16>(fields.ConsumeInteger());
            (stream == NULL ? commonAddr : stream->fDestIPAddr) = addr;
            (stream == NULL ? commonTTL : stream->fTimeToLive) = ttl;
            break;
        }
        default: break;
        }
    }
    for (UInt32 i = 0; i < fNumStreams; i++)
        fStreamArray[i].fBufferDelay = bufferDelay;
}

UInt32 SDPSourceInfo::GetIPAddr(StringParser* givenParser, char stopChar) {
    StrPtrLen text;
    givenParser->ConsumeUntil(&text, stopChar);
    if (text.Len == 0)
        return 0;
    StrPtrLenDel copy(text.GetAsCString());
    return SocketUtils::ConvertStringToAddr(copy.Ptr);
}

char* SDPSourceInfo::GetLocalSDP(UInt32* newSDPLen) {
    ResizeableStringFormatter local;
    UInt32 tracks = 0;
    bool hasControls = false; // the description names its tracks
    StrPtrLen line;
    StringParser parser(&sDPData_);
    while (parser.GetDataRemaining() > 0) {
        (void)parser.GetThruEOL(&line);
        if (line.Len == 0 || line[0] == 'c')
            continue;
        StringParser fields(&line);
        if (line[0] == 'm') {
            if (tracks == 0)
                local.Put(hasControls ? "c=IN IP4 0.0.0.0\r\n" : "c=IN IP4 0.0.0.0\r\na=control:*\r\n");
            else if (!hasControls)
                local.PutFmtStr("a=control:trackID=%lu\r\n", static_cast<unsigned long>(tracks));
            tracks++;
            StrPtrLen beforePort;
            fields.ConsumeUntilDigit(&beforePort);
            (void)fields.ConsumeInteger();
            local.Put(beforePort);
            local.Put("0");
            local.Put(fields.GetCurrentPosition(), fields.GetDataRemaining());
            local.PutEOL();
            continue;
        }
        if (line[0] == 'a') {
            fields.ConsumeLength(NULL, 2);
            StrPtrLen name;
            fields.ConsumeWord(&name);
            StrPtrLen track;
            fields.ConsumeUntil(NULL, '=');
            fields.ConsumeUntilDigit();
            (void)fields.ConsumeInteger(&track);
            if (name.Equal("control") && track.Len > 0) {
                hasControls = true;
                local.Put("a=control:trackID=");
                local.Put(track);
                local.PutEOL();
                continue;
            }
        }
        local.Put(line);
        local.PutEOL();
    }
    if (tracks > 0 && !hasControls)
        local.PutFmtStr("a=control:trackID=%lu\r\n", static_cast<unsigned long>(tracks));

    StrPtrLen text(local.GetBufPtr(), local.GetCurrentOffset());
    SDPContainer lines;
    (void)lines.SetSDPBuffer(&text);
    SDPLineSorter sorted(&lines);
    char* result = sorted.GetSortedSDPCopy();
    *newSDPLen = static_cast<UInt32>(::strlen(result));
    return result;
}
