//! Clients that mean no good, the same ones in every run.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};

const TCP: &str = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";

/// A hostile client's life on a connection of its own.
pub fn attack(server: SocketAddr, movie: &str, seed: u64) {
    let mut dice = StdRng::seed_from_u64(seed);
    let Ok(stream) = TcpStream::connect(server) else { return };
    let _ = stream.set_read_timeout(Some(Duration::from_millis(100)));
    // The server may close at any time; that is its right.
    let _ = match seed % 6 {
        0 => half_a_request(&stream, movie, &mut dice),
        1 => noise(&stream, &mut dice),
        2 => too_much(&stream, movie, &mut dice),
        3 => garbage_in_frames(&stream, movie, &mut dice),
        4 => storm(&stream, movie, &mut dice),
        _ => odd_tunnel(server, &stream, movie, &mut dice),
    };
}

fn request(method: &str, movie: &str, headers: &str) -> String {
    format!("{method} rtsp://localhost/{movie} RTSP/1.0\r\nCSeq: 1\r\n{headers}\r\n")
}

fn heard(mut stream: &TcpStream) -> String {
    let mut chunk = [0; 4096];
    let count = stream.read(&mut chunk).unwrap_or(0);
    String::from_utf8_lossy(&chunk[..count]).into_owned()
}

fn random(dice: &mut StdRng, most: usize) -> Vec<u8> {
    let mut bytes = vec![0; dice.random_range(0..=most)];
    dice.fill_bytes(&mut bytes);
    bytes
}

fn half_a_request(mut stream: &TcpStream, movie: &str, dice: &mut StdRng) -> std::io::Result<()> {
    let method = ["DESCRIBE", "SETUP", "PLAY", "ANNOUNCE", "OPTIONS"][dice.random_range(0..5)];
    let text = request(method, movie, TCP);
    stream.write_all(&text.as_bytes()[..dice.random_range(1..text.len())])
}

fn noise(mut stream: &TcpStream, dice: &mut StdRng) -> std::io::Result<()> {
    const LETTERS: &[u8] = b"\r\n\t $:%\0/RTSPGEODCB1.0";
    let mut bytes = random(dice, 3000);
    if dice.random() {
        bytes.iter_mut().for_each(|byte| *byte = LETTERS[usize::from(*byte) % LETTERS.len()]);
    }
    stream.write_all(&bytes)?;
    heard(stream);
    Ok(())
}

fn too_much(mut stream: &TcpStream, movie: &str, dice: &mut StdRng) -> std::io::Result<()> {
    let text = match dice.random_range(0..4) {
        0 => format!("DESCRIBE {}", "/".repeat(200_000)),
        1 => request("DESCRIBE", movie, &format!("X: {}\r\n", "y".repeat(200_000))),
        2 => request("DESCRIBE", movie, &"a:b\r\n".repeat(13_000)).repeat(5),
        _ => request("SETUP", movie, &format!("Transport: {}\r\n", "RTP/AVP;client_port=1-2,".repeat(2000))),
    };
    stream.write_all(text.as_bytes())?;
    heard(stream);
    Ok(())
}

/// Sets a track up and says which session that is; nothing if it was refused.
fn set_up(mut stream: &TcpStream, movie: &str) -> std::io::Result<String> {
    stream.write_all(request("SETUP", &format!("{movie}/trackID=3"), TCP).as_bytes())?;
    let said = heard(stream);
    let session = said.lines().find_map(|line| line.strip_prefix("Session: ")).unwrap_or_default();
    Ok(session.split(';').next().unwrap_or_default().to_owned())
}

fn garbage_in_frames(mut stream: &TcpStream, movie: &str, dice: &mut StdRng) -> std::io::Result<()> {
    let session = format!("Session: {}\r\n", set_up(stream, movie)?);
    stream.write_all(request("PLAY", movie, &session).as_bytes())?;
    for _ in 0..dice.random_range(1..40) {
        let mut payload = random(dice, 200);
        if payload.len() > 4 && dice.random() {
            payload[0] |= 0x80;
            payload[1] = dice.random_range(200..208);
        }
        let channel = if dice.random() { 1 } else { dice.random() };
        let length = u16::try_from(payload.len()).unwrap_or(u16::MAX).to_be_bytes();
        stream.write_all(&[&[b'$', channel, length[0], length[1]], payload.as_slice()].concat())?;
        if dice.random_bool(0.1) {
            let method = ["PAUSE", "PLAY", "SETUP", "TEARDOWN"][dice.random_range(0..4)];
            stream.write_all(request(method, movie, &format!("{session}{TCP}")).as_bytes())?;
        }
    }
    stream.write_all(b"$\x01\xff\xff half a frame")
}

fn storm(mut stream: &TcpStream, movie: &str, dice: &mut StdRng) -> std::io::Result<()> {
    const RANGES: [&str; 7] = ["npt=-1-", "npt=0-", "npt=1e999-", "smpte=10-", "npt=5-1", "npt=", "clock=0-"];
    for _ in 0..dice.random_range(1..20) {
        let session = set_up(stream, movie)?;
        let method = ["PLAY", "PAUSE", "TEARDOWN", "RECORD", "SET_PARAMETER"][dice.random_range(0..5)];
        let range = RANGES[dice.random_range(0..RANGES.len())];
        let headers = format!("Session: {session}\r\nRange: {range}\r\nSpeed: -1\r\nScale: 1e99\r\n");
        stream.write_all(request(method, movie, &headers).as_bytes())?;
        heard(stream);
    }
    Ok(())
}

fn odd_tunnel(server: SocketAddr, mut get: &TcpStream, movie: &str, dice: &mut StdRng) -> std::io::Result<()> {
    let cookie: String = (0..dice.random_range(1..300)).map(|_| char::from(dice.random_range(b'a'..=b'c'))).collect();
    let open = |method: &str, cookie: &str| format!("{method} /{movie} HTTP/1.0\r\nx-sessioncookie: {cookie}\r\n\r\n");
    get.write_all(open("GET", &cookie).as_bytes())?;
    let mut post = TcpStream::connect(server)?;
    let other = if dice.random() { cookie } else { format!("{cookie}x") };
    post.write_all(open("POST", &other).as_bytes())?;
    for _ in 0..dice.random_range(0..10) {
        let bytes = random(dice, 100);
        if dice.random() { post.write_all(&bytes)? } else { get.write_all(&bytes)? }
    }
    get.shutdown(Shutdown::Both)
}

/// Datagrams that are nearly RTCP, to a port of the server's.
pub fn datagrams(to: SocketAddr, seed: u64) {
    let mut dice = StdRng::seed_from_u64(seed);
    let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    for _ in 0..200 {
        let mut bytes = random(&mut dice, 300);
        if bytes.len() > 4 {
            bytes[0] = 0x80 | dice.random_range(0..32);
            bytes[1] = dice.random_range(200..208);
        }
        let _ = socket.send_to(&bytes, to);
    }
}
