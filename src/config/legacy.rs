//! Conversion of the text configuration of versions 1 and 2 (`streamingserver.conf`).

use super::defs::{PrefDef, Shipped};
use super::document::Document;
use super::error::ConfigError;
use super::module_table::MODULES;
use super::section::Place;
use super::server_prefs::server_pref;
use super::types::PrefType;

/// Makes a document of a legacy configuration: lines `key value [value …]`, `#` comments, values in double quotes where they
/// contain blanks. Keys go to the module they belong to, unknown ones to the server as text; of a key that is there twice
/// the first counts. `enabled` is true and any other word false, except for `true` itself.
///
/// # Errors
/// None in practice; the skeleton of a new file is a constant of this program.
pub fn convert(text: &[u8]) -> Result<Document, ConfigError> {
    let mut document = Document::skeleton()?;
    for line in text.split(|byte| matches!(byte, b'\n' | b'\r')) {
        let mut words = words(line).into_iter();
        let Some(key) = words.next() else { continue };
        let Ok(key) = String::from_utf8(key) else { continue };
        let (place, ty) = destination(&key);
        if document.entry(&place, &key).is_some() {
            continue;
        }
        let mut values: Vec<Vec<u8>> = words.collect();
        if values.is_empty() {
            values.push(Vec::new());
        }
        if ty == PrefType::Bool16 {
            values.iter_mut().for_each(|value| *value = boolean(value));
        }
        // Sections without objects always take a value.
        let _ = document.set_values(&place, &key, ty, &values);
    }
    Ok(document)
}

fn boolean(value: &[u8]) -> Vec<u8> {
    let on = value.eq_ignore_ascii_case(b"enabled") || value.eq_ignore_ascii_case(b"true");
    if on { b"true".to_vec() } else { b"false".to_vec() }
}

/// Splits a line into words; a word in double quotes may contain blanks. A comment has none.
fn words(line: &[u8]) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut rest = line.trim_ascii();
    if rest.starts_with(b"#") {
        return words;
    }
    while let Some(&first) = rest.first() {
        let (word, after) = if first == b'"' {
            let inner = &rest[1..];
            let end = inner.iter().position(|&byte| byte == b'"').unwrap_or(inner.len());
            (&inner[..end], inner.get(end + 1..).unwrap_or_default())
        } else {
            let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
            rest.split_at(end)
        };
        words.push(word.to_vec());
        rest = after.trim_ascii_start();
    }
    words
}

/// Where a key belongs and its type.
fn destination(key: &str) -> (Place, PrefType) {
    if let Some(def) = server_pref(key) {
        return (Place::server(), def.ty);
    }
    if let Some((module, def)) = only_module_with(key) {
        return (Place::module(module), def.ty);
    }
    let module = match key {
        "buffer_seconds" | "sdp_url" | "admin_email" | "max_advance_send_time" => "QTSSFileModule",
        "web_stats_url" => "QTSSWebStatsModule",
        "history_update_interval" => "QTSSSvrControlModule",
        "num_conns_per_ip_addr" => "QTSSSpamDefenseModule",
        _ => match key.split_once('_').map(|(prefix, _)| prefix) {
            Some("request") => "QTSSAccessLogModule",
            Some("relay") => "QTSSRelayModule",
            Some("modAccess") => "QTSSAccessModule",
            Some("reflector") => "QTSSReflectorModule",
            Some("loss" | "num") => "QTSSFlowControlModule",
            _ => return (Place::server(), PrefType::CharArray),
        },
    };
    (Place::module(module), PrefType::CharArray)
}

/// The module that has the preference, if only one has a preference of that name; built-in modules go first.
fn only_module_with(key: &str) -> Option<(&'static str, &'static PrefDef)> {
    let owners = |built_in: bool| {
        let modules = MODULES.iter().filter(move |module| (module.shipped == Shipped::BuiltIn) == built_in);
        modules.filter_map(|module| module.pref(key).map(|def| (module.name, def)))
    };
    [true, false].into_iter().find_map(|built_in| {
        let mut found = owners(built_in);
        found.next().filter(|_| found.next().is_none())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_to_their_sections_with_their_types() {
        let text = b"# old\nrtsp_port 554 7070\r\nmovie_folder \"/srv/my movies/\"\nscreen_logging enabled\n\
            request_logging disabled\nreflector_delay 5\nmodAccess_enabled ENABLED\nfancy_key a b\nnum_conns_per_ip_addr 3\n\
            movie_folder /second/\n  # indented comment\nsdp_url\n";
        let document = convert(text).unwrap();
        let values = |place: &Place, name: &str| {
            let entry = document.entry(place, name).unwrap();
            let texts: Vec<_> = entry.values.into_iter().map(|value| String::from_utf8(value).unwrap()).collect();
            (entry.ty, texts.join("|"))
        };
        let server = Place::server();
        assert_eq!(values(&server, "rtsp_port"), (PrefType::UInt16, "554|7070".into()));
        assert_eq!(values(&server, "movie_folder"), (PrefType::CharArray, "/srv/my movies/".into()));
        assert_eq!(values(&server, "screen_logging"), (PrefType::Bool16, "true".into()));
        assert_eq!(values(&server, "fancy_key"), (PrefType::CharArray, "a|b".into()));
        let module = |name: &str| Place::module(name);
        assert_eq!(values(&module("QTSSAccessLogModule"), "request_logging"), (PrefType::Bool16, "false".into()));
        assert_eq!(values(&module("QTSSReflectorModule"), "reflector_delay"), (PrefType::CharArray, "5".into()));
        assert_eq!(values(&module("QTSSAccessModule"), "modAccess_enabled"), (PrefType::Bool16, "true".into()));
        assert_eq!(values(&module("QTSSSpamDefenseModule"), "num_conns_per_ip_addr"), (PrefType::UInt32, "3".into()));
        assert_eq!(values(&module("QTSSFileModule"), "sdp_url"), (PrefType::CharArray, String::new()));
    }

    #[test]
    fn odd_lines_do_no_harm() {
        for text in [&b""[..], b"\"", b"\"unclosed key", b"\xFF\xFE x", b"key \"", b"key \"a\"b\" c"] {
            convert(text).unwrap();
        }
    }
}
