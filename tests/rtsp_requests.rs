//! Requests and answers as a client on a socket sees them. The trap numbers are those of the list of DSS 6.0.3's
//! surprises that this server was built against.

mod common;

use std::time::{Duration, Instant, SystemTime};

use common::{AUDIO, Client, Ports, Site, VIDEO};
use dss::rtsp::date;

const MOVIE: &str = "sample_100kbit.mp4";
const PATH: &str = "/sample_100kbit.mp4";

fn site() -> Site {
    let site = Site::new();
    site.movie(MOVIE);
    site
}

fn describe(client: &mut Client) {
    assert_eq!(client.ask("DESCRIBE", PATH, "").status, 200);
}

#[test]
fn trap_01_a_header_of_3000_bytes_is_served() {
    let site = site();
    let token = format!("Authorization: Digest username=\"{}\"", "x".repeat(3000));
    assert_eq!(site.connect().ask("OPTIONS", PATH, &token).status, 200);
}

#[test]
fn trap_02_a_lone_line_end_between_requests_is_skipped() {
    let site = site();
    let mut client = site.connect();
    assert_eq!(client.ask("OPTIONS", "*", "").status, 200);
    client.send(b"\r\n");
    assert_eq!(client.ask("OPTIONS", "*", "").status, 200);
}

#[test]
fn trap_04_dots_never_lead_out_of_the_movie_folder() {
    let site = site();
    let outside = site.movie(MOVIE).parent().unwrap().parent().unwrap().join("outside.mp4");
    std::fs::copy(site.movie(MOVIE), outside).unwrap();
    for path in ["/../outside.mp4", "/%2e%2e/outside.mp4", "/x/../../outside.mp4", "/..%2foutside.mp4"] {
        assert_eq!(site.connect().ask("DESCRIBE", path, "").status, 404, "{path}");
    }
    assert_eq!(site.connect().ask("DESCRIBE", "/../sample_100kbit.mp4", "").status, 200);
}

#[test]
fn trap_05_a_track_alone_is_not_for_other_methods_and_the_connection_stays() {
    let site = site();
    let mut client = site.connect();
    client.setup(MOVIE, VIDEO, &Ports::new().transport());
    assert_eq!(client.ask("TEARDOWN", &format!("{PATH}/{VIDEO}"), "").status, 460);
    assert_eq!(client.ask("TEARDOWN", PATH, "").status, 200);
}

#[test]
fn trap_06_the_scheme_is_not_read() {
    let site = site();
    let mut client = site.connect();
    client.send(format!("DESCRIBE http://elsewhere{PATH} RTSP/1.0\r\nCSeq: 1\r\n\r\n").as_bytes());
    assert_eq!(client.reply().status, 200);
}

#[test]
fn trap_07_the_query_reaches_neither_file_nor_content_base_nor_rtp_info() {
    let site = site();
    let mut client = site.connect();
    let reply = client.ask("DESCRIBE", &format!("{PATH}?token=1&x=/../y"), "");
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("Content-Base"), format!("rtsp://{}{PATH}/", site.address()));
    client.setup(MOVIE, VIDEO, "RTP/AVP/TCP;unicast;interleaved=0-1");
    let reply = client.ask("PLAY", &format!("{PATH}?token=1"), "");
    assert!(reply.header("RTP-Info").starts_with(&format!("url=rtsp://{}{PATH}/{VIDEO};seq=", site.address())));
}

#[test]
fn trap_08_a_second_setup_without_session_starts_a_session_that_plays_by_itself() {
    let site = site();
    let mut client = site.connect();
    let (video, audio) = (Ports::new(), Ports::new());
    let first = client.setup(MOVIE, VIDEO, &video.transport()).header("Session").to_owned();
    client.session = None;
    let second = client.setup(MOVIE, AUDIO, &audio.transport()).header("Session").to_owned();
    assert_ne!(first, second);
    assert_eq!(client.play(MOVIE, "0-").rtp_info().len(), 1);
    audio.packet();
    client.session = Some(first);
    client.play(MOVIE, "0-");
    video.packet();
}

#[test]
fn trap_09_a_session_nobody_knows_is_not_found_by_any_method() {
    let site = site();
    let mut client = site.connect();
    client.session = Some("99".to_owned());
    for method in ["SETUP", "PLAY", "PAUSE", "GET_PARAMETER", "SET_PARAMETER", "OPTIONS", "TEARDOWN"] {
        let path = if method == "SETUP" { format!("{PATH}/{VIDEO}") } else { PATH.to_owned() };
        let reply = client.ask(method, &path, "Transport: RTP/AVP/TCP;unicast");
        assert_eq!(reply.status, 454, "{method}");
    }
    assert_eq!(site.sessions(), 0, "no session was made for them");
}

#[test]
fn trap_10_describe_with_a_session_harms_nobody() {
    let site = site();
    let mut client = site.connect();
    let reply = client.ask("DESCRIBE", PATH, "Session: 1");
    assert_eq!(reply.status, 456);
    assert_eq!(site.connect().ask("DESCRIBE", PATH, "").status, 200);
}

#[test]
fn trap_11_get_parameter_during_a_udp_play_is_a_keep_alive() {
    let site = site();
    let (mut client, ports) = (site.connect(), Ports::new());
    client.setup(MOVIE, VIDEO, &ports.transport());
    client.play(MOVIE, "0-");
    ports.packet();
    assert_eq!(client.ask("GET_PARAMETER", PATH, "").status, 200);
    assert_eq!(client.ask("TEARDOWN", PATH, "").status, 200);
    ports.goodbye();
}

#[test]
fn trap_12_a_connection_is_never_left_open_and_mute() {
    let site = site();
    let mut client = site.connect();
    describe(&mut client);
    client.send(b"OPTIONS * RTSP/1.0\r\nCSeq: 7\r\na line without a colon\r\n\r\n");
    assert_eq!(client.reply().status, 400);
    assert!(client.is_closed());
}

#[test]
fn trap_13_and_14_answers_keep_order_and_spelling() {
    let site = site();
    let mut client = site.connect();
    let names = |text: &str| -> Vec<String> {
        text.lines().filter_map(|line| Some(line.split_once(':')?.0.to_owned())).collect()
    };
    let reply = client.ask("DESCRIBE", PATH, "");
    let expected = [
        "Server",
        "Cseq",
        "Last-Modified",
        "Cache-Control",
        "Content-length",
        "Date",
        "Expires",
        "Content-Type",
        "x-Accept-Retransmit",
        "x-Accept-Dynamic-Rate",
        "Content-Base",
    ];
    assert_eq!(names(&reply.text), expected);
    let reply = client.setup(MOVIE, VIDEO, "RTP/AVP/TCP;unicast");
    let expected = ["Server", "Cseq", "Last-Modified", "Cache-Control", "Session", "Date", "Expires", "Transport"];
    assert_eq!(names(&reply.text), expected);
    let reply = client.setup(MOVIE, AUDIO, "RTP/AVP/TCP;unicast");
    let expected = ["Server", "Cseq", "Session", "Last-Modified", "Cache-Control", "Date", "Expires", "Transport"];
    assert_eq!(names(&reply.text), expected, "a Session that was sent stands in front");
    let reply = client.play(MOVIE, "0-");
    assert_eq!(names(&reply.text), ["Server", "Cseq", "Session", "Range", "RTP-Info"]);
}

#[test]
fn trap_15_and_16_each_transport_parameter_is_there_once_with_the_servers_value() {
    let site = site();
    let ports = Ports::new();
    let asked = ports.transport().replace(";unicast", "; unicast") + ";ssrc=12345678;source=9.9.9.9;server_port=1-2";
    let reply = site.connect().setup(MOVIE, VIDEO, &asked);
    assert_eq!(reply.transport("source"), ["127.0.0.1"]);
    let (ssrc, server_port) = (reply.transport("ssrc"), reply.transport("server_port"));
    assert_eq!((ssrc.len(), server_port.len()), (1, 1), "{}", reply.text);
    assert_ne!((ssrc[0], server_port[0]), ("12345678", "1-2"));
}

#[test]
fn trap_17_a_profile_that_cannot_be_served_is_461_and_another_offer_is_taken() {
    let site = site();
    let mut client = site.connect();
    let path = format!("{PATH}/{VIDEO}");
    assert_eq!(client.ask("SETUP", &path, "Transport: RTP/SAVP;unicast;client_port=5000-5001").status, 461);
    let both = "Transport: RTP/SAVP;unicast;client_port=5000-5001, RTP/AVP/TCP;unicast;interleaved=0-1";
    assert_eq!(client.ask("SETUP", &path, both).status, 200);
    assert_eq!(site.sessions(), 1, "the SETUP that failed left no session of its own");
}

#[test]
fn trap_18_the_answer_says_which_channels_the_packets_use() {
    let site = site();
    let mut client = site.connect();
    let reply = client.setup(MOVIE, VIDEO, "RTP/AVP/TCP;unicast;interleaved=4-5");
    assert_eq!(reply.transport("interleaved"), ["4-5"]);
    let reply = client.setup(MOVIE, AUDIO, "RTP/AVP/TCP;unicast;interleaved=4-5");
    assert_eq!(reply.transport("interleaved"), ["0-1"], "taken numbers are not given twice");
    client.play(MOVIE, "0-");
    let mut channels: Vec<u8> = (0..40).map(|_| client.frame().0).collect();
    channels.sort_unstable();
    channels.dedup();
    assert!(channels.iter().all(|channel| [0, 1, 4, 5].contains(channel)), "{channels:?}");
    assert!(channels.contains(&0) && channels.contains(&4), "{channels:?}");
}

#[test]
fn trap_22_a_quoted_record_mode_is_understood() {
    let site = site();
    for mode in ["mode=record", "mode=\"RECORD\"", "mode=receive"] {
        let transport = format!("Transport: RTP/AVP/TCP;unicast;interleaved=0-1;{mode}");
        assert_eq!(site.connect().ask("SETUP", &format!("{PATH}/{VIDEO}"), &transport).status, 405, "{mode}");
    }
}

#[test]
fn trap_23_a_play_past_the_end_is_an_invalid_range() {
    let site = site();
    let (mut client, ports) = (site.connect(), Ports::new());
    client.setup(MOVIE, VIDEO, &ports.transport());
    assert_eq!(client.ask("PLAY", PATH, "Range: npt=500-").status, 457);
    assert_eq!(client.ask("PLAY", PATH, "Range: npt=12-3").status, 457);
    client.play(MOVIE, "0-");
    ports.packet();
}

#[test]
fn trap_24_now_is_where_the_session_stands() {
    let site = site();
    let (mut client, ports) = (site.connect(), Ports::new());
    client.setup(MOVIE, VIDEO, &ports.transport());
    let begin = Instant::now();
    assert_eq!(client.play(MOVIE, "now-").range(), (0.0, 20.0));
    let first = ports.packet();
    assert_eq!(ports.packet().seq, first.seq.wrapping_add(1));
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(client.ask("PAUSE", PATH, "").status, 200);
    let (start, _) = client.play(MOVIE, "now-").range();
    let most = 4.0 + begin.elapsed().as_secs_f64();
    assert!(start > 0.1 && start < most, "{start} of {most}");
}

#[test]
fn trap_25_a_copy_as_new_as_the_movie_is_not_modified() {
    let site = site();
    let modified = site.connect().ask("DESCRIBE", PATH, "").header("Last-Modified").to_owned();
    let later = date::format(date::parse(&modified).unwrap() + Duration::from_secs(3600));
    let earlier = date::format(date::parse(&modified).unwrap() - Duration::from_secs(3600));
    let ask = |since: &str| site.connect().ask("DESCRIBE", PATH, &format!("If-Modified-Since: {since}")).status;
    assert_eq!([ask(&modified), ask(&later), ask(&earlier)], [304, 304, 200]);
}

#[test]
fn trap_26_a_dynamic_rate_measures_the_round_trip_before_the_answer() {
    let site = site();
    let mut client = site.connect();
    let path = format!("{PATH}/{VIDEO}");
    let begin = Instant::now();
    client.post("SETUP", &path, "Transport: RTP/AVP/TCP;unicast\r\nx-Dynamic-Rate: 1");
    let probe = client.reply();
    assert!(probe.text.starts_with("OPTIONS * RTSP/1.0"), "{}", probe.text);
    assert_eq!(probe.body.len(), 1400);
    std::thread::sleep(Duration::from_millis(50));
    client.send(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n");
    let reply = client.reply();
    let millis: u128 = reply.header("x-Dynamic-Rate").strip_prefix("1;rtt=").unwrap().parse().unwrap();
    let most = begin.elapsed().as_millis();
    assert!((50..=most).contains(&millis), "{millis} of {most}");
}

#[test]
fn trap_26_a_client_that_sends_a_request_instead_gets_both_answers() {
    let site = site();
    let mut client = site.connect();
    client.post("SETUP", &format!("{PATH}/{VIDEO}"), "Transport: RTP/AVP/TCP;unicast\r\nx-Dynamic-Rate: 1");
    assert_eq!(client.reply().body.len(), 1400);
    client.post("OPTIONS", "*", "");
    let (setup, options) = (client.reply(), client.reply());
    assert_eq!((setup.status, options.status), (200, 200));
    assert!(setup.get("Transport").is_some() && options.get("Public").is_some());
}

#[test]
fn trap_31_the_date_is_of_this_second() {
    let site = site();
    let reply = site.connect().ask("DESCRIBE", PATH, "");
    let date = date::parse(reply.header("Date")).unwrap();
    let age = SystemTime::now().duration_since(date).unwrap_or_default();
    assert!(age < Duration::from_secs(3), "{age:?}");
}

#[test]
fn trap_34_the_session_time_out_is_told_where_the_preference_says_so() {
    let site = Site::with(&[("rtsp_timeout", "60")]);
    site.movie(MOVIE);
    let reply = site.connect().setup(MOVIE, VIDEO, "RTP/AVP/TCP;unicast");
    assert!(reply.header("Session").ends_with(";timeout=60"), "{}", reply.text);
}

#[test]
fn a_required_feature_that_nobody_has_is_refused_on_every_method() {
    let site = site();
    let mut client = site.connect();
    for method in ["OPTIONS", "DESCRIBE", "SETUP"] {
        let path = if method == "SETUP" { format!("{PATH}/{VIDEO}") } else { PATH.to_owned() };
        let reply =
            client.ask(method, &path, "Require: com.example.feature, x-Random-Data-Size\r\nTransport: RTP/AVP/TCP");
        assert_eq!((reply.status, reply.header("Unsupported")), (551, "com.example.feature"), "{method}");
    }
    let reply = client.ask("OPTIONS", "*", "Require: x-Random-Data-Size\r\nx-Random-Data-Size: 1000");
    assert_eq!((reply.status, reply.body.len()), (200, 1000));
}

#[test]
fn error_texts_are_sent_where_the_preference_says_so() {
    let site = Site::with(&[("RTSP_error_message", "true")]);
    let reply = site.connect().ask("DESCRIBE", "/none.mp4", "");
    assert_eq!((reply.status, reply.body.as_slice()), (404, b"no such movie".as_slice()));
    let mut client = site.connect();
    client.send(b"DESCRIBE /%zz RTSP/1.0\r\nCSeq: 5\r\n\r\n");
    let reply = client.reply();
    assert_eq!(reply.status, 400);
    assert!(!reply.body.is_empty());
}

#[test]
fn pipelined_requests_are_answered_in_order_however_they_are_cut() {
    let site = site();
    let mut client = site.connect();
    let requests =
        format!("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\nDESCRIBE {PATH} RTSP/1.0\r\nCSeq: 2\r\n\r\n").repeat(2);
    for part in requests.as_bytes().chunks(7) {
        client.send(part);
    }
    let order: Vec<_> = (0..4).map(|_| client.reply().header("Cseq").to_owned()).collect();
    assert_eq!(order, ["1", "2", "1", "2"]);
}

#[test]
fn several_addresses_are_listened_on_and_named_in_sdp_and_source() {
    let site = Site::with(&[("bind_ip_addr", "127.0.0.1 127.0.0.2")]);
    site.movie(MOVIE);
    assert_eq!(site.addresses.len(), 2);
    for address in &site.addresses {
        let mut client = Client::connect(*address, None);
        let sdp = String::from_utf8(client.ask("DESCRIBE", PATH, "").body).unwrap();
        assert!(sdp.contains(&format!("IN IP4 {}", address.ip())), "{sdp}");
        let reply = client.setup(MOVIE, VIDEO, &Ports::new().transport());
        assert_eq!(reply.transport("source"), [address.ip().to_string()]);
    }
}

#[test]
fn a_player_on_ipv6_gets_ipv6_sdp_and_packets() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return; // a machine without IPv6
    }
    let site = Site::with(&[("bind_ip_addr", "::1")]);
    site.movie(MOVIE);
    let mut client = site.connect();
    let sdp = String::from_utf8(client.ask("DESCRIBE", PATH, "").body).unwrap();
    assert!(sdp.contains("IN IP6 ::1") && sdp.contains("c=IN IP6 ::"), "{sdp}");
    let ports = Ports::on("::1");
    assert_eq!(client.setup(MOVIE, VIDEO, &ports.transport()).transport("source"), ["::1"]);
    client.play(MOVIE, "0-");
    ports.packet();
}

#[test]
fn a_connection_without_sessions_is_closed_after_its_time_out() {
    let site = Site::with(&[("real_rtsp_timeout", "1")]);
    site.movie(MOVIE);
    let mut playing = site.connect();
    playing.setup(MOVIE, VIDEO, "RTP/AVP/TCP;unicast");
    playing.play(MOVIE, "0-");
    let begin = Instant::now();
    let mut idle = site.connect();
    assert!(idle.is_closed());
    assert!(begin.elapsed() >= Duration::from_millis(900), "{:?}", begin.elapsed());
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(playing.ask("TEARDOWN", PATH, "").status, 200, "media keep a connection open");
}
