//! RTCP of any contents: the walk stays inside the compound, and what it finds is bounded by it.
#![no_main]

use dss::rtp::{RtcpItem, RtpHeader, walk_rtcp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (mut items, mut acknowledged) = (0, 0);
    let (packets, _) = walk_rtcp(data, |item| {
        items += 1;
        if let RtcpItem::Ack(ack) = item {
            acknowledged += ack.sequences().count();
        }
    });
    assert!(packets <= data.len() / 4);
    assert!(items <= data.len());
    assert!(acknowledged <= data.len() * 8);
    if let Some((header, payload)) = RtpHeader::parse(data) {
        assert!(payload <= data.len() && header.payload_type < 128);
    }
});
