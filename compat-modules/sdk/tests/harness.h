// SPDX-License-Identifier: MIT OR Apache-2.0
// A test is a function; a check that fails is printed and counted. Any C++ from 98 on.
#ifndef QTSS_SDK_TESTS_HARNESS_H
#define QTSS_SDK_TESTS_HARNESS_H

#include <stdio.h>
#include <string>
#include "StrPtrLen.h"

namespace harness {

typedef void (*Function)();

struct Test {
    Test(const char* testName, Function testFunction);
    const char* name;
    Function function;
    Test* next;
};

void Fail(const char* file, int line, const std::string& text);

// The text of a piece, for comparisons; a NULL piece is told from an empty one.
inline std::string Str(const StrPtrLen& piece) {
    return piece.Ptr == NULL ? std::string("(null)") : std::string(piece.Ptr, piece.Len);
}

// Takes over a text from new[].
inline std::string Own(char* text) {
    std::string copy(text == NULL ? "(null)" : text);
    delete[] text;
    return copy;
}

// A changeable copy of a literal.
class Buffer {
public:
    explicit Buffer(const char* text) : fText(text), fPiece(&fText[0], static_cast<UInt32>(fText.size())) {}
    StrPtrLen* operator&() { return &fPiece; }
    StrPtrLen& Piece() { return fPiece; }

private:
    Buffer(const Buffer&);
    Buffer& operator=(const Buffer&);
    std::string fText;
    StrPtrLen fPiece;
};

} // namespace harness

#define TEST(name) \
    static void name(); \
    static harness::Test name##_test(#name, name); \
    static void name()

#define CHECK(condition) \
    do { \
        if (!(condition)) \
            harness::Fail(__FILE__, __LINE__, #condition); \
    } while (0)

#define CHECK_TEXT(actual, expected) \
    do { \
        const std::string got = (actual); \
        if (got != (expected)) \
            harness::Fail(__FILE__, __LINE__, std::string(#actual) + " is \"" + got + "\""); \
    } while (0)

#endif
