// SPDX-License-Identifier: MIT OR Apache-2.0
// Walks through a text and cuts pieces out of it, which point into the text itself.
//
// Nothing is ever read behind the end of the text. At the end, or over a NULL text, every call succeeds
// with an empty piece, 0 or false.
#ifndef QTSS_SDK_STRING_PARSER_H
#define QTSS_SDK_STRING_PARSER_H

#include "MyAssert.h"
#include "StrPtrLen.h"

class StringParser {
public:
    // Tables of 256 entries for ConsumeUntil: 1 for the bytes that stop it. White space is blank, tab,
    // CR, LF, vertical tab and form feed; sWhitespaceMask stops at everything else.
    static UInt8 sNonWordMask[];
    static UInt8 sWordMask[];
    static UInt8 sDigitMask[];
    static UInt8 sEOLMask[];
    static UInt8 sWhitespaceMask[];
    static UInt8 sEOLWhitespaceMask[];
    static UInt8 sEOLWhitespaceQueryMask[]; // also stops at a question mark

    // The text must stay where it is; the StrPtrLen is only looked at here.
    StringParser(StrPtrLen* inStream);

    StrPtrLen* GetStream() { return fStream; }
    char* GetCurrentPosition() { return fStartGet; }
    UInt32 GetDataParsedLen() { return static_cast<UInt32>(fStartGet - fBegin); }
    UInt32 GetDataReceivedLen() { return static_cast<UInt32>(fEndGet - fBegin); }
    UInt32 GetDataRemaining() { return static_cast<UInt32>(fEndGet - fStartGet); }
    int GetCurrentLineNumber() { return fCurLineNumber; } // from 1
    char PeekFast() { return fStartGet < fEndGet ? *fStartGet : '\0'; }
    char operator[](int i) {
        Assert(fStartGet + i < fEndGet);
        return fStartGet[i];
    }
    // True for a NULL text only.
    Bool16 ParserIsEmpty(StrPtrLen* outString) {
        if (fStartGet != NULL)
            return false;
        if (outString != NULL)
            outString->Set(NULL, 0);
        return true;
    }

    // Take the byte, or the line end (CR, LF or CR LF), if it is next.
    Bool16 Expect(char stopChar);
    Bool16 ExpectEOL();

    // The stop byte is not taken.
    void ConsumeUntil(StrPtrLen* outString, char inStopChar);
    void ConsumeUntil(StrPtrLen* outString, const UInt8* inMask);
    void ConsumeWord(StrPtrLen* outString = NULL) { ConsumeUntil(outString, sNonWordMask); }
    void ConsumeWhitespace() { ConsumeUntil(NULL, sWhitespaceMask); }
    void ConsumeUntilWhitespace(StrPtrLen* outString = NULL) { ConsumeUntil(outString, sEOLWhitespaceMask); }
    void ConsumeUntilDigit(StrPtrLen* outString = NULL) { ConsumeUntil(outString, sDigitMask); }
    void ConsumeEOL(StrPtrLen* outString);
    // A negative number goes back, at most to the start of the text, and gives an empty piece.
    void ConsumeLength(StrPtrLen* outString, SInt32 numBytes);

    // Decimal digits, without overflow check; 0 if there are none.
    UInt32 ConsumeInteger(StrPtrLen* outString = NULL);
    Float32 ConsumeFloat();
    // Seconds of an npt-time (RFC 2326 3.6): h:m:s.f or s.f.
    Float32 ConsumeNPT();

    // ConsumeUntil and Expect in one.
    Bool16 GetThru(StrPtrLen* outString, char inStopChar) {
        ConsumeUntil(outString, inStopChar);
        return Expect(inStopChar);
    }
    Bool16 GetThruEOL(StrPtrLen* outString) {
        ConsumeUntil(outString, sEOLMask);
        return ExpectEOL();
    }

    // Takes one single or double quote off either end of a text of two bytes or more.
    static void UnQuote(StrPtrLen* outString);

private:
    void AdvanceMark();
    void Report(StrPtrLen* outString, char* from) const;
    bool AtDigit() const { return fStartGet < fEndGet && *fStartGet >= '0' && *fStartGet <= '9'; }

    StrPtrLen* fStream;
    char* fBegin;
    char* fStartGet;
    char* fEndGet;
    int fCurLineNumber;
};

#endif
