use std::net::UdpSocket;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::config::{AnnouncedDestination, Ports, RtspSource, UdpDestination, UdpSource};
use super::*;
use crate::live::{BroadcastOptions, Kind};
use crate::rtp::SystemClock;
use crate::rtsp::challenge::Credentials;

const LOCALHOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const PATIENCE: Duration = Duration::from_secs(60);
const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\na=control:trackID=1\r\n";

fn relays() -> Relays {
    Relays::new(Arc::new(SystemClock::new()))
}

/// An even port whose next is free as well, at least a moment ago.
fn free_pair() -> u16 {
    loop {
        let rtp = UdpSocket::bind((LOCALHOST, 0)).unwrap();
        let port = rtp.local_addr().unwrap().port();
        if port % 2 == 0 && port < 65_000 && UdpSocket::bind((LOCALHOST, port + 1)).is_ok() {
            return port;
        }
    }
}

/// Two sockets that a destination sends to.
struct Ears {
    port: u16,
    rtp: UdpSocket,
    rtcp: UdpSocket,
}

impl Ears {
    fn new() -> Self {
        loop {
            let port = free_pair();
            let bind = |port: u16| UdpSocket::bind((LOCALHOST, port));
            let (Ok(rtp), Ok(rtcp)) = (bind(port), bind(port + 1)) else { continue };
            [&rtp, &rtcp].into_iter().for_each(|socket| socket.set_nonblocking(true).unwrap());
            return Self { port, rtp, rtcp };
        }
    }

    async fn hear(socket: &UdpSocket) -> Vec<u8> {
        let mut buffer = [0; 2048];
        let until = Instant::now() + PATIENCE;
        loop {
            match socket.recv(&mut buffer) {
                Ok(len) => return buffer[..len].to_vec(),
                Err(_) => assert!(Instant::now() < until, "nothing came"),
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    fn destination(&self) -> Destination {
        let (host, ports) = (Host::Address(LOCALHOST), Ports::From(self.port));
        Destination::Udp(UdpDestination { host, ports, local: None, ttl: 1 })
    }
}

fn rtp(sequence: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
    packet[2..4].copy_from_slice(&sequence.to_be_bytes());
    packet.extend(std::iter::repeat_n(sequence as u8, 160));
    packet
}

fn report() -> Vec<u8> {
    let mut packet = vec![0x80, 200, 0, 6];
    packet.extend([0, 0, 0, 7].into_iter().chain([1; 20]));
    packet
}

fn one(source: Source, destinations: Vec<Destination>) -> RelayConfig {
    RelayConfig { relays: vec![Relay { name: "one".into(), source, destinations }] }
}

async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < until, "not in time: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}

/// Starts a relay of plain packets; the port may be taken meanwhile by another test, then another is taken.
async fn udp_relay(relays: &Relays, to: &[Destination]) -> (u16, Source) {
    loop {
        let port = free_pair();
        let source =
            Source::Udp(UdpSource { at: Some(Host::Address(LOCALHOST)), from: None, ports: vec![port], ttl: 1 });
        relays.apply(one(source.clone(), to.to_vec()));
        eventually("the source is up or has failed", || {
            !matches!(relays.status()[0].source.state, State::Connecting | State::Waiting)
        })
        .await;
        if relays.status()[0].source.state == State::Up {
            return (port, source);
        }
    }
}

#[tokio::test]
async fn plain_packets_go_on_as_they_come() {
    let (relays, ears) = (relays(), Ears::new());
    let (port, _) = udp_relay(&relays, &[ears.destination()]).await;
    eventually("up", || relays.status()[0].destinations[0].state == State::Up).await;
    let from = UdpSocket::bind((LOCALHOST, 0)).unwrap();
    for sequence in 1..=50u16 {
        from.send_to(&rtp(sequence), (LOCALHOST, port)).unwrap();
        from.send_to(&report(), (LOCALHOST, port + 1)).unwrap();
        assert_eq!(Ears::hear(&ears.rtp).await, rtp(sequence));
        assert_eq!(Ears::hear(&ears.rtcp).await, report());
    }
    eventually("all is counted", || relays.status()[0].destinations[0].packets == 100).await;
    let status = &relays.status()[0];
    assert_eq!((status.source.packets, status.source.bytes), (100, status.destinations[0].bytes));
    assert_eq!(status.destinations[0].targets, [SocketAddr::new(LOCALHOST, ears.port)]);
}

#[tokio::test]
async fn trap_73_what_has_not_changed_goes_on_undisturbed() {
    let (relays, kept, old, new) = (relays(), Ears::new(), Ears::new(), Ears::new());
    let (port, source) = udp_relay(&relays, &[old.destination(), kept.destination()]).await;
    let from = UdpSocket::bind((LOCALHOST, 0)).unwrap();
    let packets = |index: usize| relays.status()[0].destinations[index].packets;
    eventually("both are up", || relays.status()[0].destinations.iter().all(|to| to.state == State::Up)).await;
    from.send_to(&rtp(1), (LOCALHOST, port)).unwrap();
    Ears::hear(&old.rtp).await;
    Ears::hear(&kept.rtp).await;
    eventually("counted", || packets(1) == 1).await;
    let mut changed = one(source, vec![kept.destination(), new.destination()]);
    changed.relays[0].name = "another name".into();
    relays.apply(changed);
    assert_eq!((packets(0), relays.status()[0].source.packets), (1, 1), "it counts on");
    assert_eq!(relays.status()[0].name, "another name");
    eventually("up", || relays.status()[0].destinations[1].state == State::Up).await;
    from.send_to(&rtp(2), (LOCALHOST, port)).unwrap();
    assert_eq!(Ears::hear(&kept.rtp).await, rtp(2));
    assert_eq!(Ears::hear(&new.rtp).await, rtp(2));
    assert!(old.rtp.recv(&mut [0; 2048]).is_err(), "what is no destination any more gets nothing");
    relays.apply(RelayConfig::default());
    assert!(relays.status().is_empty());
}

#[tokio::test]
async fn relays_with_one_source_are_one() {
    let to = |port| {
        let (host, ports) = (Host::Address(LOCALHOST), Ports::From(port));
        Destination::Udp(UdpDestination { host, ports, local: None, ttl: 1 })
    };
    let source = || Source::Announced(AnnouncedSource { from: None, path: None });
    let relay = |name: &str, destinations| Relay { name: name.into(), source: source(), destinations };
    let merged = merged(vec![relay("a", vec![to(2), to(4)]), relay("b", vec![to(4), to(6)])]);
    assert_eq!(merged, [relay("a", vec![to(2), to(4), to(6)])]);
}

#[tokio::test]
async fn the_most_specific_announced_source_takes_a_push() {
    let (relays, ears) = (relays(), Ears::new());
    let relay = |name: &str, from: Option<&str>, path: Option<&str>| Relay {
        name: name.into(),
        source: Source::Announced(AnnouncedSource { from: from.map(Host::parse), path: path.map(str::to_owned) }),
        destinations: vec![ears.destination()],
    };
    relays.apply(RelayConfig {
        relays: vec![
            relay("any", None, None),
            relay("path", None, Some("/a.sdp")),
            relay("address", Some("10.0.0.1"), None),
            relay("both", Some("10.0.0.1"), Some("/a.sdp")),
        ],
    });
    let taken = |from: &str, path: &str| {
        let mut running = relays.running.lock();
        best_match(&mut running, from.parse().unwrap(), path).map(|relay| relay.name.clone()).unwrap()
    };
    assert_eq!(taken("10.0.0.1", "/a.sdp"), "both");
    assert_eq!(taken("10.0.0.1", "/a"), "both");
    assert_eq!(taken("10.0.0.1", "/b.sdp"), "address");
    assert_eq!(taken("10.0.0.2", "/a.sdp"), "path");
    assert_eq!(taken("10.0.0.2", "/b.sdp"), "any");
}

fn pushed(relays: &Relays, push: u64, from: SocketAddr) -> Arc<Broadcast> {
    let tracks = Description::parse(SDP.as_bytes()).unwrap().media().iter().map(|media| media.track_info()).collect();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let broadcast = Broadcast::new("/movies/a.sdp", tracks, BroadcastOptions::default(), clock);
    relays.announced(push, from, "/a.sdp", SDP.as_bytes(), &broadcast);
    broadcast
}

#[tokio::test]
async fn a_push_is_relayed_until_it_ends() {
    let (relays, ears) = (relays(), Ears::new());
    relays.apply(one(Source::Announced(AnnouncedSource { from: None, path: None }), vec![ears.destination()]));
    assert_eq!(relays.status()[0].source.state, State::Waiting);
    let broadcast = pushed(&relays, 5, "10.0.0.1:4000".parse().unwrap());
    eventually("up", || relays.status()[0].destinations[0].state == State::Up).await;
    assert_eq!(relays.status()[0].source.url, "/a.sdp");
    broadcast.receive(1, Kind::Rtp, rtp(9).into(), None, 0);
    assert_eq!(Ears::hear(&ears.rtp).await, rtp(9));
    relays.push_ended(4);
    assert_eq!(relays.status()[0].source.state, State::Up);
    relays.push_ended(5);
    assert_eq!(relays.status()[0].source.state, State::Waiting);
    let again = pushed(&relays, 6, "10.0.0.1:4000".parse().unwrap());
    again.end("over");
    eventually("its end is seen", || relays.status()[0].source.state == State::Waiting).await;
}

/// A server that answers by rule and keeps what it was asked.
struct Mock {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

/// What a mock answers to a method and a request: status and reason, headers and body; then what it sends after it.
type Rule = fn(&str, &str) -> (String, Vec<u8>);

impl Mock {
    async fn start(ip: &str, rule: Rule) -> Self {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let mock = Self { address: listener.local_addr().unwrap(), asked: Arc::default() };
        let asked = Arc::clone(&mock.asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let asked = Arc::clone(&asked);
                tokio::spawn(async move {
                    let mut input = Vec::new();
                    while let Some(request) = Self::request(&mut stream, &mut input).await {
                        let method = request.split(' ').next().unwrap().to_owned();
                        let cseq = request.lines().find(|line| line.starts_with("CSeq")).unwrap().to_owned();
                        let (answer, after) = rule(&method, &request);
                        asked.lock().push(request);
                        let (first, rest) = answer.split_once("\r\n").unwrap_or((&answer, "\r\n"));
                        let text = format!("RTSP/1.0 {first}\r\n{cseq}\r\n{rest}");
                        stream.write_all(text.as_bytes()).await.unwrap();
                        stream.write_all(&after).await.unwrap();
                    }
                });
            }
        });
        mock
    }

    async fn request(stream: &mut tokio::net::TcpStream, input: &mut Vec<u8>) -> Option<String> {
        loop {
            if let Some(head) = input.windows(4).position(|end| end == b"\r\n\r\n") {
                let text = String::from_utf8_lossy(&input[..head]).into_owned();
                let length = text.lines().find_map(|line| line.strip_prefix("Content-Length: "));
                let end = head + 4 + length.map_or(0, |length| length.parse::<usize>().unwrap());
                if input.len() >= end {
                    let request: Vec<u8> = input.drain(..end).collect();
                    return Some(String::from_utf8_lossy(&request).into_owned());
                }
            }
            if stream.read_buf(input).await.ok()? == 0 {
                return None;
            }
        }
    }

    fn methods(&self) -> Vec<String> {
        self.asked.lock().iter().map(|request| request.split(' ').next().unwrap().to_owned()).collect()
    }

    fn source(&self, who: Option<&str>) -> Source {
        Source::Rtsp(RtspSource {
            host: Host::Address(self.address.ip()),
            port: self.address.port(),
            path: "/live".into(),
            local: None,
            credentials: who.map(|user| Credentials { user: user.into(), password: "secret".into() }),
        })
    }

    fn destination(&self) -> Destination {
        Destination::Announced(AnnouncedDestination {
            host: Host::Address(self.address.ip()),
            port: self.address.port(),
            path: Some("/b.sdp".into()),
            local: None,
            credentials: None,
        })
    }
}

fn described() -> (String, Vec<u8>) {
    (format!("200 OK\r\nContent-Length: {}\r\n\r\n{SDP}", SDP.len()), Vec::new())
}

fn frame(channel: u8, packet: &[u8]) -> Vec<u8> {
    let mut frame = vec![b'$', channel, 0, packet.len() as u8];
    frame.extend_from_slice(packet);
    frame
}

#[tokio::test]
async fn a_source_without_udp_is_asked_for_frames() {
    let mock = Mock::start("127.0.0.1", |method, request| match method {
        "DESCRIBE" => described(),
        "SETUP" if !request.contains("/TCP") => ("461 Unsupported transport".into(), Vec::new()),
        "SETUP" => ("200 OK\r\nSession: 9\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n".into(), Vec::new()),
        "PLAY" => ("200 OK\r\nSession: 9\r\n\r\n".into(), [frame(0, &rtp(3)), frame(1, &report())].concat()),
        _ => ("200 OK\r\nSession: 9\r\n\r\n".into(), Vec::new()),
    })
    .await;
    let (relays, ears) = (relays(), Ears::new());
    relays.apply(one(mock.source(None), vec![ears.destination()]));
    assert_eq!(Ears::hear(&ears.rtp).await, rtp(3));
    assert_eq!(Ears::hear(&ears.rtcp).await, report());
    assert_eq!(mock.methods(), ["DESCRIBE", "SETUP", "SETUP", "PLAY"]);
    let setup = mock.asked.lock()[1].clone();
    assert!(setup.contains("/live/trackID=1 RTSP/1.0") && setup.contains("RTP/AVP;unicast;client_port="), "{setup}");
    relays.stop().await;
    assert_eq!(mock.methods().last().unwrap(), "TEARDOWN");
}

#[tokio::test]
async fn a_redirect_is_followed_without_the_password() {
    fn ask(method: &str, request: &str) -> (String, Vec<u8>) {
        match method {
            _ if !request.contains("Authorization") => {
                ("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"r\"\r\n\r\n".into(), Vec::new())
            }
            _ => described(),
        }
    }
    static ELSEWHERE: Mutex<Option<SocketAddr>> = Mutex::new(None);
    for elsewhere in ["127.0.0.2", "127.0.0.1"] {
        let other = Mock::start(elsewhere, ask).await;
        *ELSEWHERE.lock() = Some(other.address);
        let first = Mock::start("127.0.0.1", |method, request| match ask(method, request) {
            (refused, _) if refused.starts_with("401") => (refused, Vec::new()),
            _ => (format!("302 Found\r\nLocation: rtsp://{}/there\r\n\r\n", ELSEWHERE.lock().unwrap()), Vec::new()),
        })
        .await;
        let (relays, ears) = (relays(), Ears::new());
        relays.apply(one(first.source(Some("me")), vec![ears.destination()]));
        let state = || relays.status()[0].source.state.clone();
        eventually("it is found out", || state().trouble().is_some()).await;
        assert_eq!(state().trouble(), Some("DESCRIBE needs a name and password"));
        let asked = other.asked.lock().concat();
        assert!(asked.contains("/there RTSP/1.0") && !asked.contains("Authorization"), "{asked}");
        assert!(first.asked.lock()[1].contains("Authorization: Basic "));
    }
}

#[tokio::test]
async fn a_destination_that_knows_no_record_is_told_to_play() {
    let mock = Mock::start("127.0.0.1", |method, _| match method {
        "SETUP" => ("200 OK\r\nSession: 9\r\nTransport: RTP/AVP;server_port=9-10\r\n\r\n".into(), Vec::new()),
        "RECORD" => ("501 Not Implemented".into(), Vec::new()),
        _ => ("200 OK\r\nSession: 9\r\n\r\n".into(), Vec::new()),
    })
    .await;
    let relays = relays();
    relays.apply(one(Source::Announced(AnnouncedSource { from: None, path: None }), vec![mock.destination()]));
    let _broadcast = pushed(&relays, 1, "10.0.0.1:4000".parse().unwrap());
    eventually("up", || relays.status()[0].destinations[0].state == State::Up).await;
    assert_eq!(mock.methods(), ["ANNOUNCE", "SETUP", "RECORD", "PLAY"]);
    let announced = mock.asked.lock()[0].clone();
    assert!(
        announced.contains("/b.sdp RTSP/1.0") && announced.contains("Content-Type: application/sdp"),
        "{announced}"
    );
    assert!(announced.contains("\r\nc=IN IP4 127.0.0.1\r\n"), "{announced}");
    let setup = mock.asked.lock()[1].clone();
    assert!(setup.contains("/b.sdp/trackID=1 RTSP/1.0") && setup.contains(";mode=record\r\n"), "{setup}");
    let port: u16 = setup.split("client_port=").nth(1).unwrap().split('-').next().unwrap().parse().unwrap();
    assert!(port >= 10_000, "{port}");
    let ours = relays.around.own.clone();
    relays.push_ended(1);
    eventually("the destination is told", || mock.methods().last().unwrap() == "TEARDOWN").await;
    drop(ours);
}

#[tokio::test]
async fn a_destination_without_udp_is_sent_frames() {
    let mock = Mock::start("127.0.0.1", |method, request| match method {
        "SETUP" if !request.contains("/TCP") => ("461 Unsupported transport".into(), Vec::new()),
        "SETUP" => ("200 OK\r\nSession: 9\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n".into(), Vec::new()),
        _ => ("200 OK\r\nSession: 9\r\n\r\n".into(), Vec::new()),
    })
    .await;
    let relays = relays();
    relays.apply(one(Source::Announced(AnnouncedSource { from: None, path: None }), vec![mock.destination()]));
    let broadcast = pushed(&relays, 1, "10.0.0.1:4000".parse().unwrap());
    eventually("up", || relays.status()[0].destinations[0].state == State::Up).await;
    assert_eq!(mock.methods(), ["ANNOUNCE", "SETUP", "SETUP", "RECORD"]);
    assert!(mock.asked.lock()[2].contains("RTP/AVP/TCP;unicast;interleaved=0-1;mode=record\r\n"));
    broadcast.receive(1, Kind::Rtp, rtp(0x4141).into(), None, 0);
    broadcast.receive(1, Kind::Rtcp, report().into(), None, 0);
    eventually("both are sent", || relays.status()[0].destinations[0].packets == 2).await;
    relays.push_ended(1);
    // the mock takes frames for the beginning of what comes after them
    eventually("it says good-bye", || mock.asked.lock().last().unwrap().contains("TEARDOWN ")).await;
    let last = mock.asked.lock().last().unwrap().clone();
    let rtp_at = last.find("$\0\0").unwrap();
    assert!(rtp_at < last.find("$\u{1}\0\u{1c}").unwrap() && last[rtp_at..].contains("AAAAAAAA"), "{last:?}");
}

/// A relay that takes every push and announces to its own server must not take what it announces.
#[tokio::test]
async fn what_we_announce_ourselves_is_not_relayed_again() {
    let mock = Mock::start("127.0.0.1", |method, _| match method {
        "SETUP" => ("200 OK\r\nSession: 9\r\nTransport: RTP/AVP;server_port=9-10\r\n\r\n".into(), Vec::new()),
        _ => ("200 OK\r\nSession: 9\r\n\r\n".into(), Vec::new()),
    })
    .await;
    let relays = relays();
    relays.apply(one(Source::Announced(AnnouncedSource { from: None, path: None }), vec![mock.destination()]));
    let _broadcast = pushed(&relays, 1, "10.0.0.1:4000".parse().unwrap());
    eventually("up", || relays.status()[0].destinations[0].state == State::Up).await;
    let ours = relays.around.own.all();
    assert_eq!(ours.len(), 1);
    let _echo = pushed(&relays, 2, ours[0]);
    assert_eq!(relays.status().len(), 1);
    assert_eq!(mock.methods().len(), 3);
    relays.push_ended(1);
    eventually("the connection is gone", || relays.around.own.all().is_empty()).await;
}
