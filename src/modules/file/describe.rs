//! DESCRIBE: the movie's SDP.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::{FileModule, FileSession, local_path};
use crate::media::{Movie, SdpParams};
use crate::qtss::attr::*;
use crate::rtp::ntp_from_unix_us;
use crate::rtsp::{Header, Request, ResponseBuilder, Status, date};
use crate::server::RequestContext;
use crate::server::streams::{is_player, put_describe_headers};

impl FileModule {
    pub(super) async fn describe(&self, ctx: &Arc<RequestContext>, request: &Request) {
        let path = local_path(ctx);
        if request.path().ends_with(b".sdp") {
            // A name of the live module, never a movie.
            ctx.respond_error(Status::NotFound, "no such broadcast");
            return;
        }
        let Some(movie) = self.open(ctx, &path).await else { return };
        if is_not_modified(ctx, &movie) {
            ctx.set_status(Status::NotModified);
            ctx.respond(|_| {});
            return;
        }
        let sdp = self.sdp(ctx, request, &movie, &path).await;
        remember_movie(ctx, path, &movie);
        ctx.with_state(|state| state.described = true);
        let compose = |answer: &mut ResponseBuilder| {
            put_caching(&movie, answer);
            answer.header(Header::ContentLength, sdp.len().to_string());
            put_describe_headers(ctx, answer);
        };
        ctx.respond_with_body(compose, sdp.as_bytes());
    }

    /// The text to send: the file beside the movie if the operator wants it so, else what the movie's hint tracks say.
    async fn sdp(&self, ctx: &Arc<RequestContext>, request: &Request, movie: &Movie, path: &Path) -> String {
        let prefs = self.prefs.load();
        let beside = PathBuf::from(format!("{}.sdp", path.display()));
        if prefs.enable_movie_file_sdp {
            if let Ok(text) = tokio::fs::read_to_string(&beside).await {
                return text;
            }
        }
        let sdp = movie.sdp(&self.sdp_params(ctx, request));
        if prefs.record_movie_file_sdp {
            if let Err(error) = tokio::fs::write(&beside, &sdp).await {
                tracing::warn!("{}: {error}", beside.display());
            }
        }
        sdp
    }

    fn sdp_params(&self, ctx: &RequestContext, request: &Request) -> SdpParams {
        // A module may have set another path than the URL's; DSS names the session by that.
        let path = ctx.object.bytes(qtssRTSPReqFilePath).unwrap_or_else(|| request.path().to_vec());
        let (prefs, server) = (self.prefs.load(), ctx.server.prefs());
        let narrow = prefs.player_compatibility && is_player(ctx, &server.player_requires_bandwidth_adjustment);
        SdpParams {
            ntp_seconds: ntp_from_unix_us(ctx.server.clock.wall_us()) >> 32,
            server_ip: ctx.connection.local.ip().to_canonical(),
            url_path: String::from_utf8_lossy(&path).into_owned(),
            sdp_url: prefs.sdp_url.clone(),
            admin_email: prefs.admin_email.clone(),
            buffer_delay: prefs.buffer_delay,
            bandwidth_percent: narrow.then_some(prefs.bandwidth_percent),
            three_gpp_adaptation: server
                .enable_3gpp_protocol
                .then_some(u32::from(server.three_gpp_protocol_rate_adaptation_report_frequency)),
            clamp_bandwidth: false,
        }
    }
}

/// Keeps the movie with the session and tells what modules and the log want to know of it.
pub(super) fn remember_movie(ctx: &RequestContext, path: PathBuf, movie: &Arc<Movie>) {
    let Some(session) = ctx.session() else { return };
    session.object.set_f64(qtssCliSesMovieDurationInSecs, movie.duration());
    session.object.set_u64(qtssCliSesMovieSizeInBytes, movie.file_len());
    session.object.set_u32(qtssCliSesMovieAverageBitRate, movie.bit_rate());
    session.update_log(|log| {
        log.movie_seconds = movie.duration();
        log.movie_bytes = movie.file_len();
        log.movie_bit_rate = movie.bit_rate();
    });
    ctx.with_state(|state| state.set_extension(FileSession { path, movie: Arc::clone(movie) }));
}

/// Last-Modified and Cache-Control of a file.
pub(super) fn put_caching(movie: &Movie, answer: &mut ResponseBuilder) {
    answer.header(Header::LastModified, date::format(movie.modified())).header(Header::CacheControl, "must-revalidate");
}

/// The client's copy is as new as the file (RFC 2326 section 12.23).
pub(super) fn is_not_modified(ctx: &RequestContext, movie: &Movie) -> bool {
    let since: Option<SystemTime> = ctx.header(Header::IfModifiedSince).and_then(|text| date::parse(&text));
    since.is_some_and(|since| date::is_not_modified(since, movie.modified()))
}
