// Made by bindgen from the headers in include/; do not edit. See lib.rs.
#![allow(
    clippy::all,
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals
)]

pub const QTSS_API_VERSION: u32 = 327680;
pub const QTSS_MAX_MODULE_NAME_LENGTH: u32 = 64;
pub const QTSS_MAX_SESSION_ID_LENGTH: u32 = 32;
pub const QTSS_MAX_ATTRIBUTE_NAME_SIZE: u32 = 64;
pub const QTSS_REREAD_PREFS_SERVICE: &[u8; 18] = b"RereadPreferences\0";
pub type time_t = ::core::ffi::c_long;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct iovec {
    pub iov_base: *mut ::core::ffi::c_void,
    pub iov_len: ::core::ffi::c_ulong,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of iovec"][::core::mem::size_of::<iovec>() - 16usize];
    ["Alignment of iovec"][::core::mem::align_of::<iovec>() - 8usize];
    [
        "Offset of field: iovec::iov_base",
    ][::core::mem::offset_of!(iovec, iov_base) - 0usize];
    [
        "Offset of field: iovec::iov_len",
    ][::core::mem::offset_of!(iovec, iov_len) - 8usize];
};
pub type UInt8 = ::core::ffi::c_uchar;
pub type SInt8 = ::core::ffi::c_schar;
pub type UInt16 = ::core::ffi::c_ushort;
pub type SInt16 = ::core::ffi::c_short;
pub type UInt32 = ::core::ffi::c_uint;
pub type SInt32 = ::core::ffi::c_int;
pub type UInt64 = ::core::ffi::c_ulonglong;
pub type SInt64 = ::core::ffi::c_longlong;
pub type Float32 = f32;
pub type Float64 = f64;
pub type PointerSizedInt = ::core::ffi::c_long;
pub type PointerSizedUInt = ::core::ffi::c_ulong;
pub type Bool16 = UInt16;
pub type Bool8 = UInt8;
pub type FourCharCode = ::core::ffi::c_uint;
pub type OSType = FourCharCode;
pub const qtssDescribeMethod: _bindgen_ty_1 = 0;
pub const qtssSetupMethod: _bindgen_ty_1 = 1;
pub const qtssTeardownMethod: _bindgen_ty_1 = 2;
pub const qtssNumVIPMethods: _bindgen_ty_1 = 3;
pub const qtssPlayMethod: _bindgen_ty_1 = 3;
pub const qtssPauseMethod: _bindgen_ty_1 = 4;
pub const qtssOptionsMethod: _bindgen_ty_1 = 5;
pub const qtssAnnounceMethod: _bindgen_ty_1 = 6;
pub const qtssGetParameterMethod: _bindgen_ty_1 = 7;
pub const qtssSetParameterMethod: _bindgen_ty_1 = 8;
pub const qtssRedirectMethod: _bindgen_ty_1 = 9;
pub const qtssRecordMethod: _bindgen_ty_1 = 10;
pub const qtssNumMethods: _bindgen_ty_1 = 11;
pub const qtssIllegalMethod: _bindgen_ty_1 = 11;
pub type _bindgen_ty_1 = u32;
pub type QTSS_RTSPMethod = UInt32;
pub const qtssAcceptHeader: _bindgen_ty_2 = 0;
pub const qtssCSeqHeader: _bindgen_ty_2 = 1;
pub const qtssUserAgentHeader: _bindgen_ty_2 = 2;
pub const qtssTransportHeader: _bindgen_ty_2 = 3;
pub const qtssSessionHeader: _bindgen_ty_2 = 4;
pub const qtssRangeHeader: _bindgen_ty_2 = 5;
pub const qtssNumVIPHeaders: _bindgen_ty_2 = 6;
pub const qtssAcceptEncodingHeader: _bindgen_ty_2 = 6;
pub const qtssAcceptLanguageHeader: _bindgen_ty_2 = 7;
pub const qtssAuthorizationHeader: _bindgen_ty_2 = 8;
pub const qtssBandwidthHeader: _bindgen_ty_2 = 9;
pub const qtssBlockSizeHeader: _bindgen_ty_2 = 10;
pub const qtssCacheControlHeader: _bindgen_ty_2 = 11;
pub const qtssConferenceHeader: _bindgen_ty_2 = 12;
pub const qtssConnectionHeader: _bindgen_ty_2 = 13;
pub const qtssContentBaseHeader: _bindgen_ty_2 = 14;
pub const qtssContentEncodingHeader: _bindgen_ty_2 = 15;
pub const qtssContentLanguageHeader: _bindgen_ty_2 = 16;
pub const qtssContentLengthHeader: _bindgen_ty_2 = 17;
pub const qtssContentLocationHeader: _bindgen_ty_2 = 18;
pub const qtssContentTypeHeader: _bindgen_ty_2 = 19;
pub const qtssDateHeader: _bindgen_ty_2 = 20;
pub const qtssExpiresHeader: _bindgen_ty_2 = 21;
pub const qtssFromHeader: _bindgen_ty_2 = 22;
pub const qtssHostHeader: _bindgen_ty_2 = 23;
pub const qtssIfMatchHeader: _bindgen_ty_2 = 24;
pub const qtssIfModifiedSinceHeader: _bindgen_ty_2 = 25;
pub const qtssLastModifiedHeader: _bindgen_ty_2 = 26;
pub const qtssLocationHeader: _bindgen_ty_2 = 27;
pub const qtssProxyAuthenticateHeader: _bindgen_ty_2 = 28;
pub const qtssProxyRequireHeader: _bindgen_ty_2 = 29;
pub const qtssRefererHeader: _bindgen_ty_2 = 30;
pub const qtssRetryAfterHeader: _bindgen_ty_2 = 31;
pub const qtssRequireHeader: _bindgen_ty_2 = 32;
pub const qtssRTPInfoHeader: _bindgen_ty_2 = 33;
pub const qtssScaleHeader: _bindgen_ty_2 = 34;
pub const qtssSpeedHeader: _bindgen_ty_2 = 35;
pub const qtssTimestampHeader: _bindgen_ty_2 = 36;
pub const qtssVaryHeader: _bindgen_ty_2 = 37;
pub const qtssViaHeader: _bindgen_ty_2 = 38;
pub const qtssNumRequestHeaders: _bindgen_ty_2 = 39;
pub const qtssAllowHeader: _bindgen_ty_2 = 39;
pub const qtssPublicHeader: _bindgen_ty_2 = 40;
pub const qtssServerHeader: _bindgen_ty_2 = 41;
pub const qtssUnsupportedHeader: _bindgen_ty_2 = 42;
pub const qtssWWWAuthenticateHeader: _bindgen_ty_2 = 43;
pub const qtssSameAsLastHeader: _bindgen_ty_2 = 44;
pub const qtssExtensionHeaders: _bindgen_ty_2 = 45;
pub const qtssXRetransmitHeader: _bindgen_ty_2 = 45;
pub const qtssXAcceptRetransmitHeader: _bindgen_ty_2 = 46;
pub const qtssXRTPMetaInfoHeader: _bindgen_ty_2 = 47;
pub const qtssXTransportOptionsHeader: _bindgen_ty_2 = 48;
pub const qtssXPacketRangeHeader: _bindgen_ty_2 = 49;
pub const qtssXPreBufferHeader: _bindgen_ty_2 = 50;
pub const qtssXDynamicRateHeader: _bindgen_ty_2 = 51;
pub const qtssXAcceptDynamicRateHeader: _bindgen_ty_2 = 52;
pub const qtssXRandomDataSizeHeader: _bindgen_ty_2 = 53;
pub const qtss3GPPLinkCharHeader: _bindgen_ty_2 = 54;
pub const qtss3GPPAdaptationHeader: _bindgen_ty_2 = 55;
pub const qtss3GPPQOEFeedback: _bindgen_ty_2 = 56;
pub const qtss3GPPQOEMetrics: _bindgen_ty_2 = 57;
pub const qtssXPreDecBufSizeHeader: _bindgen_ty_2 = 58;
pub const qtssXInitPredecBufPeriodHeader: _bindgen_ty_2 = 59;
pub const qtssXInitPostDecBufPeriodHeader: _bindgen_ty_2 = 60;
pub const qtss3GPPVideoPostDecBufSizeHeader: _bindgen_ty_2 = 61;
pub const qtssNumHeaders: _bindgen_ty_2 = 62;
pub const qtssIllegalHeader: _bindgen_ty_2 = 62;
pub type _bindgen_ty_2 = u32;
pub type QTSS_RTSPHeader = UInt32;
pub const qtssContinue: _bindgen_ty_3 = 0;
pub const qtssSuccessOK: _bindgen_ty_3 = 1;
pub const qtssSuccessCreated: _bindgen_ty_3 = 2;
pub const qtssSuccessAccepted: _bindgen_ty_3 = 3;
pub const qtssSuccessNoContent: _bindgen_ty_3 = 4;
pub const qtssSuccessPartialContent: _bindgen_ty_3 = 5;
pub const qtssSuccessLowOnStorage: _bindgen_ty_3 = 6;
pub const qtssMultipleChoices: _bindgen_ty_3 = 7;
pub const qtssRedirectPermMoved: _bindgen_ty_3 = 8;
pub const qtssRedirectTempMoved: _bindgen_ty_3 = 9;
pub const qtssRedirectSeeOther: _bindgen_ty_3 = 10;
pub const qtssRedirectNotModified: _bindgen_ty_3 = 11;
pub const qtssUseProxy: _bindgen_ty_3 = 12;
pub const qtssClientBadRequest: _bindgen_ty_3 = 13;
pub const qtssClientUnAuthorized: _bindgen_ty_3 = 14;
pub const qtssPaymentRequired: _bindgen_ty_3 = 15;
pub const qtssClientForbidden: _bindgen_ty_3 = 16;
pub const qtssClientNotFound: _bindgen_ty_3 = 17;
pub const qtssClientMethodNotAllowed: _bindgen_ty_3 = 18;
pub const qtssNotAcceptable: _bindgen_ty_3 = 19;
pub const qtssProxyAuthenticationRequired: _bindgen_ty_3 = 20;
pub const qtssRequestTimeout: _bindgen_ty_3 = 21;
pub const qtssClientConflict: _bindgen_ty_3 = 22;
pub const qtssGone: _bindgen_ty_3 = 23;
pub const qtssLengthRequired: _bindgen_ty_3 = 24;
pub const qtssPreconditionFailed: _bindgen_ty_3 = 25;
pub const qtssRequestEntityTooLarge: _bindgen_ty_3 = 26;
pub const qtssRequestURITooLarge: _bindgen_ty_3 = 27;
pub const qtssUnsupportedMediaType: _bindgen_ty_3 = 28;
pub const qtssClientParameterNotUnderstood: _bindgen_ty_3 = 29;
pub const qtssClientConferenceNotFound: _bindgen_ty_3 = 30;
pub const qtssClientNotEnoughBandwidth: _bindgen_ty_3 = 31;
pub const qtssClientSessionNotFound: _bindgen_ty_3 = 32;
pub const qtssClientMethodNotValidInState: _bindgen_ty_3 = 33;
pub const qtssClientHeaderFieldNotValid: _bindgen_ty_3 = 34;
pub const qtssClientInvalidRange: _bindgen_ty_3 = 35;
pub const qtssClientReadOnlyParameter: _bindgen_ty_3 = 36;
pub const qtssClientAggregateOptionNotAllowed: _bindgen_ty_3 = 37;
pub const qtssClientAggregateOptionAllowed: _bindgen_ty_3 = 38;
pub const qtssClientUnsupportedTransport: _bindgen_ty_3 = 39;
pub const qtssClientDestinationUnreachable: _bindgen_ty_3 = 40;
pub const qtssServerInternal: _bindgen_ty_3 = 41;
pub const qtssServerNotImplemented: _bindgen_ty_3 = 42;
pub const qtssServerBadGateway: _bindgen_ty_3 = 43;
pub const qtssServerUnavailable: _bindgen_ty_3 = 44;
pub const qtssServerGatewayTimeout: _bindgen_ty_3 = 45;
pub const qtssRTSPVersionNotSupported: _bindgen_ty_3 = 46;
pub const qtssServerOptionNotSupported: _bindgen_ty_3 = 47;
pub const qtssNumStatusCodes: _bindgen_ty_3 = 48;
pub type _bindgen_ty_3 = u32;
pub type QTSS_RTSPStatusCode = UInt32;
pub const qtssRTPStrTrackID: _bindgen_ty_4 = 0;
pub const qtssRTPStrSSRC: _bindgen_ty_4 = 1;
pub const qtssRTPStrPayloadName: _bindgen_ty_4 = 2;
pub const qtssRTPStrPayloadType: _bindgen_ty_4 = 3;
pub const qtssRTPStrFirstSeqNumber: _bindgen_ty_4 = 4;
pub const qtssRTPStrFirstTimestamp: _bindgen_ty_4 = 5;
pub const qtssRTPStrTimescale: _bindgen_ty_4 = 6;
pub const qtssRTPStrQualityLevel: _bindgen_ty_4 = 7;
pub const qtssRTPStrNumQualityLevels: _bindgen_ty_4 = 8;
pub const qtssRTPStrBufferDelayInSecs: _bindgen_ty_4 = 9;
pub const qtssRTPStrFractionLostPackets: _bindgen_ty_4 = 10;
pub const qtssRTPStrTotalLostPackets: _bindgen_ty_4 = 11;
pub const qtssRTPStrJitter: _bindgen_ty_4 = 12;
pub const qtssRTPStrRecvBitRate: _bindgen_ty_4 = 13;
pub const qtssRTPStrAvgLateMilliseconds: _bindgen_ty_4 = 14;
pub const qtssRTPStrPercentPacketsLost: _bindgen_ty_4 = 15;
pub const qtssRTPStrAvgBufDelayInMsec: _bindgen_ty_4 = 16;
pub const qtssRTPStrGettingBetter: _bindgen_ty_4 = 17;
pub const qtssRTPStrGettingWorse: _bindgen_ty_4 = 18;
pub const qtssRTPStrNumEyes: _bindgen_ty_4 = 19;
pub const qtssRTPStrNumEyesActive: _bindgen_ty_4 = 20;
pub const qtssRTPStrNumEyesPaused: _bindgen_ty_4 = 21;
pub const qtssRTPStrTotPacketsRecv: _bindgen_ty_4 = 22;
pub const qtssRTPStrTotPacketsDropped: _bindgen_ty_4 = 23;
pub const qtssRTPStrTotPacketsLost: _bindgen_ty_4 = 24;
pub const qtssRTPStrClientBufFill: _bindgen_ty_4 = 25;
pub const qtssRTPStrFrameRate: _bindgen_ty_4 = 26;
pub const qtssRTPStrExpFrameRate: _bindgen_ty_4 = 27;
pub const qtssRTPStrAudioDryCount: _bindgen_ty_4 = 28;
pub const qtssRTPStrIsTCP: _bindgen_ty_4 = 29;
pub const qtssRTPStrStreamRef: _bindgen_ty_4 = 30;
pub const qtssRTPStrTransportType: _bindgen_ty_4 = 31;
pub const qtssRTPStrStalePacketsDropped: _bindgen_ty_4 = 32;
pub const qtssRTPStrCurrentAckTimeout: _bindgen_ty_4 = 33;
pub const qtssRTPStrCurPacketsLostInRTCPInterval: _bindgen_ty_4 = 34;
pub const qtssRTPStrPacketCountInRTCPInterval: _bindgen_ty_4 = 35;
pub const qtssRTPStrSvrRTPPort: _bindgen_ty_4 = 36;
pub const qtssRTPStrClientRTPPort: _bindgen_ty_4 = 37;
pub const qtssRTPStrNetworkMode: _bindgen_ty_4 = 38;
pub const qtssRTPStr3gppObject: _bindgen_ty_4 = 39;
pub const qtssRTPStrThinningDisabled: _bindgen_ty_4 = 40;
pub const qtssRTPStrNumParams: _bindgen_ty_4 = 41;
pub type _bindgen_ty_4 = u32;
pub type QTSS_RTPStreamAttributes = UInt32;
pub const qtss3GPPStreamEnabled: _bindgen_ty_5 = 0;
pub const qtss3GPPStreamRateAdaptBufferBytes: _bindgen_ty_5 = 1;
pub const qtss3GPPStreamRateAdaptTimeMilli: _bindgen_ty_5 = 2;
pub const qtss3GPPStreamNumParams: _bindgen_ty_5 = 3;
pub type _bindgen_ty_5 = u32;
pub type QTSS_RTPStream3GPPAttributes = UInt32;
pub const qtssCliSesStreamObjects: _bindgen_ty_6 = 0;
pub const qtssCliSesCreateTimeInMsec: _bindgen_ty_6 = 1;
pub const qtssCliSesFirstPlayTimeInMsec: _bindgen_ty_6 = 2;
pub const qtssCliSesPlayTimeInMsec: _bindgen_ty_6 = 3;
pub const qtssCliSesAdjustedPlayTimeInMsec: _bindgen_ty_6 = 4;
pub const qtssCliSesRTPBytesSent: _bindgen_ty_6 = 5;
pub const qtssCliSesRTPPacketsSent: _bindgen_ty_6 = 6;
pub const qtssCliSesState: _bindgen_ty_6 = 7;
pub const qtssCliSesPresentationURL: _bindgen_ty_6 = 8;
pub const qtssCliSesFirstUserAgent: _bindgen_ty_6 = 9;
pub const qtssCliSesMovieDurationInSecs: _bindgen_ty_6 = 10;
pub const qtssCliSesMovieSizeInBytes: _bindgen_ty_6 = 11;
pub const qtssCliSesMovieAverageBitRate: _bindgen_ty_6 = 12;
pub const qtssCliSesLastRTSPSession: _bindgen_ty_6 = 13;
pub const qtssCliSesFullURL: _bindgen_ty_6 = 14;
pub const qtssCliSesHostName: _bindgen_ty_6 = 15;
pub const qtssCliRTSPSessRemoteAddrStr: _bindgen_ty_6 = 16;
pub const qtssCliRTSPSessLocalDNS: _bindgen_ty_6 = 17;
pub const qtssCliRTSPSessLocalAddrStr: _bindgen_ty_6 = 18;
pub const qtssCliRTSPSesUserName: _bindgen_ty_6 = 19;
pub const qtssCliRTSPSesUserPassword: _bindgen_ty_6 = 20;
pub const qtssCliRTSPSesURLRealm: _bindgen_ty_6 = 21;
pub const qtssCliRTSPReqRealStatusCode: _bindgen_ty_6 = 22;
pub const qtssCliTeardownReason: _bindgen_ty_6 = 23;
pub const qtssCliSesReqQueryString: _bindgen_ty_6 = 24;
pub const qtssCliRTSPReqRespMsg: _bindgen_ty_6 = 25;
pub const qtssCliSesCurrentBitRate: _bindgen_ty_6 = 26;
pub const qtssCliSesPacketLossPercent: _bindgen_ty_6 = 27;
pub const qtssCliSesTimeConnectedInMsec: _bindgen_ty_6 = 28;
pub const qtssCliSesCounterID: _bindgen_ty_6 = 29;
pub const qtssCliSesRTSPSessionID: _bindgen_ty_6 = 30;
pub const qtssCliSesFramesSkipped: _bindgen_ty_6 = 31;
pub const qtssCliSesTimeoutMsec: _bindgen_ty_6 = 32;
pub const qtssCliSesOverBufferEnabled: _bindgen_ty_6 = 33;
pub const qtssCliSesRTCPPacketsRecv: _bindgen_ty_6 = 34;
pub const qtssCliSesRTCPBytesRecv: _bindgen_ty_6 = 35;
pub const qtssCliSesStartedThinning: _bindgen_ty_6 = 36;
pub const qtssCliSes3GPPObject: _bindgen_ty_6 = 37;
pub const qtssCliSessLastRTSPBandwidth: _bindgen_ty_6 = 38;
pub const qtssCliSessIs3GPPSession: _bindgen_ty_6 = 39;
pub const qtssCliSesNumParams: _bindgen_ty_6 = 40;
pub type _bindgen_ty_6 = u32;
pub type QTSS_ClientSessionAttributes = UInt32;
pub const qtss3GPPCliSesEnabled: _bindgen_ty_7 = 0;
pub const qtss3GPPCliSesLinkCharGuaranteedBitRate: _bindgen_ty_7 = 1;
pub const qtss3GPPCliSesLinkCharMaxBitRate: _bindgen_ty_7 = 2;
pub const qtss3GPPCliSesLinkCharMaxTransferDelayMilliSec: _bindgen_ty_7 = 3;
pub const qtss3GPPCliSesLinkCharURL: _bindgen_ty_7 = 4;
pub const qtss3GPPCliSesNumParams: _bindgen_ty_7 = 5;
pub type _bindgen_ty_7 = u32;
pub type QTSS_ClientSession3GPPAttributes = UInt32;
pub const qtssRTSPSesID: _bindgen_ty_8 = 0;
pub const qtssRTSPSesLocalAddr: _bindgen_ty_8 = 1;
pub const qtssRTSPSesLocalAddrStr: _bindgen_ty_8 = 2;
pub const qtssRTSPSesLocalDNS: _bindgen_ty_8 = 3;
pub const qtssRTSPSesRemoteAddr: _bindgen_ty_8 = 4;
pub const qtssRTSPSesRemoteAddrStr: _bindgen_ty_8 = 5;
pub const qtssRTSPSesEventCntxt: _bindgen_ty_8 = 6;
pub const qtssRTSPSesType: _bindgen_ty_8 = 7;
pub const qtssRTSPSesStreamRef: _bindgen_ty_8 = 8;
pub const qtssRTSPSesLastUserName: _bindgen_ty_8 = 9;
pub const qtssRTSPSesLastUserPassword: _bindgen_ty_8 = 10;
pub const qtssRTSPSesLastURLRealm: _bindgen_ty_8 = 11;
pub const qtssRTSPSesLocalPort: _bindgen_ty_8 = 12;
pub const qtssRTSPSesRemotePort: _bindgen_ty_8 = 13;
pub const qtssRTSPSes3GPPObject: _bindgen_ty_8 = 14;
pub const qtssRTSPSesLastDigestChallenge: _bindgen_ty_8 = 15;
pub const qtssRTSPSesNumParams: _bindgen_ty_8 = 16;
pub type _bindgen_ty_8 = u32;
pub type QTSS_RTSPSessionAttributes = UInt32;
pub const qtss3GPPRTSPSesEnabled: _bindgen_ty_9 = 0;
pub const qtss3GPPRTSPSessNumParams: _bindgen_ty_9 = 1;
pub type _bindgen_ty_9 = u32;
pub type QTSS_3GPPRTSPSessionAttributes = UInt32;
pub const qtssRTSPReqFullRequest: _bindgen_ty_10 = 0;
pub const qtssRTSPReqMethodStr: _bindgen_ty_10 = 1;
pub const qtssRTSPReqFilePath: _bindgen_ty_10 = 2;
pub const qtssRTSPReqURI: _bindgen_ty_10 = 3;
pub const qtssRTSPReqFilePathTrunc: _bindgen_ty_10 = 4;
pub const qtssRTSPReqFileName: _bindgen_ty_10 = 5;
pub const qtssRTSPReqFileDigit: _bindgen_ty_10 = 6;
pub const qtssRTSPReqAbsoluteURL: _bindgen_ty_10 = 7;
pub const qtssRTSPReqTruncAbsoluteURL: _bindgen_ty_10 = 8;
pub const qtssRTSPReqMethod: _bindgen_ty_10 = 9;
pub const qtssRTSPReqStatusCode: _bindgen_ty_10 = 10;
pub const qtssRTSPReqStartTime: _bindgen_ty_10 = 11;
pub const qtssRTSPReqStopTime: _bindgen_ty_10 = 12;
pub const qtssRTSPReqRespKeepAlive: _bindgen_ty_10 = 13;
pub const qtssRTSPReqRootDir: _bindgen_ty_10 = 14;
pub const qtssRTSPReqRealStatusCode: _bindgen_ty_10 = 15;
pub const qtssRTSPReqStreamRef: _bindgen_ty_10 = 16;
pub const qtssRTSPReqUserName: _bindgen_ty_10 = 17;
pub const qtssRTSPReqUserPassword: _bindgen_ty_10 = 18;
pub const qtssRTSPReqUserAllowed: _bindgen_ty_10 = 19;
pub const qtssRTSPReqURLRealm: _bindgen_ty_10 = 20;
pub const qtssRTSPReqLocalPath: _bindgen_ty_10 = 21;
pub const qtssRTSPReqIfModSinceDate: _bindgen_ty_10 = 22;
pub const qtssRTSPReqQueryString: _bindgen_ty_10 = 23;
pub const qtssRTSPReqRespMsg: _bindgen_ty_10 = 24;
pub const qtssRTSPReqContentLen: _bindgen_ty_10 = 25;
pub const qtssRTSPReqSpeed: _bindgen_ty_10 = 26;
pub const qtssRTSPReqLateTolerance: _bindgen_ty_10 = 27;
pub const qtssRTSPReqTransportType: _bindgen_ty_10 = 28;
pub const qtssRTSPReqTransportMode: _bindgen_ty_10 = 29;
pub const qtssRTSPReqSetUpServerPort: _bindgen_ty_10 = 30;
pub const qtssRTSPReqAction: _bindgen_ty_10 = 31;
pub const qtssRTSPReqUserProfile: _bindgen_ty_10 = 32;
pub const qtssRTSPReqPrebufferMaxTime: _bindgen_ty_10 = 33;
pub const qtssRTSPReqAuthScheme: _bindgen_ty_10 = 34;
pub const qtssRTSPReqSkipAuthorization: _bindgen_ty_10 = 35;
pub const qtssRTSPReqNetworkMode: _bindgen_ty_10 = 36;
pub const qtssRTSPReqDynamicRateState: _bindgen_ty_10 = 37;
pub const qtssRTSPReq3GPPRequestObject: _bindgen_ty_10 = 38;
pub const qtssRTSPReqBandwidthBits: _bindgen_ty_10 = 39;
pub const qtssRTSPReqUserFound: _bindgen_ty_10 = 40;
pub const qtssRTSPReqAuthHandled: _bindgen_ty_10 = 41;
pub const qtssRTSPReqDigestChallenge: _bindgen_ty_10 = 42;
pub const qtssRTSPReqDigestResponse: _bindgen_ty_10 = 43;
pub const qtssRTSPReqNumParams: _bindgen_ty_10 = 44;
pub type _bindgen_ty_10 = u32;
pub type QTSS_RTSPRequestAttributes = UInt32;
pub const qtss3GPPRequestEnabled: _bindgen_ty_11 = 0;
pub const qtss3GPPRequestRateAdaptationStreamData: _bindgen_ty_11 = 1;
pub const qtss3GPPRequestNumParams: _bindgen_ty_11 = 2;
pub type _bindgen_ty_11 = u32;
pub type QTSS_RTSPRequest3GPPAttributes = UInt32;
pub const qtssServerAPIVersion: _bindgen_ty_12 = 0;
pub const qtssSvrDefaultDNSName: _bindgen_ty_12 = 1;
pub const qtssSvrDefaultIPAddr: _bindgen_ty_12 = 2;
pub const qtssSvrServerName: _bindgen_ty_12 = 3;
pub const qtssSvrServerVersion: _bindgen_ty_12 = 4;
pub const qtssSvrServerBuildDate: _bindgen_ty_12 = 5;
pub const qtssSvrRTSPPorts: _bindgen_ty_12 = 6;
pub const qtssSvrRTSPServerHeader: _bindgen_ty_12 = 7;
pub const qtssSvrState: _bindgen_ty_12 = 8;
pub const qtssSvrIsOutOfDescriptors: _bindgen_ty_12 = 9;
pub const qtssRTSPCurrentSessionCount: _bindgen_ty_12 = 10;
pub const qtssRTSPHTTPCurrentSessionCount: _bindgen_ty_12 = 11;
pub const qtssRTPSvrNumUDPSockets: _bindgen_ty_12 = 12;
pub const qtssRTPSvrCurConn: _bindgen_ty_12 = 13;
pub const qtssRTPSvrTotalConn: _bindgen_ty_12 = 14;
pub const qtssRTPSvrCurBandwidth: _bindgen_ty_12 = 15;
pub const qtssRTPSvrTotalBytes: _bindgen_ty_12 = 16;
pub const qtssRTPSvrAvgBandwidth: _bindgen_ty_12 = 17;
pub const qtssRTPSvrCurPackets: _bindgen_ty_12 = 18;
pub const qtssRTPSvrTotalPackets: _bindgen_ty_12 = 19;
pub const qtssSvrHandledMethods: _bindgen_ty_12 = 20;
pub const qtssSvrModuleObjects: _bindgen_ty_12 = 21;
pub const qtssSvrStartupTime: _bindgen_ty_12 = 22;
pub const qtssSvrGMTOffsetInHrs: _bindgen_ty_12 = 23;
pub const qtssSvrDefaultIPAddrStr: _bindgen_ty_12 = 24;
pub const qtssSvrPreferences: _bindgen_ty_12 = 25;
pub const qtssSvrMessages: _bindgen_ty_12 = 26;
pub const qtssSvrClientSessions: _bindgen_ty_12 = 27;
pub const qtssSvrCurrentTimeMilliseconds: _bindgen_ty_12 = 28;
pub const qtssSvrCPULoadPercent: _bindgen_ty_12 = 29;
pub const qtssSvrNumReliableUDPBuffers: _bindgen_ty_12 = 30;
pub const qtssSvrReliableUDPWastageInBytes: _bindgen_ty_12 = 31;
pub const qtssSvrConnectedUsers: _bindgen_ty_12 = 32;
pub const qtssMP3SvrCurConn: _bindgen_ty_12 = 33;
pub const qtssMP3SvrTotalConn: _bindgen_ty_12 = 34;
pub const qtssMP3SvrCurBandwidth: _bindgen_ty_12 = 35;
pub const qtssMP3SvrTotalBytes: _bindgen_ty_12 = 36;
pub const qtssMP3SvrAvgBandwidth: _bindgen_ty_12 = 37;
pub const qtssSvrServerBuild: _bindgen_ty_12 = 38;
pub const qtssSvrServerPlatform: _bindgen_ty_12 = 39;
pub const qtssSvrRTSPServerComment: _bindgen_ty_12 = 40;
pub const qtssSvrNumThinned: _bindgen_ty_12 = 41;
pub const qtssSvrNumThreads: _bindgen_ty_12 = 42;
pub const qtssSvrNumParams: _bindgen_ty_12 = 43;
pub type _bindgen_ty_12 = u32;
pub type QTSS_ServerAttributes = UInt32;
pub const qtssPrefsRTSPTimeout: _bindgen_ty_13 = 0;
pub const qtssPrefsRealRTSPTimeout: _bindgen_ty_13 = 1;
pub const qtssPrefsRTPTimeout: _bindgen_ty_13 = 2;
pub const qtssPrefsMaximumConnections: _bindgen_ty_13 = 3;
pub const qtssPrefsMaximumBandwidth: _bindgen_ty_13 = 4;
pub const qtssPrefsMovieFolder: _bindgen_ty_13 = 5;
pub const qtssPrefsRTSPIPAddr: _bindgen_ty_13 = 6;
pub const qtssPrefsBreakOnAssert: _bindgen_ty_13 = 7;
pub const qtssPrefsAutoRestart: _bindgen_ty_13 = 8;
pub const qtssPrefsTotalBytesUpdate: _bindgen_ty_13 = 9;
pub const qtssPrefsAvgBandwidthUpdate: _bindgen_ty_13 = 10;
pub const qtssPrefsSafePlayDuration: _bindgen_ty_13 = 11;
pub const qtssPrefsModuleFolder: _bindgen_ty_13 = 12;
pub const qtssPrefsErrorLogName: _bindgen_ty_13 = 13;
pub const qtssPrefsErrorLogDir: _bindgen_ty_13 = 14;
pub const qtssPrefsErrorRollInterval: _bindgen_ty_13 = 15;
pub const qtssPrefsMaxErrorLogSize: _bindgen_ty_13 = 16;
pub const qtssPrefsErrorLogVerbosity: _bindgen_ty_13 = 17;
pub const qtssPrefsScreenLogging: _bindgen_ty_13 = 18;
pub const qtssPrefsErrorLogEnabled: _bindgen_ty_13 = 19;
pub const qtssPrefsDropVideoAllPacketsDelayInMsec: _bindgen_ty_13 = 20;
pub const qtssPrefsStartThinningDelayInMsec: _bindgen_ty_13 = 21;
pub const qtssPrefsLargeWindowSizeInK: _bindgen_ty_13 = 22;
pub const qtssPrefsWindowSizeThreshold: _bindgen_ty_13 = 23;
pub const qtssPrefsMinTCPBufferSizeInBytes: _bindgen_ty_13 = 24;
pub const qtssPrefsMaxTCPBufferSizeInBytes: _bindgen_ty_13 = 25;
pub const qtssPrefsTCPSecondsToBuffer: _bindgen_ty_13 = 26;
pub const qtssPrefsDoReportHTTPConnectionAddress: _bindgen_ty_13 = 27;
pub const qtssPrefsDefaultAuthorizationRealm: _bindgen_ty_13 = 28;
pub const qtssPrefsRunUserName: _bindgen_ty_13 = 29;
pub const qtssPrefsRunGroupName: _bindgen_ty_13 = 30;
pub const qtssPrefsSrcAddrInTransport: _bindgen_ty_13 = 31;
pub const qtssPrefsRTSPPorts: _bindgen_ty_13 = 32;
pub const qtssPrefsMaxRetransDelayInMsec: _bindgen_ty_13 = 33;
pub const qtssPrefsSmallWindowSizeInK: _bindgen_ty_13 = 34;
pub const qtssPrefsAckLoggingEnabled: _bindgen_ty_13 = 35;
pub const qtssPrefsRTCPPollIntervalInMsec: _bindgen_ty_13 = 36;
pub const qtssPrefsRTCPSockRcvBufSizeInK: _bindgen_ty_13 = 37;
pub const qtssPrefsSendInterval: _bindgen_ty_13 = 38;
pub const qtssPrefsThickAllTheWayDelayInMsec: _bindgen_ty_13 = 39;
pub const qtssPrefsAltTransportIPAddr: _bindgen_ty_13 = 40;
pub const qtssPrefsMaxAdvanceSendTimeInSec: _bindgen_ty_13 = 41;
pub const qtssPrefsReliableUDPSlowStart: _bindgen_ty_13 = 42;
pub const qtssPrefsAutoDeleteSDPFiles: _bindgen_ty_13 = 43;
pub const qtssPrefsAuthenticationScheme: _bindgen_ty_13 = 44;
pub const qtssPrefsDeleteSDPFilesInterval: _bindgen_ty_13 = 45;
pub const qtssPrefsAutoStart: _bindgen_ty_13 = 46;
pub const qtssPrefsReliableUDP: _bindgen_ty_13 = 47;
pub const qtssPrefsReliableUDPDirs: _bindgen_ty_13 = 48;
pub const qtssPrefsReliableUDPPrintfs: _bindgen_ty_13 = 49;
pub const qtssPrefsDropAllPacketsDelayInMsec: _bindgen_ty_13 = 50;
pub const qtssPrefsThinAllTheWayDelayInMsec: _bindgen_ty_13 = 51;
pub const qtssPrefsAlwaysThinDelayInMsec: _bindgen_ty_13 = 52;
pub const qtssPrefsStartThickingDelayInMsec: _bindgen_ty_13 = 53;
pub const qtssPrefsQualityCheckIntervalInMsec: _bindgen_ty_13 = 54;
pub const qtssPrefsEnableRTSPErrorMessage: _bindgen_ty_13 = 55;
pub const qtssPrefsEnableRTSPDebugPrintfs: _bindgen_ty_13 = 56;
pub const qtssPrefsEnableMonitorStatsFile: _bindgen_ty_13 = 57;
pub const qtssPrefsMonitorStatsFileIntervalSec: _bindgen_ty_13 = 58;
pub const qtssPrefsMonitorStatsFileName: _bindgen_ty_13 = 59;
pub const qtssPrefsEnablePacketHeaderPrintfs: _bindgen_ty_13 = 60;
pub const qtssPrefsPacketHeaderPrintfOptions: _bindgen_ty_13 = 61;
pub const qtssPrefsOverbufferRate: _bindgen_ty_13 = 62;
pub const qtssPrefsMediumWindowSizeInK: _bindgen_ty_13 = 63;
pub const qtssPrefsWindowSizeMaxThreshold: _bindgen_ty_13 = 64;
pub const qtssPrefsEnableRTSPServerInfo: _bindgen_ty_13 = 65;
pub const qtssPrefsRunNumThreads: _bindgen_ty_13 = 66;
pub const qtssPrefsPidFile: _bindgen_ty_13 = 67;
pub const qtssPrefsCloseLogsOnWrite: _bindgen_ty_13 = 68;
pub const qtssPrefsDisableThinning: _bindgen_ty_13 = 69;
pub const qtssPrefsPlayersReqRTPHeader: _bindgen_ty_13 = 70;
pub const qtssPrefsPlayersReqBandAdjust: _bindgen_ty_13 = 71;
pub const qtssPrefsPlayersReqNoPauseTimeAdjust: _bindgen_ty_13 = 72;
pub const qtssPrefsEnable3gppProtocol: _bindgen_ty_13 = 73;
pub const qtssPrefsEnable3gppProtocolRateAdapt: _bindgen_ty_13 = 74;
pub const qtssPrefs3gppRateAdaptReportFrequency: _bindgen_ty_13 = 75;
pub const qtssPrefsDefaultStreamQuality: _bindgen_ty_13 = 76;
pub const qtssPrefsPlayersReqRTPStartTimeAdjust: _bindgen_ty_13 = 77;
pub const qtssPrefsEnable3gppDebugPrintfs: _bindgen_ty_13 = 78;
pub const qtssPrefsEnableUDPMonitor: _bindgen_ty_13 = 79;
pub const qtssPrefsUDPMonitorAudioPort: _bindgen_ty_13 = 80;
pub const qtssPrefsUDPMonitorVideoPort: _bindgen_ty_13 = 81;
pub const qtssPrefsUDPMonitorDestIPAddr: _bindgen_ty_13 = 82;
pub const qtssPrefsUDPMonitorSourceIPAddr: _bindgen_ty_13 = 83;
pub const qtssPrefsEnableAllowGuestDefault: _bindgen_ty_13 = 84;
pub const qtssPrefsNumRTSPThreads: _bindgen_ty_13 = 85;
pub const qtssPrefsPlayersReqDisable3gppRateAdapt: _bindgen_ty_13 = 86;
pub const qtssPrefsPlayersReq3GPPTargetTime: _bindgen_ty_13 = 87;
pub const qtssPrefs3GPPTargetTime: _bindgen_ty_13 = 88;
pub const qtssPrefsPlayersReqDisableThinning: _bindgen_ty_13 = 89;
pub const qtssPrefsNumParams: _bindgen_ty_13 = 90;
pub type _bindgen_ty_13 = u32;
pub type QTSS_PrefsAttributes = UInt32;
pub const qtssMsgNoMessage: _bindgen_ty_14 = 0;
pub const qtssMsgNoURLInRequest: _bindgen_ty_14 = 1;
pub const qtssMsgBadRTSPMethod: _bindgen_ty_14 = 2;
pub const qtssMsgNoRTSPVersion: _bindgen_ty_14 = 3;
pub const qtssMsgNoRTSPInURL: _bindgen_ty_14 = 4;
pub const qtssMsgURLTooLong: _bindgen_ty_14 = 5;
pub const qtssMsgURLInBadFormat: _bindgen_ty_14 = 6;
pub const qtssMsgNoColonAfterHeader: _bindgen_ty_14 = 7;
pub const qtssMsgNoEOLAfterHeader: _bindgen_ty_14 = 8;
pub const qtssMsgRequestTooLong: _bindgen_ty_14 = 9;
pub const qtssMsgNoModuleFolder: _bindgen_ty_14 = 10;
pub const qtssMsgCouldntListen: _bindgen_ty_14 = 11;
pub const qtssMsgInitFailed: _bindgen_ty_14 = 12;
pub const qtssMsgNotConfiguredForIP: _bindgen_ty_14 = 13;
pub const qtssMsgDefaultRTSPAddrUnavail: _bindgen_ty_14 = 14;
pub const qtssMsgBadModule: _bindgen_ty_14 = 15;
pub const qtssMsgRegFailed: _bindgen_ty_14 = 16;
pub const qtssMsgRefusingConnections: _bindgen_ty_14 = 17;
pub const qtssMsgTooManyClients: _bindgen_ty_14 = 18;
pub const qtssMsgTooMuchThruput: _bindgen_ty_14 = 19;
pub const qtssMsgNoSessionID: _bindgen_ty_14 = 20;
pub const qtssMsgFileNameTooLong: _bindgen_ty_14 = 21;
pub const qtssMsgNoClientPortInTransport: _bindgen_ty_14 = 22;
pub const qtssMsgRTPPortMustBeEven: _bindgen_ty_14 = 23;
pub const qtssMsgRTCPPortMustBeOneBigger: _bindgen_ty_14 = 24;
pub const qtssMsgOutOfPorts: _bindgen_ty_14 = 25;
pub const qtssMsgNoModuleForRequest: _bindgen_ty_14 = 26;
pub const qtssMsgAltDestNotAllowed: _bindgen_ty_14 = 27;
pub const qtssMsgCantSetupMulticast: _bindgen_ty_14 = 28;
pub const qtssListenPortInUse: _bindgen_ty_14 = 29;
pub const qtssListenPortAccessDenied: _bindgen_ty_14 = 30;
pub const qtssListenPortError: _bindgen_ty_14 = 31;
pub const qtssMsgBadBase64: _bindgen_ty_14 = 32;
pub const qtssMsgSomePortsFailed: _bindgen_ty_14 = 33;
pub const qtssMsgNoPortsSucceeded: _bindgen_ty_14 = 34;
pub const qtssMsgCannotCreatePidFile: _bindgen_ty_14 = 35;
pub const qtssMsgCannotSetRunUser: _bindgen_ty_14 = 36;
pub const qtssMsgCannotSetRunGroup: _bindgen_ty_14 = 37;
pub const qtssMsgNoSesIDOnDescribe: _bindgen_ty_14 = 38;
pub const qtssServerPrefMissing: _bindgen_ty_14 = 39;
pub const qtssServerPrefWrongType: _bindgen_ty_14 = 40;
pub const qtssMsgCantWriteFile: _bindgen_ty_14 = 41;
pub const qtssMsgSockBufSizesTooLarge: _bindgen_ty_14 = 42;
pub const qtssMsgBadFormat: _bindgen_ty_14 = 43;
pub const qtssMsgNumParams: _bindgen_ty_14 = 44;
pub type _bindgen_ty_14 = u32;
pub type QTSS_TextMessagesAttributes = UInt32;
pub const qtssFlObjStream: _bindgen_ty_15 = 0;
pub const qtssFlObjFileSysModuleName: _bindgen_ty_15 = 1;
pub const qtssFlObjLength: _bindgen_ty_15 = 2;
pub const qtssFlObjPosition: _bindgen_ty_15 = 3;
pub const qtssFlObjModDate: _bindgen_ty_15 = 4;
pub const qtssFlObjNumParams: _bindgen_ty_15 = 5;
pub type _bindgen_ty_15 = u32;
pub type QTSS_FileObjectAttributes = UInt32;
pub const qtssModName: _bindgen_ty_16 = 0;
pub const qtssModDesc: _bindgen_ty_16 = 1;
pub const qtssModVersion: _bindgen_ty_16 = 2;
pub const qtssModRoles: _bindgen_ty_16 = 3;
pub const qtssModPrefs: _bindgen_ty_16 = 4;
pub const qtssModAttributes: _bindgen_ty_16 = 5;
pub const qtssModNumParams: _bindgen_ty_16 = 6;
pub type _bindgen_ty_16 = u32;
pub type QTSS_ModuleObjectAttributes = UInt32;
pub const qtssAttrName: _bindgen_ty_17 = 0;
pub const qtssAttrID: _bindgen_ty_17 = 1;
pub const qtssAttrDataType: _bindgen_ty_17 = 2;
pub const qtssAttrPermissions: _bindgen_ty_17 = 3;
pub const qtssAttrInfoNumParams: _bindgen_ty_17 = 4;
pub type _bindgen_ty_17 = u32;
pub type QTSS_AttrInfoObjectAttributes = UInt32;
pub const qtssUserName: _bindgen_ty_18 = 0;
pub const qtssUserPassword: _bindgen_ty_18 = 1;
pub const qtssUserGroups: _bindgen_ty_18 = 2;
pub const qtssUserRealm: _bindgen_ty_18 = 3;
pub const qtssUserRights: _bindgen_ty_18 = 4;
pub const qtssUserExtendedRights: _bindgen_ty_18 = 5;
pub const qtssUserQTSSExtendedRights: _bindgen_ty_18 = 6;
pub const qtssUserNumParams: _bindgen_ty_18 = 7;
pub type _bindgen_ty_18 = u32;
pub type QTSS_UserProfileObjectAttributes = UInt32;
pub const qtssConnectionType: _bindgen_ty_19 = 0;
pub const qtssConnectionCreateTimeInMsec: _bindgen_ty_19 = 1;
pub const qtssConnectionTimeConnectedInMsec: _bindgen_ty_19 = 2;
pub const qtssConnectionBytesSent: _bindgen_ty_19 = 3;
pub const qtssConnectionMountPoint: _bindgen_ty_19 = 4;
pub const qtssConnectionHostName: _bindgen_ty_19 = 5;
pub const qtssConnectionSessRemoteAddrStr: _bindgen_ty_19 = 6;
pub const qtssConnectionSessLocalAddrStr: _bindgen_ty_19 = 7;
pub const qtssConnectionCurrentBitRate: _bindgen_ty_19 = 8;
pub const qtssConnectionPacketLossPercent: _bindgen_ty_19 = 9;
pub const qtssConnectionTimeStorage: _bindgen_ty_19 = 10;
pub const qtssConnectionNumParams: _bindgen_ty_19 = 11;
pub type _bindgen_ty_19 = u32;
pub type QTSS_ConnectedUserObjectAttributes = UInt32;
pub const QTSS_NoErr: _bindgen_ty_20 = 0;
pub const QTSS_RequestFailed: _bindgen_ty_20 = -1;
pub const QTSS_Unimplemented: _bindgen_ty_20 = -2;
pub const QTSS_RequestArrived: _bindgen_ty_20 = -3;
pub const QTSS_OutOfState: _bindgen_ty_20 = -4;
pub const QTSS_NotAModule: _bindgen_ty_20 = -5;
pub const QTSS_WrongVersion: _bindgen_ty_20 = -6;
pub const QTSS_IllegalService: _bindgen_ty_20 = -7;
pub const QTSS_BadIndex: _bindgen_ty_20 = -8;
pub const QTSS_ValueNotFound: _bindgen_ty_20 = -9;
pub const QTSS_BadArgument: _bindgen_ty_20 = -10;
pub const QTSS_ReadOnly: _bindgen_ty_20 = -11;
pub const QTSS_NotPreemptiveSafe: _bindgen_ty_20 = -12;
pub const QTSS_NotEnoughSpace: _bindgen_ty_20 = -13;
pub const QTSS_WouldBlock: _bindgen_ty_20 = -14;
pub const QTSS_NotConnected: _bindgen_ty_20 = -15;
pub const QTSS_FileNotFound: _bindgen_ty_20 = -16;
pub const QTSS_NoMoreData: _bindgen_ty_20 = -17;
pub const QTSS_AttrDoesntExist: _bindgen_ty_20 = -18;
pub const QTSS_AttrNameExists: _bindgen_ty_20 = -19;
pub const QTSS_InstanceAttrsNotAllowed: _bindgen_ty_20 = -20;
pub type _bindgen_ty_20 = i32;
pub type QTSS_Error = SInt32;
pub const qtssASFlagsNoFlags: _bindgen_ty_21 = 0;
pub const qtssASFlagsAllowDestination: _bindgen_ty_21 = 1;
pub const qtssASFlagsForceInterleave: _bindgen_ty_21 = 2;
pub const qtssASFlagsDontUseSlowStart: _bindgen_ty_21 = 4;
pub const qtssASFlagsForceUDPTransport: _bindgen_ty_21 = 8;
pub type _bindgen_ty_21 = u32;
pub type QTSS_AddStreamFlags = UInt32;
pub const qtssPlayFlagsSendRTCP: _bindgen_ty_22 = 16;
pub const qtssPlayFlagsAppendServerInfo: _bindgen_ty_22 = 32;
pub type _bindgen_ty_22 = u32;
pub type QTSS_PlayFlags = UInt32;
pub const qtssWriteFlagsNoFlags: _bindgen_ty_23 = 0;
pub const qtssWriteFlagsIsRTP: _bindgen_ty_23 = 1;
pub const qtssWriteFlagsIsRTCP: _bindgen_ty_23 = 2;
pub const qtssWriteFlagsWriteBurstBegin: _bindgen_ty_23 = 4;
pub const qtssWriteFlagsBufferData: _bindgen_ty_23 = 8;
pub type _bindgen_ty_23 = u32;
pub type QTSS_WriteFlags = UInt32;
pub const qtssPlayRespWriteTrackInfo: _bindgen_ty_24 = 1;
pub const qtssSetupRespDontWriteSSRC: _bindgen_ty_24 = 2;
pub type _bindgen_ty_24 = u32;
pub const qtssActionFlagsNoFlags: _bindgen_ty_25 = 0;
pub const qtssActionFlagsRead: _bindgen_ty_25 = 1;
pub const qtssActionFlagsWrite: _bindgen_ty_25 = 2;
pub const qtssActionFlagsAdmin: _bindgen_ty_25 = 4;
pub const qtssActionFlagsExtended: _bindgen_ty_25 = 1073741824;
pub const qtssActionQTSSExtended: _bindgen_ty_25 = 2147483648;
pub type _bindgen_ty_25 = u32;
pub type QTSS_ActionFlags = UInt32;
pub const qtssPausedState: _bindgen_ty_26 = 0;
pub const qtssPlayingState: _bindgen_ty_26 = 1;
pub type _bindgen_ty_26 = u32;
pub type QTSS_RTPSessionState = UInt32;
pub const qtssCliSesCloseClientTeardown: _bindgen_ty_27 = 0;
pub const qtssCliSesCloseTimeout: _bindgen_ty_27 = 1;
pub const qtssCliSesCloseClientDisconnect: _bindgen_ty_27 = 2;
pub type _bindgen_ty_27 = u32;
pub type QTSS_CliSesClosingReason = UInt32;
pub const qtssCliSesTearDownClientRequest: _bindgen_ty_28 = 0;
pub const qtssCliSesTearDownUnsupportedMedia: _bindgen_ty_28 = 1;
pub const qtssCliSesTearDownServerShutdown: _bindgen_ty_28 = 2;
pub const qtssCliSesTearDownServerInternalErr: _bindgen_ty_28 = 3;
pub const qtssCliSesTearDownBroadcastEnded: _bindgen_ty_28 = 4;
pub type _bindgen_ty_28 = u32;
pub type QTSS_CliSesTeardownReason = UInt32;
pub const QTSS_ReadableEvent: _bindgen_ty_29 = 1;
pub const QTSS_WriteableEvent: _bindgen_ty_29 = 2;
pub type _bindgen_ty_29 = u32;
pub type QTSS_EventType = UInt32;
pub const qtssAuthNone: _bindgen_ty_30 = 0;
pub const qtssAuthBasic: _bindgen_ty_30 = 1;
pub const qtssAuthDigest: _bindgen_ty_30 = 2;
pub type _bindgen_ty_30 = u32;
pub type QTSS_AuthScheme = UInt32;
pub const qtssRTSPSession: _bindgen_ty_31 = 0;
pub const qtssRTSPHTTPSession: _bindgen_ty_31 = 1;
pub const qtssRTSPHTTPInputSession: _bindgen_ty_31 = 2;
pub type _bindgen_ty_31 = u32;
pub type QTSS_RTSPSessionType = UInt32;
pub const qtssRTPTransportTypeUDP: _bindgen_ty_32 = 0;
pub const qtssRTPTransportTypeReliableUDP: _bindgen_ty_32 = 1;
pub const qtssRTPTransportTypeTCP: _bindgen_ty_32 = 2;
pub const qtssRTPTransportType3GPPUDP: _bindgen_ty_32 = 3;
pub type _bindgen_ty_32 = u32;
pub type QTSS_RTPTransportType = UInt32;
pub const qtssRTPNetworkModeDefault: _bindgen_ty_33 = 0;
pub const qtssRTPNetworkModeMulticast: _bindgen_ty_33 = 1;
pub const qtssRTPNetworkModeUnicast: _bindgen_ty_33 = 2;
pub type _bindgen_ty_33 = u32;
pub type QTSS_RTPNetworkMode = UInt32;
pub const qtssRTPTransportModePlay: _bindgen_ty_34 = 0;
pub const qtssRTPTransportModeRecord: _bindgen_ty_34 = 1;
pub type _bindgen_ty_34 = u32;
pub type QTSS_RTPTransportMode = UInt32;
pub const qtssUnknownPayloadType: _bindgen_ty_35 = 0;
pub const qtssVideoPayloadType: _bindgen_ty_35 = 1;
pub const qtssAudioPayloadType: _bindgen_ty_35 = 2;
pub type _bindgen_ty_35 = u32;
pub type QTSS_RTPPayloadType = UInt32;
pub const qtssDynamicObjectType: _bindgen_ty_36 = 1685679459;
pub const qtssRTPStreamObjectType: _bindgen_ty_36 = 1920169071;
pub const qtssClientSessionObjectType: _bindgen_ty_36 = 1668506991;
pub const qtssRTSPSessionObjectType: _bindgen_ty_36 = 1936942447;
pub const qtssRTSPRequestObjectType: _bindgen_ty_36 = 1936879983;
pub const qtssRTSPHeaderObjectType: _bindgen_ty_36 = 1936221295;
pub const qtssServerObjectType: _bindgen_ty_36 = 1936028271;
pub const qtssPrefsObjectType: _bindgen_ty_36 = 1886545519;
pub const qtssTextMessagesObjectType: _bindgen_ty_36 = 1954051183;
pub const qtssFileObjectType: _bindgen_ty_36 = 1718185061;
pub const qtssModuleObjectType: _bindgen_ty_36 = 1836016751;
pub const qtssModulePrefsObjectType: _bindgen_ty_36 = 1836016752;
pub const qtssAttrInfoObjectType: _bindgen_ty_36 = 1635021938;
pub const qtssUserProfileObjectType: _bindgen_ty_36 = 1970499695;
pub const qtssConnectedUserObjectType: _bindgen_ty_36 = 1668641650;
pub const qtss3GPPStreamObjectType: _bindgen_ty_36 = 863204466;
pub const qtss3GPPClientSessionObjectType: _bindgen_ty_36 = 863200627;
pub const qtss3GPPRTSPObjectType: _bindgen_ty_36 = 863138931;
pub const qtss3GPPRequestObjectType: _bindgen_ty_36 = 863135089;
pub type _bindgen_ty_36 = u32;
pub type QTSS_ObjectType = UInt32;
pub const qtssFatalVerbosity: _bindgen_ty_37 = 0;
pub const qtssWarningVerbosity: _bindgen_ty_37 = 1;
pub const qtssMessageVerbosity: _bindgen_ty_37 = 2;
pub const qtssAssertVerbosity: _bindgen_ty_37 = 3;
pub const qtssDebugVerbosity: _bindgen_ty_37 = 4;
pub const qtssIllegalVerbosity: _bindgen_ty_37 = 5;
pub type _bindgen_ty_37 = u32;
pub type QTSS_ErrorVerbosity = UInt32;
pub const qtssOpenFileNoFlags: _bindgen_ty_38 = 0;
pub const qtssOpenFileAsync: _bindgen_ty_38 = 1;
pub const qtssOpenFileReadAhead: _bindgen_ty_38 = 2;
pub type _bindgen_ty_38 = u32;
pub type QTSS_OpenFileFlags = UInt32;
pub const qtssStartingUpState: _bindgen_ty_39 = 0;
pub const qtssRunningState: _bindgen_ty_39 = 1;
pub const qtssRefusingConnectionsState: _bindgen_ty_39 = 2;
pub const qtssFatalErrorState: _bindgen_ty_39 = 3;
pub const qtssShuttingDownState: _bindgen_ty_39 = 4;
pub const qtssIdleState: _bindgen_ty_39 = 5;
pub type _bindgen_ty_39 = u32;
pub type QTSS_ServerState = UInt32;
pub const qtssIllegalAttrID: _bindgen_ty_40 = -1;
pub const qtssIllegalServiceID: _bindgen_ty_40 = -1;
pub type _bindgen_ty_40 = i32;
pub const qtssDontCallSendPacketsAgain: _bindgen_ty_41 = -1;
pub type _bindgen_ty_41 = i32;
pub const qtssAttrDataTypeUnknown: _bindgen_ty_42 = 0;
pub const qtssAttrDataTypeCharArray: _bindgen_ty_42 = 1;
pub const qtssAttrDataTypeBool16: _bindgen_ty_42 = 2;
pub const qtssAttrDataTypeSInt16: _bindgen_ty_42 = 3;
pub const qtssAttrDataTypeUInt16: _bindgen_ty_42 = 4;
pub const qtssAttrDataTypeSInt32: _bindgen_ty_42 = 5;
pub const qtssAttrDataTypeUInt32: _bindgen_ty_42 = 6;
pub const qtssAttrDataTypeSInt64: _bindgen_ty_42 = 7;
pub const qtssAttrDataTypeUInt64: _bindgen_ty_42 = 8;
pub const qtssAttrDataTypeQTSS_Object: _bindgen_ty_42 = 9;
pub const qtssAttrDataTypeQTSS_StreamRef: _bindgen_ty_42 = 10;
pub const qtssAttrDataTypeFloat32: _bindgen_ty_42 = 11;
pub const qtssAttrDataTypeFloat64: _bindgen_ty_42 = 12;
pub const qtssAttrDataTypeVoidPointer: _bindgen_ty_42 = 13;
pub const qtssAttrDataTypeTimeVal: _bindgen_ty_42 = 14;
pub const qtssAttrDataTypeNumTypes: _bindgen_ty_42 = 15;
pub type _bindgen_ty_42 = u32;
pub type QTSS_AttrDataType = UInt32;
pub const qtssAttrModeRead: _bindgen_ty_43 = 1;
pub const qtssAttrModeWrite: _bindgen_ty_43 = 2;
pub const qtssAttrModePreempSafe: _bindgen_ty_43 = 4;
pub const qtssAttrModeInstanceAttrAllowed: _bindgen_ty_43 = 8;
pub const qtssAttrModeCacheable: _bindgen_ty_43 = 16;
pub const qtssAttrModeDelete: _bindgen_ty_43 = 32;
pub type _bindgen_ty_43 = u32;
pub type QTSS_AttrPermission = UInt32;
pub const qtssAttrRightNone: _bindgen_ty_44 = 0;
pub const qtssAttrRightRead: _bindgen_ty_44 = 1;
pub const qtssAttrRightWrite: _bindgen_ty_44 = 2;
pub const qtssAttrRightAdmin: _bindgen_ty_44 = 4;
pub const qtssAttrRightExtended: _bindgen_ty_44 = 1073741824;
pub const qtssAttrRightQTSSExtended: _bindgen_ty_44 = -2147483648;
pub type _bindgen_ty_44 = i32;
pub type QTSS_AttrRights = UInt32;
pub const QTSS_Register_Role: _bindgen_ty_45 = 1919248160;
pub const QTSS_Initialize_Role: _bindgen_ty_45 = 1768843636;
pub const QTSS_Shutdown_Role: _bindgen_ty_45 = 1936225652;
pub const QTSS_ErrorLog_Role: _bindgen_ty_45 = 1701605223;
pub const QTSS_RereadPrefs_Role: _bindgen_ty_45 = 1886545254;
pub const QTSS_StateChange_Role: _bindgen_ty_45 = 1937006964;
pub const QTSS_Interval_Role: _bindgen_ty_45 = 1953066354;
pub const QTSS_RTSPFilter_Role: _bindgen_ty_45 = 1718185076;
pub const QTSS_RTSPRoute_Role: _bindgen_ty_45 = 1919907188;
pub const QTSS_RTSPAuthenticate_Role: _bindgen_ty_45 = 1635018862;
pub const QTSS_RTSPAuthorize_Role: _bindgen_ty_45 = 1635087464;
pub const QTSS_RTSPPreProcessor_Role: _bindgen_ty_45 = 1886545264;
pub const QTSS_RTSPRequest_Role: _bindgen_ty_45 = 1919250805;
pub const QTSS_RTSPPostProcessor_Role: _bindgen_ty_45 = 1886352244;
pub const QTSS_RTSPSessionClosing_Role: _bindgen_ty_45 = 1936028515;
pub const QTSS_RTSPIncomingData_Role: _bindgen_ty_45 = 1768123748;
pub const QTSS_RTPSendPackets_Role: _bindgen_ty_45 = 1936027236;
pub const QTSS_ClientSessionClosing_Role: _bindgen_ty_45 = 1684370291;
pub const QTSS_RTCPProcess_Role: _bindgen_ty_45 = 1920230256;
pub const QTSS_OpenFilePreProcess_Role: _bindgen_ty_45 = 1869639794;
pub const QTSS_OpenFile_Role: _bindgen_ty_45 = 1869637228;
pub const QTSS_AdviseFile_Role: _bindgen_ty_45 = 1633969772;
pub const QTSS_ReadFile_Role: _bindgen_ty_45 = 1919182444;
pub const QTSS_CloseFile_Role: _bindgen_ty_45 = 1668048492;
pub const QTSS_RequestEventFile_Role: _bindgen_ty_45 = 1919247980;
pub type _bindgen_ty_45 = u32;
pub type QTSS_Role = UInt32;
pub type QTSS_StreamRef = *mut ::core::ffi::c_void;
pub type QTSS_Object = *mut ::core::ffi::c_void;
pub type QTSS_ServiceFunctionArgsPtr = *mut ::core::ffi::c_void;
pub type QTSS_AttributeID = SInt32;
pub type QTSS_ServiceID = SInt32;
pub type QTSS_TimeVal = SInt64;
pub type QTSS_SessionStatusCode = QTSS_RTSPStatusCode;
pub type QTSS_RTPStreamObject = QTSS_Object;
pub type QTSS_RTSPSessionObject = QTSS_Object;
pub type QTSS_RTSPRequestObject = QTSS_Object;
pub type QTSS_RTSPHeaderObject = QTSS_Object;
pub type QTSS_ClientSessionObject = QTSS_Object;
pub type QTSS_ServerObject = QTSS_Object;
pub type QTSS_PrefsObject = QTSS_Object;
pub type QTSS_TextMessagesObject = QTSS_Object;
pub type QTSS_FileObject = QTSS_Object;
pub type QTSS_ModuleObject = QTSS_Object;
pub type QTSS_ModulePrefsObject = QTSS_Object;
pub type QTSS_AttrInfoObject = QTSS_Object;
pub type QTSS_UserProfileObject = QTSS_Object;
pub type QTSS_ConnectedUserObject = QTSS_Object;
pub type QTSS_3GPPStreamObject = QTSS_Object;
pub type QTSS_3GPPClientSessionObject = QTSS_Object;
pub type QTSS_3GPPRTSPSessionObject = QTSS_Object;
pub type QTSS_3GPPRequestObject = QTSS_Object;
pub type QTSS_ErrorLogStream = QTSS_StreamRef;
pub type QTSS_FileStream = QTSS_StreamRef;
pub type QTSS_RTSPSessionStream = QTSS_StreamRef;
pub type QTSS_RTSPRequestStream = QTSS_StreamRef;
pub type QTSS_RTPStreamStream = QTSS_StreamRef;
pub type QTSS_SocketStream = QTSS_StreamRef;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct QTSS_Register_Params {
    pub outModuleName: [::core::ffi::c_char; 64usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of QTSS_Register_Params",
    ][::core::mem::size_of::<QTSS_Register_Params>() - 64usize];
    [
        "Alignment of QTSS_Register_Params",
    ][::core::mem::align_of::<QTSS_Register_Params>() - 1usize];
    [
        "Offset of field: QTSS_Register_Params::outModuleName",
    ][::core::mem::offset_of!(QTSS_Register_Params, outModuleName) - 0usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct QTSS_Initialize_Params {
    pub inServer: QTSS_ServerObject,
    pub inPrefs: QTSS_PrefsObject,
    pub inMessages: QTSS_TextMessagesObject,
    pub inErrorLogStream: QTSS_ErrorLogStream,
    pub inModule: QTSS_ModuleObject,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of QTSS_Initialize_Params",
    ][::core::mem::size_of::<QTSS_Initialize_Params>() - 40usize];
    [
        "Alignment of QTSS_Initialize_Params",
    ][::core::mem::align_of::<QTSS_Initialize_Params>() - 8usize];
    [
        "Offset of field: QTSS_Initialize_Params::inServer",
    ][::core::mem::offset_of!(QTSS_Initialize_Params, inServer) - 0usize];
    [
        "Offset of field: QTSS_Initialize_Params::inPrefs",
    ][::core::mem::offset_of!(QTSS_Initialize_Params, inPrefs) - 8usize];
    [
        "Offset of field: QTSS_Initialize_Params::inMessages",
    ][::core::mem::offset_of!(QTSS_Initialize_Params, inMessages) - 16usize];
    [
        "Offset of field: QTSS_Initialize_Params::inErrorLogStream",
    ][::core::mem::offset_of!(QTSS_Initialize_Params, inErrorLogStream) - 24usize];
    [
        "Offset of field: QTSS_Initialize_Params::inModule",
    ][::core::mem::offset_of!(QTSS_Initialize_Params, inModule) - 32usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct QTSS_ErrorLog_Params {
    pub inVerbosity: QTSS_ErrorVerbosity,
    pub inBuffer: *mut ::core::ffi::c_char,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of QTSS_ErrorLog_Params",
    ][::core::mem::size_of::<QTSS_ErrorLog_Params>() - 16usize];
    [
        "Alignment of QTSS_ErrorLog_Params",
    ][::core::mem::align_of::<QTSS_ErrorLog_Params>() - 8usize];
    [
        "Offset of field: QTSS_ErrorLog_Params::inVerbosity",
    ][::core::mem::offset_of!(QTSS_ErrorLog_Params, inVerbosity) - 0usize];
    [
        "Offset of field: QTSS_ErrorLog_Params::inBuffer",
    ][::core::mem::offset_of!(QTSS_ErrorLog_Params, inBuffer) - 8usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct QTSS_StateChange_Params {
    pub inNewState: QTSS_ServerState,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of QTSS_StateChange_Params",
    ][::core::mem::size_of::<QTSS_StateChange_Params>() - 4usize];
    [
        "Alignment of QTSS_StateChange_Params",
    ][::core::mem::align_of::<QTSS_StateChange_Params>() - 4usize];
    [
        "Offset of field: QTSS_StateChange_Params::inNewState",
    ][::core::mem::offset_of!(QTSS_StateChange_Params, inNewState) - 0usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct QTSS_StandardRTSP_Params {
    pub inRTSPSession: QTSS_RTSPSessionObject,
    pub inRTSPRequest: QTSS_RTSPRequestObject,
    pub inRTSPHeaders: QTSS_RTSPHeaderObject,
    pub inClientSession: QTSS_ClientSessionObject,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of QTSS_StandardRTSP_Params",
    ][::core::mem::size_of::<QTSS_StandardRTSP_Params>() - 32usize];
    [
        "Alignment of QTSS_StandardRTSP_Params",
    ][::core::mem::align_of::<QTSS_StandardRTSP_Params>() - 8usize];
    [
        "Offset of field: QTSS_StandardRTSP_Params::inRTSPSession",
    ][::core::mem::offset_of!(QTSS_StandardRTSP_Params, inRTSPSession) - 0usize];
    [
        "Offset of field: QTSS_StandardRTSP_Params::inRTSPRequest",
    ][::core::mem::offset_of!(QTSS_StandardRTSP_Params, inRTSPRequest) - 8usize];
    [
        "Offset of field: QTSS_StandardRTSP_Params::inRTSPHeaders",
    ][::core::mem::offset_of!(QTSS_StandardRTSP_Params, inRTSPHeaders) - 16usize];
    [
        "Offset of field: QTSS_StandardRTSP_Params::inClientSession",
    ][::core::mem::offset_of!(QTSS_StandardRTSP_Params, inClientSession) - 24usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct QTSS_Filter_Params {
    pub inRTSPSession: QTSS_RTSPSessionObject,
    pub inRTSPRequest: QTSS_RTSPRequestObject,
    pub outNewRequest: *mut *mut ::core::ffi::c_char,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of QTSS_Filter_Params",
    ][::core::mem::size_of::<QTSS_Filter_Params>() - 24usize];
    [
        "Alignment of QTSS_Filter_Params",
    ][::core::mem::align_of::<QTSS_Filter_Params>() - 8usize];
    [
        "Offset of field: QTSS_Filter_Params::inRTSPSession",
    ][::core::mem::offset_of!(QTSS_Filter_Params, inRTSPSession) - 0usize];
    [
        "Offset of field: QTSS_Filter_Params::inRTSPRequest",
    ][::core::mem::offset_of!(QTSS_Filter_Params, inRTSPRequest) - 8usize];
    [
        "Offset of field: QTSS_Filter_Params::outNewRequest",
    ][::core::mem::offset_of!(QTSS_Filter_Params, outNewRequest) - 16usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct QTSS_RTSPAuth_Params {
    pub inRTSPRequest: QTSS_RTSPRequestObject,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of QTSS_RTSPAuth_Params",
    ][::core::mem::size_of::<QTSS_RTSPAuth_Params>() - 8usize];
    [
        "Alignment of QTSS_RTSPAuth_Params",
    ][::core::mem::align_of::<QTSS_RTSPAuth_Params>() - 8usize];
    [
        "Offset of field: QTSS_RTSPAuth_Params::inRTSPRequest",
    ][::core::mem::offset_of!(QTSS_RTSPAuth_Params, inRTSPRequest) - 0usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct QTSS_IncomingData_Params {
    pub inRTSPSession: QTSS_RTSPSessionObject,
    pub inClientSession: QTSS_ClientSessionObject,
    pub inPacketData: *mut ::core::ffi::c_char,
    pub inPacketLen: UInt32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of QTSS_IncomingData_Params",
    ][::core::mem::size_of::<QTSS_IncomingData_Params>() - 32usize];
    [
        "Alignment of QTSS_IncomingData_Params",
    ][::core::mem::align_of::<QTSS_IncomingData_Params>() - 8usize];
    [
        "Offset of field: QTSS_IncomingData_Params::inRTSPSession",
    ][::core::mem::offset_of!(QTSS_IncomingData_Params, inRTSPSession) - 0usize];
    [
        "Offset of field: QTSS_IncomingData_Params::inClientSession",
    ][::core::mem::offset_of!(QTSS_IncomingData_Params, inClientSession) - 8usize];
    [
        "Offset of field: QTSS_IncomingData_Params::inPacketData",
    ][::core::mem::offset_of!(QTSS_IncomingData_Params, inPacketData) - 16usize];
    [
        "Offset of field: QTSS_IncomingData_Params::inPacketLen",
    ][::core::mem::offset_of!(QTSS_IncomingData_Params, inPacketLen) - 24usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct QTSS_RTSPSession_Params {
    pub inRTSPSession: QTSS_RTSPSessionObject,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of QTSS_RTSPSession_Params",
    ][::core::mem::size_of::<QTSS_RTSPSession_Params>() - 8usize];
    [
        "Alignment of QTSS_RTSPSession_Params",
    ][::core::mem::align_of::<QTSS_RTSPSession_Params>() - 8usize];
    [
        "Offset of field: QTSS_RTSPSession_Params::inRTSPSession",
    ][::core::mem::offset_of!(QTSS_RTSPSession_Params, inRTSPSession) - 0usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct QTSS_RTPSendPackets_Params {
    pub inClientSession: QTSS_ClientSessionObject,
    pub inCurrentTime: QTSS_TimeVal,
    pub outNextPacketTime: QTSS_TimeVal,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of QTSS_RTPSendPackets_Params",
    ][::core::mem::size_of::<QTSS_RTPSendPackets_Params>() - 24usize];
    [
        "Alignment of QTSS_RTPSendPackets_Params",
    ][::core::mem::align_of::<QTSS_RTPSendPackets_Params>() - 8usize];
    [
        "Offset of field: QTSS_RTPSendPackets_Params::inClientSession",
    ][::core::mem::offset_of!(QTSS_RTPSendPackets_Params, inClientSession) - 0usize];
    [
        "Offset of field: QTSS_RTPSendPackets_Params::inCurrentTime",
    ][::core::mem::offset_of!(QTSS_RTPSendPackets_Params, inCurrentTime) - 8usize];
    [
        "Offset of field: QTSS_RTPSendPackets_Params::outNextPacketTime",
    ][::core::mem::offset_of!(QTSS_RTPSendPackets_Params, outNextPacketTime) - 16usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct QTSS_ClientSessionClosing_Params {
    pub inClientSession: QTSS_ClientSessionObject,
    pub inReason: QTSS_CliSesClosingReason,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of QTSS_ClientSessionClosing_Params",
    ][::core::mem::size_of::<QTSS_ClientSessionClosing_Params>() - 16usize];
    [
        "Alignment of QTSS_ClientSessionClosing_Params",
    ][::core::mem::align_of::<QTSS_ClientSessionClosing_Params>() - 8usize];
    [
        "Offset of field: QTSS_ClientSessionClosing_Params::inClientSession",
    ][::core::mem::offset_of!(QTSS_ClientSessionClosing_Params, inClientSession)
        - 0usize];
    [
        "Offset of field: QTSS_ClientSessionClosing_Params::inReason",
    ][::core::mem::offset_of!(QTSS_ClientSessionClosing_Params, inReason) - 8usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct QTSS_RTCPProcess_Params {
    pub inClientSession: QTSS_ClientSessionObject,
    pub inRTPStream: QTSS_RTPStreamObject,
    pub inRTCPPacketData: *mut ::core::ffi::c_void,
    pub inRTCPPacketDataLen: UInt32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of QTSS_RTCPProcess_Params",
    ][::core::mem::size_of::<QTSS_RTCPProcess_Params>() - 32usize];
    [
        "Alignment of QTSS_RTCPProcess_Params",
    ][::core::mem::align_of::<QTSS_RTCPProcess_Params>() - 8usize];
    [
        "Offset of field: QTSS_RTCPProcess_Params::inClientSession",
    ][::core::mem::offset_of!(QTSS_RTCPProcess_Params, inClientSession) - 0usize];
    [
        "Offset of field: QTSS_RTCPProcess_Params::inRTPStream",
    ][::core::mem::offset_of!(QTSS_RTCPProcess_Params, inRTPStream) - 8usize];
    [
        "Offset of field: QTSS_RTCPProcess_Params::inRTCPPacketData",
    ][::core::mem::offset_of!(QTSS_RTCPProcess_Params, inRTCPPacketData) - 16usize];
    [
        "Offset of field: QTSS_RTCPProcess_Params::inRTCPPacketDataLen",
    ][::core::mem::offset_of!(QTSS_RTCPProcess_Params, inRTCPPacketDataLen) - 24usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct QTSS_OpenFile_Params {
    pub inPath: *mut ::core::ffi::c_char,
    pub inFlags: QTSS_OpenFileFlags,
    pub inFileObject: QTSS_Object,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of QTSS_OpenFile_Params",
    ][::core::mem::size_of::<QTSS_OpenFile_Params>() - 24usize];
    [
        "Alignment of QTSS_OpenFile_Params",
    ][::core::mem::align_of::<QTSS_OpenFile_Params>() - 8usize];
    [
        "Offset of field: QTSS_OpenFile_Params::inPath",
    ][::core::mem::offset_of!(QTSS_OpenFile_Params, inPath) - 0usize];
    [
        "Offset of field: QTSS_OpenFile_Params::inFlags",
    ][::core::mem::offset_of!(QTSS_OpenFile_Params, inFlags) - 8usize];
    [
        "Offset of field: QTSS_OpenFile_Params::inFileObject",
    ][::core::mem::offset_of!(QTSS_OpenFile_Params, inFileObject) - 16usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct QTSS_AdviseFile_Params {
    pub inFileObject: QTSS_Object,
    pub inPosition: UInt64,
    pub inSize: UInt32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of QTSS_AdviseFile_Params",
    ][::core::mem::size_of::<QTSS_AdviseFile_Params>() - 24usize];
    [
        "Alignment of QTSS_AdviseFile_Params",
    ][::core::mem::align_of::<QTSS_AdviseFile_Params>() - 8usize];
    [
        "Offset of field: QTSS_AdviseFile_Params::inFileObject",
    ][::core::mem::offset_of!(QTSS_AdviseFile_Params, inFileObject) - 0usize];
    [
        "Offset of field: QTSS_AdviseFile_Params::inPosition",
    ][::core::mem::offset_of!(QTSS_AdviseFile_Params, inPosition) - 8usize];
    [
        "Offset of field: QTSS_AdviseFile_Params::inSize",
    ][::core::mem::offset_of!(QTSS_AdviseFile_Params, inSize) - 16usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct QTSS_ReadFile_Params {
    pub inFileObject: QTSS_Object,
    pub inFilePosition: UInt64,
    pub ioBuffer: *mut ::core::ffi::c_void,
    pub inBufLen: UInt32,
    pub outLenRead: *mut UInt32,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of QTSS_ReadFile_Params",
    ][::core::mem::size_of::<QTSS_ReadFile_Params>() - 40usize];
    [
        "Alignment of QTSS_ReadFile_Params",
    ][::core::mem::align_of::<QTSS_ReadFile_Params>() - 8usize];
    [
        "Offset of field: QTSS_ReadFile_Params::inFileObject",
    ][::core::mem::offset_of!(QTSS_ReadFile_Params, inFileObject) - 0usize];
    [
        "Offset of field: QTSS_ReadFile_Params::inFilePosition",
    ][::core::mem::offset_of!(QTSS_ReadFile_Params, inFilePosition) - 8usize];
    [
        "Offset of field: QTSS_ReadFile_Params::ioBuffer",
    ][::core::mem::offset_of!(QTSS_ReadFile_Params, ioBuffer) - 16usize];
    [
        "Offset of field: QTSS_ReadFile_Params::inBufLen",
    ][::core::mem::offset_of!(QTSS_ReadFile_Params, inBufLen) - 24usize];
    [
        "Offset of field: QTSS_ReadFile_Params::outLenRead",
    ][::core::mem::offset_of!(QTSS_ReadFile_Params, outLenRead) - 32usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct QTSS_CloseFile_Params {
    pub inFileObject: QTSS_Object,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of QTSS_CloseFile_Params",
    ][::core::mem::size_of::<QTSS_CloseFile_Params>() - 8usize];
    [
        "Alignment of QTSS_CloseFile_Params",
    ][::core::mem::align_of::<QTSS_CloseFile_Params>() - 8usize];
    [
        "Offset of field: QTSS_CloseFile_Params::inFileObject",
    ][::core::mem::offset_of!(QTSS_CloseFile_Params, inFileObject) - 0usize];
};
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct QTSS_RequestEventFile_Params {
    pub inFileObject: QTSS_Object,
    pub inEventMask: QTSS_EventType,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    [
        "Size of QTSS_RequestEventFile_Params",
    ][::core::mem::size_of::<QTSS_RequestEventFile_Params>() - 16usize];
    [
        "Alignment of QTSS_RequestEventFile_Params",
    ][::core::mem::align_of::<QTSS_RequestEventFile_Params>() - 8usize];
    [
        "Offset of field: QTSS_RequestEventFile_Params::inFileObject",
    ][::core::mem::offset_of!(QTSS_RequestEventFile_Params, inFileObject) - 0usize];
    [
        "Offset of field: QTSS_RequestEventFile_Params::inEventMask",
    ][::core::mem::offset_of!(QTSS_RequestEventFile_Params, inEventMask) - 8usize];
};
#[repr(C)]
#[derive(Copy, Clone)]
pub union QTSS_RoleParams {
    pub regParams: QTSS_Register_Params,
    pub initParams: QTSS_Initialize_Params,
    pub errorParams: QTSS_ErrorLog_Params,
    pub stateChangeParams: QTSS_StateChange_Params,
    pub rtspFilterParams: QTSS_Filter_Params,
    pub rtspIncomingDataParams: QTSS_IncomingData_Params,
    pub rtspRouteParams: QTSS_StandardRTSP_Params,
    pub rtspAthnParams: QTSS_RTSPAuth_Params,
    pub rtspAuthParams: QTSS_StandardRTSP_Params,
    pub rtspPreProcessorParams: QTSS_StandardRTSP_Params,
    pub rtspRequestParams: QTSS_StandardRTSP_Params,
    pub rtspPostProcessorParams: QTSS_StandardRTSP_Params,
    pub rtspSessionClosingParams: QTSS_RTSPSession_Params,
    pub rtpSendPacketsParams: QTSS_RTPSendPackets_Params,
    pub clientSessionClosingParams: QTSS_ClientSessionClosing_Params,
    pub rtcpProcessParams: QTSS_RTCPProcess_Params,
    pub openFilePreProcessParams: QTSS_OpenFile_Params,
    pub openFileParams: QTSS_OpenFile_Params,
    pub adviseFileParams: QTSS_AdviseFile_Params,
    pub readFileParams: QTSS_ReadFile_Params,
    pub closeFileParams: QTSS_CloseFile_Params,
    pub reqEventFileParams: QTSS_RequestEventFile_Params,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of QTSS_RoleParams"][::core::mem::size_of::<QTSS_RoleParams>() - 64usize];
    [
        "Alignment of QTSS_RoleParams",
    ][::core::mem::align_of::<QTSS_RoleParams>() - 8usize];
    [
        "Offset of field: QTSS_RoleParams::regParams",
    ][::core::mem::offset_of!(QTSS_RoleParams, regParams) - 0usize];
    [
        "Offset of field: QTSS_RoleParams::initParams",
    ][::core::mem::offset_of!(QTSS_RoleParams, initParams) - 0usize];
    [
        "Offset of field: QTSS_RoleParams::errorParams",
    ][::core::mem::offset_of!(QTSS_RoleParams, errorParams) - 0usize];
    [
        "Offset of field: QTSS_RoleParams::stateChangeParams",
    ][::core::mem::offset_of!(QTSS_RoleParams, stateChangeParams) - 0usize];
    [
        "Offset of field: QTSS_RoleParams::rtspFilterParams",
    ][::core::mem::offset_of!(QTSS_RoleParams, rtspFilterParams) - 0usize];
    [
        "Offset of field: QTSS_RoleParams::rtspIncomingDataParams",
    ][::core::mem::offset_of!(QTSS_RoleParams, rtspIncomingDataParams) - 0usize];
    [
        "Offset of field: QTSS_RoleParams::rtspRouteParams",
    ][::core::mem::offset_of!(QTSS_RoleParams, rtspRouteParams) - 0usize];
    [
        "Offset of field: QTSS_RoleParams::rtspAthnParams",
    ][::core::mem::offset_of!(QTSS_RoleParams, rtspAthnParams) - 0usize];
    [
        "Offset of field: QTSS_RoleParams::rtspAuthParams",
    ][::core::mem::offset_of!(QTSS_RoleParams, rtspAuthParams) - 0usize];
    [
        "Offset of field: QTSS_RoleParams::rtspPreProcessorParams",
    ][::core::mem::offset_of!(QTSS_RoleParams, rtspPreProcessorParams) - 0usize];
    [
        "Offset of field: QTSS_RoleParams::rtspRequestParams",
    ][::core::mem::offset_of!(QTSS_RoleParams, rtspRequestParams) - 0usize];
    [
        "Offset of field: QTSS_RoleParams::rtspPostProcessorParams",
    ][::core::mem::offset_of!(QTSS_RoleParams, rtspPostProcessorParams) - 0usize];
    [
        "Offset of field: QTSS_RoleParams::rtspSessionClosingParams",
    ][::core::mem::offset_of!(QTSS_RoleParams, rtspSessionClosingParams) - 0usize];
    [
        "Offset of field: QTSS_RoleParams::rtpSendPacketsParams",
    ][::core::mem::offset_of!(QTSS_RoleParams, rtpSendPacketsParams) - 0usize];
    [
        "Offset of field: QTSS_RoleParams::clientSessionClosingParams",
    ][::core::mem::offset_of!(QTSS_RoleParams, clientSessionClosingParams) - 0usize];
    [
        "Offset of field: QTSS_RoleParams::rtcpProcessParams",
    ][::core::mem::offset_of!(QTSS_RoleParams, rtcpProcessParams) - 0usize];
    [
        "Offset of field: QTSS_RoleParams::openFilePreProcessParams",
    ][::core::mem::offset_of!(QTSS_RoleParams, openFilePreProcessParams) - 0usize];
    [
        "Offset of field: QTSS_RoleParams::openFileParams",
    ][::core::mem::offset_of!(QTSS_RoleParams, openFileParams) - 0usize];
    [
        "Offset of field: QTSS_RoleParams::adviseFileParams",
    ][::core::mem::offset_of!(QTSS_RoleParams, adviseFileParams) - 0usize];
    [
        "Offset of field: QTSS_RoleParams::readFileParams",
    ][::core::mem::offset_of!(QTSS_RoleParams, readFileParams) - 0usize];
    [
        "Offset of field: QTSS_RoleParams::closeFileParams",
    ][::core::mem::offset_of!(QTSS_RoleParams, closeFileParams) - 0usize];
    [
        "Offset of field: QTSS_RoleParams::reqEventFileParams",
    ][::core::mem::offset_of!(QTSS_RoleParams, reqEventFileParams) - 0usize];
};
pub type QTSS_RoleParamPtr = *mut QTSS_RoleParams;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct QTSS_PacketStruct {
    pub packetData: *mut ::core::ffi::c_void,
    pub packetTransmitTime: QTSS_TimeVal,
    pub suggestedWakeupTime: QTSS_TimeVal,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of QTSS_PacketStruct"][::core::mem::size_of::<QTSS_PacketStruct>() - 24usize];
    [
        "Alignment of QTSS_PacketStruct",
    ][::core::mem::align_of::<QTSS_PacketStruct>() - 8usize];
    [
        "Offset of field: QTSS_PacketStruct::packetData",
    ][::core::mem::offset_of!(QTSS_PacketStruct, packetData) - 0usize];
    [
        "Offset of field: QTSS_PacketStruct::packetTransmitTime",
    ][::core::mem::offset_of!(QTSS_PacketStruct, packetTransmitTime) - 8usize];
    [
        "Offset of field: QTSS_PacketStruct::suggestedWakeupTime",
    ][::core::mem::offset_of!(QTSS_PacketStruct, suggestedWakeupTime) - 16usize];
};
pub type QTSS_MainEntryPointPtr = ::core::option::Option<
    unsafe extern "C" fn(inPrivateArgs: *mut ::core::ffi::c_void) -> QTSS_Error,
>;
pub type QTSS_DispatchFuncPtr = ::core::option::Option<
    unsafe extern "C" fn(
        inRole: QTSS_Role,
        inParamBlock: QTSS_RoleParamPtr,
    ) -> QTSS_Error,
>;
pub type QTSS_ServiceFunctionPtr = ::core::option::Option<
    unsafe extern "C" fn(arg1: QTSS_ServiceFunctionArgsPtr) -> QTSS_Error,
>;
unsafe extern "C" {
    pub fn _stublibrary_main(
        inPrivateArgs: *mut ::core::ffi::c_void,
        inDispatchFunc: QTSS_DispatchFuncPtr,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_New(
        inMemoryIdentifier: FourCharCode,
        inSize: UInt32,
    ) -> *mut ::core::ffi::c_void;
}
unsafe extern "C" {
    pub fn QTSS_Delete(inMemory: *mut ::core::ffi::c_void);
}
unsafe extern "C" {
    pub fn QTSS_Milliseconds() -> QTSS_TimeVal;
}
unsafe extern "C" {
    pub fn QTSS_MilliSecsTo1970Secs(inQTSS_MilliSeconds: QTSS_TimeVal) -> time_t;
}
unsafe extern "C" {
    pub fn QTSS_AddRole(inRole: QTSS_Role) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_AddStaticAttribute(
        inObjectType: QTSS_ObjectType,
        inAttrName: *mut ::core::ffi::c_char,
        inUnused: *mut ::core::ffi::c_void,
        inAttrDataType: QTSS_AttrDataType,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_AddAttribute(
        inObjectType: QTSS_ObjectType,
        inAttributeName: *const ::core::ffi::c_char,
        inUnused: *mut ::core::ffi::c_void,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_AddService(
        inServiceName: *const ::core::ffi::c_char,
        inFunctionPtr: QTSS_ServiceFunctionPtr,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_CreateObjectType(outType: *mut QTSS_ObjectType) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_IDForAttr(
        inObjectType: QTSS_ObjectType,
        inAttributeName: *const ::core::ffi::c_char,
        outID: *mut QTSS_AttributeID,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_GetValuePtr(
        inObject: QTSS_Object,
        inID: QTSS_AttributeID,
        inIndex: UInt32,
        outBuffer: *mut *mut ::core::ffi::c_void,
        outLen: *mut UInt32,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_GetValue(
        inObject: QTSS_Object,
        inID: QTSS_AttributeID,
        inIndex: UInt32,
        ioBuffer: *mut ::core::ffi::c_void,
        ioLen: *mut UInt32,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_GetValueAsString(
        inObject: QTSS_Object,
        inID: QTSS_AttributeID,
        inIndex: UInt32,
        outString: *mut *mut ::core::ffi::c_char,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_SetValue(
        inObject: QTSS_Object,
        inID: QTSS_AttributeID,
        inIndex: UInt32,
        inBuffer: *const ::core::ffi::c_void,
        inLen: UInt32,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_SetValuePtr(
        inObject: QTSS_Object,
        inID: QTSS_AttributeID,
        inBuffer: *const ::core::ffi::c_void,
        inLen: UInt32,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_GetNumValues(
        inObject: QTSS_Object,
        inID: QTSS_AttributeID,
        outNumValues: *mut UInt32,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_GetNumAttributes(
        inObject: QTSS_Object,
        outNumAttributes: *mut UInt32,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_RemoveValue(
        inObject: QTSS_Object,
        inID: QTSS_AttributeID,
        inIndex: UInt32,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_CreateObjectValue(
        inObject: QTSS_Object,
        inID: QTSS_AttributeID,
        inType: QTSS_ObjectType,
        outIndex: *mut UInt32,
        outCreatedObject: *mut QTSS_Object,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_AddInstanceAttribute(
        inObject: QTSS_Object,
        inAttrName: *mut ::core::ffi::c_char,
        inUnused: *mut ::core::ffi::c_void,
        inAttrDataType: QTSS_AttrDataType,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_RemoveInstanceAttribute(
        inObject: QTSS_Object,
        inID: QTSS_AttributeID,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_GetAttrInfoByIndex(
        inObject: QTSS_Object,
        inIndex: UInt32,
        outAttrInfoObject: *mut QTSS_AttrInfoObject,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_GetAttrInfoByName(
        inObject: QTSS_Object,
        inAttrName: *mut ::core::ffi::c_char,
        outAttrInfoObject: *mut QTSS_AttrInfoObject,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_GetAttrInfoByID(
        inObject: QTSS_Object,
        inAttrID: QTSS_AttributeID,
        outAttrInfoObject: *mut QTSS_AttrInfoObject,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_LockObject(inObject: QTSS_Object) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_UnlockObject(inObject: QTSS_Object) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_TypeToTypeString(
        inType: QTSS_AttrDataType,
        outTypeString: *mut *mut ::core::ffi::c_char,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_TypeStringToType(
        inTypeString: *const ::core::ffi::c_char,
        outType: *mut QTSS_AttrDataType,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_StringToValue(
        inValueAsString: *const ::core::ffi::c_char,
        inType: QTSS_AttrDataType,
        ioBuffer: *mut ::core::ffi::c_void,
        ioBufSize: *mut UInt32,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_ValueToString(
        inValue: *const ::core::ffi::c_void,
        inValueLen: UInt32,
        inType: QTSS_AttrDataType,
        outString: *mut *mut ::core::ffi::c_char,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_Write(
        inRef: QTSS_StreamRef,
        inBuffer: *const ::core::ffi::c_void,
        inLen: UInt32,
        outLenWritten: *mut UInt32,
        inFlags: QTSS_WriteFlags,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_WriteV(
        inRef: QTSS_StreamRef,
        inVec: *mut iovec,
        inNumVectors: UInt32,
        inTotalLength: UInt32,
        outLenWritten: *mut UInt32,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_Flush(inRef: QTSS_StreamRef) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_Read(
        inRef: QTSS_StreamRef,
        ioBuffer: *mut ::core::ffi::c_void,
        inBufLen: UInt32,
        outLengthRead: *mut UInt32,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_Seek(inRef: QTSS_StreamRef, inNewPosition: UInt64) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_Advise(
        inRef: QTSS_StreamRef,
        inPosition: UInt64,
        inAdviseSize: UInt32,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_OpenFileObject(
        inPath: *mut ::core::ffi::c_char,
        inFlags: QTSS_OpenFileFlags,
        outFileObject: *mut QTSS_Object,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_CloseFileObject(inFileObject: QTSS_Object) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_CreateStreamFromSocket(
        inFileDesc: ::core::ffi::c_int,
        outStream: *mut QTSS_SocketStream,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_DestroySocketStream(inStream: QTSS_SocketStream) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_RequestEvent(
        inStream: QTSS_StreamRef,
        inEventMask: QTSS_EventType,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_SignalStream(
        inStream: QTSS_StreamRef,
        inEventMask: QTSS_EventType,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_SetIdleTimer(inIdleMsec: SInt64) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_RequestGlobalLock() -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_IsGlobalLocked() -> Bool16;
}
unsafe extern "C" {
    pub fn QTSS_GlobalUnLock() -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_SetIntervalRoleTimer(inIdleMsec: SInt64) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_IDForService(
        inTag: *const ::core::ffi::c_char,
        outID: *mut QTSS_ServiceID,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_DoService(
        inID: QTSS_ServiceID,
        inArgs: QTSS_ServiceFunctionArgsPtr,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_SendRTSPHeaders(inRef: QTSS_RTSPRequestObject) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_AppendRTSPHeader(
        inRef: QTSS_RTSPRequestObject,
        inHeader: QTSS_RTSPHeader,
        inValue: *const ::core::ffi::c_char,
        inValueLen: UInt32,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_SendStandardRTSPResponse(
        inRTSPRequest: QTSS_RTSPRequestObject,
        inRTPInfo: QTSS_Object,
        inFlags: UInt32,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_AddRTPStream(
        inClientSession: QTSS_ClientSessionObject,
        inRTSPRequest: QTSS_RTSPRequestObject,
        outStream: *mut QTSS_RTPStreamObject,
        inFlags: QTSS_AddStreamFlags,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_Play(
        inClientSession: QTSS_ClientSessionObject,
        inRTSPRequest: QTSS_RTSPRequestObject,
        inPlayFlags: QTSS_PlayFlags,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_Pause(inClientSession: QTSS_ClientSessionObject) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_Teardown(inClientSession: QTSS_ClientSessionObject) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_RefreshTimeOut(inClientSession: QTSS_ClientSessionObject) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_Authenticate(
        inAuthUserName: *const ::core::ffi::c_char,
        inAuthResourceLocalPath: *const ::core::ffi::c_char,
        inAuthMoviesDir: *const ::core::ffi::c_char,
        inAuthRequestAction: QTSS_ActionFlags,
        inAuthScheme: QTSS_AuthScheme,
        ioAuthRequestObject: QTSS_RTSPRequestObject,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_Authorize(
        inAuthRequestObject: QTSS_RTSPRequestObject,
        outAuthRealm: *mut *mut ::core::ffi::c_char,
        outAuthUserAllowed: *mut Bool16,
    ) -> QTSS_Error;
}
unsafe extern "C" {
    pub fn QTSS_LockStdLib();
}
unsafe extern "C" {
    pub fn QTSS_UnlockStdLib();
}
pub type QTSS_CallbackProcPtr = ::core::option::Option<
    unsafe extern "C" fn() -> QTSS_Error,
>;
pub type QTSS_CallbackPtrProcPtr = ::core::option::Option<
    unsafe extern "C" fn() -> *mut ::core::ffi::c_void,
>;
pub const kNewCallback: _bindgen_ty_46 = 0;
pub const kDeleteCallback: _bindgen_ty_46 = 1;
pub const kMillisecondsCallback: _bindgen_ty_46 = 2;
pub const kConvertToUnixTimeCallback: _bindgen_ty_46 = 3;
pub const kAddRoleCallback: _bindgen_ty_46 = 4;
pub const kAddAttributeCallback: _bindgen_ty_46 = 5;
pub const kIDForTagCallback: _bindgen_ty_46 = 6;
pub const kGetAttributePtrByIDCallback: _bindgen_ty_46 = 7;
pub const kGetAttributeByIDCallback: _bindgen_ty_46 = 8;
pub const kSetAttributeByIDCallback: _bindgen_ty_46 = 9;
pub const kWriteCallback: _bindgen_ty_46 = 10;
pub const kWriteVCallback: _bindgen_ty_46 = 11;
pub const kFlushCallback: _bindgen_ty_46 = 12;
pub const kAddServiceCallback: _bindgen_ty_46 = 13;
pub const kIDForServiceCallback: _bindgen_ty_46 = 14;
pub const kDoServiceCallback: _bindgen_ty_46 = 15;
pub const kSendRTSPHeadersCallback: _bindgen_ty_46 = 16;
pub const kAppendRTSPHeadersCallback: _bindgen_ty_46 = 17;
pub const kSendStandardRTSPCallback: _bindgen_ty_46 = 18;
pub const kAddRTPStreamCallback: _bindgen_ty_46 = 19;
pub const kPlayCallback: _bindgen_ty_46 = 20;
pub const kPauseCallback: _bindgen_ty_46 = 21;
pub const kTeardownCallback: _bindgen_ty_46 = 22;
pub const kRequestEventCallback: _bindgen_ty_46 = 23;
pub const kSetIdleTimerCallback: _bindgen_ty_46 = 24;
pub const kOpenFileObjectCallback: _bindgen_ty_46 = 25;
pub const kCloseFileObjectCallback: _bindgen_ty_46 = 26;
pub const kReadCallback: _bindgen_ty_46 = 27;
pub const kSeekCallback: _bindgen_ty_46 = 28;
pub const kAdviseCallback: _bindgen_ty_46 = 29;
pub const kGetNumValuesCallback: _bindgen_ty_46 = 30;
pub const kGetNumAttributesCallback: _bindgen_ty_46 = 31;
pub const kSignalStreamCallback: _bindgen_ty_46 = 32;
pub const kCreateSocketStreamCallback: _bindgen_ty_46 = 33;
pub const kDestroySocketStreamCallback: _bindgen_ty_46 = 34;
pub const kAddStaticAttributeCallback: _bindgen_ty_46 = 35;
pub const kAddInstanceAttributeCallback: _bindgen_ty_46 = 36;
pub const kRemoveInstanceAttributeCallback: _bindgen_ty_46 = 37;
pub const kGetAttrInfoByIndexCallback: _bindgen_ty_46 = 38;
pub const kGetAttrInfoByNameCallback: _bindgen_ty_46 = 39;
pub const kGetAttrInfoByIDCallback: _bindgen_ty_46 = 40;
pub const kGetValueAsStringCallback: _bindgen_ty_46 = 41;
pub const kTypeToTypeStringCallback: _bindgen_ty_46 = 42;
pub const kTypeStringToTypeCallback: _bindgen_ty_46 = 43;
pub const kStringToValueCallback: _bindgen_ty_46 = 44;
pub const kValueToStringCallback: _bindgen_ty_46 = 45;
pub const kRemoveValueCallback: _bindgen_ty_46 = 46;
pub const kRequestGlobalLockCallback: _bindgen_ty_46 = 47;
pub const kIsGlobalLockedCallback: _bindgen_ty_46 = 48;
pub const kUnlockGlobalLock: _bindgen_ty_46 = 49;
pub const kAuthenticateCallback: _bindgen_ty_46 = 50;
pub const kAuthorizeCallback: _bindgen_ty_46 = 51;
pub const kRefreshTimeOutCallback: _bindgen_ty_46 = 52;
pub const kCreateObjectValueCallback: _bindgen_ty_46 = 53;
pub const kCreateObjectTypeCallback: _bindgen_ty_46 = 54;
pub const kLockObjectCallback: _bindgen_ty_46 = 55;
pub const kUnlockObjectCallback: _bindgen_ty_46 = 56;
pub const kSetAttributePtrCallback: _bindgen_ty_46 = 57;
pub const kSetIntervalRoleTimerCallback: _bindgen_ty_46 = 58;
pub const kLockStdLibCallback: _bindgen_ty_46 = 59;
pub const kUnlockStdLibCallback: _bindgen_ty_46 = 60;
pub const kLastCallback: _bindgen_ty_46 = 61;
pub type _bindgen_ty_46 = u32;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct QTSS_Callbacks {
    pub addr: [QTSS_CallbackProcPtr; 61usize],
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of QTSS_Callbacks"][::core::mem::size_of::<QTSS_Callbacks>() - 488usize];
    ["Alignment of QTSS_Callbacks"][::core::mem::align_of::<QTSS_Callbacks>() - 8usize];
    [
        "Offset of field: QTSS_Callbacks::addr",
    ][::core::mem::offset_of!(QTSS_Callbacks, addr) - 0usize];
};
pub type QTSS_CallbacksPtr = *mut QTSS_Callbacks;
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct QTSS_PrivateArgs {
    pub inServerAPIVersion: UInt32,
    pub inCallbacks: QTSS_CallbacksPtr,
    pub inErrorLogStream: QTSS_StreamRef,
    pub outStubLibraryVersion: UInt32,
    pub outDispatchFunction: QTSS_DispatchFuncPtr,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of QTSS_PrivateArgs"][::core::mem::size_of::<QTSS_PrivateArgs>() - 40usize];
    [
        "Alignment of QTSS_PrivateArgs",
    ][::core::mem::align_of::<QTSS_PrivateArgs>() - 8usize];
    [
        "Offset of field: QTSS_PrivateArgs::inServerAPIVersion",
    ][::core::mem::offset_of!(QTSS_PrivateArgs, inServerAPIVersion) - 0usize];
    [
        "Offset of field: QTSS_PrivateArgs::inCallbacks",
    ][::core::mem::offset_of!(QTSS_PrivateArgs, inCallbacks) - 8usize];
    [
        "Offset of field: QTSS_PrivateArgs::inErrorLogStream",
    ][::core::mem::offset_of!(QTSS_PrivateArgs, inErrorLogStream) - 16usize];
    [
        "Offset of field: QTSS_PrivateArgs::outStubLibraryVersion",
    ][::core::mem::offset_of!(QTSS_PrivateArgs, outStubLibraryVersion) - 24usize];
    [
        "Offset of field: QTSS_PrivateArgs::outDispatchFunction",
    ][::core::mem::offset_of!(QTSS_PrivateArgs, outDispatchFunction) - 32usize];
};
pub type QTSS_PrivateArgsPtr = *mut QTSS_PrivateArgs;
#[repr(C)]
#[derive(Debug)]
pub struct QTSSModule {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug)]
pub struct Task {
    _unused: [u8; 0],
}
#[repr(C)]
#[derive(Debug, Copy, Clone)]
pub struct QTSS_ModuleState {
    pub curModule: *mut QTSSModule,
    pub curRole: QTSS_Role,
    pub curTask: *mut Task,
    pub eventRequested: Bool16,
    pub globalLockRequested: Bool16,
    pub isGlobalLocked: Bool16,
    pub idleTime: SInt64,
}
#[allow(clippy::unnecessary_operation, clippy::identity_op)]
const _: () = {
    ["Size of QTSS_ModuleState"][::core::mem::size_of::<QTSS_ModuleState>() - 40usize];
    [
        "Alignment of QTSS_ModuleState",
    ][::core::mem::align_of::<QTSS_ModuleState>() - 8usize];
    [
        "Offset of field: QTSS_ModuleState::curModule",
    ][::core::mem::offset_of!(QTSS_ModuleState, curModule) - 0usize];
    [
        "Offset of field: QTSS_ModuleState::curRole",
    ][::core::mem::offset_of!(QTSS_ModuleState, curRole) - 8usize];
    [
        "Offset of field: QTSS_ModuleState::curTask",
    ][::core::mem::offset_of!(QTSS_ModuleState, curTask) - 16usize];
    [
        "Offset of field: QTSS_ModuleState::eventRequested",
    ][::core::mem::offset_of!(QTSS_ModuleState, eventRequested) - 24usize];
    [
        "Offset of field: QTSS_ModuleState::globalLockRequested",
    ][::core::mem::offset_of!(QTSS_ModuleState, globalLockRequested) - 26usize];
    [
        "Offset of field: QTSS_ModuleState::isGlobalLocked",
    ][::core::mem::offset_of!(QTSS_ModuleState, isGlobalLocked) - 28usize];
    [
        "Offset of field: QTSS_ModuleState::idleTime",
    ][::core::mem::offset_of!(QTSS_ModuleState, idleTime) - 32usize];
};
pub type QTSS_ModuleStatePtr = *mut QTSS_ModuleState;
pub type QTSS_NewProcPtr = ::core::option::Option<
    unsafe extern "C" fn(arg1: FourCharCode, arg2: UInt32) -> *mut ::core::ffi::c_void,
>;
pub type QTSS_DeleteProcPtr = ::core::option::Option<
    unsafe extern "C" fn(arg1: *mut ::core::ffi::c_void),
>;
pub type QTSS_MillisecondsProcPtr = ::core::option::Option<
    unsafe extern "C" fn(arg1: *mut SInt64),
>;
pub type QTSS_MilliSecsTo1970SecsProcPtr = ::core::option::Option<
    unsafe extern "C" fn(arg1: *mut SInt64, arg2: *mut time_t),
>;
pub type QTSS_AddRoleProcPtr = ::core::option::Option<
    unsafe extern "C" fn(arg1: QTSS_Role) -> QTSS_Error,
>;
pub type QTSS_AddAttributeProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_ObjectType,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut ::core::ffi::c_void,
    ) -> QTSS_Error,
>;
pub type QTSS_IDForAttrProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_ObjectType,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut QTSS_AttributeID,
    ) -> QTSS_Error,
>;
pub type QTSS_GetValuePtrProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_Object,
        arg2: QTSS_AttributeID,
        arg3: UInt32,
        arg4: *mut *mut ::core::ffi::c_void,
        arg5: *mut UInt32,
    ) -> QTSS_Error,
>;
pub type QTSS_GetValueProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_Object,
        arg2: QTSS_AttributeID,
        arg3: UInt32,
        arg4: *mut ::core::ffi::c_void,
        arg5: *mut UInt32,
    ) -> QTSS_Error,
>;
pub type QTSS_SetValueProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_Object,
        arg2: QTSS_AttributeID,
        arg3: UInt32,
        arg4: *const ::core::ffi::c_void,
        arg5: UInt32,
    ) -> QTSS_Error,
>;
pub type QTSS_WriteProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_StreamRef,
        arg2: *mut ::core::ffi::c_void,
        arg3: UInt32,
        arg4: *mut UInt32,
        arg5: UInt32,
    ) -> QTSS_Error,
>;
pub type QTSS_WriteVProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_StreamRef,
        arg2: *mut iovec,
        arg3: UInt32,
        arg4: UInt32,
        arg5: *mut UInt32,
    ) -> QTSS_Error,
>;
pub type QTSS_FlushProcPtr = ::core::option::Option<
    unsafe extern "C" fn(arg1: QTSS_StreamRef) -> QTSS_Error,
>;
pub type QTSS_AddServiceProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: *const ::core::ffi::c_char,
        arg2: QTSS_ServiceFunctionPtr,
    ) -> QTSS_Error,
>;
pub type QTSS_IDForServiceProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: *const ::core::ffi::c_char,
        arg2: *mut QTSS_ServiceID,
    ) -> QTSS_Error,
>;
pub type QTSS_DoServiceProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_ServiceID,
        arg2: QTSS_ServiceFunctionArgsPtr,
    ) -> QTSS_Error,
>;
pub type QTSS_SendRTSPHeadersProcPtr = ::core::option::Option<
    unsafe extern "C" fn(arg1: QTSS_RTSPRequestObject) -> QTSS_Error,
>;
pub type QTSS_AppendRTSPHeaderProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_RTSPRequestObject,
        arg2: QTSS_RTSPHeader,
        arg3: *mut ::core::ffi::c_char,
        arg4: UInt32,
    ) -> QTSS_Error,
>;
pub type QTSS_SendStandardRTSPResponseProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_RTSPRequestObject,
        arg2: QTSS_Object,
        arg3: UInt32,
    ) -> QTSS_Error,
>;
pub type QTSS_AddRTPStreamProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_ClientSessionObject,
        arg2: QTSS_RTSPRequestObject,
        arg3: *mut QTSS_RTPStreamObject,
        arg4: QTSS_AddStreamFlags,
    ) -> QTSS_Error,
>;
pub type QTSS_PlayProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_ClientSessionObject,
        arg2: QTSS_RTSPRequestObject,
        arg3: QTSS_PlayFlags,
    ) -> QTSS_Error,
>;
pub type QTSS_PauseProcPtr = ::core::option::Option<
    unsafe extern "C" fn(arg1: QTSS_ClientSessionObject) -> QTSS_Error,
>;
pub type QTSS_TeardownProcPtr = ::core::option::Option<
    unsafe extern "C" fn(arg1: QTSS_ClientSessionObject) -> QTSS_Error,
>;
pub type QTSS_RequestEventProcPtr = ::core::option::Option<
    unsafe extern "C" fn(arg1: QTSS_StreamRef, arg2: QTSS_EventType) -> QTSS_Error,
>;
pub type QTSS_SetIdleTimerProcPtr = ::core::option::Option<
    unsafe extern "C" fn(arg1: SInt64) -> QTSS_Error,
>;
pub type QTSS_OpenFileObjectProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: *mut ::core::ffi::c_char,
        arg2: QTSS_OpenFileFlags,
        arg3: *mut QTSS_Object,
    ) -> QTSS_Error,
>;
pub type QTSS_CloseFileObjectProcPtr = ::core::option::Option<
    unsafe extern "C" fn(arg1: QTSS_Object) -> QTSS_Error,
>;
pub type QTSS_ReadProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_StreamRef,
        arg2: *mut ::core::ffi::c_void,
        arg3: UInt32,
        arg4: *mut UInt32,
    ) -> QTSS_Error,
>;
pub type QTSS_SeekProcPtr = ::core::option::Option<
    unsafe extern "C" fn(arg1: QTSS_StreamRef, arg2: UInt64) -> QTSS_Error,
>;
pub type QTSS_AdviseProcPtr = ::core::option::Option<
    unsafe extern "C" fn(arg1: QTSS_StreamRef, arg2: UInt64, arg3: UInt32) -> QTSS_Error,
>;
pub type QTSS_GetNumValuesProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_Object,
        arg2: QTSS_AttributeID,
        arg3: *mut UInt32,
    ) -> QTSS_Error,
>;
pub type QTSS_GetNumAttributesProcPtr = ::core::option::Option<
    unsafe extern "C" fn(arg1: QTSS_Object, arg2: *mut UInt32) -> QTSS_Error,
>;
pub type QTSS_SignalStreamProcPtr = ::core::option::Option<
    unsafe extern "C" fn(arg1: QTSS_StreamRef) -> QTSS_Error,
>;
pub type QTSS_CreateStreamFromSocketProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: ::core::ffi::c_int,
        arg2: *mut QTSS_StreamRef,
    ) -> QTSS_Error,
>;
pub type QTSS_DestroySocketStreamProcPtr = ::core::option::Option<
    unsafe extern "C" fn(arg1: QTSS_StreamRef) -> QTSS_Error,
>;
pub type QTSS_AddStaticAttributeProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_ObjectType,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut ::core::ffi::c_void,
        arg4: QTSS_AttrDataType,
    ) -> QTSS_Error,
>;
pub type QTSS_AddInstanceAttributeProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_Object,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut ::core::ffi::c_void,
        arg4: QTSS_AttrDataType,
    ) -> QTSS_Error,
>;
pub type QTSS_RemoveInstanceAttributeProcPtr = ::core::option::Option<
    unsafe extern "C" fn(arg1: QTSS_Object, arg2: QTSS_AttributeID) -> QTSS_Error,
>;
pub type QTSS_GetAttrInfoByIndexProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_Object,
        arg2: UInt32,
        arg3: *mut QTSS_Object,
    ) -> QTSS_Error,
>;
pub type QTSS_GetAttrInfoByNameProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_Object,
        arg2: *const ::core::ffi::c_char,
        arg3: *mut QTSS_Object,
    ) -> QTSS_Error,
>;
pub type QTSS_GetAttrInfoByIDProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_Object,
        arg2: QTSS_AttributeID,
        arg3: *mut QTSS_Object,
    ) -> QTSS_Error,
>;
pub type QTSS_GetValueAsStringProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_Object,
        arg2: QTSS_AttributeID,
        arg3: UInt32,
        arg4: *mut *mut ::core::ffi::c_char,
    ) -> QTSS_Error,
>;
pub type QTSS_TypeToTypeStringProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_AttrDataType,
        arg2: *mut *mut ::core::ffi::c_char,
    ) -> QTSS_Error,
>;
pub type QTSS_TypeStringToTypeProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: *mut ::core::ffi::c_char,
        arg2: *mut QTSS_AttrDataType,
    ) -> QTSS_Error,
>;
pub type QTSS_StringToValueProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: *mut ::core::ffi::c_char,
        arg2: QTSS_AttrDataType,
        arg3: *mut ::core::ffi::c_void,
        arg4: *mut UInt32,
    ) -> QTSS_Error,
>;
pub type QTSS_ValueToStringProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: *mut ::core::ffi::c_void,
        arg2: UInt32,
        arg3: QTSS_AttrDataType,
        arg4: *mut *mut ::core::ffi::c_char,
    ) -> QTSS_Error,
>;
pub type QTSS_RemoveValueProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_Object,
        arg2: QTSS_AttributeID,
        arg3: UInt32,
    ) -> QTSS_Error,
>;
pub type QTSS_RequestGlobalLockProcPtr = ::core::option::Option<
    unsafe extern "C" fn() -> QTSS_Error,
>;
pub type QTSS_IsGlobalLockedProcPtr = ::core::option::Option<
    unsafe extern "C" fn() -> Bool16,
>;
pub type QTSS_GlobalUnLockProcPtr = ::core::option::Option<
    unsafe extern "C" fn() -> QTSS_Error,
>;
pub type QTSS_AuthenticateProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: *const ::core::ffi::c_char,
        arg2: *const ::core::ffi::c_char,
        arg3: *const ::core::ffi::c_char,
        arg4: QTSS_ActionFlags,
        arg5: QTSS_AuthScheme,
        arg6: QTSS_RTSPRequestObject,
    ) -> QTSS_Error,
>;
pub type QTSS_AuthorizeProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_RTSPRequestObject,
        arg2: *mut *mut ::core::ffi::c_char,
        arg3: *mut Bool16,
    ) -> QTSS_Error,
>;
pub type QTSS_RefreshTimeOutProcPtr = ::core::option::Option<
    unsafe extern "C" fn(arg1: QTSS_ClientSessionObject) -> QTSS_Error,
>;
pub type QTSS_CreateObjectValueProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_Object,
        arg2: QTSS_AttributeID,
        arg3: QTSS_ObjectType,
        arg4: *mut UInt32,
        arg5: *mut QTSS_Object,
    ) -> QTSS_Error,
>;
pub type QTSS_CreateObjectTypeProcPtr = ::core::option::Option<
    unsafe extern "C" fn(arg1: *mut QTSS_ObjectType) -> QTSS_Error,
>;
pub type QTSS_LockObjectProcPtr = ::core::option::Option<
    unsafe extern "C" fn(arg1: QTSS_Object) -> QTSS_Error,
>;
pub type QTSS_UnlockObjectProcPtr = ::core::option::Option<
    unsafe extern "C" fn(arg1: QTSS_Object) -> QTSS_Error,
>;
pub type QTSS_SetValuePtrProcPtr = ::core::option::Option<
    unsafe extern "C" fn(
        arg1: QTSS_Object,
        arg2: QTSS_AttributeID,
        arg3: *const ::core::ffi::c_void,
        arg4: UInt32,
    ) -> QTSS_Error,
>;
pub type QTSS_SetIntervalRoleTimerProcPtr = ::core::option::Option<
    unsafe extern "C" fn(arg1: SInt64) -> QTSS_Error,
>;
pub type QTSS_LockStdLibProcPtr = ::core::option::Option<unsafe extern "C" fn()>;
pub type QTSS_UnlockStdLibProcPtr = ::core::option::Option<unsafe extern "C" fn()>;
