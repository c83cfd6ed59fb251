//! Pairs of UDP ports, even for RTP and odd for RTCP, shared by many players.
//!
//! The rule is that of DSS 6.0.3: a pair serves any number of streams as long as no two have the same remote address and
//! remote RTCP port. Players behind one NAT cannot be told apart by a port that the NAT has changed, so streams of one
//! remote address are spread over some pairs where that is possible.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use thiserror::Error;
use tokio::runtime::Handle;

use super::clock::Clock;
use super::demux::{self, Members};
use super::stream::{RtcpSummary, RtpStream};

/// The first port of the pool, as firewalls know it.
pub const FIRST_PORT: u16 = 6970;

/// Streams of one remote address get pairs of their own up to this many pairs; after that they share.
const SPREAD_PAIRS: usize = 64;

/// RTP send buffer, bytes.
const RTP_SEND_BUFFER: usize = 256 * 1024;

/// A socket buffer is not halved below this, bytes.
const LEAST_BUFFER: usize = 8 * 1024;

/// Why there is no pair.
#[derive(Debug, Error)]
pub enum PortError {
    /// The process or the system has no more descriptors; ends with the load that caused it.
    #[error("no descriptor left for udp ports on {ip}")]
    Descriptors {
        /// The local address.
        ip: IpAddr,
    },
    /// Every even port from the first on is taken.
    #[error("no free udp port pair on {ip}")]
    Exhausted {
        /// The local address.
        ip: IpAddr,
    },
    /// The local address can't be bound.
    #[error("cannot bind udp port {port} of {ip}: {source}")]
    Bind {
        /// The local address.
        ip: IpAddr,
        /// The port tried.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// The system does not send to a group from there.
    #[error("cannot set up multicast to {group}: {source}")]
    Group {
        /// The group.
        group: IpAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// Is told of each RTCP compound that reached a stream, after its figures are in [`RtpStream::stats`].
pub trait RtcpObserver: Send + Sync {
    /// `compound` came from `stream`'s player. Called on a receiver task: do not block.
    fn rtcp_received(&self, stream: &Arc<RtpStream>, compound: &[u8], summary: &RtcpSummary);
}

/// An observer that does nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl RtcpObserver for NoObserver {
    fn rtcp_received(&self, _stream: &Arc<RtpStream>, _compound: &[u8], _summary: &RtcpSummary) {}
}

/// How a [`PortPool`] makes its sockets.
#[derive(Debug, Clone, Copy)]
pub struct PoolConfig {
    /// The lowest port to try.
    pub first_port: u16,
    /// `rtcp_rcv_buf_size` in bytes; halved until the system agrees.
    pub rtcp_receive_buffer: usize,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self { first_port: FIRST_PORT, rtcp_receive_buffer: 768 * 1024 }
    }
}

/// The port pairs of all local addresses.
#[derive(Clone)]
pub struct PortPool {
    shared: Arc<Shared>,
}

struct Shared {
    config: PoolConfig,
    runtime: Option<Handle>,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn RtcpObserver>,
    pairs: Mutex<HashMap<IpAddr, Vec<Arc<UdpPair>>>>,
}

/// Two sockets on neighbouring ports.
#[derive(Debug)]
pub struct UdpPair {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    port: u16,
    /// The first pair of an address is kept when unused.
    permanent: bool,
    /// Belongs to one stream only (multicast destinations).
    exclusive: bool,
    pub(super) members: Mutex<Members>,
    receiver: Mutex<Option<tokio::task::AbortHandle>>,
}

impl UdpPair {
    /// The socket RTP leaves from.
    pub fn rtp(&self) -> &UdpSocket {
        &self.rtp
    }

    /// The socket RTCP leaves from and arrives at.
    pub fn rtcp(&self) -> &UdpSocket {
        &self.rtcp
    }

    /// The RTP port; RTCP's is the next.
    pub fn rtp_port(&self) -> u16 {
        self.port
    }

    fn stop_receiving(&self) {
        if let Some(receiver) = self.receiver.lock().take() {
            receiver.abort();
        }
    }
}

/// A stream's right to use a pair. Dropping it gives the pair back; an unused pair is closed unless it is its address's
/// first.
pub struct PairLease {
    pair: Arc<UdpPair>,
    pool: Weak<Shared>,
    local_ip: IpAddr,
    key: SocketAddr,
}

impl std::fmt::Debug for PairLease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PairLease").field("port", &self.pair.port).field("key", &self.key).finish_non_exhaustive()
    }
}

impl PairLease {
    /// The sockets.
    pub fn pair(&self) -> &Arc<UdpPair> {
        &self.pair
    }

    /// From now on RTCP of this lease's player goes to `stream`.
    pub(crate) fn attach(&self, stream: &Arc<RtpStream>) {
        self.pair.members.lock().attach(self.key, stream);
    }
}

impl Drop for PairLease {
    fn drop(&mut self) {
        let pool = self.pool.upgrade();
        let mut pairs = pool.as_ref().map(|pool| pool.pairs.lock());
        let unused = {
            let mut members = self.pair.members.lock();
            members.remove(self.key);
            members.is_empty()
        };
        if unused && !self.pair.permanent {
            if let Some(of_address) = pairs.as_mut().and_then(|pairs| pairs.get_mut(&self.local_ip)) {
                of_address.retain(|pair| !Arc::ptr_eq(pair, &self.pair));
            }
            self.pair.stop_receiving();
        }
    }
}

impl PortPool {
    /// A pool without pairs. RTCP is received by tasks on `runtime`; without one the pool only sends.
    pub fn new(
        config: PoolConfig,
        runtime: Option<Handle>,
        clock: Arc<dyn Clock>,
        observer: Arc<dyn RtcpObserver>,
    ) -> Self {
        let pairs = Mutex::new(HashMap::new());
        Self { shared: Arc::new(Shared { config, runtime, clock, observer, pairs }) }
    }

    /// Opens the first pair of `local_ip` so that its port is known early; it stays open.
    pub fn open_first(&self, local_ip: IpAddr) -> Result<u16, PortError> {
        let local_ip = local_ip.to_canonical();
        let mut pairs = self.shared.pairs.lock();
        let of_address = pairs.entry(local_ip).or_default();
        if let Some(first) = of_address.iter().find(|pair| pair.permanent) {
            return Ok(first.port);
        }
        Ok(self.open(local_ip, 0, of_address, false)?.port)
    }

    /// A pair on `local_ip` (the address the RTSP connection arrived on) for a player whose RTCP comes from `remote`.
    pub fn allocate(&self, local_ip: IpAddr, remote: SocketAddr) -> Result<PairLease, PortError> {
        self.allocate_on(SocketAddr::new(local_ip, 0), remote)
    }

    /// The same for the whole address the connection arrived on: a link-local one (RFC 4007) is of use only together with
    /// its interface. The port does not count.
    pub fn allocate_on(&self, local: SocketAddr, remote: SocketAddr) -> Result<PairLease, PortError> {
        let (local_ip, scope) = (local.ip().to_canonical(), scope_of(&local));
        let remote = SocketAddr::new(remote.ip().to_canonical(), remote.port());
        let mut pairs = self.shared.pairs.lock();
        let of_address = pairs.entry(local_ip).or_default();
        let usable = |pair: &&Arc<UdpPair>| !pair.exclusive && !pair.members.lock().contains(remote);
        let shareable = of_address.iter().find(usable).cloned();
        // No NAT stands between the server and its own machine.
        let spread = !remote.ip().is_loopback() && of_address.len() < SPREAD_PAIRS;
        let apart = if spread {
            of_address.iter().filter(usable).find(|pair| !pair.members.lock().has_peer(remote.ip())).cloned()
        } else {
            shareable.clone()
        };
        let pair = match apart {
            Some(pair) => pair,
            None => match (self.open(local_ip, scope, of_address, false), shareable) {
                (Ok(pair), _) | (Err(_), Some(pair)) => pair,
                (Err(error), None) => return Err(error),
            },
        };
        pair.members.lock().reserve(remote);
        Ok(PairLease { pair, pool: Arc::downgrade(&self.shared), local_ip, key: remote })
    }

    /// A pair on the address the connection arrived on that nobody else will use, for a multicast destination: packets
    /// leave by that address's interface and go `ttl` hops. The port of `local` does not count.
    pub fn allocate_for_group(&self, local: SocketAddr, remote: SocketAddr, ttl: u8) -> Result<PairLease, PortError> {
        let (local_ip, scope) = (local.ip().to_canonical(), scope_of(&local));
        let mut pairs = self.shared.pairs.lock();
        let of_address = pairs.entry(local_ip).or_default();
        let pair = self.open(local_ip, scope, of_address, true)?;
        let failed = |source| {
            of_address.retain(|known| !Arc::ptr_eq(known, &pair));
            pair.stop_receiving();
            PortError::Group { group: remote.ip(), source }
        };
        prepare_for_group(&pair, local_ip, scope, ttl).map_err(failed)?;
        pair.members.lock().reserve(remote);
        Ok(PairLease { pair, pool: Arc::downgrade(&self.shared), local_ip, key: remote })
    }

    /// Gives up room that is not needed now.
    pub fn shrink(&self) {
        let pairs: Vec<_> = self.shared.pairs.lock().values().flatten().cloned().collect();
        pairs.iter().for_each(|pair| pair.members.lock().shrink());
    }

    /// Open UDP sockets on all addresses, two to a pair.
    pub fn open_sockets(&self) -> usize {
        self.shared.pairs.lock().values().map(|pairs| 2 * pairs.len()).sum()
    }

    /// Open pairs on `local_ip`.
    pub fn open_pairs(&self, local_ip: IpAddr) -> usize {
        self.shared.pairs.lock().get(&local_ip.to_canonical()).map_or(0, Vec::len)
    }

    fn open(
        &self,
        ip: IpAddr,
        scope: u32,
        of_address: &mut Vec<Arc<UdpPair>>,
        exclusive: bool,
    ) -> Result<Arc<UdpPair>, PortError> {
        let first = self.shared.config.first_port.next_multiple_of(2).max(2);
        for port in (first..u16::MAX).step_by(2) {
            if of_address.iter().any(|pair| pair.port == port) {
                continue;
            }
            let sockets = bind(ip, scope, port).and_then(|rtp| Ok((rtp, bind(ip, scope, port + 1)?)));
            let (rtp, rtcp) = match sockets {
                Ok(sockets) => sockets,
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => continue,
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied && port < 1024 => continue,
                Err(error) => return Err(bind_error(ip, port, error)),
            };
            shrink_until_accepted(RTP_SEND_BUFFER, |size| rtp.set_send_buffer_size(size));
            shrink_until_accepted(self.shared.config.rtcp_receive_buffer, |size| rtcp.set_recv_buffer_size(size));
            let (rtp, rtcp): (UdpSocket, UdpSocket) = (rtp.into(), rtcp.into());
            let receiver = rtcp.try_clone().map_err(|error| bind_error(ip, port, error))?;
            let pair = Arc::new(UdpPair {
                rtp,
                rtcp,
                port,
                permanent: !exclusive && !of_address.iter().any(|pair| pair.permanent),
                exclusive,
                members: Mutex::default(),
                receiver: Mutex::default(),
            });
            if let Some(runtime) = &self.shared.runtime {
                let (clock, observer) = (Arc::clone(&self.shared.clock), Arc::clone(&self.shared.observer));
                let task = runtime.spawn(demux::receive(Arc::clone(&pair), receiver, clock, observer));
                *pair.receiver.lock() = Some(task.abort_handle());
            }
            of_address.push(Arc::clone(&pair));
            return Ok(pair);
        }
        Err(PortError::Exhausted { ip })
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        for pair in self.pairs.get_mut().values().flatten() {
            pair.stop_receiving();
        }
    }
}

/// The interface of an IPv6 address, 0 for none.
pub(super) fn scope_of(address: &SocketAddr) -> u32 {
    match address {
        SocketAddr::V6(v6) => v6.scope_id(),
        SocketAddr::V4(_) => 0,
    }
}

/// The address on that interface, if it is one of those that need it.
pub(super) fn scoped(mut address: SocketAddr, scope: u32) -> SocketAddr {
    if let SocketAddr::V6(v6) = &mut address {
        if v6.ip().is_unicast_link_local() {
            v6.set_scope_id(scope);
        }
    }
    address
}

fn bind(ip: IpAddr, scope: u32, port: u16) -> io::Result<Socket> {
    let address = scoped(SocketAddr::new(ip, port), scope);
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    if ip.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}

fn bind_error(ip: IpAddr, port: u16, source: io::Error) -> PortError {
    match source.raw_os_error() {
        Some(libc::EMFILE | libc::ENFILE) => PortError::Descriptors { ip },
        _ => PortError::Bind { ip, port, source },
    }
}

fn shrink_until_accepted(size: usize, set: impl Fn(usize) -> io::Result<()>) {
    let mut size = size;
    while size >= LEAST_BUFFER && set(size).is_err() {
        size /= 2;
    }
}

fn prepare_for_group(pair: &UdpPair, local_ip: IpAddr, scope: u32, ttl: u8) -> io::Result<()> {
    for socket in [&pair.rtp, &pair.rtcp].map(SockRef::from) {
        match local_ip {
            IpAddr::V4(ip) => {
                socket.set_multicast_if_v4(&ip)?;
                socket.set_multicast_ttl_v4(u32::from(ttl))?;
            }
            IpAddr::V6(_) => {
                if scope != 0 {
                    socket.set_multicast_if_v6(scope)?;
                }
                socket.set_multicast_hops_v6(u32::from(ttl))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV6};
    use std::sync::atomic::AtomicI64;
    use std::time::Duration;

    use tokio::sync::mpsc;

    use super::super::clock::ManualClock;
    use super::super::demux::{route_rtcp, route_rtp};
    use super::super::rtcp::Cname;
    use super::super::stream::{StreamConfig, Transport, UdpTransport};
    use super::*;

    const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const FAR: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

    fn pool() -> PortPool {
        let config = PoolConfig { first_port: 23_000, ..PoolConfig::default() };
        PortPool::new(config, None, Arc::new(ManualClock::new(5_000_000, 0)), Arc::new(NoObserver))
    }

    fn stream(pool: &PortPool, peer: IpAddr, rtp_port: u16) -> Arc<RtpStream> {
        let rtcp = SocketAddr::new(peer, rtp_port + 1);
        let lease = pool.allocate(LOCAL, rtcp).expect("a pair");
        let udp = UdpTransport::new(lease, peer, SocketAddr::new(peer, rtp_port), rtcp);
        RtpStream::new(StreamConfig {
            track_id: 1,
            payload_name: String::new(),
            clock_rate: 90_000,
            is_video: true,
            worst_quality: 6,
            quality: 0,
            cname: Cname::of_session(1),
            activity: Arc::new(AtomicI64::new(0)),
            transport: Transport::Udp(udp),
        })
    }

    fn udp(stream: &RtpStream) -> &UdpTransport {
        match stream.transport() {
            Transport::Udp(udp) => udp,
            Transport::Interleaved { .. } => panic!("not udp"),
        }
    }

    /// A receiver report; with `about` it has a block on that source.
    fn report(about: Option<u32>) -> Vec<u8> {
        let Some(ssrc) = about else { return vec![0x80, 201, 0, 1, 0, 0, 0, 9] };
        let mut bytes = vec![0x81, 201, 0, 7, 0, 0, 0, 9];
        bytes.extend(ssrc.to_be_bytes());
        bytes.extend([0; 20]);
        bytes
    }

    #[test]
    fn only_link_local_addresses_have_an_interface() {
        let local: IpAddr = "fe80::1".parse().unwrap();
        let with = |ip, scope| scope_of(&scoped(SocketAddr::new(ip, 1), scope));
        assert_eq!(with(local, 7), 7);
        assert_eq!(with(IpAddr::V6(Ipv6Addr::LOCALHOST), 7), 0);
        assert_eq!(with(IpAddr::V4(Ipv4Addr::LOCALHOST), 7), 0);
        assert_eq!(scope_of(&SocketAddrV6::new(Ipv6Addr::LOCALHOST, 1, 0, 3).into()), 3);
    }

    #[test]
    #[allow(clippy::print_stdout)] // a test that does nothing has to say so
    fn a_link_local_address_is_bound_on_its_interface() {
        let Ok(text) = std::fs::read_to_string("/proc/net/if_inet6") else { return };
        // address, interface, prefix length, scope (20: link), flags, name
        let fields = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let Some(found) = fields.into_iter().find(|f| f.get(3) == Some(&"20")) else {
            return; // a machine without a link-local address has nothing to bind
        };
        let ip = Ipv6Addr::from(u128::from_str_radix(found[0], 16).unwrap());
        let local = SocketAddrV6::new(ip, 554, 0, u32::from_str_radix(found[1], 16).unwrap());
        let pool = PortPool::new(
            PoolConfig { first_port: 27_000, ..PoolConfig::default() },
            None,
            Arc::new(super::super::ManualClock::new(0, 0)),
            Arc::new(NoObserver),
        );
        let remote: SocketAddr = "[fe80::2]:5001".parse().unwrap();
        assert!(pool.allocate(ip.into(), remote).is_err(), "without the interface it cannot work");
        pool.allocate_on(local.into(), remote).expect("a pair");
    }

    #[test]
    fn a_pair_is_even_and_odd_and_serves_many_players() {
        let pool = pool();
        let leases: Vec<_> =
            (0..50u16).map(|n| pool.allocate(LOCAL, SocketAddr::new(LOCAL, 5001 + n)).expect("a pair")).collect();
        let port = leases[0].pair().rtp_port();
        assert_eq!(port % 2, 0);
        assert_eq!(leases[0].pair().rtcp().local_addr().expect("address").port(), port + 1);
        assert!(leases.iter().all(|lease| lease.pair().rtp_port() == port));
        assert_eq!(pool.open_pairs(LOCAL), 1);
    }

    #[test]
    fn the_same_remote_address_and_port_take_the_next_pair() {
        let pool = pool();
        let remote = SocketAddr::new(LOCAL, 5001);
        let (one, two) = (pool.allocate(LOCAL, remote).expect("one"), pool.allocate(LOCAL, remote).expect("two"));
        assert_ne!(one.pair().rtp_port(), two.pair().rtp_port());
        drop(one);
        let three = pool.allocate(LOCAL, remote).expect("three");
        assert_ne!(three.pair().rtp_port(), two.pair().rtp_port());
    }

    #[test]
    fn unused_pairs_close_but_the_first_stays() {
        let pool = pool();
        let first = pool.open_first(LOCAL).expect("first");
        assert_eq!(pool.open_first(LOCAL).expect("again"), first);
        let remote = SocketAddr::new(LOCAL, 5001);
        let leases = [pool.allocate(LOCAL, remote).expect("one"), pool.allocate(LOCAL, remote).expect("two")];
        assert_eq!(leases[0].pair().rtp_port(), first);
        assert_eq!(pool.open_pairs(LOCAL), 2);
        drop(leases);
        assert_eq!(pool.open_pairs(LOCAL), 1);
    }

    #[test]
    fn streams_of_one_far_address_get_pairs_of_their_own_up_to_a_bound() {
        let pool = pool();
        let leases: Vec<_> =
            (0..100u16).map(|n| pool.allocate(LOCAL, SocketAddr::new(FAR, 5001 + n)).expect("a pair")).collect();
        assert_ne!(leases[0].pair().rtp_port(), leases[1].pair().rtp_port());
        assert_eq!(pool.open_pairs(LOCAL), SPREAD_PAIRS);
    }

    #[test]
    fn a_groups_pair_is_never_shared_and_has_its_own_number_of_hops() {
        let pool = pool();
        let group = SocketAddr::from(([239, 1, 2, 3], 5000));
        let exclusive = pool.allocate_for_group(SocketAddr::new(LOCAL, 0), group, 7).expect("exclusive");
        let shared = pool.allocate(LOCAL, SocketAddr::new(LOCAL, 5003)).expect("shared");
        assert_ne!(exclusive.pair().rtp_port(), shared.pair().rtp_port());
        assert_eq!(exclusive.pair().rtp().multicast_ttl_v4().expect("hops"), 7);
        assert_eq!(exclusive.pair().rtcp().multicast_ttl_v4().expect("hops"), 7);
        drop(exclusive);
        assert_eq!(pool.open_pairs(LOCAL), 1);
    }

    #[test]
    fn an_address_that_is_not_ours_is_an_error_value() {
        let error = pool().allocate(FAR, SocketAddr::new(LOCAL, 5001)).expect_err("not local");
        assert!(matches!(error, PortError::Bind { ip: FAR, .. }), "{error}");
    }

    #[test]
    fn rtcp_from_the_announced_port_reaches_its_stream() {
        let pool = pool();
        let (one, two) = (stream(&pool, LOCAL, 5000), stream(&pool, LOCAL, 5002));
        let pair = udp(&one).pair();
        let found = route_rtcp(pair, SocketAddr::new(LOCAL, 5003), &report(None)).expect("a stream");
        assert!(Arc::ptr_eq(&found, &two));
    }

    #[test]
    fn rtcp_from_another_port_of_the_peer_is_learned_once() {
        let pool = pool();
        let stream = stream(&pool, FAR, 5000);
        let pair = Arc::clone(udp(&stream).pair());
        let behind_nat = SocketAddr::new(FAR, 40_001);
        assert!(route_rtcp(&pair, behind_nat, &report(None)).is_some());
        assert_eq!(udp(&stream).addresses().rtcp, behind_nat);
        assert!(route_rtcp(&pair, behind_nat, &report(None)).is_some());
        // Once known, no other port may take it over.
        assert!(route_rtcp(&pair, SocketAddr::new(FAR, 40_003), &report(Some(stream.ssrc()))).is_none());
        assert_eq!(udp(&stream).addresses().rtcp, behind_nat);
        drop(stream);
        assert!(pair.members.lock().is_empty());
    }

    #[test]
    fn of_several_streams_the_reported_source_tells_which() {
        let pool = pool();
        let (one, two) = (stream(&pool, LOCAL, 5000), stream(&pool, LOCAL, 5002));
        let pair = udp(&one).pair();
        let behind_nat = SocketAddr::new(LOCAL, 40_001);
        assert!(route_rtcp(pair, behind_nat, &report(None)).is_none(), "ambiguous");
        let found = route_rtcp(pair, behind_nat, &report(Some(two.ssrc()))).expect("a stream");
        assert!(Arc::ptr_eq(&found, &two));
        assert_eq!(udp(&one).addresses().rtcp.port(), 5001);
    }

    #[test]
    fn strangers_and_rubbish_teach_nothing() {
        let pool = pool();
        let stream = stream(&pool, FAR, 5000);
        let pair = udp(&stream).pair();
        let stranger = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 8)), 5001);
        assert!(route_rtcp(pair, stranger, &report(Some(stream.ssrc()))).is_none());
        assert!(route_rtcp(pair, SocketAddr::new(FAR, 40_001), b"rubbish").is_none());
        assert_eq!(udp(&stream).addresses().rtcp.port(), 5001);
    }

    #[test]
    fn a_hole_punch_tells_where_rtp_must_go() {
        let pool = pool();
        let stream = stream(&pool, FAR, 5000);
        let before = udp(&stream).generation();
        route_rtp(udp(&stream).pair(), SocketAddr::new(FAR, 40_000));
        assert_eq!(udp(&stream).addresses().rtp, SocketAddr::new(FAR, 40_000));
        assert_ne!(udp(&stream).generation(), before);
        route_rtp(udp(&stream).pair(), SocketAddr::new(FAR, 50_000));
        assert_eq!(udp(&stream).addresses().rtp.port(), 40_000);
    }

    struct Tell(mpsc::UnboundedSender<(u32, usize)>);

    impl RtcpObserver for Tell {
        fn rtcp_received(&self, stream: &Arc<RtpStream>, compound: &[u8], _summary: &RtcpSummary) {
            let _ = self.0.send((stream.ssrc(), compound.len()));
        }
    }

    #[tokio::test]
    async fn received_rtcp_is_counted_and_keeps_the_session_alive() {
        let (sender, mut told) = mpsc::unbounded_channel();
        let clock = Arc::new(ManualClock::new(5_000_000, 0));
        let config = PoolConfig { first_port: 24_000, ..PoolConfig::default() };
        let pool = PortPool::new(config, Some(Handle::current()), clock, Arc::new(Tell(sender)));
        let player = UdpSocket::bind((LOCAL, 0)).expect("player");
        let stream = stream(&pool, LOCAL, player.local_addr().expect("address").port() - 1);
        let to = SocketAddr::new(LOCAL, udp(&stream).pair().rtp_port() + 1);
        for datagram in [&b"rubbish"[..], &report(Some(stream.ssrc())), &[]] {
            player.send_to(datagram, to).expect("sent");
        }
        let heard = tokio::time::timeout(Duration::from_secs(10), told.recv()).await.expect("in time");
        assert_eq!(heard, Some((stream.ssrc(), 32)));
        assert_eq!(stream.config().activity.load(std::sync::atomic::Ordering::Relaxed), 5000);
        assert_eq!(stream.stats().rtcp_packets_received.load(std::sync::atomic::Ordering::Relaxed), 1);

        // The RTP port is looked at too: a hole punch from another port is learned.
        let punch = UdpSocket::bind((LOCAL, 0)).expect("punch");
        let from = punch.local_addr().expect("address");
        punch.send_to(b"\x80", SocketAddr::new(LOCAL, to.port() - 1)).expect("sent");
        let learned = async {
            while udp(&stream).addresses().rtp != from {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), learned).await.expect("in time");
    }
}
