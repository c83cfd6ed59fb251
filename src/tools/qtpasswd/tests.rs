//! The tool against files of its own, with a scripted terminal.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;

use super::*;
use crate::auth::password::{self, HashForm};
use crate::auth::{Groups, Secret, Users};

/// Answers from a list, and keeps what was said.
#[derive(Default)]
struct Script {
    answers: Vec<&'static str>,
    out: Vec<String>,
    err: Vec<String>,
    hidden: Vec<Vec<u8>>,
}

impl Console for Script {
    fn say(&mut self, line: &str) {
        self.out.push(line.to_owned());
    }

    fn complain(&mut self, line: &str) {
        self.err.push(line.to_owned());
    }

    fn ask(&mut self, question: &str) -> Option<String> {
        self.out.push(question.to_owned());
        (!self.answers.is_empty()).then(|| self.answers.remove(0).to_owned())
    }

    fn ask_password(&mut self, question: &str) -> Option<Secret> {
        self.ask(question).map(Secret::new)
    }

    fn hide(&mut self, password: &[u8]) {
        self.hidden.push(password.to_vec());
    }
}

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new(users: &str, groups: &str) -> Self {
        let files = Self { folder: tempfile::tempdir().expect("a folder") };
        fs::write(files.path("qtusers"), users).expect("a file");
        fs::write(files.path("qtgroups"), groups).expect("a file");
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a file")
    }

    /// Runs the tool with words separated by blanks; `_` in a word is a blank.
    fn run(&self, words: &str, answers: &[&'static str]) -> (i32, Script) {
        let mut arguments = vec![OsString::from("qtpasswd"), "-f".into(), self.path("qtusers").into()];
        arguments.extend(["-g".into(), self.path("qtgroups").into(), "--hash".into(), "des".into()]);
        arguments.extend(words.split_whitespace().map(|word| word.replace('_', " ").into()));
        let mut script = Script { answers: answers.to_vec(), ..Script::default() };
        let code = run(&arguments, &mut script);
        (code, script)
    }

    fn has_password(&self, user: &str, password: &str) -> bool {
        let users = Users::parse(self.text("qtusers").as_bytes());
        users.get(user).is_some_and(|user| password::verify(&user.crypt, &Secret::new(password)))
    }
}

const USERS: &str = "# kept\nrealm Streaming Server\nalice:pxZoqnEZVAx8E:80fa93202b82dcafdb0c2a6b2fd58c12\n";

#[test]
fn a_user_is_added_with_two_prompts() {
    let files = Files::new(USERS, "");
    let (code, script) = files.run("bob", &["builder2", "builder2"]);
    assert_eq!(
        (code, script.out),
        (0, vec!["Adding userName bob".into(), "New password:".into(), "Re-type new password:".into()])
    );
    assert!(files.text("qtusers").starts_with(USERS) && files.has_password("bob", "builder2"));
    let digest = files.text("qtusers").trim_end().rsplit(':').next().map(str::to_owned);
    assert_eq!(digest.as_deref(), Some("9f0d5127ad4bbbfdc35fc5343fc2d625"));
}

#[test]
fn a_password_is_changed() {
    let files = Files::new(USERS, "");
    let (code, script) = files.run("-p new alice", &[]);
    assert_eq!((code, script.out), (0, vec!["Changing password for user alice".to_owned()]));
    assert!(files.has_password("alice", "new") && files.text("qtusers").lines().count() == 3);
    assert_eq!(script.hidden, [b"new"]);
}

#[test]
fn trap_33_a_password_with_blanks_and_stars_is_stored_as_it_is() {
    let files = Files::new(USERS, "");
    assert_eq!(files.run("-p a_b*$x alice", &[]).0, 0);
    assert!(files.has_password("alice", "a b*$x"));
}

#[test]
fn bad_passwords_change_nothing() {
    let long = format!("-p {} alice", "x".repeat(81));
    for (words, answers, problem) in [
        ("alice", &["", ""][..], "Password cannot be blank, sorry."),
        ("alice", &["   ", "   "], "Password cannot be blank, sorry."),
        ("-p _ alice", &[], "Password cannot be blank, sorry."),
        ("alice", &["one", "other"], "They don't match, sorry."),
        ("alice", &["one"], "They don't match, sorry."),
        ("alice", &[], "Password cannot be blank, sorry."),
        (long.as_str(), &[], "Password cannot have more than 80 characters."),
    ] {
        let files = Files::new(USERS, "");
        let (code, script) = files.run(words, answers);
        assert_eq!((code, script.err), (1, vec![problem.to_owned()]), "{words}");
        assert_eq!(files.text("qtusers"), USERS);
    }
}

#[test]
fn trap_32_an_unterminated_last_line_is_not_lost() {
    let files = Files::new(USERS.trim_end(), "admin:alice");
    assert_eq!(files.run("-p x bob", &[]).0, 0);
    assert_eq!(files.text("qtusers").lines().count(), 4);
    assert_eq!(files.run("-A admin bob", &[]).0, 0);
    assert_eq!(files.text("qtgroups"), "admin:alice bob");
    assert_eq!(files.run("-C more", &[]).0, 0);
    assert_eq!(files.text("qtgroups"), "admin:alice bob\nmore:\n");
}

#[test]
fn trap_32_mode_and_owner_of_the_groups_file_stay() {
    let files = Files::new(USERS, "admin: alice\n");
    let path = files.path("qtgroups");
    fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("set");
    let before = fs::metadata(&path).expect("there");
    for words in ["-C zip", "-R zip"] {
        assert_eq!(files.run(words, &[]).0, 0);
        let after = fs::metadata(&path).expect("there");
        assert_eq!((after.mode(), after.gid()), (before.mode(), before.gid()));
    }
    assert_eq!(files.text("qtgroups"), "admin: alice\n");
}

#[test]
fn trap_32_help_ends_with_0_and_mistakes_with_1() {
    let files = Files::new(USERS, "");
    for words in ["-h", "-v", "-?", "-h -c -d x"] {
        let (code, script) = files.run(words, &[]);
        assert_eq!((code, script.err, script.out.len()), (0, vec![options::USAGE.to_owned()], 0), "{words}");
    }
    for (words, problem) in [
        ("", "Username not given!"),
        ("-r x alice", "Can use the -r option only with the -c option (when creating the file)."),
        ("-c -d alice", "Cannot use the -c option (to create the file) with the -d option (to delete the user)."),
    ] {
        let (code, script) = files.run(words, &[]);
        assert_eq!(
            (code, script.err, script.out),
            (1, vec![problem.to_owned(), options::USAGE.to_owned()], vec!["Exiting! ".to_owned()])
        );
    }
    for (words, problem) in [
        ("-A a:b alice", "Group name cannot contain a ':' character."),
        (
            "-A a -D b alice",
            "Cannot add to or delete from a group at the same time (use either -A or -D option, not both!).",
        ),
        (
            "-C a -R b",
            "Cannot create new group and delete group at the same time (use either -C or -R option, not both!).",
        ),
        ("-p x a:b", "Username cannot contain a ':' character."),
    ] {
        let (code, script) = files.run(words, &[]);
        assert_eq!((code, script.err, script.out), (1, vec![problem.to_owned()], vec!["Exiting! ".to_owned()]));
    }
    assert_eq!(files.run("-Q alice", &[]).0, 1);
    assert_eq!(files.text("qtusers"), USERS);
}

#[test]
fn a_new_file_is_made_with_its_realm_and_closed() {
    let files = Files::new(USERS, "");
    fs::remove_file(files.path("qtusers")).expect("removed");
    let (code, script) = files.run("-c -r My_Realm -p pw bob", &[]);
    assert_eq!((code, script.err), (0, vec![]));
    assert_eq!(script.out, ["Creating password file for realm My Realm.", "Adding userName bob"]);
    assert!(files.text("qtusers").starts_with("realm My Realm\nbob:"));
    assert_eq!(fs::metadata(files.path("qtusers")).expect("there").mode() & 0o777, 0o600);
}

#[test]
fn an_existing_file_is_overwritten_only_after_a_yes() {
    const QUESTION: &str = "File already exists. Do you wish to overwrite it? y or n [y] ";
    let files = Files::new(USERS, "");
    for answers in [&["n"][..], &["No"], &[]] {
        let (code, script) = files.run("-c -p pw bob", answers);
        assert_eq!((code, script.out), (1, vec![QUESTION.to_owned()]));
        assert_eq!(files.text("qtusers"), USERS);
    }
    assert_eq!(files.run("-c -p pw bob", &[""]).0, 0);
    assert!(files.text("qtusers").starts_with("realm Streaming Server\nbob:"));
    assert_eq!(files.run("-F -c -p pw eve", &[]).0, 0);
    assert!(!files.text("qtusers").contains("bob"));
}

#[test]
fn a_user_is_deleted_with_all_memberships_after_a_yes() {
    let files = Files::new(USERS, "admin:alice \nwatchers: bob alice\n");
    let (code, script) = files.run("-d alice", &["n"]);
    let question = "Delete user alice (will also delete user from groups in the groups file)? y or n [y] ";
    assert_eq!((code, script.out), (0, vec![question.to_owned()]));
    assert_eq!(files.run("-d alice", &[]).0, 1, "no answer");
    assert!(files.has_password("alice", "wonder1"));
    let (code, script) = files.run("-F -d alice", &[]);
    assert_eq!(
        (code, script.out),
        (0, vec!["Deleting user alice".to_owned(), "Deleting user alice from all groups".to_owned()])
    );
    assert_eq!(files.text("qtusers"), "# kept\nrealm Streaming Server\n");
    assert_eq!(files.text("qtgroups"), "admin:\nwatchers: bob\n");
}

#[test]
fn deleting_a_user_that_is_not_there_cleans_the_groups_and_ends_with_1() {
    let files = Files::new(USERS, "admin: ghost\n");
    let (code, script) = files.run("-F -d ghost", &[]);
    assert_eq!(code, 1);
    assert_eq!(
        script.out,
        ["Username ghost not found in users file.", "Deleting user ghost from all groups if found in groups file"]
    );
    assert_eq!((files.text("qtusers").as_str(), files.text("qtgroups").as_str()), (USERS, "admin:\n"));
}

#[test]
fn a_user_joins_and_leaves_a_group() {
    let files = Files::new(USERS, "admin: x\n");
    let (code, script) = files.run("-A admin alice", &[]);
    assert_eq!((code, script.out), (0, vec!["Adding user alice to group admin".to_owned()]));
    assert!(Groups::parse(files.text("qtgroups").as_bytes()).contains("admin", "alice"));
    let (code, script) = files.run("-D admin alice", &[]);
    assert_eq!((code, script.out), (0, vec!["Deleting user alice from group admin".to_owned()]));
    assert_eq!(files.text("qtgroups"), "admin: x\n");
    assert_eq!(files.text("qtusers"), USERS);
    let (code, script) = files.run("-A admin -p pw new", &[]);
    assert_eq!(
        (code, script.out),
        (0, vec!["Adding userName new".to_owned(), "Adding user new to group admin".to_owned()])
    );
    assert!(files.has_password("new", "pw"));
}

#[test]
fn a_user_that_leaves_a_group_is_not_created() {
    let files = Files::new(USERS, "admin: ghost\n");
    assert_eq!(files.run("-D admin ghost", &[]).0, 0);
    assert_eq!((files.text("qtusers").as_str(), files.text("qtgroups").as_str()), (USERS, "admin:\n"));
}

#[test]
fn groups_are_made_and_removed_and_the_groups_file_too_when_it_is_missing() {
    let files = Files::new(USERS, "");
    fs::remove_file(files.path("qtgroups")).expect("removed");
    let path = files.path("qtgroups").display().to_string();
    let (code, script) = files.run("-C zip alice", &[]);
    assert_eq!(
        (code, script.out),
        (0, vec![format!("Created new groups file {path}."), "Created new group zip".to_owned()])
    );
    assert_eq!(
        script.err,
        [
            "Warning: username cannot be specified with -C or -R option and will be ignored!".to_owned(),
            format!("Could not open groups file {path} to manipulate groups file. (err=2:No such file or directory)"),
        ]
    );
    assert_eq!(fs::metadata(files.path("qtgroups")).expect("there").mode() & 0o777, 0o600);
    let (code, script) = files.run("-R zip", &[]);
    assert_eq!((code, script.out), (0, vec!["Deleted group zip".to_owned()]));
    assert_eq!((files.text("qtgroups").as_str(), files.run("-R zip", &[]).0), ("", 1));
}

#[test]
fn without_a_users_file_the_advice_is_c() {
    let files = Files::new(USERS, "");
    fs::remove_file(files.path("qtusers")).expect("removed");
    let (code, script) = files.run("-p x bob", &[]);
    let path = files.path("qtusers").display().to_string();
    assert_eq!(code, 1);
    assert_eq!(
        script.err,
        [
            format!("Could not open passwd file {path} for reading. (err=2:No such file or directory)"),
            "Use -c option to create new one.".to_owned(),
        ]
    );
    assert!(!files.path("qtusers").exists());
}

#[test]
fn a_users_file_without_realm_line_is_not_touched() {
    let files = Files::new("alice:x:y\n", "");
    let (code, script) = files.run("-p x bob", &[]);
    assert_eq!((code, script.err[0].as_str()), (1, "Invalid users file."));
    assert_eq!(files.text("qtusers"), "alice:x:y\n");
}

#[test]
fn the_password_may_come_from_a_file() {
    let files = Files::new(USERS, "");
    let with_file = |text: &str| {
        fs::write(files.path("pw"), text).expect("a file");
        files.run(&format!("-P {} alice", files.path("pw").display()), &[])
    };
    assert_eq!(with_file("'a b' rest\n").0, 0);
    assert!(files.has_password("alice", "a b"));
    let (code, script) = with_file("\n");
    let problem = format!("Password in file {} is blank.", files.path("pw").display());
    assert_eq!((code, script.err, script.out), (1, vec![problem], vec!["Exiting! ".to_owned()]));
    let problem =
        format!("Password in file {} has more than 80 characters. Cannot accept password.", files.path("pw").display());
    assert_eq!(with_file(&"x".repeat(81)).1.err, [problem]);
    let (code, script) = files.run("-P /nonexistent alice", &["asked", "asked"]);
    assert_eq!((code, script.out.len()), (0, 3), "a missing file: the tool asks");
    assert!(files.has_password("alice", "asked"));
}

#[test]
fn an_unknown_owner_is_refused_before_anything_is_changed() {
    let files = Files::new(USERS, "");
    let code = files.run("-O no-such-user-here -p x bob", &[]).0;
    if nix::unistd::Uid::effective().is_root() {
        assert_eq!((code, files.text("qtusers").as_str()), (1, USERS));
        // As root: given away, with the group kept.
        assert_eq!(files.run("-O daemon -C zip", &[]).0, 0);
        let daemon = nix::unistd::User::from_name("daemon").expect("looked up").expect("a user");
        assert_eq!(fs::metadata(files.path("qtgroups")).expect("there").uid(), daemon.uid.as_raw());
    }
}

#[test]
fn the_stored_form_is_strong_unless_another_is_asked_for() {
    let files = Files::new(USERS, "");
    for (words, form) in [
        (&[][..], HashForm::Bcrypt),
        (&["--hash", "des"], HashForm::Des),
        (&["--hash", "yescrypt"], HashForm::Yescrypt),
        (&["--hash", "sha512"], HashForm::Sha512),
        (&["--hash", "argon2id", "--digest", "both"], HashForm::Argon2),
    ] {
        let mut arguments: Vec<OsString> = ["qtpasswd", "-p", "wonder1", "-f"].map(OsString::from).into();
        arguments.push(files.path("qtusers").into());
        arguments.extend(words.iter().map(OsString::from));
        arguments.push("alice".into());
        assert_eq!(run(&arguments, &mut Script::default()), 0, "{words:?}");
        let users = Users::parse(files.text("qtusers").as_bytes());
        let alice = users.get("alice").expect("a user");
        assert_eq!(HashForm::of(&alice.crypt), Some(form));
        assert_eq!(alice.sha256.is_some(), words.contains(&"both"));
        assert_eq!(alice.md5.as_deref(), Some("80fa93202b82dcafdb0c2a6b2fd58c12"));
    }
}
