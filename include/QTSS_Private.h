/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What passes between the server and the stub library of a module. Modules themselves only hand the pointer to
 * QTSS_PrivateArgs on to _stublibrary_main.
 */
#ifndef QTSS_PRIVATE_H
#define QTSS_PRIVATE_H

#include "QTSS.h"

/*
 * The table has one pointer per function, all of these two types; what each slot really points to is a plain C function
 * of the type below that bears its name. QTSS_New alone returns a pointer. Calling a slot through the variable argument
 * form works on the System V ABIs, because no argument is a floating point number or narrower than int.
 */
#if defined(__cplusplus) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L)
typedef QTSS_Error (*QTSS_CallbackProcPtr)(...);
typedef void* (*QTSS_CallbackPtrProcPtr)(...);
#else
typedef QTSS_Error (*QTSS_CallbackProcPtr)();
typedef void* (*QTSS_CallbackPtrProcPtr)();
#endif

/* Slots of the table. */
enum
{
    kNewCallback                     = 0, /* QTSS_New */
    kDeleteCallback                  = 1, /* QTSS_Delete */
    kMillisecondsCallback            = 2, /* QTSS_Milliseconds */
    kConvertToUnixTimeCallback       = 3, /* QTSS_MilliSecsTo1970Secs */
    kAddRoleCallback                 = 4, /* QTSS_AddRole */
    kAddAttributeCallback            = 5, /* QTSS_AddAttribute */
    kIDForTagCallback                = 6, /* QTSS_IDForAttr */
    kGetAttributePtrByIDCallback     = 7, /* QTSS_GetValuePtr */
    kGetAttributeByIDCallback        = 8, /* QTSS_GetValue */
    kSetAttributeByIDCallback        = 9, /* QTSS_SetValue */
    kWriteCallback                   = 10, /* QTSS_Write */
    kWriteVCallback                  = 11, /* QTSS_WriteV */
    kFlushCallback                   = 12, /* QTSS_Flush */
    kAddServiceCallback              = 13, /* QTSS_AddService */
    kIDForServiceCallback            = 14, /* QTSS_IDForService */
    kDoServiceCallback               = 15, /* QTSS_DoService */
    kSendRTSPHeadersCallback         = 16, /* QTSS_SendRTSPHeaders */
    kAppendRTSPHeadersCallback       = 17, /* QTSS_AppendRTSPHeader */
    kSendStandardRTSPCallback        = 18, /* QTSS_SendStandardRTSPResponse */
    kAddRTPStreamCallback            = 19, /* QTSS_AddRTPStream */
    kPlayCallback                    = 20, /* QTSS_Play */
    kPauseCallback                   = 21, /* QTSS_Pause */
    kTeardownCallback                = 22, /* QTSS_Teardown */
    kRequestEventCallback            = 23, /* QTSS_RequestEvent */
    kSetIdleTimerCallback            = 24, /* QTSS_SetIdleTimer */
    kOpenFileObjectCallback          = 25, /* QTSS_OpenFileObject */
    kCloseFileObjectCallback         = 26, /* QTSS_CloseFileObject */
    kReadCallback                    = 27, /* QTSS_Read */
    kSeekCallback                    = 28, /* QTSS_Seek */
    kAdviseCallback                  = 29, /* QTSS_Advise */
    kGetNumValuesCallback            = 30, /* QTSS_GetNumValues */
    kGetNumAttributesCallback        = 31, /* QTSS_GetNumAttributes */
    kSignalStreamCallback            = 32, /* QTSS_SignalStream */
    kCreateSocketStreamCallback      = 33, /* QTSS_CreateStreamFromSocket */
    kDestroySocketStreamCallback     = 34, /* QTSS_DestroySocketStream */
    kAddStaticAttributeCallback      = 35, /* QTSS_AddStaticAttribute */
    kAddInstanceAttributeCallback    = 36, /* QTSS_AddInstanceAttribute */
    kRemoveInstanceAttributeCallback = 37, /* QTSS_RemoveInstanceAttribute */
    kGetAttrInfoByIndexCallback      = 38, /* QTSS_GetAttrInfoByIndex */
    kGetAttrInfoByNameCallback       = 39, /* QTSS_GetAttrInfoByName */
    kGetAttrInfoByIDCallback         = 40, /* QTSS_GetAttrInfoByID */
    kGetValueAsStringCallback        = 41, /* QTSS_GetValueAsString */
    kTypeToTypeStringCallback        = 42, /* QTSS_TypeToTypeString */
    kTypeStringToTypeCallback        = 43, /* QTSS_TypeStringToType */
    kStringToValueCallback           = 44, /* QTSS_StringToValue */
    kValueToStringCallback           = 45, /* QTSS_ValueToString */
    kRemoveValueCallback             = 46, /* QTSS_RemoveValue */
    kRequestGlobalLockCallback       = 47, /* QTSS_RequestGlobalLock */
    kIsGlobalLockedCallback          = 48, /* QTSS_IsGlobalLocked */
    kUnlockGlobalLock                = 49, /* QTSS_GlobalUnLock */
    kAuthenticateCallback            = 50, /* QTSS_Authenticate */
    kAuthorizeCallback               = 51, /* QTSS_Authorize */
    kRefreshTimeOutCallback          = 52, /* QTSS_RefreshTimeOut */
    kCreateObjectValueCallback       = 53, /* QTSS_CreateObjectValue */
    kCreateObjectTypeCallback        = 54, /* QTSS_CreateObjectType */
    kLockObjectCallback              = 55, /* QTSS_LockObject */
    kUnlockObjectCallback            = 56, /* QTSS_UnlockObject */
    kSetAttributePtrCallback         = 57, /* QTSS_SetValuePtr */
    kSetIntervalRoleTimerCallback    = 58, /* QTSS_SetIntervalRoleTimer */
    kLockStdLibCallback              = 59, /* QTSS_LockStdLib */
    kUnlockStdLibCallback            = 60, /* QTSS_UnlockStdLib */
    kLastCallback                    = 61 /* number of entries */
};

/* Lives as long as the process; stub libraries keep its address. There is no slot kLastCallback. */
typedef struct
{
    QTSS_CallbackProcPtr addr[kLastCallback];
} QTSS_Callbacks;
typedef QTSS_Callbacks* QTSS_CallbacksPtr;

/* Argument of the entry function of a module. */
typedef struct
{
    UInt32 inServerAPIVersion;
    QTSS_CallbacksPtr inCallbacks;
    QTSS_StreamRef inErrorLogStream; /* DSS 6.0.3 leaves it unset; read it in the Initialize role instead */
    UInt32 outStubLibraryVersion;    /* a module with a newer one than inServerAPIVersion is refused */
    QTSS_DispatchFuncPtr outDispatchFunction;
} QTSS_PrivateArgs;
typedef QTSS_PrivateArgs* QTSS_PrivateArgsPtr;

/* State of a thread of DSS 6.0.3 that runs a role. This server keeps no such thing; the type is here for sources that
   name it. */
#ifdef __cplusplus
class QTSSModule;
class Task;
#else
typedef struct QTSSModule QTSSModule;
typedef struct Task Task;
#endif
typedef struct
{
    QTSSModule* curModule;
    QTSS_Role curRole;
    Task* curTask;
    Bool16 eventRequested;
    Bool16 globalLockRequested;
    Bool16 isGlobalLocked;
    SInt64 idleTime;
} QTSS_ModuleState;
typedef QTSS_ModuleState* QTSS_ModuleStatePtr;

/*
 * The true types of the slots, in their order. They differ from the functions of QTSS.h where those return or take a
 * 64-bit time (addresses are passed), in QTSS_SignalStream (no event mask), and in const.
 */
#ifdef __cplusplus
extern "C" {
#endif

typedef void* (*QTSS_NewProcPtr)(FourCharCode, UInt32);
typedef void (*QTSS_DeleteProcPtr)(void*);
typedef void (*QTSS_MillisecondsProcPtr)(SInt64*);
typedef void (*QTSS_MilliSecsTo1970SecsProcPtr)(SInt64*, time_t*);
typedef QTSS_Error (*QTSS_AddRoleProcPtr)(QTSS_Role);
typedef QTSS_Error (*QTSS_AddAttributeProcPtr)(QTSS_ObjectType, const char*, void*);
typedef QTSS_Error (*QTSS_IDForAttrProcPtr)(QTSS_ObjectType, const char*, QTSS_AttributeID*);
typedef QTSS_Error (*QTSS_GetValuePtrProcPtr)(QTSS_Object, QTSS_AttributeID, UInt32, void**, UInt32*);
typedef QTSS_Error (*QTSS_GetValueProcPtr)(QTSS_Object, QTSS_AttributeID, UInt32, void*, UInt32*);
typedef QTSS_Error (*QTSS_SetValueProcPtr)(QTSS_Object, QTSS_AttributeID, UInt32, const void*, UInt32);
typedef QTSS_Error (*QTSS_WriteProcPtr)(QTSS_StreamRef, void*, UInt32, UInt32*, UInt32);
typedef QTSS_Error (*QTSS_WriteVProcPtr)(QTSS_StreamRef, struct iovec*, UInt32, UInt32, UInt32*);
typedef QTSS_Error (*QTSS_FlushProcPtr)(QTSS_StreamRef);
typedef QTSS_Error (*QTSS_AddServiceProcPtr)(const char*, QTSS_ServiceFunctionPtr);
typedef QTSS_Error (*QTSS_IDForServiceProcPtr)(const char*, QTSS_ServiceID*);
typedef QTSS_Error (*QTSS_DoServiceProcPtr)(QTSS_ServiceID, QTSS_ServiceFunctionArgsPtr);
typedef QTSS_Error (*QTSS_SendRTSPHeadersProcPtr)(QTSS_RTSPRequestObject);
typedef QTSS_Error (*QTSS_AppendRTSPHeaderProcPtr)(QTSS_RTSPRequestObject, QTSS_RTSPHeader, char*, UInt32);
typedef QTSS_Error (*QTSS_SendStandardRTSPResponseProcPtr)(QTSS_RTSPRequestObject, QTSS_Object, UInt32);
typedef QTSS_Error (*QTSS_AddRTPStreamProcPtr)(
    QTSS_ClientSessionObject, QTSS_RTSPRequestObject, QTSS_RTPStreamObject*, QTSS_AddStreamFlags);
typedef QTSS_Error (*QTSS_PlayProcPtr)(QTSS_ClientSessionObject, QTSS_RTSPRequestObject, QTSS_PlayFlags);
typedef QTSS_Error (*QTSS_PauseProcPtr)(QTSS_ClientSessionObject);
typedef QTSS_Error (*QTSS_TeardownProcPtr)(QTSS_ClientSessionObject);
typedef QTSS_Error (*QTSS_RequestEventProcPtr)(QTSS_StreamRef, QTSS_EventType);
typedef QTSS_Error (*QTSS_SetIdleTimerProcPtr)(SInt64);
typedef QTSS_Error (*QTSS_OpenFileObjectProcPtr)(char*, QTSS_OpenFileFlags, QTSS_Object*);
typedef QTSS_Error (*QTSS_CloseFileObjectProcPtr)(QTSS_Object);
typedef QTSS_Error (*QTSS_ReadProcPtr)(QTSS_StreamRef, void*, UInt32, UInt32*);
typedef QTSS_Error (*QTSS_SeekProcPtr)(QTSS_StreamRef, UInt64);
typedef QTSS_Error (*QTSS_AdviseProcPtr)(QTSS_StreamRef, UInt64, UInt32);
typedef QTSS_Error (*QTSS_GetNumValuesProcPtr)(QTSS_Object, QTSS_AttributeID, UInt32*);
typedef QTSS_Error (*QTSS_GetNumAttributesProcPtr)(QTSS_Object, UInt32*);
typedef QTSS_Error (*QTSS_SignalStreamProcPtr)(QTSS_StreamRef);
typedef QTSS_Error (*QTSS_CreateStreamFromSocketProcPtr)(int, QTSS_StreamRef*);
typedef QTSS_Error (*QTSS_DestroySocketStreamProcPtr)(QTSS_StreamRef);
typedef QTSS_Error (*QTSS_AddStaticAttributeProcPtr)(QTSS_ObjectType, const char*, void*, QTSS_AttrDataType);
typedef QTSS_Error (*QTSS_AddInstanceAttributeProcPtr)(QTSS_Object, const char*, void*, QTSS_AttrDataType);
typedef QTSS_Error (*QTSS_RemoveInstanceAttributeProcPtr)(QTSS_Object, QTSS_AttributeID);
typedef QTSS_Error (*QTSS_GetAttrInfoByIndexProcPtr)(QTSS_Object, UInt32, QTSS_Object*);
typedef QTSS_Error (*QTSS_GetAttrInfoByNameProcPtr)(QTSS_Object, const char*, QTSS_Object*);
typedef QTSS_Error (*QTSS_GetAttrInfoByIDProcPtr)(QTSS_Object, QTSS_AttributeID, QTSS_Object*);
typedef QTSS_Error (*QTSS_GetValueAsStringProcPtr)(QTSS_Object, QTSS_AttributeID, UInt32, char**);
typedef QTSS_Error (*QTSS_TypeToTypeStringProcPtr)(QTSS_AttrDataType, char**);
typedef QTSS_Error (*QTSS_TypeStringToTypeProcPtr)(char*, QTSS_AttrDataType*);
typedef QTSS_Error (*QTSS_StringToValueProcPtr)(char*, QTSS_AttrDataType, void*, UInt32*);
typedef QTSS_Error (*QTSS_ValueToStringProcPtr)(void*, UInt32, QTSS_AttrDataType, char**);
typedef QTSS_Error (*QTSS_RemoveValueProcPtr)(QTSS_Object, QTSS_AttributeID, UInt32);
typedef QTSS_Error (*QTSS_RequestGlobalLockProcPtr)(void);
typedef Bool16 (*QTSS_IsGlobalLockedProcPtr)(void);
typedef QTSS_Error (*QTSS_GlobalUnLockProcPtr)(void);
typedef QTSS_Error (*QTSS_AuthenticateProcPtr)(
    const char*, const char*, const char*, QTSS_ActionFlags, QTSS_AuthScheme, QTSS_RTSPRequestObject);
typedef QTSS_Error (*QTSS_AuthorizeProcPtr)(QTSS_RTSPRequestObject, char**, Bool16*);
typedef QTSS_Error (*QTSS_RefreshTimeOutProcPtr)(QTSS_ClientSessionObject);
typedef QTSS_Error (*QTSS_CreateObjectValueProcPtr)(
    QTSS_Object, QTSS_AttributeID, QTSS_ObjectType, UInt32*, QTSS_Object*);
typedef QTSS_Error (*QTSS_CreateObjectTypeProcPtr)(QTSS_ObjectType*);
typedef QTSS_Error (*QTSS_LockObjectProcPtr)(QTSS_Object);
typedef QTSS_Error (*QTSS_UnlockObjectProcPtr)(QTSS_Object);
typedef QTSS_Error (*QTSS_SetValuePtrProcPtr)(QTSS_Object, QTSS_AttributeID, const void*, UInt32);
typedef QTSS_Error (*QTSS_SetIntervalRoleTimerProcPtr)(SInt64);
typedef void (*QTSS_LockStdLibProcPtr)(void);
typedef void (*QTSS_UnlockStdLibProcPtr)(void);

#ifdef __cplusplus
}
#endif

#endif /* QTSS_PRIVATE_H */
