//! The error log's levels.

use std::fmt;

/// How bad a log entry is; the numbers are QTSS's (`QTSS_ErrorVerbosity`) and those of `error_logfile_verbosity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum Level {
    /// The server cannot go on. An entry of this level stops it.
    Fatal = 0,
    /// Something is wrong.
    Warning = 1,
    /// Something happened.
    Info = 2,
    /// An assumption of the program did not hold.
    Assert = 3,
    /// For developers.
    Debug = 4,
}

impl Level {
    /// The level as it stands in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fatal => "FATAL",
            Self::Warning => "WARNING",
            Self::Info => "INFO",
            Self::Assert => "ASSERT",
            Self::Debug => "DEBUG",
        }
    }

    /// The level with that QTSS number; `None` for numbers that QTSS does not have.
    pub const fn from_code(code: u32) -> Option<Self> {
        match code {
            0 => Some(Self::Fatal),
            1 => Some(Self::Warning),
            2 => Some(Self::Info),
            3 => Some(Self::Assert),
            4 => Some(Self::Debug),
            _ => None,
        }
    }

    /// QTSS's number.
    pub const fn code(self) -> u32 {
        self as u32
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
