use super::*;
use crate::rtsp::{Event, RequestReader};
use bytes::Bytes;

fn decode(pieces: &[&[u8]]) -> Vec<u8> {
    let mut decoder = Base64Decoder::new();
    let mut out = BytesMut::new();
    for piece in pieces {
        decoder.decode(piece, &mut out);
    }
    out.to_vec()
}

fn raw(text: &str) -> RawRequest {
    RawRequest { text: Bytes::copy_from_slice(text.as_bytes()), content_length: 0 }
}

const OPTIONS: &[u8] = b"OPTIONS * RTSP/1.0\r\nCSeq: 7\r\n\r\n";

#[test]
fn get_and_post_with_a_cookie_are_the_halves_of_a_tunnel() {
    for (text, half) in [
        ("GET /a.3gp HTTP/1.0\r\nx-sessioncookie: cookie-1\r\n\r\n", TunnelHalf::Get),
        ("GET / HTTP/1.1\r\nIcy-MetaData: 1\r\nX-SessionCookie:cookie-1\r\n\r\n", TunnelHalf::Get),
        ("POST /a HTTP/1.0\nX-SESSIONCOOKIE: cookie-1\nContent-Length: 32767\n\n", TunnelHalf::Post),
    ] {
        assert_eq!(TunnelRequest::recognize(&raw(text)), Some(TunnelRequest { half, cookie: b"cookie-1" }), "{text}");
    }
}

/// DSS 6.0.3 stopped at 31 characters.
#[test]
fn a_cookie_of_forty_characters_is_a_tunnel() {
    let cookie = "c".repeat(40);
    let request = raw(&format!("GET / HTTP/1.0\r\nx-sessioncookie: {cookie}\r\n\r\n"));
    assert_eq!(TunnelRequest::recognize(&request).map(|tunnel| tunnel.cookie), Some(cookie.as_bytes()));
}

#[test]
fn other_requests_are_no_tunnel() {
    let long = format!("GET / HTTP/1.0\r\nx-sessioncookie: {}\r\n\r\n", "c".repeat(MAX_COOKIE + 1));
    for text in [
        "GET / HTTP/1.0\r\nAccept: application/x-rtsp-tunnelled\r\n\r\n",
        "GET / HTTP/1.0\r\nx-sessioncookie:\r\n\r\n",
        "GET /a RTSP/1.0\r\nx-sessioncookie: c\r\n\r\n",
        "HEAD / HTTP/1.0\r\nx-sessioncookie: c\r\n\r\n",
        "OPTIONS * RTSP/1.0\r\nx-sessioncookie: c\r\n\r\n",
        &long,
    ] {
        assert_eq!(TunnelRequest::recognize(&raw(text)), None, "{text}");
    }
}

#[test]
fn the_get_answer_is_that_of_dss() {
    assert_eq!(
        std::str::from_utf8(&get_answer(Some("DSS/6.0.3 (x)"), None)).unwrap(),
        "HTTP/1.0 200 OK\r\nServer: DSS/6.0.3 (x)\r\nConnection: close\r\nDate: Thu, 19 Aug 1982 18:30:00 GMT\r\n\
         Cache-Control: no-store\r\nPragma: no-cache\r\nContent-Type: application/x-rtsp-tunnelled\r\n\r\n"
    );
    assert!(
        get_answer(None, Some("127.0.0.1")).starts_with(b"HTTP/1.0 200 OK\r\nX-server-ip-address: 127.0.0.1\r\nCon")
    );
}

#[test]
fn a_group_may_be_split_across_reads() {
    let text = base64_encode(OPTIONS);
    for size in 1..9 {
        let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
        assert_eq!(decode(&pieces), OPTIONS);
    }
}

#[test]
fn padding_in_the_middle_ends_a_request() {
    let other = b"OPTIONS * RTSP/1.0\r\nCSeq: 12\r\n\r\n";
    for data in [OPTIONS, other, b"x", b"xy", b"xyz"] {
        let text = base64_encode(data);
        assert_eq!(decode(&[text.as_bytes(), text.as_bytes()]), [data, data].concat());
    }
    assert_eq!(decode(&[b"QQ==QUI=QUJD===QUJD"]), b"AABABCABC");
}

/// One CRLF made DSS 6.0.3 deaf.
#[test]
fn line_breaks_in_base64_are_skipped() {
    let text = base64_encode(&OPTIONS.repeat(4));
    let wrapped: Vec<u8> = text.as_bytes().chunks(76).flat_map(|line| [line, b"\r\n"].concat()).collect();
    assert_eq!(decode(&[&wrapped]), OPTIONS.repeat(4));
    assert_eq!(decode(&[b"Q Q\t= =\r\n Q\nU I="]), b"AAB");
}

/// A receiver report and an SDES as live555 sends them: 52 bytes, no `$`, no base64, some of them in the alphabet.
#[test]
fn live555_raw_rtcp_is_skipped() {
    let mut rtcp = vec![0x81, 201, 0, 7];
    rtcp.extend_from_slice(&[b'A'; 28]);
    rtcp.extend_from_slice(&[0x81, 202, 0, 4, 1, 2, 3, 4, 1, 4, b'h', b'o', b's', b't', 0, 0, 0, 0, 0, 0]);
    let text = base64_encode(OPTIONS);
    let data = [text.as_bytes(), &rtcp, text.as_bytes(), &rtcp, &rtcp, text.as_bytes()].concat();
    for size in [1, 2, 3, 5, 33, data.len()] {
        let mut decoder = Base64Decoder::new();
        let mut out = BytesMut::new();
        data.chunks(size).for_each(|piece| decoder.decode(piece, &mut out));
        assert_eq!(out, OPTIONS.repeat(3));
        assert_eq!(decoder.raw_packets(), 6);
    }
}

#[test]
fn what_only_looks_like_rtcp_does_not_deafen() {
    // version 2 but no RTCP type; a length no RTCP has; a length of nothing
    for noise in [&b"\x80"[..], b"\x80\x80\xff", b"\x80\xc9\xff\xff", b"\x80\xc9\x00\x00"] {
        let text = base64_encode(OPTIONS);
        assert_eq!(decode(&[noise, text.as_bytes()]), OPTIONS, "{noise:?}");
    }
}

#[test]
fn requests_and_frames_come_out_of_a_tunnel() {
    let mut decoder = Base64Decoder::new();
    let mut reader = RequestReader::new();
    let frame = base64_encode(b"$\x01\x00\x03abc");
    for piece in [base64_encode(OPTIONS), frame, base64_encode(OPTIONS)] {
        let mut out = BytesMut::new();
        decoder.decode(piece.as_bytes(), &mut out);
        reader.push(&out);
    }
    assert!(matches!(reader.next_event(), Event::Request(_)));
    assert_eq!(reader.next_event(), Event::Interleaved { channel: 1, payload: Bytes::from_static(b"abc") });
    assert!(matches!(reader.next_event(), Event::Request(_)));
    assert_eq!(reader.next_event(), Event::NeedMore);
}

/// The POST's first bytes may be in the segment of its header.
#[test]
fn base64_behind_the_post_header_is_used() {
    let mut reader = RequestReader::new();
    reader.push(b"POST / HTTP/1.0\r\nx-sessioncookie: c\r\nContent-Length: 32767\r\n\r\n");
    reader.push(b"T1BUSU9OUyAqIFJUU1AvMS4wDQpDU2VxOiA3DQoNCg==");
    let Event::Request(request) = reader.next_event() else { panic!() };
    assert!(TunnelRequest::recognize(&request).is_some());
    assert_eq!(decode(&[&reader.take_rest()]), OPTIONS);
}
