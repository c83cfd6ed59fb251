//! The one clock of the data plane, injected so that pacing and timeouts are tested in virtual time.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Seconds between the NTP era (1900) and the Unix era (1970), RFC 5905 section 6.
const NTP_UNIX_OFFSET: i64 = 2_208_988_800;

/// Tells the time to everything that paces, times out or stamps.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Microseconds on a clock that never steps. Its zero is arbitrary but fixed for the life of the clock.
    fn now_us(&self) -> i64;

    /// Microseconds since 1970-01-01 UTC at this instant. May step when the operator sets the date.
    fn wall_us(&self) -> i64;

    /// [`Clock::now_us`] in milliseconds, the unit of activity stamps.
    fn now_ms(&self) -> i64 {
        self.now_us() / 1000
    }
}

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock {
    base: Instant,
}

impl SystemClock {
    /// A clock whose zero is one second ago, so that 0 can mean "never" in stamps.
    pub fn new() -> Self {
        let now = Instant::now();
        Self { base: now.checked_sub(Duration::from_secs(1)).unwrap_or(now) }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now_us(&self) -> i64 {
        i64::try_from(self.base.elapsed().as_micros()).unwrap_or(i64::MAX)
    }

    fn wall_us(&self) -> i64 {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_micros()).unwrap_or(i64::MAX),
        }
    }
}

/// A clock that stands still until it is told to move.
#[derive(Debug)]
pub struct ManualClock {
    now_us: AtomicI64,
    wall_at_zero_us: i64,
}

impl ManualClock {
    /// A clock at `now_us`; the date at its zero is `wall_at_zero_us` after 1970.
    pub fn new(now_us: i64, wall_at_zero_us: i64) -> Self {
        Self { now_us: AtomicI64::new(now_us), wall_at_zero_us }
    }

    /// Moves the clock to `now_us`; both of its faces move alike.
    pub fn set_us(&self, now_us: i64) {
        self.now_us.store(now_us, Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now_us(&self) -> i64 {
        self.now_us.load(Ordering::Relaxed)
    }

    fn wall_us(&self) -> i64 {
        self.wall_at_zero_us.saturating_add(self.now_us())
    }
}

/// The 64-bit NTP timestamp (32 bits of seconds since 1900, 32 of fraction) of a Unix time in microseconds.
/// Wraps with the NTP era, as RFC 3550 section 4 expects.
pub fn ntp_from_unix_us(unix_us: i64) -> u64 {
    let seconds = unix_us.div_euclid(1_000_000).wrapping_add(NTP_UNIX_OFFSET);
    let micros = unix_us.rem_euclid(1_000_000) as u64;
    ((seconds as u64) << 32) | ((micros << 32) / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ntp_counts_from_1900_with_a_binary_fraction() {
        assert_eq!(ntp_from_unix_us(0), 2_208_988_800 << 32);
        assert_eq!(ntp_from_unix_us(1_500_000), (2_208_988_801 << 32) | 0x8000_0000);
    }

    #[test]
    fn ntp_is_exact_to_a_microsecond() {
        let ntp = ntp_from_unix_us(1_700_000_000_123_456);
        let back = ((ntp & 0xffff_ffff) * 1_000_000) >> 32;
        assert!((123_455..=123_456).contains(&back), "{back}");
    }

    #[test]
    fn the_system_clock_goes_forward() {
        let clock = SystemClock::new();
        let first = clock.now_us();
        assert!(clock.now_us() >= first);
        assert!(clock.wall_us() > 1_600_000_000_000_000);
    }
}
