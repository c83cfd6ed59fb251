//! Where a viewer can start to decode: key frames, seen from the first bytes of RTP payloads.
//!
//! Only what the payload formats put into plain view is read; nothing is decoded. A codec that is not known has no key
//! frames, and its viewers start anywhere.

use super::track::{TrackInfo, TrackKind};

/// Bytes of a payload that are searched for start codes.
const SEARCHED: usize = 512;

/// NAL units of an aggregation packet that are looked at.
const AGGREGATED: usize = 32;

/// What a packet's payload begins or goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// A picture that can be decoded by itself begins.
    Key,
    /// Picture data of any other kind.
    Picture,
    /// What comes before a picture and belongs to it: parameter sets, delimiters, messages.
    Lead,
}

/// A payload format whose key frames can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// RFC 6184.
    H264,
    /// RFC 7798; with decoding order numbers in the packets or without.
    H265 {
        /// `sprop-max-don-diff` is not 0: units carry numbers.
        numbered: bool,
    },
    /// RFC 6416, `MP4V-ES`.
    Mpeg4,
    /// RFC 2190.
    H263,
    /// RFC 4629, `H263-1998` and `H263-2000`.
    H263Plus,
    /// RFC 2250, `MPV`.
    Mpeg12,
    /// RFC 7741.
    Vp8,
    /// RFC 9628.
    Vp9,
    /// "RTP Payload Format For AV1", aomedia.org.
    Av1,
    /// Formats each of whose frames stands alone: RFC 2435, RFC 4175.
    Intra,
    /// Anything else, and everything that is not video.
    Unknown,
}

impl Codec {
    /// The format of a track by its name and, without one, its payload type (RFC 3551).
    pub fn of(track: &TrackInfo) -> Self {
        if track.kind != TrackKind::Video {
            return Self::Unknown;
        }
        let name = track.payload_name.split('/').next().unwrap_or_default().trim().to_ascii_uppercase();
        match (name.as_str(), track.payload_type) {
            ("H264", _) => Self::H264,
            ("H265" | "HEVC", _) => Self::H265 { numbered: is_numbered(&track.fmtp) },
            ("MP4V-ES", _) => Self::Mpeg4,
            ("H263", _) | ("", Some(34)) => Self::H263,
            ("H263-1998" | "H263-2000", _) => Self::H263Plus,
            ("MPV", _) | ("", Some(32)) => Self::Mpeg12,
            ("VP8", _) => Self::Vp8,
            ("VP9", _) => Self::Vp9,
            ("AV1", _) => Self::Av1,
            ("JPEG" | "RAW", _) | ("", Some(26)) => Self::Intra,
            _ => Self::Unknown,
        }
    }

    /// What an RTP payload holds. A payload that makes no sense is picture data: no viewer starts there.
    pub fn look(self, payload: &[u8]) -> Content {
        let seen = match self {
            Self::H264 => h264(payload),
            Self::H265 { numbered } => h265(payload, numbered),
            Self::Mpeg4 => mpeg4(payload),
            Self::H263 => h263(payload).map(key_or_picture),
            Self::H263Plus => h263_plus(payload).map(key_or_picture),
            Self::Mpeg12 => mpeg12(payload).map(key_or_picture),
            Self::Vp8 => vp8(payload).map(key_or_picture),
            Self::Vp9 => vp9(payload).map(key_or_picture),
            Self::Av1 => payload.first().map(|head| key_or_picture(head & 0x08 != 0)),
            Self::Intra => Some(Content::Key),
            Self::Unknown => None,
        };
        seen.unwrap_or(Content::Picture)
    }
}

fn key_or_picture(is_key: bool) -> Content {
    if is_key { Content::Key } else { Content::Picture }
}

fn is_numbered(fmtp: &str) -> bool {
    let value = |parameter: &str| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("sprop-max-don-diff").then(|| value.trim().parse::<u32>().unwrap_or(0))
    };
    fmtp.split(';').filter_map(value).any(|difference| difference > 0)
}

/// The most telling of several units: a key picture, else any picture, else what leads to one.
fn sum(units: impl Iterator<Item = Content>) -> Option<Content> {
    units.fold(None, |so_far, unit| match (so_far, unit) {
        (Some(Content::Key), _) | (_, Content::Key) => Some(Content::Key),
        (Some(Content::Picture), _) | (_, Content::Picture) => Some(Content::Picture),
        _ => Some(Content::Lead),
    })
}

/// Length-prefixed units of an aggregate: `first` bytes of other things before the first, `between` before each later one,
/// `inside` between a length and its unit.
fn units(mut rest: &[u8], first: usize, between: usize, inside: usize) -> impl Iterator<Item = &[u8]> {
    let mut gap = first;
    let next = move || {
        rest = rest.get(gap..)?;
        let len = usize::from(u16::from_be_bytes(*rest.first_chunk()?));
        let unit = rest.get(2 + inside..2 + inside + len)?;
        rest = rest.get(2 + inside + len..)?;
        gap = between;
        Some(unit)
    };
    std::iter::from_fn(next).take(AGGREGATED)
}

fn h264(payload: &[u8]) -> Option<Content> {
    let head = payload.first()?;
    match head & 0x1f {
        24 => sum(units(payload, 1, 0, 0).filter_map(h264_unit)),
        25 => sum(units(payload, 3, 0, 0).filter_map(h264_unit)),
        // Number and time offset stand between size and unit (RFC 6184 section 5.7.2).
        26 => sum(units(payload, 3, 0, 3).filter_map(h264_unit)),
        27 => sum(units(payload, 3, 0, 4).filter_map(h264_unit)),
        28 | 29 => {
            let fragment = payload.get(1)?;
            let starts = fragment & 0x80 != 0;
            Some(key_or_picture(starts && fragment & 0x1f == 5))
        }
        _ => h264_unit(payload),
    }
}

fn h264_unit(unit: &[u8]) -> Option<Content> {
    match unit.first()? & 0x1f {
        5 => Some(Content::Key),
        1..=4 => Some(Content::Picture),
        6 if is_recovery_point(unit.get(1..)?) => Some(Content::Key),
        _ => Some(Content::Lead),
    }
}

/// Whether the first messages of a SEI unit (H.264 clause 7.3.2.3) say that decoding can start here: streams that refresh
/// pictures piece by piece have no other mark.
fn is_recovery_point(mut messages: &[u8]) -> bool {
    for _ in 0..8 {
        let Some((kind, rest)) = sei_number(messages) else { return false };
        let Some((len, rest)) = sei_number(rest) else { return false };
        if kind == 6 {
            return true;
        }
        let Some(rest) = rest.get(len..) else { return false };
        messages = rest;
    }
    false
}

fn sei_number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let full = bytes.iter().take(16).take_while(|byte| **byte == 0xff).count();
    let last = bytes.get(full)?;
    Some((full * 255 + usize::from(*last), bytes.get(full + 1..)?))
}

fn h265(payload: &[u8], numbered: bool) -> Option<Content> {
    let number = if numbered { 2 } else { 0 };
    match payload.first()? >> 1 & 0x3f {
        48 => sum(units(payload, 2 + number, number / 2, 0).filter_map(|unit| unit.first()).map(h265_type)),
        49 => {
            let fragment = payload.get(2)?;
            let is_key = h265_kind(fragment & 0x3f) == Content::Key;
            Some(key_or_picture(fragment & 0x80 != 0 && is_key))
        }
        50 => None, // PACI: rare, and its payload is a packet of its own
        kind => Some(h265_kind(kind)),
    }
}

fn h265_type(head: &u8) -> Content {
    h265_kind(head >> 1 & 0x3f)
}

fn h265_kind(kind: u8) -> Content {
    match kind {
        16..=23 => Content::Key,
        0..=15 => Content::Picture,
        _ => Content::Lead,
    }
}

/// Start codes (00 00 01 xx) at the front of a payload, with what follows each.
fn start_codes(payload: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let searched = payload.get(..payload.len().min(SEARCHED)).unwrap_or_default();
    searched.windows(4).enumerate().filter_map(|(at, code)| match code {
        [0, 0, 1, kind] => Some((*kind, payload.get(at + 4..)?)),
        _ => None,
    })
}

fn mpeg4(payload: &[u8]) -> Option<Content> {
    let starts = payload.starts_with(&[0, 0, 1]);
    if !starts {
        return None; // goes on with a picture
    }
    let mut leads = None;
    for (kind, rest) in start_codes(payload) {
        if kind == 0xb6 {
            return Some(key_or_picture(rest.first()? >> 6 == 0));
        }
        leads = Some(Content::Lead);
    }
    leads
}

fn h263(payload: &[u8]) -> Option<bool> {
    let [head, second, ..] = payload else { return None };
    let (is_intra, picture) = match (head & 0x80 != 0, head & 0x40 != 0) {
        (false, _) => (second & 0x10 == 0, payload.get(4..)?),
        (true, false) => (payload.get(4)? & 0x80 == 0, payload.get(8..)?),
        (true, true) => (payload.get(4)? & 0x80 == 0, payload.get(12..)?),
    };
    let starts = matches!(picture, [0, 0, third, ..] if third & 0xfc == 0x80);
    Some(starts && is_intra)
}

fn h263_plus(payload: &[u8]) -> Option<bool> {
    let [head, second, ..] = payload else { return None };
    let extra = usize::from(head & 0x02 != 0) + usize::from((head & 1) << 5 | second >> 3);
    // With P the two zero bytes of the start code are left out.
    let bits = Bits(payload.get(2 + extra..)?);
    if head & 0x04 == 0 || bits.get(0, 6)? != 0x20 {
        return Some(false);
    }
    match bits.get(19, 3)? {
        7 => {
            let full = bits.get(22, 3)? == 1;
            Some(bits.get(if full { 25 + 18 } else { 25 }, 3)? == 0)
        }
        _ => Some(bits.get(22, 1)? == 0),
    }
}

struct Bits<'a>(&'a [u8]);

impl Bits<'_> {
    /// `count` bits from bit `at` on.
    fn get(&self, at: usize, count: usize) -> Option<u32> {
        (at..at + count).try_fold(0, |value, bit| {
            let byte = self.0.get(bit / 8)?;
            Some(value << 1 | u32::from(byte >> (7 - bit % 8) & 1))
        })
    }
}

fn mpeg12(payload: &[u8]) -> Option<bool> {
    let header = payload.first_chunk::<4>()?;
    let rest = payload.get(if header[0] & 0x04 != 0 { 8 } else { 4 }..)?;
    let starts = matches!(rest, [0, 0, 1, 0x00 | 0xb3 | 0xb8, ..]);
    Some(starts && header[2] & 0x07 == 1)
}

fn vp8(payload: &[u8]) -> Option<bool> {
    let head = payload.first()?;
    if head & 0x17 != 0x10 {
        return Some(false); // not the start of the first partition
    }
    let mut at = 1;
    if head & 0x80 != 0 {
        let extension = payload.get(at)?;
        at += 1;
        if extension & 0x80 != 0 {
            at += if payload.get(at)? & 0x80 != 0 { 2 } else { 1 };
        }
        at += usize::from(extension & 0x40 != 0) + usize::from(extension & 0x30 != 0);
    }
    Some(payload.get(at)? & 1 == 0)
}

fn vp9(payload: &[u8]) -> Option<bool> {
    let head = payload.first()?;
    let mut at = 1;
    if head & 0x80 != 0 {
        at += if payload.get(at)? & 0x80 != 0 { 2 } else { 1 };
    }
    let lowest = head & 0x20 == 0 || payload.get(at)? & 0x0e == 0;
    Some(head & 0x40 == 0 && head & 0x08 != 0 && lowest)
}

#[cfg(test)]
mod tests;
