//! A listener's connection, from its answer to its end.

use std::io::IoSlice;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::{Buf, Bytes};
use smallvec::SmallVec;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::figures::Place;
use super::mount::{Mount, Progress};
use super::title;
use crate::log::{Mp3Entry, Mp3Log};
use crate::modules::http::HttpRequest;
use crate::qtss::attr::*;
use crate::qtss::{Handle, Object, ObjectType};
use crate::rtp::ConnWriter;
use crate::server::{RequestContext, drained};

/// What the kernel keeps for a listener: seconds of music, so that a slow one is noticed.
const SEND_BUFFER: usize = 64 * 1024;

/// Slices of one write.
const MAX_SLICES: usize = 32;

/// How often the bit rate is measured, as in DSS 6.0.3.
const RATE_PERIOD: Duration = Duration::from_secs(10);

/// The status in the log of a listener who was too slow.
const TOO_SLOW: u32 = 453;

/// A listener who was let in.
pub(super) struct Listener {
    pub(super) mount: Arc<Mount>,
    pub(super) socket: Arc<TcpStream>,
    pub(super) writer: Arc<ConnWriter>,
    /// Titles come between the audio.
    pub(super) wants_titles: bool,
    /// What is sent at once in the beginning, in milliseconds of the broadcast.
    pub(super) burst_ms: i64,
    /// How long it may fall behind.
    pub(super) patience: Duration,
    pub(super) session: Session,
}

/// Why a listener's connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It closed.
    Left,
    /// The broadcast is over.
    Over,
    /// It does not keep up.
    TooSlow,
}

/// Since when a listener has not had all that there is.
#[derive(Debug, Clone, Copy)]
struct Behind {
    since: Instant,
    /// Bytes that it was behind then.
    lag: u64,
    /// The broadcast's head then.
    head: u64,
    /// Bytes that it had been sent then.
    sent: u64,
}

impl Behind {
    /// Whether it is falling back, or takes nothing at all. Who takes music as fast as it plays may be as late as he likes:
    /// players fill their buffers with the first burst and then take what they play.
    fn is_hopeless(self, now: &Self) -> bool {
        let published = now.head.saturating_sub(self.head);
        now.sent == self.sent || now.lag.saturating_sub(self.lag) > published / 10
    }
}

/// What is on its way to a listener.
struct Outgoing {
    queue: SmallVec<[Bytes; 8]>,
    /// The place in the broadcast of what is queued next.
    at: u64,
    /// Bytes of audio before the next title, if titles are wanted.
    until_title: Option<usize>,
    title_seen: u64,
}

impl Outgoing {
    /// Queues what there is; nothing when all was. Who has fallen out of what is kept goes on at a later place.
    fn fill(&mut self, mount: &Mount, burst_ms: i64) {
        let taken = mount.take(self.at).or_else(|| {
            self.at = mount.begin(burst_ms).0;
            mount.take(self.at)
        });
        for mut piece in taken.unwrap_or_default() {
            self.at += piece.len() as u64;
            while let Some(left) = self.until_title.filter(|left| *left <= piece.len()) {
                self.queue.push(piece.split_to(left));
                self.queue.push(mount.title(&mut self.title_seen));
                self.until_title = Some(title::INTERVAL);
            }
            if !piece.is_empty() {
                self.until_title = self.until_title.map(|left| left - piece.len());
                self.queue.push(piece);
            }
        }
    }

    /// So many bytes have gone.
    fn consume(&mut self, mut sent: usize) {
        let mut gone = 0;
        for piece in &mut self.queue {
            let part = sent.min(piece.len());
            piece.advance(part);
            sent -= part;
            if !piece.is_empty() {
                break;
            }
            gone += 1;
        }
        self.queue.drain(..gone);
    }

    /// How far behind the head it is, in bytes.
    fn lag(&self, head: u64) -> u64 {
        let queued: usize = self.queue.iter().map(Bytes::len).sum();
        head.saturating_sub(self.at) + queued as u64
    }
}

impl Listener {
    /// Sends the broadcast until either end closes.
    pub(super) async fn run(self) {
        if let Err(error) = self.writer.set_send_buffer(SEND_BUFFER) {
            tracing::debug!(%error, "send buffer of {}", self.writer.peer());
        }
        let mut progress = self.mount.follow();
        let end = tokio::select! {
            biased;
            end = self.send(&mut progress) => end,
            _ = drained(&self.socket) => End::Left,
        };
        if end == End::TooSlow {
            self.session.status.store(TOO_SLOW, Ordering::Relaxed);
            tracing::debug!("MP3: {} is too slow for {}", self.writer.peer(), self.mount.path);
            self.writer.close(); // what is queued would hold the connection
        }
    }

    async fn send(&self, progress: &mut watch::Receiver<Progress>) -> End {
        let (at, first) = self.mount.begin(self.burst_ms);
        let mut outgoing = Outgoing {
            queue: SmallVec::new(),
            at,
            until_title: self.wants_titles.then_some(title::INTERVAL),
            title_seen: 0,
        };
        outgoing.queue.extend(Some(first).filter(|first| !first.is_empty()));
        let mut behind = None;
        loop {
            if outgoing.queue.is_empty() {
                let step = *progress.borrow_and_update();
                outgoing.fill(&self.mount, self.burst_ms);
                if outgoing.queue.is_empty() {
                    behind = None;
                    if step.has_ended {
                        return End::Over;
                    }
                    if progress.changed().await.is_err() {
                        return End::Over;
                    }
                    continue;
                }
            }
            let now = self.standing(&outgoing);
            let since = *behind.get_or_insert(now);
            let slices: SmallVec<[IoSlice<'_>; MAX_SLICES]> =
                outgoing.queue.iter().take(MAX_SLICES).map(|piece| IoSlice::new(piece)).collect();
            let sent = tokio::select! {
                biased;
                sent = self.writer.send_vectored(&slices) => Some(sent),
                () = sleep_until(since.since + self.patience) => None,
            };
            drop(slices);
            match sent {
                Some(Ok(sent)) => {
                    outgoing.consume(sent);
                    self.session.add(sent as u64, now.since);
                }
                Some(Err(_)) => return End::Left,
                None => {
                    let now = self.standing(&outgoing);
                    if since.is_hopeless(&now) {
                        return End::TooSlow;
                    }
                    behind = Some(now);
                }
            }
        }
    }

    fn standing(&self, outgoing: &Outgoing) -> Behind {
        let (head, sent) = (self.mount.head(), self.session.counters.bytes.load(Ordering::Relaxed));
        Behind { since: Instant::now(), lag: outgoing.lag(head), head, sent }
    }
}

/// What is counted for a listener.
#[derive(Debug, Default)]
struct Counters {
    bytes: AtomicU64,
    bit_rate: AtomicU32,
    /// Bytes at the last measurement of the rate, and when that was: milliseconds from the beginning.
    measured: (AtomicU64, AtomicU64),
}

/// A listener in the figures, among the connected users and, in the end, in the log.
pub(super) struct Session {
    place: Place,
    counters: Arc<Counters>,
    status: AtomicU32,
    began: Instant,
    entry: Mp3Entry,
    log: Arc<Mp3Log>,
    server: Arc<Object>,
    user: Option<Handle>,
}

impl Session {
    /// A listener of a mount begins.
    pub(super) fn begin(
        ctx: &RequestContext,
        request: &HttpRequest,
        mount: &Mount,
        place: Place,
        log: &Arc<Mp3Log>,
    ) -> Self {
        let counters = Arc::new(Counters::default());
        let agent = request.header("User-Agent").filter(|agent| !agent.is_empty());
        let text = ctx.object.bytes(qtssRTSPReqFullRequest).unwrap_or_default();
        let line = text.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        let entry = Mp3Entry {
            c_ip: ctx.connection.peer.ip().to_canonical().to_string(),
            user_agent: agent.map(|agent| String::from_utf8_lossy(agent).into_owned()),
            ended: SystemTime::now(),
            request_line: String::from_utf8_lossy(line).into_owned(),
            c_status: 200,
            c_bytes: 0,
            c_duration: 0,
        };
        Self {
            place: place.listens(),
            user: connected_user(ctx, request, mount, &counters),
            counters,
            status: AtomicU32::new(entry.c_status),
            began: Instant::now(),
            entry,
            log: Arc::clone(log),
            server: Arc::clone(&ctx.server.object),
        }
    }

    fn add(&self, bytes: u64, now: Instant) {
        let total = self.counters.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.place.figures().add_bytes(bytes);
        let (measured, at) = &self.counters.measured;
        let now_ms = u64::try_from(now.saturating_duration_since(self.began).as_millis()).unwrap_or(u64::MAX);
        let period = now_ms.saturating_sub(at.load(Ordering::Relaxed));
        if u128::from(period) >= RATE_PERIOD.as_millis() {
            let bits = total.saturating_sub(measured.swap(total, Ordering::Relaxed)).saturating_mul(8);
            let rate = u32::try_from(bits.saturating_mul(1000) / period).unwrap_or(u32::MAX);
            self.counters.bit_rate.store(rate, Ordering::Relaxed);
            at.store(now_ms, Ordering::Relaxed);
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(user) = self.user {
            self.server.remove_object(qtssSvrConnectedUsers, user);
        }
        let mut entry = self.entry.clone();
        entry.ended = SystemTime::now();
        entry.c_status = self.status.load(Ordering::Relaxed);
        entry.c_bytes = self.counters.bytes.load(Ordering::Relaxed);
        entry.c_duration = self.began.elapsed().as_secs();
        self.log.write(&entry);
    }
}

/// The object by which modules and the administration see a listener.
fn connected_user(
    ctx: &RequestContext,
    request: &HttpRequest,
    mount: &Mount,
    counters: &Arc<Counters>,
) -> Option<Handle> {
    let server = &ctx.server;
    let (_, user) =
        server.objects.create_child(&server.object, qtssSvrConnectedUsers, ObjectType::ConnectedUser).ok()?;
    user.set_str(qtssConnectionType, "MP3 Client");
    user.set_str(qtssConnectionMountPoint, &mount.path);
    if let Some(host) = request.header("Host") {
        user.set_bytes(qtssConnectionHostName, host);
    }
    user.set_i64(qtssConnectionCreateTimeInMsec, server.clock.wall_us() / 1000);
    user.set_str(qtssConnectionSessRemoteAddrStr, &ctx.connection.peer.ip().to_canonical().to_string());
    user.set_str(qtssConnectionSessLocalAddrStr, &ctx.connection.local.ip().to_canonical().to_string());
    user.set_f32(qtssConnectionPacketLossPercent, 0.0);
    let of = Arc::clone(counters);
    user.set_computed(
        qtssConnectionBytesSent,
        Arc::new(move |_| (of.bytes.load(Ordering::Relaxed) as u32).into()), // 32 bits that wrap, as in DSS
    );
    let of = Arc::clone(counters);
    user.set_computed(qtssConnectionCurrentBitRate, Arc::new(move |_| of.bit_rate.load(Ordering::Relaxed).into()));
    Some(user.handle())
}

#[cfg(test)]
mod tests {
    use super::super::headers::Description;
    use super::super::mount::Mounts;
    use super::*;

    fn outgoing(titles: bool) -> Outgoing {
        let until_title = titles.then_some(title::INTERVAL);
        Outgoing { queue: SmallVec::new(), at: 0, until_title, title_seen: 0 }
    }

    /// Everything that a listener is sent, in writes of `step` bytes.
    fn heard(outgoing: &mut Outgoing, mount: &Mount, step: usize) -> Vec<u8> {
        let mut heard = Vec::new();
        loop {
            outgoing.fill(mount, 0);
            if outgoing.queue.is_empty() {
                return heard;
            }
            while !outgoing.queue.is_empty() {
                let all = outgoing.queue.concat();
                let part = step.min(all.len());
                heard.extend_from_slice(&all[..part]);
                outgoing.consume(part);
            }
        }
    }

    #[test]
    fn titles_stand_at_their_places_however_the_bytes_are_cut() {
        let mut feed = Arc::new(Mounts::default()).claim("/m", 60_000, 0).expect("free");
        let mut description = Description::default();
        description.add("content-type", b"audio/x-any");
        feed.mount().describe(description);
        let mount = Arc::clone(feed.mount());
        mount.set_title("One", "");
        let audio: Vec<u8> = (0..title::INTERVAL * 5 / 2).map(|at| at as u8).collect();
        for part in audio.chunks(10_007) {
            feed.publish(&Bytes::copy_from_slice(part), true, 0);
        }
        let title = title::block("One", "");
        let (first, rest) = audio.split_at(title::INTERVAL);
        let (second, third) = rest.split_at(title::INTERVAL);
        let expected = [first, &title, second, &[0], third].concat();
        for step in [1, 999, 24_577, usize::MAX] {
            assert!(heard(&mut outgoing(true), &mount, step) == expected, "in steps of {step}");
            assert!(heard(&mut outgoing(false), &mount, step) == audio, "without titles, in steps of {step}");
        }
    }

    #[test]
    fn who_takes_music_as_fast_as_it_plays_may_be_late_and_who_takes_less_may_not() {
        let at = |lag, head, sent| Behind { since: Instant::now(), lag, head, sent };
        let before = at(50_000, 100_000, 50_000);
        assert!(!before.is_hopeless(&at(50_000, 260_000, 210_000)), "as far behind as ever");
        assert!(!before.is_hopeless(&at(60_000, 260_000, 200_000)), "a little more");
        assert!(!before.is_hopeless(&at(10_000, 260_000, 250_000)), "catching up");
        assert!(before.is_hopeless(&at(130_000, 260_000, 130_000)), "half as fast");
        assert!(before.is_hopeless(&at(50_000, 100_000, 50_000)), "nothing is taken, even where nothing new comes");
    }

    #[test]
    fn who_has_fallen_out_of_what_is_kept_goes_on_with_what_is_there() {
        let mut feed = Arc::new(Mounts::default()).claim("/m", 1000, 0).expect("free");
        feed.publish(&Bytes::from_static(b"old"), true, 0);
        let mut outgoing = outgoing(false);
        outgoing.fill(feed.mount(), 500);
        outgoing.consume(3);
        feed.publish(&Bytes::from_static(b"missed"), true, 100);
        feed.publish(&Bytes::from_static(b"new"), true, 5000);
        assert_eq!(outgoing.lag(feed.mount().head()), 9);
        outgoing.fill(feed.mount(), 500);
        assert_eq!(outgoing.queue.concat(), b"new");
    }
}
