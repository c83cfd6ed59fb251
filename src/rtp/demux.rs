//! Which stream a datagram on a shared port pair belongs to, and the task that receives them.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::clock::Clock;
use super::ports::{RtcpObserver, UdpPair};
use super::rtcp_in::{self, RtcpItem};
use super::stream::{RtpStream, Transport};

/// RTCP compounds are small; what is longer is cut by the read and then refused by the parser.
const MAX_DATAGRAM: usize = 2048;

/// How often the RTP port of a pair is looked at, with and without streams on it.
const RTP_LOOK: Duration = Duration::from_millis(50);
const RTP_LOOK_UNUSED: Duration = Duration::from_millis(500);

/// After RTCP of viewers for whom nobody waits, the port is left alone for so long: with some hundred viewers each report
/// would wake a thread of its own otherwise.
const RTCP_REST: Duration = Duration::from_millis(50);

/// Datagrams read before other tasks get their turn.
const READS_PER_TURN: usize = 64;

/// The streams of a port pair.
#[derive(Debug, Default)]
pub struct Members {
    /// By the announced address of the player's RTCP.
    by_address: HashMap<SocketAddr, Member>,
    /// Real RTCP address behind a NAT to the announced one.
    learned: HashMap<SocketAddr, SocketAddr>,
    by_ssrc: HashMap<u32, SocketAddr>,
    by_peer: HashMap<IpAddr, HashSet<u16>>,
}

#[derive(Debug, Default)]
struct Member {
    /// Empty while the address is reserved for a stream yet to be made.
    stream: Weak<RtpStream>,
    ssrc: Option<u32>,
    learned: Option<SocketAddr>,
}

impl Members {
    pub(super) fn contains(&self, remote: SocketAddr) -> bool {
        self.by_address.contains_key(&remote) || self.learned.contains_key(&remote)
    }

    pub(super) fn has_peer(&self, peer: IpAddr) -> bool {
        self.by_peer.contains_key(&peer)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_address.is_empty()
    }

    pub(super) fn reserve(&mut self, remote: SocketAddr) {
        self.by_address.insert(remote, Member::default());
        self.by_peer.entry(remote.ip()).or_default().insert(remote.port());
    }

    pub(super) fn attach(&mut self, remote: SocketAddr, stream: &Arc<RtpStream>) {
        if let Some(member) = self.by_address.get_mut(&remote) {
            member.stream = Arc::downgrade(stream);
            member.ssrc = Some(stream.ssrc());
            self.by_ssrc.insert(stream.ssrc(), remote);
        }
    }

    pub(super) fn remove(&mut self, remote: SocketAddr) {
        let Some(member) = self.by_address.remove(&remote) else { return };
        if let Some(ssrc) = member.ssrc {
            self.by_ssrc.remove(&ssrc);
        }
        if let Some(learned) = member.learned {
            self.learned.remove(&learned);
        }
        if let Some(ports) = self.by_peer.get_mut(&remote.ip()) {
            ports.remove(&remote.port());
            if ports.is_empty() {
                self.by_peer.remove(&remote.ip());
            }
        }
    }

    /// Gives up room that is not needed now.
    pub(super) fn shrink(&mut self) {
        self.by_address.shrink_to_fit();
        self.learned.shrink_to_fit();
        self.by_ssrc.shrink_to_fit();
        self.by_peer.shrink_to_fit();
    }

    fn at(&self, announced: SocketAddr) -> Option<Arc<RtpStream>> {
        self.by_address.get(&announced)?.stream.upgrade()
    }

    /// The stream whose player sent RTCP from `from`: by the announced or learned address; else by a source that the
    /// compound reports on; else the only stream of that address.
    fn find_rtcp(&self, from: SocketAddr, compound: &[u8]) -> Option<Arc<RtpStream>> {
        let announced = self.learned.get(&from).copied().unwrap_or(from);
        if let Some(stream) = self.at(announced) {
            return Some(stream);
        }
        if !self.has_peer(from.ip()) {
            return None;
        }
        let mut reported = None;
        let (packets, _) = rtcp_in::walk(compound, |item| {
            let ssrc = match item {
                RtcpItem::Report(block) => Some(block.ssrc),
                RtcpItem::Qtss { source, .. } => Some(source),
                RtcpItem::Nadu(block) => Some(block.ssrc),
                RtcpItem::Ack(ack) => Some(ack.ssrc),
                RtcpItem::Reporter { .. } | RtcpItem::Other { .. } => None,
            };
            reported = reported.or(ssrc.and_then(|ssrc| self.by_ssrc.get(&ssrc).copied()));
        });
        if packets == 0 {
            return None;
        }
        match reported {
            Some(announced) if announced.ip() == from.ip() => self.at(announced),
            Some(_) => None,
            None => self.only_stream_of(from.ip()),
        }
    }

    /// The stream of `peer`, if there is just one.
    fn only_stream_of(&self, peer: IpAddr) -> Option<Arc<RtpStream>> {
        let mut ports = self.by_peer.get(&peer)?.iter();
        match (ports.next(), ports.next()) {
            (Some(port), None) => self.at(SocketAddr::new(peer, *port)),
            _ => None,
        }
    }

    /// Finds the stream with `ssrc` under `from` too from now on.
    fn remember(&mut self, from: SocketAddr, ssrc: u32) {
        let Some(announced) = self.by_ssrc.get(&ssrc).copied() else { return };
        if self.contains(from) {
            return;
        }
        if let Some(member) = self.by_address.get_mut(&announced) {
            member.learned = Some(from);
            self.learned.insert(from, announced);
        }
    }
}

/// Finds the stream that a datagram on the RTCP port belongs to, learning the player's port on the way.
pub(super) fn route_rtcp(pair: &UdpPair, from: SocketAddr, compound: &[u8]) -> Option<Arc<RtpStream>> {
    let from = SocketAddr::new(from.ip().to_canonical(), from.port());
    let stream = pair.members.lock().find_rtcp(from, compound)?;
    let Transport::Udp(udp) = stream.transport() else { return None };
    let announced = udp.addresses().rtcp;
    if announced != from && udp.is_known(true) {
        return None; // the player's port is known, and this is not it
    }
    if udp.learn(true, from) {
        pair.members.lock().remember(from, stream.ssrc());
    } else if announced != from {
        return None; // not the RTSP peer
    }
    Some(stream)
}

/// A datagram on the RTP port: nothing but a player's attempt to open its NAT, which tells where RTP must go.
pub(super) fn route_rtp(pair: &UdpPair, from: SocketAddr) {
    let from = SocketAddr::new(from.ip().to_canonical(), from.port());
    let Some(stream) = pair.members.lock().only_stream_of(from.ip()) else { return };
    if let Transport::Udp(udp) = stream.transport() {
        if udp.rtsp_peer() == from.ip() && udp.learn(false, from) {
            tracing::debug!(%from, track = stream.config().track_id, "learned the player's rtp port");
        }
    }
}

/// Receives on both ports until aborted. `rtcp` is the pair's RTCP socket.
pub(super) async fn receive(
    pair: Arc<UdpPair>,
    rtcp: UdpSocket,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn RtcpObserver>,
) {
    let rtp = look_at_rtp(&pair);
    let rtcp = receive_rtcp(rtcp, |from, datagram| {
        let Some(stream) = route_rtcp(&pair, from, datagram) else { return false };
        let summary = stream.handle_rtcp(&*clock, datagram);
        if summary.packets > 0 {
            observer.rtcp_received(&stream, datagram, &summary);
        }
        stream.is_reliable() // its window waits for acknowledgements
    });
    let rtcp = async {
        if let Err(error) = rtcp.await {
            tracing::warn!(port = pair.rtp_port(), %error, "rtcp receiver stopped");
        }
    };
    tokio::join!(rtp, rtcp);
}

/// Looks at the RTP port from time to time. It is not waited for with the rest because the kernel would then go through
/// a wake-up for every packet that is *sent* from it: a third of the cost of sending. What comes here is rare.
async fn look_at_rtp(pair: &UdpPair) {
    let mut buffer = [0u8; 64]; // only the sender's address matters
    loop {
        let used = !pair.members.lock().is_empty();
        tokio::time::sleep(if used { RTP_LOOK } else { RTP_LOOK_UNUSED }).await;
        for _ in 0..READS_PER_TURN {
            match pair.rtp().recv_from(&mut buffer) {
                Ok((_, from)) => route_rtp(pair, from),
                Err(_) => break,
            }
        }
    }
}

async fn receive_rtcp(socket: UdpSocket, mut take: impl FnMut(SocketAddr, &[u8]) -> bool) -> io::Result<()> {
    let socket = tokio::net::UdpSocket::from_std(socket)?;
    let mut buffer = vec![0u8; MAX_DATAGRAM];
    loop {
        socket.readable().await?;
        let (mut emptied, mut urgent) = (false, false);
        for _ in 0..READS_PER_TURN {
            match socket.try_recv_from(&mut buffer) {
                Ok((len, from)) => urgent |= take(from, buffer.get(..len).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    emptied = true;
                    break;
                }
                // An ICMP error of an earlier datagram, or no memory: nothing to do with the next read.
                Err(error) => tracing::debug!(%error, "udp receive"),
            }
        }
        if emptied && !urgent {
            tokio::time::sleep(RTCP_REST).await;
        } else {
            tokio::task::yield_now().await;
        }
    }
}
