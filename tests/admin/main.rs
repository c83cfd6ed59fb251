//! Administration from outside: the administration protocol, the JSON interface, the status file, the pages for monitors
//! and browsers. Each test has a server process of its own; the traps are those that operators of DSS 6.0.3 know.

#![allow(clippy::print_stderr)] // what is skipped is said aloud

mod monitors;
#[path = "../common/ports.rs"]
mod ports;
mod server;

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use dss::config::Prefs;
use dss::server::Preferences;
use dss::server::status::{Fact, StatusFile, plist};

use self::ports::free_port;
use self::server::{NOTHING, Server, admin, basic};

/// Nobody is asked for a password, and requests need not wait for each other.
const OPEN: &str = "\t<MODULE NAME=\"QTSSAdminModule\" >\n\
                    \t\t<PREF NAME=\"Authenticate\" TYPE=\"Bool16\" >false</PREF>\n\
                    \t\t<PREF NAME=\"RequestTimeIntervalMilli\" TYPE=\"UInt32\" >0</PREF>\n\t</MODULE>";

/// Requests need not wait for each other.
const QUICK: &str = "\t<MODULE NAME=\"QTSSAdminModule\" >\n\
                     \t\t<PREF NAME=\"RequestTimeIntervalMilli\" TYPE=\"UInt32\" >0</PREF>\n\t</MODULE>";

const MOVIE: &str = "sample_50kbit.3gp";

fn pref(target: &str) -> String {
    format!("/server/qtssSvrPreferences/{target}")
}

#[test]
fn trap_40_answers_are_the_old_server_s_byte_for_byte() {
    let server = Server::start("", OPEN);
    let movies = server.path("movies").display().to_string();
    let cases = [
        ("", "Container=\"/\"\nadmin/\nerror:(0)\r\n\r\n".to_owned()),
        ("/*", "Container=\"/admin/\"\nserver/\nerror:(0)\r\n\r\n".to_owned()),
        ("/server/qtssSvrState", "Container=\"/admin/server/\"\nqtssSvrState=\"1\"\nerror:(0)\r\n\r\n".to_owned()),
        ("/server/nosuch", "error:(404)\r\n\r\n".to_owned()),
        (
            "/server/nosuch?command=get+parameters=vd",
            "error:(404);URL=/modules/admin/server/nosuch;reason=\"No data found\"\r\n\r\n".to_owned(),
        ),
        (
            "/server/qtssSvrState?command=get+parameters=d",
            "Container=\"/admin/server/\"\nqtssSvrState=\"1\"\nerror:(0);reason=\"OK\"\r\n\r\n".to_owned(),
        ),
        ("/server?parameters=a", "error:(400)\r\n\r\n".to_owned()),
        ("/server?command=x", "error:(501)\r\n\r\n".to_owned()),
        (
            "/server/qtssSvrPreferences/*?command=GET+filter1=rtp_timeout+filter2=movie_folder+parameters=vat",
            format!(
                "Container=\"/admin/server/qtssSvrPreferences/\"\n\
                 admin/server/qtssSvrPreferences/rtp_timeout=\"120\";a=rw,t=UInt32\n\
                 admin/server/qtssSvrPreferences/movie_folder=\"{movies}\";a=rw,t=CharArray\n\
                 error:(0);URL=/modules/admin/server/qtssSvrPreferences/*\r\n\r\n"
            ),
        ),
        (
            "/server/qtssSvrPreferences/player_requires_rtp_header_info/*?command=get+parameters=a",
            "Container=\"/admin/server/qtssSvrPreferences/player_requires_rtp_header_info/\"\n\
             0=\"Nokia\";a=rwd\n1=\"Real\";a=rwd\nerror:(0)\r\n\r\n"
                .to_owned(),
        ),
        (
            "/server/qtssSvrPreferences/run_user_name",
            "Container=\"/admin/server/qtssSvrPreferences/\"\nrun_user_name=(null)\nerror:(0)\r\n\r\n".to_owned(),
        ),
        (
            "/server/*?command=set+value=\"1\"+parameters=d",
            "error:(405);reason=\"* iterator not valid for command SET\"\r\n\r\n".to_owned(),
        ),
    ];
    for (target, expected) in cases {
        let answer = server.get(&format!("/modules/admin{target}"));
        assert_eq!(answer.body, expected, "{target}");
        let lines: Vec<_> = answer.head.lines().collect();
        assert_eq!(
            (lines[0], &lines[2..]),
            ("HTTP/1.0 200 OK", &["Connection: Close", "Content-Type: text/plain"][..])
        );
        assert!(lines[1].starts_with("Server: DSS/6.0.3 (Build/"), "{}", answer.head);
    }
}

#[test]
fn trap_41_text_for_a_number_is_refused_and_changes_nothing() {
    let server = Server::start("", OPEN);
    let before = server.config();
    for (name, value) in [
        ("maximum_connections", "abc"),
        ("maximum_connections", "12abc"),
        ("rtp_timeout", "-1"),
        ("rtp_timeout", "4294967296"),
        ("rtsp_port", "70000"),
        ("auto_restart", "perhaps"),
        ("overbuffer_rate", "fast"),
    ] {
        assert_eq!(
            server.tree(&pref(&format!("{name}?command=set+value=\"{value}\""))),
            "error:(400)\r\n\r\n",
            "{name}"
        );
    }
    assert_eq!(server.config(), before);
    assert!(server.tree(&pref("maximum_connections")).contains("maximum_connections=\"1000\"\n"));
    let put = server.api("PUT", "/prefs/server/maximum_connections", "{\"value\": \"abc\"}");
    assert_eq!(put.status, 400, "{put:?}");
    assert_eq!(server.config(), before);
}

#[test]
fn trap_42_state_99_is_refused_and_4_stops_the_server() {
    let mut server = Server::start("", OPEN);
    for state in ["99", "0", "six", "-1"] {
        assert_eq!(server.tree(&format!("/server/qtssSvrState?command=set+value=\"{state}\"")), "error:(400)\r\n\r\n");
    }
    assert!(server.tree("/server/qtssSvrState").contains("qtssSvrState=\"1\""));
    assert_eq!(server.tree("/server/qtssSvrState?command=set+value=\"4\""), "error:(0)\r\n\r\n");
    assert_eq!(server.wait_for_end().code(), Some(0));
}

#[test]
fn state_5_ends_sessions_and_refuses_new_ones_until_1() {
    let server = Server::start("", OPEN);
    server.add_movie(MOVIE);
    let mut player = server.rtsp();
    player.play(MOVIE, "");
    assert_eq!(server.tree("/server/qtssSvrState?command=set+value=\"5\""), "error:(0)\r\n\r\n");
    server.wait_for("end of the session", |server| {
        (server.api("GET", "/sessions", "").json().as_array().map(Vec::len) == Some(0)).then_some(())
    });
    assert_eq!(server.rtsp().request("DESCRIBE", MOVIE, "").0, 503);
    assert_eq!(server.api("PUT", "/state", "{\"state\": \"running\"}").status, 200);
    server.wait_for("service", |server| (server.rtsp().request("DESCRIBE", MOVIE, "").0 == 200).then_some(()));
}

#[test]
fn trap_43_no_password_can_be_read() {
    let server = Server::start("", QUICK);
    server.add_movie(MOVIE);
    let mut player = server.rtsp();
    player.play(MOVIE, &basic("alice", "wonder1"));
    let add = "/server/qtssSvrPreferences?command=add+name=cast_password+value=\"h1dden\"+type=CharArray";
    assert_eq!(server.tree(add), "error:(0)\r\n\r\n");
    let all = server.tree("/server?command=get+parameters=r");
    assert!(all.contains("qtssCliRTSPSesUserPassword=(null)\n"), "{all}");
    assert!(all.contains("cast_password=(null)\n"), "{all}");
    for secret in ["wonder1", "adm1n6", "h1dden", "YWxpY2U6d29uZGVyMQ=="] {
        assert!(!all.contains(secret), "{secret}");
        assert!(!server.read("logs/Error.log").contains(secret), "{secret} is in the log");
        for path in ["/sessions", "/prefs", "/streams"] {
            assert!(!server.api("GET", path, "").body.contains(secret), "{path}: {secret}");
        }
    }
    assert!(server.config().contains("h1dden"), "it is in the file, where the server needs it");
}

#[test]
fn trap_44_45_three_settings_and_two_addresses() {
    let near = Ipv4Addr::LOCALHOST;
    let far = Ipv4Addr::new(127, 0, 1, 1);
    let cases = [
        // The list alone says who may.
        ("LocalAccessOnly\" TYPE=\"Bool16\" >false", [200, 403]),
        // All of this machine is local; the list does not count.
        ("LocalAccessOnly\" TYPE=\"Bool16\" >true", [200, 200]),
        // Off is off, for local users too.
        ("enable_remote_admin\" TYPE=\"Bool16\" >false", [NOTHING, NOTHING]),
    ];
    for (setting, expected) in cases {
        let server = Server::start(
            "",
            &format!("\t<MODULE NAME=\"QTSSAdminModule\" >\n\t\t<PREF NAME=\"{setting}</PREF>\n\t</MODULE>"),
        );
        let ask = |from| server.http_from(from, "GET", "/modules/admin/server/qtssSvrState", &admin(), "").or_nothing();
        assert_eq!([ask(near), ask(far)], expected, "{setting}");
        let ask = |from| server.http_from(from, "GET", "/api/v1/state", &admin(), "").or_nothing();
        assert_eq!([ask(near), ask(far)], expected, "{setting}: JSON");
        // What monitors read needs no administrator.
        assert_eq!(server.get("/metrics").status, 200);
    }
}

#[test]
fn who_is_no_administrator_is_challenged_and_who_guesses_has_to_wait() {
    let server = Server::start("", QUICK);
    let ask = |headers: &str| server.http("GET", "/modules/admin/server/qtssSvrState", headers, "");
    for headers in [String::new(), basic("alice", "wonder1"), "Authorization: Digest x\r\n".to_owned()] {
        let answer = ask(&headers);
        assert_eq!(answer.status, 401);
        assert!(answer.head.contains("WWW-Authenticate: Basic realm=\"QTSS/modules/admin\""), "{answer:?}");
        assert!(answer.body.contains("Your request was denied by the server."), "{answer:?}");
    }
    assert_eq!(ask(&admin()).status, 200);
    let wrong = basic("admin", "nope");
    assert_eq!([1, 2, 3].map(|_| ask(&wrong).status), [401; 3]);
    assert_eq!(ask(&admin()).status, 401, "even the right one is not looked at now");
    let again = server.wait_for("forgiveness", |_| Some(ask(&admin())).filter(|answer| answer.status == 200));
    assert!(again.body.contains("qtssSvrState"));
    let log = server.read("logs/Error.log");
    assert!(log.contains("admin: 127.0.0.1 admin denied, wrong password: /modules/admin/server/qtssSvrState"), "{log}");
    assert!(log.contains("further ones have to wait"), "{log}");
}

#[test]
fn every_request_is_in_the_log_and_a_password_is_not() {
    let server = Server::start("", QUICK);
    server.tree("/server/qtssSvrState");
    server.tree(&pref("rtp_timeout?command=set+value=\"77\""));
    server.tree("/server/qtssSvrPreferences?command=add+name=my_password+value=\"s3cret\"+type=CharArray");
    server.api("DELETE", "/sessions/7", "");
    let log = server.read("logs/Error.log");
    for line in [
        "admin: 127.0.0.1 admin GET /modules/admin/server/qtssSvrState: 0\n",
        "admin: 127.0.0.1 admin SET /modules/admin/server/qtssSvrPreferences/rtp_timeout \"77\": 0\n",
        "admin: 127.0.0.1 admin ADD /modules/admin/server/qtssSvrPreferences \"...\": 0\n",
        "admin: 127.0.0.1 admin DELETE /api/v1/sessions/7: 404\n",
    ] {
        assert!(log.contains(line), "{line}{log}");
    }
    assert!(!log.contains("s3cret"), "{log}");
}

#[test]
fn requests_of_the_protocol_keep_their_distance() {
    let slow = OPEN.replace(">0</PREF>", ">300</PREF>");
    let server = Server::start("", &slow);
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(server.tree("/server/qtssSvrState").contains("qtssSvrState=\"1\"")));
        }
    });
    assert!(begin.elapsed() >= Duration::from_millis(900), "{:?}", begin.elapsed());
}

#[test]
fn a_page_of_another_site_cannot_use_the_administrator_s_browser() {
    let server = Server::start("", OPEN);
    let foreign = "Sec-Fetch-Site: cross-site\r\n";
    let set = "/modules/admin/server/qtssSvrState?command=set+value=\"4\"";
    assert_eq!(server.http("GET", set, foreign, "").status, 403);
    assert_eq!(server.http("POST", "/api/v1/reread", foreign, "").status, 403);
    assert!(server.tree("/server/qtssSvrState").contains("qtssSvrState=\"1\""));
    let form = "Content-Type: text/plain\r\n";
    assert_eq!(server.http("PUT", "/api/v1/state", form, "{\"state\": \"idle\"}").status, 415);
}

#[test]
fn del_on_a_client_session_ends_it() {
    let server = Server::start("", OPEN);
    server.add_movie(MOVIE);
    let mut players = [server.rtsp(), server.rtsp()];
    players.iter_mut().for_each(|player| player.play(MOVIE, "User-Agent: kit/1\r\n"));
    let listed = server.tree("/server/qtssSvrClientSessions/*");
    assert_eq!(listed, "Container=\"/admin/server/qtssSvrClientSessions/\"\n0/\n1/\nerror:(0)\r\n\r\n");
    let agent = server.tree("/server/qtssSvrClientSessions/0/qtssCliSesFirstUserAgent");
    assert!(agent.contains("qtssCliSesFirstUserAgent=\"kit/1\"\n"), "{agent}");
    assert_eq!(server.tree("/server/qtssSvrClientSessions/0?command=del"), "error:(0)\r\n\r\n");
    server.wait_for("end", |server| {
        let listed = server.tree("/server/qtssSvrClientSessions/*");
        (listed == "Container=\"/admin/server/qtssSvrClientSessions/\"\n1/\nerror:(0)\r\n\r\n").then_some(())
    });
    assert_eq!(players[0].request("PAUSE", MOVIE, "").0, 454);
    let ended = server.api("DELETE", "/sessions/1", "");
    assert_eq!(ended.status, 200, "{ended:?}");
    assert_eq!(server.api("GET", "/sessions/1", "").status, 404);
    assert_eq!(server.tree("/server/qtssSvrClientSessions/1?command=del"), "error:(404)\r\n\r\n");
}

#[test]
fn figures_of_a_playing_session_are_its_own() {
    let server = Server::start("", OPEN);
    server.add_movie(MOVIE);
    let mut player = server.rtsp();
    player.play(MOVIE, "");
    let session = server.wait_for("bytes", |server| {
        let all = server.api("GET", "/sessions", "").json();
        all.get(0).filter(|of| of["packets"].as_u64() > Some(0) && of["bit_rate"].as_u64() > Some(0)).cloned()
    });
    assert_eq!((session["state"].as_str(), session["id"].as_u64()), (Some("playing"), Some(0)));
    assert!(session["bytes"].as_u64() > session["packets"].as_u64().map(|packets| 12 * packets), "{session}");
    assert_eq!(session["streams"][0]["transport"], "tcp");
    let number = |name: &str| {
        let shown = server.tree(&format!("/server/qtssSvrClientSessions/0/{name}"));
        let value = shown.split('"').nth(3).and_then(|value| value.parse::<f64>().ok());
        value.unwrap_or_else(|| panic!("{name}: {shown}"))
    };
    for name in [
        "qtssCliSesRTPBytesSent",
        "qtssCliSesRTPPacketsSent",
        "qtssCliSesTimeConnectedinMsec",
        "qtssCliSesCurrentBitRate",
    ] {
        assert!(number(name) > 0.0, "{name}");
    }
    assert_eq!(number("qtssCliSesState"), 1.0);
    let shown = server.tree("/server/*");
    for line in ["qtssRTPSvrCurConn=\"1\"", "qtssRTPSvrTotalConn=\"1\"", "qtssSvrDefaultDNSName=\"localhost\""] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}

#[test]
fn trap_54_values_may_have_signs_that_xml_and_the_protocol_use() {
    let server = Server::start("", OPEN);
    assert_eq!(
        server.tree(&pref("default_authorization_realm?command=set+value=\"R%26B%20%3Ca%2Bb%3E\"")),
        "error:(0)\r\n\r\n"
    );
    assert!(server.config().contains(">R&amp;B &lt;a+b&gt;</PREF>"), "{}", server.config());
    assert!(server.tree(&pref("default_authorization_realm")).contains("=\"R&B <a+b>\"\n"));
}

#[test]
fn trap_56_a_hand_edit_and_a_change_from_outside_both_stay() {
    let server = Server::start("", OPEN);
    let edited = server.config().replace("</SERVER>", "<!-- mine --><PREF NAME=\"my_own\" >x</PREF></SERVER>");
    fs::write(server.path("streamingserver.xml"), edited).expect("written");
    assert_eq!(server.tree(&pref("rtp_timeout?command=set+value=\"99\"")), "error:(0)\r\n\r\n");
    let config = server.config();
    assert!(config.contains("<!-- mine -->") && config.contains("my_own") && config.contains(">99</PREF>"), "{config}");
}

#[test]
fn trap_7_a_file_that_cannot_be_written_leaves_server_and_file_as_they_were() {
    let server = Server::start("", OPEN);
    let broken = server.config().replacen("</PREF>", "", 1);
    fs::write(server.path("streamingserver.xml"), &broken).expect("written");
    assert_eq!(server.tree(&pref("rtp_timeout?command=set+value=\"99\"+parameters=d")).get(..11), Some("error:(500)"));
    assert_eq!(server.api("PUT", "/prefs/server/rtp_timeout", "{\"value\": 99}").status, 409);
    assert_eq!(server.config(), broken);
    assert!(server.get("/modules/admin/server/qtssSvrState").body.contains("=\"1\""), "it goes on where it listened");
}

#[test]
fn trap_57_a_list_down_to_one_value_is_a_plain_preference() {
    let second = free_port();
    let server = Server::start("", OPEN);
    assert_eq!(server.tree(&pref(&format!("rtsp_port?command=add+value=\"{second}\""))), "error:(0)\r\n\r\n");
    assert!(server.config().contains("<LIST-PREF NAME=\"rtsp_port\""), "{}", server.config());
    assert_eq!(server.tree(&pref("rtsp_port/1?command=del")), "error:(0)\r\n\r\n");
    assert!(server.config().contains("<PREF NAME=\"rtsp_port\""), "{}", server.config());
    let expected = format!("rtsp_port=\"{}\"\nerror:(0)\r\n\r\n", server.port());
    assert_eq!(server.tree(&pref("rtsp_port/*")), expected);
    let refused = server.tree(&pref("rtp_timeout?command=add+value=\"5\"+parameters=d"));
    assert!(refused.starts_with("error:(400);reason="), "one value is enough for a time: {refused}");
}

#[test]
fn trap_58_the_loopback_listener_that_comes_with_an_address_is_not_among_the_ports() {
    let server = Server::start("", OPEN);
    let port = server.port();
    assert_eq!(server.tree(&pref("bind_ip_addr?command=set+value=\"127.0.0.2\"")), "error:(0)\r\n\r\n");
    let ports = server.tree("/server/qtssSvrRTSPPorts");
    assert_eq!(ports, format!("Container=\"/admin/server/\"\nqtssSvrRTSPPorts=\"{port}\"\nerror:(0)\r\n\r\n"));
    assert!(server.tree("/server/qtssSvrDefaultIPAddrStr").contains("=\"127.0.0.2\"\n"));
    assert!(TcpStream::connect(("127.0.0.2", port)).is_ok());
}

#[test]
fn an_unwanted_body_does_not_cost_the_answer() {
    let server = Server::start("", QUICK);
    let body = "x".repeat(200_000);
    for _ in 0..5 {
        let answer = server.http("PUT", "/api/v1/state", "Content-Type: application/json\r\n", &body);
        assert_eq!(answer.status, 401);
        assert_eq!(server.api("PATCH", "/state", &body).status, 405);
    }
}

/// Runs xmllint; `None`, and a loud word, when it is not there.
fn xmllint(files: &[&Path]) -> Option<bool> {
    match Command::new("xmllint").arg("--noout").arg("--nonet").args(files).output() {
        Ok(output) => {
            assert!(output.status.success() || !output.stderr.is_empty());
            if !output.status.success() {
                eprintln!("{}", String::from_utf8_lossy(&output.stderr));
            }
            Some(output.status.success())
        }
        Err(error) => {
            eprintln!("SKIPPED: the status file is not checked by xmllint: {error}");
            None
        }
    }
}

/// Is the file well-formed XML, and more than nothing? For machines without xmllint.
fn quick_xml_reads(path: &Path) -> bool {
    let text = fs::read_to_string(path).expect("the file is there at any time");
    let mut reader = quick_xml::Reader::from_str(&text);
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Eof) => return text.trim_end().ends_with("</plist>"),
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

#[test]
fn trap_38_the_status_file_is_valid_a_thousand_times_while_it_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let (config, path) = (folder.path().join("streamingserver.xml"), folder.path().join("somewhere else"));
    let text = format!(
        "<CONFIGURATION><SERVER><PREF NAME=\"enable_monitor_stats_file\" TYPE=\"Bool16\" >true</PREF>\
         <PREF NAME=\"monitor_stats_file_name\" >{}</PREF></SERVER></CONFIGURATION>",
        path.display()
    );
    fs::write(&config, text).expect("written");
    let file =
        StatusFile::from_preferences(&Preferences::new(Prefs::load(&config).expect("read").prefs)).expect("wanted");
    assert_eq!(file.path(), path, "a whole path is taken as it is");
    let facts = |round: usize| {
        let filler = |n: usize| Fact::Text(format!("R&B <{}>", "x".repeat((round * 37 + n) % 900)));
        plist(&(0..50).map(|n| ("key", filler(n))).collect::<Vec<_>>())
    };
    file.write(&facts(0)).expect("written");
    let done = AtomicBool::new(false);
    let written = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in (1..).take_while(|_| !done.load(Ordering::Relaxed)) {
                file.write(&facts(round)).expect("written");
                written.store(round, Ordering::Relaxed);
            }
        });
        // Each of the 20 runs reads the file 50 times.
        let read = |_| quick_xml_reads(&path);
        let valid = (0..20).all(|_| xmllint(&[path.as_path(); 50]).unwrap_or_else(|| (0..50).all(read)));
        // A slow disk may need longer for its share than the reads took.
        let until = Instant::now() + Duration::from_secs(20);
        while valid && written.load(Ordering::Relaxed) <= 20 && Instant::now() < until && quick_xml_reads(&path) {}
        done.store(true, Ordering::Relaxed);
        assert!(valid && written.load(Ordering::Relaxed) > 20);
    });
}

#[test]
fn trap_38_39_the_server_keeps_its_status_file_fresh_and_readable() {
    use std::os::unix::fs::PermissionsExt;
    let prefs = "<PREF NAME=\"enable_monitor_stats_file\" TYPE=\"Bool16\" >true</PREF>\
                 <PREF NAME=\"monitor_stats_file_interval_seconds\" TYPE=\"UInt32\" >1</PREF>\
                 <PREF NAME=\"monitor_stats_file_name\" >FOLDER/status.xml</PREF>";
    let mut server = Server::start(prefs, OPEN);
    let time = |server: &Server| {
        let text = server.read("status.xml");
        let (_, after) = text.split_once("<key>qtssSvrCurrentTimeMilliseconds</key>")?;
        after.split("string>").nth(1)?.split('<').next()?.parse::<u64>().ok()
    };
    let first = server.wait_for("status file", time);
    server.wait_for("newer status file", |server| time(server).filter(|now| *now > first));
    let text = server.read("status.xml");
    for key in
        ["qtssSvrServerVersion", "qtssRTSPSvrServerVersion", "qtssRTSPSvrServerBuildDate", "qtssMP3SvrTotalBytes"]
    {
        assert!(text.contains(&format!("     <key>{key}</key>\n     <string>")), "{key}: {text}");
    }
    assert!(text.contains("<!DOCTYPE plist PUBLIC "), "{text}");
    assert_eq!(fs::metadata(server.path("status.xml")).expect("there").permissions().mode() & 0o777, 0o644);
    xmllint(&[&server.path("status.xml")]).inspect(|valid| assert!(valid));
    let json = server.http("GET", "/server_status.json", "", "").json();
    assert_eq!((json["qtssSvrState"].as_u64(), json["qtssSvrServerVersion"].as_str()), (Some(1), Some("6.0.3")));
    assert_eq!(server.http("GET", "/server_status", "", "").body.lines().next(), text.lines().next());
    server.tree("/server/qtssSvrState?command=set+value=\"4\"");
    server.wait_for_end();
    assert!(server.read("status.xml").contains("<key>qtssSvrState</key>\n     <string>4</string>"), "the end is told");
}

/// The web console had an action that set the administrator's password without asking for one.
#[test]
fn trap_46_nobody_sets_a_password_without_one() {
    let server = Server::start("", QUICK);
    let users = server.read("qtusers");
    let form = "action=AssistSetPassword&qtssusername=admin&new_password1=x&new_password2=x";
    for (method, target) in [
        ("POST", "/parse_xml.cgi"),
        ("GET", "/parse_xml.cgi?action=AssistSetPassword&new_password1=x&new_password2=x"),
        ("POST", "/"),
        ("POST", "/index.html"),
        ("POST", "/modules/admin/server"),
        ("PUT", "/api/v1/prefs/QTSSMP3StreamingModule/mp3_broadcast_password"),
    ] {
        let answer = server.http(method, target, "Content-Type: application/x-www-form-urlencoded\r\n", form);
        assert!(answer.or_nothing() == NOTHING || answer.status == 401, "{method} {target}: {answer:?}");
    }
    // The account that every DSS had before Install was through.
    let shipped = basic("aGFja21l", "aGFja21l");
    assert_eq!(server.http("GET", "/modules/admin/server", &shipped, "").status, 401);
    assert_eq!(server.read("qtusers"), users);
}

#[test]
fn trap_59_all_processors_are_used_unless_a_number_is_given() {
    let server = Server::start("", OPEN);
    let shown = server.tree("/server/qtssSvrNumThreads");
    let threads = shown.split('"').nth(3).and_then(|number| number.parse::<usize>().ok()).expect("a number");
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    assert!(threads > processors, "{shown}");
}

#[test]
fn what_modules_of_dss_could_read_of_a_session_is_there() {
    let server = Server::start("", OPEN);
    server.add_movie(MOVIE);
    let mut player = server.rtsp();
    player.play(MOVIE, "Bandwidth: 300000\r\n3GPP-Adaptation: url=\"x\";size=20000;target-time=5000\r\n");
    let shown = server.tree("/server/qtssSvrClientSessions/0/*");
    for line in [
        "qtssCliSesStartedThinning=\"false\"",
        "qtssCliSessLastRTSPBandwidth=\"300000\"",
        "qtssCliSessIs3GPPSession=\"true\"",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    let shown = server.tree("/server/qtssSvrClientSessions/0/qtssCliSesStreamObjects/0/*");
    assert!(shown.contains("qtssRTPStrNetworkMode=\"2\""), "{shown}");
}

#[test]
fn status_pages_are_local_unless_a_preference_says_otherwise_or_off() {
    let far = Ipv4Addr::new(127, 0, 1, 1);
    let server = Server::start(
        "",
        "\t<MODULE NAME=\"QTSSAdminModule\" >\n\t\t<PREF NAME=\"status_http_enabled\" TYPE=\"Bool16\" >false</PREF>\n\t</MODULE>",
    );
    for path in ["/metrics", "/server_status.json", "/server_status"] {
        assert_eq!(server.http_from(far, "GET", path, "", "").or_nothing(), NOTHING, "{path}");
    }
    let put = server.api("PUT", "/prefs/QTSSAdminModule/status_http_enabled", "{\"value\": true}");
    assert_eq!(put.status, 200, "{put:?}");
    assert_eq!(server.http_from(far, "GET", "/metrics", "", "").status, 200, "it counts at once");
    let head = server.http("HEAD", "/server_status.json", "", "");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}

#[test]
fn the_interface_describes_itself_and_keeps_what_it_says() {
    let server = Server::start("", OPEN);
    let document = server.http("GET", "/api/v1/openapi.json", "", "").json();
    assert_eq!(document["openapi"], "3.0.3");
    let paths = document["paths"].as_object().expect("paths");
    let mut seen = 0;
    for (path, operations) in paths {
        for method in operations.as_object().expect("operations").keys().map(|method| method.to_uppercase()) {
            seen += 1;
            let target = path.replace("{id}", "123456").replace("{section}", "nosuch").replace("{name}", "nosuch");
            if path == "/state" && method == "PUT" {
                continue; // said below
            }
            let answer = server.api(&method, &target, "{}");
            let expected = if path.contains('{') { 404 } else { 200 };
            assert_eq!(answer.status, expected, "{method} {path}: {answer:?}");
            answer.json();
        }
        let other = server.api("PATCH", &path.replace(['{', '}'], ""), "");
        assert_eq!(other.status, 405, "{path}");
        assert!(other.head.contains("Allow: "), "{other:?}");
    }
    assert!(seen >= 19, "{seen} routes");
    assert_eq!(server.api("PUT", "/state", "{}").status, 400);
    assert_eq!(server.api("GET", "/nothing", "").status, 404);
}

#[test]
fn odd_requests_to_the_interface_are_the_client_s_fault() {
    let server = Server::start("", OPEN);
    let bodies = [
        "",
        "null",
        "[]",
        "{",
        "\"x\"",
        "{\"value\": {}}",
        "{\"values\": []}",
        "{\"value\": \"\\u0000\", \"type\": \"UInt32\"}",
    ];
    let targets =
        ["/prefs/server/rtp_timeout", "/prefs/server/new%20name", "/prefs/QTSSFileModule/%00", "/state", "/prefs//x"];
    for (target, body) in targets.iter().flat_map(|target| bodies.map(|body| (target, body))) {
        let answer = server.api("PUT", target, body);
        assert!((400..500).contains(&answer.status), "{target} {body}: {answer:?}");
    }
    let long = server.http("POST", "/api/v1/config/check", "Content-Length: 9999999999\r\n", "");
    assert!((400..500).contains(&long.status), "{long:?}");
    let chunked = server.http("POST", "/api/v1/config/check", "Transfer-Encoding: chunked\r\n", "");
    assert_eq!(chunked.status, 411);
    assert_eq!(server.api("POST", "/config/check", "").status, 400);
    let check = server.api("POST", "/config/check", &"<a>".repeat(100_000)).json();
    assert_eq!(check["usable"], false);
}

#[test]
fn preferences_are_read_changed_made_and_removed() {
    let server = Server::start("", QUICK);
    let answer = server.api("PUT", "/prefs/QTSSFileModule/admin_email", "{\"value\": \"ops@media.example\"}");
    assert_eq!(answer.json()["values"][0], "ops@media.example");
    assert!(
        server
            .tree("/server/qtssSvrModuleObjects/QTSSFileModule/qtssModPrefs/admin_email")
            .contains("=\"ops@media.example\"")
    );
    let list =
        server.api("PUT", "/prefs/server/player_requires_rtp_header_info", "{\"values\": [\"A\", \"B\", \"C\"]}");
    assert_eq!(list.json()["values"].as_array().map(Vec::len), Some(3));
    assert!(server.tree(&pref("player_requires_rtp_header_info/2")).contains("2=\"C\""));
    assert_eq!(server.api("PUT", "/prefs/server/kit", "{\"value\": 5}").status, 404, "a new one needs a type");
    assert_eq!(server.api("PUT", "/prefs/server/kit", "{\"value\": 5, \"type\": \"UInt32\"}").status, 200);
    assert_eq!(server.api("PUT", "/prefs/server/kit", "{\"value\": 5, \"type\": \"Bool16\"}").status, 400);
    assert!(server.tree(&pref("kit")).contains("kit=\"5\""));
    assert_eq!(server.api("DELETE", "/prefs/server/kit", "").status, 200);
    assert_eq!(server.api("GET", "/prefs/server/kit", "").status, 404);
    assert_eq!(server.api("DELETE", "/prefs/server/rtp_timeout", "").status, 200);
    assert_eq!(server.api("GET", "/prefs/server/rtp_timeout", "").json()["values"][0], "120", "its default came back");
}

#[test]
fn tokens_open_the_interface_if_there_is_a_file_of_them() {
    // The SHA-256 of "abc" (FIPS 180-2).
    let token = "monitor BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD\n";
    let server = Server::start(
        "",
        "\t<MODULE NAME=\"QTSSAdminModule\" >\n\t\t<PREF NAME=\"json_api_tokens_file\" >FOLDER/tokens</PREF>\n\t</MODULE>",
    );
    let ask =
        |token: &str| server.http("GET", "/api/v1/state", &format!("Authorization: Bearer {token}\r\n"), "").status;
    assert_eq!(ask("abc"), 401, "no file, no token");
    fs::write(server.path("tokens"), token).expect("written");
    assert_eq!((ask("abc"), ask("abd"), ask("")), (200, 401, 401));
    let protocol = server.http("GET", "/modules/admin", "Authorization: Bearer abc\r\n", "");
    assert_eq!(protocol.status, 401, "the old protocol has passwords only");
}

#[test]
fn the_page_of_figures_is_where_the_preference_says_and_runs_no_script_of_a_player() {
    let stats =
        "\t<MODULE NAME=\"QTSSWebStatsModule\" >\n\t\t<PREF NAME=\"web_stats_url\" >my/stats</PREF>\n\t</MODULE>";
    let server = Server::start("", stats);
    server.add_movie(MOVIE);
    let mut player = server.rtsp();
    player.play(MOVIE, "User-Agent: <script>alert(1)</script>\r\n");
    let page = server.http("GET", "/my/stats?refresh=5", "", "");
    assert_eq!(page.status, 200);
    assert!(page.head.contains("Content-Type: text/html"), "{}", page.head);
    assert!(page.head.contains("Content-Security-Policy: default-src 'none'"), "{}", page.head);
    assert!(
        page.body.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !page.body.contains("<script>"),
        "{}",
        page.body
    );
    assert!(page.body.contains("/sample_50kbit.3gp") && page.body.contains("content=\"5\""), "{}", page.body);
    assert_eq!(server.http("GET", "/stats", "", "").or_nothing(), NOTHING);
    let without = Server::start("", "");
    assert_eq!(without.http("GET", "/my/stats", "", "").or_nothing(), NOTHING);
}
