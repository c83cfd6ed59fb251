//! Sample tables (QTFF, "Sample Table Atoms"): when each sample is due, how long it is, where it lies.
//!
//! Kept as the runs and words of the file, not one record per sample: two hours of video cost a few hundred kilobytes.

use super::atom::{Atoms, Fields, word};
use super::error::MovieError;
use super::source::{ReadAt, read_exact_at};

/// The tables of one track.
#[derive(Debug)]
pub(crate) struct SampleTable {
    times: TimeTable,
    sizes: SizeTable,
    chunks: ChunkTable,
}

/// Where one sample lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Byte offset in the file that holds the sample.
    pub(crate) offset: u64,
    /// Length in bytes.
    pub(crate) size: u32,
    /// Number of its sample description, from 1.
    pub(crate) description: u32,
    /// Number of its chunk, from 1.
    pub(crate) chunk: u32,
    /// Number of the first sample of that chunk.
    pub(crate) chunk_first: u32,
}

/// Where one chunk lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chunk {
    pub(crate) offset: u64,
    pub(crate) first_sample: u32,
    pub(crate) samples: u32,
    pub(crate) description: u32,
}

impl SampleTable {
    /// Reads the contents of an `stbl` atom.
    pub(crate) fn parse(stbl: &[u8]) -> Result<Self, MovieError> {
        let need = |kind: &[u8; 4], atom| {
            Atoms::find("stbl", stbl, kind)
                .map(|c| Fields::new(atom, c))
                .ok_or(MovieError::malformed(atom, "is missing"))
        };
        let times = TimeTable::parse(need(b"stts", "stts")?)?;
        let sizes = match need(b"stsz", "stsz") {
            Ok(fields) => SizeTable::parse_stsz(fields)?,
            Err(missing) => SizeTable::parse_stz2(need(b"stz2", "stz2").map_err(|_| missing)?)?,
        };
        let offsets = match need(b"co64", "co64") {
            Ok(fields) => Offsets::parse_co64(fields)?,
            Err(_) => Offsets::parse_stco(need(b"stco", "stco")?)?,
        };
        let chunks = ChunkTable::parse(need(b"stsc", "stsc")?, offsets)?;
        Ok(Self { times, sizes, chunks })
    }

    /// How many samples have a size and lie in a chunk.
    pub(crate) fn count(&self) -> u32 {
        self.sizes.count().min(self.chunks.samples)
    }

    /// Sum of all sizes, in bytes.
    pub(crate) fn total_size(&self) -> u64 {
        self.sizes.before(self.count().saturating_add(1))
    }

    /// Start of a sample in units of the media timescale.
    pub(crate) fn time(&self, sample: u32) -> u64 {
        self.times.start(sample)
    }

    /// First sample that starts at `time` (media timescale) or after it.
    pub(crate) fn at_or_after(&self, time: u64) -> Option<u32> {
        let sample = self.times.at_or_after(time)?;
        (sample <= self.count()).then_some(sample)
    }

    /// Last sample that starts at `time` (media timescale) or before it.
    pub(crate) fn at_or_before(&self, time: u64) -> Option<u32> {
        let next = time.checked_add(1).and_then(|t| self.times.at_or_after(t)).unwrap_or(u32::MAX);
        let sample = next.min(self.count().saturating_add(1)).checked_sub(1)?;
        (sample > 0).then_some(sample)
    }

    /// Where a sample lies; `None` beyond the end of the tables.
    pub(crate) fn place(&self, sample: u32) -> Option<Place> {
        if sample == 0 || sample > self.count() {
            return None;
        }
        let (number, chunk) = self.chunks.of_sample(sample)?;
        let before = self.sizes.before(sample).checked_sub(self.sizes.before(chunk.first_sample))?;
        Some(Place {
            offset: chunk.offset.checked_add(before)?,
            size: self.sizes.size(sample)?,
            description: chunk.description,
            chunk: number,
            chunk_first: chunk.first_sample,
        })
    }

    /// Where a chunk lies, by its number from 1.
    pub(crate) fn chunk(&self, number: u32) -> Option<Chunk> {
        self.chunks.chunk(number)
    }

    /// The length all samples share, if the track is made so.
    pub(crate) fn fixed_size(&self) -> Option<u32> {
        match self.sizes.sizes {
            Sizes::Fixed { size, .. } => Some(size),
            _ => None,
        }
    }

    /// Reads one whole sample. `limit` bounds the allocation.
    pub(crate) fn read_sample(&self, source: &dyn ReadAt, sample: u32, limit: u32) -> Option<Vec<u8>> {
        let place = self.place(sample).filter(|p| p.size <= limit)?;
        let mut data = vec![0; place.size as usize];
        read_exact_at(source, &mut data, place.offset).ok()?;
        Some(data)
    }
}

/// `stts`: runs of samples of equal duration.
#[derive(Debug)]
struct TimeTable {
    runs: Vec<TimeRun>,
}

#[derive(Debug)]
struct TimeRun {
    first: u32,
    start: u64,
    delta: u32,
}

impl TimeTable {
    fn parse(mut fields: Fields<'_>) -> Result<Self, MovieError> {
        fields.version()?;
        let count = fields.u32()?;
        let (mut first, mut start) = (1u32, 0u64);
        let mut runs: Vec<TimeRun> = Vec::new();
        for row in fields.rows::<8>(count)? {
            let (samples, delta) = (word(&row, 0), word(&row, 1));
            if samples == 0 {
                continue;
            }
            if runs.last().is_none_or(|r| r.delta != delta) {
                runs.push(TimeRun { first, start, delta });
            }
            start = start.saturating_add(u64::from(samples) * u64::from(delta));
            first = match first.checked_add(samples) {
                Some(next) => next,
                None => break,
            };
        }
        runs.shrink_to_fit();
        Ok(Self { runs })
    }

    /// Samples beyond the table go on with its last duration.
    fn start(&self, sample: u32) -> u64 {
        let run = self.runs.partition_point(|r| r.first <= sample).checked_sub(1).and_then(|i| self.runs.get(i));
        run.map_or(0, |r| r.start.saturating_add(u64::from(sample - r.first) * u64::from(r.delta)))
    }

    fn at_or_after(&self, time: u64) -> Option<u32> {
        let Some(i) = self.runs.partition_point(|r| r.start < time).checked_sub(1) else {
            return self.runs.first().map(|r| r.first);
        };
        let (run, next) = (self.runs.get(i)?, self.runs.get(i + 1));
        let ahead = match run.delta {
            0 => u64::MAX,
            delta => (time - run.start).div_ceil(u64::from(delta)),
        };
        let sample = u64::from(run.first).saturating_add(ahead);
        let sample = next.map_or(sample, |n| sample.min(u64::from(n.first)));
        u32::try_from(sample).ok()
    }
}

/// How many samples apart the running totals of a [`SizeTable`] are.
const STRIDE: usize = 64;

/// `stsz` or `stz2`: lengths, with a running total every [`STRIDE`] samples so that an offset inside a long chunk is
/// found without adding it all up.
#[derive(Debug)]
struct SizeTable {
    sizes: Sizes,
    totals: Vec<u64>,
}

#[derive(Debug)]
enum Sizes {
    Fixed { size: u32, count: u32 },
    Short(Vec<u16>),
    Long(Vec<u32>),
}

impl SizeTable {
    fn parse_stsz(mut fields: Fields<'_>) -> Result<Self, MovieError> {
        fields.version()?;
        let (size, count) = (fields.u32()?, fields.u32()?);
        if size != 0 {
            return Ok(Self { sizes: Sizes::Fixed { size, count }, totals: Vec::new() });
        }
        let rows = || Ok::<_, MovieError>(fields.clone().rows::<4>(count)?.map(u32::from_be_bytes));
        let sizes = match rows()?.map(u16::try_from).collect::<Result<Vec<_>, _>>() {
            Ok(short) => Sizes::Short(short),
            Err(_) => Sizes::Long(rows()?.collect()),
        };
        Ok(Self::with_totals(sizes))
    }

    /// ISO/IEC 14496-12, "Compact Sample Size Box": lengths of 4, 8 or 16 bits.
    fn parse_stz2(mut fields: Fields<'_>) -> Result<Self, MovieError> {
        fields.version()?;
        fields.skip(3)?;
        let (bits, count) = (fields.u8()?, fields.u32()?);
        let sizes = match bits {
            4 => fields
                .rows::<1>(count.div_ceil(2))?
                .flat_map(|[b]| [u16::from(b >> 4), u16::from(b & 15)])
                .take(count as usize)
                .collect(),
            8 => fields.rows::<1>(count)?.map(|[b]| u16::from(b)).collect(),
            16 => fields.rows::<2>(count)?.map(u16::from_be_bytes).collect(),
            _ => return Err(MovieError::malformed("stz2", "field size is not 4, 8 or 16")),
        };
        Ok(Self::with_totals(Sizes::Short(sizes)))
    }

    fn with_totals(sizes: Sizes) -> Self {
        let mut totals = vec![0u64];
        let mut add = |chunk: u64| totals.push(totals.last().copied().unwrap_or(0) + chunk);
        match &sizes {
            Sizes::Fixed { .. } => {}
            Sizes::Short(v) => v.chunks(STRIDE).for_each(|c| add(c.iter().map(|&n| u64::from(n)).sum())),
            Sizes::Long(v) => v.chunks(STRIDE).for_each(|c| add(c.iter().map(|&n| u64::from(n)).sum())),
        }
        Self { sizes, totals }
    }

    fn count(&self) -> u32 {
        match &self.sizes {
            Sizes::Fixed { count, .. } => *count,
            Sizes::Short(v) => v.len() as u32,
            Sizes::Long(v) => v.len() as u32,
        }
    }

    fn size(&self, sample: u32) -> Option<u32> {
        let i = (sample as usize).checked_sub(1)?;
        match &self.sizes {
            Sizes::Fixed { size, count } => (sample <= *count).then_some(*size),
            Sizes::Short(v) => v.get(i).map(|&n| u32::from(n)),
            Sizes::Long(v) => v.get(i).copied(),
        }
    }

    /// Bytes of all samples before this one.
    fn before(&self, sample: u32) -> u64 {
        fn tail<T: Copy + Into<u64>>(v: &[T], from: usize, to: usize) -> u64 {
            v.get(from.min(v.len())..to.min(v.len())).map_or(0, |s| s.iter().map(|&n| n.into()).sum())
        }
        let n = (sample as usize).saturating_sub(1);
        let stride = (n / STRIDE).min(self.totals.len().saturating_sub(1));
        let total = self.totals.get(stride).copied().unwrap_or(0);
        match &self.sizes {
            Sizes::Fixed { size, .. } => u64::from(*size) * n as u64,
            Sizes::Short(v) => total + tail(v, stride * STRIDE, n),
            Sizes::Long(v) => total + tail(v, stride * STRIDE, n),
        }
    }
}

/// `stco` or `co64`: where each chunk begins.
#[derive(Debug)]
enum Offsets {
    Short(Vec<u32>),
    Long(Vec<u64>),
}

impl Offsets {
    fn parse_stco(mut fields: Fields<'_>) -> Result<Self, MovieError> {
        fields.version()?;
        let count = fields.u32()?;
        Ok(Self::Short(fields.rows::<4>(count)?.map(u32::from_be_bytes).collect()))
    }

    fn parse_co64(mut fields: Fields<'_>) -> Result<Self, MovieError> {
        fields.version()?;
        let count = fields.u32()?;
        Ok(Self::Long(fields.rows::<8>(count)?.map(u64::from_be_bytes).collect()))
    }

    fn count(&self) -> u32 {
        match self {
            Self::Short(v) => v.len() as u32,
            Self::Long(v) => v.len() as u32,
        }
    }

    fn get(&self, chunk: u32) -> Option<u64> {
        let i = (chunk as usize).checked_sub(1)?;
        match self {
            Self::Short(v) => v.get(i).map(|&n| u64::from(n)),
            Self::Long(v) => v.get(i).copied(),
        }
    }
}

/// `stsc`: runs of chunks with the same number of samples.
#[derive(Debug)]
struct ChunkTable {
    runs: Vec<ChunkRun>,
    offsets: Offsets,
    samples: u32,
}

#[derive(Debug)]
struct ChunkRun {
    first_chunk: u32,
    first_sample: u32,
    samples: u32,
    description: u32,
}

impl ChunkTable {
    fn parse(mut fields: Fields<'_>, offsets: Offsets) -> Result<Self, MovieError> {
        fields.version()?;
        let count = fields.u32()?;
        let mut runs: Vec<ChunkRun> = Vec::new();
        let mut samples = 0u64;
        for row in fields.rows::<12>(count)? {
            let (first_chunk, per_chunk, description) = (word(&row, 0), word(&row, 1), word(&row, 2));
            if let Some(last) = runs.last() {
                let chunks = first_chunk.checked_sub(last.first_chunk).filter(|&n| n > 0);
                let chunks = chunks.ok_or(MovieError::malformed("stsc", "chunks are out of order"))?;
                samples = samples.saturating_add(u64::from(chunks) * u64::from(last.samples));
            } else if first_chunk != 1 {
                return Err(MovieError::malformed("stsc", "does not begin with chunk 1"));
            }
            if first_chunk > offsets.count() || samples >= u64::from(u32::MAX) {
                break;
            }
            runs.push(ChunkRun { first_chunk, first_sample: samples as u32 + 1, samples: per_chunk, description });
        }
        let mut total = 0;
        if let Some(last) = runs.last() {
            let chunks = u64::from(offsets.count() + 1).saturating_sub(u64::from(last.first_chunk));
            total = u64::from(last.first_sample - 1).saturating_add(chunks * u64::from(last.samples));
        }
        runs.shrink_to_fit();
        Ok(Self { runs, offsets, samples: total.min(u64::from(u32::MAX - 1)) as u32 })
    }

    fn of_sample(&self, sample: u32) -> Option<(u32, Chunk)> {
        let mut i = self.runs.partition_point(|r| r.first_sample <= sample).checked_sub(1)?;
        // Runs of empty chunks begin at the same sample as the run behind them.
        while self.runs.get(i)?.samples == 0 {
            i = i.checked_sub(1)?;
        }
        let run = self.runs.get(i)?;
        let number = run.first_chunk.checked_add((sample - run.first_sample) / run.samples)?;
        Some((number, self.chunk(number)?))
    }

    fn chunk(&self, number: u32) -> Option<Chunk> {
        let run = self.runs.get(self.runs.partition_point(|r| r.first_chunk <= number).checked_sub(1)?)?;
        let first = u64::from(run.first_sample) + u64::from(number - run.first_chunk) * u64::from(run.samples);
        Some(Chunk {
            offset: self.offsets.get(number)?,
            first_sample: u32::try_from(first).ok()?,
            samples: run.samples,
            description: run.description,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::test_movie::{atom, full};

    fn table(atoms: &[(&[u8; 4], Vec<u32>)]) -> Result<SampleTable, MovieError> {
        let stbl: Vec<u8> = atoms.iter().flat_map(|(kind, words)| atom(kind, &full(words))).collect();
        SampleTable::parse(&stbl)
    }

    fn simple() -> SampleTable {
        table(&[
            (b"stts", vec![2, 3, 10, 2, 5]),
            (b"stsz", vec![0, 5, 100, 20, 3, 70_000, 5]),
            (b"stsc", vec![2, 1, 2, 1, 2, 3, 2]),
            (b"stco", vec![2, 1000, 5000]),
        ])
        .unwrap()
    }

    #[test]
    fn samples_are_found_in_their_chunks() {
        let t = simple();
        assert_eq!(t.count(), 5);
        assert_eq!(t.total_size(), 70_128);
        let at = |n| t.place(n).map(|p| (p.offset, p.size, p.description, p.chunk, p.chunk_first));
        assert_eq!(at(0), None);
        assert_eq!(at(1), Some((1000, 100, 1, 1, 1)));
        assert_eq!(at(2), Some((1100, 20, 1, 1, 1)));
        assert_eq!(at(3), Some((5000, 3, 2, 2, 3)));
        assert_eq!(at(5), Some((75_003, 5, 2, 2, 3)));
        assert_eq!(at(6), None);
    }

    #[test]
    fn times_are_found_both_ways() {
        let t = simple();
        assert_eq!((1..=6).map(|n| t.time(n)).collect::<Vec<_>>(), [0, 10, 20, 30, 35, 40]);
        assert_eq!(t.at_or_after(0), Some(1));
        assert_eq!(t.at_or_after(11), Some(3));
        assert_eq!(t.at_or_after(30), Some(4));
        assert_eq!(t.at_or_after(31), Some(5));
        assert_eq!(t.at_or_after(36), None);
        assert_eq!(t.at_or_before(0), Some(1));
        assert_eq!(t.at_or_before(34), Some(4));
        assert_eq!(t.at_or_before(9999), Some(5));
    }

    #[test]
    fn samples_of_no_duration_do_not_trap_the_search() {
        let t = table(&[
            (b"stts", vec![2, 3, 0, 2, 5]),
            (b"stsz", vec![8, 5]),
            (b"stsc", vec![1, 1, 5, 1]),
            (b"stco", vec![1, 64]),
        ])
        .unwrap();
        assert_eq!(t.at_or_after(0), Some(1));
        assert_eq!(t.at_or_after(1), Some(5));
        assert_eq!(t.at_or_before(0), Some(4));
    }

    #[test]
    fn a_long_chunk_is_added_up_by_strides() {
        let sizes: Vec<u32> = (0..1000).map(|n| n % 7 + 1).collect();
        let t = table(&[
            (b"stts", vec![1, 1000, 1]),
            (b"stsz", [vec![0, 1000], sizes.clone()].concat()),
            (b"stsc", vec![1, 1, 1000, 1]),
            (b"stco", vec![1, 40]),
        ])
        .unwrap();
        for n in 1..=1000u32 {
            let before: u32 = sizes[..n as usize - 1].iter().sum();
            assert_eq!(t.place(n).unwrap().offset, u64::from(40 + before));
        }
    }

    #[test]
    fn compact_sizes_are_read() {
        let mut stz2 = full(&[4, 3]);
        stz2.extend([0x12, 0x30]);
        let stbl = [
            atom(b"stts", &full(&[1, 3, 1])),
            atom(b"stz2", &stz2),
            atom(b"stsc", &full(&[1, 1, 3, 1])),
            atom(b"stco", &full(&[1, 100])),
        ]
        .concat();
        let t = SampleTable::parse(&stbl).unwrap();
        assert_eq!((1..=3).map(|n| t.place(n).unwrap().size).collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn co64_goes_beyond_four_gigabytes() {
        let t = table(&[
            (b"stts", vec![1, 1, 1]),
            (b"stsz", vec![10, 1]),
            (b"stsc", vec![1, 1, 1, 1]),
            (b"co64", vec![1, 2, 7]),
        ])
        .unwrap();
        assert_eq!(t.place(1).unwrap().offset, (2 << 32) + 7);
    }

    #[test]
    fn a_table_with_more_rows_than_bytes_is_refused() {
        for bad in [b"stts", b"stsz", b"stsc", b"stco"] {
            let mut atoms = vec![
                (b"stts", vec![1, 1, 1]),
                (b"stsz", vec![0, 1, 10]),
                (b"stsc", vec![1, 1, 1, 1]),
                (b"stco", vec![1, 7]),
            ];
            for (kind, words) in &mut atoms {
                if *kind == bad {
                    let count = usize::from(bad == b"stsz");
                    words[count] = u32::MAX;
                }
            }
            assert!(matches!(table(&atoms), Err(MovieError::Malformed { .. })), "{bad:?}");
        }
    }

    #[test]
    fn samples_without_a_chunk_do_not_count() {
        let t = table(&[
            (b"stts", vec![1, 9, 1]),
            (b"stsz", vec![10, u32::MAX]),
            (b"stsc", vec![1, 1, 2, 1]),
            (b"stco", vec![2, 7, 99]),
        ])
        .unwrap();
        assert_eq!(t.count(), 4);
        assert_eq!(t.place(5), None);
    }
}
