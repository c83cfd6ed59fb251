// SPDX-License-Identifier: MIT OR Apache-2.0
#include "RTPMetaInfoPacket.h"

#include <string.h>
#include "StringParser.h"

namespace {

const UInt32 kRTPHeaderLen = 12;
const UInt32 kAnyLength = 0;

struct Field {
    char name[3];
    UInt32 length;
};

const Field kFields[RTPMetaInfoPacket::kNumFields] = {{"pp", 8}, {"tt", 8}, {"ft", 2},
                                                      {"pn", 8}, {"sq", 2}, {"md", kAnyLength}};

UInt64 Number(const UInt8* data, UInt32 length) {
    UInt64 number = 0;
    for (UInt32 i = 0; i < length; i++)
        number = number << 8 | data[i];
    return number;
}

inline UInt16 NameOf(const char* letters) {
    return static_cast<UInt16>(Number(reinterpret_cast<const UInt8*>(letters), 2));
}

} // namespace

RTPMetaInfoPacket::RTPMetaInfoPacket()
    : fPacketBuffer(NULL), fPacketLen(0), fTransmitTime(0), fFrameType(kUnknownFrameType), fPacketNumber(0),
      fPacketPosition(0), fMediaDataP(NULL), fMediaDataLen(0), fSeqNum(0) {}

RTPMetaInfoPacket::FieldName RTPMetaInfoPacket::GetFieldNameForIndex(FieldIndex inIndex) {
    return inIndex < kNumFields ? NameOf(kFields[inIndex].name) : FieldName(0);
}

RTPMetaInfoPacket::FieldIndex RTPMetaInfoPacket::GetFieldIndexForName(FieldName inName) {
    FieldIndex field = 0;
    while (field < kNumFields && NameOf(kFields[field].name) != inName)
        field++;
    return field;
}

void RTPMetaInfoPacket::ConstructFieldIDArrayFromHeader(StrPtrLen* inHeader, FieldID* ioFieldIDArray) {
    for (int i = 0; i < kNumFields; i++)
        ioFieldIDArray[i] = kFieldNotUsed;
    StringParser parser(inHeader);
    while (parser.GetDataRemaining() > 0) {
        StrPtrLen item;
        (void)parser.GetThru(&item, ';');
        if (item.Len < 2)
            break;
        FieldIndex field = GetFieldIndexForName(NameOf(item.Ptr));
        FieldID id = kUncompressed;
        if (item.Len > 3) {
            StringParser number(&item);
            number.ConsumeLength(NULL, 3);
            id = static_cast<FieldID>(number.ConsumeInteger());
        }
        if (field != kIllegalField)
            ioFieldIDArray[field] = id;
    }
}

void RTPMetaInfoPacket::SetField(FieldIndex field, UInt8* data, UInt32 length) {
    switch (field) {
    case kPacketPosField: fPacketPosition = Number(data, length); break;
    case kTransTimeField: fTransmitTime = static_cast<SInt64>(Number(data, length)); break;
    case kFrameTypeField: fFrameType = static_cast<FrameTypeField>(Number(data, length)); break;
    case kPacketNumField: fPacketNumber = Number(data, length); break;
    case kSeqNumField: fSeqNum = static_cast<UInt16>(Number(data, length)); break;
    case kMediaDataField:
        fMediaDataP = data;
        fMediaDataLen = length;
        break;
    default: break;
    }
}

Bool16 RTPMetaInfoPacket::ParsePacket(UInt8* inPacketBuffer, UInt32 inPacketLen, FieldID* inFieldIDArray) {
    fPacketBuffer = inPacketBuffer;
    fPacketLen = inPacketLen;
    UInt32 at = kRTPHeaderLen;
    while (at + 2 < inPacketLen) {
        FieldIndex field = kIllegalField;
        UInt32 length;
        const bool compressed = (inPacketBuffer[at] & 0x80) != 0;
        if (compressed) {
            FieldID id = inPacketBuffer[at] & 0x7F;
            for (FieldIndex i = 0; inFieldIDArray != NULL && i < kNumFields && field == kIllegalField; i++) {
                if (inFieldIDArray[i] == id)
                    field = i;
            }
            length = inPacketBuffer[at + 1];
            at += 2;
        } else {
            if (at + 4 > inPacketLen)
                break;
            field = GetFieldIndexForName(static_cast<FieldName>(Number(inPacketBuffer + at, 2)));
            length = static_cast<UInt32>(Number(inPacketBuffer + at + 2, 2));
            at += 4;
        }
        if (length > inPacketLen - at)
            return false;
        if (field != kIllegalField && kFields[field].length != kAnyLength && kFields[field].length != length)
            return false;
        SetField(field, inPacketBuffer + at, length);
        at += length;
    }
    return true;
}

UInt8* RTPMetaInfoPacket::MakeRTPPacket(UInt32* outPacketLen) {
    if (fMediaDataP == NULL)
        return NULL;
    UInt8* start = fMediaDataP - kRTPHeaderLen;
    ::memmove(start, fPacketBuffer, kRTPHeaderLen);
    if (outPacketLen != NULL)
        *outPacketLen = fMediaDataLen + kRTPHeaderLen;
    return start;
}
