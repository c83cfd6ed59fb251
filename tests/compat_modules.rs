//! The modules of `compat-modules/` in the running server: built by their own `build` scripts, loaded all together, and asked
//! over the wire for what each of them does.
//!
//! Without compilers or make these tests say so and pass.

#[path = "modules/lab.rs"]
mod lab;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lab::sources::{copy_authors_tree, is_there, make_flags, root, skipped};
use lab::{Client, PATIENCE, Plan, Running, session_of};
use md5::{Digest, Md5};

const NAMES: [&str; 11] = [
    "QTSSAddressListModule",
    "QTSSAttributeWalkerModule",
    "QTSSConnectionLimitModule",
    "QTSSHomeFolderModule",
    "QTSSHttpCallbackModule",
    "QTSSOverlayFileModule",
    "QTSSPlainCModule",
    "QTSSRawAnswerModule",
    "QTSSReferenceMovieModule",
    "QTSSToneSourceModule",
    "QTSSUrlSignatureModule",
];
/// Built as C++20; one is C, all others are C++98. They get along in one process.
const MODERN: [&str; 2] = ["QTSSHomeFolderModule", "QTSSHttpCallbackModule"];
const TCP: &str = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";

/// The files that the modules' own scripts make, in a copy of the tree and in the order of `NAMES`; once per test program.
/// `CPLUS` and its like in the environment reach the scripts.
static BUILT: LazyLock<Option<Vec<Vec<u8>>>> = LazyLock::new(|| {
    if !["make", "gcc", "c++"].into_iter().all(is_there) {
        skipped("the modules of compat-modules need make, gcc and c++");
        return None;
    }
    let tree = tempfile::tempdir().expect("a temporary folder");
    copy_authors_tree(tree.path());
    let build = |name: &'static str| {
        let folder = tree.path().join("compat-modules").join(name);
        let _ = fs::remove_file(folder.join(name));
        let mut command = Command::new("./build");
        command.env("MAKEFLAGS", make_flags());
        let modern = MODERN.contains(&name);
        match std::env::var("PROBE_CXX") {
            Ok(cxx) => command.env("CPLUS", format!("{cxx} -std={}", if modern { "c++20" } else { "gnu++98" })),
            Err(_) if modern && std::env::var_os("CPLUS").is_none() => command.env("CPLUS", "c++ -std=c++20"),
            Err(_) => &mut command,
        };
        if let Some(kind) = lab::sanitizer() {
            command
                .env("COMPILER_FLAGS", format!("-D_REENTRANT -pipe -fPIC -fno-omit-frame-pointer -fsanitize={kind}"));
        }
        let ran = command.current_dir(&folder).output().expect("a build script");
        assert!(ran.status.success(), "{name}: {}", String::from_utf8_lossy(&ran.stderr));
        fs::read(folder.join(name)).expect("the module")
    };
    Some(NAMES.map(build).to_vec())
});

/// A server to be with all modules; `None`, with a word, where they cannot be built.
fn plan() -> Option<Plan> {
    let modules = BUILT.as_ref()?;
    let plan = Plan::new()?;
    for (name, bytes) in NAMES.iter().zip(modules) {
        fs::write(plan.folder().join(name), bytes).expect("a module");
    }
    Some(plan)
}

fn pref(name: &str, ty: &str, value: &str) -> String {
    format!("<PREF NAME=\"{name}\" TYPE=\"{ty}\" >{value}</PREF>\n")
}

/// A folder beside the movie folder; and its path as a preference.
fn folder(plan: &Plan, name: &str) -> (PathBuf, String) {
    let path = plan.dir.path().join(name);
    fs::create_dir_all(&path).expect("a folder");
    let text = path.to_string_lossy().into_owned();
    (path, text)
}

fn sample(name: &str, to: &Path) {
    fs::copy(root().join("samples").join(name), to).expect("the sample");
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_else(|| panic!("no status: {answer:?}"))
}

/// What a DESCRIBE on a new connection is answered.
fn describe(server: &Running, path: &str) -> String {
    server.connect().request("DESCRIBE", path, "")
}

fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < *PATIENCE, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// SETUP of one track over TCP and PLAY; gives both answers and the session header.
fn play(client: &mut Client, movie: &str, track: &str) -> (String, String, String) {
    let setup = client.request("SETUP", &format!("{movie}/{track}"), TCP);
    assert_eq!(status(&setup), "200", "{setup}");
    let session = format!("Session: {}\r\n", session_of(&setup));
    let played = client.request("PLAY", movie, &session);
    assert_eq!(status(&played), "200", "{played}");
    (setup, played, session)
}

/// The next RTP packets of channel 0.
fn packets(client: &mut Client, count: usize) -> Vec<Vec<u8>> {
    let frames = std::iter::from_fn(|| client.frame());
    let packets: Vec<_> = frames.filter(|(channel, _)| *channel == 0).map(|(_, packet)| packet).take(count).collect();
    assert_eq!(packets.len(), count, "the stream ended");
    assert!(packets.iter().all(|packet| packet.len() > 12), "a packet without payload");
    packets
}

fn sequence(packet: &[u8]) -> u16 {
    u16::from_be_bytes([packet[2], packet[3]])
}

/// A socket for RTP, which wants an even port.
fn even_port() -> (UdpSocket, u16) {
    let mut odd = Vec::new(); // kept, so that each try gets another one
    while odd.len() < 100 {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let port = socket.local_addr().expect("its address").port();
        if port % 2 == 0 {
            socket.set_read_timeout(Some(*PATIENCE)).expect("a timeout");
            return (socket, port);
        }
        odd.push(socket);
    }
    panic!("only odd ports");
}

/// What a server does with a client that looks around and plays, without what is different each time.
fn conversation(server: &Running) -> (String, Vec<Vec<u8>>) {
    let mut client = server.connect();
    let address = client.url("");
    let mut answers = client.request("OPTIONS", "*", "");
    answers += &client.request("DESCRIBE", "/a.mp4", "");
    let (setup, played, session) = play(&mut client, "/a.mp4", "trackID=3");
    answers = answers + &setup + &played;
    let packets = packets(&mut client, 10).into_iter().map(|packet| packet[12..].to_vec()).collect();
    answers += &client.request("TEARDOWN", "/a.mp4", &session);
    answers += &describe(server, "/nothing.mp4");
    let own = ["Session:", "Transport:", "RTP-Info:", "Date:", "Expires:", "Last-Modified:", "o="];
    let same = answers.lines().filter(|line| !own.iter().any(|start| line.starts_with(start)));
    (same.map(|line| line.replace(&address, "") + "\n").collect(), packets)
}

#[test]
fn all_modules_load_together_and_change_nothing_until_they_are_told_to() {
    let Some(plan) = plan() else { return };
    let with = plan.start();
    let without = Plan::new().expect("compilers").start();
    assert_eq!(conversation(&with), conversation(&without));
    let log = with.error_log();
    for name in NAMES {
        assert_eq!(log.matches(&format!("INFO: Module Loaded...{name} [dynamic]")).count(), 1, "{name}: {log}");
    }
    assert!(!log.contains("not a compatible") && !log.contains("failed to"), "{log}");
}

#[test]
fn a_c_a_cpp98_and_a_cpp20_stl_module_and_one_with_undefined_qtss_symbols_all_load_together() {
    let Some(plan) = plan() else { return };
    let plan = plan.unlinked("Unlinked", "unlinked.c");
    // The C module, C++20 with the standard library, C++98: as they were built above.
    let modules = ["QTSSPlainCModule", "QTSSHomeFolderModule", "QTSSAddressListModule", "Unlinked"];
    assert!(MODERN.contains(&modules[1]) && !MODERN.contains(&modules[2]));
    let symbols = Command::new("nm").args(["-D", "--undefined-only"]).arg(plan.folder().join("Unlinked")).output();
    if let Ok(symbols) = symbols {
        let text = String::from_utf8_lossy(&symbols.stdout).into_owned();
        assert!(text.contains("QTSS_AddRole") && text.contains("QTSS_GetValueAsString"), "{text}");
    }
    let mut server = plan.start();
    assert_eq!(status(&server.connect().request("OPTIONS", "*", "")), "200");
    assert_eq!(status(&describe(&server, "/a.mp4")), "200");
    let log = server.error_log();
    for name in modules {
        assert_eq!(log.matches(&format!("INFO: Module Loaded...{name} [dynamic]")).count(), 1, "{name}: {log}");
    }
    let notes = server.notes();
    assert!(notes.len() >= 4 && notes.iter().all(|note| note.starts_with("ok ")), "{notes:#?}");
    server.signal(libc::SIGTERM);
    assert_eq!(server.wait(), Some(0));
    assert!(server.error_log().contains("INFO: QTSSPlainCModule: 2 requests\n"), "{}", server.error_log());
}

/// HMAC-MD5 in hex (RFC 2104), for keys of less than a block.
fn signature(key: &str, text: &str) -> String {
    let pad = |byte: u8| -> Vec<u8> {
        let key = key.bytes().chain(std::iter::repeat(0)).take(64);
        key.map(|part| part ^ byte).collect()
    };
    let inner = Md5::new().chain_update(pad(0x36)).chain_update(text).finalize();
    let outer = Md5::new().chain_update(pad(0x5c)).chain_update(inner).finalize();
    outer.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A URL path, signed, that is good for so many seconds.
fn signed(secret: &str, path: &str, seconds: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs() as i64;
    let expires = now + seconds;
    format!("{path}?expires={expires}&sig={}", signature(secret, &format!("{path}|{expires}")))
}

#[test]
fn url_signature_lets_signed_urls_through_and_takes_a_new_secret_while_running() {
    let Some(plan) = plan() else { return };
    let prefs = pref("enabled", "Bool16", "true")
        + &pref("secret", "CharArray", "first-secret")
        + &pref("trusted_address", "CharArray", "192.0.2.1");
    let server = plan.section("QTSSUrlSignatureModule", &prefs).start();
    assert_eq!(status(&describe(&server, "/a.mp4")), "403");
    assert_eq!(status(&describe(&server, &signed("another", "/a.mp4", 60))), "403");
    assert_eq!(status(&describe(&server, &signed("first-secret", "/a.mp4", -60))), "403", "expired");
    assert_eq!(status(&describe(&server, &signed("first-secret", "/b.mp4", 60).replace("/b.", "/a."))), "403");

    let mut client = server.connect();
    let answer = client.request("DESCRIBE", &signed("first-secret", "/a.mp4", 60), "");
    assert_eq!(status(&answer), "200", "{answer}");
    let _ = play(&mut client, "/a.mp4", "trackID=3");
    assert_eq!(packets(&mut client, 3).len(), 3);

    server.edit("first-secret", "second-secret");
    server.signal(libc::SIGHUP);
    eventually("a new secret", || status(&describe(&server, &signed("second-secret", "/a.mp4", 60))) == "200");
    assert_eq!(status(&describe(&server, &signed("first-secret", "/a.mp4", 60))), "403");
    server.edit(&pref("enabled", "Bool16", "true"), &pref("enabled", "Bool16", "false"));
    server.signal(libc::SIGHUP);
    eventually("no more signatures", || status(&describe(&server, "/a.mp4")) == "200");
}

#[test]
fn address_list_refuses_the_addresses_that_are_denied() {
    let Some(plan) = plan() else { return };
    let server = plan.section("QTSSAddressListModule", &pref("denied_address", "CharArray", "127.0.0.2")).start();
    assert_eq!(status(&describe(&server, "/a.mp4")), "200");
    let answer = server.connect_from("127.0.0.2").request("DESCRIBE", "/a.mp4", "");
    assert_eq!(status(&answer), "403", "{answer}");
    server.edit("127.0.0.2", "127.0.0.*");
    server.signal(libc::SIGHUP);
    eventually("a new list", || status(&describe(&server, "/a.mp4")) == "403");
}

#[test]
fn raw_answer_sends_elsewhere_and_answers_from_a_file_however_long() {
    let Some(plan) = plan() else { return };
    let movies = plan.dir.path().join("movies");
    fs::write(movies.join("moved.mp4.redirect"), "rtsp://other.example/there.mp4\n").expect("a file");
    let body: String = (0..1_500_000).map(|number| format!("{number:07}\n")).collect();
    let raw = format!("RTSP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    fs::write(movies.join("canned.mp4.raw"), &raw).expect("a file");
    let server = plan.start();
    let answer = describe(&server, "/moved.mp4");
    assert_eq!(status(&answer), "302", "{answer}");
    assert!(answer.contains("\r\nLocation: rtsp://other.example/there.mp4\r\n"), "{answer}");

    let mut client = server.connect();
    let url = client.url("/canned.mp4");
    client.send(&format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n"));
    std::thread::sleep(Duration::from_millis(200)); // more than the connection holds: the module has to wait for room
    let all = client.rest();
    assert!(all == raw, "{} of {} bytes came, or others", all.len(), raw.len());
}

#[test]
fn connection_limit_refuses_one_more_from_an_address_until_another_goes() {
    let Some(plan) = plan() else { return };
    let server = plan.section("QTSSConnectionLimitModule", &pref("num_conns_per_ip_addr", "UInt32", "1")).start();
    let mut first = server.connect();
    assert_eq!(status(&first.request("DESCRIBE", "/a.mp4", "")), "200");
    assert_eq!(status(&describe(&server, "/a.mp4")), "453");
    assert_eq!(status(&first.request("DESCRIBE", "/a.mp4", "")), "200", "the first one goes on");
    let other = server.connect_from("127.0.0.2").request("DESCRIBE", "/a.mp4", "");
    assert_eq!(status(&other), "200", "{other}");
    drop(first);
    eventually("room for another", || status(&describe(&server, "/a.mp4")) == "200");
}

#[test]
fn reference_movie_answers_a_browser_on_the_same_port() {
    let Some(plan) = plan() else { return };
    let server = plan.start();
    let mut client = server.connect();
    client.send("GET /some/a.mov HTTP/1.0\r\nHost: media.example:554\r\n\r\n");
    let answer = client.rest();
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nrtsptext\r\nrtsp://media.example:554/some/a.mov\r\n"), "{answer}");
    let mut client = server.connect();
    client.send("GET /a.mp4 HTTP/1.0\r\n\r\n");
    let url = client.url("/a.mp4");
    let answer = client.rest();
    assert!(answer.ends_with(&format!("rtsptext\r\n{url}\r\n")), "{answer}");
}

/// A web server that says yes to URLs with "a.mp4" or "tone", nothing at all to those with "mute", and no to others. Gives
/// its port.
fn web(asked: &'static AtomicUsize) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("a connection");
            asked.fetch_add(1, Ordering::Relaxed);
            std::thread::spawn(move || answer_web(stream));
        }
    });
    port
}

fn answer_web(mut stream: TcpStream) {
    stream.set_read_timeout(Some(*PATIENCE)).expect("a timeout");
    let mut bytes = [0; 1024];
    let mut text = String::new();
    while !text.contains("\r\n\r\n") {
        let count = stream.read(&mut bytes).unwrap_or(0);
        if count == 0 {
            break;
        }
        text += &String::from_utf8_lossy(&bytes[..count]);
    }
    if text.contains("mute") {
        let _ = stream.read(&mut bytes); // until the module gives up
        return;
    }
    let known = text.starts_with("GET /may?url=rtsp:") && text.contains("&client=127.0.");
    std::thread::sleep(Duration::from_millis(100)); // the module has to wait
    let yes = known && (text.contains("a.mp4") || text.contains("tone"));
    let answer = if yes { "200 OK" } else { "403 Forbidden" };
    let _ = stream.write_all(format!("HTTP/1.0 {answer}\r\n\r\n").as_bytes());
}

#[test]
fn http_callback_asks_a_web_server_and_waits_for_its_word() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let Some(plan) = plan() else { return };
    let movies = plan.dir.path().join("movies");
    for name in ["b.mp4", "mute.mp4"] {
        sample("sample_100kbit.mp4", &movies.join(name));
    }
    let prefs = pref("callback_port", "UInt16", &web(&ASKED).to_string())
        + &pref("callback_path", "CharArray", "/may")
        + &pref("timeout_msec", "UInt32", "3000");
    let server = plan.section("QTSSHttpCallbackModule", &prefs).start();
    let mut client = server.connect();
    let answer = client.request("DESCRIBE", "/a.mp4", "");
    assert_eq!(status(&answer), "200", "{answer}");
    assert_eq!(ASKED.load(Ordering::Relaxed), 1);
    let _ = play(&mut client, "/a.mp4", "trackID=3");
    assert_eq!(packets(&mut client, 3).len(), 3);
    assert_eq!(status(&describe(&server, "/b.mp4")), "403");

    let mut waiting = server.connect();
    let url = waiting.url("/mute.mp4");
    let begin = Instant::now();
    waiting.send(&format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n"));
    assert_eq!(status(&describe(&server, "/a.mp4")), "200", "nobody else waits");
    assert_eq!(status(&waiting.response()), "403", "silence is no");
    assert!(begin.elapsed() >= Duration::from_millis(2990), "{:?}", begin.elapsed());

    let mut gone = server.connect();
    gone.send(&format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n"));
    drop(gone);
    server.edit(&pref("allow_on_failure", "Bool16", "false"), &pref("allow_on_failure", "Bool16", "true"));
    server.signal(libc::SIGHUP);
    eventually("silence is yes", || status(&describe(&server, "/mute.mp4")) == "200");
}

#[test]
fn home_folder_finds_movies_of_users_and_bounds_their_audience() {
    let Some(plan) = plan() else { return };
    let (home, users) = folder(&plan, "home");
    fs::create_dir_all(home.join("ann/Streaming")).expect("a folder");
    sample("sample_50kbit.3gp", &home.join("ann/Streaming/clip.3gp"));
    sample("sample_50kbit.3gp", &home.join("secret.3gp"));
    let prefs = pref("enabled", "Bool16", "true")
        + &pref("users_folder", "CharArray", &users)
        + &pref("max_num_conns_per_home_directory", "UInt32", "1");
    let server = plan.section("QTSSHomeFolderModule", &prefs).start();
    for path in ["/~bob/clip.3gp", "/~ann/nothing.3gp", "/~ann", "/~../secret.3gp", "/clip.3gp"] {
        assert_eq!(status(&describe(&server, path)), "404", "{path}");
    }
    assert_eq!(status(&describe(&server, "/a.mp4")), "200", "other paths are as they were");
    let mut client = server.connect();
    let answer = client.request("DESCRIBE", "/~ann/clip.3gp", "");
    assert_eq!(status(&answer), "200", "{answer}");
    assert!(answer.contains("\r\ns=/clip.3gp\r\n"), "the path is the one that the module set: {answer}");
    let track = answer.rsplit("a=control:").next().unwrap_or_default().split("\r\n").next().unwrap_or_default();
    let (_, _, session) = play(&mut client, "/~ann/clip.3gp", track);
    assert_eq!(packets(&mut client, 3).len(), 3);

    let another = || server.connect().request("SETUP", &format!("/~ann/clip.3gp/{track}"), TCP);
    assert_eq!(status(&another()), "453");
    assert_eq!(status(&client.request("TEARDOWN", "/~ann/clip.3gp", &session)), "200");
    eventually("room for another", || status(&another()) == "200");
}

#[test]
fn tone_source_plays_over_tcp_and_udp_until_the_client_has_enough() {
    let Some(plan) = plan() else { return };
    let server = plan.section("QTSSToneSourceModule", &pref("enabled", "Bool16", "true")).start();
    let mut client = server.connect();
    let answer = client.request("DESCRIBE", "/tone.sdp", "");
    assert!(answer.ends_with("m=audio 0 RTP/AVP 0\r\na=control:trackID=1\r\n"), "{answer}");
    let (_, played, session) = play(&mut client, "/tone.sdp", "trackID=1");
    let url = client.url("/tone.sdp/trackID=1");
    assert!(played.contains(&format!("RTP-Info: url={url};seq=0;rtptime=0\r\n")), "{played}");
    let heard = packets(&mut client, 20);
    assert_eq!(heard.iter().map(|packet| sequence(packet)).collect::<Vec<_>>(), (0..20).collect::<Vec<_>>());
    assert!(heard.iter().all(|packet| packet.len() == 12 + 160 && packet[12..] != [0xFF; 160]));
    let stamps = heard.iter().map(|packet| u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]));
    assert!(stamps.eq((0..20).map(|number| number * 160)));
    assert_eq!(status(&client.request("PAUSE", "/tone.sdp", &session)), "200");
    let played = client.request("PLAY", "/tone.sdp", &session);
    assert_eq!(status(&played), "200", "{played}");
    let first = played.split("seq=").nth(1).and_then(|rest| rest.split(';').next()?.parse::<u16>().ok());
    assert_eq!(Some(sequence(&packets(&mut client, 1)[0])), first, "it goes on where it paused");
    assert_eq!(status(&client.request("TEARDOWN", "/tone.sdp", &session)), "200");

    let mut client = server.connect();
    let (socket, port) = even_port();
    let transport = format!("Transport: RTP/AVP;unicast;client_port={port}-{}\r\n", port + 1);
    let setup = client.request("SETUP", "/tone.sdp/trackID=1", &transport);
    assert_eq!(status(&setup), "200", "{setup}");
    let session = format!("Session: {}\r\n", session_of(&setup));
    assert_eq!(status(&client.request("PLAY", "/tone.sdp", &session)), "200");
    let mut bytes = [0; 2048];
    for number in 0..10 {
        let count = socket.recv(&mut bytes).expect("a packet");
        assert_eq!((count, sequence(&bytes)), (172, number));
    }
    assert_eq!(status(&client.request("TEARDOWN", "/tone.sdp", &session)), "200");
}

#[test]
fn overlay_file_serves_what_is_in_the_overlay_instead() {
    let Some(plan) = plan() else { return };
    let (overlay, path) = folder(&plan, "overlay");
    sample("sample_h264_100kbit.mp4", &overlay.join("a.mp4"));
    sample("sample_50kbit.3gp", &overlay.join("only.3gp"));
    sample("sample_50kbit.3gp", &plan.dir.path().join("movies/below.3gp"));
    let server = plan.section("QTSSOverlayFileModule", &pref("overlay_folder", "CharArray", &path)).start();
    let answer = describe(&server, "/a.mp4");
    assert!(answer.contains(" H264/90000"), "not the overlay's movie: {answer}");
    assert_eq!(status(&describe(&server, "/below.3gp")), "200");
    let mut client = server.connect();
    let answer = client.request("DESCRIBE", "/only.3gp", "");
    assert_eq!(status(&answer), "200", "{answer}");
    let track = answer.rsplit("a=control:").next().unwrap_or_default().split("\r\n").next().unwrap_or_default();
    let _ = play(&mut client, "/only.3gp", track);
    let through_module: Vec<_> = packets(&mut client, 10).iter().map(|packet| packet[12..].to_vec()).collect();
    let mut direct = server.connect();
    let _ = play(&mut direct, "/below.3gp", track);
    let from_disk: Vec<_> = packets(&mut direct, 10).iter().map(|packet| packet[12..].to_vec()).collect();
    assert_eq!(through_module, from_disk);
}

#[test]
fn attribute_walker_shows_the_server_and_its_sessions() {
    let Some(plan) = plan() else { return };
    let server = plan.section("QTSSAttributeWalkerModule", &pref("enabled", "Bool16", "true")).start();
    let mut client = server.connect();
    let (_, _, session) = play(&mut client, "/a.mp4", "trackID=3");
    let mut browser = server.connect();
    browser.send("GET /attributes HTTP/1.0\r\n\r\n");
    let answer = browser.rest();
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
    let id = session["Session: ".len()..].trim();
    let lines: Vec<_> = answer.lines().collect();
    for line in ["qtssRTPSvrCurConn (UInt32) = 1", "QTSSPlainCModuleRequests (UInt32) = 2", "client session 0"] {
        assert!(lines.contains(&line), "{line}: {answer}");
    }
    let line = format!("  qtssCliSesRTSPSessionID (CharArray) = {id}");
    assert!(lines.contains(&&*line), "{line}: {answer}");
}

/// Modules that count viewers by the ends of sessions must not hear of one more at every DESCRIBE, as with DSS.
#[test]
fn a_session_that_was_only_described_outlives_its_connection_where_a_module_waits_for_ends() {
    let Some(plan) = plan() else { return };
    let plan = plan.section("QTSSAttributeWalkerModule", &pref("enabled", "Bool16", "true"));
    let server = plan.server(&pref("rtp_timeout", "UInt32", "4")).start();
    let is_there = || {
        let mut browser = server.connect();
        browser.send("GET /attributes HTTP/1.0\r\n\r\n");
        browser.rest().lines().any(|line| line == "client session 0")
    };
    assert_eq!(status(&describe(&server, "/a.mp4")), "200");
    let begin = Instant::now();
    std::thread::sleep(Duration::from_millis(500)); // the server has seen the end of the connection by then
    let kept = is_there();
    assert!(kept || begin.elapsed() > Duration::from_secs(3), "ended with its connection");
    eventually("its time-out", || !is_there());
}

#[test]
fn plain_c_counts_requests_and_logs_their_number_at_the_end() {
    let Some(plan) = plan() else { return };
    let mut server = plan.start();
    for _ in 0..3 {
        assert_eq!(status(&server.connect().request("OPTIONS", "*", "")), "200");
    }
    server.signal(libc::SIGTERM);
    assert_eq!(server.wait(), Some(0));
    let log = server.error_log();
    assert!(log.contains("INFO: QTSSPlainCModule: 3 requests\n"), "{log}");
}

/// A number from the environment, for `tests/sanitize.sh`.
fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// StreamingLoadTool with so many clients among these URLs; they play a while and leave.
fn crowd(server: &Running, transport: &str, clients: usize, paths: &[&str]) -> Child {
    let tool = std::env::var_os("PROBE_LOAD_TOOL").unwrap_or_else(|| env!("CARGO_BIN_EXE_StreamingLoadTool").into());
    let mut command = Command::new(tool);
    let base = server.connect().url("");
    for path in paths {
        command.arg("-u").arg(format!("{base}{path}"));
    }
    let ramp = number("PROBE_RAMP", 20).to_string();
    let (clients, seconds) = (clients.to_string(), number("PROBE_SECONDS", 3).to_string());
    command.args(["-t", transport, "-n", &clients, "-l", &seconds, "--ramp", &ramp, "--loop", "--rude", "10"]);
    // Two runs at a time, as a rule: each with ports and addresses of its own.
    let (ports, sources) =
        if transport == "udp" { ("21000", "127.0.1.1-127.0.1.250") } else { ("23000", "127.0.2.1-127.0.2.250") };
    command.args(["--port-base", ports, "--sources", sources, "--timeout", "60", "--keep-alive", "2"]);
    command.args(["--no-permission-check", "--send-options", "--progress", "none", "--max-failed", "0"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the load tool")
}

/// Every kind of module at work at once: one signs, one waits for a web server, one makes packets, one is the file system, one
/// walks through all objects meanwhile, and preferences are read again and again. With a sanitizer nothing is reported.
#[test]
fn a_crowd_plays_while_all_modules_work() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let Some(plan) = plan() else { return };
    let movies = plan.dir.path().join("movies");
    fs::create_dir(movies.join("signed")).expect("a folder");
    sample("sample_100kbit.mp4", &movies.join("signed/a.mp4"));
    let (home, users) = folder(&plan, "home");
    fs::create_dir_all(home.join("ann/Streaming")).expect("a folder");
    sample("sample_100kbit.mp4", &home.join("ann/Streaming/a.mp4"));
    let (overlay, overlay_path) = folder(&plan, "overlay");
    sample("sample_h264_100kbit.mp4", &overlay.join("over-a.mp4"));
    let on = pref("enabled", "Bool16", "true");
    let signature = on.clone()
        + &pref("secret", "CharArray", "the-secret")
        + &pref("protected_folder", "CharArray", "/signed")
        + &pref("trusted_address", "CharArray", "192.0.2.1");
    let callback = pref("callback_port", "UInt16", &web(&ASKED).to_string())
        + &pref("callback_path", "CharArray", "/may")
        + &pref("timeout_msec", "UInt32", "30000");
    let server = plan
        .section("QTSSUrlSignatureModule", &signature)
        .section("QTSSHttpCallbackModule", &callback)
        .section("QTSSToneSourceModule", &on)
        // It walks through hundreds of sessions; one request at a time would have to wait for that.
        .section("QTSSAttributeWalkerModule", &(on.clone() + &pref("allow_parallel_rtsp_roles", "Bool16", "true")))
        .section("QTSSHomeFolderModule", &(on.clone() + &pref("users_folder", "CharArray", &users)))
        .section("QTSSOverlayFileModule", &pref("overlay_folder", "CharArray", &overlay_path))
        .section("QTSSConnectionLimitModule", &pref("num_conns_per_ip_addr", "UInt32", "100000"))
        .start();
    server.edit("", ""); // a fixed port from here on

    let sign = || signed("the-secret", "/signed/a.mp4", 3600);
    let clients = number("PROBE_SESSIONS", 40) / 2;
    let signed_url = sign();
    let paths = ["/a.mp4", &signed_url, "/tone.sdp", "/~ann/a.mp4", "/over-a.mp4"];
    let tools = ["udp", "tcp"].map(|transport| crowd(&server, transport, clients, &paths));
    let told = std::thread::scope(|scope| {
        let waiting = tools.map(|tool| scope.spawn(move || tool.wait_with_output().expect("the load tool")));
        let mut rounds = 0;
        while !waiting.iter().all(|tool| tool.is_finished()) {
            let mut browser = server.connect();
            browser.send("GET /attributes HTTP/1.0\r\n\r\n");
            assert!(browser.rest().starts_with("HTTP/1.0 200 OK\r\n"));
            assert_eq!(status(&describe(&server, "/signed/a.mp4")), "403", "without signature");
            if rounds % 4 == 0 {
                server.signal(libc::SIGHUP);
            }
            rounds += 1;
            std::thread::sleep(Duration::from_millis(if clients < 100 { 300 } else { 3000 }));
        }
        waiting.map(|tool| tool.join().expect("the load tool"))
    });
    for output in told {
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}\n{}", server.error_log());
    }
    assert!(ASKED.load(Ordering::Relaxed) >= 2 * clients * 4 / 5, "the module that asks was asked");
    let (code, _) = server.stop();
    assert_eq!(code, Some(0));
}
