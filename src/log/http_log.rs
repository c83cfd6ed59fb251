//! StreamingServerHttp.log: one line for each request that was answered over HTTP, much like the Common Log Format.

use std::fmt::Write;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use chrono::NaiveDateTime;

use crate::config::Prefs;

use super::clock::Clock;
use super::escape::{field, quoted};
use super::request_log::{DATE, RequestLog, RequestLogExtras, RequestLogOptions, request_log_methods};
use super::rolling::{Complaint, RollingOptions};

/// Longest text written in a field, in bytes; DSS 6.0.3's line had room for as many.
const MAX_TEXT: usize = 2048;

/// A line of the HTTP log.
#[derive(Clone, Debug)]
pub struct HttpEntry {
    /// The client's address.
    pub c_ip: String,
    /// When the request was answered.
    pub at: SystemTime,
    /// The first line of the request.
    pub request_line: String,
    /// The answer's status. DSS wrote 200 whatever it was.
    pub status: u16,
    /// Bytes of the answer's body, if they are known.
    pub bytes: Option<u64>,
}

impl HttpEntry {
    /// The line, with `at` as given. The two fields that are always empty are the Common Log Format's names of users.
    pub fn line(&self, at: NaiveDateTime) -> String {
        let mut line = String::with_capacity(128);
        field(&mut line, &self.c_ip, MAX_TEXT);
        // Writing to a String cannot fail.
        let _ = write!(line, " - - {} ", at.format(DATE));
        quoted(&mut line, &self.request_line, MAX_TEXT);
        let _ = write!(line, " {} ", self.status);
        let _ = match self.bytes {
            Some(bytes) => write!(line, "{bytes}"),
            None => write!(line, "-"),
        };
        line
    }
}

impl RequestLogOptions {
    /// The HTTP log's options as QTSSHttpFileModule's preferences have them. Its times are in GMT.
    pub fn http_from_prefs(prefs: &Prefs) -> Self {
        let module = prefs.module("QTSSHttpFileModule");
        Self {
            file: RollingOptions {
                dir: module.path("http_logfile_dir"),
                name: module.string("http_logfile_name"),
                max_size: module.u32("http_logfile_size").into(),
                max_days: module.u32("http_logfile_interval"),
                close_on_write: prefs.server.force_logs_close_on_write,
            },
            enabled: module.bool("http_logging"),
            gmt: true,
            extras: RequestLogExtras::default(),
        }
    }
}

/// The HTTP log.
pub struct HttpLog(RequestLog);

request_log_methods!(HttpLog, header);

impl HttpLog {
    /// Writes an entry, unless the log is off.
    pub fn write(&self, entry: &HttpEntry) {
        self.0.write(|| entry.line(self.0.entry_time(entry.at)));
    }
}

/// Nothing follows the creation line.
fn header(_: NaiveDateTime, _: bool) -> String {
    String::new()
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    #[test]
    fn a_line_has_the_parts_of_the_common_log_format_and_quotes_that_match() {
        let time = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap().and_hms_opt(22, 18, 26).unwrap();
        let mut entry = HttpEntry {
            c_ip: "127.0.0.1".into(),
            at: SystemTime::UNIX_EPOCH,
            request_line: "GET /sample.mov HTTP/1.1".into(),
            status: 200,
            bytes: Some(164),
        };
        let expected = "127.0.0.1 - - 2026-11-22 22:18:26 \"GET /sample.mov HTTP/1.1\" 200 164";
        assert_eq!(entry.line(time), expected);
        entry.request_line = "GET /\" 200 1\n127.0.0.2 - - HTTP/1.1".into();
        entry.bytes = None;
        let expected = "127.0.0.1 - - 2026-11-22 22:18:26 \"GET /%22 200 1%0A127.0.0.2 - - HTTP/1.1\" 200 -";
        assert_eq!(entry.line(time), expected);
    }
}
