//! PLAY and PAUSE: from a Range to packets on their way.

use std::sync::Arc;

use super::setup::MetaInfoOf;
use super::{FileModule, FileSession, adaptation};
use crate::media::{HintTrack, Movie, TrackKind};
use crate::rtp::{MoviePacketSource, PacketSource, PlayRequest, PlayStream, Position, RtpStream};
use crate::rtsp::extensions::{self, PacketRange};
use crate::rtsp::range::{NptStart, Range, npt_answer};
use crate::rtsp::rtp_info::{RtpInfo, rtp_info};
use crate::rtsp::{Header, Request, ResponseBuilder, Status};
use crate::server::streams::{all_reliable, halt, is_player, presentation_url};
use crate::server::{RequestContext, streams};

/// Where a PLAY wants to go.
#[derive(Debug, Clone, PartialEq)]
enum Target {
    /// A media time in seconds.
    At(f64),
    /// Where the session stands.
    Here,
    /// A packet of one track (`x-Packet-Range`, for caches).
    Packet { first: u64, last: Option<u64>, track_id: Option<u32> },
}

/// What a PLAY asks for.
#[derive(Debug, Clone, PartialEq)]
struct Asked {
    target: Target,
    /// Seconds; the first packet at or after it is not sent.
    stop: Option<f64>,
}

/// The streams, positioned, and what the answer says about them.
struct Prepared {
    streams: Vec<PlayStream>,
    info: Vec<(String, Option<u16>, Option<u32>)>,
}

/// Where packets really start.
struct Start {
    media_us: i64,
    /// By how much that is before the asked time, in seconds, if `x-Prebuffer` asked for it.
    prebuffer: Option<f64>,
    /// What the Range answer says, in seconds.
    shown: f64,
}

impl FileModule {
    pub(super) async fn play(&self, ctx: &Arc<RequestContext>, request: &Request) {
        let Some((movie, streams)) = session_media(ctx, request) else { return };
        let asked = match asked(request, movie.duration()) {
            Ok(asked) => asked,
            Err(status) => {
                ctx.respond_error(status, "no such range");
                return;
            }
        };
        let stood = halt(ctx).await;
        adaptation::begin(ctx, movie.bit_rate());
        let reliable = all_reliable(&streams);
        let overbuffer = reliable && !ctx.with_state(|state| state.fixed_rate).unwrap_or(false);
        add_pause(ctx, &streams);
        if let (Target::Here, Some(position)) = (&asked.target, &stood) {
            let is_complete = !ctx.with_state(|state| state.has_new_stream).unwrap_or(false);
            if is_complete && !position.next.is_empty() {
                self.go_on(ctx, request, &movie, position, &asked, overbuffer);
                return;
            }
        }
        let stood_us = stood.map_or(0, |position| position.media_us);
        let start = self.start(ctx, request, &movie, &streams, &asked, stood_us, overbuffer);
        let prepared = match self.prepare(ctx, &movie, &streams, &asked, start.media_us).await {
            Ok(prepared) => prepared,
            Err(reason) => {
                tracing::warn!("{}: {reason}", String::from_utf8_lossy(request.path()));
                ctx.respond_error(Status::UnsupportedMediaType, "the movie cannot be read");
                return;
            }
        };
        let speed = self.speed(request, reliable);
        self.answer(ctx, &movie, &asked, &start, speed, &prepared.info);
        self.launch(ctx, prepared.streams, start.media_us, &asked, speed, overbuffer);
    }

    /// PLAY without a Range in a paused session: exactly the next packet of each stream.
    fn go_on(
        &self,
        ctx: &Arc<RequestContext>,
        request: &Request,
        movie: &Movie,
        position: &Position,
        asked: &Asked,
        overbuffer: bool,
    ) {
        let info = ctx.with_state(|state| {
            let of = |stream: &RtpStream| {
                let next = position.next.iter().find(|next| next.track_id == stream.config().track_id);
                let time = next.map(|next| next.rtp_time.wrapping_add(stream.timestamp_base()));
                (next.map(|next| next.sequence), time)
            };
            let line = |s: &crate::server::SessionStream| (stream_name(s), of(&s.stream).0, of(&s.stream).1);
            state.streams.iter().map(line).collect::<Vec<_>>()
        });
        let start = Start {
            media_us: position.media_us,
            prebuffer: None,
            shown: position.media_us.max(0) as f64 / 1_000_000.0,
        };
        let speed = self.speed(request, overbuffer);
        self.answer(ctx, movie, asked, &start, speed, &info.unwrap_or_default());
        self.launch(ctx, Vec::new(), position.media_us, asked, speed, overbuffer);
    }

    /// Decides where packets start. A client that has asked for the SDP is a player: it gets the sync sample at or before
    /// the asked time, and the answer says so. One that works without (a cache, a script that compares packets) gets
    /// DSS's exact position. `x-Prebuffer` limits how far back the start may move. A session that goes on does so where
    /// it stood, and at the beginning if that was the end.
    #[allow(clippy::too_many_arguments)] // one call site; what decides about a start is that much
    fn start(
        &self,
        ctx: &RequestContext,
        request: &Request,
        movie: &Movie,
        streams: &[Arc<RtpStream>],
        asked: &Asked,
        stood_us: i64,
        overbuffer: bool,
    ) -> Start {
        let seconds = match asked.target {
            Target::At(seconds) => seconds,
            Target::Here => {
                let stood = stood_us.max(0) as f64 / 1_000_000.0;
                let (media_us, shown) = if stood < movie.duration() { (stood_us, stood) } else { (0, 0.0) };
                return Start { media_us, prebuffer: None, shown };
            }
            Target::Packet { .. } => 0.0,
        };
        let asked_us = (seconds * 1_000_000.0).round() as i64;
        // DSS kept the start in single precision, which decides on which side of it a sample lies.
        let exact_us = (f64::from(seconds as f32) * 1_000_000.0) as i64;
        let exact = Start { media_us: exact_us, prebuffer: None, shown: seconds };
        let Some(sync_us) = earliest_sync(movie, streams, asked_us).filter(|sync| *sync < asked_us) else {
            return exact;
        };
        let back = (asked_us - sync_us) as f64 / 1_000_000.0;
        let sync_seconds = sync_us as f64 / 1_000_000.0;
        match request.header_text(Header::XPrebuffer).and_then(|text| extensions::prebuffer_max_time(&text)) {
            Some(max) if back <= max => {
                let shown = if overbuffer { seconds } else { sync_seconds };
                Start { media_us: sync_us, prebuffer: Some(back), shown }
            }
            Some(_) => exact,
            None if ctx.with_state(|state| state.described).unwrap_or(false) => {
                Start { media_us: sync_us, prebuffer: None, shown: sync_seconds }
            }
            None => exact,
        }
    }

    /// Positions a source per stream and reads each one's first packet for RTP-Info.
    async fn prepare(
        &self,
        ctx: &Arc<RequestContext>,
        movie: &Arc<Movie>,
        streams: &[Arc<RtpStream>],
        asked: &Asked,
        start_us: i64,
    ) -> Result<Prepared, String> {
        let mut work = Vec::new();
        for stream in streams {
            let track_id = stream.config().track_id;
            let fields = ctx.with_state(|state| {
                let known = state.extension::<MetaInfoOf>()?;
                known.0.iter().find(|(id, _)| *id == track_id).map(|(_, fields)| *fields)
            });
            work.push((Arc::clone(stream), fields.flatten()));
        }
        let names = ctx.with_state(|state| state.streams.iter().map(stream_name).collect::<Vec<_>>());
        let (movie, loader, target) = (Arc::clone(movie), Arc::clone(&self.loader), asked.target.clone());
        let positioned = tokio::task::spawn_blocking(move || {
            let mut out = Vec::new();
            for (stream, fields) in work {
                let track_id = stream.config().track_id;
                let track = movie.hint_track(track_id).ok_or("a track is gone")?;
                let first = first_sample(track, start_us);
                let mut source = MoviePacketSource::new(Arc::clone(&loader), Arc::clone(&movie), track_id, first)
                    .ok_or("a track is gone")?;
                if let Some(fields) = fields {
                    source.set_meta_info(fields);
                }
                if let Target::Packet { first, last, track_id: wanted } = target {
                    if wanted.is_none_or(|wanted| wanted == track_id) {
                        source.select_packets(first, last)?;
                    }
                }
                let head = source.peek_blocking(stream.quality(), stream.is_reliable())?;
                out.push((stream, source, head));
            }
            Ok::<_, String>(out)
        });
        let positioned = positioned.await.map_err(|error| error.to_string())??;
        let mut prepared = Prepared { streams: Vec::new(), info: Vec::new() };
        for ((stream, source, head), name) in positioned.into_iter().zip(names.unwrap_or_default()) {
            let time = head.map(|head| head.rtp_time.wrapping_add(stream.timestamp_base()));
            prepared.info.push((name, head.map(|_| stream.next_sequence()), time));
            let source: Box<dyn PacketSource> = Box::new(source);
            prepared.streams.push(PlayStream { stream, source, send_reports: true });
        }
        Ok(prepared)
    }

    /// The Speed to use: only where every packet arrives, within `max_allowed_speed`; nonsense means 1.
    fn speed(&self, request: &Request, reliable: bool) -> f64 {
        let asked = request.header_text(Header::Speed).and_then(|text| extensions::speed(&text)).unwrap_or(1.0);
        if !reliable || asked <= 0.0 { 1.0 } else { asked.min(self.prefs.load().max_allowed_speed) }
    }

    fn answer(
        &self,
        ctx: &RequestContext,
        movie: &Movie,
        asked: &Asked,
        start: &Start,
        speed: f64,
        info: &[(String, Option<u16>, Option<u32>)],
    ) {
        let scale = ctx.header(Header::Scale);
        let compose = |answer: &mut ResponseBuilder| {
            if scale.is_some() {
                answer.header(Header::Scale, "1");
            }
            if speed != 1.0 {
                answer.header(Header::Speed, extensions::speed_answer(speed));
            }
            if let Some(back) = start.prebuffer {
                answer.header(Header::XPrebuffer, extensions::prebuffer_answer(back));
            }
            let stop = asked.stop.unwrap_or_else(|| movie.duration());
            answer.header(Header::Range, npt_answer(start.shown, Some(stop)));
            let entries: Vec<RtpInfo<'_>> = info
                .iter()
                .map(|(stream, seq, rtptime)| RtpInfo {
                    stream,
                    seq: Some(seq.unwrap_or(0)),
                    rtptime: Some(rtptime.unwrap_or(0)),
                })
                .collect();
            answer.header(Header::RtpInfo, rtp_info(&presentation_url(ctx), &entries));
        };
        ctx.respond(compose);
    }

    /// Hands the play to the send workers once the answer is on its way.
    fn launch(
        &self,
        ctx: &Arc<RequestContext>,
        streams: Vec<PlayStream>,
        media_start_us: i64,
        asked: &Asked,
        speed: f64,
        overbuffer: bool,
    ) {
        let Some(session) = ctx.session() else { return };
        let server = Arc::clone(&ctx.server);
        let mut play = PlayRequest::new(session.key(), streams, media_start_us, server.send_prefs());
        play.stop_us = asked.stop.map(|stop| (stop * 1_000_000.0).round() as i64);
        play.speed = speed;
        play.overbuffer = overbuffer;
        let movie = ctx.with_state(|state| state.extension::<FileSession>().map(|of| of.movie.bit_rate()));
        play.bit_rate = movie.flatten().unwrap_or(0);
        if self.prefs.load().player_compatibility
            && is_player(ctx, &server.prefs().player_requires_rtp_start_time_adjust)
        {
            play.start_delay_us = self.prefs.load().rtp_start_time_ms.saturating_mul(1000);
        }
        streams::launch(ctx, &session, play, media_start_us / 1000);
    }
}

/// The pause is added to the RTP timestamps, once, so that the receiver's clock stays linear; agents on the operator's
/// list do without.
fn add_pause(ctx: &RequestContext, streams: &[Arc<RtpStream>]) {
    let stopped = ctx.with_state(|state| state.stopped_at_ms.take()).flatten();
    let Some(stopped) = stopped else { return };
    if is_player(ctx, &ctx.server.prefs().player_requires_no_pause_time_adjustment) {
        return;
    }
    let paused_us = (ctx.server.now_ms() - stopped).max(0) * 1000;
    streams.iter().for_each(|stream| stream.add_pause(paused_us));
}

/// The session's movie and streams; answers what cannot be played.
fn session_media(ctx: &RequestContext, request: &Request) -> Option<(Arc<Movie>, Vec<Arc<RtpStream>>)> {
    let (file, streams) = ctx.with_state(|state| {
        let file = state.extension::<FileSession>().map(|of| (of.path.clone(), Arc::clone(&of.movie)));
        (file, state.streams.iter().map(|s| Arc::clone(&s.stream)).collect::<Vec<_>>())
    })?;
    if streams.is_empty() {
        ctx.respond_error(Status::MethodNotValidInState, "nothing is set up");
        return None;
    }
    let (path, movie) = file?;
    if !request.is_asterisk() && super::local_path(ctx) != path {
        ctx.respond_error(Status::MethodNotValidInState, "the URL is not the session's");
        return None;
    }
    Some((movie, streams))
}

/// Reads Range and x-Packet-Range.
fn asked(request: &Request, duration: f64) -> Result<Asked, Status> {
    if let Some(text) = request.header_text(Header::XPacketRange) {
        if let Some(range) = PacketRange::parse(&text) {
            let track_id = range.url.and_then(|url| crate::rtsp::path::track_id(url.as_bytes()));
            let target = Target::Packet { first: range.start, last: range.stop, track_id };
            return Ok(Asked { target, stop: None });
        }
    }
    let range = request.header_text(Header::Range).and_then(|text| Range::parse(&text).ok());
    match range {
        None => Ok(Asked { target: Target::Here, stop: None }),
        Some(range) if range.is_backwards() => Err(Status::InvalidRange),
        Some(Range::Npt { start, stop }) => {
            let target = match start {
                Some(NptStart::Now) => Target::Here,
                Some(NptStart::At(seconds)) if seconds >= duration => return Err(Status::InvalidRange),
                Some(NptStart::At(seconds)) => Target::At(seconds),
                None => Target::At(0.0),
            };
            Ok(Asked { target, stop })
        }
        Some(_) => Err(Status::InvalidRange),
    }
}

/// The earliest sync sample at or before `time_us` over the video tracks that are set up.
fn earliest_sync(movie: &Movie, streams: &[Arc<RtpStream>], time_us: i64) -> Option<i64> {
    streams
        .iter()
        .filter_map(|stream| movie.hint_track(stream.config().track_id))
        .filter(|track| track.kind() == TrackKind::Video)
        .filter_map(|track| track.sync_sample_at_or_before(time_us))
        .map(|(_, sync_us)| sync_us)
        .min()
}

/// The sample under way at `time_us`: the last that begins at or before it, and none when the track has ended by then.
fn first_sample(track: &HintTrack, time_us: i64) -> u32 {
    if time_us <= 0 {
        return track.sample_at_or_after(0).unwrap_or(1);
    }
    let ended = time_us as f64 / 1_000_000.0 > track.duration();
    let under_way = track.sample_at_or_before(time_us).filter(|_| !ended);
    under_way.unwrap_or_else(|| track.sample_at_or_after(time_us).unwrap_or(track.sample_count() + 1))
}

/// The last part of the stream's SETUP URL: what RTP-Info calls it.
fn stream_name(stream: &crate::server::SessionStream) -> String {
    stream.name.clone()
}
