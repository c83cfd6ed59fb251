//! QTSSAccessLogModule: one line in StreamingServer.log for each client session that ends and each 401 or 403.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use crate::log::{
    AccessEntry, AccessEvent, AccessEventKind, AccessLog, AccessTransport, ErrorLog, Level, RequestLogOptions,
    SystemClock,
};
use crate::qtss::attr::*;
use crate::qtss::{BoxFuture, InitializeParams, Module, QtssError, Registration, Role, RoleCall, SyncRole};
use crate::rtp::{RTP_HEADER_LEN, StreamStats, Transport};
use crate::rtsp::{Header, Method, Status};
use crate::server::{
    ClientSession, ClosingSession, Preferences, RequestContext, Server, ServerState, SessionState, SessionStream,
};

/// How often the log looks at its age.
const LOG_TICK: Duration = Duration::from_secs(60);

/// Seconds of the client's buffer that DSS writes down for every session that played.
const CLIENT_BUFFER_SECONDS: u32 = 3;

/// Who plays on so close to where the session was paused goes on; others went elsewhere.
const SAME_PLACE_SECONDS: f64 = 0.5;

/// The module.
pub struct AccessLogModule {
    log: Arc<AccessLog>,
    preferences: Arc<Preferences>,
    /// The server was put to rest; the end of that is worth a remark.
    idle: AtomicBool,
}

impl AccessLogModule {
    /// The module with its log; trouble with the file is told to the error log.
    pub fn new(preferences: &Arc<Preferences>, error_log: &Arc<ErrorLog>) -> Self {
        let options = preferences.with(RequestLogOptions::access_from_prefs);
        let complaints = Arc::clone(error_log);
        let complain = Box::new(move |text: &str| complaints.write(Level::Warning, text));
        let log = Arc::new(AccessLog::new(options, Arc::new(SystemClock), complain));
        let reopened = Arc::downgrade(&log);
        error_log.on_reopen(move || reopened.upgrade().iter().for_each(|log| log.reopen()));
        Self { log, preferences: Arc::clone(preferences), idle: AtomicBool::new(false) }
    }

    /// Idle and running again are remarks like stop and start.
    fn note_state(&self, state: u32) {
        if state == ServerState::Idle as u32 {
            if !self.idle.swap(true, Ordering::Relaxed) {
                self.log.shutdown();
            }
        } else if state == ServerState::Running as u32 && self.idle.swap(false, Ordering::Relaxed) {
            self.log.startup();
        }
    }

    async fn log_session(&self, closing: &ClosingSession) {
        let (server, session) = (&closing.server, &closing.session);
        let facts = session.log_facts();
        let state = session.state.lock().await;
        let status = session.last_status.load(Ordering::Relaxed);
        if facts.uri_stem.is_empty() || (facts.challenged && state.streams.is_empty() && status == 401) {
            return;
        }
        let mut entry = entry(server, session);
        entry.c_status = status;
        add_streams(&mut entry, &state.streams, session.was_played());
        self.log.write(&entry);
    }

    /// A request that was refused for lack of rights is a line of its own.
    fn log_refusal(&self, ctx: &RequestContext) {
        let status = ctx.status();
        let Some(session) = ctx.session().filter(|_| matches!(status, Status::Unauthorized | Status::Forbidden)) else {
            return;
        };
        let mut entry = entry(&ctx.server, &session);
        entry.c_status = u32::from(status.code());
        self.log.write(&entry);
    }
}

/// What the module remembers of a session, to tell one PLAY from another.
#[derive(Clone, Copy)]
struct Played {
    /// The last play that was seen to begin.
    number: u32,
    /// Where the session was paused since, in seconds.
    paused_at: Option<f64>,
}

impl AccessLogModule {
    /// A PLAY or PAUSE that went well is an event, if events are wanted.
    fn log_event(&self, ctx: &RequestContext) {
        if !self.log.wants_events() || ctx.status() != Status::Ok {
            return;
        }
        let (Some(session), Some(request)) = (ctx.session(), ctx.request()) else { return };
        let range = request.header(Header::Range).map(|_| ctx.object.f64(qtssRTSPReqStartTime).unwrap_or(0.0));
        let event = ctx.with_state(|state| event_of(state, request.method(), range, started_at(&session)));
        let Some((kind, npt)) = event.flatten() else { return };
        let facts = session.log_facts();
        self.log.write_event(&AccessEvent {
            kind,
            at: SystemTime::now(),
            c_ip: session.peer.to_canonical().to_string(),
            cs_uri_stem: facts.uri_stem,
            npt,
            sc_bytes: bytes_sent(&session),
            c_username: facts.user,
            session: session.object.u32(qtssCliSesCounterID).unwrap_or(0),
        });
    }
}

/// Where the last play began, in seconds: at the key frame, if it went back to one.
fn started_at(session: &ClientSession) -> f64 {
    let time = |attribute| session.object.i64(attribute).unwrap_or(0);
    (time(qtssCliSesPlayTimeInMsec) - time(qtssCliSesAdjustedPlayTimeInMsec)) as f64 / 1000.0
}

/// Which event a request was and where in the movie, in seconds; `None` for one that changed nothing, such as a PLAY that
/// is only a sign of life. `range` is where a Range header asked to begin.
fn event_of(
    state: &mut SessionState,
    method: Method,
    range: Option<f64>,
    started_at: f64,
) -> Option<(AccessEventKind, Option<f64>)> {
    let seen = state.extension::<Played>().copied();
    match (method, seen) {
        (Method::Play, Some(seen)) if seen.number == state.play_number && seen.paused_at.is_none() => None,
        (Method::Play, seen) => {
            state.set_extension(Played { number: state.play_number, paused_at: None });
            let kind = match (seen.map(|seen| seen.paused_at), range) {
                (None, _) => AccessEventKind::Play,
                (Some(_), None) => AccessEventKind::Resume,
                // Players name the place where they stand, to which the server had been a little ahead.
                (Some(Some(at)), Some(range)) if (at - range).abs() < SAME_PLACE_SECONDS => AccessEventKind::Resume,
                (Some(_), Some(_)) => AccessEventKind::Seek,
            };
            Some((kind, Some(started_at)))
        }
        (Method::Pause, Some(seen)) if seen.paused_at.is_none() => {
            let at = state.position.as_ref().map(|position| position.media_us.max(0) as f64 / 1e6);
            state.set_extension(Played { paused_at: Some(at.unwrap_or(0.0)), ..seen });
            Some((AccessEventKind::Pause, at))
        }
        _ => None,
    }
}

/// RTP bytes that a session has been sent, with headers.
fn bytes_sent(session: &ClientSession) -> u64 {
    let load = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let of = |stats: &StreamStats| load(&stats.payload_bytes_sent) + load(&stats.packets_sent) * RTP_HEADER_LEN as u64;
    session.object_streams().iter().map(|stream| of(stream.stats())).sum()
}

/// What is known of a session whatever it did.
fn entry(server: &Server, session: &ClientSession) -> AccessEntry {
    let facts = session.log_facts();
    let seconds = (server.now_ms() - session.created_ms).max(0) / 1000;
    AccessEntry {
        c_ip: session.peer.to_canonical().to_string(),
        ended: SystemTime::now(),
        // As in DSS, a broadcaster has none.
        c_dns: if session.is_broadcaster() { String::new() } else { facts.url_host },
        cs_uri_stem: facts.uri_stem,
        x_duration: seconds.unsigned_abs(),
        c_rate: 1,
        user_agent: facts.user_agent,
        filelength: facts.movie_seconds.max(0.0) as u64,
        filesize: facts.movie_bytes,
        avgbandwidth: u64::from(facts.movie_bit_rate),
        c_buffercount: 1,
        s_ip: facts.local.clone(),
        s_dns: facts.local,
        s_totalclients: server.stats.current_sessions.load(Ordering::Relaxed),
        s_cpu_util: server.stats.cpu_percent() as u32,
        cs_uri_query: facts.query,
        c_username: facts.user,
        sc_realm: facts.realm,
        ..AccessEntry::default()
    }
}

/// What the streams were, sent and heard of.
fn add_streams(entry: &mut AccessEntry, streams: &[SessionStream], played: bool) {
    let load = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let (mut bytes, mut packets, mut lost) = (0, 0, 0);
    for SessionStream { stream, .. } in streams {
        let stats = stream.stats();
        packets += load(&stats.packets_sent);
        bytes += load(&stats.payload_bytes_sent) + load(&stats.packets_sent) * RTP_HEADER_LEN as u64;
        lost += u64::from(stats.total_lost.load(Ordering::Relaxed).max(0).unsigned_abs());
        entry.cs_bytes += load(&stats.rtcp_bytes_received);
        let codec = if stream.config().is_video { &mut entry.videocodec } else { &mut entry.audiocodec };
        if codec.is_empty() {
            codec.clone_from(&stream.config().payload_name);
        }
    }
    entry.transport = match streams.first().map(|first| first.stream.transport()) {
        None => AccessTransport::None,
        Some(Transport::Interleaved { .. }) => AccessTransport::Tcp,
        Some(_) => AccessTransport::Udp,
    };
    entry.set_delivery(bytes, packets, lost);
    if played {
        entry.c_starttime = CLIENT_BUFFER_SECONDS;
        entry.c_totalbuffertime = CLIENT_BUFFER_SECONDS;
    }
}

impl Module for AccessLogModule {
    fn name(&self) -> &str {
        "QTSSAccessLogModule"
    }

    fn register(&self, registration: &mut Registration) -> Result<(), QtssError> {
        let roles = [
            Role::Initialize,
            Role::ClientSessionClosing,
            Role::RtspPostProcessor,
            Role::RereadPrefs,
            Role::StateChange,
            Role::Shutdown,
        ];
        roles.into_iter().try_for_each(|role| registration.add_role(role))?;
        let log = Arc::clone(&self.log);
        let roll = move |_| log.roll().map_or(QtssError::RequestFailed.code(), |_| 0);
        // A dynamic module may have taken the name before; then that service counts.
        let _ = registration.add_service(b"RollAccessLog", Arc::new(roll));
        Ok(())
    }

    fn initialize(&self, _: &InitializeParams) -> Result<(), QtssError> {
        self.log.startup();
        super::tick_every(LOG_TICK, &self.log, AccessLog::tick);
        Ok(())
    }

    fn call<'a>(&'a self, call: RoleCall<'a>) -> BoxFuture<'a, Result<(), QtssError>> {
        Box::pin(async move {
            match call {
                RoleCall::ClientSessionClosing { params, .. } => {
                    if let Some(closing) = params.context::<ClosingSession>() {
                        self.log_session(closing).await;
                    }
                }
                RoleCall::PostProcessor(params) => {
                    if let Some(ctx) = params.context::<Arc<RequestContext>>() {
                        self.log_refusal(ctx);
                        self.log_event(ctx);
                    }
                }
                _ => {}
            }
            Ok(())
        })
    }

    fn call_sync(&self, role: SyncRole<'_>) -> Result<(), QtssError> {
        match role {
            SyncRole::RereadPrefs => {
                self.log.set_options(self.preferences.with(RequestLogOptions::access_from_prefs));
                self.log.reopen();
            }
            SyncRole::StateChange { state } => self.note_state(state),
            SyncRole::Shutdown => self.log.shutdown(),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::Position;

    #[test]
    fn plays_pauses_and_seeks_are_told_apart_and_signs_of_life_are_none() {
        use AccessEventKind::{Pause, Play, Resume, Seek};
        let mut state = SessionState::default();
        let mut number = 0;
        let mut play = |state: &mut SessionState, range, began| {
            number += 1;
            state.play_number = number;
            event_of(state, Method::Play, range, began)
        };
        assert_eq!(event_of(&mut state, Method::Pause, None, 0.0), None, "nothing was played");
        assert_eq!(play(&mut state, Some(0.0), 0.0), Some((Play, Some(0.0))));
        assert_eq!(event_of(&mut state, Method::Play, None, 0.0), None, "a sign of life");
        assert_eq!(play(&mut state, Some(30.0), 29.5), Some((Seek, Some(29.5))));
        let stand = |state: &mut SessionState, media_us| {
            state.position = Some(Position { media_us, at_us: 0, next: Default::default() });
            event_of(state, Method::Pause, None, 0.0)
        };
        assert_eq!(stand(&mut state, 31_250_000), Some((Pause, Some(31.25))));
        assert_eq!(stand(&mut state, 31_250_000), None, "paused already");
        assert_eq!(play(&mut state, None, 31.25), Some((Resume, Some(31.25))));
        stand(&mut state, 40_000_000);
        assert_eq!(play(&mut state, Some(39.8), 39.5), Some((Resume, Some(39.5))), "where the player stands");
        stand(&mut state, 41_000_000);
        assert_eq!(play(&mut state, Some(5.0), 5.0), Some((Seek, Some(5.0))));
        assert_eq!(event_of(&mut state, Method::Describe, None, 0.0), None);
    }
}
