// SPDX-License-Identifier: MIT OR Apache-2.0
// Checks that stay in release builds.
//
// A failed Assert goes to the logger if one is set; without a logger it prints a line and ends the process.
// A failed Warn only prints. All macros are blocks, so that code which leaves out the semicolon builds too.
#ifndef QTSS_SDK_MY_ASSERT_H
#define QTSS_SDK_MY_ASSERT_H

#include <stdio.h>
#include "SafeStdLib.h"

#ifdef __cplusplus

class AssertLogger {
public:
    virtual ~AssertLogger() {}
    virtual void LogAssert(char* text) = 0;
};

// The logger is used from any thread and must outlive all code that asserts. NULL takes it away.
void SetAssertLogger(AssertLogger* logger);

extern "C" {
#endif

// Reports a failed check whose text is given.
void MyAssert(const char* message);

// What the macros below call.
void MyAssertFailed(const char* kind, const char* file, int line);
void MyAssertFailedV(const char* kind, const char* file, int line, long value);
void MyWarning(const char* kind, const char* file, int line, const char* message);
void MyWarningError(const char* file, int line, const char* message, int error);

#ifdef __cplusplus
}
#endif

#ifndef ASSERT
#define ASSERT 1
#endif

#define kAssertBuffSize 256

#if ASSERT

#define Assert(condition) \
    { \
        if (!(condition)) \
            MyAssertFailed("_Assert", __FILE__, __LINE__); \
    }
#define AssertV(condition, errNo) \
    { \
        if (!(condition)) \
            MyAssertFailedV("_AssertV", __FILE__, __LINE__, (long)(errNo)); \
    }
#define Warn(condition) \
    { \
        if (!(condition)) \
            MyWarning("_Warn", __FILE__, __LINE__, NULL); \
    }
#define WarnV(condition, msg) \
    { \
        if (!(condition)) \
            MyWarning("_WarnV", __FILE__, __LINE__, msg); \
    }
#define WarnVE(condition, msg, err) \
    { \
        if (!(condition)) \
            MyWarningError(__FILE__, __LINE__, msg, err); \
    }

#else

#define Assert(condition) ((void)0)
#define AssertV(condition, errNo) ((void)0)
#define Warn(condition) ((void)0)
#define WarnV(condition, msg) ((void)0)
#define WarnVE(condition, msg, err) ((void)0)

#endif

#endif
