use super::*;

/// Every event up to the first [`Event::NeedMore`].
fn events(reader: &mut RequestReader) -> Vec<Event> {
    std::iter::from_fn(|| Some(reader.next_event()).filter(|event| *event != Event::NeedMore)).take(1000).collect()
}

fn read(data: &[u8]) -> Vec<Event> {
    let mut reader = RequestReader::new();
    reader.push(data);
    events(&mut reader)
}

fn request(text: &[u8]) -> Event {
    Event::Request(RawRequest { text: Bytes::copy_from_slice(text), content_length: 0 })
}

fn frame(channel: u8, payload: &[u8]) -> Event {
    Event::Interleaved { channel, payload: Bytes::copy_from_slice(payload) }
}

const OPTIONS: &[u8] = b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n";

#[test]
fn pipelined_requests_come_out_in_order() {
    let all: Vec<u8> = OPTIONS.iter().copied().cycle().take(OPTIONS.len() * 50).collect();
    assert_eq!(read(&all), vec![request(OPTIONS); 50]);
}

#[test]
fn the_end_of_one_request_and_the_start_of_the_next_may_share_a_segment() {
    let mut reader = RequestReader::new();
    reader.push(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n");
    assert_eq!(reader.next_event(), Event::NeedMore);
    reader.push(b"\r\nOPTIONS * RTSP/1.0\r\nCSe");
    assert_eq!(events(&mut reader), [request(OPTIONS)]);
    reader.push(b"q: 2\r\n\r\n");
    assert_eq!(events(&mut reader), [request(b"OPTIONS * RTSP/1.0\r\nCSeq: 2\r\n\r\n")]);
}

#[test]
fn a_request_byte_by_byte_is_one_request() {
    for text in [OPTIONS, b"OPTIONS * RTSP/1.0\nCSeq: 8\n\n", b"OPTIONS * RTSP/1.0\rCSeq: 8\r\r"] {
        let mut reader = RequestReader::new();
        let mut found = Vec::new();
        for byte in text {
            reader.push(&[*byte]);
            found.extend(events(&mut reader));
        }
        assert_eq!(found, [request(text)]);
    }
}

/// DSS 6.0.3 stopped at 2047 bytes.
#[test]
fn a_header_block_of_three_thousand_bytes_is_read() {
    let text = format!("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nAuthorization: Digest {}\r\n\r\n", "x".repeat(3000));
    assert_eq!(read(text.as_bytes()), [request(text.as_bytes())]);
}

fn block_of(len: usize) -> Vec<u8> {
    let mut text = b"OPTIONS * RTSP/1.0\r\nCSeq: 9\r\nX-Long: ".to_vec();
    text.resize(len - 4, b'x');
    text.extend_from_slice(b"\r\n\r\n");
    text
}

#[test]
fn a_header_block_over_64_kib_is_400_and_the_connection_is_lost() {
    let most = block_of(MAX_HEADER_BLOCK);
    assert_eq!(read(&most), [request(&most)]);

    for (len, step) in [(MAX_HEADER_BLOCK + 1, usize::MAX), (MAX_HEADER_BLOCK + 1, 1), (200_000, 1460)] {
        let mut reader = RequestReader::new();
        let mut found = Vec::new();
        for piece in block_of(len).chunks(step.min(len)) {
            reader.push(piece);
            found.extend(events(&mut reader));
            assert!(reader.buffered() <= MAX_HEADER_BLOCK);
        }
        let [Event::Error(error)] = &found[..] else { panic!("{found:?}") };
        assert_eq!(error.kind, ReadErrorKind::HeaderTooLong);
        assert_eq!(error.status(), Status::BadRequest);
        assert_eq!(error.cseq.as_deref(), Some(&b"9"[..]));
        assert!(error.must_close());
        reader.push(OPTIONS);
        assert_eq!(reader.next_event(), Event::NeedMore);
        assert_eq!(reader.buffered(), 0);
    }
}

#[test]
fn a_lone_crlf_before_and_between_requests_is_skipped() {
    assert_eq!(
        read(&[b"\r\n\r\n", OPTIONS, b"\r\n", OPTIONS, b"\n\r\r\n"].concat()),
        [request(OPTIONS), request(OPTIONS)]
    );
    assert_eq!(read(b"\r\n"), []);
}

#[test]
fn frames_are_found_around_and_between_requests() {
    let data =
        [b"$\x01\x00\x03abc$\x00\x00\x00", OPTIONS, b"\r\n$\xff\x00\x01\n", OPTIONS, b"$\x01\x00\x05abc"].concat();
    let expected = [frame(1, b"abc"), frame(0, b""), request(OPTIONS), frame(255, b"\n"), request(OPTIONS)];
    assert_eq!(read(&data), expected);
}

/// DSS 6.0.3 stalled at frames over 2043 bytes.
#[test]
fn a_frame_may_have_65535_bytes() {
    let payload = vec![b'$'; 65535];
    let mut reader = RequestReader::new();
    reader.push(b"$\x07\xff\xff");
    for piece in payload.chunks(1460) {
        assert_eq!(reader.next_event(), Event::NeedMore);
        reader.push(piece);
    }
    reader.push(OPTIONS);
    assert_eq!(events(&mut reader), [frame(7, &payload), request(OPTIONS)]);
}

#[test]
fn shoutcast_password_line_is_handed_up_when_it_ends() {
    for (data, rest) in
        [(&b"secret\r\nicy-name:x\r\n"[..], &b"icy-name:x\r\n"[..]), (b"secret\n", b""), (b"secret\r", b"")]
    {
        let mut reader = RequestReader::new();
        reader.push(data);
        assert_eq!(reader.next_event(), Event::PasswordLine(Bytes::from_static(b"secret")));
        assert_eq!(reader.take_rest(), rest);
    }
    assert_eq!(read(b"secret"), []);
}

/// `SOURCE password /mount` has blanks: it is a request, which ends at the empty line.
#[test]
fn icecast_source_line_waits_for_the_empty_line() {
    assert_eq!(read(b"SOURCE pw /m\r\n"), []);
    assert_eq!(read(b"SOURCE pw /m\r\n\r\n"), [request(b"SOURCE pw /m\r\n\r\n")]);
}

#[test]
fn a_password_has_something_to_see_and_is_no_method() {
    assert_eq!(read(b"\x00\x01\r\n"), []);
    assert_eq!(read(b"DESCRIBE\r\nCSeq: 8\r\n\r\n"), [request(b"DESCRIBE\r\nCSeq: 8\r\n\r\n")]);
}

#[test]
fn a_response_is_told_from_a_request() {
    let text = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n";
    let [Event::Response(response)] = &read(text)[..] else { panic!() };
    assert_eq!((response.code, response.text.as_ref(), response.content_length), (200, &text[..], 0));
    assert!(matches!(&read(b"RTSP/1.0 20x OK\r\n\r\n")[..], [Event::Request(_)]));
    assert!(matches!(&read(b"RTSP/1.0 2000\r\n\r\n")[..], [Event::Request(_)]));
}

#[test]
fn a_response_body_is_skipped() {
    let data = [b"RTSP/1.0 404 Not Found\r\nContent-Length: 5\r\n\r\nOPTIO", OPTIONS].concat();
    assert!(matches!(&read(&data)[..], [Event::Response(response), Event::Request(_)] if response.content_length == 5));
}

#[test]
fn a_body_can_be_taken_as_it_arrives() {
    let mut reader = RequestReader::new();
    reader.push(b"ANNOUNCE /a.sdp RTSP/1.0\r\ncontent-length: 10\r\n\r\nv=0");
    assert!(matches!(reader.next_event(), Event::Request(request) if request.content_length == 10));
    assert_eq!(reader.take_body(2), b"v="[..]);
    assert_eq!(reader.take_body(100), b"0"[..]);
    assert_eq!(reader.take_body(100), b""[..]);
    assert_eq!(reader.body_left(), 7);
    reader.push(b"\r\no=abcOPTIONS");
    assert_eq!(reader.take_body(100), b"\r\no=abc"[..]);
    assert_eq!(reader.body_left(), 0);
    assert_eq!(reader.take_body(100), b""[..]);
    assert_eq!(reader.take_rest(), b"OPTIONS"[..]);
}

#[test]
fn an_unread_body_is_dropped_before_the_next_request_even_when_late() {
    let mut reader = RequestReader::new();
    reader.push(b"SET_PARAMETER /a RTSP/1.0\r\nContent-Length: 33\r\n\r\n");
    assert!(matches!(reader.next_event(), Event::Request(_)));
    assert_eq!(reader.next_event(), Event::NeedMore);
    reader.push(b"OPTIONS * RTSP/1.0\r\nCSeq: 6");
    assert_eq!(reader.next_event(), Event::NeedMore);
    assert_eq!(reader.buffered(), 0);
    reader.push(b"66\r\n\r\n");
    reader.push(OPTIONS);
    assert_eq!(events(&mut reader), [request(OPTIONS)]);
}

/// With bare CRs the LF after the empty line may be part of it; it is never body.
#[test]
fn a_body_after_bare_cr_lines_starts_after_the_blank_line() {
    for data in
        [&b"ANNOUNCE /a RTSP/1.0\rContent-Length: 3\r\rv=0"[..], b"ANNOUNCE /a RTSP/1.0\rContent-Length: 3\r\r\nv=0"]
    {
        for split in 0..data.len() {
            let mut reader = RequestReader::new();
            reader.push(&data[..split]);
            let mut found = events_until_request(&mut reader);
            reader.push(&data[split..]);
            found = found.or_else(|| events_until_request(&mut reader));
            assert_eq!(found, Some(3), "split at {split}");
            assert_eq!(reader.take_body(10), b"v=0"[..], "split at {split}");
        }
    }
}

fn events_until_request(reader: &mut RequestReader) -> Option<u64> {
    match reader.next_event() {
        Event::Request(request) => Some(request.content_length),
        Event::NeedMore => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_content_length_that_is_no_length_is_an_error_with_the_cseq() {
    for (value, kind, status) in [
        ("-5", ReadErrorKind::BadContentLength, 400),
        ("+5", ReadErrorKind::BadContentLength, 400),
        ("1e3", ReadErrorKind::BadContentLength, 400),
        ("5 5", ReadErrorKind::BadContentLength, 400),
        ("4294967296", ReadErrorKind::BodyTooLong, 413),
        ("99999999999999999999999999", ReadErrorKind::BodyTooLong, 413),
    ] {
        let found = read(format!("OPTIONS * RTSP/1.0\r\nCSeq: 4\r\nContent-Length: {value}\r\n\r\n").as_bytes());
        let [Event::Error(error)] = &found[..] else { panic!("{value}: {found:?}") };
        assert_eq!((error.kind, error.status().code()), (kind, status), "{value}");
        assert_eq!(error.cseq.as_deref(), Some(&b"4"[..]));
        assert!(!error.to_string().is_empty());
    }
    let found = read(b"OPTIONS * RTSP/1.0\r\nContent-Length: 00004294967295\r\n\r\n");
    assert!(matches!(&found[..], [Event::Request(request)] if request.content_length == MAX_BODY));
    let found = read(b"OPTIONS * RTSP/1.0\r\nContent-Length:\r\n\r\n");
    assert!(matches!(&found[..], [Event::Request(request)] if request.content_length == 0));
}

#[test]
fn http_is_told_by_method_and_first_line() {
    for (line, http) in [
        ("GET /a HTTP/1.0", true),
        ("post /a http/1.1", true),
        ("HEAD / HTTP/1.1", true),
        ("GET /a RTSP/1.0", false),
        ("DESCRIBE /a HTTP/1.1", false),
    ] {
        let raw = RawRequest { text: Bytes::from(format!("{line}\r\nHost: h\r\n\r\n")), content_length: 0 };
        assert_eq!(raw.is_http(), http, "{line}");
        assert_eq!(raw.header("HOST"), Some(&b"h"[..]));
        assert_eq!(raw.request_line(), line.as_bytes());
    }
}

#[test]
fn rubbish_is_handed_up_or_waited_for_but_never_panics() {
    assert!(matches!(&read(b"x\x01\x02\x03 y z\r\n\r\n")[..], [Event::Request(_)]));
    assert!(matches!(&read(b"\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n")[..], [Event::Request(_)]));
    assert!(matches!(&read(b"\x00\xff\x00\xff\x80\xde\xad\r\n\r\n")[..], [Event::PasswordLine(_)]));
}
