//! Where a send worker's packets go: the kernel, or a test.

use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::conn_writer::{ConnWriter, Written};
use super::gather::Gather;
use super::ports::UdpPair;
use super::worker::Token;

/// Takes packets. Datagrams may be kept until [`Sink::flush`].
pub trait Sink {
    /// A datagram of `head` and `payload` from the pair's RTP (or RTCP) socket.
    fn datagram(
        &mut self,
        pair: &Arc<UdpPair>,
        is_rtcp: bool,
        to: SocketAddr,
        head: &[u8],
        payload: Option<(&Bytes, Range<usize>)>,
    );

    /// Sends what `conn` has kept; `true` if it can take frames. See [`ConnWriter::try_flush`].
    fn try_flush(&mut self, conn: &Arc<ConnWriter>, now_us: i64) -> io::Result<bool>;

    /// Frames for a TCP connection; see [`ConnWriter::send_frames`].
    fn frames(&mut self, conn: &Arc<ConnWriter>, frames: &Gather, now_us: i64) -> io::Result<Written>;

    /// Asks for a wake-up of the session `token` when `conn` takes bytes again.
    fn watch_writable(&mut self, conn: &Arc<ConnWriter>, token: Token);

    /// Datagrams kept.
    fn queued(&self) -> usize;

    /// Sends what is kept.
    fn flush(&mut self);

    /// Gives up room that is not needed between flushes.
    fn shrink(&mut self) {}
}
