//! What modules cost a whole server: requests through one C module, and viewers beside one that sleeps.
//!
//!     cargo bench --bench module_cost -- requests [ROUNDS [COUNT]]
//!     cargo bench --bench module_cost -- sleeper [ROUNDS [SESSIONS [SECONDS]]]
//!     cargo bench --bench module_cost -- packets [ROUNDS [SESSIONS [SECONDS]]]
//!
//! * `requests`: COUNT OPTIONS and COUNT DESCRIBE one after the other on one connection, to a server without C modules and
//!   to one with a module that lets everything through in Authorize; in turn, ROUNDS times.
//! * `sleeper`: SESSIONS viewers of a 300 kbit/s movie, and meanwhile requests of three kinds: OPTIONS, which meet no
//!   module; DESCRIBE, which go through the module; DESCRIBE over which it sleeps 5 s, eight at any time. Four servers in
//!   turn, ROUNDS times: without modules, with the module and nothing for it to sleep over, with it asleep all the time,
//!   and so again while its preference for parallel calls is on.
//! * `packets`: SESSIONS viewers and nothing else, without C modules and with the same module; in turn, ROUNDS times. The
//!   server's own counts of role calls and of packets meanwhile.
//!
//! Medians of the rounds are printed. Needs the system's C++ compiler. Without arguments it does nothing.
#![allow(clippy::print_stdout, clippy::print_stderr, missing_docs)]

#[path = "../tests/modules/lab.rs"]
mod lab;

use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use lab::{Client, Plan, Running};

const MOVIE: &str = "sample_h264_300kbit.mp4";
const SLEEP: Duration = Duration::from_secs(5);
const SLEEPING_AT_ONCE: usize = 8;

/// Which modules a server has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Modules {
    None,
    Idle,
    Asleep,
    AsleepInParallel,
}

impl Modules {
    fn name(self) -> &'static str {
        match self {
            Self::None => "no C module",
            Self::Idle => "module, not asleep",
            Self::Asleep => "module asleep",
            Self::AsleepInParallel => "module asleep, parallel",
        }
    }

    fn sleeps(self) -> bool {
        matches!(self, Self::Asleep | Self::AsleepInParallel)
    }

    /// A server with two copies of the movie, or `None` without compilers.
    fn start(self) -> Option<Running> {
        let mut plan = Plan::new()?.server("<PREF NAME=\"maximum_bandwidth\" TYPE=\"SInt32\" >-1</PREF>\n");
        plan = plan.server("<PREF NAME=\"maximum_connections\" TYPE=\"SInt32\" >-1</PREF>\n");
        if self != Self::None {
            plan = plan.module("SleeperModule", "sleeper.cpp", &["-O2"]);
            let sleep = format!("<PREF NAME=\"sleep_msec\" TYPE=\"UInt32\" >{}</PREF>\n", SLEEP.as_millis());
            let parallel = self == Self::AsleepInParallel;
            let parallel = format!("<PREF NAME=\"allow_parallel_rtsp_roles\" TYPE=\"Bool16\" >{parallel}</PREF>\n");
            plan = plan.section("SleeperModule", &(sleep + &parallel));
        }
        let movies = plan.dir.path().join("movies");
        let sample = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(MOVIE);
        for name in ["a.mp4", "slow.mp4"] {
            fs::copy(&sample, movies.join(name)).expect("the sample");
        }
        Some(plan.start())
    }
}

/// CPU time of a process's threads, microseconds.
fn cpu_us(pid: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("procfs").flatten();
    let ns = tasks.filter_map(|task| {
        fs::read_to_string(task.path().join("schedstat")).ok()?.split(' ').next()?.parse::<u64>().ok()
    });
    ns.sum::<u64>() / 1000
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn percentile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get(((last as f64) * share).round() as usize).copied().unwrap_or(f64::NAN)
}

/// Figures of many rounds, by what they are of.
#[derive(Default)]
struct Figures(BTreeMap<(Modules, &'static str), Vec<f64>>);

impl Figures {
    fn add(&mut self, of: Modules, name: &'static str, value: f64) {
        self.0.entry((of, name)).or_default().push(value);
    }

    fn median(&self, of: Modules, name: &'static str) -> f64 {
        self.0.get(&(of, name)).map_or(f64::NAN, |values| median(values.clone()))
    }

    fn print(&self) {
        for ((of, name), values) in &self.0 {
            println!("{:<26} {name:<34} {:>10.2}   {values:.2?}", of.name(), median(values.clone()));
        }
    }
}

// ---- requests ----------------------------------------------------------------------------------------------------

fn requests(rounds: usize, count: usize) {
    let kinds = [Modules::None, Modules::Idle];
    let Some(servers) = kinds.map(Modules::start).into_iter().collect::<Option<Vec<_>>>() else { return };
    let mut figures = Figures::default();
    for _ in 0..rounds {
        for (kind, server) in kinds.iter().zip(&servers) {
            let mut client = server.connect();
            let names = [("OPTIONS us", "OPTIONS CPU us", "*"), ("DESCRIBE us", "DESCRIBE CPU us", "/a.mp4")];
            for (name, cpu_name, path) in names {
                let (begin, cpu) = (Instant::now(), cpu_us(server.pid()));
                for _ in 0..count {
                    let answer = client.request(name.split(' ').next().unwrap_or_default(), path, "");
                    assert!(answer.starts_with("RTSP/1.0 200 OK"), "{answer}");
                }
                figures.add(*kind, name, begin.elapsed().as_secs_f64() * 1e6 / count as f64);
                figures.add(*kind, cpu_name, (cpu_us(server.pid()) - cpu) as f64 / count as f64);
            }
        }
    }
    figures.print();
    for name in ["OPTIONS us", "OPTIONS CPU us", "DESCRIBE us", "DESCRIBE CPU us"] {
        let more = figures.median(Modules::Idle, name) - figures.median(Modules::None, name);
        println!("one C module in Authorize: {name} {more:+.2}");
    }
}

// ---- viewers -----------------------------------------------------------------------------------------------------

/// The server's own page of figures.
struct Page(String);

impl Page {
    fn of(server: &Running) -> Self {
        let mut browser = server.connect();
        browser.send("GET /metrics HTTP/1.0\r\n\r\n");
        Self(browser.rest())
    }

    fn value(&self, start: &str) -> f64 {
        let lines = self.0.lines().filter(|line| line.starts_with(start));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// Role calls by name; lines of the counter.
    fn calls(&self) -> BTreeMap<&str, f64> {
        let lines = self.0.lines().filter(|line| line.starts_with("dss_module_calls_total{"));
        lines
            .filter_map(|line| line.rsplit_once(' '))
            .map(|(name, count)| (name, count.parse().unwrap_or(0.0)))
            .collect()
    }

    /// Upper bounds in milliseconds and how many packets left no later.
    fn lateness(&self) -> Vec<(f64, f64)> {
        let bucket = |line: &str| {
            let (bound, count) = line.strip_prefix("dss_packet_lateness_seconds_bucket{le=\"")?.split_once("\"} ")?;
            let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse::<f64>().ok()? * 1000.0 };
            Some((bound, count.parse().ok()?))
        };
        self.0.lines().filter_map(bucket).collect()
    }

    /// A quantile of the lateness since another page, straight within the bucket it falls into; milliseconds.
    fn lateness_since(&self, earlier: &Self, share: f64) -> f64 {
        let pairs = self.lateness();
        let buckets: Vec<_> = pairs.iter().zip(earlier.lateness()).map(|(now, then)| (now.0, now.1 - then.1)).collect();
        let wanted = buckets.last().map_or(0.0, |(_, total)| total * share);
        let (mut from, mut before) = (0.0, 0.0);
        for (bound, count) in buckets {
            if count >= wanted && count > before {
                let to = if bound.is_finite() { bound } else { from };
                return from + (to - from) * (wanted - before) / (count - before);
            }
            (from, before) = (bound, count);
        }
        f64::NAN
    }
}

fn viewers(server: &Running, sessions: usize, seconds: u64) -> Child {
    let tool = std::env::var_os("PROBE_LOAD_TOOL").unwrap_or_else(|| env!("CARGO_BIN_EXE_StreamingLoadTool").into());
    let mut tool = Command::new(tool);
    let url = server.connect().url("/a.mp4");
    tool.args(["-u", &url, "-t", "udp", "-n", &sessions.to_string(), "--ramp", "250", "--loop"]);
    tool.args(["--duration", &seconds.to_string(), "--no-permission-check", "--progress", "none", "--max-failed", "0"]);
    tool.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the load tool")
}

fn finish(tool: Child) {
    let output = tool.wait_with_output().expect("the load tool");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// How long a request takes, over and over until `stop`; sorted milliseconds. At most 40 a second.
fn probe(mut client: Client, method: &str, path: &str, pause: Duration, stop: &AtomicBool) -> Vec<f64> {
    let mut took = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let begin = Instant::now();
        let answer = client.request(method, path, "");
        assert!(answer.starts_with("RTSP/1.0 200 OK"), "{answer}");
        took.push(begin.elapsed().as_secs_f64() * 1000.0);
        thread::sleep(pause);
    }
    took.sort_by(f64::total_cmp);
    took
}

fn sleeper(rounds: usize, sessions: usize, seconds: u64) {
    let ramp = Duration::from_secs(sessions as u64 / 250 + 3);
    let mut figures = Figures::default();
    for round in 0..rounds {
        for kind in [Modules::None, Modules::Idle, Modules::Asleep, Modules::AsleepInParallel] {
            let Some(server) = kind.start() else { return };
            let tool = viewers(&server, sessions, ramp.as_secs() + seconds);
            thread::sleep(ramp);
            let stop = AtomicBool::new(false);
            let pause = Duration::from_millis(25);
            thread::scope(|scope| {
                let connect = || server.connect();
                let (server, stop) = (&server, &stop);
                let slow = if kind.sleeps() { SLEEPING_AT_ONCE } else { 0 };
                let slow: Vec<_> = (0..slow)
                    .map(|_| (connect(), stop))
                    .map(|(client, stop)| {
                        scope.spawn(move || probe(client, "DESCRIBE", "/slow.mp4", Duration::ZERO, stop))
                    })
                    .collect();
                thread::sleep(Duration::from_secs(1)); // the first of them are in the module
                let client = connect();
                let options = scope.spawn(move || probe(client, "OPTIONS", "*", pause, stop));
                let client = connect();
                let describe = scope.spawn(move || probe(client, "DESCRIBE", "/a.mp4", pause, stop));
                let before = Page::of(server);
                thread::sleep(Duration::from_secs(seconds).saturating_sub(Duration::from_secs(2)));
                let after = Page::of(server);
                for (name, share) in [("lateness p50 ms", 0.5), ("lateness p99 ms", 0.99), ("lateness p99.9 ms", 0.999)]
                {
                    figures.add(kind, name, after.lateness_since(&before, share));
                }
                stop.store(true, Ordering::Relaxed);
                let options = options.join().expect("OPTIONS");
                figures.add(kind, "OPTIONS p50 ms", percentile(&options, 0.5));
                figures.add(kind, "OPTIONS p99 ms", percentile(&options, 0.99));
                let describe = describe.join().expect("DESCRIBE");
                figures.add(kind, "DESCRIBE through it p50 ms", percentile(&describe, 0.5));
                figures.add(kind, "DESCRIBE through it p99 ms", percentile(&describe, 0.99));
                let mut slow: Vec<_> = slow.into_iter().flat_map(|thread| thread.join().expect("slow")).collect();
                slow.sort_by(f64::total_cmp);
                if !slow.is_empty() {
                    figures.add(kind, "DESCRIBE it sleeps over p50 ms", percentile(&slow, 0.5));
                }
            });
            finish(tool);
            eprintln!("round {} of {rounds}: {} done", round + 1, kind.name());
        }
    }
    figures.print();
}

fn packets(rounds: usize, sessions: usize, seconds: u64) {
    let ramp = Duration::from_secs(sessions as u64 / 250 + 3);
    let mut figures = Figures::default();
    for _ in 0..rounds {
        for kind in [Modules::None, Modules::Idle] {
            let Some(server) = kind.start() else { return };
            let tool = viewers(&server, sessions, ramp.as_secs() + seconds + 2);
            thread::sleep(ramp);
            let (before, cpu) = (Page::of(&server), cpu_us(server.pid()));
            thread::sleep(Duration::from_secs(seconds));
            let (cpu, after) = (cpu_us(server.pid()) - cpu, Page::of(&server));
            let count = after.value("dss_rtp_packets_total") - before.value("dss_rtp_packets_total");
            figures.add(kind, "packets", count);
            figures.add(kind, "CPU us per packet", cpu as f64 / count);
            let then = before.calls();
            let calls = after.calls();
            let grown = calls.iter().map(|(name, now)| (*name, now - then.get(name).unwrap_or(&0.0)));
            let grown: Vec<_> = grown.filter(|(_, more)| *more > 0.0).collect();
            println!("{}: {count} packets, role calls meanwhile {grown:?}", kind.name());
            finish(tool);
        }
    }
    figures.print();
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let number =
        |index: usize, default: usize| arguments.get(index).and_then(|text| text.parse().ok()).unwrap_or(default);
    match arguments.first().map(String::as_str) {
        Some("requests") => requests(number(1, 10), number(2, 2000)),
        Some("sleeper") => sleeper(number(1, 3), number(2, 1000), number(3, 15) as u64),
        Some("packets") => packets(number(1, 3), number(2, 1000), number(3, 15) as u64),
        _ => println!("module_cost: nothing to do; say `requests`, `sleeper` or `packets`"),
    }
}
