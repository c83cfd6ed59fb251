//! The users file (`qtusers`), read.
//!
//! ```text
//! realm Streaming Server
//! alice:pxZoqnEZVAx8E:80fa93202b82dcafdb0c2a6b2fd58c12
//! #sha-256:alice:TAG:HEX
//! ```
//!
//! The first line that is neither blank nor a comment names the realm. Then come lines `user:CRYPT:DIGEST`: a hash for Basic
//! ([`password`](super::password)) and the MD5 of `user:realm:password` for Digest, in hexadecimal.
//!
//! The digest field of DSS 6.0.3 reaches to the end of the line, so a fourth field would have broken it. The SHA-256 of
//! `user:realm:password` is therefore kept in a comment, which DSS and its qtpasswd leave alone. TAG is the beginning of the
//! SHA-256 of the user's line: when that line is changed by a program that does not know of the comment, the comment no longer
//! counts, and the old password with it.

use std::collections::HashMap;
use std::fmt;

use md5::Md5;
use sha2::{Digest, Sha256};

use super::lines::{self, FileFinding};
use super::password::HashForm;
use super::secret::Secret;
use crate::config::text_of_bytes;

/// What the comment with a SHA-256 digest begins with.
pub(super) const SHA_256_COMMENT: &[u8] = b"#sha-256:";

/// Findings kept of one file.
const MAX_FINDINGS: usize = 50;

/// A user of a users file.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// The stored hash that Basic compares with; may be empty.
    pub crypt: String,
    /// MD5 of `user:realm:password`, 32 hexadecimal digits in lower case; `None` when the file has none that is well-formed.
    pub md5: Option<String>,
    /// SHA-256 of `user:realm:password`, 64 hexadecimal digits in lower case, where the file has it.
    pub sha256: Option<String>,
}

impl fmt::Debug for User {
    /// Without the hashes: the digests are as good as the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("name", &self.name)
            .field("form", &HashForm::of(&self.crypt))
            .finish_non_exhaustive()
    }
}

impl User {
    /// Whether a password that matched [`crypt`](Self::crypt) is nevertheless not the user's.
    ///
    /// Of a DES hash only eight bytes count, and DSS 6.0.3 let everybody in who knew those. Where the password given is that
    /// long and the file also has its MD5 digest, all of the password has to match.
    pub fn is_cut_short(&self, realm: &str, password: &Secret) -> bool {
        let long = password.as_bytes().len() >= super::des_crypt::SIGNIFICANT_BYTES;
        if !long || HashForm::of(&self.crypt) != Some(HashForm::Des) {
            return false;
        }
        let Some(stored) = &self.md5 else { return false };
        !super::equal(stored.as_bytes(), md5_of(self.name.as_bytes(), realm.as_bytes(), password).as_bytes())
    }
}

/// MD5 of `user:realm:password` as hexadecimal digits: A1 of RFC 2617 3.2.2.2, hashed.
pub fn md5_of(user: &[u8], realm: &[u8], password: &Secret) -> String {
    hex(&Md5::new().chain_update(a1(user, realm)).chain_update(password.as_bytes()).finalize())
}

/// SHA-256 of `user:realm:password` as hexadecimal digits (RFC 7616 3.4.2).
pub fn sha256_of(user: &[u8], realm: &[u8], password: &Secret) -> String {
    hex(&Sha256::new().chain_update(a1(user, realm)).chain_update(password.as_bytes()).finalize())
}

fn a1(user: &[u8], realm: &[u8]) -> Vec<u8> {
    [user, b":", realm, b":"].concat()
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// What ties a SHA-256 comment to a user's line (without blanks around it).
pub(super) fn tag_of(line: &[u8]) -> String {
    hex(&Sha256::digest(line)[..8])
}

/// A users file.
#[derive(Clone, Debug, Default)]
pub struct Users {
    realm: Option<String>,
    users: HashMap<String, User>,
    findings: Vec<FileFinding>,
}

impl Users {
    /// Reads a users file as leniently as DSS did. Where a user has several lines the first counts.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut out = Self::default();
        let mut tags = HashMap::new();
        for (at, (number, line)) in lines::meaningful(bytes).enumerate() {
            match realm_of(line) {
                Some(realm) if at == 0 => out.realm = Some(text_of_bytes(realm).into_owned()),
                Some(_) => out.note(number, "a second realm line is ignored"),
                None => {
                    if at == 0 {
                        out.note(number, "the first line must be \"realm NAME\"; without it no Digest answer is right");
                    }
                    out.add(number, line, &mut tags);
                }
            }
        }
        out.add_sha256(bytes, &tags);
        if out.realm.is_none() && out.users.is_empty() {
            out.note(0, "there is neither a realm nor a user in the file");
        }
        out
    }

    fn note(&mut self, line: u32, text: impl Into<String>) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(FileFinding::new(line, text));
        }
    }

    fn add(&mut self, number: u32, line: &[u8], tags: &mut HashMap<String, String>) {
        let line = line.trim_ascii_end();
        let mut fields = line.splitn(3, |&byte| byte == b':');
        let mut field = || fields.next().map(text_of_bytes).unwrap_or_default().into_owned();
        let (name, crypt, digest) = (field(), field(), field());
        if name.is_empty() {
            return self.note(number, "a line without a user name is ignored");
        }
        if self.users.contains_key(&name) {
            return self.note(number, format!("user {} is there already; the first line counts", name.escape_debug()));
        }
        let md5 = hex_digits(&digest, 32);
        if md5.is_none() && HashForm::of(&crypt).is_none() {
            self.note(number, format!("user {} has no usable password", name.escape_debug()));
        }
        tags.insert(name.clone(), tag_of(line));
        self.users.insert(name.clone(), User { name, crypt, md5, sha256: None });
    }

    fn add_sha256(&mut self, bytes: &[u8], tags: &HashMap<String, String>) {
        for line in lines::split(bytes) {
            let Some((user, tag, digest)) = sha256_comment(lines::content(line).trim_ascii()) else { continue };
            let name = text_of_bytes(user);
            // Made for an earlier state of the user's line: it belongs to an old password.
            if tags.get(name.as_ref()).is_none_or(|current| current.as_bytes() != tag) {
                continue;
            }
            if let Some(user) = self.users.get_mut(name.as_ref()) {
                user.sha256 = hex_digits(&text_of_bytes(digest), 64);
            }
        }
    }

    /// The realm that the digests were made for; blanks at its end count.
    pub fn realm(&self) -> Option<&str> {
        self.realm.as_deref()
    }

    /// A user by name.
    pub fn get(&self, name: &str) -> Option<&User> {
        self.users.get(name)
    }

    /// Whether every user who can answer with MD5 can also answer with SHA-256, so that the latter can be offered. (Who
    /// takes a challenge that the user's line has no digest for would be locked out.)
    pub fn all_have_sha256(&self) -> bool {
        let mut digests = self.users.values().filter(|user| user.md5.is_some()).peekable();
        digests.peek().is_some() && digests.all(|user| user.sha256.is_some())
    }

    /// How many users there are.
    pub fn len(&self) -> usize {
        self.users.len()
    }

    /// Whether there are no users.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// What is odd about the file.
    pub fn findings(&self) -> &[FileFinding] {
        &self.findings
    }
}

/// The realm of a line `realm NAME`.
pub(super) fn realm_of(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"realm")?;
    (rest.is_empty() || rest[0].is_ascii_whitespace()).then(|| rest.trim_ascii_start())
}

/// User, tag and digest of a comment that keeps a SHA-256 digest.
pub(super) fn sha256_comment(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut fields = line.strip_prefix(SHA_256_COMMENT)?.split(|&byte| byte == b':');
    let found = (fields.next()?, fields.next()?, fields.next()?);
    fields.next().is_none().then_some(found)
}

fn hex_digits(text: &str, length: usize) -> Option<String> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
pub(super) const SIX_USERS: &str = "realm Streaming Server
alice:pxZoqnEZVAx8E:80fa93202b82dcafdb0c2a6b2fd58c12
bob:pxsZy4LtmTNsM:9f0d5127ad4bbbfdc35fc5343fc2d625
carol:pxGX8czQztEoQ:10db4c4de82106e14c874c7c26cfda56
dave:pxul25jYqyvsE:3ff57ce80299095b42586b70d818b188
eve:px6uRLHg2C2P2:ff425c953567f77995b062e7aca7a97b
admin:pxE0kUuF1kVOE:618acf1bad99677131ab5b31df7b5f0a
";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::password;
    use super::*;

    #[test]
    fn users_of_dss_log_in_with_their_old_passwords() {
        let users = Users::parse(SIX_USERS.as_bytes());
        assert_eq!((users.realm(), users.len(), users.findings().len()), (Some("Streaming Server"), 6, 0));
        for (name, password) in [
            ("alice", "wonder1"),
            ("bob", "builder2"),
            ("carol", "pa55word"),
            ("dave", "looking4"),
            ("eve", "brOadcast5"),
            ("admin", "adm1n6"),
        ] {
            let (user, password) = (users.get(name).expect("a user"), Secret::new(password));
            assert!(password::verify(&user.crypt, &password), "{name}");
            assert!(!user.is_cut_short("Streaming Server", &password), "{name}");
            assert_eq!(user.md5, Some(md5_of(name.as_bytes(), b"Streaming Server", &password)), "{name}");
        }
    }

    #[test]
    fn trap_29_the_first_eight_characters_are_not_enough() {
        let users = Users::parse(SIX_USERS.as_bytes());
        let eve = users.get("eve").expect("a user");
        for wrong in ["brOadcas", "brOadcast", "brOadcast6"] {
            let wrong = Secret::new(wrong);
            assert!(password::verify(&eve.crypt, &wrong), "DES does not see the difference");
            assert!(eve.is_cut_short("Streaming Server", &wrong));
        }
        // A line without a digest is all there is to compare with.
        let users = Users::parse(b"realm x\neve:px6uRLHg2C2P2\n");
        assert!(!users.get("eve").expect("a user").is_cut_short("x", &Secret::new("brOadcas")));
    }

    #[test]
    fn trap_27_files_of_comments_only_end() {
        for text in ["#", "#\n", "\n\n\n", " \t\n#x\n\n", "\0", ""] {
            let users = Users::parse(text.as_bytes());
            assert!(users.is_empty() && users.realm().is_none() && users.findings().len() == 1, "{text:?}");
        }
    }

    #[test]
    fn without_a_realm_line_basic_still_works() {
        let users = Users::parse(b"# x\nalice:pxZoqnEZVAx8E:80fa93202b82dcafdb0c2a6b2fd58c12\n");
        assert_eq!(users.realm(), None);
        assert_eq!(users.get("alice").expect("a user").crypt, "pxZoqnEZVAx8E");
        assert_eq!((users.findings().len(), users.findings()[0].line), (1, 2));
    }

    #[test]
    fn odd_lines_are_read_as_dss_read_them() {
        let users = Users::parse(b"\r\n  realm  My Realm \r\n  a:pxZoqnEZVAx8E\rb:*:0123456789ABCDEF0123456789abcdef \nc\n:x:y\na:z:z\nrealm q");
        assert_eq!(users.realm(), Some("My Realm "), "a blank at the end belongs to the digests");
        assert_eq!(users.get("a").expect("a user").crypt, "pxZoqnEZVAx8E");
        assert_eq!(users.get("b").expect("a user").md5.as_deref(), Some("0123456789abcdef0123456789abcdef"));
        let lines: Vec<_> = users.findings().iter().map(|finding| finding.line).collect();
        assert_eq!(lines, [5, 6, 7, 8], "{:?}", users.findings());
    }

    #[test]
    fn strong_hashes_stand_in_the_crypt_field() {
        for stored in [
            "$2b$10$abcdefghijklmnopqrstuuWHxnxkyNt6AHCwFMQaY6auyqJA8E98a",
            "$argon2id$v=19$m=4096,t=3,p=1$c2FsdA$aGFzaA",
        ] {
            let users = Users::parse(format!("realm x\na:{stored}:\n").as_bytes());
            assert_eq!(users.get("a").expect("a user").crypt, stored);
        }
    }

    #[test]
    fn a_sha_256_digest_counts_while_its_line_is_unchanged() {
        let line = "alice:pxZoqnEZVAx8E:80fa93202b82dcafdb0c2a6b2fd58c12";
        let digest = sha256_of(b"alice", b"Streaming Server", &Secret::new("wonder1"));
        let comment = format!("#sha-256:alice:{}:{digest}", tag_of(line.as_bytes()));
        let sha256 = |text: String| Users::parse(text.as_bytes()).get("alice").and_then(|user| user.sha256.clone());
        assert_eq!(sha256(format!("realm Streaming Server\n{line}\n{comment}\n")), Some(digest.clone()));
        assert_eq!(sha256(format!("{comment}\r\nrealm Streaming Server\r\n {line} \r\n")), Some(digest));
        // DSS's own qtpasswd changed the password and left the comment.
        assert_eq!(sha256(format!("realm Streaming Server\n{}\n{comment}\n", line.replace("px", "py"))), None);
        assert_eq!(sha256(format!("realm Streaming Server\n{line}\n{comment}:x\n")), None);
    }

    #[test]
    fn sha_256_is_for_files_in_which_everybody_has_it() {
        let line = |name: &str| format!("{name}:*:0123456789abcdef0123456789abcdef");
        let comment = |name: &str| format!("#sha-256:{name}:{}:{}", tag_of(line(name).as_bytes()), "a".repeat(64));
        let all = |lines: &[String]| Users::parse(lines.join("\n").as_bytes()).all_have_sha256();
        let realm = "realm x".to_owned();
        assert!(all(&[realm.clone(), line("a"), comment("a"), "b:pxZoqnEZVAx8E:".to_owned()]));
        assert!(!all(&[realm.clone(), line("a"), comment("a"), line("b")]));
        assert!(!all(&[realm]));
    }

    #[test]
    fn a_user_is_printed_without_hashes() {
        let shown = format!("{:?}", Users::parse(SIX_USERS.as_bytes()));
        assert!(shown.contains("alice") && !shown.contains("pxZoqnEZVAx8E") && !shown.contains("80fa93"), "{shown}");
    }

    proptest! {
        #[test]
        fn no_file_is_a_reason_to_panic(bytes in proptest::collection::vec(prop::sample::select(b"ab:#\n\r realm\xff\0".to_vec()), 0..200)) {
            let users = Users::parse(&bytes);
            prop_assert!(users.findings().len() <= MAX_FINDINGS);
        }
    }
}
