//! A start and a run of the server, from the command line to the exit status.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tracing_subscriber::layer::SubscriberExt;

use super::cli::{self, CommandLine};
use super::console;
use super::daemon::{self, LAUNCH_PATIENCE, Side};
use super::death::{EXIT_FATAL, EXIT_RESTART};
use super::limits;
use super::pidfile::PidFile;
use super::privileges::RunAs;
use super::signals::{SignalEvent, SignalEvents, Signals};
use super::systemd::{self, ServiceManager};
use super::watchdog::{Child, Outcome, Watchdog};
use crate::config::{Finding, Prefs, Severity, check_file, identity};
use crate::log::{ErrorLog, ErrorLogLayer, ErrorLogOptions, Level, SystemClock};
use crate::modules::{self, ErrorLogModule};
use crate::qtss::{Module, ObjectStore, ObjectType, Registry, RegistryBuilder};
use crate::rtp;
use crate::server::{BoundListener, Preferences, Server, ServerState, bind_all};

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
    if let Err(error) = load(&command) {
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
    let mut stdout = std::io::stdout().lock();
    let findings = check_file(path);
    for finding in &findings {
        let _ = writeln!(stdout, "{}:{finding}", path.display());
    }
    u8::from(findings.iter().any(|finding| finding.severity != Severity::Info))
}

fn load(command: &CommandLine) -> Result<(Prefs, Vec<Finding>), String> {
    let legacy = Some(command.legacy_config.as_path());
    let mut loaded = Prefs::open(&command.config, legacy, command.write_defaults).map_err(|error| {
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
    let (prefs, findings) = match load(command) {
        Ok(loaded) => loaded,
        Err(error) => return give_up(child, &error),
    };
    let run_as = RunAs::resolve(&prefs.server.run_user_name, &prefs.server.run_group_name);
    let log_folder = prefs.server_path("error_logfile_dir");
    let folder_trouble = run_as.as_ref().ok().and_then(|run_as| run_as.make_log_folder(&log_folder).err());
    let error_log = open_error_log(&prefs);
    if let Some(error) = folder_trouble {
        tracing::warn!("{}: {error}", log_folder.display());
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
    let listeners = match listen(command, &prefs, child, manager) {
        Ok(listeners) => listeners,
        Err(text) => {
            error_log.shutdown();
            return give_up(child, &text);
        }
    };
    let run_as = match run_as {
        Ok(run_as) => run_as,
        Err(error) => {
            tracing::error!(fatal = true, "{error}");
            error_log.shutdown();
            return give_up(child, &format!("FATAL: {error}"));
        }
    };
    let pid_file = claim_pid_file(command, &prefs);
    let _ = run_as.own_log_file(&error_log.path());
    if let Err(error) = run_as.switch() {
        tracing::error!(fatal = true, "{error}");
        return give_up(child, &error.to_string());
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return give_up(child, &format!("cannot start threads: {error}")),
    };
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
        let bound =
            |socket: super::systemd::HandedSocket| BoundListener { socket: socket.listener, loopback_only: false };
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
    let started = load_modules(&preferences, error_log)
        .and_then(|registry| Server::new(registry, preferences, Arc::new(rtp::SystemClock::new())));
    let (server, mut events) = match started.and_then(|server| Ok((server, signals.into_events()?))) {
        Ok(started) => started,
        Err(error) => return give_up(child, &format!("cannot start: {error}")),
    };
    initialize(&server, error_log);
    if command.write_defaults {
        error_log.shutdown();
        return EXIT_RESTART;
    }
    if command.port.is_some() {
        server.fix_port();
    }
    let addresses = server.accept_on(listeners);
    server.set_state(if command.idle { ServerState::Idle } else { ServerState::Running });
    tokio::spawn(Arc::clone(&server).run_events());
    tokio::spawn(Arc::clone(&server).run_timers());
    tokio::spawn(tick(Arc::clone(error_log)));
    if let Some(table) = command.console {
        tokio::spawn(console::run(Arc::clone(&server), table));
    }
    announce(&addresses);
    child.reporter.ready();
    let _ = systemd::ready("serving");
    let status = follow_signals(&server, error_log, &mut events).await;
    let _ = systemd::stopping();
    server.stop().await;
    status
}

/// Registers the modules in DSS's order: the error log first, then (dynamic ones, then) the other built-in ones.
fn load_modules(preferences: &Arc<Preferences>, error_log: &Arc<ErrorLog>) -> std::io::Result<Arc<Registry>> {
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

/// Logs look at their age, the service manager hears that we are alive.
async fn tick(error_log: Arc<ErrorLog>) {
    let mut ticks = tokio::time::interval(LOG_TICK);
    loop {
        ticks.tick().await;
        error_log.tick();
    }
}

/// Acts on signals until one of them ends the server.
async fn follow_signals(server: &Arc<Server>, error_log: &Arc<ErrorLog>, events: &mut SignalEvents) -> u8 {
    let mut stop = server.shutdown_signal();
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            _ = stop.wait_for(|stop| *stop) => return EXIT_RESTART,
        };
        match event {
            SignalEvent::Reread => {
                let _ = systemd::reloading();
                server.reread();
                error_log.reopen();
                let _ = systemd::ready("serving");
            }
            SignalEvent::ReopenLogs => error_log.reopen(),
            SignalEvent::Stop(reason) => return reason.exit_status(),
        }
    }
}
