//! A thread that drives its share of the clients: one loop, no lock and no wake-up per packet.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::client::{Client, State};
use super::context::{Alarm, Alarms, Context};
use super::plan::Plan;
use super::ports::{POLLED, PORT_TOKEN, PortTable};
use super::stats::{Shared, Tally};
use super::sys::{self, BATCH, Epoll, Receiver};

/// How often UDP sockets are emptied. The kernel notes when each packet came, so waiting costs no precision.
const DRAIN_US: i64 = 10_000;
/// Least time between two rounds: events come together, and each round costs.
const ROUND_US: i64 = 1_000;
/// How often sums are given to the screen.
const PUBLISH_US: i64 = 200_000;
/// How often our own sockets are asked for drops.
const DROPS_US: i64 = 1_000_000;
/// Room for what one connection sends between two reads, and for the longest answer.
const TCP_BUFFER: usize = 2 << 20;
/// Room for the longest run of datagrams, and a bit: buffers a power of two apart would fight for the same cache lines.
const RUN_BUFFER: usize = 65_536 + 11 * 64;
/// When a run ends, its clients leave within this time rather than at once.
const LEAVE_WITHIN_US: i64 = 500_000;
/// Batches taken from one socket in a row.
const MAX_BATCHES: usize = 512;

/// One thread's clients and means.
pub struct Worker {
    number: usize,
    clients: Vec<Client>,
    ctx: Context,
    media: Receiver,
    control: Receiver,
    buffer: Vec<u8>,
    wheel: Vec<Vec<(u32, u32)>>, // clients to read, by phase of the read interval
    phase: usize,
    phase_us: i64,
}

impl Worker {
    /// Takes every client whose number modulo the threads is `number`.
    pub fn new(number: usize, plan: Arc<Plan>, shared: Arc<Shared>) -> io::Result<Self> {
        let mut clients = Vec::new();
        let mut alarms = Alarms::default();
        for index in (number..plan.clients).step_by(plan.threads) {
            let slot = u32::try_from(clients.len()).map_err(io::Error::other)?;
            let delay = if plan.ramp > 0.0 { index as f64 / plan.ramp * 1e6 } else { 0.0 };
            alarms.set(shared.clock.now() + delay as i64, slot, 0, Alarm::Join);
            clients.push(Client::new(index, slot));
        }
        let ports = PortTable::new(&plan.sources, shared.next_port.clone(), plan.gro);
        let phases = (plan.read_interval.as_millis() as usize / 5).max(1);
        let ctx = Context {
            rng: StdRng::seed_from_u64(plan.seed.wrapping_add(number as u64)),
            epoll: Epoll::new()?,
            ports,
            alarms,
            tally: Tally::default(),
            outgoing: Vec::new(),
            to_acknowledge: Vec::new(),
            to_poll: Vec::new(),
            now: shared.clock.now(),
            stopping: false,
            done: 0,
            plan,
            shared,
        };
        Ok(Self {
            number,
            clients,
            media: Receiver::new(if ctx.plan.gro { RUN_BUFFER } else { 2048 }),
            control: Receiver::new(2048),
            ctx,
            buffer: vec![0; TCP_BUFFER],
            wheel: vec![Vec::new(); phases],
            phase: 0,
            phase_us: 0,
        })
    }

    /// Runs until every place is done.
    pub fn run(mut self) -> io::Result<()> {
        let (mut drain_us, mut publish_us, mut drops_us) = (0, 0, 0);
        let mut ready = Vec::new();
        while self.ctx.done < self.clients.len() {
            self.ctx.now = self.ctx.shared.clock.now();
            self.look_for_stop();
            for token in ready.drain(..) {
                self.event(token)?;
            }
            if self.ctx.now >= drain_us {
                drain_us = self.ctx.now + DRAIN_US;
                self.drain_polled()?;
            }
            self.read_phases();
            while let Some((slot, generation, alarm)) = self.ctx.alarms.pop(self.ctx.now) {
                let client = self.clients.get_mut(slot as usize).filter(|c| c.generation == generation);
                if let Some(client) = client {
                    client.alarm(alarm, &mut self.ctx);
                }
            }
            self.acknowledge();
            self.send_outgoing();
            if self.ctx.now >= drops_us {
                drops_us = self.ctx.now + DROPS_US;
                self.ctx.tally.receiver_drops = self.ctx.ports.dropped();
            }
            if self.ctx.now >= publish_us {
                publish_us = self.ctx.now + PUBLISH_US;
                self.publish();
            }
            self.sleep(drain_us, &mut ready)?;
        }
        self.ctx.tally.receiver_drops = self.ctx.ports.dropped();
        self.publish();
        Ok(())
    }

    fn publish(&self) {
        if let Some(place) = self.ctx.shared.tallies.get(self.number) {
            *place.lock() = self.ctx.tally.clone();
        }
    }

    fn sleep(&mut self, drain_us: i64, ready: &mut Vec<u64>) -> io::Result<()> {
        let spent = self.ctx.shared.clock.now() - self.ctx.now;
        if spent < ROUND_US {
            std::thread::sleep(Duration::from_micros((ROUND_US - spent) as u64));
        }
        let mut until = self.ctx.alarms.next().unwrap_or(i64::MAX).min(self.ctx.now + PUBLISH_US);
        if self.ctx.ports.len() > 0 {
            until = until.min(drain_us);
        }
        if self.wheel.iter().any(|phase| !phase.is_empty()) {
            until = until.min(self.phase_us);
        }
        let wait = (until - self.ctx.shared.clock.now()).clamp(0, PUBLISH_US);
        self.ctx.epoll.wait((wait / 1000) as i32, ready)
    }

    fn look_for_stop(&mut self) {
        if self.ctx.stopping || !self.ctx.shared.stop.load(Ordering::Relaxed) {
            return;
        }
        self.ctx.stopping = true;
        for client in &mut self.clients {
            if client.retired {
                continue;
            }
            if client.state == State::Idle {
                // its Join is still to come, perhaps far in the future
                client.generation = client.generation.wrapping_add(1);
                self.ctx.alarms.set(self.ctx.now, client.slot, client.generation, Alarm::Join);
            } else {
                let after = (self.ctx.rng.random::<f64>() * LEAVE_WITHIN_US as f64) as i64;
                client.leave_at(self.ctx.now + after, &mut self.ctx);
            }
        }
    }

    fn event(&mut self, token: u64) -> io::Result<()> {
        if token & PORT_TOKEN != 0 {
            let number = ((token & !PORT_TOKEN) >> 1) as usize;
            return self.drain(number, token & 1 == 1);
        }
        let (slot, post) = ((token >> 1) as u32, token & 1 == 1);
        if let Some(client) = self.clients.get_mut(slot as usize) {
            if client.token(post) == token {
                client.ready(post, &mut self.buffer, &mut self.ctx);
            }
        }
        Ok(())
    }

    fn drain_polled(&mut self) -> io::Result<()> {
        for number in 0..self.ctx.ports.len().min(POLLED) {
            if self.ctx.ports.get(number).is_some_and(|pair| pair.in_use > 0) {
                self.drain(number, false)?;
                self.drain(number, true)?;
            }
        }
        Ok(())
    }

    fn drain(&mut self, number: usize, rtcp: bool) -> io::Result<()> {
        let wall_offset = self.ctx.shared.clock.wall_offset();
        for _ in 0..MAX_BATCHES {
            let receiver = if rtcp { &mut self.control } else { &mut self.media };
            let Some(pair) = self.ctx.ports.get(number) else { return Ok(()) };
            let count = receiver.receive(if rtcp { &pair.rtcp } else { &pair.rtp })?;
            for n in 0..count {
                let Some((data, arrival)) = receiver.get(n) else { break };
                let owner = arrival.to.and_then(|to| self.ctx.ports.owner(number, to));
                let client = owner.and_then(|o| self.clients.get_mut(o.slot as usize));
                let (Some(owner), Some(client)) = (owner, client) else {
                    self.ctx.tally.after_end += 1;
                    continue;
                };
                let told = arrival.realtime_us > 0;
                let at_us = if told { arrival.realtime_us - wall_offset } else { self.ctx.now };
                client.datagrams(usize::from(owner.stream), rtcp, data, arrival, at_us, &mut self.ctx);
            }
            if count < BATCH {
                break;
            }
        }
        Ok(())
    }

    fn read_phases(&mut self) {
        let phases = self.wheel.len();
        for slot in std::mem::take(&mut self.ctx.to_poll) {
            let Some(client) = self.clients.get(slot as usize) else { continue };
            if let Some(phase) = self.wheel.get_mut(slot as usize % phases) {
                phase.push((slot, client.generation));
            }
        }
        let step = self.ctx.plan.read_interval.as_micros() as i64 / phases as i64;
        for _ in 0..phases {
            if self.ctx.now < self.phase_us {
                return;
            }
            self.phase_us += step;
            self.phase = (self.phase + 1) % phases;
            let Some(phase) = self.wheel.get_mut(self.phase) else { return };
            let mut list = std::mem::take(phase);
            self.ctx.now = self.ctx.shared.clock.now();
            list.retain(|&(slot, generation)| {
                let client = self.clients.get_mut(slot as usize).filter(|c| c.generation == generation);
                client.is_some_and(|client| {
                    client.read(&mut self.buffer, &mut self.ctx);
                    client.generation == generation
                })
            });
            if let Some(phase) = self.wheel.get_mut(self.phase) {
                phase.append(&mut list);
            }
        }
        // too far behind: what was missed is read with the next round
        self.phase_us = self.phase_us.max(self.ctx.now);
    }

    fn acknowledge(&mut self) {
        for slot in std::mem::take(&mut self.ctx.to_acknowledge) {
            if let Some(client) = self.clients.get_mut(slot as usize) {
                client.acknowledge(&mut self.ctx);
            }
        }
    }

    fn send_outgoing(&mut self) {
        let mut outgoing = std::mem::take(&mut self.ctx.outgoing);
        outgoing.sort_by_key(|(pair, _)| *pair);
        for run in outgoing.chunk_by(|a, b| a.0 == b.0) {
            let Some(pair) = run.first().and_then(|(number, _)| self.ctx.ports.get(*number)) else { continue };
            let datagrams: Vec<_> = run.iter().map(|(_, datagram)| datagram.clone()).collect();
            sys::send_all(&pair.rtcp, &datagrams);
        }
        outgoing.clear();
        self.ctx.outgoing = outgoing;
    }
}
