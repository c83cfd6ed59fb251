//! One TCP connection: reads events, walks requests in order, hands interleaved frames to their streams.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;

use super::contain::contain;
use super::context::RequestContext;
use super::session::ClientSession;
use super::tunnel::{GetHalf, PostHalf};
use super::{Server, objects, walk};
use crate::qtss::attr::*;
use crate::qtss::{ClosingReason, Object, Role, RoleCall, RoleParams};
use crate::rtp::{ConnWriter, RtpStream, Transport, Written};
use crate::rtsp::extensions::DynamicRate;
use crate::rtsp::response::{ResponseHead, error_response, options_probe};
use crate::rtsp::session::SessionHeader;
use crate::rtsp::tunnel::{Base64Decoder, TunnelHalf, TunnelRequest, get_answer};
use crate::rtsp::{Event, Header, RawRequest, RequestReader, SessionId, Status};

/// Bytes asked of the socket at once.
const READ_CHUNK: usize = 16 * 1024;

/// How long the answer to our OPTIONS probe is waited for before the SETUP is answered without it.
const PROBE_TIMEOUT: Duration = Duration::from_secs(3);

/// Bytes of the probe's body, as QuickTime expects.
const PROBE_BYTES: usize = 1400;

/// How long a closing connection may take to deliver what is still queued.
const LINGER: Duration = Duration::from_secs(5);

/// How long a client may take to accept an answer.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);

/// Interleaved frames kept while the answer to a probe is awaited; more are dropped, as a full network would.
const MAX_HELD: usize = 64;

/// Sessions a connection remembers before it looks which of them have ended.
const MANY_SESSIONS: usize = 32;

/// What all that works for a connection shares.
pub struct Connection {
    /// Its number, from 1.
    pub id: u32,
    /// The client's address.
    pub peer: SocketAddr,
    /// Our address.
    pub local: SocketAddr,
    /// `qtssRTSPSessionObjectType`.
    pub object: Arc<Object>,
    /// All output goes through here, responses and interleaved frames alike.
    pub writer: Arc<ConnWriter>,
    sessions: Mutex<Bindings>,
    reading: AsyncMutex<Reading>,
    probed: AtomicBool,
}

/// The input side; only the connection's own task (and the probe it makes) locks it.
struct Reading {
    stream: Arc<TcpStream>,
    reader: RequestReader,
    /// Events that arrived while the answer to a probe was awaited.
    held: VecDeque<Event>,
    /// The GET half of a tunnel reads what its POSTs bring; the socket itself only tells when the client is gone.
    tunnel: Option<GetHalf>,
}

/// Which sessions the connection knows.
#[derive(Default)]
struct Bindings {
    /// The session that a DESCRIBE began and no SETUP has taken yet.
    implicit: Option<SessionId>,
    /// The session of the last request that named one.
    remembered: Option<SessionId>,
    /// The sessions that requests on this connection were about.
    served: HashSet<SessionId>,
    /// The session whose request is being walked.
    current: Option<SessionId>,
    /// Streams whose packets go over this connection, by channel. A session may end without the connection's doing.
    channels: HashMap<u8, Bound>,
}

/// Takes what a broadcaster sends on a stream's channels: whether it is RTCP, and the packet.
pub type FrameSink = Arc<dyn Fn(bool, &[u8]) + Send + Sync>;

/// Whose frames come on a channel.
#[derive(Clone)]
struct Bound {
    session: Weak<ClientSession>,
    stream: Weak<RtpStream>,
    /// For streams that the client sends.
    sink: Option<FrameSink>,
}

impl Bindings {
    /// Forgets the channels of sessions that have ended.
    fn free_channels(&mut self) {
        self.channels.retain(|_, bound| {
            bound.stream.strong_count() > 0 && bound.session.upgrade().is_some_and(|session| !session.is_closing())
        });
    }
}

impl Connection {
    /// The session a `Session` header names, if this peer may use it: sessions belong to the address that made them.
    pub(super) fn server_session(&self, server: &Server, text: &str) -> Option<Arc<ClientSession>> {
        let id = SessionHeader::parse(text).id?;
        server.sessions.find(id).filter(|session| session.peer == self.peer.ip())
    }

    /// The session that requests without a `Session` header belong to.
    pub(super) fn remembered(&self, server: &Server) -> Option<Arc<ClientSession>> {
        let sessions = self.sessions.lock();
        let id = sessions.remembered.or(sessions.implicit)?;
        drop(sessions);
        server.sessions.find(id)
    }

    /// Remembers (or forgets) the session of the last request.
    pub(super) fn remember(&self, id: Option<SessionId>) {
        self.sessions.lock().remembered = id;
    }

    /// The session that a DESCRIBE began.
    pub(super) fn implicit(&self, server: &Server) -> Option<Arc<ClientSession>> {
        let id = self.sessions.lock().implicit?;
        server.sessions.find(id)
    }

    /// A DESCRIBE (or the first SETUP) begins a session.
    pub(super) fn set_implicit(&self, id: SessionId) {
        self.sessions.lock().implicit = Some(id);
    }

    /// SETUP takes the session that DESCRIBE began; what follows has to name it.
    pub(super) fn take_implicit(&self, server: &Server) -> Option<Arc<ClientSession>> {
        let mut sessions = self.sessions.lock();
        sessions.remembered = None;
        let id = sessions.implicit.take()?;
        drop(sessions);
        server.sessions.find(id)
    }

    /// A request on `session` begins.
    pub(super) fn begin_request(&self, server: &Server, session: &ClientSession) {
        session.attend(self.id);
        let mut bindings = self.sessions.lock();
        bindings.current = Some(session.id);
        if bindings.served.insert(session.id) && bindings.served.len() > MANY_SESSIONS {
            bindings.served.retain(|id| server.sessions.find(*id).is_some());
        }
    }

    /// The request's walk is over.
    pub(super) fn end_request(&self) {
        self.sessions.lock().current = None;
    }

    /// Do this stream's packets go over this connection?
    pub(super) fn carries(&self, stream: &RtpStream) -> bool {
        matches!(stream.transport(), Transport::Interleaved { conn, .. } if Arc::ptr_eq(conn, &self.writer))
    }

    /// Does media of a live session go over this connection?
    pub fn carries_media(&self) -> bool {
        let mut bindings = self.sessions.lock();
        bindings.free_channels();
        !bindings.channels.is_empty()
    }

    /// Is it a broadcaster's, who may have nothing to say for hours while it sends?
    fn serves_broadcaster(&self, server: &Server) -> bool {
        let served: Vec<_> = self.sessions.lock().served.iter().copied().collect();
        served.into_iter().filter_map(|id| server.sessions.find(id)).any(|session| session.is_broadcaster())
    }

    /// Reserves a channel pair: the wanted one if both numbers are free, else the first free pair from 0-1 up. Those of
    /// the stream whose place the new one takes count as free.
    pub fn reserve_channels(&self, wanted: Option<(u8, u8)>, former: Option<&Arc<RtpStream>>) -> Option<(u8, u8)> {
        let mut sessions = self.sessions.lock();
        sessions.free_channels();
        let is_former = |stream: &Weak<RtpStream>| former.is_some_and(|former| is(stream, former));
        let free = |channel: u8| sessions.channels.get(&channel).is_none_or(|bound| is_former(&bound.stream));
        match wanted {
            Some((rtp, rtcp)) if rtp != rtcp && free(rtp) && free(rtcp) => Some((rtp, rtcp)),
            _ => (0..=254).step_by(2).map(|rtp| (rtp, rtp + 1)).find(|(rtp, rtcp)| free(*rtp) && free(*rtcp)),
        }
    }

    /// Frames on these channels belong to `stream` from now on.
    pub fn bind_channels(&self, channels: (u8, u8), session: &Arc<ClientSession>, stream: &Arc<RtpStream>) {
        let mut sessions = self.sessions.lock();
        for channel in [channels.0, channels.1] {
            let bound = Bound { session: Arc::downgrade(session), stream: Arc::downgrade(stream), sink: None };
            sessions.channels.insert(channel, bound);
        }
    }

    /// What the client sends on the channels of `stream` goes to `sink` from now on.
    pub fn receive_frames(&self, stream: &Arc<RtpStream>, sink: &FrameSink) {
        let mut sessions = self.sessions.lock();
        for bound in sessions.channels.values_mut().filter(|bound| is(&bound.stream, stream)) {
            bound.sink = Some(Arc::clone(sink));
        }
    }

    /// A stream is given up: what channels it has are free again.
    pub fn release_stream(&self, stream: &Arc<RtpStream>) {
        self.sessions.lock().channels.retain(|_, bound| !is(&bound.stream, stream));
    }

    /// A session has ended: its channels are free again.
    pub fn release_session(&self, id: SessionId) {
        let mut sessions = self.sessions.lock();
        sessions.channels.retain(|_, bound| bound.session.upgrade().is_some_and(|session| session.id != id));
        sessions.served.remove(&id);
        if sessions.implicit == Some(id) {
            sessions.implicit = None;
        }
    }

    /// Sends our own OPTIONS with 1400 bytes and measures how long the answer takes, once per connection, if the
    /// client asked for it with `x-Dynamic-Rate: 1` or more (old QuickTime). No answer within 3 s: no figure.
    pub(super) async fn measure_round_trip(&self, ctx: &RequestContext) {
        let asked = ctx.header(Header::XDynamicRate).and_then(|text| DynamicRate::parse(&text));
        if asked != Some(DynamicRate::On) || self.probed.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut body = vec![0; PROBE_BYTES];
        rand::RngCore::fill_bytes(&mut rand::rng(), &mut body);
        let sent = Instant::now();
        if self.send(&options_probe(1, &body)).await.is_err() {
            return;
        }
        if tokio::time::timeout(PROBE_TIMEOUT, self.await_response()).await.is_ok_and(|answered| answered) {
            let millis = u32::try_from(sent.elapsed().as_millis()).unwrap_or(u32::MAX);
            ctx.with_state(|state| state.round_trip_ms = Some(millis));
        }
    }

    /// Waits for a response line; what else arrives is kept for later. False when the connection ends, or the client
    /// sends a request instead.
    async fn await_response(&self) -> bool {
        let mut reading = self.reading.lock().await;
        loop {
            match reading.reader.next_event() {
                Event::Response(_) => return true,
                Event::NeedMore => match reading.fill().await {
                    Ok(count) if count > 0 => {}
                    _ => return false,
                },
                event @ Event::Interleaved { .. } if reading.held.len() < MAX_HELD => reading.held.push_back(event),
                Event::Interleaved { .. } => {}
                event => {
                    reading.held.push_back(event);
                    return false;
                }
            }
        }
    }
}

impl Connection {
    /// Sends text of ours, waiting until the kernel has all of it, but not longer than 30 s.
    pub(super) async fn send(&self, bytes: &[u8]) -> io::Result<()> {
        match self.writer.send_response(bytes)? {
            Written::Sent => Ok(()),
            Written::Queued => match tokio::time::timeout(SEND_TIMEOUT, self.writer.flush()).await {
                Ok(flushed) => flushed,
                Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read its answers")),
            },
        }
    }
}

/// Reads and drops what a peer sends that has nothing more to say here, until it closes.
///
/// # Errors
/// What the socket reported instead of an end.
pub async fn drained(stream: &TcpStream) -> io::Result<()> {
    loop {
        stream.ready(Interest::READABLE).await?;
        match stream.try_read(&mut [0; 512]) {
            Ok(0) => return Ok(()),
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
            _ => {}
        }
    }
}

/// Is this the stream?
fn is(bound: &Weak<RtpStream>, stream: &Arc<RtpStream>) -> bool {
    std::ptr::eq(bound.as_ptr(), Arc::as_ptr(stream))
}

/// What reading a request's body gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyRead {
    /// So many bytes, at least one.
    Bytes(usize),
    /// None have arrived yet.
    NotYet,
    /// All have been read.
    End,
    /// The connection is gone.
    Lost,
}

impl Connection {
    /// Takes bytes of the body of the request in progress, as far as they are here. Does not wait.
    pub fn read_body(&self, buffer: &mut [u8]) -> BodyRead {
        let Ok(mut reading) = self.reading.try_lock() else { return BodyRead::NotYet };
        for _ in 0..2 {
            let bytes = reading.reader.take_body(buffer.len());
            if let (false, Some(target)) = (bytes.is_empty(), buffer.get_mut(..bytes.len())) {
                target.copy_from_slice(&bytes);
                return BodyRead::Bytes(bytes.len());
            }
            if reading.reader.body_left() == 0 {
                return BodyRead::End;
            }
            match reading.read_once() {
                Ok(0) => return BodyRead::Lost,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return BodyRead::NotYet,
                Err(_) => return BodyRead::Lost,
            }
        }
        BodyRead::NotYet
    }

    /// Takes the input over for another protocol: what was read beyond the request in progress, and the socket that the
    /// rest comes from. `None` inside a tunnel and where media of a session go over the connection.
    pub async fn take_input(&self) -> Option<(BytesMut, Arc<TcpStream>)> {
        if self.carries_media() {
            return None;
        }
        let mut reading = self.reading.lock().await;
        if reading.tunnel.is_some() || !reading.held.is_empty() {
            return None;
        }
        Some((reading.reader.take_rest(), Arc::clone(&reading.stream)))
    }

    /// The whole body of the request in progress, waiting for what is not here yet. `None` when the connection ends before
    /// that, or the body is longer than `longest` bytes.
    pub async fn body(&self, longest: usize) -> Option<Vec<u8>> {
        let mut reading = self.reading.lock().await;
        if reading.reader.body_left() > longest as u64 {
            return None;
        }
        let mut body = Vec::new();
        loop {
            let bytes = reading.reader.take_body(longest);
            body.extend_from_slice(&bytes);
            if reading.reader.body_left() == 0 {
                return Some(body);
            }
            if bytes.is_empty() && !matches!(reading.fill().await, Ok(count) if count > 0) {
                return None;
            }
        }
    }

    /// Waits until the client has sent something more, or is gone.
    pub async fn readable(&self) {
        let stream = {
            let reading = self.reading.lock().await;
            if reading.reader.body_left() > 0 && reading.reader.buffered() > 0 {
                return;
            }
            Arc::clone(&reading.stream)
        };
        let _ = stream.readable().await; // an error is an event too
    }
}

impl Reading {
    /// Reads once from the socket; 0 at its end. The buffer lives on the stack: thousands of idle connections keep none.
    async fn fill(&mut self) -> io::Result<usize> {
        if let Some(tunnel) = &mut self.tunnel {
            return tokio::select! {
                text = tunnel.receiver.recv() => {
                    let text = text.unwrap_or_default();
                    self.reader.push(&text);
                    Ok(text.len())
                }
                gone = drained(&self.stream) => gone.map(|()| 0),
            };
        }
        loop {
            self.stream.ready(Interest::READABLE).await?;
            match self.read_once() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return result,
            }
        }
    }

    fn read_once(&mut self) -> io::Result<usize> {
        let mut chunk = [0; READ_CHUNK];
        let count = self.stream.try_read(&mut chunk)?;
        self.reader.push(chunk.get(..count).unwrap_or_default());
        Ok(count)
    }

    /// The next event, waiting for bytes until `deadline`. `None` at the end of the stream.
    async fn next(&mut self) -> io::Result<Option<Event>> {
        loop {
            if let Some(event) = self.held.pop_front() {
                return Ok(Some(event));
            }
            match self.reader.next_event() {
                Event::NeedMore => {}
                event => return Ok(Some(event)),
            }
            if self.fill().await? == 0 {
                return Ok(None);
            }
        }
    }
}

/// Serves one connection to its end.
///
/// # Errors
/// What the socket reported, when the peer did not close in order.
pub(super) async fn serve(server: Arc<Server>, stream: TcpStream, peer: SocketAddr) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let local = stream.local_addr()?;
    let stream = Arc::new(stream);
    let writer = ConnWriter::new(Arc::clone(&stream), peer);
    let id = server.next_connection_id();
    let object = objects::new_rtsp_session(&server.objects, id, peer, local);
    let reading = Reading { stream, reader: RequestReader::new(), held: VecDeque::new(), tunnel: None };
    let connection = Arc::new(Connection {
        id,
        peer,
        local,
        object,
        writer,
        sessions: Mutex::default(),
        reading: AsyncMutex::new(reading),
        probed: AtomicBool::new(false),
    });
    connection.object.attach(Arc::downgrade(&connection));
    server.stats.current_rtsp.fetch_add(1, Ordering::Relaxed);
    let result = contain(|| format!("connection from {peer}"), run(&server, &connection)).await;
    if result.is_none() {
        end_current(&server, &connection);
    }
    let _ = contain(|| format!("end of the connection from {peer}"), end(&server, &connection)).await;
    server.stats.current_rtsp.fetch_sub(1, Ordering::Relaxed);
    result.unwrap_or(Ok(()))
}

/// A request has panicked: its session is not to be trusted any more.
fn end_current(server: &Arc<Server>, connection: &Arc<Connection>) {
    let current = connection.sessions.lock().current;
    if let Some(session) = current.and_then(|id| server.sessions.find(id)) {
        session.last_status.store(500, Ordering::Relaxed);
        server.begin_closing(&session, ClosingReason::Teardown);
    }
}

async fn run(server: &Arc<Server>, connection: &Arc<Connection>) -> io::Result<()> {
    let mut shutdown = server.shutdown_signal();
    let mut first = true;
    let mut _tunnel = None;
    loop {
        let event = tokio::select! {
            event = next_event(server, connection) => event?,
            _ = shutdown.wait_for(|stop| *stop) => return Ok(()),
        };
        let Some(event) = event else { return Ok(()) };
        match event {
            Event::Request(raw) => {
                if std::mem::take(&mut first) {
                    match open_tunnel(server, connection, &raw).await? {
                        Half::None => {}
                        Half::Get(counted) => {
                            _tunnel = Some(counted);
                            continue;
                        }
                        Half::Post => return Ok(()),
                    }
                }
                if !handle_request(server, connection, raw).await? {
                    return Ok(());
                }
            }
            Event::Interleaved { channel, payload } => incoming_data(server, connection, channel, &payload).await,
            Event::Response(_) | Event::NeedMore => {}
            // A request without a blank in it; modules look at it as at any other, and nobody else knows what it means.
            Event::PasswordLine(line) => {
                let text = Bytes::from([&line, &b"\r\n"[..]].concat());
                if !handle_request(server, connection, RawRequest { text, content_length: 0 }).await? {
                    return Ok(());
                }
            }
            Event::Error(error) => {
                refuse_bytes(server, connection, error.status(), error.cseq.as_deref()).await?;
                return Ok(());
            }
        }
    }
}

/// What a connection's first request made of it.
enum Half {
    /// An ordinary connection.
    None,
    /// The GET of a tunnel: answers and media go out here. Counted as long as the value lives.
    Get(CountedTunnel),
    /// A POST of a tunnel, which has ended.
    Post,
}

/// One more tunnel in the figures, until dropped.
struct CountedTunnel(Arc<Server>);

impl CountedTunnel {
    fn new(server: &Arc<Server>) -> Self {
        server.stats.current_http.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(server))
    }
}

impl Drop for CountedTunnel {
    fn drop(&mut self) {
        self.0.stats.current_http.fetch_sub(1, Ordering::Relaxed);
    }
}

/// RTSP in HTTP: recognised on a connection's first request only. A POST is served here to its end.
async fn open_tunnel(server: &Arc<Server>, connection: &Arc<Connection>, raw: &RawRequest) -> io::Result<Half> {
    let Some(request) = TunnelRequest::recognize(raw) else { return Ok(Half::None) };
    match request.half {
        TunnelHalf::Get => {
            let Ok(half) = server.tunnels.open_get(request.cookie) else { return Ok(Half::Post) };
            let prefs = server.prefs();
            let name = prefs.rtsp_server_info.then_some(server.identity.as_str());
            let address = connection.local.ip().to_canonical().to_string();
            let address = prefs.do_report_http_connection_ip_address.then_some(address.as_str());
            connection.reading.lock().await.tunnel = Some(half);
            connection.send(&get_answer(name, address)).await?;
            Ok(Half::Get(CountedTunnel::new(server)))
        }
        TunnelHalf::Post => {
            if let Ok(half) = server.tunnels.open_post(request.cookie) {
                relay_post(server, connection, half).await?;
            }
            Ok(Half::Post)
        }
    }
}

/// Decodes what a POST carries and hands it to the GET, until either end closes.
async fn relay_post(server: &Server, connection: &Connection, half: PostHalf) -> io::Result<()> {
    let mut reading = connection.reading.lock().await;
    let mut decoder = Base64Decoder::new();
    let mut text = reading.reader.take_rest();
    loop {
        if text.is_empty() {
            let limit = Duration::from_secs(u64::from(server.prefs().real_rtsp_timeout.max(1)));
            let filled = tokio::select! {
                filled = tokio::time::timeout(limit, reading.fill()) => filled,
                () = half.sender.closed() => return Ok(()), // the GET is gone
            };
            let Ok(count) = filled else { return Ok(()) };
            if count? == 0 {
                return Ok(());
            }
            text = reading.reader.take_rest();
        }
        let mut decoded = BytesMut::new();
        decoder.decode(&text, &mut decoded);
        text.clear();
        if !decoded.is_empty() && half.sender.send(decoded).await.is_err() {
            return Ok(());
        }
    }
}

/// The next event, or `None` when the peer has closed or was silent for `real_rtsp_timeout` with no session to wait for.
async fn next_event(server: &Arc<Server>, connection: &Arc<Connection>) -> io::Result<Option<Event>> {
    let mut reading = connection.reading.lock().await;
    loop {
        let limit = server.prefs().real_rtsp_timeout;
        if limit == 0 {
            return reading.next().await;
        }
        match tokio::time::timeout(Duration::from_secs(u64::from(limit)), reading.next()).await {
            Ok(event) => return event,
            Err(_) if connection.carries_media() || connection.serves_broadcaster(server) => {}
            Err(_) => return Ok(None),
        }
    }
}

/// Walks a request and writes its answer; false when the connection ends with it.
async fn handle_request(server: &Arc<Server>, connection: &Arc<Connection>, raw: RawRequest) -> io::Result<bool> {
    let asked_to_close =
        raw.header("Connection").is_some_and(|value| value.trim_ascii().eq_ignore_ascii_case(b"close"));
    let ctx = match walk::walk(server, connection, raw).await {
        Ok(ctx) => ctx,
        Err(_) => {
            refuse_bytes(server, connection, Status::InternalServerError, None).await?;
            return Ok(false);
        }
    };
    let response = ctx.take_response();
    let sent = if response.is_empty() { Ok(()) } else { connection.send(&response).await };
    // A client that is gone before it has its answer meant what it said all the same.
    for work in ctx.take_after() {
        work();
    }
    sent?;
    let taken_over = ctx.taken_over();
    if let Some(work) = taken_over {
        drop(ctx); // such connections are many and last
        let mut shutdown = server.shutdown_signal();
        tokio::select! {
            () = work => {}
            _ = shutdown.wait_for(|stop| *stop) => {}
        }
        return Ok(false);
    }
    // Media of a live session are not cut by one request that failed, whatever a module says about it.
    Ok(!asked_to_close && (ctx.keep_alive() || connection.carries_media()))
}

/// Answers bytes that are no request; the connection ends with it.
async fn refuse_bytes(
    server: &Arc<Server>,
    connection: &Arc<Connection>,
    status: Status,
    cseq: Option<&[u8]>,
) -> io::Result<()> {
    let head = ResponseHead {
        server: server.prefs().rtsp_server_info.then_some(server.identity.as_str()),
        close: true,
        ..ResponseHead::new(status, cseq.unwrap_or_default())
    };
    connection.send(&error_response(&head, None)).await
}

/// An interleaved frame from the client: receiver reports on odd channels; a number never handed out is dropped.
async fn incoming_data(server: &Arc<Server>, connection: &Arc<Connection>, channel: u8, payload: &[u8]) {
    let found = connection.sessions.lock().channels.get(&channel).cloned();
    let upgraded = |bound: Bound| Some((bound.session.upgrade()?, bound.stream.upgrade()?, bound.sink));
    if let Some((session, stream, sink)) = found.and_then(upgraded) {
        session.refresh(server.now_ms());
        let is_rtcp =
            matches!(stream.transport(), Transport::Interleaved { rtcp_channel, .. } if *rtcp_channel == channel);
        if let Some(sink) = sink {
            sink(is_rtcp, payload);
        } else if is_rtcp {
            let summary = stream.handle_rtcp(server.clock.as_ref(), payload);
            server.rtcp_received(&stream, payload, &summary);
        }
    }
    let modules = server.registry.modules_in(Role::RtspIncomingData);
    if modules.is_empty() {
        return;
    }
    let mut frame = Vec::with_capacity(payload.len() + 4);
    frame.extend_from_slice(&[b'$', channel]);
    frame.extend_from_slice(&u16::try_from(payload.len()).unwrap_or(u16::MAX).to_be_bytes());
    frame.extend_from_slice(payload);
    for module in modules.iter() {
        let params = RoleParams { rtsp_session: Some(&connection.object), ..RoleParams::new(connection) };
        let _ = module.call(RoleCall::IncomingData { params, data: &frame }).await;
    }
}

/// The connection is gone: what was interleaved on it ends at once, what was only described leaves no slot.
async fn end(server: &Arc<Server>, connection: &Arc<Connection>) {
    if tokio::time::timeout(LINGER, connection.writer.flush()).await.is_err() {
        tracing::debug!("{}: closed with unsent bytes", connection.peer);
    }
    connection.writer.close();
    let served = std::mem::take(&mut *connection.sessions.lock()).served;
    for session in served.into_iter().filter_map(|id| server.sessions.find(id)) {
        server.connection_lost(&session, connection).await;
    }
    for module in server.registry.modules_in(Role::RtspSessionClosing).iter() {
        let params = RoleParams { rtsp_session: Some(&connection.object), ..RoleParams::new(connection) };
        let _ = module.call(RoleCall::RtspSessionClosing(params)).await;
    }
    connection.object.set_u32(qtssRTSPSesType, 0);
}
