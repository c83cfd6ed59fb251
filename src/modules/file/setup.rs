//! SETUP: one hint track becomes a stream of the session.

use std::path::PathBuf;
use std::sync::Arc;

use super::describe::{is_not_modified, put_caching, remember_movie};
use super::{FileModule, FileSession, adaptation, local_path};
use crate::media::{HintTrack, MAX_THINNING_LEVEL, MetaInfoFields, Movie, TrackKind};
use crate::rtsp::extensions::{DynamicRate, LateTolerance, MetaInfo};
use crate::rtsp::{Header, Request, ResponseBuilder, Status, path};
use crate::server::RequestContext;
use crate::server::streams::{StreamInfo, add_stream, put_session, put_setup_headers};

/// The meta-information fields a stream was set up with (`x-RTP-Meta-Info`), by track.
#[derive(Default)]
pub(super) struct MetaInfoOf(pub(super) Vec<(u32, MetaInfoFields)>);

impl FileModule {
    pub(super) async fn setup(&self, ctx: &Arc<RequestContext>, request: &Request) {
        let Some(track_id) = path::track_id(request.path()) else {
            ctx.respond_error(Status::BadRequest, "the URL names no track");
            return;
        };
        let file = local_path(ctx);
        let Some(movie) = self.session_movie(ctx, file).await else { return };
        let Some(track) = movie.hint_track(track_id) else {
            ctx.respond_error(Status::NotFound, "the movie has no such track");
            return;
        };
        let Some(session) = ctx.session() else { return };
        if is_not_modified(ctx, &movie) {
            ctx.set_status(Status::NotModified);
            ctx.respond(|answer| put_session(ctx, &session, answer));
            return;
        }
        let Some(added) = add_stream(ctx, &session, &stream_info(track)) else { return };
        adaptation::begin(ctx, movie.bit_rate());
        let meta = self.accept_options(ctx, track_id);
        let compose = |answer: &mut ResponseBuilder| {
            if let Some(meta) = &meta {
                answer.header(Header::XRtpMetaInfo, meta);
            }
            put_caching(&movie, answer);
            put_setup_headers(ctx, &session, &added, answer);
        };
        ctx.respond(compose);
    }

    /// The session's movie, which the first SETUP (or DESCRIBE) decides; 459 for another one.
    async fn session_movie(&self, ctx: &Arc<RequestContext>, file: PathBuf) -> Option<Arc<Movie>> {
        let known = ctx
            .with_state(|state| {
                let has_streams = !state.streams.is_empty();
                state.extension::<FileSession>().map(|of| (of.path.clone(), Arc::clone(&of.movie), has_streams))
            })
            .flatten();
        match known {
            Some((path, movie, _)) if path == file => Some(movie),
            Some((_, _, true)) => {
                ctx.respond_error(Status::AggregateOptionNotAllowed, "the session is about another movie");
                None
            }
            _ => {
                let movie = self.open(ctx, &file).await?;
                remember_movie(ctx, file, &movie);
                Some(movie)
            }
        }
    }

    /// Takes note of what the SETUP's x- headers ask for; returns the answer's x-RTP-Meta-Info.
    fn accept_options(&self, ctx: &RequestContext, track_id: u32) -> Option<String> {
        let late = ctx.header(Header::XTransportOptions).as_deref().and_then(LateTolerance::parse).map(|l| l.seconds);
        let rate = ctx.header(Header::XDynamicRate).as_deref().and_then(DynamicRate::parse);
        let header = ctx.header(Header::XRtpMetaInfo);
        let meta = header.as_deref().and_then(MetaInfo::parse);
        ctx.with_state(|state| {
            if late.is_some() {
                state.late_tolerance = late;
            }
            if let Some(rate) = rate {
                state.fixed_rate = rate == DynamicRate::Off;
            }
            let mut known = state.extension::<MetaInfoOf>().map(std::mem::take).unwrap_or_default();
            known.0.retain(|(id, _)| *id != track_id);
            if let (Some(_), Some(header)) = (&meta, &header) {
                known.0.push((track_id, MetaInfoFields::parse(header)));
            }
            state.set_extension(known);
        });
        meta.map(|meta| meta.answer())
    }
}

fn stream_info(track: &HintTrack) -> StreamInfo {
    let is_video = track.kind() == TrackKind::Video;
    StreamInfo {
        track_id: track.id(),
        payload_name: track.payload_name().to_owned(),
        clock_rate: track.clock_rate(),
        is_video,
        worst_quality: if is_video { MAX_THINNING_LEVEL } else { 0 },
    }
}
