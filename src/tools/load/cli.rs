//! The command line, and how it and the configuration file become a plan.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;

use super::conf::{self, Directive};
use super::plan::{Mobile, Plan, Spread, Target, Thresholds, Transport, Variants};
use super::plan::{default_sources, parse_sources};
use super::verify::ExpectedMovie;
use crate::rtsp::challenge::Credentials;

/// Plays many RTSP clients at once against the servers you name, and checks what they get.
#[derive(Parser, Debug, Default)]
#[command(name = "StreamingLoadTool", disable_version_flag = true)]
pub struct Args {
    /// URL to play, rtsp://[user:password@]host[:port]/path (repeatable)
    #[arg(short = 'u', long = "url", value_name = "URL")]
    pub urls: Vec<String>,
    /// Transport: udp, tcp, http, reliableudp or 3gudp
    #[arg(short = 't', long, value_name = "TRANSPORT")]
    pub transport: Option<String>,
    /// Clients at once
    #[arg(short = 'n', long, value_name = "COUNT")]
    pub clients: Option<usize>,
    /// Seconds each client plays
    #[arg(short = 'l', long, value_name = "SECONDS")]
    pub length: Option<f64>,
    /// Control name where the description has none [default: trackID]
    #[arg(short = 'i', long = "control-name", value_name = "NAME")]
    pub control_name: Option<String>,
    /// Configuration file [default without -u: streamingloadtool.conf here, then in /etc/streaming]
    #[arg(short = 'f', long = "config", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// First HTTP tunnel cookie
    #[arg(short = 'c', long = "http-cookie", value_name = "NUMBER")]
    pub http_cookie: Option<u64>,
    /// Verbosity: 1 tells every session's problems
    #[arg(short = 'V', long, value_name = "LEVEL", default_value_t = 0)]
    pub verbose: u8,
    /// Port of URLs that have none
    #[arg(short = 'p', long, value_name = "PORT")]
    pub port: Option<u16>,
    /// Credentials, paired with the URLs in order (repeatable)
    #[arg(short = 's', long = "user", value_name = "USER:PASSWORD")]
    pub users: Vec<String>,
    /// Print version and usage
    #[arg(short = 'v', long = "version")]
    pub version: bool,

    /// New clients per second, 0 for all at once [default: 100]
    #[arg(long, value_name = "RATE", help_heading = "Load")]
    pub ramp: Option<f64>,
    /// Seconds the whole run takes; clients play until its end, or are replaced when -l or --stay ends them
    #[arg(long, value_name = "SECONDS", help_heading = "Load")]
    pub duration: Option<f64>,
    /// How long a client stays: SECONDS, LOW..HIGH, exp:MEAN or normal:MEAN,DEVIATION
    #[arg(long, value_name = "SPREAD", help_heading = "Load")]
    pub stay: Option<Spread>,
    /// How long a place is empty before its next client [default: 0]
    #[arg(long, value_name = "SPREAD", help_heading = "Load")]
    pub rejoin: Option<Spread>,
    /// Sessions in all; places are refilled until then
    #[arg(long, value_name = "COUNT", help_heading = "Load")]
    pub sessions: Option<u64>,
    /// Refill places until stopped (the file's runforever)
    #[arg(long, help_heading = "Load")]
    pub forever: bool,
    /// Play again from the start at the movie's end
    #[arg(long = "loop", help_heading = "Load")]
    pub repeat: bool,
    /// Seek somewhere else that often
    #[arg(long, value_name = "SPREAD", help_heading = "Load")]
    pub seek: Option<Spread>,
    /// Start so many seconds into the movie
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0, help_heading = "Load")]
    pub start: f64,
    /// Start anywhere in the movie
    #[arg(long, help_heading = "Load")]
    pub random_start: bool,
    /// Percent of clients that vanish without TEARDOWN
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, help_heading = "Load")]
    pub rude: f64,
    /// Send OPTIONS before DESCRIBE
    #[arg(long, help_heading = "Load")]
    pub send_options: bool,
    /// Don't ask targets for streamingloadtool.mov, the file by which a server permits the test
    #[arg(long, help_heading = "Load")]
    pub no_permission_check: bool,
    /// Seed of everything random [default: 1]
    #[arg(long, value_name = "NUMBER", default_value_t = 1, help_heading = "Load")]
    pub seed: u64,

    /// Local addresses: ADDRESS, FIRST-LAST or a comma list [default: 127.0.x.y for loopback targets]
    #[arg(long, value_name = "ADDRESSES", help_heading = "Machine")]
    pub sources: Option<String>,
    /// Threads that drive clients [default: 1, and 2 from 2000 clients on when there are 4 cores]
    #[arg(long, value_name = "COUNT", help_heading = "Machine")]
    pub threads: Option<usize>,
    /// First UDP port to use
    #[arg(long, value_name = "PORT", default_value_t = 10_000, help_heading = "Machine")]
    pub port_base: u16,
    /// Take datagrams one by one, not in runs (UDP GRO)
    #[arg(long, help_heading = "Machine")]
    pub no_gro: bool,
    /// Milliseconds between a playing TCP client's reads [default: 50]
    #[arg(long, value_name = "MS", help_heading = "Machine")]
    pub read_interval: Option<u64>,
    /// Seconds an answer may take
    #[arg(long, value_name = "SECONDS", default_value_t = 20.0, help_heading = "Machine")]
    pub timeout: f64,
    /// Seconds between OPTIONS while playing
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0, help_heading = "Machine")]
    pub keep_alive: f64,

    /// Compare each packet's timestamp and payload with the first client's
    #[arg(long, help_heading = "Result")]
    pub verify_peers: bool,
    /// Look each packet up in this hinted file, a copy of what the URL plays (repeatable, paired with the URLs in order)
    #[arg(long, value_name = "MOVIE", help_heading = "Result")]
    pub verify_file: Vec<PathBuf>,
    /// Also report CPU time and memory of this process (repeatable)
    #[arg(long, value_name = "PID", help_heading = "Result")]
    pub server_pid: Vec<u32>,
    /// Write the result as JSON (- for standard output)
    #[arg(long, value_name = "FILE", help_heading = "Result")]
    pub json: Option<PathBuf>,
    /// Progress: auto, live (terminal), lines (one a second), classic (DSS's table) or none
    #[arg(long, value_name = "STYLE", default_value = "auto", help_heading = "Result",
          value_parser = ["auto", "live", "lines", "classic", "none"])]
    pub progress: String,
    /// Fail when more packets are lost, percent
    #[arg(long, value_name = "PERCENT", help_heading = "Result")]
    pub max_loss: Option<f64>,
    /// Fail when the 99th percentile from PLAY to the first packet is longer
    #[arg(long, value_name = "MS", help_heading = "Result")]
    pub max_startup_ms: Option<f64>,
    /// Fail when less of the media due has come, percent
    #[arg(long, value_name = "PERCENT", help_heading = "Result")]
    pub min_delivered: Option<f64>,
    /// Fail when fewer sessions were healthy (97 % delivered, no loss, no stall over 1 s), percent
    #[arg(long, value_name = "PERCENT", help_heading = "Result")]
    pub min_healthy: Option<f64>,
    /// Fail when more sessions were refused or failed
    #[arg(long, value_name = "COUNT", help_heading = "Result")]
    pub max_failed: Option<u64>,
}

/// A plan, what is printed about where it came from, and complaints about the file.
#[derive(Debug)]
pub struct Planned {
    /// The run.
    pub plan: Plan,
    /// The file that was read.
    pub config: Option<PathBuf>,
    /// One line each, for the screen.
    pub complaints: Vec<String>,
}

/// What stops before anything runs: the line to print and the exit code.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// For the user.
    pub message: String,
    /// Process exit code.
    pub code: i32,
}

fn refuse(message: impl Into<String>, code: i32) -> Refusal {
    Refusal { message: message.into(), code }
}

/// Values of the file that the plan does not hold in the same form.
#[derive(Default)]
struct FileValues {
    urls: Vec<String>,
    users: Vec<Credentials>,
    transport: Option<Transport>,
    clients: Option<usize>,
    port: Option<u16>,
    length: Option<f64>,
    forever: bool,
    three_gpp: bool,
    log: bool,
    log_path: Option<PathBuf>,
    proxy: Option<std::net::IpAddr>,
    random_data: bool,
    random_size: u32,
    cookie: Option<u64>,
    forced: bool,
    playout_delay: u32,
    read_interval: Option<u64>,
    rtcp_interval: Option<u64>,
    client_window: usize,
    speed: Option<f64>,
    random_thumb: bool,
    agent: Option<String>,
    variants: Variants,
    mobile: Option<Mobile>,
}

fn default_mobile() -> Mobile {
    Mobile {
        guaranteed: 0,
        maximum: 0,
        transfer_delay: 0,
        buffer: 100_000,
        delay: 10_000,
        start_delay: 0.5,
        forced_delay: None,
    }
}

impl FileValues {
    fn read(directives: &[Directive], complaints: &mut Vec<String>) -> Result<Self, Refusal> {
        let mut values = Self { mobile: Some(default_mobile()), ..Self::default() };
        for directive in directives {
            match values.take(directive) {
                Ok(true) => {}
                Ok(false) => {
                    complaints.push(format!("Found bad directive in StreamingLoadTool config file: {}", directive.key))
                }
                Err(message) if message.starts_with("Invalid transport") => return Err(refuse(message, 2)),
                Err(message) => complaints.push(format!("line {}: {}: {message}", directive.line, directive.key)),
            }
        }
        Ok(values)
    }

    /// `Ok(false)` for a key that nobody knows.
    fn take(&mut self, directive: &Directive) -> Result<bool, String> {
        fn number<T: std::str::FromStr>(value: &str) -> Result<T, String> {
            value.parse().map_err(|_| format!("`{value}` is not a number in range"))
        }
        let value = directive.value.as_str();
        let yes = value == "yes";
        let text = (!value.is_empty()).then(|| value.to_owned());
        let key = directive.key.to_ascii_lowercase();
        if self.take_mobile(&key, value)? {
            return Ok(true);
        }
        match key.as_str() {
            "url" => self.urls.extend(text),
            "user" => self.users.push(value.parse()?),
            "clienttype" => self.transport = Some(value.parse()?),
            "concurrentclients" => self.clients = Some(number(value)?),
            "port" => self.port = Some(number(value)?),
            "movielength" => self.length = Some(number(value)?),
            "runforever" => self.forever = yes,
            "player" => self.agent = text,
            "shouldlog" => self.log = yes,
            "logpath" => self.log_path = text.map(PathBuf::from),
            "proxyip" => self.proxy = value.parse().ok().filter(|a: &std::net::IpAddr| !a.is_unspecified()),
            "httpcookie" => self.cookie = Some(number::<u64>(value)?.saturating_mul(1_000_000)),
            "droppost" => self.variants.drop_post = yes,
            "appendjunk" => self.variants.append_junk = yes,
            "sendoptions" => self.variants.send_options = yes,
            "requestrandomdata" => self.random_data = yes,
            "randomdatasize" => self.random_size = number(value)?,
            "clientwindow" => self.client_window = number(value)?,
            "readinterval" => self.read_interval = Some(number(value)?),
            "rtcpinterval" => self.rtcp_interval = Some(number(value)?),
            "latetolerance" => self.variants.late_tolerance = Some(number(value)?).filter(|late| *late > 0.0),
            "overbufferwindowsize" => self.variants.overbuffer_window = number(value)?,
            "speed" => self.speed = Some(number(value)?),
            "randomthumb" => self.random_thumb = yes,
            "packetplayheader" => self.variants.packet_range = text,
            "rtpmetainfo" => self.variants.meta_info = text,
            "bandwidth" => self.variants.bandwidth = number(value)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn take_mobile(&mut self, key: &str, value: &str) -> Result<bool, String> {
        let number = || value.parse::<u32>().map_err(|_| format!("`{value}` is not a number in range"));
        let mobile = self.mobile.get_or_insert_with(default_mobile);
        match key {
            "enable3gpp" => self.three_gpp = value == "yes",
            "gbw" => mobile.guaranteed = number()?,
            "mbw" => mobile.maximum = number()?,
            "mtd" => mobile.transfer_delay = number()?,
            "buffer" => mobile.buffer = number()?,
            "delay" => mobile.delay = number()?,
            "startdelay" => mobile.start_delay = value.parse().map_err(|_| format!("`{value}` is not a number"))?,
            "enableforceplayoutdelay" => self.forced = value == "yes",
            "playoutdelay" => self.playout_delay = number()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// Reads the file, if one is to be read, and lets the command line have the last word.
pub fn plan(args: &Args, etc: &std::path::Path) -> Result<Planned, Refusal> {
    let mut complaints = Vec::new();
    let config = match (&args.config, args.urls.is_empty()) {
        (Some(named), _) => Some(named.clone()),
        (None, true) => Some(conf::default_path(etc)),
        (None, false) => None,
    };
    let directives = match &config {
        None => Vec::new(),
        Some(path) => match std::fs::read(path) {
            Ok(bytes) => conf::parse(&String::from_utf8_lossy(&bytes)),
            Err(_) => {
                let message = format!("Couldn't find StreamingLoadTool config file at: {}", path.display());
                return Err(refuse(message, 255));
            }
        },
    };
    let file = FileValues::read(&directives, &mut complaints)?;
    let targets = targets(args, &file)?;
    let plan = combine(args, file, targets)?;
    Ok(Planned { plan, config, complaints })
}

fn targets(args: &Args, file: &FileValues) -> Result<Vec<Target>, Refusal> {
    let urls: Vec<&String> = args.urls.iter().chain(&file.urls).collect();
    if urls.is_empty() {
        return Err(refuse("Didn't find any URLs in StreamingLoadTool config file.", 255));
    }
    let mut users = Vec::new();
    for text in &args.users {
        users.push(text.parse::<Credentials>().map_err(|e| refuse(e, 2))?);
    }
    users.extend(file.users.iter().cloned());
    let port = args.port.or(file.port).unwrap_or(554);
    let mut targets = Vec::new();
    for (n, url) in urls.into_iter().enumerate() {
        let user = n.checked_rem(users.len()).and_then(|at| users.get(at));
        let mut target = Target::parse(url, port, user).map_err(|e| refuse(e, 2))?;
        if let Some(proxy) = file.proxy {
            target.address.set_ip(proxy);
        }
        targets.push(target);
    }
    Ok(targets)
}

fn combine(args: &Args, file: FileValues, targets: Vec<Target>) -> Result<Plan, Refusal> {
    let usage = |e: String| refuse(e, 2);
    let named = args.transport.as_deref().map(str::parse).transpose().map_err(usage)?;
    let mut transport = named.or(file.transport).unwrap_or(Transport::Udp);
    if file.three_gpp && transport == Transport::Udp {
        transport = Transport::ThreeGUdp;
    }
    let clients = args.clients.or(file.clients).unwrap_or(1).clamp(1, 1_000_000);
    let duration = args.duration.map(|s| seconds("duration", s)).transpose()?;
    let length = args.length.or(file.length).map(Spread::Fixed);
    let stay = match (args.stay.or(length), duration) {
        (None, None) => Some(Spread::Fixed(60.0)),
        (stay, _) => stay,
    };
    let endless = args.forever || file.forever || duration.is_some();
    let sessions = args.sessions.or((!endless).then_some(clients as u64));
    let sources = match &args.sources {
        Some(text) => parse_sources(text).map_err(usage)?,
        None => default_sources(&targets, clients).map_err(usage)?,
    };
    if targets.iter().any(|t| sources.iter().any(|s| s.is_ipv4() != t.address.is_ipv4())) {
        return Err(refuse("local addresses and targets must be of one address family", 2));
    }
    let mut mobile = file.mobile.unwrap_or_else(default_mobile);
    mobile.forced_delay = file.forced.then_some(file.playout_delay);
    let mut variants = file.variants;
    variants.send_options |= args.send_options || file.random_data;
    variants.random_data = file.random_data.then_some(file.random_size);
    variants.http_cookie = args.http_cookie.or(file.cookie).unwrap_or(1_000_000);
    variants.control_name = args.control_name.clone().unwrap_or_else(|| "trackID".to_owned());
    let verify = expected_movies(&args.verify_file, variants.meta_info.is_some())?;
    let version = env!("CARGO_PKG_VERSION");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = args.threads.unwrap_or(if clients >= 2000 && cores >= 4 { 2 } else { 1 });
    Ok(Plan {
        targets,
        transport,
        clients,
        ramp: args.ramp.unwrap_or(100.0).max(0.0),
        stay,
        rejoin: args.rejoin.unwrap_or(Spread::Fixed(0.0)),
        sessions,
        duration,
        repeat: args.repeat,
        seek: args.seek,
        start: args.start.clamp(0.0, 1e9),
        random_start: args.random_start || file.random_thumb,
        rude: args.rude,
        speed: file.speed.filter(|s| *s > 0.0).unwrap_or(1.0),
        agent: file.agent.unwrap_or_else(|| format!("StreamingLoadTool-{version}")),
        sources,
        threads: threads.clamp(1, 64).min(clients),
        port_base: args.port_base.max(1024),
        gro: !args.no_gro,
        client_window: file.client_window,
        read_interval: Duration::from_millis(args.read_interval.or(file.read_interval).unwrap_or(50).clamp(5, 1000)),
        rtcp_interval: Duration::from_millis(file.rtcp_interval.unwrap_or(5000).clamp(100, 600_000)),
        keep_alive: seconds("keep-alive", args.keep_alive.max(0.1))?,
        timeout: seconds("timeout", args.timeout.max(0.1))?,
        verify_peers: args.verify_peers,
        verify,
        seed: args.seed,
        variants,
        mobile,
        thresholds: Thresholds {
            max_loss: args.max_loss,
            max_startup_ms: args.max_startup_ms,
            min_delivered: args.min_delivered,
            min_healthy: args.min_healthy,
            max_failed: args.max_failed,
        },
        log: file.log.then(|| file.log_path.unwrap_or_else(|| PathBuf::from("streamingloadtool.log"))),
    })
}

fn expected_movies(files: &[PathBuf], meta_info: bool) -> Result<Vec<Arc<ExpectedMovie>>, Refusal> {
    if meta_info && !files.is_empty() {
        return Err(refuse("--verify-file: payloads with rtpmetainfo are not those of the file", 2));
    }
    let read = |path: &PathBuf| match ExpectedMovie::read(path) {
        Ok(movie) => Ok(Arc::new(movie)),
        Err(e) => Err(refuse(format!("--verify-file {}: {e}", path.display()), 255)),
    };
    files.iter().map(read).collect()
}

fn seconds(name: &str, value: f64) -> Result<Duration, Refusal> {
    Duration::try_from_secs_f64(value)
        .ok()
        .filter(|d| d.as_secs() < 1_000_000_000)
        .ok_or_else(|| refuse(format!("--{name}: {value} seconds?"), 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(line: &[&str], file: &str) -> Result<Planned, Refusal> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("load.conf");
        std::fs::write(&path, file).unwrap();
        let mut args = Args::try_parse_from(["StreamingLoadTool"].iter().chain(line)).unwrap();
        args.config = Some(path);
        plan(&args, directory.path())
    }

    #[test]
    fn options_beat_the_file() {
        let file = "url rtsp://127.0.0.1/a.mov\nclienttype tcp\nconcurrentclients 9\nport 8000\nmovielength 40\n";
        let plan = planned(&["-t", "http", "-n", "3", "-p", "8554", "-l", "5"], file).unwrap().plan;
        assert_eq!((plan.transport, plan.clients), (Transport::Http, 3));
        assert_eq!(plan.targets[0].address.port(), 8554);
        assert_eq!((plan.stay, plan.sessions), (Some(Spread::Fixed(5.0)), Some(3)));
        let plan = planned(&[], file).unwrap().plan;
        assert_eq!((plan.transport, plan.clients, plan.stay), (Transport::Tcp, 9, Some(Spread::Fixed(40.0))));
    }

    #[test]
    fn unknown_keys_are_told_and_the_rest_goes_on() {
        let planned = planned(&[], "urll x\nurl rtsp://127.0.0.1/a\nrunforever Yes\nreadinterval many\n").unwrap();
        assert_eq!(planned.complaints[0], "Found bad directive in StreamingLoadTool config file: urll");
        assert_eq!(planned.complaints[1], "line 4: readinterval: `many` is not a number in range");
        assert_eq!(planned.plan.sessions, Some(1)); // only `yes` counts
    }

    #[test]
    fn users_are_paired_with_urls_in_turn() {
        let file = "url rtsp://127.0.0.1/a\nurl rtsp://127.0.0.1/b\nurl rtsp://127.0.0.1/c\nuser x:1\nuser y:2\n";
        let plan = planned(&[], file).unwrap().plan;
        let users: Vec<_> = plan.targets.iter().map(|t| t.credentials.as_ref().unwrap().user.as_str()).collect();
        assert_eq!(users, ["x", "y", "x"]);
    }

    #[test]
    fn every_key_of_the_sample_file_is_known() {
        let keys = "player x\nshouldlog yes\nlogpath l\nproxyip 0\nhttpcookie 2\ndroppost no\nappendjunk no\n\
            sendoptions no\nrequestrandomdata yes\nrandomdatasize 10\nclientwindow 32768\nreadinterval 50\n\
            rtcpinterval 5000\nlatetolerance 1.5\noverbufferwindowsize 128\nspeed 1\nrandomthumb no\n\
            packetplayheader pn=1\nrtpmetainfo tt;sq\nbandwidth 0\nbuffer 100000\ndelay 10000\nstartdelay 0.5\n\
            enable3GPP yes\nGBW 1\nMBW 2\nMTD 3\nenableForcePlayoutDelay yes\nplayoutDelay 77\nrunforever yes\n\
            url rtsp://127.0.0.1/a\n";
        let planned = planned(&[], keys).unwrap();
        assert_eq!(planned.complaints, Vec::<String>::new());
        let plan = planned.plan;
        assert_eq!(plan.transport, Transport::ThreeGUdp);
        assert_eq!((plan.mobile.forced_delay, plan.mobile.maximum), (Some(77), 2));
        assert_eq!((plan.variants.http_cookie, plan.variants.random_data), (2_000_000, Some(10)));
        assert_eq!(plan.sessions, None);
    }

    #[test]
    fn a_missing_file_and_no_url_end_with_255() {
        let args = Args { config: Some("/nonexistent/x.conf".into()), ..Args::default() };
        let refusal = plan(&args, std::path::Path::new("/nonexistent")).unwrap_err();
        assert_eq!(refusal.code, 255);
        assert_eq!(refusal.message, "Couldn't find StreamingLoadTool config file at: /nonexistent/x.conf");
        let refusal = planned(&[], "# nothing\n").unwrap_err();
        assert_eq!(refusal.message, "Didn't find any URLs in StreamingLoadTool config file.");
    }
}
