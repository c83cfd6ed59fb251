//! What a broadcaster may send: packets of any contents on either flow of any codec's track. The ring stays within its
//! bounds, and a viewer gets nothing but what came.
#![no_main]

use std::sync::Arc;

use bytes::Bytes;
use dss::live::{
    Broadcast, BroadcastOptions, Codec, Compound, JoinOptions, Kind, Received, TrackInfo, TrackKind, ViewerOptions,
};
use dss::rtp::{ManualClock, PacketSource, Peek, ReadContext, SessionWaker};
use libfuzzer_sys::fuzz_target;

const CODECS: [&str; 11] =
    ["H264", "H265", "MP4V-ES", "H263", "H263-1998", "MPV", "VP8", "VP9", "AV1", "JPEG", "X-UNKNOWN"];

fuzz_target!(|data: &[u8]| {
    let Some((&[codec, flags], mut rest)) = data.split_first_chunk::<2>() else {
        return;
    };
    let track = TrackInfo {
        track_id: 1,
        kind: TrackKind::Video,
        payload_name: CODECS[usize::from(codec) % CODECS.len()].to_owned(),
        clock_rate: 90_000,
        payload_type: Some(96),
        fmtp: if flags & 1 != 0 { "sprop-max-don-diff=1".to_owned() } else { String::new() },
    };
    Codec::of(&track).look(rest);
    let _ = Compound::read(rest);
    let options = BroadcastOptions {
        buffer_packets: 64,
        buffer_bytes: 64 << 10,
        use_arrival_trailer: flags & 2 != 0,
        one_ssrc: flags & 4 != 0,
        reorder_us: if flags & 8 != 0 { 20_000 } else { 0 },
        ..BroadcastOptions::default()
    };
    let clock = Arc::new(ManualClock::new(1_000_000, 0));
    let broadcast = Broadcast::new("fuzz", vec![track], options, Arc::clone(&clock) as _);
    let from = Some(([127, 0, 0, 1], 5000).into());
    let mut source = None;
    let mut taken = Vec::new();
    let mut now_us = 1_000_000;
    // Each packet: how much later it comes, its length, itself.
    while let Some((&[gap, len], after)) = rest.split_first_chunk::<2>() {
        let (packet, next) = after.split_at(usize::from(len).min(after.len()));
        rest = next;
        now_us += i64::from(gap) * 10_000;
        clock.set_us(now_us);
        let kind = if gap & 1 == 0 { Kind::Rtp } else { Kind::Rtcp };
        let received = broadcast.receive(1, kind, Bytes::copy_from_slice(packet), from, now_us);
        if received == Received::Taken {
            taken.push(packet);
        }
        let (packets, bytes) = broadcast.buffered();
        assert!(packets <= 64 + 16 && bytes <= (64 << 10) + (32 << 10) + 512);
        let source = source.get_or_insert_with(|| {
            let join = broadcast.join(&JoinOptions { overbuffer: flags & 16 != 0, ..JoinOptions::default() });
            broadcast.viewer(1, ViewerOptions { join }).expect("the track")
        });
        let waker = SessionWaker::detached();
        let context = ReadContext { now_us, quality: 0, skip_repeats: false, waker: &waker };
        for _ in 0..4 {
            let Peek::Packet(_) = source.peek(&context) else { break };
            let (bytes, range) = source.payload().expect("a packet has bytes");
            assert!(taken.iter().any(|taken| taken.starts_with(&bytes[range.clone()])));
            source.advance();
        }
        broadcast.report(1, now_us);
    }
});
