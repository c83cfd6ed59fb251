// SPDX-License-Identifier: MIT OR Apache-2.0
// Clock, byte order, folders, and facts about the machine.
//
// Milliseconds() is Unix time in ms, within a second of QTSS_Milliseconds: modules mix the two.
#ifndef QTSS_SDK_OS_H
#define QTSS_SDK_OS_H

#include <string.h>
#include <time.h>
#include "OSHeaders.h"
#include "OSMutex.h"

class OS {
public:
    // Sets the zero of StartTimeMilli; everything else works without.
    static void Initialize();

    static SInt32 Min(SInt32 a, SInt32 b) { return a < b ? a : b; }

    static SInt64 Milliseconds(); // since 1970
    static SInt64 Microseconds(); // since Initialize
    static SInt64 InitialMSec();
    static SInt64 StartTimeMilli_Int() { return Milliseconds() - InitialMSec(); }
    static Float32 StartTimeMilli_Float() { // in seconds
        return static_cast<Float32>(static_cast<Float64>(StartTimeMilli_Int()) / 1000.0);
    }

    static SInt64 TimeMilli_To_UnixTimeMilli(SInt64 milliseconds) { return milliseconds; }
    static time_t TimeMilli_To_UnixTimeSecs(SInt64 milliseconds) {
        return static_cast<time_t>(milliseconds / 1000);
    }
    static time_t UnixTime_Secs() { return TimeMilli_To_UnixTimeSecs(Milliseconds()); }

    // Fixed point seconds: 32 bits before the point, 32 behind, as in an NTP timestamp (RFC 5905 6).
    static SInt64 TimeMilli_To_Fixed64Secs(SInt64 milliseconds);
    static SInt64 Fixed64Secs_To_TimeMilli(SInt64 fixed64Secs);
    // The same, counted from 1900.
    static SInt64 TimeMilli_To_1900Fixed64Secs(SInt64 milliseconds);
    static SInt64 Time1900Fixed64Secs_To_TimeMilli(SInt64 in1900Fixed64Secs);
    static time_t Time1900Fixed64Secs_To_UnixTimeSecs(SInt64 in1900Fixed64Secs);

    // Hours that local time is ahead of GMT, now.
    static SInt32 GetGMTOffset();

    // The memory need not be aligned.
    static UInt32 GetUInt32FromMemory(const void* p) {
        UInt32 value;
        ::memcpy(&value, p, sizeof(value));
        return value;
    }
    static SInt64 HostToNetworkSInt64(SInt64 number);
    static SInt64 NetworkToHostSInt64(SInt64 networkOrdered) { return HostToNetworkSInt64(networkOrdered); }

    // Create a folder, for the owner only, or a folder with its parents. OS_NoErr also if it exists,
    // otherwise an errno. The path is changed and restored while it is worked through.
    static OS_Error MakeDir(const char* path);
    static OS_Error RecursiveMakeDir(char* path);

    static UInt32 GetNumProcessors();
    // Load of the machine since the call before, 0 to 100; 0 on the first call.
    static Float32 GetCurrentCPULoadPercent();
    static Bool16 ThreadSafe() { return true; }
    // One per module.
    static OSMutex* GetStdLibMutex();
};

#endif
