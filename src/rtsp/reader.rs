//! Cuts the bytes of a connection into requests, responses, interleaved frames and password lines.

use std::fmt;

use bytes::{Buf, Bytes, BytesMut};

use super::block::{BlockEnd, BlockScanner, find_header, is_blank, line_at};
use super::{Method, Status};

/// Most bytes of a message from its first line through its blank line. DSS 6.0.3 stopped at 2047, which today's Digest
/// lines, tokens and cookies pass.
pub const MAX_HEADER_BLOCK: usize = 64 * 1024;

/// Largest `Content-Length` of an RTSP message: the module API's attribute for it has 32 bits.
pub const MAX_BODY: u64 = u32::MAX as u64;

/// Length of `$`, channel and 16-bit length (RFC 2326 section 10.12).
const FRAME_HEADER: usize = 4;

/// What the reader found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A request is complete through its blank line. Its body, if it has one, is taken with
    /// [`RequestReader::take_body`]; what is not taken is dropped when the next event is asked for.
    Request(RawRequest),
    /// A response: the answer to a request of the server's own.
    Response(RawResponse),
    /// An interleaved frame (RFC 2326 section 10.12).
    Interleaved {
        /// The channel.
        channel: u8,
        /// The payload, up to 65535 bytes.
        payload: Bytes,
    },
    /// A line without a blank in it where a request line should be: how a SHOUTcast source sends its password. The line
    /// end is left out. Whoever takes it goes on with [`RequestReader::take_rest`].
    PasswordLine(Bytes),
    /// Nothing is complete; push more bytes.
    NeedMore,
    /// The bytes make no sense and the place where the next message starts is lost.
    Error(ReadError),
}

/// A request as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRequest {
    /// Request line through blank line, exactly as received.
    pub text: Bytes,
    /// The `Content-Length` header's value in bytes, 0 when there is none.
    pub content_length: u64,
}

impl RawRequest {
    /// The request line without its line end.
    pub fn request_line(&self) -> &[u8] {
        line_at(&self.text, 0).and_then(|(line, _)| self.text.get(line)).unwrap_or_default()
    }

    /// Whether this is an HTTP request: GET, POST or HEAD, with `HTTP` in the first line; PUT, DELETE or the SOURCE of
    /// Icecast 2 with its version at the end of the line (an older SOURCE has a password and a name there).
    pub fn is_http(&self) -> bool {
        let line = self.request_line();
        let mut words = line.split(|byte| is_blank(*byte)).filter(|word| !word.is_empty());
        let method = words.next().unwrap_or_default();
        let named = |names: [&[u8]; 3]| names.iter().any(|name| method.eq_ignore_ascii_case(name));
        if named([b"PUT", b"DELETE", b"SOURCE"]) {
            return words
                .next_back()
                .is_some_and(|word| word.get(..5).is_some_and(|w| w.eq_ignore_ascii_case(b"HTTP/")));
        }
        named([b"GET", b"POST", b"HEAD"]) && line.windows(4).any(|word| word.eq_ignore_ascii_case(b"HTTP"))
    }

    /// The value of the last header called `name`, known or not, without the blanks around it.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.text.get(find_header(&self.text, name.as_bytes())?)
    }
}

/// A response as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawResponse {
    /// Status line through blank line, exactly as received.
    pub text: Bytes,
    /// The three-digit status.
    pub code: u16,
    /// The `Content-Length` header's value in bytes, 0 when there is none.
    pub content_length: u64,
}

/// What was wrong with the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadErrorKind {
    /// No blank line within [`MAX_HEADER_BLOCK`] bytes.
    HeaderTooLong,
    /// `Content-Length` is not a number of bytes.
    BadContentLength,
    /// `Content-Length` is more than [`MAX_BODY`].
    BodyTooLong,
}

/// The peer sent what cannot be cut into messages. The reader is deaf from then on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// What was wrong.
    pub kind: ReadErrorKind,
    /// The CSeq of the message, if it can be made out, for the answer.
    pub cseq: Option<Bytes>,
}

impl ReadError {
    /// The status to answer with.
    pub const fn status(&self) -> Status {
        match self.kind {
            ReadErrorKind::HeaderTooLong | ReadErrorKind::BadContentLength => Status::BadRequest,
            ReadErrorKind::BodyTooLong => Status::RequestEntityTooLarge,
        }
    }

    /// Whether the connection must be closed after the answer. Always: nobody knows where the next message starts.
    pub const fn must_close(&self) -> bool {
        true
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ReadErrorKind::HeaderTooLong => write!(f, "header block exceeds {MAX_HEADER_BLOCK} bytes"),
            ReadErrorKind::BadContentLength => f.write_str("header Content-Length is no number of bytes"),
            ReadErrorKind::BodyTooLong => write!(f, "header Content-Length exceeds {MAX_BODY} bytes"),
        }
    }
}

impl std::error::Error for ReadError {}

/// The reading side of one connection.
///
/// Bytes go in with [`push`](Self::push); [`next_event`](Self::next_event) is called until it says
/// [`Event::NeedMore`]. The events do not depend on how the bytes were split. A request that is being worked on should
/// be answered before the next event is asked for, since that drops what is left of its body.
#[derive(Debug)]
pub struct RequestReader {
    buffer: BytesMut,
    scanner: BlockScanner,
    /// How far the first line was searched for what ends a password; `None` when it is no password.
    password_from: Option<usize>,
    /// Body bytes of the last message that were not taken yet.
    body_left: u64,
    /// The last message or line ended in CR: an LF that follows belongs to it.
    swallow_lf: bool,
    deaf: bool,
}

impl Default for RequestReader {
    fn default() -> Self {
        Self::new()
    }
}

impl RequestReader {
    /// A reader at the start of a connection.
    pub fn new() -> Self {
        Self {
            buffer: BytesMut::new(),
            scanner: BlockScanner::new(),
            password_from: Some(0),
            body_left: 0,
            swallow_lf: false,
            deaf: false,
        }
    }

    /// Adds bytes from the peer. After an error they are dropped.
    pub fn push(&mut self, data: &[u8]) {
        if !self.deaf {
            self.buffer.extend_from_slice(data);
        }
    }

    /// How many bytes are held.
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// Finds the next event.
    pub fn next_event(&mut self) -> Event {
        if !self.skip_to_message() {
            return Event::NeedMore;
        }
        match self.buffer.first() {
            None => Event::NeedMore,
            Some(b'$') => self.frame(),
            Some(_) => self.message(),
        }
    }

    /// Body bytes of the last message that were not taken yet, arrived or not.
    pub fn body_left(&self) -> u64 {
        self.body_left
    }

    /// Takes up to `max` bytes of the last message's body; empty when none has arrived or none is left.
    pub fn take_body(&mut self, max: usize) -> Bytes {
        if self.body_left == 0 || !self.finish_line() {
            return Bytes::new();
        }
        let len = self.body_arrived().min(max);
        self.body_left -= len as u64;
        self.buffer.split_to(len).freeze()
    }

    /// Takes everything that was pushed and not used, and forgets any body: the connection goes on in another protocol
    /// (HTTP tunnel, MP3 source, HTTP body without an end).
    pub fn take_rest(&mut self) -> BytesMut {
        self.finish_line();
        self.body_left = 0;
        self.start_message();
        std::mem::take(&mut self.buffer)
    }

    /// Drops the rest of the last body and the line ends between messages. `false` when more bytes are needed first.
    ///
    /// Clients send a lone CRLF to keep a connection alive; RFC 2326's successor and HTTP ask servers to skip it.
    fn skip_to_message(&mut self) -> bool {
        if !self.finish_line() {
            return false;
        }
        if self.body_left > 0 {
            let len = self.body_arrived();
            self.body_left -= len as u64;
            self.buffer.advance(len);
            if self.body_left > 0 {
                return false;
            }
        }
        let message = self.buffer.iter().position(|byte| !matches!(byte, b'\r' | b'\n'));
        self.buffer.advance(message.unwrap_or(self.buffer.len()));
        true
    }

    /// Drops the LF that belongs to a CR already used. `false` when the byte after that CR has not arrived.
    fn finish_line(&mut self) -> bool {
        if !self.swallow_lf {
            return true;
        }
        match self.buffer.first() {
            None => return false,
            Some(b'\n') => self.buffer.advance(1),
            Some(_) => {}
        }
        self.swallow_lf = false;
        true
    }

    fn body_arrived(&self) -> usize {
        usize::try_from(self.body_left).unwrap_or(usize::MAX).min(self.buffer.len())
    }

    fn frame(&mut self) -> Event {
        let &[_, channel, high, low, ..] = self.buffer.as_ref() else {
            return Event::NeedMore;
        };
        let len = FRAME_HEADER + usize::from(u16::from_be_bytes([high, low]));
        if self.buffer.len() < len {
            return Event::NeedMore;
        }
        let mut payload = self.buffer.split_to(len).freeze();
        payload.advance(FRAME_HEADER);
        Event::Interleaved { channel, payload }
    }

    fn message(&mut self) -> Event {
        if let Some(line) = self.password_line() {
            return line;
        }
        match self.scanner.scan(&self.buffer) {
            Some(end) if end.len <= MAX_HEADER_BLOCK => self.block(end),
            None if self.buffer.len() <= MAX_HEADER_BLOCK => Event::NeedMore,
            _ => {
                self.buffer.truncate(MAX_HEADER_BLOCK);
                let text = self.buffer.split().freeze();
                self.fail(ReadErrorKind::HeaderTooLong, &text)
            }
        }
    }

    /// The first line, if it is ended, has no blank and something to see, and is no method's name: a request always has
    /// a blank after the method.
    fn password_line(&mut self) -> Option<Event> {
        let from = self.password_from?;
        let window = self.buffer.get(..self.buffer.len().min(MAX_HEADER_BLOCK))?;
        let Some(len) = window.get(from..)?.iter().position(|byte| matches!(byte, b'\r' | b'\n' | b' ' | b'\t')) else {
            self.password_from = Some(window.len());
            return None;
        };
        let len = from + len;
        let (line, end) = (window.get(..len)?, *window.get(len)?);
        if is_blank(end) || !line.iter().any(|byte| *byte > b' ' && *byte != 0x7f) || Method::from_token(line).is_some()
        {
            self.password_from = None;
            return None;
        }
        let line = self.buffer.split_to(len).freeze();
        self.buffer.advance(1);
        self.start_message();
        self.swallow_lf = end == b'\r';
        Some(Event::PasswordLine(line))
    }

    fn start_message(&mut self) {
        self.scanner = BlockScanner::new();
        self.password_from = Some(0);
    }

    fn block(&mut self, end: BlockEnd) -> Event {
        let text = self.buffer.split_to(end.len).freeze();
        self.start_message();
        self.swallow_lf = end.swallow_lf;
        let content_length = match content_length(&text) {
            Ok(len) => len,
            Err(kind) => return self.fail(kind, &text),
        };
        self.body_left = content_length;
        match response_code(&text) {
            Some(code) => Event::Response(RawResponse { text, code, content_length }),
            None => Event::Request(RawRequest { text, content_length }),
        }
    }

    fn fail(&mut self, kind: ReadErrorKind, text: &Bytes) -> Event {
        self.deaf = true;
        self.buffer = BytesMut::new();
        self.body_left = 0;
        self.swallow_lf = false;
        Event::Error(ReadError { kind, cseq: find_cseq(text) })
    }
}

/// The CSeq of a message that may be broken elsewhere, for the answer to it.
pub(super) fn find_cseq(text: &Bytes) -> Option<Bytes> {
    find_header(text, b"cseq").filter(|range| !range.is_empty()).map(|range| text.slice(range))
}

fn content_length(text: &[u8]) -> Result<u64, ReadErrorKind> {
    let Some(value) = find_header(text, b"content-length").and_then(|range| text.get(range)) else {
        return Ok(0);
    };
    if !value.iter().all(u8::is_ascii_digit) {
        return Err(ReadErrorKind::BadContentLength);
    }
    value
        .iter()
        .try_fold(0u64, |sum, digit| sum.checked_mul(10)?.checked_add(u64::from(digit - b'0')))
        .filter(|len| *len <= MAX_BODY)
        .ok_or(ReadErrorKind::BodyTooLong)
}

/// The status of a text that starts like `RTSP/1.0 200`.
fn response_code(text: &[u8]) -> Option<u16> {
    let line = text.get(line_at(text, 0)?.0)?;
    let mut words = line.split(|byte| is_blank(*byte)).filter(|word| !word.is_empty());
    words.next().filter(|version| version.get(..5).is_some_and(|name| name.eq_ignore_ascii_case(b"RTSP/")))?;
    let code: &[u8; 3] = words.next()?.try_into().ok()?;
    code.iter().all(u8::is_ascii_digit).then(|| code.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0')))
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
