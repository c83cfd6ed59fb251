//! What is known of a stream's reception: written by RTCP and the send worker, read by anybody, no locks.

use std::sync::atomic::{AtomicI32, AtomicI64, AtomicU32, AtomicU64, Ordering};

use super::rtcp_in::{QtssItem, ReportBlock};

const RELAXED: Ordering = Ordering::Relaxed;

/// A round trip longer than this is a client's mistake, not a network's; 60 s in 1/65536 s.
const MAX_ROUND_TRIP: u32 = 60 << 16;

/// Counters of one stream. All are since SETUP unless said otherwise.
#[derive(Debug, Default)]
pub struct StreamStats {
    /// RTP packets sent.
    pub packets_sent: AtomicU64,
    /// RTP payload bytes sent, without headers.
    pub payload_bytes_sent: AtomicU64,
    /// Packets left out because they were too late.
    pub stale_packets_dropped: AtomicU32,
    /// RTCP datagrams or frames that held at least one good packet.
    pub rtcp_packets_received: AtomicU32,
    /// Their bytes.
    pub rtcp_bytes_received: AtomicU64,
    /// The client's own source; 0 until it has reported.
    pub client_ssrc: AtomicU32,
    /// Receiver reports that told about this stream.
    pub reports_received: AtomicU32,
    /// Fraction lost of the last receiver report, in 256ths.
    pub fraction_lost: AtomicU32,
    /// Mean of the fraction lost, in 256ths: each report counts half.
    pub mean_fraction_lost: AtomicU32,
    /// Cumulative loss as of the receiver reports.
    pub total_lost: AtomicI32,
    /// Loss between the last two receiver reports.
    pub lost_in_interval: AtomicU32,
    /// Packets sent between the last two receiver reports.
    pub sent_in_interval: AtomicU32,
    /// Interarrival jitter, RTP clock units.
    pub jitter: AtomicU32,
    /// Last round trip, milliseconds; `-1` until one was measured.
    round_trip_ms: AtomicI64,
    /// Shortest round trip, milliseconds; `-1` until one was measured.
    shortest_round_trip_ms: AtomicI64,
    sent_at_last_report: AtomicU64,
    /// `APP QTSS` reports received.
    pub qtss_reports: AtomicU32,
    /// QTSS `rr`: receive rate, bit/s.
    pub receive_bit_rate: AtomicU32,
    /// QTSS `lt`: mean lateness, ms.
    pub average_late_ms: AtomicU32,
    /// QTSS `ls`: loss in percent times 256.
    pub loss_percent_256: AtomicU32,
    /// QTSS `dl`: buffer delay, ms.
    pub buffer_delay_ms: AtomicU32,
    /// QTSS `:)`: 1 if the last report said better.
    pub getting_better: AtomicU32,
    /// QTSS `:(`: 1 if the last report said worse.
    pub getting_worse: AtomicU32,
    /// QTSS `ey`: viewers behind the receiver.
    pub eyes: AtomicU32,
    /// QTSS `ey`: those playing.
    pub eyes_active: AtomicU32,
    /// QTSS `ey`: those paused.
    pub eyes_paused: AtomicU32,
    /// QTSS `pr`: packets the client received.
    pub client_packets_received: AtomicU32,
    /// QTSS `pd`: packets the client dropped.
    pub client_packets_dropped: AtomicU32,
    /// QTSS `pl`: packets the client missed.
    pub client_packets_lost: AtomicU32,
    /// QTSS `bl`: buffer fill, tenths of a second.
    pub buffer_fill: AtomicU32,
    /// QTSS `fr`: frame rate.
    pub frame_rate: AtomicU32,
    /// QTSS `xr`: expected frame rate.
    pub expected_frame_rate: AtomicU32,
    /// QTSS `d#`: times the audio ran dry.
    pub audio_dry_count: AtomicU32,
    /// QTSS `ob`: free overbuffer window, bytes, plus one; 0 until the client has told.
    overbuffer_window: AtomicU64,
}

impl StreamStats {
    pub(crate) fn new() -> Self {
        let stats = Self::default();
        stats.round_trip_ms.store(-1, RELAXED);
        stats.shortest_round_trip_ms.store(-1, RELAXED);
        stats
    }

    /// Last round trip in milliseconds, measured from receiver reports.
    pub fn round_trip_ms(&self) -> Option<u32> {
        u32::try_from(self.round_trip_ms.load(RELAXED)).ok()
    }

    /// Shortest round trip in milliseconds so far.
    pub fn shortest_round_trip_ms(&self) -> Option<u32> {
        u32::try_from(self.shortest_round_trip_ms.load(RELAXED)).ok()
    }

    /// Takes the free overbuffer window the client has told since the last call, in bytes.
    pub(crate) fn take_overbuffer_window(&self) -> Option<u32> {
        if self.overbuffer_window.load(RELAXED) == 0 {
            return None; // the usual case without a locked instruction
        }
        u32::try_from(self.overbuffer_window.swap(0, RELAXED).checked_sub(1)?).ok()
    }

    /// Takes a report block on this stream; `ntp_now` is the time it arrived.
    pub(crate) fn apply_report(&self, block: &ReportBlock, ntp_now: u64) {
        let fraction = u32::from(block.fraction_lost);
        let seen = self.reports_received.fetch_add(1, RELAXED);
        let mean = if seen == 0 { fraction } else { (self.mean_fraction_lost.load(RELAXED) + fraction) / 2 };
        self.fraction_lost.store(fraction, RELAXED);
        self.mean_fraction_lost.store(mean, RELAXED);
        self.jitter.store(block.jitter, RELAXED);

        let sent = self.packets_sent.load(RELAXED);
        let in_interval = sent.wrapping_sub(self.sent_at_last_report.swap(sent, RELAXED));
        let in_interval = u32::try_from(in_interval).unwrap_or(u32::MAX);
        self.sent_in_interval.store(in_interval, RELAXED);
        let lost = i64::from(block.cumulative_lost) - i64::from(self.total_lost.load(RELAXED));
        if lost <= i64::from(in_interval) {
            self.total_lost.store(block.cumulative_lost, RELAXED);
            self.lost_in_interval.store(u32::try_from(lost).unwrap_or(0), RELAXED);
        }
        self.apply_round_trip(block, ntp_now);
    }

    fn apply_round_trip(&self, block: &ReportBlock, ntp_now: u64) {
        if block.last_sender_report == 0 {
            return;
        }
        let middle = (ntp_now >> 16) as u32;
        let trip = middle.wrapping_sub(block.last_sender_report).wrapping_sub(block.delay_since_report);
        if trip >= MAX_ROUND_TRIP {
            return;
        }
        let ms = i64::from(trip) * 1000 / 65_536;
        self.round_trip_ms.store(ms, RELAXED);
        let shortest = self.shortest_round_trip_ms.load(RELAXED);
        if shortest < 0 || ms < shortest {
            self.shortest_round_trip_ms.store(ms, RELAXED);
        }
    }

    /// An `APP QTSS` packet begins: "better" and "worse" hold for one report only.
    pub(crate) fn begin_qtss_report(&self) {
        self.qtss_reports.fetch_add(1, RELAXED);
        self.getting_better.store(0, RELAXED);
        self.getting_worse.store(0, RELAXED);
    }

    pub(crate) fn apply_qtss(&self, item: QtssItem) {
        match item {
            QtssItem::ReceiveBitRate(rate) => self.receive_bit_rate.store(rate, RELAXED),
            QtssItem::AverageLate(ms) => self.average_late_ms.store(ms.into(), RELAXED),
            QtssItem::LossPercent256(loss) => self.loss_percent_256.store(loss.into(), RELAXED),
            QtssItem::BufferDelay(ms) => self.buffer_delay_ms.store(ms.into(), RELAXED),
            QtssItem::GettingBetter => self.getting_better.store(1, RELAXED),
            QtssItem::GettingWorse => self.getting_worse.store(1, RELAXED),
            QtssItem::Same => {}
            QtssItem::Eyes { all, active, paused } => {
                self.eyes.store(all, RELAXED);
                self.eyes_active.store(active.unwrap_or(0), RELAXED);
                self.eyes_paused.store(paused.unwrap_or(0), RELAXED);
            }
            QtssItem::PacketsReceived(count) => self.client_packets_received.store(count, RELAXED),
            QtssItem::PacketsDropped(count) => self.client_packets_dropped.store(count.into(), RELAXED),
            QtssItem::PacketsLost(count) => self.client_packets_lost.store(count.into(), RELAXED),
            QtssItem::BufferFill(tenths) => self.buffer_fill.store(tenths.into(), RELAXED),
            QtssItem::FrameRate(rate) => self.frame_rate.store(rate.into(), RELAXED),
            QtssItem::ExpectedFrameRate(rate) => self.expected_frame_rate.store(rate.into(), RELAXED),
            QtssItem::AudioDry(count) => self.audio_dry_count.store(count.into(), RELAXED),
            QtssItem::OverbufferWindow(bytes) => self.overbuffer_window.store(u64::from(bytes) + 1, RELAXED),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(fraction_lost: u8, cumulative_lost: i32) -> ReportBlock {
        ReportBlock {
            ssrc: 1,
            fraction_lost,
            cumulative_lost,
            highest_sequence: 0,
            jitter: 17,
            last_sender_report: 0,
            delay_since_report: 0,
        }
    }

    #[test]
    fn a_report_sets_loss_and_jitter() {
        let stats = StreamStats::new();
        stats.packets_sent.store(100, RELAXED);
        stats.apply_report(&block(64, 10), 0);
        stats.packets_sent.store(150, RELAXED);
        stats.apply_report(&block(0, 12), 0);
        assert_eq!(stats.fraction_lost.load(RELAXED), 0);
        assert_eq!(stats.mean_fraction_lost.load(RELAXED), 32);
        assert_eq!(stats.total_lost.load(RELAXED), 12);
        assert_eq!(stats.lost_in_interval.load(RELAXED), 2);
        assert_eq!(stats.sent_in_interval.load(RELAXED), 50);
        assert_eq!(stats.jitter.load(RELAXED), 17);
    }

    #[test]
    fn more_lost_than_sent_is_not_believed() {
        let stats = StreamStats::new();
        stats.packets_sent.store(10, RELAXED);
        stats.apply_report(&block(0, 11), 0);
        assert_eq!(stats.total_lost.load(RELAXED), 0);
    }

    #[test]
    fn the_round_trip_comes_from_the_echoed_report() {
        let stats = StreamStats::new();
        assert_eq!(stats.round_trip_ms(), None);
        let at = |ms: u64| (1000u64 << 32) + (ms << 32) / 1000;
        let mut report = block(0, 0);
        report.last_sender_report = (at(0) >> 16) as u32;
        report.delay_since_report = 65_536 / 10;
        stats.apply_report(&report, at(150));
        assert!((49..=51).contains(&stats.round_trip_ms().unwrap_or(0)), "{:?}", stats.round_trip_ms());
        stats.apply_report(&report, at(400));
        assert!((49..=51).contains(&stats.shortest_round_trip_ms().unwrap_or(0)));
        stats.apply_report(&report, at(90)); // before it could have come back
        assert!((298..=301).contains(&stats.round_trip_ms().unwrap_or(0)), "{:?}", stats.round_trip_ms());
    }

    #[test]
    fn same_is_neither_better_nor_worse() {
        let stats = StreamStats::new();
        stats.begin_qtss_report();
        stats.apply_qtss(QtssItem::GettingWorse);
        stats.begin_qtss_report();
        stats.apply_qtss(QtssItem::Same);
        assert_eq!(stats.getting_worse.load(RELAXED), 0);
        assert_eq!(stats.getting_better.load(RELAXED), 0);
    }

    #[test]
    fn the_overbuffer_window_is_taken_once_and_may_be_zero() {
        let stats = StreamStats::new();
        assert_eq!(stats.take_overbuffer_window(), None);
        stats.apply_qtss(QtssItem::OverbufferWindow(0));
        assert_eq!(stats.take_overbuffer_window(), Some(0));
        assert_eq!(stats.take_overbuffer_window(), None);
    }
}
