//! Destinations: each a task that sends what it hears of its source's feed, and tries again when that fails.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::sleep;

use super::announce::{self, Held};
use super::config::{Destination, UdpDestination};
use super::connection::{ClientError, resolve_local, resolve_one};
use super::outlet::{Batch, Outlet};
use super::session::{DestinationFacts, Feed, Surroundings, gather};
use super::state::State;
use crate::live::Kind;

/// Why the wait for an attempt's end is over.
enum Wake {
    /// The attempt has failed.
    Failed(ClientError),
    /// There is another feed, or none.
    Feed,
    /// The relay is gone.
    Stop,
}

/// Sends until `stop`'s other end is dropped.
pub async fn run(
    wanted: Destination,
    facts: Arc<DestinationFacts>,
    mut feeds: watch::Receiver<Option<Arc<Feed>>>,
    around: Surroundings,
    mut stop: watch::Receiver<()>,
) {
    loop {
        let feed = feeds.borrow_and_update().clone();
        let Some(feed) = feed else {
            facts.progress.set(State::Waiting);
            tokio::select! {
                changed = feeds.changed() => if changed.is_err() { return },
                _ = stop.changed() => return,
            }
            continue;
        };
        let mut held = None;
        facts.progress.set(State::Connecting);
        let wake = tokio::select! {
            error = attempt(&wanted, &facts, &feed, &around, &mut held) => Wake::Failed(error),
            changed = feeds.changed() => if changed.is_ok() { Wake::Feed } else { Wake::Stop },
            _ = stop.changed() => Wake::Stop,
        };
        if let Some(held) = held {
            held.tear_down().await;
        }
        facts.targets.lock().clear();
        match wake {
            Wake::Feed => {}
            Wake::Stop => return,
            Wake::Failed(error) => {
                feed.ready();
                let pause = facts.progress.failed(&error.to_string());
                tokio::select! {
                    () = sleep(pause) => {}
                    changed = feeds.changed() => if changed.is_err() { return },
                    _ = stop.changed() => return,
                }
            }
        }
    }
}

async fn attempt(
    wanted: &Destination,
    facts: &DestinationFacts,
    feed: &Feed,
    around: &Surroundings,
    held: &mut Option<Held>,
) -> ClientError {
    let result = match wanted {
        Destination::Udp(to) => send(to, facts, feed).await,
        Destination::Announced(to) => announce::run(to, facts, feed, around, held).await,
    };
    match result {
        Err(error) => error,
        Ok(never) => match never {},
    }
}

/// Where the two flows of a track go.
#[derive(Debug, Clone, Copy)]
struct Target {
    track_id: u32,
    rtp: SocketAddr,
    rtcp: SocketAddr,
}

async fn send(to: &UdpDestination, facts: &DestinationFacts, feed: &Feed) -> Result<Infallible, ClientError> {
    let local = resolve_local(to.local.as_ref()).await?;
    let address = resolve_one(&to.host, 0, local).await?.ip();
    let targets = targets(to, address, &feed.track_ids());
    let outlet = Outlet::open(local, address, to.ttl).map_err(ClientError::Unsendable)?;
    *facts.targets.lock() = targets.iter().map(|target| target.rtp).collect();
    let mut listener = feed.broadcast.listen();
    feed.ready();
    facts.progress.up();
    let (mut heard, mut batch) = (Vec::new(), Batch::new());
    while gather(&mut listener, &mut heard).await {
        for packet in heard.drain(..) {
            let target = targets.iter().find(|target| target.track_id == packet.track_id);
            let to = target.map(|target| if packet.kind == Kind::Rtp { target.rtp } else { target.rtcp });
            batch.extend(to.map(|to| (packet.packet, to)));
        }
        outlet.send(&mut batch, &facts.counters).await.map_err(ClientError::Unsendable)?;
    }
    Err(ClientError::Ended)
}

/// Streams without a port are not sent.
fn targets(to: &UdpDestination, address: IpAddr, tracks: &[u32]) -> Vec<Target> {
    let target = |(index, track_id): (usize, &u32)| {
        let port = to.ports.of_stream(index)?;
        let rtcp = SocketAddr::new(address, port.checked_add(1)?);
        Some(Target { track_id: *track_id, rtp: SocketAddr::new(address, port), rtcp })
    };
    tracks.iter().enumerate().filter_map(target).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::relay::config::{Host, Ports};

    #[test]
    fn streams_go_to_their_ports_as_far_as_there_are_any() {
        let address = IpAddr::from([10, 0, 0, 1]);
        let to = |ports| UdpDestination { host: Host::Address(address), ports, local: None, ttl: 1 };
        let ports = |to: &UdpDestination| -> Vec<_> {
            targets(to, address, &[3, 4, 9]).iter().map(|t| (t.track_id, t.rtp.port(), t.rtcp.port())).collect()
        };
        assert_eq!(ports(&to(Ports::From(5000))), [(3, 5000, 5001), (4, 5002, 5003), (9, 5004, 5005)]);
        assert_eq!(ports(&to(Ports::List(vec![7000, 6000]))), [(3, 7000, 7001), (4, 6000, 6001)]);
        assert_eq!(ports(&to(Ports::From(65534))), [(3, 65534, 65535)]);
    }
}
