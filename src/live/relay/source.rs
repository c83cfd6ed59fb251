//! Sources: each a task that brings a feed up, watches over it, and tries again when it fails.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};

use super::config::{RtspSource, Source, UdpSource};
use super::connection::{ClientError, Connection, resolve_local, resolve_one};
use super::description::{Track, duration, tracks};
use super::outlet::any_like;
use super::session::{Feed, SourceFacts, Surroundings};
use super::state::State;
use super::url::{MAX_REDIRECTS, RtspUrl};
use crate::live::sdp::Description;
use crate::live::{Broadcast, BroadcastOptions, Kind, Receiver, ReceiverConfig, TrackInfo, TrackKind};
use crate::rtp::Clock;
use crate::rtsp::client::{TransportAnswer, resolve as resolve_control};
use crate::rtsp::transport::Protocol;

/// How often a playing source is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Without a packet by UDP for this long after PLAY, the next attempt is interleaved.
const FIRST_PACKET: Duration = Duration::from_secs(10);

/// Without a packet for this long something is wrong, or the movie is over.
const SILENCE: Duration = Duration::from_secs(30);

/// Without a packet for this long a movie that should have ended has ended.
const SHORT_SILENCE: Duration = Duration::from_secs(3);

/// A relay keeps nothing: packets go on as they come.
const KEPT_US: i64 = 100_000;

/// What an attempt leaves for the time after it.
#[derive(Default)]
struct Attempt {
    /// The connection while there is one, and the URL of the session on it.
    held: Option<(Connection, String)>,
    /// UDP does not work here.
    interleaved: bool,
}

/// Brings the source up, again and again, until `stop`'s other end is dropped or all there is has been sent.
pub async fn run(wanted: Source, facts: Arc<SourceFacts>, around: Surroundings, mut stop: watch::Receiver<()>) {
    let mut attempt = Attempt::default();
    loop {
        facts.progress.set(State::Connecting);
        let result = tokio::select! {
            result = bring(&wanted, &facts, &around, &mut attempt) => Some(result),
            _ = stop.changed() => None,
        };
        facts.set_feed(None);
        if let Some((connection, url)) = attempt.held.take() {
            connection.tear_down(&url).await;
        }
        match result {
            None => return,
            Some(Ok(())) => {
                facts.progress.set(State::Finished);
                let _ = stop.changed().await; // only ever an error: the other end is gone
                return;
            }
            Some(Err(error)) => {
                let pause = facts.progress.failed(&error.to_string());
                tokio::select! {
                    () = sleep(pause) => {}
                    _ = stop.changed() => return,
                }
            }
        }
    }
}

async fn bring(
    wanted: &Source,
    facts: &SourceFacts,
    around: &Surroundings,
    attempt: &mut Attempt,
) -> Result<(), ClientError> {
    match wanted {
        Source::Rtsp(from) => fetch(from, facts, around, attempt).await,
        Source::Udp(from) => match receive(from, facts, around).await {
            Err(error) => Err(error),
            Ok(never) => match never {},
        },
        // those are followed, see below
        Source::Announced(_) => Ok(()),
    }
}

/// A push to this server is the feed until it ends.
pub async fn follow(feed: Arc<Feed>, facts: Arc<SourceFacts>, mut stop: watch::Receiver<()>) {
    let broadcast = Arc::clone(&feed.broadcast);
    facts.set_feed(Some(feed));
    facts.progress.up();
    while !broadcast.has_ended() {
        tokio::select! {
            () = sleep(LOOK) => {}
            _ = stop.changed() => break,
        }
    }
    facts.set_feed(None);
    facts.progress.set(State::Finished);
}

fn broadcast(name: &str, tracks: Vec<TrackInfo>, one_ssrc: bool, clock: &Arc<dyn Clock>) -> Arc<Broadcast> {
    let options = BroadcastOptions { buffer_us: KEPT_US, one_ssrc, ..BroadcastOptions::default() };
    Broadcast::new(name, tracks, options, Arc::clone(clock))
}

/// Plain packets.
async fn receive(from: &UdpSource, facts: &SourceFacts, around: &Surroundings) -> Result<Infallible, ClientError> {
    let at = resolve_local(from.at.as_ref()).await?;
    let only_from = match &from.from {
        Some(host) => Some(resolve_one(host, 0, at).await?.ip()),
        None => None,
    };
    let group = at.filter(IpAddr::is_multicast);
    let wildcard = any_like(at.or(only_from).unwrap_or_else(|| IpAddr::from([0, 0, 0, 0])));
    let local = at.filter(|at| !at.is_multicast()).unwrap_or(wildcard);
    let track = |index: usize| TrackInfo {
        track_id: u32::try_from(index + 1).unwrap_or(u32::MAX),
        kind: TrackKind::Other,
        payload_name: String::new(),
        clock_rate: 0,
        payload_type: None,
        fmtp: String::new(),
    };
    let tracks = (0..from.ports.len()).map(track).collect();
    let broadcast = broadcast("relayed udp ports", tracks, true, &around.clock);
    let mut receivers = Vec::new();
    for (index, port) in from.ports.iter().enumerate() {
        let config = ReceiverConfig { local, group, port: Some(*port), only_from };
        receivers.push(Receiver::open(&config, &broadcast, track(index).track_id, &around.runtime)?);
    }
    facts.set_feed(Some(Feed::new(broadcast, None, "")));
    facts.progress.up();
    std::future::pending().await
}

/// A server is asked for its stream, wherever it sends us.
async fn fetch(
    from: &RtspSource,
    facts: &SourceFacts,
    around: &Surroundings,
    attempt: &mut Attempt,
) -> Result<(), ClientError> {
    let mut url = RtspUrl { host: from.host.clone(), port: from.port, path: from.path.clone() };
    for _ in 0..MAX_REDIRECTS {
        match play(from, &url, facts, around, attempt).await {
            Err(ClientError::Redirected(location)) => {
                facts.set_feed(None);
                if let Some((connection, url)) = attempt.held.take() {
                    connection.tear_down(&url).await;
                }
                url = url.follow(&location).ok_or(ClientError::Redirected(location))?;
            }
            result => return result,
        }
    }
    Err(ClientError::Unusable("too many redirects".into()))
}

/// A track that is being set up.
struct Wanted<'a> {
    track: &'a Track,
    url: String,
    /// The interleaved channel of its RTP; RTCP has the next.
    channel: u8,
}

async fn play(
    from: &RtspSource,
    url: &RtspUrl,
    facts: &SourceFacts,
    around: &Surroundings,
    attempt: &mut Attempt,
) -> Result<(), ClientError> {
    let local = resolve_local(from.local.as_ref()).await?;
    let credentials = from.credentials.clone().filter(|_| url.is_at(&from.host, from.port));
    let connection = Connection::open(&url.host, url.port, local, credentials).await?;
    let (connection, base) = attempt.held.insert((connection, url.to_string()));
    let answer = connection.ask("DESCRIBE", base, &[("Accept", "application/sdp")], &[]).await?;
    if let Some(stated) = answer.header("Content-Base").filter(|stated| stated.starts_with("rtsp://")) {
        *base = stated.trim_end_matches('/').to_owned();
    }
    let description = Description::parse(&answer.body).map_err(ClientError::Description)?;
    let tracks = tracks(&description);
    if tracks.is_empty() {
        return Err(ClientError::Unusable("the description has no RTP track".into()));
    }
    let infos = tracks.iter().map(|track| track.info.clone()).collect();
    let broadcast = broadcast(base, infos, false, &around.clock);
    let mut receivers = Vec::new();
    let mut protocol = if attempt.interleaved { Protocol::Tcp } else { Protocol::Udp };
    for (channel, track) in (0u8..).step_by(2).zip(&tracks) {
        let wanted = Wanted { track, url: resolve_control(base, &track.control), channel };
        if protocol == Protocol::Udp {
            match set_up_udp(connection, &wanted, &broadcast, around).await {
                // the first answer tells whether UDP can be had
                Err(ClientError::Refused { status, .. }) if channel == 0 && status.starts_with("461") => {
                    (protocol, attempt.interleaved) = (Protocol::Tcp, true);
                }
                receiver => {
                    receivers.push(receiver?);
                    continue;
                }
            }
        }
        set_up_tcp(connection, &wanted).await?;
    }
    if protocol == Protocol::Tcp {
        listen_to_frames(connection, &tracks, &broadcast);
    }
    let duration = duration(&description);
    let feed = Feed::new(Arc::clone(&broadcast), Some(description), &from.path);
    facts.set_feed(Some(Arc::clone(&feed)));
    let destinations = *facts.destinations.lock();
    feed.wait_ready(destinations).await;
    connection.ask("PLAY", base, &[("Range", "npt=0.0-")], &[]).await?;
    facts.progress.up();
    let watched = Watched { broadcast, duration, protocol, began: Instant::now() };
    let result = watched.attend(connection, base).await;
    if matches!(&result, Err(ClientError::Unusable(_))) && protocol == Protocol::Udp {
        attempt.interleaved = true;
    }
    result
}

async fn set_up_udp(
    connection: &mut Connection,
    wanted: &Wanted<'_>,
    broadcast: &Arc<Broadcast>,
    around: &Surroundings,
) -> Result<Receiver, ClientError> {
    let local = connection.local().ip();
    let only_from = Some(connection.peer().ip());
    let config = ReceiverConfig { local, group: None, port: None, only_from };
    let receiver = Receiver::open(&config, broadcast, wanted.track.info.track_id, &around.runtime)?;
    let port = receiver.rtp_port();
    let transport = format!("RTP/AVP;unicast;client_port={port}-{}", port.saturating_add(1));
    let answer = connection.ask("SETUP", &wanted.url, &[("Transport", &transport)], &[]).await?;
    let ports = answer.header("Transport").and_then(|transport| TransportAnswer::parse(transport).server_ports);
    if let Some((_, rtcp)) = ports {
        receiver.report_to(SocketAddr::new(connection.peer().ip(), rtcp));
    }
    Ok(receiver)
}

async fn set_up_tcp(connection: &mut Connection, wanted: &Wanted<'_>) -> Result<(), ClientError> {
    let (rtp, rtcp) = (wanted.channel, wanted.channel.saturating_add(1));
    let transport = format!("RTP/AVP/TCP;unicast;interleaved={rtp}-{rtcp}");
    let answer = connection.ask("SETUP", &wanted.url, &[("Transport", &transport)], &[]).await?;
    let granted = answer.header("Transport").and_then(|transport| TransportAnswer::parse(transport).channels);
    match granted {
        Some(channels) if channels == (rtp, rtcp) => Ok(()),
        _ => Err(ClientError::Unusable("the server grants other channels than were asked for".into())),
    }
}

fn listen_to_frames(connection: &mut Connection, tracks: &[Track], broadcast: &Arc<Broadcast>) {
    let (broadcast, from) = (Arc::clone(broadcast), connection.peer());
    let tracks: Vec<u32> = tracks.iter().map(|track| track.info.track_id).collect();
    connection.set_sink(Box::new(move |channel: u8, packet: Bytes| {
        let Some(track_id) = tracks.get(usize::from(channel / 2)) else { return };
        let kind = if channel % 2 == 0 { Kind::Rtp } else { Kind::Rtcp };
        broadcast.receive(*track_id, kind, packet, Some(from), broadcast.clock().now_us());
    }));
}

/// A source that plays.
struct Watched {
    broadcast: Arc<Broadcast>,
    /// The movie's, seconds; `None` for what has no end.
    duration: Option<f64>,
    protocol: Protocol,
    began: Instant,
}

impl Watched {
    /// Answers the server, keeps the session alive, and looks whether packets come. Ends well when the movie is over.
    async fn attend(&self, connection: &mut Connection, url: &str) -> Result<(), ClientError> {
        let period = connection.keep_alive_period();
        let (mut alive, mut look) = (self.began + period, self.began + LOOK);
        loop {
            // an error here only says that it is time to look
            if let Ok(incoming) = timeout_at(alive.min(look), connection.next()).await {
                let handled = match incoming {
                    Ok(incoming) => connection.handle(incoming).await,
                    Err(error) => Err(error),
                };
                match handled {
                    Err(ClientError::Closed | ClientError::Ended | ClientError::Lost(_)) if self.has_run() => {
                        return Ok(());
                    }
                    handled => handled?,
                }
            }
            let now = Instant::now();
            if now >= look {
                look = now + LOOK;
                if self.is_over()? {
                    return Ok(());
                }
            }
            if now >= alive {
                alive = now + period;
                connection.keep_alive(url).await?;
            }
        }
    }

    /// Whether a movie has had the time to run to its end.
    fn has_run(&self) -> bool {
        self.duration.is_some_and(|duration| self.began.elapsed().as_secs_f64() + 1.0 >= duration)
    }

    fn is_over(&self) -> Result<bool, ClientError> {
        let now_us = self.broadcast.clock().now_us();
        let silent = match self.broadcast.last_packet_us() {
            Some(last_us) => Duration::from_micros(u64::try_from(now_us - last_us).unwrap_or(0)),
            None if self.protocol == Protocol::Udp && self.began.elapsed() >= FIRST_PACKET => {
                return Err(ClientError::Unusable("no packet came by UDP".into()));
            }
            None => self.began.elapsed(),
        };
        if self.has_run() && silent >= SHORT_SILENCE {
            return Ok(true);
        }
        match self.duration {
            _ if silent < SILENCE => Ok(false),
            Some(_) => Ok(true),
            None => Err(ClientError::Silence(SILENCE.as_secs())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::ManualClock;

    fn watched(duration: Option<f64>, protocol: Protocol) -> (Arc<ManualClock>, Watched) {
        let clock = Arc::new(ManualClock::new(1_000_000, 0));
        let shared: Arc<dyn Clock> = clock.clone();
        let info = Description::parse(b"m=audio 0 RTP/AVP 0\r\n").unwrap().media()[0].track_info();
        let broadcast = broadcast("x", vec![info], false, &shared);
        (clock, Watched { broadcast, duration, protocol, began: Instant::now() })
    }

    fn packet(watched: &Watched, at_us: i64) {
        let bytes = Bytes::from_static(&[0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 9]);
        watched.broadcast.receive(1, Kind::Rtp, bytes, None, at_us);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_first_packet_udp_is_given_up_and_tcp_waited_for() {
        let (_, udp) = watched(None, Protocol::Udp);
        let (_, tcp) = watched(None, Protocol::Tcp);
        assert!(!udp.is_over().unwrap());
        tokio::time::advance(FIRST_PACKET).await;
        assert_eq!(udp.is_over().unwrap_err().to_string(), "no packet came by UDP");
        assert!(!tcp.is_over().unwrap());
        tokio::time::advance(SILENCE).await;
        assert_eq!(tcp.is_over().unwrap_err().to_string(), "no packet came for 30 s");
    }

    #[tokio::test(start_paused = true)]
    async fn a_movie_ends_and_a_live_stream_breaks() {
        let (clock, movie) = watched(Some(20.0), Protocol::Udp);
        let (_, live) = watched(None, Protocol::Udp);
        for watched in [&movie, &live] {
            packet(watched, 1_000_000);
        }
        clock.set_us(1_000_000 + 5_000_000);
        assert!(!movie.is_over().unwrap(), "a pause of five seconds");
        tokio::time::advance(Duration::from_secs(20)).await;
        assert!(movie.has_run() && movie.is_over().unwrap());
        assert!(!live.has_run());
    }
}
