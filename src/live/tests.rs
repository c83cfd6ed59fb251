//! Broadcasts and their viewers on a send worker, in virtual time.

use std::sync::Arc;

use bytes::Bytes;

use super::*;
use crate::rtp::test_bench::{Bench, Link, SECOND, START, Sent, connection, tcp_stream};
use crate::rtp::{Clock, PlayRequest, PlayStream, RtpHeader, RtpStream, SendPrefs, SessionEvent};

const MS: i64 = 1000;
const FRAME_US: i64 = 40 * MS;

fn track(track_id: u32, kind: TrackKind, name: &str) -> TrackInfo {
    let payload_type = Some(95 + track_id as u8);
    TrackInfo { track_id, kind, payload_name: name.to_owned(), clock_rate: 90_000, payload_type, fmtp: String::new() }
}

fn tracks() -> Vec<TrackInfo> {
    vec![track(1, TrackKind::Video, "H264"), track(2, TrackKind::Audio, "mpeg4-generic")]
}

/// A broadcaster: 25 frames of three packets a second with a key frame every `gop`, audio every 20 ms, reports.
struct Caster {
    broadcast: Arc<Broadcast>,
    ssrc: u32,
    gop: u32,
    frame: u32,
    video: u16,
    audio: u16,
    size: usize,
}

impl Caster {
    fn new(broadcast: &Arc<Broadcast>, ssrc: u32, gop: u32) -> Self {
        Self { broadcast: Arc::clone(broadcast), ssrc, gop, frame: 0, video: 65_500, audio: 7, size: 100 }
    }

    fn send(&self, track: u32, sequence: u16, timestamp: u32, payload: &[u8], now_us: i64) -> Received {
        let header = RtpHeader { marker: false, payload_type: 96, sequence, timestamp, ssrc: self.ssrc + track };
        let mut packet = [&header.to_bytes()[..], payload].concat();
        packet.resize(packet.len().max(self.size), 0);
        self.broadcast.receive(track, Kind::Rtp, packet.into(), None, now_us)
    }

    fn report(&self, track: u32, now_us: i64) -> Received {
        let mut packet = vec![0x80, 200, 0, 6];
        packet.extend((self.ssrc + track).to_be_bytes());
        packet.extend([7; 20]);
        self.broadcast.receive(track, Kind::Rtcp, packet.into(), None, now_us)
    }

    /// A frame of video and 40 ms of audio.
    fn tick(&mut self, now_us: i64) -> Received {
        let (key, time) = (self.frame % self.gop == 0, self.frame.wrapping_mul(3600));
        let units: [&[u8]; 3] = if key { [&[0x67, 1], &[0x68, 1], &[0x65, 1]] } else { [&[0x41, 1]; 3] };
        let mut received = Received::Taken;
        for unit in units {
            received = self.send(1, self.video, time, unit, now_us);
            self.video = self.video.wrapping_add(1);
        }
        for part in 0..2 {
            self.send(2, self.audio, time + part * 1800, b"sound", now_us);
            self.audio = self.audio.wrapping_add(1);
        }
        if self.frame % 50 == 0 {
            self.report(1, now_us);
            self.report(2, now_us);
        }
        self.frame += 1;
        received
    }
}

/// A send worker that plays a broadcast.
struct Studio {
    bench: Bench,
    broadcast: Arc<Broadcast>,
    keys: u64,
}

impl Studio {
    fn new(options: BroadcastOptions) -> Self {
        let bench = Bench::new();
        let clock: Arc<dyn Clock> = Arc::clone(&bench.clock) as _;
        Self { broadcast: Broadcast::new("/live.sdp", tracks(), options, clock), bench, keys: 0 }
    }

    /// Lets `seconds` pass while `caster` sends.
    fn cast(&mut self, caster: &mut Caster, seconds: f64) {
        let end_us = self.bench.now_us + (seconds * 1e6) as i64;
        while self.bench.now_us < end_us {
            caster.tick(self.bench.now_us);
            self.bench.run_for(FRAME_US);
        }
    }

    fn watch(&mut self, streams: &[Arc<RtpStream>], options: &JoinOptions) -> Join {
        let join = self.broadcast.join(options);
        self.play(streams, &join, options.overbuffer);
        join
    }

    fn play(&mut self, streams: &[Arc<RtpStream>], join: &Join, overbuffer: bool) {
        let source = |track| self.broadcast.viewer(track, ViewerOptions { join: join.clone() }).expect("a track");
        let play = |(stream, track): (&Arc<RtpStream>, u32)| PlayStream {
            stream: Arc::clone(stream),
            source: Box::new(source(track)),
            send_reports: false,
        };
        let plays = streams.iter().zip(1..).map(play).collect();
        self.keys += 1;
        let mut request = PlayRequest::new(self.keys, plays, join.media_start_us(), Arc::new(SendPrefs::default()));
        request.overbuffer = overbuffer;
        self.bench.play(request);
    }

    fn udp(&self, port: u16) -> [Arc<RtpStream>; 2] {
        [self.bench.udp_stream(port, true), self.bench.udp_stream(port + 2, false)]
    }
}

fn sequences(sent: &[Sent]) -> Vec<u16> {
    sent.iter().map(|sent| sent.header().sequence).collect()
}

fn is_key(sent: &Sent) -> bool {
    sent.bytes.get(12) == Some(&0x67)
}

fn contiguous(sequences: &[u16]) -> bool {
    sequences.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1))
}

#[test]
fn packets_go_out_as_they_came_with_reports_and_goodbye() {
    let mut studio = Studio::new(BroadcastOptions::default());
    let mut ears = studio.broadcast.listen();
    let streams = studio.udp(5000);
    studio.watch(&streams, &JoinOptions::default());
    let mut caster = Caster::new(&studio.broadcast, 100, 25);
    studio.cast(&mut caster, 3.0);
    let heard: Vec<Heard> = std::iter::from_fn(|| ears.try_next()).collect();
    let came = |track, kind| -> Vec<Bytes> {
        let of = heard.iter().filter(|heard| (heard.track_id, heard.kind) == (track, kind));
        of.map(|heard| heard.packet.clone()).collect()
    };
    let went = |sent: Vec<Sent>| -> Vec<Bytes> { sent.into_iter().map(|sent| sent.bytes.into()).collect() };
    assert_eq!(went(studio.bench.rtp(5000)), came(1, Kind::Rtp));
    assert_eq!(went(studio.bench.rtp(5002)), came(2, Kind::Rtp));
    assert_eq!(went(studio.bench.rtcp(5001)), came(1, Kind::Rtcp));
    assert_eq!(came(1, Kind::Rtp).len(), 225);
    assert_eq!(studio.broadcast.viewers(), 1);

    studio.broadcast.end("over");
    studio.broadcast.end("again");
    assert_eq!(studio.broadcast.end_reason().as_deref(), Some("over"));
    assert_eq!(caster.tick(studio.bench.now_us), Received::NotWanted);
    studio.bench.run_for(2 * SECOND);
    assert!(studio.bench.rtcp(5001).last().is_some_and(Sent::ends_with_bye));
    assert!(studio.bench.rtcp(5003).last().is_some_and(Sent::ends_with_bye));
    assert!(matches!(studio.bench.events()[..], [SessionEvent::EndOfMedia { .. }]));
}

#[test]
fn trap_65_every_viewer_starts_at_the_newest_key_frame_and_has_the_same_latency() {
    let mut studio = Studio::new(BroadcastOptions::default());
    let mut caster = Caster::new(&studio.broadcast, 100, 50);
    studio.cast(&mut caster, 11.0);
    let mut arrivals = std::collections::HashMap::new();
    for viewer in 0..5u16 {
        let port = 5000 + 10 * viewer;
        let streams = studio.udp(port);
        let before_us = studio.bench.now_us;
        let join = studio.watch(&streams, &JoinOptions::default());
        studio.bench.run_for(4 * MS);
        let first = studio.bench.rtp(port).first().cloned().expect("at once");
        assert!(is_key(&first), "viewer {viewer}");
        let mut position = |to: u16| studio.bench.sent_to(to);
        assert!(position(port + 1) < position(port), "the report that ties picture and sound together comes first");
        let start = join.rtp_start(1).expect("known");
        assert_eq!((start.sequence, start.rtp_time), (first.header().sequence, first.header().timestamp));
        let sound = join.rtp_start(2).expect("known");
        assert_eq!(sound.rtp_time, start.rtp_time, "sound begins with the picture");
        assert!(join.backlog_us() < 2 * SECOND, "{}", join.backlog_us());
        assert!(studio.bench.now_us - before_us <= 4 * MS);
        let until_us = studio.bench.now_us + 13 * SECOND / 10;
        while studio.bench.now_us < until_us {
            arrivals.insert(caster.video, studio.bench.now_us);
            caster.tick(studio.bench.now_us);
            studio.bench.run_for(FRAME_US);
        }
    }
    // In the long run nobody is later than anybody else.
    studio.cast(&mut caster, 2.0);
    let begin_us = studio.bench.now_us;
    for _ in 0..25 {
        arrivals.insert(caster.video, studio.bench.now_us);
        caster.tick(studio.bench.now_us);
        studio.bench.run_for(FRAME_US);
    }
    for viewer in 0..5 {
        let sent = studio.bench.rtp(5000 + 10 * viewer);
        assert!(contiguous(&sequences(&sent)));
        let late = sent.iter().filter(|sent| sent.at_us >= begin_us + FRAME_US);
        let lags = late.filter_map(|sent| Some(sent.at_us - arrivals.get(&sent.header().sequence)?));
        let lags: Vec<i64> = lags.collect();
        assert!(lags.len() > 20 && lags.iter().all(|lag| (0..=20 * MS).contains(lag)), "viewer {viewer}: {lags:?}");
    }
}

#[test]
fn what_a_udp_viewer_gets_of_the_past_comes_four_times_as_fast_and_over_tcp_at_once() {
    let mut studio = Studio::new(BroadcastOptions::default());
    let mut caster = Caster::new(&studio.broadcast, 100, 100);
    studio.cast(&mut caster, 4.0 * 2.0 - 1.0); // the key frame is three seconds old
    let streams = studio.udp(5000);
    studio.watch(&streams, &JoinOptions::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let _inside = runtime.enter();
    let (conn, _client) = runtime.block_on(connection());
    let streams = [tcp_stream(&conn, 0, true), tcp_stream(&conn, 2, false)];
    studio.watch(&streams, &JoinOptions { reliable: true, ..JoinOptions::default() });
    studio.bench.run_for(100 * MS);
    let backlog = 3 * 75;
    let over_tcp = studio.bench.rtp(0).len();
    assert!((backlog - 3..=backlog + 3).contains(&over_tcp), "{over_tcp}");
    let at_first = studio.bench.rtp(5000).len();
    assert!((20..=60).contains(&at_first), "{at_first} of {backlog}");
    studio.cast(&mut caster, 1.2);
    let caught_up = studio.bench.rtp(5000);
    assert!(contiguous(&sequences(&caught_up)));
    assert_eq!(caught_up.last().map(|sent| sent.header().sequence), Some(caster.video.wrapping_sub(1)));
    assert_eq!(studio.bench.stale(), 0, "nothing of it counts as late");
}

#[test]
fn an_overbuffering_viewer_gets_the_backlog_and_stays_ahead() {
    let mut studio = Studio::new(BroadcastOptions::default());
    let mut caster = Caster::new(&studio.broadcast, 100, 50);
    studio.cast(&mut caster, 20.0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let _inside = runtime.enter();
    let (conn, _client) = runtime.block_on(connection());
    let streams = [tcp_stream(&conn, 0, true), tcp_stream(&conn, 2, false)];
    let join = studio.watch(&streams, &JoinOptions { overbuffer: true, reliable: true, policy: None });
    assert!((8 * SECOND..=10 * SECOND).contains(&join.delay_us()), "{}", join.delay_us());
    studio.bench.run_for(4 * MS);
    assert!(studio.bench.rtp(0).first().is_some_and(is_key), "it starts with a key frame too");
    studio.cast(&mut caster, 15.0);
    let sent = studio.bench.rtp(0);
    assert!(contiguous(&sequences(&sent)));
    let behind = caster.video.wrapping_sub(sent.last().expect("sent").header().sequence);
    assert!(behind < 3 * 8, "all that has come is on its way, {behind} packets are not");
    let begin_us = sent.first().map_or(0, |sent| sent.at_us);
    let within = |us: i64| sent.iter().filter(|sent| sent.at_us - begin_us <= us).count();
    assert!(within(100 * MS) >= 75, "a second at once: {}", within(100 * MS));
    assert!(within(3 * SECOND) < 75 * 9, "but not all of it: {}", within(3 * SECOND));
    assert_eq!(studio.bench.stale(), 0);
}

#[test]
fn unknown_codecs_start_with_the_newest_packets_and_policies_are_obeyed() {
    let bench = Bench::new();
    let clock: Arc<dyn Clock> = Arc::clone(&bench.clock) as _;
    let unknown = vec![track(1, TrackKind::Video, "X-SV3V-ES"), track(2, TrackKind::Audio, "X-QDM")];
    let broadcast = Broadcast::new("/x.sdp", unknown, BroadcastOptions::default(), Arc::clone(&clock));
    let mut caster = Caster::new(&broadcast, 100, 25);
    for frame in 0..500 {
        bench.clock.set_us(START + frame * FRAME_US);
        caster.tick(clock.now_us());
    }
    let start = |broadcast: &Arc<Broadcast>, policy| {
        let join = broadcast.join(&JoinOptions { policy, ..JoinOptions::default() });
        (join.rtp_start(1).expect("known").rtp_time / 3600, join.backlog_us() / FRAME_US)
    };
    assert_eq!(start(&broadcast, None), (499, 0));
    assert_eq!(start(&broadcast, Some(JoinPolicy::Oldest)), (249, 250));
    let known = Broadcast::new("/y.sdp", tracks(), BroadcastOptions::default(), Arc::clone(&clock));
    let mut caster = Caster::new(&known, 100, 40);
    for frame in 500..1000 {
        bench.clock.set_us(START + frame * FRAME_US);
        caster.tick(clock.now_us());
    }
    assert_eq!(start(&known, None), (480, 19));
    assert_eq!(start(&known, Some(JoinPolicy::Newest)), (499, 0));
    assert_eq!(start(&known, Some(JoinPolicy::Oldest)), (280, 219));
    // The last key frame is too old: whatever is newest.
    bench.clock.set_us(START + 1260 * FRAME_US);
    assert_eq!(start(&known, None).0, 499);
}

#[test]
fn trap_64_viewers_go_on_at_once_with_a_broadcaster_that_pushes_again() {
    let mut studio = Studio::new(BroadcastOptions::default());
    let mut caster = Caster::new(&studio.broadcast, 100, 25);
    let streams = studio.udp(5000);
    studio.watch(&streams, &JoinOptions::default());
    studio.cast(&mut caster, 3.0);
    assert!(studio.broadcast.fits(&tracks()));
    studio.broadcast.source_restarts();
    let mut next = Caster::new(&studio.broadcast, 900, 25);
    let restart_us = studio.bench.now_us;
    studio.cast(&mut next, 0.2);
    let of_next: Vec<Sent> = studio.bench.rtp(5000).into_iter().filter(|sent| sent.header().ssrc == 901).collect();
    assert!(of_next.first().is_some_and(|sent| is_key(sent) && sent.at_us - restart_us < 100 * MS));
    assert_eq!(caster.tick(studio.bench.now_us), Received::OtherSource, "the old one is not heard any more");
    // New viewers get nothing of the old source.
    let join = studio.broadcast.join(&JoinOptions { policy: Some(JoinPolicy::Oldest), ..JoinOptions::default() });
    assert_eq!(join.rtp_start(1).map(|start| start.sequence), Some(65_500));
    assert!(join.backlog_us() <= studio.bench.now_us - restart_us);
}

#[test]
fn trap_66_a_second_source_is_not_let_in_until_the_first_is_silent() {
    let mut studio = Studio::new(BroadcastOptions::default());
    let mut caster = Caster::new(&studio.broadcast, 100, 25);
    let mut second = Caster::new(&studio.broadcast, 900, 25);
    studio.cast(&mut caster, 2.0);
    for _ in 0..100 {
        caster.tick(studio.bench.now_us);
        assert_eq!(second.tick(studio.bench.now_us + MS), Received::OtherSource);
        studio.bench.run_for(FRAME_US);
    }
    assert_eq!(second.report(1, studio.bench.now_us), Received::OtherSource);
    let foreign = studio.broadcast.foreign();
    // GStreamer reports as a receiver, too, under a number of its own: no second source.
    let receiver = [&[0x80, 201, 0, 1][..], &77u32.to_be_bytes()].concat();
    let received = studio.broadcast.receive(1, Kind::Rtcp, receiver.into(), None, studio.bench.now_us);
    assert_eq!((received, studio.broadcast.foreign()), (Received::NotWanted, foreign));
    assert!(studio.broadcast.foreign() > 500);
    // The first one falls silent.
    let silent_us = studio.bench.now_us;
    while second.tick(studio.bench.now_us) != Received::Taken {
        studio.bench.run_for(FRAME_US);
        assert!(studio.bench.now_us - silent_us < SECOND, "taken over within a second");
    }
    assert!(studio.bench.now_us - silent_us > 300 * MS, "not by a hiccup");
    assert_eq!(studio.broadcast.figures(1).and_then(|figures| figures.ssrc), Some(901));
    assert_eq!(caster.tick(studio.bench.now_us), Received::OtherSource);
    let all = Studio::new(BroadcastOptions { one_ssrc: false, ..BroadcastOptions::default() });
    assert_eq!(Caster::new(&all.broadcast, 100, 25).tick(START), Received::Taken);
    assert_eq!(Caster::new(&all.broadcast, 900, 25).tick(START), Received::Taken);
}

#[test]
fn a_source_with_long_gaps_is_not_taken_over_within_them_but_after_its_timeout() {
    let studio = Studio::new(BroadcastOptions::default());
    let slides = Caster::new(&studio.broadcast, 100, 1);
    for slide in 0..10u16 {
        assert_eq!(
            slides.send(1, slide, u32::from(slide), &[0x65], START + i64::from(slide) * 9 * SECOND),
            Received::Taken
        );
    }
    let other = Caster::new(&studio.broadcast, 900, 1);
    let last_us = START + 81 * SECOND;
    assert_eq!(other.send(1, 1, 1, &[0x65], last_us + 20 * SECOND), Received::OtherSource);
    assert_eq!(other.send(1, 1, 1, &[0x65], last_us + 30 * SECOND), Received::Taken);
}

#[test]
fn a_goodbye_of_the_source_makes_way_at_once_and_is_kept_from_the_viewers() {
    let mut studio = Studio::new(BroadcastOptions::default());
    let mut caster = Caster::new(&studio.broadcast, 100, 25);
    let streams = studio.udp(5000);
    studio.watch(&streams, &JoinOptions::default());
    studio.cast(&mut caster, 1.0);
    let mut compound = vec![0x80, 200, 0, 6, 0, 0, 0, 101];
    compound.extend([0; 20]);
    compound.extend([0x81, 203, 0, 1, 0, 0, 0, 101]);
    let now_us = studio.bench.now_us;
    assert_eq!(studio.broadcast.receive(1, Kind::Rtcp, compound.into(), None, now_us), Received::Taken);
    let next = Caster::new(&studio.broadcast, 900, 25);
    assert_eq!(next.send(1, 1, 1, &[0x65], now_us), Received::Taken);
    assert_eq!(next.send(2, 1, 1, b"sound", now_us), Received::OtherSource, "the sound has not said goodbye");
    studio.bench.run_for(SECOND);
    assert!(!studio.bench.rtcp(5001).iter().any(Sent::ends_with_bye));
}

#[test]
fn trap_70_a_start_before_the_wrap_of_sequence_numbers_plays_through() {
    let mut studio = Studio::new(BroadcastOptions::default());
    let mut caster = Caster::new(&studio.broadcast, 100, 25);
    caster.video = 65_530;
    let streams = studio.udp(5000);
    caster.tick(studio.bench.now_us);
    let join = studio.watch(&streams, &JoinOptions::default());
    assert_eq!(join.rtp_start(1).map(|start| start.sequence), Some(65_530));
    studio.cast(&mut caster, 2.0);
    let sent = sequences(&studio.bench.rtp(5000));
    assert_eq!(sent.first(), Some(&65_530));
    assert!(sent.len() >= 150 && contiguous(&sent));
    assert_eq!(studio.broadcast.figures(1).map(|figures| figures.lost), Some(0));
}

#[test]
fn trap_72_the_thousandth_viewer_is_not_later_than_the_first() {
    let mut studio = Studio::new(BroadcastOptions::default());
    let mut caster = Caster::new(&studio.broadcast, 100, 25);
    studio.cast(&mut caster, 2.0);
    for viewer in 0..1000 {
        let streams = studio.udp(2000 + 4 * viewer);
        studio.watch(&streams, &JoinOptions { policy: Some(JoinPolicy::Newest), ..JoinOptions::default() });
    }
    studio.cast(&mut caster, 0.4);
    let (sequence, now_us) = (caster.video, studio.bench.now_us);
    studio.bench.sent().clear();
    caster.tick(now_us);
    studio.bench.run_for(100 * MS);
    let lags: Vec<i64> = studio
        .bench
        .sent()
        .iter()
        .filter(|sent| !sent.is_rtcp && sent.to % 4 == 0)
        .filter(|sent| sent.header().sequence == sequence)
        .map(|sent| sent.at_us - now_us)
        .collect();
    assert_eq!(lags.len(), 1000);
    assert!(lags.iter().all(|lag| *lag <= 60 * MS), "{:?}", lags.iter().max());
}

#[test]
fn a_viewer_on_a_slow_link_loses_pictures_from_key_to_key_but_no_sound_and_no_report() {
    let mut studio = Studio::new(BroadcastOptions::default());
    let mut caster = Caster::new(&studio.broadcast, 100, 25);
    caster.size = 500; // 37 kB/s of video, 25 of sound
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let _inside = runtime.enter();
    let (conn, _client) = runtime.block_on(connection());
    let streams = [tcp_stream(&conn, 0, true), tcp_stream(&conn, 2, false)];
    studio.bench.set_link(Some(Link { bytes_per_second: 45_000, buffer: 16_000 }));
    studio.watch(&streams, &JoinOptions { reliable: true, ..JoinOptions::default() });
    studio.cast(&mut caster, 40.0);
    let video = studio.bench.rtp(0);
    let sound = sequences(&studio.bench.rtp(2));
    assert!(contiguous(&sound), "no sound is missing");
    assert!(sound.len() > 1850, "{}", sound.len());
    let gaps = video.windows(2).filter(|pair| !contiguous(&sequences(pair)));
    let after_gaps: Vec<bool> = gaps.map(|pair| is_key(&pair[1])).collect();
    assert!(!after_gaps.is_empty() && after_gaps.iter().all(|key| *key), "{after_gaps:?}");
    assert!(video.len() > 1000, "{}", video.len());
    assert!(studio.bench.rtcp(1).len() >= 18, "{}", studio.bench.rtcp(1).len());
    assert!(studio.bench.events().is_empty());
}

#[test]
fn a_viewer_that_was_stuck_goes_on_at_the_newest_key_frame_and_pins_nothing() {
    let mut studio = Studio::new(BroadcastOptions::default());
    let mut caster = Caster::new(&studio.broadcast, 100, 25);
    let join = studio.broadcast.join(&JoinOptions::default());
    let mut source = studio.broadcast.viewer(1, ViewerOptions { join }).expect("a track");
    let waker = crate::rtp::SessionWaker::detached();
    let look = |source: &mut LiveSource, now_us| {
        let context = crate::rtp::ReadContext { now_us, quality: 0, skip_repeats: false, waker: &waker };
        crate::rtp::PacketSource::peek(source, &context)
    };
    caster.tick(studio.bench.now_us);
    assert!(matches!(look(&mut source, studio.bench.now_us), crate::rtp::Peek::Packet(_)));
    studio.cast(&mut caster, 120.0);
    let (packets, _) = studio.broadcast.buffered();
    assert!(packets <= 16 * 25 * 5, "{packets} packets are kept");
    let now_us = studio.bench.now_us;
    let crate::rtp::Peek::Packet(head) = look(&mut source, now_us) else { panic!("nothing") };
    assert!(head.sync && head.time_us >= now_us - 100 * MS, "due now, not then");
    assert!(source.lost() > 8000, "{}", source.lost());
    assert_eq!(studio.broadcast.missed(), source.lost());
}

#[test]
fn a_pause_is_followed_by_the_present() {
    let mut studio = Studio::new(BroadcastOptions::default());
    let mut caster = Caster::new(&studio.broadcast, 100, 25);
    let streams = studio.udp(5000);
    studio.watch(&streams, &JoinOptions::default());
    studio.cast(&mut caster, 1.0);
    studio.bench.pause(1);
    studio.bench.sent().clear();
    studio.cast(&mut caster, 5.0);
    assert!(studio.bench.sent().is_empty());
    let join = studio.broadcast.join(&JoinOptions::default());
    studio.keys = 0;
    studio.play(&streams, &join, false);
    studio.bench.run_for(4 * MS);
    let first = studio.bench.rtp(5000).first().cloned().expect("at once");
    assert!(is_key(&first));
    assert!(caster.frame - first.header().timestamp / 3600 <= 25);
}

#[test]
fn viewers_of_a_silent_broadcast_sleep_until_it_speaks() {
    let mut studio = Studio::new(BroadcastOptions::default());
    let streams = studio.udp(5000);
    studio.watch(&streams, &JoinOptions::default());
    studio.bench.run_for(10 * SECOND + 300 * MS);
    let now_us = studio.bench.now_us;
    let mut caster = Caster::new(&studio.broadcast, 100, 25);
    caster.tick(now_us);
    studio.bench.run_for(20 * MS);
    let first = studio.bench.rtp(5000).first().map(|sent| sent.at_us - now_us);
    assert!(first.is_some_and(|lag| lag <= 20 * MS), "{first:?}");
    assert!(studio.broadcast.is_active());
    studio.bench.run_for(11 * SECOND);
    assert!(!studio.broadcast.is_active());
}

#[test]
fn rubbish_is_counted_and_goes_nowhere() {
    let studio = Studio::new(BroadcastOptions::default());
    let now_us = studio.bench.now_us;
    let receive = |kind, bytes: &[u8]| studio.broadcast.receive(1, kind, Bytes::copy_from_slice(bytes), None, now_us);
    let too_long = [&[0x80, 96][..], &[0; 65_540]].concat();
    for rubbish in [&b""[..], b"\x80", b"\x40\x60aaaaaaaaaa", b"\x90\x60aaaaaaaaaa\0\0\xff\xff", &too_long] {
        assert_eq!(receive(Kind::Rtp, rubbish), Received::Rubbish);
    }
    for rubbish in [&b""[..], b"\x80\xc8\0\x01", b"\x80\x60\0\0aaaa"] {
        assert_eq!(receive(Kind::Rtcp, rubbish), Received::Rubbish);
    }
    assert_eq!((studio.broadcast.rubbish(), studio.broadcast.packets()), (8, 0));
    assert_eq!(studio.broadcast.buffered(), (0, 0));
    assert_eq!(studio.broadcast.receive(9, Kind::Rtp, Bytes::new(), None, now_us), Received::NotWanted);
    let largest = [&[0x80, 96][..], &[0; 65_533]].concat();
    assert_eq!(receive(Kind::Rtp, &largest), Received::Taken);
}

#[test]
fn arrival_times_of_apples_relays_are_used_and_cut_off() {
    let options = BroadcastOptions { use_arrival_trailer: true, ..BroadcastOptions::default() };
    let mut studio = Studio::new(options);
    let streams = studio.udp(5000);
    let now_us = studio.bench.now_us;
    let join = studio.broadcast.join(&JoinOptions { policy: Some(JoinPolicy::Newest), ..JoinOptions::default() });
    studio.play(&streams, &join, false);
    for number in 0..100u16 {
        let header = RtpHeader {
            marker: false,
            payload_type: 96,
            sequence: number,
            timestamp: u32::from(number) * 3600,
            ssrc: 5,
        };
        let sent_ms = 1_000_000 + i64::from(number) * 40;
        let packet = [&header.to_bytes()[..], &[0x41, 1], b"aktt", &sent_ms.to_be_bytes()].concat();
        studio.broadcast.receive(1, Kind::Rtp, packet.into(), None, now_us); // a burst
    }
    studio.bench.run_for(5 * SECOND);
    let sent = studio.bench.rtp(5000);
    assert_eq!(sent.len(), 100);
    assert!(sent.iter().all(|sent| sent.bytes.len() == 14));
    let last = sent.last().map_or(0, |sent| sent.at_us - now_us);
    assert!((3900 * MS..=4050 * MS).contains(&last), "{last}");
}

#[test]
fn the_bit_rate_is_that_of_what_came() {
    let mut studio = Studio::new(BroadcastOptions::default());
    let mut caster = Caster::new(&studio.broadcast, 100, 25);
    caster.size = 300;
    studio.cast(&mut caster, 10.0);
    let rate = studio.broadcast.bit_rate(); // 5 packets of 300 bytes each 40 ms
    assert!((285_000..=315_000).contains(&rate), "{rate}");
    assert_eq!(studio.broadcast.last_packet_us(), Some(studio.bench.now_us - FRAME_US));
}

#[test]
fn a_reliable_udp_viewer_is_sent_again_what_it_does_not_acknowledge() {
    let mut studio = Studio::new(BroadcastOptions::default());
    let mut caster = Caster::new(&studio.broadcast, 100, 25);
    let streams = [studio.bench.reliable_stream(5000, true), studio.bench.reliable_stream(5002, false)];
    studio.watch(&streams, &JoinOptions { reliable: true, ..JoinOptions::default() });
    studio.cast(&mut caster, 0.2);
    let first = studio.bench.rtp(5000).first().cloned().expect("sent");
    studio.cast(&mut caster, 2.0);
    let copies = studio.bench.rtp(5000).iter().filter(|sent| sent.bytes == first.bytes).count();
    assert!(copies > 1, "sent {copies} times");
}
