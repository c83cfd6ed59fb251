//! Handles: what modules hold instead of addresses.
//!
//! A handle names a place in a table together with the number of objects that lived there before, so a handle whose
//! object is gone finds nothing, and a number that never was a handle neither.

use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::object::Object;

/// Name of an object, 32 bits, never 0. It stays the same for the object's whole life, and a handle of a dead object is
/// not given to another one for a long time (millions of objects).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(NonZeroU32);

impl Handle {
    /// A handle as a module passes it (a pointer-sized number); `None` for NULL and for what cannot be a handle.
    /// Whether an object of that handle lives is another question.
    pub fn from_raw(raw: usize) -> Option<Self> {
        u32::try_from(raw).ok().and_then(NonZeroU32::new).map(Self)
    }

    /// The pointer-sized number modules see.
    pub const fn to_raw(self) -> usize {
        self.0.get() as usize
    }

    /// The living object of this handle.
    pub fn object(self) -> Option<Arc<Object>> {
        TABLE.get(self)
    }

    fn new(shard: usize, index: usize, generation: u32) -> Self {
        let number = (generation << (SHARD_BITS + INDEX_BITS)) | ((shard as u32) << INDEX_BITS) | index as u32;
        Self(NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN))
    }

    fn shard(self) -> usize {
        (self.0.get() >> INDEX_BITS) as usize % SHARDS
    }

    fn index(self) -> usize {
        self.0.get() as usize % MAX_PER_SHARD
    }

    fn generation(self) -> u32 {
        self.0.get() >> (SHARD_BITS + INDEX_BITS)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({:#x})", self.0)
    }
}

const SHARD_BITS: u32 = 3;
const SHARDS: usize = 1 << SHARD_BITS;
const INDEX_BITS: u32 = 18;
const MAX_PER_SHARD: usize = 1 << INDEX_BITS;

/// Generations run from 1, so that no handle is 0, to this, so that none is all ones. They fit in 16 bits.
const MAX_GENERATION: u32 = (1 << (32 - SHARD_BITS - INDEX_BITS)) - 2;

/// Free places are used again in turn, and not before there are so many: a stale handle stays stale for long.
const MIN_FREE: usize = 1024;

pub(super) static TABLE: Table = Table::new();

/// Every object of the process. Threads start at different shards, so creating and dropping objects rarely meet.
pub(super) struct Table {
    shards: [Mutex<Shard>; SHARDS],
}

struct Shard {
    places: Vec<Place>,
    free: VecDeque<u32>,
    /// The generations of places that were given up, the first of them last: when a place comes back, handles to those who
    /// lived there before are as stale as if it had stayed.
    given_up: Vec<u16>,
}

/// Gives up the room of objects that are gone, as far as it lies at the end of the table. Their handles stay stale.
pub fn shrink_handles() {
    TABLE.shards.iter().for_each(|shard| shard.lock().shrink());
}

struct Place {
    generation: u32,
    object: Weak<Object>,
}

impl Table {
    const fn new() -> Self {
        Self { shards: [const { Mutex::new(Shard::new()) }; SHARDS] }
    }

    /// Makes an object around a new handle.
    ///
    /// # Panics
    /// When some two million objects live.
    pub(super) fn insert(&self, make: impl FnOnce(Handle) -> Object) -> Arc<Object> {
        let start = home_shard();
        for shard in (0..SHARDS).map(|i| (start + i) % SHARDS) {
            let mut places = self.shards[shard].lock();
            if let Some((index, generation)) = places.take() {
                let object = Arc::new(make(Handle::new(shard, index, generation)));
                places.places[index].object = Arc::downgrade(&object);
                return object;
            }
        }
        panic!("no handle left: {} objects live", SHARDS * MAX_PER_SHARD);
    }

    fn get(&self, handle: Handle) -> Option<Arc<Object>> {
        let shard = self.shards[handle.shard()].lock();
        let place = shard.places.get(handle.index())?;
        if place.generation == handle.generation() { place.object.upgrade() } else { None }
    }

    /// Forgets the handle of an object that is being dropped.
    pub(super) fn remove(&self, handle: Handle) {
        let mut shard = self.shards[handle.shard()].lock();
        if let Some(place) = shard.places.get_mut(handle.index()) {
            place.object = Weak::new();
            place.generation = next_generation(place.generation);
            shard.free.push_back(handle.index() as u32);
        }
    }
}

fn next_generation(generation: u32) -> u32 {
    if generation >= MAX_GENERATION { 1 } else { generation + 1 }
}

impl Shard {
    const fn new() -> Self {
        Self { places: Vec::new(), free: VecDeque::new(), given_up: Vec::new() }
    }

    /// Gives up free places at the end, but for as many as must be free at any time.
    fn shrink(&mut self) {
        let mut is_free = vec![false; self.places.len()];
        for index in &self.free {
            is_free[*index as usize] = true;
        }
        let at_end = is_free.iter().rev().take_while(|free| **free).count();
        let kept = self.places.len() - at_end.min(self.free.len().saturating_sub(MIN_FREE));
        self.given_up.extend(self.places.drain(kept..).rev().map(|place| place.generation as u16));
        self.free.retain(|index| (*index as usize) < kept);
        self.places.shrink_to_fit();
        self.free.shrink_to_fit();
    }

    /// A free place and its generation.
    fn take(&mut self) -> Option<(usize, u32)> {
        if self.free.len() <= MIN_FREE && self.places.len() < MAX_PER_SHARD {
            let generation = self.given_up.pop().map_or(1, u32::from);
            self.places.push(Place { generation, object: Weak::new() });
            return Some((self.places.len() - 1, generation));
        }
        let index = self.free.pop_front()? as usize;
        Some((index, self.places[index].generation))
    }
}

/// The shard in which this thread looks first.
fn home_shard() -> usize {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    thread_local!(static HOME: Cell<Option<u32>> = const { Cell::new(None) });
    let home = HOME.get().unwrap_or_else(|| {
        let home = NEXT.fetch_add(1, Ordering::Relaxed);
        HOME.set(Some(home));
        home
    });
    home as usize % SHARDS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qtss::{ObjectStore, ObjectType};

    #[test]
    fn trap_11_a_handle_is_the_same_each_time_and_never_null() {
        let store = ObjectStore::new();
        let session = store.create(ObjectType::ClientSession);
        let handle = session.handle();
        assert_ne!(handle.to_raw(), 0);
        let found = Handle::from_raw(handle.to_raw()).unwrap().object().unwrap();
        assert!(Arc::ptr_eq(&found, &session));
        assert_eq!(found.handle(), handle);
    }

    #[test]
    fn stale_and_foreign_handles_find_nothing() {
        let store = ObjectStore::new();
        let object = store.create(ObjectType::File);
        let handle = object.handle();
        drop(object);
        assert!(handle.object().is_none());
        for _ in 0..5000 {
            store.create(ObjectType::File);
            assert!(handle.object().is_none());
        }
        for raw in [0, 1, 0x1000, usize::MAX, u32::MAX as usize, handle.to_raw() ^ 1] {
            assert!(Handle::from_raw(raw).and_then(Handle::object).is_none(), "{raw:#x}");
        }
    }

    #[test]
    fn threads_make_look_up_and_drop_objects_at_the_same_time() {
        let store = ObjectStore::new();
        let shared: Mutex<Vec<(Handle, u32)>> = Mutex::default();
        std::thread::scope(|scope| {
            for thread in 0..4u32 {
                let (store, shared) = (&store, &shared);
                scope.spawn(move || {
                    for n in 0..2000u32 {
                        let file = store.create(ObjectType::File);
                        let mark = thread << 16 | n;
                        file.set_u64(crate::qtss::attr::qtssFlObjLength, u64::from(mark));
                        shared.lock().push((file.handle(), mark));
                        let (other, expected) = shared.lock()[n as usize / 2];
                        if let Some(found) = other.object() {
                            let length = found.u64(crate::qtss::attr::qtssFlObjLength);
                            assert_eq!(length, Some(u64::from(expected)), "a handle never finds another object");
                        }
                    }
                });
            }
        });
        let handles = shared.into_inner();
        assert_eq!(handles.iter().collect::<std::collections::HashSet<_>>().len(), 8000);
        assert!(handles.iter().all(|(h, _)| h.object().is_none()));
    }

    #[test]
    fn places_are_used_again_only_when_many_are_free() {
        let mut shard = Shard::new();
        for expected in 0..=MIN_FREE {
            assert_eq!(shard.take(), Some((expected, 1)));
        }
        for index in 0..=MIN_FREE {
            shard.places[index].generation += 1;
            shard.free.push_back(index as u32);
        }
        assert_eq!(shard.take(), Some((0, 2)));
        assert_eq!(shard.take(), Some((MIN_FREE + 1, 1)));
    }

    /// As [`Table::remove`] does.
    fn release(shard: &mut Shard, index: usize) {
        shard.places[index].generation = next_generation(shard.places[index].generation);
        shard.free.push_back(index as u32);
    }

    #[test]
    fn places_that_were_given_up_come_back_with_later_generations() {
        let mut shard = Shard::new();
        let taken: Vec<_> = (0..5000).filter_map(|_| shard.take()).collect();
        for (index, _) in taken.iter().filter(|(index, _)| *index != 1500) {
            release(&mut shard, *index);
        }
        shard.shrink();
        assert_eq!(shard.places.len(), 1501, "place 1500 is taken");
        release(&mut shard, 1500);
        shard.shrink();
        assert_eq!((shard.places.len(), shard.free.len()), (MIN_FREE, MIN_FREE));
        let again: Vec<_> = (0..5000).filter_map(|_| shard.take()).collect();
        assert!(again.iter().all(|place| !taken.contains(place)), "none of the first handles is valid again");
    }

    #[test]
    fn however_often_crowds_come_and_go_a_handle_comes_back_only_after_all_generations() {
        let mut shard = Shard::new();
        let mut lives = std::collections::HashMap::new();
        (0..=MIN_FREE).filter_map(|_| shard.take()).for_each(drop);
        (0..=MIN_FREE).for_each(|index| release(&mut shard, index));
        shard.shrink();
        // Places live at different paces: the further behind, the larger a crowd has to be.
        for crowd in 0..MAX_GENERATION as usize + 500 {
            let taken: Vec<_> = (0..=3 * (crowd % 5)).filter_map(|_| shard.take()).collect();
            for (index, generation) in &taken {
                let lives = lives.entry(*index).or_insert_with(Vec::new);
                let recent = lives.len().saturating_sub(MAX_GENERATION as usize - 1);
                assert!(!lives[recent..].contains(generation), "place {index}, life {}", lives.len());
                lives.push(*generation);
            }
            taken.iter().for_each(|(index, _)| release(&mut shard, *index));
            shard.shrink();
            assert_eq!(shard.places.len(), MIN_FREE);
        }
        assert!(shard.given_up.len() <= 1 + 3 * 4, "what is remembered is no more than there were places");
    }

    #[test]
    fn handles_take_all_parts_apart_again() {
        for (shard, index, generation) in [(0, 0, 1), (7, MAX_PER_SHARD - 1, MAX_GENERATION), (3, 77, 9)] {
            let h = Handle::new(shard, index, generation);
            assert_eq!((h.shard(), h.index(), h.generation()), (shard, index, generation));
            assert_ne!(h.to_raw(), u32::MAX as usize);
        }
    }
}
