//! From the hint samples of a movie to a block of packets.

use std::path::Path;
use std::sync::Arc;

use criterion::{Criterion, Throughput};
use dss::media::{Movie, OpenOptions, PacketCache, TrackKind};

pub fn all(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("packetise");
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    for name in ["sample_300kbit.mp4", "sample_h264_300kbit.mp4"] {
        let path = samples.join(name);
        group.bench_function(format!("open/{name}"), |bench| {
            bench.iter(|| Movie::open(&path, &OpenOptions::default()).expect("the sample"));
        });
        let movie = Arc::new(Movie::open(&path, &OpenOptions::default()).expect("the sample"));
        for track in movie.hint_tracks() {
            let kind = if track.kind() == TrackKind::Video { "video" } else { "audio" };
            let packets = movie.build_block(track, 0).expect("a block").packets.len() as u64;
            group.throughput(Throughput::Elements(packets));
            group.bench_function(format!("build block/{name} {kind}, {packets} packets"), |bench| {
                bench.iter(|| movie.build_block(track, 0).expect("a block"));
            });
        }
        let cache = PacketCache::new(16 << 20);
        if let Some(track) = movie.hint_tracks().first() {
            cache.get_or_build(&movie, track, 0).expect("a block");
            group.throughput(Throughput::Elements(1));
            group.bench_function(format!("block from the cache/{name}"), |bench| {
                bench.iter(|| cache.get(&movie, track, 0).expect("it is there"));
            });
        }
    }
    group.finish();
}
