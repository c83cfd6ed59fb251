//! Command line, signals, privileges, pid file.
