//! Where a listener may begin: frames of MPEG audio and of AAC in ADTS, and pages of Ogg.
//!
//! A broadcast is cut into pieces that begin at a frame or page wherever possible, so that finding a place to begin is
//! looking for such a piece. Nothing is dropped: bytes that are no frames are pieces, too.

/// What the bytes of a broadcast are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// MPEG audio of any layer (ISO 11172-3, 13818-3), or AAC in ADTS (ISO 13818-7).
    Frames,
    /// Ogg pages (RFC 3533). A listener needs the pages from the beginning that hold the codecs' headers.
    Ogg,
    /// Anything else: it is cut anywhere.
    Opaque,
}

impl Framing {
    /// Of a media type.
    pub(super) fn of(content_type: &str) -> Self {
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "audio/mpeg" | "audio/mp3" | "audio/x-mpeg" | "audio/mpeg3" | "audio/aac" | "audio/aacp"
            | "audio/x-aac" => Self::Frames,
            "application/ogg" | "audio/ogg" | "video/ogg" | "audio/opus" | "audio/vorbis" | "audio/x-ogg" => Self::Ogg,
            _ => Self::Opaque,
        }
    }
}

/// A piece of a broadcast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its length in bytes, at least 1.
    pub(super) len: usize,
    /// What it begins with.
    pub(super) kind: PieceKind,
}

/// What a piece begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PieceKind {
    /// Nobody knows.
    Anything,
    /// A frame, or a page of media.
    Entry,
    /// An Ogg page with a codec's header; the first of a stream begins it anew.
    Header {
        /// Nothing from before this page goes on.
        first: bool,
    },
}

/// Longest frame or page that is waited for: a page of Ogg has 65307 bytes at most.
const LONGEST: usize = 64 * 1024;

/// Cuts what has come into pieces. The bytes behind the last piece are the begin of a frame or page that is not whole yet.
#[derive(Debug)]
pub(super) struct Cutter {
    framing: Framing,
    /// Ogg: codec headers are being read.
    in_headers: bool,
}

impl Cutter {
    pub(super) fn new(framing: Framing) -> Self {
        Self { framing, in_headers: false }
    }

    /// The next piece of `bytes`, which follow the pieces before; `None` when more bytes are needed.
    pub(super) fn next(&mut self, bytes: &[u8]) -> Option<Piece> {
        if bytes.is_empty() {
            return None;
        }
        let piece = match self.framing {
            Framing::Frames => frames(bytes),
            Framing::Ogg => self.page(bytes),
            Framing::Opaque => Some(Piece { len: bytes.len(), kind: PieceKind::Anything }),
        };
        // A frame that is too long to be one is none.
        piece.or_else(|| (bytes.len() > LONGEST).then_some(Piece { len: bytes.len(), kind: PieceKind::Anything }))
    }

    fn page(&mut self, bytes: &[u8]) -> Option<Piece> {
        let page = match ogg_page(bytes) {
            Found::Whole(page) => page,
            Found::Begun => return None,
            Found::No => {
                let next =
                    (1..bytes.len()).find(|at| !matches!(ogg_page(bytes.get(*at..).unwrap_or_default()), Found::No));
                return Some(Piece { len: next.unwrap_or(bytes.len()), kind: PieceKind::Anything });
            }
        };
        let first = page.begins_stream && !self.in_headers;
        self.in_headers = page.begins_stream || (self.in_headers && page.has_no_media);
        let kind = if self.in_headers { PieceKind::Header { first } } else { PieceKind::Entry };
        Some(Piece { len: page.len, kind })
    }
}

/// As many whole frames as there are, or the bytes before the first.
fn frames(bytes: &[u8]) -> Option<Piece> {
    let whole = chain(bytes);
    if whole > 0 {
        return Some(Piece { len: whole, kind: PieceKind::Entry });
    }
    let start = (0..bytes.len()).find(|at| may_begin(bytes.get(*at..).unwrap_or_default()));
    match start {
        Some(0) => None,
        Some(len) => Some(Piece { len, kind: PieceKind::Anything }),
        None => Some(Piece { len: bytes.len(), kind: PieceKind::Anything }),
    }
}

/// The length of the whole frames that `bytes` begin with. The first counts only if another follows it, or the bytes end
/// there: a header is found by chance easily.
fn chain(bytes: &[u8]) -> usize {
    let mut at = 0;
    loop {
        match frame(bytes.get(at..).unwrap_or_default()) {
            Found::Whole(len) => at += len,
            Found::Begun => return at,
            Found::No if bytes.len() == at => return at,
            Found::No => {
                let first = match frame(bytes) {
                    Found::Whole(len) => len,
                    _ => 0,
                };
                return if at == first { 0 } else { at };
            }
        }
    }
}

/// Whether a frame may begin here, as far as the bytes tell: its header is there or begun, and the next one, too.
fn may_begin(bytes: &[u8]) -> bool {
    match frame(bytes) {
        Found::Begun => true,
        Found::No => false,
        Found::Whole(len) => !matches!(frame(bytes.get(len..).unwrap_or_default()), Found::No) || bytes.len() == len,
    }
}

/// What stands at the begin of some bytes.
enum Found<T> {
    Whole(T),
    /// It may be one, and goes on beyond the bytes.
    Begun,
    No,
}

/// A frame: its length.
fn frame(bytes: &[u8]) -> Found<usize> {
    let header = match *bytes {
        [] => return Found::No,
        [0xff] => return Found::Begun,
        [0xff, second, ..] if second & 0xe0 == 0xe0 => bytes,
        _ => return Found::No,
    };
    let is_adts = header.get(1).is_some_and(|second| second & 0xf6 == 0xf0);
    let len = match (is_adts, header) {
        (true, &[_, _, third, fourth, fifth, sixth, ..]) => adts_length(third, fourth, fifth, sixth),
        (false, &[_, second, third, ..]) => mpeg_length(second, third),
        _ => return Found::Begun,
    };
    match len {
        None => Found::No,
        Some(len) if len <= bytes.len() => Found::Whole(len),
        Some(_) => Found::Begun,
    }
}

/// ISO 13818-7 section 6.2: 13 bits of length, header included.
fn adts_length(third: u8, fourth: u8, fifth: u8, sixth: u8) -> Option<usize> {
    let rate_index = third >> 2 & 0x0f;
    let len = usize::from(fourth & 3) << 11 | usize::from(fifth) << 3 | usize::from(sixth >> 5);
    (rate_index <= 12 && len > 7).then_some(len)
}

/// Bit rates in kbit/s (ISO 11172-3 section 2.4.2.3, 13818-3 section 2.4.2.3), index 1 to 14: MPEG-1 layers I to III, then
/// MPEG-2 layer I and layers II and III.
const BIT_RATES: [[u16; 14]; 5] = [
    [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];

/// Sample rates in Hz of MPEG-1; MPEG-2 has half, MPEG-2.5 a quarter of them.
const SAMPLE_RATES: [usize; 3] = [44_100, 48_000, 32_000];

/// The length of a frame of MPEG audio; `None` for reserved values and the free format, whose length is not told.
fn mpeg_length(second: u8, third: u8) -> Option<usize> {
    let (version, layer) = (second >> 3 & 3, second >> 1 & 3);
    let halvings = match version {
        3 => 0,
        2 => 1,
        0 => 2,
        _ => return None,
    };
    let table = match (layer, halvings) {
        (3, 0) => 0,
        (2, 0) => 1,
        (1, 0) => 2,
        (3, _) => 3,
        (1 | 2, _) => 4,
        _ => return None,
    };
    let rate_index = usize::from(third >> 4).checked_sub(1)?;
    let bit_rate = usize::from(*BIT_RATES.get(table)?.get(rate_index)?) * 1000;
    let sample_rate = SAMPLE_RATES.get(usize::from(third >> 2 & 3))? >> halvings;
    let padding = usize::from(third >> 1 & 1);
    Some(match layer {
        3 => (12 * bit_rate / sample_rate + padding) * 4,
        1 if halvings > 0 => 72 * bit_rate / sample_rate + padding,
        _ => 144 * bit_rate / sample_rate + padding,
    })
}

/// An Ogg page (RFC 3533 section 6).
struct Page {
    len: usize,
    /// The first page of a logical stream.
    begins_stream: bool,
    /// No packet of media ends on it.
    has_no_media: bool,
}

fn ogg_page(bytes: &[u8]) -> Found<Page> {
    const MAGIC: &[u8] = b"OggS\0";
    let known = bytes.len().min(MAGIC.len());
    if bytes.get(..known) != MAGIC.get(..known) {
        return Found::No;
    }
    let (Some(&flags), Some(granule), Some(&segments)) = (bytes.get(5), bytes.get(6..14), bytes.get(26)) else {
        return Found::Begun;
    };
    let header = 27 + usize::from(segments);
    let Some(table) = bytes.get(27..header) else { return Found::Begun };
    let len = header + table.iter().map(|size| usize::from(*size)).sum::<usize>();
    if len > bytes.len() {
        return Found::Begun;
    }
    let has_no_media = granule.iter().all(|byte| *byte == 0) || granule.iter().all(|byte| *byte == 0xff);
    Found::Whole(Page { len, begins_stream: flags & 2 != 0, has_no_media })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A frame of MPEG-1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes.
    pub(in super::super) fn mp3_frame(fill: u8) -> Vec<u8> {
        let mut frame = vec![fill; 417];
        frame[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0x00]);
        frame
    }

    pub(in super::super) fn page(flags: u8, granule: u64, body: usize) -> Vec<u8> {
        let mut page = b"OggS\0".to_vec();
        page.push(flags);
        page.extend_from_slice(&granule.to_le_bytes());
        page.extend_from_slice(&[0; 12]);
        page.push(1);
        page.push(u8::try_from(body).unwrap());
        page.resize(page.len() + body, b'.');
        page
    }

    fn cut(framing: Framing, bytes: &[u8]) -> (Vec<Piece>, usize) {
        let (mut cutter, mut at, mut pieces) = (Cutter::new(framing), 0, Vec::new());
        while let Some(piece) = cutter.next(&bytes[at..]) {
            assert!(piece.len > 0);
            at += piece.len;
            pieces.push(piece);
        }
        (pieces, bytes.len() - at)
    }

    #[test]
    fn lengths_of_frames_are_those_of_the_standards() {
        assert_eq!(mpeg_length(0xfb, 0x90), Some(417), "MPEG-1 layer III, 128 kbit/s, 44.1 kHz");
        assert_eq!(mpeg_length(0xfb, 0x92), Some(418), "with padding");
        assert_eq!(mpeg_length(0xf3, 0x80), Some(208), "MPEG-2 layer III, 64 kbit/s, 22.05 kHz");
        assert_eq!(mpeg_length(0xe3, 0x48), Some(288), "MPEG-2.5 layer III, 32 kbit/s, 8 kHz");
        assert_eq!(mpeg_length(0xfd, 0xa4), Some(576), "layer II, 192 kbit/s, 48 kHz");
        assert_eq!(mpeg_length(0xff, 0xc4), Some(384), "layer I, 384 kbit/s, 48 kHz");
        for reserved in [(0xeb, 0x90), (0xf9, 0x90), (0xfb, 0x9c), (0xfb, 0xf0), (0xfb, 0x00)] {
            assert_eq!(mpeg_length(reserved.0, reserved.1), None, "{reserved:x?}");
        }
        assert_eq!(adts_length(0x50, 0x80, 0x2e, 0x7f), Some(371));
    }

    #[test]
    fn a_piece_is_whole_frames_and_the_rest_waits() {
        let bytes = [mp3_frame(1), mp3_frame(2), mp3_frame(3)[..100].to_vec()].concat();
        assert_eq!(cut(Framing::Frames, &bytes), (vec![Piece { len: 834, kind: PieceKind::Entry }], 100));
        let adts = [0xff, 0xf1, 0x50, 0x80, 0x01, 0x3f, 0xfc, 0, 0];
        let bytes = [adts, adts].concat();
        assert_eq!(cut(Framing::Frames, &bytes), (vec![Piece { len: 18, kind: PieceKind::Entry }], 0));
    }

    #[test]
    fn what_is_no_frame_is_passed_on_and_frames_are_found_behind_it() {
        let tag = b"ID3\x04\0\0\0\0\0\x0a..\xff\xfb\x90....".to_vec();
        let bytes = [tag.clone(), mp3_frame(1), mp3_frame(2), b"TAG".to_vec()].concat();
        let expected = [(tag.len(), PieceKind::Anything), (834, PieceKind::Entry), (3, PieceKind::Anything)];
        assert_eq!(cut(Framing::Frames, &bytes), (expected.map(|(len, kind)| Piece { len, kind }).to_vec(), 0));
        let text = b"0123456789abcdef".repeat(100);
        assert_eq!(cut(Framing::Frames, &text), (vec![Piece { len: 1600, kind: PieceKind::Anything }], 0));
        assert_eq!(cut(Framing::Opaque, &text).0.len(), 1);
    }

    #[test]
    fn ogg_is_cut_into_pages_and_knows_those_with_headers() {
        let (bos, tags, audio) = (page(2, 0, 30), page(0, 0, 200), page(0, 960, 100));
        let second = page(2, 0, 10);
        let bytes = [&bos, &second, &tags, &audio, &audio, &bos, &audio[..40].to_vec()].map(|page| &page[..]).concat();
        let (pieces, rest) = cut(Framing::Ogg, &bytes);
        let kinds: Vec<_> = pieces.iter().map(|piece| piece.kind).collect();
        let header = |first| PieceKind::Header { first };
        let expected = [header(true), header(false), header(false), PieceKind::Entry, PieceKind::Entry, header(true)];
        assert_eq!((kinds, rest), (expected.to_vec(), 40));
        assert_eq!(cut(Framing::Ogg, &[b"junk".to_vec(), bos].concat()).0.len(), 2);
    }

    #[test]
    fn a_frame_that_never_ends_is_not_waited_for() {
        let mut endless = page(0, 1, 1);
        endless[26] = 255;
        endless.resize(27, 0);
        endless.resize(27 + 255 + 100, 0xff);
        assert!(cut(Framing::Ogg, &endless).1 > 0, "a page of 65 KB may come");
        endless.resize(LONGEST + 1, 0xff);
        assert_eq!(cut(Framing::Ogg, &endless).1, 0);
    }

    #[test]
    fn media_types_have_their_framing() {
        assert_eq!(Framing::of("Audio/MPEG; charset=x"), Framing::Frames);
        assert_eq!([Framing::of("audio/aacp"), Framing::of("application/ogg")], [Framing::Frames, Framing::Ogg]);
        assert_eq!(Framing::of("audio/flac"), Framing::Opaque);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_cut_to_their_end_or_to_a_begun_frame(bytes: Vec<u8>, ogg: bool) {
            let (pieces, rest) = cut(if ogg { Framing::Ogg } else { Framing::Frames }, &bytes);
            let total: usize = pieces.iter().map(|piece| piece.len).sum();
            assert_eq!(total + rest, bytes.len());
        }
    }
}
