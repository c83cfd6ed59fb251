//! One packet to many sessions: a header for each, one payload for all; with and without the kernel's part.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput};
use dss::rtp::{
    Clock, Gather, NoObserver, Offload, PoolConfig, PortPool, RTP_HEADER_LEN, RtpHeader, SystemClock, UdpBatch,
    WorkerCounters, patch_header,
};

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PAYLOAD: usize = 554;
const SESSIONS: [usize; 4] = [1, 10, 100, 1000];
const RECEIVERS: usize = 64;

/// What is a session's own in a packet.
#[derive(Clone, Copy)]
struct Viewer {
    ssrc: u32,
    sequence: u16,
    base: u32,
    to: SocketAddr,
}

impl Viewer {
    fn head(&mut self, rtp_time: u32) -> [u8; RTP_HEADER_LEN] {
        self.sequence = self.sequence.wrapping_add(1);
        let timestamp = self.base.wrapping_add(rtp_time);
        RtpHeader { marker: true, payload_type: 96, sequence: self.sequence, timestamp, ssrc: self.ssrc }.to_bytes()
    }
}

fn viewers(count: usize, to: &[SocketAddr]) -> Vec<Viewer> {
    let viewer = |number: usize| Viewer {
        ssrc: number as u32 * 7919,
        sequence: number as u16,
        base: number as u32 * 104_729,
        to: to[number % to.len()],
    };
    (0..count).map(viewer).collect()
}

pub fn all(criterion: &mut Criterion) {
    let payload = Bytes::from(vec![7; PAYLOAD]);
    let mut group = criterion.benchmark_group("fan out");
    for count in SESSIONS {
        group.throughput(Throughput::Elements(count as u64));
        let mut viewers = viewers(count, &[SocketAddr::new(LOCAL, 9)]);
        group.bench_function(BenchmarkId::new("gather", count), |bench| {
            let mut gather = Gather::default();
            bench.iter(|| {
                for viewer in &mut viewers {
                    gather.push(&viewer.head(4500), Some((&payload, 0..PAYLOAD)));
                }
                let bytes = gather.bytes();
                gather.clear();
                bytes
            });
        });
        // What it would cost to give each a whole packet of its own.
        let mut packets: Vec<_> = (0..count).map(|_| vec![7; RTP_HEADER_LEN + PAYLOAD]).collect();
        group.bench_function(BenchmarkId::new("patch in place", count), |bench| {
            bench.iter(|| {
                for (packet, viewer) in packets.iter_mut().zip(&mut viewers) {
                    viewer.sequence = viewer.sequence.wrapping_add(1);
                    patch_header(packet, viewer.sequence, viewer.base.wrapping_add(4500), viewer.ssrc);
                }
            });
        });
    }
    group.finish();
    loopback(criterion, &payload);
}

/// The same through `sendmmsg` to sockets that nobody reads.
fn loopback(criterion: &mut Criterion, payload: &Bytes) {
    let receivers: Vec<_> = (0..RECEIVERS).map(|_| UdpSocket::bind((LOCAL, 0)).expect("a socket")).collect();
    let to: Vec<_> = receivers.iter().map(|socket| socket.local_addr().expect("its address")).collect();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let pool =
        PortPool::new(PoolConfig { first_port: 30_000, ..PoolConfig::default() }, None, clock, Arc::new(NoObserver));
    let lease = pool.allocate(LOCAL, SocketAddr::new(LOCAL, 9)).expect("ports");
    let counters = Arc::new(WorkerCounters::default());
    let mut group = criterion.benchmark_group("fan out to loopback");
    // Packets for each session: segmentation offload has something to do from the second on.
    for (per_session, name) in [(1, "1 packet each"), (4, "4 packets each")] {
        for count in SESSIONS {
            group.throughput(Throughput::Elements((count * per_session) as u64));
            let mut viewers = viewers(count, &to);
            let mut batch = UdpBatch::new(Offload::detect(), Arc::clone(&counters));
            group.bench_function(BenchmarkId::new(name, count), |bench| {
                bench.iter(|| {
                    for viewer in &mut viewers {
                        for _ in 0..per_session {
                            let head = viewer.head(4500);
                            batch.push(lease.pair(), false, viewer.to, &head, Some((payload, 0..PAYLOAD)));
                        }
                    }
                    batch.flush();
                });
            });
        }
    }
    group.finish();
    assert_eq!(counters.lost_datagrams.load(Ordering::Relaxed), 0, "datagrams that the kernel refused");
}
