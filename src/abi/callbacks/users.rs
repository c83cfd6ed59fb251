//! Asking the modules who a user is and what that user may do, from within another role.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::super::entry::{check_out, entries, put, text};
use super::answers::context;
use crate::qtss::attr::*;
use crate::qtss::{AttrId, CText, QtssError, Role, RoleParams, SyncRole, Value};
use crate::server::RequestContext;

entries! {
    /// Runs the Authenticate role of all modules on this thread.
    fn QTSS_Authenticate(
        user: *const c_char,
        path: *const c_char,
        root: *const c_char,
        action: u32,
        scheme: u32,
        request: *mut c_void,
    ) {
        // SAFETY: by the contract of the entry.
        let (user, path, root) = unsafe { (text(user)?, text(path)?, text(root)?) };
        let context = context(request)?;
        if action == 0 || scheme == 0 {
            return Err(QtssError::BadArgument);
        }
        let object = &context.object;
        object.set_bytes(qtssRTSPReqUserName, user.to_bytes());
        let path = path.to_bytes().to_vec();
        object.set_computed(qtssRTSPReqLocalPath, Arc::new(move |_| Value::Bytes(path.clone())));
        object.set_bytes(qtssRTSPReqRootDir, root.to_bytes());
        object.set_u32(qtssRTSPReqAction, action);
        object.set_u32(qtssRTSPReqAuthScheme, scheme);
        context.profile().set_bytes(qtssUserName, user.to_bytes());
        authenticate(&context)
    }

    /// Runs the Authorize role of all modules on this thread.
    fn QTSS_Authorize(request: *mut c_void, out_realm: *mut *mut c_char, out_allowed: *mut u16) {
        let context = context(request)?;
        check_out(out_realm)?;
        check_out(out_allowed)?;
        let result = authorize(&context);
        let guest = context.server.prefs().enable_allow_guest_default;
        let allowed = match result {
            Err(QtssError::Unimplemented) => guest,
            _ => flag(&context, qtssRTSPReqUserAllowed),
        };
        let realm = CText::new(&context.object.bytes(qtssRTSPReqURLRealm).unwrap_or_default())?;
        // SAFETY: by the contract of the entry.
        unsafe {
            put(out_realm, realm.into_raw());
            put(out_allowed, u16::from(allowed));
        }
        result.map_err(|error| if error == QtssError::Unimplemented { QtssError::RequestFailed } else { error })
    }
}

fn flag(context: &RequestContext, id: AttrId) -> bool {
    context.object.bool16(id).unwrap_or(false)
}

fn reset(context: &RequestContext) {
    context.object.set_bool16(qtssRTSPReqUserFound, false);
    context.object.set_bool16(qtssRTSPReqAuthHandled, false);
}

/// The last module's answer counts.
fn authenticate(context: &Arc<RequestContext>) -> Result<(), QtssError> {
    let guest = context.server.prefs().enable_allow_guest_default;
    let mut result = Err(QtssError::RequestFailed);
    for module in context.server.registry.modules_in(Role::RtspAuthenticate).iter() {
        context.object.set_bool16(qtssRTSPReqUserAllowed, guest);
        reset(context);
        let params = RoleParams { request: Some(&context.object), ..RoleParams::new(context) };
        result = module.call_sync(SyncRole::Authenticate(params));
        if flag(context, qtssRTSPReqUserFound) || flag(context, qtssRTSPReqAuthHandled) {
            break;
        }
    }
    result
}

/// Unimplemented stands for "no module has the role".
fn authorize(context: &Arc<RequestContext>) -> Result<(), QtssError> {
    let mut result = Err(QtssError::Unimplemented);
    context.object.set_bool16(qtssRTSPReqUserAllowed, true);
    for module in context.server.registry.modules_in(Role::RtspAuthorize).iter() {
        reset(context);
        let params = RoleParams {
            rtsp_session: Some(&context.connection.object),
            request: Some(&context.object),
            ..RoleParams::new(context)
        };
        result = module.call_sync(SyncRole::Authorize(params));
        if !flag(context, qtssRTSPReqUserAllowed) && !flag(context, qtssRTSPReqAuthHandled) {
            break;
        }
    }
    result
}
