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
    static SInt64 ParseDate(StrPtrLen* dateString);
    // Milliseconds since 1970, or 0 for now; the offset is in seconds.
    static void UpdateDateBuffer(DateBuffer* dateBuffer, const SInt64& givenDate, time_t gmtoffset = 0);
};

class DateBuffer {
public:
    enum { kDateBufferLen = 29 };

    DateBuffer() : writtenAt_(0) { text_[0] = '\0'; }

    // Terminated; empty before the first update.
    char* GetDateBuffer() { return text_; }
    void Update(const SInt64& givenDate) { DateTranslator::UpdateDateBuffer(this, givenDate); }
    // Sets it to now unless that was done within the last minute.
    void InexactUpdate();

private:
    enum { kUpdateInterval = 60000 }; // ms

    char text_[kDateBufferLen + 1];
    SInt64 writtenAt_;

    friend class DateTranslator;
};

#endif
