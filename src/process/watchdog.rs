//! The parent that starts the server, and starts it again when it died.
//!
//! It stays root, has one thread, opens nothing but the pid file and does nothing but wait. Exit statuses mean what they
//! meant in DSS 6.0.3: 0 ends the parent, 255 is a failure that another start would not mend, after everything else the
//! server is started again. New: the pause between starts grows, the next server is told how the last one ended, the pid
//! file is locked and removed, and the server does not outlive its parent.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::{ForkResult, Pid, getpid, getppid};

use crate::config::Prefs;

use super::crash_marker::CrashMarker;
use super::death::{Death, EXIT_FATAL};
use super::fork::{fork_single_threaded, require_single_thread};
use super::pidfile::PidFile;
use super::report::{Report, Reporter, Reports};
use super::signals::passed_on;

/// Exit status of the parent after a start that failed for good, and after a stop that did not end well.
const EXIT_FAILED: u8 = 1;
/// DSS's words when the child exits with 255.
const FATAL_CHILD: &str = "child exited with -1 fatal error so parent is exiting too.";

/// The preferences that the parent needs, read from the file whenever they matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Start the server again when it died.
    pub auto_restart: bool,
    /// Where the process numbers go; `None` when that is nowhere or cannot be told, and then a file in use stays.
    pub pid_file: Option<PathBuf>,
}

impl Settings {
    /// Reads `auto_restart` and `pid_file`. As in DSS, only the lower-case word `false` keeps a dead server down: a missing
    /// file, one that cannot be read, and any other value mean "start it again".
    pub fn from_config(config: &Path) -> Self {
        let Ok(loaded) = Prefs::load(config) else { return Self { auto_restart: true, pid_file: None } };
        let pid_file = loaded.prefs.server_path("pid_file");
        Self {
            auto_restart: loaded.prefs.server_section().bytes("auto_restart") != Some(b"false"),
            pid_file: Some(pid_file).filter(|path| !path.as_os_str().is_empty()),
        }
    }
}

/// How long things take.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Pause after a server's first death, and after a stop that asks for a restart. Viewers are waiting.
    pub first_pause: Duration,
    /// Pause after the second death in a row; it doubles with each further one.
    pub second_pause: Duration,
    /// Longest pause.
    pub longest_pause: Duration,
    /// A server that lived as long as this is no longer in a row with those before it.
    pub good_service: Duration,
    /// How long a stop may take before the server is killed. Its own limit is 5 s, its modules' shutdown comes on top.
    pub stop_patience: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            first_pause: Duration::from_millis(200),
            second_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(30),
            good_service: Duration::from_secs(60),
            stop_patience: Duration::from_secs(20),
        }
    }
}

/// The growing pause.
#[derive(Debug)]
struct Pauses {
    timing: Timing,
    deaths_in_a_row: u32,
}

impl Pauses {
    fn after(&mut self, death: &Death) -> Duration {
        if death.is_planned() || death.service >= self.timing.good_service {
            self.deaths_in_a_row = 0;
        }
        let pause = match self.deaths_in_a_row {
            0 => self.timing.first_pause,
            row => {
                let doubled = self.timing.second_pause.checked_mul(1 << (row - 1).min(20));
                doubled.unwrap_or(self.timing.longest_pause).min(self.timing.longest_pause)
            }
        };
        self.deaths_in_a_row = self.deaths_in_a_row.saturating_add(1);
        pause
    }
}

/// What the server process gets from its parent.
#[derive(Debug)]
pub struct Child {
    /// Tells the parent, and through it the launcher, how the start goes. The parent writes the pid file upon `ready`.
    pub reporter: Reporter,
    /// Where calls into C modules are noted.
    pub marker: CrashMarker,
    /// How the server before this one ended; its text is one line for the error log.
    pub last_death: Option<Death>,
    /// How many servers this parent had before.
    pub restarts: u32,
    /// How many of them nobody had asked to end.
    pub crashes: u32,
    /// Why there will be no pid file.
    pub pid_file_warning: Option<String>,
}

impl Child {
    /// The same for a server in the foreground, which has no parent: nobody is told, nobody reads the notes.
    ///
    /// # Errors
    /// The system has no memory for the notes.
    pub fn without_parent() -> io::Result<Self> {
        Ok(Self {
            reporter: Reporter::disconnected(),
            marker: CrashMarker::new()?,
            last_death: None,
            restarts: 0,
            crashes: 0,
            pid_file_warning: None,
        })
    }
}

/// In which process [`Watchdog::run`] returned, and why.
#[derive(Debug)]
pub enum Outcome {
    /// In a new server process.
    Child(Box<Child>),
    /// In the parent, at the end of everything; its exit status.
    Parent(u8),
}

/// The parent.
pub struct Watchdog {
    settings: Box<dyn FnMut() -> Settings>,
    timing: Timing,
    launcher: Reporter,
}

impl Watchdog {
    /// A parent that reads the preferences from `config` (an absolute path) and passes the first start's reports on to
    /// `launcher`.
    pub fn new(config: PathBuf, launcher: Reporter) -> Self {
        Self::with(Box::new(move || Settings::from_config(&config)), Timing::default(), launcher)
    }

    /// A parent with settings and durations of the caller's choice.
    pub fn with(settings: Box<dyn FnMut() -> Settings>, timing: Timing, launcher: Reporter) -> Self {
        Self { settings, timing, launcher }
    }

    /// Starts the server, again and again. Returns once in each server process, at its beginning, and once in the parent, at
    /// the end.
    ///
    /// In the server, HUP, INT, TERM, QUIT and USR1 are blocked, so that none gets lost, until
    /// [`Signals::install`](super::signals::Signals::install) unblocks them; it gets TERM when the parent dies.
    ///
    /// # Errors
    /// The process has several threads, or the system refuses something that the first start needs.
    pub fn run(self) -> io::Result<Outcome> {
        require_single_thread()?;
        let marker = CrashMarker::new()?;
        let handled: SigSet = passed_on().into_iter().chain([Signal::SIGCHLD]).collect();
        handled.thread_block()?;
        let parent = Parent {
            signals: SignalFd::with_flags(&handled, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?,
            pauses: Pauses { timing: self.timing, deaths_in_a_row: 0 },
            watchdog: self,
            marker,
            pid_file: None,
            last_death: None,
            restarts: 0,
            crashes: 0,
            stopping: None,
        };
        parent.run()
    }
}

/// The parent at work.
struct Parent {
    watchdog: Watchdog,
    signals: SignalFd,
    pauses: Pauses,
    marker: CrashMarker,
    pid_file: Option<PidFile>,
    last_death: Option<Death>,
    restarts: u32,
    crashes: u32,
    /// TERM or QUIT has come; when the server will be killed.
    stopping: Option<Instant>,
}

/// A server process as its parent sees it.
struct Server {
    pid: Pid,
    reports: Reports,
    started: Instant,
    /// Why it said it would not serve.
    failure: Option<(u8, String)>,
}

impl Parent {
    fn run(mut self) -> io::Result<Outcome> {
        loop {
            let pid_file_warning = self.claim_pid_file();
            self.marker.clear();
            let (reporter, reports) = Reporter::pair()?;
            let own = getpid();
            match fork_single_threaded() {
                Ok(ForkResult::Child) => {
                    drop(reports);
                    return self.become_child(own, reporter, pid_file_warning);
                }
                Ok(ForkResult::Parent { child }) => {
                    drop(reporter);
                    let server = Server { pid: child, reports, started: Instant::now(), failure: None };
                    if let Some(status) = self.supervise(server) {
                        return Ok(Outcome::Parent(self.end(status)));
                    }
                }
                Err(error) if self.last_death.is_none() => return Err(error),
                // No room for a process at the moment. The pause is the longest, there is no death to derive one from.
                Err(_) => {
                    if self.pause(self.watchdog.timing.longest_pause) {
                        return Ok(Outcome::Parent(self.end(0)));
                    }
                }
            }
        }
    }

    fn become_child(self, parent: Pid, reporter: Reporter, pid_file_warning: Option<String>) -> io::Result<Outcome> {
        let mut child_signal = SigSet::empty();
        child_signal.add(Signal::SIGCHLD);
        child_signal.thread_unblock()?;
        prctl::set_pdeathsig(Signal::SIGTERM)?;
        if getppid() != parent {
            // The parent died before the kernel knew that we want to be told.
            std::process::exit(0);
        }
        Ok(Outcome::Child(Box::new(Child {
            reporter,
            marker: self.marker,
            last_death: self.last_death,
            restarts: self.restarts,
            crashes: self.crashes,
            pid_file_warning,
        })))
    }

    /// Makes sure that the configured pid file is ours; the result says why it is not.
    fn claim_pid_file(&mut self) -> Option<String> {
        let wanted = (self.watchdog.settings)().pid_file?;
        if self.pid_file.as_ref().is_some_and(|file| file.path() == wanted) {
            return None;
        }
        if let Some(file) = self.pid_file.take() {
            file.remove();
        }
        match PidFile::claim(&wanted) {
            Ok(file) => {
                self.pid_file = Some(file);
                None
            }
            Err(error) => Some(error.to_string()),
        }
    }

    fn write_pid_file(&self, pids: &[Pid]) {
        let pids: Vec<i32> = pids.iter().map(|pid| pid.as_raw()).collect();
        if let Some(Err(error)) = self.pid_file.as_ref().map(|file| file.write(&pids)) {
            self.watchdog.launcher.say(&format!("WARNING: {error}"));
        }
    }

    fn end(&mut self, status: u8) -> u8 {
        if let Some(file) = self.pid_file.take() {
            file.remove();
        }
        status
    }

    /// Watches a server until its end. `Some` is the parent's exit status, `None` asks for another server.
    fn supervise(&mut self, mut server: Server) -> Option<u8> {
        let status = loop {
            self.relay(&mut server);
            if let Some(status) = reap(server.pid) {
                break status;
            }
            self.wait(&server);
            self.forward(server.pid);
        };
        self.relay(&mut server);
        let death = Death {
            pid: server.pid.as_raw(),
            status,
            service: server.started.elapsed(),
            restart_asked: self.marker.was_restart_asked(),
            calls: self.marker.calls(),
        };
        self.after(death, server.failure)
    }

    /// The table of what happens after a server's end.
    fn after(&mut self, death: Death, failure: Option<(u8, String)>) -> Option<u8> {
        let code = death.status.code();
        if code == Some(0) {
            self.watchdog.launcher.failed(EXIT_FAILED, "The server was stopped before it was ready.");
            return Some(0);
        }
        if code == Some(i32::from(EXIT_FATAL)) {
            let (status, text) = failure.unwrap_or_else(|| (EXIT_FAILED, FATAL_CHILD.to_owned()));
            self.watchdog.launcher.failed(status, &text);
            return Some(EXIT_FAILED);
        }
        if self.stopping.is_some() {
            self.watchdog.launcher.failed(EXIT_FAILED, &death.to_string());
            return Some(EXIT_FAILED);
        }
        self.watchdog.launcher.say(&death.to_string());
        if let Some((_, text)) = failure {
            self.watchdog.launcher.say(&text);
        }
        self.write_pid_file(&[getpid()]);
        let pause = self.pauses.after(&death);
        self.crashes = self.crashes.saturating_add(u32::from(!death.is_planned()));
        self.last_death = Some(death);
        // Asked for before the pause, so that nobody waits for an end, and after it, where DSS did.
        if !(self.watchdog.settings)().auto_restart || self.pause(pause) || !(self.watchdog.settings)().auto_restart {
            self.watchdog.launcher.failed(EXIT_FAILED, "The server is not started again.");
            return Some(0);
        }
        self.restarts = self.restarts.saturating_add(1);
        None
    }

    /// Passes on what the server reports.
    fn relay(&mut self, server: &mut Server) {
        for report in server.reports.read() {
            match report {
                Report::Said(text) => self.watchdog.launcher.say(&text),
                Report::Failed { status, text } => server.failure = Some((status, text)),
                Report::Ready => {
                    // The launcher's caller may look for the file at once.
                    self.write_pid_file(&[getpid(), server.pid]);
                    self.watchdog.launcher.ready();
                }
            }
        }
    }

    /// Sleeps until a signal, a report, or the time to kill a server that does not stop.
    fn wait(&self, server: &Server) {
        let timeout = match self.stopping.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
            None => PollTimeout::NONE,
            Some(Duration::ZERO) => {
                let _ = kill(server.pid, Signal::SIGKILL); // not reaped yet, so the number is still the server's
                PollTimeout::NONE
            }
            Some(left) => rounded_up(left),
        };
        let mut watched = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
        if !server.reports.has_ended() {
            watched.push(PollFd::new(server.reports.as_fd(), PollFlags::POLLIN));
        }
        let _ = poll(&mut watched, timeout); // an interruption is as good as an event
    }

    /// Passes the signals that have arrived on to the server.
    fn forward(&mut self, server: Pid) {
        for signal in self.arrived() {
            self.note_stop(signal);
            if signal != Signal::SIGCHLD {
                let _ = kill(server, signal); // not reaped yet
            }
        }
    }

    fn note_stop(&mut self, signal: Signal) {
        if matches!(signal, Signal::SIGTERM | Signal::SIGQUIT) && self.stopping.is_none() {
            self.stopping = Some(Instant::now() + self.watchdog.timing.stop_patience);
        }
    }

    fn arrived(&self) -> Vec<Signal> {
        let mut signals = Vec::new();
        loop {
            match self.signals.read_signal() {
                Ok(Some(info)) => {
                    signals.extend(i32::try_from(info.ssi_signo).ok().and_then(|number| Signal::try_from(number).ok()));
                }
                Err(Errno::EINTR) => {}
                Ok(None) | Err(_) => return signals,
            }
        }
    }

    /// Sleeps between two servers. True when TERM or QUIT came; the other signals have nobody to go to.
    fn pause(&mut self, pause: Duration) -> bool {
        let end = Instant::now() + pause;
        loop {
            for signal in self.arrived() {
                self.note_stop(signal);
            }
            let left = end.saturating_duration_since(Instant::now());
            if self.stopping.is_some() || left.is_zero() {
                return self.stopping.is_some();
            }
            let _ = poll(&mut [PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)], rounded_up(left));
        }
    }
}

/// A wait that does not end before `left` is over.
fn rounded_up(left: Duration) -> PollTimeout {
    PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
}

/// The status of a child that has ended; `None` while it lives.
///
/// `waitpid` of the nix crate cannot express an end by a real-time signal.
fn reap(pid: Pid) -> Option<ExitStatus> {
    let mut raw = 0;
    // SAFETY: `raw` is a valid place for the status.
    match unsafe { libc::waitpid(pid.as_raw(), &raw mut raw, libc::WNOHANG) } {
        0 => None,
        -1 if Errno::last() == Errno::EINTR => None,
        // Somebody else has taken it away; it is gone all the same.
        -1 => Some(ExitStatus::from_raw(1 << 8)),
        _ => Some(ExitStatus::from_raw(raw)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn death(raw: i32, seconds: u64) -> Death {
        let (status, service) = (ExitStatus::from_raw(raw), Duration::from_secs(seconds));
        Death { pid: 1, status, service, restart_asked: false, calls: Vec::new() }
    }

    #[test]
    fn the_pause_doubles_to_half_a_minute_and_is_short_again_after_a_good_minute() {
        let mut pauses = Pauses { timing: Timing::default(), deaths_in_a_row: 0 };
        let mut after = |death: &Death| pauses.after(death).as_millis();
        let crash = death(libc::SIGSEGV, 3);
        let grown: Vec<_> = (0..9).map(|_| after(&crash)).collect();
        assert_eq!(grown, [200, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
        assert_eq!(after(&death(libc::SIGSEGV, 60)), 200);
        assert_eq!(after(&crash), 1000);
        let asked = Death { restart_asked: true, ..death(254 << 8, 0) };
        assert_eq!(after(&asked), 200, "a restart that was asked for is no failure");
        for _ in 0..100 {
            after(&crash);
        }
        assert_eq!(after(&crash), 30000);
    }

    /// A module that logs a fatal message at each start ended the server each second for ever.
    #[test]
    fn trap_17_a_fatal_state_at_every_start_is_a_failure_like_any_other() {
        let mut pauses = Pauses { timing: Timing::default(), deaths_in_a_row: 0 };
        let fatal = death(254 << 8, 1);
        let grown: Vec<_> = (0..7).map(|_| pauses.after(&fatal).as_millis()).collect();
        assert_eq!(grown, [200, 1000, 2000, 4000, 8000, 16000, 30000]);
    }

    #[test]
    fn only_a_lower_case_false_keeps_a_dead_server_down() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("streamingserver.xml");
        let restart = |value: &str| {
            let pref = format!("<PREF NAME=\"auto_restart\" TYPE=\"Bool16\" >{value}</PREF>");
            let pid = "<PREF NAME=\"pid_file\" >/run/x.pid</PREF>";
            std::fs::write(&config, format!("<CONFIGURATION><SERVER>{pref}{pid}</SERVER></CONFIGURATION>")).unwrap();
            let settings = Settings::from_config(&config);
            assert_eq!(settings.pid_file.as_deref(), Some(Path::new("/run/x.pid")));
            settings.auto_restart
        };
        assert!(!restart("false"));
        for value in ["true", "False", "no", "", "0"] {
            assert!(restart(value), "{value}");
        }
        std::fs::write(&config, "<CONFIGURATION><SERVER>").unwrap();
        assert!(Settings::from_config(&config).auto_restart, "a broken file");
        std::fs::write(&config, "<CONFIGURATION><SERVER></SERVER></CONFIGURATION>").unwrap();
        let settings = Settings::from_config(&config);
        assert_eq!(settings.pid_file.as_deref(), Some(Path::new("/var/run/DarwinStreamingServer.pid")));
        assert!(settings.auto_restart, "a missing preference");
        std::fs::remove_file(&config).unwrap();
        assert!(Settings::from_config(&config).auto_restart, "a missing file");
    }
}
