//! Asks the system to run a send worker soon after its time has come.
//!
//! A worker runs for some hundred microseconds, then sleeps for milliseconds: what counts is how soon it gets a core after
//! a timer, not how much of it. Nothing here is needed; where the system refuses, packets are as late as the rest of the
//! machine makes them.
//!
//! `unsafe` for two system calls that no safe wrapper has.
#![allow(unsafe_code)]

use std::mem;

/// The nice value of send workers, where the process may have it.
const NICE: libc::c_int = -10;

/// What `RLIMIT_NICE` must be for the nice value of send workers: 20 less that value, which is -10.
pub const NICE_LIMIT: u64 = 30;

/// The time slice asked for, nanoseconds; the least that Linux takes. Short slices have early deadlines.
const SLICE_NS: u64 = 100_000;

/// `struct sched_attr` of Linux, as far as ordinary threads use it.
#[repr(C)]
struct SchedAttr {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime_ns: u64,
    deadline_ns: u64,
    period_ns: u64,
}

/// Prefers the calling thread: a short time slice (Linux 6.12, no privilege needed) and, where the process may, a nice
/// value of -10. Returns whether the nice value was granted.
pub(super) fn prefer_this_thread() -> bool {
    set(NICE) || {
        set(current_nice());
        false
    }
}

fn set(nice: i32) -> bool {
    let attr = SchedAttr {
        size: mem::size_of::<SchedAttr>() as u32,
        policy: libc::SCHED_OTHER as u32,
        flags: 0,
        nice,
        priority: 0,
        runtime_ns: SLICE_NS,
        deadline_ns: 0,
        period_ns: 0,
    };
    // SAFETY: `attr` is laid out as the kernel's `sched_attr` of the length it tells, lives through the call, and is only
    // read. 0 is the calling thread.
    unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attr, 0) == 0 }
}

fn current_nice() -> i32 {
    // SAFETY: takes no pointers; 0 is the calling thread. An error reads as nice -1 and is then refused again.
    unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_preferred_as_far_as_the_process_may() {
        let (granted, nice) = std::thread::spawn(|| (prefer_this_thread(), current_nice())).join().expect("no panic");
        assert_eq!(granted, nice == NICE);
    }
}
