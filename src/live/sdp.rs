//! Session descriptions of broadcasts (RFC 4566): what broadcasters announce, what operators put into the movie folder,
//! and what viewers are given.
//!
//! A [`Description`] keeps every line as it came, byte for byte. What DSS 6.0.3 changed is changed the same way: missing
//! `v=`, `o=`, `s=` and `t=` lines are added, session lines are put into their order, and viewers get addresses, ports
//! and control names of the server's instead of the broadcaster's.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::IpAddr;

use super::track::TrackInfo;
use crate::media::TrackKind;

/// Order of the session lines. RFC 4566 has it so, but for `r`, which belongs to the `t` before it and stays there.
const SESSION_ORDER: &[u8] = b"vosiuepcbtzka";

/// Session lines of which the first one counts.
const SINGLE: &[u8] = b"vosiuczk";

/// What a line may begin with.
const LINE_TYPES: &[u8] = b"vosiuepcbtrzkam";

/// Most media sections of a description.
const MOST_MEDIA: usize = 64;

/// Why text is not the description of a broadcast.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// A line does not begin with a letter of RFC 4566 and `=`, or has a control character.
    #[error("line {line} is no line of a session description")]
    NotSdp {
        /// Its number, from 1.
        line: usize,
    },
    /// An `m=` line without a kind of media, a port, a protocol and formats.
    #[error("line {line}: m= needs a kind of media, a port, a protocol and formats")]
    BadMedia {
        /// Its number, from 1.
        line: usize,
    },
    /// There is no `m=` line.
    #[error("no media are described")]
    NoMedia,
    /// There are too many.
    #[error("more than {MOST_MEDIA} media are described")]
    TooManyMedia,
}

/// One line: its type letter and what stands behind `=`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    letter: u8,
    value: Vec<u8>,
}

impl Line {
    fn new(letter: u8, value: impl Into<Vec<u8>>) -> Self {
        Self { letter, value: value.into() }
    }

    /// The value of attribute `name`: `Some("")` for one without a value.
    fn attribute(&self, name: &str) -> Option<&[u8]> {
        let rest = self.value.strip_prefix(name.as_bytes()).filter(|_| self.letter == b'a')?;
        match rest.first() {
            None => Some(rest),
            Some(b':') => rest.get(1..),
            Some(_) => None,
        }
    }
}

/// An address of a `c=` line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    /// Where packets go; `None` when it is a name, or not readable.
    pub address: Option<IpAddr>,
    /// Hops, for IPv4 groups.
    pub ttl: Option<u8>,
}

impl Connection {
    fn parse(value: &[u8]) -> Self {
        let text = String::from_utf8_lossy(value);
        let place = text.split_ascii_whitespace().nth(2).unwrap_or_default();
        let mut parts = place.split('/');
        let address = parts.next().and_then(|address| address.parse::<IpAddr>().ok());
        let ttl = parts.next().and_then(|ttl| ttl.parse().ok()).filter(|_| address.is_none_or(|a| a.is_ipv4()));
        Self { address, ttl }
    }
}

/// One `m=` and what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Audio, video or something else.
    pub kind: TrackKind,
    /// The UDP port of its RTP; 0 when it is not fixed.
    pub port: u16,
    /// The transport protocol: `RTP/AVP` …
    pub protocol: String,
    /// RTP payload types of the `m=` line, as far as they are numbers.
    pub payload_types: Vec<u8>,
    /// The track's number, unique in the description; viewers see `trackID=` and it.
    pub track_id: u32,
    /// Its `c=`, or that of the session.
    pub connection: Option<Connection>,
    lines: Vec<Line>,
}

/// A session description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    session: Vec<Line>,
    media: Vec<Media>,
}

/// How a viewer's description differs from the broadcaster's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ViewerTerms {
    /// The viewer came by IPv6.
    pub ipv6: bool,
    /// While 3GPP rate adaptation is enabled: the number of `a=3GPP-Adaptation-Support`, the report frequency.
    pub three_gpp_adaptation: Option<u32>,
    /// Percentage that the `b=` values of media are cut to (1 to 100), for players that need it.
    pub bandwidth_percent: Option<u32>,
}

impl Description {
    /// Reads a description. Line ends may be CR, LF or CRLF; blanks before a line and empty lines are skipped, as in
    /// DSS 6.0.3. Tracks whose control names end in no number, or in one that another track has, get numbers of their own.
    ///
    /// # Errors
    /// [`SdpError`], with the line.
    pub fn parse(text: &[u8]) -> Result<Self, SdpError> {
        let mut found = Self { session: Vec::new(), media: Vec::new() };
        for (number, text) in numbered_lines(text) {
            let line = parse_line(text).ok_or(SdpError::NotSdp { line: number })?;
            if line.letter == b'm' {
                if found.media.len() >= MOST_MEDIA {
                    return Err(SdpError::TooManyMedia);
                }
                found.media.push(parse_media(line).ok_or(SdpError::BadMedia { line: number })?);
            } else {
                match found.media.last_mut() {
                    Some(media) => media.lines.push(line),
                    None => found.session.push(line),
                }
            }
        }
        if found.media.is_empty() {
            return Err(SdpError::NoMedia);
        }
        found.find_connections();
        found.number_tracks();
        Ok(found)
    }

    fn find_connections(&mut self) {
        let of =
            |lines: &[Line]| lines.iter().find(|line| line.letter == b'c').map(|line| Connection::parse(&line.value));
        let common = of(&self.session);
        for media in &mut self.media {
            media.connection = of(&media.lines).or(common);
        }
    }

    /// Numbers that control names end in count; the first of two equal ones keeps it. The others get their place in the
    /// description if nobody has that number, else the lowest that is free.
    fn number_tracks(&mut self) {
        let mut taken: Vec<u32> = Vec::new();
        let mut wanting = Vec::new();
        for (index, media) in self.media.iter_mut().enumerate() {
            match media.control_digits().filter(|number| !taken.contains(number)) {
                Some(number) => {
                    media.track_id = number;
                    taken.push(number);
                }
                None => wanting.push(index),
            }
        }
        for index in wanting {
            let place = u32::try_from(index).unwrap_or(0).saturating_add(1);
            let number = std::iter::once(place).chain(1..).find(|number| !taken.contains(number)).unwrap_or(place);
            if let Some(media) = self.media.get_mut(index) {
                media.track_id = number;
            }
            taken.push(number);
        }
    }

    /// The media in their order.
    pub fn media(&self) -> &[Media] {
        &self.media
    }

    /// The media with this track number.
    pub fn track(&self, track_id: u32) -> Option<&Media> {
        self.media.iter().find(|media| media.track_id == track_id)
    }

    /// The media that a broadcaster's SETUP means: `name` is the last part of its URL. A name that is a control name
    /// comes first, then a number at its end. Of several media with the same control name it is the first that is not
    /// `taken` yet: broadcasters set up in the order of their description.
    pub fn find_track(&self, name: &str, taken: impl Fn(u32) -> bool) -> Option<&Media> {
        let named = |media: &&Media| media.control().is_some_and(|control| last_part(&control) == name);
        let mut found = self.media.iter().filter(named);
        let first = found.clone().next();
        found.find(|media| !taken(media.track_id)).or(first).or_else(|| self.track(trailing_number(name)?))
    }

    /// A session attribute's first value; empty for one without a value.
    pub fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        self.session.iter().find_map(|line| line.attribute(name)).map(String::from_utf8_lossy)
    }

    /// The name of the broadcast (`s=`).
    pub fn name(&self) -> String {
        let line = self.session.iter().find(|line| line.letter == b's');
        line.map(|line| String::from_utf8_lossy(&line.value).trim().to_owned()).unwrap_or_default()
    }

    /// Whether the server may pass this on: every address is a group, one of the server's own, of no machine in
    /// particular (`0.0.0.0`, `127.*`), or not given, and no TTL is 0.
    pub fn is_reflectable(&self, is_own: impl Fn(IpAddr) -> bool) -> bool {
        self.media.iter().filter_map(|media| media.connection).all(|connection| {
            let here = |address: IpAddr| {
                address.is_multicast() || address.is_unspecified() || address.is_loopback() || is_own(address)
            };
            connection.ttl != Some(0) && connection.address.is_some_and(here)
        })
    }

    /// The description lives as long as its `t=` lines say, not as long as a broadcast: `a=x-broadcastcontrol:TIME`.
    pub fn is_timed(&self) -> bool {
        let control = self.attribute("x-broadcastcontrol");
        control.is_some_and(|value| value.trim().eq_ignore_ascii_case("TIME"))
    }

    /// Is `ntp_seconds` (since 1900) within one of the `t=` lines? A start or an end of 0 is open, and so is a line with
    /// repeats (`r=`) and a description without a readable line.
    pub fn is_on_air(&self, ntp_seconds: u64) -> bool {
        let times: Vec<_> = self.session.iter().filter(|line| line.letter == b't').filter_map(times_of).collect();
        let repeats = self.session.iter().any(|line| line.letter == b'r');
        let within = |(start, end): &(u64, u64)| *start <= ntp_seconds && (*end == 0 || ntp_seconds < *end);
        times.is_empty() || repeats || times.iter().any(within)
    }

    /// Whether all of its times have an end, and it is past at `ntp_seconds`.
    pub fn is_over(&self, ntp_seconds: u64) -> bool {
        let times: Vec<_> = self.session.iter().filter(|line| line.letter == b't').filter_map(times_of).collect();
        let repeats = self.session.iter().any(|line| line.letter == b'r');
        !times.is_empty() && !repeats && times.iter().all(|(_, end)| *end != 0 && *end <= ntp_seconds)
    }

    /// Adds the lines that must be there and are not: `v=`, `o=` with what `origin` gives, `s=` with `name`, `t=`.
    pub fn complete(&mut self, origin: impl FnOnce() -> String, name: &[u8]) {
        let has = |letter| self.session.iter().any(|line| line.letter == letter);
        let (no_version, no_origin, no_name, no_time) = (!has(b'v'), !has(b'o'), !has(b's'), !has(b't'));
        let mut added = Vec::new();
        if no_version {
            added.push(Line::new(b'v', "0"));
        }
        if no_origin {
            added.push(Line::new(b'o', one_line(origin().as_bytes())));
        }
        if no_name {
            added.push(Line::new(b's', one_line(name)));
        }
        if no_time {
            added.push(Line::new(b't', "0 0"));
        }
        self.session.splice(0..0, added);
    }

    /// Puts the session lines into their order; of those that may stand once, and of `a=range`, the first stays. Media
    /// stay as they are.
    pub fn sort(&mut self) {
        let mut groups: Vec<Vec<Line>> = Vec::new();
        for line in std::mem::take(&mut self.session) {
            match groups.last_mut().filter(|_| line.letter == b'r') {
                Some(group) => group.push(line),
                None => groups.push(vec![line]),
            }
        }
        let letter = |group: &Vec<Line>| group.first().map_or(0, |line| line.letter);
        groups.sort_by_key(|group| SESSION_ORDER.iter().position(|known| *known == letter(group)));
        let (mut seen, mut has_range) = (Vec::new(), false);
        for line in groups.into_iter().flatten() {
            let again = SINGLE.contains(&line.letter) && seen.contains(&line.letter);
            let is_range = line.attribute("range").is_some();
            if !again && (!is_range || !has_range) {
                seen.push(line.letter);
                has_range |= is_range;
                self.session.push(line);
            }
        }
    }

    /// Adds a session attribute.
    pub fn add_attribute(&mut self, text: &str) {
        self.session.push(Line::new(b'a', one_line(text.as_bytes())));
    }

    /// The text, with CRLF ends.
    pub fn to_bytes(&self) -> Vec<u8> {
        let lines = self.session.iter().chain(self.media.iter().flat_map(|media| &media.lines));
        let mut out = Vec::new();
        for line in lines {
            out.extend_from_slice(&[line.letter, b'=']);
            out.extend_from_slice(&line.value);
            out.extend_from_slice(b"\r\n");
        }
        out
    }

    /// What a viewer is given: no addresses and ports of the broadcaster's, the server's control names, and what the
    /// terms add. All else stays as it is.
    pub fn for_viewer(&self, terms: &ViewerTerms) -> Vec<u8> {
        let mut own = self.clone();
        let anywhere = if terms.ipv6 { "IN IP6 ::" } else { "IN IP4 0.0.0.0" };
        let drop_from = |lines: &mut Vec<Line>| lines.retain(|line| !is_of_the_way_here(line));
        drop_from(&mut own.session);
        if !own.session.iter().any(|line| line.letter == b'c') {
            own.session.push(Line::new(b'c', anywhere));
        }
        set_control(&mut own.session, "*".to_owned());
        for media in &mut own.media {
            drop_from(&mut media.lines);
            media.close_ports();
            set_control(&mut media.lines, format!("trackID={}", media.track_id));
            media.adjust(terms);
        }
        let everything = own.session.iter_mut().chain(own.media.iter_mut().flat_map(|media| &mut media.lines));
        for line in everything.filter(|line| line.letter == b'c') {
            line.value = anywhere.into();
        }
        own.sort();
        own.to_bytes()
    }

    /// What another server is told when the broadcast is sent on to it at `address`: no range of time, that address, and
    /// control names that are unique there.
    pub fn for_server(&self, address: IpAddr) -> Vec<u8> {
        let mut own = self.clone();
        let is_kept = |line: &Line| {
            let is_ours = line.attribute("range").is_some() || line.attribute("x-broadcastcontrol").is_some();
            line.letter != b'c' && !is_ours && !is_of_the_way_here(line)
        };
        own.session.retain(is_kept);
        let family = if address.is_ipv4() { "IP4" } else { "IP6" };
        own.session.push(Line::new(b'c', format!("IN {family} {address}")));
        set_control(&mut own.session, "*".to_owned());
        for media in &mut own.media {
            media.lines.retain(is_kept);
            media.close_ports();
            set_control(&mut media.lines, format!("trackID={}", media.track_id));
        }
        own.sort();
        own.to_bytes()
    }
}

impl Media {
    /// What the engine needs to know of it.
    pub fn track_info(&self) -> TrackInfo {
        let name = self.payload_name();
        TrackInfo {
            track_id: self.track_id,
            kind: self.kind,
            payload_name: name.split('/').next().unwrap_or_default().to_owned(),
            clock_rate: self.clock_rate(),
            payload_type: self.payload_types.first().copied(),
            fmtp: self.fmtp(),
        }
    }

    /// The control name as the broadcaster gave it.
    pub fn control(&self) -> Option<Cow<'_, str>> {
        self.attribute("control")
    }

    fn control_digits(&self) -> Option<u32> {
        trailing_number(&self.control()?)
    }

    /// An attribute's first value; empty for one without a value.
    pub fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        self.lines.iter().find_map(|line| line.attribute(name)).map(String::from_utf8_lossy)
    }

    /// Encoding name and clock rate of the first payload type: `H264/90000`, `mpeg4-generic/44100/2`. Payload types with a
    /// fixed meaning (RFC 3551) need no rtpmap. Empty if it is unknown.
    pub fn payload_name(&self) -> String {
        let first = self.payload_types.first();
        let mapped = self.lines.iter().filter_map(|line| line.attribute("rtpmap")).filter_map(|value| {
            let text = String::from_utf8_lossy(value).into_owned();
            let (number, name) = text.split_once(' ')?;
            Some((number.trim().parse::<u8>().ok(), name.trim().to_owned()))
        });
        let found = mapped.into_iter().find(|(number, _)| number.as_ref() == first).map(|(_, name)| name);
        found.or_else(|| first.and_then(|number| well_known(*number)).map(str::to_owned)).unwrap_or_default()
    }

    /// RTP clock in Hz; 0 if it is unknown.
    pub fn clock_rate(&self) -> u32 {
        self.payload_name().split('/').nth(1).and_then(|rate| rate.trim().parse().ok()).unwrap_or(0)
    }

    /// The parameters of the first payload type's `fmtp`; empty if there are none.
    pub fn fmtp(&self) -> String {
        let first = self.payload_types.first();
        let all = self.lines.iter().filter_map(|line| line.attribute("fmtp"));
        let found = all.map(String::from_utf8_lossy).find_map(|text| {
            let (number, parameters) = text.split_once(' ')?;
            (number.trim().parse().ok().as_ref() == first).then(|| parameters.trim().to_owned())
        });
        found.unwrap_or_default()
    }

    /// `m=` with port 0 and no number of ports.
    fn close_ports(&mut self) {
        self.port = 0;
        let Some(line) = self.lines.first_mut() else { return };
        let mut words = line.value.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        let kind = words.next().unwrap_or_default().to_vec();
        let rest: Vec<&[u8]> = words.skip(1).collect();
        line.value = [kind.as_slice(), b"0"].into_iter().chain(rest).collect::<Vec<_>>().join(&b' ');
    }

    /// The terms' own lines and numbers.
    fn adjust(&mut self, terms: &ViewerTerms) {
        if let Some(percent) = terms.bandwidth_percent {
            for line in self.lines.iter_mut().filter(|line| line.letter == b'b') {
                let text = String::from_utf8_lossy(&line.value);
                let digits = text.split(|sign: char| !sign.is_ascii_digit()).find(|part| !part.is_empty());
                let value = digits.and_then(|digits| digits.parse::<u64>().ok()).unwrap_or(0);
                let cut = value.saturating_mul(u64::from(percent)).saturating_add(50) / 100;
                line.value = format!("AS:{}", cut.max(1)).into_bytes();
            }
        }
        if let Some(frequency) = terms.three_gpp_adaptation {
            let at = self.lines.iter().position(|line| line.letter == b'a').unwrap_or(self.lines.len());
            self.lines.insert(at, Line::new(b'a', format!("3GPP-Adaptation-Support:{frequency}")));
        }
    }
}

/// Attributes about the way from the broadcaster to the server, which say nothing to a viewer.
fn is_of_the_way_here(line: &Line) -> bool {
    let names = ["rtcp", "source-filter", "x-qt-relay-addr", "x-qt-relay-port"];
    names.into_iter().any(|name| line.attribute(name).is_some())
}

/// The first control line gets the name, others go; without one it comes last.
fn set_control(lines: &mut Vec<Line>, name: String) {
    let wanted = Line::new(b'a', format!("control:{name}"));
    let mut given = Some(wanted);
    let mut kept = Vec::with_capacity(lines.len() + 1);
    for line in std::mem::take(lines) {
        if line.attribute("control").is_some() {
            kept.extend(given.take());
        } else {
            kept.push(line);
        }
    }
    kept.extend(given);
    *lines = kept;
}

/// The lines with their numbers from 1, without blanks before them and without empty ones.
fn numbered_lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut number = 0;
    let ends = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let current = rest.take()?;
        let at = current.iter().position(ends).unwrap_or(current.len());
        let (line, behind) = current.split_at_checked(at)?;
        let end = if behind.starts_with(b"\r\n") { 2 } else { 1 };
        rest = behind.get(end..);
        number += 1;
        Some((number, line.trim_ascii_start()))
    })
    .filter(|(_, line)| !line.is_empty())
}

fn parse_line(text: &[u8]) -> Option<Line> {
    let (letter, rest) = text.split_first()?;
    let value = rest.strip_prefix(b"=")?;
    let readable = !value.iter().any(|byte| *byte < b' ' && *byte != b'\t');
    (LINE_TYPES.contains(letter) && readable).then(|| Line::new(*letter, value))
}

fn parse_media(line: Line) -> Option<Media> {
    let text = String::from_utf8_lossy(&line.value).into_owned();
    let mut words = text.split_ascii_whitespace();
    let kind = match words.next()? {
        "audio" => TrackKind::Audio,
        "video" => TrackKind::Video,
        _ => TrackKind::Other,
    };
    let port = words.next()?.split('/').next()?.parse().ok()?;
    let protocol = words.next()?.to_owned();
    let formats: Vec<&str> = words.collect();
    let payload_types = formats.iter().filter_map(|format| format.parse().ok()).filter(|number| *number < 128);
    let payload_types = payload_types.collect();
    (!formats.is_empty()).then(|| Media {
        kind,
        port,
        protocol,
        payload_types,
        track_id: 0,
        connection: None,
        lines: vec![line],
    })
}

/// Start and end of a `t=` line in seconds since 1900.
fn times_of(line: &Line) -> Option<(u64, u64)> {
    let text = std::str::from_utf8(&line.value).ok()?;
    let mut words = text.split_ascii_whitespace();
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

/// The number that a name ends in; `None` without one, or one that is too large.
fn trailing_number(name: &str) -> Option<u32> {
    let digits = name.trim_end().rsplit(|sign: char| !sign.is_ascii_digit()).next().unwrap_or_default();
    digits.parse().ok()
}

fn last_part(url: &str) -> &str {
    url.trim_end().rsplit('/').next().unwrap_or_default()
}

/// Text that stands on a line of its own.
fn one_line(text: &[u8]) -> Vec<u8> {
    text.iter().map(|byte| if *byte < b' ' { b' ' } else { *byte }).collect()
}

/// Payload types with a fixed meaning (RFC 3551 section 6).
fn well_known(payload_type: u8) -> Option<&'static str> {
    Some(match payload_type {
        0 => "PCMU/8000",
        3 => "GSM/8000",
        4 => "G723/8000",
        5 => "DVI4/8000",
        6 => "DVI4/16000",
        7 => "LPC/8000",
        8 => "PCMA/8000",
        9 => "G722/8000",
        10 => "L16/44100/2",
        11 => "L16/44100",
        12 => "QCELP/8000",
        13 => "CN/8000",
        14 => "MPA/90000",
        15 => "G728/8000",
        16 => "DVI4/11025",
        17 => "DVI4/22050",
        18 => "G729/8000",
        25 => "CelB/90000",
        26 => "JPEG/90000",
        28 => "nv/90000",
        31 => "H261/90000",
        32 => "MPV/90000",
        33 => "MP2T/90000",
        34 => "H263/90000",
        _ => return None,
    })
}

/// The value of an `o=` line: who, the session's number, when (seconds since 1900), and where from.
pub fn origin(who: &str, session: &str, ntp_seconds: u64, address: IpAddr) -> String {
    let family = if address.is_ipv4() { "IP4" } else { "IP6" };
    let mut out = String::new();
    let _ = write!(out, "{who} {session} {ntp_seconds} IN {family} {address}"); // a String takes all
    out
}

#[cfg(test)]
#[path = "sdp_tests.rs"]
mod tests;
