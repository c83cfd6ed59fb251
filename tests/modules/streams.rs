//! Streams that C modules add: how SETUP and its flags are answered, thinning, what counts, how they end.

use std::net::{Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use super::lab::{self, PATIENCE, Plan, Running, assert_checks, session_of};

const TCP: &str = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";

fn number(name: &str, value: u32) -> String {
    format!("<PREF NAME=\"{name}\" TYPE=\"UInt32\" >{value}</PREF>\n")
}

fn levels(prefs: &str) -> Option<Running> {
    Some(Plan::new()?.module("Levels", "levels.c", &[]).server(prefs).start())
}

#[test]
fn trap_18_49_quality_follows_lateness_and_what_is_too_late_is_dropped_as_a_success() {
    let limit = |name: &str, ms: i32| format!("<PREF NAME=\"{name}\" TYPE=\"SInt32\" >{ms}</PREF>\n");
    let prefs = limit("thin_all_the_way_delay", 200)
        + &limit("drop_all_packets_delay", 400)
        + &number("quality_check_interval", 100)
        + &number("rtp_timeout", 2);
    let Some(server) = levels(&prefs) else { return };
    let mut client = server.connect();
    let answer = client.request("SETUP", "/levels.sdp/trackID=1", TCP);
    let session = format!("Session: {}\r\n", session_of(&answer));
    assert!(client.request("PLAY", "/levels.sdp", &session).starts_with("RTSP/1.0 200"));
    server.wait_for("levels seen");
    // Nothing more is sent, so the session times out, and says so.
    let mut sent = Vec::new();
    loop {
        match client.frame().expect("a frame") {
            (0, packet) => sent.push(packet[3]),
            (_, report) if report.len() > 8 && report[report.len() - 8..].starts_with(&[0x81, 203]) => break,
            _ => {}
        }
    }
    assert_eq!(sent[..4], [1, 2, 3, 5], "the fourth packet was too late");
    assert!(sent[3..].windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "no other was: {sent:?}");
    server.wait_for("closed reason 1");
    server.wait_for("methods told");
    let methods: Vec<_> = server.notes().into_iter().filter(|note| note.starts_with("method ")).collect();
    let mut different = methods.clone();
    different.sort();
    different.dedup();
    assert_eq!(methods.len(), different.len(), "each handled method is listed once: {methods:?}");
    let mut other = server.connect();
    let public = other.request("OPTIONS", "*", "");
    assert_eq!(public.matches("PLAY").count(), 1, "{public}");
    assert_checks(&server.notes(), 18, 12);
    assert_checks(&server.notes(), 49, 13);
}

/// The answer to a SETUP with these flags and this Transport value, and the Error.log's notes on the stream.
fn setup(server: &Running, flags: u32, headers: &str) -> (lab::Client, String) {
    let mut client = server.connect();
    let answer = client.request("SETUP", &format!("/flags-{flags}.sdp/trackID=1"), headers);
    (client, answer)
}

fn even_socket(address: &str) -> UdpSocket {
    let sockets = std::iter::repeat_with(|| UdpSocket::bind((address, 0)).expect("a socket"));
    let even = |socket: &UdpSocket| socket.local_addr().expect("bound").port() % 2 == 0;
    let socket = sockets.take(200).find(even).expect("an even port");
    socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
    socket
}

#[test]
fn add_stream_flags_decide_about_destination_and_transport() {
    let Some(server) = levels("") else { return };
    let elsewhere = even_socket("127.0.0.2");
    let port = elsewhere.local_addr().expect("bound").port();
    let transport =
        format!("Transport: RTP/AVP;unicast;destination=127.0.0.2;client_port={port}-{}\r\n", u32::from(port) + 1);
    let (_, answer) = setup(&server, 0, &transport);
    assert!(answer.starts_with("RTSP/1.0 400"), "another address only if the module allows it: {answer}");
    let (mut client, answer) = setup(&server, 1, &transport);
    assert!(answer.starts_with("RTSP/1.0 200") && answer.contains(";destination=127.0.0.2;"), "{answer}");
    let session = format!("Session: {}\r\n", session_of(&answer));
    assert!(client.request("PLAY", "/flags-1.sdp", &session).starts_with("RTSP/1.0 200"));
    let mut packet = [0; 2000];
    assert_eq!(elsewhere.recv(&mut packet).expect("a packet at the other address"), 1300);
    let both = "Transport: RTP/AVP;unicast;client_port=6200-6201,RTP/AVP/TCP;unicast;interleaved=2-3\r\n";
    let (_, answer) = setup(&server, 0, both);
    assert!(answer.contains("Transport: RTP/AVP;unicast;"), "{answer}");
    let (_, answer) = setup(&server, 2, both);
    assert!(answer.contains("Transport: RTP/AVP/TCP;unicast;interleaved=2-3"), "{answer}");
    let only_udp = "Transport: RTP/AVP;unicast;client_port=6202-6203\r\n";
    let (_, answer) = setup(&server, 2, only_udp);
    assert!(answer.contains("Transport: RTP/AVP;unicast;"), "{answer}");

    let reliable = format!("{only_udp}x-Retransmit: our-retransmit\r\n").replace("6202-6203", "6204-6205");
    let (_, answer) = setup(&server, 0, &reliable);
    assert!(answer.to_lowercase().contains("x-retransmit: our-retransmit"), "{answer}");
    let (_, answer) = setup(&server, 8, &reliable.replace("6204-6205", "6206-6207"));
    assert!(!answer.to_lowercase().contains("x-retransmit"), "{answer}");
    let kinds: Vec<_> = server.notes().into_iter().filter(|note| note.starts_with("transport ")).collect();
    let expected = ["0", "0", "2", "0", "1", "0"].map(|kind| format!("transport {kind}"));
    assert_eq!(kinds, expected, "UDP 0, reliable UDP 1, TCP 2");
}

#[test]
fn a_module_that_allows_destinations_may_send_to_a_group() {
    const GROUP: Ipv4Addr = Ipv4Addr::new(239, 77, 66, 55);
    let Some(server) = levels("") else { return };
    let member = even_socket("0.0.0.0");
    let port = member.local_addr().expect("bound").port();
    let transport = |how: &str, to: &str| {
        format!("Transport: RTP/AVP;{how};destination={to};ttl=0;client_port={port}-{}\r\n", u32::from(port) + 1)
    };
    for how in ["multicast", "unicast"] {
        let (_, answer) = setup(&server, 0, &transport(how, &GROUP.to_string()));
        assert!(answer.starts_with("RTSP/1.0 461"), "only if the module allows it: {answer}");
    }
    let (_, answer) = setup(&server, 1, &transport("multicast", "127.0.0.1"));
    assert!(answer.starts_with("RTSP/1.0 461"), "that is no group: {answer}");
    let reliable = transport("multicast", &GROUP.to_string()) + "x-Retransmit: our-retransmit\r\n";
    let (mut client, answer) = setup(&server, 1, &reliable);
    assert!(answer.starts_with("RTSP/1.0 200") && answer.contains(&format!(";destination={GROUP};ttl=0;")), "{answer}");
    assert!(!answer.to_lowercase().contains("x-retransmit"), "nobody acknowledges for a group: {answer}");
    if let Err(error) = member.join_multicast_v4(&GROUP, &Ipv4Addr::LOCALHOST) {
        lab::sources::skipped(&format!("nobody can join a group here: {error}"));
        return;
    }
    let session = format!("Session: {}\r\n", session_of(&answer));
    assert!(client.request("PLAY", "/flags-1.sdp", &session).starts_with("RTSP/1.0 200"));
    let mut packet = [0; 2000];
    assert_eq!(member.recv(&mut packet).expect("a packet for the group"), 1300);
}

#[test]
fn trap_47_48_reliable_udp_blocks_at_a_full_window_and_sends_again() {
    let Some(server) = levels(&number("large_window_size", 1)) else { return };
    let player = even_socket("127.0.0.1");
    let port = player.local_addr().expect("bound").port();
    let mut client = server.connect();
    let headers = format!(
        "Transport: RTP/AVP;unicast;client_port={port}-{}\r\nx-Retransmit: our-retransmit\r\n",
        u32::from(port) + 1
    );
    let answer = client.request("SETUP", "/window.sdp/trackID=1", &headers);
    assert!(answer.starts_with("RTSP/1.0 200"), "{answer}");
    let session = format!("Session: {}\r\n", session_of(&answer));
    assert!(client.request("PLAY", "/window.sdp", &session).starts_with("RTSP/1.0 200"));
    server.wait_for("window full");
    let mut times = 0;
    let mut packet = [0; 2000];
    let begin = Instant::now();
    while times < 2 {
        assert!(begin.elapsed() < *PATIENCE);
        let length = player.recv(&mut packet).expect("the packet, and again");
        times += u32::from(length == 1300 && packet[3] == 1);
    }
    assert_checks(&server.notes(), 47, 2);
    assert_checks(&server.notes(), 48, 1);
}

#[test]
fn a_module_takes_a_broadcast_over_tcp() {
    let Some(plan) = Plan::new() else { return };
    let server = plan.module("Receiver", "receiver.c", &[]).start();
    let mut client = server.connect();
    let sdp = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=push\r\nm=audio 0 RTP/AVP 96\r\na=control:first\r\nm=video 0 RTP/AVP 97\r\na=control:second\r\n";
    let url = client.url("/push.sdp");
    let announce = format!(
        "ANNOUNCE {url} RTSP/1.0\r\nCSeq: 1\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    );
    client.send(&announce);
    assert!(client.response().starts_with("RTSP/1.0 200"));
    let transport = |channels| format!("Transport: RTP/AVP/TCP;unicast;mode=record;interleaved={channels}\r\n");
    let answer = client.request("SETUP", "/push.sdp/first", &transport("0-1"));
    assert!(answer.contains("Transport: RTP/AVP/TCP;unicast;mode=record;interleaved=0-1\r\n"), "no ssrc: {answer}");
    let session = format!("Session: {}\r\n", session_of(&answer));
    let answer = client.request("SETUP", "/push.sdp/second", &format!("{}{session}", transport("2-3")));
    assert!(answer.contains("interleaved=2-3"), "{answer}");
    let answer = client.request("RECORD", "/push.sdp", &session);
    let names = [client.url("/push.sdp/first"), client.url("/push.sdp/second")].map(|url| format!("url={url}"));
    assert!(answer.contains(&format!("RTP-Info: {}\r\n", names.join(","))), "{answer}");
    assert!(
        server.notes().contains(&"streams 2".to_owned()),
        "streams without a number are two: {:#?}",
        server.notes()
    );
    client.send_bytes(b"$\0\0\x0d\x80\x60\0\x01\0\0\0\0\0\0\0\x09x");
    client.send_bytes(&[b'$', 3, 0, 8, 0x80, 201, 0, 1, 0, 0, 0, 9]);
    server.wait_for("frame channel 0 length 17");
    server.wait_for("frame channel 3 length 12");
    server.wait_for("rtcp of stream 1");
    assert!(client.request("TEARDOWN", "/push.sdp", &session).starts_with("RTSP/1.0 200"));
    server.wait_for("closed");
    assert_checks(&server.notes(), 90, 6);
}

#[test]
fn a_module_takes_a_broadcast_over_udp_where_it_says() {
    let Some(plan) = Plan::new() else { return };
    let server = plan.module("Receiver", "receiver.c", &[]).start();
    let source = even_socket("127.0.0.1");
    let port = source.local_addr().expect("bound").port();
    let ports = format!("client_port={port}-{}", u32::from(port) + 1);
    let transport = format!("Transport: RTP/AVP;unicast;{ports};mode=record\r\n");
    let mut client = server.connect();
    let answer = client.request("SETUP", "/push-own-port.sdp/trackID=1", &transport);
    let expected = format!("Transport: RTP/AVP;unicast;mode=record;source=127.0.0.1;{ports};server_port=7070-7071\r\n");
    assert!(answer.contains(&expected), "{answer}");
    let mut client = server.connect();
    let answer = client.request("SETUP", "/push.sdp/trackID=1", &transport);
    let own = answer.split("server_port=").nth(1).and_then(|rest| rest.split('-').next()).expect("a port");
    assert!(own.parse::<u16>().is_ok_and(|port| port >= 6970 && port % 2 == 0), "the stream's own pair: {answer}");
    // A movie is nothing to record to.
    let answer = server.connect().request("SETUP", "/a.mp4/trackID=3", &transport);
    assert!(answer.starts_with("RTSP/1.0 405"), "{answer}");
}
