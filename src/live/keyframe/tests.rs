use proptest::prelude::*;

use super::*;

fn track(name: &str, fmtp: &str) -> TrackInfo {
    TrackInfo {
        track_id: 1,
        kind: TrackKind::Video,
        payload_name: name.to_owned(),
        clock_rate: 90_000,
        payload_type: Some(96),
        fmtp: fmtp.to_owned(),
    }
}

fn look(name: &str, payload: &[u8]) -> Content {
    Codec::of(&track(name, "")).look(payload)
}

#[test]
fn the_name_tells_the_codec_and_static_types_need_none() {
    assert_eq!(Codec::of(&track("h264", "")), Codec::H264);
    assert_eq!(Codec::of(&track("H264/90000", "")), Codec::H264);
    assert_eq!(Codec::of(&track("X-SV3V-ES", "")), Codec::Unknown);
    assert_eq!(Codec::of(&TrackInfo { payload_type: Some(34), ..track("", "") }), Codec::H263);
    assert_eq!(Codec::of(&TrackInfo { kind: TrackKind::Audio, ..track("H264", "") }), Codec::Unknown);
    assert_eq!(Codec::of(&track("H265", "a=1; sprop-max-don-diff=2")), Codec::H265 { numbered: true });
    assert_eq!(Codec::of(&track("H265", "sprop-max-don-diff=0")), Codec::H265 { numbered: false });
}

#[test]
fn h264_slices_of_instantaneous_refresh_are_keys() {
    assert_eq!(look("H264", &[0x65, 0x88]), Content::Key);
    assert_eq!(look("H264", &[0x41, 0x9a]), Content::Picture);
    assert_eq!(look("H264", &[0x67, 0x42]), Content::Lead);
    assert_eq!(look("H264", &[0x09, 0xf0]), Content::Lead);
    assert_eq!(look("H264", &[0x7c, 0x85, 1]), Content::Key, "first fragment");
    assert_eq!(look("H264", &[0x7c, 0x05, 1]), Content::Picture, "a later fragment");
    assert_eq!(look("H264", &[0x5c, 0x81, 1]), Content::Picture);
}

#[test]
fn h264_aggregates_are_as_good_as_their_best_unit() {
    assert_eq!(look("H264", &[0x78, 0, 2, 0x67, 1, 0, 1, 0x68, 0, 2, 0x65, 1]), Content::Key);
    assert_eq!(look("H264", &[0x78, 0, 2, 0x67, 1, 0, 1, 0x68]), Content::Lead);
    assert_eq!(look("H264", &[0x78, 0, 2, 0x41, 1, 0, 1, 0x06]), Content::Picture);
    assert_eq!(look("H264", &[0x79, 0, 9, 0, 2, 0x65, 1]), Content::Key, "STAP-B");
    assert_eq!(look("H264", &[0x7a, 0, 9, 0, 2, 1, 2, 3, 0x65, 1]), Content::Key, "MTAP16");
    assert_eq!(look("H264", &[0x78, 0xff, 0xff, 0x65]), Content::Picture, "a size beyond the end");
}

#[test]
fn h264_recovery_points_are_keys() {
    assert_eq!(look("H264", &[0x06, 0x06, 0x01, 0x84, 0x80]), Content::Key);
    assert_eq!(look("H264", &[0x06, 0x05, 0x02, 1, 2, 0x06, 0x01, 0x84, 0x80]), Content::Key, "second message");
    assert_eq!(look("H264", &[0x06, 0x05, 0x02, 1, 2, 0x80]), Content::Lead);
    assert_eq!(look("H264", &[0x06, 0x05, 0xff, 0xff]), Content::Lead);
}

#[test]
fn h265_random_access_pictures_are_keys() {
    assert_eq!(look("H265", &[0x26, 0x01, 0xaf]), Content::Key, "IDR_W_RADL");
    assert_eq!(look("H265", &[0x2a, 0x01]), Content::Key, "CRA");
    assert_eq!(look("H265", &[0x02, 0x01]), Content::Picture);
    assert_eq!(look("H265", &[0x40, 0x01]), Content::Lead, "VPS");
    assert_eq!(look("H265", &[0x62, 0x01, 0x93]), Content::Key, "first fragment");
    assert_eq!(look("H265", &[0x62, 0x01, 0x13]), Content::Picture);
    assert_eq!(look("H265", &[0x60, 0x01, 0, 2, 0x40, 1, 0, 2, 0x26, 1]), Content::Key);
    let numbered = Codec::H265 { numbered: true };
    assert_eq!(numbered.look(&[0x60, 0x01, 0, 7, 0, 2, 0x40, 1, 1, 0, 2, 0x26, 1]), Content::Key);
}

#[test]
fn mpeg4_intra_planes_are_keys_with_or_without_configuration() {
    assert_eq!(look("MP4V-ES", &[0, 0, 1, 0xb6, 0x10]), Content::Key);
    assert_eq!(look("MP4V-ES", &[0, 0, 1, 0xb6, 0x50]), Content::Picture);
    assert_eq!(look("MP4V-ES", &[0, 0, 1, 0xb0, 1, 0, 0, 1, 0xb5, 9, 0, 0, 1, 0xb6, 0x10]), Content::Key);
    assert_eq!(look("MP4V-ES", &[0, 0, 1, 0xb0, 1, 0, 0, 1, 0xb5, 9]), Content::Lead);
    assert_eq!(look("MP4V-ES", &[9, 0, 0, 1, 0xb6, 0x10]), Content::Picture, "goes on with a picture");
}

#[test]
fn h263_intra_pictures_are_keys_in_both_formats() {
    assert_eq!(look("H263", &[0, 0x40, 0, 0, 0, 0, 0x80, 2]), Content::Key);
    assert_eq!(look("H263", &[0, 0x50, 0, 0, 0, 0, 0x80, 2]), Content::Picture, "inter");
    assert_eq!(look("H263", &[0, 0x40, 0, 0, 1, 2, 3]), Content::Picture, "no start code");
    // P, then 1 00000 TR(8) 10 000 format(3) type(1)
    let picture = |format: u32, kind: u32| (1u32 << 31 | 2 << 16 | format << 10 | kind << 9).to_be_bytes();
    let packet = |bits: [u8; 4]| [&[4u8, 0][..], &bits, &[0; 4]].concat();
    assert_eq!(look("H263-1998", &packet(picture(2, 0))), Content::Key);
    assert_eq!(look("H263-1998", &packet(picture(2, 1))), Content::Picture);
    assert_eq!(look("H263-2000", &packet(picture(7, 0))), Content::Key, "short PLUSPTYPE, type 0");
    assert_eq!(look("H263-2000", &[0, 0, 1, 2, 3, 4]), Content::Picture, "no picture start");
}

#[test]
fn mpeg_vp8_vp9_and_av1_keys_are_seen() {
    assert_eq!(look("MPV", &[0, 0, 0x21, 0, 0, 0, 1, 0xb3]), Content::Key);
    assert_eq!(look("MPV", &[0, 0, 0x02, 0, 0, 0, 1, 0x00]), Content::Picture);
    assert_eq!(look("VP8", &[0x10, 0x50]), Content::Key);
    assert_eq!(look("VP8", &[0x10, 0x51]), Content::Picture);
    assert_eq!(look("VP8", &[0x90, 0x80, 0x81, 2, 0x50]), Content::Key, "with a long picture number");
    assert_eq!(look("VP8", &[0x00, 0x50]), Content::Picture, "goes on");
    assert_eq!(look("VP9", &[0x08]), Content::Key);
    assert_eq!(look("VP9", &[0x48]), Content::Picture);
    assert_eq!(look("AV1", &[0x18, 0x0a]), Content::Key);
    assert_eq!(look("AV1", &[0x10, 0x32]), Content::Picture);
    assert_eq!(look("JPEG", &[0]), Content::Key);
}

proptest! {
    #[test]
    fn no_payload_is_too_strange(name in 0usize..11, payload in prop::collection::vec(any::<u8>(), 0..80)) {
        let names = ["H264", "H265", "MP4V-ES", "H263", "H263-1998", "MPV", "VP8", "VP9", "AV1", "JPEG", "?"];
        look(names[name], &payload);
        Codec::H265 { numbered: true }.look(&payload);
    }
}
