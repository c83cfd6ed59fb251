//! The output of one TCP connection, shared by the RTSP task (responses) and the send workers (interleaved frames).
//!
//! A response or a frame once begun is finished before anything else goes out: what the socket did not take is kept and
//! goes first. The send worker offers frames only while nothing is kept, so a slow player's backlog stays in its packet
//! source, where it can be thinned, and hardly grows here.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use nix::sys::socket::{MsgFlags, sendmsg};
use parking_lot::Mutex;
use smallvec::SmallVec;
use tokio::io::Interest;
use tokio::net::TcpStream;

use super::gather::Gather;

/// A peer that asks and never reads is given up when this many bytes of responses wait for it.
const MAX_PENDING: usize = 4 << 20;

/// I/O vectors per write: 32 frames of prefix and payload, within the kernel's 1024.
const MAX_VECTORS: usize = 64;

/// What became of bytes handed to a [`ConnWriter`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// All is with the kernel.
    Sent,
    /// Accepted; a part is kept and goes first when the socket takes more.
    Queued,
}

/// One connection's output.
#[derive(Debug)]
pub struct ConnWriter {
    stream: Arc<TcpStream>,
    peer: SocketAddr,
    pending: Mutex<Pending>,
    has_pending: AtomicBool,
    closed: AtomicBool,
    /// When the socket last took a byte, or had nothing to take; microseconds of the server's clock.
    progress_us: AtomicI64,
}

#[derive(Debug, Default)]
struct Pending {
    bytes: Vec<u8>,
    /// Bytes of `bytes` that are gone already.
    sent: usize,
}

impl Pending {
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }

    fn consume(&mut self, len: usize) {
        self.sent += len;
        if self.sent >= self.bytes.len() {
            self.bytes = Vec::new(); // thousands of connections: keep no spare room
            self.sent = 0;
        }
    }
}

impl ConnWriter {
    /// The output of `stream`. Reading it stays with the caller.
    pub fn new(stream: Arc<TcpStream>, peer: SocketAddr) -> Arc<Self> {
        Arc::new(Self {
            stream,
            peer,
            pending: Mutex::default(),
            has_pending: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            progress_us: AtomicI64::new(0),
        })
    }

    /// The other end.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Bounds what the kernel keeps for a slow peer to `bytes` (it counts its own overhead on top). What waits there is
    /// late without anybody seeing it: a player is thinned only by what its packet source still holds.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn set_send_buffer(&self, bytes: usize) -> io::Result<()> {
        socket2::SockRef::from(&*self.stream).set_send_buffer_size(bytes)
    }

    /// Appends a response (or other text) and sends what the socket takes. [`Written::Queued`] asks for
    /// [`ConnWriter::flush`]. Errors with `BrokenPipe` once closed, with `OutOfMemory` when too much waits.
    pub fn send_response(&self, bytes: &[u8]) -> io::Result<Written> {
        let mut pending = self.pending.lock();
        self.check_open()?;
        self.write_pending(&mut pending)?;
        let mut rest = bytes;
        while pending.rest().is_empty() && !rest.is_empty() {
            match self.write_once(&[IoSlice::new(rest)])? {
                Some(len) => rest = rest.get(len..).unwrap_or_default(),
                None => break,
            }
        }
        self.keep(&mut pending, &[rest])
    }

    /// Sends as much as the socket takes now and keeps nothing; how many bytes that was. 0 while something is kept that
    /// has to go first.
    pub fn send_some(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut pending = self.pending.lock();
        self.check_open()?;
        self.write_pending(&mut pending)?;
        let mut sent = 0;
        while pending.rest().is_empty() && sent < bytes.len() {
            match self.write_once(&[IoSlice::new(bytes.get(sent..).unwrap_or_default())])? {
                Some(len) => sent += len,
                None => break,
            }
        }
        Ok(sent)
    }

    /// Waits until the socket takes bytes of these slices (64 of them at most) and says how many it took. Keeps nothing;
    /// what is kept goes first. Cancel-safe: no byte has left when the future is dropped.
    pub async fn send_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let vectors = slices.get(..MAX_VECTORS).unwrap_or(slices);
        let write = || {
            let mut pending = self.pending.lock();
            self.check_open()?;
            self.write_pending(&mut pending)?;
            if !pending.rest().is_empty() {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            self.write_once(vectors)?.ok_or_else(|| io::ErrorKind::WouldBlock.into())
        };
        self.stream.async_io(Interest::WRITABLE, write).await
    }

    /// Waits until the socket takes bytes. Cancel-safe.
    pub async fn writable(&self) -> io::Result<()> {
        self.stream.writable().await
    }

    /// Waits until all that is kept has gone to the kernel. Cancel-safe.
    pub async fn flush(&self) -> io::Result<()> {
        if !self.has_pending() {
            return Ok(());
        }
        let write = || {
            let mut pending = self.pending.lock();
            self.check_open()?;
            self.write_pending(&mut pending)?;
            if pending.rest().is_empty() { Ok(()) } else { Err(io::ErrorKind::WouldBlock.into()) }
        };
        self.stream.async_io(Interest::WRITABLE, write).await
    }

    /// Sends all frames of `gather`, 32 per gathered write. What the socket does not take is kept, behind what is kept
    /// already: call [`ConnWriter::try_flush`] first and send only if nothing is left. `now_us` stamps the progress.
    pub fn send_frames(&self, gather: &Gather, now_us: i64) -> io::Result<Written> {
        let mut pending = self.pending.lock();
        self.check_open()?;
        self.note_progress(self.write_pending(&mut pending)?, now_us);
        let mut frames = gather.frames();
        if !pending.rest().is_empty() {
            let slices: SmallVec<[&[u8]; MAX_VECTORS]> = frames.flat_map(|(head, payload)| [head, payload]).collect();
            return self.keep(&mut pending, &slices);
        }
        loop {
            let mut slices: SmallVec<[&[u8]; MAX_VECTORS]> = SmallVec::new();
            for (head, payload) in frames.by_ref().take(MAX_VECTORS / 2) {
                slices.extend([head, payload]);
            }
            if slices.is_empty() {
                self.note_progress(true, now_us);
                return Ok(Written::Sent);
            }
            let vectors: SmallVec<[IoSlice<'_>; MAX_VECTORS]> =
                slices.iter().map(|slice| IoSlice::new(slice)).collect();
            let total: usize = slices.iter().map(|slice| slice.len()).sum();
            let taken = self.write_once(&vectors)?.unwrap_or(0);
            self.note_progress(taken > 0, now_us);
            if taken < total {
                skip(&mut slices, taken);
                slices.extend(frames.flat_map(|(head, payload)| [head, payload]));
                return self.keep(&mut pending, &slices);
            }
        }
    }

    /// Sends what is kept, without waiting. `true` when nothing is left.
    pub fn try_flush(&self, now_us: i64) -> io::Result<bool> {
        if !self.has_pending() {
            return Ok(true);
        }
        let mut pending = self.pending.lock();
        self.check_open()?;
        self.note_progress(self.write_pending(&mut pending)?, now_us);
        Ok(pending.rest().is_empty())
    }

    /// Whether something is kept that must go before any frame.
    pub fn has_pending(&self) -> bool {
        self.has_pending.load(Ordering::Acquire)
    }

    /// When the socket last took frames, microseconds of the server's clock; 0 if never.
    pub fn progress_us(&self) -> i64 {
        self.progress_us.load(Ordering::Relaxed)
    }

    /// Ends the connection in both directions; the reading side sees its end. All later writes fail.
    pub fn close(&self) {
        if !self.closed.swap(true, Ordering::AcqRel) {
            let _ = nix::sys::socket::shutdown(self.stream.as_raw_fd(), nix::sys::socket::Shutdown::Both);
        }
    }

    /// Whether the connection was closed or has failed.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    fn check_open(&self) -> io::Result<()> {
        if self.is_closed() { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
    }

    fn note_progress(&self, progress: bool, now_us: i64) {
        if progress {
            self.progress_us.store(now_us, Ordering::Relaxed);
        }
    }

    /// Writes from what is kept; `true` if the socket took anything.
    fn write_pending(&self, pending: &mut Pending) -> io::Result<bool> {
        let mut progress = false;
        while !pending.rest().is_empty() {
            match self.write_once(&[IoSlice::new(pending.rest())])? {
                Some(len) => pending.consume(len),
                None => break,
            }
            progress = true;
        }
        self.has_pending.store(!pending.rest().is_empty(), Ordering::Release);
        Ok(progress)
    }

    fn keep(&self, pending: &mut Pending, slices: &[&[u8]]) -> io::Result<Written> {
        let more: usize = slices.iter().map(|slice| slice.len()).sum();
        if pending.rest().len() + more > MAX_PENDING {
            self.close();
            return Err(io::Error::new(
                io::ErrorKind::OutOfMemory,
                format!("{} does not read its responses", self.peer),
            ));
        }
        pending.bytes.reserve_exact(more);
        for slice in slices {
            pending.bytes.extend_from_slice(slice);
        }
        let left = !pending.rest().is_empty();
        self.has_pending.store(left, Ordering::Release);
        Ok(if left { Written::Queued } else { Written::Sent })
    }

    /// One write. `None` if the socket is full. A failed connection is closed.
    fn write_once(&self, vectors: &[IoSlice<'_>]) -> io::Result<Option<usize>> {
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        loop {
            match sendmsg::<()>(self.stream.as_raw_fd(), vectors, &[], flags, None) {
                Ok(len) => return Ok(Some(len)),
                Err(nix::errno::Errno::EINTR) => {}
                Err(nix::errno::Errno::EAGAIN | nix::errno::Errno::ENOBUFS) => return Ok(None),
                Err(errno) => {
                    self.close();
                    return Err(errno.into());
                }
            }
        }
    }
}

impl AsFd for ConnWriter {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// Drops the first `len` bytes of a list of slices.
fn skip(slices: &mut SmallVec<[&[u8]; MAX_VECTORS]>, len: usize) {
    let mut left = len;
    for slice in slices.iter_mut() {
        let cut = left.min(slice.len());
        *slice = slice.get(cut..).unwrap_or_default();
        left -= cut;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use tokio::io::AsyncReadExt;

    use super::super::test_bench::connection;
    use super::*;

    fn frames(count: usize, size: usize) -> (Gather, Vec<u8>) {
        let mut gather = Gather::default();
        for index in 0..count {
            let block = Bytes::from(vec![index as u8; size]);
            let [high, low] = (size as u16).to_be_bytes();
            gather.push(&[b'$', 0, high, low], Some((&block, 0..size)));
        }
        let wire = gather.frames().flat_map(|(head, payload)| [head, payload].concat()).collect();
        (gather, wire)
    }

    async fn read_all(client: &mut TcpStream, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        tokio::time::timeout(Duration::from_secs(10), client.read_exact(&mut bytes))
            .await
            .expect("in time")
            .expect("read");
        bytes
    }

    #[tokio::test]
    async fn responses_and_frames_arrive_whole_and_in_order() {
        let (writer, mut client) = connection().await;
        let (gather, wire) = frames(100, 500);
        assert_eq!(writer.send_response(b"RTSP/1.0 200 OK\r\n\r\n").expect("open"), Written::Sent);
        assert_eq!(writer.send_frames(&gather, 7).expect("open"), Written::Sent);
        assert_eq!(writer.progress_us(), 7);
        let expected = [b"RTSP/1.0 200 OK\r\n\r\n", &wire[..]].concat();
        assert_eq!(read_all(&mut client, expected.len()).await, expected);
    }

    #[tokio::test]
    async fn a_full_socket_keeps_the_rest_and_a_response_waits_behind_it() {
        let (writer, mut client) = connection().await;
        let (gather, wire) = frames(40, 1400);
        let mut expected = Vec::new();
        while writer.try_flush(1).expect("open") {
            writer.send_frames(&gather, 1).expect("open");
            expected.extend_from_slice(&wire);
            assert!(expected.len() < 100 << 20, "the socket never fills");
        }
        assert!(writer.has_pending());
        assert_eq!(writer.send_response(b"late answer").expect("open"), Written::Queued);
        expected.extend_from_slice(b"late answer");
        let (read, flushed) = tokio::join!(read_all(&mut client, expected.len()), writer.flush());
        flushed.expect("flushed");
        assert!(read == expected, "bytes were mixed or lost");
        assert!(!writer.has_pending());
    }

    #[tokio::test]
    async fn frames_offered_while_something_is_kept_go_behind_it() {
        let (writer, mut client) = connection().await;
        let big = vec![b'x'; 3 << 20];
        let mut expected = big.clone();
        while writer.send_response(&big).expect("open") == Written::Sent {
            expected.extend_from_slice(&big);
        }
        let (gather, wire) = frames(3, 100);
        assert_eq!(writer.send_frames(&gather, 1).expect("open"), Written::Queued);
        expected.extend_from_slice(&wire);
        let (read, flushed) = tokio::join!(read_all(&mut client, expected.len()), writer.flush());
        flushed.expect("flushed");
        assert!(read == expected, "bytes were mixed or lost");
    }

    #[tokio::test]
    async fn a_peer_that_never_reads_is_given_up() {
        let (writer, _client) = connection().await;
        let answer = vec![b'x'; 1 << 20];
        let failed = (0..100).find_map(|_| writer.send_response(&answer).err()).expect("a bound");
        assert_eq!(failed.kind(), io::ErrorKind::OutOfMemory);
        assert!(writer.is_closed());
    }

    #[tokio::test]
    async fn after_close_the_peer_sees_the_end_and_writes_fail() {
        let (writer, mut client) = connection().await;
        writer.close();
        assert_eq!(client.read(&mut [0; 10]).await.expect("end"), 0);
        assert_eq!(writer.send_response(b"x").expect_err("closed").kind(), io::ErrorKind::BrokenPipe);
        assert!(writer.flush().await.is_ok(), "nothing was kept");
    }
}
