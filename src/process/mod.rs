//! Command line, signals, privileges, pid file.

pub mod cli;
mod run;

pub use self::run::{StartError, load_modules, start};

use std::ffi::OsString;
use std::io::Write;

/// The whole program: reads the command line, runs, and returns the exit status.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    match cli::parse(arguments) {
        Ok(command) => run::run(&command),
        Err(exit) => {
            // A closed pipe on the other side is no reason to complain.
            let _ = std::io::stdout().write_all(exit.stdout.as_bytes());
            let _ = std::io::stderr().write_all(exit.stderr.as_bytes());
            exit.status
        }
    }
}
