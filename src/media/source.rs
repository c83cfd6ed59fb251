//! Positioned reads: the only way this room looks at a file.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Bytes that can be read at any offset, from any thread, without a file position.
pub trait ReadAt: Send + Sync {
    /// Reads into `buf` from `offset` on and returns how many bytes were read; 0 at or beyond the end.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Length in bytes now; 0 if that cannot be told.
    fn len(&self) -> u64;

    /// Whether there is nothing to read.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl ReadAt for File {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, buf, offset)
    }

    fn len(&self) -> u64 {
        self.metadata().map_or(0, |m| m.len())
    }
}

impl ReadAt for Vec<u8> {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|o| self.get(o..)).unwrap_or(&[]);
        let n = rest.len().min(buf.len());
        buf[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }

    fn len(&self) -> u64 {
        self.as_slice().len() as u64
    }
}

/// Fills `buf` from `offset` on; an end of file before that is `UnexpectedEof`.
pub(crate) fn read_exact_at(source: &dyn ReadAt, mut buf: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buf.is_empty() {
        match source.read_at(buf, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => {
                let n = n.min(buf.len());
                buf = &mut buf[n..];
                offset = offset.saturating_add(n as u64);
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// How much one read of a [`Window`] asks for. Hint samples and the media they name lie in runs of a few tens of
/// kilobytes, so one system call serves many packets.
const WINDOW: usize = 32 << 10;

/// A read-ahead window over one source. Neighbouring small reads become one.
pub(crate) struct Window {
    source: Arc<dyn ReadAt>,
    start: u64,
    data: Vec<u8>,
}

impl Window {
    pub(crate) fn new(source: Arc<dyn ReadAt>) -> Self {
        Self { source, start: 0, data: Vec::new() }
    }

    /// `len` bytes at `offset`. The caller bounds `len`.
    pub(crate) fn read(&mut self, offset: u64, len: usize) -> io::Result<&[u8]> {
        let end = offset.checked_add(len as u64).ok_or(io::ErrorKind::UnexpectedEof)?;
        if offset < self.start || end > self.start + self.data.len() as u64 {
            self.fill(offset, len)?;
        }
        let from = (offset - self.start) as usize;
        self.data.get(from..from + len).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn fill(&mut self, offset: u64, len: usize) -> io::Result<()> {
        self.data.clear();
        self.data.resize(len.max(WINDOW), 0);
        self.start = offset;
        let mut have = 0;
        while have < len {
            match self.source.read_at(&mut self.data[have..], offset.saturating_add(have as u64)) {
                Ok(0) => break,
                Ok(n) => have = (have + n).min(self.data.len()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    self.data.clear();
                    return Err(e);
                }
            }
        }
        self.data.truncate(have);
        Ok(())
    }
}
