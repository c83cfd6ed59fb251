//! Relays between servers of this process: what one has or is sent arrives at the others.

mod common;
#[path = "common/ports.rs"]
mod ports;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use common::{AUDIO, PATIENCE, Ports, Site, VIDEO, eventually, notes, rtp, take_notes};
use dss::live::relay::{RelayStatus, State};

const MOVIE: &str = "sample_h264_100kbit.mp4";

const LOCAL: &str = "127.0.0.1";

fn pref(name: &str, value: impl ToString) -> String {
    format!("<PREF NAME=\"{name}\">{}</PREF>", value.to_string())
}

fn end(class: &str, kind: &str, prefs: &[String]) -> String {
    format!("<OBJECT CLASS=\"{class}\" TYPE=\"{kind}\">{}</OBJECT>\n", prefs.concat())
}

fn relay(name: &str, ends: &[String]) -> String {
    format!("<OBJECT TYPE=\"relay\" NAME=\"{name}\">\n{}</OBJECT>\n", ends.concat())
}

fn file(relays: &[String]) -> String {
    format!("<?xml version=\"1.0\"?>\n<RELAY_CONFIG>\n{}</RELAY_CONFIG>\n", relays.concat())
}

fn rtsp_source(server: SocketAddr, path: &str) -> String {
    let prefs = [pref("source_addr", server.ip()), pref("rtsp_port", server.port()), pref("url", path)];
    end("source", "rtsp_source", &prefs)
}

fn udp_destination(ports: &[u16]) -> String {
    let list: String = ports.iter().map(|port| format!("<VALUE>{port}</VALUE>")).collect();
    let list = format!("<LIST-PREF NAME=\"udp_ports\">{list}</LIST-PREF>");
    end("destination", "udp_destination", &[pref("dest_addr", LOCAL), list])
}

fn announced_destination(server: SocketAddr, path: &str) -> String {
    let prefs = [pref("dest_addr", server.ip()), pref("rtsp_port", server.port()), pref("url", path)];
    end("destination", "announced_destination", &prefs)
}

fn port_of(ports: &Ports) -> u16 {
    ports.rtp.local_addr().unwrap().port()
}

fn status(site: &Site) -> RelayStatus {
    site.server.relays.status().remove(0)
}

/// What a HUP does; the port stays the test's.
fn reread(site: &Site) {
    site.server.fix_port();
    site.block_on(async { site.server.reread() });
}

/// Pushes a small stream; each packet's payload is its number.
struct Pusher {
    client: common::Client,
    sequence: u16,
}

impl Pusher {
    fn new(site: &Site, path: &str) -> Self {
        let mut client = site.connect();
        let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=push\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                   m=audio 0 RTP/AVP 0\r\na=control:trackID=1\r\n";
        assert_eq!(client.announce(path, sdp).status, 200);
        let transport = "Transport: RTP/AVP/TCP;unicast;mode=record;interleaved=0-1";
        assert_eq!(client.ask("SETUP", &format!("{path}/trackID=1"), transport).status, 200);
        assert_eq!(client.ask("RECORD", path, "Range: npt=0.0-").status, 200);
        Self { client, sequence: 0 }
    }

    fn push(&mut self) -> Vec<u8> {
        self.sequence += 1;
        let packet = rtp(0, self.sequence, 9, 160);
        self.client.send_frame(0, &packet);
        packet
    }

    /// Pushes until somebody at these ports hears a packet, and a little more; what was heard is one of ours.
    fn push_until_heard(&mut self, ports: &Ports) {
        let until = Instant::now() + PATIENCE;
        loop {
            let pushed = self.push();
            ports.rtp.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
            let mut buffer = [0; 2048];
            if let Ok(length) = ports.rtp.recv(&mut buffer) {
                assert_eq!(length, pushed.len());
                assert_eq!(buffer[8..12], pushed[8..12], "the broadcaster's own SSRC");
                ports.rtp.set_read_timeout(Some(PATIENCE)).unwrap();
                return;
            }
            assert!(Instant::now() < until, "nothing came");
        }
    }
}

/// Watches a live path by UDP once it is there.
fn watch(site: &Site, path: &str, track: &str) -> (common::Client, Ports) {
    let until = Instant::now() + PATIENCE;
    loop {
        let mut client = site.connect();
        let ports = Ports::new();
        let described = client.ask("DESCRIBE", &format!("/{path}"), "Accept: application/sdp");
        if described.status == 200 {
            client.setup(path, track, &ports.transport());
            if client.ask("PLAY", &format!("/{path}"), "").status == 200 {
                return (client, ports);
            }
        }
        assert!(Instant::now() < until, "{}", described.text);
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_file_goes_to_ports_packet_by_packet() {
    let origin = Site::new();
    origin.movie(MOVIE);
    let [video, audio] = [Ports::new(), Ports::new()];
    let ports = [port_of(&video), port_of(&audio)];
    let relays = file(&[relay("file", &[rtsp_source(origin.address(), MOVIE), udp_destination(&ports)])]);
    let site = Site::with_relays(&relays);

    // A player of the same file sees the same packets, but for what is a player's own.
    let (mut player, own) = (origin.connect(), [Ports::new(), Ports::new()]);
    player.setup(MOVIE, VIDEO, &own[0].transport());
    player.setup(MOVIE, AUDIO, &own[1].transport());
    player.play(MOVIE, "0-");
    let from = |ports: &Ports| -> Vec<_> { (0..10).map(|_| ports.packet()).collect() };
    for (relayed, played) in [(&video, &own[0]), (&audio, &own[1])] {
        let (relayed, played) = (from(relayed), from(played));
        for (index, (a, b)) in relayed.iter().zip(&played).enumerate() {
            assert_eq!(&a.payload, &b.payload, "packet {index}");
            assert_eq!(a.time.wrapping_sub(relayed[0].time), b.time.wrapping_sub(played[0].time), "packet {index}");
            assert_eq!(a.seq, relayed[0].seq.wrapping_add(index as u16));
            assert_eq!(a.ssrc, relayed[0].ssrc);
        }
    }
    assert!(!video.compound().is_empty(), "reports are relayed as well");
    let status = status(&site);
    assert_eq!((status.name.as_str(), status.source.state.word()), ("file", "up"));
    assert_eq!(status.destinations[0].state, State::Up);
}

#[test]
fn a_file_is_announced_to_a_server_and_watched_there() {
    let origin = Site::new();
    origin.movie(MOVIE);
    let edge = Site::new();
    let to = announced_destination(edge.address(), "/relayed.sdp");
    let site = Site::with_relays(&file(&[relay("up", &[rtsp_source(origin.address(), MOVIE), to])]));
    let (mut viewer, ports) = watch(&edge, "relayed.sdp", VIDEO);
    assert!(ports.packet().payload.len() > 1);
    let mut client = edge.connect();
    let described = client.ask("DESCRIBE", "/relayed.sdp", "Accept: application/sdp");
    let sdp = String::from_utf8_lossy(&described.body);
    assert!(!sdp.contains("a=range") && sdp.contains("H264/90000"), "{sdp}");
    assert_eq!(status(&site).destinations[0].state, State::Up);
    assert_eq!(viewer.ask("TEARDOWN", "/relayed.sdp", "").status, 200);
    drop(site);
    eventually("the broadcast ends with the relay", || edge.server.broadcasts.is_empty());
}

#[test]
fn a_push_goes_through_a_chain_of_servers() {
    let last = Site::new();
    let middle = Site::with_relays(&file(&[relay(
        "second",
        &[end("source", "announced_source", &[]), announced_destination(last.address(), "/third.sdp")],
    )]));
    let first = Site::with_relays(&file(&[relay(
        "first",
        &[
            end("source", "announced_source", &[pref("url", "/first.sdp"), pref("source_addr", LOCAL)]),
            announced_destination(middle.address(), "/second.sdp"),
        ],
    )]));
    assert_eq!(status(&first).source.state, State::Waiting);
    let mut pusher = Pusher::new(&first, "/first.sdp");
    eventually("the first relay is up", || status(&first).destinations[0].state == State::Up);
    eventually("the second relay is up", || status(&middle).destinations[0].state == State::Up);
    pusher.push();
    let (_viewer, ports) = watch(&last, "third.sdp", "trackID=1");
    pusher.push_until_heard(&ports);
    drop(pusher);
    eventually("the first waits again", || status(&first).source.state == State::Waiting);
    eventually("and so the second", || status(&middle).source.state == State::Waiting);
}

#[test]
fn a_destination_that_restarts_is_announced_to_again() {
    // Nothing listens there until a server comes.
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, ports::free_port()));
    let site = Site::with_relays(&file(&[relay(
        "steady",
        &[end("source", "announced_source", &[]), announced_destination(address, "/x.sdp")],
    )]));
    let mut pusher = Pusher::new(&site, "/live.sdp");
    let state = || status(&site).destinations[0].state.clone();
    eventually("it is told what is wrong", || state().trouble().is_some_and(|why| why.contains("cannot connect")));
    for _ in 0..2 {
        let edge = Site::on_port(address.port());
        eventually("it is announced", || state() == State::Up);
        pusher.push();
        let (_viewer, ports) = watch(&edge, "x.sdp", "trackID=1");
        pusher.push_until_heard(&ports);
        drop(edge);
        eventually("the end is seen", || state() != State::Up);
    }
}

#[test]
fn trap_73_a_wrong_password_is_in_the_log_once_and_no_password_works_where_none_is_needed() {
    // Only the broadcasters of the users file may push, local ones too.
    let strict = Site::with_module_prefs(&[
        ("QTSSReflectorModule", "authenticate_local_broadcast", "true"),
        ("QTSSReflectorModule", "ip_allow_list", "10.9.9.9"),
    ]);
    let easy = Site::new();
    let wrong = end(
        "destination",
        "announced_destination",
        &[
            pref("dest_addr", strict.address().ip()),
            pref("rtsp_port", strict.address().port()),
            pref("url", "/x.sdp"),
            pref("name", "nobody"),
            pref("password", "wrong-and-secret"),
        ],
    );
    let relays = [end("source", "announced_source", &[]), wrong, announced_destination(easy.address(), "/y.sdp")];
    take_notes();
    let site = Site::with_relays(&file(&[relay("two", &relays)]));
    let mut pusher = Pusher::new(&site, "/live.sdp");
    pusher.push();
    let state = |index: usize| status(&site).destinations[index].state.clone();
    eventually("one works", || state(1) == State::Up);
    eventually("the other has tried twice", || matches!(state(0), State::Retrying { pause: 2.., .. }));
    let all = notes();
    let told: Vec<_> = all.iter().filter(|line| line.contains("relay two") && line.contains("password")).collect();
    assert_eq!(told.len(), 1, "{all:?}");
    assert!(told[0].contains("relay two: destination rtsp://") && !all.concat().contains("secret"), "{all:?}");
}

#[test]
fn trap_73_the_file_is_read_again_when_it_has_changed_only() {
    let [kept, added] = [Ports::new(), Ports::new()];
    let source = end("source", "announced_source", &[]);
    let with = |ports: &[&Ports]| {
        let to: String = ports.iter().map(|ports| udp_destination(&[port_of(ports)])).collect();
        file(&[relay("r", &[source.clone(), to])])
    };
    let site = Site::with_relays(&with(&[&kept]));
    let path = site.folder().join("relayconfig.xml");
    let hup = || reread(&site);
    let mut pusher = Pusher::new(&site, "/live.sdp");
    pusher.push_until_heard(&kept);
    let packets = || status(&site).destinations[0].packets;
    let before = packets();
    hup();
    std::fs::write(&path, with(&[&kept, &added])).unwrap();
    hup();
    pusher.push_until_heard(&added);
    pusher.push_until_heard(&kept);
    assert!(packets() > before, "the first destination counts on");
    std::fs::write(&path, "<RELAY_CONFIG><OBJECT").unwrap();
    hup();
    kept.drain();
    pusher.push_until_heard(&kept);
    std::fs::write(&path, file(&[])).unwrap();
    hup();
    assert!(site.server.relays.status().is_empty());
}

#[test]
fn relays_are_shown_to_administrators_and_on_a_page() {
    let ports = Ports::new();
    let site = Site::with_relays(&file(&[relay(
        "shown &amp; told",
        &[end("source", "announced_source", &[]), udp_destination(&[port_of(&ports)])],
    )]));
    let get = |path: &str| {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(site.address()).unwrap();
        stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).unwrap();
        let mut text = String::new();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.read_to_string(&mut text).unwrap();
        text
    };
    let page = get("/relays");
    assert!(page.starts_with("HTTP/1.1 200 OK") && page.contains("shown &amp; told"), "{page}");
    assert!(page.contains("announced any by any</td><td>waiting"), "{page}");
    let entry = site.server.registry.find("QTSSRelayModule").unwrap();
    let list = || entry.attributes().find(b"relay_session").map(|id| entry.attributes().children(id)).unwrap();
    let shown = || {
        let session = list().first().cloned()?;
        let output = session.children(session.find(b"relay_output")?).first().cloned()?;
        let text = |name: &str| session.string(session.find(name.as_bytes())?);
        Some((text("relay_name")?, text("source_type")?, output.string(output.find(b"output_dest_addr")?)?))
    };
    let expected = ("shown & told".to_owned(), "announced_source".to_owned(), LOCAL.to_owned());
    eventually("it is in the tree", || shown().as_ref() == Some(&expected));
    let mut pusher = Pusher::new(&site, "/live.sdp");
    pusher.push_until_heard(&ports);
    let sent = || {
        let outputs = list().first().map(|session| session.children(session.find(b"relay_output").unwrap()));
        let total = |o: &std::sync::Arc<dss::qtss::Object>| o.u64(o.find(b"output_total_packets_sent").unwrap());
        outputs.and_then(|outputs| total(outputs.first()?)).unwrap_or(0)
    };
    eventually("what is sent is counted", || sent() > 0);
}

#[test]
fn a_check_of_the_configuration_looks_at_the_relays_as_well() {
    let dir = tempfile::tempdir().unwrap();
    let relays = dir.path().join("relayconfig.xml");
    let config = dir.path().join("streamingserver.xml");
    let module = format!("<MODULE NAME=\"QTSSRelayModule\">{}</MODULE>", pref("relay_prefs_file", relays.display()));
    std::fs::write(&config, format!("<CONFIGURATION><SERVER></SERVER>{module}</CONFIGURATION>\n")).unwrap();
    std::fs::write(&relays, file(&[relay("x", &[end("source", "tape", &[pref("password", "hidden")])])])).unwrap();
    let check = || {
        let mut server = std::process::Command::new(env!("CARGO_BIN_EXE_DarwinStreamingServer"));
        let output = server.args(["--check-config", "-c"]).arg(&config).output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let (is_good, text) = check();
    let expected = format!("{}:4:1: warning: x: tape: a source of this type does not exist", relays.display());
    assert!(!is_good && text.contains(&expected) && !text.contains("hidden"), "{text}");
    std::fs::remove_file(&relays).unwrap();
    let (_, text) = check();
    assert!(!text.contains("tape"), "{text}");
}
