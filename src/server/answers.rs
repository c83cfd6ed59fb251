//! What the server answers by itself: without modules, and when no module does.

use std::sync::Arc;
use std::time::SystemTime;

use rand::RngCore;

use super::context::RequestContext;
use super::limits::Refusal;
use super::session::{ClientSession, PlayState};
use crate::qtss::attr::*;
use crate::rtp::ToleranceShift;
use crate::rtsp::extensions::{self, LateTolerance};
use crate::rtsp::{Header, Method, RawRequest, Request, ResponseBuilder, Status, date};

/// The methods of the `Public` header, in DSS's order. GET_PARAMETER and SET_PARAMETER are answered too but not named:
/// scripts compare this line.
pub(super) const PUBLIC: &str = "DESCRIBE, SETUP, TEARDOWN, PLAY, PAUSE, OPTIONS, ANNOUNCE, RECORD";

/// The feature tag of the old QuickTime bandwidth probe, the only one DSS knows.
const RANDOM_DATA_TAG: &str = "x-Random-Data-Size";

/// Answers that need no client session; true if one was written.
pub(super) fn before_session(ctx: &Arc<RequestContext>, request: &Request) -> bool {
    let needs_cseq = matches!(request.method(), Method::Options | Method::SetParameter);
    if needs_cseq && request.header(Header::CSeq).is_none() {
        ctx.set_status(Status::BadRequest);
        ctx.respond(|_| {});
        return true;
    }
    let required = request.header_text(Header::Require).unwrap_or_default();
    let tags = required.split(',').map(str::trim).filter(|tag| !tag.is_empty());
    let unknown: Vec<&str> = tags.filter(|tag| !tag.eq_ignore_ascii_case(RANDOM_DATA_TAG)).collect();
    if !unknown.is_empty() {
        ctx.set_status(Status::OptionNotSupported);
        ctx.respond(|answer| {
            answer.header(Header::Unsupported, unknown.join(", "));
        });
        return true;
    }
    match request.method() {
        Method::Options if request.header(Header::Session).is_none() => {
            options(ctx, request);
            true
        }
        Method::Describe if request.header(Header::Session).is_some() => {
            ctx.respond_error(Status::HeaderFieldNotValid, "DESCRIBE takes no Session header");
            true
        }
        Method::Redirect => {
            ctx.respond_error(Status::MethodNotAllowed, "REDIRECT is not for clients to send");
            true
        }
        _ => false,
    }
}

/// Answers that need the client session but no module; true if one was written.
pub(super) fn with_session(ctx: &Arc<RequestContext>, request: &Request, session: Option<&Arc<ClientSession>>) -> bool {
    match request.method() {
        Method::Options => options(ctx, request),
        Method::GetParameter if session.is_some() => ctx.respond(|_| {}),
        Method::SetParameter if session.is_some() => set_parameter(ctx, request),
        Method::Play if is_ping(ctx, request) => ctx.respond(|_| {}),
        _ => return false,
    }
    true
}

/// PLAY without a Range while packets flow: a keep-alive of old players.
fn is_ping(ctx: &Arc<RequestContext>, request: &Request) -> bool {
    let moves = request.header(Header::Range).is_some() || request.header(Header::XPacketRange).is_some();
    !moves && ctx.with_state(|state| state.play == PlayState::Playing && !state.has_new_stream).unwrap_or(false)
}

fn options(ctx: &Arc<RequestContext>, request: &Request) {
    let asked = request.header_text(Header::XRandomDataSize).and_then(|text| extensions::random_data_size(&text));
    match asked.filter(|size| *size > 0 && request.header(Header::Require).is_some()) {
        Some(size) => {
            let mut body = vec![0; usize::try_from(size.min(extensions::MAX_RANDOM_DATA)).unwrap_or(0)];
            rand::rng().fill_bytes(&mut body);
            let compose = |answer: &mut ResponseBuilder| {
                answer
                    .header(Header::Public, ctx.server.public_methods())
                    .header(Header::ContentType, "application/x-random-data")
                    .header(Header::ContentLength, body.len().to_string());
            };
            ctx.respond_with_body(compose, &body);
        }
        None => ctx.respond(|answer| {
            answer.header(Header::Public, ctx.server.public_methods());
        }),
    }
}

/// 200 whatever it says; a late-tolerance in x-Transport-Options is applied. No role asks who sends it, so on another
/// connection than the session's own it is a sign of life and nothing more.
fn set_parameter(ctx: &Arc<RequestContext>, request: &Request) {
    let options = request.header_text(Header::XTransportOptions).unwrap_or_default();
    let session = ctx.session().filter(|session| session.is_of(ctx.connection.id));
    if let (Some(late), Some(session)) = (LateTolerance::parse(&options), session) {
        ctx.with_state(|state| state.late_tolerance = Some(late.seconds));
        ctx.server.engine.update(session.key(), Some(ToleranceShift::from_tolerance(late.seconds)), None);
    }
    ctx.respond(|_| {});
}

/// The answer when the whole chain has written none.
pub(super) fn by_default(ctx: &Arc<RequestContext>, request: &Request) {
    match request.method() {
        Method::SetParameter | Method::Pause => ctx.respond(|_| {}),
        Method::Teardown => {
            ctx.object.set_bool16(qtssRTSPReqRespKeepAlive, false);
            ctx.respond(|_| {});
        }
        Method::Record => ctx.respond_error(Status::MethodNotValidInState, "nothing is set up to be recorded"),
        _ => ctx.respond_error(Status::InternalServerError, "no module takes this request"),
    }
}

/// The answer to a request over HTTP that no module took. DSS 6.0.3 answered in RTSP, which browsers show as garbage.
pub(super) fn http_unknown(ctx: &RequestContext, raw: &RawRequest) {
    let method = raw.request_line().split(|byte| byte.is_ascii_whitespace()).next().unwrap_or_default();
    let is_head = method.eq_ignore_ascii_case(b"HEAD");
    ctx.set_status(Status::NotFound);
    let server = if ctx.server.prefs().rtsp_server_info {
        format!("Server: {}\r\n", ctx.server.identity)
    } else {
        String::new()
    };
    let mut text =
        format!("HTTP/1.1 404 Not Found\r\n{server}Date: {}\r\nConnection: close\r\n", date::format(SystemTime::now()));
    if is_head {
        text.push_str("\r\n"); // some clients wait for a body whose length is told
    } else {
        let body = "There is nothing here.\r\n";
        text.push_str(&format!("Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
    }
    ctx.write_raw(text.as_bytes());
}

/// The answer to a request that would have made one client session too many.
pub(super) fn refuse(ctx: &Arc<RequestContext>, refusal: Refusal) {
    let (status, message) = match refusal {
        Refusal::TooManyClients => (Status::NotEnoughBandwidth, "Too many clients connected"),
        Refusal::TooMuchBandwidth => (Status::NotEnoughBandwidth, "Too much bandwidth being served"),
        Refusal::Overloaded => (Status::NotEnoughBandwidth, "The server has as many viewers as it can serve in time"),
        Refusal::NotServing => (Status::ServiceUnavailable, "Server is not serving new clients"),
    };
    ctx.respond_error(status, message);
}
