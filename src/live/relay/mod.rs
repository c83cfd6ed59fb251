//! Relays: streams that this server fetches or is sent, and passes on as they come.
//!
//! [`config`] reads relayconfig.xml; [`Relays`] runs what it says. A relay is a source, which has a
//! [`Broadcast`] while it is up, and destinations, each of which listens to that. Sources and destinations
//! fail and recover by themselves, each on its own.

pub mod config;

mod announce;
mod connection;
mod description;
mod destination;
mod legacy_sdp;
mod outlet;
mod session;
mod source;
mod state;
mod status;
mod url;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use self::config::{AnnouncedSource, Destination, Host, Relay, RelayConfig, Source, encoded_path};
use self::connection::resolve;
use self::session::{Feed, Session, Surroundings};
use super::Broadcast;
use super::sdp::Description;
use crate::rtp::Clock;

pub use self::connection::user_agent;
pub use self::state::State;
pub use self::status::{DestinationStatus, RelayStatus, SourceStatus};

/// How often the names of broadcasters are resolved anew.
const RESOLVE_PERIOD: Duration = Duration::from_secs(300);

/// The same after a failure.
const RESOLVE_RETRY: Duration = Duration::from_secs(30);

/// How long the end of all relays may take.
const STOP_WAIT: Duration = Duration::from_secs(2);

/// All relays of a server.
pub struct Relays {
    around: Surroundings,
    running: Mutex<Vec<Running>>,
}

/// A relay that runs.
struct Running {
    name: String,
    source: Source,
    destinations: Vec<Destination>,
    /// One for a source that is asked; one for each push that an announced source takes.
    sessions: Vec<Taken>,
    /// The broadcaster's addresses, for an announced source that names one.
    from: Arc<Mutex<Vec<IpAddr>>>,
    resolver: Option<JoinHandle<()>>,
}

/// What a relay has taken on.
struct Taken {
    /// The push, by a number of the caller's; 0 for a source that is asked.
    push: u64,
    /// The path that is pushed; empty for a source that is asked.
    path: String,
    session: Session,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(resolver) = &self.resolver {
            resolver.abort();
        }
    }
}

impl Relays {
    /// No relays yet. Has to be called inside the runtime that they will run on.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let around = Surroundings { clock, runtime: Handle::current(), own: Arc::default() };
        Self { around, running: Mutex::default() }
    }

    /// From now on these are the relays. Those that have not changed go on undisturbed, and so do the destinations that
    /// have not; of relays with the same source there is one with the destinations of all.
    pub fn apply(&self, config: RelayConfig) {
        let mut running = self.running.lock();
        let mut before = std::mem::take(&mut *running);
        for relay in merged(config.relays) {
            let same = before.iter().position(|running| running.source == relay.source);
            running.push(match same {
                Some(index) => {
                    let mut kept = before.swap_remove(index);
                    kept.change(relay, &self.around);
                    kept
                }
                None => Running::start(relay, &self.around),
            });
        }
    }

    /// A broadcaster at `from` has begun to push `path` (percent-encoded or not) to this server. The relay whose source
    /// names the address and the path takes it; else one that names the address, one that names the path, or one that
    /// names neither. `sdp` is what was announced; `push` is a number by which the end will be told.
    pub fn announced(&self, push: u64, from: SocketAddr, path: &str, sdp: &[u8], broadcast: &Arc<Broadcast>) {
        if self.around.own.contains(from) {
            return; // what this server relays to itself would go round for ever
        }
        let path = encoded_path(path);
        let mut running = self.running.lock();
        let Some(relay) = best_match(&mut running, from.ip().to_canonical(), &path) else { return };
        if relay.sessions.iter().any(|taken| taken.push == push) {
            return;
        }
        relay.sessions.retain(|taken| taken.path != path && !taken.session.is_over());
        // Without a description there are still the packets.
        let description = Description::parse(sdp).ok();
        let feed = Feed::new(Arc::clone(broadcast), description, &path);
        let session = Session::of_push(&relay.name, feed, &relay.destinations, &self.around);
        relay.sessions.push(Taken { push, path, session });
    }

    /// A push is over.
    pub fn push_ended(&self, push: u64) {
        for relay in self.running.lock().iter_mut().filter(|relay| relay.is_announced()) {
            relay.sessions.retain(|taken| taken.push != push);
        }
    }

    /// What all relays are doing.
    pub fn status(&self) -> Vec<RelayStatus> {
        let mut running = self.running.lock();
        for relay in running.iter_mut().filter(|relay| relay.is_announced()) {
            relay.sessions.retain(|taken| !taken.session.is_over());
        }
        running.iter().flat_map(status::of_relay).collect()
    }

    /// Ends all relays, telling the servers that take part, within a bounded time.
    pub async fn stop(&self) {
        let mut all = std::mem::take(&mut *self.running.lock());
        let sessions = all.iter_mut().flat_map(|running| std::mem::take(&mut running.sessions));
        let tasks: Vec<_> = sessions.flat_map(|taken| taken.session.end()).collect();
        let ends = async {
            for task in tasks {
                let _ = task.await; // a panic of its own is in the log
            }
        };
        let _ = timeout(STOP_WAIT, ends).await; // the runtime ends the rest
    }
}

impl Running {
    fn start(relay: Relay, around: &Surroundings) -> Self {
        let from = Arc::new(Mutex::new(Vec::new()));
        let (mut sessions, mut resolver) = (Vec::new(), None);
        match &relay.source {
            Source::Announced(AnnouncedSource { from: Some(Host::Address(address)), .. }) => {
                from.lock().push(address.to_canonical());
            }
            Source::Announced(AnnouncedSource { from: Some(host), .. }) => {
                let task = keep_resolved(relay.name.clone(), host.clone(), Arc::clone(&from));
                resolver = Some(around.runtime.spawn(task));
            }
            Source::Announced(_) => {}
            source => {
                let session = Session::start(&relay.name, source, &relay.destinations, around);
                sessions.push(Taken { push: 0, path: String::new(), session });
            }
        }
        Self { name: relay.name, source: relay.source, destinations: relay.destinations, sessions, from, resolver }
    }

    fn change(&mut self, relay: Relay, around: &Surroundings) {
        (self.name, self.destinations) = (relay.name, relay.destinations);
        for Taken { path, session, .. } in &mut self.sessions {
            session.rename(&self.name, &self.source, path);
            session.set_destinations(&self.name, &self.destinations, around);
        }
    }

    fn is_announced(&self) -> bool {
        matches!(self.source, Source::Announced(_))
    }

    /// How well a push fits: 4 address and path, 3 address, 2 path, 1 neither named; `None` if it does not.
    fn fits(&self, from: IpAddr, path: &str) -> Option<u32> {
        let Source::Announced(source) = &self.source else { return None };
        let by_address = match &source.from {
            None => 0,
            Some(_) => self.from.lock().contains(&from).then_some(2)?,
        };
        let by_path = match &source.path {
            None => 0,
            Some(wanted) => same_path(wanted, path).then_some(1)?,
        };
        Some(1 + by_address + by_path)
    }
}

/// With and without `.sdp` a path is the same broadcast.
fn same_path(a: &str, b: &str) -> bool {
    let bare = |path: &str| path.strip_suffix(".sdp").unwrap_or(path).to_owned();
    bare(a) == bare(b)
}

/// Of those that fit equally well the first of the file.
fn best_match<'a>(running: &'a mut [Running], from: IpAddr, path: &str) -> Option<&'a mut Running> {
    let fits = |(index, relay): (usize, &Running)| Some((relay.fits(from, path)?, index));
    let best = running.iter().enumerate().filter_map(fits).max_by_key(|(fit, index)| (*fit, usize::MAX - *index));
    best.and_then(|(_, index)| running.get_mut(index))
}

/// Relays with the same source become one.
fn merged(relays: Vec<Relay>) -> Vec<Relay> {
    let mut merged: Vec<Relay> = Vec::new();
    for relay in relays {
        match merged.iter_mut().find(|known| known.source == relay.source) {
            Some(known) => {
                let new = relay.destinations.into_iter().filter(|to| !known.destinations.contains(to));
                let new: Vec<_> = new.collect();
                known.destinations.extend(new);
            }
            None => merged.push(relay),
        }
    }
    merged
}

async fn keep_resolved(name: String, host: Host, addresses: Arc<Mutex<Vec<IpAddr>>>) {
    let mut is_told = false;
    loop {
        let pause = match resolve(&host, 0).await {
            Ok(found) => {
                *addresses.lock() = found.iter().map(|address| address.ip().to_canonical()).collect();
                is_told = false;
                RESOLVE_PERIOD
            }
            Err(error) => {
                if !std::mem::replace(&mut is_told, true) {
                    tracing::warn!("relay {name}: announced source: {error}");
                }
                RESOLVE_RETRY
            }
        };
        sleep(pause).await;
    }
}

#[cfg(test)]
#[path = "relay_tests.rs"]
mod tests;
