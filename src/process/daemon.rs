//! Detaching from the terminal, with a launcher that waits until the server serves or has failed.
//!
//! The launcher of DSS 6.0.3 returned 0 before anything could go wrong. Ours passes on what the server has to say while it
//! starts, and its exit status tells how the start went.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::Mode;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, chdir, dup2_stderr, dup2_stdin, dup2_stdout, setsid};

use super::fork::fork_single_threaded;
use super::report::{Report, Reporter, Reports};

/// How long the launcher waits for the server before it returns to the shell.
pub const LAUNCH_PATIENCE: Duration = Duration::from_secs(10);

/// Exit status of a launcher that does not know how the start went, or whose daemon died without a word.
const EXIT_UNKNOWN: u8 = 1;

/// Which of the two processes this is after [`detach`].
#[derive(Debug)]
pub enum Side {
    /// The process that the shell started. It has nothing to do but [`Launcher::wait`] and exit.
    Launcher(Launcher),
    /// The process in the background, with what talks to the launcher.
    Daemon(Reporter),
}

/// Goes to the background: a fork, a session without a terminal, `/` as the working folder, the standard streams connected
/// to the null device. The umask stays.
///
/// Relative paths lead elsewhere afterwards, so make them absolute before. Call it while the process has one thread.
///
/// # Errors
/// The process has several threads, or the system refused; the message is for the shell, nothing has been detached.
pub fn detach() -> io::Result<Side> {
    let null = open("/dev/null", OFlag::O_RDWR | OFlag::O_CLOEXEC, Mode::empty())?;
    let (reporter, reports) = Reporter::pair()?;
    match fork_single_threaded()? {
        ForkResult::Parent { child } => Ok(Side::Launcher(Launcher { reports, daemon: child })),
        ForkResult::Child => {
            drop(reports);
            let quiet = || -> nix::Result<()> {
                setsid()?;
                chdir("/")?;
                dup2_stdin(&null)?;
                dup2_stdout(&null)?;
                dup2_stderr(&null)
            };
            if let Err(error) = quiet() {
                reporter.failed(EXIT_UNKNOWN, &format!("cannot detach from the terminal: {}", error.desc()));
                std::process::exit(i32::from(EXIT_UNKNOWN));
            }
            Ok(Side::Daemon(reporter))
        }
    }
}

/// The process in the shell, waiting.
#[derive(Debug)]
pub struct Launcher {
    reports: Reports,
    daemon: Pid,
}

impl Launcher {
    /// Writes what the server says to `errors` (the shell's standard error) until it is ready or has failed or `patience`
    /// is over. The result is the exit status for the shell: 0 when it serves; the server's own status when it failed; 1
    /// when it died without a reason or is still starting.
    pub fn wait(mut self, patience: Duration, errors: &mut dyn Write) -> u8 {
        let deadline = Instant::now() + patience;
        let mut tell = |text: &str| {
            let _ = writeln!(errors, "{text}"); // there is nowhere else to complain
        };
        loop {
            for report in self.reports.read() {
                match report {
                    Report::Said(text) => tell(&text),
                    Report::Ready => return 0,
                    Report::Failed { status, text } => {
                        tell(&text);
                        return status;
                    }
                }
            }
            if self.reports.has_ended() {
                tell(&format!("The server ended before it was ready{}.", self.manner_of_death()));
                return EXIT_UNKNOWN;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                tell(&format!(
                    "The server is not ready after {} s; it goes on starting as process {}.",
                    patience.as_secs(),
                    self.daemon
                ));
                return EXIT_UNKNOWN;
            }
            let timeout = PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX);
            match poll(&mut [PollFd::new(self.reports.as_fd(), PollFlags::POLLIN)], timeout) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => {
                    tell(&format!("cannot wait for the server: {}", error.desc()));
                    return EXIT_UNKNOWN;
                }
            }
        }
    }

    /// ` (killed by SIGABRT)` and the like. The pipe closes a moment before the process is gone, so this waits a little.
    fn manner_of_death(&self) -> String {
        for _ in 0..50 {
            match waitpid(self.daemon, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(_, status)) => return format!(" (exit status {status})"),
                Ok(WaitStatus::Signaled(_, signal, _)) => return format!(" (killed by {signal})"),
                Ok(WaitStatus::StillAlive) => std::thread::sleep(Duration::from_millis(10)),
                _ => break,
            }
        }
        String::new()
    }
}
