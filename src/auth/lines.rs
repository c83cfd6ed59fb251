//! The lines of the small files that operators edit: users, groups, access files.

use std::fmt;

/// A remark about a file that could nevertheless be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFinding {
    /// Line in the file, from 1; 0 when it concerns the whole file.
    pub line: u32,
    /// What is wrong and what is done about it.
    pub text: String,
}

impl FileFinding {
    pub(super) fn new(line: u32, text: impl Into<String>) -> Self {
        Self { line, text: text.into() }
    }
}

impl fmt::Display for FileFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.text),
            line => write!(f, "line {line}: {}", self.text),
        }
    }
}

/// A file cut into its lines, each with its own ending (LF, CRLF, CR as DSS took them; the last may have none), so that
/// putting them together gives the file again.
pub(super) fn split(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = match rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            None => rest.len(),
            Some(at) if rest[at..].starts_with(b"\r\n") => at + 2,
            Some(at) => at + 1,
        };
        let (line, after) = rest.split_at(end);
        lines.push(line);
        rest = after;
    }
    lines
}

/// A line without its ending.
pub(super) fn content(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |at| at + 1);
    &line[..end]
}

/// The ending of a line: what [`content`] leaves out.
pub(super) fn ending(line: &[u8]) -> &[u8] {
    &line[content(line).len()..]
}

/// The lines that say something, with their numbers: neither blank nor a comment, without leading blanks and endings. As in
/// DSS a zero byte at the beginning makes a line a blank one.
pub(super) fn meaningful(bytes: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let numbered = split(bytes).into_iter().zip(1..).map(|(line, number)| (number, content(line).trim_ascii_start()));
    numbered.filter(|(_, line)| !matches!(line.first(), None | Some(b'#' | b'\0')))
}

/// The words of a line: separated by blanks, or in double quotes where a word has blanks in it.
pub(super) fn words(line: &[u8]) -> Vec<&[u8]> {
    let mut words = Vec::new();
    let mut rest = line.trim_ascii();
    while !rest.is_empty() {
        let quoted = rest.strip_prefix(b"\"").and_then(|inner| {
            let end = inner.iter().position(|&byte| byte == b'"')?;
            Some((&inner[..end], &inner[end + 1..]))
        });
        let (word, after) = quoted
            .unwrap_or_else(|| rest.split_at(rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len())));
        words.push(word);
        rest = after.trim_ascii_start();
    }
    words
}

/// The first word and the rest of the line, blanks between and after them dropped.
pub(super) fn first_word(line: &[u8]) -> (&[u8], &[u8]) {
    let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
    (&line[..end], line[end..].trim_ascii())
}

/// A text without the pair of quotes around it, if it has one.
pub(super) fn unquoted(text: &[u8]) -> &[u8] {
    for quote in [b'"', b'\''] {
        if text.len() >= 2 && text.first() == Some(&quote) && text.last() == Some(&quote) {
            return &text[1..text.len() - 1];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_three_line_ends_are_known() {
        assert_eq!(split(b"a\nb\r\nc\rd"), [&b"a\n"[..], b"b\r\n", b"c\r", b"d"]);
        assert_eq!(split(b"\n\n"), [b"\n", b"\n"]);
        assert_eq!((content(b"a\r\n"), ending(b"a\r\n")), (&b"a"[..], &b"\r\n"[..]));
    }

    #[test]
    fn comments_and_blank_lines_say_nothing() {
        let found: Vec<_> = meaningful(b"# x\n\n \t\n  a b\n\0c\n#\nd").collect();
        assert_eq!(found, [(4, &b"a b"[..]), (7, b"d")]);
    }

    #[test]
    fn words_may_be_quoted() {
        assert_eq!(words(b" a \"b c\"\td \"e"), [&b"a"[..], b"b c", b"d", b"\"e"]);
        assert_eq!(unquoted(b"\"Locked Basic\""), b"Locked Basic");
        assert_eq!(unquoted(b"\""), b"\"");
    }

    proptest! {
        #[test]
        fn no_byte_is_lost_by_splitting(bytes in proptest::collection::vec(prop::sample::select(b"ab\r\n# :\0".to_vec()), 0..60)) {
            prop_assert_eq!(split(&bytes).concat(), bytes.clone());
            for line in split(&bytes) {
                prop_assert!(!line.is_empty());
                prop_assert_eq!([content(line), ending(line)].concat(), line);
                words(line);
            }
        }
    }
}
