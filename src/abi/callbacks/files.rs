//! File objects: opened through the file system modules, read through their owner.

use std::ffi::{c_char, c_void};

use super::super::entry::{check_out, entries, object, put, text, to_c};
use super::super::files;
use crate::qtss::QtssError;
use crate::server::FileObject;

entries! {
    /// Opens a file.
    fn QTSS_OpenFileObject(path: *const c_char, flags: u32, out: *mut *mut c_void) {
        check_out(out)?;
        // SAFETY: by the contract of the entry.
        let path = unsafe { text(path) }?;
        let file = files::open(path, flags)?;
        // SAFETY: as above.
        unsafe { put(out, to_c(file)) };
        Ok(())
    }

    /// Closes it.
    fn QTSS_CloseFileObject(file: *mut c_void) {
        files::close(&object(file)?)
    }

    /// Sets the position of the next read.
    fn QTSS_Seek(stream: *mut c_void, position: u64) {
        FileObject::of(&object(stream)?).ok_or(QtssError::Unimplemented)?.seek(position)
    }

    /// Says what will be read.
    fn QTSS_Advise(stream: *mut c_void, position: u64, size: u32) {
        FileObject::of(&object(stream)?).ok_or(QtssError::Unimplemented)?.advise(position, size)
    }
}
