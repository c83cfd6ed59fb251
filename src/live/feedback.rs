//! What the server tells a broadcaster about its packets: how many are lost, how evenly they come, how many people watch.

use crate::rtp::ReportBlock;

/// Reports go out this often, microseconds, as in DSS 6.0.3.
pub const REPORT_INTERVAL_US: i64 = 5_000_000;

/// A sequence number that jumps ahead by more, or back by more than [`MAX_MISORDER`], is a restart (RFC 3550 appendix A.1).
const MAX_DROPOUT: u16 = 3000;

/// See [`MAX_DROPOUT`].
const MAX_MISORDER: u16 = 100;

/// Reception statistics of one source (RFC 3550 appendix A.1, A.3 and A.8).
#[derive(Debug, Clone, Default)]
pub struct Reception {
    ssrc: u32,
    clock_rate: u32,
    first: u32,
    highest: u32,
    received: u64,
    last_expected: u64,
    last_received: u64,
    /// In 16ths of an RTP tick.
    jitter: u32,
    transit: Option<u32>,
    /// Middle 32 bits of the NTP time of the last sender report, and when it came.
    report: Option<(u32, i64)>,
}

impl Reception {
    /// Statistics of source `ssrc`, whose timestamps count `clock_rate` per second (0: unknown, no jitter).
    pub fn new(ssrc: u32, clock_rate: u32) -> Self {
        Self { ssrc, clock_rate, ..Self::default() }
    }

    /// The source.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// An RTP packet came.
    pub fn packet(&mut self, sequence: u16, rtp_time: u32, arrival_us: i64) {
        let ahead = sequence.wrapping_sub(self.highest as u16);
        if self.received == 0 || (MAX_DROPOUT..=u16::MAX - MAX_MISORDER).contains(&ahead) {
            let Self { ssrc, clock_rate, report, .. } = *self;
            self.first = u32::from(sequence);
            *self = Self { ssrc, clock_rate, report, first: self.first, highest: self.first, ..Self::default() };
        } else if ahead < MAX_DROPOUT {
            self.highest = self.highest.wrapping_add(u32::from(ahead));
        }
        self.received += 1;
        if self.clock_rate > 0 {
            let arrival = (i128::from(arrival_us) * i128::from(self.clock_rate) / 1_000_000) as u32;
            let transit = arrival.wrapping_sub(rtp_time);
            if let Some(before) = self.transit.replace(transit) {
                let difference = (transit.wrapping_sub(before) as i32).unsigned_abs();
                // Timestamps that jump say nothing about the network.
                if difference < self.clock_rate.saturating_mul(10) {
                    let jitter =
                        i64::from(self.jitter) + i64::from(difference) - i64::from(self.jitter.saturating_add(8) >> 4);
                    self.jitter = u32::try_from(jitter).unwrap_or(0);
                }
            }
        }
    }

    /// A sender report of this source came, with this 64-bit NTP time.
    pub fn sender_report(&mut self, ntp: u64, arrival_us: i64) {
        self.report = Some(((ntp >> 16) as u32, arrival_us));
    }

    /// Packets lost so far; duplicates can make it negative.
    pub fn lost(&self) -> i64 {
        if self.received == 0 { 0 } else { self.expected() as i64 - self.received as i64 }
    }

    /// Packets received so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Interarrival jitter in RTP ticks.
    pub fn jitter(&self) -> u32 {
        self.jitter >> 4
    }

    fn expected(&self) -> u64 {
        u64::from(self.highest.wrapping_sub(self.first)) + 1
    }

    /// The block of a report that leaves now; `None` before the first packet.
    pub fn block(&mut self, now_us: i64) -> Option<ReportBlock> {
        if self.received == 0 {
            return None;
        }
        let expected = self.expected();
        let expected_now = expected.saturating_sub(self.last_expected);
        let received_now = self.received - self.last_received;
        let lost_now = expected_now.saturating_sub(received_now);
        let fraction_lost = (lost_now * 256).checked_div(expected_now).unwrap_or(0).min(255) as u8;
        (self.last_expected, self.last_received) = (expected, self.received);
        let (last_sender_report, delay_since_report) = self.report.map_or((0, 0), |(ntp, at_us)| {
            let delay = i128::from(now_us.saturating_sub(at_us).max(0)) * 65_536 / 1_000_000;
            (ntp, u32::try_from(delay).unwrap_or(u32::MAX))
        });
        Some(ReportBlock {
            ssrc: self.ssrc,
            fraction_lost,
            cumulative_lost: self.lost().clamp(-0x80_0000, 0x7f_ffff) as i32,
            highest_sequence: self.highest,
            jitter: self.jitter(),
            last_sender_report,
            delay_since_report,
        })
    }
}

/// A compound for a broadcaster: receiver report, CNAME, and DSS 6.0.3's `APP QTSS` item `ey` with the number of viewers.
pub fn compose(ssrc: u32, cname: &str, viewers: u32, block: Option<ReportBlock>) -> Vec<u8> {
    let mut out = Vec::with_capacity(100);
    let (count, words) = if block.is_some() { (1u8, 7u16) } else { (0, 1) };
    out.extend([0x80 | count, 201]);
    out.extend(words.to_be_bytes());
    out.extend(ssrc.to_be_bytes());
    if let Some(block) = block {
        let [_, lost @ ..] = block.cumulative_lost.to_be_bytes();
        out.extend(block.ssrc.to_be_bytes());
        out.push(block.fraction_lost);
        out.extend(lost);
        for word in [block.highest_sequence, block.jitter, block.last_sender_report, block.delay_since_report] {
            out.extend(word.to_be_bytes());
        }
    }
    let name = cname.as_bytes().get(..cname.len().min(255)).unwrap_or_default();
    // At least one zero byte ends the items, and the chunk is padded to a word (RFC 3550 section 6.5).
    let chunk = (4 + 2 + name.len() + 1).next_multiple_of(4);
    out.extend([0x81, 202]);
    out.extend(((chunk / 4) as u16).to_be_bytes());
    out.extend(ssrc.to_be_bytes());
    out.extend([1, name.len() as u8]);
    out.extend(name);
    out.resize(out.len() + chunk - (4 + 2 + name.len()), 0);
    let viewers = viewers & 0x7fff_ffff;
    out.extend([0x80, 204, 0, 8]);
    out.extend(ssrc.to_be_bytes());
    out.extend(b"QTSS");
    out.extend(0u32.to_be_bytes());
    out.extend(4u32.to_be_bytes()); // words that follow
    out.extend(b"ey");
    out.extend(12u16.to_be_bytes());
    for word in [viewers, viewers, 0] {
        out.extend(word.to_be_bytes());
    }
    out
}

/// What counts in a compound from a broadcaster.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compound {
    /// Who says it: the source of its first packet.
    pub ssrc: u32,
    /// NTP time of the sender report it starts with.
    pub sender_report: Option<u64>,
    /// That source says BYE.
    pub bye: bool,
}

impl Compound {
    /// Reads a compound; `None` if its first packet is no RTCP or is cut short.
    pub fn read(compound: &[u8]) -> Option<Self> {
        let [head, kind, _, _, s0, s1, s2, s3, ..] = compound else { return None };
        if head >> 6 != 2 || !(200..=207).contains(kind) {
            return None;
        }
        let ssrc = u32::from_be_bytes([*s0, *s1, *s2, *s3]);
        let is_report = *kind == 200 && compound.len() >= 28;
        let ntp = compound.get(8..16).and_then(|ntp| ntp.first_chunk()).map(|ntp| u64::from_be_bytes(*ntp));
        let mut read = Self { ssrc, sender_report: ntp.filter(|_| is_report), bye: false };
        let mut rest = compound;
        while let [head, kind, high, low, ..] = rest {
            let len = 4 * (usize::from(u16::from_be_bytes([*high, *low])) + 1);
            let Some(packet) = rest.get(..len) else { break };
            if head >> 6 == 2 && *kind == 203 {
                let sources = packet.get(4..).unwrap_or_default().chunks_exact(4).take(usize::from(head & 0x1f));
                read.bye |= sources.into_iter().any(|source| source == ssrc.to_be_bytes());
            }
            rest = rest.get(len..).unwrap_or_default();
        }
        Some(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::{QtssItem, RtcpItem, walk_rtcp};

    const SECOND: i64 = 1_000_000;

    fn fed(sequences: impl IntoIterator<Item = u16>) -> Reception {
        let mut reception = Reception::new(7, 90_000);
        for (n, sequence) in (0..).zip(sequences) {
            reception.packet(sequence, n * 900, i64::from(n) * 10_000);
        }
        reception
    }

    #[test]
    fn losses_are_counted_across_the_wrap_of_sequence_numbers() {
        let mut reception = fed([65_530, 65_531, 65_534, 65_535, 0, 1, 3]);
        let block = reception.block(0).expect("a block");
        assert_eq!((block.cumulative_lost, block.highest_sequence), (3, 0x1_0003));
        assert_eq!(block.fraction_lost, (3 * 256 / 10) as u8);
        let block = reception.block(0).expect("a block");
        assert_eq!((block.cumulative_lost, block.fraction_lost), (3, 0), "nothing came since");
    }

    #[test]
    fn packets_out_of_order_are_not_lost_and_duplicates_make_up_for_losses() {
        assert_eq!(fed([10, 12, 11, 13]).lost(), 0);
        assert_eq!(fed([10, 11, 11, 12]).lost(), -1);
        assert_eq!(fed([5, 4, 6]).lost(), -1, "older than the first");
    }

    #[test]
    fn a_jump_is_a_new_beginning() {
        let reception = fed([10, 11, 30_000, 30_001]);
        assert_eq!((reception.lost(), reception.received()), (0, 2));
    }

    #[test]
    fn even_packets_have_no_jitter_and_uneven_ones_have() {
        assert_eq!(fed(0..100).jitter(), 0);
        let mut reception = Reception::new(7, 90_000);
        for n in 0..200u32 {
            let late = if n % 2 == 0 { 0 } else { 5000 };
            reception.packet(n as u16, n * 900, i64::from(n) * 10_000 + late);
        }
        assert!((400..=450).contains(&reception.jitter()), "{}", reception.jitter());
    }

    #[test]
    fn the_compound_is_understood_by_who_reads_reports() {
        let mut reception = fed([1, 2, 4]);
        reception.sender_report(0x1122_3344_5566_7788, SECOND);
        let block = reception.block(3 * SECOND);
        let bytes = compose(0x0a0b_0c0d, "QTSS@test", 31, block);
        let mut seen = Vec::new();
        let (packets, result) = walk_rtcp(&bytes, |item| match item {
            RtcpItem::Report(block) => {
                assert_eq!((block.ssrc, block.cumulative_lost, block.highest_sequence), (7, 1, 4));
                assert_eq!((block.last_sender_report, block.delay_since_report), (0x3344_5566, 2 << 16));
                seen.push("report");
            }
            RtcpItem::Qtss { item, .. } => {
                assert_eq!(item, QtssItem::Eyes { all: 31, active: Some(31), paused: Some(0) });
                seen.push("qtss");
            }
            _ => {}
        });
        assert_eq!((packets, result), (3, Ok(())));
        assert_eq!(seen, ["report", "qtss"]);
        let at = bytes.len() - 16;
        assert_eq!(bytes[at..], [b'e', b'y', 0, 12, 0, 0, 0, 31, 0, 0, 0, 31, 0, 0, 0, 0]);
        assert_eq!(bytes.len() % 4, 0);
        assert_eq!(compose(1, "x", 0, None)[..8], [0x80, 201, 0, 1, 0, 0, 0, 1]);
    }

    #[test]
    fn a_compound_tells_report_and_goodbye() {
        let report = [&[0x80, 200, 0, 6, 0, 0, 0, 9][..], &[1; 20]].concat();
        let read = Compound::read(&report).expect("a report");
        assert_eq!(read, Compound { ssrc: 9, sender_report: Some(0x0101_0101_0101_0101), bye: false });
        let with_bye = [&report[..], &[0x81, 203, 0, 1, 0, 0, 0, 9]].concat();
        assert!(Compound::read(&with_bye).is_some_and(|read| read.bye));
        let of_another = [&report[..], &[0x81, 203, 0, 1, 0, 0, 0, 8]].concat();
        assert!(Compound::read(&of_another).is_some_and(|read| !read.bye));
        for rubbish in [&b""[..], &[0x80, 200, 0, 1], &[0x40, 200, 0, 6, 0, 0, 0, 9], &[0x80, 96, 0, 0, 0, 0, 0, 0]] {
            assert_eq!(Compound::read(rubbish), None);
        }
        for cut in 0..with_bye.len() {
            let _ = Compound::read(&with_bye[..cut]); // must not panic
        }
    }
}
