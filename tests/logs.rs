//! StreamingServer.log and Error.log as operators and their scripts meet them.

mod site;

use std::fs;
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use site::{PATIENCE, Site};

const LOG: &str = "logs/StreamingServer.log";

fn read(site: &Site, name: &str) -> String {
    fs::read_to_string(site.path(name)).unwrap_or_default()
}

/// The lines of the access log that are no comments.
fn entries(site: &Site) -> Vec<String> {
    read(site, LOG).lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// Waits until the access log has so many entries.
fn wait_for(site: &Site, count: usize) -> Vec<String> {
    let until = Instant::now() + PATIENCE;
    loop {
        let entries = entries(site);
        if entries.len() >= count {
            return entries;
        }
        assert!(Instant::now() < until, "{entries:?}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// Waits until a file is there.
fn wait_for_file(site: &Site, name: &str) {
    let until = Instant::now() + PATIENCE;
    while !site.path(name).exists() {
        assert!(Instant::now() < until, "no {name}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

fn signal(site: &Site, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(site.process.id()).unwrap()), signal).unwrap();
}

fn miss(site: &Site) {
    assert_eq!(site.connect().describe("/nothing.3gp").status, 404);
}

#[test]
fn trap_21_a_log_that_was_moved_away_is_made_anew_at_a_signal_and_at_the_next_line() {
    let site = Site::new();
    site.access_file("locked", "require valid-user\n");
    // Each 401 is a line. A server on port 0 listens elsewhere after a reread, so the connection stays.
    let mut client = site.connect();
    assert_eq!(client.describe("/locked/clip.3gp").status, 401);
    wait_for(&site, 1);
    for (number, then) in [Signal::SIGHUP, Signal::SIGUSR1].into_iter().enumerate() {
        let moved = format!("logs/moved.{number}");
        fs::rename(site.path(LOG), site.path(&moved)).unwrap();
        let before = read(&site, &moved);
        signal(&site, then);
        if then == Signal::SIGHUP {
            wait_for_file(&site, LOG);
        }
        assert_eq!(client.describe("/locked/clip.3gp").status, 401);
        let entries = wait_for(&site, 1);
        assert_eq!((entries.len(), read(&site, &moved)), (1, before), "{then}");
        assert!(read(&site, LOG).starts_with("#Log File Created On: "));
    }
}

#[test]
fn trap_22_garbage_in_the_first_line_rolls_nothing() {
    let site = Site::prepared(|folder| {
        fs::write(folder.join("logs/StreamingServer.log"), "garbage\n").unwrap();
        fs::write(folder.join("logs/Error.log"), "\0\0\0").unwrap();
    });
    miss(&site);
    wait_for(&site, 2);
    let mut names: Vec<_> = fs::read_dir(site.path("logs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.retain(|name| name.ends_with(".log"));
    names.sort();
    assert_eq!(names, ["Error.log", "StreamingServer.log"]);
    assert!(read(&site, LOG).starts_with("garbage\n"));
}

#[test]
fn trap_34_header_and_lines_are_read_by_splitting_at_blanks() {
    let site = Site::new();
    miss(&site);
    let entry = wait_for(&site, 1).remove(0);
    let text = read(&site, LOG);
    let head: Vec<_> = text.lines().take(7).collect();
    let (date, stamp) = (head[3].strip_prefix("#Date: ").unwrap(), head[6].rsplit_once("STARTUP ").unwrap().1);
    assert_eq!(head[1..3], ["#Software: DSS", "#Version: 6.0.3"]);
    assert_eq!((date.len(), stamp.len(), head[4]), (19, 19, "#Remark: all time values are in GMT."));
    let names = "c-ip date time c-dns cs-uri-stem c-starttime x-duration c-rate c-status c-playerid c-playerversion \
                 c-playerlanguage cs(User-Agent) c-os c-osversion c-cpu filelength filesize avgbandwidth protocol transport \
                 audiocodec videocodec sc-bytes cs-bytes c-bytes s-pkts-sent c-pkts-received c-pkts-lost-client c-buffercount \
                 c-totalbuffertime c-quality s-ip s-dns s-totalclients s-cpu-util cs-uri-query c-username sc(Realm) ";
    assert_eq!(head[5], format!("#Fields: {names}"), "a blank at the end");
    let values: Vec<_> = entry.strip_suffix(' ').expect("a blank at the end").split(' ').collect();
    let names: Vec<_> = names.trim_end().split(' ').collect();
    assert_eq!((values.len(), names.len()), (39, 39), "{entry}");
    let value = |name: &str| values[names.iter().position(|known| *known == name).unwrap()];
    for (name, expected) in [
        ("c-ip", "127.0.0.1"),
        ("cs-uri-stem", "/nothing.3gp"),
        ("c-status", "404"),
        ("c-starttime", "0"),
        ("x-duration", "0"),
        ("cs(User-Agent)", "-"),
        ("transport", "-"),
        ("cs-uri-query", "-"),
        ("c-username", "-"),
        ("sc(Realm)", "Streaming%20Server"),
    ] {
        assert_eq!(value(name), expected, "{name}");
    }
}

#[test]
fn trap_35_c_dns_is_the_host_of_the_url_and_c_playerid_the_client_s_address() {
    let site = Site::new();
    let mut client = site.connect_from("127.0.0.3");
    let named = client.url.replace("127.0.0.1", "movies.example");
    let by_address = client.url.trim_start_matches("rtsp://").to_owned();
    miss(&site);
    wait_for(&site, 1);
    client.url.clone_from(&named);
    assert_eq!(client.describe("/nothing.3gp").status, 404);
    let entries = wait_for(&site, 2);
    let fields: Vec<Vec<_>> = entries.iter().map(|entry| entry.split(' ').collect()).collect();
    assert_eq!((fields[0][3], fields[0][9]), (by_address.as_str(), "127.0.0.1"));
    assert_eq!((fields[1][3], fields[1][9]), (named.trim_start_matches("rtsp://"), "127.0.0.3"));
}

/// Scripts in a request reached the administrator's browser through the log pages.
#[test]
fn cve_2003_0054_a_request_puts_nothing_but_its_own_line_into_the_logs() {
    let site = Site::new();
    let agent = "User-Agent: x\u{1b}[2J<script>alert(1)</script>\x08\t127.0.0.1 2026-01-01 forged\r\n";
    let mut client = site.connect();
    assert_eq!(client.send("DESCRIBE", "/<script>alert(1)</script>%0a%0d127.0.0.1", agent.as_bytes(), "").status, 404);
    let entries = wait_for(&site, 1);
    assert_eq!((entries.len(), entries[0].split(' ').count()), (1, 40), "{entries:?}");
    assert!(!read(&site, LOG).contains(|sign: char| sign.is_control() && sign != '\n'));
}

/// A User-Agent of more than 255 bytes in DESCRIBE ended the server.
#[test]
fn cve_2004_0169_a_long_user_agent_is_cut() {
    let site = Site::new();
    for length in [255, 256, 257, 3000] {
        let agent = format!("User-Agent: {}\r\n", "u".repeat(length));
        assert_eq!(site.connect().send("DESCRIBE", "/nothing.3gp", agent.as_bytes(), "").status, 404);
    }
    for entry in wait_for(&site, 4) {
        assert_eq!(entry.split(' ').nth(12).map(str::len), Some(255), "{entry}");
    }
}

/// A full disk is tried with a log that is a device without room.
#[test]
fn a_log_that_cannot_be_written_stops_no_stream_and_is_told_of_once() {
    let site = Site::prepared(|folder| {
        std::os::unix::fs::symlink("/dev/full", folder.join("logs/StreamingServer.log")).unwrap();
    });
    for _ in 0..3 {
        miss(&site);
    }
    assert_eq!(site.connect().describe("/open/clip.3gp").status, 200);
    site.wait_for_log("cannot write the log");
    assert_eq!(site.error_log().matches("cannot write the log").count(), 1, "{}", site.error_log());
}
