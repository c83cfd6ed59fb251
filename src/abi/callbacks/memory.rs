//! Memory, time, and the lock for the C library.

use std::ffi::c_void;
use std::sync::LazyLock;

use parking_lot::ReentrantMutex;

use super::super::entry::{guard_value, put};
use super::super::host::Host;

/// Memory of C's heap; the identifier has no effect. Never NULL: a process out of memory ends, as it did in DSS.
#[allow(non_snake_case)]
#[unsafe(no_mangle)]
pub extern "C" fn QTSS_New(_identifier: u32, size: u32) -> *mut c_void {
    allocate(size as usize)
}

/// malloc, or the end of the process.
pub(in super::super) fn allocate(size: usize) -> *mut c_void {
    // SAFETY: malloc has no preconditions; 0 is avoided because it may give NULL.
    let memory = unsafe { libc::malloc(size.max(1)) };
    if memory.is_null() {
        std::process::abort();
    }
    memory
}

/// Frees memory of C's heap, whoever allocated it.
///
/// # Safety
/// `memory` is NULL, or came from malloc and is freed once.
#[allow(non_snake_case)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn QTSS_Delete(memory: *mut c_void) {
    // SAFETY: the caller vouches for the memory.
    unsafe { libc::free(memory) }
}

/// The time as modules link it: Unix milliseconds.
#[allow(non_snake_case)]
#[unsafe(no_mangle)]
pub extern "C" fn QTSS_Milliseconds() -> i64 {
    guard_value("QTSS_Milliseconds", 0, || Host::get().map_or(0, Host::now_ms))
}

/// The time as it is in the callback table.
///
/// # Safety
/// `out` is NULL or writable.
pub(in super::super) unsafe extern "C" fn milliseconds(out: *mut i64) {
    // SAFETY: the caller vouches for the pointer.
    unsafe { put(out, QTSS_Milliseconds()) }
}

/// Milliseconds to seconds as modules link it.
#[allow(non_snake_case)]
#[unsafe(no_mangle)]
pub extern "C" fn QTSS_MilliSecsTo1970Secs(ms: i64) -> libc::time_t {
    libc::time_t::try_from(ms.div_euclid(1000)).unwrap_or(libc::time_t::MAX)
}

/// Milliseconds to seconds as it is in the callback table.
///
/// # Safety
/// Both pointers are NULL or good for their types.
pub(in super::super) unsafe extern "C" fn milliseconds_to_seconds(ms: *mut i64, out: *mut libc::time_t) {
    if !ms.is_null() {
        // SAFETY: the caller vouches for the pointers.
        unsafe { put(out, QTSS_MilliSecsTo1970Secs(ms.read_unaligned())) }
    }
}

/// Held from QTSS_LockStdLib to QTSS_UnlockStdLib, recursively.
static STD_LIB: LazyLock<ReentrantMutex<()>> = LazyLock::new(|| ReentrantMutex::new(()));

/// Takes the lock for functions of the C library that are not thread-safe.
#[allow(non_snake_case)]
#[unsafe(no_mangle)]
pub extern "C" fn QTSS_LockStdLib() {
    std::mem::forget(STD_LIB.lock());
}

/// Gives it back; without effect on a thread that does not have it.
#[allow(non_snake_case)]
#[unsafe(no_mangle)]
pub extern "C" fn QTSS_UnlockStdLib() {
    if STD_LIB.is_owned_by_current_thread() {
        // SAFETY: this thread holds the lock, and its guard was forgotten.
        unsafe { STD_LIB.force_unlock() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_std_lib_lock_nests_and_an_unlock_too_many_is_harmless() {
        QTSS_LockStdLib();
        QTSS_LockStdLib();
        QTSS_UnlockStdLib();
        std::thread::spawn(|| QTSS_UnlockStdLib()).join().unwrap();
        assert!(STD_LIB.is_owned_by_current_thread());
        QTSS_UnlockStdLib();
        QTSS_UnlockStdLib();
        assert!(!STD_LIB.is_locked());
    }

    #[test]
    fn seconds_round_down_also_before_1970() {
        assert_eq!(QTSS_MilliSecsTo1970Secs(1999), 1);
        assert_eq!(QTSS_MilliSecsTo1970Secs(-1), -1);
    }

    #[test]
    fn memory_of_size_zero_is_memory() {
        let memory = QTSS_New(0, 0);
        assert!(!memory.is_null());
        // SAFETY: it came from malloc just now.
        unsafe { QTSS_Delete(memory) };
    }
}
