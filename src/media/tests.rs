//! Whole movies, from bytes to packets and SDP.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use proptest::prelude::*;

use super::test_movie::{HintPacket, SampleMovie, SampleTrack, alias_record, atom, full, rtp_description};
use super::*;

fn open(movie: &SampleMovie) -> Arc<Movie> {
    movie.open().unwrap()
}

/// All packets of a track with their payloads.
fn packets(movie: &Movie, track: u32) -> Vec<(Packet, Vec<u8>)> {
    let track = movie.hint_track(track).unwrap();
    let mut out = Vec::new();
    for block in 0..track.block_count() {
        let block = movie.build_block(track, block).unwrap();
        assert!(block.failure.is_none(), "{:?}", block.failure);
        out.extend(block.packets.iter().map(|p| (p.clone(), block.payload(p).to_vec())));
    }
    out
}

fn payloads(movie: &Movie) -> Vec<Vec<u8>> {
    packets(movie, 2).into_iter().map(|(_, data)| data).collect()
}

/// The error of the first block of a movie with this single hint sample.
fn failure(packet: HintPacket) -> MovieError {
    let movie = open(&SampleMovie::with_hints(&[vec![packet]]));
    movie.build_block(movie.hint_track(2).unwrap(), 0).unwrap_err()
}

mod files {
    use super::*;

    fn plays(movie: &SampleMovie) {
        let movie = open(movie);
        let all = payloads(&movie);
        assert_eq!(all.len(), 12);
        for (n, data) in all.iter().enumerate() {
            assert_eq!(data[..2], [n as u8, 0xff]);
            assert_eq!(data[2..], vec![n as u8; 20 + n]);
        }
    }

    #[test]
    fn moov_may_come_first_or_last() {
        plays(&SampleMovie::video());
        plays(&SampleMovie { moov_last: true, ..SampleMovie::video() });
    }

    #[test]
    fn a_last_atom_of_size_0_ends_with_the_file() {
        plays(&SampleMovie { open_end: true, ..SampleMovie::video() });
        plays(&SampleMovie { open_end: true, moov_last: true, ..SampleMovie::video() });
    }

    #[test]
    fn atoms_may_have_64_bit_sizes() {
        plays(&SampleMovie { long_sizes: true, ..SampleMovie::video() });
    }

    /// A movie whose data lies 5 GB behind the place the tables would have it at.
    struct Far {
        bytes: Vec<u8>,
        data_at: u64,
        gap: u64,
    }

    impl ReadAt for Far {
        fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
            let offset = match offset {
                o if o < self.data_at => o,
                o if o < self.data_at + self.gap => return Err(io::Error::other("read inside the gap")),
                o => o - self.gap,
            };
            self.bytes.read_at(buf, offset)
        }

        fn len(&self) -> u64 {
            self.bytes.len() as u64 + self.gap
        }
    }

    #[test]
    fn a_file_of_five_gigabytes_streams() {
        let gap = 5_000_000_000;
        let mut movie = SampleMovie { open_end: true, ..SampleMovie::video() };
        movie.tracks.iter_mut().for_each(|t| t.co64 = Some(gap));
        let bytes = movie.bytes();
        let data_at = bytes.windows(4).position(|w| w == b"mdat").unwrap() as u64 + 4;
        let far = Arc::new(Far { bytes, data_at, gap });
        let movie = Movie::from_source(far, SystemTime::UNIX_EPOCH, &OpenOptions::default()).unwrap();
        assert_eq!(payloads(&movie)[3][2..], [3; 23]);
        assert!(movie.file_len() > gap);
    }

    #[test]
    fn what_cannot_be_streamed_says_so() {
        let from = |bytes: &[u8]| {
            let source = Arc::new(bytes.to_vec());
            Movie::from_source(source, SystemTime::UNIX_EPOCH, &OpenOptions::default()).unwrap_err()
        };
        assert!(from(b"").is_unsupported());
        assert!(from(b"this is only some text that is longer than a few atoms").is_unsupported());
        assert!(from(&atom(b"moov", &atom(b"cmov", &[0; 40]))).is_unsupported());
        let mut unhinted = SampleMovie::video();
        unhinted.tracks.pop();
        assert!(from(&unhinted.bytes()).is_unsupported());
        // Cut inside moov.
        let bytes = SampleMovie::video().bytes();
        assert!(from(&bytes[..200]).is_unsupported());
    }

    #[test]
    fn a_missing_file_is_not_a_bad_one() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| Movie::open(&dir.path().join(name), &OpenOptions::default()).unwrap_err();
        assert!(at("none.mov").is_not_found());
        std::fs::write(dir.path().join("a.mov"), SampleMovie::video().bytes()).unwrap();
        assert!(at("a.mov/trackID=2").is_not_found());
        assert!(at(".").is_unsupported());
    }

    #[test]
    fn a_file_cut_short_under_a_session_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.mov");
        std::fs::write(&path, SampleMovie::video().bytes()).unwrap();
        let movie = Movie::open(&path, &OpenOptions::default()).unwrap();
        std::fs::File::options().write(true).open(&path).unwrap().set_len(500).unwrap();
        let error = movie.build_block(movie.hint_track(2).unwrap(), 0).unwrap_err();
        assert!(matches!(error, MovieError::Io { .. }), "{error}");
    }

    #[test]
    fn the_second_track_of_an_id_is_ignored() {
        let mut movie = SampleMovie::video();
        let mut twin = movie.tracks[1].clone();
        twin.timescale = 1;
        movie.tracks.push(twin);
        let movie = open(&movie);
        assert_eq!(movie.hint_tracks().len(), 1);
        assert_eq!(movie.hint_track(2).unwrap().timescale(), 90_000);
    }

    #[test]
    fn data_may_lie_in_a_file_beside_the_movie() {
        let dir = tempfile::tempdir().unwrap();
        let mut movie = SampleMovie::video();
        let alias = [&[0; 4][..], &alias_record(1, 2, "Disk:parts:essence.mov")].concat();
        // The one description uses the second reference: the index of the description is not the one that counts.
        movie.tracks[0].drefs = vec![atom(b"url ", &[0, 0, 0, 1]), atom(b"alis", &alias)];
        movie.tracks[0].descriptions = vec![atom(b"mp4v", &[0, 0, 0, 0, 0, 0, 0, 2])];
        let mut essence = movie.bytes();
        let data_at = essence.windows(4).position(|w| w == b"mdat").unwrap();
        let path = dir.path().join("a.mov");
        std::fs::write(&path, &essence).unwrap();
        let opened = Movie::open(&path, &OpenOptions::default()).unwrap();
        let error = opened.build_block(opened.hint_track(2).unwrap(), 0).unwrap_err();
        assert!(matches!(error, MovieError::Io { .. }), "{error}");
        essence[data_at..].iter_mut().for_each(|b| *b ^= 0x80);
        std::fs::create_dir(dir.path().join("parts")).unwrap();
        std::fs::write(dir.path().join("parts/essence.mov"), &essence).unwrap();
        let opened = Movie::open(&path, &OpenOptions::default()).unwrap();
        assert_eq!(payloads(&opened)[3][2..], [0x83; 23]);
    }
}

mod tracks {
    use super::*;

    #[test]
    fn a_track_tells_what_it_carries() {
        let movie = open(&SampleMovie::video());
        let track = movie.hint_track(2).unwrap();
        assert_eq!(
            (track.kind(), track.payload_type(), track.payload_name()),
            (TrackKind::Video, Some(96), "MP4V-ES/90000")
        );
        assert_eq!((track.timescale(), track.clock_rate(), track.sample_count()), (90_000, 90_000, 12));
        assert_eq!((track.bit_rate(), movie.bit_rate(), track.duration()), (100_000, 100_000, 1.0));
        assert_eq!(movie.duration(), 1.0);
        assert!(movie.hint_track(1).is_none());
    }

    #[test]
    fn without_hinf_the_bit_rate_is_that_of_the_media() {
        let mut movie = SampleMovie::video();
        movie.hint().total_bytes = None;
        let bytes: u32 = (0..12).map(|n| 20 + n).sum();
        assert_eq!(open(&movie).bit_rate(), bytes * 8);
    }

    #[test]
    fn packets_carry_what_the_hints_prescribe() {
        let movie = open(&SampleMovie::video());
        let all = packets(&movie, 2);
        let seventh = &all[6].0;
        assert_eq!((seventh.time_us, seventh.rtp_time), (500_000, 45_000));
        assert_eq!((seventh.marker, seventh.payload_type, seventh.hint_seq, seventh.sample), (true, 96, 7, 7));
        assert_eq!((seventh.gop_index, seventh.gop_len), (2, 4));
        assert!(seventh.flags.contains(PacketFlags::B_FRAME) && !seventh.flags.contains(PacketFlags::SYNC));
        let syncs: Vec<_> =
            all.iter().filter(|(p, _)| p.flags.contains(PacketFlags::SYNC)).map(|(p, _)| p.sample).collect();
        assert_eq!(syncs, [1, 5, 9]);
        assert!(all.windows(2).all(|w| w[0].0.position < w[1].0.position));
    }

    #[test]
    fn samples_are_found_by_time() {
        let movie = open(&SampleMovie::video());
        let track = movie.hint_track(2).unwrap();
        for n in 1..=12 {
            let start = track.sample_time(n);
            assert_eq!(track.sample_at_or_after(start), Some(n));
            assert_eq!(track.sample_at_or_before(start), Some(n));
        }
        assert_eq!(track.sample_at_or_after(83_334), Some(3));
        assert_eq!(track.sample_at_or_before(83_332), Some(1));
        assert_eq!(track.sample_at_or_after(-5), Some(1));
        assert_eq!(track.sample_at_or_before(-1), None);
        assert_eq!(track.sample_at_or_after(1_000_000), None);
        assert_eq!(track.sync_sample_at_or_before(600_000), Some((5, 333_333)));
        assert_eq!(track.sync_sample_at_or_after(600_000), Some((9, 666_666)));
        assert_eq!(track.sync_sample_at_or_after(700_000), None);
        for extreme in [i64::MIN, i64::MAX] {
            let _ = (track.sample_at_or_after(extreme), track.sync_sample_at_or_before(extreme));
        }
    }

    #[test]
    fn an_implausible_hint_stss_gives_way_to_the_medias() {
        for own in [Some(vec![1]), None] {
            let mut movie = SampleMovie::video();
            movie.hint().sync = own;
            let movie = open(&movie);
            let track = movie.hint_track(2).unwrap();
            assert_eq!(track.sync_sample_at_or_before(600_000), Some((5, 333_333)));
            let all = packets(&movie, 2);
            assert_eq!(all.iter().filter(|(p, _)| thinning_keeps(5, p)).count(), 3);
            assert_eq!(all.iter().filter(|(p, _)| thinning_keeps(6, p)).count(), 6);
        }
    }

    #[test]
    fn key_frames_outside_the_hint_track_are_left_out() {
        // The first packet takes data from the second frame, so key frame 1 has no hint sample.
        let hints: Vec<_> = (0..11).map(|n| vec![HintPacket::new(96).sample(0, n + 2, 0, 4)]).collect();
        let mut movie = SampleMovie::with_hints(&hints);
        movie.hint().sync = Some(vec![1]);
        movie.tracks[0].sync = Some(vec![1, 5, 9, u32::MAX]);
        let movie = open(&movie);
        let syncs = packets(&movie, 2).into_iter().filter(|(p, _)| p.flags.contains(PacketFlags::SYNC));
        assert_eq!(syncs.map(|(p, _)| p.sample).collect::<Vec<_>>(), [4, 8]);
    }

    #[test]
    fn key_frames_are_matched_by_time_when_samples_are_not_one_to_one() {
        // Two frames in each hint sample: key frames 1, 5, 9 are in hint samples 1, 3, 5.
        let hints: Vec<_> = (0..6).map(|n| vec![HintPacket::new(96).sample(0, n * 2 + 1, 0, 4)]).collect();
        let mut movie = SampleMovie::with_hints(&hints);
        movie.hint().delta = 15_000;
        movie.hint().sync = Some(vec![1]);
        let movie = open(&movie);
        let syncs = packets(&movie, 2).into_iter().filter(|(p, _)| p.flags.contains(PacketFlags::SYNC));
        assert_eq!(syncs.map(|(p, _)| p.sample).collect::<Vec<_>>(), [1, 3, 5]);
    }

    #[test]
    fn a_start_trim_and_an_empty_edit_keep_tracks_in_sync() {
        let mut movie = SampleMovie::video();
        movie.hint().elst = Some(vec![2, 300, u32::MAX, 0x1_0000, 600, 7500, 0x1_0000]);
        let movie = open(&movie);
        let all = packets(&movie, 2);
        // The second sample is the first one shown, half a second into the movie.
        assert_eq!((all[1].0.time_us, all[1].0.rtp_time), (500_000, 45_000));
        assert_eq!((all[0].0.time_us, all[0].0.rtp_time), (416_666, 37_500));
        let track = movie.hint_track(2).unwrap();
        assert_eq!(track.sample_at_or_after(500_000), Some(2));
        assert_eq!(track.sample_at_or_after(0), Some(1));
    }

    #[test]
    fn a_trimmed_sample_is_due_before_the_beginning() {
        let mut movie = SampleMovie::video();
        movie.hint().elst = Some(vec![1, 600, 7500, 0x1_0000]);
        let movie = open(&movie);
        let first = &packets(&movie, 2)[0].0;
        assert_eq!((first.time_us, first.rtp_time), (-83_334, 0u32.wrapping_sub(7500)));
        assert_eq!(movie.hint_track(2).unwrap().sample_at_or_after(0), Some(2));
    }

    #[test]
    fn without_its_own_edit_list_a_hint_track_follows_its_media() {
        let mut movie = SampleMovie::video();
        movie.tracks[0].elst = Some(vec![1, 300, u32::MAX, 0x1_0000]);
        assert_eq!(packets(&open(&movie), 2)[0].0.time_us, 500_000);
        movie.hint().elst = Some(vec![1, 600, 0, 0x1_0000]);
        assert_eq!(packets(&open(&movie), 2)[0].0.time_us, 0);
    }

    #[test]
    fn without_tims_the_clock_is_the_media_timescale() {
        let mut movie = SampleMovie::video();
        movie.hint().descriptions = vec![rtp_description(&[])];
        let movie = open(&movie);
        assert_eq!(movie.hint_track(2).unwrap().clock_rate(), 90_000);
        assert_eq!(packets(&movie, 2)[1].0.rtp_time, 7500);
    }

    #[test]
    fn tims_tsro_and_snro_are_used() {
        let tables = [
            atom(b"tims", &8000u32.to_be_bytes()),
            atom(b"tsro", &1000i32.to_be_bytes()),
            atom(b"snro", &(-3i32).to_be_bytes()),
        ];
        let mut movie = SampleMovie::video();
        movie.hint().descriptions = vec![rtp_description(&tables.concat())];
        let movie = open(&movie);
        assert_eq!(movie.hint_track(2).unwrap().sequence_offset(), -3);
        assert_eq!(packets(&movie, 2)[3].0.rtp_time, 1000 + 2000);
    }

    #[test]
    fn relative_times_count_from_the_tracks_first_packet() {
        let p = |relative| HintPacket::new(97).relative(relative).immediate(b"x");
        let movie = open(&SampleMovie::with_hints(&[vec![p(0), p(900)], vec![p(-900)]]));
        let times: Vec<_> = packets(&movie, 2).iter().map(|(p, _)| p.time_us).collect();
        assert_eq!(times, [0, 10_000, 73_333]);
        // A track that begins early is paced from its own beginning, wherever the first viewer starts.
        let movie = open(&SampleMovie::with_hints(&[vec![p(-1800), p(900)], vec![p(-900)]]));
        let times: Vec<_> = packets(&movie, 2).iter().map(|(p, _)| p.time_us).collect();
        assert_eq!(times, [0, 30_000, 93_333]);
    }

    #[test]
    fn a_dangling_reference_is_refused_unless_allowed() {
        let mut movie = SampleMovie::video();
        movie.hint().hint_refs = Some(vec![1, 99]);
        assert!(matches!(movie.open(), Err(MovieError::MissingTrack { track: 2, wanted: 99 })));
        let lenient = OpenOptions { allow_invalid_hint_track_refs: true };
        assert_eq!(payloads(&movie.open_with(&lenient).unwrap()).len(), 12);
        movie.hint().hint_refs = Some(vec![99]);
        let opened = movie.open_with(&lenient).unwrap();
        let error = opened.build_block(opened.hint_track(2).unwrap(), 0).unwrap_err();
        assert!(matches!(error, MovieError::BadHint { sample: 1, .. }), "{error}");
    }

    #[test]
    fn packets_are_numbered_through_the_track() {
        let p = || HintPacket::new(96).immediate(&[0; 14]);
        let hints: Vec<_> = (0..3000).map(|n| (0..n % 3).map(|_| p()).collect()).collect();
        let mut movie = SampleMovie::with_hints(&hints);
        movie.hint().total_bytes = Some(3000 * 30);
        let movie = open(&movie);
        let track = movie.hint_track(2).unwrap();
        assert_eq!(track.block_count(), 3);
        let mut number = 0;
        for block in 0..3 {
            assert_eq!(movie.first_packet_of_block(track, block).unwrap(), number);
            assert_eq!(movie.block_of_packet(track, number).unwrap(), Some(block));
            number += movie.build_block(track, block).unwrap().packets.len() as u64;
        }
        assert_eq!(movie.block_of_packet(track, number - 1).unwrap(), Some(2));
        assert_eq!(movie.block_of_packet(track, number).unwrap(), None);
    }

    #[test]
    fn blocks_cut_a_track_into_runs_of_samples() {
        let mut movie = SampleMovie::video();
        movie.hint().total_bytes = Some(12 * 7000);
        let movie = open(&movie);
        let track = movie.hint_track(2).unwrap();
        assert_eq!(track.block_count(), 3);
        let firsts: Vec<_> = (0..3).map(|b| movie.build_block(track, b).unwrap().packets[0].sample).collect();
        assert_eq!(firsts, [1, 5, 9]);
        assert_eq!(
            (1..=12).map(|n| track.block_of_sample(n)).collect::<Vec<_>>(),
            [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]
        );
        assert!(matches!(movie.build_block(track, 3), Err(MovieError::OutOfRange { number: 3, .. })));
        assert!(movie.build_block(track, u32::MAX).is_err());
    }
}

mod constructors {
    use super::*;

    #[test]
    fn every_constructor_makes_its_bytes() {
        let packet = HintPacket::new(96).raw([0; 16]).immediate(b"ab").sample(0, 3, 20, 2).sample(-1, 1, 0, 2);
        let movie = open(&SampleMovie::with_hints(&[vec![packet.description(0, 1, 4, 4)]]));
        assert_eq!(payloads(&movie), [b"ab\x02\x02\0\x01mp4v"]);
    }

    #[test]
    fn own_data_lies_behind_the_packet_entries() {
        let packet = HintPacket::new(96).sample(-1, 1, 32, 3);
        let mut movie = SampleMovie::with_hints(&[vec![packet]]);
        movie.hint().samples[0].extend(b"own");
        assert_eq!(payloads(&open(&movie)), [b"own"]);
    }

    #[test]
    fn rtpo_and_header_bits_are_taken_over() {
        let mut packet = HintPacket::new(96).rtpo(-3000).immediate(b"x").flags(3);
        packet.header[0] = 0xff;
        let movie = open(&SampleMovie::with_hints(&[vec![packet]]));
        let first = &packets(&movie, 2)[0].0;
        assert_eq!((first.rtp_time, first.rtp_bits), (0u32.wrapping_sub(3000), 0x30));
        assert!(first.flags.contains(PacketFlags::REPEAT | PacketFlags::B_FRAME));
    }

    /// A sound track of two chunks, 4 blocks of 10 bytes for 100 samples each, then 2 blocks.
    fn compressed(packet: HintPacket) -> SampleMovie {
        let chunks: Vec<Vec<u8>> = vec![(0..40).collect(), (40..60).collect()];
        let mut sound = SampleTrack::media(1, b"soun", 8000, 1, chunks);
        sound.fixed = Some((600, 1, vec![400, 200]));
        let hint = SampleTrack::hint(2, &[1], 8000, 100, &[vec![packet]]);
        SampleMovie { tracks: vec![sound, hint], duration: 45, ..SampleMovie::default() }
    }

    #[test]
    fn compressed_audio_is_counted_by_blocks_and_runs_across_chunks() {
        let block = (10, 100);
        let one = |packet| payloads(&open(&compressed(packet))).remove(0);
        assert_eq!(one(HintPacket::new(97).audio(0, 1, 5, 3, block)), [5, 6, 7]);
        assert_eq!(one(HintPacket::new(97).audio(0, 201, 1, 3, block)), [21, 22, 23]);
        assert_eq!(one(HintPacket::new(97).audio(0, 301, 8, 4, block)), [38, 39, 40, 41]);
        assert_eq!(one(HintPacket::new(97).audio(0, 1, 45, 2, block)), [45, 46]);
        assert_eq!(one(HintPacket::new(97).audio(0, 501, 0, 10, block)), (50..60).collect::<Vec<u8>>());
    }

    #[test]
    fn samples_of_one_byte_are_read_in_runs() {
        let one = |packet| payloads(&open(&compressed(packet))).remove(0);
        assert_eq!(one(HintPacket::new(97).audio(0, 11, 0, 4, (1, 1))), [10, 11, 12, 13]);
    }

    #[test]
    fn a_run_beyond_the_track_is_an_error() {
        for packet in
            [HintPacket::new(97).audio(0, 501, 5, 6, (10, 100)), HintPacket::new(97).audio(0, 1, 9999, 1, (10, 100))]
        {
            let movie = open(&compressed(packet));
            let error = movie.build_block(movie.hint_track(2).unwrap(), 0).unwrap_err();
            assert!(matches!(error, MovieError::BadHint { .. }), "{error}");
        }
    }

    #[test]
    fn malformed_hints_are_errors() {
        let bad = [
            HintPacket::new(96).sample(1, 1, 0, 1),
            HintPacket::new(96).sample(100, 1, 0, 1),
            HintPacket::new(96).sample(-2, 1, 0, 1),
            HintPacket::new(96).sample(0, 1, 0, 21),
            HintPacket::new(96).sample(0, 1, u32::MAX, 1),
            HintPacket::new(96).description(0, 1, 0, 999),
            HintPacket::new(96).description(0, 1, u32::MAX, 1),
            HintPacket::new(96).raw([9; 16]),
            HintPacket::new(96).raw([1; 16]).raw([1, 15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            HintPacket::new(96).extra(&[0; 8]),
        ];
        for (i, packet) in bad.into_iter().enumerate() {
            let error = failure(packet);
            assert!(matches!(error, MovieError::BadHint { track: 2, sample: 1, .. }), "{i}: {error}");
        }
        for number in [0, 13, u32::MAX] {
            let error = failure(HintPacket::new(96).sample(0, number, 0, 1));
            assert!(matches!(error, MovieError::OutOfRange { track: 1, .. }), "{number}: {error}");
        }
    }

    #[test]
    fn a_packet_may_fill_a_datagram_and_no_more() {
        let big = |len: u16| {
            let mut movie = SampleMovie::with_hints(&[vec![HintPacket::new(96).sample(0, 1, 0, len)]]);
            movie.tracks[0].samples[0] = vec![7; 65_535];
            open(&movie)
        };
        assert_eq!(payloads(&big(65_495))[0].len(), 65_495);
        let movie = big(65_496);
        assert!(movie.build_block(movie.hint_track(2).unwrap(), 0).is_err());
    }

    #[test]
    fn a_hint_sample_cannot_ask_for_gigabytes() {
        let packets: Vec<_> = (0..1000).map(|_| HintPacket::new(96).sample(0, 1, 0, 65_000)).collect();
        let mut movie = SampleMovie::with_hints(&[packets]);
        movie.tracks[0].samples[0] = vec![7; 65_000];
        let movie = open(&movie);
        let error = movie.build_block(movie.hint_track(2).unwrap(), 0).unwrap_err();
        assert!(matches!(error, MovieError::BadHint { .. }), "{error}");
    }

    #[test]
    fn what_stands_before_a_bad_sample_is_still_sent() {
        let good = HintPacket::new(96).immediate(b"good");
        let bad = HintPacket::new(96).sample(9, 1, 0, 1);
        let movie = open(&SampleMovie::with_hints(&[vec![good.clone()], vec![good, bad]]));
        let block = movie.build_block(movie.hint_track(2).unwrap(), 0).unwrap();
        assert_eq!(block.packets.len(), 1);
        assert_eq!(&block.data[..], b"good");
        assert!(matches!(block.failure, Some(MovieError::BadHint { sample: 2, .. })));
    }
}

mod sdp_text {
    use super::*;

    fn params() -> SdpParams {
        SdpParams {
            ntp_seconds: 3_900_000_000,
            server_ip: IpAddr::from([127, 0, 0, 1]),
            url_path: "/a movie.mov".into(),
            sdp_url: "http://media.example/".into(),
            admin_email: "ops@media.example".into(),
            ..SdpParams::default()
        }
    }

    const MEDIA: &str = "m=video 0 RTP/AVP 96\r\nb=AS:76\r\na=rtpmap:96 MP4V-ES/90000\r\na=control:trackID=2\r\n";

    #[test]
    fn all_lines_stand_in_their_order() {
        let mut movie = SampleMovie::video();
        movie.sdp =
            "a=isma-compliance:1,1.0,1\r\na=range:npt=0-99\r\nb=AS:96\r\ns=not this\r\nx=what\r\nno line\r\n".into();
        let want = "v=0\r\no=StreamingServer 3900000000 1000000000123 IN IP4 127.0.0.1\r\ns=/a movie.mov\r\n\
                    u=http://media.example/\r\ne=ops@media.example\r\nc=IN IP4 0.0.0.0\r\nb=AS:96\r\nt=0 0\r\n\
                    a=control:*\r\na=isma-compliance:1,1.0,1\r\na=range:npt=0-1.00000\r\n";
        assert_eq!(open(&movie).sdp(&params()), format!("{want}{MEDIA}"));
    }

    #[test]
    fn lines_before_the_first_media_belong_to_the_session() {
        let mut movie = SampleMovie::video();
        movie.hint().sdp = format!("a=tool:hinter\r\n{MEDIA}");
        let text = open(&movie).sdp(&params());
        assert!(text.contains("a=control:*\r\na=tool:hinter\r\na=range:"), "{text}");
        assert!(text.ends_with(MEDIA), "{text}");
    }

    #[test]
    fn url_and_mail_stand_only_when_they_are_known() {
        let text = open(&SampleMovie::video()).sdp(&SdpParams {
            sdp_url: String::new(),
            admin_email: String::new(),
            ..params()
        });
        assert!(!text.contains("u=") && !text.contains("e="), "{text}");
    }

    #[test]
    fn a_value_cannot_add_lines() {
        let text = open(&SampleMovie::video()).sdp(&SdpParams { url_path: "/x\r\na=evil\n".into(), ..params() });
        assert!(text.contains("\r\ns=/xa=evil\r\n"), "{text}");
    }

    #[test]
    fn ipv6_connections_get_ipv6_lines() {
        let at = |ip: &str| open(&SampleMovie::video()).sdp(&SdpParams { server_ip: ip.parse().unwrap(), ..params() });
        let text = at("2001:db8::1");
        assert!(text.contains(" IN IP6 2001:db8::1\r\n") && text.contains("c=IN IP6 ::\r\n"), "{text}");
        assert!(at("::ffff:192.0.2.1").contains(" IN IP4 192.0.2.1\r\n"));
    }

    #[test]
    fn the_buffer_delay_is_a_session_line() {
        let text = open(&SampleMovie::video()).sdp(&SdpParams { buffer_delay: 2.5, ..params() });
        assert!(text.contains("a=control:*\r\na=x-bufferdelay:2.50\r\n"), "{text}");
    }

    #[test]
    fn the_3gpp_line_is_the_first_attribute_of_each_media() {
        let mut movie = SampleMovie::video();
        let mut bare = movie.tracks[1].clone();
        bare.id = 3;
        bare.sdp = "m=audio 0 RTP/AVP 0\nb=AS:64\n".into();
        movie.tracks.push(bare);
        let text = open(&movie).sdp(&SdpParams { three_gpp_adaptation: Some(1), ..params() });
        assert!(text.contains("b=AS:76\r\na=3GPP-Adaptation-Support:1\r\na=rtpmap"), "{text}");
        assert!(text.ends_with("m=audio 0 RTP/AVP 0\r\nb=AS:64\r\na=3GPP-Adaptation-Support:1\r\n"), "{text}");
    }

    #[test]
    fn bandwidth_is_cut_for_agents_that_need_it() {
        let text =
            |percent| open(&SampleMovie::video()).sdp(&SdpParams { bandwidth_percent: Some(percent), ..params() });
        assert!(text(50).contains("b=AS:48\r\n") && text(50).contains("b=AS:38\r\n"));
        assert!(text(0).contains("b=AS:1\r\n"));
        assert!(text(1).contains("b=AS:1\r\n"));
    }

    #[test]
    fn absurd_bandwidth_is_clamped_when_asked() {
        let mut movie = SampleMovie::video();
        movie.sdp = "b=AS:2097172\r\n".into();
        movie.hint().sdp = MEDIA.replace("AS:76", "AS:2097151");
        let movie = open(&movie);
        let text = movie.sdp(&params());
        assert!(text.contains("b=AS:2097172\r\n") && text.contains("b=AS:2097151\r\n"));
        let text = movie.sdp(&SdpParams { clamp_bandwidth: true, ..params() });
        assert_eq!(text.matches("b=AS:100\r\n").count(), 2, "{text}");
    }

    #[test]
    fn the_buffer_delay_of_a_track_is_read() {
        let mut movie = SampleMovie::video();
        movie.hint().sdp.push_str("a=x-bufferdelay:4.97\r\n");
        assert_eq!(open(&movie).hint_track(2).unwrap().buffer_delay(), Some(4.97));
    }
}

/// Everything a session could ask of a movie; only panics and endless loops are wrong.
fn walk(bytes: Vec<u8>) {
    let options = OpenOptions { allow_invalid_hint_track_refs: true };
    let Ok(movie) = Movie::from_source(Arc::new(bytes), SystemTime::UNIX_EPOCH, &options) else { return };
    let _ = movie.sdp(&SdpParams { clamp_bandwidth: true, ..SdpParams::default() });
    for track in movie.hint_tracks() {
        let _ =
            (track.bit_rate(), track.duration(), track.sync_sample_at_or_before(500_000), track.sample_at_or_after(0));
        for block in [0, 1, track.block_count().saturating_sub(1)] {
            if let Ok(block) = movie.build_block(track, block) {
                block.packets.iter().for_each(|p| drop(block.payload(p)));
            }
        }
    }
}

#[test]
fn a_table_that_promises_the_world_costs_nothing() {
    let mut movie = SampleMovie::video();
    movie.hint().fixed = Some((u32::MAX, 64, vec![u32::MAX; 3]));
    movie.hint().delta = 0;
    movie.tracks[0].fixed = Some((u32::MAX, u32::MAX, vec![u32::MAX; 3]));
    movie.tracks[0].delta = 0;
    walk(movie.bytes());
}

#[test]
fn an_edit_list_of_huge_times_wraps_quietly() {
    let mut movie = SampleMovie::video();
    let mut huge =
        full(&[2, u32::MAX, u32::MAX, u32::MAX, u32::MAX, 0, i32::MAX as u32, u32::MAX, u32::MAX, u32::MAX, 0]);
    huge[0] = 1;
    movie.hint().elst = Some(vec![2, u32::MAX, u32::MAX, 0, u32::MAX, i32::MAX as u32, 0]);
    walk(movie.bytes());
    let mut bytes = movie.bytes();
    let at = bytes.windows(4).position(|w| w == b"elst").unwrap() + 4;
    let n = huge.len().min(bytes.len() - at);
    bytes[at..at + n].copy_from_slice(&huge[..n]);
    walk(bytes);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn damaged_movies_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12), cut in any::<prop::sample::Index>(), whole in any::<bool>()) {
        let mut bytes = SampleMovie::video().bytes();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if !whole {
            bytes.truncate(cut.index(bytes.len()));
        }
        walk(bytes);
    }

    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        walk(atom(b"moov", &bytes));
        walk(bytes);
    }
}
