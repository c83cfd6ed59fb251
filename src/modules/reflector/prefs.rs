//! The module's preferences as the last reread left them.

use crate::config::{ModulePrefs, ServerPrefs};
use crate::live::BroadcastOptions;

/// Longest announced description in kilobytes where `max_announced_sdp_length_kbytes` says nothing.
const LONGEST_ANNOUNCED_KB: u32 = 4;

/// No announced description is longer, whatever the preference says: 1 MB.
const LONGEST_KB: u32 = 1024;

/// DSS's list names the preference so; it is not in the files that DSS writes.
const LONGEST_ANNOUNCED: &str = "max_announced_sdp_length_kbytes";

/// The preferences, in the units of the code.
#[derive(Debug, Clone)]
pub(super) struct ReflectorPrefs {
    /// How broadcasts keep their packets; taken by each when it begins.
    pub options: BroadcastOptions,
    /// No RTP-Info in answers to PLAY.
    pub no_rtp_info: bool,
    /// `name` finds `name.sdp`.
    pub non_sdp_urls: bool,
    /// ANNOUNCE is taken.
    pub announce: bool,
    /// Broadcasters may send.
    pub push: bool,
    /// Longest broadcast in ms; 0 for no limit.
    pub longest_broadcast_ms: i64,
    /// A second broadcaster may send under a name that is on the air.
    pub duplicates: bool,
    /// The ports that descriptions may name, lowest and highest.
    pub static_ports: Option<(u16, u16)>,
    /// Viewers' sessions end with the broadcast.
    pub kill_clients: bool,
    /// A broadcaster that is silent for this long is gone, ms.
    pub broadcaster_timeout_ms: i64,
    /// Nothing is sent ahead of time.
    pub no_overbuffering: bool,
    /// There are broadcasts at all.
    pub allowed: bool,
    /// ANNOUNCE of a name and `.kill` ends a broadcast.
    pub announced_kill: bool,
    /// Answers to PLAY say `npt=now-`.
    pub range_header: bool,
    /// Players on the server's lists get what they need.
    pub player_compatibility: bool,
    /// What `b=` is cut to for such players, percent.
    pub bandwidth_percent: u32,
    /// PLAY waits until it can say sequence numbers and times.
    pub force_rtp_info: bool,
    /// The first part of paths that are looked for elsewhere; empty for none.
    pub redirect_keyword: String,
    /// Where that is.
    pub redirect_dir: String,
    /// Where broadcasts may be; nowhere else. Empty: everywhere.
    pub dirs: Vec<String>,
    /// Longest announced description in bytes.
    pub longest_announced: usize,
}

impl ReflectorPrefs {
    /// Reads them, with the server's own.
    pub fn read(prefs: &ModulePrefs, server: &ServerPrefs) -> Self {
        let ports = (prefs.u16("minimum_static_sdp_port"), prefs.u16("maximum_static_sdp_port"));
        let dirs = prefs.list("broadcast_dir_list");
        let everywhere = dirs.iter().any(String::is_empty);
        Self {
            options: BroadcastOptions::from_prefs(prefs).with_send_interval(server.send_interval),
            no_rtp_info: prefs.bool("disable_rtp_play_info"),
            non_sdp_urls: prefs.bool("allow_non_sdp_urls"),
            announce: prefs.bool("enable_broadcast_announce"),
            push: prefs.bool("enable_broadcast_push"),
            longest_broadcast_ms: i64::from(prefs.u32("max_broadcast_announce_duration_secs")) * 1000,
            duplicates: prefs.bool("allow_duplicate_broadcasts"),
            static_ports: prefs.bool("enforce_static_sdp_port_range").then_some(ports),
            kill_clients: prefs.bool("kill_clients_when_broadcast_stops"),
            broadcaster_timeout_ms: i64::from(prefs.u32("timeout_broadcaster_session_secs")) * 1000,
            no_overbuffering: prefs.bool("disable_overbuffering"),
            allowed: prefs.bool("allow_broadcasts"),
            announced_kill: prefs.bool("allow_announced_kill"),
            range_header: prefs.bool("enable_play_response_range_header"),
            player_compatibility: prefs.bool("enable_player_compatibility"),
            bandwidth_percent: prefs.u32("compatibility_adjust_sdp_media_bandwidth_percent").clamp(1, 100),
            force_rtp_info: prefs.bool("force_rtp_info_sequence_and_time"),
            redirect_keyword: prefs.string("redirect_broadcast_keyword").trim_matches('/').to_owned(),
            redirect_dir: below(&server.movie_folder, &prefs.string("redirect_broadcasts_dir")),
            dirs: if everywhere { Vec::new() } else { dirs },
            longest_announced: longest_announced(prefs),
        }
    }

    /// Those of a configuration with this folder for movies.
    #[cfg(test)]
    pub fn of(document: &crate::config::Document, movie_folder: &str) -> Self {
        let (server, _) = ServerPrefs::from_document(document);
        let server = ServerPrefs { movie_folder: movie_folder.to_owned(), ..server };
        Self::read(&document.module(super::NAME), &server)
    }

    /// What is odd about them, for the error log.
    pub fn oddities(&self) -> Vec<String> {
        let Some((lowest, highest)) = self.static_ports else { return Vec::new() };
        let mut odd = Vec::new();
        if lowest > highest {
            odd.push(format!("minimum_static_sdp_port {lowest} is above maximum_static_sdp_port {highest}"));
        }
        if lowest <= 9999 && highest >= 6970 {
            odd.push(
                "minimum_static_sdp_port and maximum_static_sdp_port overlap the server's own ports 6970 to 9999"
                    .into(),
            );
        }
        odd
    }
}

/// DSS took 0 for no limit.
fn longest_announced(prefs: &ModulePrefs) -> usize {
    let kilobytes = match prefs.section().get(LONGEST_ANNOUNCED) {
        Some(_) => prefs.u32(LONGEST_ANNOUNCED),
        None => LONGEST_ANNOUNCED_KB,
    };
    let kilobytes = if kilobytes == 0 { LONGEST_KB } else { kilobytes.min(LONGEST_KB) };
    usize::try_from(kilobytes).unwrap_or(1) * 1024
}

/// A folder, which is relative to another one unless it begins with a slash; empty stays empty.
fn below(folder: &str, dir: &str) -> String {
    match dir {
        "" => String::new(),
        dir if dir.starts_with('/') => dir.to_owned(),
        dir => format!("{}/{dir}", folder.trim_end_matches('/')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Document;

    fn read(prefs: &str) -> ReflectorPrefs {
        let text = format!("<CONFIGURATION><MODULE NAME=\"QTSSReflectorModule\">{prefs}</MODULE></CONFIGURATION>");
        let document = Document::parse(text.as_bytes()).expect("a document");
        ReflectorPrefs::of(&document, "/movies/")
    }

    #[test]
    fn the_longest_announcement_is_what_the_preference_says() {
        let with = |kilobytes: u32| {
            read(&format!("<PREF NAME=\"{LONGEST_ANNOUNCED}\" TYPE=\"UInt32\">{kilobytes}</PREF>")).longest_announced
        };
        assert_eq!(read("").longest_announced, 4096);
        assert_eq!((with(16), with(0), with(u32::MAX)), (16 << 10, 1 << 20, 1 << 20));
    }

    #[test]
    fn folders_are_read_as_dss_reads_them() {
        let text = |name: &str, value: &str| format!("<PREF NAME=\"{name}\">{value}</PREF>");
        let prefs = read(&(text("redirect_broadcast_keyword", "/live/") + &text("redirect_broadcasts_dir", "on/air")));
        assert_eq!((prefs.redirect_keyword.as_str(), prefs.redirect_dir.as_str()), ("live", "/movies/on/air"));
        assert_eq!(read(&text("redirect_broadcasts_dir", "/srv")).redirect_dir, "/srv");
        assert!(read("").dirs.is_empty());
        assert_eq!(read(&text("broadcast_dir_list", "a")).dirs, ["a"]);
    }

    #[test]
    fn ports_that_conflict_with_the_servers_are_odd() {
        let with = |lowest: u16, highest: u16| {
            let number = |name, value| format!("<PREF NAME=\"{name}\" TYPE=\"UInt16\">{value}</PREF>");
            let ports = number("minimum_static_sdp_port", lowest) + &number("maximum_static_sdp_port", highest);
            read(&format!("<PREF NAME=\"enforce_static_sdp_port_range\" TYPE=\"Bool16\">true</PREF>{ports}"))
        };
        assert_eq!(with(20_000, 65_535).oddities().len(), 0);
        assert_eq!(with(5000, 8000).oddities().len(), 1);
        assert_eq!(with(30_000, 20_000).oddities().len(), 1);
        assert!(read("").oddities().is_empty());
    }
}
