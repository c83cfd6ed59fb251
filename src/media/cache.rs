//! Built packet blocks, shared by all sessions.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use super::block::PacketBlock;
use super::error::MovieError;
use super::hint_track::HintTrack;
use super::movie::Movie;

/// A movie as sessions and caches hold it.
pub type MovieRef = Arc<Movie>;

/// Most shards, so that send workers seldom wait for one another.
const MAX_SHARDS: usize = 16;

/// A shard is worth having for this many bytes.
const SHARD_BYTES: usize = 4 << 20;

/// What an entry costs beyond its block, in bytes: key, map and queue slots.
const ENTRY_OVERHEAD: usize = 128;

/// Bounded cache of [`PacketBlock`]s.
///
/// A block that several sessions ask for at once is built once, by the first of them, while the others wait. When a
/// shard is full, blocks go that nobody has asked for since they were last looked at ("second chance"). A block stays
/// alive as long as someone sends from it, whatever the cache does.
pub struct PacketCache {
    shards: Vec<Mutex<Shard>>,
    shard_bytes: usize,
}

/// Movie, track, block.
type Key = (u64, u32, u32);

#[derive(Default)]
struct Shard {
    entries: HashMap<Key, Entry>,
    /// Keys of the ready entries, next candidate for removal first.
    queue: VecDeque<Key>,
    bytes: usize,
}

enum Entry {
    Ready { block: Arc<PacketBlock>, cost: usize, used: bool },
    Building(Arc<Flight>),
}

/// One build under way.
#[derive(Default)]
struct Flight {
    result: Mutex<Option<BuildResult>>,
    done: Condvar,
}

type BuildResult = Result<Arc<PacketBlock>, MovieError>;

impl PacketCache {
    /// A cache for about `max_bytes` of payload and bookkeeping.
    pub fn new(max_bytes: usize) -> Self {
        let count = (max_bytes / SHARD_BYTES).clamp(1, MAX_SHARDS);
        Self { shards: (0..count).map(|_| Mutex::default()).collect(), shard_bytes: max_bytes / count }
    }

    /// The block if it is there. Never waits for a file.
    pub fn get(&self, movie: &MovieRef, track: &HintTrack, block: u32) -> Option<Arc<PacketBlock>> {
        let key = (movie.uid(), track.id(), block);
        self.shard(&key)?.lock().ready(&key)
    }

    /// The block, built from the file if need be. Blocks the thread while it is read, here or on another thread.
    ///
    /// # Errors
    /// What [`Movie::build_block`] says. Errors are not cached: the next call tries again.
    pub fn get_or_build(&self, movie: &MovieRef, track: &HintTrack, block: u32) -> BuildResult {
        let key = (movie.uid(), track.id(), block);
        self.get_or_insert_with(key, || movie.build_block(track, block))
    }

    /// Bytes of all blocks held now.
    pub fn bytes(&self) -> usize {
        self.shards.iter().map(|s| s.lock().bytes).sum()
    }

    /// Number of blocks held now.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|s| s.lock().queue.len()).sum()
    }

    /// Whether no block is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn get_or_insert_with(&self, key: Key, build: impl FnOnce() -> Result<PacketBlock, MovieError>) -> BuildResult {
        let Some(shard) = self.shard(&key) else { return build().map(Arc::new) };
        let flight = {
            let mut shard = shard.lock();
            if let Some(block) = shard.ready(&key) {
                return Ok(block);
            }
            match shard.entries.get(&key) {
                Some(Entry::Building(flight)) => {
                    let flight = Arc::clone(flight);
                    drop(shard);
                    return flight.wait();
                }
                _ => {
                    let flight = Arc::new(Flight::default());
                    shard.entries.insert(key, Entry::Building(Arc::clone(&flight)));
                    flight
                }
            }
        };
        // Should the build panic, those who wait are told when the landing is dropped.
        let mut landing = Landing { shard, key, flight, limit: self.shard_bytes, result: None };
        let result = build().map(Arc::new);
        landing.result = Some(result.clone());
        result
    }

    fn shard(&self, key: &Key) -> Option<&Mutex<Shard>> {
        let mix = (key.0 << 40) ^ (u64::from(key.1) << 32) ^ u64::from(key.2);
        let hash = mix.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        self.shards.get(hash as usize % self.shards.len())
    }
}

impl Flight {
    fn wait(&self) -> BuildResult {
        let mut result = self.result.lock();
        loop {
            if let Some(result) = &*result {
                return result.clone();
            }
            self.done.wait(&mut result);
        }
    }
}

/// Ends a build: stores the block and wakes those who wait for it.
struct Landing<'a> {
    shard: &'a Mutex<Shard>,
    key: Key,
    flight: Arc<Flight>,
    limit: usize,
    result: Option<BuildResult>,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        let result = self.result.take().unwrap_or(Err(MovieError::NotAMovie { reason: "building packets panicked" }));
        let mut shard = self.shard.lock();
        shard.entries.remove(&self.key);
        if let Ok(block) = &result {
            shard.insert(self.key, Arc::clone(block), self.limit);
        }
        drop(shard);
        *self.flight.result.lock() = Some(result);
        self.flight.done.notify_all();
    }
}

impl Shard {
    fn ready(&mut self, key: &Key) -> Option<Arc<PacketBlock>> {
        match self.entries.get_mut(key) {
            Some(Entry::Ready { block, used, .. }) => {
                *used = true;
                Some(Arc::clone(block))
            }
            _ => None,
        }
    }

    /// Adds a block after making room. A block larger than the shard is not kept.
    fn insert(&mut self, key: Key, block: Arc<PacketBlock>, limit: usize) {
        let cost = block.cost() + ENTRY_OVERHEAD;
        if cost > limit {
            return;
        }
        while self.bytes + cost > limit {
            let Some(oldest) = self.queue.pop_front() else { break };
            match self.entries.get_mut(&oldest) {
                Some(Entry::Ready { used, .. }) if *used => {
                    *used = false;
                    self.queue.push_back(oldest);
                }
                Some(Entry::Ready { cost, .. }) => {
                    self.bytes -= *cost;
                    self.entries.remove(&oldest);
                }
                _ => {}
            }
        }
        self.bytes += cost;
        self.queue.push_back(key);
        self.entries.insert(key, Entry::Ready { block, cost, used: false });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::media::test_movie::SampleMovie;

    fn block(len: usize) -> PacketBlock {
        PacketBlock { packets: Vec::new(), data: vec![0; len].into(), failure: None }
    }

    fn put(cache: &PacketCache, n: u32) {
        cache.get_or_insert_with((1, 1, n), || Ok(block(1000))).unwrap();
    }

    fn has(cache: &PacketCache, n: u32) -> bool {
        cache.shard(&(1, 1, n)).unwrap().lock().ready(&(1, 1, n)).is_some()
    }

    #[test]
    fn a_block_is_built_once_and_then_shared() {
        let movie = SampleMovie::video().open().unwrap();
        let (cache, track) = (PacketCache::new(1 << 20), movie.hint_track(2).unwrap());
        assert!(cache.get(&movie, track, 0).is_none());
        let first = cache.get_or_build(&movie, track, 0).unwrap();
        assert!(Arc::ptr_eq(&first, &cache.get(&movie, track, 0).unwrap()));
        assert!(Arc::ptr_eq(&first, &cache.get_or_build(&movie, track, 0).unwrap()));
        assert!(cache.get_or_build(&movie, track, 1).is_err());
        assert_eq!(cache.len(), 1);
    }

    #[test]
    fn many_who_ask_at_once_cause_one_build() {
        let (cache, builds, gate) = (PacketCache::new(1 << 20), AtomicU32::new(0), Barrier::new(8));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    gate.wait();
                    let build = || {
                        builds.fetch_add(1, Ordering::SeqCst);
                        Ok(block(10))
                    };
                    cache.get_or_insert_with((1, 1, 1), build).unwrap()
                });
            }
        });
        assert_eq!(builds.into_inner(), 1);
    }

    #[test]
    fn the_cache_stays_within_its_bytes_and_keeps_what_is_used() {
        let cache = PacketCache::new(10_000);
        for n in 0..8 {
            put(&cache, n);
        }
        assert_eq!(cache.len(), 8);
        for n in 8..40 {
            assert!(has(&cache, 0), "before {n}");
            put(&cache, n);
            assert!(cache.bytes() <= 10_000);
        }
        assert!(!has(&cache, 1));
        assert!(has(&cache, 39));
    }

    #[test]
    fn a_block_larger_than_the_cache_is_only_passed_on() {
        let cache = PacketCache::new(100);
        put(&cache, 1);
        assert!(cache.is_empty());
        assert_eq!(cache.bytes(), 0);
    }

    #[test]
    fn an_error_is_told_and_tried_again() {
        let cache = PacketCache::new(1 << 20);
        let fail = || Err(MovieError::NotAMovie { reason: "test" });
        assert!(cache.get_or_insert_with((1, 1, 1), fail).is_err());
        put(&cache, 1);
        assert!(has(&cache, 1));
    }

    #[test]
    fn a_panic_while_building_leaves_nobody_waiting() {
        let cache = PacketCache::new(1 << 20);
        let build = || -> Result<PacketBlock, MovieError> { std::panic::resume_unwind(Box::new("bad movie")) };
        let panicked =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| cache.get_or_insert_with((1, 1, 1), build)));
        assert!(panicked.is_err());
        put(&cache, 1);
        assert!(has(&cache, 1));
    }
}
