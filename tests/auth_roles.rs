//! The Authenticate and Authorize roles as a module before QTSSAccessModule meets them: order, attributes, who checks the
//! password, and what becomes of a refusal.

mod site;

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;

use dss::config::Prefs;
use dss::log::{ErrorLog, ErrorLogOptions, SystemClock};
use dss::modules::{self, ErrorLogModule};
use dss::qtss::attr::*;
use dss::qtss::{
    AttrId, BoxFuture, Module, ObjectStore, ObjectType, QtssError, Registration, RegistryBuilder, Role, RoleCall,
    RoleParams, SyncRole,
};
use dss::server::{Preferences, RequestContext, Server, ServerState, bind_all};
use parking_lot::Mutex;
use site::{ALICE, BOB, Client, EVE, basic, furnish, md5, pref};
use tokio::runtime::Runtime;

const CLIP: &str = "/locked/clip.3gp";

/// What a test does in a role; gets how often the role was called before.
type Work = Box<dyn Fn(&Arc<RequestContext>, Role, usize) -> Result<(), QtssError> + Send + Sync>;

/// A module that does what a test wants, and remembers in which roles it was called.
struct Probe {
    work: Work,
    calls: Mutex<Vec<Role>>,
}

impl Module for Probe {
    fn name(&self) -> &str {
        "Probe"
    }

    fn register(&self, registration: &mut Registration) -> Result<(), QtssError> {
        [Role::RtspRoute, Role::RtspAuthenticate, Role::RtspAuthorize, Role::RtspPostProcessor]
            .into_iter()
            .try_for_each(|role| registration.add_role(role))
    }

    fn call<'a>(&'a self, call: RoleCall<'a>) -> BoxFuture<'a, Result<(), QtssError>> {
        Box::pin(async move {
            let role = call.role();
            let before = {
                let mut calls = self.calls.lock();
                calls.push(role);
                calls.iter().filter(|known| **known == role).count() - 1
            };
            let ctx = call.params().context::<Arc<RequestContext>>().expect("a request");
            (self.work)(ctx, role, before)
        })
    }
}

/// A server in this process with a probe before the built-in modules.
struct Hosted {
    probe: Arc<Probe>,
    address: SocketAddr,
    server: Arc<Server>,
    runtime: Option<Runtime>,
    dir: tempfile::TempDir,
}

impl Hosted {
    fn new(
        scheme: &str,
        work: impl Fn(&Arc<RequestContext>, Role, usize) -> Result<(), QtssError> + Send + Sync + 'static,
    ) -> Self {
        let probe = Arc::new(Probe { work: Box::new(work), calls: Mutex::default() });
        let (dir, file) =
            furnish(&format!("{}{}", pref("authentication_scheme", scheme), pref("screen_logging", "")), "");
        fs::write(dir.path().join("movies/locked/qtaccess"), "require valid-user\n").unwrap();
        let prefs = Prefs::load(&file).unwrap().prefs;
        let error_log = Arc::new(ErrorLog::new(ErrorLogOptions::from_prefs(&prefs), Arc::new(SystemClock)));
        let (listeners, errors) = bind_all(&prefs.server, None);
        assert!(errors.is_empty(), "{errors:?}");
        let preferences = Preferences::new(prefs);
        let store = ObjectStore::new();
        let object = store.create(ObjectType::Server);
        let mut builder = RegistryBuilder::new(store, object, Box::new(|_, _| {}));
        let first: [Arc<dyn Module>; 2] =
            [Arc::new(ErrorLogModule::new(&error_log, &preferences)), Arc::<Probe>::clone(&probe)];
        for module in first.into_iter().chain(modules::builtin(&preferences, &error_log).unwrap()) {
            builder.add(module).unwrap();
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (server, address) = {
            let _inside = runtime.enter();
            let server = Server::new(builder.freeze(), preferences, Arc::new(dss::rtp::SystemClock::new())).unwrap();
            let address = server.accept_on(listeners)[0];
            server.set_state(ServerState::Running);
            tokio::spawn(Arc::clone(&server).run_events());
            (server, address)
        };
        Self { probe, address, server, runtime: Some(runtime), dir }
    }

    fn connect(&self) -> Client {
        Client::new(self.address, "127.0.0.1".parse().unwrap())
    }

    fn access_file(&self, text: &str) {
        fs::write(self.dir.path().join("movies/locked/qtaccess"), text).unwrap();
    }

    fn calls(&self) -> Vec<Role> {
        std::mem::take(&mut *self.probe.calls.lock())
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.block_on(self.server.stop());
            runtime.shutdown_timeout(std::time::Duration::from_secs(2));
        }
    }
}

fn flag(ctx: &RequestContext, id: AttrId) -> bool {
    ctx.object.bool16(id).unwrap()
}

/// A user that only the probe knows, with the DES hash of wonder1.
fn know_zoe(ctx: &RequestContext) {
    if ctx.profile().string(qtssUserName).as_deref() == Some("zoe") {
        ctx.profile().set_str(qtssUserPassword, "pxZoqnEZVAx8E");
        ctx.profile().set_list(qtssUserGroups, &["guests"]);
        ctx.object.set_bool16(qtssRTSPReqUserFound, true);
    }
}

#[test]
fn trap_72_authenticate_runs_without_credentials_and_for_every_request() {
    let site = Hosted::new("digest", |ctx, role, _| {
        if role == Role::RtspAuthenticate {
            assert!(flag(ctx, qtssRTSPReqUserAllowed), "the guest default");
            assert!(!flag(ctx, qtssRTSPReqUserFound) && !flag(ctx, qtssRTSPReqAuthHandled));
            assert_eq!(ctx.object.string(qtssRTSPReqURLRealm).as_deref(), Some("Streaming Server"));
            assert_eq!((ctx.object.u32(qtssRTSPReqAction), ctx.object.u32(qtssRTSPReqAuthScheme)), (Some(1), Some(2)));
            assert_eq!((ctx.object.bytes(qtssRTSPReqUserName), ctx.profile().bytes(qtssUserName)), (None, None));
            assert_eq!(ctx.object.object(qtssRTSPReqUserProfile), Some(ctx.profile().handle()));
        }
        Ok(())
    });
    let mut client = site.connect();
    for _ in 0..2 {
        assert_eq!(client.describe("/open/clip.3gp").status, 200);
        let expected = [Role::RtspRoute, Role::RtspAuthenticate, Role::RtspAuthorize, Role::RtspPostProcessor];
        assert_eq!(site.calls(), expected);
    }
}

#[test]
fn credentials_are_in_the_attributes_and_the_scheme_is_that_of_the_header() {
    let site = Hosted::new("digest", |ctx, role, calls| {
        if role == Role::RtspAuthenticate {
            let text = |id| ctx.object.string(id);
            let name = Some("alice".to_owned());
            assert_eq!((text(qtssRTSPReqUserName), ctx.profile().string(qtssUserName)), (name.clone(), name));
            if calls == 0 {
                assert_eq!(text(qtssRTSPReqUserPassword).as_deref(), Some("wonder1"));
                assert_eq!((ctx.object.u32(qtssRTSPReqAuthScheme), text(qtssRTSPReqDigestResponse)), (Some(1), None));
            } else {
                assert_eq!((ctx.object.u32(qtssRTSPReqAuthScheme), text(qtssRTSPReqUserPassword)), (Some(2), None));
                assert!(text(qtssRTSPReqDigestResponse).unwrap().starts_with("Digest username=\"alice\""));
                let challenge = text(qtssRTSPReqDigestChallenge).expect("the last challenge");
                assert!(challenge.starts_with("Digest realm="), "{challenge}");
            }
        }
        Ok(())
    });
    let mut client = site.connect();
    let nonce = client.basic(CLIP, ALICE).nonce().to_owned();
    assert_eq!(client.digest(CLIP, ALICE, &nonce).status, 200);
    assert_eq!(site.calls().len(), 8, "nothing failed in the probe");
}

#[test]
fn the_server_checks_the_password_that_a_module_gave_and_forgets_the_user_if_it_is_wrong() {
    let site = Hosted::new("basic", |ctx, role, calls| {
        match role {
            Role::RtspAuthenticate => know_zoe(ctx),
            Role::RtspAuthorize => {
                let profile = ctx.profile();
                let known = (profile.string(qtssUserName), profile.strings(qtssUserGroups));
                let expected = match calls {
                    0 => (Some("zoe".to_owned()), vec!["guests".to_owned()]),
                    _ => (None, vec![]),
                };
                assert_eq!(known, expected);
                assert_eq!(profile.bytes(qtssUserPassword).is_some(), calls == 0);
                assert!(flag(ctx, qtssRTSPReqUserAllowed) && !flag(ctx, qtssRTSPReqUserFound));
            }
            _ => {}
        }
        Ok(())
    });
    let mut client = site.connect();
    assert_eq!(client.basic(CLIP, ("zoe", "wonder1")).status, 200);
    assert_eq!(client.basic(CLIP, ("zoe", "wonder2")).challenge(), "Basic realm=\"Streaming Server\"");
    let site = Hosted::new("digest", |ctx, role, _| {
        if role == Role::RtspAuthenticate {
            know_zoe(ctx);
            ctx.profile().set_str(qtssUserPassword, &md5("zoe:Streaming Server:secret"));
        }
        Ok(())
    });
    site.access_file("require group guests\n");
    let mut client = site.connect();
    let nonce = client.describe(CLIP).nonce().to_owned();
    assert_eq!(client.digest(CLIP, ("zoe", "secret"), &nonce).status, 200);
    assert_eq!(client.digest(CLIP, ("zoe", "wonder1"), &nonce).status, 401);
}

#[test]
fn who_has_handled_the_matter_is_believed() {
    let site = Hosted::new("basic", |ctx, role, _| {
        if role == Role::RtspAuthenticate && ctx.object.string(qtssRTSPReqUserPassword).as_deref() == Some("token") {
            ctx.object.set_bool16(qtssRTSPReqAuthHandled, true);
        }
        Ok(())
    });
    assert_eq!(site.connect().basic(CLIP, ("anybody", "token")).status, 200);
    assert_eq!(site.connect().basic(CLIP, ("anybody", "other")).status, 401);
    assert_eq!(site.connect().basic(CLIP, BOB).status, 200, "others are the access module's users");
}

#[test]
fn a_module_that_has_to_wait_in_authenticate_starts_the_role_anew() {
    let site = Hosted::new("basic", |_, role, calls| match role {
        Role::RtspAuthenticate if calls < 2 => Err(QtssError::WouldBlock),
        _ => Ok(()),
    });
    assert_eq!(site.connect().basic(CLIP, EVE).status, 200);
    let authenticates = site.calls().iter().filter(|role| **role == Role::RtspAuthenticate).count();
    assert_eq!(authenticates, 3);
}

#[test]
fn a_module_that_only_clears_user_allowed_makes_a_challenge() {
    let site = Hosted::new("digest", |ctx, role, _| {
        if role == Role::RtspAuthorize {
            ctx.object.set_bool16(qtssRTSPReqUserAllowed, false);
        }
        Ok(())
    });
    assert!(
        site.connect().describe("/open/clip.3gp").challenge().starts_with("Digest realm=\"Streaming Server\", nonce=")
    );
}

#[test]
fn a_refusal_that_is_handled_for_nobody_can_be_overruled() {
    let site = Hosted::new("basic", |ctx, role, _| {
        if role == Role::RtspAuthorize {
            ctx.object.set_bool16(qtssRTSPReqUserAllowed, false);
            ctx.object.set_bool16(qtssRTSPReqAuthHandled, true);
        }
        Ok(())
    });
    assert_eq!(site.connect().describe("/open/clip.3gp").status, 200, "the access module has the last word");
    let site = Hosted::new("basic", |ctx, role, _| {
        if role == Role::RtspAuthorize {
            ctx.object.set_bool16(qtssRTSPReqUserAllowed, false);
            ctx.object.set_bool16(qtssRTSPReqAuthHandled, true);
            ctx.object.set_bool16(qtssRTSPReqUserFound, true);
            ctx.object.set_str(qtssRTSPReqURLRealm, "Probe");
        }
        Ok(())
    });
    assert_eq!(site.connect().describe("/open/clip.3gp").challenge(), "Basic realm=\"Probe\"");
}

#[test]
fn a_request_that_skips_authorization_goes_past_both_roles() {
    let site = Hosted::new("basic", |ctx, role, _| {
        if role == Role::RtspRoute {
            ctx.object.set_bool16(qtssRTSPReqSkipAuthorization, true);
        }
        Ok(())
    });
    assert_eq!(site.connect().describe(CLIP).status, 200);
    assert_eq!(site.calls(), [Role::RtspRoute, Role::RtspPostProcessor]);
}

/// What QTSS_Authenticate and QTSS_Authorize do for a module: they ask the other modules about any user and path.
#[test]
fn both_roles_can_be_asked_from_within_another_role() {
    let site = Hosted::new("digest", |ctx, role, _| {
        if role != Role::RtspRoute {
            return Ok(());
        }
        let params = RoleParams { request: Some(&ctx.object), ..RoleParams::new(ctx) };
        let ask = |of: Role| {
            for module in ctx.server.registry.modules_in(of).iter().filter(|module| module.name() == "QTSSAccessModule")
            {
                let call = match of {
                    Role::RtspAuthenticate => SyncRole::Authenticate(params),
                    _ => SyncRole::Authorize(params),
                };
                module.call_sync(call).unwrap();
            }
        };
        for (user, scheme, expected) in [
            ("alice", 1, Some("pxZoqnEZVAx8E")),
            ("alice", 2, Some("80fa93202b82dcafdb0c2a6b2fd58c12")),
            ("nobody", 1, None),
        ] {
            ctx.profile().clear(qtssUserPassword);
            ctx.profile().set_str(qtssUserName, user);
            ctx.object.set_u32(qtssRTSPReqAuthScheme, scheme);
            ctx.object.set_u32(qtssRTSPReqAction, 1);
            ctx.object.set_bool16(qtssRTSPReqUserFound, false);
            ask(Role::RtspAuthenticate);
            assert_eq!(ctx.profile().string(qtssUserPassword).as_deref(), expected);
            assert_eq!(flag(ctx, qtssRTSPReqUserFound), expected.is_some());
        }
        for (user, allowed) in [("bob", true), ("", false)] {
            ctx.profile().set_str(qtssUserName, user);
            ask(Role::RtspAuthorize);
            assert_eq!(flag(ctx, qtssRTSPReqUserAllowed), allowed, "{user:?}");
        }
        ctx.profile().clear(qtssUserName);
        Ok(())
    });
    // What the module was told there does not let the request itself in.
    let mut client = site.connect();
    assert_eq!(client.describe(CLIP).status, 401);
    let nonce = client.describe(CLIP).nonce().to_owned();
    assert_eq!(client.digest(CLIP, ALICE, &nonce).status, 200);
}

#[test]
fn user_password_and_realm_are_copied_to_connection_and_session_for_modules() {
    let site = Hosted::new("basic", |ctx, role, calls| {
        if role == Role::RtspPostProcessor && calls == 1 {
            let session = ctx.session().expect("a session");
            let of_session = [qtssCliRTSPSesUserName, qtssCliRTSPSesUserPassword, qtssCliRTSPSesURLRealm]
                .map(|id| session.object.string(id));
            let of_connection = [qtssRTSPSesLastUserName, qtssRTSPSesLastUserPassword, qtssRTSPSesLastURLRealm]
                .map(|id| ctx.connection.object.string(id));
            let expected = ["alice", "wonder1", "Streaming Server"].map(|text| Some(text.to_owned()));
            assert_eq!((of_session, of_connection), (expected.clone(), expected));
        }
        Ok(())
    });
    let mut client = site.connect();
    assert_eq!(client.describe(CLIP).status, 401);
    assert_eq!(client.with(CLIP, &basic(ALICE.0, ALICE.1)).status, 200);
    assert_eq!(client.ask("OPTIONS", "/").status, 200, "the probe did not fail");
}
