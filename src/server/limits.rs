//! Limits of new client sessions and the periodic look at the bandwidth (DSS: `maximum_connections`, `maximum_bandwidth`).

use std::sync::atomic::Ordering;

use super::Server;
use crate::config::ServerPrefs;
use crate::rtp::SendPrefs;

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
        if reached(prefs.maximum_connections, u64::from(self.stats.current_sessions.load(Ordering::Relaxed))) {
            return Err(Refusal::TooManyClients);
        }
        let kilobits = self.stats.current_bandwidth.load(Ordering::Relaxed) / 1024;
        if reached(prefs.maximum_bandwidth, kilobits) {
            return Err(Refusal::TooMuchBandwidth);
        }
        Ok(())
    }
}

/// The data plane's timing from the preferences.
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
        ..SendPrefs::default()
    }
}
