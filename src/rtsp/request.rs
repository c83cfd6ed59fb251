//! A request's text taken apart (RFC 2326 section 6). Every value is a window into the text as it was received: the
//! module API hands out pointers into one buffer and modules read beyond a value's end.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;

use super::block::{HeaderTable, NoColon, is_blank, line_at, unfold};
use super::path::{self, PathError};
use super::reader::find_cseq;
use super::{Header, Method, Status};

/// What is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestErrorKind {
    /// The method is none of RTSP's.
    #[error("unknown method {0:?}")]
    UnknownMethod(String),
    /// The line does not start with what could be a method's name: a blank, control characters, one letter.
    #[error("the request line starts with no method")]
    NotAMethod,
    /// An HTTP request that nobody took.
    #[error("an HTTP request that is no tunnel")]
    UnexpectedHttp,
    /// Nothing after the method.
    #[error("no URL in the request line")]
    NoUrl,
    /// The URL is neither absolute nor a path nor `*`.
    #[error("the URL has neither a scheme nor a leading slash")]
    BadUrl,
    /// Nothing that looks like a version after the URL.
    #[error("no version in the request line")]
    NoVersion,
    /// A version other than RTSP 1.x. HTTP's are taken for RTSP/1.0, as DSS 6.0.3 does.
    #[error("unsupported version {0:?}")]
    UnsupportedVersion(String),
    /// The URL's path cannot be used.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A header line without a colon.
    #[error("a header line has no colon")]
    NoColon,
}

/// A request that cannot be understood, and what is known for the answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct RequestError {
    /// What is wrong.
    pub kind: RequestErrorKind,
    /// The CSeq header's value, if there is one, to be echoed.
    pub cseq: Option<Bytes>,
}

impl RequestError {
    /// The status to answer with.
    pub const fn status(&self) -> Status {
        match self.kind {
            RequestErrorKind::UnknownMethod(_) => Status::NotImplemented,
            RequestErrorKind::UnsupportedVersion(_) => Status::RtspVersionNotSupported,
            _ => Status::BadRequest,
        }
    }

    /// Whether the connection should be closed after the answer: the peer does not seem to speak RTSP.
    pub const fn must_close(&self) -> bool {
        !matches!(self.kind, RequestErrorKind::Path(_) | RequestErrorKind::UnsupportedVersion(_))
    }
}

/// A request: windows into its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    text: Bytes,
    method: Method,
    method_window: Range<usize>,
    absolute_url: Range<usize>,
    uri: Option<Range<usize>>,
    query: Option<Range<usize>>,
    path: Vec<u8>,
    headers: HeaderTable,
}

/// The windows of a request line.
struct RequestLine {
    method: Range<usize>,
    absolute_url: Range<usize>,
    authority: Option<Range<usize>>,
    uri: Option<Range<usize>>,
    query: Option<Range<usize>>,
    version: Range<usize>,
}

impl Request {
    /// Takes a request apart. `text` is the request line through the blank line, as received or as a filter replaced it.
    ///
    /// # Errors
    /// [`RequestError`] with the first thing that is wrong, and the CSeq if one can be found.
    pub fn parse(text: Bytes) -> Result<Self, RequestError> {
        Self::parse_text(&text).map_err(|kind| RequestError { kind, cseq: find_cseq(&text) })
    }

    fn parse_text(text: &Bytes) -> Result<Self, RequestErrorKind> {
        let line = request_line(text)?;
        let method = parse_method(text, &line)?;
        check_version(text.get(line.version.clone()).unwrap_or_default())?;
        let url = text.get(line.absolute_url.clone()).unwrap_or_default();
        let path = match &line.uri {
            Some(_) if url == b"*" => b"/".to_vec(),
            Some(uri) => path::normalize(text.get(uri.clone()).unwrap_or_default())?,
            None => b"/".to_vec(),
        };
        let mut headers = HeaderTable::parse(text).map_err(|NoColon| RequestErrorKind::NoColon)?;
        if let Some(authority) = line.authority {
            headers.set(Header::Host, host_of(text, authority));
        }
        Ok(Self {
            text: text.clone(),
            method,
            method_window: line.method,
            absolute_url: line.absolute_url,
            uri: line.uri,
            query: line.query,
            path,
            headers,
        })
    }

    /// The whole text, request line through blank line.
    pub const fn text(&self) -> &Bytes {
        &self.text
    }

    /// The method.
    pub const fn method(&self) -> Method {
        self.method
    }

    /// Where the method is in the text, as the client spelt it.
    pub const fn method_window(&self) -> &Range<usize> {
        &self.method_window
    }

    /// Where the URL is in the text, as the client wrote it, up to a question mark: `rtsp://h/a.mov`, `/a.mov` or `*`.
    pub const fn absolute_url_window(&self) -> &Range<usize> {
        &self.absolute_url
    }

    /// Where the URL's path is in the text, escapes and all. `None` when the URL ends after the host, which means `/`.
    pub const fn uri_window(&self) -> Option<&Range<usize>> {
        self.uri.as_ref()
    }

    /// Where the text after the URL's question mark is; `None` without a question mark.
    pub const fn query_window(&self) -> Option<&Range<usize>> {
        self.query.as_ref()
    }

    /// The URL as the client wrote it, up to a question mark.
    pub fn absolute_url(&self) -> &[u8] {
        self.bytes(&self.absolute_url)
    }

    /// The URL's path as the client wrote it, `/` when there is none.
    pub fn uri(&self) -> &[u8] {
        self.uri.as_ref().map_or(b"/", |window| self.bytes(window))
    }

    /// The text after the URL's question mark.
    pub fn query(&self) -> Option<&[u8]> {
        self.query.as_ref().map(|window| self.bytes(window))
    }

    /// Whether the URL is `*`, the server itself.
    pub fn is_asterisk(&self) -> bool {
        self.absolute_url() == b"*"
    }

    /// The decoded path: starts with a slash, has no `..` ([`path::normalize`]); `/` for `*`.
    pub fn path(&self) -> &[u8] {
        &self.path
    }

    /// The headers' windows. Host is that of the URL when the URL is absolute.
    pub const fn headers(&self) -> &HeaderTable {
        &self.headers
    }

    /// A known header's value as received; continuation lines are still in it.
    pub fn header(&self, header: Header) -> Option<&[u8]> {
        self.headers.window(header).map(|window| self.bytes(&window))
    }

    /// A known header's value on one line, bytes that are no UTF-8 replaced: what the header modules parse.
    pub fn header_text(&self, header: Header) -> Option<Cow<'_, str>> {
        self.header(header).map(text_of)
    }

    /// The value of an unknown header (matched without regard to case) on one line.
    pub fn unknown_header_text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.headers.find_unknown(&self.text, name).map(|window| text_of(self.bytes(&window)))
    }

    /// Where the absolute URL without its last part is in the text ([`path::url_without_last_part`]).
    pub fn truncated_url_window(&self) -> Range<usize> {
        let start = self.absolute_url.start;
        start..start + path::url_without_last_part(self.absolute_url()).len()
    }

    /// Whether the client asks for the connection to be closed after the answer (`Connection: close`, RFC 2326 section
    /// 12.10). DSS 6.0.3 ignored it.
    pub fn wants_close(&self) -> bool {
        let is_close = |option: &[u8]| option.trim_ascii().eq_ignore_ascii_case(b"close");
        self.header(Header::Connection).is_some_and(|value| value.split(|byte| *byte == b',').any(is_close))
    }

    /// Whether DSS 6.0.3 answers 460 Only Aggregate Option Allowed: not a SETUP, and the URL names a track.
    pub fn needs_aggregate_url(&self) -> bool {
        self.method != Method::Setup && path::names_track(self.absolute_url())
    }

    fn bytes(&self, window: &Range<usize>) -> &[u8] {
        self.text.get(window.clone()).unwrap_or_default()
    }
}

fn text_of(value: &[u8]) -> Cow<'_, str> {
    match unfold(value) {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// The next run of bytes without blanks at or after `start`, before `end`.
fn word(text: &[u8], start: usize, end: usize) -> Range<usize> {
    let rest = text.get(start..end).unwrap_or_default();
    let skip = rest.iter().position(|byte| !is_blank(*byte)).unwrap_or(rest.len());
    let len = rest.iter().skip(skip).position(|byte| is_blank(*byte)).unwrap_or(rest.len() - skip);
    start + skip..start + skip + len
}

fn request_line(text: &[u8]) -> Result<RequestLine, RequestErrorKind> {
    let (line, _) = line_at(text, 0).ok_or(RequestErrorKind::NoUrl)?;
    let method_len = text.iter().take(line.end).position(|byte| is_blank(*byte)).unwrap_or(line.end);
    let method = 0..method_len;
    let url = word(text, method.end, line.end);
    let version = word(text, url.end, line.end);
    let mut absolute_url = url.clone();
    let mut query = None;
    if let Some(mark) = text.get(url.clone()).and_then(|url| url.iter().position(|byte| *byte == b'?')) {
        absolute_url.end = url.start + mark;
        query = Some(url.start + mark + 1..url.end);
    }
    let shift = |range: Range<usize>| range.start + url.start..range.end + url.start;
    let authority = text.get(absolute_url.clone()).and_then(path::authority).map(shift);
    let uri = authority.as_ref().map_or(absolute_url.start, |host| host.end)..absolute_url.end;
    Ok(RequestLine { method, absolute_url, authority, uri: (!uri.is_empty()).then_some(uri), query, version })
}

fn parse_method(text: &[u8], line: &RequestLine) -> Result<Method, RequestErrorKind> {
    let name = text.get(line.method.clone()).unwrap_or_default();
    let version = text.get(line.version.clone()).unwrap_or_default();
    let Some(method) = Method::from_token(name) else {
        let is_http = version.get(..5).is_some_and(|name| name.eq_ignore_ascii_case(b"HTTP/"));
        return Err(if is_http { RequestErrorKind::UnexpectedHttp } else { unknown_method(name) });
    };
    let url = text.get(line.absolute_url.clone()).unwrap_or_default();
    if url.is_empty() {
        return Err(RequestErrorKind::NoUrl);
    }
    if line.authority.is_none() && url != b"*" && !url.starts_with(b"/") {
        return Err(RequestErrorKind::BadUrl);
    }
    Ok(method)
}

fn unknown_method(name: &[u8]) -> RequestErrorKind {
    let is_token = !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(byte));
    if is_token && name.first().is_some_and(u8::is_ascii_alphabetic) && name.len() > 1 {
        return RequestErrorKind::UnknownMethod(short_text(name));
    }
    RequestErrorKind::NotAMethod
}

/// Peers' text for an error message, at most 64 bytes of it.
fn short_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(..64).unwrap_or(bytes)).into_owned()
}

/// Accepts RTSP/1.x and, as DSS 6.0.3 does, HTTP/1.x.
fn check_version(version: &[u8]) -> Result<(), RequestErrorKind> {
    let slash = version.iter().position(|byte| *byte == b'/').ok_or(RequestErrorKind::NoVersion)?;
    let (name, number) = (version.get(..slash).unwrap_or_default(), version.get(slash + 1..).unwrap_or_default());
    let known = name.eq_ignore_ascii_case(b"RTSP") || name.eq_ignore_ascii_case(b"HTTP");
    match number {
        [major, b'.', minor] if known && major.is_ascii_digit() && minor.is_ascii_digit() => match major {
            b'1' => Ok(()),
            _ => Err(RequestErrorKind::UnsupportedVersion(short_text(version))),
        },
        _ => Err(RequestErrorKind::NoVersion),
    }
}

/// Host and port of an authority; a user name before `@` is left out.
fn host_of(text: &[u8], authority: Range<usize>) -> Range<usize> {
    let bytes = text.get(authority.clone()).unwrap_or_default();
    let start = bytes.iter().rposition(|byte| *byte == b'@').map_or(0, |at| at + 1);
    authority.start + start..authority.end
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
