//! The server object.

use super::table::*;

attribute_table! {
    /// The server object; there is one.
    SERVER {
        /// QTSS_API_VERSION of the server.
        qtssServerAPIVersion = 0, "qtssServerAPIVersion", UInt32, RS, Field, One;
        /// DNS name of the default address.
        qtssSvrDefaultDNSName = 1, "qtssSvrDefaultDNSName", CharArray, R, Value, One;
        /// Default IPv4 address.
        qtssSvrDefaultIPAddr = 2, "qtssSvrDefaultIPAddr", UInt32, R, Field, One;
        /// Product name.
        qtssSvrServerName = 3, "qtssSvrServerName", CharArray, RS, Value, One;
        /// Version text.
        qtssSvrServerVersion = 4, "qtssRTSPSvrServerVersion", CharArray, RS, Value, One;
        /// Compile date and time text.
        qtssSvrServerBuildDate = 5, "qtssRTSPSvrServerBuildDate", CharArray, RS, Value, One;
        /// Listening RTSP ports.
        qtssSvrRTSPPorts = 6, "qtssSvrRTSPPorts", UInt16, R, Value, Many;
        /// Complete "Server: ..." header line without line end.
        qtssSvrRTSPServerHeader = 7, "qtssSvrRTSPServerHeader", CharArray, RS, Value, One;
        /// Server state; writing drives state changes.
        qtssSvrState = 8, "qtssSvrState", UInt32, RW, Field, One;
        /// True when a listener ran out of descriptors.
        qtssSvrIsOutOfDescriptors = 9, "qtssSvrIsOutOfDescriptors", Bool16, R, Computed, One;
        /// Open plain RTSP connections.
        qtssRTSPCurrentSessionCount = 10, "qtssRTSPCurrentSessionCount", UInt32, R, Field, One;
        /// Open HTTP-tunnelled connections.
        qtssRTSPHTTPCurrentSessionCount = 11, "qtssRTSPHTTPCurrentSessionCount", UInt32, R, Field, One;
        /// UDP sockets in the pool.
        qtssRTPSvrNumUDPSockets = 12, "qtssRTPSvrNumUDPSockets", UInt32, R, Computed, One;
        /// Current client sessions.
        qtssRTPSvrCurConn = 13, "qtssRTPSvrCurConn", UInt32, R, Field, One;
        /// Client sessions since start.
        qtssRTPSvrTotalConn = 14, "qtssRTPSvrTotalConn", UInt32, R, Field, One;
        /// Current RTP output in bits per second.
        qtssRTPSvrCurBandwidth = 15, "qtssRTPSvrCurBandwidth", UInt32, R, Field, One;
        /// RTP bytes since start.
        qtssRTPSvrTotalBytes = 16, "qtssRTPSvrTotalBytes", UInt64, R, Field, One;
        /// Averaged RTP output in bits per second.
        qtssRTPSvrAvgBandwidth = 17, "qtssRTPSvrAvgBandwidth", UInt32, R, Field, One;
        /// RTP packets per second.
        qtssRTPSvrCurPackets = 18, "qtssRTPSvrCurPackets", UInt32, R, Field, One;
        /// RTP packets since start.
        qtssRTPSvrTotalPackets = 19, "qtssRTPSvrTotalPackets", UInt64, R, Field, One;
        /// RTSP methods offered by modules; becomes the Public header.
        qtssSvrHandledMethods = 20, "qtssSvrHandledMethods", UInt32, RWS, Value, Many;
        /// Module objects in load order.
        qtssSvrModuleObjects = 21, "qtssSvrModuleObjects", Object, RS, Value, Many;
        /// Start time in ms.
        qtssSvrStartupTime = 22, "qtssSvrStartupTime", TimeVal, R, Field, One;
        /// Time zone offset in hours.
        qtssSvrGMTOffsetInHrs = 23, "qtssSvrGMTOffsetInHrs", SInt32, R, Field, One;
        /// Default IPv4 address text.
        qtssSvrDefaultIPAddrStr = 24, "qtssSvrDefaultIPAddrStr", CharArray, R, Value, One;
        /// Server preferences object.
        qtssSvrPreferences = 25, "qtssSvrPreferences", Object, RI, Field, One;
        /// Text messages object.
        qtssSvrMessages = 26, "qtssSvrMessages", Object, R, Field, One;
        /// Current client session objects.
        qtssSvrClientSessions = 27, "qtssSvrClientSessions", Object, R, Value, Many;
        /// Current time in ms.
        qtssSvrCurrentTimeMilliseconds = 28, "qtssSvrCurrentTimeMilliseconds", TimeVal, R, Computed, One;
        /// CPU use percentage.
        qtssSvrCPULoadPercent = 29, "qtssSvrCPULoadPercent", Float32, R, Field, One;
        /// Reliable UDP buffers in use.
        qtssSvrNumReliableUDPBuffers = 30, "qtssSvrNumReliableUDPBuffers", UInt32, R, Computed, One;
        /// Unused bytes inside those buffers.
        qtssSvrReliableUDPWastageInBytes = 31, "qtssSvrReliableUDPWastageInBytes", UInt32, R, Computed, One;
        /// Connected-user objects added by modules.
        qtssSvrConnectedUsers = 32, "qtssSvrConnectedUsers", Object, RW, Module, Many;
        /// Current MP3 clients.
        qtssMP3SvrCurConn = 33, "qtssMP3SvrCurConn", UInt32, RWS, Field, One;
        /// MP3 clients since start.
        qtssMP3SvrTotalConn = 34, "qtssMP3SvrTotalConn", UInt32, RWS, Field, One;
        /// MP3 output in bits per second.
        qtssMP3SvrCurBandwidth = 35, "qtssMP3SvrCurBandwidth", UInt32, RWS, Field, One;
        /// MP3 bytes since start.
        qtssMP3SvrTotalBytes = 36, "qtssMP3SvrTotalBytes", UInt64, RWS, Field, One;
        /// Averaged MP3 output.
        qtssMP3SvrAvgBandwidth = 37, "qtssMP3SvrAvgBandwidth", UInt32, RWS, Field, One;
        /// Build number text.
        qtssSvrServerBuild = 38, "qtssSvrServerBuild", CharArray, RS, Value, One;
        /// Platform text.
        qtssSvrServerPlatform = 39, "qtssSvrServerPlatform", CharArray, RS, Value, One;
        /// Comment part of the Server header.
        qtssSvrRTSPServerComment = 40, "qtssSvrRTSPServerComment", CharArray, RS, Value, One;
        /// Sessions being thinned.
        qtssSvrNumThinned = 41, "qtssSvrNumThinned", SInt32, RS, Field, One;
        /// Task threads.
        qtssSvrNumThreads = 42, "qtssSvrNumThreads", UInt32, RS, Field, One;
    }
}
