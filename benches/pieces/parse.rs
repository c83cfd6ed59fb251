//! Text and reports from clients.

use std::hint::black_box;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput};
use dss::rtp::walk_rtcp;
use dss::rtsp::transport::Transport;
use dss::rtsp::{Event, Request, RequestReader};

const DESCRIBE: &[u8] = b"DESCRIBE rtsp://media.example:554/folder/sample_300kbit.mp4 RTSP/1.0\r\nCSeq: 2\r\n\
    Accept: application/sdp\r\nBandwidth: 1500000\r\nAccept-Language: en-US\r\nUser-Agent: LibVLC/3.0.18\r\n\r\n";

const SETUP: &[u8] = b"SETUP rtsp://media.example:554/folder/sample_300kbit.mp4/trackID=3 RTSP/1.0\r\nCSeq: 3\r\n\
    Transport: RTP/AVP;unicast;client_port=50000-50001\r\nx-transport-options: late-tolerance=2.384\r\n\
    Session: 1234567890123456789\r\nUser-Agent: LibVLC/3.0.18\r\n\r\n";

const TRANSPORTS: [(&str, &str); 3] = [
    ("udp", "RTP/AVP;unicast;client_port=50000-50001"),
    ("tcp", "RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=1A2B3C4D"),
    ("list", "RAW/RAW/UDP;unicast, RTP/AVP;multicast;ttl=3, RTP/AVP/UDP;unicast;client_port=50000-50001;mode=\"PLAY\""),
];

/// A receiver report with one block, and a source description.
fn receiver_report() -> Vec<u8> {
    let mut compound = vec![0x81, 201, 0, 7];
    compound.extend([0x11; 4]); // who reports
    compound.extend([0x22; 4]); // on whom
    compound.extend([5, 0, 0, 9]); // lost
    compound.extend([0, 1, 0x12, 0x34, 0, 0, 0, 80, 1, 2, 3, 4, 0, 1, 0, 0]);
    compound.extend([0x81, 202, 0, 4]);
    compound.extend([0x11; 4]);
    compound.extend(b"\x01\x08user@abc\0\0");
    compound
}

pub fn all(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    for (name, text) in [("describe", DESCRIBE), ("setup", SETUP)] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(format!("request head/{name}"), |bench| {
            let mut reader = RequestReader::new();
            bench.iter(|| {
                reader.push(black_box(text));
                let Event::Request(raw) = reader.next_event() else { panic!("no request") };
                Request::parse(raw.text).expect("a request")
            });
        });
        let whole = Bytes::from_static(text);
        group.bench_function(format!("headers only/{name}"), |bench| {
            bench.iter_batched(
                || whole.clone(),
                |text| Request::parse(text).expect("a request"),
                BatchSize::SmallInput,
            );
        });
    }
    for (name, value) in TRANSPORTS {
        group.throughput(Throughput::Elements(1));
        group.bench_function(format!("transport/{name}"), |bench| {
            bench.iter(|| Transport::choose(black_box(value)).expect("a transport"));
        });
    }
    let report = receiver_report();
    group.bench_function("rtcp/receiver report", |bench| {
        bench.iter(|| {
            let mut items = 0;
            let (packets, end) = walk_rtcp(black_box(&report), |item| {
                items += 1;
                black_box(item);
            });
            assert!(packets == 2 && items == 3 && end.is_ok());
        });
    });
    group.finish();
}
