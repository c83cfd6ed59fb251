//! Keeps the house in order: what may lean on what, and what the papers say about it.
//!
//! A room is a folder of `src/`. It may use the rooms below it and never those above; here the `crate::…` paths of
//! every file are read and an arrow that points up fails the test with its file and line.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, ground floor first.
const ROOMS: [&str; 13] =
    ["qtss", "config", "log", "media", "rtsp", "rtp", "live", "auth", "server", "modules", "abi", "process", "tools"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All files below a folder, in a stable order; folders that `skip` names are left out.
fn files(folder: &Path, skip: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let entry = entry.expect("a folder entry");
            let kind = entry.file_type().expect("a file type");
            if kind.is_dir() && !skip.iter().any(|name| entry.file_name() == *name) {
                folders.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

/// A word or a sign of Rust source, with its line.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Token<'a> {
    text: &'a str,
    line: usize,
}

/// Splits Rust source into identifiers, `::`, and single signs; comments and literals are dropped.
fn tokens(source: &str) -> Vec<Token<'_>> {
    let bytes = source.as_bytes();
    let (mut out, mut at, mut line) = (Vec::new(), 0, 1);
    while at < bytes.len() {
        let rest = &source[at..];
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(length) = literal(rest) {
            length
        } else {
            let length = word(rest).max(if rest.starts_with("::") { 2 } else { 0 });
            let length = if length == 0 { rest.chars().next().map_or(1, char::len_utf8) } else { length };
            if !rest.starts_with(char::is_whitespace) {
                out.push(Token { text: &rest[..length], line });
            }
            length
        };
        line += rest[..length].matches('\n').count();
        at += length;
    }
    out
}

/// Bytes of the identifier or number that `rest` begins with.
fn word(rest: &str) -> usize {
    rest.find(|sign: char| !sign.is_alphanumeric() && sign != '_').unwrap_or(rest.len())
}

/// Bytes of the block comment that `rest` begins with; such comments nest.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest.as_bytes()[at..].starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.as_bytes()[at..].starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// Bytes of the string or character literal that `rest` begins with, if it begins with one.
fn literal(rest: &str) -> Option<usize> {
    let prefix = if word(rest) <= 2 { word(rest) } else { return None };
    let (kind, body) = rest.split_at(prefix);
    if !matches!(kind, "" | "b" | "c" | "r" | "br" | "cr") {
        return None;
    }
    let hashes = body.len() - body.trim_start_matches('#').len();
    if kind.ends_with('r') && body[hashes..].starts_with('"') {
        let close = format!("\"{}", "#".repeat(hashes));
        let open = prefix + hashes + 1;
        return Some(rest[open..].find(&close).map_or(rest.len(), |at| open + at + close.len()));
    }
    let quote = body.chars().next().filter(|sign| matches!(sign, '"' | '\''))?;
    let mut signs = body.char_indices().skip(1);
    if quote == '\'' {
        // A lifetime has no quote after its first letter.
        let first = signs.next()?.1;
        if first != '\\' && signs.next()?.1 != '\'' {
            return None;
        }
        signs = body.char_indices().skip(1);
    }
    while let Some((at, sign)) = signs.next() {
        if sign == '\\' {
            signs.next();
        } else if sign == quote {
            return Some(prefix + at + 1);
        }
    }
    Some(rest.len())
}

/// The top-level modules that a file names by `crate::x`, by `crate::{x, y}`, or by climbing with `super::` to the
/// crate's root. `depth` is how many modules deep the file is (1 for `src/room/mod.rs`).
fn rooms_named<'a>(tokens: &[Token<'a>], depth: usize) -> Vec<Token<'a>> {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text);
    let (mut out, mut at) = (Vec::new(), 0);
    // For each open brace: whether it is that of an inline module.
    let mut braces = Vec::new();
    while at < tokens.len() {
        let mut next = at + 1;
        match text(at) {
            "{" => braces.push(at >= 2 && text(at - 2) == "mod"),
            "}" => {
                braces.pop();
            }
            "crate" if text(next) == "::" => out.extend(first_segments(tokens, next + 1)),
            "super" if text(next) == "::" => {
                let mut climbed = 1;
                while text(next + 1) == "super" && text(next + 2) == "::" {
                    (climbed, next) = (climbed + 1, next + 2);
                }
                if climbed == depth + braces.iter().filter(|inline| **inline).count() {
                    out.extend(first_segments(tokens, next + 1));
                }
            }
            _ => {}
        }
        at = next;
    }
    out
}

/// The first names of the paths that follow `crate::`, one or a group in braces.
fn first_segments<'a>(tokens: &[Token<'a>], start: usize) -> Vec<Token<'a>> {
    let Some(first) = tokens.get(start) else { return Vec::new() };
    if first.text != "{" {
        return vec![*first];
    }
    let (mut out, mut depth, mut fresh) = (Vec::new(), 1, true);
    for token in &tokens[start + 1..] {
        match token.text {
            "{" => depth += 1,
            "}" => depth -= 1,
            "," if depth == 1 => fresh = true,
            _ if fresh => {
                out.push(*token);
                fresh = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    out
}

/// How many modules deep a file of a room is: `room/mod.rs` 1, `room/x.rs` and `room/x/mod.rs` 2.
fn module_depth(path: &Path) -> usize {
    let inside = path.strip_prefix(root().join("src")).expect("a file of src");
    inside.components().count() - usize::from(path.file_name().is_some_and(|name| name == "mod.rs"))
}

/// The names that `source` uses and the room may not, as `line: name`.
fn arrows_up(room: &str, source: &str, depth: usize) -> Vec<String> {
    let floor = ROOMS.iter().position(|name| *name == room).expect("a room of the list");
    rooms_named(&tokens(source), depth)
        .into_iter()
        .filter(|used| ROOMS[floor + 1..].contains(&used.text))
        .map(|used| format!("{}: {room} is below {}", used.line, used.text))
        .collect()
}

#[test]
fn a_room_uses_only_the_rooms_below_it() {
    let mut wrong = Vec::new();
    let mut read_files = 0;
    for room in ROOMS {
        let sources = files(&root().join("src").join(room), &[]);
        for path in sources.iter().filter(|path| path.extension().is_some_and(|ending| ending == "rs")) {
            read_files += 1;
            let shown = path.strip_prefix(root()).expect("a file of the tree").display();
            let arrows = arrows_up(room, &read(path), module_depth(path));
            wrong.extend(arrows.into_iter().map(|arrow| format!("{shown}:{arrow}")));
        }
    }
    assert!(read_files >= ROOMS.len(), "only {read_files} files were found");
    assert!(wrong.is_empty(), "arrows that point up:\n{}", wrong.join("\n"));
}

/// Roles and modules are `qtss` and what lies above; so the way of a packet cannot lead through a module, whatever is loaded.
/// (A module that makes packets itself is called by a session of its own, in `abi`.)
#[test]
fn the_rooms_on_a_packets_way_know_no_roles() {
    for room in ["media", "rtp"] {
        let sources = files(&root().join("src").join(room), &[]);
        for path in sources.iter().filter(|path| path.extension().is_some_and(|ending| ending == "rs")) {
            let source = read(path);
            let named = rooms_named(&tokens(&source), module_depth(path));
            let used = named.iter().find(|used| used.text == "qtss");
            assert!(used.is_none(), "{}: {used:?}", path.display());
        }
    }
}

#[test]
fn arrows_are_seen_in_every_spelling() {
    let up = |source: &str| arrows_up("media", source, 2);
    assert_eq!(up("use crate::rtsp::Range;"), ["1: media is below rtsp"]);
    assert_eq!(
        up("\nuse crate::{\n    log, qtss::{attr, object},\n    server::{self},\n};"),
        ["4: media is below server"]
    );
    assert_eq!(up("fn f() { let x = crate::rtp::send(); }"), ["1: media is below rtp"]);
    assert_eq!(up("macro_rules! m { () => { $crate::abi::X } }"), ["1: media is below abi"]);
    assert_eq!(up("use super::super::live::Ring;"), ["1: media is below live"]);
    assert_eq!(up("mod tests { use super::super::super::live::Ring; }"), ["1: media is below live"]);
    assert_eq!(up("pub(in crate::tools) fn f() {}"), ["1: media is below tools"]);
}

#[test]
fn what_only_looks_like_an_arrow_is_let_through() {
    for source in [
        "use crate::{qtss, config::Prefs, log};",
        "// use crate::server::X;\n/* crate::server /* crate::rtp */ */",
        "/// [`crate::server::X`]\nstruct A;",
        "const A: &str = \"crate::server \\\" crate::rtp\";",
        "const A: &str = r#\"crate::\"server\"#; const B: char = '\"'; const C: u8 = b'\\''; type D<'a> = &'a str;",
        "use crate::{media::{server, rtp}};",
        "mod tests { use super::super::rtp; }",
        "use super::server;",
        "use other::server;",
    ] {
        assert_eq!(arrows_up("media", source, 2), Vec::<String>::new(), "{source}");
    }
}

#[test]
fn lib_rs_and_the_map_list_the_rooms_from_the_ground_up() {
    let library = read(&root().join("src/lib.rs"));
    let declared: Vec<&str> =
        library.lines().filter_map(|line| line.trim().strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(declared, ROOMS, "src/lib.rs");

    let map = read(&root().join("docs/ARCHITECTURE.md"));
    let drawn: Vec<&str> = map.lines().filter_map(|line| first_cell(line)?.strip_suffix('/')).collect();
    assert_eq!(drawn, ROOMS, "docs/ARCHITECTURE.md");
}

/// The text in backquotes that a table row begins with: `| `x` | …`.
fn first_cell(line: &str) -> Option<&str> {
    line.strip_prefix("| `")?.split('`').next()
}

/// The names under the dependency headings of a manifest.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut inside = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(heading) = line.strip_prefix('[') {
            let heading = heading.trim_end_matches(']');
            inside = heading.ends_with("dependencies");
            names.extend(heading.split_once("dependencies.").map(|(_, name)| name.to_owned()));
        } else if inside && !line.is_empty() && !line.starts_with('#') {
            let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
            names.insert(name.trim_matches('"').to_owned());
        }
    }
    names
}

#[test]
fn every_dependency_has_its_line_and_no_line_is_left_over() {
    let mut wanted = BTreeSet::new();
    for manifest in files(root(), &["target", ".git", "fuzz", "node_modules"]) {
        if manifest.file_name().is_some_and(|name| name == "Cargo.toml") {
            wanted.extend(dependencies(&read(&manifest)));
        }
    }
    let page = read(&root().join("docs/DEPENDENCIES.md"));
    let described: BTreeSet<String> = page.lines().filter_map(first_cell).map(str::to_owned).collect();
    let undescribed: Vec<_> = wanted.difference(&described).collect();
    let left_over: Vec<_> = described.difference(&wanted).collect();
    assert!(undescribed.is_empty(), "docs/DEPENDENCIES.md does not say what these are for: {undescribed:?}");
    assert!(left_over.is_empty(), "docs/DEPENDENCIES.md describes what no Cargo.toml names: {left_over:?}");
}

#[test]
fn dependency_headings_of_all_kinds_are_read() {
    let manifest = "[package]\nname = \"x\"\n[dependencies]\na = \"1\"\n# c = \"1\"\nb.workspace = true\n\n\
                    [target.'cfg(unix)'.dev-dependencies]\nd = { version = \"1\" }\n[dependencies.e]\nversion = \"1\"\n";
    assert_eq!(dependencies(manifest).into_iter().collect::<Vec<_>>(), ["a", "b", "d", "e"]);
}

/// Lines with a path that exists on one machine only; `paths` are such folders.
fn machine_paths(text: &str, paths: &[String]) -> Vec<usize> {
    let names_one = |line: &str| {
        paths.iter().any(|path| {
            line.match_indices(path.as_str()).any(|(at, _)| {
                // Inside a longer path the name means something else.
                !line[..at].ends_with(|before: char| before.is_alphanumeric() || "._-~*".contains(before))
            })
        })
    };
    text.lines().enumerate().filter(|(_, line)| names_one(line)).map(|(number, _)| number + 1).collect()
}

#[test]
fn no_file_names_a_path_of_somebodys_machine() {
    // Put together here, so that this file does not name them either.
    let paths = ["root", "home", "work", "Users"].map(|name| format!("/{name}/"));
    assert_eq!(machine_paths(&format!("a\nsee \"{}x\"\n/usr{}b\n", paths[0], paths[1]), &paths), [2]);

    let mut wrong = Vec::new();
    for path in files(root(), &["target", ".git", "node_modules", "corpus", "artifacts"]) {
        if path == root().join(".git") {
            continue; // a work tree's pointer to its repository
        }
        // What is not text (the sample movies, say) has no lines to name.
        let Ok(text) = String::from_utf8(fs::read(&path).unwrap_or_default()) else { continue };
        let shown = path.strip_prefix(root()).expect("a file of the tree").display().to_string();
        wrong.extend(machine_paths(&text, &paths).into_iter().map(|line| format!("{shown}:{line}")));
    }
    assert!(wrong.is_empty(), "paths of one machine:\n{}", wrong.join("\n"));
}
