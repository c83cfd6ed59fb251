//! A timer wheel: one timer per session, O(1) to set, move and cancel, and no memory but 16 bytes per session.

/// Slots of the wheel; a power of two. With the tick of 4 ms a turn takes 16.4 s; later timers wait for more turns.
const SLOTS: usize = 4096;
const MASK: u64 = SLOTS as u64 - 1;
const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
struct Node {
    next: u32,
    previous: u32,
    /// The tick at which the timer fires, or [`Node::IDLE`].
    tick: u64,
}

impl Node {
    const IDLE: u64 = u64::MAX;
}

/// Timers for items numbered from 0, in ticks of fixed length.
#[derive(Debug)]
pub struct TimerWheel {
    tick_us: i64,
    /// The next tick to be looked at; everything before it has fired.
    current: u64,
    heads: Box<[u32]>,
    /// One bit per slot that has a timer.
    occupied: Box<[u64]>,
    nodes: Vec<Node>,
}

impl TimerWheel {
    /// A wheel whose first tick is at `now_us`.
    pub fn new(tick_us: i64, now_us: i64) -> Self {
        let tick_us = tick_us.max(1);
        Self {
            tick_us,
            current: (now_us.max(0) / tick_us) as u64,
            heads: vec![NONE; SLOTS].into_boxed_slice(),
            occupied: vec![0; SLOTS / 64].into_boxed_slice(),
            nodes: Vec::new(),
        }
    }

    /// Sets the timer of `item` to the first tick not before `at_us`, replacing what it was set to. A time that has
    /// passed fires with the next [`TimerWheel::advance`].
    pub fn set(&mut self, item: u32, at_us: i64) {
        self.cancel(item);
        let index = item as usize;
        if index >= self.nodes.len() {
            self.nodes.resize(index + 1, Node { next: NONE, previous: NONE, tick: Node::IDLE });
        }
        let at_us = at_us.max(0) as u64;
        let tick = at_us.div_ceil(self.tick_us as u64).max(self.current);
        let slot = (tick & MASK) as usize;
        let head = self.heads[slot];
        self.nodes[index] = Node { next: head, previous: NONE, tick };
        if head != NONE {
            self.nodes[head as usize].previous = item;
        }
        self.heads[slot] = item;
        self.occupied[slot / 64] |= 1 << (slot % 64);
    }

    /// Takes back the timer of `item`, if it has one.
    pub fn cancel(&mut self, item: u32) {
        let Some(node) = self.nodes.get(item as usize).copied() else { return };
        if node.tick == Node::IDLE {
            return;
        }
        let slot = (node.tick & MASK) as usize;
        if node.previous == NONE {
            self.heads[slot] = node.next;
            if node.next == NONE {
                self.occupied[slot / 64] &= !(1 << (slot % 64));
            }
        } else {
            self.nodes[node.previous as usize].next = node.next;
        }
        if node.next != NONE {
            self.nodes[node.next as usize].previous = node.previous;
        }
        self.nodes[item as usize].tick = Node::IDLE;
    }

    /// Gives up room for the timers of items from `items` on, as far as none of them is set.
    pub fn shrink(&mut self, items: usize) {
        let used = self.nodes.iter().rposition(|node| node.tick != Node::IDLE).map_or(0, |last| last + 1);
        self.nodes.truncate(items.max(used));
        self.nodes.shrink_to_fit();
    }

    /// Fires all timers up to `now_us`: their items are pushed to `due`.
    pub fn advance(&mut self, now_us: i64, due: &mut Vec<u32>) {
        let now_tick = (now_us.max(0) / self.tick_us) as u64;
        if now_tick < self.current {
            return;
        }
        let mut slots_left = (now_tick - self.current + 1).min(SLOTS as u64);
        let mut tick = self.current;
        while slots_left > 0 {
            let slot = (tick & MASK) as usize;
            if self.occupied[slot / 64] & (1 << (slot % 64)) != 0 {
                self.fire_slot(slot, now_tick, due);
            }
            tick += 1;
            slots_left -= 1;
        }
        self.current = now_tick + 1;
    }

    /// When to call [`TimerWheel::advance`] next, microseconds; `None` without timers. May be a turn too early for
    /// timers far away, never too late.
    pub fn next_us(&self) -> Option<i64> {
        let start = (self.current & MASK) as usize;
        let words = self.occupied.len();
        for step in 0..=words {
            let word_index = (start / 64 + step) % words;
            let mut word = self.occupied[word_index];
            if step == 0 {
                word &= u64::MAX << (start % 64);
            } else if step == words {
                word &= !(u64::MAX << (start % 64));
            }
            if word != 0 {
                let slot = word_index * 64 + word.trailing_zeros() as usize;
                let distance = (slot + SLOTS - start) & MASK as usize;
                return Some((self.current + distance as u64) as i64 * self.tick_us);
            }
        }
        None
    }

    fn fire_slot(&mut self, slot: usize, now_tick: u64, due: &mut Vec<u32>) {
        let mut item = self.heads[slot];
        while item != NONE {
            let node = self.nodes[item as usize];
            if node.tick <= now_tick {
                self.cancel(item);
                due.push(item);
            }
            item = node.next;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn advance(wheel: &mut TimerWheel, now_us: i64) -> Vec<u32> {
        let mut due = Vec::new();
        wheel.advance(now_us, &mut due);
        due.sort_unstable();
        due
    }

    #[test]
    fn a_timer_fires_at_its_tick_and_once() {
        let mut wheel = TimerWheel::new(2000, 0);
        wheel.set(7, 10_001);
        assert!(advance(&mut wheel, 10_001).is_empty());
        assert_eq!(wheel.next_us(), Some(12_000));
        assert_eq!(advance(&mut wheel, 12_000), [7]);
        assert!(advance(&mut wheel, 20_000_000).is_empty());
        assert_eq!(wheel.next_us(), None);
    }

    #[test]
    fn timers_of_later_turns_wait() {
        let mut wheel = TimerWheel::new(1000, 0);
        wheel.set(1, 5_000);
        wheel.set(2, 5_000 + 4096 * 1000);
        assert_eq!(advance(&mut wheel, 5_000), [1]);
        assert!(advance(&mut wheel, 4_000_000).is_empty());
        assert_eq!(advance(&mut wheel, 5_000 + 4096 * 1000), [2]);
    }

    #[test]
    fn moving_and_cancelling_leave_nothing_behind() {
        let mut wheel = TimerWheel::new(1000, 0);
        for item in 0..3 {
            wheel.set(item, 5_000);
        }
        wheel.set(1, 9_000);
        wheel.cancel(0);
        wheel.cancel(99);
        assert_eq!(advance(&mut wheel, 8_000), [2]);
        assert_eq!(advance(&mut wheel, 9_000), [1]);
    }

    #[test]
    fn room_of_timers_that_are_set_is_kept() {
        let mut wheel = TimerWheel::new(1000, 0);
        (0..1000).for_each(|item| wheel.set(item, 5_000));
        (0..1000).filter(|item| *item != 700).for_each(|item| wheel.cancel(item));
        wheel.shrink(10);
        assert_eq!(wheel.nodes.len(), 701);
        assert_eq!(advance(&mut wheel, 5_000), [700]);
        wheel.shrink(10);
        assert_eq!(wheel.nodes.len(), 10);
    }

    #[test]
    fn the_past_fires_next() {
        let mut wheel = TimerWheel::new(1000, 1_000_000);
        wheel.set(3, 5);
        assert_eq!(wheel.next_us(), Some(1_000_000));
        assert_eq!(advance(&mut wheel, 1_000_000), [3]);
    }

    proptest! {
        #[test]
        fn it_fires_what_a_sorted_map_would(
            steps in prop::collection::vec((0u32..20, 0i64..40_000_000, 0i64..3_000_000), 1..60)
        ) {
            let mut wheel = TimerWheel::new(2000, 0);
            let mut model: BTreeMap<u32, i64> = BTreeMap::new();
            let mut now = 0;
            for (item, at, step) in steps {
                wheel.set(item, at);
                model.insert(item, at.max((now / 2000 + 1) * 2000 * i64::from(now > 0)));
                now += step;
                let fired = advance(&mut wheel, now);
                let expected: Vec<u32> =
                    model.iter().filter(|(_, at)| (**at + 1999) / 2000 <= now / 2000).map(|(item, _)| *item).collect();
                model.retain(|item, _| !expected.contains(item));
                prop_assert_eq!(fired, expected);
                match wheel.next_us() {
                    Some(next) => {
                        let soonest = model.values().min().copied().unwrap_or(i64::MAX);
                        prop_assert!(next <= (soonest + 1999) / 2000 * 2000);
                    }
                    None => prop_assert!(model.is_empty()),
                }
            }
        }
    }
}
