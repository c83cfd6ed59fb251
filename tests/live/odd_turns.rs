//! What broadcasters and players do besides the usual: the same session for both, names beside movies, leaving and coming
//! back at once, hundreds of times.

use super::*;

#[test]
fn nobody_broadcasts_in_the_place_of_a_movie() {
    let site = site();
    site.movie("sample_100kbit.mp4");
    let of_movie = describe(&site, "/sample_100kbit.mp4");
    let _caster = Caster::start(&site, "/sample_100kbit.mp4.sdp");
    let reply = describe(&site, "/sample_100kbit.mp4");
    assert_eq!((reply.status, reply.body), (200, of_movie.body), "the movie, not the broadcast");
    site.connect().setup("sample_100kbit.mp4", common::VIDEO, &format!("{TCP};interleaved=0-1"));
    assert_eq!(describe(&site, "/sample_100kbit.mp4.sdp").status, 200, "it has its own name");
}

#[test]
fn what_lies_beside_the_movie_folder_is_no_broadcast() {
    let site = site();
    fs::write(site.folder().join("Movies.sdp"), SDP).unwrap();
    assert_eq!(describe(&site, "/").status, 415, "a folder is no movie");
    assert_ne!(site.connect().ask("SETUP", "/trackID=1", &format!("Transport: {TCP}")).status, 200);
}

#[test]
fn a_session_that_watches_does_not_send() {
    let site = site();
    let caster = Caster::start(&site, "/both.sdp");
    let mut viewer = site.connect();
    viewer.setup("both.sdp", "trackID=1", &format!("{TCP};interleaved=0-1"));
    let record = format!("Transport: {RECORD_TCP};interleaved=2-3");
    assert_eq!(viewer.ask("SETUP", "/both.sdp/trackID=2", &record).status, 459, "while somebody else sends");
    let client = caster.silence();
    drop(client);
    eventually("the broadcast is over", || !site.movies("both.sdp").exists());
    announced(&mut site.connect(), "/both.sdp", SDP);
    assert_eq!(viewer.ask("SETUP", "/both.sdp/trackID=2", &record).status, 459, "when nobody else does");
    drop(viewer);
    eventually("nothing is left of it", || site.server.broadcasts.is_empty() && site.sessions() == 0);

    site.movie("sample_100kbit.mp4");
    let mut player = site.connect();
    player.setup("sample_100kbit.mp4", common::VIDEO, &format!("{TCP};interleaved=0-1"));
    assert_eq!(player.ask("SETUP", "/both.sdp/trackID=2", &record).status, 459, "it plays a movie");
}

#[test]
fn a_track_may_be_set_up_again_and_by_other_means() {
    let site = site();
    let mut client = site.connect();
    announced(&mut client, "/twice.sdp", SDP);
    assert_eq!(client.ask("RECORD", "/twice.sdp", "").status, 455, "before the first SETUP");
    let (first, second) = (Ports::new(), Ports::new());
    let port = setup_udp(&mut client, "twice.sdp", &[&first, &second])[0];
    client.setup("twice.sdp", "trackID=1", &format!("{RECORD_TCP};interleaved=0-1"));
    eventually("its ports are closed", || UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
    assert_eq!(client.ask("RECORD", "/twice.sdp", "").status, 200);
    let viewer = Viewer::playing(&site, "/twice.sdp");
    client.send_frame(0, &rtp(96, 1, VIDEO, 10));
    viewer.sees(VIDEO);
    assert_eq!(client.ask("RECORD", "/twice.sdp", "").status, 200, "once more does no harm");
    client.send_frame(0, &rtp(96, 2, VIDEO, 10));
    viewer.sees(VIDEO);
}

#[test]
fn a_player_may_pause_and_go_on_with_what_is_live_then() {
    let site = site();
    let _caster = Caster::start(&site, "/pause.sdp");
    let mut viewer = Viewer::playing(&site, "/pause.sdp");
    let mut last = viewer.sees(VIDEO).seq;
    for _ in 0..5 {
        assert_eq!(viewer.client.ask("PAUSE", "/pause.sdp", "").status, 200);
        viewer.ports.drain();
        assert!(!viewer.ports.hears_within(Duration::from_millis(100)));
        assert_eq!(viewer.client.ask("PLAY", "/pause.sdp", "").status, 200);
        let seq = viewer.sees(VIDEO).seq;
        assert!(seq.wrapping_sub(last) < 0x8000, "{seq} after {last}");
        last = seq;
    }
}

#[test]
fn two_players_on_one_connection_have_their_own_channels() {
    let site = site();
    let caster = Caster::start(&site, "/pair.sdp");
    let mut client = site.connect();
    for channels in ["0-1", "2-3"] {
        client.session = None;
        client.setup("pair.sdp", "trackID=1", &format!("{TCP};interleaved={channels}"));
        assert_eq!(client.ask("PLAY", "/pair.sdp", "").status, 200);
    }
    let mut seen = [0, 0];
    while seen.iter().any(|count| *count < 10) {
        match client.frame() {
            (0, _) => seen[0] += 1,
            (2, _) => seen[1] += 1,
            (channel, _) => assert!(matches!(channel, 1 | 3), "{channel}"),
        }
    }
    drop(client);
    eventually("the broadcaster's session only", || site.sessions() == 1);
    caster.teardown();
    eventually("nothing is left", || site.server.broadcasts.is_empty() && site.sessions() == 0);
}

#[test]
fn an_operators_description_is_served_again_when_a_broadcast_in_its_place_has_ended() {
    let site = site();
    let port = static_description(&site, "own.sdp", "127.0.0.1");
    let described = fs::read_to_string(site.movies("own.sdp")).unwrap();
    let mut client = site.connect();
    announced(&mut client, "/own.sdp", &described.replace(&format!("video {port}"), "video 0"));
    client.setup("own.sdp", "trackID=1", &format!("{RECORD_TCP};interleaved=0-1"));
    assert_eq!(client.ask("RECORD", "/own.sdp", "").status, 200);
    client.send_frame(0, &rtp(96, 1, VIDEO, 10));
    let stays = Viewer::playing(&site, "/own.sdp");
    stays.sees(VIDEO);
    assert_eq!(client.ask("TEARDOWN", "/own.sdp", "").status, 200);
    assert_eq!(fs::read_to_string(site.movies("own.sdp")).unwrap(), described);
    let _source = send_to("127.0.0.1", port, 0xfeed);
    Viewer::playing(&site, "/own.sdp").sees(0xfeed);
    stays.sees(0xfeed);
}

#[test]
fn the_next_player_of_a_static_description_comes_when_the_last_one_has_just_left() {
    let site = site();
    let port = static_description(&site, "quick.sdp", "127.0.0.1");
    let _source = send_to("127.0.0.1", port, VIDEO);
    for _ in 0..40 {
        let mut viewer = Viewer::new(&site, "/quick.sdp");
        assert_eq!(viewer.client.ask("TEARDOWN", "/quick.sdp", "").status, 200);
    }
    eventually("its ports are closed", || UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
    // As if the server itself had not closed them yet.
    let closing = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    let closes = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        drop(closing);
    });
    Viewer::playing(&site, "/quick.sdp").sees(VIDEO);
    closes.join().unwrap();
}

#[test]
fn nothing_is_left_of_a_hundred_broadcasts_however_they_end() {
    let site = site();
    let cycle = |number: usize| {
        let mut client = site.connect();
        announced(&mut client, "/cycle.sdp", SDP);
        match number % 4 {
            0 => return client.reset(),
            1 => {}
            _ => {
                let ports = [Ports::new(), Ports::new()];
                setup_udp(&mut client, "cycle.sdp", &[&ports[0], &ports[1]]);
            }
        }
        client.setup("cycle.sdp", "trackID=1", &format!("{RECORD_TCP};interleaved=0-1"));
        let mut viewer = site.connect();
        viewer.setup("cycle.sdp", "trackID=1", &format!("{TCP};interleaved=0-1"));
        if number % 4 == 3 {
            assert_eq!(client.ask("RECORD", "/cycle.sdp", "").status, 200);
            client.send_frame(0, &rtp(96, 1, VIDEO, 10));
            assert_eq!(viewer.ask("PLAY", "/cycle.sdp", "").status, 200);
            viewer.frame();
            assert_eq!(client.ask("TEARDOWN", "/cycle.sdp", "").status, 200);
        }
        viewer.reset();
        client.reset();
        eventually("it is over", || !site.movies("cycle.sdp").exists());
    };
    let state = || {
        eventually("all is over", || {
            site.server.broadcasts.is_empty() && site.sessions() == 0 && site.connections() == 0
        });
        site.server.ports.open_sockets()
    };
    (0..4).for_each(cycle);
    let before = state();
    (0..100).for_each(cycle);
    assert_eq!(state(), before);
}

#[test]
fn what_is_on_the_air_goes_on_when_the_operator_changes_his_mind() {
    let site = site();
    let caster = Caster::start(&site, "/mind.sdp");
    let mut viewer = Viewer::playing(&site, "/mind.sdp");
    let switch = |value: &str| {
        let names = ["allow_broadcasts", "enable_broadcast_push", "enable_broadcast_announce"];
        site.reread_with(&names.map(|name| (MODULE, name, value)));
    };
    switch("false");
    viewer.ports.drain();
    viewer.sees_in_order(VIDEO, 10);
    assert_eq!((describe(&site, "/mind.sdp").status, Viewer::new_status(&site, "/mind.sdp")), (403, 403));
    assert_eq!(site.connect().announce("/new.sdp", SDP).status, 412);
    switch("true");
    assert_eq!(describe(&site, "/mind.sdp").status, 200);

    let elsewhere = site.folder().join("Elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let preferences = site.server.preferences();
    let folder = elsewhere.to_str().unwrap().as_bytes().to_vec();
    let movie_folder = dss::config::server_pref("movie_folder").unwrap();
    let to_elsewhere = |document: &mut dss::config::Document| {
        document.set_values(&dss::config::Place::server(), "movie_folder", movie_folder.ty, &[folder])
    };
    preferences.update(to_elsewhere).unwrap();
    site.block_on(async { site.server.reread() });
    viewer.ports.drain();
    viewer.sees_in_order(VIDEO, 10);
    assert_eq!(describe(&site, "/mind.sdp").status, 404, "a name in the new folder");
    assert_eq!(viewer.client.ask("TEARDOWN", "/mind.sdp", "").status, 200);
    caster.teardown();
    assert!(!site.movies("mind.sdp").exists(), "gone from the old folder");
}
