//! Which description a request is about, and whether broadcasts may be there.

use std::net::{IpAddr, UdpSocket};

use super::prefs::ReflectorPrefs;
use crate::qtss::attr::*;
use crate::rtsp::path;
use crate::server::RequestContext;

/// What the names of descriptions end in.
pub(super) const SDP: &str = ".sdp";

/// What is appended to one to end its broadcast.
pub(super) const KILL: &str = ".sdp.kill";

/// Files that are never looked at as broadcasts, whatever stands beside them.
const MOVIE: &str = ".mov";

/// The file a request names, without the track of a SETUP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Its path on disk.
    pub path: String,
    /// Its path in the URL.
    pub url_path: String,
    /// The last part of a SETUP's URL; empty when there is none.
    pub track: String,
}

impl Place {
    /// From the request's attributes, as the roles before left them. `None` for a path that is not text.
    pub fn of(ctx: &RequestContext, in_setup: bool) -> Option<Self> {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).ok().filter(|text| !text.contains(char::is_control));
        let full = text(ctx.object.bytes(qtssRTSPReqFilePath)?)?;
        let root = text(ctx.object.bytes(qtssRTSPReqRootDir)?)?;
        Some(Self::new(&root, &full, in_setup))
    }

    fn new(root: &str, full: &str, in_setup: bool) -> Self {
        // The whole URL of a description with one track may do for that.
        let (url_path, track) = match full.rsplit_once('/').filter(|_| in_setup) {
            Some((before, track)) if !track.ends_with(SDP) || before.ends_with(SDP) => (before, track),
            _ => (full.trim_end_matches('/'), ""),
        };
        let path = format!("{}{url_path}", root.trim_end_matches('/'));
        Self { path, url_path: url_path.to_owned(), track: track.to_owned() }
    }

    /// The track's number in a player's SETUP.
    pub fn track_id(&self) -> Option<u32> {
        path::track_id(self.track.as_bytes())
    }

    /// The description that a player may mean: the file itself, or the one with `.sdp` behind its name. `None` if it is
    /// none of a broadcast.
    pub fn description(&self, prefs: &ReflectorPrefs) -> Option<String> {
        match &self.path {
            path if path.ends_with(SDP) => Some(path.clone()),
            path if path.ends_with(MOVIE) || !prefs.non_sdp_urls => None,
            // The movie folder itself: its name and `.sdp` would be outside of it.
            _ if self.url_path.trim_matches('/').is_empty() => None,
            path => Some(format!("{path}{SDP}")),
        }
    }

    /// Whether the request names a file that is there: it goes before the description `key` beside it, so that nobody can
    /// broadcast in the place of a movie.
    pub async fn is_another_file(&self, key: &str) -> bool {
        self.path != key && tokio::fs::metadata(&self.path).await.is_ok_and(|facts| facts.is_file())
    }

    /// Whether broadcasts may be here: `allow_broadcasts`, `broadcast_dir_list`.
    pub fn is_allowed(&self, prefs: &ReflectorPrefs) -> bool {
        let inside = |dir: &String| match dir.starts_with('/') {
            true => is_below(&self.path, dir),
            false => is_below(self.url_path.trim_start_matches('/'), dir),
        };
        prefs.allowed && (prefs.dirs.is_empty() || prefs.dirs.iter().any(inside))
    }
}

/// DSS compared letters, so that `live` also allowed `livestock/x.sdp`; here a name ends where a slash is, or at `.sdp`.
fn is_below(path: &str, dir: &str) -> bool {
    let rest = path.strip_prefix(dir.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || rest == SDP)
}

/// The path without a leading part that asks for another root (`redirect_broadcast_keyword`), if it has it.
pub(super) fn redirected<'a>(full: &'a str, keyword: &str) -> Option<&'a str> {
    let inside = full.strip_prefix('/')?;
    let (first, _) = inside.split_once('/')?;
    let is_keyword = !keyword.is_empty() && first.eq_ignore_ascii_case(keyword);
    is_keyword.then(|| inside.get(first.len()..)).flatten()
}

/// One of this machine's addresses: something can be bound there.
pub(super) fn is_own(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Document;

    fn prefs(own: &str) -> ReflectorPrefs {
        let text = format!("<CONFIGURATION><MODULE NAME=\"QTSSReflectorModule\">{own}</MODULE></CONFIGURATION>");
        let document = Document::parse(text.as_bytes()).expect("a document");
        ReflectorPrefs::of(&document, "/movies/")
    }

    #[test]
    fn a_setup_names_a_track_of_a_description() {
        let place = Place::new("/movies/", "/live.sdp/trackID=1", true);
        assert_eq!((place.path.as_str(), place.url_path.as_str()), ("/movies/live.sdp", "/live.sdp"));
        assert_eq!(place.track_id(), Some(1));
        let whole = Place::new("/movies", "/live.sdp", true);
        assert_eq!((whole.path.as_str(), whole.track.as_str()), ("/movies/live.sdp", ""));
        assert_eq!(Place::new("/movies", "/live.sdp/x.sdp", true).path, "/movies/live.sdp");
        assert_eq!(Place::new("/movies", "/live.sdp/", false).path, "/movies/live.sdp");
        assert_eq!(Place::new("/movies", "/live/trackID=2", true).path, "/movies/live");
    }

    #[test]
    fn players_may_leave_the_suffix_out() {
        let description = |path: &str, own: &str| Place::new("/m", path, false).description(&prefs(own));
        assert_eq!(description("/a", "").as_deref(), Some("/m/a.sdp"));
        assert_eq!(description("/a.sdp", "").as_deref(), Some("/m/a.sdp"));
        assert_eq!(description("/a.mov", ""), None);
        assert_eq!(description("/", ""), None, "/m.sdp is not in the movie folder");
        assert_eq!(Place::new("/m", "/trackID=1", true).description(&prefs("")), None);
        let off = "<PREF NAME=\"allow_non_sdp_urls\" TYPE=\"Bool16\">false</PREF>";
        assert_eq!((description("/a", off), description("/a.sdp", off).as_deref()), (None, Some("/m/a.sdp")));
    }

    #[test]
    fn broadcasts_are_allowed_in_the_listed_folders() {
        let own = "<LIST-PREF NAME=\"broadcast_dir_list\"><VALUE>live</VALUE><VALUE>/srv/cast/</VALUE></LIST-PREF>";
        let listed = prefs(own);
        let allowed = |root: &str, path: &str| Place::new(root, path, false).is_allowed(&listed);
        assert!(allowed("/m", "/live/a.sdp") && allowed("/m", "/live/b/c.sdp") && allowed("/m", "/live.sdp"));
        assert!(!allowed("/m", "/livestock/a.sdp") && !allowed("/m", "/a.sdp"));
        assert!(allowed("/srv/cast", "/a.sdp") && !allowed("/srv", "/castle/a.sdp"));
        let place = Place::new("/m", "/a.sdp", false);
        assert!(place.is_allowed(&prefs("")));
        assert!(!place.is_allowed(&prefs("<PREF NAME=\"allow_broadcasts\" TYPE=\"Bool16\">false</PREF>")));
    }

    #[test]
    fn the_keyword_is_a_whole_part_in_any_case() {
        assert_eq!(redirected("/Live/a.sdp", "live"), Some("/a.sdp"));
        assert_eq!(redirected("/live/b/a.sdp/trackID=1", "live"), Some("/b/a.sdp/trackID=1"));
        for path in ["/livestock/a.sdp", "/live", "/a/live/b.sdp"] {
            assert_eq!(redirected(path, "live"), None, "{path}");
        }
        assert_eq!(redirected("//a.sdp", ""), None);
    }
}
