//! Text from peers and modules on its way into a log: it cannot begin a line of its own, clear a terminal, or add a field.

use std::fmt::Write;

/// The longest prefix of at most `max` bytes that does not cut a character.
pub(super) fn cut(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A message for the error log: line ends at its end are dropped, other control characters become `\n`, `\r`, `\xNN`.
pub(super) fn message(text: &str) -> String {
    let text = text.trim_end_matches(['\r', '\n', '\0']);
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' => out.push('\t'),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            control if control.is_control() => {
                let _ = write!(out, "\\x{:02X}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out
}

/// Appends a field of a log whose fields are separated by blanks: blanks and control characters become `%XX`, nothing
/// becomes `-`. What exceeds `max` bytes after that is cut off.
pub(super) fn field(out: &mut String, text: &str, max: usize) {
    let begin = out.len();
    for character in text.chars() {
        let before = out.len();
        if character == ' ' || character.is_control() {
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(out, "%{byte:02X}");
            }
        } else {
            out.push(character);
        }
        if out.len() - begin > max {
            out.truncate(before);
            break;
        }
    }
    if out.len() == begin {
        out.push('-');
    }
}

/// Appends a field in double quotes, with `%XX` for quotes and control characters in it.
pub(super) fn quoted(out: &mut String, text: &str, max: usize) {
    out.push('"');
    for character in cut(text, max).chars() {
        if character == '"' || character.is_control() {
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(out, "%{byte:02X}");
            }
        } else {
            out.push(character);
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_stays_on_its_line() {
        assert_eq!(message("a\nFATAL: b\r\x1b[2J\tc\n\n"), "a\\nFATAL: b\\r\\x1B[2J\tc");
        assert_eq!(message("Größe\u{85}"), "Größe\\x85");
    }

    #[test]
    fn a_field_is_one_word_of_bounded_length() {
        let mut out = String::new();
        field(&mut out, "a b\nc", 255);
        out.push('|');
        field(&mut out, "", 255);
        out.push('|');
        field(&mut out, "ab  ", 6);
        assert_eq!(out, "a%20b%0Ac|-|ab%20");
    }

    #[test]
    fn cutting_keeps_characters_whole() {
        assert_eq!(cut("aäb", 2), "a");
        assert_eq!(cut("aäb", 3), "aä");
        assert_eq!(cut("", 9), "");
    }
}
