//! QTSSWebStatsModule: a page of figures for a browser, at the address that `web_stats_url` names.
//!
//! As with DSS 6.0.3 the module is there when the configuration has a section for it. Everything that a peer has said is
//! escaped, and the page may run no script.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use http::{Method, StatusCode};
use quick_xml::escape::escape;

use super::http::{HttpAnswer, HttpRequest, answer};
use crate::config::{Place, identity};
use crate::qtss::attr::*;
use crate::qtss::{BoxFuture, Module, QtssError, Registration, Role, RoleCall};
use crate::server::{ClientSession, Preferences, RequestContext, Server};

/// The module's name: that of its section in streamingserver.xml.
const NAME: &str = "QTSSWebStatsModule";

/// Rows of the table of sessions; a browser is not the place for more.
const MAX_ROWS: usize = 500;

/// Seconds between two loads of the page, unless `?refresh=N` says otherwise.
const DEFAULT_REFRESH: u32 = 20;

/// The module.
pub struct WebStatsModule {
    preferences: Arc<Preferences>,
}

impl WebStatsModule {
    /// The module, if the configuration has a section for it.
    pub fn if_wanted(preferences: &Arc<Preferences>) -> Option<Self> {
        let wanted = preferences.with(|prefs| prefs.document.contains(&Place::module(NAME)));
        wanted.then(|| Self { preferences: Arc::clone(preferences) })
    }

    fn filter(&self, ctx: &Arc<RequestContext>) {
        let Some(request) = HttpRequest::of(ctx) else { return };
        let url = self.preferences.module(NAME).string("web_stats_url");
        let url = url.trim().trim_start_matches('/');
        if url.is_empty() || request.path() != format!("/{url}") {
            return;
        }
        if !matches!(request.method, Method::GET | Method::HEAD) {
            return;
        }
        let page =
            HttpAnswer::new(StatusCode::OK, "text/html; charset=utf-8", page(&ctx.server, refresh(&request.target)))
                .with("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
        answer(ctx, &page.to_bytes(&ctx.server.identity, &request.method));
    }
}

fn refresh(target: &str) -> u32 {
    let query = target.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let asked = query.split(['&', '+']).find_map(|option| option.strip_prefix("refresh=")?.parse().ok());
    asked.unwrap_or(DEFAULT_REFRESH).clamp(1, 86_400)
}

fn page(server: &Server, refresh: u32) -> String {
    let name = escape(identity::SERVER_NAME);
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"{refresh}\">\
         <title>{name} statistics</title><style>body{{font-family:sans-serif}}td,th{{padding:2px 8px;text-align:left}}\
         </style></head><body>\n<h1>Streaming server statistics</h1>\n<table>\n"
    );
    for (label, value) in summary(server) {
        text.push_str(&format!("<tr><th>{label}</th><td>{}</td></tr>\n", escape(value.as_str())));
    }
    text.push_str("</table>\n<h2>Connected clients</h2>\n<table>\n<tr><th>Number</th><th>Address</th><th>URL</th>");
    text.push_str("<th>State</th><th>Seconds</th><th>kbit/s</th><th>Loss %</th><th>User agent</th></tr>\n");
    let mut sessions = server.sessions.all();
    sessions.retain(|session| session.counted.load(Relaxed));
    sessions.sort_by_key(|session| session.object.u32(qtssCliSesCounterID));
    for session in sessions.iter().take(MAX_ROWS) {
        text.push_str(&row(server, session));
    }
    text.push_str("</table>\n");
    if sessions.len() > MAX_ROWS {
        text.push_str(&format!("<p>and {} more</p>\n", sessions.len() - MAX_ROWS));
    }
    text.push_str("</body></html>\n");
    text
}

fn summary(server: &Server) -> Vec<(&'static str, String)> {
    let (stats, totals) = (&server.stats, server.engine.counters());
    let started = server.object.i64(qtssSvrStartupTime).unwrap_or(0);
    let local = |ms: i64| chrono::DateTime::from_timestamp_millis(ms).map(|time| time.with_timezone(&chrono::Local));
    let shown = |ms| local(ms).map_or_else(String::new, |time| time.format("%a %b %e %H:%M:%S %Y").to_string());
    let now = server.clock.wall_us() / 1000;
    vec![
        ("Server", server.identity.clone()),
        ("Address", server.object.string(qtssSvrDefaultDNSName).unwrap_or_default()),
        ("Time", shown(now)),
        ("Started", shown(started)),
        ("Up", format!("{} s", (now - started).max(0) / 1000)),
        ("CPU load", format!("{:.2} %", stats.cpu_percent())),
        ("RTSP connections", stats.current_rtsp.load(Relaxed).to_string()),
        ("HTTP tunnels", stats.current_http.load(Relaxed).to_string()),
        ("Client sessions", stats.current_sessions.load(Relaxed).to_string()),
        ("Playing", stats.current_playing.load(Relaxed).to_string()),
        ("Client sessions since start", stats.total_sessions.load(Relaxed).to_string()),
        ("Bandwidth", format!("{} kbit/s", stats.current_bandwidth.load(Relaxed) / 1024)),
        ("Packets per second", stats.current_packets.load(Relaxed).to_string()),
        ("Bytes since start", totals.bytes.to_string()),
        ("Packets since start", totals.packets.to_string()),
        ("MP3 listeners", server.object.u32(qtssMP3SvrCurConn).unwrap_or(0).to_string()),
    ]
}

fn row(server: &Server, session: &ClientSession) -> String {
    let object = &session.object;
    let cells = [
        object.u32(qtssCliSesCounterID).unwrap_or(0).to_string(),
        session.peer.to_canonical().to_string(),
        object.string(qtssCliSesPresentationURL).unwrap_or_default(),
        if object.u32(qtssCliSesState) == Some(1) { "playing" } else { "paused" }.to_owned(),
        ((server.now_ms() - session.created_ms).max(0) / 1000).to_string(),
        (session.bit_rate(server.now_ms()) / 1024).to_string(),
        format!("{:.1}", object.f32(qtssCliSesPacketLossPercent).unwrap_or(0.0)),
        object.string(qtssCliSesFirstUserAgent).unwrap_or_default(),
    ];
    let cells: String = cells.iter().map(|cell| format!("<td>{}</td>", escape(cell.as_str()))).collect();
    format!("<tr>{cells}</tr>\n")
}

impl Module for WebStatsModule {
    fn name(&self) -> &str {
        NAME
    }

    fn register(&self, registration: &mut Registration) -> Result<(), QtssError> {
        registration.add_role(Role::RtspFilter)
    }

    fn call<'a>(&'a self, call: RoleCall<'a>) -> BoxFuture<'a, Result<(), QtssError>> {
        if let RoleCall::Filter { params, .. } = call {
            if let Some(ctx) = params.context::<Arc<RequestContext>>() {
                self.filter(ctx);
            }
        }
        Box::pin(std::future::ready(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refresh_time_is_bounded() {
        assert_eq!(refresh("/stats"), DEFAULT_REFRESH);
        assert_eq!(refresh("/stats?refresh=5"), 5);
        assert_eq!(refresh("/stats?a=b&refresh=0"), 1);
        assert_eq!(refresh("/stats?refresh=\"><script>"), DEFAULT_REFRESH);
    }
}
