//! The send engine: one thread per core, each with its worker, its epoll and its batches.

use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bytes::Bytes;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::time::TimeSpec;
use nix::unistd::Pid;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use super::clock::Clock;
use super::conn_writer::{ConnWriter, Written};
use super::counters::{CountersSnapshot, WorkerCounters};
use super::gather::Gather;
use super::homes::Homes;
use super::play::{PlayRequest, Position, SessionEvent, SessionKey};
use super::ports::UdpPair;
use super::prefs::SendPrefs;
use super::scheduling;
use super::sink::Sink;
use super::strain::Strain;
use super::thin::ToleranceShift;
use super::udp_batch::{Offload, UdpBatch};
use super::worker::{Command, Inbox, Token, Worker, WorkerParts};

/// Epoll data of the inbox's bell; no token has this value because slots are counted from 0.
const BELL: u64 = u64::MAX;

/// Events taken from epoll at once.
const EVENTS: usize = 128;

/// A worker looks around at least this often, microseconds.
const LONGEST_SLEEP_US: i64 = 1_000_000;

/// How an engine is built.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Send workers; 0 means one per core this process may use.
    pub workers: usize,
    /// Whether to tie each worker to a core, as far as the system allows.
    pub pin: bool,
    /// UDP segmentation offload; see [`Offload::detect`].
    pub offload: Arc<Offload>,
}

impl EngineConfig {
    /// One pinned worker per core, offload where the kernel has it.
    pub fn detect() -> Self {
        Self { workers: 0, pin: true, offload: Offload::detect() }
    }
}

/// Sends the packets of all sessions. Dropping it says BYE to all and stops the workers.
pub struct SendEngine {
    workers: Vec<Handle>,
    homes: Homes,
    outside: WorkerCounters,
}

struct Handle {
    inbox: Arc<Inbox>,
    counters: Arc<WorkerCounters>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl SendEngine {
    /// Starts the workers. What happens to sessions is told on `events`.
    pub fn start(
        config: &EngineConfig,
        clock: Arc<dyn Clock>,
        events: mpsc::UnboundedSender<SessionEvent>,
    ) -> io::Result<Self> {
        let cores = usable_cores();
        let count = if config.workers == 0 { cores.len().max(1) } else { config.workers };
        let mut engine =
            Self { workers: Vec::with_capacity(count), homes: Homes::new(count), outside: WorkerCounters::default() };
        for index in 0..count {
            let bell = EventFd::from_value_and_flags(0, EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC)?;
            let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
            epoll.add(&bell, EpollEvent::new(EpollFlags::EPOLLIN, BELL))?;
            let inbox = Inbox::new(Some(bell));
            let counters = Arc::new(WorkerCounters::default());
            let core = cores.get(index % cores.len().max(1)).copied().filter(|_| config.pin);
            let (clock, events, offload) = (Arc::clone(&clock), events.clone(), Arc::clone(&config.offload));
            let (thread_inbox, thread_counters) = (Arc::clone(&inbox), Arc::clone(&counters));
            let thread = thread::Builder::new().name(format!("rtp-send-{index}")).spawn(move || {
                if let Some(core) = core {
                    pin_to(core);
                }
                if !scheduling::prefer_this_thread() {
                    tracing::debug!("send workers have no more than an ordinary priority");
                }
                let udp = UdpBatch::new(offload, Arc::clone(&thread_counters));
                let sink = KernelSink { udp, epoll, counters: Arc::clone(&thread_counters) };
                let phase = index as f64 / count as f64;
                let (inbox, counters) = (thread_inbox, thread_counters);
                run(WorkerParts { clock, sink, inbox, events, counters, phase });
            })?;
            engine.workers.push(Handle { inbox, counters, thread: Mutex::new(Some(thread)) });
        }
        Ok(engine)
    }

    /// Starts, seeks or resumes a session. The response to PLAY must have been handed to the connection's
    /// [`ConnWriter`] before, so that it stands in front of the first frame. A seek during a play is
    /// [`SendEngine::pause`] first: only then the stream's next sequence number, which RTP-Info needs, stands still.
    pub fn play(&self, request: PlayRequest) {
        let busy = |worker: usize| {
            let counters = self.workers.get(worker).map(|worker| &worker.counters);
            counters.map_or(0, |counters| counters.busy_permille.load(Ordering::Relaxed))
        };
        let home = self.homes.settle(request.key, busy, Instant::now());
        self.send_to(home, Command::Play(Box::new(request)));
    }

    /// Stops a session's sending; no packet follows once this has returned. `None`: the engine does not know it (it
    /// never played, or was torn down).
    pub async fn pause(&self, key: SessionKey) -> Option<Position> {
        let (reply, position) = oneshot::channel();
        self.send(key, Command::Pause { key, reply });
        position.await.ok().flatten()
    }

    /// Changes a session's late tolerance, or the operator's timing, while it plays.
    pub fn update(&self, key: SessionKey, tolerance: Option<ToleranceShift>, prefs: Option<Arc<SendPrefs>>) {
        self.send(key, Command::Update { key, tolerance, prefs });
    }

    /// Ends a session, with SR and BYE per stream if asked, and forgets it. No packet follows once this has returned.
    pub async fn teardown(&self, key: SessionKey, send_bye: bool) {
        let (reply, done) = oneshot::channel();
        // The worker is forgotten first: should the key come again meanwhile, its new session may live elsewhere.
        let home = self.homes.leave(key);
        self.send_to(home, Command::Teardown { key, send_bye, reply });
        let _ = done.await; // a worker that is gone has nothing left to end
    }

    /// For whoever sends packets beside the workers: what it counts here is part of [`SendEngine::counters`].
    pub fn outside(&self) -> &WorkerCounters {
        &self.outside
    }

    /// All workers' figures, and those of who sends beside them.
    pub fn counters(&self) -> CountersSnapshot {
        let mut sum = CountersSnapshot::default();
        sum.add(&self.outside);
        self.workers.iter().for_each(|worker| sum.add(&worker.counters));
        sum
    }

    /// How far behind its timers, in microseconds, and how busy, in thousandths, the worker is that the next session would
    /// live with; both smoothed over about a second. Another one may be worse off when its viewers have come to need more:
    /// to refuse newcomers, who would not be its, would not help it.
    pub fn strain(&self) -> (u64, u64) {
        strain_of_least_busy(self.workers.iter().map(|worker| &*worker.counters))
    }

    /// Says BYE to all sessions and ends the workers. Blocks until they have ended.
    pub fn shutdown(&self) {
        for worker in &self.workers {
            worker.inbox.push(Command::Shutdown);
        }
        for worker in &self.workers {
            if let Some(thread) = worker.thread.lock().take() {
                if thread.join().is_err() {
                    tracing::error!("a send worker had panicked");
                }
            }
        }
    }

    /// Gives up room that is not needed now.
    pub fn shrink(&self) {
        self.homes.shrink();
        self.workers.iter().for_each(|worker| worker.inbox.push(Command::Shrink));
    }

    fn send(&self, key: SessionKey, command: Command) {
        self.send_to(self.homes.of(key), command);
    }

    /// A session that never played has no worker, and no worker means an asker whose question is dropped.
    fn send_to(&self, home: Option<usize>, command: Command) {
        if let Some(worker) = home.and_then(|home| self.workers.get(home)) {
            worker.inbox.push(command);
        }
    }
}

impl Drop for SendEngine {
    fn drop(&mut self) {
        self.shutdown();
    }
}

/// Sends for real.
struct KernelSink {
    udp: UdpBatch,
    epoll: Epoll,
    counters: Arc<WorkerCounters>,
}

impl Sink for KernelSink {
    fn datagram(
        &mut self,
        pair: &Arc<UdpPair>,
        is_rtcp: bool,
        to: SocketAddr,
        head: &[u8],
        payload: Option<(&Bytes, Range<usize>)>,
    ) {
        self.udp.push(pair, is_rtcp, to, head, payload);
    }

    fn try_flush(&mut self, conn: &Arc<ConnWriter>, now_us: i64) -> io::Result<bool> {
        conn.try_flush(now_us)
    }

    fn frames(&mut self, conn: &Arc<ConnWriter>, frames: &Gather, now_us: i64) -> io::Result<Written> {
        self.counters.send_calls.fetch_add(1, Ordering::Relaxed);
        self.counters.batch_packets.record(frames.len() as u64, 1);
        conn.send_frames(frames, now_us)
    }

    fn watch_writable(&mut self, conn: &Arc<ConnWriter>, token: Token) {
        let data = (u64::from(token.generation) << 32) | u64::from(token.slot);
        let mut event = EpollEvent::new(EpollFlags::EPOLLOUT | EpollFlags::EPOLLONESHOT, data);
        // Once added, a connection stays in the set until its descriptor is closed, which takes it out by itself.
        let watched = match self.epoll.modify(conn.as_fd(), &mut event) {
            Err(Errno::ENOENT) => self.epoll.add(conn.as_fd(), event),
            other => other,
        };
        if let Err(error) = watched {
            tracing::debug!(peer = %conn.peer(), %error, "cannot watch connection; will look again by the clock");
        }
    }

    fn queued(&self) -> usize {
        self.udp.len()
    }

    fn flush(&mut self) {
        self.udp.flush();
    }

    fn shrink(&mut self) {
        self.udp.shrink();
    }
}

fn strain_of_least_busy<'a>(workers: impl Iterator<Item = &'a WorkerCounters>) -> (u64, u64) {
    let figure = |of: &AtomicU64| of.load(Ordering::Relaxed);
    let strains = workers.map(|counters| (figure(&counters.lag_us), figure(&counters.busy_permille)));
    strains.min_by_key(|(lag_us, busy_permille)| (*busy_permille, *lag_us)).unwrap_or_default()
}

/// A worker thread's life.
fn run(parts: WorkerParts<KernelSink>) {
    let (clock, inbox, counters) = (Arc::clone(&parts.clock), Arc::clone(&parts.inbox), Arc::clone(&parts.counters));
    let mut worker = Worker::new(parts);
    let mut events = [EpollEvent::empty(); EVENTS];
    let (mut strain, mut planned_us) = (Strain::default(), None);
    loop {
        let begin_us = clock.now_us();
        let next_us = worker.step(begin_us);
        if worker.is_stopping() {
            return;
        }
        let now_us = clock.now_us();
        counters.step_us.record((now_us - begin_us).max(0) as u64, 1);
        strain.update(planned_us, begin_us, now_us);
        planned_us = next_us;
        counters.lag_us.store(strain.lag_us as u64, Ordering::Relaxed);
        counters.busy_permille.store((strain.busy * 1000.0) as u64, Ordering::Relaxed);
        let sleep_us = next_us.map_or(LONGEST_SLEEP_US, |next| (next - now_us).clamp(0, LONGEST_SLEEP_US));
        let asleep = sleep_us > 0 && inbox.fall_asleep();
        if asleep {
            let mut fds = [PollFd::new(worker.sink().epoll.0.as_fd(), PollFlags::POLLIN)];
            // Woken early by a signal: the next step finds nothing to do.
            let _ = ppoll(&mut fds, Some(TimeSpec::from_duration(Duration::from_micros(sleep_us as u64))), None);
            inbox.wake_up();
        }
        let count = worker.sink().epoll.wait(&mut events, EpollTimeout::ZERO).unwrap_or(0);
        for event in events.iter().take(count) {
            match event.data() {
                BELL => drop(inbox.bell().map(EventFd::read)),
                data => worker.wake(Token { slot: data as u32, generation: (data >> 32) as u32 }),
            }
        }
    }
}

fn usable_cores() -> Vec<usize> {
    let Ok(set) = sched_getaffinity(Pid::from_raw(0)) else { return vec![0] };
    (0..CpuSet::count()).filter(|core| set.is_set(*core).unwrap_or(false)).collect()
}

fn pin_to(core: usize) {
    let mut set = CpuSet::new();
    let pinned = set.set(core).and_then(|()| sched_setaffinity(Pid::from_raw(0), &set));
    if let Err(error) = pinned {
        tracing::debug!(core, %error, "send worker is not tied to a core");
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use tokio::io::AsyncReadExt;
    use tokio::time::timeout;

    use super::super::clock::SystemClock;
    use super::super::packet::RtpHeader;
    use super::super::ports::{NoObserver, PoolConfig, PortPool};
    use super::super::stream::{RtpStream, Transport, UdpTransport};
    use super::super::test_bench::{PEER, connection, list, play_stream, request, stream, tcp_stream};
    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);
    /// Few enough for a default receive buffer: the players are read one after the other.
    const PACKETS: usize = 60;

    #[test]
    fn newcomers_are_judged_by_the_worker_that_they_would_get() {
        let worker = |lag_us: u64, busy: u64| WorkerCounters {
            lag_us: AtomicU64::new(lag_us),
            busy_permille: AtomicU64::new(busy),
            ..WorkerCounters::default()
        };
        let of = |workers: &[WorkerCounters]| strain_of_least_busy(workers.iter());
        assert_eq!(of(&[worker(90_000, 980), worker(100, 300)]), (100, 300), "there is room beside the worst one");
        assert_eq!(of(&[worker(90_000, 980), worker(70_000, 950)]), (70_000, 950));
        assert_eq!(of(&[worker(5, 7)]), (5, 7));
        assert_eq!(of(&[]), (0, 0));
    }

    struct Rig {
        engine: SendEngine,
        pool: PortPool,
        events: mpsc::UnboundedReceiver<SessionEvent>,
    }

    fn rig() -> Rig {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let (sender, events) = mpsc::unbounded_channel();
        let config = EngineConfig { workers: 2, ..EngineConfig::detect() };
        let engine = SendEngine::start(&config, Arc::clone(&clock), sender).expect("threads");
        let config = PoolConfig { first_port: 26_000, ..PoolConfig::default() };
        Rig { engine, pool: PortPool::new(config, None, clock, Arc::new(NoObserver)), events }
    }

    fn udp_player(rig: &Rig) -> (UdpSocket, Arc<RtpStream>) {
        let player = UdpSocket::bind((PEER, 0)).expect("player");
        player.set_read_timeout(Some(LIMIT)).expect("timeout");
        let rtp = player.local_addr().expect("address");
        let rtcp = SocketAddr::new(PEER, rtp.port().wrapping_add(1));
        let lease = rig.pool.allocate(PEER, rtcp).expect("a pair");
        (player, stream(Transport::Udp(UdpTransport::new(lease, PEER, rtp, rtcp)), true))
    }

    #[tokio::test]
    async fn udp_players_on_both_workers_get_every_packet() {
        let mut rig = rig();
        let players: Vec<_> = (0..4).map(|_| udp_player(&rig)).collect();
        for (key, (_, stream)) in (0..).zip(&players) {
            rig.engine.play(request(key, vec![play_stream(stream, list(PACKETS, 1, 1000, 25, 300))]));
        }
        for (player, _) in &players {
            let mut buffer = [0; 2000];
            let mut last: Option<u16> = None;
            for _ in 0..PACKETS {
                let len = player.recv(&mut buffer).expect("a packet");
                let (header, _) = RtpHeader::parse(&buffer[..len]).expect("rtp");
                assert!(last.is_none_or(|last| header.sequence == last.wrapping_add(1)));
                last = Some(header.sequence);
            }
        }
        for _ in 0..4 {
            let event = timeout(LIMIT, rig.events.recv()).await.expect("in time").expect("an event");
            assert!(matches!(event, SessionEvent::EndOfMedia { .. }), "{event:?}");
        }
        let counters = rig.engine.counters();
        assert_eq!(counters.packets, 4 * PACKETS as u64);
        assert_eq!(counters.wire_bytes, counters.bytes + 28 * counters.packets);
        assert!(counters.send_calls < counters.packets);
    }

    #[tokio::test]
    async fn frames_that_wait_for_a_slow_reader_all_arrive() {
        let rig = rig();
        let (conn, mut client) = connection().await;
        let stream = tcp_stream(&conn, 0, false);
        // Audio due all at once, more than the socket takes: it must be sent as the reader makes room.
        let source = list(4000, 4000, 1, 1, 1400);
        rig.engine.play(request(1, vec![play_stream(&stream, source)]));
        tokio::time::sleep(Duration::from_millis(50)).await;
        let (mut packets, mut wire) = (0, Vec::new());
        let mut buffer = vec![0; 1 << 16];
        while packets < 4000 {
            let len = timeout(LIMIT, client.read(&mut buffer)).await.expect("in time").expect("read");
            assert!(len > 0, "closed after {packets} packets");
            wire.extend_from_slice(&buffer[..len]);
            let mut at = 0;
            while let Some([b'$', channel, high, low]) = wire.get(at..at + 4) {
                let end = at + 4 + usize::from(u16::from_be_bytes([*high, *low]));
                if end > wire.len() {
                    break;
                }
                packets += usize::from(*channel == 0);
                at = end;
            }
            wire.drain(..at);
            assert!(wire.first().is_none_or(|byte| *byte == b'$'));
        }
        assert!(rig.engine.counters().stale_packets == 0);
    }

    #[tokio::test]
    async fn pause_and_teardown_answer_and_silence() {
        let rig = rig();
        let (player, stream) = udp_player(&rig);
        rig.engine.play(request(7, vec![play_stream(&stream, list(10_000, 1, 1000, 25, 300))]));
        player.recv(&mut [0; 2000]).expect("it plays");
        let position = timeout(LIMIT, rig.engine.pause(7)).await.expect("in time").expect("known");
        assert_eq!(position.next.len(), 1);
        assert_eq!(position.next[0].sequence, stream.next_sequence());
        let sent = rig.engine.counters().packets;
        timeout(LIMIT, rig.engine.teardown(7, true)).await.expect("in time");
        assert_eq!(rig.engine.counters().packets, sent);
        assert_eq!(timeout(LIMIT, rig.engine.pause(7)).await.expect("in time"), None);
        timeout(LIMIT, rig.engine.teardown(7, true)).await.expect("in time");
        rig.engine.shutdown();
    }
}
