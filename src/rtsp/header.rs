//! The RTSP headers the server knows, with the numbers and the spelling of the module API.

use std::fmt;

macro_rules! headers {
    ($($variant:ident = $text:literal, $qtss:literal;)+) => {
        /// An RTSP header. The order is that of the module API's `QTSS_RTSPHeader`: the number is also the attribute
        /// number in the request's header object.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u32)]
        pub enum Header {
            $(#[doc = concat!("`", $text, "`, `", $qtss, "` in the module API")] $variant,)+
        }

        impl Header {
            /// Every header, in the order of the module API's numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name as it is written in answers. Old scripts match on `Cseq` and `Content-length`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

headers! {
    Accept = "Accept", "qtssAcceptHeader";
    CSeq = "Cseq", "qtssCSeqHeader";
    UserAgent = "User-Agent", "qtssUserAgentHeader";
    Transport = "Transport", "qtssTransportHeader";
    Session = "Session", "qtssSessionHeader";
    Range = "Range", "qtssRangeHeader";
    AcceptEncoding = "Accept-Encoding", "qtssAcceptEncodingHeader";
    AcceptLanguage = "Accept-Language", "qtssAcceptLanguageHeader";
    Authorization = "Authorization", "qtssAuthorizationHeader";
    Bandwidth = "Bandwidth", "qtssBandwidthHeader";
    Blocksize = "Blocksize", "qtssBlockSizeHeader";
    CacheControl = "Cache-Control", "qtssCacheControlHeader";
    Conference = "Conference", "qtssConferenceHeader";
    Connection = "Connection", "qtssConnectionHeader";
    ContentBase = "Content-Base", "qtssContentBaseHeader";
    ContentEncoding = "Content-Encoding", "qtssContentEncodingHeader";
    ContentLanguage = "Content-Language", "qtssContentLanguageHeader";
    ContentLength = "Content-length", "qtssContentLengthHeader";
    ContentLocation = "Content-Location", "qtssContentLocationHeader";
    ContentType = "Content-Type", "qtssContentTypeHeader";
    Date = "Date", "qtssDateHeader";
    Expires = "Expires", "qtssExpiresHeader";
    From = "From", "qtssFromHeader";
    Host = "Host", "qtssHostHeader";
    IfMatch = "If-Match", "qtssIfMatchHeader";
    IfModifiedSince = "If-Modified-Since", "qtssIfModifiedSinceHeader";
    LastModified = "Last-Modified", "qtssLastModifiedHeader";
    Location = "Location", "qtssLocationHeader";
    ProxyAuthenticate = "Proxy-Authenticate", "qtssProxyAuthenticateHeader";
    ProxyRequire = "Proxy-Require", "qtssProxyRequireHeader";
    Referer = "Referer", "qtssRefererHeader";
    RetryAfter = "Retry-After", "qtssRetryAfterHeader";
    Require = "Require", "qtssRequireHeader";
    RtpInfo = "RTP-Info", "qtssRTPInfoHeader";
    Scale = "Scale", "qtssScaleHeader";
    Speed = "Speed", "qtssSpeedHeader";
    Timestamp = "Timestamp", "qtssTimestampHeader";
    Vary = "Vary", "qtssVaryHeader";
    Via = "Via", "qtssViaHeader";
    Allow = "Allow", "qtssAllowHeader";
    Public = "Public", "qtssPublicHeader";
    Server = "Server", "qtssServerHeader";
    Unsupported = "Unsupported", "qtssUnsupportedHeader";
    WwwAuthenticate = "WWW-Authenticate", "qtssWWWAuthenticateHeader";
    SameAsLast = ",", "qtssSameAsLastHeader";
    XRetransmit = "x-Retransmit", "qtssXRetransmitHeader";
    XAcceptRetransmit = "x-Accept-Retransmit", "qtssXAcceptRetransmitHeader";
    XRtpMetaInfo = "x-RTP-Meta-Info", "qtssXRTPMetaInfoHeader";
    XTransportOptions = "x-Transport-Options", "qtssXTransportOptionsHeader";
    XPacketRange = "x-Packet-Range", "qtssXPacketRangeHeader";
    XPrebuffer = "x-Prebuffer", "qtssXPreBufferHeader";
    XDynamicRate = "x-Dynamic-Rate", "qtssXDynamicRateHeader";
    XAcceptDynamicRate = "x-Accept-Dynamic-Rate", "qtssXAcceptDynamicRateHeader";
    XRandomDataSize = "x-Random-Data-Size", "qtssXRandomDataSizeHeader";
    ThreeGppLinkChar = "3GPP-Link-Char", "qtss3GPPLinkCharHeader";
    ThreeGppAdaptation = "3GPP-Adaptation", "qtss3GPPAdaptationHeader";
    ThreeGppQoeFeedback = "3GPP-QoE-Feedback", "qtss3GPPQOEFeedback";
    ThreeGppQoeMetrics = "3GPP-QoE-Metrics", "qtss3GPPQOEMetrics";
    XPreDecBufSize = "x-predecbufsize", "qtssXPreDecBufSizeHeader";
    XInitPredecBufPeriod = "x-initpredecbufperiod", "qtssXInitPredecBufPeriodHeader";
    XInitPostDecBufPeriod = "x-initpostdecbufperiod", "qtssXInitPostDecBufPeriodHeader";
    ThreeGppVideoPostDecBufSize = "3gpp-videopostdecbufsize", "qtss3GPPVideoPostDecBufSizeHeader";
}

impl Header {
    /// How many headers there are (`qtssNumHeaders`).
    pub const COUNT: usize = Self::ALL.len();

    /// The header with this name, matched without regard to case (RFC 2326 section 4.2). The comma that stands for
    /// "same as the last header" in the module API is not a name.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        let found = Self::ALL.iter().copied().find(|header| name.eq_ignore_ascii_case(header.as_str().as_bytes()))?;
        (found != Self::SameAsLast).then_some(found)
    }

    /// The header's number in the module API (`QTSS_RTSPHeader`).
    pub const fn id(self) -> u32 {
        self as u32
    }

    /// The header with this number of the module API; `None` for `qtssIllegalHeader` and beyond.
    pub fn from_id(id: u32) -> Option<Self> {
        Self::ALL.get(usize::try_from(id).ok()?).copied()
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_spelling_are_those_of_the_module_api() {
        let expected = [
            (0, "Accept"),
            (1, "Cseq"),
            (2, "User-Agent"),
            (3, "Transport"),
            (4, "Session"),
            (5, "Range"),
            (10, "Blocksize"),
            (17, "Content-length"),
            (25, "If-Modified-Since"),
            (33, "RTP-Info"),
            (38, "Via"),
            (39, "Allow"),
            (43, "WWW-Authenticate"),
            (45, "x-Retransmit"),
            (50, "x-Prebuffer"),
            (53, "x-Random-Data-Size"),
            (55, "3GPP-Adaptation"),
            (61, "3gpp-videopostdecbufsize"),
        ];
        for (id, text) in expected {
            let header = Header::from_id(id).expect(text);
            assert_eq!((header.id(), header.as_str()), (id, text));
        }
        assert_eq!(Header::COUNT, 62);
        assert_eq!(Header::from_id(62), None);
    }

    #[test]
    fn names_are_matched_without_regard_to_case() {
        assert_eq!(Header::from_name(b"CSEQ"), Some(Header::CSeq));
        assert_eq!(Header::from_name(b"content-Length"), Some(Header::ContentLength));
        assert_eq!(Header::from_name(b"X-PREBUFFER"), Some(Header::XPrebuffer));
        assert_eq!(Header::from_name(b"X-Whatever"), None);
        assert_eq!(Header::from_name(b","), None);
        assert_eq!(Header::from_name(b""), None);
    }
}
