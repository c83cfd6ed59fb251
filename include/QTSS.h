/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The QTSS module API, version 5.0: everything a module needs to be loaded by the server and to be called by it.
 *
 * A module is a shared object named NAME with a C function NAME_Main. That function passes its argument and the
 * module's dispatch function to _stublibrary_main. From then on the server calls the dispatch function, once per role.
 *
 * Rules that hold for every function unless its comment says otherwise:
 *
 * Results   QTSS_NoErr is 0, errors are negative. NULL, a handle of something that is gone, or a handle that never was
 *           one gives QTSS_BadArgument; it is never followed. After an error no output has been written.
 * Objects   QTSS_Object and QTSS_StreamRef are handles, not addresses. The server owns what they name. They are valid
 *           as long as it lives: a request until it has been answered, a session until its closing role has returned.
 * Memory    There is one heap, that of the C library. Text the server allocates for a module may be freed with
 *           QTSS_Delete, delete, delete[] or free. Inputs are copied before the function returns; none is retained.
 * Text      char[] values have a length and need no terminator; names and paths given to functions end with a NUL.
 * Threads   Any thread may call, also one the module made, unless the comment names roles: those need a role call
 *           in progress on the calling thread. A module is entered by one RTSP role call at a time.
 */
#ifndef QTSS_H
#define QTSS_H

#include "OSHeaders.h"
#include "QTSSRTSPProtocol.h"
#include "QTSS_Attributes.h"
#include "QTSS_Constants.h"

#define QTSS_API_VERSION 0x00050000

#define QTSS_MAX_MODULE_NAME_LENGTH 64 /* with the terminator */
#define QTSS_MAX_SESSION_ID_LENGTH 32
#define QTSS_MAX_ATTRIBUTE_NAME_SIZE 64 /* without a terminator; also the limit of service names */

/* Service that reads the configuration again, as SIGHUP does; takes no argument. */
#define QTSS_REREAD_PREFS_SERVICE "RereadPreferences"

/* ---- Types ----------------------------------------------------------------------------------------------------- */

typedef void* QTSS_StreamRef;
typedef void* QTSS_Object;
typedef void* QTSS_ServiceFunctionArgsPtr; /* whatever caller and service agree on */
typedef SInt32 QTSS_AttributeID;           /* instance attributes have bit 31 set and so are negative */
typedef SInt32 QTSS_ServiceID;
typedef SInt64 QTSS_TimeVal; /* milliseconds since 1970 */
typedef QTSS_RTSPStatusCode QTSS_SessionStatusCode;

typedef QTSS_Object QTSS_RTPStreamObject;
typedef QTSS_Object QTSS_RTSPSessionObject;
typedef QTSS_Object QTSS_RTSPRequestObject;
typedef QTSS_Object QTSS_RTSPHeaderObject;
typedef QTSS_Object QTSS_ClientSessionObject;
typedef QTSS_Object QTSS_ServerObject;
typedef QTSS_Object QTSS_PrefsObject;
typedef QTSS_Object QTSS_TextMessagesObject;
typedef QTSS_Object QTSS_FileObject;
typedef QTSS_Object QTSS_ModuleObject;
typedef QTSS_Object QTSS_ModulePrefsObject;
typedef QTSS_Object QTSS_AttrInfoObject;
typedef QTSS_Object QTSS_UserProfileObject;
typedef QTSS_Object QTSS_ConnectedUserObject;
typedef QTSS_Object QTSS_3GPPStreamObject;
typedef QTSS_Object QTSS_3GPPClientSessionObject;
typedef QTSS_Object QTSS_3GPPRTSPSessionObject;
typedef QTSS_Object QTSS_3GPPRequestObject;

/* A request, RTSP session, RTP stream or file object is a stream too and may be passed as one. */
typedef QTSS_StreamRef QTSS_ErrorLogStream;
typedef QTSS_StreamRef QTSS_FileStream;
typedef QTSS_StreamRef QTSS_RTSPSessionStream;
typedef QTSS_StreamRef QTSS_RTSPRequestStream;
typedef QTSS_StreamRef QTSS_RTPStreamStream;
typedef QTSS_StreamRef QTSS_SocketStream;

/* ---- What the dispatch function receives ----------------------------------------------------------------------- */
/*
 * The block belongs to the server and is gone when the dispatch function returns; so is the memory its pointers name.
 * Shutdown, RereadPrefs and Interval pass NULL. Results are ignored where nothing else is said.
 */

typedef struct
{
    char outModuleName[QTSS_MAX_MODULE_NAME_LENGTH]; /* may be filled in; the module keeps the name of its file */
} QTSS_Register_Params; /* any result but QTSS_NoErr: the module is not used */

typedef struct
{
    QTSS_ServerObject inServer; /* these five live as long as the server */
    QTSS_PrefsObject inPrefs;
    QTSS_TextMessagesObject inMessages;
    QTSS_ErrorLogStream inErrorLogStream;
    QTSS_ModuleObject inModule;
} QTSS_Initialize_Params; /* any result but QTSS_NoErr: the module is discarded */

typedef struct
{
    QTSS_ErrorVerbosity inVerbosity;
    char* inBuffer; /* one line, ends with a NUL */
} QTSS_ErrorLog_Params;

typedef struct
{
    QTSS_ServerState inNewState;
} QTSS_StateChange_Params;

/* Route, Authorize, PreProcessor, Request and PostProcessor. */
typedef struct
{
    QTSS_RTSPSessionObject inRTSPSession;     /* NULL in Authorize when QTSS_Authorize asked */
    QTSS_RTSPRequestObject inRTSPRequest;
    QTSS_RTSPHeaderObject inRTSPHeaders;
    QTSS_ClientSessionObject inClientSession; /* as inRTSPSession */
} QTSS_StandardRTSP_Params;

typedef struct
{
    QTSS_RTSPSessionObject inRTSPSession;
    QTSS_RTSPRequestObject inRTSPRequest; /* only the full request text has a value */
    char** outNewRequest; /* set *outNewRequest to a replacement that ends with a NUL; the server takes and frees it */
} QTSS_Filter_Params;

typedef struct
{
    QTSS_RTSPRequestObject inRTSPRequest;
} QTSS_RTSPAuth_Params;

typedef struct
{
    QTSS_RTSPSessionObject inRTSPSession;
    QTSS_ClientSessionObject inClientSession;
    char* inPacketData; /* starts at the '$' of the interleaved frame */
    UInt32 inPacketLen;
} QTSS_IncomingData_Params;

typedef struct
{
    QTSS_RTSPSessionObject inRTSPSession;
} QTSS_RTSPSession_Params;

typedef struct
{
    QTSS_ClientSessionObject inClientSession;
    QTSS_TimeVal inCurrentTime;
    QTSS_TimeVal outNextPacketTime; /* milliseconds from now to the next call; 0 or less: not until signalled */
} QTSS_RTPSendPackets_Params;

typedef struct
{
    QTSS_ClientSessionObject inClientSession;
    QTSS_CliSesClosingReason inReason;
} QTSS_ClientSessionClosing_Params;

typedef struct
{
    QTSS_ClientSessionObject inClientSession;
    QTSS_RTPStreamObject inRTPStream;
    void* inRTCPPacketData; /* the whole compound packet */
    UInt32 inRTCPPacketDataLen;
} QTSS_RTCPProcess_Params;

/* OpenFilePreProcess: QTSS_FileNotFound passes the file on, QTSS_NoErr claims it, another result fails the open.
   OpenFile: the result is that of QTSS_OpenFileObject. */
typedef struct
{
    char* inPath;
    QTSS_OpenFileFlags inFlags;
    QTSS_Object inFileObject; /* lives until the CloseFile role has returned */
} QTSS_OpenFile_Params;

typedef struct
{
    QTSS_Object inFileObject;
    UInt64 inPosition;
    UInt32 inSize;
} QTSS_AdviseFile_Params; /* the result is that of QTSS_Advise */

typedef struct
{
    QTSS_Object inFileObject;
    UInt64 inFilePosition;
    void* ioBuffer; /* the caller's, inBufLen bytes */
    UInt32 inBufLen;
    UInt32* outLenRead; /* never NULL */
} QTSS_ReadFile_Params; /* the result is that of QTSS_Read */

typedef struct
{
    QTSS_Object inFileObject;
} QTSS_CloseFile_Params;

typedef struct
{
    QTSS_Object inFileObject;
    QTSS_EventType inEventMask;
} QTSS_RequestEventFile_Params;

typedef union
{
    QTSS_Register_Params regParams;
    QTSS_Initialize_Params initParams;
    QTSS_ErrorLog_Params errorParams;
    QTSS_StateChange_Params stateChangeParams;

    QTSS_Filter_Params rtspFilterParams;
    QTSS_IncomingData_Params rtspIncomingDataParams;
    QTSS_StandardRTSP_Params rtspRouteParams;
    QTSS_RTSPAuth_Params rtspAthnParams;
    QTSS_StandardRTSP_Params rtspAuthParams;
    QTSS_StandardRTSP_Params rtspPreProcessorParams;
    QTSS_StandardRTSP_Params rtspRequestParams;
    QTSS_StandardRTSP_Params rtspPostProcessorParams;
    QTSS_RTSPSession_Params rtspSessionClosingParams;

    QTSS_RTPSendPackets_Params rtpSendPacketsParams;
    QTSS_ClientSessionClosing_Params clientSessionClosingParams;
    QTSS_RTCPProcess_Params rtcpProcessParams;

    QTSS_OpenFile_Params openFilePreProcessParams;
    QTSS_OpenFile_Params openFileParams;
    QTSS_AdviseFile_Params adviseFileParams;
    QTSS_ReadFile_Params readFileParams;
    QTSS_CloseFile_Params closeFileParams;
    QTSS_RequestEventFile_Params reqEventFileParams;
} QTSS_RoleParams;
typedef QTSS_RoleParams* QTSS_RoleParamPtr;

/* What QTSS_Write takes as buffer on an RTP stream. */
typedef struct
{
    void* packetData;                 /* the packet, RTP or RTCP header included */
    QTSS_TimeVal packetTransmitTime;  /* when it is due */
    QTSS_TimeVal suggestedWakeupTime; /* set by the server: when to send this packet again, -1 when that is unknown */
} QTSS_PacketStruct;

#ifdef __cplusplus
extern "C" {
#endif

typedef QTSS_Error (*QTSS_MainEntryPointPtr)(void* inPrivateArgs);
typedef QTSS_Error (*QTSS_DispatchFuncPtr)(QTSS_Role inRole, QTSS_RoleParamPtr inParamBlock);
typedef QTSS_Error (*QTSS_ServiceFunctionPtr)(QTSS_ServiceFunctionArgsPtr);

/* ---- Loading --------------------------------------------------------------------------------------------------- */

/* Part of the stub library. The entry function of a module passes its own argument and the module's dispatch function
   and returns the result. No other function of this file may be called before, except
   QTSS_New and QTSS_Delete (static constructors use them). */
QTSS_Error _stublibrary_main(void* inPrivateArgs, QTSS_DispatchFuncPtr inDispatchFunc);

/* ---- Memory and time ------------------------------------------------------------------------------------------- */

/* A block of inSize bytes, aligned for any type; the module owns it. The identifier has no effect. */
void* QTSS_New(FourCharCode inMemoryIdentifier, UInt32 inSize);

/* Frees a block of QTSS_New, malloc, or one the server handed over. NULL is fine. */
void QTSS_Delete(void* inMemory);

/* The time now. */
QTSS_TimeVal QTSS_Milliseconds(void);

/* The same moment in whole seconds. */
time_t QTSS_MilliSecsTo1970Secs(QTSS_TimeVal inQTSS_MilliSeconds);

/* ---- Register role only (otherwise QTSS_OutOfState) ------------------------------------------------------------ */

/* Asks to be called in a role. QTSS_RequestFailed: another module has the request role, or one serves files already.
   QTSS_BadArgument: no such role, or the register role itself. */
QTSS_Error QTSS_AddRole(QTSS_Role inRole);

/* Adds an attribute to every object of a type made from now on; modules may read and write it. Find its id with
   QTSS_IDForAttr. QTSS_AttrNameExists: it is there already, perhaps from another module. inUnused is ignored. */
QTSS_Error QTSS_AddStaticAttribute(
    QTSS_ObjectType inObjectType, char* inAttrName, void* inUnused, QTSS_AttrDataType inAttrDataType);

#ifdef QTSS_OLDROUTINENAMES
/* Older name of QTSS_AddStaticAttribute with data type Unknown. */
QTSS_Error QTSS_AddAttribute(QTSS_ObjectType inObjectType, const char* inAttributeName, void* inUnused);
#endif

/* Offers a function to all modules. The function is kept and called on the thread of the caller.
   QTSS_AttrNameExists: the name is taken. */
QTSS_Error QTSS_AddService(const char* inServiceName, QTSS_ServiceFunctionPtr inFunctionPtr);

/* A new object type, for QTSS_CreateObjectValue. QTSS_RequestFailed: there are 500. */
QTSS_Error QTSS_CreateObjectType(QTSS_ObjectType* outType);

/* ---- Attributes ------------------------------------------------------------------------------------------------ */
/* Common results: QTSS_AttrDoesntExist (id), QTSS_BadIndex (index past the last value), QTSS_ValueNotFound (empty),
   QTSS_ReadOnly. A value of length 0 counts as a value and reads as QTSS_ValueNotFound. */

/* Id of a static attribute by name; case counts. Wants the type, not an object. */
QTSS_Error QTSS_IDForAttr(QTSS_ObjectType inObjectType, const char* inAttributeName, QTSS_AttributeID* outID);

/* The stored value itself. The server owns it; it stays where it is until a value that needs more room is set, the
   value is removed, or the object goes; request text until the request has been answered. QTSS_NotPreemptiveSafe: only
   between QTSS_LockObject and QTSS_UnlockObject. */
QTSS_Error QTSS_GetValuePtr(
    QTSS_Object inObject, QTSS_AttributeID inID, UInt32 inIndex, void** outBuffer, UInt32* outLen);

/* Copies the value into the caller's buffer; *ioLen is its size before and the length of the value afterwards. When
   that is larger nothing was copied, and the result is QTSS_NoErr nevertheless. NULL with length 0 asks for it. */
QTSS_Error QTSS_GetValue(QTSS_Object inObject, QTSS_AttributeID inID, UInt32 inIndex, void* ioBuffer, UInt32* ioLen);

/* The value as text, in a new block that ends with a NUL and belongs to the caller. */
QTSS_Error QTSS_GetValueAsString(QTSS_Object inObject, QTSS_AttributeID inID, UInt32 inIndex, char** outString);

/* Copies a value in. inIndex is at most the number of values, which appends. inBuffer may be NULL when inLen is 0. A
   length other than that of the values already there is refused when there are several, except for text. */
QTSS_Error QTSS_SetValue(
    QTSS_Object inObject, QTSS_AttributeID inID, UInt32 inIndex, const void* inBuffer, UInt32 inLen);

/* Binds an attribute that has no value yet to a variable of the module. Nothing is copied: the memory must outlive
   the object, the server reads it at any time, writes it on QTSS_SetValue, and never frees it. */
QTSS_Error QTSS_SetValuePtr(QTSS_Object inObject, QTSS_AttributeID inID, const void* inBuffer, UInt32 inLen);

/* Number of values; 0 for an unknown id. */
QTSS_Error QTSS_GetNumValues(QTSS_Object inObject, QTSS_AttributeID inID, UInt32* outNumValues);

/* Number of attributes, static and instance ones. */
QTSS_Error QTSS_GetNumAttributes(QTSS_Object inObject, UInt32* outNumAttributes);

/* Removes one value; later ones move down. An object made by QTSS_CreateObjectValue ends here. */
QTSS_Error QTSS_RemoveValue(QTSS_Object inObject, QTSS_AttributeID inID, UInt32 inIndex);

/* Makes an object and appends it to the values of a writable object attribute. The server owns it. */
QTSS_Error QTSS_CreateObjectValue(
    QTSS_Object inObject,
    QTSS_AttributeID inID,
    QTSS_ObjectType inType,
    UInt32* outIndex,
    QTSS_Object* outCreatedObject);

/* Adds an attribute to this object alone. QTSS_InstanceAttrsNotAllowed: only preference objects, the object in
   qtssModAttributes and objects of qtssDynamicObjectType take them. On preferences it adds an entry to the file. */
QTSS_Error QTSS_AddInstanceAttribute(
    QTSS_Object inObject, char* inAttrName, void* inUnused, QTSS_AttrDataType inAttrDataType);

/* Removes it again; on preferences from the file too. QTSS_BadArgument: the attribute has no delete permission. */
QTSS_Error QTSS_RemoveInstanceAttribute(QTSS_Object inObject, QTSS_AttributeID inID);

/* An object that describes an attribute (qtssAttrInfoObjectType), found by position, name or id. The server owns it.
   QTSS_AttrDoesntExist: no such attribute. */
QTSS_Error QTSS_GetAttrInfoByIndex(QTSS_Object inObject, UInt32 inIndex, QTSS_AttrInfoObject* outAttrInfoObject);
QTSS_Error QTSS_GetAttrInfoByName(QTSS_Object inObject, char* inAttrName, QTSS_AttrInfoObject* outAttrInfoObject);
QTSS_Error QTSS_GetAttrInfoByID(
    QTSS_Object inObject, QTSS_AttributeID inAttrID, QTSS_AttrInfoObject* outAttrInfoObject);

/* Keeps other threads from the attributes of an object. The owner may lock again. Release it in the same role call. */
QTSS_Error QTSS_LockObject(QTSS_Object inObject);
QTSS_Error QTSS_UnlockObject(QTSS_Object inObject);

/* ---- Values and text ------------------------------------------------------------------------------------------- */

/* Name of a data type: a constant of the server, not to be freed. An unknown type has the name Unknown. */
QTSS_Error QTSS_TypeToTypeString(const QTSS_AttrDataType inType, char** outTypeString);

/* The reverse; case does not count. An unknown name gives the type Unknown. */
QTSS_Error QTSS_TypeStringToType(const char* inTypeString, QTSS_AttrDataType* outType);

/* Parses text into the caller's buffer; *ioBufSize is its size before and the size of the value afterwards.
   QTSS_NotEnoughSpace: buffer NULL or too small, *ioBufSize tells the size. Text comes without terminator. */
QTSS_Error QTSS_StringToValue(
    const char* inValueAsString, const QTSS_AttrDataType inType, void* ioBuffer, UInt32* ioBufSize);

/* The reverse, into a new block that ends with a NUL and belongs to the caller. */
QTSS_Error QTSS_ValueToString(
    const void* inValue, const UInt32 inValueLen, const QTSS_AttrDataType inType, char** outString);

/* ---- Streams --------------------------------------------------------------------------------------------------- */
/* Common results: QTSS_WouldBlock (use QTSS_RequestEvent, return, and be called again), QTSS_NotConnected,
   QTSS_Unimplemented (this kind of stream cannot). */

/* Writes a buffer; outLenWritten may be NULL. To a request: buffered until the role chain ends, never blocks, needs no
   headers. To an RTP stream: inBuffer is a QTSS_PacketStruct, inLen the length of the packet, a flag says RTP or RTCP.
   To the error log: text up to a NUL or inLen bytes, inFlags is the verbosity. */
QTSS_Error QTSS_Write(
    QTSS_StreamRef inRef, const void* inBuffer, UInt32 inLen, UInt32* outLenWritten, QTSS_WriteFlags inFlags);

/* Writes elements 1 to inNumVectors - 1; element 0 is for the server to use. */
QTSS_Error QTSS_WriteV(
    QTSS_StreamRef inRef, struct iovec* inVec, UInt32 inNumVectors, UInt32 inTotalLength, UInt32* outLenWritten);

/* Sends what has been buffered. */
QTSS_Error QTSS_Flush(QTSS_StreamRef inRef);

/* Reads into the caller's buffer: from a file, or the body of a request up to its Content-Length (then
   QTSS_NoMoreData). outLengthRead may be NULL. */
QTSS_Error QTSS_Read(QTSS_StreamRef inRef, void* ioBuffer, UInt32 inBufLen, UInt32* outLengthRead);

/* Files: the position of the next read, at most the length of the file (else QTSS_RequestFailed). */
QTSS_Error QTSS_Seek(QTSS_StreamRef inRef, UInt64 inNewPosition);

/* Files: these bytes will be read soon. */
QTSS_Error QTSS_Advise(QTSS_StreamRef inRef, UInt64 inPosition, UInt32 inAdviseSize);

/* Opens a file through the file system modules. The caller owns the object and ends it with QTSS_CloseFileObject. */
QTSS_Error QTSS_OpenFileObject(char* inPath, QTSS_OpenFileFlags inFlags, QTSS_Object* outFileObject);
QTSS_Error QTSS_CloseFileObject(QTSS_Object inFileObject);

/* A stream that reports events of a socket of the module. From here on the server owns the descriptor;
   QTSS_DestroySocketStream closes it. */
QTSS_Error QTSS_CreateStreamFromSocket(int inFileDesc, QTSS_SocketStream* outStream);
QTSS_Error QTSS_DestroySocketStream(QTSS_SocketStream inStream);

/* ---- Being called again: roles from Filter to PostProcessor, SendPackets, ClientSessionClosing, Interval ------- */
/* The module must return; the same role then calls it again with the same parameters. QTSS_RequestFailed: the calling
   thread runs no role. QTSS_OutOfState: it runs one that cannot wait. */

/* When the stream is ready. */
QTSS_Error QTSS_RequestEvent(QTSS_StreamRef inStream, QTSS_EventType inEventMask);

/* Any thread: as if that event had happened to the stream. */
QTSS_Error QTSS_SignalStream(QTSS_StreamRef inStream, QTSS_EventType inEventMask);

/* After a time in milliseconds. Without effect in SendPackets, where outNextPacketTime counts. */
QTSS_Error QTSS_SetIdleTimer(SInt64 inIdleMsec);

/* When no other module runs, until it returns or calls QTSS_GlobalUnLock. */
QTSS_Error QTSS_RequestGlobalLock(void);
Bool16 QTSS_IsGlobalLocked(void);
QTSS_Error QTSS_GlobalUnLock(void);

/* Initialize and Interval: period of the Interval role in milliseconds, until it is set anew. */
QTSS_Error QTSS_SetIntervalRoleTimer(SInt64 inIdleMsec);

/* ---- Services -------------------------------------------------------------------------------------------------- */

/* QTSS_AttrDoesntExist: no such service. QTSS_REREAD_PREFS_SERVICE is there once all modules have registered. */
QTSS_Error QTSS_IDForService(const char* inTag, QTSS_ServiceID* outID);

/* Calls it on this thread and returns its result. QTSS_IllegalService: no such id. */
QTSS_Error QTSS_DoService(QTSS_ServiceID inID, QTSS_ServiceFunctionArgsPtr inArgs);

/* ---- Answering requests: RTSP roles that have a request -------------------------------------------------------- */
/* The first of these three writes the status line and the standard headers, so set qtssRTSPReqStatusCode and
   qtssRTSPReqRespKeepAlive before. From then on the module counts as the one that answered. */

/* Ends the headers with an empty line. */
QTSS_Error QTSS_SendRTSPHeaders(QTSS_RTSPRequestObject inRef);

/* Writes one header line; the value needs no terminator. */
QTSS_Error QTSS_AppendRTSPHeader(
    QTSS_RTSPRequestObject inRef, QTSS_RTSPHeader inHeader, const char* inValue, UInt32 inValueLen);

/* Writes the whole answer to DESCRIBE (up to the body), SETUP, PLAY, RECORD, PAUSE, TEARDOWN or ANNOUNCE; another
   method is QTSS_BadArgument. inRTPInfo is the client session; for SETUP the RTP stream, unless the status is 304. */
QTSS_Error QTSS_SendStandardRTSPResponse(QTSS_RTSPRequestObject inRTSPRequest, QTSS_Object inRTPInfo, UInt32 inFlags);

/* ---- Client sessions ------------------------------------------------------------------------------------------- */

/* PreProcessor, Request: adds the stream that a SETUP asks for. The module becomes the sender of the session.
   QTSS_RequestFailed: an error response has been written already; just return. */
QTSS_Error QTSS_AddRTPStream(
    QTSS_ClientSessionObject inClientSession,
    QTSS_RTSPRequestObject inRTSPRequest,
    QTSS_RTPStreamObject* outStream,
    QTSS_AddStreamFlags inFlags);

/* PreProcessor, Request: starts the calls of SendPackets once the role chain is over. Writes no answer. inRTSPRequest
   may be NULL. QTSS_RequestFailed: the session has no streams, or no module that sends. */
QTSS_Error QTSS_Play(
    QTSS_ClientSessionObject inClientSession, QTSS_RTSPRequestObject inRTSPRequest, QTSS_PlayFlags inPlayFlags);

/* Stops them. */
QTSS_Error QTSS_Pause(QTSS_ClientSessionObject inClientSession);

/* Ends the session. ClientSessionClosing follows on another thread; handles stay valid until this role call returns. */
QTSS_Error QTSS_Teardown(QTSS_ClientSessionObject inClientSession);

/* The client has shown a sign of life: its timeout starts anew. */
QTSS_Error QTSS_RefreshTimeOut(QTSS_ClientSessionObject inClientSession);

/* ---- Users: roles that have a request, mainly Filter ----------------------------------------------------------- */

/* Runs the authenticate role for a user, which fills qtssRTSPReqUserProfile of the request. All arguments are needed.
   QTSS_RequestFailed: no module authenticates. */
QTSS_Error QTSS_Authenticate(
    const char* inAuthUserName,
    const char* inAuthResourceLocalPath,
    const char* inAuthMoviesDir,
    QTSS_ActionFlags inAuthRequestAction,
    QTSS_AuthScheme inAuthScheme,
    QTSS_RTSPRequestObject ioAuthRequestObject);

/* Runs the authorize role. *outAuthRealm is a new block that belongs to the caller.
   QTSS_RequestFailed: no module authorizes. */
QTSS_Error QTSS_Authorize(
    QTSS_RTSPRequestObject inAuthRequestObject, char** outAuthRealm, Bool16* outAuthUserAllowed);

/* ---- C library ------------------------------------------------------------------------------------------------- */

/* One lock of the whole process, for calls to functions of the C library that keep static results. */
void QTSS_LockStdLib(void);
void QTSS_UnlockStdLib(void);

#ifdef __cplusplus
}
#endif

#endif /* QTSS_H */
