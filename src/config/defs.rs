//! What a preference is: the row of the tables in `server_prefs` and `module_table`.

use super::types::PrefType;

/// Where a preference's default comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defaults {
    /// The texts of the default values, as DSS 6.0.3 wrote them into a new file.
    Text(&'static [&'static str]),
    /// The server preference `error_logfile_dir`, whatever its value is.
    ErrorLogDir,
}

/// A known preference.
#[derive(Clone, Copy, Debug)]
pub struct PrefDef {
    /// Name in the file, the admin protocol and the QTSS API.
    pub name: &'static str,
    /// Type of each value.
    pub ty: PrefType,
    /// Whether it may hold several values.
    pub list: bool,
    /// Default values.
    pub defaults: Defaults,
    /// What it means, with the unit.
    pub doc: &'static str,
    /// Why setting it has no effect in this server, when it has none.
    pub unused: Option<&'static str>,
}

impl PrefDef {
    /// The default's texts; `error_log_dir` is the value of the server preference `error_logfile_dir`.
    pub fn default_values(&self, error_log_dir: &[u8]) -> Vec<Vec<u8>> {
        match self.defaults {
            Defaults::Text(values) => values.iter().map(|value| value.as_bytes().to_vec()).collect(),
            Defaults::ErrorLogDir => vec![error_log_dir.to_vec()],
        }
    }
}

/// How a module of DSS 6.0.3 came with the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shipped {
    /// Part of the server program; its preferences are in every generated file.
    BuiltIn,
    /// A file in the module folder.
    Dynamic,
    /// Source code only.
    Source,
}

/// A known module and its preferences.
#[derive(Clone, Copy, Debug)]
pub struct ModuleDef {
    /// The module's name, which is its MODULE element's NAME.
    pub name: &'static str,
    /// How it came with DSS.
    pub shipped: Shipped,
    /// Its preferences in file order.
    pub prefs: &'static [PrefDef],
}

impl ModuleDef {
    /// The preference of that name.
    pub fn pref(&self, name: &str) -> Option<&'static PrefDef> {
        self.prefs.iter().find(|def| def.name == name)
    }
}
