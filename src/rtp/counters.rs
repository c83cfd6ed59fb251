//! Figures of one send worker, and their sum over all.

use std::sync::atomic::{AtomicU64, Ordering};

use super::histogram::{Histogram, HistogramSnapshot};

const RELAXED: Ordering = Ordering::Relaxed;

/// IP and UDP headers that DSS's bandwidth figure adds to each packet.
pub const PACKET_OVERHEAD: u64 = 28;

/// Counters of a worker, which alone writes them, or of all that send beside the workers.
#[derive(Debug, Default)]
pub struct WorkerCounters {
    /// RTP packets sent.
    pub packets: AtomicU64,
    /// Their bytes, RTP header and payload.
    pub bytes: AtomicU64,
    /// Bytes as the bandwidth limit counts them: 28 more per packet.
    pub wire_bytes: AtomicU64,
    /// Packets left out because they were too late.
    pub stale_packets: AtomicU64,
    /// Send calls (`sendmmsg`, gathered writes).
    pub send_calls: AtomicU64,
    /// Datagrams the kernel refused or had no room for.
    pub lost_datagrams: AtomicU64,
    /// Sessions with a running play.
    pub playing: AtomicU64,
    /// All sessions the worker knows.
    pub sessions: AtomicU64,
    /// How far the worker runs behind its timers, microseconds, smoothed over about a second. It grows when there is more
    /// to send than the worker can.
    pub lag_us: AtomicU64,
    /// How much of its time the worker is at work, in thousandths, smoothed likewise.
    pub busy_permille: AtomicU64,
    /// Due time to send call in microseconds; 0 is on time or early.
    pub lateness_us: Histogram,
    /// Packets per send call.
    pub batch_packets: Histogram,
    /// Microseconds a step of the worker took.
    pub step_us: Histogram,
    /// Microseconds from the receipt of a PLAY to its first packet.
    pub startup_us: Histogram,
}

/// The sum of all workers' counters at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CountersSnapshot {
    /// See [`WorkerCounters::packets`].
    pub packets: u64,
    /// See [`WorkerCounters::bytes`].
    pub bytes: u64,
    /// See [`WorkerCounters::wire_bytes`].
    pub wire_bytes: u64,
    /// See [`WorkerCounters::stale_packets`].
    pub stale_packets: u64,
    /// See [`WorkerCounters::send_calls`].
    pub send_calls: u64,
    /// See [`WorkerCounters::lost_datagrams`].
    pub lost_datagrams: u64,
    /// See [`WorkerCounters::playing`].
    pub playing: u64,
    /// See [`WorkerCounters::sessions`].
    pub sessions: u64,
    /// See [`WorkerCounters::lag_us`]; that of the worker that is behind most.
    pub lag_us: u64,
    /// See [`WorkerCounters::busy_permille`]; that of the busiest worker.
    pub busy_permille: u64,
    /// See [`WorkerCounters::lateness_us`].
    pub lateness_us: HistogramSnapshot,
    /// See [`WorkerCounters::batch_packets`].
    pub batch_packets: HistogramSnapshot,
    /// See [`WorkerCounters::step_us`].
    pub step_us: HistogramSnapshot,
    /// See [`WorkerCounters::startup_us`].
    pub startup_us: HistogramSnapshot,
}

impl CountersSnapshot {
    /// Adds a worker's counters.
    pub fn add(&mut self, worker: &WorkerCounters) {
        self.packets += worker.packets.load(RELAXED);
        self.bytes += worker.bytes.load(RELAXED);
        self.wire_bytes += worker.wire_bytes.load(RELAXED);
        self.stale_packets += worker.stale_packets.load(RELAXED);
        self.send_calls += worker.send_calls.load(RELAXED);
        self.lost_datagrams += worker.lost_datagrams.load(RELAXED);
        self.playing += worker.playing.load(RELAXED);
        self.sessions += worker.sessions.load(RELAXED);
        self.lag_us = self.lag_us.max(worker.lag_us.load(RELAXED));
        self.busy_permille = self.busy_permille.max(worker.busy_permille.load(RELAXED));
        self.lateness_us.merge(&worker.lateness_us.snapshot());
        self.batch_packets.merge(&worker.batch_packets.snapshot());
        self.step_us.merge(&worker.step_us.snapshot());
        self.startup_us.merge(&worker.startup_us.snapshot());
    }
}
