//! A module that sleeps in Authorize: who waits for it, and who does not.
//!
//! Nothing here measures; a request that must not wait is answered while the module is known to be asleep.

#[path = "modules/lab.rs"]
mod lab;

use std::fs;
use std::time::{Duration, Instant};

use lab::sources::skipped;
use lab::{Client, PATIENCE, Plan, Running, session_of};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

const MODULE: &str = "SleeperModule";
const IN_PARALLEL: &str = "<PREF NAME=\"allow_parallel_rtsp_roles\" TYPE=\"Bool16\" >true</PREF>\n";
const TCP: &str = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";

/// A server with the module, which sleeps until `wake` is called.
fn server(prefs: &str) -> Option<Running> {
    let plan = Plan::new()?.module(MODULE, "sleeper.cpp", &["-std=gnu++98"]);
    let movies = plan.dir.path().join("movies");
    fs::copy(movies.join("a.mp4"), movies.join("slow.mp4")).expect("the sample");
    // Longer than anybody waits for an answer.
    let sleep = "<PREF NAME=\"sleep_msec\" TYPE=\"UInt32\" >60000</PREF>\n";
    Some(plan.section(MODULE, &format!("{sleep}{prefs}")).start())
}

fn wake(server: &Running) {
    server.write("logs/go", "");
}

fn is_ok(answer: &str) -> bool {
    answer.starts_with("RTSP/1.0 200 OK\r\n")
}

/// Sends DESCRIBE of the movie that the module sleeps over.
fn send_slow(server: &Running) -> Client {
    let mut client = server.connect();
    let url = client.url("/slow.mp4");
    client.send(&format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n"));
    client
}

fn wait_for_sleepers(server: &Running, count: usize) {
    let begin = Instant::now();
    while server.notes().iter().filter(|note| *note == "asleep").count() < count {
        assert!(begin.elapsed() < *PATIENCE, "{:?}", server.notes());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Plays one track over TCP; gives the session header.
fn play(client: &mut Client) -> String {
    let setup = client.request("SETUP", "/a.mp4/trackID=3", TCP);
    let session = format!("Session: {}\r\n", session_of(&setup));
    assert!(is_ok(&client.request("PLAY", "/a.mp4", &session)));
    session
}

/// What a sleeping module never holds up: packets, and requests that do not come to it.
fn check_the_rest_goes_on(server: &Running, player: &mut Client, session: &str) {
    for _ in 0..20 {
        assert!(player.frame().is_some(), "packets stopped");
    }
    assert!(is_ok(&player.request("OPTIONS", "*", "")), "OPTIONS meets no module");
    assert!(is_ok(&player.request("PLAY", "/a.mp4", session)), "a sign of life is answered by the server itself");
    assert!(is_ok(&server.connect().request("OPTIONS", "*", "")));
    let unknown = server.connect().request("PAUSE", "/a.mp4", "Session: 4711\r\n");
    assert!(unknown.starts_with("RTSP/1.0 454 "), "{unknown}");
    let mut browser = server.connect();
    browser.send("GET /server_status.json HTTP/1.0\r\n\r\n");
    assert!(browser.rest().starts_with("HTTP/1."), "the monitor's page is made in Filter");
}

#[test]
fn a_module_asleep_in_authorize_holds_up_only_requests_that_come_to_it() {
    let Some(server) = server("") else { return };
    let mut player = server.connect();
    let session = play(&mut player);
    let mut slow = send_slow(&server);
    wait_for_sleepers(&server, 1);
    check_the_rest_goes_on(&server, &mut player, &session);

    // As with DSS, a module that has not said otherwise is entered by one request at a time.
    let mut other = server.connect();
    let url = other.url("/a.mp4");
    other.send(&format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n"));
    check_the_rest_goes_on(&server, &mut player, &session);
    assert!(!other.is_readable(Duration::from_millis(200)), "two requests were in the module at once");

    wake(&server);
    assert!(is_ok(&slow.response()));
    assert!(is_ok(&other.response()));
}

#[test]
fn a_module_that_allows_parallel_calls_holds_up_no_other_session() {
    let Some(server) = server(IN_PARALLEL) else { return };
    let mut player = server.connect();
    let session = play(&mut player);
    let mut slow: Vec<_> = (0..20).map(|_| send_slow(&server)).collect();
    wait_for_sleepers(&server, slow.len());
    for _ in 0..3 {
        let mut other = server.connect();
        assert!(is_ok(&other.request("DESCRIBE", "/a.mp4", "")), "through the same module");
        let _ = play(&mut other);
        assert!(other.frame().is_some());
    }
    check_the_rest_goes_on(&server, &mut player, &session);
    wake(&server);
    assert!(slow.iter_mut().all(|client| is_ok(&client.response())));
}

/// So many descriptors for this process, and for those that it starts; false, with a word, where that is not allowed.
fn has_descriptors(count: u64) -> bool {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    if hard < count || setrlimit(Resource::RLIMIT_NOFILE, soft.max(count), hard).is_err() {
        skipped(&format!("{count} descriptors are needed, {hard} are allowed"));
        return false;
    }
    true
}

#[test]
fn when_all_module_threads_are_busy_the_log_says_so_and_everybody_is_served_in_turn() {
    let count = dss::abi::MAX_THREADS + 18;
    if !has_descriptors(count as u64 + 100) {
        return;
    }
    let Some(server) = server(IN_PARALLEL) else { return };
    let mut clients: Vec<_> = (0..count).map(|_| send_slow(&server)).collect();
    let line = format!("all {} module threads are busy", dss::abi::MAX_THREADS);
    let begin = Instant::now();
    while !server.error_log().contains(&line) {
        assert!(begin.elapsed() < *PATIENCE, "{}", server.error_log());
        std::thread::sleep(Duration::from_millis(10));
    }
    wake(&server);
    assert!(clients.iter_mut().all(|client| is_ok(&client.response())));
    assert_eq!(server.error_log().matches(&line).count(), 1, "{}", server.error_log());
}
