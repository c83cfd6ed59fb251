//! A client while it plays: media, reports, seeks, the end; and the judgement of what it got.

use rand::Rng;

use super::client::{Client, Outcome, State};
use super::context::{Alarm, Context};
use super::plan::Transport;
use super::request::Method;
use super::rtcp;
use super::stream::Taken;
use super::sys::{Arrival, Outgoing};

/// Share of the media due that a healthy session has got.
const HEALTHY_SHARE: f64 = 0.97;
/// In a loop, the movie is asked for again when no more than so much of it is left to play.
const REPEAT_AHEAD_US: i64 = 5_000_000;
/// After the movie's time has passed so long, a server that sends no BYE has nothing left.
const END_PATIENCE_US: i64 = 2_000_000;

impl Client {
    /// A datagram, or a run of them, for the RTP (`rtcp` false) or RTCP port of stream `number`.
    pub fn datagrams(
        &mut self,
        number: usize,
        rtcp: bool,
        data: &[u8],
        arrival: Arrival,
        at_us: i64,
        ctx: &mut Context,
    ) {
        let server = ctx.plan.targets.get(self.target).map(|t| t.address.ip());
        let ports = self.streams.get(number).and_then(|s| s.route.server_ports);
        let expected_port = ports.map(|(media, control)| if rtcp { control } else { media });
        let from = arrival.from;
        let known = from.is_some_and(|f| Some(f.ip()) == server && expected_port.is_none_or(|p| p == f.port()));
        let segment = if arrival.segment > 0 { arrival.segment } else { data.len().max(1) };
        for packet in data.chunks(segment) {
            if !known {
                ctx.tally.stray += 1;
            } else if rtcp {
                self.control(number, packet, at_us, ctx);
            } else {
                self.media(number, packet, at_us, ctx);
            }
        }
    }

    /// One RTP packet.
    pub fn media(&mut self, number: usize, packet: &[u8], at_us: i64, ctx: &mut Context) {
        if self.play_sent_us == 0 || matches!(self.state, State::Idle | State::Leaving) {
            ctx.tally.stray += u64::from(self.play_sent_us == 0);
            return;
        }
        let Some(stream) = self.streams.get_mut(number) else { return };
        let taken = stream.packet(packet, at_us, ctx.plan.speed, &mut ctx.tally);
        if stream.reliable && stream.unacknowledged.len() == 1 {
            ctx.to_acknowledge.push(self.slot);
        }
        if let Some(what) = stream.unlike.take() {
            let session = self.session.as_deref().unwrap_or("unknown");
            let text = format!("client {}, session {session}, {}, {what}", self.index, stream.url);
            self.tell(ctx, &format!("not what the file holds: {text}"));
            ctx.shared.unlike(text);
        }
        if taken == Taken::First && !self.has_media {
            self.has_media = true;
            ctx.tally.startup.record((at_us - self.play_sent_us).max(0) as u64);
            self.poll_when_playing(ctx);
        }
    }

    /// One RTCP compound packet.
    pub fn control(&mut self, number: usize, packet: &[u8], at_us: i64, ctx: &mut Context) {
        if let Some(stream) = self.streams.get_mut(number) {
            stream.control(packet, at_us, &mut ctx.tally);
        }
    }

    /// An interleaved client whose media flows is read at intervals from here on: far fewer and larger reads.
    pub fn poll_when_playing(&mut self, ctx: &mut Context) {
        if !ctx.plan.transport.is_interleaved() || !self.has_media || self.state != State::Playing {
            return;
        }
        let Some(link) = self.link.as_mut().filter(|l| !l.is_polled()) else { return };
        if link.poll_from_now(&ctx.epoll).is_ok() {
            ctx.to_poll.push(self.slot);
        }
    }

    /// Sends RTCP of stream `number` where the server wants it.
    fn send_control(&mut self, number: usize, packet: &[u8], ctx: &mut Context) {
        let Some(route) = self.streams.get(number).map(|s| s.route) else { return };
        if let Some((_, channel)) = route.channels {
            let mut frame = vec![b'$', channel];
            frame.extend((packet.len() as u16).to_be_bytes());
            frame.extend(packet);
            return self.write(&frame, ctx);
        }
        let target = ctx.plan.targets.get(self.target).map(|t| t.address);
        let (Some(pair), Some((_, port)), Some(mut to)) = (route.pair, route.server_ports, target) else { return };
        let Some(from) = self.address(ctx) else { return };
        to.set_port(port);
        ctx.outgoing.push((pair, Outgoing { to, from, data: packet.to_vec() }));
    }

    /// Acknowledges what has come since the last time.
    pub fn acknowledge(&mut self, ctx: &mut Context) {
        for number in 0..self.streams.len() {
            let Some(stream) = self.streams.get_mut(number) else { break };
            let (Some(ssrc), count) = (stream.ssrc, stream.unacknowledged.len()) else { continue };
            let packets = rtcp::acknowledgements(self.own_ssrc, ssrc, &mut stream.unacknowledged);
            stream.counts.acks += count as u64;
            ctx.tally.acks += count as u64;
            for packet in packets {
                self.send_control(number, &packet, ctx);
            }
        }
    }

    fn send_reports(&mut self, ctx: &mut Context) {
        let cname = format!("slt-{}", self.index);
        let plan = ctx.plan.clone();
        for number in 0..self.streams.len() {
            let Some(stream) = self.streams.get_mut(number) else { break };
            let Some(mut report) = stream.report(self.own_ssrc, &cname, ctx.now) else { continue };
            ctx.tally.reports += 1;
            let window = plan.variants.overbuffer_window;
            if let (Some(ssrc), true) = (stream.ssrc, window > 0) {
                report.extend(rtcp::overbuffer_window(self.own_ssrc, ssrc, window.saturating_mul(1024)));
            }
            if plan.transport == Transport::ThreeGUdp {
                let began = self.play_began_us;
                if let Some(state) = stream.feedback(self.own_ssrc, &plan.mobile, ctx.now, began) {
                    ctx.tally.feedback += 1;
                    report.extend(state);
                }
            }
            self.send_control(number, &report, ctx);
        }
    }

    /// What is due while playing.
    pub fn play_tick(&mut self, ctx: &mut Context) {
        if ctx.now >= self.report_due_us {
            self.report_due_us = ctx.now + ctx.plan.rtcp_interval.as_micros() as i64;
            self.send_reports(ctx);
        }
        if ctx.now >= self.keep_alive_due_us && self.state == State::Playing {
            self.keep_alive_due_us = ctx.now + ctx.plan.keep_alive.as_micros() as i64;
            self.send(Method::KeepAlive, ctx);
        }
        if self.state == State::Playing && self.is_over(ctx.now, ctx.plan.speed, ctx.plan.repeat) {
            if ctx.plan.repeat {
                self.play_from(0.0, ctx);
            } else {
                self.leave(ctx);
            }
        }
    }

    fn is_over(&self, now_us: i64, speed: f64, repeat: bool) -> bool {
        if self.pending.iter().any(|p| p.method == Method::Play) {
            return false;
        }
        let ended = !self.streams.is_empty() && self.streams.iter().all(|s| s.ended);
        if self.available_us == i64::MAX {
            return ended;
        }
        let end = self.play_began_us + (self.available_us as f64 / speed) as i64;
        // a player in a loop asks again before it has nothing left to show, as soon as all of the movie has come
        let early = if repeat { REPEAT_AHEAD_US } else { 0 };
        now_us >= if ended { end - early } else { end + END_PATIENCE_US }
    }

    /// Plays elsewhere.
    pub fn seek(&mut self, ctx: &mut Context) {
        if self.state != State::Playing {
            return;
        }
        let length = self.duration.filter(|d| *d > 1.0);
        if let (Some(length), false) = (length, self.pending.iter().any(|p| p.method == Method::Play)) {
            let to = ctx.rng.random::<f64>() * length * 0.9;
            self.play_from(to, ctx);
        }
        if self.state == State::Playing {
            self.plan_seek(ctx);
        }
    }

    fn play_from(&mut self, start: f64, ctx: &mut Context) {
        self.fold_play(ctx);
        self.streams.iter_mut().for_each(|stream| stream.seek((start * 1e6) as i64));
        self.start = start;
        self.available_us = i64::MAX;
        ctx.tally.seeks += 1;
        self.send(Method::Play, ctx);
    }

    /// Adds the present play to the session's media.
    fn fold_play(&mut self, ctx: &mut Context) {
        if self.pending.iter().any(|p| p.method == Method::Play) {
            return; // not granted yet, or folded already
        }
        let speed = ctx.plan.speed;
        for stream in &mut self.streams {
            let (expected, delivered) = stream.delivery(self.play_began_us, ctx.now, self.available_us, speed);
            self.delivered.0 += expected;
            self.delivered.1 += delivered;
            ctx.tally.expected_us += expected;
            ctx.tally.delivered_us += delivered;
            // a wait that never ended is seen only here
            let rest = self.available_us.saturating_sub(stream.timeline.media_us());
            if stream.timeline.is_stalled(ctx.now, speed) && !stream.ended && rest > END_PATIENCE_US {
                stream.stalls += 1;
                ctx.tally.stalls += 1;
            }
        }
    }

    /// The session plays no more.
    pub fn end_play(&mut self, ctx: &mut Context) {
        if self.state == State::Playing {
            self.fold_play(ctx);
            ctx.tally.playing -= 1;
            self.state = State::Leaving;
        }
    }

    /// Counts the session as healthy or says what was wrong.
    pub fn judge(&self, ctx: &mut Context) {
        if self.first_play_us.is_none() {
            return;
        }
        let lost: u64 = self.streams.iter().map(|s| s.sequence.lost).sum();
        let restarts: u32 = self.streams.iter().map(|s| s.restarts).sum();
        let stalls: u32 = self.streams.iter().map(|s| s.stalls + s.timeline.stalls).sum();
        let (expected, delivered) = self.delivered;
        let starved = (delivered as f64) < expected as f64 * HEALTHY_SHARE;
        ctx.tally.played += 1;
        ctx.tally.lossy += u64::from(lost > 0 || restarts > 0);
        ctx.tally.stalling += u64::from(stalls > 0);
        ctx.tally.starved += u64::from(starved);
        if lost == 0 && restarts == 0 && stalls == 0 && !starved {
            ctx.tally.healthy += 1;
        } else if ctx.shared.verbose {
            let share = delivered as f64 * 100.0 / expected.max(1) as f64;
            self.tell(
                ctx,
                &format!("unhealthy: {lost} lost, {stalls} stalls, {restarts} jumps, {share:.1} % delivered"),
            );
        }
    }

    /// The session's part of the per-client log, in the words of DSS's tool.
    pub fn log_entry(&self, outcome: &Outcome, ctx: &Context) -> String {
        let Some(target) = ctx.plan.targets.get(self.target) else { return String::new() };
        let (status, failed) = match outcome {
            Outcome::Success => ("Successful", String::new()),
            Outcome::Refused(code) => ("Bad request", format!("Failed request status: {code}")),
            Outcome::Failed(why) => ("Failed", format!("Reason: {why}")),
        };
        let address = target.address.ip();
        let mut text =
            format!("Client complete. IP addr = {address}, URL = {}. Connection status: {status}. ", target.url);
        text.push_str(&failed);
        text.push('\n');
        let mut bytes = 0;
        for stream in &self.streams {
            let mut kind = stream.kind.clone();
            kind.get_mut(..1).map(str::make_ascii_uppercase);
            let counts = stream.counts;
            bytes += counts.bytes;
            text.push_str(&format!(
                "Track type: {kind}. Total packets received: {}. Total out of order packets: {}. \
                 Total out of bound packets: {}. Total ACKs sent: {}. Total malformed packets: {}.\n",
                counts.packets, counts.reordered, counts.out_of_bound, counts.acks, counts.malformed
            ));
        }
        let seconds = self.first_play_us.map_or(0, |began| (ctx.now - began).max(0) / 1_000_000);
        let rate = bytes as f64 * 8.0 / 1000.0 / seconds.max(1) as f64;
        text.push_str(&format!(
            "Play duration in sec: {seconds}. Total stream bit rate in Kbits / sec: {rate:.3}.\n\n"
        ));
        text
    }

    /// Wakes the session to leave at `at_us`.
    pub fn leave_at(&self, at_us: i64, ctx: &mut Context) {
        ctx.alarms.set(at_us, self.slot, self.generation, Alarm::Leave);
    }
}
