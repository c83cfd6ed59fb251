//! The file on disk: read once with its state, replaced in one step, copied before a large change.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use chrono::NaiveDateTime;

/// Largest configuration file that is read, in bytes. DSS's own is about 15 KB.
pub const MAX_FILE_SIZE: u64 = 16 << 20;

/// Access mode of a configuration file that did not exist before.
const NEW_FILE_MODE: u32 = 0o640;

/// What identifies one state of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStamp {
    device: u64,
    inode: u64,
    length: u64,
    /// Modification time, nanoseconds since 1970.
    modified: i128,
}

impl FileStamp {
    fn of(metadata: &fs::Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.len(),
            modified: i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec()),
        }
    }

    /// The file's present state; `None` when there is no file.
    ///
    /// # Errors
    /// The file is there but cannot be looked at.
    pub fn now(path: &Path) -> io::Result<Option<Self>> {
        match fs::metadata(path) {
            Ok(metadata) => Ok(Some(Self::of(&metadata))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Reads a whole file and the state it was in.
///
/// # Errors
/// The file cannot be read, or is larger than [`MAX_FILE_SIZE`].
pub fn read(path: &Path) -> io::Result<(Vec<u8>, FileStamp)> {
    let file = File::open(path)?;
    let stamp = FileStamp::of(&file.metadata()?);
    let mut bytes = Vec::new();
    file.take(MAX_FILE_SIZE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_SIZE {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {MAX_FILE_SIZE} bytes")));
    }
    Ok((bytes, stamp))
}

/// Replaces a file's content so that a reader, or a machine that loses power, sees either the old or the new one.
///
/// The new file is written beside the old one, synced, and renamed; owner and mode of the old one are kept, a new one gets
/// mode 0640. A symbolic link stays and its target is replaced. Where the folder or the ownership does not allow a new file
/// (the run user often owns the file but not `/etc/streaming`), the old file is overwritten in place, as DSS always did.
///
/// # Errors
/// Neither way worked. In the first, nothing has changed.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<FileStamp> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match replace(&target, bytes) {
        Err(error) if may_overwrite(&error) && target.exists() => overwrite(&target, bytes),
        result => result,
    }
}

fn may_overwrite(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::ResourceBusy
    )
}

fn replace(target: &Path, bytes: &[u8]) -> io::Result<FileStamp> {
    let temporary = Temporary::create_beside(target)?;
    let mut file = &temporary.file;
    file.write_all(bytes)?;
    match fs::metadata(target) {
        Ok(old) => {
            let new = file.metadata()?;
            if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
                fchown(file, Some(old.uid()), Some(old.gid()))?;
            }
            file.set_permissions(Permissions::from_mode(old.mode() & 0o7777))?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            file.set_permissions(Permissions::from_mode(NEW_FILE_MODE))?;
        }
        Err(error) => return Err(error),
    }
    file.sync_all()?;
    let stamp = FileStamp::of(&file.metadata()?);
    temporary.rename_to(target)?;
    sync_folder(target);
    Ok(stamp)
}

fn overwrite(target: &Path, bytes: &[u8]) -> io::Result<FileStamp> {
    let mut file = OpenOptions::new().write(true).truncate(true).open(target)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(FileStamp::of(&file.metadata()?))
}

/// Makes a rename durable; a file system that cannot do it is no reason to fail.
fn sync_folder(target: &Path) {
    let folder = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// Copies a file to `NAME.YYYYMMDD-HHMMSS` beside it, with its owner and mode, and returns the copy's path. A copy made in
/// the same second is not replaced; the new one gets `-1`, `-2` … appended.
///
/// # Errors
/// The file cannot be read or the copy cannot be written.
pub fn backup(path: &Path, local_time: NaiveDateTime) -> io::Result<PathBuf> {
    let (bytes, _) = read(path)?;
    let old = fs::metadata(path)?;
    let stem = format!("{}.{}", path.display_name(), local_time.format("%Y%m%d-%H%M%S"));
    for attempt in 0..100 {
        let name = if attempt == 0 { stem.clone() } else { format!("{stem}-{attempt}") };
        let copy = path.with_file_name(name);
        let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&copy);
        let mut file = match created {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            result => result?,
        };
        file.write_all(&bytes)?;
        // Only root may give files away; a copy that belongs to the run user is better than none.
        let _ = fchown(&file, Some(old.uid()), Some(old.gid()));
        file.set_permissions(Permissions::from_mode(old.mode() & 0o7777))?;
        file.sync_all()?;
        return Ok(copy);
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("no free backup name like {stem}")))
}

/// Whether a copy that [`backup`] (or `Install`) made of a file lies beside it.
pub fn has_backup(path: &Path) -> bool {
    let stem = format!("{}.", path.display_name());
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let date = name.strip_prefix(&stem).and_then(|date| date.as_bytes().get(..9));
        date.is_some_and(|date| date[..8].iter().all(u8::is_ascii_digit) && date[8] == b'-')
    })
}

trait DisplayName {
    fn display_name(&self) -> String;
}

impl DisplayName for Path {
    fn display_name(&self) -> String {
        self.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

/// A file that is removed again unless it was renamed to its final name.
struct Temporary {
    path: Option<PathBuf>,
    file: File,
}

impl Temporary {
    fn create_beside(target: &Path) -> io::Result<Self> {
        let name = target.display_name();
        for _ in 0..100 {
            let path = target.with_file_name(format!(".{name}.{:08x}.tmp", rand::random::<u32>()));
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => return Ok(Self { path: Some(path), file }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::new(io::ErrorKind::AlreadyExists, "no free name for a temporary file"))
    }

    fn rename_to(mut self, target: &Path) -> io::Result<()> {
        let Some(path) = self.path.as_ref() else { return Ok(()) };
        fs::rename(path, target)?;
        self.path = None;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            let _ = fs::remove_file(path);
        }
    }
}
