//! Players behind networks that lose, delay, overtake and throttle, in real time and therefore short; the long runs are
//! in virtual time, in the rtp room.
#![allow(clippy::print_stdout)] // how it went is worth reading when a limit is missed

mod common;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::impair::{Impairment, TcpLink, UdpRelay};
use common::{AUDIO, Client, Ports, Rtp, Site, VIDEO, eventually};
use dss::media::{Movie, OpenOptions, PacketFlags};
use dss::rtp::RtpStream;

const MOVIE: &str = "sample_300kbit.mp4";
const PATH: &str = "/sample_300kbit.mp4";

/// Reliable UDP of a player that takes packets however late: what a busy machine holds up is not given up. That they
/// come in time is shown in virtual time.
const PATIENT_RELIABLE: &str = "\r\nx-Retransmit: our-retransmit\r\nx-Transport-Options: late-tolerance=50";

fn streams(site: &Site) -> Vec<Arc<RtpStream>> {
    let session = site.server.sessions.all().pop().expect("a session");
    site.block_on(async { session.state.lock().await.streams.iter().map(|s| Arc::clone(&s.stream)).collect() })
}

/// What the file has for a track: due time in seconds and payload of each packet that is no repetition.
fn packets_of(movie: &Path, track_id: u32) -> Vec<(f64, Vec<u8>)> {
    let movie = Movie::open(movie, &OpenOptions::default()).unwrap();
    let track = movie.hint_track(track_id).unwrap();
    let mut found = Vec::new();
    for number in 0..track.block_count() {
        let block = movie.build_block(track, number).unwrap();
        for packet in block.packets.iter().filter(|packet| !packet.flags.contains(PacketFlags::REPEAT)) {
            let payload = &block.data[packet.range.start as usize..packet.range.end as usize];
            found.push((packet.time_us as f64 / 1e6, payload.to_vec()));
        }
    }
    found
}

/// A UDP player of the video behind a relay.
struct Player {
    client: Client,
    ports: Ports,
    relay: UdpRelay,
    rtcp_to: SocketAddr,
    ssrc: u32,
}

impl Player {
    fn new(site: &Site, impairment: Impairment, seed: u64, headers: &str) -> Self {
        let (mut client, ports) = (site.connect(), Ports::new());
        assert_eq!(client.ask("DESCRIBE", PATH, "").status, 200);
        let relay = UdpRelay::between(&ports, impairment, seed);
        let reply =
            client.ask("SETUP", &format!("{PATH}/{VIDEO}"), &format!("Transport: {}{headers}", relay.transport()));
        assert_eq!(reply.status, 200, "{}", reply.text);
        let server_port = reply.transport("server_port")[0].split('-').next().unwrap().parse().unwrap();
        let ssrc = u32::from_str_radix(reply.transport("ssrc")[0], 16).unwrap();
        let (relay, rtcp_to) = relay.connect(IpAddr::from([127, 0, 0, 1]), server_port);
        Self { client, ports, relay, rtcp_to, ssrc }
    }

    /// The next packet within this time.
    fn packet_within(&self, time: Duration) -> Option<Rtp> {
        self.ports.rtp.set_read_timeout(Some(time)).unwrap();
        let mut buffer = [0; 2048];
        self.ports.rtp.recv(&mut buffer).ok().map(|length| Rtp::parse(&buffer[..length]))
    }

    fn acknowledge(&self, sequence: u16) {
        let mut packet = vec![0x80, 204, 0, 4, 0, 0, 0, 9];
        packet.extend(b"qtak");
        packet.extend(self.ssrc.to_be_bytes());
        packet.extend(u32::from(sequence).to_be_bytes());
        self.ports.rtcp.send_to(&packet, self.rtcp_to).unwrap();
    }

    fn report(&self, fraction_lost: u8) {
        let mut packet = vec![0x81, 201, 0, 7, 0, 0, 0, 9];
        packet.extend(self.ssrc.to_be_bytes());
        packet.extend([fraction_lost, 0, 0, 0]);
        packet.extend([0; 16]);
        self.ports.rtcp.send_to(&packet, self.rtcp_to).unwrap();
    }
}

#[test]
fn reliable_udp_brings_every_byte_through_a_loss_of_twenty_percent() {
    const SECONDS: f64 = 8.0;
    let site = Site::new();
    let movie = site.movie(MOVIE);
    let expected = packets_of(&movie, 3);
    let expected: Vec<_> = expected.iter().take_while(|(due, _)| *due < SECONDS).collect();
    let impairment =
        Impairment { loss: 200, delay: Duration::from_millis(20), jitter: Duration::from_millis(10), reordered: 20 };
    let mut player = Player::new(&site, impairment, 41, PATIENT_RELIABLE);
    let reply = player.client.play(MOVIE, &format!("0-{SECONDS}"));
    let first = reply.rtp_info()[0].0;
    let begin = Instant::now();
    let mut got: BTreeMap<u16, (f64, Vec<u8>)> = BTreeMap::new();
    let (mut twice, mut needs) = (0, 0.0f64);
    while got.len() < expected.len() && begin.elapsed() < Duration::from_secs(60) {
        let Some(packet) = player.packet_within(Duration::from_millis(500)) else { continue };
        player.acknowledge(packet.seq);
        let at = begin.elapsed().as_secs_f64();
        match got.entry(packet.seq.wrapping_sub(first)) {
            std::collections::btree_map::Entry::Occupied(_) => twice += 1,
            std::collections::btree_map::Entry::Vacant(slot) => {
                slot.insert((at, packet.payload));
            }
        }
    }
    let sent = streams(&site)[0].stats().packets_sent.load(std::sync::atomic::Ordering::Relaxed);
    println!("{} packets, {sent} sent, {twice} came twice, {} lost on the way", got.len(), player.relay.dropped());
    assert_eq!(got.len(), expected.len());
    for (number, (at, payload)) in &got {
        let (due, original) = expected[usize::from(*number)];
        assert!(payload == original, "packet {number} is not what the file has");
        needs = needs.max(at - due);
    }
    println!("a player that waits {needs:.2} s before the first picture misses none");
    assert!(sent > got.len() as u64 * 115 / 100, "without sending again it cannot have worked: {sent}");
    assert_eq!(streams(&site)[0].quality(), 0);
}

#[test]
fn plain_udp_is_thinned_by_lasting_loss_and_recovers() {
    let site = Site::new();
    site.movie(MOVIE);
    let impairment = Impairment { delay: Duration::from_millis(10), ..Impairment::default() };
    let mut player = Player::new(&site, impairment, 7, "");
    player.client.play(MOVIE, "0-");
    let stream = streams(&site).remove(0);
    // The loss of the last packets, as a player finds it out by their numbers.
    let mut last: Option<u16> = None;
    let mut recent: Vec<u32> = Vec::new();
    let mut follow = |player: &Player, level: u8, what: &str| {
        let until = Instant::now() + common::PATIENCE;
        while stream.quality() != level {
            assert!(Instant::now() < until, "{what}: at level {}", stream.quality());
            let report_at = Instant::now() + Duration::from_millis(150);
            while Instant::now() < report_at {
                let Some(packet) = player.packet_within(Duration::from_millis(20)) else { continue };
                let missing = last.map_or(0, |last| packet.seq.wrapping_sub(last).wrapping_sub(1));
                last = Some(packet.seq);
                recent.extend(std::iter::repeat_n(1, usize::from(missing.min(50))));
                recent.push(0);
            }
            let window = &recent[recent.len().saturating_sub(25)..];
            player.report((window.iter().sum::<u32>() * 255 / window.len().max(1) as u32) as u8);
        }
    };
    player.relay.set_loss(500);
    follow(&player, 6, "thinned all the way");
    player.relay.set_loss(0);
    follow(&player, 0, "full quality");
}

#[test]
fn a_tcp_player_on_a_slow_link_is_thinned_by_whole_frames_and_hears_everything() {
    let site = Site::new();
    let movie = site.movie(MOVIE);
    let sound = packets_of(&movie, 4);
    let link = TcpLink::new(site.address(), 120);
    let mut client = Client::connect(link.address, None);
    assert_eq!(client.ask("DESCRIBE", PATH, "").status, 200);
    for track in [VIDEO, AUDIO] {
        client.setup(MOVIE, track, "RTP/AVP/TCP;unicast");
    }
    let reply = client.play(MOVIE, "0-");
    let mut next = [reply.rtp_info()[0].0, reply.rtp_info()[1].0];
    let (begin, mut heard, mut level, mut latest) = (Instant::now(), 0, 0, 0.0f64);
    let video = streams(&site).remove(0);
    while begin.elapsed() < Duration::from_secs(9) {
        let Some((channel, data)) = client.frame_within(Duration::from_secs(2)) else {
            panic!("two seconds of nothing")
        };
        level = level.max(video.quality());
        if channel % 2 == 1 {
            continue;
        }
        let (packet, track) = (Rtp::parse(&data), usize::from(channel / 2));
        assert_eq!(packet.seq, next[track], "numbers without gaps");
        next[track] = packet.seq.wrapping_add(1);
        if track == 1 {
            assert!(packet.payload == sound[heard].1, "sound packet {heard}");
            latest = latest.max(begin.elapsed().as_secs_f64() - sound[heard].0);
            heard += 1;
        }
    }
    println!("level {level}, {heard} sound packets, the latest {latest:.2} s after its time");
    assert!(level >= 2, "level {level}");
    assert!(latest < 5.0, "what waits in buffers is bounded: {latest}");
    link.set_rate(5000);
    let back = Instant::now() + Duration::from_secs(5);
    while Instant::now() < back {
        let _ = client.frame_within(Duration::from_millis(200));
    }
    assert!(video.quality() < 6);
    eventually("the player is still there", || site.playing() <= 1);
}
