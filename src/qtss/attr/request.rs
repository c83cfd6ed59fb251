//! The request in progress, the user it claims to come from, and its 3GPP companion.

use super::table::*;

attribute_table! {
    /// One object per request in progress.
    RTSP_REQUEST {
        /// Raw request text up to the blank line, or a filter's replacement.
        qtssRTSPReqFullRequest = 0, "qtssRTSPReqFullRequest", CharArray, RS, Value, One;
        /// Method token.
        qtssRTSPReqMethodStr = 1, "qtssRTSPReqMethodStr", CharArray, RS, Value, One;
        /// Decoded URL path in local syntax.
        qtssRTSPReqFilePath = 2, "qtssRTSPReqFilePath", CharArray, RW, Value, One;
        /// URL path as sent.
        qtssRTSPReqURI = 3, "qtssRTSPReqURI", CharArray, RS, Value, One;
        /// File path without its last component.
        qtssRTSPReqFilePathTrunc = 4, "qtssRTSPReqFilePathTrunc", CharArray, R, Computed, One;
        /// Last component of the file path.
        qtssRTSPReqFileName = 5, "qtssRTSPReqFileName", CharArray, R, Computed, One;
        /// Run of digits that ends the file path.
        qtssRTSPReqFileDigit = 6, "qtssRTSPReqFileDigit", CharArray, R, Computed, One;
        /// URL as sent, up to the query mark.
        qtssRTSPReqAbsoluteURL = 7, "qtssRTSPReqAbsoluteURL", CharArray, RS, Value, One;
        /// Absolute URL without its last component.
        qtssRTSPReqTruncAbsoluteURL = 8, "qtssRTSPReqTruncAbsoluteURL", CharArray, RSC, Computed, One;
        /// Method as QTSS_RTSPMethod.
        qtssRTSPReqMethod = 9, "qtssRTSPReqMethod", UInt32, RS, Field, One;
        /// Status that SendRTSPHeaders will use, index form, starts at OK.
        qtssRTSPReqStatusCode = 10, "qtssRTSPReqStatusCode", UInt32, RWS, Field, One;
        /// Start of the Range header in seconds; no value when the header is absent.
        qtssRTSPReqStartTime = 11, "qtssRTSPReqStartTime", Float64, RS, Value, One;
        /// End of the Range header in seconds; no value when the header is absent.
        qtssRTSPReqStopTime = 12, "qtssRTSPReqStopTime", Float64, RS, Value, One;
        /// Keep the connection after this request; 0 adds a Connection: Close header and ends it.
        qtssRTSPReqRespKeepAlive = 13, "qtssRTSPReqRespKeepAlive", Bool16, RWS, Field, One;
        /// Document root for this request, starts as the movie folder.
        qtssRTSPReqRootDir = 14, "qtssRTSPReqRootDir", CharArray, RW, Value, One;
        /// Status as the three-digit wire number.
        qtssRTSPReqRealStatusCode = 15, "qtssRTSPReqRealStatusCode", UInt32, RS, Computed, One;
        /// Buffering response stream; equals the request object handle and never reports WouldBlock on writes.
        qtssRTSPReqStreamRef = 16, "qtssRTSPReqStreamRef", StreamRef, RS, Field, One;
        /// User name from the Authorization header.
        qtssRTSPReqUserName = 17, "qtssRTSPReqUserName", CharArray, RS, Value, One;
        /// Password from a Basic Authorization header.
        qtssRTSPReqUserPassword = 18, "qtssRTSPReqUserPassword", CharArray, RS, Value, One;
        /// Authorization verdict, reset to the guest default before each authenticate module and true before
        /// authorize.
        qtssRTSPReqUserAllowed = 19, "qtssRTSPReqUserAllowed", Bool16, RWS, Field, One;
        /// Realm to challenge with; preset from the preference before authentication.
        qtssRTSPReqURLRealm = 20, "qtssRTSPReqURLRealm", CharArray, RWS, Value, One;
        /// Root directory plus file path (track component dropped on SETUP).
        qtssRTSPReqLocalPath = 21, "qtssRTSPReqLocalPath", CharArray, R, Computed, One;
        /// If-Modified-Since as milliseconds; no value when absent.
        qtssRTSPReqIfModSinceDate = 22, "qtssRTSPReqIfModSinceDate", TimeVal, RS, Value, One;
        /// Text after the question mark.
        qtssRTSPReqQueryString = 23, "qtssRTSPReqQueryString", CharArray, RS, Value, One;
        /// Text describing an error sent to the client.
        qtssRTSPReqRespMsg = 24, "qtssRTSPReqRespMsg", CharArray, RWS, Value, One;
        /// Content-Length of the request.
        qtssRTSPReqContentLen = 25, "qtssRTSPReqContentLen", UInt32, RS, Field, One;
        /// Speed header value, 0 when absent.
        qtssRTSPReqSpeed = 26, "qtssRTSPReqSpeed", Float32, RS, Field, One;
        /// Late-tolerance field of x-Transport-Options, -1 when absent.
        qtssRTSPReqLateTolerance = 27, "qtssRTSPReqLateTolerance", Float32, RS, Field, One;
        /// Requested transport kind.
        qtssRTSPReqTransportType = 28, "qtssRTSPReqTransportType", UInt32, RS, Field, One;
        /// Play or record, from the Transport header.
        qtssRTSPReqTransportMode = 29, "qtssRTSPReqTransportMode", UInt32, RS, Field, One;
        /// Server port to report in a push SETUP response.
        qtssRTSPReqSetUpServerPort = 30, "qtssRTSPReqSetUpServerPort", UInt16, RWS, Field, One;
        /// Action flags (read/write/admin) the request needs.
        qtssRTSPReqAction = 31, "qtssRTSPReqAction", UInt32, RWS, Field, One;
        /// User profile object of the request.
        qtssRTSPReqUserProfile = 32, "qtssRTSPReqUserProfile", Object, RWS, Field, One;
        /// Maxtime of x-Prebuffer, -1 when absent.
        qtssRTSPReqPrebufferMaxTime = 33, "qtssRTSPReqPrebufferMaxTime", Float32, RS, Field, One;
        /// Authentication scheme in effect.
        qtssRTSPReqAuthScheme = 34, "qtssRTSPReqAuthScheme", UInt32, RWS, Field, One;
        /// Set by a Route module to jump over authenticate and authorize.
        qtssRTSPReqSkipAuthorization = 35, "qtssRTSPReqSkipAuthorization", Bool16, RWS, Field, One;
        /// Unicast/multicast from Transport; the attribute is never bound, so reads find no value.
        qtssRTSPReqNetworkMode = 36, "qtssRTSPReqNetworkMode", UInt32, RS, Unbound, One;
        /// X-Dynamic-Rate: -1 absent, 0 off, 1 on.
        qtssRTSPReqDynamicRateState = 37, "qtssRTSPReqDynamicRateValue", SInt32, RS, Field, One;
        /// 3GPP companion object of this request.
        qtssRTSPReq3GPPRequestObject = 38, "qtssRTSPReq3GPPRequestObject", Object, RS, Field, One;
        /// Bandwidth header value, 0 when absent.
        qtssRTSPReqBandwidthBits = 39, "qtssRTSPReqBandwidthBits", UInt32, RS, Field, One;
        /// Set by an authenticate module that knows the user.
        qtssRTSPReqUserFound = 40, "qtssRTSPReqUserFound", Bool16, RWS, Field, One;
        /// Set by a module that takes over the decision.
        qtssRTSPReqAuthHandled = 41, "qtssRTSPReqAuthHandled", Bool16, RWS, Field, One;
        /// Digest challenge text used for this request.
        qtssRTSPReqDigestChallenge = 42, "qtssRTSPReqDigestChallenge", CharArray, RS, Value, One;
        /// Authorization header text of the client, whole value, for Digest.
        qtssRTSPReqDigestResponse = 43, "qtssRTSPReqDigestResponse", CharArray, RS, Computed, One;
    }
}

attribute_table! {
    /// 3GPP companion of a request.
    THREE_GPP_REQUEST {
        /// 3GPP support flag for this request.
        qtss3GPPRequestEnabled = 0, "qtss3GPPRequestEnabled", Bool16, RWS, Field, One;
        /// One stream entry of the 3GPP-Adaptation header.
        qtss3GPPRequestRateAdaptationStreamData = 1, "qtss3GPPRequestRateAdaptationStreamData", CharArray, RS, Unbound, One;
    }
}

attribute_table! {
    /// The user of a request; child of the request object.
    USER_PROFILE {
        /// User name.
        qtssUserName = 0, "qtssUserName", CharArray, RS, Value, One;
        /// Secret to check against: crypt text for Basic, A1 hash text for Digest.
        qtssUserPassword = 1, "qtssUserPassword", CharArray, RWS, Value, One;
        /// Group names, one per value.
        qtssUserGroups = 2, "qtssUserGroups", CharArray, RWS, Module, Many;
        /// Realm of the user entry.
        qtssUserRealm = 3, "qtssUserRealm", CharArray, RWS, Module, One;
        /// Rights bits.
        qtssUserRights = 4, "qtssUserRights", UInt32, RWS, Field, One;
        /// Extra right names.
        qtssUserExtendedRights = 5, "qtssUserExtendedRights", CharArray, RWS, Module, Many;
        /// Reserved right names.
        qtssUserQTSSExtendedRights = 6, "qtssUserQTSSExtendedRights", CharArray, RWS, Module, Many;
    }
}
