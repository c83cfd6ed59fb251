//! The limit of open files. DSS 6.0.3 asked for "unlimited", which no current kernel grants, and kept what it had.

use std::io;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::{getpid, getppid, getsid};

use crate::rtp::NICE_LIMIT;

/// Descriptors for everything that does not grow with the clients: logs, listeners, UDP ports, modules, the runtime.
const RESERVED: u64 = 128;
/// Descriptors for each client: its connection (two when tunnelled through HTTP) and, at worst, a movie of its own.
const PER_CLIENT: u64 = 2;
/// What a server without `maximum_connections` should have at least.
const UNLIMITED_NEEDS: u64 = 4096;

/// The process's limits of open files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DescriptorLimits {
    /// What was in force before.
    pub before: u64,
    /// What is in force.
    pub soft: u64,
    /// Up to where the process may raise it.
    pub hard: u64,
}

/// Raises the limit of open files to the highest that the process may have. The hard limit stays as whoever starts the
/// server has set it.
///
/// # Errors
/// The system neither tells the limits nor lets them be raised.
pub fn raise_descriptor_limit() -> io::Result<DescriptorLimits> {
    let (before, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if before < hard {
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    }
    Ok(DescriptorLimits { before, soft: hard.max(before), hard })
}

/// Lets the send workers have their priority after root's rights are gone. Without root they get what the limit allows
/// (`LimitNICE` of a unit, limits.conf), or none.
pub fn allow_send_priority() {
    let allowed = getrlimit(Resource::RLIMIT_NICE).unwrap_or_default();
    if allowed.0 < NICE_LIMIT {
        if let Err(error) = setrlimit(Resource::RLIMIT_NICE, NICE_LIMIT, allowed.1.max(NICE_LIMIT)) {
            tracing::debug!(%error, "no priority for the send workers");
        }
    }
    // Linux may share the cores out by terminal session first, and then a thread's priority counts within it only. In a
    // session of the server's own its group can have the same priority; a shell's group is not the server's to change.
    let session = getsid(None).ok();
    if session == Some(getpid()) || session == Some(getppid()) {
        if let Err(error) = std::fs::write("/proc/self/autogroup", "-10") {
            tracing::debug!(%error, "no priority for the server's session");
        }
    }
}

/// How many descriptors a server may need for `maximum_connections` clients (below zero: no limit).
pub fn descriptors_needed(maximum_connections: i32) -> u64 {
    u64::try_from(maximum_connections).map_or(UNLIMITED_NEEDS, |clients| clients * PER_CLIENT + RESERVED)
}

impl DescriptorLimits {
    /// The warning for a limit that `maximum_connections` clients may exhaust; `None` when it is high enough.
    pub fn warning(&self, maximum_connections: i32) -> Option<String> {
        let needed = descriptors_needed(maximum_connections);
        if self.soft >= needed {
            return None;
        }
        Some(format!(
            "The limit of {} open files is too low for maximum_connections {maximum_connections}, which may need {needed}: \
             clients beyond about {} will be refused. Raise it with ulimit -n, limits.conf or LimitNOFILE",
            self.soft,
            self.soft.saturating_sub(RESERVED) / PER_CLIENT
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_becomes_the_hard_one() {
        let limits = raise_descriptor_limit().unwrap();
        assert_eq!(limits.soft, limits.hard);
        assert_eq!(getrlimit(Resource::RLIMIT_NOFILE).unwrap(), (limits.hard, limits.hard));
        assert_eq!(raise_descriptor_limit().unwrap().before, limits.hard, "once is enough");
    }

    #[test]
    fn a_limit_that_is_too_low_is_told_with_the_numbers() {
        let limits = DescriptorLimits { before: 1024, soft: 1024, hard: 1024 };
        assert_eq!(limits.warning(448), None);
        let warning = limits.warning(1000).unwrap();
        let beginning = "The limit of 1024 open files is too low for maximum_connections 1000, which may need 2128: \
                         clients beyond about 448 will be refused.";
        assert!(warning.starts_with(beginning), "{warning}");
        assert!(limits.warning(-1).is_some(), "no limit of clients");
        assert_eq!(DescriptorLimits { soft: 4096, ..limits }.warning(-1), None);
        let tiny = DescriptorLimits { before: 64, soft: 64, hard: 64 }.warning(10).unwrap();
        assert!(tiny.contains("beyond about 0 "), "{tiny}");
        assert_eq!(descriptors_needed(i32::MAX), 4_294_967_422);
    }
}
