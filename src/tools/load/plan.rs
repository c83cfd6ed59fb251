//! What a run shall do: targets, how many clients, how they behave, what they must get.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use rand::Rng;

use super::verify::ExpectedMovie;
use crate::rtsp::challenge::Credentials;

/// How a client wants its media; the names are those of DSS's tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Interleaved in an RTSP connection tunnelled through HTTP.
    Http,
    /// RTP over UDP with Apple's acknowledgements (`x-Retransmit`).
    ReliableUdp,
    /// Interleaved in the RTSP connection.
    Tcp,
    /// RTP over UDP with 3GPP adaptation headers and buffer feedback.
    ThreeGUdp,
    /// Plain RTP over UDP.
    Udp,
}

impl Transport {
    /// Whether media comes in the RTSP connection.
    pub fn is_interleaved(self) -> bool {
        matches!(self, Self::Tcp | Self::Http)
    }

    /// The name as the configuration file spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::ReliableUdp => "reliableudp",
            Self::Tcp => "tcp",
            Self::ThreeGUdp => "3gudp",
            Self::Udp => "udp",
        }
    }
}

impl FromStr for Transport {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let all = [Self::Http, Self::ReliableUdp, Self::Tcp, Self::ThreeGUdp, Self::Udp];
        all.into_iter().find(|t| t.name() == name).ok_or_else(|| format!("Invalid transport type: {name}"))
    }
}

/// A distribution of durations in seconds, for how long a client stays and how long its place stays empty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spread {
    /// Exponential with this mean.
    Exponential(f64),
    /// Always this.
    Fixed(f64),
    /// Gaussian: mean and deviation; never below 0.
    Normal(f64, f64),
    /// Anything between.
    Uniform(f64, f64),
}

impl Spread {
    /// Draws one duration in seconds, at least 0.
    pub fn draw(self, rng: &mut impl Rng) -> f64 {
        match self {
            Self::Exponential(mean) => -mean * (1.0 - rng.random::<f64>()).ln(),
            Self::Fixed(seconds) => seconds,
            Self::Normal(mean, deviation) => {
                // Box-Muller
                let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
                let angle = std::f64::consts::TAU * rng.random::<f64>();
                (mean + deviation * radius * angle.cos()).max(0.0)
            }
            Self::Uniform(low, high) => low + (high - low) * rng.random::<f64>(),
        }
    }
}

impl FromStr for Spread {
    type Err = String;

    /// `30`, `10..60`, `exp:30` or `normal:30,5`, in seconds.
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is none of SECONDS, LOW..HIGH, exp:MEAN, normal:MEAN,DEVIATION");
        let number = |part: &str| {
            let value: f64 = part.trim().parse().map_err(|_| bad())?;
            if (0.0..=1e9).contains(&value) { Ok(value) } else { Err(bad()) }
        };
        if let Some(mean) = text.strip_prefix("exp:") {
            return Ok(Self::Exponential(number(mean)?));
        }
        if let Some(parts) = text.strip_prefix("normal:") {
            let (mean, deviation) = parts.split_once(',').ok_or_else(bad)?;
            return Ok(Self::Normal(number(mean)?, number(deviation)?));
        }
        if let Some((low, high)) = text.split_once("..") {
            let (low, high) = (number(low)?, number(high)?);
            return if low <= high { Ok(Self::Uniform(low, high)) } else { Err(bad()) };
        }
        Ok(Self::Fixed(number(text)?))
    }
}

impl FromStr for Credentials {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (user, password) = text.split_once(':').ok_or("credentials are written user:password")?;
        Ok(Self { user: user.to_owned(), password: password.to_owned() })
    }
}

/// One URL under test.
#[derive(Clone, Debug)]
pub struct Target {
    /// What goes into requests: with host and port as the user wrote them, without credentials.
    pub url: String,
    /// `host:port` as it stands in the URL.
    pub authority: String,
    /// Path and query, beginning with a slash.
    pub path: String,
    /// Where to connect (the proxy's address when there is one).
    pub address: SocketAddr,
    /// Who asks.
    pub credentials: Option<Credentials>,
}

impl Target {
    /// Reads `rtsp://[user:password@]host[:port]/path`; the URL's own port counts before `port`.
    pub fn parse(url: &str, port: u16, user: Option<&Credentials>) -> Result<Self, String> {
        let scheme_end = url.find("://").ok_or_else(|| format!("{url}: not an rtsp URL"))?;
        if !url[..scheme_end].eq_ignore_ascii_case("rtsp") {
            return Err(format!("{url}: not an rtsp URL"));
        }
        let rest = &url[scheme_end + 3..];
        let slash = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(slash);
        let (own, authority) = match authority.rsplit_once('@') {
            Some((own, host)) => (Some(own.parse::<Credentials>()?), host),
            None => (None, authority),
        };
        let after_bracket = authority.rfind(']').map_or(0, |at| at + 1);
        let (host, port) = match authority[after_bracket..].rfind(':') {
            Some(colon) => {
                let (host, digits) = authority.split_at(after_bracket + colon);
                (host, digits[1..].parse().map_err(|_| format!("{url}: bad port"))?)
            }
            None => (authority, port),
        };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let address = (bare, port)
            .to_socket_addrs()
            .map_err(|e| format!("{url}: cannot look up {bare}: {e}"))?
            .min_by_key(SocketAddr::is_ipv6)
            .ok_or_else(|| format!("{url}: {bare} has no address"))?;
        let path = if path.is_empty() { "/" } else { path };
        let authority = if port == 554 { host.to_owned() } else { format!("{host}:{port}") };
        Ok(Self {
            url: format!("rtsp://{authority}{path}"),
            authority,
            path: path.to_owned(),
            address,
            credentials: own.or_else(|| user.cloned()),
        })
    }
}

/// Extra headers and habits that DSS's tool can be told.
#[derive(Clone, Debug, Default)]
pub struct Variants {
    /// Send OPTIONS before DESCRIBE.
    pub send_options: bool,
    /// With it, ask for so many random bytes (`x-Random-Data-Size`).
    pub random_data: Option<u32>,
    /// Value of `x-RTP-Meta-Info` on SETUP.
    pub meta_info: Option<String>,
    /// Value of `x-Packet-Range` on PLAY.
    pub packet_range: Option<String>,
    /// Value of `late-tolerance` in `x-Transport-Options`, seconds.
    pub late_tolerance: Option<f64>,
    /// `Bandwidth` in bit/s.
    pub bandwidth: u32,
    /// Overbuffer window told in RTCP (`ob`), KiB; 0: none.
    pub overbuffer_window: u32,
    /// First cookie of HTTP tunnels.
    pub http_cookie: u64,
    /// Close the tunnel's POST connection once media plays; the next request opens another.
    pub drop_post: bool,
    /// Follow each tunnelled request with bytes that decode to nothing.
    pub append_junk: bool,
    /// Control names for descriptions without `a=control`.
    pub control_name: String,
}

/// The mobile terminal that 3gudp clients play.
#[derive(Clone, Debug)]
pub struct Mobile {
    /// Guaranteed bandwidth, kbit/s; 0: not sent.
    pub guaranteed: u32,
    /// Maximum bandwidth, kbit/s; 0: not sent.
    pub maximum: u32,
    /// Maximum transfer delay, ms; 0: not sent.
    pub transfer_delay: u32,
    /// Buffer size, bytes; 0: unlimited.
    pub buffer: u32,
    /// Target buffer time, ms.
    pub delay: u32,
    /// Share of `delay` buffered before play-out begins.
    pub start_delay: f64,
    /// A fixed play-out delay to report, ms, instead of the modelled one.
    pub forced_delay: Option<u32>,
}

/// When a run has failed.
#[derive(Clone, Copy, Debug)]
pub struct Thresholds {
    /// Lost packets in percent of the expected.
    pub max_loss: Option<f64>,
    /// 99th percentile from PLAY to the first packet, ms.
    pub max_startup_ms: Option<f64>,
    /// Delivered media in percent of the expected.
    pub min_delivered: Option<f64>,
    /// Healthy sessions in percent of those that played.
    pub min_healthy: Option<f64>,
    /// Sessions refused or failed.
    pub max_failed: Option<u64>,
}

/// A whole run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// URLs under test, used in turn.
    pub targets: Vec<Target>,
    /// Media transport of all clients.
    pub transport: Transport,
    /// Clients at once.
    pub clients: usize,
    /// New clients per second; 0: all at once.
    pub ramp: f64,
    /// How long one client plays; `None`: until the run ends.
    pub stay: Option<Spread>,
    /// How long a place stays empty before its next client, when there is a next.
    pub rejoin: Spread,
    /// Sessions in all; `None`: no limit but the duration.
    pub sessions: Option<u64>,
    /// Length of the run from its start.
    pub duration: Option<Duration>,
    /// Play again from the start at the end of the movie.
    pub repeat: bool,
    /// Time between seeks.
    pub seek: Option<Spread>,
    /// First start, seconds into the movie.
    pub start: f64,
    /// Start anywhere in the movie.
    pub random_start: bool,
    /// Percent of clients that leave without TEARDOWN.
    pub rude: f64,
    /// `Speed` asked for.
    pub speed: f64,
    /// User-Agent.
    pub agent: String,
    /// Local addresses, used in turn.
    pub sources: Vec<IpAddr>,
    /// Threads that drive clients.
    pub threads: usize,
    /// First UDP port tried.
    pub port_base: u16,
    /// Let the kernel hand over runs of datagrams at once (UDP GRO).
    pub gro: bool,
    /// Size of a TCP client's receive buffer, bytes; 0: the system's.
    pub client_window: usize,
    /// How often a playing TCP client reads.
    pub read_interval: Duration,
    /// Between receiver reports.
    pub rtcp_interval: Duration,
    /// Between OPTIONS while playing.
    pub keep_alive: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// Compare payloads between clients.
    pub verify_peers: bool,
    /// The hinted files that the targets play, paired with them in turn; empty: packets are not looked up.
    pub verify: Vec<Arc<ExpectedMovie>>,
    /// Seed of everything random.
    pub seed: u64,
    /// Request variants.
    pub variants: Variants,
    /// 3gudp's terminal.
    pub mobile: Mobile,
    /// What makes the run fail.
    pub thresholds: Thresholds,
    /// DSS-style log of each client.
    pub log: Option<PathBuf>,
}

/// Local addresses for clients of `targets`: for a loopback target as many of 127.0.0.0/8 as `clients` can use, so that
/// ports suffice and many streams share few sockets; else the address that routing chooses.
pub fn default_sources(targets: &[Target], clients: usize) -> Result<Vec<IpAddr>, String> {
    let Some(first) = targets.first() else { return Err("no target".to_owned()) };
    if targets.iter().all(|t| t.address.is_ipv4() && t.address.ip().is_loopback()) {
        let addresses = clients.clamp(1, 1000) as u32;
        return Ok((0..addresses).map(|n| loopback_address(n).into()).collect());
    }
    let any: SocketAddr = if first.address.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
    let probe = UdpSocket::bind(any).and_then(|s| s.connect(first.address).map(|()| s)).and_then(|s| s.local_addr());
    probe.map(|a| vec![a.ip()]).map_err(|e| format!("no route to {}: {e}", first.address))
}

fn loopback_address(n: u32) -> Ipv4Addr {
    // .0 and .255 are left out of the last part for the sake of logs that people read
    Ipv4Addr::new(127, 0, (1 + n / 250) as u8, (1 + n % 250) as u8)
}

/// Reads `ADDRESS`, `FIRST-LAST` (IPv4) or a comma list of these; at most 65,536 addresses.
pub fn parse_sources(text: &str) -> Result<Vec<IpAddr>, String> {
    let mut sources = Vec::new();
    for part in text.split(',').map(str::trim) {
        let bad = |e| format!("`{part}` is not an address or a range of IPv4 addresses: {e}");
        match part.split_once('-') {
            None => sources.push(part.parse().map_err(bad)?),
            Some((low, high)) => {
                let low: Ipv4Addr = low.trim().parse().map_err(bad)?;
                let high: Ipv4Addr = high.trim().parse().map_err(bad)?;
                let range = u32::from(low)..=u32::from(high);
                if range.is_empty() || range.end() - range.start() >= 65_536 {
                    return Err(format!("`{part}`: a range has 1 to 65536 addresses"));
                }
                sources.extend(range.map(|n| IpAddr::from(Ipv4Addr::from(n))));
            }
        }
    }
    Ok(sources)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn the_port_in_the_url_counts() {
        let target = Target::parse("rtsp://127.0.0.1:8554/a b.mov?x=1", 554, None).unwrap();
        assert_eq!(target.address, "127.0.0.1:8554".parse().unwrap());
        assert_eq!(target.path, "/a b.mov?x=1");
        assert_eq!(target.url, "rtsp://127.0.0.1:8554/a b.mov?x=1");
        let target = Target::parse("RTSP://127.0.0.1", 7070, None).unwrap();
        assert_eq!((target.address.port(), target.path.as_str()), (7070, "/"));
        assert_eq!(target.url, "rtsp://127.0.0.1:7070/");
        assert!(Target::parse("http://127.0.0.1/", 554, None).is_err());
        assert!(Target::parse("rtsp://127.0.0.1:x/", 554, None).is_err());
    }

    #[test]
    fn credentials_in_the_url_count_and_are_not_sent_in_it() {
        let paired = Credentials { user: "a".into(), password: "b".into() };
        let target = Target::parse("rtsp://me:p:w@[::1]:5540/m.mp4", 554, Some(&paired)).unwrap();
        assert_eq!(target.credentials, Some(Credentials { user: "me".into(), password: "p:w".into() }));
        assert_eq!(target.url, "rtsp://[::1]:5540/m.mp4");
        assert_eq!(target.address, "[::1]:5540".parse().unwrap());
        assert_eq!(Target::parse("rtsp://127.0.0.1/m", 554, Some(&paired)).unwrap().credentials, Some(paired));
    }

    #[test]
    fn spreads_parse_and_keep_their_mean() {
        let mut rng = StdRng::seed_from_u64(1);
        for (text, mean) in [("12", 12.0), ("5..15", 10.0), ("exp:10", 10.0), ("normal:20,2", 20.0)] {
            let spread: Spread = text.parse().unwrap();
            let sum: f64 = (0..20_000).map(|_| spread.draw(&mut rng)).sum();
            assert!((sum / 20_000.0 - mean).abs() < 0.3, "{text}: {}", sum / 20_000.0);
        }
        for text in ["", "x", "9..3", "-1", "exp:", "normal:3", "inf"] {
            assert!(text.parse::<Spread>().is_err(), "{text}");
        }
    }

    #[test]
    fn sources_are_lists_and_ranges() {
        let sources = parse_sources("127.0.0.254-127.0.1.1, ::1").unwrap();
        let texts: Vec<_> = sources.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["127.0.0.254", "127.0.0.255", "127.0.1.0", "127.0.1.1", "::1"]);
        assert!(parse_sources("10.0.0.9-10.0.0.1").is_err());
        assert!(parse_sources("1.0.0.0-9.0.0.0").is_err());
    }

    #[test]
    fn loopback_targets_get_one_address_per_client_up_to_a_thousand() {
        let target = Target::parse("rtsp://127.0.0.1/a", 554, None).unwrap();
        let sources = default_sources(std::slice::from_ref(&target), 20_000).unwrap();
        assert_eq!(sources.len(), 1000);
        assert_eq!(sources.iter().collect::<std::collections::HashSet<_>>().len(), 1000);
        assert_eq!(default_sources(&[target], 2).unwrap().len(), 2);
    }

    #[test]
    fn a_transport_nobody_knows_is_named_as_dss_names_it() {
        assert_eq!("reliableudp".parse(), Ok(Transport::ReliableUdp));
        assert_eq!("quic".parse::<Transport>(), Err("Invalid transport type: quic".to_owned()));
    }
}
