//! `NAME.m3u` and `NAME.pls`: what a browser hands to a player that then asks for the mount point.

use std::net::SocketAddr;

/// Longest host that is repeated from a request.
const MAX_HOST: usize = 255;

/// Which list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Playlist {
    /// One address on a line.
    M3u,
    /// SHOUTcast's form.
    Pls,
}

impl Playlist {
    /// The list that a path without its query asks for, and the path of the mount.
    pub(super) fn of(path: &str) -> Option<(Self, &str)> {
        let (mount, suffix) = path.split_at_checked(path.len().checked_sub(4)?)?;
        let list = match suffix.to_ascii_lowercase().as_str() {
            ".m3u" => Self::M3u,
            ".pls" => Self::Pls,
            _ => return None,
        };
        Some((list, if mount.is_empty() { "/" } else { mount }))
    }

    /// Its media type.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::M3u => "audio/mpegurl",
            Self::Pls => "audio/x-scpls",
        }
    }

    /// The list with one entry. The title is whatever was asked for: it must not make lines of its own.
    pub(super) fn body(self, url: &str, title: &str) -> String {
        let title: String = title.chars().filter(|sign| !sign.is_control()).collect();
        match self {
            Self::M3u => format!("{url}\r\n"),
            Self::Pls => format!(
                "[playlist]\r\nNumberOfEntries=1\r\nFile1={url}\r\nTitle1={title}\r\nLength1=-1\r\nVersion=2\r\n"
            ),
        }
    }
}

/// Where a player finds a mount: at the host that was asked, which is right behind a router, too, else at our address; at
/// the port that was asked. DSS 6.0.3 said port 8000 whatever it listened on.
pub(super) fn url(host: Option<&[u8]>, local: SocketAddr, mount: &str) -> String {
    let asked = host.and_then(|host| std::str::from_utf8(host).ok()).filter(|host| is_host(host));
    let local = SocketAddr::new(local.ip().to_canonical(), local.port());
    match asked.map(|host| (host, has_port(host))) {
        Some((host, true)) => format!("http://{host}{mount}"),
        Some((host, false)) => format!("http://{host}:{}{mount}", local.port()),
        None => format!("http://{local}{mount}"),
    }
}

fn is_host(host: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    !host.is_empty() && host.len() <= MAX_HOST && host.bytes().all(is_part)
}

fn has_port(host: &str) -> bool {
    host.rsplit_once(':').is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
        && (!host.starts_with('[') || host.contains("]:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_in_the_kind_of_list() {
        assert_eq!(Playlist::of("/radio.m3u"), Some((Playlist::M3u, "/radio")));
        assert_eq!(Playlist::of("/a.mp3.PLS"), Some((Playlist::Pls, "/a.mp3")));
        assert_eq!(Playlist::of("/.m3u"), Some((Playlist::M3u, "/")));
        assert_eq!(Playlist::of(".m3u"), Some((Playlist::M3u, "/")));
        assert_eq!([Playlist::of("/radio"), Playlist::of("m3u"), Playlist::of("/ä日u")], [None; 3]);
    }

    #[test]
    fn trap_76_a_playlist_names_the_host_and_the_port_that_were_asked() {
        let local: SocketAddr = "127.0.0.1:7070".parse().unwrap();
        let of = |host: &str| url(Some(host.as_bytes()), local, "/m");
        assert_eq!(of("radio.example:8001"), "http://radio.example:8001/m");
        assert_eq!(of("radio.example"), "http://radio.example:7070/m");
        assert_eq!(of("[::1]:8000"), "http://[::1]:8000/m");
        assert_eq!(of("[::1]"), "http://[::1]:7070/m");
        assert_eq!([of("a b"), of(""), of("a/b"), of("a\"b")], ["http://127.0.0.1:7070/m"; 4]);
        assert_eq!(url(None, "[::ffff:10.0.0.1]:80".parse().unwrap(), "/m"), "http://10.0.0.1:80/m");
        assert_eq!(url(None, "[2001:db8::1]:80".parse().unwrap(), "/m"), "http://[2001:db8::1]:80/m");
    }

    #[test]
    fn both_lists_have_the_address_once() {
        assert_eq!(Playlist::M3u.body("http://h:1/m", "t"), "http://h:1/m\r\n");
        let list = Playlist::Pls.body("http://h:1/m", "t");
        let evil = Playlist::Pls.body("http://h:1/m", "t\r\nFile1=http://evil/\n");
        assert_eq!(evil.lines().count(), list.lines().count(), "{evil}");
        assert!(list.starts_with("[playlist]\r\nNumberOfEntries=1\r\nFile1=http://h:1/m\r\nTitle1=t\r\n"), "{list}");
    }
}
