//! The tables that `-S` and `-D` print on the terminal.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::cli::ConsoleTable;
use crate::rtp::HistogramSnapshot;
use crate::server::Server;

/// Rows between two header lines.
const ROWS: u32 = 10;

/// Prints rows for as long as the server runs.
pub(super) async fn run(server: Arc<Server>, table: ConsoleTable) {
    let (interval, performance) = match table {
        ConsoleTable::Statistics { interval } => (interval, false),
        ConsoleTable::Performance { interval, .. } => (interval, true),
    };
    if interval.is_zero() {
        return;
    }
    let mut ticks = tokio::time::interval(interval);
    ticks.tick().await;
    let mut late = server.engine.counters().lateness_us;
    for row in (0..ROWS).cycle() {
        ticks.tick().await;
        let mut text = String::new();
        if row == 0 {
            text.push_str(if performance { PERFORMANCE_HEADER } else { STATISTICS_HEADER });
        }
        text.push_str(&if performance { performance_row(&server, &mut late) } else { statistics_row(&server) });
        let mut stdout = std::io::stdout().lock();
        if stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).is_err() {
            return;
        }
    }
}

const STATISTICS_HEADER: &str = "     RTP-Conns RTSP-Conns HTTP-Conns  kBits/Sec   Pkts/Sec    TotConn     TotBytes   \
                                 TotPktsLost          Time\n";

/// The delays are milliseconds that packets left after they were due: on average and at most since the row before, and at
/// most since the start. The latter two are upper bounds, less than twice the true values.
const PERFORMANCE_HEADER: &str = "  RTP-Conns RTSP-Conns HTTP-Conns  kBits/Sec   Pkts/Sec RTP-Playing   AvgDelay CurMaxDelay   \
                                  MaxDelay AvgQuality  NumThinned                     Time\n";

fn now() -> String {
    chrono::Local::now().format("%a %b %e %H:%M:%S %Y").to_string()
}

fn statistics_row(server: &Server) -> String {
    let stats = &server.stats;
    let totals = server.engine.counters();
    format!(
        "{:>11}{:>11}{:>11}{:>11}{:>11}{:>11}{:>17}{:>11}{:>25}\n",
        stats.current_sessions.load(Ordering::Relaxed),
        stats.current_rtsp.load(Ordering::Relaxed),
        stats.current_http.load(Ordering::Relaxed),
        stats.current_bandwidth.load(Ordering::Relaxed) / 1024,
        stats.current_packets.load(Ordering::Relaxed),
        stats.total_sessions.load(Ordering::Relaxed),
        scaled(totals.bytes),
        server.packets_lost(),
        now()
    )
}

fn performance_row(server: &Server, last: &mut HistogramSnapshot) -> String {
    let stats = &server.stats;
    let late = server.engine.counters().lateness_us;
    let now_late = late.since(last);
    *last = late;
    let (quality, thinned) = server.quality();
    format!(
        "{:>11}{:>11}{:>11}{:>11}{:>11}{:>12}{:>11}{:>12}{:>11}{:>11}{:>12}{:>25}\n",
        stats.current_sessions.load(Ordering::Relaxed),
        stats.current_rtsp.load(Ordering::Relaxed),
        stats.current_http.load(Ordering::Relaxed),
        stats.current_bandwidth.load(Ordering::Relaxed) / 1024,
        stats.current_packets.load(Ordering::Relaxed),
        stats.current_playing.load(Ordering::Relaxed),
        now_late.mean() / 1000,
        now_late.quantile(1.0) / 1000,
        late.quantile(1.0) / 1000,
        quality,
        thinned,
        now()
    )
}

/// Bytes as DSS scales them: `B`, then `K`, `M` and `G` with 2, 3 and 4 decimals.
fn scaled(bytes: u64) -> String {
    let value = bytes as f64;
    match bytes {
        0..1024 => format!("{bytes}B"),
        1024..1_048_576 => format!("{:.2}K", value / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.3}M", value / 1_048_576.0),
        _ => format!("{:.4}G", value / 1_073_741_824.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_scaled_with_more_decimals_the_larger_the_unit() {
        let texts = [0, 1023, 1536, 1_572_864, 1_610_612_736].map(scaled);
        assert_eq!(texts, ["0B", "1023B", "1.50K", "1.500M", "1.5000G"]);
    }
}
