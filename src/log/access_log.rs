//! StreamingServer.log: one line for each client session that ended.

use std::fmt::{Display, Write};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use chrono::NaiveDateTime;
use serde_json::{Map, Value};

use crate::config::Prefs;
use crate::config::identity::{SERVER_NAME, SERVER_VERSION};

use super::access_event::AccessEvent;
use super::clock::Clock;
use super::escape::{cut, field};
use super::request_log::{DATE, RequestLog, RequestLogExtras, RequestLogOptions, request_log_methods};
use super::rolling::{Complaint, RollingOptions};
use super::user_agent::UserAgentParts;

/// The columns in their order. DSS wrote a blank after the last one.
pub const ACCESS_FIELDS: [&str; 39] = [
    "c-ip",
    "date",
    "time",
    "c-dns",
    "cs-uri-stem",
    "c-starttime",
    "x-duration",
    "c-rate",
    "c-status",
    "c-playerid",
    "c-playerversion",
    "c-playerlanguage",
    "cs(User-Agent)",
    "c-os",
    "c-osversion",
    "c-cpu",
    "filelength",
    "filesize",
    "avgbandwidth",
    "protocol",
    "transport",
    "audiocodec",
    "videocodec",
    "sc-bytes",
    "cs-bytes",
    "c-bytes",
    "s-pkts-sent",
    "c-pkts-received",
    "c-pkts-lost-client",
    "c-buffercount",
    "c-totalbuffertime",
    "c-quality",
    "s-ip",
    "s-dns",
    "s-totalclients",
    "s-cpu-util",
    "cs-uri-query",
    "c-username",
    "sc(Realm)",
];

/// Longest path and User-Agent written, in bytes.
const MAX_TEXT: usize = 255;
/// Longest other text written, in bytes; a bound against requests made to fill the disk.
pub(super) const MAX_OTHER: usize = 2048;

/// The transport of a session's first stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessTransport {
    /// There was no stream.
    #[default]
    None,
    /// UDP; reliable UDP counts as such, too.
    Udp,
    /// Interleaved with RTSP, tunnelled through HTTP or not.
    Tcp,
}

/// A line of the access log. Empty texts are written as `-`.
#[derive(Clone, Debug)]
pub struct AccessEntry {
    /// c-ip: the client's address; also written as c-playerid.
    pub c_ip: String,
    /// date and time: when the session ended.
    pub ended: SystemTime,
    /// c-dns: host and port of the request's URL; empty for broadcasters.
    pub c_dns: String,
    /// cs-uri-stem: the path as sent, not decoded.
    pub cs_uri_stem: String,
    /// c-starttime: seconds of client buffer in DSS; 0 when unknown.
    pub c_starttime: u32,
    /// x-duration: seconds from the session's creation to its end.
    pub x_duration: u64,
    /// c-rate: always 1.
    pub c_rate: u32,
    /// c-status: the RTSP status, or 504 timed out, 415 unsupported media, 452 broadcast ended, 500 another forced end.
    pub c_status: u32,
    /// The User-Agent as sent; c-playerversion, c-playerlanguage, c-os, c-osversion and c-cpu are taken from it as well.
    pub user_agent: String,
    /// filelength: the movie's duration in seconds.
    pub filelength: u64,
    /// filesize: the movie's size in bytes.
    pub filesize: u64,
    /// avgbandwidth: the movie's bit rate in bits/s.
    pub avgbandwidth: u64,
    /// transport; the protocol column is always RTP.
    pub transport: AccessTransport,
    /// audiocodec: the rtpmap name, such as `mpeg4-generic/44100/2`.
    pub audiocodec: String,
    /// videocodec: the rtpmap name, such as `MP4V-ES/90000`.
    pub videocodec: String,
    /// sc-bytes: RTP bytes sent.
    pub sc_bytes: u64,
    /// cs-bytes: RTCP bytes received.
    pub cs_bytes: u64,
    /// c-bytes: bytes that arrived, see [`AccessEntry::set_delivery`].
    pub c_bytes: u64,
    /// s-pkts-sent: packets sent.
    pub s_pkts_sent: u64,
    /// c-pkts-received: packets sent that were not lost.
    pub c_pkts_received: u64,
    /// c-pkts-lost-client: packets lost.
    pub c_pkts_lost_client: u64,
    /// c-buffercount: always 1.
    pub c_buffercount: u32,
    /// c-totalbuffertime: seconds of client buffer.
    pub c_totalbuffertime: u32,
    /// c-quality: 0 when nothing was played, 100 without loss, else the percentage that arrived.
    pub c_quality: u32,
    /// s-ip: the connection's address on this side.
    pub s_ip: String,
    /// s-dns: its name.
    pub s_dns: String,
    /// s-totalclients: sessions now.
    pub s_totalclients: u32,
    /// s-cpu-util: processor load in percent.
    pub s_cpu_util: u32,
    /// cs-uri-query: the query as sent.
    pub cs_uri_query: String,
    /// c-username: who logged in.
    pub c_username: String,
    /// sc(Realm): the realm of the challenge.
    pub sc_realm: String,
}

impl Default for AccessEntry {
    /// An entry of a session that did nothing, ended in 1970.
    fn default() -> Self {
        Self {
            c_ip: String::new(),
            ended: SystemTime::UNIX_EPOCH,
            c_dns: String::new(),
            cs_uri_stem: String::new(),
            c_starttime: 0,
            x_duration: 0,
            c_rate: 1,
            c_status: 200,
            user_agent: String::new(),
            filelength: 0,
            filesize: 0,
            avgbandwidth: 0,
            transport: AccessTransport::None,
            audiocodec: String::new(),
            videocodec: String::new(),
            sc_bytes: 0,
            cs_bytes: 0,
            c_bytes: 0,
            s_pkts_sent: 0,
            c_pkts_received: 0,
            c_pkts_lost_client: 0,
            c_buffercount: 1,
            c_totalbuffertime: 0,
            c_quality: 0,
            s_ip: String::new(),
            s_dns: String::new(),
            s_totalclients: 0,
            s_cpu_util: 0,
            cs_uri_query: String::new(),
            c_username: String::new(),
            sc_realm: String::new(),
        }
    }
}

impl AccessEntry {
    /// Fills the columns about delivery from what was sent and what was lost of it, by DSS's rules: bytes received are
    /// those sent times the percentage of packets that arrived.
    pub fn set_delivery(&mut self, bytes_sent: u64, packets_sent: u64, packets_lost: u64) {
        let lost = packets_lost.min(packets_sent);
        self.sc_bytes = bytes_sent;
        self.s_pkts_sent = packets_sent;
        self.c_pkts_lost_client = packets_lost;
        self.c_pkts_received = packets_sent - lost;
        let share =
            |of: u128| (of * u128::from(packets_sent - lost)).checked_div(u128::from(packets_sent)).unwrap_or(0);
        self.c_bytes = u64::try_from(share(u128::from(bytes_sent))).unwrap_or(u64::MAX);
        self.c_quality = u32::try_from(share(100)).unwrap_or(100);
    }

    /// The line, with `ended` as given; a blank follows the last field, as in DSS.
    pub fn line(&self, ended: NaiveDateTime) -> String {
        self.line_dated(ended, DATE)
    }

    fn line_dated(&self, ended: NaiveDateTime, format: &'static str) -> String {
        let mut line = Line { text: String::with_capacity(512), ended, format };
        self.put(&mut line);
        line.text
    }

    /// The same as an object: members named like the columns, numbers as numbers, `null` for what is not known.
    fn object(&self) -> Map<String, Value> {
        let mut object = Object { names: ACCESS_FIELDS.iter(), members: Map::new() };
        self.put(&mut object);
        object.members
    }

    fn put(&self, out: &mut impl Fields) {
        self.who_and_what(out);
        self.delivery(out);
        self.server_side(out);
    }

    fn who_and_what(&self, out: &mut impl Fields) {
        let agent = self.user_agent.split(['\t', '\r', '\n']).next().unwrap_or_default();
        let parts = UserAgentParts::parse(agent);
        let stem = if self.cs_uri_stem.len() > MAX_TEXT { "" } else { &self.cs_uri_stem };
        out.text(&self.c_ip, MAX_OTHER);
        out.date_and_time();
        out.text(&self.c_dns, MAX_OTHER);
        out.text(stem, MAX_OTHER);
        out.number(self.c_starttime);
        out.number(self.x_duration);
        out.number(self.c_rate);
        out.number(self.c_status);
        out.text(&self.c_ip, MAX_OTHER);
        out.text(&parts.version, MAX_OTHER);
        out.text(&parts.language, MAX_OTHER);
        out.text(agent, MAX_TEXT);
        out.text(&parts.os, MAX_OTHER);
        out.text(&parts.os_version, MAX_OTHER);
        out.text(&parts.cpu, MAX_OTHER);
    }

    fn delivery(&self, out: &mut impl Fields) {
        out.number(self.filelength);
        out.number(self.filesize);
        out.number(self.avgbandwidth);
        out.text("RTP", MAX_OTHER);
        let transport = match self.transport {
            AccessTransport::None => "",
            AccessTransport::Udp => "UDP",
            AccessTransport::Tcp => "TCP",
        };
        out.text(transport, MAX_OTHER);
        out.text(&self.audiocodec, MAX_OTHER);
        out.text(&self.videocodec, MAX_OTHER);
        out.number(self.sc_bytes);
        out.number(self.cs_bytes);
        out.number(self.c_bytes);
        out.number(self.s_pkts_sent);
        out.number(self.c_pkts_received);
        out.number(self.c_pkts_lost_client);
        out.number(self.c_buffercount);
        out.number(self.c_totalbuffertime);
        out.number(self.c_quality);
    }

    fn server_side(&self, out: &mut impl Fields) {
        out.text(&self.s_ip, MAX_OTHER);
        out.text(&self.s_dns, MAX_OTHER);
        out.number(self.s_totalclients);
        out.number(self.s_cpu_util);
        out.text(&self.cs_uri_query, MAX_OTHER);
        out.text(&self.c_username, MAX_OTHER);
        out.text(&self.sc_realm, MAX_OTHER);
    }
}

/// What an entry is written into, column by column.
trait Fields {
    /// A text of at most `max` bytes.
    fn text(&mut self, text: &str, max: usize);
    fn number(&mut self, number: impl Into<u64>);
    /// Two columns.
    fn date_and_time(&mut self);
}

/// A line under construction; a blank follows each field.
struct Line {
    text: String,
    ended: NaiveDateTime,
    format: &'static str,
}

impl Line {
    fn put(&mut self, value: impl Display) {
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{value} ");
    }
}

impl Fields for Line {
    fn text(&mut self, text: &str, max: usize) {
        field(&mut self.text, text, max);
        self.text.push(' ');
    }

    fn number(&mut self, number: impl Into<u64>) {
        self.put(number.into());
    }

    fn date_and_time(&mut self) {
        self.put(self.ended.format(self.format));
    }
}

/// An object under construction.
struct Object {
    names: std::slice::Iter<'static, &'static str>,
    members: Map<String, Value>,
}

impl Object {
    fn put(&mut self, value: Value) {
        if let Some(name) = self.names.next() {
            self.members.insert((*name).to_owned(), value);
        }
    }
}

impl Fields for Object {
    fn text(&mut self, text: &str, max: usize) {
        self.put(if text.is_empty() { Value::Null } else { cut(text, max).into() });
    }

    fn number(&mut self, number: impl Into<u64>) {
        self.put(number.into().into());
    }

    fn date_and_time(&mut self) {
        // The object has a time of its own.
        self.names.nth(1);
    }
}

impl RequestLogOptions {
    /// The access log's options as QTSSAccessLogModule's preferences have them.
    pub fn access_from_prefs(prefs: &Prefs) -> Self {
        let module = prefs.module("QTSSAccessLogModule");
        let file = RollingOptions {
            dir: module.path("request_logfile_dir"),
            name: module.string("request_logfile_name"),
            max_size: module.u32("request_logfile_size").into(),
            max_days: module.u32("request_logfile_interval"),
            close_on_write: prefs.server.force_logs_close_on_write,
        };
        Self {
            extras: RequestLogExtras {
                milliseconds: module.bool("request_logtime_milliseconds"),
                events: module.bool("request_log_events"),
                json: file.beside(&module.string("request_json_logfile_name")),
            },
            file,
            enabled: module.bool("request_logging"),
            gmt: module.bool("request_logtime_in_gmt"),
        }
    }
}

/// The access log.
pub struct AccessLog(RequestLog);

request_log_methods!(AccessLog, header);

impl AccessLog {
    /// Writes an entry, unless request logging is off.
    pub fn write(&self, entry: &AccessEntry) {
        self.0.write(|| entry.line_dated(self.0.entry_time(entry.ended), self.0.date_format()));
        if self.0.is_enabled() {
            self.0.json.write(entry.ended, || entry.object());
        }
    }

    /// Whether events are written: they are if a preference asks for them.
    pub fn wants_events(&self) -> bool {
        self.0.wants_events()
    }

    /// Writes an event, if events are written.
    pub fn write_event(&self, event: &AccessEvent) {
        if self.wants_events() {
            self.0.write(|| event.line(self.0.entry_time(event.at), self.0.date_format()));
            self.0.json.write(event.at, || event.object());
        }
    }
}

/// The header after the creation line.
fn header(now: NaiveDateTime, gmt: bool) -> String {
    let zone = if gmt { "GMT" } else { "local time" };
    let (date, fields) = (now.format(DATE), ACCESS_FIELDS.join(" "));
    format!(
        "#Software: {SERVER_NAME}\n#Version: {SERVER_VERSION}\n#Date: {date}\n\
         #Remark: all time values are in {zone}.\n#Fields: {fields} \n"
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::NaiveDate;

    use super::super::access_event::AccessEventKind;
    use super::super::clock::ManualClock;
    use super::*;

    /// The session of DSS's example line.
    fn example() -> AccessEntry {
        let mut entry = AccessEntry {
            c_ip: "127.0.0.1".into(),
            c_dns: "127.0.0.1:8554".into(),
            cs_uri_stem: "/sample_100kbit.mp4".into(),
            c_starttime: 3,
            x_duration: 1,
            user_agent: "QTS (qtver=7.6.2;os=Mac 10.5.6;cpu=Intel)".into(),
            filelength: 70,
            filesize: 685_941,
            avgbandwidth: 78_392,
            transport: AccessTransport::Tcp,
            videocodec: "MP4V-ES/90000".into(),
            c_totalbuffertime: 3,
            s_ip: "127.0.0.1".into(),
            s_dns: "127.0.0.1".into(),
            s_totalclients: 3,
            cs_uri_query: "a=b&c=%20d".into(),
            sc_realm: "Streaming Server".into(),
            ..AccessEntry::default()
        };
        entry.set_delivery(37_129, 60, 0);
        // Over TCP there were no receiver reports, and DSS counted no packet as received.
        entry.c_pkts_received = 0;
        entry
    }

    fn time() -> NaiveDateTime {
        NaiveDate::from_ymd_opt(2026, 11, 22).unwrap().and_hms_opt(22, 18, 26).unwrap()
    }

    #[test]
    fn a_line_is_byte_for_byte_what_dss_wrote() {
        assert_eq!(
            example().line(time()),
            "127.0.0.1 2026-11-22 22:18:26 127.0.0.1:8554 /sample_100kbit.mp4 3 1 1 200 127.0.0.1 7.6.2 - \
             QTS%20(qtver=7.6.2;os=Mac%2010.5.6;cpu=Intel) Mac 10.5.6 Intel 70 685941 78392 RTP TCP - MP4V-ES/90000 \
             37129 0 37129 60 0 0 1 3 100 127.0.0.1 127.0.0.1 3 0 a=b&c=%20d - Streaming%20Server "
        );
    }

    #[test]
    fn trap_34_every_line_has_thirty_nine_fields_whatever_the_peer_sends() {
        let nasty = " x\ty\n#Remark: forged\r\u{1b}[2J \u{85}";
        let entry = AccessEntry {
            cs_uri_stem: nasty.into(),
            c_dns: nasty.into(),
            user_agent: format!("A(lang={nasty})"),
            cs_uri_query: nasty.into(),
            c_username: nasty.into(),
            audiocodec: nasty.into(),
            ..example()
        };
        let line = entry.line(time());
        assert_eq!(line.strip_suffix(' ').unwrap().split(' ').count(), ACCESS_FIELDS.len());
        assert!(!line.chars().any(char::is_control), "{line:?}");
        let empty = AccessEntry::default().line(time());
        assert_eq!(empty.trim_end().split(' ').count(), ACCESS_FIELDS.len());
    }

    #[test]
    fn long_paths_are_left_out_and_long_agents_cut() {
        let entry = AccessEntry {
            cs_uri_stem: "/".repeat(256),
            user_agent: "u".repeat(400),
            cs_uri_query: "q".repeat(100_000),
            ..example()
        };
        let line = entry.line(time());
        let fields: Vec<_> = line.split(' ').collect();
        assert_eq!(fields[4], "-");
        assert_eq!(fields[12].len(), 255);
        assert_eq!(fields[36].len(), MAX_OTHER);
    }

    #[test]
    fn delivery_is_counted_by_the_packets_that_arrived() {
        let mut entry = AccessEntry::default();
        entry.set_delivery(1000, 200, 50);
        assert_eq!((entry.c_bytes, entry.c_pkts_received, entry.c_quality), (750, 150, 75));
        entry.set_delivery(0, 0, 0);
        assert_eq!((entry.c_bytes, entry.c_quality), (0, 0));
        entry.set_delivery(10, 5, 9);
        assert_eq!((entry.c_bytes, entry.c_pkts_received, entry.c_pkts_lost_client), (0, 0, 9));
    }

    #[test]
    fn the_log_begins_with_dss_seven_lines_and_times_are_in_the_zone_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(time(), Duration::from_secs(2 * 3600)));
        let dir = folder.path().to_owned();
        let file =
            RollingOptions { dir, name: "StreamingServer".into(), max_size: 0, max_days: 0, close_on_write: false };
        let options = RequestLogOptions { file, enabled: true, gmt: true, extras: RequestLogExtras::default() };
        let log = AccessLog::new(options.clone(), clock.clone(), Box::new(|_| {}));
        log.startup();
        let entry = AccessEntry { ended: clock.now(), ..example() };
        log.write(&entry);
        log.set_options(RequestLogOptions { gmt: false, ..options.clone() });
        log.write(&entry);
        log.set_options(RequestLogOptions { enabled: false, ..options });
        log.write(&entry);
        let text = std::fs::read_to_string(log.path()).unwrap();
        let lines: Vec<_> = text.split('\n').collect();
        let fields = format!("#Fields: {} ", ACCESS_FIELDS.join(" "));
        let head = [
            "#Log File Created On: 11/22/2026 22:18:26",
            "#Software: DSS",
            "#Version: 6.0.3",
            "#Date: 2026-11-22 22:18:26",
            "#Remark: all time values are in GMT.",
            fields.as_str(),
            "#Remark: Streaming beginning STARTUP 2026-11-22 22:18:26",
        ];
        assert_eq!(lines[..7], head);
        assert!(lines[7].starts_with("127.0.0.1 2026-11-22 20:18:26 "));
        assert!(lines[8].starts_with("127.0.0.1 2026-11-22 22:18:26 "));
        assert_eq!(lines.len(), 10, "nothing is written while logging is off");
    }

    #[test]
    fn events_are_remarks_and_json_lines_have_the_columns_names() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(time(), Duration::from_secs(2 * 3600)));
        clock.advance(Duration::from_millis(40));
        let dir = folder.path().to_owned();
        let file =
            RollingOptions { dir, name: "StreamingServer".into(), max_size: 0, max_days: 0, close_on_write: false };
        let extras = RequestLogExtras { milliseconds: true, events: true, json: file.beside("StreamingServerJson") };
        let options = RequestLogOptions { file, enabled: true, gmt: true, extras };
        let log = AccessLog::new(options.clone(), clock.clone(), Box::new(|_| {}));
        let mut event = AccessEvent {
            kind: AccessEventKind::Pause,
            at: clock.now(),
            c_ip: "127.0.0.1".into(),
            cs_uri_stem: "/a b.mov\n".into(),
            npt: Some(12.3456),
            sc_bytes: 4711,
            c_username: String::new(),
            session: 17,
        };
        log.write_event(&event);
        event.npt = None;
        log.write_event(&event);
        log.write(&AccessEntry { ended: clock.now(), ..example() });
        let text = std::fs::read_to_string(log.path()).unwrap();
        let lines: Vec<_> = text.lines().skip(6).collect();
        let remark = "#Remark: PAUSE 2026-11-22 20:18:26.040 c-ip=127.0.0.1 cs-uri-stem=/a%20b.mov%0A npt=12.346 \
                      sc-bytes=4711 c-username=- session=17";
        assert_eq!(lines[..2], [remark, &remark.replace("12.346", "-")]);
        assert!(lines[2].starts_with("127.0.0.1 2026-11-22 20:18:26.040 127.0.0.1:8554 "), "{}", lines[2]);
        assert_eq!((lines.len(), lines[2].split(' ').count()), (3, 40));
        let text = std::fs::read_to_string(folder.path().join("StreamingServerJson.log")).unwrap();
        let objects: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(objects.len(), 4, "{text}");
        assert_eq!((&objects[1]["event"], &objects[1]["npt"]), (&"pause".into(), &12.3456.into()));
        let entry = objects[3].as_object().unwrap();
        assert_eq!(entry.len(), 38, "date and time are one");
        assert_eq!(entry["time"], "2026-11-22T20:18:26.040Z");
        assert_eq!((&entry["filesize"], &entry["sc-bytes"]), (&685_941.into(), &37_129.into()));
        assert_eq!((&entry["audiocodec"], &entry["c-os"]), (&Value::Null, &"Mac".into()));
        log.set_options(RequestLogOptions { extras: RequestLogExtras::default(), ..options });
        log.write_event(&event);
        assert_eq!(std::fs::read_to_string(log.path()).unwrap().lines().count(), 9);
    }
}
