/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the probe modules share: a file that the test reads, checks, and the entry function. C and C++. */
#ifndef PROBE_H
#define PROBE_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/time.h>
#include "QTSS.h"
#include "QTSS_Private.h"

/* One line to the file that PROBE_LOG names. */
static void note(const char* inFormat, ...)
{
    char theLine[1024];
    va_list theArgs;
    int theLength;
    FILE* theFile;

    va_start(theArgs, inFormat);
    theLength = vsnprintf(theLine, sizeof(theLine) - 1, inFormat, theArgs);
    va_end(theArgs);
    if (theLength < 0 || (theFile = fopen(getenv("PROBE_LOG"), "a")) == NULL)
        return;
    fprintf(theFile, "%s\n", theLine);
    fclose(theFile);
}

#define CHECK(trap, condition) note("%s trap_%02d line %d: %s", (condition) ? "ok" : "FAIL", trap, __LINE__, #condition)

/* The four characters of a role. */
static const char* role_text(QTSS_Role inRole)
{
    static __thread char theText[5];
    theText[0] = (char)(inRole >> 24);
    theText[1] = (char)(inRole >> 16);
    theText[2] = (char)(inRole >> 8);
    theText[3] = (char)inRole;
    return theText;
}

/* A 32 bit attribute; all ones when there is none. */
static UInt32 number(QTSS_Object inObject, QTSS_AttributeID inID)
{
    UInt32 theValue = 0xffffffff, theLen = sizeof(theValue);
    return QTSS_GetValue(inObject, inID, 0, &theValue, &theLen) == QTSS_NoErr ? theValue : 0xffffffff;
}

/* All of a request that was read; empty when there is none. */
static char* full_request(QTSS_Object inRequest)
{
    static char sNothing[1];
    char* theText = NULL;
    UInt32 theLen = 0;
    return QTSS_GetValuePtr(inRequest, qtssRTSPReqFullRequest, 0, (void**)&theText, &theLen) == QTSS_NoErr ? theText : sNothing;
}

/* Holds the calling thread until the test writes the file "go" into the folder that PROBE_FOLDER names. */
static void wait_for_go(UInt32 inMostMsec)
{
    char thePath[1024];
    const QTSS_TimeVal theEnd = QTSS_Milliseconds() + inMostMsec;
    (void)snprintf(thePath, sizeof(thePath), "%s/go", getenv("PROBE_FOLDER"));
    while (QTSS_Milliseconds() < theEnd && access(thePath, F_OK) != 0)
        (void)usleep(10 * 1000);
}

/* The value of a pref of a module, or the default. */
static UInt32 number_pref(QTSS_Object inPrefs, const char* inName, UInt32 inDefault)
{
    QTSS_Object theInfo = NULL;
    QTSS_AttributeID theID = qtssIllegalAttrID;
    UInt32 theLen = sizeof(theID), theValue = inDefault;

    if (QTSS_GetAttrInfoByName(inPrefs, (char*)inName, &theInfo) != QTSS_NoErr)
        return inDefault;
    (void)QTSS_GetValue(theInfo, qtssAttrID, 0, &theID, &theLen);
    theLen = sizeof(theValue);
    if (QTSS_GetValue(inPrefs, theID, 0, &theValue, &theLen) != QTSS_NoErr)
        return inDefault;
    return theValue;
}

static QTSS_Object prefs_of(QTSS_ModuleObject inModule)
{
    QTSS_Object thePrefs = NULL;
    UInt32 theLen = sizeof(thePrefs);
    (void)QTSS_GetValue(inModule, qtssModPrefs, 0, &thePrefs, &theLen);
    return thePrefs;
}

/* Silences the compiler about what a probe does not use. */
static void* probe_unused[] __attribute__((unused)) = {
    (void*)note, (void*)role_text, (void*)wait_for_go, (void*)number, (void*)full_request, (void*)number_pref, (void*)prefs_of};

#ifdef __cplusplus
#define ENTRY(name) extern "C" QTSS_Error name##_Main(void* inArgs); \
    extern "C" QTSS_Error name##_Main(void* inArgs) { return _stublibrary_main(inArgs, dispatch); }
#else
#define ENTRY(name) QTSS_Error name##_Main(void* inArgs) { return _stublibrary_main(inArgs, dispatch); }
#endif
#define ENTRY_OF(name) ENTRY(name)

#endif
