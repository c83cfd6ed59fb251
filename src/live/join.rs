//! Where a viewer starts, and when its packets are due.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;

use super::broadcast::Broadcast;
use super::options::JoinPolicy;
use super::ring::{Cursor, Look, Place, Ring};
use super::track::Kind;

/// How many times faster than they came the first packets go to a viewer whose transport may lose them.
const CATCH_UP: i64 = 4;

/// What a viewer says when it joins.
#[derive(Debug, Clone, Copy, Default)]
pub struct JoinOptions {
    /// All its streams are sent ahead of time (`x-Dynamic-Rate` over TCP or reliable UDP): it gets the whole backlog.
    pub overbuffer: bool,
    /// None of its streams is plain UDP: what is kept since the key frame can go out at once.
    pub reliable: bool,
    /// Instead of the broadcast's own policy. Overbuffering viewers always start with the oldest packets.
    pub policy: Option<JoinPolicy>,
}

/// The first RTP packet of a track as a viewer will get it, for `RTP-Info`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpStart {
    /// Sequence number.
    pub sequence: u16,
    /// RTP timestamp.
    pub rtp_time: u32,
}

/// Maps arrival to the time at which a viewer's packet is due. All tracks of a viewer share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tempo {
    /// When the viewer came, clock.
    pub(super) at_us: i64,
    /// Arrival of its first packet.
    pub(super) start_us: i64,
    /// From arrival to due, in the long run.
    pub(super) delay_us: i64,
    /// Packets that came before the viewer may go out all at once.
    pub(super) at_once: bool,
}

impl Tempo {
    /// When a packet is due. Never goes back while arrival does not.
    pub(super) fn due_us(&self, arrival_us: i64) -> i64 {
        let into_us = if self.at_once { 0 } else { arrival_us.saturating_sub(self.start_us).max(0) / CATCH_UP };
        arrival_us.saturating_add(self.delay_us).max(self.at_us.saturating_add(into_us))
    }

    /// The same viewer starts again at `now_us` with a packet that came at `start_us`.
    pub(super) fn again(&self, start_us: i64, now_us: i64) -> Self {
        Self { at_us: now_us, start_us, ..*self }
    }
}

/// A viewer's beginning: a place in each track's ring, and one delay for all of them. The viewer counts as one as long as
/// it or a source made from it lives. A PLAY after a PAUSE is a new beginning.
#[derive(Debug, Clone)]
pub struct Join {
    inner: Arc<Viewer>,
}

#[derive(Debug)]
struct Viewer {
    broadcast: Arc<Broadcast>,
    tracks: Vec<Start>,
    tempo: Tempo,
    /// How much later than the join the play began; known with the first look of a send worker.
    shift_us: OnceLock<i64>,
    /// Its worker will be woken by the next packet.
    sleeping: AtomicBool,
}

/// How one of its tracks starts.
#[derive(Debug)]
struct Start {
    track_id: u32,
    place: Place,
    rtp: Option<RtpStart>,
    report: Option<Bytes>,
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.broadcast.viewer_leaves();
    }
}

impl Join {
    /// Of each track: its number, the first packet's place, the newest sender report.
    pub(super) fn new(
        broadcast: Arc<Broadcast>,
        tracks: impl Iterator<Item = (u32, Place, Option<Bytes>)>,
        tempo: Tempo,
    ) -> Self {
        let start = |(track_id, place, report)| Start { track_id, rtp: rtp_start(&place), place, report };
        let tracks = tracks.map(start).collect();
        let (shift_us, sleeping) = (OnceLock::new(), AtomicBool::new(false));
        Self { inner: Arc::new(Viewer { broadcast, tracks, tempo, shift_us, sleeping }) }
    }

    /// The `media_start_us` of the play request: the time of the join, for the packets' times are those of the clock.
    pub fn media_start_us(&self) -> i64 {
        self.inner.tempo.at_us
    }

    /// The first packet of a track; `None` if none has come yet.
    pub fn rtp_start(&self, track_id: u32) -> Option<RtpStart> {
        self.inner.tracks.iter().find(|start| start.track_id == track_id)?.rtp
    }

    /// How long after its arrival a packet is due in the long run, microseconds.
    pub fn delay_us(&self) -> i64 {
        self.inner.tempo.delay_us
    }

    /// How long before the join the first packet came, microseconds.
    pub fn backlog_us(&self) -> i64 {
        self.inner.tempo.at_us.saturating_sub(self.inner.tempo.start_us)
    }

    pub(super) fn cursor(&self, track: usize) -> Option<Cursor> {
        self.inner.tracks.get(track).and_then(|start| Cursor::at(&start.place))
    }

    pub(super) fn report(&self, track: usize) -> Option<Bytes> {
        self.inner.tracks.get(track)?.report.clone()
    }

    pub(super) fn tempo(&self) -> Tempo {
        self.inner.tempo
    }

    /// By how much the play's time is behind the clock; the first look at `now_us` decides.
    pub(super) fn shift_us(&self, now_us: i64) -> i64 {
        *self.inner.shift_us.get_or_init(|| now_us.saturating_sub(self.inner.tempo.at_us).max(0))
    }

    /// Whether this viewer has yet to ask for being woken; then the caller has to.
    pub(super) fn falls_asleep(&self) -> bool {
        !self.inner.sleeping.swap(true, Ordering::Relaxed)
    }

    pub(super) fn wakes_up(&self) {
        if self.inner.sleeping.load(Ordering::Relaxed) {
            self.inner.sleeping.store(false, Ordering::Relaxed);
        }
    }
}

fn rtp_start(place: &Place) -> Option<RtpStart> {
    let mut cursor = Cursor::at(place)?;
    loop {
        match cursor.look() {
            Look::Packet(packet) if packet.kind == Kind::Rtp => {
                return Some(RtpStart { sequence: packet.sequence, rtp_time: packet.rtp_time });
            }
            Look::Packet(_) => cursor.advance(),
            Look::Nothing | Look::Gone => return None,
        }
    }
}

/// Where a viewer of these rings starts at `now_us`, when packets older than `oldest_us` are too old, and the arrival of
/// its first packet.
pub(super) fn places(rings: &[&Ring], policy: JoinPolicy, oldest_us: i64, now_us: i64) -> (Vec<Place>, i64) {
    let key = |ring: &&Ring| match policy {
        JoinPolicy::KeyFrame => ring.keys(oldest_us, now_us).next_back().cloned(),
        JoinPolicy::Oldest => ring.keys(oldest_us, now_us).next().cloned(),
        JoinPolicy::Newest => None,
    };
    let keys: Vec<Option<Place>> = rings.iter().map(key).collect();
    // Pictures begin with a key frame, and everything else with them.
    let start_us = keys.iter().flatten().filter_map(|key| key.arrival_us).min();
    let place = |(ring, key): (&&Ring, Option<Place>)| match (key, policy, start_us) {
        (Some(key), ..) => key,
        (None, _, Some(start_us)) => ring.since(start_us),
        (None, JoinPolicy::Oldest, None) => ring.since(oldest_us),
        (None, _, None) => ring.newest(now_us),
    };
    let places: Vec<Place> = rings.iter().zip(keys).map(place).collect();
    let first_us = places.iter().filter_map(|place| place.arrival_us).min().unwrap_or(now_us);
    (places, first_us.clamp(oldest_us.min(now_us), now_us))
}
