//! What can be wrong with a movie, and who is to blame for it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Why a movie cannot be opened, described or streamed.
///
/// Cloneable, since one failed read may be told to every session that waited for it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum MovieError {
    /// There is no file of that name (RTSP 404).
    #[error("{}: no such file", path.display())]
    NotFound {
        /// The path as it was given.
        path: PathBuf,
    },
    /// The file is not something this server can stream (RTSP 415).
    #[error("not a streamable movie: {reason}")]
    NotAMovie {
        /// What is missing.
        reason: &'static str,
    },
    /// An atom of the movie breaks the file format (RTSP 415).
    #[error("malformed `{atom}` atom: {reason}")]
    Malformed {
        /// Four-character code of the atom.
        atom: &'static str,
        /// The rule that is broken.
        reason: &'static str,
    },
    /// A hint track refers to a track that is missing or unreadable (RTSP 415).
    #[error("hint track {track} refers to track {wanted}, which the movie does not have")]
    MissingTrack {
        /// Id of the hint track.
        track: u32,
        /// Id of the track it wants.
        wanted: u32,
    },
    /// A hint sample cannot be turned into packets.
    #[error("hint track {track}, sample {sample}: {reason}")]
    BadHint {
        /// Id of the hint track.
        track: u32,
        /// Number of the hint sample, from 1.
        sample: u32,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A sample or block number beyond the end of the track was asked for.
    #[error("track {track} has no {what} {number}")]
    OutOfRange {
        /// Id of the track.
        track: u32,
        /// `sample`, `block`, `sample description` ….
        what: &'static str,
        /// The number asked for.
        number: u32,
    },
    /// The operating system could not read the file; also a file that ends before its tables say so.
    #[error("cannot read {what}: {error}")]
    Io {
        /// The file, or the part of it.
        what: String,
        /// The system's own words.
        error: Arc<io::Error>,
    },
}

impl MovieError {
    /// The file does not exist: RTSP 404.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }

    /// The file exists, but is of a kind that cannot be streamed: RTSP 415. DSS 6.0.3 answers so for every file that it
    /// can open and not stream.
    pub fn is_unsupported(&self) -> bool {
        !matches!(self, Self::NotFound { .. } | Self::Io { .. })
    }

    pub(crate) fn io(what: impl Into<String>, error: io::Error) -> Self {
        Self::Io { what: what.into(), error: Arc::new(error) }
    }

    pub(crate) fn malformed(atom: &'static str, reason: &'static str) -> Self {
        Self::Malformed { atom, reason }
    }
}
