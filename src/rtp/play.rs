//! What the control plane says to the send engine and hears from it.

use std::fmt;
use std::sync::Arc;

use smallvec::SmallVec;

use super::prefs::SendPrefs;
use super::source::PacketSource;
use super::stream::RtpStream;
use super::thin::ToleranceShift;

/// Number of a client session, unique in the process.
pub type SessionKey = u64;

/// One stream of a PLAY.
pub struct PlayStream {
    /// The stream made by SETUP.
    pub stream: Arc<RtpStream>,
    /// Its packets, positioned at the play's start.
    pub source: Box<dyn PacketSource>,
    /// Whether the sender adds its own reports. Off for sources whose reports come with the packets.
    pub send_reports: bool,
}

impl fmt::Debug for PlayStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlayStream").field("track", &self.stream.config().track_id).finish_non_exhaustive()
    }
}

/// Starts, seeks or goes on with a session's sending.
#[derive(Debug)]
pub struct PlayRequest {
    /// The session.
    pub key: SessionKey,
    /// The caller's number of this play. The events that end it repeat it, so that one that comes late is not taken for
    /// the end of the next play.
    pub number: u32,
    /// The streams; replaces what the session had. Empty: go on with the packets where the session was paused.
    pub streams: Vec<PlayStream>,
    /// Media time that is due at the start, microseconds.
    pub media_start_us: i64,
    /// The first packet at or after this media time is not sent.
    pub stop_us: Option<i64>,
    /// Speed header; 1.0 is real time.
    pub speed: f64,
    /// Whether to send ahead of time. Ignored while a stream is plain UDP.
    pub overbuffer: bool,
    /// The operator's timing.
    pub prefs: Arc<SendPrefs>,
    /// How much more lateness than usual the client takes.
    pub tolerance: ToleranceShift,
    /// Microseconds to wait before the first packet (agents that need it).
    pub start_delay_us: i64,
    /// The movie's bit rate, which sizes the window of reliable UDP; 0 if unknown.
    pub bit_rate: u32,
    /// When the PLAY request was received, microseconds of the engine's clock; the time until its first packet is
    /// counted. `None` for a play that nobody asked for just now.
    pub asked_us: Option<i64>,
}

impl PlayRequest {
    /// A play at normal speed from `media_start_us`, on time, to the end.
    pub fn new(key: SessionKey, streams: Vec<PlayStream>, media_start_us: i64, prefs: Arc<SendPrefs>) -> Self {
        Self {
            key,
            number: 0,
            streams,
            media_start_us,
            stop_us: None,
            speed: 1.0,
            overbuffer: false,
            prefs,
            tolerance: ToleranceShift::default(),
            start_delay_us: 0,
            bit_rate: 0,
            asked_us: None,
        }
    }
}

/// The packet a stream will send next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextPacket {
    /// The stream's track.
    pub track_id: u32,
    /// Its sequence number.
    pub sequence: u16,
    /// Its RTP timestamp before the stream's base is added.
    pub rtp_time: u32,
    /// Its media time, microseconds.
    pub time_us: i64,
}

/// Where a session stands still. A PLAY without streams goes on exactly here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Media time of the earliest packet not sent; the end of what was sent if there is none. Microseconds.
    pub media_us: i64,
    /// When it stopped, microseconds of the engine's clock.
    pub at_us: i64,
    /// What each stream will send next; streams at their end (or whose data is not loaded) are missing.
    pub next: SmallVec<[NextPacket; 2]>,
}

/// What the engine tells the control plane of its own accord.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionEvent {
    /// All packets and a BYE per stream were sent. The session can be played again.
    EndOfMedia {
        /// The session.
        key: SessionKey,
        /// The play that ended, see [`PlayRequest::number`].
        play: u32,
    },
    /// The stop time of the play was reached; the session is paused.
    Stopped {
        /// The session.
        key: SessionKey,
        /// The play that stopped, see [`PlayRequest::number`].
        play: u32,
        /// Where.
        position: Position,
    },
    /// A stream's packets can't be read; sending ended with a BYE.
    SourceFailed {
        /// The session.
        key: SessionKey,
        /// The stream's track.
        track_id: u32,
        /// Why.
        reason: String,
    },
    /// The TCP connection took nothing for too long, or failed; sending ended.
    ConnectionLost {
        /// The session.
        key: SessionKey,
        /// Whether it hung (and is still open) rather than failed.
        stuck: bool,
    },
    /// Sending this session panicked; it was removed.
    Panicked {
        /// The session.
        key: SessionKey,
    },
}

impl SessionEvent {
    /// The session it is about.
    pub fn key(&self) -> SessionKey {
        match self {
            Self::EndOfMedia { key, .. }
            | Self::Stopped { key, .. }
            | Self::SourceFailed { key, .. }
            | Self::ConnectionLost { key, .. }
            | Self::Panicked { key } => *key,
        }
    }
}
