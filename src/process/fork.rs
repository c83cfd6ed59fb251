//! Forking, which is sound only in a process with one thread.

use std::fs;
use std::io::{self, Write};

use nix::unistd::{ForkResult, fork};

/// Whether the calling thread is the process's only one; true where there is no `/proc` to ask.
pub(crate) fn is_single_threaded() -> bool {
    fs::read_dir("/proc/self/task").map_or(true, |threads| threads.count() <= 1)
}

/// Refuses to go on in a process that cannot be forked.
///
/// # Errors
/// There are other threads.
pub(crate) fn require_single_thread() -> io::Result<()> {
    if is_single_threaded() {
        return Ok(());
    }
    Err(io::Error::other("a process with several threads cannot be forked safely"))
}

/// Forks a process that has one thread. Buffered output is written before, so that it does not come out twice.
///
/// # Errors
/// The process has other threads, or the system has no room for another process.
pub(crate) fn fork_single_threaded() -> io::Result<ForkResult> {
    require_single_thread()?;
    // A console that is gone is no reason not to start.
    let _ = io::stdout().flush();
    // SAFETY: the process has one thread, this one, so no lock is held by a thread that the child will not have, and the
    // child may go on running any code.
    Ok(unsafe { fork() }?)
}
