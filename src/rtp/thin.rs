//! Lateness of a stream-oriented transport (TCP, reliable UDP) turned into quality levels and, beyond them, into whole
//! frames left out. Level 0 is everything; the meaning of the others belongs to the packet source.

use super::prefs::SendPrefs;

/// The late tolerance that the thresholds of [`SendPrefs`] are written for, ms.
const DESIGN_TOLERANCE_MS: i64 = 1500;

/// Lateness up to this is the ordinary grain of sending in bursts, not a sign of a slow client; ms.
const ORDINARY_LATENESS_MS: i64 = 50;

/// Lateness has to grow by this from one look to the next to count as growing: what a frame rate's or a key frame's
/// grain makes of it is less. ms.
const GROWTH_MS: i64 = 50;

/// Lateness that grows by this share of the time is too much for a single level.
const STEEP: f64 = 0.2;

/// A level given back and lost again within this time makes the next try wait longer; ms. That long because a lead
/// built up before can feed a level that is too much.
const RELAPSE_MS: i64 = 60_000;

/// So much of the fastest is as good as the fastest.
const NEARLY: f64 = 0.8;

/// Looks that a level in force is given to show its effect, which a group of pictures may take.
const SETTLING_LOOKS: i64 = 2;

/// Shortest and longest pause before a level that was too much is tried again; ms.
const HOLD_MS: std::ops::RangeInclusive<i64> = 5000..=60_000;

/// What the levels leave of a movie's rate, about: movies differ, and a level that turns out too much is taken back.
const SHARE: [f64; 7] = [1.0, 0.9, 0.75, 0.5, 0.25, 0.1, 0.12];

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
    /// Lateness at the last two looks, the younger one first.
    before_ms: [i64; 2],
    /// By how much the lead grew in the time before the last look, as a share of it.
    lead_growth: f64,
    /// The best level that may be given before `retry_ms`: the better one was too much.
    floor: u8,
    retry_ms: i64,
    /// How long the next level that turns out too much has to wait; 0 while none has.
    hold_ms: i64,
    last_thickened_ms: Option<i64>,
    changed_ms: i64,
}

impl QualityControl {
    /// Starts at `level` (`default_stream_quality`).
    pub fn new(level: u8) -> Self {
        Self {
            level,
            last_check_ms: None,
            before_ms: [0; 2],
            lead_growth: 0.0,
            floor: 0,
            retry_ms: i64::MIN,
            hold_ms: 0,
            last_thickened_ms: None,
            changed_ms: i64::MIN / 2,
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
            let elapsed = self.last_check_ms.map_or(0, |at_ms| now_ms - at_ms);
            let long_enough = elapsed * 4 >= prefs.quality_check_interval_ms;
            let growth = if long_enough { self.growth(lateness, elapsed) } else { -self.lead_growth };
            self.worsen(worst, growth, now_ms);
            return self.level; // too late to wait for the next look
        }
        let Some(last_check) = self.last_check_ms else {
            (self.last_check_ms, self.before_ms) = (Some(now_ms), [lateness; 2]);
            return self.level;
        };
        let elapsed = now_ms - last_check;
        if elapsed < prefs.quality_check_interval_ms {
            return self.level;
        }
        let [last, one_before] = self.before_ms;
        // Against both: where a level leaves out the end of each group of pictures, lateness goes up and down with it.
        let growing = lateness > last.max(one_before) + GROWTH_MS;
        let growth = self.growth(lateness, elapsed);
        let settled = now_ms - self.changed_ms >= SETTLING_LOOKS * prefs.quality_check_interval_ms;
        let fits = settled && self.fits(prefs, -growth);
        // Over two looks, for the same reason.
        let steep = settled && (lateness - one_before) as f64 >= STEEP * (2 * elapsed) as f64;
        if lateness > prefs.always_thin_delay_ms + shift.ms()
            || (lateness > (prefs.start_thinning_delay_ms + shift.ms()).max(0) && growing && settled)
        {
            let levels = if growing && steep { 2 } else { 1 };
            self.worsen(self.level.saturating_add(levels).min(worst), growth, now_ms);
        } else if lateness < prefs.thick_all_the_way_delay_ms {
            // Where full quality was lost before, the way back is taken a step at a time.
            let level = if self.hold_ms > 0 { self.level.saturating_sub(1) } else { 0 };
            self.improve(level, fits, now_ms);
        } else if lateness < prefs.start_thicking_delay_ms + shift.ms() && !growing {
            self.improve(self.level.saturating_sub(1), fits, now_ms);
        }
        self.lead_growth = -growth;
        self.before_ms = [lateness, last];
        self.last_check_ms = Some(now_ms);
        self.level
    }

    /// By how much lateness has grown since the last look, as a share of the time.
    fn growth(&self, lateness: i64, elapsed: i64) -> f64 {
        (lateness - self.before_ms[0]) as f64 / elapsed.max(1) as f64
    }

    /// Whether the next better level fits into what the path carries, by the pace at which the lead grows now. As fast as
    /// sending ahead goes, the path may carry anything.
    fn fits(&self, prefs: &SendPrefs, lead_growth: f64) -> bool {
        let fastest = prefs.overbuffer_rate - 1.0;
        if fastest > 0.0 && lead_growth.min(self.lead_growth) >= fastest * NEARLY {
            return true;
        }
        let carried = (1.0 + lead_growth.min(self.lead_growth)) * share(self.level);
        carried >= share(self.level.saturating_sub(1)).max(share(self.level))
    }

    /// `growth` is that of the lateness: what the path does not carry of the present level.
    fn worsen(&mut self, level: u8, growth: f64, now_ms: i64) {
        if level <= self.level {
            return;
        }
        let hold_ms = match self.last_thickened_ms.take() {
            Some(at_ms) if now_ms - at_ms < RELAPSE_MS => self.hold_ms * 2,
            Some(_) => 0, // it held long enough: this is a new trouble
            None => self.hold_ms,
        };
        self.hold_ms = hold_ms.clamp(*HOLD_MS.start(), *HOLD_MS.end());
        let carried = (1.0 - growth) * share(self.level);
        let mut floor = self.level + 1;
        while floor < level && share(floor) > carried {
            floor += 1;
        }
        self.floor = floor;
        self.retry_ms = now_ms + self.hold_ms;
        self.level = level;
        self.changed_ms = now_ms;
    }

    fn improve(&mut self, level: u8, fits: bool, now_ms: i64) {
        let tries = fits || now_ms >= self.retry_ms;
        let level = if tries { level } else { level.max(self.floor) };
        if level >= self.level {
            return;
        }
        if level < self.floor {
            // A try; the next one has to wait as well.
            self.floor = level;
            self.retry_ms = now_ms + self.hold_ms;
            self.last_thickened_ms = Some(now_ms);
        }
        self.level = level;
        self.changed_ms = now_ms;
    }
}

fn share(level: u8) -> f64 {
    SHARE.get(usize::from(level)).copied().unwrap_or(0.1)
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
    fn growing_lateness_thins_a_level_at_a_time_and_lets_each_show_its_effect() {
        let mut control = QualityControl::new(0);
        assert_eq!(run(&mut control, &[0, 100, 200, 300, 400], 1), [0, 1, 1, 2, 2]);
    }

    #[test]
    fn steady_small_lateness_neither_thins_nor_thickens() {
        let mut control = QualityControl::new(2);
        assert_eq!(run(&mut control, &[300, 300, 300, 300], 1), [2, 2, 2, 2]);
    }

    #[test]
    fn the_grain_of_bursts_is_not_lateness() {
        let mut control = QualityControl::new(0);
        assert_eq!(run(&mut control, &[0, 10, 20, 30, 49], 1), [0, 0, 0, 0, 0]);
    }

    #[test]
    fn beyond_750_ms_thins_even_when_shrinking() {
        let mut control = QualityControl::new(0);
        assert_eq!(run(&mut control, &[1000, 1400, 1000, 800], 1), [0, 2, 3, 4]);
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
    fn a_level_that_was_too_much_is_tried_again_after_five_seconds_and_later_after_a_relapse() {
        let mut control = QualityControl::new(0);
        run(&mut control, &[0, 100], 1); // thinned at 2 s
        assert_eq!(run(&mut control, &[0; 6], 3), [1, 1, 1, 1, 0, 0]);
        run(&mut control, &[100], 9); // lost again, the hold doubles
        assert_eq!(run(&mut control, &[0; 11], 10), [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0]);
    }

    #[test]
    fn after_thinning_all_the_way_the_level_that_may_hold_comes_back_without_a_pause() {
        let mut control = QualityControl::new(0);
        run(&mut control, &[1100, 1600], 1); // half of it gets through
        assert_eq!(control.level(), WORST);
        assert_eq!(run(&mut control, &[200, 0, 0, 0], 3), [5, 4, 3, 3]);
        assert_eq!(run(&mut control, &[0, 0, 0, 0, 0, 0], 7), [2, 2, 2, 2, 2, 1], "tries, one each 5 s");
    }

    #[test]
    fn steep_lateness_takes_two_levels() {
        let mut control = QualityControl::new(0);
        assert_eq!(run(&mut control, &[0, 0, 500], 1), [0, 0, 2]);
    }

    #[test]
    fn lateness_that_swings_with_the_groups_of_pictures_is_not_growing() {
        let mut control = QualityControl::new(3);
        (control.floor, control.retry_ms) = (3, i64::MAX); // level 2 was too much
        assert_eq!(run(&mut control, &[400, 0, 400, 0, 420, 30, 400], 1), [3; 7]);
        assert_eq!(run(&mut control, &[0, 250, 500], 8), [3, 3, 5], "but this is");
    }

    #[test]
    fn a_lead_that_grows_fast_shows_that_the_next_level_fits() {
        let mut control = QualityControl::new(0);
        run(&mut control, &[0, 400, 800, 1200, 1600], 1);
        assert_eq!(control.level(), WORST);
        control.hold_ms = 60_000;
        control.retry_ms = i64::MAX;
        // Twice real time, as far as sending ahead goes: no pause before each level but to see what the last one does.
        let ahead: Vec<i64> = (0..20).map(|second| 500 - second * 1000).collect();
        assert_eq!(*run(&mut control, &ahead, 6).last().expect("a level"), 0);
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
