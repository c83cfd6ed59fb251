//! RTP streams and their 3GPP companions.

use super::table::*;

attribute_table! {
    /// One object per media stream of a client session.
    RTP_STREAM {
        /// Track number of this stream inside the presentation; 0 until a module sets it.
        qtssRTPStrTrackID = 0, "qtssRTPStrTrackID", UInt32, RWS, Field, One;
        /// RTP synchronization source the server picked for the stream, unique in the session, used in its sender
        /// reports.
        qtssRTPStrSSRC = 1, "qtssRTPStrSSRC", UInt32, RS, Field, One;
        /// Payload/codec name text such as the rtpmap value, empty until a module sets it.
        qtssRTPStrPayloadName = 2, "qtssRTPStrPayloadName", CharArray, RWS, Value, One;
        /// Media kind (unknown/video/audio) as QTSS_RTPPayloadType.
        qtssRTPStrPayloadType = 3, "qtssRTPStrPayloadType", UInt32, RWS, Field, One;
        /// Sequence number of the first packet after the latest PLAY; goes into RTP-Info.
        qtssRTPStrFirstSeqNumber = 4, "qtssRTPStrFirstSeqNumber", SInt16, RWS, Field, One;
        /// RTP timestamp of the first packet after the latest PLAY; goes into RTP-Info.
        qtssRTPStrFirstTimestamp = 5, "qtssRTPStrFirstTimestamp", SInt32, RWS, Field, One;
        /// RTP clock rate of the track.
        qtssRTPStrTimescale = 6, "qtssRTPStrTimescale", SInt32, RWS, Field, One;
        /// Current thinning level, 0 is best.
        qtssRTPStrQualityLevel = 7, "qtssRTPStrQualityLevel", UInt32, RWS, Field, One;
        /// How many thinning levels the owning module offers.
        qtssRTPStrNumQualityLevels = 8, "qtssRTPStrNumQualityLevels", UInt32, RWS, Field, One;
        /// Client buffer depth in seconds used for lateness decisions, starts at 3.
        qtssRTPStrBufferDelayInSecs = 9, "qtssRTPStrBufferDelayInSecs", Float32, RWS, Field, One;
        /// Fraction-lost field of the last receiver report.
        qtssRTPStrFractionLostPackets = 10, "qtssRTPStrFractionLostPackets", UInt32, RS, Field, One;
        /// Cumulative lost packets taken from receiver reports.
        qtssRTPStrTotalLostPackets = 11, "qtssRTPStrTotalLostPackets", UInt32, RS, Field, One;
        /// Jitter field of the last receiver report.
        qtssRTPStrJitter = 12, "qtssRTPStrJitter", UInt32, RS, Field, One;
        /// Client-reported average receive rate in bits per second.
        qtssRTPStrRecvBitRate = 13, "qtssRTPStrRecvBitRate", UInt32, RS, Field, One;
        /// Client-reported mean lateness of packets in ms.
        qtssRTPStrAvgLateMilliseconds = 14, "qtssRTPStrAvgLateMilliseconds", UInt16, RS, Field, One;
        /// Client-reported loss percentage.
        qtssRTPStrPercentPacketsLost = 15, "qtssRTPStrPercentPacketsLost", UInt16, RS, Field, One;
        /// Client-reported mean buffer delay in ms.
        qtssRTPStrAvgBufDelayInMsec = 16, "qtssRTPStrAvgBufDelayInMsec", UInt16, RS, Field, One;
        /// Non-zero when the client reports improving reception.
        qtssRTPStrGettingBetter = 17, "qtssRTPStrGettingBetter", UInt16, RS, Field, One;
        /// Non-zero when the client reports worsening reception.
        qtssRTPStrGettingWorse = 18, "qtssRTPStrGettingWorse", UInt16, RS, Field, One;
        /// Client-reported number of connected viewers.
        qtssRTPStrNumEyes = 19, "qtssRTPStrNumEyes", UInt32, RS, Field, One;
        /// Client-reported number of playing viewers.
        qtssRTPStrNumEyesActive = 20, "qtssRTPStrNumEyesActive", UInt32, RS, Field, One;
        /// Client-reported number of paused viewers.
        qtssRTPStrNumEyesPaused = 21, "qtssRTPStrNumEyesPaused", UInt32, RS, Field, One;
        /// Client-reported packets received.
        qtssRTPStrTotPacketsRecv = 22, "qtssRTPStrTotPacketsRecv", UInt32, RS, Field, One;
        /// Client-reported packets dropped.
        qtssRTPStrTotPacketsDropped = 23, "qtssRTPStrTotPacketsDropped", UInt16, RS, Field, One;
        /// Client-reported packets lost.
        qtssRTPStrTotPacketsLost = 24, "qtssRTPStrTotPacketsLost", UInt16, RS, Field, One;
        /// Client buffer fill in tenths of a second.
        qtssRTPStrClientBufFill = 25, "qtssRTPStrClientBufFill", UInt16, RS, Field, One;
        /// Client-reported frames per second.
        qtssRTPStrFrameRate = 26, "qtssRTPStrFrameRate", UInt16, RS, Field, One;
        /// Client-reported expected frames per second.
        qtssRTPStrExpFrameRate = 27, "qtssRTPStrExpFrameRate", UInt16, RS, Field, One;
        /// How many times the client ran out of audio.
        qtssRTPStrAudioDryCount = 28, "qtssRTPStrAudioDryCount", UInt16, RS, Field, One;
        /// True when packets go interleaved over the RTSP connection.
        qtssRTPStrIsTCP = 29, "qtssRTPStrIsTCP", Bool16, RS, Field, One;
        /// Stream reference for RTP/RTCP writes; equals the stream object handle.
        qtssRTPStrStreamRef = 30, "qtssRTPStrStreamRef", StreamRef, RS, Field, One;
        /// Transport in use (UDP, reliable UDP, TCP).
        qtssRTPStrTransportType = 31, "qtssRTPStrTransportType", UInt32, RS, Field, One;
        /// Packets the server dropped because they were too late.
        qtssRTPStrStalePacketsDropped = 32, "qtssRTPStrStalePacketsDropped", UInt32, RS, Field, One;
        /// Ack timeout in ms advertised for reliable UDP.
        qtssRTPStrCurrentAckTimeout = 33, "qtssRTPStrCurrentAckTimeout", UInt32, RS, Field, One;
        /// Packets lost since the previous receiver report.
        qtssRTPStrCurPacketsLostInRTCPInterval = 34, "qtssRTPStrCurPacketsLostInRTCPInterval", UInt32, RS, Field, One;
        /// Packets sent since the previous receiver report.
        qtssRTPStrPacketCountInRTCPInterval = 35, "qtssRTPStrPacketCountInRTCPInterval", UInt32, RS, Field, One;
        /// Local UDP port that RTP leaves from.
        qtssRTPStrSvrRTPPort = 36, "qtssRTPStrSvrRTPPort", UInt16, RS, Field, One;
        /// Client UDP port that RTP goes to.
        qtssRTPStrClientRTPPort = 37, "qtssRTPStrClientRTPPort", UInt16, RS, Field, One;
        /// Unicast/multicast mode of the stream.
        qtssRTPStrNetworkMode = 38, "qtssRTPStrNetworkMode", UInt32, RS, Field, One;
        /// 3GPP companion object of this stream.
        qtssRTPStr3gppObject = 39, "qtssRTPStr3gppObject", Object, RS, Field, One;
        /// True when thinning is switched off for this stream.
        qtssRTPStrThinningDisabled = 40, "qtssRTPStrThinningDisabled", Bool16, RS, Field, One;
    }
}

attribute_table! {
    /// 3GPP companion of an RTP stream.
    THREE_GPP_STREAM {
        /// Whether 3GPP rate adaptation may run on this stream.
        qtss3GPPStreamEnabled = 0, "qtss3GPPStreamEnabled", Bool16, RS, Field, One;
        /// Client buffer size in bytes from the 3GPP adaptation header.
        qtss3GPPStreamRateAdaptBufferBytes = 1, "qtss3GPPStreamRateAdaptBufferBytes", UInt32, RS, Field, One;
        /// Target buffering time in ms from the 3GPP adaptation header.
        qtss3GPPStreamRateAdaptTimeMilli = 2, "qtss3GPPStreamRateAdaptTimeMilli", UInt32, RS, Field, One;
    }
}
