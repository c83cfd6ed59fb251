//! Files opened through the file system modules: QTSS_OpenFileObject, and the server's own reading where a module loaded
//! from a file has taken a part in that.

use std::ffi::{CStr, CString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

use crate::media::ReadAt;
use crate::qtss::attr::{qtssFlObjLength, qtssFlObjModDate, qtssFlObjPosition};
use crate::qtss::{ModuleEntry, Object, ObjectType, OpenFile, QtssError, Registry, Role, SyncRole};

/// `qtssOpenFileAsync`: reads may answer WouldBlock.
const ASYNC: u32 = 1;
/// `qtssOpenFileReadAhead`: the file will be read from front to end.
const READ_AHEAD: u32 = 2;

/// A file object's other half.
pub struct FileObject {
    object: Weak<Object>,
    owner: OnceLock<Arc<ModuleEntry>>,
    position: AtomicU64,
    flags: u32,
    closed: AtomicBool,
}

impl FileObject {
    /// Opens a file. Whoever holds the object calls [`FileObject::close`] in the end.
    ///
    /// # Errors
    /// FileNotFound, or what the module answers that takes the file.
    pub fn open(registry: &Registry, path: &CStr, flags: u32) -> Result<Arc<Object>, QtssError> {
        let object = registry.store().create(ObjectType::File);
        object.attach(Self {
            object: Arc::downgrade(&object),
            owner: OnceLock::new(),
            position: AtomicU64::new(0),
            flags,
            closed: AtomicBool::new(false),
        });
        let owner = registry.open_file(OpenFile { file: &object, path, flags })?;
        if let Some(file) = Self::of(&object) {
            let _ = file.owner.set(owner);
        }
        Ok(object)
    }

    /// The file of a file object.
    pub fn of(object: &Arc<Object>) -> Option<&Self> {
        object.attached()
    }

    fn parts(&self) -> Result<(Arc<Object>, &Arc<ModuleEntry>), QtssError> {
        let object = self.object.upgrade().ok_or(QtssError::BadArgument)?;
        Ok((object, self.owner.get().ok_or(QtssError::RequestFailed)?))
    }

    /// The module that has the file.
    pub fn owner(&self) -> Option<&Arc<ModuleEntry>> {
        self.owner.get()
    }

    /// Reads on from where the last read ended; the position moves by what the owner says it read, whatever it answers.
    ///
    /// # Errors
    /// The owner's, with the number of bytes it reported.
    pub fn read(&self, buffer: &mut [u8]) -> Result<u32, (QtssError, u32)> {
        let position = self.position.load(Ordering::Acquire);
        let result = self.read_at(buffer, position);
        let (Ok(read) | Err((_, read))) = result;
        if let Ok((object, _)) = self.parts() {
            self.move_to(&object, position.saturating_add(u64::from(read)));
        }
        result
    }

    fn read_at(&self, buffer: &mut [u8], position: u64) -> Result<u32, (QtssError, u32)> {
        let (object, owner) = self.parts().map_err(|error| (error, 0))?;
        let mut read = 0;
        let room = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        let result = owner.call_sync(SyncRole::ReadFile { file: &object, position, buffer, read: &mut read });
        let read = read.min(room);
        result.map(|()| read).map_err(|error| (error, read))
    }

    /// Moves to a position up to the length that the owner has set.
    ///
    /// # Errors
    /// RequestFailed beyond the length, or without one.
    pub fn seek(&self, position: u64) -> Result<(), QtssError> {
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

    /// Tells the owner what will be read.
    ///
    /// # Errors
    /// The owner's.
    pub fn advise(&self, position: u64, size: u32) -> Result<(), QtssError> {
        let (object, owner) = self.parts()?;
        owner.call_sync(SyncRole::AdviseFile { file: &object, position, size })
    }

    /// Asks the owner for an event. True when nobody will signal it, so that it has to be taken as come: files on disk
    /// are always ready, and a file opened for plain reads has no events.
    pub fn request_event(&self, events: u32) -> bool {
        let Ok((object, owner)) = self.parts() else { return true };
        let asked = owner.call_sync(SyncRole::RequestEventFile { file: &object, events });
        asked.is_err() || !owner.module().is_dynamic() || self.flags & ASYNC == 0
    }

    /// Tells the owner that the file is closed.
    ///
    /// # Errors
    /// BadArgument when it was closed before.
    pub fn close(&self) -> Result<(), QtssError> {
        if self.closed.swap(true, Ordering::AcqRel) {
            return Err(QtssError::BadArgument);
        }
        if let Ok((object, owner)) = self.parts() {
            let _ = owner.call_sync(SyncRole::CloseFile { file: &object });
        }
        Ok(())
    }
}

/// A file that a module loaded from a file serves, for the server's own reading. Closed when it is dropped.
pub struct ModuleFile {
    object: Arc<Object>,
    /// Modules count on one call at a time for a file.
    reading: Mutex<()>,
}

impl ModuleFile {
    /// Asks the file system modules for a file. `None` when the disk has it: no module loaded from a file claims it, or
    /// there is none that could.
    ///
    /// # Errors
    /// What the module answers that takes the file; FileNotFound also where such a module has replaced the disk.
    pub fn open(registry: &Registry, path: &Path) -> Option<Result<Self, QtssError>> {
        let is_dynamic = |entry: &Arc<ModuleEntry>| entry.module().is_dynamic();
        let replaced = registry.modules_in(Role::OpenFile).first().is_some_and(is_dynamic);
        if !replaced && !registry.modules_in(Role::OpenFilePreProcess).iter().any(is_dynamic) {
            return None;
        }
        let path = CString::new(path.as_os_str().as_bytes()).ok()?;
        let object = match FileObject::open(registry, &path, READ_AHEAD) {
            Ok(object) => object,
            Err(error) => return Some(Err(error)),
        };
        let file = Self { object, reading: Mutex::default() };
        let owner = FileObject::of(&file.object).and_then(FileObject::owner);
        owner.is_some_and(is_dynamic).then_some(Ok(file))
    }

    /// When it was changed, as the module says.
    pub fn modified(&self) -> SystemTime {
        let ms = self.object.i64(qtssFlObjModDate).and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0);
        UNIX_EPOCH.checked_add(Duration::from_millis(ms)).unwrap_or(UNIX_EPOCH)
    }
}

impl ReadAt for ModuleFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let file = FileObject::of(&self.object).ok_or(io::ErrorKind::NotFound)?;
        let _one = self.reading.lock();
        match file.read_at(buffer, offset) {
            Ok(read) => Ok(read as usize),
            Err((error, _)) => Err(io::Error::other(format!("the file's module answers: {error}"))),
        }
    }

    fn len(&self) -> u64 {
        self.object.u64(qtssFlObjLength).unwrap_or(0)
    }
}

impl Drop for ModuleFile {
    fn drop(&mut self) {
        if let Some(file) = FileObject::of(&self.object) {
            let _ = file.close();
        }
    }
}
