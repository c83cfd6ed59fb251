//! A request's walk through the roles, in DSS's order: Filter, (parse, find the session, built-in answers), Route,
//! Authenticate, Authorize, PreProcessor, Request, PostProcessor.

use std::sync::Arc;

use super::Server;
use super::answers;
use super::connection::Connection;
use super::context::RequestContext;
use super::objects;
use super::session::ClientSession;
use crate::qtss::attr::*;
use crate::qtss::{Object, QtssError, Role, RoleCall};
use crate::rtsp::{Header, Method, RawRequest, Request, Status};

/// Takes one request from its text to its complete answer, which is left in the context.
///
/// # Errors
/// When there is no memory for the request.
pub(super) async fn walk(
    server: &Arc<Server>,
    connection: &Arc<Connection>,
    raw: RawRequest,
) -> Result<Arc<RequestContext>, QtssError> {
    let ctx = RequestContext::new(server, connection, &raw.text)?;
    let is_http = raw.is_http();
    if is_http {
        // A module that answers HTTP and means to keep the connection says so; those that do not end it, as in DSS.
        ctx.object.set_bool16(qtssRTSPReqRespKeepAlive, false);
    }
    filter(&ctx).await;
    if is_http && ctx.has_response() {
        server.note_http(&ctx);
    }
    let mut reached = Reached::NoSession;
    if !ctx.has_response() {
        if is_http && ctx.replaced_text().is_none() {
            answers::http_unknown(&ctx, &raw);
        } else if let Some(request) = parse(&ctx, raw) {
            reached = answer(&ctx, &request).await;
        }
    }
    if reached != Reached::NoSession {
        finish(&ctx, reached).await;
        keep_empty_session(&ctx);
    }
    ctx.release_session();
    connection.end_request();
    Ok(ctx)
}

/// The Filter role. A module may put another text in the request's place; the next one sees that.
async fn filter(ctx: &Arc<RequestContext>) {
    for module in ctx.server.registry.modules_in(Role::RtspFilter).iter() {
        let mut replacement = None;
        let params = ctx.params(None);
        let _ = module.call(RoleCall::Filter { params, replacement: &mut replacement }).await;
        if let Some(text) = replacement {
            ctx.replace_text(text);
        }
        if ctx.has_response() {
            return;
        }
    }
}

/// Parses the text (or what a filter made of it) and fills the attributes; answers what cannot be parsed.
fn parse(ctx: &Arc<RequestContext>, raw: RawRequest) -> Option<Arc<Request>> {
    match Request::parse(ctx.replaced_text().unwrap_or(raw.text)) {
        Ok(request) => {
            let request = Arc::new(request);
            objects::fill_request(ctx, &request);
            ctx.set_request(Arc::clone(&request));
            Some(request)
        }
        Err(error) => {
            tracing::debug!("{}: {error}", ctx.connection.peer);
            ctx.respond_parse_error(&error);
            None
        }
    }
}

/// How far a request came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reached {
    /// Answered without a client session.
    NoSession,
    /// The server itself answered, for a client session.
    ServerAnswer,
    /// The roles from Route on.
    Roles,
}

/// Everything between the parse and the PostProcessor role.
async fn answer(ctx: &Arc<RequestContext>, request: &Request) -> Reached {
    if request.needs_aggregate_url() {
        ctx.respond_error(Status::OnlyAggregateOptionAllowed, "only the whole presentation can be addressed");
        return Reached::NoSession;
    }
    if answers::before_session(ctx, request) {
        return Reached::NoSession;
    }
    let session = match find_session(ctx, request) {
        Ok(session) => session,
        Err(()) => return Reached::NoSession,
    };
    if let Some(session) = &session {
        if drives(request.method()) && !session.answers_to(ctx.connection.id, request.path()) {
            ctx.respond_error(Status::SessionNotFound, "the session is about something else");
            return Reached::NoSession;
        }
        if !attach(ctx, session).await {
            ctx.respond_error(Status::SessionNotFound, "no such session");
            return Reached::NoSession;
        }
    }
    if answers::with_session(ctx, request, session.as_ref()) {
        return if session.is_some() { Reached::ServerAnswer } else { Reached::NoSession };
    }
    let Some(session) = session else {
        ctx.respond_error(Status::SessionNotFound, "no such session");
        return Reached::NoSession;
    };
    objects::fill_session(ctx, request, &session);
    roles(ctx, request).await;
    Reached::Roles
}

/// Whether a method changes what a session does. The others are signs of life and questions.
const fn drives(method: Method) -> bool {
    matches!(method, Method::Setup | Method::Play | Method::Pause | Method::Teardown | Method::Record)
}

/// Locks the session for this request; false if it has ended before its turn came.
async fn attach(ctx: &Arc<RequestContext>, session: &Arc<ClientSession>) -> bool {
    session.refresh(ctx.server.now_ms());
    ctx.connection.begin_request(&ctx.server, session);
    let guard = Arc::clone(&session.state).lock_owned().await;
    if session.is_closing() {
        return false;
    }
    ctx.set_session(Arc::clone(session), guard);
    true
}

/// A session without a stream that no client knows of stays the connection's: the next SETUP finds it, and it ends with
/// the connection.
fn keep_empty_session(ctx: &Arc<RequestContext>) {
    let Some(session) = ctx.session() else { return };
    let is_empty = ctx.with_state(|state| state.streams.is_empty()).unwrap_or(false);
    if is_empty && ctx.request().is_some_and(|request| request.method() == Method::Setup) {
        ctx.connection.set_implicit(session.id);
    }
}

/// Route to Request, each as far as nobody has answered.
async fn roles(ctx: &Arc<RequestContext>, request: &Request) {
    let session = ctx.session().map(|session| Arc::clone(&session.object));
    let session = session.as_ref();
    run_chain(ctx, Role::RtspRoute, session).await;
    if ctx.has_response() {
        return;
    }
    if !ctx.object.bool16(qtssRTSPReqSkipAuthorization).unwrap_or(false) {
        super::authorize::run(ctx, request).await;
        if ctx.has_response() {
            return;
        }
    }
    run_chain(ctx, Role::RtspPreProcessor, session).await;
    if ctx.has_response() {
        return;
    }
    if request.method() == Method::Setup {
        ctx.connection.measure_round_trip(ctx).await;
    }
    run_chain(ctx, Role::RtspRequest, session).await;
    if !ctx.has_response() {
        answers::by_default(ctx, request);
    }
}

/// Calls a role's modules in load order until one has written a byte.
async fn run_chain(ctx: &Arc<RequestContext>, role: Role, session: Option<&Arc<Object>>) {
    for module in ctx.server.registry.modules_in(role).iter() {
        let params = ctx.params(session);
        let call = match role {
            Role::RtspRoute => RoleCall::Route(params),
            Role::RtspPreProcessor => RoleCall::PreProcessor(params),
            Role::RtspRequest => RoleCall::Request(params),
            _ => RoleCall::PostProcessor(params),
        };
        // In all RTSP roles the result is ignored: what counts is whether something was written.
        let _ = module.call(call).await;
        if ctx.has_response() && role != Role::RtspPostProcessor {
            return;
        }
    }
}

/// PostProcessor and what precedes it: the status goes to the client session. Modules are not shown the session of a
/// request that the server itself answered, as in DSS.
async fn finish(ctx: &Arc<RequestContext>, reached: Reached) {
    let Some(session) = ctx.session() else { return };
    let status = u32::from(ctx.status().code());
    session.last_status.store(status, std::sync::atomic::Ordering::Relaxed);
    session.object.set_u32(qtssCliRTSPReqRealStatusCode, status);
    if let Some(message) = ctx.object.string(qtssRTSPReqRespMsg).filter(|text| !text.is_empty()) {
        session.object.set_str(qtssCliRTSPReqRespMsg, &message);
    }
    if ctx.keep_alive() {
        session.object.set_object(qtssCliSesLastRTSPSession, ctx.connection.object.handle());
    }
    run_chain(ctx, Role::RtspPostProcessor, Some(&session.object).filter(|_| reached == Reached::Roles)).await;
}

/// Finds the client session of a request, or makes one where the method allows it. `Err` when the request has been
/// answered instead.
fn find_session(ctx: &Arc<RequestContext>, request: &Request) -> Result<Option<Arc<ClientSession>>, ()> {
    let asked = request.header_text(Header::Session);
    let connection = &ctx.connection;
    if let Some(text) = asked {
        let found = connection.server_session(&ctx.server, &text);
        if let Some(session) = &found {
            if request.method() != Method::Setup {
                connection.remember(Some(session.id));
            }
        }
        return match found {
            Some(session) => Ok(Some(session)),
            None => {
                ctx.respond_error(Status::SessionNotFound, "no such session");
                Err(())
            }
        };
    }
    match request.method() {
        Method::Describe | Method::Announce => implicit_session(ctx).map(Some),
        Method::Setup => session_for_setup(ctx).map(Some),
        _ => Ok(connection.remembered(&ctx.server)),
    }
}

/// One implicit session per connection, whatever number of DESCRIBEs; it is no slot until something is set up in it.
fn implicit_session(ctx: &Arc<RequestContext>) -> Result<Arc<ClientSession>, ()> {
    match ctx.connection.implicit(&ctx.server) {
        Some(session) => Ok(session),
        None => new_session(ctx),
    }
}

/// The session that DESCRIBE began, once; then a new one.
fn session_for_setup(ctx: &Arc<RequestContext>) -> Result<Arc<ClientSession>, ()> {
    let session = match ctx.connection.take_implicit(&ctx.server) {
        Some(session) => session,
        None => {
            let session = new_session(ctx)?;
            ctx.connection.take_implicit(&ctx.server);
            session
        }
    };
    Ok(session)
}

fn new_session(ctx: &Arc<RequestContext>) -> Result<Arc<ClientSession>, ()> {
    if let Err(refusal) = ctx.server.admit_session() {
        answers::refuse(ctx, refusal);
        return Err(());
    }
    let session = ctx.server.create_session(ctx.connection.peer.ip());
    session.set_owner(ctx.connection.id);
    ctx.connection.set_implicit(session.id);
    Ok(session)
}
