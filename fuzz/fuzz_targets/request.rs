//! A connection's bytes, cut in two ways, through the reader and the request parser.

#![no_main]

use dss::rtsp::tunnel::TunnelRequest;
use dss::rtsp::{Event, MAX_HEADER_BLOCK, Request, RequestReader, Response};
use libfuzzer_sys::fuzz_target;

fn events<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Event> {
    let mut reader = RequestReader::new();
    let mut out = Vec::new();
    for piece in pieces {
        reader.push(piece);
        loop {
            match reader.next_event() {
                Event::NeedMore => break,
                event => out.push(event),
            }
        }
        assert!(reader.buffered() <= 65_535 + 4 + MAX_HEADER_BLOCK);
    }
    out
}

fn check(request: &Request) {
    let text = request.text();
    assert!(request.path().starts_with(b"/"));
    assert!(request.path().split(|byte| *byte == b'/').all(|part| part != b".." && part != b"."));
    for (header, window) in request.headers().known() {
        assert!(text.get(window).is_some());
        assert!(request.header_text(header).is_some());
    }
    for (name, value) in request.headers().unknown() {
        assert!(text.get(name.clone()).is_some_and(|name| !name.is_empty()));
        assert!(text.get(value.clone()).is_some());
    }
    assert!(text.get(request.absolute_url_window().clone()).is_some_and(|url| !url.is_empty()));
}

fuzz_target!(|data: &[u8]| {
    let Some((&size, data)) = data.split_first() else { return };
    let whole = events(std::iter::once(data));
    assert_eq!(events(data.chunks(usize::from(size).max(1))), whole);
    for event in whole {
        match event {
            Event::Request(raw) => {
                let _ = TunnelRequest::recognize(&raw);
                match Request::parse(raw.text) {
                    Ok(request) => check(&request),
                    Err(error) => assert!(error.status().is_error()),
                }
            }
            Event::Response(raw) => drop(Response::parse(&raw)),
            _ => {}
        }
    }
});
