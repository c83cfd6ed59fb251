//! The rules one by one, and a phone on simulated links.

use std::collections::{BTreeMap, VecDeque};

use super::super::test_net::{Net, Path};
use super::*;

const SECOND: i64 = 1_000_000;
const GAP: i64 = 40_000; // 25 frames per second
const GOP: i64 = 50;
const FRAME: usize = 1300; // 260 kbit/s
const WORST: u8 = 6;

const TERMS: AdaptationTerms =
    AdaptationTerms { buffer_bytes: 400_000, target_ms: 4000, movie_bit_rate: 260_000, link_bit_rate: 0 };

fn adaptation(terms: AdaptationTerms) -> RateAdaptation {
    let mut adaptation = RateAdaptation::new(terms, true, 0, WORST);
    adaptation.begin(0);
    adaptation
}

fn free(bytes: u32) -> Feedback {
    Feedback { free_bytes: bytes, ..Feedback::default() }
}

#[test]
fn the_first_level_follows_from_movie_and_link() {
    for (link, level) in [(0, 0), (300_000, 0), (260_000, 0), (130_000, 3), (86_000, 6), (1000, 6)] {
        let terms = AdaptationTerms { link_bit_rate: link, ..TERMS };
        assert_eq!(adaptation(terms).level(), level, "{link}");
    }
}

#[test]
fn a_large_buffer_is_used_up_to_twice_the_target_and_a_small_one_shortens_it() {
    assert_eq!(TERMS.usable(true), (260_000, 4000));
    assert_eq!(AdaptationTerms { buffer_bytes: 65_000, ..TERMS }.usable(true), (65_000, 2000));
    assert_eq!(AdaptationTerms { buffer_bytes: 10, ..TERMS }.usable(true), (32_500, 1000));
    assert_eq!(TERMS.usable(false), (400_000, 4000));
    assert_eq!(AdaptationTerms { target_ms: 60_000, ..TERMS }.usable(false).1, 5000);
    assert_eq!(AdaptationTerms { target_ms: 0, buffer_bytes: 0, ..TERMS }.usable(false), (1, 1000));
}

#[test]
fn until_the_buffer_is_filled_it_only_runs_faster_but_not_for_ever() {
    let mut adaptation = adaptation(TERMS);
    for second in 1..15 {
        assert_eq!(adaptation.report(&free(390_000), second * SECOND), 0);
        assert_eq!(adaptation.pace, Pace::MuchFaster);
    }
    adaptation.report(&free(390_000), 15 * SECOND);
    assert!(adaptation.level() > 0, "a buffer that stays empty");
}

#[test]
fn by_the_filling_alone() {
    for (used, pace, step) in [
        (0.95, Pace::Slower, Step::Thin),
        (0.85, Pace::Slower, Step::Keep),
        (0.75, Pace::Slower, Step::Thicken),
        (0.5, Pace::Slower, Step::Thicken),
        (0.45, Pace::Faster, Step::Thicken),
        (0.35, Pace::MuchFaster, Step::Keep),
        (0.25, Pace::MuchFaster, Step::Thin),
        (0.1, Pace::Faster, Step::Thin),
    ] {
        assert_eq!(by_usage(used), (pace, step), "{used}");
    }
}

#[test]
fn by_filling_and_delay() {
    for (usage, delay, pace, step) in [
        (0.8, 1.0, Pace::MuchSlower, Step::Keep),
        (0.6, 1.0, Pace::Faster, Step::Thicken),
        (0.6, 2.2, Pace::Slower, Step::Thicken),
        (0.4, 3.0, Pace::MuchSlower, Step::Thicken),
        (0.1, 3.0, Pace::MuchSlower, Step::Thin),
        (0.4, 2.2, Pace::Slower, Step::Thicken),
        (0.4, 1.0, Pace::MuchFaster, Step::Thicken),
        (0.25, 0.6, Pace::MuchFaster, Step::Thin),
        (0.05, 0.1, Pace::Faster, Step::Thin),
        (0.05, 1.5, Pace::MuchFaster, Step::Thicken),
    ] {
        assert_eq!((pace_by_delay(usage, delay), step_by_delay(usage, delay)), (pace, step), "{usage} {delay}");
    }
}

#[test]
fn the_delay_is_what_lies_between_the_next_and_the_highest_packet_and_the_wait_for_the_next() {
    let mut adaptation = adaptation(TERMS);
    (0..200u16).for_each(|n| adaptation.note_sent(65_500u16.wrapping_add(n), i64::from(n) * 20_000));
    let report = |next: u16, highest: u16, delay| Feedback {
        next_sequence: next,
        highest_sequence: Some(highest),
        playout_delay_ms: delay,
        ..Feedback::default()
    };
    assert_eq!(adaptation.delay_ms(&report(65_510, 50, Some(30))), Some(76 * 20 + 30));
    assert_eq!(adaptation.sent.front(), Some(&(65_510, 200_000)), "what was played is forgotten");
    assert_eq!(adaptation.delay_ms(&report(51, 50, Some(30))), Some(30), "an empty buffer");
    assert_eq!(adaptation.delay_ms(&report(51, 50, None)), None, "nothing is known");
    assert_eq!(adaptation.delay_ms(&report(99, 50, Some(30))), None, "contradiction");
    assert_eq!(adaptation.delay_ms(&report(60, 5000, Some(30))), None, "a number never sent");
    assert_eq!(adaptation.delay_ms(&Feedback { highest_sequence: None, ..report(1, 1, Some(9)) }), None);
}

#[test]
fn numbers_that_jump_begin_a_new_list_and_it_is_bounded() {
    let mut adaptation = adaptation(TERMS);
    (0..10_000u16).for_each(|n| adaptation.note_sent(n, 0));
    assert_eq!(adaptation.sent.len(), MOST_REMEMBERED);
    adaptation.note_sent(9990, 0);
    assert_eq!(adaptation.sent.len(), MOST_REMEMBERED, "a repeated one changes nothing");
    adaptation.note_sent(12_000, 0);
    assert_eq!(adaptation.sent.len(), 1);
}

#[test]
fn loss_thins_a_slow_network_at_once_and_a_fast_one_when_it_stays() {
    let lossy = |trip| Feedback { fraction_lost: 60, round_trip_ms: Some((trip, 5)), ..free(200_000) };
    let levels = |trip| {
        let mut adaptation = adaptation(TERMS);
        adaptation.adapting = true;
        [1, 2, 3].map(|second| adaptation.report(&lossy(trip), second * SECOND))
    };
    assert_eq!(levels(80), [3, 5, 6]);
    assert_eq!(levels(10), [0, 0, 3]);
}

#[test]
fn round_trips_that_grow_to_four_times_lower_the_best_level_and_short_ones_bring_it_back() {
    let mut adaptation = adaptation(TERMS);
    adaptation.adapting = true;
    let with = |trip| Feedback { round_trip_ms: Some((trip, 50)), ..free(200_000) };
    let long: Vec<_> = (1..=5).map(|second| adaptation.report(&with(210), second * SECOND)).collect();
    assert_eq!(long, [0, 0, 0, 1, 1]);
    let short: Vec<_> = (6..=10).map(|second| adaptation.report(&with(50), second * SECOND)).collect();
    assert_eq!(short, [1, 1, 1, 0, 0], "two thirds of the way up takes three good reports");
}

#[test]
fn the_pace_moves_due_times_by_its_share_and_stops_with_the_reports() {
    let mut adaptation = adaptation(TERMS);
    assert_eq!(adaptation.shift_us(10 * SECOND, 25 * SECOND), 0, "no report, no change");
    adaptation.report(&free(400_000), 10 * SECOND);
    assert_eq!(adaptation.shift_us(10 * SECOND + 10_000, 25 * SECOND), 0, "too small a step");
    assert_eq!(adaptation.shift_us(12 * SECOND, 25 * SECOND), -SECOND);
    assert_eq!(adaptation.shift_us(60 * SECOND, 25 * SECOND), -SECOND, "the player fell silent");
    assert_eq!(adaptation.shift_us(61 * SECOND, 0), -SECOND);
    adaptation.report(&free(400_000), 61 * SECOND);
    assert_eq!(adaptation.shift_us(62 * SECOND, 0), 0, "never ahead by more than allowed");
}

/// A player as 3GPP means it: plays when `target_ms` is buffered, reports every second.
struct Phone {
    adaptation: RateAdaptation,
    down: Net,
    up: Net,
    tells_delay: bool,
    now_us: i64,
    frame: i64,
    sequence: u16,
    used_level: u8,
    arriving: Vec<(i64, u16, i64)>,
    buffer: BTreeMap<i64, u16>,
    received: (u64, u64),
    highest: u16,
    reports: VecDeque<(i64, Feedback)>,
    next_report_us: i64,
    /// Media time shown next, once it plays.
    playing: Option<i64>,
    /// Longest time without anything to show while playing.
    dry_us: i64,
    longest_dry_us: i64,
    most_buffered: usize,
    changes: Vec<(i64, u8)>,
}

impl Phone {
    fn new(terms: AdaptationTerms, path: Path, seed: u64) -> Self {
        Self {
            adaptation: adaptation(terms),
            down: Net::new(path, seed),
            up: Net::new(Path { bytes_per_second: 0, ..path }, seed + 1),
            tells_delay: true,
            now_us: 0,
            frame: 0,
            sequence: 65_000,
            used_level: 0,
            arriving: Vec::new(),
            buffer: BTreeMap::new(),
            received: (0, 0),
            highest: 64_999,
            reports: VecDeque::new(),
            next_report_us: SECOND,
            playing: None,
            dry_us: 0,
            longest_dry_us: 0,
            most_buffered: 0,
            changes: Vec::new(),
        }
    }

    fn keeps(level: u8, frame: i64) -> bool {
        let at = frame % GOP;
        match level {
            0 => true,
            1 => true, // no B frames in this movie
            2 => at * 100 < GOP * 75,
            3 => at * 100 < GOP * 50,
            4 => at * 100 < GOP * 25,
            5 => at == 0,
            _ => at <= 1,
        }
    }

    fn run_until(&mut self, until_us: i64) {
        while self.now_us < until_us {
            self.now_us += 5000;
            self.serve();
            self.receive();
            self.play();
            self.report();
        }
    }

    fn serve(&mut self) {
        while self.reports.front().is_some_and(|(at_us, _)| *at_us <= self.now_us) {
            if let Some((_, feedback)) = self.reports.pop_front() {
                let before = self.adaptation.level();
                let level = self.adaptation.report(&feedback, self.now_us);
                if level != before {
                    self.changes.push((self.now_us, level));
                }
            }
        }
        loop {
            let due_us = self.frame * GAP + self.adaptation.shift_us(self.now_us, 25 * SECOND);
            if due_us > self.now_us + 50_000 {
                return;
            }
            let level = self.adaptation.level();
            if level > self.used_level || self.frame % GOP == 0 {
                self.used_level = level;
            }
            if Self::keeps(self.used_level, self.frame) {
                self.adaptation.note_sent(self.sequence, self.frame * GAP);
                if let Some(at_us) = self.down.carry(self.now_us, FRAME + 40) {
                    self.arriving.push((at_us, self.sequence, self.frame * GAP));
                }
                self.sequence = self.sequence.wrapping_add(1);
            }
            self.frame += 1;
        }
    }

    fn receive(&mut self) {
        let now_us = self.now_us;
        for (_, sequence, media_us) in self.arriving.iter().filter(|(at_us, ..)| *at_us <= now_us) {
            self.received.0 += 1;
            if (sequence.wrapping_sub(self.highest) as i16) > 0 {
                self.highest = *sequence;
            }
            if self.playing.is_none_or(|shown_us| *media_us >= shown_us) {
                self.buffer.insert(*media_us, *sequence);
            }
        }
        self.arriving.retain(|(at_us, ..)| *at_us > now_us);
        self.most_buffered = self.most_buffered.max(self.buffer.len() * FRAME);
    }

    fn play(&mut self) {
        let held_us = || Some(self.buffer.last_key_value()?.0 - self.buffer.first_key_value()?.0);
        match self.playing {
            None if held_us().is_some_and(|held_us| held_us >= 3 * SECOND) => {
                self.playing = self.buffer.first_key_value().map(|(media_us, _)| *media_us);
            }
            None => {}
            // Dry: the picture stands still until something of later comes. Thinned video is no stall: a frame is
            // shown until the next one's time.
            Some(shown_us) => {
                if self.buffer.last_key_value().is_some_and(|(last_us, _)| *last_us >= shown_us) {
                    self.playing = Some(shown_us + 5000);
                    self.buffer.retain(|media_us, _| *media_us >= shown_us);
                    self.dry_us = 0;
                } else {
                    self.dry_us += 5000;
                    self.longest_dry_us = self.longest_dry_us.max(self.dry_us);
                }
            }
        }
    }

    fn report(&mut self) {
        if self.now_us < self.next_report_us {
            return;
        }
        self.next_report_us += SECOND;
        let expected = u64::from(self.highest.wrapping_sub(64_999));
        let (came, before) = (self.received.0, self.received.1);
        let due = expected.saturating_sub(before);
        let lost = due.saturating_sub(came);
        self.received = (0, expected);
        let next = self.buffer.first_key_value().map(|(media_us, sequence)| (*media_us, *sequence));
        let wait_ms = next.map_or(0, |(media_us, _)| (media_us - self.playing.unwrap_or(media_us)).max(0) / 1000);
        let used = (self.buffer.len() * FRAME) as u32;
        let trip_ms = |net: &Net| (net.path.delay_us / 1000) as u32;
        let feedback = Feedback {
            free_bytes: self.adaptation.terms().buffer_bytes.saturating_sub(used),
            playout_delay_ms: self.tells_delay.then_some(wait_ms as u16),
            next_sequence: next.map_or(self.highest.wrapping_add(1), |(_, sequence)| sequence),
            highest_sequence: self.tells_delay.then_some(self.highest),
            fraction_lost: (lost * 256 / due.max(1)).min(255) as u8,
            round_trip_ms: Some((trip_ms(&self.down) * 2, trip_ms(&self.down) * 2)),
        };
        if let Some(at_us) = self.up.carry(self.now_us, 100) {
            self.reports.push_back((at_us, feedback));
        }
    }

    /// Level changes from `from_us` on.
    fn changes_since(&self, from_us: i64) -> usize {
        self.changes.iter().filter(|(at_us, _)| *at_us >= from_us).count()
    }
}

#[test]
fn a_clean_link_keeps_full_quality_and_fills_the_buffer_without_overrunning_it() {
    for tells_delay in [true, false] {
        let mut phone = Phone { tells_delay, ..Phone::new(TERMS, Path::CLEAN, 1) };
        phone.run_until(120 * SECOND);
        assert_eq!(phone.changes, [], "delay told: {tells_delay}");
        assert_eq!(phone.longest_dry_us, 0);
        assert!(phone.most_buffered <= 300_000, "{}", phone.most_buffered);
        assert!(phone.buffer.len() as i64 * GAP >= 2 * SECOND, "{}", phone.buffer.len());
    }
}

#[test]
fn a_small_buffer_is_not_overrun() {
    let terms = AdaptationTerms { buffer_bytes: 130_000, ..TERMS };
    let mut phone = Phone::new(terms, Path::CLEAN, 2);
    phone.run_until(120 * SECOND);
    assert!(phone.most_buffered <= 130_000, "{}", phone.most_buffered);
    assert_eq!((phone.longest_dry_us, phone.adaptation.level()), (0, 0));
}

#[test]
fn a_link_of_two_thirds_is_thinned_to_without_stalls_and_full_quality_comes_back_with_the_link() {
    let slow = Path { bytes_per_second: 22_000, queue: 30_000, delay_us: 100_000, jitter_us: 20_000, ..Path::CLEAN };
    for seed in 1..=5 {
        let mut phone = Phone::new(TERMS, Path::CLEAN, seed);
        phone.run_until(20 * SECOND);
        phone.down.path = slow;
        phone.run_until(120 * SECOND);
        assert!(phone.adaptation.level() > 0 || phone.changes_since(60 * SECOND) > 0, "seed {seed}");
        assert!(phone.longest_dry_us < SECOND, "seed {seed}: {}", phone.longest_dry_us);
        let changes = phone.changes_since(20 * SECOND);
        assert!(changes <= 40, "seed {seed}: {changes} in 100 s: {:?}", phone.changes);
        phone.down.path = Path::CLEAN;
        phone.run_until(165 * SECOND);
        assert_eq!(phone.adaptation.level(), 0, "seed {seed}: {:?}", phone.changes);
        assert!(phone.longest_dry_us < SECOND);
    }
}

#[test]
fn heavy_loss_thins_and_full_quality_comes_back_after_it() {
    for loss in [10, 50, 200] {
        let mut phone = Phone::new(TERMS, Path { delay_us: 100_000, ..Path::CLEAN }, 7 + loss);
        phone.run_until(20 * SECOND);
        phone.down.path.loss = loss;
        phone.up.path.loss = loss;
        phone.run_until(60 * SECOND);
        match loss {
            200 => assert!(phone.adaptation.level() >= 3, "{:?}", phone.changes),
            10 => assert_eq!(phone.adaptation.level(), 0, "{:?}", phone.changes),
            _ => {} // a tenth lost in one report is a matter of luck
        }
        assert!(phone.longest_dry_us < SECOND, "{loss}: {}", phone.longest_dry_us);
        phone.down.path.loss = 0;
        phone.up.path.loss = 0;
        phone.run_until(105 * SECOND);
        assert_eq!(phone.adaptation.level(), 0, "{loss}: {:?}", phone.changes);
    }
}

#[test]
fn delay_jitter_and_overtaking_alone_cost_no_quality() {
    let path = Path { delay_us: 200_000, jitter_us: 80_000, reordered: 50, loss: 10, ..Path::CLEAN };
    let mut phone = Phone::new(TERMS, path, 3);
    phone.run_until(120 * SECOND);
    assert!(phone.adaptation.level() <= 1, "{:?}", phone.changes);
    assert_eq!(phone.longest_dry_us, 0);
}
