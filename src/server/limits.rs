//! Limits of new client sessions and the periodic look at the bandwidth (DSS: `maximum_connections`, `maximum_bandwidth`).

use std::sync::atomic::{AtomicBool, Ordering};

use super::Server;
use super::session::ClientSession;
use crate::config::ServerPrefs;
use crate::rtp::{MonitorPrefs, SendPrefs};

/// No reliable-UDP window is larger than this, in kilobytes.
const LARGEST_WINDOW_KB: u32 = 4096;

/// The preferences about overload are in this module's section.
const OVERLOAD_SECTION: &str = "QTSSFlowControlModule";

/// A strain that no limit is below: microseconds, thousandths.
const NO_LAG_US: u64 = 1000;
const NOT_BUSY_PERMILLE: u64 = 10;

/// Workers that are at work for less of their time than this, in thousandths, are not late for want of capacity.
const MUCH_PERMILLE: u64 = 500;

/// Why a new client session is refused. DSS answers 453 for the limits and 503 while it takes no sessions at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// As many sessions as `maximum_connections` allows.
    TooManyClients,
    /// `maximum_bandwidth` is reached.
    TooMuchBandwidth,
    /// The send workers are behind: more viewers would spoil it for those there are.
    Overloaded,
    /// The server is idle, refusing or on its way out.
    NotServing,
}

/// From where on new viewers are refused; 0 is no limit.
#[derive(Debug, Clone, Copy)]
struct OverloadLimits {
    lag_us: u64,
    busy_permille: u64,
}

impl OverloadLimits {
    fn of(server: &Server) -> Self {
        let section = server.preferences.module(OVERLOAD_SECTION);
        let value = |name| u64::from(section.u32(name));
        Self { lag_us: value("overload_lateness") * 1000, busy_permille: value("overload_busy_percent") * 10 }
    }

    /// Over a limit; once over, until below three quarters of it. Being late counts only with much to send: a server with
    /// little to do that waits for its turn on a machine which others keep busy can take more viewers.
    fn are_passed(&self, (lag_us, busy_permille): (u64, u64), was_over: bool) -> bool {
        let passed = |now: u64, limit: u64| limit > 0 && now > if was_over { limit * 3 / 4 } else { limit };
        passed(busy_permille, self.busy_permille) || (busy_permille >= MUCH_PERMILLE && passed(lag_us, self.lag_us))
    }
}

/// Whether the machine can take more viewers, by how late packets leave and how busy the threads are that send them: what
/// holds for every disk, network card and movie. Remembers its last answer, so that viewers are not let in and refused by
/// turns.
#[derive(Debug, Default)]
pub(super) struct Overload(AtomicBool);

impl Overload {
    fn is_over(&self, strain: (u64, u64), limits: impl FnOnce() -> OverloadLimits) -> bool {
        let was_over = self.0.load(Ordering::Relaxed);
        if strain.0 < NO_LAG_US && strain.1 < NOT_BUSY_PERMILLE && !was_over {
            return false; // the usual case, without a look at the preferences
        }
        let is_over = limits().are_passed(strain, was_over);
        if self.0.swap(is_over, Ordering::Relaxed) != is_over {
            let (late_ms, percent) = (strain.0 / 1000, strain.1 / 10);
            if is_over {
                tracing::warn!(
                    "Sending takes {percent} % of its threads' time and packets leave {late_ms} ms late: new viewers are \
                     refused until that is better (overload_busy_percent, overload_lateness)"
                );
            } else {
                tracing::info!("Sending takes {percent} % of its threads' time again: new viewers are welcome");
            }
        }
        is_over
    }
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
        if self.overload.is_over(self.engine.strain(), || OverloadLimits::of(self)) {
            return Err(Refusal::Overloaded);
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
        monitor: monitor(prefs),
        ..SendPrefs::default()
    }
}

fn monitor(prefs: &ServerPrefs) -> Option<MonitorPrefs> {
    if !prefs.enable_udp_monitor_stream {
        return None;
    }
    let Ok(to) = prefs.udp_monitor_dest_ip.trim().parse() else {
        tracing::warn!("udp_monitor_dest_ip: {} is no address; no monitor stream", prefs.udp_monitor_dest_ip);
        return None;
    };
    Some(MonitorPrefs {
        to,
        video_port: prefs.udp_monitor_video_port,
        audio_port: prefs.udp_monitor_audio_port,
        players: prefs.udp_monitor_src_ip.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overload_begins_over_a_limit_and_ends_below_three_quarters_of_it() {
        let overload = Overload::default();
        let over = |lag_ms: u64, percent: u64| {
            overload.is_over((lag_ms * 1000, percent * 10), || OverloadLimits { lag_us: 20_000, busy_permille: 900 })
        };
        assert_eq!([over(0, 0), over(20, 90), over(500, 49), over(21, 50)], [false, false, false, true]);
        assert_eq!([over(16, 50), over(15, 50), over(16, 50)], [true, false, false]);
        assert_eq!([over(0, 91), over(0, 68), over(0, 67), over(0, 90)], [true, true, false, false]);
    }

    #[test]
    fn a_limit_of_zero_is_none() {
        let overload = Overload::default();
        let limits = |lag_us, busy_permille| OverloadLimits { lag_us, busy_permille };
        assert!(!overload.is_over((5_000_000, 1000), || limits(0, 0)));
        assert!(overload.is_over((5_000_000, 600), || limits(20_000, 0)));
        assert!(!overload.is_over((5_000_000, 1000), || limits(0, 0)), "switched off while refusing");
    }

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
