use std::net::UdpSocket as StdSocket;

use super::*;
use crate::live::{BroadcastOptions, Compound, JoinOptions, TrackInfo, TrackKind, ViewerOptions};
use crate::rtp::{
    PacketSource, Peek, QtssItem, ReadContext, RtcpItem, RtpHeader, SessionWaker, SystemClock, walk_rtcp,
};

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const LIMIT: Duration = Duration::from_secs(60);

fn broadcast() -> Arc<Broadcast> {
    let track = TrackInfo {
        track_id: 1,
        kind: TrackKind::Audio,
        payload_name: "L16".to_owned(),
        clock_rate: 8000,
        payload_type: Some(97),
        fmtp: String::new(),
    };
    Broadcast::new("/udp.sdp", vec![track], BroadcastOptions::default(), Arc::new(SystemClock::new()))
}

fn config(port: Option<u16>) -> ReceiverConfig {
    ReceiverConfig { local: LOCAL, group: None, port, only_from: None }
}

fn packet(sequence: u16) -> Vec<u8> {
    let header = RtpHeader { marker: false, payload_type: 97, sequence, timestamp: 160, ssrc: 77 };
    [&header.to_bytes()[..], b"sound"].concat()
}

async fn until(mut holds: impl FnMut() -> bool) {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LIMIT, wait).await.expect("in time");
}

#[tokio::test]
async fn datagrams_reach_viewers_unchanged_and_teach_where_the_source_is() {
    let broadcast = broadcast();
    let receiver = Receiver::open(&config(None), &broadcast, 1, &Handle::current()).expect("ports");
    assert!(receiver.rtp_port() >= FIRST_PORT && receiver.rtp_port() % 2 == 0);
    let join = broadcast.join(&JoinOptions::default());
    let mut source = broadcast.viewer(1, ViewerOptions { join }).expect("a track");
    let caster = StdSocket::bind((LOCAL, 0)).expect("caster");
    let sent = [packet(1), b"rubbish".to_vec(), packet(2)];
    sent.iter().for_each(|datagram| {
        caster.send_to(datagram, (LOCAL, receiver.rtp_port())).expect("sent");
    });
    until(|| broadcast.packets() == 2 && broadcast.rubbish() == 1).await;
    assert_eq!(receiver.source(), caster.local_addr().ok());
    let waker = SessionWaker::detached();
    for wanted in [packet(1), packet(2)] {
        let now_us = broadcast.clock().now_us();
        let context = ReadContext { now_us, quality: 0, skip_repeats: false, waker: &waker };
        assert!(matches!(source.peek(&context), Peek::Packet(_)));
        assert!(source.payload().is_some_and(|(bytes, range)| bytes[range] == wanted[..]));
        source.advance();
    }
}

#[tokio::test]
async fn a_port_in_use_is_an_error_that_is_told_and_a_free_one_is_found_past_it() {
    let broadcast = broadcast();
    let first = Receiver::open(&config(None), &broadcast, 1, &Handle::current()).expect("ports");
    let port = first.rtp_port();
    let error = Receiver::open(&config(Some(port)), &broadcast, 1, &Handle::current()).expect_err("in use");
    assert!(error.is_in_use(), "{error}");
    assert!(error.to_string().contains(&port.to_string()), "{error}");
    let second = Receiver::open(&config(None), &broadcast, 1, &Handle::current()).expect("ports");
    assert_ne!(second.rtp_port(), port);
}

#[tokio::test]
async fn the_source_is_told_who_watches_and_what_was_lost() {
    let broadcast = broadcast();
    let every = Duration::from_millis(50);
    let receiver = Receiver::open_reporting(&config(None), &broadcast, 1, &Handle::current(), every).expect("ports");
    let _watching = [(); 3].map(|()| broadcast.join(&JoinOptions::default()));
    let caster = tokio::net::UdpSocket::bind((LOCAL, 0)).await.expect("caster");
    let reports = tokio::net::UdpSocket::bind((LOCAL, 0)).await.expect("reports");
    receiver.report_to(reports.local_addr().expect("address"));
    for sequence in [1, 2, 5] {
        caster.send_to(&packet(sequence), (LOCAL, receiver.rtp_port())).await.expect("sent");
    }
    let mut buffer = [0; 500];
    let (mut viewers, mut lost) = (None, None);
    while lost != Some(2) {
        let received = tokio::time::timeout(LIMIT, reports.recv(&mut buffer)).await.expect("in time");
        let report = &buffer[..received.expect("a report")];
        let (packets, result) = walk_rtcp(report, |item| match item {
            RtcpItem::Report(block) => {
                assert_eq!(block.ssrc, 77);
                lost = Some(block.cumulative_lost);
            }
            RtcpItem::Qtss { item: QtssItem::Eyes { all, .. }, .. } => viewers = Some(all),
            _ => {}
        });
        assert_eq!((packets, result), (3, Ok(())));
    }
    assert_eq!(viewers, Some(3));

    // From another port than it said: behind a NAT, for instance.
    let rtcp = tokio::net::UdpSocket::bind((LOCAL, 0)).await.expect("rtcp");
    let mut sender_report = vec![0x80, 200, 0, 6, 0, 0, 0, 77];
    sender_report.extend([0; 20]);
    assert!(Compound::read(&sender_report).is_some());
    rtcp.send_to(&sender_report, (LOCAL, receiver.rtp_port() + 1)).await.expect("sent");
    let told = tokio::time::timeout(LIMIT, rtcp.recv(&mut buffer)).await.expect("in time");
    assert!(told.is_ok_and(|len| len > 60));
}

#[tokio::test]
async fn packets_from_elsewhere_than_the_wanted_source_are_not_taken() {
    let broadcast = broadcast();
    let other = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
    let only = ReceiverConfig { only_from: Some(other), ..config(None) };
    let receiver = Receiver::open(&only, &broadcast, 1, &Handle::current()).expect("ports");
    let stranger = StdSocket::bind((LOCAL, 0)).expect("stranger");
    let wanted = StdSocket::bind((other, 0)).expect("wanted");
    stranger.send_to(&packet(1), (LOCAL, receiver.rtp_port())).expect("sent");
    wanted.send_to(&packet(2), (LOCAL, receiver.rtp_port())).expect("sent");
    until(|| broadcast.packets() > 0).await;
    assert_eq!(receiver.source(), wanted.local_addr().ok());
    assert_eq!(broadcast.packets(), 1);
}

#[tokio::test]
#[allow(clippy::print_stdout)] // a test that leaves out a part has to say so
async fn a_group_is_joined_on_the_interface_that_is_named_and_by_several_receivers() {
    let broadcast = broadcast();
    let group = Ipv4Addr::new(239, 255, 77, 3);
    let probe = ReceiverConfig { group: Some(group.into()), ..config(None) };
    let receiver = match Receiver::open(&probe, &broadcast, 1, &Handle::current()) {
        Ok(receiver) => receiver,
        Err(error) => return println!("no multicast on the loopback here: {error}"),
    };
    let again = ReceiverConfig { port: Some(receiver.rtp_port()), ..probe };
    let _second = Receiver::open(&again, &broadcast, 1, &Handle::current()).expect("the group is shared");
    let caster = Socket::new(Domain::IPV4, Type::DGRAM, None).expect("caster");
    caster.set_multicast_if_v4(&Ipv4Addr::LOCALHOST).expect("interface");
    caster.set_multicast_loop_v4(true).expect("loop");
    let caster: StdSocket = caster.into();
    if let Err(error) = caster.send_to(&packet(1), (group, receiver.rtp_port())) {
        return println!("multicast can't be sent on the loopback here: {error}");
    }
    until(|| broadcast.packets() == 2).await;
    assert_eq!(receiver.peer.lock().reports_to(), Some((group, receiver.rtp_port() + 1).into()));
}

#[tokio::test]
async fn an_address_that_is_not_ours_and_a_pair_beyond_the_last_port_are_errors() {
    let broadcast = broadcast();
    let far = ReceiverConfig { local: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), ..config(None) };
    assert!(matches!(Receiver::open(&far, &broadcast, 1, &Handle::current()), Err(ReceiveError::Bind { .. })));
    let last = config(Some(65_535));
    assert!(matches!(Receiver::open(&last, &broadcast, 1, &Handle::current()), Err(ReceiveError::Bind { .. })));
    let v6 = ReceiverConfig {
        group: Some("ff02::1234".parse().expect("a group")),
        local: "2001:db8::1".parse().expect("an address"),
        ..config(None)
    };
    assert!(Receiver::open(&v6, &broadcast, 1, &Handle::current()).is_err(), "no interface has it");
}

#[tokio::test]
async fn closed_receivers_give_their_ports_back() {
    let broadcast = broadcast();
    let receiver = Receiver::open(&config(None), &broadcast, 1, &Handle::current()).expect("ports");
    let port = receiver.rtp_port();
    drop(receiver);
    until(|| Receiver::open(&config(Some(port)), &broadcast, 1, &Handle::current()).is_ok()).await;
}

#[tokio::test]
async fn datagrams_that_were_mixed_up_are_sorted_and_a_lost_one_holds_up_the_others_only_for_a_moment() {
    let broadcast = broadcast();
    let receiver = Receiver::open(&config(None), &broadcast, 1, &Handle::current()).expect("ports");
    let caster = StdSocket::bind((LOCAL, 0)).expect("caster");
    let send = |sequence| caster.send_to(&packet(sequence), (LOCAL, receiver.rtp_port())).expect("sent");
    [1, 3, 2, 5, 6].into_iter().for_each(|sequence| assert!(send(sequence) > 12)); // 4 is lost
    until(|| broadcast.buffered().0 == 5).await;
    let join = broadcast.join(&JoinOptions { policy: Some(crate::live::JoinPolicy::Oldest), ..JoinOptions::default() });
    let mut source = broadcast.viewer(1, ViewerOptions { join }).expect("a track");
    let waker = SessionWaker::detached();
    for wanted in [1, 2, 3, 5, 6] {
        let now_us = broadcast.clock().now_us();
        let context = ReadContext { now_us, quality: 0, skip_repeats: false, waker: &waker };
        let Peek::Packet(head) = source.peek(&context) else { panic!("no packet {wanted}") };
        assert_eq!(head.source_sequence, wanted);
        source.advance();
    }
}
