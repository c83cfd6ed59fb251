//! QTSSMP3StreamingModule from outside: broadcasters of all kinds, listeners, titles, playlists, limits, the log. Each test
//! has a server process of its own.

#![allow(clippy::print_stderr)] // what is skipped is said aloud

#[path = "../common/mod.rs"]
mod common;
mod modules;
mod programs;
mod radio;
#[path = "../site/mod.rs"]
mod site;
mod sources;

use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use self::common::eventually;
use self::radio::{PASSWORD, Peer, Radio, frame, frames, typed};
use self::site::pref;

/// What DSS 6.0.3 began its answer to a listener with.
const HEAD: &str = "HTTP/1.1 200 OK\r\nServer: Darwin Streaming Server 6.0.3/526.3\r\nContent-Type: audio/mpeg\r\n\
                    Cache-Control: no-cache\r\nPragma: no-cache\r\nConnection: close\r\n";

#[test]
fn a_listener_gets_the_old_answer_the_broadcast_and_its_end_and_is_logged() {
    let radio = Radio::new();
    let mut source = radio.source("/m");
    let (mut listener, head) = radio.listener("/m", "User-Agent: it's \"me\"\r\nHost: radio.example\r\n");
    assert_eq!(head, format!("{HEAD}x-audiocast-name: Radio\r\n\r\n"));
    source.send(&frames(0..100));
    assert_eq!(listener.take(417 * 100), frames(0..100));
    eventually("the figures", || {
        radio.figure("qtssMP3SvrCurConn") == 1 && radio.figure("qtssMP3SvrTotalBytes") == 41_700
    });
    let user = radio.value("qtssSvrConnectedUsers/0/*");
    for line in ["Type=\"MP3 Client\"", "MountPoint=\"/m\"", "HostName=\"radio.example\"", "BytesSent=\"41700\""] {
        assert!(user.contains(&format!("qtssConnection{line}\n")), "{line} in {user}");
    }
    for address in ["qtssConnectionSessRemoteAddrStr", "qtssConnectionSessLocalAddrStr"] {
        assert!(user.contains(&format!("{address}=\"127.0.0.1\"\n")), "{user}");
    }
    drop(source);
    assert_eq!(listener.rest(), b"");
    let log = radio.log_of(1);
    assert!(log[0].starts_with("127.0.0.1 \"it's %22me%22\" ["), "{log:?}");
    assert!(log[0].contains("] \"GET /m HTTP/1.0\" 200 41700 "), "{log:?}");
    eventually("nobody listens", || radio.figure("qtssMP3SvrCurConn") == 0);
    assert_eq!(radio.figure("qtssMP3SvrTotalConn"), 1);
    assert!(!radio.value("qtssSvrConnectedUsers/*").contains("0/"), "no connected user is left");
    radio.source("/m").send(&frame(0)); // the mount is free at once
}

#[test]
fn a_listener_begins_with_the_last_seconds_at_a_frame() {
    let radio = Radio::with("", &typed("mp3_burst_time", "UInt32", "30000"));
    let mut source = radio.source("/m");
    source.send(&frames(0..10)[100..]);
    std::thread::sleep(Duration::from_millis(300));
    source.send(&frames(10..20));
    eventually("frames have come", || {
        let (mut listener, _) = radio.listener("/m", "");
        let begin = listener.take(417);
        begin == frame(1)
    });
    let (mut listener, _) = radio.listener("/m", "");
    assert_eq!(listener.take(417 * 19), frames(1..20), "from the first whole frame on");
    let none = Radio::with("", &typed("mp3_burst_time", "UInt32", "0"));
    let mut source = none.source("/m");
    let is_over = AtomicBool::new(false);
    // A listener may begin a little after it has been answered: what is sent once may be old by then.
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in (0..1000).take_while(|_| !is_over.load(Ordering::Relaxed)) {
                source.send(&frame(number));
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let begin = || none.listener("/m", "").0.take(417);
        let (first, second) = (begin(), begin());
        is_over.store(true, Ordering::Relaxed);
        // What the first was sent was there before the second came.
        assert!(second > first && (0..1000).any(|number| second == frame(number)), "no burst, nothing old");
    });
}

#[test]
fn titles_stand_every_24576_bytes_and_once() {
    let radio = Radio::new();
    let mut source = radio.source("/m");
    let (mut listener, head) = radio.listener("/m", "Icy-MetaData: 1\r\n");
    assert!(head.ends_with("icy-metaint:24576\r\n\r\n"), "{head}");
    let (mut plain, head) = radio.listener("/m", "Icy-MetaData: 0\r\n");
    assert!(!head.contains("metaint"), "{head}");
    let update = "pass=sec%26ret&mount=/m&song=Caf%c3%A9%20d%27Or%0D%0A';StreamUrl='x";
    assert!(radio.answer("GET", &format!("/admin.cgi?mode=updinfo&{update}"), "").ends_with("\r\n\r\nOK\r\n"));
    let audio = frames(0..180); // 75060 bytes
    source.send(&audio);
    assert_eq!(plain.take(audio.len()), audio);
    assert_eq!(listener.take(24_576), audio[..24_576]);
    let units = usize::from(listener.take(1)[0]);
    let title = String::from_utf8(listener.take(units * 16)).unwrap();
    assert_eq!(title.trim_end_matches('\0'), "StreamTitle='Café d'Or' ;StreamUrl='x';StreamUrl='';");
    assert_eq!(listener.take(24_576), audio[24_576..49_152]);
    assert_eq!(listener.take(1), [0], "told already");
    assert_eq!(listener.take(24_576), audio[49_152..73_728]);
    assert_eq!(listener.take(1), [0]);
    let login = "Authorization: Basic c291cmNlOnNlYyZyZXQ=\r\n"; // source:sec&ret
    let answer = radio.answer("GET", "/admin/metadata?mode=updinfo&mount=/m&song=Two", login);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(radio.answer("GET", "/admin/metadata?mode=updinfo&mount=/none&song=x", login).starts_with("HTTP/1.1 404 "));
    let (mut late, _) = radio.listener("/m", "Icy-MetaData: 1\r\n");
    source.send(&audio);
    late.take(24_576);
    assert_eq!(late.take(1 + 12 + 1 + 4)[1..], *b"StreamTitle='Two'");
}

#[test]
fn trap_78_a_wrong_password_changes_no_title() {
    let radio = Radio::new();
    let mut source = radio.source("/m");
    for (target, login) in [
        ("/admin.cgi?mode=updinfo&pass=wrong&mount=/m&song=Evil", ""),
        ("/admin.cgi?mode=updinfo&mount=/m&song=Evil", ""),
        ("/admin/metadata?mode=updinfo&mount=/m&song=Evil", "Authorization: Basic c291cmNlOng=\r\n"),
        ("/admin/metadata?mode=updinfo&mount=/m&song=Evil", "Authorization: Digest x\r\n"),
    ] {
        let answer = radio.answer("GET", target, login);
        assert!(answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{target}: {answer}");
        assert!(answer.contains("\r\nWWW-Authenticate: Basic realm="), "{answer}");
    }
    let (mut listener, _) = radio.listener("/m", "Icy-MetaData: 1\r\n");
    source.send(&frames(0..100));
    listener.take(24_576);
    assert_eq!(listener.take(1), [0]);
}

#[test]
fn trap_76_playlists_name_the_port_that_was_asked_and_their_own_length() {
    let radio = Radio::new();
    let address = radio.address();
    let answer = radio.answer("GET", "/radio.m3u", &format!("Host: {address}\r\n"));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, format!("http://{address}/radio\r\n"));
    assert_eq!(head.lines().last(), Some(format!("Content-Length: {}", body.len()).as_str()));
    assert!(head.starts_with(&HEAD.replace("audio/mpeg", "audio/mpegurl")), "{head}");
    assert!(radio.answer("GET", "/a%20b.m3u", "Host: evil host\r\n").ends_with(&format!("http://{address}/a%20b\r\n")));
    assert!(radio.answer("HEAD", "/radio.m3u", "").ends_with("\r\n\r\n"));
    let _source = radio.source("/");
    let list = radio.answer("GET", "/listen.pls", "Host: radio.example\r\n");
    assert!(list.contains("\r\nContent-Type: audio/x-scpls\r\n"), "{list}");
    assert!(list.contains(&format!("\r\nFile1=http://radio.example:{}/\r\n", address.port())), "{list}");
}

#[test]
fn trap_80_head_and_unknown_paths_are_answered_in_http() {
    let radio = Radio::new();
    let mut source = radio.source("/m");
    source.send(&frames(0..10));
    assert_eq!(radio.answer("HEAD", "/m", ""), format!("{HEAD}x-audiocast-name: Radio\r\n\r\n"));
    let answer = radio.answer("HEAD", "/", "");
    assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
    let answer = radio.answer("GET", "/nothing", "");
    assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n") && answer.contains("Connection: close\r\n"), "{answer}");
    let answer = radio.answer("GET", "/nothing", "Icy-MetaData: 1\r\n");
    assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n"), "{answer}");
    assert!(radio.answer("POST", "/m", "").starts_with("HTTP/1.1 404 "));
}

#[test]
fn without_a_password_or_switched_off_there_is_no_mp3() {
    let blank = pref("mp3_broadcast_password", " ");
    for off in [typed("mp3_streaming_enabled", "Bool16", "false"), blank] {
        let radio = Radio::with("", &off);
        for source in ["SOURCE sec&ret /m\r\n\r\n", "sec&ret\r\n", "SOURCE   /m\r\n\r\n"] {
            let mut peer = radio.connect();
            peer.send(source.as_bytes());
            let answer = String::from_utf8_lossy(&peer.rest()).into_owned();
            assert!(answer.starts_with("RTSP/1.0 "), "{source}: {answer}");
        }
        let login = "Authorization: Basic c291cmNlOnNlYyZyZXQ=\r\n";
        assert!(radio.answer("PUT", "/m", login).starts_with("HTTP/1.1 404 "));
        assert!(radio.answer("GET", "/m", "Icy-MetaData: 1\r\n").starts_with("HTTP/1.1 503 "));
        assert!(radio.answer("GET", "/m", "").starts_with("HTTP/1.1 404 "));
    }
}

#[test]
fn old_players_are_told_the_length_that_they_want() {
    let radio = Radio::new();
    let _source = radio.source("/m");
    for agent in ["NSPlayer/9.0", "Mozilla/4.0 (compatible; MSIE 6.0)", "RMA/1.0 (compatible)"] {
        let (_, head) = radio.listener("/m", &format!("User-Agent: {agent}\r\nicy-metadata:1\r\n"));
        assert!(head.ends_with("icy-metaint:24576\r\nContent-Length: 54000000\r\n\r\n"), "{head}");
    }
}

#[test]
fn a_listener_who_does_not_keep_up_is_dropped_and_others_do_not_notice() {
    let radio = Radio::with("", &typed("mp3_max_flow_control_time", "SInt32", "700"));
    let mut source = radio.source("/m");
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&radio.address().into()).unwrap();
    let mut slow = Peer::new(TcpStream::from(socket));
    slow.send(b"GET /m HTTP/1.0\r\nUser-Agent: slow\r\n\r\n");
    let (mut quick, _) = radio.listener("/m", "");
    let until = Instant::now() + site::PATIENCE;
    let mut sent = 0;
    // The figure counts the quick one only in the end.
    while radio.figure("qtssMP3SvrCurConn") != 1 || sent < 100 {
        assert!(Instant::now() < until, "the slow listener is still there");
        source.send(&frames(sent..sent + 50));
        assert_eq!(quick.take(417 * 50), frames(sent..sent + 50));
        sent += 50;
    }
    let log = radio.log_of(1);
    assert!(log[0].contains("\"slow\"") && log[0].contains("\" 453 "), "{log:?}");
}

#[test]
fn limits_are_those_of_the_server_and_counted_for_mp3_alone() {
    let radio = Radio::with(&typed("maximum_connections", "SInt32", "2"), "");
    let mut source = radio.source("/m");
    let (listener, _) = radio.listener("/m", "");
    assert!(radio.answer("GET", "/m", "").starts_with("HTTP/1.1 503 "));
    let mut second = radio.connect();
    second.send(format!("SOURCE {PASSWORD} /n\r\n\r\n").as_bytes());
    assert!(second.rest().starts_with(b"HTTP/1.1 503 "));
    drop(listener);
    eventually("a free place", || {
        source.send(&frame(0)); // a write finds the listener gone, if reading has not
        radio.ask("GET", "/m", "").head().starts_with("HTTP/1.1 200 ")
    });
    let narrow = Radio::with(&typed("maximum_bandwidth", "SInt32", "10"), "");
    let mut source = narrow.connect();
    source.send(format!("SOURCE {PASSWORD} /m\r\n\r\n").as_bytes());
    assert!(source.rest().starts_with(b"HTTP/1.1 503 "), "16 kbit/s are more than 10");
}

#[test]
fn bandwidth_is_measured() {
    let radio = Radio::with(&typed("average_bandwidth_update", "UInt32", "1"), "");
    let mut source = radio.source("/m");
    let (mut listener, _) = radio.listener("/m", "");
    let mut best = (0, 0);
    eventually("figures above 300 kbit/s", || {
        source.send(&frames(0..100));
        listener.take(41_700);
        best.0 = best.0.max(radio.figure("qtssMP3SvrCurBandwidth"));
        best.1 = best.1.max(radio.figure("qtssMP3SvrAvgBandwidth"));
        best.0 >= 300_000 && best.1 >= 150_000
    });
    eventually("and none without bytes", || radio.figure("qtssMP3SvrCurBandwidth") == 0);
}

#[test]
fn trap_02_line_ends_between_requests_are_no_passwords() {
    let radio = Radio::new();
    let mut peer = radio.connect();
    for number in 1..=2 {
        peer.send(format!("\r\n\r\nOPTIONS * RTSP/1.0\r\nCSeq: {number}\r\n\r\n\r\n").as_bytes());
        let head = peer.head();
        assert!(head.starts_with("RTSP/1.0 200 OK\r\n") && head.contains(&format!("Cseq: {number}\r\n")), "{head}");
    }
}

#[test]
fn an_idle_server_ends_its_broadcasts_and_takes_none() {
    let radio = Radio::new();
    let source = radio.source("/m");
    let (mut listener, _) = radio.listener("/m", "");
    let set = |state: u32| radio.value(&format!("qtssSvrState?command=set+value=\"{state}\""));
    assert!(set(5).contains("error:(0)"));
    assert_eq!(listener.rest(), b"");
    drop(source);
    assert!(radio.answer("GET", "/m", "Icy-MetaData: 1\r\n").starts_with("HTTP/1.1 503 "));
    assert!(set(1).contains("error:(0)"));
    eventually("broadcasts are taken again", || {
        let mut source = radio.connect();
        source.send(format!("SOURCE {PASSWORD} /m\r\n\r\n").as_bytes());
        source.take(2) == b"OK"
    });
}
