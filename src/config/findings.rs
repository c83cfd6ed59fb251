//! What is noteworthy about a configuration that could nevertheless be used.

use std::fmt;

use super::defs::PrefDef;
use super::text::text_of_bytes;
use super::types::Oddity;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; DSS logged such at INFO.
    Info,
    /// Probably a mistake; the server runs with the value named in the text.
    Warning,
    /// The file cannot be used.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One remark about a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// Line in the file, from 1; 0 when there is none (a missing preference).
    pub line: u32,
    /// Column in the line, from 1; 0 when there is none.
    pub column: u32,
    /// The module whose section it concerns; `None` for the server's or the whole file.
    pub module: Option<String>,
    /// The preference it concerns, if one.
    pub pref: Option<String>,
    /// The text for the error log; DSS's own words where it had a message for the case.
    pub text: String,
}

impl fmt::Display for Finding {
    /// `line:column: severity: text`, with the module's name before the text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "{}:{}: ", self.line, self.column)?;
        }
        write!(f, "{}: ", self.severity)?;
        if let Some(module) = &self.module {
            write!(f, "{module}: ")?;
        }
        f.write_str(&self.text)
    }
}

impl Finding {
    /// A finding about a place in the file, line and column from 1.
    pub fn new(severity: Severity, (line, column): (u32, u32), text: impl Into<String>) -> Self {
        Self { severity, line, column, module: None, pref: None, text: text.into() }
    }

    pub(super) fn of_pref(mut self, module: Option<&str>, pref: &str) -> Self {
        self.module = module.map(str::to_owned);
        self.pref = Some(pref.to_owned());
        self
    }

    /// DSS's message for a missing preference; DSS said nothing when the default is empty, and neither does this.
    pub(super) fn missing(def: &PrefDef, default: &[Vec<u8>]) -> Option<Self> {
        let value = joined(default)?;
        let text = format!("The following pref, {}, wasn't found. Using a default value of: {value}", def.name);
        Some(Self::new(Severity::Info, (0, 0), text))
    }

    /// DSS's message for a preference of another type than the table's.
    pub(super) fn wrong_type(def: &PrefDef, default: &[Vec<u8>], position: (u32, u32)) -> Self {
        let value = joined(default).unwrap_or_default();
        let text = format!("The following pref, {}, has the wrong type. Using a default value of: {value}", def.name);
        Self::new(Severity::Warning, position, text)
    }

    pub(super) fn odd_value(def: &PrefDef, value: &[u8], oddity: Oddity, position: (u32, u32)) -> Self {
        let value = text_of_bytes(value);
        let text = format!("The value \"{value}\" of the pref {} {}", def.name, oddity.describe());
        Self::new(Severity::Warning, position, text)
    }
}

/// The values separated by blanks; `None` when all are empty.
fn joined(values: &[Vec<u8>]) -> Option<String> {
    let texts: Vec<_> = values.iter().map(|value| text_of_bytes(value)).filter(|text| !text.is_empty()).collect();
    (!texts.is_empty()).then(|| texts.join(" "))
}
