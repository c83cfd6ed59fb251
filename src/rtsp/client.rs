//! RTSP as a client sees it: answers, interleaved frames, and the header values it needs from them (RFC 2326).

/// Longest header block and longest body taken from a server, bytes.
const MAX_HEAD: usize = 64 * 1024;
const MAX_BODY: usize = 1024 * 1024;

/// An answer, or a request that the server sends to the client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Status code; 0 for a request.
    pub status: u16,
    /// First line.
    pub first_line: String,
    /// Header fields in order, names as sent.
    pub headers: Vec<(String, String)>,
    /// Body by `Content-Length`.
    pub body: Vec<u8>,
}

impl Message {
    /// The first field of that name, any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// All fields of that name, any case.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

/// What stands at the beginning of the received bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// An interleaved frame (section 10.12).
    Frame {
        /// Channel.
        channel: u8,
        /// The packet.
        data: &'a [u8],
    },
    /// A message.
    Message(Message),
    /// More bytes are needed.
    More,
    /// Neither; the connection cannot be understood any further.
    Nonsense(&'static str),
}

/// Reads one item and tells how many bytes it took.
pub fn next_item(bytes: &[u8]) -> (Item<'_>, usize) {
    match bytes {
        [] | [b'$', ..] => next_frame(bytes),
        [b'\r' | b'\n', ..] => {
            let blank = bytes.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
            let (item, taken) = match bytes.get(blank..) {
                Some(rest) if !rest.is_empty() => next_item(rest),
                _ => (Item::More, 0),
            };
            (item, taken + blank)
        }
        _ => next_message(bytes),
    }
}

fn next_frame(bytes: &[u8]) -> (Item<'_>, usize) {
    let Some(&[_, channel, high, low]) = bytes.first_chunk::<4>() else { return (Item::More, 0) };
    let end = 4 + usize::from(u16::from_be_bytes([high, low]));
    match bytes.get(4..end) {
        Some(data) => (Item::Frame { channel, data }, end),
        None => (Item::More, 0),
    }
}

/// How many bytes there have to be before [`next_item`], which has said [`Item::More`], is worth another call: who gets a
/// long body in small pieces need not read its headers over and over.
pub fn enough(bytes: &[u8]) -> usize {
    let more = bytes.len() + 1;
    let whole = match bytes {
        [b'$', _, high, low, ..] => 4 + usize::from(u16::from_be_bytes([*high, *low])),
        [b'$', ..] => 4,
        _ => match read_head(bytes) {
            Ok(Some(head)) => head.len + head.body_len,
            _ => more,
        },
    };
    whole.max(more)
}

fn next_message(bytes: &[u8]) -> (Item<'_>, usize) {
    let Head { mut message, len, body_len } = match read_head(bytes) {
        Ok(Some(head)) => head,
        Ok(None) => return (Item::More, 0),
        Err(why) => return (Item::Nonsense(why), 0),
    };
    match bytes.get(len..len + body_len) {
        None => (Item::More, 0),
        Some(body) => {
            message.body = body.to_vec();
            (Item::Message(message), len + body_len)
        }
    }
}

/// A header block that is whole.
struct Head {
    /// What it says, without the body.
    message: Message,
    len: usize,
    body_len: usize,
}

fn read_head(bytes: &[u8]) -> Result<Option<Head>, &'static str> {
    let Some((head, len)) = head_of(bytes) else {
        return if bytes.len() > MAX_HEAD { Err("header block too long") } else { Ok(None) };
    };
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines();
    let first_line = lines.next().unwrap_or_default().to_owned();
    let mut words = first_line.split_ascii_whitespace();
    let protocol = words.next().unwrap_or_default();
    let status = if protocol.starts_with("RTSP/") || protocol.starts_with("HTTP/") {
        match words.next().and_then(|w| w.parse().ok()) {
            Some(status @ 100..=999) => status,
            _ => return Err("no status code in the first line"),
        }
    } else if first_line.contains(" RTSP/") {
        0
    } else {
        return Err("neither an answer nor a frame");
    };
    let headers: Vec<(String, String)> = lines
        .filter_map(|l| l.split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), harmless(value)))
        .collect();
    let message = Message { status, first_line, headers, body: Vec::new() };
    // a tunnel's answer has no length; what follows it are frames and RTSP answers
    let body_len = match message.header("Content-Length").map(str::parse::<usize>) {
        None => 0,
        Some(Ok(length)) if length <= MAX_BODY => length,
        Some(_) => return Err("bad content length"),
    };
    Ok(Some(Head { message, len, body_len }))
}

/// Session ids and realms are sent back: a lone CR in them must not look like the end of a line.
fn harmless(value: &str) -> String {
    value.trim().replace(|sign: char| sign.is_control(), " ")
}

/// The header block without its empty line, and its length with it.
fn head_of(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let limit = bytes.len().min(MAX_HEAD);
    for (at, byte) in bytes[..limit].iter().enumerate() {
        if *byte != b'\n' {
            continue;
        }
        match bytes.get(at + 1..) {
            Some([b'\n', ..]) => return Some((&bytes[..at], at + 2)),
            Some([b'\r', b'\n', ..]) => return Some((&bytes[..at], at + 3)),
            _ => {}
        }
    }
    None
}

/// A media section that can be set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// `audio`, `video`, …
    pub kind: String,
    /// Value of `a=control`.
    pub control: Option<String>,
    /// Clock rate of its first payload type.
    pub clock: u32,
}

/// What a client takes from a description (RFC 4566, RFC 2326 appendix C).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Description {
    /// Sections in order, RTP ones only, at most 16.
    pub media: Vec<Media>,
    /// End of `a=range:npt=`, seconds.
    pub duration: Option<f64>,
}

impl Description {
    /// Reads SDP leniently.
    pub fn parse(sdp: &[u8]) -> Self {
        let text = String::from_utf8_lossy(sdp);
        let mut description = Self::default();
        let mut payload_type = String::new();
        let mut skipped = false;
        for line in text.lines().map(str::trim_end) {
            if let Some(media) = line.strip_prefix("m=") {
                let words: Vec<&str> = media.split_ascii_whitespace().collect();
                let &[kind, _, protocol, format, ..] = words.as_slice() else { continue };
                skipped = !protocol.to_ascii_uppercase().contains("RTP/") || description.media.len() >= 16;
                if !skipped {
                    payload_type = format.to_owned();
                    let clock = static_clock(format);
                    description.media.push(Media { kind: kind.to_owned(), control: None, clock });
                }
            } else if let Some(range) = line.strip_prefix("a=range:") {
                description.duration = description.duration.or(parse_npt(range).and_then(|(_, end)| end));
            } else if let (false, Some(media)) = (skipped, description.media.last_mut()) {
                if let Some(control) = line.strip_prefix("a=control:") {
                    media.control = Some(control.trim().to_owned());
                } else if let Some(map) = line.strip_prefix("a=rtpmap:") {
                    media.clock = rtpmap_clock(map, &payload_type).unwrap_or(media.clock);
                }
            }
        }
        description
    }
}

/// RFC 3551 section 6: the static payload types that a server may leave without an rtpmap.
fn static_clock(payload_type: &str) -> u32 {
    match payload_type {
        "0" | "3" | "4" | "5" | "7" | "8" | "9" | "12" | "13" | "15" | "18" => 8_000,
        "6" => 16_000,
        "10" | "11" => 44_100,
        "16" => 11_025,
        "17" => 22_050,
        _ => 90_000,
    }
}

fn rtpmap_clock(map: &str, payload_type: &str) -> Option<u32> {
    let (number, encoding) = map.trim().split_once(' ')?;
    let clock = encoding.trim().split('/').nth(1)?.parse().ok()?;
    (number == payload_type && clock > 0).then_some(clock)
}

/// Start and end in seconds of `npt=a-b`; an open end is `None`.
pub fn parse_npt(range: &str) -> Option<(f64, Option<f64>)> {
    let value = range.trim().strip_prefix("npt")?.trim_start().strip_prefix('=')?;
    let (start, end) = value.split(';').next()?.split_once('-')?;
    Some((parse_time(start).unwrap_or(0.0), parse_time(end)))
}

/// Seconds, or hours:minutes:seconds.
fn parse_time(text: &str) -> Option<f64> {
    let mut seconds = 0.0;
    for part in text.trim().split(':') {
        let value: f64 = part.trim().parse().ok()?;
        seconds = seconds * 60.0 + value;
    }
    (0.0..1e9).contains(&seconds).then_some(seconds)
}

/// What a SETUP answer says in `Transport`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransportAnswer {
    /// RTP and RTCP ports of the server.
    pub server_ports: Option<(u16, u16)>,
    /// First and second interleaved channel.
    pub channels: Option<(u8, u8)>,
    /// Announced synchronisation source.
    pub ssrc: Option<u32>,
}

impl TransportAnswer {
    /// Reads the header's value.
    pub fn parse(value: &str) -> Self {
        let mut answer = Self::default();
        for parameter in value.split([';', ',']) {
            let Some((name, value)) = parameter.trim().split_once('=') else { continue };
            match name.to_ascii_lowercase().as_str() {
                "server_port" => answer.server_ports = pair(value, |p: u16| p.checked_add(1)),
                "interleaved" => answer.channels = pair(value, |c: u8| c.checked_add(1)),
                "ssrc" => answer.ssrc = u32::from_str_radix(value.trim(), 16).ok(),
                _ => {}
            }
        }
        answer
    }
}

fn pair<T: Copy + std::str::FromStr>(value: &str, next: impl Fn(T) -> Option<T>) -> Option<(T, T)> {
    match value.split_once('-') {
        Some((low, high)) => Some((low.trim().parse().ok()?, high.trim().parse().ok()?)),
        None => {
            let low = value.trim().parse().ok()?;
            Some((low, next(low)?))
        }
    }
}

/// One stream of `RTP-Info`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtpInfo {
    /// The stream's control URL.
    pub url: String,
    /// Its first packet's sequence number.
    pub sequence: Option<u16>,
    /// RTP timestamp of the play's start.
    pub timestamp: Option<u32>,
}

/// Reads `RTP-Info` (RFC 2326 section 12.33).
pub fn parse_rtp_info(value: &str) -> Vec<RtpInfo> {
    let mut streams: Vec<RtpInfo> = Vec::new();
    for parameter in value.split([',', ';']).map(str::trim) {
        if let Some(url) = parameter.strip_prefix("url=") {
            streams.push(RtpInfo { url: url.trim_matches('"').to_owned(), sequence: None, timestamp: None });
        } else if let (Some(stream), Some((name, number))) = (streams.last_mut(), parameter.split_once('=')) {
            match name {
                "seq" => stream.sequence = number.parse().ok(),
                "rtptime" => stream.timestamp = number.parse().ok(),
                _ => {}
            }
        }
    }
    streams
}

/// The URL of a control value: absolute, `*`, or below `base` (RFC 2326 section C.1.1).
pub fn resolve(base: &str, control: &str) -> String {
    if control.contains("://") {
        return control.to_owned();
    }
    let base = base.trim_end_matches('/');
    if control.is_empty() || control == "*" { base.to_owned() } else { format!("{base}/{control}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_and_answers_come_apart_at_any_cut() {
        let mut bytes =
            b"$\x00\x00\x03abc\r\nRTSP/1.0 200 OK\r\nCseq: 4\r\ncontent-length: 3\r\n\r\nxyz$\x01\x00\x00".to_vec();
        bytes.extend(b"OPTIONS * RTSP/1.0\n\n");
        for cut in 0..=bytes.len() {
            let (mut seen, mut buffer) = (Vec::new(), Vec::new());
            for part in [&bytes[..cut], &bytes[cut..]] {
                buffer.extend_from_slice(part);
                let mut at = 0;
                loop {
                    let (item, taken) = next_item(&buffer[at..]);
                    at += taken;
                    match item {
                        Item::More => break,
                        Item::Frame { channel, data } => seen.push(format!("{channel}:{}", data.len())),
                        Item::Message(m) => seen.push(format!("{}/{}", m.status, m.body.len())),
                        Item::Nonsense(why) => panic!("{why} at cut {cut}"),
                    }
                }
                buffer.drain(..at);
            }
            assert_eq!(seen, ["0:3", "200/3", "1:0", "0/0"], "cut {cut}");
        }
    }

    #[test]
    fn no_value_has_control_characters() {
        let Item::Message(message) = next_item(b"RTSP/1.0 200 OK\nSession: 7\rEvil: x\t\0y\r\n\r\n").0 else {
            panic!("a message");
        };
        assert_eq!(message.header("Session"), Some("7 Evil: x  y"));
    }

    #[test]
    fn how_many_bytes_are_enough_is_told_as_soon_as_it_can_be() {
        let answer = b"RTSP/1.0 200 OK\r\nContent-Length: 1000\r\n\r\nabc";
        assert_eq!(enough(answer), answer.len() - 3 + 1000);
        assert_eq!(enough(&answer[..30]), 31, "the headers have no end yet");
        assert_eq!([enough(b"$"), enough(b"$\0\x01\x00"), enough(b"$\0\x01\x00abc")], [4, 260, 260]);
        let whole = [&answer[..answer.len() - 3], &[b'x'; 1000]].concat();
        for have in 0..whole.len() {
            let part = &whole[..have];
            assert_eq!(next_item(part).0, Item::More);
            assert!(enough(part) > have && enough(part) <= whole.len(), "{have}");
        }
        assert_eq!(enough(b"nonsense\r\n\r\n"), 13, "the next look tells");
    }

    #[test]
    fn nonsense_is_told_and_not_waited_for() {
        assert!(matches!(next_item(b"hello\r\n\r\n").0, Item::Nonsense(_)));
        assert!(matches!(next_item(b"RTSP/1.0 x\r\n\r\n").0, Item::Nonsense(_)));
        assert!(matches!(next_item(b"RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n").0, Item::Nonsense(_)));
        assert!(matches!(next_item(&[b'A'; MAX_HEAD + 1]).0, Item::Nonsense(_)));
        assert_eq!(next_item(b"").0, Item::More);
    }

    #[test]
    fn a_description_gives_clocks_controls_and_the_duration() {
        let sdp =
            b"v=0\r\na=control:*\r\na=range:npt=0-  70.00000\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n\
            a=control:trackID=3\r\nm=application 0 udp 100\r\na=control:no\r\nm=audio 0 RTP/AVP 97\r\n\
            a=rtpmap:97 mpeg4-generic/22050/2\r\na=control:rtsp://h/m/trackID=4\r\nm=audio 0 RTP/AVP 0\r\n";
        let description = Description::parse(sdp);
        assert_eq!(description.duration, Some(70.0));
        let short: Vec<_> =
            description.media.iter().map(|m| (m.kind.as_str(), m.clock, m.control.as_deref())).collect();
        assert_eq!(
            short,
            [
                ("video", 90_000, Some("trackID=3")),
                ("audio", 22_050, Some("rtsp://h/m/trackID=4")),
                ("audio", 8_000, None)
            ]
        );
    }

    #[test]
    fn transport_answers_of_both_kinds_are_read() {
        let udp = "RTP/AVP;unicast;source=127.0.0.1;client_port=2000-2001;server_port=6970-6971;ssrc=00AB12fF";
        let answer = TransportAnswer::parse(udp);
        assert_eq!((answer.server_ports, answer.ssrc), (Some((6970, 6971)), Some(0x00ab_12ff)));
        assert_eq!(TransportAnswer::parse("RTP/AVP/TCP;interleaved=4-5").channels, Some((4, 5)));
        assert_eq!(TransportAnswer::parse("RTP/AVP/TCP;interleaved=255").channels, None);
        assert_eq!(TransportAnswer::parse(";;x=;server_port=99999-1").server_ports, None);
    }

    #[test]
    fn rtp_info_is_read_with_and_without_numbers() {
        let info = parse_rtp_info("url=rtsp://h/m/trackID=3;seq=7;rtptime=4294967295, url=rtsp://h/m/trackID=4");
        assert_eq!(info.len(), 2);
        assert_eq!((info[0].sequence, info[0].timestamp), (Some(7), Some(u32::MAX)));
        assert_eq!((info[1].url.as_str(), info[1].sequence), ("rtsp://h/m/trackID=4", None));
    }

    #[test]
    fn ranges_are_seconds_or_clock_times() {
        assert_eq!(parse_npt("npt=30.5-"), Some((30.5, None)));
        assert_eq!(parse_npt("npt=0:01:10-0:02:00.5"), Some((70.0, Some(120.5))));
        assert_eq!(parse_npt("npt=now-"), Some((0.0, None)));
        assert_eq!(parse_npt("smpte=0-"), None);
    }

    #[test]
    fn controls_resolve_against_the_base() {
        assert_eq!(resolve("rtsp://h/m/", "trackID=1"), "rtsp://h/m/trackID=1");
        assert_eq!(resolve("rtsp://h/m", "*"), "rtsp://h/m");
        assert_eq!(resolve("rtsp://h/m", "rtsp://x/y"), "rtsp://x/y");
    }
}
