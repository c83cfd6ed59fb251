//! Client sessions and RTSP sessions (connections), with their 3GPP companions.

use super::table::*;

attribute_table! {
    /// One object per RTP client session.
    CLIENT_SESSION {
        /// The RTP stream objects of the session, one value per AddRTPStream.
        qtssCliSesStreamObjects = 0, "qtssCliSesStreamObjects", Object, RS, Value, Many;
        /// Creation time in server milliseconds.
        qtssCliSesCreateTimeInMsec = 1, "qtssCliSesCreateTimeInMsec", TimeVal, RS, Field, One;
        /// Time of the first QTSS_Play, 0 before it.
        qtssCliSesFirstPlayTimeInMsec = 2, "qtssCliSesFirstPlayTimeInMsec", TimeVal, RS, Field, One;
        /// Time of the latest QTSS_Play.
        qtssCliSesPlayTimeInMsec = 3, "qtssCliSesPlayTimeInMsec", TimeVal, RS, Field, One;
        /// Latest play time minus the requested start offset.
        qtssCliSesAdjustedPlayTimeInMsec = 4, "qtssCliSesAdjustedPlayTimeInMsec", TimeVal, RS, Field, One;
        /// RTP bytes sent so far, wraps at 32 bits.
        qtssCliSesRTPBytesSent = 5, "qtssCliSesRTPBytesSent", UInt32, RS, Field, One;
        /// RTP packets sent so far.
        qtssCliSesRTPPacketsSent = 6, "qtssCliSesRTPPacketsSent", UInt32, RS, Field, One;
        /// Paused or playing.
        qtssCliSesState = 7, "qtssCliSesState", UInt32, RS, Field, One;
        /// URL path of the request that created the session.
        qtssCliSesPresentationURL = 8, "qtssCliSesPresentationURL", CharArray, RS, Value, One;
        /// User-Agent of the request that created the session.
        qtssCliSesFirstUserAgent = 9, "qtssCliSesFirstUserAgent", CharArray, RS, Value, One;
        /// Media duration in seconds as set by the media module.
        qtssCliSesMovieDurationInSecs = 10, "qtssCliStrMovieDurationInSecs", Float64, RWS, Field, One;
        /// Media size in bytes as set by the media module.
        qtssCliSesMovieSizeInBytes = 11, "qtssCliStrMovieSizeInBytes", UInt64, RWS, Field, One;
        /// Mean media bit rate as set by the media module; drives window and TCP buffer sizing at QTSS_Play.
        qtssCliSesMovieAverageBitRate = 12, "qtssCliSesMovieAverageBitRate", UInt32, RWS, Field, One;
        /// RTSP session last used with this client session, NULL value when none.
        qtssCliSesLastRTSPSession = 13, "qtssCliSesLastRTSPSession", Object, RS, Field, One;
        /// Full rtsp URL of the request that created the session.
        qtssCliSesFullURL = 14, "qtssCliSesFullURL", CharArray, RS, Value, One;
        /// Host part (with port) taken from the creating request.
        qtssCliSesHostName = 15, "qtssCliSesHostName", CharArray, RS, Value, One;
        /// Client IPv4 address text.
        qtssCliRTSPSessRemoteAddrStr = 16, "qtssCliRTSPSessRemoteAddrStr", CharArray, RS, Value, One;
        /// DNS name of the local address.
        qtssCliRTSPSessLocalDNS = 17, "qtssCliRTSPSessLocalDNS", CharArray, RS, Value, One;
        /// Local IPv4 address text.
        qtssCliRTSPSessLocalAddrStr = 18, "qtssCliRTSPSessLocalAddrStr", CharArray, RS, Value, One;
        /// User name of the latest request.
        qtssCliRTSPSesUserName = 19, "qtssCliRTSPSesUserName", CharArray, RS, Value, One;
        /// Password of the latest request.
        qtssCliRTSPSesUserPassword = 20, "qtssCliRTSPSesUserPassword", CharArray, RS, Value, One;
        /// Realm of the latest request.
        qtssCliRTSPSesURLRealm = 21, "qtssCliRTSPSesURLRealm", CharArray, RS, Value, One;
        /// Numeric status of the latest request, copied just before post-processing.
        qtssCliRTSPReqRealStatusCode = 22, "qtssCliRTSPReqRealStatusCode", UInt32, RS, Field, One;
        /// Why a module tore the session down; set before QTSS_Teardown.
        qtssCliTeardownReason = 23, "qtssCliTeardownReason", UInt32, RWS, Field, One;
        /// Query string of the creating DESCRIBE.
        qtssCliSesReqQueryString = 24, "qtssCliSesReqQueryString", CharArray, RS, Value, One;
        /// Error text of the latest request, copied just before post-processing when non-empty.
        qtssCliRTSPReqRespMsg = 25, "qtssCliRTSPReqRespMsg", CharArray, RS, Value, One;
        /// Send rate in bits per second, recomputed at each read.
        qtssCliSesCurrentBitRate = 26, "qtssCliSesCurrentBitRate", UInt32, RS, Computed, One;
        /// Loss over the last RTCP interval summed over streams, 0-100.
        qtssCliSesPacketLossPercent = 27, "qtssCliSesPacketLossPercent", Float32, RS, Computed, One;
        /// Age of the session in ms.
        qtssCliSesTimeConnectedInMsec = 28, "qtssCliSesTimeConnectedinMsec", SInt64, RS, Computed, One;
        /// Process-wide increasing number of the session.
        qtssCliSesCounterID = 29, "qtssCliSesCounterID", UInt32, RS, Field, One;
        /// Session id used in the RTSP Session header.
        qtssCliSesRTSPSessionID = 30, "qtssCliSesRTSPSessionID", CharArray, RS, Value, One;
        /// Frames skipped, set by modules.
        qtssCliSesFramesSkipped = 31, "qtssCliSesFramesSkipped", UInt32, RWS, Field, One;
        /// Idle timeout in ms; writing re-arms the timer with the new period.
        qtssCliSesTimeoutMsec = 32, "qtssCliSesTimeoutMsec", UInt32, RWS, Field, One;
        /// Whether overbuffering is on; write 0 to switch it off.
        qtssCliSesOverBufferEnabled = 33, "qtssCliSesOverBufferEnabled", Bool16, RWS, Field, One;
        /// RTCP packets received so far.
        qtssCliSesRTCPPacketsRecv = 34, "qtssCliSesRTCPPacketsRecv", UInt32, RS, Field, One;
        /// RTCP bytes received so far.
        qtssCliSesRTCPBytesRecv = 35, "qtssCliSesRTCPBytesRecv", UInt32, RS, Field, One;
        /// True once any stream of the session has been thinned.
        qtssCliSesStartedThinning = 36, "qtssCliSesStartedThinning", Bool16, RWS, Field, One;
        /// 3GPP companion object of this session.
        qtssCliSes3GPPObject = 37, "qtssCliSes3GPPObject", Object, RS, Field, One;
        /// Last Bandwidth header value in bits per second.
        qtssCliSessLastRTSPBandwidth = 38, "qtssCliSessLastRTSPBandwidth", UInt32, RS, Field, One;
        /// True after a request with 3GPP headers.
        qtssCliSessIs3GPPSession = 39, "qtssCliSessIs3GPPSession", Bool16, RS, Field, One;
    }
}

attribute_table! {
    /// 3GPP companion of a client session.
    THREE_GPP_CLIENT_SESSION {
        /// 3GPP support flag, from the server preference.
        qtss3GPPCliSesEnabled = 0, "qtss3GPPCliSesEnabled", Bool16, RS, Field, One;
        /// Guaranteed rate (kbit/s) from 3GPP-Link-Char.
        qtss3GPPCliSesLinkCharGuaranteedBitRate = 1, "qtss3GPPCliSesLinkCharGuaranteedBitRate", UInt32, RS, Field, One;
        /// Maximum rate (kbit/s) from 3GPP-Link-Char.
        qtss3GPPCliSesLinkCharMaxBitRate = 2, "qtss3GPPCliSesLinkCharMaxBitRate", UInt32, RS, Field, One;
        /// Maximum transfer delay in ms from 3GPP-Link-Char.
        qtss3GPPCliSesLinkCharMaxTransferDelayMilliSec = 3, "qtss3GPPCliSesLinkCharMaxTransferDelayMilliSec", UInt32, RS, Field, One;
        /// URL from 3GPP-Link-Char.
        qtss3GPPCliSesLinkCharURL = 4, "qtss3GPPCliSesLinkCharURL", CharArray, RS, Value, One;
    }
}

attribute_table! {
    /// One object per RTSP connection.
    RTSP_SESSION {
        /// Process-wide increasing number of the RTSP connection.
        qtssRTSPSesID = 0, "qtssRTSPSesID", UInt32, RS, Field, One;
        /// Local IPv4 address, host byte order.
        qtssRTSPSesLocalAddr = 1, "qtssRTSPSesLocalAddr", UInt32, RSC, Computed, One;
        /// Local IPv4 address text.
        qtssRTSPSesLocalAddrStr = 2, "qtssRTSPSesLocalAddrStr", CharArray, RSC, Computed, One;
        /// DNS name of the local address, address text if unknown.
        qtssRTSPSesLocalDNS = 3, "qtssRTSPSesLocalDNS", CharArray, RSC, Computed, One;
        /// Client IPv4 address, host byte order.
        qtssRTSPSesRemoteAddr = 4, "qtssRTSPSesRemoteAddr", UInt32, RSC, Computed, One;
        /// Client IPv4 address text.
        qtssRTSPSesRemoteAddrStr = 5, "qtssRTSPSesRemoteAddrStr", CharArray, RSC, Computed, One;
        /// Server-private; declared UInt32.
        qtssRTSPSesEventCntxt = 6, "qtssRTSPSesEventCntxt", UInt32, RS, Field, One;
        /// Plain RTSP, HTTP tunnel, or HTTP tunnel input half.
        qtssRTSPSesType = 7, "qtssRTSPSesType", UInt32, RS, Field, One;
        /// Non-blocking stream of the connection; equals the RTSP session object handle.
        qtssRTSPSesStreamRef = 8, "qtssRTSPSesStreamRef", StreamRef, RS, Field, One;
        /// User name of the previous request.
        qtssRTSPSesLastUserName = 9, "qtssRTSPSesLastUserName", CharArray, RS, Value, One;
        /// Password of the previous request.
        qtssRTSPSesLastUserPassword = 10, "qtssRTSPSesLastUserPassword", CharArray, RS, Value, One;
        /// Realm of the previous request.
        qtssRTSPSesLastURLRealm = 11, "qtssRTSPSesLastURLRealm", CharArray, RS, Value, One;
        /// Local TCP port.
        qtssRTSPSesLocalPort = 12, "qtssRTSPSesLocalPort", UInt16, RSC, Computed, One;
        /// Client TCP port.
        qtssRTSPSesRemotePort = 13, "qtssRTSPSesRemotePort", UInt16, RSC, Computed, One;
        /// 3GPP companion object of this connection.
        qtssRTSPSes3GPPObject = 14, "qtssRTSPSes3GPPObject", Object, RS, Field, One;
        /// Last Digest challenge sent on the connection.
        qtssRTSPSesLastDigestChallenge = 15, "qtssRTSPSesLastDigestChallenge", CharArray, RS, Value, One;
    }
}

attribute_table! {
    /// 3GPP companion of an RTSP session.
    THREE_GPP_RTSP {
        /// 3GPP support flag, from the server preference.
        qtss3GPPRTSPSesEnabled = 0, "qtss3GPPRTSPSesEnabled", Bool16, RS, Field, One;
    }
}
