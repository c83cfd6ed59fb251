//! Reliable UDP: packets are kept until the player acknowledges them, sent again when it does not, and given up when
//! they are too late. A congestion window bounds what is on its way. The figures are those of DSS 6.0.3, which players
//! with `x-Retransmit: our-retransmit` were made for.
//!
//! DSS knows of a loss by its timer only, and each one raises the timeout of all: on the simulated link of the tests 5 %
//! of loss each way brought that to a stand. Here a packet counts as lost as soon as one that left later has arrived (as
//! RFC 8985 does for TCP).

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

/// How much later the packet that overtook another one has to have left, for the other to count as lost.
const LEAST_OVERTAKEN_US: i64 = 20_000;
const MOST_OVERTAKEN_US: i64 = 200_000;

/// The window reacts to loss at most this often.
const LOSS_REACTION_US: i64 = 250_000;

/// Round trips longer than the shortest by half of it and by this are a queue's doing.
const LEAST_QUEUE_US: i64 = 30_000;

/// Round trips' worth of media, and segments, that stay open where loss is not a queue's.
const NEEDED_TRIPS: i128 = 4;
const NEEDED_SEGMENTS: i64 = 4;

/// Packets of one stream kept at most, whatever their size.
const MAX_KEPT: usize = 1024;

/// Sequence numbers farther apart than this belong to different numberings (a live source that began anew).
const SAME_NUMBERING: u16 = 8192;

/// How much of a session may be on its way: a congestion window for all its reliable-UDP streams, which share a path,
/// and the round trip from which timeouts follow.
#[derive(Debug)]
pub(super) struct SendWindow {
    in_flight: i64,
    size: i64,
    open: i64,
    threshold: i64,
    smoothed_us: Option<i64>,
    deviation_us: i64,
    /// Mean and least of round trips really seen; what times out is not among them.
    trip_us: i64,
    shortest_us: i64,
    bit_rate: u32,
    last_loss_us: i64,
    /// When the youngest packet left that is known to have arrived.
    delivered_us: i64,
}

impl Default for SendWindow {
    fn default() -> Self {
        Self {
            in_flight: 0,
            size: SEGMENT,
            open: SEGMENT,
            threshold: SEGMENT,
            smoothed_us: None,
            deviation_us: 0,
            trip_us: 0,
            shortest_us: i64::MAX,
            bit_rate: 0,
            last_loss_us: i64::MIN / 2,
            delivered_us: i64::MIN / 2,
        }
    }
}

impl SendWindow {
    /// A play of a movie of `bit_rate` begins (0: unknown). What was learned of the round trip stays.
    pub(super) fn begin(&mut self, prefs: &SendPrefs, bit_rate: u32) {
        self.size = prefs.reliable_window(bit_rate).max(SEGMENT);
        self.bit_rate = bit_rate;
        let (open, threshold) =
            if prefs.reliable_slow_start { (self.size / 2, self.size * 3 / 4) } else { (self.size, self.size) };
        self.open = open.max(SEGMENT);
        self.threshold = threshold;
    }

    /// Nothing is on its way any more; the queues were dropped.
    pub(super) fn forget_all(&mut self) {
        self.in_flight = 0;
    }

    /// Whether another packet may be sent.
    pub(super) fn has_room(&self) -> bool {
        self.in_flight < self.open
    }

    /// Smoothed round trip plus four deviations, within bounds.
    fn timeout_us(&self) -> i64 {
        let estimate = self.smoothed_us.unwrap_or(0) + 4 * self.deviation_us;
        estimate.clamp(LEAST_TIMEOUT_US, MOST_TIMEOUT_US)
    }

    /// What left before this and is not acknowledged has been overtaken.
    fn lost_before_us(&self) -> i64 {
        let order_us = self.smoothed_us.unwrap_or(0) / 2;
        self.delivered_us - order_us.clamp(LEAST_OVERTAKEN_US, MOST_OVERTAKEN_US)
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

    fn widen(&mut self, bytes: i64) {
        let more = if self.open < self.threshold { bytes } else { bytes * bytes / self.open.max(1) };
        self.open = (self.open + more).min(self.size);
    }

    fn shrink(&mut self, now_us: i64) {
        if now_us - self.last_loss_us >= LOSS_REACTION_US {
            self.last_loss_us = now_us;
            let least = self.least();
            self.threshold = (self.open * 3 / 4).max(least);
            self.open = (self.open / 2).max(least);
        }
    }

    /// What the window never shrinks below. While round trips are as short as ever there is no queue on the way and
    /// loss tells nothing about the rate (a radio link): then as much stays open as the movie needs, with what is sent
    /// twice, for a few round trips.
    fn least(&self) -> i64 {
        let is_queue = self.trip_us > self.shortest_us.saturating_add((self.shortest_us / 2).max(LEAST_QUEUE_US));
        if self.trip_us == 0 || is_queue {
            return SEGMENT;
        }
        let needed = i128::from(self.bit_rate) * i128::from(self.shortest_us) * NEEDED_TRIPS / 8_000_000;
        i64::try_from(needed).unwrap_or(self.size).saturating_add(NEEDED_SEGMENTS * SEGMENT).min(self.size)
    }

    /// A packet sent once came back after this time.
    fn saw_trip(&mut self, trip_us: i64) {
        let trip_us = trip_us.clamp(1, MOST_TIMEOUT_US);
        self.shortest_us = self.shortest_us.min(trip_us);
        self.trip_us = if self.trip_us == 0 { trip_us } else { self.trip_us + (trip_us - self.trip_us) / 8 };
        self.measure(trip_us);
    }
}

/// A packet on its way.
#[derive(Debug, Clone)]
struct Kept {
    sequence: u16,
    head: SmallVec<[u8; RTP_HEADER_LEN]>,
    block: Bytes,
    range: Range<usize>,
    media_us: i64,
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

    /// When it has to be looked at: to be sent again, or to be given up.
    fn due_us(&self) -> i64 {
        self.resend_us.min(self.expires_us)
    }
}

/// A packet that was just sent, to be kept.
pub(super) struct Outgoing<'a> {
    /// Its RTP sequence number.
    pub(super) sequence: u16,
    /// Header made by the sender; empty for whole packets.
    pub(super) head: &'a [u8],
    /// The shared bytes behind it.
    pub(super) payload: Option<(&'a Bytes, Range<usize>)>,
    /// Its media time.
    pub(super) media_us: i64,
    /// When it is of no use any more.
    pub(super) expires_us: i64,
}

/// The packets of one reliable-UDP stream that its player has not acknowledged, in the order of their numbers.
#[derive(Debug)]
pub(super) struct ResendQueue {
    kept: VecDeque<Kept>,
    /// No packet is due before; may be too early, never too late.
    next_us: i64,
    /// [`SendWindow::lost_before_us`] as it was at the last look.
    looked_before_us: i64,
}

impl Default for ResendQueue {
    fn default() -> Self {
        Self { kept: VecDeque::new(), next_us: i64::MAX, looked_before_us: i64::MIN }
    }
}

impl ResendQueue {
    /// Whether nothing is on its way.
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Whether as many packets are kept as may be.
    pub(super) fn is_full(&self) -> bool {
        self.kept.len() >= MAX_KEPT
    }

    /// Keeps a packet.
    pub(super) fn keep(&mut self, packet: &Outgoing<'_>, window: &mut SendWindow, now_us: i64) {
        let (block, range) =
            packet.payload.as_ref().map_or((Bytes::new(), 0..0), |(block, range)| ((*block).clone(), range.clone()));
        let timeout_us = window.timeout_us();
        let kept = Kept {
            sequence: packet.sequence,
            head: SmallVec::from_slice(packet.head),
            block,
            range,
            media_us: packet.media_us,
            sent_us: now_us,
            resend_us: now_us + timeout_us,
            timeout_us,
            expires_us: packet.expires_us,
            resent: false,
        };
        if self.kept.front().is_some_and(|first| distance(kept.sequence, first.sequence) > SAME_NUMBERING) {
            self.clear(window);
        }
        window.in_flight += kept.size();
        self.next_us = self.next_us.min(kept.due_us());
        match self.position(kept.sequence) {
            Ok(index) => {
                if let Some(old) = self.kept.get_mut(index) {
                    window.in_flight -= old.size();
                    *old = kept;
                }
            }
            Err(index) => self.kept.insert(index, kept),
        }
    }

    /// The player had `sequence` at `at_us`.
    pub(super) fn acknowledge(&mut self, sequence: u16, at_us: i64, window: &mut SendWindow) {
        match self.position(sequence).ok().and_then(|index| self.kept.remove(index)) {
            Some(kept) => {
                window.in_flight -= kept.size();
                if !kept.resent {
                    // Of a packet sent twice nobody knows which one arrived.
                    window.saw_trip(at_us - kept.sent_us);
                    window.delivered_us = window.delivered_us.max(kept.sent_us);
                }
                window.widen(kept.size());
            }
            None => window.widen(SEGMENT),
        }
    }

    /// Gives up what is too late and sends again what is overdue or overtaken, the newest first. Returns packets and bytes
    /// sent.
    pub(super) fn resend(
        &mut self,
        window: &mut SendWindow,
        now_us: i64,
        mut send: impl FnMut(&[u8], Option<(&Bytes, Range<usize>)>),
    ) -> (u64, u64) {
        let lost_before_us = window.lost_before_us();
        if now_us < self.next_us && lost_before_us == self.looked_before_us {
            return (0, 0);
        }
        self.looked_before_us = lost_before_us;
        let mut given_up = 0;
        self.kept.retain(|kept| {
            let keep = now_us < kept.expires_us;
            given_up += if keep { 0 } else { kept.size() };
            keep
        });
        window.in_flight -= given_up;
        let (mut packets, mut bytes, mut slowest) = (0, 0, 0);
        let timeout_us = window.timeout_us();
        for kept in self.kept.iter_mut().rev() {
            let overtaken = kept.sent_us < lost_before_us;
            if !overtaken && now_us < kept.resend_us {
                continue;
            }
            send(&kept.head, Some((&kept.block, kept.range.clone())));
            packets += 1;
            bytes += kept.size() as u64;
            if !kept.resent && !overtaken {
                slowest = slowest.max(kept.timeout_us * 3 / 2);
            }
            kept.resent = true;
            let longer_us = (kept.timeout_us * 3 / 2).min(MOST_TIMEOUT_US);
            kept.timeout_us = if overtaken { timeout_us } else { longer_us };
            kept.sent_us = now_us;
            kept.resend_us = now_us + kept.timeout_us;
        }
        if slowest > 0 {
            window.measure(slowest);
        }
        if packets > 0 || given_up > 0 {
            window.shrink(now_us);
        }
        self.next_us = self.kept.iter().map(Kept::due_us).min().unwrap_or(i64::MAX);
        (packets, bytes)
    }

    /// When to call [`ResendQueue::resend`] next, if anything is on its way.
    pub(super) fn next_us(&self) -> Option<i64> {
        (!self.kept.is_empty()).then_some(self.next_us)
    }

    /// The play goes on after a pause: `expires` tells anew until when a media time is of use.
    pub(super) fn extend(&mut self, expires: impl Fn(i64) -> i64) {
        self.kept.iter_mut().for_each(|kept| kept.expires_us = expires(kept.media_us));
        self.next_us = i64::MIN;
    }

    /// Nothing is on its way any more.
    pub(super) fn clear(&mut self, window: &mut SendWindow) {
        window.in_flight -= self.kept.drain(..).map(|kept| kept.size()).sum::<i64>();
        self.next_us = i64::MAX;
    }

    /// Where `sequence` stands, or would stand.
    fn position(&self, sequence: u16) -> Result<usize, usize> {
        let first = self.kept.front().map_or(sequence, |kept| kept.sequence);
        let place = |sequence: u16| sequence.wrapping_sub(first) as i16;
        self.kept.binary_search_by_key(&place(sequence), |kept| place(kept.sequence))
    }
}

/// How far two sequence numbers are apart, over the wrap if that is shorter.
fn distance(a: u16, b: u16) -> u16 {
    (a.wrapping_sub(b) as i16).unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 10_000_000;
    const NEVER: i64 = i64::MAX;

    fn window(bit_rate: u32) -> SendWindow {
        let mut window = SendWindow::default();
        window.begin(&SendPrefs::default(), bit_rate);
        window
    }

    fn keep(queue: &mut ResendQueue, window: &mut SendWindow, sequence: u16, expires_us: i64) {
        let block = Bytes::from(vec![0; 1000]);
        let payload = Some((&block, 0..1000));
        queue.keep(&Outgoing { sequence, head: &[0; 12], payload, media_us: 0, expires_us }, window, NOW);
    }

    fn filled(window: &mut SendWindow, expires_us: i64) -> (ResendQueue, u16) {
        let mut queue = ResendQueue::default();
        let mut sequence = 0;
        while window.has_room() {
            keep(&mut queue, window, sequence, expires_us);
            sequence += 1;
        }
        (queue, sequence)
    }

    fn resent(queue: &mut ResendQueue, window: &mut SendWindow, now_us: i64) -> u64 {
        queue.resend(window, now_us, |head, payload| assert!(head.len() == 12 && payload.is_some())).0
    }

    #[test]
    fn the_window_follows_the_bit_rate() {
        for (bit_rate, kilobytes) in
            [(0, 64), (100_000, 24), (200_000, 24), (300_000, 48), (1_000_000, 48), (2_000_000, 64)]
        {
            assert_eq!(window(bit_rate).size, kilobytes * 1024, "{bit_rate}");
        }
    }

    #[test]
    fn without_slow_start_the_whole_window_is_open() {
        let prefs = SendPrefs { reliable_slow_start: false, ..SendPrefs::default() };
        let mut window = SendWindow::default();
        window.begin(&prefs, 300_000);
        assert_eq!(window.open, 48 * 1024);
    }

    #[test]
    fn without_acks_half_the_window_goes_out() {
        let mut window = window(300_000);
        let (_, packets) = filled(&mut window, NEVER);
        assert!((24_576..24_576 + 1012).contains(&window.in_flight), "{}", window.in_flight);
        assert_eq!(packets, 25);
    }

    #[test]
    fn what_is_not_acknowledged_is_sent_again_after_600_ms() {
        let mut window = window(300_000);
        let (mut queue, packets) = filled(&mut window, NEVER);
        assert_eq!(queue.next_us(), Some(NOW + 600_000));
        assert_eq!(resent(&mut queue, &mut window, NOW + 599_999), 0);
        assert_eq!(resent(&mut queue, &mut window, NOW + 600_000), u64::from(packets));
        assert_eq!(resent(&mut queue, &mut window, NOW + 600_001), 0);
        assert!(!window.has_room());
    }

    #[test]
    fn acks_make_room_and_open_the_window() {
        let mut window = window(300_000);
        let (mut queue, packets) = filled(&mut window, NEVER);
        let before = window.open;
        (0..packets).rev().for_each(|sequence| queue.acknowledge(sequence, NOW + 40_000, &mut window));
        assert!(queue.is_empty() && window.in_flight == 0 && queue.next_us().is_none());
        assert!(window.open > before + 12_000);
        assert!(window.open <= window.size);
        assert_eq!(window.timeout_us(), LEAST_TIMEOUT_US);
    }

    #[test]
    fn beyond_the_threshold_the_window_grows_by_less_than_what_was_acknowledged() {
        let mut window = window(300_000);
        window.open = window.threshold;
        window.widen(1000);
        assert_eq!(window.open, 36_864 + 1_000_000 / 36_864);
    }

    #[test]
    fn loss_without_a_queue_leaves_the_window_that_the_movie_needs() {
        let lose = |window: &mut SendWindow| {
            (1..40).for_each(|_| window.shrink(window.last_loss_us.max(0) + LOSS_REACTION_US));
        };
        let mut fresh = window(300_000);
        lose(&mut fresh);
        assert_eq!(fresh.open, SEGMENT, "nothing is known of the path");
        let mut radio = window(300_000);
        (0..9).for_each(|_| radio.saw_trip(60_000));
        lose(&mut radio);
        assert_eq!(radio.open, 9000 + 4 * SEGMENT);
        let mut queued = radio;
        (0..30).for_each(|_| queued.saw_trip(400_000));
        lose(&mut queued);
        assert_eq!(queued.open, SEGMENT);
    }

    #[test]
    fn a_repeated_ack_opens_the_window_by_a_segment() {
        let mut window = window(300_000);
        let before = window.open;
        ResendQueue::default().acknowledge(77, NOW, &mut window);
        assert_eq!(window.open, before + SEGMENT);
    }

    #[test]
    fn a_packet_too_late_is_given_up_even_before_its_timer_is_due() {
        let mut window = window(300_000);
        let (mut queue, _) = filled(&mut window, NOW + 100);
        assert_eq!(queue.next_us(), Some(NOW + 100));
        assert_eq!(resent(&mut queue, &mut window, NOW + 100), 0);
        assert!(queue.is_empty() && window.in_flight == 0);
        assert_eq!(window.open, 12_288, "it counts as a loss");
    }

    #[test]
    fn loss_shrinks_the_window_at_most_every_250_ms() {
        let mut window = window(300_000);
        window.shrink(NOW);
        let once = window.open;
        assert_eq!(once, 12_288);
        window.shrink(NOW + 249_999);
        assert_eq!(window.open, once);
        for step in 1..20 {
            window.shrink(NOW + step * 250_000);
        }
        assert_eq!(window.open, SEGMENT);
    }

    #[test]
    fn a_slow_player_gets_a_longer_timeout() {
        let mut window = window(300_000);
        (0..50).for_each(|_| window.measure(2_000_000));
        assert!((2_000_000..2_200_000).contains(&window.timeout_us()), "{}", window.timeout_us());
        window.measure(i64::MAX);
        assert!(window.timeout_us() <= MOST_TIMEOUT_US);
    }

    #[test]
    fn a_resend_says_nothing_of_the_round_trip_but_raises_the_timeout() {
        let mut window = window(300_000);
        let (mut queue, _) = filled(&mut window, NEVER);
        resent(&mut queue, &mut window, NOW + 600_000);
        assert_eq!(window.smoothed_us, Some(900_000), "one and a half timeouts");
        queue.acknowledge(0, NOW + 601_000, &mut window);
        assert_eq!(window.smoothed_us, Some(900_000));
    }

    #[test]
    fn a_packet_is_lost_when_one_that_left_later_has_arrived() {
        let mut window = window(300_000);
        let mut queue = ResendQueue::default();
        keep(&mut queue, &mut window, 1, NEVER);
        keep(&mut queue, &mut window, 2, NEVER);
        queue.acknowledge(2, NOW + 10_000, &mut window);
        assert_eq!(resent(&mut queue, &mut window, NOW + 10_000), 0, "they left together");
        let block = Bytes::from(vec![0; 1000]);
        let later =
            Outgoing { sequence: 3, head: &[0; 12], payload: Some((&block, 0..1000)), media_us: 0, expires_us: NEVER };
        queue.keep(&later, &mut window, NOW + 30_000);
        queue.acknowledge(3, NOW + 40_000, &mut window);
        assert_eq!(resent(&mut queue, &mut window, NOW + 40_000), 1);
        assert_eq!(resent(&mut queue, &mut window, NOW + 50_000), 0, "once");
        assert_eq!(window.timeout_us(), LEAST_TIMEOUT_US, "the path is as fast as before");
        assert_eq!(queue.next_us(), Some(NOW + 640_000));
    }

    #[test]
    fn a_new_play_keeps_the_round_trip() {
        let mut window = window(300_000);
        window.measure(2_000_000);
        window.begin(&SendPrefs::default(), 100_000);
        assert_eq!((window.open, window.smoothed_us), (12_288, Some(2_000_000)));
    }

    #[test]
    fn numbers_are_found_over_the_wrap_and_out_of_order() {
        let mut window = window(0);
        let mut queue = ResendQueue::default();
        for sequence in [65_534, 65_535, 1, 0, 2, 65_533] {
            keep(&mut queue, &mut window, sequence, NEVER);
        }
        assert_eq!(window.in_flight, 6 * 1012);
        let order: Vec<_> = queue.kept.iter().map(|kept| kept.sequence).collect();
        assert_eq!(order, [65_533, 65_534, 65_535, 0, 1, 2]);
        for sequence in [0, 65_533, 2, 65_535, 1, 65_534] {
            queue.acknowledge(sequence, NOW, &mut window);
        }
        assert!(queue.is_empty() && window.in_flight == 0);
    }

    #[test]
    fn a_number_sent_twice_is_kept_once() {
        let mut window = window(0);
        let mut queue = ResendQueue::default();
        (0..3).for_each(|_| keep(&mut queue, &mut window, 9, NEVER));
        assert_eq!((queue.kept.len(), window.in_flight), (1, 1012));
    }

    #[test]
    fn a_source_that_numbers_anew_leaves_nothing_behind() {
        let mut window = window(0);
        let mut queue = ResendQueue::default();
        (0..10).for_each(|sequence| keep(&mut queue, &mut window, sequence, NEVER));
        keep(&mut queue, &mut window, 30_000, NEVER);
        assert_eq!((queue.kept.len(), window.in_flight), (1, 1012));
    }

    #[test]
    fn after_a_pause_packets_are_of_use_again() {
        let mut window = window(0);
        let (mut queue, packets) = filled(&mut window, NOW + 1000);
        queue.extend(|media_us| media_us + NOW + 60_000_000);
        assert_eq!(resent(&mut queue, &mut window, NOW + 30_000_000), u64::from(packets));
    }
}
