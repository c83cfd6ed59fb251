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
    : packet_(NULL), packetEnd_(0), sendAt_(0), frame_(kUnknownFrameType), number_(0),
      position_(0), media_(NULL), mediaBytes_(0), sequence_(0) {}

RTPMetaInfoPacket::FieldName RTPMetaInfoPacket::GetFieldNameForIndex(FieldIndex index) {
    return index < kNumFields ? NameOf(kFields[index].name) : FieldName(0);
}

RTPMetaInfoPacket::FieldIndex RTPMetaInfoPacket::GetFieldIndexForName(FieldName name) {
    FieldIndex field = 0;
    while (field < kNumFields && NameOf(kFields[field].name) != name)
        field++;
    return field;
}

void RTPMetaInfoPacket::ConstructFieldIDArrayFromHeader(StrPtrLen* header, FieldID* layout) {
    for (int i = 0; i < kNumFields; i++)
        layout[i] = kFieldNotUsed;
    StringParser parser(header);
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
            layout[field] = id;
    }
}

void RTPMetaInfoPacket::SetField(FieldIndex field, UInt8* data, UInt32 length) {
    switch (field) {
    case kPacketPosField: position_ = Number(data, length); break;
    case kTransTimeField: sendAt_ = static_cast<SInt64>(Number(data, length)); break;
    case kFrameTypeField: frame_ = static_cast<FrameTypeField>(Number(data, length)); break;
    case kPacketNumField: number_ = Number(data, length); break;
    case kSeqNumField: sequence_ = static_cast<UInt16>(Number(data, length)); break;
    case kMediaDataField:
        media_ = data;
        mediaBytes_ = length;
        break;
    default: break;
    }
}

Bool16 RTPMetaInfoPacket::ParsePacket(UInt8* packetBuffer, UInt32 packetLen, FieldID* layout) {
    packet_ = packetBuffer;
    packetEnd_ = packetLen;
    UInt32 at = kRTPHeaderLen;
    while (at + 2 < packetLen) {
        FieldIndex field = kIllegalField;
        UInt32 length;
        const bool compressed = (packetBuffer[at] & 0x80) != 0;
        if (compressed) {
            FieldID id = packetBuffer[at] & 0x7F;
            for (FieldIndex i = 0; layout != NULL && i < kNumFields && field == kIllegalField; i++) {
                if (layout[i] == id)
                    field = i;
            }
            length = packetBuffer[at + 1];
            at += 2;
        } else {
            if (at + 4 > packetLen)
                break;
            field = GetFieldIndexForName(static_cast<FieldName>(Number(packetBuffer + at, 2)));
            length = static_cast<UInt32>(Number(packetBuffer + at + 2, 2));
            at += 4;
        }
        if (length > packetLen - at)
            return false;
        if (field != kIllegalField && kFields[field].length != kAnyLength && kFields[field].length != length)
            return false;
        SetField(field, packetBuffer + at, length);
        at += length;
    }
    return true;
}

UInt8* RTPMetaInfoPacket::MakeRTPPacket(UInt32* packetBytes) {
    if (media_ == NULL)
        return NULL;
    UInt8* start = media_ - kRTPHeaderLen;
    ::memmove(start, packet_, kRTPHeaderLen);
    if (packetBytes != NULL)
        *packetBytes = mediaBytes_ + kRTPHeaderLen;
    return start;
}
