// SPDX-License-Identifier: MIT OR Apache-2.0
#include "OSFileSource.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

void OSFileSource::Clear() {
    fFile = -1;
    fLength = 0;
    fPosition = 0;
    fShouldClose = true;
    fIsDir = false;
    fModDate = 0;
}

void OSFileSource::Close() {
    if (fFile != -1 && fShouldClose)
        (void)::close(fFile);
    Clear();
}

void OSFileSource::Set(const char* inPath) {
    Close();
    if (inPath == NULL)
        return;
    fFile = ::open(inPath, O_RDONLY | O_CLOEXEC);
    if (fFile == -1)
        return;
    struct stat info;
    if (::fstat(fFile, &info) != 0) {
        Close();
        return;
    }
    fLength = static_cast<UInt64>(info.st_size);
    fModDate = info.st_mtime < 0 ? 0 : info.st_mtime;
    fIsDir = S_ISDIR(info.st_mode);
}

OS_Error OSFileSource::Read(UInt64 inPosition, void* inBuffer, UInt32 inLength, UInt32* outRcvLen) {
    if (outRcvLen != NULL)
        *outRcvLen = 0;
    UInt32 total = 0;
    while (total < inLength) {
        ssize_t count = ::pread(fFile, static_cast<char*>(inBuffer) + total, inLength - total,
                                static_cast<off_t>(inPosition + total));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return static_cast<OS_Error>(errno);
        if (count == 0)
            break;
        total += static_cast<UInt32>(count);
    }
    fPosition = inPosition + total;
    if (outRcvLen != NULL)
        *outRcvLen = total;
    return OS_NoErr;
}

void OSFileSource::Advise(UInt64 advisePos, UInt32 adviseAmt) {
#if defined(POSIX_FADV_WILLNEED)
    if (fFile != -1)
        (void)::posix_fadvise(fFile, static_cast<off_t>(advisePos), static_cast<off_t>(adviseAmt), POSIX_FADV_WILLNEED);
#else
    (void)advisePos;
    (void)adviseAmt;
#endif
}
