//! Being called again: timers, events, the global lock.

use std::ffi::c_void;
use std::sync::Arc;

use super::super::call::{self, CallState, GlobalShare};
use super::super::entry::{entries, guard_value, handle, object};
use super::super::streams::StreamKind;
use crate::qtss::{QtssError, Role};

entries! {
    /// Asks to be called again after a time, in milliseconds.
    fn QTSS_SetIdleTimer(ms: i64) {
        let (_, wait) = CallState::for_waiting()?;
        wait.lock().idle = Some(u64::try_from(ms).unwrap_or(0));
        Ok(())
    }

    /// Sets the period of the module's Interval role, in milliseconds; 0 ends it.
    fn QTSS_SetIntervalRoleTimer(ms: i64) {
        let call = CallState::current().ok_or(QtssError::RequestFailed)?;
        // The roles in which DSS knows which module is calling.
        if !matches!(call.role, Role::Register | Role::Initialize | Role::Interval) {
            return Err(QtssError::RequestFailed);
        }
        call.core.set_interval(ms);
        Ok(())
    }

    /// Asks to be called again when a stream is ready. What the stream's owner answers is of no account, as in DSS.
    fn QTSS_RequestEvent(stream: *mut c_void, events: u32) {
        let stream = object(stream)?;
        let (task, wait) = CallState::for_waiting()?;
        wait.lock().event = true;
        call::bind(stream.handle(), &task);
        StreamKind::of(&stream)?.watch(events, &task);
        Ok(())
    }

    /// Wakes who waits for the stream; from any thread.
    fn QTSS_SignalStream(stream: *mut c_void, _events: u32) {
        let stream = handle(stream)?;
        stream.object().ok_or(QtssError::BadArgument)?;
        call::signal(stream);
        Ok(())
    }

    /// Asks to be called again while no other module runs.
    fn QTSS_RequestGlobalLock() {
        let (_, wait) = CallState::for_waiting()?;
        wait.lock().global_lock = true;
        Ok(())
    }

    /// Lets the other modules run again before the role returns.
    fn QTSS_GlobalUnLock() {
        let call = CallState::current().ok_or(QtssError::RequestFailed)?;
        CallState::for_waiting()?;
        if let GlobalShare::Alone(lock) = &call.global {
            drop(lock.lock().take());
        }
        Ok(())
    }
}

/// QTSS_SignalStream as it is in the table, and as the C++ stub of DSS 6.0.3 exports it: without an event mask.
///
/// # Safety
/// None beyond that of any entry.
pub(in super::super) unsafe extern "C" fn signal_stream(stream: *mut c_void) -> i32 {
    // SAFETY: the entry takes any value.
    unsafe { QTSS_SignalStream(stream, 1) }
}

/// True while the role runs under the global lock.
#[allow(non_snake_case)]
#[unsafe(no_mangle)]
pub extern "C" fn QTSS_IsGlobalLocked() -> u16 {
    guard_value("QTSS_IsGlobalLocked", 0, || {
        let locked = CallState::current().is_some_and(|call: Arc<CallState>| match &call.global {
            GlobalShare::Alone(lock) => lock.lock().is_some(),
            _ => false,
        });
        u16::from(locked)
    })
}
