//! When a worker's sessions wake: together, as long as there is little to send.
//!
//! A step costs some 50 us before its first packet is sent: a sleeping core, cold caches. Ten packets don't make up for
//! that, some hundred do. So sessions wake on a common beat, which is slow while few packets come to a beat and as fine as
//! the timer wheel when there are many.

use super::prefs::SendPrefs;

/// Packets that should come to a beat, if it need not be too slow for that.
const LOT_PACKETS: f64 = 320.0;

/// The slowest beat, in ticks of the wheel.
const MOST_TICKS: i64 = 5;

/// Share of the send interval that a beat may take at most: five halves of it are an interval.
const BEATS_PER_TWO_INTERVALS: i64 = 5;

/// How much slower the beat of sessions is that are ahead of their time.
const LOT_BEATS: i64 = 2;

/// How long packets are counted before the beat follows their number, microseconds.
const WINDOW_US: i64 = 250_000;

/// Before a packet's time by this share of the send interval at least its session is woken, if beats are slow.
const LEAST_LEAD: i64 = 25;

/// The beat of one worker.
#[derive(Debug)]
pub(super) struct Rhythm {
    tick_us: i64,
    beat_us: i64,
    /// Share of a beat by which it is after that of the first worker.
    phase: f64,
    window_us: i64,
    packets: u64,
}

impl Rhythm {
    /// The slowest beat, of a worker with a wheel of `tick_us`; `phase` (0 to 1) keeps workers from waking all at once.
    pub(super) fn new(tick_us: i64, phase: f64) -> Self {
        Self { tick_us, beat_us: tick_us * MOST_TICKS, phase, window_us: i64::MIN, packets: 0 }
    }

    /// Follows the number of packets that the worker has sent since it began.
    pub(super) fn listen(&mut self, now_us: i64, packets: u64) {
        if self.window_us == i64::MIN {
            (self.window_us, self.packets) = (now_us, packets);
        }
        let elapsed_us = now_us - self.window_us;
        if elapsed_us < WINDOW_US {
            return;
        }
        let per_us = packets.saturating_sub(self.packets) as f64 / elapsed_us as f64;
        (self.window_us, self.packets) = (now_us, packets);
        let lot_us = if per_us > 0.0 { LOT_PACKETS / per_us } else { f64::INFINITY };
        let ticks = (lot_us / self.tick_us as f64).clamp(1.0, MOST_TICKS as f64) as i64;
        // One tick up or down is noise, and whoever changes the beat has its session wake alone once.
        if (ticks - self.beat_us / self.tick_us).abs() > 1 || ticks == 1 || ticks == MOST_TICKS {
            self.beat_us = ticks * self.tick_us;
        }
    }

    /// When to wake for a packet that is due at `due_us` and may leave a send interval early: rather early than late,
    /// which hides what the machine does meanwhile.
    pub(super) fn beat(&self, due_us: i64, prefs: &SendPrefs) -> i64 {
        let interval_us = prefs.send_interval_us();
        let beat_us = self.beat_us.min(interval_us * 2 / BEATS_PER_TWO_INTERVALS);
        if beat_us <= self.tick_us {
            return due_us - prefs.lead_us();
        }
        let least_us = (prefs.lead_us() - beat_us / 2).max(interval_us / LEAST_LEAD);
        self.before(due_us - least_us, beat_us)
    }

    /// When to wake for a lot of packets, `at_us` or a little later, the first of which is due at `due_us`.
    pub(super) fn lot(&self, at_us: i64, due_us: i64) -> i64 {
        let beat_us = self.beat_us * LOT_BEATS;
        let later_us = self.before(at_us + beat_us, beat_us);
        if due_us - later_us > beat_us * 5 { later_us } else { at_us }
    }

    /// The last beat that is not after `at_us`.
    fn before(&self, at_us: i64, beat_us: i64) -> i64 {
        let phase_us = (beat_us as f64 * self.phase) as i64 / self.tick_us * self.tick_us;
        (at_us - phase_us).div_euclid(beat_us) * beat_us + phase_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: i64 = 4000;

    /// A rhythm after a second of `per_second` packets.
    fn rhythm(per_second: u64) -> Rhythm {
        let mut rhythm = Rhythm::new(TICK, 0.5);
        for ms in 0..=1000 {
            rhythm.listen(ms * 1000, per_second * ms as u64 / 1000);
        }
        rhythm
    }

    #[test]
    fn the_beat_is_slow_with_few_packets_and_as_fine_as_the_wheel_with_many() {
        let beats = [0, 100, 12_000, 25_000, 50_000, 200_000].map(|rate| rhythm(rate).beat_us / 1000);
        assert_eq!(beats, [20, 20, 20, 12, 4, 4]);
    }

    #[test]
    fn a_session_wakes_before_its_packet_is_due_and_within_the_send_interval() {
        for send_interval_ms in [5, 10, 50, 200] {
            let prefs = SendPrefs { send_interval_ms, ..SendPrefs::default() };
            for rate in [0, 25_000, 200_000] {
                let rhythm = rhythm(rate);
                for due_us in (5_000_000..5_100_000).step_by(777) {
                    let lead_us = due_us - rhythm.beat(due_us, &prefs);
                    assert!(lead_us > 0 && lead_us < send_interval_ms * 1000 / 2, "{lead_us} of {send_interval_ms}");
                }
            }
        }
    }

    #[test]
    fn packets_of_one_beat_leave_together() {
        let (rhythm, prefs) = (rhythm(1000), SendPrefs::default());
        let mut wakes: Vec<_> = (0..100_000).step_by(100).map(|due_us| rhythm.beat(due_us, &prefs)).collect();
        wakes.dedup();
        assert!(wakes.len() <= 6, "{wakes:?}");
    }

    #[test]
    fn lots_wait_for_a_beat_only_well_ahead_of_time() {
        let rhythm = rhythm(1000);
        for at_us in (0..100_000).step_by(777) {
            let waits_us = rhythm.lot(at_us, at_us + 500_000) - at_us;
            assert!((0..=40_000).contains(&waits_us), "{waits_us}");
            assert_eq!(rhythm.lot(at_us, at_us + 100_000), at_us);
        }
    }

    #[test]
    fn workers_take_turns() {
        let (first, second, prefs) = (Rhythm::new(TICK, 0.0), Rhythm::new(TICK, 0.5), SendPrefs::default());
        assert!((0..100_000).step_by(100).all(|due_us| first.beat(due_us, &prefs) != second.beat(due_us, &prefs)));
    }
}
