//! Users, groups and access files, and the Authorization header.

#![no_main]

use dss::auth::edit::{GroupsText, UsersText};
use dss::auth::{AccessFile, Action, Credentials, Groups, Users};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let users = Users::parse(bytes);
    if let Ok(text) = UsersText::parse(bytes) {
        assert_eq!(text.to_bytes(), bytes);
        assert!(users.realm().is_some());
    }
    Groups::parse(bytes);
    let mut groups = GroupsText::parse(bytes);
    assert_eq!(groups.to_bytes(), bytes);
    if groups.add_user("fuzz", "member").is_ok() {
        assert!(Groups::parse(&groups.to_bytes()).contains("fuzz", "member"));
    }
    let file = AccessFile::parse(bytes);
    let open = file.allows(Action::Read, None) || file.allows(Action::Write, None);
    assert!(!open || bytes.windows(8).any(|word| word == b"any-user"));
    let _ = Credentials::parse(bytes);
});
