/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Values, handles, pointers: what modules count on when they read and write attributes. */
#include "probe.h"

static QTSS_AttributeID sServerAttr = 7777, sShared = 7777, sKeep = 7777;
static QTSS_Object sServer, sSession;
static char* sKept;

static QTSS_Error do_register(QTSS_Register_Params* inParams)
{
    QTSS_AttributeID theID = 4711;
    strcpy(inParams->outModuleName, "AnotherName");
    (void)QTSS_AddRole(QTSS_Initialize_Role);
    (void)QTSS_AddRole(QTSS_RTSPFilter_Role);
    (void)QTSS_AddRole(QTSS_RTSPRoute_Role);
    (void)QTSS_AddRole(QTSS_RTSPAuthorize_Role);
    (void)QTSS_AddRole(QTSS_RTSPPreProcessor_Role);
    (void)QTSS_AddRole(QTSS_RTSPPostProcessor_Role);
    (void)QTSS_AddRole(QTSS_ClientSessionClosing_Role);
    CHECK(40, QTSS_AddRole(QTSS_Register_Role) == QTSS_BadArgument);
    CHECK(40, QTSS_AddRole(0) == QTSS_BadArgument);
    CHECK(19, QTSS_AddStaticAttribute(qtssServerObjectType, "ProbeServer", NULL, qtssAttrDataTypeUInt32) == QTSS_NoErr);
    CHECK(20, QTSS_AddStaticAttribute(qtssClientSessionObjectType, "ProbeShared", NULL, qtssAttrDataTypeUInt32) == QTSS_NoErr);
    CHECK(20, QTSS_IDForAttr(qtssClientSessionObjectType, "ProbeShared", &sShared) == QTSS_NoErr);
    CHECK(20, QTSS_AddStaticAttribute(qtssClientSessionObjectType, "ProbeShared", NULL, qtssAttrDataTypeUInt32) == QTSS_AttrNameExists);
    CHECK(20, QTSS_IDForAttr(qtssClientSessionObjectType, "ProbeShared", &theID) == QTSS_NoErr && theID == sShared);
    (void)QTSS_AddStaticAttribute(qtssClientSessionObjectType, "ProbeKeep", NULL, qtssAttrDataTypeCharArray);
    (void)QTSS_IDForAttr(qtssClientSessionObjectType, "ProbeKeep", &sKeep);
    (void)QTSS_IDForAttr(qtssServerObjectType, "ProbeServer", &sServerAttr);
    theID = 4711;
    CHECK(21, QTSS_IDForAttr(qtssServerObjectType, "NoSuchAttribute", &theID) == QTSS_AttrDoesntExist && theID == 4711);
    CHECK(21, QTSS_IDForAttr(0x12345678, "ProbeServer", &theID) == QTSS_BadArgument && theID == 4711);
    CHECK(21, QTSS_IDForAttr(qtssServerObjectType, "ProbeServer", NULL) == QTSS_BadArgument);
    return QTSS_NoErr;
}

/* Every text of an object ends with a NUL. */
static int all_terminated(QTSS_Object inObject)
{
    UInt32 theCount = 0, i, theLen;
    int isGood = 1;
    (void)QTSS_GetNumAttributes(inObject, &theCount);
    (void)QTSS_LockObject(inObject);
    for (i = 0; i < theCount; i++)
    {
        QTSS_Object theInfo = NULL;
        QTSS_AttributeID theID = 0;
        QTSS_AttrDataType theType = 0;
        char* theText = NULL;
        if (QTSS_GetAttrInfoByIndex(inObject, i, &theInfo) != QTSS_NoErr)
            return 0;
        theLen = sizeof(theID);
        (void)QTSS_GetValue(theInfo, qtssAttrID, 0, &theID, &theLen);
        theLen = sizeof(theType);
        (void)QTSS_GetValue(theInfo, qtssAttrDataType, 0, &theType, &theLen);
        if (theType != qtssAttrDataTypeCharArray)
            continue;
        theLen = 0;
        if (QTSS_GetValuePtr(inObject, theID, 0, (void**)&theText, &theLen) == QTSS_NoErr && theText[theLen] != 0)
        {
            note("not terminated: attribute %d", (int)theID);
            isGood = 0;
        }
    }
    (void)QTSS_UnlockObject(inObject);
    return isGood;
}

static void instance_attributes(QTSS_Initialize_Params* inParams, QTSS_Object inPrefs)
{
    QTSS_Object theAttributes = NULL;
    UInt32 theLen = sizeof(theAttributes);
    (void)QTSS_GetValue(inParams->inModule, qtssModAttributes, 0, &theAttributes, &theLen);
    CHECK(22, QTSS_AddInstanceAttribute(inParams->inServer, "ProbeI", NULL, qtssAttrDataTypeUInt32) == QTSS_InstanceAttrsNotAllowed);
    CHECK(22, QTSS_AddInstanceAttribute(inParams->inMessages, "ProbeI", NULL, qtssAttrDataTypeUInt32) == QTSS_InstanceAttrsNotAllowed);
    CHECK(22, QTSS_AddInstanceAttribute(inParams->inModule, "ProbeI", NULL, qtssAttrDataTypeUInt32) == QTSS_InstanceAttrsNotAllowed);
    CHECK(22, QTSS_AddInstanceAttribute(inParams->inPrefs, "ProbeI", NULL, qtssAttrDataTypeUInt32) == QTSS_NoErr);
    CHECK(22, QTSS_AddInstanceAttribute(inPrefs, "ProbeI", NULL, qtssAttrDataTypeUInt32) == QTSS_NoErr);
    CHECK(22, QTSS_AddInstanceAttribute(theAttributes, "ProbeI", NULL, qtssAttrDataTypeUInt32) == QTSS_NoErr);
    CHECK(22, QTSS_AddInstanceAttribute(theAttributes, "ProbeI", NULL, qtssAttrDataTypeUInt32) == QTSS_AttrNameExists);
}

static void file_prefs(QTSS_Object inPrefs)
{
    QTSS_Object theInfo = NULL;
    QTSS_AttributeID theID = 0;
    UInt32 theLen = sizeof(theID);
    char *thePtr = NULL, *theText = NULL;
    CHECK(15, QTSS_GetAttrInfoByName(inPrefs, "from_file", &theInfo) == QTSS_NoErr);
    (void)QTSS_GetValue(theInfo, qtssAttrID, 0, &theID, &theLen);
    CHECK(15, QTSS_GetValuePtr(inPrefs, theID, 0, (void**)&thePtr, &theLen) == QTSS_NotPreemptiveSafe && thePtr == NULL);
    CHECK(15, QTSS_GetValueAsString(inPrefs, theID, 0, &theText) == QTSS_NoErr && strcmp(theText, "a & b") == 0);
    QTSS_Delete(theText);
    (void)QTSS_LockObject(inPrefs);
    CHECK(15, QTSS_GetValuePtr(inPrefs, theID, 0, (void**)&thePtr, &theLen) == QTSS_NoErr && theLen == 5);
    (void)QTSS_UnlockObject(inPrefs);
    CHECK(15, QTSS_GetValuePtr(inPrefs, theID, 0, (void**)&thePtr, &theLen) == QTSS_NotPreemptiveSafe);
    CHECK(4, number_pref(inPrefs, "which_section", 0) == 1);
}

static QTSS_Error do_initialize(QTSS_Initialize_Params* inParams)
{
    UInt32 theValue = 99, theLen = sizeof(theValue);
    char theShort[4] = {'k', 'e', 'e', 'p'}, *theText = NULL;
    struct timeval theTime;
    QTSS_Object thePrefs = prefs_of(inParams->inModule);
    long long theOurs, theTheirs;

    sServer = inParams->inServer;
    CHECK(4, QTSS_GetValueAsString(inParams->inModule, qtssModName, 0, &theText) == QTSS_NoErr && strcmp(theText, "Attributes") == 0);
    free(theText); /* one heap */
    CHECK(19, QTSS_SetValue(sServer, sServerAttr, 0, &theValue, sizeof(theValue)) == QTSS_NoErr);
    theValue = 0;
    CHECK(19, QTSS_GetValue(sServer, sServerAttr, 0, &theValue, &theLen) == QTSS_NoErr && theValue == 99);
    theLen = sizeof(theShort);
    CHECK(12, QTSS_GetValue(inParams->inModule, qtssModName, 0, theShort, &theLen) == QTSS_NoErr);
    CHECK(12, theLen == strlen("Attributes") && memcmp(theShort, "keep", 4) == 0);
    theLen = 4711;
    CHECK(13, QTSS_GetValue(inParams->inModule, qtssModDesc, 0, theShort, &theLen) == QTSS_ValueNotFound && theLen == 4711);
    CHECK(13, QTSS_GetValue(inParams->inModule, 12345, 0, theShort, &theLen) == QTSS_AttrDoesntExist && theLen == 4711);
    CHECK(13, QTSS_GetValue(NULL, qtssModDesc, 0, theShort, &theLen) == QTSS_BadArgument && theLen == 4711);
    CHECK(13, QTSS_GetValue((QTSS_Object)0x7fffff01, qtssModDesc, 0, theShort, &theLen) == QTSS_BadArgument);
    CHECK(13, QTSS_GetValue((QTSS_Object)&theLen, qtssModDesc, 0, theShort, &theLen) == QTSS_BadArgument);
    instance_attributes(inParams, thePrefs);
    file_prefs(thePrefs);
    CHECK(16, all_terminated(inParams->inServer));
    CHECK(16, all_terminated(inParams->inMessages));
    CHECK(16, all_terminated(inParams->inPrefs));
    CHECK(16, all_terminated(inParams->inModule));
    CHECK(16, all_terminated(thePrefs));
    gettimeofday(&theTime, NULL);
    theOurs = (long long)theTime.tv_sec * 1000 + theTime.tv_usec / 1000;
    theTheirs = QTSS_Milliseconds();
    CHECK(50, theOurs - theTheirs >= -100 && theOurs - theTheirs <= 1100);
    CHECK(50, QTSS_MilliSecsTo1970Secs(theTheirs) == (time_t)(theTheirs / 1000));
    CHECK(40, QTSS_AddRole(QTSS_Interval_Role) == QTSS_OutOfState);
    CHECK(40, QTSS_AddStaticAttribute(qtssServerObjectType, "Late", NULL, qtssAttrDataTypeUInt32) == QTSS_OutOfState);
    CHECK(40, QTSS_SetIdleTimer(10) == QTSS_OutOfState);
    CHECK(40, QTSS_SetIntervalRoleTimer(0) == QTSS_NoErr);
    return QTSS_NoErr;
}

static void do_filter(QTSS_Filter_Params* inParams)
{
    char* theText = NULL;
    UInt32 theLen = 0;
    CHECK(2, QTSS_GetValuePtr(inParams->inRTSPRequest, qtssRTSPReqFullRequest, 0, (void**)&theText, &theLen) == QTSS_NoErr);
    CHECK(2, theText[theLen] == 0 && theText[theLen - 1] == '\n');
    CHECK(15, QTSS_GetValuePtr(inParams->inRTSPRequest, qtssRTSPReqFilePath, 0, (void**)&theText, &theLen) == QTSS_NotPreemptiveSafe);
}

static void do_route(QTSS_StandardRTSP_Params* inParams)
{
    char *theRoot = NULL, *theLocal = NULL, *theNext = NULL, theNew[1024];
    CHECK(18, QTSS_GetValueAsString(inParams->inRTSPRequest, qtssRTSPReqRootDir, 0, &theRoot) == QTSS_NoErr);
    snprintf(theNew, sizeof(theNew), "%s/elsewhere", theRoot);
    CHECK(18, QTSS_SetValue(inParams->inRTSPRequest, qtssRTSPReqRootDir, 0, theNew, strlen(theNew)) == QTSS_NoErr);
    CHECK(18, QTSS_GetValueAsString(inParams->inRTSPRequest, qtssRTSPReqLocalPath, 0, &theLocal) == QTSS_NoErr);
    CHECK(18, strncmp(theLocal, theNew, strlen(theNew)) == 0);
    (void)QTSS_SetValue(inParams->inRTSPRequest, qtssRTSPReqRootDir, 0, theRoot, strlen(theRoot));
    CHECK(18, QTSS_GetValueAsString(inParams->inRTSPRequest, qtssRTSPReqLocalPath, 0, &theNext) == QTSS_NoErr);
    CHECK(18, strncmp(theNext, theNew, strlen(theNew)) != 0);
    free(theRoot);
    QTSS_Delete(theLocal);
    free(theNext);
}

static void do_authorize(QTSS_StandardRTSP_Params* inParams)
{
    char *theURL = NULL, *theEnd;
    UInt32 theLen = 0;
    CHECK(1, QTSS_GetValuePtr(inParams->inRTSPRequest, qtssRTSPReqAbsoluteURL, 0, (void**)&theURL, &theLen) == QTSS_NoErr);
    theEnd = strstr(theURL, " RTSP/1.0");
    CHECK(1, theEnd != NULL && (theEnd == theURL + theLen || theURL[theLen] == '?'));
    CHECK(16, theURL[theLen] == ' ' || theURL[theLen] == '?');
}

/* The handle is the stream, windows lie in the request, pointers stay good. */
static void do_preprocess(QTSS_StandardRTSP_Params* inParams)
{
    char *theFull = NULL, *thePtr = NULL;
    UInt32 theFullLen = 0, theLen = 0, theMethod = 0, i;
    QTSS_StreamRef theRef = NULL;
    struct { UInt16 before; Bool16 allowed; UInt16 after; } theFlags = {0xabcd, 1, 0xabcd};
    char* theRealm = NULL;

    (void)QTSS_GetValuePtr(inParams->inRTSPRequest, qtssRTSPReqFullRequest, 0, (void**)&theFull, &theFullLen);
    CHECK(2, QTSS_GetValuePtr(inParams->inRTSPHeaders, qtssCSeqHeader, 0, (void**)&thePtr, &theLen) == QTSS_NoErr);
    CHECK(2, thePtr >= theFull && thePtr + theLen < theFull + theFullLen && theFull[theFullLen] == 0);
    CHECK(16, thePtr[theLen] == '\r' || thePtr[theLen] == '\n');
    theLen = sizeof(theRef);
    CHECK(10, QTSS_GetValue(inParams->inRTSPRequest, qtssRTSPReqStreamRef, 0, &theRef, &theLen) == QTSS_NoErr);
    CHECK(10, theRef == inParams->inRTSPRequest);
    (void)QTSS_GetValue(inParams->inRTSPSession, qtssRTSPSesStreamRef, 0, &theRef, &theLen);
    CHECK(10, theRef == inParams->inRTSPSession);
    thePtr = theFull;
    theLen = 4711;
    CHECK(14, QTSS_GetValuePtr(inParams->inRTSPRequest, qtssRTSPReqQueryString, 0, (void**)&thePtr, &theLen) == QTSS_ValueNotFound
                  || theLen > 0);
    CHECK(14, theLen > 0 || thePtr == theFull);
    CHECK(16, all_terminated(inParams->inRTSPSession));
    CHECK(16, all_terminated(inParams->inClientSession));
    theLen = sizeof(theMethod);
    (void)QTSS_GetValue(inParams->inRTSPRequest, qtssRTSPReqMethod, 0, &theMethod, &theLen);
    if (theMethod == qtssDescribeMethod)
    {
        sSession = inParams->inClientSession;
        CHECK(17, QTSS_SetValue(sSession, sKeep, 0, "a longer value", 14) == QTSS_NoErr);
        CHECK(17, QTSS_GetValuePtr(sSession, sKeep, 0, (void**)&sKept, &theLen) == QTSS_NoErr);
    }
    else if (theMethod == qtssSetupMethod)
    {
        CHECK(11, sSession == inParams->inClientSession);
        CHECK(17, memcmp(sKept, "a longer value", 15) == 0);
        CHECK(17, QTSS_SetValue(sSession, sKeep, 0, "short", 5) == QTSS_NoErr && strcmp(sKept, "short") == 0);
        CHECK(16, all_terminated(sSession));
    }
    else
        CHECK(11, sSession == inParams->inClientSession);
    (void)QTSS_Authorize(inParams->inRTSPRequest, &theRealm, &theFlags.allowed);
    CHECK(79, theFlags.before == 0xabcd && theFlags.after == 0xabcd && theRealm != NULL);
    CHECK(79, QTSS_IsGlobalLocked() == 0);
    free(theRealm);
    (void)QTSS_LockObject(sServer);
    for (i = 0; i < 100; i++)
    {
        QTSS_Object* theSlot = NULL;
        if (QTSS_GetValuePtr(sServer, qtssSvrClientSessions, i, (void**)&theSlot, &theLen) != QTSS_NoErr)
            break;
        CHECK(80, theLen == sizeof(QTSS_Object));
        CHECK(11, *theSlot == inParams->inClientSession);
    }
    (void)QTSS_UnlockObject(sServer);
    CHECK(80, i == 1);
}

static void do_postprocess(QTSS_StandardRTSP_Params* inParams)
{
    QTSS_Object* theStream = NULL;
    UInt32 theLen = 0, theMethod = 0, theCount = 0;
    theLen = sizeof(theMethod);
    (void)QTSS_GetValue(inParams->inRTSPRequest, qtssRTSPReqMethod, 0, &theMethod, &theLen);
    if (theMethod != qtssSetupMethod)
        return;
    CHECK(80, QTSS_GetValuePtr(inParams->inClientSession, qtssCliSesStreamObjects, 0, (void**)&theStream, &theLen) == QTSS_NoErr);
    CHECK(80, QTSS_GetNumValues(*theStream, qtssRTPStrSSRC, &theCount) == QTSS_NoErr && theCount == 1);
    CHECK(80, QTSS_GetValuePtr(inParams->inClientSession, qtssCliSesStreamObjects, 1, (void**)&theStream, &theLen) == QTSS_BadIndex);
}

static QTSS_Error dispatch(QTSS_Role inRole, QTSS_RoleParamPtr inParams)
{
    switch (inRole)
    {
        case QTSS_Register_Role: return do_register(&inParams->regParams);
        case QTSS_Initialize_Role: return do_initialize(&inParams->initParams);
        case QTSS_RTSPFilter_Role: do_filter(&inParams->rtspFilterParams); break;
        case QTSS_RTSPRoute_Role: do_route(&inParams->rtspRouteParams); break;
        case QTSS_RTSPAuthorize_Role: do_authorize(&inParams->rtspAuthParams); break;
        case QTSS_RTSPPreProcessor_Role: do_preprocess(&inParams->rtspPreProcessorParams); break;
        case QTSS_RTSPPostProcessor_Role: do_postprocess(&inParams->rtspPostProcessorParams); break;
        case QTSS_ClientSessionClosing_Role:
            CHECK(11, sSession == inParams->clientSessionClosingParams.inClientSession);
            CHECK(17, strcmp(sKept, "short") == 0);
            note("closed");
            break;
    }
    return QTSS_NoErr;
}

ENTRY(Attributes)
