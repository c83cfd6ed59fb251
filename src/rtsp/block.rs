//! The header block common to requests and responses: where it ends, its lines, its header values.
//!
//! A line ends at CR, LF or CRLF, and the three may be mixed; the block ends at the first empty line. A line that
//! starts with a blank continues the header before it (RFC 2326 section 4, RFC 2068 section 4.2).

use std::borrow::Cow;
use std::ops::Range;

use super::Header;

/// Most headers with unknown names kept of one message; further ones are passed over.
pub const MAX_UNKNOWN_HEADERS: usize = 256;

/// Blanks inside a line.
pub(super) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Blanks and line ends.
pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// How a block ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BlockEnd {
    /// Bytes from the first of the block through its blank line.
    pub(super) len: usize,
    /// The blank line was a bare CR after a line that ended in a bare CR: if LF comes next it belongs to the blank
    /// line. It is not counted in `len`, so that a block is the same however the bytes were split.
    pub(super) swallow_lf: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineEnd {
    /// No line has ended yet.
    None,
    Cr,
    /// LF or CRLF.
    Lf,
}

/// Looks for the end of a header block and remembers how far it got, so that a block that comes byte by byte is looked
/// at once.
#[derive(Debug)]
pub(super) struct BlockScanner {
    position: usize,
    line_start: usize,
    last_end: LineEnd,
}

impl BlockScanner {
    pub(super) const fn new() -> Self {
        Self { position: 0, line_start: 0, last_end: LineEnd::None }
    }

    /// Goes on in `block`, which starts with what was given before. `None` while the blank line is not there.
    pub(super) fn scan(&mut self, block: &[u8]) -> Option<BlockEnd> {
        while let Some(&byte) = block.get(self.position) {
            let next = block.get(self.position + 1).copied();
            let at_line_start = self.position == self.line_start && self.last_end != LineEnd::None;
            match (byte, next) {
                (b'\n', _) if at_line_start => return Some(self.end(1, false)),
                (b'\r', _) if at_line_start && self.last_end == LineEnd::Cr => return Some(self.end(1, true)),
                (b'\r', None) => return None, // CR, or half of CRLF
                (b'\r', Some(b'\n')) if at_line_start => return Some(self.end(2, false)),
                (b'\r', Some(_)) if at_line_start => return Some(self.end(1, false)),
                (b'\n', _) => self.end_line(1, LineEnd::Lf),
                (b'\r', Some(b'\n')) => self.end_line(2, LineEnd::Lf),
                (b'\r', Some(_)) => self.end_line(1, LineEnd::Cr),
                _ => self.position += 1,
            }
        }
        None
    }

    const fn end(&self, width: usize, swallow_lf: bool) -> BlockEnd {
        BlockEnd { len: self.position + width, swallow_lf }
    }

    fn end_line(&mut self, width: usize, kind: LineEnd) {
        self.position += width;
        self.line_start = self.position;
        self.last_end = kind;
    }
}

/// The line that starts at `start`: its range without the line end, and where the next one starts. `None` at the end of
/// the text.
pub(super) fn line_at(text: &[u8], start: usize) -> Option<(Range<usize>, usize)> {
    let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
    let len = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
    let width = match rest.get(len..) {
        Some([b'\r', b'\n', ..]) => 2,
        Some([_, ..]) => 1,
        _ => 0,
    };
    Some((start..start + len, start + len + width))
}

/// `range` of `text` without blanks and line ends at both its ends.
pub(super) fn trim(text: &[u8], range: Range<usize>) -> Range<usize> {
    let bytes = text.get(range.clone()).unwrap_or_default();
    let Some(first) = bytes.iter().position(|byte| !is_space(*byte)) else {
        return range.start..range.start;
    };
    let last = bytes.iter().rposition(|byte| !is_space(*byte)).unwrap_or(first);
    range.start + first..range.start + last + 1
}

/// One header of a block, continuation lines included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeaderLine {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
}

/// A header line has no colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoColon;

/// The headers of a block, from `position` (the start of the line after the first) to the blank line.
pub(super) struct HeaderLines<'a> {
    text: &'a [u8],
    position: usize,
}

impl<'a> HeaderLines<'a> {
    pub(super) const fn new(text: &'a [u8], position: usize) -> Self {
        Self { text, position }
    }

    /// The headers after the first line of `text`.
    pub(super) fn after_first_line(text: &'a [u8]) -> Self {
        Self::new(text, line_at(text, 0).map_or(text.len(), |(_, next)| next))
    }
}

impl Iterator for HeaderLines<'_> {
    type Item = Result<HeaderLine, NoColon>;

    fn next(&mut self) -> Option<Self::Item> {
        let (line, mut next) = line_at(self.text, self.position)?;
        if line.is_empty() {
            self.position = self.text.len();
            return None;
        }
        let mut end = line.end;
        while let Some((more, after)) = line_at(self.text, next) {
            if !self.text.get(more.start).copied().is_some_and(is_blank) {
                break;
            }
            end = more.end;
            next = after;
        }
        self.position = next;
        let bytes = self.text.get(line.clone()).unwrap_or_default();
        let Some(colon) = bytes.iter().position(|byte| *byte == b':') else {
            return Some(Err(NoColon));
        };
        let colon = line.start + colon;
        let name = trim(self.text, line.start..colon);
        Some(Ok(HeaderLine { name, value: trim(self.text, colon + 1..end) }))
    }
}

/// The value of the last header called `name` (any case); lines without a colon are passed over.
pub(super) fn find_header(text: &[u8], name: &[u8]) -> Option<Range<usize>> {
    HeaderLines::after_first_line(text)
        .filter_map(Result::ok)
        .filter(|line| text.get(line.name.clone()).is_some_and(|found| found.eq_ignore_ascii_case(name)))
        .last()
        .map(|line| line.value)
}

/// A header value on one line: each run of line ends and blanks that a continuation made becomes one blank.
pub fn unfold(value: &[u8]) -> Cow<'_, [u8]> {
    if !value.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
        return Cow::Borrowed(value);
    }
    let mut out = Vec::with_capacity(value.len());
    for line in value.split(|byte| matches!(byte, b'\r' | b'\n')) {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push(b' ');
        }
        out.extend_from_slice(line);
    }
    Cow::Owned(out)
}

/// Where the header values of a message are in its text. Of a repeated header the last one counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderTable {
    known: [Option<Range<usize>>; Header::COUNT],
    unknown: Vec<(Range<usize>, Range<usize>)>,
}

impl HeaderTable {
    /// Reads the headers after the first line of `text`.
    pub(super) fn parse(text: &[u8]) -> Result<Self, NoColon> {
        let mut table = Self { known: [const { None }; Header::COUNT], unknown: Vec::new() };
        for line in HeaderLines::after_first_line(text) {
            let HeaderLine { name, value } = line?;
            match text.get(name.clone()).and_then(Header::from_name) {
                Some(header) => table.set(header, value),
                None if !name.is_empty() && table.unknown.len() < MAX_UNKNOWN_HEADERS => {
                    table.unknown.push((name, value));
                }
                None => {}
            }
        }
        Ok(table)
    }

    pub(super) fn set(&mut self, header: Header, value: Range<usize>) {
        if let Some(slot) = self.known.get_mut(header as usize) {
            *slot = Some(value);
        }
    }

    /// Where the value of a known header is in the text, blanks around it left out; `None` when it was not sent. An
    /// empty value is an empty range.
    pub fn window(&self, header: Header) -> Option<Range<usize>> {
        self.known.get(header as usize).cloned().flatten()
    }

    /// Every known header that was sent, in the module API's order.
    pub fn known(&self) -> impl Iterator<Item = (Header, Range<usize>)> + '_ {
        Header::ALL.iter().filter_map(|&header| Some((header, self.window(header)?)))
    }

    /// Name and value of each header the server does not know, in the order sent, at most [`MAX_UNKNOWN_HEADERS`].
    pub fn unknown(&self) -> &[(Range<usize>, Range<usize>)] {
        &self.unknown
    }

    /// The value's window of the last unknown header called `name`, matched without regard to case.
    pub fn find_unknown(&self, text: &[u8], name: &str) -> Option<Range<usize>> {
        let matches = |range: &Range<usize>| {
            text.get(range.clone()).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
        };
        self.unknown.iter().rev().find(|(found, _)| matches(found)).map(|(_, value)| value.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end_of(text: &[u8]) -> Option<(usize, bool)> {
        BlockScanner::new().scan(text).map(|end| (end.len, end.swallow_lf))
    }

    #[test]
    fn a_block_ends_at_an_empty_line_in_any_line_end() {
        assert_eq!(end_of(b"A b\r\n\r\nrest"), Some((7, false)));
        assert_eq!(end_of(b"A b\n\nrest"), Some((5, false)));
        assert_eq!(end_of(b"A b\r\rrest"), Some((5, true)));
        assert_eq!(end_of(b"A b\r\n\nrest"), Some((6, false)));
        assert_eq!(end_of(b"A b\n\r\nrest"), Some((6, false)));
        assert_eq!(end_of(b"A b\r\nB: c\nD: e\rF: g\r\n\r\n"), Some((23, false)));
        assert_eq!(end_of(b"A b\r\nB: c\r\n"), None);
    }

    /// A buffer that ends in CR LF CR may be one byte short.
    #[test]
    fn the_last_cr_after_crlf_waits_for_its_lf() {
        assert_eq!(end_of(b"A b\r\n\r"), None);
        assert_eq!(end_of(b"A b\r\n\rX"), Some((6, false)));
        assert_eq!(end_of(b"A b\r\r"), Some((5, true)));
    }

    #[test]
    fn scanning_byte_by_byte_gives_the_same_end() {
        for text in [
            &b"A b\r\nC: d\r\n\r\nx"[..],
            b"A b\nC: d\n\nx",
            b"A b\rC: d\r\rx",
            b"A b\r\nC: d\r\n\n",
            b"\xff\r\n \r\n\r\n",
        ] {
            let whole = BlockScanner::new().scan(text);
            assert!(whole.is_some());
            let mut scanner = BlockScanner::new();
            let stepped = (0..=text.len()).find_map(|len| scanner.scan(&text[..len]));
            assert_eq!(stepped, whole);
        }
    }

    #[test]
    fn folded_lines_belong_to_the_header_before_them() {
        let text = b"X y\r\nTransport: RTP/AVP;\r\n unicast;\r\n\tclient_port=1-2\r\nCSeq:7\r\n\r\n";
        let lines: Vec<_> = HeaderLines::after_first_line(text).map(Result::unwrap).collect();
        assert_eq!(lines.len(), 2);
        let value = &text[lines[0].value.clone()];
        assert_eq!(value, b"RTP/AVP;\r\n unicast;\r\n\tclient_port=1-2");
        assert_eq!(unfold(value).as_ref(), b"RTP/AVP; unicast; client_port=1-2");
        assert_eq!(&text[lines[1].value.clone()], b"7");
    }

    #[test]
    fn the_last_of_a_repeated_header_wins() {
        let text = b"X y\r\nCSeq: 8\r\nX-A: 1\r\ncseq: 9\r\nx-a: 2\r\n\r\n";
        let table = HeaderTable::parse(text).unwrap();
        assert_eq!(&text[table.window(Header::CSeq).unwrap()], b"9");
        assert_eq!(table.unknown().len(), 2);
        assert_eq!(&text[table.find_unknown(text, "X-a").unwrap()], b"2");
        assert_eq!(find_header(text, b"CSEQ").map(|range| &text[range]), Some(&b"9"[..]));
    }

    #[test]
    fn blanks_around_name_and_value_are_dropped() {
        let text = b"X y\r\ncSEQ :      77   \r\nAccept:\r\nRange: \t \r\n\r\n";
        let table = HeaderTable::parse(text).unwrap();
        assert_eq!(&text[table.window(Header::CSeq).unwrap()], b"77");
        assert_eq!(table.window(Header::Accept).map(|range| range.len()), Some(0));
        assert_eq!(table.window(Header::Range).map(|range| range.len()), Some(0));
        assert_eq!(table.window(Header::Session), None);
    }

    #[test]
    fn a_line_without_a_colon_is_an_error() {
        assert_eq!(HeaderTable::parse(b"X y\r\nCSeq: 8\r\nthis is no header\r\n\r\n"), Err(NoColon));
        assert_eq!(HeaderTable::parse(b"X y\r\n folded to nothing\r\n\r\n"), Err(NoColon));
    }

    #[test]
    fn unknown_headers_are_bounded() {
        let mut text = b"X y\r\n".to_vec();
        for n in 0..2 * MAX_UNKNOWN_HEADERS {
            text.extend_from_slice(format!("x-{n}: {n}\r\n").as_bytes());
        }
        text.extend_from_slice(b"\r\n");
        assert_eq!(HeaderTable::parse(&text).unwrap().unknown().len(), MAX_UNKNOWN_HEADERS);
    }
}
