//! The door: what every entry from C goes through.

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::qtss::{Handle, Object, QtssError, result_code};

thread_local! {
    /// How many entries this thread is inside of.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Counts an entry while it lasts.
struct Inside;

impl Inside {
    fn new() -> Self {
        DEPTH.set(DEPTH.get() + 1);
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

/// True while module code on this thread has called the server, on whatever thread that is.
pub(super) fn is_inside() -> bool {
    DEPTH.get() > 0
}

/// Runs an entry: a panic becomes RequestFailed (nothing may unwind into C), and `QTSS_TRACE=calls` prints it.
pub(super) fn guard(name: &'static str, work: impl FnOnce() -> Result<(), QtssError>) -> i32 {
    let _inside = Inside::new();
    let result = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        tracing::error!("{name} panicked; the calling module gets an error");
        Err(QtssError::RequestFailed)
    });
    super::trace::entry(name, result);
    result_code(result)
}

/// As [`guard`], for entries that answer something else than a result code; `failed` is the answer after a panic.
pub(super) fn guard_value<T>(name: &'static str, failed: T, work: impl FnOnce() -> T) -> T {
    let _inside = Inside::new();
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        tracing::error!("{name} panicked");
        failed
    })
}

/// Makes the entries: functions with C linkage, exported under their names, whose bodies answer a `Result`.
macro_rules! entries {
    ($($(#[doc = $doc:literal])+ fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $body:block)*) => {$(
        $(#[doc = $doc])+
        ///
        /// # Safety
        /// Pointers are null or what the module headers say: readable or writable for the call, texts NUL-terminated.
        #[allow(non_snake_case)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($arg: $ty),*) -> i32 {
            $crate::abi::entry::guard(stringify!($name), || $body)
        }
    )*};
}
pub(super) use entries;

/// The living object of a handle as C passes it; anything else is BadArgument.
pub(super) fn object(raw: *mut c_void) -> Result<Arc<Object>, QtssError> {
    handle(raw)?.object().ok_or(QtssError::BadArgument)
}

/// The handle in a pointer-sized value; whether its object lives is another question.
pub(super) fn handle(raw: *mut c_void) -> Result<Handle, QtssError> {
    Handle::from_raw(raw as usize).ok_or(QtssError::BadArgument)
}

/// A handle as C holds it.
pub(super) fn to_c(handle: Handle) -> *mut c_void {
    std::ptr::without_provenance_mut(handle.to_raw())
}

/// A handle as C holds it, NULL for nothing.
pub(super) fn maybe_to_c(object: Option<&Arc<Object>>) -> *mut c_void {
    object.map_or(std::ptr::null_mut(), |object| to_c(object.handle()))
}

/// A text argument; NULL is BadArgument.
///
/// # Safety
/// `text` is null or NUL-terminated and lives as long as the result is used.
pub(super) unsafe fn text<'a>(text: *const c_char) -> Result<&'a CStr, QtssError> {
    if text.is_null() {
        return Err(QtssError::BadArgument);
    }
    // SAFETY: not null, and the caller vouches for the NUL.
    Ok(unsafe { CStr::from_ptr(text) })
}

/// Checks an out parameter; NULL is BadArgument.
pub(super) fn check_out<T>(out: *mut T) -> Result<(), QtssError> {
    if out.is_null() { Err(QtssError::BadArgument) } else { Ok(()) }
}

/// Stores to an out parameter that was checked, or that may be NULL and then takes nothing.
///
/// # Safety
/// `out` is null or writable for a `T`, at any alignment.
pub(super) unsafe fn put<T>(out: *mut T, value: T) {
    if !out.is_null() {
        // SAFETY: not null, and the caller vouches for the rest.
        unsafe { out.write_unaligned(value) }
    }
}

/// The longest piece of memory that a module can mean: what is longer is a negative number gone astray.
pub(super) const MAX_LEN: u32 = i32::MAX as u32;

/// Bytes that a module passes; NULL is fine with length 0, and lengths beyond [`MAX_LEN`] are BadArgument.
///
/// # Safety
/// `bytes` is null or readable for `len` bytes as long as the result is used.
pub(super) unsafe fn bytes<'a>(bytes: *const c_void, len: u32) -> Result<&'a [u8], QtssError> {
    match (bytes.is_null(), len) {
        (_, 0) => Ok(&[]),
        (true, _) | (_, MAX_LEN..) => Err(QtssError::BadArgument),
        // SAFETY: not null, and the caller vouches for the length.
        (false, len) => Ok(unsafe { std::slice::from_raw_parts(bytes.cast(), len as usize) }),
    }
}
