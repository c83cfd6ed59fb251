//! The configuration file `streamingloadtool.conf` in the form that DSS 6.0.3's tool reads.

use std::path::{Path, PathBuf};

/// One directive: the first word of a line and the rest of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// Line number, from 1.
    pub line: usize,
    /// The key as written.
    pub key: String,
    /// The value without surrounding blanks and quotes.
    pub value: String,
}

/// Splits a file into directives. Lines that are empty or begin with `#` are skipped; a value may be in double quotes.
pub fn parse(text: &str) -> Vec<Directive> {
    let mut directives = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        let value = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next().unwrap_or(quoted),
            None => rest,
        };
        directives.push(Directive { line: number + 1, key: key.to_owned(), value: value.to_owned() });
    }
    directives
}

/// The file to use when none was named: in the current directory as DSS's tool does, then in `/etc/streaming`, where
/// DSS's installer puts it.
pub fn default_path(etc: &Path) -> PathBuf {
    let here = PathBuf::from("streamingloadtool.conf");
    let installed = etc.join("streamingloadtool.conf");
    if !here.exists() && installed.exists() { installed } else { here }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_keep_order_line_and_value() {
        let text =
            "# a comment\n\nclienttype   tcp\r\n\turl rtsp://host/a.mov\nplayer \"QTS (qtver=7;os=x)\" tail\nurl\n";
        let found = parse(text);
        let short: Vec<_> = found.iter().map(|d| (d.line, d.key.as_str(), d.value.as_str())).collect();
        assert_eq!(
            short,
            [
                (3, "clienttype", "tcp"),
                (4, "url", "rtsp://host/a.mov"),
                (5, "player", "QTS (qtver=7;os=x)"),
                (6, "url", "")
            ]
        );
    }

    #[test]
    fn the_installed_file_is_found_when_the_directory_has_none() {
        let etc = tempfile::tempdir().unwrap();
        assert_eq!(default_path(etc.path()), Path::new("streamingloadtool.conf"));
        let file = etc.path().join("streamingloadtool.conf");
        std::fs::write(&file, "").unwrap();
        assert_eq!(default_path(etc.path()), file);
    }
}
