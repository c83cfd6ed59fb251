//! What the RTSP tests share: a server in this process on a free port, and a small blocking client.
#![allow(dead_code, unused_imports)] // each test program uses its own part

mod client;
pub mod impair;
mod notes;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dss::config::{Document, EditError, Place, PrefType, Prefs, module_def, server_pref};
use dss::log::{ErrorLog, ErrorLogOptions, SystemClock};
use dss::modules::{self, ErrorLogModule};
use dss::process;
use dss::qtss::{Module, ObjectStore, ObjectType, Registry, RegistryBuilder};
use dss::server::{Preferences, Server, ServerState, bind_all};
use tokio::runtime::Runtime;

pub use self::client::{Client, Ports, Reply, Rtp, reports, rtp};
pub use self::notes::{notes, take_notes};

/// No wait of a test is longer.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// The hint tracks of every sample movie but the one with many.
pub const VIDEO: &str = "trackID=3";
pub const AUDIO: &str = "trackID=4";

/// A server with its own folder for movies, logs and configuration.
pub struct Site {
    pub server: Arc<Server>,
    pub addresses: Vec<SocketAddr>,
    runtime: Option<Runtime>,
    dir: tempfile::TempDir,
}

impl Site {
    /// A server with the preferences it ships with.
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// A server with some preferences changed; several values are separated by blanks.
    pub fn with(changes: &[(&str, &str)]) -> Self {
        Self::start(changes, None, &[])
    }

    /// A server with some preferences of a module changed: the module, the preference, its value.
    pub fn with_module_prefs(changes: &[(&str, &str, &str)]) -> Self {
        Self::start(&[], None, changes)
    }

    /// A server with one more module, which is called before the others.
    pub fn with_module(module: Arc<dyn Module>) -> Self {
        Self::start(&[], Some(module), &[])
    }

    /// A server that is to relay what this relayconfig.xml says.
    pub fn with_relays(relays: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("relayconfig.xml"), relays).unwrap();
        Self::start_in(dir, 0, &[], None, &[])
    }

    /// A server that listens on a port of the caller's choice.
    pub fn on_port(port: u16) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), port, &[], None, &[])
    }

    fn start(changes: &[(&str, &str)], module: Option<Arc<dyn Module>>, of_modules: &[(&str, &str, &str)]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), 0, changes, module, of_modules)
    }

    fn start_in(
        dir: tempfile::TempDir,
        port: u16,
        changes: &[(&str, &str)],
        module: Option<Arc<dyn Module>>,
        of_modules: &[(&str, &str, &str)],
    ) -> Self {
        let folders = ["Movies", "Logs"].map(|name| dir.path().join(name));
        folders.iter().for_each(|folder| std::fs::create_dir(folder).unwrap());
        let [movies, logs] = folders.map(|folder| folder.to_str().unwrap().to_owned());
        let mut prefs = Prefs::open(&dir.path().join("streamingserver.xml"), None, true).unwrap().prefs;
        let mut set = |name: &str, values: &str| {
            let def = server_pref(name).unwrap_or_else(|| panic!("no preference {name}"));
            let values: Vec<_> = values.split(' ').map(|value| value.as_bytes().to_vec()).collect();
            prefs.update(|document| document.set_values(&Place::server(), name, def.ty, &values)).unwrap();
        };
        let own = [
            ("movie_folder", &*movies),
            ("error_logfile_dir", &logs),
            ("bind_ip_addr", "127.0.0.1"),
            ("screen_logging", "false"),
        ];
        own.iter().chain(changes).for_each(|(name, value)| set(name, value));
        let relays = dir.path().join("relayconfig.xml").to_str().unwrap().to_owned();
        let own_of_modules = [
            ("QTSSAccessLogModule", "request_logfile_dir", &*logs),
            ("QTSSRelayModule", "relay_prefs_file", &relays),
            ("QTSSRelayModule", "relay_stats_url", "relays"),
            // A machine that is busy with other things is no reason to refuse a test's viewer.
            ("QTSSFlowControlModule", "overload_lateness", "0"),
            ("QTSSFlowControlModule", "overload_busy_percent", "0"),
        ];
        prefs.update(|document| set_module_prefs(document, &own_of_modules)).unwrap();
        prefs.update(|document| set_module_prefs(document, of_modules)).unwrap();
        let error_log = Arc::new(ErrorLog::new(ErrorLogOptions::from_prefs(&prefs), Arc::new(SystemClock)));
        let preferences = Preferences::new(prefs);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (server, addresses) = runtime.block_on(async {
            let (listeners, errors) = bind_all(&preferences.server(), Some(port));
            assert!(errors.is_empty(), "{errors:?}");
            let server = process::prepare(preferences, &error_log, module.into_iter().collect()).unwrap();
            let addresses = process::open(&server, listeners, ServerState::Running);
            (server, addresses)
        });
        Self { server, addresses, runtime: Some(runtime), dir }
    }

    /// Changes preferences of modules in the file and has the server read it again, as SIGHUP does.
    pub fn reread_with(&self, changes: &[(&str, &str, &str)]) {
        let preferences = self.server.preferences();
        preferences.update(|document| set_module_prefs(document, changes)).unwrap();
        self.server.fix_port();
        self.block_on(async { self.server.reread() });
    }

    /// A path in the movie folder.
    pub fn movies(&self, name: &str) -> PathBuf {
        self.dir.path().join("Movies").join(name)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// A connection to it.
    pub fn connect(&self) -> Client {
        Client::connect(self.address(), None)
    }

    /// A connection to it from another loopback address.
    pub fn connect_from(&self, source: &str) -> Client {
        Client::connect(self.address(), Some(source.parse().unwrap()))
    }

    /// Puts a sample movie of the repository into the movie folder.
    pub fn movie(&self, name: &str) -> PathBuf {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name);
        let to = self.dir.path().join("Movies").join(name);
        std::fs::copy(from, &to).unwrap();
        to
    }

    /// The folder with configuration, movies and logs.
    pub fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// The lines of the access log that are no comments, field by field.
    pub fn access_log(&self) -> Vec<Vec<String>> {
        let text = std::fs::read_to_string(self.dir.path().join("Logs/StreamingServer.log")).unwrap_or_default();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| line.split(' ').map(str::to_owned).collect()).collect()
    }

    /// Sessions in the table.
    pub fn sessions(&self) -> usize {
        self.server.sessions.all().len()
    }

    /// Sessions that count against the limit.
    pub fn counted(&self) -> u32 {
        self.server.stats.current_sessions.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Sessions that play.
    pub fn playing(&self) -> u32 {
        self.server.stats.current_playing.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Connections that are open.
    pub fn connections(&self) -> u32 {
        self.server.stats.current_rtsp.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Runs `work` on the server's runtime.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.as_ref().unwrap().block_on(work)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.block_on(self.server.stop());
            runtime.shutdown_timeout(Duration::from_secs(2));
        }
    }
}

fn set_module_prefs(document: &mut Document, changes: &[(&str, &str, &str)]) -> Result<(), EditError> {
    changes.iter().try_for_each(|(module, name, value)| {
        let known = module_def(module).and_then(|module| module.pref(name));
        let ty = known.map_or(PrefType::UInt32, |pref| pref.ty);
        document.set_values(&Place::module(*module), name, ty, &[value.as_bytes().to_vec()])
    })
}

/// Waits until something is so.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < until, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
