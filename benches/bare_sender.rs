//! The least that serving these viewers can cost: an RTSP server that plays one movie to all who ask and does nothing
//! else. The packets, their sizes, when they are due, the destinations and the packets per session and tick are those
//! of the real server; per tick there is one `sendmmsg` with segmentation offload for many UDP sessions, or one
//! `writev` per TCP session. No cache, no reports, no thinning, no checks.
//!
//!     bare_sender --movie FILE --port N [--address A] [--tick MS] [--no-offload] [--one-call-per-packet]
//!
//! `benches/compare` runs it beside the server and divides the one's CPU time per packet by the other's; `cargo bench
//! --bench bare_sender` without options only says so.
#![allow(clippy::print_stdout, missing_docs)]

use std::collections::HashMap;
use std::io::{ErrorKind, IoSlice, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use dss::media::{Movie, OpenOptions, SdpParams};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpSocket, TcpStream};

/// Sessions due within so much are sent together; the real server's timer has this grain.
const GRAIN: Duration = Duration::from_millis(2);
/// Most messages of one `sendmmsg`, most packets of one run.
const MESSAGES: usize = 64;
const RUN: usize = 16;

/// A packet of the movie, its payload and when it is due.
struct Packet {
    due_us: i64,
    track: usize,
    rtp_time: u32,
    flags: u8, // marker and payload type
    payload: Box<[u8]>,
}

struct Options {
    movie: PathBuf,
    port: u16,
    address: Ipv4Addr,
    tick: Duration,
    offload: bool,
    batch: bool,
}

/// Where a viewer wants its media, by track.
#[derive(Debug)]
enum To {
    Udp(Vec<SocketAddrV4>),
    Tcp(std::net::TcpStream, Vec<u8>),
}

enum Order {
    Play(u64, To),
    Stop(u64),
}

/// What of a session changes with each packet.
struct Session {
    key: u64,
    began: Instant,
    next: usize,
    sequence: Vec<u16>,
    rest: Vec<u8>, // what a TCP connection has not taken
    broken: bool,
}

fn packets(movie: &Movie) -> Vec<Packet> {
    let mut packets = Vec::new();
    for (track, hint) in movie.hint_tracks().iter().enumerate() {
        for block in 0..hint.block_count() {
            let block = movie.build_block(hint, block).expect("a whole movie");
            packets.extend(block.packets.iter().map(|packet| Packet {
                due_us: packet.time_us,
                track,
                rtp_time: packet.rtp_time,
                flags: u8::from(packet.marker) << 7 | packet.payload_type,
                payload: block.payload(packet).to_vec().into(),
            }));
        }
    }
    packets.sort_by_key(|packet| packet.due_us); // stable: packets of a frame keep their order
    packets
}

impl Session {
    fn header(&mut self, packet: &Packet) -> [u8; 12] {
        let mut header = [0x80, packet.flags, 0, 0, 0, 0, 0, 0, 0, 0, 0, packet.track as u8];
        let sequence = &mut self.sequence[packet.track];
        header[2..4].copy_from_slice(&sequence.to_be_bytes());
        *sequence = sequence.wrapping_add(1);
        header[4..8].copy_from_slice(&packet.rtp_time.to_be_bytes());
        header[8..11].copy_from_slice(&(self.key as u32).to_be_bytes()[1..]);
        header
    }

    /// The packets due at `now`; none once the movie is over.
    fn due<'a>(&mut self, now: Instant, movie: &'a [Packet]) -> &'a [Packet] {
        let position = now.duration_since(self.began).as_micros() as i64;
        let rest = &movie[self.next..];
        let count = rest.iter().take_while(|packet| packet.due_us <= position).count();
        self.next += count;
        &rest[..count]
    }
}

/// A packet in a run: number of its header, payload and its length.
type Part = (usize, *const u8, usize);

/// A `sendmmsg` in the making. Headers and addresses stay where they are until it is sent.
struct Batch {
    socket: RawFd,
    offload: bool,
    headers: Vec<[u8; 12]>,
    runs: Vec<(SocketAddrV4, u16, Vec<Part>)>, // destination, bytes of each packet, packets
    used: usize,
}

impl Batch {
    fn new(socket: RawFd, offload: bool) -> Self {
        let runs = (0..MESSAGES).map(|_| (SocketAddrV4::new(0.into(), 0), 0, Vec::with_capacity(RUN))).collect();
        Self { socket, offload, headers: Vec::with_capacity(MESSAGES * RUN), runs, used: 0 }
    }

    /// Adds a packet: to the present run when it goes there too and all before it are as long, as
    /// `UDP_SEGMENT` demands; only the last may be shorter.
    fn push(&mut self, to: SocketAddrV4, header: [u8; 12], payload: &[u8]) {
        let length = payload.len() + 12;
        let joins = self.offload && self.used > 0 && {
            let (address, size, parts) = &self.runs[self.used - 1];
            let whole = parts.last().is_some_and(|(_, _, last)| last + 12 == usize::from(*size));
            let bytes = parts.len() * usize::from(*size) + length;
            *address == to && whole && length <= usize::from(*size) && parts.len() < RUN && bytes < 65_000
        };
        if !joins {
            if self.used == MESSAGES {
                self.flush();
            }
            let run = &mut self.runs[self.used];
            run.0 = to;
            run.1 = length as u16;
            run.2.clear();
            self.used += 1;
        }
        self.headers.push(header);
        let number = self.headers.len() - 1;
        self.runs[self.used - 1].2.push((number, payload.as_ptr(), payload.len()));
    }

    fn flush(&mut self) {
        if self.used == 0 {
            return;
        }
        let mut names =
            [libc::sockaddr_in { sin_family: 0, sin_port: 0, sin_addr: libc::in_addr { s_addr: 0 }, sin_zero: [0; 8] };
                MESSAGES];
        let mut controls = [[0u64; 4]; MESSAGES];
        let mut parts: Vec<libc::iovec> = Vec::with_capacity(MESSAGES * RUN * 2);
        // SAFETY: mmsghdr is plain data, valid when zero.
        let mut messages: [libc::mmsghdr; MESSAGES] = unsafe { std::mem::zeroed() };
        for (n, (to, size, run)) in self.runs.iter().take(self.used).enumerate() {
            let first = parts.len();
            for (header, payload, length) in run {
                parts.push(libc::iovec { iov_base: self.headers[*header].as_ptr().cast_mut().cast(), iov_len: 12 });
                parts.push(libc::iovec { iov_base: payload.cast_mut().cast(), iov_len: *length });
            }
            names[n].sin_family = libc::AF_INET as u16;
            names[n].sin_port = to.port().to_be();
            names[n].sin_addr.s_addr = u32::from_ne_bytes(to.ip().octets());
            let header = &mut messages[n].msg_hdr;
            header.msg_name = std::ptr::from_mut(&mut names[n]).cast();
            header.msg_namelen = size_of::<libc::sockaddr_in>() as u32;
            header.msg_iovlen = (parts.len() - first) as _;
            // SAFETY: parts has its whole capacity from the start and does not move; first is inside it.
            header.msg_iov = unsafe { parts.as_mut_ptr().add(first) };
            if run.len() > 1 {
                header.msg_control = controls[n].as_mut_ptr().cast();
                // SAFETY: the control buffer is 32 zeroed bytes, aligned for cmsghdr; CMSG_SPACE(2) is 24.
                unsafe {
                    header.msg_controllen = libc::CMSG_SPACE(2) as _;
                    let entry = libc::CMSG_FIRSTHDR(header);
                    (*entry).cmsg_level = libc::SOL_UDP;
                    (*entry).cmsg_type = libc::UDP_SEGMENT;
                    (*entry).cmsg_len = libc::CMSG_LEN(2) as _;
                    libc::CMSG_DATA(entry).cast::<u16>().write_unaligned(*size);
                }
            }
        }
        let mut sent = 0;
        while sent < self.used {
            // SAFETY: headers, names, parts and controls live until the end of this function, payloads as long as the
            // movie, which outlives the sender.
            let count =
                unsafe { libc::sendmmsg(self.socket, messages.as_mut_ptr().add(sent), (self.used - sent) as u32, 0) };
            sent += usize::try_from(count).unwrap_or(1).max(1);
        }
        self.used = 0;
        self.headers.clear();
    }
}

/// Writes what is due, and what was left over, in one call.
fn write_tcp(stream: &std::net::TcpStream, channels: &[u8], session: &mut Session, due: &[Packet]) {
    let mut heads: Vec<[u8; 16]> = Vec::with_capacity(due.len());
    for packet in due {
        let length = ((packet.payload.len() + 12) as u16).to_be_bytes();
        let mut head = [b'$', channels[packet.track], length[0], length[1], 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        head[4..].copy_from_slice(&session.header(packet));
        heads.push(head);
    }
    let mut parts: Vec<IoSlice> = Vec::with_capacity(due.len() * 2 + 1);
    if !session.rest.is_empty() {
        parts.push(IoSlice::new(&session.rest));
    }
    for (head, packet) in heads.iter().zip(due) {
        parts.push(IoSlice::new(head));
        parts.push(IoSlice::new(&packet.payload));
    }
    let total: usize = parts.iter().map(|part| part.len()).sum();
    if total == 0 {
        return;
    }
    let mut written = match (&*stream).write_vectored(&parts) {
        Ok(count) => count,
        Err(e) if e.kind() == ErrorKind::WouldBlock => 0,
        Err(_) => {
            session.broken = true;
            return;
        }
    };
    let mut rest = Vec::new();
    let left: &[IoSlice] = if written < total { &parts } else { &[] };
    for part in left {
        rest.extend_from_slice(&part[written.min(part.len())..]);
        written = written.saturating_sub(part.len());
    }
    session.broken = rest.len() > 4 << 20;
    session.rest = rest;
}

/// The sending thread: each session has its turn once a tick.
fn send(options: &Options, movie: &[Packet], tracks: usize, socket: &UdpSocket, orders: &Receiver<Order>) {
    let slots = (options.tick.as_micros() / GRAIN.as_micros()).max(1) as usize;
    let mut wheel: Vec<Vec<(Session, To)>> = (0..slots).map(|_| Vec::new()).collect();
    let mut places: HashMap<u64, usize> = HashMap::new();
    let mut batch = Batch::new(socket.as_raw_fd(), options.offload);
    let mut turn = Instant::now();
    for slot in (0..slots).cycle() {
        std::thread::sleep(turn.saturating_duration_since(Instant::now()));
        turn += GRAIN;
        for order in orders.try_iter() {
            match order {
                Order::Play(key, to) => {
                    places.insert(key, slot);
                    let sequence = vec![0; tracks];
                    let session =
                        Session { key, began: Instant::now(), next: 0, sequence, rest: Vec::new(), broken: false };
                    wheel[slot].push((session, to));
                }
                Order::Stop(key) => {
                    let place = places.remove(&key).and_then(|place| wheel.get_mut(place));
                    place.into_iter().for_each(|sessions| sessions.retain(|(session, _)| session.key != key));
                }
            }
        }
        let now = Instant::now();
        for (session, to) in wheel[slot].iter_mut().filter(|(session, _)| !session.broken) {
            let due = session.due(now, movie);
            match to {
                To::Tcp(stream, channels) => write_tcp(stream, channels, session, due),
                To::Udp(addresses) => {
                    for (track, address) in addresses.iter().enumerate() {
                        for packet in due.iter().filter(|packet| packet.track == track) {
                            batch.push(*address, session.header(packet), &packet.payload);
                            if !options.batch {
                                batch.flush();
                            }
                        }
                    }
                }
            }
        }
        batch.flush();
    }
}

/// What all connections need to know.
struct House {
    sdp: String,
    controls: Vec<String>, // a track's place in the movie by its control name
    address: Ipv4Addr,
    ports: (u16, u16),
    orders: Sender<Order>,
}

/// The next request: its lines. Interleaved frames on the way are passed over.
async fn request(reader: &mut BufReader<OwnedReadHalf>) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        if lines.is_empty() && *reader.fill_buf().await.ok()?.first()? == b'$' {
            let mut head = [0; 4];
            reader.read_exact(&mut head).await.ok()?;
            let mut body = vec![0; usize::from(u16::from_be_bytes([head[2], head[3]]))];
            reader.read_exact(&mut body).await.ok()?;
            continue;
        }
        let mut line = String::new();
        if reader.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        match (line.trim_end(), lines.is_empty()) {
            ("", true) => {}
            ("", false) => return Some(lines),
            (line, _) => lines.push(line.to_owned()),
        }
    }
}

fn numbers(text: &str, after: &str) -> Option<(u16, u16)> {
    let (_, rest) = text.split_once(after)?;
    let (first, second) = rest.split(';').next()?.split_once('-')?;
    Some((first.trim().parse().ok()?, second.trim().parse().ok()?))
}

async fn serve(stream: TcpStream, peer: Ipv4Addr, key: u64, house: Arc<House>) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let plain = stream.into_std().ok()?;
    let media = plain.try_clone().ok()?;
    let (reader, mut writer) = TcpStream::from_std(plain).ok()?.into_split();
    let mut reader = BufReader::new(reader);
    let nowhere = SocketAddrV4::new(peer, 9);
    let mut udp = vec![nowhere; house.controls.len()];
    let mut tcp = vec![None; house.controls.len()];
    let mut media = Some(media);
    while let Some(lines) = request(&mut reader).await {
        let mut words = lines.first()?.split(' ');
        let (method, url) = (words.next()?.to_owned(), words.next()?.to_owned());
        let field = |name: &str| lines.iter().find_map(|l| l.strip_prefix(name)).map(str::trim).unwrap_or_default();
        let mut answer = format!("RTSP/1.0 200 OK\r\nCSeq: {}\r\nSession: {key}\r\n", field("CSeq:"));
        let mut order = None;
        match method.as_str() {
            "DESCRIBE" => {
                answer += &format!(
                    "Content-Base: {url}/\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n",
                    house.sdp.len()
                )
            }
            "SETUP" => {
                let track = house.controls.iter().position(|control| url.ends_with(&format!("/{control}")))?;
                let wanted = field("Transport:");
                if let Some((rtp, rtcp)) = numbers(wanted, "interleaved=") {
                    tcp[track] = u8::try_from(rtp).ok();
                    answer += &format!("Transport: RTP/AVP/TCP;unicast;interleaved={rtp}-{rtcp}\r\n");
                } else {
                    let (rtp, rtcp) = numbers(wanted, "client_port=")?;
                    udp[track] = SocketAddrV4::new(peer, rtp);
                    let (ours, control) = house.ports;
                    answer += &format!(
                        "Transport: RTP/AVP;unicast;source={};client_port={rtp}-{rtcp};server_port={ours}-{control}\r\n",
                        house.address
                    );
                }
            }
            "PLAY" => {
                answer += "Range: npt=0-\r\n";
                let channels: Option<Vec<u8>> = tcp.iter().copied().collect();
                let to = match channels {
                    Some(channels) => media.take().map(|stream| To::Tcp(stream, channels)),
                    None => Some(To::Udp(udp.clone())),
                };
                order = to.map(|to| Order::Play(key, to));
            }
            "TEARDOWN" => order = Some(Order::Stop(key)),
            _ => {}
        }
        answer += "\r\n";
        if method == "DESCRIBE" {
            answer += &house.sdp;
        }
        writer.write_all(answer.as_bytes()).await.ok()?;
        if let Some(order) = order {
            house.orders.send(order).ok()?;
        }
    }
    Some(())
}

fn options() -> Option<Options> {
    let mut options = Options {
        movie: PathBuf::new(),
        port: 0,
        address: Ipv4Addr::LOCALHOST,
        tick: Duration::from_millis(50),
        offload: true,
        batch: true,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--movie" => options.movie = arguments.next()?.into(),
            "--port" => options.port = arguments.next()?.parse().ok()?,
            "--address" => options.address = arguments.next()?.parse().ok()?,
            "--tick" => options.tick = Duration::from_millis(arguments.next()?.parse().ok()?),
            "--no-offload" => options.offload = false,
            "--one-call-per-packet" => (options.offload, options.batch) = (false, false),
            _ => {}
        }
    }
    (options.port > 0).then_some(options)
}

fn main() {
    let Some(options) = options() else {
        println!("bare_sender --movie FILE --port N [--address A] [--tick MS] [--no-offload] [--one-call-per-packet]");
        return;
    };
    let movie = Movie::open(&options.movie, &OpenOptions::default()).expect("a hinted movie");
    let packets = packets(&movie);
    let control = |line: &str| line.strip_prefix("a=control:").map(|name| name.trim().to_owned());
    let sdp = movie.sdp(&SdpParams { server_ip: IpAddr::V4(options.address), ..SdpParams::default() });
    let of_tracks = sdp.split("m=").skip(1).filter_map(|media| media.lines().find_map(control));
    let controls: Vec<String> = of_tracks.collect();
    // the order in the description is the order of the tracks in the file
    assert_eq!(controls.len(), movie.hint_tracks().len());
    let (rtp, rtcp) = ports(options.address);
    let port = |socket: &UdpSocket| socket.local_addr().map_or(0, |address| address.port());
    let (orders, received) = channel();
    let ports = (port(&rtp), port(&rtcp));
    let tracks = controls.len();
    let house = Arc::new(House { sdp, controls, address: options.address, ports, orders });
    let listen = SocketAddr::from((options.address, options.port));
    std::thread::spawn(move || send(&options, &packets, tracks, &rtp, &received));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    runtime.block_on(async move {
        let listener = TcpSocket::new_v4().expect("socket");
        listener.set_reuseaddr(true).expect("reuse");
        listener.bind(listen).expect("a free port");
        let listener = listener.listen(4096).expect("listen");
        for key in 1.. {
            let Ok((stream, SocketAddr::V4(peer))) = listener.accept().await else { continue };
            let house = Arc::clone(&house);
            tokio::spawn(async move {
                serve(stream, *peer.ip(), key, Arc::clone(&house)).await;
                let _ = house.orders.send(Order::Stop(key));
            });
        }
    });
}

/// An even UDP port and its neighbour.
fn ports(address: Ipv4Addr) -> (UdpSocket, UdpSocket) {
    let pair = (0..1000).find_map(|_| {
        let rtp = UdpSocket::bind((address, 0)).ok()?;
        let port = rtp.local_addr().ok()?.port();
        let rtcp = UdpSocket::bind((address, port.checked_add(1)?)).ok()?;
        (port % 2 == 0).then_some((rtp, rtcp))
    });
    pair.expect("two ports in a row")
}
