//! One module's preferences, read with the table's defaults behind them.

use std::path::PathBuf;

use super::defs::ModuleDef;
use super::document::Document;
use super::findings::Finding;
use super::module_table::module_def;
use super::section::{Place, Section};
use super::server_prefs::server_pref;
use super::types::PrefField;

/// A snapshot of a module's section.
///
/// The getters answer with the preference's default when it is missing or of another type, and with 0, false or an empty
/// text for a name that neither the file nor the table knows.
#[derive(Clone, Debug)]
pub struct ModulePrefs {
    def: Option<&'static ModuleDef>,
    section: Section,
    error_log_dir: Vec<u8>,
}

impl Document {
    /// The preferences of the module of that name, whether it has a MODULE element or not.
    pub fn module(&self, name: &str) -> ModulePrefs {
        let section = Section::of(self, &Place::module(name));
        ModulePrefs { def: module_def(name), section, error_log_dir: self.error_log_dir() }
    }

    /// The value of the server preference `error_logfile_dir`, the default folder of every log.
    pub(super) fn error_log_dir(&self) -> Vec<u8> {
        let Some(def) = server_pref("error_logfile_dir") else { return Vec::new() };
        let section = Section::of(self, &Place::server());
        section.resolve(def, b"", &mut Vec::new()).pop().unwrap_or_default()
    }
}

impl ModulePrefs {
    /// The section as it stands in the file.
    pub fn section(&self) -> &Section {
        &self.section
    }

    /// The values of a preference read as `T`: the file's if it has `T`'s type, else the table's default.
    pub fn get<T: PrefField>(&self, name: &str) -> T {
        T::read(&self.values::<T>(name))
    }

    /// A Bool16; true only for `true` in any letter case.
    pub fn bool(&self, name: &str) -> bool {
        self.get(name)
    }

    /// A UInt16.
    pub fn u16(&self, name: &str) -> u16 {
        self.get(name)
    }

    /// A UInt32.
    pub fn u32(&self, name: &str) -> u32 {
        self.get(name)
    }

    /// A SInt32.
    pub fn i32(&self, name: &str) -> i32 {
        self.get(name)
    }

    /// A SInt64.
    pub fn i64(&self, name: &str) -> i64 {
        self.get(name)
    }

    /// A Float32.
    pub fn f32(&self, name: &str) -> f32 {
        self.get(name)
    }

    /// A text.
    pub fn string(&self, name: &str) -> String {
        self.get(name)
    }

    /// Every value of a text list, empty ones included.
    pub fn list(&self, name: &str) -> Vec<String> {
        self.get(name)
    }

    /// A text as a path, byte for byte.
    pub fn path(&self, name: &str) -> PathBuf {
        use std::os::unix::ffi::OsStringExt;
        let first = self.values::<String>(name).into_iter().next().unwrap_or_default();
        PathBuf::from(std::ffi::OsString::from_vec(first))
    }

    /// What is noteworthy about the module's section; nothing for a module that the table does not know.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for def in self.def.into_iter().flat_map(|module| module.prefs) {
            self.section.resolve(def, &self.error_log_dir, &mut findings);
        }
        findings
    }

    fn values<T: PrefField>(&self, name: &str) -> Vec<Vec<u8>> {
        if let Some(def) = self.def.and_then(|module| module.pref(name)) {
            return self.section.resolve(def, &self.error_log_dir, &mut Vec::new());
        }
        let entry = self.section.get(name).filter(|entry| entry.ty == T::TYPE);
        entry.map(|entry| entry.values.clone()).unwrap_or_default()
    }
}
