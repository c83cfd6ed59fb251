//! What a run has counted, and what its threads share.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

use super::hist::Histogram;
use super::verify::checksum;

/// Sums over all clients of one worker, or of all workers.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Sessions begun.
    pub attempts: u64,
    /// Sessions there are now.
    pub active: i64,
    /// Of these, with a granted PLAY.
    pub playing: i64,
    /// Sessions that ended as planned.
    pub success: u64,
    /// Sessions whose request was refused.
    pub refused: u64,
    /// Sessions that ended otherwise.
    pub failed: u64,
    /// Status codes of refusals, reasons of failures.
    pub reasons: HashMap<String, u64>,
    /// Ended sessions that had played.
    pub played: u64,
    /// Of these, healthy.
    pub healthy: u64,
    /// Of these, with loss.
    pub lossy: u64,
    /// Of these, with a stall.
    pub stalling: u64,
    /// Of these, with too little media.
    pub starved: u64,
    /// Media bytes, RTP headers included.
    pub bytes: u64,
    /// RTP packets.
    pub packets: u64,
    /// Missing.
    pub lost: i64,
    /// Come twice.
    pub duplicates: u64,
    /// Come after a later one.
    pub reordered: u64,
    /// Too old to tell.
    pub out_of_bound: u64,
    /// Not RTP, or not RTCP.
    pub malformed: u64,
    /// From somewhere else, or before PLAY.
    pub stray: u64,
    /// For a session that is over; a few are ordinary, a BYE among them.
    pub after_end: u64,
    /// Of another SSRC than announced or before.
    pub wrong_ssrc: u64,
    /// Sequence numbers that jumped far.
    pub restarts: u64,
    /// Dropped by this machine's kernel at our sockets.
    pub receiver_drops: u64,
    /// Acknowledged packets.
    pub acks: u64,
    /// Receiver reports sent.
    pub reports: u64,
    /// Sender reports received.
    pub sender_reports: u64,
    /// BYEs received.
    pub byes: u64,
    /// 3GPP feedback blocks sent.
    pub feedback: u64,
    /// Payloads compared with another client's.
    pub compared: u64,
    /// Of these, different.
    pub different: u64,
    /// Packets found in the file.
    pub verified: u64,
    /// Packets that are not what the file holds.
    pub unlike: u64,
    /// Packets of the file that a thinning server left out.
    pub left_out: u64,
    /// Waits of viewers over a second.
    pub stalls: u64,
    /// Sum of these, microseconds.
    pub stalled_us: u64,
    /// Media due, microseconds over all streams; folded in at the end of each play.
    pub expected_us: u64,
    /// Media that came of it.
    pub delivered_us: u64,
    /// Seeks and repeats.
    pub seeks: u64,
    /// PLAY sent to first RTP packet.
    pub startup: Histogram,
    /// Connect to PLAY sent.
    pub setup: Histogram,
    /// Lateness of packets against the first packet's timeline; what is ahead counts as 0.
    pub lateness: Histogram,
}

impl Tally {
    /// Adds another worker's sums.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.numbers().into_iter().zip(other.clone().numbers()) {
            *mine += *theirs;
        }
        self.active += other.active;
        self.playing += other.playing;
        self.lost += other.lost;
        for (reason, count) in &other.reasons {
            *self.reasons.entry(reason.clone()).or_default() += count;
        }
        self.startup.merge(&other.startup);
        self.setup.merge(&other.setup);
        self.lateness.merge(&other.lateness);
    }

    fn numbers(&mut self) -> [&mut u64; 35] {
        [
            &mut self.attempts,
            &mut self.success,
            &mut self.refused,
            &mut self.failed,
            &mut self.played,
            &mut self.healthy,
            &mut self.lossy,
            &mut self.stalling,
            &mut self.starved,
            &mut self.bytes,
            &mut self.packets,
            &mut self.duplicates,
            &mut self.reordered,
            &mut self.out_of_bound,
            &mut self.malformed,
            &mut self.stray,
            &mut self.after_end,
            &mut self.wrong_ssrc,
            &mut self.restarts,
            &mut self.receiver_drops,
            &mut self.acks,
            &mut self.reports,
            &mut self.sender_reports,
            &mut self.byes,
            &mut self.feedback,
            &mut self.compared,
            &mut self.different,
            &mut self.verified,
            &mut self.unlike,
            &mut self.left_out,
            &mut self.stalls,
            &mut self.stalled_us,
            &mut self.expected_us,
            &mut self.delivered_us,
            &mut self.seeks,
        ]
    }

    /// Counts why a session did not end as planned.
    pub fn reason(&mut self, why: &str) {
        // servers cannot grow this without bound: texts are ours, status codes are three digits
        *self.reasons.entry(why.to_owned()).or_default() += 1;
    }

    /// Lost in percent of expected packets.
    pub fn loss_percent(&self) -> f64 {
        let lost = self.lost.max(0) as f64;
        let expected = (self.packets - self.duplicates.min(self.packets)) as f64 + lost;
        if expected > 0.0 { lost * 100.0 / expected } else { 0.0 }
    }

    /// Delivered in percent of expected media; 100 when none was due.
    pub fn delivered_percent(&self) -> f64 {
        if self.expected_us == 0 { 100.0 } else { self.delivered_us as f64 * 100.0 / self.expected_us as f64 }
    }
}

/// Steady microseconds since the program began, and their relation to the wall clock of the kernel's time stamps.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    base: Instant,
}

impl Clock {
    /// Begins now.
    pub fn start() -> Self {
        Self { base: Instant::now() }
    }

    /// Microseconds since the start.
    pub fn now(&self) -> i64 {
        self.base.elapsed().as_micros() as i64
    }

    /// What to take from wall clock microseconds to get this clock's.
    pub fn wall_offset(&self) -> i64 {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_micros() as i64);
        wall - self.now()
    }
}

/// Packets of one track as the first client got them, by distance from the play's first packet.
pub struct PeerTrack {
    packets: Vec<AtomicU64>, // hash above, relative timestamp below; 0: not seen
}

impl PeerTrack {
    const PACKETS: usize = 1 << 19;

    fn new() -> Self {
        Self { packets: (0..Self::PACKETS).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Compares with the first client's packet; `None` when this is the first.
    pub fn compare(&self, distance: u16, cycle: u32, timestamp: u32, payload: &[u8]) -> Option<bool> {
        let packet = self.packets.get(cycle as usize * 0x1_0000 + usize::from(distance))?;
        let mine = (checksum(payload) | 1) << 32 | u64::from(timestamp);
        match packet.compare_exchange(0, mine, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => None,
            Err(first) => Some(first == mine),
        }
    }
}

/// What all threads of a run share.
pub struct Shared {
    /// No new sessions, and those there are shall leave.
    pub stop: AtomicBool,
    /// Sessions that may still begin.
    pub remaining: AtomicI64,
    /// Next UDP port to try.
    pub next_port: Arc<AtomicU32>,
    /// The latest sums of each worker.
    pub tallies: Vec<Mutex<Tally>>,
    /// The common clock.
    pub clock: Clock,
    /// Per-client log.
    pub log: Option<Mutex<BufWriter<File>>>,
    /// Tell problems of each session on standard error.
    pub verbose: bool,
    peers: Mutex<HashMap<(usize, usize), Arc<PeerTrack>>>,
    first_unlike: Mutex<Option<String>>,
}

impl Shared {
    /// For `workers` threads and at most `sessions` sessions.
    pub fn new(workers: usize, sessions: Option<u64>, port_base: u16, log: Option<File>, verbose: bool) -> Self {
        let remaining = sessions.map_or(i64::MAX, |s| i64::try_from(s).unwrap_or(i64::MAX));
        Self {
            stop: AtomicBool::new(false),
            remaining: AtomicI64::new(remaining),
            next_port: Arc::new(AtomicU32::new(u32::from(port_base))),
            tallies: (0..workers).map(|_| Mutex::new(Tally::default())).collect(),
            clock: Clock::start(),
            log: log.map(|file| Mutex::new(BufWriter::new(file))),
            verbose,
            peers: Mutex::new(HashMap::new()),
            first_unlike: Mutex::new(None),
        }
    }

    /// All workers' sums.
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        self.tallies.iter().for_each(|tally| total.merge(&tally.lock()));
        total
    }

    /// Takes one of the sessions that may begin.
    pub fn take_session(&self) -> bool {
        self.remaining.fetch_sub(1, Ordering::Relaxed) > 0
    }

    /// The common record of track `track` of target `target`.
    pub fn peer_track(&self, target: usize, track: usize) -> Arc<PeerTrack> {
        self.peers.lock().entry((target, track)).or_insert_with(|| Arc::new(PeerTrack::new())).clone()
    }

    /// Keeps what was said about the first packet that is not what the file holds.
    pub fn unlike(&self, what: String) {
        self.first_unlike.lock().get_or_insert(what);
    }

    /// The first packet that is not what the file holds.
    pub fn first_unlike(&self) -> Option<String> {
        self.first_unlike.lock().clone()
    }

    /// Appends to the per-client log.
    pub fn write_log(&self, text: &str) {
        if let Some(log) = &self.log {
            // a full disk must not end the measurement
            let _ = log.lock().write_all(text.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_adds_every_number() {
        let mut one = Tally { lost: 3, active: 1, playing: 1, ..Tally::default() };
        one.numbers().into_iter().enumerate().for_each(|(n, number)| *number = n as u64 + 1);
        one.reason("x");
        one.startup.record(9);
        let mut sum = one.clone();
        sum.merge(&one);
        assert!(sum.numbers().into_iter().enumerate().all(|(n, number)| *number == 2 * (n as u64 + 1)));
        assert_eq!((sum.lost, sum.active, sum.playing, sum.reasons["x"]), (6, 2, 2, 2));
        assert_eq!(sum.startup.count(), 2);
    }

    #[test]
    fn a_payload_that_differs_in_one_bit_is_told() {
        let track = PeerTrack::new();
        let mut payload = vec![7u8; 999];
        assert_eq!(track.compare(5, 0, 100, &payload), None);
        assert_eq!(track.compare(5, 0, 100, &payload), Some(true));
        assert_eq!(track.compare(5, 0, 101, &payload), Some(false));
        for at in [0, 500, 991, 998] {
            payload[at] ^= 1;
            assert_eq!(track.compare(5, 0, 100, &payload), Some(false), "{at}");
            payload[at] ^= 1;
        }
        assert_eq!(track.compare(5, 200, 100, &payload), None); // beyond what is kept
    }

    #[test]
    fn only_so_many_sessions_begin() {
        let shared = Shared::new(1, Some(2), 10_000, None, false);
        assert_eq!([shared.take_session(), shared.take_session(), shared.take_session()], [true, true, false]);
    }
}
