//! A log of JSON lines beside another log, if there is to be one.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use parking_lot::Mutex;
use serde_json::{Map, Value};

use super::clock::{Clock, to_gmt};
use super::rolling::{RollingLog, RollingOptions};

/// Times in JSON lines: GMT, with milliseconds (RFC 3339).
const TIME: &str = "%Y-%m-%dT%H:%M:%S%.3fZ";

/// Told when a log cannot be written; shared by a log and the JSON lines beside it.
pub(super) type SharedComplaint = Arc<dyn Fn(&str) + Send + Sync>;

/// The log, rolled like any other. Each line is an object with the member `time`.
pub(super) struct JsonLog {
    clock: Arc<dyn Clock>,
    complaint: SharedComplaint,
    log: Mutex<Option<Arc<RollingLog>>>,
}

impl JsonLog {
    pub(super) fn new(options: Option<RollingOptions>, clock: Arc<dyn Clock>, complaint: SharedComplaint) -> Self {
        let log = Self { clock, complaint, log: Mutex::default() };
        log.set_options(options);
        log
    }

    /// Changes the options; without any the log ends.
    pub(super) fn set_options(&self, options: Option<RollingOptions>) {
        let mut log = self.log.lock();
        match (log.as_ref(), options) {
            (_, None) => *log = None,
            (Some(log), Some(options)) => log.set_options(options),
            (None, Some(options)) => {
                let complaint = Arc::clone(&self.complaint);
                let complain = Box::new(move |text: &str| complaint(text));
                *log = Some(Arc::new(RollingLog::json_lines(options, Arc::clone(&self.clock), complain)));
            }
        }
    }

    fn log(&self) -> Option<Arc<RollingLog>> {
        self.log.lock().clone()
    }

    /// Writes what happened at that time, if anybody wants to know.
    pub(super) fn write(&self, time: SystemTime, what: impl FnOnce() -> Map<String, Value>) {
        let Some(log) = self.log() else { return };
        let mut what = what();
        what.insert("time".to_owned(), to_gmt(time).format(TIME).to_string().into());
        log.write(&Value::Object(what).to_string());
    }

    /// Writes what the other log has as a remark about the server's start or end.
    pub(super) fn remark(&self, what: &str) {
        self.write(self.clock.now(), || members([("event", what.into())]));
    }

    pub(super) fn path(&self) -> Option<PathBuf> {
        self.log().map(|log| log.path())
    }

    pub(super) fn tick(&self) {
        self.log().iter().for_each(|log| log.tick());
    }

    pub(super) fn reopen(&self) {
        self.log().iter().for_each(|log| log.reopen());
    }
}

/// An object's members.
pub(super) fn members<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
