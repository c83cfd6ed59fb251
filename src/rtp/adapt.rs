//! 3GPP rate adaptation (TS 26.234 section 5.3.2.2): a player that has told the size of its buffer and the delay it
//! wants there reports what it holds (`APP PSS0`); the sender runs faster or slower and changes the quality so that the
//! buffer neither runs dry nor over. The figures are those of DSS 6.0.3. Pure: reports and the time go in.
//!
//! Where DSS's rules contradicted themselves the intention counts: round trips are compared as they are (DSS divided the
//! present one by ten first), a nearly full buffer thins and a nearly dry one does not thicken, loss that stays thins on
//! a fast network too. Two things are
//! new: a level that was given back and lost again is tried again later each time, and a player that stops reporting is
//! sent to at its normal rate.

use std::collections::VecDeque;

/// Delays beyond this are not aimed at, ms.
const LONGEST_TARGET_MS: u32 = 5000;

/// Shorter targets than this are not believed, ms.
const SHORTEST_TARGET_MS: u32 = 1000;

/// More free space than this cannot be reported.
const MOST_REPORTABLE: u32 = 0xffff * 64;

/// Adaptation waits until the buffer is filled this far …
const FILLED: f64 = 0.7;

/// … or so much time has passed since the first PLAY.
const FILL_TIME_US: i64 = 15_000_000;

/// The pace is applied in steps of at least this.
const LEAST_STEP_US: i64 = 50_000;

/// A pace holds as long as reports come at least this often.
const STALE_US: i64 = 5_000_000;

/// A stream is never slowed down to be later than this.
const MOST_BEHIND_US: i64 = 1_000_000;

/// Loss in a report counts from here on, 256ths: a tenth.
const LOSS: u8 = 26;

/// Round trips up to this belong to a network where loss says little about its rate, ms.
const FAST_TRIP_MS: u32 = 10;

/// So many reports with loss in a row thin on a fast network too.
const LASTING_LOSSES: u32 = 3;

/// No thickening for so many reports after one with loss.
const QUIET_AFTER_LOSS: u32 = 2;

/// Round trips of at least four times the shortest, so many in a row, lower the best level.
const LARGE_TRIPS: u32 = 4;

/// A level lost again within so many reports after it was given back is tried less soon the next time.
const RELAPSE: u32 = 8;

/// The longest wait for that, in reports.
const LONGEST_WAIT: u32 = 30;

/// Packets remembered with their media time at most.
const MOST_REMEMBERED: usize = 4096;

/// What is known of the player's buffer and its link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AdaptationTerms {
    /// Size of the player's buffer for this stream, bytes.
    pub buffer_bytes: u32,
    /// Delay it wants to keep there, ms.
    pub target_ms: u32,
    /// The movie's bit rate; 0 if unknown.
    pub movie_bit_rate: u32,
    /// The link's bit rate; 0 if unknown.
    pub link_bit_rate: u32,
}

impl AdaptationTerms {
    fn buffer(&self) -> u32 {
        self.buffer_bytes.clamp(1, MOST_REPORTABLE)
    }

    fn target_ms(&self) -> u32 {
        self.target_ms.clamp(SHORTEST_TARGET_MS, LONGEST_TARGET_MS)
    }

    /// Bytes of the buffer to use, and the delay to aim at: of a large buffer not more than twice the target, and of a
    /// small one not more delay than it holds.
    fn usable(&self, is_video: bool) -> (u32, u32) {
        let per_second = self.movie_bit_rate / 8;
        if !is_video || per_second == 0 {
            return (self.buffer(), self.target_ms());
        }
        let twice = (u64::from(per_second) * 2 * u64::from(self.target_ms()) / 1000).min(u64::from(u32::MAX)) as u32;
        if twice <= self.buffer() {
            return (twice, self.target_ms());
        }
        let usable = self.buffer().max(per_second);
        let holds_ms = (u64::from(usable) * 1000 / u64::from(per_second)).min(u64::from(u32::MAX)) as u32;
        (usable, holds_ms.min(self.target_ms()))
    }

    /// The best level that a link of this rate allows: 0 up to 0.9 times its rate, the worst at 3 times.
    fn first_level(&self, worst: u8) -> u8 {
        if self.movie_bit_rate == 0 || self.link_bit_rate == 0 {
            return 0;
        }
        let ratio = f64::from(self.movie_bit_rate) / f64::from(self.link_bit_rate);
        (f64::from(worst) * (ratio / 2.1 - 0.43)).clamp(0.0, f64::from(worst)) as u8
    }
}

/// What a compound with a buffer report says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Feedback {
    /// Free space in the player's buffer, bytes.
    pub free_bytes: u32,
    /// Time until the next unit plays, ms, if told.
    pub playout_delay_ms: Option<u16>,
    /// Sequence number of the next unit to play.
    pub next_sequence: u16,
    /// Highest sequence number received, if a receiver report told.
    pub highest_sequence: Option<u16>,
    /// Fraction lost, 256ths; 0 without a receiver report.
    pub fraction_lost: u8,
    /// The present round trip and the shortest so far, ms, if this compound told the former.
    pub round_trip_ms: Option<(u32, u32)>,
}

/// How fast to send: by how much of the time that passes due times move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Pace {
    /// Half as fast again.
    MuchFaster,
    /// A tenth faster.
    Faster,
    #[default]
    Normal,
    /// A fifth slower.
    Slower,
    /// Half as fast.
    MuchSlower,
}

impl Pace {
    /// By how much the due times move in `elapsed`.
    fn shift(self, elapsed_us: i64) -> i64 {
        match self {
            Self::MuchFaster => -elapsed_us / 2,
            Self::Faster => -elapsed_us / 10,
            Self::Normal => 0,
            Self::Slower => elapsed_us / 5,
            Self::MuchSlower => elapsed_us / 2,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Thin,
    Keep,
    Thicken,
}

/// One stream's adaptation.
#[derive(Debug)]
pub struct RateAdaptation {
    terms: AdaptationTerms,
    is_video: bool,
    worst: u8,
    level: u8,
    /// The best level that may be given.
    best: u8,
    first_play_us: Option<i64>,
    adapting: bool,
    pace: Pace,
    reported_us: Option<i64>,
    shift_us: i64,
    shifted_us: i64,
    since_loss: u32,
    losses: u32,
    large_trips: u32,
    small_trips: i32,
    /// Reports since a level was last taken, and since one was last given back.
    since_thin: u32,
    since_thicken: u32,
    wait: u32,
    /// Sequence number and media time of packets that the player may still hold, in their order.
    sent: VecDeque<(u16, i64)>,
}

impl RateAdaptation {
    /// For a stream whose worst level is `worst` and that stands at `level`.
    pub fn new(terms: AdaptationTerms, is_video: bool, level: u8, worst: u8) -> Self {
        let best = terms.first_level(worst);
        Self {
            terms,
            is_video,
            worst,
            level: level.clamp(best, worst),
            best,
            first_play_us: None,
            adapting: false,
            pace: Pace::Normal,
            reported_us: None,
            shift_us: 0,
            shifted_us: 0,
            since_loss: u32::MAX / 2,
            losses: 0,
            large_trips: 0,
            small_trips: 0,
            since_thin: u32::MAX / 2,
            since_thicken: u32::MAX / 2,
            wait: 0,
            sent: VecDeque::new(),
        }
    }

    /// The player has told other terms.
    pub fn set_terms(&mut self, terms: AdaptationTerms) {
        self.terms = terms;
    }

    /// What the player has told.
    pub fn terms(&self) -> AdaptationTerms {
        self.terms
    }

    /// The quality level now.
    pub fn level(&self) -> u8 {
        self.level
    }

    /// A PLAY begins at `now_us`: from its time on, and nothing of before is in the player's buffer.
    pub fn begin(&mut self, now_us: i64) {
        self.first_play_us.get_or_insert(now_us);
        self.pace = Pace::Normal;
        self.shift_us = 0;
        self.shifted_us = now_us;
        self.sent.clear();
    }

    /// A packet of this sequence number and media time was sent.
    pub fn note_sent(&mut self, sequence: u16, media_us: i64) {
        match self.sent.back() {
            Some((last, _)) if sequence.wrapping_sub(*last) != 1 => {
                if (sequence.wrapping_sub(*last) as i16) < 0 {
                    return; // a packet repeated
                }
                self.sent.clear();
            }
            _ => {}
        }
        if self.sent.len() >= MOST_REMEMBERED {
            self.sent.pop_front();
        }
        self.sent.push_back((sequence, media_us));
    }

    /// By how much due times are moved at `now_us` (negative: sent earlier), never ahead by more than `most_ahead_us`.
    pub fn shift_us(&mut self, now_us: i64, most_ahead_us: i64) -> i64 {
        let elapsed_us = now_us - self.shifted_us;
        if elapsed_us >= LEAST_STEP_US {
            self.shifted_us = now_us;
            if self.reported_us.is_some_and(|at_us| now_us - at_us <= STALE_US) {
                let shift_us = self.shift_us + self.pace.shift(elapsed_us);
                self.shift_us = shift_us.clamp(-most_ahead_us.max(0), MOST_BEHIND_US);
            }
        }
        self.shift_us
    }

    /// Takes a report and returns the level that follows.
    pub fn report(&mut self, feedback: &Feedback, now_us: i64) -> u8 {
        self.reported_us = Some(now_us);
        self.note_round_trip(feedback);
        let (usable, target_ms) = self.terms.usable(self.is_video);
        let buffer = self.terms.buffer();
        // Who reports more free space than there is has no use for less either: half is as good a guess as any.
        let used = buffer.checked_sub(feedback.free_bytes).unwrap_or(usable / 2);
        let usage = f64::from(used) / f64::from(usable);
        let delay = self.delay_ms(feedback).map(|ms| ms as f64 / f64::from(target_ms));
        let (pace, step) = self.decide(usage, delay, now_us);
        let (pace, step) = self.mind_loss(feedback, pace, step);
        self.pace = pace;
        self.take(step);
        self.limit();
        self.level
    }

    /// What the player holds, in ms of play. Some players say 0 for "don't know".
    fn delay_ms(&mut self, feedback: &Feedback) -> Option<u64> {
        let highest = feedback.highest_sequence?;
        let ahead = highest.wrapping_sub(feedback.next_sequence) as i16;
        if ahead < -1 {
            return None;
        }
        let first = self.sent.front()?.0;
        let gone = feedback.next_sequence.wrapping_sub(first) as i16;
        if gone > 0 {
            self.sent.drain(..(gone as usize).min(self.sent.len()));
        }
        let at = |sequence: u16| {
            let index = sequence.wrapping_sub(self.sent.front()?.0);
            self.sent.get(usize::from(index)).map(|(_, media_us)| *media_us)
        };
        let held_us = if ahead < 0 { 0 } else { at(highest)?.saturating_sub(at(feedback.next_sequence)?).max(0) };
        let delay_ms = held_us as u64 / 1000 + u64::from(feedback.playout_delay_ms.unwrap_or(0));
        (delay_ms > 0).then_some(delay_ms)
    }

    fn decide(&mut self, usage: f64, delay: Option<f64>, now_us: i64) -> (Pace, Step) {
        if !self.adapting {
            let waited_us = self.first_play_us.map_or(0, |first_us| now_us - first_us);
            if usage < FILLED && waited_us < FILL_TIME_US {
                return (Pace::MuchFaster, Step::Keep);
            }
            self.adapting = true;
            self.large_trips = 0;
            self.small_trips = -3;
        }
        match delay {
            Some(delay) => (pace_by_delay(usage, delay), step_by_delay(usage, delay)),
            None => by_usage(usage),
        }
    }

    fn mind_loss(&mut self, feedback: &Feedback, pace: Pace, step: Step) -> (Pace, Step) {
        if feedback.fraction_lost < LOSS {
            self.losses = 0;
            self.since_loss = self.since_loss.saturating_add(1);
            let step = if self.since_loss <= QUIET_AFTER_LOSS && step == Step::Thicken { Step::Keep } else { step };
            return (pace, step);
        }
        self.since_loss = 0;
        self.losses += 1;
        let is_fast = feedback.round_trip_ms.is_none_or(|(now_ms, _)| now_ms <= FAST_TRIP_MS);
        match is_fast {
            true if self.losses < LASTING_LOSSES => (Pace::Slower, Step::Keep.min(step)),
            _ => (Pace::MuchFaster, Step::Thin), // the buffer must not run dry meanwhile
        }
    }

    fn take(&mut self, step: Step) {
        self.since_thin = self.since_thin.saturating_add(1);
        self.since_thicken = self.since_thicken.saturating_add(1);
        match step {
            Step::Thin if self.level < self.worst => {
                self.wait = if self.since_thicken <= RELAPSE { (self.wait * 2 + 4).min(LONGEST_WAIT) } else { 0 };
                self.level = self.worst - (self.worst - self.level) / 2;
                self.since_thin = 0;
            }
            Step::Thicken if self.level > self.best && self.since_thin > self.wait => {
                self.level -= 1;
                self.since_thicken = 0;
            }
            _ => {}
        }
    }

    fn note_round_trip(&mut self, feedback: &Feedback) {
        let Some((now_ms, shortest_ms)) = feedback.round_trip_ms else { return };
        // On a short path a few milliseconds are nothing but the grain of the clocks.
        let ratio = f64::from(now_ms) / f64::from(shortest_ms.max(FAST_TRIP_MS));
        self.large_trips = if ratio >= 4.0 { self.large_trips + 1 } else { 0 };
        self.small_trips = if ratio < 1.6 { self.small_trips + 1 } else { self.small_trips.min(0) };
    }

    /// Round trips that grow tell of queues on the way before anything is lost.
    fn limit(&mut self) {
        let enough = i32::from((self.worst - self.level) / 2) + 1;
        if self.large_trips >= LARGE_TRIPS {
            self.large_trips = 0;
            self.best = (self.best + 1).min(self.worst);
        } else if self.small_trips >= enough {
            self.small_trips = 0;
            self.best = self.best.saturating_sub(1);
        }
        self.level = self.level.max(self.best);
    }
}

impl Step {
    fn min(self, other: Self) -> Self {
        if other == Self::Thin { other } else { self }
    }
}

fn pace_by_delay(usage: f64, delay: f64) -> Pace {
    match () {
        () if usage >= FILLED => Pace::MuchSlower,
        () if usage < 0.5 && delay > 2.5 => Pace::MuchSlower,
        () if usage < 0.5 && delay > 2.0 => Pace::Slower,
        () if usage < 0.5 && delay > 0.5 => Pace::MuchFaster,
        () if delay < 2.0 => Pace::Faster,
        () => Pace::Slower,
    }
}

fn step_by_delay(usage: f64, delay: f64) -> Step {
    match () {
        () if usage < 0.2 && delay > 2.5 => Step::Thin,
        () if usage <= 0.1 && delay >= 1.0 => Step::Thicken, // few bytes that last long: the movie is slow here
        () if usage <= 0.3 && delay < 1.0 => Step::Thin,
        () if usage < 0.7 => Step::Thicken,
        () => Step::Keep,
    }
}

fn by_usage(usage: f64) -> (Pace, Step) {
    match () {
        () if usage > 0.9 => (Pace::Slower, Step::Thin),
        () if usage > 0.8 => (Pace::Slower, Step::Keep),
        () if usage >= 0.5 => (Pace::Slower, Step::Thicken),
        () if usage > 0.4 => (Pace::Faster, Step::Thicken),
        () if usage > 0.3 => (Pace::MuchFaster, Step::Keep),
        () if usage > 0.2 => (Pace::MuchFaster, Step::Thin),
        () => (Pace::Faster, Step::Thin),
    }
}

#[cfg(test)]
#[path = "adapt_tests.rs"]
mod tests;
