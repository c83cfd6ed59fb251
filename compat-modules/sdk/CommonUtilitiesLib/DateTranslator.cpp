// SPDX-License-Identifier: MIT OR Apache-2.0
#include "DateTranslator.h"

#include <stdio.h>
#include "OS.h"
#include "OSHeaders.h"
#include "StringParser.h"

namespace {

const char* const kDays[7] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
const char* const kMonths[12] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

int MonthNamed(const StrPtrLen& name) {
    for (int month = 0; month < 12; month++) {
        if (name.EqualIgnoreCase(kMonths[month], 3))
            return month;
    }
    return -1;
}

} // namespace

SInt64 DateTranslator::ParseDate(StrPtrLen* dateString) {
    if (dateString->Ptr == NULL || dateString->Len != DateBuffer::kDateBufferLen)
        return 0;
    StringParser parser(dateString);
    parser.ConsumeLength(NULL, 5); // the day of the week follows from the date

    struct tm date;
    ::memset(&date, 0, sizeof(date));
    date.tm_mday = static_cast<int>(parser.ConsumeInteger());
    parser.ConsumeWhitespace();
    StrPtrLen month;
    parser.ConsumeLength(&month, 3);
    date.tm_mon = MonthNamed(month);
    if (date.tm_mon < 0)
        return 0;
    parser.ConsumeWhitespace();
    date.tm_year = static_cast<int>(parser.ConsumeInteger()) - 1900;
    parser.ConsumeWhitespace();
    date.tm_hour = static_cast<int>(parser.ConsumeInteger());
    parser.ConsumeLength(NULL, 1);
    date.tm_min = static_cast<int>(parser.ConsumeInteger());
    parser.ConsumeLength(NULL, 1);
    date.tm_sec = static_cast<int>(parser.ConsumeInteger());
    return static_cast<SInt64>(::timegm(&date)) * 1000;
}

void DateTranslator::UpdateDateBuffer(DateBuffer* dateBuffer, const SInt64& givenDate, time_t gmtoffset) {
    if (dateBuffer == NULL)
        return;
    time_t seconds = (givenDate == 0 ? ::time(NULL) : static_cast<time_t>(givenDate / 1000)) + gmtoffset;
    struct tm date;
    if (::gmtime_r(&seconds, &date) == NULL || date.tm_year < -1900 || date.tm_year > 9999 - 1900)
        return;
    // Not strftime: the names must not follow the locale. The remainders tell the compiler the widths.
    ::snprintf(dateBuffer->text_, sizeof(dateBuffer->text_), "%s, %02u %s %04u %02u:%02u:%02u GMT",
               kDays[date.tm_wday], static_cast<unsigned>(date.tm_mday) % 100u, kMonths[date.tm_mon],
               static_cast<unsigned>(date.tm_year + 1900) % 10000u, static_cast<unsigned>(date.tm_hour) % 100u,
               static_cast<unsigned>(date.tm_min) % 100u, static_cast<unsigned>(date.tm_sec) % 100u);
}

void DateBuffer::InexactUpdate() {
    SInt64 now = OS::Milliseconds();
    if (writtenAt_ != 0 && now < writtenAt_ + kUpdateInterval)
        return;
    writtenAt_ = now;
    this->Update(0);
}
