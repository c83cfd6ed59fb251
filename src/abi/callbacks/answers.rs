//! Answering requests.

use std::ffi::{c_char, c_void};
use std::sync::{Arc, Weak};

use super::super::entry::{bytes, entries, object};
use super::super::sending;
use crate::qtss::attr::*;
use crate::qtss::{Object, QtssError};
use crate::rtsp::rtp_info::{RtpInfo, rtp_info};
use crate::rtsp::{Header, Method, ResponseBuilder, Status};
use crate::server::streams::{presentation_url, put_describe_headers, put_session, put_setup_headers};
use crate::server::{ClientSession, RequestContext};

/// `qtssPlayRespWriteTrackInfo`.
const WRITE_TRACK_INFO: u32 = 1;
/// `qtssSetupRespDontWriteSSRC`.
const NO_SSRC: u32 = 2;

entries! {
    /// Ends the headers; the first call writes the standard ones before.
    fn QTSS_SendRTSPHeaders(request: *mut c_void) {
        context(request)?.add_headers(true, |_| {});
        Ok(())
    }

    /// Writes a header line; the first call writes the standard ones before.
    fn QTSS_AppendRTSPHeader(request: *mut c_void, header: u32, value: *const c_char, len: u32) {
        let context = context(request)?;
        let header = Header::from_id(header).ok_or(QtssError::BadArgument)?;
        if value.is_null() {
            return Err(QtssError::BadArgument);
        }
        // SAFETY: by the contract of the entry.
        let value = unsafe { bytes(value.cast(), len) }?;
        context.add_headers(false, |answer| {
            answer.header(header, value);
        });
        Ok(())
    }

    /// Writes the usual answer to a request, as far as it is without a body.
    fn QTSS_SendStandardRTSPResponse(request: *mut c_void, about: *mut c_void, flags: u32) {
        let context = context(request)?;
        let about = object(about)?;
        let method = context.object.u32(qtssRTSPReqMethod).and_then(Method::from_id).ok_or(QtssError::BadArgument)?;
        let unchanged = context.status() == Status::NotModified;
        match method {
            Method::Describe => {
                session_of(&about)?;
                context.add_headers(true, |answer| {
                    if !unchanged {
                        put_describe_headers(&context, answer);
                    }
                });
            }
            Method::Setup if unchanged => {
                let session = session_of(&about)?;
                context.add_headers(true, |answer| put_session(&context, &session, answer));
            }
            Method::Setup => setup(&context, &about, flags)?,
            Method::Play | Method::Record => {
                let session = session_of(&about)?;
                play(&context, &session, flags);
            }
            Method::Teardown => {
                session_of(&about)?;
                context.object.set_bool16(qtssRTSPReqRespKeepAlive, false);
                context.add_headers(true, |_| {});
            }
            Method::Pause | Method::Announce => {
                session_of(&about)?;
                context.add_headers(true, |_| {});
            }
            _ => return Err(QtssError::BadArgument),
        }
        Ok(())
    }
}

/// The request in progress behind a request object.
pub(super) fn context(request: *mut c_void) -> Result<Arc<RequestContext>, QtssError> {
    object(request)?.attached::<Weak<RequestContext>>().and_then(Weak::upgrade).ok_or(QtssError::BadArgument)
}

/// The client session behind its object.
pub(super) fn session_of(object: &Arc<Object>) -> Result<Arc<ClientSession>, QtssError> {
    object.attached::<Weak<ClientSession>>().and_then(Weak::upgrade).ok_or(QtssError::BadArgument)
}

fn setup(context: &Arc<RequestContext>, about: &Arc<Object>, flags: u32) -> Result<(), QtssError> {
    let stream = sending::stream(about.handle()).ok_or(QtssError::BadArgument)?;
    let session = stream.session().ok_or(QtssError::BadArgument)?;
    let mut added = stream.added().ok_or(QtssError::BadArgument)?;
    if flags & NO_SSRC != 0 {
        let parts: Vec<&str> = added.transport.split(';').filter(|part| !part.starts_with("ssrc=")).collect();
        added.transport = parts.join(";");
    }
    context.add_headers(true, |answer: &mut ResponseBuilder| put_setup_headers(context, &session, &added, answer));
    Ok(())
}

fn play(context: &Arc<RequestContext>, session: &Arc<ClientSession>, flags: u32) {
    let read = |state: &mut crate::server::SessionState| {
        let streams = state.streams.iter().map(|s| (s.name.clone(), Arc::clone(&s.object)));
        streams.collect::<Vec<_>>()
    };
    let same = context.session().is_some_and(|of| Arc::ptr_eq(&of, session));
    let streams = match same {
        true => context.with_state(read),
        false => session.state.try_lock().ok().map(|mut state| read(&mut state)),
    };
    let streams = streams.unwrap_or_default();
    let with_info = flags & WRITE_TRACK_INFO != 0;
    let entries: Vec<RtpInfo<'_>> = streams
        .iter()
        .map(|(name, object)| RtpInfo {
            stream: name,
            seq: with_info.then(|| object.u16(qtssRTPStrFirstSeqNumber).unwrap_or(0)),
            rtptime: with_info.then(|| object.u32(qtssRTPStrFirstTimestamp).unwrap_or(0)),
        })
        .collect();
    context.add_headers(true, |answer| {
        if !entries.is_empty() {
            answer.header(Header::RtpInfo, rtp_info(&presentation_url(context), &entries));
        }
    });
}
