//! More of what old modules count on: preferences, closing sessions, crashes, the one heap.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::lab::sources::{CLOSED_SET, sdk};
use super::lab::{self, PATIENCE, Plan, Running, assert_checks, session_of};

const TCP: &str = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";

/// What a module that stands beside the SDK compiles, and where it looks for headers.
fn sdk_flags() -> Vec<String> {
    let path = |of: &str| sdk().join(of).to_string_lossy().into_owned();
    let mut flags = vec!["-include".to_owned(), path("PlatformHeader.h")];
    for folder in ["", "CommonUtilitiesLib", "APICommonCode", "RTPMetaInfoLib"] {
        flags.push(format!("-I{}", path(folder)));
    }
    flags.extend(CLOSED_SET.map(path));
    flags
}

const SECTION: &str = "\
<PREF NAME=\"bool_true\" TYPE=\"Bool16\" >true</PREF>
<PREF NAME=\"bool_capitals\" TYPE=\"Bool16\" >TRUE</PREF>
<PREF NAME=\"bool_one\" TYPE=\"Bool16\" >1</PREF>
<PREF NAME=\"bool_yes\" TYPE=\"Bool16\" >yes</PREF>
<PREF NAME=\"bool_on\" TYPE=\"Bool16\" >on</PREF>
<PREF NAME=\"number_junk\" TYPE=\"UInt32\" >12abc</PREF>
<PREF NAME=\"number_blanks\" TYPE=\"UInt32\" >  13</PREF>
<PREF NAME=\"untyped\" >5</PREF>
<PREF NAME=\"raw\" >a & b</PREF>
<PREF NAME=\"entity\" >a &amp; b</PREF>
<PREF NAME=\"blanks\" >  both sides  </PREF>
<LIST-PREF NAME=\"list\" >
<VALUE>one</VALUE>
<VALUE></VALUE>
<VALUE>three</VALUE>
</LIST-PREF>
<PREF NAME=\"kept\" TYPE=\"UInt32\" >31</PREF>
<PREF NAME=\"gone\" TYPE=\"UInt32\" >1</PREF>
<PREF NAME=\"typed\" TYPE=\"UInt32\" >2</PREF>";

const FOREIGN: &str = "<LIST-PREF NAME=\"of_somebody\" >\n<VALUE>a & b</VALUE>\n<VALUE></VALUE>\n</LIST-PREF>";

fn prefs() -> Option<Running> {
    let flags = sdk_flags();
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let plan = Plan::new()?.module("Prefs", "prefs.cpp", &flags);
    Some(plan.section("Prefs", SECTION).section("NobodyKnowsThisModule", FOREIGN).start())
}

#[test]
fn trap_13_23_24_25_26_27_28_29_preferences_as_modules_read_and_write_them() {
    let Some(server) = prefs() else { return };
    for (trap, least) in [(13, 1), (23, 5), (24, 3), (25, 3), (26, 4), (27, 3)] {
        assert_checks(&server.notes(), trap, least);
    }
    let log = server.error_log();
    assert!(log.contains("WARNING: ") && log.contains("untyped"), "the wrong type is mentioned: {log}");
    let path = server.path("streamingserver.xml");
    let config = server.file("streamingserver.xml");
    assert!(config.contains("<MODULE NAME=\"NobodyKnowsThisModule\" >"), "{config}");
    let values = [
        "<VALUE>a & b</VALUE>",
        "<VALUE></VALUE>",
        "<VALUE>three</VALUE>",
        ">a &amp; b</PREF>",
        ">  both sides  </PREF>",
    ];
    values.iter().for_each(|value| assert!(config.contains(value), "{value}: {config}"));
    let at = |name: &str| config.find(&format!("NAME=\"{name}\"")).unwrap_or_else(|| panic!("no {name}: {config}"));
    assert!(at("bool_true") < at("number_junk") && at("raw") < at("kept"), "the order stays");
    assert!(at("kept") < at("untyped"), "what the SDK puts back stands at the end");

    // A write keeps the file's mode.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("its mode");
    let _ = server.connect().request("OPTIONS", "*", "");
    assert!(server.file("streamingserver.xml").contains("<PREF NAME=\"number_junk\" TYPE=\"UInt32\" >22</PREF>"));
    assert_eq!(std::fs::metadata(&path).expect("the file").permissions().mode() & 0o7777, 0o600);

    // A file that nobody can read is left alone, and so is what is in force.
    server.edit("</SERVER>", "</SERVERR>");
    let broken = server.file("streamingserver.xml");
    server.signal(libc::SIGHUP);
    let begin = Instant::now();
    while !server.error_log().contains("the preferences stay as they were") {
        assert!(begin.elapsed() < *PATIENCE, "{}", server.error_log());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(server.file("streamingserver.xml"), broken, "the broken file is not touched");
    assert!(!server.notes().contains(&"reread".to_owned()), "no role for a reread that did not happen");
    let _ = server.connect().request("OPTIONS", "*", "");
    assert_eq!(server.notes().iter().filter(|note| *note == "kept is 31").count(), 2);
    assert_eq!(server.file("streamingserver.xml"), broken, "nor by a module that sets a preference");

    // A good one is read again.
    server.edit("</SERVERR>", "</SERVER>");
    server.edit(">31</PREF>", ">32</PREF>");
    server.edit("<PREF NAME=\"gone\" TYPE=\"UInt32\" >1</PREF>", "");
    server.edit("<PREF NAME=\"typed\" TYPE=\"UInt32\" >2</PREF>", "<PREF NAME=\"typed\" >now text</PREF>");
    server.signal(libc::SIGHUP);
    server.wait_for("reread");
    assert_checks(&server.notes(), 29, 7);
}

/// What the traced probes noted of PostProcessor calls for a method.
fn post_processed(server: &Running, method: &str) -> Vec<String> {
    let is_post = |note: &String| note.contains(&format!(" post {method} "));
    let short = |note: String| {
        format!("{} {}", &note[..note.find(' ').unwrap_or(0)], &note[note.rfind(' ').map_or(0, |at| at + 1)..])
    };
    server.notes().into_iter().filter(is_post).map(short).collect()
}

#[test]
fn trap_31_post_processors_see_no_session_when_the_server_itself_answered() {
    let Some(plan) = Plan::new() else { return };
    let server = plan.module("Tracer", "trace.c", &["-DPROBE_NAME=Tracer"]).start();
    let mut client = server.connect();
    let answer = client.request("SETUP", "/a.mp4/trackID=3", TCP);
    let session = format!("Session: {}\r\n", session_of(&answer));
    assert!(client.request("PLAY", "/a.mp4", &session).starts_with("RTSP/1.0 200"));
    assert_eq!(post_processed(&server, "PLAY"), ["Tracer session"], "the module QTSSFileModule answered");
    assert!(client.request("PLAY", "/a.mp4", &session).starts_with("RTSP/1.0 200"), "a sign of life");
    assert_eq!(post_processed(&server, "PLAY"), ["Tracer session", "Tracer -"]);
    assert!(client.request("OPTIONS", "*", &session).starts_with("RTSP/1.0 200"));
    assert_eq!(post_processed(&server, "OPTIONS"), ["Tracer -"]);
    assert!(client.request("OPTIONS", "*", "").starts_with("RTSP/1.0 200"));
    assert_eq!(post_processed(&server, "OPTIONS").len(), 1, "without a session there is no such role");
}

#[test]
fn trap_70_a_refusal_does_not_cut_the_media_of_its_connection() {
    let Some(server) = super::misc() else { return };
    let mut client = server.connect();
    let answer = client.request("SETUP", "/a.mp4/trackID=3", TCP);
    let session = format!("Session: {}\r\n", session_of(&answer));
    assert!(client.request("PLAY", "/a.mp4", &session).starts_with("RTSP/1.0 200"));
    assert!(client.frame().is_some());
    let answer = client.request("DESCRIBE", "/refused", "");
    assert!(answer.starts_with("RTSP/1.0 403") && answer.contains("Connection: Close\r\n"), "{answer}");
    for _ in 0..30 {
        assert!(client.frame().is_some(), "media goes on");
    }
    assert!(client.request("OPTIONS", "*", "").starts_with("RTSP/1.0 200"), "and so do answers");
    assert!(client.request("TEARDOWN", "/a.mp4", &session).starts_with("RTSP/1.0 200"));
    assert_eq!(client.rest(), "", "with the session the connection ends");
}

#[test]
fn trap_74_rtcp_of_a_session_that_is_worked_on_is_dropped_and_blocks_nobody() {
    let Some(plan) = Plan::new() else { return };
    let server = plan.module("Busy", "busy.c", &[]).start();
    let mut client = server.connect();
    let answer = client.request("SETUP", "/busy.sdp/trackID=1", TCP);
    let session = format!("Session: {}\r\n", session_of(&answer));
    assert!(client.request("PLAY", "/busy.sdp", &session).starts_with("RTSP/1.0 200"));
    server.wait_for("busy");
    let report = [b'$', 1, 0, 8, 0x80, 201, 0, 1, 0, 0, 0, 9];
    for _ in 0..2000 {
        client.send_bytes(&report);
    }
    assert!(server.connect().request("OPTIONS", "*", "").starts_with("RTSP/1.0 200"));
    assert!(client.request("OPTIONS", "*", "").starts_with("RTSP/1.0 200"), "all reports have been read");
    assert!(!server.notes().contains(&"idle".to_owned()), "nobody waited for the module");
    server.write("logs/go", "");
    server.wait_for("idle");
    let notes = server.notes();
    let told = notes.iter().position(|note| note == "rtcp");
    let idle = notes.iter().position(|note| note == "idle");
    assert!(told.is_none_or(|told| Some(told) > idle), "a busy session: {notes:#?}");
    let begin = Instant::now();
    while !server.notes().contains(&"rtcp".to_owned()) {
        assert!(begin.elapsed() < *PATIENCE, "later reports are told");
        client.send_bytes(&report);
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn trap_08_36_one_heap_whatever_allocates_and_frees() {
    let Some(plan) = Plan::new() else { return };
    let mut plan = plan.module("Heap", "heap.cpp", &["-Wno-mismatched-new-delete"]);
    // Freed memory is overwritten; and where the C library's own checker is at hand, every free is checked.
    plan = plan.env("MALLOC_PERTURB_", "165");
    let checker = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/lib64", "/usr/lib64"];
    let checker = checker.map(|folder| PathBuf::from(folder).join("libc_malloc_debug.so.0"));
    if let (Some(checker), None) = (checker.iter().find(|path| path.exists()), lab::sanitizer()) {
        plan = plan.env("LD_PRELOAD", &checker.to_string_lossy()).env("MALLOC_CHECK_", "3");
    }
    let server = plan.start();
    let mut client = server.connect();
    for _ in 0..30 {
        assert!(client.request("DESCRIBE", "/a.mp4", "").starts_with("RTSP/1.0 200"));
    }
    let (status, notes) = server.stop();
    assert_eq!(status, Some(0), "a corrupted heap would have ended it");
    assert!(notes.contains(&"replaced 30".to_owned()), "{notes:#?}");
    assert_checks(&notes, 8, 31);
}

fn seconds(name: &str, value: u32) -> String {
    format!("<PREF NAME=\"{name}\" TYPE=\"UInt32\" >{value}</PREF>")
}

#[test]
fn trap_67_the_reason_of_a_time_out_stays_the_same_while_a_module_waits() {
    let Some(plan) = Plan::new() else { return };
    let wait = "<PREF NAME=\"wait_in_closing\" TYPE=\"UInt32\" >1</PREF>";
    let server = plan.module("Waits", "waits.c", &[]).section("Waits", wait).server(&seconds("rtp_timeout", 1)).start();
    let mut client = server.connect();
    let answer = client.request("SETUP", "/a.mp4/trackID=3", "Transport: RTP/AVP;unicast;client_port=6010-6011\r\n");
    assert!(answer.starts_with("RTSP/1.0 200"), "{answer}");
    let begin = Instant::now();
    let closings = || server.notes().iter().filter(|note| *note == "waits dess reason 1").count();
    while closings() < 2 {
        assert!(begin.elapsed() < *PATIENCE, "{:#?}", server.notes());
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(!server.notes().iter().any(|note| note.starts_with("waits dess") && note != "waits dess reason 1"));
    assert_checks(&server.notes(), 67, 3);
}

#[test]
fn trap_68_a_session_outlives_its_connection_until_it_times_out() {
    let Some(plan) = Plan::new() else { return };
    let server = plan.module("Network", "network.c", &[]).server(&seconds("rtp_timeout", 2)).start();
    let mut client = server.connect();
    let begin = Instant::now();
    let answer = client.request("SETUP", "/a.mp4/trackID=3", "Transport: RTP/AVP;unicast;client_port=6110-6111\r\n");
    assert!(answer.starts_with("RTSP/1.0 200"), "{answer}");
    drop(client);
    server.wait_for("connection closed");
    server.wait_for("session closed 1");
    assert!(begin.elapsed() >= Duration::from_secs(2), "{:#?}", server.notes());
    let notes = server.notes();
    let at = |what: &str| notes.iter().position(|note| note == what);
    assert!(at("connection closed") < at("session closed 1"), "{notes:#?}");
}

#[test]
fn trap_78_an_exception_that_leaves_a_module_is_named_in_the_log() {
    if lab::sanitizer().is_some() {
        return; // it cannot follow an exception out of a library that is loaded late
    }
    let Some(mut server) = super::misc() else { return };
    let mut client = server.connect();
    let url = client.url("/throw");
    client.send(&format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n"));
    assert_eq!(server.wait(), None, "a signal ended it");
    let log = server.error_log();
    assert!(log.contains("an exception left module Misc in QTSS_RTSPPreProcessor_Role"), "{log}");
}

#[test]
fn trap_76_77_a_module_that_crashes_aborts_or_exits_is_named_and_the_server_comes_back() {
    if lab::sanitizer().is_some() {
        return; // its library would be in the way of the signals
    }
    let Some(plan) = Plan::new() else { return };
    let server = plan.module("Misc", "misc.cpp", &["-Wno-unused-result"]).start_detached();
    let mut client = server.connect();
    let _ = client.request("DESCRIBE", "/where", "");
    let umask = std::process::Command::new("sh").args(["-c", "umask"]).output().expect("a shell").stdout;
    let umask = u32::from_str_radix(String::from_utf8_lossy(&umask).trim(), 8).expect("an octal number");
    assert!(server.notes().contains(&format!("in / umask {umask:03o}")), "{:#?}", server.notes());
    for (count, (path, how)) in
        [("/crash", "was killed by SIGSEGV"), ("/abort", "was killed by SIGABRT"), ("/exit", "exited with status 3")]
            .iter()
            .enumerate()
    {
        let mut client = server.connect();
        let url = client.url(path);
        client.send(&format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n"));
        assert_eq!(client.rest_or_reset(), "", "no answer");
        let begin = Instant::now();
        let line = loop {
            let log = server.error_log();
            if let Some(line) = log.lines().filter(|line| line.contains("Server process")).nth(count) {
                break line.to_owned();
            }
            assert!(begin.elapsed() < *PATIENCE, "{path}: {log}");
            std::thread::sleep(Duration::from_millis(50));
        };
        assert!(line.contains(how) && line.contains("RTSPPreProcessor") && line.contains("of module Misc"), "{line}");
        assert!(server.connect().request("OPTIONS", "*", "").starts_with("RTSP/1.0 200"), "it serves again");
    }
}

/// Connects so often, with a request each.
fn crowd(server: &Running, path: &str) -> Vec<lab::Client> {
    let mut clients: Vec<_> = (0..200).map(|_| server.connect()).collect();
    for client in &mut clients {
        assert!(client.request("OPTIONS", path, "").starts_with("RTSP/1.0 200"), "{path}");
    }
    clients
}

/// The server looks at the number of clients every five seconds, and gives up room after most of a crowd has gone.
#[test]
fn handles_of_a_crowd_that_has_gone_are_refused_when_the_next_crowd_is_there() {
    let Some(plan) = Plan::new() else { return };
    let server = plan.module("Crowd", "crowd.c", &[]).start();
    server.edit("\"error_logfile_verbosity\" TYPE=\"UInt32\" >2", "\"error_logfile_verbosity\" TYPE=\"UInt32\" >4");
    server.signal(libc::SIGHUP);
    let begin = Instant::now();
    while !server.error_log().contains("looked for memory") {
        assert!(begin.elapsed() < *PATIENCE, "{}", server.error_log());
        let clients = crowd(&server, "/first");
        std::thread::sleep(Duration::from_secs(6)); // so that the crowd is seen
        drop(clients);
        std::thread::sleep(Duration::from_secs(6));
    }
    let _second = crowd(&server, "/second");
    let _ = server.connect().request("OPTIONS", "/last", "");
    server.wait_for(", new 400, again 0, alive 0");
}
