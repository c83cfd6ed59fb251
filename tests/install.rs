//! `Install`, run into folders of our own: what lies where afterwards, who it asks, what it refuses and what it leaves.
#![allow(clippy::print_stderr)] // what is skipped is said aloud

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use dss::config::Prefs;

/// The ids of qtss in the images that the tests install into.
const SERVER_IDS: (u32, u32) = (4711, 4712);
const PASSWORD: &str = "a b* $HOME";
const CONFIG: &str = "etc/streaming/streamingserver.xml";
const USERS: &str = "etc/streaming/qtusers";
const GROUPS: &str = "etc/streaming/qtgroups";

fn source() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// A system image to install into, and a folder of programs as `./Buildit` leaves them.
struct Site {
    folder: tempfile::TempDir,
}

impl Site {
    fn new() -> Self {
        let site = Self { folder: tempfile::tempdir().unwrap() };
        let (uid, gid) = SERVER_IDS;
        site.write("etc/passwd", &format!("root:x:0:0::/root:/bin/sh\nqtss:x:{uid}:{gid}::/:/bin/false\n"));
        site.write("etc/group", &format!("root:x:0:\nqtss:x:{gid}:\n"));
        // Nothing is started here, so only qtpasswd has to be real.
        let programs = site.programs();
        fs::create_dir(&programs).unwrap();
        symlink(env!("CARGO_BIN_EXE_qtpasswd"), programs.join("qtpasswd")).unwrap();
        for name in ["DarwinStreamingServer", "StreamingLoadTool"] {
            fs::write(programs.join(name), format!("{name} 7")).unwrap();
        }
        site
    }

    fn programs(&self) -> PathBuf {
        self.folder.path().join("programs")
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Runs Install with `answers` on standard input.
    fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)], answers: &str) -> Output {
        let mut child = Command::new(source().join("Install"))
            .args(["--destdir".as_ref(), self.root().as_os_str(), "--programs".as_ref(), self.programs().as_os_str()])
            .args(arguments)
            .env_remove("username")
            .env_remove("password")
            .env_remove("password_file")
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A script that ends without reading closes the pipe.
        let _ = child.stdin.take().unwrap().write_all(answers.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Runs Install, which must succeed, and returns what it said.
    fn run(&self, arguments: &[&str], answers: &str) -> String {
        said(&self.run_with(arguments, &[], answers), 0)
    }

    fn install(&self) -> String {
        self.run(&[], &format!("admin\n{PASSWORD}\n{PASSWORD}\n"))
    }

    /// The copies of a file that have a date in their names.
    fn backups(&self, path: &str) -> Vec<PathBuf> {
        let path = self.path(path);
        let prefix = format!("{}.2", path.file_name().unwrap().to_str().unwrap());
        let mut found: Vec<_> = fs::read_dir(path.parent().unwrap())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&prefix))
            .collect();
        found.sort();
        found
    }

    /// Whether the users file's entry for `user` is for `password`, by its digest.
    fn has_password(&self, user: &str, password: &str) -> bool {
        use md5::{Digest, Md5};
        let digest = Md5::digest(format!("{user}:Streaming Server:{password}"));
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        self.read(USERS).lines().any(|line| line.starts_with(&format!("{user}:")) && line.ends_with(&digest))
    }
}

/// What a run wrote to both streams; its exit status must be `status`.
fn said(output: &Output, status: i32) -> String {
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(status), "{text}");
    text
}

/// Everything below a folder: path to (kind and mode, owner and group).
fn tree(root: &Path) -> BTreeMap<String, (String, (u32, u32))> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let meta = path.symlink_metadata().unwrap();
            let kind = if meta.is_dir() { "d" } else { "-" };
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            found.insert(name, (format!("{kind} {:o}", meta.mode() & 0o7777), (meta.uid(), meta.gid())));
            if meta.is_dir() {
                folders.push(path);
            }
        }
    }
    found
}

/// What DSS's Install left, with its modes; qtgroups, which it left readable for everybody, is closed as qtusers is.
const TREE: &[(&str, &str, &str)] = &[
    ("etc/streaming", "d 755", "server"),
    ("etc/streaming/qtgroups", "- 600", "server"),
    ("etc/streaming/qtusers", "- 600", "server"),
    ("etc/streaming/relayconfig.xml-Sample", "- 600", "server"),
    ("etc/streaming/streamingloadtool.conf", "- 644", "server"),
    ("etc/streaming/streamingserver.xml", "- 600", "server"),
    ("usr/local/bin", "d 755", "root"),
    ("usr/local/bin/StreamingLoadTool", "- 755", "root"),
    ("usr/local/bin/qtpasswd", "- 755", "root"),
    ("usr/local/lib/systemd/system", "d 755", "root"),
    ("usr/local/lib/systemd/system/DarwinStreamingServer.service", "- 644", "root"),
    ("usr/local/movies", "d 775", "server"),
    ("usr/local/movies/sample_100kbit.3gp", "- 644", "server"),
    ("usr/local/movies/sample_100kbit.mov", "- 644", "server"),
    ("usr/local/movies/sample_100kbit.mp4", "- 644", "server"),
    ("usr/local/movies/sample_300kbit.mov", "- 644", "server"),
    ("usr/local/movies/sample_300kbit.mp4", "- 644", "server"),
    ("usr/local/movies/sample_50kbit.3gp", "- 644", "server"),
    ("usr/local/movies/sample_h264_100kbit.mp4", "- 644", "server"),
    ("usr/local/movies/sample_h264_300kbit.mp4", "- 644", "server"),
    ("usr/local/movies/sample_multitrack.mp4", "- 644", "server"),
    ("usr/local/sbin", "d 755", "root"),
    ("usr/local/sbin/DarwinStreamingServer", "- 755", "root"),
    ("usr/local/sbin/StreamingServerModules", "d 755", "root"),
    ("usr/local/share/DarwinStreamingServer", "d 755", "root"),
    ("usr/local/share/DarwinStreamingServer/compat-modules/sdk/APIStubLib/QTSS_Private.cpp", "- 644", "root"),
    ("usr/local/share/DarwinStreamingServer/docs/MODULES.md", "- 644", "root"),
    ("usr/local/share/DarwinStreamingServer/include/QTSS.h", "- 644", "root"),
    ("usr/local/share/DarwinStreamingServer/installed", "- 644", "root"),
    ("usr/local/share/DarwinStreamingServer/packaging/logrotate.conf", "- 644", "root"),
    ("var/streaming", "d 755", "server"),
    ("var/streaming/logs", "d 770", "server"),
    ("var/streaming/playlists", "d 770", "server"),
    ("var/streaming/readme.txt", "- 644", "server"),
];

/// Folders in which there is nothing but what the table lists (and folders on the way to it).
const COMPLETE: [&str; 6] =
    ["etc/streaming", "usr/local/bin", "usr/local/sbin", "usr/local/lib", "usr/local/movies", "var"];

#[test]
fn the_installed_tree_is_the_one_of_dss_with_its_modes_and_owners() {
    let site = Site::new();
    let text = site.install();
    let found = tree(&site.root());
    let me = (nix::unistd::geteuid().as_raw(), nix::unistd::getegid().as_raw());
    for (path, mode, owner) in TREE {
        let (found_mode, found_owner) = found.get(*path).unwrap_or_else(|| panic!("{path} is missing\n{text}"));
        assert_eq!(found_mode, mode, "{path}");
        if is_root() {
            let ids = if *owner == "server" { SERVER_IDS } else { (0, 0) };
            assert_eq!(*found_owner, ids, "{path}");
        } else {
            assert_eq!(found_owner.0, me.0, "{path}");
        }
    }
    for path in found.keys() {
        let listed = TREE.iter().any(|(listed, _, _)| Path::new(listed).starts_with(path));
        assert!(listed || !COMPLETE.iter().any(|folder| Path::new(path).starts_with(folder)), "{path} is not listed");
    }
    assert_eq!(site.read("usr/local/sbin/DarwinStreamingServer"), "DarwinStreamingServer 7");
    assert_eq!(text.contains("Not root: the files below"), !is_root(), "{text}");
    assert!(text.contains("\nInstallation Complete\n") && text.ends_with("\nSetup Complete!\n"), "{text}");
    assert!(text.contains("  administrators   admin \n"), "{text}");
}

#[test]
fn an_installation_that_fails_half_way_leaves_nothing_behind() {
    let site = Site::new();
    dss_deployment(&site);
    let contents = |site: &Site| {
        let tree = tree(&site.root());
        let text = |path: &String| fs::read(site.path(path)).unwrap_or_default();
        tree.iter().map(|(path, mode)| (path.clone(), mode.clone(), text(path))).collect::<Vec<_>>()
    };
    if is_root() {
        // What root left in the server's folders would be given to the server even so.
        for path in
            tree(&site.root()).keys().filter(|path| path.starts_with("etc/streaming") || path.starts_with("var"))
        {
            std::os::unix::fs::chown(site.path(path), Some(SERVER_IDS.0), Some(SERVER_IDS.1)).unwrap();
        }
    }
    let before = contents(&site);
    // A folder stands where one of the last files belongs.
    site.write("usr/local/lib/systemd/system/DarwinStreamingServer.service/in the way", "");
    let output = site.run_with(&[], &[("username", "admin"), ("password", PASSWORD)], "");
    let text = said(&output, 1);
    assert!(text.contains("copying docs to ") && text.contains("taking away what was installed so far"), "{text}");
    fs::remove_dir_all(site.path("usr/local/lib")).unwrap();
    let after = contents(&site);
    assert_eq!(
        after.iter().map(|entry| &entry.0).collect::<Vec<_>>(),
        before.iter().map(|entry| &entry.0).collect::<Vec<_>>()
    );
    assert!(after == before, "content, mode or owner has changed");
}

#[test]
fn no_chown_leaves_everything_to_who_installs() {
    let site = Site::new();
    site.run(&["--no-chown", "--admin-user=a"], "secret\nsecret\n");
    let me = nix::unistd::geteuid().as_raw();
    assert!(tree(&site.root()).values().all(|(_, (owner, _))| *owner == me));
}

#[test]
fn the_shipped_configuration_is_what_the_server_generates() {
    let folder = tempfile::tempdir().unwrap();
    let generated = folder.path().join("streamingserver.xml");
    Prefs::generate_default(&generated).unwrap();
    let shipped = source().join("packaging/streamingserver.xml");
    if std::env::var_os("INSTALL_BLESS").is_some() {
        fs::write(&shipped, fs::read(&generated).unwrap()).unwrap();
    }
    let [generated, shipped] = [generated, shipped].map(|path| fs::read_to_string(path).unwrap());
    assert_eq!(
        shipped, generated,
        "INSTALL_BLESS=1 cargo test --test install writes packaging/streamingserver.xml anew"
    );
}

#[test]
fn trap_33_answers_are_taken_from_a_pipe_with_dss_prompts_and_wrong_ones_are_asked_again() {
    let site = Site::new();
    let answers = "\nan admin\naGFja21l\nadmin\n\n\none\ntwo\na b* $HOME\na b* $HOME";
    let text = site.run(&[], answers);
    let count = |part: &str| text.matches(part).count();
    assert_eq!(count("Please enter a new administrator user name: "), 4, "{text}");
    assert_eq!(count("Please enter a new administrator Password: "), 3, "{text}");
    assert_eq!(count("Re-enter the new administrator password: "), 3, "{text}");
    for error in ["No username entered!", "No password entered!", "passwords entered do not match!"] {
        assert_eq!(count(&format!("\nError: {error}\n")), 1, "{text}");
    }
    assert!(!text.contains(PASSWORD), "the password is shown: {text}");
    assert!(site.has_password("admin", PASSWORD), "trap 33: blanks and stars in a password");
    assert_eq!(site.read(GROUPS).trim_end(), "admin: admin");
}

#[test]
fn the_administrator_comes_from_options_a_file_or_the_environment() {
    let site = Site::new();
    let file = site.folder.path().join("password");
    fs::write(&file, format!("{PASSWORD}\nsecond line\n")).unwrap();
    let file = file.to_str().unwrap();
    site.run(&["--admin-user", "one", "--admin-password-file", file], "");
    assert!(site.has_password("one", PASSWORD));
    said(&site.run_with(&[], &[("username", "two"), ("password", "sec'ret")], ""), 0);
    assert!(site.has_password("two", "sec'ret") && site.has_password("one", PASSWORD));
    said(&site.run_with(&[], &[("username", "three"), ("password_file", file)], ""), 0);
    assert!(site.has_password("three", PASSWORD));
    said(&site.run_with(&[], &[("username", "four"), ("password", "say \"x\"")], ""), 0);
    assert!(site.has_password("four", "say \"x\""));
    assert_eq!(site.read(GROUPS).trim_end(), "admin: one two three four");
}

#[test]
fn without_answers_nothing_is_installed_and_no_password_is_invented() {
    let site = Site::new();
    let before = tree(&site.root());
    for (arguments, answers) in [(&[][..], ""), (&["--admin-user", "admin"], ""), (&[], "admin\nonly once\n")] {
        let text = said(&site.run_with(arguments, &[], answers), 1);
        assert!(text.contains("no administrator, and standard input has no (more) answers"), "{text}");
        assert!(text.contains("--admin-password-file"), "{text}");
    }
    let long = "x".repeat(256);
    for (name, password) in
        [("a:b", "secret"), (&long, "secret"), ("-F", "secret"), ("a", "both ' and \""), ("a", &long)]
    {
        let text = said(&site.run_with(&[], &[("username", name), ("password", password)], ""), 1);
        assert!(text.contains("The user name") || text.contains("The password"), "{text}");
    }
    assert_eq!(tree(&site.root()), before);
}

/// Install on a terminal, which `script` lends it, so that what is typed would be seen.
struct Terminal {
    script: std::process::Child,
    seen: String,
}

impl Terminal {
    /// `None` where there is no `script`.
    fn new(site: &Site) -> Option<Self> {
        if let Err(error) = Command::new("script").arg("--version").output() {
            eprintln!("skipped: script: {error}");
            return None;
        }
        let install = source().join("Install");
        // `exec`: a shell that stayed in between would be interrupted, too, and end with 130.
        let command = format!(
            "exec '{}' --destdir '{}' --programs '{}'",
            install.display(),
            site.root().display(),
            site.programs().display()
        );
        // Nobody waits for a prompt that never comes.
        let script = Command::new("timeout")
            .args(["--foreground", "120", "script", "-qec", &command, "/dev/null"])
            .env_remove("username")
            .env_remove("password")
            .env_remove("password_file")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        Some(Self { script: script.unwrap(), seen: String::new() })
    }

    /// Reads until `text` appears.
    fn wait_for(&mut self, text: &str) {
        let from = self.seen.len();
        let output = self.script.stdout.as_mut().unwrap();
        let mut byte = [0];
        while !self.seen[from..].contains(text) {
            assert_eq!(output.read(&mut byte).unwrap(), 1, "{text:?} is missing in {}", self.seen);
            self.seen.push(char::from(byte[0]));
        }
    }

    fn type_in(&mut self, text: &str) {
        self.script.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Reads to the end: everything that was seen, and the exit status.
    fn end(mut self) -> (String, Option<i32>) {
        let mut rest = Vec::new();
        self.script.stdout.take().unwrap().read_to_end(&mut rest).unwrap();
        (self.seen + &String::from_utf8_lossy(&rest), self.script.wait().unwrap().code())
    }
}

#[test]
fn on_a_terminal_the_password_is_not_shown_and_unequal_ones_are_asked_again() {
    let site = Site::new();
    let Some(mut terminal) = Terminal::new(&site) else { return };
    terminal.wait_for("Please enter a new administrator user name: ");
    terminal.type_in("admin\n");
    for (first, second) in [(PASSWORD, "other"), (PASSWORD, PASSWORD)] {
        terminal.wait_for("Please enter a new administrator Password: ");
        terminal.type_in(&format!("{first}\n"));
        terminal.wait_for("Re-enter the new administrator password: ");
        terminal.type_in(&format!("{second}\n"));
    }
    let (seen, status) = terminal.end();
    assert_eq!(status, Some(0), "{seen}");
    assert!(seen.contains("Error: passwords entered do not match!"), "{seen}");
    assert!(seen.contains("user name: admin\r\n"), "the name is shown: {seen}");
    assert!(!seen.contains(PASSWORD) && !seen.contains("other"), "the password is shown: {seen}");
    assert!(site.has_password("admin", PASSWORD));
}

#[test]
fn an_interrupt_leaves_nothing_half_made() {
    for prompt in ["user name: ", "Password: ", "copying docs to "] {
        let site = Site::new();
        let before = tree(&site.root());
        let Some(mut terminal) = Terminal::new(&site) else { return };
        if prompt != "user name: " {
            terminal.wait_for("user name: ");
            terminal.type_in("admin\n");
        }
        if prompt == "copying docs to " {
            terminal.wait_for("Password: ");
            terminal.type_in("secret\n");
            terminal.wait_for("password: ");
            terminal.type_in("secret\n");
        }
        terminal.wait_for(prompt);
        terminal.type_in("\u{3}");
        let (seen, status) = terminal.end();
        assert_eq!(status, Some(1), "{seen}");
        assert!(seen.contains("Install: interrupted\r\n"), "{seen}");
        assert_eq!(tree(&site.root()), before, "{prompt}");
    }
}

/// A deployment as DSS 6.0.3 leaves it, with the operator's own additions.
fn dss_deployment(site: &Site) -> String {
    let config = "<?xml version =\"1.0\"?>\n<CONFIGURATION>\n\t<SERVER>\n\t\t<!-- ours -->\n\t\t\
        <PREF NAME=\"movie_folder\" >/srv/R&amp;B/</PREF>\n\t\t<PREF NAME=\"of_a_patch\" >1</PREF>\n\
        \t</SERVER>\n</CONFIGURATION>\n";
    site.write(CONFIG, config);
    site.write(USERS, "realm Streaming Server\nalice:xxZ1:00\nbob:xxZ2:11\naGFja21l:xxZ3:22\n");
    site.write(GROUPS, "admin: aGFja21l \nviewers: bob\n");
    site.write("etc/streaming/relayconfig.xml", "<RELAY_CONFIG></RELAY_CONFIG>\n");
    site.write("usr/local/sbin/DarwinStreamingServer", "DSS 6.0.3");
    site.write("usr/local/sbin/StreamingServerModules/QTSSMyAuthModule", "a module");
    site.write("usr/local/bin/PlaylistBroadcaster", "DSS 6.0.3's");
    site.write("usr/local/movies/sample_100kbit.mov", "not ours");
    site.write("var/streaming/logs/Error.log", "#Log\n");
    fs::set_permissions(site.path(USERS), fs::Permissions::from_mode(0o600)).unwrap();
    config.to_owned()
}

#[test]
fn trap_4_an_upgrade_keeps_configuration_users_relays_modules_movies_and_logs() {
    let site = Site::new();
    let config = dss_deployment(&site);
    let before = tree(&site.root());
    let kept: Vec<_> =
        before.iter().filter(|(_, (mode, _))| mode.starts_with('-')).map(|(path, _)| path.clone()).collect();
    let old: BTreeMap<_, _> = kept.iter().map(|path| (path.clone(), site.read(path))).collect();
    site.install();
    site.install();
    let changed: Vec<_> = kept.iter().filter(|path| site.read(path) != old[*path]).map(String::as_str).collect();
    assert_eq!(changed, [GROUPS, USERS, "usr/local/sbin/DarwinStreamingServer"]);
    assert_eq!(site.read(CONFIG), config);
    assert!(
        site.read(USERS).starts_with("realm Streaming Server\nalice:xxZ1:00\nbob:xxZ2:11\nadmin:"),
        "{}",
        site.read(USERS)
    );
    let groups: Vec<String> = site
        .read(GROUPS)
        .lines()
        .map(|line| line.split([':', ' ']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(groups, ["admin admin", "viewers bob"]);
    let users = site.backups(USERS);
    assert_eq!(fs::read_to_string(&users[0]).unwrap(), old[USERS], "the first backup outlives the second installation");
    assert_eq!(fs::metadata(&users[0]).unwrap().mode() & 0o7777, 0o600);
    assert_eq!(site.backups(CONFIG).len(), 1, "a file that did not change since is not copied again");
    let previous = "usr/local/share/DarwinStreamingServer/previous/sbin/DarwinStreamingServer";
    assert_eq!(site.read(previous), "DSS 6.0.3", "the way back is kept when the same version is installed twice");
    if is_root() {
        let after = tree(&site.root());
        for path in [CONFIG, USERS, GROUPS, "var/streaming/logs/Error.log"] {
            assert_eq!(after[path].1, SERVER_IDS, "the server must be able to write {path}");
        }
        assert_eq!(after["usr/local/movies/sample_100kbit.mov"].1, (0, 0), "the operator's file");
    }
}

#[test]
fn trap_2_the_published_account_does_not_outlive_an_installation() {
    let site = Site::new();
    dss_deployment(&site);
    site.install();
    for file in [USERS, GROUPS] {
        assert!(!site.read(file).contains("aGFja21l"), "{}", site.read(file));
    }
    // It is no administrator that would make another one unnecessary, either.
    let site = Site::new();
    dss_deployment(&site);
    said(&site.run_with(&[], &[], ""), 1);
}

#[test]
fn a_repeated_installation_asks_nothing_and_keeps_a_changed_configuration() {
    let site = Site::new();
    site.install();
    let users = site.read(USERS);
    let changed =
        site.read(CONFIG).replace("</SERVER>", "\t<!-- mine -->\n\t\t<PREF NAME=\"mine\" >x</PREF>\n\t</SERVER>");
    site.write(CONFIG, &changed);
    let text = site.run(&[], "");
    assert!(!text.contains("Please enter"), "{text}");
    assert_eq!(site.read(CONFIG), changed);
    assert_eq!(site.read(USERS), users);
    let backups = site.backups(CONFIG);
    assert_eq!(backups.len(), 1);
    assert_eq!(fs::read_to_string(&backups[0]).unwrap(), changed);
    let name = backups[0].file_name().unwrap().to_str().unwrap().to_owned();
    assert!(text.contains(&format!("backing up /{CONFIG} to /etc/streaming/{name}\n")), "{text}");
    let date = name.strip_prefix("streamingserver.xml.").unwrap();
    assert!(
        date.len() == 15 && date.bytes().enumerate().all(|(i, b)| if i == 8 { b == b'-' } else { b.is_ascii_digit() }),
        "{date}"
    );
    site.write(CONFIG, &changed.replace("mine", "yours"));
    site.run(&[], "");
    assert_eq!(site.backups(CONFIG).len(), 2, "a changed file is copied again, beside the older copy");
}

#[test]
fn users_and_groups_are_where_the_configuration_says() {
    let site = Site::new();
    site.write(
        CONFIG,
        "<CONFIGURATION><SERVER></SERVER><MODULE NAME=\"QTSSAccessModule\">\n\
         <!-- <PREF NAME=\"modAccess_usersfilepath\">/etc/old</PREF> -->\n\
         <PREF NAME=\"modAccess_usersfilepath\">/etc/our users</PREF>\n\
         <PREF NAME=\"modAccess_groupsfilepath\" > /etc/a&amp;b </PREF></MODULE></CONFIGURATION>",
    );
    site.install();
    assert!(site.read("etc/our users").contains("\nadmin:"));
    assert!(site.read("etc/a&b").starts_with("admin: admin"));
    assert!(!site.path(USERS).exists());
}

#[test]
fn another_prefix_moves_programs_movies_and_modules_and_a_new_configuration_says_so() {
    let site = Site::new();
    site.run(&["--prefix", "/opt/r&d", "--admin-user", "a"], "secret\nsecret\n");
    let config = site.read(CONFIG);
    assert!(config.contains("<PREF NAME=\"movie_folder\" >/opt/r&amp;d/movies/</PREF>"), "{config}");
    assert!(
        config.contains(">/opt/r&amp;d/sbin/StreamingServerModules/</PREF>") && !config.contains("/usr/local"),
        "{config}"
    );
    let unit = site.read("opt/r&d/lib/systemd/system/DarwinStreamingServer.service");
    assert!(unit.contains("ExecStart=/opt/r&d/sbin/DarwinStreamingServer -d\n"), "{unit}");
    assert!(unit.contains("Type=notify\n") && unit.contains(" -/opt/r&d/movies\n"), "{unit}");
    assert!(site.path("opt/r&d/movies/sample_100kbit.mov").exists() && !site.path("usr/local").exists());
}

#[test]
fn trap_3_the_user_is_made_in_a_system_that_has_neither_user_nor_group() {
    if !is_root() || Command::new("useradd").arg("--help").output().is_err() {
        return; // only root can make users
    }
    let site = Site::new();
    site.write("etc/passwd", "root:x:0:0::/root:/bin/sh\n");
    site.write("etc/group", "root:x:0:\n");
    site.write("etc/shadow", "root:*:1:0:99999:7:::\n");
    site.write("etc/gshadow", "root:*::\n");
    site.write("usr/sbin/nologin", "");
    fs::set_permissions(site.path("usr/sbin/nologin"), fs::Permissions::from_mode(0o755)).unwrap();
    let text = site.install();
    assert!(text.contains("Creating unprivileged user to run the server = \"qtss\"."), "{text}");
    let passwd = site.read("etc/passwd");
    let user: Vec<&str> = passwd.lines().find(|line| line.starts_with("qtss:")).expect(&passwd).split(':').collect();
    assert!(user.last() == Some(&"/usr/sbin/nologin"), "{user:?}");
    let ids: (u32, u32) = (user[2].parse().unwrap(), user[3].parse().unwrap());
    assert!(ids.0 < 1000, "a system user: {user:?}");
    assert!(site.read("etc/group").contains(&format!("qtss:x:{}:", ids.1)));
    assert_eq!(tree(&site.root())[USERS].1, ids);
    // DSS's useradd failed when the group existed.
    site.write("etc/passwd", "root:x:0:0::/root:/bin/sh\n");
    site.install();
    assert!(site.read("etc/passwd").contains("\nqtss:"));
}

#[test]
fn trap_61_uninstall_removes_programs_and_keeps_data() {
    let site = Site::new();
    dss_deployment(&site);
    site.install();
    site.write("usr/local/movies/mine.mp4", "a movie");
    let before = tree(&site.root());
    let text = site.run(&["uninstall"], "");
    let after = tree(&site.root());
    let gone: Vec<_> = before.keys().filter(|path| !after.contains_key(*path)).map(String::as_str).collect();
    let share = "usr/local/share/DarwinStreamingServer";
    let outside: Vec<_> = gone.iter().filter(|path| !path.starts_with(share)).copied().collect();
    assert_eq!(
        outside,
        [
            "usr/local/bin/StreamingLoadTool",
            "usr/local/bin/qtpasswd",
            "usr/local/lib/systemd/system/DarwinStreamingServer.service",
            "usr/local/sbin/DarwinStreamingServer",
        ]
    );
    let left: Vec<_> =
        after.iter().filter(|(path, (mode, _))| path.starts_with(share) && mode.starts_with('-')).collect();
    assert_eq!(left.len(), 1, "only the replaced DSS is left: {left:?}");
    assert!(text.contains("These stay: /etc/streaming, /var/streaming, /usr/local/movies"), "{text}");
    let again = said(&site.run_with(&["--uninstall"], &[], ""), 1);
    assert!(again.contains("no server was installed there"), "{again}");
    site.install();
    assert!(site.path("usr/local/bin/qtpasswd").exists());
}

#[test]
fn wrong_use_and_missing_programs_are_refused() {
    let site = Site::new();
    for arguments in [&["--nonsense"][..], &["--prefix"], &["--prefix", "here"], &["--destdir", "here"]] {
        let text = said(&site.run_with(arguments, &[], ""), 2);
        assert!(text.contains("\nusage: sudo ./Install"), "{text}");
    }
    assert!(site.run(&["--help"], "").starts_with("usage: sudo ./Install"));
    fs::remove_file(site.programs().join("qtpasswd")).unwrap();
    let text = said(&site.run_with(&[], &[], ""), 1);
    assert!(text.contains("qtpasswd has not been built; run ./Buildit first"), "{text}");
    if !is_root() {
        let output = Command::new(source().join("Install")).env_remove("DESTDIR").output().unwrap();
        let text = said(&output, 1);
        let words = "Unable to perform install\nYou must be logged in as root to install Darwin Streaming Server\n";
        assert!(text.contains(words), "{text}");
    }
}
