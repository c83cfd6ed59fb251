// SPDX-License-Identifier: MIT OR Apache-2.0
#include "StringFormatter.h"

#include <stdarg.h>
#include <stdio.h>

Bool16 StringFormatter::BufferIsFull(char* /*text*/, UInt32 /*bytes*/) { return false; }

void StringFormatter::Append(const char* text, UInt32 bytes) {
    fBytesWritten += bytes;
    for (; bytes > 0; bytes--)
        *fCurrentPut++ = *text++;
}

void StringFormatter::Put(const char* buffer, UInt32 bufferSize) {
    if (bufferSize == 1 && GetSpaceLeft() > 0) {
        Append(buffer, 1);
        return;
    }
    for (;;) {
        UInt32 space = GetSpaceLeft();
        UInt32 usable = space > 0 ? space - 1 : 0;
        if (space > 0 && bufferSize <= usable) {
            Append(buffer, bufferSize);
            return;
        }
        Append(buffer, usable);
        if (usable > 0) {
            buffer += usable;
            bufferSize -= usable;
        }
        UInt32 left = GetSpaceLeft();
        (void)this->BufferIsFull(fStartPut, GetCurrentOffset());
        if (GetSpaceLeft() <= left)
            return;
    }
}

void StringFormatter::Put(const SInt32 number) {
    char digits[16];
    ::snprintf(digits, sizeof(digits), "%ld", static_cast<long>(number));
    Put(digits);
}

Bool16 StringFormatter::PutFmtStr(const char* format, ...) {
    for (;;) {
        UInt32 space = GetSpaceLeft();
        va_list arguments;
        va_start(arguments, format);
        int length = ::vsnprintf(fCurrentPut, space, format, arguments);
        va_end(arguments);
        if (length < 0)
            return false;
        UInt32 wanted = static_cast<UInt32>(length);
        bool fits = wanted < space;
        if (!fits && this->BufferIsFull(fStartPut, GetCurrentOffset()) && GetSpaceLeft() > space)
            continue;
        UInt32 put = fits ? wanted : (space > 0 ? space - 1 : 0);
        fCurrentPut += put;
        fBytesWritten += put;
        return fits;
    }
}

void StringFormatter::PutFilePath(StrPtrLen* givenPath, StrPtrLen* fileName) {
    const StrPtrLen folder = givenPath == NULL ? StrPtrLen() : *givenPath;
    Put(folder);
    if (folder.Len > 0 && folder.Ptr[folder.Len - 1] != kPathDelimiterChar)
        PutChar(kPathDelimiterChar);
    if (fileName != NULL)
        Put(*fileName);
}

void StringFormatter::PutFilePath(const char* givenPath, const char* fileName) {
    StrPtrLen path(givenPath);
    StrPtrLen name(fileName);
    PutFilePath(&path, &name);
}
