//! How a server process ended, told in one line to the error log of the next one.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use super::crash_marker::ModuleCall;

/// Exit status after which the parent does not start another child: a start failed for good (DSS's -1).
pub const EXIT_FATAL: u8 = 255;
/// Exit status of a stop after which the parent starts the server again (DSS's -2): SIGINT, a server without ports.
pub const EXIT_RESTART: u8 = 254;

/// Module calls that a death names at most. More than one thread may have been in a module.
const MAX_CALLS: usize = 4;

/// The end of a server process.
#[derive(Clone, Debug)]
pub struct Death {
    /// The process.
    pub pid: i32,
    /// What `wait` returned for it.
    pub status: ExitStatus,
    /// How long it lived.
    pub service: Duration,
    /// It was asked to make room for another (SIGINT); a fatal state ends with the same exit status.
    pub restart_asked: bool,
    /// The C modules that it was in, the innermost call of each thread.
    pub calls: Vec<ModuleCall>,
}

impl Death {
    /// Whether the process ended by itself because it was asked for another one. A fatal message of a module, a start
    /// without ports and a crash are none of that: they count, and the pauses between them grow.
    pub fn is_planned(&self) -> bool {
        self.restart_asked && self.status.code() == Some(i32::from(EXIT_RESTART))
    }
}

/// For example `Server process 1234 was killed by SIGSEGV after 75 s, in role Authorize of module QTSSMyAuthModule`.
impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server process {} ", self.pid)?;
        match (self.status.code(), self.status.signal()) {
            (Some(status), _) => write!(f, "exited with status {status}")?,
            (None, signal) => {
                let number = signal.unwrap_or(0);
                match signal_hook::low_level::signal_name(number) {
                    Some(name) => write!(f, "was killed by {name}")?,
                    None => write!(f, "was killed by signal {number}")?,
                }
                if self.status.core_dumped() {
                    f.write_str(" (core dumped)")?;
                }
            }
        }
        write!(f, " after {} s", self.service.as_secs())?;
        for (index, call) in self.calls.iter().take(MAX_CALLS).enumerate() {
            let joint = if index == 0 { "," } else { " and" };
            write!(f, "{joint} in role {} of module {}", call.role, call.module)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn death(raw: i32, calls: &[(&str, &str)]) -> Death {
        let calls = calls.iter().map(|(module, role)| ModuleCall { module: (*module).into(), role: (*role).into() });
        Death {
            pid: 7,
            status: ExitStatus::from_raw(raw),
            service: Duration::from_millis(75_900),
            restart_asked: true,
            calls: calls.collect(),
        }
    }

    #[test]
    fn a_death_says_how_when_and_where() {
        let text = death(libc::SIGSEGV | 0x80, &[("QTSSMyAuthModule", "Authorize")]).to_string();
        let expected = "Server process 7 was killed by SIGSEGV (core dumped) after 75 s, in role Authorize of module QTSSMyAuthModule";
        assert_eq!(text, expected);
        assert_eq!(death(1 << 8, &[]).to_string(), "Server process 7 exited with status 1 after 75 s");
        let text = death(libc::SIGKILL, &[("A", "Route"), ("B", "Filter")]).to_string();
        assert_eq!(
            text,
            "Server process 7 was killed by SIGKILL after 75 s, in role Route of module A and in role Filter of module B"
        );
        assert_eq!(death(40, &[]).to_string(), "Server process 7 was killed by signal 40 after 75 s");
        assert_eq!(death(6, &[("A", "B"); 9]).to_string().matches("module A").count(), MAX_CALLS);
    }

    #[test]
    fn only_status_254_that_was_asked_for_is_a_planned_end() {
        assert!(death(254 << 8, &[]).is_planned());
        assert!(!Death { restart_asked: false, ..death(254 << 8, &[]) }.is_planned(), "a fatal state");
        for raw in [0, 1 << 8, 255 << 8, libc::SIGINT] {
            assert!(!death(raw, &[]).is_planned(), "{raw}");
        }
    }
}
