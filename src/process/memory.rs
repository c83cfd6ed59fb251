//! Gives memory back to the system after the viewers have gone.
//!
//! The C library keeps what is freed for the next allocation, spread over its arenas: after an evening of ten thousand
//! viewers the server would keep their memory until it is stopped. So do tables, whose room grows with what is in them.
//! Viewers who come and go evenly cost nothing here.

use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
#[cfg(target_env = "gnu")]
use std::{ffi::CString, os::unix::ffi::OsStringExt, path::Path};

use super::cli;
use crate::qtss;
use crate::server::Server;

/// How often the number of clients is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// Within this time send workers have given up their tables' room.
const WORKERS_TIME: Duration = Duration::from_millis(200);

/// Fewer clients gone than this are not worth the trouble.
const LEAST_GONE: u32 = 100;

/// Looks after an ebb at which memory is looked for again: the last of the crowd is forgotten a little after it has gone.
const AGAIN: [u8; 3] = [1, 3, 12];

/// Most arenas of the C library: each keeps free memory of its own, and the control plane allocates for requests only.
#[cfg(target_env = "gnu")]
const MOST_ARENAS: usize = 8;

/// What the C library reads at its start, and what it is told there.
#[cfg(target_env = "gnu")]
const TUNABLES: &str = "GLIBC_TUNABLES";
#[cfg(target_env = "gnu")]
const NO_THREAD_CACHE: &str = "glibc.malloc.tcache_count=0";

/// Blocks of this many bytes and more go back to the system when they are freed. By itself the C library would raise that
/// limit to the largest block ever freed.
#[cfg(target_env = "gnu")]
const OWN_MAPPING: libc::c_int = 128 * 1024;

/// When enough clients are gone to look for free memory: less than half of the most there were since the last time.
#[derive(Debug)]
struct Ebb {
    most: u32,
    /// Looks since the last ebb.
    looks: u8,
}

impl Default for Ebb {
    fn default() -> Self {
        Self { most: 0, looks: u8::MAX }
    }
}

impl Ebb {
    fn is_low(&mut self, clients: u32) -> bool {
        self.most = self.most.max(clients);
        let low = self.most - clients >= LEAST_GONE && clients <= self.most / 2;
        self.looks = self.looks.saturating_add(1);
        if low {
            self.most = clients;
            self.looks = 0;
        }
        low || AGAIN.contains(&self.looks)
    }
}

/// Runs as long as the server does.
pub async fn give_back(server: Arc<Server>) {
    let mut ebb = Ebb::default();
    loop {
        tokio::time::sleep(LOOK).await;
        if ebb.is_low(clients(&server)) {
            qtss::shrink_handles();
            server.sessions.shrink();
            server.ports.shrink();
            server.engine.shrink();
            tokio::time::sleep(WORKERS_TIME).await;
            let trimmed = tokio::task::spawn_blocking(trim).await;
            tracing::debug!(returned = trimmed.unwrap_or(false), "looked for memory to give back");
        }
    }
}

/// Sessions and connections: both have memory of their own.
fn clients(server: &Server) -> u32 {
    let count = |counter: &AtomicU32| counter.load(Ordering::Relaxed);
    let stats = &server.stats;
    count(&stats.current_sessions).saturating_add(count(&stats.current_rtsp)).saturating_add(count(&stats.current_http))
}

/// Makes the C library keep less for later; to be called first of all. Each thread's cache of freed blocks can only be
/// switched off from outside, so the program starts itself once more, as the same process. Some hundred blocks per thread
/// would otherwise hold a page each for good.
///
/// What the operator has set in the environment (MALLOC_ARENA_MAX, GLIBC_TUNABLES) stays as it is. A command line that
/// serves nobody (`--version`, `--check-config`, `-x`, a wrong one) does not pay for this.
pub fn spare(arguments: impl IntoIterator<Item = OsString>) {
    #[cfg(target_env = "gnu")]
    {
        let tunables = std::env::var_os(TUNABLES);
        let arguments: Vec<OsString> = arguments.into_iter().collect();
        if !cli::parse(arguments.clone()).is_ok_and(|command| command.serves()) {
            return;
        }
        if tunables.is_none() && std::env::var_os("MALLOC_ARENA_MAX").is_none() {
            start_again(arguments);
        } else if tunables.is_some_and(|tunables| tunables == NO_THREAD_CACHE) {
            limit_arenas();
        }
    }
    #[cfg(not(target_env = "gnu"))]
    let _ = arguments;
}

/// Does not come back unless it fails; then the server runs as it is.
#[cfg(target_env = "gnu")]
fn start_again(arguments: Vec<OsString>) {
    // SAFETY: asks for a number. Programs with more rights than who starts them get no tunables, however often they start.
    let has_rights_of_its_own = unsafe { libc::getauxval(libc::AT_SECURE) } != 0;
    let (Ok(program), Some(name)) = (std::env::current_exe(), arguments.first()) else { return };
    // The process must keep its name: operators look for it.
    if has_rights_of_its_own || Path::new(name).file_name() != program.file_name() {
        return;
    }
    let c_text = |text: OsString| CString::new(text.into_vec()).ok();
    let setting = |(name, value): (OsString, OsString)| {
        let mut setting = name;
        setting.push("=");
        setting.push(value);
        c_text(setting)
    };
    let ours = (OsString::from(TUNABLES), OsString::from(NO_THREAD_CACHE));
    let environment: Option<Vec<CString>> = std::env::vars_os().chain([ours]).map(setting).collect();
    let arguments: Option<Vec<CString>> = arguments.into_iter().map(c_text).collect();
    if let (Some(program), Some(arguments), Some(environment)) =
        (c_text(program.into_os_string()), arguments, environment)
    {
        let _ = nix::unistd::execve(&program, &arguments, &environment);
    }
}

#[cfg(target_env = "gnu")]
fn limit_arenas() {
    let arenas = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_ARENAS);
    // SAFETY: there is one thread, which nobody else's environment hangs on; what the variable was for is done, and the
    // modules' child processes need not have it. `mallopt` takes numbers only; one that it does not like changes nothing.
    unsafe {
        std::env::remove_var(TUNABLES);
        libc::mallopt(libc::M_ARENA_MAX, arenas as libc::c_int);
        libc::mallopt(libc::M_MMAP_THRESHOLD, OWN_MAPPING);
    }
}

/// Whether any memory went back.
#[cfg(target_env = "gnu")]
fn trim() -> bool {
    // SAFETY: takes no pointer, and locks the arenas it works on like any other call of the allocator.
    unsafe { libc::malloc_trim(0) == 1 }
}

#[cfg(not(target_env = "gnu"))]
fn trim() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_looked_for_after_a_crowd_has_gone_and_not_while_it_comes_and_goes() {
        let mut ebb = Ebb::default();
        let lows = [0, 1000, 800, 1000, 600, 500].map(|clients| ebb.is_low(clients));
        assert_eq!(lows, [false, false, false, false, false, true]);
        let again: Vec<_> = (1..100).filter(|_| ebb.is_low(490)).collect();
        assert_eq!(again.len(), AGAIN.len(), "{again:?}");
        let lows = [600, 700, 600, 300, 700].map(|clients| ebb.is_low(clients));
        assert_eq!(lows, [false, false, false, true, true], "and a look later");
    }

    #[test]
    fn few_clients_are_not_worth_it() {
        let mut ebb = Ebb::default();
        assert!(![50, 0, 99, 0].map(|clients| ebb.is_low(clients)).contains(&true));
    }

    #[test]
    fn trimming_is_harmless() {
        let kept = vec![1u8; 100_000];
        trim();
        assert!(kept.iter().all(|byte| *byte == 1));
    }
}
