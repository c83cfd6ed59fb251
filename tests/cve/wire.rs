//! A connection on which anything may be said.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use super::site::PATIENCE;

/// A connection; what the server says is kept until it is asked for.
pub struct Wire {
    stream: TcpStream,
    heard: Vec<u8>,
}

impl Wire {
    pub fn to(server: SocketAddr) -> Self {
        let stream = TcpStream::connect(server).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, heard: Vec::new() }
    }

    /// Sends bytes; a server that has closed already is no failure.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        match self.stream.write_all(bytes.as_ref()) {
            Err(error) if !matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                panic!("{error}")
            }
            _ => self,
        }
    }

    /// The client says no more; the server may.
    pub fn end(&mut self) -> &mut Self {
        let _ = self.stream.shutdown(Shutdown::Write);
        self
    }

    /// The next answer with its body, interleaved frames left out; nothing when the server has closed without one.
    pub fn answer(&mut self) -> Option<String> {
        loop {
            self.drop_frames();
            if let Some(answer) = self.take_answer() {
                return Some(answer);
            }
            if !self.read() {
                return None;
            }
        }
    }

    /// The next answer's status, 0 when the server has closed without one.
    pub fn status(&mut self) -> u16 {
        self.answer().as_deref().map_or(0, status_of)
    }

    /// Everything the server says until it closes.
    pub fn rest(&mut self) -> Vec<u8> {
        while self.read() {}
        std::mem::take(&mut self.heard)
    }

    /// Waits for interleaved media.
    pub fn frame(&mut self) -> (u8, Vec<u8>) {
        loop {
            if let Some(frame) = self.take_frame() {
                return frame;
            }
            assert!(self.read(), "the server has closed");
        }
    }

    fn take_frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let &[b'$', channel, high, low, ..] = self.heard.as_slice() else { return None };
        let length = 4 + usize::from(u16::from_be_bytes([high, low]));
        let frame: Vec<u8> = (self.heard.len() >= length).then(|| self.heard.drain(..length).collect())?;
        Some((channel, frame[4..].to_vec()))
    }

    fn drop_frames(&mut self) {
        while self.take_frame().is_some() {}
    }

    fn take_answer(&mut self) -> Option<String> {
        if self.heard.first() == Some(&b'$') {
            return None;
        }
        let end = self.heard.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let head = String::from_utf8_lossy(&self.heard[..end]).into_owned();
        let length = header(&head, "Content-Length").and_then(|length| length.parse().ok()).unwrap_or(0);
        (self.heard.len() >= end + length).then(|| {
            let answer: Vec<u8> = self.heard.drain(..end + length).collect();
            String::from_utf8_lossy(&answer).into_owned()
        })
    }

    /// False at the end, or when nothing came for too long, which is a failure.
    fn read(&mut self) -> bool {
        let mut chunk = [0; 4096];
        match self.stream.read(&mut chunk) {
            Ok(count) => {
                self.heard.extend_from_slice(&chunk[..count]);
                count > 0
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("no answer in time; so far {:?}", String::from_utf8_lossy(&self.heard))
            }
            Err(_) => false,
        }
    }
}

/// The status of an answer.
pub fn status_of(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}

/// A header's value.
pub fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let mut headers = answer.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(':'));
    headers.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value.trim()))
}
