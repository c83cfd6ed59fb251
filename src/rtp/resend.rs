//! Reliable UDP: packets are kept until the player acknowledges them, sent again when it does not, and given up when
//! they are too late. A congestion window bounds what is on its way. The figures are those of DSS 6.0.3, which players
//! with `x-Retransmit: our-retransmit` were made for.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;
use smallvec::SmallVec;

use super::packet::RTP_HEADER_LEN;
use super::prefs::SendPrefs;

/// A segment of the window: what it never shrinks below, and what a repeated ack opens it by.
const SEGMENT: i64 = 1466;

/// Bounds of the retransmission timeout.
const LEAST_TIMEOUT_US: i64 = 600_000;
const MOST_TIMEOUT_US: i64 = 24_000_000;

/// The window reacts to loss at most this often.
const LOSS_REACTION_US: i64 = 250_000;

/// Packets kept at most, whatever their size.
const MAX_KEPT: usize = 1024;

/// A packet on its way.
#[derive(Debug, Clone)]
struct Kept {
    sequence: u16,
    head: SmallVec<[u8; RTP_HEADER_LEN]>,
    block: Bytes,
    range: Range<usize>,
    sent_us: i64,
    resend_us: i64,
    timeout_us: i64,
    expires_us: i64,
    resent: bool,
}

impl Kept {
    fn size(&self) -> i64 {
        (self.head.len() + self.range.len()) as i64
    }
}

/// What is on its way to one reliable-UDP player.
#[derive(Debug)]
pub(super) struct ResendWindow {
    kept: VecDeque<Kept>,
    in_flight: i64,
    window: i64,
    congestion: i64,
    threshold: i64,
    smoothed_us: Option<i64>,
    deviation_us: i64,
    last_loss_us: i64,
}

impl ResendWindow {
    /// The window for a movie of `bit_rate`.
    pub(super) fn new(prefs: &SendPrefs, bit_rate: u32) -> Self {
        let window = prefs.reliable_window(bit_rate).max(SEGMENT);
        let (congestion, threshold) =
            if prefs.reliable_slow_start { (window / 2, window * 3 / 4) } else { (window, window) };
        Self {
            kept: VecDeque::new(),
            in_flight: 0,
            window,
            congestion: congestion.max(SEGMENT),
            threshold,
            smoothed_us: None,
            deviation_us: 0,
            last_loss_us: i64::MIN / 2,
        }
    }

    /// Whether another packet may be sent.
    pub(super) fn has_room(&self) -> bool {
        self.in_flight < self.congestion && self.kept.len() < MAX_KEPT
    }

    /// Whether nothing is on its way.
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Keeps a packet that has just been sent; it is of no use after `expires_us`.
    pub(super) fn keep(
        &mut self,
        sequence: u16,
        head: &[u8],
        payload: Option<(&Bytes, Range<usize>)>,
        now_us: i64,
        expires_us: i64,
    ) {
        let (block, range) = payload.map_or((Bytes::new(), 0..0), |(block, range)| (block.clone(), range));
        let timeout_us = self.timeout_us();
        let kept = Kept {
            sequence,
            head: SmallVec::from_slice(head),
            block,
            range,
            sent_us: now_us,
            resend_us: now_us + timeout_us,
            timeout_us,
            expires_us,
            resent: false,
        };
        self.in_flight += kept.size();
        self.kept.push_back(kept);
    }

    /// The player has `sequence`.
    pub(super) fn acknowledge(&mut self, sequence: u16, now_us: i64) {
        match self.kept.iter().position(|kept| kept.sequence == sequence).and_then(|index| self.kept.remove(index)) {
            Some(kept) => {
                self.in_flight -= kept.size();
                if !kept.resent {
                    self.measure(now_us - kept.sent_us);
                }
                self.open(kept.size());
            }
            None => self.open(SEGMENT),
        }
    }

    /// Sends again what is overdue, the newest first, and gives up what is too late. Returns the bytes sent.
    pub(super) fn resend(
        &mut self,
        now_us: i64,
        mut send: impl FnMut(&[u8], Option<(&Bytes, Range<usize>)>),
    ) -> (u64, u64) {
        let mut given_up = 0;
        self.kept.retain(|kept| {
            // Looked at only when its timer is due.
            let keep = now_us < kept.resend_us || now_us < kept.expires_us;
            given_up += if keep { 0 } else { kept.size() };
            keep
        });
        self.in_flight -= given_up;
        let (mut packets, mut bytes, mut slowest) = (0, 0, 0);
        for kept in self.kept.iter_mut().rev().filter(|kept| now_us >= kept.resend_us) {
            send(&kept.head, Some((&kept.block, kept.range.clone())));
            packets += 1;
            bytes += kept.size() as u64;
            if !kept.resent {
                slowest = slowest.max(kept.timeout_us * 3 / 2);
            }
            kept.resent = true;
            kept.timeout_us = (kept.timeout_us * 3 / 2).min(MOST_TIMEOUT_US);
            kept.resend_us = now_us + kept.timeout_us;
        }
        if slowest > 0 {
            self.measure(slowest);
        }
        if packets > 0 || given_up > 0 {
            self.shrink(now_us);
        }
        (packets, bytes)
    }

    /// When to call [`ResendWindow::resend`] next.
    pub(super) fn next_us(&self) -> Option<i64> {
        self.kept.iter().map(|kept| kept.resend_us).min()
    }

    /// Smoothed round trip plus four deviations, within bounds.
    fn timeout_us(&self) -> i64 {
        let estimate = self.smoothed_us.unwrap_or(0) + 4 * self.deviation_us;
        estimate.clamp(LEAST_TIMEOUT_US, MOST_TIMEOUT_US)
    }

    fn measure(&mut self, trip_us: i64) {
        let trip_us = trip_us.clamp(0, MOST_TIMEOUT_US);
        match self.smoothed_us {
            None => {
                self.smoothed_us = Some(trip_us);
                self.deviation_us = trip_us / 2;
            }
            Some(smoothed) => {
                let error = trip_us - smoothed;
                self.smoothed_us = Some(smoothed + error / 8);
                self.deviation_us += (error.abs() - self.deviation_us) / 4;
            }
        }
    }

    fn open(&mut self, bytes: i64) {
        let more = if self.congestion < self.threshold { bytes } else { bytes * bytes / self.congestion.max(1) };
        self.congestion = (self.congestion + more).min(self.window);
    }

    fn shrink(&mut self, now_us: i64) {
        if now_us - self.last_loss_us >= LOSS_REACTION_US {
            self.last_loss_us = now_us;
            self.threshold = (self.congestion * 3 / 4).max(SEGMENT);
            self.congestion = (self.congestion / 2).max(SEGMENT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 10_000_000;
    const NEVER: i64 = i64::MAX;

    fn window(bit_rate: u32) -> ResendWindow {
        ResendWindow::new(&SendPrefs::default(), bit_rate)
    }

    fn fill(window: &mut ResendWindow, expires_us: i64) -> u16 {
        let block = Bytes::from(vec![0; 1000]);
        let mut sequence = 0;
        while window.has_room() {
            window.keep(sequence, &[0; 12], Some((&block, 0..1000)), NOW, expires_us);
            sequence += 1;
        }
        sequence
    }

    fn resent(window: &mut ResendWindow, now_us: i64) -> u64 {
        window.resend(now_us, |head, payload| assert!(head.len() == 12 && payload.is_some())).0
    }

    #[test]
    fn the_window_follows_the_bit_rate() {
        for (bit_rate, kilobytes) in
            [(0, 64), (100_000, 24), (200_000, 24), (300_000, 48), (1_000_000, 48), (2_000_000, 64)]
        {
            assert_eq!(window(bit_rate).window, kilobytes * 1024, "{bit_rate}");
        }
    }

    #[test]
    fn without_acks_half_the_window_goes_out() {
        let mut window = window(300_000);
        let packets = fill(&mut window, NEVER);
        assert!((24_576..24_576 + 1012).contains(&window.in_flight), "{}", window.in_flight);
        assert_eq!(packets, 25);
    }

    #[test]
    fn what_is_not_acknowledged_is_sent_again_after_600_ms() {
        let mut window = window(300_000);
        let packets = fill(&mut window, NEVER);
        assert_eq!(window.next_us(), Some(NOW + 600_000));
        assert_eq!(resent(&mut window, NOW + 599_999), 0);
        assert_eq!(resent(&mut window, NOW + 600_000), u64::from(packets));
        assert_eq!(resent(&mut window, NOW + 600_001), 0);
        assert!(!window.has_room());
    }

    #[test]
    fn acks_make_room_and_open_the_window() {
        let mut window = window(300_000);
        let packets = fill(&mut window, NEVER);
        let before = window.congestion;
        (0..packets).for_each(|sequence| window.acknowledge(sequence, NOW + 40_000));
        assert!(window.is_empty() && window.in_flight == 0);
        assert!(window.congestion > before + 12_000);
        assert!(window.congestion <= window.window);
        assert_eq!(window.timeout_us(), LEAST_TIMEOUT_US);
    }

    #[test]
    fn a_repeated_ack_opens_the_window_by_a_segment() {
        let mut window = window(300_000);
        let before = window.congestion;
        window.acknowledge(77, NOW);
        assert_eq!(window.congestion, before + SEGMENT);
    }

    #[test]
    fn a_packet_too_late_is_given_up_when_its_timer_is_due() {
        let mut window = window(300_000);
        fill(&mut window, NOW + 100);
        assert_eq!(resent(&mut window, NOW + 1000), 0);
        assert!(!window.is_empty());
        assert_eq!(resent(&mut window, NOW + 600_000), 0);
        assert!(window.is_empty() && window.in_flight == 0);
    }

    #[test]
    fn loss_shrinks_the_window_at_most_every_250_ms() {
        let mut window = window(300_000);
        window.shrink(NOW);
        let once = window.congestion;
        assert_eq!(once, 12_288);
        window.shrink(NOW + 249_999);
        assert_eq!(window.congestion, once);
        for step in 1..20 {
            window.shrink(NOW + step * 250_000);
        }
        assert_eq!(window.congestion, SEGMENT);
    }

    #[test]
    fn a_slow_player_gets_a_longer_timeout() {
        let mut window = window(300_000);
        (0..50).for_each(|_| window.measure(2_000_000));
        assert!((2_000_000..2_200_000).contains(&window.timeout_us()), "{}", window.timeout_us());
        window.measure(i64::MAX);
        assert!(window.timeout_us() <= MOST_TIMEOUT_US);
    }
}
