//! Basic passwords checked at every request without hashing at every request.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use super::password::{self, HashForm};
use super::secret::{Secret, equal};

/// How long a successful check is remembered. A changed users file is noticed at once all the same: the stored hash is part
/// of what is remembered.
const REMEMBERED_FOR: Duration = Duration::from_secs(600);

/// How many checks are remembered.
const CAPACITY: usize = 1024;

/// What an unknown user's password is compared with where the users have strong hashes.
const NOBODY: &str = "$2b$10$abcdefghijklmnopqrstuuWHxnxkyNt6AHCwFMQaY6auyqJA8E98a";

/// Checks Basic passwords against stored hashes.
///
/// RTSP clients send the password with each request, and a strong hash takes a processor some 50 ms. So a password that was
/// right is remembered for ten minutes, as a keyed hash whose key never leaves the process. Wrong ones are not
/// remembered: they stay slow.
pub struct Checker {
    key: [u8; 32],
    known: Mutex<Vec<Known>>,
    /// Whether the last user looked at had a slow hash: an unknown user is to take as long.
    slow: AtomicBool,
}

struct Known {
    tag: [u8; 32],
    until: Instant,
}

impl Default for Checker {
    fn default() -> Self {
        Self::new()
    }
}

impl Checker {
    /// A checker that knows nothing yet.
    pub fn new() -> Self {
        Self { key: rand::random(), known: Mutex::default(), slow: AtomicBool::new(false) }
    }

    /// Whether the password is the stored one; `None` for a user that does not exist, which takes the time that the check
    /// of another user took and is wrong, so that the time does not tell who exists. May take a tenth of a second when it [`must_hash`](Self::must_hash).
    pub fn check(&self, stored: Option<&str>, password: &Secret, now: Instant) -> bool {
        let Some(stored) = stored else {
            if self.slow.load(Relaxed) {
                password::verify(NOBODY, password);
            }
            return false;
        };
        let slow = HashForm::of(stored).is_some_and(HashForm::is_slow);
        self.slow.store(slow, Relaxed);
        let tag = self.tag(stored, password);
        if slow && self.remembers(&tag, now) {
            return true;
        }
        let right = password::verify(stored, password);
        if right && slow {
            self.remember(tag, now);
        }
        right
    }

    /// Whether a check would take long, so that it belongs on a thread that may block.
    pub fn must_hash(&self, stored: Option<&str>, password: &Secret, now: Instant) -> bool {
        let Some(stored) = stored else { return self.slow.load(Relaxed) };
        HashForm::of(stored).is_some_and(HashForm::is_slow) && !self.remembers(&self.tag(stored, password), now)
    }

    fn tag(&self, stored: &str, password: &Secret) -> [u8; 32] {
        let length = (stored.len() as u64).to_le_bytes();
        let hash = Sha256::new().chain_update(self.key).chain_update(length).chain_update(stored);
        hash.chain_update(password.as_bytes()).finalize().into()
    }

    fn remembers(&self, tag: &[u8; 32], now: Instant) -> bool {
        self.known.lock().iter().any(|known| known.until > now && equal(&known.tag, tag))
    }

    fn remember(&self, tag: [u8; 32], now: Instant) {
        let mut known = self.known.lock();
        known.retain(|known| known.until > now && known.tag != tag);
        if known.len() >= CAPACITY {
            known.remove(0);
        }
        known.push(Known { tag, until: now + REMEMBERED_FOR });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORED: &str = "$2b$05$abcdefghijklmnopqrstuuWHxnxkyNt6AHCwFMQaY6auyqJA8E98a";

    #[test]
    fn a_right_password_is_hashed_once_in_ten_minutes() {
        let (checker, now, password) = (Checker::new(), Instant::now(), Secret::new("hello"));
        assert!(checker.must_hash(Some(STORED), &password, now));
        assert!(checker.check(Some(STORED), &password, now));
        assert!(!checker.must_hash(Some(STORED), &password, now + REMEMBERED_FOR / 2));
        assert!(checker.check(Some(STORED), &password, now + REMEMBERED_FOR / 2));
        assert!(checker.must_hash(Some(STORED), &password, now + REMEMBERED_FOR));
    }

    #[test]
    fn a_wrong_password_is_hashed_each_time() {
        let (checker, now, password) = (Checker::new(), Instant::now(), Secret::new("jello"));
        for _ in 0..2 {
            assert!(!checker.check(Some(STORED), &password, now));
            assert!(checker.must_hash(Some(STORED), &password, now));
        }
    }

    #[test]
    fn a_changed_hash_is_noticed_though_the_old_one_is_remembered() {
        let (checker, now, password) = (Checker::new(), Instant::now(), Secret::new("hello"));
        assert!(checker.check(Some(STORED), &password, now));
        assert!(!checker.check(Some("$2b$05$abcdefghijklmnopqrstuuWHxnxkyNt6AHCwFMQaY6auyqJA8E98b"), &password, now));
    }

    #[test]
    fn a_user_that_does_not_exist_is_wrong_and_costs_what_others_cost() {
        let (checker, now, password) = (Checker::new(), Instant::now(), Secret::new("hello"));
        assert!(!checker.must_hash(None, &password, now));
        assert!(!checker.check(None, &password, now));
        assert!(checker.check(Some(STORED), &password, now));
        assert!(checker.must_hash(None, &password, now));
        assert!(!checker.check(None, &password, now));
    }

    #[test]
    fn the_memory_is_bounded() {
        let (checker, now) = (Checker::new(), Instant::now());
        for number in 0..CAPACITY as u64 + 10 {
            let mut tag = [0; 32];
            tag[..8].copy_from_slice(&number.to_le_bytes());
            checker.remember(tag, now);
        }
        assert_eq!(checker.known.lock().len(), CAPACITY);
    }
}
