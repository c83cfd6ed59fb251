//! Reliable UDP in virtual time: windows, acknowledgements, and a link that loses packets both ways.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::test_bench::*;
use super::worker::Command;
use super::*;

const GAP: i64 = 40_000;

fn assert_gap_free(packets: &[Sent]) {
    for pair in packets.windows(2) {
        assert_eq!(pair[1].header().sequence, pair[0].header().sequence.wrapping_add(1));
    }
}

/// A player on a link that delays by half a round trip each way and loses so many of 1000 datagrams.
struct Player {
    stream: Arc<RtpStream>,
    port: u16,
    trip_us: i64,
    loss: u64,
    random: u64,
    seen: usize,
    /// Acknowledgements under way: when they arrive, and for which number.
    acks: Vec<(i64, u16)>,
    /// Number in the list to the time of its first arrival.
    arrived: BTreeMap<usize, i64>,
    repeats: usize,
}

impl Player {
    fn new(stream: &Arc<RtpStream>, port: u16, trip_us: i64, loss: u64) -> Self {
        Self {
            stream: Arc::clone(stream),
            port,
            trip_us,
            loss,
            random: u64::from(port) | 1,
            seen: 0,
            acks: Vec::new(),
            arrived: BTreeMap::new(),
            repeats: 0,
        }
    }

    fn loses(&mut self) -> bool {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % 1000 < self.loss
    }

    /// Takes what was sent since the last call, and delivers the acknowledgements that are due.
    fn tick(&mut self, bench: &mut Bench) {
        let port = self.port;
        let sent: Vec<_> = bench.sent().iter().skip(self.seen).cloned().collect();
        self.seen += sent.len();
        for packet in sent.iter().filter(|sent| !sent.is_rtcp && sent.to == port) {
            if self.loses() {
                continue;
            }
            let at_us = packet.at_us + self.trip_us / 2;
            match self.arrived.entry(packet.number()) {
                std::collections::btree_map::Entry::Occupied(_) => self.repeats += 1,
                std::collections::btree_map::Entry::Vacant(slot) => {
                    slot.insert(at_us);
                }
            }
            if !self.loses() {
                self.acks.push((at_us + self.trip_us / 2, packet.header().sequence));
            }
        }
        let now_us = bench.now_us;
        let due: Vec<_> = self.acks.iter().filter(|(at_us, _)| *at_us <= now_us).map(|(_, number)| *number).collect();
        self.acks.retain(|(at_us, _)| *at_us > now_us);
        due.iter().for_each(|sequence| ack(bench, &self.stream, *sequence));
    }

    /// By how much the last of the packets up to each one came after `START` plus its media time: what the player must
    /// buffer to play all in order.
    fn worst_wait(&self, gap_us: i64) -> i64 {
        let late = self.arrived.iter().map(|(number, at_us)| at_us - START - *number as i64 * gap_us);
        late.max().unwrap_or(0)
    }
}

fn run(bench: &mut Bench, players: &mut [Player], us: i64) {
    for _ in 0..us / 5000 {
        bench.run_for(5000);
        players.iter_mut().for_each(|player| player.tick(bench));
    }
}

fn ack(bench: &Bench, stream: &RtpStream, sequence: u16) {
    let mut packet = vec![0x80, 204, 0, 4, 0, 0, 0, 9];
    packet.extend(b"qtak");
    packet.extend(stream.ssrc().to_be_bytes());
    packet.extend(u32::from(sequence).to_be_bytes());
    assert_eq!(stream.handle_rtcp(&*bench.clock, &packet).acked, [sequence]);
}

#[test]
fn without_acks_reliable_udp_sends_half_a_window_and_then_sends_it_again() {
    let mut bench = Bench::new();
    let stream = bench.reliable_stream(5000, false);
    let mut play = request(1, vec![play_stream(&stream, list(2000, 1, 10_000, 1, 1000))]);
    play.overbuffer = true;
    play.bit_rate = 300_000;
    bench.play(play);
    bench.run_for(590_000);
    let first = bench.rtp(5000);
    assert_eq!(first.len(), 25, "half of 48 KB in packets of 1012 bytes");
    assert_gap_free(&first);
    bench.run_for(20_000);
    let again = bench.rtp(5000).split_off(25);
    let numbers: Vec<_> = again.iter().map(Sent::number).collect();
    assert_eq!(numbers, (0..25).rev().collect::<Vec<_>>(), "the newest first, none missing");
    // Too late to be of use they are given up, and the stream goes on.
    bench.run_for(8 * SECOND);
    assert!(bench.rtp(5000).iter().any(|sent| sent.number() > 25));
}

#[test]
fn acknowledged_reliable_udp_sends_each_packet_once_and_runs_ahead() {
    let mut bench = Bench::new();
    let stream = bench.reliable_stream(5000, false);
    let mut play = request(1, vec![play_stream(&stream, list(600, 1, 20_000, 1, 500))]);
    play.overbuffer = true;
    bench.play(play);
    let mut acknowledged = 0;
    for _ in 0..200 {
        bench.run_for(20_000);
        let sent = bench.rtp(5000);
        sent[acknowledged..].iter().for_each(|sent| ack(&bench, &stream, sent.header().sequence));
        acknowledged = sent.len();
    }
    let packets = bench.rtp(5000);
    assert_gap_free(&packets);
    let ahead = packets.len() as i64 * 20_000 - 4 * SECOND;
    assert!(ahead > 3 * SECOND, "ahead by {ahead}");
}

#[test]
fn the_bye_of_reliable_udp_waits_for_what_is_on_its_way() {
    let mut bench = Bench::new();
    let stream = bench.reliable_stream(5000, true);
    bench.play(request(1, vec![play_stream(&stream, list(5, 1, GAP, 1, 500))]));
    bench.run_for(SECOND);
    assert_eq!(bench.events(), []);
    let packets = bench.rtp(5000);
    assert!(packets.len() > 5, "sent again");
    (0..5).for_each(|number| ack(&bench, &stream, packets[number].header().sequence));
    bench.run_for(100_000);
    assert_eq!(bench.events(), [SessionEvent::EndOfMedia { key: 1, play: 0 }]);
    assert!(bench.rtcp(5001).last().is_some_and(Sent::ends_with_bye));
}

#[test]
fn acks_of_plain_udp_or_before_play_are_not_kept() {
    let bench = Bench::new();
    let (plain, reliable) = (bench.udp_stream(5000, true), bench.reliable_stream(5002, true));
    for stream in [&plain, &reliable] {
        ack(&bench, stream, 1);
        let Transport::Udp(udp) = stream.transport() else { panic!("not udp") };
        let mut acks = Vec::new();
        udp.take_acks(&mut acks);
        assert!(acks.is_empty());
    }
}

#[test]
fn five_percent_loss_both_ways_delivers_everything_in_time() {
    let mut bench = Bench::new();
    let mut players = Vec::new();
    for n in 0..50u16 {
        let stream = bench.reliable_stream(5000 + n * 2, true);
        let mut play = request(u64::from(n), vec![play_stream(&stream, list(1000, 1, 20_000, 25, 700))]);
        play.overbuffer = true;
        play.bit_rate = 280_000;
        bench.play(play);
        players.push(Player::new(&stream, 5000 + n * 2, 40_000, 50));
    }
    run(&mut bench, &mut players, 30 * SECOND);
    for player in &players {
        let missing: Vec<_> = (0..1000).filter(|number| !player.arrived.contains_key(number)).collect();
        assert!(missing.is_empty(), "player on {} misses {missing:?}", player.port);
        // Twice arrives what was acknowledged in vain: about 5 %, hardly more.
        assert!((20..120).contains(&player.repeats), "{} repeats", player.repeats);
        assert!(player.worst_wait(20_000) < SECOND, "waits for {} us", player.worst_wait(20_000));
        assert_eq!(player.stream.quality(), 0);
    }
    let byes = bench.sent().iter().filter(|sent| sent.ends_with_bye()).count();
    assert_eq!(byes, 50);
}

#[test]
fn half_of_everything_lost_thins_the_video_but_never_stops() {
    let mut bench = Bench::new();
    let stream = bench.reliable_stream(5000, true);
    let mut play = request(1, vec![play_stream(&stream, list(4000, 4, GAP, 25, 1300))]);
    play.overbuffer = true;
    play.bit_rate = 1_040_000;
    bench.play(play);
    let mut players = [Player::new(&stream, 5000, 80_000, 500)];
    run(&mut bench, &mut players, 30 * SECOND);
    assert!(stream.quality() > 0 || players[0].arrived.len() < 3000, "it cannot all get through");
    let before = players[0].arrived.len();
    run(&mut bench, &mut players, 5 * SECOND);
    let now = players[0].arrived.len();
    assert!(now > before + 10 || now == 4000, "it goes on: {before} and {now}");
}

#[test]
fn the_streams_of_a_session_share_one_window() {
    let mut bench = Bench::new();
    let (video, audio) = (bench.reliable_stream(5000, true), bench.reliable_stream(5002, false));
    let streams =
        vec![play_stream(&video, list(2000, 1, 10_000, 1, 1000)), play_stream(&audio, list(2000, 1, 10_000, 1, 1000))];
    let mut play = request(1, streams);
    play.overbuffer = true;
    play.bit_rate = 300_000;
    bench.play(play);
    bench.run_for(590_000);
    let (video, audio) = (bench.rtp(5000).len(), bench.rtp(5002).len());
    assert_eq!(video + audio, 25, "half of 48 KB in packets of 1012 bytes");
    assert!(video.abs_diff(audio) <= 1, "{video} and {audio}");
}

#[tokio::test]
async fn a_full_window_does_not_hold_up_the_stream_on_tcp() {
    let mut bench = Bench::new();
    let (conn, _client) = connection().await;
    let (video, audio) = (bench.reliable_stream(5000, true), tcp_stream(&conn, 0, false));
    let streams =
        vec![play_stream(&video, list(2000, 1, 10_000, 1, 1000)), play_stream(&audio, list(2000, 1, 10_000, 1, 100))];
    let mut play = request(1, streams);
    play.bit_rate = 300_000;
    bench.play(play);
    bench.run_for(2 * SECOND);
    assert!(bench.rtp(0).len() >= 200, "{}", bench.rtp(0).len());
}

#[test]
fn a_pause_keeps_what_is_on_its_way_and_the_next_play_sends_it_again() {
    let mut bench = Bench::new();
    let stream = bench.reliable_stream(5000, true);
    bench.play(request(1, vec![play_stream(&stream, list(200, 1, GAP, 1, 500))]));
    bench.run_for(400_000);
    let sent = bench.rtp(5000);
    let position = bench.pause(1).expect("a position");
    bench.run_for(60 * SECOND);
    assert_eq!(bench.rtp(5000).len(), sent.len(), "nothing during the pause");
    sent[1..].iter().for_each(|sent| ack(&bench, &stream, sent.header().sequence));
    let play = PlayRequest::new(1, Vec::new(), position.media_us, Arc::new(SendPrefs::default()));
    bench.play(play);
    bench.run_for(100_000);
    let after = bench.rtp(5000).split_off(sent.len());
    assert_eq!(after[0].header().sequence, sent[0].header().sequence, "the one that got lost");
    assert_eq!(after.iter().filter(|sent| sent.number() < position.media_us as usize / GAP as usize).count(), 1);
}

#[test]
fn a_seek_drops_what_was_on_its_way() {
    let mut bench = Bench::new();
    let stream = bench.reliable_stream(5000, true);
    bench.play(request(1, vec![play_stream(&stream, list(200, 1, GAP, 1, 500))]));
    bench.run_for(400_000);
    let before = bench.rtp(5000).len();
    bench.pause(1);
    bench.play(request(1, vec![play_stream(&stream, list(3, 1, GAP, 1, 500))]));
    bench.run_for(2 * SECOND);
    let after = bench.rtp(5000).split_off(before);
    let first = after.first().map(|sent| sent.header().sequence).expect("packets");
    assert!(after.iter().all(|sent| sent.header().sequence.wrapping_sub(first) < 3), "only the new ones");
}

#[test]
fn the_window_that_the_client_reports_holds_back_what_is_sent_ahead() {
    let mut bench = Bench::new();
    let stream = bench.reliable_stream(5000, false);
    let mut play = request(1, vec![play_stream(&stream, list(2000, 1, 20_000, 1, 500))]);
    play.overbuffer = true;
    bench.play(play);
    let mut report = vec![0x80, 204, 0, 6, 0, 0, 0, 9];
    report.extend(b"QTSS");
    report.extend(stream.ssrc().to_be_bytes());
    report.extend([0, 0, 0, 2, b'o', b'b', 0, 4, 0, 0, 0, 0]);
    assert!(stream.handle_rtcp(&*bench.clock, &report).qtss);
    let mut players = [Player::new(&stream, 5000, 20_000, 0)];
    run(&mut bench, &mut players, 5 * SECOND);
    let media_us = players[0].arrived.len() as i64 * 20_000;
    assert!((5 * SECOND..=5 * SECOND + 1_150_000).contains(&media_us), "no more than the free second: {media_us}");
}

#[test]
fn lateness_thins_reliable_udp_as_it_does_tcp() {
    let mut bench = Bench::new();
    let stream = bench.reliable_stream(5000, true);
    let mut play = request(1, vec![play_stream(&stream, list(4000, 4, GAP, 25, 1000))]);
    play.bit_rate = 800_000;
    play.overbuffer = true;
    bench.play(play);
    // Round trips of 800 ms: 48 KB of window carry 480 kbit/s at most.
    let mut players = [Player::new(&stream, 5000, 800_000, 0)];
    run(&mut bench, &mut players, 20 * SECOND);
    assert!(stream.quality() > 0);
    bench.order(Command::Shutdown);
}
