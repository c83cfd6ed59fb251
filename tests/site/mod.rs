//! What tests over the wire share: the server in a process of its own, with a folder of its own, and a client that sends raw
//! text.
#![allow(dead_code)] // each test program uses its own part

#[path = "../common/prefs.rs"]
mod prefs;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use self::prefs::NO_OVERLOAD;
use base64::Engine;
use md5::{Digest, Md5};
use tempfile::TempDir;

/// No wait of a test is longer.
pub const PATIENCE: Duration = Duration::from_secs(90);

pub const USERS: &str = "realm Streaming Server
alice:pxZoqnEZVAx8E:80fa93202b82dcafdb0c2a6b2fd58c12
bob:pxsZy4LtmTNsM:9f0d5127ad4bbbfdc35fc5343fc2d625
carol:pxGX8czQztEoQ:10db4c4de82106e14c874c7c26cfda56
eve:px6uRLHg2C2P2:ff425c953567f77995b062e7aca7a97b
";
pub const ALICE: (&str, &str) = ("alice", "wonder1");
pub const BOB: (&str, &str) = ("bob", "builder2");
/// The only password of more than eight characters.
pub const EVE: (&str, &str) = ("eve", "brOadcast5");

/// A server with a folder of its own; its process ends with it.
pub struct Site {
    dir: TempDir,
    address: SocketAddr,
    pub process: Child,
}

impl Site {
    pub fn new() -> Self {
        Self::with("", "")
    }

    /// With more preferences, as elements of the file, for the server and for modules.
    pub fn with(server: &str, modules: &str) -> Self {
        Self::start(server, modules, |_| {})
    }

    /// With something done to its folder before it starts.
    pub fn prepared(prepare: impl FnOnce(&Path)) -> Self {
        Self::start("", "", prepare)
    }

    fn start(server: &str, modules: &str, prepare: impl FnOnce(&Path)) -> Self {
        let (dir, file) = furnish(server, modules);
        prepare(dir.path());
        let mut process = Command::new(env!("CARGO_BIN_EXE_DarwinStreamingServer"))
            .args(["-d", "-c"])
            .arg(&file)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let address = first_address(&mut process);
        Self { dir, address, process }
    }

    /// A movie in a folder of the movie folder.
    pub fn movie(&self, folder: &str) {
        put_movie(&self.path("movies").join(folder));
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn access_file(&self, folder: &str, text: &str) {
        fs::write(self.path("movies").join(folder).join("qtaccess"), text).unwrap();
    }

    /// A server whose folder `locked` has this access file.
    pub fn locked(text: &str) -> Self {
        let site = Self::new();
        site.access_file("locked", text);
        site
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn connect(&self) -> Client {
        self.connect_from("127.0.0.1")
    }

    pub fn connect_from(&self, source: &str) -> Client {
        Client::new(self.address, source.parse().unwrap())
    }

    pub fn error_log(&self) -> String {
        fs::read_to_string(self.path("logs/Error.log")).unwrap_or_default()
    }

    /// Waits for a line in the error log.
    pub fn wait_for_log(&self, text: &str) {
        let until = Instant::now() + PATIENCE;
        while !self.error_log().contains(text) {
            assert!(Instant::now() < until, "no {text:?} in {}", self.error_log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A folder with a configuration, users, groups, and a movie in each of two folders; and the configuration's path.
pub fn furnish(server: &str, modules: &str) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    for folder in ["movies/open", "movies/locked", "logs"] {
        fs::create_dir_all(dir.path().join(folder)).unwrap();
    }
    fs::write(dir.path().join("qtusers"), USERS).unwrap();
    fs::write(dir.path().join("qtgroups"), "broadcaster: eve\nwatchers: carol\n").unwrap();
    let modules = if modules.is_empty() { pref("modAccess_enabled", "true") } else { modules.to_owned() };
    let config = format!(
        "<CONFIGURATION><SERVER>{}{}{}{}{}{}{}{}{server}</SERVER><MODULE NAME=\"QTSSAccessModule\">{}{}{modules}</MODULE>\
         <MODULE NAME=\"QTSSAccessLogModule\">{}</MODULE>{NO_OVERLOAD}</CONFIGURATION>",
        "<PREF NAME=\"rtsp_port\" TYPE=\"UInt16\">0</PREF>",
        pref("run_user_name", ""),
        pref("run_group_name", ""),
        pref("bind_ip_addr", "127.0.0.1"),
        pref("movie_folder", &at("movies")),
        pref("error_logfile_dir", &at("logs")),
        pref("pid_file", &at("pid")),
        "<PREF NAME=\"error_logfile_verbosity\" TYPE=\"UInt32\">4</PREF>",
        pref("modAccess_usersfilepath", &at("qtusers")),
        pref("modAccess_groupsfilepath", &at("qtgroups")),
        pref("request_logfile_dir", &at("logs")),
    );
    let file = dir.path().join("streamingserver.xml");
    fs::write(&file, config).unwrap();
    for folder in ["movies/open", "movies/locked"] {
        put_movie(&dir.path().join(folder));
    }
    (dir, file)
}

fn put_movie(folder: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/sample_50kbit.3gp");
    fs::copy(from, folder.join("clip.3gp")).unwrap();
}

pub fn pref(name: &str, value: &str) -> String {
    format!("<PREF NAME=\"{name}\">{value}</PREF>")
}

/// Waits until the server says that it is up, and where.
fn first_address(process: &mut Child) -> SocketAddr {
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    let list =
        lines.find_map(|line| line.strip_prefix("Listening on ").map(str::to_owned)).expect("a listening server");
    // The rest is read, too, so that the pipe never fills.
    std::thread::spawn(move || lines.for_each(drop));
    list.split(' ').find_map(|address| address.parse().ok()).expect("an address")
}

pub struct Reply {
    pub status: u16,
    pub text: String,
}

impl Reply {
    pub fn all(&self, name: &str) -> Vec<&str> {
        let headers = self.text.lines().filter_map(|line| line.split_once(':'));
        headers.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect()
    }

    pub fn challenge(&self) -> &str {
        assert_eq!(self.status, 401, "{}", self.text);
        match *self.all("WWW-Authenticate") {
            [one] => one,
            _ => panic!("not one challenge: {}", self.text),
        }
    }

    pub fn nonce(&self) -> &str {
        let (_, rest) = self.challenge().split_once("nonce=\"").expect("a nonce");
        rest.split('"').next().unwrap()
    }
}

pub struct Client {
    pub stream: TcpStream,
    pub url: String,
    cseq: u32,
}

impl Client {
    pub fn new(to: SocketAddr, source: IpAddr) -> Self {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::new(source, 0).into()).unwrap();
        socket.connect(&to.into()).unwrap();
        let stream: TcpStream = socket.into();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, url: format!("rtsp://{to}"), cseq: 0 }
    }

    /// Sends a request with these header lines and reads its answer.
    pub fn send(&mut self, method: &str, path: &str, headers: &[u8], body: &str) -> Reply {
        self.cseq += 1;
        let mut text = format!("{method} {}{path} RTSP/1.0\r\nCSeq: {}\r\n", self.url, self.cseq).into_bytes();
        text.extend_from_slice(headers);
        if !body.is_empty() {
            text.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
        }
        text.extend_from_slice(format!("\r\n{body}").as_bytes());
        self.stream.write_all(&text).unwrap();
        self.reply()
    }

    pub fn reply(&mut self) -> Reply {
        let mut bytes = Vec::new();
        let mut byte = [0];
        while !bytes.ends_with(b"\r\n\r\n") {
            self.stream.read_exact(&mut byte).expect("an answer");
            bytes.push(byte[0]);
        }
        let text = String::from_utf8(bytes).unwrap();
        let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        let mut reply = Reply { status, text };
        let length = reply.all("Content-Length").first().map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        reply.text.push_str(&String::from_utf8_lossy(&body));
        reply
    }

    pub fn ask(&mut self, method: &str, path: &str) -> Reply {
        self.send(method, path, b"", "")
    }

    pub fn describe(&mut self, path: &str) -> Reply {
        self.ask("DESCRIBE", path)
    }

    pub fn with(&mut self, path: &str, authorization: &str) -> Reply {
        self.send("DESCRIBE", path, format!("Authorization: {authorization}\r\n").as_bytes(), "")
    }

    pub fn basic(&mut self, path: &str, (user, password): (&str, &str)) -> Reply {
        self.with(path, &basic(user, password))
    }

    /// Answers a Digest challenge as ffmpeg does.
    pub fn digest(&mut self, path: &str, (user, password): (&str, &str), nonce: &str) -> Reply {
        let uri = format!("{}{path}", self.url);
        let key = md5(&format!("{user}:Streaming Server:{password}"));
        let response = md5(&format!("{key}:{nonce}:{}", md5(&format!("DESCRIBE:{uri}"))));
        let header = format!(
            "Digest username=\"{user}\", realm=\"Streaming Server\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{response}\""
        );
        self.with(path, &header)
    }
}

pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
}

pub fn md5(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
