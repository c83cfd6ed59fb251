// SPDX-License-Identifier: MIT OR Apache-2.0
// A piece of text: a pointer and a length, neither owned nor terminated.
#ifndef QTSS_SDK_STR_PTR_LEN_H
#define QTSS_SDK_STR_PTR_LEN_H

#include <ctype.h>
#include <string.h>
#include "MyAssert.h"
#include "OSHeaders.h"
#include "SafeStdLib.h"

class StrPtrLen {
public:
    StrPtrLen() : Ptr(NULL), Len(0) {}
    StrPtrLen(const char* sp) : Ptr(const_cast<char*>(sp)), Len(LengthOf(sp)) {}
    StrPtrLen(const char* sp, UInt32 len) : Ptr(const_cast<char*>(sp)), Len(len) {}
    StrPtrLen(const StrPtrLen& other) : Ptr(other.Ptr), Len(other.Len) {}
    virtual ~StrPtrLen() {}

    StrPtrLen& operator=(const StrPtrLen& other) {
        Ptr = other.Ptr;
        Len = other.Len;
        return *this;
    }
    char operator[](int i) const { return Ptr[i]; }

    void Set(const char* inPtr) { Set(inPtr, LengthOf(inPtr)); }
    void Set(const char* inPtr, UInt32 inLen) {
        Ptr = const_cast<char*>(inPtr);
        Len = inLen;
    }
    // delete[]s the text, which must come from new[].
    void Delete() {
        delete[] Ptr;
        Ptr = NULL;
        Len = 0;
    }

    // Two NULL texts are equal; a NULL text equals no other, not even an empty one.
    Bool16 Equal(const StrPtrLen& compare) const;
    Bool16 Equal(const char* compare) const;
    // The cases of ASCII letters are alike.
    Bool16 EqualIgnoreCase(const char* compare, UInt32 len) const;
    Bool16 EqualIgnoreCase(const StrPtrLen& compare) const { return EqualIgnoreCase(compare.Ptr, compare.Len); }
    // Looks at the first `len` bytes only; false if this text is shorter than that.
    Bool16 NumEqualIgnoreCase(const char* compare, UInt32 len) const;

    // First place of a terminated query text, as a pointer into this one, or NULL; the search ends at a
    // zero byte. The result, if asked for, is the place and the query's length, or empty.
    char* FindStringCase(const char* query, StrPtrLen* outResult, Bool16 caseSensitive) const;
    char* FindString(const char* query) const { return FindStringCase(query, NULL, true); }
    char* FindString(const char* query, StrPtrLen* outResult) const { return FindStringCase(query, outResult, true); }
    char* FindString(StrPtrLen* query, StrPtrLen* outResult = NULL) const { return Find(*query, outResult, true); }
    char* FindString(const StrPtrLen& query, StrPtrLen* outResult = NULL) const { return Find(query, outResult, true); }
    char* FindStringIgnoreCase(const char* query) const { return FindStringCase(query, NULL, false); }
    char* FindStringIgnoreCase(const char* query, StrPtrLen* outResult) const {
        return FindStringCase(query, outResult, false);
    }
    char* FindStringIgnoreCase(StrPtrLen* query, StrPtrLen* outResult = NULL) const {
        return Find(*query, outResult, false);
    }
    char* FindStringIgnoreCase(const StrPtrLen& query, StrPtrLen* outResult = NULL) const {
        return Find(query, outResult, false);
    }

    // A terminated copy from new[], also of an empty or NULL text.
    char* GetAsCString() const;

    // Changes the text in place; returns its start.
    char* ToUpper();

    // Blanks and tabs. The Trim calls move the ends, RemoveWhitespace moves the text itself together.
    // All return the new length.
    UInt32 TrimLeadingWhitespace();
    UInt32 TrimTrailingWhitespace();
    UInt32 RemoveWhitespace();
    void TrimWhitespace() {
        TrimLeadingWhitespace();
        TrimTrailingWhitespace();
    }

    // Print on standard output, up to the first unprintable byte; line ends count as printable.
    void PrintStr();
    void PrintStr(const char* appendStr);
    void PrintStr(const char* prependStr, const char* appendStr);
    // Shows CR and LF as \r and \n, and ends behind the first `stopStr`.
    void PrintStrEOL(const char* stopStr = NULL, const char* appendStr = NULL);

    char* Ptr;
    UInt32 Len;

private:
    static UInt32 LengthOf(const char* text) { return text == NULL ? 0 : static_cast<UInt32>(::strlen(text)); }
    char* Find(const StrPtrLen& query, StrPtrLen* outResult, bool caseSensitive) const;
    UInt32 PrintableLength() const;
};

// The same, but it owns its text, which must come from new[].
class StrPtrLenDel : public StrPtrLen {
public:
    StrPtrLenDel() {}
    StrPtrLenDel(char* sp) : StrPtrLen(sp) {}
    StrPtrLenDel(char* sp, UInt32 len) : StrPtrLen(sp, len) {}
    virtual ~StrPtrLenDel() { Delete(); }
};

#endif
