//! The Authenticate and Authorize roles and what the server does around them (DSS order: who is it, may they, challenge).

use std::sync::Arc;

use super::context::RequestContext;
use crate::qtss::attr::*;
use crate::qtss::{QtssError, Role, RoleCall};
use crate::rtsp::transport::{Mode, Transport};
use crate::rtsp::{Header, Method, Request, Status};

/// `qtssActionFlagsRead` and `qtssActionFlagsWrite`.
const ACTION_READ: u32 = 1;
const ACTION_WRITE: u32 = 2;

/// Runs both roles; leaves an answer in the context if the request is refused.
pub(super) async fn run(ctx: &Arc<RequestContext>, request: &Request) {
    prepare(ctx, request);
    authenticate(ctx).await;
    if ctx.has_response() {
        return;
    }
    let allowed = authorize(ctx).await;
    copy_user(ctx);
    if !allowed && !ctx.has_response() {
        challenge(ctx);
    }
}

fn prepare(ctx: &RequestContext, request: &Request) {
    let records = request.method() == Method::Setup
        && request
            .header_text(Header::Transport)
            .is_some_and(|text| Transport::choose(&text).is_ok_and(|transport| transport.mode == Mode::Record));
    let action = if request.method() == Method::Announce || records { ACTION_WRITE } else { ACTION_READ };
    ctx.object.set_u32(qtssRTSPReqAction, action);
    ctx.object.set_str(qtssRTSPReqURLRealm, &ctx.server.prefs().default_authorization_realm);
}

/// Asks each module who the user is until one has found the user or taken the check upon itself.
async fn authenticate(ctx: &Arc<RequestContext>) {
    while !ask_who(ctx).await {}
}

/// Asks each module once; false if one had to wait, so that all are asked again.
async fn ask_who(ctx: &Arc<RequestContext>) -> bool {
    let guest = ctx.server.prefs().enable_allow_guest_default;
    for module in ctx.server.registry.modules_in(Role::RtspAuthenticate).iter() {
        ctx.object.set_bool16(qtssRTSPReqUserAllowed, guest);
        reset_findings(ctx);
        let session = ctx.session().map(|session| Arc::clone(&session.object));
        let result = module.call(RoleCall::Authenticate(ctx.params(session.as_ref()))).await;
        if result == Err(QtssError::WouldBlock) {
            return false;
        }
        if flag(ctx, qtssRTSPReqUserFound) || flag(ctx, qtssRTSPReqAuthHandled) || ctx.has_response() {
            return true;
        }
    }
    true
}

/// Asks each module whether the user may. A module that says no without claiming to have handled the matter, or that
/// knows the user, has the last word; else the last module's answer counts.
async fn authorize(ctx: &Arc<RequestContext>) -> bool {
    ctx.object.set_bool16(qtssRTSPReqUserAllowed, true);
    for module in ctx.server.registry.modules_in(Role::RtspAuthorize).iter() {
        reset_findings(ctx);
        let session = ctx.session().map(|session| Arc::clone(&session.object));
        let _ = module.call(RoleCall::Authorize(ctx.params(session.as_ref()))).await;
        if ctx.has_response() {
            break;
        }
        let (found, handled) = (flag(ctx, qtssRTSPReqUserFound), flag(ctx, qtssRTSPReqAuthHandled));
        if !flag(ctx, qtssRTSPReqUserAllowed) && (!handled || found) {
            break;
        }
    }
    flag(ctx, qtssRTSPReqUserAllowed)
}

fn reset_findings(ctx: &RequestContext) {
    ctx.object.set_bool16(qtssRTSPReqUserFound, false);
    ctx.object.set_bool16(qtssRTSPReqAuthHandled, false);
}

fn flag(ctx: &RequestContext, attribute: crate::qtss::AttrId) -> bool {
    ctx.object.bool16(attribute).unwrap_or(false)
}

/// User name and realm of the request go to the connection and the client session, for the log.
fn copy_user(ctx: &RequestContext) {
    let user = ctx.object.string(qtssRTSPReqUserName).unwrap_or_default();
    let realm = ctx.object.string(qtssRTSPReqURLRealm).unwrap_or_default();
    ctx.connection.object.set_str(qtssRTSPSesLastUserName, &user);
    ctx.connection.object.set_str(qtssRTSPSesLastURLRealm, &realm);
    if let Some(session) = ctx.session() {
        session.object.set_str(qtssCliRTSPSesUserName, &user);
        session.object.set_str(qtssCliRTSPSesURLRealm, &realm);
        session.update_log(|log| {
            log.user = user;
            log.realm = realm;
        });
    }
}

/// 401 with the challenge of the server's scheme, or 403 when there is no way to log in.
fn challenge(ctx: &RequestContext) {
    let prefs = ctx.server.prefs();
    let realm = ctx.object.string(qtssRTSPReqURLRealm).unwrap_or_else(|| prefs.default_authorization_realm.clone());
    let realm = realm.replace(['"', '\r', '\n'], "");
    let value = match prefs.authentication_scheme.to_ascii_lowercase().as_str() {
        "none" => return ctx.respond_error(Status::Forbidden, "not allowed"),
        "basic" => format!("Basic realm=\"{realm}\""),
        _ => format!("Digest realm=\"{realm}\", nonce=\"{:032x}\"", rand::random::<u128>()),
    };
    if let Some(session) = ctx.session() {
        session.update_log(|log| log.challenged = true);
    }
    ctx.set_status(Status::Unauthorized);
    ctx.respond(|answer| {
        answer.header(Header::WwwAuthenticate, &value);
    });
}
