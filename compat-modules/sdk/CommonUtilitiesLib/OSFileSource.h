// SPDX-License-Identifier: MIT OR Apache-2.0
// A file on disk, opened for reading. There is no cache besides the kernel's.
#ifndef QTSS_SDK_OS_FILE_SOURCE_H
#define QTSS_SDK_OS_FILE_SOURCE_H

#include <stdio.h>
#include <time.h>
#include "OSHeaders.h"
#include "OSQueue.h"
#include "StrPtrLen.h"

class OSFileSource {
public:
    OSFileSource() { Clear(); }
    OSFileSource(const char* inPath) {
        Clear();
        Set(inPath);
    }
    ~OSFileSource() { Close(); }

    // Opens the file, after closing the one before; IsValid tells whether that went well.
    void Set(const char* inPath);
    void Close();
    // The descriptor stays open when this object closes.
    void DontCloseFD() { fShouldClose = false; }
    void ResetFD() { fFile = -1; }

    Bool16 IsValid() { return fFile != -1; }
    Bool16 IsDir() { return fIsDir; }
    int GetFD() { return fFile; }
    UInt64 GetLength() { return fLength; }
    time_t GetModDate() { return fModDate; } // seconds since 1970
    UInt64 GetCurOffset() { return fPosition; }
    void Seek(SInt64 newPosition) { fPosition = static_cast<UInt64>(newPosition); }

    // Read from where the last Read ended, or from a position. At the end of the file less than asked
    // for, or nothing, is read, without error. Errors are errno values.
    OS_Error Read(void* inBuffer, UInt32 inLength, UInt32* outRcvLen = NULL) {
        return Read(fPosition, inBuffer, inLength, outRcvLen);
    }
    OS_Error Read(UInt64 inPosition, void* inBuffer, UInt32 inLength, UInt32* outRcvLen = NULL);
    // Will be read soon.
    void Advise(UInt64 advisePos, UInt32 adviseAmt);

private:
    OSFileSource(const OSFileSource&);
    OSFileSource& operator=(const OSFileSource&);

    void Clear();

    int fFile;
    UInt64 fLength;
    UInt64 fPosition;
    Bool16 fShouldClose;
    Bool16 fIsDir;
    time_t fModDate;
};

#endif
