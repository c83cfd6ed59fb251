//! What the pieces of a request's and of a packet's way cost, one at a time.
//!
//!     cargo bench --bench pieces [-- FILTER]
//!
//! Without arguments for measuring (`cargo test --benches`) each piece runs once.
#![allow(clippy::print_stderr, missing_docs)]

mod dispatch;
mod fan_out;
mod packetise;
mod parse;

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};

/// Short measurements: pieces are small, and what a busy machine adds comes in spells that longer ones only average in.
fn quick() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(50)
}

criterion_group! {
    name = pieces;
    config = quick();
    targets = parse::all, packetise::all, dispatch::all, fan_out::all
}
criterion_main!(pieces);
