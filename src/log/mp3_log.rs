//! mp3_access.log: one line for each MP3 listener that left.

use std::fmt::Write;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use chrono::NaiveDateTime;

use crate::config::Prefs;
use crate::config::identity::{SERVER_NAME, SERVER_VERSION};

use super::clock::Clock;
use super::escape::{field, quoted};
use super::request_log::{DATE, RequestLog, RequestLogExtras, RequestLogOptions, request_log_methods};
use super::rolling::{Complaint, RollingOptions};

/// Longest text written in a field, in bytes.
const MAX_TEXT: usize = 2048;

/// A line of the MP3 log.
#[derive(Clone, Debug)]
pub struct Mp3Entry {
    /// The client's address.
    pub c_ip: String,
    /// The User-Agent, if it sent one.
    pub user_agent: Option<String>,
    /// When the connection ended.
    pub ended: SystemTime,
    /// The first line of the request.
    pub request_line: String,
    /// HTTP status.
    pub c_status: u32,
    /// Bytes sent.
    pub c_bytes: u64,
    /// Seconds from connection to end.
    pub c_duration: u64,
}

impl Mp3Entry {
    /// The line, with `ended` as given.
    pub fn line(&self, ended: NaiveDateTime) -> String {
        let mut line = String::with_capacity(256);
        field(&mut line, &self.c_ip, MAX_TEXT);
        line.push(' ');
        quoted(&mut line, self.user_agent.as_deref().unwrap_or("unknown user agent"), MAX_TEXT);
        // Writing to a String cannot fail.
        let _ = write!(line, " [{}] ", ended.format(DATE));
        quoted(&mut line, &self.request_line, MAX_TEXT);
        let _ = write!(line, " {} {} {}", self.c_status, self.c_bytes, self.c_duration);
        line
    }
}

impl RequestLogOptions {
    /// The MP3 log's options as QTSSMP3StreamingModule's preferences have them.
    pub fn mp3_from_prefs(prefs: &Prefs) -> Self {
        let module = prefs.module("QTSSMP3StreamingModule");
        Self {
            file: RollingOptions {
                dir: module.path("mp3_request_logfile_dir"),
                name: module.string("mp3_request_logfile_name"),
                max_size: module.u32("mp3_request_logfile_size").into(),
                max_days: module.u32("mp3_request_logfile_interval"),
                close_on_write: prefs.server.force_logs_close_on_write,
            },
            enabled: module.bool("mp3_request_logging"),
            gmt: module.bool("mp3_request_logtime_in_gmt"),
            extras: RequestLogExtras::default(),
        }
    }
}

/// The MP3 log.
pub struct Mp3Log(RequestLog);

request_log_methods!(Mp3Log, header);

impl Mp3Log {
    /// Writes an entry, unless MP3 request logging is off.
    pub fn write(&self, entry: &Mp3Entry) {
        self.0.write(|| entry.line(self.0.entry_time(entry.ended)));
    }
}

/// The header after the creation line.
fn header(now: NaiveDateTime, gmt: bool) -> String {
    let zone = if gmt { "GMT" } else { "local time" };
    format!(
        "#Software: {SERVER_NAME}\n#Version: {SERVER_VERSION}\n#Date: {}\n#Remark: All date values are in {zone}.\n\
         #Remark: c-duration is in seconds.\n\
         #Fields: c-ip c-user-agent [date time] cs-uri c-status c-bytes c-duration\n",
        now.format(DATE)
    )
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    #[test]
    fn a_line_keeps_its_quotes_balanced() {
        let ended = NaiveDate::from_ymd_opt(2026, 1, 2).unwrap().and_hms_opt(3, 4, 5).unwrap();
        let mut entry = Mp3Entry {
            c_ip: "10.0.0.1".into(),
            user_agent: None,
            ended: SystemTime::UNIX_EPOCH,
            request_line: "GET /a\"b\n HTTP/1.0".into(),
            c_status: 200,
            c_bytes: 4096,
            c_duration: 7,
        };
        let expected = "10.0.0.1 \"unknown user agent\" [2026-01-02 03:04:05] \"GET /a%22b%0A HTTP/1.0\" 200 4096 7";
        assert_eq!(entry.line(ended), expected);
        entry.user_agent = Some("it's \"me\"".into());
        assert!(entry.line(ended).contains(" \"it's %22me%22\" "));
    }
}
