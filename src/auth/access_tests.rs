//! Tests of access files.

use std::os::unix::fs::symlink;

use proptest::prelude::*;

use super::*;

fn may(file: &AccessFile, action: Action, name: &str, groups: &[&str]) -> bool {
    let groups: Vec<String> = groups.iter().map(|&group| group.to_owned()).collect();
    file.allows(action, Some(Visitor { name, groups: &groups }))
}

fn reads(text: &str, name: &str) -> bool {
    may(&AccessFile::parse(text.as_bytes()), Action::Read, name, &["watchers"])
}

#[test]
fn trap_23_a_user_that_is_not_listed_is_denied_and_asked_again() {
    let file = AccessFile::parse(b"AuthScheme basic\nAuthName \"Locked Basic\"\nrequire user alice bob\n");
    assert!(may(&file, Action::Read, "alice", &[]) && may(&file, Action::Read, "bob", &[]));
    assert!(!may(&file, Action::Read, "carol", &["alice"]) && !file.allows(Action::Read, None));
    let carol = Visitor { name: "carol", groups: &[] };
    assert_eq!(
        file.decide(Action::Read, Some(carol), Scheme::Digest, "Streaming Server"),
        Decision::Deny { scheme: Scheme::Basic, realm: "Locked Basic".to_owned() }
    );
}

#[test]
fn require_lines_add_up() {
    let text = "require user alice\nrequire user bob\nrequire group watchers others\n";
    for name in ["alice", "bob", "anybody-in-watchers"] {
        assert!(reads(text, name));
    }
    assert!(!may(&AccessFile::parse(text.as_bytes()), Action::Read, "carol", &["admin"]));
}

#[test]
fn names_are_compared_with_their_case_and_may_be_quoted() {
    assert!(reads("require user alice", "alice") && !reads("require user Alice", "alice"));
    assert_eq!(AccessFile::parse(b"Require user alice").findings().len(), 1);
    assert!(reads("require user \"john doe\" x", "john doe") && !reads("require user \"john doe\"", "doe"));
    assert!(reads("\trequire\tuser\ta\tb", "b"));
}

#[test]
fn any_user_opens_to_anonymous_visitors_and_valid_user_does_not() {
    let any = AccessFile::parse(b"require any-user");
    assert!(any.allows(Action::Read, None) && any.allows_anybody(Action::Read) && !any.allows(Action::Write, None));
    let valid = AccessFile::parse(b"require valid-user");
    assert!(
        !valid.allows(Action::Read, None) && may(&valid, Action::Read, "x", &[]) && !may(&valid, Action::Read, "", &[])
    );
}

#[test]
fn digest_takes_the_realm_of_the_users_file() {
    let file = AccessFile::parse(b"AuthScheme digest\nAuthName \"Not used by digest\"\nrequire user alice\n");
    let deny = |scheme, realm: &str| Decision::Deny { scheme, realm: realm.to_owned() };
    assert_eq!(
        file.decide(Action::Read, None, Scheme::Basic, "Streaming Server"),
        deny(Scheme::Digest, "Streaming Server")
    );
    let file = AccessFile::parse(b"AuthName 'My Folder'\nrequire valid-user\n");
    assert_eq!(file.decide(Action::Read, None, Scheme::Basic, "S"), deny(Scheme::Basic, "My Folder"));
    assert_eq!(file.decide(Action::Read, None, Scheme::Digest, "S"), deny(Scheme::Digest, "S"));
    assert_eq!(file.decide(Action::Read, None, Scheme::None, "S"), deny(Scheme::None, "S"));
}

#[test]
fn an_unknown_scheme_leaves_the_server_s() {
    for text in ["AuthScheme Basic", "AuthScheme", "AuthScheme ntlm", "authscheme basic"] {
        let file = AccessFile::parse(text.as_bytes());
        assert_eq!((file.settings(Action::Read).scheme, file.findings().len()), (None, 1), "{text}");
    }
}

#[test]
fn limits_separate_reading_and_writing() {
    let file = AccessFile::parse(
        b"AuthScheme basic\nrequire user alice\n<Limit WRITE>\nAuthScheme digest\nAuthUserFile \"/a b/users\"\nrequire user eve\n</Limit>\nAuthName x\n",
    );
    assert!(may(&file, Action::Read, "alice", &[]) && !may(&file, Action::Read, "eve", &[]));
    assert!(may(&file, Action::Write, "eve", &[]) && !may(&file, Action::Write, "alice", &[]));
    assert_eq!(file.settings(Action::Write).users_file.as_deref(), Some(Path::new("/a b/users")));
    assert_eq!(file.settings(Action::Write).scheme, Some(Scheme::Digest));
    assert_eq!(
        (file.settings(Action::Read).scheme, &file.settings(Action::Read).users_file),
        (Some(Scheme::Basic), &None)
    );
    assert_eq!(file.settings(Action::Read).realm.as_deref(), Some("x"));
    for text in [
        "<Limit READ WRITE>\nrequire user a",
        "<Limit WRITE READ >\nrequire user a",
        "<Limit READ  WRITE\nrequire user a",
    ] {
        let file = AccessFile::parse(text.as_bytes());
        assert!(may(&file, Action::Read, "a", &[]) && may(&file, Action::Write, "a", &[]), "{text}");
        assert!(!may(&file, Action::Read, "b", &[]) && !may(&file, Action::Write, "b", &[]), "{text}");
    }
}

#[test]
fn the_last_of_several_files_counts() {
    let file = AccessFile::parse(b"AuthUserFile /a\nAuthGroupFile /b\nAuthUserFile /c\nAuthGroupFile \"/d e\"\n");
    assert_eq!(file.settings(Action::Read).users_file.as_deref(), Some(Path::new("/c")));
    assert_eq!(file.settings(Action::Read).groups_file.as_deref(), Some(Path::new("/d e")));
}

#[test]
fn trap_26_a_file_with_write_rules_only_makes_reading_need_a_login() {
    let file = AccessFile::parse(b"<Limit WRITE>\nrequire user bob\n</Limit>\n");
    assert!(!file.allows(Action::Read, None) && may(&file, Action::Read, "anybody", &[]));
    assert!(!may(&file, Action::Write, "anybody", &[]));
}

#[test]
fn without_a_file_guests_read_if_they_are_allowed_and_writers_need_a_password() {
    for allow in [true, false] {
        let file = AccessFile::missing(allow);
        assert_eq!(file.allows(Action::Read, None), allow);
        assert!(
            may(&file, Action::Read, "x", &[])
                && may(&file, Action::Write, "x", &[])
                && !file.allows(Action::Write, None)
        );
    }
    assert!(!may(&AccessFile::closed(), Action::Read, "x", &[]) && !AccessFile::closed().allows(Action::Write, None));
}

#[test]
fn a_require_line_that_is_not_understood_lets_nobody_in() {
    for text in ["require", "require user", "require users alice", "require group", "require host 1.2.3.4"] {
        let file = AccessFile::parse(text.as_bytes());
        assert!(!may(&file, Action::Read, "alice", &["alice"]), "{text}");
        assert_eq!(file.findings().len(), 1, "{text}");
    }
}

#[test]
fn findings_name_their_line() {
    let file = AccessFile::parse(b"# x\n\nrequire valid-user\nOrder deny,allow\n<Limit GET>\n");
    let shown: Vec<_> = file.findings().iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["line 4: \"Order\" is not known", "line 5: <Limit> does not know \"GET\""]);
}

#[test]
fn trap_25_only_the_nearest_file_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("movies");
    fs::create_dir_all(root.join("a/b/c")).expect("folders");
    fs::write(root.join("qtaccess"), "require user nobody").expect("a file");
    fs::write(root.join("a/qtaccess"), "require any-user").expect("a file");
    fs::write(folder.path().join("qtaccess"), "outside the root").expect("a file");
    fs::create_dir(root.join("a/b/qtaccess")).expect("a folder with the file's name");
    let find = |path: &str| find_access_file(&root, &root.join(path), "qtaccess");
    assert_eq!(find("a/b/c/clip.mov"), Some(root.join("a/qtaccess")));
    assert_eq!(find("a/nofile.mov"), Some(root.join("a/qtaccess")));
    assert_eq!(find("clip.mov"), Some(root.join("qtaccess")));
    let read = |path: &str| read_access_file(&root, &root.join(path), "qtaccess", true).0;
    assert!(read("a/b/x").allows(Action::Read, None) && !read("x").allows(Action::Read, None));
    fs::remove_file(root.join("qtaccess")).expect("removed");
    assert_eq!(find("clip.mov"), None);
}

#[test]
fn trap_26_an_empty_file_is_none() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("qtaccess"), "").expect("a file");
    let read = |guests| read_access_file(folder.path(), &folder.path().join("x.mov"), "qtaccess", guests).0;
    assert!(read(true).allows(Action::Read, None) && !read(false).allows(Action::Read, None));
}

#[test]
fn a_file_that_cannot_be_read_closes_the_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    symlink("qtaccess", folder.path().join("qtaccess")).expect("a link to itself");
    let (file, why) = read_access_file(folder.path(), &folder.path().join("x.mov"), "qtaccess", true);
    assert!(!file.allows(Action::Read, None));
    assert!(why.is_some_and(|why| why.starts_with("Unable to read the access file at ")));
}

#[test]
fn a_file_name_that_leads_elsewhere_is_replaced_with_dss_s_warning() {
    assert_eq!(checked_file_name("myaccess"), ("myaccess", None));
    for (name, sign) in [("../x", "/"), ("a'b", "'"), ("a\"", "\"")] {
        let warning =
            format!("Invalid config value for qtaccessfilename: name contains {sign}. Now using default name:qtaccess");
        assert_eq!(checked_file_name(name), ("qtaccess", Some(warning)));
    }
    assert_eq!(checked_file_name("..").0, "qtaccess");
    assert_eq!(checked_file_name(""), ("qtaccess", None));
}

proptest! {
    #[test]
    fn no_file_is_a_reason_to_panic(words in proptest::collection::vec(prop::sample::select(vec![
        "<Limit", "READ", "WRITE>", "</Limit>", "require", "user", "group", "any-user", "\n", " ", "\"", "AuthName", "\r", "#", "x",
    ]), 0..60)) {
        let text = words.join(" ");
        let file = AccessFile::parse(text.as_bytes());
        // Nobody is let in anonymously without the word for it.
        prop_assert!(!file.allows(Action::Read, None) || text.contains("any-user"));
    }
}
