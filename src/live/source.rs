//! What a send worker reads of a broadcast for one track of one viewer.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::broadcast::Broadcast;
use super::join::{Join, Tempo};
use super::ring::{Cursor, Look};
use super::track::Kind;
use crate::rtp::{PacketHead, PacketKind, PacketSource, Peek, ReadContext};

/// How a viewer's stream starts.
#[derive(Debug, Clone)]
pub struct ViewerOptions {
    /// Where; the same for all tracks of a viewer.
    pub join: Join,
}

/// The packets of one track from a viewer's join on, each due at the same delay after its arrival. Its play request says
/// [`Join::media_start_us`], and that no reports are to be made: the broadcaster's own are among the packets.
#[derive(Debug)]
pub struct LiveSource {
    broadcast: Arc<Broadcast>,
    track: usize,
    join: Join,
    tempo: Tempo,
    /// The source's newest report, which goes first: with it players know at once how the tracks belong together.
    report: Option<Bytes>,
    cursor: Option<Cursor>,
    lost: u64,
}

impl LiveSource {
    pub(super) fn new(broadcast: Arc<Broadcast>, track: usize, join: Join) -> Self {
        let (cursor, tempo, report) = (join.cursor(track), join.tempo(), join.report(track));
        Self { broadcast, track, join, tempo, report, cursor, lost: 0 }
    }

    /// Packets that were thrown away before this viewer could take them.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// The viewer was too slow: it goes on at the newest key frame.
    fn catch_up(&mut self, now_us: i64) {
        let before = self.cursor.as_ref().map(Cursor::number);
        let place = self.broadcast.rejoin(self.track, now_us);
        if before.is_some_and(|before| before > place.number) {
            return;
        }
        let missed = before.map_or(0, |before| place.number.saturating_sub(before));
        self.lost += missed;
        self.broadcast.viewer_missed(missed);
        self.tempo = self.tempo.again(place.arrival_us.unwrap_or(now_us), now_us);
        self.cursor = Cursor::at(&place);
    }

    fn report_head(&self) -> PacketHead {
        PacketHead {
            kind: PacketKind::Rtcp,
            time_us: self.tempo.at_us,
            rtp_time: 0,
            marker: false,
            payload_type: 0,
            rtp_bits: 0,
            source_sequence: 0,
            sample: 0,
            sync: false,
            repeat: false,
        }
    }

    /// Whether the cursor's packet, if it is there, is older than what is kept.
    fn is_behind(&mut self, now_us: i64) -> bool {
        let oldest_us = now_us.saturating_sub(self.broadcast.kept_us());
        match self.cursor.as_mut().map(Cursor::look) {
            None | Some(Look::Gone) => true,
            Some(Look::Packet(packet)) => packet.arrival_us < oldest_us,
            Some(Look::Nothing) => false,
        }
    }
}

impl PacketSource for LiveSource {
    fn peek(&mut self, context: &ReadContext<'_>) -> Peek {
        let shift_us = self.join.shift_us(context.now_us);
        if self.report.is_some() {
            return Peek::Packet(self.report_head());
        }
        if self.is_behind(context.now_us) {
            self.catch_up(context.now_us);
        }
        match self.cursor.as_mut().map(Cursor::look) {
            Some(Look::Packet(packet)) => {
                self.join.wakes_up();
                Peek::Packet(PacketHead {
                    kind: match packet.kind {
                        Kind::Rtp => PacketKind::Rtp,
                        Kind::Rtcp => PacketKind::Rtcp,
                    },
                    time_us: self.tempo.due_us(packet.arrival_us).saturating_sub(shift_us),
                    rtp_time: packet.rtp_time,
                    marker: packet.marker,
                    payload_type: packet.payload_type,
                    rtp_bits: 0,
                    source_sequence: packet.sequence,
                    sample: packet.frame,
                    sync: packet.is_sync(),
                    repeat: false,
                })
            }
            Some(Look::Nothing) if self.broadcast.has_ended() => Peek::End,
            Some(Look::Nothing) => {
                if !self.broadcast.is_quiet(context.now_us) {
                    self.join.wakes_up();
                } else if self.join.falls_asleep() {
                    self.broadcast.wake_by_packet(context.waker.clone());
                }
                Peek::Pending { retry_us: Some(self.broadcast.next_look_us(context.now_us, self.tempo.delay_us)) }
            }
            Some(Look::Gone) | None => Peek::Pending { retry_us: Some(context.now_us) },
        }
    }

    fn payload(&self) -> Option<(&Bytes, Range<usize>)> {
        if let Some(report) = &self.report {
            return Some((report, 0..report.len()));
        }
        let packet = self.cursor.as_ref()?.packet()?;
        Some((&packet.bytes, 0..packet.bytes.len()))
    }

    fn advance(&mut self) {
        if self.report.take().is_some() {
            return;
        }
        if let Some(cursor) = self.cursor.as_mut() {
            cursor.advance();
        }
    }
}
