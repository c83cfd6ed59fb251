/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * RTSP methods, headers and status codes as the QTSS module API numbers them. The comments give the text on the wire.
 */
#ifndef DSS_QTSSRTSPPROTOCOL_H
#define DSS_QTSSRTSPPROTOCOL_H

#include "OSHeaders.h"

/* qtssRTSPReqMethod. The first ones, up to qtssNumVIPMethods, are those looked up first. */
enum
{
    qtssDescribeMethod     = 0, /* DESCRIBE */
    qtssSetupMethod        = 1, /* SETUP */
    qtssTeardownMethod     = 2, /* TEARDOWN */
    qtssNumVIPMethods      = 3, /* number of methods looked up first */
    qtssPlayMethod         = 3, /* PLAY */
    qtssPauseMethod        = 4, /* PAUSE */
    qtssOptionsMethod      = 5, /* OPTIONS */
    qtssAnnounceMethod     = 6, /* ANNOUNCE */
    qtssGetParameterMethod = 7, /* GET_PARAMETER */
    qtssSetParameterMethod = 8, /* SET_PARAMETER */
    qtssRedirectMethod     = 9, /* REDIRECT */
    qtssRecordMethod       = 10, /* RECORD */
    qtssNumMethods         = 11, /* how many there are */
    qtssIllegalMethod      = 11 /* no method */
};
typedef UInt32 QTSS_RTSPMethod;

/* Headers: the argument of QTSS_AppendRTSPHeader, and the attribute ids of the header object. */
enum
{
    qtssAcceptHeader                  = 0, /* Accept */
    qtssCSeqHeader                    = 1, /* Cseq */
    qtssUserAgentHeader               = 2, /* User-Agent */
    qtssTransportHeader               = 3, /* Transport */
    qtssSessionHeader                 = 4, /* Session */
    qtssRangeHeader                   = 5, /* Range */
    qtssNumVIPHeaders                 = 6, /* number of headers looked up first */
    qtssAcceptEncodingHeader          = 6, /* Accept-Encoding */
    qtssAcceptLanguageHeader          = 7, /* Accept-Language */
    qtssAuthorizationHeader           = 8, /* Authorization */
    qtssBandwidthHeader               = 9, /* Bandwidth */
    qtssBlockSizeHeader               = 10, /* Blocksize */
    qtssCacheControlHeader            = 11, /* Cache-Control */
    qtssConferenceHeader              = 12, /* Conference */
    qtssConnectionHeader              = 13, /* Connection */
    qtssContentBaseHeader             = 14, /* Content-Base */
    qtssContentEncodingHeader         = 15, /* Content-Encoding */
    qtssContentLanguageHeader         = 16, /* Content-Language */
    qtssContentLengthHeader           = 17, /* Content-length */
    qtssContentLocationHeader         = 18, /* Content-Location */
    qtssContentTypeHeader             = 19, /* Content-Type */
    qtssDateHeader                    = 20, /* Date */
    qtssExpiresHeader                 = 21, /* Expires */
    qtssFromHeader                    = 22, /* From */
    qtssHostHeader                    = 23, /* Host */
    qtssIfMatchHeader                 = 24, /* If-Match */
    qtssIfModifiedSinceHeader         = 25, /* If-Modified-Since */
    qtssLastModifiedHeader            = 26, /* Last-Modified */
    qtssLocationHeader                = 27, /* Location */
    qtssProxyAuthenticateHeader       = 28, /* Proxy-Authenticate */
    qtssProxyRequireHeader            = 29, /* Proxy-Require */
    qtssRefererHeader                 = 30, /* Referer */
    qtssRetryAfterHeader              = 31, /* Retry-After */
    qtssRequireHeader                 = 32, /* Require */
    qtssRTPInfoHeader                 = 33, /* RTP-Info */
    qtssScaleHeader                   = 34, /* Scale */
    qtssSpeedHeader                   = 35, /* Speed */
    qtssTimestampHeader               = 36, /* Timestamp */
    qtssVaryHeader                    = 37, /* Vary */
    qtssViaHeader                     = 38, /* Via */
    qtssNumRequestHeaders             = 39, /* how many there are */
    qtssAllowHeader                   = 39, /* Allow */
    qtssPublicHeader                  = 40, /* Public */
    qtssServerHeader                  = 41, /* Server */
    qtssUnsupportedHeader             = 42, /* Unsupported */
    qtssWWWAuthenticateHeader         = 43, /* WWW-Authenticate */
    qtssSameAsLastHeader              = 44, /* , */
    qtssExtensionHeaders              = 45, /* how many there are */
    qtssXRetransmitHeader             = 45, /* x-Retransmit */
    qtssXAcceptRetransmitHeader       = 46, /* x-Accept-Retransmit */
    qtssXRTPMetaInfoHeader            = 47, /* x-RTP-Meta-Info */
    qtssXTransportOptionsHeader       = 48, /* x-Transport-Options */
    qtssXPacketRangeHeader            = 49, /* x-Packet-Range */
    qtssXPreBufferHeader              = 50, /* x-Prebuffer */
    qtssXDynamicRateHeader            = 51, /* x-Dynamic-Rate */
    qtssXAcceptDynamicRateHeader      = 52, /* x-Accept-Dynamic-Rate */
    qtssXRandomDataSizeHeader         = 53, /* x-Random-Data-Size */
    qtss3GPPLinkCharHeader            = 54, /* 3GPP-Link-Char */
    qtss3GPPAdaptationHeader          = 55, /* 3GPP-Adaptation */
    qtss3GPPQOEFeedback               = 56, /* 3GPP-QoE-Feedback */
    qtss3GPPQOEMetrics                = 57, /* 3GPP-QoE-Metrics */
    qtssXPreDecBufSizeHeader          = 58, /* x-predecbufsize */
    qtssXInitPredecBufPeriodHeader    = 59, /* x-initpredecbufperiod */
    qtssXInitPostDecBufPeriodHeader   = 60, /* x-initpostdecbufperiod */
    qtss3GPPVideoPostDecBufSizeHeader = 61, /* 3gpp-videopostdecbufsize */
    qtssNumHeaders                    = 62, /* how many there are */
    qtssIllegalHeader                 = 62 /* no header */
};
typedef UInt32 QTSS_RTSPHeader;

/* qtssRTSPReqStatusCode: an index, not the number on the wire (that is qtssRTSPReqRealStatusCode). */
enum
{
    qtssContinue                        = 0, /* 100 Continue */
    qtssSuccessOK                       = 1, /* 200 OK */
    qtssSuccessCreated                  = 2, /* 201 Created */
    qtssSuccessAccepted                 = 3, /* 202 Accepted */
    qtssSuccessNoContent                = 4, /* 204 No Content */
    qtssSuccessPartialContent           = 5, /* 206 Partial Content */
    qtssSuccessLowOnStorage             = 6, /* 250 Low on Storage Space */
    qtssMultipleChoices                 = 7, /* 300 Multiple Choices */
    qtssRedirectPermMoved               = 8, /* 301 Moved Permanently */
    qtssRedirectTempMoved               = 9, /* 302 Found */
    qtssRedirectSeeOther                = 10, /* 303 See Other */
    qtssRedirectNotModified             = 11, /* 304 Not Modified */
    qtssUseProxy                        = 12, /* 305 Use Proxy */
    qtssClientBadRequest                = 13, /* 400 Bad Request */
    qtssClientUnAuthorized              = 14, /* 401 Unauthorized */
    qtssPaymentRequired                 = 15, /* 402 Payment Required */
    qtssClientForbidden                 = 16, /* 403 Forbidden */
    qtssClientNotFound                  = 17, /* 404 Not Found */
    qtssClientMethodNotAllowed          = 18, /* 405 Method Not Allowed */
    qtssNotAcceptable                   = 19, /* 406 Not Acceptable */
    qtssProxyAuthenticationRequired     = 20, /* 407 Proxy Authentication Required */
    qtssRequestTimeout                  = 21, /* 408 Request Time-out */
    qtssClientConflict                  = 22, /* 409 Conflict */
    qtssGone                            = 23, /* 410 Gone */
    qtssLengthRequired                  = 24, /* 411 Length Required */
    qtssPreconditionFailed              = 25, /* 412 Precondition Failed */
    qtssRequestEntityTooLarge           = 26, /* 413 Request Entity Too Large */
    qtssRequestURITooLarge              = 27, /* 414 Request-URI Too Large */
    qtssUnsupportedMediaType            = 28, /* 415 Unsupported Media Type */
    qtssClientParameterNotUnderstood    = 29, /* 451 Parameter Not Understood */
    qtssClientConferenceNotFound        = 30, /* 452 Conference Not Found */
    qtssClientNotEnoughBandwidth        = 31, /* 453 Not Enough Bandwidth */
    qtssClientSessionNotFound           = 32, /* 454 Session Not Found */
    qtssClientMethodNotValidInState     = 33, /* 455 Method Not Valid in this State */
    qtssClientHeaderFieldNotValid       = 34, /* 456 Header Field Not Valid For Resource */
    qtssClientInvalidRange              = 35, /* 457 Invalid Range */
    qtssClientReadOnlyParameter         = 36, /* 458 Parameter Is Read-Only */
    qtssClientAggregateOptionNotAllowed = 37, /* 459 Aggregate Option Not Allowed */
    qtssClientAggregateOptionAllowed    = 38, /* 460 Only Aggregate Option Allowed */
    qtssClientUnsupportedTransport      = 39, /* 461 Unsupported Transport */
    qtssClientDestinationUnreachable    = 40, /* 462 Destination Unreachable */
    qtssServerInternal                  = 41, /* 500 Internal Server Error */
    qtssServerNotImplemented            = 42, /* 501 Not Implemented */
    qtssServerBadGateway                = 43, /* 502 Bad Gateway */
    qtssServerUnavailable               = 44, /* 503 Service Unavailable */
    qtssServerGatewayTimeout            = 45, /* 504 Gateway Timeout */
    qtssRTSPVersionNotSupported         = 46, /* 505 RTSP Version not supported */
    qtssServerOptionNotSupported        = 47, /* 551 Option Not Supported */
    qtssNumStatusCodes                  = 48 /* how many there are */
};
typedef UInt32 QTSS_RTSPStatusCode;

#endif /* DSS_QTSSRTSPPROTOCOL_H */
