//! The beginnings and ends: listening, sessions closing, the once-a-second look around, the orderly stop.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::TcpListener;

use super::listener::{self, BoundListener};
use super::session::{ClientSession, PlayState};
use super::stats::process_cpu_ms;
use super::{Server, ServerState};
use crate::qtss::attr::*;
use crate::qtss::{ClosingReason, Role, RoleCall, RoleParams, SyncRole};
use crate::rtp::{SessionEvent, Transport};
use crate::rtsp::SessionId;

/// How often time-outs and figures are looked at.
const TICK: Duration = Duration::from_secs(1);

/// A UDP session whose connection is gone and whose player sends nothing ends after its usual time-out; an interleaved
/// one ends at once.
const STOP_WAIT: Duration = Duration::from_secs(5);

/// Answers and packets that are under way when the stop comes may still leave.
const STOP_GRACE: Duration = Duration::from_millis(300);

/// What a peer without a descriptor for it is told before it is closed.
const REFUSAL: &[u8] = b"RTSP/1.0 503 Service Unavailable\r\nCseq: \r\nConnection: Close\r\n\r\n";

impl Server {
    /// Accepts connections on sockets that are bound already. Returns their addresses; a socket that the runtime does
    /// not take is logged.
    pub fn accept_on(self: &Arc<Self>, bound: Vec<BoundListener>) -> Vec<std::net::SocketAddr> {
        let mut listeners = Vec::new();
        for socket in bound {
            match listener::serve(self, socket) {
                Ok(listener) => listeners.push(listener),
                Err(error) => tracing::warn!("a listening socket does not work: {error}"),
            }
        }
        let mut addresses: Vec<_> = listeners.iter().map(|listener| listener.address).collect();
        addresses.sort_by_key(|address| (address.is_ipv6(), address.port()));
        for listener in listeners.iter().filter(|listener| !listener.loopback_only) {
            self.object.push(qtssSvrRTSPPorts, &listener.address.port().to_ne_bytes());
        }
        self.listeners.lock().extend(listeners);
        addresses
    }

    /// With no descriptor left: gives up the reserve for a moment, tells one peer so, and takes the reserve again.
    pub(super) async fn refuse_without_descriptors(&self, listener: &TcpListener) {
        let reserve = self.reserve.lock().take();
        let had_reserve = reserve.is_some();
        drop(reserve);
        if had_reserve {
            if let Ok(Ok((stream, _))) = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await {
                if let Ok(mut stream) = stream.into_std() {
                    let _ = stream.write_all(REFUSAL);
                }
            }
        }
        *self.reserve.lock() = std::fs::File::open("/dev/null").ok();
    }

    /// Makes a client session for `peer`.
    pub(super) fn create_session(&self, peer: std::net::IpAddr) -> Arc<ClientSession> {
        let timeout_ms = i64::from(self.prefs().rtp_timeout) * 1000;
        let clock = self.clock.as_ref();
        let session = self.sessions.create(|id| ClientSession::new(&self.objects, id, peer, clock, timeout_ms));
        session.object.set_u32(qtssCliSesCounterID, self.stats.next_counter());
        session.object.set_i64(qtssCliSesCreateTimeInMsec, session.created_unix_ms);
        session.object.set_u32(qtssCliSesTimeoutMsec, u32::try_from(timeout_ms).unwrap_or(u32::MAX));
        self.object.push_object(qtssSvrClientSessions, session.object.handle());
        session
    }

    /// The connection that made or carried a session is gone. What was only described, and what was interleaved on it,
    /// ends; a UDP session plays on until its time-out (players may come back on another connection).
    pub(super) async fn connection_lost(self: &Arc<Self>, session: &Arc<ClientSession>) {
        let plays_on = {
            let state = session.state.lock().await;
            !state.streams.is_empty()
                && state.streams.iter().all(|s| !matches!(s.stream.transport(), Transport::Interleaved { .. }))
        };
        if !plays_on {
            if session.was_played() {
                session.last_status.store(504, Ordering::Relaxed);
            }
            self.close_session(session, ClosingReason::Teardown).await;
        }
    }

    /// Ends a session: packets stop, BYE goes out, modules are told, the log line is written, its handles go stale.
    pub async fn close_session(self: &Arc<Self>, session: &Arc<ClientSession>, reason: ClosingReason) {
        if !session.begin_close() {
            return;
        }
        if reason == ClosingReason::Timeout {
            session.last_status.store(504, Ordering::Relaxed);
        }
        self.engine.teardown(session.key(), true).await;
        self.sessions.remove(session.id);
        self.object.remove_object(qtssSvrClientSessions, session.object.handle());
        if session.counted.load(Ordering::Relaxed) {
            self.stats.current_sessions.fetch_sub(1, Ordering::Relaxed);
        }
        session.object.set_u32(qtssCliTeardownReason, reason as u32);
        let context = ClosingSession { server: Arc::clone(self), session: Arc::clone(session), reason };
        for module in self.registry.modules_in(Role::ClientSessionClosing).iter() {
            let params = RoleParams { client_session: Some(&session.object), ..RoleParams::new(&context) };
            let _ = module.call(RoleCall::ClientSessionClosing { params, reason }).await;
        }
        // Streams (and with them ports and channels) go when the last holder lets go of them.
        session.state.lock().await.streams.clear();
    }

    /// Follows what the send workers report until the server ends.
    pub async fn run_events(self: Arc<Self>) {
        let Some(mut events) = self.events.lock().take() else { return };
        while let Some(event) = events.recv().await {
            let Some(session) = session_of(&self, &event) else { continue };
            let server = Arc::clone(&self);
            match event {
                SessionEvent::EndOfMedia { .. } => stopped(&server, &session, PlayState::Ended, None).await,
                SessionEvent::Stopped { position, .. } => {
                    stopped(&server, &session, PlayState::Paused, Some(position)).await;
                }
                SessionEvent::SourceFailed { track_id, reason, .. } => {
                    let url = session.log_facts().uri_stem;
                    tracing::warn!("{url}: track {track_id}: {reason}; session ended");
                    session.last_status.store(415, Ordering::Relaxed);
                    server.close_session(&session, ClosingReason::Teardown).await;
                }
                SessionEvent::ConnectionLost { .. } | SessionEvent::Panicked { .. } => {
                    session.last_status.store(500, Ordering::Relaxed);
                    server.close_session(&session, ClosingReason::Teardown).await;
                }
            }
        }
    }

    /// Once a second: time-outs, bandwidth, CPU. Once per `average_bandwidth_update`: too much bandwidth ends the newest.
    pub async fn run_timers(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut last = Sample::take(&self);
        let mut seconds = 0u64;
        let mut sum = 0u64;
        loop {
            ticks.tick().await;
            for session in self.sessions.overdue(self.now_ms()) {
                self.close_session(&session, ClosingReason::Timeout).await;
            }
            let now = Sample::take(&self);
            sum += now.publish_since(&last, &self);
            last = now;
            seconds += 1;
            let period = u64::from(self.prefs().average_bandwidth_update.max(1));
            if seconds >= period {
                self.stats.average_bandwidth.store(sum / seconds, Ordering::Relaxed);
                (seconds, sum) = (0, 0);
                self.shed_bandwidth().await;
            }
        }
    }

    /// Over `maximum_bandwidth` on average: the newest session that is not older than `safe_play_duration` ends.
    async fn shed_bandwidth(self: &Arc<Self>) {
        let prefs = self.prefs();
        let kilobits = self.stats.average_bandwidth.load(Ordering::Relaxed) / 1024;
        if prefs.maximum_bandwidth < 0 || kilobits <= u64::from(prefs.maximum_bandwidth.unsigned_abs()) {
            return;
        }
        let safe_ms = i64::from(prefs.safe_play_duration) * 1000;
        let now = self.now_ms();
        let newest = self.sessions.all().into_iter().filter(|s| s.was_played()).max_by_key(|s| s.created_ms);
        if let Some(session) = newest.filter(|session| now - session.created_ms < safe_ms) {
            tracing::info!("maximum_bandwidth exceeded ({kilobits} kbit/s): the newest session ends");
            session.last_status.store(453, Ordering::Relaxed);
            self.close_session(&session, ClosingReason::Teardown).await;
        }
    }

    /// The orderly stop: no new sessions, every session told, at most 5 s, then the modules' Shutdown role.
    pub async fn stop(self: &Arc<Self>) {
        self.set_state(ServerState::ShuttingDown);
        self.listeners.lock().clear();
        if self.stats.current_playing.load(Ordering::Relaxed) > 0 {
            tokio::time::sleep(STOP_GRACE).await;
        }
        let closing = async {
            for session in self.sessions.all() {
                self.close_session(&session, ClosingReason::Teardown).await;
            }
        };
        if tokio::time::timeout(STOP_WAIT, closing).await.is_err() {
            tracing::warn!("some sessions did not end within {} s", STOP_WAIT.as_secs());
        }
        self.stop.send_replace(true);
        for module in self.registry.modules_in(Role::Shutdown).iter() {
            let _ = module.call_sync(SyncRole::Shutdown);
        }
    }
}

/// What the ClientSessionClosing role is about, for built-in modules.
pub struct ClosingSession {
    /// The server.
    pub server: Arc<Server>,
    /// The session; its streams are still there.
    pub session: Arc<ClientSession>,
    /// Why it ends.
    pub reason: ClosingReason,
}

fn session_of(server: &Server, event: &SessionEvent) -> Option<Arc<ClientSession>> {
    let id = i64::try_from(event.key()).ok()?.to_string().parse::<SessionId>().ok()?;
    server.sessions.find(id)
}

async fn stopped(server: &Server, session: &ClientSession, play: PlayState, position: Option<crate::rtp::Position>) {
    let mut state = session.state.lock().await;
    if state.play != PlayState::Playing {
        return;
    }
    state.play = play;
    state.stopped_at_ms = Some(server.now_ms());
    state.position = position;
    session.object.set_u32(qtssCliSesState, 0);
    server.stats.current_playing.fetch_sub(1, Ordering::Relaxed);
}

/// Totals at one moment.
struct Sample {
    at_ms: i64,
    bytes: u64,
    packets: u64,
    cpu_ms: u64,
}

impl Sample {
    fn take(server: &Server) -> Self {
        let totals = server.engine.counters();
        Self { at_ms: server.now_ms(), bytes: totals.wire_bytes, packets: totals.packets, cpu_ms: process_cpu_ms() }
    }

    /// Publishes the figures of the time since `last`; returns the bandwidth in bits per second.
    fn publish_since(&self, last: &Self, server: &Server) -> u64 {
        let millis = u64::try_from(self.at_ms - last.at_ms).unwrap_or(0).max(1);
        let per_second = |now: u64, then: u64| now.saturating_sub(then).saturating_mul(1000) / millis;
        let bits = per_second(self.bytes, last.bytes).saturating_mul(8);
        server.stats.current_bandwidth.store(bits, Ordering::Relaxed);
        server.stats.current_packets.store(per_second(self.packets, last.packets), Ordering::Relaxed);
        let cpu = per_second(self.cpu_ms, last.cpu_ms);
        server.stats.cpu_millis.store(u32::try_from(cpu).unwrap_or(u32::MAX), Ordering::Relaxed);
        bits
    }
}

impl Server {
    /// Packets that players of now have reported lost.
    pub fn packets_lost(&self) -> u64 {
        let streams = self.sessions.all().into_iter().flat_map(|session| session.streams_now());
        streams.map(|stream| u64::from(stream.stats().total_lost.load(Ordering::Relaxed).max(0).unsigned_abs())).sum()
    }

    /// The mean quality level of the streams of now, and how many are thinned.
    pub fn quality(&self) -> (u32, u32) {
        let streams = self.sessions.all().into_iter().flat_map(|session| session.streams_now());
        let (mut count, mut sum, mut thinned) = (0u32, 0u32, 0u32);
        for stream in streams {
            let level = u32::from(stream.quality());
            count += 1;
            sum += level;
            thinned += u32::from(level > 0);
        }
        (sum.checked_div(count).unwrap_or(0), thinned)
    }

    /// A session starts to play: figures, times for the log and for modules.
    pub fn note_play(&self, session: &ClientSession) {
        let unix_ms = self.clock.wall_us() / 1000;
        if session.mark_played() {
            session.object.set_i64(qtssCliSesFirstPlayTimeInMsec, unix_ms);
            session.update_log(|log| log.first_play_unix_ms = Some(unix_ms));
        }
        session.object.set_i64(qtssCliSesPlayTimeInMsec, unix_ms);
        session.object.set_u32(qtssCliSesState, 1);
        self.stats.current_playing.fetch_add(1, Ordering::Relaxed);
    }

    /// A session was paused.
    pub fn note_pause(&self, session: &ClientSession) {
        session.object.set_u32(qtssCliSesState, 0);
        self.stats.current_playing.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Server {
    /// Reads the configuration again (SIGHUP, the service `RereadPreferences`): preferences, listeners, then the modules'
    /// RereadPrefs role. A file that cannot be read leaves everything as it is, with a warning that says where it is
    /// broken.
    pub fn reread(self: &Arc<Self>) {
        if !self.is_running() {
            return;
        }
        match self.preferences.reload() {
            Ok(findings) => {
                for finding in findings {
                    tracing::warn!("{finding}");
                }
            }
            Err(error) => {
                tracing::warn!("{error}; the preferences stay as they were");
                return;
            }
        }
        let prefs = self.prefs();
        self.send_prefs.store(Arc::new(super::limits::send_prefs(&prefs)));
        self.relisten(&prefs);
        if let Some(objects) = self.pref_objects.get() {
            objects.refresh();
        }
        self.registry.call_all(Role::RereadPrefs, || SyncRole::RereadPrefs);
    }

    /// Opens the ports that are new in the configuration and closes those that are gone; sessions go on.
    fn relisten(self: &Arc<Self>, prefs: &crate::config::ServerPrefs) {
        if self.fixed_port.load(Ordering::Relaxed) {
            return;
        }
        let (wanted, _) = listener::wanted_addresses(&prefs.bind_ip_addr, &prefs.rtsp_port);
        self.listeners.lock().retain(|known| wanted.iter().any(|(address, _)| *address == known.address));
        let open: Vec<_> = self.listeners.lock().iter().map(|known| known.address).collect();
        let mut bound = Vec::new();
        for (address, loopback_only) in wanted.into_iter().filter(|(address, _)| !open.contains(address)) {
            match listener::bind(address) {
                Ok(socket) => bound.push(BoundListener { socket, loopback_only }),
                Err(error) if address.is_ipv6() => tracing::debug!("{address}: {error}"),
                Err(error) => tracing::warn!("{error}"),
            }
        }
        self.object.clear(qtssSvrRTSPPorts);
        self.accept_on(bound);
        self.object.clear(qtssSvrRTSPPorts);
        for listener in self.listeners.lock().iter().filter(|listener| !listener.loopback_only) {
            self.object.push(qtssSvrRTSPPorts, &listener.address.port().to_ne_bytes());
        }
    }

    /// The port comes from the command line: rereading the configuration does not change the listeners.
    pub fn fix_port(&self) {
        self.fixed_port.store(true, Ordering::Relaxed);
    }
}
