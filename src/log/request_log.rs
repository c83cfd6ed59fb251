//! What the logs of requests have in common: switches, the time zone of their entries, and the remarks at start and stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use chrono::NaiveDateTime;

use super::clock::{Clock, to_gmt};
use super::json_log::{JsonLog, SharedComplaint};
use super::rolling::{Complaint, RollingLog, RollingOptions};

/// Date and time as in every header and remark.
pub(super) const DATE: &str = "%Y-%m-%d %H:%M:%S";

/// What a log of requests needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestLogOptions {
    /// The file.
    pub file: RollingOptions,
    /// Write entries at all.
    pub enabled: bool,
    /// Write the times of entries in GMT instead of local time.
    pub gmt: bool,
    /// What DSS 6.0.3 did not have.
    pub extras: RequestLogExtras,
}

/// Additions to a log of requests, all of them off unless asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestLogExtras {
    /// Milliseconds in the times of entries (`request_logtime_milliseconds`).
    pub milliseconds: bool,
    /// Remarks about what happens during a session (`request_log_events`).
    pub events: bool,
    /// A second file with an object in JSON on each line (`request_json_logfile_name`).
    pub json: Option<RollingOptions>,
}

/// A rolling log with a W3C style header.
pub(super) struct RequestLog {
    pub(super) file: RollingLog,
    pub(super) json: JsonLog,
    pub(super) clock: Arc<dyn Clock>,
    enabled: AtomicBool,
    gmt: Arc<AtomicBool>,
    milliseconds: AtomicBool,
    events: AtomicBool,
}

impl RequestLog {
    /// `header` gets the local time and whether entries are in GMT.
    pub(super) fn new(
        options: RequestLogOptions,
        clock: Arc<dyn Clock>,
        header: fn(NaiveDateTime, bool) -> String,
        complaint: Complaint,
    ) -> Self {
        let gmt = Arc::new(AtomicBool::new(options.gmt));
        let header_gmt = gmt.clone();
        let header = Box::new(move |now| header(now, header_gmt.load(Ordering::Relaxed)));
        let complaint: SharedComplaint = Arc::from(complaint);
        let of_file = Arc::clone(&complaint);
        let extras = options.extras;
        Self {
            file: RollingLog::new(options.file, clock.clone(), header, Box::new(move |text| of_file(text))),
            json: JsonLog::new(extras.json, clock.clone(), complaint),
            clock,
            enabled: AtomicBool::new(options.enabled),
            gmt,
            milliseconds: AtomicBool::new(extras.milliseconds),
            events: AtomicBool::new(extras.events),
        }
    }

    pub(super) fn set_options(&self, options: RequestLogOptions) {
        self.enabled.store(options.enabled, Ordering::Relaxed);
        self.gmt.store(options.gmt, Ordering::Relaxed);
        self.file.set_options(options.file);
        self.milliseconds.store(options.extras.milliseconds, Ordering::Relaxed);
        self.events.store(options.extras.events, Ordering::Relaxed);
        self.json.set_options(options.extras.json);
    }

    /// Whether entries are written at all.
    pub(super) fn is_enabled(&self) -> bool {
        self.enabled.load(Ordering::Relaxed)
    }

    /// Whether remarks about what happens during a session are wanted.
    pub(super) fn wants_events(&self) -> bool {
        self.is_enabled() && self.events.load(Ordering::Relaxed)
    }

    /// How the date and time of an entry are written: one blank between them.
    pub(super) fn date_format(&self) -> &'static str {
        if self.milliseconds.load(Ordering::Relaxed) { "%Y-%m-%d %H:%M:%S%.3f" } else { DATE }
    }

    /// A time in the zone that entries are written in.
    pub(super) fn entry_time(&self, time: SystemTime) -> NaiveDateTime {
        if self.gmt.load(Ordering::Relaxed) { to_gmt(time) } else { self.clock.to_local(time) }
    }

    pub(super) fn write(&self, line: impl FnOnce() -> String) {
        if self.is_enabled() {
            self.file.write(&line());
        }
    }

    /// `STARTUP` or `SHUTDOWN`; the word "beginning" is in both, as in DSS.
    pub(super) fn remark(&self, what: &str) {
        self.write(|| format!("#Remark: Streaming beginning {what} {}", self.clock.local().format(DATE)));
        if self.is_enabled() {
            self.json.remark(what);
        }
    }

    pub(super) fn tick(&self) {
        if self.is_enabled() {
            self.file.tick();
            self.json.tick();
        }
    }
}

/// The methods that every log of requests offers, written once.
macro_rules! request_log_methods {
    ($log:ident, $header:expr) => {
        impl $log {
            /// A log that is not opened before its first line. `complaint` is told when the file cannot be written.
            pub fn new(options: RequestLogOptions, clock: Arc<dyn Clock>, complaint: Complaint) -> Self {
                Self(RequestLog::new(options, clock, $header, complaint))
            }

            /// Takes changed preferences over; a changed folder or name counts from the next roll on.
            pub fn set_options(&self, options: RequestLogOptions) {
                self.0.set_options(options);
            }

            /// Writes the remark that marks the server's start, or the end of an idle time.
            pub fn startup(&self) {
                self.0.remark("STARTUP");
            }

            /// Writes the remark that marks the server's end, or the begin of an idle time.
            pub fn shutdown(&self) {
                self.0.remark("SHUTDOWN");
            }

            /// Rolls the log if it is due; to be called every minute.
            pub fn tick(&self) {
                self.0.tick();
            }

            /// Rolls the log now. Returns the rolled file's path, `None` without a log.
            ///
            /// # Errors
            /// The file could not be renamed; writing goes on into it.
            pub fn roll(&self) -> io::Result<Option<PathBuf>> {
                self.0.file.roll()
            }

            /// Opens the file anew (at a hang-up signal).
            pub fn reopen(&self) {
                self.0.file.reopen();
                self.0.json.reopen();
            }

            /// Path of the file in use.
            pub fn path(&self) -> PathBuf {
                self.0.file.path()
            }
        }
    };
}

pub(super) use request_log_methods;
