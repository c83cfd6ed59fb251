//! A fixed-size histogram of durations, cheap enough to be fed once per packet.

/// Sub-buckets per power of two: values are kept to 1/16, about 6 %.
const SUB: u64 = 16;
const SUB_BITS: u32 = 4;
/// Covers up to 2^40 us, about 12 days.
const BUCKETS: usize = (40 - SUB_BITS as usize + 1) * SUB as usize;

/// Counts of durations in microseconds, exact below 16 us and to about 6 % above; the maximum is exact.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    sum: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0, sum: 0, max: 0 }
    }
}

impl Histogram {
    /// Counts one duration, in microseconds.
    pub fn record(&mut self, micros: u64) {
        let index = bucket_of(micros);
        if let Some(count) = self.counts.get_mut(index) {
            *count += 1;
        }
        self.total += 1;
        self.sum = self.sum.saturating_add(micros);
        self.max = self.max.max(micros);
    }

    /// Adds what `other` has counted.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
        self.sum = self.sum.saturating_add(other.sum);
        self.max = self.max.max(other.max);
    }

    /// What was counted since `earlier`, a copy of this one; the maximum stays that of all.
    pub fn since(&self, earlier: &Self) -> Self {
        let counts = self.counts.iter().zip(&earlier.counts).map(|(now, then)| now.saturating_sub(*then)).collect();
        let (total, sum) = (self.total.saturating_sub(earlier.total), self.sum.saturating_sub(earlier.sum));
        Self { counts, total, sum, max: self.max }
    }

    /// How many durations were counted.
    pub fn count(&self) -> u64 {
        self.total
    }

    /// The longest, in microseconds; 0 when empty.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// The mean in microseconds; 0 when empty.
    pub fn mean(&self) -> u64 {
        self.sum.checked_div(self.total).unwrap_or(0)
    }

    /// The duration in microseconds that `share` (0 to 1) of all are not above; 0 when empty.
    pub fn quantile(&self, share: f64) -> u64 {
        let wanted = ((self.total as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return upper_edge(index).min(self.max);
            }
        }
        self.max
    }
}

fn bucket_of(micros: u64) -> usize {
    if micros < SUB {
        return micros as usize;
    }
    let exponent = 63 - micros.leading_zeros();
    let index = u64::from(exponent - SUB_BITS + 1) * SUB + ((micros >> (exponent - SUB_BITS)) - SUB);
    (index as usize).min(BUCKETS - 1)
}

fn upper_edge(index: usize) -> u64 {
    let index = index as u64;
    if index < SUB {
        return index;
    }
    let shift = index / SUB - 1;
    ((SUB + index % SUB + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_six_percent_and_the_maximum_is_exact() {
        let mut histogram = Histogram::default();
        (1..=10_000).for_each(|micros| histogram.record(micros));
        for (share, exact) in [(0.5, 5_000.0), (0.99, 9_900.0), (0.01, 100.0)] {
            let found = histogram.quantile(share) as f64;
            assert!((found - exact).abs() / exact < 0.07, "{share}: {found}");
        }
        assert_eq!(histogram.max(), 10_000);
        assert_eq!(histogram.mean(), 5_000);
    }

    #[test]
    fn every_value_lies_within_the_edges_of_its_bucket() {
        for value in (0..4_000_000).step_by(37) {
            let index = bucket_of(value);
            assert!(value <= upper_edge(index), "{value}");
            assert!(index == 0 || value > upper_edge(index - 1), "{value}");
        }
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn merging_is_like_recording_in_one() {
        let (mut left, mut right, mut both) = (Histogram::default(), Histogram::default(), Histogram::default());
        for micros in [1, 50, 900, 70_000] {
            left.record(micros);
            both.record(micros);
        }
        for micros in [3, 800_000] {
            right.record(micros);
            both.record(micros);
        }
        left.merge(&right);
        assert_eq!(left.count(), both.count());
        assert_eq!(left.quantile(0.5), both.quantile(0.5));
        assert_eq!(left.max(), 800_000);
    }

    #[test]
    fn what_was_counted_since_is_told_without_what_was_before() {
        let mut histogram = Histogram::default();
        (0..100).for_each(|_| histogram.record(9_000));
        let before = histogram.clone();
        (0..10).for_each(|_| histogram.record(10));
        let since = histogram.since(&before);
        assert_eq!((since.count(), since.quantile(0.99), since.mean()), (10, 10, 10));
    }

    #[test]
    fn an_empty_histogram_answers_zero() {
        let histogram = Histogram::default();
        assert_eq!((histogram.quantile(0.99), histogram.mean(), histogram.max()), (0, 0, 0));
    }
}
