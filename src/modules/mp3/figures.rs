//! The server's figures about MP3, and the limits that count by them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;

use crate::qtss::attr::*;
use crate::qtss::{LiveU32, LiveU64, Object};
use crate::server::Preferences;

/// What a listener more is taken to need, in bits per second, as in DSS 6.0.3.
const BANDWIDTH_OF_ONE: u64 = 16_000;

/// The server's attributes about MP3, which modules read as they are.
pub(super) struct Figures {
    current: LiveU32,
    total: LiveU32,
    bandwidth: LiveU32,
    average: LiveU32,
    bytes: LiveU64,
    /// Broadcasters and listeners.
    connections: AtomicU32,
    preferences: Arc<Preferences>,
    seconds: Mutex<Seconds>,
}

/// What the ticks remember.
#[derive(Default)]
struct Seconds {
    /// Bytes sent at the last tick.
    bytes: u64,
    /// Bytes sent when the average was last taken, and how many ticks ago.
    averaged: (u64, u64),
}

impl Figures {
    /// The figures, if the server object has them.
    pub(super) fn new(server: &Arc<Object>, preferences: &Arc<Preferences>) -> Option<Arc<Self>> {
        Some(Arc::new(Self {
            current: server.live_u32(qtssMP3SvrCurConn)?,
            total: server.live_u32(qtssMP3SvrTotalConn)?,
            bandwidth: server.live_u32(qtssMP3SvrCurBandwidth)?,
            average: server.live_u32(qtssMP3SvrAvgBandwidth)?,
            bytes: server.live_u64(qtssMP3SvrTotalBytes)?,
            connections: AtomicU32::new(0),
            preferences: Arc::clone(preferences),
            seconds: Mutex::default(),
        }))
    }

    /// Takes a place among `maximum_connections`, if `maximum_bandwidth` allows for one more, too. MP3 is counted by itself,
    /// as in DSS; a limit below 0 is none.
    pub(super) fn take_place(self: &Arc<Self>) -> Option<Place> {
        let prefs = self.preferences.server();
        let kilobits = (u64::from(self.bandwidth.get()) + BANDWIDTH_OF_ONE) / 1000;
        if u64::try_from(prefs.maximum_bandwidth).is_ok_and(|most| kilobits > most) {
            return None;
        }
        let most = u32::try_from(prefs.maximum_connections).unwrap_or(u32::MAX);
        let more = |now: u32| (now < most).then_some(now + 1);
        self.connections.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Place { figures: Arc::clone(self), listens: false })
    }

    /// Bytes have gone to a listener.
    pub(super) fn add_bytes(&self, bytes: u64) {
        self.bytes.add(bytes);
    }

    /// Once a second: the rates.
    pub(super) fn tick(&self) {
        let bytes = self.bytes.get();
        let mut seconds = self.seconds.lock();
        let rate = |before: u64, ticks: u64| {
            let bits = bytes.wrapping_sub(before).saturating_mul(8) / ticks.max(1);
            u32::try_from(bits).unwrap_or(u32::MAX)
        };
        self.bandwidth.set(rate(seconds.bytes, 1));
        seconds.bytes = bytes;
        seconds.averaged.1 += 1;
        if seconds.averaged.1 >= u64::from(self.preferences.server().average_bandwidth_update) {
            self.average.set(rate(seconds.averaged.0, seconds.averaged.1));
            seconds.averaged = (bytes, 0);
        }
    }
}

/// A place among the connections, until dropped.
pub(super) struct Place {
    figures: Arc<Figures>,
    listens: bool,
}

impl Place {
    /// A listener has it.
    pub(super) fn listens(mut self) -> Self {
        self.figures.current.add(1);
        self.figures.total.add(1);
        self.listens = true;
        self
    }

    /// The figures.
    pub(super) fn figures(&self) -> &Figures {
        &self.figures
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.listens {
            self.figures.current.add(1u32.wrapping_neg());
        }
        self.figures.connections.fetch_sub(1, Ordering::Relaxed);
    }
}
