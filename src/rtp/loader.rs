//! Reads movie blocks on threads of its own, so that a slow disk stalls only the sessions that need it.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use parking_lot::{Condvar, Mutex};

use crate::media::{MovieRef, PacketBlock, PacketCache};

use super::worker::SessionWaker;

/// Bytes of a reader's stack: a movie may be served by a module that knows DSS's threads.
const STACK: usize = 8 << 20;

/// Read-aheads waiting at most; more are forgotten, and the block is read when it is needed.
const MAX_READ_AHEADS: usize = 4096;

/// A block of a movie.
#[derive(Clone)]
pub(super) struct BlockId {
    pub(super) movie: MovieRef,
    /// Index into the movie's hint tracks.
    pub(super) track: usize,
    pub(super) block: u32,
}

/// What a load came to, told as text: it is for the log.
pub(super) type LoadResult = Result<Arc<PacketBlock>, String>;

/// Where the result of a demanded load is left for the session.
#[derive(Default)]
pub(super) struct LoadSlot(Mutex<Option<LoadResult>>);

impl LoadSlot {
    pub(super) fn take(&self) -> Option<LoadResult> {
        self.0.lock().take()
    }
}

struct Demand {
    id: BlockId,
    slot: Arc<LoadSlot>,
    waker: SessionWaker,
}

#[derive(Default)]
struct Queue {
    demands: VecDeque<Demand>,
    read_aheads: VecDeque<BlockId>,
    stopping: bool,
}

struct Shared {
    cache: Arc<PacketCache>,
    queue: Mutex<Queue>,
    work: Condvar,
}

/// The reader threads and the cache they fill.
pub struct BlockLoader {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl BlockLoader {
    /// Starts `threads` readers (at least one) that fill `cache`.
    pub fn start(cache: Arc<PacketCache>, threads: usize) -> io::Result<Arc<Self>> {
        let shared = Arc::new(Shared { cache, queue: Mutex::default(), work: Condvar::new() });
        let mut loader = Self { shared: Arc::clone(&shared), threads: Vec::new() };
        for index in 0..threads.max(1) {
            let shared = Arc::clone(&shared);
            let thread = thread::Builder::new().name(format!("movie-read-{index}")).stack_size(STACK);
            let thread = thread.spawn(move || shared.work())?;
            loader.threads.push(thread);
        }
        Ok(Arc::new(loader))
    }

    /// The cache the readers fill.
    pub fn cache(&self) -> &Arc<PacketCache> {
        &self.shared.cache
    }

    /// Reads a block now and tells `waker` when the slot has it.
    pub(super) fn demand(&self, id: BlockId, waker: &SessionWaker) -> Arc<LoadSlot> {
        let slot = Arc::new(LoadSlot::default());
        let demand = Demand { id, slot: Arc::clone(&slot), waker: waker.clone() };
        self.shared.queue.lock().demands.push_back(demand);
        self.shared.work.notify_one();
        slot
    }

    /// Reads a block into the cache when there is nothing more urgent.
    pub(super) fn read_ahead(&self, id: BlockId) {
        let mut queue = self.shared.queue.lock();
        if queue.read_aheads.len() < MAX_READ_AHEADS {
            queue.read_aheads.push_back(id);
            self.shared.work.notify_one();
        }
    }
}

impl Drop for BlockLoader {
    fn drop(&mut self) {
        self.shared.queue.lock().stopping = true;
        self.shared.work.notify_all();
        for thread in self.threads.drain(..) {
            let _ = thread.join(); // its loads are caught one by one; it has nothing to tell
        }
    }
}

impl Shared {
    fn work(&self) {
        loop {
            let mut queue = self.queue.lock();
            while !queue.stopping && queue.demands.is_empty() && queue.read_aheads.is_empty() {
                self.work.wait(&mut queue);
            }
            if queue.stopping {
                return;
            }
            if let Some(Demand { id, slot, waker }) = queue.demands.pop_front() {
                drop(queue);
                *slot.0.lock() = Some(load(&self.cache, &id));
                waker.wake();
            } else if let Some(id) = queue.read_aheads.pop_front() {
                drop(queue);
                let _ = load(&self.cache, &id); // whoever needs the block will hear of the failure
            }
        }
    }
}

/// Gets a block from the cache or the file. Blocks. A panic is a failed load.
pub(super) fn load(cache: &PacketCache, id: &BlockId) -> LoadResult {
    let get = || {
        let track = id.movie.hint_tracks().get(id.track).ok_or_else(|| format!("no hint track at {}", id.track))?;
        cache.get_or_build(&id.movie, track, id.block).map_err(|error| error.to_string())
    };
    catch_unwind(AssertUnwindSafe(get)).unwrap_or_else(|_| Err("reading the movie panicked".to_owned()))
}
