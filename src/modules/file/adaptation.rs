//! What 3GPP players tell in their requests: the link's rate, and for each stream the buffer that they want kept filled.

use std::sync::Arc;

use crate::config::ServerPrefs;
use crate::qtss::attr::*;
use crate::qtss::{Object, ObjectStore, ObjectType};
use crate::rtp::AdaptationTerms;
use crate::rtsp::extensions::{self, Adaptation, LinkChar};
use crate::rtsp::{Header, path};
use crate::server::streams::is_player;
use crate::server::{RequestContext, SessionState, SessionStream};

/// The companion objects of a session and its streams, which modules read; by track, that of the session by `None`.
#[derive(Default)]
struct Companions(Vec<(Option<u32>, Arc<Object>)>);

/// The companion of a session or stream; made if there is none yet.
fn companion(
    ctx: &RequestContext,
    state: &mut SessionState,
    track_id: Option<u32>,
    make: impl FnOnce(&ObjectStore) -> Arc<Object>,
) -> Arc<Object> {
    let mut known = state.extension::<Companions>().map(std::mem::take).unwrap_or_default();
    let found = known.0.iter().find(|(of, _)| *of == track_id).map(|(_, object)| Arc::clone(object));
    let object = found.unwrap_or_else(|| {
        let object = make(&ctx.server.objects);
        known.0.push((track_id, Arc::clone(&object)));
        object
    });
    state.set_extension(known);
    object
}

/// Takes note of `3GPP-Link-Char` and `Bandwidth`, which decide about the first quality level.
pub(super) fn note_link(ctx: &RequestContext) {
    if !ctx.server.prefs().enable_3gpp_protocol {
        return;
    }
    let bandwidth = ctx.header(Header::Bandwidth).as_deref().and_then(extensions::bandwidth);
    let header = ctx.header(Header::ThreeGppLinkChar);
    let link = header.as_deref().and_then(LinkChar::parse);
    let maximum = link.and_then(|link| link.maximum).map(|kilobits| kilobits.saturating_mul(1000));
    let Some(rate) = maximum.or(bandwidth) else { return };
    let session = ctx.session();
    ctx.with_state(|state| {
        state.link_bit_rate = Some(rate).filter(|rate| *rate > 0);
        if let (Some(link), Some(session)) = (link, session) {
            let object = companion(ctx, state, None, |store| store.create(ObjectType::ThreeGppClientSession));
            session.object.set_object(qtssCliSes3GPPObject, object.handle());
            session.object.set_bool16(qtssCliSessIs3GPPSession, true);
            show_link(&object, &link);
        }
    });
}

fn show_link(object: &Object, link: &LinkChar<'_>) {
    object.set_bool16(qtss3GPPCliSesEnabled, true);
    for (attribute, value) in [
        (qtss3GPPCliSesLinkCharGuaranteedBitRate, link.guaranteed),
        (qtss3GPPCliSesLinkCharMaxBitRate, link.maximum),
        (qtss3GPPCliSesLinkCharMaxTransferDelayMilliSec, link.max_transfer_delay),
    ] {
        object.set_u32(attribute, value.unwrap_or(0));
    }
    object.set_str(qtss3GPPCliSesLinkCharURL, link.url.unwrap_or_default());
}

/// Streams that the request's `3GPP-Adaptation` names adapt from now on, unless the operator has switched that off or
/// the player is on the list of those that it does no good.
pub(super) fn begin(ctx: &RequestContext, movie_bit_rate: u32) {
    let Some(header) = ctx.header(Header::ThreeGppAdaptation) else { return };
    let prefs = ctx.server.prefs();
    let enabled = prefs.enable_3gpp_protocol && prefs.enable_3gpp_protocol_rate_adaptation;
    if !enabled || is_player(ctx, &prefs.player_requires_disable_3gpp_rate_adapt) {
        return;
    }
    let forced = is_player(ctx, &prefs.player_requires_3gpp_target_time);
    ctx.with_state(|state| {
        for entry in Adaptation::parse(&header) {
            let link_bit_rate = state.link_bit_rate.unwrap_or(0);
            let terms = terms(&entry, forced.then_some(&prefs), movie_bit_rate, link_bit_rate);
            let found = state.streams.iter().find(|stream| is_of(&entry, stream));
            let Some((stream, object)) = found.map(|of| (Arc::clone(&of.stream), Arc::clone(&of.object))) else {
                continue;
            };
            stream.adapt(terms);
            let track_id = Some(stream.config().track_id);
            let companion = companion(ctx, state, track_id, |store| store.create(ObjectType::ThreeGppStream));
            object.set_object(qtssRTPStr3gppObject, companion.handle());
            show(&companion, &terms);
        }
    });
    if let Some(session) = ctx.session() {
        session.object.set_bool16(qtssCliSessIs3GPPSession, true);
    }
}

/// A stream is named by the last part of its URL, or by its track's number.
fn is_of(entry: &Adaptation<'_>, stream: &SessionStream) -> bool {
    let url = entry.url.trim_end_matches('/').as_bytes();
    path::last_part(url) == stream.name.as_bytes() || path::track_id(url) == Some(stream.stream.config().track_id)
}

fn terms(
    entry: &Adaptation<'_>,
    forced: Option<&Arc<ServerPrefs>>,
    movie_bit_rate: u32,
    link_bit_rate: u32,
) -> AdaptationTerms {
    AdaptationTerms {
        buffer_bytes: entry.size.unwrap_or(0),
        target_ms: forced.map_or(entry.target_time.unwrap_or(0), |prefs| prefs.three_gpp_target_time_milliseconds),
        movie_bit_rate,
        link_bit_rate,
    }
}

fn show(object: &Object, terms: &AdaptationTerms) {
    object.set_bool16(qtss3GPPStreamEnabled, true);
    object.set_u32(qtss3GPPStreamRateAdaptBufferBytes, terms.buffer_bytes);
    object.set_u32(qtss3GPPStreamRateAdaptTimeMilli, terms.target_ms);
}
