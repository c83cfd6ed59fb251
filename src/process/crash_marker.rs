//! Which C module a server process was in when it died.
//!
//! The parent makes a page that it shares with its child. Before a call into a module the child notes there which module and
//! role it is, and afterwards takes the note away. Whatever ends the child, an abort, a wild pointer, `kill -9`, the page
//! stays, and the parent reads it. No signal handler is involved, so nothing has to work in a process that is broken.

use std::ffi::c_void;
use std::io;
use std::mem::size_of;
use std::num::NonZeroUsize;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicUsize, Ordering};

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};

/// Pairs of module and role that can be told apart; 256 modules with 25 roles would be 6400, three modules with all are 75.
const LABELS: usize = 1024;
/// Bytes of a label's text: `role`, a NUL, `module`. A longer text is cut.
const LABEL_TEXT: usize = 128;
/// Calls that can be noted at the same time, nested ones included. There are some tens of module threads.
const SLOTS: usize = 512;

/// A module and one of its roles, as text that both processes read.
#[repr(C)]
struct LabelText {
    /// 0 until the text is complete.
    length: AtomicU32,
    text: [AtomicU8; LABEL_TEXT],
}

/// One call in progress. Alone in its cache line, as each belongs to a thread.
#[repr(C, align(64))]
struct Slot {
    /// Number of the label plus one; 0 for a free slot.
    label: AtomicU32,
    /// The calling thread, a number within the process.
    thread: AtomicU32,
    /// How many calls that thread had noted before.
    depth: AtomicU32,
}

/// What is in the shared memory. All of it is atomic and zero is its first state.
#[repr(C)]
struct Page {
    /// 1 once the child ends because somebody wants another one.
    restart_asked: AtomicU32,
    labels_used: AtomicU32,
    labels: [LabelText; LABELS],
    slots: [Slot; SLOTS],
}

/// The shared memory of a [`CrashMarker`].
struct Mapping(NonNull<Page>);

// SAFETY: the page consists of atomics only, and the mapping lives as long as the value.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    fn page(&self) -> &Page {
        // SAFETY: the mapping is as large as a `Page` and aligned to a memory page, it was zeroed, which is a valid `Page`,
        // it is unmapped only in `drop`, and nobody writes to it but through its atomics.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: address and length are those of the mapping, and no reference into it can be alive any more. Another
        // process that shares the memory keeps its own mapping.
        let _ = unsafe { munmap(self.0.cast::<c_void>(), size_of::<Page>()) };
    }
}

/// The shared notes; clones are the same notes, in a forked process too.
#[derive(Clone)]
pub struct CrashMarker {
    mapping: Arc<Mapping>,
}

impl std::fmt::Debug for CrashMarker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CrashMarker").field("calls", &self.calls()).finish()
    }
}

/// A module and a role of it, registered with [`CrashMarker::label`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label(u32);

/// A call that was in progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleCall {
    /// The module's name.
    pub module: String,
    /// The role's name.
    pub role: String,
}

/// Numbers for the threads of this process.
static NEXT_THREAD: AtomicU32 = AtomicU32::new(1);

thread_local! {
    static THREAD: ThreadNotes = ThreadNotes {
        number: NEXT_THREAD.fetch_add(1, Ordering::Relaxed),
        depth: AtomicU32::new(0),
    };
}

struct ThreadNotes {
    number: u32,
    depth: AtomicU32,
}

impl CrashMarker {
    /// Makes the shared page, about 170 KB of which only what is used takes memory. The watchdog does it before it forks.
    ///
    /// # Errors
    /// The system has no memory for it.
    pub fn new() -> io::Result<Self> {
        let length = NonZeroUsize::new(size_of::<Page>()).ok_or(io::ErrorKind::InvalidInput)?;
        // SAFETY: a new anonymous mapping at an address that the system chooses touches nothing that exists.
        let address = unsafe {
            mmap_anonymous(None, length, ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, MapFlags::MAP_SHARED)?
        };
        Ok(Self { mapping: Arc::new(Mapping(address.cast::<Page>())) })
    }

    fn page(&self) -> &Page {
        self.mapping.page()
    }

    /// Registers a module and a role; done once, when the module registers for the role. `None` when there are 1024 already.
    pub fn label(&self, module: &str, role: &str) -> Option<Label> {
        let page = self.page();
        let number = page.labels_used.fetch_add(1, Ordering::Relaxed);
        let Some(label) = page.labels.get(usize::try_from(number).ok()?) else {
            page.labels_used.store(LABELS as u32, Ordering::Relaxed);
            return None;
        };
        let bytes = role.bytes().chain([0]).chain(module.bytes());
        let mut length = 0;
        for (byte, place) in bytes.zip(&label.text) {
            place.store(byte, Ordering::Relaxed);
            length += 1;
        }
        label.length.store(length, Ordering::Release);
        Some(Label(number))
    }

    /// Notes that the calling thread enters a module, until the guard is dropped. Costs two uncontended atomic operations
    /// and never waits. With more than 512 calls at a time the call is not noted.
    #[must_use = "the note is taken away when the guard is dropped"]
    pub fn enter(&self, label: Label) -> CallGuard<'_> {
        // A thread whose thread-locals are gone already is noted as thread 0.
        let (thread, depth) =
            THREAD.try_with(|notes| (notes.number, notes.depth.fetch_add(1, Ordering::Relaxed))).unwrap_or((0, 0));
        let slots = &self.page().slots;
        let start = (thread as usize).wrapping_mul(4) % SLOTS;
        let (before, from) = slots.split_at(start);
        let free = from.iter().chain(before).find(|slot| {
            // Looking before trying keeps other threads' cache lines where they are.
            slot.label.load(Ordering::Relaxed) == 0
                && slot.label.compare_exchange(0, label.0 + 1, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        });
        if let Some(slot) = free {
            slot.thread.store(thread, Ordering::Relaxed);
            slot.depth.store(depth, Ordering::Release);
        }
        CallGuard { slot: free, not_send: std::marker::PhantomData }
    }

    /// The calls in progress, of each thread only the innermost: it is what may have brought the process down.
    pub fn calls(&self) -> Vec<ModuleCall> {
        let page = self.page();
        let mut noted: Vec<(u32, u32, u32)> = Vec::new();
        for slot in &page.slots {
            let label = slot.label.load(Ordering::Acquire);
            let (thread, depth) = (slot.thread.load(Ordering::Relaxed), slot.depth.load(Ordering::Relaxed));
            match (label, noted.iter_mut().find(|other| other.0 == thread)) {
                (0, _) => {}
                (_, Some(other)) if other.1 >= depth => {}
                (_, Some(other)) => *other = (thread, depth, label),
                (_, None) => noted.push((thread, depth, label)),
            }
        }
        noted.into_iter().filter_map(|(_, _, label)| self.call(label.checked_sub(1)?)).collect()
    }

    /// Notes that the process is about to end because it was asked to make room for another: that is no failure.
    pub fn note_restart_asked(&self) {
        self.page().restart_asked.store(1, Ordering::Release);
    }

    /// Whether the process that has ended was asked to make room for another.
    pub fn was_restart_asked(&self) -> bool {
        self.page().restart_asked.load(Ordering::Acquire) == 1
    }

    fn call(&self, label: u32) -> Option<ModuleCall> {
        let label = self.page().labels.get(usize::try_from(label).ok()?)?;
        let length = usize::try_from(label.length.load(Ordering::Acquire)).ok()?.min(LABEL_TEXT);
        let bytes: Vec<u8> = label.text.iter().take(length).map(|byte| byte.load(Ordering::Relaxed)).collect();
        let mut parts = bytes.splitn(2, |byte| *byte == 0).map(|part| String::from_utf8_lossy(part).into_owned());
        Some(ModuleCall { role: parts.next()?, module: parts.next()? })
    }

    /// Forgets labels and calls, for the next child. Only the parent does it, while there is no child.
    pub(crate) fn clear(&self) {
        let page = self.page();
        page.restart_asked.store(0, Ordering::Relaxed);
        page.labels_used.store(0, Ordering::Relaxed);
        page.labels.iter().for_each(|label| label.length.store(0, Ordering::Relaxed));
        page.slots.iter().for_each(|slot| slot.label.store(0, Ordering::Relaxed));
    }
}

/// A call that is noted as in progress. It stays in the thread that made it.
#[derive(Debug)]
pub struct CallGuard<'a> {
    slot: Option<&'a Slot>,
    not_send: std::marker::PhantomData<*const AtomicUsize>,
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Slot({})", self.label.load(Ordering::Relaxed))
    }
}

impl Drop for CallGuard<'_> {
    fn drop(&mut self) {
        if let Some(slot) = self.slot {
            slot.label.store(0, Ordering::Release);
        }
        let _ = THREAD.try_with(|notes| notes.depth.fetch_sub(1, Ordering::Relaxed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(module: &str, role: &str) -> ModuleCall {
        ModuleCall { module: module.into(), role: role.into() }
    }

    #[test]
    fn a_call_is_noted_while_it_lasts_and_the_innermost_counts() {
        let marker = CrashMarker::new().unwrap();
        let route = marker.label("QTSSOuterModule", "Route").unwrap();
        let authorize = marker.label("QTSSInnerModule", "Authorize").unwrap();
        assert_eq!(marker.calls(), []);
        let outer = marker.enter(route);
        assert_eq!(marker.calls(), [call("QTSSOuterModule", "Route")]);
        let inner = marker.enter(authorize);
        assert_eq!(marker.calls(), [call("QTSSInnerModule", "Authorize")]);
        drop(inner);
        assert_eq!(marker.calls(), [call("QTSSOuterModule", "Route")]);
        drop(outer);
        assert_eq!(marker.calls(), []);
    }

    #[test]
    fn threads_have_their_own_notes() {
        let marker = CrashMarker::new().unwrap();
        let labels: Vec<_> = (0..8).map(|number| marker.label("M", &format!("R{number}")).unwrap()).collect();
        let inside = std::sync::Barrier::new(9);
        std::thread::scope(|scope| {
            for label in &labels {
                scope.spawn(|| {
                    let _guard = marker.enter(*label);
                    inside.wait();
                    inside.wait();
                });
            }
            inside.wait();
            let mut roles: Vec<_> = marker.calls().into_iter().map(|call| call.role).collect();
            roles.sort();
            assert_eq!(roles, ["R0", "R1", "R2", "R3", "R4", "R5", "R6", "R7"]);
            inside.wait();
        });
        assert_eq!(marker.calls(), []);
    }

    #[test]
    fn too_many_calls_or_labels_are_not_noted_and_do_no_harm() {
        let marker = CrashMarker::new().unwrap();
        let label = marker.label("M", "R").unwrap();
        let guards: Vec<_> = (0..SLOTS + 10).map(|_| marker.enter(label)).collect();
        assert_eq!(guards.iter().filter(|guard| guard.slot.is_none()).count(), 10);
        drop(guards);
        assert!(marker.enter(label).slot.is_some(), "the slots are free again");
        for _ in 1..LABELS {
            assert!(marker.label("M", "R").is_some());
        }
        assert!(marker.label("M", "R").is_none() && marker.label("M", "R").is_none());
        marker.clear();
        assert!(marker.label("M", "R").is_some());
    }

    #[test]
    fn long_names_are_cut() {
        let marker = CrashMarker::new().unwrap();
        let label = marker.label(&"m".repeat(1000), "Route").unwrap();
        let _guard = marker.enter(label);
        assert_eq!(marker.calls(), [call(&"m".repeat(LABEL_TEXT - 6), "Route")]);
        let label = marker.label("lost", &"r".repeat(1000)).unwrap();
        let _guard = marker.enter(label);
        assert_eq!(marker.calls(), [], "a role without a module cannot be named");
    }
}
