//! A network in virtual time: a queue before a link of some rate, delay with jitter, loss and overtaking, all from a seed.

/// What a path does to packets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path {
    /// Bytes per second; 0 is without limit.
    pub(super) bytes_per_second: i64,
    /// Bytes that wait before the link at most; more are lost.
    pub(super) queue: i64,
    /// One way.
    pub(super) delay_us: i64,
    /// Up to so much more.
    pub(super) jitter_us: i64,
    /// Lost of 1000.
    pub(super) loss: u64,
    /// Of 1000 that come 30 ms later than they would, behind others.
    pub(super) reordered: u64,
}

impl Path {
    pub(super) const CLEAN: Self =
        Self { bytes_per_second: 0, queue: 64_000, delay_us: 20_000, jitter_us: 0, loss: 0, reordered: 0 };
}

/// One direction of a path.
#[derive(Debug)]
pub(super) struct Net {
    pub(super) path: Path,
    random: u64,
    free_us: i64,
    last_us: i64,
    pub(super) lost: u64,
}

impl Net {
    pub(super) fn new(path: Path, seed: u64) -> Self {
        Self { path, random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, free_us: 0, last_us: 0, lost: 0 }
    }

    fn roll(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random >> 16
    }

    /// When a packet that leaves at `at_us` arrives; `None` if it is lost.
    pub(super) fn carry(&mut self, at_us: i64, bytes: usize) -> Option<i64> {
        let Path { bytes_per_second, queue, delay_us, jitter_us, loss, reordered } = self.path;
        let is_lost = self.roll() % 1000 < loss;
        let mut through_us = at_us;
        if bytes_per_second > 0 {
            let begin_us = self.free_us.max(at_us);
            if is_lost || (begin_us - at_us) * bytes_per_second / 1_000_000 > queue {
                self.lost += 1;
                return None;
            }
            through_us = begin_us + bytes as i64 * 1_000_000 / bytes_per_second;
            self.free_us = through_us;
        } else if is_lost {
            self.lost += 1;
            return None;
        }
        let jitter_us = if jitter_us > 0 { (self.roll() % jitter_us as u64) as i64 } else { 0 };
        if self.roll() % 1000 < reordered {
            return Some(through_us + delay_us + jitter_us + 30_000);
        }
        self.last_us = self.last_us.max(through_us + delay_us + jitter_us);
        Some(self.last_us)
    }
}
