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
use super::level::Level;
use super::rolling::{Complaint, RollingLog, RollingOptions};

/// Longest line written, in bytes, date and level included; DSS 6.0.3's buffer was as long.
const MAX_LINE: usize = 2172;
/// Dates in the error log, local time.
const DATE: &str = "%Y-%m-%d %H:%M:%S";

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
}

impl ErrorLogOptions {
    /// The options as the server preferences have them.
    pub fn from_prefs(prefs: &Prefs) -> Self {
        let server = &prefs.server;
        Self {
            file: RollingOptions {
                dir: prefs.server_path("error_logfile_dir"),
                name: server.error_logfile_name.clone(),
                max_size: server.error_logfile_size.into(),
                max_days: server.error_logfile_interval,
                close_on_write: server.force_logs_close_on_write,
            },
            verbosity: server.error_logfile_verbosity,
            screen: server.screen_logging,
            enabled: server.error_logging,
        }
    }
}

/// The error log: a file, a copy on the screen, and sinks. Writing never fails its caller; a panic of a sink is the sink's.
pub struct ErrorLog {
    file: RollingLog,
    clock: Arc<dyn Clock>,
    verbosity: AtomicU32,
    ceiling: AtomicU32,
    screen_on: AtomicBool,
    file_on: AtomicBool,
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
        Self {
            verbosity: AtomicU32::new(options.verbosity),
            ceiling: AtomicU32::new(u32::MAX),
            screen_on: AtomicBool::new(options.screen),
            file_on: AtomicBool::new(options.enabled),
            file: RollingLog::new(options.file, clock.clone(), Box::new(|_| String::new()), complaint),
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
    }

    /// Rolls the log now (service RollErrorLog). Returns the rolled file's path, `None` without a log.
    ///
    /// # Errors
    /// The file could not be renamed.
    pub fn roll(&self) -> io::Result<Option<PathBuf>> {
        self.file.roll()
    }

    /// Opens the file anew (at a hang-up signal).
    pub fn reopen(&self) {
        self.file.reopen();
    }

    /// Path of the file in use.
    pub fn path(&self) -> PathBuf {
        self.file.path()
    }

    fn write_out(&self, level: Level, text: &str) {
        let text = message(text);
        let mut output = self.output.lock();
        if output.last.as_ref().is_some_and(|(last_level, last)| *last_level == level && *last == text) {
            output.repeats += 1;
            return;
        }
        self.flush_repeats(&mut output);
        let line = format!("{}: {level}: {text}", self.clock.local().format(DATE));
        let line = cut(&line, MAX_LINE);
        if self.file_on.load(Ordering::Relaxed) {
            self.file.write(line);
        }
        self.show(&mut output, &format!("{level}: {text}"));
        output.last = Some((level, text));
    }

    fn flush_repeats(&self, output: &mut Output) {
        let times = std::mem::take(&mut output.repeats);
        if times == 0 {
            return;
        }
        let text = format!("--last message repeated {times} times");
        if self.file_on.load(Ordering::Relaxed) {
            self.file.write(&format!("{}: {text}", self.clock.local().format(DATE)));
        }
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
        ErrorLogOptions { file, verbosity: 2, screen: true, enabled: true }
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
