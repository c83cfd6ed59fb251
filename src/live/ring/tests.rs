use proptest::prelude::*;

use super::*;

const LIMITS: Limits = Limits { age_us: 15_000, bytes: 200_000, packets: 300 };

fn packet(number: u64, arrival_us: i64, len: usize) -> LivePacket {
    let mut bytes = number.to_be_bytes().to_vec();
    bytes.resize(len.max(8), 0);
    LivePacket {
        bytes: bytes.into(),
        kind: Kind::Rtp,
        arrival_us,
        sequence: number as u16,
        rtp_time: 0,
        marker: false,
        payload_type: 96,
        frame: number as u32 / 3,
        sync: AtomicBool::new(false),
    }
}

fn number_of(packet: &LivePacket) -> u64 {
    packet.bytes.first_chunk().map_or(u64::MAX, |number| u64::from_be_bytes(*number))
}

/// All that a reader finds from its place on, and how it ends.
fn read(cursor: &mut Cursor) -> (Vec<u64>, bool) {
    let mut numbers = Vec::new();
    loop {
        match cursor.look() {
            Look::Packet(packet) => numbers.push(number_of(packet)),
            Look::Nothing => return (numbers, false),
            Look::Gone => return (numbers, true),
        }
        cursor.advance();
    }
}

fn filled(count: u64, gap_us: i64) -> Ring {
    let mut ring = Ring::new(LIMITS);
    for number in 0..count {
        let now_us = number as i64 * gap_us;
        ring.push(packet(number, now_us, 100), now_us);
    }
    ring
}

#[test]
fn a_reader_that_stands_still_keeps_nothing_but_its_segment() {
    let mut ring = Ring::new(LIMITS);
    ring.push(packet(0, 0, 100), 0);
    let cursor = Cursor::at(&ring.since(0)).expect("there");
    let places: Vec<Place> = (1..1000)
        .map(|number| ring.push(packet(number, 20_000 * number as i64, 100), 20_000 * number as i64))
        .collect();
    let alive = places.iter().filter(|place| Cursor::at(place).is_some()).count();
    assert!(alive <= 3 * SEGMENT_PACKETS, "{alive} packets are alive");
    let mut cursor = cursor;
    let (numbers, gone) = read(&mut cursor);
    assert_eq!(numbers, (0..SEGMENT_PACKETS as u64).collect::<Vec<_>>());
    assert!(gone);
    assert_eq!(cursor.number(), SEGMENT_PACKETS as u64, "what it missed can be counted");
}

#[test]
fn newest_is_the_first_packet_of_the_newest_frame() {
    let ring = filled(101, 10); // frames of three, of the last one two
    assert_eq!(ring.newest(i64::MAX).number, 99);
    assert_eq!(ring.newest(985).number, 96, "what has come by then");
    assert_eq!(ring.newest(-1).number, ring.end().number);
    assert_eq!(Ring::new(LIMITS).newest(0).number, 0);
}

#[test]
fn since_finds_the_first_packet_of_a_time() {
    let ring = filled(100, 10);
    assert_eq!(ring.since(500).number, 50);
    assert_eq!(ring.since(501).number, 51);
    assert_eq!(ring.since(-5).number, 0);
    assert_eq!(ring.since(10_000).number, 100);
}

#[test]
fn keys_go_with_their_packets_and_with_their_source() {
    let mut ring = Ring::new(LIMITS);
    for number in 0..1000 {
        let now_us = number as i64 * 100;
        let place = ring.push(packet(number, now_us, 100), now_us);
        if number % 100 == 0 {
            ring.mark_key(place.clone());
            ring.mark_key(place);
        }
    }
    let keys: Vec<u64> = ring.keys(0, i64::MAX).map(|key| key.number).collect();
    assert_eq!(keys, [900], "the ring keeps 150 packets");
    let cursor = Cursor::at(&ring.since(90_000)).expect("there");
    assert!(cursor.packet().is_some_and(LivePacket::is_sync));
    ring.begin_source();
    assert_eq!(ring.keys(0, i64::MAX).count(), 0);
    assert_eq!(ring.since(0).number, 1000, "viewers start with the new source");
    ring.push(packet(1000, 100_000, 100), 100_000);
    assert_eq!((ring.newest(i64::MAX).number, ring.since(0).number), (1000, 1000));
}

#[test]
fn readers_on_other_threads_see_every_packet_in_order() {
    let mut ring = Ring::new(Limits { age_us: i64::MAX, bytes: usize::MAX, packets: usize::MAX });
    let start = ring.end();
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let mut cursor = Cursor::at(&start).expect("there");
            std::thread::spawn(move || {
                let mut next = 0;
                while next < 20_000 {
                    match cursor.look() {
                        Look::Packet(packet) => {
                            assert_eq!(number_of(packet), next);
                            next += 1;
                            cursor.advance();
                        }
                        Look::Nothing => std::thread::yield_now(),
                        Look::Gone => panic!("gone at {next}"),
                    }
                }
            })
        })
        .collect();
    for number in 0..20_000 {
        ring.push(packet(number, 0, 8), 0);
    }
    readers.into_iter().for_each(|reader| reader.join().expect("a reader"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn readers_get_each_packet_once_in_order_and_the_ring_stays_within_bounds(
        steps in prop::collection::vec((0i64..3000, 8usize..40_000, any::<bool>(), 0usize..3), 1..400)
    ) {
        let mut ring = Ring::new(LIMITS);
        let mut readers: Vec<Cursor> = (0..3).filter_map(|_| Cursor::at(&ring.end())).collect();
        let mut next = [0u64; 3];
        let (mut now_us, mut largest) = (0, 0);
        for (number, (gap_us, len, key, reader)) in (0u64..).zip(steps) {
            now_us += gap_us;
            largest = largest.max(len);
            let place = ring.push(packet(number, now_us, len), now_us);
            prop_assert_eq!(place.number, number);
            if key {
                ring.mark_key(place);
            }
            // Whole segments go; the open one and the one that breaks a bound stay.
            prop_assert!(ring.bytes() <= LIMITS.bytes + SEGMENT_BYTES + 2 * largest);
            prop_assert!(ring.len() <= LIMITS.packets + SEGMENT_PACKETS);
            if let Some(oldest) = ring.packets().nth(2 * SEGMENT_PACKETS) {
                prop_assert!(oldest.2.arrival_us >= now_us - LIMITS.age_us);
            }
            for key in ring.keys(i64::MIN, i64::MAX) {
                prop_assert!(Cursor::at(key).is_some_and(|at| at.packet().is_some_and(LivePacket::is_sync)));
            }
            if number % 7 == 0 {
                let (numbers, gone) = read(&mut readers[reader]);
                for read in numbers {
                    prop_assert!(read == next[reader], "{} instead of {}", read, next[reader]);
                    next[reader] = read + 1;
                }
                if gone {
                    let place = ring.newest(now_us);
                    prop_assert!(place.number >= next[reader]);
                    next[reader] = place.number;
                    readers[reader] = Cursor::at(&place).expect("just asked for");
                }
            }
        }
    }
}
