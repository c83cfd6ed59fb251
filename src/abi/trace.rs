//! What module authors and operators see of the calls: the tracer, the slow roles, and the note for the crash report.

use std::sync::{LazyLock, OnceLock};
use std::time::{Duration, Instant};

use crate::qtss::{QtssError, Role, result_code};

/// A role that runs longer is mentioned once per module and role.
const SLOW: Duration = Duration::from_secs(1);

/// Told of each call into a C module before and after it, so that whoever finds the process dead knows where it was. Both
/// run on the thread of the call; calls nest.
pub trait CallWatch: Send + Sync {
    /// The call begins; the result is given back at its end.
    fn enter(&self, module: &'static str, role: Role) -> usize;

    /// The call has returned.
    fn leave(&self, token: usize);
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

/// A call into a module in progress.
pub(super) struct Call {
    module: &'static str,
    role: Role,
    begin: Instant,
    token: Option<usize>,
}

impl Call {
    pub(super) fn begin(module: &'static str, role: Role) -> Self {
        Self { module, role, begin: Instant::now(), token: WATCH.get().map(|watch| watch.enter(module, role)) }
    }

    /// The module has returned; says whether the call was slow.
    pub(super) fn end(self, result: i32) -> bool {
        if let (Some(watch), Some(token)) = (WATCH.get(), self.token) {
            watch.leave(token);
        }
        let took = self.begin.elapsed();
        if WANTED.roles {
            print(&format!(
                "{} {} {:.3} ms = {result}",
                self.module,
                self.role.name(),
                took.as_secs_f64() * 1000.0
            ));
        }
        took > SLOW
    }
}

/// The tracer's lines go to standard error: the error log may itself be what is traced.
fn print(line: &str) {
    use std::io::Write;
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(std::io::stderr().lock(), "qtss: {line}");
}
