//! A stream is announced to another server and recorded there.

use std::collections::HashSet;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::config::AnnouncedDestination;
use super::connection::{ClientError, Connection, resolve_local};
use super::outlet::{Batch, Counters, Outlet};
use super::session::{DestinationFacts, Feed, Surroundings, gather};
use super::url::{MAX_REDIRECTS, RtspUrl};
use crate::live::{Heard, Kind, Listener};
use crate::rtp::interleaved_prefix;
use crate::rtsp::client::TransportAnswer;

/// A server that is sent nothing for a while (DSS 6.0.3: 20 s) must hear that the broadcaster is still there.
const LONGEST_SILENCE: Duration = Duration::from_secs(8);

/// Local addresses of the connections on which this server announces. What comes from there is our own.
#[derive(Debug, Default)]
pub struct OwnConnections(Mutex<HashSet<SocketAddr>>);

impl OwnConnections {
    /// Whether a peer is one of ours.
    pub fn contains(&self, peer: SocketAddr) -> bool {
        let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        self.0.lock().contains(&peer)
    }

    #[cfg(test)]
    pub fn all(&self) -> Vec<SocketAddr> {
        self.0.lock().iter().copied().collect()
    }
}

/// One of our own connections, as long as it is held.
struct Own {
    all: Arc<OwnConnections>,
    local: SocketAddr,
}

impl Own {
    fn new(all: &Arc<OwnConnections>, local: SocketAddr) -> Self {
        all.0.lock().insert(local);
        Self { all: Arc::clone(all), local }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.all.0.lock().remove(&self.local);
    }
}

/// A connection that is to be ended in good order.
pub struct Held {
    connection: Connection,
    url: String,
    _own: Own,
}

impl Held {
    /// Says good-bye.
    pub async fn tear_down(self) {
        self.connection.tear_down(&self.url).await;
    }
}

/// A track's way to the server.
struct Lane {
    track_id: u32,
    way: Way,
}

/// How a track's two flows travel.
enum Way {
    Udp {
        outlets: [Outlet; 2],
        to: [SocketAddr; 2],
        batches: [Batch; 2],
    },
    /// On the connection; RTP on this channel, RTCP on the next.
    Frames {
        channel: u8,
    },
}

impl Lane {
    async fn send(&mut self, facts: &DestinationFacts) -> Result<(), ClientError> {
        let Way::Udp { outlets, batches, .. } = &mut self.way else { return Ok(()) };
        for (outlet, batch) in outlets.iter().zip(batches) {
            outlet.send(batch, &facts.counters).await.map_err(ClientError::Unsendable)?;
        }
        Ok(())
    }

    fn target(&self) -> Option<SocketAddr> {
        match &self.way {
            Way::Udp { to, .. } => to.first().copied(),
            Way::Frames { .. } => None,
        }
    }

    fn drain(&self) {
        if let Way::Udp { outlets, .. } = &self.way {
            outlets.iter().for_each(Outlet::drain);
        }
    }
}

/// Announces the feed and sends it until something fails. `held` is the connection while there is one.
pub async fn run(
    to: &AnnouncedDestination,
    facts: &DestinationFacts,
    feed: &Feed,
    around: &Surroundings,
    held: &mut Option<Held>,
) -> Result<Infallible, ClientError> {
    let path = to.path.as_deref().unwrap_or(&feed.path);
    let mut url = RtspUrl { host: to.host.clone(), port: to.port, path: path.to_owned() };
    for _ in 0..MAX_REDIRECTS {
        let error = match announce(to, &url, facts, feed, around, held).await {
            Err(error) => error,
            Ok(never) => match never {},
        };
        let ClientError::Redirected(location) = error else { return Err(error) };
        if let Some(held) = held.take() {
            held.tear_down().await;
        }
        url = url.follow(&location).ok_or(ClientError::Redirected(location))?;
    }
    Err(ClientError::Unusable("too many redirects".into()))
}

async fn announce(
    to: &AnnouncedDestination,
    url: &RtspUrl,
    facts: &DestinationFacts,
    feed: &Feed,
    around: &Surroundings,
    held: &mut Option<Held>,
) -> Result<Infallible, ClientError> {
    let description = feed.description.as_ref();
    let description =
        description.ok_or_else(|| ClientError::Unusable("the source has no description to announce".into()))?;
    let local = resolve_local(to.local.as_ref()).await?;
    let credentials = to.credentials.clone().filter(|_| url.is_at(&to.host, to.port));
    let connection = Connection::open(&url.host, url.port, local, credentials).await?;
    let own = Own::new(&around.own, connection.local());
    let Held { connection, url, .. } = held.insert(Held { connection, url: url.to_string(), _own: own });
    let text = description.for_server(connection.peer().ip().to_canonical());
    connection.ask("ANNOUNCE", url, &[("Content-Type", "application/sdp")], &text).await?;
    let lanes = &mut set_up_all(connection, url, &feed.track_ids()).await?;
    *facts.targets.lock() = lanes.iter().filter_map(Lane::target).collect();
    let mut listener = feed.broadcast.listen();
    match connection.ask("RECORD", url, &[("Range", "npt=0.0-")], &[]).await {
        // Servers that know only what DSS's relay said.
        Err(ClientError::Refused { status, .. }) if ["405", "455", "501"].iter().any(|s| status.starts_with(s)) => {
            connection.ask("PLAY", url, &[("Range", "npt=0.0-")], &[]).await?
        }
        answer => answer?,
    };
    feed.ready();
    facts.progress.up();
    record(connection, url, lanes, &mut listener, facts).await
}

/// All tracks by UDP, or on the connection where the first answer says that UDP cannot be had.
async fn set_up_all(connection: &mut Connection, url: &str, tracks: &[u32]) -> Result<Vec<Lane>, ClientError> {
    let mut lanes = Vec::new();
    let mut is_udp = true;
    for (channel, track_id) in (0u8..).step_by(2).zip(tracks.iter().copied()) {
        let control = format!("{url}/trackID={track_id}");
        if is_udp {
            match set_up_udp(connection, &control).await {
                Err(ClientError::Refused { status, .. }) if channel == 0 && status.starts_with("461") => is_udp = false,
                way => {
                    lanes.push(Lane { track_id, way: way? });
                    continue;
                }
            }
        }
        let transport = format!("RTP/AVP/TCP;unicast;interleaved={channel}-{};mode=record", channel.saturating_add(1));
        let answer = connection.ask("SETUP", &control, &[("Transport", &transport)], &[]).await?;
        let granted = answer.header("Transport").and_then(|transport| TransportAnswer::parse(transport).channels);
        let channel = granted.map_or(channel, |(rtp, _)| rtp);
        lanes.push(Lane { track_id, way: Way::Frames { channel } });
    }
    Ok(lanes)
}

async fn set_up_udp(connection: &mut Connection, control: &str) -> Result<Way, ClientError> {
    let local = connection.local().ip();
    let (port, outlets) = Outlet::open_pair(local).map_err(ClientError::Unsendable)?;
    let transport = format!("RTP/AVP;unicast;client_port={port}-{};mode=record", port + 1);
    let answer = connection.ask("SETUP", control, &[("Transport", &transport)], &[]).await?;
    let ports = answer.header("Transport").and_then(|transport| TransportAnswer::parse(transport).server_ports);
    let (rtp, rtcp) = ports.ok_or_else(|| ClientError::Unusable("SETUP was answered without ports".into()))?;
    let peer = connection.peer().ip();
    let to = [SocketAddr::new(peer, rtp), SocketAddr::new(peer, rtcp)];
    Ok(Way::Udp { outlets, to, batches: Default::default() })
}

async fn record(
    connection: &mut Connection,
    url: &str,
    lanes: &mut [Lane],
    listener: &mut Listener,
    facts: &DestinationFacts,
) -> Result<Infallible, ClientError> {
    let period = connection.keep_alive_period().min(LONGEST_SILENCE);
    let mut alive = interval_at(Instant::now() + period, period);
    alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut heard, mut frames) = (Vec::new(), Vec::new());
    loop {
        // Only what loses nothing when it is dropped waits here.
        let incoming = tokio::select! {
            more = gather(listener, &mut heard) => {
                if !more {
                    return Err(ClientError::Ended);
                }
                None
            }
            incoming = connection.next() => Some(incoming?),
            _ = alive.tick() => {
                lanes.iter().for_each(Lane::drain);
                connection.keep_alive(url).await?;
                None
            }
        };
        if let Some(incoming) = incoming {
            connection.handle(incoming).await?;
        }
        sort(&mut heard, lanes, &mut frames, &facts.counters);
        if !frames.is_empty() {
            connection.write(&frames).await?;
            frames.clear();
        }
        for lane in lanes.iter_mut() {
            lane.send(facts).await?;
        }
    }
}

/// Each packet to the lane of its track; what goes on the connection to `frames`.
fn sort(heard: &mut Vec<Heard>, lanes: &mut [Lane], frames: &mut Vec<u8>, counters: &Counters) {
    for Heard { track_id, kind, packet, .. } in heard.drain(..) {
        let Some(lane) = lanes.iter_mut().find(|lane| lane.track_id == track_id) else { continue };
        match (&mut lane.way, kind) {
            (Way::Udp { to: [to, _], batches: [batch, _], .. }, Kind::Rtp) => batch.push((packet, *to)),
            (Way::Udp { to: [_, to], batches: [_, batch], .. }, Kind::Rtcp) => batch.push((packet, *to)),
            (Way::Frames { channel }, kind) => {
                let channel = channel.saturating_add(u8::from(kind == Kind::Rtcp));
                let Some(prefix) = interleaved_prefix(channel, packet.len()) else { continue };
                frames.extend_from_slice(&prefix);
                frames.extend_from_slice(&packet);
                counters.add(packet.len());
            }
        }
    }
}
