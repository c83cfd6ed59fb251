//! What the packets of a hinted movie must be: every payload's checksum, computed once from the file, and where in the
//! file a stream that is being received is.
//!
//! Sequence numbers and timestamps of a session begin anywhere, and a play begins where the server found a sync sample.
//! The first packet of a play is therefore looked up by its payload, nearest to where the play begins; from there on
//! each packet must be the one its sequence number says. A server that thins leaves packets out and numbers on: those
//! are looked for a little ahead, and counted.

use std::path::Path;
use std::sync::Arc;

use crate::media::{HintTrack, Movie, MovieError, OpenOptions};

use super::track::RtpHeader;

/// So many packets may be left out in a row by a server that thins: some ten seconds of video.
const MAX_LEFT_OUT: usize = 2000;

/// Folds a payload to 64 bits; quick, and different for payloads that differ in any one place.
pub fn checksum(payload: &[u8]) -> u64 {
    const FACTORS: [u64; 4] =
        [0x9e37_79b9_7f4a_7c15, 0xc2b2_ae3d_27d4_eb4f, 0x1656_67b1_9e37_79f9, 0xd6e8_feb8_6659_fd93];
    let word = |bytes: &[u8]| bytes.first_chunk::<8>().map_or(0, |w| u64::from_le_bytes(*w));
    let mix = |state: u64, word: u64, factor: u64| (state.rotate_left(23) ^ word).wrapping_mul(factor);
    // four sums that do not wait for each other
    let mut states = [payload.len() as u64; 4];
    let mut blocks = payload.chunks_exact(32);
    for block in &mut blocks {
        for ((state, bytes), factor) in states.iter_mut().zip(block.chunks_exact(8)).zip(FACTORS) {
            *state = mix(*state, word(bytes), factor);
        }
    }
    let mut sum = states.iter().fold(0, |sum, state| mix(sum, *state, FACTORS[0]));
    for byte in blocks.remainder() {
        sum = mix(sum, u64::from(*byte), FACTORS[0]);
    }
    sum ^ sum >> 29
}

/// One packet as the file holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Expected {
    checksum: u64,
    rtp_time: u32,
    marker: bool,
    time_us: i64,
}

/// The packets of one hint track, in order.
#[derive(Debug)]
pub struct ExpectedTrack {
    id: u32,
    packets: Vec<Expected>,
    by_checksum: Vec<(u64, u32)>, // sorted
}

impl ExpectedTrack {
    fn new(id: u32, packets: Vec<Expected>) -> Self {
        let mut by_checksum: Vec<_> = (0..).zip(&packets).map(|(n, p): (u32, _)| (p.checksum, n)).collect();
        by_checksum.sort_unstable();
        Self { id, packets, by_checksum }
    }

    /// The packet with this checksum and marker whose time is nearest to `time_us`.
    fn nearest(&self, checksum: u64, marker: bool, time_us: i64) -> Option<usize> {
        let first = self.by_checksum.partition_point(|(sum, _)| *sum < checksum);
        let alike = self.by_checksum.get(first..)?.iter().take_while(|(sum, _)| *sum == checksum);
        let known = alike.filter_map(|(_, n)| Some((*n as usize, self.packets.get(*n as usize)?)));
        let fits = known.filter(|(_, packet)| packet.marker == marker);
        fits.min_by_key(|(_, packet)| packet.time_us.abs_diff(time_us)).map(|(n, _)| n)
    }
}

/// All packets of a movie.
#[derive(Debug)]
pub struct ExpectedMovie {
    tracks: Vec<Arc<ExpectedTrack>>,
}

impl ExpectedMovie {
    /// Reads the whole file once.
    ///
    /// # Errors
    /// The file cannot be read, or is not a hinted movie.
    pub fn read(path: &Path) -> Result<Self, MovieError> {
        let movie = Movie::open(path, &OpenOptions::default())?;
        let tracks = movie.hint_tracks().iter().map(|hint| read_track(&movie, hint));
        Ok(Self { tracks: tracks.collect::<Result<_, _>>()? })
    }

    /// The track that a control URL like `…/trackID=3` names.
    pub fn track(&self, url: &str) -> Option<Arc<ExpectedTrack>> {
        let digits = url.rsplit('=').next()?;
        let id: u32 = digits.trim_end_matches('/').parse().ok()?;
        self.tracks.iter().find(|track| track.id == id).cloned()
    }
}

fn read_track(movie: &Movie, hint: &HintTrack) -> Result<Arc<ExpectedTrack>, MovieError> {
    let mut packets = Vec::new();
    for number in 0..hint.block_count() {
        let block = movie.build_block(hint, number)?;
        packets.extend(block.packets.iter().map(|packet| Expected {
            checksum: checksum(&block.payload(packet)),
            rtp_time: packet.rtp_time,
            marker: packet.marker,
            time_us: packet.time_us,
        }));
        if let Some(error) = block.failure {
            return Err(error);
        }
    }
    Ok(Arc::new(ExpectedTrack::new(hint.id(), packets)))
}

/// Where a stream is in its track.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    sequence: u16,
    packet: usize,
    timestamp: u32, // of the stream, where the file's is 0
}

/// What one packet was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The packet that was due; so many before it were left out.
    Same(u32),
    /// No packet of the file that could be due; the one that should have come, if known.
    Unlike(Option<usize>),
}

/// Follows one stream through its track.
pub struct Verifier {
    track: Arc<ExpectedTrack>,
    anchor: Option<Anchor>,
    begins: Option<Begin>, // a play whose first packet has not been seen
}

/// A play that was asked for, or granted.
#[derive(Clone, Copy, Debug)]
struct Begin {
    start_us: i64,
    first: Option<u16>,
}

impl Verifier {
    /// For a stream of `track` that will play from `start_us` of the movie.
    pub fn new(track: Arc<ExpectedTrack>, start_us: i64) -> Self {
        Self { track, anchor: None, begins: Some(Begin { start_us, first: None }) }
    }

    /// PLAY from `start_us` was sent. Packets of the play before still come.
    pub fn seek(&mut self, start_us: i64) {
        self.begins = Some(Begin { start_us, first: None });
    }

    /// It was granted, from `start_us`; its first sequence number if told. Packets may have come before the answer.
    pub fn granted(&mut self, start_us: i64, first: Option<u16>) {
        if let Some(begins) = &mut self.begins {
            *begins = Begin { start_us, first };
        }
    }

    /// Looks at a packet.
    pub fn packet(&mut self, header: &RtpHeader, payload: &[u8]) -> Found {
        let sum = checksum(payload);
        let begins = self.begins;
        let is_new = begins.and_then(|b| b.first).is_some_and(|f| header.sequence.wrapping_sub(f) as i16 >= 0);
        let mut expected = None;
        if let (Some(anchor), false) = (self.anchor, is_new) {
            let distance = isize::from(header.sequence.wrapping_sub(anchor.sequence) as i16);
            expected = anchor.packet.checked_add_signed(distance);
            // while a play begins, only the very packet that is due shows that the one before goes on
            let reach = if begins.is_some() { 1 } else { MAX_LEFT_OUT };
            if let (Some(due), Some(packet)) = (expected, self.search(anchor, expected, reach, sum, header)) {
                if distance > 0 || packet != due {
                    self.anchor = Some(Anchor { sequence: header.sequence, packet, ..anchor });
                }
                return Found::Same((packet - due) as u32);
            }
        }
        let Some(begins) = begins else { return Found::Unlike(expected) };
        let nearest = self.track.nearest(sum, header.marker, begins.start_us);
        let Some((packet, in_file)) = nearest.and_then(|n| Some((n, self.track.packets.get(n)?))) else {
            return Found::Unlike(expected);
        };
        let timestamp = header.timestamp.wrapping_sub(in_file.rtp_time);
        self.anchor = Some(Anchor { sequence: header.sequence, packet, timestamp });
        self.begins = None;
        Found::Same(0)
    }

    /// The packet that this one is: number `due`, or one of the `reach` from there on.
    fn search(&self, anchor: Anchor, due: Option<usize>, reach: usize, sum: u64, header: &RtpHeader) -> Option<usize> {
        let due = due?;
        let timestamp = header.timestamp.wrapping_sub(anchor.timestamp);
        let ahead = self.track.packets.get(due..)?.iter().take(reach);
        let fits = |p: &Expected| p.checksum == sum && p.rtp_time == timestamp && p.marker == header.marker;
        ahead.enumerate().find(|(_, packet)| fits(packet)).map(|(n, _)| due + n)
    }

    /// Where packet number `n` of the track is, for people.
    pub fn describe(&self, n: Option<usize>) -> String {
        match n.and_then(|n| Some((n, self.track.packets.get(n)?))) {
            Some((n, packet)) => {
                let seconds = packet.time_us as f64 / 1e6;
                format!("track {}, due is packet {n} of {} at {seconds:.3} s", self.track.id, self.track.packets.len())
            }
            None => format!("track {}, where no packet is due", self.track.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(n: u32) -> Vec<u8> {
        (0..200 + n % 7).map(|at| (n * 31 + at) as u8).collect()
    }

    /// 500 packets of 10 ms; 100 on repeats 0 to 99.
    fn track() -> Arc<ExpectedTrack> {
        let packet = |n: u32| Expected {
            checksum: checksum(&payload(n % 100)),
            rtp_time: n * 900,
            marker: n % 3 == 0,
            time_us: i64::from(n) * 10_000,
        };
        Arc::new(ExpectedTrack::new(7, (0..500).map(packet).collect()))
    }

    fn header(sequence: u16, n: u32) -> RtpHeader {
        let timestamp = 4_294_900_000u32.wrapping_add(n * 900);
        RtpHeader { sequence, timestamp, ssrc: 1, marker: n % 3 == 0, payload_at: 12 }
    }

    #[test]
    fn a_checksum_tells_any_one_bit() {
        let whole: Vec<u8> = (0..100).collect();
        for bit in 0..800 {
            let mut other = whole.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(checksum(&whole), checksum(&other), "bit {bit}");
        }
        assert_ne!(checksum(&[0; 5]), checksum(&[0; 6]));
    }

    #[test]
    fn a_stream_is_followed_across_the_wrap_loss_and_reordering() {
        let mut verifier = Verifier::new(track(), 0);
        for (sequence, n) in [(65_534u16, 0), (65_535, 1), (2, 4), (1, 3), (3, 5)] {
            assert_eq!(verifier.packet(&header(sequence, n), &payload(n)), Found::Same(0), "{n}");
        }
    }

    #[test]
    fn a_play_in_the_middle_begins_at_the_nearest_of_equal_packets() {
        let mut verifier = Verifier::new(track(), 2_950_000);
        let base = 1000u32;
        for n in 300..400 {
            let header = RtpHeader { marker: n % 3 == 0, ..header((base + n) as u16, n) };
            assert_eq!(verifier.packet(&header, &payload(n % 100)), Found::Same(0), "{n}");
        }
        verifier.seek(1_000_000);
        // late packets of the play before are still known, then the new one begins with other timestamps
        assert_eq!(verifier.packet(&header(1400, 400), &payload(0)), Found::Same(0));
        verifier.granted(1_000_000, Some(1401));
        let jumped = RtpHeader { timestamp: 5, ..header(1401, 102) };
        assert_eq!(verifier.packet(&jumped, &payload(2)), Found::Same(0));
        let next = RtpHeader { timestamp: 905, ..header(1402, 103) };
        assert_eq!(verifier.packet(&next, &payload(3)), Found::Same(0));
    }

    #[test]
    fn another_payload_timestamp_or_marker_is_unlike() {
        let mut verifier = Verifier::new(track(), 0);
        assert_eq!(verifier.packet(&header(10, 0), &payload(0)), Found::Same(0));
        let mut wrong = payload(1);
        wrong[150] ^= 4;
        assert_eq!(verifier.packet(&header(11, 1), &wrong), Found::Unlike(Some(1)));
        let late = RtpHeader { timestamp: 1, ..header(12, 2) };
        assert_eq!(verifier.packet(&late, &payload(2)), Found::Unlike(Some(2)));
        let unmarked = RtpHeader { marker: false, ..header(13, 3) };
        assert_eq!(verifier.packet(&unmarked, &payload(3)), Found::Unlike(Some(3)));
        assert_eq!(verifier.packet(&header(14, 4), &payload(4)), Found::Same(0));
        assert_eq!(verifier.describe(Some(4)), "track 7, due is packet 4 of 500 at 0.040 s");
    }

    #[test]
    fn what_a_thinning_server_left_out_is_counted() {
        let mut verifier = Verifier::new(track(), 0);
        assert_eq!(verifier.packet(&header(0, 0), &payload(0)), Found::Same(0));
        assert_eq!(verifier.packet(&header(1, 9), &payload(9)), Found::Same(8));
        assert_eq!(verifier.packet(&header(2, 10), &payload(10)), Found::Same(0));
    }
}
