// SPDX-License-Identifier: MIT OR Apache-2.0
// An SDP (RFC 4566) as lines, and the same with its lines in the order that the RFC wants.
#ifndef QTSS_SDK_SDP_UTILS_H
#define QTSS_SDK_SDP_UTILS_H

#include "OS.h"
#include "OSMemory.h"
#include "ResizeableStringFormatter.h"
#include "StrPtrLen.h"
#include "StringParser.h"

class SDPLine : public StrPtrLen {
public:
    SDPLine() {}
    virtual ~SDPLine() {}
    // The letter before the equal sign; 0 for an empty line.
    char GetHeaderType() { return Ptr != NULL && Len > 0 ? Ptr[0] : '\0'; }
};

// The lines point into the caller's text. Indices from at 0; -1 stands for none.
class SDPContainer {
public:
    SDPContainer(UInt32 numStrPtrs = kBaseLines);
    ~SDPContainer() { delete[] lines_; }

    // Forgets all lines.
    void Initialize();
    // Take a text apart; true if every line is a letter of SDP, an equal sign and a value that does not
    // from with white space, and there is a line at all. Lines before a bad one are kept. A last line
    // without line end does not count.
    Bool16 SetSDPBuffer(char* sdpBuffer);
    Bool16 SetSDPBuffer(StrPtrLen* sdpBufferPtr);
    void Parse();
    Bool16 IsSDPBufferValid() { return valid_; }
    // v, s, t and o lines.
    Bool16 HasReqLines() { return required_ == kAllReq; }
    Bool16 HasLineType(char lineType) { return lineType != '\0' && fields_[static_cast<UInt8>(lineType)] == lineType; }

    // Index of the new line.
    SInt32 AddHeaderLine(StrPtrLen* linePtr);
    // Index of the next line of a type from `from` on, which becomes the current one, or -1.
    SInt32 FindHeaderLineType(char letter, SInt32 from);
    // NULL outside.
    SDPLine* GetLine(SInt32 place);
    // The line behind the current one, which becomes the current one; NULL behind the last.
    SDPLine* GetNextLine();
    void SetLine(SInt32 place);
    SInt32 GetNumLines() { return used_; }

    void PrintLine(SInt32 place);
    void PrintAllLines();

    SInt32 at_;
    SInt32 room_; // room for so many
    SInt32 used_;
    SDPLine* lines_;
    Bool16 valid_;
    StrPtrLen text_;
    UInt16 required_;
    char fields_[256];

private:
    enum { kBaseLines = 20 };
    enum { kV = 1, kS = 2, kT = 4, kO = 8, kAllReq = kV | kS | kT | kO };

    SDPContainer(const SDPContainer&);
    SDPContainer& operator=(const SDPContainer&);

    bool ParseLine(StrPtrLen* line);
};

// Session lines are brought into the order "vosiuepcbtrzka"; of those that may stand once only the first
// is kept, and likewise of a=range. Media sections stay as they are, but for:
// a factor for the numbers of b lines, then written as b=AS, and lines put before the first a line of each section.
class SDPLineSorter {
public:
    SDPLineSorter() : sessionLines_(0) {}
    SDPLineSorter(SDPContainer* rawSDPContainerPtr, Float32 adjustMediaBandwidthPercent = 1.0,
                  SDPContainer* insertMediaLinesArray = NULL);

    StrPtrLen* GetSessionHeaders() { return &sessionView_; }
    StrPtrLen* GetMediaHeaders() { return &mediaView_; }
    // All of it, terminated, from new[].
    char* GetSortedSDPCopy();
    // False for a second a=range line.
    Bool16 ValidateSessionHeader(StrPtrLen* headerLinePtr);

    SInt32 sessionLines_;
    SDPContainer session_;
    ResizeableStringFormatter sessionText_;
    ResizeableStringFormatter mediaText_;
    StrPtrLen sessionView_;
    StrPtrLen mediaView_;

private:
    SDPLineSorter(const SDPLineSorter&);
    SDPLineSorter& operator=(const SDPLineSorter&);

    void PutMedia(StrPtrLen* media, Float32 bandwidthFactor, SDPContainer* insertLines);
    void PutSession();
};

#endif
