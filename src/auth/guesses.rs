//! Slows down who guesses passwords.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Wrong passwords for one user from one address before there is a pause: people mistype.
const FREE_FOR_USER: u32 = 3;

/// Wrong passwords from one address, whatever the users, before there is a pause: many may share an address.
const FREE_FOR_ADDRESS: u32 = 30;

/// The first pause; each further wrong password doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A wrong password is forgotten after this time without another.
const FORGIVEN_AFTER: Duration = Duration::from_secs(15 * 60);

/// The most that is remembered; beyond it the older half is forgotten.
const CAPACITY: usize = 20_000;

/// Counts wrong passwords by address and user, and says how long the next try has to wait.
///
/// Before checking a password ask [`pause`](Self::pause); while there is one, answer 401 without looking at the password.
/// Afterwards tell [`right`](Self::right) or [`wrong`](Self::wrong). Because the address is part of the key, nobody can
/// lock a user out from elsewhere.
pub struct Guesses {
    hasher: RandomState,
    tries: Mutex<HashMap<Key, Tries>>,
}

/// Address (an IPv6 network of 64 bits, as one host has that many addresses) and a keyed hash of the user's name; without user for all of
/// an address.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    address: IpAddr,
    user: Option<u64>,
}

#[derive(Clone, Copy)]
struct Tries {
    wrong: u32,
    last: Instant,
}

impl Tries {
    fn pause(self, free: u32, now: Instant) -> Option<Duration> {
        let doubled = self.wrong.checked_sub(free)?;
        let pause = FIRST_PAUSE.saturating_mul(1 << doubled.min(16)).min(LONGEST_PAUSE);
        pause.checked_sub(now.saturating_duration_since(self.last)).filter(|left| !left.is_zero())
    }

    fn forgiven(self, now: Instant) -> bool {
        now.saturating_duration_since(self.last) >= FORGIVEN_AFTER
    }
}

impl Default for Guesses {
    fn default() -> Self {
        Self::new()
    }
}

impl Guesses {
    /// Nobody has guessed yet.
    pub fn new() -> Self {
        Self { hasher: RandomState::new(), tries: Mutex::default() }
    }

    fn keys(&self, address: IpAddr, user: &str) -> [(Key, u32); 2] {
        let address = network(address);
        let user = Some(self.hasher.hash_one(user));
        [(Key { address, user }, FREE_FOR_USER), (Key { address, user: None }, FREE_FOR_ADDRESS)]
    }

    /// How long until a password of this user from this address may be looked at; `None` when it may now.
    pub fn pause(&self, address: IpAddr, user: &str, now: Instant) -> Option<Duration> {
        let tries = self.tries.lock();
        let pauses = self.keys(address, user).map(|(key, free)| {
            tries.get(&key).filter(|tries| !tries.forgiven(now)).and_then(|tries| tries.pause(free, now))
        });
        pauses.into_iter().flatten().max()
    }

    /// A password was wrong. Returns how many were, for this user from this address, so that the caller can log the first
    /// that leads to a pause.
    pub fn wrong(&self, address: IpAddr, user: &str, now: Instant) -> u32 {
        let mut tries = self.tries.lock();
        if tries.len() + 2 > CAPACITY {
            make_room(&mut tries, now);
        }
        let counts = self.keys(address, user).map(|(key, _)| {
            let entry = tries.entry(key).or_insert(Tries { wrong: 0, last: now });
            if entry.forgiven(now) {
                entry.wrong = 0;
            }
            entry.wrong = entry.wrong.saturating_add(1);
            entry.last = now;
            entry.wrong
        });
        counts[0]
    }

    /// The password was right: this user's wrong ones from this address are forgotten. Those of other users are not, or one
    /// known password would make guessing free.
    pub fn right(&self, address: IpAddr, user: &str) {
        let [(key, _), _] = self.keys(address, user);
        self.tries.lock().remove(&key);
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => IpAddr::V4(four),
            None => IpAddr::V6((six.to_bits() >> 64 << 64).into()),
        },
    }
}

fn make_room(tries: &mut HashMap<Key, Tries>, now: Instant) {
    tries.retain(|_, tries| !tries.forgiven(now));
    if tries.len() > CAPACITY / 2 {
        let mut times: Vec<_> = tries.values().map(|tries| tries.last).collect();
        let middle = times.len() / 2;
        let (_, &mut middle, _) = times.select_nth_unstable(middle);
        // By count, too: many may bear one time.
        let mut surplus = tries.len() - CAPACITY / 2;
        tries.retain(|_, tries| {
            let gone = surplus > 0 && tries.last <= middle;
            surplus -= usize::from(gone);
            !gone
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::BROADCAST);

    fn wrong_eight_times(guesses: &Guesses, address: IpAddr, user: &str, now: Instant) {
        for _ in 0..8 {
            guesses.wrong(address, user, now);
        }
    }

    fn seconds(pause: Option<Duration>) -> u64 {
        pause.map_or(0, |pause| pause.as_secs())
    }

    #[test]
    fn pauses_double_up_to_a_minute() {
        let (guesses, mut now) = (Guesses::new(), Instant::now());
        let mut pauses = Vec::new();
        for _ in 0..11 {
            guesses.wrong(HOME, "alice", now);
            let pause = guesses.pause(HOME, "alice", now);
            pauses.push(seconds(pause));
            now += pause.unwrap_or_default();
            assert_eq!(guesses.pause(HOME, "alice", now), None, "the pause ends");
        }
        assert_eq!(pauses, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn other_users_and_other_addresses_do_not_wait() {
        let (guesses, now) = (Guesses::new(), Instant::now());
        for count in 1..=10 {
            assert_eq!(guesses.wrong(HOME, "alice", now), count);
        }
        assert!(guesses.pause(HOME, "alice", now).is_some());
        assert_eq!(guesses.pause(HOME, "bob", now), None);
        assert_eq!(guesses.pause(ELSEWHERE, "alice", now), None);
    }

    #[test]
    fn trying_many_users_from_one_address_waits_too_and_one_right_password_does_not_help() {
        let (guesses, now) = (Guesses::new(), Instant::now());
        for number in 0..FREE_FOR_ADDRESS {
            assert_eq!(guesses.pause(HOME, "bob", now), None);
            guesses.wrong(HOME, &number.to_string(), now);
        }
        guesses.right(HOME, "bob");
        assert_eq!(seconds(guesses.pause(HOME, "bob", now)), 1);
    }

    #[test]
    fn a_right_password_and_time_forgive() {
        let (guesses, now) = (Guesses::new(), Instant::now());
        wrong_eight_times(&guesses, HOME, "alice", now);
        guesses.right(HOME, "alice");
        assert_eq!(guesses.pause(HOME, "alice", now), None);
        wrong_eight_times(&guesses, HOME, "alice", now);
        assert_eq!(guesses.wrong(HOME, "alice", now + FORGIVEN_AFTER), 1);
    }

    #[test]
    fn one_host_s_ipv6_addresses_are_one_and_mapped_ones_are_ipv4() {
        let (guesses, now) = (Guesses::new(), Instant::now());
        let parse = |text: &str| text.parse::<IpAddr>().expect("an address");
        wrong_eight_times(&guesses, parse("2001:db8::1"), "a", now);
        assert!(guesses.pause(parse("2001:db8::ffff"), "a", now).is_some());
        assert_eq!(guesses.pause(parse("2001:db8:0:1::1"), "a", now), None);
        wrong_eight_times(&guesses, parse("::ffff:127.0.0.1"), "a", now);
        assert!(guesses.pause(HOME, "a", now).is_some());
    }

    #[test]
    fn the_memory_is_bounded() {
        let (guesses, now) = (Guesses::new(), Instant::now());
        for number in 0..3 * CAPACITY as u32 {
            guesses.wrong(IpAddr::V4(number.into()), "a", now);
        }
        assert!(guesses.tries.lock().len() <= CAPACITY);
    }
}
