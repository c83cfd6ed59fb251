//! What holds for any bytes: events do not depend on how they were split, windows lie inside the text, what is written
//! reads back.

use std::time::{Duration, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;

use super::range::{NptStart, Range, npt_answer};
use super::response::put_frame;
use super::transport::{PortPair, Transport};
use super::tunnel::{Base64Decoder, base64_encode};
use super::{Event, Header, Request, RequestReader, Response, ResponseBuilder, ResponseHead, Status};

/// Events of `data` pushed in pieces that end at the `cuts`.
fn events(data: &[u8], cuts: &[usize]) -> Vec<Event> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (data.len() + 1)).collect();
    cuts.push(data.len());
    cuts.sort_unstable();
    let mut reader = RequestReader::new();
    let (mut out, mut start) = (Vec::new(), 0);
    for end in cuts {
        reader.push(&data[start..end]);
        start = end;
        for _ in 0..=data.len() {
            match reader.next_event() {
                Event::NeedMore => break,
                event => out.push(event),
            }
        }
        assert_eq!(reader.next_event(), Event::NeedMore);
    }
    out
}

/// Pieces of which connections are made; any may follow any.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let fixed = prop::sample::select(vec![
        &b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"[..],
        b"PLAY /a RTSP/1.0\nCSeq: 2\n\n",
        b"PAUSE /a RTSP/1.0\rCSeq: 2\r\r",
        b"SETUP /a/trackID=1 RTSP/1.0\r\nTransport: RTP/AVP;\r\n unicast\r\n\n",
        b"ANNOUNCE /a RTSP/1.0\r\nContent-Length: 7\r\n\r\n",
        b"ANNOUNCE /a RTSP/1.0\rContent-Length: 7\r\r",
        b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n",
        b"SET_PARAMETER /a RTSP/1.0\r\nContent-Length: -1\r\n\r\n",
        b"password\r\n",
        b"\r\n",
        b"\r",
        b"\n",
        b"$\x01\x00\x04\r\n\r\n",
        b"$\x00\x00\x00",
    ]);
    prop_oneof![4 => fixed.prop_map(<[u8]>::to_vec), 1 => prop::collection::vec(any::<u8>(), 0..20)]
}

fn check_request(text: &Bytes) {
    let Ok(request) = Request::parse(text.clone()) else { return };
    assert!(request.path().starts_with(b"/"));
    assert!(request.path().split(|byte| *byte == b'/').all(|part| part != b".." && part != b"."));
    let windows = request.headers().known().map(|(_, window)| window);
    for window in windows.chain([request.absolute_url_window().clone(), request.method_window().clone()]) {
        assert!(text.get(window).is_some());
    }
}

proptest! {
    #[test]
    fn splitting_does_not_change_events(
        pieces in prop::collection::vec(piece(), 1..8),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
    ) {
        let data = pieces.concat();
        let whole = events(&data, &[]);
        prop_assert_eq!(&events(&data, &cuts), &whole);
        let every: Vec<usize> = (0..data.len()).collect();
        prop_assert_eq!(&events(&data, &every), &whole);
        for event in whole {
            if let Event::Request(request) = event {
                check_request(&request.text);
            }
        }
    }

    #[test]
    fn any_request_line_and_headers_are_parsed_or_refused(
        method in "(OPTIONS|SETUP|[A-Z_]{1,8}| )",
        url in "(rtsp://h|)[/a-z.%0-9?@:*]{0,20}",
        version in "(RTSP/1.0|HTTP/1.1|[A-Z0-9/.]{0,9})",
        headers in "([A-Za-z-]{0,10}:?[ \t]{0,2}[ -~]{0,12}\r\n[ ]?){0,5}",
    ) {
        check_request(&Bytes::from(format!("{method} {url} {version}\r\n{headers}\r\n")));
    }

    #[test]
    fn frames_and_answers_read_back(
        frames in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..300)), 0..4),
        session in "[0-9a-zA-Z]{1,19}",
        body in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let mut out = BytesMut::new();
        for (channel, payload) in &frames {
            prop_assert!(put_frame(&mut out, *channel, payload));
        }
        let head = ResponseHead { session: Some(session.as_bytes()), ..ResponseHead::new(Status::Ok, b"9") };
        let out = ResponseBuilder::append_to(out, &head).finish_with_body(&body);
        let mut reader = RequestReader::new();
        reader.push(&out);
        for (channel, payload) in frames {
            prop_assert_eq!(reader.next_event(), Event::Interleaved { channel, payload: Bytes::from(payload) });
        }
        let Event::Response(raw) = reader.next_event() else { panic!() };
        let response = Response::parse(&raw).unwrap();
        prop_assert_eq!(response.code, 200);
        let echoed = response.header_text(Header::Session);
        prop_assert_eq!(echoed.as_deref(), Some(session.as_str()));
        prop_assert_eq!(reader.take_body(usize::MAX), body);
    }

    #[test]
    fn base64_reads_back_through_splits_and_line_breaks(
        requests in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..4),
        size in 1usize..50,
        line in 1usize..77,
    ) {
        let text: String = requests.iter().map(|request| base64_encode(request)).collect();
        let wrapped: Vec<u8> = text.as_bytes().chunks(line).flat_map(|line| [line, b"\r\n"].concat()).collect();
        let mut decoder = Base64Decoder::new();
        let mut out = BytesMut::new();
        wrapped.chunks(size).for_each(|piece| decoder.decode(piece, &mut out));
        prop_assert_eq!(out, requests.concat());
    }

    #[test]
    fn any_base64_input_is_decoded_to_less(data in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut out = BytesMut::new();
        Base64Decoder::new().decode(&data, &mut out);
        prop_assert!(out.len() <= data.len());
    }

    #[test]
    fn range_answers_read_back(start in 0u32..1_000_000, stop in 0u32..1_000_000) {
        let (start, stop) = (f64::from(start) / 8.0, f64::from(stop) / 8.0);
        let expected = Range::Npt { start: Some(NptStart::At(start)), stop: Some(stop) };
        prop_assert_eq!(Range::parse(&npt_answer(start, Some(stop))), Ok(expected));
    }

    #[test]
    fn any_range_is_parsed_or_refused(unit in "(npt|smpte|smpte-25|clock|[a-z]{0,4})=?", times in "[0-9:.TZ now-]{0,24}") {
        if let Ok(Range::Npt { start: Some(NptStart::At(start)), .. }) = Range::parse(&format!("{unit}{times}")) {
            prop_assert!(start.is_finite() && start >= 0.0);
        }
    }

    /// A transport answer is itself a Transport header, and says what was put into it.
    #[test]
    fn transport_answers_read_back(
        parameters in "(;[ ]?(unicast|ssrc=[0-9A-F]{1,8}|source=[a-z.]{0,9}|mode=(play|\"play\")|x=[a-z]{0,3}|)){0,5}",
        rtp in 1u16..65535,
        ssrc in any::<u32>(),
    ) {
        let transport = Transport::choose(&format!("RTP/AVP{parameters};client_port={rtp}")).unwrap();
        let client = transport.client_port.unwrap();
        let server = PortPair { rtp: 6970, rtcp: 6971 };
        let answer = transport.answer_udp("10.0.0.1", Some(client), server, Some(ssrc));
        let read = Transport::choose(&answer).unwrap();
        prop_assert_eq!(read.client_port, Some(client));
        prop_assert_eq!(read.source.as_deref(), Some("10.0.0.1"));
        prop_assert_eq!(read.ssrc, transport.unicast.then_some(ssrc));
        prop_assert_eq!(answer.matches("source=").count(), 1);
        prop_assert!(!answer.contains(' '));
    }

    #[test]
    fn dates_read_back(seconds in 0u64..253_402_300_800) {
        let moment = UNIX_EPOCH + Duration::from_secs(seconds);
        prop_assert_eq!(super::date::parse(&super::date::format(moment)), Some(moment));
    }
}
