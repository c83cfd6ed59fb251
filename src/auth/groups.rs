//! The groups file (`qtgroups`): lines `group: user user …`.

use std::collections::HashMap;

use super::lines::{self, FileFinding};
use crate::config::text_of_bytes;

/// A groups file.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    /// Groups by user, in the file's order.
    of_user: HashMap<String, Vec<String>>,
    /// Names of all groups, also empty ones.
    names: Vec<String>,
    findings: Vec<FileFinding>,
}

impl Groups {
    /// Reads a groups file as leniently as DSS did. Lines of the same group add up.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut out = Self::default();
        for (number, line) in lines::meaningful(bytes) {
            let Some((name, members)) = split_group(line) else {
                out.findings.push(FileFinding::new(number, "a line without \"group:\" is ignored"));
                continue;
            };
            let name = text_of_bytes(name).into_owned();
            for member in lines::words(members) {
                let groups = out.of_user.entry(text_of_bytes(member).into_owned()).or_default();
                if !groups.contains(&name) {
                    groups.push(name.clone());
                }
            }
            if !out.names.contains(&name) {
                out.names.push(name);
            }
        }
        out
    }

    /// The groups of a user, in the file's order.
    pub fn of(&self, user: &str) -> &[String] {
        self.of_user.get(user).map_or(&[], Vec::as_slice)
    }

    /// Whether a user is in a group.
    pub fn contains(&self, group: &str, user: &str) -> bool {
        self.of(user).iter().any(|name| name == group)
    }

    /// The names of all groups, also of those without members.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What is odd about the file.
    pub fn findings(&self) -> &[FileFinding] {
        &self.findings
    }
}

/// Name and members of a line.
pub(super) fn split_group(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let name = line[..colon].trim_ascii();
    (!name.is_empty()).then_some((name, &line[colon + 1..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn members_are_separated_by_blanks_and_tabs() {
        let groups =
            Groups::parse(b"# groups\nadmin: admin\r\nwatchers:carol\tdave  \n  empty :\nadmin: carol\nnonsense\n");
        assert_eq!(groups.of("carol"), ["watchers", "admin"]);
        assert!(groups.contains("admin", "admin") && groups.contains("watchers", "dave"));
        assert!(!groups.contains("admin", "dave") && groups.of("nobody").is_empty());
        assert_eq!(groups.names(), ["admin", "watchers", "empty"]);
        assert_eq!((groups.findings().len(), groups.findings()[0].line), (1, 6));
    }

    proptest! {
        #[test]
        fn no_file_is_a_reason_to_panic(bytes in proptest::collection::vec(prop::sample::select(b"ab:#\n\r \t\"\xff\0".to_vec()), 0..200)) {
            Groups::parse(&bytes);
        }
    }
}
