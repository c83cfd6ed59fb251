//! The tool's console.
#![allow(clippy::print_stdout, clippy::print_stderr)] // this is the one place that prints

use std::io::{IsTerminal, Write, stdout};

/// One line on standard output; a reader that went away is no reason to stop.
pub fn say(line: &str) {
    let mut out = stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Text on standard output as it is.
pub fn put(text: &str) {
    let mut out = stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// One line on standard error.
pub fn tell(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Whether a person looks at standard output.
pub fn is_terminal() -> bool {
    stdout().is_terminal()
}
