//! Client sessions: what RTSP calls a session, DSS a client session; one presentation being set up or played.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::Mutex as AsyncMutex;

use crate::qtss::attr::*;
use crate::qtss::{Object, ObjectStore, ObjectType};
use crate::rtp::{Clock, Position, RtpStream, SessionKey};
use crate::rtsp::SessionId;

/// A session that no connection serves any more ends after this time without a sign of life (RTCP, or a request on
/// another connection), in milliseconds, even if `rtp_timeout` is longer.
const UNATTENDED_MS: i64 = 30_000;

/// Where a client session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlayState {
    /// Described or set up, never played.
    #[default]
    Init,
    /// Packets are due.
    Playing,
    /// PAUSE, or a stop point was reached.
    Paused,
    /// The last packet of every stream was sent. A PLAY with a Range starts again.
    Ended,
}

/// A stream of a session.
pub struct SessionStream {
    /// The stream as the data plane knows it.
    pub stream: Arc<RtpStream>,
    /// The QTSS object (`qtssRTPStreamObjectType`).
    pub object: Arc<Object>,
    /// The last part of its SETUP's URL, which RTP-Info repeats.
    pub name: String,
}

/// What the client session mutex guards: held from Route to PostProcessor of a request on the session.
#[derive(Default)]
pub struct SessionState {
    /// The streams in SETUP order.
    pub streams: Vec<SessionStream>,
    /// Is it playing?
    pub play: PlayState,
    /// Number of the last play; the send workers' reports name it.
    pub play_number: u32,
    /// A track was set up that the play in progress knows nothing of: a PLAY, even one without a Range, starts it too.
    pub has_new_stream: bool,
    /// Where packets stopped: a PLAY without a Range goes on there.
    pub position: Option<Position>,
    /// When packets stopped, in ms of the server's clock: the pause is added to the RTP timestamps at the next PLAY.
    pub stopped_at_ms: Option<i64>,
    /// `late-tolerance` of x-Transport-Options, in seconds.
    pub late_tolerance: Option<f64>,
    /// Overbuffering was switched off with `x-Dynamic-Rate: 0`.
    pub fixed_rate: bool,
    /// Round trip measured by the OPTIONS probe, in ms.
    pub round_trip_ms: Option<u32>,
    /// Bit rate of the client's link, as `3GPP-Link-Char` or `Bandwidth` told.
    pub link_bit_rate: Option<u32>,
    /// The client asked for the SDP in this session.
    pub described: bool,
    extensions: HashMap<TypeId, Box<dyn Any + Send>>,
}

impl SessionState {
    /// A module's own data on this session, if it has put any there.
    pub fn extension<T: Any + Send>(&mut self) -> Option<&mut T> {
        self.extensions.get_mut(&TypeId::of::<T>())?.downcast_mut()
    }

    /// Keeps a module's own data with this session; one value of each type.
    pub fn set_extension<T: Any + Send>(&mut self, value: T) {
        self.extensions.insert(TypeId::of::<T>(), Box::new(value));
    }
}

/// One client session.
pub struct ClientSession {
    /// The identifier the client was given.
    pub id: SessionId,
    /// The QTSS object (`qtssClientSessionObjectType`).
    pub object: Arc<Object>,
    /// The address the session belongs to: requests from another one do not find it.
    pub peer: IpAddr,
    /// Server clock at creation, in ms.
    pub created_ms: i64,
    /// Unix time at creation, in ms.
    pub created_unix_ms: i64,
    /// Server clock of the last sign of life, in ms; RTCP, requests and interleaved writes refresh it.
    pub activity_ms: Arc<AtomicI64>,
    /// Seconds without a sign of life until the session ends, times 1000; 0 = never.
    pub timeout_ms: AtomicI64,
    /// RTSP status of the last request, for the access log.
    pub last_status: AtomicU32,
    /// Reached by a SETUP: only then it counts against the limits.
    pub counted: AtomicBool,
    /// Number of the connection whose request came last; 0 when that one is gone.
    connection: AtomicU32,
    /// Number of the connection that made it.
    owner: AtomicU32,
    /// Path of the movie it is about, escapes undone; empty until a request has named one.
    presentation: Mutex<Vec<u8>>,
    closing: AtomicBool,
    played: AtomicBool,
    /// Counted among the playing ones.
    playing: AtomicBool,
    broadcasts: AtomicBool,
    /// Number of the connection whose Digest challenge was last answered rightly for this session; 0 for none.
    pub(super) nonce_owner: AtomicU64,
    /// The client session mutex.
    pub state: Arc<AsyncMutex<SessionState>>,
    log: Mutex<SessionLog>,
    farewells: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
    rate: Mutex<RateSample>,
}

/// Facts collected for the access log line.
#[derive(Debug, Clone, Default)]
pub struct SessionLog {
    /// Path of the first request's URL as sent.
    pub uri_stem: String,
    /// Host and port of the first request's URL.
    pub url_host: String,
    /// Query string of the request that made the session.
    pub query: String,
    /// User-Agent of the first request that had one.
    pub user_agent: String,
    /// Local address of the connection.
    pub local: String,
    /// Unix time of the first PLAY, in ms.
    pub first_play_unix_ms: Option<i64>,
    /// Movie length in seconds.
    pub movie_seconds: f64,
    /// Movie size in bytes.
    pub movie_bytes: u64,
    /// Movie rate in bits per second.
    pub movie_bit_rate: u32,
    /// A 401 was logged already; the session's end then is not, unless something else happened.
    pub challenged: bool,
    /// User name the session was authorized for.
    pub user: String,
    /// Realm of that user.
    pub realm: String,
}

impl ClientSession {
    /// A new session with a random id, owned by `peer`.
    pub fn new(objects: &ObjectStore, id: SessionId, peer: IpAddr, clock: &dyn Clock, timeout_ms: i64) -> Arc<Self> {
        let object = objects.create(ObjectType::ClientSession);
        let now_ms = clock.now_ms();
        object.set_str(qtssCliSesRTSPSessionID, &id.to_string());
        let session = Arc::new(Self {
            id,
            object,
            peer,
            created_ms: now_ms,
            created_unix_ms: clock.wall_us() / 1000,
            activity_ms: Arc::new(AtomicI64::new(now_ms)),
            timeout_ms: AtomicI64::new(timeout_ms),
            last_status: AtomicU32::new(200),
            counted: AtomicBool::new(false),
            connection: AtomicU32::new(0),
            owner: AtomicU32::new(0),
            presentation: Mutex::default(),
            closing: AtomicBool::new(false),
            played: AtomicBool::new(false),
            playing: AtomicBool::new(false),
            broadcasts: AtomicBool::new(false),
            nonce_owner: AtomicU64::new(0),
            state: Arc::default(),
            log: Mutex::default(),
            farewells: Mutex::default(),
            rate: Mutex::new(RateSample { at_ms: now_ms, ..RateSample::default() }),
        });
        session.object.attach(Arc::downgrade(&session));
        session
    }

    /// The session's number in the data plane.
    pub fn key(&self) -> SessionKey {
        self.id.value().unsigned_abs()
    }

    /// A sign of life at `now_ms`.
    pub fn refresh(&self, now_ms: i64) {
        self.activity_ms.fetch_max(now_ms, Ordering::Relaxed);
    }

    /// The connection of this number has made it.
    pub(super) fn set_owner(&self, connection: u32) {
        self.owner.store(connection, Ordering::Relaxed);
    }

    /// The connection of this number has made it: nobody needs to be asked for a password again.
    pub(super) fn is_of(&self, connection: u32) -> bool {
        self.owner.load(Ordering::Relaxed) == connection
    }

    /// It is about the movie of this path.
    pub(super) fn set_presentation(&self, path: &[u8]) {
        *self.presentation.lock() = path.to_vec();
    }

    /// Whether a request for `path` may act on it. Whoever knows the number of a session must not drive it with the URL of
    /// another movie, whose access file may ask for less; only the connection that made it need not repeat the URL.
    pub(super) fn answers_to(&self, connection: u32, path: &[u8]) -> bool {
        if self.is_of(connection) {
            return true;
        }
        let presentation = self.presentation.lock();
        let stem = presentation.strip_suffix(b"/").unwrap_or(&presentation);
        path.strip_prefix(stem).is_some_and(|rest| matches!(rest.first(), None | Some(b'/')))
    }

    /// A request on it came from the connection of this number.
    pub(super) fn attend(&self, connection: u32) {
        self.connection.store(connection, Ordering::Relaxed);
    }

    /// The connection of this number is gone; true if no other one has served the session since.
    pub(super) fn leave_unattended(&self, connection: u32) -> bool {
        self.connection.compare_exchange(connection, 0, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Has it been silent for longer than its time-out?
    pub fn is_overdue(&self, now_ms: i64) -> bool {
        let limit = match (self.timeout_ms.load(Ordering::Relaxed), self.connection.load(Ordering::Relaxed)) {
            (limit, 0) => limit.min(UNATTENDED_MS),
            (limit, _) => limit,
        };
        limit > 0 && now_ms - self.activity_ms.load(Ordering::Relaxed) > limit
    }

    /// Marks the end; true for the caller that comes first and has to carry it out.
    pub fn begin_close(&self) -> bool {
        !self.closing.swap(true, Ordering::AcqRel)
    }

    /// Is the session on its way out?
    pub fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Remembers that the session was played; true the first time.
    pub fn mark_played(&self) -> bool {
        !self.played.swap(true, Ordering::Relaxed)
    }

    /// Remembers whether it plays; true when that is a change.
    pub(super) fn mark_playing(&self, playing: bool) -> bool {
        self.playing.swap(playing, Ordering::Relaxed) != playing
    }

    /// Was it ever played?
    pub fn was_played(&self) -> bool {
        self.played.load(Ordering::Relaxed)
    }

    /// A SETUP to record was allowed: every further request on the session is one of a broadcaster.
    pub fn mark_broadcaster(&self) {
        self.broadcasts.store(true, Ordering::Relaxed);
    }

    /// Does it belong to a broadcaster?
    pub fn is_broadcaster(&self) -> bool {
        self.broadcasts.load(Ordering::Relaxed)
    }

    /// Its streams, without waiting for a request that is at work on the session.
    pub fn streams_now(&self) -> Vec<Arc<RtpStream>> {
        match self.state.try_lock() {
            Ok(state) => state.streams.iter().map(|of| Arc::clone(&of.stream)).collect(),
            Err(_) => self.object_streams(),
        }
    }

    /// Bits per second that went to the client since the last look that was at least a second ago.
    pub fn bit_rate(&self, now_ms: i64) -> u32 {
        let sent: u64 = self.object_streams().iter().map(|stream| super::figures::bytes_sent(stream)).sum();
        self.rate.lock().next(now_ms, sent)
    }

    /// Its streams as its object has them, even while a request is at work on the session.
    pub fn object_streams(&self) -> Vec<Arc<RtpStream>> {
        let handles = self.object.objects(qtssCliSesStreamObjects);
        let objects = handles.into_iter().filter_map(crate::qtss::Handle::object);
        objects.filter_map(|object| object.attached::<Arc<RtpStream>>().cloned()).collect()
    }

    /// Runs `work` when the session has ended, however it ends, before modules are told: last packets go out there.
    pub fn at_end(&self, work: Box<dyn FnOnce() + Send>) {
        self.farewells.lock().push(work);
    }

    /// Runs what [`ClientSession::at_end`] took.
    pub(super) fn say_farewell(&self) {
        let farewells = std::mem::take(&mut *self.farewells.lock());
        farewells.into_iter().for_each(|work| work());
    }

    /// Facts for the access log.
    pub fn log_facts(&self) -> SessionLog {
        self.log.lock().clone()
    }

    /// Changes the facts for the access log.
    pub fn update_log(&self, change: impl FnOnce(&mut SessionLog)) {
        change(&mut self.log.lock());
    }
}

/// What a session had sent at the last look at its rate.
#[derive(Default)]
struct RateSample {
    at_ms: i64,
    bytes: u64,
    bits_per_second: u32,
}

impl RateSample {
    fn next(&mut self, now_ms: i64, bytes: u64) -> u32 {
        let millis = now_ms.saturating_sub(self.at_ms);
        if millis >= 1000 {
            let bits = bytes.saturating_sub(self.bytes).saturating_mul(8000) / millis.unsigned_abs();
            *self = Self { at_ms: now_ms, bytes, bits_per_second: u32::try_from(bits).unwrap_or(u32::MAX) };
        }
        self.bits_per_second
    }
}

/// All client sessions by id.
#[derive(Default)]
pub struct SessionTable {
    sessions: Mutex<HashMap<SessionId, Arc<ClientSession>>>,
}

impl SessionTable {
    /// Adds a session under an id nobody has.
    pub fn create(&self, make: impl Fn(SessionId) -> Arc<ClientSession>) -> Arc<ClientSession> {
        loop {
            let id = SessionId::random();
            let mut sessions = self.sessions.lock();
            if let std::collections::hash_map::Entry::Vacant(slot) = sessions.entry(id) {
                return Arc::clone(slot.insert(make(id)));
            }
        }
    }

    /// The session with this id, unless it is on its way out.
    pub fn find(&self, id: SessionId) -> Option<Arc<ClientSession>> {
        self.sessions.lock().get(&id).filter(|session| !session.is_closing()).cloned()
    }

    /// Takes a session out.
    pub fn remove(&self, id: SessionId) -> Option<Arc<ClientSession>> {
        self.sessions.lock().remove(&id)
    }

    /// Gives up room that is not needed now.
    pub fn shrink(&self) {
        self.sessions.lock().shrink_to_fit();
    }

    /// How many there are now.
    pub fn len(&self) -> usize {
        self.sessions.lock().len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All sessions now, in no order.
    pub fn all(&self) -> Vec<Arc<ClientSession>> {
        self.sessions.lock().values().cloned().collect()
    }

    /// The sessions that have been silent for longer than their time-out.
    pub fn overdue(&self, now_ms: i64) -> Vec<Arc<ClientSession>> {
        self.sessions.lock().values().filter(|session| session.is_overdue(now_ms)).cloned().collect()
    }
}
