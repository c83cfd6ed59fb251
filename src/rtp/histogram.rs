//! Cheap distributions: two relaxed atomic adds per sample, to a power-of-two bucket and to the sum.

use std::sync::atomic::{AtomicU64, Ordering};

/// Buckets of a [`Histogram`]: bucket 0 holds the value 0, bucket *n* the values from 2^(n-1) up to 2^n - 1; the last
/// one also everything above.
pub const BUCKETS: usize = 32;

/// A distribution of whole numbers (microseconds, packets), written by one thread and read by any.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    sum: AtomicU64,
}

impl Histogram {
    /// Counts `times` samples of `value`.
    pub fn record(&self, value: u64, times: u64) {
        let index = (u64::BITS - value.leading_zeros()) as usize;
        if let Some(bucket) = self.buckets.get(index.min(BUCKETS - 1)) {
            bucket.fetch_add(times, Ordering::Relaxed);
        }
        self.sum.fetch_add(value.saturating_mul(times), Ordering::Relaxed);
    }

    /// The counts so far. Not one instant's: samples recorded meanwhile may or may not be in it.
    pub fn snapshot(&self) -> HistogramSnapshot {
        let mut counts = [0; BUCKETS];
        for (count, bucket) in counts.iter_mut().zip(&self.buckets) {
            *count = bucket.load(Ordering::Relaxed);
        }
        HistogramSnapshot { counts, sum: self.sum.load(Ordering::Relaxed) }
    }
}

/// The counts of a [`Histogram`] at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HistogramSnapshot {
    /// Samples per bucket, see [`BUCKETS`].
    pub counts: [u64; BUCKETS],
    /// The sum of all samples, modulo 2^64.
    pub sum: u64,
}

impl HistogramSnapshot {
    /// All samples.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// An upper bound of the value that `share` (0.0 to 1.0) of the samples do not exceed; 0 without samples. The bound
    /// is the top of a power-of-two bucket, thus less than twice the true value.
    pub fn quantile(&self, share: f64) -> u64 {
        let wanted = (self.total() as f64 * share.clamp(0.0, 1.0)).ceil() as u64;
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return (1u64 << index) - 1;
            }
        }
        (1u64 << (BUCKETS - 1)) - 1
    }

    /// The mean of all samples, rounded down; 0 without samples.
    pub fn mean(&self) -> u64 {
        self.sum.checked_div(self.total()).unwrap_or(0)
    }

    /// What was counted after `earlier`, a snapshot of the same histogram, was taken.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut counts = self.counts;
        for (count, before) in counts.iter_mut().zip(&earlier.counts) {
            *count = count.saturating_sub(*before);
        }
        Self { counts, sum: self.sum.wrapping_sub(earlier.sum) }
    }

    /// Adds another worker's counts.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.sum = self.sum.wrapping_add(other.sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_bucket_tops() {
        let histogram = Histogram::default();
        histogram.record(0, 90);
        histogram.record(5, 9);
        histogram.record(1000, 1);
        let snapshot = histogram.snapshot();
        assert_eq!((snapshot.total(), snapshot.sum), (100, 1045));
        assert_eq!(snapshot.quantile(0.5), 0);
        assert_eq!(snapshot.quantile(0.99), 7);
        assert_eq!(snapshot.quantile(1.0), 1023);
    }

    #[test]
    fn an_empty_histogram_and_a_huge_sample_are_fine() {
        let histogram = Histogram::default();
        assert_eq!(histogram.snapshot().quantile(0.99), 0);
        histogram.record(u64::MAX, 1);
        assert_eq!(histogram.snapshot().counts[BUCKETS - 1], 1);
    }

    #[test]
    fn what_came_since_an_earlier_look_has_its_own_mean_and_maximum() {
        let histogram = Histogram::default();
        histogram.record(100_000, 1);
        let before = histogram.snapshot();
        assert_eq!(before.since(&before).mean(), 0);
        histogram.record(2, 1);
        histogram.record(6, 3);
        let since = histogram.snapshot().since(&before);
        assert_eq!((since.total(), since.mean(), since.quantile(1.0)), (4, 5, 7));
        assert_eq!(histogram.snapshot().quantile(1.0), 131_071);
    }

    #[test]
    fn snapshots_of_two_workers_add_up() {
        let (one, two) = (Histogram::default(), Histogram::default());
        one.record(3, 2);
        two.record(3, 5);
        let mut sum = one.snapshot();
        sum.merge(&two.snapshot());
        assert_eq!(sum.counts[2], 7);
    }
}
