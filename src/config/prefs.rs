//! The configuration in use: loading, completing with defaults, changing, saving.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::defs::{PrefDef, Shipped};
use super::document::Document;
use super::edit::EditError;
use super::error::ConfigError;
use super::findings::{Finding, Severity};
use super::legacy;
use super::module_prefs::ModulePrefs;
use super::module_table::{MODULES, module_def};
use super::section::{Place, Section};
use super::server_prefs::{SERVER_PREFS, ServerPrefs, server_pref};
use super::store::{self, FileStamp};

/// A loaded configuration file.
#[derive(Clone, Debug)]
pub struct Prefs {
    /// The file's content with everything that is in it.
    pub document: Document,
    /// The server preferences; after a change of `document` brought up to date by [`Prefs::refresh`].
    pub server: Arc<ServerPrefs>,
    path: PathBuf,
    /// State of the file when it was last read or written.
    stamp: Option<FileStamp>,
    /// What was in it then.
    on_disk: Vec<u8>,
    /// Whether `on_disk` is what somebody else wrote.
    foreign: bool,
}

/// A configuration and what is noteworthy about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub prefs: Prefs,
    /// Remarks on the file as it was read, before defaults were added: server section first, then built-in modules.
    pub findings: Vec<Finding>,
}

/// Why a configuration was not saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// Somebody changed the file since it was read; saving would lose that change.
    #[error("{} was changed by somebody else since it was read", .0.display())]
    ChangedOnDisk(PathBuf),
    /// The file, changed by somebody else, is not usable.
    #[error(transparent)]
    Broken(#[from] ConfigError),
    /// The change itself was not possible.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// Writing failed.
    #[error("cannot write {}: {error}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
}

impl Prefs {
    /// Reads a configuration file. Nothing is written and nothing in memory changes, so that a bad file at a reread harms
    /// nobody.
    ///
    /// # Errors
    /// The file cannot be read or is not well-formed.
    pub fn load(path: &Path) -> Result<Loaded, ConfigError> {
        let (bytes, stamp) = store::read(path).map_err(|error| ConfigError::unreadable(path, &error))?;
        let document = Document::parse(&bytes).map_err(|error| error.in_file(path))?;
        let mut loaded = Self::from_parts(document, path, Some(stamp), bytes);
        loaded.prefs.foreign = true;
        Ok(loaded)
    }

    /// What DSS did at start, in its order: the path must not be a folder, an existing file must be writable; a missing or
    /// empty one (or any with `fresh`, DSS's `-x`) is generated, from the legacy text configuration when there is one. With
    /// `fresh`, an existing file's content is not read, but a copy with the time in its name stays behind.
    ///
    /// The result is not yet completed with defaults; see [`Prefs::complete`] and [`Prefs::save`].
    ///
    /// # Errors
    /// One of the checks failed, or the file is not well-formed; the messages are DSS's.
    pub fn open(path: &Path, legacy: Option<&Path>, fresh: bool) -> Result<Loaded, ConfigError> {
        check_writable(path)?;
        let length = fs::metadata(path).map(|metadata| metadata.len()).unwrap_or(0);
        if length > 0 && !fresh {
            return Self::load(path);
        }
        let mut findings = Vec::new();
        if length > 0 {
            let copied = store::backup(path, chrono::Local::now().naive_local());
            findings.push(match copied {
                Ok(copy) => note(Severity::Info, format!("The old prefs file was copied to {}", copy.display())),
                Err(error) => note(Severity::Warning, format!("The old prefs file could not be copied: {error}")),
            });
        }
        findings.push(note(Severity::Info, format!("Generating a new prefs file at {}", path.display())));
        let document = match legacy.map(|legacy| (legacy, fs::read(legacy))) {
            Some((legacy, Ok(text))) => {
                findings.push(note(Severity::Info, format!("Taking values from {}", legacy.display())));
                legacy::convert(&text)?
            }
            _ => Document::skeleton()?,
        };
        let mut loaded = Self::from_parts(document, path, FileStamp::now(path).ok().flatten(), Vec::new());
        loaded.prefs.save_anyway().map_err(|error| match error {
            SaveError::Io { error, .. } => ConfigError::unreadable(path, &error),
            other => ConfigError::at((0, 0), other.to_string()).in_file(path),
        })?;
        loaded.findings = findings;
        Ok(loaded)
    }

    /// Writes a file with the defaults of all server preferences and of all built-in modules, replacing what is there.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn generate_default(path: &Path) -> Result<Loaded, ConfigError> {
        let mut loaded = Self::open(path, None, true)?;
        loaded.prefs.complete();
        let saved = loaded.prefs.save_anyway();
        saved.map_err(|error| ConfigError::at((0, 0), error.to_string()).in_file(path))?;
        Ok(loaded)
    }

    fn from_parts(document: Document, path: &Path, stamp: Option<FileStamp>, on_disk: Vec<u8>) -> Loaded {
        let (server, mut findings) = ServerPrefs::from_document(&document);
        for module in MODULES {
            if module.shipped == Shipped::BuiltIn || document.contains(&Place::module(module.name)) {
                findings.extend(document.module(module.name).findings());
            }
        }
        let server = Arc::new(server);
        Loaded { prefs: Self { document, server, path: path.to_owned(), stamp, on_disk, foreign: false }, findings }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A module's preferences.
    pub fn module(&self, name: &str) -> ModulePrefs {
        self.document.module(name)
    }

    /// The server's preferences as they stand in the file, for values that are needed as bytes (paths).
    pub fn server_section(&self) -> Section {
        Section::of(&self.document, &Place::server())
    }

    /// A server preference that is a path, byte for byte (a folder's name need not be UTF-8); its default when it is missing
    /// or of another type, an empty path for a name that is no server preference.
    pub fn server_path(&self, name: &str) -> PathBuf {
        use std::os::unix::ffi::OsStringExt;
        let values = server_pref(name).map(|def| self.server_section().resolve(def, b"", &mut Vec::new()));
        let first = values.into_iter().flatten().next().unwrap_or_default();
        PathBuf::from(std::ffi::OsString::from_vec(first))
    }

    /// Brings `server` up to date after a change of `document`.
    pub fn refresh(&mut self) -> Vec<Finding> {
        let (server, findings) = ServerPrefs::from_document(&self.document);
        self.server = Arc::new(server);
        findings
    }

    /// Adds what is missing: every server preference, every built-in module and its preferences. A preference of the wrong
    /// type is given its default, in its place.
    pub fn complete(&mut self) {
        self.complete_place(&Place::server(), SERVER_PREFS);
        for module in MODULES.iter().filter(|module| module.shipped == Shipped::BuiltIn) {
            self.complete_module(module.name);
        }
        self.refresh();
    }

    /// Adds a module's section and its missing preferences, as far as the table knows them.
    pub fn complete_module(&mut self, name: &str) {
        self.document.ensure_module(name);
        if let Some(module) = module_def(name) {
            self.complete_place(&Place::module(name), module.prefs);
        }
    }

    fn complete_place(&mut self, place: &Place, defs: &[PrefDef]) {
        let section = Section::of(&self.document, place);
        let error_log_dir = self.document.error_log_dir();
        for def in defs {
            let good = section.get(def.name).is_some_and(|entry| !entry.counts_as_missing() && entry.ty == def.ty);
            if !good {
                // A place without objects in it always takes a value.
                let _ = self.document.set_values(place, def.name, def.ty, &def.default_values(&error_log_dir));
            }
        }
    }

    /// Whether the file is another one, or has another size or date, than when it was last read or written.
    ///
    /// # Errors
    /// The file cannot be looked at.
    pub fn changed_on_disk(&self) -> io::Result<bool> {
        Ok(FileStamp::now(&self.path)? != self.stamp)
    }

    /// Writes the document if it differs from the file. Returns whether it wrote. Of a file that was not written by us, and
    /// of which there is no copy yet with a date in its name, such a copy is made first.
    ///
    /// # Errors
    /// Somebody else changed the file since it was read (see [`Prefs::update`]), or writing failed.
    pub fn save(&mut self) -> Result<bool, SaveError> {
        let io = |error| SaveError::Io { path: self.path.clone(), error };
        if self.changed_on_disk().map_err(io)? {
            return Err(SaveError::ChangedOnDisk(self.path.clone()));
        }
        self.save_anyway()
    }

    /// As [`Prefs::save`], but over whatever is in the file now.
    ///
    /// # Errors
    /// Writing failed.
    pub fn save_anyway(&mut self) -> Result<bool, SaveError> {
        let bytes = self.document.to_bytes();
        let same_file = self.stamp.is_some() && self.changed_on_disk().is_ok_and(|changed| !changed);
        if same_file && bytes == self.on_disk {
            return Ok(false);
        }
        if same_file && self.foreign && !store::has_backup(&self.path) {
            // Where no copy can be made, the change is still wanted.
            let _ = store::backup(&self.path, chrono::Local::now().naive_local());
        }
        let written = store::write_atomically(&self.path, &bytes);
        let stamp = written.map_err(|error| SaveError::Io { path: self.path.clone(), error })?;
        self.stamp = Some(stamp);
        self.on_disk = bytes;
        self.foreign = false;
        Ok(true)
    }

    /// Makes a change and saves it, on top of what is in the file now: when somebody edited the file by hand since it was
    /// read, it is read again first, so neither change is lost. On an error, memory and file stay as they were.
    ///
    /// # Errors
    /// The file was made unusable by its editor, the change is not possible, or writing failed.
    pub fn update(&mut self, change: impl FnOnce(&mut Document) -> Result<(), EditError>) -> Result<(), SaveError> {
        let changed = self.changed_on_disk();
        let mut next = match changed.map_err(|error| SaveError::Io { path: self.path.clone(), error })? {
            true if self.path.exists() => Self::load(&self.path)?.prefs,
            _ => self.clone(),
        };
        change(&mut next.document)?;
        next.refresh();
        next.save_anyway()?;
        *self = next;
        Ok(())
    }
}

fn note(severity: Severity, text: String) -> Finding {
    Finding::new(severity, (0, 0), text)
}

/// DSS's first two checks of the path, with its messages.
fn check_writable(path: &Path) -> Result<(), ConfigError> {
    let refused = |message: &str, os_error| {
        let error = ConfigError::at((0, 0), message).in_file(path);
        ConfigError { os_error, ..error }
    };
    let Ok(metadata) = fs::metadata(path) else { return Ok(()) };
    if metadata.is_dir() {
        return Err(refused("Directory located at location where streaming server prefs file should be.", None));
    }
    OpenOptions::new()
        .append(true)
        .open(path)
        .map(drop)
        .map_err(|error| refused("Cannot write to the streaming server prefs file.", error.raw_os_error()))
}
