//! A client session's sending: which packet of which stream goes now, when to come back, how it ends.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::clock::Clock;
use super::conn_writer::{ConnWriter, Written};
use super::counters::{PACKET_OVERHEAD, WorkerCounters};
use super::gather::Gather;
use super::monitor::Monitor;
use super::pacer::{OverbufferWindow, Timeline, Verdict, on_time};
use super::packet::{INTERLEAVED_PREFIX_LEN, RTP_HEADER_LEN, RtpHeader, interleaved_prefix};
use super::play::{NextPacket, PlayRequest, Position, SessionEvent, SessionKey};
use super::prefs::SendPrefs;
use super::resend::SendWindow;
use super::rhythm::Rhythm;
use super::rtcp::Compound;
use super::sink::Sink;
use super::source::{PacketHead, PacketKind, ReadContext};
use super::stream::Transport;
use super::stream_play::{Status, StreamPlay};
use super::thin::{FramePosition, QualityControl, ToleranceShift};
use super::worker::SessionWaker;

mod reliable;

/// Packets of one session per look; the rest waits for the next tick so that one burst can't hold up the others.
const MAX_PACKETS_PER_RUN: usize = 256;

/// Frames go to the socket in lots of this many bytes.
const FRAME_LOT: usize = 64 * 1024;

/// The lot of a connection that has just been full. It doubles with each lot that fits.
const LEAST_FRAME_LOT: usize = 4 * 1024;

/// A blocked connection is looked at this often even if nothing says that it takes bytes again.
const BLOCKED_RETRY_US: i64 = 200_000;

/// A source that loads is looked at this often even if it does not call.
const PENDING_RETRY_US: i64 = 1_000_000;

/// The BYE of a UDP stream goes when its last packet is due, but not later than this after it was sent.
const BYE_DELAY_US: i64 = 500_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Playing,
    /// All packets are sent; BYE follows at this time.
    Ending(i64),
    Paused,
    /// BYE was said.
    Over,
}

/// What a session needs from its worker while it runs.
pub(super) struct Turn<'a> {
    pub(super) now_us: i64,
    pub(super) clock: &'a dyn Clock,
    pub(super) waker: &'a SessionWaker,
    pub(super) sink: &'a mut dyn Sink,
    /// An empty gather for frames.
    pub(super) frames: &'a mut Gather,
    pub(super) counters: &'a WorkerCounters,
    /// When sessions wake together.
    pub(super) rhythm: &'a Rhythm,
}

/// What a session wants after a run.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Outcome {
    pub(super) wake_us: Option<i64>,
    pub(super) event: Option<SessionEvent>,
}

impl Outcome {
    fn wake(at_us: i64) -> Self {
        Self { wake_us: Some(at_us), event: None }
    }

    fn event(event: SessionEvent) -> Self {
        Self { wake_us: None, event: Some(event) }
    }

    fn earlier(&mut self, at_us: i64) {
        self.wake_us = Some(self.wake_us.map_or(at_us, |wake| wake.min(at_us)));
    }
}

/// Why sending paused within a run.
enum Step {
    Sent,
    LeftOut,
    Wait(i64),
    Nothing,
}

/// The connection is gone.
struct Lost;

pub(super) struct Session {
    key: SessionKey,
    /// The caller's number of the play in progress.
    number: u32,
    prefs: Arc<SendPrefs>,
    timeline: Timeline,
    stop_us: Option<i64>,
    /// The movie's rate, bit/s; 0 is unknown.
    bit_rate: u32,
    /// When the PLAY that has not sent a packet yet was asked for.
    asked_us: Option<i64>,
    window: OverbufferWindow,
    quality: QualityControl,
    tolerance: ToleranceShift,
    state: State,
    frame_lot: usize,
    blocked_since_us: Option<i64>,
    /// What is on its way by reliable UDP.
    flight: SendWindow,
    /// Scratch: acknowledged sequence numbers and when they came.
    acks: Vec<(u16, i64)>,
    streams: Vec<StreamPlay>,
    /// Copies its packets for an operator.
    monitor: Option<Box<Monitor>>,
}

impl Session {
    pub(super) fn new(key: SessionKey, prefs: Arc<SendPrefs>) -> Self {
        Self {
            key,
            number: 0,
            prefs,
            timeline: Timeline::new(0, 0, 1.0),
            stop_us: None,
            bit_rate: 0,
            asked_us: None,
            window: OverbufferWindow::new(false),
            quality: QualityControl::new(0),
            tolerance: ToleranceShift::default(),
            state: State::Paused,
            frame_lot: FRAME_LOT,
            blocked_since_us: None,
            flight: SendWindow::default(),
            acks: Vec::new(),
            streams: Vec::new(),
            monitor: None,
        }
    }

    pub(super) fn is_playing(&self) -> bool {
        matches!(self.state, State::Playing | State::Ending(_))
    }

    pub(super) fn play(&mut self, request: PlayRequest, now_us: i64, waker: &SessionWaker) {
        let bit_rate = request.bit_rate;
        self.bit_rate = bit_rate;
        let PlayRequest { streams, speed, media_start_us, start_delay_us, prefs, .. } = request;
        if streams.is_empty() {
            self.take_acks();
            self.streams.iter_mut().for_each(StreamPlay::restart);
        } else {
            self.close_windows();
            self.streams = streams.into_iter().map(StreamPlay::new).collect();
            let level = self.streams.iter().map(|play| play.stream.quality()).max().unwrap_or(0);
            self.quality = QualityControl::new(level);
        }
        let plain_udp = self.streams.iter().any(|play| !play.stream.is_reliable());
        self.number = request.number;
        self.prefs = prefs;
        self.stop_us = request.stop_us;
        self.asked_us = request.asked_us;
        self.tolerance = request.tolerance;
        self.window = OverbufferWindow::new(request.overbuffer && !plain_udp);
        self.timeline = Timeline::new(now_us.saturating_add(start_delay_us.max(0)), media_start_us, speed);
        self.state = State::Playing;
        let player = self.streams.first().map(|play| play.stream.player());
        self.monitor = player
            .zip(self.prefs.monitor.as_ref())
            .and_then(|(player, prefs)| Monitor::open(prefs, player).map(Box::new));
        let begin_us = self.timeline.origin_us;
        for play in &mut self.streams {
            play.check_stop(request.stop_us);
            play.begin_adaptation(begin_us);
        }
        self.open_windows(bit_rate, waker);
    }

    pub(super) fn update(&mut self, tolerance: Option<ToleranceShift>, prefs: Option<Arc<SendPrefs>>) {
        self.tolerance = tolerance.unwrap_or(self.tolerance);
        if let Some(prefs) = prefs {
            self.prefs = prefs;
        }
    }

    /// Stops sending and says where.
    pub(super) fn pause(&mut self, turn: &Turn<'_>) -> Position {
        if self.is_playing() {
            self.state = State::Paused;
        }
        for index in 0..self.streams.len() {
            let _ = self.fill(index, turn); // a failure will show again when the play goes on
        }
        self.position(turn.now_us)
    }

    fn position(&self, now_us: i64) -> Position {
        let next: smallvec::SmallVec<[NextPacket; 2]> =
            self.streams.iter().filter_map(StreamPlay::next_packet).collect();
        let last_sent = self.streams.iter().filter_map(|play| play.last).map(|(media_us, _)| media_us).max();
        let media_us = next.iter().map(|packet| packet.time_us).min().or(last_sent);
        Position { media_us: media_us.unwrap_or(self.timeline.media_start_us), at_us: now_us, next }
    }

    /// Ends all streams with a report and BYE, as far as the transports take them.
    pub(super) fn say_bye(&mut self, turn: &mut Turn<'_>) {
        if self.state == State::Over {
            return;
        }
        self.state = State::Over;
        self.close_windows();
        for index in 0..self.streams.len() {
            let Some(play) = self.streams.get_mut(index) else { continue };
            let Some(report) = play.farewell(&self.timeline, turn.clock) else { continue };
            if self.send_report(index, &report, turn).is_err() {
                return;
            }
        }
        let _ = self.send_frames(turn);
    }

    /// Sends what may go now.
    pub(super) fn run(&mut self, turn: &mut Turn<'_>) -> Outcome {
        self.take_acks();
        let outcome = match self.state {
            State::Playing => self.run_playing(turn),
            State::Ending(at_us) => self.run_ending(at_us, turn),
            State::Paused | State::Over => Ok(Outcome::default()),
        };
        self.commit(turn);
        outcome.unwrap_or_else(|Lost| {
            self.state = State::Over;
            Outcome::event(SessionEvent::ConnectionLost { key: self.key, stuck: false })
        })
    }

    fn run_playing(&mut self, turn: &mut Turn<'_>) -> Result<Outcome, Lost> {
        self.resend(turn);
        if let Some(mut outcome) = self.wait_for_connection(turn)? {
            self.wake_for_windows(&mut outcome, turn.now_us);
            return Ok(outcome);
        }
        for index in 0..self.streams.len() {
            if let Err(reason) = self.fill(index, turn) {
                return Ok(self.fail(index, reason, turn));
            }
        }
        self.take_client_window();
        let mut outcome = Outcome::default();
        let only_udp = self.streams.iter().all(|play| !play.stream.is_reliable());
        let sent = if only_udp { self.run_streams(&mut outcome, turn) } else { self.run_merged(&mut outcome, turn)? };
        if let Err((index, reason)) = sent {
            return Ok(self.fail(index, reason, turn));
        }
        for play in &self.streams {
            if let Status::Pending(retry_us) = play.status {
                outcome.earlier(retry_us.min(turn.now_us + PENDING_RETRY_US));
            }
        }
        self.wake_for_windows(&mut outcome, turn.now_us);
        let finished = self.streams.iter().all(StreamPlay::is_finished) && self.windows_are_empty();
        if finished && self.blocked_since_us.is_none() {
            return self.finish(turn);
        }
        Ok(outcome)
    }

    /// Plain UDP: stream after stream, so that packets to one address stand together.
    fn run_streams(&mut self, outcome: &mut Outcome, turn: &mut Turn<'_>) -> Result<(), (usize, String)> {
        for index in 0..self.streams.len() {
            let mut left = MAX_PACKETS_PER_RUN;
            loop {
                if left == 0 {
                    outcome.earlier(turn.now_us);
                    break;
                }
                left -= 1;
                // A lost connection is none of a datagram's troubles.
                match self.step(index, turn).unwrap_or(Step::Nothing) {
                    Step::Sent | Step::LeftOut => self.fill(index, turn).map_err(|reason| (index, reason))?,
                    Step::Wait(at_us) => {
                        outcome.earlier(at_us);
                        break;
                    }
                    Step::Nothing => break,
                }
            }
        }
        Ok(())
    }

    /// Frames and what shares a window: in the order of their due times over all streams.
    fn run_merged(&mut self, outcome: &mut Outcome, turn: &mut Turn<'_>) -> Result<Result<(), (usize, String)>, Lost> {
        let mut full = false;
        for _ in 0..MAX_PACKETS_PER_RUN {
            let Some(index) = self.earliest(full) else {
                self.flush_frames(outcome, turn)?;
                return Ok(Ok(()));
            };
            match self.step(index, turn)? {
                Step::Sent | Step::LeftOut => {
                    if let Err(reason) = self.fill(index, turn) {
                        return Ok(Err((index, reason)));
                    }
                }
                Step::Wait(at_us) => {
                    outcome.earlier(at_us);
                    self.flush_frames(outcome, turn)?;
                    return Ok(Ok(()));
                }
                Step::Nothing => full = true, // the window: streams outside it may go on
            }
            if turn.frames.bytes() >= self.frame_lot && !self.flush_frames(outcome, turn)? {
                return Ok(Ok(()));
            }
        }
        self.flush_frames(outcome, turn)?;
        outcome.earlier(turn.now_us);
        Ok(Ok(()))
    }

    fn earliest(&self, window_is_full: bool) -> Option<usize> {
        let may_send = |play: &StreamPlay| !window_is_full || play.resend.is_none();
        let streams = self.streams.iter().enumerate().filter(|(_, play)| may_send(play));
        let heads = streams.filter_map(|(index, play)| Some((index, play.ready_head()?)));
        heads.min_by_key(|(_, head)| head.time_us).map(|(index, _)| index)
    }

    /// Sends, leaves out, or puts off the next packet of a stream.
    fn step(&mut self, index: usize, turn: &mut Turn<'_>) -> Result<Step, Lost> {
        let Some(play) = self.streams.get(index) else { return Ok(Step::Nothing) };
        let has_room = self.has_room(play);
        let reliable = play.stream.is_reliable();
        let Some(head) = play.ready_head() else { return Ok(Step::Nothing) };
        let shift_us = play.shift_us(turn.now_us, self.prefs.max_send_ahead_ms);
        let due_us = self.timeline.due_us(head.time_us).saturating_add(shift_us);
        let size = RTP_HEADER_LEN + play.source.payload().map_or(0, |(_, range)| range.len());
        let ahead = self.window.is_enabled() && !play.adapts();
        if has_room {
            let verdict = match play.adapts() {
                true => on_time(&self.prefs, due_us, turn.now_us),
                false => self.window.decide(&self.prefs, due_us, turn.now_us, size),
            };
            if let Verdict::WaitUntil(at_us) = verdict {
                let at_us = if ahead {
                    let lot_us = at_us.max(self.prefs.next_lot_us(self.bit_rate, due_us, turn.now_us));
                    turn.rhythm.lot(lot_us, due_us)
                } else {
                    turn.rhythm.beat(at_us, &self.prefs)
                };
                return Ok(Step::Wait(at_us.max(turn.now_us + 1)));
            }
        }
        if reliable && self.leaves_out(index, (turn.now_us - due_us) / 1000, turn) {
            return Ok(Step::LeftOut);
        }
        if !has_room {
            return Ok(Step::Nothing); // an acknowledgement will wake the session
        }
        if head.time_us >= self.timeline.media_start_us {
            turn.counters.lateness_us.record((turn.now_us - due_us).max(0) as u64, 1);
        }
        self.send_packet(index, turn)?;
        if let Some(asked_us) = self.asked_us.take() {
            turn.counters.startup_us.record((turn.now_us - asked_us).max(0) as u64, 1);
        }
        Ok(Step::Sent)
    }

    /// The lateness rules of stream-oriented transports.
    fn leaves_out(&mut self, index: usize, lateness_ms: i64, turn: &Turn<'_>) -> bool {
        let worst = self.streams.iter().map(|play| play.stream.worst_quality()).max().unwrap_or(0);
        let before = self.quality.level();
        let level = self.quality.update(&self.prefs, self.tolerance, lateness_ms, turn.now_us / 1000, worst);
        if level != before {
            tracing::debug!(session = self.key, lateness_ms, level, "quality by lateness");
            let thinnable =
                |play: &&StreamPlay| play.stream.is_reliable() && !play.stream.is_thinning_disabled() && !play.adapts();
            self.streams.iter().filter(thinnable).for_each(|play| play.stream.set_quality(level));
        }
        let Some(play) = self.streams.get_mut(index) else { return false };
        let Some(head) = play.head else { return false };
        if head.kind == PacketKind::Rtcp {
            return false; // small, and what ties the streams together
        }
        let may_thin = !self.prefs.disable_thinning && !play.stream.is_thinning_disabled();
        let frame = play.is_video().then_some(FramePosition { sample: head.sample, sync: head.sync });
        let drops = play.dropper.drops(&self.prefs, self.tolerance, frame, may_thin, lateness_ms);
        if drops {
            play.advance();
            play.stream.stats().stale_packets_dropped.fetch_add(1, Ordering::Relaxed);
            turn.counters.stale_packets.fetch_add(1, Ordering::Relaxed);
        }
        drops
    }

    fn send_packet(&mut self, index: usize, turn: &mut Turn<'_>) -> Result<(), Lost> {
        let Some(play) = self.streams.get_mut(index) else { return Ok(()) };
        let Some(head) = play.head else { return Ok(()) };
        let is_rtcp = head.kind == PacketKind::Rtcp;
        let to = play.peer(is_rtcp);
        let header = play.head_for(&head);
        self.keep(index, &head, &header, turn.now_us);
        let Some(play) = self.streams.get_mut(index) else { return Ok(()) };
        let payload = play.source.payload();
        if let Some(monitor) = self.monitor.as_mut().filter(|_| !is_rtcp) {
            let payload = payload.clone().and_then(|(block, range)| block.get(range)).unwrap_or_default();
            monitor.copy(play.is_video(), &header, payload);
        }
        match play.stream.transport() {
            Transport::Udp(udp) => {
                if let Some(to) = to {
                    turn.sink.datagram(udp.pair(), is_rtcp, to, &header, payload);
                }
            }
            Transport::Interleaved { rtp_channel, rtcp_channel, .. } => {
                let channel = if is_rtcp { *rtcp_channel } else { *rtp_channel };
                let len = header.len() + payload.as_ref().map_or(0, |(_, range)| range.len());
                // A packet too long for a frame's 16 bits cannot exist on this transport: it is left out.
                if let Some(prefix) = interleaved_prefix(channel, len) {
                    push_frame(turn.frames, prefix, &header, payload);
                }
            }
        }
        play.advance();
        let report = play.report_if_due(&self.timeline, turn.clock, turn.now_us, self.prefs.report_interval_ms);
        if let Some(report) = report {
            self.send_report(index, &report, turn)?;
        }
        self.keep_connections_apart(index, turn)
    }

    /// Streams of one session nearly always share a connection. Where they don't, frames must not mix.
    fn keep_connections_apart(&mut self, index: usize, turn: &mut Turn<'_>) -> Result<(), Lost> {
        let conn = |play: &StreamPlay| match play.stream.transport() {
            Transport::Interleaved { conn, .. } => Some(Arc::as_ptr(conn)),
            Transport::Udp(_) => None,
        };
        let Some(mine) = self.streams.get(index).and_then(conn) else { return Ok(()) };
        if self.streams.iter().filter_map(conn).any(|other| !std::ptr::eq(other, mine)) {
            self.send_frames_of(index, turn)?;
        }
        Ok(())
    }

    fn send_report(&mut self, index: usize, report: &Compound, turn: &mut Turn<'_>) -> Result<(), Lost> {
        let Some(play) = self.streams.get_mut(index) else { return Ok(()) };
        let to = play.peer(true);
        match play.stream.transport() {
            Transport::Udp(udp) => {
                if let Some(to) = to {
                    turn.sink.datagram(udp.pair(), true, to, report, None);
                }
                Ok(())
            }
            Transport::Interleaved { rtcp_channel, .. } => {
                if let Some(prefix) = interleaved_prefix(*rtcp_channel, report.len()) {
                    push_frame(turn.frames, prefix, report, None);
                }
                self.keep_connections_apart(index, turn)
            }
        }
    }

    /// Before anything is sent: what a connection has kept must go. `Some` if it can't.
    fn wait_for_connection(&mut self, turn: &mut Turn<'_>) -> Result<Option<Outcome>, Lost> {
        for index in 0..self.streams.len() {
            let Some(conn) = self.conn(index) else { continue };
            if conn.is_closed() {
                return Err(Lost);
            }
            if !turn.sink.try_flush(&conn, turn.now_us).map_err(|_| Lost)? {
                return Ok(Some(self.blocked(&conn, turn)));
            }
        }
        self.blocked_since_us = None;
        Ok(None)
    }

    fn conn(&self, index: usize) -> Option<Arc<ConnWriter>> {
        match self.streams.get(index)?.stream.transport() {
            Transport::Interleaved { conn, .. } => Some(Arc::clone(conn)),
            Transport::Udp(_) => None,
        }
    }

    fn blocked(&mut self, conn: &Arc<ConnWriter>, turn: &mut Turn<'_>) -> Outcome {
        let since = *self.blocked_since_us.get_or_insert(turn.now_us);
        let idle_us = turn.now_us - since.max(conn.progress_us());
        if idle_us >= self.prefs.stuck_tcp_ms.saturating_mul(1000) {
            self.state = State::Over;
            return Outcome::event(SessionEvent::ConnectionLost { key: self.key, stuck: true });
        }
        turn.sink.watch_writable(conn, turn.waker.token());
        Outcome::wake(turn.now_us + BLOCKED_RETRY_US)
    }

    /// Hands the gathered frames to their connection. `false` if it is full now.
    fn flush_frames(&mut self, outcome: &mut Outcome, turn: &mut Turn<'_>) -> Result<bool, Lost> {
        if self.send_frames(turn)? {
            return Ok(true);
        }
        match self.wait_for_connection(turn)? {
            Some(blocked) => *outcome = blocked,
            None => outcome.earlier(turn.now_us), // it was full a moment ago
        }
        Ok(false)
    }

    fn send_frames(&mut self, turn: &mut Turn<'_>) -> Result<bool, Lost> {
        let interleaved = self.streams.iter().position(|play| play.udp().is_none());
        interleaved.map_or(Ok(true), |index| self.send_frames_of(index, turn))
    }

    fn send_frames_of(&mut self, index: usize, turn: &mut Turn<'_>) -> Result<bool, Lost> {
        let Some(conn) = self.conn(index).filter(|_| !turn.frames.is_empty()) else { return Ok(true) };
        let result = turn.sink.frames(&conn, turn.frames, turn.now_us);
        turn.frames.clear(); // also after a failure: they must not reach the next session's connection
        let written = result.map_err(|_| Lost)?;
        self.frame_lot = match written {
            Written::Sent => (self.frame_lot * 2).min(FRAME_LOT),
            Written::Queued => LEAST_FRAME_LOT,
        };
        if let Some(play) = self.streams.get(index).filter(|_| conn.progress_us() == turn.now_us) {
            play.stream.touch(turn.now_us / 1000);
        }
        Ok(written == Written::Sent)
    }

    fn fill(&mut self, index: usize, turn: &Turn<'_>) -> Result<(), String> {
        let Some(play) = self.streams.get_mut(index) else { return Ok(()) };
        let quality = play.stream.quality();
        let skip_repeats = play.stream.is_reliable() || quality > 0;
        let context = ReadContext { now_us: turn.now_us, quality, skip_repeats, waker: turn.waker };
        play.fill(&context, self.stop_us)
    }

    fn take_client_window(&mut self) {
        if self.window.is_enabled() {
            for play in &self.streams {
                if let Some(bytes) = play.stream.stats().take_overbuffer_window() {
                    self.window.set_client_window(bytes);
                }
            }
        }
    }

    /// All streams are at their stop time or end.
    fn finish(&mut self, turn: &mut Turn<'_>) -> Result<Outcome, Lost> {
        if self.streams.iter().any(|play| play.status == Status::Stopped) {
            self.state = State::Paused;
            let position = self.position(turn.now_us);
            return Ok(Outcome::event(SessionEvent::Stopped { key: self.key, play: self.number, position }));
        }
        let last_due = |play: &StreamPlay| play.last.map(|(media_us, _)| self.timeline.due_us(media_us));
        let udp = self.streams.iter().filter(|play| play.udp().is_some());
        let at_us = udp.filter_map(last_due).max().unwrap_or(turn.now_us);
        let at_us = at_us.clamp(turn.now_us, turn.now_us + BYE_DELAY_US);
        self.state = State::Ending(at_us);
        self.run_ending(at_us, turn)
    }

    fn run_ending(&mut self, at_us: i64, turn: &mut Turn<'_>) -> Result<Outcome, Lost> {
        if turn.now_us < at_us {
            return Ok(Outcome::wake(at_us));
        }
        if let Some(outcome) = self.wait_for_connection(turn)? {
            return Ok(outcome);
        }
        self.say_bye(turn);
        self.streams.iter_mut().for_each(|play| play.head = None);
        Ok(Outcome::event(SessionEvent::EndOfMedia { key: self.key, play: self.number }))
    }

    fn fail(&mut self, index: usize, reason: String, turn: &mut Turn<'_>) -> Outcome {
        let track_id = self.streams.get(index).map_or(0, |play| play.stream.config().track_id);
        self.say_bye(turn);
        Outcome::event(SessionEvent::SourceFailed { key: self.key, track_id, reason })
    }

    /// Counts what this run has sent.
    fn commit(&mut self, turn: &Turn<'_>) {
        let (mut packets, mut bytes) = (0, 0);
        for play in &mut self.streams {
            play.publish();
            let (more_packets, more_bytes) = play.take_uncounted();
            packets += more_packets;
            bytes += more_bytes;
        }
        if packets > 0 {
            turn.counters.packets.fetch_add(packets, Ordering::Relaxed);
            turn.counters.bytes.fetch_add(bytes, Ordering::Relaxed);
            turn.counters.wire_bytes.fetch_add(bytes + packets * PACKET_OVERHEAD, Ordering::Relaxed);
        }
    }
}

fn push_frame(
    frames: &mut Gather,
    prefix: [u8; INTERLEAVED_PREFIX_LEN],
    head: &[u8],
    payload: Option<(&bytes::Bytes, std::ops::Range<usize>)>,
) {
    let mut start = smallvec::SmallVec::<[u8; 128]>::new();
    start.extend_from_slice(&prefix);
    start.extend_from_slice(head);
    frames.push(&start, payload);
}
