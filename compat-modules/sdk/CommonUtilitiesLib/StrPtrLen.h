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
    StrPtrLen(const char* text) : Ptr(const_cast<char*>(text)), Len(LengthOf(text)) {}
    StrPtrLen(const char* text, UInt32 len) : Ptr(const_cast<char*>(text)), Len(len) {}
    StrPtrLen(const StrPtrLen& other) : Ptr(other.Ptr), Len(other.Len) {}
    virtual ~StrPtrLen() {}

    StrPtrLen& operator=(const StrPtrLen& other) {
        Ptr = other.Ptr;
        Len = other.Len;
        return *this;
    }
    char operator[](int i) const { return Ptr[i]; }

    void Set(const char* ptr) { Set(ptr, LengthOf(ptr)); }
    void Set(const char* ptr, UInt32 givenLen) {
        Ptr = const_cast<char*>(ptr);
        Len = givenLen;
    }
    // delete[]s the text, which must come from new[].
    void Delete() {
        delete[] Ptr;
        Ptr = NULL;
        Len = 0;
    }

    // Two NULL texts are equal; a NULL text equals no other, not even an empty one.
    Bool16 Equal(const StrPtrLen& other) const;
    Bool16 Equal(const char* other) const;
    // The cases of ASCII letters are alike.
    Bool16 EqualIgnoreCase(const char* other, UInt32 len) const;
    Bool16 EqualIgnoreCase(const StrPtrLen& other) const { return EqualIgnoreCase(other.Ptr, other.Len); }
    // Looks at the first `len` bytes only; false if this text is shorter than that.
    Bool16 NumEqualIgnoreCase(const char* other, UInt32 len) const;

    // First place of a terminated query text, as a pointer into this one, or NULL; the search ends at a
    // zero byte. The result, if asked for, is the place and the query's length, or empty.
    char* FindStringCase(const char* query, StrPtrLen* result, Bool16 caseSensitive) const;
    char* FindString(const char* query) const { return FindStringCase(query, NULL, true); }
    char* FindString(const char* query, StrPtrLen* result) const { return FindStringCase(query, result, true); }
    char* FindString(StrPtrLen* query, StrPtrLen* result = NULL) const { return Find(*query, result, true); }
    char* FindString(const StrPtrLen& query, StrPtrLen* result = NULL) const { return Find(query, result, true); }
    char* FindStringIgnoreCase(const char* query) const { return FindStringCase(query, NULL, false); }
    char* FindStringIgnoreCase(const char* query, StrPtrLen* result) const {
        return FindStringCase(query, result, false);
    }
    char* FindStringIgnoreCase(StrPtrLen* query, StrPtrLen* result = NULL) const {
        return Find(*query, result, false);
    }
    char* FindStringIgnoreCase(const StrPtrLen& query, StrPtrLen* result = NULL) const {
        return Find(query, result, false);
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
    void PrintStr(const char* after);
    void PrintStr(const char* before, const char* after);
    // Shows CR and LF as \r and \n, and ends behind the first `stopStr`.
    void PrintStrEOL(const char* stopStr = NULL, const char* after = NULL);

    char* Ptr;
    UInt32 Len;

private:
    static UInt32 LengthOf(const char* text) { return text == NULL ? 0 : static_cast<UInt32>(::strlen(text)); }
    char* Find(const StrPtrLen& query, StrPtrLen* result, bool caseSensitive) const;
    UInt32 PrintableLength() const;
};

// The same, but it owns its text, which must come from new[].
class StrPtrLenDel : public StrPtrLen {
public:
    StrPtrLenDel() {}
    StrPtrLenDel(char* text) : StrPtrLen(text) {}
    StrPtrLenDel(char* text, UInt32 len) : StrPtrLen(text, len) {}
    virtual ~StrPtrLenDel() { Delete(); }
};

#endif
