//! Who may administer: from which addresses, with which password or token.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use sha2::{Digest, Sha256};

use crate::auth::{AccountsCache, Checker, Credentials, Guesses, Secret, basic, equal};
use crate::config::{ModulePrefs, store};
use crate::modules::http::HttpRequest;
use crate::server::Preferences;

/// The realm of the challenge.
const REALM: &str = "QTSS/modules/admin";

/// Wrong passwords after which there is a pause, and a line in the log.
const PAUSE_AFTER: u32 = 3;

/// The module whose preferences name the users and groups files.
const USERS_SECTION: &str = "QTSSAccessModule";

/// Lets administrators in and nobody else.
pub struct Gate {
    preferences: Arc<Preferences>,
    accounts: AccountsCache,
    checker: Arc<Checker>,
    guesses: Guesses,
}

/// Who is not let in, for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// The user's name, if one was given.
    pub user: String,
    /// Why.
    pub reason: &'static str,
}

impl Gate {
    /// Nobody has tried yet.
    pub fn new(preferences: &Arc<Preferences>) -> Self {
        Self {
            preferences: Arc::clone(preferences),
            accounts: AccountsCache::new(),
            checker: Arc::new(Checker::new()),
            guesses: Guesses::new(),
        }
    }

    /// The challenge that goes with a 401.
    pub fn challenge() -> String {
        basic::challenge(REALM)
    }

    /// Whether requests from this address are looked at.
    pub fn takes_address(prefs: &ModulePrefs, peer: IpAddr) -> bool {
        if prefs.bool("LocalAccessOnly") {
            return is_local(peer);
        }
        prefs.list("IPAccessList").iter().any(|pattern| matches(pattern, peer))
    }

    /// The administrator who makes a request; with `Authenticate` off, anybody is one. Tokens count where `tokens` is a
    /// file of them.
    ///
    /// # Errors
    /// Who it is not.
    pub async fn administrator(
        &self,
        prefs: &ModulePrefs,
        request: &HttpRequest,
        peer: IpAddr,
        tokens: Option<&std::path::Path>,
    ) -> Result<String, Denied> {
        if !prefs.bool("Authenticate") {
            return Ok("-".to_owned());
        }
        let denied = |user: &str, reason| Denied { user: user.to_owned(), reason };
        let Some(header) = request.header("Authorization") else { return Err(denied("", "no credentials")) };
        if let (Some(token), Some(file)) = (bearer(header), tokens) {
            return self.owner_of_token(token, file, peer).await;
        }
        let Ok(Credentials::Basic { user, password }) = Credentials::parse(header) else {
            return Err(denied("", "no credentials of a known form"));
        };
        if self.guesses.pause(peer, &user, Instant::now()).is_some() {
            return Err(denied(&user, "too many wrong passwords"));
        }
        let groups = self.check(&user, password).await;
        match groups {
            None => {
                self.note_wrong(peer, &user);
                Err(denied(&user, "wrong password"))
            }
            Some(groups) if groups.contains(&prefs.string("AdministratorGroup")) => {
                self.guesses.right(peer, &user);
                Ok(user)
            }
            Some(_) => Err(denied(&user, "not in the administrators' group")),
        }
    }

    /// The groups of a user whose password is right.
    async fn check(&self, user: &str, password: Secret) -> Option<Vec<String>> {
        let files = self.preferences.module(USERS_SECTION);
        let (users, groups) = (files.path("modAccess_usersfilepath"), files.path("modAccess_groupsfilepath"));
        let reading = self.accounts.get(&users, &groups);
        reading.news.iter().for_each(|news| tracing::warn!("{news}"));
        let accounts = reading.accounts;
        let groups = accounts.groups_of(user).to_vec();
        let now = Instant::now();
        let right = if accounts.basic_is_slow(user, &password, &self.checker, now) {
            let (user, checker) = (user.to_owned(), Arc::clone(&self.checker));
            let check = move || accounts.check_basic(&user, &password, &checker, now);
            tokio::task::spawn_blocking(check).await.unwrap_or(false)
        } else {
            accounts.check_basic(user, &password, &self.checker, now)
        };
        right.then_some(groups)
    }

    async fn owner_of_token(&self, token: &[u8], file: &std::path::Path, peer: IpAddr) -> Result<String, Denied> {
        // All tokens from one address are one user to the back-off: they have no name before they are known.
        const NAME: &str = "(token)";
        let denied = |reason| Denied { user: NAME.to_owned(), reason };
        if self.guesses.pause(peer, NAME, Instant::now()).is_some() {
            return Err(denied("too many wrong tokens"));
        }
        let bytes = match store::read(file) {
            Ok((bytes, _)) => bytes,
            Err(error) => {
                tracing::warn!("tokens file {}: {error}", file.display());
                return Err(denied("the tokens file cannot be read"));
            }
        };
        match owner_of(token, &bytes) {
            Some(name) => {
                self.guesses.right(peer, NAME);
                Ok(name)
            }
            None => {
                self.note_wrong(peer, NAME);
                Err(denied("wrong token"))
            }
        }
    }

    fn note_wrong(&self, peer: IpAddr, user: &str) {
        if self.guesses.wrong(peer, user, Instant::now()) == PAUSE_AFTER {
            tracing::warn!("admin: {PAUSE_AFTER} wrong passwords for {user} from {peer}: further ones have to wait");
        }
    }
}

/// The token of `Authorization: Bearer TOKEN` (RFC 6750).
fn bearer(header: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = header.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// The name on the line of a tokens file that has this token's SHA-256; `#` begins a comment.
fn owner_of(token: &[u8], file: &[u8]) -> Option<String> {
    let digest: [u8; 32] = Sha256::digest(token).into();
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut owner = None;
    for line in String::from_utf8_lossy(file).lines().filter(|line| !line.trim_start().starts_with('#')) {
        let mut words = line.split_whitespace();
        let (Some(name), Some(stored)) = (words.next(), words.next()) else { continue };
        // Every line is compared, so that the time does not tell which one it was.
        if equal(stored.to_ascii_lowercase().as_bytes(), digest.as_bytes()) && !token.is_empty() {
            owner = owner.or(Some(name.to_owned()));
        }
    }
    owner
}

/// Whether an address is this machine's own: all of 127.0.0.0/8, which has more in it than DSS 6.0.3 thought, and ::1.
pub fn is_local(peer: IpAddr) -> bool {
    peer.to_canonical().is_loopback()
}

/// An address against a pattern with `*` for whole bytes. IPv6 addresses are compared as a whole; the local one also has
/// the local IPv4 address's rights.
fn matches(pattern: &str, peer: IpAddr) -> bool {
    let pattern = pattern.trim();
    match peer.to_canonical() {
        IpAddr::V4(four) => {
            let octets = four.octets();
            let parts: Vec<_> = pattern.split('.').collect();
            let fits = |(part, octet): (&&str, &u8)| *part == "*" || part.parse() == Ok(*octet);
            pattern == "*" || (parts.len() == octets.len() && parts.iter().zip(&octets).all(fits))
        }
        IpAddr::V6(six) => {
            let local = six.is_loopback() && matches(pattern, IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));
            local || pattern == "*" || pattern.parse() == Ok(six)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn trap_45_all_of_this_machine_is_local() {
        for local in ["127.0.0.1", "127.0.1.1", "::1", "::ffff:127.0.0.1"] {
            assert!(is_local(address(local)), "{local}");
        }
        assert!(!is_local(address("10.0.0.1")) && !is_local(address("::ffff:10.0.0.1")));
    }

    #[test]
    fn patterns_have_stars_for_bytes() {
        let cases = [
            ("127.0.0.*", "127.0.0.9", true),
            ("127.0.0.*", "127.0.1.1", false),
            ("127.0.0.*", "::1", true),
            ("10.*.*.7", "10.1.2.7", true),
            ("10.*.*.7", "10.1.2.8", false),
            ("10.*", "10.1.2.8", false),
            ("*.*.*.*", "8.8.8.8", true),
            ("*", "2001:db8::1", true),
            ("2001:db8::1", "2001:0db8::0001", true),
            ("", "8.8.8.8", false),
            ("1.2.3.4", "::ffff:1.2.3.4", true),
        ];
        for (pattern, peer, expected) in cases {
            assert_eq!(matches(pattern, address(peer)), expected, "{pattern} {peer}");
        }
    }

    #[test]
    fn tokens_are_known_by_their_digest() {
        // The SHA-256 of "abc" (FIPS 180-2).
        let file = b"# robots\nmonitor BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD\n\nbroken\n";
        assert_eq!(owner_of(b"abc", file).as_deref(), Some("monitor"));
        assert_eq!(owner_of(b"abd", file), None);
        assert_eq!(owner_of(b"", file), None);
        assert_eq!(bearer(b"bearer  abc "), Some(&b"abc"[..]));
        assert_eq!(bearer(b"Basic abc"), None);
        assert_eq!(bearer(b"B\xc3\xa4"), None);
    }
}
