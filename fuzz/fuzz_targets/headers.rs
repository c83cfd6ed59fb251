//! One header value through every header parser; what an answer says reads back.

#![no_main]

use dss::rtsp::extensions::{
    Adaptation, DynamicRate, LateTolerance, LinkChar, MetaInfo, PacketRange, Retransmit, bandwidth, prebuffer_max_time,
    random_data_size, speed,
};
use dss::rtsp::range::{NptStart, Range};
use dss::rtsp::session::SessionHeader;
use dss::rtsp::transport::{PortPair, Transport};
use dss::rtsp::{date, path};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|value: &str| {
    transport(value);
    if let Ok(Range::Npt { start: Some(NptStart::At(start)), .. }) = Range::parse(value) {
        assert!(start.is_finite() && start >= 0.0);
    }
    let session = SessionHeader::parse(value);
    if let Some(id) = session.id {
        assert_eq!(id.to_string(), session.text);
    }
    if let Some(meta) = MetaInfo::parse(value) {
        assert_eq!(MetaInfo::parse(&meta.answer()), Some(meta));
    }
    if let Some(tolerance) = LateTolerance::parse(value) {
        assert!(tolerance.seconds >= 0.0);
        assert!(tolerance.answer().len() <= value.len() + 1);
    }
    if let Some(moment) = date::parse(value) {
        let text = date::format(moment);
        assert!(text == "Thu, 01 Jan 1970 00:00:00 GMT" || date::parse(&text) == Some(moment));
    }
    if let Ok(normal) = path::normalize(value.as_bytes()) {
        assert!(normal.starts_with(b"/") && !normal.windows(2).any(|pair| pair == b"//"));
        assert!(normal.split(|byte| *byte == b'/').all(|part| part != b".." && part != b"."));
    }
    assert!(speed(value).is_none_or(|speed| speed > 0.0));
    assert!(prebuffer_max_time(value).is_none_or(|seconds| seconds >= 0.0));
    let _ = (Retransmit::choose(value), DynamicRate::parse(value), PacketRange::parse(value), LinkChar::parse(value));
    let _ = (random_data_size(value), bandwidth(value), Adaptation::parse(value).count());
    let _ = (path::track_id(value.as_bytes()), path::url_without_last_part(value.as_bytes()));
});

fn transport(value: &str) {
    let Ok(transport) = Transport::choose(value) else { return };
    let ports = PortPair { rtp: 6970, rtcp: 6971 };
    let answer = transport.answer_udp("10.0.0.1", Some(ports), ports, Some(1));
    let read = Transport::choose(&answer).expect("an answer is a Transport header");
    assert_eq!(read.client_port, Some(ports));
    assert_eq!(read.source.as_deref(), Some("10.0.0.1"));
    assert_eq!(read.interleaved, None);
    let read = Transport::choose(&transport.answer_tcp((2, 3), None)).expect("an answer is a Transport header");
    assert_eq!((read.interleaved, read.client_port), (Some((2, 3)), None));
}
