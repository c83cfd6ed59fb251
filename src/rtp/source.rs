//! Where a play's packets come from: a hinted file, a live stream, a wrapper that adds meta-info.

use std::ops::Range;

use bytes::Bytes;

use super::worker::SessionWaker;

/// What the sender needs to know about the next packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacketHead {
    /// How the bytes of [`PacketSource::payload`] become a packet.
    pub kind: PacketKind,
    /// Media time at which it is due, microseconds on the play's timeline.
    pub time_us: i64,
    /// RTP timestamp before the stream's base is added.
    pub rtp_time: u32,
    /// Marker bit.
    pub marker: bool,
    /// RTP payload type.
    pub payload_type: u8,
    /// Padding (0x20) and extension (0x10) bits of the header's first byte.
    pub rtp_bits: u8,
    /// The packet's number in the source, which a repeat packet shares with the packet it repeats.
    pub source_sequence: u16,
    /// Number of the sample (frame) it belongs to.
    pub sample: u32,
    /// Whether that sample can be decoded by itself.
    pub sync: bool,
    /// A copy of an earlier packet, of use only where packets get lost.
    pub repeat: bool,
}

/// How a packet is put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PacketKind {
    /// The payload of an RTP packet; the sender makes the header.
    Payload,
    /// A whole RTP packet, sent as it is.
    Rtp,
    /// A whole RTCP compound, sent as it is.
    Rtcp,
}

/// The state of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peek {
    /// The next packet.
    Packet(PacketHead),
    /// Nothing yet: data is being loaded and the context's waker will be called, or the source asks to be looked at
    /// again at a time (clock, microseconds).
    Pending {
        /// When to look again even without a call.
        retry_us: Option<i64>,
    },
    /// There will be no more packets.
    End,
    /// The source can't go on, with the reason.
    Failed(String),
}

/// What the sender tells a source.
#[derive(Debug)]
pub struct ReadContext<'a> {
    /// The clock, microseconds.
    pub now_us: i64,
    /// The stream's quality level; 0 is everything. What a level leaves out, and when a change takes effect, is the
    /// source's matter.
    pub quality: u8,
    /// The transport loses nothing: leave out repeat packets.
    pub skip_repeats: bool,
    /// To be called when [`Peek::Pending`] is over.
    pub waker: &'a SessionWaker,
}

/// A track's packets in sending order. Called on a send worker: never blocks on I/O.
pub trait PacketSource: Send {
    /// The next packet to be sent. Until [`PacketSource::advance`], a packet once returned stays the next one.
    fn peek(&mut self, context: &ReadContext<'_>) -> Peek;

    /// The bytes of the packet that [`PacketSource::peek`] returned: a range of a shared block.
    fn payload(&self) -> Option<(&Bytes, Range<usize>)>;

    /// The packet was sent, or left out; go to the next.
    fn advance(&mut self);

    /// RTP timestamp (before the base) of media time `media_us`, for sender reports. `None`: derive it from the last
    /// packet.
    fn rtp_time_at(&self, media_us: i64) -> Option<u32> {
        let _ = media_us;
        None
    }
}
