//! Sessions in virtual time: what leaves when, in which order, with which numbers.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::test_bench::*;
use super::worker::Command;
use super::*;

const GAP: i64 = 40_000;

fn word(sent: &Sent, at: usize) -> u32 {
    u32::from_be_bytes(sent.bytes[at..at + 4].try_into().expect("four bytes"))
}

fn assert_gap_free(packets: &[Sent]) {
    for pair in packets.windows(2) {
        assert_eq!(pair[1].header().sequence, pair[0].header().sequence.wrapping_add(1));
    }
}

#[test]
fn udp_packets_leave_up_to_50_ms_early_and_never_late() {
    let mut bench = Bench::new();
    let (video, audio) = (bench.udp_stream(5000, true), bench.udp_stream(5002, false));
    let streams =
        vec![play_stream(&video, list(500, 2, GAP, 25, 600)), play_stream(&audio, list(400, 1, 23_000, 1, 200))];
    bench.play(request(1, streams));
    bench.run_for(8 * SECOND);
    for (port, per_frame, gap) in [(5000, 2, GAP), (5002, 1, 23_000)] {
        let packets = bench.rtp(port);
        assert!(packets.len() > 340, "{}", packets.len());
        assert_gap_free(&packets);
        for sent in &packets {
            let due = START + (sent.number() / per_frame) as i64 * gap;
            assert!((0..=52_000).contains(&(due - sent.at_us)), "due {due}, sent {}", sent.at_us);
        }
    }
    assert_eq!(bench.counters.lateness_us.snapshot().quantile(1.0), 0);
}

#[test]
fn the_first_packet_carries_the_numbers_that_rtp_info_told() {
    let mut bench = Bench::new();
    let stream = bench.udp_stream(5000, true);
    let (sequence, base) = (stream.next_sequence(), stream.timestamp_base());
    bench.play(request(1, vec![play_stream(&stream, list(10, 1, GAP, 1, 100))]));
    let first = bench.rtp(5000)[0].header();
    assert_eq!((first.sequence, first.timestamp, first.ssrc), (sequence, base, stream.ssrc()));
}

#[test]
fn a_report_follows_the_first_packet_and_then_each_seven_seconds() {
    let mut bench = Bench::new();
    let stream = bench.udp_stream(5000, true);
    bench.play(request(1, vec![play_stream(&stream, list(600, 1, GAP, 25, 100))]));
    bench.run_for(20 * SECOND);
    let reports = bench.rtcp(5001);
    let times: Vec<_> = reports.iter().map(|sent| (sent.at_us - START) / 100_000).collect();
    assert_eq!(times, [0, 70, 140]);
    assert_eq!(reports[0].bytes.len(), 84);
    assert!(bench.sent()[0].at_us == START && !bench.sent()[0].is_rtcp, "the packet comes first");
}

#[tokio::test]
async fn reports_tie_the_timestamp_to_the_clock_even_when_far_ahead() {
    let mut bench = Bench::new();
    let (conn, _client) = connection().await;
    let stream = tcp_stream(&conn, 0, true);
    let mut play = request(1, vec![play_stream(&stream, list(3000, 1, GAP, 25, 100))]);
    play.overbuffer = true;
    bench.play(play);
    bench.run_for(30 * SECOND);
    let lead = bench.rtp(0).last().map(|sent| sent.number() as i64 * GAP - (sent.at_us - START)).unwrap_or(0);
    assert!(lead > 20 * SECOND, "it is ahead by {lead}");
    let reports = bench.rtcp(1);
    assert!(reports.len() >= 4);
    for report in &reports {
        let ntp = (u64::from(word(report, 8)) << 32) | u64::from(word(report, 12));
        assert_eq!(ntp, ntp_from_unix_us(WALL_AT_ZERO + report.at_us));
        let media_us = report.at_us - START;
        let expected = stream.timestamp_base().wrapping_add((media_us * 9 / 100) as u32);
        let off = word(report, 16).wrapping_sub(expected) as i32;
        assert!(off.abs() < 90, "{off} ticks at {media_us}");
    }
}

#[test]
fn reports_count_packets_and_payload_bytes_since_setup() {
    let mut bench = Bench::new();
    let stream = bench.udp_stream(5000, true);
    bench.play(request(1, vec![play_stream(&stream, list(600, 1, GAP, 25, 100))]));
    bench.run_for(8 * SECOND);
    let report = bench.rtcp(5001).pop().expect("a report");
    let before = bench.sent().iter().filter(|sent| !sent.is_rtcp && sent.at_us < report.at_us).count() as u32;
    let counted = word(&report, 20);
    assert!(counted > before && counted <= before + 3, "{counted} of {before}");
    assert_eq!(word(&report, 24), counted * 100);
}

#[test]
fn the_end_of_media_says_bye_on_every_stream_within_two_seconds() {
    let mut bench = Bench::new();
    let (video, audio) = (bench.udp_stream(5000, true), bench.udp_stream(5002, false));
    let streams = vec![play_stream(&video, list(50, 1, GAP, 25, 100)), play_stream(&audio, list(20, 1, GAP, 1, 100))];
    bench.play(request(1, streams));
    bench.run_for(10 * SECOND);
    let last = bench.rtp(5000).last().map(|sent| sent.at_us).unwrap_or(0);
    for port in [5001, 5003] {
        let reports = bench.rtcp(port);
        let bye = reports.last().expect("a report");
        assert!(bye.ends_with_bye() && bye.bytes.len() == 92);
        assert!((0..2 * SECOND).contains(&(bye.at_us - last)));
        assert_eq!(reports.iter().filter(|sent| sent.ends_with_bye()).count(), 1);
    }
    assert_eq!(bench.events(), [SessionEvent::EndOfMedia { key: 1, play: 0 }]);
}

#[test]
fn a_play_after_the_end_goes_on_with_the_next_sequence_number() {
    let mut bench = Bench::new();
    let stream = bench.udp_stream(5000, true);
    bench.play(request(1, vec![play_stream(&stream, list(5, 1, GAP, 25, 100))]));
    bench.run_for(2 * SECOND);
    bench.play(request(1, vec![play_stream(&stream, list(5, 1, GAP, 25, 100))]));
    bench.run_for(2 * SECOND);
    let packets = bench.rtp(5000);
    assert_eq!(packets.len(), 10);
    assert_gap_free(&packets);
    assert!(packets.iter().all(|sent| sent.header().ssrc == stream.ssrc()));
    assert_eq!(bench.events().len(), 2);
}

#[test]
fn a_stop_point_pauses_and_the_next_play_goes_on_exactly_there() {
    let mut bench = Bench::new();
    let stream = bench.udp_stream(5000, true);
    let mut play = request(1, vec![play_stream(&stream, list(200, 2, GAP, 25, 100))]);
    play.stop_us = Some(2 * SECOND);
    bench.play(play);
    bench.run_for(5 * SECOND);
    let events = bench.events();
    let [SessionEvent::Stopped { key: 1, position, .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(position.media_us, 2 * SECOND);
    assert_eq!(bench.rtp(5000).len(), 100);
    assert!(bench.rtcp(5001).iter().all(|sent| !sent.ends_with_bye()));

    let next = position.next[0];
    bench.sent().clear();
    let mut play = request(1, Vec::new());
    play.media_start_us = position.media_us;
    bench.play(play);
    bench.run_for(SECOND);
    let packets = bench.rtp(5000);
    assert_eq!(packets[0].number(), 100);
    assert_eq!(packets[0].header().sequence, next.sequence);
    assert_eq!(packets[0].header().timestamp, stream.timestamp_base().wrapping_add(next.rtp_time));
    assert_gap_free(&packets);
}

#[test]
fn after_pause_nothing_leaves_and_play_resumes_without_a_gap() {
    let mut bench = Bench::new();
    let (video, audio) = (bench.udp_stream(5000, true), bench.udp_stream(5002, false));
    let streams = vec![play_stream(&video, list(500, 1, GAP, 25, 100)), play_stream(&audio, list(500, 1, GAP, 1, 100))];
    bench.play(request(1, streams));
    bench.run_for(SECOND);
    let position = bench.pause(1).expect("a session");
    let before = bench.sent().len();
    bench.run_for(5 * SECOND);
    assert_eq!(bench.sent().len(), before);
    assert!((0..=60_000).contains(&(position.media_us - SECOND)), "{position:?}");
    assert_eq!(position.next.len(), 2);

    let mut play = request(1, Vec::new());
    play.media_start_us = position.media_us;
    bench.play(play);
    bench.run_for(SECOND);
    for port in [5000, 5002] {
        let packets = bench.rtp(port);
        assert_gap_free(&packets);
        assert!(packets.windows(2).all(|pair| pair[1].number() == pair[0].number() + 1));
    }
}

#[test]
fn a_pause_moves_the_timestamps_once() {
    let bench = Bench::new();
    let stream = bench.udp_stream(5000, true);
    let base = stream.timestamp_base();
    stream.add_pause(5 * SECOND);
    assert_eq!(stream.timestamp_base(), base.wrapping_add(450_000));
    stream.add_pause(-3);
    assert_eq!(stream.timestamp_base(), base.wrapping_add(450_000));
}

#[test]
fn a_start_delay_holds_back_the_first_packet() {
    let mut bench = Bench::new();
    let stream = bench.udp_stream(5000, true);
    let mut play = request(1, vec![play_stream(&stream, list(50, 1, GAP, 25, 100))]);
    play.start_delay_us = 500_000;
    bench.play(play);
    bench.run_for(SECOND);
    let first = bench.rtp(5000)[0].at_us - START;
    assert!((440_000..=500_000).contains(&first), "{first}");
}

#[test]
fn packets_before_the_start_leave_at_once() {
    let mut bench = Bench::new();
    let stream = bench.udp_stream(5000, true);
    let mut play = request(1, vec![play_stream(&stream, list(50, 1, GAP, 25, 100))]);
    play.media_start_us = SECOND;
    bench.play(play);
    assert!(bench.rtp(5000).len() >= 25);
}

#[tokio::test]
async fn one_udp_stream_switches_overbuffering_off_for_all() {
    let mut bench = Bench::new();
    let (conn, _client) = connection().await;
    let (video, audio) = (tcp_stream(&conn, 0, true), bench.udp_stream(5002, false));
    let streams = vec![play_stream(&video, list(500, 1, GAP, 25, 100)), play_stream(&audio, list(500, 1, GAP, 1, 100))];
    let mut play = request(1, streams);
    play.overbuffer = true;
    bench.play(play);
    bench.run_for(5 * SECOND);
    assert!(bench.rtp(0).iter().all(|sent| START + sent.number() as i64 * GAP - sent.at_us <= 52_000));
    assert!(bench.rtp(0).len() > 120);
    assert!(bench.rtp(5002).len() > 120);
}

#[tokio::test]
async fn frames_of_all_streams_leave_in_the_order_they_are_due() {
    let mut bench = Bench::new();
    let (conn, _client) = connection().await;
    let (video, audio) = (tcp_stream(&conn, 0, true), tcp_stream(&conn, 2, false));
    let streams =
        vec![play_stream(&video, list(100, 1, GAP, 25, 100)), play_stream(&audio, list(200, 1, GAP / 2, 1, 100))];
    bench.play(request(1, streams));
    bench.run_for(3 * SECOND);
    let due = |sent: &Sent| sent.number() as i64 * if sent.to == 0 { GAP } else { GAP / 2 };
    let frames: Vec<_> = bench.sent().iter().filter(|sent| !sent.is_rtcp).map(due).collect();
    assert!(frames.len() > 200);
    assert!(frames.windows(2).all(|pair| pair[0] <= pair[1]));
}

/// 300 kbit/s: video of 25 frames/s in 3 packets of 430 bytes, audio of 50 packets/s of 100 bytes.
async fn slow_reader(share: f64) -> Bench {
    let mut bench = Bench::new();
    let (conn, _client) = connection().await;
    let (video, audio) = (tcp_stream(&conn, 0, true), tcp_stream(&conn, 2, false));
    let streams =
        vec![play_stream(&video, list(4500, 3, GAP, 50, 430)), play_stream(&audio, list(3000, 1, 20_000, 1, 100))];
    bench.worker.sink().link = Some(Link { bytes_per_second: (share * 40_000.0) as i64, buffer: 16_384 });
    let mut play = request(1, streams);
    play.overbuffer = true;
    bench.play(play);
    bench.run_for(60 * SECOND);
    bench
}

#[tokio::test]
async fn a_slow_tcp_reader_misses_whole_frames_only_and_keeps_its_audio() {
    let mut bench = slow_reader(0.4).await;
    let audio = bench.rtp(2);
    assert_gap_free(&audio);
    assert!(audio.windows(2).all(|pair| pair[1].number() == pair[0].number() + 1), "audio is complete");
    assert!(audio.len() > 2850, "{}", audio.len());

    let video = bench.rtp(0);
    assert_gap_free(&video);
    // The last frame may still be under way.
    let whole = video.len() / 3 * 3;
    let frames: Vec<_> = video[..whole].iter().map(|sent| (sent.number() / 3, sent.number() % 3)).collect();
    for frame in frames.chunks(3) {
        let number = frame[0].0;
        assert_eq!(frame, [(number, 0), (number, 1), (number, 2)], "frame {number} is torn");
    }
    let missing = 1500 - frames.len() / 3;
    assert!((300..1490).contains(&missing), "{missing} frames are missing");
    // What follows a gap can be decoded.
    for pair in frames.chunks(3).collect::<Vec<_>>().windows(2) {
        let (before, after) = (pair[0][0].0, pair[1][0].0);
        assert!(after == before + 1 || after % 50 == 0, "frame {after} follows {before}");
    }
    for sent in video {
        let late = sent.at_us - START - (sent.number() / 3) as i64 * GAP;
        assert!(late < 2_500_000, "frame {} is {late} us late", sent.number() / 3);
    }
}

#[tokio::test]
async fn a_fast_tcp_reader_gets_everything() {
    let mut bench = slow_reader(3.0).await;
    let video = bench.rtp(0);
    assert!(video.windows(2).all(|pair| pair[1].number() == pair[0].number() + 1));
    assert_eq!(video.len(), 4500);
    assert_eq!(bench.counters.stale_packets.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_connection_that_takes_nothing_for_20_s_is_given_up() {
    let mut bench = Bench::new();
    let (conn, _client) = connection().await;
    let stream = tcp_stream(&conn, 0, true);
    bench.worker.sink().link = Some(Link { bytes_per_second: 0, buffer: 5_000 });
    bench.play(request(1, vec![play_stream(&stream, list(3000, 1, GAP, 25, 500))]));
    bench.run_for(15 * SECOND);
    assert_eq!(bench.events(), []);
    bench.run_for(10 * SECOND);
    assert_eq!(bench.events(), [SessionEvent::ConnectionLost { key: 1, stuck: true }]);
    assert!(bench.worker.sink().watched > 0);
    let sent = bench.sent().len();
    bench.run_for(10 * SECOND);
    assert_eq!(bench.sent().len(), sent);
}

#[tokio::test]
async fn a_closed_connection_ends_the_session() {
    let mut bench = Bench::new();
    let (conn, _client) = connection().await;
    let stream = tcp_stream(&conn, 0, true);
    bench.play(request(1, vec![play_stream(&stream, list(300, 1, GAP, 25, 500))]));
    bench.run_for(SECOND);
    conn.close();
    bench.run_for(SECOND);
    assert_eq!(bench.events(), [SessionEvent::ConnectionLost { key: 1, stuck: false }]);
}

#[test]
fn a_source_that_fails_ends_the_session_with_bye_and_a_reason() {
    let mut bench = Bench::new();
    let stream = bench.udp_stream(5000, true);
    let source = list(20, 1, GAP, 25, 100).at_end(AtEnd::Fail);
    bench.play(request(1, vec![play_stream(&stream, source)]));
    bench.run_for(3 * SECOND);
    let reason = "the disk is gone".to_owned();
    assert_eq!(bench.events(), [SessionEvent::SourceFailed { key: 1, track_id: 3, reason }]);
    assert!(bench.rtcp(5001).last().is_some_and(Sent::ends_with_bye));
}

#[test]
fn a_panic_ends_its_own_session_only() {
    let mut bench = Bench::new();
    let (bad, good) = (bench.udp_stream(5000, true), bench.udp_stream(5002, true));
    bench.play(request(1, vec![play_stream(&bad, list(20, 1, GAP, 25, 100).at_end(AtEnd::Panic))]));
    bench.play(request(2, vec![play_stream(&good, list(100, 1, GAP, 25, 100))]));
    bench.run_for(2 * SECOND);
    assert_eq!(bench.events(), [SessionEvent::Panicked { key: 1 }]);
    assert!(bench.rtp(5002).len() > 49);
    assert_eq!(bench.counters.sessions.load(Ordering::Relaxed), 1);
    assert_eq!(bench.counters.playing.load(Ordering::Relaxed), 1);
}

#[test]
fn a_source_that_waits_for_data_goes_on_when_it_calls() {
    let mut bench = Bench::new();
    let stream = bench.udp_stream(5000, true);
    let source = list(10, 1, GAP, 25, 100).at_end(AtEnd::Pend);
    let waker = source.waker();
    bench.play(request(1, vec![play_stream(&stream, source)]));
    bench.run_for(380_000);
    assert_eq!(bench.events(), []);
    waker.lock().take().expect("asked to be woken").wake();
    bench.run_for(10_000);
    assert_eq!(bench.events(), [SessionEvent::EndOfMedia { key: 1, play: 0 }]);
}

#[tokio::test]
async fn a_repeat_packet_has_the_number_of_its_original_and_is_not_sent_on_tcp() {
    let mut bench = Bench::new();
    let (conn, _client) = connection().await;
    let (udp, tcp) = (bench.udp_stream(5000, true), tcp_stream(&conn, 0, true));
    let source = || {
        let repeat = |head: &mut PacketHead| {
            head.repeat = true;
            head.source_sequence = 2;
        };
        list(10, 1, GAP, 1, 100).edit(5, repeat)
    };
    bench.play(request(1, vec![play_stream(&udp, source())]));
    bench.play(request(2, vec![play_stream(&tcp, source())]));
    bench.run_for(SECOND);
    let packets = bench.rtp(5000);
    assert_eq!(packets[5].header().sequence, packets[2].header().sequence);
    assert_eq!(packets[6].header().sequence, packets[4].header().sequence.wrapping_add(1));
    assert_eq!(packets.len(), 10);
    assert_eq!(bench.rtp(0).len(), 9);
    assert_gap_free(&bench.rtp(0));
}

#[test]
fn teardown_says_bye_where_asked_and_frees_the_ports() {
    let mut bench = Bench::new();
    for (key, port, send_bye) in [(1, 5000, true), (2, 5002, false)] {
        let stream = bench.udp_stream(port, true);
        bench.play(request(key, vec![play_stream(&stream, list(50, 1, GAP, 25, 100))]));
        let (reply, mut done) = tokio::sync::oneshot::channel();
        bench.order(Command::Teardown { key, send_bye, reply });
        assert_eq!(done.try_recv(), Ok(()));
        assert_eq!(bench.rtcp(port + 1).iter().any(Sent::ends_with_bye), send_bye);
        assert_eq!(Arc::strong_count(&stream), 1);
    }
    assert_eq!(bench.pause(1), None);
}

#[test]
fn many_sessions_share_a_flush() {
    let mut bench = Bench::new();
    for key in 0..200u16 {
        let stream = bench.udp_stream(10_000 + key * 2, true);
        let streams = vec![play_stream(&stream, list(100, 1, GAP, 25, 100))];
        bench.inbox.push(Command::Play(Box::new(request(key.into(), streams))));
    }
    bench.run_for(3 * SECOND);
    let flushes = bench.worker.sink().flushes.clone();
    let datagrams: usize = flushes.iter().sum();
    assert!(datagrams / flushes.len() >= 200, "{datagrams} datagrams in {} flushes", flushes.len());
}

#[test]
fn a_late_learned_address_is_used_from_the_next_packet_on() {
    let mut bench = Bench::new();
    let stream = bench.udp_stream(5000, true);
    bench.play(request(1, vec![play_stream(&stream, list(100, 1, GAP, 25, 100))]));
    bench.run_for(SECOND);
    let Transport::Udp(udp) = stream.transport() else { panic!("not udp") };
    assert!(udp.learn(false, "127.0.0.1:6000".parse().expect("address")));
    bench.run_for(SECOND);
    assert!(bench.rtp(6000).len() > 20);
    let all: Vec<_> = bench.sent().iter().filter(|sent| !sent.is_rtcp).cloned().collect();
    assert_gap_free(&all);
}

#[test]
fn whole_packets_of_a_live_source_are_sent_as_they_are() {
    let mut bench = Bench::new();
    let stream = bench.udp_stream(5000, true);
    let source = list(2, 1, GAP, 1, 100)
        .edit(0, |head| head.kind = PacketKind::Rtp)
        .edit(1, |head| head.kind = PacketKind::Rtcp);
    let mut play = play_stream(&stream, source);
    play.send_reports = false;
    bench.play(request(1, vec![play]));
    bench.run_for(SECOND);
    let sent: Vec<_> = bench.sent().iter().map(|sent| (sent.to, sent.bytes.len())).collect();
    assert_eq!(sent, [(5000, 100), (5001, 100), (5001, 16)]);
    let payload_source = &bench.rtp(5000)[0].bytes[8..12];
    assert_eq!(&bench.rtcp(5001)[1].bytes[8..], [&[0x81, 203, 0, 1], payload_source].concat(), "BYE of that source");
}
