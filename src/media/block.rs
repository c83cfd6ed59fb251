//! Blocks: runs of hint samples turned into RTP payloads.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::error::MovieError;
use super::hint::{Constructor, FLAG_B_FRAME, FLAG_REPEAT, PacketEntry, SampleData, packet_entries};
use super::hint_track::{HintTrack, MAX_HINT_SAMPLE};
use super::movie::Movie;
use super::source::Window;
use super::table::Place;
use super::track::Track;

/// Largest RTP payload: what a UDP datagram over IPv4 holds (65,507 bytes) less the 12 bytes of the RTP header.
const MAX_PAYLOAD: usize = 65_507 - 12;

/// Most payload bytes of one block. A hint sample of a few kilobytes can ask for gigabytes.
const MAX_BLOCK_BYTES: usize = 32 << 20;

/// Most bytes of hint samples read for one block.
const MAX_BLOCK_HINTS: u64 = 64 << 20;

/// Over how many chunks the data of one constructor may be spread.
const MAX_CHUNKS_PER_RUN: usize = 256;

/// One RTP packet of a hint track, without what belongs to a session (SSRC, bases of sequence and timestamp).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// When it is due, in µs on the movie's timeline: media time, edits, and its relative transmission time. May be
    /// negative.
    pub time_us: i64,
    /// RTP timestamp in clock ticks, all of the file's offsets (`rtpo`, `tsro`, edits) included.
    pub rtp_time: u32,
    /// RTP marker bit.
    pub marker: bool,
    /// RTP payload type, 0 to 127.
    pub payload_type: u8,
    /// Padding (0x20) and extension (0x10) bits to set in the first byte of the RTP header.
    pub rtp_bits: u8,
    /// Sequence number that the hinter gave it.
    pub hint_seq: u16,
    /// Number of its hint sample, from 1.
    pub sample: u32,
    /// What may be left out, and what may be started at.
    pub flags: PacketFlags,
    /// Samples since the last sync sample; 0 on one.
    pub gop_index: u32,
    /// Samples from the last sync sample to the next, or to the end of the track.
    pub gop_len: u32,
    /// Its payload in [`PacketBlock::data`], without RTP header.
    pub range: Range<u32>,
    /// Byte offset of its hint entry in the file: grows from packet to packet of a chunk.
    pub position: u64,
}

/// Facts about a packet, as bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PacketFlags(u8);

impl PacketFlags {
    /// A copy of an earlier packet, of no use to receivers that lose nothing.
    pub const REPEAT: Self = Self(1);
    /// No other frame depends on this one.
    pub const B_FRAME: Self = Self(2);
    /// Part of a sync sample: decoding can start here.
    pub const SYNC: Self = Self(4);

    /// Whether all bits of `other` are set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    fn with(self, flag: Self, on: bool) -> Self {
        if on { Self(self.0 | flag.0) } else { self }
    }
}

impl std::ops::BitOr for PacketFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The packets of consecutive hint samples, built once and shared.
#[derive(Debug, Clone)]
pub struct PacketBlock {
    /// In the order of the file.
    pub packets: Vec<Packet>,
    /// All payloads, one behind the other.
    pub data: Bytes,
    /// Set when the hint sample behind the last packet could not be built: a stream ends there.
    pub failure: Option<MovieError>,
}

impl PacketBlock {
    /// The payload of one of this block's packets.
    pub fn payload(&self, packet: &Packet) -> Bytes {
        let range = packet.range.start as usize..packet.range.end as usize;
        if range.start <= range.end && range.end <= self.data.len() { self.data.slice(range) } else { Bytes::new() }
    }

    /// Memory it takes, in bytes.
    pub fn cost(&self) -> usize {
        size_of::<Self>() + self.data.len() + self.packets.capacity() * size_of::<Packet>()
    }
}

impl Movie {
    /// Builds one block of a hint track of this movie. Reads the file.
    ///
    /// # Errors
    /// There is no such block, or nothing of it can be built. When only its end is bad the block says so in
    /// [`PacketBlock::failure`].
    pub fn build_block(&self, track: &HintTrack, block: u32) -> Result<PacketBlock, MovieError> {
        let missing = MovieError::OutOfRange { track: track.id(), what: "block", number: block };
        let samples = track.block_range(block).ok_or(missing)?;
        let mut builder = Builder::new(self, track);
        let mut failure = None;
        for sample in samples {
            let (packets, bytes) = (builder.packets.len(), builder.data.len());
            if let Err(e) = builder.add(sample) {
                // Half a sample is of no use.
                builder.packets.truncate(packets);
                builder.data.truncate(bytes);
                if packets == 0 {
                    return Err(e);
                }
                failure = Some(e);
                break;
            }
        }
        builder.packets.shrink_to_fit();
        builder.data.shrink_to_fit();
        Ok(PacketBlock { packets: builder.packets, data: builder.data.into(), failure })
    }
}

/// Reads hint samples of one track in order.
pub(super) struct HintReader<'m> {
    track: &'m HintTrack,
    windows: Windows<'m>,
}

impl<'m> HintReader<'m> {
    pub(super) fn new(movie: &'m Movie, track: &'m HintTrack) -> Self {
        Self { track, windows: Windows { movie, open: Vec::new() } }
    }

    /// The first two bytes of a hint sample, as far as it has them.
    pub(super) fn head(&mut self, sample: u32) -> Result<&[u8], MovieError> {
        let place = place(&self.track.track, sample)?;
        self.windows.read(&self.track.track, place.description, place.offset, place.size.min(2) as usize)
    }
}

/// One read window for each track and sample description in use.
struct Windows<'m> {
    movie: &'m Movie,
    open: Vec<((u32, u32), Window)>,
}

impl Windows<'_> {
    fn read(&mut self, track: &Track, description: u32, offset: u64, len: usize) -> Result<&[u8], MovieError> {
        let key = (track.id, description);
        let i = match self.open.iter().position(|(k, _)| *k == key) {
            Some(i) => i,
            None => {
                let lost = || io::Error::new(io::ErrorKind::NotFound, "its data reference cannot be followed");
                let source = self.movie.source(track, description).ok_or_else(|| io_error(track, lost()))?;
                self.open.push((key, Window::new(Arc::clone(source))));
                self.open.len() - 1
            }
        };
        match self.open.get_mut(i) {
            Some((_, window)) => window.read(offset, len).map_err(|e| io_error(track, e)),
            None => Ok(&[]),
        }
    }
}

fn io_error(track: &Track, error: io::Error) -> MovieError {
    MovieError::io(format!("samples of track {}", track.id), error)
}

fn place(track: &Track, sample: u32) -> Result<Place, MovieError> {
    track.samples.place(sample).ok_or(MovieError::OutOfRange { track: track.id, what: "sample", number: sample })
}

struct Builder<'m> {
    track: &'m HintTrack,
    movie: &'m Movie,
    windows: Windows<'m>,
    hints: u64,
    sample: Vec<u8>,
    packets: Vec<Packet>,
    data: Vec<u8>,
}

impl<'m> Builder<'m> {
    fn new(movie: &'m Movie, track: &'m HintTrack) -> Self {
        Self {
            track,
            movie,
            windows: Windows { movie, open: Vec::new() },
            hints: 0,
            sample: Vec::new(),
            packets: Vec::new(),
            data: Vec::new(),
        }
    }

    /// Builds all packets of one hint sample.
    fn add(&mut self, number: u32) -> Result<(), MovieError> {
        let place = place(&self.track.track, number)?;
        self.hints += u64::from(place.size);
        if place.size > MAX_HINT_SAMPLE || self.hints > MAX_BLOCK_HINTS {
            return Err(self.bad(number, "too large"));
        }
        let mut sample = std::mem::take(&mut self.sample);
        sample.clear();
        sample.extend_from_slice(self.windows.read(
            &self.track.track,
            place.description,
            place.offset,
            place.size as usize,
        )?);
        for entry in packet_entries(&sample) {
            let entry = entry.map_err(|e| match e {
                MovieError::Malformed { reason, .. } => self.bad(number, reason),
                other => other,
            })?;
            self.add_packet(number, place.offset, entry)?;
        }
        self.sample = sample;
        Ok(())
    }

    fn add_packet(&mut self, number: u32, offset: u64, entry: PacketEntry<'_>) -> Result<(), MovieError> {
        let start = self.data.len();
        for constructor in entry.constructors.clone() {
            let constructor = constructor.map_err(|_| self.bad(number, "bad constructor"))?;
            self.construct(number, &constructor)?;
            if self.data.len() - start > MAX_PAYLOAD {
                return Err(self.bad(number, "packet is larger than a datagram"));
            }
        }
        if self.data.len() > MAX_BLOCK_BYTES {
            return Err(self.bad(number, "too many packets"));
        }
        let group = self.track.group_position(number);
        self.packets.push(Packet {
            time_us: self.track.packet_time(number, entry.relative_time),
            rtp_time: self.track.rtp_time(number).wrapping_add_signed(entry.timestamp_offset),
            marker: entry.marker,
            payload_type: entry.payload_type,
            rtp_bits: entry.rtp_bits,
            hint_seq: entry.sequence,
            sample: number,
            flags: PacketFlags::default()
                .with(PacketFlags::REPEAT, entry.flags & FLAG_REPEAT != 0)
                .with(PacketFlags::B_FRAME, entry.flags & FLAG_B_FRAME != 0)
                .with(PacketFlags::SYNC, group.is_sync),
            gop_index: group.index,
            gop_len: group.len,
            range: start as u32..self.data.len() as u32,
            position: offset.saturating_add(entry.position as u64),
        });
        Ok(())
    }

    fn construct(&mut self, number: u32, constructor: &Constructor<'_>) -> Result<(), MovieError> {
        match *constructor {
            Constructor::Noop => Ok(()),
            Constructor::Immediate(data) => {
                self.data.extend_from_slice(data);
                Ok(())
            }
            Constructor::Sample(piece) => {
                let track = self.referenced(number, piece.track)?;
                self.copy_sample(number, track, &piece)
            }
            Constructor::Description { track, len, number: description, offset } => {
                let raw = self.referenced(number, track)?.description(description).map(|d| d.raw.as_slice());
                let from = offset as usize;
                let piece = raw.and_then(|d| d.get(from..from.checked_add(usize::from(len))?));
                let piece = piece.ok_or_else(|| self.bad(number, "sample description is shorter than asked for"))?;
                self.data.extend_from_slice(piece);
                Ok(())
            }
        }
    }

    /// The track that a constructor's index names.
    fn referenced(&self, number: u32, index: i8) -> Result<&'m Track, MovieError> {
        if index == -1 {
            return Ok(&self.track.track);
        }
        let index = usize::try_from(index).ok().and_then(|i| self.track.media.get(i));
        let index = index.ok_or_else(|| self.bad(number, "track index is out of range"))?;
        index
            .and_then(|i| self.movie.media.get(i))
            .ok_or_else(|| self.bad(number, "takes data from a track that the movie does not have"))
    }

    fn copy_sample(&mut self, number: u32, track: &Track, piece: &SampleData) -> Result<(), MovieError> {
        let (bytes, samples) = (piece.bytes_per_block.max(1), piece.samples_per_block.max(1));
        let fixed = track.samples.fixed_size();
        if bytes > 1 || samples > 1 {
            return self.copy_run(number, track, piece, (u64::from(bytes), u64::from(samples)));
        }
        let place = place(track, piece.sample)?;
        if u64::from(piece.offset) + u64::from(piece.len) <= u64::from(place.size) {
            let at = place.offset.saturating_add(u64::from(piece.offset));
            let data = self.windows.read(track, place.description, at, usize::from(piece.len))?;
            self.data.extend_from_slice(data);
            return Ok(());
        }
        match fixed {
            // Uncompressed audio: samples of a few bytes each, of which a packet takes a run.
            Some(size) if size > 0 => self.copy_run(number, track, piece, (u64::from(size), 1)),
            _ => Err(self.bad(number, "takes data from beyond the end of a sample")),
        }
    }

    /// Copies from compressed audio (QTFF, "Sample data constructor"): bytes are counted by blocks from the sample's
    /// place in its chunk, and the run goes on in the next chunk.
    fn copy_run(
        &mut self,
        number: u32,
        track: &Track,
        piece: &SampleData,
        (bytes, samples): (u64, u64),
    ) -> Result<(), MovieError> {
        let place = place(track, piece.sample)?;
        let in_chunk = u64::from(piece.sample - place.chunk_first);
        let mut skip = in_chunk * bytes / samples + u64::from(piece.offset);
        let mut left = u64::from(piece.len);
        for chunk in (place.chunk..).take(MAX_CHUNKS_PER_RUN) {
            let Some(chunk) = track.samples.chunk(chunk) else { break };
            let size = (u64::from(chunk.samples) * bytes).div_ceil(samples);
            let take = size.saturating_sub(skip).min(left);
            if take > 0 {
                let at = chunk.offset.saturating_add(skip);
                let data = self.windows.read(track, chunk.description, at, take as usize)?;
                self.data.extend_from_slice(data);
            }
            skip = skip.saturating_sub(size);
            left -= take;
            if left == 0 {
                return Ok(());
            }
        }
        Err(self.bad(number, "takes data from beyond the end of a track"))
    }

    fn bad(&self, sample: u32, reason: &'static str) -> MovieError {
        MovieError::BadHint { track: self.track.id(), sample, reason }
    }
}
