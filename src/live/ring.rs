//! A track's packets of the last seconds, written by one and read by many without a lock.
//!
//! The ring is a chain of short *segments*. A slot of a segment is filled once and never changes, so a reader needs
//! nothing but a reference to the segment it reads; it takes one for the next segment when it gets there. Segments are
//! tied together by weak references: a reader that stands still keeps its own segment and nothing behind it, and finds
//! out that the chain is broken when it goes on.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use bytes::Bytes;

use super::track::Kind;

/// Packets of a segment at most.
const SEGMENT_PACKETS: usize = 16;

/// A segment takes no more packets when it has this many bytes.
const SEGMENT_BYTES: usize = 32 * 1024;

/// A packet as it came, and what was read from it.
#[derive(Debug)]
pub(super) struct LivePacket {
    /// The whole packet, header and all.
    pub(super) bytes: Bytes,
    pub(super) kind: Kind,
    /// When it came, microseconds of the clock. Never less than that of the packet before.
    pub(super) arrival_us: i64,
    /// RTP only, like all that follows.
    pub(super) sequence: u16,
    pub(super) rtp_time: u32,
    pub(super) marker: bool,
    pub(super) payload_type: u8,
    /// Counts frames.
    pub(super) frame: u32,
    /// The frame can be decoded by itself; of its first packet this may turn out later.
    pub(super) sync: AtomicBool,
}

impl LivePacket {
    pub(super) fn is_sync(&self) -> bool {
        self.sync.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
struct Segment {
    /// Number of its first packet, counted since the ring was made.
    first: u64,
    packets: [OnceLock<LivePacket>; SEGMENT_PACKETS],
    /// Set when this segment takes no more.
    next: OnceLock<Weak<Segment>>,
}

impl Segment {
    fn new(first: u64) -> Arc<Self> {
        Arc::new(Self { first, packets: [const { OnceLock::new() }; SEGMENT_PACKETS], next: OnceLock::new() })
    }

    fn packets(&self) -> impl DoubleEndedIterator<Item = (usize, &LivePacket)> {
        self.packets.iter().enumerate().filter_map(|(slot, packet)| Some((slot, packet.get()?)))
    }
}

/// Bounds of a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// Packets older than this go, microseconds.
    pub(super) age_us: i64,
    /// Bytes of all packets.
    pub(super) bytes: usize,
    /// Packets.
    pub(super) packets: usize,
}

/// A place in a ring that holds nothing: it may be gone when somebody goes there.
#[derive(Debug, Clone)]
pub(super) struct Place {
    segment: Weak<Segment>,
    slot: usize,
    /// The packet's number.
    pub(super) number: u64,
    /// Arrival of the packet there; `None` if it has yet to come.
    pub(super) arrival_us: Option<i64>,
}

/// The writer's end.
#[derive(Debug)]
pub(super) struct Ring {
    limits: Limits,
    segments: VecDeque<Arc<Segment>>,
    /// The last segment, and how much is in it.
    open: Arc<Segment>,
    open_slots: usize,
    open_bytes: usize,
    bytes: usize,
    /// Number of the next packet.
    next: u64,
    /// Number of the first packet of the present source: viewers start no earlier.
    barrier: u64,
    /// First packets of frames that can be decoded by themselves, oldest first.
    keys: VecDeque<Place>,
}

impl Ring {
    pub(super) fn new(limits: Limits) -> Self {
        let open = Segment::new(0);
        let segments = VecDeque::from([Arc::clone(&open)]);
        let keys = VecDeque::new();
        Self { limits, segments, open, open_slots: 0, open_bytes: 0, bytes: 0, next: 0, barrier: 0, keys }
    }

    /// Appends a packet; it is `now_us`.
    pub(super) fn push(&mut self, packet: LivePacket, now_us: i64) -> Place {
        let len = packet.bytes.len();
        if self.open_slots == SEGMENT_PACKETS || self.open_bytes >= SEGMENT_BYTES {
            let segment = Segment::new(self.next);
            let _ = self.open.next.set(Arc::downgrade(&segment)); // never set before: it was the last one
            self.segments.push_back(Arc::clone(&segment));
            self.open = segment;
            (self.open_slots, self.open_bytes) = (0, 0);
        }
        let place = Place { arrival_us: Some(packet.arrival_us), ..self.end() };
        if let Some(slot) = self.open.packets.get(self.open_slots) {
            let _ = slot.set(packet); // each slot's turn comes once
        }
        self.open_slots += 1;
        self.open_bytes += len;
        self.bytes += len;
        self.next += 1;
        self.evict(now_us);
        place
    }

    /// The packet at `place`, not before the last such place, is one that a viewer can start with.
    pub(super) fn mark_key(&mut self, place: Place) {
        if let Some(packet) = Cursor::at(&place).as_ref().and_then(Cursor::packet) {
            packet.sync.store(true, Ordering::Relaxed);
        }
        if self.keys.back().is_none_or(|last| last.number < place.number) && place.number >= self.first() {
            self.keys.push_back(place);
        }
    }

    /// What follows has nothing to do with what came before.
    pub(super) fn begin_source(&mut self) {
        self.barrier = self.next;
        self.keys.clear();
    }

    fn evict(&mut self, now_us: i64) {
        while self.segments.len() > 1 {
            let Some(oldest) = self.segments.front() else { return };
            let newest_us = oldest.packets().next_back().map_or(i64::MIN, |(_, packet)| packet.arrival_us);
            let too_old = newest_us < now_us.saturating_sub(self.limits.age_us);
            if !too_old && self.bytes <= self.limits.bytes && self.len() <= self.limits.packets {
                return;
            }
            self.bytes -= oldest.packets().map(|(_, packet)| packet.bytes.len()).sum::<usize>();
            self.segments.pop_front();
            let first = self.first();
            while self.keys.front().is_some_and(|key| key.number < first) {
                self.keys.pop_front();
            }
        }
    }

    fn first(&self) -> u64 {
        self.segments.front().map_or(self.next, |segment| segment.first)
    }

    /// Packets kept.
    pub(super) fn len(&self) -> usize {
        (self.next - self.first()) as usize
    }

    /// Bytes kept.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Where the next packet will be.
    pub(super) fn end(&self) -> Place {
        Place { segment: Arc::downgrade(&self.open), slot: self.open_slots, number: self.next, arrival_us: None }
    }

    /// Packets of the present source, oldest first.
    fn packets(&self) -> impl DoubleEndedIterator<Item = (&Arc<Segment>, usize, &LivePacket)> {
        let of = |segment| move |(slot, packet)| (segment, slot, packet);
        let all = self.segments.iter().flat_map(move |segment| segment.packets().map(of(segment)));
        all.filter(|(segment, slot, _)| segment.first + *slot as u64 >= self.barrier)
    }

    /// The oldest packet that came at `since_us` or later; the end if there is none.
    pub(super) fn since(&self, since_us: i64) -> Place {
        self.place(self.packets().find(|(.., packet)| packet.arrival_us >= since_us))
    }

    /// The first packet of the newest frame that has come by `now_us`; the end if there is none.
    pub(super) fn newest(&self, now_us: i64) -> Place {
        let come = |packet: &LivePacket| packet.kind == Kind::Rtp && packet.arrival_us <= now_us;
        let mut frames = self.packets().rev().filter(|(.., packet)| come(packet)).peekable();
        let Some(frame) = frames.peek().map(|(.., packet)| packet.frame) else { return self.end() };
        self.place(frames.take_while(|(.., packet)| packet.frame == frame).last())
    }

    fn place(&self, found: Option<(&Arc<Segment>, usize, &LivePacket)>) -> Place {
        found.map_or_else(
            || self.end(),
            |(segment, slot, packet)| Place {
                segment: Arc::downgrade(segment),
                slot,
                number: segment.first + slot as u64,
                arrival_us: Some(packet.arrival_us),
            },
        )
    }

    /// Starts of key frames that came in this time, oldest first.
    pub(super) fn keys(&self, from_us: i64, to_us: i64) -> impl DoubleEndedIterator<Item = &Place> {
        let within = move |at_us: i64| (from_us..=to_us).contains(&at_us);
        self.keys.iter().filter(move |key| key.arrival_us.is_some_and(within))
    }
}

/// What stands at a reader's place.
#[derive(Debug)]
pub(super) enum Look<'a> {
    Packet(&'a LivePacket),
    /// Not yet there.
    Nothing,
    /// It was thrown away before the reader came.
    Gone,
}

/// A reader's place, which it holds.
#[derive(Debug, Clone)]
pub(super) struct Cursor {
    segment: Arc<Segment>,
    slot: usize,
}

impl Cursor {
    /// Goes to a place; `None` if it is gone.
    pub(super) fn at(place: &Place) -> Option<Self> {
        Some(Self { segment: place.segment.upgrade()?, slot: place.slot })
    }

    /// Number of the packet here.
    pub(super) fn number(&self) -> u64 {
        self.segment.first + self.slot as u64
    }

    /// The packet here, if it has been written.
    pub(super) fn packet(&self) -> Option<&LivePacket> {
        self.segment.packets.get(self.slot)?.get()
    }

    /// The packet here, or why there is none.
    pub(super) fn look(&mut self) -> Look<'_> {
        if self.packet().is_none() {
            let Some(next) = self.segment.next.get() else { return Look::Nothing };
            // Seen before the segment was closed, the slot may have been filled in between.
            if self.packet().is_none() {
                let Some(next) = next.upgrade() else { return Look::Gone };
                (self.segment, self.slot) = (next, 0);
            }
        }
        self.packet().map_or(Look::Nothing, Look::Packet)
    }

    /// On to the next packet.
    pub(super) fn advance(&mut self) {
        self.slot += 1;
    }
}

#[cfg(test)]
mod tests;
