use super::*;

fn read(inner: &str) -> (RelayConfig, Vec<String>) {
    let text = format!("<?xml version=\"1.0\"?>\n<RELAY_CONFIG>\n{inner}\n</RELAY_CONFIG>\n");
    let (config, findings) = parse(text.as_bytes()).unwrap();
    (config, findings.iter().map(|finding| finding.to_string()).collect())
}

fn relay(source: &str, destination: &str) -> String {
    format!("<OBJECT TYPE=\"relay\">\n{source}\n{destination}\n</OBJECT>")
}

fn source(kind: &str, prefs: &[(&str, &str)]) -> String {
    object("source", kind, prefs)
}

fn destination(kind: &str, prefs: &[(&str, &str)]) -> String {
    object("destination", kind, prefs)
}

fn object(class: &str, kind: &str, prefs: &[(&str, &str)]) -> String {
    let pref = |(name, value): &(&str, &str)| match value.split_once(' ') {
        None => format!("<PREF NAME=\"{name}\">{value}</PREF>"),
        Some(_) => {
            let values: String = value.split(' ').map(|v| format!("<VALUE>{v}</VALUE>")).collect();
            format!("<LIST-PREF NAME=\"{name}\">{values}</LIST-PREF>")
        }
    };
    let prefs: String = prefs.iter().map(pref).collect();
    format!("<OBJECT CLASS=\"{class}\" TYPE=\"{kind}\">{prefs}</OBJECT>")
}

fn to_ports() -> String {
    destination("udp_destination", &[("dest_addr", "10.0.0.1"), ("udp_base_port", "5000")])
}

#[test]
fn the_sample_that_we_ship_has_nothing_odd_and_nothing_enabled() {
    let (config, findings) = parse(include_bytes!("../../../packaging/relayconfig.xml-Sample")).unwrap();
    assert_eq!((config.relays.len(), findings.len()), (0, 0), "{findings:?}");
}

/// Enabled, the sample says what its comments promise.
#[test]
fn the_sample_that_we_ship_works_when_it_is_enabled() {
    let sample = include_str!("../../../packaging/relayconfig.xml-Sample");
    let enabled = sample.replace("<PREF NAME=\"enabled\">false</PREF>", "");
    let (config, findings) = parse(enabled.as_bytes()).unwrap();
    assert!(findings.is_empty(), "{findings:?}");
    let kinds: Vec<_> = config.relays.iter().map(|relay| (relay.source.kind(), relay.destinations.len())).collect();
    assert_eq!(kinds, [("rtsp_source", 1), ("announced_source", 1), ("udp_source", 1)]);
}

#[test]
fn an_rtsp_source_and_an_announced_destination_are_read() {
    let from = source(
        "rtsp_source",
        &[
            ("source_addr", "origin.example"),
            ("rtsp_port", "7070"),
            ("url", "a%20b\u{e9}.mov"),
            ("name", "me"),
            ("password", "p&amp;w"),
        ],
    );
    let to = destination(
        "announced_destination",
        &[("out_addr", "127.0.0.2"), ("dest_addr", "[::1]"), ("url", "/x.sdp"), ("name", "you")],
    );
    let (config, findings) = read(&relay(&from, &to));
    assert!(findings.is_empty(), "{findings:?}");
    let relay = &config.relays[0];
    assert_eq!(relay.name, "relay 1");
    let Source::Rtsp(from) = &relay.source else { panic!("{relay:?}") };
    assert_eq!((from.host.clone(), from.port), (Host::Name("origin.example".into()), 7070));
    assert_eq!(from.path, "/a%20b%C3%A9.mov");
    let who = from.credentials.as_ref().unwrap();
    assert_eq!((who.user.as_str(), who.password.as_str()), ("me", "p&w"));
    let Destination::Announced(to) = &relay.destinations[0] else { panic!("{relay:?}") };
    assert_eq!((to.host.in_url(), to.port), ("[::1]".to_owned(), 554));
    assert_eq!(to.local, Some(Host::Address("127.0.0.2".parse().unwrap())));
    assert_eq!(to.credentials.as_ref().map(|who| who.password.as_str()), Some(""));
}

#[test]
fn trap_73_a_destination_without_name_and_password_is_a_destination() {
    let from = source("rtsp_source", &[("source_addr", "10.0.0.9"), ("url", "/s.mov")]);
    let to = destination("announced_destination", &[("dest_addr", "10.0.0.1"), ("url", "/x.sdp")]);
    let (config, findings) = read(&relay(&from, &to));
    assert!(findings.is_empty(), "{findings:?}");
    let Destination::Announced(to) = &config.relays[0].destinations[0] else { panic!() };
    assert_eq!(to.credentials, None);
}

#[test]
fn ports_are_a_list_or_a_first_one_and_addresses_may_be_several() {
    let from = source("udp_source", &[("in_addr", "0.0.0.0"), ("udp_ports", "5004 5006"), ("ttl", "7")]);
    let list = destination(
        "udp_destination",
        &[("dest_addr", "10.0.0.1 10.0.0.2"), ("udp_ports", "6000 6004"), ("ttl", "16")],
    );
    let (config, findings) = read(&relay(&from, &format!("{list}\n{}", to_ports())));
    assert!(findings.is_empty(), "{findings:?}");
    let relay = &config.relays[0];
    let Source::Udp(from) = &relay.source else { panic!() };
    assert_eq!((from.at.clone(), from.ports.clone(), from.ttl), (None, vec![5004, 5006], 7));
    let to = |index: usize| match &relay.destinations[index] {
        Destination::Udp(to) => to,
        other => panic!("{other:?}"),
    };
    assert_eq!(relay.destinations.len(), 3);
    assert_eq!((to(1).host.to_string(), to(1).ttl), ("10.0.0.2".to_owned(), 16));
    let ports = |index: usize| [0, 1, 2].map(|stream| to(index).ports.of_stream(stream));
    assert_eq!(ports(0), [Some(6000), Some(6004), None]);
    assert_eq!(ports(2), [Some(5000), Some(5002), Some(5004)]);
    assert_eq!(Ports::From(65534).of_stream(1), None);
}

#[test]
fn enabled_is_true_unless_it_says_false() {
    let with = |value: &str| {
        let from = source("announced_source", &[]);
        let text = relay(&format!("<PREF NAME=\"enabled\">{value}</PREF>{from}"), &to_ports());
        read(&text).0.relays.len()
    };
    assert_eq!(["false", " False ", "true", "no", ""].map(with), [0, 0, 1, 1, 1]);
}

#[test]
fn names_and_lines_are_in_the_findings_and_the_rest_is_used() {
    let text = "<OBJECT TYPE=\"relay\" NAME=\"one\">\n<OBJECT CLASS=\"source\" TYPE=\"tape\"/>\n</OBJECT>\n\
                <OBJECT TYPE=\"relay\" NAME=\"two\">\n</OBJECT>\n<PREF NAME=\"x\">y</PREF>";
    let (config, findings) = read(&format!("{text}\n{}", relay(&source("announced_source", &[]), &to_ports())));
    assert_eq!(config.relays.len(), 1);
    assert_eq!(
        findings,
        [
            "4:1: warning: one: tape: a source of this type does not exist; the relay is ignored",
            "6:1: warning: two: there is no source; the relay is ignored",
            "8:1: warning: the element PREF is no OBJECT TYPE=\"relay\" and is ignored",
        ]
    );
}

#[test]
fn what_makes_no_sense_is_told() {
    let told = |source: &str, destination: &str| {
        let (config, findings) = read(&relay(source, destination));
        (config.relays.len(), findings.join("\n"))
    };
    let announced = source("announced_source", &[]);
    let (count, text) = told(&source("rtsp_source", &[("url", "/a")]), &to_ports());
    assert!(count == 0 && text.contains("source_addr is missing"), "{text}");
    let from = source("rtsp_source", &[("source_addr", "a"), ("url", "/a"), ("rtsp_port", "70000")]);
    let (count, text) = told(&from, &to_ports());
    assert!(count == 0 && text.contains("rtsp_port is no port number"), "{text}");
    let (count, text) = told(&source("udp_source", &[("udp_ports", "5000 x")]), &to_ports());
    assert!(count == 0 && text.contains("\"x\" among udp_ports"), "{text}");
    let odd = source("udp_source", &[("udp_ports", "5001")]);
    let (count, text) = told(&odd, &to_ports());
    assert!(count == 1 && text.contains("port 5001 is odd"), "{text}");
    let announce = destination("announced_destination", &[("dest_addr", "a"), ("password", "hidden")]);
    let (count, text) = told(&odd, &announce);
    assert!(count == 0 && text.contains("no description to announce"), "{text}");
    assert!(text.contains("there is no destination") && !text.contains("hidden"), "{text}");
    let (count, text) = told(&announced, &destination("udp_destination", &[("dest_addr", "a")]));
    assert!(count == 0 && text.contains("udp_ports are missing"), "{text}");
    let more =
        destination("udp_destination", &[("dest_addr", "a"), ("udp_base_port", "5000"), ("ttl", "999"), ("t", "u")]);
    let (count, text) = told(&announced, &more);
    assert!(count == 1 && text.contains("ttl is not 0 to 255; 1 is used"), "{text}");
    assert!(text.contains("info: relay 1: udp_destination: PREF t is not known"), "{text}");
    let (count, text) = told(&source("relay_sdp", &[("sdp_path", "/nowhere/at.sdp")]), &to_ports());
    assert!(count == 0 && text.contains("/nowhere/at.sdp"), "{text}");
}

#[test]
fn a_broken_file_is_an_error_and_a_missing_one_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("relayconfig.xml");
    assert!(load(&path).unwrap().is_none());
    assert!(check_file(&path).is_empty());
    std::fs::write(&path, "<RELAY_CONFIG>\n<OBJECT TYPE=\"relay\">\n</RELAY_CONFIG>\n").unwrap();
    let error = load(&path).unwrap_err();
    assert_eq!(error.line, 3, "{error}");
    assert_eq!(check_file(&path).len(), 1);
}

#[test]
fn an_sdp_file_names_source_and_destinations() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("old.sdp");
    let lines = "a=x-qt-relay-addr 127.0.0.1 10.0.0.1 9\na=x-qt-relay-port 5000 6000\na=x-qt-relay-port 5001 6001\n";
    std::fs::write(&path, lines).unwrap();
    let (config, findings) = read(&relay(&source("relay_sdp", &[("sdp_path", path.to_str().unwrap())]), ""));
    assert!(findings.is_empty(), "{findings:?}");
    let relay = &config.relays[0];
    assert_eq!((relay.source.kind(), relay.destinations.len()), ("udp_source", 1));
}

#[test]
fn paths_are_encoded_once() {
    assert_eq!(encoded_path("/a b/\u{e9}%20.sdp"), "/a%20b/%C3%A9%20.sdp");
    assert_eq!(encoded_path("rtsp://h:554/x.sdp"), "/x.sdp");
    assert_eq!(encoded_path("rtsp://h"), "/");
    assert_eq!(encoded_path("//x\r\nEvil: 1"), "/x%0D%0AEvil:%201");
    assert_eq!(encoded_path("100%"), "/100%25");
}

#[test]
fn passwords_are_in_no_debug_output() {
    let from = source("rtsp_source", &[("source_addr", "a"), ("url", "/a"), ("name", "n"), ("password", "hidden")]);
    let (config, _) = read(&relay(&from, &to_ports()));
    assert!(!format!("{config:?}").contains("hidden"));
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_without_panic(inner in "[ -~\n]{0,200}", value in ".{0,40}") {
        let _ = parse(inner.as_bytes());
        let prefs = [("source_addr", value.as_str()), ("url", value.as_str()), ("rtsp_port", value.as_str())];
        let text = format!("<R>{}{inner}</R>", relay(&source("rtsp_source", &prefs), &to_ports()));
        let _ = parse(text.as_bytes());
        let path = encoded_path(&value);
        proptest::prop_assert!(path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic()));
        proptest::prop_assert_eq!(encoded_path(&path), path);
    }
}
