// SPDX-License-Identifier: MIT OR Apache-2.0
#include "OSFileSource.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

void OSFileSource::Clear() {
    descriptor_ = -1;
    length_ = 0;
    position_ = 0;
    ownsFile_ = true;
    folder_ = false;
    changed_ = 0;
}

void OSFileSource::Close() {
    if (descriptor_ != -1 && ownsFile_)
        (void)::close(descriptor_);
    Clear();
}

void OSFileSource::Set(const char* path) {
    Close();
    if (path == NULL)
        return;
    descriptor_ = ::open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor_ == -1)
        return;
    struct stat info;
    if (::fstat(descriptor_, &info) != 0) {
        Close();
        return;
    }
    length_ = static_cast<UInt64>(info.st_size);
    changed_ = info.st_mtime < 0 ? 0 : info.st_mtime;
    folder_ = S_ISDIR(info.st_mode);
}

OS_Error OSFileSource::Read(UInt64 position, void* buffer, UInt32 length, UInt32* rcvLen) {
    if (rcvLen != NULL)
        *rcvLen = 0;
    UInt32 total = 0;
    while (total < length) {
        ssize_t count = ::pread(descriptor_, static_cast<char*>(buffer) + total, length - total,
                                static_cast<off_t>(position + total));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return static_cast<OS_Error>(errno);
        if (count == 0)
            break;
        total += static_cast<UInt32>(count);
    }
    position_ = position + total;
    if (rcvLen != NULL)
        *rcvLen = total;
    return OS_NoErr;
}

void OSFileSource::Advise(UInt64 advisePos, UInt32 adviseAmt) {
#if defined(POSIX_FADV_WILLNEED)
    if (descriptor_ != -1)
        (void)::posix_fadvise(descriptor_, static_cast<off_t>(advisePos), static_cast<off_t>(adviseAmt), POSIX_FADV_WILLNEED);
#else
    (void)advisePos;
    (void)adviseAmt;
#endif
}
