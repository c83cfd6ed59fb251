//! The attributes of the server object and of client sessions whose values are facts of the moment: each is computed
//! when it is read.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use chrono::Offset;

use super::Server;
use super::session::ClientSession;
use crate::config::identity;
use crate::qtss::attr::*;
use crate::qtss::{AttrId, ObjectType, Value};
use crate::rtp::{RTP_HEADER_LEN, RtpStream};

const RELAXED: Ordering = Ordering::Relaxed;

/// QTSS_API_VERSION: 5.0.
const API_VERSION: u32 = 0x0005_0000;

/// An address to which packets leave by the default route. Reserved for documentation (RFC 5737); nothing is sent.
const SOMEWHERE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);

/// Fills the server object with what stays and declares how the rest is read.
pub(super) fn declare(server: &Arc<Server>) {
    fill(server);
    server.fill_address();
    declare_server(server);
    declare_sessions(server);
}

fn fill(server: &Server) {
    let object = &server.object;
    object.set_u32(qtssServerAPIVersion, API_VERSION);
    object.set_i64(qtssSvrStartupTime, server.clock.wall_us() / 1000);
    for (attribute, text) in [
        (qtssSvrRTSPServerHeader, format!("Server: {}", server.identity).as_str()),
        (qtssSvrServerName, identity::SERVER_NAME),
        (qtssSvrServerVersion, identity::SERVER_VERSION),
        (qtssSvrServerBuildDate, &identity::build_date()),
        (qtssSvrServerBuild, identity::SERVER_BUILD),
        (qtssSvrServerPlatform, identity::SERVER_PLATFORM),
        (qtssSvrRTSPServerComment, identity::SERVER_COMMENT),
    ] {
        object.set_str(attribute, text);
    }
}

impl Server {
    /// The default address: the first that listeners are bound to, else the one packets leave from.
    pub(super) fn fill_address(&self) {
        let prefs = self.prefs();
        let bound = prefs.bind_ip_addr.iter().find_map(|text| text.parse::<Ipv4Addr>().ok());
        let address = bound.filter(|address| !address.is_unspecified()).unwrap_or_else(own_address);
        let name = if address.is_loopback() { Some("localhost".to_owned()) } else { host_name() };
        self.object.set_u32(qtssSvrDefaultIPAddr, u32::from(address));
        self.object.set_str(qtssSvrDefaultIPAddrStr, &address.to_string());
        self.object.set_str(qtssSvrDefaultDNSName, &name.unwrap_or_else(|| address.to_string()));
    }
}

fn own_address() -> Ipv4Addr {
    let probe = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).and_then(|socket| {
        socket.connect(SOMEWHERE)?;
        socket.local_addr()
    });
    match probe.map(|address| address.ip()) {
        Ok(IpAddr::V4(address)) if !address.is_unspecified() => address,
        _ => Ipv4Addr::LOCALHOST,
    }
}

/// The machine's own name. No name server is asked: it could take half a minute to say nothing.
fn host_name() -> Option<String> {
    let name = nix::unistd::gethostname().ok()?.into_string().ok()?;
    (!name.is_empty()).then_some(name)
}

fn declare_server(server: &Arc<Server>) {
    let weak = Arc::downgrade(server);
    let figure = |id: AttrId, read: fn(&Server) -> Value| {
        let server: Weak<Server> = weak.clone();
        let value = move |_: &crate::qtss::Object| server.upgrade().map_or(Value::None, |server| read(&server));
        weak.upgrade().iter().for_each(|server| server.object.set_computed(id, Arc::new(value.clone())));
    };
    figure(qtssSvrIsOutOfDescriptors, |s| s.out_of_descriptors.load(RELAXED).into());
    figure(qtssRTSPCurrentSessionCount, |s| s.stats.current_rtsp.load(RELAXED).into());
    figure(qtssRTSPHTTPCurrentSessionCount, |s| s.stats.current_http.load(RELAXED).into());
    figure(qtssRTPSvrNumUDPSockets, |s| low_word(s.ports.open_sockets() as u64));
    figure(qtssRTPSvrCurConn, |s| s.stats.current_sessions.load(RELAXED).into());
    figure(qtssRTPSvrTotalConn, |s| low_word(s.stats.total_sessions.load(RELAXED)));
    figure(qtssRTPSvrCurBandwidth, |s| low_word(s.stats.current_bandwidth.load(RELAXED)));
    figure(qtssRTPSvrAvgBandwidth, |s| low_word(s.stats.average_bandwidth.load(RELAXED)));
    figure(qtssRTPSvrCurPackets, |s| low_word(s.stats.current_packets.load(RELAXED)));
    figure(qtssRTPSvrTotalBytes, |s| s.engine.counters().bytes.into());
    figure(qtssRTPSvrTotalPackets, |s| s.engine.counters().packets.into());
    figure(qtssSvrCurrentTimeMilliseconds, |s| (s.clock.wall_us() / 1000).into());
    figure(qtssSvrGMTOffsetInHrs, |_| gmt_offset_hours().into());
    figure(qtssSvrCPULoadPercent, |s| s.stats.cpu_percent().into());
    figure(qtssSvrNumThinned, |s| i32::try_from(s.quality().1).unwrap_or(i32::MAX).into());
    figure(qtssSvrNumThreads, |_| low_word(threads()));
    figure(qtssSvrNumReliableUDPBuffers, |_| 0u32.into()); // windows share the packets of the cache
    figure(qtssSvrReliableUDPWastageInBytes, |_| 0u32.into());
}

/// A figure that the module API has in 32 bits.
fn low_word(value: u64) -> Value {
    u32::try_from(value).unwrap_or(u32::MAX).into()
}

/// Hours that local time is ahead of UTC.
pub(super) fn gmt_offset_hours() -> i32 {
    chrono::Local::now().offset().fix().local_minus_utc() / 3600
}

/// Threads of this process.
fn threads() -> u64 {
    std::fs::read_dir("/proc/self/task").map_or(1, |tasks| tasks.count() as u64)
}

/// RTP bytes of a stream, with headers.
pub(super) fn bytes_sent(stream: &RtpStream) -> u64 {
    let stats = stream.stats();
    stats.payload_bytes_sent.load(RELAXED) + stats.packets_sent.load(RELAXED) * RTP_HEADER_LEN as u64
}

fn declare_sessions(server: &Arc<Server>) {
    let store = &server.objects;
    let sum = |id, read: fn(&RtpStream) -> u64| {
        store.compute(ObjectType::ClientSession, id, move |object| {
            let streams = object.attached::<Weak<ClientSession>>().and_then(Weak::upgrade).map(|s| s.object_streams());
            let sum: u64 = streams.iter().flatten().map(|stream| read(stream)).sum();
            Value::from(sum as u32) // DSS's counters have 32 bits and wrap
        });
    };
    sum(qtssCliSesRTPPacketsSent, |s| s.stats().packets_sent.load(RELAXED));
    sum(qtssCliSesRTPBytesSent, bytes_sent);
    sum(qtssCliSesRTCPPacketsRecv, |s| u64::from(s.stats().rtcp_packets_received.load(RELAXED)));
    sum(qtssCliSesRTCPBytesRecv, |s| s.stats().rtcp_bytes_received.load(RELAXED));
    store.compute(ObjectType::ClientSession, qtssCliSesStartedThinning, |object| {
        let session = object.attached::<Weak<ClientSession>>().and_then(Weak::upgrade);
        session.is_some_and(|session| session.object_streams().iter().any(|stream| stream.quality() > 0)).into()
    });
    let weak = Arc::downgrade(server);
    let of_user = weak.clone();
    store.compute(ObjectType::ConnectedUser, qtssConnectionTimeConnectedInMsec, move |user| {
        let created = user.i64(qtssConnectionCreateTimeInMsec);
        let server = of_user.upgrade().zip(created);
        server.map_or(Value::None, |(server, created)| (server.clock.wall_us() / 1000 - created).into())
    });
    let figure = |id, read: fn(&Server, &ClientSession) -> Value| {
        let server = weak.clone();
        store.compute(ObjectType::ClientSession, id, move |object| {
            let session = object.attached::<Weak<ClientSession>>().and_then(Weak::upgrade);
            server.upgrade().zip(session).map_or(Value::None, |(server, session)| read(&server, &session))
        });
    };
    figure(qtssCliSesCurrentBitRate, |server, session| session.bit_rate(server.now_ms()).into());
    figure(qtssCliSesPacketLossPercent, |_, session| loss_percent(session).into());
    figure(qtssCliSesTimeConnectedInMsec, |server, session| (server.now_ms() - session.created_ms).into());
}

/// Packets lost of those sent in the last interval between receiver reports, over all streams, in percent.
pub(super) fn loss_percent(session: &ClientSession) -> f32 {
    let (mut lost, mut sent) = (0u64, 0u64);
    for stream in session.object_streams() {
        lost += u64::from(stream.stats().lost_in_interval.load(RELAXED));
        sent += u64::from(stream.stats().sent_in_interval.load(RELAXED));
    }
    if sent == 0 { 0.0 } else { (lost as f32 * 100.0 / sent as f32).min(100.0) }
}
