//! RTP and RTCP: packets, streams, transports, pacing and the send workers.
//!
//! What decides (pacing, thinning, numbering, RTCP's text, the timer wheel, a worker's step) is a function of its inputs
//! and of `now`. What talks to the kernel is thin: [`PortPool`] and its receiver tasks, [`ConnWriter`], [`UdpBatch`], and
//! the threads of [`SendEngine`].
//!
//! The way of a packet: a [`PacketSource`] offers it; the session's pacing says when; its header is made from the
//! [`RtpStream`]'s numbering; header and shared payload join a batch with what all other sessions of this worker send in
//! the same tick; one system call takes the batch.

mod adapt;
mod clock;
mod conn_writer;
mod counters;
mod datagrams;
mod demux;
mod engine;
mod gather;
mod hand_fed;
mod histogram;
mod homes;
mod loader;
mod monitor;
mod movie_source;
mod pacer;
mod packet;
mod play;
mod ports;
mod prefs;
mod resend;
mod rhythm;
mod rtcp;
mod rtcp_in;
mod scheduling;
mod session;
mod sink;
mod source;
mod stats;
mod strain;
mod stream;
mod stream_play;
mod thin;
mod udp_batch;
mod wheel;
mod worker;

pub use adapt::{AdaptationTerms, Feedback, RateAdaptation};
pub use clock::{Clock, ManualClock, SystemClock, ntp_from_unix_us};
pub use conn_writer::{ConnWriter, Written};
pub use counters::{CountersSnapshot, PACKET_OVERHEAD, WorkerCounters};
pub use datagrams::{MAX_DATAGRAMS, send_datagrams};
pub use engine::{EngineConfig, SendEngine};
pub use gather::Gather;
pub use hand_fed::HandFed;
pub use histogram::{BUCKETS, Histogram, HistogramSnapshot};
pub use loader::BlockLoader;
pub use monitor::MonitorPrefs;
pub use movie_source::MoviePacketSource;
pub use pacer::{OverbufferWindow, Timeline, Verdict};
pub use packet::{INTERLEAVED_PREFIX_LEN, RTP_HEADER_LEN, RtpHeader, interleaved_prefix, patch_header};
pub use play::{NextPacket, PlayRequest, PlayStream, Position, SessionEvent, SessionKey};
pub use ports::{FIRST_PORT, NoObserver, PairLease, PoolConfig, PortError, PortPool, RtcpObserver, UdpPair};
pub use prefs::SendPrefs;
pub use rtcp::{Cname, Compound, SenderReport};
pub use rtcp_in::{Ack, NaduBlock, QtssItem, ReportBlock, RtcpError, RtcpItem, walk as walk_rtcp};
pub use scheduling::NICE_LIMIT;
pub use source::{PacketHead, PacketKind, PacketSource, Peek, ReadContext};
pub use stats::StreamStats;
pub use stream::{
    PeerAddresses, RtcpSummary, RtpStream, StreamConfig, StreamOwner, Transport, UdpTransport, WORST_FILE_QUALITY,
};
pub use thin::{FramePosition, LateDropper, QualityControl, ToleranceShift};
pub use udp_batch::{Offload, UdpBatch};
pub use wheel::TimerWheel;
pub use worker::SessionWaker;

#[cfg(test)]
mod bad_network_tests;
#[cfg(test)]
mod reliable_tests;
#[cfg(test)]
pub(crate) mod test_bench;
#[cfg(test)]
mod test_net;
#[cfg(test)]
mod tests;
