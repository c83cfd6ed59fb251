//! relayconfig.xml: which streams are relayed where, as a model, with remarks on what is odd in the file.
//!
//! The format is that of DSS 6.0.3: below the root an `OBJECT TYPE="relay"` for each relay, in it one
//! `OBJECT CLASS="source"` and any number of `OBJECT CLASS="destination"`, and in those PREFs and LIST-PREFs of text.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::Path;

use super::legacy_sdp;
use crate::config::store::{self, FileStamp};
use crate::config::xml::{Element, Tree};
use crate::config::{ConfigError, Finding, Severity, text_of_bytes};
use crate::rtsp::challenge::Credentials;

/// The port of RTSP where none is named.
pub const DEFAULT_RTSP_PORT: u16 = 554;

/// Most ports of a source or a destination, and thus most streams that are relayed together.
pub const MAX_PORTS: usize = 32;

/// Most relays, and most destinations of each, that are taken from a file.
const MAX_RELAYS: usize = 1000;

/// Longest SDP file of a `relay_sdp`, bytes.
const MAX_SDP: u64 = 64 * 1024;

/// An address or a name that stands for one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// An address.
    Address(IpAddr),
    /// A name to be resolved.
    Name(String),
}

impl Host {
    /// An address where the text is one, otherwise a name. Brackets around an IPv6 address are left out.
    pub fn parse(text: &str) -> Self {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        bare.parse().map_or_else(|_| Self::Name(text.to_owned()), Self::Address)
    }

    /// As it stands in a URL: IPv6 addresses in brackets.
    pub fn in_url(&self) -> String {
        match self {
            Self::Address(IpAddr::V6(address)) => format!("[{address}]"),
            Self::Address(IpAddr::V4(address)) => address.to_string(),
            Self::Name(name) => name.clone(),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// A source that is asked for its stream (`rtsp_source`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtspSource {
    /// The server.
    pub host: Host,
    /// Its port.
    pub port: u16,
    /// The path of the stream, percent-encoded, with a leading slash.
    pub path: String,
    /// Where to connect and receive from; any address of this machine if `None`.
    pub local: Option<Host>,
    /// Who is asking, if the server wants to know.
    pub credentials: Option<Credentials>,
}

/// Streams that broadcasters push to this server (`announced_source`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnouncedSource {
    /// The broadcaster's address; any if `None`.
    pub from: Option<Host>,
    /// The path that is announced, percent-encoded, with a leading slash; any if `None`.
    pub path: Option<String>,
}

/// Packets that come by themselves (`udp_source`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UdpSource {
    /// The address to receive at: one of this machine's, or a multicast group; any if `None`.
    pub at: Option<Host>,
    /// The only sender that is listened to; any if `None`.
    pub from: Option<Host>,
    /// The RTP port of each stream; RTCP comes on the next.
    pub ports: Vec<u16>,
    /// How far receiver reports to a multicast group go.
    pub ttl: u8,
}

/// Where a relay's packets come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A server that is asked.
    Rtsp(RtspSource),
    /// Pushes to this server.
    Announced(AnnouncedSource),
    /// Plain packets.
    Udp(UdpSource),
}

impl Source {
    /// The TYPE of the object in the file.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Rtsp(_) => "rtsp_source",
            Self::Announced(_) => "announced_source",
            Self::Udp(_) => "udp_source",
        }
    }
}

/// The ports of a `udp_destination`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ports {
    /// Stream i goes to this port + 2 i.
    From(u16),
    /// One port for each stream.
    List(Vec<u16>),
}

impl Ports {
    /// The RTP port of a stream; `None` beyond the list or the end of the ports.
    pub fn of_stream(&self, index: usize) -> Option<u16> {
        match self {
            Self::From(first) => first.checked_add(u16::try_from(index).ok()?.checked_mul(2)?),
            Self::List(list) => list.get(index).copied(),
        }
    }
}

/// Packets go to ports without a word before (`udp_destination`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UdpDestination {
    /// The address or multicast group.
    pub host: Host,
    /// The ports.
    pub ports: Ports,
    /// Where to send from; any address of this machine if `None`.
    pub local: Option<Host>,
    /// How many hops packets to a multicast group make.
    pub ttl: u8,
}

/// The stream is announced to another server (`announced_destination`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnouncedDestination {
    /// The server.
    pub host: Host,
    /// Its port.
    pub port: u16,
    /// The path to announce; the source's own if `None`.
    pub path: Option<String>,
    /// Where to connect and send from; any address of this machine if `None`.
    pub local: Option<Host>,
    /// Who announces, if the server wants to know.
    pub credentials: Option<Credentials>,
}

/// Where a relay's packets go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Ports.
    Udp(UdpDestination),
    /// Another server.
    Announced(AnnouncedDestination),
}

impl Destination {
    /// The TYPE of the object in the file.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Udp(_) => "udp_destination",
            Self::Announced(_) => "announced_destination",
        }
    }
}

/// A relay that is to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    /// Its NAME, or one made of its place in the file.
    pub name: String,
    /// Where packets come from.
    pub source: Source,
    /// Where they go.
    pub destinations: Vec<Destination>,
}

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RelayConfig {
    /// The enabled relays, in the order of the file.
    pub relays: Vec<Relay>,
}

/// A file that was read.
#[derive(Debug)]
pub struct Loaded {
    /// What it says.
    pub config: RelayConfig,
    /// What is odd in it.
    pub findings: Vec<Finding>,
    /// The state it was in.
    pub stamp: FileStamp,
}

/// Reads a file; `None` when there is none, which is no fault.
///
/// # Errors
/// The file cannot be read, or is not well-formed.
pub fn load(path: &Path) -> Result<Option<Loaded>, ConfigError> {
    let (bytes, stamp) = match store::read(path) {
        Ok(read) => read,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ConfigError::unreadable(path, &error)),
    };
    let (config, findings) = parse(&bytes).map_err(|error| error.in_file(path))?;
    Ok(Some(Loaded { config, findings, stamp }))
}

/// All that is noteworthy about a file; one error if it cannot be used.
pub fn check_file(path: &Path) -> Vec<Finding> {
    match load(path) {
        Ok(loaded) => loaded.map(|loaded| loaded.findings).unwrap_or_default(),
        Err(error) => vec![Finding::new(Severity::Error, (error.line, error.column), error.message)],
    }
}

/// Reads a file's text. SDP files that it names are read as well.
///
/// # Errors
/// The text is not well-formed.
pub fn parse(source: &[u8]) -> Result<(RelayConfig, Vec<Finding>), ConfigError> {
    let tree = Tree::parse(source)?;
    let mut reader = Reader { findings: Vec::new() };
    let mut relays = Vec::new();
    for (number, element) in tree.root().elements().enumerate() {
        if element.name() != "OBJECT" || element.attribute("TYPE").as_deref() != Some("relay") {
            reader.warn(element, format!("the element {} is no OBJECT TYPE=\"relay\" and is ignored", element.name()));
        } else if relays.len() >= MAX_RELAYS {
            reader.warn(element, format!("more than {MAX_RELAYS} relays; this one is ignored"));
        } else if let Some(relay) = reader.relay(element, number) {
            relays.push(relay);
        }
    }
    Ok((RelayConfig { relays }, reader.findings))
}

/// Reads elements and notes what is odd.
struct Reader {
    findings: Vec<Finding>,
}

impl Reader {
    fn warn(&mut self, at: &Element, text: impl Into<String>) {
        self.findings.push(Finding::new(Severity::Warning, at.position(), text));
    }

    /// A relay; `None` if it is not enabled or of no use.
    fn relay(&mut self, element: &Element, number: usize) -> Option<Relay> {
        let named = element.attribute("NAME").map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        let name = named.unwrap_or_else(|| format!("relay {}", number + 1));
        let enabled = text(element, "enabled").is_none_or(|value| !value.eq_ignore_ascii_case("false"));
        let of_class = |class: &'static str| {
            let is = move |object: &&Element| object.attribute("CLASS").as_deref() == Some(class);
            element.elements().filter(|object| object.name() == "OBJECT").filter(is)
        };
        for object in element.elements() {
            let class = object.attribute("CLASS");
            match (object.name(), class.as_deref()) {
                ("OBJECT", Some("source" | "destination")) => {}
                ("OBJECT", _) => self.warn(object, format!("{name}: an OBJECT that is no source or destination")),
                _ => self.check_names(object, &name, &["enabled"]),
            }
        }
        let Some(source) = of_class("source").next() else {
            self.warn(element, format!("{name}: there is no source; the relay is ignored"));
            return None;
        };
        if let Some(second) = of_class("source").nth(1) {
            self.warn(second, format!("{name}: a second source is ignored"));
        }
        let (source, mut destinations) = self.source(source, &name)?;
        for object in of_class("destination").take(MAX_RELAYS) {
            destinations.extend(self.destination(object, &name, &source));
        }
        if destinations.is_empty() {
            self.warn(element, format!("{name}: there is no destination; the relay is ignored"));
            return None;
        }
        enabled.then_some(Relay { name, source, destinations })
    }

    /// A source, and the destinations that an SDP file names with it.
    fn source(&mut self, element: &Element, name: &str) -> Option<(Source, Vec<Destination>)> {
        let kind = element.attribute("TYPE").map(|kind| kind.into_owned()).unwrap_or_default();
        let place = format!("{name}: {kind}");
        let source = match kind.as_str() {
            "rtsp_source" => {
                let known = ["source_addr", "in_addr", "rtsp_port", "url", "name", "password"];
                self.check_all_names(element, &place, &known);
                Source::Rtsp(RtspSource {
                    host: self.needed(element, &place, "source_addr").map(|text| Host::parse(&text))?,
                    path: self.needed(element, &place, "url").map(|text| encoded_path(&text))?,
                    port: self.port(element, &place, "rtsp_port")?.unwrap_or(DEFAULT_RTSP_PORT),
                    local: host(element, "in_addr"),
                    credentials: credentials(element),
                })
            }
            "announced_source" => {
                self.check_all_names(element, &place, &["source_addr", "url"]);
                let path = text(element, "url").map(|text| encoded_path(&text));
                Source::Announced(AnnouncedSource { from: host(element, "source_addr"), path })
            }
            "udp_source" => {
                self.check_all_names(element, &place, &["in_addr", "source_addr", "udp_ports", "ttl"]);
                Source::Udp(UdpSource {
                    ports: self.ports(element, &place)?,
                    ttl: self.ttl(element, &place),
                    at: host(element, "in_addr"),
                    from: host(element, "source_addr"),
                })
            }
            "relay_sdp" => return self.relay_sdp(element, &place),
            _ => {
                self.warn(element, format!("{place}: a source of this type does not exist; the relay is ignored"));
                return None;
            }
        };
        Some((source, Vec::new()))
    }

    fn relay_sdp(&mut self, element: &Element, place: &str) -> Option<(Source, Vec<Destination>)> {
        self.check_all_names(element, place, &["sdp_path"]);
        let path = self.needed(element, place, "sdp_path")?;
        let read = match std::fs::metadata(&path) {
            // what is no file may have no end
            Ok(file) if !file.is_file() => Err(io::Error::from(io::ErrorKind::InvalidInput)),
            Ok(file) if file.len() > MAX_SDP => Err(io::Error::from(io::ErrorKind::FileTooLarge)),
            Ok(_) => std::fs::read(&path),
            Err(error) => Err(error),
        };
        let found = match read {
            Ok(bytes) => legacy_sdp::parse(&text_of_bytes(&bytes)),
            Err(error) => {
                self.warn(element, format!("{place}: {path}: {error}; the relay is ignored"));
                return None;
            }
        };
        if found.is_none() {
            let lines = "a=x-qt-relay-addr and pairs of a=x-qt-relay-port";
            self.warn(element, format!("{place}: {path} lacks usable {lines}; the relay is ignored"));
        }
        let (source, destinations) = found?;
        Some((Source::Udp(source), destinations.into_iter().map(Destination::Udp).collect()))
    }

    /// A destination; more than one if several addresses are listed.
    fn destination(&mut self, element: &Element, name: &str, source: &Source) -> Vec<Destination> {
        let kind = element.attribute("TYPE").map(|kind| kind.into_owned()).unwrap_or_default();
        let place = format!("{name}: {kind}");
        match (kind.as_str(), source) {
            ("announced_destination", Source::Udp(_)) => {
                self.warn(element, format!("{place}: plain packets have no description to announce; it is ignored"));
                Vec::new()
            }
            ("announced_destination", _) => self.announced(element, &place).unwrap_or_default(),
            ("udp_destination", _) => self.udp(element, &place).unwrap_or_default(),
            _ => {
                self.warn(element, format!("{place}: a destination of this type does not exist; it is ignored"));
                Vec::new()
            }
        }
    }

    fn announced(&mut self, element: &Element, place: &str) -> Option<Vec<Destination>> {
        let known = ["out_addr", "dest_addr", "rtsp_port", "name", "password", "url"];
        self.check_all_names(element, place, &known);
        let hosts = self.hosts(element, place)?;
        let port = self.port(element, place, "rtsp_port")?.unwrap_or(DEFAULT_RTSP_PORT);
        let to = |host| {
            Destination::Announced(AnnouncedDestination {
                host,
                port,
                path: text(element, "url").map(|text| encoded_path(&text)),
                local: self::host(element, "out_addr"),
                credentials: credentials(element),
            })
        };
        Some(hosts.into_iter().map(to).collect())
    }

    fn udp(&mut self, element: &Element, place: &str) -> Option<Vec<Destination>> {
        self.check_all_names(element, place, &["out_addr", "dest_addr", "udp_ports", "udp_base_port", "ttl"]);
        let hosts = self.hosts(element, place)?;
        let ports = match (pref(element, "udp_ports"), self.port(element, place, "udp_base_port")?) {
            (None, Some(first)) => Ports::From(first),
            _ => Ports::List(self.ports(element, place)?),
        };
        let ttl = self.ttl(element, place);
        let local = self::host(element, "out_addr");
        let to = |host| Destination::Udp(UdpDestination { host, ports: ports.clone(), local: local.clone(), ttl });
        Some(hosts.into_iter().map(to).collect())
    }

    /// The addresses of a destination: one, or a list.
    fn hosts(&mut self, element: &Element, place: &str) -> Option<Vec<Host>> {
        let mut hosts: Vec<Host> = values(element, "dest_addr").iter().map(|text| Host::parse(text)).collect();
        hosts.truncate(MAX_RELAYS);
        if hosts.is_empty() {
            self.warn(element, format!("{place}: dest_addr is missing; it is ignored"));
            return None;
        }
        Some(hosts)
    }

    fn needed(&mut self, element: &Element, place: &str, name: &str) -> Option<String> {
        let value = text(element, name);
        if value.is_none() {
            self.warn(element, format!("{place}: {name} is missing; the relay is ignored"));
        }
        value
    }

    /// `None` if there is a value which is no port.
    fn port(&mut self, element: &Element, place: &str, name: &str) -> Option<Option<u16>> {
        let Some(found) = pref(element, name) else { return Some(None) };
        match text(element, name)?.parse::<u16>() {
            Ok(port @ 1..) => Some(Some(port)),
            _ => {
                self.warn(found, format!("{place}: {name} is no port number; it is ignored"));
                None
            }
        }
    }

    fn ports(&mut self, element: &Element, place: &str) -> Option<Vec<u16>> {
        let Some(found) = pref(element, "udp_ports") else {
            self.warn(element, format!("{place}: udp_ports are missing; it is ignored"));
            return None;
        };
        let mut ports = Vec::new();
        for value in values(element, "udp_ports") {
            match value.parse::<u16>() {
                Ok(port @ 1..=65534) if ports.len() < MAX_PORTS => {
                    if port % 2 != 0 {
                        self.warn(found, format!("{place}: port {port} is odd; RTP ports are even"));
                    }
                    ports.push(port);
                }
                _ => {
                    self.warn(found, format!("{place}: \"{value}\" among udp_ports is no port number; it is ignored"));
                    return None;
                }
            }
        }
        if ports.is_empty() {
            self.warn(found, format!("{place}: udp_ports are empty; it is ignored"));
            return None;
        }
        Some(ports)
    }

    fn ttl(&mut self, element: &Element, place: &str) -> u8 {
        let Some(value) = text(element, "ttl") else { return 1 };
        value.parse().unwrap_or_else(|_| {
            self.warn(pref(element, "ttl").unwrap_or(element), format!("{place}: ttl is not 0 to 255; 1 is used"));
            1
        })
    }

    fn check_all_names(&mut self, element: &Element, place: &str, known: &[&str]) {
        element.elements().for_each(|child| self.check_names(child, place, known));
    }

    fn check_names(&mut self, child: &Element, place: &str, known: &[&str]) {
        let name = child.attribute("NAME").map(|name| name.into_owned()).unwrap_or_default();
        let is_pref = matches!(child.name(), "PREF" | "LIST-PREF");
        if !is_pref || !known.contains(&name.as_str()) {
            let text = format!("{place}: {} {name} is not known and is ignored", child.name());
            self.findings.push(Finding::new(Severity::Info, child.position(), text));
        }
    }
}

fn pref<'a>(element: &'a Element, name: &str) -> Option<&'a Element> {
    let is = |child: &&Element| child.attribute("NAME").as_deref() == Some(name);
    element.elements().filter(|child| matches!(child.name(), "PREF" | "LIST-PREF")).find(is)
}

/// A preference's only, or first, value without blanks around it; `None` for an empty one.
fn text(element: &Element, name: &str) -> Option<String> {
    values(element, name).into_iter().next()
}

fn values(element: &Element, name: &str) -> Vec<String> {
    let Some(found) = pref(element, name) else { return Vec::new() };
    let of = |element: &Element| text_of_bytes(&element.text()).trim().to_owned();
    let values = match found.name() {
        "LIST-PREF" => found.elements().filter(|child| child.name() == "VALUE").map(of).collect(),
        _ => vec![of(found)],
    };
    values.into_iter().filter(|value| !value.is_empty()).collect()
}

fn host(element: &Element, name: &str) -> Option<Host> {
    let host = Host::parse(&text(element, name)?);
    // DSS took 0.0.0.0 for "any"
    let is_any = matches!(host, Host::Address(address) if address.is_unspecified());
    (!is_any).then_some(host)
}

/// A name is enough; a password without a name is nobody's.
fn credentials(element: &Element) -> Option<Credentials> {
    let user = text(element, "name")?;
    Some(Credentials { user, password: text(element, "password").unwrap_or_default() })
}

/// A path as it stands in a request: with one slash in front, everything that a URL cannot hold percent-encoded. What is
/// encoded already stays. Of a whole URL only the path counts.
pub fn encoded_path(text: &str) -> String {
    let path = match text.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => rest.split_once('/').map_or("", |(_, path)| path),
        _ => text,
    };
    let mut out = String::from("/");
    let bytes = path.trim_start_matches('/').as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let is_escape = || bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let is_kept = match byte {
            b'%' => is_escape(),
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | b'#' => false,
            byte => byte.is_ascii_graphic(),
        };
        if is_kept {
            out.push(char::from(*byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
