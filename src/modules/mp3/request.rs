//! What a request means to this module.

use super::headers::Description;
use crate::modules::http::HttpRequest;
use crate::rtsp::Method;

/// A request that may be for this module.
#[derive(Debug)]
pub(super) enum Asked {
    /// A broadcaster that speaks before HTTP was spoken.
    Source(LegacySource),
    /// A request over HTTP: a listener, a playlist, a title, or a broadcaster of Icecast 2.
    Http(HttpRequest),
}

/// A broadcaster that sends its headers after it was let in.
#[derive(Debug)]
pub(super) struct LegacySource {
    /// The password.
    pub(super) password: Vec<u8>,
    /// The mount as it was sent.
    pub(super) mount: String,
    /// What came with the request already.
    pub(super) description: Description,
    /// What is told if the password is wrong.
    pub(super) refusal: &'static str,
}

impl Asked {
    /// Reads the text of a request: `SOURCE password /mount` of Icecast 1, the lone line `password` of SHOUTcast, or HTTP.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let end = text.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(text.len());
        let (line, rest) = text.split_at_checked(end)?;
        let words: Vec<&[u8]> =
            line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty()).collect();
        let speaks = |name: &[u8]| {
            words.last().and_then(|word| word.get(..name.len())).is_some_and(|word| word.eq_ignore_ascii_case(name))
        };
        if speaks(b"RTSP/") {
            return None;
        }
        match words.as_slice() {
            [password] if *password == line && rest.trim_ascii().is_empty() => {
                let source = LegacySource::new(password, b"/", rest, "invalid password\r\n");
                Method::from_token(line).is_none().then_some(Self::Source(source))
            }
            [b"SOURCE", password, mount, ..] if !speaks(b"HTTP/") => {
                Some(Self::Source(LegacySource::new(password, mount, rest, "ERROR - Bad Password\r\n")))
            }
            _ => HttpRequest::parse(text).map(Self::Http),
        }
    }
}

impl LegacySource {
    fn new(password: &[u8], mount: &[u8], headers: &[u8], refusal: &'static str) -> Self {
        let mut description = Description::default();
        let lines = headers.split(|byte| matches!(byte, b'\r' | b'\n'));
        for (name, value) in lines.filter_map(|line| line.split_at_checked(line.iter().position(|byte| *byte == b':')?))
        {
            description.add(&String::from_utf8_lossy(name), value.get(1..).unwrap_or_default());
        }
        Self { password: password.to_vec(), mount: String::from_utf8_lossy(mount).into_owned(), description, refusal }
    }
}

/// The path of a request's target as it was sent, without its query. The target may be a whole address.
pub(super) fn raw_path(target: &str) -> &str {
    let path = target.split('?').next().unwrap_or_default();
    match path.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"),
        None => path,
    }
}

/// Whether a player wants titles in the stream.
pub(super) fn wants_titles(request: &HttpRequest) -> bool {
    let value = request.header("Icy-MetaData").unwrap_or_default();
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit());
    digits.copied().any(|digit| digit != b'0')
}

/// Players that do not play without a Content-Length, however wrong: old Internet Explorer, RealPlayer, Windows Media.
pub(super) fn wants_length(request: &HttpRequest) -> bool {
    let agent = String::from_utf8_lossy(request.header("User-Agent").unwrap_or_default()).into_owned();
    ["MSIE", "RMA/1.0", "NSPlayer"].iter().any(|name| agent.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Option<(String, String)> {
        match Asked::parse(text.as_bytes())? {
            Asked::Source(source) => Some((String::from_utf8(source.password).unwrap(), source.mount)),
            Asked::Http(_) => None,
        }
    }

    fn pair(password: &str, mount: &str) -> Option<(String, String)> {
        Some((password.to_owned(), mount.to_owned()))
    }

    #[test]
    fn trap_03_broadcasters_of_both_old_kinds_are_known_by_their_first_line() {
        assert_eq!(source("SOURCE secret /m\r\n\r\n"), pair("secret", "/m"));
        assert_eq!(source("SOURCE secret m\n\n"), pair("secret", "m"));
        assert_eq!(source("secret\r\n"), pair("secret", "/"));
        assert_eq!(source("SOURCE httpd HTTP\r\n\r\n"), pair("httpd", "HTTP"));
        let Some(Asked::Source(source)) = Asked::parse(b"SOURCE pw /m\r\nx-audiocast-name: a\r\nHost: b\r\n\r\n")
        else {
            panic!("a broadcaster");
        };
        assert_eq!(source.description.lines, b"x-audiocast-name: a\r\n");
    }

    #[test]
    fn rtsp_is_none_of_our_business_and_http_is() {
        for text in
            ["OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", "OPTIONS\r\n\r\n", "SOURCE a RTSP/1.0\r\n\r\n", "\r\n", ""]
        {
            assert!(Asked::parse(text.as_bytes()).is_none(), "{text:?}");
        }
        for text in ["GET /m HTTP/1.0\r\n\r\n", "SOURCE /m HTTP/1.0\r\nA: b\r\n\r\n", "PUT /m HTTP/1.1\r\n\r\n"] {
            assert!(matches!(Asked::parse(text.as_bytes()), Some(Asked::Http(_))), "{text:?}");
        }
    }

    #[test]
    fn paths_are_found_in_whole_addresses_too() {
        assert_eq!(raw_path("/a%20b?c=/d"), "/a%20b");
        assert_eq!(raw_path("http://h:8000/m?x"), "/m");
        assert_eq!(raw_path("http://h"), "/");
    }

    #[test]
    fn titles_are_wanted_by_who_says_more_than_zero() {
        let of = |value: &str| {
            let text = format!("GET / HTTP/1.0\r\nicy-metadata:{value}\r\nUser-Agent: NSPlayer/4\r\n\r\n");
            let request = HttpRequest::parse(text.as_bytes()).unwrap();
            assert!(wants_length(&request));
            wants_titles(&request)
        };
        assert_eq!([of("1"), of(" 10"), of("0"), of(""), of("x1")], [true, true, false, false, false]);
    }

    proptest::proptest! {
        #[test]
        fn any_request_is_read_without_panic(text: Vec<u8>, target in ".{0,40}") {
            Asked::parse(&text);
            Asked::parse(&[&b"SOURCE "[..], &text].concat());
            raw_path(&target);
        }
    }
}
