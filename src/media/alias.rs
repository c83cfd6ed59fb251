//! Data references (QTFF, "Data Reference Atoms"): where a track's samples lie.

use std::path::PathBuf;

use super::atom::{Atoms, Fields};
use super::error::MovieError;

/// Entry flag: the media is in the movie file itself.
const SELF_REFERENCE: u32 = 1;

/// Length of the fixed part of a Macintosh alias record, version 2.
const ALIAS_FIXED: usize = 150;

/// Tag of an alias record's extra data that holds the full path, colons between the names.
const ALIAS_FULL_PATH: i16 = 2;

/// One entry of a `dref` atom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DataReference {
    /// The movie file.
    Movie,
    /// A file named relative to the folder of the movie, never above it.
    Beside(PathBuf),
    /// Some other kind (`url `, absolute aliases, resource forks) that is not followed.
    Unsupported,
}

/// Reads a `dref` atom. An absent or empty table means the movie file.
pub(crate) fn parse_dref(contents: &[u8]) -> Result<Vec<DataReference>, MovieError> {
    let mut fields = Fields::new("dref", contents);
    fields.version()?;
    let count = fields.u32()? as usize;
    let mut entries = Vec::new();
    for child in Atoms::new("dref", fields.rest()).take(count) {
        let (kind, contents) = child?;
        let mut entry = Fields::new("dref", contents);
        let flags = entry.u32()? & 0x00ff_ffff;
        entries.push(if flags & SELF_REFERENCE != 0 {
            DataReference::Movie
        } else if &kind == b"alis" {
            parse_alias(entry.rest()).map_or(DataReference::Unsupported, DataReference::Beside)
        } else {
            DataReference::Unsupported
        });
    }
    Ok(entries)
}

/// The target of an alias record relative to the movie's folder, if it lies in that folder or below it.
///
/// The record tells how many folders to go up from the alias's owner (1: none beyond its own folder) and how many names
/// of the full path lead down from there.
fn parse_alias(record: &[u8]) -> Option<PathBuf> {
    let mut fields = Fields::new("alis", record.get(..ALIAS_FIXED)?);
    fields.skip(50).ok()?;
    let name_len = usize::from(fields.u8().ok()?);
    let name = fields.take(63).ok()?.get(..name_len)?;
    fields.skip(16).ok()?;
    let levels_up = fields.u16().ok()?;
    let levels_down = usize::from(fields.u16().ok()?);
    if levels_up != 1 || levels_down == 0 {
        return None;
    }
    let full = extra(record.get(ALIAS_FIXED..)?, ALIAS_FULL_PATH);
    let names: Vec<&[u8]> = match full {
        Some(path) => path.split(|&b| b == b':').filter(|n| !n.is_empty()).collect(),
        None => vec![name],
    };
    let first = names.len().checked_sub(levels_down)?;
    names[first..].iter().map(|n| safe_name(n)).collect()
}

fn extra(data: &[u8], wanted: i16) -> Option<&[u8]> {
    let mut fields = Fields::new("alis", data);
    loop {
        let tag = fields.u16().ok()? as i16;
        let len = usize::from(fields.u16().ok()?);
        if tag == -1 {
            return None;
        }
        let value = fields.take(len).ok()?;
        if tag == wanted {
            return Some(value);
        }
        if len % 2 == 1 {
            fields.skip(1).ok()?;
        }
    }
}

/// A name that cannot lead out of the folder. Classic Mac OS allowed `/` in names where POSIX has `:`.
fn safe_name(name: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?.trim_end_matches('\0');
    let bad = name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']);
    (!bad).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::test_movie::{alias_record, atom};

    fn dref(entries: &[Vec<u8>]) -> Vec<u8> {
        let mut out = vec![0; 4];
        out.extend((entries.len() as u32).to_be_bytes());
        entries.iter().for_each(|e| out.extend(e));
        out
    }

    #[test]
    fn a_self_entry_may_be_followed_by_others() {
        let own = atom(b"alis", &[0, 0, 0, 1]);
        let other = atom(b"alis", &[&[0; 4][..], &alias_record(1, 1, "Disk:movies:essence.mov")].concat());
        let url = atom(b"url ", b"\0\0\0\0http://elsewhere/");
        assert_eq!(
            parse_dref(&dref(&[own, other, url])).unwrap(),
            [DataReference::Movie, DataReference::Beside("essence.mov".into()), DataReference::Unsupported]
        );
    }

    #[test]
    fn an_alias_reaches_down_but_never_up() {
        let at = |up, down, path| parse_alias(&alias_record(up, down, path));
        assert_eq!(at(1, 2, "Disk:movies:parts:one.mov"), Some("parts/one.mov".into()));
        assert_eq!(at(2, 1, "Disk:movies:one.mov"), None);
        assert_eq!(at(1, 2, "Disk:..:one.mov"), None);
        assert_eq!(at(1, 9, "Disk:one.mov"), None);
        assert_eq!(at(1, 1, "Disk:a/b.mov"), None);
    }

    #[test]
    fn a_record_without_full_path_names_a_neighbour() {
        let whole = alias_record(1, 1, "Disk:one.mov");
        assert_eq!(parse_alias(&whole[..ALIAS_FIXED]), Some("one.mov".into()));
        for n in 0..ALIAS_FIXED {
            assert_eq!(parse_alias(&whole[..n]), None, "cut to {n} bytes");
        }
    }
}
