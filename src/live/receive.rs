//! UDP port pairs on which a broadcast comes in.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use thiserror::Error;
use tokio::net::UdpSocket;
use tokio::runtime::Handle;

use super::broadcast::Broadcast;
use super::track::Kind;

/// The first port tried where none is given.
const FIRST_PORT: u16 = 6970;

/// The longest datagram.
const LONGEST_DATAGRAM: usize = 65_535;

/// Where a track's packets come in.
#[derive(Debug, Clone)]
pub struct ReceiverConfig {
    /// The local address to bind; the wildcard for all. For a multicast group: the interface to join on.
    pub local: IpAddr,
    /// The multicast group, if it is one.
    pub group: Option<IpAddr>,
    /// RTP's port; RTCP's is the next. `None`: the next free pair from 6970 on.
    pub port: Option<u16>,
    /// Packets from elsewhere are not taken.
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
    #[error("cannot join multicast group {group}: {source}")]
    Join {
        /// The group.
        group: IpAddr,
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

/// A pair of UDP ports that feeds one track of a broadcast. Dropping it closes the ports.
#[derive(Debug)]
pub struct Receiver {
    port: u16,
    source: Arc<Mutex<Option<SocketAddr>>>,
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
        let (port, sockets) = bind_pair(config)?;
        let source = Arc::new(Mutex::new(None));
        let _context = runtime.enter();
        let mut tasks = Vec::new();
        for (kind, socket) in [Kind::Rtp, Kind::Rtcp].into_iter().zip(sockets) {
            let bind = |source| ReceiveError::Bind { address: config.local, port, source };
            socket.set_nonblocking(true).map_err(bind)?;
            let socket = UdpSocket::from_std(socket).map_err(bind)?;
            let (broadcast, source, only) = (Arc::clone(broadcast), Arc::clone(&source), config.only_from);
            tasks.push(runtime.spawn(receive(socket, broadcast, track_id, kind, source, only)).abort_handle());
        }
        Ok(Self { port, source, tasks })
    }

    /// RTP's port; RTCP's is the next.
    pub fn rtp_port(&self) -> u16 {
        self.port
    }

    /// Where the last packet came from.
    pub fn source(&self) -> Option<SocketAddr> {
        *self.source.lock()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::AbortHandle::abort);
    }
}

fn bind_pair(config: &ReceiverConfig) -> Result<(u16, [std::net::UdpSocket; 2]), ReceiveError> {
    let address = config.group.unwrap_or(config.local);
    let bind = |port: u16| -> io::Result<[std::net::UdpSocket; 2]> {
        let rtp = std::net::UdpSocket::bind((address, port))?;
        let rtcp = std::net::UdpSocket::bind((address, port.saturating_add(1)))?;
        for socket in [&rtp, &rtcp] {
            match (config.group, config.local) {
                (Some(IpAddr::V4(group)), IpAddr::V4(local)) => socket.join_multicast_v4(&group, &local)?,
                (Some(IpAddr::V6(group)), _) => socket.join_multicast_v6(&group, 0)?,
                _ => {}
            }
        }
        Ok([rtp, rtcp])
    };
    if let Some(port) = config.port {
        return bind(port).map(|pair| (port, pair)).map_err(|source| ReceiveError::Bind { address, port, source });
    }
    for port in (FIRST_PORT..u16::MAX).step_by(2) {
        match bind(port) {
            Ok(pair) => return Ok((port, pair)),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(source) => return Err(ReceiveError::Bind { address, port, source }),
        }
    }
    Err(ReceiveError::Exhausted { address })
}

async fn receive(
    socket: UdpSocket,
    broadcast: Arc<Broadcast>,
    track_id: u32,
    kind: Kind,
    source: Arc<Mutex<Option<SocketAddr>>>,
    only_from: Option<IpAddr>,
) {
    let mut buffer = vec![0; LONGEST_DATAGRAM];
    loop {
        // An error of the socket is that of an earlier datagram: nothing is lost by going on.
        let Ok((len, from)) = socket.recv_from(&mut buffer).await else { continue };
        if only_from.is_some_and(|only| only.to_canonical() != from.ip().to_canonical()) {
            continue;
        }
        if kind == Kind::Rtp {
            *source.lock() = Some(from);
        }
        let packet = Bytes::copy_from_slice(buffer.get(..len).unwrap_or_default());
        broadcast.receive(track_id, kind, packet, Some(from), broadcast.clock().now_us());
    }
}
