/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The numbers of the QTSS module API except attribute ids: results, flags, states, types, roles. QTSS.h includes it.
 *
 * Every named set is a 32-bit integer type with constants, never a C enum type: the compiler must not choose its size.
 */
#ifndef DSS_QTSS_CONSTANTS_H
#define DSS_QTSS_CONSTANTS_H

#include "OSHeaders.h"

/* Result codes. 0 is success, all errors are negative. */
enum
{
    QTSS_NoErr                   = 0, /* done */
    QTSS_RequestFailed           = -1, /* could not be carried out */
    QTSS_Unimplemented           = -2, /* the object or stream has no such operation */
    QTSS_RequestArrived          = -3, /* declared only; no call answers it */
    QTSS_OutOfState              = -4, /* not allowed in the role that is running */
    QTSS_NotAModule              = -5, /* declared only; loading problems go to the error log */
    QTSS_WrongVersion            = -6, /* stub library newer than the server */
    QTSS_IllegalService          = -7, /* no service has that id */
    QTSS_BadIndex                = -8, /* index past the last value */
    QTSS_ValueNotFound           = -9, /* the attribute exists but is empty */
    QTSS_BadArgument             = -10, /* NULL, stale, foreign or out of range */
    QTSS_ReadOnly                = -11, /* modules may not write the attribute */
    QTSS_NotPreemptiveSafe       = -12, /* lock the object before asking for a pointer */
    QTSS_NotEnoughSpace          = -13, /* buffer too small; the size is reported (QTSS_StringToValue only) */
    QTSS_WouldBlock              = -14, /* flow control or not yet due; ask for an event and return */
    QTSS_NotConnected            = -15, /* the peer is gone */
    QTSS_FileNotFound            = -16, /* nobody serves that path */
    QTSS_NoMoreData              = -17, /* the request body has been read to its end */
    QTSS_AttrDoesntExist         = -18, /* unknown attribute id, name or index */
    QTSS_AttrNameExists          = -19, /* the name is taken */
    QTSS_InstanceAttrsNotAllowed = -20 /* objects of this type take no instance attributes */
};
typedef SInt32 QTSS_Error;

/* QTSS_AddRTPStream. */
enum
{
    qtssASFlagsNoFlags           = 0x00000000,
    qtssASFlagsAllowDestination  = 0x00000001, /* accept a destination other than the client */
    qtssASFlagsForceInterleave   = 0x00000002, /* send inside the RTSP connection */
    qtssASFlagsDontUseSlowStart  = 0x00000004, /* start at full rate */
    qtssASFlagsForceUDPTransport = 0x00000008 /* plain UDP even when reliable UDP was asked for */
};
typedef UInt32 QTSS_AddStreamFlags;

/* QTSS_Play. */
enum
{
    qtssPlayFlagsSendRTCP         = 0x00000010, /* the server sends sender reports and the BYE (1 in 5.x headers) */
    qtssPlayFlagsAppendServerInfo = 0x00000020 /* put the server name into sender reports (2 in 5.x headers) */
};
typedef UInt32 QTSS_PlayFlags;

/* QTSS_Write. On the error log stream the argument is a QTSS_ErrorVerbosity instead. */
enum
{
    qtssWriteFlagsNoFlags         = 0x00000000,
    qtssWriteFlagsIsRTP           = 0x00000001, /* the buffer is a QTSS_PacketStruct with an RTP packet */
    qtssWriteFlagsIsRTCP          = 0x00000002, /* the buffer is a QTSS_PacketStruct with an RTCP packet */
    qtssWriteFlagsWriteBurstBegin = 0x00000004, /* first packet of a burst */
    qtssWriteFlagsBufferData      = 0x00000008 /* collect; a flush or a full buffer sends */
};
typedef UInt32 QTSS_WriteFlags;

/* QTSS_SendStandardRTSPResponse. */
enum
{
    qtssPlayRespWriteTrackInfo = 0x00000001, /* PLAY: write seq and rtptime into RTP-Info */
    qtssSetupRespDontWriteSSRC = 0x00000002 /* SETUP: leave ssrc out of Transport */
};

#if defined(__GNUC__)
__extension__ /* 0x80000000 is larger than an int */
#endif
/* What a request wants to do, as qtssRTSPReqAction and QTSS_Authenticate have it. */
enum
{
    qtssActionFlagsNoFlags  = 0x00000000,
    qtssActionFlagsRead     = 0x00000001,
    qtssActionFlagsWrite    = 0x00000002,
    qtssActionFlagsAdmin    = 0x00000004,
    qtssActionFlagsExtended = 0x40000000, /* qtssUserExtendedRights of the user decides */
    qtssActionQTSSExtended  = 0x80000000 /* qtssUserQTSSExtendedRights of the user decides */
};
typedef UInt32 QTSS_ActionFlags;

/* qtssCliSesState. */
enum
{
    qtssPausedState  = 0,
    qtssPlayingState = 1
};
typedef UInt32 QTSS_RTPSessionState;

/* inReason of QTSS_ClientSessionClosing_Params. */
enum
{
    qtssCliSesCloseClientTeardown   = 0, /* a TEARDOWN, or QTSS_Teardown by a module */
    qtssCliSesCloseTimeout          = 1, /* nothing heard for the RTP timeout */
    qtssCliSesCloseClientDisconnect = 2 /* declared only; never delivered */
};
typedef UInt32 QTSS_CliSesClosingReason;

/* qtssCliTeardownReason; set it before QTSS_Teardown. */
enum
{
    qtssCliSesTearDownClientRequest     = 0,
    qtssCliSesTearDownUnsupportedMedia  = 1,
    qtssCliSesTearDownServerShutdown    = 2,
    qtssCliSesTearDownServerInternalErr = 3,
    qtssCliSesTearDownBroadcastEnded    = 4
};
typedef UInt32 QTSS_CliSesTeardownReason;

/* QTSS_RequestEvent and QTSS_SignalStream. */
enum
{
    QTSS_ReadableEvent  = 0x00000001,
    QTSS_WriteableEvent = 0x00000002
};
typedef UInt32 QTSS_EventType;

/* qtssRTSPReqAuthScheme. */
enum
{
    qtssAuthNone   = 0,
    qtssAuthBasic  = 1,
    qtssAuthDigest = 2
};
typedef UInt32 QTSS_AuthScheme;

/* qtssRTSPSesType. */
enum
{
    qtssRTSPSession          = 0, /* plain RTSP connection */
    qtssRTSPHTTPSession      = 1, /* RTSP through HTTP, joined */
    qtssRTSPHTTPInputSession = 2 /* the POST half before it is joined */
};
typedef UInt32 QTSS_RTSPSessionType;

/* qtssRTPStrTransportType. */
enum
{
    qtssRTPTransportTypeUDP         = 0,
    qtssRTPTransportTypeReliableUDP = 1,
    qtssRTPTransportTypeTCP         = 2,
    qtssRTPTransportType3GPPUDP     = 3 /* reserved; never produced */
};
typedef UInt32 QTSS_RTPTransportType;

/* qtssRTPStrNetworkMode. */
enum
{
    qtssRTPNetworkModeDefault   = 0,
    qtssRTPNetworkModeMulticast = 1,
    qtssRTPNetworkModeUnicast   = 2
};
typedef UInt32 QTSS_RTPNetworkMode;

/* qtssRTSPReqTransportMode. */
enum
{
    qtssRTPTransportModePlay   = 0,
    qtssRTPTransportModeRecord = 1
};
typedef UInt32 QTSS_RTPTransportMode;

/* qtssRTPStrPayloadType. */
enum
{
    qtssUnknownPayloadType = 0,
    qtssVideoPayloadType   = 1,
    qtssAudioPayloadType   = 2
};
typedef UInt32 QTSS_RTPPayloadType;

/* Object types. Numbers from 19 up are those QTSS_CreateObjectType hands out. */
enum
{
    /* only as argument of QTSS_CreateObjectValue: an object with instance attributes alone */
    qtssDynamicObjectType           = FOUR_CHARS_TO_INT('d', 'y', 'm', 'c'),
    qtssRTPStreamObjectType         = FOUR_CHARS_TO_INT('r', 's', 't', 'o'),
    qtssClientSessionObjectType     = FOUR_CHARS_TO_INT('c', 's', 'e', 'o'),
    qtssRTSPSessionObjectType       = FOUR_CHARS_TO_INT('s', 's', 'e', 'o'),
    qtssRTSPRequestObjectType       = FOUR_CHARS_TO_INT('s', 'r', 'q', 'o'),
    qtssRTSPHeaderObjectType        = FOUR_CHARS_TO_INT('s', 'h', 'd', 'o'),
    qtssServerObjectType            = FOUR_CHARS_TO_INT('s', 'e', 'r', 'o'),
    qtssPrefsObjectType             = FOUR_CHARS_TO_INT('p', 'r', 'f', 'o'),
    qtssTextMessagesObjectType      = FOUR_CHARS_TO_INT('t', 'x', 't', 'o'),
    qtssFileObjectType              = FOUR_CHARS_TO_INT('f', 'i', 'l', 'e'),
    qtssModuleObjectType            = FOUR_CHARS_TO_INT('m', 'o', 'd', 'o'),
    qtssModulePrefsObjectType       = FOUR_CHARS_TO_INT('m', 'o', 'd', 'p'),
    qtssAttrInfoObjectType          = FOUR_CHARS_TO_INT('a', 't', 't', 'r'),
    qtssUserProfileObjectType       = FOUR_CHARS_TO_INT('u', 's', 'p', 'o'),
    qtssConnectedUserObjectType     = FOUR_CHARS_TO_INT('c', 'u', 's', 'r'),
    qtss3GPPStreamObjectType        = FOUR_CHARS_TO_INT('3', 's', 't', 'r'),
    qtss3GPPClientSessionObjectType = FOUR_CHARS_TO_INT('3', 's', 'e', 's'),
    qtss3GPPRTSPObjectType          = FOUR_CHARS_TO_INT('3', 'r', 't', 's'),
    qtss3GPPRequestObjectType       = FOUR_CHARS_TO_INT('3', 'r', 'e', 'q')
};
typedef UInt32 QTSS_ObjectType;

/* Error log levels: FATAL, WARNING, INFO, ASSERT, DEBUG. */
enum
{
    qtssFatalVerbosity   = 0,
    qtssWarningVerbosity = 1,
    qtssMessageVerbosity = 2,
    qtssAssertVerbosity  = 3,
    qtssDebugVerbosity   = 4,
    qtssIllegalVerbosity = 5 /* number of verbosities */
};
typedef UInt32 QTSS_ErrorVerbosity;

/* QTSS_OpenFileObject. */
enum
{
    qtssOpenFileNoFlags   = 0x00000000,
    qtssOpenFileAsync     = 0x00000001, /* reads may answer QTSS_WouldBlock */
    qtssOpenFileReadAhead = 0x00000002 /* the file will be read from front to end */
};
typedef UInt32 QTSS_OpenFileFlags;

/* qtssSvrState. */
enum
{
    qtssStartingUpState          = 0,
    qtssRunningState             = 1,
    qtssRefusingConnectionsState = 2, /* new sessions get 503 */
    qtssFatalErrorState          = 3,
    qtssShuttingDownState        = 4, /* the server is about to end */
    qtssIdleState                = 5 /* new sessions get 503, running ones are ended */
};
typedef UInt32 QTSS_ServerState;

enum
{
    qtssIllegalAttrID    = -1, /* never an attribute */
    qtssIllegalServiceID = -1 /* never a service */
};

enum
{
    qtssDontCallSendPacketsAgain = -1 /* outNextPacketTime: wait until the session is signalled; 0 means the same */
};

/* Data types of attributes. Sizes are those of the C types of the same name; objects, streams and pointers have the
 * size of a pointer. */
enum
{
    qtssAttrDataTypeUnknown        = 0,
    qtssAttrDataTypeCharArray      = 1, /* text without terminator */
    qtssAttrDataTypeBool16         = 2, /* 2 bytes */
    qtssAttrDataTypeSInt16         = 3,
    qtssAttrDataTypeUInt16         = 4,
    qtssAttrDataTypeSInt32         = 5,
    qtssAttrDataTypeUInt32         = 6,
    qtssAttrDataTypeSInt64         = 7,
    qtssAttrDataTypeUInt64         = 8,
    qtssAttrDataTypeQTSS_Object    = 9,
    qtssAttrDataTypeQTSS_StreamRef = 10,
    qtssAttrDataTypeFloat32        = 11,
    qtssAttrDataTypeFloat64        = 12,
    qtssAttrDataTypeVoidPointer    = 13,
    qtssAttrDataTypeTimeVal        = 14, /* milliseconds since 1970, 8 bytes */
    qtssAttrDataTypeNumTypes       = 15 /* number of types */
};
typedef UInt32 QTSS_AttrDataType;

/* qtssAttrPermissions: what modules may do with an attribute. */
enum
{
    qtssAttrModeRead                = 0x00000001, /* QTSS_GetValue and friends */
    qtssAttrModeWrite               = 0x00000002, /* QTSS_SetValue, QTSS_RemoveValue, QTSS_CreateObjectValue */
    qtssAttrModePreempSafe          = 0x00000004, /* QTSS_GetValuePtr without QTSS_LockObject */
    qtssAttrModeInstanceAttrAllowed = 0x00000008, /* the object inside takes instance attributes; for information */
    qtssAttrModeCacheable           = 0x00000010, /* computed until a value is stored */
    qtssAttrModeDelete              = 0x00000020 /* QTSS_RemoveInstanceAttribute */
};
typedef UInt32 QTSS_AttrPermission;

/* qtssUserRights: what a user may do. */
enum
{
    qtssAttrRightNone         = 0x00000000,
    qtssAttrRightRead         = 0x00000001,
    qtssAttrRightWrite        = 0x00000002,
    qtssAttrRightAdmin        = 0x00000004,
    qtssAttrRightExtended     = 0x40000000,
    qtssAttrRightQTSSExtended = (-2147483647 - 1)
};
typedef UInt32 QTSS_AttrRights;

/* Roles: why the dispatch function is called. */
enum
{
    /* once, first; announces roles, attributes, services */
    QTSS_Register_Role             = FOUR_CHARS_TO_INT('r', 'e', 'g', ' '),
    QTSS_Initialize_Role           = FOUR_CHARS_TO_INT('i', 'n', 'i', 't'), /* once, after every module registered */
    QTSS_Shutdown_Role             = FOUR_CHARS_TO_INT('s', 'h', 'u', 't'), /* once, at the end */
    QTSS_ErrorLog_Role             = FOUR_CHARS_TO_INT('e', 'l', 'o', 'g'), /* every line for the error log */
    QTSS_RereadPrefs_Role          = FOUR_CHARS_TO_INT('p', 'r', 'e', 'f'), /* the configuration was read again */
    QTSS_StateChange_Role          = FOUR_CHARS_TO_INT('s', 't', 'a', 't'), /* qtssSvrState was set */
    QTSS_Interval_Role             = FOUR_CHARS_TO_INT('t', 'i', 'm', 'r'), /* timer of QTSS_SetIntervalRoleTimer */
    /* complete request text, not yet parsed */
    QTSS_RTSPFilter_Role           = FOUR_CHARS_TO_INT('f', 'i', 'l', 't'),
    /* parsed; the document root may be changed */
    QTSS_RTSPRoute_Role            = FOUR_CHARS_TO_INT('r', 'o', 'u', 't'),
    QTSS_RTSPAuthenticate_Role     = FOUR_CHARS_TO_INT('a', 't', 'h', 'n'), /* supply the user profile */
    QTSS_RTSPAuthorize_Role        = FOUR_CHARS_TO_INT('a', 'u', 't', 'h'), /* allow or refuse */
    QTSS_RTSPPreProcessor_Role     = FOUR_CHARS_TO_INT('p', 'r', 'e', 'p'), /* answer before the request module */
    QTSS_RTSPRequest_Role          = FOUR_CHARS_TO_INT('r', 'e', 'q', 'u'), /* answer; one module only */
    QTSS_RTSPPostProcessor_Role    = FOUR_CHARS_TO_INT('p', 'o', 's', 't'), /* the answer is complete, not yet sent */
    QTSS_RTSPSessionClosing_Role   = FOUR_CHARS_TO_INT('s', 'e', 's', 'c'), /* the connection ends */
    QTSS_RTSPIncomingData_Role     = FOUR_CHARS_TO_INT('i', 'c', 'm', 'd'), /* an interleaved packet came in */
    /* to the module that added the streams; need not be added */
    QTSS_RTPSendPackets_Role       = FOUR_CHARS_TO_INT('s', 'e', 'n', 'd'),
    QTSS_ClientSessionClosing_Role = FOUR_CHARS_TO_INT('d', 'e', 's', 's'), /* the client session ends */
    QTSS_RTCPProcess_Role          = FOUR_CHARS_TO_INT('r', 't', 'c', 'p'), /* an RTCP packet came in */
    /* claim a file before the file system module */
    QTSS_OpenFilePreProcess_Role   = FOUR_CHARS_TO_INT('o', 'p', 'p', 'r'),
    QTSS_OpenFile_Role             = FOUR_CHARS_TO_INT('o', 'p', 'f', 'l'), /* the file system module */
    QTSS_AdviseFile_Role           = FOUR_CHARS_TO_INT('a', 'd', 'f', 'l'), /* to the owner of the file */
    QTSS_ReadFile_Role             = FOUR_CHARS_TO_INT('r', 'd', 'f', 'l'), /* to the owner of the file */
    QTSS_CloseFile_Role            = FOUR_CHARS_TO_INT('c', 'l', 'f', 'l'), /* to the owner of the file */
    QTSS_RequestEventFile_Role     = FOUR_CHARS_TO_INT('r', 'e', 'f', 'l') /* to the owner of the file */
};
typedef UInt32 QTSS_Role;

#endif /* DSS_QTSS_CONSTANTS_H */
