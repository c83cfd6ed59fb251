//! Sessions whose packets come from C modules: the SendPackets role, and what QTSS_Write does with a packet.
//!
//! The module's packets go straight to the session's transports (the streams and connections are the same that the send
//! workers use); a task per playing session calls its owner when it asked to be called.

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, OnceLock, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use qtss_sys as sys;
use tokio::time::Instant;

use super::call::{CallState, Task};
use super::host::Host;
use super::module::Core;
use crate::qtss::attr::*;
use crate::qtss::{ClosingReason, Handle, QtssError};
use crate::rtp::{
    Gather, OverbufferWindow, RTP_HEADER_LEN, RtpStream, SenderReport, Transport, Verdict, interleaved_prefix,
    ntp_from_unix_us,
};
use crate::server::streams::{self, AddedStream, StreamInfo};
use crate::server::{ClientSession, PlayState, RequestContext, Server};

/// `qtssWriteFlagsIsRTP`.
const IS_RTP: u32 = 1;
/// `qtssWriteFlagsIsRTCP`.
const IS_RTCP: u32 = 2;

/// `qtssPlayFlagsSendRTCP`, and its number in the headers of 5.x.
const SEND_RTCP: u32 = 0x10 | 1;

/// Time between sender reports.
const REPORT_INTERVAL_US: i64 = 5_000_000;

/// How often a session that waits for nothing in particular is looked at.
const LOOK_AROUND: Duration = Duration::from_secs(1);

/// Clock rate of streams whose module has not said.
const DEFAULT_CLOCK_RATE: u32 = 90_000;

/// A stream added by a C module.
pub(super) struct ModuleStream {
    object: Handle,
    transport: String,
    retransmit: Option<String>,
    sender: Arc<Sender>,
    /// When the last sender report went out, microseconds of the QTSS clock; `i64::MIN` for never.
    reported_us: AtomicI64,
}

/// A session with such streams.
pub(super) struct Sender {
    session: Weak<ClientSession>,
    owner: OnceLock<Arc<Core>>,
    playing: AtomicBool,
    flags: AtomicU32,
    /// Counts plays; the task of an earlier one ends.
    play: AtomicU64,
    task: Arc<Task>,
    window: Mutex<OverbufferWindow>,
}

#[derive(Default)]
struct Tables {
    streams: HashMap<Handle, Arc<ModuleStream>>,
    senders: HashMap<Handle, Arc<Sender>>,
}

static TABLES: LazyLock<Mutex<Tables>> = LazyLock::new(Mutex::default);

impl Tables {
    /// Forgets sessions that are gone.
    fn prune(&mut self) {
        self.senders.retain(|_, sender| sender.session.strong_count() > 0);
        self.streams.retain(|_, stream| stream.sender.session.strong_count() > 0);
    }

    fn sender(&mut self, session: &Arc<ClientSession>) -> Arc<Sender> {
        let make = || {
            Arc::new(Sender {
                session: Arc::downgrade(session),
                owner: OnceLock::new(),
                playing: AtomicBool::new(false),
                flags: AtomicU32::new(0),
                play: AtomicU64::new(0),
                task: Arc::default(),
                window: Mutex::new(OverbufferWindow::new(false)),
            })
        };
        Arc::clone(self.senders.entry(session.object.handle()).or_insert_with(make))
    }
}

/// The stream of a handle, if a C module added it.
pub(super) fn stream(object: Handle) -> Option<Arc<ModuleStream>> {
    TABLES.lock().streams.get(&object).cloned()
}

fn sender(session: &ClientSession) -> Option<Arc<Sender>> {
    TABLES.lock().senders.get(&session.object.handle()).cloned()
}

impl ModuleStream {
    /// Its session, while it lives.
    pub(super) fn session(&self) -> Option<Arc<ClientSession>> {
        self.sender.session.upgrade()
    }

    fn rtp(&self) -> Option<Arc<RtpStream>> {
        self.object.object()?.attached::<Arc<RtpStream>>().cloned()
    }

    /// What the answer to its SETUP needs.
    pub(super) fn added(&self) -> Option<AddedStream> {
        let (transport, retransmit) = (self.transport.clone(), self.retransmit.clone());
        Some(AddedStream { stream: self.rtp()?, transport, retransmit })
    }
}

/// QTSS_AddRTPStream. On RequestFailed the answer has been written.
pub(super) fn add_stream(
    context: &Arc<RequestContext>,
    session: &Arc<ClientSession>,
    _flags: u32,
) -> Result<Handle, QtssError> {
    let is_session = context.session().is_some_and(|of| Arc::ptr_eq(&of, session));
    if !is_session {
        return Err(QtssError::BadArgument);
    }
    let info = StreamInfo {
        track_id: context.request().and_then(|r| crate::rtsp::path::track_id(r.path())).unwrap_or(0),
        payload_name: String::new(),
        clock_rate: DEFAULT_CLOCK_RATE,
        is_video: false,
        worst_quality: 0,
    };
    let added = streams::add_stream(context, session, &info).ok_or(QtssError::RequestFailed)?;
    let last = context.with_state(|state| state.streams.last().map(|of| of.object.handle())).flatten();
    let object = last.ok_or(QtssError::RequestFailed)?;
    let mut tables = TABLES.lock();
    tables.prune();
    let sender = tables.sender(session);
    let stream = ModuleStream {
        object,
        transport: added.transport,
        retransmit: added.retransmit,
        sender,
        reported_us: AtomicI64::new(i64::MIN),
    };
    tables.streams.insert(object, Arc::new(stream));
    Ok(object)
}

/// After a PreProcessor or Request call: the first module that leaves a stream behind owns the session.
pub(super) fn adopt(session: &Arc<ClientSession>, module: &Arc<Core>) {
    if let Some(sender) = sender(session) {
        let _ = sender.owner.set(Arc::clone(module));
    }
}

/// Changes the play state of a session, in this thread's request if that has the session, else as soon as it is free.
fn set_state(host: &'static Host, session: &Arc<ClientSession>, play: PlayState) {
    match CallState::context_of(session) {
        Some(context) => drop(context.with_state(|state| state.play = play)),
        None => {
            let session = Arc::clone(session);
            host.runtime.spawn(async move { session.state.lock().await.play = play });
        }
    }
}

/// QTSS_Play: packets after the answer to the request in progress.
pub(super) fn play(session: &Arc<ClientSession>, flags: u32) -> Result<(), QtssError> {
    let host = Host::get()?;
    let server = host.server()?;
    let sender = sender(session).ok_or(QtssError::RequestFailed)?;
    let owner = Arc::clone(sender.owner.get().ok_or(QtssError::RequestFailed)?);
    sender.flags.store(flags, Ordering::Relaxed);
    *sender.window.lock() = OverbufferWindow::new(sender.is_reliable());
    if !sender.playing.swap(true, Ordering::AcqRel) {
        server.note_play(session, 0);
    }
    set_state(host, session, PlayState::Playing);
    let number = sender.play.fetch_add(1, Ordering::AcqRel) + 1;
    let start = move || {
        host.runtime.spawn(drive(host, sender, owner, number));
    };
    match CallState::context_of(session) {
        Some(context) => context.after_response(Box::new(start)),
        None => start(),
    }
    Ok(())
}

/// QTSS_Pause; also for sessions that built-in modules play.
pub(super) fn pause(session: &Arc<ClientSession>) -> Result<(), QtssError> {
    let host = Host::get()?;
    let server = Arc::clone(host.server()?);
    match sender(session) {
        Some(sender) => {
            sender.play.fetch_add(1, Ordering::AcqRel);
            if sender.playing.swap(false, Ordering::AcqRel) {
                server.note_pause(session);
                set_state(host, session, PlayState::Paused);
            }
            sender.task.wake();
        }
        None => {
            let session = Arc::clone(session);
            host.runtime.spawn(async move {
                let mut state = session.state.lock().await;
                if state.play == PlayState::Playing {
                    state.position = server.engine.pause(session.key()).await;
                    state.play = PlayState::Paused;
                    state.stopped_at_ms = Some(server.now_ms());
                    server.note_pause(&session);
                }
            });
        }
    }
    Ok(())
}

/// QTSS_Teardown: the session ends when the role chain in progress has let go of it.
pub(super) fn teardown(session: &Arc<ClientSession>) -> Result<(), QtssError> {
    let host = Host::get()?;
    let server = Arc::clone(host.server()?);
    if let Some(sender) = sender(session) {
        sender.play.fetch_add(1, Ordering::AcqRel);
        sender.playing.store(false, Ordering::Release);
    }
    if let Some(context) = CallState::context_of(session) {
        context.connection.release_session(session.id);
    }
    let session = Arc::clone(session);
    host.runtime.spawn(async move {
        drop(session.state.lock().await);
        say_bye(host, &session);
        server.close_session(&session, ClosingReason::Teardown).await;
    });
    Ok(())
}

impl Sender {
    /// All of its streams arrive in order, so that packets may go ahead of time.
    fn is_reliable(self: &Arc<Self>) -> bool {
        let streams: Vec<_> =
            TABLES.lock().streams.values().filter(|s| Arc::ptr_eq(&s.sender, self)).cloned().collect();
        streams.iter().all(|stream| stream.rtp().is_some_and(|rtp| rtp.is_reliable()))
    }

    fn is_current(&self, number: u64, session: &ClientSession) -> bool {
        self.playing.load(Ordering::Acquire) && self.play.load(Ordering::Acquire) == number && !session.is_closing()
    }
}

/// Calls the owner's SendPackets role for one QTSS_Play, until the session is paused, played anew or ended.
async fn drive(host: &'static Host, sender: Arc<Sender>, owner: Arc<Core>, number: u64) {
    let mut due = Some(Instant::now());
    loop {
        let Some(session) = sender.session.upgrade() else { return };
        if !sender.is_current(number, &session) {
            return;
        }
        let now = Instant::now();
        match due {
            Some(at) if at <= now => {}
            Some(at) => {
                drop(session); // a session that ends meanwhile is not held back
                tokio::time::sleep(LOOK_AROUND.min(at - now)).await;
                continue;
            }
            None => {
                drop(session);
                if tokio::time::timeout(LOOK_AROUND, sender.task.notified()).await.is_ok() {
                    due = Some(Instant::now());
                }
                continue;
            }
        }
        let guard = Arc::clone(&session.state).lock_owned().await;
        if !sender.is_current(number, &session) {
            return;
        }
        let next = owner.send_packets(&session, &sender.task, host.now_ms()).await;
        drop(guard);
        due = match next {
            Ok(ms) if ms > 0 => {
                Instant::now().checked_add(Duration::from_millis(ms.unsigned_abs())) // None: as good as never
            }
            _ => None,
        };
    }
}

/// QTSS_Write on an RTP stream; gives the number of bytes that count as written.
///
/// # Safety
/// `packet` points at a packet struct whose data has `len` bytes.
pub(super) unsafe fn write(
    stream: &ModuleStream,
    packet: *mut sys::QTSS_PacketStruct,
    len: u32,
    flags: u32,
) -> Result<u32, QtssError> {
    let host = Host::get()?;
    let server = host.server()?;
    let session = stream.session().ok_or(QtssError::NotConnected)?;
    let rtp = stream.rtp().ok_or(QtssError::NotConnected)?;
    // A session that another thread works on: the struct stays untouched.
    let _guard = match CallState::holds(&session) {
        true => None,
        false => Some(session.state.try_lock().map_err(|_| QtssError::WouldBlock)?),
    };
    // SAFETY: the caller vouches for the struct.
    let (data, due_ms) = unsafe {
        (&raw mut (*packet).suggestedWakeupTime).write_unaligned(-1);
        let packet = packet.read_unaligned();
        (packet.packetData, packet.packetTransmitTime)
    };
    if flags & (IS_RTP | IS_RTCP) == 0 {
        return Err(QtssError::BadArgument);
    }
    // SAFETY: as above.
    let data = unsafe { super::entry::bytes(data.cast_const().cast::<c_void>(), len) }?;
    let is_rtcp = flags & IS_RTCP != 0;
    let now_us = host.now_us();
    let due_us = due_ms.saturating_mul(1000);
    let prefs = server.send_prefs();
    {
        let mut window = stream.sender.window.lock();
        if !(is_rtcp && window.is_enabled()) {
            if let Verdict::WaitUntil(at_us) = window.decide(&prefs, due_us, now_us, data.len()) {
                let wake_ms = at_us.saturating_add(999) / 1000;
                // SAFETY: as above.
                unsafe { (&raw mut (*packet).suggestedWakeupTime).write_unaligned(wake_ms.max(host.now_ms() + 1)) };
                return Err(QtssError::WouldBlock);
            }
        }
    }
    let late_ms = now_us.saturating_sub(due_us) / 1000;
    if rtp.is_reliable() && !is_rtcp && late_ms > prefs.drop_all_packets_delay_ms {
        rtp.stats().stale_packets_dropped.fetch_add(1, Ordering::Relaxed);
        return Ok(len);
    }
    send(server, &rtp, data, is_rtcp)?;
    if !is_rtcp {
        count(&rtp, data);
        report_if_due(host, server, stream, &rtp, data, due_us);
    }
    Ok(len)
}

/// One packet to the transport: a datagram, or a whole frame if the connection takes one now.
fn send(server: &Server, stream: &RtpStream, data: &[u8], is_rtcp: bool) -> Result<(), QtssError> {
    match stream.transport() {
        Transport::Udp(udp) => {
            let addresses = udp.addresses();
            let (socket, to) = match is_rtcp {
                true => (udp.pair().rtcp(), addresses.rtcp),
                false => (udp.pair().rtp(), addresses.rtp),
            };
            let _ = socket.send_to(data, to); // what gets lost on UDP is lost
            Ok(())
        }
        Transport::Interleaved { conn, rtp_channel, rtcp_channel } => {
            let channel = if is_rtcp { *rtcp_channel } else { *rtp_channel };
            let prefix = interleaved_prefix(channel, data.len()).ok_or(QtssError::BadArgument)?;
            let now_us = server.clock.now_us();
            if !conn.try_flush(now_us).map_err(|_| QtssError::WouldBlock)? {
                return Err(QtssError::WouldBlock);
            }
            let mut frame = Gather::default();
            frame.push(&[&prefix[..], data].concat(), None);
            conn.send_frames(&frame, now_us).map_err(|_| QtssError::WouldBlock)?;
            stream.touch(now_us / 1000);
            Ok(())
        }
    }
}

fn count(stream: &RtpStream, packet: &[u8]) {
    let payload = packet.len().saturating_sub(RTP_HEADER_LEN) as u64;
    stream.stats().packets_sent.fetch_add(1, Ordering::Relaxed);
    stream.stats().payload_bytes_sent.fetch_add(payload, Ordering::Relaxed);
}

/// A sender report with the first packet and every five seconds, if QTSS_Play asked for it.
fn report_if_due(host: &Host, server: &Server, stream: &ModuleStream, rtp: &RtpStream, packet: &[u8], due_us: i64) {
    if stream.sender.flags.load(Ordering::Relaxed) & SEND_RTCP == 0 {
        return;
    }
    let now_us = host.now_us();
    let last = stream.reported_us.load(Ordering::Relaxed);
    if last != i64::MIN && now_us.saturating_sub(last) < REPORT_INTERVAL_US {
        return;
    }
    stream.reported_us.store(now_us, Ordering::Relaxed);
    let Some(stamp) = packet.get(4..8).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok()) else { return };
    let rate = stream.object.object().and_then(|object| object.u32(qtssRTPStrTimescale)).unwrap_or(DEFAULT_CLOCK_RATE);
    let since = i128::from(now_us - due_us) * i128::from(rate) / 1_000_000;
    let rtp_time = u32::from_be_bytes(stamp).wrapping_add(since as u32);
    let _ = send(server, rtp, &report(server, rtp, rtp_time, false), true); // the next one is five seconds away
}

fn report(server: &Server, stream: &RtpStream, rtp_time: u32, bye: bool) -> Vec<u8> {
    let report = SenderReport {
        ssrc: stream.ssrc(),
        ntp: ntp_from_unix_us(server.clock.wall_us()),
        rtp_time,
        packets: stream.stats().packets_sent.load(Ordering::Relaxed) as u32,
        payload_bytes: stream.stats().payload_bytes_sent.load(Ordering::Relaxed) as u32,
        cname: &stream.config().cname,
        client_ssrc: stream.stats().client_ssrc.load(Ordering::Relaxed),
        ack_timeout_ms: stream.ack_timeout_ms(),
        bye,
    };
    report.compose().to_vec()
}

/// BYE on every stream that had sender reports.
fn say_bye(host: &Host, session: &ClientSession) {
    let (Some(sender), Ok(server)) = (sender(session), host.server()) else { return };
    let streams: Vec<_> =
        TABLES.lock().streams.values().filter(|stream| Arc::ptr_eq(&stream.sender, &sender)).cloned().collect();
    for stream in streams {
        if let Some(rtp) = stream.rtp().filter(|_| stream.reported_us.load(Ordering::Relaxed) != i64::MIN) {
            let _ = send(server, &rtp, &report(server, &rtp, 0, true), true); // the session ends either way
        }
    }
}
