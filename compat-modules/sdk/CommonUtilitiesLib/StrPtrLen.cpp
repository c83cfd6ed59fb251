// SPDX-License-Identifier: MIT OR Apache-2.0
#include "StrPtrLen.h"

namespace {

// Not tolower(): the locale must not matter.
inline unsigned char Lower(char c) {
    unsigned char byte = static_cast<unsigned char>(c);
    return (byte >= 'A' && byte <= 'Z') ? static_cast<unsigned char>(byte + ('a' - 'A')) : byte;
}

inline bool IsBlank(char c) { return c == ' ' || c == '\t'; }

bool SameBytes(const char* a, const char* b, UInt32 length, bool caseSensitive) {
    if (caseSensitive)
        return length == 0 || ::memcmp(a, b, length) == 0;
    for (UInt32 i = 0; i < length; i++) {
        if (Lower(a[i]) != Lower(b[i]))
            return false;
    }
    return true;
}

} // namespace

Bool16 StrPtrLen::Equal(const StrPtrLen& other) const {
    if (Ptr == NULL || other.Ptr == NULL)
        return Ptr == other.Ptr;
    return Len == other.Len && SameBytes(Ptr, other.Ptr, Len, true);
}

Bool16 StrPtrLen::Equal(const char* other) const { return Equal(StrPtrLen(other)); }

Bool16 StrPtrLen::EqualIgnoreCase(const char* other, UInt32 len) const {
    return Len == len && SameBytes(Ptr, other, len, false);
}

Bool16 StrPtrLen::NumEqualIgnoreCase(const char* other, UInt32 len) const {
    return len <= Len && SameBytes(Ptr, other, len, false);
}

char* StrPtrLen::FindStringCase(const char* query, StrPtrLen* result, Bool16 caseSensitive) const {
    return Find(StrPtrLen(query), result, caseSensitive != 0);
}

char* StrPtrLen::Find(const StrPtrLen& query, StrPtrLen* result, bool caseSensitive) const {
    const StrPtrLen wanted(query); // the result may be the query itself
    if (result != NULL)
        result->Set(NULL, 0);
    if (wanted.Ptr == NULL || Ptr == NULL || Len == 0)
        return NULL;
    const void* zero = ::memchr(Ptr, 0, Len);
    UInt32 length = zero == NULL ? Len : static_cast<UInt32>(static_cast<const char*>(zero) - Ptr);
    for (UInt32 at = 0; wanted.Len <= length - at; at++) {
        if (SameBytes(Ptr + at, wanted.Ptr, wanted.Len, caseSensitive)) {
            if (result != NULL)
                result->Set(Ptr + at, wanted.Len);
            return Ptr + at;
        }
    }
    return NULL;
}

char* StrPtrLen::GetAsCString() const {
    UInt32 length = Ptr == NULL ? 0 : Len;
    char* copy = new char[static_cast<size_t>(length) + 1];
    if (length > 0)
        ::memcpy(copy, Ptr, length);
    copy[length] = '\0';
    return copy;
}

char* StrPtrLen::ToUpper() {
    for (UInt32 i = 0; i < Len; i++) {
        if (Ptr[i] >= 'a' && Ptr[i] <= 'z')
            Ptr[i] = static_cast<char>(Ptr[i] - ('a' - 'A'));
    }
    return Ptr;
}

UInt32 StrPtrLen::TrimLeadingWhitespace() {
    if (Ptr == NULL)
        return 0;
    while (Len > 0 && IsBlank(Ptr[0])) {
        Ptr++;
        Len--;
    }
    return Len;
}

UInt32 StrPtrLen::TrimTrailingWhitespace() {
    if (Ptr == NULL)
        return 0;
    while (Len > 0 && IsBlank(Ptr[Len - 1]))
        Len--;
    return Len;
}

UInt32 StrPtrLen::RemoveWhitespace() {
    if (Ptr == NULL)
        return 0;
    UInt32 kept = 0;
    for (UInt32 i = 0; i < Len; i++) {
        if (!IsBlank(Ptr[i]))
            Ptr[kept++] = Ptr[i];
    }
    Len = kept;
    return Len;
}

UInt32 StrPtrLen::PrintableLength() const {
    UInt32 length = 0;
    while (Ptr != NULL && length < Len) {
        unsigned char byte = static_cast<unsigned char>(Ptr[length]);
        bool shown = (byte >= 0x20 && byte < 0x7F) || byte == '\t' || byte == '\r' || byte == '\n';
        if (!shown)
            break;
        length++;
    }
    return length;
}

void StrPtrLen::PrintStr() {
    UInt32 length = PrintableLength();
    if (length > 0)
        ::fwrite(Ptr, 1, length, stdout);
}

void StrPtrLen::PrintStr(const char* after) { PrintStr(NULL, after); }

void StrPtrLen::PrintStr(const char* before, const char* after) {
    if (before != NULL)
        ::fputs(before, stdout);
    PrintStr();
    if (after != NULL)
        ::fputs(after, stdout);
}

void StrPtrLen::PrintStrEOL(const char* stopStr, const char* after) {
    StrPtrLen text(Ptr, PrintableLength());
    StrPtrLen stop;
    if (stopStr != NULL && stopStr[0] != '\0' && text.FindString(stopStr, &stop) != NULL)
        text.Len = static_cast<UInt32>(stop.Ptr - text.Ptr) + stop.Len;
    for (UInt32 i = 0; i < text.Len; i++) {
        if (text.Ptr[i] == '\r')
            ::fputs("\\r", stdout);
        else if (text.Ptr[i] == '\n')
            ::fputs("\\n\n", stdout);
        else
            ::fputc(text.Ptr[i], stdout);
    }
    if (after != NULL)
        ::fputs(after, stdout);
}
