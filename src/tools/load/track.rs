//! What one viewer can tell about one RTP stream: sequence, order, duplicates, pacing, delivered media.

/// Packets behind the newest that are still told apart from duplicates.
const WINDOW: i32 = 128;
/// A forward jump beyond this is a new start and not a loss (RFC 3550 appendix A.1, MAX_DROPOUT).
const MAX_DROPOUT: i32 = 3000;
/// How far beyond its viewer's play-out a packet comes before it counts as a stall, in microseconds.
const STALL_US: i64 = 1_000_000;
/// A quarter of a second: what a timeline may lag at the moment of looking without media being missing, as a server
/// sends in bursts (50 ms and up) and a frame lasts a while.
const GRACE_US: i64 = 250_000;

/// The fixed part of an RTP header (RFC 3550 section 5.1) and where the payload begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpHeader {
    /// Sequence number.
    pub sequence: u16,
    /// Media timestamp, in units of the stream's clock.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
    /// Marker bit.
    pub marker: bool,
    /// Offset of the payload in the packet, bytes.
    pub payload_at: usize,
}

impl RtpHeader {
    /// Reads the header; `None` for what is not an RTP version 2 packet.
    pub fn parse(packet: &[u8]) -> Option<Self> {
        let fixed = packet.first_chunk::<12>()?;
        if fixed[0] >> 6 != 2 {
            return None;
        }
        let mut payload_at = 12 + usize::from(fixed[0] & 0x0f) * 4;
        if fixed[0] & 0x10 != 0 {
            let words = packet.get(payload_at + 2..payload_at + 4)?;
            payload_at += 4 + usize::from(u16::from_be_bytes([words[0], words[1]])) * 4;
        }
        (payload_at <= packet.len()).then_some(Self {
            sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
            timestamp: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
            marker: fixed[1] & 0x80 != 0,
            payload_at,
        })
    }
}

/// Where a packet stands in its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The first, or the one after the newest.
    Next,
    /// Newer than expected: so many are missing before it.
    Gap(u32),
    /// One that was missing.
    Late,
    /// Had before.
    Duplicate,
    /// Older than what is still remembered.
    TooOld,
    /// So far ahead that the stream must have been started anew.
    Restart,
}

/// Follows 16-bit sequence numbers across their wrap.
#[derive(Clone, Debug, Default)]
pub struct SequenceTracker {
    started: bool,
    newest: u32, // extended
    first: u32,
    seen: u128, // bit n: newest - n was received
    /// Missing so far; goes down again when a missing packet comes late.
    pub lost: u64,
    /// Packets that were not duplicates.
    pub received: u64,
}

impl SequenceTracker {
    /// The stream will begin with `sequence` (RTP-Info): what is missing before the first packet is then seen, too.
    pub fn expect(&mut self, sequence: u16) {
        self.started = true;
        self.newest = 0x1_0000 + u32::from(sequence) - 1;
        self.first = self.newest + 1;
        self.seen = u128::MAX;
    }

    /// RTP-Info said that the stream begins with `sequence`, after packets have come already: what is missing before the
    /// first of them counts.
    pub fn begin_at(&mut self, sequence: u16) -> u32 {
        if !self.started {
            self.expect(sequence);
            return 0;
        }
        let missing = i32::from((self.first as u16).wrapping_sub(sequence) as i16);
        if !(1..MAX_DROPOUT).contains(&missing) {
            return 0;
        }
        self.lost += missing as u64;
        missing as u32
    }

    /// The newest sequence number with its cycles (RFC 3550 section 6.4.1).
    pub fn extended_highest(&self) -> u32 {
        self.newest
    }

    /// Places one packet.
    pub fn place(&mut self, sequence: u16) -> Place {
        if !self.started {
            self.expect(sequence);
        }
        let ahead = i32::from(sequence.wrapping_sub(self.newest as u16) as i16);
        if !(-MAX_DROPOUT..=MAX_DROPOUT).contains(&ahead) {
            let cycle = (self.newest & 0xffff_0000).wrapping_add(0x1_0000);
            self.newest = cycle | u32::from(sequence);
            self.seen = 1;
            self.received += 1;
            return Place::Restart;
        }
        if ahead > 0 {
            self.seen = self.seen.checked_shl(ahead as u32).unwrap_or(0) | 1;
            self.newest = self.newest.wrapping_add(ahead as u32);
            self.received += 1;
            let missing = ahead as u32 - 1;
            self.lost += u64::from(missing);
            return if missing == 0 { Place::Next } else { Place::Gap(missing) };
        }
        if -ahead >= WINDOW {
            return Place::TooOld;
        }
        let bit = 1u128 << -ahead;
        if self.seen & bit != 0 {
            return Place::Duplicate;
        }
        self.seen |= bit;
        self.received += 1;
        self.lost = self.lost.saturating_sub(1);
        Place::Late
    }

    /// Packets that should have come so far.
    pub fn expected(&self) -> u64 {
        self.received + self.lost
    }
}

/// Arrival against the RTP timestamps: lateness, stalls and delivered media of one play.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    clock: u32,
    begun: bool,
    last_timestamp: u32,
    media: i64,    // of the last packet, clock units since the first
    furthest: i64, // highest media
    first_arrival: i64,
    last_arrival: i64,
    rebuffered: i64, // lateness the viewer has already waited for
    transit: i64,
    jitter: u32, // clock units, times 16
    /// Times the viewer would have waited more than a second.
    pub stalls: u32,
    /// How long those waits were together, microseconds.
    pub stalled_us: u64,
}

impl Timeline {
    /// For a stream whose timestamps count `clock` units per second.
    pub fn new(clock: u32) -> Self {
        Self { clock: clock.max(1), ..Self::default() }
    }

    /// A new play begins with the next packet; jitter goes on.
    pub fn restart(&mut self) {
        *self = Self { clock: self.clock, jitter: self.jitter, ..Self::default() };
    }

    /// Whether a packet has come since the start.
    pub fn is_begun(&self) -> bool {
        self.begun
    }

    fn to_us(&self, units: i64) -> i64 {
        units.saturating_mul(1_000_000) / i64::from(self.clock)
    }

    /// Takes a packet that came at `arrival_us` of any steady clock; tells how late it is in microseconds against the
    /// first packet (negative: ahead). `speed` is the play's rate, 1.0 as a rule.
    pub fn packet(&mut self, timestamp: u32, arrival_us: i64, speed: f64) -> i64 {
        if !self.begun {
            self.begun = true;
            self.first_arrival = arrival_us;
            self.last_timestamp = timestamp;
        }
        self.media += i64::from(timestamp.wrapping_sub(self.last_timestamp) as i32);
        self.last_timestamp = timestamp;
        self.furthest = self.furthest.max(self.media);
        self.last_arrival = arrival_us;
        let since = arrival_us - self.first_arrival;
        self.estimate_jitter(since);
        let mut due = self.to_us(self.media);
        if speed != 1.0 && speed > 0.0 {
            due = (due as f64 / speed) as i64;
        }
        let late = since - due;
        let waited = late - self.rebuffered;
        if waited > STALL_US {
            self.stalls += 1;
            self.stalled_us += waited as u64;
            self.rebuffered = late;
        }
        late
    }

    /// RFC 3550 section 6.4.1 and appendix A.8.
    fn estimate_jitter(&mut self, since_us: i64) {
        let arrival = since_us.saturating_mul(i64::from(self.clock)) / 1_000_000;
        let transit = arrival - self.media;
        let change = u32::try_from((transit - self.transit).unsigned_abs()).unwrap_or(u32::MAX).min(1 << 26);
        self.transit = transit;
        self.jitter = (i64::from(self.jitter) + i64::from(change) - ((i64::from(self.jitter) + 8) >> 4)).max(0) as u32;
    }

    /// Interarrival jitter in clock units, for receiver reports.
    pub fn jitter(&self) -> u32 {
        self.jitter >> 4
    }

    /// Whether a viewer waits at `now_us` for media already more than a second late.
    pub fn is_stalled(&self, now_us: i64, speed: f64) -> bool {
        let due = (self.to_us(self.furthest) as f64 / speed.max(0.01)) as i64;
        self.begun && now_us - self.first_arrival - due - self.rebuffered > STALL_US + GRACE_US
    }

    /// Media received, in microseconds from the play's first packet to its furthest.
    pub fn media_us(&self) -> i64 {
        self.to_us(self.furthest)
    }

    /// Expected and delivered media in microseconds at `now_us` when the play began at `begin_us` and holds at most
    /// `available_us` of media. Delivered is never above expected: sending ahead is not more than all.
    pub fn delivery(&self, begin_us: i64, now_us: i64, available_us: i64, speed: f64) -> (u64, u64) {
        let begin = if self.begun { self.first_arrival } else { begin_us };
        let elapsed = ((now_us - begin - GRACE_US).max(0) as f64 * speed) as i64;
        let expected = elapsed.min(available_us - GRACE_US).max(0);
        (expected as u64, self.media_us().clamp(0, expected) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_across_the_wrap_counts_what_is_missing() {
        let mut tracker = SequenceTracker::default();
        assert_eq!(tracker.place(65_533), Place::Next);
        assert_eq!(tracker.place(65_534), Place::Next);
        assert_eq!(tracker.place(2), Place::Gap(3));
        assert_eq!(tracker.lost, 3);
        assert_eq!(tracker.place(65_535), Place::Late);
        assert_eq!(tracker.place(0), Place::Late);
        assert_eq!(tracker.place(0), Place::Duplicate);
        assert_eq!(tracker.lost, 1);
        assert_eq!(tracker.expected(), 6);
        assert_eq!(tracker.extended_highest() & 0xffff, 2);
    }

    #[test]
    fn many_cycles_lose_nothing() {
        let mut tracker = SequenceTracker::default();
        for n in 0..200_000u32 {
            assert_eq!(tracker.place(n as u16), Place::Next);
        }
        assert_eq!((tracker.lost, tracker.received), (0, 200_000));
        assert_eq!(tracker.extended_highest() - 0x1_0000, 199_999);
    }

    #[test]
    fn what_is_missing_before_the_first_packet_counts_when_rtp_info_told_the_first() {
        let mut tracker = SequenceTracker::default();
        tracker.expect(0);
        assert_eq!(tracker.place(2), Place::Gap(2));
        assert_eq!(tracker.place(1), Place::Late);
        assert_eq!(tracker.lost, 1);
    }

    #[test]
    fn rtp_info_may_come_after_the_packets() {
        let mut tracker = SequenceTracker::default();
        tracker.place(1);
        tracker.place(2);
        assert_eq!(tracker.begin_at(65_535), 2);
        assert_eq!(tracker.begin_at(1), 0);
        assert_eq!((tracker.lost, tracker.expected()), (2, 4));
    }

    #[test]
    fn packets_before_the_first_are_duplicates_or_too_old_but_never_late() {
        let mut tracker = SequenceTracker::default();
        tracker.place(1000);
        assert_eq!(tracker.place(999), Place::Duplicate);
        assert_eq!(tracker.place(800), Place::TooOld);
        assert_eq!((tracker.lost, tracker.received), (0, 1));
    }

    #[test]
    fn a_far_jump_is_a_restart() {
        let mut tracker = SequenceTracker::default();
        tracker.place(10);
        assert_eq!(tracker.place(20_000), Place::Restart);
        assert_eq!(tracker.place(20_001), Place::Next);
        assert_eq!(tracker.lost, 0);
    }

    #[test]
    fn a_long_gap_clears_the_window() {
        let mut tracker = SequenceTracker::default();
        tracker.place(0);
        assert_eq!(tracker.place(500), Place::Gap(499));
        assert_eq!(tracker.place(499), Place::Late);
        assert_eq!(tracker.place(372), Place::TooOld);
    }

    #[test]
    fn the_header_is_read_with_csrcs_and_extension() {
        let mut packet = vec![0x92, 0x60, 0x12, 0x34, 0, 0, 0, 9, 0, 0, 0, 7];
        packet.extend([0; 8]); // two CSRCs
        packet.extend([0xbe, 0xde, 0, 1, 1, 2, 3, 4, 0xff]);
        let header = RtpHeader::parse(&packet).unwrap();
        assert_eq!((header.sequence, header.timestamp, header.ssrc, header.payload_at), (0x1234, 9, 7, 28));
        assert_eq!(RtpHeader::parse(&packet[..22]), None);
        assert_eq!(RtpHeader::parse(&[0x40; 20]), None);
        assert_eq!(RtpHeader::parse(&[0x80; 11]), None);
    }

    #[test]
    fn a_pause_that_the_media_explains_is_no_stall() {
        let mut timeline = Timeline::new(1000);
        timeline.packet(0, 0, 1.0);
        assert_eq!(timeline.packet(5_000, 5_000_000, 1.0), 0);
        assert_eq!(timeline.stalls, 0);
    }

    #[test]
    fn each_second_that_the_viewer_waits_more_is_one_stall() {
        let mut timeline = Timeline::new(90_000);
        timeline.packet(0, 0, 1.0);
        assert_eq!(timeline.packet(9_000, 1_600_000, 1.0), 1_500_000);
        assert_eq!(timeline.stalls, 1);
        timeline.packet(18_000, 1_700_000, 1.0); // as late as before: it was waited for
        assert_eq!((timeline.stalls, timeline.stalled_us), (1, 1_500_000));
        timeline.packet(27_000, 2_900_000, 1.0);
        assert_eq!(timeline.stalls, 2);
    }

    #[test]
    fn media_sent_ahead_covers_a_silence() {
        let mut timeline = Timeline::new(1000);
        timeline.packet(0, 0, 1.0);
        timeline.packet(20_000, 100_000, 1.0);
        assert!(!timeline.is_stalled(15_000_000, 1.0));
        assert!(timeline.is_stalled(22_000_000, 1.0));
        timeline.packet(20_100, 15_000_000, 1.0);
        assert_eq!(timeline.stalls, 0);
    }

    #[test]
    fn timestamps_wrap() {
        let mut timeline = Timeline::new(90_000);
        timeline.packet(u32::MAX - 44_999, 0, 1.0);
        assert_eq!(timeline.packet(45_000, 1_000_000, 1.0), 0);
        assert_eq!(timeline.media_us(), 1_000_000);
    }

    #[test]
    fn delivery_is_the_share_of_the_time_that_has_passed() {
        let mut timeline = Timeline::new(1000);
        timeline.packet(0, 0, 1.0);
        timeline.packet(5_000, 9_000_000, 1.0);
        assert_eq!(timeline.delivery(0, 10_250_000, 60_000_000, 1.0), (10_000_000, 5_000_000));
        // the movie was shorter than the time that passed
        assert_eq!(timeline.delivery(0, 60_000_000, 5_250_000, 1.0), (5_000_000, 5_000_000));
        // nothing ever came
        assert_eq!(Timeline::new(1000).delivery(0, 10_250_000, 60_000_000, 1.0), (10_000_000, 0));
    }

    #[test]
    fn jitter_settles_at_the_mean_deviation() {
        let mut timeline = Timeline::new(1000);
        for n in 0..1000i64 {
            let off = if n % 2 == 0 { 0 } else { 10_000 };
            timeline.packet((n * 20) as u32, n * 20_000 + off, 1.0);
        }
        assert!((9..=11).contains(&timeline.jitter()), "{}", timeline.jitter());
    }
}
