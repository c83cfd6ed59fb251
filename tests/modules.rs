//! C and C++ modules in the running server: what old modules count on, one test per trap.
//!
//! The probes in `tests/modules/` are built with the system's compilers against `include/` and the stub library; without
//! compilers these tests say so and pass.

#[path = "modules/calls.rs"]
mod calls;
#[path = "modules/lab.rs"]
mod lab;
#[path = "modules/streams.rs"]
mod streams;
#[path = "modules/traps.rs"]
mod traps;

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use lab::{PATIENCE, Plan, Running, assert_checks, session_of};

/// Notes of a server whose Attributes probe saw a DESCRIBE, a SETUP, a PLAY and a TEARDOWN on one connection.
static ATTRIBUTES: LazyLock<Option<Vec<String>>> = LazyLock::new(|| {
    let plan = Plan::new()?.module("Attributes", "attributes.c", &[]);
    let section = "<PREF NAME=\"from_file\" >a & b</PREF><PREF NAME=\"which_section\" TYPE=\"UInt32\" >1</PREF>";
    let wrong = "<PREF NAME=\"which_section\" TYPE=\"UInt32\" >2</PREF>";
    let server = plan.section("AnotherName", wrong).section("Attributes", section).start();
    let mut client = server.connect();
    let long = format!("User-Agent: {}\r\n", "long".repeat(100));
    let answer = client.request("DESCRIBE", "/a.mp4", &long);
    assert!(answer.starts_with("RTSP/1.0 200"), "{answer}");
    let answer = client.request("SETUP", "/a.mp4/trackID=3", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n");
    let session = format!("Session: {}\r\n", session_of(&answer));
    let answer = client.request("PLAY", "/a.mp4?x=1", &session);
    assert!(answer.starts_with("RTSP/1.0"), "{answer}");
    let _ = client.request("TEARDOWN", "/a.mp4", &session);
    server.wait_for("closed");
    Some(server.stop().1)
});

fn attributes(trap: u32, least: usize) {
    if let Some(notes) = &*ATTRIBUTES {
        assert_checks(notes, trap, least);
    }
}

#[test]
fn trap_01_the_url_is_followed_by_the_rest_of_the_request_line() {
    attributes(1, 6);
}

#[test]
fn trap_02_the_request_ends_with_a_nul_and_header_values_lie_in_it() {
    attributes(2, 12);
}

#[test]
fn trap_04_the_name_given_in_register_is_ignored() {
    attributes(4, 2);
}

#[test]
fn trap_10_a_handle_is_its_stream() {
    attributes(10, 6);
}

#[test]
fn trap_11_a_client_session_has_one_handle_all_its_life() {
    attributes(11, 6);
}

#[test]
fn trap_12_a_short_buffer_gets_nothing_but_the_length() {
    attributes(12, 2);
}

#[test]
fn trap_13_a_failed_read_leaves_the_length_alone() {
    attributes(13, 5);
}

#[test]
fn trap_14_a_missing_value_has_length_zero_and_leaves_the_pointer() {
    attributes(14, 2);
}

#[test]
fn trap_15_pointers_to_file_prefs_and_paths_need_the_lock() {
    attributes(15, 6);
}

#[test]
fn trap_16_texts_end_with_a_nul_but_windows_with_the_next_byte() {
    attributes(16, 12);
}

#[test]
fn trap_17_pointers_stay_good_and_show_later_values() {
    attributes(17, 5);
}

#[test]
fn trap_18_a_new_root_folder_counts_at_once() {
    attributes(18, 12);
}

#[test]
fn trap_19_attributes_of_objects_that_exist_already_work() {
    attributes(19, 3);
}

#[test]
fn trap_20_a_second_attribute_of_a_name_is_the_first() {
    attributes(20, 4);
}

#[test]
fn trap_21_an_unknown_attribute_leaves_the_id_alone() {
    attributes(21, 3);
}

#[test]
fn trap_22_only_some_objects_take_attributes_of_their_own() {
    attributes(22, 7);
}

#[test]
fn trap_50_the_clock_is_unix_time_within_a_second() {
    attributes(50, 2);
}

#[test]
fn trap_79_bool16_out_parameters_take_two_bytes() {
    attributes(79, 2);
}

#[test]
fn trap_80_objects_as_values_are_slots_with_handles() {
    attributes(80, 5);
}

#[test]
fn trap_03_06_07_09_what_is_no_module_does_not_stop_the_start() {
    let Some(plan) = Plan::new() else { return };
    let plan = plan
        .module("Plain", "plain.c", &["-DPROBE_NAME=Plain"])
        .module("Zwei", "plain.c", &["-DPROBE_NAME=Zwei"])
        .module("Stem.so", "plain.c", &["-DPROBE_NAME=Stem"])
        .module("BadRegister", "plain.c", &["-DPROBE_NAME=BadRegister", "-DFAIL_REGISTER"])
        .module("BadInitialize", "plain.c", &["-DPROBE_NAME=BadInitialize", "-DFAIL_INITIALIZE"])
        .module(
            "NoDispatch",
            "plain.c",
            &["-DPROBE_NAME=NoDispatch", "-DPROBE_MAIN=NoDispatch_Main", "-DNULL_DISPATCH"],
        )
        .module("Newer", "plain.c", &["-DPROBE_NAME=Newer", "-DPROBE_MAIN=Newer_Main", "-DNEWER_VERSION"])
        .unlinked("Unlinked", "unlinked.c");
    let folder = plan.folder();
    std::fs::copy(folder.join("Plain"), folder.join("Renamed")).unwrap();
    std::fs::copy(folder.join("Plain"), folder.join(".hidden")).unwrap();
    std::fs::write(folder.join("README"), "not a module").unwrap();
    std::fs::create_dir(folder.join("folder")).unwrap();
    let server = plan.start();
    let mut client = server.connect();
    assert!(client.request("OPTIONS", "*", "").starts_with("RTSP/1.0 200"));
    let log = server.error_log();
    for bad in ["Renamed", "README", "folder", "NoDispatch", "Newer"] {
        let line = format!("WARNING: The module {bad} is not a compatible QTSS API module.");
        assert_eq!(log.matches(&line).count(), 1, "{bad}: {log}");
    }
    assert!(log.contains("Renamed is not a compatible QTSS API module. (it has no function Renamed_Main)"), "{log}");
    assert!(!log.contains("hidden"));
    assert!(log.contains("The module BadRegister failed to Register."));
    assert!(log.contains("The module BadInitialize failed to Initialize."));
    for good in ["Plain", "Zwei", "Stem.so", "Unlinked"] {
        assert!(log.contains(&format!("INFO: Module Loaded...{good} [dynamic]")), "{good}: {log}");
    }
    let (status, notes) = server.stop();
    assert_eq!(status, Some(0));
    assert_checks(&notes, 9, 7);
    let filters: Vec<_> = notes.iter().filter(|note| note.ends_with("filt")).collect();
    assert_eq!(filters, ["Plain filt", "Stem filt", "Zwei filt"], "failed modules are not called: {notes:#?}");
}

/// The notes of two trace probes, and the server.
fn traced() -> Option<Running> {
    let plan = Plan::new()?.module("Actor", "trace.c", &["-DPROBE_NAME=Actor", "-DPROBE_ACTS"]).module(
        "Second",
        "trace.c",
        &["-DPROBE_NAME=Second"],
    );
    Some(plan.start())
}

/// What the probes noted of requests whose line has a word: probe, role, session or not.
fn calls(server: &Running, word: &str) -> Vec<String> {
    let short = |note: &String| {
        let words: Vec<_> = note.split(' ').collect();
        format!("{} {} {}", words[0], words[1], words[words.len() - 1])
    };
    server.notes().iter().filter(|note| note.contains(word)).map(short).collect()
}

#[test]
fn trap_05_30_33_72_roles_run_in_load_order_and_post_processors_all() {
    let Some(server) = traced() else { return };
    let mut client = server.connect();
    assert!(client.request("OPTIONS", "*", "").starts_with("RTSP/1.0 200"));
    assert_eq!(calls(&server, "OPTIONS"), ["Actor filt -", "Second filt -"], "OPTIONS reaches only Filter");
    assert!(client.request("DESCRIBE", "/nothing.mp4", "").starts_with("RTSP/1.0 404"));
    let all = ["filt -", "rout session", "athn -", "auth session", "prep session", "post session"];
    let expected: Vec<_> = all.iter().flat_map(|role| [format!("Actor {role}"), format!("Second {role}")]).collect();
    assert_eq!(calls(&server, "nothing"), expected);
}

#[test]
fn trap_32_only_bytes_stop_the_chain() {
    let Some(server) = traced() else { return };
    let mut client = server.connect();
    let answer = client.request("DESCRIBE", "/error-code", "");
    assert!(answer.starts_with("RTSP/1.0 404"), "an error code alone changes nothing: {answer}");
    assert_eq!(calls(&server, "error-code").iter().filter(|call| call.contains("prep")).count(), 2);
    let mut client = server.connect();
    let url = client.url("/one-byte");
    client.send(&format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n"));
    server.wait_for(&format!("Second post DESCRIBE {url}"));
    let calls = calls(&server, "one-byte");
    assert_eq!(calls.iter().filter(|call| call.contains("prep")).count(), 1, "{calls:?}");
    let mut client = server.connect();
    assert!(client.request("DESCRIBE", "/by-session", "").starts_with("RTSP/1.0 299"), "bytes to the connection count");
}

#[test]
fn trap_34_37_http_is_answered_in_filter_and_keep_alive_is_the_modules() {
    let Some(server) = traced() else { return };
    let mut client = server.connect();
    client.send("GET /answer-keep HTTP/1.0\r\n\r\n");
    assert!(client.response().ends_with("hello"));
    client.send("GET /answer-close HTTP/1.0\r\n\r\n");
    assert!(client.rest().ends_with("hello"), "the connection ends after the body");
    let mut client = server.connect();
    client.send("GET /nobody HTTP/1.0\r\n\r\n");
    assert!(client.rest().starts_with("HTTP/1.1 404"));
    assert_eq!(calls(&server, "/nobody"), ["Actor filt -", "Second filt -"]);
    assert_eq!(calls(&server, "/answer-keep"), ["Actor filt -"], "what a filter answers goes no further");
}

#[test]
fn trap_35_the_filters_third_parameter_is_read_through_the_wrong_member() {
    let Some(server) = traced() else { return };
    let mut client = server.connect();
    let _ = client.request("DESCRIBE", "/union", "");
    assert_checks(&server.notes(), 35, 4);
}

#[test]
fn trap_36_a_filter_replaces_the_request_and_the_body_stays_readable() {
    let Some(server) = traced() else { return };
    let mut client = server.connect();
    client.send("ANNOUNCE rtsp://h/replace RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 13\r\n\r\n0123456789abc");
    assert!(client.response().starts_with("RTSP/1.0 200"), "{:#?}", server.notes());
    assert!(client.request("OPTIONS", "*", "").starts_with("RTSP/1.0 200"), "the next request is read where it begins");
    assert_checks(&server.notes(), 36, 7);
    let notes = server.notes();
    assert!(notes.iter().any(|note| note == "Second filt ANNOUNCE rtsp://h/replaced.sdp RTSP/1.0 -"), "{notes:#?}");
    for part in ["body 01234", "body 56789", "body abc"] {
        assert!(notes.iter().any(|note| note == part), "{notes:#?}");
    }
}

const WAIT: &str = "<PREF NAME=\"wait\" TYPE=\"UInt32\" >1</PREF>";

#[test]
fn trap_38_39_40_a_module_that_waits_is_called_again_and_the_connection_waits_with_it() {
    let Some(plan) = Plan::new() else { return };
    let server = plan.module("Waits", "waits.c", &[]).section("Waits", WAIT).start();
    let mut client = server.connect();
    let url = client.url("/a.mp4");
    let request = format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n");
    client.send(&format!("{request}{}", request.replace("CSeq: 1", "CSeq: 2")));
    let (first, second) = (client.response(), client.response());
    assert!(first.contains("Cseq: 1\r\n") && second.contains("Cseq: 2\r\n"), "{first}{second}");
    drop(client);
    let notes = server.notes();
    let order: Vec<_> = notes.iter().filter_map(|note| note.strip_prefix("waits ")).take(18).collect();
    let twice = |role: &'static str| [role, role];
    let mut expected: Vec<_> = ["filt", "rout", "athn", "auth", "prep", "post"].into_iter().flat_map(twice).collect();
    expected.extend(["filt", "rout", "athn", "auth", "prep", "post"]);
    assert_eq!(order, expected, "the second request starts when the first is done");
    let (_, notes) = server.stop();
    assert_checks(&notes, 40, 8);
    let at = |what: &str| notes.iter().position(|note| note == what).unwrap_or_else(|| panic!("no {what}: {notes:#?}"));
    assert!(at("state 4") < at("shutdown"));
}

#[test]
fn trap_43_44_intervals_tick_while_modules_initialise_and_may_be_set_again() {
    let Some(plan) = Plan::new() else { return };
    let slow = "<PREF NAME=\"slow_initialize\" TYPE=\"UInt32\" >500</PREF>";
    let server = plan.module("Waits", "waits.c", &[]).section("Waits", slow).start();
    server.wait_for("initialized after some ticks");
    let begin = Instant::now();
    while server.notes().iter().filter(|note| *note == "tick").count() < 5 {
        assert!(begin.elapsed() < *PATIENCE, "{:#?}", server.notes());
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_checks(&server.notes(), 44, 2);
    assert_checks(&server.notes(), 43, 1);
}

/// Four clients through a module that sleeps in Authorize, once so many of them are in there: what it noted, and how long
/// they took.
fn four_clients(expected: u32, server_prefs: &str, section: &str) -> Option<(String, Duration)> {
    let pref = |name: &str, value: u32| format!("<PREF NAME=\"{name}\" TYPE=\"UInt32\" >{value}</PREF>");
    let sleep = format!("{}{}{section}", pref("sleep", 300), pref("expected", expected));
    let plan = Plan::new()?.module("Waits", "waits.c", &[]).section("Waits", &sleep).server(server_prefs);
    let server = plan.start();
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(server.connect().request("DESCRIBE", "/a.mp4", "").starts_with("RTSP/1.0 200")));
        }
    });
    let took = begin.elapsed();
    let last = server.notes().into_iter().rfind(|note| note.starts_with("inside at most"))?;
    Some((last, took))
}

#[test]
fn trap_42_a_module_is_entered_by_one_request_at_a_time_unless_a_preference_lifts_that() {
    let Some((note, took)) = four_clients(1, "", "") else { return };
    assert_eq!(note, "inside at most 1");
    assert!(took >= Duration::from_millis(1200), "{took:?}");
    let parallel = "<PREF NAME=\"allow_parallel_rtsp_roles\" TYPE=\"Bool16\" >true</PREF>";
    let Some((note, _)) = four_clients(4, "", parallel) else { return };
    assert_eq!(note, "inside at most 4");
    let threads = "<PREF NAME=\"run_num_rtsp_threads\" TYPE=\"UInt32\" >2</PREF>";
    let Some((note, _)) = four_clients(2, threads, "") else { return };
    assert_eq!(note, "inside at most 2");
}

#[test]
fn trap_65_a_thread_of_a_module_wakes_a_role_that_waits() {
    let Some(plan) = Plan::new() else { return };
    let signal = "<PREF NAME=\"signal\" TYPE=\"UInt32\" >1</PREF>";
    let server = plan.module("Waits", "waits.c", &[]).section("Waits", signal).start();
    let mut client = server.connect();
    let begin = Instant::now();
    assert!(client.request("OPTIONS", "*", "").starts_with("RTSP/1.0 200"));
    assert!(begin.elapsed() >= Duration::from_millis(140), "it waited for the signal");
    let notes = server.notes();
    assert_checks(&notes, 65, 1);
    assert_checks(&notes, 40, 5);
    let order: Vec<_> = notes.iter().filter(|note| *note == "waits filt" || *note == "signal").collect();
    assert_eq!(order, ["waits filt", "signal", "waits filt"]);
}

#[test]
fn trap_67_a_closing_session_may_be_waited_with() {
    let Some(plan) = Plan::new() else { return };
    let wait = "<PREF NAME=\"wait_in_closing\" TYPE=\"UInt32\" >1</PREF>";
    let server = plan.module("Waits", "waits.c", &[]).section("Waits", wait).start();
    let mut client = server.connect();
    let answer = client.request("SETUP", "/a.mp4/trackID=3", "Transport: RTP/AVP;unicast;client_port=6000-6001\r\n");
    let session = format!("Session: {}\r\n", session_of(&answer));
    assert!(client.request("TEARDOWN", "/a.mp4", &session).starts_with("RTSP/1.0 200"));
    let begin = Instant::now();
    let closings = || server.notes().iter().filter(|note| *note == "waits dess reason 0").count();
    while closings() < 2 {
        assert!(begin.elapsed() < *PATIENCE, "{:#?}", server.notes());
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_checks(&server.notes(), 67, 1);
}

/// Plays the module's own stream over TCP; gives the server, the client and the session header.
fn play_synth(stop: u32) -> Option<(Running, lab::Client, String)> {
    let stop = format!("<PREF NAME=\"stop\" TYPE=\"UInt32\" >{stop}</PREF>");
    let server = Plan::new()?.module("Sending", "sending.c", &[]).section("Sending", &stop).start();
    let mut client = server.connect();
    let answer = client.request("DESCRIBE", "/synth.sdp", "");
    assert!(answer.ends_with("a=control:trackID=1\r\n"), "{answer}");
    let transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";
    let answer = client.request("SETUP", "/synth.sdp/trackID=1", transport);
    assert!(answer.starts_with("RTSP/1.0 200") && answer.contains("Transport: RTP/AVP/TCP"), "{answer}");
    let session = format!("Session: {}\r\n", session_of(&answer));
    let answer = client.request("PLAY", "/synth.sdp", &session);
    let url = client.url("/synth.sdp/trackID=1");
    assert!(answer.contains(&format!("RTP-Info: url={url};seq=100;rtptime=5000\r\n")), "{answer}");
    Some((server, client, session))
}

#[test]
fn trap_45_46_47_48_52_55_69_a_module_plays_a_session_of_its_own() {
    for stop in [0, 1] {
        let Some((server, mut client, session)) = play_synth(stop) else { return };
        let mut packets = Vec::new();
        let mut reports = 0;
        while packets.len() < 20 {
            match client.frame() {
                Some((0, packet)) => packets.push(packet[12]),
                Some((1, report)) => {
                    assert_eq!(report[1], 200, "a sender report");
                    reports += 1;
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(packets, (0..20).collect::<Vec<u8>>(), "no packet lost or doubled");
        assert!(reports >= 1, "the first packet comes with a sender report");
        server.wait_for("all sent after");
        assert!(client.request("TEARDOWN", "/synth.sdp", &session).starts_with("RTSP/1.0 200"));
        server.wait_for("closing after");
        let notes = server.notes();
        let calls = |start: &str| {
            let note = notes.iter().find(|note| note.starts_with(start)).expect("a note");
            note.split(' ').find_map(|n| n.parse::<u32>().ok()).expect("a number")
        };
        assert_eq!(notes.iter().filter(|note| note.starts_with("all sent")).count(), 1, "no call after the last");
        assert_eq!(calls("all sent after"), calls("closing after "), "{notes:#?}");
        for (trap, least) in [(45, 3), (46, 1), (47, 20), (48, 20), (49, 1), (52, 5), (55, 2), (69, 2)] {
            assert_checks(&notes, trap, least);
        }
    }
}

#[test]
fn trap_51_a_failed_setup_has_been_answered_once() {
    let Some(plan) = Plan::new() else { return };
    let server = plan.module("Sending", "sending.c", &[]).start();
    let mut client = server.connect();
    let odd = "Transport: RTP/AVP;unicast;client_port=5001-5002\r\n";
    let url = client.url("/synth.sdp/trackID=1");
    client.send(&format!("SETUP {url} RTSP/1.0\r\nCSeq: 1\r\n{odd}\r\n"));
    let all = client.rest();
    assert_eq!(all.matches("RTSP/1.0 400").count(), 1, "{all}");
    assert_eq!(all.matches("RTSP/1.0").count(), 1, "{all}");
    assert_checks(&server.notes(), 51, 1);
}

fn misc() -> Option<Running> {
    Some(Plan::new()?.module("Misc", "misc.cpp", &["-Wno-unused-result"]).start())
}

#[test]
fn trap_08_41_57_59_60_61_66_76_the_error_log_files_and_services_from_initialize() {
    let Some(server) = misc() else { return };
    let notes = server.notes();
    for (trap, least) in [(41, 1), (57, 4), (59, 1), (60, 4), (61, 10), (66, 7), (76, 5)] {
        assert_checks(&notes, trap, least);
    }
    let log = server.error_log();
    assert!(log.contains("WARNING: exact\n"), "{log}");
    assert!(log.contains("WARNING: short text\n"), "{log}");
    assert!(!log.contains("an info in initialize"), "INFO of Initialize does not reach the file: {log}");
}

#[test]
fn trap_53_54_56_headers_as_modules_write_them() {
    let Some(server) = misc() else { return };
    let mut client = server.connect();
    let url = client.url("/refused");
    client.send(&format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 5\r\n\r\n"));
    let answer = client.rest();
    let lines: Vec<_> = answer.lines().filter(|line| !line.starts_with("Server: DSS/6.0.3")).collect();
    assert_eq!(lines, ["RTSP/1.0 403 Forbidden", "Cseq: 5", "Connection: Close", ""], "{answer}");
    let mut client = server.connect();
    let url = client.url("/toolate");
    client.send(&format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 6\r\n\r\nOPTIONS * RTSP/1.0\r\nCSeq: 7\r\n\r\n"));
    let first = client.response();
    let lines: Vec<_> = first.lines().filter(|line| !line.starts_with("Server: DSS/6.0.3")).collect();
    assert_eq!(lines, ["RTSP/1.0 200 OK", "Cseq: 6", "Location: rtsp://else/where", ""], "{first}");
    let second = client.response();
    assert!(second.starts_with("\r\nRTSP/1.0 200 OK\r\n"), "a second end of the headers is a blank line: {second:?}");
    for (trap, least) in [(53, 2), (54, 1), (56, 3)] {
        assert_checks(&server.notes(), trap, least);
    }
}

#[test]
fn trap_58_a_fatal_message_ends_the_server() {
    let Some(mut server) = misc() else { return };
    let mut client = server.connect();
    let url = client.url("/fatal");
    client.send(&format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n"));
    assert_eq!(server.wait(), Some(254));
    assert!(server.notes().iter().any(|note| note == "state 3"), "{:#?}", server.notes());
    assert!(server.error_log().contains("FATAL: the end"));
}

#[test]
fn trap_64_75_a_socket_stream_owns_its_socket_and_stacks_are_large() {
    let Some(server) = misc() else { return };
    let mut client = server.connect();
    client.send("GET /socket HTTP/1.0\r\n\r\n");
    assert!(client.rest().starts_with("HTTP/1.1 404"));
    assert_checks(&server.notes(), 64, 10);
    assert_checks(&server.notes(), 75, 2);
}

#[test]
fn trap_77_78_a_crash_and_an_exception_end_the_process_and_do_not_run_on() {
    // The address sanitizer cannot follow an exception out of a library that is loaded late.
    let paths = if lab::sanitizer().is_some() { &["/crash"][..] } else { &["/throw", "/crash"] };
    for path in paths {
        let Some(mut server) = misc() else { return };
        let mut client = server.connect();
        let url = client.url(path);
        client.send(&format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n"));
        assert_eq!(server.wait(), None, "a signal ended it");
    }
}

#[test]
fn the_tracer_names_module_role_time_and_result() {
    let Some(plan) = Plan::new() else { return };
    let server = plan.module("Plain", "plain.c", &["-DPROBE_NAME=Plain"]).traced().start();
    assert!(server.connect().request("OPTIONS", "*", "").starts_with("RTSP/1.0 200"));
    let lines = server.file("stderr");
    for call in
        ["Plain QTSS_RTSPFilter_Role", "QTSSAdminModule QTSS_RTSPFilter_Role", "QTSSFileModule QTSS_Register_Role"]
    {
        let line = lines.lines().find(|line| line.contains(call)).unwrap_or_else(|| panic!("no {call}: {lines}"));
        assert!(line.starts_with(&format!("qtss: {call} ")) && line.ends_with(" ms = 0"), "{line}");
    }
    assert_eq!(lines.matches("Plain QTSS_RTSPFilter_Role").count(), 1, "each call once: {lines}");
}

#[test]
fn a_role_that_takes_long_is_mentioned_once() {
    let Some(plan) = Plan::new() else { return };
    let sleep = "<PREF NAME=\"sleep\" TYPE=\"UInt32\" >1100</PREF>";
    let server = plan.module("Waits", "waits.c", &[]).section("Waits", sleep).start();
    for _ in 0..2 {
        assert!(server.connect().request("DESCRIBE", "/a.mp4", "").starts_with("RTSP/1.0 200"));
    }
    let log = server.error_log();
    let line = "WARNING: module Waits took more than a second in QTSS_RTSPAuthorize_Role";
    assert_eq!(log.matches(line).count(), 1, "{log}");
}

/// A movie that only the file system module has.
fn with_virtual_movie(flags: &[&str]) -> Option<Running> {
    let plan = Plan::new()?.module("Files", "files.c", flags);
    std::fs::copy(plan.dir.path().join("movies/a.mp4"), plan.dir.path().join("logs/movie.mp4")).unwrap();
    Some(plan.start())
}

#[test]
fn trap_62_a_file_system_module_serves_movies_beside_the_disk() {
    let Some(server) = with_virtual_movie(&[]) else { return };
    let mut client = server.connect();
    assert!(client.request("DESCRIBE", "/a.mp4", "").starts_with("RTSP/1.0 200"), "the disk's");
    let mut client = server.connect();
    let answer = client.request("DESCRIBE", "/virtual/movie.mp4", "");
    assert!(answer.starts_with("RTSP/1.0 200"), "{answer}");
    let transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";
    let answer = client.request("SETUP", "/virtual/movie.mp4/trackID=3", transport);
    let session = format!("Session: {}\r\n", session_of(&answer));
    assert!(client.request("PLAY", "/virtual/movie.mp4", &session).starts_with("RTSP/1.0 200"));
    let mut packets = 0;
    while packets < 10 {
        packets += u32::from(client.frame().expect("a packet").0 == 0);
    }
    assert!(client.request("TEARDOWN", "/virtual/movie.mp4", &session).starts_with("RTSP/1.0 200"));
    server.wait_for("close");
    let notes = server.notes();
    assert!(notes.iter().any(|note| note == "open /a.mp4 flags 2"), "it sees the server's own files: {notes:#?}");
    assert_checks(&notes, 62, 1);
}

#[test]
fn trap_62_a_module_with_the_open_role_replaces_the_disk() {
    let Some(server) = with_virtual_movie(&["-DREPLACES"]) else { return };
    assert!(server.connect().request("DESCRIBE", "/a.mp4", "").starts_with("RTSP/1.0 404"));
    assert!(server.connect().request("DESCRIBE", "/virtual/movie.mp4", "").starts_with("RTSP/1.0 200"));
    assert_checks(&server.notes(), 62, 2);
}

#[test]
fn trap_63_an_asynchronous_file_is_waited_for() {
    let Some(server) = with_virtual_movie(&[]) else { return };
    let mut client = server.connect();
    client.send("GET /async HTTP/1.0\r\n\r\n");
    assert!(client.rest().starts_with("HTTP/1.0 200"));
    let notes = server.notes();
    assert_checks(&notes, 63, 4);
    let order: Vec<_> = notes.iter().filter(|note| *note == "blocked" || *note == "readable").collect();
    assert_eq!(order, ["blocked", "readable"]);
}

#[test]
fn trap_71_a_module_that_only_says_no_causes_a_challenge() {
    for (scheme, expected) in [("digest", "401"), ("none", "403")] {
        let Some(plan) = Plan::new() else { return };
        let pref = format!("<PREF NAME=\"authentication_scheme\" >{scheme}</PREF>");
        let server = plan.module("Network", "network.c", &[]).server(&pref).start();
        let answer = server.connect().request("DESCRIBE", "/forbidden.mp4", "");
        assert!(answer.starts_with(&format!("RTSP/1.0 {expected}")), "{scheme}: {answer}");
        assert_eq!(answer.contains("\r\nWWW-Authenticate: Digest realm="), scheme == "digest", "{answer}");
    }
}

#[test]
fn trap_68_73_frames_come_with_their_header_and_rtcp_without() {
    let Some(plan) = Plan::new() else { return };
    let server = plan.module("Network", "network.c", &[]).start();
    let mut client = server.connect();
    let transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";
    let answer = client.request("SETUP", "/a.mp4/trackID=3", transport);
    assert!(answer.starts_with("RTSP/1.0 200"), "{answer}");
    client.send("$\u{1}\0\u{8}");
    client.send_bytes(&[0x80, 201, 0, 1, 0, 0, 0, 9]);
    server.wait_for("incoming");
    server.wait_for("rtcp");
    assert_checks(&server.notes(), 73, 3);
    assert_checks(&server.notes(), 40, 2);
    // A session over UDP outlives its connection.
    let mut client = server.connect();
    let answer = client.request("SETUP", "/a.mp4/trackID=3", "Transport: RTP/AVP;unicast;client_port=6100-6101\r\n");
    assert!(answer.starts_with("RTSP/1.0 200"), "{answer}");
    drop(client);
    server.wait_for("connection closed");
    std::thread::sleep(Duration::from_millis(200));
    assert!(!server.notes().iter().any(|note| note.starts_with("session closed")), "{:#?}", server.notes());
}

#[test]
fn trap_42_a_module_that_blocks_holds_up_only_those_who_meet_it() {
    let Some(plan) = Plan::new() else { return };
    let server = plan.module("Network", "network.c", &["-DONLY_AUTHORIZE"]).start();
    let mut blocked = server.connect();
    let url = blocked.url("/a.mp4");
    for _ in 0..8 {
        let mut client = server.connect();
        client.send(&format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n"));
        std::mem::forget(client); // waits in line behind the module
    }
    blocked.send(&format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n"));
    server.wait_for("asleep");
    for _ in 0..20 {
        assert!(server.connect().request("OPTIONS", "*", "").starts_with("RTSP/1.0 200"));
    }
    assert!(!blocked.is_readable(Duration::from_millis(1)), "it is still held up");
    server.write("logs/go", "");
    assert!(blocked.response().starts_with("RTSP/1.0 200"));
}

#[test]
fn every_call_answers_misuse_with_its_code_and_a_c_a_cpp98_and_a_cpp20_module_live_together() {
    let Some(plan) = Plan::new() else { return };
    let server = plan
        .module("Everything", "everything.cpp", &["-std=c++20"])
        .module("Misc", "misc.cpp", &["-std=gnu++98", "-Wno-unused-result"])
        .module("Plain", "plain.c", &["-std=gnu99", "-DPROBE_NAME=Plain"])
        .unlinked("Unlinked", "unlinked.c")
        .start();
    let mut client = server.connect();
    let answer = client.request("SETUP", "/a.mp4/trackID=3", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n");
    let session = format!("Session: {}\r\n", session_of(&answer));
    assert!(client.request("TEARDOWN", "/a.mp4", &session).starts_with("RTSP/1.0 200"));
    server.wait_for("stale handles tried");
    let config = server.file("streamingserver.xml");
    assert!(config.contains("<PREF NAME=\"written\" TYPE=\"UInt32\" >77</PREF>"), "{config}");
    let (status, notes) = server.stop();
    assert_eq!(status, Some(0));
    for (trap, least) in [(81, 8 * 28), (82, 20), (83, 15), (84, 9), (9, 4), (57, 4)] {
        assert_checks(&notes, trap, least);
    }
}
