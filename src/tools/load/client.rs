//! One viewer: connects, asks, plays, leaves.

use std::collections::VecDeque;
use std::net::IpAddr;

use rand::Rng;

use super::context::{Alarm, Context};
use super::link::Link;
use super::plan::Transport;
use super::ports::PORT_TOKEN;
use super::request::Method;
use super::stream::Stream;
use crate::rtsp::challenge::Challenge;
use crate::rtsp::client::{Item, Message, next_item};

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As planned.
    Success,
    /// A request was answered with this status.
    Refused(u16),
    /// Anything else.
    Failed(&'static str),
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No session.
    Idle,
    /// Before its first answer, or asking its way to PLAY.
    Asking,
    /// PLAY was granted.
    Playing,
    /// TEARDOWN was sent.
    Leaving,
}

/// A request without its answer yet.
#[derive(Clone, Debug)]
pub struct Pending {
    /// What was asked.
    pub method: Method,
    /// When an answer is overdue.
    pub due_us: i64,
}

/// A place for clients: one session after the other.
pub struct Client {
    /// Its number among all clients of the run.
    pub index: usize,
    /// Its place in the worker.
    pub slot: u32,
    /// Counts sessions, so that events of old ones are told apart.
    pub generation: u32,
    /// Where the session stands.
    pub state: State,
    /// Which target it plays.
    pub target: usize,
    /// Number of its local address.
    pub source: usize,
    /// RTSP connection, or the tunnel's GET.
    pub link: Option<Link>,
    /// The tunnel's POST.
    pub post: Option<Link>,
    /// Bytes of an unfinished item.
    pub rest: Vec<u8>,
    /// Requests without answer, oldest first.
    pub pending: VecDeque<Pending>,
    /// Last CSeq used.
    pub cseq: u32,
    /// `Session` value.
    pub session: Option<String>,
    /// Base of relative controls.
    pub base: String,
    /// Answered to challenges, and how often.
    pub challenge: Option<(Challenge, u32)>,
    /// The streams described.
    pub streams: Vec<Stream>,
    /// SSRC and CNAME number of its reports.
    pub own_ssrc: u32,
    /// Movie length by the description, seconds.
    pub duration: Option<f64>,
    /// Start of the present play, seconds into the movie.
    pub start: f64,
    /// Media there is from `start`, microseconds.
    pub available_us: i64,
    /// When the session began.
    pub joined_us: i64,
    /// When PLAY was sent.
    pub play_sent_us: i64,
    /// When the present play was granted, and the first one.
    pub play_began_us: i64,
    /// When the first play was granted.
    pub first_play_us: Option<i64>,
    /// First media has come.
    pub has_media: bool,
    /// Media due and delivered in plays that are over, microseconds.
    pub delivered: (u64, u64),
    /// When the next reports are due.
    pub report_due_us: i64,
    /// When the next keep-alive is due.
    pub keep_alive_due_us: i64,
    /// Tunnel cookie.
    pub cookie: u64,
    /// Sessions this place has had.
    pub sessions: usize,
    /// No further session will be here.
    pub retired: bool,
}

impl Client {
    /// An empty place.
    pub fn new(index: usize, slot: u32) -> Self {
        Self {
            index,
            slot,
            generation: 0,
            state: State::Idle,
            target: 0,
            source: 0,
            link: None,
            post: None,
            rest: Vec::new(),
            pending: VecDeque::new(),
            cseq: 0,
            session: None,
            base: String::new(),
            challenge: None,
            streams: Vec::new(),
            own_ssrc: 0,
            duration: None,
            start: 0.0,
            available_us: i64::MAX,
            joined_us: 0,
            play_sent_us: 0,
            play_began_us: 0,
            first_play_us: None,
            has_media: false,
            delivered: (0, 0),
            report_due_us: 0,
            keep_alive_due_us: 0,
            cookie: 0,
            sessions: 0,
            retired: false,
        }
    }

    /// What events of the RTSP connection (`post` false) or the tunnel's POST carry.
    pub fn token(&self, post: bool) -> u64 {
        let token = u64::from(self.generation & 0x3fff_ffff) << 33 | u64::from(self.slot) << 1 | u64::from(post);
        token & !PORT_TOKEN
    }

    /// The client's local address.
    pub fn address(&self, ctx: &Context) -> Option<IpAddr> {
        ctx.plan.sources.get(self.source).copied()
    }

    /// An alarm of the present session.
    pub fn alarm(&mut self, alarm: Alarm, ctx: &mut Context) {
        match alarm {
            Alarm::Join => self.join(ctx),
            Alarm::Leave => self.leave(ctx),
            Alarm::Seek => self.seek(ctx),
            Alarm::Tick => self.tick(ctx),
        }
    }

    fn join(&mut self, ctx: &mut Context) {
        if self.state != State::Idle || self.retired {
            return;
        }
        if ctx.stopping || !ctx.shared.take_session() {
            self.retired = true;
            ctx.done += 1;
            return;
        }
        let plan = ctx.plan.clone();
        self.generation = self.generation.wrapping_add(1);
        let fresh = Self::new(self.index, self.slot);
        let old = std::mem::replace(self, fresh);
        self.generation = old.generation;
        self.state = State::Asking;
        self.sessions = old.sessions + 1;
        self.target = (self.index + old.sessions) % plan.targets.len();
        self.source = self.index % plan.sources.len();
        self.own_ssrc = ctx.rng.random();
        self.joined_us = ctx.now;
        self.cookie = plan.variants.http_cookie + self.index as u64;
        self.start = plan.start;
        ctx.tally.attempts += 1;
        ctx.tally.active += 1;
        ctx.alarms.set(ctx.now + 1_000_000, self.slot, self.generation, Alarm::Tick);
        match self.open(false, ctx) {
            Some(link) => {
                self.link = Some(link);
                if plan.transport == Transport::Http {
                    self.send_tunnel_get(ctx);
                } else {
                    self.send_first(ctx);
                }
            }
            None => self.finish(Outcome::Failed("cannot connect"), ctx),
        }
    }

    /// Begins a connection to the target.
    pub fn open(&self, post: bool, ctx: &Context) -> Option<Link> {
        let to = ctx.plan.targets.get(self.target)?.address;
        let window = if ctx.plan.transport.is_interleaved() { ctx.plan.client_window } else { 0 };
        match Link::connect(to, self.address(ctx)?, window, self.token(post), &ctx.epoll) {
            Ok(link) => Some(link),
            Err(error) => {
                self.tell(ctx, &format!("connecting: {error}"));
                None
            }
        }
    }

    /// One of the connections can be read or written.
    pub fn ready(&mut self, post: bool, buffer: &mut [u8], ctx: &mut Context) {
        let Some(link) = (if post { &mut self.post } else { &mut self.link }) else { return };
        match link.progress(&ctx.epoll) {
            Err(_) if link.is_connected() => self.lost_connection(post, ctx),
            Err(error) => {
                self.tell(ctx, &format!("connecting: {error}"));
                self.finish(Outcome::Failed("cannot connect"), ctx);
            }
            Ok(_) if !link.is_connected() => {}
            Ok(_) if post => {
                // a server answers nothing on POST; reading only finds its end
                if !matches!(link.read(&mut buffer[..4096]), Ok(None | Some(1..))) {
                    self.post = None;
                }
            }
            Ok(_) => self.read(buffer, ctx),
        }
    }

    fn lost_connection(&mut self, post: bool, ctx: &mut Context) {
        if post {
            self.post = None;
        } else if self.state == State::Leaving {
            self.finish(Outcome::Success, ctx);
        } else {
            self.finish(Outcome::Failed("connection closed by server"), ctx);
        }
    }

    /// Reads all there is and takes it apart. `buffer` must have room for the longest message.
    pub fn read(&mut self, buffer: &mut [u8], ctx: &mut Context) {
        for _ in 0..16 {
            let held = self.rest.len();
            let Some(room) = buffer.get_mut(held..).filter(|r| !r.is_empty()) else {
                return self.finish(Outcome::Failed("answer too long"), ctx);
            };
            let free = room.len();
            let Some(link) = &mut self.link else { return };
            let count = match link.read(room) {
                Ok(None) => return,
                Ok(Some(0)) | Err(_) => return self.lost_connection(false, ctx),
                Ok(Some(count)) => count,
            };
            buffer[..held].copy_from_slice(&self.rest);
            self.rest.clear();
            let taken = self.take_items(&buffer[..held + count], ctx);
            if self.state == State::Idle {
                return;
            }
            self.rest.extend_from_slice(&buffer[taken..held + count]);
            if count < free {
                return;
            }
        }
    }

    fn take_items(&mut self, bytes: &[u8], ctx: &mut Context) -> usize {
        let mut at = 0;
        let generation = self.generation;
        while let Some(rest) = bytes.get(at..) {
            let (item, taken) = next_item(rest);
            at += taken;
            match item {
                Item::Frame { channel, data } => self.frame(channel, data, ctx),
                Item::Message(message) => self.message(message, ctx),
                Item::More => break,
                Item::Nonsense(why) => {
                    self.tell(ctx, why);
                    self.finish(Outcome::Failed("server sent nonsense"), ctx);
                }
            }
            if self.state == State::Idle || self.generation != generation {
                break;
            }
        }
        at
    }

    fn frame(&mut self, channel: u8, data: &[u8], ctx: &mut Context) {
        let mut found = None;
        for (number, stream) in self.streams.iter().enumerate() {
            match stream.route.channels {
                Some((rtp, _)) if rtp == channel => found = Some((number, false)),
                Some((_, rtcp)) if rtcp == channel => found = Some((number, true)),
                _ => {}
            }
        }
        match found {
            Some((number, false)) => self.media(number, data, ctx.now, ctx),
            Some((number, true)) => self.control(number, data, ctx.now, ctx),
            None => ctx.tally.stray += 1,
        }
    }

    fn message(&mut self, message: Message, ctx: &mut Context) {
        if message.status == 0 {
            return self.answer_server(&message, ctx);
        }
        let Some(pending) = self.pending.pop_front() else {
            self.tell(ctx, &format!("an answer to nothing: {}", message.first_line));
            return;
        };
        if ctx.plan.variants.drop_post && pending.method == Method::Play {
            self.post = None;
        }
        self.answer(pending.method, &message, ctx);
    }

    fn tick(&mut self, ctx: &mut Context) {
        if self.state == State::Idle {
            return;
        }
        // TEARDOWN has less patience than a keep-alive before it
        let overdue = self.pending.iter().any(|p| p.due_us < ctx.now);
        if overdue && self.state == State::Leaving {
            return self.finish(Outcome::Success, ctx);
        }
        if overdue {
            return self.finish(Outcome::Failed("no answer"), ctx);
        }
        if self.state == State::Playing {
            self.play_tick(ctx);
        }
        if self.state != State::Idle {
            ctx.alarms.set(ctx.now + 1_000_000, self.slot, self.generation, Alarm::Tick);
        }
    }

    /// Ends the session with TEARDOWN, or without when it has not come that far.
    pub fn leave(&mut self, ctx: &mut Context) {
        let rude = ctx.plan.rude > 0.0 && ctx.rng.random::<f64>() * 100.0 < ctx.plan.rude;
        match self.state {
            State::Idle | State::Leaving => {}
            State::Playing if !rude => {
                self.end_play(ctx);
                self.state = State::Leaving;
                self.send(Method::Teardown, ctx);
            }
            State::Asking if !rude && self.session.is_some() => {
                self.state = State::Leaving;
                self.send(Method::Teardown, ctx);
            }
            State::Playing | State::Asking => self.finish(Outcome::Success, ctx),
        }
    }

    /// Counts the session and makes room for the next.
    pub fn finish(&mut self, outcome: Outcome, ctx: &mut Context) {
        if self.state == State::Idle {
            return;
        }
        self.end_play(ctx);
        match &outcome {
            Outcome::Success => ctx.tally.success += 1,
            Outcome::Refused(status) => {
                ctx.tally.refused += 1;
                ctx.tally.reason(&format!("status {status}"));
                self.tell(ctx, &format!("refused with status {status}"));
            }
            Outcome::Failed(why) => {
                ctx.tally.failed += 1;
                ctx.tally.reason(why);
                self.tell(ctx, why);
            }
        }
        ctx.tally.active -= 1;
        self.judge(ctx);
        if ctx.shared.log.is_some() {
            ctx.shared.write_log(&self.log_entry(&outcome, ctx));
        }
        for stream in &self.streams {
            if let Some(pair) = stream.route.pair {
                ctx.ports.release(pair, self.source);
            }
        }
        (self.link, self.post, self.rest, self.streams) = (None, None, Vec::new(), Vec::new());
        self.pending.clear();
        self.state = State::Idle;
        self.generation = self.generation.wrapping_add(1);
        let mut pause = (ctx.plan.rejoin.draw(&mut ctx.rng) * 1e6) as i64;
        if outcome != Outcome::Success {
            pause = pause.max(1_000_000); // a server that refuses is not asked in a tight loop
        }
        ctx.alarms.set(ctx.now.saturating_add(pause), self.slot, self.generation, Alarm::Join);
    }

    /// A line for those who want to know it all.
    pub fn tell(&self, ctx: &Context, what: &str) {
        if ctx.shared.verbose {
            super::screen::tell(&format!("client {}: {what}", self.index));
        }
    }
}
