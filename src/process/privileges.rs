//! From root to the run user, with low ports still within reach.
//!
//! DSS 6.0.3 kept root's supplementary groups and could not open a port below 1024 once it had switched. Here the groups are
//! the run user's own, and of root's powers one is kept: binding low ports, so that a reread can add port 80 or 554.

use std::ffi::CString;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, chown, fchown};
use std::path::Path;

use caps::{CapSet, Capability, CapsHashSet};
use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{
    Gid, Group, Pid, Uid, User, getegid, geteuid, getgrouplist, getpid, getppid, setgroups, setresgid, setresuid,
};
use thiserror::Error;

use super::fork::is_single_threaded;

/// Mode of a log folder that the server makes, as in DSS.
const LOG_FOLDER_MODE: u32 = 0o700;

/// Which of the two accounts an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// `run_user_name`.
    User,
    /// `run_group_name`.
    Group,
}

/// The switch failed. The text begins as DSS's, to be logged as FATAL; the process then exits with 255 and is not started again.
#[derive(Debug, Error)]
#[error("Error switching to {what} {name}: {reason}", what = match account { Account::User => "user", Account::Group => "group" })]
pub struct PrivilegeError {
    /// Of the user or of the group.
    pub account: Account,
    /// Its name.
    pub name: String,
    /// The system's reason. Where DSS gave the reason `Success`, this says that there is no such account.
    pub reason: String,
}

impl PrivilegeError {
    fn new(account: Account, name: &str, reason: &str) -> Self {
        Self { account, name: name.to_owned(), reason: reason.to_owned() }
    }
}

/// What the switch left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switched {
    /// Ports below 1024 can still be opened.
    pub low_ports: bool,
}

#[derive(Clone, Debug)]
struct RunUser {
    name: String,
    uid: Uid,
    groups: Vec<Gid>,
}

/// The user and group that the server runs as; by default those it was started as.
#[derive(Clone, Debug, Default)]
pub struct RunAs {
    user: Option<RunUser>,
    group: Option<(String, Gid)>,
}

impl RunAs {
    /// Looks the accounts up; an empty name means "no switch". The group is looked up first, as in DSS.
    ///
    /// # Errors
    /// The system does not know one of them.
    pub fn resolve(user: &str, group: &str) -> Result<Self, PrivilegeError> {
        let group = if group.is_empty() { None } else { Some((group.to_owned(), group_id(group)?)) };
        let user = if user.is_empty() { None } else { Some(run_user(user)?) };
        Ok(Self { user, group })
    }

    /// The user id after the switch.
    pub fn uid(&self) -> u32 {
        self.user.as_ref().map_or_else(geteuid, |user| user.uid).as_raw()
    }

    /// The group id after the switch.
    pub fn gid(&self) -> u32 {
        self.group.as_ref().map_or_else(getegid, |(_, gid)| *gid).as_raw()
    }

    /// Switches the process: supplementary groups, group, user, in all their forms, for good. Root's capabilities go, but
    /// for the one that binds low ports if the process has it.
    ///
    /// Call it while the process has one thread: capabilities are a thread's, those started later inherit them. With other
    /// threads the switch still happens in all of them, but no capability is kept. A process that is the run user already
    /// (a service manager's `User=`) is left as it is.
    ///
    /// # Errors
    /// The system refused, for instance because the server was not started by root.
    pub fn switch(&self) -> Result<Switched, PrivilegeError> {
        let is_there = geteuid().as_raw() == self.uid() && getegid().as_raw() == self.gid();
        if is_there && !geteuid().is_root() {
            return Ok(Switched { low_ports: may_bind_low_ports() });
        }
        // The kernel forgets the parent-death signal when credentials change.
        let guard = prctl::get_pdeathsig().ok().flatten().map(|signal| (signal, getppid()));
        self.switch_groups()?;
        let low_ports = match &self.user {
            Some(user) => switch_user(user)?,
            None => may_bind_low_ports(),
        };
        if let Some((signal, parent)) = guard {
            guard_again(signal, parent);
        }
        Ok(Switched { low_ports })
    }

    fn switch_groups(&self) -> Result<(), PrivilegeError> {
        let gid = self.group.as_ref().map(|(_, gid)| *gid);
        let groups = match (&self.user, gid) {
            (Some(user), _) => user.groups.clone(),
            (None, Some(gid)) => vec![gid],
            (None, None) => return Ok(()),
        };
        let failed = |error: Errno| match (&self.group, &self.user) {
            (Some((name, _)), _) => PrivilegeError::new(Account::Group, name, error.desc()),
            (None, user) => {
                PrivilegeError::new(Account::User, user.as_ref().map_or("", |user| &user.name), error.desc())
            }
        };
        setgroups(&groups).map_err(failed)?;
        gid.map_or(Ok(()), |gid| setresgid(gid, gid, gid)).map_err(failed)
    }

    /// Makes a log folder (mode 0700) that belongs to the run user, if it does not exist. One that exists keeps its owner:
    /// it may be shared. The folders above it are made as well, and belong to whoever calls.
    ///
    /// # Errors
    /// The folder cannot be made or given away.
    pub fn make_log_folder(&self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        if let Some(above) = folder.parent() {
            DirBuilder::new().recursive(true).mode(0o755).create(above)?;
        }
        match DirBuilder::new().mode(LOG_FOLDER_MODE).create(folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
            result => result?,
        }
        if geteuid().is_root() { chown(folder, Some(self.uid()), Some(self.gid())) } else { Ok(()) }
    }

    /// Gives a log file that root has just opened to the run user, so that it can be rolled later. Does nothing unless it
    /// is root's, a plain file, without a second name, and the caller is root.
    ///
    /// # Errors
    /// The file cannot be opened or given away.
    pub fn own_log_file(&self, file: &Path) -> io::Result<()> {
        if !geteuid().is_root() || self.uid() == 0 {
            return Ok(());
        }
        // The folder may be the run user's, who could have put a link to any of root's files there.
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
        let file = fs::OpenOptions::new().append(true).custom_flags(flags).open(file)?;
        let found = file.metadata()?;
        if found.is_file() && found.nlink() == 1 && found.uid() == 0 {
            fchown(&file, Some(self.uid()), Some(self.gid()))?;
        }
        Ok(())
    }

    /// The warning for a log folder in which the run user cannot make files, so that its logs can never be rolled; `None`
    /// when all is well or the folder is missing.
    pub fn log_folder_warning(&self, folder: &Path) -> Option<String> {
        let found = fs::metadata(folder).ok()?;
        let groups = self.user.as_ref().map_or(&[][..], |user| &user.groups);
        let in_group = found.gid() == self.gid() || groups.iter().any(|gid| gid.as_raw() == found.gid());
        let shift = if found.uid() == self.uid() {
            6
        } else if in_group {
            3
        } else {
            0
        };
        if self.uid() == 0 || (found.mode() >> shift) & 0o3 == 0o3 {
            return None;
        }
        let name = self.user.as_ref().map_or("run", |user| user.name.as_str());
        Some(format!(
            "The {name} user cannot make files in the log folder {}: its logs cannot be rolled or reopened",
            folder.display()
        ))
    }
}

const NO_SUCH_USER: &str = "there is no such user";

fn group_id(name: &str) -> Result<Gid, PrivilegeError> {
    match Group::from_name(name) {
        Ok(Some(group)) => Ok(group.gid),
        Ok(None) => Err(PrivilegeError::new(Account::Group, name, "there is no such group")),
        Err(error) => Err(PrivilegeError::new(Account::Group, name, error.desc())),
    }
}

fn run_user(name: &str) -> Result<RunUser, PrivilegeError> {
    let failed = |reason: &str| PrivilegeError::new(Account::User, name, reason);
    let user = User::from_name(name).map_err(|error| failed(error.desc()))?.ok_or_else(|| failed(NO_SUCH_USER))?;
    let c_name = CString::new(name).map_err(|_| failed(NO_SUCH_USER))?;
    let groups = getgrouplist(&c_name, user.gid).map_err(|error| failed(error.desc()))?;
    Ok(RunUser { name: name.to_owned(), uid: user.uid, groups })
}

/// Switches the user; the result tells whether low ports can still be bound.
fn switch_user(user: &RunUser) -> Result<bool, PrivilegeError> {
    let failed = |error: Errno| PrivilegeError::new(Account::User, &user.name, error.desc());
    let keep = !user.uid.is_root() && is_single_threaded() && may_bind_low_ports();
    prctl::set_keepcaps(keep).map_err(failed)?;
    setresuid(user.uid, user.uid, user.uid).map_err(failed)?;
    if keep {
        // All of root's powers are still there to be taken; a failure here must end the server.
        reduce_capabilities().map_err(|error| PrivilegeError::new(Account::User, &user.name, &error.to_string()))?;
        prctl::set_keepcaps(false).map_err(failed)?;
    }
    Ok(may_bind_low_ports())
}

fn reduce_capabilities() -> Result<(), caps::errors::CapsError> {
    let one = CapsHashSet::from([Capability::CAP_NET_BIND_SERVICE]);
    caps::set(None, CapSet::Effective, &one)?;
    caps::set(None, CapSet::Permitted, &one)?;
    caps::clear(None, CapSet::Inheritable)
}

/// Whether the calling thread may open ports below 1024.
pub fn may_bind_low_ports() -> bool {
    let held = |set| caps::has_cap(None, set, Capability::CAP_NET_BIND_SERVICE).unwrap_or(false);
    held(CapSet::Effective) || (geteuid().is_root() && held(CapSet::Permitted))
}

/// Asks the kernel again for a signal at the parent's death, and sends it when that has happened meanwhile.
fn guard_again(signal: Signal, parent: Pid) {
    let _ = prctl::set_pdeathsig(signal); // it worked before
    if getppid() != parent {
        let _ = kill(getpid(), signal);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn unknown_accounts_fail_with_dss_words_and_a_true_reason_the_group_first() {
        let error = RunAs::resolve("nosuchuser", "").unwrap_err();
        assert_eq!(error.to_string(), "Error switching to user nosuchuser: there is no such user");
        let error = RunAs::resolve("nosuchuser", "nosuchgroup").unwrap_err();
        assert_eq!(error.to_string(), "Error switching to group nosuchgroup: there is no such group");
    }

    #[test]
    fn empty_names_switch_nothing() {
        let run_as = RunAs::resolve("", "").unwrap();
        assert_eq!((run_as.uid(), run_as.gid()), (geteuid().as_raw(), getegid().as_raw()));
        assert_eq!(run_as.switch().unwrap().low_ports, may_bind_low_ports());
        assert_eq!((run_as.uid(), run_as.gid()), (geteuid().as_raw(), getegid().as_raw()));
    }

    #[test]
    fn a_log_folder_is_made_for_the_run_user_and_an_existing_one_keeps_its_owner() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("var/logs");
        let run_as = if geteuid().is_root() { RunAs::resolve("nobody", "") } else { RunAs::resolve("", "") }.unwrap();
        run_as.make_log_folder(&folder).unwrap();
        let made = fs::metadata(&folder).unwrap();
        assert_eq!((made.uid(), made.mode() & 0o777), (run_as.uid(), 0o700));
        assert_eq!(fs::metadata(root.path().join("var")).unwrap().uid(), geteuid().as_raw());
        assert_eq!(run_as.log_folder_warning(&folder), None);
        run_as.make_log_folder(root.path()).unwrap();
        assert_eq!(fs::metadata(root.path()).unwrap().uid(), geteuid().as_raw());
        assert_eq!(run_as.log_folder_warning(&root.path().join("missing")), None);
    }

    #[test]
    fn a_log_folder_that_the_run_user_cannot_write_is_told() {
        let nobody = RunAs::resolve("nobody", "").unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let warning = nobody.log_folder_warning(folder.path()).unwrap();
        assert!(warning.starts_with("The nobody user cannot make files in the log folder "), "{warning}");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(nobody.log_folder_warning(folder.path()), None);
    }

    #[test]
    fn only_a_plain_file_of_root_is_given_away() {
        let folder = tempfile::tempdir().unwrap();
        let nobody = RunAs::resolve("nobody", "").unwrap();
        let owner = |name: &str| fs::metadata(folder.path().join(name)).unwrap().uid();
        for name in ["log", "twice", "target"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        fs::hard_link(folder.path().join("twice"), folder.path().join("other")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("target"), folder.path().join("link")).unwrap();
        let own = |name: &str| nobody.own_log_file(&folder.path().join(name));
        own("log").unwrap();
        own("twice").unwrap();
        let us = geteuid();
        assert_eq!(owner("log"), if us.is_root() { nobody.uid() } else { us.as_raw() });
        assert_eq!(owner("twice"), us.as_raw());
        assert_eq!(own("link").is_err(), us.is_root(), "a link is not followed");
        assert_eq!(owner("target"), us.as_raw());
    }
}
