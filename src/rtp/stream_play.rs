//! One stream of a running play: its next packet, its numbering, its sender reports.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use smallvec::SmallVec;

use super::clock::{Clock, ntp_from_unix_us};
use super::pacer::Timeline;
use super::packet::{RTP_HEADER_LEN, RtpHeader};
use super::play::{NextPacket, PlayStream};
use super::resend::ResendQueue;
use super::rtcp::{Compound, SenderReport, goodbye, packet_type};
use super::source::{PacketHead, PacketKind, PacketSource, Peek, ReadContext};
use super::stream::{PeerAddresses, RtpStream, Transport, UdpTransport};
use super::thin::LateDropper;

/// How far back a repeat packet may reach; farther it gets a number of its own.
const MAX_REPEAT_DISTANCE: u16 = 1024;

/// Sender reports of streams with 3GPP rate adaptation, which need fresh round trips, come this often; ms.
const ADAPTING_REPORT_MS: i64 = 1000;

/// What a stream waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// Its next packet is known or can be asked for.
    Running,
    /// Its source loads data; look again then at the latest.
    Pending(i64),
    /// Its next packet is beyond the stop time.
    Stopped,
    /// It has no more packets.
    Ended,
}

/// Ties the source's numbers to those sent.
#[derive(Debug, Clone, Copy)]
struct Numbering {
    /// Sent number minus source number.
    delta: u16,
    /// The source number from which on `delta` holds.
    since: u16,
}

pub(super) struct StreamPlay {
    pub(super) stream: Arc<RtpStream>,
    pub(super) source: Box<dyn PacketSource>,
    pub(super) status: Status,
    pub(super) head: Option<PacketHead>,
    pub(super) dropper: LateDropper,
    /// What a reliable-UDP player has not acknowledged yet.
    pub(super) resend: Option<Box<ResendQueue>>,
    send_reports: bool,
    /// The player steers it by 3GPP reports.
    adapts: bool,
    sequence: u16,
    timestamp_base: u32,
    numbering: Option<Numbering>,
    /// Whose packets are passed on as they are: the source of the last one.
    passed_on: Option<u32>,
    next_report_us: i64,
    /// Media and RTP time of the last packet sent in this play.
    pub(super) last: Option<(i64, u32)>,
    peer: Option<PeerAddresses>,
    peer_generation: u32,
    /// Sent and not yet in the stream's figures.
    sent_packets: u32,
    sent_bytes: u32,
    /// Sent and not yet in the worker's figures.
    uncounted_packets: u64,
    uncounted_bytes: u64,
}

impl StreamPlay {
    pub(super) fn new(play: PlayStream) -> Self {
        let PlayStream { stream, source, send_reports } = play;
        Self {
            sequence: stream.next_sequence(),
            timestamp_base: stream.timestamp_base(),
            stream,
            source,
            send_reports,
            adapts: false,
            status: Status::Running,
            head: None,
            dropper: LateDropper::default(),
            resend: None,
            numbering: None,
            passed_on: None,
            next_report_us: i64::MIN,
            last: None,
            peer: None,
            peer_generation: 0,
            sent_packets: 0,
            sent_bytes: 0,
            uncounted_packets: 0,
            uncounted_bytes: 0,
        }
    }

    /// A new play goes on with the packets of this one.
    pub(super) fn restart(&mut self) {
        self.sequence = self.stream.next_sequence();
        self.timestamp_base = self.stream.timestamp_base();
        self.next_report_us = i64::MIN;
        self.last = None;
        if self.status == Status::Stopped {
            self.status = Status::Running;
        }
    }

    /// A play begins: rate adaptation starts from its time.
    pub(super) fn begin_adaptation(&mut self, now_us: i64) {
        self.adapts = self.stream.adaptation().is_some();
        if let Some(adaptation) = self.stream.adaptation() {
            adaptation.lock().begin(now_us);
        }
    }

    /// Whether 3GPP reports decide about its pace and quality.
    pub(super) fn adapts(&self) -> bool {
        self.adapts
    }

    /// By how much rate adaptation moves the due times of its packets at `now_us`.
    pub(super) fn shift_us(&self, now_us: i64, most_ahead_ms: i64) -> i64 {
        let adaptation = self.stream.adaptation().filter(|_| self.adapts);
        adaptation.map_or(0, |adaptation| adaptation.lock().shift_us(now_us, most_ahead_ms.saturating_mul(1000)))
    }

    pub(super) fn is_video(&self) -> bool {
        self.stream.config().is_video
    }

    /// Packets sent again count as sent, `bytes` with their headers.
    pub(super) fn count_resent(&mut self, packets: u64, bytes: u64) {
        let packets = u32::try_from(packets).unwrap_or(0);
        let headers = packets.saturating_mul(RTP_HEADER_LEN as u32);
        self.sent_packets += packets;
        self.sent_bytes += u32::try_from(bytes).unwrap_or(0).saturating_sub(headers);
    }

    pub(super) fn udp(&self) -> Option<&UdpTransport> {
        match self.stream.transport() {
            Transport::Udp(udp) => Some(udp),
            Transport::Interleaved { .. } => None,
        }
    }

    /// Makes the next packet known, if it can be. `Err` is the source's failure.
    pub(super) fn fill(&mut self, context: &ReadContext<'_>, stop_us: Option<i64>) -> Result<(), String> {
        if self.head.is_some() || matches!(self.status, Status::Stopped | Status::Ended) {
            return Ok(());
        }
        match self.source.peek(context) {
            Peek::Packet(head) => {
                self.head = Some(head);
                self.status = Status::Running;
            }
            Peek::Pending { retry_us } => self.status = Status::Pending(retry_us.unwrap_or(i64::MAX)),
            Peek::End => self.status = Status::Ended,
            Peek::Failed(reason) => return Err(reason),
        }
        self.check_stop(stop_us);
        Ok(())
    }

    pub(super) fn check_stop(&mut self, stop_us: Option<i64>) {
        if let (Some(head), Some(stop)) = (self.head, stop_us) {
            if head.time_us >= stop {
                self.status = Status::Stopped;
            }
        }
    }

    /// Whether there is a packet to be sent in this play.
    pub(super) fn ready_head(&self) -> Option<PacketHead> {
        self.head.filter(|_| self.status == Status::Running)
    }

    pub(super) fn is_finished(&self) -> bool {
        matches!(self.status, Status::Stopped | Status::Ended)
    }

    pub(super) fn advance(&mut self) {
        self.source.advance();
        self.head = None;
    }

    /// Where datagrams go now.
    pub(super) fn peer(&mut self, is_rtcp: bool) -> Option<SocketAddr> {
        let Transport::Udp(udp) = self.stream.transport() else { return None };
        let generation = udp.generation();
        if self.peer.is_none() || generation != self.peer_generation {
            self.peer = Some(udp.addresses());
            self.peer_generation = generation;
        }
        self.peer.map(|peer| if is_rtcp { peer.rtcp } else { peer.rtp })
    }

    /// Counts the packet `head` as sent and makes the header that goes before its payload: empty for whole packets.
    pub(super) fn head_for(&mut self, head: &PacketHead) -> SmallVec<[u8; RTP_HEADER_LEN]> {
        let header = match head.kind {
            PacketKind::Payload => SmallVec::from(self.header(head)),
            PacketKind::Rtp | PacketKind::Rtcp => SmallVec::new(),
        };
        let packet = || self.source.payload().and_then(|(bytes, range)| bytes.get(range));
        match head.kind {
            PacketKind::Payload => {}
            PacketKind::Rtp => self.passed_on = packet().and_then(ssrc_of),
            PacketKind::Rtcp if packet().is_some_and(says_goodbye) => self.passed_on = None,
            PacketKind::Rtcp => {}
        }
        if head.kind != PacketKind::Rtcp {
            self.last = Some((head.time_us, head.rtp_time));
            self.sent_packets += 1;
            let len = self.source.payload().map_or(0, |(_, range)| range.len());
            let own_header = if header.is_empty() { RTP_HEADER_LEN } else { 0 };
            self.sent_bytes += u32::try_from(len.saturating_sub(own_header)).unwrap_or(0);
        }
        header
    }

    fn header(&mut self, head: &PacketHead) -> [u8; RTP_HEADER_LEN] {
        let header = RtpHeader {
            marker: head.marker,
            payload_type: head.payload_type,
            sequence: self.number(head),
            timestamp: head.rtp_time.wrapping_add(self.timestamp_base),
            ssrc: self.stream.ssrc(),
        };
        let mut bytes = header.to_bytes();
        bytes[0] |= head.rtp_bits & 0x30;
        bytes
    }

    /// The packet's sequence number: the next one, without gaps; that of the original for a repeat packet.
    fn number(&mut self, head: &PacketHead) -> u16 {
        if head.repeat {
            if let Some(Numbering { delta, since }) = self.numbering {
                let number = head.source_sequence.wrapping_add(delta);
                let distance = self.sequence.wrapping_sub(number);
                let known = head.source_sequence.wrapping_sub(since) < 0x8000;
                if known && (1..=MAX_REPEAT_DISTANCE).contains(&distance) {
                    return number;
                }
            }
        }
        let number = self.sequence;
        self.sequence = number.wrapping_add(1);
        if let Some(adaptation) = self.stream.adaptation().filter(|_| self.adapts) {
            adaptation.lock().note_sent(number, head.time_us);
        }
        let delta = number.wrapping_sub(head.source_sequence);
        if self.numbering.is_none_or(|numbering| numbering.delta != delta) {
            self.numbering = Some(Numbering { delta, since: head.source_sequence });
        }
        number
    }

    /// The report that is due after a packet, if one is.
    pub(super) fn report_if_due(
        &mut self,
        timeline: &Timeline,
        clock: &dyn Clock,
        now_us: i64,
        interval_ms: i64,
    ) -> Option<Compound> {
        if !self.send_reports || now_us < self.next_report_us || self.last.is_none() {
            return None;
        }
        let interval_ms = if self.adapts { interval_ms.min(ADAPTING_REPORT_MS) } else { interval_ms };
        self.next_report_us = now_us.saturating_add(interval_ms.max(100).saturating_mul(1000));
        Some(self.report(timeline, clock, false))
    }

    /// A sender report whose RTP time belongs to its NTP time on the play's timeline.
    pub(super) fn report(&mut self, timeline: &Timeline, clock: &dyn Clock, bye: bool) -> Compound {
        self.publish();
        let media_us = timeline.media_at_us(clock.now_us());
        let stats = self.stream.stats();
        let report = SenderReport {
            ssrc: self.stream.ssrc(),
            ntp: ntp_from_unix_us(clock.wall_us()),
            rtp_time: self.rtp_time_at(media_us).wrapping_add(self.timestamp_base),
            packets: stats.packets_sent.load(Ordering::Relaxed) as u32,
            payload_bytes: stats.payload_bytes_sent.load(Ordering::Relaxed) as u32,
            cname: &self.stream.config().cname,
            client_ssrc: stats.client_ssrc.load(Ordering::Relaxed),
            ack_timeout_ms: self.stream.ack_timeout_ms(),
            bye,
        };
        report.compose()
    }

    fn rtp_time_at(&self, media_us: i64) -> u32 {
        if let Some(rtp_time) = self.source.rtp_time_at(media_us) {
            return rtp_time;
        }
        let (last_media_us, last_rtp_time) = self.last.unwrap_or((media_us, 0));
        let clock_rate = i128::from(self.stream.config().clock_rate);
        let ticks = i128::from(media_us - last_media_us) * clock_rate / 1_000_000;
        last_rtp_time.wrapping_add(ticks as u32)
    }

    /// The stream's last words, if it has sent anything. Where the reports are not ours, they are a BYE of the source whose
    /// packets were passed on.
    pub(super) fn farewell(&mut self, timeline: &Timeline, clock: &dyn Clock) -> Option<Compound> {
        if !self.send_reports {
            return self.passed_on.map(goodbye);
        }
        let has_sent = self.stream.stats().packets_sent.load(Ordering::Relaxed) > 0;
        has_sent.then(|| self.report(timeline, clock, true))
    }

    /// Writes what was sent since the last call to the shared stream.
    pub(super) fn publish(&mut self) {
        let (packets, bytes) = (u64::from(self.sent_packets), u64::from(self.sent_bytes));
        if packets > 0 {
            let stats = self.stream.stats();
            stats.packets_sent.fetch_add(packets, Ordering::Relaxed);
            stats.payload_bytes_sent.fetch_add(bytes, Ordering::Relaxed);
            self.stream.set_next_sequence(self.sequence);
            self.uncounted_packets += packets;
            self.uncounted_bytes += bytes + packets * RTP_HEADER_LEN as u64;
            self.sent_packets = 0;
            self.sent_bytes = 0;
        }
    }

    /// Packets and bytes (with RTP headers) published since the last call.
    pub(super) fn take_uncounted(&mut self) -> (u64, u64) {
        (std::mem::take(&mut self.uncounted_packets), std::mem::take(&mut self.uncounted_bytes))
    }

    /// What would be sent next.
    pub(super) fn next_packet(&self) -> Option<NextPacket> {
        let head = self.head?;
        Some(NextPacket {
            track_id: self.stream.config().track_id,
            sequence: self.sequence,
            rtp_time: head.rtp_time,
            time_us: head.time_us,
        })
    }
}

/// Is there a BYE in this compound?
fn says_goodbye(mut compound: &[u8]) -> bool {
    while let [_, kind, high, low, ..] = *compound {
        if kind == packet_type::GOODBYE {
            return true;
        }
        let length = 4 * (usize::from(u16::from_be_bytes([high, low])) + 1);
        compound = compound.get(length..).unwrap_or_default();
    }
    false
}

/// The source of a whole RTP packet.
fn ssrc_of(packet: &[u8]) -> Option<u32> {
    packet.get(8..12)?.try_into().ok().map(u32::from_be_bytes)
}
