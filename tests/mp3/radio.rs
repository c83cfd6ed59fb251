//! A server with MP3 on, and peers that speak to it as text is written.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::common::eventually;
use crate::site::{PATIENCE, Site, pref};

pub const PASSWORD: &str = "sec&ret";

/// A frame of MPEG-1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes that no other frame has.
pub fn frame(number: u32) -> Vec<u8> {
    let mut frame = vec![b'.'; 417];
    frame[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0x00]);
    frame[4..14].copy_from_slice(format!("{number:010}").as_bytes());
    frame
}

/// So many of them.
pub fn frames(numbers: std::ops::Range<u32>) -> Vec<u8> {
    numbers.flat_map(frame).collect()
}

/// A preference that is no text.
pub fn typed(name: &str, kind: &str, value: &str) -> String {
    format!("<PREF NAME=\"{name}\" TYPE=\"{kind}\">{value}</PREF>")
}

pub struct Radio {
    pub site: Site,
}

impl Radio {
    pub fn new() -> Self {
        Self::with("", "")
    }

    /// With more preferences of the server and of the module.
    pub fn with(server: &str, module: &str) -> Self {
        let section = |name: &str, prefs: String| format!("</MODULE><MODULE NAME=\"{name}\">{prefs}");
        let password = pref("mp3_broadcast_password", "sec&amp;ret");
        let mp3 = if module.contains("mp3_broadcast_password") { module.to_owned() } else { password + module };
        let open = typed("Authenticate", "Bool16", "false") + &typed("RequestTimeIntervalMilli", "UInt32", "0");
        Self { site: Site::with(server, &(section("QTSSMP3StreamingModule", mp3) + &section("QTSSAdminModule", open))) }
    }

    pub fn address(&self) -> SocketAddr {
        self.site.address()
    }

    pub fn connect(&self) -> Peer {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_nodelay(true).unwrap();
        Peer::new(stream)
    }

    /// A broadcaster of the old kind that was let in and has said its name.
    pub fn source(&self, mount: &str) -> Peer {
        let mut source = self.connect();
        source.send(format!("SOURCE {PASSWORD} {mount}\r\n\r\n").as_bytes());
        source.expect(b"OK\r\n");
        source.send(b"x-audiocast-name: Radio\n\n");
        source.expect(b"OK\r\n");
        source
    }

    /// Sends a request over HTTP without a body; `lines` are whole header lines.
    pub fn ask(&self, method: &str, target: &str, lines: &str) -> Peer {
        let mut peer = self.connect();
        peer.send(format!("{method} {target} HTTP/1.0\r\n{lines}\r\n").as_bytes());
        peer
    }

    /// Sends a request and returns all of the answer.
    pub fn answer(&self, method: &str, target: &str, lines: &str) -> String {
        String::from_utf8_lossy(&self.ask(method, target, lines).rest()).into_owned()
    }

    /// A listener who has the head of its answer; returns that, too.
    pub fn listener(&self, mount: &str, lines: &str) -> (Peer, String) {
        let mut peer = self.ask("GET", mount, lines);
        let head = peer.head();
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        (peer, head)
    }

    /// A value below /modules/admin/server.
    pub fn value(&self, path: &str) -> String {
        self.answer("GET", &format!("/modules/admin/server/{path}"), "")
    }

    /// A figure of the server.
    pub fn figure(&self, name: &str) -> u64 {
        let text = self.value(name);
        let value = text.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next()?.parse().ok());
        value.unwrap_or_else(|| panic!("no {name} in {text}"))
    }

    /// The lines of the log that are no comments.
    pub fn log(&self) -> Vec<String> {
        let text = fs::read_to_string(self.site.path("logs/mp3_access.log")).unwrap_or_default();
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    }

    /// Waits until the log has so many lines.
    pub fn log_of(&self, count: usize) -> Vec<String> {
        eventually("lines in the log", || self.log().len() >= count);
        self.log()
    }
}

/// A connection to the server.
pub struct Peer {
    pub stream: TcpStream,
    buffer: Vec<u8>,
}

impl Peer {
    pub fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream, buffer: Vec::new() }
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Reads more; false at the end.
    fn fill(&mut self) -> bool {
        let mut chunk = [0; 16 * 1024];
        match self.stream.read(&mut chunk) {
            Ok(0) => false,
            Ok(count) => {
                self.buffer.extend_from_slice(&chunk[..count]);
                true
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Err(error) => panic!("{error}; so far {:?}", String::from_utf8_lossy(&self.buffer)),
        }
    }

    /// The next bytes.
    pub fn take(&mut self, count: usize) -> Vec<u8> {
        while self.buffer.len() < count {
            assert!(self.fill(), "closed after {:?}", String::from_utf8_lossy(&self.buffer));
        }
        self.buffer.drain(..count).collect()
    }

    /// The next bytes have to be these.
    pub fn expect(&mut self, bytes: &[u8]) {
        let taken = self.take(bytes.len());
        assert_eq!(String::from_utf8_lossy(&taken), String::from_utf8_lossy(bytes));
    }

    /// The head of an answer, with its empty line.
    pub fn head(&mut self) -> String {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                return String::from_utf8(self.take(end + 4)).unwrap();
            }
            assert!(self.fill(), "closed after {:?}", String::from_utf8_lossy(&self.buffer));
        }
    }

    /// All that comes until the server closes.
    pub fn rest(&mut self) -> Vec<u8> {
        while self.fill() {}
        std::mem::take(&mut self.buffer)
    }

    /// Nothing comes for a moment, and the connection stays.
    pub fn hears_nothing(&mut self) {
        self.stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let read = self.stream.read(&mut [0; 16]);
        assert!(matches!(&read, Err(error) if error.kind() == ErrorKind::WouldBlock), "{read:?}");
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
    }
}
