//! The last seconds of a broadcast, which all its listeners share.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};
use smallvec::SmallVec;

/// Most bytes that a broadcast keeps, whatever its rate.
pub(super) const MAX_BYTES: usize = 4 << 20;

/// Most bytes that a listener takes at once.
const MAX_TAKEN: usize = 64 * 1024;

/// Pieces that are taken at once without a list on the heap.
pub(super) type Taken = SmallVec<[Bytes; 8]>;

/// Pieces of a broadcast, each at its place: the number of bytes that were sent before it.
#[derive(Debug)]
pub(super) struct Ring {
    pieces: VecDeque<Kept>,
    head: u64,
    held: usize,
    keep_ms: i64,
    /// Listeners may not begin before this place.
    floor: u64,
    /// They have to begin there.
    is_only_begin: bool,
}

#[derive(Debug)]
struct Kept {
    bytes: Bytes,
    at: u64,
    /// Decoding may begin with it.
    is_entry: bool,
    time_ms: i64,
}

impl Ring {
    /// An empty ring that keeps pieces for `keep_ms` milliseconds.
    pub(super) fn new(keep_ms: i64) -> Self {
        Self { pieces: VecDeque::new(), head: 0, held: 0, keep_ms, floor: 0, is_only_begin: false }
    }

    /// The place behind the last piece.
    pub(super) fn head(&self) -> u64 {
        self.head
    }

    /// Adds a piece that came at `now_ms`, and lets go of old ones.
    pub(super) fn push(&mut self, bytes: Bytes, is_entry: bool, now_ms: i64) {
        let len = bytes.len();
        self.pieces.push_back(Kept { bytes, at: self.head, is_entry, time_ms: now_ms });
        self.head += len as u64;
        self.held += len;
        let is_old = |kept: &Kept, held: usize| held > MAX_BYTES || kept.time_ms < now_ms - self.keep_ms;
        while self.pieces.len() > 1 && self.pieces.front().is_some_and(|kept| is_old(kept, self.held)) {
            let gone = self.pieces.pop_front();
            self.held -= gone.map_or(0, |kept| kept.bytes.len());
        }
    }

    /// Whoever comes from now on begins here or, unless `only`, later.
    pub(super) fn set_floor(&mut self, only: bool) {
        (self.floor, self.is_only_begin) = (self.head, only);
    }

    /// Where a listener begins who is to have the last `burst_ms` milliseconds at once: at a frame, if there is one.
    pub(super) fn begin(&self, burst_ms: i64) -> u64 {
        if self.is_only_begin {
            return self.floor;
        }
        let Some(newest) = self.pieces.back().filter(|_| burst_ms > 0) else { return self.head };
        let from = newest.time_ms - burst_ms;
        let recent = || self.pieces.iter().filter(|kept| kept.time_ms > from && kept.at >= self.floor);
        recent().find(|kept| kept.is_entry).or_else(|| recent().next()).map_or(self.head, |kept| kept.at)
    }

    /// What there is from a place on, 64 KB at most; nothing at the head. `None` when it is gone already.
    pub(super) fn take(&self, from: u64) -> Option<Taken> {
        let first = self.pieces.partition_point(|kept| kept.at + kept.bytes.len() as u64 <= from);
        let mut taken = Taken::new();
        let mut left = MAX_TAKEN;
        for kept in self.pieces.range(first..) {
            if taken.is_empty() && from < kept.at {
                return None;
            }
            let mut bytes = kept.bytes.clone();
            bytes.advance(usize::try_from(from.saturating_sub(kept.at)).unwrap_or(0).min(bytes.len()));
            bytes.truncate(left);
            left -= bytes.len();
            taken.push(bytes);
            if left == 0 {
                break;
            }
        }
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(pieces: &[(&'static str, bool, i64)]) -> Ring {
        let mut ring = Ring::new(1000);
        pieces.iter().for_each(|(text, entry, at)| ring.push(Bytes::from_static(text.as_bytes()), *entry, *at));
        ring
    }

    fn taken(ring: &Ring, from: u64) -> Option<String> {
        Some(ring.take(from)?.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect())
    }

    #[test]
    fn what_is_taken_begins_at_the_place_and_goes_on_to_the_head() {
        let ring = ring(&[("abc", true, 0), ("de", true, 250), ("fgh", true, 500)]);
        assert_eq!(taken(&ring, 0).as_deref(), Some("abcdefgh"));
        assert_eq!(taken(&ring, 4).as_deref(), Some("efgh"));
        assert_eq!(taken(&ring, 8).as_deref(), Some(""));
        assert_eq!(taken(&ring, 99).as_deref(), Some(""));
    }

    #[test]
    fn old_pieces_go_by_time_and_by_size() {
        let mut ring = ring(&[("abc", true, 0), ("de", true, 999), ("fgh", true, 1001)]);
        assert_eq!(taken(&ring, 0), None, "older than a second");
        assert_eq!(taken(&ring, 3).as_deref(), Some("defgh"));
        for _ in 0..10 {
            ring.push(Bytes::from(vec![0; MAX_BYTES / 4]), true, 1002);
            assert!(ring.held <= MAX_BYTES);
        }
        ring.push(Bytes::from(vec![0; MAX_BYTES * 2]), true, 1002);
        assert_eq!(ring.pieces.len(), 1, "the newest piece stays");
    }

    #[test]
    fn a_burst_begins_at_a_frame_of_its_time() {
        let pieces = [("abc", true, 0), ("de", false, 250), ("fgh", true, 500), ("ijk", false, 750)];
        let of = |burst| ring(&pieces).begin(burst);
        assert_eq!([of(0), of(250), of(500), of(501), of(750), of(751), of(9999)], [11, 8, 5, 5, 5, 0, 0]);
        assert_eq!(Ring::new(10).begin(500), 0);
        let opaque = ring(&[("abc", false, 0), ("de", false, 250), ("fgh", false, 500)]);
        assert_eq!(opaque.begin(400), 3, "without frames it begins anywhere");
    }

    #[test]
    fn nobody_begins_before_the_floor() {
        let mut ring = ring(&[("abc", true, 0)]);
        ring.set_floor(true);
        assert_eq!(ring.begin(500), 3);
        ring.push(Bytes::from_static(b"de"), true, 10);
        assert_eq!([ring.begin(500), ring.begin(0)], [3, 3]);
        ring.set_floor(false);
        assert_eq!([ring.begin(500), ring.begin(0)], [5, 5]);
        ring.push(Bytes::from_static(b"fg"), true, 20);
        assert_eq!([ring.begin(500), ring.begin(0)], [5, 7]);
    }
}
