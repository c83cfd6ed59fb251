//! One owner's preferences as they stand in a document.

use std::collections::HashMap;
use std::path::PathBuf;

use super::defs::PrefDef;
use super::document::Document;
use super::findings::{Finding, Severity};
use super::text::text_of_bytes;
use super::types::{PrefType, oddity};

/// Whose preferences.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// The SERVER element.
    Server,
    /// The MODULE element of that name.
    Module(String),
}

/// Where preferences live: an owner's section, or an object preference nested in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The section.
    pub owner: Owner,
    /// The object preferences to descend into, each with the index of its value.
    pub objects: Vec<(String, usize)>,
}

impl Place {
    /// The server's section.
    pub fn server() -> Self {
        Self { owner: Owner::Server, objects: Vec::new() }
    }

    /// A module's section.
    pub fn module(name: impl Into<String>) -> Self {
        Self { owner: Owner::Module(name.into()), objects: Vec::new() }
    }

    /// The preferences inside the `index`th value of an object preference.
    #[must_use]
    pub fn object(mut self, name: impl Into<String>, index: usize) -> Self {
        self.objects.push((name.into(), index));
        self
    }

    /// The module's name, unless the place is the server's.
    pub fn module_name(&self) -> Option<&str> {
        match &self.owner {
            Owner::Server => None,
            Owner::Module(name) => Some(name),
        }
    }
}

/// How a preference is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrefKind {
    /// `PREF`: one value.
    Single,
    /// `LIST-PREF`: several values.
    List,
    /// `OBJECT` or `LIST-OBJECT`: nested preferences.
    Object,
    /// `EMPTY-OBJECT`: a type but no value.
    Empty,
}

/// A preference as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrefEntry {
    /// Its name.
    pub name: String,
    /// The TYPE as written; `None` when left out, which means CharArray.
    pub type_text: Option<String>,
    /// The type; `Unknown` when TYPE names none that DSS knew.
    pub ty: PrefType,
    /// How it is written.
    pub kind: PrefKind,
    /// The decoded values in order; empty for objects.
    pub values: Vec<Vec<u8>>,
    /// How many objects an object preference holds.
    pub objects: usize,
    /// Line and column in the file, from 1; (0, 0) for a preference that an edit made.
    pub position: (u32, u32),
}

impl PrefEntry {
    /// Whether the server takes the preference as not there: written as `<PREF …/>` or without any value.
    pub fn counts_as_missing(&self) -> bool {
        self.kind != PrefKind::Object && self.values.is_empty()
    }
}

/// The preferences of one place; of several with one name the first counts, as in DSS.
#[derive(Clone, Debug)]
pub struct Section {
    place: Place,
    entries: Vec<PrefEntry>,
    first: HashMap<String, usize>,
}

impl Section {
    /// Takes a snapshot of a document's section; an absent one is empty.
    pub fn of(document: &Document, place: &Place) -> Self {
        let entries = document.entries(place);
        let mut first = HashMap::new();
        for (index, entry) in entries.iter().enumerate() {
            first.entry(entry.name.clone()).or_insert(index);
        }
        Self { place: place.clone(), entries, first }
    }

    /// Whose section it is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// All preferences in file order, known or not, doubles included.
    pub fn entries(&self) -> &[PrefEntry] {
        &self.entries
    }

    /// The preference of that name.
    pub fn get(&self, name: &str) -> Option<&PrefEntry> {
        self.first.get(name).and_then(|&index| self.entries.get(index))
    }

    /// The first value as bytes.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.get(name)?.values.first().map(Vec::as_slice)
    }

    /// The first value as text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.bytes(name).map(|bytes| text_of_bytes(bytes).into_owned())
    }

    /// The first value as a path, byte for byte (a folder's name need not be UTF-8).
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        use std::os::unix::ffi::OsStrExt;
        self.bytes(name).map(|bytes| PathBuf::from(std::ffi::OsStr::from_bytes(bytes)))
    }

    /// The values to use for a known preference, its defaults if it is missing or of another type; says why in `findings`.
    pub(super) fn resolve(&self, def: &PrefDef, error_log_dir: &[u8], findings: &mut Vec<Finding>) -> Vec<Vec<u8>> {
        let module = self.place.module_name();
        let mut add = |finding: Finding| findings.push(finding.of_pref(module, def.name));
        let default = def.default_values(error_log_dir);
        let Some(entry) = self.get(def.name).filter(|entry| !entry.counts_as_missing()) else {
            Finding::missing(def, &default).into_iter().for_each(&mut add);
            return default;
        };
        if entry.ty != def.ty {
            add(Finding::wrong_type(def, &default, entry.position));
            return default;
        }
        let used = if def.list { &entry.values[..] } else { &entry.values[..1] };
        for value in used {
            if let Some(odd) = oddity(def.ty, value) {
                add(Finding::odd_value(def, value, odd, entry.position));
            }
        }
        if entry.values.len() > used.len() {
            let text = format!("Only the first of the values of the pref {} is used", def.name);
            add(Finding::new(Severity::Warning, entry.position, text));
        }
        if let Some(reason) = def.unused.filter(|_| entry.values != default) {
            let text = format!("The pref {} has no effect: {reason}", def.name);
            add(Finding::new(Severity::Warning, entry.position, text));
        }
        used.to_vec()
    }
}
