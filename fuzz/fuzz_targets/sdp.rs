//! Session descriptions of broadcasts.

#![no_main]

use dss::live::sdp::{Description, ViewerTerms};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut sdp) = Description::parse(bytes) else { return };
    assert_eq!(Description::parse(&sdp.to_bytes()).as_ref(), Ok(&sdp));
    let ids: Vec<_> = sdp.media().iter().map(|media| media.track_id).collect();
    let terms = ViewerTerms { ipv6: true, three_gpp_adaptation: Some(1), bandwidth_percent: Some(50) };
    let viewer = Description::parse(&sdp.for_viewer(&terms)).expect("what viewers get is a description");
    assert!(viewer.media().iter().map(|media| media.track_id).eq(ids));
    assert!(viewer.media().iter().all(|media| media.port == 0));
    for media in sdp.media() {
        let _ = (media.payload_name(), media.fmtp(), media.control());
        assert!(sdp.track(media.track_id).is_some());
    }
    let _ = (sdp.is_timed(), sdp.is_on_air(1), sdp.is_reflectable(|_| false), sdp.name());
    sdp.complete(|| "o".to_owned(), b"name");
    sdp.sort();
    assert!(Description::parse(&sdp.to_bytes()).is_ok());
});
