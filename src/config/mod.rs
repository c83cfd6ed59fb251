//! streamingserver.xml: read, validate, rewrite atomically; preferences with their types and defaults.
//!
//! [`Prefs`] is the file in use. Under it are the [`Document`], which keeps the file's text apart from what is changed, and
//! the tables [`SERVER_PREFS`] and [`MODULES`] with the names, types and defaults of DSS 6.0.3. [`ServerPrefs`] and
//! [`ModulePrefs`] are typed views of a document. [`check_file`] lists what is noteworthy about a file.
#![deny(unsafe_code)]

pub mod identity;
pub mod store;
pub mod xml;

mod check;
mod defs;
mod document;
mod edit;
mod error;
mod findings;
mod format;
mod legacy;
mod module_prefs;
mod module_table;
mod prefs;
mod section;
mod server_prefs;
mod text;
mod types;

#[cfg(test)]
mod tests;

pub use check::{check, check_file};
pub use defs::{Defaults, ModuleDef, PrefDef, Shipped};
pub use document::Document;
pub use edit::EditError;
pub use error::ConfigError;
pub use findings::{Finding, Severity};
pub use legacy::convert as convert_legacy;
pub use module_prefs::ModulePrefs;
pub use module_table::{MODULES, module_def};
pub use prefs::{Loaded, Prefs, SaveError};
pub use section::{Owner, Place, PrefEntry, PrefKind, Section};
pub use server_prefs::{SERVER_PREFS, ServerPrefs, server_pref};
pub use text::text_of_bytes;
pub use types::{Oddity, PrefField, PrefType, oddity, parse_bool, parse_float, parse_integer};
