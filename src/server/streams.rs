//! What a SETUP makes: a stream with its transport, and the standard answers of each method that modules share.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::answers;
use super::context::RequestContext;
use super::session::{ClientSession, PlayState, SessionStream};
use super::{objects, rtcp};
use crate::qtss::ClosingReason;
use crate::qtss::attr::*;
use crate::rtp::{
    Cname, PlayRequest, PortError, Position, RtpStream, StreamConfig, ToleranceShift, Transport as StreamTransport,
    UdpTransport,
};
use crate::rtsp::extensions::{DynamicRate, LateTolerance, Retransmit};
use crate::rtsp::transport::{Mode, PortPair, Protocol, Transport, TransportError};
use crate::rtsp::{Header, ResponseBuilder, Status, date, path, session};

/// What a module knows about the stream it adds.
#[derive(Debug, Clone)]
pub struct StreamInfo {
    /// The track's number.
    pub track_id: u32,
    /// Encoding name and clock rate as in the SDP's rtpmap.
    pub payload_name: String,
    /// RTP clock in Hz.
    pub clock_rate: u32,
    /// It has frames that can be left out.
    pub is_video: bool,
    /// Highest quality level; 0 when it cannot be thinned.
    pub worst_quality: u8,
}

/// What whoever adds a stream allows or insists on (`QTSS_AddStreamFlags`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StreamRules {
    /// UDP may go to another address than the request came from.
    pub allow_destination: bool,
    /// An interleaved entry of the Transport header is taken, if there is one, even if it is not the first.
    pub prefer_interleaved: bool,
    /// Reliable UDP is not accepted.
    pub plain_udp: bool,
    /// A client that wants to send (`mode=record`) is welcome.
    pub allow_record: bool,
    /// The packets have an SSRC that is not the stream's: the answer says none.
    pub hide_ssrc: bool,
}

/// A stream that was added, and how its SETUP is answered.
pub struct AddedStream {
    /// The stream.
    pub stream: Arc<RtpStream>,
    /// The answer's Transport header.
    pub transport: String,
    /// The `x-Retransmit` entry to echo, when the stream became reliable UDP.
    pub retransmit: Option<String>,
}

/// Adds a stream that goes to the player that asks for it; see [`add_stream_by`].
pub fn add_stream(ctx: &Arc<RequestContext>, session: &Arc<ClientSession>, info: &StreamInfo) -> Option<AddedStream> {
    add_stream_by(ctx, session, info, StreamRules::default())
}

/// Chooses the transport a SETUP asks for and adds the stream to the session. On failure the answer has been written,
/// as QTSS_AddRTPStream does.
pub fn add_stream_by(
    ctx: &Arc<RequestContext>,
    session: &Arc<ClientSession>,
    info: &StreamInfo,
    rules: StreamRules,
) -> Option<AddedStream> {
    let transport = match chosen_transport(ctx, rules) {
        Ok(transport) => transport,
        Err((status, why)) => {
            ctx.respond_error(status, &why);
            return None;
        }
    };
    if transport.mode == Mode::Record && !rules.allow_record {
        ctx.respond_error(Status::MethodNotAllowed, "a file cannot be recorded to");
        return None;
    }
    let former = match former_stream(ctx, info.track_id) {
        Ok(former) => former,
        Err((status, why)) => {
            ctx.respond_error(status, &why);
            return None;
        }
    };
    let is_first = match ctx.server.take_place(session) {
        Ok(is_first) => is_first,
        Err(refusal) => {
            answers::refuse(ctx, refusal);
            return None;
        }
    };
    let added = match transport.protocol {
        Protocol::Tcp => add_interleaved(ctx, session, info, &transport, former.as_ref(), rules),
        Protocol::Udp => add_udp(ctx, session, info, &transport, rules),
    };
    match added {
        Ok(added) => {
            if is_never_thinned(ctx, session) {
                added.stream.set_thinning_disabled(true);
            }
            register(ctx, session, &added.stream, network_mode(&transport));
            if is_first {
                ctx.server.stats.total_sessions.fetch_add(1, Ordering::Relaxed);
            }
            Some(added)
        }
        Err((status, why)) => {
            if is_first {
                ctx.server.leave_place(session);
            }
            ctx.respond_error(status, &why);
            None
        }
    }
}

/// The stream that an earlier SETUP of the track made: the new one takes its place, unless packets flow (RFC 2326 section
/// 10.4: changed transport parameters, or 455).
fn former_stream(ctx: &RequestContext, track_id: u32) -> Result<Option<Arc<RtpStream>>, Refused> {
    let found = ctx.with_state(|state| {
        let former = state.streams.iter().find(|s| s.stream.config().track_id == track_id);
        (former.map(|s| Arc::clone(&s.stream)), state.play == PlayState::Playing)
    });
    match found {
        Some((Some(_), true)) => {
            Err((Status::MethodNotValidInState, "the track is playing; its transport cannot change now".to_owned()))
        }
        found => Ok(found.and_then(|(former, _)| former)),
    }
}

/// The player is on the operator's list of those that thinning does no good (`player_requires_disable_thinning`).
fn is_never_thinned(ctx: &RequestContext, session: &ClientSession) -> bool {
    let agent = session.log_facts().user_agent;
    let prefs = ctx.server.prefs();
    prefs.player_requires_disable_thinning.iter().any(|part| !part.is_empty() && agent.contains(part.as_str()))
}

/// `qtssRTPNetworkMode…`, by what the client has said.
fn network_mode(transport: &Transport) -> u32 {
    match transport {
        Transport { multicast: true, .. } => 1,
        Transport { unicast: true, .. } => 2,
        _ => 0,
    }
}

/// Hops of multicast packets when the client has not said: they stay on the link.
const DEFAULT_TTL: u8 = 1;

type Refused = (Status, String);

fn chosen_transport(ctx: &RequestContext, rules: StreamRules) -> Result<Transport, Refused> {
    let header = ctx.header(Header::Transport).unwrap_or_default();
    if let Some(interleaved) = rules.prefer_interleaved.then(|| Transport::choose_interleaved(&header)).flatten() {
        return Ok(interleaved);
    }
    let choose = if rules.allow_destination { Transport::choose_or_multicast } else { Transport::choose };
    choose(&header).map_err(|error: TransportError| (error.status(), error.to_string()))
}

fn config(
    ctx: &RequestContext,
    session: &ClientSession,
    info: &StreamInfo,
    transport: StreamTransport,
) -> StreamConfig {
    let quality = ctx.server.prefs().default_stream_quality;
    StreamConfig {
        track_id: info.track_id,
        payload_name: info.payload_name.clone(),
        clock_rate: info.clock_rate,
        is_video: info.is_video,
        worst_quality: info.worst_quality,
        quality: u8::try_from(quality).unwrap_or(u8::MAX),
        cname: Cname::of_session(session.created_unix_ms / 1000),
        activity: Arc::clone(&session.activity_ms),
        transport,
    }
}

fn add_interleaved(
    ctx: &Arc<RequestContext>,
    session: &Arc<ClientSession>,
    info: &StreamInfo,
    transport: &Transport,
    former: Option<&Arc<RtpStream>>,
    rules: StreamRules,
) -> Result<AddedStream, Refused> {
    let channels = ctx
        .connection
        .reserve_channels(transport.interleaved, former)
        .ok_or_else(|| (Status::NotEnoughBandwidth, "all interleaved channels are taken".to_owned()))?;
    let stream_transport = StreamTransport::Interleaved {
        conn: Arc::clone(&ctx.connection.writer),
        rtp_channel: channels.0,
        rtcp_channel: channels.1,
    };
    let stream = RtpStream::new(config(ctx, session, info, stream_transport));
    ctx.connection.bind_channels(channels, session, &stream);
    let answer = transport.answer_tcp(channels, Some(stream.ssrc()).filter(|_| !rules.hide_ssrc));
    Ok(AddedStream { stream, transport: answer, retransmit: None })
}

fn add_udp(
    ctx: &Arc<RequestContext>,
    session: &Arc<ClientSession>,
    info: &StreamInfo,
    transport: &Transport,
    rules: StreamRules,
) -> Result<AddedStream, Refused> {
    let plays = transport.mode == Mode::Play;
    // A module that receives a broadcast has sockets of its own and says where; by default it is the stream's own pair.
    let received_at = ctx.object.u16(qtssRTSPReqSetUpServerPort).filter(|port| *port != 0 && !plays);
    let ports = client_ports(transport, received_at)?;
    let peer = destination(ctx, transport, rules)?;
    let local = ctx.connection.local.ip().to_canonical();
    let scoped_local = match ctx.connection.local {
        local @ SocketAddr::V6(v6) if v6.ip().is_unicast_link_local() => local,
        _ => SocketAddr::new(local, 0),
    };
    let (rtp, rtcp) = (SocketAddr::new(peer, ports.rtp), SocketAddr::new(peer, ports.rtcp));
    let pool = &ctx.server.ports;
    let lease = if peer.is_multicast() {
        pool.allocate_for_group(scoped_local, rtcp, transport.ttl.unwrap_or(DEFAULT_TTL))
    } else {
        pool.allocate_on(scoped_local, rtcp)
    };
    let lease = lease.map_err(|error| {
        tracing::warn!("SETUP from {peer}: {error}");
        let status = match error {
            PortError::Descriptors { .. } => Status::ServiceUnavailable,
            _ => Status::InternalServerError,
        };
        (status, "no UDP ports".to_owned())
    })?;
    let port = lease.pair().rtp_port();
    let retransmit = accepted_retransmit(ctx).filter(|_| plays && !rules.plain_udp && !peer.is_multicast());
    let udp = UdpTransport::new(lease, peer, rtp, rtcp).on_interface_of(&ctx.connection.peer);
    let stream_transport = StreamTransport::Udp(if retransmit.is_some() { udp.reliable() } else { udp });
    let stream = RtpStream::new(config(ctx, session, info, stream_transport));
    let prefs = ctx.server.prefs();
    let source = match prefs.alt_transport_src_ipaddr.trim() {
        "" => local.to_string(),
        other => other.to_owned(),
    };
    let port = received_at.unwrap_or(port);
    let server_ports = PortPair { rtp: port, rtcp: port.saturating_add(1) };
    let ssrc = Some(stream.ssrc()).filter(|_| !rules.hide_ssrc);
    let answer = transport.answer_udp(&source, transport.client_port, server_ports, ssrc);
    Ok(AddedStream { stream, transport: answer, retransmit })
}

/// Where the client has its ports. A broadcaster may have odd ones, or name none: nothing but reports would go there. What
/// stands in their place is then a pair that no other broadcaster of its address can have: where it is received.
fn client_ports(transport: &Transport, received_at: Option<u16>) -> Result<PortPair, Refused> {
    let bad = |why: &str| (Status::BadRequest, why.to_owned());
    match (transport.client_port, received_at) {
        (Some(ports), _) if ports.rtp != 0 && (ports.is_regular() || transport.mode == Mode::Record) => Ok(ports),
        (Some(_), _) => Err(bad("header Transport: client_port must be an even port and the one after it")),
        (None, Some(port)) => Ok(PortPair { rtp: port, rtcp: port.saturating_add(1) }),
        (None, None) => Err(bad("header Transport: no client_port")),
    }
}

/// Where UDP goes: to the client, or to another address or a group that it names, if that is allowed.
fn destination(ctx: &RequestContext, transport: &Transport, rules: StreamRules) -> Result<IpAddr, Refused> {
    let peer = ctx.connection.peer.ip().to_canonical();
    let Some(text) = &transport.destination else {
        return if transport.multicast { Err(no_group()) } else { Ok(peer) };
    };
    match text.parse::<IpAddr>() {
        Ok(address) if transport.multicast && !address.is_multicast() => Err(no_group()),
        Ok(address) if address == peer => Ok(peer),
        Ok(address) if address.is_unspecified() || (address.is_multicast() && !rules.allow_destination) => {
            Err((Status::UnsupportedTransport, "header Transport: media do not go to groups".to_owned()))
        }
        Ok(address) if rules.allow_destination && address.is_ipv4() == peer.is_ipv4() => Ok(address),
        _ => Err((Status::BadRequest, "header Transport: media go to the address of the request only".to_owned())),
    }
}

fn no_group() -> Refused {
    (Status::UnsupportedTransport, "header Transport: multicast needs a group as its destination".to_owned())
}

/// The `our-retransmit` entry, if reliable UDP is on for this path (`reliable_udp`, `reliable_udp_dirs`).
fn accepted_retransmit(ctx: &RequestContext) -> Option<String> {
    let prefs = ctx.server.prefs();
    let header = ctx.header(Header::XRetransmit)?;
    let request = ctx.request()?;
    let inside = prefs.reliable_udp_dirs.iter().any(|dir| request.path().starts_with(dir.as_bytes()));
    (prefs.reliable_udp && inside).then_some(())?;
    Retransmit::choose(&header).map(|accepted| accepted.echo.to_owned())
}

fn register(ctx: &Arc<RequestContext>, session: &Arc<ClientSession>, stream: &Arc<RtpStream>, network_mode: u32) {
    let object = objects::new_stream(&ctx.server.objects, stream);
    object.set_u32(qtssRTPStrNetworkMode, network_mode);
    let name = ctx.request().map(|request| String::from_utf8_lossy(path::last_part(request.path())).into_owned());
    let name = name.unwrap_or_default();
    rtcp::set_owner(stream, session, &object);
    session.object.push_object(qtssCliSesStreamObjects, object.handle());
    let track_id = stream.config().track_id;
    ctx.with_state(|state| {
        let (former, others) =
            std::mem::take(&mut state.streams).into_iter().partition(|s| s.stream.config().track_id == track_id);
        state.streams = others;
        state.streams.push(SessionStream { stream: Arc::clone(stream), object, name });
        for SessionStream { stream, object, .. } in former {
            session.object.remove_object(qtssCliSesStreamObjects, object.handle());
            ctx.connection.release_stream(&stream);
        }
        state.has_new_stream = true;
        // The workers know nothing of the new stream: a play that goes on positions all of them anew.
        if let Some(position) = &mut state.position {
            position.next.clear();
        }
    });
}

/// Hands a play to the send workers once the answer is on its way: counts it, notes that the session plays from `start_ms`
/// of its media on, and takes the client's tolerance of lateness (`x-Transport-Options`) into account.
pub fn launch(ctx: &Arc<RequestContext>, session: &Arc<ClientSession>, mut play: PlayRequest, start_ms: i64) {
    play.asked_us = Some(ctx.received_us());
    let late = ctx.header(Header::XTransportOptions).as_deref().and_then(LateTolerance::parse).map(|late| late.seconds);
    let late = ctx.with_state(|state| {
        state.late_tolerance = late.or(state.late_tolerance);
        state.play = PlayState::Playing;
        state.play_number = state.play_number.wrapping_add(1);
        play.number = state.play_number;
        state.position = None;
        state.has_new_stream = false;
        state.stopped_at_ms = None;
        state.late_tolerance
    });
    if let Some(seconds) = late.flatten() {
        play.tolerance = ToleranceShift::from_tolerance(seconds);
    }
    let server = Arc::clone(&ctx.server);
    server.note_play(session, start_ms);
    let session = Arc::clone(session);
    ctx.after_response(Box::new(move || server.launch(&session, play)));
}

/// Stops the session's packets, if there are any; remembers and returns where it stands.
pub async fn halt(ctx: &Arc<RequestContext>) -> Option<Position> {
    let session = ctx.session()?;
    let playing = ctx.with_state(|state| state.play == PlayState::Playing).unwrap_or(false);
    if !playing {
        return ctx.with_state(|state| state.position.clone()).flatten();
    }
    let position = ctx.server.engine.pause(session.key()).await;
    let now = ctx.server.now_ms();
    ctx.with_state(|state| {
        state.play = PlayState::Paused;
        state.stopped_at_ms = Some(now);
        state.position = position.clone();
    });
    ctx.server.note_pause(&session);
    position
}

/// TEARDOWN: the answer first, then the session ends.
pub fn answer_teardown(ctx: &Arc<RequestContext>) {
    let Some(session) = ctx.session() else { return };
    let others_play = {
        ctx.connection.release_session(session.id);
        ctx.connection.carries_media()
    };
    ctx.object.set_bool16(qtssRTSPReqRespKeepAlive, others_play);
    ctx.respond(|_| {});
    let server = Arc::clone(&ctx.server);
    ctx.after_response(Box::new(move || {
        server.begin_closing(&session, ClosingReason::Teardown);
    }));
}

/// The client's User-Agent is in one of the operator's lists of players with a quirk.
pub fn is_player(ctx: &RequestContext, list: &[String]) -> bool {
    let agent = ctx.session().map(|session| session.log_facts().user_agent).unwrap_or_default();
    !agent.is_empty() && list.iter().any(|part| !part.is_empty() && agent.contains(part.as_str()))
}

/// All streams of a session get every packet through: no repeats needed, Speed and sending ahead are possible.
pub fn all_reliable(streams: &[Arc<RtpStream>]) -> bool {
    !streams.is_empty() && streams.iter().all(|stream| stream.is_reliable())
}

/// Date and Expires, which DSS sets alike.
pub fn put_dates(answer: &mut ResponseBuilder) {
    let now = date::format(std::time::SystemTime::now());
    answer.header(Header::Date, &now).header(Header::Expires, &now);
}

/// What DSS adds to a 200 DESCRIBE behind its caching headers and the length; the body follows.
pub fn put_describe_headers(ctx: &RequestContext, answer: &mut ResponseBuilder) {
    put_dates(answer);
    answer.header(Header::ContentType, "application/sdp");
    if ctx.server.prefs().reliable_udp {
        answer.header(Header::XAcceptRetransmit, "our-retransmit");
    }
    answer.header(Header::XAcceptDynamicRate, "1");
    let mut base = ctx.request().map(|request| request.absolute_url().to_vec()).unwrap_or_default();
    if base.last() != Some(&b'/') {
        base.push(b'/');
    }
    answer.header(Header::ContentBase, base);
}

/// The Session header of an answer that begins a session, unless the request had one.
pub fn put_session(ctx: &RequestContext, session: &ClientSession, answer: &mut ResponseBuilder) {
    if ctx.header(Header::Session).is_none() {
        let timeout = ctx.server.prefs().rtsp_timeout;
        answer.header(Header::Session, session::session_answer(session.id, timeout));
    }
}

/// What DSS adds to a 200 SETUP behind its caching headers.
pub fn put_setup_headers(
    ctx: &RequestContext,
    session: &ClientSession,
    added: &AddedStream,
    answer: &mut ResponseBuilder,
) {
    put_session(ctx, session, answer);
    put_dates(answer);
    answer.header(Header::Transport, &added.transport);
    if let Some(late) = ctx.header(Header::XTransportOptions).as_deref().and_then(LateTolerance::parse) {
        answer.header(Header::XTransportOptions, late.answer());
    }
    if let Some(retransmit) = &added.retransmit {
        answer.header(Header::XRetransmit, retransmit);
    }
    if let Some(rate) = ctx.header(Header::XDynamicRate).as_deref().and_then(DynamicRate::parse) {
        let round_trip = ctx.with_state(|state| state.round_trip_ms).flatten();
        answer.header(Header::XDynamicRate, rate.answer(round_trip));
    }
}

/// The request's absolute URL without a slash at its end: what RTP-Info's URLs start with.
pub fn presentation_url(ctx: &RequestContext) -> String {
    let request = ctx.request();
    let url = request.as_ref().map(|request| request.absolute_url()).unwrap_or_default();
    String::from_utf8_lossy(url).trim_end_matches('/').to_owned()
}
