//! The descriptions that broadcasters announce, as files in the movie folder.
//!
//! A file is written whole and put in place in one step. Which files the server has written is kept in a list beside the
//! logs, so that those left over from a server that was killed are found and removed at the next start; an operator's own
//! files are never in it. A file that stood in the way of an announcement is kept under another name and comes back.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use parking_lot::Mutex;

/// Mode of a description; viewers' programs and other servers on the machine may read it.
const MODE: u32 = 0o644;

/// The list's name. A second server that keeps its logs in the same folder has a list of its own.
const LIST: &str = "announced_broadcasts";

/// How many servers may share a folder for logs.
const MOST_LISTS: u32 = 16;

/// Names that are tried for a file that has to make way.
const MOST_KEPT: u32 = 10;

/// No description that is read from disk is longer.
pub(super) const LONGEST_FILE: u64 = 1 << 20;

/// A file as it was: it is still the same one if all agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: u64,
    modified_ns: i128,
    length: u64,
}

impl Stamp {
    fn of(file: &fs::Metadata) -> Self {
        let modified_ns = i128::from(file.mtime()) * 1_000_000_000 + i128::from(file.mtime_nsec());
        Self { inode: file.ino(), modified_ns, length: file.len() }
    }

    /// When it was changed, Unix time in seconds.
    pub fn modified_seconds(&self) -> i64 {
        i64::try_from(self.modified_ns / 1_000_000_000).unwrap_or(0)
    }
}

/// What was announced under a name.
#[derive(Debug, Clone)]
struct Announced {
    stamp: Stamp,
    /// The file that stood there before, under its present name.
    kept: Option<PathBuf>,
    /// Until then somebody has to send, in ms of the server's clock; `None` while somebody does.
    until_ms: Option<i64>,
    /// It stays when the broadcast ends, as long as its times say.
    timed: bool,
}

/// The files.
#[derive(Default)]
pub(super) struct SdpFiles {
    announced: Mutex<HashMap<String, Announced>>,
    list: Mutex<Option<List>>,
}

/// Reads a description from disk. `None` if there is no such file, or it is no plain one.
///
/// # Errors
/// What the system says of a file that is there, or that it is too long.
pub(super) fn read(path: &str) -> io::Result<Option<(Vec<u8>, Stamp)>> {
    let file = match OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.raw_os_error(), Some(nix::libc::ENOENT | nix::libc::ENOTDIR)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let facts = file.metadata()?;
    if !facts.is_file() {
        return Ok(None);
    }
    if facts.len() > LONGEST_FILE {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "too long for a session description"));
    }
    let mut text = Vec::new();
    file.take(LONGEST_FILE).read_to_end(&mut text)?;
    Ok(Some((text, Stamp::of(&facts))))
}

impl SdpFiles {
    /// Takes a list in this folder and removes what servers that are no more have left over. Waits for the disk.
    pub fn recover(&self, folder: &Path) {
        let (mut own, mut left_over, mut trouble) = (None, Vec::new(), None);
        let mut all = self.announced.lock();
        for number in 0..MOST_LISTS {
            let path = folder.join(if number == 0 { LIST.to_owned() } else { format!("{LIST}.{number}") });
            match open_list(&path, own.is_none()) {
                Ok(Some(mut file)) => {
                    clean_up(&path, &mut file, &mut all);
                    if own.is_some() { left_over.push(file) } else { own = Some(List { path, file }) }
                }
                Ok(None) => {}
                Err(error) => {
                    trouble.get_or_insert_with(|| format!("{}: {error}", path.display()));
                }
            }
        }
        if let (None, Some(trouble)) = (&own, trouble) {
            tracing::warn!("{trouble}; descriptions left over by a crash will have to be removed by hand");
        }
        *self.list.lock() = own;
        self.write_list(&all);
        for file in left_over {
            let _ = file.set_len(0); // what counts of it stands in this server's own list now
        }
    }

    /// Puts an announced description in place. Somebody has to send by `until_ms`. Waits for the disk.
    ///
    /// # Errors
    /// What the system says; the file is then as it was.
    pub fn announce(&self, path: &str, text: &[u8], until_ms: i64, timed: bool) -> io::Result<()> {
        let target = Path::new(path);
        let temporary = Temporary::beside(target)?;
        temporary.write(text)?;
        let mut announced = self.announced.lock();
        let before = announced.get(path).filter(|before| is_still(path, before)).and_then(|before| before.kept.clone());
        let is_ours = announced.get(path).is_some_and(|before| is_still(path, before));
        let kept = if is_ours { before } else { keep_aside(target)? };
        let stamp = temporary.put_at(target)?;
        announced.insert(path.to_owned(), Announced { stamp, kept, until_ms: Some(until_ms), timed });
        self.write_list(&announced);
        Ok(())
    }

    /// Was this announced, and is it still the same file?
    pub fn is_announced(&self, path: &str) -> bool {
        self.announced.lock().get(path).is_some_and(|announced| is_still(path, announced))
    }

    /// Somebody sends what was announced.
    pub fn note_push(&self, path: &str) {
        if let Some(announced) = self.announced.lock().get_mut(path) {
            announced.until_ms = None;
        }
    }

    /// Nobody sends any more: the file goes, unless its times decide about that; true if it went.
    pub fn end(&self, path: &str) -> bool {
        let mut all = self.announced.lock();
        if all.get(path).is_none_or(|announced| announced.timed) {
            return false;
        }
        self.take_out(&mut all, path)
    }

    /// The file goes, whatever its times say.
    pub fn remove(&self, path: &str) -> bool {
        self.take_out(&mut self.announced.lock(), path)
    }

    fn take_out(&self, all: &mut HashMap<String, Announced>, path: &str) -> bool {
        let Some(announced) = all.remove(path) else { return false };
        let removed = remove_file(path, &announced);
        self.write_list(all);
        removed
    }

    /// What was announced and nobody has sent in time.
    pub fn overdue(&self, now_ms: i64) -> Vec<String> {
        let all = self.announced.lock();
        let is_late = |announced: &&Announced| announced.until_ms.is_some_and(|until| until < now_ms);
        all.iter().filter(|(_, announced)| is_late(announced)).map(|(path, _)| path.clone()).collect()
    }

    /// The announced descriptions whose times decide how long they stay.
    pub fn timed(&self) -> Vec<String> {
        self.announced.lock().iter().filter(|(_, announced)| announced.timed).map(|(path, _)| path.clone()).collect()
    }

    /// The server ends: what it has written goes, but for what stays by its times.
    pub fn end_all(&self) {
        let paths: Vec<_> = self.announced.lock().keys().cloned().collect();
        for path in paths {
            self.end(&path);
        }
    }

    /// The list is what a crash leaves to the next server.
    fn write_list(&self, all: &HashMap<String, Announced>) {
        let mut list = self.list.lock();
        let Some(List { path, file }) = list.as_mut() else { return };
        if file.metadata().is_ok_and(|facts| facts.nlink() == 0) {
            // Somebody has cleared the folder.
            if let Ok(Some(again)) = open_list(path, true) {
                *file = again;
            }
        }
        let lines: String = all.iter().map(line_of).collect();
        let written = file.seek(SeekFrom::Start(0)).and_then(|_| {
            file.write_all(lines.as_bytes())?;
            file.set_len(lines.len() as u64)
        });
        if let Err(error) = written {
            tracing::warn!("list of announced broadcasts: {error}");
        }
    }
}

/// The list of a server that runs.
struct List {
    path: PathBuf,
    file: Flock<File>,
}

/// Opens a list. `None` if a running server has it, or there is none and none is to be made.
fn open_list(path: &Path, create: bool) -> io::Result<Option<Flock<File>>> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(create).mode(0o600).custom_flags(nix::libc::O_NOFOLLOW);
    match options.open(path) {
        Ok(file) => Ok(Flock::lock(file, FlockArg::LockExclusiveNonblock).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !create => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes what a list names; what stays by its times is entered into `all`.
fn clean_up(path: &Path, list: &mut File, all: &mut HashMap<String, Announced>) {
    let mut text = String::new();
    if let Err(error) = list.read_to_string(&mut text) {
        tracing::warn!("{}: {error}", path.display());
    }
    for line in text.lines() {
        let Some((path, announced)) = parse_line(line) else { continue };
        if announced.timed {
            all.insert(path, announced);
        } else if remove_file(&path, &announced) {
            // A warning: nothing less is written while modules initialise.
            tracing::warn!("{path}: description of a broadcast that ended with the last server, removed");
        }
    }
}

/// The line of a file that takes nothing's place has this in the place of that one's name.
const NOTHING: &str = "-";

fn line_of((path, announced): (&String, &Announced)) -> String {
    let Stamp { inode, modified_ns, length } = announced.stamp;
    let kept = announced.kept.as_deref().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or(NOTHING);
    let timed = u8::from(announced.timed);
    format!("{inode}\t{modified_ns}\t{length}\t{timed}\t{kept}\t{path}\n")
}

fn parse_line(line: &str) -> Option<(String, Announced)> {
    let mut fields = line.splitn(6, '\t');
    let inode = fields.next()?.parse().ok()?;
    let modified_ns = fields.next()?.parse().ok()?;
    let length = fields.next()?.parse().ok()?;
    let timed = fields.next()? == "1";
    let kept = fields.next().filter(|name| !name.is_empty() && !name.contains('/'))?;
    let path = fields.next()?.to_owned();
    let kept = Some(kept).filter(|name| *name != NOTHING).map(|name| Path::new(&path).with_file_name(name));
    let stamp = Stamp { inode, modified_ns, length };
    Some((path, Announced { stamp, kept, until_ms: None, timed }))
}

fn is_still(path: &str, announced: &Announced) -> bool {
    fs::symlink_metadata(path).is_ok_and(|facts| Stamp::of(&facts) == announced.stamp)
}

/// Removes the file if it is still the one that was written, and puts back what stood there before.
fn remove_file(path: &str, announced: &Announced) -> bool {
    let is_ours = is_still(path, announced);
    if is_ours {
        if let Err(error) = fs::remove_file(path) {
            tracing::warn!("{path}: cannot be removed: {error}");
            return false;
        }
    }
    if let Some(kept) = &announced.kept {
        // A file that an operator has put there meanwhile stays.
        if fs::hard_link(kept, path).is_ok() {
            let _ = fs::remove_file(kept); // it has its old name again
        }
    }
    is_ours
}

/// Gives a file that is in the way a second name; the first is about to be taken. `None` if there is none.
fn keep_aside(target: &Path) -> io::Result<Option<PathBuf>> {
    match fs::symlink_metadata(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
        Ok(facts) if facts.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(_) => {}
    }
    let name = target.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    for number in 0..MOST_KEPT {
        let kept = target.with_file_name(format!(".{name}.kept{number}"));
        match fs::hard_link(target, &kept) {
            Ok(()) => return Ok(Some(kept)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "too many descriptions were kept under this name"))
}

/// A file that is not in place yet; it goes if it never is.
struct Temporary {
    path: PathBuf,
    file: File,
}

impl Temporary {
    fn beside(target: &Path) -> io::Result<Self> {
        let name = target.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let path = target.with_file_name(format!(".{name}.{:08x}", rand::random::<u32>()));
        let file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(&path)?;
        Ok(Self { path, file })
    }

    fn write(&self, text: &[u8]) -> io::Result<()> {
        (&self.file).write_all(text)
    }

    fn put_at(&self, target: &Path) -> io::Result<Stamp> {
        let facts = self.file.metadata()?;
        fs::rename(&self.path, target)?;
        Ok(Stamp::of(&facts))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Once in place it has this name no more.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place {
        folder: tempfile::TempDir,
        files: SdpFiles,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let files = SdpFiles::default();
            files.recover(folder.path());
            Self { folder, files }
        }

        fn path(&self, name: &str) -> String {
            self.folder.path().join(name).to_str().unwrap().to_owned()
        }

        fn text(&self, name: &str) -> Option<String> {
            fs::read_to_string(self.path(name)).ok()
        }

        /// As if the server had been killed and started again.
        fn crash(mut self) -> Self {
            self.files = SdpFiles::default();
            self.files.recover(self.folder.path());
            self
        }

        fn names(&self) -> Vec<String> {
            let mut names: Vec<_> = fs::read_dir(self.folder.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .filter(|name| !name.starts_with(LIST))
                .collect();
            names.sort();
            names
        }
    }

    #[test]
    fn what_is_announced_goes_with_the_broadcast() {
        let place = Place::new();
        let path = place.path("a.sdp");
        place.files.announce(&path, b"one", 100, false).unwrap();
        assert_eq!(place.text("a.sdp").as_deref(), Some("one"));
        place.files.announce(&path, b"two", 100, false).unwrap();
        assert_eq!(place.text("a.sdp").as_deref(), Some("two"), "announced again");
        assert!(place.files.is_announced(&path) && place.files.overdue(100).is_empty());
        assert_eq!(place.files.overdue(101), [path.as_str()]);
        place.files.note_push(&path);
        assert!(place.files.overdue(i64::MAX).is_empty());
        assert!(place.files.end(&path) && place.names().is_empty());
        assert!(!place.files.end(&path));
    }

    #[test]
    fn trap_61_an_operators_own_file_comes_back_and_one_with_times_stays() {
        let place = Place::new();
        let (path, timed) = (place.path("own.sdp"), place.path("timed.sdp"));
        fs::write(&path, "operator's").unwrap();
        assert!(!place.files.end(&path), "never announced");
        place.files.announce(&path, b"announced", 0, false).unwrap();
        place.files.announce(&path, b"again", 0, false).unwrap();
        assert_eq!(place.text("own.sdp").as_deref(), Some("again"));
        place.files.end(&path);
        assert_eq!(place.text("own.sdp").as_deref(), Some("operator's"));
        place.files.announce(&timed, b"timed", 0, true).unwrap();
        assert!(!place.files.end(&timed));
        place.files.end_all();
        assert_eq!(place.names(), ["own.sdp", "timed.sdp"]);
        assert_eq!(place.files.timed(), [timed.as_str()]);
        assert!(place.files.remove(&timed));
    }

    #[test]
    fn what_a_killed_server_left_is_removed_at_the_next_start() {
        let place = Place::new();
        fs::write(place.path("own.sdp"), "operator's").unwrap();
        fs::write(place.path("static.sdp"), "operator's").unwrap();
        for name in ["a.sdp", "own.sdp", "changed.sdp"] {
            place.files.announce(&place.path(name), b"announced", 0, false).unwrap();
        }
        place.files.announce(&place.path("timed.sdp"), b"timed", 0, true).unwrap();
        fs::remove_file(place.path("changed.sdp")).unwrap();
        fs::write(place.path("changed.sdp"), "by hand").unwrap();
        let place = place.crash();
        assert_eq!(place.names(), ["changed.sdp", "own.sdp", "static.sdp", "timed.sdp"]);
        assert_eq!(place.text("own.sdp").as_deref(), Some("operator's"));
        assert_eq!(place.text("changed.sdp").as_deref(), Some("by hand"));
        assert_eq!(place.files.timed(), [place.path("timed.sdp")], "its times go on");
        assert_eq!(place.crash().names().len(), 4);
    }

    #[test]
    fn a_list_that_was_removed_is_written_again() {
        let place = Place::new();
        place.files.announce(&place.path("a.sdp"), b"announced", 0, false).unwrap();
        fs::remove_file(place.path(LIST)).unwrap();
        place.files.announce(&place.path("b.sdp"), b"announced", 0, false).unwrap();
        assert_eq!(fs::read_to_string(place.path(LIST)).unwrap().lines().count(), 2);
        assert!(place.crash().names().is_empty());
    }

    #[test]
    fn lists_of_other_servers_that_are_no_more_are_cleaned_up_too() {
        let place = Place::new();
        let second = SdpFiles::default();
        second.recover(place.folder.path());
        second.announce(&place.path("b.sdp"), b"announced", 0, false).unwrap();
        second.announce(&place.path("timed.sdp"), b"timed", 0, true).unwrap();
        drop(second);
        let place = place.crash();
        assert_eq!(place.names(), ["timed.sdp"]);
        assert_eq!(place.files.timed(), [place.path("timed.sdp")]);
        assert_eq!(fs::read_to_string(place.path("announced_broadcasts.1")).unwrap(), "");
    }

    #[test]
    fn a_list_that_cannot_be_opened_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(LIST)).unwrap();
        let files = SdpFiles::default();
        files.recover(folder.path());
        let path = folder.path().join("a.sdp").to_str().unwrap().to_owned();
        files.announce(&path, b"announced", 0, false).unwrap();
        drop(files);
        SdpFiles::default().recover(folder.path());
        assert!(!Path::new(&path).exists());
    }

    #[test]
    fn a_second_server_does_not_touch_the_files_of_the_first() {
        let place = Place::new();
        place.files.announce(&place.path("a.sdp"), b"announced", 0, false).unwrap();
        let second = SdpFiles::default();
        second.recover(place.folder.path());
        assert_eq!(place.names(), ["a.sdp"]);
        second.announce(&place.path("b.sdp"), b"announced", 0, false).unwrap();
        drop(second);
        SdpFiles::default().recover(place.folder.path());
        assert_eq!(place.names(), ["a.sdp"], "that of the second has gone");
    }

    #[test]
    fn what_cannot_be_written_leaves_all_as_it_was() {
        let place = Place::new();
        assert!(place.files.announce(&place.path("no/such.sdp"), b"x", 0, false).is_err());
        fs::create_dir(place.path("dir.sdp")).unwrap();
        assert!(place.files.announce(&place.path("dir.sdp"), b"x", 0, false).is_err());
        assert_eq!(place.names(), ["dir.sdp"]);
        assert!(!place.files.is_announced(&place.path("dir.sdp")));
        assert!(read(&place.path("dir.sdp")).unwrap().is_none(), "a folder is no description");
        assert!(read(&place.path("no/such.sdp")).unwrap().is_none());
    }

    #[test]
    fn trap_58_a_movie_under_another_name_is_not_written_over() {
        let place = Place::new();
        fs::write(place.path("movie.mov"), "movie").unwrap();
        fs::hard_link(place.path("movie.mov"), place.path("x.sdp")).unwrap();
        place.files.announce(&place.path("x.sdp"), b"announced", 0, false).unwrap();
        assert_eq!(place.text("movie.mov").as_deref(), Some("movie"));
    }
}
