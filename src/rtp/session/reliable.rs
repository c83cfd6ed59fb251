//! The session's side of reliable UDP: acknowledgements in, packets again, a window that holds its streams back.

use super::*;
use crate::rtp::resend::{Outgoing, ResendQueue};

impl Session {
    /// A play begins: the window starts again, and acknowledgements wake the session. What is still on its way when a
    /// pause ends is of use as long as its media time says.
    pub(super) fn open_windows(&mut self, bit_rate: u32, waker: &SessionWaker) {
        self.flight.begin(&self.prefs, bit_rate);
        let (timeline, grace_us) = (self.timeline, self.grace_us());
        for play in &mut self.streams {
            let Some(udp) = play.udp().filter(|udp| udp.is_reliable()) else { continue };
            udp.listen_for_acks(waker.clone());
            match &mut play.resend {
                Some(queue) => queue.extend(|media_us| timeline.due_us(media_us).saturating_add(grace_us)),
                None => play.resend = Some(Box::new(ResendQueue::default())),
            }
        }
    }

    /// Nothing is sent again from now on.
    pub(super) fn close_windows(&mut self) {
        self.flight.forget_all();
        for play in &mut self.streams {
            if play.resend.take().is_some() {
                if let Some(udp) = play.udp() {
                    udp.ignore_acks();
                }
            }
        }
    }

    /// Takes what was acknowledged.
    pub(super) fn take_acks(&mut self) {
        for play in &mut self.streams {
            let Some(queue) = play.resend.as_mut() else { continue };
            if let Transport::Udp(udp) = play.stream.transport() {
                udp.take_acks(&mut self.acks);
            }
            for (sequence, at_us) in self.acks.drain(..) {
                queue.acknowledge(sequence, at_us, &mut self.flight);
            }
        }
    }

    /// Sends again what is overdue.
    pub(super) fn resend(&mut self, turn: &mut Turn<'_>) {
        for play in &mut self.streams {
            let Some(to) = play.peer(false).filter(|_| play.resend.is_some()) else { continue };
            let (Transport::Udp(udp), Some(queue)) = (play.stream.transport(), play.resend.as_mut()) else { continue };
            let sink = &mut *turn.sink;
            let (packets, bytes) = queue.resend(&mut self.flight, turn.now_us, |head, payload| {
                sink.datagram(udp.pair(), false, to, head, payload);
            });
            play.count_resent(packets, bytes);
        }
    }

    /// Whether a stream may send now as far as reliable UDP is concerned.
    pub(super) fn has_room(&self, play: &StreamPlay) -> bool {
        play.resend.as_ref().is_none_or(|queue| self.flight.has_room() && !queue.is_full())
    }

    /// Keeps a packet of stream `index` that is about to be sent, until it is acknowledged.
    pub(super) fn keep(&mut self, index: usize, head: &PacketHead, header: &[u8], now_us: i64) {
        let expires_us = self.timeline.due_us(head.time_us).saturating_add(self.grace_us());
        let Some(play) = self.streams.get_mut(index) else { return };
        let Some(queue) = play.resend.as_mut().filter(|_| head.kind != PacketKind::Rtcp) else { return };
        let payload = play.source.payload();
        let whole = payload.clone().and_then(|(block, range)| block.get(range)).unwrap_or_default();
        let start = if header.is_empty() { whole } else { header };
        let sequence = RtpHeader::parse(start).map_or(0, |(header, _)| header.sequence);
        let packet = Outgoing { sequence, head: header, payload, media_us: head.time_us, expires_us };
        queue.keep(&packet, &mut self.flight, now_us);
    }

    /// Comes back when a packet is to be sent again, and now and then while anything is on its way.
    pub(super) fn wake_for_windows(&self, outcome: &mut Outcome, now_us: i64) {
        let idle_us = now_us + self.prefs.max_retransmit_delay_ms.clamp(10, 10_000) * 1000;
        for queue in self.streams.iter().filter_map(|play| play.resend.as_ref()) {
            if let Some(next_us) = queue.next_us() {
                outcome.earlier(next_us.min(idle_us));
            }
        }
    }

    /// Whether everything sent was acknowledged or given up.
    pub(super) fn windows_are_empty(&self) -> bool {
        self.streams.iter().filter_map(|play| play.resend.as_ref()).all(|queue| queue.is_empty())
    }

    /// How long after its due time a packet is still of use.
    fn grace_us(&self) -> i64 {
        (self.prefs.drop_all_packets_delay_ms + self.tolerance.ms()).saturating_mul(1000)
    }
}
