//! UDP port pairs on which a broadcast comes in.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use socket2::{Domain, InterfaceIndexOrAddress, Protocol, SockRef, Socket, Type};
use thiserror::Error;
use tokio::net::UdpSocket;
use tokio::runtime::Handle;

use super::broadcast::Broadcast;
use super::feedback::REPORT_INTERVAL_US;
use super::track::Kind;

/// The first port tried where none is given.
const FIRST_PORT: u16 = 6970;

/// The longest datagram.
const LONGEST_DATAGRAM: usize = 65_535;

/// Datagrams read before other tasks have a turn.
const READS_PER_TURN: usize = 64;

/// Receive buffer in the beginning, bytes.
const FIRST_BUFFER: usize = 512 * 1024;

/// It grows with the bit rate to so many milliseconds of it, ...
const BUFFER_MS: u64 = 2000;

/// ... and so many bytes at most. The system may allow less (`net.core.rmem_max`).
const LARGEST_BUFFER: usize = 16 << 20;

/// How long to wait when a socket fails, so that a broken one does not keep a core busy.
const FAILED_PAUSE: Duration = Duration::from_millis(100);

/// Where a track's packets come in.
#[derive(Debug, Clone)]
pub struct ReceiverConfig {
    /// The local address to bind; the wildcard for all. For a multicast group: the address of the interface to join on;
    /// with the wildcard the system chooses.
    pub local: IpAddr,
    /// The multicast group, if it is one.
    pub group: Option<IpAddr>,
    /// RTP's port; RTCP's is the next. `None`: the next free pair from 6970 on.
    pub port: Option<u16>,
    /// Packets from elsewhere are not taken. With an IPv4 group only this source's packets are asked for (RFC 4607).
    pub only_from: Option<IpAddr>,
}

/// Why a receiver can't be had.
#[derive(Debug, Error)]
pub enum ReceiveError {
    /// A port can't be bound.
    #[error("cannot receive on udp port {port} of {address}: {source}")]
    Bind {
        /// The address.
        address: IpAddr,
        /// The port.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// The multicast group can't be joined.
    #[error("cannot join multicast group {group} on {local}: {source}")]
    Join {
        /// The group.
        group: IpAddr,
        /// The interface's address.
        local: IpAddr,
        /// What the system said.
        source: io::Error,
    },
    /// No pair is free.
    #[error("no free udp port pair on {address}")]
    Exhausted {
        /// The address.
        address: IpAddr,
    },
}

impl ReceiveError {
    /// Whether somebody else has the port.
    pub fn is_in_use(&self) -> bool {
        matches!(self, Self::Bind { source, .. } if source.kind() == io::ErrorKind::AddrInUse)
    }
}

/// Where a broadcaster was seen or wants to be told.
#[derive(Debug, Default)]
struct Peer {
    rtp: Option<SocketAddr>,
    rtcp: Option<SocketAddr>,
    /// The multicast group's RTCP address, or what the broadcaster has announced.
    told: Option<SocketAddr>,
    group: bool,
}

impl Peer {
    fn saw(&mut self, kind: Kind, from: SocketAddr) {
        match kind {
            Kind::Rtp => self.rtp = Some(from),
            Kind::Rtcp => self.rtcp = Some(from),
        }
    }

    /// Where reports go: to the group; else where its RTCP comes from; else where it wants them; else next to its RTP
    /// port. Nowhere before anything has come.
    fn reports_to(&self) -> Option<SocketAddr> {
        let seen = self.rtcp.or(self.rtp)?;
        if self.group {
            return self.told;
        }
        let beside = SocketAddr::new(seen.ip(), seen.port().checked_add(1)?);
        self.rtcp.or(self.told).or(Some(beside))
    }
}

/// A pair of UDP ports that feeds one track of a broadcast and tells its source how that goes. Dropping it closes the
/// ports and leaves the group.
#[derive(Debug)]
pub struct Receiver {
    port: u16,
    peer: Arc<Mutex<Peer>>,
    tasks: Vec<tokio::task::AbortHandle>,
}

impl Receiver {
    /// Binds the ports and starts receiving on `runtime`.
    pub fn open(
        config: &ReceiverConfig,
        broadcast: &Arc<Broadcast>,
        track_id: u32,
        runtime: &Handle,
    ) -> Result<Self, ReceiveError> {
        let every = Duration::from_micros(REPORT_INTERVAL_US as u64);
        Self::open_reporting(config, broadcast, track_id, runtime, every)
    }

    fn open_reporting(
        config: &ReceiverConfig,
        broadcast: &Arc<Broadcast>,
        track_id: u32,
        runtime: &Handle,
        every: Duration,
    ) -> Result<Self, ReceiveError> {
        let (port, sockets) = bind_pair(config)?;
        let told = config.group.map(|group| SocketAddr::new(group, port.saturating_add(1)));
        let peer = Arc::new(Mutex::new(Peer { told, group: told.is_some(), ..Peer::default() }));
        let _context = runtime.enter();
        let bind = |source| ReceiveError::Bind { address: config.local, port, source };
        let [rtp, rtcp] = sockets.map(|socket| UdpSocket::from_std(socket.into()).map(Arc::new));
        let (rtp, rtcp) = (rtp.map_err(bind)?, rtcp.map_err(bind)?);
        let mut tasks = Vec::new();
        for (kind, socket) in [(Kind::Rtp, &rtp), (Kind::Rtcp, &rtcp)] {
            let way = Way {
                socket: Arc::clone(socket),
                broadcast: Arc::clone(broadcast),
                track_id,
                kind,
                peer: Arc::clone(&peer),
                only_from: config.only_from.map(|only| only.to_canonical()),
            };
            tasks.push(runtime.spawn(way.receive()).abort_handle());
        }
        let report = report(rtp, rtcp, Arc::clone(broadcast), track_id, Arc::clone(&peer), every);
        tasks.push(runtime.spawn(report).abort_handle());
        Ok(Self { port, peer, tasks })
    }

    /// RTP's port; RTCP's is the next.
    pub fn rtp_port(&self) -> u16 {
        self.port
    }

    /// Where the last RTP packet came from.
    pub fn source(&self) -> Option<SocketAddr> {
        self.peer.lock().rtp
    }

    /// The broadcaster wants receiver reports at this address (`client_port` of its SETUP). They go there until its RTCP
    /// has shown where it comes from: a NAT may have changed the port.
    pub fn report_to(&self, rtcp: SocketAddr) {
        let mut peer = self.peer.lock();
        if !peer.group && rtcp.port() != 0 {
            peer.told = Some(rtcp);
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::AbortHandle::abort);
    }
}

fn bind_pair(config: &ReceiverConfig) -> Result<(u16, [Socket; 2]), ReceiveError> {
    let address = config.group.unwrap_or(config.local);
    let open = |port: u16| -> Result<[Socket; 2], ReceiveError> {
        let bind = |source| ReceiveError::Bind { address, port, source };
        let second = port.checked_add(1).ok_or_else(|| bind(io::ErrorKind::InvalidInput.into()))?;
        let pair = [bind_one(config, port).map_err(bind)?, bind_one(config, second).map_err(bind)?];
        if let Some(group) = config.group {
            let join = |source| ReceiveError::Join { group, local: config.local, source };
            pair.iter().try_for_each(|socket| join_group(socket, group, config)).map_err(join)?;
        }
        Ok(pair)
    };
    if let Some(port) = config.port {
        return open(port).map(|pair| (port, pair));
    }
    for port in (FIRST_PORT..u16::MAX).step_by(2) {
        match open(port) {
            Ok(pair) => return Ok((port, pair)),
            Err(error) if error.is_in_use() => {}
            Err(error) => return Err(error),
        }
    }
    Err(ReceiveError::Exhausted { address })
}

fn bind_one(config: &ReceiverConfig, port: u16) -> io::Result<Socket> {
    let mut address = SocketAddr::new(config.group.unwrap_or(config.local), port);
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if config.group.is_some() {
        socket.set_reuse_address(true)?; // others on this machine may listen to the group too
        if let (SocketAddr::V6(v6), true) = (&mut address, config.local.is_ipv6()) {
            v6.set_scope_id(interface_of(config.local).unwrap_or(0));
        }
    }
    socket.set_nonblocking(true)?;
    let _ = socket.set_recv_buffer_size(FIRST_BUFFER); // what the system has is used otherwise
    socket.bind(&address.into())?;
    Ok(socket)
}

fn join_group(socket: &Socket, group: IpAddr, config: &ReceiverConfig) -> io::Result<()> {
    match (group, config.local, config.only_from) {
        (IpAddr::V4(group), local, only_from) => {
            let local = match local {
                IpAddr::V4(local) => local,
                IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
            };
            match only_from.map(|only| only.to_canonical()) {
                Some(IpAddr::V4(source)) => socket.join_ssm_v4(&source, &group, &local),
                _ => socket.join_multicast_v4_n(&group, &InterfaceIndexOrAddress::Address(local)),
            }
        }
        (IpAddr::V6(group), local, _) => {
            let interface = match local {
                local if local.is_unspecified() || local.is_ipv4() => 0,
                local => interface_of(local).ok_or(io::ErrorKind::AddrNotAvailable)?,
            };
            socket.join_multicast_v6(&group, interface)
        }
    }
}

/// The index of the interface with this address.
fn interface_of(address: IpAddr) -> Option<u32> {
    let wanted: Ipv6Addr = match address {
        IpAddr::V6(v6) => v6,
        IpAddr::V4(_) => return None,
    };
    let mut interfaces = nix::ifaddrs::getifaddrs().ok()?;
    let has_it = |interface: &nix::ifaddrs::InterfaceAddress| {
        let v6 = interface.address.as_ref().and_then(|address| address.as_sockaddr_in6().map(|v6| v6.ip()));
        v6 == Some(wanted)
    };
    let found = interfaces.find(has_it)?;
    nix::net::if_::if_nametoindex(found.interface_name.as_str()).ok()
}

/// One of a pair's sockets.
struct Way {
    socket: Arc<UdpSocket>,
    broadcast: Arc<Broadcast>,
    track_id: u32,
    kind: Kind,
    peer: Arc<Mutex<Peer>>,
    only_from: Option<IpAddr>,
}

impl Way {
    async fn receive(self) {
        let mut buffer = vec![0; LONGEST_DATAGRAM];
        let mut some_wait = false;
        loop {
            if let Err(error) = self.readable(some_wait).await {
                tracing::debug!(%error, "waiting for a broadcast's packets");
                tokio::time::sleep(FAILED_PAUSE).await;
            }
            for _ in 0..READS_PER_TURN {
                match self.socket.try_recv_from(&mut buffer) {
                    Ok((len, from)) => self.take(buffer.get(..len).unwrap_or_default(), from),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    // An ICMP error of an earlier report, or no memory: nothing to do with the next read.
                    Err(error) => tracing::debug!(%error, "receiving a broadcast"),
                }
            }
            if self.kind == Kind::Rtp {
                some_wait = self.broadcast.release_overdue(self.track_id, self.broadcast.clock().now_us());
            }
            tokio::task::yield_now().await;
        }
    }

    /// Waits for a datagram; not for long while packets wait for one that may be lost.
    async fn readable(&self, some_wait: bool) -> io::Result<()> {
        let longest = Duration::from_micros(u64::try_from(self.broadcast.options().reorder_us).unwrap_or(0));
        match some_wait {
            true => tokio::time::timeout(longest, self.socket.readable()).await.unwrap_or(Ok(())),
            false => self.socket.readable().await,
        }
    }

    fn take(&self, packet: &[u8], from: SocketAddr) {
        if self.only_from.is_some_and(|only| only != from.ip().to_canonical()) {
            return;
        }
        let now_us = self.broadcast.clock().now_us();
        let packet = Bytes::copy_from_slice(packet);
        let received = self.broadcast.receive(self.track_id, self.kind, packet, Some(from), now_us);
        // Only who is listened to is told anything.
        if received == super::broadcast::Received::Taken {
            self.peer.lock().saw(self.kind, from);
        }
    }
}

/// Tells the source how its packets arrive, and lets the receive buffers grow with its rate.
async fn report(
    rtp: Arc<UdpSocket>,
    rtcp: Arc<UdpSocket>,
    broadcast: Arc<Broadcast>,
    track_id: u32,
    peer: Arc<Mutex<Peer>>,
    every: Duration,
) {
    let mut buffer = FIRST_BUFFER;
    loop {
        tokio::time::sleep(every).await;
        let to = peer.lock().reports_to();
        if let Some((to, report)) = to.zip(broadcast.report(track_id, broadcast.clock().now_us())) {
            let _ = rtcp.send_to(&report, to).await; // as unreliable as any datagram
        }
        let wanted = (u64::from(broadcast.bit_rate()) / 8 * BUFFER_MS / 1000) as usize;
        if wanted > buffer {
            buffer = wanted.next_power_of_two().min(LARGEST_BUFFER);
            let _ = SockRef::from(&*rtp).set_recv_buffer_size(buffer);
        }
    }
}

#[cfg(test)]
mod tests;
