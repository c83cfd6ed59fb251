//! Changes to users and groups files. Whatever is not changed keeps its bytes, comments and order included.

use thiserror::Error;

use super::lines;
use super::password::{self, HashError, HashForm};
use super::secret::Secret;
use super::users::{SHA_256_COMMENT, md5_of, realm_of, sha256_comment, sha256_of, tag_of};
use super::{groups, users};
use crate::config::text_of_bytes;

/// Longest name of a user, group or realm, in bytes.
pub const MAX_NAME: usize = 255;

/// Longest password, in bytes.
pub const MAX_PASSWORD: usize = 80;

/// Why a file is not changed.
#[derive(Debug, Error)]
pub enum EditError {
    /// The first line that says something is no realm line: without it no digest can be made.
    #[error("the first non-comment non-blank line is not \"realm NAME\"")]
    NoRealmLine,
    /// The name would not be read back as it is.
    #[error("the name {0:?} cannot stand in the file: {1}")]
    BadName(String, &'static str),
    /// See there.
    #[error(transparent)]
    Hash(#[from] HashError),
}

/// What is kept of a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Storage {
    /// The form of the field that Basic is checked with.
    pub form: HashForm,
    /// The MD5 of `user:realm:password`, as good as the password for everybody who can read the file. Without it the user
    /// cannot answer the usual Digest challenges.
    pub md5: bool,
    /// The SHA-256 of the same, in a comment after the user's line.
    pub sha256: bool,
}

impl Default for Storage {
    /// A strong hash and the MD5 digest: DSS 6.0.3 can read both where the system's crypt knows bcrypt.
    fn default() -> Self {
        Self { form: HashForm::Bcrypt, md5: true, sha256: false }
    }
}

/// The lines of a file that is being changed, each with its ending.
#[derive(Clone, Debug)]
struct Lines(Vec<Vec<u8>>);

impl Lines {
    fn parse(bytes: &[u8]) -> Self {
        Self(lines::split(bytes).into_iter().map(<[u8]>::to_vec).collect())
    }

    /// What a line says, without blanks around it; nothing for comments.
    fn said(&self, at: usize) -> Option<&[u8]> {
        lines::meaningful(self.0.get(at)?).next().map(|(_, line)| line.trim_ascii_end())
    }

    fn position(&self, wanted: impl Fn(&[u8]) -> bool) -> Option<usize> {
        (0..self.0.len()).find(|&at| self.said(at).is_some_and(&wanted))
    }

    /// The line end of the file.
    fn newline(&self) -> Vec<u8> {
        let found = self.0.first().map(|line| lines::ending(line)).filter(|ending| !ending.is_empty());
        found.unwrap_or(b"\n").to_vec()
    }

    /// Gives a line new content; its ending stays.
    fn replace(&mut self, at: usize, content: &[u8]) {
        if let Some(line) = self.0.get_mut(at) {
            *line = [content, lines::ending(line)].concat();
        }
    }

    /// Puts a line at a place or at the end. A line before it that had no ending gets one: DSS's qtpasswd lost such a line.
    fn insert(&mut self, at: usize, content: &[u8]) {
        let newline = self.newline();
        let at = at.min(self.0.len());
        if let Some(before) = at.checked_sub(1).and_then(|before| self.0.get_mut(before)) {
            if lines::ending(before).is_empty() {
                before.extend_from_slice(&newline);
            }
        }
        self.0.insert(at, [content, &newline].concat());
    }

    /// Drops lines; whether there were any.
    fn remove(&mut self, wanted: impl Fn(&[u8]) -> bool) -> bool {
        let before = self.0.len();
        self.0.retain(|line| !lines::meaningful(line).any(|(_, line)| wanted(line.trim_ascii_end())));
        self.0.len() < before
    }
}

/// A users file that is being changed.
#[derive(Clone, Debug)]
pub struct UsersText {
    lines: Lines,
    realm: Vec<u8>,
}

impl UsersText {
    /// A new file without users.
    ///
    /// # Errors
    /// The realm has control characters or is too long.
    pub fn new(realm: &str) -> Result<Self, EditError> {
        check_text(realm)?;
        let realm = realm.trim_start();
        Ok(Self { lines: Lines(vec![format!("realm {realm}\n").into_bytes()]), realm: realm.into() })
    }

    /// An existing file.
    ///
    /// # Errors
    /// The realm line is missing.
    pub fn parse(bytes: &[u8]) -> Result<Self, EditError> {
        let (_, first) = lines::meaningful(bytes).next().ok_or(EditError::NoRealmLine)?;
        let realm = realm_of(first).ok_or(EditError::NoRealmLine)?.to_vec();
        Ok(Self { lines: Lines::parse(bytes), realm })
    }

    /// Whether there is a user of this name.
    pub fn contains(&self, user: &str) -> bool {
        self.lines.position(|line| is_user(line, user)).is_some()
    }

    /// Adds a user at the end, or gives an existing one a new password. Takes some 50 ms for a strong hash.
    ///
    /// # Errors
    /// The name cannot stand in the file, or the password cannot be hashed.
    pub fn set(&mut self, user: &str, password: &Secret, storage: Storage) -> Result<(), EditError> {
        check_user(user)?;
        let crypt = password::hash(storage.form, password)?;
        let md5 = if storage.md5 { md5_of(user.as_bytes(), &self.realm, password) } else { String::new() };
        let line = format!("{user}:{crypt}:{md5}").into_bytes();
        self.remove_sha256(user);
        let at = self.lines.position(|line| is_user(line, user));
        match at {
            Some(at) => self.lines.replace(at, &line),
            None => self.lines.insert(usize::MAX, &line),
        }
        if storage.sha256 {
            let digest = sha256_of(user.as_bytes(), &self.realm, password);
            let comment = format!("{user}:{}:{digest}", tag_of(&line));
            self.lines.insert(at.map_or(usize::MAX, |at| at + 1), &[SHA_256_COMMENT, comment.as_bytes()].concat());
        }
        Ok(())
    }

    /// Drops all lines of a user; whether there were any.
    pub fn remove(&mut self, user: &str) -> bool {
        self.remove_sha256(user);
        self.lines.remove(|line| is_user(line, user))
    }

    fn remove_sha256(&mut self, user: &str) {
        self.lines.0.retain(|line| {
            let comment = sha256_comment(lines::content(line).trim_ascii());
            comment.is_none_or(|(name, ..)| text_of_bytes(name) != user)
        });
    }

    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.lines.0.concat()
    }
}

/// A groups file that is being changed.
#[derive(Clone, Debug)]
pub struct GroupsText {
    lines: Lines,
}

impl GroupsText {
    /// An existing file, or a new one from no bytes.
    pub fn parse(bytes: &[u8]) -> Self {
        Self { lines: Lines::parse(bytes) }
    }

    /// Adds a group without members; `false` if it is there already.
    ///
    /// # Errors
    /// The name cannot stand in the file.
    pub fn add_group(&mut self, group: &str) -> Result<bool, EditError> {
        check_group(group)?;
        if self.lines.position(|line| is_group(line, group)).is_some() {
            return Ok(false);
        }
        self.lines.insert(usize::MAX, format!("{group}:").as_bytes());
        Ok(true)
    }

    /// Drops a group; whether it was there.
    pub fn remove_group(&mut self, group: &str) -> bool {
        self.lines.remove(|line| is_group(line, group))
    }

    /// Puts a user into a group, which is made when it is missing; `false` if the user is in it already.
    ///
    /// # Errors
    /// The names cannot stand in the file: a member's name cannot have blanks.
    pub fn add_user(&mut self, group: &str, user: &str) -> Result<bool, EditError> {
        check_member(user)?;
        self.add_group(group)?;
        let lines = 0..self.lines.0.len();
        if lines
            .into_iter()
            .any(|at| self.members(at, group).is_some_and(|members| members.iter().any(|name| name == user)))
        {
            return Ok(false);
        }
        if let Some(at) = self.lines.position(|line| is_group(line, group)) {
            let line = [self.lines.said(at).unwrap_or_default(), b" ", user.as_bytes()].concat();
            self.lines.replace(at, &line);
        }
        Ok(true)
    }

    /// Takes a user out of a group, or out of all; whether the user was in one.
    pub fn remove_user(&mut self, group: Option<&str>, user: &str) -> bool {
        let mut found = false;
        for at in 0..self.lines.0.len() {
            let Some(name) = self.lines.said(at).and_then(groups::split_group).map(|(name, _)| name.to_vec()) else {
                continue;
            };
            let name = text_of_bytes(&name).into_owned();
            let Some(members) = self.members(at, &name).filter(|_| group.is_none_or(|group| group == name)) else {
                continue;
            };
            if !members.iter().any(|member| member == user) {
                continue;
            }
            found = true;
            let rest: Vec<_> = members.into_iter().filter(|member| member != user).collect();
            let line = format!("{name}: {}", rest.join(" "));
            self.lines.replace(at, line.trim_end().as_bytes());
        }
        found
    }

    /// The members that a line of this group names.
    fn members(&self, at: usize, group: &str) -> Option<Vec<String>> {
        let (name, members) = groups::split_group(self.lines.said(at)?)?;
        let members = lines::words(members).into_iter().map(|member| text_of_bytes(member).into_owned());
        (text_of_bytes(name) == group).then(|| members.collect())
    }

    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.lines.0.concat()
    }
}

fn is_user(line: &[u8], user: &str) -> bool {
    let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
    users::realm_of(line).is_none() && text_of_bytes(name) == user
}

fn is_group(line: &[u8], group: &str) -> bool {
    groups::split_group(line).is_some_and(|(name, _)| text_of_bytes(name) == group)
}

fn check_text(name: &str) -> Result<(), EditError> {
    let bad = |why| Err(EditError::BadName(name.chars().take(MAX_NAME).collect(), why));
    match name {
        _ if name.trim().is_empty() => bad("it is blank"),
        _ if name.len() > MAX_NAME => bad("it is longer than 255 bytes"),
        _ if name.chars().any(char::is_control) => bad("it has control characters"),
        _ => Ok(()),
    }
}

fn check_group(name: &str) -> Result<(), EditError> {
    check_text(name)?;
    match name {
        _ if name.contains(':') => Err(EditError::BadName(name.to_owned(), "it has a colon")),
        _ if name.starts_with('#') => Err(EditError::BadName(name.to_owned(), "it begins like a comment")),
        _ if name.trim() != name => Err(EditError::BadName(name.to_owned(), "it has blanks around it")),
        _ => Ok(()),
    }
}

/// Whether a name can be that of a user.
///
/// # Errors
/// It would not be read back as it is, or be taken for something else.
pub fn check_user(name: &str) -> Result<(), EditError> {
    check_group(name)?;
    if realm_of(name.as_bytes()).is_some_and(|_| name.len() > "realm".len()) {
        return Err(EditError::BadName(name.to_owned(), "it begins like the realm line"));
    }
    Ok(())
}

fn check_member(name: &str) -> Result<(), EditError> {
    check_user(name)?;
    if name.contains(|sign: char| sign.is_whitespace() || sign == '"') {
        return Err(EditError::BadName(name.to_owned(), "members of groups are separated by blanks"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::users::SIX_USERS;
    use super::super::{Groups, Users};
    use super::*;

    const DES: Storage = Storage { form: HashForm::Des, md5: true, sha256: false };

    fn secret(text: &str) -> Secret {
        Secret::new(text)
    }

    #[test]
    fn trap_32_the_last_line_without_newline_is_kept() {
        let mut text = UsersText::parse(SIX_USERS.trim_end().as_bytes()).expect("a file");
        text.set("zoe", &secret("pass"), DES).expect("set");
        let bytes = text.to_bytes();
        assert_eq!(lines::split(&bytes).len(), 8);
        assert!(bytes.starts_with(SIX_USERS.as_bytes()));
        let users = Users::parse(&bytes);
        assert!(users.get("admin").is_some() && users.get("zoe").is_some());
        let mut groups = GroupsText::parse(b"admin: a");
        groups.add_group("new").expect("added");
        assert_eq!(groups.to_bytes(), b"admin: a\nnew:\n");
    }

    #[test]
    fn a_new_password_changes_one_line() {
        let file = format!("# kept\r\n\r\n{}# tail", SIX_USERS.replace('\n', "\r\n"));
        let mut text = UsersText::parse(file.as_bytes()).expect("a file");
        text.set("carol", &secret("a b*$"), DES).expect("set");
        let bytes = text.to_bytes();
        let (old, new) = (lines::split(file.as_bytes()), lines::split(&bytes));
        let changed: Vec<_> = (0..old.len()).filter(|&at| old[at] != new[at]).collect();
        assert_eq!((old.len(), changed), (new.len(), vec![5]));
        let users = Users::parse(&bytes);
        let carol = users.get("carol").expect("a user");
        assert!(password::verify(&carol.crypt, &secret("a b*$")));
        assert_eq!(carol.md5.as_deref(), Some(md5_of(b"carol", b"Streaming Server", &secret("a b*$")).as_str()));
    }

    #[test]
    fn strong_hashes_are_written_by_default() {
        let mut text = UsersText::new("Streaming Server").expect("a file");
        text.set("alice", &secret("wonder1"), Storage::default()).expect("set");
        let users = Users::parse(&text.to_bytes());
        let alice = users.get("alice").expect("a user");
        assert_eq!(HashForm::of(&alice.crypt), Some(HashForm::Bcrypt));
        assert!(password::verify(&alice.crypt, &secret("wonder1")));
        assert_eq!(alice.md5.as_deref(), Some("80fa93202b82dcafdb0c2a6b2fd58c12"));
    }

    #[test]
    fn a_sha_256_digest_stands_beside_and_goes_with_its_user() {
        let storage = Storage { sha256: true, ..DES };
        let mut text = UsersText::parse(SIX_USERS.trim_end().as_bytes()).expect("a file");
        for user in ["alice", "zoe", "alice"] {
            text.set(user, &secret("pass"), storage).expect("set");
        }
        let users = Users::parse(&text.to_bytes());
        for user in ["alice", "zoe"] {
            let expected = sha256_of(user.as_bytes(), b"Streaming Server", &secret("pass"));
            assert_eq!(users.get(user).expect("a user").sha256.as_deref(), Some(expected.as_str()));
        }
        assert_eq!(text.to_bytes().windows(9).filter(|part| *part == SHA_256_COMMENT).count(), 2);
        text.set("alice", &secret("other"), DES).expect("set");
        assert!(text.remove("zoe") && !text.remove("zoe"));
        assert!(!text.to_bytes().windows(9).any(|part| part == SHA_256_COMMENT));
    }

    #[test]
    fn a_file_without_realm_is_left_alone() {
        for text in ["", "#", "alice:x:y\nrealm z\n", "\n\n"] {
            assert!(matches!(UsersText::parse(text.as_bytes()), Err(EditError::NoRealmLine)), "{text:?}");
        }
    }

    #[test]
    fn names_that_would_change_the_file_s_meaning_are_refused() {
        let mut text = UsersText::new("x").expect("a file");
        for name in ["", " ", "a:b", "#a", "a\nb", "a\rb", "realm x", " a", "a ", &"x".repeat(256)] {
            assert!(matches!(text.set(name, &secret("p"), DES), Err(EditError::BadName(..))), "{name:?}");
        }
        for name in ["a b", "realm", "é", &"x".repeat(255)] {
            text.set(name, &secret("p"), DES).expect(name);
            assert!(Users::parse(&text.to_bytes()).get(name).is_some(), "{name:?}");
        }
        assert!(UsersText::new("a\nb").is_err() && UsersText::new("").is_err());
        let mut groups = GroupsText::parse(b"");
        assert!(groups.add_group("a:b").is_err() && groups.add_user("g", "a b").is_err());
    }

    #[test]
    fn groups_are_changed_in_place() {
        let mut groups = GroupsText::parse(b"# groups\nadmin:bob \nwatchers: carol\tdave\nempty:\n");
        assert!(groups.add_user("admin", "alice").expect("added") && !groups.add_user("admin", "bob").expect("there"));
        assert!(groups.add_user("new", "alice").expect("added"));
        assert_eq!(groups.to_bytes(), b"# groups\nadmin:bob alice\nwatchers: carol\tdave\nempty:\nnew: alice\n");
        assert!(groups.remove_user(Some("watchers"), "carol") && !groups.remove_user(Some("watchers"), "alice"));
        assert!(groups.remove_user(None, "alice"));
        assert!(groups.remove_group("empty") && !groups.remove_group("empty"));
        assert!(!groups.add_group("new").expect("there"));
        assert_eq!(groups.to_bytes(), b"# groups\nadmin: bob\nwatchers: dave\nnew:\n");
    }

    proptest! {
        #[test]
        fn what_is_not_changed_keeps_its_bytes(
            tail in proptest::collection::vec(prop::sample::select(b"ab:#\n\r \t".to_vec()), 0..100),
            user in "[a-b]{1,3}",
        ) {
            let file = [b"realm x\n", &tail[..]].concat();
            let mut text = UsersText::parse(&file).expect("a file");
            prop_assert_eq!(text.to_bytes(), file.clone());
            let known = Users::parse(&file);
            text.set(&user, &secret("p"), DES).expect("set");
            let users = Users::parse(&text.to_bytes());
            prop_assert!(password::verify(&users.get(&user).expect("set").crypt, &secret("p")));
            prop_assert_eq!(users.len(), known.len() + usize::from(known.get(&user).is_none()));
            text.remove(&user);
            let users = Users::parse(&text.to_bytes());
            prop_assert!(users.get(&user).is_none() && users.realm() == Some("x"));
        }

        #[test]
        fn a_member_is_in_its_group_and_out_again(
            file in proptest::collection::vec(prop::sample::select(b"ab:#\n\r \t".to_vec()), 0..100),
            user in "[a-b]{1,3}",
        ) {
            let mut text = GroupsText::parse(&file);
            prop_assert_eq!(text.to_bytes(), file);
            text.add_user("a", &user).expect("added");
            prop_assert!(Groups::parse(&text.to_bytes()).contains("a", &user));
            text.remove_user(None, &user);
            prop_assert!(Groups::parse(&text.to_bytes()).of(&user).is_empty());
        }
    }
}
