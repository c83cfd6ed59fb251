//! Session identifiers and the Session header (RFC 2326 sections 3.4 and 12.37).

use std::fmt;
use std::num::NonZeroI64;
use std::str::FromStr;

use rand::rngs::OsRng;
use rand::{RngCore, TryRngCore};

/// A session's identifier: a positive 64-bit number, in decimal on the wire. Scripts and log parsers print it, so it
/// stays decimal and at most 19 digits long; unlike DSS 6.0.3's it cannot be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(NonZeroI64);

impl SessionId {
    /// A new identifier of 18 or 19 digits from the system's random source.
    pub fn random() -> Self {
        // the thread's generator is seeded from the same source: no guessable id even if a read fails
        let bits = OsRng.try_next_u64().unwrap_or_else(|_| rand::rng().next_u64());
        Self::from_bits(bits)
    }

    fn from_bits(bits: u64) -> Self {
        const SMALLEST: u64 = 100_000_000_000_000_000; // 18 digits
        const SPAN: u64 = i64::MAX as u64 - SMALLEST;
        // SMALLEST + a remainder of SPAN is within 1..i64::MAX, so neither fallback is ever taken
        let value = i64::try_from(SMALLEST + bits % SPAN).unwrap_or(i64::MAX);
        Self(NonZeroI64::new(value).unwrap_or(NonZeroI64::MAX))
    }

    /// The number.
    pub const fn value(self) -> i64 {
        self.0.get()
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is no session identifier: not 1 to 19 digits, or not a positive 64-bit number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a session identifier")]
pub struct NotASessionId;

impl FromStr for SessionId {
    type Err = NotASessionId;

    fn from_str(text: &str) -> Result<Self, NotASessionId> {
        let is_canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
        let value = text.parse().ok().filter(|_| is_canonical);
        value.and_then(NonZeroI64::new).map(Self).ok_or(NotASessionId)
    }
}

/// A Session header's value as a client sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionHeader<'a> {
    /// The identifier's text: everything up to `;` or a blank.
    pub text: &'a str,
    /// The identifier, if the text is one that this server could have made.
    pub id: Option<SessionId>,
    /// The `timeout` parameter in seconds.
    pub timeout: Option<u32>,
}

impl<'a> SessionHeader<'a> {
    /// Reads a Session header's value.
    pub fn parse(value: &'a str) -> Self {
        let value = value.trim();
        let text = value.split([';', ' ', '\t']).next().unwrap_or_default();
        Self {
            text,
            id: text.parse().ok(),
            timeout: super::params::parameter(value, "timeout").and_then(super::params::digits),
        }
    }
}

/// The Session header of the answer that creates a session: the identifier, and `;timeout=` when `timeout` (seconds, the
/// preference `rtsp_timeout`) is not 0.
pub fn session_answer(id: SessionId, timeout: u32) -> String {
    if timeout == 0 { id.to_string() } else { format!("{id};timeout={timeout}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn identifiers_are_positive_decimal_and_at_most_19_digits() {
        let bits = [0, 1, u64::MAX, u64::MAX / 2, 1 << 63].map(SessionId::from_bits);
        for id in bits.into_iter().chain((0..100).map(|_| SessionId::random())) {
            let text = id.to_string();
            assert!(id.value() > 0 && (18..=19).contains(&text.len()), "{text}");
            assert_eq!(text.parse(), Ok(id));
        }
    }

    #[test]
    fn identifiers_do_not_repeat() {
        let ids: HashSet<_> = (0..1000).map(|_| SessionId::random()).collect();
        assert_eq!(ids.len(), 1000);
    }

    #[test]
    fn only_what_the_server_could_have_made_is_an_identifier() {
        assert!("9223372036854775807".parse::<SessionId>().is_ok());
        for text in ["", "0", "-5", "+5", "007", "9223372036854775808", "12a", "99999999999999999999999"] {
            assert_eq!(text.parse::<SessionId>(), Err(NotASessionId), "{text}");
        }
    }

    #[test]
    fn the_header_ends_at_a_semicolon_or_blank() {
        for value in ["4711", "4711;timeout=60", " 4711 ; timeout = 60", "4711 \t"] {
            let header = SessionHeader::parse(value);
            assert_eq!((header.text, header.id.map(SessionId::value)), ("4711", Some(4711)), "{value}");
            assert_eq!(header.timeout, value.contains("60").then_some(60));
        }
        let header = SessionHeader::parse("AbC;timeout=x");
        assert_eq!((header.text, header.id, header.timeout), ("AbC", None, None));
        assert_eq!(SessionHeader::parse("").text, "");
    }

    /// DSS 6.0.3 never sent the timeout, whatever the preference said.
    #[test]
    fn the_timeout_is_told_when_the_preference_is_set() {
        let id = "4711".parse().unwrap();
        assert_eq!(session_answer(id, 0), "4711");
        assert_eq!(session_answer(id, 60), "4711;timeout=60");
    }
}
