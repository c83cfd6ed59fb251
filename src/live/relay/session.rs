//! A source with its destinations, as it runs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::announce::OwnConnections;
use super::config::{Destination, Source};
use super::outlet::Counters;
use super::state::{Progress, State};
use super::{destination, source};
use crate::live::sdp::Description;
use crate::live::{Broadcast, Heard, Listener};
use crate::rtp::{Clock, MAX_DATAGRAMS};

/// How long a source holds its first packet back so that destinations which are still on their way up get it as well.
const READY_PATIENCE: Duration = Duration::from_secs(3);

/// A source's packets, and what is known about them. There is a new one each time a source comes up.
#[derive(Debug)]
pub struct Feed {
    /// Where the packets are heard.
    pub broadcast: Arc<Broadcast>,
    /// What the source says about itself; plain packets have none.
    pub description: Option<Description>,
    /// The source's path, for destinations without one of their own.
    pub path: String,
    ready: Semaphore,
}

impl Feed {
    /// A feed whose destinations are not ready yet.
    pub fn new(broadcast: Arc<Broadcast>, description: Option<Description>, path: &str) -> Arc<Self> {
        Arc::new(Self { broadcast, description, path: path.to_owned(), ready: Semaphore::new(0) })
    }

    /// A destination listens now, or has found that it cannot.
    pub fn ready(&self) {
        self.ready.add_permits(1);
    }

    /// Waits until that many destinations are ready, but not for long.
    pub async fn wait_ready(&self, destinations: usize) {
        let count = u32::try_from(destinations).unwrap_or(u32::MAX);
        let _ = timeout(READY_PATIENCE, self.ready.acquire_many(count)).await; // late ones miss the beginning
    }

    /// The numbers of the tracks in order.
    pub fn track_ids(&self) -> Vec<u32> {
        self.broadcast.tracks().map(|track| track.track_id).collect()
    }
}

/// Waits for packets and takes all that have come, as many as are sent together at most; `false` at the end.
pub async fn gather(listener: &mut Listener, into: &mut Vec<Heard>) -> bool {
    let Some(first) = listener.next().await else { return false };
    into.push(first);
    while into.len() < MAX_DATAGRAMS {
        match listener.try_next() {
            Some(next) => into.push(next),
            None => break,
        }
    }
    true
}

/// What the tasks of all relays share.
#[derive(Clone)]
pub struct Surroundings {
    /// The server's clock.
    pub clock: Arc<dyn Clock>,
    /// Where tasks run.
    pub runtime: Handle,
    /// Our own connections to servers that we announce to.
    pub own: Arc<OwnConnections>,
}

/// What is known about a source while it runs.
#[derive(Debug)]
pub struct SourceFacts {
    /// How it fares.
    pub progress: Progress,
    /// The feed, while the source is up.
    pub feed: watch::Sender<Option<Arc<Feed>>>,
    /// How many destinations a new feed waits for.
    pub destinations: Mutex<usize>,
    /// Packets and bytes of feeds that are gone.
    past: Mutex<(u64, u64)>,
}

impl SourceFacts {
    fn new(subject: String) -> Arc<Self> {
        Arc::new(Self {
            progress: Progress::new(subject),
            feed: watch::Sender::new(None),
            destinations: Mutex::new(0),
            past: Mutex::new((0, 0)),
        })
    }

    /// The source is up, or no longer.
    pub fn set_feed(&self, feed: Option<Arc<Feed>>) {
        let before = self.feed.send_replace(feed);
        if let Some(before) = before {
            let mut past = self.past.lock();
            past.0 += before.broadcast.packets();
            past.1 += before.broadcast.bytes();
        }
    }

    /// Packets and bytes that have come.
    pub fn totals(&self) -> (u64, u64) {
        let (packets, bytes) = *self.past.lock();
        match &*self.feed.borrow() {
            Some(feed) => (packets + feed.broadcast.packets(), bytes + feed.broadcast.bytes()),
            None => (packets, bytes),
        }
    }
}

/// What is known about a destination while it runs.
#[derive(Debug)]
pub struct DestinationFacts {
    /// How it fares.
    pub progress: Progress,
    /// What was sent.
    pub counters: Counters,
    /// Where each track's RTP goes, as far as that is known.
    pub targets: Mutex<Vec<SocketAddr>>,
}

/// A destination that runs until it is dropped.
pub struct Output {
    /// What was asked for.
    pub wanted: Destination,
    /// How it goes.
    pub facts: Arc<DestinationFacts>,
    stop: watch::Sender<()>,
    task: JoinHandle<()>,
}

/// A source with its destinations. All ends, in good order, when it is dropped.
pub struct Session {
    /// How the source fares.
    pub source: Arc<SourceFacts>,
    /// The destinations.
    pub outputs: Vec<Output>,
    stop: watch::Sender<()>,
    task: JoinHandle<()>,
}

impl Session {
    /// Starts a source that is asked, or plain packets, with its destinations.
    pub fn start(name: &str, wanted: &Source, destinations: &[Destination], around: &Surroundings) -> Self {
        let facts = SourceFacts::new(source_subject(name, wanted, ""));
        let (stop, stopped) = watch::channel(());
        let run = source::run(wanted.clone(), Arc::clone(&facts), around.clone(), stopped);
        Self::assemble(name, facts, stop, destinations, around, run)
    }

    /// Relays a push to this server with its destinations.
    pub fn of_push(name: &str, feed: Arc<Feed>, destinations: &[Destination], around: &Surroundings) -> Self {
        let facts = SourceFacts::new(push_subject(name, &feed.path));
        let (stop, stopped) = watch::channel(());
        let run = source::follow(feed, Arc::clone(&facts), stopped);
        Self::assemble(name, facts, stop, destinations, around, run)
    }

    fn assemble(
        name: &str,
        source: Arc<SourceFacts>,
        stop: watch::Sender<()>,
        destinations: &[Destination],
        around: &Surroundings,
        run: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        *source.destinations.lock() = destinations.len();
        let task = around.runtime.spawn(run);
        let mut session = Self { source, outputs: Vec::new(), stop, task };
        session.set_destinations(name, destinations, around);
        session
    }

    /// From now on these are the destinations. Those that were there before go on undisturbed.
    pub fn set_destinations(&mut self, name: &str, wanted: &[Destination], around: &Surroundings) {
        let mut before = std::mem::take(&mut self.outputs);
        for wanted in wanted {
            let same = before.iter().position(|output| output.wanted == *wanted);
            let output = match same {
                Some(index) => {
                    let output = before.swap_remove(index);
                    output.facts.progress.rename(destination_subject(name, wanted));
                    output
                }
                None => self.output(name, wanted, around),
            };
            self.outputs.push(output);
        }
        *self.source.destinations.lock() = self.outputs.len();
    }

    fn output(&self, name: &str, wanted: &Destination, around: &Surroundings) -> Output {
        let facts = Arc::new(DestinationFacts {
            progress: Progress::new(destination_subject(name, wanted)),
            counters: Counters::default(),
            targets: Mutex::default(),
        });
        let (stop, stopped) = watch::channel(());
        let feeds = self.source.feed.subscribe();
        let run = destination::run(wanted.clone(), Arc::clone(&facts), feeds, around.clone(), stopped);
        Output { wanted: wanted.clone(), facts, stop, task: around.runtime.spawn(run) }
    }

    /// The relay has another name in the log from now on.
    pub fn rename(&self, name: &str, wanted: &Source, path: &str) {
        self.source.progress.rename(source_subject(name, wanted, path));
    }

    /// Whether the push that was relayed is over.
    pub fn is_over(&self) -> bool {
        self.source.progress.state() == State::Finished && self.source.feed.borrow().is_none()
    }

    /// Ends all and returns the tasks that are on their way to the end.
    pub fn end(self) -> Vec<JoinHandle<()>> {
        let Self { outputs, stop, task, .. } = self;
        drop(stop);
        let end = |output: Output| {
            drop(output.stop);
            output.task
        };
        outputs.into_iter().map(end).chain([task]).collect()
    }
}

fn push_subject(name: &str, path: &str) -> String {
    format!("relay {name}: push {path}")
}

fn source_subject(name: &str, wanted: &Source, path: &str) -> String {
    match wanted {
        Source::Rtsp(from) => format!("relay {name}: source rtsp://{}:{}{}", from.host.in_url(), from.port, from.path),
        Source::Udp(from) => format!("relay {name}: source udp ports {:?}", from.ports),
        Source::Announced(_) => push_subject(name, path),
    }
}

fn destination_subject(name: &str, wanted: &Destination) -> String {
    match wanted {
        Destination::Udp(to) => format!("relay {name}: destination udp {}", to.host),
        Destination::Announced(to) => {
            let path = to.path.as_deref().unwrap_or("");
            format!("relay {name}: destination rtsp://{}:{}{path}", to.host.in_url(), to.port)
        }
    }
}
