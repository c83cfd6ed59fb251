//! Values as text and back, in the formats of QTSS_ValueToString and QTSS_StringToValue.

use super::{AttrDataType, QtssError};

/// A value's bytes (host byte order) as text.
///
/// A value shorter than its type is read as if zero bytes followed, a longer one is cut. Text stays what it is; Unknown,
/// pointers and handles become upper-case hex in memory order.
pub fn value_to_string(value: &[u8], data_type: AttrDataType) -> Vec<u8> {
    match data_type {
        AttrDataType::CharArray => value.to_vec(),
        AttrDataType::Bool16 => if u16::from_ne_bytes(fixed(value)) != 0 { "true" } else { "false" }.into(),
        AttrDataType::SInt16 => i16::from_ne_bytes(fixed(value)).to_string().into(),
        AttrDataType::UInt16 => u16::from_ne_bytes(fixed(value)).to_string().into(),
        AttrDataType::SInt32 => i32::from_ne_bytes(fixed(value)).to_string().into(),
        AttrDataType::UInt32 => u32::from_ne_bytes(fixed(value)).to_string().into(),
        AttrDataType::SInt64 | AttrDataType::TimeVal => i64::from_ne_bytes(fixed(value)).to_string().into(),
        AttrDataType::UInt64 => u64::from_ne_bytes(fixed(value)).to_string().into(),
        AttrDataType::Float32 => float_text(f64::from(f32::from_ne_bytes(fixed(value)))).into(),
        AttrDataType::Float64 => float_text(f64::from_ne_bytes(fixed(value))).into(),
        AttrDataType::Unknown | AttrDataType::Object | AttrDataType::StreamRef | AttrDataType::VoidPointer => {
            hex(value)
        }
    }
}

/// Outcome of reading a value from text.
#[derive(Debug, PartialEq, Eq)]
pub enum Parsed {
    /// The value's bytes, in host byte order.
    Value(Vec<u8>),
    /// The text is no number: the caller keeps what it has. Holds the size of a value in bytes.
    Unchanged(usize),
}

/// Reads a value from text.
///
/// Numbers are read as scanf reads them: leading blanks are skipped, trailing junk is ignored, overflow wraps. Only the
/// word `true`, in any case, is true. Text of types without a text form is hex, two digits per byte; an odd last digit
/// is the high half of its byte and what is no hex digit counts as 0.
pub fn parse_value(text: &[u8], data_type: AttrDataType) -> Parsed {
    let number = |size: usize| match decimal(text) {
        Some(n) => Parsed::Value(truncate(n, size)),
        None => Parsed::Unchanged(size),
    };
    match data_type {
        AttrDataType::CharArray => Parsed::Value(text.to_vec()),
        AttrDataType::Bool16 => Parsed::Value(u16::from(text.eq_ignore_ascii_case(b"true")).to_ne_bytes().into()),
        AttrDataType::SInt16 | AttrDataType::UInt16 => number(2),
        AttrDataType::SInt32 | AttrDataType::UInt32 => number(4),
        AttrDataType::SInt64 | AttrDataType::UInt64 | AttrDataType::TimeVal => number(8),
        AttrDataType::Float32 => match float_prefix(text).and_then(|t| t.parse::<f32>().ok()) {
            Some(f) => Parsed::Value(f.to_ne_bytes().into()),
            None => Parsed::Unchanged(4),
        },
        AttrDataType::Float64 => match float_prefix(text).and_then(|t| t.parse::<f64>().ok()) {
            Some(f) => Parsed::Value(f.to_ne_bytes().into()),
            None => Parsed::Unchanged(8),
        },
        AttrDataType::Unknown | AttrDataType::Object | AttrDataType::StreamRef | AttrDataType::VoidPointer => {
            Parsed::Value(unhex(text))
        }
    }
}

/// QTSS_StringToValue: reads `text` into `buffer` and gives the value's size in bytes.
///
/// A missing or too small buffer is answered with NotEnoughSpace and the size needed. Text that is no number leaves the
/// buffer as it is, without an error. Text values get no terminator.
pub fn string_to_value(
    text: &[u8],
    data_type: AttrDataType,
    buffer: Option<&mut [u8]>,
) -> Result<usize, (QtssError, usize)> {
    let parsed = parse_value(text, data_type);
    let size = match &parsed {
        Parsed::Value(bytes) => bytes.len(),
        Parsed::Unchanged(size) => *size,
    };
    let target = buffer.and_then(|b| b.get_mut(..size)).ok_or((QtssError::NotEnoughSpace, size))?;
    if let Parsed::Value(bytes) = parsed {
        target.copy_from_slice(&bytes);
    }
    Ok(size)
}

/// The first `N` bytes of a value, zeros where it is shorter.
fn fixed<const N: usize>(value: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    for (to, from) in out.iter_mut().zip(value) {
        *to = *from;
    }
    out
}

/// What `%f` prints.
fn float_text(value: f64) -> String {
    match value {
        v if v.is_nan() => if v.is_sign_negative() { "-nan" } else { "nan" }.into(),
        v if v.is_infinite() => if v < 0.0 { "-inf" } else { "inf" }.into(),
        v => format!("{v:.6}"),
    }
}

fn hex(value: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    value.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).collect()
}

fn unhex(text: &[u8]) -> Vec<u8> {
    let digit = |c: Option<&u8>| c.and_then(|c| char::from(*c).to_digit(16)).unwrap_or(0) as u8;
    text.chunks(2).map(|pair| digit(pair.first()) << 4 | digit(pair.get(1))).collect()
}

fn skip_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|c| matches!(c, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)).count();
    &text[blanks..]
}

/// The number at the start of `text`, modulo 2^64.
fn decimal(text: &[u8]) -> Option<u64> {
    let text = skip_blanks(text);
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if !digits.first()?.is_ascii_digit() {
        return None;
    }
    let n = digits
        .iter()
        .take_while(|c| c.is_ascii_digit())
        .fold(0u64, |n, c| n.wrapping_mul(10).wrapping_add(u64::from(c - b'0')));
    Some(if negative { n.wrapping_neg() } else { n })
}

/// The low `size` bytes of a number, in host byte order.
fn truncate(n: u64, size: usize) -> Vec<u8> {
    match size {
        2 => (n as u16).to_ne_bytes().into(),
        4 => (n as u32).to_ne_bytes().into(),
        _ => n.to_ne_bytes().into(),
    }
}

/// The longest start of `text` (after blanks) that is a decimal floating-point number, an infinity or a NaN.
fn float_prefix(text: &[u8]) -> Option<&str> {
    let text = skip_blanks(text);
    let sign = usize::from(matches!(text.first(), Some(b'-' | b'+')));
    let digits_from = |at: usize| text.get(at..).map_or(0, |t| t.iter().take_while(|c| c.is_ascii_digit()).count());
    for word in ["infinity", "inf", "nan"] {
        let end = sign + word.len();
        if text.get(sign..end).is_some_and(|t| t.eq_ignore_ascii_case(word.as_bytes())) {
            return std::str::from_utf8(&text[..end]).ok();
        }
    }
    let whole = digits_from(sign);
    let mut end = sign + whole;
    let mut digits = whole;
    if text.get(end) == Some(&b'.') {
        let fraction = digits_from(end + 1);
        digits += fraction;
        end += 1 + fraction;
    }
    if digits == 0 {
        return None;
    }
    if matches!(text.get(end), Some(b'e' | b'E')) {
        let exponent = end + 1 + usize::from(matches!(text.get(end + 1), Some(b'-' | b'+')));
        let count = digits_from(exponent);
        if count > 0 {
            end = exponent + count;
        }
    }
    std::str::from_utf8(&text[..end]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, t: AttrDataType) -> Vec<u8> {
        match parse_value(text.as_bytes(), t) {
            Parsed::Value(v) => v,
            Parsed::Unchanged(_) => panic!("{text} is no {t:?}"),
        }
    }

    fn text(value: &[u8], t: AttrDataType) -> String {
        String::from_utf8(value_to_string(value, t)).unwrap()
    }

    #[test]
    fn trap_23_only_the_word_true_is_true() {
        for yes in ["true", "TRUE", "True"] {
            assert_eq!(parsed(yes, AttrDataType::Bool16), 1u16.to_ne_bytes());
        }
        for no in ["1", "yes", "on", "", " true", "true ", "false"] {
            assert_eq!(parsed(no, AttrDataType::Bool16), 0u16.to_ne_bytes(), "{no:?}");
        }
    }

    #[test]
    fn trap_24_integers_accept_trailing_junk_and_leave_the_buffer_when_there_is_no_number() {
        assert_eq!(parsed("12abc", AttrDataType::UInt32), 12u32.to_ne_bytes());
        assert_eq!(parsed("  -7", AttrDataType::SInt16), (-7i16).to_ne_bytes());
        assert_eq!(parsed("0x10", AttrDataType::UInt32), 0u32.to_ne_bytes());
        let mut buffer = 99u32.to_ne_bytes();
        assert_eq!(string_to_value(b"many", AttrDataType::UInt32, Some(&mut buffer)), Ok(4));
        assert_eq!(buffer, 99u32.to_ne_bytes());
    }

    #[test]
    fn overflow_wraps() {
        assert_eq!(parsed("4294967297", AttrDataType::UInt32), 1u32.to_ne_bytes());
        assert_eq!(parsed("65537", AttrDataType::UInt16), 1u16.to_ne_bytes());
        assert_eq!(parsed("-1", AttrDataType::UInt64), u64::MAX.to_ne_bytes());
    }

    #[test]
    fn trap_79_a_bool_is_two_bytes() {
        assert_eq!(AttrDataType::Bool16.size(), Some(2));
        assert_eq!(string_to_value(b"true", AttrDataType::Bool16, Some(&mut [0xAA; 4])), Ok(2));
        let mut canary = [0xAA; 4];
        string_to_value(b"true", AttrDataType::Bool16, Some(&mut canary)).unwrap();
        assert_eq!(canary[2..], [0xAA; 2]);
    }

    #[test]
    fn floats_print_six_decimals_of_any_size() {
        assert_eq!(text(&1.5f32.to_ne_bytes(), AttrDataType::Float32), "1.500000");
        assert_eq!(text(&(-0.1f64).to_ne_bytes(), AttrDataType::Float64), "-0.100000");
        assert_eq!(text(&1e300f64.to_ne_bytes(), AttrDataType::Float64).len(), 301 + 7);
        assert_eq!(text(&f64::NEG_INFINITY.to_ne_bytes(), AttrDataType::Float64), "-inf");
        assert_eq!(float_text(0.0078125), "0.007812", "ties go to the even digit, as in C");
    }

    #[test]
    fn floats_are_read_up_to_the_first_character_that_does_not_fit() {
        assert_eq!(parsed(" 2.5x", AttrDataType::Float32), 2.5f32.to_ne_bytes());
        assert_eq!(parsed("-.5e1e", AttrDataType::Float64), (-5.0f64).to_ne_bytes());
        assert_eq!(parsed("3e", AttrDataType::Float64), 3.0f64.to_ne_bytes());
        assert_eq!(parsed("+7.", AttrDataType::Float64), 7.0f64.to_ne_bytes());
        assert_eq!(parse_value(b".", AttrDataType::Float32), Parsed::Unchanged(4));
        assert_eq!(parse_value(b"", AttrDataType::Float64), Parsed::Unchanged(8));
    }

    #[test]
    fn types_without_a_text_form_are_hex_in_memory_order() {
        assert_eq!(text(&[0x0f, 0xa0], AttrDataType::Unknown), "0FA0");
        assert_eq!(parsed("0fA", AttrDataType::Unknown), [0x0f, 0xa0]);
        assert_eq!(parsed("zz1", AttrDataType::VoidPointer), [0x00, 0x10]);
    }

    #[test]
    fn a_short_value_is_padded_with_zero_bytes() {
        assert_eq!(
            text(&7u16.to_le_bytes()[..1], AttrDataType::SInt64),
            if cfg!(target_endian = "little") { "7" } else { "0" }
        );
        assert_eq!(text(&[], AttrDataType::Bool16), "false");
    }

    #[test]
    fn only_string_to_value_says_not_enough_space() {
        assert_eq!(string_to_value(b"abc", AttrDataType::CharArray, None), Err((QtssError::NotEnoughSpace, 3)));
        assert_eq!(string_to_value(b"1", AttrDataType::UInt64, Some(&mut [0; 4])), Err((QtssError::NotEnoughSpace, 8)));
        let mut exact = [0; 3];
        assert_eq!(string_to_value(b"abc", AttrDataType::CharArray, Some(&mut exact)), Ok(3));
        assert_eq!(&exact, b"abc");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_panic(text: Vec<u8>, code in 0u32..15) {
            let t = AttrDataType::from_code(code).unwrap();
            parse_value(&text, t);
            value_to_string(&text, t);
        }

        #[test]
        fn integers_survive_the_round_trip(n: i64) {
            let text = value_to_string(&n.to_ne_bytes(), AttrDataType::SInt64);
            proptest::prop_assert_eq!(parse_value(&text, AttrDataType::SInt64), Parsed::Value(n.to_ne_bytes().into()));
        }
    }
}
