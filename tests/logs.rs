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
    // Each 401 is a line.
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
    assert_eq!(names, ["Error.log", "StreamingServer.log", "mp3_access.log"]);
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

/// A configuration with more preferences in a module's section, before the server starts.
fn configured(folder: &std::path::Path, module: &str, prefs: &str) {
    let file = folder.join("streamingserver.xml");
    let (text, section) = (fs::read_to_string(&file).unwrap(), format!("<MODULE NAME=\"{module}\">"));
    let text = match text.contains(&section) {
        true => text.replace(&section, &format!("{section}{prefs}")),
        false => text.replace("</CONFIGURATION>", &format!("{section}{prefs}</MODULE></CONFIGURATION>")),
    };
    fs::write(file, text).unwrap();
}

fn on(name: &str) -> String {
    format!("<PREF NAME=\"{name}\" TYPE=\"Bool16\">true</PREF>")
}

/// A text preference; FOLDER is the site's.
fn text(folder: &std::path::Path, name: &str, value: &str) -> String {
    site::pref(name, &value.replace("FOLDER", &folder.display().to_string()))
}

fn json_lines(site: &Site, name: &str) -> Vec<serde_json::Value> {
    let text = read(site, name);
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}

/// DSS 6.0.3's log had a line at the end of a session only.
#[test]
fn plays_pauses_and_seeks_are_remarks_if_they_are_wanted() {
    let site = Site::prepared(|folder| {
        let prefs = on("request_log_events") + &site::pref("request_json_logfile_name", "AccessJson");
        configured(folder, "QTSSAccessLogModule", &prefs);
    });
    let mut client = site.connect();
    let transport = b"Transport: RTP/AVP;unicast;client_port=17070-17071\r\n";
    let setup = client.send("SETUP", "/open/clip.3gp/trackID=3", transport, "");
    let session = format!("Session: {}\r\n", setup.all("Session")[0].split(';').next().unwrap());
    let mut ask = |method: &str, range: &str| {
        let reply = client.send(method, "/open/clip.3gp", format!("{session}{range}").as_bytes(), "");
        assert_eq!(reply.status, 200, "{method}: {}", reply.text);
    };
    ask("PLAY", "Range: npt=0-\r\n");
    ask("PLAY", ""); // a sign of life
    ask("PAUSE", "");
    ask("PAUSE", ""); // nothing more
    ask("PLAY", "");
    ask("PLAY", "Range: npt=9-\r\n");
    ask("GET_PARAMETER", "");
    ask("TEARDOWN", "");
    let entry = wait_for(&site, 1).remove(0);
    assert_eq!(entry.split(' ').count(), 40, "the entries are as ever: {entry}");
    let log = read(&site, LOG);
    let events: Vec<Vec<&str>> =
        log.lines().filter(|line| line.contains(" c-ip=")).map(|line| line.split(' ').collect()).collect();
    let kinds: Vec<_> = events.iter().map(|event| (event[0], event[1])).collect();
    assert_eq!(kinds, ["PLAY", "PAUSE", "RESUME", "SEEK"].map(|kind| ("#Remark:", kind)), "{log}");
    for event in &events {
        assert_eq!((event[4], event[5]), ("c-ip=127.0.0.1", "cs-uri-stem=/open/clip.3gp"));
        assert!(event[6].starts_with("npt=") && event[7].starts_with("sc-bytes="), "{event:?}");
        assert_eq!(event[9], events[0][9], "the same session");
    }
    let place = |index: usize| events[index][6].trim_start_matches("npt=").parse::<f64>().unwrap();
    assert_eq!((place(0), place(1)), (0.0, place(2)), "it goes on where it was paused");
    assert!(place(3) > 5.0 && place(3) <= 9.0, "at a key frame: {log}");
    let json = json_lines(&site, "logs/AccessJson.log");
    let events: Vec<_> = json.iter().filter_map(|line| line["event"].as_str()).collect();
    assert_eq!(events, ["STARTUP", "play", "pause", "resume", "seek"]);
    assert_eq!(
        json.last().map(|line| (line["c-status"].as_u64(), line["filelength"].is_u64())),
        Some((Some(200), true))
    );
}

#[test]
fn milliseconds_json_lines_and_the_machines_own_log_are_there_when_asked_for() {
    let (sender, machine) = std::sync::mpsc::channel();
    let sockets = tempfile::tempdir_in("/tmp").or_else(|_| tempfile::tempdir()).unwrap(); // TMPDIR may be too long for sockets
    let path = sockets.path().join("socket");
    let site = Site::prepared(|folder| {
        // Read from the beginning: the kernel keeps ten datagrams, and the server does not wait.
        let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length) = socket.recv(&mut bytes) {
                let _ = sender.send(String::from_utf8_lossy(&bytes[..length]).into_owned());
            }
        });
        let prefs = on("error_log_milliseconds")
            + &site::pref("error_json_logfile_name", "ErrorJson")
            + &text(folder, "system_log", &format!("journal:{}", path.display()));
        configured(folder, "QTSSErrorLogModule", &prefs);
        configured(folder, "QTSSAccessLogModule", &on("request_logtime_milliseconds"));
    });
    miss(&site);
    let entry = wait_for(&site, 1).remove(0);
    let time = entry.split(' ').nth(2).unwrap();
    assert_eq!((time.len(), time.as_bytes()[8]), ("HH:MM:SS.mmm".len(), b'.'), "{entry}");
    let log = site.error_log();
    let line = log.lines().find(|line| line.contains("Module Loaded...")).unwrap();
    assert_eq!(&line[19..20], ".", "{line}");
    assert!(line[20..].split_once(": INFO: Module Loaded...").is_some_and(|(millis, _)| millis.len() == 3), "{line}");
    let json = json_lines(&site, "logs/ErrorJson.log");
    assert!(json[0]["created"].is_string() && json[1]["event"] == "STARTUP", "{json:?}");
    let loaded = "Module Loaded...QTSSErrorLogModule [static]";
    let is_loaded = |line: &serde_json::Value| line["level"] == "INFO" && line["message"] == loaded;
    assert!(json.iter().any(|line| is_loaded(line) && line["time"].is_string()), "{json:?}");
    let entry = loop {
        let entry = machine.recv_timeout(PATIENCE).expect("the entry");
        if entry.contains(&format!("\nMESSAGE={loaded}\n")) {
            break entry;
        }
    };
    assert!(entry.starts_with("PRIORITY=6\nSYSLOG_IDENTIFIER=DarwinStreamingServer\n"), "{entry}");
}

/// What DSS's default configuration gives must not change with what can be switched on.
#[test]
fn without_a_wish_there_are_dss_three_logs_and_nothing_more() {
    let site = Site::new();
    miss(&site);
    let entry = wait_for(&site, 1).remove(0);
    assert_eq!(entry.split(' ').nth(2).map(str::len), Some("HH:MM:SS".len()), "{entry}");
    assert!(site.error_log().lines().skip(2).all(|line| line.as_bytes()[19] == b':'), "{}", site.error_log());
    let mut names: Vec<_> = fs::read_dir(site.path("logs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.retain(|name| name.ends_with(".log"));
    names.sort();
    assert_eq!(names, ["Error.log", "StreamingServer.log", "mp3_access.log"]);
}

#[test]
fn what_is_answered_over_http_is_in_a_log_of_its_own_if_it_is_wanted() {
    use std::io::{Read, Write};
    let site = Site::prepared(|folder| {
        configured(folder, "QTSSHttpFileModule", &on("http_logging"));
    });
    let ask = |line: &str| {
        let mut stream = site.connect().stream;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(format!("{line}\r\nUser-Agent: x\r\n\r\n").as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8(answer).unwrap()
    };
    let status = ask("GET /server_status?\"a=b HTTP/1.1");
    let refused = ask("GET /modules/admin HTTP/1.0");
    ask("GET /nobody/answers HTTP/1.0");
    let until = Instant::now() + PATIENCE;
    let log = loop {
        let log = read(&site, "logs/StreamingServerHttp.log");
        if log.lines().count() >= 3 {
            break log;
        }
        assert!(Instant::now() < until, "{log}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    let lines: Vec<_> = log.lines().collect();
    assert!(lines[0].starts_with("#Log File Created On: "));
    let body = |answer: &str| answer.split_once("\r\n\r\n").unwrap().1.len();
    for (line, request, code, bytes) in [
        (lines[1], "GET /server_status?%22a=b HTTP/1.1", 200, body(&status)),
        (lines[2], "GET /modules/admin HTTP/1.0", 401, body(&refused)),
    ] {
        let (before, after) = line.split_once('"').unwrap();
        assert!(before.starts_with("127.0.0.1 - - 20") && before.len() == "127.0.0.1 - - YYYY-MM-DD HH:MM:SS ".len());
        assert_eq!(after, format!("{request}\" {code} {bytes}"));
    }
    assert_eq!(lines.len(), 3, "{log}");
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
