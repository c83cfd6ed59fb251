//! How much a send worker has to do: the measure by which new viewers are let in.

/// Time constant by which the figures are smoothed, microseconds.
const SMOOTHING_US: f64 = 1_000_000.0;

/// Lag and use of one worker, as means weighted by time over about the last second.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Strain {
    /// How far the worker runs behind its timers, microseconds. Grows without bound once it has more to do than it can.
    pub lag_us: f64,
    /// Share of its time that the worker is at work (0 to 1), also where others have the core meanwhile.
    pub busy: f64,
    measured_us: Option<i64>,
}

impl Strain {
    /// A round of work that was planned for `planned_us` went from `begin_us` to `end_us`.
    pub fn update(&mut self, planned_us: Option<i64>, begin_us: i64, end_us: i64) {
        let since = |then: i64, now: i64| now.saturating_sub(then).max(0) as f64;
        let elapsed_us = since(self.measured_us.unwrap_or(begin_us), end_us);
        self.measured_us = Some(end_us);
        if elapsed_us <= 0.0 {
            return;
        }
        let weight = elapsed_us / (elapsed_us + SMOOTHING_US);
        let lag_us = planned_us.map_or(0.0, |planned| since(planned, begin_us));
        self.lag_us += (lag_us - self.lag_us) * weight;
        self.busy += ((since(begin_us, end_us) / elapsed_us).min(1.0) - self.busy) * weight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounds every 10 ms that take `work_us` and begin `lag_us` late, for `seconds`.
    fn rounds(strain: &mut Strain, from_s: i64, seconds: i64, work_us: i64, lag_us: i64) {
        for round in 0..seconds * 100 {
            let planned = from_s * 1_000_000 + round * 10_000;
            strain.update(Some(planned), planned + lag_us, planned + lag_us + work_us);
        }
    }

    #[test]
    fn steady_work_shows_as_its_share() {
        let mut strain = Strain::default();
        rounds(&mut strain, 0, 10, 2500, 0);
        assert!((0.24..0.26).contains(&strain.busy), "{strain:?}");
        assert_eq!(strain.lag_us, 0.0);
    }

    #[test]
    fn a_worker_that_is_behind_is_noticed_within_a_second_and_forgiven_within_three() {
        let mut strain = Strain::default();
        rounds(&mut strain, 0, 10, 2500, 0);
        rounds(&mut strain, 10, 1, 9900, 50_000);
        assert!(strain.lag_us > 20_000.0 && strain.busy > 0.6, "{strain:?}");
        rounds(&mut strain, 11, 3, 2500, 0);
        assert!(strain.lag_us < 5000.0 && strain.busy < 0.35, "{strain:?}");
    }

    #[test]
    fn one_hiccup_is_no_overload() {
        let mut strain = Strain::default();
        rounds(&mut strain, 0, 10, 2500, 0);
        strain.update(Some(10_000_000), 10_015_000, 10_018_000);
        assert!(strain.lag_us < 1000.0 && strain.busy < 0.3, "{strain:?}");
    }

    #[test]
    fn a_clock_that_stands_still_changes_nothing() {
        let mut strain = Strain::default();
        strain.update(Some(5), 5, 5);
        assert_eq!((strain.lag_us, strain.busy), (0.0, 0.0));
    }
}
