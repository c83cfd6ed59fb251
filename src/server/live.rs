//! Where broadcasts come from, as administrators see it.

use std::collections::BTreeMap;

use parking_lot::Mutex;

/// A source of a broadcast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BroadcastSource {
    /// How its packets come: `push-tcp`, `push-udp`, `static`.
    pub kind: &'static str,
    /// Who sends them: an address, or the groups and ports of a static description.
    pub from: String,
    /// The broadcaster's user name; empty if it needed none.
    pub user: String,
    /// When it began, Unix time in ms.
    pub since_unix_ms: i64,
}

/// The sources of the broadcasts on the air by the broadcast's key.
#[derive(Debug, Default)]
pub struct BroadcastSources(Mutex<BTreeMap<String, BroadcastSource>>);

impl BroadcastSources {
    /// A source begins.
    pub fn set(&self, key: &str, source: BroadcastSource) {
        self.0.lock().insert(key.to_owned(), source);
    }

    /// It is gone.
    pub fn remove(&self, key: &str) {
        self.0.lock().remove(key);
    }

    /// The source of a broadcast.
    pub fn get(&self, key: &str) -> Option<BroadcastSource> {
        self.0.lock().get(key).cloned()
    }
}
