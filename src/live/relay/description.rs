//! A stream's description on its way through a relay: the tracks it has, and the text it is announced with.

use std::net::IpAddr;

use crate::live::{TrackInfo, TrackKind};

/// Most tracks that are relayed.
pub const MAX_TRACKS: usize = 16;

/// A track, and how to ask the source for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// What is known about it. Its number is unique in the description.
    pub info: TrackInfo,
    /// The `a=control` value of the source's description; empty if there is none.
    pub control: String,
    /// Which of the `m=` sections it is, counted from 0.
    section: usize,
}

/// A description taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// The RTP tracks in order.
    pub tracks: Vec<Track>,
    /// Where the stream ends, in seconds, if it is one that ends.
    pub duration: Option<f64>,
    session: Vec<String>,
    sections: Vec<Vec<String>>,
}

impl Description {
    /// Reads SDP (RFC 4566) leniently.
    pub fn parse(sdp: &str) -> Self {
        let mut session = Vec::new();
        let mut sections: Vec<Vec<String>> = Vec::new();
        for line in sdp.lines().map(str::trim_end).filter(|line| line.get(1..2) == Some("=")) {
            if line.starts_with("m=") {
                sections.push(Vec::new());
            }
            sections.last_mut().unwrap_or(&mut session).push(line.to_owned());
        }
        let mut tracks: Vec<Track> = Vec::new();
        for (number, section) in sections.iter().enumerate() {
            if tracks.len() < MAX_TRACKS {
                tracks.extend(track(section, number));
            }
        }
        number(&mut tracks);
        let everywhere = || session.iter().chain(sections.iter().flatten());
        let range = everywhere().filter_map(|line| line.strip_prefix("a=range:"));
        let duration = range.filter_map(|range| crate::rtsp::client::parse_npt(range)?.1).next();
        Self { tracks, duration, session, sections }
    }

    /// The tracks are known by other numbers, in the same order. Without one for each they keep theirs.
    pub fn renumber(&mut self, numbers: &[u32]) {
        if numbers.len() == self.tracks.len() {
            self.tracks.iter_mut().zip(numbers).for_each(|(track, number)| track.info.track_id = *number);
        }
    }

    /// The text to announce the stream with: `c=` is the destination's address, there is no range (what is relayed is
    /// live), every track has a control of its own, and ports are the destination's to choose.
    pub fn announcement(&self, destination: IpAddr) -> String {
        let family = if destination.is_ipv4() { "IP4" } else { "IP6" };
        let connection = format!("c=IN {family} {destination}");
        let mut head: Vec<&str> = self.session.iter().map(String::as_str).filter(|line| is_kept(line)).collect();
        head.push(&connection);
        // RFC 4566 section 5 has an order; the sort keeps that of lines of one kind.
        head.sort_by_key(|line| order_of(line));
        let mut text: String = head.iter().map(|line| format!("{line}\r\n")).collect();
        for track in &self.tracks {
            for line in self.sections.get(track.section).into_iter().flatten() {
                match line.strip_prefix("m=") {
                    Some(media) => text.push_str(&format!("m={}\r\n", with_port_zero(media))),
                    None if is_kept(line) => text.push_str(&format!("{line}\r\n")),
                    None => {}
                }
            }
            text.push_str(&format!("a=control:trackID={}\r\n", track.info.track_id));
        }
        text
    }
}

/// Lines that go on as they are.
fn is_kept(line: &str) -> bool {
    let dropped = ["c=", "a=range:", "a=control:", "a=x-qt-relay", "a=x-broadcastcontrol"];
    !dropped.iter().any(|start| line.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)))
}

fn order_of(line: &str) -> usize {
    let first = line.chars().next().unwrap_or('a');
    "vosiuepcbtrzka".find(first).unwrap_or(usize::MAX)
}

/// `video 5004 RTP/AVP 96` with another port.
fn with_port_zero(media: &str) -> String {
    let mut words: Vec<&str> = media.split_ascii_whitespace().collect();
    if let Some(port) = words.get_mut(1) {
        *port = "0";
    }
    words.join(" ")
}

fn track(section: &[String], number: usize) -> Option<Track> {
    let media: Vec<&str> = section.first()?.strip_prefix("m=")?.split_ascii_whitespace().collect();
    let &[kind, _, protocol, format, ..] = media.as_slice() else { return None };
    if !protocol.to_ascii_uppercase().contains("RTP/") {
        return None;
    }
    let attribute = |name: &str| {
        let of_format = |value: &str| value.strip_prefix(format)?.strip_prefix(' ').map(|rest| rest.trim().to_owned());
        section.iter().filter_map(|line| line.strip_prefix("a=")?.strip_prefix(name)).find_map(of_format)
    };
    let map = attribute("rtpmap:").unwrap_or_default();
    let mut parts = map.split('/');
    let payload_name = parts.next().unwrap_or_default().to_owned();
    let clock_rate = parts.next().and_then(|rate| rate.parse().ok());
    let control = section.iter().find_map(|line| line.strip_prefix("a=control:"));
    let info = TrackInfo {
        track_id: 0,
        kind: match kind {
            "audio" => TrackKind::Audio,
            "video" => TrackKind::Video,
            _ => TrackKind::Other,
        },
        payload_name,
        clock_rate: clock_rate.unwrap_or_else(|| crate::rtsp::client::static_clock(format)),
        payload_type: format.parse().ok(),
        fmtp: attribute("fmtp:").unwrap_or_default(),
    };
    Some(Track { info, control: control.unwrap_or_default().trim().to_owned(), section: number })
}

/// Tracks are numbered by the digits at the end of their controls, as servers do; from 1 on where those do not tell them
/// apart.
fn number(tracks: &mut [Track]) {
    let mut numbers: Vec<u32> = tracks.iter().filter_map(|track| trailing_number(&track.control)).collect();
    let all_have = numbers.len() == tracks.len();
    numbers.sort_unstable();
    numbers.dedup();
    let are_unique = all_have && numbers.len() == tracks.len();
    for (index, track) in tracks.iter_mut().enumerate() {
        let in_order = u32::try_from(index + 1).unwrap_or(u32::MAX);
        let own = trailing_number(&track.control).filter(|_| are_unique);
        track.info.track_id = own.unwrap_or(in_order);
    }
}

fn trailing_number(control: &str) -> Option<u32> {
    let bare = control.trim_end_matches(|sign: char| sign.is_ascii_digit());
    control.get(bare.len()..)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDP: &str = "v=0\r\no=StreamingServer 1 2 IN IP4 10.0.0.1\r\ns=/clip.mov\r\nu=http:///\r\nc=IN IP4 0.0.0.0\r\n\
        b=AS:94\r\nt=0 0\r\na=control:*\r\na=range:npt=0-  70.0\r\nm=video 5004 RTP/AVP 96\r\nb=AS:79\r\n\
        a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=range:npt=0-70\r\na=control:trackID=3\r\n\
        m=application 9 udp wb\r\na=control:trackID=9\r\nm=audio 0 RTP/AVP 0\r\nc=IN IP4 1.2.3.4\r\na=control:rtsp://h/c/trackID=4\r\n";

    #[test]
    fn tracks_are_read_with_their_numbers() {
        let description = Description::parse(SDP);
        assert_eq!(description.duration, Some(70.0));
        let short: Vec<_> =
            description.tracks.iter().map(|t| (t.info.track_id, &*t.control, t.info.clock_rate)).collect();
        assert_eq!(short, [(3, "trackID=3", 90_000), (4, "rtsp://h/c/trackID=4", 8_000)]);
        let video = &description.tracks[0].info;
        assert_eq!((&*video.payload_name, &*video.fmtp), ("H264", "packetization-mode=1"));
        assert_eq!((video.kind, video.payload_type), (TrackKind::Video, Some(96)));
    }

    #[test]
    fn an_announcement_is_live_and_names_the_destination() {
        let text = Description::parse(SDP).announcement("192.0.2.7".parse().unwrap());
        assert_eq!(
            text.replace("\r\n", "\n"),
            "v=0\no=StreamingServer 1 2 IN IP4 10.0.0.1\ns=/clip.mov\nu=http:///\nc=IN IP4 192.0.2.7\nb=AS:94\nt=0 0\n\
             m=video 0 RTP/AVP 96\nb=AS:79\na=rtpmap:96 H264/90000\na=fmtp:96 packetization-mode=1\na=control:trackID=3\n\
             m=audio 0 RTP/AVP 0\na=control:trackID=4\n"
        );
        let text = Description::parse("v=0\r\nm=audio 0 RTP/AVP 0\r\n").announcement("::1".parse().unwrap());
        assert_eq!(text, "v=0\r\nc=IN IP6 ::1\r\nm=audio 0 RTP/AVP 0\r\na=control:trackID=1\r\n");
    }

    #[test]
    fn controls_that_clash_or_are_missing_give_numbers_in_order() {
        let numbers = |controls: [&str; 2]| {
            let [a, b] = controls.map(|c| format!("m=audio 0 RTP/AVP 0\r\n{c}\r\n"));
            Description::parse(&format!("v=0\r\n{a}{b}")).tracks.iter().map(|t| t.info.track_id).collect::<Vec<_>>()
        };
        assert_eq!(numbers(["a=control:streamid=0", "a=control:streamid=1"]), [0, 1]);
        assert_eq!(numbers(["a=control:streamid=0", "a=control:streamid=0"]), [1, 2]);
        assert_eq!(numbers(["a=control:streamid=7", ""]), [1, 2]);
        assert_eq!(numbers(["a=control:99999999999", "a=control:1"]), [1, 2]);
    }

    #[test]
    fn nonsense_has_no_tracks() {
        assert!(Description::parse("").tracks.is_empty());
        assert!(Description::parse("m=\r\nm=audio\r\nm=audio 0\r\n\u{fc}=\r\n").tracks.is_empty());
        let many = "m=audio 0 RTP/AVP 0\r\n".repeat(100);
        assert_eq!(Description::parse(&many).tracks.len(), MAX_TRACKS);
    }
}
