//! The server as an operator starts it: with its parent, detached from the terminal.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::common::{Client, eventually};
use super::lab::ports::free_port;
use super::lab::prefs::NO_OVERLOAD;

/// Longest wait for a start or an end.
const PATIENCE: Duration = Duration::from_secs(90);

/// A movie folder's only movie.
pub const MOVIE: &str = "sample_50kbit.3gp";

/// A folder for a server that is not started yet.
pub struct Site {
    dir: tempfile::TempDir,
    pub port: u16,
}

impl Site {
    /// With more preferences of the server, as elements of the file.
    pub fn new(prefs: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["movies", "logs", "modules"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(MOVIE);
        fs::copy(sample, dir.path().join("movies").join(MOVIE)).unwrap();
        let site = Self { dir, port: free_port() };
        let pref = |name: &str, value: &str| format!("\t\t<PREF NAME=\"{name}\" >{value}</PREF>\n");
        let at = |name: &str| site.path(name).display().to_string();
        let server = [
            format!("\t\t<PREF NAME=\"rtsp_port\" TYPE=\"UInt16\" >{}</PREF>\n", site.port),
            pref("bind_ip_addr", "127.0.0.1"),
            pref("run_user_name", ""),
            pref("run_group_name", ""),
            pref("movie_folder", &at("movies")),
            pref("module_folder", &at("modules")),
            pref("error_logfile_dir", &at("logs")),
            pref("pid_file", &at("pid")),
            prefs.to_owned(),
        ];
        let log = pref("request_logfile_dir", &at("logs"));
        let text = format!(
            "<?xml version =\"1.0\"?>\n<CONFIGURATION>\n\t<SERVER>\n{}\t</SERVER>\n\
             \t<MODULE NAME=\"QTSSAccessLogModule\" >\n{log}\t</MODULE>\n{NO_OVERLOAD}\n</CONFIGURATION>\n",
            server.concat()
        );
        fs::write(site.config(), text).unwrap();
        site
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn config(&self) -> PathBuf {
        self.path("streamingserver.xml")
    }

    /// The command that starts it.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_DarwinStreamingServer"));
        command.arg("-c").arg(self.config());
        command
    }

    pub fn start(self) -> Daemon {
        let command = self.command();
        self.start_by(command)
    }

    /// Starts it by a command of the test's own, which has to return when the server serves.
    pub fn start_by(self, mut command: Command) -> Daemon {
        let ran = command.output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
        let mut daemon = Daemon { site: self, parent: Pid::from_raw(0) };
        daemon.parent = daemon.pids().0;
        daemon
    }
}

/// A server that runs until this is dropped.
pub struct Daemon {
    site: Site,
    pub parent: Pid,
}

impl Daemon {
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.site.port).into()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.site.path(name)
    }

    pub fn connect(&self) -> Client {
        Client::connect(self.address(), None)
    }

    pub fn error_log(&self) -> String {
        fs::read_to_string(self.path("logs/Error.log")).unwrap_or_default()
    }

    pub fn wait_for_log(&self, text: &str) {
        eventually(&format!("{text:?} in the error log"), || self.error_log().contains(text));
    }

    /// Parent and server as the pid file has them, once both are there.
    pub fn pids(&self) -> (Pid, Pid) {
        let mut found = None;
        eventually("two numbers in the pid file", || {
            let text = fs::read_to_string(self.path("pid")).unwrap_or_default();
            let mut pids = text.lines().filter_map(|line| line.parse().ok()).map(Pid::from_raw);
            found = pids.next().zip(pids.next());
            found.is_some()
        });
        found.unwrap()
    }

    /// A signal to the parent, which passes it on.
    pub fn signal(&self, signal: Signal) {
        kill(self.parent, signal).unwrap();
    }

    /// Status of a DESCRIBE on a connection of its own, 0 when there is nobody to ask.
    pub fn describe(&self, path: &str) -> u16 {
        match std::net::TcpStream::connect(self.address()) {
            Ok(_) => self.connect().ask("DESCRIBE", path, "").status,
            Err(_) => 0,
        }
    }

    /// Open descriptors of the serving process.
    pub fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pids().1)).unwrap().count()
    }

    /// Stops it in order.
    pub fn stop(&mut self) {
        if self.parent.as_raw() <= 0 || kill(self.parent, Signal::SIGTERM).is_err() {
            return;
        }
        let until = Instant::now() + PATIENCE;
        while kill(self.parent, None).is_ok() {
            if Instant::now() > until {
                let _ = kill(self.parent, Signal::SIGKILL);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.parent = Pid::from_raw(0);
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop();
    }
}
