//! Command line, watchdog parent, signals, privileges, pid file, service manager.

pub mod cli;
pub mod daemon;
pub mod limits;
pub mod pidfile;
pub mod privileges;
pub mod report;
pub mod systemd;

mod fork;
