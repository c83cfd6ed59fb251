//! A server process of a test's own, and clients for it.

#[path = "../common/prefs.rs"]
mod prefs;

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use base64::Engine;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use self::prefs::NO_OVERLOAD;

use super::ports::free_port;

/// How long a test waits for something that should happen soon.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Users `alice` (wonder1) and `admin` (adm1n6), with the hashes of DSS 6.0.3's qtpasswd.
const USERS: &str = "realm Streaming Server\n\
                     alice:pxZoqnEZVAx8E:80fa93202b82dcafdb0c2a6b2fd58c12\n\
                     admin:pxE0kUuF1kVOE:618acf1bad99677131ab5b31df7b5f0a\n";

/// The Authorization header of the administrator.
pub fn admin() -> String {
    basic("admin", "adm1n6")
}

/// A Basic Authorization header.
pub fn basic(user: &str, password: &str) -> String {
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    format!("Authorization: Basic {encoded}\r\n")
}

/// A running server in a folder of its own.
pub struct Server {
    folder: tempfile::TempDir,
    child: Child,
    port: u16,
}

/// What a server answered over HTTP.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

/// A status for what nobody answers for: not found, or not even understood.
pub const NOTHING: u16 = 404;

impl Answer {
    /// The status; [`NOTHING`] also for 400.
    pub fn or_nothing(&self) -> u16 {
        if self.status == 400 { NOTHING } else { self.status }
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Server {
    /// Starts a server; `more` are MODULE elements, `prefs` PREF elements of the server's section.
    pub fn start(prefs: &str, more: &str) -> Self {
        // The port that was free a moment ago may be somebody else's by now.
        for _ in 0..5 {
            if let Some(server) = Self::try_start(prefs, more) {
                return server;
            }
        }
        panic!("the server does not start");
    }

    fn try_start(prefs: &str, more: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        for name in ["movies", "logs", "modules"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        fs::write(folder.path().join("qtusers"), USERS).expect("a file");
        fs::write(folder.path().join("qtgroups"), "admin: admin\n").expect("a file");
        fs::write(folder.path().join("streamingserver.xml"), config(folder.path(), port, prefs, more)).expect("a file");
        let mut child = Command::new(env!("CARGO_BIN_EXE_DarwinStreamingServer"))
            .arg("-d")
            .arg("-c")
            .arg(folder.path().join("streamingserver.xml"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server program");
        let (started, wait) = mpsc::channel();
        let out = BufReader::new(child.stdout.take().expect("its output"));
        // Reads to the end, so that the server never writes into a closed pipe.
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if line.contains("done starting up") {
                    let _ = started.send(());
                }
            }
        });
        let server = Self { folder, child, port };
        wait.recv_timeout(PATIENCE).is_ok().then_some(server)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    pub fn config(&self) -> String {
        self.read("streamingserver.xml")
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Copies a sample movie into the movie folder.
    pub fn add_movie(&self, name: &str) {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name);
        fs::copy(from, self.path("movies").join(name)).expect("a sample movie");
    }

    /// GET as the administrator.
    pub fn get(&self, target: &str) -> Answer {
        self.http("GET", target, &admin(), "")
    }

    /// A request to the JSON interface as the administrator.
    pub fn api(&self, method: &str, target: &str, body: &str) -> Answer {
        self.http(method, &format!("/api/v1{target}"), &(admin() + "Content-Type: application/json\r\n"), body)
    }

    /// The body of an answer of the administration protocol.
    pub fn tree(&self, target: &str) -> String {
        self.get(&format!("/modules/admin{target}")).body
    }

    pub fn http(&self, method: &str, target: &str, headers: &str, body: &str) -> Answer {
        self.http_from(Ipv4Addr::LOCALHOST, method, target, headers, body)
    }

    /// A request from a certain address of this machine.
    pub fn http_from(&self, from: Ipv4Addr, method: &str, target: &str, headers: &str, body: &str) -> Answer {
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let text = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n{headers}{length}\r\n{body}");
        let mut stream = self.connect(from);
        stream.write_all(text.as_bytes()).expect("sent");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap_or_else(|error| panic!("{method} {target}: {error}"));
        let text = String::from_utf8(bytes).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    fn connect(&self, from: Ipv4Addr) -> TcpStream {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
        socket.bind(&SocketAddr::new(IpAddr::V4(from), 0).into()).expect("bound");
        socket.connect(&SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), self.port).into()).expect("connected");
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream
    }

    /// An RTSP connection.
    pub fn rtsp(&self) -> Rtsp {
        Rtsp { stream: BufReader::new(self.connect(Ipv4Addr::LOCALHOST)), port: self.port, cseq: 0, session: None }
    }

    /// Waits for the server to end by itself.
    pub fn wait_for_end(&mut self) -> ExitStatus {
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().expect("a status") {
                return status;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the server does not end");
    }

    /// Waits until `found` gives something.
    pub fn wait_for<T>(&self, what: &str, mut found: impl FnMut(&Self) -> Option<T>) -> T {
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            if let Some(found) = found(self) {
                return found;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("no {what}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = kill(Pid::from_raw(self.child.id() as i32), Signal::SIGTERM);
            let begin = Instant::now();
            while begin.elapsed() < Duration::from_secs(8) && matches!(self.child.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(20));
            }
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn config(folder: &Path, port: u16, prefs: &str, more: &str) -> String {
    let folder = folder.display();
    let mut text = format!(
        "<?xml version =\"1.0\"?>\n<CONFIGURATION>\n\t<SERVER>\n\
         \t\t<PREF NAME=\"rtsp_port\" TYPE=\"UInt16\" >{port}</PREF>\n"
    );
    for (name, value) in [
        ("bind_ip_addr", "127.0.0.1".to_owned()),
        ("movie_folder", format!("{folder}/movies")),
        ("module_folder", format!("{folder}/modules")),
        ("pid_file", format!("{folder}/server.pid")),
        ("error_logfile_dir", format!("{folder}/logs")),
        ("run_user_name", String::new()),
        ("run_group_name", String::new()),
    ] {
        let _ = writeln!(text, "\t\t<PREF NAME=\"{name}\" >{value}</PREF>");
    }
    let _ = write!(
        text,
        "{prefs}\n\t</SERVER>\n\t<MODULE NAME=\"QTSSAccessModule\" >\n\
         \t\t<PREF NAME=\"modAccess_usersfilepath\" >{folder}/qtusers</PREF>\n\
         \t\t<PREF NAME=\"modAccess_groupsfilepath\" >{folder}/qtgroups</PREF>\n\t</MODULE>\n\
         \t<MODULE NAME=\"QTSSAccessLogModule\" >\n\t\t<PREF NAME=\"request_logfile_dir\" >{folder}/logs</PREF>\n\t</MODULE>\n\
         {NO_OVERLOAD}{more}\n</CONFIGURATION>\n"
    );
    text.replace("FOLDER", &folder.to_string())
}

/// A player.
pub struct Rtsp {
    stream: BufReader<TcpStream>,
    port: u16,
    cseq: u32,
    session: Option<String>,
}

impl Rtsp {
    /// Sends a request and reads the answer's status and headers; interleaved packets before it are dropped.
    pub fn request(&mut self, method: &str, path: &str, headers: &str) -> (u16, String) {
        self.cseq += 1;
        let session = self.session.as_ref().map(|id| format!("Session: {id}\r\n")).unwrap_or_default();
        let text = format!(
            "{method} rtsp://127.0.0.1:{}/{path} RTSP/1.0\r\nCSeq: {}\r\n{session}{headers}\r\n",
            self.port, self.cseq
        );
        self.stream.get_mut().write_all(text.as_bytes()).expect("sent");
        self.answer()
    }

    fn answer(&mut self) -> (u16, String) {
        loop {
            let first = self.stream.fill_buf().expect("an answer").first().copied();
            if first != Some(b'$') {
                break;
            }
            let mut frame = [0; 4];
            self.stream.read_exact(&mut frame).expect("a frame");
            let mut payload = vec![0; usize::from(u16::from_be_bytes([frame[2], frame[3]]))];
            self.stream.read_exact(&mut payload).expect("its payload");
        }
        let (mut head, mut line) = (String::new(), String::new());
        while self.stream.read_line(&mut line).expect("a line") > 2 {
            head.push_str(&line);
            line.clear();
        }
        let value = |name: &str| {
            let of = |line: &str| {
                line.split_once(':').filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim().to_owned())
            };
            head.lines().find_map(of)
        };
        if let Some(length) = value("content-length").and_then(|length| length.parse::<u64>().ok()) {
            std::io::copy(&mut (&mut self.stream).take(length), &mut std::io::sink()).expect("a body");
        }
        if let Some(id) = value("session") {
            self.session = Some(id.split(';').next().unwrap_or_default().to_owned());
        }
        (head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0), head)
    }

    /// Plays a sample over the connection.
    pub fn play(&mut self, movie: &str, headers: &str) {
        let transport = format!("Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n{headers}");
        let (status, head) = self.request("SETUP", &format!("{movie}/trackID=3"), &transport);
        assert_eq!(status, 200, "{head}");
        let (status, head) = self.request("PLAY", movie, &format!("Range: npt=0-\r\n{headers}"));
        assert_eq!(status, 200, "{head}");
    }
}
