//! What a packet costs on its way to the kernel: one call per packet, `sendmmsg`, `sendmmsg` with segmentation offload,
//! and the whole send engine with thousands of sessions, of movies and of one broadcast.
//!
//!     cargo bench --bench send_path [-- SESSIONS [PACKET_BYTES [PACKETS_PER_TICK [SECONDS]]] [live]]
//!
//! Packets go to loopback sockets that nobody reads, so the figures hold the sender's side and the loopback's delivery
//! up to a full receive buffer. CPU is that of the sending thread alone, from its scheduler statistics.
#![allow(clippy::print_stdout, missing_docs)]

use std::fs;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use dss::live::{Broadcast, BroadcastOptions, JoinOptions, Kind, TrackInfo, TrackKind, ViewerOptions};
use dss::rtp::*;

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const RECEIVERS: usize = 64;

struct Shape {
    sessions: usize,
    size: usize,
    per_tick: usize,
    seconds: u64,
}

/// The same packets for ever, `per_frame` at a time, a frame each 50 ms.
struct Loop {
    block: Bytes,
    size: usize,
    per_frame: u64,
    next: u64,
}

impl PacketSource for Loop {
    fn peek(&mut self, _context: &ReadContext<'_>) -> Peek {
        let frame = self.next / self.per_frame;
        Peek::Packet(PacketHead {
            kind: PacketKind::Payload,
            time_us: frame as i64 * 50_000,
            rtp_time: (frame * 4500) as u32,
            marker: false,
            payload_type: 96,
            rtp_bits: 0,
            source_sequence: self.next as u16,
            sample: frame as u32,
            sync: true,
            repeat: false,
        })
    }

    fn payload(&self) -> Option<(&Bytes, Range<usize>)> {
        Some((&self.block, 0..self.size))
    }

    fn advance(&mut self) {
        self.next += 1;
    }
}

/// Nanoseconds on a core of this process's threads whose name starts so.
fn cpu_ns(name: &str) -> u64 {
    let tasks = fs::read_dir("/proc/self/task").expect("procfs").flatten();
    let matching =
        tasks.filter(|task| fs::read_to_string(task.path().join("comm")).is_ok_and(|comm| comm.starts_with(name)));
    matching
        .filter_map(|task| {
            fs::read_to_string(task.path().join("schedstat")).ok()?.split(' ').next()?.parse::<u64>().ok()
        })
        .sum()
}

fn resident_bytes() -> u64 {
    let pages =
        fs::read_to_string("/proc/self/statm").ok().and_then(|line| line.split(' ').nth(1)?.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096
}

fn report(what: &str, packets: u64, elapsed: Duration, cpu: u64) {
    let rate = packets as f64 / elapsed.as_secs_f64();
    let each = cpu as f64 / packets.max(1) as f64 / 1000.0;
    println!("{what:<44} {rate:>10.0} packets/s {each:>7.2} us CPU per packet");
}

fn receivers() -> Vec<(UdpSocket, SocketAddr)> {
    let socket = || UdpSocket::bind((LOCAL, 0)).expect("receiver");
    let with_address = |socket: UdpSocket| (socket.local_addr().expect("address"), socket);
    (0..RECEIVERS).map(|_| with_address(socket())).map(|(address, socket)| (socket, address)).collect()
}

fn pool() -> PortPool {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    PortPool::new(PoolConfig { first_port: 30_000, ..PoolConfig::default() }, None, clock, Arc::new(NoObserver))
}

fn bare(shape: &Shape, offload: Option<bool>) {
    let receivers = receivers();
    let pool = pool();
    let lease = pool.allocate(LOCAL, SocketAddr::new(LOCAL, 9)).expect("ports");
    let block = Bytes::from(vec![7; shape.size]);
    let mut batch = UdpBatch::new(Offload::fixed(offload == Some(true)), Arc::default());
    let packet = vec![7; shape.size + RTP_HEADER_LEN];
    let (begin, cpu_before, mut packets) = (Instant::now(), cpu_ns("send_path"), 0u64);
    while begin.elapsed() < Duration::from_secs(shape.seconds) {
        for session in 0..256 {
            let to = receivers[session % RECEIVERS].1;
            for _ in 0..shape.per_tick {
                if offload.is_some() {
                    batch.push(lease.pair(), false, to, &[0x80; RTP_HEADER_LEN], Some((&block, 0..shape.size)));
                } else {
                    let _ = lease.pair().rtp().send_to(&packet, to);
                }
                packets += 1;
            }
        }
        batch.flush();
    }
    let what = match offload {
        None => "one call per packet",
        Some(false) => "sendmmsg",
        Some(true) => "sendmmsg + UDP_SEGMENT",
    };
    report(what, packets, begin.elapsed(), cpu_ns("send_path") - cpu_before);
}

fn stream(transport: Transport) -> Arc<RtpStream> {
    RtpStream::new(StreamConfig {
        track_id: 1,
        payload_name: String::new(),
        clock_rate: 90_000,
        is_video: true,
        worst_quality: WORST_FILE_QUALITY,
        quality: 0,
        cname: Cname::of_session(0),
        activity: Arc::new(AtomicI64::new(0)),
        transport,
    })
}

fn start_engine(offload: bool, clock: &Arc<dyn Clock>) -> SendEngine {
    let (sender, _events) = tokio::sync::mpsc::unbounded_channel();
    let config = EngineConfig { workers: 1, pin: true, offload: Offload::fixed(offload) };
    SendEngine::start(&config, Arc::clone(clock), sender).expect("threads")
}

fn engine(shape: &Shape, offload: bool, streams: Vec<Arc<RtpStream>>, what: &str) {
    let engine = start_engine(offload, &(Arc::new(SystemClock::new()) as Arc<dyn Clock>));
    let block = Bytes::from(vec![7; shape.size]);
    let prefs = Arc::new(SendPrefs::default());
    let resident = resident_bytes();
    for (key, stream) in (0..).zip(streams) {
        let source = Loop { block: block.clone(), size: shape.size, per_frame: shape.per_tick as u64, next: 0 };
        let play = PlayStream { stream, source: Box::new(source), send_reports: false };
        let mut request = PlayRequest::new(key, vec![play], 0, Arc::clone(&prefs));
        request.start_delay_us = (key as i64 * 7919) % 50_000;
        engine.play(request);
    }
    measure(shape, &engine, resident, what);
}

/// A broadcast of which as much comes in as is read of a movie, a packet at a time.
fn live(shape: &Shape, offload: bool, streams: Vec<Arc<RtpStream>>, what: &str) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let engine = start_engine(offload, &clock);
    let track = TrackInfo {
        track_id: 1,
        kind: TrackKind::Video,
        payload_name: "H264".to_owned(),
        clock_rate: 90_000,
        payload_type: Some(96),
        fmtp: String::new(),
    };
    let broadcast = Broadcast::new("bench", vec![track], BroadcastOptions::default(), Arc::clone(&clock));
    let over = Arc::new(AtomicI64::new(0));
    let feeder = {
        let (broadcast, over, per_tick, size) =
            (Arc::clone(&broadcast), Arc::clone(&over), shape.per_tick as u32, shape.size);
        let feed = move || {
            let mut number = 0u32;
            while over.load(Ordering::Relaxed) == 0 {
                let frame = number / per_tick;
                let timestamp = frame * 4500;
                let header = RtpHeader { marker: false, payload_type: 96, sequence: number as u16, timestamp, ssrc: 9 };
                let unit = if frame % 20 == 0 { 0x65 } else { 0x41 };
                let packet = [&header.to_bytes()[..], &[unit], &vec![7; size - 1]].concat();
                broadcast.receive(1, Kind::Rtp, packet.into(), None, broadcast.clock().now_us());
                number += 1;
                std::thread::sleep(Duration::from_micros(50_000 / u64::from(per_tick)));
            }
        };
        std::thread::Builder::new().name("feeder".to_owned()).spawn(feed).expect("feeder")
    };
    std::thread::sleep(Duration::from_millis(500));
    let prefs = Arc::new(SendPrefs::default());
    let resident = resident_bytes();
    for (key, stream) in (0..).zip(streams) {
        let join = broadcast.join(&JoinOptions::default());
        let media_start_us = join.media_start_us();
        let source = Box::new(broadcast.viewer(1, ViewerOptions { join }).expect("a track"));
        let play = PlayStream { stream, source, send_reports: false };
        engine.play(PlayRequest::new(key, vec![play], media_start_us, Arc::clone(&prefs)));
        if key % 50 == 0 {
            std::thread::sleep(Duration::from_millis(5)); // nobody's viewers come all at once
        }
    }
    std::thread::sleep(Duration::from_secs(2));
    measure(shape, &engine, resident, what);
    println!("    {} packets missed, viewers {}", broadcast.missed(), broadcast.viewers());
    over.store(1, Ordering::Relaxed);
    feeder.join().expect("feeder");
}

fn measure(shape: &Shape, engine: &SendEngine, resident: u64, what: &str) {
    std::thread::sleep(Duration::from_secs(1));
    let per_session = resident_bytes().saturating_sub(resident) / shape.sessions as u64;
    let (begin, cpu_before, before) = (Instant::now(), cpu_ns("rtp-send"), engine.counters());
    std::thread::sleep(Duration::from_secs(shape.seconds));
    let (elapsed, cpu, after) = (begin.elapsed(), cpu_ns("rtp-send") - cpu_before, engine.counters());
    report(what, after.packets - before.packets, elapsed, cpu);
    println!(
        "    {:.0} packets per call, lateness p99.9 <= {} us, {:.0} % of a core, {} bytes per session, {} lost",
        (after.packets - before.packets) as f64 / (after.send_calls - before.send_calls).max(1) as f64,
        after.lateness_us.quantile(0.999),
        cpu as f64 / elapsed.as_nanos() as f64 * 100.0,
        per_session,
        after.lost_datagrams,
    );
}

fn udp_engine(shape: &Shape, offload: bool, is_live: bool) {
    let receivers = receivers();
    let pool = pool();
    let streams = (0..shape.sessions).map(|session| {
        let rtcp = SocketAddr::new(LOCAL, 1 + (session % 65_000) as u16);
        let lease = pool.allocate(LOCAL, rtcp).expect("ports");
        let rtp = receivers[session % RECEIVERS].1;
        stream(Transport::Udp(UdpTransport::new(lease, LOCAL, rtp, rtcp)))
    });
    let (kind, run) = if is_live { ("viewers", live as fn(_, _, _, &str)) } else { ("sessions", engine as _) };
    let what = format!("engine, {} udp {kind}{}", shape.sessions, if offload { ", offload" } else { "" });
    run(shape, offload, streams.collect(), &what);
}

fn tcp_engine(shape: &Shape, is_live: bool) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("runtime");
    let _inside = runtime.enter();
    let listener = TcpListener::bind((LOCAL, 0)).expect("listen");
    let address = listener.local_addr().expect("address");
    let sessions = shape.sessions.min(2000);
    let (mut streams, mut clients) = (Vec::new(), Vec::new());
    for _ in 0..sessions {
        clients.push(TcpStream::connect(address).expect("connect"));
        let (server, peer) = listener.accept().expect("accept");
        server.set_nonblocking(true).expect("non-blocking");
        let server = tokio::net::TcpStream::from_std(server).expect("tokio");
        let conn = ConnWriter::new(Arc::new(server), peer);
        streams.push(stream(Transport::Interleaved { conn, rtp_channel: 0, rtcp_channel: 1 }));
    }
    let read = Arc::new(AtomicI64::new(0));
    let counted = Arc::clone(&read);
    std::thread::Builder::new().name("reader".to_owned()).spawn(move || drain(clients, &counted)).expect("reader");
    let shape = Shape { sessions, ..*shape };
    let (kind, run) = if is_live { ("viewers", live as fn(_, _, _, &str)) } else { ("sessions", engine as _) };
    run(&shape, false, streams, &format!("engine, {sessions} tcp {kind}"));
    println!("    {} bytes read", read.load(Ordering::Relaxed));
}

/// Reads all connections in turn until one ends.
fn drain(clients: Vec<TcpStream>, read: &AtomicI64) {
    let mut buffer = vec![0; 1 << 16];
    clients.iter().for_each(|client| client.set_nonblocking(true).expect("non-blocking"));
    loop {
        for mut client in &clients {
            match client.read(&mut buffer) {
                Ok(0) => return,
                Ok(len) => read.fetch_add(len as i64, Ordering::Relaxed),
                Err(_) => 0,
            };
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn main() {
    let numbers: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let number = |index: usize, default: usize| numbers.get(index).copied().unwrap_or(default);
    let shape = Shape {
        sessions: number(0, 2000).max(1),
        size: number(1, 554).max(4),
        per_tick: number(2, 4).max(1),
        seconds: number(3, 3).max(1) as u64,
    };
    println!("{} byte payloads, {} packets per session and 50 ms", shape.size, shape.per_tick);
    if !std::env::args().any(|argument| argument == "live") {
        for offload in [None, Some(false), Some(true)] {
            bare(&shape, offload);
        }
    }
    for is_live in [false, true] {
        for offload in [false, true] {
            udp_engine(&shape, offload, is_live);
        }
        tcp_engine(&shape, is_live);
    }
}
