//! What the operator may set about sending. Field names are those of `streamingserver.xml`.

use super::monitor::MonitorPrefs;

/// Send intervals that a session ahead of time may let pass between two lots.
const LOT_INTERVALS: i64 = 10;

/// Bytes of a lot, about, beyond which no interval is let pass.
const LOT_BYTES: i64 = 8 * 1024;

/// A packet due sooner than this waits for no lot, microseconds.
const LEAST_AHEAD_US: i64 = 500_000;

/// Preferences of the send path; shared by all sessions as an `Arc` and replaced as a whole when preferences are reread.
#[derive(Debug, Clone, PartialEq)]
pub struct SendPrefs {
    /// `send_interval`, ms: how early a packet may leave, and the width of an overbuffer bucket.
    pub send_interval_ms: i64,
    /// `max_send_ahead_time`, ms (the preference is in seconds): the farthest a stream may run ahead of real time.
    pub max_send_ahead_ms: i64,
    /// `overbuffer_rate`: speed of sending ahead, as a multiple of real time.
    pub overbuffer_rate: f64,
    /// `start_thinning_delay`, ms of lateness from which growing lateness thins.
    pub start_thinning_delay_ms: i64,
    /// `always_thin_delay`, ms of lateness from which a stream is thinned a level each interval.
    pub always_thin_delay_ms: i64,
    /// `thin_all_the_way_delay`, ms of lateness from which the worst level applies at once.
    pub thin_all_the_way_delay_ms: i64,
    /// `drop_all_video_delay`, ms of lateness from which video frames are left out.
    pub drop_all_video_delay_ms: i64,
    /// `drop_all_packets_delay`, ms of lateness from which everything is left out.
    pub drop_all_packets_delay_ms: i64,
    /// `start_thicking_delay`, ms of lateness under which quality comes back a level each interval.
    pub start_thicking_delay_ms: i64,
    /// `thick_all_the_way_delay`, ms of lateness (negative: ahead) under which full quality comes back at once.
    pub thick_all_the_way_delay_ms: i64,
    /// `quality_check_interval`, ms between two looks at the lateness.
    pub quality_check_interval_ms: i64,
    /// `disable_thinning`: never leave out frames.
    pub disable_thinning: bool,
    /// Seconds between sender reports; 7 as DSS, 1 for streams with 3GPP rate adaptation.
    pub report_interval_ms: i64,
    /// `small_window_size`, bytes (the preference is in kilobytes): reliable-UDP window of slow movies.
    pub small_window: i64,
    /// `medium_window_size`, bytes: that of the movies between.
    pub medium_window: i64,
    /// `large_window_size`, bytes: that of fast movies and of those whose rate is unknown.
    pub large_window: i64,
    /// `window_size_threshold`, bit/s (the preference is in kbit/s): above it a movie is not slow.
    pub window_threshold: u32,
    /// `window_size_max_threshold`, bit/s: above it a movie is fast.
    pub window_max_threshold: u32,
    /// `reliable_udp_slow_start`: begin with half the window.
    pub reliable_slow_start: bool,
    /// `max_retransmit_delay`, ms: how long a reliable-UDP stream sleeps at most while something is on its way.
    pub max_retransmit_delay_ms: i64,
    /// Where copies of all packets go, if an operator watches them.
    pub monitor: Option<MonitorPrefs>,
    /// A TCP connection that takes no byte for this long, in ms, is given up.
    pub stuck_tcp_ms: i64,
}

impl Default for SendPrefs {
    /// The defaults of DSS 6.0.3.
    fn default() -> Self {
        Self {
            send_interval_ms: 50,
            max_send_ahead_ms: 25_000,
            overbuffer_rate: 2.0,
            start_thinning_delay_ms: 0,
            always_thin_delay_ms: 750,
            thin_all_the_way_delay_ms: 1500,
            drop_all_video_delay_ms: 1750,
            drop_all_packets_delay_ms: 2500,
            start_thicking_delay_ms: 250,
            thick_all_the_way_delay_ms: -2000,
            quality_check_interval_ms: 1000,
            disable_thinning: false,
            report_interval_ms: 7000,
            small_window: 24 * 1024,
            medium_window: 48 * 1024,
            large_window: 64 * 1024,
            window_threshold: 200_000,
            window_max_threshold: 1_000_000,
            reliable_slow_start: true,
            max_retransmit_delay_ms: 500,
            monitor: None,
            stuck_tcp_ms: 20_000,
        }
    }
}

impl SendPrefs {
    /// `send_interval` in microseconds, at least 1 ms so that no rule divides time into nothing.
    pub(crate) fn send_interval_us(&self) -> i64 {
        self.send_interval_ms.clamp(1, 10_000) * 1000
    }

    /// How long before its next packet is due a session is woken: a fifth of the send interval. What is due within the
    /// interval then leaves together.
    pub(crate) fn lead_us(&self) -> i64 {
        self.send_interval_us() / 5
    }

    /// When a session that is ahead of time sends its next lot, at `now_us`, with a packet due at `due_us` to begin with:
    /// several send intervals later, as long as that packet stays well ahead and a lot of a movie of `bit_rate` (0 is
    /// unknown) stays small. A write per packet is what slow movies cost otherwise.
    pub(crate) fn next_lot_us(&self, bit_rate: u32, due_us: i64, now_us: i64) -> i64 {
        let by_size = match i64::from(bit_rate) {
            0 => 0,
            bit_rate => LOT_BYTES * 8_000_000 / bit_rate,
        };
        let pause_us = by_size.min(self.send_interval_us() * LOT_INTERVALS);
        now_us.saturating_add(pause_us).min(due_us.saturating_sub(LEAST_AHEAD_US))
    }

    /// The reliable-UDP window, bytes, of a movie of `bit_rate`; 0 is unknown.
    pub(crate) fn reliable_window(&self, bit_rate: u32) -> i64 {
        match bit_rate {
            0 => self.large_window,
            rate if rate > self.window_max_threshold => self.large_window,
            rate if rate > self.window_threshold => self.medium_window,
            _ => self.small_window,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lots_of_sessions_ahead_are_few_but_small_and_never_late() {
        let prefs = SendPrefs::default();
        let next = |bit_rate, ahead_ms: i64| prefs.next_lot_us(bit_rate, ahead_ms * 1000, 0) / 1000;
        assert_eq!(next(100_000, 1050), 500, "ten intervals");
        assert_eq!(next(1_000_000, 1050), 65, "8 KiB");
        assert_eq!(next(0, 1050), 0, "of an unknown rate nothing is put off");
        assert_eq!([next(100_000, 600), next(100_000, 400)], [100, -100], "half a second ahead at least");
    }
}
