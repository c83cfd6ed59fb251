//! A worker in virtual time: a clock that jumps, a sink that writes down what it is given, sources made of lists.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use bytes::Bytes;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::counters::WorkerCounters;
use super::sink::Sink;
use super::worker::{Command, Inbox, Token, Worker, WorkerParts};
use super::*;

pub(crate) const SECOND: i64 = 1_000_000;
pub(crate) const START: i64 = 100 * SECOND;
pub(super) const WALL_AT_ZERO: i64 = 1_700_000_000 * SECOND;
pub(crate) const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A packet as it left.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) at_us: i64,
    pub(crate) is_rtcp: bool,
    /// UDP port, or channel of the frame.
    pub(crate) to: u16,
    pub(crate) bytes: Vec<u8>,
}

impl Sent {
    pub(crate) fn header(&self) -> RtpHeader {
        RtpHeader::parse(&self.bytes).expect("an rtp packet").0
    }

    /// Number of the packet in its list, which [`list`] writes into the payload.
    pub(crate) fn number(&self) -> usize {
        let at = self.bytes.len() - 4;
        u32::from_be_bytes(self.bytes[at..].try_into().expect("four bytes")) as usize
    }

    pub(crate) fn ends_with_bye(&self) -> bool {
        self.is_rtcp && self.bytes[self.bytes.len() - 8..][..2] == [0x81, 203]
    }
}

/// A link that carries so many bytes per second and buffers so many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub(crate) bytes_per_second: i64,
    pub(crate) buffer: i64,
}

#[derive(Default)]
pub(super) struct TestSink {
    pub(super) now_us: i64,
    pub(super) sent: Vec<Sent>,
    pub(super) flushes: Vec<usize>,
    pub(super) link: Option<Link>,
    in_link: i64,
    link_at_us: i64,
    queued: usize,
    pub(super) watched: usize,
}

impl TestSink {
    fn drain_link(&mut self, now_us: i64) {
        if let Some(link) = self.link {
            let gone = (now_us - self.link_at_us) as i128 * i128::from(link.bytes_per_second) / 1_000_000;
            if gone > 0 {
                self.in_link = (self.in_link - gone as i64).max(0);
                self.link_at_us = now_us;
            }
        }
    }

    fn is_full(&self) -> bool {
        self.link.is_some_and(|link| self.in_link > link.buffer)
    }
}

impl Sink for TestSink {
    fn datagram(
        &mut self,
        _pair: &Arc<UdpPair>,
        is_rtcp: bool,
        to: SocketAddr,
        head: &[u8],
        payload: Option<(&Bytes, Range<usize>)>,
    ) {
        let mut bytes = head.to_vec();
        if let Some((block, range)) = payload {
            bytes.extend_from_slice(&block[range]);
        }
        self.sent.push(Sent { at_us: self.now_us, is_rtcp, to: to.port(), bytes });
        self.queued += 1;
    }

    fn try_flush(&mut self, _conn: &Arc<ConnWriter>, now_us: i64) -> io::Result<bool> {
        self.drain_link(now_us);
        Ok(!self.is_full())
    }

    fn frames(&mut self, _conn: &Arc<ConnWriter>, frames: &Gather, now_us: i64) -> io::Result<Written> {
        self.drain_link(now_us);
        for (head, payload) in frames.frames() {
            let frame = [head, payload].concat();
            assert_eq!(frame[0], b'$');
            let channel = frame[1];
            assert_eq!(frame.len() - 4, usize::from(u16::from_be_bytes([frame[2], frame[3]])));
            let bytes = frame[4..].to_vec();
            self.in_link += frame.len() as i64;
            self.sent.push(Sent { at_us: self.now_us, is_rtcp: channel % 2 == 1, to: channel.into(), bytes });
        }
        Ok(if self.is_full() { Written::Queued } else { Written::Sent })
    }

    fn watch_writable(&mut self, _conn: &Arc<ConnWriter>, _token: Token) {
        self.watched += 1;
    }

    fn queued(&self) -> usize {
        self.queued
    }

    fn flush(&mut self) {
        if self.queued > 0 {
            self.flushes.push(self.queued);
        }
        self.queued = 0;
    }
}

/// A worker and all it needs.
pub(crate) struct Bench {
    pub(super) worker: Worker<TestSink>,
    pub(super) inbox: Arc<Inbox>,
    pub(crate) clock: Arc<ManualClock>,
    pub(super) events: mpsc::UnboundedReceiver<SessionEvent>,
    pub(super) counters: Arc<WorkerCounters>,
    pub(super) pool: PortPool,
    pub(crate) now_us: i64,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::new(START, WALL_AT_ZERO));
        let (sender, events) = mpsc::unbounded_channel();
        let inbox = Inbox::new(None);
        let counters = Arc::new(WorkerCounters::default());
        let parts = WorkerParts {
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            sink: TestSink::default(),
            inbox: Arc::clone(&inbox),
            events: sender,
            counters: Arc::clone(&counters),
            phase: 0.0,
        };
        let config = PoolConfig { first_port: 21_000, ..PoolConfig::default() };
        let pool = PortPool::new(config, None, Arc::clone(&clock) as Arc<dyn Clock>, Arc::new(NoObserver));
        Self { worker: Worker::new(parts), inbox, clock, events, counters, pool, now_us: START }
    }

    /// A UDP stream whose player listens on `port`.
    pub(crate) fn udp_stream(&self, port: u16, is_video: bool) -> Arc<RtpStream> {
        let rtcp = SocketAddr::new(PEER, port + 1);
        let lease = self.pool.allocate(PEER, rtcp).expect("a port pair");
        let udp = UdpTransport::new(lease, PEER, SocketAddr::new(PEER, port), rtcp);
        stream(Transport::Udp(udp), is_video)
    }

    /// The same with reliable UDP.
    pub(crate) fn reliable_stream(&self, port: u16, is_video: bool) -> Arc<RtpStream> {
        let rtcp = SocketAddr::new(PEER, port + 1);
        let lease = self.pool.allocate(PEER, rtcp).expect("a port pair");
        let udp = UdpTransport::new(lease, PEER, SocketAddr::new(PEER, port), rtcp).reliable();
        stream(Transport::Udp(udp), is_video)
    }

    pub(super) fn order(&mut self, command: Command) {
        self.inbox.push(command);
        self.step();
    }

    pub(crate) fn play(&mut self, request: PlayRequest) {
        self.order(Command::Play(Box::new(request)));
    }

    pub(crate) fn pause(&mut self, key: SessionKey) -> Option<Position> {
        let (reply, mut position) = tokio::sync::oneshot::channel();
        self.order(Command::Pause { key, reply });
        position.try_recv().expect("an answer")
    }

    pub(crate) fn step(&mut self) -> Option<i64> {
        self.worker.sink().now_us = self.now_us;
        self.worker.step(self.now_us)
    }

    /// Lets time pass until `until_us`, stepping whenever the worker asks for it.
    pub(crate) fn run_until(&mut self, until_us: i64) {
        let mut steps = 0;
        loop {
            let next = self.step();
            steps += 1;
            assert!(steps < 1_000_000, "the worker does not come to rest");
            match next {
                Some(next) if next <= until_us => {
                    assert!(next > self.now_us, "asked for {next} at {}", self.now_us);
                    self.now_us = next;
                }
                _ => {
                    self.now_us = until_us;
                    self.clock.set_us(until_us);
                    self.step();
                    return;
                }
            }
            self.clock.set_us(self.now_us);
        }
    }

    pub(crate) fn run_for(&mut self, us: i64) {
        self.run_until(self.now_us + us);
    }

    pub(crate) fn sent(&mut self) -> &mut Vec<Sent> {
        &mut self.worker.sink().sent
    }

    /// Packets left out because they were late.
    pub(crate) fn stale(&self) -> u64 {
        self.counters.stale_packets.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// From now on TCP is as slow as this.
    pub(crate) fn set_link(&mut self, link: Option<Link>) {
        self.worker.sink().link = link;
    }

    /// Which of all packets sent is the first to a port or channel.
    pub(crate) fn sent_to(&mut self, to: u16) -> Option<usize> {
        self.sent().iter().position(|sent| sent.to == to)
    }

    /// RTP to a port or channel.
    pub(crate) fn rtp(&mut self, to: u16) -> Vec<Sent> {
        self.sent().iter().filter(|sent| !sent.is_rtcp && sent.to == to).cloned().collect()
    }

    /// RTCP to a port or channel.
    pub(crate) fn rtcp(&mut self, to: u16) -> Vec<Sent> {
        self.sent().iter().filter(|sent| sent.is_rtcp && sent.to == to).cloned().collect()
    }

    pub(crate) fn events(&mut self) -> Vec<SessionEvent> {
        std::iter::from_fn(|| self.events.try_recv().ok()).collect()
    }
}

pub(super) fn stream(transport: Transport, is_video: bool) -> Arc<RtpStream> {
    RtpStream::new(StreamConfig {
        track_id: if is_video { 3 } else { 4 },
        payload_name: "test".to_owned(),
        clock_rate: 90_000,
        is_video,
        worst_quality: if is_video { WORST_FILE_QUALITY } else { 0 },
        quality: 0,
        cname: Cname::of_session(1_700_000_000),
        activity: Arc::new(AtomicI64::new(0)),
        transport,
    })
}

/// A connection on the loopback; its other end, which nobody reads, must be kept.
pub(crate) async fn connection() -> (Arc<ConnWriter>, TcpStream) {
    let listener = TcpListener::bind((PEER, 0)).await.expect("listen");
    let address = listener.local_addr().expect("address");
    let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
    let (server, peer) = accepted.expect("accept");
    (ConnWriter::new(Arc::new(server), peer), client.expect("connect"))
}

pub(crate) fn tcp_stream(conn: &Arc<ConnWriter>, channel: u8, is_video: bool) -> Arc<RtpStream> {
    let conn = Arc::clone(conn);
    stream(Transport::Interleaved { conn, rtp_channel: channel, rtcp_channel: channel + 1 }, is_video)
}

/// What a [`ListSource`] does when its list is at an end.
#[derive(Debug, Clone)]
pub(super) enum AtEnd {
    End,
    Fail,
    Panic,
    Pend,
}

/// A source made of a list. Thins only at level 5 and above, to sync samples, unless made to thin as files do.
pub(super) struct ListSource {
    packets: Vec<PacketHead>,
    size: usize,
    block: Bytes,
    next: usize,
    /// The frame under way and whether it is left out: a frame is thinned as a whole.
    frame: (u32, bool),
    /// Frames between sync samples, if it thins by all levels, and the level in force.
    levels: Option<(u32, u8)>,
    pub(super) at_end: AtEnd,
    waker: Arc<parking_lot::Mutex<Option<SessionWaker>>>,
}

/// `count` packets, `per_frame` of them per frame, a frame each `gap_us`, a sync sample each `gop` frames.
pub(super) fn list(count: usize, per_frame: usize, gap_us: i64, gop: u32, size: usize) -> ListSource {
    let packets = (0..count).map(|index| {
        let frame = (index / per_frame) as u32;
        let time_us = i64::from(frame) * gap_us;
        PacketHead {
            kind: PacketKind::Payload,
            time_us,
            rtp_time: (time_us * 9 / 100) as u32,
            marker: index % per_frame == per_frame - 1,
            payload_type: 96,
            rtp_bits: 0,
            source_sequence: index as u16,
            sample: frame + 1,
            sync: frame % gop == 0,
            repeat: false,
        }
    });
    let mut block = Vec::new();
    for index in 0..count as u32 {
        block.extend(vec![0; size - 4]);
        block.extend(index.to_be_bytes());
    }
    let waker = Arc::default();
    ListSource {
        packets: packets.collect(),
        size,
        block: block.into(),
        next: 0,
        frame: (0, false),
        levels: None,
        at_end: AtEnd::End,
        waker,
    }
}

impl ListSource {
    /// Thins by the levels of hinted files without B frames; there is a sync sample each `gop` frames.
    pub(super) fn thins_as_files(mut self, gop: u32) -> Self {
        self.levels = Some((gop, 0));
        self
    }

    fn leaves_out(&mut self, head: &PacketHead, quality: u8) -> bool {
        let Some((gop, level)) = &mut self.levels else {
            return !head.sync && (quality >= 5 || self.frame.1);
        };
        if quality > *level || head.sync {
            *level = quality;
        }
        let at = (head.sample - 1) % *gop;
        let percent = match *level {
            0 | 1 => return false,
            2..=4 => 100 - 25 * (u32::from(*level) - 1),
            5 => return at > 0,
            _ => return at > 1,
        };
        at * 100 >= *gop * percent
    }

    pub(super) fn at_end(mut self, at_end: AtEnd) -> Self {
        self.at_end = at_end;
        self
    }

    pub(super) fn edit(mut self, index: usize, edit: impl FnOnce(&mut PacketHead)) -> Self {
        edit(&mut self.packets[index]);
        self
    }

    pub(super) fn waker(&self) -> Arc<parking_lot::Mutex<Option<SessionWaker>>> {
        Arc::clone(&self.waker)
    }
}

impl PacketSource for ListSource {
    fn peek(&mut self, context: &ReadContext<'_>) -> Peek {
        while let Some(head) = self.packets.get(self.next).copied() {
            if head.sample != self.frame.0 {
                self.frame = (head.sample, self.leaves_out(&head, context.quality));
            }
            if self.frame.1 || (head.repeat && context.skip_repeats) {
                self.next += 1;
                continue;
            }
            return Peek::Packet(head);
        }
        match self.at_end {
            AtEnd::End => Peek::End,
            AtEnd::Fail => Peek::Failed("the disk is gone".to_owned()),
            AtEnd::Panic => panic!("a source's bug"),
            AtEnd::Pend => {
                *self.waker.lock() = Some(context.waker.clone());
                self.at_end = AtEnd::End;
                Peek::Pending { retry_us: None }
            }
        }
    }

    fn payload(&self) -> Option<(&Bytes, Range<usize>)> {
        (self.next < self.packets.len()).then(|| (&self.block, self.next * self.size..(self.next + 1) * self.size))
    }

    fn advance(&mut self) {
        self.next += 1;
    }
}

pub(super) fn play_stream(stream: &Arc<RtpStream>, source: ListSource) -> PlayStream {
    PlayStream { stream: Arc::clone(stream), source: Box::new(source), send_reports: true }
}

pub(super) fn request(key: SessionKey, streams: Vec<PlayStream>) -> PlayRequest {
    PlayRequest::new(key, streams, 0, Arc::new(SendPrefs::default()))
}
