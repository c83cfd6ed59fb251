//! A movie: what is known of a hinted file once its `moov` atom is read.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use super::alias::DataReference;
use super::atom::{Atoms, read_movie_atom};
use super::error::MovieError;
use super::hint_track::HintTrack;
use super::sdp;
use super::source::ReadAt;
use super::track::{Track, media_header, movie_sdp, track_id};

/// Most other files one movie may draw on.
const MAX_OTHER_FILES: usize = 16;

/// Most tracks that are looked at. Each costs its tables.
const MAX_TRACKS: usize = 1024;

/// How a movie is opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct OpenOptions {
    /// Preference `allow_invalid_hint_track_refs`: a hint track that refers to a missing track does not make the movie
    /// unplayable; only the packets that need that track fail.
    pub allow_invalid_hint_track_refs: bool,
}

/// A parsed, immutable movie. Shared by all sessions that play it.
pub struct Movie {
    uid: u64,
    options: OpenOptions,
    source: Arc<dyn ReadAt>,
    /// Other files that data references name, and those names.
    beside: Vec<(Arc<dyn ReadAt>, PathBuf)>,
    pub(super) media: Vec<Track>,
    hint_tracks: Vec<HintTrack>,
    sdp: String,
    duration: f64,
    modified: SystemTime,
    file_len: u64,
}

impl std::fmt::Debug for Movie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Movie").field("uid", &self.uid).field("hint_tracks", &self.hint_tracks).finish_non_exhaustive()
    }
}

/// Opens a file by its name relative to the movie's folder.
type Beside<'a> = dyn Fn(&Path) -> Option<Arc<dyn ReadAt>> + 'a;

impl Movie {
    /// Opens and parses a file, and the files beside it that its data references name.
    ///
    /// # Errors
    /// [`MovieError::NotFound`] (404), [`MovieError::Io`], or one of the kinds that
    /// [`is_unsupported`](MovieError::is_unsupported) (415).
    pub fn open(path: &Path, options: &OpenOptions) -> Result<Self, MovieError> {
        let (file, modified) = open_file(path)?;
        let folder = path.parent();
        let beside = |name: &Path| -> Option<Arc<dyn ReadAt>> {
            let (file, _) = open_file(&folder?.join(name)).ok()?;
            Some(Arc::new(file))
        };
        Self::build(Arc::new(file), modified, options, &beside)
    }

    /// Parses a movie from any source of bytes. Data references to other files lead nowhere.
    ///
    /// # Errors
    /// As [`Movie::open`], without `NotFound`.
    pub fn from_source(
        source: Arc<dyn ReadAt>,
        modified: SystemTime,
        options: &OpenOptions,
    ) -> Result<Self, MovieError> {
        Self::build(source, modified, options, &|_| None)
    }

    fn build(
        source: Arc<dyn ReadAt>,
        modified: SystemTime,
        options: &OpenOptions,
        beside: &Beside<'_>,
    ) -> Result<Self, MovieError> {
        static NEXT_UID: AtomicU64 = AtomicU64::new(1);
        let moov = read_movie_atom(&*source)?;
        if Atoms::find("moov", &moov, b"cmov").is_some() {
            return Err(MovieError::NotAMovie { reason: "compressed movie header" });
        }
        let mvhd = Atoms::find("moov", &moov, b"mvhd").ok_or(MovieError::malformed("mvhd", "is missing"))?;
        let (timescale, duration) = media_header(mvhd)?;
        let (hints, media): (Vec<_>, Vec<_>) = parse_tracks(&moov)?
            .into_iter()
            .partition(|t| t.hint_references.is_some() && t.rtp_description().is_some());
        let other_files = other_files(hints.iter().chain(&media), beside);
        let mut movie = Self {
            uid: NEXT_UID.fetch_add(1, Ordering::Relaxed),
            options: *options,
            file_len: source.len(),
            source,
            beside: other_files,
            media,
            hint_tracks: Vec::new(),
            sdp: movie_sdp(&moov),
            duration: 0.0,
            modified,
        };
        drop(moov);
        movie.hint_tracks =
            hints.into_iter().map(|t| HintTrack::new(t, &movie, timescale)).collect::<Result<_, _>>()?;
        if movie.hint_tracks.is_empty() {
            return Err(MovieError::NotAMovie { reason: "no hint tracks" });
        }
        movie.duration = match duration {
            0 => movie.hint_tracks.iter().map(HintTrack::duration).fold(0.0, f64::max),
            units => units as f64 / f64::from(timescale),
        };
        Ok(movie)
    }

    /// Unique among all movies of this process, also among versions of one file. Keys caches.
    pub fn uid(&self) -> u64 {
        self.uid
    }

    /// The options it was opened with.
    pub fn options(&self) -> &OpenOptions {
        &self.options
    }

    /// Length of the whole movie in seconds.
    pub fn duration(&self) -> f64 {
        self.duration
    }

    /// When the file was last changed, as it was when it was opened.
    pub fn modified(&self) -> SystemTime {
        self.modified
    }

    /// Length of the movie file in bytes when it was opened.
    pub fn file_len(&self) -> u64 {
        self.file_len
    }

    /// Sum of the hint tracks' bit rates, in bits per second.
    pub fn bit_rate(&self) -> u32 {
        self.hint_tracks.iter().fold(0u32, |sum, t| sum.saturating_add(t.bit_rate()))
    }

    /// The hint tracks in the file's order; at least one.
    pub fn hint_tracks(&self) -> &[HintTrack] {
        &self.hint_tracks
    }

    /// The hint track with that id, as it stands in `control:trackID=`.
    pub fn hint_track(&self, id: u32) -> Option<&HintTrack> {
        self.hint_tracks.iter().find(|t| t.id() == id)
    }

    /// The SDP for a DESCRIBE, lines ending in CRLF.
    pub fn sdp(&self, params: &sdp::SdpParams) -> String {
        sdp::compose(self, params)
    }

    /// The movie's own lines of SDP.
    pub(super) fn sdp_lines(&self) -> &str {
        &self.sdp
    }

    /// The file that holds the samples of one of a track's descriptions.
    pub(super) fn source(&self, track: &Track, description: u32) -> Option<&Arc<dyn ReadAt>> {
        match track.data_reference(description)? {
            DataReference::Movie => Some(&self.source),
            DataReference::Beside(name) => self.beside.iter().find(|(_, n)| n == name).map(|(s, _)| s),
            DataReference::Unsupported => None,
        }
    }
}

/// Opens a regular file for reading.
fn open_file(path: &Path) -> Result<(File, SystemTime), MovieError> {
    let told = |e: io::Error| match e.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => MovieError::NotFound { path: path.to_owned() },
        _ => MovieError::io(path.display().to_string(), e),
    };
    // Before opening, since opening a FIFO waits for its writer.
    if !std::fs::metadata(path).map_err(told)?.is_file() {
        return Err(MovieError::NotAMovie { reason: "not a regular file" });
    }
    let file = File::open(path).map_err(told)?;
    let modified = file.metadata().and_then(|m| m.modified()).map_err(told)?;
    Ok((file, modified))
}

/// Opens every other file that a track names.
fn other_files<'t>(tracks: impl Iterator<Item = &'t Track>, beside: &Beside<'_>) -> Vec<(Arc<dyn ReadAt>, PathBuf)> {
    let mut names: Vec<_> = tracks
        .flat_map(|t| &t.data_references)
        .filter_map(|r| match r {
            DataReference::Beside(name) => Some(name.clone()),
            _ => None,
        })
        .collect();
    names.sort();
    names.dedup();
    names.into_iter().take(MAX_OTHER_FILES).filter_map(|n| Some((beside(&n)?, n))).collect()
}

/// All tracks of a `moov` atom that can be parsed. Of two with the same id the second is left out, as in DSS 6.0.3. A
/// broken hint track breaks the movie; any other broken track is missed only by a hint track that needs it.
fn parse_tracks(moov: &[u8]) -> Result<Vec<Track>, MovieError> {
    let mut tracks: Vec<Track> = Vec::new();
    for child in Atoms::new("moov", moov) {
        let (kind, contents) = child?;
        if &kind != b"trak" || tracks.len() >= MAX_TRACKS {
            continue;
        }
        match Track::parse(contents) {
            Ok(track) if tracks.iter().any(|t| t.id == track.id) => {
                tracing::debug!("track id {} stands twice in the movie, the second is ignored", track.id);
            }
            Ok(track) => tracks.push(track),
            Err(e) if Atoms::find("trak", contents, b"tref").is_some() => return Err(e),
            Err(e) => tracing::debug!("track {} is ignored: {e}", track_id(contents).unwrap_or(0)),
        }
    }
    Ok(tracks)
}
