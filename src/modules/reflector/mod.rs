//! QTSSReflectorModule: live broadcasts, pushed by ANNOUNCE and RECORD or described by an operator's `.sdp` file.
//!
//! What is on the air is in one table by the path of its description. A broadcaster's packets go to the broadcast of the
//! live room, whose rings the send workers read for each viewer; here it is decided who may send, who watches, and when a
//! broadcast is over. A broadcast that has lost its source stays as long as somebody watches: the next push under its name
//! goes on with it.

mod announce;
mod ends;
mod files;
mod on_air;
mod place;
mod prefs;
mod push;
mod source;
mod watch;

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use self::files::SdpFiles;
use self::on_air::OnAir;
use self::prefs::ReflectorPrefs;
use super::tick_every;
use crate::qtss::attr::*;
use crate::qtss::{BoxFuture, InitializeParams, Module, QtssError, Registration, Role, RoleCall, SyncRole};
use crate::rtp::ntp_from_unix_us;
use crate::rtsp::Method;
use crate::server::streams::answer_teardown;
use crate::server::{ClosingSession, Preferences, RequestContext, Server};

/// The module's name: that of its section in streamingserver.xml.
pub const NAME: &str = "QTSSReflectorModule";

/// How often it looks at what is overdue.
const TICK: Duration = Duration::from_secs(1);

/// The module.
pub struct ReflectorModule {
    inner: Arc<Reflector>,
}

/// What the module's parts share.
struct Reflector {
    preferences: Arc<Preferences>,
    prefs: ArcSwap<ReflectorPrefs>,
    on_air: Mutex<OnAir>,
    files: SdpFiles,
    server: OnceLock<Weak<Server>>,
}

/// What a client session is to a broadcast.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// It watches.
    Viewer {
        /// The broadcast's name.
        key: String,
        /// It asked for what is kept, ahead of time (`x-Dynamic-Rate`).
        dynamic: bool,
    },
    /// It sends.
    Broadcaster {
        /// The broadcast's name.
        key: String,
    },
}

impl ReflectorModule {
    /// The module; nothing is on the air.
    pub fn new(preferences: &Arc<Preferences>) -> Self {
        let inner = Reflector {
            prefs: ArcSwap::from_pointee(read_prefs(preferences)),
            preferences: Arc::clone(preferences),
            on_air: Mutex::default(),
            files: SdpFiles::default(),
            server: OnceLock::new(),
        };
        Self { inner: Arc::new(inner) }
    }
}

fn read_prefs(preferences: &Preferences) -> ReflectorPrefs {
    let mut prefs = ReflectorPrefs::read(&preferences.module(NAME), &preferences.server());
    prefs.options = prefs.options.with_send_interval(preferences.server().send_interval);
    for oddity in prefs.oddities() {
        tracing::warn!("{NAME}: {oddity}");
    }
    prefs
}

/// Seconds since 1900 now.
fn ntp_seconds(server: &Server) -> u64 {
    ntp_from_unix_us(server.clock.wall_us()) >> 32
}

impl Reflector {
    fn server(&self) -> Option<Arc<Server>> {
        self.server.get()?.upgrade()
    }

    /// Route: a path that begins with the keyword is one of another root.
    fn route(&self, ctx: &RequestContext) {
        let prefs = self.prefs.load();
        if prefs.redirect_keyword.is_empty() || prefs.redirect_dir.is_empty() {
            return;
        }
        let full = ctx.object.string(qtssRTSPReqFilePath).unwrap_or_default();
        if let Some(rest) = place::redirected(&full, &prefs.redirect_keyword) {
            ctx.object.set_str(qtssRTSPReqRootDir, &prefs.redirect_dir);
            ctx.object.set_str(qtssRTSPReqFilePath, rest);
        }
    }

    async fn pre_process(self: &Arc<Self>, ctx: &Arc<RequestContext>) {
        let Some(request) = ctx.request() else { return };
        let part = ctx.with_state(|state| state.extension::<Part>().cloned()).flatten();
        match (request.method(), part) {
            (Method::Announce, _) => self.announce(ctx).await,
            (Method::Describe, _) => self.describe(ctx).await,
            (Method::Setup, _) if push::is_push(ctx) => self.setup_push(ctx).await,
            (Method::Setup, part) => self.setup_viewer(ctx, part).await,
            (Method::Play, Some(Part::Viewer { key, dynamic })) => self.play(ctx, &key, dynamic).await,
            (Method::Play | Method::Record, Some(Part::Broadcaster { key })) => self.record(ctx, &key),
            (Method::Pause, Some(_)) => {
                watch::pause(ctx).await;
            }
            (Method::Teardown, Some(part)) => {
                if let (Part::Broadcaster { key }, Some(session)) = (&part, ctx.session()) {
                    // Before the answer: who has it may announce the name again at once.
                    self.end_push(&ctx.server, key, session.id, ends::Why::Teardown);
                }
                answer_teardown(ctx);
            }
            _ => {}
        }
    }

    /// A session ends, for whatever reason.
    async fn session_ends(&self, closing: &ClosingSession) {
        let part = closing.session.state.lock().await.extension::<Part>().cloned();
        match part {
            Some(Part::Viewer { key, .. }) => self.end_viewer(&closing.server, &key, closing.session.id),
            Some(Part::Broadcaster { key }) => {
                let why = ends::Why::of_session(closing, self.prefs.load().broadcaster_timeout_ms);
                self.end_push(&closing.server, &key, closing.session.id, why);
            }
            None => {}
        }
    }
}

impl Module for ReflectorModule {
    fn name(&self) -> &str {
        NAME
    }

    fn register(&self, registration: &mut Registration) -> Result<(), QtssError> {
        [
            Role::Initialize,
            Role::Shutdown,
            Role::RtspPreProcessor,
            Role::ClientSessionClosing,
            Role::RereadPrefs,
            Role::RtspRoute,
        ]
        .into_iter()
        .try_for_each(|role| registration.add_role(role))
    }

    /// Removes the descriptions that a server before this one has left over.
    fn initialize(&self, params: &InitializeParams) -> Result<(), QtssError> {
        if let Some(server) = params.server.attached::<Weak<Server>>() {
            let _ = self.inner.server.set(Weak::clone(server)); // once
        }
        let folder = self.inner.preferences.with(|prefs| prefs.server_path("error_logfile_dir"));
        self.inner.files.recover(&folder);
        tick_every(TICK, &self.inner, Reflector::tick);
        Ok(())
    }

    fn call<'a>(&'a self, call: RoleCall<'a>) -> BoxFuture<'a, Result<(), QtssError>> {
        Box::pin(async move {
            if let RoleCall::ClientSessionClosing { params, .. } = &call {
                if let Some(closing) = params.context::<ClosingSession>() {
                    self.inner.session_ends(closing).await;
                }
                return Ok(());
            }
            let Some(ctx) = call.params().context::<Arc<RequestContext>>() else { return Ok(()) };
            match call {
                RoleCall::Route(_) => self.inner.route(ctx),
                RoleCall::PreProcessor(_) => self.inner.pre_process(ctx).await,
                _ => {}
            }
            Ok(())
        })
    }

    fn call_sync(&self, role: SyncRole<'_>) -> Result<(), QtssError> {
        match role {
            SyncRole::RereadPrefs => {
                self.inner.prefs.store(Arc::new(read_prefs(&self.inner.preferences)));
                self.inner.obey_kill_files();
            }
            SyncRole::Shutdown => self.inner.files.end_all(),
            _ => {}
        }
        Ok(())
    }
}
