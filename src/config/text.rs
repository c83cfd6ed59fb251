//! Bytes and text of a configuration file: character references, and what to do with bytes that are not UTF-8.

use std::borrow::Cow;

/// Longest reference looked at, `&` and `;` included: `&#x10FFFF;` with some leading zeros.
const MAX_REFERENCE: usize = 16;

/// The bytes as text: UTF-8 where they are, otherwise Latin-1, which loses nothing.
pub fn text_of_bytes(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

/// Decodes the five predefined entities and numeric references; any other `&` stays what it is (DSS 6.0.3 wrote and read
/// values verbatim, so `/srv/R&B/` is found in existing files).
pub(super) fn decode(raw: &[u8], out: &mut Vec<u8>) {
    let mut rest = raw;
    while let Some(at) = rest.iter().position(|&byte| byte == b'&') {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let end = rest.iter().take(MAX_REFERENCE).position(|&byte| byte == b';');
        match end.and_then(|end| reference(&rest[1..end]).map(|decoded| (decoded, end))) {
            Some((decoded, end)) => {
                out.extend_from_slice(decoded.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &rest[end + 1..];
            }
            None => {
                out.push(b'&');
                rest = &rest[1..];
            }
        }
    }
    out.extend_from_slice(rest);
}

/// The character a reference's inner text stands for.
fn reference(name: &[u8]) -> Option<char> {
    match name {
        b"amp" => return Some('&'),
        b"lt" => return Some('<'),
        b"gt" => return Some('>'),
        b"quot" => return Some('"'),
        b"apos" => return Some('\''),
        _ => {}
    }
    let number = std::str::from_utf8(name).ok()?.strip_prefix('#')?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code)
}

/// Appends a value so that reading it back gives the same bytes.
pub(super) fn escape(value: &[u8], out: &mut Vec<u8>) {
    for &byte in value {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'\t' | b'\n' | b'\r' | 0x20.. => out.push(byte),
            control => out.extend_from_slice(format!("&#{control};").as_bytes()),
        }
    }
}

/// Appends an attribute value for use between double quotes.
pub(super) fn escape_attribute(value: &[u8], out: &mut Vec<u8>) {
    for piece in value.split_inclusive(|&byte| byte == b'"') {
        match piece.strip_suffix(b"\"") {
            Some(text) => {
                escape(text, out);
                out.extend_from_slice(b"&quot;");
            }
            None => escape(piece, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(raw: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        decode(raw, &mut out);
        out
    }

    #[test]
    fn predefined_and_numeric_references_are_decoded() {
        assert_eq!(decoded(b"a&amp;b&lt;&gt;&quot;&apos;&#38;&#x26;"), b"a&b<>\"'&&");
    }

    #[test]
    fn trap_54_a_bare_ampersand_stays() {
        for raw in [&b"/srv/R&B/"[..], b"&", b"a &nbsp; b", b"&;", b"&#xZZ;", b"&#1114112;", b"x & y; z"] {
            assert_eq!(decoded(raw), raw);
        }
    }

    #[test]
    fn escaping_is_undone_by_decoding() {
        let all: Vec<u8> = (0..=255).collect();
        let mut escaped = Vec::new();
        escape_attribute(&all, &mut escaped);
        assert_eq!(decoded(&escaped), all);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_read_as_latin_1() {
        assert_eq!(text_of_bytes(b"/Filme/M\xFCller"), "/Filme/M\u{fc}ller");
        assert_eq!(text_of_bytes("Müller".as_bytes()), "Müller");
    }
}
