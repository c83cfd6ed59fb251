//! QTSSRelayModule: has the relays run that relayconfig.xml names, and shows how they fare.
//!
//! The file is read at the start, and with the preferences when it has changed. What runs and has not changed goes on.

mod objects;
mod page;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use http::{Method as HttpMethod, StatusCode};
use parking_lot::Mutex;

use self::objects::{ObjectTypes, Published};
use super::http::{HttpAnswer, HttpRequest, answer};
use crate::config::store::FileStamp;
use crate::config::{ConfigError, Severity};
use crate::live::Broadcast;
use crate::live::relay::config::{self, RelayConfig};
use crate::qtss::attr::*;
use crate::qtss::messages::default_text;
use crate::qtss::{BoxFuture, InitializeParams, Module, Object, QtssError, Registration, Role, RoleCall, SyncRole};
use crate::rtsp::{Method, Status};
use crate::server::{ClosingSession, Preferences, RequestContext, Server};

/// The module's name: that of its section in streamingserver.xml.
pub(super) const NAME: &str = "QTSSRelayModule";

/// The message for a file that is not well-formed.
const PARSE_ERROR: &str = "QTSSRelayModulePrefParseError";

/// How often the objects that administrators see are brought up to date.
const PUBLISH_PERIOD: Duration = Duration::from_secs(1);

/// Longest description of a push, bytes.
const MAX_SDP: u64 = 1 << 20;

/// The module.
pub struct RelayModule {
    preferences: Arc<Preferences>,
    server: OnceLock<Weak<Server>>,
    types: OnceLock<ObjectTypes>,
    /// The file that was read last, and the state it was in; `None` if it was not there.
    read: Mutex<Option<(PathBuf, Option<FileStamp>)>>,
    publisher: OnceLock<Arc<Publisher>>,
}

/// Keeps the module's objects up to date.
struct Publisher {
    server: Weak<Server>,
    published: Mutex<Published>,
}

impl Publisher {
    fn publish(&self) {
        if let Some(server) = self.server.upgrade() {
            self.published.lock().update(&server.objects, &server.relays.status());
        }
    }
}

impl RelayModule {
    /// The module. Relays start when it is initialised.
    pub fn new(preferences: &Arc<Preferences>) -> Self {
        Self {
            preferences: Arc::clone(preferences),
            server: OnceLock::new(),
            types: OnceLock::new(),
            read: Mutex::new(None),
            publisher: OnceLock::new(),
        }
    }

    fn server(&self) -> Option<Arc<Server>> {
        self.server.get()?.upgrade()
    }

    /// Reads the file if it is another one than last time, or has changed since.
    fn read_file(&self) {
        let Some(server) = self.server() else { return };
        let path = PathBuf::from(self.preferences.module(NAME).string("relay_prefs_file"));
        let stamp = FileStamp::now(&path).unwrap_or_default();
        let mut read = self.read.lock();
        let now = Some((path.clone(), stamp));
        if *read == now {
            return;
        }
        *read = now;
        match config::load(&path) {
            Ok(Some(loaded)) => {
                for finding in loaded.findings.iter().filter(|finding| finding.severity != Severity::Info) {
                    tracing::warn!("{}:{finding}", path.display());
                }
                server.relays.apply(loaded.config);
            }
            Ok(None) => server.relays.apply(RelayConfig::default()),
            Err(error) => tracing::warn!("{} ({error}; relays that run go on)", parse_error_text(&server, &error)),
        }
    }

    /// The page of `relay_stats_url`.
    fn filter(&self, ctx: &Arc<RequestContext>) {
        let Some(request) = HttpRequest::of(ctx) else { return };
        let url = self.preferences.module(NAME).string("relay_stats_url");
        let url = url.trim().trim_start_matches('/');
        if url.is_empty() || request.path() != format!("/{url}") {
            return;
        }
        if !matches!(request.method, HttpMethod::GET | HttpMethod::HEAD) {
            return;
        }
        let relays = ctx.server.relays.status();
        let rates = self.publisher.get().map(|publisher| publisher.published.lock().rates(&relays));
        let text = page::text(&relays, &rates.unwrap_or_default());
        let page = HttpAnswer::new(StatusCode::OK, "text/html; charset=utf-8", text)
            .with("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
        answer(ctx, &page.to_bytes(&ctx.server.identity, &request.method));
    }

    /// A broadcaster that has just begun to send may be one whose stream is relayed.
    async fn after_request(&self, ctx: &Arc<RequestContext>) {
        let (Some(request), Some(session)) = (ctx.request(), ctx.session()) else { return };
        let begins = matches!(request.method(), Method::Record | Method::Play) && ctx.status() == Status::Ok;
        if !begins || !session.is_broadcaster() {
            return;
        }
        let Some(broadcast) = broadcast_of(ctx) else { return };
        let sdp = read_description(Path::new(broadcast.key())).await;
        let path = String::from_utf8_lossy(request.path()).into_owned();
        ctx.server.relays.announced(session.key(), ctx.connection.peer, &path, &sdp, &broadcast);
    }

    fn after_session(&self, closing: &ClosingSession) {
        if closing.session.is_broadcaster() {
            closing.server.relays.push_ended(closing.session.key());
        }
    }
}

/// The broadcast that a request is about, by the path of its description, which may be asked for without `.sdp`.
fn broadcast_of(ctx: &RequestContext) -> Option<Arc<Broadcast>> {
    let local = ctx.object.string(qtssRTSPReqLocalPath)?;
    let local = local.trim_end_matches('/');
    let broadcasts = &ctx.server.broadcasts;
    broadcasts.get(local).or_else(|| broadcasts.get(&format!("{local}.sdp")))
}

/// An announced description; empty if it is gone already.
async fn read_description(path: &Path) -> Vec<u8> {
    let is_short = tokio::fs::metadata(path).await.is_ok_and(|file| file.len() <= MAX_SDP);
    if is_short { tokio::fs::read(path).await.unwrap_or_default() } else { Vec::new() }
}

/// DSS's text, or the operator's, for a file that is of no use. What cannot even be opened is no matter of parsing.
fn parse_error_text(server: &Server, error: &ConfigError) -> String {
    if error.line == 0 {
        return "The relay config file cannot be read.".to_owned();
    }
    let of_operator = || {
        let messages: Arc<Object> = server.object.children(qtssSvrMessages).into_iter().next()?;
        messages.string(messages.find(PARSE_ERROR.as_bytes())?).filter(|text| !text.is_empty())
    };
    of_operator().unwrap_or_else(|| default_text(PARSE_ERROR).to_owned())
}

impl Module for RelayModule {
    fn name(&self) -> &str {
        NAME
    }

    fn register(&self, registration: &mut Registration) -> Result<(), QtssError> {
        let _ = self.types.set(ObjectTypes::declare(registration)?);
        let roles = [
            Role::Initialize,
            Role::RereadPrefs,
            Role::RtspFilter,
            Role::RtspPostProcessor,
            Role::ClientSessionClosing,
            Role::Shutdown,
        ];
        roles.into_iter().try_for_each(|role| registration.add_role(role))
    }

    fn initialize(&self, params: &InitializeParams) -> Result<(), QtssError> {
        let Some(weak) = params.server.attached::<Weak<Server>>() else { return Ok(()) };
        let _ = self.server.set(Weak::clone(weak));
        let (Some(server), Some(types)) = (self.server(), self.types.get()) else { return Ok(()) };
        if let Some(entry) = server.registry.find(NAME) {
            let published = Published::new(Arc::clone(entry.attributes()), *types)?;
            let publisher = Arc::new(Publisher { server: Weak::clone(weak), published: Mutex::new(published) });
            super::tick_every(PUBLISH_PERIOD, &publisher, Publisher::publish);
            let _ = self.publisher.set(publisher);
        }
        self.read_file();
        Ok(())
    }

    fn call<'a>(&'a self, call: RoleCall<'a>) -> BoxFuture<'a, Result<(), QtssError>> {
        match call {
            RoleCall::Filter { params, .. } => {
                if let Some(ctx) = params.context::<Arc<RequestContext>>() {
                    self.filter(ctx);
                }
            }
            RoleCall::PostProcessor(params) => {
                if let Some(ctx) = params.context::<Arc<RequestContext>>() {
                    return Box::pin(async move {
                        self.after_request(ctx).await;
                        Ok(())
                    });
                }
            }
            RoleCall::ClientSessionClosing { params, .. } => {
                if let Some(closing) = params.context::<ClosingSession>() {
                    self.after_session(closing);
                }
            }
            _ => {}
        }
        Box::pin(std::future::ready(Ok(())))
    }

    fn call_sync(&self, role: SyncRole<'_>) -> Result<(), QtssError> {
        if let SyncRole::RereadPrefs = role {
            self.read_file();
        }
        Ok(())
    }
}
