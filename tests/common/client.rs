//! A blocking RTSP client: sends text, reads answers and interleaved frames, receives datagrams.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use super::PATIENCE;

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// As it came, without the body.
    pub text: String,
    pub body: Vec<u8>,
}

impl Reply {
    /// A header's value, its name in any case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.text
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value.trim()))
    }

    /// A header's value that has to be there.
    pub fn header(&self, name: &str) -> &str {
        self.get(name).unwrap_or_else(|| panic!("no {name} in {}", self.text))
    }

    /// A parameter of the Transport header.
    pub fn transport(&self, name: &str) -> Vec<&str> {
        let parameters = self.header("Transport").split(';').filter_map(|part| part.split_once('='));
        parameters.filter(|(key, _)| *key == name).map(|(_, value)| value).collect()
    }

    /// Start and end of the Range header.
    pub fn range(&self) -> (f64, f64) {
        let (start, stop) = self.header("Range").strip_prefix("npt=").unwrap().split_once('-').unwrap();
        (start.parse().unwrap(), stop.parse().unwrap())
    }

    /// `seq` and `rtptime` of each stream of the RTP-Info header.
    pub fn rtp_info(&self) -> Vec<(u16, u32)> {
        let number = |stream: &str, name: &str| -> u64 {
            let value = stream.split(';').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
            value.unwrap_or_else(|| panic!("no {name} in {stream}")).parse().unwrap()
        };
        let streams = self.header("RTP-Info").split(',');
        streams.map(|stream| (number(stream, "seq") as u16, number(stream, "rtptime") as u32)).collect()
    }
}

/// An RTP packet.
#[derive(Debug, Clone)]
pub struct Rtp {
    pub seq: u16,
    pub time: u32,
    pub ssrc: u32,
    pub payload: Vec<u8>,
}

impl Rtp {
    pub fn parse(bytes: &[u8]) -> Self {
        assert!(bytes.len() >= 12 && bytes[0] >> 6 == 2, "no RTP packet: {bytes:?}");
        Self {
            seq: u16::from_be_bytes([bytes[2], bytes[3]]),
            time: u32::from_be_bytes(bytes[4..8].try_into().unwrap()),
            ssrc: u32::from_be_bytes(bytes[8..12].try_into().unwrap()),
            payload: bytes[12..].to_vec(),
        }
    }
}

/// A marked RTP packet, 3000 ticks after the one before it; each byte of its payload is the end of its number.
pub fn rtp(payload_type: u8, seq: u16, ssrc: u32, length: usize) -> Vec<u8> {
    let mut packet = vec![0x80, 0x80 | payload_type];
    packet.extend_from_slice(&seq.to_be_bytes());
    packet.extend_from_slice(&(u32::from(seq) * 3000).to_be_bytes());
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.resize(12 + length, seq as u8);
    packet
}

/// The packets of a compound RTCP datagram: type and bytes.
pub fn reports(mut compound: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut found = Vec::new();
    while compound.len() >= 4 {
        let length = 4 * (usize::from(u16::from_be_bytes([compound[2], compound[3]])) + 1);
        found.push((compound[1], compound[..length].to_vec()));
        compound = &compound[length..];
    }
    found
}

/// A player's UDP ports, even and odd next to each other.
pub struct Ports {
    pub rtp: UdpSocket,
    pub rtcp: UdpSocket,
}

impl Ports {
    pub fn new() -> Self {
        Self::on("127.0.0.1")
    }

    pub fn on(ip: &str) -> Self {
        let ip: IpAddr = ip.parse().unwrap();
        loop {
            let rtp = UdpSocket::bind((ip, 0)).unwrap();
            let port = rtp.local_addr().unwrap().port();
            if let (0, Ok(rtcp)) = (port % 2, UdpSocket::bind((ip, port.saturating_add(1)))) {
                rtp.set_read_timeout(Some(PATIENCE)).unwrap();
                rtcp.set_read_timeout(Some(PATIENCE)).unwrap();
                return Self { rtp, rtcp };
            }
        }
    }

    /// The Transport entry that asks for them.
    pub fn transport(&self) -> String {
        let port = self.rtp.local_addr().unwrap().port();
        format!("RTP/AVP;unicast;client_port={port}-{}", port + 1)
    }

    /// The next RTP packet.
    pub fn packet(&self) -> Rtp {
        let mut buffer = [0; 2048];
        let length = self.rtp.recv(&mut buffer).expect("an RTP packet");
        Rtp::parse(&buffer[..length])
    }

    /// Is there an RTP packet within this time?
    pub fn hears_within(&self, time: Duration) -> bool {
        self.rtp.set_read_timeout(Some(time)).unwrap();
        let heard = self.rtp.recv(&mut [0; 2048]).is_ok();
        self.rtp.set_read_timeout(Some(PATIENCE)).unwrap();
        heard
    }

    /// Forgets what has arrived.
    pub fn drain(&self) {
        self.rtp.set_nonblocking(true).unwrap();
        while self.rtp.recv(&mut [0; 2048]).is_ok() {}
        self.rtp.set_nonblocking(false).unwrap();
    }

    /// The next RTCP compound.
    pub fn compound(&self) -> Vec<(u8, Vec<u8>)> {
        let mut buffer = [0; 2048];
        let length = self.rtcp.recv(&mut buffer).expect("an RTCP compound");
        reports(&buffer[..length])
    }

    /// The next compound that has a BYE (203) in it.
    pub fn goodbye(&self) -> Vec<(u8, Vec<u8>)> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            let compound = self.compound();
            if compound.iter().any(|(kind, _)| *kind == 203) {
                return compound;
            }
        }
        panic!("no BYE");
    }
}

/// One RTSP connection.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    cseq: u32,
    url: String,
    /// Sent with each request while it is there; taken from answers.
    pub session: Option<String>,
    /// Interleaved frames that came before an answer.
    frames: Vec<(u8, Vec<u8>)>,
}

impl Client {
    pub fn connect(to: SocketAddr, source: Option<IpAddr>) -> Self {
        use socket2::{Domain, Socket, Type};
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, None).unwrap();
        if let Some(source) = source {
            socket.bind(&SocketAddr::new(source, 0).into()).unwrap();
        }
        socket.connect(&to.into()).unwrap();
        let stream: TcpStream = socket.into();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let url = format!("rtsp://{to}");
        Self { stream, buffer: Vec::new(), cseq: 0, url, session: None, frames: Vec::new() }
    }

    pub fn local(&self) -> SocketAddr {
        self.stream.local_addr().unwrap()
    }

    /// Sends a request for a path and returns its answer. `headers` are whole lines without the last line end.
    pub fn ask(&mut self, method: &str, path: &str, headers: &str) -> Reply {
        self.post(method, path, headers);
        let reply = self.reply();
        assert_eq!(reply.get("Cseq"), Some(self.cseq.to_string().as_str()), "{method} {path}: {}", reply.text);
        if let (None, "SETUP", Some(id)) = (&self.session, method, reply.get("Session")) {
            self.session = Some(id.split(';').next().unwrap().to_owned());
        }
        reply
    }

    /// Sends a request and does not wait for the answer.
    pub fn post(&mut self, method: &str, path: &str, headers: &str) {
        self.cseq += 1;
        let session = self.session.as_ref().map(|id| format!("Session: {id}\r\n")).unwrap_or_default();
        let session = if method == "DESCRIBE" { String::new() } else { session };
        let lines = if headers.is_empty() { String::new() } else { format!("{headers}\r\n") };
        let text = format!("{method} {}{path} RTSP/1.0\r\nCSeq: {}\r\n{session}{lines}\r\n", self.url, self.cseq);
        self.send(text.as_bytes());
    }

    /// Sends a request with a body and returns its answer.
    pub fn ask_with_body(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Reply {
        self.cseq += 1;
        let session = self.session.as_ref().map(|id| format!("Session: {id}\r\n")).unwrap_or_default();
        let lines = if headers.is_empty() { String::new() } else { format!("{headers}\r\n") };
        let head = format!("{method} {}{path} RTSP/1.0\r\nCSeq: {}\r\n{session}{lines}", self.url, self.cseq);
        self.send(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
        self.reply()
    }

    /// Announces a broadcast.
    pub fn announce(&mut self, path: &str, sdp: &str) -> Reply {
        self.ask_with_body("ANNOUNCE", path, "Content-Type: application/sdp", sdp)
    }

    /// Sends an interleaved frame, if the connection still takes it.
    pub fn send_frame(&mut self, channel: u8, packet: &[u8]) {
        let length = u16::try_from(packet.len()).unwrap().to_be_bytes();
        let mut frame = vec![b'$', channel, length[0], length[1]];
        frame.extend_from_slice(packet);
        let _ = self.stream.write_all(&frame);
    }

    /// Breaks the connection off as a process that is killed does.
    pub fn reset(self) {
        let socket = socket2::SockRef::from(&self.stream);
        socket.set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// SETUP of a track by UDP or TCP, which has to succeed.
    pub fn setup(&mut self, movie: &str, track: &str, transport: &str) -> Reply {
        let reply = self.ask("SETUP", &format!("/{movie}/{track}"), &format!("Transport: {transport}"));
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply
    }

    /// PLAY, which has to succeed.
    pub fn play(&mut self, movie: &str, range: &str) -> Reply {
        let range = if range.is_empty() { String::new() } else { format!("Range: npt={range}") };
        let reply = self.ask("PLAY", &format!("/{movie}"), &range);
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply
    }

    /// The next answer; frames before it are kept.
    pub fn reply(&mut self) -> Reply {
        loop {
            match self.next() {
                Some(Message::Reply(reply)) => return reply,
                Some(Message::Frame(channel, data)) => self.frames.push((channel, data)),
                None => panic!("the server closed the connection"),
            }
        }
    }

    /// The next interleaved frame, if one comes within this time.
    pub fn frame_within(&mut self, time: Duration) -> Option<(u8, Vec<u8>)> {
        if !self.frames.is_empty() {
            return Some(self.frames.remove(0));
        }
        self.stream.set_read_timeout(Some(time)).unwrap();
        let found = match self.next_or_error() {
            Ok(Some(Message::Frame(channel, data))) => Some((channel, data)),
            Ok(Some(Message::Reply(reply))) => panic!("an answer nobody asked for: {}", reply.text),
            _ => None,
        };
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        found
    }

    /// The next interleaved frame.
    pub fn frame(&mut self) -> (u8, Vec<u8>) {
        self.frame_within(PATIENCE).expect("a frame")
    }

    /// Waits until the server has closed the connection; what it still sends is dropped.
    pub fn is_closed(&mut self) -> bool {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            match self.next_or_error() {
                Ok(None) => return true,
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return true,
                Err(_) => return false,
                Ok(Some(_)) => {}
            }
        }
        false
    }

    fn next(&mut self) -> Option<Message> {
        self.next_or_error().expect("an answer in time")
    }

    fn next_or_error(&mut self) -> std::io::Result<Option<Message>> {
        loop {
            if let Some(message) = take_message(&mut self.buffer) {
                return Ok(Some(message));
            }
            let mut chunk = [0; 16384];
            match self.stream.read(&mut chunk)? {
                0 => return Ok(None),
                count => self.buffer.extend_from_slice(&chunk[..count]),
            }
        }
    }
}

enum Message {
    Reply(Reply),
    Frame(u8, Vec<u8>),
}

fn take_message(buffer: &mut Vec<u8>) -> Option<Message> {
    if buffer.first() == Some(&b'$') {
        let length = 4 + usize::from(u16::from_be_bytes([*buffer.get(2)?, *buffer.get(3)?]));
        let frame: Vec<u8> = (buffer.len() >= length).then(|| buffer.drain(..length).collect())?;
        return Some(Message::Frame(frame[1], frame[4..].to_vec()));
    }
    let end = buffer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8(buffer[..end].to_vec()).unwrap();
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    let mut reply = Reply { status, text, body: Vec::new() };
    let length = reply.get("Content-length").map_or(0, |length| length.parse().unwrap());
    if buffer.len() < end + length {
        return None;
    }
    reply.body = buffer[end..end + length].to_vec();
    buffer.drain(..end + length);
    Some(Message::Reply(reply))
}
