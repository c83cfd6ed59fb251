//! Fills the attributes of the QTSS objects that belong to connections, requests and client sessions.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock};

use super::connection::Connection;
use super::context::RequestContext;
use super::session::ClientSession;
use crate::qtss::attr::*;
use crate::qtss::{AttrId, Change, ChangeHook, Object, ObjectStore, ObjectType, Value};
use crate::rtp::{RtpStream, Transport as StreamTransport};
use crate::rtsp::extensions::{self, DynamicRate, LateTolerance, Retransmit};
use crate::rtsp::range::{NptStart, Range};
use crate::rtsp::transport::{Protocol, Transport};
use crate::rtsp::{Header, Method, Request, date, path};

/// A new connection's `qtssRTSPSessionObjectType`.
pub(super) fn new_rtsp_session(store: &ObjectStore, id: u32, peer: SocketAddr, local: SocketAddr) -> Arc<Object> {
    let object = store.create(ObjectType::RtspSession);
    let v4 = |address: IpAddr| match address {
        IpAddr::V4(v4) => u32::from(v4),
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(0, u32::from),
    };
    object.set_u32(qtssRTSPSesID, id);
    object.set_u32(qtssRTSPSesLocalAddr, v4(local.ip()));
    object.set_str(qtssRTSPSesLocalAddrStr, &local.ip().to_canonical().to_string());
    object.set_str(qtssRTSPSesLocalDNS, &local.ip().to_canonical().to_string());
    object.set_u32(qtssRTSPSesRemoteAddr, v4(peer.ip()));
    object.set_str(qtssRTSPSesRemoteAddrStr, &peer.ip().to_canonical().to_string());
    object.set_u16(qtssRTSPSesLocalPort, local.port());
    object.set_u16(qtssRTSPSesRemotePort, peer.port());
    object.set_object(qtssRTSPSesStreamRef, object.handle());
    object
}

/// Everything the parse of a request gives: windows into the text, decoded path parts, numbers from headers.
pub(super) fn fill_request(ctx: &RequestContext, request: &Request) {
    let object = &ctx.object;
    object.set_window(qtssRTSPReqMethodStr, request.method_window().clone());
    object.set_u32(qtssRTSPReqMethod, request.method().id());
    object.set_window(qtssRTSPReqAbsoluteURL, request.absolute_url_window().clone());
    match request.uri_window() {
        Some(window) => object.set_window(qtssRTSPReqURI, window.clone()),
        None => object.set_str(qtssRTSPReqURI, "/"),
    }
    if let Some(window) = request.query_window().filter(|window| !window.is_empty()) {
        object.set_window(qtssRTSPReqQueryString, window.clone());
    }
    object.set_bytes(qtssRTSPReqTruncAbsoluteURL, path::url_without_last_part(request.absolute_url()));
    for (header, window) in request.headers().known() {
        ctx.headers.set_window(AttrId::new(header.id()), window);
    }
    fill_path(object, request);
    fill_numbers(object, request);
}

/// The decoded path. Its parts and the file on disk are computed from it when they are read, because modules change it
/// and the root folder.
fn fill_path(object: &Object, request: &Request) {
    object.set_bytes(qtssRTSPReqFilePath, request.path());
    // A module that asked QTSS_Authenticate before the parse has put another one there.
    object.set_computed(qtssRTSPReqLocalPath, Arc::clone(&LOCAL_PATH));
}

/// Computes a text attribute.
type ComputePath = Arc<dyn Fn(&Object) -> Value + Send + Sync>;

/// The file on disk: root folder and path; in SETUP without the track's part.
static LOCAL_PATH: LazyLock<ComputePath> = LazyLock::new(|| {
    Arc::new(|object: &Object| {
        let full = object.bytes(qtssRTSPReqFilePath).unwrap_or_default();
        let in_setup = object.u32(qtssRTSPReqMethod) == Some(Method::Setup.id());
        let relative = if in_setup { path::without_last_part(&full).unwrap_or(b"/") } else { &full };
        let mut local = object.bytes(qtssRTSPReqRootDir).unwrap_or_default();
        while local.last() == Some(&b'/') {
            local.pop();
        }
        local.extend_from_slice(relative);
        local.into()
    })
});

fn unless_empty(bytes: &[u8]) -> Option<Vec<u8>> {
    (!bytes.is_empty()).then(|| bytes.to_vec())
}

/// How the parts of a request's path are computed.
fn declare_paths(store: &ObjectStore) {
    let part = |id, take: fn(&[u8]) -> Option<Vec<u8>>| {
        store.compute(ObjectType::RtspRequest, id, move |object| {
            let full = object.bytes(qtssRTSPReqFilePath).unwrap_or_default();
            take(&full).map_or(Value::None, Value::Bytes)
        });
    };
    part(qtssRTSPReqFilePathTrunc, |full| path::without_last_part(full).map(<[u8]>::to_vec));
    part(qtssRTSPReqFileName, |full| unless_empty(path::last_part(full)));
    part(qtssRTSPReqFileDigit, |full| unless_empty(path::trailing_digits(full)));
}

fn fill_numbers(object: &Object, request: &Request) {
    let text = |header| request.header_text(header);
    if let Some(Ok(Range::Npt { start, stop })) = text(Header::Range).map(|value| Range::parse(&value)) {
        match start {
            Some(NptStart::At(seconds)) => object.set_f64(qtssRTSPReqStartTime, seconds),
            Some(NptStart::Now) => {}
            None => object.set_f64(qtssRTSPReqStartTime, 0.0),
        }
        if let Some(stop) = stop {
            object.set_f64(qtssRTSPReqStopTime, stop);
        }
    }
    object.set_f32(qtssRTSPReqSpeed, text(Header::Speed).and_then(|v| extensions::speed(&v)).unwrap_or(0.0) as f32);
    let options = text(Header::XTransportOptions).unwrap_or_default();
    let late = LateTolerance::parse(&options).map_or(-1.0, |late| late.seconds);
    object.set_f32(qtssRTSPReqLateTolerance, late as f32);
    let prebuffer = text(Header::XPrebuffer).and_then(|value| extensions::prebuffer_max_time(&value));
    object.set_f32(qtssRTSPReqPrebufferMaxTime, prebuffer.unwrap_or(-1.0) as f32);
    if let Some(length) = text(Header::ContentLength).and_then(|value| value.trim().parse::<u32>().ok()) {
        object.set_u32(qtssRTSPReqContentLen, length);
    }
    if let Some(bandwidth) = text(Header::Bandwidth).and_then(|value| extensions::bandwidth(&value)) {
        object.set_u32(qtssRTSPReqBandwidthBits, bandwidth);
    }
    let since = text(Header::IfModifiedSince).and_then(|value| date::parse(&value));
    if let Some(since) = since.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok()) {
        object.set_i64(qtssRTSPReqIfModSinceDate, i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
    }
    if let Some(transport) = text(Header::Transport).and_then(|value| asked_transport(&value)) {
        let reliable = text(Header::XRetransmit).is_some_and(|value| Retransmit::choose(&value).is_some());
        let kind = match transport.protocol {
            Protocol::Tcp => TRANSPORT_TCP,
            Protocol::Udp if reliable => TRANSPORT_RELIABLE_UDP,
            Protocol::Udp => TRANSPORT_UDP,
        };
        object.set_u32(qtssRTSPReqTransportType, kind);
        object.set_u32(qtssRTSPReqTransportMode, transport.mode.id());
    }
    let rate = text(Header::XDynamicRate).and_then(|value| DynamicRate::parse(&value));
    object.set_i32(qtssRTSPReqDynamicRateState, DynamicRate::id(rate));
}

/// The entry that is served if nobody allows more; where there is none, one that a module could allow.
fn asked_transport(value: &str) -> Option<Transport> {
    Transport::choose(value).or_else(|_| Transport::choose_or_multicast(value)).ok()
}

/// The attributes a client session takes from the first request on it, and the facts its log line needs.
pub(super) fn fill_session(ctx: &RequestContext, request: &Request, session: &ClientSession) {
    let object = &session.object;
    if let Some(bandwidth) = request.header_text(Header::Bandwidth).and_then(|value| extensions::bandwidth(&value)) {
        object.set_u32(qtssCliSessLastRTSPBandwidth, bandwidth);
    }
    let three_gpp = [Header::ThreeGppAdaptation, Header::ThreeGppLinkChar];
    if ctx.server.prefs().enable_3gpp_protocol && three_gpp.iter().any(|header| request.header(*header).is_some()) {
        object.set_bool16(qtssCliSessIs3GPPSession, true);
    }
    // Until something is set up, a session is about what was asked for last: one connection may look at many movies.
    if session.counted.load(Ordering::Relaxed) {
        return;
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let describes = request.method() == Method::Describe;
    let stem = if request.method() == Method::Setup {
        path::without_last_part(request.uri()).unwrap_or(b"/")
    } else {
        request.uri()
    };
    let is_known = object.bytes(qtssCliSesFullURL).is_some();
    if is_known && session.log_facts().uri_stem.trim_end_matches('/') == text(stem).trim_end_matches('/') {
        return;
    }
    object.set_bytes(qtssCliSesFullURL, request.absolute_url());
    object.set_bytes(qtssCliSesPresentationURL, request.path());
    let host = request.header(Header::Host).unwrap_or_default();
    object.set_bytes(qtssCliSesHostName, host);
    if let Some(agent) = request.header(Header::UserAgent) {
        object.set_bytes(qtssCliSesFirstUserAgent, agent);
    }
    if let Some(query) = request.query().filter(|query| describes && !query.is_empty()) {
        object.set_bytes(qtssCliSesReqQueryString, query);
    }
    fill_session_addresses(object, &ctx.connection);
    let track = path::without_last_part(request.path()).filter(|_| request.method() == Method::Setup);
    session.set_presentation(track.unwrap_or(request.path()));
    session.update_log(|log| {
        log.uri_stem = text(stem);
        log.url_host = text(host);
        log.query = text(request.query().unwrap_or_default());
        log.user_agent = text(request.header(Header::UserAgent).unwrap_or_default());
        log.local = ctx.connection.local.ip().to_canonical().to_string();
    });
}

fn fill_session_addresses(object: &Object, connection: &Connection) {
    for (to, from) in [
        (qtssCliRTSPSessRemoteAddrStr, qtssRTSPSesRemoteAddrStr),
        (qtssCliRTSPSessLocalDNS, qtssRTSPSesLocalDNS),
        (qtssCliRTSPSessLocalAddrStr, qtssRTSPSesLocalAddrStr),
    ] {
        if let Some(text) = connection.object.string(from) {
            object.set_str(to, &text);
        }
    }
}

/// A new stream's `qtssRTPStreamObjectType`; its figures are read from the stream whenever a module asks.
pub(super) fn new_stream(store: &ObjectStore, stream: &Arc<RtpStream>) -> Arc<Object> {
    let object = store.create(ObjectType::RtpStream);
    let config = stream.config();
    object.set_u32(qtssRTPStrTrackID, config.track_id);
    object.set_u32(qtssRTPStrSSRC, stream.ssrc());
    object.set_str(qtssRTPStrPayloadName, &config.payload_name);
    object.set_u32(qtssRTPStrPayloadType, if config.is_video { VIDEO_PAYLOAD } else { AUDIO_PAYLOAD });
    object.set_u32(qtssRTPStrTimescale, config.clock_rate);
    object.set_u32(qtssRTPStrQualityLevel, u32::from(stream.quality()));
    object.set_bool16(qtssRTPStrThinningDisabled, stream.is_thinning_disabled());
    object.set_u32(qtssRTPStrNumQualityLevels, u32::from(config.worst_quality));
    object.set_f32(qtssRTPStrBufferDelayInSecs, 3.0);
    let (kind, server_port, client_port) = match stream.transport() {
        StreamTransport::Udp(udp) => {
            let kind = if udp.is_reliable() { TRANSPORT_RELIABLE_UDP } else { TRANSPORT_UDP };
            (kind, udp.pair().rtp_port(), udp.addresses().rtp.port())
        }
        StreamTransport::Interleaved { .. } => (TRANSPORT_TCP, 0, 0),
    };
    object.set_bool16(qtssRTPStrIsTCP, kind == TRANSPORT_TCP);
    object.set_u32(qtssRTPStrTransportType, kind);
    object.set_u16(qtssRTPStrSvrRTPPort, server_port);
    object.set_u16(qtssRTPStrClientRTPPort, client_port);
    object.attach(Arc::clone(stream));
    object.set_hook(Arc::clone(&QUALITY_HOOK));
    object
}

/// What a module sets about thinning is in force at once. (What the server decides shows by the stream's owner.)
static QUALITY_HOOK: LazyLock<ChangeHook> = LazyLock::new(|| {
    let level = |value: u32| u8::try_from(value).unwrap_or(u8::MAX);
    Arc::new(move |object: &Object, change: &Change| {
        let Change::Set { id, .. } = change else { return };
        let (Some(stream), Some(value)) = (object.attached::<Arc<RtpStream>>(), object.u32(*id)) else { return };
        if *id == qtssRTPStrNumQualityLevels {
            stream.set_worst_quality(level(value).saturating_sub(1));
        } else if *id == qtssRTPStrQualityLevel {
            // Numbers below zero come from modules that count down.
            let is_best = value > i32::MAX as u32 || stream.is_thinning_disabled();
            stream.set_quality(if is_best { 0 } else { level(value) });
        } else {
            return;
        }
        object.set_u32(qtssRTPStrQualityLevel, u32::from(stream.quality()));
    })
});

/// `qtssVideoPayloadType`, `qtssAudioPayloadType`.
const VIDEO_PAYLOAD: u32 = 1;
const AUDIO_PAYLOAD: u32 = 2;

/// `qtssRTPTransportTypeUDP`, `…ReliableUDP`, `…TCP`.
const TRANSPORT_UDP: u32 = 0;
const TRANSPORT_RELIABLE_UDP: u32 = 1;
const TRANSPORT_TCP: u32 = 2;

/// Declares how the figures of streams and client sessions are read: at each read, from where they are kept.
pub(super) fn declare_computed(store: &ObjectStore) {
    declare_paths(store);
    let stream = |id, read: fn(&RtpStream) -> Value| {
        store.compute(ObjectType::RtpStream, id, move |object| match object.attached::<Arc<RtpStream>>() {
            Some(stream) => read(stream),
            None => Value::from(0u32),
        });
    };
    const RELAXED: Ordering = Ordering::Relaxed;
    stream(qtssRTPStrFractionLostPackets, |s| s.stats().fraction_lost.load(RELAXED).into());
    stream(qtssRTPStrTotalLostPackets, |s| s.stats().total_lost.load(RELAXED).max(0).unsigned_abs().into());
    stream(qtssRTPStrJitter, |s| s.stats().jitter.load(RELAXED).into());
    stream(qtssRTPStrRecvBitRate, |s| s.stats().receive_bit_rate.load(RELAXED).into());
    stream(qtssRTPStrNumEyes, |s| s.stats().eyes.load(RELAXED).into());
    stream(qtssRTPStrNumEyesActive, |s| s.stats().eyes_active.load(RELAXED).into());
    stream(qtssRTPStrNumEyesPaused, |s| s.stats().eyes_paused.load(RELAXED).into());
    stream(qtssRTPStrTotPacketsRecv, |s| s.stats().client_packets_received.load(RELAXED).into());
    stream(qtssRTPStrStalePacketsDropped, |s| s.stats().stale_packets_dropped.load(RELAXED).into());
    stream(qtssRTPStrCurrentAckTimeout, |s| s.ack_timeout_ms().into());
    stream(qtssRTPStrCurPacketsLostInRTCPInterval, |s| s.stats().lost_in_interval.load(RELAXED).into());
    stream(qtssRTPStrPacketCountInRTCPInterval, |s| s.stats().sent_in_interval.load(RELAXED).into());
    stream(qtssRTPStrAvgLateMilliseconds, |s| low_half(s.stats().average_late_ms.load(RELAXED)));
    stream(qtssRTPStrPercentPacketsLost, |s| low_half(s.stats().loss_percent_256.load(RELAXED) / 256));
    stream(qtssRTPStrAvgBufDelayInMsec, |s| low_half(s.stats().buffer_delay_ms.load(RELAXED)));
    stream(qtssRTPStrGettingBetter, |s| low_half(s.stats().getting_better.load(RELAXED)));
    stream(qtssRTPStrGettingWorse, |s| low_half(s.stats().getting_worse.load(RELAXED)));
    stream(qtssRTPStrTotPacketsDropped, |s| low_half(s.stats().client_packets_dropped.load(RELAXED)));
    stream(qtssRTPStrTotPacketsLost, |s| low_half(s.stats().client_packets_lost.load(RELAXED)));
    stream(qtssRTPStrClientBufFill, |s| low_half(s.stats().buffer_fill.load(RELAXED)));
    stream(qtssRTPStrFrameRate, |s| low_half(s.stats().frame_rate.load(RELAXED)));
    stream(qtssRTPStrExpFrameRate, |s| low_half(s.stats().expected_frame_rate.load(RELAXED)));
    stream(qtssRTPStrAudioDryCount, |s| low_half(s.stats().audio_dry_count.load(RELAXED)));
    stream(qtssRTPStrThinningDisabled, |s| s.is_thinning_disabled().into());
}

/// A figure that the module API has in 16 bits.
fn low_half(value: u32) -> Value {
    u16::try_from(value).unwrap_or(u16::MAX).into()
}
