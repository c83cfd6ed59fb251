//! What a worker lends its clients while one of them acts.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use rand::rngs::StdRng;

use super::plan::Plan;
use super::ports::PortTable;
use super::stats::{Shared, Tally};
use super::sys::{Epoll, Outgoing};

/// What a client is woken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alarm {
    /// Begin a session.
    Join,
    /// End it.
    Leave,
    /// Play elsewhere.
    Seek,
    /// Look at what is due once a second: answers, keep-alive, reports, the movie's end.
    Tick,
}

/// Alarms by time. An alarm of a session that is over is dropped by its generation.
#[derive(Default)]
pub struct Alarms {
    heap: BinaryHeap<Reverse<(i64, u32, u32, Alarm)>>,
}

impl Alarms {
    /// Wakes session `generation` of the client at `slot` at `at_us`.
    pub fn set(&mut self, at_us: i64, slot: u32, generation: u32, alarm: Alarm) {
        self.heap.push(Reverse((at_us, slot, generation, alarm)));
    }

    /// The next that is due.
    pub fn pop(&mut self, now_us: i64) -> Option<(u32, u32, Alarm)> {
        let Reverse((at, ..)) = self.heap.peek()?;
        if *at > now_us {
            return None;
        }
        self.heap.pop().map(|Reverse((_, slot, generation, alarm))| (slot, generation, alarm))
    }

    /// When the next is due.
    pub fn next(&self) -> Option<i64> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }
}

/// Everything of a worker but its clients.
pub struct Context {
    /// The run.
    pub plan: Arc<Plan>,
    /// What workers share.
    pub shared: Arc<Shared>,
    /// Readiness of connections.
    pub epoll: Epoll,
    /// UDP ports.
    pub ports: PortTable,
    /// Alarms.
    pub alarms: Alarms,
    /// This worker's sums.
    pub tally: Tally,
    /// Everything random.
    pub rng: StdRng,
    /// RTCP to send: number of the port pair and datagram.
    pub outgoing: Vec<(usize, Outgoing)>,
    /// Clients with packets to acknowledge.
    pub to_acknowledge: Vec<u32>,
    /// Clients that want to be read at the read interval.
    pub to_poll: Vec<u32>,
    /// The present, microseconds of the common clock.
    pub now: i64,
    /// The run is ending.
    pub stopping: bool,
    /// Places that will have no client any more.
    pub done: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_come_in_order_and_not_before_their_time() {
        let mut alarms = Alarms::default();
        alarms.set(30, 1, 0, Alarm::Tick);
        alarms.set(10, 2, 5, Alarm::Join);
        alarms.set(20, 3, 0, Alarm::Leave);
        assert_eq!(alarms.next(), Some(10));
        assert_eq!(alarms.pop(9), None);
        assert_eq!(alarms.pop(20), Some((2, 5, Alarm::Join)));
        assert_eq!(alarms.pop(20), Some((3, 0, Alarm::Leave)));
        assert_eq!(alarms.pop(20), None);
    }
}
