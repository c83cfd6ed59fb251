//! The facts of the moment that monitors ask for: as the status file (a property list), and as JSON.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use nix::unistd::{Group, User};
use serde_json::{Map, Value};

use super::{Preferences, Server};
use crate::config::identity;
use crate::qtss::attr::*;

const RELAXED: Ordering = Ordering::Relaxed;

/// How often the loop looks whether the file is due.
const LOOK: Duration = Duration::from_secs(1);

/// Access mode of the file when the preference is none.
const DEFAULT_MODE: u32 = 0o644;

/// The module in whose section the file's preferences are that DSS 6.0.3 did not have.
const SECTION: &str = "QTSSAdminModule";

/// What stands before the facts. The document type is the one property list readers know.
const HEAD: &str = concat!(
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
    "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n",
    "<plist version=\"1.0\">\n<dict>\n"
);

/// One fact's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// A text.
    Text(String),
    /// A count, a time in milliseconds, or bits per second.
    Number(u64),
    /// A share in percent; the status file shows six decimals.
    Percent(f32),
}

impl Fact {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Percent(percent) => format!("{percent:.6}"),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Number(number) => (*number).into(),
            Self::Percent(percent) => f64::from(*percent).into(),
        }
    }
}

/// The facts under the keys and in the order of DSS 6.0.3's status file. Version and build date, which DSS asked for under
/// names that do not exist and so left out, are there under those names and under the attributes' real ones.
pub fn facts(server: &Server) -> Vec<(&'static str, Fact)> {
    let (stats, totals) = (&server.stats, server.engine.counters());
    let word = |text: &str| Fact::Text(text.to_owned());
    let number = |attribute| Fact::Number(u64::from(server.object.u32(attribute).unwrap_or(0)));
    let since_1970 = |attribute| Fact::Number(server.object.i64(attribute).unwrap_or(0).max(0).unsigned_abs());
    vec![
        ("qtssSvrServerName", word(identity::SERVER_NAME)),
        ("qtssSvrServerVersion", word(identity::SERVER_VERSION)),
        ("qtssRTSPSvrServerVersion", word(identity::SERVER_VERSION)),
        ("qtssSvrServerBuild", word(identity::SERVER_BUILD)),
        ("qtssSvrServerPlatform", word(identity::SERVER_PLATFORM)),
        ("qtssSvrRTSPServerComment", word(identity::SERVER_COMMENT)),
        ("qtssSvrServerBuildDate", word(&server.object.string(qtssSvrServerBuildDate).unwrap_or_default())),
        ("qtssRTSPSvrServerBuildDate", word(&server.object.string(qtssSvrServerBuildDate).unwrap_or_default())),
        ("qtssSvrStartupTime", since_1970(qtssSvrStartupTime)),
        ("qtssSvrCurrentTimeMilliseconds", since_1970(qtssSvrCurrentTimeMilliseconds)),
        ("qtssSvrCPULoadPercent", Fact::Percent(stats.cpu_percent())),
        ("qtssSvrState", Fact::Number(u64::from(server.state()))),
        ("qtssRTPSvrCurConn", Fact::Number(u64::from(stats.current_sessions.load(RELAXED)))),
        ("qtssRTSPCurrentSessionCount", Fact::Number(u64::from(stats.current_rtsp.load(RELAXED)))),
        ("qtssRTSPHTTPCurrentSessionCount", Fact::Number(u64::from(stats.current_http.load(RELAXED)))),
        ("qtssRTPSvrCurBandwidth", Fact::Number(stats.current_bandwidth.load(RELAXED))),
        ("qtssRTPSvrCurPackets", Fact::Number(stats.current_packets.load(RELAXED))),
        ("qtssRTPSvrTotalConn", Fact::Number(stats.total_sessions.load(RELAXED))),
        ("qtssRTPSvrTotalBytes", Fact::Number(totals.bytes)),
        ("qtssMP3SvrCurConn", number(qtssMP3SvrCurConn)),
        ("qtssMP3SvrTotalConn", number(qtssMP3SvrTotalConn)),
        ("qtssMP3SvrCurBandwidth", number(qtssMP3SvrCurBandwidth)),
        ("qtssMP3SvrTotalBytes", Fact::Number(server.object.u64(qtssMP3SvrTotalBytes).unwrap_or(0))),
        // What DSS did not know.
        ("dssRelease", word(env!("CARGO_PKG_VERSION"))),
        ("dssRestarts", Fact::Number(u64::from(stats.restarts.load(RELAXED)))),
        ("dssCrashes", Fact::Number(u64::from(stats.crashes.load(RELAXED)))),
        ("dssLastEnd", word(server.last_end())),
    ]
}

/// The facts as JSON: one object, the same keys.
pub fn json(server: &Server) -> Value {
    Value::Object(facts(server).into_iter().map(|(key, fact)| (key.to_owned(), fact.json())).collect::<Map<_, _>>())
}

/// The facts as a property list: all values are strings, lines are indented, as in DSS 6.0.3.
pub fn plist(facts: &[(&'static str, Fact)]) -> String {
    let mut text = String::from(HEAD);
    for (key, fact) in facts {
        // XML has no way at all to write most control characters.
        let value: String = fact.text().chars().filter(|sign| !sign.is_control()).collect();
        let value = quick_xml::escape::escape(value.as_str());
        text.push_str(&format!("     <key>{key}</key>\n     <string>{value}</string>\n"));
    }
    text.push_str("</dict>\n</plist>\n\n");
    text
}

/// Where the status file goes and how it looks from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusFile {
    path: PathBuf,
    mode: u32,
    owner: String,
}

impl StatusFile {
    /// As the preferences have it now; `None` when there is to be no file.
    pub fn from_preferences(preferences: &Preferences) -> Option<Self> {
        let server = preferences.server();
        let wanted = server.enable_monitor_stats_file && server.monitor_stats_file_interval_seconds > 0;
        if !wanted || server.monitor_stats_file_name.is_empty() {
            return None;
        }
        let (folder, name) = preferences
            .with(|prefs| (prefs.server_path("error_logfile_dir"), prefs.server_path("monitor_stats_file_name")));
        let section = preferences.module(SECTION);
        let mode = u32::from_str_radix(section.string("status_file_mode").trim(), 8).unwrap_or(DEFAULT_MODE);
        // A name that begins with a slash is a path of its own.
        Some(Self { path: folder.join(name), mode: mode & 0o777, owner: section.string("status_file_owner") })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the file in one step: who reads it sees the old or the new facts, never a part.
    ///
    /// # Errors
    /// When the new file cannot be made, or its owner cannot be changed; the old one then stays.
    pub fn write(&self, text: &str) -> io::Result<()> {
        let name = self.path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
        let temporary = self.path.with_file_name(format!(".{name}.{:016x}", rand::random::<u64>()));
        let result = self.write_to(&temporary, text).and_then(|()| fs::rename(&temporary, &self.path));
        if result.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        result
    }

    fn write_to(&self, temporary: &Path, text: &str) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(temporary)?;
        file.write_all(text.as_bytes())?;
        if !self.owner.is_empty() {
            let (user, group) = owner(&self.owner)?;
            fchown(&file, user, group)?;
        }
        file.set_permissions(Permissions::from_mode(self.mode))
    }
}

/// `user`, `user:group` or `:group` as numbers.
fn owner(text: &str) -> io::Result<(Option<u32>, Option<u32>)> {
    let unknown = |name: &str| io::Error::new(io::ErrorKind::NotFound, format!("no account {name}"));
    let (user, group) = text.split_once(':').unwrap_or((text, ""));
    let user = match user {
        "" => None,
        name => Some(User::from_name(name)?.ok_or_else(|| unknown(name))?.uid.as_raw()),
    };
    let group = match group {
        "" => None,
        name => Some(Group::from_name(name)?.ok_or_else(|| unknown(name))?.gid.as_raw()),
    };
    Ok((user, group))
}

impl Server {
    /// Writes the status file whenever the interval's next multiple has come, for as long as the server runs. Trouble is
    /// logged once, until it ends.
    pub async fn run_status_file(self: Arc<Self>) {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut last, mut trouble) = (None, None);
        loop {
            looks.tick().await;
            let seconds = self.clock.wall_us() / 1_000_000;
            let interval = i64::from(self.prefs().monitor_stats_file_interval_seconds.max(1));
            if last.replace(seconds / interval) != Some(seconds / interval) {
                self.note_status_trouble(self.write_status_file().await, &mut trouble);
            }
        }
    }

    fn note_status_trouble(&self, result: Result<(), String>, trouble: &mut Option<String>) {
        match result {
            Ok(()) if trouble.take().is_some() => tracing::info!("the status file can be written again"),
            Err(text) if trouble.as_ref() != Some(&text) => {
                tracing::warn!("{text}");
                *trouble = Some(text);
            }
            _ => {}
        }
    }

    /// Writes the status file now, if there is to be one. The disk may be slow: no connection waits for it.
    pub(super) async fn write_status_file(&self) -> Result<(), String> {
        let Some(file) = StatusFile::from_preferences(&self.preferences) else { return Ok(()) };
        let text = plist(&facts(self));
        let write = move || file.write(&text).map_err(|error| format!("status file {}: {error}", file.path.display()));
        tokio::task::spawn_blocking(write).await.unwrap_or(Ok(()))
    }

    /// The preferences, for whoever reads more than the server's own.
    pub fn preferences(&self) -> &Arc<Preferences> {
        &self.preferences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &Path, mode: u32) -> StatusFile {
        StatusFile { path: path.to_owned(), mode, owner: String::new() }
    }

    #[test]
    fn trap_38_values_are_escaped_and_the_list_is_well_formed() {
        let odd =
            vec![("a", Fact::Text("R&B <\u{1}\"> ".to_owned())), ("b", Fact::Percent(1.5)), ("c", Fact::Number(7))];
        let text = plist(&odd);
        let mut reader = quick_xml::Reader::from_str(&text);
        let mut values = Vec::new();
        loop {
            match reader.read_event().expect("well-formed") {
                quick_xml::events::Event::Eof => break,
                quick_xml::events::Event::Text(text) => values.push(text.decode().expect("text").trim().to_owned()),
                quick_xml::events::Event::GeneralRef(name) => values.push(format!("&{}", name.decode().expect("name"))),
                _ => {}
            }
        }
        let all: String = values.concat();
        assert!(all.contains("R&ampB&lt&quot&gt"), "{all}");
        assert!(all.contains("1.500000") && all.contains('7'), "{all}");
    }

    #[test]
    fn trap_38_mode_is_the_preference_s_and_a_link_is_replaced_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (target, link) = (folder.path().join("precious"), folder.path().join("server_status"));
        fs::write(&target, "keep").expect("a file");
        std::os::unix::fs::symlink(&target, &link).expect("a link");
        file(&link, 0o644).write("facts").expect("written");
        assert_eq!(fs::read_to_string(&target).expect("read"), "keep");
        assert_eq!(fs::read_to_string(&link).expect("read"), "facts");
        assert_eq!(fs::metadata(&link).expect("metadata").permissions().mode() & 0o777, 0o644);
        file(&link, 0o600).write("more").expect("written");
        assert_eq!(fs::metadata(&link).expect("metadata").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 2, "no temporary file stays");
    }

    #[test]
    fn an_unknown_owner_leaves_the_old_file_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("server_status");
        file(&path, 0o644).write("old").expect("written");
        let foreign = StatusFile { owner: "no such account here".to_owned(), ..file(&path, 0o644) };
        assert!(foreign.write("new").expect_err("refused").to_string().contains("no such account here"));
        assert_eq!(fs::read_to_string(&path).expect("read"), "old");
        assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 1);
    }

    #[test]
    fn a_group_alone_leaves_the_user() {
        assert_eq!(owner(":root").expect("known"), (None, Some(0)));
        assert_eq!(owner("root").expect("known"), (Some(0), None));
        assert_eq!(owner("root:root").expect("known"), (Some(0), Some(0)));
    }
}
