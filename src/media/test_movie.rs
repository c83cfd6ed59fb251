//! Builds small movies in memory, atom by atom, for the tests of this room and of those above it.
#![allow(dead_code)] // not every test needs every part

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::error::MovieError;
use super::movie::{Movie, OpenOptions};

/// An atom with a 32-bit size.
pub(crate) fn atom(kind: &[u8; 4], contents: &[u8]) -> Vec<u8> {
    [&(contents.len() as u32 + 8).to_be_bytes()[..], kind, contents].concat()
}

/// An atom with a 64-bit size.
pub(crate) fn long_atom(kind: &[u8; 4], contents: &[u8]) -> Vec<u8> {
    [&1u32.to_be_bytes()[..], kind, &(contents.len() as u64 + 16).to_be_bytes(), contents].concat()
}

/// The contents of a full atom: version and flags 0, then words.
pub(crate) fn full(words: &[u32]) -> Vec<u8> {
    std::iter::once(&0).chain(words).flat_map(|w| w.to_be_bytes()).collect()
}

/// A Macintosh alias record.
pub(crate) fn alias_record(levels_up: u16, levels_down: u16, path: &str) -> Vec<u8> {
    let mut out = vec![0; 150];
    let name = path.rsplit(':').next().unwrap();
    out[50] = name.len() as u8;
    out[51..51 + name.len()].copy_from_slice(name.as_bytes());
    out[130..132].copy_from_slice(&levels_up.to_be_bytes());
    out[132..134].copy_from_slice(&levels_down.to_be_bytes());
    out.extend([0, 2]);
    out.extend((path.len() as u16).to_be_bytes());
    out.extend(path.as_bytes());
    out.extend(vec![0; path.len() % 2]);
    out.extend([0xff, 0xff, 0, 0]);
    out
}

/// One packet entry of a hint sample.
#[derive(Clone, Default)]
pub(crate) struct HintPacket {
    pub(crate) relative_time: i32,
    pub(crate) header: [u8; 2],
    pub(crate) sequence: u16,
    pub(crate) flags: u16,
    pub(crate) extra: Vec<u8>,
    pub(crate) constructors: Vec<[u8; 16]>,
}

impl HintPacket {
    pub(crate) fn new(payload_type: u8) -> Self {
        Self { header: [0, payload_type], ..Self::default() }
    }

    pub(crate) fn marker(mut self) -> Self {
        self.header[1] |= 0x80;
        self
    }

    pub(crate) fn sequence(mut self, n: u16) -> Self {
        self.sequence = n;
        self
    }

    pub(crate) fn relative(mut self, units: i32) -> Self {
        self.relative_time = units;
        self
    }

    pub(crate) fn flags(mut self, flags: u16) -> Self {
        self.flags |= flags;
        self
    }

    pub(crate) fn extra(mut self, tlvs: &[u8]) -> Self {
        self.flags |= 4;
        self.extra = tlvs.to_vec();
        self
    }

    pub(crate) fn rtpo(self, offset: i32) -> Self {
        let tlv = [&12u32.to_be_bytes()[..], b"rtpo", &offset.to_be_bytes()].concat();
        self.extra(&tlv)
    }

    pub(crate) fn raw(mut self, constructor: [u8; 16]) -> Self {
        self.constructors.push(constructor);
        self
    }

    pub(crate) fn immediate(self, data: &[u8]) -> Self {
        let mut c = [0; 16];
        c[0] = 1;
        c[1] = data.len() as u8;
        c[2..2 + data.len()].copy_from_slice(data);
        self.raw(c)
    }

    pub(crate) fn sample(self, track: i8, number: u32, offset: u32, len: u16) -> Self {
        self.audio(track, number, offset, len, (0, 0))
    }

    /// Sample data with bytes and samples per block.
    pub(crate) fn audio(self, track: i8, number: u32, offset: u32, len: u16, block: (u16, u16)) -> Self {
        let mut c = [0; 16];
        c[0] = 2;
        c[1] = track as u8;
        c[2..4].copy_from_slice(&len.to_be_bytes());
        c[4..8].copy_from_slice(&number.to_be_bytes());
        c[8..12].copy_from_slice(&offset.to_be_bytes());
        c[12..14].copy_from_slice(&block.0.to_be_bytes());
        c[14..16].copy_from_slice(&block.1.to_be_bytes());
        self.raw(c)
    }

    pub(crate) fn description(self, track: i8, number: u32, offset: u32, len: u16) -> Self {
        let mut packet = self.sample(track, number, offset, len);
        packet.constructors.last_mut().unwrap()[0] = 3;
        packet
    }
}

/// A hint sample of these packets.
pub(crate) fn hint_sample(packets: &[HintPacket]) -> Vec<u8> {
    let mut out = (packets.len() as u16).to_be_bytes().to_vec();
    out.extend([0, 0]);
    for p in packets {
        out.extend(p.relative_time.to_be_bytes());
        out.extend(p.header);
        for n in [p.sequence, p.flags, p.constructors.len() as u16] {
            out.extend(n.to_be_bytes());
        }
        if p.flags & 4 != 0 {
            out.extend((p.extra.len() as u32 + 4).to_be_bytes());
            out.extend(&p.extra);
        }
        p.constructors.iter().for_each(|c| out.extend(c));
    }
    out
}

/// A track to be built.
#[derive(Clone)]
pub(crate) struct SampleTrack {
    pub(crate) id: u32,
    pub(crate) handler: [u8; 4],
    pub(crate) timescale: u32,
    /// Duration of each sample.
    pub(crate) delta: u32,
    pub(crate) samples: Vec<Vec<u8>>,
    pub(crate) per_chunk: usize,
    /// `stss`.
    pub(crate) sync: Option<Vec<u32>>,
    /// Words of `elst` behind the version: count and rows.
    pub(crate) elst: Option<Vec<u32>>,
    /// Contents of the sample descriptions.
    pub(crate) descriptions: Vec<Vec<u8>>,
    /// Atoms in `dref`.
    pub(crate) drefs: Vec<Vec<u8>>,
    pub(crate) hint_refs: Option<Vec<u32>>,
    pub(crate) sdp: String,
    pub(crate) total_bytes: Option<u64>,
    /// Replaces `stsz` and `stsc` by one size for all: count of samples, bytes per sample, samples in each chunk. The
    /// chunks are `samples`.
    pub(crate) fixed: Option<(u32, u32, Vec<u32>)>,
    /// Puts `co64` instead of `stco`, with this added to each offset.
    pub(crate) co64: Option<u64>,
}

impl SampleTrack {
    pub(crate) fn media(id: u32, handler: &[u8; 4], timescale: u32, delta: u32, samples: Vec<Vec<u8>>) -> Self {
        Self {
            id,
            handler: *handler,
            timescale,
            delta,
            samples,
            per_chunk: 3,
            sync: None,
            elst: None,
            descriptions: vec![atom(b"mp4v", &[0, 0, 0, 0, 0, 0, 0, 1, 0xde, 0xad, 0xbe, 0xef])],
            drefs: vec![atom(b"url ", &[0, 0, 0, 1])],
            hint_refs: None,
            sdp: String::new(),
            total_bytes: None,
            fixed: None,
            co64: None,
        }
    }

    pub(crate) fn hint(id: u32, refs: &[u32], timescale: u32, delta: u32, samples: &[Vec<HintPacket>]) -> Self {
        let samples = samples.iter().map(|p| hint_sample(p)).collect();
        let tims = atom(b"tims", &timescale.to_be_bytes());
        Self {
            descriptions: vec![rtp_description(&tims)],
            hint_refs: Some(refs.to_vec()),
            ..Self::media(id, b"hint", timescale, delta, samples)
        }
    }

    fn trak(&self, offsets: &[u64]) -> Vec<u8> {
        let count = self.fixed.as_ref().map_or(self.samples.len() as u32, |f| f.0);
        let mdhd = full(&[0, 0, self.timescale, count * self.delta, 0]);
        let hdlr = [&full(&[0])[..], &self.handler, &[0; 13]].concat();
        let dref = [full(&[self.drefs.len() as u32]), self.drefs.concat()].concat();
        let minf = [atom(b"dinf", &atom(b"dref", &dref)), atom(b"stbl", &self.stbl(offsets))].concat();
        let mdia = [atom(b"mdhd", &mdhd), atom(b"hdlr", &hdlr), atom(b"minf", &minf)].concat();
        let mut trak = atom(b"tkhd", &full(&[0, 0, self.id, 0, 0]));
        if let Some(elst) = &self.elst {
            trak.extend(atom(b"edts", &atom(b"elst", &full(elst))));
        }
        if let Some(refs) = &self.hint_refs {
            let refs: Vec<u8> = refs.iter().flat_map(|r| r.to_be_bytes()).collect();
            trak.extend(atom(b"tref", &atom(b"hint", &refs)));
        }
        trak.extend(atom(b"mdia", &mdia));
        let mut udta = atom(b"hnti", &atom(b"sdp ", self.sdp.as_bytes()));
        if let Some(total) = self.total_bytes {
            udta.extend(atom(b"hinf", &atom(b"trpy", &total.to_be_bytes())));
        }
        udta.extend([0; 4]);
        trak.extend(atom(b"udta", &udta));
        atom(b"trak", &trak)
    }

    fn stbl(&self, offsets: &[u64]) -> Vec<u8> {
        let stsd = [full(&[self.descriptions.len() as u32]), self.descriptions.concat()].concat();
        let sizes: Vec<u32> = self.samples.iter().map(|s| s.len() as u32).collect();
        let (stsz, stsc, count) = match &self.fixed {
            Some((count, size, chunks)) => {
                let rows = chunks.iter().enumerate().flat_map(|(i, &n)| [i as u32 + 1, n, 1]);
                let stsc = std::iter::once(chunks.len() as u32).chain(rows).collect();
                (vec![*size, *count], stsc, *count)
            }
            None => {
                let count = sizes.len() as u32;
                ([&[0, count][..], &sizes].concat(), vec![1, 1, self.per_chunk as u32, 1], count)
            }
        };
        let mut stbl = [
            atom(b"stsd", &stsd),
            atom(b"stts", &full(&[1, count, self.delta])),
            atom(b"stsz", &full(&stsz)),
            atom(b"stsc", &full(&stsc)),
        ]
        .concat();
        match self.co64 {
            Some(_) => {
                let words: Vec<u32> = offsets.iter().flat_map(|&o| [(o >> 32) as u32, o as u32]).collect();
                stbl.extend(atom(b"co64", &full(&[&[offsets.len() as u32][..], &words].concat())));
            }
            None => {
                let words: Vec<u32> = offsets.iter().map(|&o| o as u32).collect();
                stbl.extend(atom(b"stco", &full(&[&[words.len() as u32][..], &words].concat())));
            }
        }
        if let Some(sync) = &self.sync {
            stbl.extend(atom(b"stss", &full(&[&[sync.len() as u32][..], sync].concat())));
        }
        stbl
    }

    /// The chunks as they lie in `mdat`.
    fn chunks(&self) -> Vec<Vec<u8>> {
        match self.fixed {
            Some(_) => self.samples.clone(),
            None => self.samples.chunks(self.per_chunk).map(<[_]>::concat).collect(),
        }
    }
}

/// An `rtp ` sample description with these atoms at its end.
pub(crate) fn rtp_description(tables: &[u8]) -> Vec<u8> {
    atom(b"rtp ", &[&[0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 5, 0xaa][..], tables].concat())
}

/// A movie to be built.
#[derive(Clone, Default)]
pub(crate) struct SampleMovie {
    pub(crate) tracks: Vec<SampleTrack>,
    pub(crate) sdp: String,
    /// Movie duration in units of 1/600 s.
    pub(crate) duration: u32,
    pub(crate) moov_last: bool,
    /// Gives the last top-level atom the size 0.
    pub(crate) open_end: bool,
    /// Gives all top-level atoms 64-bit sizes.
    pub(crate) long_sizes: bool,
}

impl SampleMovie {
    /// The file's bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let ftyp = self.top(b"ftyp", b"qt  ");
        let mdat: Vec<u8> = self.tracks.iter().flat_map(|t| t.chunks().concat()).collect();
        let mdat = self.top(b"mdat", &mdat);
        let header = if self.long_sizes { 16 } else { 8 };
        // The length of `moov` does not depend on the offsets in it.
        let moov_len = self.top(b"moov", &self.moov(0)).len();
        let before = ftyp.len() + if self.moov_last { 0 } else { moov_len };
        let moov = self.top(b"moov", &self.moov((before + header) as u64));
        let (mut middle, mut last) = if self.moov_last { (mdat, moov) } else { (moov, mdat) };
        if self.open_end {
            last[..4].fill(0);
        }
        let mut out = ftyp;
        out.append(&mut middle);
        out.append(&mut last);
        out
    }

    /// Parses it.
    pub(crate) fn open(&self) -> Result<Arc<Movie>, MovieError> {
        self.open_with(&OpenOptions::default())
    }

    pub(crate) fn open_with(&self, options: &OpenOptions) -> Result<Arc<Movie>, MovieError> {
        let modified = SystemTime::UNIX_EPOCH + Duration::from_millis(1_000_000_000_123);
        Movie::from_source(Arc::new(self.bytes()), modified, options).map(Arc::new)
    }

    fn top(&self, kind: &[u8; 4], contents: &[u8]) -> Vec<u8> {
        if self.long_sizes { long_atom(kind, contents) } else { atom(kind, contents) }
    }

    fn moov(&self, data_at: u64) -> Vec<u8> {
        let mut at = data_at;
        let mut moov = atom(b"mvhd", &full(&[0, 0, 600, self.duration, 0]));
        for track in &self.tracks {
            let mut offsets = Vec::new();
            for chunk in track.chunks() {
                offsets.push(at + track.co64.unwrap_or(0));
                at += chunk.len() as u64;
            }
            moov.extend(track.trak(&offsets));
        }
        let rtp = [b"sdp ", self.sdp.as_bytes()].concat();
        moov.extend(atom(b"udta", &atom(b"hnti", &atom(b"rtp ", &rtp))));
        moov
    }

    /// A video track (id 1) of 12 frames at 600/50 s, key frames every 4, and its hint track (id 2, clock 90000): one
    /// packet of frame data in each sample, the two frames behind each key frame marked as B frames.
    pub(crate) fn video() -> Self {
        let frames: Vec<Vec<u8>> = (0..12u8).map(|n| vec![n; 20 + usize::from(n)]).collect();
        let hints: Vec<Vec<HintPacket>> = (0..12u32)
            .map(|n| {
                let packet = HintPacket::new(96).marker().sequence(n as u16 + 1).immediate(&[n as u8, 0xff]);
                let packet = packet.sample(0, n + 1, 0, 20 + n as u16);
                vec![if matches!(n % 4, 1 | 2) { packet.flags(2) } else { packet }]
            })
            .collect();
        let mut video = SampleTrack::media(1, b"vide", 600, 50, frames);
        video.sync = Some(vec![1, 5, 9]);
        let mut hint = SampleTrack::hint(2, &[1], 90_000, 7500, &hints);
        hint.sync = Some(vec![1, 5, 9]);
        hint.sdp = "m=video 0 RTP/AVP 96\r\nb=AS:76\r\na=rtpmap:96 MP4V-ES/90000\r\na=control:trackID=2\r\n".into();
        hint.total_bytes = Some(12_500);
        Self { tracks: vec![video, hint], sdp: "b=AS:96\r\n".into(), duration: 600, ..Self::default() }
    }

    /// The hint track of [`SampleMovie::video`], for changes.
    pub(crate) fn hint(&mut self) -> &mut SampleTrack {
        self.tracks.last_mut().unwrap()
    }

    /// [`SampleMovie::video`] with these hint samples instead.
    pub(crate) fn with_hints(hints: &[Vec<HintPacket>]) -> Self {
        let mut movie = Self::video();
        movie.hint().samples = hints.iter().map(|p| hint_sample(p)).collect();
        movie
    }
}
