//! One media stream of one client: takes packets, writes reports.

use std::sync::Arc;

use super::plan::Mobile;
use super::rtcp::{self, BufferState, ReportBlock};
use super::stats::{PeerTrack, Tally};
use super::track::{Place, RtpHeader, SequenceTracker, Timeline};
use super::verify::{ExpectedTrack, Found, Verifier};
use crate::rtsp::client::Media;

/// So many packets of another SSRC in a row, and none of the first, show that the first was a stranger's.
const ADOPT_AFTER: u32 = 3;

/// Where a stream's packets come from and go to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// Number of the UDP port pair.
    pub pair: Option<usize>,
    /// The server's RTP and RTCP ports, when told.
    pub server_ports: Option<(u16, u16)>,
    /// Interleaved channels.
    pub channels: Option<(u8, u8)>,
}

/// Counters of one stream for the per-client log.
#[derive(Clone, Copy, Debug, Default)]
pub struct StreamCounts {
    /// RTP packets.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Come after a later one.
    pub reordered: u64,
    /// Too old to tell.
    pub out_of_bound: u64,
    /// Acknowledgements.
    pub acks: u64,
    /// Not RTP.
    pub malformed: u64,
}

/// A comparison of payloads with other clients' that is going on.
struct Comparison {
    track: Arc<PeerTrack>,
    first: u16,
    cycle: u32,
    last: u16, // distance of the packet before, to see the wrap
    timestamp: u32,
}

/// One stream.
pub struct Stream {
    /// `audio`, `video`, …
    pub kind: String,
    /// SETUP and RTP-Info URL.
    pub url: String,
    /// Where its packets are.
    pub route: Route,
    /// The only SSRC taken, once known.
    pub ssrc: Option<u32>,
    /// The server told the SSRC; else it is that of the first packet.
    pub announced: bool,
    /// Sequence numbers.
    pub sequence: SequenceTracker,
    /// Pacing of the present play.
    pub timeline: Timeline,
    /// BYE has come.
    pub ended: bool,
    /// Server knows acknowledgements.
    pub reliable: bool,
    /// For the log.
    pub counts: StreamCounts,
    /// Far jumps of the sequence.
    pub restarts: u32,
    /// Stalls of plays that are over.
    pub stalls: u32,
    /// Received and not yet acknowledged.
    pub unacknowledged: Vec<u16>,
    /// Packets before this belong to an earlier play.
    rebase: Option<u16>,
    seeking: bool,
    seek_gap: u32, // missing since the PLAY elsewhere was sent
    others: u32,   // packets of another SSRC in a row
    sender_report: Option<(u32, i64)>,
    reported: (u64, u64), // expected and received at the last report
    comparison: Option<Comparison>,
    verifier: Option<Box<Verifier>>,
    /// What the first packet was that is not what the file holds, until its client has told it.
    pub unlike: Option<String>,
    told: bool,
}

/// What a packet meant to its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Nothing to do.
    Ignored,
    /// Media.
    Media,
    /// Media, the first after PLAY.
    First,
}

impl Stream {
    /// A stream as described.
    pub fn new(media: &Media, url: String) -> Self {
        Self {
            kind: media.kind.clone(),
            url,
            route: Route::default(),
            ssrc: None,
            announced: false,
            others: 0,
            seek_gap: 0,
            sequence: SequenceTracker::default(),
            timeline: Timeline::new(media.clock),
            ended: false,
            reliable: false,
            counts: StreamCounts::default(),
            restarts: 0,
            stalls: 0,
            unacknowledged: Vec::new(),
            rebase: None,
            seeking: false,
            sender_report: None,
            reported: (0, 0),
            comparison: None,
            verifier: None,
            unlike: None,
            told: false,
        }
    }

    /// Takes one RTP packet that came at `at_us`.
    pub fn packet(&mut self, packet: &[u8], at_us: i64, speed: f64, tally: &mut Tally) -> Taken {
        let Some(header) = RtpHeader::parse(packet) else {
            self.counts.malformed += 1;
            tally.malformed += 1;
            return Taken::Ignored;
        };
        if *self.ssrc.get_or_insert(header.ssrc) != header.ssrc {
            tally.wrong_ssrc += 1;
            self.others += 1;
            if self.announced || self.others < ADOPT_AFTER {
                return Taken::Ignored;
            }
            // the first packets were those of the session that had this port before
            self.ssrc = Some(header.ssrc);
            self.sequence = SequenceTracker::default();
            self.timeline.restart();
        }
        self.others = 0;
        let had_none = self.counts.packets == 0;
        self.counts.packets += 1;
        self.counts.bytes += packet.len() as u64;
        tally.packets += 1;
        tally.bytes += packet.len() as u64;
        if self.reliable {
            self.unacknowledged.push(header.sequence);
        }
        match self.sequence.place(header.sequence) {
            Place::Next => {}
            Place::Gap(missing) => tally.lost += i64::from(self.gap(missing, header.sequence)),
            Place::Late => {
                self.counts.reordered += 1;
                tally.reordered += 1;
                tally.lost -= 1;
            }
            Place::Restart => {
                self.restarts += 1;
                tally.restarts += 1;
            }
            Place::Duplicate => {
                tally.duplicates += 1;
                return Taken::Ignored;
            }
            Place::TooOld => {
                self.counts.out_of_bound += 1;
                tally.out_of_bound += 1;
                return Taken::Ignored;
            }
        }
        self.compare(&header, packet, tally);
        self.verify(&header, packet, tally);
        self.pace(&header, at_us, speed, tally);
        if had_none { Taken::First } else { Taken::Media }
    }

    /// How many of the packets missing before `sequence` are lost: what lies between a play and the next, by RTP-Info, was
    /// never to come (RFC 2326 section 12.33).
    fn gap(&mut self, missing: u32, sequence: u16) -> u32 {
        if self.seeking {
            self.seek_gap += missing;
            return missing;
        }
        let Some(first) = self.rebase else { return missing };
        let after = i64::from(sequence.wrapping_sub(first) as i16);
        let excused = (i64::from(missing) - after).clamp(0, if after < 0 { 0 } else { i64::from(missing) }) as u32;
        self.sequence.lost -= u64::from(excused).min(self.sequence.lost);
        missing - excused
    }

    fn pace(&mut self, header: &RtpHeader, at_us: i64, speed: f64, tally: &mut Tally) {
        if self.seeking {
            return;
        }
        if let Some(first) = self.rebase {
            if (header.sequence.wrapping_sub(first) as i16) < 0 {
                return;
            }
            self.rebase = None;
        }
        let (stalls, stalled) = (self.timeline.stalls, self.timeline.stalled_us);
        let late = self.timeline.packet(header.timestamp, at_us, speed);
        tally.lateness.record(u64::try_from(late).unwrap_or(0));
        tally.stalls += u64::from(self.timeline.stalls - stalls);
        tally.stalled_us += self.timeline.stalled_us - stalled;
    }

    fn compare(&mut self, header: &RtpHeader, packet: &[u8], tally: &mut Tally) {
        let Some(comparison) = &mut self.comparison else { return };
        let distance = header.sequence.wrapping_sub(comparison.first);
        if comparison.last > 0xc000 && distance < 0x4000 {
            comparison.cycle += 1;
        } else if comparison.last < 0x4000 && distance > 0xc000 {
            return; // late across the wrap, or before the first
        }
        comparison.last = distance;
        let timestamp = header.timestamp.wrapping_sub(comparison.timestamp);
        let payload = packet.get(header.payload_at..).unwrap_or_default();
        if let Some(same) = comparison.track.compare(distance, comparison.cycle, timestamp, payload) {
            tally.compared += 1;
            tally.different += u64::from(!same);
        }
    }

    fn verify(&mut self, header: &RtpHeader, packet: &[u8], tally: &mut Tally) {
        let Some(verifier) = &mut self.verifier else { return };
        let payload = packet.get(header.payload_at..).unwrap_or_default();
        match verifier.packet(header, payload) {
            Found::Same(left_out) => {
                tally.verified += 1;
                tally.left_out += u64::from(left_out);
            }
            Found::Unlike(expected) => {
                tally.unlike += 1;
                if !std::mem::replace(&mut self.told, true) {
                    let place = verifier.describe(expected);
                    let (sequence, timestamp) = (header.sequence, header.timestamp);
                    let text = format!("sequence {sequence}, timestamp {timestamp}, {} bytes: {place}", payload.len());
                    self.unlike = Some(text);
                }
            }
        }
    }

    /// Looks each packet up in a file from here on; the play begins at `start_us` of it.
    pub fn verify_with(&mut self, track: Arc<ExpectedTrack>, start_us: i64) {
        self.verifier = Some(Box::new(Verifier::new(track, start_us)));
    }

    /// Compares from here on with what other clients got; the play begins with this packet.
    pub fn compare_with(&mut self, track: Arc<PeerTrack>, first: u16, timestamp: u32) {
        self.comparison = Some(Comparison { track, first, cycle: 0, last: 0, timestamp });
    }

    /// A PLAY from `start_us` was sent: what comes until its answer is of no use for pacing.
    pub fn seek(&mut self, start_us: i64) {
        if let Some(verifier) = &mut self.verifier {
            verifier.seek(start_us);
        }
        self.stalls += self.timeline.stalls;
        self.seeking = true;
        self.seek_gap = 0;
        self.comparison = None;
    }

    /// The PLAY from `start_us` was granted; its first packet has this sequence number if told. Tells how many more packets are known to be
    /// missing, or fewer when those missing were never to come.
    pub fn play(&mut self, first: Option<u16>, start_us: i64) -> i64 {
        self.ended = false;
        if let Some(verifier) = &mut self.verifier {
            verifier.granted(start_us, first);
        }
        if self.seeking {
            self.seeking = false;
            self.timeline.restart();
            self.rebase = first;
            let excused = u64::from(if first.is_some() { self.seek_gap } else { 0 }).min(self.sequence.lost);
            self.sequence.lost -= excused;
            return -(excused as i64);
        }
        first.map_or(0, |sequence| i64::from(self.sequence.begin_at(sequence)))
    }

    /// Takes one RTCP compound packet.
    pub fn control(&mut self, packet: &[u8], at_us: i64, tally: &mut Tally) {
        let incoming = rtcp::parse(packet);
        tally.malformed += u64::from(incoming.malformed);
        self.counts.malformed += u64::from(incoming.malformed);
        if let Some((ssrc, ntp)) = incoming.sender_report {
            tally.sender_reports += 1;
            if self.ssrc.is_some_and(|known| known != ssrc) {
                tally.wrong_ssrc += 1;
            } else {
                self.sender_report = Some((ntp, at_us));
            }
        }
        if incoming.bye {
            tally.byes += 1;
            self.ended = true;
        }
    }

    /// The receiver report that is due now, if a packet has come.
    pub fn report(&mut self, own_ssrc: u32, cname: &str, now_us: i64) -> Option<Vec<u8>> {
        let ssrc = self.ssrc.filter(|_| self.counts.packets > 0)?;
        let (expected, received) = (self.sequence.expected(), self.sequence.received);
        let missed = expected.saturating_sub(self.reported.0).saturating_sub(received.saturating_sub(self.reported.1));
        let due = expected.saturating_sub(self.reported.0).max(1);
        self.reported = (expected, received);
        let (last_sr, delay) = match self.sender_report {
            Some((ntp, at)) => (ntp, ((now_us - at).max(0) as u64 * 65_536 / 1_000_000) as u32),
            None => (0, 0),
        };
        let block = ReportBlock {
            ssrc,
            fraction_lost: (missed * 256 / due).min(255) as u8,
            lost: i32::try_from(self.sequence.lost).unwrap_or(i32::MAX),
            highest: self.sequence.extended_highest(),
            jitter: self.timeline.jitter(),
            last_sr,
            delay,
        };
        Some(rtcp::receiver_report(own_ssrc, &block, cname))
    }

    /// 3GPP feedback: a terminal that began to play when its buffer held `start_delay` of the target time.
    pub fn feedback(&self, own_ssrc: u32, mobile: &Mobile, now_us: i64, begin_us: i64) -> Option<Vec<u8>> {
        let ssrc = self.ssrc.filter(|_| self.timeline.is_begun())?;
        let start = (f64::from(mobile.delay) * mobile.start_delay.max(0.0) * 1000.0) as i64;
        let played = (now_us - begin_us - start).max(0);
        let buffered_us = (self.timeline.media_us() - played).max(0);
        let rate = self.counts.bytes as f64 / self.timeline.media_us().max(1) as f64;
        let filled = (rate * buffered_us as f64) as u32;
        let state = BufferState {
            playout_delay: match mobile.forced_delay {
                Some(delay) => u16::try_from(delay).unwrap_or(u16::MAX),
                None => u16::try_from(buffered_us / 1000).unwrap_or(0xfffe).min(0xfffe),
            },
            next_sequence: (self.sequence.extended_highest() as u16).wrapping_add(1),
            free: if mobile.buffer == 0 { u32::MAX } else { mobile.buffer.saturating_sub(filled) },
        };
        Some(rtcp::next_application_data_unit(own_ssrc, ssrc, state))
    }

    /// Media due and delivered in the present play, microseconds; what was lost is not delivered.
    pub fn delivery(&self, begin_us: i64, now_us: i64, available_us: i64, speed: f64) -> (u64, u64) {
        let (mut expected, delivered) = self.timeline.delivery(begin_us, now_us, available_us, speed);
        let media = self.timeline.media_us().max(0) as u64;
        // a track may be a little shorter than its movie; BYE then says that this was all
        if self.ended && media < expected && media.saturating_mul(10) >= expected.saturating_mul(9) {
            expected = media;
        }
        let packets = self.sequence.expected().max(1);
        (expected, (delivered as f64 * self.sequence.received as f64 / packets as f64) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Stream {
        let media = Media { kind: "video".into(), control: None, clock: 1000 };
        Stream::new(&media, "rtsp://h/m/trackID=1".into())
    }

    fn packet(sequence: u16, timestamp: u32, ssrc: u32) -> Vec<u8> {
        let mut packet = vec![0x80, 96];
        packet.extend(sequence.to_be_bytes());
        packet.extend(timestamp.to_be_bytes());
        packet.extend(ssrc.to_be_bytes());
        packet.extend([sequence as u8; 20]);
        packet
    }

    #[test]
    fn packets_are_counted_by_what_they_are() {
        let (mut stream, mut tally) = (stream(), Tally::default());
        let mut take = |bytes: &[u8]| stream.packet(bytes, 0, 1.0, &mut tally);
        assert_eq!(take(&packet(1, 0, 7)), Taken::First);
        assert_eq!(take(&packet(3, 40, 7)), Taken::Media);
        assert_eq!(take(&packet(2, 20, 7)), Taken::Media);
        assert_eq!(take(&packet(2, 20, 7)), Taken::Ignored);
        assert_eq!(take(&packet(6, 60, 7)), Taken::Media);
        assert_eq!(take(&packet(9, 60, 8)), Taken::Ignored);
        assert_eq!(take(b"short"), Taken::Ignored);
        assert_eq!((tally.packets, tally.lost, tally.reordered, tally.duplicates), (5, 2, 1, 1));
        assert_eq!((tally.wrong_ssrc, tally.malformed), (1, 1));
    }

    #[test]
    fn a_report_tells_the_loss_since_the_one_before() {
        let (mut stream, mut tally) = (stream(), Tally::default());
        assert_eq!(stream.report(1, "c", 0), None);
        for sequence in [0, 1, 3, 4] {
            stream.packet(&packet(sequence, 0, 7), 0, 1.0, &mut tally);
        }
        let mut sr = vec![0x80, 200, 0, 6, 0, 0, 0, 7, 0, 0, 0x12, 0x34, 0x56, 0x78, 0, 0];
        sr.extend([0; 12]);
        stream.control(&sr, 1_000_000, &mut tally);
        let first = stream.report(1, "c", 1_500_000).unwrap();
        assert_eq!(&first[12..16], [51, 0, 0, 1]); // one of five
        assert_eq!(&first[24..32], [0x12, 0x34, 0x56, 0x78, 0, 0, 0x80, 0]);
        let second = stream.report(1, "c", 2_000_000).unwrap();
        assert_eq!(&second[12..16], [0, 0, 0, 1]);
    }

    #[test]
    fn a_seek_backwards_is_no_stall() {
        let (mut stream, mut tally) = (stream(), Tally::default());
        stream.packet(&packet(10, 50_000, 7), 0, 1.0, &mut tally);
        stream.packet(&packet(11, 50_100, 7), 100_000, 1.0, &mut tally);
        stream.seek(0);
        stream.packet(&packet(12, 50_200, 7), 200_000, 1.0, &mut tally);
        stream.play(Some(14), 0);
        stream.packet(&packet(13, 50_300, 7), 300_000, 1.0, &mut tally); // still of the play before
        stream.packet(&packet(14, 0, 7), 400_000, 1.0, &mut tally);
        stream.packet(&packet(15, 1_000, 7), 1_400_000, 1.0, &mut tally);
        assert_eq!((tally.stalls, tally.lost), (0, 0));
        assert_eq!(stream.timeline.media_us(), 1_000_000);
    }

    #[test]
    fn what_rtp_info_skips_at_a_seek_is_not_lost() {
        let (mut stream, mut tally) = (stream(), Tally::default());
        stream.packet(&packet(10, 0, 7), 0, 1.0, &mut tally);
        stream.seek(0);
        tally.lost += stream.play(Some(15), 0);
        stream.packet(&packet(17, 0, 7), 0, 1.0, &mut tally); // 15 and 16 are lost, 11 to 14 never were
        assert_eq!((tally.lost, stream.sequence.lost), (2, 2));
        stream.seek(0);
        stream.packet(&packet(20, 0, 7), 0, 1.0, &mut tally); // before the answer
        tally.lost += stream.play(Some(20), 0);
        stream.packet(&packet(21, 0, 7), 0, 1.0, &mut tally);
        assert_eq!((tally.lost, stream.sequence.lost), (2, 2));
        stream.packet(&packet(23, 0, 7), 0, 1.0, &mut tally);
        assert_eq!((tally.lost, stream.sequence.lost), (3, 3));
    }

    #[test]
    fn a_straggler_of_the_session_before_does_not_name_the_source() {
        let (mut stream, mut tally) = (stream(), Tally::default());
        stream.packet(&packet(500, 0, 1), 0, 1.0, &mut tally);
        for sequence in 0..10 {
            stream.packet(&packet(sequence, 0, 2), 0, 1.0, &mut tally);
        }
        assert_eq!((stream.ssrc, tally.wrong_ssrc, tally.lost), (Some(2), 3, 0));
    }

    #[test]
    fn lost_packets_are_not_delivered_media() {
        let (mut stream, mut tally) = (stream(), Tally::default());
        stream.packet(&packet(0, 0, 7), 0, 1.0, &mut tally);
        stream.packet(&packet(3, 10_000, 7), 10_000_000, 1.0, &mut tally);
        assert_eq!(stream.delivery(0, 10_250_000, i64::MAX, 1.0), (10_000_000, 5_000_000));
    }

    #[test]
    fn comparison_goes_on_across_the_wrap() {
        let track = Shared::new(1, None, 1, None, false).peer_track(0, 0);
        let mut tally = Tally::default();
        for first in [65_000u16, 3] {
            let mut stream = stream();
            stream.compare_with(track.clone(), first, 0);
            for n in 0..70_000u32 {
                let mut bytes = packet(first.wrapping_add(n as u16), n, 7);
                bytes.truncate(12);
                bytes.extend(n.to_be_bytes());
                stream.packet(&bytes, i64::from(n) * 1000, 1.0, &mut tally);
            }
        }
        assert_eq!((tally.compared, tally.different), (70_000, 0));
    }

    use super::super::stats::Shared;
}
