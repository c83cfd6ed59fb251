//! A start and a run of the server, from the command line to the exit status.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tracing_subscriber::layer::SubscriberExt;

use super::cli::{self, CommandLine};
use super::console;
use super::crash_marker::{CrashMarker, Label};
use super::daemon::{self, LAUNCH_PATIENCE, Side};
use super::death::{EXIT_FATAL, EXIT_RESTART};
use super::limits;
use super::memory;
use super::pidfile::PidFile;
use super::privileges::RunAs;
use super::signals::{SignalEvent, SignalEvents, Signals, StopReason};
use super::systemd::{self, ServiceManager};
use super::watchdog::{Child, Outcome, Watchdog};
use crate::abi::{self, CModule, CallWatch, Host};
use crate::config::{Finding, Prefs, Severity, check_file, identity};
use crate::live::relay;
use crate::log::{ErrorLog, ErrorLogLayer, ErrorLogOptions, Level, SystemClock};
use crate::modules::{self, ErrorLogModule, HttpLogModule};
use crate::qtss::attr::{qtssSvrHandledMethods, qtssSvrMessages, qtssSvrPreferences};
use crate::qtss::messages::default_text;
use crate::qtss::{AttrId, Module, Object, ObjectStore, ObjectType, QtssError, Registry, RegistryBuilder, Role};
use crate::rtp;
use crate::rtsp::Method;
use crate::server::{BoundListener, PrefObjects, Preferences, Server, ServerState, bind_all};

/// How often logs look at their age.
const LOG_TICK: Duration = Duration::from_secs(60);

/// The whole program: reads the command line, runs, and returns the exit status.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    match cli::parse(arguments) {
        Ok(command) => start(command),
        Err(exit) => {
            // A closed pipe on the other side is no reason to complain.
            let _ = std::io::stdout().write_all(exit.stdout.as_bytes());
            let _ = std::io::stderr().write_all(exit.stderr.as_bytes());
            exit.status
        }
    }
}

/// Everything that has to happen while the process has one thread: checks, detaching, the watchdog's fork.
fn start(mut command: CommandLine) -> u8 {
    if command.check_config {
        return check_config(&command.config);
    }
    let manager = ServiceManager::take();
    command.config = absolute(&command.config);
    command.legacy_config = absolute(&command.legacy_config);
    // All that is wrong with the configuration is told here: a daemon has nobody to tell it to.
    if let Err(error) = load(&command, command.write_defaults) {
        complain(&error);
        return EXIT_FATAL;
    }
    let child = if command.foreground || command.write_defaults {
        Child::without_parent()
    } else {
        match daemon::detach() {
            Ok(Side::Launcher(launcher)) => return launcher.wait(LAUNCH_PATIENCE, &mut std::io::stderr()),
            Ok(Side::Daemon(reporter)) => match Watchdog::new(command.config.clone(), reporter).run() {
                Ok(Outcome::Parent(status)) => return status,
                Ok(Outcome::Child(child)) => Ok(*child),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        }
    };
    match child {
        Ok(child) => run(&command, &child, manager),
        Err(error) => {
            complain(&format!("cannot start: {error}"));
            EXIT_FATAL
        }
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// `--check-config`: one line per finding; 1 if the file cannot be used or holds something wrong.
fn check_config(path: &Path) -> u8 {
    let relays = relay_file(path);
    let relay_findings = relays.as_deref().map(relay::config::check_file).unwrap_or_default();
    let mut stdout = std::io::stdout().lock();
    let mut is_wrong = false;
    for (path, findings) in [(path, check_file(path)), (relays.as_deref().unwrap_or(path), relay_findings)] {
        for finding in &findings {
            let _ = writeln!(stdout, "{}:{finding}", path.display());
        }
        is_wrong |= findings.iter().any(|finding| finding.severity != Severity::Info);
    }
    u8::from(is_wrong)
}

/// The relay configuration that a configuration names, if that can be read.
fn relay_file(path: &Path) -> Option<PathBuf> {
    let prefs = Prefs::load(path).ok()?.prefs;
    Some(PathBuf::from(prefs.module("QTSSRelayModule").string("relay_prefs_file"))).filter(|path| path.is_file())
}

/// Reads the configuration, or makes it; `afresh` discards what there is.
fn load(command: &CommandLine, afresh: bool) -> Result<(Prefs, Vec<Finding>), String> {
    let legacy = Some(command.legacy_config.as_path());
    let mut loaded = Prefs::open(&command.config, legacy, afresh).map_err(|error| {
        let number = error.os_error.unwrap_or(0);
        format!("{error}\nFatal Error: Could not load configuration file at {}. ({number})", command.config.display())
    })?;
    loaded.prefs.complete();
    if let Err(error) = loaded.prefs.save() {
        let text = format!("Cannot write {}: {error}", command.config.display());
        let (module, pref) = (None, None);
        loaded.findings.push(Finding { severity: Severity::Warning, line: 0, column: 0, module, pref, text });
    }
    Ok((loaded.prefs, loaded.findings))
}

/// Tells the terminal. DSS did so on standard output, where scripts look for it.
fn complain(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// The serving process, with or without a watchdog above it.
fn run(command: &CommandLine, child: &Child, manager: ServiceManager) -> u8 {
    let signals = match Signals::install() {
        Ok(signals) => signals,
        Err(error) => return give_up(child, &format!("cannot watch for signals: {error}")),
    };
    // What had to be discarded is discarded already.
    let (prefs, findings) = match load(command, false) {
        Ok(loaded) => loaded,
        Err(error) => return give_up(child, &error),
    };
    let run_as = RunAs::resolve(&prefs.server.run_user_name, &prefs.server.run_group_name);
    let log_folder = prefs.server_path("error_logfile_dir");
    let folder_trouble = run_as.as_ref().ok().and_then(|run_as| match run_as.make_log_folder(&log_folder) {
        Ok(()) => run_as.log_folder_warning(&log_folder),
        Err(error) => Some(format!("{}: {error}", log_folder.display())),
    });
    let error_log = open_error_log(&prefs);
    if let Some(trouble) = folder_trouble {
        tracing::warn!("{trouble}");
    }
    tell_history(&error_log, child, &manager, &findings);
    match limits::raise_descriptor_limit() {
        Ok(limits) => {
            if let Some(warning) = limits.warning(prefs.server.maximum_connections) {
                tracing::warn!("{warning}");
            }
        }
        Err(error) => tracing::warn!("descriptor limit: {error}"),
    }
    limits::allow_send_priority();
    let watched = manager.watchdog_interval();
    let listeners = match listen(command, &prefs, child, manager) {
        Ok(listeners) => listeners,
        Err(text) => {
            error_log.shutdown();
            return give_up(child, &text);
        }
    };
    let run_as = match run_as {
        Ok(run_as) => run_as,
        // The account may be made after the file.
        Err(error) if command.write_defaults => {
            tracing::warn!("{error}");
            RunAs::default()
        }
        Err(error) => {
            tracing::error!(fatal = true, "{error}");
            error_log.shutdown();
            return give_up(child, &format!("FATAL: {error}"));
        }
    };
    let pid_file = claim_pid_file(command, &prefs);
    // From here to the switch nothing is logged: a roll would leave root's file behind.
    error_log.paths().for_each(|path| drop(run_as.own_log_file(&path)));
    if let Err(error) = run_as.switch() {
        tracing::error!(fatal = true, "{error}");
        return give_up(child, &error.to_string());
    }
    let runtime =
        match tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(abi::STACK_SIZE).build() {
            Ok(runtime) => runtime,
            Err(error) => return give_up(child, &format!("cannot start threads: {error}")),
        };
    if let Some(interval) = watched {
        runtime.spawn(keep_alive(interval));
    }
    let status = runtime.block_on(serve(command, child, prefs, listeners, &error_log, signals));
    if let Some(pid_file) = pid_file {
        pid_file.remove();
    }
    // A module thread that is stuck must not keep the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    status
}

/// The start failed for good: whoever launched us is told, and the watchdog does not try again.
fn give_up(child: &Child, text: &str) -> u8 {
    complain(text);
    child.reporter.failed(EXIT_FATAL, text);
    EXIT_FATAL
}

fn open_error_log(prefs: &Prefs) -> Arc<ErrorLog> {
    let error_log = Arc::new(ErrorLog::new(ErrorLogOptions::from_prefs(prefs), Arc::new(SystemClock)));
    let layer = ErrorLogLayer::new(Arc::clone(&error_log));
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer));
    error_log.startup();
    error_log
}

/// What happened before, and what is odd about the configuration and the surroundings.
fn tell_history(error_log: &ErrorLog, child: &Child, manager: &ServiceManager, findings: &[Finding]) {
    if let Some(death) = &child.last_death {
        let level = if death.is_planned() { Level::Info } else { Level::Warning };
        error_log.write(level, &death.to_string());
    }
    let warnings = child.pid_file_warning.iter().map(String::as_str);
    warnings.for_each(|text| error_log.write(Level::Warning, text));
    manager.warnings().iter().for_each(|text| error_log.write(Level::Warning, text));
    // That a default was taken is not worth a line at the start.
    for finding in findings.iter().filter(|finding| finding.severity != Severity::Info) {
        error_log.write(Level::Warning, &finding.to_string());
    }
}

/// The listening sockets: those of the service manager, or those the configuration names.
fn listen(
    command: &CommandLine,
    prefs: &Prefs,
    child: &Child,
    mut manager: ServiceManager,
) -> Result<Vec<BoundListener>, String> {
    if command.write_defaults {
        return Ok(Vec::new());
    }
    let handed = manager.sockets();
    if !handed.is_empty() {
        let bound = |socket: super::systemd::HandedSocket| BoundListener {
            socket: socket.listener,
            loopback_only: false,
            any_port: false,
        };
        return Ok(handed.into_iter().map(bound).collect());
    }
    let (listeners, errors) = bind_all(&prefs.server, command.port);
    for error in &errors {
        tracing::warn!("{error}");
        child.reporter.say(&error.to_string());
    }
    if listeners.is_empty() {
        tracing::warn!("Streaming Server failed to listen on all requested RTSP port(s).");
        let text = "Streaming Server is not listening for RTSP on any ports.";
        tracing::error!("{text}");
        return Err(text.to_owned());
    }
    Ok(listeners)
}

/// In the foreground the file is ours; under a watchdog it is the parent's.
fn claim_pid_file(command: &CommandLine, prefs: &Prefs) -> Option<PidFile> {
    if !command.foreground || command.write_defaults {
        return None;
    }
    let path = prefs.server_path("pid_file");
    if path.as_os_str().is_empty() {
        return None;
    }
    let file = match PidFile::claim(&path) {
        Ok(file) => file,
        Err(error) => {
            tracing::warn!("{error}");
            return None;
        }
    };
    if let Err(error) = file.write(&[i32::try_from(std::process::id()).unwrap_or(0)]) {
        tracing::warn!("{error}");
    }
    Some(file)
}

async fn serve(
    command: &CommandLine,
    child: &Child,
    prefs: Prefs,
    listeners: Vec<BoundListener>,
    error_log: &Arc<ErrorLog>,
    signals: Signals,
) -> u8 {
    let preferences = Preferences::new(prefs);
    abi::set_call_watch(Box::new(Marked::new(child.marker.clone())));
    let started = prepare(preferences, error_log, Vec::new());
    let (server, mut events) = match started.and_then(|server| Ok((server, signals.into_events()?))) {
        Ok(started) => started,
        Err(error) => return give_up(child, &format!("cannot start: {error}")),
    };
    if command.write_defaults {
        error_log.shutdown();
        return EXIT_RESTART;
    }
    if command.port.is_some() {
        server.fix_port();
    }
    server.stats.restarts.store(child.restarts, Ordering::Relaxed);
    server.stats.crashes.store(child.crashes, Ordering::Relaxed);
    if let Some(death) = &child.last_death {
        server.set_last_end(death.to_string());
    }
    let addresses = open(&server, listeners, if command.idle { ServerState::Idle } else { ServerState::Running });
    tokio::spawn(tick(Arc::clone(error_log)));
    tokio::spawn(memory::give_back(Arc::clone(&server)));
    if let Some(table) = command.console {
        tokio::spawn(console::run(Arc::clone(&server), table));
    }
    announce(&addresses);
    child.reporter.ready();
    let _ = systemd::ready("serving");
    let status = follow_signals(&server, error_log, &mut events, &child.marker).await;
    let _ = systemd::stopping();
    server.stop().await;
    status
}

/// A server with its modules loaded and initialised. It does not listen yet. `own` are modules of the program that embeds
/// the server: they come where dynamic ones do, before the built-in ones. To be called inside the runtime that will
/// serve, as [`open`] is. The C boundary, being a process's, belongs to the first server of the process.
///
/// # Errors
/// When a module or the send workers cannot get what they need from the system.
pub fn prepare(
    preferences: Arc<Preferences>,
    error_log: &Arc<ErrorLog>,
    own: Vec<Arc<dyn Module>>,
) -> std::io::Result<Arc<Server>> {
    let modules = load_modules(&preferences, error_log, own)?;
    let server = Server::new(Arc::clone(&modules.registry), preferences, Arc::new(rtp::SystemClock::new()))?;
    if let Some(log) = modules.http_log.clone() {
        server.set_http_observer(Box::new(move |answered| log.note(answered)));
    }
    abi::attach(modules.host, &server)?;
    initialize(&server, &modules, error_log);
    Ok(server)
}

/// Begins to serve: connections, time-outs and the send workers' reports. Returns where it listens; [`Server::stop`] ends
/// it.
pub fn open(server: &Arc<Server>, listeners: Vec<BoundListener>, state: ServerState) -> Vec<std::net::SocketAddr> {
    // First the state: whoever is already waiting to be accepted must not be told that the server is starting up.
    server.set_state(state);
    tokio::spawn(Arc::clone(server).run_events());
    tokio::spawn(Arc::clone(server).run_timers());
    tokio::spawn(Arc::clone(server).run_status_file());
    server.accept_on(listeners)
}

/// What loading the modules left.
struct Modules {
    registry: Arc<Registry>,
    host: &'static Host,
    dynamic: Vec<Arc<CModule>>,
    prefs: Arc<PrefObjects>,
    http_log: Option<Arc<HttpLogModule>>,
}

/// Notes each call into a C module where the watchdog finds it when this process dies.
struct Marked {
    marker: CrashMarker,
    labels: parking_lot::RwLock<std::collections::HashMap<(&'static str, Role), Option<Label>>>,
}

impl Marked {
    fn new(marker: CrashMarker) -> Self {
        Self { marker, labels: parking_lot::RwLock::default() }
    }

    fn label(&self, module: &'static str, role: Role) -> Option<Label> {
        let known = self.labels.read().get(&(module, role)).copied();
        known.unwrap_or_else(|| {
            let mut labels = self.labels.write();
            *labels.entry((module, role)).or_insert_with(|| self.marker.label(module, role.name()))
        })
    }
}

impl CallWatch for Marked {
    fn around(&self, module: &'static str, role: Role, call: &mut dyn FnMut()) {
        let _note = self.label(module, role).map(|label| self.marker.enter(label));
        call();
    }
}

/// Registers the modules in DSS's order: the error log first, then (dynamic ones, then) the other built-in ones.
fn load_modules(
    preferences: &Arc<Preferences>,
    error_log: &Arc<ErrorLog>,
    own: Vec<Arc<dyn Module>>,
) -> std::io::Result<Modules> {
    let store = ObjectStore::new();
    let server = store.create(ObjectType::Server);
    let prefs = PrefObjects::new(&store, preferences);
    let fill = Arc::clone(&prefs);
    let fill = Box::new(move |name: &str, object: &Arc<Object>| fill.adopt_module(name, object));
    let mut builder = RegistryBuilder::new(Arc::clone(&store), server, fill);
    let host = Host::install(&store, builder.services(), preferences, error_log);
    add_static(&mut builder, Arc::new(ErrorLogModule::new(error_log, preferences)), error_log);
    let folder = preferences.with(|prefs| prefs.server_path("module_folder"));
    let dynamic = abi::load_folder(&folder, host, &mut builder);
    for module in own.into_iter().chain(modules::builtin(preferences, error_log)?) {
        add_static(&mut builder, module, error_log);
    }
    let http_log = HttpLogModule::if_wanted(preferences, error_log).map(Arc::new);
    http_log.iter().for_each(|module| add_static(&mut builder, Arc::clone(module) as Arc<dyn Module>, error_log));
    add_services(&builder, host, error_log);
    let registry = builder.freeze();
    host.set_registry(&registry);
    Ok(Modules { registry, host, dynamic, prefs, http_log })
}

fn add_static(builder: &mut RegistryBuilder, module: Arc<dyn Module>, error_log: &ErrorLog) {
    let name = module.name().to_owned();
    match builder.add(module) {
        Ok(_) => error_log.write(Level::Info, &format!("Module Loaded...{name} [static]")),
        Err(_) => error_log.write(Level::Warning, &format!("The module {name} failed to Register.")),
    }
}

/// The server's own services. A name that a module took before stays the module's.
fn add_services(builder: &RegistryBuilder, host: &'static Host, error_log: &Arc<ErrorLog>) {
    let reread = move |_| {
        let Some(server) = host.running_server() else { return QtssError::OutOfState.code() };
        server.reread();
        0
    };
    let log = Arc::clone(error_log);
    let roll = move |_| match log.roll() {
        Ok(_) => 0,
        Err(_) => QtssError::RequestFailed.code(),
    };
    let _ = builder.services().add(b"RereadPreferences", Arc::new(reread));
    let _ = builder.services().add(b"RollErrorLog", Arc::new(roll));
}

/// The Initialize role of every module; while it runs, DSS writes nothing below a warning to the file.
fn initialize(server: &Arc<Server>, modules: &Modules, error_log: &Arc<ErrorLog>) {
    error_log.set_ceiling(Some(Level::Warning));
    let store = server.registry.store();
    let prefs = modules.prefs.server_object();
    let messages = text_messages(store);
    server.object.set_object(qtssSvrPreferences, prefs.handle());
    server.object.set_object(qtssSvrMessages, messages.handle());
    server.set_pref_objects(Arc::clone(&modules.prefs));
    for method in METHODS {
        server.object.push(qtssSvrHandledMethods, &method.id().to_ne_bytes());
    }
    // As in DSS, a module that set its interval in Register may be called before or while others initialise.
    for module in &modules.dynamic {
        module.open_gate();
        let timed = modules.registry.modules_in(Role::Interval).iter().any(|entry| entry.name() == module.name());
        if timed {
            let module = Arc::clone(module);
            tokio::spawn(async move { module.run_interval().await });
        }
    }
    let stream = modules.host.error_stream().handle();
    server.registry.initialize(&prefs, &messages, stream, |module, _| {
        error_log.write(Level::Warning, &format!("The module {} failed to Initialize.", module.name()));
        if let Some(failed) = modules.dynamic.iter().find(|of| of.name() == module.name()) {
            failed.discard();
        }
    });
    server.fix_methods();
    // These live as long as the process: modules keep their handles.
    std::mem::forget((prefs, messages));
    error_log.set_ceiling(None);
}

/// The methods that the built-in modules handle, in the order of the Public header.
const METHODS: [Method; 8] = [
    Method::Describe,
    Method::Setup,
    Method::Teardown,
    Method::Play,
    Method::Pause,
    Method::Options,
    Method::Announce,
    Method::Record,
];

/// The texts of all messages, those that modules declared included: from `qtssmessages.txt` in the working directory
/// where it has them, else compiled in.
fn text_messages(store: &ObjectStore) -> Arc<Object> {
    let messages = store.create(ObjectType::TextMessages);
    let file = std::fs::read_to_string("qtssmessages.txt").unwrap_or_default();
    let of_operator = |name: &str| {
        file.lines()
            .filter_map(|line| line.split_once(char::is_whitespace))
            .find(|(n, _)| *n == name)
            .map(|(_, t)| t.trim())
    };
    for (index, (name, _)) in store.static_attributes(ObjectType::TextMessages).iter().enumerate() {
        let id = AttrId::new(u32::try_from(index).unwrap_or(u32::MAX));
        messages.set_str(id, of_operator(name).unwrap_or_else(|| default_text(name)));
    }
    messages
}

/// What the terminal (or the script that started us) sees.
fn announce(addresses: &[std::net::SocketAddr]) {
    let mut stdout = std::io::stdout().lock();
    let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let _ = writeln!(stdout, "{}\nListening on {}", identity::version_line(), list.join(" "));
    let _ = writeln!(stdout, "Streaming Server done starting up");
    let _ = stdout.flush();
}

/// The service manager hears that we are alive, from the start to the end of the runtime that does all the work.
async fn keep_alive(interval: Duration) {
    let mut ticks = tokio::time::interval(interval);
    loop {
        ticks.tick().await;
        let _ = systemd::alive();
    }
}

/// Logs look at their age.
async fn tick(error_log: Arc<ErrorLog>) {
    let mut ticks = tokio::time::interval(LOG_TICK);
    loop {
        ticks.tick().await;
        error_log.tick();
    }
}

/// Acts on signals until one of them ends the server.
async fn follow_signals(
    server: &Arc<Server>,
    error_log: &Arc<ErrorLog>,
    events: &mut SignalEvents,
    marker: &CrashMarker,
) -> u8 {
    let mut stop = server.shutdown_signal();
    let mut end_asked = server.end_asked();
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            _ = stop.wait_for(|stop| *stop) => return EXIT_RESTART,
            _ = end_asked.wait_for(|end| *end) => {
                let fatal = server.state() == ServerState::FatalError as u32;
                return if fatal { EXIT_RESTART } else { 0 };
            }
        };
        match event {
            SignalEvent::Reread => {
                let _ = systemd::reloading();
                server.reread();
                error_log.reopen();
                let _ = systemd::ready("serving");
            }
            SignalEvent::ReopenLogs => error_log.reopen(),
            SignalEvent::Stop(reason) => {
                if reason == StopReason::Interrupt {
                    marker.note_restart_asked();
                }
                return reason.exit_status();
            }
        }
    }
}
