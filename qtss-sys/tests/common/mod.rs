//! What the tests of this crate share: the project's tables of the ABI, and words to the person running the tests.

#![allow(dead_code)] // each test program uses a part

pub mod compiler;

use std::io::Write;
use std::path::{Path, PathBuf};

/// `include/` of the project.
pub fn include_dir() -> PathBuf {
    project_dir().join("include")
}

/// Top folder of the project.
pub fn project_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the project").to_path_buf()
}

/// Tells whoever runs the tests something, past the capture of test output: a skipped check is never silent.
pub fn say(text: &str) {
    writeln!(std::io::stderr(), "note: {text}").expect("stderr takes a line");
}

/// A table of `tests/data`: one row per line, fields by tab, the first line names the columns.
pub struct Table {
    columns: Vec<&'static str>,
    rows: Vec<Vec<&'static str>>,
}

impl Table {
    pub fn parse(text: &'static str) -> Self {
        let mut lines = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
        let columns = lines.next().expect("a table has a first line");
        let rows: Vec<_> = lines.collect();
        for row in &rows {
            assert_eq!(row.len(), columns.len(), "{row:?}");
        }
        Self { columns, rows }
    }

    /// The named columns of every row.
    pub fn select<const N: usize>(&self, names: [&str; N]) -> Vec<[&'static str; N]> {
        let at = names.map(|name| self.columns.iter().position(|c| *c == name).expect(name));
        self.rows.iter().map(|row| at.map(|i| row[i])).collect()
    }
}

macro_rules! table {
    ($name:ident) => {
        pub fn $name() -> Table {
            Table::parse(include_str!(concat!("../data/", stringify!($name), ".tsv")))
        }
    };
}
table!(types);
table!(fields);
table!(constants);
table!(callbacks);
table!(roles);

/// A number of a table.
pub fn number(text: &str) -> i64 {
    text.parse().unwrap_or_else(|_| panic!("{text} is not a number"))
}
