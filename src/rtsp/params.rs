//! Lists of `name=value` parameters, as Transport and the extension headers have them. Quoted text may hold separators.

/// Splits at each `separator` (an ASCII character) that is not between quotation marks. A mark that is never closed is
/// an ordinary character.
pub(super) fn split_unquoted(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let Some(at) = find_unquoted(text, separator) else {
            return Some(text);
        };
        let (piece, after) = text.split_at_checked(at)?;
        rest = after.get(separator.len_utf8()..);
        Some(piece)
    })
}

fn find_unquoted(text: &str, separator: char) -> Option<usize> {
    let mut from = 0;
    loop {
        let rest = text.get(from..)?;
        let at = from + rest.find([separator, '"'])?;
        if !text.get(at..)?.starts_with('"') {
            return Some(at);
        }
        let quoted = text.get(at + 1..)?;
        from = at + 1 + quoted.find('"').map_or(0, |len| len + 1);
    }
}

/// The parameters of `text`, split at `;`: name and value without blanks around them and without quotation marks around
/// the value. Empty parameters are left out; the value of one without `=` is empty.
pub(super) fn parameters(text: &str) -> impl Iterator<Item = (&str, &str)> {
    split_unquoted(text, ';').map(name_and_value).filter(|(name, _)| !name.is_empty())
}

pub(super) fn name_and_value(parameter: &str) -> (&str, &str) {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    (name.trim(), unquote(value.trim()))
}

/// The value of the first parameter called `name`, matched without regard to case.
pub(super) fn parameter<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    parameters(text).find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

pub(super) fn unquote(text: &str) -> &str {
    text.strip_prefix('"').map_or(text, |text| text.strip_suffix('"').unwrap_or(text)).trim()
}

/// The decimal number `text` starts with, sign and fraction included; what follows it is passed over, as C's `scanf`
/// does.
pub(super) fn leading_number(text: &str) -> Option<f64> {
    let text = text.trim();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let len = unsigned.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let len = text.len() - unsigned.len() + len;
    text.get(..len)?.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A whole number of which every character is a digit.
pub(super) fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_split_unless_quoted() {
        let found: Vec<_> = parameters(r#"a=1; b = "x;y=2" ;;c; =z;d="open;e="#).collect();
        assert_eq!(found, [("a", "1"), ("b", "x;y=2"), ("c", ""), ("d", "open"), ("e", "")]);
        assert_eq!(split_unquoted("a,\",\",,b\",c", ',').collect::<Vec<_>>(), ["a", "\",\"", "", "b\"", "c"]);
        assert_eq!(split_unquoted("", ',').collect::<Vec<_>>(), [""]);
        assert_eq!(parameter("A=1;a=2", "a"), Some("1"));
        assert_eq!(parameter("A=1", "b"), None);
    }

    #[test]
    fn numbers_end_where_c_would_end_them() {
        assert_eq!(leading_number(" 2.5s"), Some(2.5));
        assert_eq!(leading_number("-1"), Some(-1.0));
        assert_eq!(leading_number("abc"), None);
        assert_eq!(leading_number("1.2.3"), None);
        assert_eq!(leading_number("nan"), None);
        assert_eq!(leading_number("é"), None);
        assert_eq!(digits::<u32>("12"), Some(12));
        assert_eq!(digits::<u32>("+12"), None);
        assert_eq!(digits::<u16>("70000"), None);
    }
}
