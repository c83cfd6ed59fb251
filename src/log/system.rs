//! The machine's own log, beside the files: syslog, or the journal of systemd.
//!
//! Both take datagrams at a socket that anybody may write to. Nothing here waits: what the other side has no room for, or
//! while it is away, is left out; the file has it.

use std::fmt::Write;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use chrono::NaiveDateTime;
use parking_lot::Mutex;

use super::level::Level;

/// Where syslog takes its datagrams.
const SYSLOG: &str = "/dev/log";
/// Where the journal takes those of its own protocol.
const JOURNAL: &str = "/run/systemd/journal/socket";
/// What entries are filed under.
const IDENTIFIER: &str = "DarwinStreamingServer";
/// The facility `daemon` of syslog (RFC 5424 section 6.2.1), as it stands in the priority.
const DAEMON: u32 = 3 << 3;

/// How entries are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    /// As libc's `syslog` does (RFC 3164 section 5.4).
    Syslog,
    /// Fields, a line each, as systemd documents its "native protocol".
    Journal,
}

/// A log of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemLogTarget {
    protocol: Protocol,
    socket: PathBuf,
}

impl SystemLogTarget {
    /// `syslog` or `journal`, followed by a colon and a path where the socket is not in its usual place. `None` for anything
    /// else, nothing included.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, path) = text.trim().split_once(':').unwrap_or((text.trim(), ""));
        let (protocol, usual) = match name {
            "syslog" => (Protocol::Syslog, SYSLOG),
            "journal" => (Protocol::Journal, JOURNAL),
            _ => return None,
        };
        Some(Self { protocol, socket: Path::new(if path.is_empty() { usual } else { path }).to_owned() })
    }

    fn datagram(&self, level: Level, text: &str, local: NaiveDateTime) -> String {
        let pid = std::process::id();
        match self.protocol {
            Protocol::Syslog => {
                let (priority, date) = (DAEMON | severity(level), local.format("%b %e %H:%M:%S"));
                format!("<{priority}>{date} {IDENTIFIER}[{pid}]: {level}: {text}")
            }
            Protocol::Journal => {
                let mut fields = format!("PRIORITY={}\nSYSLOG_IDENTIFIER={IDENTIFIER}\n", severity(level));
                // Writing to a String cannot fail. The text has no line ends: they were escaped before.
                let _ = writeln!(fields, "SYSLOG_PID={pid}\nDSS_LEVEL={level}\nMESSAGE={text}");
                fields
            }
        }
    }
}

/// Syslog's number for how bad it is.
const fn severity(level: Level) -> u32 {
    match level {
        Level::Fatal => 2,
        Level::Assert => 3,
        Level::Warning => 4,
        Level::Info => 6,
        Level::Debug => 7,
    }
}

/// Sends entries to a log of the machine, if there is to be one.
#[derive(Debug, Default)]
pub(super) struct SystemLog(Mutex<Sending>);

#[derive(Debug, Default)]
struct Sending {
    target: Option<SystemLogTarget>,
    socket: Option<UnixDatagram>,
}

impl SystemLog {
    pub(super) fn new(target: Option<SystemLogTarget>) -> Self {
        Self(Mutex::new(Sending { target, socket: None }))
    }

    pub(super) fn set_target(&self, target: Option<SystemLogTarget>) {
        let mut sending = self.0.lock();
        if sending.target != target {
            *sending = Sending { target, socket: None };
        }
    }

    /// Sends an entry; its text has no control characters.
    pub(super) fn send(&self, level: Level, text: &str, local: NaiveDateTime) {
        let mut sending = self.0.lock();
        let Some(target) = sending.target.clone() else { return };
        let datagram = target.datagram(level, text, local);
        // The other side may have been started anew since the last time: then the old socket leads nowhere.
        for _ in 0..2 {
            if sending.socket.is_none() {
                sending.socket = connect(&target.socket);
            }
            match sending.socket.as_ref().map(|socket| socket.send(datagram.as_bytes())) {
                Some(Err(error)) if error.kind() != std::io::ErrorKind::WouldBlock => sending.socket = None,
                _ => return,
            }
        }
    }
}

fn connect(path: &Path) -> Option<UnixDatagram> {
    let socket = UnixDatagram::unbound().ok()?;
    socket.set_nonblocking(true).ok()?;
    socket.connect(path).ok()?;
    Some(socket)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::NaiveDate;

    use super::*;

    fn received(socket: &UnixDatagram) -> String {
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut bytes = [0; 4096];
        let length = socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    fn time() -> NaiveDateTime {
        NaiveDate::from_ymd_opt(2026, 1, 2).unwrap().and_hms_opt(3, 4, 5).unwrap()
    }

    #[test]
    fn the_preference_names_the_log_and_perhaps_its_socket() {
        let path = |text| SystemLogTarget::parse(text).map(|target| target.socket);
        assert_eq!(path("syslog"), Some(PathBuf::from("/dev/log")));
        assert_eq!(path(" journal "), Some(PathBuf::from("/run/systemd/journal/socket")));
        assert_eq!(path("syslog:/x/y"), Some(PathBuf::from("/x/y")));
        for other in ["", "file", "Syslog", ":/x"] {
            assert_eq!(path(other), None, "{other}");
        }
    }

    #[test]
    fn both_protocols_get_their_datagrams_also_after_the_other_side_was_away() {
        let folder = tempfile::tempdir_in("/tmp").or_else(|_| tempfile::tempdir()).unwrap(); // TMPDIR may be too long for sockets
        let path = folder.path().join("socket");
        let pid = std::process::id();
        for (name, expected) in [
            ("syslog", format!("<28>Jan  2 03:04:05 DarwinStreamingServer[{pid}]: WARNING: a port is taken")),
            (
                "journal",
                format!(
                    "PRIORITY=4\nSYSLOG_IDENTIFIER=DarwinStreamingServer\nSYSLOG_PID={pid}\nDSS_LEVEL=WARNING\n\
                     MESSAGE=a port is taken\n"
                ),
            ),
        ] {
            let log = SystemLog::new(SystemLogTarget::parse(&format!("{name}:{}", path.display())));
            log.send(Level::Warning, "nobody is there", time());
            for _ in 0..2 {
                let socket = UnixDatagram::bind(&path).unwrap();
                log.send(Level::Warning, "a port is taken", time());
                assert_eq!(received(&socket), expected);
                std::fs::remove_file(&path).unwrap();
            }
            log.set_target(None);
            log.send(Level::Warning, "nobody is told", time());
        }
    }
}
