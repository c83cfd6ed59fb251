//! Viewers of broadcasts: DESCRIBE, SETUP, PLAY, PAUSE.

use std::collections::{HashSet, hash_map};
use std::sync::Arc;
use std::time::Duration;

use super::on_air::{Entry, new_broadcast, track_infos};
use super::place::Place;
use super::push::stream_info;
use super::source::{Described, answer, open_static, static_source};
use super::{Part, Reflector};
use crate::live::sdp::{Description, ViewerTerms, origin};
use crate::live::{Broadcast, Join, JoinOptions, ReceiveError, ViewerOptions};
use crate::qtss::attr::*;
use crate::rtp::{PacketSource, PlayRequest, PlayStream, RtpStream};
use crate::rtsp::extensions::{DynamicRate, LateTolerance};
use crate::rtsp::rtp_info::{RtpInfo, rtp_info};
use crate::rtsp::{Header, Status};
use crate::server::streams::{
    StreamInfo, StreamRules, add_stream_by, all_reliable, halt, is_player, presentation_url, put_describe_headers,
    put_setup_headers,
};
use crate::server::{BroadcastSource, ClientSession, PlayState, RequestContext, streams};

/// How long a PLAY waits for a broadcast's first packet, as in DSS.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often it looks.
const LOOK: Duration = Duration::from_millis(20);

/// How long ports may take to be closed.
const CLOSING: Duration = Duration::from_millis(500);

/// Seconds from 1900 to 1970.
const NTP_TO_UNIX: i64 = 2_208_988_800;

/// Who is named as the author of a description that names none.
const NOBODY: &str = "broadcast_sdp";

/// The streams of a session with the last parts of their SETUPs' URLs.
type Streams = Vec<(Arc<RtpStream>, String)>;

/// Why a session was not entered as one that watches.
enum NotEntered {
    /// The SETUP is answered so.
    Refused(Status, &'static str),
    /// The ports of a static description can't be had.
    NoPorts(ReceiveError),
}

fn refuse<T>(status: Status, why: &'static str) -> Result<T, NotEntered> {
    Err(NotEntered::Refused(status, why))
}

impl Reflector {
    pub(super) async fn describe(self: &Arc<Self>, ctx: &Arc<RequestContext>) {
        let prefs = self.prefs.load_full();
        let Some(place) = Place::of(ctx, false) else { return };
        let Some(key) = place.description(&prefs) else { return };
        if place.is_another_file(&key).await {
            return;
        }
        let on_air = self
            .on_air
            .lock()
            .entries
            .get(&key)
            .filter(|entry| entry.has_source())
            .map(|entry| (Arc::clone(&entry.description), entry.since_unix_ms / 1000));
        let (description, unix_seconds) = match on_air {
            Some(_) if !place.is_allowed(&prefs) => {
                return ctx.respond_error(Status::Forbidden, "Broadcast is not allowed.");
            }
            Some(found) => found,
            None => match self.read_description(ctx, &place, &key).await {
                Ok(Described { description, stamp, .. }) => (Arc::new(description), stamp.modified_seconds()),
                Err(why) => return answer(ctx, why, &key, &place),
            },
        };
        let text = self.for_viewer(ctx, &place, &description, unix_seconds);
        ctx.with_state(|state| state.described = true);
        ctx.respond_with_body(
            |answer| {
                answer.header(Header::CacheControl, "no-cache").header(Header::ContentLength, text.len().to_string());
                put_describe_headers(ctx, answer);
            },
            &text,
        );
    }

    fn for_viewer(&self, ctx: &RequestContext, place: &Place, found: &Description, unix_seconds: i64) -> Vec<u8> {
        let (prefs, server) = (self.prefs.load(), ctx.server.prefs());
        let local = ctx.connection.local.ip().to_canonical();
        let mut description = found.clone();
        let changed = u64::try_from(unix_seconds.saturating_add(NTP_TO_UNIX)).unwrap_or(0);
        description.complete(|| origin(NOBODY, &changed.to_string(), changed, local), place.url_path.as_bytes());
        let narrow = prefs.player_compatibility && is_player(ctx, &server.player_requires_bandwidth_adjustment);
        let frequency = u32::from(server.three_gpp_protocol_rate_adaptation_report_frequency);
        description.for_viewer(&ViewerTerms {
            ipv6: local.is_ipv6(),
            three_gpp_adaptation: server.enable_3gpp_protocol.then_some(frequency),
            bandwidth_percent: narrow.then_some(prefs.bandwidth_percent).filter(|percent| *percent < 100),
        })
    }

    pub(super) async fn setup_viewer(self: &Arc<Self>, ctx: &Arc<RequestContext>, part: Option<Part>) {
        let prefs = self.prefs.load_full();
        let (Some(place), Some(session)) = (Place::of(ctx, true), ctx.session()) else { return };
        let Some(key) = place.description(&prefs) else { return };
        if place.is_another_file(&key).await {
            return;
        }
        let known = self.on_air.lock().entries.get(&key).is_some_and(Entry::has_source);
        let described = if known && place.is_allowed(&prefs) {
            None
        } else {
            match self.read_description(ctx, &place, &key).await {
                Ok(described) => Some(described),
                Err(why) => return answer(ctx, why, &key, &place),
            }
        };
        let has_streams = ctx.with_state(|state| !state.streams.is_empty()).unwrap_or(false);
        let is_its = matches!(&part, Some(Part::Viewer { key: known, .. }) if *known == key);
        if has_streams && !is_its {
            return ctx.respond_error(Status::AggregateOptionNotAllowed, "the session is about something else");
        }
        let Some(track_id) = place.track_id() else {
            return ctx.respond_error(Status::BadRequest, "Expected a digit at the end of the URL");
        };
        let info = match self.enter_when_ports_are_free(ctx, &session, &key, described, track_id).await {
            Ok(info) => info,
            Err(NotEntered::Refused(status, why)) => return ctx.respond_error(status, why),
            Err(NotEntered::NoPorts(error)) => {
                tracing::warn!("{key}: {error}");
                return ctx.respond_error(Status::ServiceUnavailable, "Can't bind reflector sockets");
            }
        };
        let rules = StreamRules { hide_ssrc: true, ..StreamRules::default() };
        let Some(added) = add_stream_by(ctx, &session, &info, rules) else {
            if !is_its {
                self.end_viewer(&ctx.server, &key, session.id);
            }
            return;
        };
        let wants = ctx.header(Header::XDynamicRate).as_deref().and_then(DynamicRate::parse) == Some(DynamicRate::On);
        let before = matches!(part, Some(Part::Viewer { dynamic: true, .. }));
        ctx.with_state(|state| {
            if let Some(late) = ctx.header(Header::XTransportOptions).as_deref().and_then(LateTolerance::parse) {
                state.late_tolerance = Some(late.seconds);
            }
            state.set_extension(Part::Viewer { key, dynamic: wants || before });
        });
        if !(wants || before) {
            session.object.set_bool16(qtssCliSesOverBufferEnabled, false);
        }
        ctx.respond(|answer| {
            answer.header(Header::CacheControl, "no-cache");
            put_setup_headers(ctx, &session, &added, answer);
        });
    }

    /// Enters a session as one that watches. The ports of a static description are closed a moment after its last viewer
    /// has left: who comes within it waits for them.
    async fn enter_when_ports_are_free(
        &self,
        ctx: &RequestContext,
        session: &ClientSession,
        key: &str,
        described: Option<Described>,
        track_id: u32,
    ) -> Result<StreamInfo, NotEntered> {
        let until = tokio::time::Instant::now() + CLOSING;
        loop {
            match self.enter_viewer(ctx, session, key, described.clone(), track_id) {
                Err(NotEntered::NoPorts(error)) if error.is_in_use() && tokio::time::Instant::now() < until => {
                    tokio::time::sleep(LOOK).await;
                }
                entered => return entered,
            }
        }
    }

    /// Enters a session as one that watches; a static description's ports are opened for the first.
    fn enter_viewer(
        &self,
        ctx: &RequestContext,
        session: &ClientSession,
        key: &str,
        described: Option<Described>,
        track_id: u32,
    ) -> Result<StreamInfo, NotEntered> {
        let server = &ctx.server;
        let options = self.prefs.load().options.clone();
        let mut on_air = self.on_air.lock();
        let announced = described.as_ref().is_some_and(|described| described.announced);
        let mut watchers = HashSet::new();
        if let (Some(entry), Some(described)) = (on_air.entries.get(key), &described) {
            // Without a source, what is in the file now counts.
            if !entry.has_source() && !entry.broadcast.fits(&track_infos(&described.description)) {
                server.broadcasts.remove(&entry.broadcast);
                entry.broadcast.end("its description has changed");
                watchers = on_air.entries.remove(key).map(|entry| entry.watchers).unwrap_or_default();
            }
        }
        let (entry, made) = match (on_air.entries.entry(key.to_owned()), described) {
            (hash_map::Entry::Occupied(entry), described) => {
                let entry = entry.into_mut();
                if let Some(described) = described.filter(|_| !entry.has_source()) {
                    entry.description = Arc::new(described.description); // the same tracks, perhaps from elsewhere
                }
                (entry, false)
            }
            (hash_map::Entry::Vacant(_), None) => return refuse(Status::NotFound, "no such broadcast"),
            (hash_map::Entry::Vacant(slot), Some(described)) => {
                let description = Arc::new(described.description);
                let broadcast = new_broadcast(key, &description, options, &server.clock);
                (slot.insert(Entry::new(broadcast, description, server.clock.wall_us() / 1000)), true)
            }
        };
        let Some(media) = entry.description.track(track_id) else {
            drop_if(made, &mut on_air.entries, key);
            return refuse(Status::BadRequest, "TrackID doesn't match any trackID for this ReflectorSession");
        };
        let info = stream_info(media);
        // What was only announced has a broadcaster to come, but a group needs none.
        let has_group = || entry.description.media().iter().all(is_group);
        if !entry.has_source() && (!announced || has_group()) {
            match open_static(server, &entry.broadcast, &entry.description) {
                Ok(receivers) => entry.receivers = receivers,
                Err(error) => {
                    drop_if(made, &mut on_air.entries, key);
                    return Err(NotEntered::NoPorts(error));
                }
            }
            if !entry.receivers.is_empty() {
                let from = static_source(&entry.description);
                tracing::debug!("{key}: the first viewer; listening at {from}");
                let since_unix_ms = server.clock.wall_us() / 1000;
                let source = BroadcastSource { kind: "static", from, user: String::new(), since_unix_ms };
                server.broadcast_sources.set(key, source);
            }
        }
        if made {
            let _ = server.broadcasts.insert(Arc::clone(&entry.broadcast)); // one of that name that is not ours stays
        }
        entry.watchers.extend(watchers);
        entry.watchers.insert(session.id);
        Ok(info)
    }

    pub(super) async fn play(&self, ctx: &Arc<RequestContext>, key: &str, dynamic: bool) {
        let (Some(session), Some(place)) = (ctx.session(), Place::of(ctx, false)) else { return };
        let prefs = self.prefs.load_full();
        let is_asterisk = ctx.request().is_some_and(|request| request.is_asterisk());
        if !is_asterisk && place.description(&prefs).as_deref() != Some(key) {
            return ctx.respond_error(Status::MethodNotValidInState, "the URL is not the session's");
        }
        let streams = ctx.with_state(|state| {
            state.streams.iter().map(|of| (Arc::clone(&of.stream), of.name.clone())).collect::<Streams>()
        });
        let Some(streams) = streams.filter(|streams| !streams.is_empty()) else {
            return ctx.respond_error(Status::MethodNotValidInState, "nothing is set up");
        };
        halt(ctx).await;
        let force = !prefs.no_rtp_info
            && (prefs.force_rtp_info
                || (prefs.player_compatibility && is_player(ctx, &ctx.server.prefs().player_requires_rtp_header_info)));
        let Some(broadcast) = self.await_packets(key, &streams, force).await else {
            return ctx.respond_error(Status::NotFound, "Broadcast is not active.");
        };
        let asks = ctx.header(Header::XDynamicRate).as_deref().and_then(DynamicRate::parse);
        let dynamic = asks.map_or(dynamic, |rate| rate == DynamicRate::On) && !prefs.no_overbuffering;
        let all: Vec<_> = streams.iter().map(|(stream, _)| Arc::clone(stream)).collect();
        let reliable = all_reliable(&all);
        let overbuffer = dynamic && reliable;
        let join = broadcast.join(&JoinOptions { overbuffer, reliable, policy: None });
        let Some(sources) = sources(&broadcast, &streams, &join) else {
            return ctx.respond_error(Status::NotFound, "Broadcast is not active.");
        };
        ctx.respond(|answer| {
            if prefs.range_header {
                answer.header(Header::Range, "npt=now-");
            }
            if !prefs.no_rtp_info {
                answer.header(Header::RtpInfo, rtp_info(&presentation_url(ctx), &starts(&streams, &join)));
            }
        });
        launch(ctx, &session, &broadcast, &join, sources, overbuffer);
    }

    /// Waits, not long, until there is something to play. `None` when nobody sends, or, if the answer must name packets,
    /// when they have not come for every stream.
    async fn await_packets(&self, key: &str, streams: &Streams, force: bool) -> Option<Arc<Broadcast>> {
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            let found = {
                let on_air = self.on_air.lock();
                on_air.entries.get(key).map(|entry| (Arc::clone(&entry.broadcast), entry.has_source()))
            };
            let (broadcast, has_source) = found?;
            let join = force.then(|| broadcast.join(&JoinOptions::default()));
            let is_there = match &join {
                Some(join) => streams.iter().all(|(stream, _)| join.rtp_start(stream.config().track_id).is_some()),
                None => broadcast.is_active(),
            };
            if has_source && is_there {
                return Some(broadcast);
            }
            if tokio::time::Instant::now() >= until {
                return (has_source && !force).then_some(broadcast);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// PAUSE: packets stop; a PLAY goes on with what is live then. A broadcaster's packets are taken all the same.
pub(super) async fn pause(ctx: &Arc<RequestContext>) {
    let sends = ctx.with_state(|state| matches!(state.extension(), Some(Part::Broadcaster { .. }))).unwrap_or(false);
    if sends {
        ctx.with_state(|state| state.play = PlayState::Paused);
    } else {
        halt(ctx).await;
    }
    ctx.respond(|_| {});
}

fn drop_if(made: bool, entries: &mut std::collections::HashMap<String, Entry>, key: &str) {
    if made {
        entries.remove(key);
    }
}

fn is_group(media: &crate::live::sdp::Media) -> bool {
    let address = media.connection.and_then(|connection| connection.address);
    media.port != 0 && address.is_some_and(|address| address.is_multicast())
}

/// What RTP-Info says: the first packet of each stream, if it is known of all.
fn starts<'a>(streams: &'a Streams, join: &Join) -> Vec<RtpInfo<'a>> {
    let start = |stream: &RtpStream| join.rtp_start(stream.config().track_id);
    let all_known = streams.iter().all(|(stream, _)| start(stream).is_some());
    let info = |(stream, name): &'a (Arc<RtpStream>, String)| {
        let start = start(stream).filter(|_| all_known);
        RtpInfo { stream: name, seq: start.map(|start| start.sequence), rtptime: start.map(|start| start.rtp_time) }
    };
    streams.iter().map(info).collect()
}

/// A source per stream; `None` if the broadcast has no such track (any more).
fn sources(broadcast: &Arc<Broadcast>, streams: &Streams, join: &Join) -> Option<Vec<PlayStream>> {
    let source = |(stream, _): &(Arc<RtpStream>, String)| {
        let source = broadcast.viewer(stream.config().track_id, ViewerOptions { join: join.clone() })?;
        let source: Box<dyn PacketSource> = Box::new(source);
        Some(PlayStream { stream: Arc::clone(stream), source, send_reports: false })
    };
    streams.iter().map(source).collect()
}

/// Hands the play to the send workers once the answer is on its way.
fn launch(
    ctx: &Arc<RequestContext>,
    session: &Arc<ClientSession>,
    broadcast: &Broadcast,
    join: &Join,
    packets: Vec<PlayStream>,
    overbuffer: bool,
) {
    let mut play = PlayRequest::new(session.key(), packets, join.media_start_us(), ctx.server.send_prefs());
    play.overbuffer = overbuffer;
    play.bit_rate = broadcast.bit_rate();
    session.object.set_u32(qtssCliSesMovieAverageBitRate, play.bit_rate);
    session.update_log(|log| log.movie_bit_rate = play.bit_rate);
    streams::launch(ctx, session, play, 0);
}
