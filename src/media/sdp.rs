//! The SDP of a movie (RFC 4566): the server's lines around those the hinter left in the file.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::time::UNIX_EPOCH;

use super::movie::Movie;
use super::track::TrackKind;

/// Order of the session lines, by type letter (RFC 4566, section 5, with `b` before `t`). Lines of other types are left
/// out.
const SESSION_ORDER: &str = "vosiuepcbtrzka";

/// Session lines that a file may repeat; of the others the first one counts, and the server's own come first.
const REPEATABLE: &str = "epbra";

/// `b=AS:` above this, in kbit/s, is an old hinter's way to say that it does not know (they wrote 2097151).
const ABSURD_BANDWIDTH: u64 = 1_000_000;

/// `b=AS:` above this many times the real rate is no better.
const ABSURD_FACTOR: u64 = 8;

/// Everything in an SDP that comes from the server and the request, not from the file.
#[derive(Debug, Clone, PartialEq)]
pub struct SdpParams {
    /// Session id in `o=`: the time now, in seconds since 1900 (NTP).
    pub ntp_seconds: u64,
    /// The server's address on this connection. An IPv6 one makes `o=` and `c=` say `IP6`; an IPv4-mapped one does not.
    pub server_ip: IpAddr,
    /// `s=`: path of the URL as asked for, decoded.
    pub url_path: String,
    /// `u=`: preference `sdp_url`, or `http://name/` where the server has a DNS name; empty leaves the line out.
    pub sdp_url: String,
    /// `e=`: preference `admin_email`, or `admin@name`; empty leaves the line out.
    pub admin_email: String,
    /// Preference `add_seconds_to_client_buffer_delay`, in seconds; 0 leaves `a=x-bufferdelay` out.
    pub buffer_delay: f32,
    /// For agents in the bandwidth list: percentage that `b=` values are cut to (1 to 100).
    pub bandwidth_percent: Option<u32>,
    /// While 3GPP rate adaptation is enabled: the number of `a=3GPP-Adaptation-Support`, the report frequency.
    pub three_gpp_adaptation: Option<u32>,
    /// Replaces absurd `b=AS` values by the real rate; otherwise they are passed on as they are, as DSS 6.0.3 did.
    pub clamp_bandwidth: bool,
}

impl Default for SdpParams {
    fn default() -> Self {
        Self {
            ntp_seconds: 0,
            server_ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            url_path: String::new(),
            sdp_url: String::new(),
            admin_email: String::new(),
            buffer_delay: 0.0,
            bandwidth_percent: None,
            three_gpp_adaptation: None,
            clamp_bandwidth: false,
        }
    }
}

/// What a hint track's own lines say about its stream.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct StreamText {
    pub(super) kind: Option<TrackKind>,
    pub(super) payload_type: Option<u8>,
    pub(super) payload_name: String,
    pub(super) buffer_delay: Option<f32>,
}

impl StreamText {
    pub(super) fn read(text: &str) -> Self {
        let mut out = Self::default();
        for line in lines(text) {
            if let Some(media) = line.strip_prefix("m=") {
                let mut words = media.split_ascii_whitespace();
                out.kind = Some(match words.next() {
                    Some("audio") => TrackKind::Audio,
                    Some("video") => TrackKind::Video,
                    _ => TrackKind::Other,
                });
                out.payload_type = words.nth(2).and_then(|w| w.parse().ok()).filter(|&n| n < 128);
            } else if let Some(map) = line.strip_prefix("a=rtpmap:") {
                let (number, name) = map.split_once(' ').unwrap_or((map, ""));
                let number = number.parse().ok().filter(|&n| n < 128);
                if out.payload_name.is_empty() && (out.payload_type.is_none() || out.payload_type == number) {
                    out.payload_type = out.payload_type.or(number);
                    name.trim().clone_into(&mut out.payload_name);
                }
            } else if let Some(delay) = line.strip_prefix("a=x-bufferdelay:") {
                out.buffer_delay = delay.trim().parse().ok().filter(|d: &f32| d.is_finite() && *d >= 0.0);
            }
        }
        out
    }
}

/// A line of the file and the real bit rate, in bit/s, of what it speaks of.
type Line<'a> = (&'a str, u64);

/// Composes the SDP: session lines in order, then the media sections in the order of the tracks.
pub(super) fn compose(movie: &Movie, params: &SdpParams) -> String {
    let session_rate = u64::from(movie.bit_rate());
    let own = lines(movie.sdp_lines()).map(|l| (l, session_rate));
    let tracks = movie.hint_tracks().iter().flat_map(|t| lines(t.sdp_lines()).map(|l| (l, u64::from(t.bit_rate()))));
    let all: Vec<Line<'_>> = own.chain(tracks).collect();
    let (session, media) = all.split_at(all.iter().position(|(l, _)| l.starts_with("m=")).unwrap_or(all.len()));
    let mut out = String::new();
    for line in session_lines(movie, params, session) {
        push(&mut out, &bandwidth(line, session_rate, params));
    }
    push_media(&mut out, media, params);
    out
}

/// The server's and the file's session lines, sorted by type; of lines that may stand only once, the first.
fn session_lines(movie: &Movie, params: &SdpParams, own: &[Line<'_>]) -> Vec<String> {
    let (family, any) = match params.server_ip.to_canonical() {
        IpAddr::V4(_) => ("IP4", "0.0.0.0"),
        IpAddr::V6(_) => ("IP6", "::"),
    };
    let modified = movie.modified().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis());
    let address = params.server_ip.to_canonical();
    let mut all = vec![
        "v=0".to_owned(),
        format!("o=StreamingServer {} {modified} IN {family} {address}", params.ntp_seconds),
        format!("s={}", one_line(&params.url_path)),
        format!("c=IN {family} {any}"),
        "t=0 0".to_owned(),
        "a=control:*".to_owned(),
    ];
    for (letter, value) in [("u", &params.sdp_url), ("e", &params.admin_email)] {
        if !value.is_empty() {
            all.push(format!("{letter}={}", one_line(value)));
        }
    }
    if params.buffer_delay > 0.0 {
        all.push(format!("a=x-bufferdelay:{:.2}", params.buffer_delay));
    }
    all.extend(own.iter().filter(|(l, _)| !l.starts_with("a=range:")).map(|(l, _)| (*l).to_owned()));
    all.push(format!("a=range:npt=0-{:.5}", movie.duration()));
    let mut sorted = Vec::with_capacity(all.len());
    for letter in SESSION_ORDER.chars() {
        let most = if REPEATABLE.contains(letter) { usize::MAX } else { 1 };
        sorted.extend(all.iter().filter(|l| l.starts_with(letter)).take(most).cloned());
    }
    sorted
}

/// Appends media sections. The 3GPP line goes before the first `a=` of each, or to its end.
fn push_media(out: &mut String, lines: &[Line<'_>], params: &SdpParams) {
    let mut owed = false;
    for &(line, bit_rate) in lines {
        let starts = line.starts_with("m=");
        if owed && (starts || line.starts_with("a=")) {
            push_adaptation(out, params);
            owed = false;
        }
        owed |= starts;
        push(out, &bandwidth(line.to_owned(), bit_rate, params));
    }
    if owed {
        push_adaptation(out, params);
    }
}

fn push_adaptation(out: &mut String, params: &SdpParams) {
    if let Some(number) = params.three_gpp_adaptation {
        // Writing to a String cannot fail.
        let _ = write!(out, "a=3GPP-Adaptation-Support:{number}\r\n");
    }
}

/// A `b=AS` line brought to what the client should hear; any other line as it is. `bit_rate` is the real one in bit/s,
/// 0 if not known.
fn bandwidth(line: String, bit_rate: u64, params: &SdpParams) -> String {
    let Some(value) = line.strip_prefix("b=AS:").and_then(|v| v.trim().parse::<u64>().ok()) else {
        return line;
    };
    let real = bit_rate.div_ceil(1000);
    let absurd = value > ABSURD_BANDWIDTH || value > real.saturating_mul(ABSURD_FACTOR);
    let value_out = if params.clamp_bandwidth && real > 0 && absurd { real } else { value };
    match params.bandwidth_percent {
        Some(percent) => {
            let cut = u128::from(value_out) * u128::from(percent.clamp(1, 100)) / 100;
            format!("b=AS:{}", cut.max(1))
        }
        None if value_out != value => format!("b=AS:{value_out}"),
        None => line,
    }
}

fn push(out: &mut String, line: &str) {
    out.push_str(line);
    out.push_str("\r\n");
}

/// The well-formed lines (`x=…`) of a text whose lines end in CRLF, LF or CR.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\r', '\n']).filter(|line| {
        let mut bytes = line.bytes();
        bytes.next().is_some_and(|b| b.is_ascii_lowercase()) && bytes.next() == Some(b'=')
    })
}

/// A value that cannot break out of its line.
fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}
