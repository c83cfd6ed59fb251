//! The page of `relay_stats_url`.

use std::fmt::Write as _;

use quick_xml::escape::escape;

use super::objects::Rate;
use crate::live::relay::{DestinationStatus, RelayStatus, SourceStatus};

/// The page. Everything that stands in it may come from a peer or a file: all of it is escaped. `rates` are those of the
/// destinations in order.
pub fn text(relays: &[RelayStatus], rates: &[Rate]) -> String {
    let mut text = String::from(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"20\">\
         <title>Relay Stats</title><style>body{font-family:sans-serif}td,th{padding:2px 8px;text-align:left}</style>\
         </head><body>\n",
    );
    if relays.is_empty() {
        text.push_str("<h2>There are no currently active relays</h2>\n");
    } else {
        text.push_str("<h1>Relays</h1>\n<table>\n");
        row(&mut text, "th", &HEADINGS.map(str::to_owned));
        let mut rates = rates.iter();
        for relay in relays {
            row(&mut text, "td", &source_cells(&relay.name, &relay.source));
            for destination in &relay.destinations {
                let rate = rates.next().copied().unwrap_or_default();
                row(&mut text, "td", &destination_cells(destination, rate));
            }
        }
        text.push_str("</table>\n");
    }
    text.push_str("</body></html>\n");
    text
}

const HEADINGS: [&str; 7] =
    ["Relay", "From / to", "State", "Packets", "Bytes", "Packets per second", "Bits per second"];

fn row(text: &mut String, tag: &str, cells: &[String]) {
    text.push_str("<tr>");
    for cell in cells {
        // writing to a String cannot fail
        let _ = write!(text, "<{tag}>{}</{tag}>", escape(cell.as_str()));
    }
    text.push_str("</tr>\n");
}

fn source_cells(name: &str, source: &SourceStatus) -> [String; 7] {
    let place = match (source.rtsp_port, source.udp_ports.is_empty()) {
        (Some(port), _) => format!("from rtsp://{}:{port}{}", source.address, source.url),
        (None, false) => format!("from {} ports {}", or_any(&source.address), numbers(&source.udp_ports)),
        (None, true) => format!("announced {} by {}", or_any(&source.url), or_any(&source.address)),
    };
    let (packets, bytes) = (source.packets.to_string(), source.bytes.to_string());
    [name.to_owned(), place, source.state.to_string(), packets, bytes, String::new(), String::new()]
}

fn destination_cells(to: &DestinationStatus, rate: Rate) -> [String; 7] {
    let ports: Vec<u16> = to.targets.iter().map(|target| target.port()).collect();
    let ports = if ports.is_empty() { String::new() } else { format!(", ports {}", numbers(&ports)) };
    let ttl = to.ttl.filter(|_| to.targets.iter().any(|target| target.ip().is_multicast()));
    let ttl = ttl.map(|ttl| format!(", time to live {ttl}")).unwrap_or_default();
    let place = match to.rtsp_port {
        Some(port) => format!("to rtsp://{}:{port}{}{ports}", to.address, to.url),
        None => format!("to {}{ports}{ttl}", to.address),
    };
    let figures = [to.packets, to.bytes, u64::from(rate.packets), u64::from(rate.bits)].map(|n| n.to_string());
    let [packets, bytes, per_second, bits] = figures;
    [String::new(), place, to.state.to_string(), packets, bytes, per_second, bits]
}

fn or_any(text: &str) -> &str {
    if text.is_empty() { "any" } else { text }
}

fn numbers(numbers: &[u16]) -> String {
    numbers.iter().map(u16::to_string).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::relay::State;

    #[test]
    fn what_others_said_is_escaped() {
        let why = "<script>alert(1)</script>".to_owned();
        let relay = RelayStatus {
            name: "<b>".into(),
            source: SourceStatus {
                kind: "rtsp_source",
                address: "a&b".into(),
                local: String::new(),
                rtsp_port: Some(554),
                url: "/x".into(),
                user: None,
                udp_ports: Vec::new(),
                ttl: 0,
                state: State::Retrying { why, pause: 4 },
                packets: 7,
                bytes: 8,
            },
            destinations: vec![DestinationStatus {
                kind: "udp_destination",
                address: "239.1.1.1".into(),
                local: String::new(),
                rtsp_port: None,
                url: String::new(),
                targets: vec!["239.1.1.1:5000".parse().unwrap()],
                ttl: Some(15),
                state: State::Up,
                packets: 1,
                bytes: 2,
            }],
        };
        let text = text(&[relay], &[Rate { packets: 30, bits: 4000 }]);
        assert!(!text.contains("<script>") && text.contains("&lt;b&gt;") && text.contains("a&amp;b:554/x"), "{text}");
        assert!(text.contains("retrying after 4 s because &lt;script&gt;"), "{text}");
        assert!(
            text.contains("to 239.1.1.1, ports 5000, time to live 15</td><td>up</td><td>1</td><td>2</td>"),
            "{text}"
        );
        assert!(text.contains("<td>30</td><td>4000</td>"), "{text}");
    }

    #[test]
    fn without_relays_the_page_says_so() {
        assert!(text(&[], &[]).contains("There are no currently active relays"));
    }
}
