//! Memory that crosses the C boundary: all of it comes from malloc, because modules free it with free, delete or
//! QTSS_Delete, and the server frees theirs.

use std::ffi::c_char;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering};

use smallvec::SmallVec;

use super::QtssError;

/// A copy of one value; most values fit without an allocation.
pub(super) type Bytes = SmallVec<[u8; 24]>;

/// Copies a value out of memory that modules may be writing.
///
/// Aligned values of 2, 4 or 8 bytes are read in one piece, so a counter is never seen half-written.
///
/// # Safety
/// `from` must be readable for `len` bytes.
pub(super) unsafe fn read(from: *const u8, len: usize) -> Bytes {
    let from = from.cast_mut();
    // SAFETY: the caller vouches for the memory, the alignment is checked here.
    unsafe {
        match len {
            2 if from.cast::<u16>().is_aligned() => {
                Bytes::from_slice(&AtomicU16::from_ptr(from.cast()).load(Ordering::Relaxed).to_ne_bytes())
            }
            4 if from.cast::<u32>().is_aligned() => {
                Bytes::from_slice(&AtomicU32::from_ptr(from.cast()).load(Ordering::Relaxed).to_ne_bytes())
            }
            8 if from.cast::<AtomicU64>().is_aligned() => {
                Bytes::from_slice(&AtomicU64::from_ptr(from.cast()).load(Ordering::Relaxed).to_ne_bytes())
            }
            _ => {
                let mut bytes = Bytes::with_capacity(len);
                ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), len);
                bytes.set_len(len);
                bytes
            }
        }
    }
}

/// Writes a value to memory that modules may be reading; the counterpart of [`read`].
///
/// # Safety
/// `to` must be writable for `bytes.len()` bytes and not overlap `bytes`.
pub(super) unsafe fn write(to: *mut u8, bytes: &[u8]) {
    // SAFETY: the caller vouches for the memory, the alignment is checked here.
    unsafe {
        match *bytes {
            [a, b] if to.cast::<u16>().is_aligned() => {
                AtomicU16::from_ptr(to.cast()).store(u16::from_ne_bytes([a, b]), Ordering::Relaxed);
            }
            [a, b, c, d] if to.cast::<u32>().is_aligned() => {
                AtomicU32::from_ptr(to.cast()).store(u32::from_ne_bytes([a, b, c, d]), Ordering::Relaxed);
            }
            [a, b, c, d, e, f, g, h] if to.cast::<AtomicU64>().is_aligned() => {
                let value = u64::from_ne_bytes([a, b, c, d, e, f, g, h]);
                AtomicU64::from_ptr(to.cast()).store(value, Ordering::Relaxed);
            }
            _ => ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()),
        }
    }
}

/// Allocates `size` zeroed bytes.
fn allocate(size: usize) -> Result<NonNull<u8>, QtssError> {
    // SAFETY: calloc has no preconditions; a size of 0 is avoided because it may give null.
    NonNull::new(unsafe { libc::calloc(1, size.max(1)) }.cast()).ok_or(QtssError::RequestFailed)
}

/// Zeroed memory of fixed size: the variables of one object.
pub(super) struct Fields(NonNull<u8>);

// SAFETY: the memory belongs to this value alone; accesses go through `read` and `write`.
unsafe impl Send for Fields {}

impl Fields {
    pub(super) fn new(size: usize) -> Result<Self, QtssError> {
        allocate(size).map(Self)
    }

    /// Address of the byte at `offset`, which must lie within the size.
    pub(super) fn at(&self, offset: usize) -> *mut u8 {
        self.0.as_ptr().wrapping_add(offset)
    }
}

impl Drop for Fields {
    fn drop(&mut self) {
        // SAFETY: the pointer came from calloc and is freed once.
        unsafe { libc::free(self.0.as_ptr().cast()) }
    }
}

/// Storage of one value: a length, a capacity, and the bytes followed by a NUL.
///
/// Kept behind one pointer so that an attribute slot stays small.
pub(super) struct Block(NonNull<u8>);

/// What lies in front of a block's bytes.
#[repr(C)]
struct Header {
    /// Bytes that fit, and [`EXPOSED`].
    capacity: u32,
    len: u32,
}

/// A module has been given a pointer into the block.
const EXPOSED: u32 = 1 << 31;

/// Longest value; far beyond what modules store, it keeps sizes within 31 bits.
const MAX_VALUE: usize = (1 << 30) - 1;

// SAFETY: the memory belongs to this value alone; accesses go through `read` and `write`.
unsafe impl Send for Block {}

impl Block {
    /// A block that holds `bytes` and has room for `capacity` bytes at least.
    pub(super) fn new(bytes: &[u8], capacity: usize) -> Result<Self, QtssError> {
        let wanted = capacity.max(bytes.len());
        if wanted > MAX_VALUE {
            return Err(QtssError::RequestFailed);
        }
        // Fill the 16-byte steps in which malloc works (8 of them bookkeeping).
        let size = (size_of::<Header>() + wanted + 1 + 8).next_multiple_of(16) - 8;
        let memory = allocate(size)?;
        let capacity = (size - size_of::<Header>() - 1) as u32;
        // SAFETY: `size` has room for the header, and malloc aligns it.
        let mut block = unsafe {
            memory.cast::<Header>().write(Header { capacity, len: 0 });
            Self(memory.add(size_of::<Header>()))
        };
        block.store(bytes);
        Ok(block)
    }

    fn header(&self) -> *mut Header {
        self.0.as_ptr().wrapping_sub(size_of::<Header>()).cast()
    }

    pub(super) fn ptr(&self) -> *mut u8 {
        self.0.as_ptr()
    }

    pub(super) fn len(&self) -> usize {
        // SAFETY: the header lies in front of the bytes and is written only under `&mut self`.
        unsafe { (*self.header()).len as usize }
    }

    pub(super) fn capacity(&self) -> usize {
        // SAFETY: as in `len`.
        unsafe { ((*self.header()).capacity & !EXPOSED) as usize }
    }

    /// Notes that a pointer into the block left the server.
    pub(super) fn expose(&mut self) {
        // SAFETY: as in `len`, with `&mut self`.
        unsafe { (*self.header()).capacity |= EXPOSED }
    }

    pub(super) fn is_exposed(&self) -> bool {
        // SAFETY: as in `len`.
        unsafe { (*self.header()).capacity & EXPOSED != 0 }
    }

    /// Overwrites the value in place and keeps a NUL behind it; false when it does not fit.
    pub(super) fn store(&mut self, bytes: &[u8]) -> bool {
        if bytes.len() > self.capacity() {
            return false;
        }
        // SAFETY: capacity + 1 bytes are ours, and `bytes` cannot borrow from them.
        unsafe { write(self.ptr(), bytes) };
        self.set_len(bytes.len());
        true
    }

    /// Changes the length to at most the capacity, with a NUL at the new end.
    pub(super) fn set_len(&mut self, len: usize) {
        let len = len.min(self.capacity());
        // SAFETY: capacity + 1 bytes are ours.
        unsafe {
            self.ptr().add(len).write(0);
            (*self.header()).len = len as u32;
        }
    }

    pub(super) fn bytes(&self) -> Bytes {
        // SAFETY: `len` bytes are initialised.
        unsafe { read(self.ptr(), self.len()) }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: the header's address came from calloc and is freed once.
        unsafe { libc::free(self.header().cast()) }
    }
}

/// A NUL-terminated text in malloc'ed memory, for texts whose owner changes at the C boundary.
#[derive(Debug)]
pub struct CText(NonNull<c_char>);

// SAFETY: the text belongs to this value alone and is not changed through a shared reference.
unsafe impl Send for CText {}
// SAFETY: as above.
unsafe impl Sync for CText {}

impl CText {
    /// Copies `bytes`; a NUL inside just ends what C sees. Fails with RequestFailed when memory is short.
    pub fn new(bytes: &[u8]) -> Result<Self, QtssError> {
        let memory = allocate(bytes.len() + 1)?;
        // SAFETY: the memory has room for the bytes and calloc left a NUL behind them.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), memory.as_ptr(), bytes.len()) };
        Ok(Self(memory.cast()))
    }

    /// Takes over a text that a module made with malloc, QTSS_New or new\[\].
    ///
    /// # Safety
    /// `text` must be NUL-terminated, come from malloc, and not be freed by anybody else.
    pub unsafe fn from_raw(text: NonNull<c_char>) -> Self {
        Self(text)
    }

    /// Gives the text away; the new owner frees it with free.
    pub fn into_raw(self) -> *mut c_char {
        let text = self.0.as_ptr();
        std::mem::forget(self);
        text
    }

    /// The text up to its first NUL.
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: the text is NUL-terminated and lives as long as `self`.
        unsafe { std::ffi::CStr::from_ptr(self.0.as_ptr()) }.to_bytes()
    }
}

impl Drop for CText {
    fn drop(&mut self) {
        // SAFETY: the text came from malloc and is freed once.
        unsafe { libc::free(self.0.as_ptr().cast()) }
    }
}

/// The text of one request: request line, headers, blank line, and what had arrived of the body, in one buffer.
///
/// Request attributes and header values are windows into it. Modules scan from one window on into the rest and write
/// into the buffer, so nothing else lies in it, and NULs follow its last byte.
#[derive(Debug)]
pub struct RequestText {
    start: NonNull<u8>,
    len: usize,
    head_len: usize,
}

// SAFETY: the server reads the bytes as `read` does; modules write them only during the role call they serve.
unsafe impl Send for RequestText {}
// SAFETY: as above.
unsafe impl Sync for RequestText {}

impl RequestText {
    /// NULs behind the last byte.
    const SLACK: usize = 16;

    /// Copies a request; its first `head_len` bytes (at most all) end with the blank line, the rest is body.
    /// Fails with RequestFailed when memory is short.
    pub fn new(text: &[u8], head_len: usize) -> Result<Arc<Self>, QtssError> {
        let start = allocate(text.len() + Self::SLACK)?;
        // SAFETY: the memory has room for the text.
        unsafe { ptr::copy_nonoverlapping(text.as_ptr(), start.as_ptr(), text.len()) };
        Ok(Arc::new(Self { start, len: text.len(), head_len: head_len.min(text.len()) }))
    }

    /// Takes over the text by which a Filter module replaced the request; it has no body.
    pub fn from_replacement(text: CText) -> Arc<Self> {
        let len = text.as_bytes().len();
        let start = text.0.cast();
        std::mem::forget(text);
        Arc::new(Self { start, len, head_len: len })
    }

    /// Bytes up to and including the blank line.
    pub fn head_len(&self) -> usize {
        self.head_len
    }

    /// Bytes in all, with the body as far as it is here.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True for a request without any byte.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A copy of the bytes, with whatever modules wrote into them.
    pub fn to_vec(&self) -> Vec<u8> {
        // SAFETY: `len` bytes are ours.
        unsafe { read(self.start.as_ptr(), self.len) }.into_vec()
    }

    pub(super) fn at(&self, offset: usize) -> *mut u8 {
        self.start.as_ptr().wrapping_add(offset)
    }
}

impl Drop for RequestText {
    fn drop(&mut self) {
        // SAFETY: the memory came from malloc and is freed once.
        unsafe { libc::free(self.start.as_ptr().cast()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_keeps_a_nul_behind_its_value() {
        let mut block = Block::new(b"longer text", 0).unwrap();
        let end = |b: &Block| {
            // SAFETY: a block has one byte more than its capacity.
            unsafe { *b.ptr().add(b.len()) }
        };
        assert_eq!(end(&block), 0);
        assert!(block.store(b"short"));
        assert_eq!((block.bytes().as_slice(), end(&block)), (b"short".as_slice(), 0));
        assert!(!block.store(&[b'x'; 100]));
        assert_eq!(block.bytes().as_slice(), b"short");
        let full = vec![b'y'; block.capacity()];
        assert!(block.store(&full));
        assert_eq!((block.len(), end(&block)), (full.len(), 0));
    }

    #[test]
    fn blocks_align_eight_byte_values() {
        for n in 0..20 {
            assert!(Block::new(&vec![1; n], 0).unwrap().ptr().cast::<u64>().is_aligned());
        }
    }

    #[test]
    fn trap_8_texts_come_from_malloc_and_go_back_to_it() {
        let raw = CText::new(b"group").unwrap().into_raw();
        // SAFETY: `raw` is a malloc'ed text that nobody else owns.
        unsafe {
            assert_eq!(libc::strlen(raw), 5);
            libc::free(raw.cast());
            let made_by_a_module = libc::strdup(c"DESCRIBE".as_ptr());
            let text = CText::from_raw(NonNull::new(made_by_a_module).unwrap());
            assert_eq!(text.as_bytes(), b"DESCRIBE");
        }
    }

    #[test]
    fn trap_36_a_replacement_ends_at_its_first_nul() {
        let text = RequestText::from_replacement(CText::new(b"OPTIONS *\r\n\r\n\0rest").unwrap());
        assert_eq!((text.head_len(), text.len()), (13, 13));
        assert_eq!(text.to_vec(), b"OPTIONS *\r\n\r\n");
    }
}
