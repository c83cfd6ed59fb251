//! What a starting server tells the process that waits for it: lines, and in the end that it is ready or has failed.
//!
//! The child talks to its watchdog parent and that to the launcher in the shell, each over a pipe. A report is a kind byte,
//! a status byte, the text's length in two bytes (little-endian) and the text. It fits what a pipe takes in one piece.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::{pipe2, read, write};
use parking_lot::Mutex;

/// Bytes of a report before its text.
const HEADER: usize = 4;
/// Longest text of a report in bytes; header and text stay below PIPE_BUF (4096), which a pipe takes whole or not at all.
const MAX_TEXT: usize = 4000;

const SAID: u8 = b'M';
const READY: u8 = b'R';
const FAILED: u8 = b'F';

/// The starting side. Nothing here waits or fails: a reader that has gone away, or does not read, is done without.
#[derive(Debug)]
pub struct Reporter {
    pipe: Mutex<Option<OwnedFd>>,
}

impl Reporter {
    /// A reporter to nobody, for a server that stays in the foreground.
    pub fn disconnected() -> Self {
        Self { pipe: Mutex::new(None) }
    }

    /// A reporter and what reads it. Both ends are closed when another program is executed.
    pub(crate) fn pair() -> io::Result<(Self, Reports)> {
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
        Ok((Self { pipe: Mutex::new(Some(writer)) }, Reports { pipe: reader, buffer: Vec::new(), ended: false }))
    }

    /// Whether somebody may still be reading: neither ready nor failure has been reported.
    pub fn is_connected(&self) -> bool {
        self.pipe.lock().is_some()
    }

    /// A line for who started the server, such as a warning during the start. Longer texts are cut at 4000 bytes.
    pub fn say(&self, text: &str) {
        self.send(SAID, 0, text);
    }

    /// The server serves. Ends the reports.
    pub fn ready(&self) {
        self.send(READY, 0, "");
        self.pipe.lock().take();
    }

    /// The server is not going to serve: the exit status and the reason. Ends the reports.
    pub fn failed(&self, status: u8, text: &str) {
        self.send(FAILED, status, text);
        self.pipe.lock().take();
    }

    fn send(&self, kind: u8, status: u8, text: &str) {
        let guard = self.pipe.lock();
        let Some(pipe) = guard.as_ref() else { return };
        let text = cut(text);
        let mut bytes = Vec::with_capacity(HEADER + text.len());
        bytes.extend([kind, status]);
        bytes.extend(u16::try_from(text.len()).unwrap_or(0).to_le_bytes());
        bytes.extend(text.as_bytes());
        while write(pipe, &bytes) == Err(Errno::EINTR) {}
    }
}

/// The longest beginning of a text that fits a report.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// One thing that a starting server told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// A line for the console.
    Said(String),
    /// It serves.
    Ready,
    /// It will not serve.
    Failed {
        /// Exit status.
        status: u8,
        /// The reason.
        text: String,
    },
}

/// The waiting side.
#[derive(Debug)]
pub(crate) struct Reports {
    pipe: OwnedFd,
    buffer: Vec<u8>,
    ended: bool,
}

impl Reports {
    /// What has arrived since the last call; does not wait.
    pub(crate) fn read(&mut self) -> Vec<Report> {
        let mut bytes = [0; 4096];
        // More than the pipe can hold: a writer that never stops does not keep us here.
        for _ in 0..32 {
            match read(self.pipe.as_fd(), &mut bytes) {
                Ok(0) => self.ended = true,
                Ok(length) => {
                    self.buffer.extend(bytes.get(..length).unwrap_or_default());
                    continue;
                }
                Err(Errno::EINTR) => continue,
                Err(Errno::EAGAIN) => {}
                Err(_) => self.ended = true,
            }
            break;
        }
        self.parse()
    }

    /// Whether the other side has closed the pipe: no more reports will come.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    fn parse(&mut self) -> Vec<Report> {
        let mut reports = Vec::new();
        let mut rest = self.buffer.as_slice();
        while let Some((&[kind, status, low, high], after)) = rest.split_first_chunk::<HEADER>() {
            let Some((text, after)) = after.split_at_checked(usize::from(u16::from_le_bytes([low, high]))) else {
                break;
            };
            rest = after;
            let text = String::from_utf8_lossy(text).into_owned();
            match kind {
                SAID => reports.push(Report::Said(text)),
                READY => reports.push(Report::Ready),
                FAILED => reports.push(Report::Failed { status, text }),
                _ => {} // of a newer version of the program, started again by an older parent
            }
        }
        let read = self.buffer.len() - rest.len();
        self.buffer.drain(..read);
        reports
    }
}

impl AsFd for Reports {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}

impl AsRawFd for Reports {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.pipe.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_arrive_in_order_and_the_last_one_ends_them() {
        let (reporter, mut reports) = Reporter::pair().unwrap();
        assert_eq!(reports.read(), []);
        assert!(!reports.has_ended() && reporter.is_connected());
        reporter.say("port 554 is taken");
        reporter.failed(255, "no port left");
        reporter.ready(); // too late
        let failed = Report::Failed { status: 255, text: "no port left".to_owned() };
        assert_eq!(reports.read(), [Report::Said("port 554 is taken".to_owned()), failed]);
        assert_eq!(reports.read(), []);
        assert!(reports.has_ended() && !reporter.is_connected());
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let (reporter, mut reports) = Reporter::pair().unwrap();
        let text = format!("{}ü and more", "x".repeat(MAX_TEXT - 1));
        reporter.say(&text);
        reporter.ready();
        assert_eq!(reports.read(), [Report::Said("x".repeat(MAX_TEXT - 1)), Report::Ready]);
    }

    #[test]
    fn a_reader_that_does_not_read_or_is_gone_holds_nobody_up() {
        let (reporter, mut reports) = Reporter::pair().unwrap();
        for _ in 0..100 {
            reporter.say(&"x".repeat(MAX_TEXT));
        }
        assert!(reports.read().len() >= 10, "as many as fit");
        drop(reports);
        reporter.say("to nobody");
        reporter.ready();
        Reporter::disconnected().failed(1, "to nobody");
    }

    #[test]
    fn a_report_that_came_in_part_waits_for_its_rest() {
        let (_reporter, mut reports) = Reporter::pair().unwrap();
        reports.buffer.extend([SAID, 0, 3, 0, b'a']);
        assert_eq!(reports.parse(), []);
        reports.buffer.extend(b"bcR");
        assert_eq!(reports.parse(), [Report::Said("abc".to_owned())]);
        reports.buffer.extend([0, 0, 0]);
        assert_eq!(reports.parse(), [Report::Ready]);
        reports.buffer.extend([b'?', 0, 0, 0]);
        assert_eq!((reports.parse(), reports.buffer.len()), (vec![], 0), "an unknown kind is skipped");
    }
}
