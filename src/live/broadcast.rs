//! A broadcast: what comes in, what is kept, where viewers start.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::broadcast;

use super::feedback;
use super::intake::Intake;
use super::join::{self, Join, JoinOptions, Tempo};
use super::meter::Meter;
use super::options::{BroadcastOptions, JoinPolicy};
use super::ring::{Limits, Place, Ring};
use super::source::{LiveSource, ViewerOptions};
use super::track::{Kind, TrackInfo};
use crate::rtp::{Clock, RtpHeader, SessionWaker};

const RELAXED: Ordering = Ordering::Relaxed;

/// Packets a slow [`Listener`] may be behind.
const LISTENER_PACKETS: usize = 1024;

/// The longest packet: what the length of an interleaved frame can say.
const LONGEST_PACKET: usize = 65_535;

/// Viewers look for new packets at least so often, microseconds.
const SHORTEST_LOOK_US: i64 = 10_000;

/// So much longer waits each viewer for each other one, up to [`BroadcastOptions::look_us`]: few are served at once, many
/// in batches.
const LOOK_PER_VIEWER_US: i64 = 25;

/// Viewers with so much in hand need not be served at once, ...
const AHEAD_US: i64 = 1_000_000;

/// ... and look only once in so many intervals.
const AHEAD_LOOKS: i64 = 4;

/// With no packet for this long, viewers stop looking and wait for a call.
const QUIET_US: i64 = 500_000;

/// Viewers that wait for a call look now and then all the same.
const QUIET_LOOK_US: i64 = 1_000_000;

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It was taken.
    Taken,
    /// It can't be a packet of this broadcast.
    Rubbish,
    /// It is of a source that does not own the track.
    OtherSource,
    /// There is no such track, or the broadcast has ended, or it says nothing about the source of the track.
    NotWanted,
}

/// A packet as a [`Listener`] hears it.
#[derive(Debug, Clone)]
pub struct Heard {
    /// The track's number.
    pub track_id: u32,
    /// Which of its flows.
    pub kind: Kind,
    /// The packet as it came.
    pub packet: Bytes,
    /// When it came, microseconds of the clock.
    pub at_us: i64,
}

/// Hears every packet from now on.
#[derive(Debug)]
pub struct Listener(broadcast::Receiver<Heard>);

impl Listener {
    /// The next packet; `None` when the broadcast is gone. A listener that is too slow misses packets.
    pub async fn next(&mut self) -> Option<Heard> {
        loop {
            match self.0.recv().await {
                Ok(heard) => return Some(heard),
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }

    /// The next packet if it has come.
    pub fn try_next(&mut self) -> Option<Heard> {
        loop {
            match self.0.try_recv() {
                Ok(heard) => return Some(heard),
                Err(broadcast::error::TryRecvError::Lagged(_)) => {}
                Err(_) => return None,
            }
        }
    }
}

/// What is known about a track's way in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrackFigures {
    /// The source whose packets are taken.
    pub ssrc: Option<u32>,
    /// RTP packets received of it.
    pub packets: u64,
    /// RTP packets of it that never came; duplicates can make it negative.
    pub lost: i64,
    /// Interarrival jitter in ticks of the track's clock.
    pub jitter: u32,
}

#[derive(Debug)]
struct Track {
    info: TrackInfo,
    intake: Mutex<Intake>,
}

/// A stream of packets that any number of viewers watch. Shared; all methods may be called from any thread.
#[derive(Debug)]
pub struct Broadcast {
    key: String,
    options: BroadcastOptions,
    clock: Arc<dyn Clock>,
    tracks: Vec<Track>,
    ears: broadcast::Sender<Heard>,
    /// Viewers' workers that wait for the next packet.
    sleepers: Mutex<Vec<SessionWaker>>,
    has_sleepers: AtomicBool,
    viewers: AtomicUsize,
    packets: AtomicU64,
    bytes: AtomicU64,
    rubbish: AtomicU64,
    foreign: AtomicU64,
    missed: AtomicU64,
    meter: Mutex<Meter>,
    last_packet_us: AtomicI64,
    report_ssrc: u32,
    ended: OnceLock<String>,
}

impl Broadcast {
    /// A broadcast named `key` (the full path of its SDP file) with these tracks. Nothing has come yet.
    pub fn new(key: &str, tracks: Vec<TrackInfo>, options: BroadcastOptions, clock: Arc<dyn Clock>) -> Arc<Self> {
        let limits = Limits {
            age_us: options.buffer_us.saturating_add(options.buffer_us / 2),
            bytes: options.buffer_bytes,
            packets: options.buffer_packets,
        };
        let track = |info| Track { intake: Mutex::new(Intake::new(&info, limits)), info };
        Arc::new(Self {
            key: key.to_owned(),
            options,
            clock,
            tracks: tracks.into_iter().map(track).collect(),
            ears: broadcast::channel(LISTENER_PACKETS).0,
            sleepers: Mutex::default(),
            has_sleepers: AtomicBool::new(false),
            viewers: AtomicUsize::new(0),
            packets: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            rubbish: AtomicU64::new(0),
            foreign: AtomicU64::new(0),
            missed: AtomicU64::new(0),
            meter: Mutex::new(Meter::new()),
            last_packet_us: AtomicI64::new(i64::MIN),
            report_ssrc: rand::random(),
            ended: OnceLock::new(),
        })
    }

    /// Its name.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Its tracks, in the order of the SDP.
    pub fn tracks(&self) -> impl Iterator<Item = &TrackInfo> {
        self.tracks.iter().map(|track| &track.info)
    }

    /// The clock its times are of.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// How it treats its packets.
    pub fn options(&self) -> &BroadcastOptions {
        &self.options
    }

    fn track(&self, track_id: u32) -> Option<&Track> {
        self.tracks.iter().find(|track| track.info.track_id == track_id)
    }

    /// A packet of a track has come: from a socket (then it has an address, and may have been mixed up on its way), an
    /// interleaved frame, a relay. Never waits for anybody.
    pub fn receive(&self, track_id: u32, kind: Kind, packet: Bytes, from: Option<SocketAddr>, now_us: i64) -> Received {
        let Some(track) = self.track(track_id).filter(|_| !self.has_ended()) else {
            return Received::NotWanted;
        };
        let len = packet.len();
        let heard = (self.ears.receiver_count() > 0).then(|| packet.clone());
        let received = match kind {
            _ if len > LONGEST_PACKET => Received::Rubbish,
            Kind::Rtp => match RtpHeader::parse(&packet) {
                Some(header) => track.intake.lock().rtp(header, packet, from.is_some(), now_us, &self.options),
                None => Received::Rubbish,
            },
            Kind::Rtcp => track.intake.lock().rtcp(packet, now_us, &self.options),
        };
        match received {
            Received::Taken => {
                self.count(kind, len, now_us);
                if let Some(packet) = heard {
                    let _ = self.ears.send(Heard { track_id, kind, packet, at_us: now_us }); // nobody may listen
                }
                self.wake_sleepers();
            }
            Received::Rubbish => self.complain(&self.rubbish, "not a packet", track_id, kind, len, from),
            Received::OtherSource => self.complain(&self.foreign, "of a second source", track_id, kind, len, from),
            Received::NotWanted => {}
        }
        received
    }

    /// Packets of a track that wait for one that is missing do so no longer than it makes sense. `true` if some still wait.
    /// To be called now and then by who hands over what came by UDP.
    pub fn release_overdue(&self, track_id: u32, now_us: i64) -> bool {
        self.track(track_id).is_some_and(|track| track.intake.lock().release_overdue(now_us, &self.options))
    }

    fn count(&self, kind: Kind, len: usize, now_us: i64) {
        self.packets.fetch_add(1, RELAXED);
        self.bytes.fetch_add(len as u64, RELAXED);
        // In one order with the flag of the sleepers: who falls asleep now sees the packet, or is seen.
        self.last_packet_us.fetch_max(now_us, Ordering::SeqCst);
        if kind == Kind::Rtp {
            self.meter.lock().add(len, now_us);
        }
    }

    /// Counts what was not taken, and says so once.
    fn complain(&self, count: &AtomicU64, what: &str, track_id: u32, kind: Kind, len: usize, from: Option<SocketAddr>) {
        if count.fetch_add(1, RELAXED) == 0 {
            let from = from.map_or_else(|| "its connection".to_owned(), |from| from.to_string());
            let key = &self.key;
            tracing::warn!(
                "broadcast {key}: ignoring {len} bytes of {kind:?} for track {track_id} from {from}: {what}"
            );
        }
    }

    fn wake_sleepers(&self) {
        if self.has_sleepers.load(Ordering::SeqCst) {
            let sleepers = {
                let mut sleepers = self.sleepers.lock();
                self.has_sleepers.store(false, Ordering::SeqCst);
                std::mem::take(&mut *sleepers)
            };
            sleepers.iter().for_each(SessionWaker::wake);
        }
    }

    /// The next packet will wake this session.
    pub(super) fn wake_by_packet(&self, waker: SessionWaker) {
        let mut sleepers = self.sleepers.lock();
        sleepers.push(waker);
        self.has_sleepers.store(true, Ordering::SeqCst);
    }

    /// Whether nothing has come for so long that looking for packets makes no sense.
    pub(super) fn is_quiet(&self, now_us: i64) -> bool {
        self.last_packet_us.load(Ordering::SeqCst) < now_us.saturating_sub(QUIET_US)
    }

    /// When a viewer whose packets are due `delay_us` after their arrival, and who has had all there are, looks again.
    pub(super) fn next_look_us(&self, now_us: i64, delay_us: i64) -> i64 {
        if self.is_quiet(now_us) {
            return now_us.saturating_add(QUIET_LOOK_US);
        }
        let longest_us = self.options.look_us.max(SHORTEST_LOOK_US);
        let viewers = i64::try_from(self.viewers()).unwrap_or(i64::MAX);
        let look_us = viewers.saturating_mul(LOOK_PER_VIEWER_US).clamp(SHORTEST_LOOK_US, longest_us);
        now_us.saturating_add(if delay_us >= AHEAD_US { longest_us * AHEAD_LOOKS } else { look_us })
    }

    /// How long packets are kept, microseconds.
    pub(super) fn kept_us(&self) -> i64 {
        self.options.buffer_us.saturating_add(self.options.buffer_us / 2)
    }

    /// A viewer starts now. Make its sources with [`Broadcast::viewer`].
    pub fn join(self: &Arc<Self>, options: &JoinOptions) -> Join {
        let at_us = self.clock.now_us();
        let policy = if options.overbuffer { JoinPolicy::Oldest } else { options.policy.unwrap_or(self.options.join) };
        let intakes: Vec<_> = self.tracks.iter().map(|track| track.intake.lock()).collect();
        let rings: Vec<&Ring> = intakes.iter().map(|intake| &intake.ring).collect();
        let (places, start_us) = join::places(&rings, policy, at_us.saturating_sub(self.options.buffer_us), at_us);
        drop(rings);
        let reports: Vec<_> = intakes.iter().map(|intake| intake.report.clone()).collect();
        drop(intakes);
        // What is sent ahead of time stays ahead by what there was.
        let backlog_us = if options.overbuffer { at_us - start_us } else { 0 };
        let tempo = Tempo {
            at_us,
            start_us,
            delay_us: self.options.latency_us.max(backlog_us),
            at_once: options.reliable || options.overbuffer,
        };
        self.viewers.fetch_add(1, RELAXED);
        let tracks = self.tracks().zip(places).zip(reports);
        let tracks = tracks.map(|((info, place), report)| (info.track_id, place, report));
        Join::new(Arc::clone(self), tracks, tempo)
    }

    pub(super) fn viewer_leaves(&self) {
        self.viewers.fetch_sub(1, RELAXED);
    }

    pub(super) fn viewer_missed(&self, packets: u64) {
        self.missed.fetch_add(packets, RELAXED);
    }

    /// The packets of a track for a viewer; `None` if there is no such track.
    pub fn viewer(self: &Arc<Self>, track_id: u32, options: ViewerOptions) -> Option<LiveSource> {
        let track = self.tracks.iter().position(|track| track.info.track_id == track_id)?;
        Some(LiveSource::new(Arc::clone(self), track, options.join))
    }

    /// Where a viewer that has fallen out of the ring goes on.
    pub(super) fn rejoin(&self, track: usize, now_us: i64) -> Place {
        let Some(track) = self.tracks.get(track) else {
            return Ring::new(Limits { age_us: 0, bytes: 0, packets: 0 }).end();
        };
        let intake = track.intake.lock();
        let oldest_us = now_us.saturating_sub(self.options.buffer_us);
        let key = intake.ring.keys(oldest_us, now_us).next_back().cloned();
        key.unwrap_or_else(|| intake.ring.newest(now_us))
    }

    /// Hears every packet from now on.
    pub fn listen(&self) -> Listener {
        Listener(self.ears.subscribe())
    }

    /// A new push begins: whoever sends first owns the tracks, whatever was before. Viewers stay, and go on with the new
    /// source's packets.
    pub fn source_restarts(&self) {
        self.tracks.iter().for_each(|track| track.intake.lock().forget_source());
    }

    /// Whether a new push with these tracks can go on for the viewers of the old one: the same tracks with the same
    /// formats. Their parameters may differ; those that matter to a decoder come with the key frames.
    pub fn fits(&self, tracks: &[TrackInfo]) -> bool {
        let same = |old: &TrackInfo, new: &TrackInfo| {
            old.track_id == new.track_id
                && old.kind == new.kind
                && old.payload_name.eq_ignore_ascii_case(&new.payload_name)
                && old.clock_rate == new.clock_rate
                && old.payload_type == new.payload_type
        };
        self.tracks.len() == tracks.len() && self.tracks().zip(tracks).all(|(old, new)| same(old, new))
    }

    /// What the source of a track is told now and then (see [`feedback::REPORT_INTERVAL_US`]): a receiver report with loss
    /// and jitter since the last call, and the number of viewers.
    pub fn report(&self, track_id: u32, now_us: i64) -> Option<Vec<u8>> {
        let block = self.track(track_id)?.intake.lock().reception.as_mut().and_then(|all| all.block(now_us));
        let viewers = u32::try_from(self.viewers()).unwrap_or(u32::MAX);
        Some(feedback::compose(self.report_ssrc, &format!("QTSS{:08x}", self.report_ssrc), viewers, block))
    }

    /// What is known about the way in of a track.
    pub fn figures(&self, track_id: u32) -> Option<TrackFigures> {
        let intake = self.track(track_id)?.intake.lock();
        let of = intake.reception.as_ref();
        Some(TrackFigures {
            ssrc: intake.ssrc(),
            packets: of.map_or(0, feedback::Reception::received),
            lost: of.map_or(0, feedback::Reception::lost),
            jitter: of.map_or(0, feedback::Reception::jitter),
        })
    }

    /// Whether packets have come lately and it has not ended.
    pub fn is_active(&self) -> bool {
        let since = self.clock.now_us().saturating_sub(self.options.buffer_us);
        !self.has_ended() && self.last_packet_us.load(RELAXED) >= since
    }

    /// When the last packet came, microseconds of the clock.
    pub fn last_packet_us(&self) -> Option<i64> {
        Some(self.last_packet_us.load(RELAXED)).filter(|at_us| *at_us != i64::MIN)
    }

    /// Bits per second of RTP that come in, all tracks, averaged over 30 s.
    pub fn bit_rate(&self) -> u32 {
        self.meter.lock().bit_rate(self.clock.now_us())
    }

    /// Packets taken so far.
    pub fn packets(&self) -> u64 {
        self.packets.load(RELAXED)
    }

    /// Bytes taken so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(RELAXED)
    }

    /// What came and was no packet, so far.
    pub fn rubbish(&self) -> u64 {
        self.rubbish.load(RELAXED)
    }

    /// Packets of sources that do not own their track, so far.
    pub fn foreign(&self) -> u64 {
        self.foreign.load(RELAXED)
    }

    /// Packets that viewers have missed because they were too slow, so far, all viewers.
    pub fn missed(&self) -> u64 {
        self.missed.load(RELAXED)
    }

    /// Packets and bytes that are kept now, all tracks.
    pub fn buffered(&self) -> (usize, usize) {
        self.tracks.iter().fold((0, 0), |(packets, bytes), track| {
            let intake = track.intake.lock();
            (packets + intake.ring.len(), bytes + intake.ring.bytes())
        })
    }

    /// Viewers there are.
    pub fn viewers(&self) -> usize {
        self.viewers.load(RELAXED)
    }

    /// No more packets are taken; viewers get what they have not had yet, and then their plays end. A broadcast that may
    /// come back (viewers wait) is not ended: it just gets no packets.
    pub fn end(&self, reason: &str) {
        if self.ended.set(reason.to_owned()).is_ok() {
            self.wake_sleepers();
        }
    }

    /// Whether [`Broadcast::end`] was called.
    pub fn has_ended(&self) -> bool {
        self.ended.get().is_some()
    }

    /// Why it ended.
    pub fn end_reason(&self) -> Option<String> {
        self.ended.get().cloned()
    }
}
