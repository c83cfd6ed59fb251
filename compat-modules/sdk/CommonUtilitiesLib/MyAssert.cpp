// SPDX-License-Identifier: MIT OR Apache-2.0
#include "MyAssert.h"

namespace {
AssertLogger* sLogger = NULL;
}

void SetAssertLogger(AssertLogger* logger) { __atomic_store_n(&sLogger, logger, __ATOMIC_RELEASE); }

void MyAssert(const char* message) {
    AssertLogger* logger = __atomic_load_n(&sLogger, __ATOMIC_ACQUIRE);
    if (logger != NULL) {
        logger->LogAssert(const_cast<char*>(message));
        return;
    }
    ::printf("%s\n", message);
    ::fflush(stdout);
    ::abort();
}

void MyAssertFailed(const char* kind, const char* file, int line) {
    char text[kAssertBuffSize];
    ::snprintf(text, sizeof(text), "%s: %s, %d", kind, file, line);
    MyAssert(text);
}

void MyAssertFailedV(const char* kind, const char* file, int line, long value) {
    char text[kAssertBuffSize];
    ::snprintf(text, sizeof(text), "%s: %s, %d (%ld)", kind, file, line, value);
    MyAssert(text);
}

void MyWarning(const char* kind, const char* file, int line, const char* message) {
    if (message == NULL)
        ::printf("%s: %s, %d\n", kind, file, line);
    else
        ::printf("%s: %s, %d (%s)\n", kind, file, line, message);
}

void MyWarningError(const char* file, int line, const char* message, int error) {
    ::printf("_WarnV: %s, %d (%s, error %d)\n", file, line, message, error);
}
