//! Running out of descriptors. A test program of its own, because the limit is the whole process's.

mod common;

use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use common::{PATIENCE, Site, VIDEO, eventually};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use socket2::{Domain, Socket, Type};

const MOVIE: &str = "sample_100kbit.mp4";

/// What a socket is told within 300 ms, as far as it is told anything.
fn told(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut buffer = [0; 512];
    let count = stream.read(&mut buffer).unwrap_or(0);
    String::from_utf8_lossy(&buffer[..count]).into_owned()
}

#[test]
fn without_descriptors_new_clients_are_refused_politely_and_players_play_on() {
    let site = Site::new();
    site.movie(MOVIE);
    let mut player = site.connect();
    player.setup(MOVIE, VIDEO, "RTP/AVP/TCP;unicast");
    player.play(MOVIE, "0-");
    let mut sockets: Vec<Socket> = (0..20).map(|_| Socket::new(Domain::IPV4, Type::STREAM, None).unwrap()).collect();
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let used = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    setrlimit(Resource::RLIMIT_NOFILE, used + 5, hard).unwrap();
    let mut streams: Vec<TcpStream> = sockets
        .drain(..)
        .map(|socket| {
            socket.connect(&site.address().into()).unwrap();
            socket.into()
        })
        .collect();
    // The kernel has accepted all of them; the server has descriptors for a few, and then for one at a time to say no.
    let mut refused = 0;
    eventually("some are refused, one after the other", || {
        refused += streams.iter_mut().map(told).filter(|text| text.starts_with("RTSP/1.0 503 ")).count();
        refused >= 3
    });
    assert!(player.frame_within(PATIENCE).is_some());
    assert_eq!(player.ask("GET_PARAMETER", "/sample_100kbit.mp4", "").status, 200);
    drop(streams);
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
    eventually("the others are gone", || site.connections() == 1);
    assert_eq!(site.connect().ask("OPTIONS", "*", "").status, 200);
}
