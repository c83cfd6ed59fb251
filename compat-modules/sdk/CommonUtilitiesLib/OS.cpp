// SPDX-License-Identifier: MIT OR Apache-2.0
#include "OS.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include "MyAssert.h"

namespace {

const SInt64 kMsecFrom1900To1970 = static_cast<SInt64>(2208988800U) * 1000;

SInt64 sInitialMsec = 0;
SInt64 sInitialUsec = 0;

SInt64 Now(SInt64 unitsInSecond) {
    struct timeval now;
    (void)::gettimeofday(&now, NULL);
    return static_cast<SInt64>(now.tv_sec) * unitsInSecond + now.tv_usec / (1000000 / unitsInSecond);
}

// Times count in two's complement, so that NTP times behind 2036 wrap instead of being undefined.
inline SInt64 Sum(SInt64 a, SInt64 b) {
    return static_cast<SInt64>(static_cast<UInt64>(a) + static_cast<UInt64>(b));
}

} // namespace

void OS::Initialize() {
    if (sInitialMsec != 0)
        return;
    ::tzset();
    sInitialUsec = Now(1000000);
    sInitialMsec = Now(1000);
}

SInt64 OS::Milliseconds() { return Now(1000); }

SInt64 OS::Microseconds() { return Now(1000000) - sInitialUsec; }

SInt64 OS::InitialMSec() { return sInitialMsec; }

SInt64 OS::TimeMilli_To_Fixed64Secs(SInt64 milliseconds) {
    UInt64 seconds = static_cast<UInt64>(milliseconds / 1000);
    UInt64 fraction = (static_cast<UInt64>(milliseconds % 1000) << 32) / 1000;
    return static_cast<SInt64>((seconds << 32) | (fraction & 0xFFFFFFFFU));
}

SInt64 OS::Fixed64Secs_To_TimeMilli(SInt64 fixed64Secs) {
    UInt64 value = static_cast<UInt64>(fixed64Secs);
    return static_cast<SInt64>((value >> 32) * 1000 + (((value & 0xFFFFFFFFU) * 1000) >> 32));
}

SInt64 OS::TimeMilli_To_1900Fixed64Secs(SInt64 milliseconds) {
    return Sum(TimeMilli_To_Fixed64Secs(kMsecFrom1900To1970), TimeMilli_To_Fixed64Secs(milliseconds));
}

SInt64 OS::Time1900Fixed64Secs_To_TimeMilli(SInt64 in1900Fixed64Secs) {
    return Fixed64Secs_To_TimeMilli(Sum(in1900Fixed64Secs, -TimeMilli_To_Fixed64Secs(kMsecFrom1900To1970)));
}

time_t OS::Time1900Fixed64Secs_To_UnixTimeSecs(SInt64 in1900Fixed64Secs) {
    return static_cast<time_t>(Time1900Fixed64Secs_To_TimeMilli(in1900Fixed64Secs) / 1000);
}

SInt32 OS::GetGMTOffset() {
    time_t now = ::time(NULL);
    struct tm local;
    if (::localtime_r(&now, &local) == NULL)
        return 0;
    return static_cast<SInt32>(local.tm_gmtoff / 3600);
}

SInt64 OS::HostToNetworkSInt64(SInt64 hostOrdered) {
    UInt64 value = static_cast<UInt64>(hostOrdered);
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = static_cast<unsigned char>(value >> (56 - 8 * i));
    SInt64 ordered;
    ::memcpy(&ordered, bytes, sizeof(ordered));
    return ordered;
}

OS_Error OS::MakeDir(const char* path) {
    if (::mkdir(path, S_IRWXU) == 0)
        return OS_NoErr;
    int error = errno;
    struct stat existing;
    if (::stat(path, &existing) == 0)
        return S_ISDIR(existing.st_mode) ? OS_NoErr : static_cast<OS_Error>(EEXIST);
    return static_cast<OS_Error>(error);
}

OS_Error OS::RecursiveMakeDir(char* path) {
    for (char* at = path + (*path == kPathDelimiterChar ? 1 : 0); *at != '\0'; at++) {
        if (*at != kPathDelimiterChar)
            continue;
        *at = '\0';
        OS_Error error = MakeDir(path);
        *at = kPathDelimiterChar;
        if (error != OS_NoErr)
            return error;
    }
    return MakeDir(path);
}

UInt32 OS::GetNumProcessors() {
    long online = ::sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : static_cast<UInt32>(online);
}

Float32 OS::GetCurrentCPULoadPercent() {
    static UInt64 sLastBusy = 0;
    static UInt64 sLastTotal = 0;
    static OSMutex sMutex;

    FILE* file = ::fopen("/proc/stat", "r");
    if (file == NULL)
        return 0;
    unsigned long long user = 0, niced = 0, system = 0, idle = 0;
    int found = ::fscanf(file, "cpu %llu %llu %llu %llu", &user, &niced, &system, &idle);
    (void)::fclose(file);
    if (found != 4)
        return 0;

    OSMutexLocker locker(&sMutex);
    UInt64 busy = user + niced + system;
    UInt64 total = busy + idle;
    bool measurable = sLastTotal != 0 && total > sLastTotal && busy >= sLastBusy;
    Float64 load = 0;
    if (measurable)
        load = 100.0 * static_cast<Float64>(busy - sLastBusy) / static_cast<Float64>(total - sLastTotal);
    sLastBusy = busy;
    sLastTotal = total;
    return static_cast<Float32>(load);
}

OSMutex* OS::GetStdLibMutex() {
    static OSMutex sMutex;
    return &sMutex;
}
