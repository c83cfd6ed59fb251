//! All broadcasts of a server by name.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::broadcast::Broadcast;

/// The broadcasts that are on the air or wait for their source, by key: the full path of the SDP file.
#[derive(Debug, Default)]
pub struct Broadcasts {
    by_key: Mutex<HashMap<String, Arc<Broadcast>>>,
}

impl Broadcasts {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The broadcast of that name.
    pub fn get(&self, key: &str) -> Option<Arc<Broadcast>> {
        self.by_key.lock().get(key).cloned()
    }

    /// Enters `broadcast` under its key. `Err` is the one that is there already.
    pub fn insert(&self, broadcast: Arc<Broadcast>) -> Result<(), Arc<Broadcast>> {
        let mut by_key = self.by_key.lock();
        match by_key.get(broadcast.key()) {
            Some(present) => Err(Arc::clone(present)),
            None => {
                by_key.insert(broadcast.key().to_owned(), broadcast);
                Ok(())
            }
        }
    }

    /// The broadcast of that name, made by `make` if there is none. `make` must be quick.
    pub fn get_or_insert_with<E>(
        &self,
        key: &str,
        make: impl FnOnce() -> Result<Arc<Broadcast>, E>,
    ) -> Result<Arc<Broadcast>, E> {
        let mut by_key = self.by_key.lock();
        if let Some(present) = by_key.get(key) {
            return Ok(Arc::clone(present));
        }
        let made = make()?;
        by_key.insert(key.to_owned(), Arc::clone(&made));
        Ok(made)
    }

    /// Takes out exactly this broadcast; `false` if it is not there (any more), or another of its name is.
    pub fn remove(&self, broadcast: &Arc<Broadcast>) -> bool {
        let mut by_key = self.by_key.lock();
        let is_it = by_key.get(broadcast.key()).is_some_and(|present| Arc::ptr_eq(present, broadcast));
        is_it && by_key.remove(broadcast.key()).is_some()
    }

    /// All of them, in no order.
    pub fn all(&self) -> Vec<Arc<Broadcast>> {
        self.by_key.lock().values().cloned().collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_key.lock().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
