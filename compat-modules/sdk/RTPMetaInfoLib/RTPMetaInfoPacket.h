// SPDX-License-Identifier: MIT OR Apache-2.0
// RTP packets with fields for other servers ("x-RTP-Meta-Info"): an RTP header, then fields, one of which
// is the payload. A field is a name of two letters and a length of two bytes, or, compressed, an id of one
// byte with the top bit set and a length of one byte.
#ifndef QTSS_SDK_RTP_META_INFO_PACKET_H
#define QTSS_SDK_RTP_META_INFO_PACKET_H

#include <stdlib.h>
#include "OSHeaders.h"
#include "SafeStdLib.h"
#include "StrPtrLen.h"

class RTPMetaInfoPacket {
public:
    enum {
        kPacketPosField = 0, // "pp", 8 bytes: position in the file
        kTransTimeField = 1, // "tt", 8 bytes: when to send
        kFrameTypeField = 2, // "ft", 2 bytes
        kPacketNumField = 3, // "pn", 8 bytes
        kSeqNumField = 4,    // "sq", 2 bytes
        kMediaDataField = 5, // "md": the payload
        kIllegalField = 6,
        kNumFields = 6
    };
    enum { kUnknownFrameType = 0, kKeyFrameType = 1, kBFrameType = 2, kPFrameType = 3 };

    typedef UInt16 FieldIndex;
    typedef UInt16 FieldName; // two letters, the first one in the upper byte
    typedef SInt32 FieldID;   // 0 to 127, or one of these
    enum { kUncompressed = -1, kFieldNotUsed = -2 };
    typedef UInt16 FrameTypeField;

    static FieldName GetFieldNameForIndex(FieldIndex index);
    // kIllegalField if there is none.
    static FieldIndex GetFieldIndexForName(FieldName name);
    // Ids of the fields in a header like "tt;md=2;ft=1", as an array of kNumFields.
    static void ConstructFieldIDArrayFromHeader(StrPtrLen* header, FieldID* layout);

    RTPMetaInfoPacket();

    // False if a field has the wrong length or goes beyond the packet; what was found before is kept. The
    // array is for compressed fields; without it they are skipped. The packet is the caller's and must stay.
    Bool16 ParsePacket(UInt8* packetBuffer, UInt32 packetLen, FieldID* layout);
    // Moves the RTP header in front of the payload and returns that place in the packet; NULL if there is no
    // payload. What stood there before is lost.
    UInt8* MakeRTPPacket(UInt32* packetBytes);

    SInt64 GetTransmitTime() { return sendAt_; }
    FrameTypeField GetFrameType() { return frame_; }
    UInt64 GetPacketNumber() { return number_; }
    UInt64 GetPacketPosition() { return position_; }
    UInt8* GetMediaDataP() { return media_; }
    UInt32 GetMediaDataLen() { return mediaBytes_; }
    UInt16 GetSeqNum() { return sequence_; }

private:
    void SetField(FieldIndex field, UInt8* data, UInt32 length);

    UInt8* packet_;
    UInt32 packetEnd_;
    SInt64 sendAt_;
    FrameTypeField frame_;
    UInt64 number_;
    UInt64 position_;
    UInt8* media_;
    UInt32 mediaBytes_;
    UInt16 sequence_;
};

#endif
