//! A UDP socket that relayed packets leave from, many in one system call where many are at hand.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::rtp::send_datagrams;

/// Send buffer, bytes: a key frame of a fast stream at once.
const SEND_BUFFER: usize = 1 << 20;

/// How long a socket may have no room before packets are given up: what comes later is worth more.
const PATIENCE: Duration = Duration::from_millis(50);

/// The first port that announced destinations are sent from, as with DSS 6.0.3.
const FIRST_PORT: u16 = 10_000;

/// What a destination was sent.
#[derive(Debug, Default)]
pub struct Counters {
    packets: AtomicU64,
    bytes: AtomicU64,
}

impl Counters {
    /// Packets and bytes.
    pub fn totals(&self) -> (u64, u64) {
        (self.packets.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }

    /// Counts a packet.
    pub fn add(&self, bytes: usize) {
        self.packets.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// Packets and where each is to go.
pub type Batch = Vec<(Bytes, SocketAddr)>;

/// A socket to send from.
#[derive(Debug)]
pub struct Outlet {
    socket: UdpSocket,
}

impl Outlet {
    /// A socket on any port for packets to `to`, which make `ttl` hops if that is a group.
    ///
    /// # Errors
    /// The local address is none, or the system has no socket left.
    pub fn open(local: Option<IpAddr>, to: IpAddr, ttl: u8) -> io::Result<Self> {
        let socket = bound(local.unwrap_or_else(|| any_like(to)), 0)?;
        if to.is_multicast() {
            match (to, local) {
                (IpAddr::V4(_), local) => {
                    socket.set_multicast_ttl_v4(u32::from(ttl))?;
                    if let Some(IpAddr::V4(local)) = local {
                        socket.set_multicast_if_v4(&local)?;
                    }
                }
                (IpAddr::V6(_), _) => socket.set_multicast_hops_v6(u32::from(ttl))?,
            }
        }
        Self::of(socket)
    }

    /// Two sockets on neighbouring ports, the first of them even, from 10000 on; and the first port.
    ///
    /// # Errors
    /// The local address is none, or no pair is free.
    pub fn open_pair(local: IpAddr) -> io::Result<(u16, [Self; 2])> {
        for port in (FIRST_PORT..u16::MAX).step_by(2) {
            let pair = bound(local, port).and_then(|rtp| Ok([rtp, bound(local, port + 1)?]));
            match pair {
                Ok([rtp, rtcp]) => return Ok((port, [Self::of(rtp)?, Self::of(rtcp)?])),
                Err(error) if error.kind() == ErrorKind::AddrInUse => {}
                Err(error) => return Err(error),
            }
        }
        Err(ErrorKind::AddrInUse.into())
    }

    fn of(socket: Socket) -> io::Result<Self> {
        Ok(Self { socket: UdpSocket::from_std(socket.into())? })
    }

    /// Sends all packets and empties the batch. What the socket has no room for in time is lost, and so is a packet that
    /// is too long for the network.
    ///
    /// # Errors
    /// What the system says about the way there. The packets are lost.
    pub async fn send(&self, batch: &mut Batch, counters: &Counters) -> io::Result<()> {
        let mut left = batch.as_slice();
        let mut result = Ok(());
        while !left.is_empty() {
            let attempt = self.socket.async_io(Interest::WRITABLE, || send_datagrams(&self.socket, left));
            let sent = match timeout(PATIENCE, attempt).await {
                Ok(Ok(sent)) => sent.max(1),
                Ok(Err(error)) if is_of_one_packet(&error) => {
                    left = left.get(1..).unwrap_or_default();
                    continue;
                }
                Ok(Err(error)) => {
                    result = Err(error);
                    break;
                }
                Err(_) => break,
            };
            left.iter().take(sent).for_each(|(packet, _)| counters.add(packet.len()));
            left = left.get(sent..).unwrap_or_default();
        }
        batch.clear();
        result
    }

    /// Throws away what has come: a server's reports are of no use here.
    pub fn drain(&self) {
        let mut buffer = [0; 2048];
        for _ in 0..256 {
            if self.socket.try_recv_from(&mut buffer).is_err() {
                return;
            }
        }
    }
}

/// The wildcard address of the same family.
pub fn any_like(address: IpAddr) -> IpAddr {
    if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() }
}

fn bound(local: IpAddr, port: u16) -> io::Result<Socket> {
    let address = SocketAddr::new(local, port);
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// A packet that is too long, and the echo of an earlier one that nobody wanted.
fn is_of_one_packet(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EMSGSIZE) || error.kind() == ErrorKind::ConnectionRefused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_batch_goes_out_in_order_and_is_counted() {
        let ear = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        ear.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let to = ear.local_addr().unwrap();
        let outlet = Outlet::open(Some(to.ip()), to.ip(), 1).unwrap();
        let counters = Counters::default();
        let packets: Vec<Bytes> = (0..100u8).map(|n| Bytes::from(vec![n; usize::from(n) + 1])).collect();
        let mut batch: Batch = packets.iter().map(|packet| (packet.clone(), to)).collect();
        // a datagram cannot be that long; those after it are sent all the same
        batch.insert(70, (Bytes::from(vec![0; 70_000]), to));
        outlet.send(&mut batch, &counters).await.unwrap();
        assert!(batch.is_empty());
        let mut buffer = [0; 2048];
        for packet in &packets {
            let len = ear.recv(&mut buffer).unwrap();
            assert_eq!(&buffer[..len], packet);
        }
        let (count, bytes) = counters.totals();
        assert_eq!((count, bytes), (100, (1..=100).sum()));
    }

    #[tokio::test]
    async fn pairs_are_even_neighbours_from_10000_on_and_do_not_clash() {
        let local = IpAddr::from([127, 0, 0, 1]);
        let (first, _held) = Outlet::open_pair(local).unwrap();
        let (second, [_, rtcp]) = Outlet::open_pair(local).unwrap();
        assert!(first >= FIRST_PORT && second >= FIRST_PORT && first % 2 == 0 && second % 2 == 0);
        assert_ne!(first, second); // which is higher depends on what others have given back meanwhile
        assert_eq!(rtcp.socket.local_addr().unwrap().port(), second + 1);
    }
}
