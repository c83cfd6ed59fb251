//! What operators of DSS 6.0.3 ran into when they started, configured and stopped it, tried with the program itself, in the
//! foreground and under its watchdog. The numbers are those of the list of traps.

#![allow(clippy::print_stderr)] // what is skipped is said aloud

#[path = "common/ports.rs"]
mod ports;
#[path = "common/prefs.rs"]
mod prefs;

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Group, Pid, User, geteuid};
use ports::free_port;
use prefs::NO_OVERLOAD;

/// How long a test waits for something that should happen soon.
const PATIENCE: Duration = Duration::from_secs(90);
const PROGRAM: &str = env!("CARGO_BIN_EXE_DarwinStreamingServer");
const CONFIG: &str = "streamingserver.xml";
const LOG: &str = "logs/Error.log";
const MOVIE: &str = "sample_50kbit.3gp";

/// A folder for one server, and the processes that were started for it; they end with it.
struct Place {
    dir: tempfile::TempDir,
    foreground: Vec<Child>,
}

impl Place {
    /// With a configuration that listens on these ports of 127.0.0.1.
    fn new(ports: &[u16]) -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap(), foreground: Vec::new() };
        for name in ["logs", "movies", "modules"] {
            fs::create_dir(place.path(name)).unwrap();
        }
        fs::write(place.path(CONFIG), place.config(ports)).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn config(&self, ports: &[u16]) -> String {
        let folder = self.dir.path().display();
        let ports: String = ports.iter().map(|port| format!("<VALUE>{port}</VALUE>")).collect();
        let open =
            "<MODULE NAME=\"QTSSAdminModule\" ><PREF NAME=\"Authenticate\" TYPE=\"Bool16\" >false</PREF></MODULE>";
        let mut text = format!(
            "<CONFIGURATION>\n<SERVER>\n<LIST-PREF NAME=\"rtsp_port\" TYPE=\"UInt16\" >{ports}</LIST-PREF>\n\
             <PREF NAME=\"bind_ip_addr\" >127.0.0.1</PREF>\n"
        );
        for (name, value) in [
            ("movie_folder", format!("{folder}/movies")),
            ("module_folder", format!("{folder}/modules")),
            ("pid_file", format!("{folder}/server.pid")),
            ("error_logfile_dir", format!("{folder}/logs")),
            ("run_user_name", String::new()),
            ("run_group_name", String::new()),
        ] {
            text.push_str(&format!("<PREF NAME=\"{name}\" >{value}</PREF>\n"));
        }
        format!("{text}</SERVER>\n{open}{NO_OVERLOAD}\n</CONFIGURATION>\n")
    }

    /// Changes the configuration; the text has to be there.
    fn edit(&self, from: &str, to: &str) {
        let text = self.read(CONFIG);
        assert!(text.contains(from), "{from} is not in {text}");
        fs::write(self.path(CONFIG), text.replacen(from, to, 1)).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).arg("-c").arg(self.path(CONFIG)).stdin(Stdio::null());
        command
    }

    /// Runs the program to its end, which must be soon.
    fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Starts a server under its watchdog; the launcher has to report success.
    fn daemon(&self) {
        let output = self.output(&[]);
        assert_eq!(output.status.code(), Some(0), "{}{}", text(&output), self.read(LOG));
    }

    /// Starts a server in the foreground and waits until it serves; its process number.
    fn foreground(&mut self, arguments: &[&str]) -> Pid {
        let arguments = [&["-d"], arguments].concat();
        let mut child = self.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        self.foreground.push(child);
        assert!(lines.any(|line| line.contains("done starting up")), "{}", self.read(LOG));
        std::thread::spawn(move || lines.for_each(drop));
        pid
    }

    /// The numbers in the pid file.
    fn pids(&self) -> Vec<Pid> {
        self.read("server.pid").lines().filter_map(|line| line.parse().ok()).map(Pid::from_raw).collect()
    }

    /// Waits for a line of the error log.
    fn wait_for_log(&self, part: &str) {
        wait_for(part, || self.read(LOG).contains(part).then_some(()));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let pids = self.pids();
        for child in &mut self.foreground {
            let _ = child.kill();
            let _ = child.wait();
        }
        // The parent passes it on; who does not end within its own time is killed.
        pids.iter().take(1).for_each(|pid| kill(*pid, Signal::SIGTERM).unwrap_or_default());
        let until = Instant::now() + Duration::from_secs(15);
        while pids.iter().any(|pid| is_ours(*pid)) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(20));
        }
        pids.iter().filter(|pid| is_ours(**pid)).for_each(|pid| kill(*pid, Signal::SIGKILL).unwrap_or_default());
    }
}

/// Whether a process lives and is the server's program.
fn is_ours(pid: Pid) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.starts_with("DarwinStreaming"))
        && fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn wait_for<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < until, "no {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A port below 1024 that nobody has; only root may ask.
fn free_low_port() -> u16 {
    (600..1024).find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).expect("a low port")
}

fn listens(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// What a server answers to a request of one line, to the end of the connection.
fn http(port: u16, line: &str) -> Option<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.write_all(format!("{line} HTTP/1.0\r\n\r\n").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// The facts of the status page.
fn facts(port: u16) -> Option<serde_json::Value> {
    let answer = http(port, "GET /server_status.json")?;
    serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
}

/// A viewer over the RTSP connection, who has a movie playing.
struct Viewer {
    stream: BufReader<TcpStream>,
}

impl Viewer {
    fn play(port: u16) -> Self {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut viewer = Self { stream: BufReader::new(stream) };
        let url = format!("rtsp://127.0.0.1:{port}/{MOVIE}");
        let transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";
        let head = viewer.ask(&format!("SETUP {url}/trackID=3 RTSP/1.0\r\nCSeq: 1\r\n{transport}\r\n"));
        let session = head.lines().find_map(|line| line.strip_prefix("Session: ")).expect("a session");
        let session = session.split(';').next().unwrap().to_owned();
        viewer.ask(&format!("PLAY {url} RTSP/1.0\r\nCSeq: 2\r\nSession: {session}\r\nRange: npt=0-\r\n\r\n"));
        viewer
    }

    fn ask(&mut self, request: &str) -> String {
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(self.stream.read_line(&mut head).unwrap() > 0, "{head}");
        }
        assert!(head.starts_with("RTSP/1.0 200 OK\r\n"), "{head}");
        head
    }

    /// Waits for so many packets.
    fn receive(&mut self, packets: usize) {
        for _ in 0..packets {
            let mut frame = [0; 4];
            self.stream.read_exact(&mut frame).expect("a packet");
            assert_eq!(frame[0], b'$');
            let mut payload = vec![0; usize::from(u16::from_be_bytes([frame[2], frame[3]]))];
            self.stream.read_exact(&mut payload).expect("its payload");
        }
    }
}

/// A preference whose value is told at each reread.
const ODD: &str = "<PREF NAME=\"quality_check_interval\" TYPE=\"UInt32\" >odd</PREF>";

#[test]
fn trap_1_writing_defaults_leaves_a_copy_of_the_old_file_and_ends_with_254() {
    let place = Place::new(&[]);
    let old = place.read(CONFIG);
    // Without the old configuration the server's own paths would count; the one of versions 1 and 2 says otherwise.
    let folder = place.dir.path().display();
    let legacy = format!(
        "error_logfile_dir {folder}/logs\nrequest_logfile_dir {folder}/logs\nmodule_folder {folder}/modules\n\
         pid_file {folder}/server.pid\nrun_user_name made-later\nrun_group_name made-later\n"
    );
    fs::write(place.path("streamingserver.conf"), legacy).unwrap();
    let conf = place.path("streamingserver.conf").display().to_string();
    let output = place.output(&["-x", "-o", &conf]);
    assert_eq!(output.status.code(), Some(254), "{}", text(&output));
    let new = place.read(CONFIG);
    assert!(new.contains("NAME=\"rtsp_port\"") && new.contains("<VALUE>7070</VALUE>"), "{new}");
    assert!(!new.contains("Authenticate\" TYPE=\"Bool16\" >false"), "{new}");
    let copies: Vec<_> = fs::read_dir(place.dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains("streamingserver.xml."))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    assert_eq!(copies, [old]);
    assert!(!place.path("server.pid").exists());
}

#[test]
fn trap_5_a_broken_file_at_a_reread_changes_nothing() {
    let (first, second) = (free_port(), free_port());
    let mut place = Place::new(&[first]);
    let pid = place.foreground(&[]);
    let good = place.read(CONFIG);
    let broken = good.replacen("</PREF>", "", 1);
    fs::write(place.path(CONFIG), &broken).unwrap();
    kill(pid, Signal::SIGHUP).unwrap();
    place.wait_for_log("the preferences stay as they were");
    let log = place.read(LOG);
    let line = log.lines().find(|line| line.contains("the preferences stay")).unwrap();
    assert!(line.contains("WARNING: ") && line.contains(" on line "), "{line}");
    assert_eq!(place.read(CONFIG), broken, "it is the operator's to mend");
    assert!(listens(first) && !listens(second));
    fs::write(place.path(CONFIG), good.replace(&format!(">{first}<"), &format!(">{second}<"))).unwrap();
    kill(pid, Signal::SIGHUP).unwrap();
    wait_for("the new port", || listens(second).then_some(()));
    wait_for("the end of the old port", || (!listens(first)).then_some(()));
}

#[test]
fn a_service_manager_that_watches_hears_from_the_server_again_and_again() {
    let mut place = Place::new(&[free_port()]);
    let sockets = tempfile::tempdir_in("/tmp").or_else(|_| tempfile::tempdir()).unwrap(); // TMPDIR may be too long for sockets
    let notify = sockets.path().join("notify");
    let manager = UnixDatagram::bind(&notify).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    let hears = |text: &str| {
        let mut bytes = [0; 200];
        let length = manager.recv(&mut bytes).unwrap();
        let heard = String::from_utf8_lossy(&bytes[..length]).into_owned();
        heard.starts_with(text)
    };
    // The number in the environment is that of the process that the shell becomes.
    let mut command = Command::new("sh");
    command.args(["-c", "WATCHDOG_PID=$$ exec \"$@\"", "sh", PROGRAM, "-d", "-c"]).arg(place.path(CONFIG));
    command.env("NOTIFY_SOCKET", &notify).env("WATCHDOG_USEC", "400000").stdin(Stdio::null());
    place.foreground.push(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    while !hears("READY=1\n") {}
    for _ in 0..3 {
        assert!(hears("WATCHDOG=1\n"));
    }
    kill(Pid::from_raw(i32::try_from(place.foreground[0].id()).unwrap()), Signal::SIGTERM).unwrap();
    while !hears("STOPPING=1\n") {}
}

#[test]
fn trap_8_a_port_of_the_command_line_stays_at_a_reread() {
    let (of_file, of_command) = (free_port(), free_port());
    let mut place = Place::new(&[of_file]);
    place.edit("</SERVER>", &format!("{ODD}\n</SERVER>"));
    let pid = place.foreground(&["-p", &of_command.to_string()]);
    let told = |place: &Place| place.read(LOG).matches("quality_check_interval").count();
    let before = told(&place);
    kill(pid, Signal::SIGHUP).unwrap();
    wait_for("a reread", || (told(&place) > before).then_some(()));
    assert!(listens(of_command) && !listens(of_file));
}

#[test]
fn trap_9_and_12_a_second_server_without_a_port_fails_aloud_and_leaves_the_first_alone() {
    let port = free_port();
    let place = Place::new(&[port]);
    place.daemon();
    let pids = place.read("server.pid");
    let starts = |place: &Place| place.read(LOG).matches("# Streaming STARTUP").count();
    assert_eq!(starts(&place), 1);
    let output = place.output(&[]);
    assert!(matches!(output.status.code(), Some(code) if code != 0), "{output:?}");
    let said = text(&output);
    assert!(said.contains(&format!("Another process is already using the following RTSP port: {port}")), "{said}");
    assert!(said.contains("Streaming Server is not listening for RTSP on any ports."), "{said}");
    std::thread::sleep(Duration::from_secs(2)); // DSS would have tried again by now, and again
    assert_eq!((starts(&place), place.read("server.pid")), (2, pids));
    assert!(place.pids().iter().all(|pid| is_ours(*pid)) && listens(port));
}

#[test]
fn trap_13_the_pid_file_has_parent_and_child_or_the_one_in_the_foreground() {
    let place = Place::new(&[free_port()]);
    place.daemon();
    let pids = place.pids();
    let [parent, child] = pids[..] else { panic!("{pids:?}") };
    let status = fs::read_to_string(format!("/proc/{child}/status")).unwrap();
    assert!(status.contains(&format!("PPid:\t{parent}\n")), "{status}");
    kill(parent, Signal::SIGTERM).unwrap();
    wait_for("the end of both", || (!is_ours(parent) && !is_ours(child)).then_some(()));
    assert!(!place.path("server.pid").exists());

    let mut place = Place::new(&[free_port()]);
    let pid = place.foreground(&[]);
    assert_eq!(place.read("server.pid"), format!("{pid}\n"));
}

#[test]
fn trap_16_an_option_that_does_not_exist_starts_nothing() {
    let port = free_port();
    let place = Place::new(&[port]);
    let before = place.read(CONFIG);
    let output = place.output(&["-Q"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("usage: DarwinStreamingServer ["), "{}", text(&output));
    assert!(!listens(port) && !place.path(LOG).exists());
    assert_eq!(place.read(CONFIG), before);
}

#[test]
fn restarts_and_crashes_are_counted_and_told() {
    let port = free_port();
    let place = Place::new(&[port]);
    place.daemon();
    let count = |facts: &serde_json::Value| (facts["dssRestarts"].as_u64(), facts["dssCrashes"].as_u64());
    let first = facts(port).unwrap();
    assert_eq!((count(&first), first["dssLastEnd"].as_str()), ((Some(0), Some(0)), Some("")));
    kill(place.pids()[1], Signal::SIGKILL).unwrap();
    let crashed = wait_for("another server", || facts(port).filter(|facts| count(facts) == (Some(1), Some(1))));
    assert!(crashed["dssLastEnd"].as_str().unwrap().contains("was killed by SIGKILL"), "{crashed}");
    // Asked for, it is no crash.
    wait_for("its number in the pid file", || (place.pids().len() == 2).then_some(()));
    kill(place.pids()[0], Signal::SIGINT).unwrap();
    let asked = wait_for("a third server", || facts(port).filter(|facts| count(facts) == (Some(2), Some(1))));
    assert!(asked["dssLastEnd"].as_str().unwrap().contains("exited with status 254"), "{asked}");
    let metrics = http(port, "GET /metrics").unwrap();
    assert!(metrics.contains("\ndss_restarts_total 2\n") && metrics.contains("\ndss_crashes_total 1\n"), "{metrics}");
}

#[test]
fn trap_47_an_error_log_that_was_moved_away_is_made_anew() {
    let port = free_port();
    let mut place = Place::new(&[port]);
    place.edit("</SERVER>", &format!("{ODD}\n</SERVER>"));
    let pid = place.foreground(&[]);
    place.wait_for_log("quality_check_interval");
    fs::rename(place.path(LOG), place.path("logs/Error.moved")).unwrap();
    let moved = place.read("logs/Error.moved");
    kill(pid, Signal::SIGUSR1).unwrap();
    wait_for("a new log", || place.path(LOG).exists().then_some(()));
    kill(pid, Signal::SIGHUP).unwrap();
    place.wait_for_log("quality_check_interval");
    assert!(place.read(LOG).starts_with("#Log File Created On: "));
    assert_eq!(place.read("logs/Error.moved"), moved, "nothing goes into the old one");
}

#[test]
fn trap_55_what_the_server_does_not_know_stays_in_its_place() {
    let (first, second) = (free_port(), free_port());
    let mut place = Place::new(&[first]);
    let pid = place.foreground(&[]);
    place.edit(
        "<PREF NAME=\"movie_folder\"",
        "<!-- mine -->\n<PREF NAME=\"of_a_patch\" TYPE=\"char\" >1</PREF>\n<PREF NAME=\"movie_folder\"",
    );
    place.edit("<MODULE NAME=\"QTSSAdminModule\"", "<MODULE NAME=\"QTSSForeignModule\" ><PREF NAME=\"x\">y</PREF><ODD/></MODULE>\n<MODULE NAME=\"QTSSAdminModule\"");
    place.edit(&format!("<VALUE>{first}</VALUE>"), &format!("<VALUE>{first}</VALUE><VALUE>{second}</VALUE>"));
    let edited = place.read(CONFIG);
    kill(pid, Signal::SIGHUP).unwrap();
    wait_for("the second port", || listens(second).then_some(()));
    assert_eq!(place.read(CONFIG), edited);
}

/// Makes a folder and what is in it the user's.
fn give(path: &Path, user: &User) {
    chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
    if path.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| give(&entry.unwrap().path(), user));
    }
}

/// The web console had to restart the server, and cut all viewers off, to have it listen on port 80.
#[test]
fn trap_10_and_48_a_low_port_comes_live_while_a_viewer_watches() {
    if !geteuid().is_root() {
        eprintln!("SKIPPED: only root may have a port below 1024 to lose");
        return;
    }
    let (port, low) = (free_port(), free_low_port());
    let place = Place::new(&[port]);
    let user = User::from_name("nobody").unwrap().expect("a user nobody");
    let group = Group::from_gid(user.gid).unwrap().expect("its group");
    place.edit("\"run_user_name\" ></PREF>", "\"run_user_name\" >nobody</PREF>");
    place.edit("\"run_group_name\" ></PREF>", &format!("\"run_group_name\" >{}</PREF>", group.name));
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(MOVIE), place.path("movies").join(MOVIE))
        .unwrap();
    give(place.dir.path(), &user);
    fs::set_permissions(place.dir.path(), Permissions::from_mode(0o755)).unwrap();
    place.daemon();
    let pids = place.pids();
    let status = fs::read_to_string(format!("/proc/{}/status", pids[1])).unwrap();
    assert!(status.contains(&format!("Uid:\t{}\t", user.uid)), "{status}");
    let mut viewer = Viewer::play(port);
    viewer.receive(1);
    let add = format!("GET /modules/admin/server/qtssSvrPreferences/rtsp_port?command=add+value=\"{low}\"");
    let answer = http(port, &add).unwrap();
    assert!(answer.ends_with("error:(0)\r\n\r\n"), "{answer}");
    wait_for("the low port", || listens(low).then_some(()));
    viewer.receive(5);
    assert_eq!(place.pids(), pids);
    assert!(http(low, "GET /modules/admin/server/qtssRTPSvrCurConn").unwrap().contains("=\"1\""));
    let del = "GET /modules/admin/server/qtssSvrPreferences/rtsp_port/1?command=del";
    assert!(http(port, del).unwrap().ends_with("error:(0)\r\n\r\n"));
    wait_for("the end of the low port", || (!listens(low)).then_some(()));
    viewer.receive(5);
}

/// Started by `sudo -u qtss`, as the article has it, DSS listened on the high ports only and had no pid file, and said so
/// nowhere.
#[test]
fn trap_49_without_root_the_other_ports_are_served_and_the_rest_is_told() {
    let lowest = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap_or_default();
    if lowest.trim().parse::<u16>().unwrap_or(1024) < 1024 {
        eprintln!("SKIPPED: this system gives low ports to everybody");
        return;
    }
    let (port, low) = (free_port(), 611);
    let place = Place::new(&[low, port]);
    fs::create_dir(place.path("closed")).unwrap();
    place.edit("/server.pid<", "/closed/server.pid<");
    let mut command = place.command(&[]);
    if geteuid().is_root() {
        let user = User::from_name("nobody").unwrap().expect("a user nobody");
        // The folder that cargo builds into may be closed to others.
        fs::copy(PROGRAM, place.path("DarwinStreamingServer")).unwrap();
        give(place.dir.path(), &user);
        chown(place.path("closed"), Some(0), Some(0)).unwrap();
        let plain = command;
        command = Command::new(place.path("DarwinStreamingServer"));
        command.args(plain.get_args()).stdin(Stdio::null()).uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    fs::set_permissions(place.path("closed"), Permissions::from_mode(0o555)).unwrap();
    let output = command.output().unwrap();
    let said = text(&output);
    // There is no pid file by which to end it; the server itself takes the order.
    let stop = || http(port, "GET /modules/admin/server/qtssSvrState?command=set+value=\"4\"");
    let serves = listens(port);
    let log = place.read(LOG);
    stop();
    wait_for("its end", || (!listens(port)).then_some(()));
    assert_eq!((output.status.code(), serves), (Some(0), true), "{said}{log}");
    assert!(said.contains(&format!("You must be root to use the following RTSP port: {low}")), "{said}");
    assert!(log.contains("server.pid") && log.contains("WARNING"), "{log}");
}

#[test]
fn trap_20_a_log_folder_that_the_run_user_cannot_change_lets_the_log_grow() {
    if !geteuid().is_root() {
        eprintln!("SKIPPED: only root can give a log to one user and its folder to another");
        return;
    }
    let port = free_port();
    let place = Place::new(&[port]);
    let user = User::from_name("nobody").unwrap().expect("a user nobody");
    let group = Group::from_gid(user.gid).unwrap().expect("its group");
    place.edit("\"run_user_name\" ></PREF>", "\"run_user_name\" >nobody</PREF>");
    place.edit("\"run_group_name\" ></PREF>", &format!("\"run_group_name\" >{}</PREF>", group.name));
    let size = "<PREF NAME=\"error_logfile_size\" TYPE=\"UInt32\" >200</PREF>";
    place.edit("</SERVER>", &format!("{size}\n{ODD}\n</SERVER>"));
    give(place.dir.path(), &user);
    fs::set_permissions(place.dir.path(), Permissions::from_mode(0o755)).unwrap();
    // Root's folder, and root's log in it, as `-x` of DSS left them.
    chown(place.path("logs"), Some(0), Some(0)).unwrap();
    fs::set_permissions(place.path("logs"), Permissions::from_mode(0o755)).unwrap();
    fs::write(place.path(LOG), "#Log File Created On: 01/01/2026 00:00:00\n").unwrap();
    place.daemon();
    let told = |place: &Place| place.read(LOG).matches("quality_check_interval").count();
    let log = place.read(LOG);
    assert!(log.contains("WARNING: ") && log.contains("logs"), "{log}");
    for number in told(&place)..told(&place) + 3 {
        kill(place.pids()[1], Signal::SIGHUP).unwrap();
        wait_for("a line", || (told(&place) > number).then_some(()));
        // Another text between, so that equal ones are not counted together.
        assert!(http(port, "GET /modules/admin/server/nothing").unwrap().ends_with("error:(404)\r\n\r\n"));
    }
    assert!(place.read(LOG).len() > 400, "it is larger than it may be, but it is there");
}

#[test]
fn the_performance_table_has_a_number_in_each_column() {
    let mut place = Place::new(&[free_port()]);
    let mut child = place.command(&["-D"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    place.foreground.push(child);
    let table: Vec<String> = lines.skip_while(|line| !line.contains("RTP-Conns")).take(2).collect();
    let [head, row] = &table[..] else { panic!("{table:?}") };
    let names: Vec<_> = head.split_whitespace().collect();
    let expected = "RTP-Conns RTSP-Conns HTTP-Conns kBits/Sec Pkts/Sec RTP-Playing AvgDelay CurMaxDelay MaxDelay AvgQuality \
                    NumThinned Time";
    assert_eq!(names, expected.split(' ').collect::<Vec<_>>());
    let numbers: Vec<_> = row.split_whitespace().map_while(|word| word.parse::<u64>().ok()).collect();
    assert_eq!(numbers, [0; 11], "nobody plays: {row}");
    assert_eq!(head.len(), row.len(), "the columns stand below their names");
}

/// The C library reads some settings of its allocator only from the environment that a program is started with.
#[cfg(target_env = "gnu")]
#[test]
fn the_program_starts_itself_again_as_the_same_process_unless_the_operator_has_set_up_the_allocator() {
    let environment =
        |pid: Pid| String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/environ")).unwrap()).into_owned();
    let mut place = Place::new(&[free_port()]);
    let pid = place.foreground(&[]);
    assert!(is_ours(pid), "it keeps its number and its name");
    assert!(environment(pid).contains("GLIBC_TUNABLES=glibc.malloc.tcache_count=0"), "{}", environment(pid));

    let place = Place::new(&[free_port()]);
    let output = place.command(&["-t"]).env("MALLOC_ARENA_MAX", "3").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let mut child = place.command(&["-d"]).env("MALLOC_ARENA_MAX", "3").stdout(Stdio::null()).spawn().unwrap();
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
    place.wait_for_log("STARTUP");
    let set = environment(pid);
    let _ = child.kill();
    let _ = child.wait();
    assert!(set.contains("MALLOC_ARENA_MAX=3") && !set.contains("GLIBC_TUNABLES"), "{set}");
}

/// Counts how often the dynamic linker hands over to a program.
#[cfg(target_env = "gnu")]
#[test]
fn a_command_that_serves_nobody_is_not_started_twice() {
    let place = Place::new(&[free_port()]);
    let starts = |arguments: &[&str], config: &str| {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).arg("-c").arg(config).env("LD_DEBUG", "files").stdin(Stdio::null());
        command.env_remove("MALLOC_ARENA_MAX").env_remove("GLIBC_TUNABLES");
        String::from_utf8_lossy(&command.output().unwrap().stderr).matches("transferring control").count()
    };
    let config = place.path(CONFIG);
    let config = config.to_str().unwrap();
    for arguments in [["-v"], ["-h"], ["-t"], ["--no-such-option"]] {
        assert_eq!(starts(&arguments, config), 1, "{arguments:?}");
    }
    let none = format!("{config}/none"); // below a file: it cannot be made
    assert_eq!(starts(&["-d"], &none), 2, "one that would serve is");
}
