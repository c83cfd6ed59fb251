//! Answers to Basic and Digest challenges (RFC 7617, RFC 2617).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

use super::plan::Credentials;

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
    },
}

impl Challenge {
    /// The strongest among the values of `WWW-Authenticate`.
    pub fn choose<'a>(values: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut chosen = None;
        for value in values {
            let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
            if scheme.eq_ignore_ascii_case("digest") {
                let nonce = parameter(rest, "nonce")?;
                let qop = parameter(rest, "qop").is_some_and(|q| q.split(',').any(|part| part.trim() == "auth"));
                let realm = parameter(rest, "realm").unwrap_or_default();
                return Some(Self::Digest { realm, nonce, opaque: parameter(rest, "opaque"), qop });
            }
            if scheme.eq_ignore_ascii_case("basic") {
                chosen = Some(Self::Basic);
            }
        }
        chosen
    }

    /// Value of `Authorization` for one request; `count` goes up with each use of the same challenge.
    pub fn answer(&self, who: &Credentials, method: &str, uri: &str, count: u32) -> String {
        let (realm, nonce, opaque, qop) = match self {
            Self::Basic => return format!("Basic {}", STANDARD.encode(format!("{}:{}", who.user, who.password))),
            Self::Digest { realm, nonce, opaque, qop } => (realm, nonce, opaque, *qop),
        };
        let secret = hash(&format!("{}:{realm}:{}", who.user, who.password));
        let request = hash(&format!("{method}:{uri}"));
        let client_nonce = format!("{count:016x}");
        let response = if qop {
            hash(&format!("{secret}:{nonce}:{count:08x}:{client_nonce}:auth:{request}"))
        } else {
            hash(&format!("{secret}:{nonce}:{request}"))
        };
        let mut value = format!(
            "Digest username=\"{}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{response}\"",
            who.user
        );
        if let Some(opaque) = opaque {
            value.push_str(&format!(", opaque=\"{opaque}\""));
        }
        if qop {
            value.push_str(&format!(", qop=auth, nc={count:08x}, cnonce=\"{client_nonce}\""));
        }
        value
    }
}

fn hash(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
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
}
