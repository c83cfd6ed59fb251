//! The serving process: from a parsed command line to an orderly end.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use tracing_subscriber::layer::SubscriberExt;

use super::cli::CommandLine;
use crate::config::{ConfigError, Finding, Prefs, Severity, identity};
use crate::log::{ErrorLog, ErrorLogLayer, ErrorLogOptions, Level, SystemClock};
use crate::modules::{self, ErrorLogModule};
use crate::qtss::{Module, ObjectStore, ObjectType, Registry, RegistryBuilder};
use crate::rtp;
use crate::server::{Preferences, Server, ServerState, raise_descriptor_limit};

/// Exit status after SIGINT, `-x` and a fatal state: the watchdog (or whoever started us) may start us again.
pub const EXIT_RESTART: u8 = 254;

/// Exit status when starting makes no sense: configuration, ports, users.
pub const EXIT_FATAL: u8 = 255;

/// How often logs look at their age.
const LOG_TICK: Duration = Duration::from_secs(60);

/// Runs the server in the foreground until a signal ends it; returns the exit status.
pub fn run(command: &CommandLine) -> u8 {
    let (prefs, findings) = match load(command) {
        Ok(loaded) => loaded,
        Err(error) => {
            complain(&error);
            return EXIT_FATAL;
        }
    };
    let error_log = Arc::new(ErrorLog::new(ErrorLogOptions::from_prefs(&prefs), Arc::new(SystemClock)));
    let layer = ErrorLogLayer::new(Arc::clone(&error_log));
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer));
    error_log.startup();
    report(&error_log, &findings);
    let descriptors = raise_descriptor_limit().unwrap_or(0);
    let wanted = u64::try_from(prefs.server.maximum_connections).unwrap_or(0).saturating_mul(2);
    if descriptors < wanted {
        tracing::warn!("{descriptors} file descriptors may be too few for maximum_connections; raise the hard limit");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(serve(command, prefs, &error_log)),
        Err(error) => {
            tracing::error!("cannot start: {error}");
            EXIT_FATAL
        }
    }
}

fn load(command: &CommandLine) -> Result<(Prefs, Vec<Finding>), ConfigError> {
    let legacy = Some(command.legacy_config.as_path());
    let mut loaded = Prefs::open(&command.config, legacy, command.write_defaults)?;
    loaded.prefs.complete();
    if let Err(error) = loaded.prefs.save() {
        let text = format!("Cannot write {}: {error}", command.config.display());
        loaded.findings.push(Finding {
            severity: Severity::Warning,
            line: 0,
            column: 0,
            module: None,
            pref: None,
            text,
        });
    }
    Ok((loaded.prefs, loaded.findings))
}

/// The words DSS uses for a configuration it cannot use, with the place.
fn complain(error: &ConfigError) {
    let mut stderr = std::io::stderr().lock();
    let _ = writeln!(stderr, "{error}");
}

/// What is odd about the configuration goes to the log; that a default was taken is not worth a line at the start.
fn report(error_log: &ErrorLog, findings: &[Finding]) {
    for finding in findings.iter().filter(|finding| finding.severity != Severity::Info) {
        error_log.write(Level::Warning, &finding.to_string());
    }
}

async fn serve(command: &CommandLine, prefs: Prefs, error_log: &Arc<ErrorLog>) -> u8 {
    let pid_file = prefs.server_path("pid_file");
    let preferences = Preferences::new(prefs);
    let registry = match load_modules(&preferences, error_log) {
        Ok(registry) => registry,
        Err(error) => {
            tracing::error!("cannot start: {error}");
            return EXIT_FATAL;
        }
    };
    if command.write_defaults {
        error_log.shutdown();
        return EXIT_RESTART;
    }
    let state = if command.idle { ServerState::Idle } else { ServerState::Running };
    let (server, addresses) = match start(registry, preferences, error_log, command.port, state) {
        Ok(started) => started,
        Err(error) => {
            tracing::error!("{error}");
            error_log.shutdown();
            return EXIT_FATAL;
        }
    };
    announce(&addresses);
    let _pid_file = PidFile::write(pid_file);
    tokio::spawn(tick_logs(Arc::clone(error_log)));
    let status = wait_for_signal(&server).await;
    server.stop().await;
    status
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The send workers could not be started.
    #[error("cannot start the send workers: {0}")]
    Workers(#[from] std::io::Error),
    /// No address could be listened on; each failure is in the log.
    #[error("Streaming Server is not listening for RTSP on any ports.")]
    NotListening,
}

/// Starts a server with its modules: Initialize role, listening sockets (`port` stands for `rtsp_port`; 0 lets the system
/// choose), time-outs and events. Returns it and where it listens; [`Server::stop`] ends it. To be called inside the
/// runtime that will serve.
///
/// # Errors
/// [`StartError`]; trouble with single addresses is logged.
pub fn start(
    registry: Arc<Registry>,
    preferences: Arc<Preferences>,
    error_log: &Arc<ErrorLog>,
    port: Option<u16>,
    state: ServerState,
) -> Result<(Arc<Server>, Vec<std::net::SocketAddr>), StartError> {
    let server = Server::new(registry, preferences, Arc::new(rtp::SystemClock::new()))?;
    initialize(&server, error_log);
    let (addresses, errors) = server.listen(port);
    for error in &errors {
        tracing::warn!("{error}");
    }
    if addresses.is_empty() {
        tracing::warn!("Streaming Server failed to listen on all requested RTSP port(s).");
        return Err(StartError::NotListening);
    }
    server.set_state(state);
    tokio::spawn(Arc::clone(&server).run_events());
    tokio::spawn(Arc::clone(&server).run_timers());
    Ok((server, addresses))
}

/// Registers the modules in DSS's order: the error log first, then (dynamic ones, then) the other built-in ones.
///
/// # Errors
/// When a module cannot get what it needs from the system.
pub fn load_modules(preferences: &Arc<Preferences>, error_log: &Arc<ErrorLog>) -> std::io::Result<Arc<Registry>> {
    let store = ObjectStore::new();
    let server = store.create(ObjectType::Server);
    let mut builder = RegistryBuilder::new(store, server, Box::new(|_, _| {}));
    let first: Arc<dyn Module> = Arc::new(ErrorLogModule::new(error_log, preferences));
    for module in std::iter::once(first).chain(modules::builtin(preferences, error_log)?) {
        let name = module.name().to_owned();
        match builder.add(module) {
            Ok(_) => error_log.write(Level::Info, &format!("Module Loaded...{name} [static]")),
            Err(_) => error_log.write(Level::Warning, &format!("The module {name} failed to Register.")),
        }
    }
    Ok(builder.freeze())
}

/// The Initialize role of every module; while it runs, DSS writes nothing below a warning to the file.
fn initialize(server: &Arc<Server>, error_log: &Arc<ErrorLog>) {
    error_log.set_ceiling(Some(Level::Warning));
    let store = server.registry.store();
    let prefs = store.create(ObjectType::Prefs);
    let messages = store.create(ObjectType::TextMessages);
    let stream = store.create(ObjectType::Stream);
    server.registry.initialize(&prefs, &messages, stream.handle(), |module, _| {
        error_log.write(Level::Warning, &format!("The module {} failed to Initialize.", module.name()));
    });
    error_log.set_ceiling(None);
}

/// What the terminal (or the script that started us) sees.
fn announce(addresses: &[std::net::SocketAddr]) {
    let mut stdout = std::io::stdout().lock();
    let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let _ = writeln!(stdout, "{}\nListening on {}", identity::version_line(), list.join(" "));
    let _ = writeln!(stdout, "Streaming Server done starting up");
    let _ = stdout.flush();
}

async fn tick_logs(error_log: Arc<ErrorLog>) {
    let mut ticks = tokio::time::interval(LOG_TICK);
    loop {
        ticks.tick().await;
        error_log.tick();
    }
}

/// TERM and QUIT are a clean end, INT asks for a restart where a watchdog is there to do it.
async fn wait_for_signal(server: &Arc<Server>) -> u8 {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds = [SignalKind::terminate(), SignalKind::quit(), SignalKind::interrupt()];
    let Ok([mut terminate, mut quit, mut interrupt]) =
        kinds.map(signal).into_iter().collect::<Result<Vec<_>, _>>().map(|signals| {
            <[_; 3]>::try_from(signals).unwrap_or_else(|_| unreachable!("three kinds give three streams"))
        })
    else {
        tracing::error!("cannot watch for signals");
        return EXIT_FATAL;
    };
    let mut fatal = server.shutdown_signal();
    tokio::select! {
        _ = terminate.recv() => 0,
        _ = quit.recv() => 0,
        _ = interrupt.recv() => EXIT_RESTART,
        _ = fatal.wait_for(|stop| *stop) => EXIT_RESTART,
    }
}

/// The pid file, removed at the orderly end.
struct PidFile(std::path::PathBuf);

impl PidFile {
    fn write(path: std::path::PathBuf) -> Option<Self> {
        match std::fs::write(&path, format!("{}\n", std::process::id())) {
            Ok(()) => Some(Self(path)),
            Err(error) => {
                tracing::warn!("cannot write pid_file {}: {error}", path.display());
                None
            }
        }
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
