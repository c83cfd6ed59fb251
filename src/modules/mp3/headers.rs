//! The lines with which a broadcaster describes itself, and what of them listeners get.

use bytes::{Buf, BytesMut};

/// Most lines that are kept.
const MAX_LINES: usize = 48;

/// Longest line; what is longer is no header.
const MAX_LINE: usize = 4096;

/// Longest name of a header; data may begin with letters, too.
const MAX_NAME: usize = 64;

/// Longest value that is passed on.
const MAX_VALUE: usize = 1024;

/// What a broadcaster says about itself.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Description {
    /// The media type of the broadcast.
    pub(super) content_type: Option<String>,
    /// Whole lines for listeners, ended by CRLF. They have no control characters but those.
    pub(super) lines: Vec<u8>,
    kept: usize,
}

impl Description {
    /// Takes a header of the broadcaster. `x-audiocast-…` and `icy-…` go to listeners as they are, `ice-…` of Icecast 2
    /// under the name that players know.
    pub(super) fn add(&mut self, name: &str, value: &[u8]) {
        let separator = if value.starts_with(b" ") { ": " } else { ":" }; // as it came: old players take all behind the colon
        let lower = name.to_ascii_lowercase();
        let value: Vec<u8> = value.trim_ascii().iter().copied().filter(|byte| !byte.is_ascii_control()).collect();
        let value = value.get(..MAX_VALUE).unwrap_or(&value);
        if lower == "content-type" {
            // One word, or a type with parameters; anything else would be a riddle to players.
            let text = std::str::from_utf8(value).ok().filter(|text| text.contains('/') && text.is_ascii());
            self.content_type = text.map(str::to_owned).or_else(|| self.content_type.take());
            return;
        }
        // Where the titles are is ours to say; `Icy-MetaData: 1` is what ffmpeg sends as a player and as a broadcaster.
        let about_titles = ["icy-metaint", "icy-metadata"].contains(&lower.as_str());
        let passes = (lower.starts_with("x-audiocast-") || lower.starts_with("icy-")) && !about_titles;
        let name = match lower.strip_prefix("ice-") {
            Some("bitrate") => "icy-br".to_owned(),
            Some("public") => "icy-pub".to_owned(),
            Some("audio-info") => "ice-audio-info".to_owned(),
            Some(rest) => format!("icy-{rest}"),
            None if passes => name.to_owned(),
            None => return,
        };
        if self.kept < MAX_LINES && is_name(name.as_bytes()) {
            self.kept += 1;
            for part in [name.as_bytes(), separator.as_bytes(), value, b"\r\n"] {
                self.lines.extend_from_slice(part);
            }
        }
    }
}

/// Letters, digits, `-` and `_`, beginning with a letter.
fn is_name(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(u8::is_ascii_alphabetic) && bytes.iter().all(|byte| is_name_byte(*byte))
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// What the next bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// Headers so far; more bytes are needed to tell.
    More,
    /// The headers are over: the bytes that are left are the broadcast.
    Done,
}

/// Takes header lines off the begin of `buffer`. They end with an empty line, or where something stands that cannot be a
/// header: a broadcaster that sends its headers and its data in one go is understood, and one that sends no headers. Lines
/// end with LF or CRLF.
pub(super) fn read(buffer: &mut BytesMut, description: &mut Description) -> Progress {
    loop {
        let Some(end) = buffer.iter().position(|byte| *byte == b'\n') else {
            return if may_be_header(buffer) { Progress::More } else { Progress::Done };
        };
        let line = buffer.get(..end).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            buffer.advance(end + 1);
            return Progress::Done;
        }
        let colon = line.iter().position(|byte| *byte == b':').filter(|_| may_be_header(line));
        let Some((name, value)) = colon.and_then(|colon| Some((line.get(..colon)?, line.get(colon + 1..)?))) else {
            return Progress::Done;
        };
        description.add(&String::from_utf8_lossy(name), value);
        buffer.advance(end + 1);
    }
}

/// Whether bytes without a line end are, or may become, a header line.
fn may_be_header(bytes: &[u8]) -> bool {
    if bytes.len() > MAX_LINE {
        return false;
    }
    let name = bytes.split(|byte| *byte == b':').next().unwrap_or_default();
    let begins = match name {
        [] | [b'\r'] => bytes.len() == name.len(),
        _ => name.len() <= MAX_NAME && is_name(name),
    };
    begins
        && bytes.get(name.len()..).unwrap_or_default().iter().all(|byte| *byte >= b' ' || matches!(byte, b'\t' | b'\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(bytes: &[u8]) -> (Progress, Description, Vec<u8>) {
        let (mut buffer, mut description) = (BytesMut::from(bytes), Description::default());
        let progress = read(&mut buffer, &mut description);
        (progress, description, buffer.to_vec())
    }

    fn lines(description: &Description) -> &str {
        std::str::from_utf8(&description.lines).unwrap()
    }

    #[test]
    fn trap_77_headers_and_data_in_one_go_are_told_apart_and_line_ends_are_passed_on_once() {
        let (progress, description, rest) =
            read_all(b"icy-name:Kit Radio\r\nx-audiocast-genre: tests\nicy-br:64\r\n\r\n\xff\xfb\x90\0data\n\n");
        assert_eq!(progress, Progress::Done);
        assert_eq!(lines(&description), "icy-name:Kit Radio\r\nx-audiocast-genre: tests\r\nicy-br:64\r\n");
        assert_eq!(rest, b"\xff\xfb\x90\0data\n\n");
    }

    #[test]
    fn data_without_headers_is_data() {
        for data in [&b"\xff\xfb\x90\0"[..], b"ID3\x04", b"OggS\0\x02", b"0123456789abcdef", b"a: \x01\n"] {
            let (progress, description, rest) = read_all(data);
            assert_eq!((progress, rest.as_slice()), (Progress::Done, data), "{data:?}");
            assert_eq!(description, Description::default());
        }
        let (progress, description, rest) = read_all(b"icy-name:a\n\xff\xfb");
        assert_eq!((progress, lines(&description), &rest[..]), (Progress::Done, "icy-name:a\r\n", &b"\xff\xfb"[..]));
    }

    #[test]
    fn half_a_line_is_waited_for_but_not_for_ever() {
        for begun in [&b""[..], b"\r", b"x", b"icy-na", b"icy-name:", b"icy-name: Radio X\r", b"icy-br:64\r\n"] {
            assert_eq!(read_all(begun).0, Progress::More, "{begun:?}");
        }
        assert_eq!(read_all(&[b'x'; MAX_NAME + 1]).0, Progress::Done);
        assert_eq!(read_all(&[b"icy-name:".to_vec(), vec![b'x'; MAX_LINE]].concat()).0, Progress::Done);
    }

    #[test]
    fn no_line_of_a_broadcaster_becomes_two_for_listeners() {
        let (_, description, _) =
            read_all(b"icy-name: a\rSet-Cookie: b\r\nSet-Cookie: x\nicy-metaint:1\nIcy-MetaData:1\nicy-url:\x1fz\n\n");
        assert_eq!(lines(&description), "icy-name: aSet-Cookie: b\r\n", "and a control character ends the headers");
        let mut description = Description::default();
        description.add("icy-name", b" a\r\nEvil: b\0\x7f ");
        description.add("icy-x: y\r\nEvil", b"1");
        description.add("content-type", b"audio/aac\r\nEvil: b");
        assert_eq!(lines(&description), "icy-name: aEvil: b\r\n");
        assert_eq!(description.content_type.as_deref(), Some("audio/aacEvil: b"));
    }

    #[test]
    fn names_of_icecast_2_become_those_that_players_know() {
        let mut description = Description::default();
        let headers = ["ice-name", "ICE-Genre", "ice-bitrate", "ice-public", "ice-audio-info", "User-Agent", "Host"];
        headers.iter().for_each(|name| description.add(name, b"v"));
        let expected = "icy-name:v\r\nicy-genre:v\r\nicy-br:v\r\nicy-pub:v\r\nice-audio-info:v\r\n";
        assert_eq!(lines(&description), expected);
        for _ in 0..1000 {
            description.add("icy-name", b"more");
        }
        assert!(description.lines.len() < 1000, "bounded");
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_sent_listeners_get_whole_lines(bytes: Vec<u8>) {
            let (_, description, _) = read_all(&[&b"icy-name:"[..], &bytes].concat());
            let text = String::from_utf8_lossy(&description.lines).into_owned();
            assert!(text.split("\r\n").all(|line| line.is_empty() || line.starts_with("icy-") || line.starts_with("x-")), "{text:?}");
            assert!(!text.replace("\r\n", "").contains(['\r', '\n', '\0']));
        }
    }
}
