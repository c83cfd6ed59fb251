//! Messages as today's and old clients send them, from the first byte to the values that the server works with.

use std::borrow::Cow;

use super::extensions::{Adaptation, DynamicRate, LateTolerance, Retransmit, prebuffer_max_time, speed};
use super::path::track_id;
use super::range::{NptStart, Range};
use super::session::SessionHeader;
use super::transport::{Mode, PortPair, Protocol, Transport};
use super::tunnel::{TunnelHalf, TunnelRequest};
use super::{Event, Header, Method, RawRequest, Request, RequestReader};

fn raw(text: &str) -> RawRequest {
    let mut reader = RequestReader::new();
    reader.push(text.replace('\n', "\r\n").as_bytes());
    match reader.next_event() {
        Event::Request(request) => request,
        other => panic!("{other:?}"),
    }
}

fn parse(text: &str) -> Request {
    Request::parse(raw(text).text).unwrap()
}

fn value(request: &Request, header: Header) -> Cow<'_, str> {
    request.header_text(header).unwrap_or_else(|| panic!("no {header}"))
}

fn transport(request: &Request) -> Transport {
    Transport::choose(&value(request, Header::Transport)).unwrap()
}

#[test]
fn ffmpeg_options() {
    let request = parse("OPTIONS rtsp://127.0.0.1:554/sample.mp4 RTSP/1.0\nCSeq: 1\nUser-Agent: Lavf59.27.100\n\n");
    assert_eq!((request.method(), request.path()), (Method::Options, &b"/sample.mp4"[..]));
    assert_eq!(value(&request, Header::CSeq), "1");
    assert_eq!(value(&request, Header::UserAgent), "Lavf59.27.100");
    assert_eq!(value(&request, Header::Host), "127.0.0.1:554");
}

#[test]
fn ffmpeg_setup() {
    let udp = parse(
        "SETUP rtsp://127.0.0.1:554/sample.mp4/trackID=3 RTSP/1.0\n\
         Transport: RTP/AVP/UDP;unicast;client_port=21288-21289\n\
         x-Dynamic-Rate: 0\nCSeq: 3\nUser-Agent: Lavf59.27.100\n\n",
    );
    let chosen = transport(&udp);
    assert_eq!((chosen.protocol, chosen.unicast, chosen.mode), (Protocol::Udp, true, Mode::Play));
    assert_eq!(chosen.client_port, Some(PortPair { rtp: 21288, rtcp: 21289 }));
    assert_eq!(DynamicRate::parse(&value(&udp, Header::XDynamicRate)), Some(DynamicRate::Off));
    assert_eq!(track_id(udp.path()), Some(3));

    let tcp = parse(
        "SETUP rtsp://127.0.0.1:554/sample.mp4/trackID=4 RTSP/1.0\n\
         Transport: RTP/AVP/TCP;unicast;interleaved=2-3\nx-Dynamic-Rate: 0\nCSeq: 4\n\
         User-Agent: Lavf59.27.100\nSession: 6842381924751236012\n\n",
    );
    let chosen = transport(&tcp);
    assert_eq!((chosen.protocol, chosen.interleaved), (Protocol::Tcp, Some((2, 3))));
    let session = value(&tcp, Header::Session);
    assert_eq!(SessionHeader::parse(&session).id.map(|id| id.value()), Some(6_842_381_924_751_236_012));
}

#[test]
fn ffmpeg_play() {
    let request = parse(
        "PLAY rtsp://127.0.0.1:554/sample.mp4/ RTSP/1.0\nRange: npt=0.000-\nCSeq: 5\n\
         User-Agent: Lavf59.27.100\nSession: 6842381924751236012\n\n",
    );
    assert_eq!((request.method(), request.path()), (Method::Play, &b"/sample.mp4/"[..]));
    let expected = Range::Npt { start: Some(NptStart::At(0.0)), stop: None };
    assert_eq!(Range::parse(&value(&request, Header::Range)), Ok(expected));
    assert!(!request.needs_aggregate_url());
}

#[test]
fn ffmpeg_announce() {
    let sdp = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=No Name\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 0 RTP/AVP 96\n\
               a=rtpmap:96 H264/90000\na=control:streamid=0\n"
        .replace('\n', "\r\n");
    let mut reader = RequestReader::new();
    let head = format!(
        "ANNOUNCE rtsp://127.0.0.1:554/live.sdp RTSP/1.0\r\nContent-Type: application/sdp\r\nCSeq: 2\r\n\
         User-Agent: Lavf59.27.100\r\nContent-Length: {}\r\n\r\n",
        sdp.len()
    );
    reader.push(head.as_bytes());
    let Event::Request(raw) = reader.next_event() else { panic!() };
    assert_eq!(raw.content_length, sdp.len() as u64);
    assert_eq!(Request::parse(raw.text).unwrap().method(), Method::Announce);
    reader.push(sdp.as_bytes());
    assert_eq!(reader.take_body(usize::MAX), sdp.as_bytes());
}

#[test]
fn ffmpeg_setup_record() {
    let request = parse(
        "SETUP rtsp://127.0.0.1:554/live.sdp/streamid=0 RTSP/1.0\n\
         Transport: RTP/AVP/TCP;unicast;interleaved=0-1;mode=record\nCSeq: 3\nUser-Agent: Lavf59.27.100\n\n",
    );
    let chosen = transport(&request);
    assert_eq!((chosen.protocol, chosen.mode), (Protocol::Tcp, Mode::Record));
    assert_eq!(track_id(request.path()), Some(0));
}

#[test]
fn ffmpeg_tunnel_get() {
    let raw = raw("GET /sample.mp4 HTTP/1.1\nUser-Agent: Lavf/59.27.100\nx-sessioncookie: 8f2a1c6d9b04e735\n\
         Accept: application/x-rtsp-tunnelled\nRange: bytes=0-\nPragma: no-cache\nCache-Control: no-cache\n\
         Connection: close\nHost: 127.0.0.1:8000\nIcy-MetaData: 1\n\n");
    assert!(raw.is_http());
    let tunnel = TunnelRequest::recognize(&raw).unwrap();
    assert_eq!((tunnel.half, tunnel.cookie), (TunnelHalf::Get, &b"8f2a1c6d9b04e735"[..]));
}

#[test]
fn gstreamer_describe() {
    let request = parse(
        "DESCRIBE rtsp://127.0.0.1:554/sample.mp4 RTSP/1.0\nCSeq: 2\nUser-Agent: GStreamer/1.22.0\n\
         Accept: application/sdp\nDate: Thu, 19 Aug 1982 18:30:00 GMT\n\n",
    );
    assert_eq!(value(&request, Header::Accept), "application/sdp");
    assert!(super::date::parse(&value(&request, Header::Date)).is_some());
}

#[test]
fn gstreamer_setup() {
    let request = parse(
        "SETUP rtsp://127.0.0.1:554/sample.mp4/trackID=3 RTSP/1.0\nCSeq: 3\nUser-Agent: GStreamer/1.22.0\n\
         Transport: RTP/AVP;unicast;client_port=44132-44133\nDate: Thu, 19 Aug 1982 18:30:00 GMT\n\n",
    );
    let chosen = transport(&request);
    assert_eq!((chosen.protocol, chosen.client_port), (Protocol::Udp, PortPair::parse("44132")));
}

#[test]
fn gstreamer_play() {
    let request = parse(
        "PLAY rtsp://127.0.0.1:554/sample.mp4/ RTSP/1.0\nCSeq: 5\nUser-Agent: GStreamer/1.22.0\n\
         Range: npt=0-70\nSession: 4711\nDate: Thu, 19 Aug 1982 18:30:00 GMT\n\n",
    );
    let expected = Range::Npt { start: Some(NptStart::At(0.0)), stop: Some(70.0) };
    assert_eq!(Range::parse(&value(&request, Header::Range)), Ok(expected));
}

/// rtspclientsink always quotes the mode; DSS 6.0.3 made a player of it.
#[test]
fn gstreamer_setup_record() {
    let request = parse(
        "SETUP rtsp://127.0.0.1:554/live.sdp/stream=0 RTSP/1.0\nCSeq: 3\nUser-Agent: GStreamer/1.22.0\n\
         Transport: RTP/AVP/TCP;unicast;interleaved=0-1;mode=\"RECORD\"\n\n",
    );
    assert_eq!(transport(&request).mode, Mode::Record);
}

#[test]
fn live555_setup() {
    let request = parse(
        "SETUP rtsp://127.0.0.1:554/sample.mp4/trackID=3 RTSP/1.0\nCSeq: 4\n\
         User-Agent: openRTSP (LIVE555 Streaming Media v2026.01.01)\n\
         Transport: RTP/AVP;unicast;client_port=53020-53021\n\n",
    );
    let chosen = transport(&request);
    assert_eq!((chosen.protocol, chosen.client_port), (Protocol::Udp, PortPair::parse("53020-53021")));
    assert_eq!(value(&request, Header::UserAgent), "openRTSP (LIVE555 Streaming Media v2026.01.01)");
}

#[test]
fn live555_play() {
    let request = parse(
        "PLAY rtsp://127.0.0.1:554/sample.mp4/ RTSP/1.0\nCSeq: 6\n\
         User-Agent: openRTSP (LIVE555 Streaming Media v2026.01.01)\nSession: 4711\nRange: npt=0.000-70.000\n\n",
    );
    let expected = Range::Npt { start: Some(NptStart::At(0.0)), stop: Some(70.0) };
    assert_eq!(Range::parse(&value(&request, Header::Range)), Ok(expected));
}

#[test]
fn live555_tunnel_post() {
    let raw = raw("POST /sample.mp4 HTTP/1.1\nCSeq: 1\nUser-Agent: openRTSP (LIVE555 Streaming Media v2026.01.01)\n\
         Host: 127.0.0.1\nx-sessioncookie: 0123456789abcdef0123456\nContent-Type: application/x-rtsp-tunnelled\n\
         Pragma: no-cache\nCache-Control: no-cache\nContent-Length: 32767\nExpires: Sun, 9 Jan 1972 00:00:00 GMT\n\n");
    let tunnel = TunnelRequest::recognize(&raw).unwrap();
    assert_eq!((tunnel.half, tunnel.cookie.len()), (TunnelHalf::Post, 23));
}

#[test]
fn quicktime_setup() {
    let request = parse(
        "SETUP rtsp://127.0.0.1/sample.mov/trackID=3 RTSP/1.0\nCSeq: 2\n\
         Transport: RTP/AVP;unicast;client_port=6970-6971\nx-retransmit: our-retransmit;window=128\n\
         x-dynamic-rate: 1\nx-transport-options: late-tolerance=2.384000\n\
         User-Agent: QuickTime/7.6.6 (qtver=7.6.6;os=Windows NT 5.1Service Pack 3)\nAccept-Language: en-US\n\n",
    );
    assert_eq!(transport(&request).client_port, PortPair::parse("6970"));
    let retransmit = value(&request, Header::XRetransmit);
    assert_eq!(Retransmit::choose(&retransmit).map(|found| found.window), Some(Some(128)));
    assert_eq!(DynamicRate::parse(&value(&request, Header::XDynamicRate)), Some(DynamicRate::On));
    let options = value(&request, Header::XTransportOptions);
    assert_eq!(LateTolerance::parse(&options).unwrap().answer(), "late-tolerance=2.384000");
}

#[test]
fn quicktime_play() {
    let request = parse(
        "PLAY rtsp://127.0.0.1/sample.mov RTSP/1.0\nCSeq: 4\nRange: npt=21.700000-60.000000\nx-prebuffer: maxtime=4.000000\n\
         x-transport-options: late-tolerance=10\nSpeed: 2\nSession: 4711\n\
         User-Agent: QuickTime/7.6.6 (qtver=7.6.6;os=Windows NT 5.1Service Pack 3)\n\n",
    );
    let expected = Range::Npt { start: Some(NptStart::At(21.7)), stop: Some(60.0) };
    assert_eq!(Range::parse(&value(&request, Header::Range)), Ok(expected));
    assert_eq!(prebuffer_max_time(&value(&request, Header::XPrebuffer)), Some(4.0));
    assert_eq!(speed(&value(&request, Header::Speed)), Some(2.0));
}

/// QuickTime expects 460 for this.
#[test]
fn quicktime_teardown_of_one_track() {
    let request = parse("TEARDOWN rtsp://127.0.0.1/sample.mov/trackID=3 RTSP/1.0\nCSeq: 5\nSession: 4711\n\n");
    assert!(request.needs_aggregate_url());
}

#[test]
fn nokia_setup() {
    let request = parse(
        "SETUP rtsp://127.0.0.1/sample.3gp/trackID=3 RTSP/1.0\nCSeq: 3\nTransport: RTP/AVP;unicast;client_port=7970-7971\n\
         3GPP-Adaptation: url=\"rtsp://127.0.0.1/sample.3gp/trackID=3\";size=20000;target-time=5000\n\n",
    );
    let adaptation = value(&request, Header::ThreeGppAdaptation);
    let entries: Vec<_> = Adaptation::parse(&adaptation).map(|entry| (entry.size, entry.target_time)).collect();
    assert_eq!(entries, [(Some(20000), Some(5000))]);
}
