//! The figures of the moment in the text formats that Prometheus reads: OpenMetrics 1.0, and its own of old.

use std::fmt::{self, Write as _};
use std::sync::atomic::Ordering;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::Server;
use crate::config::identity;
use crate::qtss::Role;
use crate::qtss::attr::*;
use crate::rtp::{CountersSnapshot, HistogramSnapshot};

/// The media type of [`render`]'s text.
pub const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The media type of [`as_prometheus`]'s text.
pub const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

const RELAXED: Ordering = Ordering::Relaxed;

/// All figures as OpenMetrics text.
///
/// # Errors
/// Never in practice: a string takes any text.
pub fn render(server: &Server) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Figures::take(server)));
    let mut out = String::new();
    text::encode(&mut out, &registry)?;
    Ok(out)
}

/// OpenMetrics text as programs read it that know the older format of Prometheus only (0.0.4): there a counter is declared
/// under the name of its samples, and what describes the program is a gauge.
pub fn as_prometheus(openmetrics: &str) -> String {
    let mut out = String::with_capacity(openmetrics.len() + 1024);
    let mut help = None;
    for line in openmetrics.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            // The type, which decides about the name, follows.
            (Some("#"), Some("HELP"), Some(name), text) => help = Some((name, text.unwrap_or_default())),
            (Some("#"), Some("TYPE"), Some(name), Some(kind)) => {
                let (suffix, kind) = match kind {
                    "counter" => ("_total", kind),
                    "info" => ("_info", "gauge"),
                    _ => ("", kind),
                };
                // Writing to a String cannot fail.
                if let Some((_, text)) = help.take().filter(|(of, _)| *of == name) {
                    let _ = writeln!(out, "# HELP {name}{suffix} {text}");
                }
                let _ = writeln!(out, "# TYPE {name}{suffix} {kind}");
            }
            (Some("#"), ..) => {}
            _ => out.extend([line, "\n"]),
        }
    }
    out
}

/// The figures of one moment.
#[derive(Debug)]
struct Figures {
    gauges: Vec<(&'static str, &'static str, f64)>,
    counters: Vec<(&'static str, &'static str, u64)>,
    totals: CountersSnapshot,
    calls: Vec<(&'static str, &'static str, u64)>,
}

impl Figures {
    fn take(server: &Server) -> Self {
        let totals = server.engine.counters();
        Self { gauges: gauges(server, &totals), counters: counters(server, &totals), totals, calls: calls(server) }
    }
}

/// All broadcasts together.
#[derive(Default)]
struct Broadcasting {
    active: usize,
    viewers: usize,
    bits: u64,
}

impl Broadcasting {
    fn now(server: &Server) -> Self {
        server.broadcasts.all().iter().fold(Self::default(), |sum, broadcast| {
            let active = broadcast.is_active();
            Self {
                active: sum.active + usize::from(active),
                viewers: sum.viewers + broadcast.viewers(),
                bits: sum.bits + if active { u64::from(broadcast.bit_rate()) } else { 0 },
            }
        })
    }
}

fn gauges(server: &Server, totals: &CountersSnapshot) -> Vec<(&'static str, &'static str, f64)> {
    let stats = &server.stats;
    let (quality, thinned) = server.quality();
    let started_ms = server.object.i64(qtssSvrStartupTime).unwrap_or(0);
    let mp3 = |attribute| f64::from(server.object.u32(attribute).unwrap_or(0));
    let broadcasts = Broadcasting::now(server);
    vec![
        ("dss_state", "State: 0 starting, 1 running, 2 refusing, 3 failed, 4 stopping, 5 idle", server.state().into()),
        ("dss_start_time_seconds", "Unix time of the start", started_ms as f64 / 1000.0),
        ("dss_cpu_ratio", "Use of one processor core in the last second", f64::from(stats.cpu_percent()) / 100.0),
        ("dss_rtsp_connections", "Open RTSP connections", stats.current_rtsp.load(RELAXED).into()),
        ("dss_http_tunnels", "Open RTSP tunnels through HTTP", stats.current_http.load(RELAXED).into()),
        ("dss_client_sessions", "Client sessions that are set up", stats.current_sessions.load(RELAXED).into()),
        ("dss_client_sessions_playing", "Client sessions that play", stats.current_playing.load(RELAXED).into()),
        ("dss_rtp_bytes_per_second", "RTP sent in the last second", stats.current_bandwidth.load(RELAXED) as f64 / 8.0),
        ("dss_rtp_packets_per_second", "RTP packets in the last second", stats.current_packets.load(RELAXED) as f64),
        ("dss_streams_thinned", "Streams that are thinned", thinned.into()),
        ("dss_stream_quality_level", "Mean quality level of all streams; 0 is the best", quality.into()),
        (
            "dss_send_lag_seconds",
            "How far the send worker that is behind most runs behind",
            totals.lag_us as f64 * 1e-6,
        ),
        (
            "dss_send_busy_ratio",
            "Share of its time the busiest send worker is at work",
            totals.busy_permille as f64 * 1e-3,
        ),
        ("dss_udp_sockets", "Open UDP sockets", server.ports.open_sockets() as f64),
        ("dss_broadcasts", "Broadcasts whose packets are coming in", broadcasts.active as f64),
        ("dss_broadcast_viewers", "Players of broadcasts", broadcasts.viewers as f64),
        ("dss_broadcast_bytes_per_second", "RTP that broadcasts bring in", broadcasts.bits as f64 / 8.0),
        ("dss_mp3_connections", "Connected MP3 listeners", mp3(qtssMP3SvrCurConn)),
        ("dss_mp3_bytes_per_second", "MP3 sent", mp3(qtssMP3SvrCurBandwidth) / 8.0),
    ]
}

fn counters(server: &Server, totals: &CountersSnapshot) -> Vec<(&'static str, &'static str, u64)> {
    vec![
        ("dss_client_sessions_started", "Client sessions set up", server.stats.total_sessions.load(RELAXED)),
        ("dss_rtp_packets", "RTP packets sent", totals.packets),
        ("dss_rtp_bytes", "RTP bytes sent, with headers", totals.bytes),
        ("dss_rtp_stale_packets", "RTP packets left out because they were too late", totals.stale_packets),
        ("dss_send_calls", "System calls that sent packets", totals.send_calls),
        ("dss_datagrams_lost", "Datagrams that the kernel did not take", totals.lost_datagrams),
        (
            "dss_restarts",
            "Server processes that the watchdog had before this one",
            server.stats.restarts.load(RELAXED).into(),
        ),
        ("dss_crashes", "Those that ended without having been asked to", server.stats.crashes.load(RELAXED).into()),
        ("dss_mp3_bytes", "MP3 bytes sent", server.object.u64(qtssMP3SvrTotalBytes).unwrap_or(0)),
    ]
}

/// Calls of modules, without those that never happened.
fn calls(server: &Server) -> Vec<(&'static str, &'static str, u64)> {
    let modules = server.registry.modules();
    let each = modules.iter().flat_map(|module| {
        let of_role = |role: &Role| (module.name(), role.name(), module.calls(*role));
        Role::ALL.iter().map(of_role).filter(|(_, _, count)| *count > 0).collect::<Vec<_>>()
    });
    each.collect()
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let build = [("version", identity::SERVER_VERSION), ("release", env!("CARGO_PKG_VERSION"))];
        encoder.encode_descriptor("dss_build", "What is running", None, MetricType::Info)?.encode_info(&build)?;
        for (name, help, value) in &self.gauges {
            let gauge = ConstGauge::new(*value);
            gauge.encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)?;
        }
        for (name, help, value) in &self.counters {
            let counter = ConstCounter::new(*value);
            counter.encode(encoder.encode_descriptor(name, help, None, MetricType::Counter)?)?;
        }
        let help = "Calls of modules by role";
        let mut calls = encoder.encode_descriptor("dss_module_calls", help, None, MetricType::Counter)?;
        for (module, role, count) in &self.calls {
            let labels = [("module", *module), ("role", *role)];
            ConstCounter::new(*count).encode(labelled(&mut calls, &labels)?)?;
        }
        let totals = &self.totals;
        for (name, help, unit, histogram) in [
            ("dss_play_startup_seconds", "From a PLAY to its first packet", 1e-6, &totals.startup_us),
            ("dss_packet_lateness_seconds", "How late packets leave", 1e-6, &totals.lateness_us),
            ("dss_send_batch_packets", "Packets of one send call", 1.0, &totals.batch_packets),
            ("dss_worker_step_seconds", "Duration of one round of a send worker", 1e-6, &totals.step_us),
        ] {
            let metric = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
            encode_histogram(metric, histogram, unit)?;
        }
        Ok(())
    }
}

fn labelled<'s>(
    metric: &'s mut MetricEncoder<'_>,
    labels: &'s impl EncodeLabelSet,
) -> Result<MetricEncoder<'s>, fmt::Error> {
    metric.encode_family(labels)
}

/// A histogram whose samples are multiples of `unit`; the buckets' bounds are powers of two less one.
fn encode_histogram(mut metric: MetricEncoder<'_>, histogram: &HistogramSnapshot, unit: f64) -> Result<(), fmt::Error> {
    let last = histogram.counts.len().saturating_sub(1);
    let bound = |index: usize| if index == last { f64::MAX } else { ((1u64 << index) - 1) as f64 * unit };
    let buckets: Vec<_> = histogram.counts.iter().enumerate().map(|(index, count)| (bound(index), *count)).collect();
    metric.encode_histogram::<NoLabelSet>(histogram.sum as f64 * unit, histogram.total(), &buckets, None)
}
