//! One request on its way through the roles: what the server and its modules share while they work on it.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;

use super::Server;
use super::connection::Connection;
use super::login::Login;
use super::session::{ClientSession, SessionState};
use crate::qtss::attr::*;
use crate::qtss::{BoxFuture, CText, Object, ObjectType, QtssError, RequestText, RoleParams};
use crate::rtsp::{Header, Request, RequestError, ResponseBuilder, ResponseHead, Status};

/// Work that has to wait until the response is on its way (packets of a PLAY, the end of a session).
pub type AfterResponse = Box<dyn FnOnce() + Send>;

/// What a connection does from now on instead of reading requests. It ends with the connection, also in the middle.
pub type TakeOver = BoxFuture<'static, ()>;

/// The request, the objects modules see of it, and the answer as far as it is written.
///
/// Built-in modules get it as the context of their role call; C modules see the objects.
pub struct RequestContext {
    /// The server.
    pub server: Arc<Server>,
    /// The connection the request came on.
    pub connection: Arc<Connection>,
    /// `qtssRTSPRequestObjectType`.
    pub object: Arc<Object>,
    /// `qtssRTSPHeaderObjectType`.
    pub headers: Arc<Object>,
    request: Mutex<Option<Arc<Request>>>,
    session: Mutex<Option<Arc<ClientSession>>>,
    state: Mutex<Option<OwnedMutexGuard<SessionState>>>,
    response: Mutex<BytesMut>,
    after: Mutex<Vec<AfterResponse>>,
    taken_over: Mutex<Option<TakeOver>>,
    replaced: Mutex<Option<Bytes>>,
    profile: Arc<Object>,
    received_us: i64,
    head_written: AtomicBool,
    /// Bytes of the answer have left already.
    responded: AtomicBool,
    kept: Mutex<Vec<Box<dyn Any + Send>>>,
    pub(super) login: Mutex<Login>,
}

impl RequestContext {
    /// The context of a request whose text has just been read; nothing is parsed yet.
    ///
    /// # Errors
    /// When there is no memory for the text.
    pub fn new(server: &Arc<Server>, connection: &Arc<Connection>, text: &Bytes) -> Result<Arc<Self>, QtssError> {
        let object = server.objects.create(ObjectType::RtspRequest);
        let headers = server.objects.create_sharing_lock(ObjectType::RtspHeader, &object);
        let shared = RequestText::new(text, text.len())?;
        headers.set_text(Arc::clone(&shared));
        object.set_text(shared);
        object.set_window(qtssRTSPReqFullRequest, 0..text.len());
        object.set_u32(qtssRTSPReqStatusCode, Status::Ok.id());
        object.set_bool16(qtssRTSPReqRespKeepAlive, true);
        object.set_str(qtssRTSPReqRootDir, &server.prefs().movie_folder);
        object.set_object(qtssRTSPReqStreamRef, object.handle());
        let profile = server.objects.create_sharing_lock(ObjectType::UserProfile, &object);
        object.set_object(qtssRTSPReqUserProfile, profile.handle());
        let context = Arc::new(Self {
            server: Arc::clone(server),
            connection: Arc::clone(connection),
            object,
            headers,
            request: Mutex::new(None),
            session: Mutex::new(None),
            state: Mutex::new(None),
            response: Mutex::new(BytesMut::new()),
            after: Mutex::new(Vec::new()),
            taken_over: Mutex::new(None),
            replaced: Mutex::new(None),
            profile,
            received_us: server.clock.now_us(),
            head_written: AtomicBool::new(false),
            responded: AtomicBool::new(false),
            kept: Mutex::new(Vec::new()),
            login: Mutex::default(),
        });
        context.object.attach(Arc::downgrade(&context));
        Ok(context)
    }

    /// `qtssUserProfileObjectType`: who sent the request, as far as modules found out.
    pub fn profile(&self) -> &Arc<Object> {
        &self.profile
    }

    /// When the request was read, microseconds of the server's clock.
    pub fn received_us(&self) -> i64 {
        self.received_us
    }

    /// Keeps a value of a caller's own until the request is answered.
    pub fn keep(&self, value: Box<dyn Any + Send>) {
        self.kept.lock().push(value);
    }

    /// Works on the first kept value of a type.
    pub fn with_kept<T: Any, R>(&self, work: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.kept.lock().iter_mut().find_map(|value| value.downcast_mut()).map(work)
    }

    /// The parsed request; `None` in the Filter role.
    pub fn request(&self) -> Option<Arc<Request>> {
        self.request.lock().clone()
    }

    /// Attaches the parsed request.
    pub fn set_request(&self, request: Arc<Request>) {
        *self.request.lock() = Some(request);
    }

    /// A filter's text takes the place of what the client sent.
    pub(super) fn replace_text(&self, text: CText) {
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        let shared = RequestText::from_replacement(text);
        self.headers.set_text(Arc::clone(&shared));
        self.object.set_text(shared);
        self.object.set_window(qtssRTSPReqFullRequest, 0..bytes.len());
        *self.replaced.lock() = Some(bytes);
    }

    /// What a filter put in the request's place.
    pub(super) fn replaced_text(&self) -> Option<Bytes> {
        self.replaced.lock().clone()
    }

    /// A request header's value on one line.
    pub fn header(&self, header: Header) -> Option<String> {
        self.request.lock().as_ref()?.header_text(header).map(|text| text.into_owned())
    }

    /// The client session, once it is found or made.
    pub fn session(&self) -> Option<Arc<ClientSession>> {
        self.session.lock().clone()
    }

    /// Attaches the client session together with its mutex.
    pub fn set_session(&self, session: Arc<ClientSession>, guard: OwnedMutexGuard<SessionState>) {
        *self.session.lock() = Some(session);
        *self.state.lock() = Some(guard);
    }

    /// Works on the session's state, which this request has locked. `None` without a session.
    pub fn with_state<T>(&self, work: impl FnOnce(&mut SessionState) -> T) -> Option<T> {
        self.state.lock().as_mut().map(|guard| work(guard))
    }

    /// Lets go of the client session mutex.
    pub fn release_session(&self) {
        *self.state.lock() = None;
    }

    /// The role parameters of this request.
    pub fn params<'a>(self: &'a Arc<Self>, session: Option<&'a Arc<Object>>) -> RoleParams<'a> {
        RoleParams {
            rtsp_session: Some(&self.connection.object),
            request: Some(&self.object),
            headers: Some(&self.headers),
            client_session: session,
            stream: None,
            context: self,
        }
    }

    /// Has any byte of an answer been written?
    pub fn has_response(&self) -> bool {
        self.responded.load(Ordering::Acquire) || !self.response.lock().is_empty()
    }

    /// Looks at the answer so far.
    pub fn peek_response<T>(&self, look: impl FnOnce(&[u8]) -> T) -> T {
        look(&self.response.lock())
    }

    /// Bytes of the answer have gone past this context to the connection.
    pub fn note_response(&self) {
        self.responded.store(true, Ordering::Release);
    }

    /// Adds header lines; the first call writes the status line and the standard headers before them. With `end` the
    /// blank line follows. For modules that compose their answer piece by piece.
    pub fn add_headers(&self, end: bool, compose: impl FnOnce(&mut ResponseBuilder)) {
        let mut answer = match self.head_written.swap(true, Ordering::AcqRel) {
            true => ResponseBuilder::headers_only(),
            false => self.start_answer(),
        };
        compose(&mut answer);
        self.append(if end { answer.finish() } else { answer.into_lines() });
    }

    /// The status the answer has, or would have if it were written now.
    pub fn status(&self) -> Status {
        self.object.u32(qtssRTSPReqStatusCode).and_then(Status::from_id).unwrap_or(Status::Ok)
    }

    /// Sets the status the answer will have.
    pub fn set_status(&self, status: Status) {
        self.object.set_u32(qtssRTSPReqStatusCode, status.id());
        self.object.set_u32(qtssRTSPReqRealStatusCode, u32::from(status.code()));
    }

    /// Will the connection stay open after the answer?
    pub fn keep_alive(&self) -> bool {
        self.object.bool16(qtssRTSPReqRespKeepAlive).unwrap_or(true)
    }

    /// The connection is to be closed after the answer, unless media of a live session goes over it.
    pub fn close_after_response(&self) {
        if !self.connection.carries_media() {
            self.object.set_bool16(qtssRTSPReqRespKeepAlive, false);
        }
    }

    /// Writes an answer without a body: the standard first lines, then the headers that `compose` adds.
    pub fn respond(&self, compose: impl FnOnce(&mut ResponseBuilder)) {
        let mut answer = self.start_answer();
        compose(&mut answer);
        self.append(answer.finish());
    }

    /// Writes an answer with a body; `compose` adds the `Content-length` where it belongs among the headers.
    pub fn respond_with_body(&self, compose: impl FnOnce(&mut ResponseBuilder), body: &[u8]) {
        let mut answer = self.start_answer();
        compose(&mut answer);
        self.append(answer.finish_before_body(body));
    }

    fn start_answer(&self) -> ResponseBuilder {
        let prefs = self.server.prefs();
        let request = self.request();
        let value = |header| request.as_ref().and_then(|request| request.header(header));
        ResponseBuilder::new(&ResponseHead {
            status: self.status(),
            server: prefs.rtsp_server_info.then_some(self.server.identity.as_str()),
            cseq: value(Header::CSeq).unwrap_or_default(),
            session: value(Header::Session),
            close: !self.keep_alive(),
            adaptation: value(Header::ThreeGppAdaptation).filter(|_| prefs.enable_3gpp_protocol),
        })
    }

    fn append(&self, bytes: BytesMut) {
        let mut response = self.response.lock();
        if response.is_empty() {
            *response = bytes;
        } else {
            response.extend_from_slice(&bytes);
        }
    }

    /// An error answer: status, `Connection: Close` where `status` ends the conversation, and a text if
    /// `RTSP_error_message` is on.
    pub fn respond_error(&self, status: Status, message: &str) {
        self.set_status(status);
        self.object.set_str(qtssRTSPReqRespMsg, message);
        if closes_connection(status) {
            self.close_after_response();
        }
        self.finish_error(self.start_answer(), message);
    }

    /// The answer to text that could not be parsed: the CSeq is whatever could be found.
    pub fn respond_parse_error(&self, error: &RequestError) {
        self.set_status(error.status());
        if error.must_close() {
            self.close_after_response();
        }
        let server = &self.server;
        let answer = ResponseBuilder::new(&ResponseHead {
            server: server.prefs().rtsp_server_info.then_some(server.identity.as_str()),
            close: !self.keep_alive(),
            ..ResponseHead::new(error.status(), error.cseq.as_deref().unwrap_or_default())
        });
        self.finish_error(answer, &error.to_string());
    }

    fn finish_error(&self, answer: ResponseBuilder, message: &str) {
        if self.server.prefs().rtsp_error_message {
            self.append(answer.finish_with_body(message.as_bytes()));
        } else {
            self.append(answer.finish());
        }
    }

    /// Puts bytes into the answer as they are.
    pub fn write_raw(&self, bytes: &[u8]) {
        self.response.lock().extend_from_slice(bytes);
    }

    /// The answer so far; leaves nothing behind.
    pub fn take_response(&self) -> Bytes {
        self.response.lock().split().freeze()
    }

    /// Runs `work` when the answer has been handed to the kernel.
    pub fn after_response(&self, work: AfterResponse) {
        self.after.lock().push(work);
    }

    /// A module goes on with the connection when the answer so far (which may be empty) is sent: no further request is
    /// read, and the connection ends with `work`. The module has taken the input with [`Connection::take_input`].
    pub fn take_over(&self, work: TakeOver) {
        *self.taken_over.lock() = Some(work);
        self.note_response();
    }

    /// What goes on with the connection, if a module has taken it over.
    pub(super) fn taken_over(&self) -> Option<TakeOver> {
        self.taken_over.lock().take()
    }

    /// Takes the work that waits for the answer.
    pub fn take_after(&self) -> Vec<AfterResponse> {
        std::mem::take(&mut *self.after.lock())
    }
}

/// Which error answers end the connection: DSS closes on all but a few; those a client can go on from keep it.
fn closes_connection(status: Status) -> bool {
    !matches!(
        status,
        Status::Ok
            | Status::NotModified
            | Status::Unauthorized
            | Status::SessionNotFound
            | Status::MethodNotValidInState
            | Status::InvalidRange
            | Status::AggregateOptionNotAllowed
            | Status::OnlyAggregateOptionAllowed
            | Status::UnsupportedTransport
            | Status::OptionNotSupported
    )
}
