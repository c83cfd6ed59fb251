//! Sessions from their beginning to their end: whose they are, how many there may be, what ends them and what is left.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::{AUDIO, Client, Ports, Site, VIDEO, eventually};
use dss::qtss::attr::{qtssSvrClientSessions, qtssSvrRTSPPorts};
use dss::qtss::{BoxFuture, Module, QtssError, Registration, Role, RoleCall};
use dss::server::RequestContext;

const MOVIE: &str = "sample_100kbit.mp4";
const PATH: &str = "/sample_100kbit.mp4";
const TCP: &str = "RTP/AVP/TCP;unicast";

fn site_with(changes: &[(&str, &str)]) -> Site {
    let site = Site::with(changes);
    site.movie(MOVIE);
    site
}

/// Nothing is left of sessions and connections.
fn eventually_empty(site: &Site) {
    eventually("all sessions and connections end", || site.sessions() == 0 && site.connections() == 0);
    eventually("all counts are 0", || site.counted() == 0 && site.playing() == 0);
    assert!(site.server.object.objects(qtssSvrClientSessions).is_empty());
}

#[test]
fn trap_19_a_channel_never_handed_out_is_dropped_and_the_server_lives() {
    let site = site_with(&[]);
    let mut client = site.connect();
    client.send(b"$\x09\x00\x04abcd");
    client.setup(MOVIE, VIDEO, TCP);
    client.send(b"$\x09\x00\x04abcd$\xff\x00\x00");
    client.play(MOVIE, "0-");
    assert_eq!(client.frame().0, 0);
}

#[test]
fn trap_20_a_frame_of_8_kilobytes_does_not_stall_the_connection() {
    let site = site_with(&[]);
    let mut client = site.connect();
    client.setup(MOVIE, VIDEO, TCP);
    let mut frame = b"$\x00\x20\x00".to_vec();
    frame.resize(4 + 0x2000, 0x55);
    client.send(&frame);
    assert_eq!(client.ask("OPTIONS", "*", "").status, 200);
}

#[test]
fn trap_32_the_places_of_tcp_clients_that_vanish_are_free_at_once() {
    let site = site_with(&[("maximum_connections", "4")]);
    for round in 0..3 {
        let clients: Vec<Client> = (0..4)
            .map(|_| {
                let mut client = site.connect();
                client.setup(MOVIE, VIDEO, TCP);
                client.play(MOVIE, "0-");
                client
            })
            .collect();
        assert_eq!(site.connect().ask("DESCRIBE", PATH, "").status, 453, "round {round}");
        drop(clients);
        eventually_empty(&site);
    }
}

#[test]
fn trap_33_looking_around_leaves_no_session_and_no_connection() {
    let site = site_with(&[("maximum_connections", "20")]);
    for _ in 0..100 {
        let mut client = site.connect();
        assert_eq!(client.ask("DESCRIBE", PATH, "").status, 200);
        for method in ["GET_PARAMETER", "PAUSE", "PLAY"] {
            assert!([200, 454, 455].contains(&client.ask(method, PATH, "").status), "{method}");
        }
        drop(client);
        eventually("its connection is gone", || site.connections() < 10);
    }
    eventually_empty(&site);
}

#[test]
fn setups_that_fail_leave_no_session() {
    let site = site_with(&[]);
    let mut client = site.connect();
    for _ in 0..20 {
        let reply = client.ask("SETUP", &format!("{PATH}/{VIDEO}"), "Transport: RTP/SAVP;unicast");
        assert_eq!(reply.status, 461);
    }
    assert_eq!(site.sessions(), 1, "one for the connection");
    for (method, path) in [("SETUP", format!("{PATH}/trackID=77")), ("ANNOUNCE", PATH.to_owned())] {
        assert_ne!(site.connect().ask(method, &path, &format!("Transport: {TCP}")).status, 200);
    }
    eventually("those of the closed connections end", || site.sessions() == 1);
    assert_eq!(site.counted(), 0);
    drop(client);
    eventually_empty(&site);
}

#[test]
fn a_storm_of_setups_is_admitted_up_to_the_limit() {
    let site = site_with(&[("maximum_connections", "40")]);
    let mut clients: Vec<Client> = (0..40).map(|_| site.connect()).collect();
    // All look first, so that each has a session before any is counted; then half of the places go to others.
    clients.iter_mut().for_each(|client| assert_eq!(client.ask("DESCRIBE", PATH, "").status, 200));
    site.server.stats.current_sessions.fetch_add(30, Ordering::Relaxed);
    for client in &mut clients {
        client.post("SETUP", &format!("{PATH}/{VIDEO}"), &format!("Transport: {TCP}"));
    }
    let statuses: Vec<u16> = clients.iter_mut().map(|client| client.reply().status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 10, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 453).count(), 30, "{statuses:?}");
    drop(clients);
    eventually("only the others are left", || site.counted() == 30 && site.sessions() == 0);
}

#[test]
fn bandwidth_at_the_limit_is_453() {
    let site = site_with(&[("maximum_bandwidth", "0")]);
    let reply = site.connect().ask("DESCRIBE", PATH, "");
    assert_eq!((reply.status, reply.get("Connection")), (453, Some("Close")));
}

#[test]
fn a_session_belongs_to_the_address_that_made_it() {
    let site = site_with(&[]);
    let (mut owner, ports) = (site.connect(), Ports::new());
    owner.setup(MOVIE, VIDEO, &ports.transport());
    owner.play(MOVIE, "0-");
    let mut thief = site.connect_from("127.0.0.9");
    thief.session.clone_from(&owner.session);
    for method in ["PAUSE", "TEARDOWN", "PLAY", "GET_PARAMETER"] {
        assert_eq!(thief.ask(method, PATH, "").status, 454, "{method}");
    }
    let mut second = site.connect();
    second.session.clone_from(&owner.session);
    assert_eq!(second.ask("PAUSE", PATH, "").status, 200, "another connection of the owner's may");
    assert_eq!(site.playing(), 0);
}

#[test]
fn a_teardown_elsewhere_frees_the_channels() {
    let site = site_with(&[]);
    let mut carrier = site.connect();
    carrier.setup(MOVIE, VIDEO, TCP);
    carrier.play(MOVIE, "0-");
    carrier.frame();
    let mut other = site.connect();
    other.session = carrier.session.take();
    assert_eq!(other.ask("TEARDOWN", PATH, "").status, 200);
    eventually("the session ends", || site.counted() == 0);
    let reply = carrier.setup(MOVIE, VIDEO, "RTP/AVP/TCP;unicast;interleaved=0-1");
    assert_eq!(reply.transport("interleaved"), ["0-1"]);
    assert_eq!(site.counted(), 1);
}

#[test]
fn a_second_setup_of_a_track_takes_the_place_of_the_first() {
    let site = site_with(&[]);
    let (mut client, first, second) = (site.connect(), Ports::new(), Ports::new());
    client.setup(MOVIE, VIDEO, &first.transport());
    client.setup(MOVIE, VIDEO, &second.transport());
    assert_eq!(client.play(MOVIE, "0-").rtp_info().len(), 1);
    second.packet();
    assert!(!first.hears_within(Duration::from_millis(200)));
    let reply = client.ask("SETUP", &format!("{PATH}/{VIDEO}"), &format!("Transport: {}", first.transport()));
    assert_eq!(reply.status, 455, "not while it plays");
    assert_eq!(client.ask("PAUSE", PATH, "").status, 200);
    client.setup(MOVIE, VIDEO, TCP);
    let reply = client.setup(MOVIE, VIDEO, "RTP/AVP/TCP;unicast;interleaved=0-1");
    assert_eq!(reply.transport("interleaved"), ["0-1"], "its own channels are free for it");
    second.drain();
    client.play(MOVIE, "");
    assert_eq!(client.frame().0, 0);
    assert!(!second.hears_within(Duration::from_millis(200)));
}

#[test]
fn a_track_set_up_during_a_pause_plays_with_the_others() {
    let site = site_with(&[]);
    let (mut client, video, audio) = (site.connect(), Ports::new(), Ports::new());
    client.setup(MOVIE, VIDEO, &video.transport());
    client.play(MOVIE, "5-");
    video.packet();
    assert_eq!(client.ask("PAUSE", PATH, "").status, 200);
    client.setup(MOVIE, AUDIO, &audio.transport());
    video.drain();
    let reply = client.play(MOVIE, "");
    assert!(reply.range().0 >= 4.9, "{}", reply.text);
    assert_eq!(video.packet().seq, reply.rtp_info()[0].0);
    assert_eq!(audio.packet().seq, reply.rtp_info()[1].0);
}

#[test]
fn a_silent_udp_player_times_out_with_bye_and_status_504() {
    let site = site_with(&[("rtp_timeout", "1")]);
    let (mut client, ports) = (site.connect(), Ports::new());
    client.setup(MOVIE, VIDEO, &ports.transport());
    client.play(MOVIE, "0-");
    ports.goodbye();
    eventually("the line is written", || site.access_log().len() == 1);
    assert_eq!(site.access_log()[0][8], "504");
    assert_eq!(client.ask("OPTIONS", PATH, "").status, 454);
    client.session = None;
    assert_eq!(client.ask("OPTIONS", PATH, "").status, 200, "its connection is open");
    drop(client);
    eventually_empty(&site);
}

#[test]
fn a_udp_session_outlives_its_connection_and_is_driven_from_another() {
    let site = site_with(&[]);
    let (mut client, ports) = (site.connect(), Ports::new());
    client.setup(MOVIE, VIDEO, &ports.transport());
    client.play(MOVIE, "0-");
    ports.packet();
    let session = client.session.clone();
    drop(client);
    eventually("its connection is gone", || site.connections() == 0);
    ports.drain();
    ports.packet();
    let id = site.server.sessions.all()[0].clone();
    assert!(!id.is_overdue(site.server.now_ms() + 29_000));
    assert!(id.is_overdue(site.server.now_ms() + 31_000), "an unattended session needs RTCP to live on");
    let mut back = site.connect();
    back.session = session;
    assert_eq!(back.ask("GET_PARAMETER", PATH, "").status, 200);
    assert!(!id.is_overdue(site.server.now_ms() + 31_000), "attended again, the preference counts");
    assert_eq!(back.ask("TEARDOWN", PATH, "").status, 200);
    ports.goodbye();
    eventually_empty(&site);
}

#[test]
fn a_teardown_counts_even_if_the_client_does_not_wait_for_the_answer() {
    let site = site_with(&[]);
    for _ in 0..10 {
        let (mut client, ports) = (site.connect(), Ports::new());
        client.setup(MOVIE, VIDEO, &ports.transport());
        client.play(MOVIE, "0-");
        ports.packet(); // without one there is no BYE
        client.post("TEARDOWN", PATH, "");
        drop(client);
        ports.goodbye();
    }
    eventually_empty(&site);
    assert!(site.access_log().iter().all(|line| line[8] == "200"), "{:?}", site.access_log());
}

#[test]
fn requests_and_ends_from_many_connections_leave_no_count_behind() {
    let site = site_with(&[]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for round in 0..10 {
                    let (mut client, mut other) = (site.connect(), site.connect());
                    client.setup(MOVIE, VIDEO, TCP);
                    other.session.clone_from(&client.session);
                    client.post("PLAY", PATH, "Range: npt=1-");
                    other.post("SETUP", &format!("{PATH}/{AUDIO}"), "Transport: RTP/AVP/TCP;unicast");
                    let (first, second) = if round % 2 == 0 { (client, other) } else { (other, client) };
                    drop(first);
                    std::thread::sleep(Duration::from_millis(round));
                    drop(second);
                }
            });
        }
    });
    eventually_empty(&site);
    let playing = || site.server.engine.counters();
    eventually("the send workers have forgotten them", || playing().sessions == 0);
}

#[test]
fn a_late_tolerance_counts_on_the_sessions_own_connection_only() {
    let site = site_with(&[]);
    let mut owner = site.connect();
    owner.setup(MOVIE, VIDEO, TCP);
    owner.play(MOVIE, "0-");
    let tolerance = || site.block_on(async { site.server.sessions.all()[0].state.lock().await.late_tolerance });
    let before = tolerance();
    let mut other = site.connect();
    other.session.clone_from(&owner.session);
    let reply = other.ask("SET_PARAMETER", PATH, "x-Transport-Options: late-tolerance=7.5");
    assert_eq!((reply.status, tolerance()), (200, before), "a sign of life and nothing more");
    assert_eq!(owner.ask("SET_PARAMETER", PATH, "x-Transport-Options: late-tolerance=7.5").status, 200);
    assert_eq!(tolerance(), Some(7.5));
}

#[test]
fn a_port_that_was_left_to_the_system_stays_at_a_reread() {
    let site = site_with(&[("rtsp_port", "0")]);
    site.block_on(async { site.server.reread() });
    assert_eq!(site.server.object.list(qtssSvrRTSPPorts), [site.address().port().to_ne_bytes()]);
    assert_eq!(site.connect().ask("OPTIONS", "*", "").status, 200);
}

#[test]
fn each_closed_session_has_a_line_in_the_access_log() {
    let site = site_with(&[]);
    let (mut client, ports) = (site.connect(), Ports::new());
    let agent = "User-Agent: QuickTime/7.6 (qtver=7.6;os=Mac)";
    assert_eq!(client.ask("DESCRIBE", &format!("{PATH}?who=me"), agent).status, 200);
    client.setup(MOVIE, VIDEO, &ports.transport());
    client.play(MOVIE, "0-1");
    (0..5).for_each(|_| drop(ports.packet()));
    assert_eq!(client.ask("TEARDOWN", PATH, "").status, 200);
    eventually("the line is written", || !site.access_log().is_empty());
    let [line] = site.access_log().try_into().unwrap();
    let field = |name: &str| {
        let column = dss::log::ACCESS_FIELDS.iter().position(|field| *field == name).unwrap();
        line[column].as_str()
    };
    assert_eq!(field("c-ip"), "127.0.0.1");
    assert_eq!(field("cs-uri-stem"), PATH);
    assert_eq!(field("c-status"), "200");
    assert_eq!(field("filelength"), "20");
    assert_eq!(field("transport"), "UDP");
    assert!(field("videocodec").starts_with("MP4V-ES"), "{line:?}");
    assert_eq!(field("audiocodec"), "-");
    assert!(field("s-pkts-sent").parse::<u32>().unwrap() >= 5, "{line:?}");
    assert!(field("sc-bytes").parse::<u32>().unwrap() > 500, "{line:?}");
    assert_eq!(field("s-ip"), "127.0.0.1");
    assert_eq!(field("s-totalclients"), "1", "it counts itself");
    assert_eq!(field("cs-uri-query"), "who=me");
}

#[test]
fn one_connection_that_looks_at_many_movies_is_logged_with_the_one_it_set_up() {
    let site = site_with(&[]);
    site.movie("sample_50kbit.3gp");
    let mut client = site.connect();
    assert_eq!(client.ask("DESCRIBE", "/sample_50kbit.3gp", "").status, 200);
    assert_eq!(client.ask("DESCRIBE", PATH, "").status, 200);
    client.setup(MOVIE, VIDEO, TCP);
    drop(client);
    eventually("the line is written", || site.access_log().len() == 1);
    assert_eq!(site.access_log()[0][4], PATH);
}

/// Panics when a path is asked for; counts the sessions that end.
#[derive(Default)]
struct Faulty {
    ended: Arc<AtomicU64>,
}

impl Module for Faulty {
    fn name(&self) -> &str {
        "Faulty"
    }

    fn register(&self, registration: &mut Registration) -> Result<(), QtssError> {
        registration.add_role(Role::RtspRoute)?;
        registration.add_role(Role::ClientSessionClosing)
    }

    fn call<'a>(&'a self, call: RoleCall<'a>) -> BoxFuture<'a, Result<(), QtssError>> {
        Box::pin(async move {
            match call {
                RoleCall::Route(params) => {
                    let ctx = params.context::<Arc<RequestContext>>().expect("a request");
                    let wish = ctx.request().and_then(|request| request.query().map(<[u8]>::to_vec));
                    assert!(wish.as_deref() != Some(b"panic"), "as the client wished");
                }
                RoleCall::ClientSessionClosing { .. } => {
                    self.ended.fetch_add(1, Ordering::Relaxed);
                    panic!("at each end, too");
                }
                _ => {}
            }
            Ok(())
        })
    }
}

#[test]
fn a_panic_ends_its_session_and_connection_and_nothing_else() {
    let faulty = Faulty::default();
    let ended = Arc::clone(&faulty.ended);
    let site = Site::with_module(Arc::new(faulty));
    site.movie(MOVIE);
    let mut bystander = site.connect();
    bystander.setup(MOVIE, VIDEO, TCP);
    bystander.play(MOVIE, "0-");
    let (mut victim, ports) = (site.connect(), Ports::new());
    victim.setup(MOVIE, VIDEO, &ports.transport());
    victim.play(MOVIE, "0-");
    ports.packet();
    victim.post("PAUSE", &format!("{PATH}?panic"), "");
    assert!(victim.is_closed());
    ports.goodbye();
    eventually("the session ends", || site.counted() == 1 && site.connections() == 1);
    assert_eq!(ended.load(Ordering::Relaxed), 1);
    assert_eq!((site.sessions(), site.playing()), (1, 1));
    assert_eq!(bystander.ask("GET_PARAMETER", PATH, "").status, 200);
    drop(bystander);
    eventually_empty(&site);
    let statuses: Vec<_> = site.access_log().iter().map(|line| line[8].clone()).collect();
    assert_eq!(statuses, ["500", "504"], "modules after the faulty one are called all the same");
}

#[test]
fn stopping_says_bye_to_all_and_takes_less_than_its_time() {
    let site = site_with(&[]);
    let players: Vec<_> = (0..5)
        .map(|_| {
            let (mut client, ports) = (site.connect(), Ports::new());
            client.setup(MOVIE, VIDEO, &ports.transport());
            client.play(MOVIE, "0-");
            ports.packet();
            (client, ports)
        })
        .collect();
    let begin = Instant::now();
    site.block_on(site.server.stop());
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
    players.iter().for_each(|(_, ports)| drop(ports.goodbye()));
    assert_eq!((site.sessions(), site.connections(), site.counted()), (0, 0, 0));
    assert_eq!(site.access_log().len(), 5);
}
