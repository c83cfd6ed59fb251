//! CPU time and memory of processes, from /proc, and one sample a second of everything.

use std::fs;

use super::stats::Tally;
use super::sys;

/// CPU time in microseconds and resident memory in bytes of a process; `None` when it is gone.
pub fn process(pid: u32) -> Option<(u64, u64)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let cpu = cpu_us(&stat, sys::clock_ticks())?;
    let resident = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    let kib: u64 = resident.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some((cpu, kib * 1024))
}

fn cpu_us(stat: &str, ticks: u64) -> Option<u64> {
    // the name may hold blanks and brackets; fields are counted after the last bracket
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) * 1_000_000 / ticks)
}

/// The state of the run at one time; numbers are totals since the start.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub struct Sample {
    /// Seconds since the start.
    pub seconds: f64,
    /// Sessions now.
    pub active: i64,
    /// Of these, playing.
    pub playing: i64,
    /// RTP packets.
    pub packets: u64,
    /// RTP bytes.
    pub bytes: u64,
    /// Missing packets.
    pub lost: i64,
    /// Viewers' waits.
    pub stalls: u64,
    /// The tool's CPU time, s.
    pub tool_cpu: f64,
    /// The servers' CPU time, s.
    pub server_cpu: f64,
    /// The servers' resident memory, bytes.
    pub server_rss: u64,
    /// The tool's resident memory, bytes.
    pub tool_rss: u64,
}

impl Sample {
    /// Looks now.
    pub fn take(now_us: i64, tally: &Tally, server_pids: &[u32]) -> Self {
        let (mut server_us, mut server_rss) = (0, 0);
        for (cpu, resident) in server_pids.iter().filter_map(|pid| process(*pid)) {
            server_us += cpu;
            server_rss += resident;
        }
        Self {
            seconds: now_us as f64 / 1e6,
            active: tally.active,
            playing: tally.playing,
            packets: tally.packets,
            bytes: tally.bytes,
            lost: tally.lost,
            stalls: tally.stalls,
            tool_cpu: sys::own_cpu_us() as f64 / 1e6,
            server_cpu: server_us as f64 / 1e6,
            server_rss,
            tool_rss: process(std::process::id()).map_or(0, |(_, resident)| resident),
        }
    }
}

/// What went on between two samples.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub struct Window {
    /// Length, s.
    pub seconds: f64,
    /// Viewers playing, at most.
    pub playing: i64,
    /// RTP packets per second.
    pub packets_per_second: f64,
    /// RTP megabits (10^6) per second.
    pub megabits_per_second: f64,
    /// Lost in it.
    pub lost: i64,
    /// The tool's CPU time in percent of one core.
    pub tool_cpu_percent: f64,
    /// The servers' CPU time in percent of one core.
    pub server_cpu_percent: f64,
    /// The servers' CPU time per packet that came, microseconds.
    pub server_us_per_packet: f64,
    /// The tool's CPU time per packet, microseconds.
    pub tool_us_per_packet: f64,
    /// The servers' resident memory at its end, bytes.
    pub server_rss: u64,
    /// The tool's, too.
    pub tool_rss: u64,
}

impl Window {
    /// From `from` to `to`.
    pub fn between(from: &Sample, to: &Sample) -> Self {
        let seconds = (to.seconds - from.seconds).max(1e-6);
        let packets = to.packets.saturating_sub(from.packets) as f64;
        // a server that came or went in between gives no meaningful difference
        let server =
            if from.server_rss > 0 && to.server_rss > 0 { (to.server_cpu - from.server_cpu).max(0.0) } else { 0.0 };
        let tool = to.tool_cpu - from.tool_cpu;
        Self {
            seconds,
            playing: to.playing,
            packets_per_second: packets / seconds,
            megabits_per_second: to.bytes.saturating_sub(from.bytes) as f64 * 8.0 / 1e6 / seconds,
            lost: to.lost - from.lost,
            tool_cpu_percent: tool * 100.0 / seconds,
            server_cpu_percent: server * 100.0 / seconds,
            server_us_per_packet: server * 1e6 / packets.max(1.0),
            tool_us_per_packet: tool * 1e6 / packets.max(1.0),
            server_rss: to.server_rss,
            tool_rss: to.tool_rss,
        }
    }

    /// The whole run.
    pub fn whole(samples: &[Sample]) -> Option<Self> {
        let window = Self::between(samples.first()?, samples.last()?);
        let playing = samples.iter().map(|s| s.playing).max()?;
        Some(Self { playing, ..window })
    }

    /// The longest stretch in which nearly all viewers of the run's peak play, without its first second; the whole run
    /// when there is none of two seconds.
    pub fn steady(samples: &[Sample]) -> Option<Self> {
        let peak = samples.iter().map(|s| s.playing).max()?;
        let full = |sample: &Sample| peak > 0 && sample.playing * 100 >= peak * 98;
        let longest = samples.chunk_by(|a, b| full(a) == full(b)).filter(|r| r.first().is_some_and(full));
        let longest = longest.max_by_key(|run| run.len()).filter(|run| run.len() >= 4);
        match longest.and_then(|run| run.get(1..)) {
            Some(run) => Some(Self::between(run.first()?, run.last()?)),
            None => Self::whole(samples),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_shift_the_fields() {
        let stat = "12 (a) b (c) S 1 12 12 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 1 0 5 0 0";
        assert_eq!(cpu_us(stat, 100), Some(3_000_000));
        assert_eq!(cpu_us("", 100), None);
    }

    #[test]
    fn our_own_process_has_time_and_memory() {
        let (_, resident) = process(std::process::id()).unwrap();
        assert!(resident > 100_000);
        assert_eq!(process(u32::MAX), None);
    }

    #[test]
    fn the_steady_stretch_is_where_all_play() {
        let sample = |second: u64, playing| Sample {
            seconds: second as f64,
            playing,
            packets: second * 1000,
            bytes: second * 1_000_000,
            server_cpu: second as f64 / 2.0,
            server_rss: 1,
            ..Sample::default()
        };
        let playing = [0, 50, 100, 100, 99, 100, 100, 100, 40, 0];
        let samples: Vec<_> = playing.iter().enumerate().map(|(n, p)| sample(n as u64, *p)).collect();
        let window = Window::steady(&samples).unwrap();
        assert_eq!((window.seconds, window.packets_per_second), (4.0, 1000.0));
        assert_eq!((window.server_cpu_percent, window.server_us_per_packet), (50.0, 500.0));
        assert!(Window::steady(&[]).is_none());
    }
}
