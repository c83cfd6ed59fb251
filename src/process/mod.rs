//! Command line, signals, privileges, pid file.

pub mod cli;
