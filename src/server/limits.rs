//! Limits of new client sessions and the periodic look at the bandwidth (DSS: `maximum_connections`, `maximum_bandwidth`).

use std::sync::atomic::Ordering;

use super::Server;
use super::session::ClientSession;
use crate::config::ServerPrefs;
use crate::rtp::SendPrefs;

/// No reliable-UDP window is larger than this, in kilobytes.
const LARGEST_WINDOW_KB: u32 = 4096;

/// Why a new client session is refused. DSS answers 453 for the limits and 503 while it takes no sessions at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// As many sessions as `maximum_connections` allows.
    TooManyClients,
    /// `maximum_bandwidth` is reached.
    TooMuchBandwidth,
    /// The server is idle, refusing or on its way out.
    NotServing,
}

impl Server {
    /// May one more client session be made now?
    pub fn admit_session(&self) -> Result<(), Refusal> {
        if !self.is_running() {
            return Err(Refusal::NotServing);
        }
        let prefs = self.prefs();
        let reached = |limit: i32, now: u64| limit >= 0 && now >= u64::from(limit.unsigned_abs());
        let count = |counter: &std::sync::atomic::AtomicU32| u64::from(counter.load(Ordering::Relaxed));
        // The connection that asks is among them.
        let other_connections = (count(&self.stats.current_rtsp) + count(&self.stats.current_http)).saturating_sub(1);
        if reached(prefs.maximum_connections, count(&self.stats.current_sessions).max(other_connections)) {
            return Err(Refusal::TooManyClients);
        }
        let kilobits = self.stats.current_bandwidth.load(Ordering::Relaxed) / 1024;
        if reached(prefs.maximum_bandwidth, kilobits) {
            return Err(Refusal::TooMuchBandwidth);
        }
        Ok(())
    }

    /// Gives a session its place among `maximum_connections` before its first stream is made; true if it had none.
    /// However many SETUPs come at once, no more get a place than there are.
    pub(super) fn take_place(&self, session: &ClientSession) -> Result<bool, Refusal> {
        if session.counted.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let limit = u32::try_from(self.prefs().maximum_connections).unwrap_or(u32::MAX);
        let more = |now: u32| (now < limit).then_some(now + 1);
        let taken = self.stats.current_sessions.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.map_err(|_| Refusal::TooManyClients)?;
        session.counted.store(true, Ordering::Relaxed);
        Ok(true)
    }

    /// Takes the place back, if the session has one.
    pub(super) fn leave_place(&self, session: &ClientSession) {
        if session.counted.swap(false, Ordering::Relaxed) {
            self.stats.current_sessions.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// A window of so many kilobytes, as far as memory for every session allows.
fn kilobytes(size: u32) -> i64 {
    i64::from(size.min(LARGEST_WINDOW_KB)) * 1024
}

/// The kernel's buffer for a TCP viewer of a movie of `bit_rate`, in bytes, as DSS sizes it: `tcp_seconds_to_buffer` of
/// media, rounded down to a power of two, between `min_tcp_buffer_size` and `max_tcp_buffer_size`.
pub(crate) fn tcp_send_buffer(prefs: &ServerPrefs, bit_rate: u32) -> usize {
    let wanted = (f64::from(bit_rate) * f64::from(prefs.tcp_seconds_to_buffer).max(0.0) / 8.0) as u32;
    let rounded = wanted.checked_ilog2().map_or(0, |bits| 1 << bits);
    let most = prefs.max_tcp_buffer_size.max(prefs.min_tcp_buffer_size);
    rounded.clamp(prefs.min_tcp_buffer_size, most) as usize
}

/// The data plane's timing and windows from the preferences.
pub(super) fn send_prefs(prefs: &ServerPrefs) -> SendPrefs {
    SendPrefs {
        send_interval_ms: i64::from(prefs.send_interval),
        max_send_ahead_ms: i64::from(prefs.max_send_ahead_time) * 1000,
        overbuffer_rate: f64::from(prefs.overbuffer_rate),
        start_thinning_delay_ms: i64::from(prefs.start_thinning_delay),
        always_thin_delay_ms: i64::from(prefs.always_thin_delay),
        thin_all_the_way_delay_ms: i64::from(prefs.thin_all_the_way_delay),
        drop_all_video_delay_ms: i64::from(prefs.drop_all_video_delay),
        drop_all_packets_delay_ms: i64::from(prefs.drop_all_packets_delay),
        start_thicking_delay_ms: i64::from(prefs.start_thicking_delay),
        thick_all_the_way_delay_ms: i64::from(prefs.thick_all_the_way_delay),
        quality_check_interval_ms: i64::from(prefs.quality_check_interval),
        disable_thinning: prefs.disable_thinning,
        small_window: kilobytes(prefs.small_window_size),
        medium_window: kilobytes(prefs.medium_window_size),
        large_window: kilobytes(prefs.large_window_size),
        window_threshold: prefs.window_size_threshold.saturating_mul(1000),
        window_max_threshold: prefs.window_size_max_threshold.saturating_mul(1000),
        reliable_slow_start: prefs.reliable_udp_slow_start,
        max_retransmit_delay_ms: i64::from(prefs.max_retransmit_delay),
        ..SendPrefs::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tcp_buffer_holds_half_a_second_of_media_within_its_bounds() {
        let prefs = ServerPrefs::default();
        let of = |bit_rate| tcp_send_buffer(&prefs, bit_rate);
        assert_eq!([0, 100_000, 300_000, 2_000_000, u32::MAX].map(of), [8192, 8192, 16_384, 65_536, 200_000]);
        let upside_down = ServerPrefs { min_tcp_buffer_size: 9000, max_tcp_buffer_size: 100, ..prefs };
        assert_eq!(tcp_send_buffer(&upside_down, 0), 9000);
    }

    #[test]
    fn windows_are_kilobytes_and_their_thresholds_kilobits() {
        let prefs = ServerPrefs::default();
        assert_eq!(send_prefs(&prefs), SendPrefs::default());
        let wide = ServerPrefs { large_window_size: u32::MAX, reliable_udp_slow_start: false, ..prefs };
        let send = send_prefs(&wide);
        assert_eq!((send.large_window, send.reliable_slow_start), (4 << 20, false));
    }
}
