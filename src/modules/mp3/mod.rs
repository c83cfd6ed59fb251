//! QTSSMP3StreamingModule: broadcasts of MP3 (and other music) after SHOUTcast and Icecast, over any of the server's ports.
//!
//! A broadcaster ([`source`]) gets a mount ([`mount`]), into whose ring of the last seconds its bytes go, cut at frames; each
//! listener ([`listener`]) is a task that is woken four times a second and writes what is new from there. Both take their
//! connection over from RTSP, in the RTSPFilter role.

mod body;
mod figures;
mod frames;
mod headers;
mod listener;
mod mount;
mod playlist;
mod request;
mod ring;
mod source;
mod title;

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use http::{Method, StatusCode};

use self::body::{Body, Chunk};
use self::figures::{Figures, Place};
use self::headers::Description;
use self::listener::{Listener, Session};
use self::mount::{Described, Feed, Mounts, NoMount};
use self::playlist::Playlist;
use self::request::{Asked, LegacySource};
use self::source::{Source, Style};
use self::title::Update;
use super::http::{HttpAnswer, HttpRequest, drain, percent_decoded};
use crate::auth::{Credentials, Guesses, Secret, equal};
use crate::config::identity::{SERVER_BUILD, SERVER_VERSION};
use crate::log::{ErrorLog, Level, Mp3Log, RequestLogOptions, SystemClock};
use crate::qtss::attr::*;
use crate::qtss::{BoxFuture, InitializeParams, Module, QtssError, Registration, Role, RoleCall, SyncRole};
use crate::rtsp::Status;
use crate::server::{Preferences, RequestContext, ServerState};

/// The module's name: that of its section in streamingserver.xml.
const NAME: &str = "QTSSMP3StreamingModule";

/// How often the log looks at its age.
const LOG_TICK: Duration = Duration::from_secs(60);

/// How often the figures are brought up to date.
const FIGURE_TICK: Duration = Duration::from_secs(1);

/// How long a listener waits for a broadcaster that has come but not said what it sends.
const DESCRIPTION_PATIENCE: Duration = Duration::from_secs(5);

/// The longest burst, in milliseconds: it is kept in memory for each broadcast.
const LONGEST_BURST_MS: u32 = 30_000;

/// Beyond burst and flow control, this much more is kept, in milliseconds.
const KEPT_BEYOND_MS: i64 = 2000;

/// The length that old players are told of a broadcast without end, as by DSS 6.0.3.
const PRETENDED_LENGTH: u32 = 54_000_000;

/// What a broadcaster of the old kinds is told when its mount is not to be had.
const NO_MOUNT: &str = "Error - Mount Point Taken or Invalid\r\n";

/// The module.
pub struct Mp3Module {
    preferences: Arc<Preferences>,
    log: Arc<Mp3Log>,
    mounts: Arc<Mounts>,
    guesses: Guesses,
    figures: OnceLock<Arc<Figures>>,
    /// The server was put to rest; the end of that is worth a remark.
    idle: AtomicBool,
}

/// The preferences, as a request finds them.
struct Options {
    /// Broadcasters may come, and there is something to listen to.
    is_on: bool,
    password: Secret,
    read_size: usize,
    flow_control: Duration,
    burst_ms: i64,
    source_patience: Duration,
}

impl Options {
    fn read(preferences: &Preferences) -> Self {
        let prefs = preferences.module(NAME);
        let password = prefs.string("mp3_broadcast_password");
        let flow_control = u64::try_from(prefs.i32("mp3_max_flow_control_time")).unwrap_or(0);
        Self {
            // The default, a blank, is no password, as in DSS.
            is_on: prefs.bool("mp3_streaming_enabled") && !password.is_empty() && !password.starts_with(' '),
            password: Secret::new(password),
            read_size: usize::try_from(prefs.u32("mp3_broadcast_buffer_size")).unwrap_or(usize::MAX),
            flow_control: Duration::from_millis(flow_control.clamp(1, 3_600_000)),
            burst_ms: i64::from(prefs.u32("mp3_burst_time").min(LONGEST_BURST_MS)),
            source_patience: Duration::from_secs(u64::from(prefs.u32("mp3_source_timeout").max(1))),
        }
    }

    /// How long what was broadcast is kept, in milliseconds.
    fn keep_ms(&self) -> i64 {
        let flow_control = i64::try_from(self.flow_control.as_millis()).unwrap_or(i64::MAX);
        self.burst_ms.saturating_add(flow_control.min(60_000)).saturating_add(KEPT_BEYOND_MS)
    }
}

impl Mp3Module {
    /// The module with its log; trouble with the file is told to the error log.
    pub fn new(preferences: &Arc<Preferences>, error_log: &Arc<ErrorLog>) -> Self {
        let options = preferences.with(RequestLogOptions::mp3_from_prefs);
        let complaints = Arc::clone(error_log);
        let complain = Box::new(move |text: &str| complaints.write(Level::Warning, text));
        let log = Arc::new(Mp3Log::new(options, Arc::new(SystemClock), complain));
        let reopened = Arc::downgrade(&log);
        error_log.on_reopen(move || reopened.upgrade().iter().for_each(|log| log.reopen()));
        Self {
            preferences: Arc::clone(preferences),
            log,
            mounts: Arc::default(),
            guesses: Guesses::new(),
            figures: OnceLock::new(),
            idle: AtomicBool::new(false),
        }
    }

    /// At rest there are no broadcasts. The begin and the end of that are remarks like stop and start.
    fn note_state(&self, state: u32) {
        if state == ServerState::Idle as u32 {
            self.mounts.end_all();
            if !self.idle.swap(true, Ordering::Relaxed) {
                self.log.shutdown();
            }
        } else if state == ServerState::Running as u32 && self.idle.swap(false, Ordering::Relaxed) {
            self.log.startup();
        }
    }

    async fn filter(&self, ctx: &Arc<RequestContext>) {
        let text = ctx.object.bytes(qtssRTSPReqFullRequest).unwrap_or_default();
        let Some(asked) = Asked::parse(&text) else { return };
        let options = Options::read(&self.preferences);
        let is_on = options.is_on && ctx.server.is_running();
        match asked {
            Asked::Http(request) if is_on => self.http(ctx, &request, &options).await,
            Asked::Http(request) if request::wants_titles(&request) => {
                reply(ctx, &request, StatusCode::SERVICE_UNAVAILABLE, "There is no MP3 streaming here now.\r\n");
            }
            Asked::Source(source) if is_on => self.legacy_source(ctx, source, &options).await,
            _ => {}
        }
    }

    async fn http(&self, ctx: &Arc<RequestContext>, request: &HttpRequest, options: &Options) {
        match request.method.as_str() {
            "GET" | "HEAD" => self.listener(ctx, request, options).await,
            "PUT" | "SOURCE" => self.http_source(ctx, request, options).await,
            _ => {}
        }
    }

    /// Whether this is the password. Who tries too many has to wait, and then the right one does not help either.
    fn knows(&self, options: &Options, password: &[u8], peer: IpAddr, mount: &str) -> bool {
        let now = Instant::now();
        if self.guesses.pause(peer, mount, now).is_some() {
            return false;
        }
        if equal(options.password.as_bytes(), password) {
            self.guesses.right(peer, mount);
            return true;
        }
        let count = self.guesses.wrong(peer, mount, now);
        tracing::warn!("MP3: {peer} gave a wrong password for {mount} ({count} now)");
        false
    }

    fn take_place(&self) -> Option<Place> {
        self.figures.get()?.take_place()
    }

    /// Gives a mount to a broadcaster with the right password.
    fn claim(&self, ctx: &RequestContext, mount: &str, options: &Options) -> Result<Feed, NoMount> {
        let path = percent_decoded(mount);
        let path = if path.starts_with('/') { path } else { format!("/{path}") };
        self.mounts.claim(&path, options.keep_ms(), ctx.server.now_ms())
    }
}

/// Broadcasters.
impl Mp3Module {
    async fn legacy_source(&self, ctx: &Arc<RequestContext>, source: LegacySource, options: &Options) {
        let peer = ctx.connection.peer.ip();
        if !self.knows(options, &source.password, peer, &source.mount) {
            ctx.set_status(Status::Unauthorized);
            return say(ctx, source.refusal);
        }
        let Some(place) = self.take_place() else {
            return say(ctx, "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n");
        };
        let Ok(feed) = self.claim(ctx, &source.mount, options) else { return say(ctx, NO_MOUNT) };
        if begin_source(ctx, feed, place, options, Style::Legacy(source.description), Body::Endless).await {
            say(ctx, "OK\r\n");
        }
    }

    /// `SOURCE /mount HTTP/1.0` and `PUT /mount HTTP/1.1`, as Icecast 2 takes them.
    async fn http_source(&self, ctx: &Arc<RequestContext>, request: &HttpRequest, options: &Options) {
        let (feed, place, body) = match self.admit(ctx, request, options) {
            Ok(admitted) => admitted,
            Err((status, text)) => {
                drain(ctx, request).await;
                return reply(ctx, request, status, text);
            }
        };
        let mut description = Description::default();
        request.headers().for_each(|(name, value)| description.add(name, value));
        feed.mount().describe(description);
        let expects = request.header("Expect").is_some_and(|value| value.eq_ignore_ascii_case(b"100-continue"));
        if begin_source(ctx, feed, place, options, Style::Http { owes_answer: expects }, body).await {
            // Without a length: curl stops to send when the answer is complete.
            say(ctx, if expects { "HTTP/1.1 100 Continue\r\n\r\n" } else { "HTTP/1.0 200 OK\r\n\r\n" });
        }
    }

    /// What a broadcaster over HTTP needs, or why it does not get it.
    fn admit(
        &self,
        ctx: &RequestContext,
        request: &HttpRequest,
        options: &Options,
    ) -> Result<(Feed, Place, Body), (StatusCode, &'static str)> {
        let mount = request::raw_path(&request.target);
        let authorization = request.header("Authorization");
        if !self.allows(ctx, authorization, None, options, mount) {
            return Err((StatusCode::UNAUTHORIZED, "invalid password\r\n"));
        }
        let body = body_of(request).ok_or((StatusCode::BAD_REQUEST, "No such body can be read.\r\n"))?;
        let place = self.take_place().ok_or((StatusCode::SERVICE_UNAVAILABLE, "Too many connections.\r\n"))?;
        match self.claim(ctx, mount, options) {
            Ok(feed) => Ok((feed, place, body)),
            Err(NoMount::Taken) => Err((StatusCode::FORBIDDEN, "Mountpoint in use\r\n")),
            Err(NoMount::Invalid) => Err((StatusCode::FORBIDDEN, NO_MOUNT)),
        }
    }

    /// Whether a request names the password: in Basic credentials of any user, or as `password`.
    fn allows(
        &self,
        ctx: &RequestContext,
        authorization: Option<&[u8]>,
        password: Option<&str>,
        options: &Options,
        mount: &str,
    ) -> bool {
        let peer = ctx.connection.peer.ip();
        if let Some(password) = password {
            return self.knows(options, password.as_bytes(), peer, mount);
        }
        match authorization.map(Credentials::parse) {
            Some(Ok(Credentials::Basic { password, .. })) => self.knows(options, password.as_bytes(), peer, mount),
            _ => false,
        }
    }
}

/// How the body of a broadcaster's request comes; `None` when that cannot be understood.
fn body_of(request: &HttpRequest) -> Option<Body> {
    if let Some(coding) = request.header("Transfer-Encoding") {
        return coding.eq_ignore_ascii_case(b"chunked").then_some(Body::Chunked(Chunk::Size));
    }
    match request.header("Content-Length") {
        None => Some(Body::Endless),
        // Broadcasters that have to name a length name none, or the largest they know.
        Some(length) => match std::str::from_utf8(length).ok()?.parse().ok()? {
            0 => Some(Body::Endless),
            length => Some(Body::Length(length)),
        },
    }
}

/// Takes the connection over for a broadcast; false if it cannot be.
async fn begin_source(
    ctx: &Arc<RequestContext>,
    feed: Feed,
    place: Place,
    options: &Options,
    style: Style,
    body: Body,
) -> bool {
    let Some((input, socket)) = ctx.connection.take_input().await else { return false };
    let source = Source {
        feed,
        style,
        body,
        input,
        socket,
        writer: Arc::clone(&ctx.connection.writer),
        clock: Arc::clone(&ctx.server.clock),
        read_size: options.read_size,
        patience: options.source_patience,
        _place: place,
    };
    ctx.take_over(Box::pin(source.run()));
    true
}

/// Listeners.
impl Mp3Module {
    async fn listener(&self, ctx: &Arc<RequestContext>, request: &HttpRequest, options: &Options) {
        let raw = request::raw_path(&request.target);
        if let Some((list, mount)) = Playlist::of(raw) {
            return self.playlist(ctx, request, list, mount);
        }
        if let Some(update) = Update::parse(&request.target).filter(|_| request.method == Method::GET) {
            return self.update(ctx, request, options, &update);
        }
        let Some(mount) = self.mounts.find(&percent_decoded(raw)) else {
            if request::wants_titles(request) {
                reply(ctx, request, StatusCode::NOT_FOUND, "There is no such broadcast.\r\n");
            }
            return;
        };
        let described = tokio::time::timeout(DESCRIPTION_PATIENCE, mount.wait_for_description()).await;
        let Ok(Some(described)) = described else {
            return reply(ctx, request, StatusCode::NOT_FOUND, "The broadcast has not begun.\r\n");
        };
        // The titles of Ogg are in the stream itself.
        let wants_titles = request::wants_titles(request) && described.framing != frames::Framing::Ogg;
        let head = listener_head(described, wants_titles, request::wants_length(request));
        ctx.object.set_bool16(qtssRTSPReqRespKeepAlive, false);
        if request.method == Method::HEAD {
            return ctx.write_raw(&head);
        }
        let Some(place) = self.take_place() else {
            return reply(ctx, request, StatusCode::SERVICE_UNAVAILABLE, "There are too many listeners.\r\n");
        };
        let Some((_, socket)) = ctx.connection.take_input().await else { return };
        let session = Session::begin(ctx, request, &mount, place, &self.log);
        let listener = Listener {
            mount,
            socket,
            writer: Arc::clone(&ctx.connection.writer),
            wants_titles,
            burst_ms: options.burst_ms,
            patience: options.flow_control,
            session,
        };
        ctx.write_raw(&head);
        ctx.take_over(Box::pin(listener.run()));
    }

    /// A list that names a mount, which need not be there yet. SHOUTcast's `/listen.pls` is about its only mount.
    fn playlist(&self, ctx: &RequestContext, request: &HttpRequest, list: Playlist, mount: &str) {
        let is_there = |mount: &str| self.mounts.find(&percent_decoded(mount)).is_some();
        let mount = if mount == "/listen" && !is_there(mount) && is_there("/") { "/" } else { mount };
        let url = playlist::url(request.header("Host"), ctx.connection.local, mount);
        let body = list.body(&url, percent_decoded(mount).trim_start_matches('/'));
        let mut answer = common_head(list.content_type());
        answer.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
        if request.method != Method::HEAD {
            answer.extend_from_slice(body.as_bytes());
        }
        ctx.object.set_bool16(qtssRTSPReqRespKeepAlive, false);
        ctx.write_raw(&answer);
    }

    /// A new title. DSS 6.0.3 said OK to a wrong password, too, and not in HTTP.
    fn update(&self, ctx: &Arc<RequestContext>, request: &HttpRequest, options: &Options, update: &Update) {
        let authorization = request.header("Authorization");
        if !self.allows(ctx, authorization, update.password.as_deref(), options, &update.mount) {
            return reply(ctx, request, StatusCode::UNAUTHORIZED, "invalid password\r\n");
        }
        let Some(mount) = self.mounts.find(&update.mount) else {
            return reply(ctx, request, StatusCode::NOT_FOUND, "There is no such broadcast.\r\n");
        };
        if let Some(title) = &update.title {
            mount.set_title(title, &update.url);
        }
        reply(ctx, request, StatusCode::OK, "OK\r\n");
    }
}

/// The first lines of what DSS answered, byte for byte but for the media type.
fn common_head(content_type: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\nServer: Darwin Streaming Server {SERVER_VERSION}/{SERVER_BUILD}\r\n\
         Content-Type: {content_type}\r\nCache-Control: no-cache\r\nPragma: no-cache\r\nConnection: close\r\n"
    )
    .into_bytes()
}

/// The answer to a listener, before the broadcast.
fn listener_head(described: &Described, wants_titles: bool, wants_length: bool) -> Vec<u8> {
    let mut head = common_head(&described.content_type);
    head.extend_from_slice(&described.lines);
    if wants_titles {
        head.extend_from_slice(format!("icy-metaint:{}\r\n", title::INTERVAL).as_bytes());
    }
    if wants_length {
        head.extend_from_slice(format!("Content-Length: {PRETENDED_LENGTH}\r\n").as_bytes());
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// Adds to the answer; the connection ends with it, or with what takes it over.
fn say(ctx: &RequestContext, text: &str) {
    ctx.object.set_bool16(qtssRTSPReqRespKeepAlive, false);
    ctx.write_raw(text.as_bytes());
}

/// Answers with a status and a word about it.
fn reply(ctx: &Arc<RequestContext>, request: &HttpRequest, status: StatusCode, text: &str) {
    let mut answer = HttpAnswer::new(status, "text/plain", text);
    if status == StatusCode::UNAUTHORIZED {
        ctx.set_status(Status::Unauthorized);
        answer = answer.with("WWW-Authenticate", "Basic realm=\"Streaming Server\"");
    }
    super::http::answer(ctx, &answer.to_bytes(&ctx.server.identity, &request.method));
}

impl Module for Mp3Module {
    fn name(&self) -> &str {
        NAME
    }

    fn register(&self, registration: &mut Registration) -> Result<(), QtssError> {
        let roles = [Role::Initialize, Role::RereadPrefs, Role::RtspFilter, Role::StateChange, Role::Shutdown];
        roles.into_iter().try_for_each(|role| registration.add_role(role))
    }

    fn initialize(&self, params: &InitializeParams) -> Result<(), QtssError> {
        let figures = Figures::new(&params.server, &self.preferences).ok_or(QtssError::RequestFailed)?;
        super::tick_every(FIGURE_TICK, &figures, Figures::tick);
        let _ = self.figures.set(figures);
        self.log.startup();
        super::tick_every(LOG_TICK, &self.log, Mp3Log::tick);
        Ok(())
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

    fn call_sync(&self, role: SyncRole<'_>) -> Result<(), QtssError> {
        match role {
            SyncRole::RereadPrefs => {
                self.log.set_options(self.preferences.with(RequestLogOptions::mp3_from_prefs));
                self.log.reopen();
            }
            SyncRole::StateChange { state } => self.note_state(state),
            SyncRole::Shutdown => self.log.shutdown(),
            _ => {}
        }
        Ok(())
    }
}
