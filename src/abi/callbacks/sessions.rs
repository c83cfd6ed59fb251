//! Client sessions that modules play themselves.

use std::ffi::c_void;

use super::super::entry::{check_out, entries, object, put, to_c};
use super::super::host::Host;
use super::super::sending;
use super::answers::{context, session_of};

entries! {
    /// Adds the stream that a SETUP asks for. On failure the answer has been written.
    fn QTSS_AddRTPStream(session: *mut c_void, request: *mut c_void, out: *mut *mut c_void, flags: u32) {
        let session = session_of(&object(session)?)?;
        let context = context(request)?;
        check_out(out)?;
        let stream = sending::add_stream(&context, &session, flags)?;
        // SAFETY: by the contract of the entry.
        unsafe { put(out, to_c(stream)) };
        Ok(())
    }

    /// Starts the SendPackets role of the session's owner.
    fn QTSS_Play(session: *mut c_void, request: *mut c_void, flags: u32) {
        let session = session_of(&object(session)?)?;
        if !request.is_null() {
            object(request)?;
        }
        sending::play(&session, flags)
    }

    /// Stops it.
    fn QTSS_Pause(session: *mut c_void) {
        sending::pause(&session_of(&object(session)?)?)
    }

    /// Ends the session, soon.
    fn QTSS_Teardown(session: *mut c_void) {
        sending::teardown(&session_of(&object(session)?)?)
    }

    /// Starts the session's timeout anew.
    fn QTSS_RefreshTimeOut(session: *mut c_void) {
        let session = session_of(&object(session)?)?;
        session.refresh(Host::get()?.server()?.now_ms());
        Ok(())
    }
}
