//! Broadcasters: the four ways to speak, passwords, and what they cannot do to listeners.

use crate::common::eventually;
use crate::radio::{PASSWORD, Radio, frame, frames, typed};
use crate::site::basic;

#[test]
fn trap_03_icecast_1_waits_for_its_empty_line_and_shoutcast_has_none() {
    let radio = Radio::new();
    let mut source = radio.connect();
    source.send(format!("SOURCE {PASSWORD} /m\r\n").as_bytes());
    source.hears_nothing();
    source.send(b"\r\n");
    source.expect(b"OK\r\n");
    let mut shoutcast = radio.connect();
    shoutcast.send(format!("{PASSWORD}\r\n").as_bytes());
    shoutcast.expect(b"OK\r\n");
    shoutcast.send(b"icy-name:Kit Radio\r\nicy-genre:tests\r\nicy-br:64\r\ncontent-type:audio/aacp\r\n\r\n");
    shoutcast.expect(b"OK\r\n");
    let (mut listener, head) = radio.listener("/", "");
    assert!(head.contains("\r\nContent-Type: audio/aacp\r\n"), "{head}");
    assert!(head.ends_with("\r\nicy-name:Kit Radio\r\nicy-genre:tests\r\nicy-br:64\r\n\r\n"), "{head}");
    shoutcast.send(b"music");
    listener.expect(b"music");
}

#[test]
fn trap_77_everything_in_one_write_is_told_apart() {
    let radio = Radio::new();
    let headers = "x-audiocast-name: One\r\nicy-br: 128\r\n\r\n";
    let music = frames(0..3);
    let in_one_go = [
        ("/block", format!("SOURCE {PASSWORD} /block\r\n{headers}")),
        ("/behind", format!("SOURCE {PASSWORD} /behind\r\n\r\n{headers}")),
        ("/", format!("{PASSWORD}\n{headers}")),
    ];
    for (mount, text) in in_one_go {
        let mut source = radio.connect();
        source.send(&[text.as_bytes(), &music].concat());
        source.expect(b"OK\r\n");
        let (mut listener, head) = radio.listener(mount, "");
        assert!(head.ends_with("Connection: close\r\nx-audiocast-name: One\r\nicy-br: 128\r\n\r\n"), "{mount}: {head}");
        assert_eq!(listener.take(music.len()), music, "{mount}");
    }
    let mut source = radio.connect();
    source.send(&[format!("SOURCE {PASSWORD} /bare\r\n\r\n").as_bytes(), &music].concat());
    source.expect(b"OK\r\nOK\r\n");
    let (mut listener, head) = radio.listener("/bare", "");
    assert!(head.ends_with("Connection: close\r\n\r\n"), "{head}");
    assert_eq!(listener.take(music.len()), music);
}

#[test]
fn headers_end_without_an_empty_line_when_nothing_more_comes() {
    let radio = Radio::new();
    let mut source = radio.connect();
    source.send(format!("SOURCE {PASSWORD} /m\r\n\r\n").as_bytes());
    source.expect(b"OK\r\n");
    source.send(b"x-audiocast-name: Radio\n");
    let (_, head) = radio.listener("/m", ""); // waits for the headers
    assert!(head.contains("\r\nx-audiocast-name: Radio\r\n"), "{head}");
    source.expect(b"OK\r\n");
}

#[test]
fn wrong_passwords_are_told_in_the_words_of_each_kind() {
    let radio = Radio::new();
    for (text, answer) in [
        ("SOURCE wrong /m\r\n\r\n", "ERROR - Bad Password\r\n"),
        ("wrong\r\n", "invalid password\r\n"),
        ("SOURCE sec&re /m\r\n\r\n", "ERROR - Bad Password\r\n"),
    ] {
        let mut source = radio.connect();
        source.send(text.as_bytes());
        assert_eq!(String::from_utf8_lossy(&source.rest()), answer, "{text}");
    }
    let wrong = format!("Authorization: {}\r\n", basic("source", "wrong"));
    for (method, login) in [("PUT", ""), ("SOURCE", wrong.as_str()), ("PUT", wrong.as_str())] {
        let answer = radio.answer(method, "/n", &format!("{login}Content-Type: audio/mpeg\r\n"));
        assert!(answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{method}: {answer}");
        assert!(answer.contains("\r\nWWW-Authenticate: Basic realm=\"Streaming Server\"\r\n"), "{answer}");
    }
    radio.site.wait_for_log("MP3: 127.0.0.1 gave a wrong password for /m (2 now)");
    assert!(!radio.site.error_log().contains("sec&re"), "passwords are in no log");
    let mut taken = radio.source("/m");
    let mut second = radio.connect();
    second.send(format!("SOURCE {PASSWORD} /m\r\n\r\n").as_bytes());
    assert_eq!(second.rest(), b"Error - Mount Point Taken or Invalid\r\n");
    taken.send(&frame(0));
}

#[test]
fn who_guesses_passwords_has_to_wait() {
    let radio = Radio::new();
    let guess = || {
        let mut source = radio.connect();
        source.send(b"SOURCE wrong /m\r\n\r\n");
        assert_eq!(source.rest(), b"ERROR - Bad Password\r\n");
    };
    let attempt = |mount: &str| {
        let mut source = radio.connect();
        source.send(format!("SOURCE {PASSWORD} {mount}\r\n\r\n").as_bytes());
        source.take(2)
    };
    // On a machine that stood still meanwhile, the pause is over already.
    eventually("even the right one does not help for a while", || {
        (0..4).for_each(|_| guess());
        attempt("/m") == b"ER"
    });
    assert_eq!(attempt("/other"), b"OK");
    eventually("the pause is over", || attempt("/m") == b"OK");
}

#[test]
fn icecast_2_broadcasts_by_source_and_by_put() {
    let radio = Radio::new();
    let login = format!("Authorization: {}\r\n", basic("source", PASSWORD));
    let named = format!("{login}Content-Type: audio/aac\r\nIce-Name: R\u{e4}dio\r\nice-bitrate: 64\r\n");
    let mut source = radio.ask("SOURCE", "/a%20b", &named);
    source.expect(b"HTTP/1.0 200 OK\r\n\r\n");
    let (mut listener, head) = radio.listener("/a%20b", "");
    assert!(head.contains("\r\nContent-Type: audio/aac\r\n"), "{head}");
    assert!(head.ends_with("\r\nicy-Name:R\u{e4}dio\r\nicy-br:64\r\n\r\n") || head.contains("icy-name:R"), "{head}");
    source.send(b"endless");
    listener.expect(b"endless");
    let taken = radio.answer("PUT", "/a%20b", &login);
    assert!(taken.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{taken}");

    let mut put = radio.ask("PUT", "/put", &format!("{login}Expect: 100-continue\r\nContent-Length: 10\r\n"));
    put.expect(b"HTTP/1.1 100 Continue\r\n\r\n");
    let (mut listener, _) = radio.listener("/put", "");
    put.send(b"0123456789 and more");
    assert!(put.rest().starts_with(b"HTTP/1.1 200 OK\r\n"), "the body is complete");
    assert_eq!(listener.rest(), b"0123456789");

    let mut chunked = radio.ask("PUT", "/chunked", &format!("{login}Transfer-Encoding: chunked\r\n"));
    chunked.expect(b"HTTP/1.0 200 OK\r\n\r\n");
    let (mut listener, _) = radio.listener("/chunked", "");
    chunked.send(b"5\r\nfirst\r\n6;x=y\r\nsecond\r\n0\r\n\r\n");
    assert_eq!(listener.rest(), b"firstsecond");
    let other = radio.answer("PUT", "/coded", &format!("{login}Transfer-Encoding: gzip\r\n"));
    assert!(other.starts_with("HTTP/1.1 400 "), "{other}");
}

#[test]
fn no_broadcaster_writes_lines_into_the_answers_of_listeners() {
    let radio = Radio::new();
    let mut source = radio.connect();
    source.send(format!("SOURCE {PASSWORD} /m\r\n\r\n").as_bytes());
    source.expect(b"OK\r\n");
    source.send(b"icy-name: a\rSet-Cookie: b\r\nSet-Cookie: c\r\nicy-metaint: 5\r\nContent-Length: 3\r\n");
    source.send(b"content-type: text/html\rX: y\r\n\r\n");
    source.expect(b"OK\r\n");
    let (_, head) = radio.listener("/m", "");
    let names: Vec<&str> = head.lines().skip(1).filter_map(|line| line.split(':').next()).collect();
    let expected = ["Server", "Content-Type", "Cache-Control", "Pragma", "Connection", "icy-name", ""];
    assert_eq!(names, expected, "{head}");
    assert!(head.contains("\r\nicy-name: aSet-Cookie: b\r\n") && !head.contains("\rX"), "{head:?}");
    let login = format!("Authorization: {}\r\n", basic("x", PASSWORD));
    for name in ["/a%0d%0aX:%20y", "/m.m3u", "/admin/metadata"] {
        let answer = radio.answer("PUT", name, &login);
        assert!(answer.starts_with("HTTP/1.1 403 "), "{name}: {answer}");
    }
}

#[test]
fn a_broadcaster_that_falls_silent_loses_its_mount_to_the_next_and_in_time_to_nobody() {
    let radio = Radio::with("", &typed("mp3_source_timeout", "UInt32", "4"));
    let mut silent = radio.source("/m");
    silent.send(&frame(0));
    let (mut listener, _) = radio.listener("/m", "");
    let mut next = None;
    eventually("another broadcaster is let in", || {
        let mut source = radio.connect();
        source.send(format!("SOURCE {PASSWORD} /m\r\n\r\n").as_bytes());
        let is_in = source.take(2) == b"OK";
        next = is_in.then_some(source);
        is_in
    });
    assert_eq!(listener.rest(), frame(0));
    assert_eq!(silent.rest(), b"", "put out");
    let mut next = next.unwrap();
    next.take(2);
    next.send(b"x-audiocast-name: y\n\n");
    next.expect(b"OK\r\n");
    assert_eq!(next.rest(), b"", "and nothing comes from the next one either");
    radio.site.wait_for_log("MP3: /m: nothing came from 127.0.0.1");
}

#[test]
fn a_file_sent_as_fast_as_the_network_goes_is_slowed_down_and_heard_whole() {
    let radio = Radio::new();
    let mut source = radio.source("/m");
    let (mut listener, _) = radio.listener("/m", "");
    let music = frames(0..2000); // 834 kB
    let sent = music.clone();
    let sender = std::thread::spawn(move || {
        source.send(&sent);
        source
    });
    assert!(listener.take(music.len()) == music, "the bytes differ");
    drop(sender.join().unwrap());
    assert_eq!(listener.rest(), b"");
}
