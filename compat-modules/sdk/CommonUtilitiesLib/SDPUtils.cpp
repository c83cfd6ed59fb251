// SPDX-License-Identifier: MIT OR Apache-2.0
#include "SDPUtils.h"

namespace {
const char kSessionOrder[] = "vosiuepcbtrzka";
const char kOnceOnly[] = "vtosiuepcbzk";
const char kAllTypes[] = "vosiuepcbtrzkam";
} // namespace

SDPContainer::SDPContainer(UInt32 numStrPtrs)
    : fCurrentLine(0), fNumSDPLines(static_cast<SInt32>(numStrPtrs == 0 ? 1 : numStrPtrs)), fNumUsedLines(0),
      fSDPLineArray(NULL), fValid(false), fReqLines(0) {
    Initialize();
}

void SDPContainer::Initialize() {
    fCurrentLine = 0;
    fNumUsedLines = 0;
    delete[] fSDPLineArray;
    fSDPLineArray = NEW SDPLine[static_cast<size_t>(fNumSDPLines)];
    fValid = false;
    fReqLines = 0;
    ::memset(fFieldStr, 0, sizeof(fFieldStr));
}

SInt32 SDPContainer::AddHeaderLine(StrPtrLen* theLinePtr) {
    if (fNumUsedLines == fNumSDPLines) {
        SDPLine* grown = NEW SDPLine[static_cast<size_t>(fNumSDPLines) * 2];
        for (SInt32 i = 0; i < fNumUsedLines; i++)
            grown[i].Set(fSDPLineArray[i].Ptr, fSDPLineArray[i].Len);
        delete[] fSDPLineArray;
        fSDPLineArray = grown;
        fNumSDPLines *= 2;
    }
    fSDPLineArray[fNumUsedLines].Set(theLinePtr->Ptr, theLinePtr->Len);
    return fNumUsedLines++;
}

SInt32 SDPContainer::FindHeaderLineType(char id, SInt32 start) {
    if (start < 0)
        return -1;
    for (SInt32 i = start; i < fNumUsedLines; i++) {
        if (fSDPLineArray[i].GetHeaderType() == id) {
            fCurrentLine = i;
            return i;
        }
    }
    return -1;
}

SDPLine* SDPContainer::GetLine(SInt32 lineIndex) {
    return lineIndex >= 0 && lineIndex < fNumUsedLines ? &fSDPLineArray[lineIndex] : NULL;
}

SDPLine* SDPContainer::GetNextLine() {
    if (fCurrentLine + 1 >= fNumUsedLines)
        return NULL;
    fCurrentLine++;
    return &fSDPLineArray[fCurrentLine];
}

void SDPContainer::SetLine(SInt32 index) {
    Assert(index >= 0 && index < fNumUsedLines);
    if (index >= 0 && index < fNumUsedLines)
        fCurrentLine = index;
}

bool SDPContainer::ParseLine(StrPtrLen* line) {
    StringParser parser(line);
    char type = parser.PeekFast();
    fFieldStr[static_cast<UInt8>(type)] = type;
    switch (type) {
    case 'v': fReqLines |= kV; break;
    case 's': fReqLines |= kS; break;
    case 't': fReqLines |= kT; break;
    case 'o': fReqLines |= kO; break;
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
    StringParser parser(&fSDPBuffer);
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
    fValid = valid && fNumUsedLines > 0;
}

Bool16 SDPContainer::SetSDPBuffer(char* sdpBuffer) {
    StrPtrLen text(sdpBuffer);
    return SetSDPBuffer(&text);
}

Bool16 SDPContainer::SetSDPBuffer(StrPtrLen* sdpBufferPtr) {
    Initialize();
    if (sdpBufferPtr != NULL) {
        fSDPBuffer.Set(sdpBufferPtr->Ptr, sdpBufferPtr->Len);
        Parse();
    }
    return IsSDPBufferValid();
}

void SDPContainer::PrintLine(SInt32 lineIndex) {
    SDPLine* line = GetLine(lineIndex);
    if (line != NULL)
        line->PrintStr("\n");
}

void SDPContainer::PrintAllLines() {
    for (SInt32 i = 0; i < fNumUsedLines; i++)
        PrintLine(i);
    if (fNumUsedLines == 0)
        qtss_printf("no SDP lines\n");
}

SDPLineSorter::SDPLineSorter(SDPContainer* rawSDPContainerPtr, Float32 adjustMediaBandwidthPercent,
                             SDPContainer* insertMediaLinesArray)
    : fSessionLineCount(0) {
    if (rawSDPContainerPtr == NULL)
        return;
    SInt32 mediaIndex = rawSDPContainerPtr->FindHeaderLineType('m', 0);
    fSessionLineCount = mediaIndex < 0 ? rawSDPContainerPtr->GetNumLines() : mediaIndex;
    for (SInt32 i = 0; i < fSessionLineCount; i++)
        (void)fSessionSDPContainer.AddHeaderLine(rawSDPContainerPtr->GetLine(i));
    PutSession();

    const StrPtrLen& all = rawSDPContainerPtr->fSDPBuffer;
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
                fSDPMediaHeaders.Put(*insertLines->GetLine(i)); // with its line end
        }
        if (type == 'b' && adjust) {
            StringParser number(&line);
            number.ConsumeUntilDigit();
            Float64 kilobits = 0.5 + bandwidthFactor * static_cast<Float64>(number.ConsumeInteger());
            fSDPMediaHeaders.Put("b=AS:");
            fSDPMediaHeaders.Put(kilobits < 1 ? 1 : kilobits >= kSInt32_Max ? kSInt32_Max : static_cast<SInt32>(kilobits));
        } else {
            fSDPMediaHeaders.Put(line);
        }
        fSDPMediaHeaders.PutEOL();
    }
    fMediaHeaders.Set(fSDPMediaHeaders.GetBufPtr(), fSDPMediaHeaders.GetCurrentOffset());
}

void SDPLineSorter::PutSession() {
    for (const char* type = kSessionOrder; *type != '\0'; type++) {
        SInt32 index = fSessionSDPContainer.FindHeaderLineType(*type, 0);
        while (index >= 0) {
            SDPLine* line = fSessionSDPContainer.GetLine(index);
            if (this->ValidateSessionHeader(line)) {
                fSDPSessionHeaders.Put(*line);
                fSDPSessionHeaders.PutEOL();
            }
            if (::strchr(kOnceOnly, *type) != NULL)
                break;
            index = fSessionSDPContainer.FindHeaderLineType(*type, index + 1);
        }
    }
    fSessionHeaders.Set(fSDPSessionHeaders.GetBufPtr(), fSDPSessionHeaders.GetCurrentOffset());
}

Bool16 SDPLineSorter::ValidateSessionHeader(StrPtrLen* theHeaderLinePtr) {
    if (theHeaderLinePtr == NULL || theHeaderLinePtr->Ptr == NULL || theHeaderLinePtr->Len == 0)
        return false;
    if (theHeaderLinePtr->FindString("a=range") == NULL)
        return true;
    StrPtrLen soFar(fSDPSessionHeaders.GetBufPtr(), fSDPSessionHeaders.GetCurrentOffset());
    return soFar.FindString("a=range") == NULL;
}

char* SDPLineSorter::GetSortedSDPCopy() {
    ResizeableStringFormatter all;
    all.Put(fSessionHeaders);
    all.Put(fMediaHeaders);
    return all.GetAsCString();
}
