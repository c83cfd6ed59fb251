//! What the tool says and asks.

use std::io::{self, BufRead, IsTerminal, Write};

use super::argv;
use crate::auth::Secret;

/// Whom the tool talks with.
pub trait Console {
    /// A line for standard output.
    fn say(&mut self, line: &str);

    /// A line for standard error.
    fn complain(&mut self, line: &str);

    /// Asks for a line; `None` at the end of input.
    fn ask(&mut self, question: &str) -> Option<String>;

    /// Asks for a password, without echo; `None` at the end of input.
    fn ask_password(&mut self, question: &str) -> Option<Secret>;

    /// Blanks a password among the arguments that other users' `ps` shows.
    fn hide(&mut self, password: &[u8]);
}

/// The process's own terminal, or pipes in its place.
pub struct Terminal;

impl Console for Terminal {
    fn say(&mut self, line: &str) {
        // A closed pipe is no reason to leave the work half done.
        let _ = writeln!(io::stdout(), "{line}");
    }

    fn complain(&mut self, line: &str) {
        let _ = writeln!(io::stderr(), "{line}");
    }

    fn ask(&mut self, question: &str) -> Option<String> {
        let _ = write!(io::stdout(), "{question}").and_then(|()| io::stdout().flush());
        read_line().map(|line| String::from_utf8_lossy(&line).into_owned())
    }

    fn ask_password(&mut self, question: &str) -> Option<Secret> {
        if io::stdin().is_terminal() {
            return rpassword::prompt_password(question).ok().map(Secret::new);
        }
        let _ = write!(io::stdout(), "{question}").and_then(|()| io::stdout().flush());
        read_line().map(Secret::new)
    }

    fn hide(&mut self, password: &[u8]) {
        argv::blank(password);
    }
}

/// A line of standard input without its end.
fn read_line() -> Option<Vec<u8>> {
    let mut line = Vec::new();
    let read = io::stdin().lock().read_until(b'\n', &mut line).ok()?;
    while matches!(line.last(), Some(b'\n' | b'\r')) {
        line.pop();
    }
    (read > 0).then_some(line)
}
