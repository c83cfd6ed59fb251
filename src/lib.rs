//! The library behind `DarwinStreamingServer` and its tools.
//!
//! The rooms are listed ground floor first; a room may use those above it in this list, never those below it
//! (`tests/rooms.rs` checks the `use` lines). `docs/ARCHITECTURE.md` is the map.

pub mod qtss;

pub mod config;

pub mod log;

pub mod media;

pub mod rtsp;

pub mod rtp;

pub mod live;

pub mod auth;

pub mod server;

pub mod modules;

pub mod abi;

pub mod process;

pub mod tools;
