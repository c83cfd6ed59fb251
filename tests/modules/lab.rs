//! Builds probe modules, runs the server with them, talks to it.

#![allow(dead_code)] // each test program uses its own part

#[path = "../common/ports.rs"]
pub mod ports;
#[path = "../common/prefs.rs"]
pub mod prefs;
#[path = "../common/sources.rs"]
pub mod sources;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use prefs::NO_OVERLOAD;
use sources::{is_there, root, sdk, skipped};

/// How long anything that has to happen may take; longer for a server that a sanitizer slows down.
pub static PATIENCE: LazyLock<Duration> =
    LazyLock::new(|| Duration::from_secs(if std::env::var_os("PROBE_SERVER").is_some() { 120 } else { 90 }));

/// With `PROBE_SANITIZER=address` (or `undefined`) in the environment the probes are built with that sanitizer, and the server
/// runs with its library, which then sees both sides of the one heap. `tests/sanitize.sh` builds a server with it, too, and names
/// it in `PROBE_SERVER`: then the sanitizer is in the executable, where modules find it.
pub fn sanitizer() -> Option<String> {
    std::env::var("PROBE_SANITIZER").ok()
}

/// The compiler of the probes: `PROBE_CC` and `PROBE_CXX`, else the system's.
fn compiler(is_cpp: bool) -> String {
    let (variable, default) = if is_cpp { ("PROBE_CXX", "c++") } else { ("PROBE_CC", "cc") };
    std::env::var(variable).unwrap_or_else(|_| default.to_owned())
}

/// Runs a compiler and fails with its words.
fn compile(compiler: &str, arguments: &[&str], source: &Path, output: &Path) {
    let mut command = Command::new(compiler);
    command.arg("-I").arg(root().join("include")).args(["-Wall", "-Wextra", "-fPIC", "-pthread", "-D_GNU_SOURCE"]);
    if let Some(kind) = sanitizer() {
        command.arg(format!("-fsanitize={kind}")).args(["-g", "-fno-omit-frame-pointer"]);
    }
    command.arg(source).args(arguments).arg("-o").arg(output);
    let ran = command.output().unwrap_or_else(|error| panic!("{compiler}: {error}"));
    let words = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() && words.is_empty(), "{compiler} {}: {words}", source.display());
}

/// The stub library's object file, once per test program; `None` without compilers.
static STUB: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    if !is_there(&compiler(false)) || !is_there(&compiler(true)) {
        skipped("the module tests need the system's cc and c++");
        return None;
    }
    let stub = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("stub-{}.o", std::process::id()));
    compile(&compiler(true), &["-c"], &sdk().join(sources::STUB), &stub);
    Some(stub)
});

/// A server to be: its module folder and configuration.
pub struct Plan {
    pub dir: tempfile::TempDir,
    stub: PathBuf,
    sections: String,
    server: String,
    trace: bool,
    environment: Vec<(String, String)>,
}

impl Plan {
    /// `None`, with a word, where there is no compiler.
    pub fn new() -> Option<Self> {
        let stub = STUB.clone()?;
        let dir = tempfile::tempdir().expect("a temporary folder");
        for folder in ["modules", "movies", "logs"] {
            fs::create_dir(dir.path().join(folder)).expect("a folder");
        }
        fs::copy(root().join("samples/sample_100kbit.mp4"), dir.path().join("movies/a.mp4")).expect("the sample");
        Some(Self { dir, stub, sections: String::new(), server: String::new(), trace: false, environment: Vec::new() })
    }

    pub fn folder(&self) -> PathBuf {
        self.dir.path().join("modules")
    }

    /// Builds a module of the probe sources into the folder.
    pub fn module(mut self, name: &str, source: &str, flags: &[&str]) -> Self {
        self.build(name, source, flags, true);
        self
    }

    /// Builds a module that is not linked with the stub library.
    pub fn unlinked(mut self, name: &str, source: &str) -> Self {
        self.build(name, source, &[], false);
        self
    }

    fn build(&mut self, name: &str, source: &str, flags: &[&str], with_stub: bool) {
        let path = root().join("tests/modules").join(source);
        let compiler = compiler(source.ends_with(".cpp"));
        let stub = self.stub.to_string_lossy().into_owned();
        let mut arguments = vec!["-shared"];
        arguments.extend(flags);
        if with_stub {
            arguments.push(&stub);
        }
        compile(&compiler, &arguments, &path, &self.folder().join(name));
    }

    /// Preferences in a module's section, as XML.
    pub fn section(mut self, module: &str, prefs: &str) -> Self {
        self.sections += &format!("<MODULE NAME=\"{module}\" >\n{prefs}\n</MODULE>\n");
        self
    }

    /// More preferences of the server, as XML.
    pub fn server(mut self, prefs: &str) -> Self {
        self.server += prefs;
        self
    }

    /// A variable of the server's environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes the configuration and makes the command that starts the server with it.
    fn command(&self, port: u16) -> Command {
        let path = |name: &str| self.dir.path().join(name).to_string_lossy().into_owned();
        let xml = format!(
            "<?xml version =\"1.0\"?>\n<CONFIGURATION>\n<SERVER>\n\
             <PREF NAME=\"rtsp_port\" TYPE=\"UInt16\" >{port}</PREF>\n<PREF NAME=\"bind_ip_addr\" >127.0.0.1</PREF>\n\
             <PREF NAME=\"module_folder\" >{}</PREF>\n<PREF NAME=\"movie_folder\" >{}</PREF>\n\
             <PREF NAME=\"error_logfile_dir\" >{}</PREF>\n<PREF NAME=\"pid_file\" >{}</PREF>\n\
             <PREF NAME=\"error_logfile_verbosity\" TYPE=\"UInt32\" >2</PREF>\n\
             <PREF NAME=\"run_user_name\" ></PREF>\n<PREF NAME=\"run_group_name\" ></PREF>\n{}\n</SERVER>\n{}{NO_OVERLOAD}</CONFIGURATION>\n",
            path("modules"),
            path("movies"),
            path("logs"),
            path("pid"),
            self.server,
            self.sections
        );
        fs::write(self.dir.path().join("streamingserver.xml"), xml).expect("the configuration");
        let program =
            std::env::var_os("PROBE_SERVER").unwrap_or_else(|| env!("CARGO_BIN_EXE_DarwinStreamingServer").into());
        let mut command = Command::new(program);
        command.arg("-c").arg(path("streamingserver.xml")).current_dir(self.dir.path());
        command.env("PROBE_LOG", path("notes")).env("PROBE_FOLDER", path("logs"));
        command.env("PROBE_CONFIG", path("streamingserver.xml"));
        if let Some(kind) = sanitizer() {
            let library = if kind == "address" { "libasan.so" } else { "libubsan.so" };
            if std::env::var_os("PROBE_SERVER").is_none() {
                let found =
                    Command::new("cc").arg(format!("-print-file-name={library}")).output().expect("the sanitizer");
                command.env("LD_PRELOAD", String::from_utf8_lossy(&found.stdout).trim());
            }
            // Modules free with delete[] what came from malloc; that is how the interface is.
            command.env("ASAN_OPTIONS", "detect_leaks=0:alloc_dealloc_mismatch=0:handle_segv=0");
        }
        if self.trace {
            command.env("QTSS_TRACE", "roles");
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null());
        command
    }

    /// Starts the server in the background, with a parent that starts it again, and waits until it listens.
    pub fn start_detached(self) -> Detached {
        // The port has to be known, and the same after a restart.
        let port = ports::free_port();
        let mut command = self.command(port);
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("the server");
        assert!(status.success(), "it did not start: {status}");
        let pid = fs::read_to_string(self.dir.path().join("pid")).expect("the parent's pid");
        let parent = pid.lines().next().and_then(|line| line.trim().parse().ok()).expect("a number");
        Detached { dir: self.dir, parent, address: SocketAddr::from(([127, 0, 0, 1], port)) }
    }

    /// Starts the server and waits until it listens.
    pub fn start(self) -> Running {
        let mut command = self.command(0);
        command.arg("-d");
        let stderr = fs::File::create(self.dir.path().join("stderr")).expect("a file");
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().expect("the server");
        let mut stdout = BufReader::new(child.stdout.take().expect("its output"));
        let mut said = String::new();
        let address = loop {
            let before = said.len();
            let read = stdout.read_line(&mut said).expect("its output");
            let line = said[before..].trim();
            if let Some(list) = line.strip_prefix("Listening on ") {
                let first = list.split(' ').next().and_then(|address| address.parse::<SocketAddr>().ok());
                break first.expect("an address");
            }
            if read == 0 {
                let _ = child.kill();
                panic!("the server did not start: {said}");
            }
        };
        // What it says later must not block it.
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        Running { dir: self.dir, child, address }
    }

    /// Prints each call into a module to standard error.
    pub fn traced(mut self) -> Self {
        self.trace = true;
        self
    }
}

/// A server in the background, and its parent.
pub struct Detached {
    dir: tempfile::TempDir,
    parent: i32,
    address: SocketAddr,
}

impl Detached {
    pub fn notes(&self) -> Vec<String> {
        let text = fs::read_to_string(self.dir.path().join("notes")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    pub fn error_log(&self) -> String {
        fs::read_to_string(self.dir.path().join("logs/Error.log")).unwrap_or_default()
    }

    /// Connects as soon as somebody listens.
    pub fn connect(&self) -> Client {
        let begin = Instant::now();
        loop {
            match TcpStream::connect(self.address) {
                Ok(stream) => return Client::new(stream, self.address),
                Err(error) => assert!(begin.elapsed() < *PATIENCE, "nobody listens: {error}"),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Detached {
    fn drop(&mut self) {
        // SAFETY: the pid is from the file that the parent wrote; it removes the file when it ends.
        let signal = |signal| unsafe { libc::kill(self.parent, signal) };
        signal(libc::SIGTERM);
        let begin = Instant::now();
        while signal(0) == 0 && begin.elapsed() < *PATIENCE {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A server that runs.
pub struct Running {
    dir: tempfile::TempDir,
    child: Child,
    address: SocketAddr,
}

impl Running {
    /// What the probes noted so far.
    pub fn notes(&self) -> Vec<String> {
        let text = fs::read_to_string(self.dir.path().join("notes")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// A file of the server's folder.
    pub fn file(&self, name: &str) -> String {
        fs::read_to_string(self.dir.path().join(name)).unwrap_or_default()
    }

    /// Writes a file of the server's folder.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.dir.path().join(name), text).expect("a file");
    }

    pub fn error_log(&self) -> String {
        self.file("logs/Error.log")
    }

    /// Where a file of the server's folder is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Waits until a note says this.
    pub fn wait_for(&self, what: &str) {
        let begin = Instant::now();
        while !self.notes().iter().any(|note| note.contains(what)) {
            assert!(begin.elapsed() < *PATIENCE, "nobody noted {what:?}: {:#?}", self.notes());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The server's process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn connect(&self) -> Client {
        Client::new(TcpStream::connect(self.address).expect("a connection"), self.address)
    }

    /// A connection from another address of this machine.
    pub fn connect_from(&self, source: &str) -> Client {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
        let source = SocketAddr::new(source.parse().expect("an address"), 0);
        socket.bind(&source.into()).expect("a local address");
        socket.connect(&self.address.into()).expect("a connection");
        Client::new(socket.into(), self.address)
    }

    /// Changes the text of the configuration as the server left it; the server learns of it by SIGHUP only.
    pub fn edit(&self, from: &str, to: &str) {
        let path = self.dir.path().join("streamingserver.xml");
        let text = fs::read_to_string(&path).expect("the configuration");
        assert!(text.contains(from), "{from} is not in {text}");
        fs::write(&path, text.replace(from, to)).expect("the configuration");
    }

    pub fn signal(&self, signal: i32) {
        if sanitizer().as_deref() == Some("thread") {
            return self.signal_a_waiting_thread(signal);
        }
        // SAFETY: the child is ours and not waited for yet.
        unsafe { libc::kill(self.child.id() as i32, signal) };
    }

    /// ThreadSanitizer keeps a signal back until the thread that got it comes to a place it knows; one that waits for a futex
    /// does not. So the signal goes to a thread in epoll_wait, which takes it at once.
    fn signal_a_waiting_thread(&self, signal: i32) {
        let process = self.child.id();
        let waits = |thread: &i32| {
            let call = fs::read_to_string(format!("/proc/{process}/task/{thread}/syscall")).unwrap_or_default();
            let number = call.split(' ').next().and_then(|number| number.parse::<i64>().ok());
            number.is_some_and(|number| [libc::SYS_epoll_wait, libc::SYS_epoll_pwait].contains(&number))
        };
        let begin = Instant::now();
        while begin.elapsed() < *PATIENCE {
            let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
            let mut threads = threads.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
            if let Some(thread) = threads.find(waits) {
                // SAFETY: plain numbers; the process is ours and not waited for yet.
                unsafe { libc::syscall(libc::SYS_tgkill, process, thread, signal) };
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("no thread of the server waits in epoll_wait");
    }

    /// Sends TERM and waits for the end; its status and all notes.
    pub fn stop(mut self) -> (Option<i32>, Vec<String>) {
        self.signal(libc::SIGTERM);
        let status = self.wait();
        (status, self.notes())
    }

    /// Waits for the end and looks at what a sanitizer had to say; its exit status, `None` when a signal ended it.
    pub fn wait(&mut self) -> Option<i32> {
        let begin = Instant::now();
        loop {
            match self.child.try_wait().expect("the server's status") {
                Some(status) => {
                    let stderr = self.file("stderr");
                    assert!(!stderr.contains("Sanitizer"), "{stderr}");
                    return status.code();
                }
                None if begin.elapsed() > *PATIENCE => {
                    let _ = self.child.kill();
                    panic!("the server does not end: {:#?}\n{}", self.notes(), self.error_log());
                }
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let stderr = self.file("stderr");
        assert!(std::thread::panicking() || !stderr.contains("Sanitizer"), "{stderr}");
    }
}

/// An RTSP client.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    address: SocketAddr,
}

impl Client {
    fn new(stream: TcpStream, address: SocketAddr) -> Self {
        stream.set_read_timeout(Some(*PATIENCE)).expect("a timeout");
        Self { stream, buffer: Vec::new(), address }
    }

    /// The URL of a path on this server.
    pub fn url(&self, path: &str) -> String {
        format!("rtsp://{}{path}", self.address)
    }

    pub fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).expect("a request is sent");
    }

    pub fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("bytes are sent");
    }

    /// A request with a CSeq and these headers, each with its line end.
    pub fn request(&mut self, method: &str, path: &str, headers: &str) -> String {
        let url = if path == "*" { path.to_owned() } else { self.url(path) };
        self.send(&format!("{method} {url} RTSP/1.0\r\nCSeq: 1\r\n{headers}\r\n"));
        self.response()
    }

    /// True when bytes, or the stream's end, come within that time.
    pub fn is_readable(&mut self, patience: Duration) -> bool {
        self.stream.set_read_timeout(Some(patience)).expect("a timeout");
        let came = self.stream.peek(&mut [0]).is_ok();
        self.stream.set_read_timeout(Some(*PATIENCE)).expect("a timeout");
        came || !self.buffer.is_empty()
    }

    fn fill(&mut self) -> usize {
        let mut chunk = [0; 4096];
        let count = self.stream.read(&mut chunk).unwrap_or_else(|error| panic!("no answer: {error}"));
        self.buffer.extend_from_slice(&chunk[..count]);
        count
    }

    /// The next response: its head, and its body as its Content-length says. At the end of the stream what is there.
    pub fn response(&mut self) -> String {
        loop {
            while self.buffer.first() == Some(&b'$') {
                if self.frame().is_none() {
                    return String::new();
                }
            }
            let text = String::from_utf8_lossy(&self.buffer).into_owned();
            if let Some(end) = text.find("\r\n\r\n") {
                let head = &text[..end];
                let length = head.lines().filter_map(|line| line.split_once(": "));
                let length = length.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
                let length = length.filter_map(|(_, value)| value.trim().parse::<usize>().ok()).next().unwrap_or(0);
                if self.buffer.len() >= end + 4 + length {
                    let whole: Vec<u8> = self.buffer.drain(..end + 4 + length).collect();
                    return String::from_utf8_lossy(&whole).into_owned();
                }
            }
            if self.fill() == 0 {
                return String::from_utf8_lossy(&std::mem::take(&mut self.buffer)).into_owned();
            }
        }
    }

    /// The next interleaved frame: channel and data. `None` at the end of the stream.
    pub fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            if let [b'$', channel, high, low, ..] = self.buffer[..] {
                let length = 4 + usize::from(u16::from_be_bytes([high, low]));
                if self.buffer.len() >= length {
                    let frame: Vec<u8> = self.buffer.drain(..length).collect();
                    return Some((channel, frame[4..].to_vec()));
                }
            }
            if self.fill() == 0 {
                return None;
            }
        }
    }

    /// As [`Client::rest`], for connections that may end with their process.
    pub fn rest_or_reset(&mut self) -> String {
        let mut rest = std::mem::take(&mut self.buffer);
        let _ = self.stream.read_to_end(&mut rest);
        String::from_utf8_lossy(&rest).into_owned()
    }

    /// Everything up to the end of the stream.
    pub fn rest(&mut self) -> String {
        while self.fill() > 0 {}
        String::from_utf8_lossy(&std::mem::take(&mut self.buffer)).into_owned()
    }
}

/// The session header's value of a response.
pub fn session_of(response: &str) -> String {
    let line = response.lines().find_map(|line| line.strip_prefix("Session: "));
    line.unwrap_or_else(|| panic!("no session in {response}")).split(';').next().unwrap_or_default().to_owned()
}

/// All checks of a trap went well, and there were at least that many.
pub fn assert_checks(notes: &[String], trap: u32, least: usize) {
    let of_trap: Vec<_> = notes.iter().filter(|note| note.contains(&format!(" trap_{trap:02} "))).collect();
    let failed: Vec<_> = of_trap.iter().filter(|note| !note.starts_with("ok ")).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(of_trap.len() >= least, "only {} checks of trap {trap}: {notes:#?}", of_trap.len());
}
