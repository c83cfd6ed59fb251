//! What a send worker reads of a broadcast for one track of one viewer.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::broadcast::{Broadcast, Join};
use super::ring::{Cursor, Look};
use super::track::Kind;
use crate::rtp::{PacketHead, PacketKind, PacketSource, Peek, ReadContext};

/// How often a viewer without a packet looks again, microseconds.
const LOOK_AGAIN_US: i64 = 20_000;

/// How a viewer's stream starts.
#[derive(Debug, Clone)]
pub struct ViewerOptions {
    /// Where; the same for all tracks of a viewer.
    pub join: Join,
}

/// The packets of one track from a viewer's join on, each due at the same delay after its arrival.
#[derive(Debug)]
pub struct LiveSource {
    broadcast: Arc<Broadcast>,
    track: usize,
    join: Join,
    cursor: Option<Cursor>,
    lost: u64,
}

impl LiveSource {
    pub(super) fn new(broadcast: Arc<Broadcast>, track: usize, join: Join) -> Self {
        let cursor = join.place(track).and_then(Cursor::at);
        Self { broadcast, track, join, cursor, lost: 0 }
    }

    /// Packets that were thrown away before this viewer could take them.
    pub fn lost(&self) -> u64 {
        self.lost
    }
}

impl PacketSource for LiveSource {
    fn peek(&mut self, context: &ReadContext<'_>) -> Peek {
        if self.cursor.is_none() {
            self.cursor = Cursor::at(&self.broadcast.rejoin(self.track));
        }
        let Some(cursor) = self.cursor.as_mut() else { return Peek::Pending { retry_us: Some(context.now_us) } };
        let before = cursor.number();
        match cursor.look() {
            Look::Packet(packet) => Peek::Packet(PacketHead {
                kind: match packet.kind {
                    Kind::Rtp => PacketKind::Rtp,
                    Kind::Rtcp => PacketKind::Rtcp,
                },
                time_us: self.join.due_us(packet.arrival_us),
                rtp_time: packet.rtp_time,
                marker: packet.marker,
                payload_type: packet.payload_type,
                rtp_bits: 0,
                source_sequence: packet.sequence,
                sample: packet.frame,
                sync: packet.sync,
                repeat: false,
            }),
            Look::Gone => {
                let place = self.broadcast.rejoin(self.track);
                self.lost += place.number.saturating_sub(before);
                self.cursor = Cursor::at(&place);
                Peek::Pending { retry_us: Some(context.now_us) }
            }
            Look::Nothing if self.broadcast.has_ended() => Peek::End,
            Look::Nothing => Peek::Pending { retry_us: Some(context.now_us + LOOK_AGAIN_US) },
        }
    }

    fn payload(&self) -> Option<(&Bytes, Range<usize>)> {
        let packet = self.cursor.as_ref()?.packet()?;
        Some((&packet.bytes, 0..packet.bytes.len()))
    }

    fn advance(&mut self) {
        if let Some(cursor) = self.cursor.as_mut() {
            cursor.advance();
        }
    }
}
