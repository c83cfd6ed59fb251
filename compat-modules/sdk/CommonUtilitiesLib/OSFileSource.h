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
    OSFileSource(const char* path) {
        Clear();
        Set(path);
    }
    ~OSFileSource() { Close(); }

    // Opens the file, after closing the one before; IsValid tells whether that went well.
    void Set(const char* path);
    void Close();
    // The descriptor stays open when this object closes.
    void DontCloseFD() { ownsFile_ = false; }
    void ResetFD() { descriptor_ = -1; }

    Bool16 IsValid() { return descriptor_ != -1; }
    Bool16 IsDir() { return folder_; }
    int GetFD() { return descriptor_; }
    UInt64 GetLength() { return length_; }
    time_t GetModDate() { return changed_; } // seconds since 1970
    UInt64 GetCurOffset() { return position_; }
    void Seek(SInt64 newPosition) { position_ = static_cast<UInt64>(newPosition); }

    // Read from where the last Read ended, or from a position. At the end of the file less than asked
    // for, or nothing, is read, without error. Errors are errno values.
    OS_Error Read(void* buffer, UInt32 length, UInt32* rcvLen = NULL) {
        return Read(position_, buffer, length, rcvLen);
    }
    OS_Error Read(UInt64 position, void* buffer, UInt32 length, UInt32* rcvLen = NULL);
    // Will be read soon.
    void Advise(UInt64 from, UInt32 bytes);

private:
    OSFileSource(const OSFileSource&);
    OSFileSource& operator=(const OSFileSource&);

    void Clear();

    int descriptor_;
    UInt64 length_;
    UInt64 position_;
    Bool16 ownsFile_;
    Bool16 folder_;
    time_t changed_;
};

#endif
