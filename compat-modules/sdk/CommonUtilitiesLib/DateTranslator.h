// SPDX-License-Identifier: MIT OR Apache-2.0
// Dates of HTTP and RTSP headers: "Fri, 02 Jul 1999 05:22:43 GMT", always GMT.
#ifndef QTSS_SDK_DATE_TRANSLATOR_H
#define QTSS_SDK_DATE_TRANSLATOR_H

#include <ctype.h>
#include <time.h>
#include "StrPtrLen.h"

class DateBuffer;

class DateTranslator {
public:
    // Milliseconds since 1970; 0 for a text that is no such date.
    static SInt64 ParseDate(StrPtrLen* inDateString);
    // Milliseconds since 1970, or 0 for now; the offset is in seconds.
    static void UpdateDateBuffer(DateBuffer* inDateBuffer, const SInt64& inDate, time_t gmtoffset = 0);
};

class DateBuffer {
public:
    enum { kDateBufferLen = 29 };

    DateBuffer() : fLastDateUpdate(0) { fDateBuffer[0] = '\0'; }

    // Terminated; empty before the first update.
    char* GetDateBuffer() { return fDateBuffer; }
    void Update(const SInt64& inDate) { DateTranslator::UpdateDateBuffer(this, inDate); }
    // Sets it to now unless that was done within the last minute.
    void InexactUpdate();

private:
    enum { kUpdateInterval = 60000 }; // ms

    char fDateBuffer[kDateBufferLen + 1];
    SInt64 fLastDateUpdate;

    friend class DateTranslator;
};

#endif
