//! The pid file: the parent's number and the server's, each in a line; one line without a parent.
//!
//! DSS 6.0.3 wrote it over whatever was there and left it behind. Here it is locked as long as the server lives, another
//! server's file is not touched, a file that is no pid file neither, and a clean stop removes it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use thiserror::Error;

/// Longest content of a pid file in bytes; two numbers and two line ends.
const MAX_CONTENT: u64 = 64;
/// How often a file that its owner removes while we lock it is opened again.
const ATTEMPTS: u32 = 5;
/// How the kernel shows the name of this program and of the one it replaces (15 bytes).
const PROGRAM: &str = "DarwinStreaming";

/// Why there is no pid file. The server runs without one; the text is for a warning.
#[derive(Debug, Error)]
pub enum PidFileError {
    /// Another server has it.
    #[error("the pid file {path} belongs to the running server process {pid}", path = path.display())]
    InUse {
        /// The file.
        path: PathBuf,
        /// The server.
        pid: i32,
    },
    /// The path names something whose content nobody wants overwritten.
    #[error("{path} is no pid file and is left alone", path = path.display())]
    NotAPidFile {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be opened, locked or written.
    #[error("cannot write the pid file {path}: {error}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
}

/// A pid file that is ours, locked until the value is dropped or the process ends. Dropping it does not remove the file,
/// because a forked child has a copy; [`PidFile::remove`] does.
#[derive(Debug)]
pub struct PidFile {
    path: PathBuf,
    file: File,
}

impl PidFile {
    /// Opens or makes the file (mode 0644, less the umask) and locks it. Its content stays until [`PidFile::write`].
    ///
    /// A symbolic link is not followed: root writes here, and others may be able to write in the folder.
    ///
    /// # Errors
    /// A live server has the file, it is something else, or the system refused.
    pub fn claim(path: &Path) -> Result<Self, PidFileError> {
        let io_error = |error| PidFileError::Io { path: path.to_owned(), error };
        for _ in 0..ATTEMPTS {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o644)
                .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
                .open(path)
                .map_err(io_error)?;
            let opened = file.metadata().map_err(io_error)?;
            if !opened.is_file() || opened.nlink() > 1 {
                return Err(PidFileError::NotAPidFile { path: path.to_owned() });
            }
            lock(&file, path)?;
            // Who held the lock may have removed the file before it let go of it.
            let current = fs::symlink_metadata(path);
            if current.is_ok_and(|current| (current.dev(), current.ino()) == (opened.dev(), opened.ino())) {
                check_content(&file, path)?;
                return Ok(Self { path: path.to_owned(), file });
            }
        }
        Err(io_error(io::Error::other("it is removed again and again")))
    }

    /// Writes the process numbers, each with a line end: the parent's first if there is one. Readers see the old or the new
    /// numbers.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, pids: &[i32]) -> Result<(), PidFileError> {
        let text: String = pids.iter().map(|pid| format!("{pid}\n")).collect();
        let written = self.file.write_all_at(text.as_bytes(), 0).and_then(|()| self.file.set_len(text.len() as u64));
        written.map_err(|error| PidFileError::Io { path: self.path.clone(), error })
    }

    /// Removes the file, if it is still the same one. Where the folder does not let the run user do that, it is emptied.
    pub fn remove(self) {
        let (Ok(file), Ok(path)) = (self.file.metadata(), fs::symlink_metadata(&self.path)) else { return };
        let is_same = (file.dev(), file.ino()) == (path.dev(), path.ino());
        if is_same && fs::remove_file(&self.path).is_err() {
            let _ = self.file.set_len(0); // nothing more can be done
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Takes the lock, which ends with this process and is not inherited by children.
fn lock(file: &File, path: &Path) -> Result<(), PidFileError> {
    let io_error = |error: Errno| PidFileError::Io { path: path.to_owned(), error: error.into() };
    let whole = libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    match fcntl(file, FcntlArg::F_SETLK(&whole)) {
        Ok(_) => Ok(()),
        Err(Errno::EACCES | Errno::EAGAIN) => {
            let mut holder = whole;
            fcntl(file, FcntlArg::F_GETLK(&mut holder)).map_err(io_error)?;
            Err(PidFileError::InUse { path: path.to_owned(), pid: holder.l_pid })
        }
        Err(error) => Err(io_error(error)),
    }
}

/// Refuses a file that holds anything but process numbers, and the file of a live server that does not lock (DSS's own).
fn check_content(file: &File, path: &Path) -> Result<(), PidFileError> {
    let mut text = String::new();
    let read = file.take(MAX_CONTENT + 1).read_to_string(&mut text);
    let is_other = |sign: char| !sign.is_ascii_digit() && !sign.is_ascii_whitespace();
    if read.is_err() || text.len() as u64 > MAX_CONTENT || text.contains(is_other) {
        return Err(PidFileError::NotAPidFile { path: path.to_owned() });
    }
    match text.split_whitespace().filter_map(|pid| pid.parse().ok()).find(|pid| is_server(*pid)) {
        Some(pid) => Err(PidFileError::InUse { path: path.to_owned(), pid }),
        None => Ok(()),
    }
}

/// Whether that process runs, is not this one, and is a streaming server by its name. The numbers in an old file may belong
/// to anybody by now.
fn is_server(pid: i32) -> bool {
    let name = |pid: &str| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let is_zombie = || {
        let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        status.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'))
    };
    let own = i32::try_from(std::process::id()).is_ok_and(|own| own == pid);
    !own && name(&pid.to_string()).starts_with(PROGRAM) && !is_zombie()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_pid_file_has_a_line_for_each_process_and_goes_with_the_server() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.pid");
        let file = PidFile::claim(&path).unwrap();
        file.write(&[100, 20000]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "100\n20000\n");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        fs::write(folder.path().join("other"), "").unwrap();
        assert_eq!(mode(&path), 0o644 & mode(&folder.path().join("other")), "less the umask");
        file.write(&[100]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "100\n");
        file.remove();
        assert!(!path.exists());
    }

    #[test]
    fn a_stale_file_keeps_its_content_until_the_new_server_serves() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.pid");
        fs::write(&path, "2147483646\n2147483647\n").unwrap();
        let file = PidFile::claim(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "2147483646\n2147483647\n");
        file.write(&[1]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n");
    }

    #[test]
    fn what_is_no_pid_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let precious = folder.path().join("precious");
        let numbers = "1\n".repeat(100);
        for content in ["root:x:0:0", "12\nabc\n", numbers.as_str()] {
            fs::write(&precious, content).unwrap();
            let error = PidFile::claim(&precious).unwrap_err();
            assert!(matches!(error, PidFileError::NotAPidFile { .. }), "{error}");
            assert_eq!(fs::read_to_string(&precious).unwrap(), content);
        }
        fs::write(&precious, "").unwrap();
        symlink(&precious, folder.path().join("link")).unwrap();
        fs::hard_link(&precious, folder.path().join("hard")).unwrap();
        assert!(matches!(PidFile::claim(&folder.path().join("link")), Err(PidFileError::Io { .. })));
        assert!(matches!(PidFile::claim(&folder.path().join("hard")), Err(PidFileError::NotAPidFile { .. })));
        assert!(matches!(PidFile::claim(folder.path()), Err(PidFileError::Io { .. })));
        let missing = PidFile::claim(&folder.path().join("no/folder.pid")).unwrap_err().to_string();
        assert!(missing.starts_with("cannot write the pid file ") && missing.contains("No such file"), "{missing}");
    }

    #[test]
    fn somebody_elses_new_file_is_not_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.pid");
        let file = PidFile::claim(&path).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, "7\n").unwrap();
        file.remove();
        assert_eq!(fs::read_to_string(&path).unwrap(), "7\n");
    }
}
