//! A track's way in: whose packets count, when they came, which frame they belong to.

use std::sync::atomic::AtomicBool;

use bytes::Bytes;

use super::broadcast::Received;
use super::feedback::{Compound, Reception};
use super::keyframe::{Codec, Content};
use super::options::BroadcastOptions;
use super::reorder::Reorder;
use super::ring::{Limits, LivePacket, Place, Ring};
use super::track::{Kind, TrackInfo};
use crate::rtp::RtpHeader;

/// A source that has been silent for this long may be replaced, however short the gaps between its packets; microseconds.
const LEAST_PATIENCE_US: i64 = 500_000;

/// ... and for so many of its longest gaps of late.
const PATIENCE_GAPS: i64 = 4;

/// If no key frame was seen for this long, every frame counts as one: the stream has none, or none that can be told.
const KEYLESS_US: i64 = 30_000_000;

/// Bytes of the arrival time that Apple's broadcaster and relays may add to a packet: a tag and milliseconds.
const TRAILER_LEN: usize = 12;

/// Who owns the track.
#[derive(Debug, Clone, Copy)]
struct Owner {
    ssrc: u32,
    last_us: i64,
    /// The longest time between two packets, old ones forgotten by and by.
    gap_us: i64,
}

impl Owner {
    fn heard(&mut self, now_us: i64) {
        let gap_us = now_us.saturating_sub(self.last_us).max(0);
        self.gap_us = gap_us.max(self.gap_us - self.gap_us / 64);
        self.last_us = self.last_us.max(now_us);
    }

    fn is_silent(&self, now_us: i64, timeout_us: i64) -> bool {
        let patience_us = self.gap_us.saturating_mul(PATIENCE_GAPS).min(timeout_us).max(LEAST_PATIENCE_US);
        now_us.saturating_sub(self.last_us) >= patience_us
    }
}

/// Groups packets to frames and finds where key frames begin.
#[derive(Debug)]
struct Frames {
    codec: Codec,
    number: u32,
    rtp_time: Option<u32>,
    has_picture: bool,
    is_key: bool,
    /// First packet of this frame, or of what leads to it (parameter sets may have a timestamp of their own).
    start: Option<Place>,
    last_key_us: Option<i64>,
}

impl Frames {
    fn new(codec: Codec) -> Self {
        Self { codec, number: 0, rtp_time: None, has_picture: true, is_key: false, start: None, last_key_us: None }
    }

    /// Before a packet is kept: which frame it belongs to, and whether the frame counts as one that stands alone.
    fn begin(&mut self, rtp_time: u32, content: Content, now_us: i64) -> bool {
        if self.rtp_time != Some(rtp_time) {
            self.rtp_time = Some(rtp_time);
            self.number = self.number.wrapping_add(1);
            if self.has_picture {
                self.start = None;
            }
            (self.has_picture, self.is_key) = (false, false);
        }
        let has_keys = self.codec != Codec::Unknown
            && self.last_key_us.is_some_and(|key_us| now_us.saturating_sub(key_us) < KEYLESS_US);
        self.is_key || content == Content::Key || !has_keys
    }

    /// After it was kept at `place`: the start of the key frame, if this packet shows that it is one.
    fn note(&mut self, content: Content, place: Place, now_us: i64) -> Option<Place> {
        let start = self.start.get_or_insert(place).clone();
        self.has_picture |= content != Content::Lead;
        if content != Content::Key || self.is_key || self.codec == Codec::Unknown {
            return None;
        }
        self.is_key = true;
        self.last_key_us = Some(now_us);
        Some(start)
    }
}

/// What the arrival times that packets carry are counted from.
#[derive(Debug, Clone, Copy)]
struct Trailers {
    ssrc: u32,
    arrival_us: i64,
    sent_ms: i64,
}

/// An RTP packet that counts and has not been kept yet.
#[derive(Debug)]
struct Fresh {
    header: RtpHeader,
    payload_at: usize,
    packet: Bytes,
    arrival_us: i64,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Intake {
    pub(super) ring: Ring,
    reorder: Reorder<Fresh>,
    owner: Option<Owner>,
    frames: Frames,
    clock_rate: u32,
    pub(super) reception: Option<Reception>,
    trailers: Option<Trailers>,
    /// The source's newest sender report, the whole compound.
    pub(super) report: Option<Bytes>,
    last_arrival_us: i64,
}

impl Intake {
    pub(super) fn new(info: &TrackInfo, limits: Limits) -> Self {
        Self {
            ring: Ring::new(limits),
            reorder: Reorder::default(),
            owner: None,
            frames: Frames::new(Codec::of(info)),
            clock_rate: info.clock_rate,
            reception: None,
            trailers: None,
            report: None,
            last_arrival_us: i64::MIN,
        }
    }

    /// The synchronization source whose packets are taken.
    pub(super) fn ssrc(&self) -> Option<u32> {
        self.owner.map(|owner| owner.ssrc)
    }

    /// From now on whoever sends first is the source.
    pub(super) fn forget_source(&mut self) {
        self.owner = None;
    }

    /// Whether a packet of `ssrc` may come in. A source that has been silent makes way for the next.
    fn admits(&mut self, ssrc: u32, now_us: i64, options: &BroadcastOptions) -> bool {
        match &mut self.owner {
            Some(owner) if owner.ssrc == ssrc => owner.heard(now_us),
            Some(_) if !options.one_ssrc => {}
            Some(owner) if !owner.is_silent(now_us, options.ssrc_timeout_us) => return false,
            _ => {
                self.owner = Some(Owner { ssrc, last_us: now_us, gap_us: 0 });
                // The same source that comes back goes on where it was.
                if self.reception.as_ref().is_none_or(|reception| reception.ssrc() != ssrc) {
                    let held = self.reorder.release_all();
                    held.into_iter().for_each(|fresh| self.keep(fresh, now_us, options));
                    self.reception = Some(Reception::new(ssrc, self.clock_rate));
                    self.ring.begin_source();
                    let codec = self.frames.codec;
                    self.frames = Frames { number: self.frames.number, ..Frames::new(codec) };
                    self.report = None;
                    self.last_arrival_us = i64::MIN;
                }
            }
        }
        true
    }

    /// Takes an RTP packet whose payload begins at `payload_at`. If the network may have mixed it up with others it waits
    /// for those before it.
    pub(super) fn rtp(
        &mut self,
        (header, payload_at): (RtpHeader, usize),
        packet: Bytes,
        may_be_mixed_up: bool,
        now_us: i64,
        options: &BroadcastOptions,
    ) -> Received {
        if !self.admits(header.ssrc, now_us, options) {
            return Received::OtherSource;
        }
        if let Some(reception) = self.reception.as_mut().filter(|reception| reception.ssrc() == header.ssrc) {
            reception.packet(header.sequence, header.timestamp, now_us);
        }
        let sequence = header.sequence;
        let fresh = Fresh { header, payload_at, packet, arrival_us: now_us };
        if may_be_mixed_up && options.one_ssrc && options.reorder_us > 0 {
            let released = self.reorder.push(sequence, fresh, now_us, options.reorder_us);
            released.into_iter().for_each(|fresh| self.keep(fresh, now_us, options));
        } else {
            self.keep(fresh, now_us, options);
        }
        Received::Taken
    }

    /// Lets go of packets that have waited long enough for one that is missing. `true` if others still wait.
    pub(super) fn release_overdue(&mut self, now_us: i64, options: &BroadcastOptions) -> bool {
        let released = self.reorder.release_overdue(now_us, options.reorder_us);
        released.into_iter().for_each(|fresh| self.keep(fresh, now_us, options));
        self.reorder.is_holding()
    }

    fn keep(&mut self, fresh: Fresh, now_us: i64, options: &BroadcastOptions) {
        let Fresh { header, payload_at, packet, arrival_us } = fresh;
        let (packet, arrival_us) = self.arrival(packet, payload_at, header.ssrc, arrival_us, options);
        let content = match self.frames.codec {
            Codec::Unknown => Content::Picture,
            codec => codec.look(packet.get(payload_at..).unwrap_or_default()),
        };
        let sync = self.frames.begin(header.timestamp, content, now_us);
        let kept = LivePacket {
            bytes: packet,
            kind: Kind::Rtp,
            arrival_us,
            sequence: header.sequence,
            rtp_time: header.timestamp,
            marker: header.marker,
            payload_type: header.payload_type,
            frame: self.frames.number,
            sync: AtomicBool::new(sync),
        };
        let place = self.ring.push(kept, now_us);
        if let Some(start) = self.frames.note(content, place, now_us) {
            self.ring.mark_key(start);
        }
    }

    /// Takes an RTCP compound. Viewers get those that start with a sender report; a goodbye among it would end their
    /// players, though the source may come back.
    pub(super) fn rtcp(&mut self, packet: Bytes, now_us: i64, options: &BroadcastOptions) -> Received {
        let Some(compound) = Compound::read(&packet) else { return Received::Rubbish };
        if options.one_ssrc && self.owner.is_some_and(|owner| owner.ssrc != compound.ssrc) {
            // Programs that can receive as well as send report as a source of their own, too, which sends no media.
            let is_sender = compound.sender_report.is_some();
            return if is_sender { Received::OtherSource } else { Received::NotWanted };
        }
        if compound.bye {
            self.owner = self.owner.filter(|owner| owner.ssrc != compound.ssrc);
            return Received::Taken;
        }
        if let Some(ntp) = compound.sender_report {
            if let Some(reception) = self.reception.as_mut().filter(|reception| reception.ssrc() == compound.ssrc) {
                reception.sender_report(ntp, now_us);
            }
            self.report = Some(packet.clone());
            self.control(packet, now_us);
        }
        Received::Taken
    }

    fn control(&mut self, packet: Bytes, now_us: i64) {
        let kept = LivePacket {
            bytes: packet,
            kind: Kind::Rtcp,
            arrival_us: now_us.max(self.last_arrival_us),
            sequence: 0,
            rtp_time: 0,
            marker: false,
            payload_type: 0,
            frame: self.frames.number,
            sync: AtomicBool::new(false),
        };
        self.ring.push(kept, now_us);
    }

    /// When the packet came: now, or what its trailer says, which is cut off. Trailers are counted from the first one, so
    /// the clocks need not agree.
    fn arrival(
        &mut self,
        packet: Bytes,
        payload_at: usize,
        ssrc: u32,
        now_us: i64,
        options: &BroadcastOptions,
    ) -> (Bytes, i64) {
        let (mut packet, mut arrival_us) = (packet, now_us);
        if options.use_arrival_trailer {
            if let Some((sent_ms, len)) = trailer(&packet, payload_at) {
                let from = self.trailers.filter(|trailers| trailers.ssrc == ssrc);
                let from = from.unwrap_or(Trailers { ssrc, arrival_us: now_us, sent_ms });
                self.trailers = Some(from);
                let offset_us = sent_ms.saturating_sub(from.sent_ms).saturating_mul(1000);
                let latest_us = now_us.saturating_add(options.max_future_us);
                arrival_us = from.arrival_us.saturating_add(offset_us).min(latest_us);
                packet.truncate(len);
            }
        }
        self.last_arrival_us = arrival_us.max(self.last_arrival_us);
        (packet, self.last_arrival_us)
    }
}

/// The milliseconds of a packet's trailer, and its length without it.
fn trailer(packet: &[u8], payload_at: usize) -> Option<(i64, usize)> {
    let len = packet.len().checked_sub(TRAILER_LEN).filter(|len| *len >= payload_at)?;
    let sent_ms = packet.get(len..)?.strip_prefix(b"aktt")?.first_chunk()?;
    Some((i64::from_be_bytes(*sent_ms), len))
}
