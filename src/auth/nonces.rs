//! The nonces of Digest challenges that are in use.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::secret::equal;
use super::users::hex;

/// How long a nonce lives unless told otherwise.
pub const DEFAULT_LIFE: Duration = Duration::from_secs(3600);

/// How many nonces are kept unless told otherwise; a few megabytes.
pub const DEFAULT_CAPACITY: usize = 65_536;

/// Counts below the highest that may still come: requests overtake each other on tunnelled connections.
const WINDOW: u32 = 64;

/// One nonce for each owner, a number that the caller gives to a connection or session.
///
/// As in DSS 6.0.3 the nonce stays the same for the owner's life, after right and after wrong answers; but it ends after a
/// while, and it is a random number. When more owners than the capacity have one, the oldest is forgotten, and its owner asked
/// again.
pub struct NonceStore {
    life: Duration,
    capacity: usize,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    by_owner: HashMap<u64, Entry>,
    /// Owners and the serial numbers of their nonces, oldest first; some are gone.
    order: VecDeque<(u64, u64)>,
    serial: u64,
}

struct Entry {
    nonce: String,
    issued: Instant,
    serial: u64,
    /// The highest count used.
    highest: u32,
    /// Bit n: whether `highest - n` was used.
    used: u64,
}

impl Default for NonceStore {
    fn default() -> Self {
        Self::new(DEFAULT_LIFE, DEFAULT_CAPACITY)
    }
}

impl NonceStore {
    /// A store of nonces that live this long, for at most this many owners.
    pub fn new(life: Duration, capacity: usize) -> Self {
        Self { life, capacity: capacity.max(1), inner: Mutex::default() }
    }

    /// The owner's nonce, 32 hexadecimal digits; a new one if there is none or its life is over.
    pub fn issue(&self, owner: u64, now: Instant) -> String {
        let mut inner = self.inner.lock();
        match inner.by_owner.get(&owner) {
            Some(entry) if self.lives(entry, now) => entry.nonce.clone(),
            _ => inner.insert(owner, now, self.capacity),
        }
    }

    /// A new nonce for the owner, in the place of the one it had.
    pub fn renew(&self, owner: u64, now: Instant) -> String {
        self.inner.lock().insert(owner, now, self.capacity)
    }

    /// Whether this is the nonce that the owner was given, and lives.
    pub fn is_current(&self, owner: u64, nonce: &str, now: Instant) -> bool {
        let inner = self.inner.lock();
        let entry = inner.by_owner.get(&owner);
        entry.is_some_and(|entry| self.lives(entry, now) && equal(entry.nonce.as_bytes(), nonce.as_bytes()))
    }

    /// Takes note that the owner's nonce was used with this count; `false` if it was before, or is too far behind. To be
    /// called for right answers only, so that nobody else can use counts up.
    pub fn use_count(&self, owner: u64, count: u32) -> bool {
        let mut inner = self.inner.lock();
        let Some(entry) = inner.by_owner.get_mut(&owner) else { return false };
        if count > entry.highest {
            let ahead = count - entry.highest;
            entry.used = if ahead >= WINDOW { 0 } else { entry.used << ahead } | 1;
            entry.highest = count;
            return true;
        }
        let behind = entry.highest - count;
        if count == 0 || behind >= WINDOW || entry.used >> behind & 1 == 1 {
            return false;
        }
        entry.used |= 1 << behind;
        true
    }

    /// Forgets an owner that is gone.
    pub fn forget(&self, owner: u64) {
        self.inner.lock().by_owner.remove(&owner);
    }

    fn lives(&self, entry: &Entry, now: Instant) -> bool {
        now.saturating_duration_since(entry.issued) < self.life
    }
}

impl Inner {
    fn insert(&mut self, owner: u64, now: Instant, capacity: usize) -> String {
        let nonce = hex(&rand::random::<[u8; 16]>());
        self.serial += 1;
        let entry = Entry { nonce: nonce.clone(), issued: now, serial: self.serial, highest: 0, used: 0 };
        self.order.push_back((owner, self.serial));
        self.by_owner.insert(owner, entry);
        while self.by_owner.len() > capacity {
            let Some((oldest, serial)) = self.order.pop_front() else { break };
            if self.by_owner.get(&oldest).is_some_and(|entry| entry.serial == serial) {
                self.by_owner.remove(&oldest);
            }
        }
        if self.order.len() > 2 * capacity {
            let by_owner = &self.by_owner;
            self.order.retain(|(owner, serial)| by_owner.get(owner).is_some_and(|entry| entry.serial == *serial));
        }
        nonce
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_nonce_has_32_digits_and_is_nobody_else_s() {
        let (nonces, now) = (NonceStore::default(), Instant::now());
        let (one, other) = (nonces.issue(1, now), nonces.issue(2, now));
        assert!(one != other && one.len() == 32 && one.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert!(nonces.is_current(1, &one, now) && !nonces.is_current(2, &one, now) && !nonces.is_current(1, "", now));
        nonces.forget(1);
        assert!(!nonces.is_current(1, &one, now) && !nonces.use_count(1, 1));
    }

    #[test]
    fn the_oldest_is_forgotten_when_there_are_too_many() {
        let (nonces, now) = (NonceStore::new(DEFAULT_LIFE, 10), Instant::now());
        let first = nonces.issue(0, now);
        let second = nonces.issue(1, now);
        nonces.renew(0, now);
        for owner in 2..11 {
            nonces.issue(owner, now);
        }
        assert!(!nonces.is_current(0, &first, now) && !nonces.is_current(1, &second, now));
        for owner in 0..10_000 {
            nonces.issue(owner, now);
            nonces.forget(owner);
        }
        let inner = nonces.inner.lock();
        assert!(
            inner.by_owner.len() <= 10 && inner.order.len() <= 20,
            "{} {}",
            inner.by_owner.len(),
            inner.order.len()
        );
    }

    proptest! {
        #[test]
        fn no_count_is_taken_twice(counts in proptest::collection::vec(prop_oneof![0..200u32, any::<u32>()], 0..100)) {
            let (nonces, now) = (NonceStore::default(), Instant::now());
            nonces.issue(1, now);
            let mut used = std::collections::HashSet::new();
            let mut highest = 0;
            for count in counts {
                let fresh = nonces.use_count(1, count);
                prop_assert!(!fresh || used.insert(count), "{} twice", count);
                prop_assert!(fresh || count <= highest, "{} is refused", count);
                highest = highest.max(count);
            }
        }
    }
}
