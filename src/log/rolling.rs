//! A log file that is rolled by size and age and that survives whatever happens to its folder.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::NaiveDateTime;
use parking_lot::Mutex;

use super::clock::Clock;

/// What the first line of every log begins with; the time follows as in [`CREATION_TIME`].
const CREATION_LINE: &str = "#Log File Created On: ";
/// Month first, local time, as DSS wrote it.
const CREATION_TIME: &str = "%m/%d/%Y %H:%M:%S";
/// The same for a log of JSON lines, whose first line is an object too.
const JSON_CREATION_BEGIN: &str = "{\"created\":\"";
/// What follows the time there.
const JSON_CREATION_END: &str = "\"}";
/// Local time.
const JSON_CREATION_TIME: &str = "%Y-%m-%dT%H:%M:%S";
/// Pause between attempts to open a log that could not be opened.
const RETRY_OPEN: Duration = Duration::from_secs(1);
/// Pause between attempts to roll a log whose folder does not allow it; the log grows on meanwhile.
const RETRY_ROLL: Duration = Duration::from_secs(60);

/// Where a log is and when it is rolled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollingOptions {
    /// The folder; created with mode 0700 when missing.
    pub dir: PathBuf,
    /// The file's name without `.log`.
    pub name: String,
    /// Size in bytes beyond which the log is rolled before the next line; 0 never.
    pub max_size: u64,
    /// Days since the midnight before its creation after which the log is rolled; 0 never.
    pub max_days: u32,
    /// Open and close the file for each line (`force_logs_close_on_write`).
    pub close_on_write: bool,
}

impl RollingOptions {
    /// The same for another log in the same folder; `None` for an empty name, and for this log's own.
    pub fn beside(&self, name: &str) -> Option<Self> {
        let name = name.trim();
        (!name.is_empty() && name != self.name).then(|| Self { name: name.to_owned(), ..self.clone() })
    }

    /// The log's path.
    pub fn path(&self) -> PathBuf {
        self.dir.join(format!("{}.log", self.name))
    }
}

/// Writes the lines after the creation line of a new file; gets the local time, returns whole lines with their line ends.
pub type Header = Box<dyn Fn(NaiveDateTime) -> String + Send + Sync>;
/// Told once when writing begins to fail and once for each roll that fails; must not write to the same log.
pub type Complaint = Box<dyn Fn(&str) + Send + Sync>;

/// A log file. No method fails or blocks its caller beyond the write itself; what cannot be written is counted, complained
/// about once, and noted in the log when it can be written again.
pub struct RollingLog {
    clock: Arc<dyn Clock>,
    header: Header,
    complaint: Complaint,
    /// Every line is a JSON object, also those that the log writes about itself.
    is_json: bool,
    state: Mutex<State>,
}

struct State {
    options: RollingOptions,
    /// Folder and name in use; those of `options` take effect when the log is opened anew after a roll.
    dir: PathBuf,
    name: String,
    open: Option<OpenLog>,
    retry_open: Option<SystemTime>,
    retry_roll: Option<SystemTime>,
    /// Lines lost since writing began to fail.
    lost: u64,
    /// The last write may have left a line without its end.
    torn: bool,
}

struct OpenLog {
    file: File,
    device: u64,
    inode: u64,
    created: NaiveDateTime,
}

impl RollingLog {
    /// A log that is not opened before its first line.
    pub fn new(options: RollingOptions, clock: Arc<dyn Clock>, header: Header, complaint: Complaint) -> Self {
        let (dir, name) = (options.dir.clone(), options.name.clone());
        let state = State { options, dir, name, open: None, retry_open: None, retry_roll: None, lost: 0, torn: false };
        Self { clock, header, complaint, is_json: false, state: Mutex::new(state) }
    }

    /// A log of JSON lines. It begins with an object that tells its creation.
    pub fn json_lines(options: RollingOptions, clock: Arc<dyn Clock>, complaint: Complaint) -> Self {
        Self { is_json: true, ..Self::new(options, clock, Box::new(|_| String::new()), complaint) }
    }

    /// Appends a line; its line end is added here.
    pub fn write(&self, line: &str) {
        let complaints = {
            let mut state = self.state.lock();
            let mut complaints = Vec::new();
            self.append(&mut state, line, &mut complaints);
            if state.options.close_on_write {
                state.open = None;
            }
            complaints
        };
        self.complain(&complaints);
    }

    /// Rolls the log if it is due. To be called every minute, so that a log without new lines is rolled, too.
    pub fn tick(&self) {
        let complaints = {
            let mut state = self.state.lock();
            let mut complaints = Vec::new();
            if state.path().exists() && self.ensure_open(&mut state).is_ok() {
                self.roll_if_due(&mut state, &mut complaints);
                if state.options.close_on_write {
                    state.open = None;
                }
            }
            complaints
        };
        self.complain(&complaints);
    }

    /// Rolls the log now, whatever its size (the services RollErrorLog and RollAccessLog). Returns the rolled file's path;
    /// `None` when there is no log yet.
    ///
    /// # Errors
    /// The file could not be renamed; writing goes on into it.
    pub fn roll(&self) -> io::Result<Option<PathBuf>> {
        let mut state = self.state.lock();
        if !state.path().exists() {
            return Ok(None);
        }
        self.ensure_open(&mut state)?;
        let rolled = state.rename()?;
        let _ = self.ensure_open(&mut state);
        Ok(Some(rolled))
    }

    /// Opens the file anew, for logs that something else has moved away. Not needed for correctness: a moved file is noticed
    /// at the next line.
    pub fn reopen(&self) {
        let mut state = self.state.lock();
        if state.open.take().is_some() {
            state.retry_open = None;
            let _ = self.ensure_open(&mut state);
        }
    }

    /// Changes the options. Size and age count at once, folder and name from the next roll on.
    pub fn set_options(&self, options: RollingOptions) {
        let mut state = self.state.lock();
        if state.open.is_none() && !state.path().exists() {
            state.dir = options.dir.clone();
            state.name = options.name.clone();
        }
        state.options = options;
    }

    /// Path of the file in use.
    pub fn path(&self) -> PathBuf {
        self.state.lock().path()
    }

    fn complain(&self, complaints: &[String]) {
        complaints.iter().for_each(|complaint| (self.complaint)(complaint));
    }

    fn append(&self, state: &mut State, line: &str, complaints: &mut Vec<String>) {
        let now = self.clock.now();
        if state.open.is_none() && is_ahead(state.retry_open, now, RETRY_OPEN) {
            state.lost += 1;
            return;
        }
        let written = self.ensure_open(state).and_then(|()| {
            self.roll_if_due(state, complaints);
            self.ensure_open(state)?;
            state.append_line(line, self.is_json)
        });
        let Err(error) = written else { return };
        if state.lost == 0 {
            complaints.push(format!("cannot write the log {}: {error}", state.path().display()));
        }
        state.lost += 1;
        state.retry_open = Some(now + RETRY_OPEN);
    }

    /// Opens the log unless it is open and still the file of its name.
    fn ensure_open(&self, state: &mut State) -> io::Result<()> {
        let path = state.path();
        let is_same = |open: &OpenLog| {
            fs::metadata(&path).is_ok_and(|there| (there.dev(), there.ino()) == (open.device, open.inode))
        };
        if state.open.as_ref().is_some_and(is_same) {
            return Ok(());
        }
        state.open = None;
        DirBuilder::new().recursive(true).mode(0o700).create(&state.dir)?;
        let mut file = OpenOptions::new().append(true).create(true).open(&path)?;
        let metadata = file.metadata()?;
        let now = self.clock.local();
        let created = if metadata.len() == 0 {
            let head = match self.is_json {
                true => format!("{JSON_CREATION_BEGIN}{}{JSON_CREATION_END}\n", now.format(JSON_CREATION_TIME)),
                false => format!("{CREATION_LINE}{}\n{}", now.format(CREATION_TIME), (self.header)(now)),
            };
            file.write_all(head.as_bytes())?;
            now
        } else {
            state.torn = !ends_with_line_end(&path, metadata.len());
            let by_date = || metadata.modified().map_or(now, |time| self.clock.to_local(time));
            creation_time(&path).unwrap_or_else(by_date)
        };
        state.open = Some(OpenLog { file, device: metadata.dev(), inode: metadata.ino(), created });
        Ok(())
    }

    fn roll_if_due(&self, state: &mut State, complaints: &mut Vec<String>) {
        let now = self.clock.now();
        if is_ahead(state.retry_roll, now, RETRY_ROLL) || !state.is_due(self.clock.to_local(now)) {
            return;
        }
        match state.rename() {
            Ok(_) => {
                state.retry_roll = None;
                let _ = self.ensure_open(state);
            }
            Err(error) => {
                complaints.push(format!("cannot roll the log {}: {error}", state.path().display()));
                state.retry_roll = Some(now + RETRY_ROLL);
            }
        }
    }
}

impl State {
    fn path(&self) -> PathBuf {
        self.dir.join(format!("{}.log", self.name))
    }

    fn is_due(&self, now: NaiveDateTime) -> bool {
        let Some(open) = &self.open else { return false };
        let size = open.file.metadata().map_or(0, |metadata| metadata.len());
        let days = (now.date() - open.created.date()).num_days();
        (self.options.max_size > 0 && size > self.options.max_size)
            || (self.options.max_days > 0 && days >= i64::from(self.options.max_days))
    }

    /// Closes the log and gives it its rolled name; the next opening makes a new file.
    fn rename(&mut self) -> io::Result<PathBuf> {
        let Some(open) = &self.open else { return Err(io::ErrorKind::NotFound.into()) };
        let rolled = self.rolled_path(open.created);
        fs::rename(self.path(), &rolled)?;
        self.open = None;
        self.torn = false;
        self.dir = self.options.dir.clone();
        self.name = self.options.name.clone();
        Ok(rolled)
    }

    /// `NAME.YYMMDDNNN.log` with the first free NNN; after 999 the name with `---`, which is overwritten.
    fn rolled_path(&self, created: NaiveDateTime) -> PathBuf {
        let day = created.format("%y%m%d");
        let path = |number: &str| self.dir.join(format!("{}.{day}{number}.log", self.name));
        let free = (0..=999).map(|number| path(&format!("{number:03}"))).find(|path| path.symlink_metadata().is_err());
        free.unwrap_or_else(|| path("---"))
    }

    fn append_line(&mut self, line: &str, is_json: bool) -> io::Result<()> {
        let Some(open) = &mut self.open else { return Err(io::ErrorKind::NotFound.into()) };
        let mut text = String::with_capacity(line.len() + 2);
        if self.torn {
            text.push('\n');
        }
        match self.lost {
            0 => {}
            lost if is_json => text.push_str(&format!("{{\"lost_lines\":{lost}}}\n")),
            lost => text.push_str(&format!("#Remark: {lost} lines before this could not be written\n")),
        }
        text.push_str(line);
        text.push('\n');
        if let Err(error) = open.file.write_all(text.as_bytes()) {
            self.torn = true;
            return Err(error);
        }
        self.torn = false;
        self.lost = 0;
        self.retry_open = None;
        Ok(())
    }
}

/// Whether the end of a pause is still to come. One further away than the whole pause was set before somebody put the date
/// back.
fn is_ahead(end: Option<SystemTime>, now: SystemTime, pause: Duration) -> bool {
    let left = end.and_then(|end| end.duration_since(now).ok());
    left.is_some_and(|left| !left.is_zero() && left <= pause)
}

/// Whether a file ends with a line end; a crash or a full disk may have cut the last line off.
fn ends_with_line_end(path: &Path, length: u64) -> bool {
    let mut last = [0];
    let read = File::open(path).and_then(|file| file.read_exact_at(&mut last, length.saturating_sub(1)));
    read.is_err() || last == *b"\n"
}

/// The creation time that a log's first line tells; `None` if it does not.
fn creation_time(path: &Path) -> Option<NaiveDateTime> {
    let mut head = Vec::new();
    File::open(path).ok()?.take(128).read_to_end(&mut head).ok()?;
    let line = head.split(|&byte| byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?.trim_end();
    match line.strip_prefix(JSON_CREATION_BEGIN) {
        Some(rest) => NaiveDateTime::parse_from_str(rest.strip_suffix(JSON_CREATION_END)?, JSON_CREATION_TIME).ok(),
        None => NaiveDateTime::parse_from_str(line.strip_prefix(CREATION_LINE)?, CREATION_TIME).ok(),
    }
}

#[cfg(test)]
mod tests;
