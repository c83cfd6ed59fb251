//! Which worker a session lives with.
//!
//! A worker's wake-ups cost the same for ten sessions as for a thousand, so the first worker has them all until it is
//! somewhat busy; from then on the least busy one gets the next.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::play::SessionKey;

/// Up to this share of its time (thousandths) at work, the first worker that is below it gets all new sessions.
const FILL_PERMILLE: u64 = 250;

/// As much does a new session count (thousandths) until the worker's own figure shows what it costs.
const NEWCOMER_PERMILLE: f64 = 0.5;

/// How fast that is forgotten: the time over which workers smooth their figures.
const NEWCOMER_MEMORY: Duration = Duration::from_secs(1);

/// The workers of all sessions.
#[derive(Debug)]
pub(super) struct Homes(Mutex<State>);

#[derive(Debug)]
struct State {
    of: HashMap<SessionKey, usize>,
    workers: Vec<Newcomers>,
}

/// What a worker's latest sessions are reckoned to cost.
#[derive(Debug, Clone, Copy)]
struct Newcomers {
    permille: f64,
    at: Option<Instant>,
}

impl Newcomers {
    fn at(self, now: Instant) -> f64 {
        let age = self.at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        self.permille * (-age.as_secs_f64() / NEWCOMER_MEMORY.as_secs_f64()).exp()
    }
}

impl Homes {
    pub(super) fn new(workers: usize) -> Self {
        let workers = vec![Newcomers { permille: 0.0, at: None }; workers.max(1)];
        Self(Mutex::new(State { of: HashMap::new(), workers }))
    }

    /// The worker of `key`; one is chosen if it has none. `busy` tells how busy a worker is, in thousandths.
    pub(super) fn settle(&self, key: SessionKey, busy: impl Fn(usize) -> u64, now: Instant) -> Option<usize> {
        let mut state = self.0.lock();
        if let Some(home) = state.of.get(&key) {
            return Some(*home);
        }
        let loads = state.workers.iter().enumerate().map(|(worker, new)| busy(worker) + new.at(now) as u64);
        let loads: Vec<u64> = loads.collect();
        let roomy = loads.iter().position(|load| *load < FILL_PERMILLE);
        let home = roomy.or_else(|| (0..loads.len()).min_by_key(|worker| loads.get(*worker)))?;
        let newcomers = state.workers.get_mut(home)?;
        *newcomers = Newcomers { permille: newcomers.at(now) + NEWCOMER_PERMILLE, at: Some(now) };
        state.of.insert(key, home);
        Some(home)
    }

    pub(super) fn of(&self, key: SessionKey) -> Option<usize> {
        self.0.lock().of.get(&key).copied()
    }

    /// Forgets a session and says where it lived.
    pub(super) fn leave(&self, key: SessionKey) -> Option<usize> {
        self.0.lock().of.remove(&key)
    }

    pub(super) fn shrink(&self) {
        self.0.lock().of.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_worker_has_all_sessions_until_it_is_busy() {
        let (homes, begin) = (Homes::new(3), Instant::now());
        let one_a_second = |key: u64| begin + Duration::from_secs(key);
        let busy = |loads: [u64; 3]| move |worker: usize| loads[worker];
        assert_eq!(homes.settle(1, busy([0, 0, 0]), one_a_second(1)), Some(0));
        assert_eq!(homes.settle(2, busy([240, 0, 0]), one_a_second(2)), Some(0));
        assert_eq!(homes.settle(3, busy([260, 0, 0]), one_a_second(3)), Some(1));
        assert_eq!(homes.settle(4, busy([500, 400, 300]), one_a_second(4)), Some(2));
        assert_eq!(homes.settle(5, busy([500, 400, 0]), one_a_second(5)), Some(2), "even if that is not the first");
    }

    #[test]
    fn a_storm_is_shared_though_no_worker_shows_it_yet() {
        let (homes, now) = (Homes::new(2), Instant::now());
        let homes: Vec<_> = (0..1000).map(|key| homes.settle(key, |_| 0, now)).collect();
        let first = homes.iter().filter(|home| **home == Some(0)).count();
        assert!((480..=600).contains(&first), "{first}");
    }

    #[test]
    fn a_session_stays_where_it_is_until_it_leaves() {
        let (homes, now) = (Homes::new(2), Instant::now());
        assert_eq!(homes.of(7), None);
        assert_eq!(homes.settle(7, |_| 0, now), Some(0));
        assert_eq!(homes.settle(7, |worker| 900 - 900 * worker as u64, now), Some(0));
        assert_eq!((homes.leave(7), homes.leave(7), homes.of(7)), (Some(0), None, None));
    }
}
