//! HTTP as far as the server's own pages need it: a request's parts, its body, an answer after which the connection ends.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};

use crate::qtss::attr::*;
use crate::rtp::Written;
use crate::server::RequestContext;
use crate::server::connection::BodyRead;

/// Most header lines of a request.
const MAX_HEADERS: usize = 64;

/// Largest body that is read, in bytes: a configuration file is some 20 KB.
const MAX_BODY: usize = 1024 * 1024;

/// Most of an unwanted body that is read away, so that the answer is not lost with the connection.
const MAX_UNWANTED: usize = 256 * 1024;

/// How long that may take.
const UNWANTED_PATIENCE: Duration = Duration::from_secs(1);

/// How long a client may take to send its body.
const BODY_PATIENCE: Duration = Duration::from_secs(10);

/// A request's line and headers.
#[derive(Debug, Clone)]
pub struct HttpRequest {
    /// The method; unknown ones too.
    pub method: Method,
    /// The target as it was sent, with its query.
    pub target: String,
    headers: Vec<(String, Vec<u8>)>,
}

impl HttpRequest {
    /// The request in progress, if it is one of HTTP/1.0 or 1.1.
    pub fn of(ctx: &RequestContext) -> Option<Self> {
        Self::parse(&ctx.object.bytes(qtssRTSPReqFullRequest)?)
    }

    /// Reads a request's text, from its line to the blank line.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut lines = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Request::new(&mut lines);
        parsed.parse(text).ok()?;
        let (method, target) = (parsed.method?, parsed.path?);
        let headers = parsed.headers.iter().map(|line| (line.name.to_owned(), line.value.trim_ascii().to_vec()));
        Some(Self {
            method: Method::from_bytes(method.as_bytes()).ok()?,
            target: target.to_owned(),
            headers: headers.collect(),
        })
    }

    /// The target without its query, percent-decoded.
    pub fn path(&self) -> String {
        percent_decoded(self.target.split('?').next().unwrap_or_default())
    }

    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_slice())
    }

    /// All headers: names as sent, values without the blanks around them.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// Whether a browser says that a page of another site makes this request: nobody's administrator wants that.
    pub fn is_foreign(&self) -> bool {
        self.header("Sec-Fetch-Site").is_some_and(|site| !matches!(site, b"none" | b"same-origin"))
    }

    /// Reads the body that the headers announce.
    ///
    /// # Errors
    /// The status to answer with: no length, too long, or it did not come.
    pub async fn body(&self, ctx: &RequestContext) -> Result<Vec<u8>, StatusCode> {
        if self.header("Transfer-Encoding").is_some() {
            return Err(StatusCode::LENGTH_REQUIRED);
        }
        let Some(length) = self.header("Content-Length") else { return Ok(Vec::new()) };
        let length = std::str::from_utf8(length).ok().and_then(|text| text.parse::<usize>().ok());
        let length = length.ok_or(StatusCode::BAD_REQUEST)?;
        if length > MAX_BODY {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        if self.header("Expect").is_some_and(|value| value.eq_ignore_ascii_case(b"100-continue")) {
            let sent = ctx.connection.writer.send_response(b"HTTP/1.1 100 Continue\r\n\r\n");
            if let Ok(Written::Queued) = sent {
                let _ = ctx.connection.writer.flush().await; // a lost connection shows at the next read
            }
        }
        match tokio::time::timeout(BODY_PATIENCE, read_body(ctx, length)).await {
            Ok(Some(body)) => Ok(body),
            Ok(None) => Err(StatusCode::BAD_REQUEST),
            Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
        }
    }
}

/// Reads away what is left of a body: a connection that is closed over unread bytes is reset, and the answer may be lost.
pub async fn drain(ctx: &RequestContext, request: &HttpRequest) {
    if request.header("Expect").is_some() {
        return; // the client waits for a word before it sends any
    }
    let mut chunk = vec![0; 16 * 1024];
    let read = async {
        let mut left = MAX_UNWANTED;
        while left > 0 {
            match ctx.connection.read_body(&mut chunk) {
                BodyRead::Bytes(count) => left = left.saturating_sub(count),
                BodyRead::NotYet => ctx.connection.readable().await,
                BodyRead::End | BodyRead::Lost => return,
            }
        }
    };
    let _ = tokio::time::timeout(UNWANTED_PATIENCE, read).await; // then the answer takes its chance
}

async fn read_body(ctx: &RequestContext, length: usize) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    let mut chunk = vec![0; 16 * 1024];
    while body.len() < length {
        match ctx.connection.read_body(&mut chunk) {
            BodyRead::Bytes(count) => body.extend_from_slice(chunk.get(..count)?),
            BodyRead::NotYet => ctx.connection.readable().await,
            BodyRead::End | BodyRead::Lost => return None,
        }
    }
    Some(body)
}

/// `%XX` as the byte it stands for; what is no UTF-8 then is replaced. A `%` without two hex digits stays.
pub fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        let hex = |at: usize| after.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        match (*first, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                rest = after.get(2..).unwrap_or_default();
            }
            (byte, ..) => {
                out.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct HttpAnswer {
    status: StatusCode,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl HttpAnswer {
    /// An answer of this media type.
    pub fn new(status: StatusCode, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("Content-Type", content_type.to_owned())], body: body.into() }
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The answer's text. `HEAD` leaves the body out.
    pub fn to_bytes(&self, server: &str, method: &Method) -> Vec<u8> {
        let reason = self.status.canonical_reason().unwrap_or("Unknown");
        let mut text =
            format!("HTTP/1.1 {} {reason}\r\nServer: {server}\r\nConnection: Close\r\n", self.status.as_u16());
        for (name, value) in &self.headers {
            let value: String = value.chars().filter(|sign| !sign.is_control()).collect();
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n");
        text.push_str(&format!("Content-Length: {}\r\n\r\n", self.body.len()));
        let mut bytes = text.into_bytes();
        if method != Method::HEAD {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }
}

/// Answers the request in progress; the connection ends with it.
pub fn answer(ctx: &Arc<RequestContext>, bytes: &[u8]) {
    ctx.object.set_bool16(qtssRTSPReqRespKeepAlive, false);
    ctx.write_raw(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_with_quotes_in_their_target() {
        let text = b"GET /modules/admin/server/a?command=set+value=\"5\" HTTP/1.0\r\nauthorization: Basic x \r\n\r\n";
        let request = HttpRequest::parse(text).expect("a request");
        assert_eq!((request.method.as_str(), request.path().as_str()), ("GET", "/modules/admin/server/a"));
        assert_eq!(request.header("Authorization"), Some(&b"Basic x"[..]));
        assert!(HttpRequest::parse(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n").is_none());
        assert!(HttpRequest::parse(b"GET / HTTP/1.1\r\nno header\r\n\r\n").is_none());
    }

    #[test]
    fn percent_signs_that_mean_nothing_stay() {
        assert_eq!(percent_decoded("a%2Fb%2a%zz%4%"), "a/b*%zz%4%");
        assert_eq!(percent_decoded("%ff%00"), "\u{fffd}\0");
    }

    #[test]
    fn pages_of_other_sites_are_foreign() {
        let with = |site: &str| {
            let text = format!("GET / HTTP/1.1\r\nSec-Fetch-Site: {site}\r\n\r\n");
            HttpRequest::parse(text.as_bytes()).expect("a request").is_foreign()
        };
        assert!(with("cross-site") && with("same-site"));
        assert!(!with("none") && !with("same-origin"));
    }

    #[test]
    fn an_answer_cannot_be_given_a_second_header_by_a_value() {
        let answer = HttpAnswer::new(StatusCode::OK, "text/plain", "hi").with("X-Name", "a\r\nX-Evil: b");
        let text = String::from_utf8(answer.to_bytes("DSS", &Method::GET)).expect("text");
        assert!(text.contains("X-Name: aX-Evil: b\r\n") && text.ends_with("Content-Length: 2\r\n\r\nhi"), "{text}");
        assert!(answer.to_bytes("DSS", &Method::HEAD).ends_with(b"\r\n\r\n"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(text: Vec<u8>, target in ".{0,40}") {
            HttpRequest::parse(&text);
            percent_decoded(&target);
        }
    }
}
