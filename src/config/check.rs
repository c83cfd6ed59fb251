//! The complete list of remarks on a configuration, for `--check-config`.

use std::collections::HashMap;
use std::path::Path;

use super::defs::PrefDef;
use super::document::{Document, kind_of};
use super::error::ConfigError;
use super::findings::{Finding, Severity};
use super::module_table::module_def;
use super::section::{Place, Section};
use super::server_prefs::{ServerPrefs, server_pref};
use super::store;
use super::types::PrefType;
use super::xml::{Element, Node};

/// Checks a configuration file without changing anything. The findings are in the order of their lines; a file that cannot
/// be used has exactly one, of severity [`Severity::Error`].
pub fn check_file(path: &Path) -> Vec<Finding> {
    match store::read(path) {
        Ok((bytes, _)) => check(&bytes),
        Err(error) => vec![fatal(&ConfigError::unreadable(path, &error))],
    }
}

/// Checks a configuration's text; see [`check_file`].
pub fn check(source: &[u8]) -> Vec<Finding> {
    let document = match Document::parse(source) {
        Ok(document) => document,
        Err(error) => return vec![fatal(&error)],
    };
    let (prefs, mut findings) = ServerPrefs::from_document(&document);
    sections(&document, &mut findings);
    section_contents(&document, &Place::server(), &mut findings);
    let mut modules = document.modules();
    let mut seen = std::collections::HashSet::new();
    modules.retain(|name| seen.insert(name.clone()));
    for module in modules {
        findings.extend(document.module(&module).findings());
        section_contents(&document, &Place::module(module), &mut findings);
    }
    values(&document, &prefs, &mut findings);
    findings.sort_by_key(|finding| (finding.line, finding.column));
    findings
}

fn fatal(error: &ConfigError) -> Finding {
    Finding::new(Severity::Error, (error.line, error.column), error.message.clone())
}

/// The elements below the root: SERVER once, MODULEs with different names, nothing else.
fn sections(document: &Document, findings: &mut Vec<Finding>) {
    let root = document.tree().root();
    stray_text(root, findings);
    let mut first_lines: HashMap<String, u32> = HashMap::new();
    let mut server_seen = false;
    for element in root.elements() {
        let section = match element.name() {
            "SERVER" => {
                server_seen = true;
                "SERVER".to_owned()
            }
            "MODULE" => match element.attribute("NAME") {
                Some(name) => format!("MODULE {name}"),
                None => {
                    add(findings, Severity::Warning, element, "A MODULE without NAME is ignored".into());
                    continue;
                }
            },
            other => {
                add(findings, Severity::Warning, element, format!("The element {other} is ignored"));
                continue;
            }
        };
        match first_lines.get(&section) {
            Some(line) => {
                let text = format!("A second {section} is ignored; the one in line {line} counts");
                add(findings, Severity::Warning, element, text);
            }
            None => {
                first_lines.insert(section, element.position().0);
            }
        }
    }
    if !server_seen {
        add(findings, Severity::Warning, root, "There is no SERVER element; all defaults are used".into());
    }
}

/// A section's elements: known kinds with names, types that exist, no doubles, names that the table knows.
fn section_contents(document: &Document, place: &Place, findings: &mut Vec<Finding>) {
    let Some(section) = document.section(place) else { return };
    let begin = findings.len();
    stray_text(section, findings);
    for element in section.elements() {
        if kind_of(element).is_none() {
            add(findings, Severity::Warning, element, format!("The element {} is ignored", element.name()));
        } else if element.attribute("NAME").is_none() {
            add(findings, Severity::Warning, element, format!("A {} without NAME is ignored", element.name()));
        }
    }
    let snapshot = Section::of(document, place);
    for entry in snapshot.entries() {
        let first = snapshot.get(&entry.name).map_or((0, 0), |first| first.position);
        let known = known_pref(place, &entry.name);
        if first != entry.position {
            let text = format!("The pref {} is there twice; the one in line {} counts", entry.name, first.0);
            findings.push(Finding::new(Severity::Warning, entry.position, text).of_pref(None, &entry.name));
        } else if matches!(known, Some(None)) {
            let text = format!("The pref {} is not known; it is kept{}", entry.name, suggestion(place, &entry.name));
            findings.push(Finding::new(Severity::Info, entry.position, text).of_pref(None, &entry.name));
        } else if entry.ty == PrefType::Unknown && known.flatten().is_none() {
            let text = format!("The type {} does not exist", entry.type_text.as_deref().unwrap_or_default());
            findings.push(Finding::new(Severity::Warning, entry.position, text).of_pref(None, &entry.name));
        }
    }
    findings[begin..].iter_mut().for_each(|finding| finding.module = place.module_name().map(str::to_owned));
}

/// The table's row of a name: `None` for a module that the table does not know, `Some(None)` for a name it lacks.
fn known_pref(place: &Place, name: &str) -> Option<Option<&'static PrefDef>> {
    match place.module_name() {
        None => Some(server_pref(name)),
        Some(module) => module_def(module).map(|module| module.pref(name)),
    }
}

/// The known name that is meant, when only the letter case or a final `s` is wrong (DSS's manual says `rtsp_ports`).
fn suggestion(place: &Place, name: &str) -> String {
    let plain = |name: &str| name.to_ascii_lowercase().trim_end_matches('s').to_owned();
    let defs = match place.module_name() {
        None => super::server_prefs::SERVER_PREFS,
        Some(module) => module_def(module).map(|module| module.prefs).unwrap_or_default(),
    };
    let meant = defs.iter().find(|def| plain(def.name) == plain(name));
    meant.map(|def| format!(" (is {} meant?)", def.name)).unwrap_or_default()
}

fn stray_text(element: &Element, findings: &mut Vec<Finding>) {
    let stray = |node: &Node| matches!(node, Node::Text(text) | Node::CData(text) if !text.trim_ascii().is_empty());
    if element.children.iter().any(stray) {
        add(findings, Severity::Warning, element, format!("Text directly in {} is ignored", element.name()));
    }
}

fn add(findings: &mut Vec<Finding>, severity: Severity, element: &Element, text: String) {
    findings.push(Finding::new(severity, element.position(), text));
}

/// Values that have the right type and still make no sense.
fn values(document: &Document, prefs: &ServerPrefs, findings: &mut Vec<Finding>) {
    let mut warn = |pref: &str, text: String| {
        let position = document.entry(&Place::server(), pref).map_or((0, 0), |entry| entry.position);
        findings.push(Finding::new(Severity::Warning, position, text).of_pref(None, pref));
    };
    if !matches!(prefs.authentication_scheme.as_str(), "none" | "basic" | "digest") {
        let scheme = &prefs.authentication_scheme;
        warn("authentication_scheme", format!("The authentication scheme {scheme} is none of none, basic, digest"));
    }
    if prefs.error_logfile_verbosity > 4 {
        warn("error_logfile_verbosity", "The verbosity is larger than 4; it counts as 4".into());
    }
    if !(1..=9).contains(&prefs.three_gpp_protocol_rate_adaptation_report_frequency) {
        let name = "3gpp_protocol_rate_adaptation_report_frequency";
        warn(name, format!("The value of {name} is not between 1 and 9"));
    }
    if prefs.rtsp_port.contains(&0) {
        warn("rtsp_port", "Port 0 is no port to listen on".into());
    }
    if prefs.min_tcp_buffer_size > prefs.max_tcp_buffer_size {
        warn("min_tcp_buffer_size", "min_tcp_buffer_size is larger than max_tcp_buffer_size".into());
    }
}
