//! Digest (RFC 7616, RFC 2617, and RFC 2069 as DSS 6.0.3 spoke it): challenges and the check of answers.

use md5::Md5;
use sha2::{Digest, Sha256};
use std::time::Instant;

use super::header::{HeaderError, Parameter, quoted};
use super::nonces::NonceStore;
use super::secret::{Secret, equal};
use super::users::{User, hex};
use crate::config::text_of_bytes;

/// The hash of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// `MD5`, also where none is named.
    Md5,
    /// `SHA-256`.
    Sha256,
}

/// What challenges offer beyond those of DSS 6.0.3, which named neither qop nor algorithm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// `qop="auth"`: clients count the uses of a nonce, so that an answer cannot be replayed.
    pub qop: bool,
    /// A second challenge with SHA-256, before the MD5 one: some old clients take the last they understand. It is answerable
    /// by users whose SHA-256 digest is in the users file.
    pub sha256: bool,
}

/// The values of the `WWW-Authenticate` headers, in order of preference. By default one, in DSS's form:
/// `Digest realm="…", nonce="…"`, with `stale="true"` in quotes before the nonce where the password was not the trouble.
pub fn challenges(realm: &str, nonce: &str, stale: bool, offer: Offer) -> Vec<String> {
    let stale = if stale { "stale=\"true\", " } else { "" };
    let qop = if offer.qop { ", qop=\"auth\"" } else { "" };
    let plain = format!("Digest realm={}, {stale}nonce={}", quoted(realm), quoted(nonce));
    match offer {
        Offer { sha256: true, .. } => {
            vec![format!("{plain}, qop=\"auth\", algorithm=SHA-256"), format!("{plain}{qop}, algorithm=MD5")]
        }
        Offer { sha256: false, .. } => vec![format!("{plain}{qop}")],
    }
}

/// A well-formed answer to a Digest challenge.
#[derive(Clone, Debug)]
pub struct DigestAnswer {
    user: String,
    nonce: String,
    uri: Vec<u8>,
    response: Secret,
    algorithm: Algorithm,
    /// `-sess`: the key is bound to the nonces.
    session: bool,
    /// The count of the nonce's uses and its text, with `qop=auth`.
    count: Option<(u32, Vec<u8>)>,
    client_nonce: Vec<u8>,
}

impl DigestAnswer {
    pub(super) fn from_parameters(parameters: Vec<Parameter>) -> Result<Self, HeaderError> {
        let find = |name: &str| parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_slice());
        let need = |name: &'static str| find(name).ok_or(HeaderError::Missing(name));
        let nonce = text_of_bytes(need("nonce")?).into_owned();
        let (algorithm, session) = algorithm_of(find("algorithm"))?;
        let count = match find("qop") {
            None => None,
            Some(qop) if qop.eq_ignore_ascii_case(b"auth") => Some(count_of(need("nc")?)?),
            Some(_) => return Err(HeaderError::BadValue("qop")),
        };
        let client_nonce = if count.is_some() || session { need("cnonce")? } else { b"" };
        let response = unhex(need("response")?).ok_or(HeaderError::BadValue("response"))?;
        Ok(Self {
            user: user_of(find("username"), find("username*"))?,
            nonce,
            uri: need("uri")?.to_vec(),
            response: Secret::new(response),
            algorithm,
            session,
            count,
            client_nonce: client_nonce.to_vec(),
        })
    }

    /// The user's name.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The nonce that was answered.
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// The URI that the client hashed. DSS 6.0.3 did not compare it with the request's, and clients differ in what they put
    /// here.
    pub fn uri(&self) -> &[u8] {
        &self.uri
    }

    /// The hash that the answer was made with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether the answer was made with the password behind the keys, for a request with this method. Says nothing about the
    /// nonce: see [`verify`].
    pub fn matches(&self, method: &str, keys: Keys<'_>) -> bool {
        let (key, hash): (_, Hash) = match self.algorithm {
            Algorithm::Md5 => (keys.md5, joined::<Md5>),
            Algorithm::Sha256 => (keys.sha256, joined::<Sha256>),
        };
        let Some(key) = key else { return false };
        let mut key = key.to_ascii_lowercase();
        if self.session {
            key = hash(&[key.as_bytes(), self.nonce.as_bytes(), &self.client_nonce]);
        }
        let request = hash(&[method.as_bytes(), &self.uri]);
        let expected = match &self.count {
            Some((_, count)) => {
                hash(&[key.as_bytes(), self.nonce.as_bytes(), count, &self.client_nonce, b"auth", request.as_bytes()])
            }
            None => hash(&[key.as_bytes(), self.nonce.as_bytes(), request.as_bytes()]),
        };
        equal(expected.as_bytes(), hex(self.response.as_bytes()).as_bytes())
    }
}

/// The hashes of `user:realm:password` of a user, in hexadecimal digits; whatever is missing cannot be answered with.
#[derive(Clone, Copy, Default)]
pub struct Keys<'a> {
    /// MD5.
    pub md5: Option<&'a str>,
    /// SHA-256.
    pub sha256: Option<&'a str>,
}

impl User {
    /// What Digest answers of this user are checked with.
    pub fn keys(&self) -> Keys<'_> {
        Keys { md5: self.md5.as_deref(), sha256: self.sha256.as_deref() }
    }
}

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is the user.
    Right,
    /// The nonce was not given out to this client, is too old, or its count was used before. The password was not looked at,
    /// or it was right: ask again with a [renewed](NonceStore::renew) nonce and `stale`. Not a wrong guess.
    Stale,
    /// It is not the user's password, or there is no such user.
    Wrong,
}

/// Checks an answer: the nonce against those given out to `owner` (a number of the connection or the session), the response
/// against the keys, the nonce count against those that were used. As in DSS an answer to a foreign nonce is stale whatever
/// its password. Without a user the time taken is the same.
pub fn verify(
    answer: &DigestAnswer,
    method: &str,
    keys: Option<Keys<'_>>,
    nonces: &NonceStore,
    owner: u64,
    now: Instant,
) -> Outcome {
    if !nonces.is_current(owner, &answer.nonce, now) {
        return Outcome::Stale;
    }
    let nobody = Keys { md5: Some("00000000000000000000000000000000"), sha256: Some("0") };
    if !answer.matches(method, keys.unwrap_or(nobody)) || keys.is_none() {
        return Outcome::Wrong;
    }
    match answer.count {
        Some((count, _)) if !nonces.use_count(owner, count) => Outcome::Stale,
        _ => Outcome::Right,
    }
}

/// Hashes parts joined with colons.
type Hash = fn(&[&[u8]]) -> String;

/// The hash of the parts with colons between them, in hexadecimal digits.
fn joined<D: Digest>(parts: &[&[u8]]) -> String {
    hex(&D::digest(parts.join(&b':')))
}

fn algorithm_of(name: Option<&[u8]>) -> Result<(Algorithm, bool), HeaderError> {
    match name.map(|name| name.to_ascii_lowercase()).as_deref() {
        None | Some(b"md5") => Ok((Algorithm::Md5, false)),
        Some(b"md5-sess") => Ok((Algorithm::Md5, true)),
        Some(b"sha-256") => Ok((Algorithm::Sha256, false)),
        Some(b"sha-256-sess") => Ok((Algorithm::Sha256, true)),
        Some(_) => Err(HeaderError::BadValue("algorithm")),
    }
}

/// The nonce count: eight hexadecimal digits; fewer are taken, too.
fn count_of(text: &[u8]) -> Result<(u32, Vec<u8>), HeaderError> {
    let digits = std::str::from_utf8(text).ok().filter(|text| (1..=8).contains(&text.len()));
    let digits = digits.filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let count = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).ok_or(HeaderError::BadValue("nc"))?;
    Ok((count, text.to_vec()))
}

/// The name, or its form for other characters (`UTF-8''` and percent signs, RFC 8187).
fn user_of(plain: Option<&[u8]>, extended: Option<&[u8]>) -> Result<String, HeaderError> {
    if let Some(plain) = plain {
        return Ok(text_of_bytes(plain).into_owned());
    }
    let extended = extended.ok_or(HeaderError::Missing("username"))?;
    let bad = HeaderError::BadValue("username*");
    let (charset, rest) = extended.split_at_checked(5).ok_or(bad.clone())?;
    let quote = rest.iter().skip(1).position(|&byte| byte == b'\'').ok_or(bad.clone())?;
    if !charset.eq_ignore_ascii_case(b"utf-8") || rest.first() != Some(&b'\'') {
        return Err(bad);
    }
    let mut name = Vec::new();
    let mut encoded = &rest[quote + 2..];
    while let [byte, after @ ..] = encoded {
        if let (b'%', Some(digits)) = (byte, after.get(..2)) {
            name.extend(unhex(digits).ok_or(bad.clone())?);
            encoded = &after[2..];
        } else {
            name.push(*byte);
            encoded = after;
        }
    }
    String::from_utf8(name).map_err(|_| bad)
}

fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    if digits.len() % 2 != 0 || digits.len() > 128 {
        return None;
    }
    digits.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

#[cfg(test)]
#[path = "digest_tests.rs"]
mod tests;
