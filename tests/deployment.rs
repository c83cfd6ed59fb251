//! A deployment of many years, as Darwin Streaming Server 6.0.3 and its operators left it, under our server: everybody's
//! password still works, and when the server has ended, nothing of theirs is gone or looks different.

mod site;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use site::{Client, PATIENCE, Site, basic, md5};

const CONFIG: &str = "streamingserver.xml";

const ADA: (&str, &str) = ("ada", "Tape-47!");
/// Of her password DSS's crypt only knew the first eight characters; the digest knows all.
const BEA: (&str, &str) = ("bea", "longer than eight");
const CYD: (&str, &str) = ("cyd", "x");
/// Her password is kept in the form of `openssl passwd -1`, which the C library's crypt took too.
const MIA: (&str, &str) = ("mia", "salted butter");
const ADMIN: (&str, &str) = ("tec", "open sesame");
/// In the file that one folder names.
const FIL: (&str, &str) = ("fil", "reel");

/// Folders of the movie folder and their access files; each folder has a movie.
const ACCESS: &[(&str, &str)] = &[
    (
        "users",
        "AuthName \"Ada's films\"\nAuthScheme basic\n<Limit READ>\nrequire user ada \"mia\"\n</Limit>\n<Limit WRITE>\n\
         require group admin\n</Limit>\n",
    ),
    ("users/any", "require any-user\n"),
    ("users/deep", ""),
    ("groups", "# both tiers\nrequire group stalls balcony\n"),
    ("valid", "AuthName House\r\nAuthScheme basic\r\nrequire valid-user\r\n"),
    (
        "club",
        "AuthName \"Film Club\"\nAuthScheme basic\nAuthUserFile /nowhere\nAuthUserFile @PLACE@/club/users\n\
         AuthGroupFile @PLACE@/club/groups\nrequire group reel\n",
    ),
    ("write", "<Limit WRITE>\nrequire user tec\n</Limit>\n"),
];

const CREATED: &str = "#Log File Created On: 11/20/2009 10:11:12\n";

fn logs() -> Vec<(&'static str, String)> {
    let access = format!("{CREATED}#Software: DSS\n#Version: 6.0.3\n10.0.0.7 2009-11-20 10:12:00 a line of DSS \n");
    let error = format!("{CREATED}# Streaming STARTUP 2009-11-20 10:11:12\n2009-11-20 10:11:13: INFO: a line of DSS\n");
    vec![
        ("StreamingServer.log", access.clone()),
        ("StreamingServer.091120000.log", format!("{access}rolled once\n")),
        ("StreamingServer.091120001.log", format!("{access}rolled twice\n")),
        ("Error.log", error.clone()),
        ("Error.091120000.log", format!("{error}rolled\n")),
        ("streamingadminserver.log", "127.0.0.1 - - the web console's\n".to_owned()),
    ]
}

fn fixture(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deployment").join(name)).unwrap()
}

/// Lays the deployment out in a folder.
fn deployment(folder: &Path) {
    let place = |text: &str| text.replace("@PLACE@", folder.to_str().unwrap());
    let config = place(&fixture(CONFIG)).replace("@E@", "\u{e9}");
    let latin1: Vec<u8> = config.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    fs::write(folder.join(CONFIG), latin1).unwrap();
    fs::write(folder.join("qtusers"), fixture("qtusers")).unwrap();
    fs::write(folder.join("qtgroups"), fixture("qtgroups")).unwrap();
    fs::create_dir(folder.join("club")).unwrap();
    let club = format!("realm Film Club\nfil:fi1Bz1aJCKHJY:{}\n", md5("fil:Film Club:reel"));
    fs::write(folder.join("club/users"), club).unwrap();
    fs::write(folder.join("club/groups"), "reel:fil\n").unwrap();
    let movie = folder.join("movies/open/clip.3gp");
    for (name, text) in ACCESS {
        let at = folder.join("movies").join(name);
        fs::create_dir_all(&at).unwrap();
        fs::copy(&movie, at.join("clip.3gp")).unwrap();
        if !text.is_empty() {
            fs::write(at.join("qtaccess"), place(text)).unwrap();
        }
    }
    for (name, text) in logs() {
        fs::write(folder.join("logs").join(name), text).unwrap();
    }
    for (name, mode) in [(CONFIG, 0o640), ("qtusers", 0o600), ("qtgroups", 0o600), ("club/users", 0o600)] {
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
}

/// Content and mode of every file below a folder.
fn files(folder: &Path) -> BTreeMap<String, (Vec<u8>, u32)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            found.insert(name, (fs::read(&path).unwrap(), path.metadata().unwrap().mode() & 0o7777));
        }
    }
    found
}

/// A deployment under our server, and what it was before that started.
fn taken_over() -> (Site, BTreeMap<String, (Vec<u8>, u32)>) {
    let mut before = BTreeMap::new();
    let site = Site::prepared(|folder| {
        deployment(folder);
        before = files(folder);
    });
    (site, before)
}

/// The status line of an answer to an HTTP request on a connection of its own.
fn admin(site: &Site, path: &str, (user, password): (&str, &str)) -> String {
    let mut stream = site.connect().stream;
    let authorization = basic(user, password);
    write!(stream, "GET /modules/admin{path} HTTP/1.0\r\nAuthorization: {authorization}\r\n\r\n").unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn signal(site: &Site, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(site.process.id()).unwrap()), signal).unwrap();
}

/// Lets the server end in order.
fn stop(site: &mut Site) {
    signal(site, Signal::SIGTERM);
    let until = Instant::now() + PATIENCE;
    while site.process.try_wait().unwrap().is_none() {
        assert!(Instant::now() < until, "it does not stop");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn digest(client: &mut Client, path: &str, who: (&str, &str)) -> u16 {
    let nonce = client.describe(path).nonce().to_owned();
    client.digest(path, who, &nonce).status
}

#[test]
fn everybody_gets_in_with_the_old_password_and_nobody_else() {
    let (site, _) = taken_over();
    let mut client = site.connect();
    assert_eq!(client.describe("/open/clip.3gp").status, 200);
    assert_eq!(client.describe("/users/any/clip.3gp").status, 200, "an inner access file lifts the outer one");
    assert_eq!(client.describe("/users/clip.3gp").challenge(), "Basic realm=\"Ada's films\"");
    for folder in ["users", "users/deep"] {
        let path = format!("/{folder}/clip.3gp");
        for (who, status) in [(ADA, 200), (MIA, 200), (BEA, 401), (("ada", "tape-47!"), 401), (("mia", "salted"), 401)]
        {
            assert_eq!(client.basic(&path, who).status, status, "{path} {who:?}");
        }
    }
    for (who, status) in [(ADA, 200), (BEA, 200), (CYD, 200), (MIA, 401), (("bea", &BEA.1[..8]), 401)] {
        assert_eq!(digest(&mut client, "/groups/clip.3gp", who), status, "{who:?}");
    }
    assert_eq!(client.describe("/valid/clip.3gp").challenge(), "Basic realm=\"House\"", "lines may end with CR LF");
    for (who, status) in [(BEA, 200), (CYD, 200), (MIA, 200), (ADMIN, 200), (FIL, 401), (("cyd", ""), 401)] {
        assert_eq!(client.basic("/valid/clip.3gp", who).status, status, "{who:?}");
    }
    assert_eq!(client.basic("/club/clip.3gp", FIL).status, 200, "a folder may have users of its own");
    assert_eq!(client.basic("/club/clip.3gp", ADA).status, 401);
    assert_eq!(digest(&mut client, "/write/clip.3gp", CYD), 200);
    let state = "/server/qtssSvrState";
    assert!(admin(&site, state, ADMIN).contains("qtssSvrState=\"1\"\n"));
    for who in [ADA, ("tec", "Open sesame"), ("aGFja21l", "aGFja21l")] {
        assert!(admin(&site, state, who).starts_with("HTTP/1.1 401 "), "{who:?}");
    }
}

#[test]
fn nothing_is_lost_or_looks_different_when_the_server_has_run_and_rewritten_its_files() {
    let (mut site, before) = taken_over();
    let mut client = site.connect();
    let change = "/server/qtssSvrPreferences/maximum_bandwidth?command=set+value=2048";
    assert!(admin(&site, change, ADMIN).contains("error:(0)"));
    signal(&site, Signal::SIGHUP);
    assert_eq!(client.describe("/users/clip.3gp").status, 401);
    assert_eq!(client.basic("/users/clip.3gp", ADA).status, 200);
    stop(&mut site);
    let after = files(&site.path(""));

    // Everything but the configuration and the two logs that the server writes is as it was.
    let rewritten = [CONFIG, "logs/StreamingServer.log", "logs/Error.log"];
    for (name, old) in before.iter().filter(|(name, _)| !rewritten.contains(&name.as_str())) {
        assert!(after.get(name) == Some(old), "{name} has changed");
    }
    // The logs' age was up. They have the next name that is free, and begin with what they were.
    for (now, then) in [("logs/StreamingServer.log", "091120002"), ("logs/Error.log", "091120001")] {
        let rolled = &after[&now.replace(".log", &format!(".{then}.log"))].0;
        assert!(rolled.starts_with(&before[now].0), "{now}");
        assert!(after[now].0.starts_with(b"#Log File Created On: ") && !after[now].0.starts_with(CREATED.as_bytes()));
    }
    // One copy of the configuration is what it was.
    let copies: Vec<_> = after.iter().filter(|(name, _)| name.starts_with("streamingserver.xml.")).collect();
    assert_eq!(copies.len(), 1);
    assert_eq!(copies[0].1, &before[CONFIG]);
    configuration_is_kept(&before[CONFIG], &after[CONFIG]);
}

/// The new file is the old one, line by line and byte by byte, with one changed value, and with lines added for preferences
/// that it did not have.
fn configuration_is_kept((old, old_mode): &(Vec<u8>, u32), (new, new_mode): &(Vec<u8>, u32)) {
    assert_eq!(new_mode, old_mode);
    let lines = |text: &[u8]| text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    let show = |line: &[u8]| String::from_utf8_lossy(line).into_owned();
    let mut added = Vec::new();
    let mut rest = lines(new).into_iter();
    for mut line in lines(old) {
        if show(&line).contains(">51200<") {
            line = show(&line).replace("51200", "2048").into_bytes();
        }
        loop {
            let Some(next) = rest.next() else { panic!("{:?} is gone from {}", show(&line), show(new)) };
            if next == line {
                break;
            }
            added.push(show(&next));
        }
    }
    added.extend(rest.map(|line| show(&line)));
    let old = show(old);
    for line in &added {
        let text = line.trim_start();
        let known = ["<PREF NAME=", "<LIST-PREF NAME=", "<VALUE>", "</LIST-PREF>", "<MODULE NAME=\"QTSS", "</MODULE>"];
        assert!(known.iter().any(|start| text.starts_with(start)), "{line:?} was added");
        let name = text.split('"').nth(1).unwrap_or("");
        assert!(name.is_empty() || !old.contains(&format!("NAME=\"{name}\"")), "{name} was there: {line:?}");
    }
    assert!(added.iter().any(|line| line.contains("\"rtp_timeout\"")), "what was missing is there now: {added:?}");
}
