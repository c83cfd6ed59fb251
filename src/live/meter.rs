//! The bit rate of what comes in, averaged over the last half minute.

/// Seconds of the average, as in DSS 6.0.3.
const SECONDS: usize = 30;

/// Bytes per second of the clock.
#[derive(Debug)]
pub(super) struct Meter {
    /// Bytes of second `n` at `n % len`; one more than the average takes, for the second that runs.
    bytes: [u64; SECONDS + 1],
    /// The second written last; `None` before the first packet.
    second: Option<i64>,
    first_us: i64,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self { bytes: [0; SECONDS + 1], second: None, first_us: 0 }
    }

    pub(super) fn add(&mut self, bytes: usize, now_us: i64) {
        if self.second.is_none() {
            self.first_us = now_us;
        }
        self.turn_to(now_us);
        if let Some(slot) = self.slot(now_us.div_euclid(1_000_000)) {
            *slot += bytes as u64;
        }
    }

    fn slot(&mut self, second: i64) -> Option<&mut u64> {
        let len = self.bytes.len() as i64;
        self.bytes.get_mut(second.rem_euclid(len) as usize)
    }

    fn turn_to(&mut self, now_us: i64) {
        let now = now_us.div_euclid(1_000_000);
        let last = self.second.unwrap_or(now);
        for second in (last + 1..=now).rev().take(self.bytes.len()) {
            if let Some(slot) = self.slot(second) {
                *slot = 0;
            }
        }
        self.second = Some(now.max(last));
    }

    /// Bits per second over the last 30 s, or since the first packet if that is less (but over a second at least).
    pub(super) fn bit_rate(&mut self, now_us: i64) -> u32 {
        if self.second.is_none() {
            return 0;
        }
        self.turn_to(now_us);
        let within = now_us.rem_euclid(1_000_000);
        let span_us = (now_us - self.first_us).clamp(1_000_000, SECONDS as i64 * 1_000_000 + within);
        let bits = u128::from(self.bytes.iter().sum::<u64>()) * 8 * 1_000_000 / span_us as u128;
        u32::try_from(bits).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn a_steady_stream_has_its_rate_from_the_first_seconds_on_and_loses_it_when_silent() {
        let mut meter = Meter::new();
        assert_eq!(meter.bit_rate(5 * SECOND), 0);
        let mut now = 5 * SECOND;
        while now < 65 * SECOND {
            meter.add(375, now);
            now += 10_000;
            if now > 8 * SECOND {
                let rate = meter.bit_rate(now);
                assert!((285_000..=315_000).contains(&rate), "{rate} at {now}");
            }
        }
        let half = meter.bit_rate(80 * SECOND);
        assert!((140_000..=160_000).contains(&half), "{half}");
        assert_eq!(meter.bit_rate(100 * SECOND), 0);
        meter.add(1000, 4_000 * SECOND);
        assert!(meter.bit_rate(4_000 * SECOND) < 300);
    }
}
