//! StreamingLoadTool: many RTSP clients in one process, checking what they get.
//!
//! It takes the options and the configuration file of DSS 6.0.3's tool and prints its table; long options and checks are
//! new. A few threads drive all clients. UDP streams share sockets: a client is told from the others by its local address
//! (127.0.0.0/8 for loopback targets), so that one `recvmmsg` takes packets of many; interleaved clients are read at
//! intervals. `docs/LOADTOOL.md` explains use and figures.

mod cli;
mod client;
mod conf;
mod context;
mod hist;
mod link;
mod machine;
mod permission;
mod plan;
mod play;
mod ports;
mod progress;
mod report;
mod request;
mod rtcp;
mod screen;
mod stats;
mod stream;
mod sys;
mod track;
mod verify;
mod worker;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use clap::{CommandFactory, Parser};

use cli::{Args, Refusal};
use machine::Sample;
use plan::{Plan, Transport};
use progress::{Progress, Style};
use report::Report;
use screen::{put, say, tell};
use stats::Shared;
use worker::Worker;

/// A day of samples and a bit; a run that goes on longer keeps its first.
const MAX_SAMPLES: usize = 100_000;
/// Two interrupts within this time are one: a terminal and a wrapper may both send it.
const SECOND_INTERRUPT: Duration = Duration::from_millis(500);
/// Clients that leave get so long; then the run ends without them.
const END_PATIENCE: Duration = Duration::from_secs(10);

/// Runs the tool and answers the process's exit code: 0, 1 when a threshold was missed, 2 for wrong use, 255 when nothing
/// could be tested.
pub fn main() -> i32 {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // the library chooses the stream: help on standard output, complaints on standard error
            let _ = error.print();
            return error.exit_code();
        }
    };
    if args.version {
        let (version, system) = (env!("CARGO_PKG_VERSION"), std::env::consts::OS);
        say(&format!("StreamingLoadTool {version}, built on {system}, {}.", std::env::consts::ARCH));
        say(&Args::command().render_help().to_string());
        return 0;
    }
    match run(&args) {
        Ok(code) => code,
        Err(Refusal { message, code }) => {
            say(&message);
            code
        }
    }
}

fn run(args: &Args) -> Result<i32, Refusal> {
    let planned = cli::plan(args, Path::new("/etc/streaming"))?;
    planned.complaints.iter().for_each(|complaint| say(complaint));
    let mut plan = planned.plan;
    if !args.no_permission_check {
        plan.targets = permission::check(plan.targets, &plan.agent);
        if plan.targets.is_empty() {
            return Ok(255);
        }
    }
    let fail = |what: &str, e: std::io::Error| Refusal { message: format!("{what}: {e}"), code: 255 };
    let log = match &plan.log {
        Some(path) => Some(std::fs::File::create(path).map_err(|e| fail(&path.display().to_string(), e))?),
        None => None,
    };
    raise_limits(&plan);
    sys::count_interrupts();
    let plan = Arc::new(plan);
    let shared = Arc::new(Shared::new(plan.threads, plan.sessions, plan.port_base, log, args.verbose > 0));
    let mut threads = Vec::new();
    for number in 0..plan.threads {
        let worker = Worker::new(number, plan.clone(), shared.clone()).map_err(|e| fail("cannot start", e))?;
        let thread = std::thread::Builder::new().name(format!("clients-{number}"));
        threads.push(thread.spawn(move || worker.run()).map_err(|e| fail("cannot start a thread", e))?);
    }
    let style = Style::choose(&args.progress, screen::is_terminal(), is_modern());
    let config = planned.config.map_or_else(|| "none".to_owned(), |path| path.display().to_string());
    let progress = Progress::new(style, &plan, &config);
    let samples = watch(&plan, &shared, threads, progress, &args.server_pid)?;
    finish(args, &plan, &shared, samples, style)
}

fn finish(args: &Args, plan: &Plan, shared: &Shared, samples: Vec<Sample>, style: Style) -> Result<i32, Refusal> {
    if let Some(log) = &shared.log {
        let _ = std::io::Write::flush(&mut *log.lock());
    }
    let tally = shared.total();
    let report = Report::new(plan, &tally, samples, shared.first_unlike());
    let json_on_screen = args.json.as_deref() == Some(Path::new("-"));
    if !json_on_screen {
        put(&report::totals(&tally, plan.transport == Transport::ThreeGUdp));
        if style != Style::Classic || report.exit_code() != 0 {
            put(&format!("\n{}", report.table()));
        }
    }
    if let Some(path) = &args.json {
        let fail = |e| Refusal { message: format!("{}: {e}", path.display()), code: 255 };
        report.write_json(path).map_err(fail)?;
    }
    Ok(report.exit_code())
}

/// Whether a long option was given, which DSS's tool does not have.
fn is_modern() -> bool {
    std::env::args().any(|argument| argument.starts_with("--"))
}

fn raise_limits(plan: &Plan) {
    let interleaved = plan.transport.is_interleaved();
    let connections = plan.clients * if plan.transport == Transport::Http { 2 } else { 1 };
    // two streams per client as a rule, two sockets each, shared by clients of different addresses
    let sockets =
        if interleaved { 0 } else { plan.clients.div_ceil(plan.sources.len().max(1)) * 4 + 64 * plan.threads };
    let wanted = (connections + sockets + 64) as u64;
    let allowed = sys::raise_descriptor_limit(wanted);
    if allowed < wanted {
        tell(&format!("only {allowed} open descriptors are allowed here, about {wanted} are needed"));
    }
}

/// Watches the run until its threads are done; gives the samples of each second.
fn watch(
    plan: &Plan,
    shared: &Shared,
    mut threads: Vec<JoinHandle<std::io::Result<()>>>,
    mut progress: Progress,
    server_pids: &[u32],
) -> Result<Vec<Sample>, Refusal> {
    let begun = Instant::now();
    let mut samples = vec![Sample::take(shared.clock.now(), &shared.total(), server_pids)];
    let mut second = 0;
    let mut interrupted: Option<Instant> = None;
    let mut stopped: Option<Instant> = None;
    while !threads.is_empty() {
        std::thread::sleep(Duration::from_millis(50));
        for thread in threads.extract_finished() {
            match thread.join() {
                Ok(Ok(())) => {}
                Ok(Err(e)) => return Err(Refusal { message: format!("a client thread failed: {e}"), code: 255 }),
                Err(_) => return Err(Refusal { message: "a client thread panicked".to_owned(), code: 255 }),
            }
        }
        match interrupted {
            None if sys::interrupts() > 0 => {
                interrupted = Some(Instant::now());
                stopped = stopped.or(interrupted);
                say("Sending TEARDOWNs.");
                shared.stop.store(true, Ordering::Relaxed);
            }
            Some(first) if sys::interrupts() > 1 && first.elapsed() >= SECOND_INTERRUPT => {
                say("Force quitting");
                break;
            }
            _ => {}
        }
        if stopped.is_none() && plan.duration.is_some_and(|limit| begun.elapsed() >= limit) {
            stopped = Some(Instant::now());
            shared.stop.store(true, Ordering::Relaxed);
        }
        if stopped.is_some_and(|at| at.elapsed() >= END_PATIENCE) {
            tell("some clients did not end in time");
            break;
        }
        if begun.elapsed().as_secs() > second {
            second = begun.elapsed().as_secs();
            let tally = shared.total();
            let sample = Sample::take(shared.clock.now(), &tally, server_pids);
            progress.second(second, &sample, &tally, plan);
            if samples.len() < MAX_SAMPLES {
                samples.push(sample);
            }
        }
    }
    let tally = shared.total();
    let last = Sample::take(shared.clock.now(), &tally, server_pids);
    progress.end(&last, &tally);
    samples.push(last);
    Ok(samples)
}

/// Takes the threads that have ended out of a list.
trait ExtractFinished<T> {
    fn extract_finished(&mut self) -> Vec<JoinHandle<T>>;
}

impl<T> ExtractFinished<T> for Vec<JoinHandle<T>> {
    fn extract_finished(&mut self) -> Vec<JoinHandle<T>> {
        let (done, rest) = std::mem::take(self).into_iter().partition(JoinHandle::is_finished);
        *self = rest;
        done
    }
}
