//! When a packet may leave: the play's timeline and the overbuffer window. Pure functions of `now`.

use super::prefs::SendPrefs;

/// A packet due no later than this beyond the send interval goes out at once while overbuffering.
const OVERBUFFER_FREE_AHEAD_US: i64 = 1_000_000;

/// Send intervals to wait for a client whose overbuffer window is nearly full.
const FULL_WINDOW_WAIT_INTERVALS: i64 = 5;

/// Packets' worth of window that must be free before a client gets more ahead of time.
const WINDOW_RESERVE_PACKETS: i64 = 5;

/// Maps the movie's time to the clock's for one PLAY.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timeline {
    /// Clock time in microseconds at which `media_start_us` is due.
    pub origin_us: i64,
    /// Media time in microseconds where the play starts.
    pub media_start_us: i64,
    /// Media seconds per second; the Speed header.
    pub speed: f64,
}

impl Timeline {
    /// A timeline; a speed that is no positive number counts as 1.
    pub fn new(origin_us: i64, media_start_us: i64, speed: f64) -> Self {
        let speed = if speed.is_finite() && speed > 0.0 { speed } else { 1.0 };
        Self { origin_us, media_start_us, speed }
    }

    /// Clock time at which what stands at `media_us` is due.
    pub fn due_us(&self, media_us: i64) -> i64 {
        let offset = media_us.saturating_sub(self.media_start_us);
        let scaled = if self.speed == 1.0 { offset } else { (offset as f64 / self.speed) as i64 };
        self.origin_us.saturating_add(scaled)
    }

    /// Media time that is due at clock time `now_us`.
    pub fn media_at_us(&self, now_us: i64) -> i64 {
        let elapsed = now_us.saturating_sub(self.origin_us);
        let scaled = if self.speed == 1.0 { elapsed } else { (elapsed as f64 * self.speed) as i64 };
        self.media_start_us.saturating_add(scaled)
    }
}

/// What to do with the next packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may leave now.
    Send,
    /// Ask again at this clock time, microseconds; always later than now.
    WaitUntil(i64),
}

/// Without sending ahead: up to a send interval early.
pub(super) fn on_time(prefs: &SendPrefs, due_us: i64, now_us: i64) -> Verdict {
    if due_us <= now_us.saturating_add(prefs.send_interval_us()) { Verdict::Send } else { Verdict::WaitUntil(due_us) }
}

/// DSS 6.0.3's rule for sending ahead: at most `overbuffer_rate` times real time, measured in buckets of one send
/// interval, never more than `max_send_ahead_time` ahead nor beyond the buffer the client says it has.
#[derive(Debug, Clone, Copy)]
pub struct OverbufferWindow {
    enabled: bool,
    /// Bytes the client can still take ahead of time; `None` while it has not said.
    client_window: Option<i64>,
    bucket_begin_us: i64,
    /// How far beyond the bucket's begin the last packet was due.
    ahead_us: i64,
    /// How far beyond the bucket's begin packets may be due.
    limit_us: i64,
    /// Whether a packet had to wait for the next bucket. Then the next one starts from the limit rather than from the
    /// last packet, so that streams of few packets are not slowed down by the grain of their packets.
    limited: bool,
}

impl OverbufferWindow {
    /// A window for one PLAY.
    pub fn new(enabled: bool) -> Self {
        Self { enabled, client_window: None, bucket_begin_us: i64::MIN, ahead_us: 0, limit_us: 0, limited: false }
    }

    /// Whether the session sends ahead of time.
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Takes the free window a client reports (APP `QTSS` item `ob`), in bytes.
    pub fn set_client_window(&mut self, bytes: u32) {
        self.client_window = Some(i64::from(bytes));
    }

    /// Whether a packet of `size` bytes that is due at `due_us` may leave at `now_us`.
    pub fn decide(&mut self, prefs: &SendPrefs, due_us: i64, now_us: i64, size: usize) -> Verdict {
        let interval = prefs.send_interval_us();
        if !self.enabled {
            return on_time(prefs, due_us, now_us);
        }
        self.roll_bucket(prefs, now_us, interval);
        let ahead = due_us.saturating_sub(now_us);
        if ahead <= interval + OVERBUFFER_FREE_AHEAD_US {
            return self.send(due_us, size);
        }
        if self.client_window == Some(0) {
            return Verdict::WaitUntil(due_us);
        }
        let size_i64 = i64::try_from(size).unwrap_or(i64::MAX);
        if self.client_window.is_some_and(|free| size_i64.saturating_mul(WINDOW_RESERVE_PACKETS) > free) {
            return Verdict::WaitUntil(now_us + interval * FULL_WINDOW_WAIT_INTERVALS);
        }
        let most_ahead = prefs.max_send_ahead_ms.max(0).saturating_mul(1000);
        if ahead > most_ahead {
            return Verdict::WaitUntil(due_us - most_ahead);
        }
        if due_us - self.bucket_begin_us > self.limit_us {
            self.limited = true;
            return Verdict::WaitUntil(self.bucket_begin_us + interval);
        }
        self.send(due_us, size)
    }

    fn send(&mut self, due_us: i64, size: usize) -> Verdict {
        self.ahead_us = due_us - self.bucket_begin_us;
        if let Some(free) = self.client_window.as_mut() {
            *free = free.saturating_sub(i64::try_from(size).unwrap_or(i64::MAX)).max(0);
        }
        Verdict::Send
    }

    fn roll_bucket(&mut self, prefs: &SendPrefs, now_us: i64, interval: i64) {
        let first = self.bucket_begin_us == i64::MIN;
        let elapsed = if first { interval } else { now_us - self.bucket_begin_us };
        if elapsed < interval {
            return;
        }
        let base = if self.limited { self.limit_us.max(self.ahead_us) } else { self.ahead_us };
        self.limit_us = base + (elapsed as f64 * (prefs.overbuffer_rate - 1.0).max(0.0)) as i64;
        self.limited = false;
        self.bucket_begin_us = now_us;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    /// Plays packets of one stream, one each `gap_us`, in virtual time; returns (send time, due time) of each packet.
    fn play(enabled: bool, speed: f64, gap_us: i64, until_us: i64, prefs: &SendPrefs) -> Vec<(i64, i64)> {
        let timeline = Timeline::new(0, 0, speed);
        let mut window = OverbufferWindow::new(enabled);
        let (mut now, mut media, mut sent) = (0, 0, Vec::new());
        while now < until_us {
            let due = timeline.due_us(media);
            match window.decide(prefs, due, now, 600) {
                Verdict::Send => {
                    sent.push((now, due));
                    media += gap_us;
                }
                Verdict::WaitUntil(at) => {
                    assert!(at > now, "asked to wait until {at} at {now}");
                    now = at;
                }
            }
        }
        sent
    }

    #[test]
    fn without_overbuffering_packets_leave_up_to_50_ms_early_and_never_late() {
        let sent = play(false, 1.0, 15_000, 10 * SECOND, &SendPrefs::default());
        assert!(sent.iter().all(|(now, due)| (0..=50_000).contains(&(due - now))), "{sent:?}");
        assert!(sent.len() >= 660);
    }

    #[test]
    fn without_overbuffering_packets_of_one_interval_leave_together() {
        let sent = play(false, 1.0, 15_000, 10 * SECOND, &SendPrefs::default());
        let mut instants: Vec<_> = sent.iter().map(|(now, _)| *now).collect();
        instants.dedup();
        assert!(sent.len() / instants.len() >= 3, "{} packets in {} bursts", sent.len(), instants.len());
    }

    #[test]
    fn speed_two_sends_twice_as_much_media_in_the_same_time() {
        let sent = play(false, 2.0, 15_000, 10 * SECOND, &SendPrefs::default());
        assert!((1330..=1342).contains(&sent.len()), "{}", sent.len());
    }

    #[test]
    fn overbuffering_gains_at_twice_real_time_and_stops_at_25_s() {
        let sent = play(true, 1.0, 15_000, 60 * SECOND, &SendPrefs::default());
        let media_at = |at: i64| sent.iter().take_while(|(now, _)| *now <= at).map(|(_, due)| *due).last().unwrap_or(0);
        let after_10 = media_at(10 * SECOND);
        assert!((19 * SECOND..=23 * SECOND).contains(&after_10), "{after_10}");
        let lead = sent.iter().map(|(now, due)| due - now).max().unwrap_or(0);
        assert!((24 * SECOND..=25 * SECOND).contains(&lead), "{lead}");
        let tail = media_at(59 * SECOND) - 59 * SECOND;
        assert!(tail > 24 * SECOND, "falls back to {tail}");
    }

    #[test]
    fn overbuffering_starts_with_a_second_at_once() {
        let sent = play(true, 1.0, 15_000, 10_000, &SendPrefs::default());
        let last = sent.last().map(|(_, due)| *due).unwrap_or(0);
        assert!((SECOND..=SECOND + 120_000).contains(&last), "{last}");
    }

    #[test]
    fn a_client_window_of_zero_means_real_time() {
        let prefs = SendPrefs::default();
        let mut window = OverbufferWindow::new(true);
        window.set_client_window(0);
        assert_eq!(window.decide(&prefs, 2 * SECOND, 0, 600), Verdict::WaitUntil(2 * SECOND));
        assert_eq!(window.decide(&prefs, SECOND, 0, 600), Verdict::Send);
    }

    #[test]
    fn a_nearly_full_client_window_waits_five_intervals() {
        let prefs = SendPrefs::default();
        let mut window = OverbufferWindow::new(true);
        window.set_client_window(2999);
        assert_eq!(window.decide(&prefs, 2 * SECOND, 0, 600), Verdict::WaitUntil(250_000));
    }

    #[test]
    fn a_rate_of_one_never_gains() {
        let prefs = SendPrefs { overbuffer_rate: 1.0, ..SendPrefs::default() };
        let sent = play(true, 1.0, 15_000, 20 * SECOND, &prefs);
        let lead = sent.iter().map(|(now, due)| due - now).max().unwrap_or(0);
        assert!(lead <= 1_200_000, "{lead}");
    }

    #[test]
    fn due_and_media_time_are_inverse() {
        for speed in [1.0, 2.0, 0.5, f64::NAN, -3.0, 0.0] {
            let timeline = Timeline::new(5 * SECOND, 10 * SECOND, speed);
            let media = timeline.media_at_us(timeline.due_us(13 * SECOND));
            assert!((media - 13 * SECOND).abs() <= 2, "speed {speed}: {media}");
        }
    }
}
