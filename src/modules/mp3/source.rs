//! A broadcaster's connection, from the moment it was let in to its end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::body::Body;
use super::figures::Place;
use super::headers::{self, Description};
use super::mount::Feed;
use crate::rtp::{Clock, ConnWriter};

/// How often what has come is handed to the listeners: each of them is woken and written to as often.
const TICK: Duration = Duration::from_millis(250);

/// So many bytes are handed on before their time.
const FULL: usize = 64 * 1024;

/// The pause after such a heap: a file that is sent as fast as the network goes must not take the machine.
const FULL_PAUSE: Duration = Duration::from_millis(20);

/// After headers without an empty line, a pause of this length is their end.
const HEADER_PAUSE: Duration = Duration::from_secs(1);

/// Bounds of what is asked of the socket at once.
const READ_SIZES: std::ops::RangeInclusive<usize> = 1024..=FULL;

/// How a broadcaster speaks.
#[derive(Debug)]
pub(super) enum Style {
    /// Headers follow, of which the request may have brought some; after them it is told OK once more.
    Legacy(Description),
    /// A body of HTTP, described already. `owes_answer`: it was only told to go on.
    Http {
        /// The answer comes when the body is complete.
        owes_answer: bool,
    },
}

/// A broadcaster that was let in.
pub(super) struct Source {
    pub(super) feed: Feed,
    pub(super) style: Style,
    pub(super) body: Body,
    /// What was read with the request.
    pub(super) input: BytesMut,
    pub(super) socket: Arc<TcpStream>,
    pub(super) writer: Arc<ConnWriter>,
    pub(super) clock: Arc<dyn Clock>,
    /// Bytes asked of the socket at once.
    pub(super) read_size: usize,
    /// How long it may be silent.
    pub(super) patience: Duration,
    pub(super) _place: Place,
}

/// How a broadcast ended.
#[derive(Debug)]
enum End {
    /// The broadcaster closed its connection, or its body was complete.
    Over,
    /// Nothing came for too long.
    Silent,
    /// Another one took the mount, or the server is at rest.
    PutOut,
}

impl Source {
    /// Receives the broadcast to its end.
    pub(super) async fn run(mut self) {
        let (path, peer) = (self.feed.mount().path.clone(), self.writer.peer());
        tracing::info!("MP3: {peer} broadcasts {path}");
        let mut progress = self.feed.mount().follow();
        let end = tokio::select! {
            end = self.receive() => end,
            _ = progress.wait_for(|progress| progress.has_ended) => Ok(End::PutOut),
        };
        match end {
            Ok(End::Over) => tracing::info!("MP3: {path}: the broadcaster has ended"),
            Ok(End::Silent) => tracing::warn!("MP3: {path}: nothing came from {peer} for {:?}", self.patience),
            Ok(End::PutOut) => tracing::info!("MP3: {path}: the broadcast of {peer} is ended"),
            Err(error) => tracing::info!("MP3: {path}: {peer}: {error}"),
        }
    }

    async fn receive(&mut self) -> io::Result<End> {
        if let Style::Legacy(description) = &mut self.style {
            let description = std::mem::take(description);
            match self.headers(description).await? {
                Some(description) => self.feed.mount().describe(description),
                None => return Ok(End::Over),
            }
            self.writer.send_response(b"OK\r\n")?;
        }
        let end = self.data().await;
        if let (Ok(End::Over), Style::Http { owes_answer: true }) = (&end, &self.style) {
            // Who has left before does not miss it.
            let _ = self.writer.send_response(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        }
        end
    }

    /// The headers of a broadcaster of the old kinds; `None` when it closes instead.
    async fn headers(&mut self, mut description: Description) -> io::Result<Option<Description>> {
        while headers::read(&mut self.input, &mut description) == headers::Progress::More {
            let has_lines = self.input.is_empty() && description != Description::default();
            let patience = if has_lines { HEADER_PAUSE.min(self.patience) } else { self.patience };
            match timeout(patience, self.read()).await {
                Ok(Ok(0)) => return Ok(None),
                Ok(read) => drop(read?),
                Err(_) if has_lines => break,
                Err(_) => return Err(io::Error::new(io::ErrorKind::TimedOut, "no headers came")),
            }
        }
        Ok(Some(description))
    }

    async fn data(&mut self) -> io::Result<End> {
        let mut pending = BytesMut::new();
        let mut heard = Instant::now();
        let mut published = heard.checked_sub(TICK).unwrap_or(heard);
        loop {
            self.body.decode(&mut self.input, &mut pending).map_err(io::Error::other)?;
            let is_full = pending.len() >= FULL;
            if !pending.is_empty() && (is_full || published.elapsed() >= TICK) {
                // The rest of a frame has been waited for long enough.
                let all = heard.elapsed() >= 2 * TICK;
                pending = self.publish(pending, all);
                published = Instant::now();
                if is_full {
                    sleep(FULL_PAUSE).await;
                }
            }
            if self.body.is_over() {
                self.publish(pending, true);
                return Ok(End::Over);
            }
            let left = self.patience.saturating_sub(heard.elapsed());
            let wait = if pending.is_empty() { left } else { left.min(TICK.saturating_sub(published.elapsed())) };
            match timeout(wait, self.read()).await {
                Ok(Ok(0)) => {
                    self.publish(pending, true);
                    return Ok(End::Over);
                }
                Ok(read) => drop(read?),
                Err(_) if heard.elapsed() >= self.patience => return Ok(End::Silent),
                Err(_) => continue,
            }
            heard = Instant::now();
        }
    }

    /// Hands whole frames to the listeners and gives back what is left.
    fn publish(&mut self, pending: BytesMut, all: bool) -> BytesMut {
        let bytes: Bytes = pending.freeze();
        let done = self.feed.publish(&bytes, all, self.clock.now_ms());
        BytesMut::from(bytes.get(done..).unwrap_or_default())
    }

    /// Reads more; 0 at the end. Cancel-safe.
    async fn read(&mut self) -> io::Result<usize> {
        loop {
            self.socket.readable().await?;
            self.input.reserve(self.read_size.clamp(*READ_SIZES.start(), *READ_SIZES.end()));
            match self.socket.try_read_buf(&mut self.input) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Ok(count) => {
                    self.feed.mount().note_heard(self.clock.now_ms());
                    return Ok(count);
                }
                Err(error) => return Err(error),
            }
        }
    }
}
