use super::*;

fn choose(value: &str) -> Transport {
    Transport::choose(value).unwrap_or_else(|error| panic!("{value}: {error}"))
}

const CLIENT: PortPair = PortPair { rtp: 5000, rtcp: 5001 };
const SERVER: PortPair = PortPair { rtp: 6970, rtcp: 6971 };

fn udp_answer(value: &str) -> String {
    choose(value).answer_udp("127.0.0.1", Some(CLIENT), SERVER, Some(0xAB_CDEF))
}

#[test]
fn the_udp_answer_is_that_of_dss() {
    assert_eq!(
        udp_answer("RTP/AVP;unicast;client_port=5000-5001"),
        "RTP/AVP;unicast;source=127.0.0.1;client_port=5000-5001;server_port=6970-6971;ssrc=00ABCDEF"
    );
    assert_eq!(
        udp_answer("RTP/AVP/UDP;unicast;client_port=5000-5001"),
        "RTP/AVP/UDP;unicast;source=127.0.0.1;client_port=5000-5001;server_port=6970-6971;ssrc=00ABCDEF"
    );
    assert_eq!(
        udp_answer(r#"RTP/AVP;unicast;client_port=5000-5001;mode="PLAY""#),
        r#"RTP/AVP;unicast;mode="PLAY";source=127.0.0.1;client_port=5000-5001;server_port=6970-6971;ssrc=00ABCDEF"#
    );
}

#[test]
fn the_tcp_answer_states_the_real_channels() {
    let transport = choose("RTP/AVP/TCP;unicast;interleaved=4-5");
    assert_eq!((transport.protocol, transport.interleaved), (Protocol::Tcp, Some((4, 5))));
    assert_eq!(transport.answer_tcp((0, 1), Some(1)), "RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=00000001");
    assert_eq!(choose("RTP/AVP/TCP;interleaved=0-1").answer_tcp((0, 1), Some(1)), "RTP/AVP/TCP;interleaved=0-1");
    assert_eq!(choose("RTP/AVP/TCP;unicast").answer_tcp((2, 3), None), "RTP/AVP/TCP;unicast;interleaved=2-3");
}

/// DSS 6.0.3 did not recognise `unicast` after a blank and left the ssrc out.
#[test]
fn blanks_around_parameters_do_no_harm() {
    assert_eq!(
        udp_answer(" RTP/AVP ; unicast ;; client_port = 5000 - 5001 ; "),
        "RTP/AVP;unicast;source=127.0.0.1;client_port=5000-5001;server_port=6970-6971;ssrc=00ABCDEF"
    );
    assert_eq!(choose("RTP/AVP; unicast; client_port=5000-5001").client_port, Some(CLIENT));
}

/// DSS 6.0.3 sent both the client's values and its own.
#[test]
fn what_the_client_says_of_the_server_stands_once_with_the_servers_value() {
    let value = "RTP/AVP;unicast;ssrc=11111111;source=10.0.0.1;server_port=1-2;client_port=5000-5001";
    let answer = udp_answer(value);
    assert_eq!(answer, "RTP/AVP;unicast;source=127.0.0.1;client_port=5000-5001;server_port=6970-6971;ssrc=00ABCDEF");
    let transport = choose(value);
    assert_eq!((transport.ssrc, transport.source.as_deref()), (Some(0x1111_1111), Some("10.0.0.1")));
}

#[test]
fn the_first_entry_that_can_be_served_is_taken() {
    for (value, protocol, ports) in [
        ("RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;unicast;interleaved=0-1", Protocol::Udp, Some(CLIENT)),
        ("RTP/AVP/TCP;unicast;interleaved=0-1, RTP/AVP;unicast;client_port=5000-5001", Protocol::Tcp, None),
        ("RAW/RAW/UDP;unicast;client_port=1-2,RTP/AVP;unicast;client_port=5000-5001", Protocol::Udp, Some(CLIENT)),
        ("RTP/SAVP;unicast;client_port=1-2,rtp/avp;unicast;client_port=5000-5001", Protocol::Udp, Some(CLIENT)),
        ("RTP/AVP;multicast;client_port=1-2,RTP/AVP/TCP", Protocol::Tcp, None),
        (r#"X;mode="a,RTP/AVP",RTP/AVP/TCP"#, Protocol::Tcp, None),
        ("RTP/AVPF;unicast;client_port=5000-5001", Protocol::Udp, Some(CLIENT)),
    ] {
        let transport = choose(value);
        assert_eq!((transport.protocol, transport.client_port), (protocol, ports), "{value}");
    }
}

/// DSS 6.0.3 took the last entry whatever it was and served plain RTP under that name.
#[test]
fn only_unservable_entries_are_461() {
    for value in [
        "RTP/SAVP;unicast;client_port=5000-5001",
        "RTP/SAVPF/TCP;unicast",
        "RTP/AVP;multicast;client_port=5000-5001",
        "RTP/AVP/DCCP;unicast",
        "RTP/AVP/TCP/X",
        "RTP",
        "MP2T/H2221/UDP;unicast",
        ";unicast",
    ] {
        let error = Transport::choose(value).expect_err(value);
        assert_eq!((error, error.status()), (TransportError::Unsupported, Status::UnsupportedTransport), "{value}");
    }
}

#[test]
fn multicast_is_taken_where_it_can_be_served_and_never_interleaved() {
    let value = "RTP/AVP;multicast;destination=239.1.2.3;ttl=3;client_port=5000-5001,RTP/AVP/TCP;unicast";
    let transport = Transport::choose_or_multicast(value).expect(value);
    assert_eq!((transport.multicast, transport.ttl, transport.client_port), (true, Some(3), Some(CLIENT)));
    assert_eq!(choose(value).protocol, Protocol::Tcp);
    let value = "RTP/AVP/TCP;multicast";
    assert_eq!(Transport::choose_or_multicast(value), Err(TransportError::Unsupported));
    assert_eq!(Transport::choose_interleaved(value), None);
}

#[test]
fn an_empty_header_is_400() {
    for value in ["", "  ", ",", " , "] {
        let error = Transport::choose(value).expect_err(value);
        assert_eq!((error, error.status()), (TransportError::Empty, Status::BadRequest));
    }
}

#[test]
fn one_port_means_a_pair_and_odd_ports_are_ports() {
    let ports = |value: &str| choose(&format!("RTP/AVP;unicast;client_port={value}")).client_port;
    assert_eq!(ports("5000"), Some(CLIENT));
    assert_eq!(ports("40001-40002"), Some(PortPair { rtp: 40001, rtcp: 40002 }));
    assert_eq!(ports("5000-5007"), Some(PortPair { rtp: 5000, rtcp: 5007 }));
    assert!(CLIENT.is_regular());
    assert!(!PortPair { rtp: 40001, rtcp: 40002 }.is_regular());
    assert!(!PortPair { rtp: 5000, rtcp: 5007 }.is_regular());
    assert_eq!(choose("RTP/AVP;unicast").client_port, None);
}

#[test]
fn ports_that_cannot_be_are_400() {
    for value in ["0-1", "0", "99998-99999", "65535", "abc", "", "1-2-3", "-5", "5000-", "65536"] {
        let error = Transport::choose(&format!("RTP/AVP;unicast;client_port={value}")).expect_err(value);
        assert_eq!((error, error.status()), (TransportError::BadClientPort, Status::BadRequest), "{value}");
    }
}

/// DSS 6.0.3 did not understand a quoted mode, and GStreamer's rtspclientsink always quotes.
#[test]
fn record_mode_is_understood_quoted_and_unquoted_in_any_case() {
    for (value, mode) in [
        ("mode=record", Mode::Record),
        ("mode=RECORD", Mode::Record),
        (r#"mode="RECORD""#, Mode::Record),
        (r#"MODE = "record" "#, Mode::Record),
        ("mode=receive", Mode::Record),
        (r#"mode="Receive""#, Mode::Record),
        (r#"mode="PLAY,RECORD""#, Mode::Record),
        ("mode=play", Mode::Play),
        (r#"mode="PLAY""#, Mode::Play),
        ("mode=", Mode::Play),
        ("x=1", Mode::Play),
    ] {
        assert_eq!(choose(&format!("RTP/AVP/TCP;unicast;{value};interleaved=0-1")).mode, mode, "{value}");
    }
    assert_eq!((Mode::Play.id(), Mode::Record.id()), (0, 1));
}

#[test]
fn a_push_gets_no_ssrc() {
    let transport = choose("RTP/AVP/TCP;unicast;interleaved=0-1;mode=record");
    assert_eq!(transport.answer_tcp((0, 1), Some(7)), "RTP/AVP/TCP;unicast;mode=record;interleaved=0-1");
}

#[test]
fn further_parameters_are_read_and_nonsense_in_them_passed_over() {
    let transport = choose("RTP/AVP;unicast;destination=10.1.2.3;ttl=16;interleaved=6;ssrc=xyz;client_port=5000");
    assert_eq!(transport.destination.as_deref(), Some("10.1.2.3"));
    assert_eq!((transport.ttl, transport.interleaved, transport.ssrc), (Some(16), Some((6, 7)), None));
    let transport = choose("RTP/AVP;ttl=300;interleaved=255;destination=;ssrc=123456789");
    assert_eq!((transport.ttl, transport.interleaved, transport.destination, transport.ssrc), (None, None, None, None));
    let transport = choose("RTP/AVP/TCP;interleaved=300-301");
    assert_eq!(transport.interleaved, None);
}
