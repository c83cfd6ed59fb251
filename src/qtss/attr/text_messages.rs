//! The text messages object: what the server says in logs and in RTSP error bodies.

use super::table::*;

attribute_table! {
    /// Text messages; there is one object. Modules append messages of their own.
    TEXT_MESSAGES {
        /// Logged: client_port pair is not consecutive; takes 2 text arguments.
        qtssMsgNoMessage = 0, "qtssMsgNoMessage", CharArray, RS, Value, One;
        /// RTSP error body: request line without URL; takes 1 text argument.
        qtssMsgNoURLInRequest = 1, "qtssMsgNoURLInRequest", CharArray, RS, Value, One;
        /// RTSP error body: unknown method; takes 1 text argument.
        qtssMsgBadRTSPMethod = 2, "qtssMsgBadRTSPMethod", CharArray, RS, Value, One;
        /// RTSP error body: request line without version; takes 1 text argument.
        qtssMsgNoRTSPVersion = 3, "qtssMsgNoRTSPVersion", CharArray, RS, Value, One;
        /// Never emitted by the server.
        qtssMsgNoRTSPInURL = 4, "qtssMsgNoRTSPInURL", CharArray, RS, Value, One;
        /// RTSP error body: URL path does not fit; takes 1 text argument.
        qtssMsgURLTooLong = 5, "qtssMsgURLTooLong", CharArray, RS, Value, One;
        /// RTSP error body: URL path cannot be decoded; takes 1 text argument.
        qtssMsgURLInBadFormat = 6, "qtssMsgURLInBadFormat", CharArray, RS, Value, One;
        /// RTSP error body: header line without colon; takes 1 text argument.
        qtssMsgNoColonAfterHeader = 7, "qtssMsgNoColonAfterHeader", CharArray, RS, Value, One;
        /// RTSP error body: header without line end; takes 1 text argument.
        qtssMsgNoEOLAfterHeader = 8, "qtssMsgNoEOLAfterHeader", CharArray, RS, Value, One;
        /// RTSP error body: request larger than the buffer.
        qtssMsgRequestTooLong = 9, "qtssMsgRequestTooLong", CharArray, RS, Value, One;
        /// Logged: module folder cannot be opened.
        qtssMsgNoModuleFolder = 10, "qtssMsgNoModuleFolder", CharArray, RS, Value, One;
        /// Never emitted by the server.
        qtssMsgCouldntListen = 11, "qtssMsgCouldntListen", CharArray, RS, Value, One;
        /// Logged: Initialize returned an error; takes 1 text argument.
        qtssMsgInitFailed = 12, "qtssMsgInitFailed", CharArray, RS, Value, One;
        /// Logged: no network address.
        qtssMsgNotConfiguredForIP = 13, "qtssMsgNotConfiguredForIP", CharArray, RS, Value, One;
        /// Logged: bind address not on this machine.
        qtssMsgDefaultRTSPAddrUnavail = 14, "qtssMsgDefaultRTSPAddrUnavail", CharArray, RS, Value, One;
        /// Logged: file in the module folder cannot be loaded, has no entry symbol, its entry function failed, or
        /// needs a newer API; takes 1 text argument.
        qtssMsgBadModule = 15, "qtssMsgBadModule", CharArray, RS, Value, One;
        /// Logged: Register returned an error; takes 1 text argument.
        qtssMsgRegFailed = 16, "qtssMsgRegFailed", CharArray, RS, Value, One;
        /// RTSP error body: new session while the state does not allow it.
        qtssMsgRefusingConnections = 17, "qtssMsgRefusingConnections", CharArray, RS, Value, One;
        /// RTSP error body: session limit reached.
        qtssMsgTooManyClients = 18, "qtssMsgTooManyClients", CharArray, RS, Value, One;
        /// RTSP error body: bandwidth limit reached.
        qtssMsgTooMuchThruput = 19, "qtssMsgTooMuchThruput", CharArray, RS, Value, One;
        /// Never emitted by the server.
        qtssMsgNoSessionID = 20, "qtssMsgNoSessionID", CharArray, RS, Value, One;
        /// RTSP error body: retransmit path too long.
        qtssMsgFileNameTooLong = 21, "qtssMsgFileNameTooLong", CharArray, RS, Value, One;
        /// RTSP error body: SETUP over UDP without client ports.
        qtssMsgNoClientPortInTransport = 22, "qtssMsgNoClientPortInTransport", CharArray, RS, Value, One;
        /// RTSP error body: odd first client port.
        qtssMsgRTPPortMustBeEven = 23, "qtssMsgRTPPortMustBeEven", CharArray, RS, Value, One;
        /// Never emitted by the server.
        qtssMsgRTCPPortMustBeOneBigger = 24, "qtssMsgRTCPPortMustBeOneBigger", CharArray, RS, Value, One;
        /// RTSP error body: no UDP socket pair free.
        qtssMsgOutOfPorts = 25, "qtssMsgOutOfPorts", CharArray, RS, Value, One;
        /// RTSP error body: no module responded.
        qtssMsgNoModuleForRequest = 26, "qtssMsgNoModuleForRequest", CharArray, RS, Value, One;
        /// RTSP error body: UDP SETUP names a destination and the module did not allow that.
        qtssMsgAltDestNotAllowed = 27, "qtssMsgAltDestNotAllowed", CharArray, RS, Value, One;
        /// RTSP error body: multicast options failed.
        qtssMsgCantSetupMulticast = 28, "qtssMsgCantSetupMulticast", CharArray, RS, Value, One;
        /// Logged: address in use; takes 1 text argument.
        qtssListenPortInUse = 29, "qtssListenPortInUse", CharArray, RS, Value, One;
        /// Logged: no permission; takes 1 text argument.
        qtssListenPortAccessDenied = 30, "qtssListenPortAccessDenied", CharArray, RS, Value, One;
        /// Logged: other bind error; takes 1 text argument.
        qtssListenPortError = 31, "qtssListenPortError", CharArray, RS, Value, One;
        /// RTSP error body: broken base64 in a tunnel.
        qtssMsgBadBase64 = 32, "qtssMsgBadBase64", CharArray, RS, Value, One;
        /// Logged: not every listener could be made.
        qtssMsgSomePortsFailed = 33, "qtssMsgSomePortsFailed", CharArray, RS, Value, One;
        /// Logged: no listener at all; start-up fails.
        qtssMsgNoPortsSucceeded = 34, "qtssMsgNoPortsSucceeded", CharArray, RS, Value, One;
        /// Never emitted by the server.
        qtssMsgCannotCreatePidFile = 35, "qtssMsgCannotCreatePidFile", CharArray, RS, Value, One;
        /// Logged: switching user failed; takes 2 text arguments.
        qtssMsgCannotSetRunUser = 36, "qtssMsgCannotSetRunUser", CharArray, RS, Value, One;
        /// Logged: switching group failed; takes 2 text arguments.
        qtssMsgCannotSetRunGroup = 37, "qtssMsgCannotSetRunGroup", CharArray, RS, Value, One;
        /// RTSP error body: DESCRIBE with a Session header.
        qtssMsgNoSesIDOnDescribe = 38, "qtssMsgNoSesIDOnDescribe", CharArray, RS, Value, One;
        /// Logged: preference missing, default not empty; takes 2 text arguments.
        qtssServerPrefMissing = 39, "qtssServerPrefMissing", CharArray, RS, Value, One;
        /// Logged: preference of another type, default not empty; takes 2 text arguments.
        qtssServerPrefWrongType = 40, "qtssServerPrefWrongType", CharArray, RS, Value, One;
        /// Logged: config file could not be written after a change; 6.0.3 never detects that, so it is not seen.
        qtssMsgCantWriteFile = 41, "qtssMsgCantWriteFile", CharArray, RS, Value, One;
        /// Never emitted by the server.
        qtssMsgSockBufSizesTooLarge = 42, "qtssMsgSockBufSizesTooLarge", CharArray, RS, Value, One;
        /// Never emitted by the server.
        qtssMsgBadFormat = 43, "qtssMsgBadFormat", CharArray, RS, Value, One;
    }
}
