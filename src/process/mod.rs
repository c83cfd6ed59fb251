//! Command line, watchdog parent, signals, privileges, pid file, service manager.
//!
//! The order of a start: [`cli::parse`], [`systemd::ServiceManager::take`], the configuration, [`daemon::detach`],
//! [`watchdog::Watchdog::run`] (both only without `-d`), [`signals::Signals::install`], then listeners,
//! [`privileges::RunAs::switch`] and, last, threads and the tokio runtime. Everything up to there needs a process with one
//! thread: a fork copies only the thread that forks, and capabilities and signal masks belong to a thread.

pub mod cli;
mod console;
pub mod crash_marker;
pub mod daemon;
pub mod death;
pub mod limits;
mod memory;
pub mod pidfile;
pub mod privileges;
pub mod report;
pub mod signals;
pub mod systemd;
pub mod watchdog;

mod fork;
mod run;

pub use memory::spare as spare_memory;
pub use run::{main, open, prepare};
