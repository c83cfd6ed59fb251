//! Darwin Streaming Server's successor: the server binary.
#![allow(non_snake_case)] // the binary's name is what operators' scripts start

use std::process::ExitCode;

fn main() -> ExitCode {
    dss::process::spare_memory(std::env::args_os());
    ExitCode::from(dss::process::main(std::env::args_os()))
}
