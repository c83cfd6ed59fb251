//! A send worker: it owns its sessions, a timer wheel and a sink, and does one step at a time.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::eventfd::EventFd;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use super::clock::Clock;
use super::counters::WorkerCounters;
use super::gather::Gather;
use super::play::{PlayRequest, Position, SessionEvent, SessionKey};
use super::prefs::SendPrefs;
use super::rhythm::Rhythm;
use super::session::{Outcome, Session, Turn};
use super::sink::Sink;
use super::thin::ToleranceShift;
use super::wheel::TimerWheel;

/// The grain of the timer wheel. Sessions due within one tick are sent in common batches; it is well inside the time by
/// which a session is woken early.
pub(super) const TICK_US: i64 = 4000;

/// Datagrams gathered before they are sent in the middle of a step.
const MAX_GATHERED: usize = 1024;

/// Names a session to its worker for wake-ups; stale tokens are harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    pub(super) slot: u32,
    pub(super) generation: u32,
}

/// Orders to a worker.
#[derive(Debug)]
pub(super) enum Command {
    Play(Box<PlayRequest>),
    Pause {
        key: SessionKey,
        reply: oneshot::Sender<Option<Position>>,
    },
    Update {
        key: SessionKey,
        tolerance: Option<ToleranceShift>,
        prefs: Option<Arc<SendPrefs>>,
    },
    Teardown {
        key: SessionKey,
        send_bye: bool,
        reply: oneshot::Sender<()>,
    },
    Wake(Token),
    /// Give up room that is not needed now.
    Shrink,
    Shutdown,
}

/// A worker's letter box.
#[derive(Debug)]
pub(super) struct Inbox {
    commands: Mutex<Vec<Command>>,
    /// Rings when a command comes while the worker sleeps.
    bell: Option<EventFd>,
    asleep: AtomicBool,
}

impl Inbox {
    pub(super) fn new(bell: Option<EventFd>) -> Arc<Self> {
        Arc::new(Self { commands: Mutex::default(), bell, asleep: AtomicBool::new(false) })
    }

    pub(super) fn bell(&self) -> Option<&EventFd> {
        self.bell.as_ref()
    }

    pub(super) fn push(&self, command: Command) {
        self.commands.lock().push(command);
        if self.asleep.swap(false, Ordering::SeqCst) {
            if let Some(bell) = &self.bell {
                let _ = bell.write(1); // fails only when it has rung 2^64 times unheard
            }
        }
    }

    /// Announces sleep. `false`: there is mail, don't.
    pub(super) fn fall_asleep(&self) -> bool {
        self.asleep.store(true, Ordering::SeqCst);
        let quiet = self.commands.lock().is_empty();
        if !quiet {
            self.wake_up();
        }
        quiet
    }

    pub(super) fn wake_up(&self) {
        self.asleep.store(false, Ordering::SeqCst);
    }

    fn take(&self, into: &mut Vec<Command>) {
        std::mem::swap(&mut *self.commands.lock(), into);
    }
}

/// Wakes a session whose source said [`super::source::Peek::Pending`].
#[derive(Debug, Clone)]
pub struct SessionWaker {
    inbox: Arc<Inbox>,
    token: Token,
}

impl SessionWaker {
    /// Has the session look at its sources again soon. Cheap; may be called from any thread, also when the session is
    /// gone.
    pub fn wake(&self) {
        self.inbox.push(Command::Wake(self.token));
    }

    pub(super) fn token(&self) -> Token {
        self.token
    }

    /// A waker that wakes nobody, for looking at a source outside the engine.
    pub fn detached() -> Self {
        Self { inbox: Inbox::new(None), token: Token { slot: u32::MAX, generation: 0 } }
    }
}

struct Slot {
    session: Option<Box<Session>>,
    key: SessionKey,
    waker: SessionWaker,
}

/// What a worker is made of.
pub(super) struct WorkerParts<S> {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) sink: S,
    pub(super) inbox: Arc<Inbox>,
    pub(super) events: mpsc::UnboundedSender<SessionEvent>,
    pub(super) counters: Arc<WorkerCounters>,
    /// Share of a beat by which this worker is after the first one: together they don't get in each other's way.
    pub(super) phase: f64,
}

/// The sessions of one core. Knows no threads: whoever owns it calls [`Worker::step`].
pub(super) struct Worker<S> {
    parts: WorkerParts<S>,
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// Of the session that was added last; sessions in the same slot differ by it.
    generation: u32,
    index: HashMap<SessionKey, u32>,
    wheel: TimerWheel,
    frames: Gather,
    rhythm: Rhythm,
    due: Vec<u32>,
    commands: Vec<Command>,
    playing: u64,
    stopping: bool,
}

impl<S: Sink> Worker<S> {
    pub(super) fn new(parts: WorkerParts<S>) -> Self {
        let wheel = TimerWheel::new(TICK_US, parts.clock.now_us());
        let rhythm = Rhythm::new(TICK_US, parts.phase);
        Self {
            parts,
            slots: Vec::new(),
            free: Vec::new(),
            generation: 0,
            index: HashMap::new(),
            wheel,
            frames: Gather::default(),
            rhythm,
            due: Vec::new(),
            commands: Vec::new(),
            playing: 0,
            stopping: false,
        }
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping
    }

    pub(super) fn sink(&mut self) -> &mut S {
        &mut self.parts.sink
    }

    /// Obeys what is in the inbox, sends all that is due at `now_us`, and returns when the next step is due.
    pub(super) fn step(&mut self, now_us: i64) -> Option<i64> {
        let mut now_us = now_us;
        let mut commands = std::mem::take(&mut self.commands);
        self.parts.inbox.take(&mut commands);
        for command in commands.drain(..) {
            self.obey(command, now_us);
        }
        self.commands = commands;

        let mut due = std::mem::take(&mut self.due);
        self.wheel.advance(now_us, &mut due);
        self.rhythm.listen(now_us, self.parts.counters.packets.load(Ordering::Relaxed));
        for slot in due.drain(..) {
            self.run(slot, now_us);
            if self.parts.sink.queued() >= MAX_GATHERED {
                self.parts.sink.flush();
                now_us = now_us.max(self.parts.clock.now_us());
            }
        }
        self.due = due;
        self.parts.sink.flush();
        self.parts.counters.playing.store(self.playing, Ordering::Relaxed);
        self.parts.counters.sessions.store(self.index.len() as u64, Ordering::Relaxed);
        self.wheel.next_us()
    }

    /// Has a session run with the next step.
    pub(super) fn wake(&mut self, token: Token) {
        let alive = |slot: &Slot| slot.session.is_some() && slot.waker.token == token;
        if self.slots.get(token.slot as usize).is_some_and(alive) {
            self.wheel.set(token.slot, 0);
        }
    }

    fn obey(&mut self, command: Command, now_us: i64) {
        match command {
            Command::Play(request) => self.play(*request, now_us),
            Command::Pause { key, reply } => {
                let position = self.index.get(&key).copied().and_then(|slot| {
                    self.wheel.cancel(slot);
                    self.with_session(slot, now_us, |session, turn| session.pause(turn))
                });
                let _ = reply.send(position); // the asker may have given up
            }
            Command::Update { key, tolerance, prefs } => {
                if let Some(slot) = self.index.get(&key).copied() {
                    self.with_session(slot, now_us, |session, _| session.update(tolerance, prefs));
                }
            }
            Command::Teardown { key, send_bye, reply } => {
                if let Some(slot) = self.index.get(&key).copied() {
                    if send_bye {
                        self.with_session(slot, now_us, |session, turn| session.say_bye(turn));
                    }
                    self.remove(slot);
                }
                self.parts.sink.flush(); // the streams' ports may be given up after the reply
                let _ = reply.send(());
            }
            Command::Wake(token) => self.wake(token),
            Command::Shrink => self.shrink(),
            Command::Shutdown => self.stop(now_us),
        }
    }

    fn play(&mut self, request: PlayRequest, now_us: i64) {
        let slot = match self.index.get(&request.key) {
            Some(slot) => *slot,
            None => self.insert(request.key, Arc::clone(&request.prefs)),
        };
        self.with_session(slot, now_us, |session, turn| session.play(request, now_us, turn.waker));
        self.wheel.set(slot, 0);
    }

    fn insert(&mut self, key: SessionKey, prefs: Arc<SendPrefs>) -> u32 {
        let session = Some(Box::new(Session::new(key, prefs)));
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                let slot = self.slots.len() as u32;
                let waker = SessionWaker { inbox: Arc::clone(&self.parts.inbox), token: Token { slot, generation: 0 } };
                self.slots.push(Slot { session: None, key, waker });
                slot
            }
        };
        self.generation = self.generation.wrapping_add(1);
        if let Some(entry) = self.slots.get_mut(slot as usize) {
            entry.waker.token.generation = self.generation;
            entry.session = session;
            entry.key = key;
        }
        self.index.insert(key, slot);
        slot
    }

    fn remove(&mut self, slot: u32) {
        self.wheel.cancel(slot);
        let Some(entry) = self.slots.get_mut(slot as usize) else { return };
        if let Some(session) = entry.session.take() {
            self.playing -= u64::from(session.is_playing());
            self.index.remove(&entry.key);
            self.free.push(slot);
        }
    }

    fn shrink(&mut self) {
        let used = self.slots.iter().rposition(|slot| slot.session.is_some()).map_or(0, |last| last + 1);
        self.slots.truncate(used);
        self.slots.shrink_to_fit();
        self.free.retain(|slot| (*slot as usize) < used);
        self.free.shrink_to_fit();
        self.wheel.shrink(used);
        self.index.shrink_to_fit();
        self.frames = Gather::default();
        self.due = Vec::new();
        self.parts.sink.flush();
        self.parts.sink.shrink();
    }

    fn run(&mut self, slot: u32, now_us: i64) {
        let outcome = self.with_session(slot, now_us, |session, turn| session.run(turn));
        let Some(Outcome { wake_us, event }) = outcome else { return };
        if let Some(wake_us) = wake_us {
            self.wheel.set(slot, wake_us);
        }
        if let Some(event) = event {
            self.tell(event);
        }
    }

    fn tell(&self, event: SessionEvent) {
        let _ = self.parts.events.send(event); // nobody listens any more while shutting down
    }

    /// Calls `act` on a session. If it panics the session is removed and nothing else suffers.
    fn with_session<R>(
        &mut self,
        slot: u32,
        now_us: i64,
        act: impl FnOnce(&mut Session, &mut Turn<'_>) -> R,
    ) -> Option<R> {
        let entry = self.slots.get_mut(slot as usize)?;
        let key = entry.key;
        let session = entry.session.as_mut()?;
        let was_playing = session.is_playing();
        let mut turn = Turn {
            now_us,
            clock: &*self.parts.clock,
            waker: &entry.waker,
            sink: &mut self.parts.sink,
            frames: &mut self.frames,
            counters: &self.parts.counters,
            rhythm: &self.rhythm,
        };
        let result = catch_unwind(AssertUnwindSafe(|| act(session, &mut turn)));
        self.frames.clear(); // whatever came of them, they are not the next session's
        match result {
            Ok(result) => {
                self.playing = self.playing + u64::from(session.is_playing()) - u64::from(was_playing);
                Some(result)
            }
            Err(_) => {
                tracing::error!(session = key, "sending to a session panicked; the session is dropped");
                self.playing -= u64::from(was_playing);
                // The figures above counted it as it was; removal must not count it again.
                if let Some(broken) = self.slots.get_mut(slot as usize).and_then(|entry| entry.session.take()) {
                    let _ = catch_unwind(AssertUnwindSafe(|| drop(broken)));
                    self.index.remove(&key);
                    self.free.push(slot);
                    self.wheel.cancel(slot);
                }
                self.tell(SessionEvent::Panicked { key });
                None
            }
        }
    }

    fn stop(&mut self, now_us: i64) {
        for slot in 0..self.slots.len() as u32 {
            self.with_session(slot, now_us, |session, turn| session.say_bye(turn));
            self.remove(slot);
        }
        self.parts.sink.flush();
        self.stopping = true;
    }
}
