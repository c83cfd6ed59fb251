//! The session's side of reliable UDP: acknowledgements in, packets again, windows that hold a stream back.

use super::*;
use crate::rtp::resend::ResendWindow;

impl Session {
    /// A play begins: reliable-UDP streams get a fresh window, and acknowledgements wake the session.
    pub(super) fn open_windows(&mut self, bit_rate: u32, waker: &SessionWaker) {
        for play in &mut self.streams {
            let Some(udp) = play.udp().filter(|udp| udp.is_reliable()) else { continue };
            udp.listen_for_acks(Some(waker.clone()));
            play.resend = Some(Box::new(ResendWindow::new(&self.prefs, bit_rate)));
        }
    }

    /// Nothing is sent again from now on.
    pub(super) fn close_windows(&mut self) {
        for play in &mut self.streams {
            if play.resend.take().is_some() {
                if let Some(udp) = play.udp() {
                    udp.listen_for_acks(None);
                }
            }
        }
    }

    /// Takes what was acknowledged, sends again what is overdue.
    pub(super) fn run_windows(&mut self, turn: &mut Turn<'_>) {
        let mut acks = Vec::new(); // allocates only if there are any
        for play in &mut self.streams {
            if play.resend.is_none() {
                continue;
            }
            let to = play.peer(false);
            let stream = Arc::clone(&play.stream);
            let (Transport::Udp(udp), Some(window), Some(to)) = (stream.transport(), play.resend.as_mut(), to) else {
                continue;
            };
            acks.clear();
            udp.take_acks(&mut acks);
            acks.iter().for_each(|sequence| window.acknowledge(*sequence, turn.now_us));
            let sink = &mut *turn.sink;
            let (packets, bytes) = window.resend(turn.now_us, |head, payload| {
                sink.datagram(udp.pair(), false, to, head, payload);
            });
            play.count_resent(packets, bytes);
        }
    }

    /// Comes back when a packet is to be sent again, and now and then while anything is on its way.
    pub(super) fn wake_for_windows(&self, outcome: &mut Outcome, now_us: i64) {
        let idle_us = now_us + self.prefs.max_retransmit_delay_ms.clamp(10, 10_000) * 1000;
        for window in self.streams.iter().filter_map(|play| play.resend.as_ref()) {
            if let Some(next_us) = window.next_us() {
                outcome.earlier(next_us.min(idle_us));
            }
        }
    }

    /// Whether everything sent was acknowledged or given up.
    pub(super) fn windows_are_empty(&self) -> bool {
        self.streams.iter().filter_map(|play| play.resend.as_ref()).all(|window| window.is_empty())
    }
}
