//! Playing hinted movies over the wire: positions, pauses, ends, reports. The trap numbers are those of the list of
//! DSS 6.0.3's surprises that this server was built against.

mod common;

use std::net::UdpSocket;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use common::{AUDIO, Client, Ports, Rtp, Site, VIDEO, eventually, reports};
use dss::rtp::RtpStream;

const MOVIE: &str = "sample_300kbit.mp4";
const PATH: &str = "/sample_300kbit.mp4";
const TCP: &str = "RTP/AVP/TCP;unicast";

/// Clock rates of the sample's tracks in Hz.
const VIDEO_CLOCK: u32 = 90_000;
const AUDIO_CLOCK: u32 = 44_100;

fn site() -> Site {
    let site = Site::new();
    site.movie(MOVIE);
    site
}

/// A player that has asked for the SDP and set up the video by UDP.
fn player(site: &Site) -> (Client, Ports) {
    let (mut client, ports) = (site.connect(), Ports::new());
    assert_eq!(client.ask("DESCRIBE", PATH, "").status, 200);
    client.setup(MOVIE, VIDEO, &ports.transport());
    (client, ports)
}

/// Does an MPEG-4 part 2 access unit begin with a picture that needs no other (ISO/IEC 14496-2, vop_coding_type 0)?
fn is_key_frame(packet: &Rtp) -> bool {
    let vop = packet.payload.windows(5).find(|bytes| bytes.starts_with(&[0, 0, 1, 0xb6]));
    vop.is_some_and(|bytes| bytes[4] >> 6 == 0)
}

/// The stream of the only session.
fn only_stream(site: &Site) -> std::sync::Arc<RtpStream> {
    let session = site.server.sessions.all().pop().expect("a session");
    site.block_on(async { std::sync::Arc::clone(&session.state.lock().await.streams[0].stream) })
}

/// What `count` packets of a play from 0 have as payloads.
fn payloads(site: &Site, count: usize) -> Vec<Vec<u8>> {
    let (mut client, ports) = player(site);
    client.play(MOVIE, "0-");
    (0..count).map(|_| ports.packet().payload).collect()
}

#[test]
fn trap_35_a_seek_starts_at_the_key_frame_before_and_the_answer_says_so() {
    let site = site();
    let (mut client, ports) = player(&site);
    let reply = client.play(MOVIE, "5-");
    assert_eq!(reply.range(), (4.0, 20.0));
    let first = ports.packet();
    assert_eq!((first.seq, first.time), reply.rtp_info()[0]);
    assert!(is_key_frame(&first));
    ports.drain();
    let reply = client.play(MOVIE, "11.5-");
    assert_eq!(reply.range().0, 10.0, "a seek during the play");
    let wanted = reply.rtp_info()[0];
    let found = std::iter::repeat_with(|| ports.packet()).take(50).find(|packet| packet.seq == wanted.0).unwrap();
    assert_eq!(found.time, wanted.1);
    assert!(is_key_frame(&found));
}

#[test]
fn trap_36_x_prebuffer_limits_how_far_a_start_may_move() {
    let site = site();
    for (limit, told, start) in [("0.5", None, 5.0), ("10", Some("time=1.00000"), 4.0)] {
        let (mut client, _ports) = player(&site);
        let reply = client.ask("PLAY", PATH, &format!("Range: npt=5-\r\nx-Prebuffer: maxtime={limit}"));
        assert_eq!((reply.get("x-Prebuffer"), reply.range().0), (told, start), "{limit}");
    }
}

#[test]
fn trap_39_a_pause_is_added_to_the_timestamps_once() {
    let site = site();
    let (mut client, ports) = player(&site);
    let begin = client.play(MOVIE, "0-");
    let first = ports.packet();
    let asked = Instant::now();
    assert_eq!(client.ask("PAUSE", PATH, "").status, 200);
    let paused = Instant::now();
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(client.ask("PAUSE", PATH, "").status, 200, "pausing twice is no new pause");
    let least = paused.elapsed().as_secs_f64();
    let reply = client.play(MOVIE, "");
    let most = asked.elapsed().as_secs_f64();
    let seconds =
        |reply: &common::Reply| reply.rtp_info()[0].1.wrapping_sub(first.time) as f64 / f64::from(VIDEO_CLOCK);
    assert_eq!(begin.rtp_info()[0], (first.seq, first.time));
    let added = seconds(&reply) - reply.range().0;
    assert!(added > least - 0.05 && added < most + 0.05, "{added} s added for {least} to {most} s");
    let again = client.play(MOVIE, "5-");
    let more = seconds(&again) - again.range().0 - added;
    assert!(more.abs() < 0.2, "a seek adds no pause: {more} s");
}

#[test]
fn trap_40_after_a_stop_point_play_goes_on_exactly_there() {
    let site = site();
    let (mut client, ports) = player(&site);
    let reply = client.play(MOVIE, "10-10.5");
    assert_eq!(reply.range(), (10.0, 10.5));
    eventually("the stop point", || site.playing() == 0);
    let mut last = ports.packet();
    while ports.hears_within(Duration::from_millis(50)) {
        last.seq = last.seq.wrapping_add(1);
    }
    let reply = client.play(MOVIE, "");
    assert!((reply.range().0 - 10.5).abs() < 0.041, "{}", reply.text);
    let next = ports.packet();
    assert_eq!((next.seq, next.time), reply.rtp_info()[0]);
    assert_eq!(next.seq, last.seq.wrapping_add(1));
    assert_eq!(site.playing(), 1);
}

#[test]
fn trap_41_the_end_of_the_file_is_told_by_bye_and_the_session_may_seek_back() {
    let site = site();
    let (mut client, ports) = player(&site);
    client.play(MOVIE, "19.5-");
    ports.goodbye();
    eventually("the server knows", || site.playing() == 0);
    ports.drain();
    let reply = client.play(MOVIE, "2-");
    assert_eq!(reply.rtp_info()[0].0, ports.packet().seq);
    let reply = client.play(MOVIE, "19-");
    assert!(reply.range().0 < 20.0);
    eventually("the second end", || site.playing() == 0);
    assert_eq!(client.play(MOVIE, "").range().0, 0.0, "a PLAY after the end begins anew");
}

#[test]
fn a_track_set_up_during_the_play_is_heard_from_the_next_play_even_without_a_range() {
    let site = site();
    let (mut client, ports) = player(&site);
    client.play(MOVIE, "0-");
    let first = ports.packet();
    let sound = Ports::new();
    client.setup(MOVIE, AUDIO, &sound.transport());
    let reply = client.play(MOVIE, "");
    assert_eq!(reply.rtp_info().len(), 2, "{}", reply.text);
    assert_eq!(sound.packet().seq, reply.rtp_info()[1].0);
    let found = std::iter::repeat_with(|| ports.packet()).take(50).find(|packet| packet.seq == reply.rtp_info()[0].0);
    assert!(found.is_some_and(|packet| packet.time.wrapping_sub(first.time) < 5 * VIDEO_CLOCK), "the video goes on");
    let reply = client.play(MOVIE, "");
    assert_eq!(reply.get("RTP-Info"), None, "and then it is a sign of life again");
}

#[test]
fn an_end_reported_late_is_not_taken_for_the_end_of_the_next_play() {
    let site = site();
    let (mut client, ports) = (site.connect(), Ports::new());
    client.setup(MOVIE, VIDEO, &ports.transport());
    // Without a DESCRIBE it starts exactly there and ends within 100 ms.
    client.play(MOVIE, "19.9-");
    let session = site.server.sessions.all().pop().expect("a session");
    let busy = site.block_on(session.state.lock());
    client.post("PLAY", PATH, "Range: npt=3-");
    // The request waits for the session, and behind it the report that the first play has ended.
    std::thread::sleep(Duration::from_millis(600));
    drop(busy);
    assert_eq!(client.reply().range().0, 3.0);
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(site.playing(), 1);
    assert_eq!(client.ask("PLAY", PATH, "").get("Range"), None, "a PLAY without Range is a ping while it plays");
}

#[test]
fn trap_42_a_replaced_movie_is_noticed_and_who_plays_the_old_one_is_not_disturbed() {
    let site = site();
    let other = site.movie("sample_300kbit.mov");
    let old = payloads(&site, 15);
    let (mut client, ports) = player(&site);
    client.play(MOVIE, "0-");
    let sdp = |site: &Site| site.connect().ask("DESCRIBE", PATH, "").body;
    let before = sdp(&site);
    std::fs::rename(other, site.movie(MOVIE)).unwrap();
    let after = String::from_utf8(sdp(&site)).unwrap();
    assert_ne!(before, after.as_bytes());
    assert!(after.contains("H264"), "{after}");
    let heard: Vec<_> = (0..15).map(|_| ports.packet().payload).collect();
    assert_eq!(heard, old);
    assert_ne!(payloads(&site, 15), old);
}

#[test]
fn trap_45_a_movie_cut_short_under_its_players_is_an_error_of_theirs_and_the_server_lives() {
    let site = Site::new();
    let path = site.movie("sample_h264_300kbit.mp4");
    let (mut client, ports) = (site.connect(), Ports::new());
    client.setup("sample_h264_300kbit.mp4", VIDEO, &ports.transport());
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(150_000).unwrap();
    assert_eq!(client.ask("PLAY", "/sample_h264_300kbit.mp4", "Range: npt=0-").status, 415);
    assert_eq!(site.playing(), 0);
    site.movie(MOVIE);
    payloads(&site, 5);
}

#[test]
fn trap_49_and_50_reports_tie_the_timestamps_to_the_clock() {
    let site = site();
    let (mut client, ports) = player(&site);
    let asked = Instant::now();
    let info = client.play(MOVIE, "0-").rtp_info()[0];
    ports.packet();
    let compound = ports.compound();
    let since_play = asked.elapsed().as_secs_f64();
    let (kind, report) = &compound[0];
    assert_eq!(*kind, 200, "a sender report stands first");
    let word = |at: usize| u32::from_be_bytes(report[at..at + 4].try_into().unwrap());
    assert_eq!(word(4), only_stream(&site).ssrc());
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let ntp = f64::from(word(8)) + f64::from(word(12)) / f64::from(u32::MAX) - 2_208_988_800.0;
    assert!((0.0..2.0 + since_play).contains(&(unix - ntp)), "{} s old", unix - ntp);
    let media = f64::from(word(16).wrapping_sub(info.1) as i32) / f64::from(VIDEO_CLOCK);
    assert!((-0.1..0.5 + since_play).contains(&media), "{media} s into the movie {since_play} s after PLAY");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(client.ask("TEARDOWN", PATH, "").status, 200);
    let last = &ports.goodbye()[0].1;
    let word = |at: usize| u32::from_be_bytes(last[at..at + 4].try_into().unwrap());
    let passed = f64::from(word(8)) + f64::from(word(12)) / f64::from(u32::MAX) - 2_208_988_800.0 - ntp;
    let more = f64::from(word(16).wrapping_sub(info.1) as i32) / f64::from(VIDEO_CLOCK) - media;
    assert!((passed - more).abs() < 0.02, "{passed} s of the clock are {more} s of timestamps");
}

/// A receiver report of `fraction` of 256 packets lost, behind an application packet that nobody knows.
fn receiver_report(ssrc: u32, fraction: u8) -> Vec<u8> {
    let mut bytes = vec![0x80, 204, 0, 2, 0, 0, 0, 7];
    bytes.extend(b"xyzw");
    bytes.extend([0x81, 201, 0, 7, 0, 0, 0, 7]);
    bytes.extend(ssrc.to_be_bytes());
    bytes.extend([fraction, 0, 0, 0]);
    bytes.extend([0; 16]);
    bytes
}

#[test]
fn trap_51_and_55_a_report_from_a_port_a_nat_chose_counts_and_behind_an_unknown_packet_too() {
    let site = site();
    let (mut client, ports) = (site.connect(), Ports::new());
    let reply = client.setup(MOVIE, VIDEO, &ports.transport());
    let to: u16 = reply.transport("server_port")[0].split_once('-').unwrap().1.parse().unwrap();
    client.play(MOVIE, "0-");
    let stream = only_stream(&site);
    let nat = UdpSocket::bind("127.0.0.1:0").unwrap();
    nat.send_to(&receiver_report(stream.ssrc(), 77), ("127.0.0.1", to)).unwrap();
    eventually("the report counts", || stream.stats().fraction_lost.load(Ordering::Relaxed) == 77);
    let stranger = UdpSocket::bind("127.0.0.5:0").unwrap();
    stranger.send_to(&receiver_report(stream.ssrc(), 5), ("127.0.0.1", to)).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(stream.stats().fraction_lost.load(Ordering::Relaxed), 77, "not from another address");
}

#[test]
fn trap_55_an_interleaved_report_behind_an_unknown_packet_counts() {
    let site = site();
    let mut client = site.connect();
    client.setup(MOVIE, VIDEO, "RTP/AVP/TCP;unicast;interleaved=2-3");
    let stream = only_stream(&site);
    let report = receiver_report(stream.ssrc(), 99);
    client.send(&[&[b'$', 3, 0, report.len() as u8], &report[..]].concat());
    eventually("the report counts", || stream.stats().fraction_lost.load(Ordering::Relaxed) == 99);
}

#[test]
fn trap_54_frames_over_tcp_are_whole_and_without_gaps() {
    let site = site();
    let mut client = site.connect();
    client.setup(MOVIE, VIDEO, TCP);
    client.setup(MOVIE, AUDIO, TCP);
    let info = client.play(MOVIE, "0-").rtp_info();
    let mut expected = [info[0].0, info[1].0];
    for _ in 0..150 {
        let (channel, data) = client.frame();
        match channel {
            0 | 2 => {
                let stream = usize::from(channel / 2);
                assert_eq!(Rtp::parse(&data).seq, expected[stream]);
                expected[stream] = expected[stream].wrapping_add(1);
            }
            _ => assert!(!reports(&data).is_empty()),
        }
    }
}

#[test]
fn trap_56_one_udp_stream_switches_sending_ahead_off_for_all() {
    let site = site();
    let ahead = |client: &mut Client| {
        let begin = Instant::now();
        let (mut first, mut last) = (None, 0);
        while let Some((channel, data)) = client.frame_within(Duration::from_millis(300)) {
            if channel % 2 == 0 {
                let time = Rtp::parse(&data).time;
                last = time.wrapping_sub(*first.get_or_insert(time));
            }
            if begin.elapsed() > Duration::from_millis(1500) {
                break;
            }
        }
        f64::from(last) / f64::from(AUDIO_CLOCK) - begin.elapsed().as_secs_f64()
    };
    let mut alone = site.connect();
    alone.setup(MOVIE, AUDIO, TCP);
    alone.play(MOVIE, "0-");
    let alone_s = ahead(&mut alone);
    assert!(alone_s > 1.0, "TCP alone is {alone_s} s ahead");
    let (mut mixed, ports) = (site.connect(), Ports::new());
    mixed.setup(MOVIE, VIDEO, &ports.transport());
    mixed.setup(MOVIE, AUDIO, TCP);
    mixed.play(MOVIE, "0-");
    let mixed_s = ahead(&mut mixed);
    assert!(mixed_s < 0.3, "with a UDP stream it is {mixed_s} s ahead");
}

#[test]
fn trap_57_meta_information_stands_in_front_of_the_media_in_the_order_told() {
    let site = site();
    let (mut client, ports) = (site.connect(), Ports::new());
    let headers = format!("Transport: {}\r\nx-RTP-Meta-Info: md;sq;tt;nonsense", ports.transport());
    let reply = client.ask("SETUP", &format!("{PATH}/{VIDEO}"), &headers);
    assert_eq!(reply.header("x-RTP-Meta-Info"), "tt;sq;md");
    client.play(MOVIE, "0-");
    let packet = ports.packet();
    let mut fields = Vec::new();
    let mut rest = &packet.payload[..];
    while rest.len() >= 4 {
        let length = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        fields.push((String::from_utf8_lossy(&rest[..2]).into_owned(), rest[4..4 + length].to_vec()));
        rest = &rest[4 + length..];
    }
    let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["tt", "sq", "md"]);
    assert_eq!(fields[1].1, [0, 0], "the number in the file");
    assert_eq!(fields[2].1, payloads(&site, 1)[0]);
}
