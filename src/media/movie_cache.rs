//! Open movies, shared by the sessions that play them.

use std::collections::{HashMap, VecDeque};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::cache::MovieRef;
use super::error::MovieError;
use super::movie::{Movie, OpenOptions};

/// Slots of movies that nobody has open any more are swept out when there are this many slots, and at each doubling.
const FIRST_SWEEP: usize = 64;

/// Open movies by path.
///
/// A movie stays in here as long as a session holds it, or while it is among the last few that were opened. Each
/// [`open`](MovieCache::open) compares length, modification time and inode of the file, so that a file that was replaced
/// is read afresh; sessions of the old one keep their own tables and their open file.
pub struct MovieCache {
    state: Mutex<State>,
    keep: usize,
}

struct State {
    slots: HashMap<PathBuf, Arc<Mutex<Option<Slot>>>>,
    recent: VecDeque<MovieRef>,
    sweep_at: usize,
}

struct Slot {
    version: Version,
    options: OpenOptions,
    movie: Weak<Movie>,
}

/// What tells two versions of a file apart.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Version {
    device: u64,
    inode: u64,
    len: u64,
    modified: (i64, i64),
}

impl Version {
    fn of(m: &Metadata) -> Self {
        Self { device: m.dev(), inode: m.ino(), len: m.len(), modified: (m.mtime(), m.mtime_nsec()) }
    }
}

impl MovieCache {
    /// A cache that keeps the last `keep` movies open even when no session has them.
    pub fn new(keep: usize) -> Self {
        let state = State { slots: HashMap::new(), recent: VecDeque::new(), sweep_at: FIRST_SWEEP };
        Self { state: Mutex::new(state), keep }
    }

    /// The movie of that path as the file is now. Reads the file system; several callers for one path wait for one of
    /// them to parse it.
    ///
    /// # Errors
    /// As [`Movie::open`].
    pub fn open(&self, path: &Path, options: &OpenOptions) -> Result<MovieRef, MovieError> {
        let slot = self.slot(path);
        let mut slot = slot.lock();
        let version = match std::fs::metadata(path) {
            Ok(metadata) => Some(Version::of(&metadata)),
            // Let `Movie::open` find the words.
            Err(_) => None,
        };
        let known = slot.as_ref().filter(|s| Some(&s.version) == version.as_ref() && s.options == *options);
        if let Some(movie) = known.and_then(|s| s.movie.upgrade()) {
            return Ok(movie);
        }
        *slot = None;
        let movie = Arc::new(Movie::open(path, options)?);
        if let Some(version) = version {
            // If the file changed in between, its version of before never comes back and the next call parses again.
            *slot = Some(Slot { version, options: *options, movie: Arc::downgrade(&movie) });
        }
        drop(slot);
        self.remember(&movie);
        Ok(movie)
    }

    /// Number of movies that are open now.
    pub fn len(&self) -> usize {
        let slots: Vec<_> = self.state.lock().slots.values().cloned().collect();
        slots.iter().filter(|s| s.lock().as_ref().is_some_and(|s| s.movie.strong_count() > 0)).count()
    }

    /// Whether no movie is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn slot(&self, path: &Path) -> Arc<Mutex<Option<Slot>>> {
        let mut state = self.state.lock();
        if let Some(slot) = state.slots.get(path) {
            return Arc::clone(slot);
        }
        if state.slots.len() >= state.sweep_at {
            // A slot in use by another thread is locked or referenced; it stays.
            state.slots.retain(|_, slot| {
                let used = slot.try_lock().is_none_or(|s| s.as_ref().is_some_and(|s| s.movie.strong_count() > 0));
                used || Arc::strong_count(slot) > 1
            });
            state.sweep_at = (state.slots.len() * 2).max(FIRST_SWEEP);
        }
        Arc::clone(state.slots.entry(path.to_owned()).or_default())
    }

    fn remember(&self, movie: &MovieRef) {
        let mut state = self.state.lock();
        state.recent.push_back(Arc::clone(movie));
        let excess = state.recent.len().saturating_sub(self.keep);
        let dropped: Vec<_> = state.recent.drain(..excess).collect();
        drop(state);
        // Closing files is not worth holding everyone up for.
        drop(dropped);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::test_movie::SampleMovie;

    fn write(path: &Path, duration: u32) {
        let movie = SampleMovie { duration, ..SampleMovie::video() };
        let temporary = path.with_extension("new");
        std::fs::write(&temporary, movie.bytes()).unwrap();
        std::fs::rename(temporary, path).unwrap();
    }

    #[test]
    fn sessions_share_a_movie_until_the_last_one_closes_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.mov");
        write(&path, 600);
        let cache = MovieCache::new(0);
        let first = cache.open(&path, &OpenOptions::default()).unwrap();
        let second = cache.open(&path, &OpenOptions::default()).unwrap();
        assert!(Arc::ptr_eq(&first, &second));
        assert_eq!(cache.len(), 1);
        drop((first, second));
        assert!(cache.is_empty());
    }

    #[test]
    fn a_replaced_file_is_noticed_and_the_old_one_plays_on() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.mov");
        write(&path, 600);
        let cache = MovieCache::new(4);
        let old = cache.open(&path, &OpenOptions::default()).unwrap();
        write(&path, 1200);
        let new = cache.open(&path, &OpenOptions::default()).unwrap();
        assert_eq!((old.duration(), new.duration()), (1.0, 2.0));
        assert_ne!(old.uid(), new.uid());
        let track = old.hint_track(2).unwrap();
        assert_eq!(old.build_block(track, 0).unwrap().packets.len(), 12);
        std::fs::remove_file(&path).unwrap();
        assert!(cache.open(&path, &OpenOptions::default()).unwrap_err().is_not_found());
    }

    #[test]
    fn the_last_few_stay_open() {
        let dir = tempfile::tempdir().unwrap();
        let cache = MovieCache::new(2);
        let mut uids = Vec::new();
        for name in ["a", "b", "c"] {
            let path = dir.path().join(name);
            write(&path, 600);
            uids.push(cache.open(&path, &OpenOptions::default()).unwrap().uid());
        }
        assert_eq!(cache.len(), 2);
        let again = |name| cache.open(&dir.path().join(name), &OpenOptions::default()).unwrap().uid();
        assert_eq!(again("c"), uids[2]);
        assert_ne!(again("a"), uids[0]);
    }

    #[test]
    fn closed_movies_leave_no_slots_behind() {
        let dir = tempfile::tempdir().unwrap();
        let cache = MovieCache::new(0);
        for n in 0..FIRST_SWEEP * 3 {
            let missing = cache.open(&dir.path().join(n.to_string()), &OpenOptions::default());
            assert!(missing.unwrap_err().is_not_found());
        }
        assert!(cache.state.lock().slots.len() <= FIRST_SWEEP);
    }
}
