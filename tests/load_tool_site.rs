//! StreamingLoadTool against this server: every transport is played, and every packet is one that the movie's file
//! holds. The trap numbers are those of the list of DSS 6.0.3's surprises that this project was built against.

mod common;

use std::path::Path;
use std::process::{Command, Output};

use common::Site;

const MOVIE: &str = "sample_300kbit.mp4";
const AGAIN: &str = "streamingloadtool.mov";

/// Runs the tool with its own folder as the current one; its screen and its report.
fn run(folder: &Path, options: &[&str]) -> (Output, serde_json::Value) {
    let json = folder.join("result.json");
    let output = Command::new(env!("CARGO_BIN_EXE_StreamingLoadTool"))
        .current_dir(folder)
        .args(["--port-base", "23000", "--timeout", "15", "--progress", "none", "--json", json.to_str().unwrap()])
        .args(options)
        .output()
        .unwrap();
    let result = std::fs::read(&json).map_or(serde_json::Value::Null, |t| serde_json::from_slice(&t).unwrap());
    (output, result)
}

fn screen(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn number(value: &serde_json::Value, path: &str) -> f64 {
    value.pointer(path).and_then(serde_json::Value::as_f64).unwrap_or_else(|| panic!("{path} in {value}"))
}

/// Plays the sample with these options and has every packet looked up in the file.
fn verified(options: &[&str]) -> serde_json::Value {
    // viewers who vanished count until the server has missed them long enough
    let site = Site::with(&[("maximum_bandwidth", "1000000")]);
    let file = site.movie(MOVIE);
    let url = format!("rtsp://{}/{MOVIE}", site.address());
    let folder = tempfile::tempdir().unwrap();
    let mut all = vec!["-u", &url, "--no-permission-check", "--verify-file", file.to_str().unwrap()];
    all.extend(options);
    let (output, result) = run(folder.path(), &all);
    assert_eq!(output.status.code(), Some(0), "{}", screen(&output));
    assert_eq!(number(&result, "/packets/unlike"), 0.0);
    assert_eq!(number(&result, "/packets/malformed"), 0.0);
    assert_eq!(number(&result, "/sessions/failed"), 0.0, "{}", screen(&output));
    result
}

/// Four clients for three seconds; all that came was in the file.
fn plays(transport: &str) -> serde_json::Value {
    let result = verified(&["-t", transport, "-n", "4", "-l", "3"]);
    let (received, same) = (number(&result, "/packets/received"), number(&result, "/packets/verified"));
    assert!(received > 400.0, "{received}");
    // a packet sent twice counts once
    assert!(same >= received - number(&result, "/packets/duplicate") && same <= received, "{same} of {received}");
    result
}

#[test]
fn udp_is_played_and_is_what_the_file_holds() {
    plays("udp");
}

#[test]
fn interleaved_tcp_is_played_and_is_what_the_file_holds() {
    plays("tcp");
}

#[test]
fn the_http_tunnel_is_played_and_is_what_the_file_holds() {
    plays("http");
}

#[test]
fn reliable_udp_is_played_acknowledged_and_is_what_the_file_holds() {
    let result = plays("reliableudp");
    assert!(number(&result, "/packets/acks") >= number(&result, "/packets/verified"));
}

#[test]
fn a_3gpp_terminal_is_played_and_is_what_the_file_holds() {
    let config = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(config.path(), "rtcpinterval 500\n").unwrap();
    let path = config.path().to_str().unwrap().to_owned();
    let result = verified(&["-t", "3gudp", "-n", "4", "-l", "3", "-f", &path]);
    assert!(number(&result, "/packets/buffer_feedback") > 0.0);
    assert!(number(&result, "/packets/verified") > 400.0);
}

#[test]
fn seeks_and_random_starts_are_followed_in_the_file() {
    let result = verified(&["-n", "4", "-l", "5", "--random-start", "--seek", "0.7"]);
    assert!(number(&result, "/sessions/seeks") >= 12.0);
    assert!(number(&result, "/packets/verified") > 400.0);
}

#[test]
fn a_loop_asks_again_as_soon_as_all_has_come_and_little_is_left() {
    // TCP is sent ahead: the last four seconds come in two, and the next round begins without a pause
    let result = verified(&["-t", "tcp", "-n", "2", "-l", "7", "--start", "16", "--loop"]);
    assert!(number(&result, "/sessions/seeks") >= 2.0);
    let pauses: Vec<f64> = result["samples"]
        .as_array()
        .unwrap()
        .windows(2)
        .map(|w| number(&w[1], "/packets") - number(&w[0], "/packets"))
        .collect();
    // Without that, two seconds in a row would bring nothing.
    assert!(pauses[1..pauses.len() - 2].windows(2).all(|two| two[0] + two[1] > 20.0), "{pauses:?}");
}

#[test]
fn a_byte_that_differs_from_the_file_is_found_and_its_place_is_told() {
    let site = Site::new();
    let served = site.movie(MOVIE);
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.mp4");
    let mut bytes = std::fs::read(&served).unwrap();
    // in the media of a hinted sample, where it changes payloads and no table
    let at = bytes.len() / 3;
    bytes[at] ^= 0x55;
    std::fs::write(&other, bytes).unwrap();
    let url = format!("rtsp://{}/{MOVIE}", site.address());
    let options =
        ["-u", &url, "--no-permission-check", "--verify-file", other.to_str().unwrap(), "-l", "15", "-t", "tcp"];
    let (output, result) = run(folder.path(), &options);
    assert_eq!(output.status.code(), Some(1), "{}", screen(&output));
    assert_eq!(number(&result, "/packets/unlike"), 1.0);
    let first = result["first_unlike"].as_str().unwrap();
    for part in ["client 0, session ", "/trackID=", "sequence ", "due is packet "] {
        assert!(first.contains(part), "{first}");
    }
    assert!(screen(&output).contains("1 packets are not what the file holds"), "{}", screen(&output));
}

#[test]
fn a_run_in_which_nobody_played_has_failed() {
    let site = Site::new();
    let url = format!("rtsp://{}/nothing.mp4", site.address());
    let folder = tempfile::tempdir().unwrap();
    let (output, result) = run(folder.path(), &["-u", &url, "--no-permission-check"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(result["failures"][0], "no session played");
}

#[test]
fn trap_36_the_urls_port_counts_the_servers_permission_is_asked_and_the_installed_file_is_found() {
    let site = Site::new();
    site.movie(MOVIE);
    let url = format!("rtsp://{}/{MOVIE}", site.address());
    let folder = tempfile::tempdir().unwrap();
    // port 1 of the file would reach nobody
    let config = format!("url {url}\nport 1\nmovielength 1\n");
    std::fs::write(folder.path().join("streamingloadtool.conf"), config).unwrap();
    let (output, _) = run(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(255));
    let warning = format!("##WARNING: Cannot access rtsp://{}/{AGAIN}", site.address());
    assert!(screen(&output).contains(&warning), "{}", screen(&output));

    std::fs::rename(site.movie("sample_100kbit.mov"), site.movie(MOVIE).with_file_name(AGAIN)).unwrap();
    let (output, result) = run(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", screen(&output));
    assert_eq!(number(&result, "/sessions/ended"), 1.0);
    let done = "Done checking for 'streamingloadtool.mov' on all servers -- 1 valid URL's";
    assert!(screen(&output).contains(done), "{}", screen(&output));
}

#[test]
fn many_short_sessions_join_and_leave_and_none_is_left_behind() {
    let result = verified(&[
        "-n",
        "40",
        "--ramp",
        "0",
        "--stay",
        "exp:0.2",
        "--rejoin",
        "0..0.1",
        "--sessions",
        "400",
        "--rude",
        "20",
    ]);
    assert_eq!(number(&result, "/sessions/begun"), 400.0);
    // a server without time to spare refuses some
    assert_eq!(number(&result, "/sessions/ended") + number(&result, "/sessions/refused"), 400.0);
    assert!(number(&result, "/packets/verified") > 400.0);
}
