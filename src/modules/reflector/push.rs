//! The SETUPs of a broadcaster, and the RECORD (or PLAY) that follows.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use super::on_air::{Busy, Claimant, Entry, Push, new_broadcast, track_infos};
use super::place::{Place, SDP};
use super::source::{NoSource, answer};
use super::{Part, Reflector};
use crate::live::sdp::{Description, Media};
use crate::live::{Broadcast, Kind, Receiver, ReceiverConfig};
use crate::qtss::attr::*;
use crate::rtsp::rtp_info::{RtpInfo, rtp_info};
use crate::rtsp::transport::{Mode, Protocol, Transport};
use crate::rtsp::{Header, Status};
use crate::server::streams::{
    AddedStream, StreamInfo, StreamRules, add_stream_by, presentation_url, put_setup_headers,
};
use crate::server::{BroadcastSource, ClientSession, FrameSink, PlayState, RequestContext, Server};

/// Ports below are never bound because a description names them.
const LOWEST_PORT: u16 = 1024;

/// RTP clock of media whose description does not tell, in Hz, as in DSS.
pub(super) const DEFAULT_CLOCK_RATE: u32 = 90_000;

/// A SETUP of somebody who wants to send?
pub(super) fn is_push(ctx: &RequestContext) -> bool {
    ctx.object.u32(qtssRTSPReqTransportMode) == Some(Mode::Record.id())
}

/// What the server needs to know of the stream of a media.
pub(super) fn stream_info(media: &Media) -> StreamInfo {
    let clock_rate = media.clock_rate();
    StreamInfo {
        track_id: media.track_id,
        payload_name: media.payload_name(),
        clock_rate: if clock_rate == 0 { DEFAULT_CLOCK_RATE } else { clock_rate },
        is_video: media.kind == crate::live::TrackKind::Video,
        worst_quality: 0,
    }
}

/// Why a SETUP is refused.
type Refused = (Status, String);

fn refuse<T>(status: Status, why: impl Into<String>) -> Result<T, Refused> {
    Err((status, why.into()))
}

/// A track that a broadcaster is about to send.
struct Claim {
    broadcast: Arc<Broadcast>,
    info: StreamInfo,
    /// The port its description names.
    port: u16,
}

impl Reflector {
    pub(super) async fn setup_push(self: &Arc<Self>, ctx: &Arc<RequestContext>) {
        let Some(place) = Place::of(ctx, true).filter(|place| place.path.ends_with(SDP)) else {
            return; // nothing to send to; the file module says so
        };
        let Some(session) = ctx.session() else { return };
        if !self.prefs.load().push {
            return ctx.respond_error(Status::PreconditionFailed, "Broadcasts are not taken.");
        }
        let read = self.read_description(ctx, &place, &place.path).await;
        let description = match read {
            Ok(described) => described.description,
            Err(NoSource::NotOurs) => return ctx.respond_error(Status::NotFound, "nothing was announced here"),
            Err(why) => return answer(ctx, why, &place.path, &place),
        };
        if let Ok(track_id) = self.track_of(ctx, &place, &description) {
            self.wait_for_room(ctx, &place.path, Some(track_id)).await;
        }
        match self.add_track(ctx, &session, &place, description) {
            Ok(Some(added)) => {
                ctx.respond(|answer| {
                    answer.header(Header::CacheControl, "no-cache");
                    put_setup_headers(ctx, &session, &added, answer);
                });
            }
            Ok(None) => {} // answered
            Err((status, why)) => ctx.respond_error(status, &why),
        }
    }

    /// Takes one track of a broadcaster. `Ok(None)`: the request has been answered with an error.
    fn add_track(
        &self,
        ctx: &Arc<RequestContext>,
        session: &Arc<ClientSession>,
        place: &Place,
        description: Description,
    ) -> Result<Option<AddedStream>, Refused> {
        let key = &place.path;
        let is_busy = ctx.with_state(|state| match state.extension::<Part>() {
            Some(Part::Broadcaster { key: known }) => known != key,
            Some(Part::Viewer { .. }) => true,
            None => !state.streams.is_empty(),
        });
        if is_busy == Some(true) {
            return refuse(Status::AggregateOptionNotAllowed, "the session is about something else");
        }
        let track_id = self.track_of(ctx, place, &description)?;
        self.make_room(ctx, key, Some(track_id))?;
        let claim = self.claim(ctx, session, key, Arc::new(description), track_id)?;
        let added = self.open_track(ctx, session, &claim);
        let (added, receiver) = match added {
            Ok(Some(opened)) => opened,
            other => {
                self.give_up(&ctx.server, key, session);
                return other.map(|_| None);
            }
        };
        self.keep_track(ctx, session, key, &claim, receiver);
        Ok(Some(added))
    }

    /// The track that the URL means.
    fn track_of(&self, ctx: &RequestContext, place: &Place, description: &Description) -> Result<u32, Refused> {
        let taken = match (self.on_air.lock().entries.get(&place.path), ctx.session()) {
            (Some(entry), Some(session)) => entry.tracks_of(session.id),
            _ => Vec::new(),
        };
        let found = match (place.track.as_str(), description.media()) {
            ("", [only]) => Some(only),
            ("", _) => None,
            (name, _) => description.find_track(name, |id| taken.contains(&id)),
        };
        match found {
            Some(media) => Ok(media.track_id),
            None => refuse(Status::BadRequest, "TrackID doesn't match any trackID for this ReflectorSession"),
        }
    }

    /// Enters the session as one that sends; its broadcast begins if it is the first.
    fn claim(
        &self,
        ctx: &RequestContext,
        session: &Arc<ClientSession>,
        key: &str,
        description: Arc<Description>,
        track_id: u32,
    ) -> Result<Claim, Refused> {
        let prefs = self.prefs.load();
        let (server, claimant) = (&ctx.server, Self::claimant(ctx));
        let mut on_air = self.on_air.lock();
        let mut replaced = None;
        if let Some(entry) = on_air.entries.get(key) {
            let is_free = entry.to_replace(&claimant, Some(track_id), server.clock.now_us());
            if is_free == Err(Busy) && !prefs.duplicates {
                return refuse(Status::PreconditionFailed, "A broadcast stream is already setup for this URL");
            }
            if entry.pushes.is_empty() && !entry.broadcast.fits(&track_infos(&description)) {
                replaced = on_air.entries.remove(key);
            }
        }
        let watchers = replaced.map(|entry| {
            server.broadcasts.remove(&entry.broadcast);
            entry.broadcast.end("the broadcast has come back with other media");
            entry.watchers
        });
        let entry = on_air.entries.entry(key.to_owned()).or_insert_with(|| {
            let broadcast = new_broadcast(key, &description, prefs.options.clone(), &server.clock);
            let _ = server.broadcasts.insert(Arc::clone(&broadcast)); // one of that name that is not ours stays
            Entry::new(broadcast, Arc::clone(&description), server.clock.wall_us() / 1000)
        });
        entry.watchers.extend(watchers.into_iter().flatten());
        if entry.pushes.is_empty() {
            entry.description = description;
            entry.broadcast.source_restarts();
        }
        let Some(media) = entry.description.track(track_id) else {
            return refuse(Status::BadRequest, "TrackID doesn't match any trackID for this ReflectorSession");
        };
        let claim = Claim { broadcast: Arc::clone(&entry.broadcast), info: stream_info(media), port: media.port };
        enter_push(entry, ctx, session, claimant);
        Ok(claim)
    }

    /// The transport of a track: ports that are bound, or channels of the connection.
    fn open_track(
        &self,
        ctx: &Arc<RequestContext>,
        session: &Arc<ClientSession>,
        claim: &Claim,
    ) -> Result<Option<(AddedStream, Option<Receiver>)>, Refused> {
        let header = ctx.header(Header::Transport).unwrap_or_default();
        let transport = Transport::choose(&header).map_err(|error| (error.status(), error.to_string()))?;
        let receiver = match transport.protocol {
            Protocol::Tcp => None,
            Protocol::Udp => Some(open_ports(ctx, claim, &transport)?),
        };
        if let Some(receiver) = &receiver {
            ctx.object.set_u16(qtssRTSPReqSetUpServerPort, receiver.rtp_port());
        }
        let rules = StreamRules { allow_record: true, plain_udp: true, ..StreamRules::default() };
        let Some(added) = add_stream_by(ctx, session, &claim.info, rules) else { return Ok(None) };
        if transport.protocol == Protocol::Tcp {
            ctx.connection.receive_frames(&added.stream, &frame_sink(claim));
        }
        if let (Some(receiver), crate::rtp::Transport::Udp(udp)) = (&receiver, added.stream.transport()) {
            receiver.report_to(udp.addresses().rtcp);
        }
        Ok(Some((added, receiver)))
    }

    /// The track is open: the session is a broadcaster's from now on.
    fn keep_track(
        &self,
        ctx: &Arc<RequestContext>,
        session: &Arc<ClientSession>,
        key: &str,
        claim: &Claim,
        receiver: Option<Receiver>,
    ) {
        let timeout_ms = self.prefs.load().broadcaster_timeout_ms;
        session.mark_broadcaster();
        session.timeout_ms.store(timeout_ms, std::sync::atomic::Ordering::Relaxed);
        session.object.set_u32(qtssCliSesTimeoutMsec, u32::try_from(timeout_ms).unwrap_or(u32::MAX));
        ctx.with_state(|state| state.set_extension(Part::Broadcaster { key: key.to_owned() }));
        self.files.note_push(key);
        let track_id = claim.info.track_id;
        let mut on_air = self.on_air.lock();
        if let Some(entry) = on_air.entries.get_mut(key) {
            // What a static description's ports bring would be a second source.
            entry.receivers.retain(|(id, _)| *id != track_id);
        }
        let Some(push) = on_air.push_of(key, session.id) else { return };
        push.tracks.retain(|(id, _)| *id != track_id);
        push.tracks.push((track_id, receiver));
        let source = BroadcastSource {
            kind: push.kind(),
            from: push.peer.to_string(),
            user: push.user.clone(),
            since_unix_ms: ctx.server.clock.wall_us() / 1000,
        };
        ctx.server.broadcast_sources.set(key, source);
    }

    /// A SETUP has failed: a session that sends nothing else is none that sends.
    fn give_up(&self, server: &Arc<Server>, key: &str, session: &ClientSession) {
        let sends_nothing = {
            let mut on_air = self.on_air.lock();
            let Some(entry) = on_air.entries.get_mut(key) else { return };
            entry.pushes.retain(|push| push.id != session.id || !push.tracks.is_empty());
            !entry.is_used()
        };
        if sends_nothing {
            self.end_viewer(server, key, session.id);
        }
    }

    /// RECORD, for which some broadcasters say PLAY: packets are on their way.
    pub(super) fn record(&self, ctx: &Arc<RequestContext>, key: &str) {
        let Some(session) = ctx.session() else { return };
        let named = Place::of(ctx, false).is_some_and(|place| place.path == key);
        let is_asterisk = ctx.request().is_some_and(|request| request.is_asterisk());
        let began = {
            let mut on_air = self.on_air.lock();
            on_air.push_of(key, session.id).map(|push| (!std::mem::replace(&mut push.recording, true), push.kind()))
        };
        let Some((first, kind)) = began.filter(|_| named || is_asterisk) else {
            return ctx.respond_error(Status::MethodNotValidInState, "nothing is set up to be sent here");
        };
        if first {
            let user = Self::claimant(ctx).user;
            let user = if user.is_empty() { String::new() } else { format!(", user {user}") };
            tracing::info!("Broadcast {key} begins: {kind} from {}{user}", ctx.connection.peer.ip().to_canonical());
        }
        let names = ctx.with_state(|state| {
            state.play = PlayState::Playing;
            state.play_number = state.play_number.wrapping_add(1);
            state.has_new_stream = false;
            state.streams.iter().map(|stream| stream.name.clone()).collect::<Vec<_>>()
        });
        let names = names.unwrap_or_default();
        ctx.respond(|answer| {
            let entries: Vec<_> = names.iter().map(|stream| RtpInfo { stream, seq: None, rtptime: None }).collect();
            answer.header(Header::RtpInfo, rtp_info(&presentation_url(ctx), &entries));
        });
    }
}

fn enter_push(entry: &mut Entry, ctx: &RequestContext, session: &Arc<ClientSession>, claimant: Claimant) {
    if entry.pushes.iter().any(|push| push.id == session.id) {
        return;
    }
    entry.pushes.push(Push {
        id: session.id,
        session: Arc::downgrade(session),
        connection: Arc::downgrade(&ctx.connection),
        connection_id: ctx.connection.id,
        peer: claimant.peer,
        user: claimant.user,
        tracks: Vec::new(),
        since_us: ctx.server.clock.now_us(),
        recording: false,
    });
}

/// Binds where a track comes in: the port that its description names if it is free, else the next of the server's own.
/// Only the broadcaster's address is listened to.
fn open_ports(ctx: &RequestContext, claim: &Claim, transport: &Transport) -> Result<Receiver, Refused> {
    let local = match ctx.connection.local.ip().to_canonical() {
        // Of use only together with its interface.
        IpAddr::V6(address) if address.is_unicast_link_local() => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        address => address,
    };
    let runtime = tokio::runtime::Handle::current();
    let open = |port| {
        let only_from = Some(ctx.connection.peer.ip().to_canonical());
        let config = ReceiverConfig { local, group: None, port, only_from };
        Receiver::open(&config, &claim.broadcast, claim.info.track_id, &runtime)
    };
    let wanted = Some(claim.port).filter(|port| *port >= LOWEST_PORT);
    let opened = wanted.and_then(|port| open(Some(port)).ok()).map_or_else(|| open(None), Ok);
    let receiver = opened.map_err(|error| {
        tracing::warn!("{}: {error}", claim.broadcast.key());
        (Status::ServiceUnavailable, "Can't bind reflector sockets".to_owned())
    })?;
    if let Some(ports) = transport.client_port {
        receiver.report_to(SocketAddr::new(ctx.connection.peer.ip(), ports.rtcp));
    }
    Ok(receiver)
}

/// What comes on a track's channels goes to the broadcast.
fn frame_sink(claim: &Claim) -> FrameSink {
    let (broadcast, track_id) = (Arc::clone(&claim.broadcast), claim.info.track_id);
    Arc::new(move |is_rtcp, packet| {
        let kind = if is_rtcp { Kind::Rtcp } else { Kind::Rtp };
        // Copied: a small packet must not keep the whole of what was read with it.
        let packet = bytes::Bytes::copy_from_slice(packet);
        broadcast.receive(track_id, kind, packet, None, broadcast.clock().now_us());
    })
}
