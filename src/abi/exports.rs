//! What old modules took from the process without asking: the C++ allocation operators, which the executable of DSS
//! exported as malloc and free, and helper functions of the SDK that some modules found only in modules loaded before
//! them. `exports.list` has the names that the linker lets out.

use std::ffi::{c_char, c_int, c_void};

use super::callbacks::attributes::add_attribute;
use super::callbacks::memory::{QTSS_Delete, allocate};
use super::callbacks::waits::signal_stream;

/// `operator new(size_t)`.
#[cfg_attr(target_pointer_width = "64", unsafe(export_name = "_Znwm"))]
#[cfg_attr(target_pointer_width = "32", unsafe(export_name = "_Znwj"))]
pub extern "C" fn operator_new(size: usize) -> *mut c_void {
    allocate(size)
}

/// `operator new[](size_t)`.
#[cfg_attr(target_pointer_width = "64", unsafe(export_name = "_Znam"))]
#[cfg_attr(target_pointer_width = "32", unsafe(export_name = "_Znaj"))]
pub extern "C" fn operator_new_array(size: usize) -> *mut c_void {
    allocate(size)
}

/// `operator delete(void*)`.
///
/// # Safety
/// As for free.
#[unsafe(export_name = "_ZdlPv")]
pub unsafe extern "C" fn operator_delete(memory: *mut c_void) {
    // SAFETY: the caller vouches for the memory.
    unsafe { QTSS_Delete(memory) }
}

/// `operator delete[](void*)`.
///
/// # Safety
/// As for free.
#[unsafe(export_name = "_ZdaPv")]
pub unsafe extern "C" fn operator_delete_array(memory: *mut c_void) {
    // SAFETY: the caller vouches for the memory.
    unsafe { QTSS_Delete(memory) }
}

/// `QTSS_SignalStream(void*)` as the C++ stub library spells it.
///
/// # Safety
/// As for the entry.
#[unsafe(export_name = "_Z17QTSS_SignalStreamPv")]
pub unsafe extern "C" fn cpp_signal_stream(stream: *mut c_void) -> i32 {
    // SAFETY: the caller vouches for the argument.
    unsafe { signal_stream(stream) }
}

/// `QTSS_AddAttribute(UInt32, const char*, void*)` as the C++ stub library spells it.
///
/// # Safety
/// As for the entry.
#[cfg_attr(target_pointer_width = "64", unsafe(export_name = "_Z17QTSS_AddAttributejPKcPv"))]
#[cfg_attr(target_pointer_width = "32", unsafe(export_name = "_Z17QTSS_AddAttributemPKcPv"))]
pub unsafe extern "C" fn cpp_add_attribute(object_type: u32, name: *const c_char, unused: *mut c_void) -> i32 {
    // SAFETY: the caller vouches for the arguments.
    unsafe { add_attribute(object_type, name, unused) }
}

/// Copies a text with its NUL into a buffer, cut to its size.
unsafe fn copy_text(text: &[u8], buffer: *mut c_char, len: c_int) -> *mut c_char {
    let Some(room) = usize::try_from(len).ok().filter(|room| *room > 0 && !buffer.is_null()) else {
        return std::ptr::null_mut();
    };
    let text = text.get(..room - 1).unwrap_or(text);
    // SAFETY: the buffer has room for the text, which was cut, and a NUL.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr().cast(), buffer, text.len());
        buffer.add(text.len()).write(0);
    }
    buffer
}

/// Room for `asctime_r` and `ctime_r`, which need 26 bytes.
type TimeText = [c_char; 64];

unsafe fn time_text(made: *const c_char, buffer: *mut c_char, len: c_int) -> *mut c_char {
    if made.is_null() {
        return std::ptr::null_mut();
    }
    // SAFETY: the C library's functions end their texts with a NUL; the caller vouches for the buffer.
    unsafe { copy_text(std::ffi::CStr::from_ptr(made).to_bytes(), buffer, len) }
}

unsafe extern "C" {
    fn asctime_r(time: *const libc::tm, buffer: *mut c_char) -> *mut c_char;
    fn ctime_r(time: *const libc::time_t, buffer: *mut c_char) -> *mut c_char;
}

/// asctime into the caller's buffer.
///
/// # Safety
/// Pointers are good for their types and the length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtss_asctime(time: *const libc::tm, buffer: *mut c_char, len: c_int) -> *mut c_char {
    let mut text: TimeText = [0; 64];
    // SAFETY: the caller vouches for the pointers.
    unsafe { time_text(asctime_r(time, text.as_mut_ptr()), buffer, len) }
}

/// ctime into the caller's buffer.
///
/// # Safety
/// Pointers are good for their types and the length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtss_ctime(time: *const libc::time_t, buffer: *mut c_char, len: c_int) -> *mut c_char {
    let mut text: TimeText = [0; 64];
    // SAFETY: the caller vouches for the pointers.
    unsafe { time_text(ctime_r(time, text.as_mut_ptr()), buffer, len) }
}

/// gmtime into the caller's struct.
///
/// # Safety
/// Pointers are good for their types.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtss_gmtime(time: *const libc::time_t, out: *mut libc::tm) -> *mut libc::tm {
    // SAFETY: the caller vouches for the pointers.
    unsafe { libc::gmtime_r(time, out) }
}

/// localtime into the caller's struct.
///
/// # Safety
/// Pointers are good for their types.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtss_localtime(time: *const libc::time_t, out: *mut libc::tm) -> *mut libc::tm {
    // SAFETY: the caller vouches for the pointers.
    unsafe { libc::localtime_r(time, out) }
}

/// strerror into the caller's buffer.
///
/// # Safety
/// The buffer has room for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtss_strerror(error: c_int, buffer: *mut c_char, len: c_int) -> *mut c_char {
    let text = std::io::Error::from_raw_os_error(error).to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    // SAFETY: the caller vouches for the buffer.
    unsafe { copy_text(text.as_bytes(), buffer, len) }
}

/// strftime.
///
/// # Safety
/// As for strftime.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qtss_strftime(
    buffer: *mut c_char,
    len: usize,
    format: *const c_char,
    time: *const libc::tm,
) -> usize {
    // SAFETY: the caller vouches for the arguments.
    unsafe { libc::strftime(buffer, len, format, time) }
}

/// The SDK's limit of printed characters: there is none.
#[unsafe(export_name = "_Z25qtss_getmaxprintfcharsinKv")]
pub extern "C" fn max_printf_chars() -> u32 {
    u32::MAX
}

/// Setting it has no effect.
#[cfg_attr(target_pointer_width = "64", unsafe(export_name = "_Z25qtss_setmaxprintfcharsinKj"))]
#[cfg_attr(target_pointer_width = "32", unsafe(export_name = "_Z25qtss_setmaxprintfcharsinKm"))]
pub extern "C" fn set_max_printf_chars(_limit: u32) {}

/// A function with variable arguments that is another one under a second name. Rust cannot define such functions, but a
/// jump leaves all arguments where they are.
macro_rules! second_name {
    ($($name:literal = $target:literal;)*) => {$(
        #[cfg(target_arch = "x86_64")]
        std::arch::global_asm!(second_name!(@function $name, concat!("jmp ", $target, "@PLT")), options(att_syntax));

        #[cfg(target_arch = "aarch64")]
        std::arch::global_asm!(second_name!(@function $name, concat!("b ", $target)));

        // The register that cdecl leaves free takes the address of the offset table.
        #[cfg(target_arch = "x86")]
        std::arch::global_asm!(
            second_name!(@function $name, concat!(
                "call 77f\n77: popl %ecx\naddl $_GLOBAL_OFFSET_TABLE_+[.-77b], %ecx\njmp *", $target, "@GOT(%ecx)"
            )),
            options(att_syntax)
        );
    )*};
    (@function $name:expr, $jump:expr) => {
        concat!(".text\n.globl ", $name, "\n.type ", $name, ", @function\n", $name, ":\n", $jump, "\n.size ", $name, ", .-", $name)
    };
}

second_name! {
    "qtss_printf" = "printf";
    "qtss_fprintf" = "fprintf";
    "qtss_sprintf" = "sprintf";
    "qtss_snprintf" = "snprintf";
    "_Z14qtss_maxprintfPKcz" = "printf";
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "x86"))]
unsafe extern "C" {
    fn qtss_printf();
    fn qtss_fprintf();
    fn qtss_sprintf();
    fn qtss_snprintf();
    #[link_name = "_Z14qtss_maxprintfPKcz"]
    fn qtss_maxprintf();
}

/// Keeps the linker from leaving out what only modules call.
pub(super) fn keep() -> usize {
    let functions = [
        operator_new as *const (),
        operator_new_array as *const (),
        operator_delete as *const (),
        operator_delete_array as *const (),
        cpp_signal_stream as *const (),
        cpp_add_attribute as *const (),
        qtss_asctime as *const (),
        qtss_ctime as *const (),
        qtss_gmtime as *const (),
        qtss_localtime as *const (),
        qtss_strerror as *const (),
        qtss_strftime as *const (),
        max_printf_chars as *const (),
        set_max_printf_chars as *const (),
    ];
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "x86"))]
    let more = [
        qtss_printf as *const (),
        qtss_fprintf as *const (),
        qtss_sprintf as *const (),
        qtss_snprintf as *const (),
        qtss_maxprintf as *const (),
    ];
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "x86")))]
    let more: [*const (); 0] = [];
    std::hint::black_box(functions).len() + std::hint::black_box(more).len()
}
