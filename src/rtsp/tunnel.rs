//! RTSP in HTTP, QuickTime's way through proxies: a GET that carries what the server says, and POSTs that carry what the
//! client says in base64. The two find each other by the cookie in `x-sessioncookie`.

use bytes::{BufMut, BytesMut};

use super::RawRequest;
use super::block::is_blank;
use super::response::put_header;

/// The header with the cookie.
pub const COOKIE_HEADER: &str = "x-sessioncookie";

/// Longest cookie taken for one, in bytes. DSS 6.0.3 stopped at 31; ffmpeg sends 16, live555 23.
pub const MAX_COOKIE: usize = 256;

/// The date of every GET answer; constant on purpose, so that proxies see an old page.
pub const TUNNEL_DATE: &str = "Thu, 19 Aug 1982 18:30:00 GMT";

/// Largest raw RTCP packet that is skipped as one; a longer one is not RTCP.
const MAX_RAW_RTCP: usize = 2048;

/// Which half of a tunnel a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TunnelHalf {
    /// The GET: answers and media to the client.
    Get,
    /// The POST: base64 from the client.
    Post,
}

/// A request that opens one half of a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TunnelRequest<'a> {
    /// Which half.
    pub half: TunnelHalf,
    /// The cookie, 1 to [`MAX_COOKIE`] bytes.
    pub cookie: &'a [u8],
}

impl<'a> TunnelRequest<'a> {
    /// Recognises a tunnel: GET or POST, `HTTP` in the first line, and a cookie. Only a connection's first request can
    /// be one; URL, version, Accept and Content-Type do not matter, nor does the POST's Content-Length, which clients
    /// make up.
    pub fn recognize(request: &'a RawRequest) -> Option<Self> {
        let method = request.request_line().split(|byte| is_blank(*byte)).next()?;
        let half = match method {
            name if name.eq_ignore_ascii_case(b"GET") => TunnelHalf::Get,
            name if name.eq_ignore_ascii_case(b"POST") => TunnelHalf::Post,
            _ => return None,
        };
        let cookie = request.header(COOKIE_HEADER)?;
        let is_cookie = request.is_http() && !cookie.is_empty() && cookie.len() <= MAX_COOKIE;
        is_cookie.then_some(Self { half, cookie })
    }
}

/// The answer to the GET; the POST is never answered. `server` is the Server header's value, `address` that of
/// `X-server-ip-address` when the preference `do_report_http_connection_ip_address` is on.
pub fn get_answer(server: Option<&str>, address: Option<&str>) -> BytesMut {
    let mut out = BytesMut::with_capacity(320);
    out.extend_from_slice(b"HTTP/1.0 200 OK\r\n");
    if let Some(address) = address {
        put_header(&mut out, "X-server-ip-address", address.as_bytes());
    }
    if let Some(server) = server {
        put_header(&mut out, "Server", server.as_bytes());
    }
    put_header(&mut out, "Connection", b"close");
    put_header(&mut out, "Date", TUNNEL_DATE.as_bytes());
    put_header(&mut out, "Cache-Control", b"no-store");
    put_header(&mut out, "Pragma", b"no-cache");
    put_header(&mut out, "Content-Type", b"application/x-rtsp-tunnelled");
    out.extend_from_slice(b"\r\n");
    out
}

/// Decodes the POST half's base64 as it arrives.
///
/// Bytes outside the alphabet are skipped, line breaks above all: one CRLF made DSS 6.0.3 deaf. Padding ends a group
/// wherever it stands, since each request may be encoded by itself. live555 sends its RTCP raw between the requests: such
/// packets are recognised by their header and skipped whole.
#[derive(Debug, Default)]
pub struct Base64Decoder {
    bits: u32,
    /// How many characters of the present group are in `bits`, 0 to 3.
    characters: u8,
    raw: RawRtcp,
    raw_packets: u64,
}

/// How much of a raw RTCP packet was seen: version and count, packet type, length in words less one (RFC 3550 section
/// 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum RawRtcp {
    #[default]
    None,
    First,
    Type,
    Length(u8),
    Skip(usize),
}

impl Base64Decoder {
    /// A decoder at the start of a POST's body. A new POST needs a new one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes `data` and appends what is complete to `out`; a group that is not complete waits for the next call.
    pub fn decode(&mut self, data: &[u8], out: &mut BytesMut) {
        out.reserve(data.len() / 4 * 3 + 3);
        let mut rest = data;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            match self.raw {
                RawRtcp::None => self.text(byte, out),
                RawRtcp::First => self.raw_type(byte, out),
                RawRtcp::Type => self.raw = RawRtcp::Length(byte),
                RawRtcp::Length(high) => self.raw_length(u16::from_be_bytes([high, byte])),
                RawRtcp::Skip(left) => {
                    let len = (left - 1).min(rest.len());
                    rest = rest.get(len..).unwrap_or_default();
                    self.raw = if left == len + 1 { RawRtcp::None } else { RawRtcp::Skip(left - len - 1) };
                }
            }
        }
    }

    /// How many raw RTCP packets were skipped. They are a sign of life.
    pub const fn raw_packets(&self) -> u64 {
        self.raw_packets
    }

    fn text(&mut self, byte: u8, out: &mut BytesMut) {
        if let Some(value) = sextet(byte) {
            self.bits = self.bits << 6 | u32::from(value);
            self.characters += 1;
            if self.characters == 4 {
                self.flush(out);
            }
        } else if byte == b'=' {
            self.flush(out);
        } else if byte & 0xc0 == 0x80 {
            self.raw = RawRtcp::First; // version 2
        }
    }

    /// Ends a group: 4, 3 or 2 characters are 3, 2 or 1 bytes; a single character is nothing.
    fn flush(&mut self, out: &mut BytesMut) {
        let bytes = (self.bits << (6 * u32::from(4 - self.characters))).to_be_bytes();
        let len = usize::from(self.characters.saturating_sub(1));
        out.put_slice(bytes.get(1..1 + len).unwrap_or_default());
        self.bits = 0;
        self.characters = 0;
    }

    fn raw_type(&mut self, byte: u8, out: &mut BytesMut) {
        self.raw = RawRtcp::None;
        match byte {
            192..=195 | 200..=213 => self.raw = RawRtcp::Type,
            other => self.text(other, out),
        }
    }

    fn raw_length(&mut self, words: u16) {
        let body = usize::from(words) * 4;
        self.raw = RawRtcp::None;
        if body <= MAX_RAW_RTCP - 4 {
            self.raw_packets += 1;
            if body > 0 {
                self.raw = RawRtcp::Skip(body);
            }
        }
    }
}

/// The six bits of a character of the base64 alphabet (RFC 4648 section 4).
const fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// Encodes with padding: what a client of a tunnel sends.
pub fn base64_encode(data: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(data.len().div_ceil(3) * 4);
    for group in data.chunks(3) {
        let at = |index: usize| group.get(index).copied().map_or(0, u32::from);
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for index in 0..4 {
            let sextet = (bits >> (18 - 6 * index)) & 63;
            let character = ALPHABET.get(sextet as usize).copied().map_or('=', char::from);
            out.push(if index as usize <= group.len() { character } else { '=' });
        }
    }
    out
}

#[cfg(test)]
#[path = "tunnel_tests.rs"]
mod tests;
