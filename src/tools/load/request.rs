//! A client's requests and what follows from their answers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand::Rng;

use super::client::{Client, Outcome, Pending, State};
use super::context::{Alarm, Context};
use super::plan::Transport;
use super::ports::Owner;
use super::stream::Stream;
use crate::rtsp::challenge::Challenge;
use crate::rtsp::client::{self as message, Description, Message, TransportAnswer};

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The description.
    Describe,
    /// OPTIONS in a session, to keep it alive.
    KeepAlive,
    /// OPTIONS before all else.
    Options,
    /// Media, or media elsewhere.
    Play,
    /// A stream by number.
    Setup(usize),
    /// The end.
    Teardown,
    /// The answering half of a tunnel.
    TunnelGet,
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Self::Describe => "DESCRIBE",
            Self::KeepAlive | Self::Options => "OPTIONS",
            Self::Play => "PLAY",
            Self::Setup(_) => "SETUP",
            Self::Teardown => "TEARDOWN",
            Self::TunnelGet => "GET",
        }
    }
}

impl Client {
    /// The first RTSP request.
    pub fn send_first(&mut self, ctx: &mut Context) {
        let first = if ctx.plan.variants.send_options { Method::Options } else { Method::Describe };
        self.send(first, ctx);
    }

    /// Opens the tunnel's answering half.
    pub fn send_tunnel_get(&mut self, ctx: &mut Context) {
        let request = self.tunnel_head("GET", ctx);
        self.expect(Method::TunnelGet, ctx);
        let sent = self.link.as_mut().map(|link| link.send(request.as_bytes(), &ctx.epoll));
        if !matches!(sent, Some(Ok(()))) {
            self.finish(Outcome::Failed("cannot write"), ctx);
        }
    }

    fn tunnel_head(&self, method: &str, ctx: &Context) -> String {
        let Some(target) = ctx.plan.targets.get(self.target) else { return String::new() };
        let mut head = format!("{method} {} HTTP/1.0\r\nHost: {}\r\n", target.path, target.authority);
        head.push_str(&format!("User-Agent: {}\r\nx-sessioncookie: {}\r\n", ctx.plan.agent, self.cookie));
        if method == "POST" {
            head.push_str("Content-Type: application/x-rtsp-tunnelled\r\nContent-Length: 32767\r\n");
        } else {
            head.push_str("Accept: application/x-rtsp-tunnelled\r\n");
        }
        head + "Pragma: no-cache\r\nCache-Control: no-cache\r\n\r\n"
    }

    fn expect(&mut self, method: Method, ctx: &Context) {
        let patience = if method == Method::Teardown { ctx.plan.timeout.min(LEAVE_PATIENCE) } else { ctx.plan.timeout };
        self.pending.push_back(Pending { method, due_us: ctx.now + patience.as_micros() as i64 });
    }

    /// Sends a request.
    pub fn send(&mut self, method: Method, ctx: &mut Context) {
        self.cseq += 1;
        let text = self.compose(method, ctx);
        self.expect(method, ctx);
        if method == Method::Play {
            if self.first_play_us.is_none() {
                ctx.tally.setup.record((ctx.now - self.joined_us).max(0) as u64);
            }
            self.play_sent_us = ctx.shared.clock.now();
        }
        self.write(text.as_bytes(), ctx);
    }

    /// Writes RTSP bytes to the server, through the tunnel if there is one.
    pub fn write(&mut self, bytes: &[u8], ctx: &mut Context) {
        let sent = if ctx.plan.transport == Transport::Http {
            let mut encoded = STANDARD.encode(bytes).into_bytes();
            if ctx.plan.variants.append_junk {
                encoded.extend([0; 4]);
            }
            self.write_post(&encoded, ctx)
        } else {
            self.link.as_mut().is_some_and(|link| link.send(bytes, &ctx.epoll).is_ok())
        };
        if !sent && self.state == State::Leaving {
            self.finish(Outcome::Success, ctx);
        } else if !sent {
            self.finish(Outcome::Failed("cannot write"), ctx);
        }
    }

    fn write_post(&mut self, encoded: &[u8], ctx: &Context) -> bool {
        if self.post.is_none() {
            let head = self.tunnel_head("POST", ctx);
            self.post = self.open(true, ctx);
            let opened = self.post.as_mut().map(|post| post.send(head.as_bytes(), &ctx.epoll));
            if !matches!(opened, Some(Ok(()))) {
                return false;
            }
        }
        self.post.as_mut().is_some_and(|post| post.send(encoded, &ctx.epoll).is_ok())
    }

    fn uri(&self, method: Method, ctx: &Context) -> String {
        let asked = || ctx.plan.targets.get(self.target).map(|t| t.url.clone()).unwrap_or_default();
        match method {
            Method::Setup(number) => self.streams.get(number).map(|s| s.url.clone()).unwrap_or_default(),
            Method::Describe | Method::Options | Method::TunnelGet => asked(),
            Method::KeepAlive | Method::Play | Method::Teardown if self.base.is_empty() => asked(),
            Method::KeepAlive | Method::Play | Method::Teardown => self.base.clone(),
        }
    }

    fn compose(&mut self, method: Method, ctx: &mut Context) -> String {
        let (name, uri) = (method.name(), self.uri(method, ctx));
        let plan = ctx.plan.clone();
        let mut text = format!("{name} {uri} RTSP/1.0\r\nCSeq: {}\r\nUser-Agent: {}\r\n", self.cseq, plan.agent);
        let mut field = |name: &str, value: &str| text.push_str(&format!("{name}: {value}\r\n"));
        if let (Some(session), true) = (&self.session, method != Method::Describe) {
            field("Session", session);
        }
        match method {
            Method::Describe => {
                field("Accept", "application/sdp");
                if plan.variants.bandwidth > 0 {
                    field("Bandwidth", &plan.variants.bandwidth.to_string());
                }
            }
            Method::Options => {
                if let Some(size) = plan.variants.random_data {
                    field("Require", "x-Random-Data-Size");
                    field("x-Random-Data-Size", &size.to_string());
                }
            }
            Method::Play => {
                field("Range", &format!("npt={:.3}-", self.start));
                if plan.speed != 1.0 {
                    field("Speed", &format!("{:.3}", plan.speed));
                }
                if let Some(range) = &plan.variants.packet_range {
                    field("x-Packet-Range", range);
                }
            }
            Method::Setup(number) => {
                for (name, value) in self.setup_fields(number, &uri, ctx) {
                    field(name, &value);
                }
            }
            Method::KeepAlive | Method::Teardown | Method::TunnelGet => {}
        }
        let credentials = plan.targets.get(self.target).and_then(|t| t.credentials.as_ref());
        if let (Some((challenge, count)), Some(who)) = (&mut self.challenge, credentials) {
            *count += 1;
            field("Authorization", &challenge.answer(who, name, &uri, *count));
        }
        text + "\r\n"
    }

    fn setup_fields(&mut self, number: usize, uri: &str, ctx: &mut Context) -> Vec<(&'static str, String)> {
        let plan = ctx.plan.clone();
        let mut fields = Vec::new();
        if plan.transport.is_interleaved() {
            let channel = number * 2;
            fields.push(("Transport", format!("RTP/AVP/TCP;unicast;interleaved={channel}-{}", channel + 1)));
        } else if let Some(pair) = self.streams.get(number).and_then(|s| s.route.pair) {
            let port = ctx.ports.get(pair).map_or(0, |p| p.port);
            fields.push(("Transport", format!("RTP/AVP;unicast;client_port={port}-{}", port + 1)));
        }
        if plan.transport == Transport::ReliableUdp {
            fields.push(("x-Retransmit", "our-retransmit;window=128".to_owned()));
        }
        if let Some(late) = plan.variants.late_tolerance {
            fields.push(("x-Transport-Options", format!("late-tolerance={late:.6}")));
        }
        if let Some(names) = &plan.variants.meta_info {
            fields.push(("x-RTP-Meta-Info", names.clone()));
        }
        if plan.transport == Transport::ThreeGUdp {
            let mobile = &plan.mobile;
            let size = if mobile.buffer > 0 { format!("size={};", mobile.buffer) } else { String::new() };
            fields.push(("3GPP-Adaptation", format!("url=\"{uri}\";{size}target-time={}", mobile.delay)));
            let link = [("GBW", mobile.guaranteed), ("MBW", mobile.maximum), ("MTD", mobile.transfer_delay)];
            if link.iter().any(|(_, value)| *value > 0) {
                let values: String = link.iter().map(|(name, value)| format!(";{name}={value}")).collect();
                fields.push(("3GPP-Link-Char", format!("url=\"{uri}\"{values}")));
            }
        }
        fields
    }

    fn send_setup(&mut self, number: usize, ctx: &mut Context) {
        if !ctx.plan.transport.is_interleaved() {
            let owner = Owner { slot: self.slot, stream: number as u8 };
            match ctx.ports.allocate(self.source, owner, &ctx.epoll) {
                Ok(pair) => {
                    if let Some(stream) = self.streams.get_mut(number) {
                        stream.route.pair = Some(pair);
                    }
                }
                Err(error) => {
                    self.tell(ctx, &error.to_string());
                    return self.finish(Outcome::Failed("no UDP port"), ctx);
                }
            }
        }
        self.send(Method::Setup(number), ctx);
    }

    /// A request of the server: DSS measures round trips so, others announce changes.
    pub fn answer_server(&mut self, request: &Message, ctx: &mut Context) {
        let cseq = request.header("CSeq").map(|c| format!("CSeq: {c}\r\n")).unwrap_or_default();
        self.write(format!("RTSP/1.0 200 OK\r\n{cseq}\r\n").as_bytes(), ctx);
    }

    /// The answer to `method` has come.
    pub fn answer(&mut self, method: Method, answer: &Message, ctx: &mut Context) {
        if self.state == State::Leaving && method != Method::Teardown {
            return; // the question is of no interest any more
        }
        if answer.status == 401 && self.challenge.is_none() {
            let knows = ctx.plan.targets.get(self.target).is_some_and(|t| t.credentials.is_some());
            if let (true, Some(challenge)) = (knows, Challenge::choose(answer.all("WWW-Authenticate"))) {
                self.challenge = Some((challenge, 0));
                return self.send(method, ctx);
            }
        }
        if !(200..300).contains(&answer.status) {
            return match (method, self.state) {
                (_, State::Leaving) => self.finish(Outcome::Success, ctx),
                // some servers know no OPTIONS in a session; the connection tells whether it lives
                (Method::KeepAlive, _) => {}
                _ => self.finish(Outcome::Refused(answer.status), ctx),
            };
        }
        match method {
            Method::TunnelGet => self.send_first(ctx),
            Method::Options => self.send(Method::Describe, ctx),
            Method::Describe => self.described(answer, ctx),
            Method::Setup(number) => self.set_up(number, answer, ctx),
            Method::Play => self.granted(answer, ctx),
            Method::KeepAlive => {}
            Method::Teardown => self.finish(Outcome::Success, ctx),
        }
    }

    fn described(&mut self, answer: &Message, ctx: &mut Context) {
        let description = Description::parse(&answer.body);
        let plan = ctx.plan.clone();
        let asked = plan.targets.get(self.target).map(|t| t.url.as_str()).unwrap_or_default();
        self.base = answer.header("Content-Base").unwrap_or(asked).trim_end_matches('/').to_owned();
        self.duration = description.duration;
        self.streams.clear();
        for (number, media) in description.media.iter().enumerate() {
            let fallback = format!("{}={}", plan.variants.control_name, number + 1);
            let control = media.control.clone().unwrap_or(fallback);
            self.streams.push(Stream::new(media, message::resolve(&self.base, &control)));
        }
        if plan.random_start {
            let length = self.duration.unwrap_or(60.0);
            self.start = ctx.rng.random::<f64>() * length * 0.9;
        }
        if let Some(movie) = self.target.checked_rem(plan.verify.len()).and_then(|n| plan.verify.get(n)) {
            let start_us = (self.start * 1e6) as i64;
            for stream in &mut self.streams {
                match movie.track(&stream.url) {
                    Some(track) => stream.verify_with(track, start_us),
                    None => {
                        ctx.tally.unlike += 1;
                        ctx.shared.unlike(format!("{}: the file has no such hint track", stream.url));
                    }
                }
            }
        }
        if self.streams.is_empty() {
            return self.finish(Outcome::Failed("description without media"), ctx);
        }
        self.send_setup(0, ctx);
    }

    fn set_up(&mut self, number: usize, answer: &Message, ctx: &mut Context) {
        if let Some(session) = answer.header("Session") {
            self.session = session.split(';').next().map(|s| s.trim().to_owned());
        }
        let transport = answer.header("Transport").map(TransportAnswer::parse).unwrap_or_default();
        let interleaved = ctx.plan.transport.is_interleaved();
        let Some(stream) = self.streams.get_mut(number) else { return };
        stream.route.server_ports = transport.server_ports;
        stream.route.channels = transport.channels.filter(|_| interleaved);
        stream.ssrc = transport.ssrc;
        stream.announced = transport.ssrc.is_some();
        let retransmit = answer.header("x-Retransmit").is_some_and(|v| v.contains("our-retransmit"));
        stream.reliable = ctx.plan.transport == Transport::ReliableUdp && retransmit;
        if interleaved && stream.route.channels.is_none() {
            return self.finish(Outcome::Failed("no interleaved channels granted"), ctx);
        }
        if number + 1 < self.streams.len() {
            self.send_setup(number + 1, ctx);
        } else {
            self.send(Method::Play, ctx);
        }
    }

    fn granted(&mut self, answer: &Message, ctx: &mut Context) {
        let range = answer.header("Range").and_then(message::parse_npt);
        if let Some((start, _)) = range {
            self.start = start;
        }
        let end = range.and_then(|(_, end)| end).or(self.duration);
        self.available_us = end.map_or(i64::MAX, |end| ((end - self.start).max(0.0) * 1e6) as i64);
        self.play_began_us = ctx.now;
        let info = answer.header("RTP-Info").map(message::parse_rtp_info).unwrap_or_default();
        let first_play = self.first_play_us.is_none();
        for (number, stream) in self.streams.iter_mut().enumerate() {
            let mine = info.iter().find(|i| message::resolve(&self.base, &i.url) == stream.url);
            // DSS says 0 and 0 for a stream that has nothing left
            let mine = mine.filter(|i| (i.sequence, i.timestamp) != (Some(0), Some(0)));
            let (sequence, timestamp) = mine.map_or((None, None), |i| (i.sequence, i.timestamp));
            ctx.tally.lost += stream.play(sequence, (self.start * 1e6) as i64);
            if let (true, true, Some(first), Some(timestamp)) = (ctx.plan.verify_peers, first_play, sequence, timestamp)
            {
                stream.compare_with(ctx.shared.peer_track(self.target, number), first, timestamp);
            }
        }
        if self.state == State::Asking {
            self.begin(ctx);
        }
    }

    fn begin(&mut self, ctx: &mut Context) {
        self.state = State::Playing;
        self.first_play_us = Some(ctx.now);
        ctx.tally.playing += 1;
        let plan = ctx.plan.clone();
        // reports and keep-alives of many clients shall not come together
        self.report_due_us = ctx.now + (plan.rtcp_interval.as_micros() as f64 * ctx.rng.random::<f64>()) as i64;
        let keep_alive = plan.keep_alive.as_micros() as f64;
        self.keep_alive_due_us = ctx.now + (keep_alive * (0.5 + 0.5 * ctx.rng.random::<f64>())) as i64;
        if let Some(stay) = plan.stay {
            let leave = ctx.now.saturating_add((stay.draw(&mut ctx.rng) * 1e6) as i64);
            ctx.alarms.set(leave, self.slot, self.generation, Alarm::Leave);
        }
        self.plan_seek(ctx);
        self.poll_when_playing(ctx);
        if ctx.stopping {
            self.leave(ctx);
        }
    }

    /// Sets the alarm for the next seek.
    pub fn plan_seek(&self, ctx: &mut Context) {
        if let Some(seek) = ctx.plan.seek {
            let at = ctx.now.saturating_add((seek.draw(&mut ctx.rng).max(0.1) * 1e6) as i64);
            ctx.alarms.set(at, self.slot, self.generation, Alarm::Seek);
        }
    }
}

/// How long a client that leaves waits for the answer.
const LEAVE_PATIENCE: std::time::Duration = std::time::Duration::from_secs(3);
