// SPDX-License-Identifier: MIT OR Apache-2.0
#include "SDPUtils.h"

namespace {
const char kSessionOrder[] = "vosiuepcbtrzka";
const char kOnceOnly[] = "vtosiuepcbzk";
const char kAllTypes[] = "vosiuepcbtrzkam";
} // namespace

SDPContainer::SDPContainer(UInt32 numStrPtrs)
    : at_(0), room_(static_cast<SInt32>(numStrPtrs == 0 ? 1 : numStrPtrs)), used_(0),
      lines_(NULL), valid_(false), required_(0) {
    Initialize();
}

void SDPContainer::Initialize() {
    at_ = 0;
    used_ = 0;
    delete[] lines_;
    lines_ = NEW SDPLine[static_cast<size_t>(room_)];
    valid_ = false;
    required_ = 0;
    ::memset(fields_, 0, sizeof(fields_));
}

SInt32 SDPContainer::AddHeaderLine(StrPtrLen* linePtr) {
    if (used_ == room_) {
        SDPLine* grown = NEW SDPLine[static_cast<size_t>(room_) * 2];
        for (SInt32 i = 0; i < used_; i++)
            grown[i].Set(lines_[i].Ptr, lines_[i].Len);
        delete[] lines_;
        lines_ = grown;
        room_ *= 2;
    }
    lines_[used_].Set(linePtr->Ptr, linePtr->Len);
    return used_++;
}

SInt32 SDPContainer::FindHeaderLineType(char letter, SInt32 from) {
    if (from < 0)
        return -1;
    for (SInt32 i = from; i < used_; i++) {
        if (lines_[i].GetHeaderType() == letter) {
            at_ = i;
            return i;
        }
    }
    return -1;
}

SDPLine* SDPContainer::GetLine(SInt32 place) {
    return place >= 0 && place < used_ ? &lines_[place] : NULL;
}

SDPLine* SDPContainer::GetNextLine() {
    if (at_ + 1 >= used_)
        return NULL;
    at_++;
    return &lines_[at_];
}

void SDPContainer::SetLine(SInt32 place) {
    Assert(place >= 0 && place < used_);
    if (place >= 0 && place < used_)
        at_ = place;
}

bool SDPContainer::ParseLine(StrPtrLen* line) {
    StringParser parser(line);
    char type = parser.PeekFast();
    fields_[static_cast<UInt8>(type)] = type;
    switch (type) {
    case 'v': required_ |= kV; break;
    case 's': required_ |= kS; break;
    case 't': required_ |= kT; break;
    case 'o': required_ |= kO; break;
    default: break;
    }
    StrPtrLen name;
    if (!parser.GetThru(&name, '=') || name.Len != 1 || ::strchr(kAllTypes, type) == NULL)
        return false;
    const char* value = parser.GetCurrentPosition();
    parser.ConsumeWhitespace();
    return parser.GetCurrentPosition() == value;
}

void SDPContainer::Parse() {
    bool valid = true;
    StringParser parser(&text_);
    StrPtrLen line;
    while (valid && parser.GetDataRemaining() > 0 && parser.GetThruEOL(&line)) {
        StringParser blank(&line);
        blank.ConsumeWhitespace();
        if (blank.PeekFast() == '\0')
            continue;
        line.Set(blank.GetCurrentPosition(), blank.GetDataRemaining());
        valid = ParseLine(&line);
        if (valid)
            (void)AddHeaderLine(&line);
    }
    valid_ = valid && used_ > 0;
}

Bool16 SDPContainer::SetSDPBuffer(char* sdpBuffer) {
    StrPtrLen text(sdpBuffer);
    return SetSDPBuffer(&text);
}

Bool16 SDPContainer::SetSDPBuffer(StrPtrLen* sdpBufferPtr) {
    Initialize();
    if (sdpBufferPtr != NULL) {
        text_.Set(sdpBufferPtr->Ptr, sdpBufferPtr->Len);
        Parse();
    }
    return IsSDPBufferValid();
}

void SDPContainer::PrintLine(SInt32 place) {
    SDPLine* line = GetLine(place);
    if (line != NULL)
        line->PrintStr("\n");
}

void SDPContainer::PrintAllLines() {
    for (SInt32 i = 0; i < used_; i++)
        PrintLine(i);
    if (used_ == 0)
        qtss_printf("no SDP lines\n");
}

SDPLineSorter::SDPLineSorter(SDPContainer* rawSDPContainerPtr, Float32 adjustMediaBandwidthPercent,
                             SDPContainer* insertMediaLinesArray)
    : sessionLines_(0) {
    if (rawSDPContainerPtr == NULL)
        return;
    SInt32 mediaIndex = rawSDPContainerPtr->FindHeaderLineType('m', 0);
    sessionLines_ = mediaIndex < 0 ? rawSDPContainerPtr->GetNumLines() : mediaIndex;
    for (SInt32 i = 0; i < sessionLines_; i++)
        (void)session_.AddHeaderLine(rawSDPContainerPtr->GetLine(i));
    PutSession();

    const StrPtrLen& all = rawSDPContainerPtr->text_;
    SDPLine* mediaStart = rawSDPContainerPtr->GetLine(mediaIndex);
    if (mediaStart != NULL && mediaStart->Ptr != NULL && all.Ptr != NULL) {
        StrPtrLen media(mediaStart->Ptr, all.Len - static_cast<UInt32>(mediaStart->Ptr - all.Ptr));
        PutMedia(&media, adjustMediaBandwidthPercent, insertMediaLinesArray);
    }
}

void SDPLineSorter::PutMedia(StrPtrLen* media, Float32 bandwidthFactor, SDPContainer* insertLines) {
    const bool adjust = bandwidthFactor < 1.0f || bandwidthFactor > 1.0f;
    bool insertDue = true; // in this section, before its first a line
    SDPLine line;
    StringParser parser(media);
    while (parser.GetDataRemaining() > 0 && parser.GetThruEOL(&line)) {
        char type = line.GetHeaderType();
        if (type == 'm')
            insertDue = true;
        if (type == 'a' && insertDue && insertLines != NULL) {
            insertDue = false;
            for (SInt32 i = 0; i < insertLines->GetNumLines(); i++)
                mediaText_.Put(*insertLines->GetLine(i)); // with its line end
        }
        if (type == 'b' && adjust) {
            StringParser number(&line);
            number.ConsumeUntilDigit();
            Float64 kilobits = 0.5 + bandwidthFactor * static_cast<Float64>(number.ConsumeInteger());
            mediaText_.Put("b=AS:");
            mediaText_.Put(kilobits < 1 ? 1 : kilobits >= kSInt32_Max ? kSInt32_Max : static_cast<SInt32>(kilobits));
        } else {
            mediaText_.Put(line);
        }
        mediaText_.PutEOL();
    }
    mediaView_.Set(mediaText_.GetBufPtr(), mediaText_.GetCurrentOffset());
}

void SDPLineSorter::PutSession() {
    for (const char* type = kSessionOrder; *type != '\0'; type++) {
        SInt32 place = session_.FindHeaderLineType(*type, 0);
        while (place >= 0) {
            SDPLine* line = session_.GetLine(place);
            if (this->ValidateSessionHeader(line)) {
                sessionText_.Put(*line);
                sessionText_.PutEOL();
            }
            if (::strchr(kOnceOnly, *type) != NULL)
                break;
            place = session_.FindHeaderLineType(*type, place + 1);
        }
    }
    sessionView_.Set(sessionText_.GetBufPtr(), sessionText_.GetCurrentOffset());
}

Bool16 SDPLineSorter::ValidateSessionHeader(StrPtrLen* headerLinePtr) {
    if (headerLinePtr == NULL || headerLinePtr->Ptr == NULL || headerLinePtr->Len == 0)
        return false;
    if (headerLinePtr->FindString("a=range") == NULL)
        return true;
    StrPtrLen soFar(sessionText_.GetBufPtr(), sessionText_.GetCurrentOffset());
    return soFar.FindString("a=range") == NULL;
}

char* SDPLineSorter::GetSortedSDPCopy() {
    ResizeableStringFormatter all;
    all.Put(sessionView_);
    all.Put(mediaView_);
    return all.GetAsCString();
}
