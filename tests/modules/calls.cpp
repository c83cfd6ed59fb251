// SPDX-License-Identifier: MIT OR Apache-2.0
// Every function of the callback table with every result it has, by name: "ok call NAME CODE"; and what it answers to
// objects that are NULL, gone or of another type, to lengths that nothing has, in the wrong role, on threads of the
// module's own, and when something is given back twice: "ok refused NAME HOW".
#define QTSS_OLDROUTINENAMES 1
#include "probe.h"
#include <pthread.h>
#include <sys/socket.h>

#define GOT(function, expected, expression) got(#function, #expected, expected, expression, __LINE__)
#define WORKS(function, condition) note("%s call %s works line %d", (condition) ? "ok" : "FAIL", #function, __LINE__)
#define REFUSED(function, how, expected, expression) refused(#function, how, expected, expression, __LINE__)

static QTSS_Object sServer, sLog, sModule, sPrefs, sAttributes, sStale, sStream;
static QTSS_AttributeID sOwn, sOwnList;
static int sStep, sFlooded;
static UInt32 sVariable = 3;

static void got(const char* inFunction, const char* inCode, QTSS_Error inExpected, QTSS_Error inResult, int inLine)
{
    note("%s call %s %s line %d result %d", inExpected == inResult ? "ok" : "FAIL", inFunction, inCode, inLine, (int)inResult);
}

static void refused(const char* inFunction, const char* inHow, QTSS_Error inExpected, QTSS_Error inResult, int inLine)
{
    note("%s refused %s %s line %d result %d", inExpected == inResult ? "ok" : "FAIL", inFunction, inHow, inLine, (int)inResult);
}

// Everything that takes an object of any type, with one that is none.
static void no_object(const char* inHow, QTSS_Object inObject)
{
    void* thePtr = NULL;
    char* theText = NULL;
    UInt32 theLen = 4, theValue = 0;
    QTSS_Object theOut = NULL;
    Bool16 isAllowed = 0;
    QTSS_PacketStruct thePacket = {NULL, 0, 0};
    struct iovec theVec[2] = {{NULL, 0}, {&theValue, 4}};
    REFUSED(QTSS_GetValuePtr, inHow, QTSS_BadArgument, QTSS_GetValuePtr(inObject, 0, 0, &thePtr, &theLen));
    REFUSED(QTSS_GetValue, inHow, QTSS_BadArgument, QTSS_GetValue(inObject, 0, 0, &theValue, &theLen));
    REFUSED(QTSS_SetValue, inHow, QTSS_BadArgument, QTSS_SetValue(inObject, 0, 0, &theValue, 4));
    REFUSED(QTSS_SetValuePtr, inHow, QTSS_BadArgument, QTSS_SetValuePtr(inObject, 0, &theValue, 4));
    REFUSED(QTSS_GetValueAsString, inHow, QTSS_BadArgument, QTSS_GetValueAsString(inObject, 0, 0, &theText));
    REFUSED(QTSS_GetNumValues, inHow, QTSS_BadArgument, QTSS_GetNumValues(inObject, 0, &theLen));
    REFUSED(QTSS_RemoveValue, inHow, QTSS_BadArgument, QTSS_RemoveValue(inObject, 0, 0));
    REFUSED(QTSS_GetNumAttributes, inHow, QTSS_BadArgument, QTSS_GetNumAttributes(inObject, &theLen));
    REFUSED(QTSS_AddInstanceAttribute, inHow, QTSS_BadArgument, QTSS_AddInstanceAttribute(inObject, (char*)"x", NULL, qtssAttrDataTypeUInt32));
    REFUSED(QTSS_RemoveInstanceAttribute, inHow, QTSS_BadArgument, QTSS_RemoveInstanceAttribute(inObject, 0));
    REFUSED(QTSS_GetAttrInfoByIndex, inHow, QTSS_BadArgument, QTSS_GetAttrInfoByIndex(inObject, 0, &theOut));
    REFUSED(QTSS_GetAttrInfoByName, inHow, QTSS_BadArgument, QTSS_GetAttrInfoByName(inObject, (char*)"x", &theOut));
    REFUSED(QTSS_GetAttrInfoByID, inHow, QTSS_BadArgument, QTSS_GetAttrInfoByID(inObject, 0, &theOut));
    REFUSED(QTSS_CreateObjectValue, inHow, QTSS_BadArgument, QTSS_CreateObjectValue(inObject, 0, qtssDynamicObjectType, &theLen, &theOut));
    REFUSED(QTSS_LockObject, inHow, QTSS_BadArgument, QTSS_LockObject(inObject));
    REFUSED(QTSS_UnlockObject, inHow, QTSS_BadArgument, QTSS_UnlockObject(inObject));
    REFUSED(QTSS_Write, inHow, QTSS_BadArgument, QTSS_Write(inObject, &thePacket, 4, &theLen, qtssWriteFlagsIsRTP));
    REFUSED(QTSS_WriteV, inHow, QTSS_BadArgument, QTSS_WriteV(inObject, theVec, 2, 4, &theLen));
    REFUSED(QTSS_Flush, inHow, QTSS_BadArgument, QTSS_Flush(inObject));
    REFUSED(QTSS_Read, inHow, QTSS_BadArgument, QTSS_Read(inObject, &theValue, 4, &theLen));
    REFUSED(QTSS_Seek, inHow, QTSS_BadArgument, QTSS_Seek(inObject, 0));
    REFUSED(QTSS_Advise, inHow, QTSS_BadArgument, QTSS_Advise(inObject, 0, 4));
    REFUSED(QTSS_RequestEvent, inHow, QTSS_BadArgument, QTSS_RequestEvent(inObject, QTSS_ReadableEvent));
    REFUSED(QTSS_SignalStream, inHow, QTSS_BadArgument, QTSS_SignalStream(inObject, QTSS_ReadableEvent));
    REFUSED(QTSS_DestroySocketStream, inHow, QTSS_BadArgument, QTSS_DestroySocketStream(inObject));
    REFUSED(QTSS_CloseFileObject, inHow, QTSS_BadArgument, QTSS_CloseFileObject(inObject));
    REFUSED(QTSS_SendRTSPHeaders, inHow, QTSS_BadArgument, QTSS_SendRTSPHeaders(inObject));
    REFUSED(QTSS_AppendRTSPHeader, inHow, QTSS_BadArgument, QTSS_AppendRTSPHeader(inObject, qtssLocationHeader, "x", 1));
    REFUSED(QTSS_SendStandardRTSPResponse, inHow, QTSS_BadArgument, QTSS_SendStandardRTSPResponse(inObject, sServer, 0));
    REFUSED(QTSS_AddRTPStream, inHow, QTSS_BadArgument, QTSS_AddRTPStream(inObject, inObject, &theOut, 0));
    REFUSED(QTSS_Play, inHow, QTSS_BadArgument, QTSS_Play(inObject, NULL, 0));
    REFUSED(QTSS_Pause, inHow, QTSS_BadArgument, QTSS_Pause(inObject));
    REFUSED(QTSS_Teardown, inHow, QTSS_BadArgument, QTSS_Teardown(inObject));
    REFUSED(QTSS_RefreshTimeOut, inHow, QTSS_BadArgument, QTSS_RefreshTimeOut(inObject));
    REFUSED(QTSS_Authenticate, inHow, QTSS_BadArgument, QTSS_Authenticate("u", "/p", "/m", qtssActionFlagsRead, qtssAuthBasic, inObject));
    REFUSED(QTSS_Authorize, inHow, QTSS_BadArgument, QTSS_Authorize(inObject, &theText, &isAllowed));
}

// A living object of another type than the function is for.
static void wrong_type()
{
    UInt32 theLen = 4, theValue = 0;
    QTSS_Object theOut = NULL;
    char* theText = NULL;
    Bool16 isAllowed = 0;
    struct iovec theVec[2] = {{NULL, 0}, {&theValue, 4}};
    REFUSED(QTSS_Write, "type", QTSS_Unimplemented, QTSS_Write(sServer, &theValue, 4, &theLen, 0));
    REFUSED(QTSS_WriteV, "type", QTSS_Unimplemented, QTSS_WriteV(sServer, theVec, 2, 4, &theLen));
    REFUSED(QTSS_Flush, "type", QTSS_Unimplemented, QTSS_Flush(sServer));
    REFUSED(QTSS_Read, "type", QTSS_Unimplemented, QTSS_Read(sServer, &theValue, 4, &theLen));
    REFUSED(QTSS_Seek, "type", QTSS_Unimplemented, QTSS_Seek(sServer, 0));
    REFUSED(QTSS_Advise, "type", QTSS_Unimplemented, QTSS_Advise(sServer, 0, 4));
    REFUSED(QTSS_DestroySocketStream, "type", QTSS_BadArgument, QTSS_DestroySocketStream(sServer));
    REFUSED(QTSS_CloseFileObject, "type", QTSS_BadArgument, QTSS_CloseFileObject(sServer));
    REFUSED(QTSS_SendRTSPHeaders, "type", QTSS_BadArgument, QTSS_SendRTSPHeaders(sServer));
    REFUSED(QTSS_AppendRTSPHeader, "type", QTSS_BadArgument, QTSS_AppendRTSPHeader(sServer, qtssLocationHeader, "x", 1));
    REFUSED(QTSS_SendStandardRTSPResponse, "type", QTSS_BadArgument, QTSS_SendStandardRTSPResponse(sServer, sServer, 0));
    REFUSED(QTSS_AddRTPStream, "type", QTSS_BadArgument, QTSS_AddRTPStream(sServer, sModule, &theOut, 0));
    REFUSED(QTSS_Play, "type", QTSS_BadArgument, QTSS_Play(sServer, NULL, 0));
    REFUSED(QTSS_Pause, "type", QTSS_BadArgument, QTSS_Pause(sServer));
    REFUSED(QTSS_Teardown, "type", QTSS_BadArgument, QTSS_Teardown(sServer));
    REFUSED(QTSS_RefreshTimeOut, "type", QTSS_BadArgument, QTSS_RefreshTimeOut(sServer));
    REFUSED(QTSS_Authenticate, "type", QTSS_BadArgument, QTSS_Authenticate("u", "/p", "/m", qtssActionFlagsRead, qtssAuthBasic, sServer));
    REFUSED(QTSS_Authorize, "type", QTSS_BadArgument, QTSS_Authorize(sServer, &theText, &isAllowed));
    REFUSED(QTSS_AddInstanceAttribute, "type", QTSS_InstanceAttrsNotAllowed, QTSS_AddInstanceAttribute(sServer, (char*)"x", NULL, qtssAttrDataTypeUInt32));
    REFUSED(QTSS_RemoveInstanceAttribute, "type", QTSS_BadArgument, QTSS_RemoveInstanceAttribute(sServer, qtssSvrState));
    REFUSED(QTSS_CreateObjectValue, "type", QTSS_BadArgument, QTSS_CreateObjectValue(sModule, sOwn, qtssDynamicObjectType, &theLen, &theOut));
}

// Lengths that are negative numbers, numbers far outside.
static void huge(QTSS_Object inRequest)
{
    UInt32 theValue = 0, theLen = 0xffffffff;
    char *theText = NULL, theName[70];
    void* thePtr = NULL;
    struct iovec theVec[2] = {{NULL, 0}, {&theValue, 0xffffffff}};
    REFUSED(QTSS_SetValue, "length", QTSS_BadArgument, QTSS_SetValue(sModule, sOwn, 0, &theValue, 0xffffffff));
    REFUSED(QTSS_SetValuePtr, "length", QTSS_BadArgument, QTSS_SetValuePtr(sModule, sOwn, &theValue, 0x80000001));
    REFUSED(QTSS_ValueToString, "length", QTSS_BadArgument, QTSS_ValueToString(&theValue, 0xffffffff, qtssAttrDataTypeCharArray, &theText));
    REFUSED(QTSS_GetValue, "length", QTSS_NoErr, QTSS_GetValue(sModule, qtssModName, 0, theName, &theLen)); // only what there is
    REFUSED(QTSS_GetValue, "index", QTSS_BadIndex, QTSS_GetValue(sModule, qtssModName, 0xffffffff, theName, &theLen));
    REFUSED(QTSS_GetValuePtr, "index", QTSS_BadIndex, QTSS_GetValuePtr(sModule, qtssModName, 0x7fffffff, &thePtr, &theLen));
    REFUSED(QTSS_GetAttrInfoByIndex, "index", QTSS_AttrDoesntExist, QTSS_GetAttrInfoByIndex(sModule, 0xffffffff, &thePtr));
    REFUSED(QTSS_DoService, "index", QTSS_IllegalService, QTSS_DoService(-5, NULL));
    REFUSED(QTSS_DoService, "index", QTSS_IllegalService, QTSS_DoService(0x7fffffff, NULL));
    memset(theName, 'n', sizeof(theName));
    theName[69] = 0;
    REFUSED(QTSS_AddInstanceAttribute, "length", QTSS_BadArgument, QTSS_AddInstanceAttribute(sAttributes, theName, NULL, qtssAttrDataTypeUInt32));
    if (inRequest == NULL)
        return;
    REFUSED(QTSS_Write, "length", QTSS_BadArgument, QTSS_Write(inRequest, &theValue, 0xffffffff, NULL, 0));
    REFUSED(QTSS_WriteV, "length", QTSS_BadArgument, QTSS_WriteV(inRequest, theVec, 2, 4, NULL));
    REFUSED(QTSS_WriteV, "count", QTSS_BadArgument, QTSS_WriteV(inRequest, theVec, 0xffffffff, 4, NULL));
    REFUSED(QTSS_AppendRTSPHeader, "length", QTSS_BadArgument, QTSS_AppendRTSPHeader(inRequest, qtssLocationHeader, "x", 0xffffffff));
    REFUSED(QTSS_AppendRTSPHeader, "index", QTSS_BadArgument, QTSS_AppendRTSPHeader(inRequest, 0xffffffff, "x", 1));
}

// Given back twice.
static void again()
{
    QTSS_Object theFile = NULL, theChild = NULL;
    QTSS_StreamRef theStream = NULL;
    UInt32 theIndex = 0;
    int theSockets[2];
    char thePath[1024];
    snprintf(thePath, sizeof(thePath), "%s/Error.log", getenv("PROBE_FOLDER"));
    GOT(QTSS_OpenFileObject, QTSS_NoErr, QTSS_OpenFileObject(thePath, qtssOpenFileNoFlags, &theFile));
    GOT(QTSS_CloseFileObject, QTSS_NoErr, QTSS_CloseFileObject(theFile));
    REFUSED(QTSS_CloseFileObject, "again", QTSS_BadArgument, QTSS_CloseFileObject(theFile));
    sStale = theFile;
    (void)socketpair(AF_UNIX, SOCK_STREAM, 0, theSockets);
    GOT(QTSS_CreateStreamFromSocket, QTSS_NoErr, QTSS_CreateStreamFromSocket(theSockets[0], &theStream));
    GOT(QTSS_DestroySocketStream, QTSS_NoErr, QTSS_DestroySocketStream(theStream));
    REFUSED(QTSS_DestroySocketStream, "again", QTSS_BadArgument, QTSS_DestroySocketStream(theStream));
    close(theSockets[1]);
    GOT(QTSS_LockObject, QTSS_NoErr, QTSS_LockObject(sServer));
    GOT(QTSS_UnlockObject, QTSS_NoErr, QTSS_UnlockObject(sServer));
    REFUSED(QTSS_UnlockObject, "again", QTSS_BadArgument, QTSS_UnlockObject(sServer));
    GOT(QTSS_CreateObjectValue, QTSS_NoErr, QTSS_CreateObjectValue(sServer, qtssSvrConnectedUsers, qtssConnectedUserObjectType, &theIndex, &theChild));
    GOT(QTSS_SetValue, QTSS_ReadOnly, QTSS_SetValue(sServer, qtssSvrConnectedUsers, 0, &theChild, sizeof(theChild)));
    GOT(QTSS_RemoveValue, QTSS_NoErr, QTSS_RemoveValue(sServer, qtssSvrConnectedUsers, theIndex));
    REFUSED(QTSS_RemoveValue, "again", QTSS_BadIndex, QTSS_RemoveValue(sServer, qtssSvrConnectedUsers, theIndex));
    QTSS_UnlockStdLib(); // nobody has it
    WORKS(QTSS_UnlockStdLib, true);
}

// What only the Register role may do, and what needs a task or a module.
static void wrong_role(const char* inHow, QTSS_Error inWaiting)
{
    REFUSED(QTSS_AddRole, inHow, QTSS_OutOfState, QTSS_AddRole(QTSS_Interval_Role));
    REFUSED(QTSS_AddAttribute, inHow, QTSS_OutOfState, QTSS_AddAttribute(qtssServerObjectType, "Late", NULL));
    REFUSED(QTSS_AddStaticAttribute, inHow, QTSS_OutOfState, QTSS_AddStaticAttribute(qtssServerObjectType, (char*)"Late", NULL, qtssAttrDataTypeUInt32));
    REFUSED(QTSS_AddService, inHow, QTSS_OutOfState, QTSS_AddService("Late", NULL));
    if (inWaiting == QTSS_NoErr)
        return;
    REFUSED(QTSS_RequestEvent, inHow, inWaiting, QTSS_RequestEvent(sServer, QTSS_ReadableEvent));
    REFUSED(QTSS_SetIdleTimer, inHow, inWaiting, QTSS_SetIdleTimer(10));
    REFUSED(QTSS_RequestGlobalLock, inHow, inWaiting, QTSS_RequestGlobalLock());
    REFUSED(QTSS_GlobalUnLock, inHow, inWaiting, QTSS_GlobalUnLock());
}

static QTSS_Error seven(QTSS_ServiceFunctionArgsPtr)
{
    return 7;
}

static void* of_ones_own(void*)
{
    UInt32 theLen = sizeof(QTSS_Object), theCount = 0;
    char* theText = NULL;
    wrong_role("thread", QTSS_RequestFailed);
    GOT(QTSS_RequestEvent, QTSS_RequestFailed, QTSS_RequestEvent(sServer, QTSS_ReadableEvent));
    GOT(QTSS_SetIdleTimer, QTSS_RequestFailed, QTSS_SetIdleTimer(10));
    GOT(QTSS_RequestGlobalLock, QTSS_RequestFailed, QTSS_RequestGlobalLock());
    GOT(QTSS_GlobalUnLock, QTSS_RequestFailed, QTSS_GlobalUnLock());
    GOT(QTSS_SetIntervalRoleTimer, QTSS_RequestFailed, QTSS_SetIntervalRoleTimer(10));
    REFUSED(QTSS_SetIntervalRoleTimer, "thread", QTSS_RequestFailed, QTSS_SetIntervalRoleTimer(10));
    // And what works there.
    GOT(QTSS_GetNumAttributes, QTSS_NoErr, QTSS_GetNumAttributes(sServer, &theCount));
    GOT(QTSS_GetValueAsString, QTSS_NoErr, QTSS_GetValueAsString(sModule, qtssModName, 0, &theText));
    QTSS_Delete(theText);
    GOT(QTSS_Write, QTSS_NoErr, QTSS_Write(sLog, "from a thread of its own", 24, &theLen, qtssMessageVerbosity));
    WORKS(QTSS_Milliseconds, QTSS_Milliseconds() > 1000000000000LL);
    no_object("thread", (QTSS_Object)0x12345);
    return NULL;
}

static void attributes()
{
    QTSS_AttributeID theID = 4711;
    QTSS_Object theInfo = NULL, theOut = NULL;
    void* thePtr = NULL;
    char* theText = NULL;
    UInt32 theLen = 0, theValue = 5, theCount = 0, theIndex = 0;
    GOT(QTSS_IDForAttr, QTSS_NoErr, QTSS_IDForAttr(qtssServerObjectType, "qtssSvrState", &theID));
    GOT(QTSS_IDForAttr, QTSS_AttrDoesntExist, QTSS_IDForAttr(qtssServerObjectType, "nothing", &theID));
    GOT(QTSS_IDForAttr, QTSS_BadArgument, QTSS_IDForAttr(qtssServerObjectType, "qtssSvrState", NULL));
    GOT(QTSS_GetValuePtr, QTSS_NoErr, QTSS_GetValuePtr(sModule, qtssModName, 0, &thePtr, &theLen));
    GOT(QTSS_GetValuePtr, QTSS_BadArgument, QTSS_GetValuePtr(sModule, qtssIllegalAttrID, 0, &thePtr, &theLen));
    GOT(QTSS_GetValuePtr, QTSS_BadArgument, QTSS_GetValuePtr(sModule, qtssModName, 0, NULL, &theLen));
    GOT(QTSS_GetValuePtr, QTSS_BadArgument, QTSS_GetValuePtr(sModule, qtssModName, 0, &thePtr, NULL));
    GOT(QTSS_GetValuePtr, QTSS_AttrDoesntExist, QTSS_GetValuePtr(sModule, 999, 0, &thePtr, &theLen));
    GOT(QTSS_GetValuePtr, QTSS_NotPreemptiveSafe, QTSS_GetValuePtr(sServer, qtssSvrStartupTime, 0, &thePtr, &theLen));
    GOT(QTSS_GetValuePtr, QTSS_BadIndex, QTSS_GetValuePtr(sModule, qtssModName, 5, &thePtr, &theLen));
    theLen = 4711;
    GOT(QTSS_GetValuePtr, QTSS_ValueNotFound, QTSS_GetValuePtr(sModule, sOwnList, 0, &thePtr, &theLen));
    WORKS(QTSS_GetValuePtr, theLen == 0);
    theLen = sizeof(theValue);
    GOT(QTSS_GetValue, QTSS_NoErr, QTSS_GetValue(sServer, qtssSvrState, 0, &theValue, &theLen));
    GOT(QTSS_GetValue, QTSS_BadArgument, QTSS_GetValue(sServer, qtssIllegalAttrID, 0, &theValue, &theLen));
    GOT(QTSS_GetValue, QTSS_AttrDoesntExist, QTSS_GetValue(sServer, 999, 0, &theValue, &theLen));
    GOT(QTSS_GetValue, QTSS_BadIndex, QTSS_GetValue(sServer, qtssSvrState, 1, &theValue, &theLen));
    GOT(QTSS_GetValue, QTSS_ValueNotFound, QTSS_GetValue(sModule, sOwnList, 0, &theValue, &theLen));
    GOT(QTSS_SetValue, QTSS_NoErr, QTSS_SetValue(sModule, sOwnList, 0, &theValue, sizeof(theValue)));
    GOT(QTSS_SetValue, QTSS_NoErr, QTSS_SetValue(sModule, sOwnList, 1, &theValue, sizeof(theValue)));
    GOT(QTSS_SetValue, QTSS_BadArgument, QTSS_SetValue(sModule, sOwnList, 2, &theValue, 2)); // another size in a list
    GOT(QTSS_SetValue, QTSS_BadArgument, QTSS_SetValue(sModule, sOwnList, 0, NULL, 4));
    GOT(QTSS_SetValue, QTSS_BadArgument, QTSS_SetValue(sModule, qtssIllegalAttrID, 0, &theValue, 4));
    GOT(QTSS_SetValue, QTSS_AttrDoesntExist, QTSS_SetValue(sModule, 999, 0, &theValue, 4));
    GOT(QTSS_SetValue, QTSS_ReadOnly, QTSS_SetValue(sModule, qtssModName, 0, "x", 1));
    GOT(QTSS_SetValue, QTSS_BadIndex, QTSS_SetValue(sModule, sOwnList, 7, &theValue, 4));
    GOT(QTSS_GetNumValues, QTSS_NoErr, QTSS_GetNumValues(sModule, sOwnList, &theCount));
    WORKS(QTSS_GetNumValues, theCount == 2);
    GOT(QTSS_GetNumValues, QTSS_BadArgument, QTSS_GetNumValues(sModule, qtssIllegalAttrID, &theCount));
    GOT(QTSS_GetNumValues, QTSS_BadArgument, QTSS_GetNumValues(sModule, sOwnList, NULL));
    GOT(QTSS_GetNumAttributes, QTSS_BadArgument, QTSS_GetNumAttributes(sModule, NULL));
    GOT(QTSS_RemoveValue, QTSS_BadArgument, QTSS_RemoveValue(NULL, sOwnList, 0));
    GOT(QTSS_RemoveValue, QTSS_AttrDoesntExist, QTSS_RemoveValue(sModule, 999, 0));
    GOT(QTSS_RemoveValue, QTSS_ReadOnly, QTSS_RemoveValue(sModule, qtssModName, 0));
    GOT(QTSS_RemoveValue, QTSS_BadIndex, QTSS_RemoveValue(sModule, sOwnList, 9));
    GOT(QTSS_SetValuePtr, QTSS_NoErr, QTSS_SetValuePtr(sModule, sOwn, &sVariable, sizeof(sVariable)));
    GOT(QTSS_SetValuePtr, QTSS_BadArgument, QTSS_SetValuePtr(sModule, sOwn, &sVariable, sizeof(sVariable)));
    GOT(QTSS_SetValuePtr, QTSS_BadArgument, QTSS_SetValuePtr(sModule, sOwn, NULL, 4));
    GOT(QTSS_SetValuePtr, QTSS_AttrDoesntExist, QTSS_SetValuePtr(sModule, 999, &sVariable, 4));
    GOT(QTSS_SetValuePtr, QTSS_ReadOnly, QTSS_SetValuePtr(sModule, qtssModName, &sVariable, 4));
    GOT(QTSS_GetValueAsString, QTSS_BadArgument, QTSS_GetValueAsString(sModule, qtssModName, 0, NULL));
    GOT(QTSS_GetValueAsString, QTSS_AttrDoesntExist, QTSS_GetValueAsString(sModule, qtssIllegalAttrID, 0, &theText));
    GOT(QTSS_GetValueAsString, QTSS_BadIndex, QTSS_GetValueAsString(sModule, qtssModName, 3, &theText));
    GOT(QTSS_GetValueAsString, QTSS_ValueNotFound, QTSS_GetValueAsString(sModule, qtssModDesc, 0, &theText));
    WORKS(QTSS_GetValueAsString, theText == NULL);
    GOT(QTSS_AddInstanceAttribute, QTSS_NoErr, QTSS_AddInstanceAttribute(sAttributes, (char*)"mine", NULL, qtssAttrDataTypeUInt32));
    GOT(QTSS_AddInstanceAttribute, QTSS_AttrNameExists, QTSS_AddInstanceAttribute(sAttributes, (char*)"mine", NULL, qtssAttrDataTypeUInt32));
    GOT(QTSS_AddInstanceAttribute, QTSS_BadArgument, QTSS_AddInstanceAttribute(sAttributes, NULL, NULL, qtssAttrDataTypeUInt32));
    GOT(QTSS_AddInstanceAttribute, QTSS_InstanceAttrsNotAllowed, QTSS_AddInstanceAttribute(sModule, (char*)"mine", NULL, qtssAttrDataTypeUInt32));
    GOT(QTSS_GetAttrInfoByName, QTSS_NoErr, QTSS_GetAttrInfoByName(sAttributes, (char*)"mine", &theInfo));
    GOT(QTSS_GetAttrInfoByName, QTSS_AttrDoesntExist, QTSS_GetAttrInfoByName(sAttributes, (char*)"other", &theInfo));
    GOT(QTSS_GetAttrInfoByName, QTSS_BadArgument, QTSS_GetAttrInfoByName(sAttributes, (char*)"mine", NULL));
    theLen = sizeof(theID);
    (void)QTSS_GetValue(theInfo, qtssAttrID, 0, &theID, &theLen);
    GOT(QTSS_GetAttrInfoByID, QTSS_NoErr, QTSS_GetAttrInfoByID(sAttributes, theID, &theInfo));
    GOT(QTSS_GetAttrInfoByID, QTSS_BadArgument, QTSS_GetAttrInfoByID(sAttributes, qtssIllegalAttrID, &theInfo));
    GOT(QTSS_GetAttrInfoByIndex, QTSS_NoErr, QTSS_GetAttrInfoByIndex(sAttributes, 0, &theInfo));
    GOT(QTSS_GetAttrInfoByIndex, QTSS_AttrDoesntExist, QTSS_GetAttrInfoByIndex(sAttributes, 1, &theInfo));
    GOT(QTSS_GetAttrInfoByIndex, QTSS_BadArgument, QTSS_GetAttrInfoByIndex(sAttributes, 0, NULL));
    GOT(QTSS_RemoveInstanceAttribute, QTSS_NoErr, QTSS_RemoveInstanceAttribute(sAttributes, theID));
    GOT(QTSS_RemoveInstanceAttribute, QTSS_AttrDoesntExist, QTSS_RemoveInstanceAttribute(sAttributes, theID));
    GOT(QTSS_RemoveInstanceAttribute, QTSS_BadArgument, QTSS_RemoveInstanceAttribute(sServer, 0));
    GOT(QTSS_GetAttrInfoByID, QTSS_AttrDoesntExist, QTSS_GetAttrInfoByID(sAttributes, theID, &theInfo));
    GOT(QTSS_CreateObjectValue, QTSS_BadArgument, QTSS_CreateObjectValue(sServer, qtssSvrConnectedUsers, 0x12345678, &theIndex, &theOut));
    GOT(QTSS_CreateObjectValue, QTSS_AttrDoesntExist, QTSS_CreateObjectValue(sServer, 999, qtssDynamicObjectType, &theIndex, &theOut));
    GOT(QTSS_CreateObjectValue, QTSS_ReadOnly, QTSS_CreateObjectValue(sServer, qtssSvrModuleObjects, qtssDynamicObjectType, &theIndex, &theOut));
    GOT(QTSS_LockObject, QTSS_BadArgument, QTSS_LockObject(NULL));
    GOT(QTSS_UnlockObject, QTSS_BadArgument, QTSS_UnlockObject(NULL));
}

static void texts()
{
    char* theText = NULL;
    UInt32 theNumber = 42, theSize = 2;
    QTSS_AttrDataType theType = 0;
    GOT(QTSS_TypeToTypeString, QTSS_NoErr, QTSS_TypeToTypeString(qtssAttrDataTypeBool16, &theText));
    GOT(QTSS_TypeToTypeString, QTSS_BadArgument, QTSS_TypeToTypeString(qtssAttrDataTypeBool16, NULL));
    GOT(QTSS_TypeStringToType, QTSS_NoErr, QTSS_TypeStringToType("UInt32", &theType));
    GOT(QTSS_TypeStringToType, QTSS_BadArgument, QTSS_TypeStringToType("UInt32", NULL));
    GOT(QTSS_StringToValue, QTSS_NotEnoughSpace, QTSS_StringToValue("7", qtssAttrDataTypeUInt32, &theNumber, &theSize));
    GOT(QTSS_StringToValue, QTSS_NoErr, QTSS_StringToValue("7", qtssAttrDataTypeUInt32, &theNumber, &theSize));
    GOT(QTSS_StringToValue, QTSS_BadArgument, QTSS_StringToValue("7", qtssAttrDataTypeUInt32, &theNumber, NULL));
    GOT(QTSS_ValueToString, QTSS_NoErr, QTSS_ValueToString(&theNumber, 4, qtssAttrDataTypeUInt32, &theText));
    QTSS_Delete(theText);
    GOT(QTSS_ValueToString, QTSS_BadArgument, QTSS_ValueToString(&theNumber, 4, qtssAttrDataTypeUInt32, NULL));
    WORKS(QTSS_MilliSecsTo1970Secs, QTSS_MilliSecsTo1970Secs(5999) == 5);
    void* theBlock = QTSS_New(0, 10);
    WORKS(QTSS_New, theBlock != NULL);
    QTSS_Delete(theBlock);
    QTSS_Delete(NULL);
    WORKS(QTSS_Delete, true);
    QTSS_LockStdLib();
    WORKS(QTSS_LockStdLib, true);
    QTSS_UnlockStdLib();
}

static void files()
{
    QTSS_Object theFile = NULL;
    char thePath[1024], theBuffer[8];
    UInt32 theLen = 0;
    snprintf(thePath, sizeof(thePath), "%s/Error.log", getenv("PROBE_FOLDER"));
    GOT(QTSS_OpenFileObject, QTSS_BadArgument, QTSS_OpenFileObject(NULL, qtssOpenFileNoFlags, &theFile));
    GOT(QTSS_OpenFileObject, QTSS_BadArgument, QTSS_OpenFileObject(thePath, qtssOpenFileNoFlags, NULL));
    GOT(QTSS_OpenFileObject, QTSS_FileNotFound, QTSS_OpenFileObject((char*)"/no/such/file", qtssOpenFileNoFlags, &theFile));
    GOT(QTSS_OpenFileObject, QTSS_RequestFailed, QTSS_OpenFileObject((char*)"/of/this/module", qtssOpenFileNoFlags, &theFile));
    (void)QTSS_OpenFileObject(thePath, qtssOpenFileNoFlags, &theFile);
    GOT(QTSS_Read, QTSS_NoErr, QTSS_Read(theFile, theBuffer, sizeof(theBuffer), &theLen));
    GOT(QTSS_Read, QTSS_BadArgument, QTSS_Read(theFile, NULL, sizeof(theBuffer), &theLen));
    GOT(QTSS_Seek, QTSS_NoErr, QTSS_Seek(theFile, 4));
    GOT(QTSS_Seek, QTSS_RequestFailed, QTSS_Seek(theFile, 1ULL << 62));
    GOT(QTSS_Seek, QTSS_BadArgument, QTSS_Seek(NULL, 4));
    GOT(QTSS_Seek, QTSS_Unimplemented, QTSS_Seek(sServer, 4));
    GOT(QTSS_Advise, QTSS_NoErr, QTSS_Advise(theFile, 0, 100));
    GOT(QTSS_Advise, QTSS_BadArgument, QTSS_Advise(NULL, 0, 100));
    GOT(QTSS_Advise, QTSS_Unimplemented, QTSS_Advise(sServer, 0, 100));
    (void)QTSS_CloseFileObject(theFile);
    GOT(QTSS_CloseFileObject, QTSS_BadArgument, QTSS_CloseFileObject(NULL));
    if (QTSS_OpenFileObject(getenv("PROBE_FOLDER"), qtssOpenFileNoFlags, &theFile) == QTSS_NoErr)
    {
        GOT(QTSS_Read, QTSS_RequestFailed, QTSS_Read(theFile, theBuffer, sizeof(theBuffer), &theLen));
        (void)QTSS_CloseFileObject(theFile);
    }
    GOT(QTSS_Read, QTSS_Unimplemented, QTSS_Read(sServer, theBuffer, sizeof(theBuffer), &theLen));
    GOT(QTSS_CreateStreamFromSocket, QTSS_BadArgument, QTSS_CreateStreamFromSocket(-1, &theFile));
    GOT(QTSS_DestroySocketStream, QTSS_BadArgument, QTSS_DestroySocketStream(NULL));
}

static QTSS_Error do_register()
{
    const QTSS_Role theRoles[] = {QTSS_Initialize_Role, QTSS_RTSPFilter_Role, QTSS_RTSPAuthorize_Role, QTSS_RTSPPreProcessor_Role,
        QTSS_OpenFilePreProcess_Role, QTSS_ClientSessionClosing_Role, QTSS_Shutdown_Role};
    for (unsigned i = 0; i < sizeof(theRoles) / sizeof(theRoles[0]); i++)
        GOT(QTSS_AddRole, QTSS_NoErr, QTSS_AddRole(theRoles[i]));
    (void)QTSS_AddRole(QTSS_RTSPRequest_Role);
    GOT(QTSS_AddRole, QTSS_RequestFailed, QTSS_AddRole(QTSS_RTSPRequest_Role));
    GOT(QTSS_AddRole, QTSS_BadArgument, QTSS_AddRole(QTSS_Register_Role));
    GOT(QTSS_AddAttribute, QTSS_NoErr, QTSS_AddAttribute(qtssServerObjectType, "CallsOld", NULL));
    GOT(QTSS_AddAttribute, QTSS_AttrNameExists, QTSS_AddAttribute(qtssServerObjectType, "CallsOld", NULL));
    GOT(QTSS_AddAttribute, QTSS_BadArgument, QTSS_AddAttribute(0x12345678, "CallsOld", NULL));
    GOT(QTSS_AddStaticAttribute, QTSS_NoErr, QTSS_AddStaticAttribute(qtssModuleObjectType, (char*)"CallsOwn", NULL, qtssAttrDataTypeUInt32));
    GOT(QTSS_AddStaticAttribute, QTSS_AttrNameExists, QTSS_AddStaticAttribute(qtssModuleObjectType, (char*)"CallsOwn", NULL, qtssAttrDataTypeUInt32));
    GOT(QTSS_AddStaticAttribute, QTSS_BadArgument, QTSS_AddStaticAttribute(qtssModuleObjectType, NULL, NULL, qtssAttrDataTypeUInt32));
    (void)QTSS_AddStaticAttribute(qtssModuleObjectType, (char*)"CallsList", NULL, qtssAttrDataTypeUInt32);
    (void)QTSS_IDForAttr(qtssModuleObjectType, "CallsOwn", &sOwn);
    (void)QTSS_IDForAttr(qtssModuleObjectType, "CallsList", &sOwnList);
    GOT(QTSS_AddService, QTSS_NoErr, QTSS_AddService("CallsSeven", seven));
    GOT(QTSS_AddService, QTSS_AttrNameExists, QTSS_AddService("CallsSeven", seven));
    GOT(QTSS_AddService, QTSS_BadArgument, QTSS_AddService(NULL, seven));
    GOT(QTSS_SetIdleTimer, QTSS_OutOfState, QTSS_SetIdleTimer(5));
    GOT(QTSS_SetIntervalRoleTimer, QTSS_NoErr, QTSS_SetIntervalRoleTimer(0));
    return QTSS_NoErr;
}

static void do_initialize(QTSS_Initialize_Params* inParams)
{
    UInt32 theLen = sizeof(QTSS_Object);
    QTSS_ServiceID theService = -1;
    QTSS_ObjectType theType = 0;
    pthread_t theThread;
    sServer = inParams->inServer;
    sLog = inParams->inErrorLogStream;
    sModule = inParams->inModule;
    sPrefs = prefs_of(sModule);
    (void)QTSS_GetValue(sModule, qtssModAttributes, 0, &sAttributes, &theLen);
    again();
    no_object("null", NULL);
    no_object("stale", sStale);
    no_object("garbage", (QTSS_Object)&theLen);
    wrong_type();
    huge(NULL);
    wrong_role("role", QTSS_OutOfState);
    GOT(QTSS_AddRole, QTSS_OutOfState, QTSS_AddRole(QTSS_Interval_Role));
    GOT(QTSS_AddAttribute, QTSS_OutOfState, QTSS_AddAttribute(qtssServerObjectType, "Late", NULL));
    GOT(QTSS_AddStaticAttribute, QTSS_OutOfState, QTSS_AddStaticAttribute(qtssServerObjectType, (char*)"Late", NULL, qtssAttrDataTypeUInt32));
    GOT(QTSS_AddService, QTSS_OutOfState, QTSS_AddService("Late", seven));
    GOT(QTSS_RequestEvent, QTSS_OutOfState, QTSS_RequestEvent(sServer, QTSS_ReadableEvent));
    GOT(QTSS_RequestGlobalLock, QTSS_OutOfState, QTSS_RequestGlobalLock());
    GOT(QTSS_GlobalUnLock, QTSS_OutOfState, QTSS_GlobalUnLock());
    attributes();
    texts();
    files();
    GOT(QTSS_IDForService, QTSS_NoErr, QTSS_IDForService("CallsSeven", &theService));
    GOT(QTSS_IDForService, QTSS_AttrDoesntExist, QTSS_IDForService("nothing", &theService));
    GOT(QTSS_IDForService, QTSS_BadArgument, QTSS_IDForService("CallsSeven", NULL));
    WORKS(QTSS_DoService, QTSS_DoService(theService, NULL) == 7);
    GOT(QTSS_DoService, QTSS_IllegalService, QTSS_DoService(9999, NULL));
    GOT(QTSS_SignalStream, QTSS_NoErr, QTSS_SignalStream(sLog, QTSS_ReadableEvent));
    GOT(QTSS_SignalStream, QTSS_BadArgument, QTSS_SignalStream(NULL, QTSS_ReadableEvent));
    GOT(QTSS_Write, QTSS_Unimplemented, QTSS_Write(sServer, "x", 1, NULL, 0));
    GOT(QTSS_WriteV, QTSS_Unimplemented, QTSS_WriteV(sServer, NULL, 0, 0, NULL));
    GOT(QTSS_Flush, QTSS_Unimplemented, QTSS_Flush(sServer));
    GOT(QTSS_CreateObjectType, QTSS_NoErr, QTSS_CreateObjectType(&theType));
    for (int i = 0; i < 1000 && QTSS_CreateObjectType(&theType) == QTSS_NoErr; i++)
        ;
    GOT(QTSS_CreateObjectType, QTSS_RequestFailed, QTSS_CreateObjectType(&theType));
    WORKS(QTSS_IsGlobalLocked, QTSS_IsGlobalLocked() == 0);
    pthread_create(&theThread, NULL, of_ones_own, NULL);
    pthread_join(theThread, NULL);
}

static void do_filter(QTSS_Filter_Params* inParams)
{
    QTSS_Object theRequest = inParams->inRTSPRequest;
    if (sStep++ > 0)
        return;
    GOT(QTSS_SendStandardRTSPResponse, QTSS_BadArgument, QTSS_SendStandardRTSPResponse(theRequest, sServer, 0));
    wrong_role("request", QTSS_NoErr);
    REFUSED(QTSS_SetIntervalRoleTimer, "role", QTSS_RequestFailed, QTSS_SetIntervalRoleTimer(10));
    GOT(QTSS_Authenticate, QTSS_NoErr, QTSS_Authenticate("u", "/p", "/m", qtssActionFlagsRead, qtssAuthBasic, theRequest));
    GOT(QTSS_Authenticate, QTSS_BadArgument, QTSS_Authenticate("u", NULL, "/m", qtssActionFlagsRead, qtssAuthBasic, theRequest));
    GOT(QTSS_RequestGlobalLock, QTSS_NoErr, QTSS_RequestGlobalLock());
    GOT(QTSS_GlobalUnLock, QTSS_NoErr, QTSS_GlobalUnLock());
}

// The client does not read, then is gone.
static void flood(QTSS_StandardRTSP_Params* inParams)
{
    static char sBlock[1 << 16];
    struct iovec theVec[2] = {{NULL, 0}, {sBlock, sizeof(sBlock)}};
    UInt32 theLen = 0;
    QTSS_Error theError = QTSS_NoErr;
    if (sFlooded == 0)
    {
        GOT(QTSS_Read, QTSS_WouldBlock, QTSS_Read(inParams->inRTSPRequest, sBlock, 4, &theLen));
        for (int i = 0; i < 2000 && theError == QTSS_NoErr; i++)
            theError = QTSS_Write(inParams->inRTSPSession, sBlock, sizeof(sBlock), &theLen, 0);
        GOT(QTSS_Write, QTSS_WouldBlock, theError);
        GOT(QTSS_WriteV, QTSS_WouldBlock, QTSS_WriteV(inParams->inRTSPSession, theVec, 2, sizeof(sBlock), &theLen));
        (void)QTSS_Write(inParams->inRTSPSession, "more", 4, &theLen, qtssWriteFlagsBufferData);
        GOT(QTSS_Flush, QTSS_WouldBlock, QTSS_Flush(inParams->inRTSPSession));
        note("flooded");
    }
    theError = QTSS_Write(inParams->inRTSPSession, sBlock, 1, &theLen, 0);
    if (theError == QTSS_NotConnected || sFlooded > 400)
    {
        GOT(QTSS_Write, QTSS_NotConnected, theError);
        GOT(QTSS_WriteV, QTSS_NotConnected, QTSS_WriteV(inParams->inRTSPSession, theVec, 2, sizeof(sBlock), &theLen));
        GOT(QTSS_Flush, QTSS_NotConnected, QTSS_Flush(inParams->inRTSPSession));
        GOT(QTSS_Read, QTSS_NotConnected, QTSS_Read(inParams->inRTSPRequest, sBlock, 4, &theLen));
        note("unplugged");
        return;
    }
    sFlooded++;
    (void)QTSS_SetIdleTimer(20);
}

static void do_setup(QTSS_StandardRTSP_Params* inParams)
{
    QTSS_Object theStream = NULL;
    UInt32 theLevels = 1;
    QTSS_Error theError;
    GOT(QTSS_AddRTPStream, QTSS_BadArgument, QTSS_AddRTPStream(inParams->inClientSession, inParams->inRTSPRequest, NULL, 0));
    theError = QTSS_AddRTPStream(inParams->inClientSession, inParams->inRTSPRequest, &theStream, 0);
    if (theError != QTSS_NoErr)
    {
        GOT(QTSS_AddRTPStream, QTSS_RequestFailed, theError);
        return;
    }
    GOT(QTSS_AddRTPStream, QTSS_NoErr, theError);
    sStream = theStream;
    (void)QTSS_SetValue(theStream, qtssRTPStrNumQualityLevels, 0, &theLevels, sizeof(theLevels));
    GOT(QTSS_Play, QTSS_RequestFailed, QTSS_Play(inParams->inClientSession, inParams->inRTSPRequest, 0));
    GOT(QTSS_SendStandardRTSPResponse, QTSS_NoErr, QTSS_SendStandardRTSPResponse(inParams->inRTSPRequest, theStream, 0));
}

// The request that everything about bodies and answers is tried with.
static int is_talk(QTSS_Object inRequest)
{
    char *theURL = NULL;
    UInt32 theLen = 0;
    return QTSS_GetValuePtr(inRequest, qtssRTSPReqAbsoluteURL, 0, (void**)&theURL, &theLen) == QTSS_NoErr
        && strstr(theURL, "/talk") != NULL;
}

static void do_request(QTSS_StandardRTSP_Params* inParams)
{
    QTSS_Object theRequest = inParams->inRTSPRequest;
    UInt32 theLen = 0;
    Bool16 isAllowed = 0;
    char *theRealm = NULL, theBuffer[8], *theURL = NULL;
    struct iovec theVec[2] = {{NULL, 0}, {theBuffer, 0}};
    if (QTSS_GetValuePtr(theRequest, qtssRTSPReqAbsoluteURL, 0, (void**)&theURL, &theLen) != QTSS_NoErr)
        return;
    switch (number(theRequest, qtssRTSPReqMethod))
    {
        case qtssSetupMethod: do_setup(inParams); return;
        case qtssPlayMethod:
            GOT(QTSS_Play, QTSS_NoErr, QTSS_Play(inParams->inClientSession, theRequest, 0));
            GOT(QTSS_RefreshTimeOut, QTSS_NoErr, QTSS_RefreshTimeOut(inParams->inClientSession));
            (void)QTSS_SendStandardRTSPResponse(theRequest, inParams->inClientSession, 0);
            return;
        case qtssPauseMethod:
            GOT(QTSS_Pause, QTSS_NoErr, QTSS_Pause(inParams->inClientSession));
            (void)QTSS_SendStandardRTSPResponse(theRequest, inParams->inClientSession, 0);
            return;
        case qtssTeardownMethod:
            GOT(QTSS_Teardown, QTSS_NoErr, QTSS_Teardown(inParams->inClientSession));
            REFUSED(QTSS_Teardown, "again", QTSS_NoErr, QTSS_Teardown(inParams->inClientSession));
            (void)QTSS_SendStandardRTSPResponse(theRequest, inParams->inClientSession, 0);
            return;
        case qtssDescribeMethod:
            if (!is_talk(theRequest))
                break;
            GOT(QTSS_Read, QTSS_NoErr, QTSS_Read(theRequest, theBuffer, sizeof(theBuffer), &theLen));
            GOT(QTSS_Read, QTSS_NoMoreData, QTSS_Read(theRequest, theBuffer, sizeof(theBuffer), &theLen));
            huge(theRequest);
            GOT(QTSS_Authorize, QTSS_NoErr, QTSS_Authorize(theRequest, &theRealm, &isAllowed));
            GOT(QTSS_Authorize, QTSS_BadArgument, QTSS_Authorize(NULL, &theRealm, &isAllowed));
            QTSS_Delete(theRealm);
            GOT(QTSS_AppendRTSPHeader, QTSS_NoErr, QTSS_AppendRTSPHeader(theRequest, qtssLocationHeader, "here", 4));
            GOT(QTSS_AppendRTSPHeader, QTSS_BadArgument, QTSS_AppendRTSPHeader(theRequest, qtssNumHeaders, "here", 4));
            GOT(QTSS_SendRTSPHeaders, QTSS_NoErr, QTSS_SendRTSPHeaders(theRequest));
            GOT(QTSS_SendRTSPHeaders, QTSS_BadArgument, QTSS_SendRTSPHeaders(NULL));
            GOT(QTSS_WriteV, QTSS_NoErr, QTSS_WriteV(theRequest, theVec, 2, 0, &theLen));
            GOT(QTSS_Flush, QTSS_NoErr, QTSS_Flush(theRequest));
            GOT(QTSS_SetIdleTimer, QTSS_NoErr, QTSS_SetIdleTimer(10));
            GOT(QTSS_RequestEvent, QTSS_NoErr, QTSS_RequestEvent(theRequest, QTSS_WriteableEvent));
            return;
        case qtssGetParameterMethod: return;
        default: break;
    }
    if (strstr(theURL, "/flood") != NULL)
        flood(inParams);
}

static QTSS_Error dispatch(QTSS_Role inRole, QTSS_RoleParamPtr inParams)
{
    static int sTalked = 0;
    switch (inRole)
    {
        case QTSS_Register_Role: return do_register();
        case QTSS_Initialize_Role: do_initialize(&inParams->initParams); break;
        case QTSS_RTSPFilter_Role: do_filter(&inParams->rtspFilterParams); break;
        case QTSS_OpenFilePreProcess_Role:
            return strcmp(inParams->openFileParams.inPath, "/of/this/module") == 0 ? QTSS_RequestFailed : QTSS_FileNotFound;
        case QTSS_RTSPRequest_Role:
            if (is_talk(inParams->rtspRequestParams.inRTSPRequest) && sTalked++ > 0)
                break; // the wait is over, and the answer is written
            do_request(&inParams->rtspRequestParams);
            break;
        case QTSS_ClientSessionClosing_Role: note("session over"); break;
        case QTSS_Shutdown_Role:
            // The streams of sessions that are over are gone.
            if (sStream != NULL)
                no_object("closed", sStream);
            wrong_role("shutdown", QTSS_OutOfState);
            break;
    }
    return QTSS_NoErr;
}

ENTRY(Calls)
