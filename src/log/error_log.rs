//! Error.log: the sink of everything that the server and its modules have to say.

use std::cell::Cell;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use crate::config::Prefs;

use super::clock::Clock;
use super::escape::{cut, message};
use super::json_log::{JsonLog, SharedComplaint, members};
use super::level::Level;
use super::rolling::{Complaint, RollingLog, RollingOptions};
use super::system::{SystemLog, SystemLogTarget};

/// Longest line written, in bytes, date and level included; DSS 6.0.3's buffer was as long.
const MAX_LINE: usize = 2172;
/// Dates in the error log, local time.
const DATE: &str = "%Y-%m-%d %H:%M:%S";
/// The same with milliseconds, if they are asked for.
const DATE_MILLISECONDS: &str = "%Y-%m-%d %H:%M:%S%.3f";
/// The module in whose section the preferences are that DSS 6.0.3 did not have.
const SECTION: &str = "QTSSErrorLogModule";

/// Does something when logs are to be opened anew.
type Reopen = Box<dyn Fn() + Send + Sync>;

thread_local! {
    /// Set while this thread calls sinks, so that a module that logs from its ErrorLog role does not get its own messages.
    static IN_SINKS: Cell<bool> = const { Cell::new(false) };
}

/// Gets every message of the server, whatever the verbosity: the modules that have the ErrorLog role, and whoever has to
/// act on a fatal one.
pub trait LogSink: Send + Sync {
    /// Called on the thread that logs, after the file was written. What it logs itself goes to the file, not to sinks.
    fn log(&self, level: Level, text: &str);
}

/// What an error log needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorLogOptions {
    /// The file.
    pub file: RollingOptions,
    /// Least severe level written, as a number of [`Level`] (`error_logfile_verbosity`).
    pub verbosity: u32,
    /// Copy entries to the screen (`screen_logging`).
    pub screen: bool,
    /// Write the file (`error_logging`).
    pub enabled: bool,
    /// What DSS 6.0.3 did not have.
    pub extras: ErrorLogExtras,
}

/// Additions to DSS 6.0.3's error log, all of them off unless asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorLogExtras {
    /// Milliseconds in the dates of entries (`error_log_milliseconds`).
    pub milliseconds: bool,
    /// A second file with an object in JSON on each line (`error_json_logfile_name`).
    pub json: Option<RollingOptions>,
    /// The machine's own log, which gets every entry too (`system_log`).
    pub system: Option<SystemLogTarget>,
}

impl ErrorLogExtras {
    fn from_prefs(prefs: &Prefs, file: &RollingOptions) -> Self {
        let section = prefs.module(SECTION);
        Self {
            milliseconds: section.bool("error_log_milliseconds"),
            json: file.beside(&section.string("error_json_logfile_name")),
            system: SystemLogTarget::parse(&section.string("system_log")),
        }
    }
}

impl ErrorLogOptions {
    /// The options as the server preferences have them.
    pub fn from_prefs(prefs: &Prefs) -> Self {
        let server = &prefs.server;
        let file = RollingOptions {
            dir: prefs.server_path("error_logfile_dir"),
            name: server.error_logfile_name.clone(),
            max_size: server.error_logfile_size.into(),
            max_days: server.error_logfile_interval,
            close_on_write: server.force_logs_close_on_write,
        };
        Self {
            extras: ErrorLogExtras::from_prefs(prefs, &file),
            file,
            verbosity: server.error_logfile_verbosity,
            screen: server.screen_logging,
            enabled: server.error_logging,
        }
    }
}

/// The error log: a file, a copy on the screen, and sinks. Writing never fails its caller; a panic of a sink is the sink's.
pub struct ErrorLog {
    file: RollingLog,
    json: JsonLog,
    system: Arc<SystemLog>,
    clock: Arc<dyn Clock>,
    verbosity: AtomicU32,
    ceiling: AtomicU32,
    screen_on: AtomicBool,
    file_on: AtomicBool,
    milliseconds: AtomicBool,
    others: Mutex<Vec<Reopen>>,
    sinks: ArcSwap<Vec<Arc<dyn LogSink>>>,
    output: Mutex<Output>,
}

struct Output {
    screen: Box<dyn Write + Send>,
    last: Option<(Level, String)>,
    /// How often the last message came again without being written.
    repeats: u64,
}

impl ErrorLog {
    /// An error log whose screen is standard output and whose complaints about itself go to standard error.
    pub fn new(options: ErrorLogOptions, clock: Arc<dyn Clock>) -> Self {
        let complaint = |text: &str| {
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(io::stderr(), "{}: {text}", Level::Warning);
        };
        Self::with_outputs(options, clock, Box::new(io::stdout()), Box::new(complaint))
    }

    /// An error log with a screen and a place for complaints of one's own.
    pub fn with_outputs(
        options: ErrorLogOptions,
        clock: Arc<dyn Clock>,
        screen: Box<dyn Write + Send>,
        complaint: Complaint,
    ) -> Self {
        let extras = options.extras;
        let system = Arc::new(SystemLog::new(extras.system));
        // A server in the background has no screen, but the machine's log may be listening.
        let (machine, time) = (Arc::clone(&system), Arc::clone(&clock));
        let complaint: SharedComplaint = Arc::new(move |text: &str| {
            complaint(text);
            machine.send(Level::Warning, &message(text), time.local());
        });
        let of_file = Arc::clone(&complaint);
        let of_file = Box::new(move |text: &str| of_file(text));
        Self {
            verbosity: AtomicU32::new(options.verbosity),
            ceiling: AtomicU32::new(u32::MAX),
            screen_on: AtomicBool::new(options.screen),
            file_on: AtomicBool::new(options.enabled),
            milliseconds: AtomicBool::new(extras.milliseconds),
            json: JsonLog::new(extras.json, clock.clone(), complaint),
            system,
            others: Mutex::default(),
            file: RollingLog::new(options.file, clock.clone(), Box::new(|_| String::new()), of_file),
            clock,
            sinks: ArcSwap::default(),
            output: Mutex::new(Output { screen, last: None, repeats: 0 }),
        }
    }

    /// Takes changed preferences over; a changed folder or name counts from the next roll on.
    pub fn set_options(&self, options: ErrorLogOptions) {
        self.verbosity.store(options.verbosity, Ordering::Relaxed);
        self.screen_on.store(options.screen, Ordering::Relaxed);
        self.file_on.store(options.enabled, Ordering::Relaxed);
        self.file.set_options(options.file);
        self.milliseconds.store(options.extras.milliseconds, Ordering::Relaxed);
        self.json.set_options(options.extras.json);
        self.system.set_target(options.extras.system);
    }

    /// Holds the verbosity at this level whatever the preference says, or ends that. DSS did so at `Warning` while modules
    /// initialised; sinks get everything all the same.
    pub fn set_ceiling(&self, ceiling: Option<Level>) {
        self.ceiling.store(ceiling.map_or(u32::MAX, Level::code), Ordering::Relaxed);
    }

    /// Whether a message of that level would be written to the file or the screen.
    pub fn writes(&self, level: Level) -> bool {
        level.code() <= self.verbosity.load(Ordering::Relaxed).min(self.ceiling.load(Ordering::Relaxed))
    }

    /// Whether anybody would see a message of that level.
    pub fn wants(&self, level: Level) -> bool {
        self.writes(level) || !self.sinks.load().is_empty()
    }

    /// Adds a sink. There is no removal: modules stay loaded as long as the server runs.
    pub fn add_sink(&self, sink: Arc<dyn LogSink>) {
        self.sinks.rcu(|sinks| {
            let mut sinks = Vec::clone(sinks);
            sinks.push(sink.clone());
            sinks
        });
    }

    /// Logs a message. Control characters in it are escaped; equal messages in a row are counted instead of written.
    pub fn write(&self, level: Level, text: &str) {
        if self.writes(level) {
            self.write_out(level, text);
        }
        let sinks = self.sinks.load();
        if sinks.is_empty() || IN_SINKS.replace(true) {
            return;
        }
        let _reset = ResetInSinks;
        for sink in sinks.iter() {
            sink.log(level, text);
        }
    }

    /// Writes the line that marks the server's start.
    pub fn startup(&self) {
        self.remark("STARTUP");
    }

    /// Writes the line that marks the server's end, after a count of repeated messages if one is due.
    pub fn shutdown(&self) {
        self.flush_repeats(&mut self.output.lock());
        self.remark("SHUTDOWN");
    }

    /// Rolls the log if it is due and writes a count of repeated messages if one is; to be called every minute.
    pub fn tick(&self) {
        self.flush_repeats(&mut self.output.lock());
        if self.file_on.load(Ordering::Relaxed) {
            self.file.tick();
        }
        self.json.tick();
    }

    /// Rolls the log now (service RollErrorLog). Returns the rolled file's path, `None` without a log.
    ///
    /// # Errors
    /// The file could not be renamed.
    pub fn roll(&self) -> io::Result<Option<PathBuf>> {
        self.file.roll()
    }

    /// Opens the files anew (at a hang-up signal), and those of the other logs.
    pub fn reopen(&self) {
        self.file.reopen();
        self.json.reopen();
        self.others.lock().iter().for_each(|reopen| reopen());
    }

    /// Has another log opened anew together with this one.
    pub fn on_reopen(&self, reopen: impl Fn() + Send + Sync + 'static) {
        self.others.lock().push(Box::new(reopen));
    }

    /// Path of the file in use.
    pub fn path(&self) -> PathBuf {
        self.file.path()
    }

    /// Paths of all files in use: the log, and that of JSON lines if there is one.
    pub fn paths(&self) -> impl Iterator<Item = PathBuf> {
        std::iter::once(self.path()).chain(self.json.path())
    }

    fn write_out(&self, level: Level, text: &str) {
        let text = message(text);
        let mut output = self.output.lock();
        if output.last.as_ref().is_some_and(|(last_level, last)| *last_level == level && *last == text) {
            output.repeats += 1;
            return;
        }
        self.flush_repeats(&mut output);
        self.put(level.name(), &text, &format!("{level}: {text}"));
        self.system.send(level, cut(&text, MAX_LINE), self.clock.local());
        self.show(&mut output, &format!("{level}: {text}"));
        output.last = Some((level, text));
    }

    /// Writes an entry to the files: `dated` follows the date, level and text are JSON's.
    fn put(&self, level: &str, text: &str, dated: &str) {
        if self.file_on.load(Ordering::Relaxed) {
            let date = if self.milliseconds.load(Ordering::Relaxed) { DATE_MILLISECONDS } else { DATE };
            self.file.write(cut(&format!("{}: {dated}", self.clock.local().format(date)), MAX_LINE));
        }
        let entry = || members([("level", level.into()), ("message", cut(text, MAX_LINE).into())]);
        self.json.write(self.clock.now(), entry);
    }

    fn flush_repeats(&self, output: &mut Output) {
        let times = std::mem::take(&mut output.repeats);
        if times == 0 {
            return;
        }
        let text = format!("--last message repeated {times} times");
        let level = output.last.as_ref().map_or(Level::Info, |(level, _)| *level);
        self.put(level.name(), &text, &text);
        self.system.send(level, &text, self.clock.local());
        self.show(output, &text);
    }

    fn show(&self, output: &mut Output, line: &str) {
        if self.screen_on.load(Ordering::Relaxed) {
            // A closed terminal is no reason to stop serving.
            let _ = writeln!(output.screen, "{}", cut(line, MAX_LINE)).and_then(|()| output.screen.flush());
        }
    }

    fn remark(&self, what: &str) {
        if self.file_on.load(Ordering::Relaxed) {
            self.file.write(&format!("# Streaming {what} {}", self.clock.local().format(DATE)));
        }
        self.json.remark(what);
    }
}

/// Ends the sinks' part of a call, also when a sink panics.
struct ResetInSinks;

impl Drop for ResetInSinks {
    fn drop(&mut self) {
        IN_SINKS.set(false);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::NaiveDate;

    use super::super::clock::ManualClock;
    use super::*;

    #[derive(Clone, Default)]
    struct Screen(Arc<Mutex<Vec<u8>>>);

    impl Write for Screen {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Bench {
        folder: tempfile::TempDir,
        clock: Arc<ManualClock>,
        screen: Screen,
        log: Arc<ErrorLog>,
    }

    fn options(folder: &tempfile::TempDir) -> ErrorLogOptions {
        let dir = folder.path().to_owned();
        let file = RollingOptions { dir, name: "Error".into(), max_size: 0, max_days: 0, close_on_write: false };
        ErrorLogOptions { file, verbosity: 2, screen: true, enabled: true, extras: ErrorLogExtras::default() }
    }

    fn bench() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let time = NaiveDate::from_ymd_opt(2026, 1, 2).unwrap().and_hms_opt(3, 4, 5).unwrap();
        let clock = Arc::new(ManualClock::at(time, Duration::ZERO));
        let screen = Screen::default();
        let log = ErrorLog::with_outputs(options(&folder), clock.clone(), Box::new(screen.clone()), Box::new(|_| {}));
        Bench { folder, clock, screen, log: Arc::new(log) }
    }

    impl Bench {
        fn lines(&self) -> Vec<String> {
            let text = std::fs::read_to_string(self.folder.path().join("Error.log")).unwrap_or_default();
            text.lines().map(str::to_owned).collect()
        }

        fn shown(&self) -> String {
            String::from_utf8(self.screen.0.lock().clone()).unwrap()
        }
    }

    #[test]
    fn the_file_has_dates_and_remarks_and_the_screen_has_neither() {
        let bench = bench();
        bench.log.startup();
        bench.log.write(Level::Info, "Module Loaded...QTSSFileModule [static]");
        bench.log.write(Level::Debug, "not at this verbosity");
        bench.clock.advance(Duration::from_secs(1));
        bench.log.write(Level::Warning, "evil\nFATAL: forged\n");
        bench.log.shutdown();
        let expected = [
            "#Log File Created On: 01/02/2026 03:04:05",
            "# Streaming STARTUP 2026-01-02 03:04:05",
            "2026-01-02 03:04:05: INFO: Module Loaded...QTSSFileModule [static]",
            "2026-01-02 03:04:06: WARNING: evil\\nFATAL: forged",
            "# Streaming SHUTDOWN 2026-01-02 03:04:06",
        ];
        assert_eq!(bench.lines(), expected);
        assert_eq!(bench.shown(), "INFO: Module Loaded...QTSSFileModule [static]\nWARNING: evil\\nFATAL: forged\n");
    }

    #[test]
    fn equal_messages_in_a_row_are_counted() {
        let bench = bench();
        for _ in 0..4 {
            bench.log.write(Level::Warning, "again");
        }
        bench.log.write(Level::Warning, "other");
        bench.log.write(Level::Warning, "other");
        bench.log.tick();
        bench.log.write(Level::Warning, "other");
        bench.log.shutdown();
        let lines = bench.lines();
        let texts: Vec<_> = lines[1..].iter().map(|line| line.split_once(": ").map_or("#", |parts| parts.1)).collect();
        let expected = [
            "WARNING: again",
            "--last message repeated 3 times",
            "WARNING: other",
            "--last message repeated 1 times",
            "--last message repeated 1 times",
            "#",
        ];
        assert_eq!(texts, expected);
    }

    #[test]
    fn switches_and_verbosity_take_effect_at_once() {
        let bench = bench();
        let with = |verbosity, screen, enabled| {
            bench.log.set_options(ErrorLogOptions { verbosity, screen, enabled, ..options(&bench.folder) });
        };
        with(4, false, true);
        bench.log.write(Level::Debug, "file only");
        with(4, true, false);
        bench.log.write(Level::Debug, "screen only");
        bench.log.set_ceiling(Some(Level::Warning));
        bench.log.write(Level::Info, "nowhere");
        bench.log.set_ceiling(None);
        assert_eq!(bench.lines()[1..], ["2026-01-02 03:04:05: DEBUG: file only"]);
        assert_eq!(bench.shown(), "DEBUG: screen only\n");
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let bench = bench();
        bench.log.write(Level::Info, &"ä".repeat(5000));
        let line = bench.lines().pop().unwrap();
        assert!((MAX_LINE - 1..=MAX_LINE).contains(&line.len()), "{}", line.len());
    }

    #[test]
    fn sinks_get_every_message_and_do_not_hear_themselves() {
        struct Recorder(std::sync::Weak<ErrorLog>, Mutex<Vec<String>>);
        impl LogSink for Recorder {
            fn log(&self, level: Level, text: &str) {
                self.1.lock().push(format!("{level}: {text}"));
                self.0.upgrade().unwrap().write(Level::Warning, "from the sink");
            }
        }
        let bench = bench();
        assert!(!bench.log.wants(Level::Debug));
        let sink = Arc::new(Recorder(Arc::downgrade(&bench.log), Mutex::default()));
        bench.log.add_sink(sink.clone());
        assert!(bench.log.wants(Level::Debug));
        bench.log.write(Level::Debug, "below the verbosity\n");
        assert_eq!(*sink.1.lock(), ["DEBUG: below the verbosity\n"]);
        assert_eq!(bench.lines()[1..], ["2026-01-02 03:04:05: WARNING: from the sink"]);
    }

    #[test]
    fn milliseconds_json_lines_and_the_machines_own_log_are_there_when_asked_for() {
        use std::os::unix::net::UnixDatagram;
        let bench = bench();
        let sockets = tempfile::tempdir_in("/tmp").or_else(|_| tempfile::tempdir()).unwrap(); // TMPDIR may be too long for sockets
        let socket = sockets.path().join("socket");
        let machine = UnixDatagram::bind(&socket).unwrap();
        machine.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let plain = options(&bench.folder);
        let extras = ErrorLogExtras {
            milliseconds: true,
            json: plain.file.beside("ErrorJson"),
            system: SystemLogTarget::parse(&format!("syslog:{}", socket.display())),
        };
        bench.log.set_options(ErrorLogOptions { extras, ..plain.clone() });
        bench.clock.advance(Duration::from_millis(7));
        bench.log.startup();
        for _ in 0..3 {
            bench.log.write(Level::Warning, "a \"quoted\"\nline");
        }
        bench.log.shutdown();
        assert_eq!(
            bench.lines()[1..],
            [
                "# Streaming STARTUP 2026-01-02 03:04:05",
                "2026-01-02 03:04:05.007: WARNING: a \"quoted\"\\nline",
                "2026-01-02 03:04:05.007: --last message repeated 2 times",
                "# Streaming SHUTDOWN 2026-01-02 03:04:05"
            ]
        );
        let json = std::fs::read_to_string(bench.folder.path().join("ErrorJson.log")).unwrap();
        let objects: Vec<serde_json::Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(objects.len(), 5, "{json}");
        assert_eq!(objects[0]["created"], "2026-01-02T03:04:05");
        assert_eq!((&objects[1]["event"], &objects[4]["event"]), (&"STARTUP".into(), &"SHUTDOWN".into()));
        let entry = serde_json::json!({
            "time": "2026-01-02T03:04:05.007Z", "level": "WARNING", "message": "a \"quoted\"\\nline"
        });
        assert_eq!(objects[2], entry);
        let mut bytes = [0; 500];
        let length = machine.recv(&mut bytes).unwrap();
        assert!(String::from_utf8_lossy(&bytes[..length]).ends_with("]: WARNING: a \"quoted\"\\nline"));
        // Switched off again, all is as before.
        bench.log.set_options(plain);
        bench.log.write(Level::Warning, "plain");
        assert_eq!(bench.lines().last().map(String::as_str), Some("2026-01-02 03:04:05: WARNING: plain"));
        assert_eq!(std::fs::read_to_string(bench.folder.path().join("ErrorJson.log")).unwrap(), json);
    }

    #[test]
    fn other_logs_are_opened_anew_with_this_one() {
        let bench = bench();
        let count = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&count);
        bench.log.on_reopen(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        bench.log.reopen();
        assert_eq!(count.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn the_options_come_from_the_preferences() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.xml");
        std::fs::write(&path, b"<C><SERVER><PREF NAME=\"error_logfile_dir\">/l\xF6gs/</PREF></SERVER></C>").unwrap();
        let prefs = Prefs::load(&path).unwrap().prefs;
        let options = ErrorLogOptions::from_prefs(&prefs);
        assert_eq!(options.file.path(), PathBuf::from(std::ffi::OsStr::from_bytes(b"/l\xF6gs/Error.log")));
        assert_eq!((options.file.max_size, options.file.max_days, options.verbosity), (256_000, 7, 2));
    }
}
