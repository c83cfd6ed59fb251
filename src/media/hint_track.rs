//! A hint track: one RTP stream of a movie, its clock, its blocks, its sync samples.

use std::sync::OnceLock;

use super::edit::Edits;
use super::error::MovieError;
use super::hint::{Constructor, packet_count, packet_entries};
use super::movie::Movie;
use super::sdp::StreamText;
use super::sync::{GroupPosition, SyncTable};
use super::track::{RtpDescription, Track, TrackKind};

/// Payload aimed at in one block, in bytes. A block holds a fixed number of hint samples, chosen from the track's
/// average; half of 64 KiB leaves room for key frames.
const BLOCK_TARGET: u64 = 32 << 10;

/// Most hint samples in one block.
const MAX_BLOCK_SAMPLES: u64 = 1024;

/// Largest hint sample that is read, in bytes.
pub(super) const MAX_HINT_SAMPLE: u32 = 16 << 20;

/// Longest track whose packets are counted, which reads every hint sample: 38 hours at 30 samples a second.
const MAX_COUNTED_SAMPLES: u32 = 1 << 22;

/// By how much the numbers of hint and media samples may differ while they still go one to one.
const PAIRED_SLACK: u32 = 2;

const MICROS: i128 = 1_000_000;

/// A hint track and what its media track adds to it.
pub struct HintTrack {
    pub(super) track: Track,
    /// For each entry of `tref/hint`: index into `Movie::media`, if that track is there.
    pub(super) media: Vec<Option<usize>>,
    edits: Edits,
    movie_timescale: u32,
    rtp: RtpDescription,
    sync: SyncTable,
    kind: TrackKind,
    text: StreamText,
    block_samples: u32,
    /// Bytes of all packets: by `hinf`, or else of what they are made from.
    total_bytes: u64,
    /// Relative time of the track's very first packet: the zero of all relative times.
    zero: i32,
    numbers: OnceLock<Vec<u64>>,
}

impl std::fmt::Debug for HintTrack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HintTrack")
            .field("id", &self.id())
            .field("kind", &self.kind)
            .field("payload", &self.payload_name())
            .finish_non_exhaustive()
    }
}

impl HintTrack {
    pub(super) fn new(track: Track, movie: &Movie, movie_timescale: u32) -> Result<Self, MovieError> {
        let media = references(&track, movie)?;
        let first_media = media.iter().flatten().find_map(|&i| movie.media.get(i));
        let text = StreamText::read(&track.user.sdp);
        let (zero, first_sample) = first_packet(&track, movie);
        let kind = text.kind.or(first_media.map(|m| m.kind)).unwrap_or_default();
        let media_bytes = media.iter().flatten().filter_map(|&i| movie.media.get(i)).map(|m| m.samples.total_size());
        let media_bytes = media_bytes.fold(0, u64::saturating_add);
        Ok(Self {
            // The hinter repeats the media's edit list; where it did not, the media's own still holds.
            edits: track.edits.or(first_media.and_then(|m| m.edits)).unwrap_or_default(),
            movie_timescale,
            rtp: track.rtp_description().unwrap_or_default(),
            sync: match first_media {
                // Sound can be heard from anywhere; what hinters mark in it are the packets' own boundaries.
                _ if kind == TrackKind::Audio => SyncTable::default(),
                Some(media) => sync_table(&track, media, first_sample),
                None => track.sync.clone(),
            },
            kind,
            text,
            block_samples: block_samples(&track, media_bytes),
            total_bytes: match (track.user.total_bytes, media_bytes) {
                (0, 0) => track.samples.total_size(),
                (0, media) => media,
                (told, _) => told,
            },
            zero,
            numbers: OnceLock::new(),
            media,
            track,
        })
    }

    /// Track id, as in `control:trackID=`.
    pub fn id(&self) -> u32 {
        self.track.id
    }

    /// What it carries: by its `m=` line, else by its media track.
    pub fn kind(&self) -> TrackKind {
        self.kind
    }

    /// The `udta/name` text, often empty.
    pub fn name(&self) -> &str {
        &self.track.user.name
    }

    /// Units per second of the track's media times.
    pub fn timescale(&self) -> u32 {
        self.track.timescale
    }

    /// RTP clock rate in Hz: `tims`, or else the media timescale.
    pub fn clock_rate(&self) -> u32 {
        self.rtp.clock.unwrap_or(self.track.timescale)
    }

    /// Payload type, by the `m=` line of the track's SDP.
    pub fn payload_type(&self) -> Option<u8> {
        self.text.payload_type
    }

    /// What `a=rtpmap` says behind the payload type, for example `MP4V-ES/90000`; empty if there is none.
    pub fn payload_name(&self) -> &str {
        &self.text.payload_name
    }

    /// `a=x-bufferdelay` of the track, in seconds.
    pub fn buffer_delay(&self) -> Option<f32> {
        self.text.buffer_delay
    }

    /// The track's own lines of SDP (`udta/hnti/sdp `).
    pub fn sdp_lines(&self) -> &str {
        &self.track.user.sdp
    }

    /// Bits per second: the `hinf` total, which includes RTP headers, over the duration. Where the file has none, what
    /// the media amounts to.
    pub fn bit_rate(&self) -> u32 {
        let seconds = self.duration();
        if seconds > 0.0 { (self.total_bytes as f64 * 8.0 / seconds) as u32 } else { 0 }
    }

    /// Length in seconds.
    pub fn duration(&self) -> f64 {
        self.track.seconds()
    }

    /// `snro`: what the hinter wants added to all sequence numbers.
    pub fn sequence_offset(&self) -> i32 {
        self.rtp.sequence_offset
    }

    /// Number of hint samples. They are numbered from 1.
    pub fn sample_count(&self) -> u32 {
        self.track.samples.count()
    }

    /// Number of blocks. They are numbered from 0.
    pub fn block_count(&self) -> u32 {
        self.sample_count().div_ceil(self.block_samples)
    }

    /// The block that a hint sample (from 1) is in.
    pub fn block_of_sample(&self, sample: u32) -> u32 {
        sample.saturating_sub(1) / self.block_samples
    }

    /// First and last sample of a block; `None` beyond the end.
    pub(super) fn block_range(&self, block: u32) -> Option<std::ops::RangeInclusive<u32>> {
        let first = block.checked_mul(self.block_samples)?.checked_add(1)?;
        let last = first.saturating_add(self.block_samples - 1).min(self.sample_count());
        (first <= last).then_some(first..=last)
    }

    /// Start of a hint sample on the movie's timeline, in µs; negative for what a start trim cuts away.
    pub fn sample_time(&self, sample: u32) -> i64 {
        self.due(sample, 0)
    }

    /// The first hint sample that starts at `time_us` (µs on the movie's timeline) or after it; `None` at the end.
    pub fn sample_at_or_after(&self, time_us: i64) -> Option<u32> {
        self.track.samples.at_or_after(clamp(self.media_time_up(time_us)))
    }

    /// The last hint sample that starts at `time_us` (µs on the movie's timeline) or before it; `None` before the first.
    /// This is the sample under way at that time, where DSS 6.0.3 begins to play.
    pub fn sample_at_or_before(&self, time_us: i64) -> Option<u32> {
        let before = self.media_time_up(time_us.saturating_add(1)) - 1;
        self.track.samples.at_or_before(u64::try_from(before).ok()?)
    }

    /// The last sync sample that starts at `time_us` or before it, and its start in µs; `None` if there is none.
    ///
    /// Sync samples are the hint track's, or those of its media track where the hint track's cannot be right.
    pub fn sync_sample_at_or_before(&self, time_us: i64) -> Option<(u32, i64)> {
        let sync = self.sync.at_or_before(self.sample_at_or_before(time_us)?)?;
        Some((sync, self.sample_time(sync)))
    }

    /// The first sync sample that starts at `time_us` or after it, and its start in µs; `None` if there is none.
    pub fn sync_sample_at_or_after(&self, time_us: i64) -> Option<(u32, i64)> {
        let sync = self.sync.at_or_after(self.sample_at_or_after(time_us)?)?;
        (sync <= self.sample_count()).then(|| (sync, self.sample_time(sync)))
    }

    pub(super) fn group_position(&self, sample: u32) -> GroupPosition {
        self.sync.position(sample, self.sample_count())
    }

    /// When a packet is due, in µs on the movie's timeline. Its relative time counts from that of the track's first
    /// packet, whoever plays from wherever: DSS 6.0.3 took the first packet that was ever sent.
    pub(super) fn packet_time(&self, sample: u32, relative_time: i32) -> i64 {
        self.due(sample, i64::from(relative_time) - i64::from(self.zero))
    }

    /// RTP timestamp of a sample before the stream's random base and the packet's own offset are added.
    pub(super) fn rtp_time(&self, sample: u32) -> u32 {
        let clock = i128::from(self.clock_rate());
        let media = (self.media_time(sample) * clock).div_euclid(i128::from(self.track.timescale));
        let delay = i128::from(self.edits.delay) * clock / i128::from(self.movie_timescale);
        // Wraps, as RTP timestamps do.
        (media + delay + i128::from(self.rtp.timestamp_offset)) as u32
    }

    /// Media time of a sample counted from the beginning of what the edit list shows.
    fn media_time(&self, sample: u32) -> i128 {
        i128::from(self.track.samples.time(sample)) - i128::from(self.edits.trim)
    }

    fn due(&self, sample: u32, relative: i64) -> i64 {
        let units = self.media_time(sample) + i128::from(relative);
        clamp_i64((units * MICROS).div_euclid(i128::from(self.track.timescale)) + self.delay_us())
    }

    fn delay_us(&self) -> i128 {
        i128::from(self.edits.delay) * MICROS / i128::from(self.movie_timescale)
    }

    /// Media time of a movie time, rounded up so that a sample's own start in µs leads back to that sample.
    fn media_time_up(&self, time_us: i64) -> i128 {
        let scaled = (i128::from(time_us) - self.delay_us()) * i128::from(self.track.timescale);
        -(-scaled).div_euclid(MICROS) + i128::from(self.edits.trim)
    }
}

/// Packet numbers, for `x-RTP-Meta-Info` and `x-Packet-Range`. The first call for a track reads all its hint samples.
impl Movie {
    /// Number of the first packet of a block; the track's first packet has number 0.
    ///
    /// # Errors
    /// The hint samples cannot be read, or are too many to count.
    pub fn first_packet_of_block(&self, track: &HintTrack, block: u32) -> Result<u64, MovieError> {
        let missing = MovieError::OutOfRange { track: track.id(), what: "block", number: block };
        self.packet_numbers(track)?.get(block as usize).copied().ok_or(missing)
    }

    /// The block that holds the packet of that number; `None` beyond the last packet.
    ///
    /// # Errors
    /// As [`Movie::first_packet_of_block`].
    pub fn block_of_packet(&self, track: &HintTrack, number: u64) -> Result<Option<u32>, MovieError> {
        let numbers = self.packet_numbers(track)?;
        let block = numbers.partition_point(|&first| first <= number);
        Ok((block < numbers.len()).then(|| block.saturating_sub(1) as u32))
    }

    /// First packet number of each block, and the number of all packets at the end.
    fn packet_numbers<'t>(&self, track: &'t HintTrack) -> Result<&'t [u64], MovieError> {
        if let Some(known) = track.numbers.get() {
            return Ok(known);
        }
        if track.sample_count() > MAX_COUNTED_SAMPLES {
            return Err(MovieError::NotAMovie { reason: "too many hint samples to count packets" });
        }
        let mut reader = super::block::HintReader::new(self, track);
        let (mut numbers, mut total) = (Vec::with_capacity(track.block_count() as usize + 1), 0u64);
        for block in 0..track.block_count() {
            numbers.push(total);
            for sample in track.block_range(block).into_iter().flatten() {
                total += u64::from(packet_count(reader.head(sample)?));
            }
        }
        numbers.push(total);
        Ok(track.numbers.get_or_init(|| numbers))
    }
}

/// Finds the tracks of `tref/hint`.
fn references(track: &Track, movie: &Movie) -> Result<Vec<Option<usize>>, MovieError> {
    let wanted = track.hint_references.as_deref().unwrap_or(&[]);
    let found = wanted.iter().map(|&id| match movie.media.iter().position(|m| m.id == id) {
        None if !movie.options().allow_invalid_hint_track_refs => {
            Err(MovieError::MissingTrack { track: track.id, wanted: id })
        }
        found => Ok(found),
    });
    found.collect()
}

/// Relative time of the track's first packet, and the first media sample its first hint sample takes data from. A first
/// hint sample that cannot be read is reported when it is played.
fn first_packet(track: &Track, movie: &Movie) -> (i32, Option<u32>) {
    let Some(place) = track.samples.place(1) else { return (0, None) };
    let source = movie.source(track, place.description);
    let data = source.and_then(|s| track.samples.read_sample(&**s, 1, MAX_HINT_SAMPLE)).unwrap_or_default();
    let Some(Ok(entry)) = packet_entries(&data).next() else { return (0, None) };
    let media = entry.constructors.map_while(Result::ok).find_map(|c| match c {
        Constructor::Sample(s) if s.track >= 0 => Some(s.sample),
        _ => None,
    });
    (entry.relative_time, media)
}

/// The hint track's own sync samples, or its media's where its own are implausible.
fn sync_table(track: &Track, media: &Track, first_sample: Option<u32>) -> SyncTable {
    if media.kind != TrackKind::Video || !track.sync.is_implausible(&media.sync) {
        return track.sync.clone();
    }
    let count = track.samples.count();
    let paired = count.abs_diff(media.samples.count()) <= PAIRED_SLACK;
    let to_hint = |sample: u32| match first_sample {
        Some(first) if paired => sample.checked_sub(first)?.checked_add(1),
        _ => {
            let time = u128::from(media.samples.time(sample)) * u128::from(track.timescale);
            let time = (time + u128::from(media.timescale / 2)) / u128::from(media.timescale);
            track.samples.at_or_before(u64::try_from(time).ok()?)
        }
    };
    let mut samples: Vec<u32> = media.sync.samples().unwrap_or(&[]).iter().filter_map(|&s| to_hint(s)).collect();
    samples.retain(|&s| (1..=count).contains(&s));
    samples.sort_unstable();
    samples.dedup();
    SyncTable::of(samples)
}

/// How many hint samples make a block of about [`BLOCK_TARGET`] bytes, by what the file says of its payload: `hinf`, or
/// the media itself where that is larger.
fn block_samples(track: &Track, media_bytes: u64) -> u32 {
    let count = u64::from(track.samples.count().max(1));
    let average = track.user.total_bytes.max(media_bytes).div_ceil(count).max(1);
    (BLOCK_TARGET / average).clamp(1, MAX_BLOCK_SAMPLES) as u32
}

fn clamp(time: i128) -> u64 {
    u64::try_from(time.max(0)).unwrap_or(u64::MAX)
}

fn clamp_i64(time: i128) -> i64 {
    time.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}
