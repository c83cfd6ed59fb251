//! Listeners, connections, the request's walk through the roles, session tables, limits.
//!
//! A [`Server`] holds what everything shares. Each connection is one task ([`connection`]); each request walks the roles
//! (module `walk`) with a [`RequestContext`]; what lives longer than a request is a [`ClientSession`]. Packets are sent by
//! the engine of the rtp room; what it reports back ends in [`Server::run_events`].

mod answers;
mod authorize;
pub mod connection;
mod contain;
mod context;
mod figures;
mod file_objects;
mod http_observer;
mod lifecycle;
mod limits;
mod listener;
mod live;
mod login;
pub mod metrics;
mod objects;
mod pref_objects;
mod rtcp;
mod session;
mod stats;
pub mod status;
pub mod streams;
mod tunnel;
mod walk;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};

pub use self::connection::{BodyRead, Connection, FrameSink, drained};
pub use self::context::{AfterResponse, RequestContext, TakeOver};
pub use self::file_objects::{FileObject, ModuleFile};
pub use self::http_observer::{HttpAnswered, HttpObserver};
pub use self::lifecycle::ClosingSession;
pub use self::limits::Refusal;
pub use self::listener::{BoundListener, ListenError, Listener, bind_all};
pub use self::live::{BroadcastSource, BroadcastSources};
pub use self::login::{Authenticator, SECRET_ATTRIBUTES, scheme_code, scheme_of_code};
pub use self::pref_objects::PrefObjects;
pub use self::rtcp::ReceivedRtcp;
pub use self::session::{ClientSession, PlayState, SessionLog, SessionState, SessionStream, SessionTable};
pub use self::stats::Stats;
use crate::config::{
    ConfigError, Document, EditError, Finding, ModulePrefs, Prefs, SaveError, ServerPrefs, Severity, identity,
};
use crate::live::Broadcasts;
use crate::live::relay::Relays;
use crate::qtss::attr::*;
use crate::qtss::{Object, ObjectStore, Registry, Role, SyncRole};
use crate::rtp::{
    Clock, EngineConfig, PoolConfig, PortPool, RtcpObserver, RtcpSummary, RtpStream, SendEngine, SendPrefs,
    SessionEvent,
};
use crate::rtsp::Method;

/// The states of the server, with the numbers of `QTSS_ServerState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum ServerState {
    /// Before the first listener.
    StartingUp = 0,
    /// Serving.
    Running = 1,
    /// Refusing new sessions.
    RefusingConnections = 2,
    /// A fatal error was logged; the process ends.
    FatalError = 3,
    /// On the way out.
    ShuttingDown = 4,
    /// Listening, but every request that needs a session is refused.
    Idle = 5,
}

/// The running server.
pub struct Server {
    /// All QTSS objects.
    pub objects: Arc<ObjectStore>,
    /// `qtssServerObjectType`.
    pub object: Arc<Object>,
    /// The modules and their roles.
    pub registry: Arc<Registry>,
    /// The one clock.
    pub clock: Arc<dyn Clock>,
    /// All client sessions.
    pub sessions: SessionTable,
    overload: limits::Overload,
    /// Counters.
    pub stats: Stats,
    /// The broadcasts that are on the air.
    pub broadcasts: Arc<Broadcasts>,
    /// Streams that are fetched, or pushed to us, and passed on.
    pub relays: Arc<Relays>,
    /// Where they come from.
    pub broadcast_sources: BroadcastSources,
    /// UDP port pairs.
    pub ports: PortPool,
    /// Sends the packets.
    pub engine: SendEngine,
    /// Checks passwords.
    pub authenticator: Arc<Authenticator>,
    /// Tunnels of RTSP in HTTP.
    tunnels: Arc<tunnel::Tunnels>,
    /// Value of the `Server` header.
    pub identity: String,
    rtcp_roles: Arc<rtcp::RtcpRoles>,
    preferences: Arc<Preferences>,
    send_prefs: ArcSwap<SendPrefs>,
    listeners: Mutex<Vec<Listener>>,
    reserve: Mutex<Option<std::fs::File>>,
    fixed_port: AtomicBool,
    /// Descriptors were missing a short while ago.
    out_of_descriptors: AtomicBool,
    /// Server clock of the last shortage of descriptors, in ms.
    last_shortage_ms: AtomicI64,
    state: AtomicU32,
    next_connection: AtomicU32,
    stop: watch::Sender<bool>,
    ending: watch::Sender<bool>,
    pref_objects: std::sync::OnceLock<Arc<PrefObjects>>,
    public_methods: std::sync::OnceLock<String>,
    http_observer: std::sync::OnceLock<HttpObserver>,
    /// How the server process before this one ended.
    last_end: std::sync::OnceLock<String>,
    events: Mutex<Option<mpsc::UnboundedReceiver<SessionEvent>>>,
}

/// The configuration in force, shared by the server and its modules.
pub struct Preferences {
    server: ArcSwap<ServerPrefs>,
    document: Mutex<Prefs>,
}

impl Preferences {
    /// What was loaded from the file.
    pub fn new(prefs: Prefs) -> Arc<Self> {
        Arc::new(Self { server: ArcSwap::new(Arc::clone(&prefs.server)), document: Mutex::new(prefs) })
    }

    /// The server's section. Keep the `Arc` for the length of one decision only.
    pub fn server(&self) -> Arc<ServerPrefs> {
        self.server.load_full()
    }

    /// Reads the file again. What is in force stays as it is when that fails.
    ///
    /// # Errors
    /// Where the file is broken.
    pub fn reload(&self) -> Result<Vec<Finding>, ConfigError> {
        let mut document = self.document.lock();
        let mut loaded = Prefs::load(document.path())?;
        loaded.prefs.complete();
        if let Err(error) = loaded.prefs.save() {
            tracing::warn!("{error}");
        }
        self.server.store(Arc::clone(&loaded.prefs.server));
        *document = loaded.prefs;
        loaded.findings.retain(|finding| finding.severity != Severity::Info);
        Ok(loaded.findings)
    }

    /// Reads from the whole configuration.
    pub fn with<T>(&self, read: impl FnOnce(&Prefs) -> T) -> T {
        read(&self.document.lock())
    }

    /// Changes the configuration and writes the file; see [`Prefs::update`].
    ///
    /// # Errors
    /// The file was made unusable by somebody else, the change is not possible, or writing failed.
    pub fn update(&self, change: impl FnOnce(&mut Document) -> Result<(), EditError>) -> Result<(), SaveError> {
        let mut prefs = self.document.lock();
        prefs.update(change)?;
        self.server.store(Arc::clone(&prefs.server));
        Ok(())
    }

    /// The file's path.
    pub fn path(&self) -> std::path::PathBuf {
        self.document.lock().path().to_owned()
    }

    /// A module's section.
    pub fn module(&self, name: &str) -> ModulePrefs {
        self.document.lock().module(name)
    }
}

impl Server {
    /// A server that is not listening yet. Has to be called inside the runtime that will serve.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn new(
        registry: Arc<Registry>,
        preferences: Arc<Preferences>,
        clock: Arc<dyn Clock>,
    ) -> std::io::Result<Arc<Self>> {
        let server_prefs = preferences.server();
        let (sender, events) = mpsc::unbounded_channel();
        let engine = SendEngine::start(&EngineConfig::detect(), Arc::clone(&clock), sender)?;
        let pool = PoolConfig {
            rtcp_receive_buffer: usize::try_from(server_prefs.rtcp_rcv_buf_size).unwrap_or(768).saturating_mul(1024),
            ..PoolConfig::default()
        };
        let runtime = tokio::runtime::Handle::current();
        let rtcp_roles = Arc::new(rtcp::RtcpRoles::start(&registry)?);
        let observer: Arc<dyn RtcpObserver> = Arc::<rtcp::RtcpRoles>::clone(&rtcp_roles);
        let (objects, object) = (Arc::clone(registry.store()), Arc::clone(registry.server()));
        let server = Arc::new(Self {
            ports: PortPool::new(pool, Some(runtime), Arc::clone(&clock), observer),
            broadcasts: Arc::default(),
            relays: Arc::new(Relays::new(Arc::clone(&clock))),
            broadcast_sources: BroadcastSources::default(),
            rtcp_roles,
            engine,
            authenticator: Arc::default(),
            tunnels: Arc::default(),
            identity: identity::server_header(),
            send_prefs: ArcSwap::from_pointee(limits::send_prefs(&server_prefs)),
            preferences,
            sessions: SessionTable::default(),
            overload: limits::Overload::default(),
            stats: Stats::default(),
            listeners: Mutex::default(),
            reserve: Mutex::new(std::fs::File::open("/dev/null").ok()),
            fixed_port: AtomicBool::new(false),
            out_of_descriptors: AtomicBool::new(false),
            last_shortage_ms: AtomicI64::new(0),
            state: AtomicU32::new(ServerState::StartingUp as u32),
            next_connection: AtomicU32::new(1),
            stop: watch::Sender::new(false),
            ending: watch::Sender::new(false),
            pref_objects: std::sync::OnceLock::new(),
            public_methods: std::sync::OnceLock::new(),
            http_observer: std::sync::OnceLock::new(),
            last_end: std::sync::OnceLock::new(),
            events: Mutex::new(Some(events)),
            objects,
            object,
            registry,
            clock,
        });
        objects::declare_computed(&server.objects);
        figures::declare(&server);
        // Built-in modules find the server by its object in their Initialize role.
        server.object.attach(Arc::downgrade(&server));
        Ok(server)
    }

    /// The preferences as they are now. Keep the `Arc` for the length of one decision only.
    pub fn prefs(&self) -> Arc<ServerPrefs> {
        self.preferences.server()
    }

    /// The data plane's timing as the preferences have it now.
    pub fn send_prefs(&self) -> Arc<SendPrefs> {
        self.send_prefs.load_full()
    }

    /// Milliseconds of the server's clock.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Does it take new sessions?
    pub fn is_running(&self) -> bool {
        self.state() == ServerState::Running as u32
    }

    /// The state's number.
    pub fn state(&self) -> u32 {
        self.state.load(Ordering::Acquire)
    }

    /// Changes the state. Modules with the StateChange role are told, unless it is the end of starting up.
    pub fn set_state(&self, state: ServerState) {
        self.object.set_u32(qtssSvrState, state as u32);
        self.note_state(state as u32);
    }

    /// Takes over a state that a module has stored in the server object. A fatal one, and one on the way out, ends the
    /// server.
    pub fn note_state(&self, state: u32) {
        let before = self.state.swap(state, Ordering::AcqRel);
        if before == ServerState::StartingUp as u32 {
            return;
        }
        self.registry.call_all(Role::StateChange, || SyncRole::StateChange { state });
        let ends = [ServerState::FatalError as u32, ServerState::ShuttingDown as u32].contains(&state);
        if ends && before != state {
            self.ending.send_replace(true);
        }
    }

    /// A receiver that sees `true` when a module or a fatal message has asked for the server's end.
    pub fn end_asked(&self) -> watch::Receiver<bool> {
        self.ending.subscribe()
    }

    /// Tells how the server process before this one ended; said once, before listening.
    pub fn set_last_end(&self, text: String) {
        let _ = self.last_end.set(text);
    }

    /// How the server process before this one ended; empty if there was none.
    pub fn last_end(&self) -> &str {
        self.last_end.get().map_or("", String::as_str)
    }

    /// A receiver that sees `true` when connections have to end.
    pub fn shutdown_signal(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    pub(self) fn next_connection_id(&self) -> u32 {
        self.next_connection.fetch_add(1, Ordering::Relaxed)
    }

    /// RTCP of a stream has arrived and is in the stream's figures.
    pub(self) fn rtcp_received(&self, stream: &Arc<RtpStream>, compound: &[u8], summary: &RtcpSummary) {
        self.rtcp_roles.rtcp_received(stream, compound, summary);
    }

    /// The `Public` header: what the modules have put into `qtssSvrHandledMethods` by the end of their Initialize roles.
    pub(self) fn public_methods(&self) -> &str {
        self.public_methods.get().map_or(answers::PUBLIC, String::as_str)
    }

    /// All modules are initialised: the methods they handle are fixed.
    pub fn fix_methods(&self) {
        let methods = self.compact_methods().into_iter().filter_map(Method::from_id);
        let names: Vec<&str> = methods.map(Method::as_str).collect();
        if !names.is_empty() {
            let _ = self.public_methods.set(names.join(", "));
        }
    }

    /// Several modules may handle a method, and a module may say so more than once: the server object lists it once.
    /// Not while modules add to the list, since they count its values.
    pub(self) fn compact_methods(&self) -> Vec<u32> {
        let listed = self.object.u32_list(qtssSvrHandledMethods);
        let mut methods: Vec<u32> = Vec::with_capacity(listed.len());
        for method in &listed {
            if !methods.contains(method) {
                methods.push(*method);
            }
        }
        if methods.len() < listed.len() {
            let _lock = self.object.lock();
            self.object.clear(qtssSvrHandledMethods);
            methods.iter().for_each(|method| self.object.push(qtssSvrHandledMethods, &method.to_ne_bytes()));
        }
        methods
    }

    /// The preference objects, which a reread fills anew. Set once, before listening.
    pub fn set_pref_objects(&self, objects: Arc<PrefObjects>) {
        let _ = self.pref_objects.set(objects);
    }

    /// Has the preference objects show the configuration in force.
    pub fn refresh_pref_objects(&self) {
        if let Some(objects) = self.pref_objects.get() {
            objects.refresh();
        }
    }
}
