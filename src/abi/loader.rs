//! The module folder: which files are modules, and loading them.

use std::ffi::{OsStr, OsString, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use qtss_sys as sys;

use super::entry::to_c;
use super::host::Host;
use super::module::{CModule, Dispatch};
use super::table;
use crate::log::Level;
use crate::qtss::RegistryBuilder;

/// The API version that the server has; modules with a newer one are refused, older ones are fine.
const API_VERSION: u32 = 0x0005_0000;

/// A module's entry function, which may unwind if its author was careless.
type Main = unsafe extern "C-unwind" fn(*mut c_void) -> sys::QTSS_Error;

/// Why a file is not a module.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file does not load; the system's words.
    #[error("{0}")]
    Library(String),
    /// The entry function is missing; a module's file has to have the name it was built with.
    #[error("it has no function {0}_Main")]
    NoMain(String),
    /// The entry function answered an error.
    #[error("its entry function answered {0}")]
    Main(i32),
    /// It was built for a newer server.
    #[error("it needs version {0:#x} of the module API, which is newer than this server's")]
    Version(u32),
    /// There is nothing to call.
    #[error("it has no dispatch function")]
    NoDispatch,
}

/// Loads and registers every module of the folder, in byte order of the file names, one after the other. Names that begin
/// with a dot are skipped. What does not load is a warning each; a missing folder is one too.
pub fn load_folder(folder: &Path, host: &Host, builder: &mut RegistryBuilder) -> Vec<Arc<CModule>> {
    let names = match names_in(folder) {
        Ok(names) => names,
        Err(error) => {
            host.log(Level::Warning, &format!("No module folder exists. ({}: {error})", folder.display()));
            return Vec::new();
        }
    };
    names.iter().filter_map(|name| load_one(folder, name, host, builder)).collect()
}

fn names_in(folder: &Path) -> std::io::Result<Vec<OsString>> {
    let entries = std::fs::read_dir(folder)?;
    let mut names: Vec<OsString> = entries.filter_map(|entry| entry.ok().map(|entry| entry.file_name())).collect();
    names.retain(|name| !name.as_bytes().starts_with(b"."));
    names.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    Ok(names)
}

fn load_one(folder: &Path, name: &OsStr, host: &Host, builder: &mut RegistryBuilder) -> Option<Arc<CModule>> {
    let shown = name.to_string_lossy();
    let module = match open(&folder.join(name), name, host) {
        Ok(module) => Arc::new(module),
        Err(error) => {
            let text = format!("The module {shown} is not a compatible QTSS API module. ({error})");
            host.log(Level::Warning, &text);
            return None;
        }
    };
    host.log(Level::Info, &format!("Module Loaded...{shown} [dynamic]"));
    match builder.add(Arc::<CModule>::clone(&module)) {
        Ok(_) => Some(module),
        Err(_) => {
            host.log(Level::Warning, &format!("The module {shown} failed to Register."));
            module.discard();
            None
        }
    }
}

/// Loads a file and runs its entry function. Symbols stay local to each module: two that carry equal names do not meet.
/// A library once loaded is never unloaded.
fn open(path: &Path, name: &OsStr, host: &Host) -> Result<CModule, LoadError> {
    // SAFETY: loading runs the file's initialisers. The operator put it into the module folder to be run.
    let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) };
    let library = std::mem::ManuallyDrop::new(library.map_err(|error| LoadError::Library(system_words(&error)))?);
    let mut args = sys::QTSS_PrivateArgs {
        inServerAPIVersion: API_VERSION,
        inCallbacks: table::callbacks(),
        inErrorLogStream: to_c(host.error_stream().handle()),
        outStubLibraryVersion: 0,
        outDispatchFunction: None,
    };
    let main = find_main(&library, name).ok_or_else(|| LoadError::NoMain(name.to_string_lossy().into_owned()))?;
    // SAFETY: a function of that name takes the private arguments; it keeps only the table's address, which is static.
    let result = unsafe { main((&raw mut args).cast()) };
    if result != 0 {
        return Err(LoadError::Main(result));
    }
    if args.outStubLibraryVersion > API_VERSION {
        return Err(LoadError::Version(args.outStubLibraryVersion));
    }
    let dispatch = args.outDispatchFunction.ok_or(LoadError::NoDispatch)?;
    // SAFETY: the two types differ in what happens when an exception leaves the function, which the caller sees to.
    let dispatch = unsafe { std::mem::transmute::<unsafe extern "C" fn(_, _) -> _, Dispatch>(dispatch) };
    Ok(CModule::new(&name.to_string_lossy(), dispatch))
}

/// The file's whole name, and for `*.so` also its stem, with `_Main` behind it.
fn find_main(library: &Library, name: &OsStr) -> Option<Main> {
    let stem = name.as_bytes().strip_suffix(b".so");
    let names = std::iter::once(name.as_bytes()).chain(stem);
    names.map(|name| [name, b"_Main"].concat()).find_map(|symbol| {
        // SAFETY: a function of that name is a module's entry function.
        unsafe { library.get::<Main>(&symbol) }.ok().map(|main| *main)
    })
}

/// The dynamic loader's own text, without the wrapper's.
fn system_words(error: &libloading::Error) -> String {
    match error {
        libloading::Error::DlOpen { desc } => format!("{desc:?}").trim_matches('"').to_owned(),
        other => other.to_string(),
    }
}
