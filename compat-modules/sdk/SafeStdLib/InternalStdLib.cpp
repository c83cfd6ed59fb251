// SPDX-License-Identifier: MIT OR Apache-2.0
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include "SafeStdLib.h"

namespace {

pthread_mutex_t sPrintLock = PTHREAD_MUTEX_INITIALIZER;
UInt64 sPrinted = 0;
UInt32 sLimitInK = 100 * 1000;
bool sLimitReported = false;

char* CopyText(const char* text, char* buffer, int size) {
    if (buffer == NULL || size <= 0)
        return buffer;
    size_t length = text == NULL ? 0 : ::strlen(text);
    if (length >= static_cast<size_t>(size))
        length = static_cast<size_t>(size) - 1;
    if (length > 0)
        ::memcpy(buffer, text, length);
    buffer[length] = '\0';
    return buffer;
}

// strerror_r comes in two kinds: one returns the text, one an int and leaves the text in the buffer.
template <class Result>
const char* ErrorText(Result, const char* buffer) {
    return buffer;
}
template <>
const char* ErrorText<char*>(char* result, const char*) {
    return result;
}

} // namespace

UInt32 qtss_getmaxprintfcharsinK(void) {
    ::pthread_mutex_lock(&sPrintLock);
    UInt32 limit = sLimitInK;
    ::pthread_mutex_unlock(&sPrintLock);
    return limit;
}

void qtss_setmaxprintfcharsinK(UInt32 newMaxCharsInK) {
    ::pthread_mutex_lock(&sPrintLock);
    sLimitInK = newMaxCharsInK;
    ::pthread_mutex_unlock(&sPrintLock);
}

int qtss_maxprintf(const char* format, ...) {
    if (format == NULL)
        return -1;
    int written = -1;
    ::pthread_mutex_lock(&sPrintLock);
    if (sPrinted <= static_cast<UInt64>(sLimitInK) * 1024) {
        sLimitReported = false;
        va_list arguments;
        va_start(arguments, format);
        written = ::vprintf(format, arguments);
        va_end(arguments);
        if (written > 0)
            sPrinted += static_cast<UInt64>(written);
    } else if (!sLimitReported) {
        sLimitReported = true;
        ::printf("\nno more output after %lu K\n", static_cast<unsigned long>(sLimitInK));
    }
    ::pthread_mutex_unlock(&sPrintLock);
    return written;
}

char* qtss_strerror(int errnum, char* buffer, int buffLen) {
    char text[kErrorStrSize] = "";
    return CopyText(ErrorText(::strerror_r(errnum, text, sizeof(text)), text), buffer, buffLen);
}

char* qtss_ctime(const time_t* timep, char* buffer, int buffLen) {
    char text[64] = "";
    return CopyText(::ctime_r(timep, text), buffer, buffLen);
}

char* qtss_asctime(const struct tm* timeptr, char* buffer, int buffLen) {
    char text[128] = "";
    return CopyText(::asctime_r(timeptr, text), buffer, buffLen);
}

struct tm* qtss_gmtime(const time_t* timep, struct tm* result) { return ::gmtime_r(timep, result); }

struct tm* qtss_localtime(const time_t* timep, struct tm* result) { return ::localtime_r(timep, result); }
