//! Access files (`qtaccess`): who may read or write in a folder.
//!
//! The nearest file alone counts: from the folder of the requested movie upward to the movie root. In it, lines outside
//! `<Limit …>` are about reading.
//!
//! In DSS 6.0.3 a user with a valid password was let in whether or not a `require` line named them; only anonymous users were
//! stopped. Here, as its documents said, who is not named stays outside.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::lines::{self, FileFinding};
use crate::config::text_of_bytes;

/// Name of access files unless the preference `modAccess_qtaccessfilename` says otherwise.
pub const DEFAULT_FILE_NAME: &str = "qtaccess";

/// Largest access file that is read, in bytes.
const MAX_FILE_SIZE: u64 = 1 << 20;

/// Findings kept of one file.
const MAX_FINDINGS: usize = 50;

/// What a request wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// To see a movie or a broadcast.
    Read,
    /// To broadcast: ANNOUNCE, RECORD, and SETUP for either.
    Write,
}

/// How a password is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Not at all: what is restricted is forbidden (403).
    None,
    /// RFC 7617.
    Basic,
    /// RFC 7616, RFC 2617.
    Digest,
}

impl Scheme {
    /// The scheme of the preference `authentication_scheme`; `None` for a value DSS did not know either.
    pub fn from_pref(value: &str) -> Option<Self> {
        match value.to_ascii_lowercase().as_str() {
            "none" => Some(Self::None),
            "basic" => Some(Self::Basic),
            "digest" => Some(Self::Digest),
            _ => None,
        }
    }
}

/// An authenticated user: the password was right.
#[derive(Clone, Copy, Debug)]
pub struct Visitor<'a> {
    /// The user's name; an empty one is nobody.
    pub name: &'a str,
    /// The user's groups.
    pub groups: &'a [String],
}

/// The judgement on a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Go ahead.
    Allow,
    /// 401 with a challenge of this scheme and realm; with [`Scheme::None`] 403.
    Deny {
        /// How to ask for a password.
        scheme: Scheme,
        /// What for.
        realm: String,
    },
}

/// What an access file says besides who may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `AuthName`: realm of Basic challenges.
    pub realm: Option<String>,
    /// `AuthScheme`.
    pub scheme: Option<Scheme>,
    /// `AuthUserFile`.
    pub users_file: Option<PathBuf>,
    /// `AuthGroupFile`.
    pub groups_file: Option<PathBuf>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Require {
    AnyUser,
    ValidUser,
    Users(Vec<String>),
    Groups(Vec<String>),
    /// Not understood; names nobody.
    Unknown,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Rules {
    settings: Settings,
    requires: Vec<Require>,
}

/// An access file, or what stands for a missing one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessFile {
    read: Rules,
    write: Rules,
    findings: Vec<FileFinding>,
}

/// Which actions the following lines are about.
#[derive(Clone, Copy)]
struct Scope {
    read: bool,
    write: bool,
}

const OUTSIDE: Scope = Scope { read: true, write: false };

impl AccessFile {
    /// What counts where there is no access file, or an empty one: everybody may read if guests are allowed
    /// (`enable_allow_guest_default`), otherwise every user with a password; these may also write.
    pub fn missing(allow_guests: bool) -> Self {
        let rules = |require| Rules { settings: Settings::default(), requires: vec![require] };
        let read = if allow_guests { Require::AnyUser } else { Require::ValidUser };
        Self { read: rules(read), write: rules(Require::ValidUser), findings: Vec::new() }
    }

    /// What counts where there is an access file that cannot be read: nobody may do anything.
    pub fn closed() -> Self {
        let rules = || Rules { settings: Settings::default(), requires: vec![Require::Unknown] };
        Self { read: rules(), write: rules(), findings: Vec::new() }
    }

    /// Reads an access file. What is not understood is a finding; a `require` line that is not understood lets nobody in.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut out = Self::default();
        let mut scope = OUTSIDE;
        for (number, line) in lines::meaningful(bytes) {
            match lines::first_word(line) {
                (b"<Limit", rest) => scope = out.limit(number, rest),
                (b"</Limit>", _) => scope = OUTSIDE,
                (word, rest) => out.directive(number, scope, word, rest),
            }
        }
        out
    }

    /// The scope that a `<Limit …>` line opens; the words are case-sensitive, as in DSS.
    fn limit(&mut self, number: u32, rest: &[u8]) -> Scope {
        let mut scope = Scope { read: false, write: false };
        for word in rest.split(|byte| byte.is_ascii_whitespace() || *byte == b'>').filter(|word| !word.is_empty()) {
            match word {
                b"READ" => scope.read = true,
                b"WRITE" => scope.write = true,
                _ => self.note(number, format!("<Limit> does not know {}", shown(word))),
            }
        }
        scope
    }

    fn directive(&mut self, number: u32, scope: Scope, word: &[u8], rest: &[u8]) {
        let text = text_of_bytes(lines::unquoted(rest)).into_owned();
        let set: Box<dyn Fn(&mut Rules)> = match word {
            b"AuthName" => Box::new(move |rules| rules.settings.realm = Some(text.clone())),
            b"AuthScheme" => match rest {
                b"basic" => Box::new(|rules| rules.settings.scheme = Some(Scheme::Basic)),
                b"digest" => Box::new(|rules| rules.settings.scheme = Some(Scheme::Digest)),
                _ => return self.note(number, format!("AuthScheme is basic or digest, not {}", shown(rest))),
            },
            b"AuthUserFile" => Box::new(move |rules| rules.settings.users_file = Some(text.clone().into())),
            b"AuthGroupFile" => Box::new(move |rules| rules.settings.groups_file = Some(text.clone().into())),
            b"require" => {
                let require = Require::parse(rest);
                if require == Require::Unknown {
                    self.note(number, format!("require {} names nobody", shown(rest)));
                }
                Box::new(move |rules| rules.requires.push(require.clone()))
            }
            _ => return self.note(number, format!("{} is not known", shown(word))),
        };
        if scope.read {
            set(&mut self.read);
        }
        if scope.write {
            set(&mut self.write);
        }
    }

    fn note(&mut self, line: u32, text: String) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(FileFinding::new(line, text));
        }
    }

    fn rules(&self, action: Action) -> &Rules {
        match action {
            Action::Read => &self.read,
            Action::Write => &self.write,
        }
    }

    /// Realm, scheme and files that count for an action; of several lines the last.
    pub fn settings(&self, action: Action) -> &Settings {
        &self.rules(action).settings
    }

    /// Whether everybody may, so that a request need not be authenticated.
    pub fn allows_anybody(&self, action: Action) -> bool {
        self.rules(action).requires.contains(&Require::AnyUser)
    }

    /// Whether a visitor may; `None` is an anonymous one. Without a `require` line for the action any user with a password.
    pub fn allows(&self, action: Action, visitor: Option<Visitor<'_>>) -> bool {
        let requires = &self.rules(action).requires;
        let visitor = visitor.filter(|visitor| !visitor.name.is_empty());
        match visitor {
            Some(_) if requires.is_empty() => true,
            _ => requires.iter().any(|require| require.is_met_by(visitor)),
        }
    }

    /// Scheme and realm to ask for a password with: the scheme is the file's, else `scheme` (the server's); the realm is the
    /// file's for Basic, and `users_realm` (of the users file in use, else the server's) for Digest, as the stored digests
    /// were made with it.
    pub fn challenge(&self, action: Action, scheme: Scheme, users_realm: &str) -> (Scheme, String) {
        let settings = self.settings(action);
        let scheme = settings.scheme.unwrap_or(scheme);
        let own = settings.realm.as_deref().filter(|realm| scheme == Scheme::Basic && !realm.is_empty());
        (scheme, own.unwrap_or(users_realm).to_owned())
    }

    /// The judgement, with the [challenge](Self::challenge) if it is no.
    pub fn decide(&self, action: Action, visitor: Option<Visitor<'_>>, scheme: Scheme, users_realm: &str) -> Decision {
        if self.allows(action, visitor) {
            return Decision::Allow;
        }
        let (scheme, realm) = self.challenge(action, scheme, users_realm);
        Decision::Deny { scheme, realm }
    }

    /// What is odd about the file.
    pub fn findings(&self) -> &[FileFinding] {
        &self.findings
    }
}

impl Require {
    fn parse(rest: &[u8]) -> Self {
        let (kind, names) = lines::first_word(rest);
        let names: Vec<_> = lines::words(names).into_iter().map(|name| text_of_bytes(name).into_owned()).collect();
        match kind {
            b"any-user" => Self::AnyUser,
            b"valid-user" => Self::ValidUser,
            b"user" if !names.is_empty() => Self::Users(names),
            b"group" if !names.is_empty() => Self::Groups(names),
            _ => Self::Unknown,
        }
    }

    fn is_met_by(&self, visitor: Option<Visitor<'_>>) -> bool {
        match (self, visitor) {
            (Self::AnyUser, _) | (Self::ValidUser, Some(_)) => true,
            (Self::Users(names), Some(visitor)) => names.iter().any(|name| name == visitor.name),
            (Self::Groups(names), Some(visitor)) => names.iter().any(|name| visitor.groups.contains(name)),
            _ => false,
        }
    }
}

/// Text of a file for a message: bounded, control characters escaped.
fn shown(bytes: &[u8]) -> String {
    let text: String = text_of_bytes(bytes).chars().take(60).collect();
    format!("\"{}\"", text.escape_debug())
}

/// The name of access files to use, and DSS's warning when the preference has one that would lead elsewhere.
pub fn checked_file_name(pref: &str) -> (&str, Option<String>) {
    let bad = ["/", "'", "\""].into_iter().find(|sign| pref.contains(sign));
    let bad = bad.or((pref == "." || pref == "..").then_some("."));
    match bad {
        Some(sign) => {
            let warning = format!(
                "Invalid config value for qtaccessfilename: name contains {sign}. Now using default name:{DEFAULT_FILE_NAME}"
            );
            (DEFAULT_FILE_NAME, Some(warning))
        }
        None if pref.is_empty() => (DEFAULT_FILE_NAME, None),
        None => (pref, None),
    }
}

/// The access file that counts for a requested path (of a file in the file system): the nearest from its folder upward to
/// `root`. For a path outside `root` all folders above it are looked at.
pub fn find_access_file(root: &Path, requested: &Path, name: &str) -> Option<PathBuf> {
    let inside = requested.starts_with(root);
    let folders = requested.ancestors().skip(1).take_while(|folder| !inside || folder.starts_with(root));
    folders.map(|folder| folder.join(name)).find(|path| match fs::metadata(path) {
        Ok(metadata) => metadata.is_file(),
        // One that is there and cannot be looked at must not be passed over.
        Err(error) => !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory),
    })
}

/// Reads the access file that counts for a requested path. There is none or it has no bytes:
/// [`AccessFile::missing`]. It cannot be read: [`AccessFile::closed`], and the second value says why; DSS passed over such a
/// file and so opened the folder.
pub fn read_access_file(root: &Path, requested: &Path, name: &str, allow_guests: bool) -> (AccessFile, Option<String>) {
    let Some(path) = find_access_file(root, requested, name) else { return (AccessFile::missing(allow_guests), None) };
    match read(&path) {
        Ok(bytes) if bytes.is_empty() => (AccessFile::missing(allow_guests), None),
        Ok(bytes) => (AccessFile::parse(&bytes), None),
        Err(error) => {
            let text = format!("Unable to read the access file at {}, nobody is let in: {error}", path.display());
            (AccessFile::closed(), Some(text))
        }
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE_SIZE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_SIZE {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {MAX_FILE_SIZE} bytes")));
    }
    Ok(bytes)
}

#[cfg(test)]
#[path = "access_tests.rs"]
mod tests;
