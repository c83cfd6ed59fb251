//! ANNOUNCE: a broadcaster's description becomes a file; and the announcement that ends a broadcast.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::ends::Why;
use super::on_air::Claimant;
use super::place::{KILL, Place, SDP};
use super::source::check_ports;
use super::{Reflector, ntp_seconds};
use crate::live::sdp::{Description, origin};
use crate::qtss::attr::*;
use crate::rtsp::{Header, Status};
use crate::server::RequestContext;

/// How long a body may take to arrive.
const BODY_PATIENCE: Duration = Duration::from_secs(30);

/// How long a broadcaster that is on the air is given to be gone.
const COMEBACK: Duration = Duration::from_millis(300);

/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// Who is named as the author of a description that names none.
const NOBODY: &str = "announced_broadcast";

/// Why an announcement is refused.
type Refused = (Status, String);

fn refuse<T>(status: Status, why: &str) -> Result<T, Refused> {
    Err((status, why.to_owned()))
}

impl Reflector {
    pub(super) async fn announce(self: &Arc<Self>, ctx: &Arc<RequestContext>) {
        match self.take_announcement(ctx).await {
            Ok(()) => ctx.respond(|_| {}),
            Err((status, why)) => ctx.respond_error(status, &why),
        }
    }

    async fn take_announcement(self: &Arc<Self>, ctx: &Arc<RequestContext>) -> Result<(), Refused> {
        let prefs = self.prefs.load_full();
        if !prefs.announce {
            return refuse(Status::PreconditionFailed, "The Announce feature is disabled. Your request is denied.");
        }
        let Some(place) = Place::of(ctx, false) else { return refuse(Status::Forbidden, "the name is not text") };
        if prefs.announced_kill && place.path.ends_with(KILL) {
            return self.take_kill(ctx, &place);
        }
        if !place.path.ends_with(SDP) || place.path.ends_with("/.sdp") {
            return refuse(Status::PreconditionFailed, "The Announced file does not end with .sdp");
        }
        if !place.is_allowed(&prefs) {
            return refuse(Status::Forbidden, "Broadcast is not allowed.");
        }
        let description = self.description_of(ctx, &place, prefs.longest_announced).await?;
        check_ports(&prefs, &place.path, &description).map_err(|why| (Status::UnsupportedMediaType, why))?;
        self.wait_for_room(ctx, &place.path, None).await;
        match self.make_room(ctx, &place.path, None) {
            // Who may send beside another one goes by the description that is there.
            Err(_) if prefs.duplicates => return Ok(()),
            other => other?,
        }
        // Without a time-out for broadcasters, who has announced may take all the time.
        let patience_ms = Some(prefs.broadcaster_timeout_ms).filter(|timeout_ms| *timeout_ms > 0);
        let until_ms = ctx.server.now_ms().saturating_add(patience_ms.unwrap_or(i64::MAX));
        let (inner, path) = (Arc::clone(self), place.path.clone());
        let (text, timed) = (description.to_bytes(), description.is_timed());
        let write = move || inner.files.announce(&path, &text, until_ms, timed);
        match tokio::task::spawn_blocking(write).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                tracing::warn!("{}: announced by {}: {error}", place.path, ctx.connection.peer);
                refuse(Status::Forbidden, "the description cannot be written there")
            }
            Err(_) => refuse(Status::InternalServerError, "the description was not written"),
        }
    }

    /// The body as a description with all lines that must be there, in their order.
    async fn description_of(
        &self,
        ctx: &RequestContext,
        place: &Place,
        longest: usize,
    ) -> Result<Description, Refused> {
        let Some(length) = ctx.header(Header::ContentLength) else {
            return refuse(Status::LengthRequired, "ANNOUNCE needs a body and a Content-Length");
        };
        match length.trim().parse::<usize>() {
            Ok(length) if length <= longest => {}
            Ok(_) => return refuse(Status::PreconditionFailed, "Announced SDP is too long"),
            Err(_) => return refuse(Status::BadRequest, "header Content-Length is no number"),
        }
        let body = match tokio::time::timeout(BODY_PATIENCE, ctx.connection.body(longest)).await {
            Ok(Some(body)) => body,
            Ok(None) => return refuse(Status::BadRequest, "the body is not complete"),
            Err(_) => return refuse(Status::RequestTimeout, "the body did not come"),
        };
        let mut description = Description::parse(&body).map_err(|error| {
            tracing::info!("{}: announced by {}: {error}", place.path, ctx.connection.peer);
            (Status::UnsupportedMediaType, format!("Announced SDP is not a valid SDP: {error}"))
        })?;
        description.complete(|| origin_of(ctx), place.url_path.as_bytes());
        description.sort();
        Ok(description)
    }

    /// Who asks.
    pub(super) fn claimant(ctx: &RequestContext) -> Claimant {
        Claimant {
            id: ctx.session().map(|session| session.id),
            connection_id: ctx.connection.id,
            peer: ctx.connection.peer.ip().to_canonical(),
            user: ctx.profile().string(qtssUserName).unwrap_or_default(),
        }
    }

    /// A broadcaster that was killed and is back at once may be faster than the news of its old connection's end: the same
    /// broadcaster on a new connection is not refused before a moment has passed.
    pub(super) async fn wait_for_room(&self, ctx: &RequestContext, key: &str, track_id: Option<u32>) {
        if self.prefs.load().duplicates {
            return;
        }
        let claimant = Self::claimant(ctx);
        let until = tokio::time::Instant::now() + COMEBACK;
        loop {
            let is_own = {
                let on_air = self.on_air.lock();
                let now_us = ctx.server.clock.now_us();
                on_air.entries.get(key).is_some_and(|entry| entry.is_own_of(&claimant, track_id, now_us))
            };
            if !is_own || tokio::time::Instant::now() >= until {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Ends pushes that whoever asks may replace.
    ///
    /// # Errors
    /// Somebody sends under this name who must not be disturbed.
    pub(super) fn make_room(&self, ctx: &RequestContext, key: &str, track_id: Option<u32>) -> Result<(), Refused> {
        let claimant = Self::claimant(ctx);
        let replaced = {
            let on_air = self.on_air.lock();
            let Some(entry) = on_air.entries.get(key) else { return Ok(()) };
            let duplicates = track_id.is_some() && self.prefs.load().duplicates;
            match entry.to_replace(&claimant, track_id, ctx.server.clock.now_us()) {
                Ok(replaced) => replaced,
                Err(_) if duplicates => Vec::new(),
                Err(_) => {
                    return refuse(Status::PreconditionFailed, "A broadcast stream is already setup for this URL");
                }
            }
        };
        for id in replaced {
            self.end_push(&ctx.server, key, id, Why::TakenOver(claimant.peer, claimant.connection_id));
        }
        Ok(())
    }

    fn take_kill(&self, ctx: &RequestContext, place: &Place) -> Result<(), Refused> {
        let key = place.path.strip_suffix(".kill").unwrap_or(&place.path);
        match self.kill(&ctx.server, key, &ctx.connection.peer.ip().to_canonical().to_string()) {
            true => Ok(()),
            false => refuse(Status::NotFound, "no such broadcast"),
        }
    }
}

/// The `o=` of a description that has none: program, session, time and address of who announces it.
fn origin_of(ctx: &RequestContext) -> String {
    let agent = ctx.header(Header::UserAgent).unwrap_or_default();
    let who = agent.split_ascii_whitespace().next().unwrap_or(NOBODY);
    let session = ctx.session().map(|session| session.id.to_string()).unwrap_or_default();
    let peer: IpAddr = ctx.connection.peer.ip().to_canonical();
    origin(who, &session, ntp_seconds(&ctx.server), peer)
}
