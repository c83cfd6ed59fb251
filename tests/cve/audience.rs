//! Viewers who play all the while somebody attacks, and who notice when anything is missing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::common::{Client, Ports, Rtp, VIDEO, reports};

/// Packets that each viewer must get after an attack.
const MORE: u64 = 8;

/// Longest wait for them. A machine that is busy elsewhere may let a server wait for many seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a viewer looks up from its packets.
const GLANCE: Duration = Duration::from_millis(50);

/// One viewer by UDP and one by TCP, each on a thread of its own; they play the movie over and over.
pub struct Audience {
    viewers: Vec<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
    heard: [Arc<AtomicU64>; 2],
}

/// Notices packets that are missing, twice there, or somebody else's.
#[derive(Default)]
struct Order(Option<(u16, u32)>);

impl Order {
    fn check(&mut self, packet: &Rtp) {
        if let Some((seq, ssrc)) = self.0 {
            assert_eq!((packet.seq, packet.ssrc), (seq.wrapping_add(1), ssrc), "a packet is missing");
        }
        self.0 = Some((packet.seq, packet.ssrc));
    }
}

impl Audience {
    /// Two viewers of a movie who have their first packets.
    pub fn of(server: SocketAddr, movie: &'static str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let heard: [Arc<AtomicU64>; 2] = Default::default();
        let (over, counter) = (Arc::clone(&stop), Arc::clone(&heard[0]));
        let by_udp = std::thread::spawn(move || watch_udp(server, movie, &over, &counter));
        let (over, counter) = (Arc::clone(&stop), Arc::clone(&heard[1]));
        let by_tcp = std::thread::spawn(move || watch_tcp(server, movie, &over, &counter));
        let audience = Self { viewers: vec![by_udp, by_tcp], stop, heard };
        audience.gets_more();
        audience
    }

    /// Waits until each viewer has got some more packets.
    pub fn gets_more(&self) {
        let goals = self.counts().map(|count| count + MORE);
        let until = Instant::now() + PATIENCE;
        while self.counts().iter().zip(goals).any(|(count, goal)| *count < goal) {
            let alive = !self.viewers.iter().any(JoinHandle::is_finished);
            assert!(alive && Instant::now() < until, "a viewer gets nothing more: {:?} of {goals:?}", self.counts());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The viewers leave; fails if one of them had anything to complain about.
    pub fn leaves(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let content = self.viewers.drain(..).map(|viewer| viewer.join().is_ok());
        assert_eq!(content.collect::<Vec<_>>(), [true, true], "the viewers by UDP and TCP");
    }

    fn counts(&self) -> [u64; 2] {
        [self.heard[0].load(Ordering::Relaxed), self.heard[1].load(Ordering::Relaxed)]
    }
}

impl Drop for Audience {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for viewer in self.viewers.drain(..) {
            let _ = viewer.join();
        }
    }
}

fn says_bye(compound: &[u8]) -> bool {
    reports(compound).iter().any(|(kind, _)| *kind == 203)
}

fn watch_udp(server: SocketAddr, movie: &str, stop: &AtomicBool, heard: &AtomicU64) {
    let (mut client, ports) = (Client::connect(server, None), Ports::new());
    client.setup(movie, VIDEO, &ports.transport());
    client.play(movie, "0-");
    ports.rtp.set_read_timeout(Some(GLANCE)).unwrap();
    ports.rtcp.set_nonblocking(true).unwrap();
    let (mut order, mut buffer) = (Order::default(), [0; 2048]);
    while !stop.load(Ordering::Relaxed) {
        if let Ok(length) = ports.rtp.recv(&mut buffer) {
            order.check(&Rtp::parse(&buffer[..length]));
            heard.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        while let Ok(length) = ports.rtcp.recv(&mut buffer) {
            if says_bye(&buffer[..length]) {
                // The last packets may have come since the look at the other port.
                ports.drain();
                client.play(movie, "0-");
                order = Order::default();
            }
        }
    }
    assert_eq!(client.ask("TEARDOWN", &format!("/{movie}"), "").status, 200);
}

fn watch_tcp(server: SocketAddr, movie: &str, stop: &AtomicBool, heard: &AtomicU64) {
    let mut client = Client::connect(server, None);
    client.setup(movie, VIDEO, "RTP/AVP/TCP;unicast;interleaved=0-1");
    client.play(movie, "0-");
    let mut order = Order::default();
    while !stop.load(Ordering::Relaxed) {
        match client.frame_within(GLANCE) {
            Some((0, packet)) => {
                order.check(&Rtp::parse(&packet));
                heard.fetch_add(1, Ordering::Relaxed);
            }
            Some((_, compound)) if says_bye(&compound) => {
                client.play(movie, "0-");
                order = Order::default();
            }
            _ => {}
        }
    }
    assert_eq!(client.ask("TEARDOWN", &format!("/{movie}"), "").status, 200);
}
