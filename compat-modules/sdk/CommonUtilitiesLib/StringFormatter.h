// SPDX-License-Identifier: MIT OR Apache-2.0
// Puts text together in a buffer of the caller's.
//
// When the buffer is full, a subclass may provide a larger one in BufferIsFull; otherwise the text is cut.
// One byte is kept free for PutTerminator, except that PutChar may use it. Nothing is terminated by itself.
#ifndef QTSS_SDK_STRING_FORMATTER_H
#define QTSS_SDK_STRING_FORMATTER_H

#include <string.h>
#include "MyAssert.h"
#include "StrPtrLen.h"

class StringFormatter {
public:
    StringFormatter(char* buffer, UInt32 length) { Set(buffer, length); }
    StringFormatter(StrPtrLen& buffer) { Set(buffer.Ptr, buffer.Len); }
    virtual ~StringFormatter() {}

    // Takes another buffer; the old one is left to whoever has its pointer.
    void Set(char* buffer, UInt32 length) {
        fCurrentPut = fStartPut = buffer;
        fEndPut = fStartPut + length;
        ResetBytesWritten();
    }
    // Goes back to the start, or to behind some bytes of it; the count of bytes written goes on.
    void Reset(UInt32 kept = 0) { fCurrentPut = fStartPut + kept; }

    void Put(const SInt32 number);
    void Put(const char* buffer, UInt32 bufferSize);
    void Put(const char* str) { Put(str, static_cast<UInt32>(::strlen(str))); }
    void Put(const StrPtrLen& str) { Put(str.Ptr, str.Len); }
    void PutChar(char byte) { Put(&byte, 1); }
    void PutSpace() { PutChar(' '); }
    void PutTerminator() { PutChar(0); }
    void PutEOL() { Put("\r\n", 2); }
    // printf into the buffer, with a terminator that does not count; false if it had to be cut.
    Bool16 PutFmtStr(const char* format, ...)
#if defined(__GNUC__)
        __attribute__((format(printf, 2, 3)))
#endif
        ;
    // Folder, one separator between unless the folder ends with one, and name; either may be empty or NULL.
    void PutFilePath(StrPtrLen* givenPath, StrPtrLen* fileName);
    void PutFilePath(const char* givenPath, const char* fileName);

    UInt32 GetCurrentOffset() const { return static_cast<UInt32>(fCurrentPut - fStartPut); }
    UInt32 GetSpaceLeft() const { return static_cast<UInt32>(fEndPut - fCurrentPut); }
    UInt32 GetTotalBufferSize() const { return static_cast<UInt32>(fEndPut - fStartPut); }
    UInt32 GetBytesWritten() const { return fBytesWritten; }
    void ResetBytesWritten() { fBytesWritten = 0U; }
    char* GetCurrentPtr() const { return fCurrentPut; }
    char* GetBufPtr() const { return fStartPut; }
    // A terminated copy from new[].
    char* GetAsCString() const { return StrPtrLen(fStartPut, GetCurrentOffset()).GetAsCString(); }

protected:
    // Called with the text so far. An override that makes room moves the four fields below and returns true.
    virtual Bool16 BufferIsFull(char* text, UInt32 bytes);

    char* fStartPut;
    char* fEndPut;
    char* fCurrentPut;
    UInt32 fBytesWritten;

private:
    StringFormatter(const StringFormatter&);
    StringFormatter& operator=(const StringFormatter&);
    void Append(const char* text, UInt32 bytes);
};

#endif
