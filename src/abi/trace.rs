//! What module authors and operators see of the calls: the tracer, the slow roles, and the note for the crash report.

use std::sync::{LazyLock, OnceLock};
use std::time::{Duration, Instant};

use crate::qtss::{QtssError, Role, result_code, set_call_trace};

/// A role that runs longer is mentioned once per module and role.
const SLOW: Duration = Duration::from_secs(1);

/// Told of each call into a C module, so that whoever finds the process dead knows where it was.
pub trait CallWatch: Send + Sync {
    /// Makes the call, once, with its note around it. On the thread of the call; calls nest.
    fn around(&self, module: &'static str, role: Role, call: &mut dyn FnMut());
}

static WATCH: OnceLock<Box<dyn CallWatch>> = OnceLock::new();

/// Sets who is told of calls; once, before modules are loaded.
pub fn set_call_watch(watch: Box<dyn CallWatch>) {
    let _ = WATCH.set(watch);
}

/// What `QTSS_TRACE` asks for: a list of `roles` and `calls`.
struct Wanted {
    roles: bool,
    calls: bool,
}

static WANTED: LazyLock<Wanted> = LazyLock::new(|| {
    let list = std::env::var("QTSS_TRACE").unwrap_or_default();
    let has = |word| list.split(',').any(|item| item.trim().eq_ignore_ascii_case(word));
    Wanted { roles: has("roles"), calls: has("calls") }
});

/// Prints an entry from C, if that is wanted.
pub(super) fn entry(name: &'static str, result: Result<(), QtssError>) {
    if WANTED.calls {
        print(&format!("{name} = {}", result_code(result)));
    }
}

/// Makes a call into a module, noted and, if wanted, printed. Gives its result and whether it was slow.
pub(super) fn around(module: &'static str, role: Role, mut call: impl FnMut() -> i32) -> (i32, bool) {
    let begin = Instant::now();
    let mut result = QtssError::RequestFailed.code();
    match WATCH.get() {
        Some(watch) => watch.around(module, role, &mut || result = call()),
        None => result = call(),
    }
    let took = begin.elapsed();
    if WANTED.roles {
        print_call(module, role, took, result);
    }
    (result, took > SLOW)
}

/// Has calls into built-in modules printed too, if that is wanted.
pub(super) fn watch_builtin() {
    if WANTED.roles {
        set_call_trace(|module, role, took, result| print_call(module, role, took, result_code(result)));
    }
}

fn print_call(module: &str, role: Role, took: Duration, result: i32) {
    print(&format!("{module} {} {:.3} ms = {result}", role.name(), took.as_secs_f64() * 1000.0));
}

/// The tracer's lines go to standard error: the error log may itself be what is traced.
fn print(line: &str) {
    use std::io::Write;
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(std::io::stderr().lock(), "qtss: {line}");
}
