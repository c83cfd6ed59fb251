//! Stored password hashes: which forms are read, which are written.
//!
//! The second field of a line of a users file (CRYPT) is what Basic compares with. DSS 6.0.3 handed it to the system's
//! `crypt`, so every form of libxcrypt worked there, too: `$2b$`, `$y$`, `$5$`, `$6$` and `$1$` lines are read by either
//! server on today's systems. `$argon2id$` and `$apr1$` are known to this one only.

use argon2::Argon2;
use argon2::password_hash::phc;
use rand::Rng;
use sha_crypt::{PasswordHasher, PasswordVerifier, ShaCrypt};
use thiserror::Error;
use yescrypt::Yescrypt;

use super::secret::{Secret, equal};
use super::{des_crypt, md5_crypt};

/// Longest stored hash that is looked at, in bytes; the longest real ones have about 130.
const MAX_STORED: usize = 256;

/// The most memory that one check may take, in KiB: a file must not take the server down. Usual are 4 to 64 MiB.
const MAX_MEMORY: u64 = 256 * 1024;

/// The largest bcrypt cost that is checked: 16 takes a few seconds.
const MAX_BCRYPT_COST: u32 = 16;

/// The most rounds of SHA-crypt that are checked: a few seconds.
const MAX_SHA_ROUNDS: u64 = 5_000_000;

/// The most passes over memory that are checked.
const MAX_PASSES: u32 = 64;

/// The cost of new bcrypt hashes: some 50 ms, and checks are remembered (see [`Checker`](super::Checker)).
const BCRYPT_COST: u32 = 10;

/// Password bytes that bcrypt takes in; the rest would silently not count.
const MAX_BCRYPT_PASSWORD: usize = 72;

/// A way to store a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashForm {
    /// `$apr1$`, Apache's MD5-crypt.
    Apr1,
    /// `$argon2id$`, `$argon2i$`, `$argon2d$` (RFC 9106).
    Argon2,
    /// `$2a$`, `$2b$`, `$2x$`, `$2y$`.
    Bcrypt,
    /// Thirteen characters; eight bytes of the password count.
    Des,
    /// `$1$`.
    Md5,
    /// `$5$`.
    Sha256,
    /// `$6$`.
    Sha512,
    /// `$y$`.
    Yescrypt,
}

/// Why a password could not be hashed.
#[derive(Debug, Error)]
pub enum HashError {
    /// The form is only read.
    #[error("passwords are no longer stored as {0:?}")]
    ReadOnly(HashForm),
    /// The library refused; the text does not contain the password.
    #[error("the password cannot be hashed: {0}")]
    Failed(String),
}

impl HashForm {
    /// The form of a stored hash; `None` when it is none (an empty field, `*`, a plain word).
    pub fn of(stored: &str) -> Option<Self> {
        const PREFIXES: [(&str, HashForm); 12] = [
            ("$1$", HashForm::Md5),
            ("$apr1$", HashForm::Apr1),
            ("$5$", HashForm::Sha256),
            ("$6$", HashForm::Sha512),
            ("$2a$", HashForm::Bcrypt),
            ("$2b$", HashForm::Bcrypt),
            ("$2x$", HashForm::Bcrypt),
            ("$2y$", HashForm::Bcrypt),
            ("$y$", HashForm::Yescrypt),
            ("$argon2id$", HashForm::Argon2),
            ("$argon2i$", HashForm::Argon2),
            ("$argon2d$", HashForm::Argon2),
        ];
        if stored.len() > MAX_STORED {
            return None;
        }
        if let Some((_, form)) = PREFIXES.iter().find(|(prefix, _)| stored.starts_with(prefix)) {
            return Some(*form);
        }
        let known = |byte: u8| des_crypt::ALPHABET.contains(&byte);
        (stored.len() == des_crypt::LENGTH && stored.bytes().all(known)).then_some(Self::Des)
    }

    /// Whether a check takes milliseconds or more, on purpose.
    pub fn is_slow(self) -> bool {
        !matches!(self, Self::Des | Self::Md5 | Self::Apr1)
    }
}

/// Whether the password is the one that was stored. Anything that is no hash, or one that asks for absurd amounts of time or
/// memory, matches nothing. May take a tenth of a second: not for an async worker.
pub fn verify(stored: &str, password: &Secret) -> bool {
    let given = password.as_bytes();
    match HashForm::of(stored) {
        None => false,
        Some(HashForm::Des) => verify_des(stored.as_bytes(), given),
        Some(HashForm::Md5) => verify_md5(stored, "$1$", given),
        Some(HashForm::Apr1) => verify_md5(stored, "$apr1$", given),
        Some(HashForm::Sha256 | HashForm::Sha512) => verify_sha(stored, given),
        Some(HashForm::Bcrypt) => bcrypt_cost(stored).is_some() && bcrypt::verify(given, stored).unwrap_or(false),
        Some(HashForm::Yescrypt) => {
            is_usual_yescrypt(stored) && Yescrypt::default().verify_password(given, stored).is_ok()
        }
        Some(HashForm::Argon2) => verify_argon2(stored, given),
    }
}

fn verify_des(stored: &[u8], given: &[u8]) -> bool {
    let Some(&salt) = stored.first_chunk::<2>() else { return false };
    des_crypt::crypt(given, salt).is_some_and(|computed| equal(&computed, stored))
}

fn verify_md5(stored: &str, magic: &str, given: &[u8]) -> bool {
    let Some((salt, hash)) = stored.strip_prefix(magic).and_then(|rest| rest.split_once('$')) else { return false };
    equal(&md5_crypt::crypt(given, magic.as_bytes(), salt.as_bytes()), hash.as_bytes())
}

fn verify_sha(stored: &str, given: &[u8]) -> bool {
    let rounds =
        stored[3..].strip_prefix("rounds=").map(|rest| rest.split('$').next().unwrap_or_default().parse::<u64>());
    let usual = rounds.is_none_or(|rounds| rounds.is_ok_and(|rounds| rounds <= MAX_SHA_ROUNDS));
    usual && ShaCrypt::default().verify_password(given, stored).is_ok()
}

/// The cost of a bcrypt hash that is worth computing.
fn bcrypt_cost(stored: &str) -> Option<u32> {
    stored.get(4..6)?.parse().ok().filter(|cost| (4..=MAX_BCRYPT_COST).contains(cost))
}

/// Whether the cost is one that `crypt_gensalt` makes: flavour `j`, then one character for the binary logarithm of N less
/// one and one for r less one, no further parameters, and not more memory (128·N·r bytes) than allowed.
fn is_usual_yescrypt(stored: &str) -> bool {
    let parameters = stored[3..].split('$').next().unwrap_or_default().as_bytes();
    let &[b'j', cost, block] = parameters else { return false };
    let value = |character: u8| des_crypt::ALPHABET.iter().position(|&known| known == character);
    let (Some(cost @ 3..=20), Some(block @ 0..=47)) = (value(cost), value(block)) else { return false };
    (block as u64 + 1) << (cost + 1) <= MAX_MEMORY * 8
}

fn verify_argon2(stored: &str, given: &[u8]) -> bool {
    let Ok(hash) = phc::PasswordHash::new(stored) else { return false };
    let Ok(params) = argon2::Params::try_from(&hash) else { return false };
    let usual =
        u64::from(params.m_cost()) <= MAX_MEMORY && params.t_cost() <= MAX_PASSES && params.p_cost() <= MAX_PASSES;
    usual && Argon2::default().verify_password(given, &hash).is_ok()
}

/// Hashes a password with a fresh salt.
///
/// bcrypt takes in 72 bytes; a longer password asked for as bcrypt is stored as yescrypt, so that all of it counts.
///
/// # Errors
/// The form is one that is only read, or the library refuses the password.
pub fn hash(form: HashForm, password: &Secret) -> Result<String, HashError> {
    let given = password.as_bytes();
    let salt: [u8; 16] = rand::rng().random();
    let failed = |error: &dyn std::fmt::Display| HashError::Failed(error.to_string());
    match form {
        HashForm::Bcrypt if given.len() < MAX_BCRYPT_PASSWORD => {
            bcrypt::hash_with_salt(given, BCRYPT_COST, salt).map(|parts| parts.to_string()).map_err(|e| failed(&e))
        }
        HashForm::Bcrypt | HashForm::Yescrypt => Yescrypt::default()
            .hash_password_with_salt(given, &salt)
            .map(|hash| hash.to_string())
            .map_err(|e| failed(&e)),
        HashForm::Sha512 => {
            // Sixteen characters are what SHA-crypt takes in: twelve bytes.
            let hash = ShaCrypt::SHA512.hash_password_with_salt(given, &salt[..12]);
            hash.map(|hash| hash.to_string()).map_err(|e| failed(&e))
        }
        HashForm::Argon2 => {
            Argon2::default().hash_password_with_salt(given, &salt).map(|hash| hash.to_string()).map_err(|e| failed(&e))
        }
        HashForm::Des => {
            let salt = [salt[0], salt[1]].map(|byte| des_crypt::ALPHABET[usize::from(byte & 63)]);
            let hash = des_crypt::crypt(given, salt).ok_or(HashError::Failed("no salt".to_owned()))?;
            Ok(hash.into_iter().map(char::from).collect())
        }
        HashForm::Apr1 | HashForm::Md5 | HashForm::Sha256 => Err(HashError::ReadOnly(form)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn verifies(stored: &str, password: &str) -> bool {
        verify(stored, &Secret::new(password))
    }

    /// Made with libxcrypt's crypt(3), `openssl passwd -apr1` and RFC 9106's reference tool's format.
    #[test]
    fn hashes_of_other_programs_are_read() {
        for (form, stored) in [
            (HashForm::Des, "abM.kUMZnioHA"),
            (HashForm::Md5, "$1$abcdefgh$rwnEbRiN0agqVgZBovWNQ/"),
            (HashForm::Apr1, "$apr1$abcdefgh$cy3DSYyOwfhsyu7QOMQzd."),
            (HashForm::Sha256, "$5$rounds=1000$abcdefgh$okyjw/83AAX.UipXCtjVrkKTDWdqFQkp6Bg/O6/KuPB"),
            (
                HashForm::Sha512,
                "$6$abcdefgh$bp46WUxDu2cphMRE0PvVJlqas2imuSq186YS793XKfmqn9XUEL17HECskUTZInaNigNndLLYc7A6yWBmFEFn3/",
            ),
            (HashForm::Bcrypt, "$2b$05$abcdefghijklmnopqrstuuWHxnxkyNt6AHCwFMQaY6auyqJA8E98a"),
            (HashForm::Yescrypt, "$y$j9T$abcdefgh$epWtSs4Gu0OBWJFQE2cTWrKuGouFdvT/8K.cw.oANm/"),
        ] {
            let password = if form == HashForm::Des { "hello world" } else { "hello" };
            assert_eq!(HashForm::of(stored), Some(form));
            assert!(verifies(stored, password), "{stored}");
            assert!(!verifies(stored, "jello"), "{stored}");
            assert!(!verifies(stored, ""), "{stored}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for form in [HashForm::Des, HashForm::Bcrypt, HashForm::Yescrypt, HashForm::Sha512, HashForm::Argon2] {
            let stored = hash(form, &Secret::new("a b*$é")).expect("a hash");
            assert_eq!(HashForm::of(&stored), Some(form), "{stored}");
            assert!(!stored.contains(':'), "{stored}");
            assert!(verifies(&stored, "a b*$é") && !verifies(&stored, "a b*$e"), "{stored}");
            assert_ne!(hash(form, &Secret::new("a b*$é")).expect("a hash"), stored, "the salt is fresh");
        }
    }

    #[test]
    fn every_byte_of_a_long_password_counts() {
        for length in [71, 72, 73, 80] {
            let (long, other) = ("x".repeat(length), "x".repeat(length - 1) + "y");
            let stored = hash(HashForm::Bcrypt, &Secret::new(long.clone())).expect("a hash");
            assert!(verifies(&stored, &long) && !verifies(&stored, &other), "{length}: {stored}");
        }
    }

    #[test]
    fn weak_forms_are_not_written() {
        for form in [HashForm::Apr1, HashForm::Md5, HashForm::Sha256] {
            assert!(matches!(hash(form, &Secret::new("x")), Err(HashError::ReadOnly(_))));
        }
    }

    #[test]
    fn what_is_no_hash_matches_nothing() {
        for stored in [
            "",
            "*",
            "!",
            "x",
            "password",
            "$1$",
            "$1$a",
            "$6$",
            "$6$rounds=$a$b",
            "$2b$",
            "$2b$05$x",
            "$y$",
            "$y$j9T$",
        ] {
            assert!(!verifies(stored, stored) && !verifies(stored, ""), "{stored}");
        }
    }

    /// Such a line would otherwise take the server's memory or a processor for hours.
    #[test]
    fn absurd_costs_are_refused_at_once() {
        for stored in [
            "$6$rounds=999999999$abcdefgh$x",
            "$2b$31$abcdefghijklmnopqrstuuWHxnxkyNt6AHCwFMQaY6auyqJA8E98a",
            "$y$jzz$abcdefgh$epWtSs4Gu0OBWJFQE2cTWrKuGouFdvT/8K.cw.oANm/",
            "$y$jIT$abcdefgh$epWtSs4Gu0OBWJFQE2cTWrKuGouFdvT/8K.cw.oANm/",
            "$argon2id$v=19$m=4294967295,t=3,p=1$c29tZXNhbHQ$MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE",
        ] {
            let start = std::time::Instant::now();
            assert!(!verifies(stored, "x"), "{stored}");
            assert!(start.elapsed().as_secs() < 60, "{stored}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn no_stored_text_is_a_reason_to_panic(
            prefix in prop::sample::select(vec!["", "$1$", "$apr1$", "$5$", "$6$", "$2b$", "$2y$0", "$y$", "$y$j", "$argon2id$"]),
            rest in "[./0-9A-Za-z$=,*é]{0,40}",
        ) {
            verify(&format!("{prefix}{rest}"), &Secret::new("x"));
        }
    }
}
