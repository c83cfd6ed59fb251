//! The JSON interface below `/api/v1/`, for administrators and their programs.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{broadcasts, openapi, relays};
use crate::config::{
    Document, Finding, Place, PrefDef, PrefEntry, PrefKind, PrefType, SERVER_PREFS, Severity, check, check_file,
    module_def, oddity, text_of_bytes,
};
use crate::modules::http::{HttpAnswer, HttpRequest};
use crate::qtss::attr::*;
use crate::qtss::{ClosingReason, ModuleEntry, Role};
use crate::rtp::{HistogramSnapshot, RtpStream, Transport};
use crate::server::{ClientSession, RequestContext, Server, ServerState, status};

/// What all paths of the interface begin with.
pub const PREFIX: &str = "/api/v1";

/// The section of the configuration that is not a module's.
const SERVER_SECTION: &str = "server";

const JSON: &str = "application/json";

/// What a route does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The status file's facts.
    Status,
    /// Counters and distributions.
    Stats,
    /// All client sessions.
    Sessions,
    /// One client session.
    Session,
    /// Ends one.
    EndSession,
    /// The RTP streams of all sessions.
    Streams,
    /// The broadcasts on the air.
    Broadcasts,
    /// All modules.
    Modules,
    /// One module.
    Module,
    /// All relays.
    Relays,
    /// All preferences.
    Prefs,
    /// Those of a section.
    Section,
    /// One preference.
    Pref,
    /// Changes or makes one.
    SetPref,
    /// Removes one.
    RemovePref,
    /// Checks the configuration file.
    CheckFile,
    /// Checks a text as a configuration.
    CheckText,
    /// Reads the configuration again.
    Reread,
    /// The server's state.
    State,
    /// Changes it.
    SetState,
    /// The description of the interface.
    Document,
}

/// A route: `{name}` in its path stands for any one part.
#[derive(Debug)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path below [`PREFIX`].
    pub path: &'static str,
    /// What it does, in words.
    pub summary: &'static str,
    /// What it does.
    pub action: Action,
}

const fn route(method: Method, path: &'static str, action: Action, summary: &'static str) -> Route {
    Route { method, path, summary, action }
}

/// All routes.
pub static ROUTES: &[Route] = &[
    route(Method::GET, "/status", Action::Status, "The facts of the status file"),
    route(Method::GET, "/stats", Action::Stats, "Counters and distributions"),
    route(Method::GET, "/sessions", Action::Sessions, "All client sessions"),
    route(Method::GET, "/sessions/{id}", Action::Session, "A client session by its running number"),
    route(Method::DELETE, "/sessions/{id}", Action::EndSession, "Ends a client session"),
    route(Method::GET, "/streams", Action::Streams, "The RTP streams of all client sessions"),
    route(Method::GET, "/broadcasts", Action::Broadcasts, "The broadcasts on the air, and who sends them"),
    route(Method::GET, "/modules", Action::Modules, "All modules in load order"),
    route(Method::GET, "/modules/{name}", Action::Module, "A module by its name"),
    route(Method::GET, "/relays", Action::Relays, "All relays: where from, where to, how they fare"),
    route(Method::GET, "/prefs", Action::Prefs, "All preferences by section"),
    route(Method::GET, "/prefs/{section}", Action::Section, "The preferences of a section: server, or a module's name"),
    route(Method::GET, "/prefs/{section}/{name}", Action::Pref, "A preference"),
    route(Method::PUT, "/prefs/{section}/{name}", Action::SetPref, "Changes a preference; with a type, makes it"),
    route(Method::DELETE, "/prefs/{section}/{name}", Action::RemovePref, "Removes a preference"),
    route(Method::GET, "/config/check", Action::CheckFile, "Findings about the configuration file"),
    route(Method::POST, "/config/check", Action::CheckText, "Findings about the configuration in the body"),
    route(Method::POST, "/reread", Action::Reread, "Reads the configuration file again"),
    route(Method::GET, "/state", Action::State, "The server's state"),
    route(Method::PUT, "/state", Action::SetState, "Changes the server's state"),
    route(Method::GET, "/openapi.json", Action::Document, "This description"),
];

/// Why a request is not carried out.
struct Refused(StatusCode, String);

type Answered = Result<Value, Refused>;

fn refused<T>(status: StatusCode, detail: impl Into<String>) -> Result<T, Refused> {
    Err(Refused(status, detail.into()))
}

/// Whether a request is for the interface.
pub fn is_for(request: &HttpRequest) -> bool {
    below(&request.path()).is_some()
}

/// Whether a request is for the description, which needs no password.
pub fn is_document(request: &HttpRequest) -> bool {
    let reads = matches!(request.method, Method::GET | Method::HEAD);
    reads && below(&request.path()).is_some_and(|path| path == "/openapi.json")
}

/// The description.
pub fn document() -> HttpAnswer {
    HttpAnswer::new(StatusCode::OK, JSON, openapi::document().to_string())
}

/// An error as JSON (RFC 9457).
pub fn problem(status: StatusCode, detail: &str) -> HttpAnswer {
    let title = status.canonical_reason().unwrap_or("Error");
    let body = json!({ "status": status.as_u16(), "title": title, "detail": detail });
    HttpAnswer::new(status, "application/problem+json", body.to_string())
}

fn below(path: &str) -> Option<&str> {
    path.strip_prefix(PREFIX).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The parts of `path` that stand where the route has names in braces.
fn matched<'a>(route: &Route, path: &'a str) -> Option<Vec<&'a str>> {
    let (pattern, parts): (Vec<_>, Vec<_>) = (route.path.split('/').collect(), path.split('/').collect());
    let fits = |(pattern, part): (&&str, &&str)| pattern == part || (pattern.starts_with('{') && !part.is_empty());
    let all = pattern.len() == parts.len() && pattern.iter().zip(&parts).all(fits);
    let named = pattern.iter().zip(&parts).filter(|(pattern, _)| pattern.starts_with('{'));
    all.then(|| named.map(|(_, part)| *part).collect())
}

/// Answers a request of an administrator.
pub async fn handle(ctx: &Arc<RequestContext>, request: &HttpRequest, user: &str, peer: IpAddr) -> HttpAnswer {
    let path = request.path();
    let path = below(&path).unwrap_or_default();
    let method = if request.method == Method::HEAD { Method::GET } else { request.method.clone() };
    let fitting: Vec<_> = ROUTES.iter().filter_map(|route| Some((route, matched(route, path)?))).collect();
    let Some((route, names)) = fitting.iter().find(|(route, _)| route.method == method) else {
        if fitting.is_empty() {
            return problem(StatusCode::NOT_FOUND, "no such path");
        }
        let allowed: Vec<_> = fitting.iter().map(|(route, _)| route.method.as_str()).collect();
        return problem(StatusCode::METHOD_NOT_ALLOWED, "not with this method").with("Allow", allowed.join(", "));
    };
    let body = match request.body(ctx).await {
        Ok(body) => body,
        Err(status) => return problem(status, "the body cannot be read"),
    };
    let answered = run(ctx, route.action, names, request, body).await;
    let status = answered.as_ref().map_or_else(|Refused(status, _)| *status, |_| StatusCode::OK);
    if method != Method::GET {
        tracing::info!("admin: {peer} {user} {method} {PREFIX}{path}: {}", status.as_u16());
    }
    match answered {
        Ok(value) => HttpAnswer::new(StatusCode::OK, JSON, value.to_string()),
        Err(Refused(status, detail)) => problem(status, &detail),
    }
}

async fn run(
    ctx: &Arc<RequestContext>,
    action: Action,
    names: &[&str],
    request: &HttpRequest,
    body: Vec<u8>,
) -> Answered {
    let server = &ctx.server;
    let name = |index: usize| names.get(index).copied().unwrap_or_default();
    match action {
        Action::Status => Ok(status::json(server)),
        Action::Stats => Ok(stats(server)),
        Action::Sessions => Ok(sessions(server).iter().map(|found| session(server, found)).collect()),
        Action::Session => find_session(server, name(0)).map(|found| session(server, &found)),
        Action::EndSession => {
            let found = find_session(server, name(0))?;
            server.close_session(&found, ClosingReason::Teardown).await;
            Ok(json!({ "ended": name(0) }))
        }
        Action::Streams => Ok(sessions(server).iter().flat_map(streams).collect()),
        Action::Broadcasts => Ok(broadcasts::rows(server)),
        Action::Modules => Ok(server.registry.modules().iter().map(module).collect()),
        Action::Module => match server.registry.find(name(0)) {
            Some(found) => Ok(module(&found)),
            None => refused(StatusCode::NOT_FOUND, "no such module"),
        },
        Action::Relays => Ok(relays::json(&server.relays.status())),
        Action::Prefs => Ok(all_prefs(server)),
        Action::Section => section(server, name(0)),
        Action::Pref => pref(server, name(0), name(1)),
        Action::SetPref => {
            let wanted = json_body(request, &body)?;
            let (section, name) = (name(0).to_owned(), name(1).to_owned());
            blocking(server, move |server| set_pref(server, &section, &name, &wanted)).await
        }
        Action::RemovePref => {
            let (section, name) = (name(0).to_owned(), name(1).to_owned());
            blocking(server, move |server| remove_pref(server, &section, &name)).await
        }
        Action::CheckFile => blocking(server, |server| Ok(findings(&check_file(&server.preferences().path())))).await,
        Action::CheckText if body.is_empty() => refused(StatusCode::BAD_REQUEST, "the body has to be a configuration"),
        Action::CheckText => Ok(findings(&check(&body))),
        Action::Reread => {
            blocking(server, |server| {
                server.reread();
                Ok(findings(&check_file(&server.preferences().path())))
            })
            .await
        }
        Action::State => Ok(json!({ "state": state_name(server.state()), "number": server.state() })),
        Action::SetState => set_state(ctx, &json_body(request, &body)?),
        Action::Document => Ok(openapi::document()),
    }
}

/// Runs what waits for the disk where it holds nobody up.
async fn blocking(server: &Arc<Server>, work: impl FnOnce(&Arc<Server>) -> Answered + Send + 'static) -> Answered {
    let server = Arc::clone(server);
    let done = tokio::task::spawn_blocking(move || work(&server)).await;
    done.unwrap_or_else(|_| refused(StatusCode::INTERNAL_SERVER_ERROR, "the request failed"))
}

/// A body of JSON. Its type must be said: a form on a page of another site cannot say it.
fn json_body(request: &HttpRequest, body: &[u8]) -> Answered {
    let media_type = request.header("Content-Type").unwrap_or_default();
    let media_type = media_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if !media_type.eq_ignore_ascii_case(JSON.as_bytes()) {
        return refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body has to be application/json");
    }
    serde_json::from_slice(body).or_else(|error| refused(StatusCode::BAD_REQUEST, format!("body: {error}")))
}

fn stats(server: &Server) -> Value {
    let totals = server.engine.counters();
    let (quality, thinned) = server.quality();
    json!({
        "packets": totals.packets,
        "bytes": totals.bytes,
        "stale_packets": totals.stale_packets,
        "send_calls": totals.send_calls,
        "lost_datagrams": totals.lost_datagrams,
        "playing": totals.playing,
        "packets_lost": server.packets_lost(),
        "send_lag_us": totals.lag_us,
        "send_busy_percent": totals.busy_permille as f64 / 10.0,
        "quality_level": quality,
        "streams_thinned": thinned,
        "play_startup_us": distribution(&totals.startup_us),
        "packet_lateness_us": distribution(&totals.lateness_us),
        "send_batch_packets": distribution(&totals.batch_packets),
        "worker_step_us": distribution(&totals.step_us),
        "restarts": server.stats.restarts.load(Relaxed),
        "crashes": server.stats.crashes.load(Relaxed),
        "last_end": server.last_end(),
        "modules": server.registry.modules().iter().map(|entry| (entry.name(), calls(entry))).collect::<Map>(),
    })
}

type Map = std::collections::BTreeMap<&'static str, Value>;

/// Count, sum, upper bounds of what half, 90, 99 and all of a hundred samples do not exceed, and the samples by size: each
/// pair is an upper bound (`null` for none) and how many samples lie between the bound before and this one.
fn distribution(of: &HistogramSnapshot) -> Value {
    let bound = |share| of.quantile(share);
    let last = of.counts.len().saturating_sub(1);
    let bucket = |(index, count): (usize, &u64)| {
        let top = (index < last).then(|| (1u64 << index) - 1);
        json!([top, count])
    };
    json!({
        "count": of.total(),
        "sum": of.sum,
        "p50": bound(0.5),
        "p90": bound(0.9),
        "p99": bound(0.99),
        "max": bound(1.0),
        "buckets": of.counts.iter().enumerate().map(bucket).collect::<Vec<_>>(),
    })
}

fn calls(entry: &ModuleEntry) -> Value {
    let counted = Role::ALL.iter().map(|role| (role.name(), entry.calls(*role))).filter(|(_, count)| *count > 0);
    counted.map(|(role, count)| (role, Value::from(count))).collect::<Map>().into_iter().collect()
}

fn module(entry: &Arc<ModuleEntry>) -> Value {
    let roles = Role::ALL.iter().filter(|role| entry.roles().contains(**role));
    json!({
        "name": entry.name(),
        "dynamic": entry.module().is_dynamic(),
        "description": entry.object().string(qtssModDesc),
        "version": entry.object().u32(qtssModVersion),
        "roles": roles.map(|role| role.name()).collect::<Vec<_>>(),
        "calls": calls(entry),
    })
}

/// All client sessions in the order of their running numbers.
fn sessions(server: &Server) -> Vec<Arc<ClientSession>> {
    let mut all = server.sessions.all();
    all.sort_by_key(|session| number_of(session));
    all
}

fn number_of(session: &ClientSession) -> u32 {
    session.object.u32(qtssCliSesCounterID).unwrap_or(0)
}

fn find_session(server: &Server, number: &str) -> Result<Arc<ClientSession>, Refused> {
    let number: Option<u32> = number.parse().ok();
    let found = server.sessions.all().into_iter().find(|session| Some(number_of(session)) == number);
    found.map_or_else(|| refused(StatusCode::NOT_FOUND, "no such session"), Ok)
}

fn session(server: &Server, of: &Arc<ClientSession>) -> Value {
    let object = &of.object;
    let text = |attribute| object.string(attribute);
    json!({
        "id": number_of(of),
        "url": text(qtssCliSesFullURL),
        "path": text(qtssCliSesPresentationURL),
        "user_agent": text(qtssCliSesFirstUserAgent),
        "address": of.peer.to_canonical().to_string(),
        "user": text(qtssCliRTSPSesUserName).filter(|user| !user.is_empty()),
        "state": if object.u32(qtssCliSesState) == Some(1) { "playing" } else { "paused" },
        "created_ms": of.created_unix_ms,
        "connected_ms": server.now_ms() - of.created_ms,
        "first_play_ms": object.i64(qtssCliSesFirstPlayTimeInMsec).filter(|time| *time > 0),
        "bytes": object.u32(qtssCliSesRTPBytesSent),
        "packets": object.u32(qtssCliSesRTPPacketsSent),
        "bit_rate": of.bit_rate(server.now_ms()),
        "loss_percent": object.f32(qtssCliSesPacketLossPercent),
        "movie_seconds": object.f64(qtssCliSesMovieDurationInSecs),
        "streams": streams(of),
    })
}

fn streams(of: &Arc<ClientSession>) -> Vec<Value> {
    let number = number_of(of);
    of.object_streams().iter().map(|stream| one_stream(number, stream)).collect()
}

fn one_stream(session: u32, stream: &RtpStream) -> Value {
    let (config, stats) = (stream.config(), stream.stats());
    let transport = match stream.transport() {
        Transport::Interleaved { .. } => "tcp",
        Transport::Udp(_) if stream.is_reliable() => "reliable-udp",
        Transport::Udp(_) => "udp",
    };
    json!({
        "session": session,
        "track": config.track_id,
        "payload": config.payload_name,
        "kind": if config.is_video { "video" } else { "audio" },
        "transport": transport,
        "ssrc": stream.ssrc(),
        "quality_level": stream.quality(),
        "packets": stats.packets_sent.load(Relaxed),
        "payload_bytes": stats.payload_bytes_sent.load(Relaxed),
        "stale_packets": stats.stale_packets_dropped.load(Relaxed),
        "lost_packets": stats.total_lost.load(Relaxed),
        "jitter": stats.jitter.load(Relaxed),
    })
}

fn place_of(section: &str) -> Place {
    if section == SERVER_SECTION { Place::server() } else { Place::module(section) }
}

/// The tables' row of a preference.
fn definition(section: &str, name: &str) -> Option<&'static PrefDef> {
    let table = if section == SERVER_SECTION { SERVER_PREFS } else { module_def(section)?.prefs };
    table.iter().find(|row| row.name == name)
}

fn pref_json(section: &str, entry: &PrefEntry) -> Value {
    let known = definition(section, &entry.name);
    let secret = super::tree::is_secret(&entry.name);
    let values: Vec<_> = entry.values.iter().map(|value| text_of_bytes(value).into_owned()).collect();
    json!({
        "name": entry.name,
        "type": entry.ty.name(),
        "list": known.map_or(entry.kind == PrefKind::List, |known| known.list),
        "values": if secret { Value::Null } else { values.into() },
        "about": known.map(|known| known.doc.trim()),
        "unused": known.and_then(|known| known.unused),
    })
}

fn section_json(document: &Document, section: &str) -> Value {
    let entries = document.entries(&place_of(section));
    entries.iter().filter(|entry| entry.kind != PrefKind::Object).map(|entry| pref_json(section, entry)).collect()
}

fn all_prefs(server: &Server) -> Value {
    server.preferences().with(|prefs| {
        let names = std::iter::once(SERVER_SECTION.to_owned()).chain(prefs.document.modules());
        let sections = names.map(|name| (name.clone(), section_json(&prefs.document, &name)));
        Value::Object(sections.collect())
    })
}

fn section(server: &Server, section: &str) -> Answered {
    server.preferences().with(|prefs| {
        if section != SERVER_SECTION && !prefs.document.contains(&Place::module(section)) {
            return refused(StatusCode::NOT_FOUND, "no such section");
        }
        Ok(section_json(&prefs.document, section))
    })
}

fn pref(server: &Server, section: &str, name: &str) -> Answered {
    let entry = server.preferences().with(|prefs| prefs.document.entry(&place_of(section), name));
    match entry.filter(|entry| entry.kind != PrefKind::Object) {
        Some(entry) => Ok(pref_json(section, &entry)),
        None => refused(StatusCode::NOT_FOUND, "no such preference"),
    }
}

/// `{"value": "x"}` or `{"values": ["x", "y"]}`, with `"type"` for a new preference. Numbers and truth values may be given
/// as such.
fn set_pref(server: &Arc<Server>, section: &str, name: &str, wanted: &Value) -> Answered {
    let bad = |detail: String| refused(StatusCode::BAD_REQUEST, detail);
    let place = place_of(section);
    let (known_section, entry) = server.preferences().with(|prefs| {
        let known = section == SERVER_SECTION || prefs.document.contains(&place);
        (known, prefs.document.entry(&place, name))
    });
    if !known_section {
        return refused(StatusCode::NOT_FOUND, "no such section");
    }
    let row = definition(section, name);
    let named = wanted.get("type").and_then(Value::as_str);
    let ty =
        row.map(|row| row.ty).or_else(|| entry.as_ref().map(|entry| entry.ty)).filter(|ty| *ty != PrefType::Unknown);
    let ty = match (ty, named) {
        (Some(ty), None) => ty,
        (Some(ty), Some(named)) if ty.name().eq_ignore_ascii_case(named) => ty,
        (Some(ty), Some(_)) => return bad(format!("the preference's type is {}", ty.name())),
        (None, None) => return refused(StatusCode::NOT_FOUND, "no such preference; a new one needs a type"),
        (None, Some(named)) => match PrefType::from_name(named.as_bytes()) {
            PrefType::Unknown | PrefType::Object => return bad("this type is not possible".to_owned()),
            ty if super::change::is_preference_name(name) => ty,
            _ => return bad("this name is not possible".to_owned()),
        },
    };
    let values = match wanted_values(wanted) {
        Some(values) => values,
        None => return bad("the body has to have \"value\" or \"values\"".to_owned()),
    };
    if row.is_some_and(|row| !row.list) && values.len() != 1 {
        return bad("the preference has one value".to_owned());
    }
    if let Some(wrong) = values.iter().find(|value| value.contains('\0') || oddity(ty, value.as_bytes()).is_some()) {
        return bad(format!("\"{wrong}\" is no value of type {}", ty.name()));
    }
    let values: Vec<_> = values.into_iter().map(String::into_bytes).collect();
    save(server, |document| document.set_values(&place, name, ty, &values))?;
    pref(server, section, name)
}

fn wanted_values(wanted: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    };
    match (wanted.get("value"), wanted.get("values")) {
        (Some(value), None) => Some(vec![text(value)?]),
        (None, Some(Value::Array(values))) => values.iter().map(text).collect(),
        _ => None,
    }
}

fn remove_pref(server: &Arc<Server>, section: &str, name: &str) -> Answered {
    pref(server, section, name)?;
    save(server, |document| document.remove_pref(&place_of(section), name))?;
    Ok(json!({ "removed": name }))
}

/// Changes the configuration file and takes it over. A preference that somebody needs comes back with its default.
fn save(
    server: &Arc<Server>,
    change: impl FnOnce(&mut Document) -> Result<(), crate::config::EditError>,
) -> Result<(), Refused> {
    match server.preferences().update(change) {
        Ok(()) => {
            server.reread();
            Ok(())
        }
        Err(error) => refused(StatusCode::CONFLICT, error.to_string()),
    }
}

fn findings(found: &[Finding]) -> Value {
    let one = |finding: &Finding| {
        json!({
            "severity": finding.severity.to_string(),
            "line": finding.line,
            "column": finding.column,
            "module": finding.module,
            "pref": finding.pref,
            "text": finding.text,
        })
    };
    let usable = found.iter().all(|finding| finding.severity != Severity::Error);
    json!({ "usable": usable, "findings": found.iter().map(one).collect::<Vec<_>>() })
}

/// The states by the names that this interface gives them.
const STATES: [(&str, ServerState); 6] = [
    ("starting", ServerState::StartingUp),
    ("running", ServerState::Running),
    ("refusing", ServerState::RefusingConnections),
    ("failed", ServerState::FatalError),
    ("stopping", ServerState::ShuttingDown),
    ("idle", ServerState::Idle),
];

fn state_name(number: u32) -> &'static str {
    STATES.iter().find(|(_, state)| *state as u32 == number).map_or("unknown", |(name, _)| name)
}

fn set_state(ctx: &Arc<RequestContext>, wanted: &Value) -> Answered {
    let name = wanted.get("state").and_then(Value::as_str).unwrap_or_default();
    let known = STATES.iter().find(|(known, _)| *known == name).map(|(_, state)| *state);
    let possible = |state: &ServerState| !matches!(state, ServerState::StartingUp | ServerState::FatalError);
    let Some(state) = known.filter(possible) else {
        return refused(StatusCode::BAD_REQUEST, "\"state\" has to be running, refusing, idle or stopping");
    };
    let server = Arc::clone(&ctx.server);
    ctx.after_response(Box::new(move || super::enter(server, state)));
    Ok(json!({ "state": name, "number": state as u32 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_find_their_routes() {
        fn find(path: &str) -> Option<(&'static str, Vec<&str>)> {
            ROUTES.iter().find_map(|route| Some((route.path, matched(route, path)?)))
        }
        assert_eq!(find("/sessions/7"), Some(("/sessions/{id}", vec!["7"])));
        assert_eq!(find("/prefs/server/rtsp_port"), Some(("/prefs/{section}/{name}", vec!["server", "rtsp_port"])));
        for none in ["", "/", "/sessions/", "/sessions/7/x", "/nothing"] {
            assert_eq!(find(none), None, "{none}");
        }
        assert!(below("/api/v1x").is_none() && below("/api/v1") == Some(""));
    }

    #[test]
    fn values_may_be_texts_numbers_and_truths() {
        let values = |text: &str| wanted_values(&serde_json::from_str(text).expect("JSON"));
        assert_eq!(values(r#"{"value": 7}"#), Some(vec!["7".to_owned()]));
        assert_eq!(values(r#"{"values": ["a", true]}"#), Some(vec!["a".to_owned(), "true".to_owned()]));
        for none in ["{}", "[]", "1", r#"{"value": null}"#, r#"{"values": [[]]}"#, r#"{"value": 1, "values": []}"#] {
            assert_eq!(values(none), None, "{none}");
        }
    }
}
