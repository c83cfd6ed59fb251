//! RTSP status codes (RFC 2326 section 7.1.1) with the numbers and reason texts of the module API.

use std::fmt;

macro_rules! statuses {
    ($($variant:ident = $code:literal, $reason:literal, $qtss:literal;)+) => {
        /// A status of an RTSP (or HTTP) answer. The order is that of the module API's `QTSS_RTSPStatusCode`, whose
        /// constants are positions in this list and not the three-digit numbers.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u32)]
        pub enum Status {
            $(#[doc = concat!("`", $code, " ", $reason, "`, `", $qtss, "` in the module API")] $variant,)+
        }

        impl Status {
            /// Every status, in the order of the module API's numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The three-digit number on the wire.
            pub const fn code(self) -> u16 {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The reason text as DSS 6.0.3 spells it.
            pub const fn reason(self) -> &'static str {
                match self { $(Self::$variant => $reason,)+ }
            }
        }
    };
}

statuses! {
    Continue = 100, "Continue", "qtssContinue";
    Ok = 200, "OK", "qtssSuccessOK";
    Created = 201, "Created", "qtssSuccessCreated";
    Accepted = 202, "Accepted", "qtssSuccessAccepted";
    NoContent = 204, "No Content", "qtssSuccessNoContent";
    PartialContent = 206, "Partial Content", "qtssSuccessPartialContent";
    LowOnStorage = 250, "Low on Storage Space", "qtssSuccessLowOnStorage";
    MultipleChoices = 300, "Multiple Choices", "qtssMultipleChoices";
    MovedPermanently = 301, "Moved Permanently", "qtssRedirectPermMoved";
    Found = 302, "Found", "qtssRedirectTempMoved";
    SeeOther = 303, "See Other", "qtssRedirectSeeOther";
    NotModified = 304, "Not Modified", "qtssRedirectNotModified";
    UseProxy = 305, "Use Proxy", "qtssUseProxy";
    BadRequest = 400, "Bad Request", "qtssClientBadRequest";
    Unauthorized = 401, "Unauthorized", "qtssClientUnAuthorized";
    PaymentRequired = 402, "Payment Required", "qtssPaymentRequired";
    Forbidden = 403, "Forbidden", "qtssClientForbidden";
    NotFound = 404, "Not Found", "qtssClientNotFound";
    MethodNotAllowed = 405, "Method Not Allowed", "qtssClientMethodNotAllowed";
    NotAcceptable = 406, "Not Acceptable", "qtssNotAcceptable";
    ProxyAuthenticationRequired = 407, "Proxy Authentication Required", "qtssProxyAuthenticationRequired";
    RequestTimeout = 408, "Request Time-out", "qtssRequestTimeout";
    Conflict = 409, "Conflict", "qtssClientConflict";
    Gone = 410, "Gone", "qtssGone";
    LengthRequired = 411, "Length Required", "qtssLengthRequired";
    PreconditionFailed = 412, "Precondition Failed", "qtssPreconditionFailed";
    RequestEntityTooLarge = 413, "Request Entity Too Large", "qtssRequestEntityTooLarge";
    RequestUriTooLarge = 414, "Request-URI Too Large", "qtssRequestURITooLarge";
    UnsupportedMediaType = 415, "Unsupported Media Type", "qtssUnsupportedMediaType";
    ParameterNotUnderstood = 451, "Parameter Not Understood", "qtssClientParameterNotUnderstood";
    ConferenceNotFound = 452, "Conference Not Found", "qtssClientConferenceNotFound";
    NotEnoughBandwidth = 453, "Not Enough Bandwidth", "qtssClientNotEnoughBandwidth";
    SessionNotFound = 454, "Session Not Found", "qtssClientSessionNotFound";
    MethodNotValidInState = 455, "Method Not Valid in this State", "qtssClientMethodNotValidInState";
    HeaderFieldNotValid = 456, "Header Field Not Valid For Resource", "qtssClientHeaderFieldNotValid";
    InvalidRange = 457, "Invalid Range", "qtssClientInvalidRange";
    ParameterIsReadOnly = 458, "Parameter Is Read-Only", "qtssClientReadOnlyParameter";
    AggregateOptionNotAllowed = 459, "Aggregate Option Not Allowed", "qtssClientAggregateOptionNotAllowed";
    OnlyAggregateOptionAllowed = 460, "Only Aggregate Option Allowed", "qtssClientAggregateOptionAllowed";
    UnsupportedTransport = 461, "Unsupported Transport", "qtssClientUnsupportedTransport";
    DestinationUnreachable = 462, "Destination Unreachable", "qtssClientDestinationUnreachable";
    InternalServerError = 500, "Internal Server Error", "qtssServerInternal";
    NotImplemented = 501, "Not Implemented", "qtssServerNotImplemented";
    BadGateway = 502, "Bad Gateway", "qtssServerBadGateway";
    ServiceUnavailable = 503, "Service Unavailable", "qtssServerUnavailable";
    GatewayTimeout = 504, "Gateway Timeout", "qtssServerGatewayTimeout";
    RtspVersionNotSupported = 505, "RTSP Version not supported", "qtssRTSPVersionNotSupported";
    OptionNotSupported = 551, "Option Not Supported", "qtssServerOptionNotSupported";
}

impl Status {
    /// The status's number in the module API (`QTSS_RTSPStatusCode`).
    pub const fn id(self) -> u32 {
        self as u32
    }

    /// The status with this number of the module API; `None` beyond the list.
    pub fn from_id(id: u32) -> Option<Self> {
        Self::ALL.get(usize::try_from(id).ok()?).copied()
    }

    /// The status with this three-digit number; `None` for a number the module API does not know.
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|status| status.code() == code)
    }

    /// Whether the number is 400 or above.
    pub const fn is_error(self) -> bool {
        self.code() >= 400
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code(), self.reason())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts_are_those_of_the_module_api() {
        let expected = [
            (0, 100, "Continue"),
            (1, 200, "OK"),
            (4, 204, "No Content"),
            (5, 206, "Partial Content"),
            (6, 250, "Low on Storage Space"),
            (9, 302, "Found"),
            (13, 400, "Bad Request"),
            (21, 408, "Request Time-out"),
            (31, 453, "Not Enough Bandwidth"),
            (33, 455, "Method Not Valid in this State"),
            (38, 460, "Only Aggregate Option Allowed"),
            (41, 500, "Internal Server Error"),
            (45, 504, "Gateway Timeout"),
            (46, 505, "RTSP Version not supported"),
            (47, 551, "Option Not Supported"),
        ];
        for (id, code, reason) in expected {
            let status = Status::from_id(id).expect(reason);
            assert_eq!((status.id(), status.code(), status.reason()), (id, code, reason));
        }
        assert_eq!(Status::ALL.len(), 48);
        assert_eq!(Status::from_id(48), None);
    }

    #[test]
    fn every_status_is_found_by_both_its_numbers() {
        for &status in Status::ALL {
            assert_eq!(Status::from_id(status.id()), Some(status));
            assert_eq!(Status::from_code(status.code()), Some(status));
        }
        assert_eq!(Status::from_code(599), None);
        assert_eq!(Status::NotFound.to_string(), "404 Not Found");
    }
}
