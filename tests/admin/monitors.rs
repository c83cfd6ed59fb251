//! What monitors get: figures in the formats of Prometheus, and as JSON.

use std::io::Write;
use std::process::Command;

use super::server::Server;
use super::{MOVIE, OPEN};

/// The value of a line of OpenMetrics text.
fn sample(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

#[test]
fn monitors_get_figures_in_the_format_of_prometheus() {
    let server = Server::start("", OPEN);
    server.add_movie(MOVIE);
    let mut player = server.rtsp();
    player.play(MOVIE, "");
    let text = server.wait_for("packets", |server| {
        let answer = server.http("GET", "/metrics", "Accept: application/openmetrics-text;version=1.0.0,*/*\r\n", "");
        assert!(answer.head.contains("Content-Type: application/openmetrics-text; version=1.0.0"), "{}", answer.head);
        Some(answer.body).filter(|text| sample(text, "dss_rtp_packets_total") > Some(0.0))
    });
    assert!(text.ends_with("# EOF\n"), "{text}");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        assert!(value.parse::<f64>().is_ok(), "{line}");
        assert!(name.starts_with("dss_") && name.matches('"').count() % 2 == 0, "{line}");
    }
    assert_eq!(sample(&text, "dss_client_sessions_playing"), Some(1.0));
    assert_eq!(sample(&text, "dss_play_startup_seconds_count"), Some(1.0));
    let startup = sample(&text, "dss_play_startup_seconds_sum").expect("a sum");
    assert!(startup > 0.0 && startup < 10.0, "{startup}");
    for name in ["dss_packet_lateness_seconds", "dss_send_batch_packets"] {
        let bucket = |line: &str| {
            line.strip_prefix(name)?.strip_prefix("_bucket{le=\"")?.rsplit_once(' ')?.1.parse::<u64>().ok()
        };
        let buckets: Vec<_> = text.lines().filter_map(bucket).collect();
        assert!(buckets.len() > 10 && buckets.is_sorted(), "{name}: {buckets:?}");
        assert_eq!(buckets.last().map(|n| *n as f64), sample(&text, &format!("{name}_count")), "{name}");
    }
    let call = "dss_module_calls_total{module=\"QTSSFileModule\",role=\"QTSS_RTSPRequest_Role\"}";
    assert!(sample(&text, call) >= Some(2.0), "{text}");
}

/// Name, labels, value.
type Sample = (String, Vec<(String, String)>, f64);

/// Reads Prometheus text by the rules of its format 0.0.4 and gives its samples.
fn exposition(text: &str) -> Vec<Sample> {
    let is_name = |name: &str| {
        let good = |(index, sign): (usize, char)| {
            sign.is_ascii_alphabetic() || "_:".contains(sign) || (index > 0 && sign.is_ascii_digit())
        };
        !name.is_empty() && name.chars().enumerate().all(good)
    };
    assert!(text.ends_with('\n'), "the last line has an end");
    let (mut family, mut families, mut samples) = (None, Vec::new(), Vec::new());
    for line in text.lines() {
        let words: Vec<_> = line.splitn(4, ' ').collect();
        match words[..] {
            ["#", "HELP", name, help] => assert!(is_name(name) && !help.is_empty(), "{line}"),
            ["#", "TYPE", name, kind] => {
                assert!(["counter", "gauge", "histogram"].contains(&kind) && is_name(name), "{line}");
                assert!(!families.contains(&name), "{name} comes twice");
                families.push(name);
                family = Some((name, kind));
            }
            ["#", ..] => panic!("{line}"),
            _ => {
                let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
                let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
                let labels = labels.strip_suffix('}').unwrap_or_else(|| panic!("{line}"));
                let label = |pair: &str| {
                    let (key, value) = pair.split_once('=').unwrap_or_else(|| panic!("{line}"));
                    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
                    assert!(is_name(key) && value.is_some_and(|value| !value.contains(['"', '\\'])), "{line}");
                    (key.to_owned(), value.unwrap().to_owned())
                };
                let labels: Vec<_> = labels.split(',').filter(|pair| !pair.is_empty()).map(label).collect();
                let (of, kind) = family.unwrap_or_else(|| panic!("{line} before its type"));
                let suffix = name.strip_prefix(of).unwrap_or_else(|| panic!("{line} after the type of {of}"));
                let known: &[&str] = if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
                assert!(known.contains(&suffix) && is_name(name), "{line}");
                samples.push((name.to_owned(), labels, value.parse().unwrap_or_else(|_| panic!("{line}"))));
            }
        }
    }
    for name in families {
        assert!(samples.iter().any(|(of, ..)| of.starts_with(name)), "{name} has no sample");
    }
    samples
}

#[test]
fn figures_are_what_promtool_and_the_rules_of_the_format_want() {
    let server = Server::start("", OPEN);
    server.add_movie(MOVIE);
    server.rtsp().play(MOVIE, "");
    let answer = server.http("GET", "/metrics", "", "");
    assert!(answer.head.contains("Content-Type: text/plain; version=0.0.4"), "{}", answer.head);
    let samples = exposition(&answer.body);
    for name in
        ["dss_play_startup_seconds", "dss_packet_lateness_seconds", "dss_send_batch_packets", "dss_worker_step_seconds"]
    {
        let of = |suffix: &str| {
            let whole = format!("{name}{suffix}");
            samples.iter().filter(move |(of, ..)| *of == whole)
        };
        let bound = |labels: &[(String, String)]| labels[0].1.parse::<f64>().unwrap();
        let buckets: Vec<_> = of("_bucket").map(|(_, labels, count)| (bound(labels), *count)).collect();
        assert!(
            buckets.len() > 10 && buckets.windows(2).all(|two| two[0] < two[1] && two[0].1 <= two[1].1),
            "{buckets:?}"
        );
        let last = *buckets.last().unwrap();
        assert_eq!((last.0, Some(last.1)), (f64::INFINITY, of("_count").next().map(|(_, _, count)| *count)), "{name}");
        assert!(of("_sum").count() == 1, "{name}");
    }
    let counted = |name: &str| samples.iter().any(|(of, ..)| of == name);
    assert!(counted("dss_build_info") && counted("dss_restarts_total") && counted("dss_crashes_total"));
    let mut calls = samples.iter().filter(|(name, ..)| name == "dss_module_calls_total");
    assert!(calls.all(|(_, labels, count)| labels[0].0 == "module" && labels[1].0 == "role" && *count > 0.0));

    let json = server.api("GET", "/stats", "").json();
    for name in ["play_startup_us", "packet_lateness_us", "send_batch_packets", "worker_step_us"] {
        let buckets = json[name]["buckets"].as_array().unwrap();
        let sum: u64 = buckets.iter().map(|pair| pair[1].as_u64().unwrap()).sum();
        assert_eq!(Some(sum), json[name]["count"].as_u64(), "{name}");
        assert!(buckets.last().unwrap()[0].is_null(), "{name}");
    }
    assert_eq!((json["restarts"].as_u64(), json["last_end"].as_str()), (Some(0), Some("")));

    let promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn();
    match promtool {
        Ok(mut promtool) => {
            promtool.stdin.take().unwrap().write_all(answer.body.as_bytes()).unwrap();
            let output = promtool.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && said.is_empty(), "{said}");
        }
        Err(error) => eprintln!("SKIPPED: the figures are not checked by promtool: {error}"),
    }
}
