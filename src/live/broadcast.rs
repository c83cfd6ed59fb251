//! A broadcast: what comes in, what is kept, where viewers start.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::broadcast;

use super::ring::{Limits, LivePacket, Place, Ring};
use super::source::{LiveSource, ViewerOptions};
use super::track::{Kind, TrackInfo};
use crate::rtp::{Clock, RtpHeader};

const RELAXED: Ordering = Ordering::Relaxed;

/// Packets a slow [`Listener`] may be behind.
const LISTENER_PACKETS: usize = 1024;

/// The longest packet: what the length of an interleaved frame can say.
const LONGEST_PACKET: usize = 65_535;

/// Where a viewer's first packet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JoinPolicy {
    /// The newest key frame that is kept; the newest packets where none is known.
    #[default]
    KeyFrame,
    /// The newest packets.
    Newest,
    /// The oldest packets that are kept.
    Oldest,
}

/// How a broadcast treats its packets.
#[derive(Debug, Clone)]
pub struct BroadcastOptions {
    /// Packets are kept for this long, microseconds (`reflector_buffer_size_sec`).
    pub buffer_us: i64,
    /// Bytes kept per track at most.
    pub buffer_bytes: usize,
    /// Packets kept per track at most.
    pub buffer_packets: usize,
    /// Where viewers start.
    pub join: JoinPolicy,
    /// Only one synchronization source per track is let through (`use_one_SSRC_per_stream`).
    pub one_ssrc: bool,
    /// A source silent for this long has lost its track, microseconds (`timeout_stream_SSRC_secs`).
    pub ssrc_timeout_us: i64,
}

impl Default for BroadcastOptions {
    fn default() -> Self {
        Self {
            buffer_us: 10_000_000,
            buffer_bytes: 32 << 20,
            buffer_packets: 32_768,
            join: JoinPolicy::KeyFrame,
            one_ssrc: true,
            ssrc_timeout_us: 30_000_000,
        }
    }
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It was kept.
    Taken,
    /// It can't be a packet of this broadcast.
    Rubbish,
    /// It is of a source that does not own the track.
    OtherSource,
    /// There is no such track, or the broadcast has ended.
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

/// What a viewer says when it joins.
#[derive(Debug, Clone, Copy, Default)]
pub struct JoinOptions {
    /// All its streams are sent ahead of time (`x-Dynamic-Rate` over TCP or reliable UDP): it gets the backlog.
    pub overbuffer: bool,
    /// Instead of the broadcast's own policy.
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

/// A viewer's beginning: a place in each track's ring, and one delay for all of them. The viewer counts as one as long as
/// it or a source made from it lives.
#[derive(Debug, Clone)]
pub struct Join {
    inner: Arc<JoinInner>,
}

#[derive(Debug)]
struct JoinInner {
    broadcast: Arc<Broadcast>,
    places: Vec<(u32, Place, Option<RtpStart>)>,
    at_us: i64,
    delay_us: i64,
}

impl Drop for JoinInner {
    fn drop(&mut self) {
        self.broadcast.viewers.fetch_sub(1, RELAXED);
    }
}

impl Join {
    /// The `media_start_us` of the play request: the time of the join, for the packets' times are those of the clock.
    pub fn media_start_us(&self) -> i64 {
        self.inner.at_us
    }

    /// The first packet of a track; `None` if none has come yet.
    pub fn rtp_start(&self, track_id: u32) -> Option<RtpStart> {
        self.inner.places.iter().find(|(id, ..)| *id == track_id)?.2
    }

    /// How long after its arrival a packet is due, microseconds.
    pub fn delay_us(&self) -> i64 {
        self.inner.delay_us
    }

    pub(super) fn place(&self, track: usize) -> Option<&Place> {
        self.inner.places.get(track).map(|(_, place, _)| place)
    }

    pub(super) fn due_us(&self, arrival_us: i64) -> i64 {
        arrival_us.saturating_add(self.inner.delay_us).max(self.inner.at_us)
    }
}

#[derive(Debug)]
struct Track {
    info: TrackInfo,
    ring: Mutex<Ring>,
}

/// A stream of packets that any number of viewers watch. Shared; all methods may be called from any thread.
#[derive(Debug)]
pub struct Broadcast {
    key: String,
    options: BroadcastOptions,
    clock: Arc<dyn Clock>,
    tracks: Vec<Track>,
    ears: broadcast::Sender<Heard>,
    viewers: AtomicUsize,
    packets: AtomicU64,
    bytes: AtomicU64,
    last_packet_us: AtomicI64,
    ended: Mutex<Option<String>>,
}

impl Broadcast {
    /// A broadcast named `key` (the full path of its SDP file) with these tracks. Nothing has come yet.
    pub fn new(key: &str, tracks: Vec<TrackInfo>, options: BroadcastOptions, clock: Arc<dyn Clock>) -> Arc<Self> {
        let limits = Limits {
            age_us: options.buffer_us.saturating_mul(3) / 2,
            bytes: options.buffer_bytes,
            packets: options.buffer_packets,
        };
        let tracks = tracks.into_iter().map(|info| Track { info, ring: Mutex::new(Ring::new(limits)) }).collect();
        Arc::new(Self {
            key: key.to_owned(),
            options,
            clock,
            tracks,
            ears: broadcast::channel(LISTENER_PACKETS).0,
            viewers: AtomicUsize::new(0),
            packets: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            last_packet_us: AtomicI64::new(i64::MIN),
            ended: Mutex::new(None),
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

    /// A packet of a track has come: from a socket, an interleaved frame, a relay. Never waits for anybody.
    pub fn receive(&self, track_id: u32, kind: Kind, packet: Bytes, from: Option<SocketAddr>, now_us: i64) -> Received {
        let _ = from;
        let Some(track) = self.tracks.iter().find(|track| track.info.track_id == track_id) else {
            return Received::NotWanted;
        };
        if self.has_ended() {
            return Received::NotWanted;
        }
        if packet.len() > LONGEST_PACKET {
            return Received::Rubbish;
        }
        let header = match kind {
            Kind::Rtp => RtpHeader::parse(&packet).map(|(header, _)| header),
            Kind::Rtcp => None,
        };
        let is_report =
            packet.len() >= 28 && packet.first().is_some_and(|b| b >> 6 == 2) && packet.get(1) == Some(&200);
        let (header, keep) = match (kind, header) {
            (Kind::Rtp, Some(header)) => (header, true),
            (Kind::Rtp, None) => return Received::Rubbish,
            (Kind::Rtcp, _) => {
                (RtpHeader { marker: false, payload_type: 0, sequence: 0, timestamp: 0, ssrc: 0 }, is_report)
            }
        };
        self.packets.fetch_add(1, RELAXED);
        self.bytes.fetch_add(packet.len() as u64, RELAXED);
        self.last_packet_us.fetch_max(now_us, RELAXED);
        if self.ears.receiver_count() > 0 {
            let _ = self.ears.send(Heard { track_id, kind, packet: packet.clone(), at_us: now_us });
        }
        if keep {
            let packet = LivePacket {
                bytes: packet,
                kind,
                arrival_us: now_us,
                sequence: header.sequence,
                rtp_time: header.timestamp,
                marker: header.marker,
                payload_type: header.payload_type,
                frame: header.timestamp,
                sync: true,
            };
            track.ring.lock().push(packet, false);
        }
        Received::Taken
    }

    /// A viewer starts now. Make its sources with [`Broadcast::viewer`].
    pub fn join(self: &Arc<Self>, options: &JoinOptions) -> Join {
        let at_us = self.clock.now_us();
        let policy = if options.overbuffer { JoinPolicy::Oldest } else { options.policy.unwrap_or(self.options.join) };
        let mut oldest_us = at_us;
        let places = self.tracks.iter().map(|track| {
            let ring = track.ring.lock();
            let place = match policy {
                JoinPolicy::Oldest => ring.since(at_us - self.options.buffer_us),
                JoinPolicy::Newest => ring.newest(),
                JoinPolicy::KeyFrame => {
                    let key = ring.keys_since(at_us - self.options.buffer_us).next_back();
                    key.cloned().unwrap_or_else(|| ring.newest())
                }
            };
            oldest_us = oldest_us.min(place.arrival_us.unwrap_or(at_us));
            let start = super::ring::Cursor::at(&place).and_then(|cursor| {
                let packet = cursor.packet()?;
                Some(RtpStart { sequence: packet.sequence, rtp_time: packet.rtp_time })
            });
            (track.info.track_id, place, start)
        });
        let places = places.collect();
        let delay_us = if options.overbuffer { at_us - oldest_us } else { 0 };
        self.viewers.fetch_add(1, RELAXED);
        Join { inner: Arc::new(JoinInner { broadcast: Arc::clone(self), places, at_us, delay_us }) }
    }

    /// The packets of a track for a viewer; `None` if there is no such track.
    pub fn viewer(self: &Arc<Self>, track_id: u32, options: ViewerOptions) -> Option<LiveSource> {
        let track = self.tracks.iter().position(|track| track.info.track_id == track_id)?;
        Some(LiveSource::new(Arc::clone(self), track, options.join))
    }

    pub(super) fn rejoin(&self, track: usize) -> Place {
        self.tracks.get(track).map_or_else(
            || Ring::new(Limits { age_us: 0, bytes: 0, packets: 0 }).end(),
            |track| track.ring.lock().newest(),
        )
    }

    /// Hears every packet from now on.
    pub fn listen(&self) -> Listener {
        Listener(self.ears.subscribe())
    }

    /// A new push begins: whoever sends first owns the tracks, whatever was before. Viewers stay.
    pub fn source_restarts(&self) {}

    /// Whether packets have come lately and it has not ended.
    pub fn is_active(&self) -> bool {
        let since = self.clock.now_us().saturating_sub(self.options.buffer_us);
        !self.has_ended() && self.last_packet_us.load(RELAXED) >= since
    }

    /// When the last packet came, microseconds of the clock.
    pub fn last_packet_us(&self) -> Option<i64> {
        Some(self.last_packet_us.load(RELAXED)).filter(|at_us| *at_us != i64::MIN)
    }

    /// Bits per second that come in, all tracks.
    pub fn bit_rate(&self) -> u32 {
        0
    }

    /// Packets taken so far.
    pub fn packets(&self) -> u64 {
        self.packets.load(RELAXED)
    }

    /// Bytes taken so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(RELAXED)
    }

    /// Packets and bytes that are kept now, all tracks.
    pub fn buffered(&self) -> (usize, usize) {
        self.tracks.iter().fold((0, 0), |(packets, bytes), track| {
            let ring = track.ring.lock();
            (packets + ring.len(), bytes + ring.bytes())
        })
    }

    /// Viewers there are.
    pub fn viewers(&self) -> usize {
        self.viewers.load(RELAXED)
    }

    /// No more packets are taken; viewers get what they have not had yet, and then the end.
    pub fn end(&self, reason: &str) {
        self.ended.lock().get_or_insert_with(|| reason.to_owned());
    }

    /// Whether [`Broadcast::end`] was called.
    pub fn has_ended(&self) -> bool {
        self.ended.lock().is_some()
    }

    /// Why it ended.
    pub fn end_reason(&self) -> Option<String> {
        self.ended.lock().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::TrackKind;
    use crate::rtp::{ManualClock, PacketKind, PacketSource, Peek, ReadContext, SessionWaker};

    const NOW: i64 = 50_000_000;

    fn packet(sequence: u16) -> Bytes {
        let header = RtpHeader { marker: true, payload_type: 96, sequence, timestamp: 7, ssrc: 9 };
        Bytes::from([&header.to_bytes()[..], b"payload"].concat())
    }

    #[test]
    fn what_comes_in_goes_out_as_it_came() {
        let clock = Arc::new(ManualClock::new(NOW, 0));
        let track = TrackInfo {
            track_id: 1,
            kind: TrackKind::Video,
            payload_name: "X-UNKNOWN".to_owned(),
            clock_rate: 90_000,
            payload_type: Some(96),
            fmtp: String::new(),
        };
        let broadcast = Broadcast::new("/a.sdp", vec![track], BroadcastOptions::default(), clock);
        let mut ears = broadcast.listen();
        let join = broadcast.join(&JoinOptions::default());
        let mut source = broadcast.viewer(1, ViewerOptions { join }).expect("a track");
        let waker = SessionWaker::detached();
        let context = ReadContext { now_us: NOW, quality: 0, skip_repeats: false, waker: &waker };
        assert!(matches!(source.peek(&context), Peek::Pending { .. }));
        for sequence in 0..50 {
            assert_eq!(broadcast.receive(1, Kind::Rtp, packet(sequence), None, NOW), Received::Taken);
        }
        for sequence in 0..50 {
            let Peek::Packet(head) = source.peek(&context) else { panic!("no packet {sequence}") };
            assert_eq!((head.kind, head.source_sequence), (PacketKind::Rtp, sequence));
            let (bytes, range) = source.payload().expect("bytes");
            assert_eq!(bytes[range], packet(sequence));
            source.advance();
            assert_eq!(ears.try_next().map(|heard| heard.packet), Some(packet(sequence)));
        }
        assert_eq!(broadcast.viewers(), 1);
        broadcast.end("over");
        assert_eq!(source.peek(&context), Peek::End);
        drop(source);
        assert_eq!(broadcast.viewers(), 0);
    }
}
