//! The beginnings and ends: listening, sessions closing, the once-a-second look around, the orderly stop.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::connection::Connection;
use super::contain::contain;
use super::limits::tcp_send_buffer;
use super::listener::{self, BoundListener};
use super::session::{ClientSession, PlayState, SessionStream};
use super::stats::process_cpu_ms;
use super::{Server, ServerState};
use crate::qtss::attr::*;
use crate::qtss::{Change, ClosingReason, Object, Role, RoleCall, RoleParams, SyncRole};
use crate::rtp::{PlayRequest, SessionEvent, Transport};
use crate::rtsp::SessionId;

/// How often time-outs and figures are looked at.
const TICK: Duration = Duration::from_secs(1);

/// How long the sessions may take to end when the server stops.
const STOP_WAIT: Duration = Duration::from_secs(5);

/// How long the connections may take after that.
const CONNECTIONS_WAIT: Duration = Duration::from_secs(1);

/// How often the stopping server looks whether they have ended.
const STOP_LOOK: Duration = Duration::from_millis(10);

/// Answers and packets that are under way when the stop comes may still leave.
const STOP_GRACE: Duration = Duration::from_millis(300);

/// What a peer without a descriptor for it is told before it is closed.
const REFUSAL: &[u8] = b"RTSP/1.0 503 Service Unavailable\r\nCseq: \r\nConnection: Close\r\n\r\n";

/// With more client sessions than these, none is kept that was only described.
const MOST_KEPT_DESCRIBED: usize = 1000;

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
        // Only one of the listeners has it at a time.
        let reserve = self.reserve.lock().take();
        if reserve.is_some() {
            drop(reserve);
            if let Ok(Ok((stream, _))) = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await {
                if let Ok(mut stream) = stream.into_std() {
                    let _ = stream.write_all(REFUSAL);
                }
            }
        }
        self.keep_reserve();
    }

    /// Sees to it that a descriptor is kept back for the next shortage, if there is one to be had.
    pub(super) fn keep_reserve(&self) {
        let mut reserve = self.reserve.lock();
        if reserve.is_none() {
            *reserve = std::fs::File::open("/dev/null").ok();
        }
    }

    /// Makes a client session for `peer`.
    pub(super) fn create_session(&self, peer: std::net::IpAddr) -> Arc<ClientSession> {
        let timeout_ms = i64::from(self.prefs().rtp_timeout) * 1000;
        let clock = self.clock.as_ref();
        let session = self.sessions.create(|id| ClientSession::new(&self.objects, id, peer, clock, timeout_ms));
        session.object.set_u32(qtssCliSesCounterID, self.stats.next_counter());
        session.object.set_i64(qtssCliSesCreateTimeInMsec, session.created_unix_ms);
        session.object.set_bool16(qtssCliSesOverBufferEnabled, self.prefs().overbuffer_rate > 1.0);
        session.object.set_u32(qtssCliSesTimeoutMsec, u32::try_from(timeout_ms).unwrap_or(u32::MAX));
        self.object.push_object(qtssSvrClientSessions, session.object.handle());
        if self.registry.modules().iter().any(|entry| entry.module().is_dynamic()) {
            follow_timeout(&session);
        }
        session
    }

    /// A connection that served a session is gone. What was only described, and what was interleaved on it, ends, and so
    /// does a broadcast; a UDP session plays on as long as its player gives signs of life (players may come back on another
    /// connection).
    /// Where a C module counts on ClientSessionClosing, what was only described waits for its time-out, as in DSS.
    pub(super) async fn connection_lost(self: &Arc<Self>, session: &Arc<ClientSession>, connection: &Connection) {
        let (is_empty, carried) = {
            let state = session.state.lock().await;
            (state.streams.is_empty(), state.streams.iter().any(|s| connection.carries(&s.stream)))
        };
        if is_empty && !carried && self.keeps_described() {
            return;
        }
        let unattended = session.leave_unattended(connection.id);
        let is_broadcast = session.is_broadcaster() && !is_empty;
        if carried || (unattended && (is_empty || is_broadcast)) {
            if session.was_played() || is_broadcast {
                session.last_status.store(504, Ordering::Relaxed);
            }
            self.close_session(session, ClosingReason::Teardown).await;
        }
    }

    /// DSS's QTSSHomeDirectoryModule forgets all viewers of a folder at the end of any session that asked for it; with
    /// sessions that end at once, a refused viewer would open the door to the next. Bounded, since nobody pays for these.
    fn keeps_described(&self) -> bool {
        let closing = self.registry.modules_in(Role::ClientSessionClosing);
        closing.iter().any(|entry| entry.module().is_dynamic()) && self.sessions.len() <= MOST_KEPT_DESCRIBED
    }

    /// Ends a session and waits until it is done. Never to be awaited by a request on the session: the end waits for that.
    pub async fn close_session(self: &Arc<Self>, session: &Arc<ClientSession>, reason: ClosingReason) {
        if let Some(end) = self.begin_closing(session, reason) {
            let _ = end.await; // the task contains its panics
        }
    }

    /// Begins the end of a session, which no request finds from now on; `None` if it has begun already. In a task of its
    /// own, after the request in progress: packets stop, BYE goes out, modules are told, the log line is written, handles
    /// go stale.
    pub fn begin_closing(
        self: &Arc<Self>,
        session: &Arc<ClientSession>,
        reason: ClosingReason,
    ) -> Option<JoinHandle<()>> {
        if !session.begin_close() {
            return None;
        }
        let (server, session) = (Arc::clone(self), Arc::clone(session));
        Some(tokio::spawn(async move { server.finish_closing(session, reason).await }))
    }

    async fn finish_closing(self: Arc<Self>, session: Arc<ClientSession>, reason: ClosingReason) {
        if reason == ClosingReason::Timeout {
            session.last_status.store(504, Ordering::Relaxed);
        }
        session.state.lock().await.play = PlayState::Paused;
        self.note_pause(&session);
        self.engine.teardown(session.key(), true).await;
        session.say_farewell();
        self.sessions.remove(session.id);
        self.object.remove_object(qtssSvrClientSessions, session.object.handle());
        session.object.set_u32(qtssCliTeardownReason, reason as u32);
        let context = ClosingSession { server: Arc::clone(&self), session: Arc::clone(&session), reason };
        for module in self.registry.modules_in(Role::ClientSessionClosing).iter() {
            let params = RoleParams { client_session: Some(&session.object), ..RoleParams::new(&context) };
            let call = module.call(RoleCall::ClientSessionClosing { params, reason });
            let _ = contain(|| format!("{} at the end of a session", module.name()), call).await;
        }
        // Only now: modules, and the log line, count the session that ends among the others.
        self.leave_place(&session);
        // Streams (and with them ports and channels) go when the last holder lets go of them.
        session.state.lock().await.streams.clear();
    }

    /// Hands a play to the send workers, unless the session has ended meanwhile.
    pub fn launch(self: &Arc<Self>, session: &Arc<ClientSession>, play: PlayRequest) {
        self.size_send_buffers(&play);
        self.engine.play(play);
        // An end that began before this may have reached the workers first; one that begins later reaches them after it.
        if session.is_closing() {
            let (server, key) = (Arc::clone(self), session.key());
            tokio::spawn(async move { server.engine.teardown(key, false).await });
        }
    }

    /// A slow viewer's backlog must stay where it can be thinned, not in the kernel.
    fn size_send_buffers(&self, play: &PlayRequest) {
        let mut last = None;
        for stream in play.streams.iter().map(|play| &play.stream) {
            let Transport::Interleaved { conn, .. } = stream.transport() else { continue };
            if last.replace(Arc::as_ptr(conn)) != Some(Arc::as_ptr(conn)) {
                if let Err(error) = conn.set_send_buffer(tcp_send_buffer(&self.prefs(), play.bit_rate)) {
                    tracing::debug!(%error, "send buffer of {}", conn.peer());
                }
            }
        }
    }

    /// Follows what the send workers report until the server ends.
    pub async fn run_events(self: Arc<Self>) {
        let Some(mut events) = self.events.lock().take() else { return };
        while let Some(event) = events.recv().await {
            let Some(session) = session_of(&self, &event) else { continue };
            // One session's request in progress must not keep the others waiting.
            tokio::spawn(Arc::clone(&self).follow(session, event));
        }
    }

    async fn follow(self: Arc<Self>, session: Arc<ClientSession>, event: SessionEvent) {
        let status = match event {
            SessionEvent::EndOfMedia { play, .. } => {
                return stopped(&self, &session, play, PlayState::Ended, None).await;
            }
            SessionEvent::Stopped { play, position, .. } => {
                return stopped(&self, &session, play, PlayState::Paused, Some(position)).await;
            }
            SessionEvent::SourceFailed { track_id, reason, .. } => {
                let url = session.log_facts().uri_stem;
                tracing::warn!("{url}: track {track_id}: {reason}; session ended");
                415
            }
            SessionEvent::ConnectionLost { .. } => {
                // It may hang rather than be closed: its reader sees the end, too.
                for SessionStream { stream, .. } in &session.state.lock().await.streams {
                    if let Transport::Interleaved { conn, .. } = stream.transport() {
                        conn.close();
                    }
                }
                504
            }
            SessionEvent::Panicked { .. } => 500,
        };
        session.last_status.store(status, Ordering::Relaxed);
        self.close_session(&session, ClosingReason::Teardown).await;
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
                self.begin_closing(&session, ClosingReason::Timeout);
            }
            if self.state() == ServerState::Idle as u32 {
                for session in self.sessions.all() {
                    self.close_session(&session, ClosingReason::Teardown).await;
                }
            }
            let now = Sample::take(&self);
            sum += now.publish_since(&last, &self);
            last = now;
            seconds += 1;
            let period = u64::from(self.prefs().average_bandwidth_update.max(1));
            if seconds >= period {
                self.stats.average_bandwidth.store(sum / seconds, Ordering::Relaxed);
                (seconds, sum) = (0, 0);
                self.shed_bandwidth();
            }
        }
    }

    /// Over `maximum_bandwidth` on average: the newest session that is not older than `safe_play_duration` ends.
    fn shed_bandwidth(self: &Arc<Self>) {
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
            self.begin_closing(&session, ClosingReason::Teardown);
        }
    }

    /// The orderly stop: no new sessions, every session told, at most 5 s, then the modules' Shutdown role.
    pub async fn stop(self: &Arc<Self>) {
        self.set_state(ServerState::ShuttingDown);
        self.listeners.lock().clear();
        self.relays.stop().await;
        if self.stats.current_playing.load(Ordering::Relaxed) > 0 {
            tokio::time::sleep(STOP_GRACE).await;
        }
        let closing = async {
            // A request in progress may have made one more.
            loop {
                let sessions = self.sessions.all();
                let ends: Vec<_> =
                    sessions.iter().filter_map(|s| self.begin_closing(s, ClosingReason::Teardown)).collect();
                for end in ends {
                    let _ = end.await; // the task contains its panics
                }
                if self.sessions.all().is_empty() {
                    return;
                }
                tokio::time::sleep(STOP_LOOK).await;
            }
        };
        if tokio::time::timeout(STOP_WAIT, closing).await.is_err() {
            tracing::warn!("some sessions did not end within {} s", STOP_WAIT.as_secs());
        }
        if let Err(text) = self.write_status_file().await {
            tracing::warn!("{text}");
        }
        self.stop.send_replace(true);
        let gone = async {
            while self.stats.current_rtsp.load(Ordering::Relaxed) > 0 {
                tokio::time::sleep(STOP_LOOK).await;
            }
        };
        let _ = tokio::time::timeout(CONNECTIONS_WAIT, gone).await; // the process ends with or without them
        for module in self.registry.modules_in(Role::Shutdown).iter() {
            let _ = module.call_sync(SyncRole::Shutdown);
        }
    }
}

/// A module that sets `qtssCliSesTimeoutMsec` changes the session's time-out.
fn follow_timeout(session: &Arc<ClientSession>) {
    let weak = Arc::downgrade(session);
    session.object.set_hook(Arc::new(move |object: &Object, change: &Change| {
        let is_timeout = matches!(change, Change::Set { id, .. } if *id == qtssCliSesTimeoutMsec);
        if let (true, Some(session), Some(ms)) = (is_timeout, weak.upgrade(), object.u32(qtssCliSesTimeoutMsec)) {
            session.timeout_ms.store(i64::from(ms), Ordering::Relaxed);
        }
    }));
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

/// Packets of play `number` have stopped by themselves.
async fn stopped(
    server: &Server,
    session: &ClientSession,
    number: u32,
    play: PlayState,
    position: Option<crate::rtp::Position>,
) {
    let mut state = session.state.lock().await;
    if state.play != PlayState::Playing || state.play_number != number {
        return;
    }
    state.play = play;
    state.stopped_at_ms = Some(server.now_ms());
    state.position = position;
    server.note_pause(session);
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

    /// A session starts to play, `start_ms` into the movie: figures, times for the log and for modules.
    pub fn note_play(&self, session: &ClientSession, start_ms: i64) {
        let unix_ms = self.clock.wall_us() / 1000;
        if session.mark_played() {
            session.object.set_i64(qtssCliSesFirstPlayTimeInMsec, unix_ms);
            session.update_log(|log| log.first_play_unix_ms = Some(unix_ms));
        }
        session.object.set_i64(qtssCliSesPlayTimeInMsec, unix_ms);
        session.object.set_i64(qtssCliSesAdjustedPlayTimeInMsec, unix_ms - start_ms);
        session.object.set_u32(qtssCliSesState, 1);
        if session.mark_playing(true) {
            self.stats.current_playing.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A session does not play (any more). Saying it twice does no harm.
    pub fn note_pause(&self, session: &ClientSession) {
        session.object.set_u32(qtssCliSesState, 0);
        if session.mark_playing(false) {
            self.stats.current_playing.fetch_sub(1, Ordering::Relaxed);
        }
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
        self.fill_address();
        self.send_prefs.store(Arc::new(super::limits::send_prefs(&prefs)));
        self.relisten(&prefs);
        if let Some(objects) = self.pref_objects.get() {
            objects.refresh();
        }
        self.registry.call_all(Role::RereadPrefs, || SyncRole::RereadPrefs);
        self.compact_methods();
    }

    /// Opens the ports that are new in the configuration and closes those that are gone; sessions go on.
    fn relisten(self: &Arc<Self>, prefs: &crate::config::ServerPrefs) {
        if self.fixed_port.load(Ordering::Relaxed) {
            return;
        }
        let (mut wanted, _) = listener::wanted_addresses(&prefs.bind_ip_addr, &prefs.rtsp_port);
        self.listeners.lock().retain_mut(|known| {
            let Some(still) = wanted.iter().position(|(address, _)| known.is_for(*address)) else { return false };
            known.loopback_only = wanted.remove(still).1;
            true
        });
        let mut bound = Vec::new();
        for (address, loopback_only) in wanted {
            match listener::bind(address) {
                Ok(socket) => bound.push(BoundListener { socket, loopback_only, any_port: address.port() == 0 }),
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
