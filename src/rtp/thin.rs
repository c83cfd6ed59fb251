//! Lateness of a stream-oriented transport (TCP, reliable UDP) turned into quality levels and, beyond them, into whole
//! frames left out. Level 0 is everything; the meaning of the others belongs to the packet source.

use super::prefs::SendPrefs;

/// The late tolerance that the thresholds of [`SendPrefs`] are written for, ms.
const DESIGN_TOLERANCE_MS: i64 = 1500;

/// Lateness up to this is the ordinary grain of sending in bursts, not a sign of a slow client; ms.
const ORDINARY_LATENESS_MS: i64 = 50;

/// A level given back and lost again within this time makes the next try wait longer; ms.
const RELAPSE_MS: i64 = 10_000;

/// Longest pause between two tries to give quality back; ms.
const MAX_HOLD_MS: i64 = 60_000;

/// Moves all thresholds (but `thick_all_the_way_delay`) when a client tolerates more or less lateness than usual
/// (`x-Transport-Options: late-tolerance`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ToleranceShift(i64);

impl ToleranceShift {
    /// From the client's late tolerance in seconds; nonsense counts as the usual 1.5.
    pub fn from_tolerance(seconds: f64) -> Self {
        if !seconds.is_finite() || !(0.0..=3600.0).contains(&seconds) {
            return Self(0);
        }
        Self((seconds * 1000.0) as i64 - DESIGN_TOLERANCE_MS)
    }

    /// The shift in milliseconds.
    pub fn ms(self) -> i64 {
        self.0
    }
}

/// Watches one session's lateness and sets its quality level.
#[derive(Debug, Clone, Copy)]
pub struct QualityControl {
    level: u8,
    last_check_ms: Option<i64>,
    last_lateness_ms: i64,
    last_thickened_ms: Option<i64>,
    hold_ms: i64,
    hold_until_ms: i64,
}

impl QualityControl {
    /// Starts at `level` (`default_stream_quality`).
    pub fn new(level: u8) -> Self {
        Self {
            level,
            last_check_ms: None,
            last_lateness_ms: 0,
            last_thickened_ms: None,
            hold_ms: 0,
            hold_until_ms: i64::MIN,
        }
    }

    /// The level now.
    pub fn level(&self) -> u8 {
        self.level
    }

    /// Looks at the lateness of the packet about to be sent (negative: it is ahead) and returns the level that follows;
    /// `worst` is the highest level the streams have.
    pub fn update(&mut self, prefs: &SendPrefs, shift: ToleranceShift, lateness_ms: i64, now_ms: i64, worst: u8) -> u8 {
        if prefs.disable_thinning {
            return self.level;
        }
        let lateness = if (0..=ORDINARY_LATENESS_MS).contains(&lateness_ms) { 0 } else { lateness_ms };
        if lateness > prefs.thin_all_the_way_delay_ms + shift.ms() {
            self.worsen(worst, now_ms);
            return self.level; // too late to wait for the next look
        }
        let last_check = *self.last_check_ms.get_or_insert(now_ms);
        if now_ms - last_check < prefs.quality_check_interval_ms {
            return self.level;
        }
        let growing = lateness > self.last_lateness_ms;
        if lateness > prefs.always_thin_delay_ms + shift.ms()
            || (lateness > (prefs.start_thinning_delay_ms + shift.ms()).max(0) && growing)
        {
            self.worsen(self.level.saturating_add(1).min(worst), now_ms);
        } else if lateness < prefs.thick_all_the_way_delay_ms {
            // Where full quality was lost before, the way back is taken a step at a time.
            let level = if self.hold_ms > 0 { self.level.saturating_sub(1) } else { 0 };
            self.improve(level, now_ms);
        } else if lateness < prefs.start_thicking_delay_ms + shift.ms() && !growing {
            self.improve(self.level.saturating_sub(1), now_ms);
        }
        self.last_lateness_ms = lateness;
        self.last_check_ms = Some(now_ms);
        self.level
    }

    fn worsen(&mut self, level: u8, now_ms: i64) {
        if level <= self.level {
            return;
        }
        if let Some(thickened) = self.last_thickened_ms.take() {
            let relapsed = now_ms - thickened < RELAPSE_MS;
            self.hold_ms = if relapsed { (self.hold_ms * 2).clamp(RELAPSE_MS / 2, MAX_HOLD_MS) } else { 0 };
            self.hold_until_ms = now_ms + self.hold_ms;
        }
        self.level = level;
    }

    fn improve(&mut self, level: u8, now_ms: i64) {
        if level < self.level && now_ms >= self.hold_until_ms {
            self.level = level;
            self.last_thickened_ms = Some(now_ms);
        }
    }
}

/// What the frame rules need to know about a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FramePosition {
    /// Number of the sample (frame) the packet belongs to.
    pub sample: u32,
    /// Whether that sample can be decoded by itself.
    pub sync: bool,
}

/// Leaves out late packets without tearing frames: video goes from a frame's first packet on and comes back at a sync
/// sample; audio goes only when nothing else helps.
#[derive(Debug, Clone, Copy, Default)]
pub struct LateDropper {
    frame: Option<u32>,
    dropping: bool,
    wait_for_sync: bool,
}

impl LateDropper {
    /// Whether to leave out this packet, which is `lateness_ms` late. `frame` is its place if it is video. Unless
    /// video `may_thin`, packets go only when they are too late for any use.
    pub fn drops(
        &mut self,
        prefs: &SendPrefs,
        shift: ToleranceShift,
        frame: Option<FramePosition>,
        may_thin: bool,
        lateness_ms: i64,
    ) -> bool {
        let too_late = lateness_ms > prefs.drop_all_packets_delay_ms + shift.ms();
        let Some(at) = frame else { return too_late };
        if self.frame == Some(at.sample) {
            return self.dropping;
        }
        self.frame = Some(at.sample);
        let video_off = may_thin && lateness_ms > prefs.drop_all_video_delay_ms + shift.ms();
        self.dropping = too_late || video_off || (self.wait_for_sync && !at.sync);
        self.wait_for_sync = self.dropping;
        self.dropping
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORST: u8 = 6;

    fn run(control: &mut QualityControl, lateness: &[i64], start_s: i64) -> Vec<u8> {
        let prefs = SendPrefs::default();
        let shift = ToleranceShift::default();
        let times = (start_s..).map(|second| second * 1000);
        lateness.iter().zip(times).map(|(late, now)| control.update(&prefs, shift, *late, now, WORST)).collect()
    }

    #[test]
    fn growing_lateness_thins_a_level_each_check() {
        let mut control = QualityControl::new(0);
        assert_eq!(run(&mut control, &[0, 100, 200, 300, 400], 1), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn steady_small_lateness_neither_thins_nor_thickens() {
        let mut control = QualityControl::new(2);
        assert_eq!(run(&mut control, &[300, 300, 300, 300], 1), [2, 3, 3, 3]);
    }

    #[test]
    fn the_grain_of_bursts_is_not_lateness() {
        let mut control = QualityControl::new(0);
        assert_eq!(run(&mut control, &[0, 10, 20, 30, 49], 1), [0, 0, 0, 0, 0]);
    }

    #[test]
    fn beyond_750_ms_thins_even_when_shrinking() {
        let mut control = QualityControl::new(0);
        assert_eq!(run(&mut control, &[1000, 1400, 1000, 800], 1), [0, 1, 2, 3]);
    }

    #[test]
    fn beyond_1500_ms_the_worst_level_comes_at_once() {
        let mut control = QualityControl::new(0);
        let prefs = SendPrefs::default();
        assert_eq!(control.update(&prefs, ToleranceShift::default(), 1501, 1, WORST), WORST);
    }

    #[test]
    fn late_tolerance_shifts_the_thresholds() {
        let prefs = SendPrefs::default();
        let shift = ToleranceShift::from_tolerance(4.0);
        assert_eq!(shift.ms(), 2500);
        let mut control = QualityControl::new(0);
        assert_eq!(control.update(&prefs, shift, 3900, 1, WORST), 0);
        assert_eq!(control.update(&prefs, shift, 4100, 2, WORST), WORST);
        assert_eq!(ToleranceShift::from_tolerance(f64::NAN).ms(), 0);
        assert_eq!(ToleranceShift::from_tolerance(-1.0).ms(), 0);
    }

    #[test]
    fn being_two_seconds_ahead_brings_full_quality_back() {
        let mut control = QualityControl::new(6);
        assert_eq!(run(&mut control, &[0, -2500], 1), [6, 0]);
    }

    #[test]
    fn quality_comes_back_a_level_at_a_time_when_on_time() {
        let mut control = QualityControl::new(3);
        assert_eq!(run(&mut control, &[0, 0, 0, 0, 0], 1), [3, 2, 1, 0, 0]);
    }

    #[test]
    fn a_relapse_makes_the_next_try_wait() {
        let mut control = QualityControl::new(0);
        run(&mut control, &[0, 300, 0], 1); // thinned at 2 s, given back at 3 s
        assert_eq!(control.level(), 0);
        run(&mut control, &[300], 4); // lost again: hold until 9 s
        assert_eq!(run(&mut control, &[0, 0, 0, 0, 0], 5), [1, 1, 1, 1, 0]);
    }

    #[test]
    fn disabled_thinning_leaves_the_level_alone() {
        let prefs = SendPrefs { disable_thinning: true, ..SendPrefs::default() };
        let mut control = QualityControl::new(0);
        assert_eq!(control.update(&prefs, ToleranceShift::default(), 9000, 1, WORST), 0);
    }

    fn drops(dropper: &mut LateDropper, sample: u32, sync: bool, lateness_ms: i64) -> bool {
        let at = FramePosition { sample, sync };
        dropper.drops(&SendPrefs::default(), ToleranceShift::default(), Some(at), true, lateness_ms)
    }

    #[test]
    fn a_frame_begun_is_finished_and_a_frame_dropped_stays_dropped() {
        let mut dropper = LateDropper::default();
        assert!(!drops(&mut dropper, 1, true, 1700));
        assert!(!drops(&mut dropper, 1, true, 2600));
        assert!(drops(&mut dropper, 2, false, 1800));
        assert!(drops(&mut dropper, 2, false, 0));
    }

    #[test]
    fn dropped_video_comes_back_at_a_sync_sample() {
        let mut dropper = LateDropper::default();
        assert!(drops(&mut dropper, 1, false, 1800));
        assert!(drops(&mut dropper, 2, false, 0));
        assert!(!drops(&mut dropper, 3, true, 0));
        assert!(!drops(&mut dropper, 4, false, 0));
    }

    #[test]
    fn video_that_may_not_be_thinned_goes_with_the_rest_and_by_whole_frames() {
        let mut dropper = LateDropper::default();
        let mut video = |sample, late| {
            let at = FramePosition { sample, sync: true };
            dropper.drops(&SendPrefs::default(), ToleranceShift::default(), Some(at), false, late)
        };
        assert!(!video(1, 2400));
        assert!(!video(1, 2600));
        assert!(video(2, 2600));
        assert!(video(2, 0));
    }

    #[test]
    fn audio_goes_last() {
        let mut dropper = LateDropper::default();
        let mut audio = |late| dropper.drops(&SendPrefs::default(), ToleranceShift::default(), None, true, late);
        assert!(!audio(2400));
        assert!(audio(2501));
    }
}
