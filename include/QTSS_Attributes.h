/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Ids of the built-in attributes, one set per object type. QTSS.h includes this file.
 *
 * Each comment gives the registered name where it is not the constant's, the data type ("list": several values), what
 * modules may do (r read, w write, p pointer without QTSS_LockObject, i the object inside takes instance attributes,
 * c computed until a value is stored), and what it holds. Attributes that modules add to a type follow the built-in
 * ones in registration order; instance attributes count from 0x80000000. The header object (qtssRTSPHeaderObjectType)
 * has one char[] attribute per header, whose id is the header's number in QTSSRTSPProtocol.h.
 */
#ifndef DSS_QTSS_ATTRIBUTES_H
#define DSS_QTSS_ATTRIBUTES_H

#include "OSHeaders.h"

/* qtssRTPStreamObjectType: One per stream that SETUP added to a client session. */
enum
{
    /* UInt32, rwp: track number of this stream inside the presentation; 0 until a module sets it */
    qtssRTPStrTrackID                      = 0,
    /* UInt32, rp: RTP synchronization source the server picked for the stream, unique in the session, used in its
     * sender reports */
    qtssRTPStrSSRC                         = 1,
    /* char[], rwp: payload/codec name text such as the rtpmap value, empty until a module sets it */
    qtssRTPStrPayloadName                  = 2,
    /* UInt32, rwp: media kind (unknown/video/audio) as QTSS_RTPPayloadType */
    qtssRTPStrPayloadType                  = 3,
    /* SInt16, rwp: sequence number of the first packet after the latest PLAY; goes into RTP-Info */
    qtssRTPStrFirstSeqNumber               = 4,
    /* SInt32, rwp: RTP timestamp of the first packet after the latest PLAY; goes into RTP-Info */
    qtssRTPStrFirstTimestamp               = 5,
    qtssRTPStrTimescale                    = 6, /* SInt32, rwp: RTP clock rate of the track */
    qtssRTPStrQualityLevel                 = 7, /* UInt32, rwp: current thinning level, 0 is best */
    qtssRTPStrNumQualityLevels             = 8, /* UInt32, rwp: how many thinning levels the owning module offers */
    /* Float32, rwp: client buffer depth in seconds used for lateness decisions, starts at 3 */
    qtssRTPStrBufferDelayInSecs            = 9,
    qtssRTPStrFractionLostPackets          = 10, /* UInt32, rp: fraction-lost field of the last receiver report */
    qtssRTPStrTotalLostPackets             = 11, /* UInt32, rp: cumulative lost packets taken from receiver reports */
    qtssRTPStrJitter                       = 12, /* UInt32, rp: jitter field of the last receiver report */
    /* UInt32, rp: client-reported average receive rate in bits per second */
    qtssRTPStrRecvBitRate                  = 13,
    qtssRTPStrAvgLateMilliseconds          = 14, /* UInt16, rp: client-reported mean lateness of packets in ms */
    qtssRTPStrPercentPacketsLost           = 15, /* UInt16, rp: client-reported loss percentage */
    qtssRTPStrAvgBufDelayInMsec            = 16, /* UInt16, rp: client-reported mean buffer delay in ms */
    /* UInt16, rp: non-zero when the client reports improving reception */
    qtssRTPStrGettingBetter                = 17,
    /* UInt16, rp: non-zero when the client reports worsening reception */
    qtssRTPStrGettingWorse                 = 18,
    qtssRTPStrNumEyes                      = 19, /* UInt32, rp: client-reported number of connected viewers */
    qtssRTPStrNumEyesActive                = 20, /* UInt32, rp: client-reported number of playing viewers */
    qtssRTPStrNumEyesPaused                = 21, /* UInt32, rp: client-reported number of paused viewers */
    qtssRTPStrTotPacketsRecv               = 22, /* UInt32, rp: client-reported packets received */
    qtssRTPStrTotPacketsDropped            = 23, /* UInt16, rp: client-reported packets dropped */
    qtssRTPStrTotPacketsLost               = 24, /* UInt16, rp: client-reported packets lost */
    qtssRTPStrClientBufFill                = 25, /* UInt16, rp: client buffer fill in tenths of a second */
    qtssRTPStrFrameRate                    = 26, /* UInt16, rp: client-reported frames per second */
    qtssRTPStrExpFrameRate                 = 27, /* UInt16, rp: client-reported expected frames per second */
    qtssRTPStrAudioDryCount                = 28, /* UInt16, rp: how many times the client ran out of audio */
    /* Bool16, rp: true when packets go interleaved over the RTSP connection */
    qtssRTPStrIsTCP                        = 29,
    /* QTSS_StreamRef, rp: stream ref for RTP/RTCP writes; equals the stream object pointer */
    qtssRTPStrStreamRef                    = 30,
    qtssRTPStrTransportType                = 31, /* UInt32, rp: transport in use (UDP, reliable UDP, TCP) */
    /* UInt32, rp: packets the server dropped because they were too late */
    qtssRTPStrStalePacketsDropped          = 32,
    qtssRTPStrCurrentAckTimeout            = 33, /* UInt32, rp: ack timeout in ms advertised for reliable UDP */
    qtssRTPStrCurPacketsLostInRTCPInterval = 34, /* UInt32, rp: packets lost since the previous receiver report */
    qtssRTPStrPacketCountInRTCPInterval    = 35, /* UInt32, rp: packets sent since the previous receiver report */
    qtssRTPStrSvrRTPPort                   = 36, /* UInt16, rp: local UDP port that RTP leaves from */
    qtssRTPStrClientRTPPort                = 37, /* UInt16, rp: client UDP port that RTP goes to */
    qtssRTPStrNetworkMode                  = 38, /* UInt32, rp: unicast/multicast mode of the stream */
    qtssRTPStr3gppObject                   = 39, /* QTSS_Object, rp: 3GPP companion object of this stream */
    qtssRTPStrThinningDisabled             = 40, /* Bool16, rp: true when thinning is switched off for this stream */
    qtssRTPStrNumParams                    = 41 /* number of attributes */
};
typedef UInt32 QTSS_RTPStreamAttributes;

/* qtss3GPPStreamObjectType: 3GPP part of a stream. */
enum
{
    qtss3GPPStreamEnabled              = 0, /* Bool16, rp: whether 3GPP rate adaptation may run on this stream */
    /* UInt32, rp: client buffer size in bytes from the 3GPP adaptation header */
    qtss3GPPStreamRateAdaptBufferBytes = 1,
    /* UInt32, rp: target buffering time in ms from the 3GPP adaptation header */
    qtss3GPPStreamRateAdaptTimeMilli   = 2,
    qtss3GPPStreamNumParams            = 3 /* number of attributes */
};
typedef UInt32 QTSS_RTPStream3GPPAttributes;

/* qtssClientSessionObjectType: One per client session, from the first request to ClientSessionClosing. */
enum
{
    /* QTSS_Object, list, rp: the RTP stream objects of the session, one value per AddRTPStream */
    qtssCliSesStreamObjects          = 0,
    qtssCliSesCreateTimeInMsec       = 1, /* QTSS_TimeVal, rp: creation time in server milliseconds */
    qtssCliSesFirstPlayTimeInMsec    = 2, /* QTSS_TimeVal, rp: time of the first QTSS_Play, 0 before it */
    qtssCliSesPlayTimeInMsec         = 3, /* QTSS_TimeVal, rp: time of the latest QTSS_Play */
    qtssCliSesAdjustedPlayTimeInMsec = 4, /* QTSS_TimeVal, rp: latest play time minus the requested start offset */
    qtssCliSesRTPBytesSent           = 5, /* UInt32, rp: RTP bytes sent so far, wraps at 32 bits */
    qtssCliSesRTPPacketsSent         = 6, /* UInt32, rp: RTP packets sent so far */
    qtssCliSesState                  = 7, /* UInt32, rp: paused or playing */
    qtssCliSesPresentationURL        = 8, /* char[], rp: URL path of the request that created the session */
    qtssCliSesFirstUserAgent         = 9, /* char[], rp: User-Agent of the request that created the session */
    /* "qtssCliStrMovieDurationInSecs", Float64, rwp: media duration in seconds as set by the media module */
    qtssCliSesMovieDurationInSecs    = 10,
    /* "qtssCliStrMovieSizeInBytes", UInt64, rwp: media size in bytes as set by the media module */
    qtssCliSesMovieSizeInBytes       = 11,
    /* UInt32, rwp: mean media bit rate as set by the media module; drives window and TCP buffer sizing at QTSS_Play */
    qtssCliSesMovieAverageBitRate    = 12,
    /* QTSS_Object, rp: RTSP session last used with this client session, NULL value when none */
    qtssCliSesLastRTSPSession        = 13,
    qtssCliSesFullURL                = 14, /* char[], rp: full rtsp URL of the request that created the session */
    qtssCliSesHostName               = 15, /* char[], rp: host part (with port) taken from the creating request */
    qtssCliRTSPSessRemoteAddrStr     = 16, /* char[], rp: client IPv4 address text */
    qtssCliRTSPSessLocalDNS          = 17, /* char[], rp: DNS name of the local address */
    qtssCliRTSPSessLocalAddrStr      = 18, /* char[], rp: local IPv4 address text */
    qtssCliRTSPSesUserName           = 19, /* char[], rp: user name of the latest request */
    qtssCliRTSPSesUserPassword       = 20, /* char[], rp: password of the latest request */
    qtssCliRTSPSesURLRealm           = 21, /* char[], rp: realm of the latest request */
    /* UInt32, rp: numeric status of the latest request, copied just before post-processing */
    qtssCliRTSPReqRealStatusCode     = 22,
    /* UInt32, rwp: why a module tore the session down; set before QTSS_Teardown */
    qtssCliTeardownReason            = 23,
    qtssCliSesReqQueryString         = 24, /* char[], rp: query string of the creating DESCRIBE */
    /* char[], rp: error text of the latest request, copied just before post-processing when non-empty */
    qtssCliRTSPReqRespMsg            = 25,
    qtssCliSesCurrentBitRate         = 26, /* UInt32, rp: send rate in bits per second, recomputed at each read */
    /* Float32, rp: loss over the last RTCP interval summed over streams, 0-100 */
    qtssCliSesPacketLossPercent      = 27,
    qtssCliSesTimeConnectedInMsec    = 28, /* "qtssCliSesTimeConnectedinMsec", SInt64, rp: age of the session in ms */
    qtssCliSesCounterID              = 29, /* UInt32, rp: process-wide increasing number of the session */
    qtssCliSesRTSPSessionID          = 30, /* char[], rp: session id used in the RTSP Session header */
    qtssCliSesFramesSkipped          = 31, /* UInt32, rwp: frames skipped, set by modules */
    /* UInt32, rwp: idle timeout in ms; writing re-arms the timer with the new period */
    qtssCliSesTimeoutMsec            = 32,
    qtssCliSesOverBufferEnabled      = 33, /* Bool16, rwp: whether overbuffering is on; write 0 to switch it off */
    qtssCliSesRTCPPacketsRecv        = 34, /* UInt32, rp: RTCP packets received so far */
    qtssCliSesRTCPBytesRecv          = 35, /* UInt32, rp: RTCP bytes received so far */
    qtssCliSesStartedThinning        = 36, /* Bool16, rwp: true once any stream of the session has been thinned */
    qtssCliSes3GPPObject             = 37, /* QTSS_Object, rp: 3GPP companion object of this session */
    qtssCliSessLastRTSPBandwidth     = 38, /* UInt32, rp: last Bandwidth header value in bits per second */
    qtssCliSessIs3GPPSession         = 39, /* Bool16, rp: true after a request with 3GPP headers */
    qtssCliSesNumParams              = 40 /* number of attributes */
};
typedef UInt32 QTSS_ClientSessionAttributes;

/* qtss3GPPClientSessionObjectType: 3GPP part of a client session. */
enum
{
    /* Bool16, rp: 3GPP support flag, from the server preference */
    qtss3GPPCliSesEnabled                          = 0,
    qtss3GPPCliSesLinkCharGuaranteedBitRate        = 1, /* UInt32, rp: guaranteed rate (kbit/s) from 3GPP-Link-Char */
    qtss3GPPCliSesLinkCharMaxBitRate               = 2, /* UInt32, rp: maximum rate (kbit/s) from 3GPP-Link-Char */
    /* UInt32, rp: maximum transfer delay in ms from 3GPP-Link-Char */
    qtss3GPPCliSesLinkCharMaxTransferDelayMilliSec = 3,
    /* char[], rp: URL from 3GPP-Link-Char; reported length is always the 128-byte buffer size */
    qtss3GPPCliSesLinkCharURL                      = 4,
    qtss3GPPCliSesNumParams                        = 5 /* number of attributes */
};
typedef UInt32 QTSS_ClientSession3GPPAttributes;

/* qtssRTSPSessionObjectType: One per RTSP connection. */
enum
{
    qtssRTSPSesID                  = 0, /* UInt32, rp: process-wide increasing number of the RTSP connection */
    qtssRTSPSesLocalAddr           = 1, /* UInt32, rpc: local IPv4 address, host byte order */
    qtssRTSPSesLocalAddrStr        = 2, /* char[], rpc: local IPv4 address text */
    qtssRTSPSesLocalDNS            = 3, /* char[], rpc: DNS name of the local address, address text if unknown */
    qtssRTSPSesRemoteAddr          = 4, /* UInt32, rpc: client IPv4 address, host byte order */
    qtssRTSPSesRemoteAddrStr       = 5, /* char[], rpc: client IPv4 address text */
    /* UInt32, rp: server-private socket pointer; typed UInt32 yet pointer-sized */
    qtssRTSPSesEventCntxt          = 6,
    qtssRTSPSesType                = 7, /* UInt32, rp: plain RTSP, HTTP tunnel, or HTTP tunnel input half */
    /* QTSS_StreamRef, rp: non-blocking stream of the connection; equals the RTSP session object pointer */
    qtssRTSPSesStreamRef           = 8,
    qtssRTSPSesLastUserName        = 9, /* char[], rp: user name of the previous request */
    qtssRTSPSesLastUserPassword    = 10, /* char[], rp: password of the previous request */
    qtssRTSPSesLastURLRealm        = 11, /* char[], rp: realm of the previous request */
    qtssRTSPSesLocalPort           = 12, /* UInt16, rpc: local TCP port */
    qtssRTSPSesRemotePort          = 13, /* UInt16, rpc: client TCP port */
    qtssRTSPSes3GPPObject          = 14, /* QTSS_Object, rp: 3GPP companion object of this connection */
    qtssRTSPSesLastDigestChallenge = 15, /* char[], rp: last Digest challenge sent on the connection */
    qtssRTSPSesNumParams           = 16 /* number of attributes */
};
typedef UInt32 QTSS_RTSPSessionAttributes;

/* qtss3GPPRTSPObjectType: 3GPP part of a connection. */
enum
{
    qtss3GPPRTSPSesEnabled    = 0, /* Bool16, rp: 3GPP support flag, from the server preference */
    qtss3GPPRTSPSessNumParams = 1 /* number of attributes */
};
typedef UInt32 QTSS_3GPPRTSPSessionAttributes;

/* qtssRTSPRequestObjectType: The request in progress; gone when it has been answered. Text attributes alias one
 * buffer with the full request. */
enum
{
    /* char[], rp: raw request text up to the blank line, or a filter's replacement */
    qtssRTSPReqFullRequest       = 0,
    qtssRTSPReqMethodStr         = 1, /* char[], rp: method token */
    qtssRTSPReqFilePath          = 2, /* char[], rw: decoded URL path in local syntax */
    qtssRTSPReqURI               = 3, /* char[], rp: URL path as sent */
    qtssRTSPReqFilePathTrunc     = 4, /* char[], r: file path without its last component */
    qtssRTSPReqFileName          = 5, /* char[], r: last component of the file path */
    qtssRTSPReqFileDigit         = 6, /* char[], r: run of digits that ends the file path */
    qtssRTSPReqAbsoluteURL       = 7, /* char[], rp: URL as sent, up to the query mark */
    qtssRTSPReqTruncAbsoluteURL  = 8, /* char[], rpc: absolute URL without its last component */
    qtssRTSPReqMethod            = 9, /* UInt32, rp: method as QTSS_RTSPMethod */
    /* UInt32, rwp: status that SendRTSPHeaders will use, index form, starts at OK */
    qtssRTSPReqStatusCode        = 10,
    /* Float64, rp: start of the Range header in seconds; no value when the header is absent */
    qtssRTSPReqStartTime         = 11,
    /* Float64, rp: end of the Range header in seconds; no value when the header is absent */
    qtssRTSPReqStopTime          = 12,
    /* Bool16, rwp: keep the connection after this request; 0 adds a Connection: Close header and ends it */
    qtssRTSPReqRespKeepAlive     = 13,
    qtssRTSPReqRootDir           = 14, /* char[], rw: document root for this request, starts as the movie folder */
    qtssRTSPReqRealStatusCode    = 15, /* UInt32, rp: status as the three-digit wire number */
    /* QTSS_StreamRef, rp: buffering response stream; equals the request object pointer and never reports WouldBlock
     * on writes */
    qtssRTSPReqStreamRef         = 16,
    qtssRTSPReqUserName          = 17, /* char[], rp: user name from the Authorization header */
    qtssRTSPReqUserPassword      = 18, /* char[], rp: password from a Basic Authorization header */
    /* Bool16, rwp: authorization verdict, reset to the guest default before each authenticate module and true before
     * authorize */
    qtssRTSPReqUserAllowed       = 19,
    /* char[], rwp: realm to challenge with; preset from the preference before authentication */
    qtssRTSPReqURLRealm          = 20,
    /* char[], r: root directory plus file path (track component dropped on SETUP) */
    qtssRTSPReqLocalPath         = 21,
    qtssRTSPReqIfModSinceDate    = 22, /* QTSS_TimeVal, rp: If-Modified-Since as milliseconds; no value when absent */
    qtssRTSPReqQueryString       = 23, /* char[], rp: text after the question mark */
    qtssRTSPReqRespMsg           = 24, /* char[], rwp: text describing an error sent to the client */
    qtssRTSPReqContentLen        = 25, /* UInt32, rp: Content-Length of the request */
    qtssRTSPReqSpeed             = 26, /* Float32, rp: Speed header value, 0 when absent */
    qtssRTSPReqLateTolerance     = 27, /* Float32, rp: late-tolerance field of x-Transport-Options, -1 when absent */
    qtssRTSPReqTransportType     = 28, /* UInt32, rp: requested transport kind */
    qtssRTSPReqTransportMode     = 29, /* UInt32, rp: play or record, from the Transport header */
    qtssRTSPReqSetUpServerPort   = 30, /* UInt16, rwp: server port to report in a push SETUP response */
    qtssRTSPReqAction            = 31, /* UInt32, rwp: action flags (read/write/admin) the request needs */
    qtssRTSPReqUserProfile       = 32, /* QTSS_Object, rwp: user profile object of the request */
    qtssRTSPReqPrebufferMaxTime  = 33, /* Float32, rp: maxtime of x-Prebuffer, -1 when absent */
    qtssRTSPReqAuthScheme        = 34, /* UInt32, rwp: authentication scheme in effect */
    /* Bool16, rwp: set by a Route module to jump over authenticate and authorize */
    qtssRTSPReqSkipAuthorization = 35,
    /* UInt32, rp: unicast/multicast from Transport; the attribute is never bound, so reads find no value */
    qtssRTSPReqNetworkMode       = 36,
    /* "qtssRTSPReqDynamicRateValue", SInt32, rp: x-Dynamic-Rate: -1 absent, 0 off, 1 on */
    qtssRTSPReqDynamicRateState  = 37,
    qtssRTSPReq3GPPRequestObject = 38, /* QTSS_Object, rp: 3GPP companion object of this request */
    qtssRTSPReqBandwidthBits     = 39, /* UInt32, rp: Bandwidth header value, 0 when absent */
    qtssRTSPReqUserFound         = 40, /* Bool16, rwp: set by an authenticate module that knows the user */
    qtssRTSPReqAuthHandled       = 41, /* Bool16, rwp: set by a module that takes over the decision */
    qtssRTSPReqDigestChallenge   = 42, /* char[], rp: Digest challenge text used for this request */
    /* char[], rp: Authorization header text of the client, whole value, for Digest */
    qtssRTSPReqDigestResponse    = 43,
    qtssRTSPReqNumParams         = 44 /* number of attributes */
};
typedef UInt32 QTSS_RTSPRequestAttributes;

/* qtss3GPPRequestObjectType: 3GPP part of a request. */
enum
{
    qtss3GPPRequestEnabled                  = 0, /* Bool16, rwp: 3GPP support flag for this request */
    qtss3GPPRequestRateAdaptationStreamData = 1, /* char[], rp: one stream entry of the 3GPP-Adaptation header */
    qtss3GPPRequestNumParams                = 2 /* number of attributes */
};
typedef UInt32 QTSS_RTSPRequest3GPPAttributes;

/* qtssServerObjectType: The server; one object (inServer of Initialize). */
enum
{
    qtssServerAPIVersion             = 0, /* UInt32, rp: QTSS_API_VERSION of the server */
    qtssSvrDefaultDNSName            = 1, /* char[], r: DNS name of the default address */
    qtssSvrDefaultIPAddr             = 2, /* UInt32, r: default IPv4 address */
    qtssSvrServerName                = 3, /* char[], rp: product name */
    qtssSvrServerVersion             = 4, /* "qtssRTSPSvrServerVersion", char[], rp: version text */
    qtssSvrServerBuildDate           = 5, /* "qtssRTSPSvrServerBuildDate", char[], rp: compile date and time text */
    qtssSvrRTSPPorts                 = 6, /* UInt16, list, r: listening RTSP ports */
    qtssSvrRTSPServerHeader          = 7, /* char[], rp: complete "Server: ..." header line without line end */
    qtssSvrState                     = 8, /* UInt32, rw: server state; writing drives state changes */
    qtssSvrIsOutOfDescriptors        = 9, /* Bool16, r: true when a listener ran out of descriptors */
    qtssRTSPCurrentSessionCount      = 10, /* UInt32, r: open plain RTSP connections */
    qtssRTSPHTTPCurrentSessionCount  = 11, /* UInt32, r: open HTTP-tunnelled connections */
    qtssRTPSvrNumUDPSockets          = 12, /* UInt32, r: UDP sockets in the pool */
    qtssRTPSvrCurConn                = 13, /* UInt32, r: current client sessions */
    qtssRTPSvrTotalConn              = 14, /* UInt32, r: client sessions since start */
    qtssRTPSvrCurBandwidth           = 15, /* UInt32, r: current RTP output in bits per second */
    qtssRTPSvrTotalBytes             = 16, /* UInt64, r: RTP bytes since start */
    qtssRTPSvrAvgBandwidth           = 17, /* UInt32, r: averaged RTP output in bits per second */
    qtssRTPSvrCurPackets             = 18, /* UInt32, r: RTP packets per second */
    qtssRTPSvrTotalPackets           = 19, /* UInt64, r: RTP packets since start */
    /* UInt32, list, rwp: RTSP methods offered by modules; becomes the Public header */
    qtssSvrHandledMethods            = 20,
    qtssSvrModuleObjects             = 21, /* QTSS_Object, list, rp: module objects in load order */
    qtssSvrStartupTime               = 22, /* QTSS_TimeVal, r: start time in ms */
    qtssSvrGMTOffsetInHrs            = 23, /* SInt32, r: time zone offset in hours */
    qtssSvrDefaultIPAddrStr          = 24, /* char[], r: default IPv4 address text */
    qtssSvrPreferences               = 25, /* QTSS_Object, ri: server preferences object */
    qtssSvrMessages                  = 26, /* QTSS_Object, r: text messages object */
    qtssSvrClientSessions            = 27, /* QTSS_Object, list, r: current client session objects */
    qtssSvrCurrentTimeMilliseconds   = 28, /* QTSS_TimeVal, r: current time in ms */
    qtssSvrCPULoadPercent            = 29, /* Float32, r: CPU use percentage */
    qtssSvrNumReliableUDPBuffers     = 30, /* UInt32, r: reliable UDP buffers in use */
    qtssSvrReliableUDPWastageInBytes = 31, /* UInt32, r: unused bytes inside those buffers */
    qtssSvrConnectedUsers            = 32, /* QTSS_Object, list, rw: connected-user objects added by modules */
    qtssMP3SvrCurConn                = 33, /* UInt32, rwp: current MP3 clients */
    qtssMP3SvrTotalConn              = 34, /* UInt32, rwp: MP3 clients since start */
    qtssMP3SvrCurBandwidth           = 35, /* UInt32, rwp: MP3 output in bits per second */
    qtssMP3SvrTotalBytes             = 36, /* UInt64, rwp: MP3 bytes since start */
    qtssMP3SvrAvgBandwidth           = 37, /* UInt32, rwp: averaged MP3 output */
    qtssSvrServerBuild               = 38, /* char[], rp: build number text */
    qtssSvrServerPlatform            = 39, /* char[], rp: platform text */
    qtssSvrRTSPServerComment         = 40, /* char[], rp: comment part of the Server header */
    qtssSvrNumThinned                = 41, /* SInt32, rp: sessions being thinned */
    qtssSvrNumThreads                = 42, /* UInt32, rp: task threads */
    qtssSvrNumParams                 = 43 /* number of attributes */
};
typedef UInt32 QTSS_ServerAttributes;

/* qtssPrefsObjectType: Server preferences; one object (inPrefs of Initialize). Writing one rewrites the
 * configuration file. Takes instance attributes. */
enum
{
    /* "rtsp_timeout", UInt32, rw: RTSP timeout in seconds advertised in Session headers; 0 advertises none */
    qtssPrefsRTSPTimeout                    = 0,
    /* "real_rtsp_timeout", UInt32, rw: seconds before an idle RTSP connection is dropped; 0 never */
    qtssPrefsRealRTSPTimeout                = 1,
    /* "rtp_timeout", UInt32, rw: seconds before an idle client session is dropped; 0 never */
    qtssPrefsRTPTimeout                     = 2,
    /* "maximum_connections", SInt32, rw: limit on client sessions; -1 unlimited */
    qtssPrefsMaximumConnections             = 3,
    /* "maximum_bandwidth", SInt32, rw: limit on output in kbit/s; -1 unlimited */
    qtssPrefsMaximumBandwidth               = 4,
    qtssPrefsMovieFolder                    = 5, /* "movie_folder", char[], rw: media root directory */
    /* "bind_ip_addr", char[], list, rw: addresses to listen on; 0 means all */
    qtssPrefsRTSPIPAddr                     = 6,
    /* "break_on_assert", Bool16, rw: stop in the debugger on assertion instead of logging it */
    qtssPrefsBreakOnAssert                  = 7,
    /* "auto_restart", Bool16, rw: parent process restarts the server after a crash */
    qtssPrefsAutoRestart                    = 8,
    /* "total_bytes_update", UInt32, rw: seconds between statistics updates */
    qtssPrefsTotalBytesUpdate               = 9,
    /* "average_bandwidth_update", UInt32, rw: seconds between average bandwidth computations */
    qtssPrefsAvgBandwidthUpdate             = 10,
    /* "safe_play_duration", UInt32, rw: when over the bandwidth limit, only sessions younger than this many seconds
     * may be disconnected */
    qtssPrefsSafePlayDuration               = 11,
    /* "module_folder", char[], rw: directory scanned for dynamic modules */
    qtssPrefsModuleFolder                   = 12,
    /* "error_logfile_name", char[], rw: error log file name without suffix */
    qtssPrefsErrorLogName                   = 13,
    /* "error_logfile_dir", char[], rw: error log directory; also the default directory of other logs and of the
     * stats file */
    qtssPrefsErrorLogDir                    = 14,
    /* "error_logfile_interval", UInt32, rw: days between error log rolls */
    qtssPrefsErrorRollInterval              = 15,
    /* "error_logfile_size", UInt32, rw: error log size in bytes that triggers a roll */
    qtssPrefsMaxErrorLogSize                = 16,
    /* "error_logfile_verbosity", UInt32, rw: highest verbosity that is logged */
    qtssPrefsErrorLogVerbosity              = 17,
    /* "screen_logging", Bool16, rw: echo error log lines on standard output */
    qtssPrefsScreenLogging                  = 18,
    qtssPrefsErrorLogEnabled                = 19, /* "error_logging", Bool16, rw: write the error log file */
    /* "drop_all_video_delay", SInt32, rw: lateness in ms beyond which video packets are dropped */
    qtssPrefsDropVideoAllPacketsDelayInMsec = 20,
    /* "start_thinning_delay", SInt32, rw: lateness in ms at which thinning may begin */
    qtssPrefsStartThinningDelayInMsec       = 21,
    /* "large_window_size", UInt32, rw: reliable UDP window in KB for high bit rates */
    qtssPrefsLargeWindowSizeInK             = 22,
    /* "window_size_threshold", UInt32, rw: kbit/s above which the medium window is used */
    qtssPrefsWindowSizeThreshold            = 23,
    /* "min_tcp_buffer_size", UInt32, rw: smallest TCP send buffer in bytes */
    qtssPrefsMinTCPBufferSizeInBytes        = 24,
    /* "max_tcp_buffer_size", UInt32, rw: largest TCP send buffer in bytes */
    qtssPrefsMaxTCPBufferSizeInBytes        = 25,
    /* "tcp_seconds_to_buffer", Float32, rw: seconds of media that the TCP send buffer should hold */
    qtssPrefsTCPSecondsToBuffer             = 26,
    /* "do_report_http_connection_ip_address", Bool16, rw: add the server address header to the tunnel GET reply */
    qtssPrefsDoReportHTTPConnectionAddress  = 27,
    /* "default_authorization_realm", char[], rw: realm used in challenges */
    qtssPrefsDefaultAuthorizationRealm      = 28,
    qtssPrefsRunUserName                    = 29, /* "run_user_name", char[], rw: account to switch to after start */
    qtssPrefsRunGroupName                   = 30, /* "run_group_name", char[], rw: group to switch to after start */
    /* "append_source_addr_in_transport", Bool16, rw: add the source address to Transport replies */
    qtssPrefsSrcAddrInTransport             = 31,
    qtssPrefsRTSPPorts                      = 32, /* "rtsp_port", UInt16, list, rw: TCP ports to listen on */
    /* "max_retransmit_delay", UInt32, rw: upper bound in ms between retransmission checks */
    qtssPrefsMaxRetransDelayInMsec          = 33,
    /* "small_window_size", UInt32, rw: reliable UDP window in KB for low bit rates */
    qtssPrefsSmallWindowSizeInK             = 34,
    /* "ack_logging_enabled", Bool16, rw: debug log of reliable UDP acks */
    qtssPrefsAckLoggingEnabled              = 35,
    qtssPrefsRTCPPollIntervalInMsec         = 36, /* "rtcp_poll_interval", UInt32, rw: RTCP poll period in ms */
    /* "rtcp_rcv_buf_size", UInt32, rw: RTCP socket receive buffer in KB */
    qtssPrefsRTCPSockRcvBufSizeInK          = 37,
    /* "send_interval", UInt32, rw: smallest time in ms between packet send runs */
    qtssPrefsSendInterval                   = 38,
    /* "thick_all_the_way_delay", SInt32, rw: lateness in ms at which full quality is restored at once */
    qtssPrefsThickAllTheWayDelayInMsec      = 39,
    /* "alt_transport_src_ipaddr", char[], rw: address to report as source in Transport instead of the own one */
    qtssPrefsAltTransportIPAddr             = 40,
    /* "max_send_ahead_time", UInt32, rw: seconds of media that may be sent ahead to overbuffering clients */
    qtssPrefsMaxAdvanceSendTimeInSec        = 41,
    /* "reliable_udp_slow_start", Bool16, rw: use slow start for reliable UDP */
    qtssPrefsReliableUDPSlowStart           = 42,
    /* "auto_delete_sdp_files", Bool16, rw: delete announced SDP files when the broadcast ends */
    qtssPrefsAutoDeleteSDPFiles             = 43,
    qtssPrefsAuthenticationScheme           = 44, /* "authentication_scheme", char[], rw: none, basic or digest */
    /* "sdp_file_delete_interval_seconds", UInt32, rw: period of the SDP clean-up */
    qtssPrefsDeleteSDPFilesInterval         = 45,
    /* "auto_start", Bool16, rw: hint for boot scripts to start the server */
    qtssPrefsAutoStart                      = 46,
    qtssPrefsReliableUDP                    = 47, /* "reliable_udp", Bool16, rw: allow reliable UDP */
    /* "reliable_udp_dirs", char[], list, rw: path prefixes for which reliable UDP may be used */
    qtssPrefsReliableUDPDirs                = 48,
    /* "reliable_udp_printfs", Bool16, rw: print reliable UDP statistics */
    qtssPrefsReliableUDPPrintfs             = 49,
    /* "drop_all_packets_delay", SInt32, rw: lateness in ms beyond which any packet is dropped */
    qtssPrefsDropAllPacketsDelayInMsec      = 50,
    /* "thin_all_the_way_delay", SInt32, rw: lateness in ms at which thinning goes to the maximum */
    qtssPrefsThinAllTheWayDelayInMsec       = 51,
    /* "always_thin_delay", SInt32, rw: lateness in ms at which thinning always starts */
    qtssPrefsAlwaysThinDelayInMsec          = 52,
    /* "start_thicking_delay", SInt32, rw: lateness in ms below which quality may be raised */
    qtssPrefsStartThickingDelayInMsec       = 53,
    /* "quality_check_interval", UInt32, rw: ms between quality decisions */
    qtssPrefsQualityCheckIntervalInMsec     = 54,
    /* "RTSP_error_message", Bool16, rw: send an explanatory body with RTSP errors */
    qtssPrefsEnableRTSPErrorMessage         = 55,
    qtssPrefsEnableRTSPDebugPrintfs         = 56, /* "RTSP_debug_printfs", Bool16, rw: print requests and responses */
    qtssPrefsEnableMonitorStatsFile         = 57, /* "enable_monitor_stats_file", Bool16, rw: write the stats file */
    /* "monitor_stats_file_interval_seconds", UInt32, rw: stats file period */
    qtssPrefsMonitorStatsFileIntervalSec    = 58,
    qtssPrefsMonitorStatsFileName           = 59, /* "monitor_stats_file_name", char[], rw: stats file name */
    /* "enable_packet_header_printfs", Bool16, rw: print packet headers */
    qtssPrefsEnablePacketHeaderPrintfs      = 60,
    /* "packet_header_printf_options", char[], rw: which packet kinds to print */
    qtssPrefsPacketHeaderPrintfOptions      = 61,
    /* "overbuffer_rate", Float32, rw: send rate multiplier used for overbuffering */
    qtssPrefsOverbufferRate                 = 62,
    /* "medium_window_size", UInt32, rw: reliable UDP window in KB for medium bit rates */
    qtssPrefsMediumWindowSizeInK            = 63,
    /* "window_size_max_threshold", UInt32, rw: kbit/s above which the large window is used */
    qtssPrefsWindowSizeMaxThreshold         = 64,
    /* "RTSP_server_info", Bool16, rw: include the Server header in responses */
    qtssPrefsEnableRTSPServerInfo           = 65,
    /* "run_num_threads", UInt32, rw: short-task thread count, 0 picks by processor count (at most 2) */
    qtssPrefsRunNumThreads                  = 66,
    qtssPrefsPidFile                        = 67, /* "pid_file", char[], rw: pid file path */
    /* "force_logs_close_on_write", Bool16, rw: close log files after every write */
    qtssPrefsCloseLogsOnWrite               = 68,
    qtssPrefsDisableThinning                = 69, /* "disable_thinning", Bool16, rw: switch thinning off */
    /* "player_requires_rtp_header_info", char[], list, rw: user-agent fragments of players that need sequence and
     * time in RTP-Info */
    qtssPrefsPlayersReqRTPHeader            = 70,
    /* "player_requires_bandwidth_adjustment", char[], list, rw: user-agent fragments of players whose SDP bandwidth
     * is adjusted */
    qtssPrefsPlayersReqBandAdjust           = 71,
    /* "player_requires_no_pause_time_adjustment", char[], list, rw: user-agent fragments of players that must not
     * get pause-shifted timestamps */
    qtssPrefsPlayersReqNoPauseTimeAdjust    = 72,
    /* "enable_3gpp_protocol", Bool16, rw: enable 3GPP release 6 features */
    qtssPrefsEnable3gppProtocol             = 73,
    /* "enable_3gpp_protocol_rate_adaptation", Bool16, rw: enable 3GPP rate adaptation */
    qtssPrefsEnable3gppProtocolRateAdapt    = 74,
    /* "3gpp_protocol_rate_adaptation_report_frequency", UInt16, rw: requested report frequency, 1 to 9 */
    qtssPrefs3gppRateAdaptReportFrequency   = 75,
    /* "default_stream_quality", UInt16, rw: initial quality level, 0 best */
    qtssPrefsDefaultStreamQuality           = 76,
    /* "player_requires_rtp_start_time_adjust", char[], list, rw: user-agent fragments of players whose RTP start is
     * delayed */
    qtssPrefsPlayersReqRTPStartTimeAdjust   = 77,
    /* "enable_3gpp_debug_printfs", Bool16, rw: print 3GPP adaptation state */
    qtssPrefsEnable3gppDebugPrintfs         = 78,
    /* "enable_udp_monitor_stream", Bool16, rw: copy outgoing RTP to the monitor address */
    qtssPrefsEnableUDPMonitor               = 79,
    qtssPrefsUDPMonitorAudioPort            = 80, /* "udp_monitor_video_port", UInt16, rw: monitor port for video */
    qtssPrefsUDPMonitorVideoPort            = 81, /* "udp_monitor_audio_port", UInt16, rw: monitor port for audio */
    qtssPrefsUDPMonitorDestIPAddr           = 82, /* "udp_monitor_dest_ip", char[], rw: monitor destination address */
    /* "udp_monitor_src_ip", char[], rw: only monitor this client address, with wildcards */
    qtssPrefsUDPMonitorSourceIPAddr         = 83,
    /* "enable_allow_guest_default", Bool16, rw: default authorization verdict when no module decides */
    qtssPrefsEnableAllowGuestDefault        = 84,
    /* "run_num_rtsp_threads", UInt32, rw: blocking-task thread count, 0 becomes 1 */
    qtssPrefsNumRTSPThreads                 = 85,
    /* "player_requires_disable_3gpp_rate_adapt", char[], list, rw: user-agent fragments of players without rate
     * adaptation */
    qtssPrefsPlayersReqDisable3gppRateAdapt = 86,
    /* "player_requires_3gpp_target_time", char[], list, rw: user-agent fragments of players with a fixed target time */
    qtssPrefsPlayersReq3GPPTargetTime       = 87,
    /* "3gpp_target_time_milliseconds", UInt32, rw: that fixed target time */
    qtssPrefs3GPPTargetTime                 = 88,
    /* "player_requires_disable_thinning", char[], list, rw: user-agent fragments of players without thinning */
    qtssPrefsPlayersReqDisableThinning      = 89,
    qtssPrefsNumParams                      = 90 /* number of attributes */
};
typedef UInt32 QTSS_PrefsAttributes;

/* qtssTextMessagesObjectType: Text messages; one object (inMessages of Initialize). Each attribute is the text of
 * one message, with %s where an argument goes; always NUL-terminated. */
enum
{
    qtssMsgNoMessage               = 0,
    qtssMsgNoURLInRequest          = 1,
    qtssMsgBadRTSPMethod           = 2,
    qtssMsgNoRTSPVersion           = 3,
    qtssMsgNoRTSPInURL             = 4,
    qtssMsgURLTooLong              = 5,
    qtssMsgURLInBadFormat          = 6,
    qtssMsgNoColonAfterHeader      = 7,
    qtssMsgNoEOLAfterHeader        = 8,
    qtssMsgRequestTooLong          = 9,
    qtssMsgNoModuleFolder          = 10,
    qtssMsgCouldntListen           = 11,
    qtssMsgInitFailed              = 12,
    qtssMsgNotConfiguredForIP      = 13,
    qtssMsgDefaultRTSPAddrUnavail  = 14,
    qtssMsgBadModule               = 15,
    qtssMsgRegFailed               = 16,
    qtssMsgRefusingConnections     = 17,
    qtssMsgTooManyClients          = 18,
    qtssMsgTooMuchThruput          = 19,
    qtssMsgNoSessionID             = 20,
    qtssMsgFileNameTooLong         = 21,
    qtssMsgNoClientPortInTransport = 22,
    qtssMsgRTPPortMustBeEven       = 23,
    qtssMsgRTCPPortMustBeOneBigger = 24,
    qtssMsgOutOfPorts              = 25,
    qtssMsgNoModuleForRequest      = 26,
    qtssMsgAltDestNotAllowed       = 27,
    qtssMsgCantSetupMulticast      = 28,
    qtssListenPortInUse            = 29,
    qtssListenPortAccessDenied     = 30,
    qtssListenPortError            = 31,
    qtssMsgBadBase64               = 32,
    qtssMsgSomePortsFailed         = 33,
    qtssMsgNoPortsSucceeded        = 34,
    qtssMsgCannotCreatePidFile     = 35,
    qtssMsgCannotSetRunUser        = 36,
    qtssMsgCannotSetRunGroup       = 37,
    qtssMsgNoSesIDOnDescribe       = 38,
    qtssServerPrefMissing          = 39,
    qtssServerPrefWrongType        = 40,
    qtssMsgCantWriteFile           = 41,
    qtssMsgSockBufSizesTooLarge    = 42,
    qtssMsgBadFormat               = 43,
    qtssMsgNumParams               = 44 /* number of attributes */
};
typedef UInt32 QTSS_TextMessagesAttributes;

/* qtssFileObjectType: A file opened with QTSS_OpenFileObject. */
enum
{
    qtssFlObjStream            = 0, /* QTSS_StreamRef, rp: stream ref of the file; equals the file object pointer */
    qtssFlObjFileSysModuleName = 1, /* char[], rp: name of the file system module; never set by this server version */
    qtssFlObjLength            = 2, /* UInt64, rwp: file length, set by the file system module */
    qtssFlObjPosition          = 3, /* UInt64, rp: current read offset */
    /* UInt64, rwp: modification time in milliseconds, set by the file system module */
    qtssFlObjModDate           = 4,
    qtssFlObjNumParams         = 5 /* number of attributes */
};
typedef UInt32 QTSS_FileObjectAttributes;

/* qtssModuleObjectType: One per module. */
enum
{
    /* char[], rp: module name: file name for dynamic modules, compiled-in name for static ones */
    qtssModName       = 0,
    qtssModDesc       = 1, /* char[], rw: free text description */
    qtssModVersion    = 2, /* UInt32, rw: version number */
    qtssModRoles      = 3, /* UInt32, list, rp: roles the module registered for, in call order */
    qtssModPrefs      = 4, /* QTSS_Object, rpi: module preferences object */
    qtssModAttributes = 5, /* QTSS_Object, rpi: object that accepts instance attributes of the module */
    qtssModNumParams  = 6 /* number of attributes */
};
typedef UInt32 QTSS_ModuleObjectAttributes;

/* qtssAttrInfoObjectType: Describes an attribute; from QTSS_GetAttrInfoBy...; belongs to the server. */
enum
{
    qtssAttrName          = 0, /* char[], rp: attribute name */
    qtssAttrID            = 1, /* UInt32, rp: attribute id */
    qtssAttrDataType      = 2, /* UInt32, rp: data type code */
    qtssAttrPermissions   = 3, /* UInt32, rp: permission bits */
    qtssAttrInfoNumParams = 4 /* number of attributes */
};
typedef UInt32 QTSS_AttrInfoObjectAttributes;

/* qtssUserProfileObjectType: The user of a request (qtssRTSPReqUserProfile); filled in the authenticate role. */
enum
{
    qtssUserName               = 0, /* char[], rp: user name */
    /* char[], rwp: secret to check against: crypt text for Basic, A1 hash text for Digest */
    qtssUserPassword           = 1,
    qtssUserGroups             = 2, /* char[], list, rwp: group names, one per value */
    qtssUserRealm              = 3, /* char[], rwp: realm of the user entry */
    qtssUserRights             = 4, /* UInt32, rwp: rights bits */
    qtssUserExtendedRights     = 5, /* char[], list, rwp: extra right names */
    qtssUserQTSSExtendedRights = 6, /* char[], list, rwp: reserved right names */
    qtssUserNumParams          = 7 /* number of attributes */
};
typedef UInt32 QTSS_UserProfileObjectAttributes;

/* qtssConnectedUserObjectType: A client of something other than RTP, made by a module with QTSS_CreateObjectValue
 * under qtssSvrConnectedUsers. */
enum
{
    qtssConnectionType                = 0, /* char[], rwp: kind of connection text */
    qtssConnectionCreateTimeInMsec    = 1, /* QTSS_TimeVal, rwp: creation time in ms */
    qtssConnectionTimeConnectedInMsec = 2, /* QTSS_TimeVal, rp: age in ms, computed from the creation time */
    qtssConnectionBytesSent           = 3, /* UInt32, rwp: bytes sent */
    qtssConnectionMountPoint          = 4, /* char[], rwp: URL or mount point */
    qtssConnectionHostName            = 5, /* char[], rwp: host name of the request */
    qtssConnectionSessRemoteAddrStr   = 6, /* char[], rwp: client address text */
    qtssConnectionSessLocalAddrStr    = 7, /* char[], rwp: server address text */
    qtssConnectionCurrentBitRate      = 8, /* UInt32, rwp: bit rate */
    qtssConnectionPacketLossPercent   = 9, /* Float32, rwp: loss figure */
    qtssConnectionTimeStorage         = 10, /* QTSS_TimeVal, rwp: backing store of the computed age */
    qtssConnectionNumParams           = 11 /* number of attributes */
};
typedef UInt32 QTSS_ConnectedUserObjectAttributes;

#endif /* DSS_QTSS_ATTRIBUTES_H */
