//! Files that modules have open.

use std::collections::HashMap;
use std::ffi::CStr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, OnceLock, Weak};

use parking_lot::Mutex;

use super::host::Host;
use crate::qtss::attr::{qtssFlObjLength, qtssFlObjPosition};
use crate::qtss::{Handle, ModuleEntry, Object, ObjectType, OpenFile as OpenParams, QtssError, SyncRole};

/// `qtssOpenFileAsync`: reads may answer WouldBlock.
const ASYNC: u32 = 1;

/// A file object's other half.
pub(super) struct OpenFile {
    object: OnceLock<Weak<Object>>,
    owner: OnceLock<Arc<ModuleEntry>>,
    position: AtomicU64,
    flags: u32,
    closed: AtomicBool,
}

/// The file objects: their opener holds handles only.
static FILES: LazyLock<Mutex<HashMap<Handle, Arc<Object>>>> = LazyLock::new(Mutex::default);

/// Opens a file and gives its handle, which is good until [`close`].
pub(super) fn open(path: &CStr, flags: u32) -> Result<Handle, QtssError> {
    let host = Host::get()?;
    let registry = host.registry().map_err(|_| QtssError::FileNotFound)?;
    let object = host.store.create(ObjectType::File);
    let file = OpenFile {
        object: OnceLock::from(Arc::downgrade(&object)),
        owner: OnceLock::new(),
        position: AtomicU64::new(0),
        flags,
        closed: AtomicBool::new(false),
    };
    object.attach(file);
    let owner = registry.open_file(OpenParams { file: &object, path, flags })?;
    if let Some(file) = OpenFile::of(&object) {
        let _ = file.owner.set(owner);
    }
    let handle = object.handle();
    FILES.lock().insert(handle, object);
    Ok(handle)
}

/// Closes a file. Its owner hears of it, and the handle is stale afterwards.
pub(super) fn close(object: &Arc<Object>) -> Result<(), QtssError> {
    let file = OpenFile::of(object).ok_or(QtssError::BadArgument)?;
    if file.closed.swap(true, Ordering::AcqRel) {
        return Err(QtssError::BadArgument);
    }
    if let Some(owner) = file.owner.get() {
        let _ = owner.call_sync(SyncRole::CloseFile { file: object });
    }
    super::call::unbind(object.handle());
    FILES.lock().remove(&object.handle());
    Ok(())
}

impl OpenFile {
    /// The file of a file object.
    pub(super) fn of(object: &Arc<Object>) -> Option<&Self> {
        object.attached()
    }

    fn parts(&self) -> Result<(Arc<Object>, &Arc<ModuleEntry>), QtssError> {
        let object = self.object.get().and_then(Weak::upgrade).ok_or(QtssError::BadArgument)?;
        Ok((object, self.owner.get().ok_or(QtssError::RequestFailed)?))
    }

    /// Reads on from where the last read ended; the position moves by what the owner says it read, whatever it answers.
    pub(super) fn read(&self, buffer: &mut [u8]) -> Result<u32, (QtssError, u32)> {
        let (object, owner) = self.parts().map_err(|error| (error, 0))?;
        let mut read = 0;
        let position = self.position.load(Ordering::Acquire);
        let room = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        let result = owner.call_sync(SyncRole::ReadFile { file: &object, position, buffer, read: &mut read });
        let read = read.min(room);
        self.move_to(&object, position.saturating_add(u64::from(read)));
        result.map(|()| read).map_err(|error| (error, read))
    }

    /// Moves to a position up to the length that the owner has set.
    pub(super) fn seek(&self, position: u64) -> Result<(), QtssError> {
        let (object, _) = self.parts()?;
        let length = object.u64(qtssFlObjLength).ok_or(QtssError::RequestFailed)?;
        if position > length {
            return Err(QtssError::RequestFailed);
        }
        self.move_to(&object, position);
        Ok(())
    }

    fn move_to(&self, object: &Object, position: u64) {
        self.position.store(position, Ordering::Release);
        object.set_u64(qtssFlObjPosition, position);
    }

    pub(super) fn advise(&self, position: u64, size: u32) -> Result<(), QtssError> {
        let (object, owner) = self.parts()?;
        owner.call_sync(SyncRole::AdviseFile { file: &object, position, size })
    }

    /// Asks the owner for an event. True when nobody will signal it, so that it has to be taken as come: files on disk
    /// are always ready, and a file opened for plain reads has no events.
    pub(super) fn request_event(&self, events: u32) -> bool {
        let Ok((object, owner)) = self.parts() else { return true };
        let asked = owner.call_sync(SyncRole::RequestEventFile { file: &object, events });
        asked.is_err() || !owner.module().is_dynamic() || self.flags & ASYNC == 0
    }
}
