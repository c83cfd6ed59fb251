//! What goes wrong around a server: it is killed, a module crashes, its disk is full, its log folder is taken away, its
//! configuration is half written, descriptors run out, the date jumps. Each of it happens to a real server with its parent
//! while people watch, who must not notice.

#![allow(clippy::print_stderr)] // a test that does nothing has to say so

#[path = "../cve/audience.rs"]
mod audience;
#[path = "../common/mod.rs"]
mod common;
mod daemon;
mod hostile;
#[path = "../modules/lab.rs"]
mod lab;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use audience::Audience;
use common::{Client, Ports, VIDEO, eventually};
use daemon::{Daemon, MOVIE, Site};
use lab::Plan;
use nix::sys::signal::{Signal, kill};

const PATH: &str = "/sample_50kbit.3gp";

/// How often a line of the error log says this.
fn told(daemon: &Daemon, text: &str) -> usize {
    daemon.error_log().matches(text).count()
}

#[test]
fn a_server_killed_while_it_plays_is_back_with_its_pid_file_and_one_line_of_explanation() {
    let daemon = Site::new("").start();
    let (parent, first) = daemon.pids();
    let viewers: Vec<_> = (0..10)
        .map(|_| {
            let (mut client, ports) = (daemon.connect(), Ports::new());
            client.setup(MOVIE, VIDEO, &ports.transport());
            client.play(MOVIE, "0-");
            ports.packet();
            (client, ports)
        })
        .collect();
    kill(first, Signal::SIGKILL).unwrap();
    eventually("another server", || {
        fs::read_to_string(daemon.path("pid")).unwrap_or_default().lines().count() == 1 || daemon.pids().1 != first
    });
    let (same, second) = daemon.pids();
    assert_eq!(same, parent);
    assert_ne!(second, first);
    eventually("it serves", || daemon.describe(PATH) == 200);
    let reason = format!("Server process {first} was killed by SIGKILL after ");
    daemon.wait_for_log(&reason);
    assert_eq!(told(&daemon, &reason), 1, "{}", daemon.error_log());
    assert_eq!(told(&daemon, "SIGKILL"), 1, "{}", daemon.error_log());
    drop(viewers);
}

#[test]
fn a_module_that_crashes_in_authorize_is_named_and_the_next_server_serves() {
    let Some(plan) = Plan::new() else { return };
    let plan = plan.module("QTSSCrashModule", "crash.c", &[]);
    let site = Site::new("");
    fs::copy(plan.folder().join("QTSSCrashModule"), site.path("modules/QTSSCrashModule")).unwrap();
    fs::copy(site.path("movies").join(MOVIE), site.path("movies/crash.3gp")).unwrap();
    let daemon = site.start();
    let (_, first) = daemon.pids();
    assert_eq!(daemon.describe(PATH), 200);
    let mut client = daemon.connect();
    client.post("DESCRIBE", "/crash.3gp", "");
    assert!(client.is_closed());
    daemon.wait_for_log("was killed by SIGSEGV");
    let line = daemon.error_log().lines().find(|line| line.contains("SIGSEGV")).unwrap_or_default().to_owned();
    assert!(line.contains(&format!("Server process {first} ")), "{line}");
    assert!(line.contains("in role QTSS_RTSPAuthorize_Role of module QTSSCrashModule"), "{line}");
    eventually("it serves", || daemon.describe(PATH) == 200);
}

#[test]
fn rereading_over_and_over_costs_nothing_and_loses_nobody() {
    let daemon = Site::new("").start();
    let audience = Audience::of(daemon.address(), MOVIE);
    let (pids, descriptors) = (daemon.pids(), daemon.descriptors());
    let (log, file) = (daemon.error_log(), fs::read(daemon.path("streamingserver.xml")).unwrap());
    let files = fs::read_dir(daemon.path("")).unwrap().count();
    for _ in 0..200 {
        daemon.signal(Signal::SIGHUP);
        std::thread::sleep(Duration::from_millis(10));
    }
    audience.gets_more();
    assert_eq!(daemon.describe(PATH), 200);
    assert_eq!(daemon.pids(), pids);
    eventually("as many descriptors", || daemon.descriptors() <= descriptors);
    assert_eq!(daemon.error_log(), log, "nothing to tell");
    assert_eq!(fs::read(daemon.path("streamingserver.xml")).unwrap(), file);
    assert_eq!(fs::read_dir(daemon.path("")).unwrap().count(), files, "no copies are left behind");
    audience.leaves();
}

#[test]
fn a_full_disk_is_told_of_once_and_logging_goes_on_when_there_is_room() {
    let site = Site::new("");
    symlink("/dev/full", site.path("logs/StreamingServer.log")).unwrap();
    let daemon = site.start();
    let audience = Audience::of(daemon.address(), MOVIE);
    for number in 0..20 {
        assert_eq!(daemon.describe(&format!("/none{number}")), 404);
    }
    daemon.wait_for_log("cannot write the log");
    audience.gets_more();
    assert_eq!(told(&daemon, "cannot write the log"), 1, "{}", daemon.error_log());
    // There is room again.
    fs::remove_file(daemon.path("logs/StreamingServer.log")).unwrap();
    let log = || fs::read_to_string(daemon.path("logs/StreamingServer.log")).unwrap_or_default();
    eventually("lines are written again, without a signal", || {
        daemon.describe("/later");
        log().contains("/later")
    });
    assert!(log().lines().all(|line| line.starts_with('#') || line.split(' ').count() == 40), "{}", log());
    audience.leaves();
}

#[test]
fn an_error_log_on_a_full_disk_stops_neither_the_start_nor_the_streams() {
    let site = Site::new("");
    symlink("/dev/full", site.path("logs/Error.log")).unwrap();
    let daemon = site.start();
    let audience = Audience::of(daemon.address(), MOVIE);
    fs::write(daemon.path("streamingserver.xml"), "<CONFIGURATION><SERVER><PREF NA").unwrap();
    daemon.signal(Signal::SIGHUP);
    audience.gets_more();
    fs::remove_file(daemon.path("logs/Error.log")).unwrap();
    let mut text = String::from("<CONFIGURATION><SERVER><PREF NA");
    eventually("the error log again", || {
        text.insert(0, '\n'); // otherwise it would be the same message again
        fs::write(daemon.path("streamingserver.xml"), &text).unwrap();
        daemon.signal(Signal::SIGHUP);
        daemon.error_log().contains("the preferences stay as they were")
    });
    audience.gets_more();
    audience.leaves();
}

#[test]
fn a_log_folder_taken_away_is_made_anew_at_the_next_line() {
    let daemon = Site::new("").start();
    let audience = Audience::of(daemon.address(), MOVIE);
    fs::remove_dir_all(daemon.path("logs")).unwrap();
    assert_eq!(daemon.describe("/none"), 404);
    eventually("the access log is back", || {
        fs::read_to_string(daemon.path("logs/StreamingServer.log")).is_ok_and(|text| text.contains("/none"))
    });
    fs::write(daemon.path("streamingserver.xml"), "<CONFIGURATION><SERVER><PREF NA").unwrap();
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for_log("the preferences stay as they were");
    audience.gets_more();
    audience.leaves();
}

/// A description with one track, announced and set up to be sent on a connection that has to be kept.
fn broadcast(daemon: &Daemon, path: &str) -> Client {
    const SDP: &str = "v=0\r\ns=Cast\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 X-TEST/90000\r\n";
    let mut client = daemon.connect();
    assert_eq!(client.ask_with_body("ANNOUNCE", path, "Content-Type: application/sdp", SDP).status, 200);
    client.setup(path.trim_start_matches('/'), "trackID=1", "RTP/AVP/TCP;unicast;interleaved=0-1;mode=record");
    assert_eq!(client.ask("RECORD", path, "").status, 200);
    client.send_frame(0, &[0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 7, 7]);
    client
}

#[test]
fn descriptions_of_a_server_that_was_killed_are_gone_when_the_next_one_serves() {
    let daemon = Site::new("").start();
    let at = |name: &str| daemon.path("movies").join(name);
    fs::write(at("own.sdp"), "the operator's\n").unwrap();
    let _casters = [broadcast(&daemon, "/a.sdp"), broadcast(&daemon, "/own.sdp")];
    assert!(at("a.sdp").exists() && fs::read_to_string(at("own.sdp")).unwrap().contains("s=Cast"));
    let (_, first) = daemon.pids();
    kill(first, Signal::SIGKILL).unwrap();
    eventually("another process serves", || {
        let text = fs::read_to_string(daemon.path("pid")).unwrap_or_default();
        text.lines().count() == 2 && daemon.pids().1 != first && daemon.describe(PATH) == 200
    });
    assert!(!at("a.sdp").exists());
    assert_eq!(fs::read_to_string(at("own.sdp")).unwrap(), "the operator's\n");
    let kept = fs::read_dir(daemon.path("movies")).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(kept.filter(|name| name != MOVIE).collect::<Vec<_>>(), ["own.sdp"], "nor what was kept aside");
    daemon.wait_for_log("a.sdp: description of a broadcast that ended with the last server, removed");
    // The name is free.
    drop(broadcast(&daemon, "/a.sdp"));
    eventually("the end of the broadcast is noticed", || !at("a.sdp").exists());
}

#[test]
fn a_configuration_that_an_editor_is_writing_changes_nothing_until_it_is_whole() {
    let daemon = Site::new("").start();
    let audience = Audience::of(daemon.address(), MOVIE);
    let config = daemon.path("streamingserver.xml");
    let good = fs::read_to_string(&config).unwrap();
    let inside_a_tag = good.find("movie_folder").unwrap() + 5;
    for (number, cut) in [0, 1, inside_a_tag, good.len() / 2, good.len() - 4].into_iter().enumerate() {
        fs::write(&config, &good[..cut]).unwrap();
        daemon.signal(Signal::SIGHUP);
        eventually("one line for each", || told(&daemon, "the preferences stay as they were") == number + 1);
        assert_eq!(daemon.describe(PATH), 200, "cut at {cut}");
        assert_eq!(fs::read_to_string(&config).unwrap(), good[..cut], "an editor's file is the editor's");
    }
    fs::remove_file(&config).unwrap();
    daemon.signal(Signal::SIGHUP);
    eventually("one line more", || told(&daemon, "the preferences stay as they were") == 6);
    assert_eq!(daemon.describe(PATH), 200);
    audience.gets_more();
    audience.leaves();
    // Written beside and renamed, as careful editors do: counts at the next signal.
    let beside = daemon.path("streamingserver.xml~");
    let moved = daemon.path("elsewhere");
    fs::create_dir(&moved).unwrap();
    fs::copy(daemon.path("movies").join(MOVIE), moved.join("other.3gp")).unwrap();
    let movies = daemon.path("movies").display().to_string();
    fs::write(&beside, good.replace(&movies, &moved.display().to_string())).unwrap();
    fs::rename(&beside, &config).unwrap();
    daemon.signal(Signal::SIGHUP);
    eventually("the new movie folder counts", || daemon.describe("/other.3gp") == 200);
}

#[test]
fn sixty_four_descriptors_serve_those_who_have_some_and_tell_the_others_why() {
    let site = Site::new("<PREF NAME=\"maximum_connections\" TYPE=\"SInt32\" >20</PREF>");
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 64 && exec \"$0\" -c \"$1\""]);
    command.arg(env!("CARGO_BIN_EXE_DarwinStreamingServer")).arg(site.config());
    let daemon = site.start_by(command);
    daemon.wait_for_log("The limit of 64 open files is too low for maximum_connections 20");
    let audience = Audience::of(daemon.address(), MOVIE);
    let mut crowd: Vec<_> = (0..80).map(|_| daemon.connect()).collect();
    crowd.iter_mut().for_each(|client| client.send(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"));
    daemon.wait_for_log("Out of file descriptors");
    audience.gets_more();
    assert_eq!(crowd[0].reply().status, 200, "who came in time is served");
    drop(crowd);
    // Those who waited are answered one after the other, or closed; then there is room again.
    let until = Instant::now() + Duration::from_secs(60);
    while !daemon.error_log().contains("Descriptors are available again") {
        assert!(Instant::now() < until, "{}", daemon.error_log());
        let _ = std::net::TcpStream::connect(daemon.address());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(daemon.describe(PATH), 200);
    assert_eq!(told(&daemon, "Out of file descriptors"), 1, "{}", daemon.error_log());
    audience.leaves();
}

/// Half requests, noise, headers without end, garbage in frames and datagrams, storms of SETUP and TEARDOWN, tunnels that do
/// not match: six hundred of them, by a dozen at once.
#[test]
fn hostile_clients_leave_nothing_behind() {
    let daemon = Site::new("<PREF NAME=\"maximum_connections\" TYPE=\"SInt32\" >500</PREF>").start();
    let audience = Audience::of(daemon.address(), MOVIE);
    let (mut client, ports) = (daemon.connect(), Ports::new());
    let setup = client.setup(MOVIE, VIDEO, &ports.transport());
    let port: u16 = setup.transport("server_port")[0].split('-').next_back().unwrap().parse().unwrap();
    let (pids, descriptors) = (daemon.pids(), daemon.descriptors());
    let server = daemon.address();
    std::thread::scope(|scope| {
        for worker in 0..12 {
            scope.spawn(move || (0..50).for_each(|round| hostile::attack(server, MOVIE, worker * 50 + round)));
        }
        hostile::datagrams((server.ip(), port).into(), 1);
    });
    audience.gets_more();
    assert_eq!(daemon.pids(), pids);
    eventually("all of them are gone", || daemon.descriptors() <= descriptors);
    assert!(!daemon.error_log().contains("panic"), "{}", daemon.error_log());
    assert_eq!(client.ask("TEARDOWN", PATH, "").status, 200);
    assert_eq!(daemon.describe(PATH), 200);
    audience.leaves();
}

/// The preloaded library that steps the date; `None`, with a word, without a compiler.
fn clock_library(folder: PathBuf) -> Option<PathBuf> {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/robustness/clock.c");
    let library = folder.join("clock.so");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", source, "-ldl", "-o"]).arg(&library).status();
    if !built.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: stepping the date needs the system's cc");
        return None;
    }
    Some(library)
}

#[test]
fn a_date_that_jumps_a_day_to_and_fro_is_nothing_to_viewers() {
    const DAY: i64 = 86_400;
    let site = Site::new("");
    let Some(library) = clock_library(site.path("movies")) else { return };
    let step = site.path("step");
    fs::write(&step, 0i64.to_ne_bytes()).unwrap();
    let mut command = site.command();
    command.env("LD_PRELOAD", library).env("CLOCK_STEP", &step);
    let daemon = site.start_by(command);
    let audience = Audience::of(daemon.address(), MOVIE);
    let pids = daemon.pids();
    let year = |daemon: &Daemon| {
        let reply = daemon.connect().ask("DESCRIBE", PATH, "");
        dss::rtsp::date::parse(reply.header("Date")).unwrap()
    };
    let before = year(&daemon);
    for (seconds, name) in [(DAY, "/tomorrow"), (0, "/today"), (-DAY, "/yesterday"), (0, "/again")] {
        // In place: the server has the file mapped.
        use std::os::unix::fs::FileExt;
        fs::OpenOptions::new().write(true).open(&step).unwrap().write_at(&seconds.to_ne_bytes(), 0).unwrap();
        let away = year(&daemon);
        let (from, to) = (before + Duration::from_secs(DAY as u64), away + Duration::from_secs(DAY as u64));
        let moved =
            to.duration_since(from).map_or_else(|error| -(error.duration().as_secs() as i64), |by| by.as_secs() as i64);
        assert!((moved - seconds).abs() < 600, "the step has come through: {moved} of {seconds}");
        assert_eq!(daemon.describe(name), 404);
        audience.gets_more();
        assert_eq!(daemon.describe(PATH), 200);
    }
    assert_eq!(daemon.pids(), pids);
    // The lines are where they belong, whichever files a roll by age may have begun.
    let logs =
        fs::read_dir(daemon.path("logs")).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    let text: String = logs.collect();
    for name in ["/tomorrow", "/today", "/yesterday", "/again"] {
        assert_eq!(text.matches(name).count(), 1, "{name} in {text}");
    }
    audience.leaves();
}
