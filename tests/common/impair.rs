//! Bad networks for tests, in user space: relays between a player and the server that lose, delay, overtake and throttle.
//!
//! A UDP player tells the server the relay's ports as its own and sends its RTCP to the relay, as behind a NAT. What is
//! lost follows from a seed and the number of the packet, not from the time, so that a run can be repeated.

use std::collections::BinaryHeap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What one direction does to packets. Loss may change while it runs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Impairment {
    /// Lost of 1000.
    pub loss: u32,
    /// One way.
    pub delay: Duration,
    /// Up to so much more.
    pub jitter: Duration,
    /// Of 1000 that come 20 ms later than they would.
    pub reordered: u32,
}

/// A relay of one UDP port pair, both ways.
pub struct UdpRelay {
    /// The even port of the pair that the server sends to.
    pub port: u16,
    loss: Arc<AtomicU32>,
    dropped: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

struct Waiting {
    at: Instant,
    bytes: Vec<u8>,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}
impl Eq for Waiting {}
impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.at.cmp(&self.at) // the earliest is on top
    }
}

impl UdpRelay {
    /// Stands between the server's pair that starts at `server` and the player's that starts at `player`. The server's
    /// ports are known only after SETUP: [`UdpRelay::connect`].
    pub fn between(player: &super::Ports, impairment: Impairment, seed: u64) -> Relaying {
        let outside = super::Ports::new();
        Relaying { player: player.rtp.local_addr().unwrap(), outside, impairment, seed }
    }
}

/// A relay whose server is not known yet.
pub struct Relaying {
    player: SocketAddr,
    outside: super::Ports,
    impairment: Impairment,
    seed: u64,
}

impl Relaying {
    /// The Transport entry to ask for.
    pub fn transport(&self) -> String {
        self.outside.transport()
    }

    /// Goes to work; `server_port` is SETUP's. Returns the relay and the address to send RTCP to.
    pub fn connect(self, server: std::net::IpAddr, server_port: u16) -> (UdpRelay, SocketAddr) {
        let Self { player, outside, impairment, seed } = self;
        let port = outside.rtp.local_addr().unwrap().port();
        let inside = super::Ports::new();
        let rtcp_at = inside.rtcp.local_addr().unwrap();
        let loss = Arc::new(AtomicU32::new(impairment.loss));
        let dropped = Arc::new(AtomicU64::new(0));
        let stop = Arc::new(AtomicBool::new(false));
        let next = |address: SocketAddr| SocketAddr::new(address.ip(), address.port() + 1);
        let super::Ports { rtp, rtcp } = outside;
        let ways = [
            (rtp, clone(&inside.rtp), player, seed),
            (clone(&rtcp), clone(&inside.rtcp), next(player), seed + 1),
            (inside.rtcp, rtcp, SocketAddr::new(server, server_port + 1), seed + 2),
        ];
        let threads = ways.into_iter().map(|(from, by, to, seed)| {
            let (loss, dropped, stop) = (Arc::clone(&loss), Arc::clone(&dropped), Arc::clone(&stop));
            let way = Way { from, by, to, impairment, loss, dropped, stop, random: seed | 1 };
            std::thread::spawn(move || way.run())
        });
        (UdpRelay { port, threads: threads.collect(), loss, dropped, stop }, rtcp_at)
    }
}

fn clone(socket: &UdpSocket) -> UdpSocket {
    socket.try_clone().unwrap()
}

impl UdpRelay {
    /// From now on so many of 1000 get lost, each way.
    pub fn set_loss(&self, loss: u32) {
        self.loss.store(loss, Ordering::Relaxed);
    }

    /// Packets lost so far, both ways.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

impl Drop for UdpRelay {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.drain(..).for_each(|thread| thread.join().unwrap());
    }
}

/// One direction of one port.
struct Way {
    from: UdpSocket,
    by: UdpSocket,
    to: SocketAddr,
    impairment: Impairment,
    loss: Arc<AtomicU32>,
    dropped: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    random: u64,
}

impl Way {
    fn roll(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 16) % below.max(1)
    }

    fn run(mut self) {
        let mut waiting = BinaryHeap::new();
        let mut buffer = [0; 2048];
        let mut last = Instant::now();
        while !self.stop.load(Ordering::Relaxed) {
            let due = waiting.peek().map(|first: &Waiting| first.at.saturating_duration_since(Instant::now()));
            let pause =
                due.unwrap_or(Duration::from_millis(20)).clamp(Duration::from_millis(1), Duration::from_millis(20));
            self.from.set_read_timeout(Some(pause)).unwrap();
            if let Ok(length) = self.from.recv(&mut buffer) {
                if self.roll(1000) < u64::from(self.loss.load(Ordering::Relaxed)) {
                    self.dropped.fetch_add(1, Ordering::Relaxed);
                } else {
                    let jitter = Duration::from_micros(self.roll(self.impairment.jitter.as_micros() as u64));
                    let in_order = (Instant::now() + self.impairment.delay + jitter).max(last);
                    let overtaken = self.roll(1000) < u64::from(self.impairment.reordered);
                    let at = if overtaken { in_order + Duration::from_millis(20) } else { in_order };
                    last = in_order;
                    waiting.push(Waiting { at, bytes: buffer[..length].to_vec() });
                }
            }
            while waiting.peek().is_some_and(|first| first.at <= Instant::now()) {
                if let Some(packet) = waiting.pop() {
                    let _ = self.by.send_to(&packet.bytes, self.to);
                }
            }
        }
    }
}

/// A TCP link of a certain rate with little room in it. The rate may change while it runs.
pub struct TcpLink {
    /// Where to connect instead of to the server.
    pub address: SocketAddr,
    rate: Arc<AtomicU32>,
}

impl TcpLink {
    /// Carries `kilobits` per second from the server to one player; what the player sends is not held up.
    pub fn new(server: SocketAddr, kilobits: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let rate = Arc::new(AtomicU32::new(kilobits));
        let of_thread = Arc::clone(&rate);
        std::thread::spawn(move || {
            let Ok((player, _)) = listener.accept() else { return };
            let upstream = narrow_connection(server);
            player.set_nodelay(true).unwrap();
            let (mut from, mut to) = (player.try_clone().unwrap(), upstream.try_clone().unwrap());
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(std::net::Shutdown::Both);
            });
            throttle(upstream, player, &of_thread);
        });
        Self { address, rate }
    }

    /// From now on it carries this.
    pub fn set_rate(&self, kilobits: u32) {
        self.rate.store(kilobits, Ordering::Relaxed);
    }
}

fn narrow_connection(to: SocketAddr) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::for_address(to), socket2::Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(8192).unwrap();
    socket.connect(&to.into()).unwrap();
    socket.into()
}

/// Ends with either connection.
fn throttle(mut from: TcpStream, mut to: TcpStream, rate: &AtomicU32) {
    const TICK: Duration = Duration::from_millis(5);
    let (mut budget, mut last) = (0.0, Instant::now());
    let mut buffer = vec![0; 65_536];
    loop {
        std::thread::sleep(TICK);
        let bytes_per_second = f64::from(rate.load(Ordering::Relaxed)) * 125.0;
        budget += last.elapsed().as_secs_f64() * bytes_per_second;
        last = Instant::now();
        let now = (budget as usize).min(buffer.len());
        if now == 0 {
            continue;
        }
        match from.read(&mut buffer[..now]) {
            Ok(0) | Err(_) => return,
            Ok(length) => {
                // What the link could have carried while there was nothing is gone.
                budget = (budget - length as f64).min(bytes_per_second / 10.0);
                if to.write_all(&buffer[..length]).is_err() {
                    return;
                }
            }
        }
    }
}
