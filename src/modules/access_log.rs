//! QTSSAccessLogModule: one line in StreamingServer.log for each client session that ends and each 401 or 403.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use crate::log::{AccessEntry, AccessLog, AccessTransport, ErrorLog, Level, RequestLogOptions, SystemClock};
use crate::qtss::{BoxFuture, InitializeParams, Module, QtssError, Registration, Role, RoleCall, SyncRole};
use crate::rtp::{RTP_HEADER_LEN, Transport};
use crate::rtsp::Status;
use crate::server::{ClientSession, ClosingSession, Preferences, RequestContext, Server, ServerState, SessionStream};

/// How often the log looks at its age.
const LOG_TICK: Duration = Duration::from_secs(60);

/// Seconds of the client's buffer that DSS writes down for every session that played.
const CLIENT_BUFFER_SECONDS: u32 = 3;

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
        Self { log, preferences: Arc::clone(preferences), idle: AtomicBool::new(false) }
    }

    /// Looks at the log's age once a minute, so that it is rolled without a new line, too.
    fn watch_age(&self) {
        let (log, Ok(runtime)) = (Arc::downgrade(&self.log), tokio::runtime::Handle::try_current()) else { return };
        runtime.spawn(async move {
            let mut ticks = tokio::time::interval(LOG_TICK);
            loop {
                ticks.tick().await;
                let Some(log) = log.upgrade() else { return };
                log.tick();
            }
        });
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

/// What is known of a session whatever it did.
fn entry(server: &Server, session: &ClientSession) -> AccessEntry {
    let facts = session.log_facts();
    let seconds = (server.now_ms() - session.created_ms).max(0) / 1000;
    AccessEntry {
        c_ip: session.peer.to_canonical().to_string(),
        ended: SystemTime::now(),
        c_dns: facts.url_host,
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
        self.watch_age();
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
