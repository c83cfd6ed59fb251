// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The stub library: every QTSS_* function calls through the table the server passed when it loaded the module. Each
// module links its own copy. C++98 on.

#define QTSS_OLDROUTINENAMES 1
#include "QTSS_Private.h"

// The functions are for the module that links this file. Were they visible outside, the first module loaded would
// serve all later ones, each with a table pointer of its own that nobody set.
#ifndef QTSS_STUB_VISIBILITY
#if defined(__GNUC__)
#define QTSS_STUB_VISIBILITY __attribute__((visibility("hidden")))
#else
#define QTSS_STUB_VISIBILITY
#endif
#endif
#define STUB extern "C" QTSS_STUB_VISIBILITY

namespace
{

QTSS_CallbacksPtr sCallbacks = 0;

// The slot as a function of its true type. The way through void (*)(void) says that the change of type is meant.
template <typename Function> Function Slot(int inIndex)
{
    typedef void (*AnyFunction)(void);
    return reinterpret_cast<Function>(reinterpret_cast<AnyFunction>(sCallbacks->addr[inIndex]));
}

} // namespace

STUB QTSS_Error _stublibrary_main(void* inPrivateArgs, QTSS_DispatchFuncPtr dispatch)
{
    QTSS_PrivateArgsPtr args = static_cast<QTSS_PrivateArgsPtr>(inPrivateArgs);

    sCallbacks = args->inCallbacks;
    args->outDispatchFunction = dispatch;
    args->outStubLibraryVersion = QTSS_API_VERSION;
    return QTSS_NoErr;
}

STUB void* QTSS_New(FourCharCode inMemoryIdentifier, UInt32 inSize)
{
    if (sCallbacks == 0) // static initialisers run before the module is set up; the heap is the same
        return malloc(inSize);
    return Slot<QTSS_NewProcPtr>(kNewCallback)(inMemoryIdentifier, inSize);
}

STUB void QTSS_Delete(void* inMemory)
{
    if (sCallbacks == 0)
        free(inMemory);
    else
        Slot<QTSS_DeleteProcPtr>(kDeleteCallback)(inMemory);
}

STUB QTSS_TimeVal QTSS_Milliseconds(void)
{
    SInt64 theTime = 0;
    Slot<QTSS_MillisecondsProcPtr>(kMillisecondsCallback)(&theTime);
    return theTime;
}

STUB time_t QTSS_MilliSecsTo1970Secs(QTSS_TimeVal inQTSS_MilliSeconds)
{
    time_t theTime = 0;
    Slot<QTSS_MilliSecsTo1970SecsProcPtr>(kConvertToUnixTimeCallback)(&inQTSS_MilliSeconds, &theTime);
    return theTime;
}

STUB QTSS_Error QTSS_AddRole(QTSS_Role inRole)
{
    return Slot<QTSS_AddRoleProcPtr>(kAddRoleCallback)(inRole);
}

STUB QTSS_Error QTSS_AddAttribute(QTSS_ObjectType inObjectType, const char* inAttributeName, void* inUnused)
{
    return Slot<QTSS_AddAttributeProcPtr>(kAddAttributeCallback)(inObjectType, inAttributeName, inUnused);
}

STUB QTSS_Error QTSS_IDForAttr(QTSS_ObjectType inObjectType, const char* inAttributeName, QTSS_AttributeID* outID)
{
    return Slot<QTSS_IDForAttrProcPtr>(kIDForTagCallback)(inObjectType, inAttributeName, outID);
}

STUB QTSS_Error QTSS_GetValuePtr(
    QTSS_Object inObject, QTSS_AttributeID inID, UInt32 inIndex, void** outBuffer, UInt32* outLen)
{
    return Slot<QTSS_GetValuePtrProcPtr>(kGetAttributePtrByIDCallback)(inObject, inID, inIndex, outBuffer, outLen);
}

STUB QTSS_Error QTSS_GetValue(
    QTSS_Object inObject, QTSS_AttributeID inID, UInt32 inIndex, void* ioBuffer, UInt32* ioLen)
{
    return Slot<QTSS_GetValueProcPtr>(kGetAttributeByIDCallback)(inObject, inID, inIndex, ioBuffer, ioLen);
}

STUB QTSS_Error QTSS_SetValue(
    QTSS_Object inObject, QTSS_AttributeID inID, UInt32 inIndex, const void* inBuffer, UInt32 inLen)
{
    return Slot<QTSS_SetValueProcPtr>(kSetAttributeByIDCallback)(inObject, inID, inIndex, inBuffer, inLen);
}

STUB QTSS_Error QTSS_Write(
    QTSS_StreamRef inRef, const void* inBuffer, UInt32 inLen, UInt32* outLenWritten, QTSS_WriteFlags inFlags)
{
    return Slot<QTSS_WriteProcPtr>(kWriteCallback)(inRef, const_cast<void*>(inBuffer), inLen, outLenWritten, inFlags);
}

STUB QTSS_Error QTSS_WriteV(
    QTSS_StreamRef inRef, struct iovec* inVec, UInt32 inNumVectors, UInt32 inTotalLength, UInt32* outLenWritten)
{
    return Slot<QTSS_WriteVProcPtr>(kWriteVCallback)(inRef, inVec, inNumVectors, inTotalLength, outLenWritten);
}

STUB QTSS_Error QTSS_Flush(QTSS_StreamRef inRef)
{
    return Slot<QTSS_FlushProcPtr>(kFlushCallback)(inRef);
}

STUB QTSS_Error QTSS_AddService(const char* inServiceName, QTSS_ServiceFunctionPtr inFunctionPtr)
{
    return Slot<QTSS_AddServiceProcPtr>(kAddServiceCallback)(inServiceName, inFunctionPtr);
}

STUB QTSS_Error QTSS_IDForService(const char* inTag, QTSS_ServiceID* outID)
{
    return Slot<QTSS_IDForServiceProcPtr>(kIDForServiceCallback)(inTag, outID);
}

STUB QTSS_Error QTSS_DoService(QTSS_ServiceID inID, QTSS_ServiceFunctionArgsPtr inArgs)
{
    return Slot<QTSS_DoServiceProcPtr>(kDoServiceCallback)(inID, inArgs);
}

STUB QTSS_Error QTSS_SendRTSPHeaders(QTSS_RTSPRequestObject inRef)
{
    return Slot<QTSS_SendRTSPHeadersProcPtr>(kSendRTSPHeadersCallback)(inRef);
}

STUB QTSS_Error QTSS_AppendRTSPHeader(
    QTSS_RTSPRequestObject inRef, QTSS_RTSPHeader inHeader, const char* inValue, UInt32 inValueLen)
{
    return Slot<QTSS_AppendRTSPHeaderProcPtr>(kAppendRTSPHeadersCallback)(
        inRef, inHeader, const_cast<char*>(inValue), inValueLen);
}

STUB QTSS_Error QTSS_SendStandardRTSPResponse(
    QTSS_RTSPRequestObject inRTSPRequest, QTSS_Object inRTPInfo, UInt32 inFlags)
{
    return Slot<QTSS_SendStandardRTSPResponseProcPtr>(kSendStandardRTSPCallback)(inRTSPRequest, inRTPInfo, inFlags);
}

STUB QTSS_Error QTSS_AddRTPStream(
    QTSS_ClientSessionObject inClientSession,
    QTSS_RTSPRequestObject inRTSPRequest,
    QTSS_RTPStreamObject* outStream,
    QTSS_AddStreamFlags inFlags)
{
    return Slot<QTSS_AddRTPStreamProcPtr>(kAddRTPStreamCallback)(inClientSession, inRTSPRequest, outStream, inFlags);
}

STUB QTSS_Error QTSS_Play(
    QTSS_ClientSessionObject inClientSession, QTSS_RTSPRequestObject inRTSPRequest, QTSS_PlayFlags inPlayFlags)
{
    return Slot<QTSS_PlayProcPtr>(kPlayCallback)(inClientSession, inRTSPRequest, inPlayFlags);
}

STUB QTSS_Error QTSS_Pause(QTSS_ClientSessionObject inClientSession)
{
    return Slot<QTSS_PauseProcPtr>(kPauseCallback)(inClientSession);
}

STUB QTSS_Error QTSS_Teardown(QTSS_ClientSessionObject inClientSession)
{
    return Slot<QTSS_TeardownProcPtr>(kTeardownCallback)(inClientSession);
}

STUB QTSS_Error QTSS_RequestEvent(QTSS_StreamRef inStream, QTSS_EventType inEventMask)
{
    return Slot<QTSS_RequestEventProcPtr>(kRequestEventCallback)(inStream, inEventMask);
}

STUB QTSS_Error QTSS_SetIdleTimer(SInt64 inIdleMsec)
{
    return Slot<QTSS_SetIdleTimerProcPtr>(kSetIdleTimerCallback)(inIdleMsec);
}

STUB QTSS_Error QTSS_OpenFileObject(char* inPath, QTSS_OpenFileFlags inFlags, QTSS_Object* outFileObject)
{
    return Slot<QTSS_OpenFileObjectProcPtr>(kOpenFileObjectCallback)(inPath, inFlags, outFileObject);
}

STUB QTSS_Error QTSS_CloseFileObject(QTSS_Object inFileObject)
{
    return Slot<QTSS_CloseFileObjectProcPtr>(kCloseFileObjectCallback)(inFileObject);
}

STUB QTSS_Error QTSS_Read(QTSS_StreamRef inRef, void* ioBuffer, UInt32 inBufLen, UInt32* outLengthRead)
{
    return Slot<QTSS_ReadProcPtr>(kReadCallback)(inRef, ioBuffer, inBufLen, outLengthRead);
}

STUB QTSS_Error QTSS_Seek(QTSS_StreamRef inRef, UInt64 inNewPosition)
{
    return Slot<QTSS_SeekProcPtr>(kSeekCallback)(inRef, inNewPosition);
}

STUB QTSS_Error QTSS_Advise(QTSS_StreamRef inRef, UInt64 inPosition, UInt32 inAdviseSize)
{
    return Slot<QTSS_AdviseProcPtr>(kAdviseCallback)(inRef, inPosition, inAdviseSize);
}

STUB QTSS_Error QTSS_GetNumValues(QTSS_Object inObject, QTSS_AttributeID inID, UInt32* outNumValues)
{
    return Slot<QTSS_GetNumValuesProcPtr>(kGetNumValuesCallback)(inObject, inID, outNumValues);
}

STUB QTSS_Error QTSS_GetNumAttributes(QTSS_Object inObject, UInt32* outNumAttributes)
{
    return Slot<QTSS_GetNumAttributesProcPtr>(kGetNumAttributesCallback)(inObject, outNumAttributes);
}

STUB QTSS_Error QTSS_SignalStream(QTSS_StreamRef inStream, QTSS_EventType inEventMask)
{
    (void)inEventMask; // the table entry wakes the waiting role whatever the event
    return Slot<QTSS_SignalStreamProcPtr>(kSignalStreamCallback)(inStream);
}

STUB QTSS_Error QTSS_CreateStreamFromSocket(int inFileDesc, QTSS_SocketStream* outStream)
{
    return Slot<QTSS_CreateStreamFromSocketProcPtr>(kCreateSocketStreamCallback)(inFileDesc, outStream);
}

STUB QTSS_Error QTSS_DestroySocketStream(QTSS_SocketStream inStream)
{
    return Slot<QTSS_DestroySocketStreamProcPtr>(kDestroySocketStreamCallback)(inStream);
}

STUB QTSS_Error QTSS_AddStaticAttribute(
    QTSS_ObjectType inObjectType, char* inAttrName, void* inUnused, QTSS_AttrDataType inAttrDataType)
{
    return Slot<QTSS_AddStaticAttributeProcPtr>(kAddStaticAttributeCallback)(
        inObjectType, inAttrName, inUnused, inAttrDataType);
}

STUB QTSS_Error QTSS_AddInstanceAttribute(
    QTSS_Object inObject, char* inAttrName, void* inUnused, QTSS_AttrDataType inAttrDataType)
{
    return Slot<QTSS_AddInstanceAttributeProcPtr>(kAddInstanceAttributeCallback)(
        inObject, inAttrName, inUnused, inAttrDataType);
}

STUB QTSS_Error QTSS_RemoveInstanceAttribute(QTSS_Object inObject, QTSS_AttributeID inID)
{
    return Slot<QTSS_RemoveInstanceAttributeProcPtr>(kRemoveInstanceAttributeCallback)(inObject, inID);
}

STUB QTSS_Error QTSS_GetAttrInfoByIndex(QTSS_Object inObject, UInt32 inIndex, QTSS_AttrInfoObject* outAttrInfoObject)
{
    return Slot<QTSS_GetAttrInfoByIndexProcPtr>(kGetAttrInfoByIndexCallback)(inObject, inIndex, outAttrInfoObject);
}

STUB QTSS_Error QTSS_GetAttrInfoByName(QTSS_Object inObject, char* inAttrName, QTSS_AttrInfoObject* outAttrInfoObject)
{
    return Slot<QTSS_GetAttrInfoByNameProcPtr>(kGetAttrInfoByNameCallback)(inObject, inAttrName, outAttrInfoObject);
}

STUB QTSS_Error QTSS_GetAttrInfoByID(
    QTSS_Object inObject, QTSS_AttributeID inAttrID, QTSS_AttrInfoObject* outAttrInfoObject)
{
    return Slot<QTSS_GetAttrInfoByIDProcPtr>(kGetAttrInfoByIDCallback)(inObject, inAttrID, outAttrInfoObject);
}

STUB QTSS_Error QTSS_GetValueAsString(QTSS_Object inObject, QTSS_AttributeID inID, UInt32 inIndex, char** outString)
{
    return Slot<QTSS_GetValueAsStringProcPtr>(kGetValueAsStringCallback)(inObject, inID, inIndex, outString);
}

STUB QTSS_Error QTSS_TypeToTypeString(const QTSS_AttrDataType inType, char** outTypeString)
{
    return Slot<QTSS_TypeToTypeStringProcPtr>(kTypeToTypeStringCallback)(inType, outTypeString);
}

STUB QTSS_Error QTSS_TypeStringToType(const char* inTypeString, QTSS_AttrDataType* outType)
{
    return Slot<QTSS_TypeStringToTypeProcPtr>(kTypeStringToTypeCallback)(const_cast<char*>(inTypeString), outType);
}

STUB QTSS_Error QTSS_StringToValue(
    const char* inValueAsString, const QTSS_AttrDataType inType, void* ioBuffer, UInt32* ioBufSize)
{
    return Slot<QTSS_StringToValueProcPtr>(kStringToValueCallback)(
        const_cast<char*>(inValueAsString), inType, ioBuffer, ioBufSize);
}

STUB QTSS_Error QTSS_ValueToString(
    const void* inValue, const UInt32 inValueLen, const QTSS_AttrDataType inType, char** outString)
{
    return Slot<QTSS_ValueToStringProcPtr>(kValueToStringCallback)(
        const_cast<void*>(inValue), inValueLen, inType, outString);
}

STUB QTSS_Error QTSS_RemoveValue(QTSS_Object inObject, QTSS_AttributeID inID, UInt32 inIndex)
{
    return Slot<QTSS_RemoveValueProcPtr>(kRemoveValueCallback)(inObject, inID, inIndex);
}

STUB QTSS_Error QTSS_RequestGlobalLock(void)
{
    return Slot<QTSS_RequestGlobalLockProcPtr>(kRequestGlobalLockCallback)();
}

STUB Bool16 QTSS_IsGlobalLocked(void)
{
    return Slot<QTSS_IsGlobalLockedProcPtr>(kIsGlobalLockedCallback)();
}

STUB QTSS_Error QTSS_GlobalUnLock(void)
{
    return Slot<QTSS_GlobalUnLockProcPtr>(kUnlockGlobalLock)();
}

STUB QTSS_Error QTSS_Authenticate(
    const char* inAuthUserName,
    const char* path,
    const char* moviesFolder,
    QTSS_ActionFlags action,
    QTSS_AuthScheme scheme,
    QTSS_RTSPRequestObject request)
{
    return Slot<QTSS_AuthenticateProcPtr>(kAuthenticateCallback)(
        inAuthUserName,
        path,
        moviesFolder,
        action,
        scheme,
        request);
}

STUB QTSS_Error QTSS_Authorize(
    QTSS_RTSPRequestObject inAuthRequestObject, char** outAuthRealm, Bool16* outAuthUserAllowed)
{
    return Slot<QTSS_AuthorizeProcPtr>(kAuthorizeCallback)(inAuthRequestObject, outAuthRealm, outAuthUserAllowed);
}

STUB QTSS_Error QTSS_RefreshTimeOut(QTSS_ClientSessionObject inClientSession)
{
    return Slot<QTSS_RefreshTimeOutProcPtr>(kRefreshTimeOutCallback)(inClientSession);
}

STUB QTSS_Error QTSS_CreateObjectValue(
    QTSS_Object inObject,
    QTSS_AttributeID inID,
    QTSS_ObjectType inType,
    UInt32* outIndex,
    QTSS_Object* outCreatedObject)
{
    return Slot<QTSS_CreateObjectValueProcPtr>(kCreateObjectValueCallback)(
        inObject, inID, inType, outIndex, outCreatedObject);
}

STUB QTSS_Error QTSS_CreateObjectType(QTSS_ObjectType* outType)
{
    return Slot<QTSS_CreateObjectTypeProcPtr>(kCreateObjectTypeCallback)(outType);
}

STUB QTSS_Error QTSS_LockObject(QTSS_Object inObject)
{
    return Slot<QTSS_LockObjectProcPtr>(kLockObjectCallback)(inObject);
}

STUB QTSS_Error QTSS_UnlockObject(QTSS_Object inObject)
{
    return Slot<QTSS_UnlockObjectProcPtr>(kUnlockObjectCallback)(inObject);
}

STUB QTSS_Error QTSS_SetValuePtr(QTSS_Object inObject, QTSS_AttributeID inID, const void* inBuffer, UInt32 inLen)
{
    return Slot<QTSS_SetValuePtrProcPtr>(kSetAttributePtrCallback)(inObject, inID, inBuffer, inLen);
}

STUB QTSS_Error QTSS_SetIntervalRoleTimer(SInt64 inIdleMsec)
{
    return Slot<QTSS_SetIntervalRoleTimerProcPtr>(kSetIntervalRoleTimerCallback)(inIdleMsec);
}

STUB void QTSS_LockStdLib(void)
{
    Slot<QTSS_LockStdLibProcPtr>(kLockStdLibCallback)();
}

STUB void QTSS_UnlockStdLib(void)
{
    Slot<QTSS_UnlockStdLibProcPtr>(kUnlockStdLibCallback)();
}
