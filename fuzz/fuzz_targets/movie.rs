//! A file of any contents: parsed, described, and every track's first blocks built.
#![no_main]

use std::sync::Arc;
use std::time::SystemTime;

use dss::media::{Movie, OpenOptions, SdpParams, thinning_keeps};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let options = OpenOptions { allow_invalid_hint_track_refs: true };
    let Ok(movie) = Movie::from_source(Arc::new(data.to_vec()), SystemTime::UNIX_EPOCH, &options) else { return };
    let params = SdpParams { clamp_bandwidth: true, bandwidth_percent: Some(50), ..SdpParams::default() };
    let sdp = movie.sdp(&params);
    assert!(sdp.starts_with("v=0\r\n") && sdp.ends_with("\r\n"));
    for track in movie.hint_tracks() {
        for time in [i64::MIN, -1, 0, 1_000_000, i64::MAX] {
            if let Some((sample, start)) = track.sync_sample_at_or_before(time) {
                assert!(sample >= 1 && sample <= track.sample_count() && start <= time);
            }
            let _ = (track.sample_at_or_after(time), track.sample_at_or_before(time));
        }
        for block in 0..track.block_count().min(4) {
            let Ok(block) = movie.build_block(track, block) else { break };
            for packet in &block.packets {
                assert_eq!(block.payload(packet).len(), packet.range.len());
                assert!(packet.payload_type < 128 && packet.gop_len > 0);
                let _ = thinning_keeps(3, packet);
            }
        }
    }
});
