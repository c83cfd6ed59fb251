use std::net::Ipv4Addr;

use super::*;

const CAST: &str = "v=0\no=caster 1 2 IN IP4 127.0.0.1\ns=Test cast\nc=IN IP4 127.0.0.1\nt=0 0\na=x-note:kept\n\
    m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 packetization-mode=1\na=control:trackID=1\n\
    m=audio 0 RTP/AVP 97\na=rtpmap:97 mpeg4-generic/44100/2\na=control:trackID=2\n";

fn parse(text: &str) -> Description {
    Description::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
}

fn ids(controls: &[&str]) -> Vec<u32> {
    let media = controls.iter().map(|control| match *control {
        "" => "m=audio 0 RTP/AVP 0\n".to_owned(),
        control => format!("m=audio 0 RTP/AVP 0\na=control:{control}\n"),
    });
    let sdp = parse(&format!("v=0\n{}", media.collect::<String>()));
    sdp.media().iter().map(|media| media.track_id).collect()
}

#[test]
fn a_description_is_kept_byte_for_byte() {
    let sdp = parse(CAST);
    assert_eq!(text(sdp.to_bytes()), CAST);
    let latin = b"v=0\r\ns=caf\xe9\r\nm=audio 0 RTP/AVP 0\r\n";
    assert_eq!(Description::parse(latin).unwrap().to_bytes(), latin);
}

#[test]
fn line_ends_and_blanks_are_taken_leniently() {
    for text in [CAST.replace('\n', "\r\n"), CAST.replace('\n', "\r"), CAST.replace("\na=", "\n\n  a=")] {
        assert_eq!(parse(&text), parse(CAST));
    }
}

#[test]
fn what_is_no_description_is_refused_with_its_line() {
    let error = |text: &str| Description::parse(text.as_bytes()).unwrap_err();
    assert_eq!(error("This is no session description.\n"), SdpError::NotSdp { line: 1 });
    assert_eq!(error("v=0\n\nx=1\n"), SdpError::NotSdp { line: 3 });
    assert_eq!(error("v=0\ns=a\0b\n"), SdpError::NotSdp { line: 2 });
    for media in ["audio", "audio x RTP/AVP 0", "audio 70000 RTP/AVP 0", "audio 0 RTP/AVP", "audio -1 RTP/AVP 0"] {
        assert_eq!(error(&format!("v=0\nm={media}\n")), SdpError::BadMedia { line: 2 }, "{media}");
    }
    assert_eq!(error(""), SdpError::NoMedia);
    assert_eq!(error("v=0\ns=x\n"), SdpError::NoMedia);
    assert_eq!(error(&"m=audio 0 RTP/AVP 0\n".repeat(65)), SdpError::TooManyMedia);
}

#[test]
fn media_say_what_they_are() {
    let sdp = parse(CAST);
    let [video, audio] = sdp.media() else { panic!("two media") };
    assert_eq!((video.kind, video.port, video.payload_types.as_slice()), (TrackKind::Video, 5004, &[96][..]));
    assert_eq!((video.payload_name().as_str(), video.clock_rate()), ("H264/90000", 90_000));
    assert_eq!(video.fmtp(), "packetization-mode=1");
    assert_eq!((audio.payload_name().as_str(), audio.clock_rate()), ("mpeg4-generic/44100/2", 44_100));
    assert_eq!((audio.fmtp().as_str(), audio.kind), ("", TrackKind::Audio));
    let fixed = parse("m=audio 0/2 RTP/AVP 14 0\nm=application 0 RTP/AVP t140\n");
    assert_eq!(fixed.media()[0].payload_name(), "MPA/90000");
    assert_eq!((fixed.media()[1].payload_name().as_str(), fixed.media()[1].clock_rate()), ("", 0));
    assert_eq!(sdp.name(), "Test cast");
}

#[test]
fn trap_67_track_numbers_are_unique_and_stable() {
    assert_eq!(ids(&["trackID=1", "trackID=2"]), [1, 2]);
    assert_eq!(ids(&["streamid=0", "streamid=1"]), [0, 1], "ffmpeg");
    assert_eq!(ids(&["streamid=0", "streamid=0", "streamid=0"]), [0, 2, 3], "clashes");
    assert_eq!(ids(&["", "", ""]), [1, 2, 3], "no control");
    assert_eq!(ids(&["", "trackID=1"]), [2, 1], "a number that is said goes before one that is made up");
    assert_eq!(ids(&["rtsp://h:554/a.sdp/trackID=65537", "x"]), [65537, 2], "an absolute control");
    assert_eq!(ids(&["stream=99999999999", "audio"]), [1, 2], "no number of 32 bits");
}

#[test]
fn trap_67_a_setup_finds_its_track_by_name_and_by_number() {
    let sdp = parse("m=video 0 RTP/AVP 96\na=control:streamid=0\nm=audio 0 RTP/AVP 97\na=control:streamid=0\n");
    let find = |name: &str, taken: &[u32]| sdp.find_track(name, |id| taken.contains(&id)).map(|media| media.track_id);
    assert_eq!(find("streamid=0", &[]), Some(0));
    assert_eq!(find("streamid=0", &[0]), Some(2), "the next of the same name");
    assert_eq!(find("streamid=0", &[0, 2]), Some(0), "who has it decides then");
    assert_eq!(find("trackID=2", &[]), Some(2));
    assert_eq!(find("trackID=9", &[]), None);
    let named = parse("m=video 0 RTP/AVP 96\na=control:rtsp://h/x.sdp/video\nm=audio 0 RTP/AVP 97\na=control:audio\n");
    assert_eq!(named.find_track("audio", |_| false).map(|media| media.track_id), Some(2));
    assert_eq!(named.find_track("video", |_| false).map(|media| media.track_id), Some(1));
    assert!(named.find_track("", |_| false).is_none());
}

#[test]
fn trap_68_only_groups_and_the_servers_own_addresses_are_passed_on() {
    let own = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
    let reflectable = |c: &str| parse(&format!("v=0\n{c}m=audio 0 RTP/AVP 0\n")).is_reflectable(|a| a == own);
    for c in ["", "c=IN IP4 0.0.0.0\n", "c=IN IP4 127.3.2.1\n", "c=IN IP4 192.0.2.7\n", "c=IN IP4 224.2.1.1/127\n"] {
        assert!(reflectable(c), "{c}");
    }
    assert!(reflectable("c=IN IP6 ::1\n") && reflectable("c=IN IP6 ff02::1/3\n") && reflectable("c=IN IP6 ::\n"));
    for c in [
        "c=IN IP4 192.0.2.8\n",
        "c=IN IP4 224.2.1.1/0\n",
        "c=IN IP4 host.example\n",
        "c=IN\n",
        "c=IN IP6 2001:db8::1\n",
    ] {
        assert!(!reflectable(c), "{c}");
    }
    let mixed = parse("c=IN IP4 127.0.0.1\nm=audio 0 RTP/AVP 0\nm=video 0 RTP/AVP 96\nc=IN IP4 192.0.2.8\n");
    assert!(!mixed.is_reflectable(|_| false), "a media's own address counts");
}

#[test]
fn missing_lines_are_added_and_the_session_is_put_in_order() {
    let mut sdp = parse("c=IN IP4 127.0.0.1\nm=audio 0 RTP/AVP 97\na=rtpmap:97 L16/8000\n");
    sdp.complete(|| origin("tester/1.0", "77", 5, IpAddr::V4(Ipv4Addr::LOCALHOST)), b"/a\nb.sdp");
    sdp.sort();
    let expected = "v=0\no=tester/1.0 77 5 IN IP4 127.0.0.1\ns=/a b.sdp\nc=IN IP4 127.0.0.1\nt=0 0\n\
        m=audio 0 RTP/AVP 97\na=rtpmap:97 L16/8000\n";
    assert_eq!(text(sdp.to_bytes()), expected);
    let mut again = sdp.clone();
    again.complete(|| panic!("nothing is missing"), b"");
    assert_eq!(again, sdp);
    let mut mixed = parse(
        "a=1\na=range:npt=0-1\nt=1 2\nr=7d 1h 0\nt=3 4\nz=0\ns=x\nv=0\nb=AS:1\ns=second\na=range:npt=0-2\nb=TIAS:1000\n\
         m=audio 0 RTP/AVP 0\nb=AS:64\na=control:1\nb=AS:65\n",
    );
    mixed.sort();
    let expected = "v=0\ns=x\nb=AS:1\nb=TIAS:1000\nt=1 2\nr=7d 1h 0\nt=3 4\nz=0\na=1\na=range:npt=0-1\n\
        m=audio 0 RTP/AVP 0\nb=AS:64\na=control:1\nb=AS:65\n";
    assert_eq!(text(mixed.to_bytes()), expected);
}

#[test]
fn a_viewer_gets_the_servers_addresses_ports_and_names() {
    let terms = ViewerTerms { three_gpp_adaptation: Some(1), ..ViewerTerms::default() };
    let expected = "v=0\no=caster 1 2 IN IP4 127.0.0.1\ns=Test cast\nc=IN IP4 0.0.0.0\nt=0 0\na=x-note:kept\na=control:*\n\
        m=video 0 RTP/AVP 96\na=3GPP-Adaptation-Support:1\na=rtpmap:96 H264/90000\na=fmtp:96 packetization-mode=1\n\
        a=control:trackID=1\nm=audio 0 RTP/AVP 97\na=3GPP-Adaptation-Support:1\na=rtpmap:97 mpeg4-generic/44100/2\n\
        a=control:trackID=2\n";
    assert_eq!(text(parse(CAST).for_viewer(&terms)), expected);
    let bare = "v=0\no=- 1 1 IN IP4 1.2.3.4\ns=x\nt=0 0\nm=audio 5004/2 RTP/AVP 0\nc=IN IP4 239.1.1.1/32\nb=AS:64\n\
        a=rtcp:5006\na=source-filter: incl IN IP4 239.1.1.1 1.2.3.4\n";
    let terms = ViewerTerms { ipv6: true, bandwidth_percent: Some(50), ..ViewerTerms::default() };
    let expected = "v=0\no=- 1 1 IN IP4 1.2.3.4\ns=x\nc=IN IP6 ::\nt=0 0\na=control:*\nm=audio 0 RTP/AVP 0\nc=IN IP6 ::\n\
        b=AS:32\na=control:trackID=1\n";
    assert_eq!(text(parse(bare).for_viewer(&terms)), expected);
}

#[test]
fn another_server_is_told_its_own_address_and_control_names_and_no_range() {
    let sdp = parse(
        "v=0\no=- 1 1 IN IP4 1.2.3.4\ns=x\na=range:npt=0-70\nt=0 0\na=x-broadcastcontrol:TIME\nm=audio 5004 RTP/AVP 0\n\
         c=IN IP4 9.9.9.9\na=control:rtsp://1.2.3.4/x/trackID=7\na=range:npt=0-70\n",
    );
    let expected = "v=0\no=- 1 1 IN IP4 1.2.3.4\ns=x\nc=IN IP4 10.0.0.1\nt=0 0\na=control:*\nm=audio 0 RTP/AVP 0\n\
         a=control:trackID=7\n";
    assert_eq!(text(sdp.for_server("10.0.0.1".parse().unwrap())), expected);
}

#[test]
fn times_count_where_the_description_says_so() {
    let timed = |times: &str| parse(&format!("v=0\n{times}a=x-broadcastcontrol:TIME\nm=audio 0 RTP/AVP 0\n"));
    assert!(timed("").is_timed() && !parse(CAST).is_timed());
    assert!(!parse("a=x-broadcastcontrol:RTSP\nm=audio 0 RTP/AVP 0\n").is_timed());
    for (times, on_air) in [
        ("t=0 0\n", true),
        ("t=100 0\n", true),
        ("t=100 1000\n", true),
        ("t=0 1000\n", true),
        ("t=501 0\n", false),
        ("t=100 500\n", false),
        ("t=1 2\nt=400 600\n", true),
        ("t=1 2\nr=7d 1h 0\n", true),
        ("t=now later\n", true),
        ("", true),
    ] {
        assert_eq!(timed(times).is_on_air(500), on_air, "{times}");
    }
    for (times, over) in [
        ("t=100 500\n", true),
        ("t=100 501\n", false),
        ("t=100 0\n", false),
        ("t=600 700\n", false),
        ("t=1 2\nt=3 4\n", true),
        ("t=1 2\nr=7d 1h 0\n", false),
        ("", false),
    ] {
        assert_eq!(timed(times).is_over(500), over, "{times}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_what_is_read_reads_the_same_again(text in "([vosimact]=[ -~]{0,20}\r?\n?|m=audio [0-9]{1,5} RTP/AVP [0-9]{1,3}\n|a=control:[a-z/=]{0,6}[0-9]{0,2}\n){0,12}") {
        if let Ok(sdp) = Description::parse(text.as_bytes()) {
            proptest::prop_assert_eq!(&Description::parse(&sdp.to_bytes()), &Ok(sdp.clone()));
            let mut ids: Vec<_> = sdp.media().iter().map(|media| media.track_id).collect();
            let viewer = Description::parse(&sdp.for_viewer(&ViewerTerms::default())).expect("readable");
            let shown: Vec<_> = viewer.media().iter().map(|media| media.track_id).collect();
            proptest::prop_assert_eq!(&shown, &ids, "a viewer sets up by the same numbers");
            ids.sort_unstable();
            ids.dedup();
            proptest::prop_assert_eq!(ids.len(), sdp.media().len());
        }
    }
}
