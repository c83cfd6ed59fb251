//! Sessions whose packets come from C modules: their streams, and the SendPackets role.
//!
//! The module's packets go straight to the session's transports (the streams and connections are the same that the send
//! workers use, see `packets`); a task per playing session calls its owner when it asked to be called.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, OnceLock, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::call::{CallState, Task};
use super::host::Host;
use super::module::Core;
use super::packets;
use crate::qtss::attr::*;
use crate::qtss::{ClosingReason, Handle, QtssError};
use crate::rtp::{HandFed, OverbufferWindow, QualityControl, RtpStream, ToleranceShift};
use crate::rtsp::extensions::DynamicRate;
use crate::rtsp::{Header, path};
use crate::server::streams::{self, AddedStream, StreamInfo, StreamRules};
use crate::server::{ClientSession, PlayState, RequestContext, Server, SessionState};

/// `qtssASFlagsAllowDestination`.
const ALLOW_DESTINATION: u32 = 1;
/// `qtssASFlagsForceInterleave`. DSS knew the name and did nothing; here an interleaved entry is preferred.
const FORCE_INTERLEAVE: u32 = 2;
/// `qtssASFlagsDontUseSlowStart`.
const DONT_USE_SLOW_START: u32 = 4;
/// `qtssASFlagsForceUDPTransport`.
const FORCE_UDP_TRANSPORT: u32 = 8;

/// How often the packets of reliable UDP that are on their way are looked after.
const RESEND_LOOK: Duration = Duration::from_millis(20);

/// How often a session that waits for nothing in particular is looked at.
const LOOK_AROUND: Duration = Duration::from_secs(1);

/// Clock rate of streams whose module has not said.
const DEFAULT_CLOCK_RATE: u32 = 90_000;

/// A stream added by a C module.
pub(super) struct ModuleStream {
    pub(super) object: Handle,
    transport: String,
    retransmit: Option<String>,
    pub(super) sender: Arc<Sender>,
    /// When the last sender report went out, microseconds of the QTSS clock; `i64::MIN` for never.
    pub(super) reported_us: AtomicI64,
}

/// A session with such streams.
pub(super) struct Sender {
    session: Weak<ClientSession>,
    owner: OnceLock<Arc<Core>>,
    playing: AtomicBool,
    /// Those of QTSS_Play.
    pub(super) flags: AtomicU32,
    /// When QTSS_Play was called, microseconds of the QTSS clock. What was due before is never too late.
    pub(super) played_us: AtomicI64,
    /// Counts plays; the task of an earlier one ends.
    play: AtomicU64,
    task: Arc<Task>,
    /// No sending ahead of time: the client said `x-Dynamic-Rate: 0`.
    fixed_rate: AtomicBool,
    /// Some stream was added with DontUseSlowStart.
    no_slow_start: AtomicBool,
    pub(super) pace: Mutex<Pace>,
    streams: Mutex<Vec<Weak<ModuleStream>>>,
}

/// What decides about the next packet of a session.
pub(super) struct Pace {
    pub(super) window: OverbufferWindow,
    pub(super) quality: QualityControl,
    pub(super) tolerance: ToleranceShift,
    pub(super) reliable: HandFed,
}

#[derive(Default)]
struct Tables {
    streams: HashMap<Handle, Arc<ModuleStream>>,
    senders: HashMap<Handle, Arc<Sender>>,
}

static TABLES: LazyLock<Mutex<Tables>> = LazyLock::new(Mutex::default);

impl Tables {
    /// Forgets sessions that are gone.
    fn prune(&mut self) {
        self.senders.retain(|_, sender| sender.session.strong_count() > 0);
        self.streams.retain(|_, stream| stream.sender.session.strong_count() > 0);
    }

    fn sender(&mut self, session: &Arc<ClientSession>) -> Arc<Sender> {
        let make = || {
            Arc::new(Sender {
                session: Arc::downgrade(session),
                owner: OnceLock::new(),
                playing: AtomicBool::new(false),
                flags: AtomicU32::new(0),
                play: AtomicU64::new(0),
                played_us: AtomicI64::new(i64::MIN),
                task: Arc::default(),
                fixed_rate: AtomicBool::new(false),
                no_slow_start: AtomicBool::new(false),
                pace: Mutex::new(Pace {
                    window: OverbufferWindow::new(false),
                    quality: QualityControl::new(0),
                    tolerance: ToleranceShift::default(),
                    reliable: HandFed::default(),
                }),
                streams: Mutex::default(),
            })
        };
        Arc::clone(self.senders.entry(session.object.handle()).or_insert_with(make))
    }
}

/// The stream of a handle, if a C module added it.
pub(super) fn stream(object: Handle) -> Option<Arc<ModuleStream>> {
    TABLES.lock().streams.get(&object).cloned()
}

fn sender(session: &ClientSession) -> Option<Arc<Sender>> {
    TABLES.lock().senders.get(&session.object.handle()).cloned()
}

impl ModuleStream {
    /// Its session, while it lives.
    pub(super) fn session(&self) -> Option<Arc<ClientSession>> {
        self.sender.session.upgrade()
    }

    pub(super) fn rtp(&self) -> Option<Arc<RtpStream>> {
        self.object.object()?.attached::<Arc<RtpStream>>().cloned()
    }

    /// What the answer to its SETUP needs.
    pub(super) fn added(&self) -> Option<AddedStream> {
        let (transport, retransmit) = (self.transport.clone(), self.retransmit.clone());
        Some(AddedStream { stream: self.rtp()?, transport, retransmit })
    }
}

/// QTSS_AddRTPStream. On RequestFailed the answer has been written.
pub(super) fn add_stream(
    context: &Arc<RequestContext>,
    session: &Arc<ClientSession>,
    flags: u32,
) -> Result<Handle, QtssError> {
    let is_session = context.session().is_some_and(|of| Arc::ptr_eq(&of, session));
    if !is_session {
        return Err(QtssError::BadArgument);
    }
    let in_url = context.request().and_then(|request| path::track_id(request.path()));
    let info = StreamInfo {
        track_id: context.with_state(|state| number_of(context, state, in_url)).unwrap_or(0),
        payload_name: String::new(),
        clock_rate: DEFAULT_CLOCK_RATE,
        is_video: false,
        worst_quality: 0,
    };
    let rules = StreamRules {
        allow_destination: flags & ALLOW_DESTINATION != 0,
        prefer_interleaved: flags & FORCE_INTERLEAVE != 0,
        plain_udp: flags & FORCE_UDP_TRANSPORT != 0,
        allow_record: true,
        hide_ssrc: false,
    };
    let added = streams::add_stream_by(context, session, &info, rules).ok_or(QtssError::RequestFailed)?;
    let last = context.with_state(|state| state.streams.last().map(|of| Arc::clone(&of.object))).flatten();
    let object = last.ok_or(QtssError::RequestFailed)?;
    object.set_u32(qtssRTPStrTrackID, in_url.unwrap_or(0));
    let sender = sender_for(session)?;
    let seconds = context.object.f32(qtssRTSPReqLateTolerance).filter(|seconds| *seconds >= 0.0);
    if let Some(seconds) = seconds.map(f64::from) {
        context.with_state(|state| state.late_tolerance = Some(seconds));
        sender.pace.lock().tolerance = ToleranceShift::from_tolerance(seconds);
    }
    let rate = context.header(Header::XDynamicRate).and_then(|text| DynamicRate::parse(&text));
    sender.fixed_rate.fetch_or(rate == Some(DynamicRate::Off), Ordering::Relaxed);
    sender.no_slow_start.fetch_or(flags & DONT_USE_SLOW_START != 0, Ordering::Relaxed);
    let handle = object.handle();
    let stream = ModuleStream {
        object: handle,
        transport: added.transport,
        retransmit: added.retransmit,
        sender,
        reported_us: AtomicI64::new(i64::MIN),
    };
    let stream = Arc::new(stream);
    stream.sender.streams.lock().push(Arc::downgrade(&stream));
    TABLES.lock().streams.insert(handle, stream);
    Ok(handle)
}

/// What the server knows a stream by: its number in the URL, if another stream does not have that. Modules may name
/// their streams as they like; a second SETUP of a name is about the same stream.
fn number_of(context: &RequestContext, state: &SessionState, in_url: Option<u32>) -> u32 {
    let request = context.request();
    let name = request.as_ref().map(|request| String::from_utf8_lossy(path::last_part(request.path())));
    let known = state.streams.iter().find(|stream| Some(stream.name.as_str()) == name.as_deref());
    let is_free = |number: &u32| state.streams.iter().all(|stream| stream.stream.config().track_id != *number);
    match (known, in_url) {
        (Some(stream), _) => stream.stream.config().track_id,
        (None, Some(number)) if is_free(&number) => number,
        _ => (1..=u32::MAX).find(is_free).unwrap_or(0),
    }
}

/// The sender of a session, which says BYE when the session ends.
fn sender_for(session: &Arc<ClientSession>) -> Result<Arc<Sender>, QtssError> {
    let host = Host::get()?;
    let mut tables = TABLES.lock();
    tables.prune();
    let is_new = !tables.senders.contains_key(&session.object.handle());
    let sender = tables.sender(session);
    drop(tables);
    if is_new {
        let of = Arc::downgrade(&sender);
        session.at_end(Box::new(move || {
            if let (Some(sender), Ok(server)) = (of.upgrade(), host.server()) {
                sender.stop();
                packets::say_bye(server, &sender.streams());
            }
        }));
    }
    Ok(sender)
}

/// After a PreProcessor or Request call: the first module that leaves a stream behind owns the session.
pub(super) fn adopt(session: &Arc<ClientSession>, module: &Arc<Core>) {
    if let Some(sender) = sender(session) {
        let _ = sender.owner.set(Arc::clone(module));
    }
}

/// Changes the play state of a session, in this thread's request if that has the session, else as soon as it is free.
fn set_state(host: &'static Host, session: &Arc<ClientSession>, play: PlayState) {
    match CallState::context_of(session) {
        Some(context) => drop(context.with_state(|state| state.play = play)),
        None => {
            let session = Arc::clone(session);
            host.runtime.spawn(async move { session.state.lock().await.play = play });
        }
    }
}

/// QTSS_Play: packets after the answer to the request in progress.
pub(super) fn play(session: &Arc<ClientSession>, flags: u32) -> Result<(), QtssError> {
    let host = Host::get()?;
    let server = host.server()?;
    let sender = sender(session).ok_or(QtssError::RequestFailed)?;
    let owner = Arc::clone(sender.owner.get().ok_or(QtssError::RequestFailed)?);
    sender.flags.store(flags, Ordering::Relaxed);
    sender.played_us.store(host.now_us(), Ordering::Relaxed);
    sender.begin(server);
    if !sender.playing.swap(true, Ordering::AcqRel) {
        server.note_play(session, 0);
    }
    set_state(host, session, PlayState::Playing);
    let number = sender.play.fetch_add(1, Ordering::AcqRel) + 1;
    let start = move || {
        if !sender.pace.lock().reliable.is_idle() {
            host.runtime.spawn(look_after(host, Arc::clone(&sender), number));
        }
        host.runtime.spawn(drive(host, sender, owner, number));
    };
    match CallState::context_of(session) {
        Some(context) => context.after_response(Box::new(start)),
        None => start(),
    }
    Ok(())
}

/// QTSS_Pause; also for sessions that built-in modules play.
pub(super) fn pause(session: &Arc<ClientSession>) -> Result<(), QtssError> {
    let host = Host::get()?;
    let server = Arc::clone(host.server()?);
    match sender(session) {
        Some(sender) => {
            if sender.stop() {
                server.note_pause(session);
                set_state(host, session, PlayState::Paused);
            }
            sender.task.wake();
        }
        None => {
            let session = Arc::clone(session);
            host.runtime.spawn(async move {
                let mut state = session.state.lock().await;
                if state.play == PlayState::Playing {
                    state.position = server.engine.pause(session.key()).await;
                    state.play = PlayState::Paused;
                    state.stopped_at_ms = Some(server.now_ms());
                    server.note_pause(&session);
                }
            });
        }
    }
    Ok(())
}

/// QTSS_Teardown: the session ends when the role chain in progress has let go of it.
pub(super) fn teardown(session: &Arc<ClientSession>) -> Result<(), QtssError> {
    let host = Host::get()?;
    let server = Arc::clone(host.server()?);
    if let Some(sender) = sender(session) {
        sender.stop();
    }
    if let Some(context) = CallState::context_of(session) {
        context.connection.release_session(session.id);
    }
    let session = Arc::clone(session);
    host.runtime.spawn(async move {
        drop(session.state.lock().await);
        server.close_session(&session, ClosingReason::Teardown).await;
    });
    Ok(())
}

impl Sender {
    /// Its streams in SETUP order.
    pub(super) fn streams(&self) -> Vec<Arc<ModuleStream>> {
        self.streams.lock().iter().filter_map(Weak::upgrade).collect()
    }

    /// A play begins: windows and the quality level start anew. Streams that all arrive in order may go ahead of time.
    fn begin(&self, server: &Server) {
        let streams: Vec<_> = self.streams().iter().filter_map(|stream| stream.rtp()).collect();
        let ahead = streams.iter().all(|rtp| rtp.is_reliable()) && !self.fixed_rate.load(Ordering::Relaxed);
        let level = streams.iter().map(|rtp| rtp.quality()).max().unwrap_or(0);
        let slow_start = !self.no_slow_start.load(Ordering::Relaxed);
        let mut pace = self.pace.lock();
        pace.window = OverbufferWindow::new(ahead);
        pace.quality = QualityControl::new(level);
        pace.reliable.begin(&streams, &server.send_prefs(), slow_start);
    }

    /// Ends the play, if there is one; true if there was.
    fn stop(&self) -> bool {
        self.play.fetch_add(1, Ordering::AcqRel);
        self.pace.lock().reliable.end();
        self.playing.swap(false, Ordering::AcqRel)
    }

    fn is_current(&self, number: u64, session: &ClientSession) -> bool {
        self.playing.load(Ordering::Acquire) && self.play.load(Ordering::Acquire) == number && !session.is_closing()
    }
}

/// Sends again what reliable-UDP players have not acknowledged, for one QTSS_Play.
async fn look_after(host: &'static Host, sender: Arc<Sender>, number: u64) {
    let Ok(server) = host.server() else { return };
    loop {
        tokio::time::sleep(RESEND_LOOK).await;
        let is_current = sender.session.upgrade().is_some_and(|session| sender.is_current(number, &session));
        if !is_current {
            return;
        }
        let (packets, bytes) = sender.pace.lock().reliable.resend(server.clock.now_us());
        packets::count_sent(server, packets, bytes);
    }
}

/// Calls the owner's SendPackets role for one QTSS_Play, until the session is paused, played anew or ended.
async fn drive(host: &'static Host, sender: Arc<Sender>, owner: Arc<Core>, number: u64) {
    let mut due = Some(Instant::now());
    loop {
        let Some(session) = sender.session.upgrade() else { return };
        if !sender.is_current(number, &session) {
            return;
        }
        let now = Instant::now();
        match due {
            Some(at) if at <= now => {}
            Some(at) => {
                drop(session); // a session that ends meanwhile is not held back
                tokio::time::sleep(LOOK_AROUND.min(at - now)).await;
                continue;
            }
            None => {
                drop(session);
                if tokio::time::timeout(LOOK_AROUND, sender.task.notified()).await.is_ok() {
                    due = Some(Instant::now());
                }
                continue;
            }
        }
        let guard = Arc::clone(&session.state).lock_owned().await;
        if !sender.is_current(number, &session) {
            return;
        }
        if let Some(seconds) = guard.late_tolerance {
            sender.pace.lock().tolerance = ToleranceShift::from_tolerance(seconds);
        }
        let next = owner.send_packets(&session, &sender.task, host.now_ms()).await;
        drop(guard);
        due = match next {
            Ok(ms) if ms > 0 => {
                Instant::now().checked_add(Duration::from_millis(ms.unsigned_abs())) // None: as good as never
            }
            _ => None,
        };
    }
}
