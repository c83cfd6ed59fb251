//! QuickTime/MP4 files: atoms, sample tables, hint tracks, SDP. Bytes in, packets out; no sockets.
//!
//! [`Movie::open`] reads the `moov` atom once into compact tables. A hint track (QTFF, "Hint Media") is cut into blocks
//! of consecutive hint samples; [`Movie::build_block`] turns one block into RTP payloads, and [`PacketCache`] keeps
//! built blocks so that every viewer of a movie shares them. Nothing here knows a session: sequence numbers, SSRC and
//! the timestamp base are added by whoever sends.
//!
//! Every number in a file is untrusted. Lengths are checked against the atom and the file, allocations are bounded by
//! them, and a file that breaks a rule is an error for that file only. Files are read with `pread`, never mapped, so
//! that a file cut short under a running session is an I/O error and not a signal.
//!
//! Numbers of samples, chunks and sample descriptions count from 1, as in QTFF.
#![deny(unsafe_code)]

mod alias;
mod atom;
mod block;
mod cache;
mod edit;
mod error;
mod hint;
mod hint_track;
mod meta_info;
mod movie;
mod movie_cache;
mod sdp;
mod source;
mod sync;
mod table;
mod thinning;
mod track;

#[cfg(test)]
pub(crate) mod test_movie;
#[cfg(test)]
mod tests;

pub use block::{Packet, PacketBlock, PacketFlags};
pub use cache::{MovieRef, PacketCache};
pub use error::MovieError;
pub use hint_track::HintTrack;
pub use meta_info::{MetaInfo, MetaInfoField, MetaInfoFields};
pub use movie::{Movie, OpenOptions};
pub use movie_cache::MovieCache;
pub use sdp::SdpParams;
pub use source::ReadAt;
pub use thinning::{MAX_THINNING_LEVEL, thinning_keeps};
pub use track::TrackKind;
