use super::*;

fn parse(text: &str) -> Request {
    Request::parse(Bytes::copy_from_slice(text.as_bytes())).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn refuse(text: &str) -> RequestError {
    Request::parse(Bytes::copy_from_slice(text.as_bytes())).expect_err(text)
}

fn str_of(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn an_absolute_url_is_split_into_windows_of_the_text() {
    let request = parse("DESCRIBE rtsp://h:554/dir/a12.mov?x=1 RTSP/1.0\r\nCSeq: 2\r\nHost: other\r\n\r\n");
    let text = str_of(request.text());
    assert_eq!(request.method(), Method::Describe);
    assert_eq!(&text[request.method_window().clone()], "DESCRIBE");
    assert_eq!(&text[request.absolute_url_window().clone()], "rtsp://h:554/dir/a12.mov");
    assert_eq!(&text[request.uri_window().unwrap().clone()], "/dir/a12.mov");
    assert_eq!(&text[request.query_window().unwrap().clone()], "x=1");
    assert_eq!(str_of(request.path()), "/dir/a12.mov");
    assert_eq!(request.header(Header::CSeq), Some(&b"2"[..]));
    assert_eq!(&text[request.truncated_url_window()], "rtsp://h:554/dir");
    // the byte after the URL's window is the question mark: modules look for it
    assert_eq!(text.as_bytes()[request.absolute_url_window().end], b'?');
}

#[test]
fn the_host_of_an_absolute_url_replaces_the_host_header() {
    for (line, host) in [
        ("OPTIONS rtsp://h:554/a RTSP/1.0", "h:554"),
        ("OPTIONS http://h/a RTSP/1.0", "h"),
        ("OPTIONS rtsp://bob:secret@h:8554/a RTSP/1.0", "h:8554"),
        ("OPTIONS /a RTSP/1.0", "other"),
    ] {
        let request = parse(&format!("{line}\r\nHost: other\r\n\r\n"));
        assert_eq!(request.header_text(Header::Host).as_deref(), Some(host), "{line}");
    }
}

#[test]
fn a_url_without_a_path_means_the_root() {
    for url in ["rtsp://h", "rtsp://h:554", "rtsp://h?a=b"] {
        let request = parse(&format!("OPTIONS {url} RTSP/1.0\r\n\r\n"));
        assert_eq!(request.uri_window(), None);
        assert_eq!((request.uri(), request.path()), (&b"/"[..], &b"/"[..]));
    }
}

#[test]
fn a_path_and_an_asterisk_are_urls() {
    let request = parse("DESCRIBE /movie.mov RTSP/1.0\r\n\r\n");
    assert_eq!((request.absolute_url(), request.uri()), (&b"/movie.mov"[..], &b"/movie.mov"[..]));
    let request = parse("DESCRIBE * RTSP/1.0\r\n\r\n");
    assert!(request.is_asterisk());
    assert_eq!((request.absolute_url(), request.uri(), request.path()), (&b"*"[..], &b"*"[..], &b"/"[..]));
}

/// The query is not part of the path, of Content-Base or of RTP-Info.
#[test]
fn the_query_does_not_reach_the_path() {
    let request = parse("DESCRIBE rtsp://h/m.mp4?a=/../b%zz RTSP/1.0\r\n\r\n");
    assert_eq!(request.path(), b"/m.mp4");
    assert_eq!(request.absolute_url(), b"rtsp://h/m.mp4");
    assert_eq!(request.query(), Some(&b"a=/../b%zz"[..]));
    assert_eq!(parse("DESCRIBE /m? RTSP/1.0\r\n\r\n").query(), Some(&b""[..]));
}

#[test]
fn the_path_is_decoded_but_the_url_is_kept() {
    let request = parse("DESCRIBE rtsp://h/with%20space.mp4 RTSP/1.0\r\n\r\n");
    assert_eq!(request.path(), b"/with space.mp4");
    assert_eq!(request.absolute_url(), b"rtsp://h/with%20space.mp4");
}

#[test]
fn a_track_url_needs_setup() {
    for (method, expected) in [("SETUP", false), ("PLAY", true), ("TEARDOWN", true), ("DESCRIBE", true)] {
        assert_eq!(parse(&format!("{method} rtsp://h/a/trackID=3 RTSP/1.0\r\n\r\n")).needs_aggregate_url(), expected);
    }
    assert!(!parse("PLAY rtsp://h/a/streamid=0 RTSP/1.0\r\n\r\n").needs_aggregate_url());
    assert!(!parse("PLAY rtsp://h/a?x=/trackID=3 RTSP/1.0\r\n\r\n").needs_aggregate_url());
}

#[test]
fn methods_are_known_in_small_letters_too() {
    assert_eq!(parse("describe /a RTSP/1.0\r\n\r\n").method(), Method::Describe);
    assert_eq!(parse("Set_Parameter /a rtsp/1.0\r\n\r\n").method(), Method::SetParameter);
}

/// DSS 6.0.3 lost the CSeq of such requests.
#[test]
fn errors_carry_the_cseq() {
    for (line, status, must_close) in [
        ("FROBNICATE rtsp://h/a RTSP/1.0", Status::NotImplemented, true),
        ("OPTIONS * RTSP/2.0", Status::RtspVersionNotSupported, false),
        ("OPTIONS *", Status::BadRequest, true),
        ("OPTIONS * RTSP", Status::BadRequest, true),
        ("OPTIONS * RTSP/1", Status::BadRequest, true),
        ("DESCRIBE", Status::BadRequest, true),
        ("DESCRIBE ", Status::BadRequest, true),
        ("DESCRIBE ?a RTSP/1.0", Status::BadRequest, true),
        ("DESCRIBE movie RTSP/1.0", Status::BadRequest, true),
        (" OPTIONS * RTSP/1.0", Status::BadRequest, true),
        ("x\x01\x02\x03 y z", Status::BadRequest, true),
        ("GET /a HTTP/1.0", Status::BadRequest, true),
        ("HEAD /a HTTP/1.1", Status::BadRequest, true),
        ("DESCRIBE /a%zz RTSP/1.0", Status::BadRequest, false),
        ("DESCRIBE /a%00 RTSP/1.0", Status::BadRequest, false),
    ] {
        let error = refuse(&format!("{line}\r\nCSeq: 8\r\n\r\n"));
        assert_eq!((error.status(), error.must_close()), (status, must_close), "{line}: {error}");
        assert_eq!(error.cseq.as_deref(), Some(&b"8"[..]), "{line}");
    }
    assert_eq!(refuse("FROBNICATE /a RTSP/1.0\r\n\r\n").cseq, None);
}

#[test]
fn a_header_without_a_colon_is_400_wherever_it_stands() {
    for text in ["OPTIONS * RTSP/1.0\r\nCSeq 8\r\n\r\n", "DESCRIBE /a RTSP/1.0\r\nCSeq: 8\r\nno header\r\n\r\n"] {
        let error = refuse(text);
        assert_eq!((error.kind, error.cseq.is_some()), (RequestErrorKind::NoColon, text.contains("CSeq:")));
    }
}

#[test]
fn a_url_of_4096_bytes_is_served_and_a_longer_one_is_400() {
    let request = |len: usize| format!("DESCRIBE rtsp://h/{} RTSP/1.0\r\nCSeq: 22\r\n\r\n", "a".repeat(len));
    assert_eq!(parse(&request(4095)).path().len(), 4096);
    let error = refuse(&request(4096));
    assert_eq!((error.kind.clone(), error.status()), (RequestErrorKind::Path(PathError::TooLong), Status::BadRequest));
}

#[test]
fn http_versions_are_taken_for_rtsp() {
    assert_eq!(parse("OPTIONS * HTTP/1.1\r\n\r\n").method(), Method::Options);
    assert_eq!(refuse("OPTIONS * RTSP/9.9\r\n\r\n").kind, RequestErrorKind::UnsupportedVersion("RTSP/9.9".to_owned()));
}

#[test]
fn unknown_headers_are_kept_by_name() {
    let request = parse("OPTIONS * RTSP/1.0\r\nCSeq:8\r\nX-Whatever: something: with: colons\r\nY-Empty:\r\n\r\n");
    assert_eq!(request.header(Header::CSeq), Some(&b"8"[..]));
    assert_eq!(request.unknown_header_text("x-whatever").as_deref(), Some("something: with: colons"));
    assert_eq!(request.unknown_header_text("y-empty").as_deref(), Some(""));
    assert_eq!(request.unknown_header_text("z"), None);
}

#[test]
fn a_folded_header_is_one_window_and_one_line() {
    let request = parse("SETUP /a/trackID=3 RTSP/1.0\r\nTransport: RTP/AVP/TCP;unicast;\r\n interleaved=0-1\r\n\r\n");
    assert_eq!(request.header(Header::Transport), Some(&b"RTP/AVP/TCP;unicast;\r\n interleaved=0-1"[..]));
    assert_eq!(request.header_text(Header::Transport).as_deref(), Some("RTP/AVP/TCP;unicast; interleaved=0-1"));
}

#[test]
fn several_blanks_and_tabs_separate_the_request_line() {
    let request = parse("OPTIONS  \t* \t RTSP/1.0  \r\nCSeq: 1\r\n\r\n");
    assert!(request.is_asterisk());
}

#[test]
fn a_client_may_ask_for_the_connection_to_be_closed() {
    for (value, close) in [("close", true), ("Keep-Alive, Close", true), ("keep-alive", false), ("closed", false)] {
        assert_eq!(
            parse(&format!("OPTIONS * RTSP/1.0\r\nConnection: {value}\r\n\r\n")).wants_close(),
            close,
            "{value}"
        );
    }
    assert!(!parse("OPTIONS * RTSP/1.0\r\n\r\n").wants_close());
}
