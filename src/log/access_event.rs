//! What happens between the beginning and the end of a session, as remarks of the access log.

use std::fmt::Write;
use std::time::SystemTime;

use chrono::NaiveDateTime;
use serde_json::{Map, Value};

use super::access_log::MAX_OTHER;
use super::escape::{cut, field};
use super::json_log::members;

/// What a viewer does during a session. DSS 6.0.3's log did not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessEventKind {
    /// Began to play.
    Play,
    /// Paused.
    Pause,
    /// Went on after a pause.
    Resume,
    /// Went to another place, paused or not.
    Seek,
}

impl AccessEventKind {
    /// The word in the remark; in JSON lines it is in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Play => "PLAY",
            Self::Pause => "PAUSE",
            Self::Resume => "RESUME",
            Self::Seek => "SEEK",
        }
    }
}

/// An event of a session.
#[derive(Clone, Debug)]
pub struct AccessEvent {
    /// What happened.
    pub kind: AccessEventKind,
    /// When.
    pub at: SystemTime,
    /// The client's address.
    pub c_ip: String,
    /// The path as sent, not decoded.
    pub cs_uri_stem: String,
    /// Where in the movie, in seconds; `None` when that is not known.
    pub npt: Option<f64>,
    /// RTP bytes sent so far in this session.
    pub sc_bytes: u64,
    /// Who logged in.
    pub c_username: String,
    /// The session's running number, the same in all its events.
    pub session: u32,
}

impl AccessEvent {
    /// A remark, which programs that read the log pass over: `#Remark: PAUSE 2026-11-25 16:00:00 c-ip=… npt=12.345 …`.
    pub(super) fn line(&self, at: NaiveDateTime, format: &str) -> String {
        let mut line = format!("#Remark: {} {} c-ip=", self.kind.name(), at.format(format));
        field(&mut line, &self.c_ip, MAX_OTHER);
        line.push_str(" cs-uri-stem=");
        field(&mut line, &self.cs_uri_stem, MAX_OTHER);
        // Writing to a String cannot fail.
        let _ = match self.npt {
            Some(seconds) => write!(line, " npt={seconds:.3}"),
            None => write!(line, " npt=-"),
        };
        let _ = write!(line, " sc-bytes={} c-username=", self.sc_bytes);
        field(&mut line, &self.c_username, MAX_OTHER);
        let _ = write!(line, " session={}", self.session);
        line
    }

    pub(super) fn object(&self) -> Map<String, Value> {
        let text = |text: &str| if text.is_empty() { Value::Null } else { cut(text, MAX_OTHER).into() };
        members([
            ("event", self.kind.name().to_lowercase().into()),
            ("c-ip", text(&self.c_ip)),
            ("cs-uri-stem", text(&self.cs_uri_stem)),
            ("npt", self.npt.into()),
            ("sc-bytes", self.sc_bytes.into()),
            ("c-username", text(&self.c_username)),
            ("session", self.session.into()),
        ])
    }
}
