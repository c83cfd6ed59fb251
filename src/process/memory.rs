//! Gives memory back to the system after the viewers have gone.
//!
//! The C library keeps what is freed for the next allocation, spread over its arenas: after an evening of ten thousand
//! viewers the server would keep their memory until it is stopped. Viewers who come and go evenly cost nothing here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::server::Server;

/// How often the number of clients is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// Fewer clients gone than this are not worth the trouble.
const LEAST_GONE: u32 = 100;

/// When enough clients are gone to look for free memory: less than half of the most there were since the last time.
#[derive(Debug, Default)]
struct Ebb {
    most: u32,
}

impl Ebb {
    fn is_low(&mut self, clients: u32) -> bool {
        self.most = self.most.max(clients);
        let low = self.most - clients >= LEAST_GONE && clients <= self.most / 2;
        if low {
            self.most = clients;
        }
        low
    }
}

/// Runs as long as the server does.
pub async fn give_back(server: Arc<Server>) {
    let mut ebb = Ebb::default();
    loop {
        tokio::time::sleep(LOOK).await;
        if ebb.is_low(clients(&server)) {
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
        let lows = [0, 1000, 800, 1000, 600, 500, 480, 490, 200, 150, 99, 0].map(|clients| ebb.is_low(clients));
        let wanted = [false, false, false, false, false, true, false, false, true, false, true, false];
        assert_eq!(lows, wanted);
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
