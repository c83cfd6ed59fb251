//! The path of a request's URL: %-escapes, dots, and the parts that name a movie and its track.

use std::borrow::Cow;

/// Longest path in bytes, escapes undone. It is the system's own limit; DSS 6.0.3 stopped at 255.
pub const MAX_PATH: usize = 4096;

/// Why a path cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// `%` without two hex digits behind it, or `%00`.
    #[error("bad %-escape in the URL")]
    BadEscape,
    /// More than [`MAX_PATH`] bytes.
    #[error("the URL's path exceeds {MAX_PATH} bytes")]
    TooLong,
}

/// Undoes %-escapes, once.
///
/// # Errors
/// [`PathError::BadEscape`] for `%` without two hex digits, and for a zero byte, which would end the name for the
/// system's calls.
pub fn decode(path: &[u8]) -> Result<Cow<'_, [u8]>, PathError> {
    if !path.contains(&b'%') {
        return if path.contains(&0) { Err(PathError::BadEscape) } else { Ok(Cow::Borrowed(path)) };
    }
    let hex = |byte: Option<&u8>| byte.and_then(|digit| char::from(*digit).to_digit(16));
    let mut out = Vec::with_capacity(path.len());
    let mut bytes = path.iter();
    while let Some(&byte) = bytes.next() {
        let decoded = match byte {
            b'%' => match (hex(bytes.next()), hex(bytes.next())) {
                (Some(high), Some(low)) => u8::try_from(high * 16 + low).map_err(|_| PathError::BadEscape)?,
                _ => return Err(PathError::BadEscape),
            },
            other => other,
        };
        if decoded == 0 {
            return Err(PathError::BadEscape);
        }
        out.push(decoded);
    }
    Ok(Cow::Owned(out))
}

/// The path a URL's path means: escapes undone, doubled slashes made one, `.` and `..` resolved. It starts with a slash;
/// a slash at the end stays. `..` at the root stays at the root, so no path leads out of the movie folder; DSS 6.0.3
/// deleted the `..` and kept the part before it.
///
/// # Errors
/// [`PathError`] for a bad escape or a path that is too long.
pub fn normalize(path: &[u8]) -> Result<Vec<u8>, PathError> {
    let decoded = decode(path)?;
    if decoded.len() > MAX_PATH {
        return Err(PathError::TooLong);
    }
    let mut parts: Vec<&[u8]> = Vec::new();
    let mut ends_in_slash = false;
    for part in decoded.split(|byte| *byte == b'/') {
        ends_in_slash = matches!(part, b"" | b"." | b"..");
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    let mut out = Vec::with_capacity(decoded.len() + 1);
    for part in parts {
        out.push(b'/');
        out.extend_from_slice(part);
    }
    if ends_in_slash || out.is_empty() {
        out.push(b'/');
    }
    Ok(out)
}

/// The path without its last part and the slash before it: `/dir` for `/dir/a.mov`. `None` when nothing is left, as for
/// `/a.mov`.
pub fn without_last_part(path: &[u8]) -> Option<&[u8]> {
    let slash = path.iter().rposition(|byte| *byte == b'/').filter(|at| *at > 0)?;
    path.get(..slash)
}

/// What stands after the last slash: `a.mov` for `/dir/a.mov`, nothing for `/dir/`.
pub fn last_part(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

/// The digits that end the path; empty when its last byte is none.
pub fn trailing_digits(path: &[u8]) -> &[u8] {
    let start = path.iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |at| at + 1);
    path.get(start..).unwrap_or_default()
}

/// The track number of a SETUP: the decimal digits that end the path's last part, whatever stands before them
/// (`trackID=3`, `streamid=3`, `foo3`). `None` without a digit; `u32::MAX` for a number beyond 32 bits.
pub fn track_id(path: &[u8]) -> Option<u32> {
    let digits = trailing_digits(last_part(path));
    let number = digits.iter().fold(0u32, |sum, digit| sum.saturating_mul(10).saturating_add(u32::from(digit - b'0')));
    (!digits.is_empty()).then_some(number)
}

/// Whether a URL names one track in exactly this spelling. DSS 6.0.3 answers every method but SETUP on such a URL with
/// 460, and old QuickTime players expect that.
pub fn names_track(url: &[u8]) -> bool {
    const TRACK: &[u8] = b"/trackID=";
    url.windows(TRACK.len()).any(|window| window == TRACK)
}

/// An absolute URL without its last part: `rtsp://h:p/dir` for `rtsp://h:p/dir/a.mov`, `rtsp://h:p` for
/// `rtsp://h:p/a.mov`. What has no slash after the host is returned whole.
pub fn url_without_last_part(url: &[u8]) -> &[u8] {
    let path = authority(url).map_or(0, |host| host.end);
    let slash = url.get(path..).and_then(|rest| rest.iter().rposition(|byte| *byte == b'/'));
    slash.and_then(|at| url.get(..path + at)).unwrap_or(url)
}

/// Where the authority (user, host and port) of an absolute URL is; `None` for a URL without `scheme://`.
///
/// DSS 6.0.3 never looked at the scheme, so any will do.
pub(super) fn authority(url: &[u8]) -> Option<std::ops::Range<usize>> {
    let scheme = url.iter().position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')))?;
    let rest = url.get(scheme..)?.strip_prefix(b"://").filter(|_| scheme > 0)?;
    let start = scheme + 3;
    let len = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    Some(start..start + len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(path: &str) -> Result<String, PathError> {
        normalize(path.as_bytes()).map(|path| String::from_utf8(path).unwrap())
    }

    #[test]
    fn dots_are_resolved_and_never_lead_out_of_the_root() {
        for (path, expected) in [
            ("/a.mov", "/a.mov"),
            ("/../a", "/a"),
            ("/%2e%2e/a", "/a"),
            ("/%2E%2E%2Fa", "/a"),
            ("/x/../a", "/a"),
            ("/x/../../../a/./b", "/a/b"),
            ("//a///b", "/a/b"),
            ("/.../a", "/.../a"),
            ("/..a/b..", "/..a/b.."),
            ("/", "/"),
            ("", "/"),
            ("/..", "/"),
            ("/dir/", "/dir/"),
            ("/dir/.", "/dir/"),
            ("/dir/sub/..", "/dir/"),
            ("a", "/a"),
        ] {
            assert_eq!(normal(path).as_deref(), Ok(expected), "{path}");
        }
    }

    #[test]
    fn escapes_are_undone_once() {
        assert_eq!(normal("/with%20space.mp4").as_deref(), Ok("/with space.mp4"));
        assert_eq!(normal("/sample%5F100kbit%2Emp4").as_deref(), Ok("/sample_100kbit.mp4"));
        assert_eq!(normal("/%252e%252e/a").as_deref(), Ok("/%2e%2e/a"));
        assert_eq!(normalize(b"/%ff").as_deref(), Ok(&b"/\xff"[..]));
    }

    #[test]
    fn bad_escapes_are_refused() {
        for path in ["/a%zz", "/a%4", "/a%", "/a%00.txt", "/a%+1", "/\0"] {
            assert_eq!(normal(path), Err(PathError::BadEscape), "{path}");
        }
    }

    #[test]
    fn a_path_of_255_bytes_is_not_the_end_but_4096_is() {
        assert!(normal(&format!("/{}", "a".repeat(1000))).is_ok());
        assert!(normal(&format!("/{}", "a".repeat(MAX_PATH - 1))).is_ok());
        assert_eq!(normal(&format!("/{}", "a".repeat(MAX_PATH))), Err(PathError::TooLong));
    }

    #[test]
    fn the_track_is_the_number_that_ends_the_last_part() {
        assert_eq!(track_id(b"/a.mp4/trackID=3"), Some(3));
        assert_eq!(track_id(b"/live.sdp/streamid=0"), Some(0));
        assert_eq!(track_id(b"/a.mp4/foo3"), Some(3));
        assert_eq!(track_id(b"/a.mp4/42"), Some(42));
        assert_eq!(track_id(b"/a.mp4/trackID=abc"), None);
        assert_eq!(track_id(b"/a.mp3/"), None);
        assert_eq!(track_id(b"/a/x99999999999"), Some(u32::MAX));
        assert_eq!(trailing_digits(b"/dir/a12"), b"12");
        assert_eq!(trailing_digits(b"/dir/a12.mov"), b"");
        assert_eq!(trailing_digits(b"77"), b"77");
    }

    #[test]
    fn paths_split_at_their_last_slash() {
        assert_eq!(without_last_part(b"/dir/a12.mov"), Some(&b"/dir"[..]));
        assert_eq!(without_last_part(b"/x"), None);
        assert_eq!(without_last_part(b"/dir/"), Some(&b"/dir"[..]));
        assert_eq!(last_part(b"/dir/a12.mov"), b"a12.mov");
        assert_eq!(last_part(b"/dir/"), b"");
        assert_eq!(url_without_last_part(b"rtsp://h:554/dir/a.mov"), b"rtsp://h:554/dir");
        assert_eq!(url_without_last_part(b"rtsp://h:554/a.mov"), b"rtsp://h:554");
        assert_eq!(url_without_last_part(b"rtsp://h:554"), b"rtsp://h:554");
        assert_eq!(url_without_last_part(b"/dir/a.mov"), b"/dir");
        assert_eq!(url_without_last_part(b"*"), b"*");
    }

    #[test]
    fn only_the_exact_spelling_names_a_track() {
        assert!(names_track(b"rtsp://h/a.mp4/trackID=3"));
        assert!(!names_track(b"rtsp://h/a.mp4/trackid=3"));
        assert!(!names_track(b"rtsp://h/a.mp4/streamid=0"));
    }

    #[test]
    fn the_authority_stands_between_scheme_and_path() {
        let host = |url: &'static str| authority(url.as_bytes()).map(|range| &url[range]);
        assert_eq!(host("rtsp://h:554/a"), Some("h:554"));
        assert_eq!(host("http://h?x"), Some("h"));
        assert_eq!(host("rtspu://[::1]:554/a"), Some("[::1]:554"));
        assert_eq!(host("rtsp:///a"), Some(""));
        assert_eq!(host("/a/x://y"), None);
        assert_eq!(host("://h/a"), None);
        assert_eq!(host("*"), None);
    }
}
