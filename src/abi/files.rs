//! Files that modules have open: they hold handles only.

use std::collections::HashMap;
use std::ffi::CStr;
use std::sync::{Arc, LazyLock};

use parking_lot::Mutex;

use super::host::Host;
use crate::qtss::{Handle, Object, QtssError};
use crate::server::FileObject;

static FILES: LazyLock<Mutex<HashMap<Handle, Arc<Object>>>> = LazyLock::new(Mutex::default);

/// Opens a file and gives its handle, which is good until [`close`].
pub(super) fn open(path: &CStr, flags: u32) -> Result<Handle, QtssError> {
    let registry = Host::get()?.registry().map_err(|_| QtssError::FileNotFound)?;
    let object = FileObject::open(registry, path, flags)?;
    let handle = object.handle();
    FILES.lock().insert(handle, object);
    Ok(handle)
}

/// Closes a file. Its owner hears of it, and the handle is stale afterwards.
pub(super) fn close(object: &Arc<Object>) -> Result<(), QtssError> {
    FileObject::of(object).ok_or(QtssError::BadArgument)?.close()?;
    super::call::unbind(object.handle());
    let closed = FILES.lock().remove(&object.handle());
    drop(closed);
    Ok(())
}
