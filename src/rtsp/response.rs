//! Composing answers in DSS 6.0.3's order and spelling, reading other servers' answers, interleaved frame headers.

use std::borrow::Cow;
use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};

use super::block::{HeaderTable, NoColon, line_at, unfold};
use super::{Header, RawResponse, Status};

/// What every answer starts with.
#[derive(Debug, Clone, Copy)]
pub struct ResponseHead<'a> {
    /// The status.
    pub status: Status,
    /// The Server header's value, `DSS/…`, or `None` when the preference `RTSP_server_info` is off.
    pub server: Option<&'a str>,
    /// The request's CSeq, any text; empty if it had none.
    pub cseq: &'a [u8],
    /// The request's Session header, echoed whole; `None` if it had none.
    pub session: Option<&'a [u8]>,
    /// The connection is closed after this answer.
    pub close: bool,
    /// The request's 3GPP-Adaptation header, echoed whole while 3GPP is enabled.
    pub adaptation: Option<&'a [u8]>,
}

impl<'a> ResponseHead<'a> {
    /// A head that keeps the connection, with nothing but status and CSeq.
    pub const fn new(status: Status, cseq: &'a [u8]) -> Self {
        Self { status, server: None, cseq, session: None, close: false, adaptation: None }
    }

    /// Writes the status line and the standard headers, without the blank line: status line, Server, Cseq, Session,
    /// `Connection: Close`, 3GPP-Adaptation. The version is always RTSP/1.0.
    pub fn write(&self, out: &mut BytesMut) {
        out.extend_from_slice(format!("RTSP/1.0 {}\r\n", self.status).as_bytes());
        if let Some(server) = self.server {
            put_header(out, Header::Server.as_str(), server.as_bytes());
        }
        put_header(out, Header::CSeq.as_str(), self.cseq);
        if let Some(session) = self.session {
            put_header(out, Header::Session.as_str(), session);
        }
        if self.close {
            put_header(out, Header::Connection.as_str(), b"Close");
        }
        if let Some(adaptation) = self.adaptation {
            put_header(out, Header::ThreeGppAdaptation.as_str(), adaptation);
        }
    }
}

/// Writes one answer.
///
/// ```
/// # use dss::rtsp::{Header, ResponseBuilder, ResponseHead, Status};
/// let mut answer = ResponseBuilder::new(&ResponseHead::new(Status::Ok, b"7"));
/// answer.header(Header::Public, "OPTIONS, DESCRIBE");
/// assert_eq!(&answer.finish()[..], b"RTSP/1.0 200 OK\r\nCseq: 7\r\nPublic: OPTIONS, DESCRIBE\r\n\r\n");
/// ```
#[derive(Debug)]
pub struct ResponseBuilder {
    out: BytesMut,
}

impl ResponseBuilder {
    /// Starts an answer with its status line and standard headers.
    pub fn new(head: &ResponseHead<'_>) -> Self {
        Self::append_to(BytesMut::with_capacity(512), head)
    }

    /// Starts an answer behind what `out` holds.
    pub fn append_to(mut out: BytesMut, head: &ResponseHead<'_>) -> Self {
        head.write(&mut out);
        Self { out }
    }

    /// Goes on with an answer whose first lines are written already.
    pub fn headers_only() -> Self {
        Self { out: BytesMut::new() }
    }

    /// The lines so far, without the blank line that ends the headers.
    pub fn into_lines(self) -> BytesMut {
        self.out
    }

    /// Adds a header. Order is that of the calls; nothing is merged. Line ends in the value become blanks, so that no
    /// value a peer sent can start a line of its own.
    pub fn header(&mut self, header: Header, value: impl AsRef<[u8]>) -> &mut Self {
        put_header(&mut self.out, header.as_str(), value.as_ref());
        self
    }

    /// Adds a header that the module API has no number for.
    pub fn named_header(&mut self, name: &str, value: impl AsRef<[u8]>) -> &mut Self {
        put_header(&mut self.out, name, value.as_ref());
        self
    }

    /// Ends the headers; the answer has no body.
    pub fn finish(mut self) -> BytesMut {
        self.out.extend_from_slice(b"\r\n");
        self.out
    }

    /// Ends the headers with a `Content-length` and adds the body.
    pub fn finish_with_body(mut self, body: &[u8]) -> BytesMut {
        self.header(Header::ContentLength, body.len().to_string());
        self.finish_before_body(body)
    }

    /// Ends the headers, which hold a `Content-length` already, and adds the body.
    pub fn finish_before_body(self, body: &[u8]) -> BytesMut {
        let mut out = self.finish();
        out.extend_from_slice(body);
        out
    }
}

/// A complete error answer. With `message` (when the preference `RTSP_error_message` is on) the text is the body, with a
/// `Content-length` and, as in DSS 6.0.3, without a Content-Type.
pub fn error_response(head: &ResponseHead<'_>, message: Option<&str>) -> BytesMut {
    let answer = ResponseBuilder::new(head);
    match message {
        Some(message) => answer.finish_with_body(message.as_bytes()),
        None => answer.finish(),
    }
}

/// Writes `name: value` with its line end; control bytes of the value become blanks.
pub fn put_header(out: &mut BytesMut, name: &str, value: &[u8]) {
    out.reserve(name.len() + value.len() + 4);
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend(unfold(value).iter().map(|byte| if byte.is_ascii_control() && *byte != b'\t' { b' ' } else { *byte }));
    out.extend_from_slice(b"\r\n");
}

/// The header of an interleaved frame (RFC 2326 section 10.12): `$`, channel, length.
pub const fn frame_header(channel: u8, len: u16) -> [u8; 4] {
    let [high, low] = len.to_be_bytes();
    [b'$', channel, high, low]
}

/// Writes an interleaved frame. `false`, and nothing is written, when the payload exceeds 65535 bytes.
pub fn put_frame(out: &mut BytesMut, channel: u8, payload: &[u8]) -> bool {
    let Ok(len) = u16::try_from(payload.len()) else {
        return false;
    };
    out.put_slice(&frame_header(channel, len));
    out.put_slice(payload);
    true
}

/// The server's own request that measures the round trip to a client that sent `x-Dynamic-Rate: 1`: an OPTIONS with
/// `data` as body, which is random so that nothing on the way can compress it.
pub fn options_probe(cseq: u32, data: &[u8]) -> BytesMut {
    let mut out = BytesMut::with_capacity(data.len() + 128);
    out.extend_from_slice(b"OPTIONS * RTSP/1.0\r\n");
    put_header(&mut out, "CSeq", cseq.to_string().as_bytes());
    put_header(&mut out, "Content-Type", b"application/x-random-data");
    put_header(&mut out, "Content-Length", data.len().to_string().as_bytes());
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(data);
    out
}

/// Another server's or a client's answer, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The three-digit status.
    pub code: u16,
    text: Bytes,
    headers: HeaderTable,
}

/// A header line of a response has no colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a header line of the response has no colon")]
pub struct BadResponse;

impl Response {
    /// Takes a response apart.
    ///
    /// # Errors
    /// [`BadResponse`] for a header line without a colon.
    pub fn parse(raw: &RawResponse) -> Result<Self, BadResponse> {
        let headers = HeaderTable::parse(&raw.text).map_err(|NoColon| BadResponse)?;
        Ok(Self { code: raw.code, text: raw.text.clone(), headers })
    }

    /// The status line without its line end.
    pub fn status_line(&self) -> &[u8] {
        line_at(&self.text, 0).map(|(line, _)| self.bytes(line)).unwrap_or_default()
    }

    /// The headers' windows.
    pub const fn headers(&self) -> &HeaderTable {
        &self.headers
    }

    /// A known header's value on one line.
    pub fn header_text(&self, header: Header) -> Option<Cow<'_, str>> {
        let value = unfold(self.bytes(self.headers.window(header)?));
        Some(match value {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        })
    }

    fn bytes(&self, window: Range<usize>) -> &[u8] {
        self.text.get(window).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtsp::{Event, RequestReader};

    const SERVER: &str = "DSS/7.0.0 (Build/1; Platform/Linux; Release/Darwin Streaming Server; State/; )";

    fn text(bytes: &BytesMut) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    #[test]
    fn standard_headers_have_their_order_and_spelling() {
        let head = ResponseHead {
            status: Status::Ok,
            server: Some(SERVER),
            cseq: b"4",
            session: Some(b"4711"),
            close: true,
            adaptation: Some(b"url=\"t\";size=1"),
        };
        let mut answer = ResponseBuilder::new(&head);
        answer.header(Header::Range, "npt=0.00000-70.00000").header(Header::RtpInfo, "url=a");
        assert_eq!(
            text(&answer.finish()),
            format!(
                "RTSP/1.0 200 OK\r\nServer: {SERVER}\r\nCseq: 4\r\nSession: 4711\r\nConnection: Close\r\n\
                 3GPP-Adaptation: url=\"t\";size=1\r\nRange: npt=0.00000-70.00000\r\nRTP-Info: url=a\r\n\r\n"
            )
        );
    }

    /// `Cseq`, `Content-length` and `x-Prebuffer` are what old scripts match on.
    #[test]
    fn fixed_spellings_are_kept() {
        let mut answer = ResponseBuilder::new(&ResponseHead::new(Status::Ok, b""));
        answer.header(Header::XPrebuffer, "time=1.00000");
        assert_eq!(
            text(&answer.finish_with_body(b"v=0\r\n")),
            "RTSP/1.0 200 OK\r\nCseq: \r\nx-Prebuffer: time=1.00000\r\nContent-length: 5\r\n\r\nv=0\r\n"
        );
    }

    /// The Session of a request is echoed in the standard block; a new one is a method header, further down.
    #[test]
    fn a_new_session_stands_among_the_method_headers() {
        let mut answer = ResponseBuilder::new(&ResponseHead::new(Status::Ok, b"3"));
        answer
            .header(Header::LastModified, "Thu, 19 Aug 1982 18:30:00 GMT")
            .header(Header::CacheControl, "must-revalidate")
            .header(Header::Session, "4711")
            .header(Header::Date, "d")
            .header(Header::Expires, "d")
            .header(Header::Transport, "RTP/AVP");
        assert_eq!(
            text(&answer.finish()),
            "RTSP/1.0 200 OK\r\nCseq: 3\r\nLast-Modified: Thu, 19 Aug 1982 18:30:00 GMT\r\nCache-Control: \
             must-revalidate\r\nSession: 4711\r\nDate: d\r\nExpires: d\r\nTransport: RTP/AVP\r\n\r\n"
        );
    }

    #[test]
    fn error_answers_have_a_body_only_when_asked() {
        let head = ResponseHead { close: true, ..ResponseHead::new(Status::NotFound, b"1") };
        assert_eq!(
            text(&error_response(&head, None)),
            "RTSP/1.0 404 Not Found\r\nCseq: 1\r\nConnection: Close\r\n\r\n"
        );
        assert_eq!(
            text(&error_response(&head, Some("gone"))),
            "RTSP/1.0 404 Not Found\r\nCseq: 1\r\nConnection: Close\r\nContent-length: 4\r\n\r\ngone"
        );
    }

    #[test]
    fn a_peers_value_cannot_start_a_line() {
        let head = ResponseHead { session: Some(b"1\r X: y"), ..ResponseHead::new(Status::Ok, b"1\r\n\tX: y\x00") };
        assert_eq!(text(&error_response(&head, None)), "RTSP/1.0 200 OK\r\nCseq: 1 X: y \r\nSession: 1 X: y\r\n\r\n");
    }

    #[test]
    fn frames_read_back() {
        let mut out = BytesMut::new();
        assert!(put_frame(&mut out, 3, b"abc"));
        assert!(!put_frame(&mut out, 3, &vec![0; 65536]));
        assert_eq!(&out[..], b"$\x03\x00\x03abc");
        let mut reader = RequestReader::new();
        reader.push(&out);
        assert_eq!(reader.next_event(), Event::Interleaved { channel: 3, payload: Bytes::from_static(b"abc") });
    }

    #[test]
    fn the_probe_is_a_request_with_a_cseq_and_a_body() {
        let mut reader = RequestReader::new();
        reader.push(&options_probe(5, &[b'x'; 1400]));
        let Event::Request(request) = reader.next_event() else { panic!() };
        assert_eq!(request.header("CSeq"), Some(&b"5"[..]));
        assert_eq!(reader.take_body(9999).len(), 1400);
    }

    #[test]
    fn another_servers_answer_is_taken_apart() {
        let mut reader = RequestReader::new();
        reader.push(b"RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nWWW-Authenticate: Basic\r\n realm=\"x\"\r\n\r\n");
        let Event::Response(raw) = reader.next_event() else { panic!() };
        let response = Response::parse(&raw).unwrap();
        assert_eq!((response.code, response.status_line()), (401, &b"RTSP/1.0 401 Unauthorized"[..]));
        assert_eq!(response.header_text(Header::WwwAuthenticate).as_deref(), Some("Basic realm=\"x\""));
        assert_eq!(response.headers().known().count(), 2);
        reader.push(b"RTSP/1.0 200 OK\r\nno colon\r\n\r\n");
        let Event::Response(raw) = reader.next_event() else { panic!() };
        assert_eq!(Response::parse(&raw), Err(BadResponse));
    }
}
