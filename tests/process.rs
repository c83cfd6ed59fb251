//! The watchdog, its launcher, signals and privileges, in processes of their own.
//!
//! Each test starts this test program again with the scenario's name in the environment; [`helper`] runs it. The harness has
//! threads, so the scenario happens in a forked process with one. What a scenario does it writes to a file of events, which
//! the test reads. Every process ends by itself after [`LIFETIME`] at the latest.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::net::TcpListener;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child as Process, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant, SystemTime};
use std::{env, thread};

use dss::process::daemon::{Side, detach};
use dss::process::pidfile::{PidFile, PidFileError};
use dss::process::privileges::RunAs;
use dss::process::report::Reporter;
use dss::process::signals::{SignalEvent, Signals, StopReason};
use dss::process::systemd::{self, ServiceManager};
use dss::process::watchdog::{Child, Outcome, Settings, Timing, Watchdog};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, Uid, fork, geteuid, getpid, getppid, getsid, setresuid};
use tempfile::TempDir;

const SCENARIO: &str = "PROCESS_TEST";
const FOLDER: &str = "PROCESS_TEST_FOLDER";
/// A server of a scenario lives no longer.
const LIFETIME: Duration = Duration::from_secs(60);
/// How long a test waits for something that should happen soon.
const PATIENCE: Duration = Duration::from_secs(90);

// The side of the started processes.

#[test]
#[ignore = "the body of the processes that the other tests start"]
fn helper() {
    let (Ok(scenario), Some(folder)) = (env::var(SCENARIO), env::var_os(FOLDER)) else { return };
    let folder = PathBuf::from(folder);
    match scenario.as_str() {
        "watchdog" => alone(|| watch(&folder, Reporter::disconnected())),
        "configured" => alone(|| {
            finish(Watchdog::new(folder.join("streamingserver.xml"), Reporter::disconnected()).run().unwrap(), &folder)
        }),
        "detach" => alone(|| match detach().unwrap() {
            Side::Launcher(launcher) => {
                let patience = Duration::from_millis(number(&folder, "patience", 10_000));
                launcher.wait(patience, &mut std::io::stderr())
            }
            Side::Daemon(reporter) => watch(&folder, reporter),
        }),
        "switch" => alone(|| switch(&folder)),
        "threads" => {
            let error = Watchdog::with(Box::new(|| unreachable!()), Timing::default(), Reporter::disconnected()).run();
            note(&folder, &format!("refused {}", error.unwrap_err()));
        }
        "systemd" => under_systemd(&folder),
        "sleep" => thread::sleep(LIFETIME),
        other => panic!("no scenario {other}"),
    }
}

/// Runs a scenario in a process with one thread and ends this one with its exit status.
fn alone(scenario: impl FnOnce() -> u8) {
    // The harness's other thread may be about to print; a lock that it held would be held for ever in the forked process.
    let console = (std::io::stdout().lock(), std::io::stderr().lock());
    // SAFETY: the other thread otherwise waits for this test and holds no lock that the scenario needs.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            drop(console);
            prctl::set_pdeathsig(Signal::SIGKILL).unwrap();
            // A panic must not come back to a harness that has lost its other thread.
            let status = std::panic::catch_unwind(std::panic::AssertUnwindSafe(scenario)).unwrap_or(101);
            // SAFETY: ends the process; what the harness has to clean up is cleaned up by the process that has it, too.
            unsafe { nix::libc::_exit(i32::from(status)) }
        }
        ForkResult::Parent { child } => {
            drop(console);
            std::process::exit(match waitpid(child, None).unwrap() {
                WaitStatus::Exited(_, status) => status,
                WaitStatus::Signaled(_, signal, _) => 128 + signal as i32,
                other => panic!("{other:?}"),
            })
        }
    }
}

/// A line in the file of events: the time in milliseconds and the text.
fn note(folder: &Path, text: &str) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    // A server that is on its way out may find its test, and the folder, gone.
    let Ok(mut file) = OpenOptions::new().append(true).open(folder.join("events")) else { return };
    file.write_all(format!("{now} {text}\n").as_bytes()).unwrap();
}

fn setting(folder: &Path, name: &str) -> Option<String> {
    fs::read_to_string(folder.join(name)).ok()
}

fn number(folder: &Path, name: &str, default: u64) -> u64 {
    setting(folder, name).map_or(default, |text| text.parse().unwrap())
}

fn watch(folder: &Path, launcher: Reporter) -> u8 {
    let mut timing = Timing::default();
    if let Some(pause) = setting(folder, "pause") {
        let pause = Duration::from_millis(pause.parse().unwrap());
        (timing.first_pause, timing.second_pause, timing.longest_pause) = (pause, pause * 2, pause * 8);
    }
    timing.stop_patience = Duration::from_millis(number(folder, "stop_patience", 20_000));
    let pid_file = Some(folder.join("server.pid"));
    let settings = move || Settings { auto_restart: true, pid_file: pid_file.clone() };
    note(folder, &format!("parent {}", getpid()));
    finish(Watchdog::with(Box::new(settings), timing, launcher).run().unwrap(), folder)
}

fn finish(outcome: Outcome, folder: &Path) -> u8 {
    match outcome {
        Outcome::Parent(status) => status,
        Outcome::Child(child) => serve(&child, folder),
    }
}

/// A server: starts, does what the file `behaviour` says for a first start, and notes its signals.
fn serve(child: &Child, folder: &Path) -> u8 {
    note(folder, &format!("start {} {}", getpid(), getppid()));
    if let Some(death) = &child.last_death {
        note(folder, &format!("death {death}; restart {}, crashes {}", child.restarts, child.crashes));
    }
    if let Some(warning) = &child.pid_file_warning {
        note(folder, &format!("warning {warning}"));
    }
    let behaviour = setting(folder, "behaviour").unwrap_or_default();
    let first = child.restarts == 0;
    if behaviour == "slow" {
        thread::sleep(Duration::from_millis(300));
    }
    let signals = Signals::install().unwrap();
    match behaviour.as_str() {
        "fail" => {
            child.reporter.say("WARNING: port 554 is taken");
            child.reporter.failed(255, "FATAL: no port is left");
            return 255;
        }
        "crash" if first => crash_in_a_module(child, folder),
        "nobody" => {
            RunAs::resolve("nobody", "").unwrap().switch().unwrap();
        }
        "never ready" => thread::sleep(LIFETIME),
        other => {
            if let Some(status) = other.strip_prefix("exit ") {
                return status.parse().unwrap();
            }
        }
    }
    child.reporter.ready();
    note(folder, "ready");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let served = async { tokio::time::timeout(LIFETIME, until_stopped(signals, child, folder, &behaviour)).await };
    runtime.block_on(served).unwrap_or(99)
}

async fn until_stopped(signals: Signals, child: &Child, folder: &Path, behaviour: &str) -> u8 {
    let mut events = signals.into_events().unwrap();
    loop {
        let event = events.next().await;
        note(folder, &format!("event {event:?}"));
        let SignalEvent::Stop(reason) = event else { continue };
        if behaviour == "hang" {
            std::future::pending::<()>().await;
        }
        // A signal during the stop changes nothing.
        let more = tokio::time::timeout(Duration::from_millis(200), events.next()).await;
        assert!(more.is_err(), "{more:?}");
        if reason == StopReason::Interrupt {
            child.marker.note_restart_asked();
        }
        return reason.exit_status();
    }
}

fn crash_in_a_module(child: &Child, folder: &Path) {
    let route = child.marker.label("QTSSOuterModule", "Route").unwrap();
    let authorize = child.marker.label("QTSSBadModule", "Authorize").unwrap();
    let _outer = child.marker.enter(route);
    drop(child.marker.enter(route));
    let _inner = child.marker.enter(authorize);
    child.reporter.ready();
    note(folder, "crash");
    signal_hook::low_level::raise(nix::libc::SIGSEGV).unwrap();
    unreachable!("SIGSEGV was swallowed");
}

/// Switches to the user nobody (or tries to become root) and notes what the process may then do.
fn switch(folder: &Path) -> u8 {
    let run_as = RunAs::resolve(if geteuid().is_root() { "nobody" } else { "root" }, "").unwrap();
    match run_as.switch() {
        Ok(switched) => note(folder, &format!("switched {} low ports {}", geteuid(), switched.low_ports)),
        Err(error) => {
            note(folder, &format!("failed {error}"));
            return 255;
        }
    }
    let status = fs::read_to_string("/proc/self/status").unwrap();
    for line in status.lines().filter(|line| line.starts_with("Groups:") || line.starts_with("CapEff:")) {
        note(folder, &line.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    let root = Uid::from_raw(0);
    note(folder, &format!("back to root {}", setresuid(root, root, root).is_ok()));
    // Threads that are started later may bind low ports as well; one of these will be free.
    let bound = thread::spawn(|| (600..620).any(|port| TcpListener::bind(("127.0.0.1", port)).is_ok())).join().unwrap();
    note(folder, &format!("low port bound {bound}"));
    // Who is the run user already, as under a service manager, stays what it is.
    note(folder, &format!("again, low ports {}", run_as.switch().unwrap().low_ports));
    0
}

fn under_systemd(folder: &Path) {
    let mut manager = ServiceManager::take();
    for socket in manager.sockets() {
        note(folder, &format!("socket {} {}", socket.name, socket.address));
    }
    for warning in manager.warnings() {
        note(folder, &format!("warning {warning}"));
    }
    note(folder, &format!("interval {:?}", manager.watchdog_interval()));
    systemd::ready("serving\nSTOPPING=1").unwrap();
    systemd::reloading().unwrap();
    systemd::alive().unwrap();
    systemd::stopping().unwrap();
}

// The side of the tests.

struct Started {
    process: Process,
    folder: TempDir,
}

/// A folder with the settings of a scenario.
fn prepare(settings: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    File::create(folder.path().join("events")).unwrap();
    // Some scenarios go on as the user nobody.
    fs::set_permissions(folder.path().join("events"), fs::Permissions::from_mode(0o666)).unwrap();
    for (name, value) in settings {
        fs::write(folder.path().join(name), value).unwrap();
    }
    folder
}

fn command(scenario: &str, folder: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "helper", "--ignored", "--nocapture", "--quiet"]);
    command.env(SCENARIO, scenario).env(FOLDER, folder).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

fn start(scenario: &str, settings: &[(&str, &str)]) -> Started {
    let folder = prepare(settings);
    let process = command(scenario, folder.path()).spawn().unwrap();
    Started { process, folder }
}

impl Started {
    fn events(&self) -> Vec<(u64, String)> {
        events(self.folder.path())
    }

    /// The first text after `word` of the events that begin with it, from the `index`th on.
    fn wait_for(&self, word: &str, index: usize) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let events = self.events();
            let mut texts = events.iter().filter_map(|(_, text)| text.strip_prefix(word));
            if let Some(text) = texts.nth(index) {
                return text.trim_start().to_owned();
            }
            assert!(Instant::now() < deadline, "no {word} {index} in {events:?}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn parent(&self) -> Pid {
        pid(&self.wait_for("parent", 0))
    }

    /// The `index`th server, when it serves.
    fn server(&self, index: usize) -> Pid {
        self.wait_for("ready", index);
        let started = self.wait_for("start", index);
        pid(started.split(' ').next().unwrap())
    }

    /// The exit status of the parent.
    fn end(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end: {:?}", self.events());
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn pid_file(&self) -> PathBuf {
        self.folder.path().join("server.pid")
    }

    fn count(&self, word: &str) -> usize {
        self.events().iter().filter(|(_, text)| text.starts_with(word)).count()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // Ends the parent with it, and that the server.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn events(folder: &Path) -> Vec<(u64, String)> {
    let text = fs::read_to_string(folder.join("events")).unwrap();
    let lines = text.lines().map(|line| line.split_once(' ').unwrap());
    lines.map(|(time, text)| (time.parse().unwrap(), text.to_owned())).collect()
}

fn pid(text: &str) -> Pid {
    Pid::from_raw(text.parse().unwrap())
}

/// Whether a process runs; one that has ended and that nobody has waited for does not.
fn runs(pid: Pid) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    status.rsplit(')').next().is_some_and(|rest| !rest.trim().is_empty() && !rest.trim_start().starts_with(['Z', 'X']))
}

fn wait_until_gone(pid: Pid) {
    let deadline = Instant::now() + PATIENCE;
    while runs(pid) {
        assert!(Instant::now() < deadline, "process {pid} goes on");
        thread::sleep(Duration::from_millis(5));
    }
}

fn wait_for_content(path: &Path, expected: &str) {
    let deadline = Instant::now() + PATIENCE;
    while fs::read_to_string(path).unwrap_or_default() != expected {
        assert!(Instant::now() < deadline, "{:?} instead of {expected:?}", fs::read_to_string(path));
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_killed_server_is_back_within_a_second_and_the_next_one_knows_why() {
    let mut started = start("watchdog", &[]);
    let (parent, first) = (started.parent(), started.server(0));
    wait_for_content(&started.pid_file(), &format!("{parent}\n{first}\n"));
    let killed = Instant::now();
    kill(first, Signal::SIGKILL).unwrap();
    let second = started.server(1);
    let took = killed.elapsed();
    assert!(took < Duration::from_millis(1500), "{took:?}");
    wait_for_content(&started.pid_file(), &format!("{parent}\n{second}\n"));
    let death = started.wait_for("death", 0);
    let beginning = format!("Server process {first} was killed by SIGKILL after ");
    assert!(death.starts_with(&beginning) && death.ends_with(" s; restart 1, crashes 1"), "{death}");

    // Somebody sends a crash from outside, which a Rust program would swallow once.
    kill(second, Signal::SIGSEGV).unwrap();
    let third = started.server(2);
    assert!(started.wait_for("death", 1).contains("was killed by SIGSEGV"));
    kill(third, Signal::SIGTERM).unwrap();
    assert_eq!(started.end().code(), Some(0));
    assert!(!started.pid_file().exists(), "a clean stop removes the pid file");
}

#[test]
fn a_crash_names_the_module_and_the_role_that_were_running() {
    let started = start("watchdog", &[("behaviour", "crash")]);
    started.server(0);
    let death = started.wait_for("death", 0);
    assert!(death.contains("was killed by SIGSEGV"), "{death}");
    assert!(death.contains(", in role Authorize of module QTSSBadModule; restart 1, crashes 1"), "{death}");
    assert!(!death.contains("QTSSOuterModule"), "only the innermost call is named: {death}");
}

#[test]
fn exit_status_255_ends_the_parent_with_1_and_0_ends_it_with_0() {
    for (behaviour, expected) in [("exit 255", 1), ("exit 0", 0)] {
        let mut started = start("watchdog", &[("behaviour", behaviour), ("pause", "10")]);
        assert_eq!(started.end().code(), Some(expected), "{behaviour}");
        assert_eq!(started.count("start"), 1, "{behaviour}");
        assert!(!started.pid_file().exists());
    }
}

#[test]
fn trap_9_a_server_that_fails_at_every_start_is_started_ever_less_often() {
    let mut started = start("watchdog", &[("behaviour", "exit 1"), ("pause", "40")]);
    started.wait_for("start", 5);
    let starts: Vec<u64> =
        started.events().iter().filter(|(_, text)| text.starts_with("start")).map(|(time, _)| *time).collect();
    for (gap, least) in starts.windows(2).zip([40, 80, 160, 320, 320]) {
        assert!(gap[1] - gap[0] >= least, "{starts:?}");
    }
    // TERM during the pause, of 320 ms now, ends the parent at once. (Its status is 1 when the server still ran.)
    let starts = started.count("start");
    kill(started.parent(), Signal::SIGTERM).unwrap();
    assert!(matches!(started.end().code(), Some(0 | 1)));
    assert!(started.count("start") <= starts + 1);
}

#[test]
fn trap_14_a_server_does_not_outlive_its_parent() {
    let users: &[&str] = if geteuid().is_root() { &["", "nobody"] } else { &[""] };
    for behaviour in users {
        let started = start("watchdog", &[("behaviour", behaviour)]);
        let (parent, server) = (started.parent(), started.server(0));
        assert!(runs(server));
        kill(parent, Signal::SIGKILL).unwrap();
        started.wait_for("event Stop(Terminate)", 0);
        wait_until_gone(server);
        assert_eq!(started.count("start"), 1);
        // The lock went with the parent, so the next server may have the file.
        PidFile::claim(&started.pid_file()).unwrap();
    }
}

#[test]
fn trap_11_signals_to_the_parent_reach_the_server() {
    let mut started = start("watchdog", &[]);
    let (parent, first) = (started.parent(), started.server(0));
    for (signal, event) in [(Signal::SIGHUP, "event Reread"), (Signal::SIGUSR1, "event ReopenLogs")] {
        kill(parent, signal).unwrap();
        started.wait_for(event, 0);
    }
    kill(parent, Signal::SIGINT).unwrap();
    started.wait_for("event Stop(Interrupt)", 0);
    let second = started.server(1);
    let death = started.wait_for("death", 0);
    assert!(death.contains("exited with status 254") && death.ends_with("; restart 1, crashes 0"), "{death}");
    assert_ne!(first, second);
    kill(parent, Signal::SIGQUIT).unwrap();
    started.wait_for("event Stop(Quit)", 0);
    for signal in [Signal::SIGINT, Signal::SIGHUP, Signal::SIGTERM] {
        kill(parent, signal).unwrap(); // changes nothing
    }
    assert_eq!(started.end().code(), Some(0));
    assert!(!runs(second));
    assert_eq!(started.count("event"), 4);
}

#[test]
fn a_signal_that_comes_before_the_server_listens_is_not_lost() {
    let mut started = start("watchdog", &[("behaviour", "slow")]);
    started.wait_for("start", 0);
    kill(started.parent(), Signal::SIGTERM).unwrap();
    assert_eq!(started.end().code(), Some(0));
    assert_eq!((started.count("event Stop(Terminate)"), started.count("start")), (1, 1));
}

#[test]
fn a_server_that_does_not_stop_is_killed() {
    let mut started = start("watchdog", &[("behaviour", "hang"), ("stop_patience", "100")]);
    let server = started.server(0);
    kill(started.parent(), Signal::SIGTERM).unwrap();
    assert_eq!(started.end().code(), Some(1));
    assert!(!runs(server));
    assert_eq!(started.count("start"), 1);
}

#[test]
fn trap_18_auto_restart_is_read_from_the_file_when_the_server_dies() {
    let folder = prepare(&[]);
    let config = folder.path().join("streamingserver.xml");
    let pid_file = folder.path().join("configured.pid");
    let write = |value: &str| {
        let restart = format!("<PREF NAME=\"auto_restart\" TYPE=\"Bool16\" >{value}</PREF>");
        let pid = format!("<PREF NAME=\"pid_file\" >{}</PREF>", pid_file.display());
        fs::write(&config, format!("<CONFIGURATION><SERVER>{restart}{pid}</SERVER></CONFIGURATION>")).unwrap();
    };
    write("False");
    let process = command("configured", folder.path()).spawn().unwrap();
    let mut started = Started { process, folder };
    kill(started.server(0), Signal::SIGKILL).unwrap();
    let second = started.server(1);
    let parent = started.wait_for("start", 1).split(' ').nth(1).unwrap().to_owned();
    wait_for_content(&pid_file, &format!("{parent}\n{second}\n"));
    // A file that an editor has half written neither keeps the server down nor takes its pid file away.
    fs::write(&config, "<CONFIGURATION><SERV").unwrap();
    kill(second, Signal::SIGKILL).unwrap();
    let third = started.server(2);
    wait_for_content(&pid_file, &format!("{parent}\n{third}\n"));
    write("false");
    kill(third, Signal::SIGKILL).unwrap();
    assert_eq!(started.end().code(), Some(0));
    assert_eq!(started.count("start"), 3);
    assert!(!pid_file.exists());
}

#[test]
fn trap_12_a_second_server_does_not_touch_the_pid_file_of_a_live_one() {
    let started = start("watchdog", &[]);
    let (parent, server) = (started.parent(), started.server(0));
    let content = format!("{parent}\n{server}\n");
    wait_for_content(&started.pid_file(), &content);
    match PidFile::claim(&started.pid_file()) {
        Err(PidFileError::InUse { pid, .. }) => assert_eq!(pid, parent.as_raw()),
        other => panic!("{other:?}"),
    }
    // A second parent serves all the same and says so.
    let second = prepare(&[]);
    fs::remove_file(second.path().join("events")).unwrap();
    fs::hard_link(started.folder.path().join("events"), second.path().join("events")).unwrap();
    let mut other = Started { process: command("watchdog", started.folder.path()).spawn().unwrap(), folder: second };
    let warning = other.wait_for("warning", 0);
    let expected =
        format!("the pid file {} belongs to the running server process {parent}", started.pid_file().display());
    assert_eq!(warning, expected);
    let server = other.server(1);
    kill(server, Signal::SIGTERM).unwrap();
    assert_eq!(other.end().code(), Some(0));
    assert_eq!(fs::read_to_string(started.pid_file()).unwrap(), content);
}

#[test]
fn a_live_server_that_does_not_lock_its_pid_file_is_recognized_by_its_name() {
    let folder = prepare(&[]);
    let program = folder.path().join("DarwinStreamingServer");
    std::os::unix::fs::symlink(env::current_exe().unwrap(), &program).unwrap();
    let mut named = Command::new(&program);
    named.args(["--exact", "helper", "--ignored", "--quiet"]).stdout(Stdio::null());
    let process = named.env(SCENARIO, "sleep").env(FOLDER, folder.path()).spawn().unwrap();
    let mut old = Started { process, folder };
    let pid_file = old.pid_file();
    fs::write(&pid_file, format!("{}\n", old.process.id())).unwrap();
    // A process gets its name a moment after it exists.
    wait_for_content(Path::new(&format!("/proc/{}/comm", old.process.id())), "DarwinStreaming\n");
    match PidFile::claim(&pid_file) {
        Err(PidFileError::InUse { pid, .. }) => assert_eq!(u32::try_from(pid).unwrap(), old.process.id()),
        other => panic!("{other:?}"),
    }
    old.process.kill().unwrap();
    old.process.wait().unwrap();
    PidFile::claim(&pid_file).unwrap();
}

fn launch(settings: &[(&str, &str)]) -> (Output, TempDir) {
    let folder = prepare(settings);
    // The output ends only when every process that has it is gone: the background must have let go of it.
    let output = command("detach", folder.path()).stderr(Stdio::piped()).output().unwrap();
    (output, folder)
}

#[test]
fn the_launcher_returns_0_when_the_server_serves() {
    let (output, folder) = launch(&[]);
    let numbers = fs::read_to_string(folder.path().join("server.pid")).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let pids: Vec<Pid> = numbers.lines().map(pid).collect();
    let [parent, server] = pids[..] else { panic!("{numbers:?}") };
    assert_eq!(getsid(Some(server)).unwrap(), parent, "a session of its own");
    assert_eq!(fs::read_link(format!("/proc/{server}/cwd")).unwrap(), Path::new("/"));
    for stream in 0..3 {
        assert_eq!(fs::read_link(format!("/proc/{server}/fd/{stream}")).unwrap(), Path::new("/dev/null"));
    }
    kill(parent, Signal::SIGTERM).unwrap();
    wait_until_gone(server);
    wait_until_gone(parent);
}

#[test]
fn trap_15_what_goes_wrong_after_detaching_reaches_the_shell() {
    let (output, _folder) = launch(&[("behaviour", "fail")]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(255), "{errors}");
    assert!(errors.ends_with("WARNING: port 554 is taken\nFATAL: no port is left\n"), "{errors}");

    let (output, _folder) = launch(&[("behaviour", "exit 255")]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("child exited with -1 fatal error so parent is exiting too.\n"), "{errors}");

    let (output, folder) = launch(&[("behaviour", "exit 1"), ("pause", "100"), ("patience", "300")]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("exited with status 1 after 0 s\n"), "{errors}");
    assert!(errors.contains("The server is not ready after 0 s; it goes on starting as process "), "{errors}");
    let events = events(folder.path());
    let parent = events.iter().find_map(|(_, text)| text.strip_prefix("parent ")).unwrap();
    kill(pid(parent), Signal::SIGTERM).unwrap();
    wait_until_gone(pid(parent));
}

#[test]
fn trap_15_a_parent_that_dies_during_the_start_is_told_too() {
    let folder = prepare(&[("behaviour", "never ready")]);
    let process = command("detach", folder.path()).stderr(Stdio::piped()).spawn().unwrap();
    let mut started = Started { process, folder };
    let server = pid(started.wait_for("start", 0).split(' ').next().unwrap());
    kill(started.parent(), Signal::SIGKILL).unwrap();
    kill(server, Signal::SIGKILL).unwrap();
    assert_eq!(started.end().code(), Some(1));
    let errors = std::io::read_to_string(started.process.stderr.take().unwrap()).unwrap();
    assert!(errors.ends_with("The server ended before it was ready (killed by SIGKILL).\n"), "{errors}");
}

#[test]
fn trap_10_and_19_the_run_user_has_its_own_groups_and_may_bind_low_ports() {
    let mut started = start("switch", &[]);
    let status = started.end();
    let texts: Vec<String> = started.events().into_iter().map(|(_, text)| text).collect();
    if !geteuid().is_root() {
        assert_eq!(texts, ["failed Error switching to user root: Operation not permitted"]);
        assert_eq!(status.code(), Some(255));
        return;
    }
    let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
    let expected = [
        format!("switched {} low ports true", nobody.uid),
        format!("Groups: {}", nobody.gid),
        "CapEff: 0000000000000400".to_owned(),
        "back to root false".to_owned(),
        "low port bound true".to_owned(),
        "again, low ports true".to_owned(),
    ];
    assert_eq!(texts, expected);
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_process_with_several_threads_is_not_forked() {
    let mut started = start("threads", &[]);
    assert_eq!(started.end().code(), Some(0));
    assert!(started.wait_for("refused", 0).contains("several threads"));
}

#[test]
fn the_service_manager_hands_sockets_over_and_hears_how_things_are() {
    let folder = prepare(&[]);
    let sockets = tempfile::tempdir_in("/tmp").or_else(|_| tempfile::tempdir()).unwrap(); // TMPDIR may be too long for sockets
    let manager = UnixDatagram::bind(sockets.path().join("notify")).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let other = OwnedFd::from(std::net::UdpSocket::bind("127.0.0.1:0").unwrap());
    for fd in [listener.as_raw_fd(), other.as_raw_fd()] {
        // SAFETY: both are open until the end of the test.
        let fd = unsafe { std::os::fd::BorrowedFd::borrow_raw(fd) };
        fcntl(fd, FcntlArg::F_SETFD(FdFlag::empty())).unwrap();
    }
    // The variables name the process that the shell becomes. Its descriptors 3 and 4 may be the ones to be moved there.
    let script = format!(
        "exec 8<&{} 9<&{}; exec 3<&8 4<&9 8<&- 9<&-; LISTEN_PID=$$ WATCHDOG_PID=$$ exec \"$@\"",
        listener.as_raw_fd(),
        other.as_raw_fd()
    );
    let helper = command("systemd", folder.path());
    let mut shell = Command::new("bash");
    shell.args(["-c", &script, "bash"]).arg(helper.get_program()).args(helper.get_args());
    shell.envs(helper.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.envs([("LISTEN_FDS", "2"), ("LISTEN_FDNAMES", "rtsp:wrong"), ("WATCHDOG_USEC", "30000000")]);
    shell.env("NOTIFY_SOCKET", sockets.path().join("notify")).stdout(Stdio::null());
    assert_eq!(shell.status().unwrap().code(), Some(0));

    let texts: Vec<String> = events(folder.path()).into_iter().map(|(_, text)| text).collect();
    let warning = "warning The service manager's socket wrong cannot be used: it is no listening stream socket";
    assert_eq!(texts, [&format!("socket rtsp {address}"), warning, "interval Some(15s)"]);
    let receive = || {
        let mut bytes = [0; 200];
        let length = manager.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    };
    assert_eq!(receive(), "READY=1\nSTATUS=serving STOPPING=1\n");
    assert!(receive().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    assert_eq!(receive(), "WATCHDOG=1\n");
    assert_eq!(receive(), "STOPPING=1\n");
}
