//! What QTSS_Write does with a packet of a module: when it may leave, whether it is too late, and its way out.

use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use qtss_sys as sys;

use super::call::CallState;
use super::entry;
use super::host::Host;
use super::sending::{ModuleStream, Pace};
use crate::qtss::QtssError;
use crate::qtss::attr::*;
use crate::rtp::{
    Gather, PACKET_OVERHEAD, QualityControl, RTP_HEADER_LEN, RtpStream, SendPrefs, SenderReport, Transport, Verdict,
    interleaved_prefix, ntp_from_unix_us,
};
use crate::server::Server;

/// `qtssWriteFlagsIsRTP`.
const IS_RTP: u32 = 1;
/// `qtssWriteFlagsIsRTCP`.
const IS_RTCP: u32 = 2;

/// `qtssPlayFlagsSendRTCP`, and its number in the headers of 5.x.
const SEND_RTCP: u32 = 0x10 | 1;

/// Clock rate of streams whose module has not said.
const DEFAULT_CLOCK_RATE: u32 = 90_000;

const RELAXED: Ordering = Ordering::Relaxed;

/// A write that failed, and what it says of the bytes written, if anything.
pub(super) struct Refused(pub(super) QtssError, pub(super) Option<u32>);

impl From<QtssError> for Refused {
    fn from(error: QtssError) -> Self {
        Self(error, None)
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
) -> Result<u32, Refused> {
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
        return Err(QtssError::BadArgument.into());
    }
    // SAFETY: as above.
    let data = unsafe { entry::bytes(data.cast_const().cast::<c_void>(), len) }?;
    let is_rtcp = flags & IS_RTCP != 0;
    let now_us = host.now_us();
    let due_us = due_ms.saturating_mul(1000);
    let prefs = server.send_prefs();
    let mut pace = stream.sender.pace.lock();
    if !(is_rtcp && pace.window.is_enabled()) {
        if let Verdict::WaitUntil(at_us) = pace.window.decide(&prefs, due_us, now_us, data.len()) {
            let wake_ms = at_us.saturating_add(999) / 1000;
            // SAFETY: as above.
            unsafe { (&raw mut (*packet).suggestedWakeupTime).write_unaligned(wake_ms.max(host.now_ms() + 1)) };
            return Err(QtssError::WouldBlock.into());
        }
    }
    if is_rtcp {
        send(server, &rtp, data, true)?;
        return Ok(len);
    }
    if rtp.is_reliable() && is_too_late(stream, &mut pace, &prefs, due_us, now_us) {
        rtp.stats().stale_packets_dropped.fetch_add(1, RELAXED);
        server.engine.outside().stale_packets.fetch_add(1, RELAXED);
        return Ok(len);
    }
    if !pace.reliable.has_room(&rtp) {
        return Err(Refused(QtssError::WouldBlock, Some(len)));
    }
    send(server, &rtp, data, false)?;
    let sent_us = server.clock.now_us();
    let grace_us = (prefs.drop_all_packets_delay_ms + pace.tolerance.ms()).saturating_mul(1000);
    pace.reliable.keep(&rtp, data, sent_us, sent_us.saturating_add(due_us.saturating_sub(now_us).max(0) + grace_us));
    drop(pace);
    count(server, &rtp, data, now_us.saturating_sub(due_us));
    report_if_due(host, server, stream, &rtp, data, due_us);
    Ok(len)
}

/// The lateness rules of stream-oriented transports: the session's quality level follows how late its packets are, and
/// what is later than all limits is left out. What was due before the play began is not late.
fn is_too_late(stream: &ModuleStream, pace: &mut Pace, prefs: &SendPrefs, due_us: i64, now_us: i64) -> bool {
    if due_us <= stream.sender.played_us.load(RELAXED) {
        return false;
    }
    let late_ms = now_us.saturating_sub(due_us) / 1000;
    let streams: Vec<_> = stream.sender.streams().iter().filter_map(|stream| stream.rtp()).collect();
    let thinnable = || streams.iter().filter(|rtp| rtp.is_reliable() && !rtp.is_thinning_disabled());
    let worst = thinnable().map(|rtp| rtp.worst_quality()).max().unwrap_or(0);
    // Somebody else may have set the level meanwhile.
    let set = thinnable().map(|rtp| rtp.quality()).max().unwrap_or(0);
    if set != pace.quality.level().min(worst) {
        pace.quality = QualityControl::new(set);
    }
    let level = pace.quality.update(prefs, pace.tolerance, late_ms, now_us / 1000, worst);
    if level != set {
        thinnable().for_each(|rtp| rtp.set_quality(level));
    }
    late_ms > prefs.drop_all_packets_delay_ms + pace.tolerance.ms()
}

/// One packet to the transport: a datagram, or a whole frame if the connection takes one now.
fn send(server: &Server, stream: &RtpStream, data: &[u8], is_rtcp: bool) -> Result<(), QtssError> {
    if data.is_empty() {
        return Ok(());
    }
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

/// Packets and their bytes are part of what the server has sent.
pub(super) fn count_sent(server: &Server, packets: u64, bytes: u64) {
    let counters = server.engine.outside();
    counters.packets.fetch_add(packets, RELAXED);
    counters.bytes.fetch_add(bytes, RELAXED);
    counters.wire_bytes.fetch_add(bytes + packets * PACKET_OVERHEAD, RELAXED);
}

fn count(server: &Server, stream: &RtpStream, packet: &[u8], late_us: i64) {
    let payload = packet.len().saturating_sub(RTP_HEADER_LEN) as u64;
    stream.stats().packets_sent.fetch_add(1, RELAXED);
    stream.stats().payload_bytes_sent.fetch_add(payload, RELAXED);
    count_sent(server, 1, packet.len() as u64);
    server.engine.outside().lateness_us.record(late_us.max(0).unsigned_abs(), 1);
}

/// A sender report with the first packet and then at the interval of all reports, if QTSS_Play asked for it.
fn report_if_due(host: &Host, server: &Server, stream: &ModuleStream, rtp: &RtpStream, packet: &[u8], due_us: i64) {
    if stream.sender.flags.load(RELAXED) & SEND_RTCP == 0 {
        return;
    }
    let now_us = host.now_us();
    let last = stream.reported_us.load(RELAXED);
    let interval_us = server.send_prefs().report_interval_ms.max(100).saturating_mul(1000);
    if last != i64::MIN && now_us.saturating_sub(last) < interval_us {
        return;
    }
    stream.reported_us.store(now_us, RELAXED);
    let Some(stamp) = packet.get(4..8).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok()) else { return };
    let rate = stream.object.object().and_then(|object| object.u32(qtssRTPStrTimescale)).unwrap_or(DEFAULT_CLOCK_RATE);
    let since = i128::from(now_us - due_us) * i128::from(rate) / 1_000_000;
    let rtp_time = u32::from_be_bytes(stamp).wrapping_add(since as u32);
    let _ = send(server, rtp, &report(server, rtp, rtp_time, false), true); // the next one comes soon enough
}

fn report(server: &Server, stream: &RtpStream, rtp_time: u32, bye: bool) -> Vec<u8> {
    let report = SenderReport {
        ssrc: stream.ssrc(),
        ntp: ntp_from_unix_us(server.clock.wall_us()),
        rtp_time,
        packets: stream.stats().packets_sent.load(RELAXED) as u32,
        payload_bytes: stream.stats().payload_bytes_sent.load(RELAXED) as u32,
        cname: &stream.config().cname,
        client_ssrc: stream.stats().client_ssrc.load(RELAXED),
        ack_timeout_ms: stream.ack_timeout_ms(),
        bye,
    };
    report.compose().to_vec()
}

/// BYE on every stream that had sender reports.
pub(super) fn say_bye(server: &Server, streams: &[Arc<ModuleStream>]) {
    for stream in streams {
        if let Some(rtp) = stream.rtp().filter(|_| stream.reported_us.load(RELAXED) != i64::MIN) {
            let _ = send(server, &rtp, &report(server, &rtp, 0, true), true); // the session ends either way
        }
    }
}
