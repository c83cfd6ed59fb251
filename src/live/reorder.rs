//! Puts packets that a network has mixed up back into order, for viewers whose players expect order (TCP).
//!
//! As long as nothing is missing nothing is held back. Behind a gap packets wait for the missing one, but only for a
//! moment: then it is lost.

use smallvec::SmallVec;

/// Packets held at most.
const MOST_HELD: usize = 128;

/// A sequence number that far from the expected one has nothing to do with it: a jump, not a gap.
const FARTHEST: u16 = 256;

/// Items that may go on now.
pub(super) type Released<T> = SmallVec<[T; 2]>;

#[derive(Debug)]
struct Held<T> {
    sequence: u16,
    since_us: i64,
    item: T,
}

/// Sorts items by RTP sequence number.
#[derive(Debug)]
pub(super) struct Reorder<T> {
    /// The number that may go on at once.
    expected: Option<u16>,
    /// In order of their numbers.
    held: Vec<Held<T>>,
}

impl<T> Default for Reorder<T> {
    fn default() -> Self {
        Self { expected: None, held: Vec::new() }
    }
}

impl<T> Reorder<T> {
    /// Takes an item and gives those that may go on.
    pub(super) fn push(&mut self, sequence: u16, item: T, now_us: i64, wait_us: i64) -> Released<T> {
        let mut out = Released::new();
        let expected = *self.expected.get_or_insert(sequence);
        let ahead = sequence.wrapping_sub(expected);
        if ahead == 0 {
            out.push(item);
            self.expected = Some(sequence.wrapping_add(1));
            self.release_run(&mut out);
        } else if ahead < FARTHEST {
            let distance = |held: &Held<T>| held.sequence.wrapping_sub(expected);
            match self.held.binary_search_by_key(&ahead, distance) {
                Ok(_) => out.push(item), // a duplicate, which may as well go on
                Err(at) => self.held.insert(at, Held { sequence, since_us: now_us, item }),
            }
            if self.held.len() > MOST_HELD {
                self.give_up_gap(&mut out);
            }
        } else if ahead > u16::MAX - FARTHEST {
            out.push(item); // too late to be sorted in
        } else {
            out.extend(self.release_all());
            out.push(item);
            self.expected = Some(sequence.wrapping_add(1));
        }
        out.extend(self.release_overdue(now_us, wait_us));
        out
    }

    /// Gives the items that have waited long enough for what is missing before them.
    pub(super) fn release_overdue(&mut self, now_us: i64, wait_us: i64) -> Released<T> {
        let mut out = Released::new();
        while self.held.iter().any(|held| now_us.saturating_sub(held.since_us) >= wait_us) {
            self.give_up_gap(&mut out);
        }
        out
    }

    /// Gives all items and starts afresh.
    pub(super) fn release_all(&mut self) -> Released<T> {
        self.expected = None;
        self.held.drain(..).map(|held| held.item).collect()
    }

    pub(super) fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    fn give_up_gap(&mut self, out: &mut Released<T>) {
        self.expected = self.held.first().map(|held| held.sequence).or(self.expected);
        self.release_run(out);
    }

    fn release_run(&mut self, out: &mut Released<T>) {
        let Some(expected) = self.expected else { return };
        let next = |(at, held): &(usize, &Held<T>)| held.sequence == expected.wrapping_add(*at as u16);
        let count = self.held.iter().enumerate().take_while(next).count();
        out.extend(self.held.drain(..count).map(|held| held.item));
        self.expected = Some(expected.wrapping_add(count as u16));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WAIT: i64 = 20;

    fn feed(arrivals: &[(u16, i64)]) -> Vec<u16> {
        let mut reorder = Reorder::default();
        let released = |(sequence, at_us): &(u16, i64)| reorder.push(*sequence, *sequence, *at_us, WAIT);
        arrivals.iter().flat_map(released).collect()
    }

    #[test]
    fn what_is_in_order_goes_on_at_once() {
        assert_eq!(feed(&[(65_534, 0), (65_535, 0), (0, 0), (1, 0)]), [65_534, 65_535, 0, 1]);
    }

    #[test]
    fn what_is_out_of_order_waits_for_what_is_missing() {
        assert_eq!(feed(&[(65_534, 0), (0, 1), (1, 2), (65_535, 3), (2, 4)]), [65_534, 65_535, 0, 1, 2]);
    }

    #[test]
    fn what_is_lost_is_not_waited_for_longer_than_a_moment() {
        let mut reorder = Reorder::default();
        assert_eq!(reorder.push(1, 1, 0, WAIT)[..], [1]);
        assert!(reorder.push(3, 3, 5, WAIT).is_empty());
        assert!(reorder.push(5, 5, 10, WAIT).is_empty());
        assert!(reorder.release_overdue(24, WAIT).is_empty());
        assert_eq!(reorder.release_overdue(25, WAIT)[..], [3], "5 has not waited long enough for 4");
        assert_eq!(reorder.push(4, 4, 26, WAIT)[..], [4, 5]);
        assert_eq!(reorder.push(2, 2, 27, WAIT)[..], [2], "too late");
        assert!(!reorder.is_holding());
    }

    #[test]
    fn a_jump_is_no_gap_and_duplicates_go_on() {
        assert_eq!(feed(&[(1, 0), (3, 0), (30_000, 1), (30_001, 2)]), [1, 3, 30_000, 30_001]);
        assert_eq!(feed(&[(1, 0), (3, 0), (3, 0), (1, 0), (2, 0)]), [1, 3, 1, 2, 3]);
    }

    #[test]
    fn no_more_than_so_many_wait() {
        let arrivals: Vec<(u16, i64)> = std::iter::once((0, 0)).chain((2..400).map(|n| (n, 0))).collect();
        assert!(feed(&arrivals).len() >= 398 - MOST_HELD);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_small_disorder_is_undone(start in any::<u16>(), swaps in prop::collection::vec(0usize..60, 0..40)) {
            let mut order: Vec<u16> = (0..64).map(|n| start.wrapping_add(n)).collect();
            for at in swaps {
                order[1..].swap(at, at + 1);
            }
            let mut reorder = Reorder::default();
            let mut out: Vec<u16> = order.iter().flat_map(|n| reorder.push(*n, *n, 0, WAIT)).collect();
            out.extend(reorder.release_all());
            let wanted: Vec<u16> = (0..64).map(|n| start.wrapping_add(n)).collect();
            prop_assert_eq!(out, wanted);
        }

        #[test]
        fn whatever_comes_goes_on_once(arrivals in prop::collection::vec((any::<u16>(), 0i64..30), 0..200)) {
            let mut reorder = Reorder::default();
            let mut now_us = 0;
            let mut count = 0;
            for (sequence, gap_us) in &arrivals {
                now_us += gap_us;
                count += reorder.push(*sequence, (), now_us, WAIT).len();
                prop_assert!(reorder.held.len() <= MOST_HELD);
                prop_assert!(reorder.held.iter().all(|held| now_us - held.since_us < WAIT));
            }
            count += reorder.release_all().len();
            prop_assert_eq!(count, arrivals.len());
        }
    }
}
