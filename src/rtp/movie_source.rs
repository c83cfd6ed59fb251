//! The packets of a hint track, from the shared block cache.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::media::{
    HintTrack, MetaInfo, MetaInfoFields, MovieRef, Packet, PacketBlock, PacketFlags, TrackKind, thinning_keeps,
};

use super::loader::{BlockId, BlockLoader, LoadSlot, load};
use super::source::{PacketHead, PacketKind, PacketSource, Peek, ReadContext};
use super::worker::SessionWaker;

/// How often the stream's quality level is looked at, microseconds.
const LEVEL_CHECK_US: i64 = 250_000;

/// A hint track being played.
pub struct MoviePacketSource {
    loader: Arc<BlockLoader>,
    id: BlockId,
    block: Option<Arc<PacketBlock>>,
    index: usize,
    /// Samples before this one are passed over.
    first_sample: u32,
    /// Packets still to be passed over, and to be sent: a range by packet numbers.
    skip: u64,
    left: Option<u64>,
    pending: Option<Arc<LoadSlot>>,
    read_ahead: bool,
    accepted: bool,
    thinner: Option<Thinner>,
    /// RTP minus movie time as far as seen, for sender reports; see [`MoviePacketSource::rtp_time_at`].
    rtp_offset: Option<u32>,
    meta: Option<Box<MetaWrap>>,
}

struct MetaWrap {
    fields: MetaInfoFields,
    /// Number of the current block's first packet in its track.
    first_number: u64,
    payload: Bytes,
}

/// Applies quality levels to video: checked every 250 ms, at the boundary of a sample, and for the better only at a sync
/// sample, so that no frame is torn and none is shown without what it refers to.
#[derive(Debug, Clone, Copy, Default)]
struct Thinner {
    level: u8,
    next_check_us: i64,
    sample: u32,
}

impl Thinner {
    fn keeps(&mut self, wanted: u8, now_us: i64, packet: &Packet) -> bool {
        if packet.sample != self.sample {
            self.sample = packet.sample;
            let sync = packet.flags.contains(PacketFlags::SYNC);
            let worse = wanted > self.level && now_us >= self.next_check_us;
            if worse || (wanted < self.level && sync) {
                self.level = wanted;
                self.next_check_us = now_us + LEVEL_CHECK_US;
            }
        }
        thinning_keeps(self.level, packet)
    }
}

impl MoviePacketSource {
    /// Packets of the hint track `track_id` from hint sample `first_sample` (counted from 1) on; `None` if the movie has
    /// no such track.
    pub fn new(loader: Arc<BlockLoader>, movie: MovieRef, track_id: u32, first_sample: u32) -> Option<Self> {
        let track = movie.hint_tracks().iter().position(|track| track.id() == track_id)?;
        let hint_track = movie.hint_tracks().get(track)?;
        let thinner = (hint_track.kind() == TrackKind::Video).then(Thinner::default);
        let block = hint_track.block_of_sample(first_sample);
        Some(Self {
            loader,
            id: BlockId { movie, track, block },
            block: None,
            index: 0,
            first_sample,
            skip: 0,
            left: None,
            pending: None,
            read_ahead: false,
            accepted: false,
            thinner,
            rtp_offset: None,
            meta: None,
        })
    }

    /// Plays packets by their numbers (`x-Packet-Range`): from `first` to `last`, counted from 0. Blocks: the movie's
    /// hint samples may have to be read to count packets. Errors with a text for the log.
    pub fn select_packets(&mut self, first: u64, last: Option<u64>) -> Result<(), String> {
        let Some(track) = self.track() else { return Ok(()) };
        let movie = &self.id.movie;
        let block = movie.block_of_packet(track, first).map_err(|error| error.to_string())?;
        let block = block.unwrap_or_else(|| track.block_count());
        let before = movie.first_packet_of_block(track, block).map_err(|error| error.to_string());
        self.skip = if block < track.block_count() { first.saturating_sub(before?) } else { 0 };
        self.left = last.map(|last| last.saturating_sub(first).saturating_add(1));
        self.first_sample = 0;
        self.go_to_block(block);
        Ok(())
    }

    /// Wraps payloads for caching proxies (`x-RTP-Meta-Info`). Call before [`MoviePacketSource::peek_blocking`].
    pub fn set_meta_info(&mut self, fields: MetaInfoFields) {
        self.meta = (!fields.is_empty()).then(|| Box::new(MetaWrap { fields, first_number: 0, payload: Bytes::new() }));
    }

    /// The first packet, read from the file if need be: for RTP-Info before the play starts. `quality` is the stream's
    /// level, `reliable` whether its transport is. `None` if there is no packet. Errors with a text for the log.
    pub fn peek_blocking(&mut self, quality: u8, reliable: bool) -> Result<Option<PacketHead>, String> {
        let waker = SessionWaker::detached();
        let context = ReadContext { now_us: 0, quality, skip_repeats: reliable, waker: &waker };
        // A block may hold nothing to be sent at this level; there are only so many blocks.
        for _ in 0..=self.track().map_or(0, HintTrack::block_count) {
            if self.meta.is_some() {
                self.count_packets()?;
            }
            if self.block.is_none() && self.track().is_some_and(|track| self.id.block < track.block_count()) {
                self.pending = None;
                self.block = Some(load(self.loader.cache(), &self.id)?);
                self.enter_block();
            }
            match self.peek(&context) {
                Peek::Packet(head) => return Ok(Some(head)),
                Peek::End => return Ok(None),
                Peek::Failed(reason) => return Err(reason),
                Peek::Pending { .. } => {}
            }
        }
        Ok(None)
    }

    fn track(&self) -> Option<&HintTrack> {
        self.id.movie.hint_tracks().get(self.id.track)
    }

    fn go_to_block(&mut self, block: u32) {
        self.id.block = block;
        self.block = None;
        self.index = 0;
        self.read_ahead = false;
        self.accepted = false;
        self.pending = None;
    }

    /// Has the packets of the track counted, once per movie.
    fn count_packets(&self) -> Result<(), String> {
        let Some(track) = self.track() else { return Ok(()) };
        self.id.movie.first_packet_of_block(track, 0).map(|_| ()).map_err(|error| error.to_string())
    }

    fn enter_block(&mut self) {
        let first_number = match (&self.meta, self.track()) {
            // Counted before the play started: no reading now.
            (Some(_), Some(track)) => self.id.movie.first_packet_of_block(track, self.id.block).unwrap_or(0),
            _ => 0,
        };
        if let Some(meta) = &mut self.meta {
            meta.first_number = first_number;
        }
        let clock_rate = self.track().map_or(0, HintTrack::clock_rate);
        let (Some(block), Some(track)) = (&self.block, self.track()) else { return };
        // The smallest offset is that of a frame shown when it is due; reordered frames have more.
        let offsets = block
            .packets
            .iter()
            .map(|packet| packet.rtp_time.wrapping_sub(media_ticks(track.sample_time(packet.sample), clock_rate)));
        self.rtp_offset = offsets
            .chain(self.rtp_offset)
            .reduce(|least, offset| if (offset.wrapping_sub(least) as i32) < 0 { offset } else { least });
    }

    /// Makes the current block present. `None` if it is.
    fn need_block(&mut self, waker: &SessionWaker) -> Option<Peek> {
        if self.block.is_some() {
            return None;
        }
        let Some(track) = self.track() else { return Some(Peek::End) };
        if self.id.block >= track.block_count() {
            return Some(Peek::End);
        }
        let found = match &self.pending {
            Some(pending) => match pending.take() {
                None => return Some(Peek::Pending { retry_us: None }),
                Some(Err(reason)) => return Some(Peek::Failed(reason)),
                Some(Ok(block)) => Some(block),
            },
            None => self.loader.cache().get(&self.id.movie, track, self.id.block),
        };
        match found {
            Some(block) => {
                self.pending = None;
                self.block = Some(block);
                self.enter_block();
                None
            }
            None => {
                self.pending = Some(self.loader.demand(self.id.clone(), waker));
                Some(Peek::Pending { retry_us: None })
            }
        }
    }

    /// Past half of a block the next one is fetched, unless it is there.
    fn fetch_next(&mut self, packets: usize) {
        if self.read_ahead || self.index * 2 < packets {
            return;
        }
        self.read_ahead = true;
        let next = BlockId { block: self.id.block.saturating_add(1), ..self.id.clone() };
        let Some(track) = self.track().filter(|track| next.block < track.block_count()) else { return };
        if self.loader.cache().get(&next.movie, track, next.block).is_none() {
            self.loader.read_ahead(next);
        }
    }

    /// Whether the packet is to be sent; counts it out of a packet range.
    fn accepts(&mut self, packet: &Packet, context: &ReadContext<'_>) -> bool {
        if packet.sample < self.first_sample {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        let repeat = packet.flags.contains(PacketFlags::REPEAT);
        let kept = self.thinner.as_mut().is_none_or(|thinner| thinner.keeps(context.quality, context.now_us, packet));
        kept && !(repeat && context.skip_repeats)
    }

    /// The next packet of the current block that is to be sent.
    fn find(&mut self, block: &PacketBlock, context: &ReadContext<'_>) -> Option<PacketHead> {
        while let Some(packet) = block.packets.get(self.index) {
            if self.accepted {
                return Some(head_of(packet));
            }
            if self.accepts(packet, context) {
                self.accepted = true;
                self.wrap(block, packet);
                self.fetch_next(block.packets.len());
                return Some(head_of(packet));
            }
            self.index += 1;
        }
        None
    }

    fn wrap(&mut self, block: &PacketBlock, packet: &Packet) {
        let index = self.index as u64;
        let Some(meta) = &mut self.meta else { return };
        let info = MetaInfo::of(packet, meta.first_number + index);
        let media = span(packet).and_then(|range| block.data.get(range)).unwrap_or_default();
        let mut out = Vec::with_capacity(media.len() + 64);
        meta.fields.wrap(&info, media, &mut out);
        meta.payload = out.into();
    }
}

impl PacketSource for MoviePacketSource {
    fn peek(&mut self, context: &ReadContext<'_>) -> Peek {
        loop {
            if self.left == Some(0) {
                return Peek::End;
            }
            if let Some(state) = self.need_block(context.waker) {
                return state;
            }
            let Some(block) = self.block.take() else { return Peek::End };
            if let Some(head) = self.find(&block, context) {
                self.block = Some(block);
                return Peek::Packet(head);
            }
            if let Some(failure) = &block.failure {
                let reason = failure.to_string();
                self.block = Some(block);
                return Peek::Failed(reason);
            }
            self.go_to_block(self.id.block.saturating_add(1));
        }
    }

    fn payload(&self) -> Option<(&Bytes, Range<usize>)> {
        if let Some(meta) = &self.meta {
            return Some((&meta.payload, 0..meta.payload.len()));
        }
        let block = self.block.as_ref()?;
        let packet = block.packets.get(self.index)?;
        Some((&block.data, span(packet)?))
    }

    fn advance(&mut self) {
        self.index += 1;
        self.accepted = false;
        self.left = self.left.map(|left| left.saturating_sub(1));
    }

    fn rtp_time_at(&self, media_us: i64) -> Option<u32> {
        Some(media_ticks(media_us, self.track()?.clock_rate()).wrapping_add(self.rtp_offset?))
    }
}

fn head_of(packet: &Packet) -> PacketHead {
    PacketHead {
        kind: PacketKind::Payload,
        time_us: packet.time_us,
        rtp_time: packet.rtp_time,
        marker: packet.marker,
        payload_type: packet.payload_type,
        rtp_bits: packet.rtp_bits,
        source_sequence: packet.hint_seq,
        sample: packet.sample,
        sync: packet.flags.contains(PacketFlags::SYNC),
        repeat: packet.flags.contains(PacketFlags::REPEAT),
    }
}

fn span(packet: &Packet) -> Option<Range<usize>> {
    (packet.range.start <= packet.range.end).then_some(packet.range.start as usize..packet.range.end as usize)
}

fn media_ticks(media_us: i64, clock_rate: u32) -> u32 {
    (i128::from(media_us) * i128::from(clock_rate)).div_euclid(1_000_000) as u32
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::media::PacketCache;
    use crate::media::test_movie::{HintPacket, SampleMovie, SampleTrack};
    use crate::rtp::test_bench::{Bench, SECOND};
    use crate::rtp::{PlayRequest, PlayStream, SendPrefs};

    const FRAMES: u32 = 400;
    const GOP: u32 = 20;

    /// 25 frames/s of 3 packets with 500 bytes each, a key frame each 20 frames; about 19 blocks. Timestamps are 40 ms
    /// behind the decoding order, and 80 ms more for each second frame.
    fn movie() -> MovieRef {
        let frames: Vec<Vec<u8>> = (0..FRAMES).map(|n| vec![n as u8; 1500]).collect();
        let packets = |n: u32| {
            (0..3u32).map(move |part| {
                let packet = HintPacket::new(96).sequence((n * 3 + part) as u16).sample(0, n + 1, part * 500, 500);
                let packet = packet.rtpo(if n % 2 == 1 { 7200 } else { 0 });
                if part == 2 { packet.marker() } else { packet }
            })
        };
        let hints: Vec<Vec<HintPacket>> = (0..FRAMES).map(|n| packets(n).collect()).collect();
        let keys: Vec<u32> = (0..FRAMES).step_by(GOP as usize).map(|n| n + 1).collect();
        let mut video = SampleTrack::media(1, b"vide", 600, 24, frames);
        video.sync = Some(keys.clone());
        let mut hint = SampleTrack::hint(2, &[1], 90_000, 3600, &hints);
        hint.sync = Some(keys);
        hint.sdp = "m=video 0 RTP/AVP 96\r\na=control:trackID=2\r\n".into();
        SampleMovie { tracks: vec![video, hint], duration: FRAMES * 24, ..SampleMovie::default() }
            .open()
            .expect("a movie")
    }

    fn loader() -> Arc<BlockLoader> {
        BlockLoader::start(Arc::new(PacketCache::new(8 << 20)), 2).expect("threads")
    }

    fn source(first_sample: u32) -> MoviePacketSource {
        MoviePacketSource::new(loader(), movie(), 2, first_sample).expect("the track")
    }

    /// Peeks until the loader has done its work.
    fn next(source: &mut MoviePacketSource, quality: u8, now_us: i64) -> Option<PacketHead> {
        let waker = SessionWaker::detached();
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let context = ReadContext { now_us, quality, skip_repeats: false, waker: &waker };
            match source.peek(&context) {
                Peek::Packet(head) => return Some(head),
                Peek::End => return None,
                Peek::Failed(reason) => panic!("{reason}"),
                Peek::Pending { .. } => std::thread::yield_now(),
            }
            assert!(Instant::now() < deadline, "the loader does not answer");
        }
    }

    /// Plays to the end at the pace of the movie; `quality` gives the level at each time.
    fn play(source: &mut MoviePacketSource, quality: impl Fn(i64) -> u8) -> Vec<PacketHead> {
        let (mut heads, mut now_us) = (Vec::new(), 0);
        while let Some(head) = next(source, quality(now_us), now_us) {
            now_us = now_us.max(head.time_us);
            heads.push(head);
            source.advance();
        }
        heads
    }

    fn frames(heads: &[PacketHead]) -> Vec<u32> {
        assert_eq!(heads.len() % 3, 0, "frames are whole");
        for frame in heads.chunks(3) {
            assert!(frame.iter().all(|head| head.sample == frame[0].sample), "frame {} is torn", frame[0].sample);
            assert!(frame[2].marker);
        }
        heads.chunks(3).map(|frame| frame[0].sample - 1).collect()
    }

    #[test]
    fn all_packets_come_in_order_across_blocks() {
        let mut source = source(1);
        let heads = play(&mut source, |_| 0);
        assert_eq!(frames(&heads), (0..FRAMES).collect::<Vec<_>>());
        assert!(source.id.block > 10);
        assert_eq!(heads[3].time_us, 40_000);
    }

    #[test]
    fn a_peeked_packet_stays_and_has_its_bytes() {
        let mut source = source(1);
        let first = next(&mut source, 0, 0);
        assert_eq!(next(&mut source, 6, 9 * SECOND), first);
        source.advance();
        let (block, range) = source.payload().expect("payload");
        assert_eq!(block.get(range).map(<[u8]>::len), Some(500));
    }

    #[test]
    fn a_seek_starts_with_the_wanted_sample() {
        let mut source = source(201);
        let head = source.peek_blocking(0, false).expect("read").expect("a packet");
        assert_eq!((head.sample, head.time_us, head.sync), (201, 8 * SECOND, true));
        assert_eq!(next(&mut source, 0, 0), Some(head));
    }

    #[test]
    fn a_cached_movie_is_played_without_waiting() {
        let (loader, movie) = (loader(), movie());
        let play_through = |wait: bool| {
            let mut source = MoviePacketSource::new(Arc::clone(&loader), Arc::clone(&movie), 2, 1).expect("track");
            let waker = SessionWaker::detached();
            let context = ReadContext { now_us: 0, quality: 0, skip_repeats: false, waker: &waker };
            let mut count = 0;
            loop {
                match source.peek(&context) {
                    Peek::Packet(_) => count += 1,
                    Peek::Pending { .. } if wait => continue,
                    state => return (count, state),
                }
                source.advance();
            }
        };
        assert_eq!(play_through(true), (3 * FRAMES, Peek::End));
        assert_eq!(play_through(false), (3 * FRAMES, Peek::End));
    }

    #[test]
    fn level_six_keeps_two_whole_frames_per_group() {
        let heads = play(&mut source(1), |_| 6);
        let expected: Vec<_> = (0..FRAMES).filter(|n| n % GOP < 2).collect();
        assert_eq!(frames(&heads), expected);
    }

    #[test]
    fn better_quality_waits_for_a_sync_sample() {
        let heads = play(&mut source(1), |now_us| if now_us < SECOND { 5 } else { 0 });
        let shown = frames(&heads);
        // Frame 40 was chosen when 20 was sent, before the change.
        assert_eq!(shown.get(..5), Some(&[0, 20, 40, 60, 61][..]), "{shown:?}");
    }

    #[test]
    fn worse_quality_is_looked_at_every_250_ms_and_never_inside_a_frame() {
        let level = |now_us: i64| (now_us / 10_000).min(5) as u8;
        let shown = frames(&play(&mut source(1), level));
        // Level 4 is seen at 40 ms, and 5 not before 290 ms.
        assert_eq!(shown.get(..7), Some(&[0, 1, 2, 3, 4, 20, 40][..]), "{shown:?}");
    }

    #[test]
    fn thinned_streams_have_no_sequence_gap_on_the_wire() {
        let mut bench = Bench::new();
        let stream = bench.udp_stream(5000, true);
        stream.set_quality(6);
        let mut movie_source = source(1);
        movie_source.peek_blocking(6, false).expect("read");
        // All blocks are in the cache before the clock jumps.
        for block in 0..movie_source.track().map_or(0, HintTrack::block_count) {
            load(movie_source.loader.cache(), &BlockId { block, ..movie_source.id.clone() }).expect("loaded");
        }
        let streams = vec![PlayStream { stream, source: Box::new(movie_source), send_reports: true }];
        bench.play(PlayRequest::new(1, streams, 0, Arc::new(SendPrefs::default())));
        bench.run_for(20 * SECOND);
        let packets = bench.rtp(5000);
        assert_eq!(packets.len() as u32, FRAMES / GOP * 2 * 3);
        let gap =
            |pair: &[crate::rtp::test_bench::Sent]| pair[1].header().sequence.wrapping_sub(pair[0].header().sequence);
        assert!(packets.windows(2).all(|pair| gap(pair) == 1));
    }

    #[test]
    fn report_times_leave_out_the_reordering_of_frames() {
        let mut source = source(2); // starts with a frame shown 80 ms later than it is due
        assert_eq!(source.rtp_time_at(0), None);
        source.peek_blocking(0, false).expect("read");
        assert_eq!(source.rtp_time_at(10 * SECOND), Some(900_000));
        assert_eq!(source.rtp_time_at(-SECOND), Some(90_000u32.wrapping_neg()));
    }

    #[test]
    fn a_range_of_packet_numbers_is_played_exactly() {
        let mut source = source(1);
        source.select_packets(100, Some(109)).expect("counted");
        let heads = play(&mut source, |_| 0);
        let numbers: Vec<_> = heads.iter().map(|head| u32::from(head.source_sequence)).collect();
        assert_eq!(numbers, (100..110).collect::<Vec<_>>());
        source.select_packets(1_000_000, None).expect("counted");
        assert_eq!(next(&mut source, 0, 0), None);
    }

    #[test]
    fn meta_info_stands_before_the_media() {
        let mut source = source(1);
        source.set_meta_info(MetaInfoFields::parse("pn;sq;md"));
        source.peek_blocking(0, true).expect("read");
        source.advance();
        next(&mut source, 0, 0);
        let (payload, range) = source.payload().expect("payload");
        let payload = payload.get(range).expect("range");
        let head = b"pn\0\x08\0\0\0\0\0\0\0\x01sq\0\x02\0\x01md\x01\xf4";
        assert_eq!(payload.get(..head.len()), Some(&head[..]));
        assert_eq!(payload.len(), head.len() + 500);
    }

    #[test]
    fn a_bad_hint_sample_fails_the_source_after_the_good_ones() {
        let mut hints: Vec<Vec<HintPacket>> =
            (0..12u32).map(|n| vec![HintPacket::new(96).sample(0, n + 1, 0, 20)]).collect();
        hints[5] = vec![HintPacket::new(96).sample(0, 6, 0, 60_000)];
        let movie = SampleMovie::with_hints(&hints).open().expect("a movie");
        let mut source = MoviePacketSource::new(loader(), movie, 2, 1).expect("track");
        for _ in 0..5 {
            assert!(source.peek_blocking(0, false).expect("good").is_some());
            source.advance();
        }
        let reason = source.peek_blocking(0, false).expect_err("bad");
        assert!(reason.contains("sample 6"), "{reason}");
    }

    #[test]
    fn an_unknown_track_and_a_start_beyond_the_end_are_no_packets() {
        assert!(MoviePacketSource::new(loader(), movie(), 9, 1).is_none());
        assert_eq!(source(FRAMES + 1).peek_blocking(0, false), Ok(None));
    }
}
