//! Answers to Basic and Digest challenges (RFC 7617, RFC 7616, RFC 2617): the client's side.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use sha2::Sha256;

/// A name and a password. Its debug form shows no password.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Credentials {
    /// The user's name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

/// The hash of a Digest answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// `MD5`, also where none is named.
    Md5,
    /// `SHA-256`.
    Sha256,
}

impl Algorithm {
    fn of(name: Option<&str>) -> Option<Self> {
        match name {
            None => Some(Self::Md5),
            Some(name) if name.eq_ignore_ascii_case("md5") => Some(Self::Md5),
            Some(name) if name.eq_ignore_ascii_case("sha-256") => Some(Self::Sha256),
            Some(_) => None,
        }
    }

    fn hash(self, text: &str) -> String {
        match self {
            Self::Md5 => hexadecimal(&Md5::digest(text.as_bytes())),
            Self::Sha256 => hexadecimal(&Sha256::digest(text.as_bytes())),
        }
    }
}

/// A server's challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// Name and password as they are.
    Basic,
    /// A hash over a server's nonce.
    Digest {
        /// Protection space.
        realm: String,
        /// The server's once-only text.
        nonce: String,
        /// To be sent back.
        opaque: Option<String>,
        /// Whether the server offers `qop="auth"`.
        qop: bool,
        /// The hash.
        algorithm: Algorithm,
        /// Whether the server names the hash, so that the answer has to.
        named: bool,
        /// The answer before this challenge was right but for its nonce.
        stale: bool,
    },
}

impl Challenge {
    /// The best among the values of `WWW-Authenticate`: the first Digest with a known hash, else Basic.
    pub fn choose<'a>(values: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut chosen = None;
        for value in values {
            let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
            if scheme.eq_ignore_ascii_case("digest") {
                if let Some(digest) = Self::digest(rest) {
                    return Some(digest);
                }
            } else if scheme.eq_ignore_ascii_case("basic") {
                chosen = Some(Self::Basic);
            }
        }
        chosen
    }

    fn digest(parameters: &str) -> Option<Self> {
        let named = parameter(parameters, "algorithm");
        Some(Self::Digest {
            algorithm: Algorithm::of(named.as_deref())?,
            named: named.is_some(),
            nonce: parameter(parameters, "nonce")?,
            realm: parameter(parameters, "realm").unwrap_or_default(),
            opaque: parameter(parameters, "opaque"),
            qop: parameter(parameters, "qop").is_some_and(|q| q.split(',').any(|part| part.trim() == "auth")),
            stale: parameter(parameters, "stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        })
    }

    /// Whether the answer before was refused for its nonce only, so that it is worth another try.
    pub fn is_stale(&self) -> bool {
        matches!(self, Self::Digest { stale: true, .. })
    }

    /// Value of `Authorization` for one request; `count` goes up with each use of the same challenge.
    pub fn answer(&self, who: &Credentials, method: &str, uri: &str, count: u32) -> String {
        let Self::Digest { realm, nonce, opaque, qop, algorithm, named, .. } = self else {
            return format!("Basic {}", STANDARD.encode(format!("{}:{}", who.user, who.password)));
        };
        let hash = |text: &str| algorithm.hash(text);
        let secret = hash(&format!("{}:{realm}:{}", who.user, who.password));
        let request = hash(&format!("{method}:{uri}"));
        let client_nonce = format!("{count:016x}");
        let response = if *qop {
            hash(&format!("{secret}:{nonce}:{count:08x}:{client_nonce}:auth:{request}"))
        } else {
            hash(&format!("{secret}:{nonce}:{request}"))
        };
        let user = who.user.replace('\\', "\\\\").replace('"', "\\\"");
        let mut value = format!(
            "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{response}\""
        );
        match (named, algorithm) {
            (false, _) => {}
            (true, Algorithm::Md5) => value.push_str(", algorithm=MD5"),
            (true, Algorithm::Sha256) => value.push_str(", algorithm=SHA-256"),
        }
        if let Some(opaque) = opaque {
            value.push_str(&format!(", opaque=\"{opaque}\""));
        }
        if *qop {
            value.push_str(&format!(", qop=auth, nc={count:08x}, cnonce=\"{client_nonce}\""));
        }
        value
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parameter(list: &str, name: &str) -> Option<String> {
    let mut rest = list;
    while let Some((key, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        if key.trim_matches([' ', ',', '\t']).eq_ignore_ascii_case(name) {
            return Some(value.trim().to_owned());
        }
        rest = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(text: &str) -> String {
        Algorithm::Md5.hash(text)
    }

    fn mufasa() -> Credentials {
        Credentials { user: "Mufasa".into(), password: "Circle Of Life".into() }
    }

    #[test]
    fn digest_with_qop_gives_a_verifiable_response() {
        let value = r#"Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b", opaque="5ccc""#;
        let challenge = Challenge::choose([r#"Basic realm="x""#, value].into_iter()).unwrap();
        let answer = challenge.answer(&mufasa(), "GET", "/dir/index.html", 1);
        let secret = hash("Mufasa:testrealm@host.com:Circle Of Life");
        assert_eq!(secret, "939e7578ed9e3c518a452acee763bce9"); // RFC 2617 section 3.5
        let request = hash("GET:/dir/index.html");
        assert_eq!(request, "39aff3a2bab6126f332b942af96d3366");
        let expected = hash(&format!("{secret}:dcd98b:00000001:0000000000000001:auth:{request}"));
        assert!(answer.contains(&format!("response=\"{expected}\"")), "{answer}");
        assert!(answer.ends_with("opaque=\"5ccc\", qop=auth, nc=00000001, cnonce=\"0000000000000001\""), "{answer}");
    }

    #[test]
    fn digest_without_qop_is_the_rfc_2069_form() {
        let challenge = Challenge::choose([r#"Digest realm="r",nonce="n""#].into_iter()).unwrap();
        let answer = challenge.answer(&mufasa(), "DESCRIBE", "rtsp://h/m", 1);
        let expected = hash(&format!("{}:n:{}", hash("Mufasa:r:Circle Of Life"), hash("DESCRIBE:rtsp://h/m")));
        assert!(answer.ends_with(&format!("response=\"{expected}\"")), "{answer}");
    }

    #[test]
    fn basic_is_base64() {
        let who = Credentials { user: "Aladdin".into(), password: "open sesame".into() };
        let challenge = Challenge::choose(["Basic realm=\"x\""].into_iter()).unwrap();
        assert_eq!(challenge.answer(&who, "X", "/", 1), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(Challenge::choose(["Negotiate"].into_iter()), None);
    }

    #[test]
    fn a_hash_that_is_not_known_is_passed_over() {
        let values = [
            "Digest realm=\"r\", nonce=\"a\", algorithm=SHA-512-256",
            "Digest realm=\"r\", stale=TRUE, nonce=\"b\", algorithm=SHA-256",
            "Digest realm=\"r\", nonce=\"c\"",
        ];
        let challenge = Challenge::choose(values.into_iter()).unwrap();
        assert!(challenge.is_stale());
        let answer = challenge.answer(&mufasa(), "DESCRIBE", "rtsp://h/m", 1);
        assert!(answer.contains("nonce=\"b\"") && answer.ends_with("algorithm=SHA-256"), "{answer}");
        let sha = |text: &str| Algorithm::Sha256.hash(text);
        let expected = sha(&format!("{}:b:{}", sha("Mufasa:r:Circle Of Life"), sha("DESCRIBE:rtsp://h/m")));
        assert!(answer.contains(&format!("response=\"{expected}\"")), "{answer}");
    }

    #[test]
    fn a_password_is_in_no_debug_output_and_a_quote_in_a_name_does_no_harm() {
        let who = Credentials { user: "a\"b\\c".into(), password: "hidden".into() };
        assert!(!format!("{who:?}").contains("hidden"));
        let challenge = Challenge::choose(["Digest realm=\"r\", nonce=\"n\""].into_iter()).unwrap();
        assert!(challenge.answer(&who, "X", "/", 1).starts_with(r#"Digest username="a\"b\\c", realm="#));
    }
}
