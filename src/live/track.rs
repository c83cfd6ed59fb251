//! What is known about a broadcast's tracks before the first packet.

pub use crate::media::TrackKind;

/// Which of a track's two flows a packet belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Media, RFC 3550 section 5.
    Rtp,
    /// Control, RFC 3550 section 6.
    Rtcp,
}

/// One `m=` of the broadcast's SDP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackInfo {
    /// The number in its control URL (`trackID=`), unique in the broadcast.
    pub track_id: u32,
    /// Audio, video, or something else.
    pub kind: TrackKind,
    /// Encoding name of the rtpmap, without clock rate: `H264`, `mpeg4-generic`; empty if the SDP has none.
    pub payload_name: String,
    /// RTP clock rate in Hz; 0 if unknown.
    pub clock_rate: u32,
    /// RTP payload type of the `m=` line, if it is a number.
    pub payload_type: Option<u8>,
    /// The `a=fmtp` parameters after the payload type; empty if there are none.
    pub fmtp: String,
}
