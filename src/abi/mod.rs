//! The C boundary: the module folder, calls into C modules, and the functions they call. All unsafe code that deals with
//! C modules is in this room.
//!
//! - [`load_folder`] loads the modules; each is a [`CModule`] in the registry like a built-in one.
//! - A role that may wait runs on a module thread (8 MiB of stack, at most [`MAX_THREADS`] of them), never on the
//!   runtime's workers. A request keeps its thread. By default one RTSP role at a time is in a module; the preference
//!   `run_num_rtsp_threads`, or `allow_parallel_rtsp_roles` in the module's own section, lifts that. Nested calls (error
//!   log, files, services, state changes, QTSS_Authenticate) run on the caller's thread and pass the gate.
//! - When all module threads are busy, requests that need a C module wait for one, and the error log says so once a
//!   minute. Packets, built-in modules and other requests do not notice.
//! - The 61 functions of the callback table are also exported by name from the executable, together with the C++
//!   allocation operators and some helpers of the SDK, for modules that link against nothing.
//! - Handles are checked at each call: what names no living object is answered with QTSS_BadArgument.
//! - `QTSS_TRACE=roles` in the environment prints each call into a module, built-in ones included, with its role, time and
//!   result to standard error; `QTSS_TRACE=calls` prints what C modules call.

mod call;
mod callbacks;
mod entry;
mod exports;
mod files;
mod hooks;
mod host;
mod loader;
mod module;
mod packets;
mod pool;
mod sending;
mod streams;
mod table;
mod trace;

pub use self::hooks::attach;
pub use self::host::Host;
pub use self::loader::{LoadError, load_folder};
pub use self::module::CModule;
pub use self::pool::{MAX_THREADS, STACK_SIZE};
pub use self::trace::{CallWatch, set_call_watch};
