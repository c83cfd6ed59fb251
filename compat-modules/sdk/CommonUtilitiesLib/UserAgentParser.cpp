// SPDX-License-Identifier: MIT OR Apache-2.0
#include "UserAgentParser.h"

namespace {

const char* const kFieldNames[UserAgentParser::eNumAttributes] = {"qtid", "qtver", "lang", "os", "osver", "cpu"};

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// The part before any of the bytes, taken off the text.
StrPtrLen TakeUntil(StrPtrLen* text, const char* stops, bool orSpace) {
    StrPtrLen piece(text->Ptr, 0);
    while (piece.Len < text->Len) {
        char c = text->Ptr[piece.Len];
        if ((c != '\0' && ::strchr(stops, c) != NULL) || (orSpace && IsSpace(c)))
            break;
        piece.Len++;
    }
    text->Set(text->Ptr + piece.Len, text->Len - piece.Len);
    return piece;
}

void Skip(StrPtrLen* text) {
    if (text->Len > 0)
        text->Set(text->Ptr + 1, text->Len - 1);
}

} // namespace

void UserAgentParser::Parse(StrPtrLen* stream) {
    for (int i = 0; i < eNumAttributes; i++)
        fieldData_[i] = UserAgentData();
    if (stream->Ptr == NULL)
        return;

    StrPtrLen rest(*stream);
    (void)TakeUntil(&rest, "(", false);
    Skip(&rest);
    while (rest.Len > 0) {
        while (rest.Len > 0 && IsSpace(*rest.Ptr))
            Skip(&rest);
        StrPtrLen name = TakeUntil(&rest, "=", true);
        (void)TakeUntil(&rest, "=", false);
        Skip(&rest);
        StrPtrLen value = TakeUntil(&rest, ";)", false);
        Skip(&rest);
        if (name.Len == 0 || value.Len == 0)
            break;
        for (int i = 0; i < eNumAttributes; i++) {
            if (!fieldData_[i].fFound && name.Equal(kFieldNames[i])) {
                fieldData_[i].fData = value;
                fieldData_[i].fFound = true;
            }
        }
    }

    StrPtrLen* system = &fieldData_[eOs].fData;
    if (!fieldData_[eOs].fFound || fieldData_[eOsver].fFound)
        return;
    const UInt32 kEscapeLen = 3;
    for (UInt32 i = 0; i + kEscapeLen < system->Len; i++) {
        if (system->Ptr[i] != '%')
            continue;
        fieldData_[eOsver].fData.Set(system->Ptr + i + kEscapeLen, system->Len - i - kEscapeLen);
        fieldData_[eOsver].fFound = true;
        system->Len = i;
        break;
    }
}
