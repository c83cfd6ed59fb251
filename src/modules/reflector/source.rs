//! Descriptions on disk, and what a static one names as its source.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::files::{self, Stamp};
use super::place::{Place, is_own};
use super::prefs::ReflectorPrefs;
use super::{Reflector, ntp_seconds};
use crate::live::sdp::{Description, Media};
use crate::live::{Broadcast, ReceiveError, Receiver, ReceiverConfig};
use crate::rtsp::Status;
use crate::server::{RequestContext, Server};

/// Why a description on disk is of no use, and how that is answered.
pub(super) enum NoSource {
    /// There is none: whoever comes after this module may know what to do.
    NotOurs,
    /// The request is answered so.
    Refused(Status, String),
}

fn refused(status: Status, why: &str) -> NoSource {
    NoSource::Refused(status, why.to_owned())
}

/// A description that may be served.
#[derive(Clone)]
pub(super) struct Described {
    pub description: Description,
    pub stamp: Stamp,
    /// A broadcaster has announced it.
    pub announced: bool,
}

impl Reflector {
    /// Reads the description `key`, for `place`, and checks that it may be served or pushed to.
    pub(super) async fn read_description(
        self: &Arc<Self>,
        ctx: &RequestContext,
        place: &Place,
        key: &str,
    ) -> Result<Described, NoSource> {
        let (inner, path) = (Arc::clone(self), key.to_owned());
        let read = tokio::task::spawn_blocking(move || {
            let found = files::read(&path);
            let is_there = matches!(found, Ok(Some(_)));
            (found, is_there && inner.files.is_announced(&path))
        });
        let (text, stamp, announced) = match read.await {
            Ok((Ok(Some((text, stamp))), announced)) => (text, stamp, announced),
            Ok((Err(error), _)) => {
                tracing::warn!("{key}: {error}");
                return Err(refused(Status::NotFound, "no such broadcast"));
            }
            _ => return Err(NoSource::NotOurs),
        };
        let described = match Description::parse(&text) {
            Ok(description) => Described { description, stamp, announced },
            Err(error) => {
                tracing::info!("{key}: {error}");
                return Err(refused(Status::UnsupportedMediaType, "not a session description"));
            }
        };
        self.check(&ctx.server, place, key, &described)?;
        Ok(described)
    }

    fn check(&self, server: &Server, place: &Place, key: &str, described: &Described) -> Result<(), NoSource> {
        let prefs = self.prefs.load();
        let description = &described.description;
        if !described.announced && !description.is_reflectable(is_own) {
            tracing::info!("{key}: its c= names neither a group nor an address of this machine");
            return Err(refused(Status::NotFound, "no such broadcast"));
        }
        check_ports(&prefs, key, description).map_err(|why| refused(Status::UnsupportedMediaType, &why))?;
        if !place.is_allowed(&prefs) {
            return Err(refused(Status::Forbidden, "Broadcast is not allowed."));
        }
        if description.is_timed() && !description.is_on_air(ntp_seconds(server)) {
            return Err(refused(Status::NotFound, "SDP time is not valid or movie not available at this time."));
        }
        Ok(())
    }
}

/// Are the ports within `minimum_static_sdp_port` and `maximum_static_sdp_port`, if that is wanted? Port 0 is none.
///
/// # Errors
/// What is wrong, which is in the error log, too.
pub(super) fn check_ports(prefs: &ReflectorPrefs, key: &str, description: &Description) -> Result<(), String> {
    let Some((lowest, highest)) = prefs.static_ports else { return Ok(()) };
    let outside = |port: &u16| *port != 0 && !(lowest..=highest).contains(port);
    match description.media().iter().map(|media| media.port).find(outside) {
        None => Ok(()),
        Some(port) => {
            let why = format!("The SDP file's static port {port} is not between {lowest} and {highest}.");
            tracing::warn!("{key}: {why}");
            Err(why)
        }
    }
}

/// Opens the ports that a static description names.
///
/// # Errors
/// One of them cannot be had; none is open then.
pub(super) fn open_static(
    server: &Server,
    broadcast: &Arc<Broadcast>,
    description: &Description,
) -> Result<Vec<(u32, Receiver)>, ReceiveError> {
    let runtime = tokio::runtime::Handle::current();
    let fixed = description.media().iter().filter(|media| media.port != 0);
    let open = |media: &Media| {
        let config = static_config(server, description, media);
        Ok((media.track_id, Receiver::open(&config, broadcast, media.track_id, &runtime)?))
    };
    fixed.map(open).collect()
}

fn static_config(server: &Server, description: &Description, media: &Media) -> ReceiverConfig {
    let address = media.connection.and_then(|connection| connection.address);
    let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let group = Some(address).filter(IpAddr::is_multicast);
    ReceiverConfig {
        local: if group.is_some() { group_interface(server, address) } else { address },
        group,
        port: Some(media.port),
        only_from: filter_source(description, media),
    }
}

/// Where groups are joined: on the address that the server is bound to, if it is one, else where the system thinks best.
fn group_interface(server: &Server, group: IpAddr) -> IpAddr {
    let bound = server.prefs().bind_ip_addr.iter().find_map(|text| text.parse::<IpAddr>().ok());
    let anywhere = match group {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    bound.filter(|address| address.is_ipv4() == group.is_ipv4()).unwrap_or(anywhere)
}

/// The only source that `a=source-filter: incl` lets in (RFC 4570).
fn filter_source(description: &Description, media: &Media) -> Option<IpAddr> {
    let text = media.attribute("source-filter").or_else(|| description.attribute("source-filter"))?;
    let mut words = text.split_ascii_whitespace();
    let includes = words.next()?.eq_ignore_ascii_case("incl");
    let source = words.nth(3).filter(|_| includes)?.parse().ok();
    // With several of them none is the only one.
    source.filter(|_| words.next().is_none())
}

/// What administrators are told of a static description's source.
pub(super) fn static_source(description: &Description) -> String {
    let one = |media: &Media| {
        let address = media.connection.and_then(|connection| connection.address);
        address.map_or_else(|| format!("*:{}", media.port), |address| format!("{address}:{}", media.port))
    };
    description.media().iter().filter(|media| media.port != 0).map(one).collect::<Vec<_>>().join(", ")
}

/// Answers a request whose description is of no use, or leaves it to whoever comes next.
pub(super) fn answer(ctx: &RequestContext, why: NoSource, key: &str, asked: &Place) {
    match why {
        NoSource::NotOurs => {}
        // A name without the suffix may be one of other modules.
        NoSource::Refused(Status::NotFound | Status::UnsupportedMediaType, _) if asked.path != key => {}
        NoSource::Refused(status, why) => ctx.respond_error(status, &why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(lines: &str) -> Option<IpAddr> {
        let description = Description::parse(format!("v=0\n{lines}").as_bytes()).expect("a description");
        filter_source(&description, &description.media()[0])
    }

    #[test]
    fn a_source_filter_with_one_source_is_obeyed() {
        const MEDIA: &str = "m=audio 5004 RTP/AVP 0\nc=IN IP4 232.1.1.1\n";
        let source: IpAddr = "192.0.2.1".parse().expect("an address");
        let line = "a=source-filter: incl IN IP4 232.1.1.1 192.0.2.1\n";
        assert_eq!(filter(&format!("{line}{MEDIA}")), Some(source), "for all media");
        assert_eq!(filter(&format!("{MEDIA}{line}")), Some(source));
        assert_eq!(filter(&format!("{MEDIA}{}", line.replace("incl", "excl"))), None);
        assert_eq!(filter(&format!("{MEDIA}{}", line.replace("192.0.2.1", "192.0.2.1 192.0.2.2"))), None);
        assert_eq!(filter(MEDIA), None);
    }

    #[test]
    fn administrators_see_addresses_and_ports() {
        let text = "v=0\nm=audio 5004 RTP/AVP 0\nc=IN IP4 232.1.1.1\nm=video 0 RTP/AVP 96\nm=video 6000 RTP/AVP 96\n";
        assert_eq!(static_source(&Description::parse(text.as_bytes()).expect("one")), "232.1.1.1:5004, *:6000");
    }
}
