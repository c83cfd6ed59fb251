//! Datagrams of many sessions in few system calls: `sendmmsg` with generic segmentation offload.
//!
//! Packets of equal size for one address, the last of them possibly shorter, become one message that the kernel (or the
//! network card) cuts up (`UDP_SEGMENT`, Linux 4.18). Where that is refused, packets are sent singly: for good if the
//! machine can't do it, for a message if only this message was at fault.
//!
//! Besides `datagrams` this is the only file of the room with `unsafe` in it: the C library's `sendmmsg` takes pointers.
#![allow(unsafe_code)]

use std::io;
use std::mem;
use std::net::{SocketAddr, UdpSocket};
use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use socket2::SockAddr;

use super::counters::WorkerCounters;
use super::gather::Gather;
use super::ports::UdpPair;

/// Segments the kernel cuts one message into at most (`UDP_MAX_SEGMENTS` of older kernels).
const MAX_SEGMENTS: usize = 64;

/// Bytes of a message before segmentation; an IPv4 datagram holds 65507.
const MAX_MESSAGE: usize = 65_000;

/// Segments must fit the path's MTU; larger packets are left to IP fragmentation, one by one.
const MAX_SEGMENT_SIZE: usize = 1472;

/// Messages per call; the kernel takes 1024.
const MAX_MESSAGES: usize = 256;

/// How often, and how long each time (ms), to wait for room in a socket's send buffer before giving packets up.
const FULL_WAITS: u32 = 3;
const FULL_WAIT_MS: u8 = 2;

/// Whether segmentation offload is in use; shared by all workers.
#[derive(Debug)]
pub struct Offload(AtomicBool);

impl Offload {
    /// Asks the kernel whether it knows `UDP_SEGMENT`.
    pub fn detect() -> Arc<Self> {
        Arc::new(Self(AtomicBool::new(kernel_has_segmentation())))
    }

    /// Offload on or off by decree.
    pub fn fixed(on: bool) -> Arc<Self> {
        Arc::new(Self(AtomicBool::new(on)))
    }

    /// Whether messages are segmented by the kernel.
    pub fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn switch_off(&self) {
        if self.0.swap(false, Ordering::Relaxed) {
            tracing::warn!("udp segmentation offload does not work here; sending packets one by one");
        }
    }
}

fn kernel_has_segmentation() -> bool {
    let Ok(socket) = UdpSocket::bind("127.0.0.1:0") else { return false };
    let mut value: libc::c_int = 0;
    let mut len = mem::size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: `value` and `len` are live for the call, and `len` holds the size of `value`.
    let result = unsafe {
        libc::getsockopt(socket.as_raw_fd(), libc::SOL_UDP, libc::UDP_SEGMENT, (&raw mut value).cast(), &raw mut len)
    };
    result == 0
}

/// A message: packets `first .. first + count` of a lane, to one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Message {
    first: usize,
    count: usize,
    /// Size of all packets but the last; 0 if it is not to be segmented.
    segment: usize,
}

/// Datagrams of one socket.
#[derive(Debug, Default)]
struct Lane {
    pair: Option<Arc<UdpPair>>,
    is_rtcp: bool,
    packets: Gather,
    /// Address of each packet, an index into `addresses`.
    to: Vec<u32>,
    addresses: Vec<SockAddr>,
    last: Option<SocketAddr>,
}

impl Lane {
    fn push(&mut self, to: SocketAddr, head: &[u8], payload: Option<(&Bytes, Range<usize>)>) {
        if self.last != Some(to) {
            self.addresses.push(SockAddr::from(to));
            self.last = Some(to);
        }
        self.packets.push(head, payload);
        self.to.push((self.addresses.len() - 1) as u32);
    }

    fn clear(&mut self) {
        self.pair = None;
        self.packets.clear();
        self.to.clear();
        self.addresses.clear();
        self.last = None;
    }

    /// The longest message that may start with packet `first`.
    fn message_at(&self, first: usize, offload: bool) -> Message {
        let segment = self.packets.size(first);
        let mut message = Message { first, count: 1, segment: 0 };
        if !offload || segment == 0 || segment > MAX_SEGMENT_SIZE {
            return message;
        }
        let mut total = segment;
        while message.count < MAX_SEGMENTS {
            let next = first + message.count;
            let size = self.packets.size(next);
            let fits = next < self.packets.len() && self.to.get(next) == self.to.get(first);
            if !fits || size == 0 || size > segment || total + size > MAX_MESSAGE {
                break;
            }
            total += size;
            message.count += 1;
            message.segment = segment;
            if size < segment {
                break;
            }
        }
        message
    }
}

/// Room for one control message with a 16-bit segment size, aligned as the kernel reads it.
#[repr(C)]
#[derive(Clone, Copy)]
struct SegmentControl {
    header: libc::cmsghdr,
    segment: u16,
    padding: [u8; 6],
}

/// Datagrams gathered by a worker. Not `Send` on purpose: it holds pointers during a call, and each worker has its own.
pub struct UdpBatch {
    lanes: Vec<Lane>,
    /// Lanes in use; the rest are kept for their room.
    used: usize,
    recent: usize,
    queued: usize,
    messages: Vec<Message>,
    vectors: Vec<libc::iovec>,
    controls: Vec<SegmentControl>,
    headers: Vec<libc::mmsghdr>,
    offload: Arc<Offload>,
    counters: Arc<WorkerCounters>,
}

/// Why a call took fewer messages than it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    None,
    /// The socket's buffer is full.
    Full,
    /// Segmentation is not to be had at all.
    NoOffload,
    /// The first message left is at fault.
    Message,
}

impl UdpBatch {
    /// An empty batch. Losses and batch sizes are counted in `counters`.
    pub fn new(offload: Arc<Offload>, counters: Arc<WorkerCounters>) -> Self {
        Self {
            lanes: Vec::new(),
            used: 0,
            recent: 0,
            queued: 0,
            messages: Vec::new(),
            vectors: Vec::new(),
            controls: Vec::new(),
            headers: Vec::new(),
            offload,
            counters,
        }
    }

    /// Datagrams waiting.
    pub fn len(&self) -> usize {
        self.queued
    }

    /// Whether none is waiting.
    pub fn is_empty(&self) -> bool {
        self.queued == 0
    }

    /// Adds a datagram of `head` and `payload`, to be sent from `pair`'s RTP (or RTCP) socket.
    pub fn push(
        &mut self,
        pair: &Arc<UdpPair>,
        is_rtcp: bool,
        to: SocketAddr,
        head: &[u8],
        payload: Option<(&Bytes, Range<usize>)>,
    ) {
        let lane = self.lane(pair, is_rtcp);
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.push(to, head, payload);
            self.queued += 1;
        }
    }

    fn lane(&mut self, pair: &Arc<UdpPair>, is_rtcp: bool) -> usize {
        let fits = |lane: &Lane| {
            lane.is_rtcp == is_rtcp && lane.pair.as_ref().is_some_and(|of_lane| Arc::ptr_eq(of_lane, pair))
        };
        let used = self.lanes.get(..self.used).unwrap_or_default();
        if used.get(self.recent).is_some_and(fits) {
            return self.recent;
        }
        self.recent = match used.iter().position(fits) {
            Some(index) => index,
            None => {
                if self.used == self.lanes.len() {
                    self.lanes.push(Lane::default());
                }
                if let Some(lane) = self.lanes.get_mut(self.used) {
                    lane.pair = Some(Arc::clone(pair));
                    lane.is_rtcp = is_rtcp;
                }
                self.used += 1;
                self.used - 1
            }
        };
        self.recent
    }

    /// Sends all that is waiting. What the kernel has no room for within some milliseconds, or refuses, is lost and
    /// counted, as datagrams may be.
    pub fn flush(&mut self) {
        for index in 0..self.used {
            let mut lane = self.lanes.get_mut(index).map(mem::take).unwrap_or_default();
            if let Some(pair) = lane.pair.take() {
                let socket = if lane.is_rtcp { pair.rtcp() } else { pair.rtp() };
                self.send_lane(socket, &lane);
            }
            lane.clear();
            if let Some(slot) = self.lanes.get_mut(index) {
                *slot = lane;
            }
        }
        self.used = 0;
        self.recent = 0;
        self.queued = 0;
    }

    /// Gives up the room for packets, if none is waiting.
    pub fn shrink(&mut self) {
        if self.is_empty() {
            self.lanes = Vec::new();
            self.messages = Vec::new();
            self.vectors = Vec::new();
            self.controls = Vec::new();
            self.headers = Vec::new();
        }
    }

    fn send_lane(&mut self, socket: &UdpSocket, lane: &Lane) {
        let packets = lane.packets.len();
        let (mut next, mut singly_until, mut waits) = (0, 0, 0);
        while next < packets {
            self.plan(lane, next, singly_until);
            let (sent, refusal) = self.transmit(socket, lane);
            next += sent;
            match refusal {
                Refusal::None if sent > 0 => waits = 0,
                Refusal::NoOffload if self.offload.is_on() => self.offload.switch_off(),
                Refusal::Full => {
                    waits = if sent > 0 { 0 } else { waits + 1 };
                    if waits > FULL_WAITS || !wait_for_room(socket) {
                        self.lose(packets - next);
                        return;
                    }
                }
                Refusal::None | Refusal::NoOffload | Refusal::Message => {
                    let refused = lane.message_at(next, self.offload.is_on() && next >= singly_until);
                    if refused.count > 1 {
                        singly_until = next + refused.count;
                    } else {
                        self.lose(1);
                        next += 1;
                    }
                }
            }
        }
    }

    fn lose(&self, datagrams: usize) {
        self.counters.lost_datagrams.fetch_add(datagrams as u64, Ordering::Relaxed);
    }

    /// Lays out the messages of the next call; packets before `singly_until` go one by one.
    fn plan(&mut self, lane: &Lane, first: usize, singly_until: usize) {
        let offload = self.offload.is_on();
        self.messages.clear();
        let mut next = first;
        while next < lane.packets.len() && self.messages.len() < MAX_MESSAGES {
            let message = lane.message_at(next, offload && next >= singly_until);
            next += message.count;
            self.messages.push(message);
        }
    }

    /// One call with the planned messages. Returns the packets sent and what stopped it.
    fn transmit(&mut self, socket: &UdpSocket, lane: &Lane) -> (usize, Refusal) {
        self.build(lane);
        let sent = loop {
            // SAFETY: `headers` holds as many entries as the length says. `build` has pointed each at vectors, control
            // messages and addresses that live in `self` and `lane` and are not touched before the call returns; the
            // kernel writes only to the entries' `msg_len`.
            let result = unsafe {
                libc::sendmmsg(
                    socket.as_raw_fd(),
                    self.headers.as_mut_ptr(),
                    self.headers.len() as libc::c_uint,
                    libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL,
                )
            };
            match usize::try_from(result) {
                Ok(sent) => break sent,
                Err(_) => match io::Error::last_os_error() {
                    error if error.kind() == io::ErrorKind::Interrupted => {}
                    error => return (0, refusal(&error)),
                },
            }
        };
        let packets = self.messages.iter().take(sent).map(|message| message.count).sum();
        self.counters.send_calls.fetch_add(1, Ordering::Relaxed);
        self.counters.batch_packets.record(packets as u64, 1);
        (packets, Refusal::None)
    }

    fn build(&mut self, lane: &Lane) {
        self.vectors.clear();
        self.controls.clear();
        self.headers.clear();
        let packets: usize = self.messages.iter().map(|message| message.count).sum();
        // The pointers taken below must stay good: no vector may grow after this.
        self.vectors.reserve(packets * 2);
        self.controls.reserve(self.messages.len());
        self.headers.reserve(self.messages.len());
        for message in &self.messages {
            let start = self.vectors.len();
            for index in message.first..message.first + message.count {
                let (head, payload) = lane.packets.frame(index);
                self.vectors.extend([head, payload].into_iter().filter(|part| !part.is_empty()).map(vector));
            }
            let address = lane.to.get(message.first).and_then(|index| lane.addresses.get(*index as usize));
            let Some(address) = address else { continue };
            // SAFETY: all-zero bytes are a valid `msghdr`; musl has private padding fields, hence no literal.
            let mut header: libc::msghdr = unsafe { mem::zeroed() };
            header.msg_name = address.as_ptr().cast_mut().cast();
            header.msg_namelen = address.len();
            header.msg_iov = self.vectors.as_mut_ptr().wrapping_add(start);
            header.msg_iovlen = (self.vectors.len() - start) as _;
            if message.segment > 0 {
                self.controls.push(segment_control(message.segment));
                let control = self.controls.as_mut_ptr().wrapping_add(self.controls.len() - 1);
                header.msg_control = control.cast();
                // CMSG_SPACE of a u16, not the size of the struct, though they are the same.
                header.msg_controllen = mem::size_of::<SegmentControl>() as _;
            }
            self.headers.push(libc::mmsghdr { msg_hdr: header, msg_len: 0 });
        }
    }
}

fn vector(part: &[u8]) -> libc::iovec {
    libc::iovec { iov_base: part.as_ptr().cast_mut().cast(), iov_len: part.len() }
}

fn segment_control(segment: usize) -> SegmentControl {
    // SAFETY: all-zero bytes are a valid `cmsghdr`.
    let mut header: libc::cmsghdr = unsafe { mem::zeroed() };
    // SAFETY: CMSG_LEN only computes.
    header.cmsg_len = unsafe { libc::CMSG_LEN(mem::size_of::<u16>() as libc::c_uint) } as _;
    header.cmsg_level = libc::SOL_UDP;
    header.cmsg_type = libc::UDP_SEGMENT;
    SegmentControl { header, segment: segment as u16, padding: [0; 6] }
}

fn refusal(error: &io::Error) -> Refusal {
    match error.raw_os_error() {
        Some(libc::EAGAIN | libc::ENOBUFS | libc::ENOMEM) => Refusal::Full,
        // The device can't checksum what it would segment: no offload on this route, and likely on none.
        Some(libc::EIO | libc::EOPNOTSUPP) => Refusal::NoOffload,
        _ => Refusal::Message,
    }
}

fn wait_for_room(socket: &UdpSocket) -> bool {
    let mut fds = [PollFd::new(socket.as_fd(), PollFlags::POLLOUT)];
    let polled = poll(&mut fds, PollTimeout::from(FULL_WAIT_MS));
    if matches!(polled, Ok(1)) {
        // ENOBUFS comes from the device's queue, which poll knows nothing of: give it a moment.
        std::thread::sleep(Duration::from_micros(200));
    }
    polled.is_ok()
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;

    use super::super::clock::SystemClock;
    use super::super::ports::{NoObserver, PairLease, PoolConfig, PortPool};
    use super::*;

    const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn lease(port: u16) -> (PortPool, PairLease) {
        let config = PoolConfig { first_port: 25_000, ..PoolConfig::default() };
        let pool = PortPool::new(config, None, Arc::new(SystemClock::new()), Arc::new(NoObserver));
        let lease = pool.allocate(LOCAL, SocketAddr::new(LOCAL, port)).expect("a pair");
        (pool, lease)
    }

    fn player() -> (UdpSocket, SocketAddr) {
        let socket = UdpSocket::bind((LOCAL, 0)).expect("player");
        socket.set_read_timeout(Some(Duration::from_secs(10))).expect("timeout");
        let address = socket.local_addr().expect("address");
        (socket, address)
    }

    fn receive(player: &UdpSocket) -> (Vec<u8>, SocketAddr) {
        let mut buffer = [0; 70_000];
        let (len, from) = player.recv_from(&mut buffer).expect("a datagram");
        (buffer[..len].to_vec(), from)
    }

    fn batch(offload: bool) -> UdpBatch {
        let on = offload && Offload::detect().is_on();
        UdpBatch::new(Offload::fixed(on), Arc::default())
    }

    /// A video frame as packetisers make it, a short packet, another frame.
    const SIZES: [usize; 9] = [1400, 1400, 1400, 200, 30, 900, 900, 900, 1300];

    #[test]
    fn packets_arrive_alike_with_and_without_offload() {
        for offload in [false, true] {
            let ((one, to_one), (two, to_two)) = (player(), player());
            let (_pool, lease) = lease(9);
            let block = Bytes::from((0..2000u32).map(|byte| byte as u8).collect::<Vec<_>>());
            let mut batch = batch(offload);
            for to in [to_one, to_two, to_one] {
                for (index, size) in SIZES.iter().enumerate() {
                    batch.push(lease.pair(), false, to, &[index as u8; 12], Some((&block, 0..*size)));
                }
            }
            assert_eq!(batch.len(), 27);
            batch.flush();
            assert!(batch.is_empty());
            for (player, rounds) in [(&one, 2), (&two, 1)] {
                for (index, size) in SIZES.iter().enumerate().cycle().take(SIZES.len() * rounds) {
                    let (datagram, from) = receive(player);
                    assert_eq!(datagram, [&[index as u8; 12][..], &block[..*size]].concat());
                    assert_eq!(from.port(), lease.pair().rtp_port());
                }
            }
            assert_eq!(batch.counters.send_calls.load(Ordering::Relaxed), 1);
        }
    }

    #[test]
    fn rtcp_leaves_from_the_odd_port() {
        let (player, to) = player();
        let (_pool, lease) = lease(9);
        let mut batch = batch(true);
        batch.push(lease.pair(), true, to, b"report", None);
        batch.push(lease.pair(), false, to, b"packet", None);
        batch.flush();
        let mut got = [receive(&player), receive(&player)].map(|(bytes, from)| (bytes, from.port()));
        got.sort();
        let port = lease.pair().rtp_port();
        assert_eq!(got, [(b"packet".to_vec(), port), (b"report".to_vec(), port + 1)]);
    }

    #[test]
    fn a_refused_packet_costs_only_itself() {
        let (player, to) = player();
        let (_pool, lease) = lease(9);
        let block = Bytes::from(vec![7; 70_000]);
        let mut batch = batch(true);
        batch.push(lease.pair(), false, to, b"1", Some((&block, 0..100)));
        batch.push(lease.pair(), false, to, b"2", Some((&block, 0..70_000))); // no datagram is that long
        batch.push(lease.pair(), false, "[::1]:9".parse().expect("address"), b"3", None); // wrong family
        batch.push(lease.pair(), false, to, b"4", Some((&block, 0..100)));
        batch.flush();
        assert_eq!(receive(&player).0[0], b'1');
        assert_eq!(receive(&player).0[0], b'4');
        assert_eq!(batch.counters.lost_datagrams.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_message_is_a_run_of_equal_packets_with_one_shorter_end() {
        let mut lane = Lane::default();
        let (one, two) = (SocketAddr::new(LOCAL, 1), SocketAddr::new(LOCAL, 2));
        for (to, size) in [(one, 100), (one, 100), (one, 60), (one, 60), (one, 100), (two, 100), (two, 0)] {
            lane.push(to, &vec![0; size], None);
        }
        let count = |first| lane.message_at(first, true).count;
        assert_eq!([count(0), count(2), count(3), count(4), count(5)], [3, 2, 1, 1, 1]);
        assert_eq!(lane.message_at(0, true).segment, 100);
        assert_eq!(lane.message_at(3, true).segment, 0);
        assert_eq!(lane.message_at(0, false).count, 1);
    }

    #[test]
    fn messages_stay_within_the_kernels_bounds() {
        let mut lane = Lane::default();
        for _ in 0..200 {
            lane.push(SocketAddr::new(LOCAL, 1), &[0; 1400], None);
        }
        let large = lane.message_at(0, true);
        assert!(large.count * 1400 <= MAX_MESSAGE && large.count > 40);
        let mut small = Lane::default();
        for _ in 0..200 {
            small.push(SocketAddr::new(LOCAL, 1), &[0; 100], None);
        }
        assert_eq!(small.message_at(0, true).count, MAX_SEGMENTS);
    }

    #[test]
    fn what_cannot_be_segmented_falls_back_by_kind_of_error() {
        let error = io::Error::from_raw_os_error;
        assert_eq!(refusal(&error(libc::EIO)), Refusal::NoOffload);
        assert_eq!(refusal(&error(libc::EINVAL)), Refusal::Message);
        assert_eq!(refusal(&error(libc::EMSGSIZE)), Refusal::Message);
        assert_eq!(refusal(&error(libc::EAGAIN)), Refusal::Full);
        assert_eq!(refusal(&error(libc::ENOBUFS)), Refusal::Full);
    }
}
