//! Sync samples (QTFF, "Sync Sample Atoms") and the groups of samples between them.

use super::atom::Fields;
use super::error::MovieError;

/// Numbers of the samples that can be decoded by themselves, ascending; without a table every sample can.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SyncTable(Option<Vec<u32>>);

/// Where a sample stands between two sync samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GroupPosition {
    pub(crate) is_sync: bool,
    /// Samples since the last sync sample (0: it is one).
    pub(crate) index: u32,
    /// Samples from that sync sample to the next, or to the end of the track.
    pub(crate) len: u32,
}

impl SyncTable {
    /// Reads an `stss` atom. Zeros and numbers out of order, which no writer means, are left out.
    pub(crate) fn parse(contents: &[u8]) -> Result<Self, MovieError> {
        let mut fields = Fields::new("stss", contents);
        fields.version()?;
        let count = fields.u32()?;
        let mut samples: Vec<u32> = Vec::with_capacity(fields.rest().len() / 4);
        for n in fields.rows::<4>(count)?.map(u32::from_be_bytes) {
            if n > samples.last().copied().unwrap_or(0) {
                samples.push(n);
            }
        }
        samples.shrink_to_fit();
        Ok(Self(Some(samples)))
    }

    /// A table of these samples, which ascend.
    pub(crate) fn of(samples: Vec<u32>) -> Self {
        Self(Some(samples))
    }

    pub(crate) fn samples(&self) -> Option<&[u32]> {
        self.0.as_deref()
    }

    /// Whether a hint track's table (`self`) cannot be right beside the one of its media: some hinters mark only the
    /// first sample, or all of them, of an H.264 track that has a key frame every few seconds.
    pub(crate) fn is_implausible(&self, media: &SyncTable) -> bool {
        match (self.samples(), media.samples()) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(own), Some(media)) => own.len() <= 1 && media.len() > own.len(),
        }
    }

    /// The last sync sample that is not after `sample`.
    pub(crate) fn at_or_before(&self, sample: u32) -> Option<u32> {
        match &self.0 {
            None => (sample > 0).then_some(sample),
            Some(v) => v.partition_point(|&n| n <= sample).checked_sub(1).and_then(|i| v.get(i).copied()),
        }
    }

    /// The first sync sample that is not before `sample`.
    pub(crate) fn at_or_after(&self, sample: u32) -> Option<u32> {
        match &self.0 {
            None => Some(sample.max(1)),
            Some(v) => v.get(v.partition_point(|&n| n < sample)).copied(),
        }
    }

    /// Position of a sample in its group, in a track of `count` samples.
    pub(crate) fn position(&self, sample: u32, count: u32) -> GroupPosition {
        let Some(v) = &self.0 else {
            return GroupPosition { is_sync: true, index: 0, len: 1 };
        };
        let next = v.partition_point(|&n| n <= sample);
        let first = next.checked_sub(1).and_then(|i| v.get(i).copied());
        let end = v.get(next).copied().unwrap_or(count.saturating_add(1));
        let start = first.unwrap_or(1);
        GroupPosition {
            is_sync: first == Some(sample),
            index: sample.saturating_sub(start),
            len: end.saturating_sub(start).max(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::test_movie::full;

    #[test]
    fn positions_count_from_the_last_sync_sample() {
        let t = SyncTable::of(vec![1, 25, 49]);
        assert_eq!(t.position(1, 60), GroupPosition { is_sync: true, index: 0, len: 24 });
        assert_eq!(t.position(26, 60), GroupPosition { is_sync: false, index: 1, len: 24 });
        assert_eq!(t.position(60, 60), GroupPosition { is_sync: false, index: 11, len: 12 });
        assert_eq!(t.at_or_before(48), Some(25));
        assert_eq!(t.at_or_after(26), Some(49));
        assert_eq!(t.at_or_after(50), None);
    }

    #[test]
    fn without_a_table_every_sample_is_a_sync_sample() {
        let t = SyncTable::default();
        assert_eq!(t.position(7, 9), GroupPosition { is_sync: true, index: 0, len: 1 });
        assert_eq!(t.at_or_before(7), Some(7));
    }

    #[test]
    fn a_track_may_begin_without_a_sync_sample() {
        let t = SyncTable::of(vec![10]);
        assert_eq!(t.position(3, 20), GroupPosition { is_sync: false, index: 2, len: 9 });
        assert_eq!(t.at_or_before(3), None);
    }

    #[test]
    fn disorder_in_the_table_is_left_out() {
        assert_eq!(SyncTable::parse(&full(&[6, 0, 1, 5, 3, 5, 9])).unwrap(), SyncTable::of(vec![1, 5, 9]));
        assert!(SyncTable::parse(&full(&[7, 1])).is_err());
    }

    #[test]
    fn a_lone_first_sample_is_implausible_beside_many() {
        let many = SyncTable::of(vec![1, 25, 49]);
        assert!(SyncTable::of(vec![1]).is_implausible(&many));
        assert!(SyncTable::default().is_implausible(&many));
        assert!(!SyncTable::of(vec![1, 49]).is_implausible(&many));
        assert!(!SyncTable::of(vec![1]).is_implausible(&SyncTable::of(vec![1])));
        assert!(!SyncTable::of(vec![1]).is_implausible(&SyncTable::default()));
    }
}
