//! QTSSPosixFileSysModule: the disk behind the file roles. What no other module claims is opened here.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use parking_lot::RwLock;

use crate::qtss::attr::*;
use crate::qtss::{Handle, Module, OpenFile, QtssError, Registration, Role, SyncRole};

/// The module: the open files by their objects' handles.
#[derive(Default)]
pub struct PosixFileSysModule {
    files: RwLock<HashMap<Handle, Arc<File>>>,
}

impl PosixFileSysModule {
    /// Opens a file; a missing one and, as in DSS, one of zero length are not found.
    fn open(&self, open: &OpenFile<'_>) -> Result<(), QtssError> {
        let path = OsStr::from_bytes(open.path.to_bytes());
        let file = File::open(path).map_err(|_| QtssError::FileNotFound)?;
        let metadata = file.metadata().map_err(|_| QtssError::FileNotFound)?;
        if metadata.len() == 0 {
            return Err(QtssError::FileNotFound);
        }
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let seconds = modified.map_or(0, |since| since.as_secs());
        open.file.set_u64(qtssFlObjLength, metadata.len());
        open.file.set_i64(qtssFlObjModDate, i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX));
        self.files.write().insert(open.file.handle(), Arc::new(file));
        Ok(())
    }

    fn read(&self, file: Handle, position: u64, buffer: &mut [u8], read: &mut u32) -> Result<(), QtssError> {
        let file = self.files.read().get(&file).cloned().ok_or(QtssError::BadArgument)?;
        let mut done = 0;
        while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
            let at = position.saturating_add(u64::try_from(done).unwrap_or(u64::MAX));
            match file.read_at(rest, at) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return Err(QtssError::RequestFailed),
            }
        }
        *read = u32::try_from(done).unwrap_or(u32::MAX);
        Ok(())
    }
}

impl Module for PosixFileSysModule {
    fn name(&self) -> &str {
        "QTSSPosixFileSysModule"
    }

    fn register(&self, registration: &mut Registration) -> Result<(), QtssError> {
        registration.add_role(Role::OpenFile)
    }

    fn call_sync(&self, role: SyncRole<'_>) -> Result<(), QtssError> {
        match role {
            SyncRole::OpenFile(open) => self.open(&open),
            SyncRole::ReadFile { file, position, buffer, read } => self.read(file.handle(), position, buffer, read),
            SyncRole::CloseFile { file } => {
                self.files.write().remove(&file.handle());
                Ok(())
            }
            // The kernel reads ahead by itself, and a file on disk is always ready.
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qtss::{ObjectStore, ObjectType};
    use std::ffi::CString;
    use std::io::Write;

    fn open(module: &PosixFileSysModule, path: &std::path::Path) -> (Arc<crate::qtss::Object>, Result<(), QtssError>) {
        let object = ObjectStore::new().create(ObjectType::File);
        let path = CString::new(path.as_os_str().as_bytes()).unwrap();
        let result = module.call_sync(SyncRole::OpenFile(OpenFile { file: &object, path: &path, flags: 0 }));
        (object, result)
    }

    #[test]
    fn trap_61_an_empty_file_is_not_found_and_a_directory_opens_but_does_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let module = PosixFileSysModule::default();
        let empty = dir.path().join("empty");
        File::create(&empty).unwrap();
        assert_eq!(open(&module, &empty).1, Err(QtssError::FileNotFound));
        assert_eq!(open(&module, &dir.path().join("nothing")).1, Err(QtssError::FileNotFound));
        File::create(dir.path().join("so that the folder has a size")).unwrap();
        let (folder, result) = open(&module, dir.path());
        if result.is_ok() {
            let (mut buffer, mut read) = ([0; 8], 0);
            let read = SyncRole::ReadFile { file: &folder, position: 0, buffer: &mut buffer, read: &mut read };
            assert_eq!(module.call_sync(read), Err(QtssError::RequestFailed));
        }
    }

    #[test]
    fn reads_at_the_end_give_what_is_there_and_a_closed_file_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let module = PosixFileSysModule::default();
        let path = dir.path().join("a");
        File::create(&path).unwrap().write_all(b"0123456789").unwrap();
        let (object, result) = open(&module, &path);
        assert_eq!((result, object.u64(qtssFlObjLength)), (Ok(()), Some(10)));
        let (mut buffer, mut read) = ([0; 8], 0);
        let role = SyncRole::ReadFile { file: &object, position: 7, buffer: &mut buffer, read: &mut read };
        assert_eq!(module.call_sync(role), Ok(()));
        assert_eq!((read, &buffer[..3]), (3, &b"789"[..]));
        module.call_sync(SyncRole::CloseFile { file: &object }).unwrap();
        let role = SyncRole::ReadFile { file: &object, position: 0, buffer: &mut buffer, read: &mut read };
        assert_eq!(module.call_sync(role), Err(QtssError::BadArgument));
    }
}
