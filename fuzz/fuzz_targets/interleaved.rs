//! Frames written and read back, raw and through a tunnel's base64; then the bytes themselves as base64.

#![no_main]

use bytes::BytesMut;
use dss::rtsp::response::put_frame;
use dss::rtsp::tunnel::{Base64Decoder, base64_encode};
use dss::rtsp::{Event, RequestReader};
use libfuzzer_sys::fuzz_target;

fn read_back(reader: &mut RequestReader, frames: &[(u8, &[u8])]) {
    for &(channel, expected) in frames {
        match reader.next_event() {
            Event::Interleaved { channel: found, payload } => {
                assert_eq!((found, payload.as_ref()), (channel, expected));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(reader.next_event(), Event::NeedMore);
}

fuzz_target!(|data: &[u8]| {
    let Some((&size, data)) = data.split_first() else { return };
    let size = usize::from(size).max(1);
    let frames: Vec<(u8, &[u8])> =
        data.chunks(size).filter_map(<[u8]>::split_first).map(|(channel, payload)| (*channel, payload)).collect();
    let mut wire = BytesMut::new();
    for (channel, payload) in &frames {
        assert!(put_frame(&mut wire, *channel, payload));
    }

    let mut reader = RequestReader::new();
    reader.push(&wire);
    read_back(&mut reader, &frames);

    let mut decoder = Base64Decoder::new();
    let mut decoded = BytesMut::new();
    for piece in base64_encode(&wire).as_bytes().chunks(size) {
        decoder.decode(piece, &mut decoded);
    }
    assert_eq!(decoded, wire);

    let mut noise = BytesMut::new();
    Base64Decoder::new().decode(data, &mut noise);
    let (mut split, mut decoder) = (BytesMut::new(), Base64Decoder::new());
    data.chunks(size).for_each(|piece| decoder.decode(piece, &mut split));
    assert_eq!(noise, split);

    let mut reader = RequestReader::new();
    reader.push(data);
    for _ in 0..=data.len() {
        if reader.next_event() == Event::NeedMore {
            break;
        }
    }
});
