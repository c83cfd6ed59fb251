//! QTSSFlowControlModule: thins plain UDP streams by what their players report of losses.
//!
//! QuickTime players say in `APP QTSS` how much they miss and whether it gets better or worse. Players that have never
//! sent such a report are judged by the fraction lost of their receiver reports (RFC 3550 section 6.4.1), which DSS 6.0.3
//! did not look at.

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;

use crate::config::ModulePrefs;
use crate::qtss::{AttrDataType, AttrId, Module, Object, ObjectType, QtssError, Registration, Role, SyncRole};
use crate::rtp::{RtcpSummary, RtpStream, Transport};
use crate::server::{Preferences, ReceivedRtcp};

/// The module's name: that of its section in streamingserver.xml.
const NAME: &str = "QTSSFlowControlModule";

/// The module's preferences as the last reread left them.
#[derive(Debug, Clone, PartialEq)]
struct FlowPrefs {
    enabled: bool,
    thin_tolerance: u32,
    losses_to_thin: u32,
    thick_tolerance: u32,
    losses_to_thick: u32,
    worses_to_thin: u32,
}

impl FlowPrefs {
    fn read(prefs: &ModulePrefs) -> Self {
        Self {
            enabled: prefs.bool("flow_control_udp_thinning_module_enabled"),
            thin_tolerance: prefs.u32("loss_thin_tolerance"),
            losses_to_thin: prefs.u32("num_losses_to_thin").max(1),
            thick_tolerance: prefs.u32("loss_thick_tolerance"),
            losses_to_thick: prefs.u32("num_losses_to_thick").max(1),
            worses_to_thin: prefs.u32("num_worses_to_thin").max(1),
        }
    }
}

/// What a report says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Verdict {
    /// Packets lost, percent.
    loss: u32,
    better: bool,
    worse: bool,
    /// It is a plain receiver report.
    by_fraction: bool,
}

/// Reports that have pointed in one direction, of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Tally {
    /// Twice the number: what is above half the tolerance only counts half.
    above: u32,
    below: u32,
    worse: u32,
}

/// What to do about a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Thin,
    Thicken,
}

impl Tally {
    /// Counts a report. A step begins a new tally.
    fn take(&mut self, prefs: &FlowPrefs, verdict: Verdict) -> Option<Step> {
        let count = |so_far: u32, applies: bool| if applies { so_far.saturating_add(1) } else { 0 };
        let bad = verdict.loss > prefs.thin_tolerance;
        // QuickTime says when things get worse. Of other players the loss is all there is: one that lasts, though it
        // would be tolerable for a while, is taken seriously too.
        let poor = verdict.by_fraction && verdict.loss > prefs.thin_tolerance / 2;
        self.above = if bad || poor { self.above.saturating_add(1 + u32::from(bad)) } else { 0 };
        self.below = count(self.below, verdict.loss < prefs.thick_tolerance);
        self.worse = if verdict.better { 0 } else { self.worse.saturating_add(u32::from(verdict.worse)) };
        let step = if self.above >= prefs.losses_to_thin.saturating_mul(2) || self.worse >= prefs.worses_to_thin {
            Step::Thin
        } else if self.below >= prefs.losses_to_thick || verdict.better {
            Step::Thicken
        } else {
            return None;
        };
        *self = Self::default();
        Some(step)
    }
}

/// The level after a step: a little thinner first, then as thin as can be; the same way back.
fn level_after(step: Step, level: u8, worst: u8) -> u8 {
    match (step, level) {
        (Step::Thin, 0) => 1.min(worst),
        (Step::Thin, _) => worst,
        (Step::Thicken, 0 | 1) => 0,
        (Step::Thicken, _) => 1,
    }
}

/// What this compound says about losses, if anything.
fn verdict(stream: &RtpStream, summary: &RtcpSummary) -> Option<Verdict> {
    let stats = stream.stats();
    let load = |value: &std::sync::atomic::AtomicU32| value.load(Ordering::Relaxed);
    if summary.qtss {
        return Some(Verdict {
            loss: load(&stats.loss_percent_256) / 256,
            better: load(&stats.getting_better) != 0,
            worse: load(&stats.getting_worse) != 0,
            by_fraction: false,
        });
    }
    let by_fraction = summary.reported && load(&stats.qtss_reports) == 0;
    by_fraction.then(|| Verdict { loss: load(&stats.fraction_lost) * 100 / 256, by_fraction, ..Verdict::default() })
}

/// Where the tally is kept: attributes of the stream, as in DSS, so that it goes with the stream.
struct Attributes {
    above: AttrId,
    below: AttrId,
    worse: AttrId,
}

impl Attributes {
    fn read(&self, object: &Object) -> Tally {
        let value = |id| object.u32(id).unwrap_or(0);
        Tally { above: value(self.above), below: value(self.below), worse: value(self.worse) }
    }

    fn write(&self, object: &Object, tally: Tally) {
        object.set_u32(self.above, tally.above);
        object.set_u32(self.below, tally.below);
        object.set_u32(self.worse, tally.worse);
    }
}

/// The module.
pub struct FlowControlModule {
    preferences: Arc<Preferences>,
    prefs: ArcSwap<FlowPrefs>,
    attributes: OnceLock<Attributes>,
}

impl FlowControlModule {
    /// The module with its preferences.
    pub fn new(preferences: &Arc<Preferences>) -> Self {
        Self {
            prefs: ArcSwap::from_pointee(FlowPrefs::read(&preferences.module(NAME))),
            preferences: Arc::clone(preferences),
            attributes: OnceLock::new(),
        }
    }

    /// Whether losses of this stream are this module's matter.
    fn looks_after(&self, stream: &RtpStream) -> bool {
        let plain_udp = matches!(stream.transport(), Transport::Udp(udp) if !udp.is_reliable());
        plain_udp
            && self.prefs.load().enabled
            && !self.preferences.server().disable_thinning
            && !stream.is_thinning_disabled()
            && stream.adaptation().is_none()
    }

    fn report(&self, received: &ReceivedRtcp, object: &Object) {
        let ReceivedRtcp { stream, summary, .. } = received;
        let Some(attributes) = self.attributes.get().filter(|_| self.looks_after(stream)) else { return };
        let Some(verdict) = verdict(stream, summary) else { return };
        let mut tally = attributes.read(object);
        let step = tally.take(&self.prefs.load(), verdict);
        attributes.write(object, tally);
        let Some(step) = step else { return };
        let before = stream.quality();
        stream.set_quality(level_after(step, before, stream.worst_quality()));
        let level = stream.quality();
        if level != before {
            tracing::debug!(track = stream.config().track_id, loss = verdict.loss, level, "quality by reported loss");
        }
    }
}

impl Module for FlowControlModule {
    fn name(&self) -> &str {
        NAME
    }

    fn register(&self, registration: &mut Registration) -> Result<(), QtssError> {
        let add = |name: &str| {
            let (of, number) = (ObjectType::RtpStream.code(), AttrDataType::UInt32.code());
            registration.add_static_attribute(of, name.as_bytes(), number)
        };
        let attributes = Attributes {
            above: add("QTSSFlowControlModuleLossAboveTol")?,
            below: add("QTSSFlowControlModuleLossBelowTol")?,
            worse: add("QTSSFlowControlModuleGettingWorses")?,
        };
        let _ = self.attributes.set(attributes); // a module registers once
        registration.add_role(Role::RtcpProcess)?;
        registration.add_role(Role::RereadPrefs)
    }

    fn call_sync(&self, role: SyncRole<'_>) -> Result<(), QtssError> {
        match role {
            SyncRole::RtcpProcess { params, .. } => {
                if let (Some(received), Some(object)) = (params.context::<ReceivedRtcp>(), params.stream) {
                    self.report(received, object);
                }
            }
            SyncRole::RereadPrefs => self.prefs.store(Arc::new(FlowPrefs::read(&self.preferences.module(NAME)))),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefs() -> FlowPrefs {
        FlowPrefs {
            enabled: true,
            thin_tolerance: 30,
            losses_to_thin: 3,
            thick_tolerance: 5,
            losses_to_thick: 6,
            worses_to_thin: 2,
        }
    }

    /// The levels a stream goes through under these reports.
    fn levels(reports: impl IntoIterator<Item = Verdict>) -> Vec<u8> {
        let mut tally = Tally::default();
        let mut level = 0;
        let mut next = |report| {
            level = tally.take(&prefs(), report).map_or(level, |step| level_after(step, level, 6));
            level
        };
        reports.into_iter().map(&mut next).collect()
    }

    fn lost(percents: &[u32]) -> Vec<u8> {
        levels(percents.iter().map(|loss| Verdict { loss: *loss, ..Verdict::default() }))
    }

    #[test]
    fn three_heavy_losses_in_a_row_thin_and_three_more_thin_all_the_way() {
        assert_eq!(lost(&[50, 50, 50, 31, 31, 31]), [0, 0, 1, 1, 1, 6]);
    }

    #[test]
    fn a_tolerable_report_between_begins_the_count_anew() {
        assert_eq!(lost(&[50, 50, 30, 50, 50, 50]), [0, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn a_loss_of_twenty_percent_that_lasts_thins_who_has_only_receiver_reports_and_goes_away_again() {
        let told = |loss| Verdict { loss, by_fraction: true, ..Verdict::default() };
        let levels = levels([[told(20); 12], [told(1); 12]].concat());
        assert_eq!(levels, [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 6, 6, 6, 6, 6, 6, 1, 1, 1, 1, 1, 1, 0]);
        assert_eq!(lost(&[20; 12]), [0; 12], "QuickTime's own reports are judged as they always were");
    }

    #[test]
    fn six_good_reports_in_a_row_bring_quality_back_step_by_step() {
        let bad = [50; 6];
        let good = [4; 12];
        let levels = lost(&[&bad[..], &good[..]].concat());
        assert_eq!(levels[5..], [6, 6, 6, 6, 6, 6, 1, 1, 1, 1, 1, 1, 0]);
    }

    #[test]
    fn two_worses_thin_and_one_better_thickens() {
        let of = |worse, better| Verdict { loss: 10, better, worse, by_fraction: false };
        let (worse, better, same) = (of(true, false), of(false, true), of(false, false));
        assert_eq!(levels([worse, same, worse, worse, better]), [0, 0, 1, 1, 0]);
        assert_eq!(levels([worse, better, worse, same, same]), [0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_stream_that_cannot_be_thinned_stays_as_it_is() {
        assert_eq!(level_after(Step::Thin, 0, 0), 0);
    }
}

#[cfg(test)]
#[path = "flow_control_tests.rs"]
mod stream_tests;
