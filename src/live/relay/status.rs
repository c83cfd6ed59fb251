//! What relays are doing, for those who show it.

use std::net::SocketAddr;

use super::config::{Destination, Source};
use super::session::{Output, Session};
use super::state::State;
use super::{Running, Taken};

/// A relay: one for each push of an announced source, and one that waits if there is none.
#[derive(Clone, Debug)]
pub struct RelayStatus {
    /// Its name.
    pub name: String,
    /// Where its packets come from.
    pub source: SourceStatus,
    /// Where they go.
    pub destinations: Vec<DestinationStatus>,
}

/// A source. Passwords are nobody's business.
#[derive(Clone, Debug)]
pub struct SourceStatus {
    /// `rtsp_source`, `announced_source`, `udp_source`.
    pub kind: &'static str,
    /// The host it comes from, as configured; empty if any.
    pub address: String,
    /// The local address, as configured; empty if any.
    pub local: String,
    /// The RTSP port of the server that is asked.
    pub rtsp_port: Option<u16>,
    /// The path; empty if there is none.
    pub url: String,
    /// The name that is told.
    pub user: Option<String>,
    /// The ports of plain packets.
    pub udp_ports: Vec<u16>,
    /// Hops of reports to a multicast group.
    pub ttl: u8,
    /// How it fares.
    pub state: State,
    /// Packets that came.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// A destination.
#[derive(Clone, Debug)]
pub struct DestinationStatus {
    /// `udp_destination`, `announced_destination`.
    pub kind: &'static str,
    /// The host, as configured.
    pub address: String,
    /// The local address, as configured; empty if any.
    pub local: String,
    /// The RTSP port of the server that it is announced to.
    pub rtsp_port: Option<u16>,
    /// The path that is announced; empty if there is none.
    pub url: String,
    /// Where RTP goes now, track by track.
    pub targets: Vec<SocketAddr>,
    /// Hops of packets to a multicast group.
    pub ttl: Option<u8>,
    /// How it fares.
    pub state: State,
    /// Packets sent.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
}

pub(super) fn of_relay(relay: &Running) -> Vec<RelayStatus> {
    if relay.sessions.is_empty() {
        let source = source(&relay.source, None, "");
        let destinations = relay.destinations.iter().map(|wanted| destination(wanted, None)).collect();
        return vec![RelayStatus { name: relay.name.clone(), source, destinations }];
    }
    let of_session = |Taken { path, session, .. }: &Taken| RelayStatus {
        name: relay.name.clone(),
        source: source(&relay.source, Some(session), path),
        destinations: session.outputs.iter().map(|output| destination(&output.wanted, Some(output))).collect(),
    };
    relay.sessions.iter().map(of_session).collect()
}

fn source(wanted: &Source, session: Option<&Session>, path: &str) -> SourceStatus {
    let (packets, bytes) = session.map_or((0, 0), |session| session.source.totals());
    let state = session.map_or(State::Waiting, |session| session.source.progress.state());
    let mut status = SourceStatus {
        kind: wanted.kind(),
        address: String::new(),
        local: String::new(),
        rtsp_port: None,
        url: path.to_owned(),
        user: None,
        udp_ports: Vec::new(),
        ttl: 0,
        state,
        packets,
        bytes,
    };
    match wanted {
        Source::Rtsp(from) => {
            status.address = from.host.to_string();
            status.local = text(from.local.as_ref());
            status.rtsp_port = Some(from.port);
            status.url.clone_from(&from.path);
            status.user = from.credentials.as_ref().map(|who| who.user.clone());
        }
        Source::Announced(from) => {
            status.address = text(from.from.as_ref());
            if path.is_empty() {
                status.url = from.path.clone().unwrap_or_default();
            }
        }
        Source::Udp(from) => {
            status.address = text(from.from.as_ref());
            status.local = text(from.at.as_ref());
            status.udp_ports.clone_from(&from.ports);
            status.ttl = from.ttl;
        }
    }
    status
}

fn destination(wanted: &Destination, output: Option<&Output>) -> DestinationStatus {
    let facts = output.map(|output| &output.facts);
    let (packets, bytes) = facts.map_or((0, 0), |facts| facts.counters.totals());
    let mut status = DestinationStatus {
        kind: wanted.kind(),
        address: String::new(),
        local: String::new(),
        rtsp_port: None,
        url: String::new(),
        targets: facts.map(|facts| facts.targets.lock().clone()).unwrap_or_default(),
        ttl: None,
        state: facts.map_or(State::Waiting, |facts| facts.progress.state()),
        packets,
        bytes,
    };
    match wanted {
        Destination::Udp(to) => {
            status.address = to.host.to_string();
            status.local = text(to.local.as_ref());
            status.ttl = Some(to.ttl);
        }
        Destination::Announced(to) => {
            status.address = to.host.to_string();
            status.local = text(to.local.as_ref());
            status.rtsp_port = Some(to.port);
            status.url = to.path.clone().unwrap_or_default();
        }
    }
    status
}

fn text(host: Option<&super::Host>) -> String {
    host.map(ToString::to_string).unwrap_or_default()
}
