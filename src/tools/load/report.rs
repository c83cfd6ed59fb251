//! The result: a table for people, JSON for programs, and the verdict.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::hist::Histogram;
use super::machine::{Sample, Window};
use super::plan::{Plan, Thresholds};
use super::screen::put;
use super::stats::Tally;

/// Quantiles of a duration in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Quantiles {
    count: u64,
    mean: f64,
    p50: f64,
    p90: f64,
    p99: f64,
    p999: f64,
    max: f64,
}

impl From<&Histogram> for Quantiles {
    fn from(histogram: &Histogram) -> Self {
        let at = |share| histogram.quantile(share) as f64 / 1000.0;
        Self {
            count: histogram.count(),
            mean: histogram.mean() as f64 / 1000.0,
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: histogram.max() as f64 / 1000.0,
        }
    }
}

/// Everything a run has found. Durations in `*_ms` are milliseconds.
#[derive(Debug, Serialize)]
pub struct Report {
    transport: &'static str,
    targets: Vec<String>,
    clients: usize,
    threads: usize,
    seconds: f64,
    sessions: BTreeMap<&'static str, u64>,
    reasons: BTreeMap<String, u64>,
    packets: BTreeMap<&'static str, i64>,
    loss_percent: f64,
    delivered_percent: f64,
    healthy_percent: f64,
    stalls: u64,
    stalled_ms: f64,
    startup_ms: Quantiles,
    setup_ms: Quantiles,
    lateness_ms: Quantiles,
    run: Option<Window>,
    steady: Option<Window>,
    first_unlike: Option<String>,
    failures: Vec<String>,
    samples: Vec<Sample>,
}

impl Report {
    /// From the sums and the samples of the run.
    pub fn new(plan: &Plan, tally: &Tally, samples: Vec<Sample>, first_unlike: Option<String>) -> Self {
        let played = tally.played.max(1) as f64;
        let mut report = Self {
            transport: plan.transport.name(),
            targets: plan.targets.iter().map(|t| t.url.clone()).collect(),
            clients: plan.clients,
            threads: plan.threads,
            seconds: samples.last().map_or(0.0, |s| s.seconds),
            sessions: BTreeMap::from([
                ("begun", tally.attempts),
                ("ended", tally.success),
                ("refused", tally.refused),
                ("failed", tally.failed),
                ("played", tally.played),
                ("healthy", tally.healthy),
                ("with_loss", tally.lossy),
                ("with_stalls", tally.stalling),
                ("starved", tally.starved),
                ("seeks", tally.seeks),
            ]),
            reasons: tally.reasons.iter().map(|(reason, count)| (reason.clone(), *count)).collect(),
            packets: packet_counts(tally),
            loss_percent: tally.loss_percent(),
            delivered_percent: tally.delivered_percent(),
            healthy_percent: if tally.played == 0 { 0.0 } else { tally.healthy as f64 * 100.0 / played },
            stalls: tally.stalls,
            stalled_ms: tally.stalled_us as f64 / 1000.0,
            startup_ms: (&tally.startup).into(),
            setup_ms: (&tally.setup).into(),
            lateness_ms: (&tally.lateness).into(),
            run: Window::whole(&samples),
            steady: Window::steady(&samples),
            first_unlike,
            failures: Vec::new(),
            samples,
        };
        report.failures = report.judge(plan, tally);
        report
    }

    fn judge(&self, plan: &Plan, tally: &Tally) -> Vec<String> {
        let limits: &Thresholds = &plan.thresholds;
        let mut failures = Vec::new();
        let mut demand = |holds: bool, text: String| {
            if !holds {
                failures.push(text);
            }
        };
        if let Some(limit) = limits.max_loss {
            demand(self.loss_percent <= limit, format!("{:.3} % lost, {limit} % allowed", self.loss_percent));
        }
        if let Some(limit) = limits.max_startup_ms {
            let startup = self.startup_ms;
            demand(
                startup.count > 0 && startup.p99 <= limit,
                format!("startup p99 {:.1} ms, {limit} ms allowed", startup.p99),
            );
        }
        if let Some(limit) = limits.min_delivered {
            let share = if tally.played == 0 { 0.0 } else { self.delivered_percent };
            demand(share >= limit, format!("{share:.2} % of the media delivered, {limit} % demanded"));
        }
        if let Some(limit) = limits.min_healthy {
            demand(self.healthy_percent >= limit, format!("{:.2} % healthy, {limit} % demanded", self.healthy_percent));
        }
        if let Some(limit) = limits.max_failed {
            let failed = tally.refused + tally.failed;
            demand(failed <= limit, format!("{failed} sessions refused or failed, {limit} allowed"));
        }
        demand(tally.different == 0, format!("{} payloads differ between clients", tally.different));
        demand(tally.unlike == 0, format!("{} packets are not what the file holds", tally.unlike));
        demand(plan.verify.is_empty() || tally.verified > 0, "no packet could be looked up in the file".to_owned());
        demand(tally.attempts == 0 || tally.played > 0, "no session played".to_owned());
        failures
    }

    /// Process exit code: 0, or 1 when a threshold was missed.
    pub fn exit_code(&self) -> i32 {
        i32::from(!self.failures.is_empty())
    }

    /// Writes JSON to a file, or to standard output for `-`.
    pub fn write_json(&self, path: &Path) -> std::io::Result<()> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        if path == Path::new("-") {
            put(&text);
            return Ok(());
        }
        std::fs::write(path, text)
    }

    /// The table for people.
    pub fn table(&self) -> String {
        let mut text = String::new();
        let mut add = |name: &str, value: String| text.push_str(&format!("{name:<11}{value}\n"));
        let session = |name: &str| self.sessions.get(name).copied().unwrap_or(0);
        let packet = |name: &str| self.packets.get(name).copied().unwrap_or(0);
        let list = |names: &[&'static str]| {
            let known =
                names.iter().filter(|n| packet(n) != 0).map(|n| format!("{} {}", packet(n), n.replace('_', " ")));
            known.collect::<Vec<_>>().join(", ")
        };
        add(
            "sessions",
            format!(
                "{} begun, {} ended, {} refused, {} failed",
                session("begun"),
                session("ended"),
                session("refused"),
                session("failed")
            ),
        );
        for (reason, count) in &self.reasons {
            add("", format!("{count} times {reason}"));
        }
        add(
            "healthy",
            format!(
                "{} of {} ({:.2} %); {} with loss, {} with stalls, {} starved",
                session("healthy"),
                session("played"),
                self.healthy_percent,
                session("with_loss"),
                session("with_stalls"),
                session("starved")
            ),
        );
        add(
            "packets",
            format!("{} received, {} lost ({:.4} %)", packet("received"), packet("lost"), self.loss_percent),
        );
        let rest =
            list(&["duplicate", "reordered", "out_of_bound", "malformed", "stray", "wrong_ssrc", "sequence_jumps"]);
        if !rest.is_empty() {
            add("", rest);
        }
        if packet("dropped_here") > 0 {
            add("", format!("{} dropped by this machine's kernel: the tool is overloaded", packet("dropped_here")));
        }
        let control =
            list(&["sender_reports", "receiver_reports", "byes", "acks", "buffer_feedback", "compared", "different"]);
        add("control", control);
        let verified = list(&["verified", "unlike", "left_out"]);
        if !verified.is_empty() {
            add("file", verified);
        }
        if let Some(first) = &self.first_unlike {
            add("", format!("first unlike: {first}"));
        }
        add(
            "media",
            format!(
                "{:.2} % delivered, {} stalls ({:.1} s)",
                self.delivered_percent,
                self.stalls,
                self.stalled_ms / 1000.0
            ),
        );
        add("startup", quantiles(&self.startup_ms));
        add("setup", quantiles(&self.setup_ms));
        add("lateness", quantiles(&self.lateness_ms));
        for (name, window) in [("whole run", &self.run), ("steady", &self.steady)] {
            if let Some(window) = window {
                add(name, machine(window));
            }
        }
        let verdict = if self.failures.is_empty() { "passed".to_owned() } else { self.failures.join("; ") };
        add("verdict", verdict);
        text
    }
}

fn quantiles(q: &Quantiles) -> String {
    format!("p50 {:.1}, p90 {:.1}, p99 {:.1}, p99.9 {:.1}, max {:.1} ms", q.p50, q.p90, q.p99, q.p999, q.max)
}

fn machine(w: &Window) -> String {
    let mut text = format!(
        "{:.1} s: {} playing, {:.0} packets/s, {:.1} Mbit/s, tool {:.1} % CPU ({:.2} us/packet)",
        w.seconds, w.playing, w.packets_per_second, w.megabits_per_second, w.tool_cpu_percent, w.tool_us_per_packet
    );
    text.push_str(&format!(", {:.1} MiB", w.tool_rss as f64 / f64::from(1 << 20)));
    if w.server_rss > 0 {
        let mib = w.server_rss as f64 / f64::from(1 << 20);
        let (percent, each) = (w.server_cpu_percent, w.server_us_per_packet);
        text.push_str(&format!(", server {percent:.1} % CPU ({each:.2} us/packet), {mib:.1} MiB"));
    }
    text
}

fn packet_counts(tally: &Tally) -> BTreeMap<&'static str, i64> {
    let counts = [
        ("received", tally.packets),
        ("bytes", tally.bytes),
        ("duplicate", tally.duplicates),
        ("reordered", tally.reordered),
        ("out_of_bound", tally.out_of_bound),
        ("malformed", tally.malformed),
        ("stray", tally.stray),
        ("after_end", tally.after_end),
        ("wrong_ssrc", tally.wrong_ssrc),
        ("sequence_jumps", tally.restarts),
        ("dropped_here", tally.receiver_drops),
        ("acks", tally.acks),
        ("receiver_reports", tally.reports),
        ("sender_reports", tally.sender_reports),
        ("byes", tally.byes),
        ("buffer_feedback", tally.feedback),
        ("compared", tally.compared),
        ("different", tally.different),
        ("verified", tally.verified),
        ("unlike", tally.unlike),
        ("left_out", tally.left_out),
    ];
    let mut map: BTreeMap<_, _> = counts.map(|(name, n)| (name, i64::try_from(n).unwrap_or(i64::MAX))).into();
    map.insert("lost", tally.lost);
    map
}

/// The last lines of DSS's tool.
pub fn totals(tally: &Tally, mobile: bool) -> String {
    let mut text = format!(
        "StreamingLoadTool test complete. Total number of connections: {}.\n\
         Total bytes received: {}. Total packets received: {}. Total out of order packets: {}. \
         Total out of bound packets: {}. Total ACKs sent: {}. Total malformed packets: {}.\n",
        tally.attempts, tally.bytes, tally.packets, tally.reordered, tally.out_of_bound, tally.acks, tally.malformed
    );
    if mobile {
        text.push_str(&format!(
            "Total 3GPP buffer reports sent: {}. Total packets lost: {}. Total duplicate packets: {}.\n",
            tally.feedback, tally.lost, tally.duplicates
        ));
    }
    text
}
