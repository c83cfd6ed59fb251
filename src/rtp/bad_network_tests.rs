//! Players on bad networks in virtual time: what they see, and how quality follows the network down and up again.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::test_bench::*;
use super::test_net::{Net, Path};
use super::*;

const GAP: i64 = 40_000;
const GOP: u32 = 50;

/// Video of 25 frames per second and about 260 kbit/s in packets of 1300 bytes, 16 kbit/s of sound.
const VIDEO: usize = 1300;
const AUDIO: usize = 100;
const RATE: i64 = 25 * (VIDEO as i64 + 16) + 20 * (AUDIO as i64 + 16);

/// A TCP player on a link of `share` of the movie's rate.
async fn tcp_player(share: f64) -> (Bench, Arc<RtpStream>) {
    let mut bench = Bench::new();
    let (conn, client) = connection().await;
    let (video, audio) = (tcp_stream(&conn, 0, true), tcp_stream(&conn, 2, false));
    let source = list(25 * 400, 1, GAP, GOP, VIDEO).thins_as_files(GOP);
    let mut play =
        request(1, vec![play_stream(&video, source), play_stream(&audio, list(20 * 400, 1, 50_000, 1, AUDIO))]);
    play.overbuffer = true;
    set_rate(&mut bench, share);
    bench.play(play);
    std::mem::forget(client); // nobody reads it; it has to stay open as long as the bench
    (bench, video)
}

fn set_rate(bench: &mut Bench, share: f64) {
    bench.worker.sink().link = Some(Link { bytes_per_second: (share * RATE as f64) as i64, buffer: 16_384 });
}

/// The levels seen each second until `until_s`.
fn levels(bench: &mut Bench, stream: &RtpStream, until_s: i64) -> Vec<u8> {
    let mut seen = Vec::new();
    while bench.now_us < START + until_s * SECOND {
        bench.run_for(SECOND);
        seen.push(stream.quality());
    }
    seen
}

fn changes(levels: &[u8]) -> usize {
    levels.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

/// Frames of each second of the movie, from `from_s` on, and by how much the latest was late when it left.
fn frames_per_second(bench: &mut Bench, from_s: usize, to_s: usize) -> (Vec<usize>, i64) {
    let mut seconds = vec![0; to_s - from_s];
    let mut latest = i64::MIN;
    for sent in bench.rtp(0) {
        let second = sent.number() / 25;
        if (from_s..to_s).contains(&second) {
            seconds[second - from_s] += 1;
            latest = latest.max(sent.at_us - START - sent.number() as i64 * GAP);
        }
    }
    (seconds, latest)
}

#[tokio::test]
async fn a_tcp_player_on_a_link_of_two_thirds_keeps_smooth_video_and_all_its_sound() {
    let (mut bench, video) = tcp_player(200.0 / 300.0).await;
    let levels = levels(&mut bench, &video, 180);
    let (seconds, latest) = frames_per_second(&mut bench, 0, 170);
    assert!(latest < 1_750_000, "{latest}");
    // A group of pictures is 2 s: in each there is a picture that moves.
    let still = seconds.chunks(2).filter(|group| group.iter().sum::<usize>() <= 2).count();
    assert!(still <= 2, "{still} groups with nothing but a key frame: {seconds:?}");
    let shown: usize = seconds.iter().sum();
    assert!(shown >= 170 * 25 * 55 / 100, "{shown} frames: {seconds:?}");
    assert!(changes(&levels[20..]) <= 32, "{levels:?}"); // 160 s
    let audio = bench.rtp(2);
    assert!(audio.windows(2).all(|pair| pair[1].number() == pair[0].number() + 1), "the sound is complete");
}

#[tokio::test]
async fn a_tcp_player_on_a_link_of_a_quarter_sees_key_frames_and_hears_everything() {
    let (mut bench, video) = tcp_player(0.25).await;
    let levels = levels(&mut bench, &video, 120);
    assert!(levels[3..].iter().all(|level| *level >= 2), "{levels:?}");
    let (seconds, latest) = frames_per_second(&mut bench, 0, 110);
    assert!(latest < 2_500_000, "{latest}");
    assert!(seconds.chunks(4).all(|four| four.iter().sum::<usize>() >= 1), "{seconds:?}");
    let audio = bench.rtp(2);
    assert!(audio.windows(2).all(|pair| pair[1].number() == pair[0].number() + 1), "the sound is complete");
}

#[tokio::test]
async fn when_the_link_recovers_full_quality_is_back_within_ten_seconds_and_stays() {
    for share in [0.3, 0.5, 0.66, 0.8] {
        let (mut bench, video) = tcp_player(share).await;
        let slow = levels(&mut bench, &video, 60);
        assert!(slow.iter().any(|level| *level > 0), "{share}: {slow:?}");
        set_rate(&mut bench, 3.0);
        let fast = levels(&mut bench, &video, 100);
        assert!(fast[10..].iter().all(|level| *level == 0), "{share}: {fast:?}");
    }
}

#[tokio::test]
async fn a_link_that_is_just_enough_costs_no_quality() {
    let (mut bench, video) = tcp_player(1.08).await;
    let levels = levels(&mut bench, &video, 120);
    assert!(levels.iter().filter(|level| **level > 0).count() <= 3, "{levels:?}");
}

/// A reliable-UDP player that acknowledges what comes.
struct Player {
    stream: Arc<RtpStream>,
    down: Net,
    up: Net,
    seen: usize,
    arriving: Vec<(i64, u16, usize)>,
    acks: Vec<(i64, u16)>,
    /// Number in the list to the time it first came.
    arrived: BTreeMap<usize, i64>,
    repeats: usize,
}

impl Player {
    fn new(stream: &Arc<RtpStream>, path: Path, seed: u64) -> Self {
        Self {
            stream: Arc::clone(stream),
            down: Net::new(path, seed),
            up: Net::new(Path { bytes_per_second: 0, ..path }, seed ^ 0xffff),
            seen: 0,
            arriving: Vec::new(),
            acks: Vec::new(),
            arrived: BTreeMap::new(),
            repeats: 0,
        }
    }

    fn run(&mut self, bench: &mut Bench, us: i64) {
        let until_us = bench.now_us + us;
        while bench.now_us < until_us {
            bench.run_for(5000);
            self.tick(bench);
        }
    }

    fn tick(&mut self, bench: &mut Bench) {
        let sent: Vec<_> = bench.sent()[self.seen..].iter().filter(|sent| !sent.is_rtcp).cloned().collect();
        self.seen = bench.sent().len();
        for packet in sent {
            if let Some(at_us) = self.down.carry(packet.at_us, packet.bytes.len() + 28) {
                self.arriving.push((at_us, packet.header().sequence, packet.number()));
            }
        }
        let now_us = bench.now_us;
        for (at_us, sequence, number) in self.arriving.iter().filter(|(at_us, ..)| *at_us <= now_us) {
            match self.arrived.entry(*number) {
                std::collections::btree_map::Entry::Occupied(_) => self.repeats += 1,
                std::collections::btree_map::Entry::Vacant(slot) => {
                    slot.insert(*at_us);
                }
            }
            if let Some(back_us) = self.up.carry(*at_us, 60) {
                self.acks.push((back_us, *sequence));
            }
        }
        self.arriving.retain(|(at_us, ..)| *at_us > now_us);
        for (_, sequence) in self.acks.iter().filter(|(at_us, _)| *at_us <= now_us) {
            let mut packet = vec![0x80, 204, 0, 4, 0, 0, 0, 9];
            packet.extend(b"qtak");
            packet.extend(self.stream.ssrc().to_be_bytes());
            packet.extend(u32::from(*sequence).to_be_bytes());
            self.stream.handle_rtcp(&*bench.clock, &packet);
        }
        self.acks.retain(|(at_us, _)| *at_us > now_us);
    }

    /// What a player has to wait before the first picture to show all in time.
    fn needs_us(&self) -> i64 {
        self.arrived.iter().map(|(number, at_us)| at_us - START - *number as i64 * GAP).max().unwrap_or(0)
    }

    /// The longest time for which nothing came that had not been there.
    fn longest_silence_us(&self) -> i64 {
        let mut times: Vec<_> = self.arrived.values().copied().collect();
        times.sort_unstable();
        times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0)
    }
}

fn reliable_player(path: Path, seconds: usize, seed: u64) -> (Bench, Player) {
    let mut bench = Bench::new();
    let stream = bench.reliable_stream(5000, true);
    let source = list(25 * seconds, 1, GAP, GOP, VIDEO).thins_as_files(GOP);
    let mut play = request(1, vec![play_stream(&stream, source)]);
    play.overbuffer = true;
    play.bit_rate = 300_000;
    bench.play(play);
    let player = Player::new(&stream, path, seed);
    (bench, player)
}

#[test]
fn reliable_udp_delivers_every_frame_in_time_under_loss_delay_and_overtaking() {
    let base = Path { delay_us: 30_000, jitter_us: 10_000, ..Path::CLEAN };
    let far = Path { delay_us: 100_000, jitter_us: 40_000, ..Path::CLEAN };
    for (path, name) in [
        (Path { loss: 10, ..base }, "1 %"),
        (Path { loss: 50, ..base }, "5 %"),
        (Path { loss: 200, ..base }, "20 %"),
        (far, "200 ms"),
        (Path { loss: 50, ..far }, "200 ms and 5 %"),
        (Path { reordered: 100, ..base }, "overtaking"),
        (Path { reordered: 50, loss: 200, ..base }, "overtaking and 20 %"),
    ] {
        for seed in 1..=3 {
            let (mut bench, mut player) = reliable_player(path, 60, seed);
            player.run(&mut bench, 70 * SECOND);
            let missing = (0..25 * 60).filter(|number| !player.arrived.contains_key(number)).count();
            assert_eq!(missing, 0, "{name}, seed {seed}");
            assert!(player.needs_us() < 2 * SECOND, "{name}, seed {seed}: waits {} us", player.needs_us());
            assert_eq!(player.stream.quality(), 0, "{name}");
            if path.loss == 0 {
                assert!(player.repeats <= 25 * 60 / 50, "{name}: {} sent in vain", player.repeats);
            }
        }
    }
}

#[test]
fn reliable_udp_on_a_slow_link_is_thinned_without_pauses_and_recovers() {
    let slow = Path { bytes_per_second: RATE * 2 / 3, queue: 20_000, delay_us: 40_000, ..Path::CLEAN };
    for (path, name) in [(slow, "two thirds"), (Path { loss: 50, ..slow }, "two thirds and 5 %")] {
        let (mut bench, mut player) = reliable_player(path, 200, 5);
        player.run(&mut bench, 60 * SECOND);
        assert!(player.arrived.len() < 25 * 58, "{name}: it cannot all get through");
        assert!(player.longest_silence_us() < 2 * SECOND, "{name}: {} us", player.longest_silence_us());
        assert!(player.needs_us() < 3_500_000, "{name}: {} us", player.needs_us());
        player.down.path = Path { loss: path.loss, ..Path::CLEAN };
        player.run(&mut bench, 20 * SECOND);
        assert_eq!(player.stream.quality(), 0, "{name}");
        let before = player.arrived.len();
        player.run(&mut bench, 20 * SECOND);
        assert!(player.arrived.len() - before >= 25 * 20 - 25, "{name}: {}", player.arrived.len() - before);
        assert_eq!(player.stream.quality(), 0, "{name}");
    }
}
