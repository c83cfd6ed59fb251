//! StreamingLoadTool against a small RTSP responder: what it reports must be what the responder did.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What the responder does wrong.
#[derive(Clone, Copy, Default)]
struct Faults {
    /// Leaves out each packet whose number is a multiple.
    leave_out: Option<u64>,
    /// Refuses SETUP with this status.
    refuse: Option<u16>,
    /// Sends nothing for so long after this many packets.
    pause: Option<(u64, Duration)>,
    /// Sends other payloads to every client but the first.
    spoil: bool,
    /// Has no streamingloadtool.mov.
    forbid: bool,
}

/// Media of 100 packets a second, one stream.
struct Responder {
    address: SocketAddr,
    sent: Arc<AtomicU64>,
    left_out: Arc<AtomicU64>,
    reports: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

const PERIOD: Duration = Duration::from_millis(10);

impl Responder {
    fn start(faults: Faults) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let responder = Self {
            address: listener.local_addr().unwrap(),
            sent: Arc::default(),
            left_out: Arc::default(),
            reports: Arc::default(),
            stop: Arc::default(),
        };
        let (sent, left_out, reports) = (responder.sent.clone(), responder.left_out.clone(), responder.reports.clone());
        let stop = responder.stop.clone();
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let connection = Connection {
                    stream: stream.unwrap(),
                    number: number as u64,
                    faults,
                    sent: sent.clone(),
                    left_out: left_out.clone(),
                    reports: reports.clone(),
                    media: None,
                };
                std::thread::spawn(move || connection.serve());
            }
        });
        responder
    }

    fn run(&self, options: &[&str]) -> (Output, serde_json::Value) {
        let directory = tempfile::tempdir().unwrap();
        let json = directory.path().join("result.json");
        let output = Command::new(env!("CARGO_BIN_EXE_StreamingLoadTool"))
            .current_dir(directory.path())
            .args(["-u", &format!("rtsp://{}/movie", self.address), "--port-base", "21000", "--timeout", "5"])
            .args(["--json", json.to_str().unwrap()])
            .args(options)
            .output()
            .unwrap();
        let result = std::fs::read(&json).map_or(serde_json::Value::Null, |t| serde_json::from_slice(&t).unwrap());
        (output, result)
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(self.address)); // wakes the listener
    }
}

enum Media {
    Interleaved,
    Udp { rtp: UdpSocket, rtcp: UdpSocket, port: u16 },
}

struct Connection {
    stream: TcpStream,
    number: u64,
    faults: Faults,
    sent: Arc<AtomicU64>,
    left_out: Arc<AtomicU64>,
    reports: Arc<AtomicU64>,
    media: Option<Media>,
}

impl Connection {
    fn serve(mut self) {
        self.stream.set_nodelay(true).unwrap();
        self.stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut bytes = Vec::new();
        while let Some((method, headers)) = read_request(&mut self.stream, &mut bytes) {
            if !self.answer(&method, &headers) {
                return;
            }
            if method.starts_with("PLAY ") {
                self.play(&mut bytes);
                return;
            }
        }
    }

    fn answer(&mut self, line: &str, headers: &HashMap<String, String>) -> bool {
        let cseq = headers.get("cseq").cloned().unwrap_or_default();
        let url = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let (status, more) = match line.split(' ').next().unwrap_or_default() {
            "DESCRIBE" if self.faults.forbid && url.ends_with("/streamingloadtool.mov") => (404, String::new()),
            "DESCRIBE" => {
                let sdp = "v=0\r\na=range:npt=0-600\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 X/90000\r\na=control:trackID=1\r\n";
                (200, format!("Content-Base: {url}/\r\nContent-Length: {}\r\n\r\n{sdp}", sdp.len()))
            }
            "SETUP" => match self.faults.refuse {
                Some(status) => (status, String::new()),
                None => {
                    let transport = self.set_up(&headers["transport"]);
                    (200, format!("Session: 12{}\r\n{transport}", self.number))
                }
            },
            "PLAY" => (200, format!("Range: npt=0-600\r\nRTP-Info: url={url}/trackID=1;seq=65500;rtptime=7\r\n")),
            _ => (200, String::new()),
        };
        let head = format!("RTSP/1.0 {status} X\r\nCSeq: {cseq}\r\n{more}");
        let end = if more.contains("\r\n\r\n") { "" } else { "\r\n" };
        self.stream.write_all(format!("{head}{end}").as_bytes()).is_ok()
    }

    fn set_up(&mut self, transport: &str) -> String {
        if transport.contains("TCP") {
            self.media = Some(Media::Interleaved);
            return "Transport: RTP/AVP/TCP;unicast;interleaved=6-7;ssrc=0000002A\r\n".to_owned();
        }
        let port: u16 = transport.split("client_port=").nth(1).unwrap().split('-').next().unwrap().parse().unwrap();
        let (rtp, rtcp) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        rtcp.set_nonblocking(true).unwrap();
        let ports = (rtp.local_addr().unwrap().port(), rtcp.local_addr().unwrap().port());
        self.media = Some(Media::Udp { rtp, rtcp, port });
        format!("Transport: RTP/AVP;unicast;client_port={port}-{};server_port={}-{}\r\n", port + 1, ports.0, ports.1)
    }

    /// Sends until TEARDOWN, which it answers.
    fn play(&mut self, bytes: &mut Vec<u8>) {
        let peer = self.stream.peer_addr().unwrap().ip();
        self.stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let begin = Instant::now();
        let mut paused = Duration::ZERO;
        for number in 0..6000u64 {
            if let Some((after, pause)) = self.faults.pause {
                if number == after {
                    paused = pause;
                }
            }
            loop {
                if let Some((line, headers)) = read_request(&mut self.stream, bytes) {
                    let over = line.starts_with("TEARDOWN");
                    if !self.answer(&line, &headers) || over {
                        return;
                    }
                }
                if begin.elapsed() >= PERIOD * number as u32 + paused {
                    break;
                }
            }
            if self.faults.leave_out.is_some_and(|n| number % n == n - 1) {
                self.left_out.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            let packet = self.packet(number);
            let gone = match &self.media {
                Some(Media::Udp { rtp, rtcp, port }) => {
                    while rtcp.recv(&mut [0; 2000]).is_ok() {
                        self.reports.fetch_add(1, Ordering::Relaxed);
                    }
                    rtp.send_to(&packet, (peer, *port)).is_err()
                }
                Some(Media::Interleaved) => {
                    let mut frame = vec![b'$', 6, 0, packet.len() as u8];
                    frame.extend(&packet);
                    // in two parts, as a network may deliver it
                    let (one, two) = frame.split_at(number as usize % frame.len());
                    self.stream.write_all(one).and_then(|()| self.stream.write_all(two)).is_err()
                }
                None => true,
            };
            if gone {
                return;
            }
            self.sent.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn packet(&self, number: u64) -> Vec<u8> {
        let mut packet = vec![0x80, 96];
        packet.extend((65_500u16).wrapping_add(number as u16).to_be_bytes());
        packet.extend((7 + number as u32 * 900).to_be_bytes());
        packet.extend(42u32.to_be_bytes());
        packet.extend([number as u8; 100]);
        if self.faults.spoil {
            packet.push(self.number as u8);
        }
        packet
    }
}

fn read_request(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<(String, HashMap<String, String>)> {
    loop {
        while bytes.first() == Some(&b'$') && bytes.len() >= 4 {
            let end = 4 + usize::from(bytes[2]) * 256 + usize::from(bytes[3]);
            if bytes.len() < end {
                break;
            }
            bytes.drain(..end);
        }
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n").filter(|_| bytes[0] != b'$') {
            let text = String::from_utf8_lossy(&bytes[..end]).into_owned();
            bytes.drain(..end + 4);
            let mut lines = text.lines();
            let first = lines.next()?.to_owned();
            let headers = lines.filter_map(|l| l.split_once(':'));
            return Some((first, headers.map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_owned())).collect()));
        }
        let mut part = [0; 4096];
        match stream.read(&mut part) {
            Ok(count @ 1..) => bytes.extend_from_slice(&part[..count]),
            _ => return None,
        }
    }
}

fn number(value: &serde_json::Value, path: &str) -> f64 {
    value.pointer(path).and_then(serde_json::Value::as_f64).unwrap_or_else(|| panic!("{path} in {value}"))
}

#[test]
fn healthy_udp_sessions_pass_and_are_counted_exactly() {
    let responder = Responder::start(Faults::default());
    // On a machine that is busy otherwise even this server is late.
    let limits = ["--max-loss", "0", "--min-delivered", "10", "--min-healthy", "100", "--max-failed", "0"];
    let mut options = vec!["-n", "20", "-l", "3", "--max-startup-ms", "30000", "--verify-peers"];
    options.extend(limits);
    let (output, result) = responder.run(&options);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(number(&result, "/sessions/healthy"), 20.0);
    let received = number(&result, "/packets/received");
    // what is sent between TEARDOWN and its arrival is not counted any more
    let sent = responder.sent.load(Ordering::Relaxed) as f64;
    assert!(received <= sent && received >= sent - 20.0 * 5.0, "{received} of {sent}");
    assert!(number(&result, "/packets/compared") > received / 2.0);
    assert_eq!(number(&result, "/packets/different"), 0.0);
    assert_eq!(number(&result, "/packets/stray"), 0.0);
}

#[test]
fn what_the_server_leaves_out_is_lost() {
    let responder = Responder::start(Faults { leave_out: Some(10), ..Faults::default() });
    let (output, result) = responder.run(&["-n", "4", "-l", "2", "--max-loss", "1"]);
    assert_eq!(output.status.code(), Some(1));
    let (lost, left_out) = (number(&result, "/packets/lost"), responder.left_out.load(Ordering::Relaxed) as f64);
    assert!(lost > 4.0 && (left_out - 4.0..=left_out).contains(&lost), "{lost} lost, {left_out} left out");
    assert_eq!(number(&result, "/sessions/with_loss"), 4.0);
    assert!((number(&result, "/loss_percent") - 10.0).abs() < 3.0);
}

#[test]
fn interleaved_media_is_taken_from_any_cut() {
    let responder = Responder::start(Faults::default());
    let (output, result) = responder.run(&[
        "-t",
        "tcp",
        "-n",
        "8",
        "-l",
        "2",
        "--max-loss",
        "0",
        "--min-delivered",
        "10",
        "--min-healthy",
        "100",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(number(&result, "/packets/received") > 8.0 * 15.0);
    assert_eq!(number(&result, "/packets/malformed"), 0.0);
}

#[test]
fn a_pause_of_the_server_is_a_stall() {
    let pause = Some((50, Duration::from_millis(1500)));
    let responder = Responder::start(Faults { pause, ..Faults::default() });
    let (output, result) = responder.run(&["-n", "2", "-l", "3", "--min-delivered", "97"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(number(&result, "/stalls") >= 2.0);
    assert_eq!(number(&result, "/sessions/with_stalls"), 2.0);
    assert_eq!(number(&result, "/packets/lost"), 0.0);
    let late = number(&result, "/lateness_ms/max");
    assert!((1400.0..20_000.0).contains(&late), "{late}");
}

#[test]
fn refusals_are_counted_with_their_status() {
    let responder = Responder::start(Faults { refuse: Some(453), ..Faults::default() });
    let (output, result) = responder.run(&["-n", "3", "-l", "1", "--max-failed", "2"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(number(&result, "/sessions/refused"), 3.0);
    assert_eq!(number(&result, "/reasons/status 453"), 3.0);
}

#[test]
fn payloads_that_differ_between_viewers_fail_the_run() {
    let responder = Responder::start(Faults { spoil: true, ..Faults::default() });
    let (output, result) = responder.run(&["-n", "2", "-l", "1", "--verify-peers"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(number(&result, "/packets/different") > 5.0);
}

#[test]
fn a_server_without_the_permission_file_is_not_loaded() {
    let responder = Responder::start(Faults { forbid: true, ..Faults::default() });
    let (output, _) = responder.run(&["-n", "2"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(255));
    let warning = format!("##WARNING: Cannot access rtsp://{}/streamingloadtool.mov", responder.address);
    assert!(text.contains(&warning) && text.contains("No valid destinations"), "{text}");
    assert_eq!(responder.sent.load(Ordering::Relaxed), 0);
}

#[test]
fn places_are_refilled_until_the_sessions_are_used_up_and_reports_are_sent() {
    let responder = Responder::start(Faults::default());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "rtcpinterval 300\nshouldlog yes\nlogpath clients.log\n").unwrap();
    let config = file.path().to_str().unwrap();
    let churn = ["-f", config, "-n", "4", "--stay", "0.2..1.5", "--sessions", "16"];
    let (output, result) = responder.run(&churn);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(number(&result, "/sessions/begun"), 16.0);
    assert_eq!(number(&result, "/sessions/ended"), 16.0);
    assert!(responder.reports.load(Ordering::Relaxed) > 0);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("StreamingLoadTool test complete. Total number of connections: 16."), "{text}");
}
