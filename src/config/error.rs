//! Why a configuration file could not be used.

use std::io;
use std::path::{Path, PathBuf};

/// A configuration that cannot be read or is not well-formed.
///
/// `message` keeps DSS 6.0.3's words, so that scripts which look for them still find them; `line` and `column` say where
/// (1-based, columns in bytes). Both are 0 when the file itself could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", self.position())]
pub struct ConfigError {
    /// The file, when the text came from one.
    pub path: Option<PathBuf>,
    /// Line of the offending character, counted from 1; 0 when no line applies.
    pub line: u32,
    /// Column of the offending byte in its line, counted from 1; 0 when no column applies.
    pub column: u32,
    /// What is wrong, in DSS's words where it had any.
    pub message: String,
    /// The system's error number (`errno`) when reading failed.
    pub os_error: Option<i32>,
}

impl ConfigError {
    /// An error at a place in the text.
    pub(crate) fn at((line, column): (u32, u32), message: impl Into<String>) -> Self {
        Self { path: None, line, column, message: message.into(), os_error: None }
    }

    /// The file could not be read; DSS's words, with the system's reason after them.
    pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self {
            path: Some(path.to_owned()),
            line: 0,
            column: 0,
            message: format!("Couldn't read xml file: {error}"),
            os_error: error.raw_os_error(),
        }
    }

    /// The same error, naming the file it was found in.
    #[must_use]
    pub fn in_file(mut self, path: &Path) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    fn position(&self) -> String {
        let path = self.path.as_ref().map(|path| format!("{}:", path.display())).unwrap_or_default();
        match (path.is_empty(), self.line) {
            (true, 0) => String::new(),
            (false, 0) => format!("{path} "),
            (_, line) => format!("{path}{line}:{}: ", self.column),
        }
    }
}
