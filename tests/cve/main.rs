//! What took other streaming servers down, sent to this one while people watch: each test is named after the number of
//! the flaw, says what the flaw was and replays the request that made use of it. The facts are those of the public
//! records and of the reports that came with them; where a record gives no request, the whole family that it describes
//! is sent. In every case the server has to give the answer that the request deserves, and two viewers who were playing
//! all along must not miss a packet.
//!
//! CVE-2003-0054 and CVE-2004-0169 are also looked at from the logs' side, in `tests/logs.rs`.

mod audience;
#[path = "../common/mod.rs"]
mod common;
#[path = "../site/mod.rs"]
mod site;
mod wire;

use std::collections::HashSet;
use std::fs;
use std::sync::Barrier;

use audience::Audience;
use base64::Engine;
use common::Client;
use site::{Site, pref};
use wire::{Wire, header, status_of};

const CLIP: &str = "/open/clip.3gp";
const TRACK: &str = "/open/clip.3gp/trackID=3";
const TCP: &str = "RTP/AVP/TCP;unicast;interleaved=0-1";

/// An attack on a server with two viewers; afterwards the server is the same process, has not panicked, has lost nothing
/// and takes new viewers.
fn while_people_watch(attack: impl FnOnce(&Site)) {
    attacked(Site::new(), attack);
}

fn attacked(mut site: Site, attack: impl FnOnce(&Site)) {
    let audience = Audience::of(site.address(), "open/clip.3gp");
    attack(&site);
    audience.gets_more();
    audience.leaves();
    assert!(site.process.try_wait().unwrap().is_none(), "the server has ended: {}", site.error_log());
    assert_eq!(site.connect().describe(CLIP).status, 200);
    assert!(!site.error_log().to_lowercase().contains("panic"), "{}", site.error_log());
}

/// A client that keeps the rules.
fn player(site: &Site) -> Client {
    Client::connect(site.address(), None)
}

/// A DESCRIBE of the open movie with more header lines.
fn describe(headers: &str) -> String {
    format!("DESCRIBE rtsp://localhost{CLIP} RTSP/1.0\r\nCSeq: 1\r\n{headers}\r\n")
}

/// The status of the answer to bytes on a connection of their own.
fn status(site: &Site, bytes: impl AsRef<[u8]>) -> u16 {
    Wire::to(site.address()).send(bytes).status()
}

/// The lines of the access log that are no comments.
fn access_log(site: &Site) -> Vec<String> {
    let text = fs::read_to_string(site.path("logs/StreamingServer.log")).unwrap_or_default();
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// DSS 4.1.2 and before wrote a DESCRIBE's argument into its log as it came; the web console showed the log, and the
/// script in it ran in the administrator's browser. Sent to the port where the console's users look: the log has no
/// mark-up that a page could take for its own and no line that the request did not cause, and the page with the figures
/// shows scripts as text.
#[test]
fn cve_2003_0054_a_script_in_a_request_is_text_in_the_log_and_on_the_page() {
    let modules = pref("modAccess_enabled", "true")
        + "</MODULE><MODULE NAME=\"QTSSWebStatsModule\"><PREF NAME=\"web_stats_url\">stats</PREF>";
    attacked(Site::with("", &modules), |site| {
        let script = "<script>alert(document.cookie)</script>";
        let request = format!("DESCRIBE {script} RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: {script}\r\n\r\n");
        assert_eq!(status(site, request), 400, "no URL");
        for target in [format!("/{script}"), format!("/x%0d%0a127.0.0.1%20{script}"), format!("/x?{script}")] {
            let request = format!(
                "DESCRIBE rtsp://h{target} RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: {script}\r\nReferer: {script}\r\n\r\n"
            );
            assert_eq!(status(site, request), 404, "{target}");
        }
        let mut viewer = player(site);
        viewer.setup("open/clip.3gp", &format!("trackID=3?{script}"), &format!("{TCP}\r\nUser-Agent: {script}"));
        let page = Wire::to(site.address()).send("GET /stats HTTP/1.0\r\n\r\n").answer().expect("a page");
        assert!(page.contains("&lt;script&gt;alert(document.cookie)&lt;/script&gt;"), "{page}");
        assert!(!page.contains("<script"), "{page}");
        common::eventually("three lines", || access_log(site).len() >= 3);
        let entries = access_log(site);
        assert_eq!(entries.len(), 3, "one for each request that had a URL: {entries:?}");
        assert!(entries.iter().all(|entry| entry.split(' ').count() == 40), "{entries:?}");
    });
}

/// QuickTime Streaming Server of Mac OS X 10.2.8 and 10.3.2: a User-Agent of more than 255 bytes in a DESCRIBE set off an
/// assertion about a full buffer and ended the server. A header of any length that fits a request is served, a longer
/// one is refused.
#[test]
fn cve_2004_0169_a_describe_with_a_long_user_agent_is_served() {
    while_people_watch(|site| {
        for length in [255, 256, 257, 1024, 4096, 32_000, 60_000] {
            let mut wire = Wire::to(site.address());
            let request = describe(&format!("User-Agent: {}\r\n", "A".repeat(length)));
            assert_eq!(wire.send(request).status(), 200, "{length}");
            assert_eq!(wire.send(describe("")).status(), 200, "the connection goes on after {length}");
        }
        let mut wire = Wire::to(site.address());
        let answer = wire.send(describe(&format!("User-Agent: {}\r\n", "A".repeat(70_000)))).answer();
        // Closed with bytes unread, the answer may be lost on the way.
        assert!(answer.is_none_or(|answer| status_of(&answer) == 400));
    });
}

/// QuickTime Streaming Server of Mac OS X Server 10.2.8 to 10.3.5 came to a standstill after "a certain sequence of client
/// operations"; Apple never said which. So: every order of three methods, sent without waiting by two connections at once
/// on one session, one of which hangs up half way. Every request on the connection that stays is answered.
#[test]
fn cve_2004_0825_no_order_of_requests_brings_the_server_to_a_standstill() {
    const METHODS: [&str; 7] = ["SETUP", "PLAY", "PAUSE", "TEARDOWN", "DESCRIBE", "ANNOUNCE", "RECORD"];
    let text = |method: &str, session: &str, cseq: usize| {
        let path = if method == "SETUP" { TRACK } else { CLIP };
        let transport = if method == "SETUP" { format!("Transport: {TCP}\r\n") } else { String::new() };
        let session = if method == "DESCRIBE" { String::new() } else { format!("Session: {session}\r\n") };
        format!("{method} rtsp://localhost{path} RTSP/1.0\r\nCSeq: {cseq}\r\n{session}{transport}\r\n")
    };
    while_people_watch(|site| {
        for number in 0..METHODS.len().pow(3) {
            let order = [0, 1, 2].map(|place| METHODS[number / METHODS.len().pow(place) % METHODS.len()]);
            let mut first = Wire::to(site.address());
            let setup = first.send(text("SETUP", "", 1).replace("Session: \r\n", "")).answer().expect("an answer");
            let session = header(&setup, "Session").unwrap_or_else(|| panic!("{setup}")).to_owned();
            let all: String =
                order.iter().enumerate().map(|(place, method)| text(method, &session, place + 2)).collect();
            let mut second = Wire::to(site.address());
            first.send(&all);
            second.send(&all);
            drop(first);
            for method in order {
                // TEARDOWN ends its connection, and so does what makes no sense.
                let Some(answer) = second.answer() else { break };
                // Broadcasts are not taken without a module for them.
                let untaken = method == "ANNOUNCE" && status_of(&answer) == 500;
                assert!(untaken || status_of(&answer) < 500, "{method} of {order:?}: {answer}");
            }
        }
    });
}

/// The sessions of the test above from two sides at the very same moment.
#[test]
fn cve_2004_0825_two_connections_may_fight_over_a_session() {
    while_people_watch(|site| {
        for _ in 0..20 {
            let mut owner = player(site);
            owner.setup("open/clip.3gp", "trackID=3", TCP);
            let session = owner.session.clone().unwrap();
            let start = Barrier::new(4);
            std::thread::scope(|scope| {
                for method in ["PLAY", "PAUSE", "TEARDOWN", "PLAY"] {
                    let (start, session) = (&start, &session);
                    scope.spawn(move || {
                        let mut wire = Wire::to(site.address());
                        start.wait();
                        let request = format!(
                            "{method} rtsp://localhost{CLIP} RTSP/1.0\r\nCSeq: 1\r\nSession: {session}\r\n\r\n"
                        );
                        let status = wire.send(request).status();
                        assert!(matches!(status, 200 | 454 | 455), "{method}: {status}");
                    });
                }
            });
        }
    });
}

/// DSS 5.0.1: a DESCRIBE whose location had a zero byte ended the server. Escaped or not, in whatever part of the URL, it
/// is a bad request, and it never names a file that a shorter name would.
#[test]
fn cve_2004_1123_a_zero_byte_in_a_location_is_a_bad_request() {
    while_people_watch(|site| {
        let locations: [&[u8]; 9] = [
            b"/\0",
            b"/%00",
            b"/\0clip",
            b"/open/clip.3gp\0",
            b"/open/clip.3gp%00",
            b"/open/clip.3gp%00.mov",
            b"/open%00/clip.3gp",
            b"/open/clip.3gp/trackID=3%00",
            b"/%00%00%00%00%00%00%00%00/../open/clip.3gp",
        ];
        for method in ["DESCRIBE", "SETUP", "ANNOUNCE", "PLAY", "TEARDOWN", "OPTIONS"] {
            for location in locations {
                let head = format!("{method} rtsp://localhost");
                let tail = format!(" RTSP/1.0\r\nCSeq: 1\r\nTransport: {TCP}\r\n\r\n");
                let request = [head.as_bytes(), location, tail.as_bytes()].concat();
                let told = || format!("{method} {}", String::from_utf8_lossy(location));
                assert_eq!(status(site, &request), 400, "{}", told());
            }
        }
        // In the host's name and in the query nobody looks for a file.
        for url in ["rtsp://local%00host/open/clip.3gp", "rtsp://h/open/clip.3gp?a%00b"] {
            assert_eq!(status(site, format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n")), 200, "{url}");
        }
        assert_eq!(status(site, b"\0\0\0\0 rtsp://h/open/clip.3gp RTSP/1.0\r\nCSeq: 1\r\n\r\n"), 400);
        assert_eq!(status(site, b"DESCRIBE rtsp://h/open/clip.3gp RTSP/1.0\0\r\nCSeq: 1\r\n\r\n"), 400);
    });
}

/// QuickTime Streaming Server of Mac OS X 10.3.9 and 10.4.6: a crafted RTSP request overflowed a buffer while it was
/// logged. The record names no field, so each that ends up in a line is sent, at lengths around the powers of two that
/// buffers have. Every request is one line with its 39 fields, however long it was, and the error log stays whole.
#[test]
fn cve_2006_1456_whatever_is_logged_is_one_line_of_bounded_length() {
    attacked(Site::with("<PREF NAME=\"RTSP_debug_printfs\" TYPE=\"bool16\">true</PREF>", ""), |site| {
        let mut sent = 0;
        for length in [127usize, 128, 255, 256, 511, 512, 1023, 1024, 2047, 2048, 4095, 40_000] {
            for filling in ["A", "%n", "%s%x", "\"", "\\", "\t", "\u{e9}"] {
                let long = filling.repeat(length.div_ceil(filling.len()));
                let escaped = long.replace('%', "%25").replace('\t', "%09");
                let lines = [
                    format!("DESCRIBE rtsp://h/none/{escaped} RTSP/1.0\r\nCSeq: 1\r\n"),
                    format!("DESCRIBE rtsp://h/none?{escaped} RTSP/1.0\r\nCSeq: 1\r\n"),
                    format!("DESCRIBE rtsp://{}/none RTSP/1.0\r\nCSeq: 1\r\n", "h".repeat(length)),
                    format!(
                        "DESCRIBE rtsp://h/none RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: {long}\r\nx-playerid: {long}\r\n"
                    ),
                    format!("DESCRIBE rtsp://h/none RTSP/1.0\r\nCSeq: {}\r\nReferer: {long}\r\n", "1".repeat(length)),
                ];
                for line in lines {
                    let status = status(site, format!("{line}\r\n"));
                    assert!(matches!(status, 400 | 404), "{status} for {:.60} of {length}", line);
                    sent += u32::from(status == 404);
                }
            }
        }
        common::eventually("all lines", || access_log(site).len() >= sent as usize);
        let entries = access_log(site);
        assert_eq!(entries.len(), sent as usize);
        for entry in &entries {
            assert_eq!(entry.split(' ').count(), 40, "{entry}");
            assert!(entry.len() < 8192, "{} bytes", entry.len());
        }
        let error_log = fs::read(site.path("logs/Error.log")).unwrap();
        let longest = error_log.split(|byte| *byte == b'\n').map(<[u8]>::len).max();
        assert!(longest.unwrap_or(0) < 4096, "{longest:?}");
        assert!(!error_log.iter().any(|byte| byte.is_ascii_control() && !matches!(byte, b'\n' | b'\t')));
    });
}

/// live555 before 2013.11.26: a blank or tab in front of a request made a length wrap around while the first word was
/// read; the parser never came back, and wrote past its buffers. Such a request is refused, with a parameter or without,
/// and the connection ends.
#[test]
fn cve_2013_6933_a_request_that_starts_with_a_blank_is_refused() {
    while_people_watch(|site| {
        for start in [" ", "\t", "  ", " \t \t", "\r\n ", "\n\t", &" ".repeat(60_000), &"\t".repeat(60_000), "\u{b} "] {
            for request in
                [describe(""), "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n".to_owned(), "x y z\r\n\r\n".to_owned()]
            {
                let mut wire = Wire::to(site.address());
                assert_eq!(wire.send(format!("{start}{request}")).status(), 400, "{:.9?}", start);
                assert_eq!(wire.rest(), b"", "the end");
            }
        }
        // Nothing but blanks: waited for as long as a request may be, then refused.
        let mut wire = Wire::to(site.address());
        let answer = wire.send(" ".repeat(70_000)).answer();
        assert!(answer.is_none_or(|answer| status_of(&answer) == 400));
        for request in [" \r\n\r\n", "\t\r\n\r\n", "  \r\n \r\n\r\n"] {
            assert_eq!(status(site, request), 400, "{request:?}");
        }
    });
}

fn get(cookie: &str) -> String {
    format!("GET {CLIP} HTTP/1.0\r\nx-sessioncookie: {cookie}\r\nAccept: application/x-rtsp-tunnelled\r\n\r\n")
}

fn post(cookie: &str) -> String {
    format!(
        "POST {CLIP} HTTP/1.0\r\nx-sessioncookie: {cookie}\r\nContent-Type: application/x-rtsp-tunnelled\r\n\
         Content-Length: 32767\r\n\r\n"
    )
}

fn base64(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// Plays through a tunnel of this cookie until media comes.
fn play_through_tunnel(site: &Site, cookie: &str) -> (Wire, Wire) {
    // A cookie that was in use a moment ago may still be.
    let mut open = None;
    common::eventually("the cookie is free", || {
        let mut down = Wire::to(site.address());
        let granted = down.send(get(cookie)).status() == 200;
        open = granted.then_some(down);
        granted
    });
    let (mut down, mut up) = (open.unwrap(), Wire::to(site.address()));
    let setup = format!("SETUP rtsp://localhost{TRACK} RTSP/1.0\r\nCSeq: 1\r\nTransport: {TCP}\r\n\r\n");
    up.send(post(cookie)).send(base64(&setup));
    let answer = down.answer().expect("an answer");
    let session = header(&answer, "Session").unwrap_or_else(|| panic!("{answer}")).to_owned();
    up.send(base64(&format!("PLAY rtsp://localhost{CLIP} RTSP/1.0\r\nCSeq: 2\r\nSession: {session}\r\n\r\n")));
    assert_eq!(down.status(), 200);
    down.frame();
    (down, up)
}

/// live555 0.92: the HTTP part of the server copied what followed `x-sessioncookie` and `Accept` into buffers on its stack
/// without looking at their size, once for each time they were in a packet. Cookies of any number and length are either
/// a tunnel or refused, and tunnels of others go on.
#[test]
fn cve_2018_4013_cookies_without_measure_are_refused() {
    while_people_watch(|site| {
        let (mut down, _up) = play_through_tunnel(site, "healthy");
        let many = |name: &str, value: &str, count: usize| format!("{name}: {value}\r\n").repeat(count);
        for method in ["GET", "POST"] {
            for headers in [
                many("x-sessioncookie", &"B".repeat(257), 1),
                many("x-sessioncookie", &"B".repeat(1024), 1),
                many("x-sessioncookie", &"B".repeat(60_000), 1),
                many("x-sessioncookie", &"B".repeat(1000), 50),
                many("x-sessioncookie", "", 3),
                many("Accept", &"A".repeat(1000), 50),
                many("x-sessioncookie", &"B".repeat(1000), 20) + &many("Accept", &"A".repeat(1000), 20),
                format!("x-sessioncookie{}", "B".repeat(5000)),
                "x-sessioncookie\r\n\r\n".to_owned(),
                "Accept: x-sessioncookie: Accept: x-sessioncookie\r\n".to_owned(),
            ] {
                let mut wire = Wire::to(site.address());
                let status = wire.send(format!("{method} / HTTP/1.1\r\n{headers}\r\n")).end().status();
                assert!(matches!(status, 0 | 400 | 404), "{status} for {method} with {:.60}", headers);
            }
        }
        // Of many cookies one counts, and that one is a tunnel like any other.
        let mut wire = Wire::to(site.address());
        wire.send(format!("GET / HTTP/1.1\r\n{}\r\n", many("x-sessioncookie", "one", 1000)));
        assert_eq!(wire.status(), 200);
        down.frame();
        play_through_tunnel(site, &"c".repeat(256));
    });
}

/// live555 0.93: a GET and a POST with one cookie on the same connection made the server take that connection for both
/// halves of the tunnel; when it was closed, a freed client was called. The POST says nothing here, the connection ends
/// quietly, and the same cookie works for the next tunnel, however often.
#[test]
fn cve_2019_6256_get_and_post_of_a_tunnel_on_one_connection_are_no_tunnel() {
    while_people_watch(|site| {
        let cookie = "AAAAABBBBBB";
        for round in 0..10 {
            let mut wire = Wire::to(site.address());
            let get = format!("GET / HTTP/1.1\r\nx-sessioncookie: {cookie}\r\nAccept: application/text\r\n\r\n");
            let post = format!(
                "POST / HTTP/1.1\r\nx-sessioncookie: {cookie}\r\nAccept: application/text\r\n\r\nThis is test data\r\n"
            );
            // Both orders, and both at once.
            match round % 3 {
                0 => assert_eq!(wire.send(&get).status(), 200),
                1 => drop(wire.send(&post).send(&get)),
                _ => drop(wire.send(get.clone() + &get + &post + &post)),
            }
            wire.send(&post).send(base64(&describe(""))).end();
            let said = String::from_utf8_lossy(&wire.rest()).into_owned();
            assert!(!said.contains("RTSP/1.0 200"), "the POST was taken for the tunnel's: {said}");
        }
        // Halves that vanish while the other one talks.
        for _ in 0..10 {
            let (down, mut up) = play_through_tunnel(site, cookie);
            drop(down);
            up.send(base64(&describe(""))).rest();
            let (mut down, up) = play_through_tunnel(site, cookie);
            drop(up);
            down.frame();
        }
    });
}

/// live555 before 2019.02.03: a stream that was sent over the RTSP connection and then ended was used once more after it had
/// been freed. Sessions are ended here in every way while both sides still send on their channels, and told to end again.
#[test]
fn cve_2019_7314_the_end_of_an_interleaved_stream_is_its_end() {
    // A receiver report with a made-up SSRC.
    let report = [b'$', 1, 0, 8, 0x80, 201, 0, 1, 1, 2, 3, 4];
    let reports = report.repeat(20);
    while_people_watch(|site| {
        for round in 0..20 {
            let mut client = player(site);
            client.setup("open/clip.3gp", "trackID=3", TCP);
            client.setup("open/clip.3gp", "trackID=4", "RTP/AVP/TCP;unicast;interleaved=2-3");
            client.play("open/clip.3gp", "0-");
            client.frame();
            let session = client.session.clone().unwrap();
            let teardown = format!("TEARDOWN rtsp://h{CLIP} RTSP/1.0\r\nCSeq: 9\r\nSession: {session}\r\n\r\n");
            client.send(&reports);
            match round % 4 {
                // Ended twice in one go, with reports before, between and after.
                0 => client.send(&[teardown.as_bytes(), &reports, teardown.as_bytes(), &reports].concat()),
                // Ended elsewhere, twice, while reports come in.
                1 => {
                    let mut other = Wire::to(site.address());
                    assert_eq!(other.send(&teardown).status(), 200);
                    // The session goes right after its answer.
                    common::eventually("it is unknown", || status(site, &teardown) == 454);
                    client.send(&reports);
                }
                // A new stream on the channels of the old one.
                2 => {
                    let mut other = Wire::to(site.address());
                    assert_eq!(other.send(&teardown).status(), 200);
                    client.session = None;
                    client.send(&reports);
                    client.setup("open/clip.3gp", "trackID=3", TCP);
                    client.send(&reports);
                    client.play("open/clip.3gp", "0-");
                    client.frame();
                }
                // Gone in the middle of a frame.
                _ => client.send(&report[..6]),
            }
        }
    });
}

/// live555 0.95: a large Content-Length made the end of a request wrap around, and memory beyond the buffer was moved. A
/// length that is no number of bytes is a bad request, one that nobody can mean is too large, and after either the
/// connection ends, since nobody knows where the next request begins.
#[test]
fn cve_2019_7733_a_content_length_that_cannot_be_is_refused() {
    while_people_watch(|site| {
        for (length, expected) in [
            ("4294967296", 413),
            ("18446744073709551615", 413),
            ("18446744073709551616", 413),
            ("99999999999999999999999999999999", 413),
            ("-1", 400),
            ("-2147483648", 400),
            ("0x7fffffff", 400),
            ("+1", 400),
            ("1 1", 400),
            ("%n", 400),
        ] {
            let mut wire = Wire::to(site.address());
            wire.send(describe(&format!("Content-Length: {length}\r\n")) + &describe(""));
            assert_eq!(wire.status(), expected, "{length}");
            assert_eq!(wire.rest(), b"", "the end after {length}");
        }
        // What fits is taken for a body: the request is answered, and what follows belongs to it.
        for length in ["4294967295", "4294967000", "2147483648"] {
            let mut wire = Wire::to(site.address());
            wire.send(describe(&format!("Content-Length: {length}\r\n")) + &describe(""));
            assert_eq!(wire.status(), 200, "{length}");
            assert_eq!(wire.end().rest(), b"", "nothing more after {length}");
        }
    });
}

/// live555 before 2019.02.27: a zero byte in an Authorization header made the parser copy what stood behind it into a buffer
/// made for what stood before, and a user name given many times was never freed. Every such header is a wrong answer to
/// the challenge, and the connection goes on.
#[test]
fn cve_2019_9215_malformed_authorization_headers_are_challenged() {
    let site = Site::new();
    site.access_file("locked", "require valid-user\n");
    attacked(site, |site| {
        let mut wire = Wire::to(site.address());
        let long = "B".repeat(20_000);
        let username = "username=\"a\", ".repeat(2000);
        for value in [
            format!("Digest AAAAAAA\0{long}"),
            format!("Digest AAAAAAA\0{long}=\"{long}\""),
            format!("Digest username=\"a\0{long}\", realm=\"\0\", nonce=\"\0\", uri=\"\0\", response=\"\0\""),
            format!("Digest \0\0\0\0username=\"{long}"),
            format!("Digest {username}realm=\"r\", nonce=\"n\", uri=\"u\", response=\"r\""),
            "Digest username=\"\", realm=\"\", nonce=\"\", uri=\"\", response=\"\"".to_owned(),
            "Digest username=, realm, =, \"=\", ==".to_owned(),
            "Digest =\"\"=\"\"=\"\"".to_owned(),
            format!("Digest {}", "a=\"b\",".repeat(5000)),
            format!("Digest \"{}", "\\\"".repeat(20_000)),
            format!("Basic {long}\0{long}"),
            "Basic AAAA\0".to_owned(),
        ] {
            let request =
                format!("DESCRIBE rtsp://h/locked/clip.3gp RTSP/1.0\r\nCSeq: 1\r\nAuthorization: {value}\r\n\r\n");
            assert_eq!(wire.send(request).status(), 401, "{:.60?}", value);
        }
        // As in the reports: in a SETUP, and as a header that is nearly another.
        for headers in [
            format!("Authorization: Digest username=\"{long}\"\r\nTransport: {TCP}\r\n"),
            format!("Authorization:Digest\tusername\r\nTransport: {TCP}\r\n"),
            format!("Authorization: \r\n Digest\r\n username=\"a\"\r\nTransport: {TCP}\r\n"),
        ] {
            let request = format!("SETUP rtsp://h/locked/clip.3gp/trackID=3 RTSP/1.0\r\nCSeq: 1\r\n{headers}\r\n");
            assert_eq!(wire.send(request).status(), 401, "{:.60?}", headers);
        }
        let mut alice = site.connect();
        let nonce = alice.describe("/locked/clip.3gp").nonce().to_owned();
        assert_eq!(alice.digest("/locked/clip.3gp", site::ALICE, &nonce).status, 200);
    });
}

/// live555 before 2019.08.16 could give out the same session number twice in a row, and a file that two sessions then took
/// for their own was freed under one of them. Numbers never come twice, and a track set up again and again, in one
/// session or in many, plays once.
#[test]
fn cve_2019_15232_no_two_sessions_have_one_number() {
    while_people_watch(|site| {
        let mut seen = HashSet::new();
        for _ in 0..10 {
            let mut wire = Wire::to(site.address());
            for cseq in 1..=50 {
                let setup = format!("SETUP rtsp://h{TRACK} RTSP/1.0\r\nCSeq: {cseq}\r\nTransport: {TCP}\r\n\r\n");
                let answer = wire.send(setup).answer().expect("an answer");
                let session = header(&answer, "Session").unwrap_or_else(|| panic!("{answer}")).to_owned();
                assert!(session.len() >= 16, "not to be guessed: {session}");
                assert!(seen.insert(session), "given twice: {answer}");
            }
        }
        let mut client = player(site);
        for _ in 0..10 {
            client.setup("open/clip.3gp", "trackID=3", TCP);
        }
        client.play("open/clip.3gp", "0-");
        let mut last = None;
        for _ in 0..10 {
            let (channel, packet) = client.frame();
            if channel % 2 == 0 {
                let seq = common::Rtp::parse(&packet).seq;
                assert!(last.is_none_or(|last: u16| seq == last.wrapping_add(1)), "{last:?} {seq}");
                last = Some(seq);
            }
        }
        // Described and set up in one breath, ended in the next.
        for _ in 0..20 {
            let mut wire = Wire::to(site.address());
            let setup = format!("SETUP rtsp://h{TRACK} RTSP/1.0\r\nCSeq: 2\r\nTransport: {TCP}\r\n\r\n");
            wire.send(describe("") + &setup + &setup + &setup);
            let sessions: Vec<_> = (0..4).map(|_| wire.answer().expect("an answer")).collect();
            for answer in &sessions[1..] {
                let session = header(answer, "Session").expect("a session");
                assert!(seen.insert(session.to_owned()), "given twice: {answer}");
            }
        }
    });
}

/// live555 before 2026.04.22 took PLAY and TEARDOWN from any connection that named a session, whether its user had logged in
/// or not: a second connection crashed the server or ended other people's streams. Here a session of a guarded movie obeys
/// its owner's connection, and elsewhere only somebody who may see that movie: neither a request without a password does
/// anything to it, nor one that names the session with the URL of a movie that is open to all.
#[test]
fn cve_2026_41470_a_session_number_is_no_password() {
    const LOCKED: &str = "/locked/clip.3gp";
    let site = Site::new();
    site.access_file("locked", "AuthScheme basic\nrequire valid-user\n");
    attacked(site, |site| {
        let alice = format!("Authorization: {}\r\n", site::basic("alice", "wonder1"));
        let request = |method: &str, path: &str, headers: &str| {
            format!("{method} rtsp://localhost{path} RTSP/1.0\r\nCSeq: 1\r\n{headers}\r\n")
        };
        let mut owner = Wire::to(site.address());
        let track = format!("{LOCKED}/trackID=3");
        let answer = owner.send(request("SETUP", &track, &format!("{alice}Transport: {TCP}\r\n"))).answer().unwrap();
        let session = format!("Session: {}\r\n", header(&answer, "Session").unwrap_or_else(|| panic!("{answer}")));
        owner.send(request("PLAY", LOCKED, &format!("{alice}{session}Range: npt=0-\r\n")));
        assert_eq!(owner.status(), 200);
        owner.frame();
        let range = format!("{session}Range: npt=5-\r\n");
        let transport = format!("{session}Transport: {TCP}\r\n");
        // Twice on one connection: a refusal must not make it one of the session's.
        for method in ["PLAY", "PAUSE", "TEARDOWN", "SETUP"] {
            let mut thief = Wire::to(site.address());
            for (path, expected) in [(LOCKED, 401), (CLIP, 454), (LOCKED, 401), (CLIP, 454), ("/", 454), ("/open", 454)]
            {
                let path = if method == "SETUP" { format!("{path}/trackID=3") } else { path.to_owned() };
                let headers = if method == "SETUP" { &transport } else { &range };
                let status = thief.send(request(method, &path, headers)).status();
                assert_eq!(status, expected, "{method} {path}");
            }
        }
        // Signs of life and questions do no harm.
        for method in ["GET_PARAMETER", "SET_PARAMETER", "OPTIONS"] {
            assert!(matches!(status(site, request(method, CLIP, &session)), 200 | 454), "{method}");
        }
        let mut thief = Wire::to(site.address());
        for (method, headers, expected) in
            [("GET_PARAMETER", &*session, 200), ("TEARDOWN", "", 454), ("PAUSE", "", 454)]
        {
            assert_eq!(thief.send(request(method, CLIP, headers)).status(), expected, "{method} of what came before");
        }
        drop(thief);
        assert_eq!(owner.send(request("GET_PARAMETER", LOCKED, &format!("{alice}{session}"))).status(), 200);
        owner.frame();
        // Who may see the movie may drive the session from elsewhere.
        assert_eq!(status(site, request("PAUSE", LOCKED, &format!("{alice}{session}"))), 200);
        assert_eq!(status(site, request("TEARDOWN", &format!("{LOCKED}/"), &format!("{alice}{session}"))), 200);
    });
}
