//! The `Authorization` header: `Basic …` (RFC 7617), `Digest name=value, …` (RFC 7616, RFC 2617).

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use thiserror::Error;

use super::digest::DigestAnswer;
use super::secret::Secret;
use crate::config::text_of_bytes;

/// The most parameters of a Digest answer; RFC 7616 knows twelve.
const MAX_PARAMETERS: usize = 32;

/// Clients leave the padding out at times.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a client says about who it is.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// Name and password.
    Basic {
        /// The user's name.
        user: String,
        /// The password.
        password: Secret,
    },
    /// The answer to a Digest challenge.
    Digest(DigestAnswer),
}

/// Why an `Authorization` header is of no use. The answer to all of them is the challenge again.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum HeaderError {
    /// Neither Basic nor Digest.
    #[error("the authorization scheme {0:?} is not known")]
    UnknownScheme(String),
    /// Not base64, or no colon in it.
    #[error("basic credentials are not base64 of \"user:password\"")]
    BadBasic,
    /// Not a list of `name=value`.
    #[error("digest parameters are malformed at byte {0}")]
    BadList(usize),
    /// Named twice, so that two readers may see two things.
    #[error("digest parameter {0} is there twice")]
    Twice(String),
    /// Without it there is nothing to check.
    #[error("digest parameter {0} is missing")]
    Missing(&'static str),
    /// Its value is none that it may have.
    #[error("digest parameter {0} has a value that is not possible")]
    BadValue(&'static str),
}

impl Credentials {
    /// Reads the value of an `Authorization` header.
    ///
    /// # Errors
    /// The header is malformed or of an unknown scheme.
    pub fn parse(value: &[u8]) -> Result<Self, HeaderError> {
        let value = value.trim_ascii();
        let end = value.iter().position(u8::is_ascii_whitespace).unwrap_or(value.len());
        let (scheme, rest) = (&value[..end], value[end..].trim_ascii());
        if scheme.eq_ignore_ascii_case(b"basic") {
            parse_basic(rest)
        } else if scheme.eq_ignore_ascii_case(b"digest") {
            DigestAnswer::from_parameters(parameters(rest)?).map(Self::Digest)
        } else {
            let scheme: String = text_of_bytes(scheme).chars().take(32).collect();
            Err(HeaderError::UnknownScheme(scheme))
        }
    }

    /// The user's name as the client gave it.
    pub fn user(&self) -> &str {
        match self {
            Self::Basic { user, .. } => user,
            Self::Digest(answer) => answer.user(),
        }
    }
}

fn parse_basic(encoded: &[u8]) -> Result<Credentials, HeaderError> {
    let decoded = Secret::new(BASE64.decode(encoded).map_err(|_| HeaderError::BadBasic)?);
    let bytes = decoded.as_bytes();
    let colon = bytes.iter().position(|&byte| byte == b':').ok_or(HeaderError::BadBasic)?;
    let user = text_of_bytes(&bytes[..colon]).into_owned();
    Ok(Credentials::Basic { user, password: Secret::new(&bytes[colon + 1..]) })
}

/// A parameter: its name in lower case, its value without quotes.
pub(super) type Parameter = (String, Vec<u8>);

/// Reads `name=value, name="value"` (RFC 9110 11.2), lenient about commas and blanks as old clients are not.
fn parameters(bytes: &[u8]) -> Result<Vec<Parameter>, HeaderError> {
    let mut found: Vec<Parameter> = Vec::new();
    let mut rest = bytes;
    loop {
        let start = rest.iter().position(|byte| !byte.is_ascii_whitespace() && *byte != b',').unwrap_or(rest.len());
        rest = &rest[start..];
        if rest.is_empty() {
            return Ok(found);
        }
        let bad = HeaderError::BadList(bytes.len() - rest.len());
        let end = rest.iter().position(|&byte| !is_token(byte)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let after = after.trim_ascii_start().strip_prefix(b"=").ok_or(bad.clone())?.trim_ascii_start();
        let (value, after) = value(after).ok_or(bad.clone())?;
        let name = text_of_bytes(name).to_ascii_lowercase();
        if name.is_empty() || found.len() == MAX_PARAMETERS {
            return Err(bad);
        }
        if found.iter().any(|(other, _)| *other == name) {
            return Err(HeaderError::Twice(name));
        }
        found.push((name, value));
        rest = after;
    }
}

/// A token or a quoted string without its quotes and backslashes, and what follows.
fn value(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let Some(mut rest) = bytes.strip_prefix(b"\"") else {
        let end = bytes.iter().position(|&byte| byte == b',' || byte.is_ascii_whitespace()).unwrap_or(bytes.len());
        return Some((bytes[..end].to_vec(), &bytes[end..]));
    };
    let mut text = Vec::new();
    loop {
        match rest {
            [b'"', after @ ..] => return Some((text, after)),
            [b'\\', byte, after @ ..] | [byte, after @ ..] => {
                text.push(*byte);
                rest = after;
            }
            [] => return None,
        }
    }
}

/// A text as a quoted string; control characters, which a header cannot carry, are left out.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for sign in text.chars().filter(|sign| !sign.is_control()) {
        if matches!(sign, '"' | '\\') {
            out.push('\\');
        }
        out.push(sign);
    }
    out.push('"');
    out
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn basic(value: &str) -> Option<(String, Vec<u8>)> {
        match Credentials::parse(value.as_bytes()) {
            Ok(Credentials::Basic { user, password }) => Some((user, password.as_bytes().to_vec())),
            _ => None,
        }
    }

    /// RFC 7617 section 2.
    #[test]
    fn basic_credentials_of_the_rfc_are_read() {
        let expected = Some(("Aladdin".to_owned(), b"open sesame".to_vec()));
        assert_eq!(basic("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), expected);
        assert_eq!(basic("  bAsIc   QWxhZGRpbjpvcGVuIHNlc2FtZQ "), expected);
        assert_eq!(basic("Basic dGVzdDoxMjPCow=="), Some(("test".to_owned(), "123£".as_bytes().to_vec())));
        assert_eq!(basic("Basic YTpiOmM="), Some(("a".to_owned(), b"b:c".to_vec())));
    }

    #[test]
    fn headers_that_make_no_sense_are_refused() {
        let error = |value: &str| Credentials::parse(value.as_bytes()).expect_err(value);
        assert_eq!(error("Basic !!!!"), HeaderError::BadBasic);
        assert_eq!(error("Basic"), HeaderError::BadBasic);
        assert_eq!(error("Basic YWJj"), HeaderError::BadBasic);
        assert_eq!(error("Bearer abcdef"), HeaderError::UnknownScheme("Bearer".to_owned()));
        assert_eq!(error(""), HeaderError::UnknownScheme(String::new()));
        assert_eq!(error("Digest username"), HeaderError::BadList(0));
        assert_eq!(error("Digest a=\"b"), HeaderError::BadList(0));
        assert_eq!(error("Digest a=1, A=2"), HeaderError::Twice("a".to_owned()));
        assert_eq!(error("Digest username=\"a\""), HeaderError::Missing("nonce"));
    }

    #[test]
    fn lists_are_read_in_every_spelling() {
        let read = |text: &str| parameters(text.as_bytes()).expect(text);
        let expected = vec![("a".to_owned(), b"x, \"y\\".to_vec()), ("b".to_owned(), b"1/2".to_vec())];
        assert_eq!(read(r#"A="x, \"y\\",b=1/2"#), expected);
        assert_eq!(read(r#" ,, a = "x, \"y\\" , , B=1/2 ,"#), expected);
        assert_eq!(read("a=\"\" b=1/2")[1], expected[1]);
        let many: Vec<_> = (0..100).map(|number| format!("a{number}=1")).collect();
        assert!(parameters(many.join(",").as_bytes()).is_err());
    }

    #[test]
    fn a_password_is_not_printed_with_its_credentials() {
        let shown = format!("{:?}", Credentials::parse(b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
        assert!(shown.contains("Aladdin") && !shown.contains("sesame"), "{shown}");
    }

    proptest! {
        #[test]
        fn no_header_is_a_reason_to_panic(
            scheme in prop::sample::select(vec!["Basic ", "Digest ", ""]),
            bytes in proptest::collection::vec(prop::sample::select(b"ab=\",\\ :Q\xff".to_vec()), 0..100),
        ) {
            let _ = Credentials::parse(&[scheme.as_bytes(), &bytes].concat());
        }

        #[test]
        fn a_quoted_text_is_read_back(text in "[ -~é]{0,30}") {
            let header = format!("a={}, b=1", quoted(&text));
            prop_assert_eq!(&parameters(header.as_bytes()).expect("a list")[0].1, &text.into_bytes());
        }
    }
}
