//! One `trak` atom (QTFF, "Track Atoms").

use super::alias::{DataReference, parse_dref};
use super::atom::{Atoms, Fields};
use super::edit::Edits;
use super::error::MovieError;
use super::sync::SyncTable;
use super::table::SampleTable;

/// How many tracks one hint track may refer to, as in DSS 6.0.3.
const MAX_HINT_REFERENCES: usize = 1024;

/// Longest text taken from a `name` or `hnti` atom, in bytes. An MPEG-4 object descriptor needs a few kilobytes.
const MAX_TEXT: usize = 256 << 10;

/// What a track carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TrackKind {
    /// `m=audio`, handler `soun`.
    Audio,
    /// `m=video`, handler `vide`.
    Video,
    /// Anything else: text, MPEG-4 systems streams, application data.
    #[default]
    Other,
}

/// A parsed track, hint or media.
#[derive(Debug)]
pub(crate) struct Track {
    pub(crate) id: u32,
    /// Units per second of all media times of this track; never 0.
    pub(crate) timescale: u32,
    /// In units of `timescale`; 0 when the file does not tell.
    pub(crate) duration: u64,
    pub(crate) kind: TrackKind,
    /// `None` without an edit list.
    pub(crate) edits: Option<Edits>,
    /// Ids of `tref/hint`; `None` for a track that is no hint track.
    pub(crate) hint_references: Option<Vec<u32>>,
    pub(crate) descriptions: Vec<Description>,
    pub(crate) data_references: Vec<DataReference>,
    pub(crate) samples: SampleTable,
    pub(crate) sync: SyncTable,
    pub(crate) user: UserData,
}

/// One entry of `stsd`: the whole entry as it stands in the file, size and type included.
#[derive(Debug, Clone)]
pub(crate) struct Description {
    pub(crate) raw: Vec<u8>,
    /// Number of the entry of `dref` that holds the samples, from 1.
    pub(crate) data_reference: u16,
}

/// What an RTP hint track's sample description says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RtpDescription {
    /// `tims`: the RTP clock rate.
    pub(crate) clock: Option<u32>,
    /// `tsro`: added to every RTP timestamp.
    pub(crate) timestamp_offset: i32,
    /// `snro`: added to every sequence number.
    pub(crate) sequence_offset: i32,
}

/// The parts of `udta` that matter to streaming.
#[derive(Debug, Clone, Default)]
pub(crate) struct UserData {
    pub(crate) name: String,
    /// `hnti/sdp `: the track's lines of the SDP.
    pub(crate) sdp: String,
    /// `hinf/trpy`, else `hinf/totl`: bytes of all packets with their RTP headers.
    pub(crate) total_bytes: u64,
}

impl Track {
    /// Reads the contents of a `trak` atom.
    pub(crate) fn parse(trak: &[u8]) -> Result<Self, MovieError> {
        let (id, mdia) = (track_id(trak)?, child("trak", trak, b"mdia", "mdia")?);
        let (timescale, duration) = media_header(child("mdia", mdia, b"mdhd", "mdhd")?)?;
        let minf = child("mdia", mdia, b"minf", "minf")?;
        let stbl = child("minf", minf, b"stbl", "stbl")?;
        let dref = Atoms::find("minf", minf, b"dinf").and_then(|dinf| Atoms::find("dinf", dinf, b"dref"));
        let elst = Atoms::find("trak", trak, b"edts").and_then(|edts| Atoms::find("edts", edts, b"elst"));
        let hint = Atoms::find("trak", trak, b"tref").and_then(|tref| Atoms::find("tref", tref, b"hint"));
        Ok(Self {
            id,
            timescale,
            duration,
            kind: handler_kind(mdia),
            edits: elst.map(Edits::parse).transpose()?,
            hint_references: hint.map(hint_references).transpose()?,
            descriptions: descriptions(child("stbl", stbl, b"stsd", "stsd")?)?,
            data_references: dref.map(parse_dref).transpose()?.unwrap_or_default(),
            samples: SampleTable::parse(stbl)?,
            sync: Atoms::find("stbl", stbl, b"stss").map(SyncTable::parse).transpose()?.unwrap_or_default(),
            user: Atoms::find("trak", trak, b"udta").map(UserData::parse).unwrap_or_default(),
        })
    }

    /// A sample description by its number from 1. A track with only one uses it for every number, since writers have
    /// left zeros there.
    pub(crate) fn description(&self, number: u32) -> Option<&Description> {
        match self.descriptions.as_slice() {
            [only] => Some(only),
            many => many.get((number as usize).checked_sub(1)?),
        }
    }

    /// The file that holds the samples of a description, by the description's own data-reference index.
    pub(crate) fn data_reference(&self, description: u32) -> Option<&DataReference> {
        const MOVIE: &DataReference = &DataReference::Movie;
        match self.data_references.as_slice() {
            [] => Some(MOVIE),
            [only] => Some(only),
            many => many.get(usize::from(self.description(description)?.data_reference).checked_sub(1)?),
        }
    }

    /// The first `rtp ` sample description; `None` when this is no RTP hint track.
    pub(crate) fn rtp_description(&self) -> Option<RtpDescription> {
        self.descriptions.iter().find(|d| d.raw.get(4..8) == Some(b"rtp ")).map(RtpDescription::of)
    }

    /// Length in seconds, from the header or else from the tables.
    pub(crate) fn seconds(&self) -> f64 {
        let units = match self.duration {
            0 => self.samples.time(self.samples.count().saturating_add(1)),
            given => given,
        };
        units as f64 / f64::from(self.timescale)
    }
}

impl RtpDescription {
    fn of(description: &Description) -> Self {
        let mut out = Self::default();
        // Size and type, 6 reserved, data reference, two versions, largest packet (2048 at most in DSS, not used).
        let tables = description.raw.get(24..).unwrap_or(&[]);
        for (kind, contents) in Atoms::new("rtp ", tables).map_while(Result::ok) {
            let Ok(value) = Fields::new("rtp ", contents).u32() else { continue };
            match &kind {
                b"tims" => out.clock = Some(value).filter(|&v| v > 0),
                b"tsro" => out.timestamp_offset = value as i32,
                b"snro" => out.sequence_offset = value as i32,
                _ => {}
            }
        }
        out
    }
}

impl UserData {
    /// Lenient: user data that is out of order costs its own contents, not the movie.
    pub(crate) fn parse(udta: &[u8]) -> Self {
        let mut out = Self::default();
        for (kind, contents) in Atoms::new("udta", udta).map_while(Result::ok) {
            match &kind {
                b"name" => out.name = text(contents),
                b"hnti" => out.sdp = Atoms::find("hnti", contents, b"sdp ").map(text).unwrap_or_default(),
                b"hinf" => out.total_bytes = total_bytes(contents),
                _ => {}
            }
        }
        out
    }
}

/// The movie's own lines of the SDP: `udta/hnti/rtp `, behind its `sdp ` tag.
pub(crate) fn movie_sdp(moov: &[u8]) -> String {
    let rtp = Atoms::find("moov", moov, b"udta")
        .and_then(|udta| Atoms::find("udta", udta, b"hnti"))
        .and_then(|hnti| Atoms::find("hnti", hnti, b"rtp "));
    rtp.and_then(|c| c.strip_prefix(b"sdp ")).map(text).unwrap_or_default()
}

fn total_bytes(hinf: &[u8]) -> u64 {
    let long = Atoms::find("hinf", hinf, b"trpy").and_then(|c| Fields::new("trpy", c).u64().ok());
    let short = || Atoms::find("hinf", hinf, b"totl").and_then(|c| Fields::new("totl", c).u32().ok());
    long.or_else(|| short().map(u64::from)).unwrap_or(0)
}

fn text(contents: &[u8]) -> String {
    let end = contents.iter().position(|&b| b == 0).unwrap_or(contents.len()).min(MAX_TEXT);
    String::from_utf8_lossy(contents.get(..end).unwrap_or(&[])).into_owned()
}

fn child<'a>(
    parent: &'static str,
    contents: &'a [u8],
    kind: &[u8; 4],
    name: &'static str,
) -> Result<&'a [u8], MovieError> {
    Atoms::find(parent, contents, kind).ok_or(MovieError::malformed(name, "is missing"))
}

/// Id of a `trak` atom's contents.
pub(crate) fn track_id(trak: &[u8]) -> Result<u32, MovieError> {
    let mut fields = Fields::new("tkhd", child("trak", trak, b"tkhd", "tkhd")?);
    let version = fields.version()?;
    fields.sized(version)?;
    fields.sized(version)?;
    fields.u32()
}

/// Timescale and duration of an `mdhd` or `mvhd` atom. A duration of all ones means "not known" and becomes 0.
pub(crate) fn media_header(contents: &[u8]) -> Result<(u32, u64), MovieError> {
    let mut fields = Fields::new("mdhd", contents);
    let version = fields.version()?;
    fields.sized(version)?;
    fields.sized(version)?;
    let (timescale, duration) = (fields.u32()?, fields.sized(version)?);
    if timescale == 0 {
        return Err(MovieError::malformed("mdhd", "timescale is 0"));
    }
    let unknown = if version == 1 { u64::MAX } else { u64::from(u32::MAX) };
    Ok((timescale, if duration == unknown { 0 } else { duration }))
}

fn handler_kind(mdia: &[u8]) -> TrackKind {
    match Atoms::find("mdia", mdia, b"hdlr").and_then(|c| c.get(8..12)) {
        Some(b"soun") => TrackKind::Audio,
        Some(b"vide") => TrackKind::Video,
        _ => TrackKind::Other,
    }
}

fn hint_references(contents: &[u8]) -> Result<Vec<u32>, MovieError> {
    let count = (contents.len() / 4).min(MAX_HINT_REFERENCES);
    Ok(Fields::new("tref", contents).rows::<4>(count as u32)?.map(u32::from_be_bytes).collect())
}

fn descriptions(stsd: &[u8]) -> Result<Vec<Description>, MovieError> {
    let mut fields = Fields::new("stsd", stsd);
    fields.version()?;
    let count = fields.u32()? as usize;
    let mut out = Vec::new();
    for entry in Atoms::new("stsd", fields.rest()).take(count) {
        let (kind, contents) = entry?;
        let data_reference = contents.get(6..8).map_or(0, |b| u16::from_be_bytes([b[0], b[1]]));
        let size = (contents.len() as u32).saturating_add(8);
        out.push(Description { raw: [&size.to_be_bytes()[..], &kind, contents].concat(), data_reference });
    }
    Ok(out)
}
