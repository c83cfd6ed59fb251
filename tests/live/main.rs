//! Live broadcasts over the wire: announced and pushed by TCP and UDP, described by an operator's file, watched, ended.
//! The trap numbers are those of the list of DSS 6.0.3's surprises that this server was built against.
#![allow(clippy::print_stderr)] // what is skipped is said aloud

#[path = "../common/mod.rs"]
mod common;
mod odd_turns;
#[path = "../common/ports.rs"]
mod ports;

use std::fs;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use common::{Client, Ports, Reply, Rtp, Site, eventually, notes, rtp, take_notes};

const MODULE: &str = "QTSSReflectorModule";
const TCP: &str = "RTP/AVP/TCP;unicast";
const RECORD_TCP: &str = "RTP/AVP/TCP;unicast;mode=record";

/// Sources of the two tracks.
const VIDEO: u32 = 0x0a0b_0c01;
const AUDIO: u32 = 0x0a0b_0c02;

const SDP: &str = "v=0\r\no=caster 1 2 IN IP4 127.0.0.1\r\ns=Test cast\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
    m=video 0 RTP/AVP 96\r\na=rtpmap:96 X-TEST/90000\r\na=control:trackID=1\r\n\
    m=audio 0 RTP/AVP 97\r\na=rtpmap:97 L16/8000\r\na=control:trackID=2\r\n";

/// A server whose words are heard.
fn site() -> Site {
    site_with(&[])
}

/// The error log says `text` of a file in the movie folder.
fn says(site: &Site, name: &str, text: &str) {
    let path = site.movies(name).to_str().unwrap().to_owned();
    let is_it = |note: &String| note.contains(&path) && note.contains(text);
    eventually(text, || notes().iter().any(is_it));
}

/// A server with preferences of the reflector changed.
fn site_with(prefs: &[(&str, &str)]) -> Site {
    take_notes();
    let prefs: Vec<_> = prefs.iter().map(|(name, value)| (MODULE, *name, *value)).collect();
    Site::with_module_prefs(&prefs)
}

fn announced(client: &mut Client, path: &str, sdp: &str) {
    let reply = client.announce(path, sdp);
    assert_eq!(reply.status, 200, "{}", reply.text);
}

/// An empty sender report.
fn report(ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 200, 0, 6];
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.resize(28, 7);
    packet
}

/// Sends packets of both tracks every 20 ms, by whatever means, until dropped.
struct Source {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Source {
    fn start(mut send: impl FnMut(u16) + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            for seq in (0u16..=u16::MAX).cycle().map(|count| count.wrapping_add(65_500)) {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                send(seq);
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A broadcaster that pushes two tracks by TCP: video on channels 0 and 1, audio on 2 and 3.
struct Caster {
    client: Arc<Mutex<Client>>,
    path: String,
    source: Option<Source>,
}

impl Caster {
    fn start(site: &Site, path: &str) -> Self {
        Self::start_as(site, path, VIDEO)
    }

    fn start_as(site: &Site, path: &str, video: u32) -> Self {
        let mut client = site.connect();
        announced(&mut client, path, SDP);
        Self::record(client, path, video)
    }

    fn record(mut client: Client, path: &str, video: u32) -> Self {
        let movie = path.trim_start_matches('/');
        for (track, channels) in [("trackID=1", "0-1"), ("trackID=2", "2-3")] {
            let reply = client.setup(movie, track, &format!("{RECORD_TCP};interleaved={channels}"));
            assert_eq!(reply.transport("interleaved"), [channels]);
        }
        let reply = client.ask("RECORD", path, "");
        assert_eq!(reply.status, 200, "{}", reply.text);
        let client = Arc::new(Mutex::new(client));
        let sender = Arc::clone(&client);
        let source = Source::start(move |seq| {
            let mut client = sender.lock().unwrap();
            client.send_frame(0, &rtp(96, seq, video, 100));
            client.send_frame(2, &rtp(97, seq, AUDIO, 50));
            if seq % 10 == 0 {
                client.send_frame(1, &report(video));
            }
        });
        Self { client, path: path.to_owned(), source: Some(source) }
    }

    /// The connection, with nothing sent on it any more.
    fn silence(mut self) -> Client {
        drop(self.source.take());
        let client = Arc::into_inner(self.client).expect("nobody else has it");
        client.into_inner().unwrap()
    }

    fn teardown(self) {
        let path = self.path.clone();
        let mut client = self.silence();
        let reply = client.ask("TEARDOWN", &path, "");
        assert_eq!(reply.status, 200, "{}", reply.text);
    }
}

/// A viewer of the video by UDP.
struct Viewer {
    client: Client,
    ports: Ports,
}

impl Viewer {
    fn new(site: &Site, path: &str) -> Self {
        let (mut client, ports) = (site.connect(), Ports::new());
        client.setup(path.trim_start_matches('/'), "trackID=1", &ports.transport());
        Self { client, ports }
    }

    fn playing(site: &Site, path: &str) -> Self {
        let mut viewer = Self::new(site, path);
        let reply = viewer.client.ask("PLAY", path, "");
        assert_eq!(reply.status, 200, "{}", reply.text);
        viewer
    }

    /// A packet of this source, within ten seconds.
    fn sees(&self, ssrc: u32) -> Rtp {
        let until = Instant::now() + common::PATIENCE;
        loop {
            let packet = self.ports.packet();
            if packet.ssrc == ssrc {
                return packet;
            }
            assert!(Instant::now() < until, "no packet of {ssrc:x}");
        }
    }

    fn sees_in_order(&self, ssrc: u32, count: usize) {
        let mut last = self.sees(ssrc).seq;
        for _ in 0..count {
            let packet = self.ports.packet();
            assert_eq!((packet.ssrc, packet.seq), (ssrc, last.wrapping_add(1)));
            last = packet.seq;
        }
    }
}

fn describe(site: &Site, path: &str) -> Reply {
    site.connect().ask("DESCRIBE", path, "")
}

#[test]
fn a_push_by_tcp_is_watched_by_udp_and_tcp_and_ends_with_teardown() {
    let site = site();
    let caster = Caster::start(&site, "/live.sdp");
    assert!(site.movies("live.sdp").exists());
    let reply = describe(&site, "/live.sdp");
    assert_eq!((reply.status, reply.header("Cache-Control")), (200, "no-cache"));
    let text = String::from_utf8(reply.body).unwrap();
    assert!(text.contains("c=IN IP4 0.0.0.0\r\n") && text.contains("a=control:trackID=2\r\n"), "{text}");

    let viewer = Viewer::playing(&site, "/live.sdp");
    viewer.sees_in_order(VIDEO, 20);
    let compound = viewer.ports.compound();
    assert_eq!(compound[0].1, report(VIDEO), "the broadcaster's own reports");
    let mut other = site.connect();
    let reply = other.setup("live", "trackID=2", &format!("{TCP};interleaved=4-5"));
    assert!(reply.transport("ssrc").is_empty(), "the SSRC is the broadcaster's: {}", reply.text);
    let reply = other.ask("PLAY", "/live", "Range: npt=0-");
    assert_eq!((reply.status, reply.header("Range")), (200, "npt=now-"));
    for _ in 0..10 {
        let (channel, packet) = other.frame();
        assert_eq!((channel, Rtp::parse(&packet).ssrc), (4, AUDIO));
    }
    let metrics = dss::server::metrics::render(&site.server).unwrap();
    assert!(metrics.contains("dss_broadcasts 1") && metrics.contains("dss_broadcast_viewers 2"), "{metrics}");

    caster.teardown();
    assert!(!site.movies("live.sdp").exists(), "before the answer");
    assert_eq!(describe(&site, "/live.sdp").status, 404);
    // What was on its way still comes.
    eventually("nothing comes any more", || !viewer.ports.hears_within(Duration::from_millis(200)));
    assert_eq!(site.sessions(), 2, "viewers stay");
    says(&site, "live.sdp", " begins: push-tcp from 127.0.0.1");
    says(&site, "live.sdp", "2 watching): TEARDOWN");
}

/// SETUPs of both tracks by UDP; the server's RTP ports.
fn setup_udp(client: &mut Client, movie: &str, sources: &[&Ports; 2]) -> Vec<u16> {
    let one = |(track, ports): (&str, &&Ports)| {
        let reply = client.setup(movie, track, &format!("{};mode=record", ports.transport()));
        reply.transport("server_port")[0].split('-').next().unwrap().parse().unwrap()
    };
    ["trackID=1", "trackID=2"].into_iter().zip(sources).map(one).collect()
}

#[test]
fn a_push_by_udp_is_taken_from_the_broadcasters_address_only() {
    let site = site();
    let mut client = site.connect();
    announced(&mut client, "/udp.sdp", SDP);
    let (video, audio) = (Ports::new(), Ports::new());
    let ports = setup_udp(&mut client, "udp.sdp", &[&video, &audio]);
    assert!(ports.iter().all(|port| *port >= 6970 && port % 2 == 0), "{ports:?}");
    assert_eq!(client.ask("RECORD", "/udp.sdp", "").status, 200);
    let socket = video.rtp.try_clone().unwrap();
    let stranger = UdpSocket::bind("127.0.0.2:0").unwrap();
    let to = (Ipv4Addr::LOCALHOST, ports[0]);
    let _source = Source::start(move |seq| {
        stranger.send_to(&rtp(96, seq, 0xbad, 100), to).unwrap();
        socket.send_to(&rtp(96, seq, VIDEO, 100), to).unwrap();
    });
    let viewer = Viewer::playing(&site, "/udp.sdp");
    viewer.sees_in_order(VIDEO, 20);
    // The connection is what the broadcast hangs on.
    drop(client);
    eventually("the broadcast is over", || !site.movies("udp.sdp").exists());
    says(&site, "udp.sdp", "its connection was lost");
}

#[test]
fn trap_74_a_broadcaster_need_not_have_ports() {
    let site = site();
    let mut client = site.connect();
    announced(&mut client, "/noport.sdp", SDP);
    let reply = client.setup("noport.sdp", "trackID=1", "RTP/AVP;unicast;mode=record");
    assert!(reply.transport("client_port").is_empty() && !reply.transport("server_port").is_empty(), "{}", reply.text);
    let reply = client.setup("noport.sdp", "trackID=2", "RTP/AVP;unicast;client_port=6001-6003;mode=record");
    assert_eq!(reply.transport("client_port"), ["6001-6003"]);
}

#[test]
fn trap_21_tracks_are_those_that_were_set_up_on_the_channels() {
    let site = site();
    let mut client = site.connect();
    announced(&mut client, "/order.sdp", SDP);
    client.setup("order.sdp", "trackID=2", &format!("{RECORD_TCP};interleaved=0-1"));
    client.setup("order.sdp", "trackID=1", &format!("{RECORD_TCP};interleaved=2-3"));
    assert_eq!(client.ask("PLAY", "/order.sdp", "").status, 200, "some say PLAY for RECORD");
    let mut caster = client;
    let _source = Source::start(move |seq| {
        caster.send_frame(0, &rtp(97, seq, AUDIO, 50));
        caster.send_frame(2, &rtp(96, seq, VIDEO, 100));
    });
    let viewer = Viewer::playing(&site, "/order.sdp");
    viewer.sees_in_order(VIDEO, 5);
}

#[test]
fn trap_20_large_packets_come_through() {
    let site = site();
    let mut client = site.connect();
    announced(&mut client, "/large.sdp", SDP);
    let caster = Caster::record(client, "/large.sdp", VIDEO);
    let mut viewer = site.connect();
    viewer.setup("large.sdp", "trackID=1", TCP);
    assert_eq!(viewer.ask("PLAY", "/large.sdp", "").status, 200);
    caster.client.lock().unwrap().send_frame(0, &rtp(96, 1, VIDEO, 8000));
    let found = std::iter::repeat_with(|| viewer.frame()).take(500).any(|(_, packet)| packet.len() == 8012);
    assert!(found, "the large packet");
}

#[test]
fn trap_58_only_descriptions_are_written() {
    let site = site();
    let movie = site.movie("sample_300kbit.mp4");
    let before = fs::read(&movie).unwrap();
    for name in ["/sample_300kbit.mp4", "/new.mov", "/new.txt", "/new", "/.sdp", "/new.sdp/"] {
        let status = site.connect().announce(name, SDP).status;
        assert_eq!(status, if name == "/new.sdp/" { 200 } else { 412 }, "{name}");
    }
    assert_eq!(fs::read(&movie).unwrap(), before);
    fs::remove_file(site.movies("new.sdp")).unwrap();
    for (sdp, status) in [("hello\r\n", 415), ("v=0\r\ns=x\r\n", 415)] {
        assert_eq!(site.connect().announce("/bad.sdp", sdp).status, status, "{sdp}");
    }
    assert_eq!(site.connect().ask("ANNOUNCE", "/bad.sdp", "").status, 411);
    let names: Vec<_> = fs::read_dir(site.movies("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["sample_300kbit.mp4"]);
}

#[test]
fn trap_51_nothing_is_made_for_an_announcement_into_a_missing_folder() {
    let site = site();
    assert_eq!(site.connect().announce("/new/x.sdp", SDP).status, 403);
    assert!(!site.movies("new").exists());
    fs::create_dir(site.movies("new")).unwrap();
    let caster = Caster::start(&site, "/new/x.sdp");
    caster.teardown();
    assert!(!site.movies("new/x.sdp").exists() && site.movies("new").exists());
}

#[test]
fn trap_59_a_second_broadcaster_changes_nothing_of_the_first() {
    let site = site();
    let _caster = Caster::start(&site, "/mine.sdp");
    let before = fs::read(site.movies("mine.sdp")).unwrap();
    let other = SDP.replace("Test cast", "Intruder");
    for source in ["127.0.0.1", "127.0.0.3"] {
        assert_eq!(site.connect_from(source).announce("/mine.sdp", &other).status, 412, "{source}");
        let mut client = site.connect_from(source);
        let reply = client.ask("SETUP", "/mine.sdp/trackID=1", &format!("Transport: {RECORD_TCP}"));
        assert_eq!(reply.status, 412, "{source}: {}", reply.text);
    }
    assert_eq!(fs::read(site.movies("mine.sdp")).unwrap(), before);
    Viewer::playing(&site, "/mine.sdp").sees_in_order(VIDEO, 5);
}

#[test]
fn trap_60_what_is_announced_and_not_sent_is_removed() {
    let site = site_with(&[("timeout_broadcaster_session_secs", "2")]);
    let begin = Instant::now();
    announced(&mut site.connect(), "/idle.sdp", SDP);
    let status = describe(&site, "/idle.sdp").status;
    assert!(status == 200 || begin.elapsed() >= Duration::from_secs(2), "{status}");
    eventually("the description is gone", || !site.movies("idle.sdp").exists());
    says(&site, "idle.sdp", "announced, but nothing was sent");
}

#[test]
fn trap_61_an_operators_description_is_never_deleted_and_one_with_times_stays() {
    let site = site();
    let own = SDP.replace("Test cast", "Operator's");
    fs::write(site.movies("own.sdp"), &own).unwrap();
    // Pushed to without an announcement, then announced over.
    Caster::record(site.connect(), "/own.sdp", VIDEO).teardown();
    assert_eq!(fs::read_to_string(site.movies("own.sdp")).unwrap(), own);
    let caster = Caster::start(&site, "/own.sdp");
    assert!(fs::read_to_string(site.movies("own.sdp")).unwrap().contains("s=Test cast"));
    caster.teardown();
    assert_eq!(fs::read_to_string(site.movies("own.sdp")).unwrap(), own);
    let timed = SDP.replace("t=0 0\r\n", "t=0 0\r\na=x-broadcastcontrol:TIME\r\n");
    let mut client = site.connect();
    announced(&mut client, "/timed.sdp", &timed);
    Caster::record(client, "/timed.sdp", VIDEO).teardown();
    assert!(site.movies("timed.sdp").exists());
    fs::write(site.movies("past.sdp"), timed.replace("t=0 0", "t=1 2")).unwrap();
    assert_eq!(describe(&site, "/past.sdp").status, 404, "its times are over");
}

#[test]
fn trap_62_a_broadcast_can_be_killed_by_announcement_and_by_file() {
    let site = site();
    let caster = Caster::start(&site, "/one.sdp");
    let viewer = Viewer::playing(&site, "/one.sdp");
    viewer.sees(VIDEO);
    let kill = |path: &str| site.connect().announce(path, "v=0\r\n").status;
    assert_eq!(kill("/one.sdp.kill"), 200);
    assert_eq!(kill("/one.sdp.kill"), 404);
    assert!(!site.movies("one.sdp").exists() && !site.movies("one.sdp.kill").exists());
    let goodbye = viewer.ports.goodbye();
    assert_eq!(&goodbye.last().unwrap().1[4..8], VIDEO.to_be_bytes().as_slice(), "of the source that was seen");
    eventually("all sessions are gone", || site.sessions() == 0);
    drop(caster.source); // its connection is closed; what it sends fails

    let caster = Caster::start(&site, "/two.sdp");
    fs::write(site.movies("two.sdp.kill"), "").unwrap();
    site.reread_with(&[]);
    assert!(!site.movies("two.sdp").exists() && !site.movies("two.sdp.kill").exists());
    drop(caster.source);
    site.reread_with(&[(MODULE, "allow_announced_kill", "false")]);
    let _caster = Caster::start(&site, "/three.sdp");
    assert_eq!(kill("/three.sdp.kill"), 412);
    assert!(site.movies("three.sdp").exists());
}

#[test]
fn trap_63_64_a_broadcaster_that_crashes_may_come_back_at_once_and_viewers_go_on() {
    let site = site();
    let caster = Caster::start_as(&site, "/crash.sdp", VIDEO);
    let viewer = Viewer::playing(&site, "/crash.sdp");
    viewer.sees(VIDEO);
    caster.silence().reset();
    eventually("the crash is noticed", || !site.movies("crash.sdp").exists());
    assert_eq!(Viewer::new_status(&site, "/crash.sdp"), 404, "nobody new may wait for it");
    let _caster = Caster::start_as(&site, "/crash.sdp", 0xfeed);
    viewer.sees(0xfeed);
    assert_eq!(describe(&site, "/crash.sdp").status, 200);
}

impl Viewer {
    fn new_status(site: &Site, path: &str) -> u16 {
        site.connect().ask("SETUP", &format!("{path}/trackID=1"), &format!("Transport: {TCP}")).status
    }
}

#[test]
fn trap_63_a_silent_push_is_taken_over_from_its_own_address_only() {
    let site = site();
    let caster = Caster::start(&site, "/hung.sdp");
    assert_eq!(site.connect().announce("/hung.sdp", SDP).status, 412, "it is there");
    let mut silent = caster.silence();
    std::thread::sleep(Duration::from_millis(2100));
    assert_eq!(site.connect_from("127.0.0.3").announce("/hung.sdp", SDP).status, 412);
    let mut again = site.connect();
    announced(&mut again, "/hung.sdp", SDP);
    assert!(silent.is_closed(), "the old one is hung up on");
    let caster = Caster::record(again, "/hung.sdp", VIDEO);
    Viewer::playing(&site, "/hung.sdp").sees_in_order(VIDEO, 3);
    // On the same connection it goes without waiting.
    let mut client = caster.silence();
    client.session = None;
    announced(&mut client, "/hung.sdp", SDP);
    Caster::record(client, "/hung.sdp", 0xbeef);
    says(&site, "hung.sdp", "a new push from 127.0.0.1 takes its place");
}

#[test]
fn a_push_ends_when_nothing_has_come_for_its_time() {
    let site = site_with(&[("timeout_broadcaster_session_secs", "4")]);
    let caster = Caster::start(&site, "/silent.sdp");
    std::thread::sleep(Duration::from_millis(5500));
    assert!(site.movies("silent.sdp").exists(), "packets keep it alive");
    let mut client = caster.silence();
    assert!(client.is_closed());
    eventually("it is over", || !site.movies("silent.sdp").exists());
    says(&site, "silent.sdp", "nothing came for 4 s");
}

#[test]
fn viewers_end_with_the_broadcast_if_the_operator_wants_it() {
    let site = site_with(&[("kill_clients_when_broadcast_stops", "true")]);
    let caster = Caster::start(&site, "/kill.sdp");
    let viewer = Viewer::playing(&site, "/kill.sdp");
    viewer.sees(VIDEO);
    caster.teardown();
    viewer.ports.goodbye();
    eventually("all sessions are gone", || site.sessions() == 0);
    eventually("the log has it", || site.access_log().iter().any(|line| line[8] == "452"));
}

#[test]
fn other_media_under_the_same_name_end_what_viewers_see() {
    let site = site();
    Caster::start(&site, "/other.sdp").silence().reset();
    let caster = Caster::start(&site, "/other.sdp");
    let viewer = Viewer::playing(&site, "/other.sdp");
    viewer.sees(VIDEO);
    caster.teardown();
    let mut client = site.connect();
    announced(&mut client, "/other.sdp", &SDP.replace("X-TEST", "X-OTHER"));
    let _caster = Caster::record(client, "/other.sdp", VIDEO);
    viewer.ports.goodbye();
}

#[test]
fn trap_68_a_description_of_another_machines_broadcast_is_not_served() {
    let site = site();
    for c in ["192.0.2.1", "224.2.1.1/0", "no.such.host"] {
        fs::write(site.movies("far.sdp"), SDP.replace("c=IN IP4 127.0.0.1", &format!("c=IN IP4 {c}"))).unwrap();
        assert_eq!(describe(&site, "/far.sdp").status, 404, "{c}");
    }
    // What a broadcaster announces says nothing about where it sends to.
    let mut client = site.connect();
    announced(&mut client, "/push.sdp", &SDP.replace("c=IN IP4 127.0.0.1", "c=IN IP4 192.0.2.1"));
    let _caster = Caster::record(client, "/push.sdp", VIDEO);
    Viewer::playing(&site, "/push.sdp").sees_in_order(VIDEO, 3);
}

#[test]
fn trap_69_a_broadcast_without_a_broadcaster_is_not_played() {
    let site = site();
    announced(&mut site.connect(), "/dead.sdp", SDP);
    let mut viewer = Viewer::new(&site, "/dead.sdp");
    let begin = Instant::now();
    let reply = viewer.client.ask("PLAY", "/dead.sdp", "");
    assert_eq!(reply.status, 404, "{}", reply.text);
    assert!(begin.elapsed() >= Duration::from_millis(900), "somebody might have come");
    // A broadcaster that is there and says nothing yet is waited for.
    let mut client = site.connect();
    announced(&mut client, "/quiet.sdp", SDP);
    client.setup("quiet.sdp", "trackID=1", RECORD_TCP);
    assert_eq!(client.ask("RECORD", "/quiet.sdp", "").status, 200);
    let viewer = Viewer::playing(&site, "/quiet.sdp");
    client.send_frame(0, &rtp(96, 1, VIDEO, 10));
    viewer.sees(VIDEO);
}

#[test]
fn trap_70_rtp_info_names_the_first_packet_across_the_wrap() {
    let site = site_with(&[("force_rtp_info_sequence_and_time", "true")]);
    let _caster = Caster::start(&site, "/wrap.sdp");
    for _ in 0..3 {
        let mut viewer = Viewer::new(&site, "/wrap.sdp");
        let reply = viewer.client.ask("PLAY", "/wrap.sdp", "");
        assert_eq!(reply.status, 200, "{}", reply.text);
        let first = viewer.sees(VIDEO);
        assert_eq!(reply.rtp_info(), [(first.seq, first.time)]);
        std::thread::sleep(Duration::from_millis(300));
    }
    site.reread_with(&[
        (MODULE, "disable_rtp_play_info", "true"),
        (MODULE, "enable_play_response_range_header", "false"),
    ]);
    let reply = Viewer::new(&site, "/wrap.sdp").client.ask("PLAY", "/wrap.sdp", "");
    assert_eq!((reply.status, reply.get("RTP-Info"), reply.get("Range")), (200, None, None));
}

/// A static description with one track at a free port of an address; the port.
fn static_description(site: &Site, name: &str, address: &str) -> u16 {
    let port = ports::free_udp_port();
    let sdp =
        format!("v=0\r\ns=On disk\r\nc=IN IP4 {address}\r\nm=video {port} RTP/AVP 96\r\na=rtpmap:96 X-TEST/90000\r\n");
    fs::write(site.movies(name), sdp).unwrap();
    port
}

fn send_to(address: &str, port: u16, ssrc: u32) -> Source {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let to = (address.parse::<Ipv4Addr>().unwrap(), port);
    if to.0.is_multicast() {
        let socket = socket2::SockRef::from(&socket);
        socket.set_multicast_if_v4(&Ipv4Addr::LOCALHOST).unwrap();
        socket.set_multicast_loop_v4(true).unwrap();
    }
    // Nobody may listen yet, which the system tells at the next send.
    Source::start(move |seq| drop(socket.send_to(&rtp(96, seq, ssrc, 100), to)))
}

#[test]
fn trap_71_a_static_description_is_served_while_somebody_watches_and_stays() {
    let site = site();
    let port = static_description(&site, "static.sdp", "127.0.0.1");
    let reply = describe(&site, "/static.sdp");
    let text = String::from_utf8(reply.body).unwrap();
    assert!(text.contains("o=broadcast_sdp ") && text.contains("m=video 0 RTP/AVP 96\r\n"), "{text}");
    let is_open = || UdpSocket::bind(("127.0.0.1", port)).is_err();
    assert!(!is_open(), "nobody watches");
    let _source = send_to("127.0.0.1", port, VIDEO);
    let mut viewers = [Viewer::playing(&site, "/static.sdp"), Viewer::playing(&site, "/static.sdp")];
    viewers.iter().for_each(|viewer| viewer.sees_in_order(VIDEO, 5));
    assert!(is_open());
    for viewer in &mut viewers {
        assert_eq!(viewer.client.ask("TEARDOWN", "/static.sdp", "").status, 200);
    }
    eventually("the port is free again", || !is_open());
    assert!(site.movies("static.sdp").exists());
    // Its port in use by somebody else: said, and not served from another.
    let _taken = UdpSocket::bind(("127.0.0.1", port)).unwrap();
    assert_eq!(Viewer::new_status(&site, "/static.sdp"), 503);
    says(&site, "static.sdp", &format!("port {port}"));
}

#[test]
fn a_static_description_of_a_group_is_served() {
    let site = site();
    let port = static_description(&site, "group.sdp", "239.77.12.9/1");
    let probe = UdpSocket::bind("127.0.0.1:0").unwrap();
    if probe.join_multicast_v4(&Ipv4Addr::new(239, 77, 12, 9), &Ipv4Addr::LOCALHOST).is_err() {
        eprintln!("skipped: no multicast on the loopback interface");
        return;
    }
    let _source = send_to("239.77.12.9", port, VIDEO);
    Viewer::playing(&site, "/group.sdp").sees_in_order(VIDEO, 10);
}

#[test]
fn trap_66_a_static_source_that_restarts_is_seen_again_and_the_first_of_two_only() {
    let site = site();
    let port = static_description(&site, "again.sdp", "127.0.0.1");
    // One thread sends for both, so that the first one is never silent for longer than the second, however slow the machine.
    let senders = Arc::new(AtomicU8::new(1));
    let on = Arc::clone(&senders);
    let sockets = [VIDEO, 0xfeed].map(|ssrc| (UdpSocket::bind("127.0.0.1:0").unwrap(), ssrc));
    let _sources = Source::start(move |seq| {
        for (bit, (socket, ssrc)) in [1, 2].into_iter().zip(&sockets) {
            if on.load(Ordering::Relaxed) & bit != 0 {
                let _ = socket.send_to(&rtp(96, seq, *ssrc, 100), ("127.0.0.1", port)); // nobody may listen yet
            }
        }
    });
    let viewer = Viewer::playing(&site, "/again.sdp");
    viewer.sees(VIDEO);
    senders.store(3, Ordering::Relaxed);
    std::thread::sleep(Duration::from_millis(200));
    viewer.ports.drain();
    viewer.sees_in_order(VIDEO, 10);
    senders.store(2, Ordering::Relaxed);
    viewer.sees(0xfeed);
}

#[test]
fn folders_ports_lengths_and_redirection_are_as_the_preferences_say() {
    let site = site();
    for folder in ["live", "elsewhere"] {
        fs::create_dir(site.movies(folder)).unwrap();
    }
    let status = |path: &str, sdp: &str| site.connect().announce(path, sdp).status;
    site.reread_with(&[(MODULE, "broadcast_dir_list", "live")]);
    assert_eq!((status("/live/a.sdp", SDP), status("/elsewhere/a.sdp", SDP)), (200, 403));
    fs::write(site.movies("elsewhere/static.sdp"), SDP).unwrap();
    assert_eq!(describe(&site, "/elsewhere/static.sdp").status, 403);

    site.reread_with(&[(MODULE, "broadcast_dir_list", ""), (MODULE, "enforce_static_sdp_port_range", "true")]);
    let with_port = |port: u16| SDP.replace("m=video 0", &format!("m=video {port}"));
    assert_eq!((status("/p.sdp", &with_port(5004)), status("/p.sdp", &with_port(30_000))), (415, 200));

    let long = format!("{SDP}{}", "a=x-long:0123456789\r\n".repeat(300));
    assert_eq!(status("/long.sdp", &long), 412);
    site.reread_with(&[(MODULE, "max_announced_sdp_length_kbytes", "8")]);
    assert_eq!(status("/long.sdp", &long), 200);

    let redirect = [(MODULE, "redirect_broadcast_keyword", "/cast/"), (MODULE, "redirect_broadcasts_dir", "elsewhere")];
    site.reread_with(&redirect);
    assert_eq!(status("/Cast/there.sdp", SDP), 200);
    assert!(site.movies("elsewhere/there.sdp").exists());
    assert_eq!(describe(&site, "/cast/there").status, 200);

    site.reread_with(&[(MODULE, "enable_broadcast_push", "false")]);
    let reply = site.connect().ask("SETUP", "/long.sdp/trackID=1", &format!("Transport: {RECORD_TCP}"));
    assert_eq!(reply.status, 412, "{}", reply.text);
    site.reread_with(&[(MODULE, "enable_broadcast_announce", "false")]);
    assert_eq!(status("/q.sdp", SDP), 412);
    site.reread_with(&[(MODULE, "allow_broadcasts", "false")]);
    assert_eq!(describe(&site, "/long.sdp").status, 403);
}

#[test]
fn a_broadcast_lasts_no_longer_than_the_operator_allows() {
    let site = site_with(&[("max_broadcast_announce_duration_secs", "1")]);
    let caster = Caster::start(&site, "/short.sdp");
    eventually("it is over", || !site.movies("short.sdp").exists());
    says(&site, "short.sdp", "max_broadcast_announce_duration_secs is reached");
    drop(caster.source);
}

#[test]
fn trap_67_a_broadcaster_may_name_its_tracks_as_it_likes() {
    let site = site();
    for (name, first, second) in [
        ("ffmpeg", "streamid=0", "streamid=1"),
        ("clash", "streamid=0", "streamid=0"),
        ("words", "video", "audio"),
        ("absolute", "rtsp://127.0.0.1/x/a", "rtsp://127.0.0.1/x/b"),
    ] {
        let path = format!("/{name}.sdp");
        let sdp = SDP.replace("control:trackID=1", &format!("control:{first}"));
        let sdp = sdp.replace("control:trackID=2", &format!("control:{second}"));
        let mut client = site.connect();
        announced(&mut client, &path, &sdp);
        for (control, channels) in [(first, "0-1"), (second, "2-3")] {
            let control = control.rsplit('/').next().unwrap();
            client.setup(path.trim_start_matches('/'), control, &format!("{RECORD_TCP};interleaved={channels}"));
        }
        assert_eq!(client.ask("RECORD", &path, "").status, 200);
        let _source = Source::start(move |seq| client.send_frame(2, &rtp(97, seq, AUDIO, 50)));
        let text = String::from_utf8(describe(&site, &path).body).unwrap();
        let controls: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("a=control:trackID=")).collect();
        assert!(controls.len() == 2 && controls[0] != controls[1], "{name}: {text}");
        let mut viewer = site.connect();
        viewer.setup(path.trim_start_matches('/'), &format!("trackID={}", controls[1]), TCP);
        assert_eq!(viewer.ask("PLAY", &path, "").status, 200);
        assert_eq!(Rtp::parse(&viewer.frame().1).ssrc, AUDIO, "{name}");
    }
}

#[test]
fn a_server_that_stops_leaves_no_announced_description_behind() {
    let site = site();
    let caster = Caster::start(&site, "/running.sdp");
    announced(&mut site.connect(), "/waiting.sdp", SDP);
    fs::write(site.movies("static.sdp"), SDP).unwrap();
    site.block_on(site.server.stop());
    let names: Vec<_> = fs::read_dir(site.movies("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["static.sdp"]);
    drop(caster.source);
}
