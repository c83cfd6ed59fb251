//! QTSSAdminModule: the administration protocol below `/modules/admin`, the JSON interface below `/api/v1/`, and the
//! pages for monitors.

mod access;
mod api;
mod broadcasts;
mod change;
mod openapi;
mod query;
mod relays;
mod show;
mod tree;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;

use self::access::{Denied, Gate};
use self::change::{Afterwards, Refused};
pub use self::query::Query;
use self::query::{Asked, Command};
use self::tree::Node;
use super::http::{HttpAnswer, HttpRequest, answer, drain};
use crate::config::ModulePrefs;
use crate::qtss::attr::{qtssModDesc, qtssModVersion};
use crate::qtss::{BoxFuture, Module, QtssError, Registration, Role, RoleCall};
use crate::server::{Preferences, RequestContext, Server, ServerState, metrics, status};

/// The module's name: that of its section in streamingserver.xml.
const NAME: &str = "QTSSAdminModule";

/// Its version, 1.0, as module objects have it.
const VERSION: u32 = 0x0001_0000;

/// The longest pause between two requests, in milliseconds, whatever the preference says.
const LONGEST_INTERVAL: u32 = 1000;

/// What DSS 6.0.3 told who is not let in.
const DENIED_PAGE: &str = "<HTML><HEAD><TITLE>Unauthorized</TITLE></HEAD><BODY><H1>Unauthorized</H1>\
                           Your request was denied by the server.</BODY></HTML>\r\n";

/// What is told to addresses that may not ask.
const FORBIDDEN_PAGE: &str = "<HTML><HEAD><TITLE>Forbidden</TITLE></HEAD><BODY><H1>Forbidden</H1>\
                              Administration is not allowed from your address.</BODY></HTML>\r\n";

/// The module.
pub struct AdminModule {
    preferences: Arc<Preferences>,
    gate: Gate,
    /// When the last request of the protocol was answered. Held while one is: there is one at a time.
    turn: AsyncMutex<Option<Instant>>,
}

impl AdminModule {
    /// The module.
    pub fn new(preferences: &Arc<Preferences>) -> Self {
        Self { preferences: Arc::clone(preferences), gate: Gate::new(preferences), turn: AsyncMutex::default() }
    }

    async fn filter(&self, ctx: &Arc<RequestContext>) {
        let Some(request) = HttpRequest::of(ctx) else { return };
        let prefs = self.preferences.module(NAME);
        let peer = ctx.connection.peer.ip();
        if let Some(page) = status_page(ctx, &prefs, &request, peer) {
            answer(ctx, &page.to_bytes(&ctx.server.identity, &request.method));
            return;
        }
        if !prefs.bool("enable_remote_admin") {
            return;
        }
        if api::is_for(&request) && prefs.bool("json_api_enabled") {
            self.json(ctx, &prefs, &request, peer).await;
            return;
        }
        // Other methods are none of the protocol: they end as requests that nobody understands.
        let query = Some(&request).filter(|request| request.method == Method::GET).map(|get| &get.target);
        let Some(query) = query.and_then(|target| Query::parse(target)) else { return };
        if !Gate::takes_address(&prefs, peer) || request.is_foreign() {
            tracing::warn!("admin: {peer} refused: {}", query.url);
            answer(ctx, &plain(&ctx.server, "HTTP/1.1 403 Forbidden", "text/html", FORBIDDEN_PAGE));
            return;
        }
        match self.gate.administrator(&prefs, &request, peer, None).await {
            Ok(user) => self.protocol(ctx, &prefs, query, &user, peer).await,
            Err(denied) => {
                log_denied(&denied, peer, &query.url);
                answer(ctx, denied_answer().as_bytes());
            }
        }
    }

    /// The administration protocol: one request after the other, with a pause between.
    async fn protocol(&self, ctx: &Arc<RequestContext>, prefs: &ModulePrefs, query: Query, user: &str, peer: IpAddr) {
        let interval = prefs.u32("RequestTimeIntervalMilli").min(LONGEST_INTERVAL);
        let mut turn = self.turn.lock().await;
        if let Some(last) = *turn {
            tokio::time::sleep_until(last + Duration::from_millis(u64::from(interval))).await;
        }
        let (server, asked) = (Arc::clone(&ctx.server), query.clone());
        // Changes wait for the disk, and large answers take their time.
        let work = tokio::task::spawn_blocking(move || carry_out(&server, &asked)).await;
        let (text, outcome) = work.unwrap_or_else(|_| (String::new(), Err(Refused::new(500, "The command failed"))));
        *turn = Some(Instant::now());
        drop(turn);
        log_request(&query, user, peer, &outcome);
        let body = text + &last_line(&query, &outcome);
        answer(ctx, &plain(&ctx.server, "HTTP/1.0 200 OK", "text/plain", &body));
        if let Ok(Afterwards::Enter(state)) = outcome {
            let server = Arc::clone(&ctx.server);
            ctx.after_response(Box::new(move || enter(server, state)));
        }
    }

    async fn json(&self, ctx: &Arc<RequestContext>, prefs: &ModulePrefs, request: &HttpRequest, peer: IpAddr) {
        let answered = if !Gate::takes_address(prefs, peer) || request.is_foreign() {
            tracing::warn!("admin: {peer} refused: {}", request.path());
            api::problem(StatusCode::FORBIDDEN, "administration is not allowed from your address")
        } else if api::is_document(request) {
            api::document()
        } else {
            let tokens = prefs.path("json_api_tokens_file");
            let tokens = Some(tokens.as_path()).filter(|path| !path.as_os_str().is_empty());
            match self.gate.administrator(prefs, request, peer, tokens).await {
                Ok(user) => api::handle(ctx, request, &user, peer).await,
                Err(denied) => {
                    log_denied(&denied, peer, &request.path());
                    api::problem(StatusCode::UNAUTHORIZED, "administrators only")
                        .with("WWW-Authenticate", Gate::challenge())
                }
            }
        };
        drain(ctx, request).await;
        answer(ctx, &answered.to_bytes(&ctx.server.identity, &request.method));
    }
}

/// Changes the server's state once its administrator has the answer.
fn enter(server: Arc<Server>, state: ServerState) {
    tokio::spawn(async move { server.set_state(state) });
}

/// The pages that monitors read; no password, but local unless the preference says otherwise.
fn status_page(ctx: &RequestContext, prefs: &ModulePrefs, request: &HttpRequest, peer: IpAddr) -> Option<HttpAnswer> {
    let path = request.path();
    let known = ["/metrics", "/server_status.json", "/server_status"].contains(&path.as_str());
    if !known || !prefs.bool("status_http_enabled") || !matches!(request.method, Method::GET | Method::HEAD) {
        return None;
    }
    if prefs.bool("status_http_local_only") && !access::is_local(peer) {
        return Some(HttpAnswer::new(StatusCode::FORBIDDEN, "text/plain", "local addresses only\n"));
    }
    let server = &ctx.server;
    Some(match path.as_str() {
        "/metrics" => match metrics::render(server) {
            Ok(text) if wants_openmetrics(request) => HttpAnswer::new(StatusCode::OK, metrics::OPENMETRICS, text),
            Ok(text) => HttpAnswer::new(StatusCode::OK, metrics::PROMETHEUS, metrics::as_prometheus(&text)),
            Err(_) => HttpAnswer::new(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", "no figures\n"),
        },
        "/server_status" => HttpAnswer::new(StatusCode::OK, "text/xml", status::plist(&status::facts(server))),
        _ => HttpAnswer::new(StatusCode::OK, "application/json", status::json(server).to_string()),
    })
}

/// Whether the client says that it reads OpenMetrics; Prometheus does.
fn wants_openmetrics(request: &HttpRequest) -> bool {
    let accepted = request.header("Accept").unwrap_or_default();
    String::from_utf8_lossy(accepted).to_ascii_lowercase().contains("application/openmetrics-text")
}

/// Carries out a query; gives the lines before the last one.
fn carry_out(server: &Arc<Server>, query: &Query) -> (String, Result<Afterwards, Refused>) {
    let command = match query.asked {
        Asked::Known(command) => command,
        Asked::Unknown => return (String::new(), Err(Refused::new(501, "Command not supported"))),
        Asked::Missing => return (String::new(), Err(Refused::new(400, "command parameter is missing"))),
    };
    if command != Command::Get {
        return (String::new(), change::change(server, command, query));
    }
    match show::show(&Node::root(server), query) {
        Some(text) => (text, Ok(Afterwards::Nothing)),
        None => (String::new(), Err(Refused::new(404, "No data found"))),
    }
}

fn last_line(query: &Query, outcome: &Result<Afterwards, Refused>) -> String {
    let (number, reason) =
        outcome.as_ref().err().map_or((0, "OK"), |refused| (refused.number, refused.reason.as_str()));
    let mut line = format!("error:({number})");
    if query.parameters.verbose {
        line.push_str(&format!(";URL={}", query.url));
    }
    if query.parameters.debug {
        line.push_str(&format!(";reason=\"{reason}\""));
    }
    line + "\r\n\r\n"
}

/// One line for each request: who did what, and what came of it. A password is not written down.
fn log_request(query: &Query, user: &str, peer: IpAddr, outcome: &Result<Afterwards, Refused>) {
    let command = match query.asked {
        Asked::Known(command) => command.name(),
        Asked::Unknown | Asked::Missing => "?",
    };
    let value = match query.value.as_deref().filter(|_| command == "SET" || command == "ADD") {
        Some(_) if query.path.iter().chain(&query.name).any(|name| tree::is_secret(name)) => " \"...\"".to_owned(),
        Some(value) => format!(" \"{value}\""),
        None => String::new(),
    };
    let number = outcome.as_ref().err().map_or(0, |refused| refused.number);
    tracing::info!("admin: {peer} {user} {command} {}{value}: {number}", query.url);
}

fn log_denied(denied: &Denied, peer: IpAddr, path: &str) {
    if denied.user.is_empty() {
        // Every browser and most programs ask without a password first.
        tracing::info!("admin: {peer} - challenged, {}: {path}", denied.reason);
    } else {
        tracing::warn!("admin: {peer} {} denied, {}: {path}", denied.user, denied.reason);
    }
}

/// An answer of the protocol; it ends where the connection ends.
fn plain(server: &Server, status: &str, content_type: &str, body: &str) -> Vec<u8> {
    let identity = &server.identity;
    format!("{status}\r\nServer: {identity}\r\nConnection: Close\r\nContent-Type: {content_type}\r\n\r\n{body}")
        .into_bytes()
}

/// As DSS 6.0.3 sent it: an HTML page that says it is plain text.
fn denied_answer() -> String {
    let challenge = Gate::challenge();
    format!(
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: {challenge}\r\nServer: QTSS\r\nConnection: Close\r\n\
         Content-Type: text/plain\r\n\r\n{DENIED_PAGE}"
    )
}

impl Module for AdminModule {
    fn name(&self) -> &str {
        NAME
    }

    fn register(&self, registration: &mut Registration) -> Result<(), QtssError> {
        let object = registration.object();
        object.set_str(qtssModDesc, "Administration over HTTP, and figures for monitors");
        object.set_u32(qtssModVersion, VERSION);
        registration.add_role(Role::RtspFilter)
    }

    fn call<'a>(&'a self, call: RoleCall<'a>) -> BoxFuture<'a, Result<(), QtssError>> {
        Box::pin(async move {
            if let RoleCall::Filter { params, .. } = call {
                if let Some(ctx) = params.context::<Arc<RequestContext>>() {
                    self.filter(ctx).await;
                }
            }
            Ok(())
        })
    }
}
