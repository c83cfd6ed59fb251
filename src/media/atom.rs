//! Atoms (QTFF, "Atoms"; boxes in ISO/IEC 14496-12): headers, and bounded reading of their fields.

use super::error::MovieError;
use super::source::{ReadAt, read_exact_at};

/// Largest `moov` atom that is read into memory while a file is opened. A day of video needs about 50 MB.
const MAX_MOVIE_ATOM: u64 = 256 << 20;

/// How many atoms may stand at the top level before `moov`. Fragmented recordings have thousands, files made to keep us
/// busy have millions.
const MAX_TOP_ATOMS: usize = 1 << 16;

/// Reads the first top-level `moov` atom and returns its contents.
pub(crate) fn read_movie_atom(source: &dyn ReadAt) -> Result<Vec<u8>, MovieError> {
    let file_len = source.len();
    let mut at = 0u64;
    for _ in 0..MAX_TOP_ATOMS {
        let rest = file_len.saturating_sub(at);
        if rest < 8 {
            break;
        }
        let mut header = [0u8; 16];
        let have = &mut header[..rest.min(16) as usize];
        read_exact_at(source, have, at).map_err(|e| MovieError::io("atom header", e))?;
        let Some(head) = Header::parse(have, rest) else {
            break;
        };
        if &head.kind == b"moov" {
            let len = head.size - head.header as u64;
            if len > MAX_MOVIE_ATOM {
                return Err(MovieError::malformed("moov", "too large"));
            }
            let mut data = vec![0; len as usize];
            read_exact_at(source, &mut data, at + head.header as u64).map_err(|e| MovieError::io("moov atom", e))?;
            return Ok(data);
        }
        at += head.size;
    }
    Err(MovieError::NotAMovie { reason: "no moov atom" })
}

struct Header {
    kind: [u8; 4],
    /// Of the whole atom, never more than what is left of the parent.
    size: u64,
    header: usize,
}

impl Header {
    /// `data` begins with the atom, `rest` is what the parent has left. Size 1 announces a 64-bit size, size 0 means "to
    /// the end". `None` when the atom does not fit.
    fn parse(data: &[u8], rest: u64) -> Option<Self> {
        let mut fields = Fields::new("", data);
        let short = fields.u32().ok()?;
        let kind = fields.array().ok()?;
        let (size, header) = match short {
            0 => (rest, 8),
            1 => (fields.u64().ok()?, 16),
            n => (u64::from(n), 8),
        };
        (size >= header as u64 && size <= rest).then_some(Self { kind, size, header })
    }
}

/// The atoms directly inside a parent's contents, in order.
///
/// Ends quietly at fewer than 8 bytes (QuickTime closes `udta` with four zero bytes); an atom that is larger than its
/// parent is an error, after which the walk ends.
pub(crate) struct Atoms<'a> {
    parent: &'static str,
    rest: &'a [u8],
}

/// One child atom: four-character code and contents.
pub(crate) type Child<'a> = ([u8; 4], &'a [u8]);

impl<'a> Atoms<'a> {
    pub(crate) fn new(parent: &'static str, contents: &'a [u8]) -> Self {
        Self { parent, rest: contents }
    }

    /// Contents of the first child of that kind.
    pub(crate) fn find(parent: &'static str, contents: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
        Self::new(parent, contents).map_while(Result::ok).find(|(k, _)| k == kind).map(|(_, c)| c)
    }
}

impl<'a> Iterator for Atoms<'a> {
    type Item = Result<Child<'a>, MovieError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.len() < 8 {
            return None;
        }
        let Some(head) = Header::parse(self.rest, self.rest.len() as u64) else {
            self.rest = &[];
            return Some(Err(MovieError::malformed(self.parent, "a child is larger than its parent")));
        };
        let (atom, rest) = self.rest.split_at(head.size as usize);
        self.rest = rest;
        Some(Ok((head.kind, atom.get(head.header..).unwrap_or(&[]))))
    }
}

/// Big-endian fields of one atom. Reading past the end is an error that names the atom.
#[derive(Clone)]
pub(crate) struct Fields<'a> {
    atom: &'static str,
    data: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) fn new(atom: &'static str, data: &'a [u8]) -> Self {
        Self { atom, data }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.data
    }

    pub(crate) fn take(&mut self, n: usize) -> Result<&'a [u8], MovieError> {
        if n > self.data.len() {
            return Err(MovieError::malformed(self.atom, "ends too early"));
        }
        let (head, tail) = self.data.split_at(n);
        self.data = tail;
        Ok(head)
    }

    pub(crate) fn skip(&mut self, n: usize) -> Result<(), MovieError> {
        self.take(n).map(drop)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], MovieError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, MovieError> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, MovieError> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, MovieError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn i32(&mut self) -> Result<i32, MovieError> {
        self.array().map(i32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, MovieError> {
        self.array().map(u64::from_be_bytes)
    }

    /// The version byte of a full atom; its flags are skipped.
    pub(crate) fn version(&mut self) -> Result<u8, MovieError> {
        let version = self.u8()?;
        self.skip(3)?;
        Ok(version)
    }

    /// A 32-bit value in version 0 of an atom, a 64-bit one in version 1.
    pub(crate) fn sized(&mut self, version: u8) -> Result<u64, MovieError> {
        if version == 1 { self.u64() } else { self.u32().map(u64::from) }
    }

    /// A table of `count` rows of `N` bytes. The count is held against what the atom has, so that what is allocated for
    /// it is bounded by the file.
    pub(crate) fn rows<const N: usize>(
        &mut self,
        count: u32,
    ) -> Result<impl Iterator<Item = [u8; N]> + use<'a, N>, MovieError> {
        let len = (count as usize).checked_mul(N).filter(|&n| n <= self.data.len());
        let len = len.ok_or(MovieError::malformed(self.atom, "has more rows than bytes"))?;
        let data = self.take(len)?;
        Ok(data.chunks_exact(N).map(|row| {
            let mut out = [0; N];
            out.copy_from_slice(row);
            out
        }))
    }
}

/// The big-endian 32-bit number at index `i` (counted in words) of a table row; 0 beyond its end.
pub(crate) fn word(row: &[u8], i: usize) -> u32 {
    row.get(i * 4..i * 4 + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_be_bytes)
}
