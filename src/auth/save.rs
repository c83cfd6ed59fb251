//! Users and groups files written so that no reader sees half of one and no writer undoes another's change.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use crate::config::store;

/// Mode of a new file: the digests in it are as good as passwords.
const NEW_FILE_MODE: u32 = 0o600;

/// How often, and how long in between, another writer is waited for: ten seconds.
const LOCK_TRIES: u32 = 200;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// The right to change the files of a folder, until dropped.
///
/// The folder is locked, not a file: the files themselves are replaced, and a lock would stay with the old one.
pub struct FolderLock {
    _lock: Flock<File>,
    folder: PathBuf,
}

impl FolderLock {
    /// Locks the folder of a file.
    ///
    /// # Errors
    /// The folder cannot be opened, or another program holds the lock for more than ten seconds.
    pub fn of(file: &Path) -> io::Result<Self> {
        let target = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = fs::canonicalize(parent)?;
        let mut opened = File::open(&folder)?;
        for _ in 0..LOCK_TRIES {
            match Flock::lock(opened, FlockArg::LockExclusiveNonblock) {
                Ok(lock) => return Ok(Self { _lock: lock, folder }),
                Err((file, Errno::EWOULDBLOCK | Errno::EINTR)) => opened = file,
                Err((_, error)) => return Err(error.into()),
            }
            sleep(LOCK_PAUSE);
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, "another program is changing the files of the folder"))
    }

    /// Whether this lock is for the folder of that file, too.
    pub fn covers(&self, file: &Path) -> bool {
        let target = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::canonicalize(parent).is_ok_and(|folder| folder == self.folder)
    }
}

/// Replaces a file in one step. Mode and group of an existing one are kept, a new one gets mode 0600; then the file is given
/// to `owner`, a user id, if one is named.
///
/// # Errors
/// The file cannot be written (it is then as before), or cannot be given away.
pub fn save(path: &Path, bytes: &[u8], owner: Option<u32>) -> io::Result<()> {
    let is_new = !path.exists();
    store::write_atomically(path, bytes)?;
    if is_new {
        fs::set_permissions(path, Permissions::from_mode(NEW_FILE_MODE))?;
    }
    match owner {
        Some(owner) => chown(path, Some(owner), None),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, symlink};
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    use super::*;

    #[test]
    fn mode_and_links_are_kept_and_new_files_are_closed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("qtusers"), folder.path().join("link"));
        save(&file, b"a", None).expect("saved");
        assert_eq!(fs::metadata(&file).expect("there").mode() & 0o777, 0o600);
        fs::set_permissions(&file, Permissions::from_mode(0o640)).expect("set");
        symlink(&file, &link).expect("a link");
        save(&link, b"b", None).expect("saved");
        assert_eq!(fs::metadata(&file).expect("there").mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(fs::read(&file).expect("there"), b"b");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2, "nothing is left over");
    }

    #[test]
    fn changes_at_the_same_time_all_count() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("counter");
        save(&file, b"0", None).expect("saved");
        let inside = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..3 {
                        let lock = FolderLock::of(&file).expect("locked");
                        assert_eq!(inside.fetch_add(1, SeqCst), 0, "two have the lock");
                        let text = fs::read_to_string(&file).expect("there");
                        let number: u32 = text.parse().expect("a whole number at any time");
                        save(&file, (number + 1).to_string().as_bytes(), None).expect("saved");
                        inside.fetch_sub(1, SeqCst);
                        drop(lock);
                    }
                });
            }
        });
        assert_eq!(fs::read(&file).expect("there"), b"12");
    }

    #[test]
    fn a_lock_covers_the_files_of_its_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("sub")).expect("a folder");
        let lock = FolderLock::of(&folder.path().join("qtusers")).expect("locked");
        assert!(lock.covers(&folder.path().join("qtgroups")) && lock.covers(&folder.path().join("sub/../x")));
        assert!(!lock.covers(&folder.path().join("sub/x")) && !lock.covers(Path::new("/nonexistent/x")));
    }
}
