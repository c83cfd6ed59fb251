//! Users, groups and access files over the wire.

mod site;

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use site::{ALICE, BOB, Client, EVE, PATIENCE, Site, USERS, basic, md5, pref};

const CLIP: &str = "/locked/clip.3gp";
const BASIC_ALICE: &str = "AuthScheme basic\nAuthName \"Locked\"\nrequire user alice\n";

#[test]
fn trap_6_access_control_switched_off_with_anything_but_true_is_off() {
    let site = Site::with("", "<PREF NAME=\"modAccess_enabled\" TYPE=\"Bool16\">enabled</PREF>");
    site.access_file("locked", BASIC_ALICE);
    assert_eq!(site.connect().describe(CLIP).status, 200, "a Bool16 is true only as the word true");
}

#[test]
fn trap_23_a_valid_user_who_is_not_listed_is_asked_again() {
    let site = Site::locked(BASIC_ALICE);
    let mut client = site.connect();
    assert_eq!(client.basic(CLIP, BOB).challenge(), "Basic realm=\"Locked\"");
    assert_eq!(client.basic(CLIP, ALICE).status, 200, "without having been asked on this connection");
    site.access_file("locked", "AuthScheme basic\nrequire group watchers\n");
    assert_eq!(client.basic(CLIP, ALICE).challenge(), "Basic realm=\"Streaming Server\"");
    assert_eq!(client.basic(CLIP, ("carol", "pa55word")).status, 200);
    site.access_file("locked", "require user zoe\n");
    let nonce = client.describe(CLIP).nonce().to_owned();
    assert!(client.digest(CLIP, BOB, &nonce).challenge().starts_with("Digest "));
}

#[test]
fn trap_24_credentials_of_the_other_scheme_do_not_change_the_scheme() {
    let site = Site::locked("AuthScheme digest\nrequire valid-user\n");
    let mut client = site.connect();
    for _ in 0..2 {
        assert!(client.basic(CLIP, ALICE).challenge().starts_with("Digest realm=\"Streaming Server\", nonce=\""));
    }
    let nonce = client.describe(CLIP).nonce().to_owned();
    assert_eq!(client.digest(CLIP, ALICE, &nonce).status, 200);
    site.access_file("locked", BASIC_ALICE);
    assert_eq!(client.digest(CLIP, ALICE, &nonce).challenge(), "Basic realm=\"Locked\"");
}

#[test]
fn trap_25_only_the_nearest_access_file_counts() {
    let site = Site::locked(BASIC_ALICE);
    fs::create_dir_all(site.path("movies/locked/in/ner")).unwrap();
    site.movie("locked/in/ner");
    let mut client = site.connect();
    assert_eq!(client.describe("/locked/in/ner/clip.3gp").challenge(), "Basic realm=\"Locked\"");
    assert_eq!(client.describe("/locked/in/ner/nothing.3gp").status, 401, "asked before it is missed");
    site.access_file("locked/in", "require any-user\n");
    assert_eq!(client.describe("/locked/in/ner/clip.3gp").status, 200);
    for way in ["/locked/in/../clip.3gp", "/open/%2e%2e/locked/clip.3gp", "//locked//clip.3gp", "/./locked/./clip.3gp/"]
    {
        assert_eq!(client.describe(way).status, 401, "{way}: no way around");
    }
}

#[test]
fn trap_26_rules_for_writing_only_make_reading_need_a_login_and_an_empty_file_is_none() {
    let site = Site::locked("<Limit WRITE>\nrequire user bob\n</Limit>\n");
    let mut client = site.connect();
    let nonce = client.describe(CLIP).nonce().to_owned();
    assert_eq!(client.digest(CLIP, ALICE, &nonce).status, 200);
    site.access_file("locked", "");
    assert_eq!(site.connect().describe(CLIP).status, 200);
}

#[test]
fn trap_27_a_users_file_of_comments_only_hangs_nobody() {
    let site = Site::locked("require valid-user\n");
    fs::write(site.path("qtusers"), "#\n#\n").unwrap();
    let mut client = site.connect();
    let nonce = client.describe(CLIP).nonce().to_owned();
    assert_eq!(client.digest(CLIP, ALICE, &nonce).status, 401);
    assert_eq!(client.ask("OPTIONS", "/").status, 200);
    site.wait_for_log("WARNING: Unable to read the users file at ");
}

#[test]
fn trap_28_an_older_users_file_counts_when_it_is_put_back() {
    let site = Site::locked(BASIC_ALICE);
    let file = site.path("qtusers");
    fs::write(&file, "realm Streaming Server\n").unwrap();
    let mut client = site.connect();
    assert_eq!(client.basic(CLIP, ALICE).status, 401);
    fs::write(&file, USERS).unwrap();
    let old = std::time::SystemTime::now() - Duration::from_secs(86_400);
    fs::File::options().write(true).open(&file).unwrap().set_modified(old).unwrap();
    assert_eq!(client.basic(CLIP, ALICE).status, 200);
}

#[test]
fn trap_29_the_first_eight_characters_of_a_password_are_not_enough() {
    let site = Site::locked("AuthScheme basic\nrequire user eve\n");
    let mut client = site.connect();
    assert_eq!(client.basic(CLIP, (EVE.0, &EVE.1[..8])).status, 401);
    assert_eq!(client.basic(CLIP, EVE).status, 200);
}

#[test]
fn trap_30_a_foreign_nonce_is_stale_in_quotes_and_the_own_one_stays() {
    let site = Site::locked("require valid-user\n");
    let (mut client, mut other) = (site.connect(), site.connect());
    let first = client.describe(CLIP);
    let nonce = first.nonce().to_owned();
    assert_eq!(
        first.challenge(),
        format!("Digest realm=\"Streaming Server\", nonce=\"{nonce}\""),
        "no qop, no algorithm"
    );
    let stale = other.digest(CLIP, ALICE, &nonce);
    let (renewed, challenge) = (stale.nonce(), stale.challenge());
    assert_eq!(challenge, format!("Digest realm=\"Streaming Server\", stale=\"true\", nonce=\"{renewed}\""));
    assert_ne!(renewed, nonce);
    assert_eq!(other.digest(CLIP, ALICE, renewed).status, 200);
    assert_eq!(client.digest(CLIP, (ALICE.0, "nonsense"), &nonce).nonce(), nonce, "wrong, but not stale");
    assert_eq!(client.digest(CLIP, ALICE, &nonce).status, 200);
    assert_eq!(client.digest(CLIP, ALICE, &nonce).status, 200, "the nonce stays");
}

#[test]
fn trap_31_requests_without_credentials_are_no_connections() {
    let site = Site::with("<PREF NAME=\"maximum_connections\" TYPE=\"SInt32\">3</PREF>", "");
    site.access_file("locked", BASIC_ALICE);
    let until = Instant::now() + PATIENCE;
    let mut challenged = 0;
    while challenged < 50 {
        let mut client = site.connect();
        match client.describe(CLIP).status {
            401 => challenged += 1,
            // Connections that are just being closed still count, but not for DSS's two minutes.
            453 => std::thread::sleep(Duration::from_millis(10)),
            other => panic!("{other}"),
        }
        assert!(Instant::now() < until, "only {challenged}");
    }
    let mut client = site.connect();
    while client.describe(CLIP).status == 453 {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(10));
        client = site.connect();
    }
    assert_eq!(client.basic(CLIP, ALICE).status, 200);
    let setup = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";
    assert_eq!(client.send("SETUP", "/open/clip.3gp/trackID=3", setup.as_bytes(), "").status, 200);
}

#[test]
fn trap_43_no_password_and_no_digest_is_in_a_log() {
    let site = Site::locked(BASIC_ALICE);
    site.access_file("open", "require valid-user\n");
    let mut client = site.connect();
    let answers = [
        client.basic(CLIP, ALICE).status,
        client.basic(CLIP, (ALICE.0, "s3cret-wrong")).status,
        client.with(CLIP, "s3cret-wrong").status,
        client.with(CLIP, "Basic s3cret-wrong").status,
    ];
    assert_eq!(answers, [200, 401, 401, 401]);
    let nonce = client.describe("/open/clip.3gp").nonce().to_owned();
    assert_eq!(client.digest("/open/clip.3gp", ALICE, &nonce).status, 200);
    drop(client);
    site.wait_for_log("Authorization header: an unknown scheme");
    let log = fs::read_to_string(site.path("logs/StreamingServer.log")).unwrap();
    assert!(log.contains(" alice Locked ") && log.contains(" 401 "), "{log}");
    let encoded = basic(ALICE.0, ALICE.1);
    let secrets = [
        "wonder1",
        "s3cret",
        "pxZoqnEZVAx8E",
        "80fa93202b82dcafdb0c2a6b2fd58c12",
        encoded.trim_start_matches("Basic "),
    ];
    for secret in secrets {
        assert!(!log.contains(secret) && !site.error_log().contains(secret), "{secret}: {log}{}", site.error_log());
    }
}

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\n";

#[test]
fn trap_45_a_broadcaster_from_127_0_1_1_is_not_local() {
    let site = Site::new();
    let announce = |client: &mut Client, headers: &str| {
        let headers = format!("Content-Type: application/sdp\r\n{headers}");
        client.send("ANNOUNCE", "/open/cast.sdp", headers.as_bytes(), SDP)
    };
    assert_ne!(announce(&mut site.connect(), "").status, 401);
    let mut remote = site.connect_from("127.0.1.1");
    assert!(announce(&mut remote, "").challenge().starts_with("Digest "));
    site.access_file(
        "open",
        "<Limit WRITE>\nAuthScheme basic\nAuthName \"Casting\"\nrequire user bob\n</Limit>\nrequire any-user\n",
    );
    assert_eq!(announce(&mut remote, "").challenge(), "Basic realm=\"Casting\"");
    let as_user = |(user, password): (&str, &str)| format!("Authorization: {}\r\n", basic(user, password));
    assert_eq!(announce(&mut remote, &as_user(ALICE)).status, 401);
    assert_ne!(announce(&mut remote, &as_user(BOB)).status, 401, "listed");
    assert_ne!(announce(&mut site.connect_from("127.0.1.1"), &as_user(EVE)).status, 401, "of the broadcasters' group");
    assert_eq!(site.connect().describe("/open/clip.3gp").status, 200, "anyone may look");
}

#[test]
fn without_a_scheme_a_locked_folder_is_forbidden() {
    let site = Site::with(&pref("authentication_scheme", "none"), "");
    site.access_file("locked", "require valid-user\n");
    let reply = site.connect().basic(CLIP, ALICE);
    assert_eq!((reply.status, reply.all("WWW-Authenticate").len()), (403, 0));
    site.access_file("locked", BASIC_ALICE);
    assert_eq!(site.connect().basic(CLIP, ALICE).status, 200, "the folder has its own");
}

#[test]
fn without_guests_everything_needs_a_password() {
    let site = Site::with("<PREF NAME=\"enable_allow_guest_default\" TYPE=\"Bool16\">false</PREF>", "");
    let mut client = site.connect();
    let nonce = client.describe("/open/clip.3gp").nonce().to_owned();
    assert_eq!(client.digest("/open/clip.3gp", BOB, &nonce).status, 200);
    site.access_file("open", "require any-user\n");
    assert_eq!(site.connect().describe("/open/clip.3gp").status, 200);
}

#[test]
fn who_guesses_has_to_wait_and_others_do_not() {
    let site = Site::locked(BASIC_ALICE);
    let mut client = site.connect();
    for _ in 0..3 {
        assert_eq!(client.basic(CLIP, (ALICE.0, "guess")).status, 401);
    }
    let paused = Instant::now();
    assert_eq!(client.basic(CLIP, ALICE).status, 401, "the right password is not looked at for a second");
    site.wait_for_log("3 wrong passwords for user \"alice\"; further tries have to wait");
    assert_eq!(site.connect_from("127.0.0.2").basic(CLIP, ALICE).status, 200, "another address");
    while client.basic(CLIP, ALICE).status == 401 {
        assert!(paused.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(paused.elapsed() > Duration::from_millis(700), "{:?}", paused.elapsed());
}

#[test]
fn a_slow_hash_holds_up_nobody_else() {
    let site = Site::locked("AuthScheme basic\nrequire valid-user\n");
    let mut client = site.connect();
    let request = format!(
        "DESCRIBE {}{CLIP} RTSP/1.0\r\nCSeq: 1\r\nAuthorization: {}\r\n\r\n",
        client.url,
        basic("slow", "a long and winding password")
    );
    // On a busy machine the first hash may be done before somebody else has had a turn; the last takes half a minute.
    let overtaken = [13, 15, 18].into_iter().any(|cost| {
        let hash = bcrypt::hash("a long and winding password", cost).unwrap();
        fs::write(site.path("qtusers"), format!("realm Streaming Server\nslow:{hash}:\n")).unwrap();
        client.stream.write_all(request.as_bytes()).unwrap();
        assert_eq!(site.connect().describe("/open/clip.3gp").status, 200);
        client.stream.set_nonblocking(true).unwrap();
        let overtaken = client.stream.peek(&mut [0]).is_err();
        client.stream.set_nonblocking(false).unwrap();
        assert_eq!(client.reply().status, 200);
        overtaken
    });
    assert!(overtaken, "everybody waited for the hash");
    // Later requests with the same password are not hashed again.
    let started = Instant::now();
    for _ in 0..20 {
        assert_eq!(client.basic(CLIP, ("slow", "a long and winding password")).status, 200);
    }
    let (twenty, started) = (started.elapsed(), Instant::now());
    assert_eq!(site.connect().basic(CLIP, ("slow", "wrong")).status, 401);
    assert!(twenty < started.elapsed() * 10, "{twenty:?}");
}

#[test]
fn sha_256_is_offered_where_every_user_has_it() {
    let site = Site::locked("require valid-user\n");
    let command = ["-F", "-c", "-r", "Streaming Server", "-p", "looking4", "--digest", "both", "--hash", "des"];
    let groups = site.path("qtgroups");
    let status = Command::new(env!("CARGO_BIN_EXE_qtpasswd"))
        .args(command)
        .arg("-f")
        .arg(site.path("qtusers"))
        .arg("-g")
        .arg(groups)
        .args(["-O", "root", "dave"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let reply = site.connect().describe(CLIP);
    let challenges = reply.all("WWW-Authenticate");
    assert_eq!(challenges.len(), 2, "{}", reply.text);
    assert!(challenges[0].ends_with("qop=\"auth\", algorithm=SHA-256"), "{challenges:?}");
    assert!(challenges[1].ends_with("qop=\"auth\", algorithm=MD5"), "{challenges:?}");
}

#[test]
fn a_session_that_goes_on_over_another_connection_keeps_its_nonce() {
    let site = Site::locked("require valid-user\n");
    let mut client = site.connect();
    let nonce = client.describe(CLIP).nonce().to_owned();
    let authorize = |client: &Client, method: &str, path: &str| {
        let uri = format!("{}{path}", client.url);
        let key = md5(&format!("alice:Streaming Server:{}", ALICE.1));
        let response = md5(&format!("{key}:{nonce}:{}", md5(&format!("{method}:{uri}"))));
        format!(
            "Authorization: Digest username=\"alice\", realm=\"Streaming Server\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{response}\"\r\n"
        )
    };
    let track = format!("{CLIP}/trackID=3");
    let ports = "Transport: RTP/AVP;unicast;client_port=40000-40001\r\n";
    let headers = format!("{}{ports}", authorize(&client, "SETUP", &track));
    let setup = client.send("SETUP", &track, headers.as_bytes(), "");
    assert_eq!(setup.status, 200, "{}", setup.text);
    let session = setup.all("Session")[0].split(';').next().unwrap().to_owned();
    drop(client);
    let mut again = site.connect();
    let headers = format!("{}Session: {session}\r\n", authorize(&again, "PAUSE", CLIP));
    assert_eq!(again.send("PAUSE", CLIP, headers.as_bytes(), "").status, 200);
}

/// What fuzzers and exploits of other servers send (CVE-2004-0169, CVE-2013-6933, CVE-2019-7314 and their kin): never
/// more than a challenge, and the connection lives.
#[test]
fn authorization_headers_made_to_hurt_are_challenged() {
    let site = Site::locked("require valid-user\n");
    let mut client = site.connect();
    let long = "A".repeat(2500);
    let quotes = "\"".repeat(600);
    let parameters: String = (0..200).map(|number| format!("p{number}=1,")).collect();
    let headers: Vec<Vec<u8>> = [
        "".to_owned(),
        " ".to_owned(),
        "Basic".to_owned(),
        "Basic ".to_owned(),
        "Basic !!!!".to_owned(),
        "Basic Og==".to_owned(),
        "Basic OjpAOg==".to_owned(),
        "Basic YWxpY2U=".to_owned(),
        format!("Basic {long}"),
        format!("Basic {long}="),
        "Digest".to_owned(),
        "Digest ".to_owned(),
        "Digest username".to_owned(),
        "Digest username=".to_owned(),
        "Digest username=\"".to_owned(),
        "Digest username=\"alice".to_owned(),
        format!("Digest username={quotes}"),
        format!("Digest username=\"{long}\", nonce=\"a\", uri=\"/\", response=\"00\""),
        "Digest username=\"alice\", realm=\"\", nonce=\"\", uri=\"\", response=\"\"".to_owned(),
        "Digest username=\"%s%n%x\", nonce=\"%n\", uri=\"%n\", response=\"ffff\"".to_owned(),
        "Digest username=\"alice\", nonce=\"a\", uri=\"*\", response=\"00\", qop=auth, nc=ffffffffffffffff, cnonce=\"\"".to_owned(),
        "Digest username=\"alice\", nonce=\"a\", uri=\"*\", response=\"00\", qop=auth-int, nc=1, cnonce=\"\"".to_owned(),
        "Digest username=\"alice\", username=\"bob\", nonce=\"a\", uri=\"*\", response=\"00\"".to_owned(),
        "Digest username*=UTF-8''%ff%, nonce=\"a\", uri=\"*\", response=\"00\"".to_owned(),
        format!("Digest {parameters}"),
        format!("Digest {}", ",".repeat(2500)),
        format!("Digest {}", "=".repeat(2500)),
        "Bearer abcdef".to_owned(),
        long.clone(),
        "\u{1}\u{2}\u{7f}".to_owned(),
        "Basic YWxpY2U6\r\n d29uZGVyMQ=".to_owned(),
    ]
    .into_iter()
    .map(String::into_bytes)
    .chain([b"Basic \xff\xfe\x80".to_vec(), b"Digest username=\"\xc3\x28\", nonce=\"\xff\", uri=\"*\", response=\"0\"".to_vec()])
    .collect();
    for header in headers {
        let line = [b"Authorization: ", &*header, b"\r\n"].concat();
        let reply = client.send("DESCRIBE", CLIP, &line, "");
        assert_eq!(reply.status, 401, "{:?}", String::from_utf8_lossy(&header));
        assert!(reply.challenge().starts_with("Digest realm=\"Streaming Server\", "), "{}", reply.text);
    }
    let nonce = client.describe(CLIP).nonce().to_owned();
    assert_eq!(client.digest(CLIP, ALICE, &nonce).status, 200);
}

#[test]
fn a_user_name_cannot_forge_lines_of_the_logs() {
    let site = Site::locked("AuthScheme basic\nrequire valid-user\n");
    let mut client = site.connect();
    let name = "x\r\n2026-01-01 00:00:00: WARNING: forged\r\n<script>";
    for _ in 0..4 {
        assert_eq!(client.basic(CLIP, (name, "y")).status, 401);
    }
    site.wait_for_log("wrong passwords for user");
    let access = fs::read_to_string(site.path("logs/StreamingServer.log")).unwrap();
    for log in [access, site.error_log()] {
        assert!(!log.lines().any(|line| line.starts_with("2026-01-01 00:00:00")), "{log}");
    }
}

#[test]
fn what_is_odd_about_an_access_file_is_told_once() {
    let site = Site::locked("AuthScheme basic\nrequire nobody special\nrequire user alice\n");
    let mut client = site.connect();
    assert_eq!(client.basic(CLIP, ALICE).status, 200);
    assert_eq!(client.basic(CLIP, ALICE).status, 200);
    site.wait_for_log("qtaccess: line 2");
    assert_eq!(site.error_log().matches("qtaccess: line 2").count(), 1);
    site.access_file("locked", BASIC_ALICE);
    assert_eq!(client.basic(CLIP, ALICE).status, 200);
}

#[test]
fn a_name_that_leads_elsewhere_is_not_taken_for_access_files() {
    let site = Site::with("", &pref("modAccess_qtaccessfilename", "../qtaccess"));
    site.access_file("locked", BASIC_ALICE);
    assert_eq!(site.connect().describe(CLIP).status, 401);
    site.wait_for_log(
        "WARNING: Invalid config value for qtaccessfilename: name contains /. Now using default name:qtaccess",
    );
}
