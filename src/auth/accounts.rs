//! Users and groups as they are on disk now.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;

use super::checker::Checker;
use super::groups::Groups;
use super::password::HashForm;
use super::secret::Secret;
use super::users::{User, Users};
use crate::config::store;

/// Pairs of files that are kept; more are read at each request.
const CAPACITY: usize = 64;

/// A file changed less than this long ago is read again: a second change may bear the same times and size.
const RACY_NANOSECONDS: i128 = 1_000_000_000;

/// The users and groups of one pair of files, unchanging.
#[derive(Debug, Default)]
pub struct Accounts {
    /// The users file.
    pub users: Users,
    /// The groups file.
    pub groups: Groups,
}

impl Accounts {
    /// The realm of the users file.
    pub fn realm(&self) -> Option<&str> {
        self.users.realm()
    }

    /// A user by name.
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.get(name)
    }

    /// The groups of a user; empty for a user that the users file does not know, as in DSS.
    pub fn groups_of(&self, name: &str) -> &[String] {
        if self.user(name).is_some() { self.groups.of(name) } else { &[] }
    }

    /// Whether Basic credentials are right. May take a tenth of a second; see [`Checker::must_hash`].
    pub fn check_basic(&self, name: &str, password: &Secret, checker: &Checker, now: Instant) -> bool {
        let user = self.user(name);
        let matched = checker.check(user.map(|user| user.crypt.as_str()), password, now);
        matched && !user.is_none_or(|user| user.is_cut_short(self.realm().unwrap_or_default(), password))
    }

    /// Whether [`check_basic`](Self::check_basic) would take long, so that it belongs on a thread that may block.
    pub fn basic_is_slow(&self, name: &str, password: &Secret, checker: &Checker, now: Instant) -> bool {
        checker.must_hash(self.user(name).map(|user| user.crypt.as_str()), password, now)
    }

    /// Users whose stored hash is weak (DES or MD5): worth a new password.
    pub fn is_weak(&self, name: &str) -> bool {
        self.user(name).and_then(|user| HashForm::of(&user.crypt)).is_some_and(|form| !form.is_slow())
    }
}

/// What a look at the files gave.
pub struct Reading {
    /// The present users and groups; without users when the users file cannot be read.
    pub accounts: Arc<Accounts>,
    /// Lines for the error log, at WARNING; DSS's own words where it had them. Each once until the file changes.
    pub news: Vec<String>,
}

/// Reads users and groups files again whenever one has changed in any way: time, size, or another file in its place. DSS
/// 6.0.3 looked for newer times only, so that a restored backup was ignored.
#[derive(Default)]
pub struct AccountsCache {
    pairs: Mutex<HashMap<(PathBuf, PathBuf), Cached>>,
}

struct Cached {
    users: State,
    groups: State,
    accounts: Arc<Accounts>,
}

/// What identifies a file's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Missing,
    Unreadable,
    There { device: u64, inode: u64, length: u64, modified: i128, changed: i128, settled: bool },
}

impl State {
    fn of(path: &Path) -> Self {
        let metadata = match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::Missing,
            _ => return Self::Unreadable,
        };
        let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        let changed = nanoseconds(metadata.ctime(), metadata.ctime_nsec());
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_nanos();
        Self::There {
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.len(),
            modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed,
            settled: i128::try_from(now).unwrap_or(i128::MAX).saturating_sub(changed) > RACY_NANOSECONDS,
        }
    }

    /// Whether a file in state `now` has surely the content that was read in this state.
    fn still_holds(self, now: Self) -> bool {
        match self {
            // Whether it can be read may change without a trace in the file.
            Self::Unreadable | Self::There { settled: false, .. } => false,
            state => state == now,
        }
    }

    /// Whether the two are the same state as far as one can see: then there is no news.
    fn is_same(self, other: Self) -> bool {
        let settled = |state| match state {
            Self::There { device, inode, length, modified, changed, .. } => {
                Self::There { device, inode, length, modified, changed, settled: true }
            }
            state => state,
        };
        settled(self) == settled(other)
    }
}

impl AccountsCache {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    /// The users and groups of a pair of files, read if something has changed since the last look. Costs two `stat`s when
    /// nothing has.
    pub fn get(&self, users: &Path, groups: &Path) -> Reading {
        // Looked at before reading: what changes in between is seen at the next look.
        let (mut users_now, mut groups_now) = (State::of(users), State::of(groups));
        let key = (users.to_owned(), groups.to_owned());
        let mut pairs = self.pairs.lock();
        let before = pairs.get(&key);
        if let Some(cached) = before {
            if cached.users.still_holds(users_now) && cached.groups.still_holds(groups_now) {
                return Reading { accounts: Arc::clone(&cached.accounts), news: Vec::new() };
            }
        }
        let (users_bytes, groups_bytes) = (read(users, &mut users_now), read(groups, &mut groups_now));
        let accounts = Arc::new(Accounts {
            users: users_bytes.as_deref().map(Users::parse).unwrap_or_default(),
            groups: groups_bytes.as_deref().map(Groups::parse).unwrap_or_default(),
        });
        let mut news = Vec::new();
        if before.is_none_or(|cached| !cached.users.is_same(users_now)) {
            tell("users", users, users_now, accounts.users.findings(), &mut news);
        }
        if before.is_none_or(|cached| !cached.groups.is_same(groups_now)) {
            tell("groups", groups, groups_now, accounts.groups.findings(), &mut news);
        }
        if pairs.len() >= CAPACITY && !pairs.contains_key(&key) {
            pairs.clear();
        }
        pairs.insert(key, Cached { users: users_now, groups: groups_now, accounts: Arc::clone(&accounts) });
        Reading { accounts, news }
    }
}

fn read(path: &Path, state: &mut State) -> Option<Vec<u8>> {
    if !matches!(state, State::There { .. }) {
        return None;
    }
    match store::read(path) {
        Ok((bytes, _)) => Some(bytes),
        Err(error) => {
            *state = if error.kind() == io::ErrorKind::NotFound { State::Missing } else { State::Unreadable };
            None
        }
    }
}

fn tell(kind: &str, path: &Path, state: State, findings: &[super::FileFinding], news: &mut Vec<String>) {
    let path = path.display();
    match state {
        State::Missing | State::There { length: 0, .. } => news.push(format!("No {kind} file found at {path}.")),
        State::Unreadable => news.push(format!("Unable to read the {kind} file at {path}. It may be corrupted.")),
        State::There { .. } => {
            if kind == "users" && findings.iter().any(|finding| finding.text.contains("realm")) {
                news.push(format!("Unable to read the users file at {path}. It may be corrupted."));
            }
            news.extend(findings.iter().map(|finding| format!("{path}: {finding}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::super::users::SIX_USERS;
    use super::*;

    struct Files {
        _folder: tempfile::TempDir,
        users: PathBuf,
        groups: PathBuf,
        cache: AccountsCache,
    }

    impl Files {
        fn new(users: &str, groups: &str) -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let (users_path, groups_path) = (folder.path().join("qtusers"), folder.path().join("qtgroups"));
            fs::write(&users_path, users).expect("a file");
            fs::write(&groups_path, groups).expect("a file");
            Self { _folder: folder, users: users_path, groups: groups_path, cache: AccountsCache::new() }
        }

        fn get(&self) -> Reading {
            self.cache.get(&self.users, &self.groups)
        }

        fn knows(&self, user: &str) -> bool {
            self.get().accounts.user(user).is_some()
        }
    }

    #[test]
    fn users_and_groups_are_put_together() {
        let files = Files::new(SIX_USERS, "admin: admin ghost\nwatchers: carol dave\n");
        let Reading { accounts, news } = files.get();
        assert_eq!((accounts.realm(), news), (Some("Streaming Server"), vec![]));
        assert_eq!(accounts.groups_of("carol"), ["watchers"]);
        assert!(accounts.groups_of("ghost").is_empty(), "a group does not make a user");
        assert!(accounts.is_weak("carol"));
    }

    #[test]
    fn basic_passwords_are_checked_whole() {
        let files = Files::new(SIX_USERS, "");
        let (accounts, checker, now) = (files.get().accounts, Checker::new(), Instant::now());
        let check = |user: &str, password: &str| accounts.check_basic(user, &Secret::new(password), &checker, now);
        assert!(check("alice", "wonder1") && check("eve", "brOadcast5"));
        assert!(!check("alice", "wonder2") && !check("eve", "brOadcas") && !check("zoe", "x") && !check("", ""));
    }

    #[test]
    fn trap_28_a_restored_older_backup_counts() {
        let files = Files::new(SIX_USERS, "");
        assert!(files.knows("alice"));
        fs::write(&files.users, "realm Streaming Server\nbackup:pxZoqnEZVAx8E:\n").expect("a file");
        let old = SystemTime::now() - Duration::from_secs(86_400 * 400);
        fs::File::options().write(true).open(&files.users).and_then(|file| file.set_modified(old)).expect("a time");
        assert!(files.knows("backup") && !files.knows("alice"));
    }

    #[test]
    fn a_file_in_the_other_s_place_with_equal_size_and_time_is_noticed() {
        let files = Files::new("realm x\nalice:pxZoqnEZVAx8E:\n", "");
        let time = fs::metadata(&files.users).and_then(|metadata| metadata.modified()).expect("a time");
        assert!(files.knows("alice"));
        let new = files.users.with_extension("new");
        fs::write(&new, "realm x\nclair:pxZoqnEZVAx8E:\n").expect("a file");
        fs::File::options().write(true).open(&new).and_then(|file| file.set_modified(time)).expect("a time");
        fs::rename(&new, &files.users).expect("renamed");
        assert!(files.knows("clair") && !files.knows("alice"));
    }

    #[test]
    fn a_missing_users_file_lets_nobody_in_and_is_told_once() {
        let files = Files::new(SIX_USERS, "a: b\n");
        assert!(files.knows("alice"));
        fs::remove_file(&files.users).expect("removed");
        let reading = files.get();
        assert!(reading.accounts.users.is_empty());
        assert_eq!(reading.news, [format!("No users file found at {}.", files.users.display())]);
        assert_eq!(files.get().news, Vec::<String>::new());
        fs::write(&files.users, SIX_USERS).expect("a file");
        assert!(files.knows("alice"));
    }

    #[test]
    fn files_that_are_no_files_are_told_and_do_not_block() {
        let folder = tempfile::tempdir().expect("a folder");
        let fifo = folder.path().join("qtusers");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).expect("a fifo");
        let cache = AccountsCache::new();
        let reading = cache.get(&fifo, folder.path());
        assert!(reading.accounts.users.is_empty());
        assert!(reading.news.iter().all(|news| news.starts_with("Unable to read the ")), "{:?}", reading.news);
        assert_eq!(reading.news.len(), 2);
    }

    #[test]
    fn trap_27_a_file_of_comments_is_reported_and_the_server_lives() {
        let files = Files::new("#\n", "");
        let news = files.get().news;
        assert!(news[0].starts_with("Unable to read the users file at "), "{news:?}");
        assert!(files.get().news.is_empty());
    }

    #[test]
    fn many_pairs_do_not_fill_the_memory() {
        let cache = AccountsCache::new();
        for number in 0..CAPACITY * 3 {
            cache.get(Path::new(&format!("/nonexistent/{number}")), Path::new("/nonexistent/groups"));
        }
        assert!(cache.pairs.lock().len() <= CAPACITY);
    }
}
