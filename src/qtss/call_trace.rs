//! Somebody may want to know of each call into a built-in module. (Modules loaded from files are watched where C begins.)

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::{QtssError, Role};

/// Told of a call that is over: module, role, how long it took (waiting included), what it answered.
pub type CallTrace = fn(&'static str, Role, Duration, Result<(), QtssError>);

static TRACE: OnceLock<CallTrace> = OnceLock::new();

/// From now on `trace` is told of the calls; once, before modules are registered.
pub fn set_call_trace(trace: CallTrace) {
    let _ = TRACE.set(trace);
}

/// A call under way. Without a listener it costs one look at a word that nobody writes.
pub(super) struct Traced(Option<(CallTrace, Instant)>);

impl Traced {
    /// A call begins; `wanted` is false for those that are watched elsewhere.
    pub(super) fn begin(wanted: bool) -> Self {
        Self(TRACE.get().filter(|_| wanted).map(|trace| (*trace, Instant::now())))
    }

    /// It is over.
    pub(super) fn end(&self, module: &'static str, role: Role, result: Result<(), QtssError>) {
        if let Some((trace, begin)) = self.0 {
            trace(module, role, begin.elapsed(), result);
        }
    }
}
