//! What is on the screen during a run: DSS's table, a live view for people, or one line a second for logs.

use super::hist::Histogram;
use super::machine::{Sample, Window};
use super::plan::Plan;
use super::screen::{put, say};
use super::stats::Tally;

/// Seconds between rows, and between headings, of DSS's table.
const ROW_SECONDS: u64 = 8;
const HEADING_SECONDS: u64 = 128;
const HISTORY: usize = 40;

/// Which of the styles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// DSS's rows.
    Classic,
    /// One line a second.
    Lines,
    /// DSS's rows and below them a view drawn anew each second.
    Live,
    /// Nothing.
    None,
}

impl Style {
    /// By its name on the command line; `modern` says that options were used that DSS's tool does not have.
    pub fn choose(name: &str, terminal: bool, modern: bool) -> Self {
        match name {
            "live" => Self::Live,
            "lines" => Self::Lines,
            "classic" => Self::Classic,
            "none" => Self::None,
            _ if terminal => Self::Live,
            _ if modern => Self::Lines,
            _ => Self::Classic,
        }
    }
}

/// Draws it.
pub struct Progress {
    style: Style,
    heading: String,
    history: Vec<f64>,
    drawn: usize,
    last: Sample,
    last_row: Sample,
    lateness: Histogram,
}

impl Progress {
    /// For a run by `plan` that was read from `config`.
    pub fn new(style: Style, plan: &Plan, config: &str) -> Self {
        let length = match plan.stay {
            Some(super::plan::Spread::Fixed(seconds)) => format!("{seconds}"),
            Some(stay) => format!("{stay:?}"),
            None => "until the end".to_owned(),
        };
        let port = plan.targets.first().map_or(554, |t| t.address.port());
        let mut heading = format!(
            "StreamingLoadTool test in progress.\nConfig file: {config}. Client type: {}. Num clients: {}.\n\
             Movie length: {length}. Run forever: {}. HTTP cookie: {}. Port: {port}\n",
            plan.transport.name(),
            plan.clients,
            u8::from(plan.sessions.is_none()),
            plan.variants.http_cookie,
        );
        if let Some(log) = &plan.log {
            heading.push_str(&format!("Writing StreamingLoadTool log at: {}\n", log.display()));
        }
        heading.push_str(" Active Playing Attempts Success Errors Failed   Bitrate");
        let (last, last_row) = (Sample::default(), Sample::default());
        Self { style, heading, history: Vec::new(), drawn: 0, last, last_row, lateness: Histogram::default() }
    }

    /// Second number `second` is over.
    pub fn second(&mut self, second: u64, sample: &Sample, tally: &Tally, plan: &Plan) {
        let window = Window::between(&self.last, sample);
        self.last = *sample;
        if matches!(self.style, Style::Classic | Style::Live) {
            self.erase();
            if second % HEADING_SECONDS == 1 {
                say(&self.heading);
            }
            if second % ROW_SECONDS == 0 {
                self.row(sample, tally);
            }
        }
        match self.style {
            Style::Lines => say(&line(sample, &window, tally)),
            Style::Live => {
                self.history.push(window.megabits_per_second);
                let old = self.history.len().saturating_sub(HISTORY);
                self.history.drain(..old);
                let lateness = tally.lateness.since(&self.lateness);
                self.lateness = tally.lateness.clone();
                self.draw(&view(sample, &window, tally, plan, &self.history, &lateness));
            }
            Style::Classic | Style::None => {}
        }
    }

    /// The last row.
    pub fn end(&mut self, sample: &Sample, tally: &Tally) {
        self.erase();
        if matches!(self.style, Style::Classic | Style::Live) {
            self.row(sample, tally);
        }
    }

    fn row(&mut self, sample: &Sample, tally: &Tally) {
        say(&row(tally, Window::between(&self.last_row, sample).megabits_per_second * 1000.0));
        self.last_row = *sample;
    }

    fn erase(&mut self) {
        if self.drawn > 0 {
            put(&format!("\x1b[{}A\x1b[J", self.drawn));
            self.drawn = 0;
        }
    }

    fn draw(&mut self, text: &str) {
        put(text);
        self.drawn = text.lines().count();
    }
}

/// DSS's row; the rate in kilobits per second.
fn row(tally: &Tally, rate: f64) -> String {
    format!(
        "  {:>5} {:>6} {:>8} {:>6} {:>6} {:>6} {rate:>9.0}k",
        tally.active, tally.playing, tally.attempts, tally.success, tally.refused, tally.failed
    )
}

fn line(sample: &Sample, window: &Window, tally: &Tally) -> String {
    let ms = |us: u64| us as f64 / 1000.0;
    let mut text = format!(
        "{:.0}s playing {} active {} begun {} ok {} refused {} failed {} | {:.0} pkt/s {:.1} Mbit/s | lost {} dup {} \
         reordered {} stalls {} late p99 {:.1} ms | startup p50 {:.1} p99 {:.1} max {:.1} ms | tool {:.0}%",
        sample.seconds,
        tally.playing,
        tally.active,
        tally.attempts,
        tally.success,
        tally.refused,
        tally.failed,
        window.packets_per_second,
        window.megabits_per_second,
        tally.lost,
        tally.duplicates,
        tally.reordered,
        tally.stalls,
        ms(tally.lateness.quantile(0.99)),
        ms(tally.startup.quantile(0.5)),
        ms(tally.startup.quantile(0.99)),
        ms(tally.startup.max()),
        window.tool_cpu_percent,
    );
    if sample.server_rss > 0 {
        let mib = sample.server_rss as f64 / f64::from(1 << 20);
        text.push_str(&format!(" server {:.0}% {mib:.0} MiB", window.server_cpu_percent));
    }
    if tally.receiver_drops > 0 {
        text.push_str(&format!(" | {} DROPPED HERE", tally.receiver_drops));
    }
    text
}

fn view(sample: &Sample, window: &Window, tally: &Tally, plan: &Plan, history: &[f64], lateness: &Histogram) -> String {
    let ms = |us: u64| us as f64 / 1000.0;
    let elapsed = sample.seconds as u64;
    let total = plan.duration.map(|d| format!(" / {}", clock(d.as_secs()))).unwrap_or_default();
    let filled = (tally.playing.max(0) as usize * 30 / plan.clients.max(1)).min(30);
    let bar = format!("{}{}", "█".repeat(filled), "░".repeat(30 - filled));
    let target = plan.targets.first().map_or("", |t| t.url.as_str());
    let more = plan.targets.len().saturating_sub(1);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let mut text = format!("\n {}{total}  {}  {target:.60}{more}\n", clock(elapsed), plan.transport.name());
    let mut add = |name: &str, value: String| text.push_str(&format!(" {name:<9}{value}\n"));
    let marked = |bad: bool, value: String| if bad { format!("\x1b[31m{value}\x1b[0m") } else { value };
    add(
        "viewers",
        format!("{bar} {} of {} play, {} asking", tally.playing, plan.clients, tally.active - tally.playing),
    );
    let ended = format!("{} ended, {} refused, {} failed", tally.success, tally.refused, tally.failed);
    add("sessions", format!("{} begun, {}", tally.attempts, marked(tally.refused + tally.failed > 0, ended)));
    let rate = format!("{:.1} Mbit/s, {:.0} packets/s", window.megabits_per_second, window.packets_per_second);
    add("rate", format!("{rate:<36} {}", sparkline(history)));
    let loss = format!("{} lost ({:.3} %)", tally.lost, tally.loss_percent());
    let stalls = format!("{} stalls", tally.stalls);
    let now = if window.lost > 0 { format!(", {} in this second", window.lost) } else { String::new() };
    add("media", format!("{}{now}, {}", marked(tally.lost > 0, loss), marked(tally.stalls > 0, stalls)));
    let late = format!(
        "p99 {:.1} ms in this second; p99 {:.1} ms, max {:.0} ms in all",
        ms(lateness.quantile(0.99)),
        ms(tally.lateness.quantile(0.99)),
        ms(tally.lateness.max())
    );
    add("lateness", late);
    if !plan.verify.is_empty() {
        let unlike = format!("{} not what the file holds", tally.unlike);
        add("file", format!("{} packets as in the file, {}", tally.verified, marked(tally.unlike > 0, unlike)));
    }
    let startup = &tally.startup;
    let (p50, p99) = (ms(startup.quantile(0.5)), ms(startup.quantile(0.99)));
    add("startup", format!("p50 {p50:.1} ms, p99 {p99:.1} ms, max {:.1} ms", ms(startup.max())));
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let mut machine = format!("tool {:.0} % and {:.0} MiB", window.tool_cpu_percent, mib(sample.tool_rss));
    if window.tool_cpu_percent > 90.0 * plan.threads as f64 {
        machine = marked(true, format!("{machine}: at its limit, its figures are its own"));
    }
    if sample.server_rss > 0 {
        let server = format!(", server {:.0} % and {:.0} MiB", window.server_cpu_percent, mib(sample.server_rss));
        machine.push_str(&server);
    }
    if tally.receiver_drops > 0 {
        let drops = format!(", {} datagrams dropped by this machine", tally.receiver_drops);
        machine.push_str(&marked(true, drops));
    }
    add("machine", machine);
    text
}

fn clock(seconds: u64) -> String {
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn sparkline(values: &[f64]) -> String {
    const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let top = values.iter().copied().fold(0.0, f64::max);
    let step = |value: f64| if top > 0.0 { (value / top * 7.0).round() as usize } else { 0 };
    values.iter().map(|v| STEPS.get(step(*v)).copied().unwrap_or('█')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_columns_of_dss() {
        let tally = Tally { active: 1, playing: 2, attempts: 3, success: 4, refused: 5, failed: 6, ..Tally::default() };
        assert_eq!(row(&tally, 1234.4), "      1      2        3      4      5      6      1234k");
    }

    #[test]
    fn the_style_follows_the_reader() {
        assert_eq!(Style::choose("auto", true, false), Style::Live);
        assert_eq!(Style::choose("auto", false, true), Style::Lines);
        assert_eq!(Style::choose("auto", false, false), Style::Classic);
        assert_eq!(Style::choose("none", true, true), Style::None);
    }

    #[test]
    fn a_sparkline_spans_its_range() {
        assert_eq!(sparkline(&[0.0, 7.0, 3.5]), "▁█▅");
        assert_eq!(sparkline(&[0.0]), "▁");
    }
}
