//! How a broadcast treats its packets and its viewers.

use crate::config::ModulePrefs;

/// Where a viewer's first packet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JoinPolicy {
    /// The newest key frame that is kept; the newest packets where none is known.
    #[default]
    KeyFrame,
    /// The newest packets.
    Newest,
    /// The oldest key frame that is kept; the oldest packets where none is known.
    Oldest,
}

impl JoinPolicy {
    /// Reads `reflector_join`: `keyframe`, `newest` or `oldest`, in any case. Anything else counts as `keyframe`.
    pub fn parse(text: &str) -> Self {
        match text.trim().to_ascii_lowercase().as_str() {
            "newest" => Self::Newest,
            "oldest" => Self::Oldest,
            _ => Self::KeyFrame,
        }
    }
}

/// The operator's wishes.
#[derive(Debug, Clone, PartialEq)]
pub struct BroadcastOptions {
    /// Viewers start with packets no older than this, microseconds (`reflector_buffer_size_sec`). Half as much again is
    /// kept for those who fall behind.
    pub buffer_us: i64,
    /// Bytes kept per track at most.
    pub buffer_bytes: usize,
    /// Packets kept per track at most.
    pub buffer_packets: usize,
    /// Where viewers start who are not sent ahead of time (`reflector_join`).
    pub join: JoinPolicy,
    /// How long after its arrival a packet counts as due, microseconds. It leaves up to a send interval earlier, so with
    /// the same value as `send_interval` nothing is held back.
    pub latency_us: i64,
    /// How often viewers look for new packets when there are many of them, microseconds; what has come meanwhile goes out
    /// together. With few viewers they look more often.
    pub look_us: i64,
    /// Only one synchronization source per track is let through (`use_one_SSRC_per_stream`).
    pub one_ssrc: bool,
    /// A source that has been silent for this long has lost its track in any case, microseconds
    /// (`timeout_stream_SSRC_secs`).
    pub ssrc_timeout_us: i64,
    /// How long packets that came by UDP wait for one that is missing before them, microseconds; 0 not at all
    /// (`reflector_reorder_msec`).
    pub reorder_us: i64,
    /// Packets may carry the time of their arrival elsewhere (`reflector_use_in_packet_receive_time`).
    pub use_arrival_trailer: bool,
    /// How far in the future such a time may lie, microseconds (`reflector_in_packet_max_receive_sec`).
    pub max_future_us: i64,
}

impl Default for BroadcastOptions {
    /// The defaults of DSS 6.0.3, as far as it had such preferences.
    fn default() -> Self {
        Self {
            buffer_us: 10_000_000,
            buffer_bytes: 32 << 20,
            buffer_packets: 65_536,
            join: JoinPolicy::KeyFrame,
            latency_us: 50_000,
            look_us: 50_000,
            one_ssrc: true,
            ssrc_timeout_us: 30_000_000,
            reorder_us: 20_000,
            use_arrival_trailer: false,
            max_future_us: 60_000_000,
        }
    }
}

impl BroadcastOptions {
    /// What the preferences of QTSSReflectorModule say.
    pub fn from_prefs(reflector: &ModulePrefs) -> Self {
        let seconds = |name: &str| i64::from(reflector.u32(name)) * 1_000_000;
        Self {
            buffer_us: seconds("reflector_buffer_size_sec").clamp(1_000_000, 600_000_000),
            buffer_bytes: (reflector.u32("reflector_buffer_size_kbytes").max(64) as usize) << 10,
            join: JoinPolicy::parse(&reflector.string("reflector_join")),
            one_ssrc: reflector.bool("use_one_SSRC_per_stream"),
            ssrc_timeout_us: seconds("timeout_stream_SSRC_secs"),
            reorder_us: i64::from(reflector.u32("reflector_reorder_msec").min(1000)) * 1000,
            use_arrival_trailer: reflector.bool("reflector_use_in_packet_receive_time"),
            max_future_us: seconds("reflector_in_packet_max_receive_sec").min(600_000_000),
            ..Self::default()
        }
    }

    /// The same for a server whose `send_interval` is this: it is how late and how seldom packets go out at most.
    pub fn with_send_interval(mut self, send_interval_ms: u32) -> Self {
        self.latency_us = i64::from(send_interval_ms.clamp(1, 1000)) * 1000;
        self.look_us = self.latency_us;
        self
    }
}
