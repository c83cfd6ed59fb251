//! One track on its way to one player: identity, transport, numbering and what the player reports.

use std::any::Any;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU16, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use super::adapt::{AdaptationTerms, Feedback, RateAdaptation};
use super::clock::{Clock, ntp_from_unix_us};
use super::conn_writer::ConnWriter;
use super::ports::{PairLease, UdpPair, scope_of, scoped};
use super::rtcp::Cname;
use super::rtcp_in::{self, NaduBlock, ReportBlock, RtcpItem};
use super::stats::StreamStats;
use super::worker::SessionWaker;

const RELAXED: Ordering = Ordering::Relaxed;

/// The worst quality level of hinted files; 0 is everything.
pub const WORST_FILE_QUALITY: u8 = 6;

/// Recommended ack timeouts of reliable UDP lie in this range, milliseconds.
const ACK_TIMEOUT_MS: std::ops::RangeInclusive<u32> = 20..=100;

/// Acknowledgements kept for the sender at most.
const MAX_ACKS_WAITING: usize = 8192;

/// Where a stream's packets go.
#[derive(Debug)]
pub enum Transport {
    /// Datagrams from a shared port pair.
    Udp(UdpTransport),
    /// `$` frames on an RTSP (or tunnel) connection.
    Interleaved {
        /// The connection's output.
        conn: Arc<ConnWriter>,
        /// Channel of RTP, as the Transport header says.
        rtp_channel: u8,
        /// Channel of RTCP.
        rtcp_channel: u8,
    },
}

/// A stream's end of a UDP port pair, and the player's addresses.
#[derive(Debug)]
pub struct UdpTransport {
    lease: PairLease,
    rtsp_peer: IpAddr,
    /// The interface through which a link-local peer is reached; 0 for others.
    scope: u32,
    addresses: Mutex<PeerAddresses>,
    /// Goes up when the addresses change, so that the sender need not lock for each packet.
    generation: AtomicU32,
    /// What the player acknowledged; `None` unless packets are kept until then (`x-Retransmit`).
    acks: Option<Box<Mutex<AckBox>>>,
}

/// Acknowledgements on their way from the receiver task to the send worker.
#[derive(Debug, Default)]
struct AckBox {
    /// Sequence numbers and when their acknowledgement came, microseconds of the clock.
    acks: Vec<(u16, i64)>,
    /// Who wants to hear of them; set by a running play.
    listener: Option<AckListener>,
}

#[derive(Debug)]
enum AckListener {
    /// A send worker, which is woken.
    Worker(SessionWaker),
    /// Somebody who looks now and then.
    Collector,
}

/// The player's UDP addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddresses {
    /// Where RTP goes.
    pub rtp: SocketAddr,
    /// Where RTCP goes.
    pub rtcp: SocketAddr,
    rtp_known: bool,
    rtcp_known: bool,
}

impl UdpTransport {
    /// Datagrams to the addresses of SETUP's Transport header. `rtsp_peer` is the address of the RTSP connection: only
    /// from there will the player's real ports be learned.
    pub fn new(lease: PairLease, rtsp_peer: IpAddr, rtp: SocketAddr, rtcp: SocketAddr) -> Self {
        let addresses = PeerAddresses { rtp, rtcp, rtp_known: false, rtcp_known: false };
        Self {
            lease,
            rtsp_peer: rtsp_peer.to_canonical(),
            scope: 0,
            addresses: Mutex::new(addresses),
            generation: AtomicU32::new(1),
            acks: None,
        }
    }

    /// The RTSP connection came from `peer`, whose interface counts if its address is link-local (RFC 4007).
    pub fn on_interface_of(mut self, peer: &SocketAddr) -> Self {
        self.scope = scope_of(peer);
        self
    }

    /// Makes it reliable UDP: the client's `x-Retransmit` was accepted.
    pub fn reliable(mut self) -> Self {
        self.acks = Some(Box::default());
        self
    }

    /// Whether packets are kept until acknowledged.
    pub fn is_reliable(&self) -> bool {
        self.acks.is_some()
    }

    /// From now on acknowledgements are kept for the sender, and `waker` called when there are some.
    pub(crate) fn listen_for_acks(&self, waker: SessionWaker) {
        if let Some(acks) = &self.acks {
            acks.lock().listener = Some(AckListener::Worker(waker));
        }
    }

    /// From now on acknowledgements are kept for who comes and takes them.
    pub(crate) fn collect_acks(&self) {
        if let Some(acks) = &self.acks {
            acks.lock().listener = Some(AckListener::Collector);
        }
    }

    /// From now on acknowledgements mean nothing.
    pub(crate) fn ignore_acks(&self) {
        if let Some(acks) = &self.acks {
            *acks.lock() = AckBox::default();
        }
    }

    /// Takes the acknowledgements that have come.
    pub(crate) fn take_acks(&self, into: &mut Vec<(u16, i64)>) {
        if let Some(acks) = &self.acks {
            into.append(&mut acks.lock().acks);
        }
    }

    /// Acks that come before the first PLAY, or more than a window can hold, mean nothing.
    fn note_acks(&self, sequences: &[u16], now_us: i64) {
        let Some(mut held) = self.acks.as_ref().map(|acks| acks.lock()) else { return };
        let AckBox { acks, listener: Some(listener) } = &mut *held else { return };
        // Whoever has not taken the last ones was called for them.
        let caller = match listener {
            AckListener::Worker(waker) if acks.is_empty() => Some(waker.clone()),
            _ => None,
        };
        let room = MAX_ACKS_WAITING - acks.len().min(MAX_ACKS_WAITING);
        acks.extend(sequences.iter().take(room).map(|sequence| (*sequence, now_us)));
        drop(held);
        if let Some(waker) = caller {
            waker.wake();
        }
    }

    /// The server's sockets.
    pub fn pair(&self) -> &Arc<UdpPair> {
        self.lease.pair()
    }

    /// The player's addresses now.
    pub fn addresses(&self) -> PeerAddresses {
        let known = *self.addresses.lock();
        PeerAddresses { rtp: scoped(known.rtp, self.scope), rtcp: scoped(known.rtcp, self.scope), ..known }
    }

    /// A number that changes with [`UdpTransport::addresses`].
    pub(crate) fn generation(&self) -> u32 {
        self.generation.load(Ordering::Acquire)
    }

    pub(crate) fn rtsp_peer(&self) -> IpAddr {
        self.rtsp_peer
    }

    /// A datagram came from `from`: the announced address is confirmed, or, once, replaced by what a NAT made of it.
    /// Returns whether the address changed.
    pub(crate) fn learn(&self, is_rtcp: bool, from: SocketAddr) -> bool {
        let mut addresses = self.addresses.lock();
        let PeerAddresses { rtp, rtcp, rtp_known, rtcp_known } = &mut *addresses;
        let (address, known) = if is_rtcp { (rtcp, rtcp_known) } else { (rtp, rtp_known) };
        let changed = !*known && *address != from && from.ip().to_canonical() == self.rtsp_peer;
        if changed {
            *address = from;
            self.generation.fetch_add(1, Ordering::Release);
        }
        *known |= changed || *address == from;
        changed
    }

    /// Whether the player's port for RTP (or RTCP) has been seen.
    pub(crate) fn is_known(&self, is_rtcp: bool) -> bool {
        let addresses = self.addresses.lock();
        if is_rtcp { addresses.rtcp_known } else { addresses.rtp_known }
    }
}

/// What SETUP decides about a stream.
#[derive(Debug)]
pub struct StreamConfig {
    /// Track number of the URL (`trackID=`).
    pub track_id: u32,
    /// Encoding name and clock rate as in the SDP's rtpmap.
    pub payload_name: String,
    /// RTP clock rate in Hz.
    pub clock_rate: u32,
    /// Whether it is thinned by frames.
    pub is_video: bool,
    /// Highest quality level the source knows; 0 if it can't be thinned. See [`RtpStream::worst_quality`].
    pub worst_quality: u8,
    /// The level to start with (`default_stream_quality`).
    pub quality: u8,
    /// The session's name.
    pub cname: Cname,
    /// The session's sign of life, milliseconds of the server's [`Clock`].
    pub activity: Arc<AtomicI64>,
    /// Where packets go.
    pub transport: Transport,
}

/// A stream; shared by the control plane, the send worker and the RTCP receiver.
#[derive(Debug)]
pub struct RtpStream {
    config: StreamConfig,
    ssrc: u32,
    next_sequence: AtomicU16,
    timestamp_base: AtomicU32,
    quality: AtomicU8,
    worst_quality: AtomicU8,
    thinning_disabled: AtomicBool,
    owner: OnceLock<Box<dyn StreamOwner>>,
    /// 3GPP rate adaptation, once the player has asked for it.
    adaptation: OnceLock<Box<Mutex<RateAdaptation>>>,
    stats: StreamStats,
}

/// Whose a stream is; see [`RtpStream::set_owner`].
pub trait StreamOwner: Any + Send + Sync + std::fmt::Debug {
    /// For those who know what it is.
    fn as_any(&self) -> &dyn Any;

    /// The stream's quality level has changed. Called where it did, on a send worker for one: must not wait.
    fn quality_changed(&self, level: u8) {
        let _ = level;
    }
}

/// What a compound from the player told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RtcpSummary {
    /// Packets that could be read; with 0 the datagram was rubbish.
    pub packets: usize,
    /// Whether there was a report block on this stream.
    pub reported: bool,
    /// Whether there was an `APP QTSS` report.
    pub qtss: bool,
    /// Sequence numbers acknowledged by a reliable-UDP player. Bounded by the compound's size.
    pub acked: Vec<u16>,
    /// 3GPP blocks on this stream.
    pub nadu: Vec<NaduBlock>,
}

impl RtpStream {
    /// A stream with random SSRC, sequence and timestamp base (RFC 3550 section 5.1), reachable for RTCP at once.
    pub fn new(config: StreamConfig) -> Arc<Self> {
        let quality = config.quality.min(config.worst_quality);
        let stream = Arc::new(Self {
            ssrc: rand::random(),
            next_sequence: AtomicU16::new(rand::random()),
            timestamp_base: AtomicU32::new(rand::random()),
            quality: AtomicU8::new(quality),
            worst_quality: AtomicU8::new(config.worst_quality),
            thinning_disabled: AtomicBool::new(false),
            owner: OnceLock::new(),
            adaptation: OnceLock::new(),
            stats: StreamStats::new(),
            config,
        });
        if let Transport::Udp(udp) = &stream.config.transport {
            udp.lease.attach(&stream);
        }
        stream
    }

    /// What SETUP decided.
    pub fn config(&self) -> &StreamConfig {
        &self.config
    }

    /// The stream's source, as in the Transport header.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Where packets go.
    pub fn transport(&self) -> &Transport {
        &self.config.transport
    }

    /// The player's address.
    pub fn player(&self) -> IpAddr {
        match &self.config.transport {
            Transport::Udp(udp) => udp.rtsp_peer(),
            Transport::Interleaved { conn, .. } => conn.peer().ip().to_canonical(),
        }
    }

    /// Whether the transport loses nothing (TCP, reliable UDP): repeat packets are not needed, and lateness is the measure
    /// of trouble.
    pub fn is_reliable(&self) -> bool {
        match &self.config.transport {
            Transport::Udp(udp) => udp.is_reliable(),
            Transport::Interleaved { .. } => true,
        }
    }

    /// Notes, once, whose the stream is; what that means is the control plane's matter. It must not keep the stream alive.
    pub fn set_owner(&self, owner: Box<dyn StreamOwner>) {
        let _ = self.owner.set(owner);
    }

    /// What [`RtpStream::set_owner`] noted, if it is a `T`.
    pub fn owner<T: Any>(&self) -> Option<&T> {
        self.owner.get()?.as_any().downcast_ref()
    }

    /// Counters and reports.
    pub fn stats(&self) -> &StreamStats {
        &self.stats
    }

    /// Sequence number of the next packet. Stable only while the stream is not playing.
    pub fn next_sequence(&self) -> u16 {
        self.next_sequence.load(RELAXED)
    }

    pub(crate) fn set_next_sequence(&self, sequence: u16) {
        self.next_sequence.store(sequence, RELAXED);
    }

    /// What is added to a packet's own timestamp.
    pub fn timestamp_base(&self) -> u32 {
        self.timestamp_base.load(RELAXED)
    }

    /// Moves the timestamps of the next PLAY ahead by a pause of `paused_us` microseconds, so that the player's clock
    /// stays linear. Call it once per pause, before the RTP-Info of the PLAY that ends it.
    pub fn add_pause(&self, paused_us: i64) {
        let ticks = i128::from(paused_us.max(0)) * i128::from(self.config.clock_rate) / 1_000_000;
        self.timestamp_base.fetch_add(ticks as u32, RELAXED);
    }

    /// Quality level, 0 is best.
    pub fn quality(&self) -> u8 {
        self.quality.load(RELAXED)
    }

    /// Sets the quality level, at most the worst the source has.
    pub fn set_quality(&self, level: u8) {
        let level = level.min(self.worst_quality());
        if self.quality.swap(level, RELAXED) != level {
            if let Some(owner) = self.owner.get() {
                owner.quality_changed(level);
            }
        }
    }

    /// The worst quality level the source has; 0 if it cannot be thinned.
    pub fn worst_quality(&self) -> u8 {
        self.worst_quality.load(RELAXED)
    }

    /// A source that tells its levels late: from now on `worst` is the worst. The level of SETUP applies as far as it
    /// could not before.
    pub fn set_worst_quality(&self, worst: u8) {
        let before = self.worst_quality.swap(worst, RELAXED);
        let wanted = if before == 0 { self.config.quality.max(self.quality()) } else { self.quality() };
        self.set_quality(wanted);
    }

    /// The player has asked for 3GPP rate adaptation, on these terms: from now on its reports decide about the quality
    /// level and about how fast packets are sent.
    pub fn adapt(&self, terms: AdaptationTerms) {
        let worst = if self.is_thinning_disabled() { 0 } else { self.worst_quality() };
        let mut is_new = false;
        let state = self.adaptation.get_or_init(|| {
            is_new = true;
            Box::new(Mutex::new(RateAdaptation::new(terms, self.config.is_video, self.quality(), worst)))
        });
        let mut state = state.lock();
        if is_new {
            self.set_quality(state.level());
        } else {
            state.set_terms(terms);
        }
    }

    /// The stream's 3GPP rate adaptation, if the player has asked for it.
    pub fn adaptation(&self) -> Option<&Mutex<RateAdaptation>> {
        self.adaptation.get().map(|state| &**state)
    }

    fn report_to_adaptation(&self, nadu: &NaduBlock, block: Option<&ReportBlock>, clock: &dyn Clock) {
        let Some(state) = self.adaptation() else { return };
        let trip = block.filter(|block| block.last_sender_report != 0).and_then(|_| self.stats.round_trip_ms());
        let feedback = Feedback {
            free_bytes: nadu.free_buffer_bytes,
            playout_delay_ms: nadu.playout_delay_ms,
            next_sequence: nadu.next_sequence,
            highest_sequence: block.map(|block| block.highest_sequence as u16),
            fraction_lost: block.map_or(0, |block| block.fraction_lost),
            round_trip_ms: trip.zip(self.stats.shortest_round_trip_ms()),
        };
        let (before, level) = (self.quality(), state.lock().report(&feedback, clock.now_us()));
        self.set_quality(level);
        if level != before {
            tracing::debug!(track = self.config.track_id, ?feedback, level, "quality by 3GPP report");
        }
    }

    /// Whether thinning is off for this stream.
    pub fn is_thinning_disabled(&self) -> bool {
        self.thinning_disabled.load(RELAXED)
    }

    /// Switches thinning of this stream off or on; off also brings full quality back.
    pub fn set_thinning_disabled(&self, disabled: bool) {
        self.thinning_disabled.store(disabled, RELAXED);
        if disabled {
            self.set_quality(0);
        }
    }

    /// The ack timeout that sender reports recommend, ms: the round trip within 20 to 100.
    pub fn ack_timeout_ms(&self) -> u32 {
        let round_trip = self.stats.round_trip_ms().unwrap_or(*ACK_TIMEOUT_MS.start());
        round_trip.clamp(*ACK_TIMEOUT_MS.start(), *ACK_TIMEOUT_MS.end())
    }

    /// Marks the session as alive.
    pub fn touch(&self, now_ms: i64) {
        self.config.activity.store(now_ms, RELAXED);
    }

    /// Takes RTCP of the player, from UDP or an interleaved frame. Anything readable keeps the session alive. Of a
    /// report's blocks, the one on this stream counts, else the first (some players report the wrong source).
    pub fn handle_rtcp(&self, clock: &dyn Clock, compound: &[u8]) -> RtcpSummary {
        let mut summary = RtcpSummary::default();
        let mut chosen = None;
        let (packets, result) = rtcp_in::walk(compound, |item| match item {
            RtcpItem::Reporter { ssrc } => self.stats.client_ssrc.store(ssrc, RELAXED),
            RtcpItem::Report(block) => {
                let better = block.ssrc == self.ssrc || chosen.is_none();
                if better {
                    chosen = Some(block);
                }
            }
            RtcpItem::Qtss { item, .. } => {
                if !summary.qtss {
                    self.stats.begin_qtss_report();
                    summary.qtss = true;
                }
                self.stats.apply_qtss(item);
            }
            RtcpItem::Nadu(block) if block.ssrc == self.ssrc => summary.nadu.push(block),
            RtcpItem::Ack(ack) => summary.acked.extend(ack.sequences()),
            RtcpItem::Nadu(_) | RtcpItem::Other { .. } => {}
        });
        summary.packets = packets;
        if let (Transport::Udp(udp), false) = (&self.config.transport, summary.acked.is_empty()) {
            udp.note_acks(&summary.acked, clock.now_us());
        }
        if let Err(error) = result {
            tracing::debug!(track = self.config.track_id, %error, "rtcp from player");
        }
        if packets == 0 {
            return summary;
        }
        if let Some(block) = chosen {
            self.stats.apply_report(&block, ntp_from_unix_us(clock.wall_us()));
            summary.reported = true;
        }
        if let Some(nadu) = summary.nadu.last() {
            self.report_to_adaptation(nadu, chosen.as_ref(), clock);
        }
        self.stats.rtcp_packets_received.fetch_add(1, RELAXED);
        self.stats.rtcp_bytes_received.fetch_add(compound.len() as u64, RELAXED);
        self.touch(clock.now_ms());
        summary
    }
}

#[cfg(test)]
mod tests {
    use super::super::clock::ManualClock;
    use super::super::test_bench::Bench;
    use super::*;

    fn report(ssrcs: &[u32]) -> Vec<u8> {
        let mut bytes = vec![0x80 | ssrcs.len() as u8, 201];
        bytes.extend((1 + 6 * ssrcs.len() as u16).to_be_bytes());
        bytes.extend([0, 0, 0, 9]);
        for ssrc in ssrcs {
            bytes.extend(ssrc.to_be_bytes());
            bytes.extend([*ssrc as u8, 0, 0, 0]);
            bytes.extend([0; 16]);
        }
        bytes
    }

    #[test]
    fn rtcp_keeps_the_session_alive_and_names_the_client() {
        let stream = Bench::new().udp_stream(5000, true);
        let clock = ManualClock::new(7_000_000, 0);
        let summary = stream.handle_rtcp(&clock, &report(&[]));
        assert_eq!((summary.packets, summary.reported), (1, false));
        assert_eq!(stream.config().activity.load(RELAXED), 7000);
        assert_eq!(stream.stats().client_ssrc.load(RELAXED), 9);
    }

    #[test]
    fn rubbish_does_not_keep_the_session_alive() {
        let stream = Bench::new().udp_stream(5000, true);
        let clock = ManualClock::new(7_000_000, 0);
        for rubbish in [&b"\0"[..], b"", b"\x80\xc9\xff\xff", b"GET / HTTP/1.0\r\n\r\n"] {
            assert_eq!(stream.handle_rtcp(&clock, rubbish).packets, 0);
        }
        assert_eq!(stream.config().activity.load(RELAXED), 0);
        assert_eq!(stream.stats().rtcp_packets_received.load(RELAXED), 0);
    }

    #[test]
    fn the_block_on_this_stream_counts_and_else_the_first() {
        let stream = Bench::new().udp_stream(5000, true);
        let clock = ManualClock::new(0, 0);
        let own = stream.ssrc();
        stream.handle_rtcp(&clock, &report(&[own ^ 0xf0, own, own ^ 0x0f]));
        assert_eq!(stream.stats().fraction_lost.load(RELAXED), own & 0xff);
        stream.handle_rtcp(&clock, &report(&[own ^ 0xf0, own ^ 0x0f]));
        assert_eq!(stream.stats().fraction_lost.load(RELAXED), (own ^ 0xf0) & 0xff);
    }

    #[test]
    fn the_quality_level_stays_within_what_the_source_has() {
        let stream = Bench::new().udp_stream(5000, true);
        stream.set_quality(200);
        assert_eq!(stream.quality(), WORST_FILE_QUALITY);
        stream.set_thinning_disabled(true);
        assert_eq!(stream.quality(), 0);
    }

    #[test]
    fn the_ack_timeout_is_20_ms_until_a_round_trip_is_known() {
        assert_eq!(Bench::new().udp_stream(5000, true).ack_timeout_ms(), 20);
    }
}
