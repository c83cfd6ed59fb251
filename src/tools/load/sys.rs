//! The kernel as the tool needs it: batched datagrams with their arrival times, epoll, limits, signals.
//! All of the tool's `unsafe` is here.

use std::io;
use std::mem::{MaybeUninit, size_of, zeroed};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU32, Ordering};

use libc::{c_int, c_void, socklen_t};
use socket2::SockAddr;

/// Datagrams taken or sent in one system call.
pub const BATCH: usize = 64;
const CONTROL: usize = 128;

fn check(result: c_int) -> io::Result<c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn set_option(fd: RawFd, level: c_int, name: c_int, value: c_int) -> io::Result<()> {
    let value: *const c_int = &value;
    // SAFETY: value points to one c_int for the time of the call, and its size is given.
    check(unsafe { libc::setsockopt(fd, level, name, value.cast::<c_void>(), size_of::<c_int>() as socklen_t) })?;
    Ok(())
}

/// Makes a UDP socket tell destination address and arrival time of each datagram, and hand over runs when `gro`.
pub fn prepare_receiver(socket: &UdpSocket, gro: bool, buffer: usize) -> io::Result<()> {
    let fd = socket.as_raw_fd();
    if socket.local_addr()?.is_ipv4() {
        set_option(fd, libc::IPPROTO_IP, libc::IP_PKTINFO, 1)?;
    } else {
        set_option(fd, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1)?;
    }
    set_option(fd, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1)?;
    if gro {
        // kernels before 5.0 don't know it; datagrams then come one by one
        let _ = set_option(fd, libc::SOL_UDP, libc::UDP_GRO, 1);
    }
    let buffer = c_int::try_from(buffer).unwrap_or(c_int::MAX);
    if set_option(fd, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, buffer).is_err() {
        set_option(fd, libc::SOL_SOCKET, libc::SO_RCVBUF, buffer)?;
    }
    socket.set_nonblocking(true)
}

/// Leaves the choice of a TCP socket's local port to `connect`.
pub fn bind_without_port(socket: &socket2::Socket) -> io::Result<()> {
    set_option(socket.as_raw_fd(), libc::IPPROTO_IP, libc::IP_BIND_ADDRESS_NO_PORT, 1)
}

/// Datagrams that the kernel dropped because the socket's buffer was full.
pub fn dropped(socket: &UdpSocket) -> u64 {
    const SK_MEMINFO_DROPS: usize = 8;
    let mut info = [0u32; 16];
    let mut length = size_of::<[u32; 16]>() as socklen_t;
    // SAFETY: info is writable for length bytes.
    let result = unsafe {
        let place = info.as_mut_ptr().cast::<c_void>();
        libc::getsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_MEMINFO, place, &mut length)
    };
    if result == 0 && length as usize > SK_MEMINFO_DROPS * 4 { u64::from(info[SK_MEMINFO_DROPS]) } else { 0 }
}

/// Raises the limit of open descriptors towards `wanted`; tells what is allowed now.
pub fn raise_descriptor_limit(wanted: u64) -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: limit is a valid rlimit for both calls.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) != 0 || limit.rlim_cur >= wanted {
            return limit.rlim_cur;
        }
        let more = libc::rlimit { rlim_cur: wanted, rlim_max: limit.rlim_max.max(wanted) };
        if libc::setrlimit(libc::RLIMIT_NOFILE, &more) != 0 {
            let most = libc::rlimit { rlim_cur: limit.rlim_max, ..limit };
            libc::setrlimit(libc::RLIMIT_NOFILE, &most);
        }
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
    }
    limit.rlim_cur
}

static INTERRUPTS: AtomicU32 = AtomicU32::new(0);

extern "C" fn count_interrupt(_signal: c_int) {
    INTERRUPTS.fetch_add(1, Ordering::Relaxed);
}

/// From now on SIGINT and SIGTERM are counted instead of ending the process.
pub fn count_interrupts() {
    // SAFETY: the handler only adds to an atomic, which is async-signal-safe; action is fully initialised.
    unsafe {
        let mut action: libc::sigaction = zeroed();
        action.sa_sigaction = count_interrupt as extern "C" fn(c_int) as usize;
        libc::sigaction(libc::SIGINT, &action, std::ptr::null_mut());
        libc::sigaction(libc::SIGTERM, &action, std::ptr::null_mut());
    }
}

/// SIGINTs and SIGTERMs so far.
pub fn interrupts() -> u32 {
    INTERRUPTS.load(Ordering::Relaxed)
}

/// CPU time of this process, microseconds.
pub fn own_cpu_us() -> u64 {
    // SAFETY: usage is a valid rusage to be filled.
    let usage = unsafe {
        let mut usage: libc::rusage = zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let micros = |t: libc::timeval| t.tv_sec as u64 * 1_000_000 + t.tv_usec as u64;
    micros(usage.ru_utime) + micros(usage.ru_stime)
}

/// Ticks per second of the times in /proc.
pub fn clock_ticks() -> u64 {
    // SAFETY: sysconf has no preconditions.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_CLK_TCK) }).unwrap_or(100).max(1)
}

/// A level-triggered epoll instance.
pub struct Epoll {
    fd: OwnedFd,
    events: Vec<libc::epoll_event>,
}

/// What a descriptor is watched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Bytes to read.
    Read,
    /// Bytes to read, or room to write (a connection that comes up has room).
    ReadWrite,
    /// Room to write.
    Write,
}

impl Interest {
    fn bits(self) -> u32 {
        let bits = match self {
            Self::Read => libc::EPOLLIN,
            Self::ReadWrite => libc::EPOLLIN | libc::EPOLLOUT,
            Self::Write => libc::EPOLLOUT,
        };
        bits as u32
    }
}

impl Epoll {
    /// A new instance that tells up to 1024 events at a time.
    pub fn new() -> io::Result<Self> {
        // SAFETY: epoll_create1 returns a new descriptor that nobody else owns.
        let fd = unsafe { OwnedFd::from_raw_fd(check(libc::epoll_create1(libc::EPOLL_CLOEXEC))?) };
        Ok(Self { fd, events: vec![libc::epoll_event { events: 0, u64: 0 }; 1024] })
    }

    fn control(&self, operation: c_int, fd: RawFd, bits: u32, token: u64) -> io::Result<()> {
        let mut event = libc::epoll_event { events: bits, u64: token };
        // SAFETY: event is valid for the call; the kernel copies it.
        check(unsafe { libc::epoll_ctl(self.fd.as_raw_fd(), operation, fd, &mut event) })?;
        Ok(())
    }

    /// Watches `fd`; its events carry `token`.
    pub fn add(&self, fd: RawFd, interest: Interest, token: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, fd, interest.bits(), token)
    }

    /// Changes what `fd` is watched for.
    pub fn change(&self, fd: RawFd, interest: Interest, token: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, fd, interest.bits(), token)
    }

    /// Watches `fd` no more.
    pub fn remove(&self, fd: RawFd) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_DEL, fd, 0, 0)
    }

    /// Waits up to `timeout_ms` and appends the tokens of ready descriptors to `ready`.
    pub fn wait(&mut self, timeout_ms: i32, ready: &mut Vec<u64>) -> io::Result<()> {
        let room = self.events.len() as c_int;
        // SAFETY: events has room for as many entries as are told.
        let result = unsafe { libc::epoll_wait(self.fd.as_raw_fd(), self.events.as_mut_ptr(), room, timeout_ms) };
        match check(result) {
            Ok(count) => ready.extend(self.events.iter().take(count as usize).map(|e| e.u64)),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
        Ok(())
    }
}

/// What the kernel told about one received datagram or run of datagrams.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// Bytes in its buffer.
    pub length: usize,
    /// Size of each datagram of a run, the last may be shorter; 0 when it is one datagram.
    pub segment: usize,
    /// Sender.
    pub from: Option<SocketAddr>,
    /// Address it was sent to.
    pub to: Option<IpAddr>,
    /// When it came, wall clock in microseconds; 0 when not told.
    pub realtime_us: i64,
}

/// Buffers for `recvmmsg`.
pub struct Receiver {
    buffers: Vec<u8>,
    size: usize,
    names: Vec<libc::sockaddr_storage>,
    controls: Vec<[u64; CONTROL / 8]>, // aligned as cmsghdr
    arrivals: Vec<Arrival>,
}

impl Receiver {
    /// Buffers for datagrams of up to `size` bytes, 65,535 for runs.
    pub fn new(size: usize) -> Self {
        // SAFETY: sockaddr_storage is plain data, valid when zero.
        let name: libc::sockaddr_storage = unsafe { zeroed() };
        Self {
            buffers: vec![0; size * BATCH],
            size,
            names: vec![name; BATCH],
            controls: vec![[0; CONTROL / 8]; BATCH],
            arrivals: Vec::with_capacity(BATCH),
        }
    }

    /// Takes what is there, at most [`BATCH`]; 0 when nothing is.
    pub fn receive(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        self.arrivals.clear();
        let mut parts = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; BATCH];
        // SAFETY: mmsghdr is plain data, valid when zero.
        let mut messages: [libc::mmsghdr; BATCH] = unsafe { zeroed() };
        let pieces = self.buffers.chunks_exact_mut(self.size).zip(&mut self.names).zip(&mut self.controls);
        for (((buffer, name), control), (part, message)) in pieces.zip(parts.iter_mut().zip(&mut messages)) {
            *part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
            message.msg_hdr.msg_iov = part;
            message.msg_hdr.msg_iovlen = 1;
            message.msg_hdr.msg_name = std::ptr::from_mut(name).cast();
            message.msg_hdr.msg_namelen = size_of::<libc::sockaddr_storage>() as socklen_t;
            message.msg_hdr.msg_control = control.as_mut_ptr().cast();
            message.msg_hdr.msg_controllen = CONTROL as _;
        }
        // SAFETY: all pointers set above live in self or on this stack frame until the call is over.
        let result = unsafe {
            let list = messages.as_mut_ptr();
            libc::recvmmsg(socket.as_raw_fd(), list, BATCH as u32, libc::MSG_DONTWAIT, std::ptr::null_mut())
        };
        let count = match check(result) {
            Ok(count) => count as usize,
            // a refused RTCP comes back as an error on the next call; it says nothing about what is received
            Err(e) if matches!(e.raw_os_error(), Some(libc::EAGAIN | libc::EINTR | libc::ECONNREFUSED)) => 0,
            Err(e) => return Err(e),
        };
        for (message, name) in messages.iter().zip(&self.names).take(count) {
            // SAFETY: the kernel has filled header, name and control buffer of this message; all are alive.
            let arrival = unsafe { read_arrival(&message.msg_hdr, name, message.msg_len as usize) };
            self.arrivals.push(Arrival { length: arrival.length.min(self.size), ..arrival });
        }
        Ok(count)
    }

    /// The bytes and origin of what was received as number `n`.
    pub fn get(&self, n: usize) -> Option<(&[u8], Arrival)> {
        let arrival = *self.arrivals.get(n)?;
        let data = self.buffers.get(n * self.size..n * self.size + arrival.length)?;
        Some((data, arrival))
    }
}

/// # Safety
/// `header` must have been filled by a receive call, and its control buffer must be alive.
unsafe fn read_arrival(header: &libc::msghdr, name: &libc::sockaddr_storage, length: usize) -> Arrival {
    let mut arrival = Arrival { length, segment: 0, from: read_address(name), to: None, realtime_us: 0 };
    // SAFETY: see above; CMSG_NXTHDR stays inside msg_controllen, and read_unaligned copies plain data that the kernel
    // wrote with that type.
    unsafe {
        let mut entry = libc::CMSG_FIRSTHDR(header);
        while !entry.is_null() {
            let data = libc::CMSG_DATA(entry);
            match ((*entry).cmsg_level, (*entry).cmsg_type) {
                (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                    let info: libc::in_pktinfo = data.cast::<libc::in_pktinfo>().read_unaligned();
                    arrival.to = Some(Ipv4Addr::from(u32::from_be(info.ipi_addr.s_addr)).into());
                }
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                    let info: libc::in6_pktinfo = data.cast::<libc::in6_pktinfo>().read_unaligned();
                    arrival.to = Some(Ipv6Addr::from(info.ipi6_addr.s6_addr).into());
                }
                (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => {
                    let time: libc::timespec = data.cast::<libc::timespec>().read_unaligned();
                    arrival.realtime_us = time.tv_sec * 1_000_000 + time.tv_nsec / 1000;
                }
                (libc::SOL_UDP, libc::UDP_GRO) => {
                    let size: c_int = data.cast::<c_int>().read_unaligned();
                    arrival.segment = usize::try_from(size).unwrap_or(0);
                }
                _ => {}
            }
            entry = libc::CMSG_NXTHDR(header, entry);
        }
    }
    arrival
}

fn read_address(name: &libc::sockaddr_storage) -> Option<SocketAddr> {
    let place: *const libc::sockaddr_storage = name;
    match c_int::from(name.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says that a sockaddr_in is stored; storage is larger and aligned for it.
            let v4 = unsafe { *place.cast::<libc::sockaddr_in>() };
            Some((Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr)), u16::from_be(v4.sin_port)).into())
        }
        libc::AF_INET6 => {
            // SAFETY: as above with sockaddr_in6.
            let v6 = unsafe { *place.cast::<libc::sockaddr_in6>() };
            Some((Ipv6Addr::from(v6.sin6_addr.s6_addr), u16::from_be(v6.sin6_port)).into())
        }
        _ => None,
    }
}

/// One datagram to send.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Receiver.
    pub to: SocketAddr,
    /// Local address it shall come from.
    pub from: IpAddr,
    /// Content.
    pub data: Vec<u8>,
}

/// Sends all of `datagrams`; what the kernel does not take is not sent again, as on the way it might be lost as well.
pub fn send_all(socket: &UdpSocket, datagrams: &[Outgoing]) -> usize {
    let mut sent = 0;
    for batch in datagrams.chunks(BATCH) {
        let mut skipped = 0;
        while let Some(rest) = batch.get(skipped..).filter(|r| !r.is_empty()) {
            match send_batch(socket, rest) {
                Ok(count) if count > 0 => {
                    sent += count;
                    skipped += count;
                }
                _ => skipped += 1,
            }
        }
    }
    sent
}

fn send_batch(socket: &UdpSocket, batch: &[Outgoing]) -> io::Result<usize> {
    let addresses: Vec<SockAddr> = batch.iter().map(|d| SockAddr::from(d.to)).collect();
    let mut controls = [[0u64; CONTROL / 8]; BATCH];
    let mut parts = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; BATCH];
    // SAFETY: mmsghdr is plain data, valid when zero.
    let mut messages: [libc::mmsghdr; BATCH] = unsafe { zeroed() };
    let pieces = batch.iter().zip(&addresses).zip(&mut controls).zip(parts.iter_mut().zip(&mut messages));
    for (((datagram, address), control), (part, message)) in pieces {
        *part = libc::iovec { iov_base: datagram.data.as_ptr().cast_mut().cast(), iov_len: datagram.data.len() };
        let header = &mut message.msg_hdr;
        header.msg_iov = part;
        header.msg_iovlen = 1;
        header.msg_name = address.as_ptr().cast_mut().cast();
        header.msg_namelen = address.len();
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = CONTROL as _;
        // SAFETY: msg_control is CONTROL zeroed bytes, aligned for cmsghdr, more than either entry needs.
        unsafe { write_source(header, datagram.from) };
    }
    let count = batch.len().min(BATCH) as u32;
    // SAFETY: all pointers set above are alive until the call is over; sending writes only msg_len.
    let result = unsafe { libc::sendmmsg(socket.as_raw_fd(), messages.as_mut_ptr(), count, libc::MSG_DONTWAIT) };
    Ok(check(result)? as usize)
}

/// # Safety
/// `header.msg_control` must point to zeroed memory, aligned for `cmsghdr`, with room for one entry.
unsafe fn write_source(header: &mut libc::msghdr, from: IpAddr) {
    // SAFETY: by the contract the first entry and its data lie inside the control buffer; the sizes are those of the types
    // written.
    unsafe {
        let entry = libc::CMSG_FIRSTHDR(header);
        let size = match from {
            IpAddr::V4(address) => {
                let mut info = MaybeUninit::<libc::in_pktinfo>::zeroed().assume_init();
                info.ipi_spec_dst.s_addr = u32::from(address).to_be();
                (*entry).cmsg_level = libc::IPPROTO_IP;
                (*entry).cmsg_type = libc::IP_PKTINFO;
                libc::CMSG_DATA(entry).cast::<libc::in_pktinfo>().write_unaligned(info);
                size_of::<libc::in_pktinfo>()
            }
            IpAddr::V6(address) => {
                let mut info = MaybeUninit::<libc::in6_pktinfo>::zeroed().assume_init();
                info.ipi6_addr.s6_addr = address.octets();
                (*entry).cmsg_level = libc::IPPROTO_IPV6;
                (*entry).cmsg_type = libc::IPV6_PKTINFO;
                libc::CMSG_DATA(entry).cast::<libc::in6_pktinfo>().write_unaligned(info);
                size_of::<libc::in6_pktinfo>()
            }
        };
        (*entry).cmsg_len = libc::CMSG_LEN(size as u32) as _;
        header.msg_controllen = libc::CMSG_SPACE(size as u32) as _;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receiver() -> UdpSocket {
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        prepare_receiver(&socket, true, 1 << 20).unwrap();
        socket
    }

    #[test]
    fn datagrams_tell_where_they_came_from_and_went_to() {
        let socket = receiver();
        let port = socket.local_addr().unwrap().port();
        let sender = UdpSocket::bind("0.0.0.0:0").unwrap();
        let datagrams: Vec<_> = (0..100u8)
            .map(|n| Outgoing {
                to: ([127, 0, 3, n], port).into(),
                from: [127, 0, 2, 1].into(),
                data: vec![n; usize::from(n) + 1],
            })
            .collect();
        assert_eq!(send_all(&sender, &datagrams), 100);
        let mut batch = Receiver::new(65_535);
        let mut seen = 0;
        while batch.receive(&socket).unwrap() > 0 {
            for n in 0.. {
                let Some((data, arrival)) = batch.get(n) else { break };
                assert_eq!(arrival.to, Some([127, 0, 3, data[0]].into()));
                assert_eq!(arrival.from.unwrap().ip(), IpAddr::from([127, 0, 2, 1]));
                assert_eq!(data.len(), usize::from(data[0]) + 1);
                assert!(arrival.realtime_us > 0);
                seen += 1;
            }
        }
        assert_eq!(seen, 100);
        assert_eq!(dropped(&socket), 0);
    }

    #[test]
    fn epoll_tells_the_token_of_a_readable_socket() {
        let socket = receiver();
        let mut epoll = Epoll::new().unwrap();
        epoll.add(socket.as_raw_fd(), Interest::Read, 77).unwrap();
        let mut ready = Vec::new();
        epoll.wait(0, &mut ready).unwrap();
        assert!(ready.is_empty());
        socket.send_to(b"x", (Ipv4Addr::LOCALHOST, socket.local_addr().unwrap().port())).unwrap();
        epoll.wait(1000, &mut ready).unwrap();
        assert_eq!(ready, [77]);
    }

    #[test]
    fn the_kernels_drops_are_counted() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        prepare_receiver(&socket, false, 4096).unwrap();
        let to = socket.local_addr().unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        (0..50).for_each(|_| assert_eq!(sender.send_to(&[0; 1000], to).unwrap(), 1000));
        assert!(dropped(&socket) > 10, "{}", dropped(&socket));
    }
}
