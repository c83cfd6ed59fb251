//! The URL of a stream on another server, and where a redirect leads.

use std::fmt;

use super::config::{DEFAULT_RTSP_PORT, Host, encoded_path};

/// Most redirects that are followed, one after the other.
pub const MAX_REDIRECTS: usize = 5;

/// Longest name of a host (RFC 1035 section 2.3.4), bytes.
const MAX_HOST: usize = 255;

/// `rtsp://host:port/path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtspUrl {
    /// The server.
    pub host: Host,
    /// Its port.
    pub port: u16,
    /// Path and query, percent-encoded, with a leading slash.
    pub path: String,
}

impl RtspUrl {
    /// Whether it leads to this very server. Whoever is redirected to another one, be it on the same host, does not give it
    /// the password of the first.
    pub fn is_at(&self, host: &Host, port: u16) -> bool {
        self.host == *host && self.port == port
    }

    /// The URL that a redirect names: a whole one, or a path on the same server; `None` if it is neither.
    pub fn follow(&self, location: &str) -> Option<Self> {
        let location = location.trim();
        if location.starts_with('/') {
            return Some(Self { path: encoded_path(location), ..self.clone() });
        }
        let (scheme, rest) = location.split_once("://")?;
        if !scheme.eq_ignore_ascii_case("rtsp") {
            return None;
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().ok().filter(|port| *port != 0)?),
            _ => (authority, DEFAULT_RTSP_PORT),
        };
        // a name and password in a redirect are not ours to send
        if host.is_empty()
            || host.len() > MAX_HOST
            || host.contains('@')
            || host.contains(|sign: char| sign.is_whitespace())
        {
            return None;
        }
        Some(Self { host: Host::parse(host), port, path: encoded_path(path) })
    }
}

impl fmt::Display for RtspUrl {
    /// The default port is left out, as players do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rtsp://{}", self.host.in_url())?;
        if self.port != DEFAULT_RTSP_PORT {
            write!(f, ":{}", self.port)?;
        }
        f.write_str(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_lead_to_servers_and_paths() {
        let from = RtspUrl { host: Host::parse("10.0.0.1"), port: 8554, path: "/a.mov".into() };
        assert_eq!(from.to_string(), "rtsp://10.0.0.1:8554/a.mov");
        let followed = |location: &str| from.follow(location).map(|url| url.to_string());
        assert_eq!(followed("rtsp://other.example/b.mov").as_deref(), Some("rtsp://other.example/b.mov"));
        assert_eq!(followed(" RTSP://[::1]:7070/b c.mov ").as_deref(), Some("rtsp://[::1]:7070/b%20c.mov"));
        assert_eq!(followed("rtsp://[::1]/b").as_deref(), Some("rtsp://[::1]/b"));
        assert_eq!(followed("/c.mov").as_deref(), Some("rtsp://10.0.0.1:8554/c.mov"));
        assert_eq!(followed(&format!("rtsp://{}/x", "h".repeat(256))), None);
        for bad in ["http://h/x", "x.mov", "rtsp://", "rtsp://me:pw@h/x", "rtsp://h:0/x", "rtsp://h:x/", ""] {
            assert_eq!(followed(bad), None, "{bad}");
        }
    }
}
