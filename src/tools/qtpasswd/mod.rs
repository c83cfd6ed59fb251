//! qtpasswd: creates and changes users and groups files.
//!
//! Options, questions and messages are those of DSS 6.0.3. What is different:
//!
//! - New passwords are stored as bcrypt instead of DES, of which eight characters count. DSS 6.0.3 reads such lines where the
//!   system's crypt knows bcrypt (libxcrypt: Debian 11, Red Hat 8 and later). `--hash des` writes what every DSS can read.
//! - `--digest` says which digests are kept beside it: `md5` (default), `both` with SHA-256, `sha256`, `none`.
//! - Help ends with 0, removing a group that is not there with 1. A user that is to leave a group is not created. `-A` with
//!   `-p` or `-P` changes the password, too.
//! - Files are locked and replaced in one step, nothing is lost, mode and group are kept, and `-C` and `-R` give the groups file
//!   to the owner as well. Without an answer (end of input) nothing is deleted or overwritten.

mod argv;
mod console;
mod job;
mod options;

#[cfg(test)]
mod tests;

use std::ffi::OsString;

pub use console::{Console, Terminal};

/// Runs the tool with the process's arguments and returns its exit code.
pub fn main() -> i32 {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    run(&arguments, &mut Terminal)
}

/// Runs the tool: 0 when all that was asked for is done (or only the usage was), 1 otherwise. The first argument is the
/// program's name.
pub fn run(arguments: &[OsString], console: &mut dyn Console) -> i32 {
    match options::parse(arguments) {
        Ok(options::Parsed::Usage) => {
            console.complain(options::USAGE);
            0
        }
        Ok(options::Parsed::Job(options)) => {
            if let Some(password) = &options.password {
                console.hide(password.as_bytes());
            }
            job::run(&options, console)
        }
        Err(options::Refused { problem, with_usage }) => {
            console.complain(&problem);
            console.say("Exiting! ");
            if with_usage {
                console.complain(options::USAGE);
            }
            1
        }
    }
}
