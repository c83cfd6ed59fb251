//! The data types of preferences and how their text is converted, by DSS 6.0.3's rules.

use super::text::text_of_bytes;

/// Type of a preference. In files `Unknown` stands for a TYPE that names none that DSS knew, such as the `char` of its own DTD.
pub use crate::qtss::AttrDataType as PrefType;

/// What is odd about a value's text. The value is used all the same, as DSS did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// A Bool16 that is neither `true` nor `false`; it counts as false.
    NotBool,
    /// A number without any digit; it counts as 0.
    NotNumber,
    /// Characters after the number; they are ignored.
    TrailingText,
    /// A number that does not fit its type; the low bits are used, as DSS's conversion did.
    OutOfRange,
}

impl Oddity {
    /// The rest of a sentence that begins with the value.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::NotBool => "is neither true nor false and counts as false",
            Self::NotNumber => "is no number and counts as 0",
            Self::TrailingText => "is followed by text that is ignored",
            Self::OutOfRange => "does not fit its type and is cut to its low bits",
        }
    }
}

/// A Rust type that a preference can be read into.
pub trait PrefField: Sized {
    /// The QTSS type of each value.
    const TYPE: PrefType;
    /// Whether the preference holds several values.
    const LIST: bool;
    /// Converts the texts of all values. A single-valued field takes the first and is 0, false or empty without one.
    fn read(values: &[Vec<u8>]) -> Self;
}

/// Bool16: true only for `true`, in any letter case.
pub fn parse_bool(text: &[u8]) -> (bool, Option<Oddity>) {
    let value = text.eq_ignore_ascii_case(b"true");
    let known = value || text.eq_ignore_ascii_case(b"false");
    (value, (!known).then_some(Oddity::NotBool))
}

/// The number at the beginning of a text as C's scanf reads it: blanks, a sign, decimal digits.
pub fn parse_integer(text: &[u8]) -> (i128, Option<Oddity>) {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 {
        return (0, Some(Oddity::NotNumber));
    }
    let value = digits[..length].iter().fold(0_i128, |sum, digit| {
        sum.saturating_mul(10).saturating_add(i128::from(digit - b'0')).min(i128::from(u64::MAX) + 1)
    });
    let trailing = !digits[length..].trim_ascii_start().is_empty();
    (if negative { -value } else { value }, trailing.then_some(Oddity::TrailingText))
}

/// The floating point number at the beginning of a text, such as `.5`, `2.0` or `1e3`.
pub fn parse_float(text: &[u8]) -> (f64, Option<Oddity>) {
    let text = text.trim_ascii_start();
    let length = text.iter().take_while(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'+' | b'-' | b'e' | b'E')).count();
    let candidate = std::str::from_utf8(&text[..length]).unwrap_or_default();
    // The longest prefix that is a number; the texts are short, and looking at 40 characters is enough for any number.
    let longest = candidate.len().min(40);
    let found = (1..=longest).rev().find_map(|end| candidate[..end].parse::<f64>().ok().map(|value| (value, end)));
    match found {
        None => (0.0, Some(Oddity::NotNumber)),
        Some((value, end)) => (value, (!text[end..].trim_ascii().is_empty()).then_some(Oddity::TrailingText)),
    }
}

/// What is odd about a value of the given type, if anything.
pub fn oddity(ty: PrefType, text: &[u8]) -> Option<Oddity> {
    let (low, high) = match ty {
        PrefType::Bool16 => return parse_bool(text).1,
        PrefType::Float32 | PrefType::Float64 => return parse_float(text).1,
        PrefType::SInt16 => (i128::from(i16::MIN), i128::from(i16::MAX)),
        PrefType::UInt16 => (0, i128::from(u16::MAX)),
        PrefType::SInt32 => (i128::from(i32::MIN), i128::from(i32::MAX)),
        PrefType::UInt32 => (0, i128::from(u32::MAX)),
        PrefType::SInt64 | PrefType::TimeVal => (i128::from(i64::MIN), i128::from(i64::MAX)),
        PrefType::UInt64 => (0, i128::from(u64::MAX)),
        PrefType::Unknown | PrefType::CharArray | PrefType::Object | PrefType::StreamRef | PrefType::VoidPointer => {
            return None;
        }
    };
    let (value, odd) = parse_integer(text);
    odd.or_else(|| (!(low..=high).contains(&value)).then_some(Oddity::OutOfRange))
}

fn first(values: &[Vec<u8>]) -> &[u8] {
    values.first().map(Vec::as_slice).unwrap_or_default()
}

macro_rules! integer_fields {
    ($($rust:ty => $qtss:ident),*) => {$(
        impl PrefField for $rust {
            const TYPE: PrefType = PrefType::$qtss;
            const LIST: bool = false;
            fn read(values: &[Vec<u8>]) -> Self {
                // Cutting to the low bits is what DSS's unchecked conversion did.
                parse_integer(first(values)).0 as Self
            }
        }
    )*};
}

integer_fields!(i16 => SInt16, u16 => UInt16, i32 => SInt32, u32 => UInt32, i64 => SInt64, u64 => UInt64);

impl PrefField for bool {
    const TYPE: PrefType = PrefType::Bool16;
    const LIST: bool = false;
    fn read(values: &[Vec<u8>]) -> Self {
        parse_bool(first(values)).0
    }
}

impl PrefField for f32 {
    const TYPE: PrefType = PrefType::Float32;
    const LIST: bool = false;
    fn read(values: &[Vec<u8>]) -> Self {
        parse_float(first(values)).0 as Self
    }
}

impl PrefField for f64 {
    const TYPE: PrefType = PrefType::Float64;
    const LIST: bool = false;
    fn read(values: &[Vec<u8>]) -> Self {
        parse_float(first(values)).0
    }
}

impl PrefField for String {
    const TYPE: PrefType = PrefType::CharArray;
    const LIST: bool = false;
    fn read(values: &[Vec<u8>]) -> Self {
        text_of_bytes(first(values)).into_owned()
    }
}

impl<T: PrefField> PrefField for Vec<T> {
    const TYPE: PrefType = T::TYPE;
    const LIST: bool = true;
    fn read(values: &[Vec<u8>]) -> Self {
        values.iter().map(|value| T::read(std::slice::from_ref(value))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trap_6_only_the_word_true_is_true() {
        for text in ["true", "TRUE", "True"] {
            assert_eq!(parse_bool(text.as_bytes()), (true, None));
        }
        assert_eq!(parse_bool(b"False"), (false, None));
        for text in ["enabled", "yes", "1", "disabled", "", " true"] {
            assert_eq!(parse_bool(text.as_bytes()), (false, Some(Oddity::NotBool)), "{text}");
        }
    }

    #[test]
    fn numbers_are_read_like_scanf_did() {
        assert_eq!(parse_integer(b" \t-12 "), (-12, None));
        assert_eq!(parse_integer(b"abc"), (0, Some(Oddity::NotNumber)));
        assert_eq!(parse_integer(b""), (0, Some(Oddity::NotNumber)));
        assert_eq!(parse_integer(b"12abc"), (12, Some(Oddity::TrailingText)));
        assert_eq!(parse_integer(b"+7"), (7, None));
        assert_eq!(parse_float(b".5"), (0.5, None));
        assert_eq!(parse_float(b"2.0x"), (2.0, Some(Oddity::TrailingText)));
        assert_eq!(parse_float(b"x"), (0.0, Some(Oddity::NotNumber)));
        assert_eq!(parse_float(b"1e"), (1.0, Some(Oddity::TrailingText)));
    }

    #[test]
    fn a_number_too_large_for_its_type_keeps_its_low_bits_and_is_reported() {
        assert_eq!(u16::read(&[b"70000".to_vec()]), 4464);
        assert_eq!(oddity(PrefType::UInt16, b"70000"), Some(Oddity::OutOfRange));
        assert_eq!(u32::read(&[b"-1".to_vec()]), u32::MAX);
        let digits = vec![b'9'; 10_000];
        assert_eq!(oddity(PrefType::UInt64, &digits), Some(Oddity::OutOfRange));
    }
}
