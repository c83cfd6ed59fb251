//! The tool's options and which of them go together.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use clap::{ArgAction, Parser, ValueEnum};

use crate::auth::Secret;
use crate::auth::edit::{MAX_NAME, MAX_PASSWORD, Storage};
use crate::auth::password::HashForm;

/// What `-h` shows, and mistakes; the synopsis is DSS's.
pub(super) const USAGE: &str = concat!(
    "  qtpasswd ",
    env!("CARGO_PKG_VERSION"),
    "
  Usage: qtpasswd [-F] [-f filename] [-c] [-g groupsfilename] [-r realm] [-p password] [-P passwordfile] [-A group] [-D group] \
     [-d] [-C group] [-R group] [-O owner] [--hash form] [--digest kind] [username]
  -F   No questions before deleting users or overwriting files.
  -f   The users file (default /etc/streaming/qtusers).
  -c   Make a new users file.
  -g   The groups file (default /etc/streaming/qtgroups); made when it is needed and missing.
  -r   Realm of the new file, with -c only (default \"Streaming Server\").
  -p   The password, instead of a prompt.
  -P   A file with the password in its first line, instead of a prompt.
  -d   Delete the user, from all groups, too.
  -A   Put the user into this group; the group is made if it is missing.
  -D   Take the user out of this group.
  -C   Make this group; without a user name.
  -R   Remove this group; without a user name.
  -O   Owner of the changed files (default qtss).
  --hash    How the password is stored: bcrypt (default), yescrypt, argon2id, sha512; des for any DSS 6.0.3, but then eight
            characters count.
  --digest  Digests kept for Digest authentication: md5 (default), sha256, both, none.
  -h, -v, -?   Show this.
  Names of users and groups have at most 255 bytes and no colon, passwords at most 80.
  What the shell would interpret has to be quoted: qtpasswd 'a user'.
"
);

/// Default users file.
const USERS_FILE: &str = "/etc/streaming/qtusers";

/// Default groups file.
const GROUPS_FILE: &str = "/etc/streaming/qtgroups";

/// Default realm.
const REALM: &str = "Streaming Server";

/// Default owner of the files.
pub(super) const OWNER: &str = "qtss";

#[derive(Parser)]
#[command(name = "qtpasswd", disable_help_flag = true, disable_version_flag = true, args_override_self = true)]
struct Arguments {
    #[arg(short = 'F')]
    force: bool,
    #[arg(short = 'f', allow_hyphen_values = true)]
    users_file: Option<PathBuf>,
    #[arg(short = 'c')]
    create: bool,
    #[arg(short = 'g', allow_hyphen_values = true)]
    groups_file: Option<PathBuf>,
    #[arg(short = 'r', allow_hyphen_values = true)]
    realm: Option<String>,
    #[arg(short = 'p', allow_hyphen_values = true)]
    password: Option<OsString>,
    #[arg(short = 'P', allow_hyphen_values = true)]
    password_file: Option<PathBuf>,
    #[arg(short = 'd')]
    delete: bool,
    #[arg(short = 'A', allow_hyphen_values = true)]
    add_to: Option<String>,
    #[arg(short = 'D', allow_hyphen_values = true)]
    delete_from: Option<String>,
    #[arg(short = 'C', allow_hyphen_values = true)]
    create_group: Option<String>,
    #[arg(short = 'R', allow_hyphen_values = true)]
    remove_group: Option<String>,
    #[arg(short = 'O', allow_hyphen_values = true)]
    owner: Option<String>,
    #[arg(long, value_enum, default_value = "bcrypt")]
    hash: Form,
    #[arg(long, value_enum, default_value = "md5")]
    digest: Kind,
    #[arg(short = 'h', short_alias = 'v', visible_short_alias = '?', long = "help", alias = "version", action = ArgAction::SetTrue)]
    usage: bool,
    user: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    Bcrypt,
    Yescrypt,
    Argon2id,
    Sha512,
    Des,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Kind {
    Md5,
    Sha256,
    Both,
    None,
}

/// A group and what happens with the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Membership {
    Add(String),
    Remove(String),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Task {
    CreateGroup(String),
    RemoveGroup(String),
    DeleteUser(String),
    SetUser { user: String, membership: Option<Membership> },
}

/// Options that go together.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) task: Task,
    /// Realm of a users file that is to be made first.
    pub(super) new_file: Option<String>,
    pub(super) users_file: PathBuf,
    pub(super) groups_file: PathBuf,
    /// The password given with `-p`, which `ps` shows.
    pub(super) password: Option<Secret>,
    pub(super) password_file: Option<PathBuf>,
    /// `None` when not said: then [`OWNER`], if there is such a user.
    pub(super) owner: Option<String>,
    pub(super) force: bool,
    pub(super) storage: Storage,
    /// Remarks before the work begins.
    pub(super) warning: Option<&'static str>,
}

/// What the arguments ask for.
#[derive(Debug)]
pub(super) enum Parsed {
    Usage,
    Job(Box<Options>),
}

/// Why nothing is done.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) problem: String,
    pub(super) with_usage: bool,
}

impl Refused {
    fn plain(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), with_usage: false }
    }

    fn with_usage(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), with_usage: true }
    }
}

/// Reads the arguments, the program's name first.
pub(super) fn parse(arguments: &[OsString]) -> Result<Parsed, Refused> {
    let read = Arguments::try_parse_from(arguments).map_err(|error| Refused::with_usage(error.render().to_string()))?;
    if read.usage {
        return Ok(Parsed::Usage);
    }
    read.check()?;
    let task = read.task()?;
    let named_in_vain = read.user.is_some() && matches!(task, Task::CreateGroup(_) | Task::RemoveGroup(_));
    let password = read.password.map(|password| Secret::new(password.into_vec()));
    Ok(Parsed::Job(Box::new(Options {
        task,
        new_file: read.create.then(|| read.realm.unwrap_or_else(|| REALM.to_owned())),
        users_file: read.users_file.unwrap_or_else(|| USERS_FILE.into()),
        groups_file: read.groups_file.unwrap_or_else(|| GROUPS_FILE.into()),
        password,
        password_file: read.password_file,
        owner: read.owner,
        force: read.force,
        storage: storage(read.hash, read.digest),
        warning: named_in_vain
            .then_some("Warning: username cannot be specified with -C or -R option and will be ignored!"),
    })))
}

fn storage(form: Form, digest: Kind) -> Storage {
    let form = match form {
        Form::Bcrypt => HashForm::Bcrypt,
        Form::Yescrypt => HashForm::Yescrypt,
        Form::Argon2id => HashForm::Argon2,
        Form::Sha512 => HashForm::Sha512,
        Form::Des => HashForm::Des,
    };
    let has = |kind| digest == kind || digest == Kind::Both;
    Storage { form, md5: has(Kind::Md5), sha256: has(Kind::Sha256) }
}

impl Arguments {
    /// Lengths, and options that exclude each other, in DSS's order.
    fn check(&self) -> Result<(), Refused> {
        let long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.len() > MAX_NAME);
        let groups = [&self.add_to, &self.delete_from, &self.create_group, &self.remove_group];
        if long(&self.realm) {
            return Err(Refused::plain(format!("Realm cannot have more than {MAX_NAME} characters.")));
        }
        if self.password.as_ref().is_some_and(|password| password.len() > MAX_PASSWORD) {
            return Err(Refused::plain(format!("Password cannot have more than {MAX_PASSWORD} characters.")));
        }
        if self.delete && (self.create || self.password.is_some()) {
            return Err(Refused::with_usage(
                "Cannot use the -c option (to create the file) with the -d option (to delete the user).",
            ));
        }
        if self.realm.is_some() && !self.create {
            return Err(Refused::with_usage("Can use the -r option only with the -c option (when creating the file)."));
        }
        if groups.into_iter().any(long) {
            return Err(Refused::plain(format!("Group name cannot have more than {MAX_NAME} characters.")));
        }
        if groups.into_iter().flatten().any(|group| group.contains(':')) {
            return Err(Refused::plain("Group name cannot contain a ':' character."));
        }
        self.check_groups()
    }

    fn check_groups(&self) -> Result<(), Refused> {
        if self.add_to.is_some() && self.delete_from.is_some() {
            return Err(Refused::plain(
                "Cannot add to or delete from a group at the same time (use either -A or -D option, not both!).",
            ));
        }
        if self.create_group.is_some() && self.remove_group.is_some() {
            return Err(Refused::plain(
                "Cannot create new group and delete group at the same time (use either -C or -R option, not both!).",
            ));
        }
        let whole = self.create_group.is_some() || self.remove_group.is_some();
        let user = self.add_to.is_some() || self.delete_from.is_some() || self.delete || self.create;
        if whole && user {
            return Err(Refused::plain("The options -C and -R do not go with -A, -D, -c and -d."));
        }
        if self.delete && (self.add_to.is_some() || self.delete_from.is_some()) {
            return Err(Refused::plain("The option -d does not go with -A and -D."));
        }
        Ok(())
    }

    fn task(&self) -> Result<Task, Refused> {
        if let Some(group) = &self.create_group {
            return Ok(Task::CreateGroup(group.clone()));
        }
        if let Some(group) = &self.remove_group {
            return Ok(Task::RemoveGroup(group.clone()));
        }
        let user = self.user.clone().ok_or_else(|| Refused::with_usage("Username not given!"))?;
        if user.len() > MAX_NAME {
            return Err(Refused::plain(format!("Username cannot have more than {MAX_NAME} characters.")));
        }
        if self.delete {
            return Ok(Task::DeleteUser(user));
        }
        if user.contains(':') {
            return Err(Refused::plain("Username cannot contain a ':' character."));
        }
        let add = self.add_to.clone().map(Membership::Add);
        let membership = add.or_else(|| self.delete_from.clone().map(Membership::Remove));
        Ok(Task::SetUser { user, membership })
    }
}
