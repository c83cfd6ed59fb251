//! The Authenticate and Authorize roles and what the server does around them (DSS order: who is it, may they, challenge).
//!
//! The credentials of the request go into its attributes and its user profile. Modules find the user in the Authenticate
//! role and put what there is to compare with into the profile; the server compares, unless a module has said that it
//! has done so itself. What is left in the profile when the Authorize role begins belongs to who has shown the password.

use std::sync::Arc;
use std::time::Instant;

use super::context::RequestContext;
use super::login::{scheme_code, scheme_of_code};
use crate::auth::digest::{self, Offer};
use crate::auth::{Scheme, basic};
use crate::qtss::attr::*;
use crate::qtss::{QtssError, Role, RoleCall};
use crate::rtsp::transport::{Mode, Transport};
use crate::rtsp::{Header, Method, Request, Status};

/// `qtssActionFlagsRead` and `qtssActionFlagsWrite`.
const ACTION_READ: u32 = 1;
const ACTION_WRITE: u32 = 2;

/// Runs both roles; leaves an answer in the context if the request is refused.
pub(super) async fn run(ctx: &Arc<RequestContext>, request: &Request) {
    let default = Scheme::from_pref(&ctx.server.prefs().authentication_scheme).unwrap_or(Scheme::Digest);
    let records = records(request);
    prepare(ctx, request, default, records);
    authenticate(ctx).await;
    if ctx.has_response() {
        return;
    }
    let asked = ctx.asked_scheme(default);
    if !flag(ctx, qtssRTSPReqAuthHandled) {
        let method = String::from_utf8_lossy(&request.text()[request.method_window().clone()]).into_owned();
        if !ctx.knows_password(&method, asked).await {
            forget_user(ctx);
        }
    }
    ctx.object.set_u32(qtssRTSPReqAuthScheme, scheme_code(asked));
    let allowed = authorize(ctx).await;
    copy_user(ctx);
    if ctx.has_response() {
        return;
    }
    if !allowed {
        challenge(ctx);
    } else if records {
        ctx.session().inspect(|session| session.mark_broadcaster());
    }
}

/// A SETUP for sending to the server.
fn records(request: &Request) -> bool {
    let transport = request.header_text(Header::Transport).filter(|_| request.method() == Method::Setup);
    transport.is_some_and(|text| Transport::choose(&text).is_ok_and(|transport| transport.mode == Mode::Record))
}

fn prepare(ctx: &RequestContext, request: &Request, scheme: Scheme, records: bool) {
    let writes = records
        || matches!(request.method(), Method::Announce | Method::Record)
        || ctx.session().is_some_and(|session| session.is_broadcaster());
    ctx.object.set_u32(qtssRTSPReqAction, if writes { ACTION_WRITE } else { ACTION_READ });
    ctx.object.set_str(qtssRTSPReqURLRealm, &ctx.server.prefs().default_authorization_realm);
    if let Some(challenge) = ctx.connection.object.bytes(qtssRTSPSesLastDigestChallenge) {
        ctx.object.set_bytes(qtssRTSPReqDigestChallenge, &challenge);
    }
    ctx.read_credentials(request.header(Header::Authorization), scheme);
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

/// The password was wrong, or there was none: from here on the request comes from nobody.
fn forget_user(ctx: &RequestContext) {
    for attribute in [qtssUserName, qtssUserPassword, qtssUserGroups] {
        ctx.profile().clear(attribute);
    }
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

/// User name, password and realm of the request go to the connection and the client session, for modules and the log.
fn copy_user(ctx: &RequestContext) {
    let text = |attribute| ctx.object.string(attribute).unwrap_or_default();
    let (user, password, realm) = (text(qtssRTSPReqUserName), text(qtssRTSPReqUserPassword), text(qtssRTSPReqURLRealm));
    ctx.connection.object.set_str(qtssRTSPSesLastUserName, &user);
    ctx.connection.object.set_str(qtssRTSPSesLastUserPassword, &password);
    ctx.connection.object.set_str(qtssRTSPSesLastURLRealm, &realm);
    if let Some(session) = ctx.session() {
        session.object.set_str(qtssCliRTSPSesUserName, &user);
        session.object.set_str(qtssCliRTSPSesUserPassword, &password);
        session.object.set_str(qtssCliRTSPSesURLRealm, &realm);
        session.update_log(|log| {
            log.user = user;
            log.realm = realm;
        });
    }
}

/// 401 with a challenge of the scheme that counts, or 403 when there is no way to log in.
fn challenge(ctx: &RequestContext) {
    let scheme = scheme_of_code(ctx.object.u32(qtssRTSPReqAuthScheme).unwrap_or_default());
    let values = match scheme {
        Scheme::None => return ctx.respond_error(Status::Forbidden, "not allowed"),
        Scheme::Basic => vec![basic::challenge(&realm(ctx))],
        Scheme::Digest => digest_challenges(ctx),
    };
    if let Some(session) = ctx.session() {
        session.update_log(|log| log.challenged = true);
    }
    ctx.set_status(Status::Unauthorized);
    ctx.respond(|answer| {
        for value in &values {
            answer.header(Header::WwwAuthenticate, value);
        }
    });
}

/// The connection's nonce, a new one if the answer was made with another. It is kept with the connection for modules.
fn digest_challenges(ctx: &RequestContext) -> Vec<String> {
    let (nonces, owner, now) = (&ctx.server.authenticator.nonces, u64::from(ctx.connection.id), Instant::now());
    let nonce = if ctx.is_stale() { nonces.renew(owner, now) } else { nonces.issue(owner, now) };
    let sha256 = ctx.accounts().is_some_and(|accounts| accounts.users.all_have_sha256());
    let values = digest::challenges(&digest_realm(ctx), &nonce, ctx.is_stale(), Offer { qop: sha256, sha256 });
    if let Some(last) = values.last() {
        ctx.object.set_str(qtssRTSPReqDigestChallenge, last);
        ctx.connection.object.set_str(qtssRTSPSesLastDigestChallenge, last);
    }
    values
}

fn realm(ctx: &RequestContext) -> String {
    let realm = ctx.object.string(qtssRTSPReqURLRealm).filter(|realm| !realm.is_empty());
    realm.unwrap_or_else(|| ctx.server.prefs().default_authorization_realm.clone())
}

/// Where no module has named a realm, that of the user's entry: the stored digests were made with it.
fn digest_realm(ctx: &RequestContext) -> String {
    let realm = realm(ctx);
    let of_users = ctx.profile().string(qtssUserRealm).filter(|realm| !realm.is_empty());
    if realm == ctx.server.prefs().default_authorization_realm { of_users.unwrap_or(realm) } else { realm }
}
