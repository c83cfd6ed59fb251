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
    StringParser(StrPtrLen* stream);

    StrPtrLen* GetStream() { return text_; }
    char* GetCurrentPosition() { return next_; }
    UInt32 GetDataParsedLen() { return static_cast<UInt32>(next_ - begin_); }
    UInt32 GetDataReceivedLen() { return static_cast<UInt32>(end_ - begin_); }
    UInt32 GetDataRemaining() { return static_cast<UInt32>(end_ - next_); }
    int GetCurrentLineNumber() { return line_; } // from 1
    char PeekFast() { return next_ < end_ ? *next_ : '\0'; }
    char operator[](int i) {
        Assert(next_ + i < end_);
        return next_[i];
    }
    // True for a NULL text only.
    Bool16 ParserIsEmpty(StrPtrLen* string) {
        if (next_ != NULL)
            return false;
        if (string != NULL)
            string->Set(NULL, 0);
        return true;
    }

    // Take the byte, or the line end (CR, LF or CR LF), if it is next.
    Bool16 Expect(char wanted);
    Bool16 ExpectEOL();

    // The stop byte is not taken.
    void ConsumeUntil(StrPtrLen* string, char stop);
    void ConsumeUntil(StrPtrLen* string, const UInt8* mask);
    void ConsumeWord(StrPtrLen* string = NULL) { ConsumeUntil(string, sNonWordMask); }
    void ConsumeWhitespace() { ConsumeUntil(NULL, sWhitespaceMask); }
    void ConsumeUntilWhitespace(StrPtrLen* string = NULL) { ConsumeUntil(string, sEOLWhitespaceMask); }
    void ConsumeUntilDigit(StrPtrLen* string = NULL) { ConsumeUntil(string, sDigitMask); }
    void ConsumeEOL(StrPtrLen* string);
    // A negative number goes back, at most to the start of the text, and gives an empty piece.
    void ConsumeLength(StrPtrLen* string, SInt32 numBytes);

    // Decimal digits, without overflow check; 0 if there are none.
    UInt32 ConsumeInteger(StrPtrLen* string = NULL);
    Float32 ConsumeFloat();
    // Seconds of an npt-time (RFC 2326 3.6): h:m:s.f or s.f.
    Float32 ConsumeNPT();

    // ConsumeUntil and Expect in one.
    Bool16 GetThru(StrPtrLen* string, char stop) {
        ConsumeUntil(string, stop);
        return Expect(stop);
    }
    Bool16 GetThruEOL(StrPtrLen* string) {
        ConsumeUntil(string, sEOLMask);
        return ExpectEOL();
    }

    // Takes one single or double quote off either end of a text of two bytes or more.
    static void UnQuote(StrPtrLen* string);

private:
    void AdvanceMark();
    void Report(StrPtrLen* string, char* from) const;
    bool AtDigit() const { return next_ < end_ && *next_ >= '0' && *next_ <= '9'; }

    StrPtrLen* text_;
    char* begin_;
    char* next_;
    char* end_;
    int line_;
};

#endif
