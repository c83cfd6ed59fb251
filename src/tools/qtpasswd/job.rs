//! The work: questions first, then files under their locks, then messages.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use nix::unistd::{Uid, User};

use super::console::Console;
use super::options::{Membership, OWNER, Options, Task};
use crate::auth::Secret;
use crate::auth::edit::{EditError, GroupsText, MAX_PASSWORD, UsersText, check_user};
use crate::auth::save::{FolderLock, save};
use crate::config::store;

/// The most of a password file that is looked at, in bytes.
const MAX_PASSWORD_FILE: u64 = 4096;

/// The work ends here; everything has been said.
struct Stop(i32);

type Done<T = ()> = Result<T, Stop>;

/// Does what the options say and returns the exit code.
pub(super) fn run(options: &Options, console: &mut dyn Console) -> i32 {
    if let Some(warning) = options.warning {
        console.complain(warning);
    }
    let mut job = Job { options, console, owner: None };
    match job.run() {
        Ok(()) => 0,
        Err(Stop(code)) => code,
    }
}

struct Job<'a> {
    options: &'a Options,
    console: &'a mut dyn Console,
    /// User id that the files are given to.
    owner: Option<u32>,
}

impl Job<'_> {
    fn run(&mut self) -> Done {
        self.find_owner()?;
        match &self.options.task {
            Task::CreateGroup(group) => self.create_group(group),
            Task::RemoveGroup(group) => self.remove_group(group),
            Task::DeleteUser(user) => self.delete_user(user),
            Task::SetUser { user, membership: Some(Membership::Remove(group)) } if self.options.new_file.is_none() => {
                self.leave_group(user, group)
            }
            Task::SetUser { user, membership } => self.set_user(user, membership.as_ref()),
        }
    }

    fn fail<T>(&mut self, problem: impl AsRef<str>) -> Done<T> {
        self.console.complain(problem.as_ref());
        Err(Stop(1))
    }

    /// Fails with a message of the system, and DSS's advice when rights are missing.
    fn fail_with<T>(&mut self, what: &str, error: &io::Error) -> Done<T> {
        self.console.complain(&format!("{what} (err={})", shown(error)));
        if error.kind() == io::ErrorKind::PermissionDenied {
            self.console.complain("You must use the sudo command to edit the users and groups files.");
            self.console.complain("Example: sudo qtpasswd user");
        }
        Err(Stop(1))
    }

    /// Only root gives files away. A default owner that does not exist changes nothing, as in DSS.
    fn find_owner(&mut self) -> Done {
        if !Uid::effective().is_root() {
            return Ok(());
        }
        let name = self.options.owner.as_deref().unwrap_or(OWNER);
        match User::from_name(name) {
            Ok(Some(user)) => self.owner = Some(user.uid.as_raw()),
            Ok(None) if self.options.owner.is_none() => {}
            Ok(None) => return self.fail(format!("There is no user {name} on this system.")),
            Err(error) => return self.fail(format!("The user {name} cannot be looked up: {error}")),
        }
        Ok(())
    }

    /// Whether the answer is yes. Return alone means yes, as the question says; the end of input means no.
    fn confirm(&mut self, question: &str) -> Done<bool> {
        if self.options.force {
            return Ok(true);
        }
        match self.console.ask(question) {
            Some(answer) => Ok(!answer.trim_start().starts_with(['n', 'N'])),
            None => self.fail("\nThere was no answer; nothing is changed."),
        }
    }

    fn lock(&mut self, file: &Path) -> Done<FolderLock> {
        match FolderLock::of(file) {
            Ok(lock) => Ok(lock),
            Err(error) => self.fail_with(&format!("Could not lock the folder of {}.", file.display()), &error),
        }
    }

    /// A second lock, when the file is in another folder.
    fn lock_also(&mut self, first: &FolderLock, file: &Path) -> Done<Option<FolderLock>> {
        if first.covers(file) { Ok(None) } else { self.lock(file).map(Some) }
    }

    fn save(&mut self, path: &Path, bytes: &[u8]) -> Done {
        match save(path, bytes, self.owner) {
            Ok(()) => Ok(()),
            Err(error) => self.fail_with(&format!("Could not write {}.", path.display()), &error),
        }
    }

    fn users(&mut self) -> Done<UsersText> {
        let path = &self.options.users_file;
        let bytes = match store::read(path) {
            Ok((bytes, _)) => bytes,
            Err(error) => {
                let what = format!("Could not open passwd file {} for reading.", path.display());
                let failed = self.fail_with(&what, &error);
                self.console.complain("Use -c option to create new one.");
                return failed;
            }
        };
        match UsersText::parse(&bytes) {
            Ok(users) => Ok(users),
            Err(_) => {
                self.console.complain("Invalid users file.");
                self.console.complain("The first non-comment non-blank line must be the realm line");
                self.fail("The file may have been tampered manually!")
            }
        }
    }

    /// The groups file, made if it is missing.
    fn groups(&mut self) -> Done<GroupsText> {
        let path = &self.options.groups_file;
        match store::read(path) {
            Ok((bytes, _)) => Ok(GroupsText::parse(&bytes)),
            Err(error) => {
                let what = format!("Could not open groups file {} to manipulate groups file.", path.display());
                if error.kind() != io::ErrorKind::NotFound {
                    return self.fail_with(&what, &error);
                }
                self.console.complain(&format!("{what} (err={})", shown(&error)));
                self.save(path, b"")?;
                self.console.say(&format!("Created new groups file {}.", path.display()));
                Ok(GroupsText::parse(b""))
            }
        }
    }

    fn save_groups(&mut self, groups: &GroupsText) -> Done {
        self.save(&self.options.groups_file, &groups.to_bytes())
    }

    fn edited<T>(&mut self, result: Result<T, EditError>) -> Done<T> {
        match result {
            Ok(value) => Ok(value),
            Err(error) => self.fail(error.to_string()),
        }
    }

    fn create_group(&mut self, group: &str) -> Done {
        let _lock = self.lock(&self.options.groups_file)?;
        let mut groups = self.groups()?;
        let added = groups.add_group(group);
        let added = self.edited(added)?;
        // Written in any case: the owner may need mending.
        self.save_groups(&groups)?;
        self.console.say(&if added {
            format!("Created new group {group}")
        } else {
            format!("Group {group} exists already")
        });
        Ok(())
    }

    fn remove_group(&mut self, group: &str) -> Done {
        let _lock = self.lock(&self.options.groups_file)?;
        let mut groups = self.groups()?;
        if !groups.remove_group(group) {
            return self.fail(format!("Group {group} not found in groups file."));
        }
        self.save_groups(&groups)?;
        self.console.say(&format!("Deleted group {group}"));
        Ok(())
    }

    fn delete_user(&mut self, user: &str) -> Done {
        let question =
            format!("Delete user {user} (will also delete user from groups in the groups file)? y or n [y] ");
        if !self.confirm(&question)? {
            return Err(Stop(0));
        }
        let lock = self.lock(&self.options.users_file)?;
        let has_groups = self.options.groups_file.exists();
        let _other = if has_groups { self.lock_also(&lock, &self.options.groups_file)? } else { None };
        let mut users = self.users()?;
        let found = users.remove(user);
        if found {
            self.console.say(&format!("Deleting user {user}"));
            self.console.say(&format!("Deleting user {user} from all groups"));
            self.save(&self.options.users_file, &users.to_bytes())?;
        } else {
            self.console.say(&format!("Username {user} not found in users file."));
            self.console.say(&format!("Deleting user {user} from all groups if found in groups file"));
        }
        if has_groups {
            let mut groups = self.groups()?;
            if groups.remove_user(None, user) {
                self.save_groups(&groups)?;
            }
        }
        if found { Ok(()) } else { Err(Stop(1)) }
    }

    fn leave_group(&mut self, user: &str, group: &str) -> Done {
        let _lock = self.lock(&self.options.groups_file)?;
        let mut groups = self.groups()?;
        let found = groups.remove_user(Some(group), user);
        self.console.say(&if found {
            format!("Deleting user {user} from group {group}")
        } else {
            format!("User {user} is not in group {group}")
        });
        self.save_groups(&groups)
    }

    fn set_user(&mut self, user: &str, membership: Option<&Membership>) -> Done {
        let checked = check_user(user);
        self.edited(checked)?;
        if self.options.new_file.is_some() && self.options.users_file.exists() {
            let question = "File already exists. Do you wish to overwrite it? y or n [y] ";
            if !self.confirm(question)? {
                return Err(Stop(1));
            }
        }
        let there = self.start_users()?.contains(user);
        if let Some(realm) = &self.options.new_file {
            self.console.say(&format!("Creating password file for realm {realm}."));
        }
        let given = self.given_password()?;
        // A user who only joins a group keeps the password.
        let keeps = there && membership.is_some() && given.is_none();
        let password = if keeps {
            None
        } else {
            let what = if there { "Changing password for user" } else { "Adding userName" };
            self.console.say(&format!("{what} {user}"));
            Some(given.map_or_else(|| self.prompted_password(), Ok)?)
        };
        self.write_user(user, password.as_ref(), membership)
    }

    /// The users to begin with: a new file's, or those that are there.
    fn start_users(&mut self) -> Done<UsersText> {
        match &self.options.new_file {
            Some(realm) => {
                let users = UsersText::new(realm);
                self.edited(users)
            }
            None => self.users(),
        }
    }

    fn write_user(&mut self, user: &str, password: Option<&Secret>, membership: Option<&Membership>) -> Done {
        let lock = self.lock(&self.options.users_file)?;
        let _other = if membership.is_some() { self.lock_also(&lock, &self.options.groups_file)? } else { None };
        // Read again: the file may have changed while the password was typed.
        let mut users = self.start_users()?;
        if let Some(password) = password {
            let set = users.set(user, password, self.options.storage);
            self.edited(set)?;
        }
        // Before anything is written: the group may refuse the name.
        let groups = match membership {
            Some(Membership::Add(group)) => {
                let mut groups = self.groups()?;
                let added = groups.add_user(group, user);
                self.edited(added)?;
                self.console.say(&format!("Adding user {user} to group {group}"));
                Some(groups)
            }
            Some(Membership::Remove(group)) => {
                let mut groups = self.groups()?;
                groups.remove_user(Some(group), user);
                self.console.say(&format!("Deleting user {user} from group {group}"));
                Some(groups)
            }
            None => None,
        };
        if password.is_some() || self.options.new_file.is_some() {
            self.save(&self.options.users_file, &users.to_bytes())?;
        }
        groups.map_or(Ok(()), |groups| self.save_groups(&groups))
    }

    /// The password of `-p`, or of the file of `-P` if there is one.
    fn given_password(&mut self) -> Done<Option<Secret>> {
        if let Some(password) = &self.options.password {
            return self.checked(password.clone()).map(Some);
        }
        let Some(path) = &self.options.password_file else { return Ok(None) };
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| file.take(MAX_PASSWORD_FILE).read_to_end(&mut bytes));
        let bytes = Secret::new(bytes);
        match read {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return self.fail_with(&format!("Could not read the password file {}.", path.display()), &error);
            }
            Ok(_) => {}
        }
        let password = Secret::new(first_word(bytes.as_bytes()));
        if is_blank(&password) {
            self.console.complain(&format!("Password in file {} is blank.", path.display()));
        } else if password.as_bytes().len() > MAX_PASSWORD {
            self.console.complain(&format!(
                "Password in file {} has more than {MAX_PASSWORD} characters. Cannot accept password.",
                path.display()
            ));
        } else {
            return self.checked(password).map(Some);
        }
        self.console.say("Exiting! ");
        Err(Stop(1))
    }

    fn prompted_password(&mut self) -> Done<Secret> {
        let Some(password) = self.console.ask_password("New password:") else {
            return self.fail("Password cannot be blank, sorry.");
        };
        let password = self.checked(password)?;
        match self.console.ask_password("Re-type new password:") {
            Some(again) if again == password => Ok(password),
            _ => self.fail("They don't match, sorry."),
        }
    }

    fn checked(&mut self, password: Secret) -> Done<Secret> {
        let bytes = password.as_bytes();
        if is_blank(&password) {
            self.fail("Password cannot be blank, sorry.")
        } else if bytes.len() > MAX_PASSWORD {
            self.fail(format!("Password cannot have more than {MAX_PASSWORD} characters."))
        } else if bytes.iter().any(|byte| matches!(byte, b'\0' | b'\r' | b'\n')) {
            self.fail("Password cannot have line ends in it.")
        } else {
            Ok(password)
        }
    }
}

fn is_blank(password: &Secret) -> bool {
    password.as_bytes().iter().all(|&byte| byte == b' ')
}

/// The password in a file: the first line's text in single or double quotes, or its first word.
fn first_word(bytes: &[u8]) -> &[u8] {
    let line = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    match line.first() {
        Some(quote @ (b'"' | b'\'')) => line[1..].split(|byte| byte == quote).next().unwrap_or_default(),
        _ => line.split(u8::is_ascii_whitespace).next().unwrap_or_default(),
    }
}

/// A system's error as DSS showed it: `2:No such file or directory`.
fn shown(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => format!("{number}:{}", nix::errno::Errno::from_raw(number).desc()),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_file_may_quote() {
        assert_eq!(first_word(b"one two\nthree"), b"one");
        assert_eq!(first_word(b"'a b*' x\n"), b"a b*");
        assert_eq!(first_word(b"\"$x\"\r\n"), b"$x");
        assert_eq!(first_word(b""), b"");
        assert_eq!(first_word(b"'open"), b"open");
    }
}
