//! The Transport header (RFC 2326 section 12.39): choosing one of the client's entries, composing the answer.

use std::fmt::{self, Write};

use super::Status;
use super::params::{digits, name_and_value, parameters, split_unquoted};

/// How media reach the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// RTP over UDP: `RTP/AVP`, `RTP/AVP/UDP`, and the same with `AVPF`.
    Udp,
    /// RTP interleaved on the RTSP connection: `RTP/AVP/TCP`.
    Tcp,
}

/// Who sends the media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// The server, to a player.
    #[default]
    Play,
    /// The client, to a server that takes its broadcast: `mode=record` or `mode=receive`, quoted or not.
    Record,
}

impl Mode {
    /// The module API's number (`QTSS_RTPTransportMode`).
    pub const fn id(self) -> u32 {
        match self {
            Self::Play => 0,
            Self::Record => 1,
        }
    }
}

/// An RTP and an RTCP port. Usually even and one above it; clients behind address translation may have any two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PortPair {
    /// The RTP port.
    pub rtp: u16,
    /// The RTCP port.
    pub rtcp: u16,
}

impl PortPair {
    /// Reads `a-b`, or `a` which means `a` and the port above it. `None` when either is no port number.
    pub fn parse(text: &str) -> Option<Self> {
        let (rtp, rtcp) = match text.split_once('-') {
            Some((rtp, rtcp)) => (digits::<u16>(rtp)?, digits::<u16>(rtcp)?),
            None => {
                let rtp = digits::<u16>(text)?;
                (rtp, rtp.checked_add(1)?)
            }
        };
        (rtp > 0 && rtcp > 0).then_some(Self { rtp, rtcp })
    }

    /// Whether the RTP port is even and the RTCP port the next one, as RFC 3550 section 11 has it. DSS 6.0.3 refused odd
    /// RTP ports.
    pub const fn is_regular(self) -> bool {
        self.rtp % 2 == 0 && self.rtp.wrapping_add(1) == self.rtcp
    }
}

impl fmt::Display for PortPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.rtp, self.rtcp)
    }
}

/// Why no entry can be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The header has no entry at all.
    #[error("header Transport is empty")]
    Empty,
    /// No entry names a profile and a delivery that the server has; secure RTP is not served, and multicast only where a
    /// module allows it.
    #[error("header Transport offers nothing that can be served")]
    Unsupported,
    /// The chosen entry's `client_port` is no pair of port numbers.
    #[error("header Transport: client_port is no pair of port numbers")]
    BadClientPort,
}

impl TransportError {
    /// The status to answer with.
    pub const fn status(self) -> Status {
        match self {
            Self::Unsupported => Status::UnsupportedTransport,
            Self::Empty | Self::BadClientPort => Status::BadRequest,
        }
    }
}

/// The chosen entry of a Transport header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transport {
    /// UDP or interleaved.
    pub protocol: Protocol,
    /// The client said `unicast`. Without the word it is unicast all the same, but the answer has no `ssrc`.
    pub unicast: bool,
    /// The client said `multicast`.
    pub multicast: bool,
    /// Play or record.
    pub mode: Mode,
    /// Where the client wants UDP media, or sends them from.
    pub client_port: Option<PortPair>,
    /// The RTP and the RTCP channel the client asks for. A request only: the answer states the real ones.
    pub interleaved: Option<(u8, u8)>,
    /// Another address that media should go to.
    pub destination: Option<String>,
    /// The server's address that media should come from.
    pub source: Option<String>,
    /// Hops of multicast packets.
    pub ttl: Option<u8>,
    /// The SSRC the client proposes.
    pub ssrc: Option<u32>,
    /// The entry as sent, without blanks and without the parameters that the answer states itself.
    kept: String,
}

/// Parameters that the answer states and that are therefore never echoed.
const ANSWERED: &[&str] = &["client_port", "interleaved", "source", "server_port", "ssrc"];

impl Transport {
    /// Takes the first entry of a Transport header's value (on one line) that can be served to a player of its own.
    ///
    /// # Errors
    /// [`TransportError`]; it says which status to answer with.
    pub fn choose(value: &str) -> Result<Self, TransportError> {
        Self::choose_by(value, false)
    }

    /// The same where multicast can be served, too.
    ///
    /// # Errors
    /// [`TransportError`]; it says which status to answer with.
    pub fn choose_or_multicast(value: &str) -> Result<Self, TransportError> {
        Self::choose_by(value, true)
    }

    fn choose_by(value: &str, multicast: bool) -> Result<Self, TransportError> {
        let mut error = TransportError::Empty;
        for entry in split_unquoted(value, ',').map(str::trim).filter(|entry| !entry.is_empty()) {
            match Self::parse_entry(entry) {
                Err(TransportError::Unsupported) => error = TransportError::Unsupported,
                Ok(chosen) if chosen.multicast && !(multicast && chosen.protocol == Protocol::Udp) => {
                    error = TransportError::Unsupported;
                }
                chosen => return chosen,
            }
        }
        Err(error)
    }

    /// The first interleaved entry, wherever it stands; `None` without one.
    pub fn choose_interleaved(value: &str) -> Option<Self> {
        let entries = split_unquoted(value, ',').map(str::trim).filter(|entry| !entry.is_empty());
        let is_one = |entry: &Self| entry.protocol == Protocol::Tcp && !entry.multicast;
        entries.filter_map(|entry| Self::parse_entry(entry).ok()).find(is_one)
    }

    fn parse_entry(entry: &str) -> Result<Self, TransportError> {
        let profile = split_unquoted(entry, ';').next().unwrap_or_default().trim();
        let mut transport = Self {
            protocol: protocol(profile).ok_or(TransportError::Unsupported)?,
            unicast: false,
            multicast: false,
            mode: Mode::Play,
            client_port: None,
            interleaved: None,
            destination: None,
            source: None,
            ttl: None,
            ssrc: None,
            kept: kept(entry),
        };
        for (name, value) in parameters(entry).skip(1) {
            transport.take_parameter(&name.to_ascii_lowercase(), value)?;
        }
        Ok(transport)
    }

    fn take_parameter(&mut self, name: &str, value: &str) -> Result<(), TransportError> {
        match name {
            "unicast" => self.unicast = true,
            "multicast" => self.multicast = true,
            "client_port" => self.client_port = Some(PortPair::parse(value).ok_or(TransportError::BadClientPort)?),
            "interleaved" => self.interleaved = parse_channels(value),
            "destination" if !value.is_empty() => self.destination = Some(value.to_owned()),
            "source" if !value.is_empty() => self.source = Some(value.to_owned()),
            "ttl" => self.ttl = digits(value),
            "ssrc" => self.ssrc = parse_ssrc(value),
            "mode" => self.mode = parse_mode(value),
            _ => {}
        }
        Ok(())
    }

    /// The answer's value for UDP: the server's own address (or the one that stands for it outside), both sides' ports
    /// (of the client's as far as it named any), and the stream's SSRC if the module asked for it; see
    /// [`Self::answer_tcp`] for when that is written.
    pub fn answer_udp(&self, source: &str, client: Option<PortPair>, server: PortPair, ssrc: Option<u32>) -> String {
        let client = client.map(|ports| format!(";client_port={ports}")).unwrap_or_default();
        let mut answer = format!("{};source={source}{client};server_port={server}", self.kept);
        self.add_ssrc(&mut answer, ssrc);
        answer
    }

    /// The answer's value for interleaved media: the real channels. `ssrc` is written only to a player that said
    /// `unicast`, as DSS 6.0.3 did.
    pub fn answer_tcp(&self, (rtp, rtcp): (u8, u8), ssrc: Option<u32>) -> String {
        let mut answer = format!("{};interleaved={rtp}-{rtcp}", self.kept);
        self.add_ssrc(&mut answer, ssrc);
        answer
    }

    fn add_ssrc(&self, answer: &mut String, ssrc: Option<u32>) {
        if let (Some(ssrc), true, Mode::Play) = (ssrc, self.unicast, self.mode) {
            // writing to a String cannot fail
            let _ = write!(answer, ";ssrc={ssrc:08X}");
        }
    }
}

/// `RTP/AVP` and `RTP/AVPF` with nothing, `UDP` or `TCP` after them, any case; `None` for all else.
fn protocol(profile: &str) -> Option<Protocol> {
    let mut parts = profile.split('/').map(str::trim);
    let is_rtp = parts.next()?.eq_ignore_ascii_case("RTP");
    let name = parts.next()?;
    let lower = parts.next();
    if !is_rtp || parts.next().is_some() || !["AVP", "AVPF"].iter().any(|known| name.eq_ignore_ascii_case(known)) {
        return None;
    }
    match lower {
        None => Some(Protocol::Udp),
        Some(lower) if lower.eq_ignore_ascii_case("UDP") => Some(Protocol::Udp),
        Some(lower) if lower.eq_ignore_ascii_case("TCP") => Some(Protocol::Tcp),
        Some(_) => None,
    }
}

fn kept(entry: &str) -> String {
    let is_kept = |parameter: &&str| {
        let name = name_and_value(parameter).0;
        !name.is_empty() && !ANSWERED.iter().any(|answered| name.eq_ignore_ascii_case(answered))
    };
    let mut out = String::with_capacity(entry.len());
    for parameter in split_unquoted(entry, ';').filter(is_kept) {
        if !out.is_empty() {
            out.push(';');
        }
        out.extend(parameter.chars().filter(|c| !c.is_whitespace()));
    }
    out
}

fn parse_channels(value: &str) -> Option<(u8, u8)> {
    match value.split_once('-') {
        Some((rtp, rtcp)) => Some((digits(rtp)?, digits(rtcp)?)),
        None => {
            let rtp: u8 = digits(value)?;
            Some((rtp, rtp.checked_add(1)?))
        }
    }
}

fn parse_ssrc(value: &str) -> Option<u32> {
    u32::from_str_radix(value, 16).ok().filter(|_| !value.starts_with('+'))
}

fn parse_mode(value: &str) -> Mode {
    let is_record = |word: &str| ["record", "receive"].iter().any(|name| word.eq_ignore_ascii_case(name));
    if value.split(',').map(|word| word.trim().trim_matches('"')).any(is_record) { Mode::Record } else { Mode::Play }
}

#[cfg(test)]
#[path = "transport_tests.rs"]
mod tests;
