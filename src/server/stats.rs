//! Counters of the whole server: what the log, the status page and the limits read.

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

/// Server-wide counters. All are monotonic totals except those named `current_*`.
#[derive(Debug, Default)]
pub struct Stats {
    /// RTSP connections open now (tunnels not included).
    pub current_rtsp: AtomicU32,
    /// RTSP-over-HTTP tunnels open now.
    pub current_http: AtomicU32,
    /// Client (RTP) sessions alive now.
    pub current_sessions: AtomicU32,
    /// Client sessions that are playing now.
    pub current_playing: AtomicU32,
    /// Client sessions made since the start.
    pub total_sessions: AtomicU64,
    /// RTP bytes sent in the last measured second, as bits per second (with 28 bytes of UDP/IP header per packet).
    pub current_bandwidth: AtomicU64,
    /// RTP packets sent in the last measured second.
    pub current_packets: AtomicU64,
    /// Average of `current_bandwidth` over the last `average_bandwidth_update` seconds.
    pub average_bandwidth: AtomicU64,
    /// CPU time of the process over the last measured second, in thousandths of a core.
    pub cpu_millis: AtomicU32,
    /// Server processes that the watchdog had before this one.
    pub restarts: AtomicU32,
    /// Those of them that ended without having been asked to.
    pub crashes: AtomicU32,
    /// Running number for `qtssCliSesCounterID`.
    next_counter: AtomicI64,
}

impl Stats {
    /// The next value of the client sessions' running number; the first is 0.
    pub fn next_counter(&self) -> u32 {
        let n = self.next_counter.fetch_add(1, Ordering::Relaxed);
        u32::try_from(n & 0x7fff_ffff).unwrap_or(0)
    }

    /// CPU use of the last measured second in percent of one core.
    pub fn cpu_percent(&self) -> f32 {
        self.cpu_millis.load(Ordering::Relaxed) as f32 / 10.0
    }
}

/// User and system time this process has used, in milliseconds.
pub fn process_cpu_ms() -> u64 {
    match nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF) {
        Ok(usage) => {
            let (user, system) = (usage.user_time(), usage.system_time());
            let ms = |t: nix::sys::time::TimeVal| t.tv_sec() as u64 * 1000 + t.tv_usec() as u64 / 1000;
            ms(user) + ms(system)
        }
        Err(_) => 0,
    }
}
