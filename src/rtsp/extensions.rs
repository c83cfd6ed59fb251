//! Apple's `x-` headers, the 3GPP headers, and the small numeric headers (Speed, Bandwidth). Each reader takes one
//! header value on one line; what makes no sense is as if it had not been sent, as in DSS 6.0.3.

use std::fmt::Write;

use super::params::{digits, leading_number, parameter, parameters, split_unquoted};

/// The one retransmit protocol there is.
pub const OUR_RETRANSMIT: &str = "our-retransmit";

/// Most bytes a bandwidth probe (`x-Random-Data-Size`) gets.
pub const MAX_RANDOM_DATA: u32 = 256 * 1024;

/// An `x-Retransmit` entry that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retransmit<'a> {
    /// The entry as sent, which is what the answer echoes.
    pub echo: &'a str,
    /// The client's receive window in kilobytes.
    pub window: Option<u32>,
}

impl<'a> Retransmit<'a> {
    /// The first entry called `our-retransmit`; `None` when the client offers only other protocols.
    pub fn choose(value: &'a str) -> Option<Self> {
        let is_ours =
            |entry: &&str| parameters(entry).next().is_some_and(|(name, _)| name.eq_ignore_ascii_case(OUR_RETRANSMIT));
        let echo = split_unquoted(value, ',').map(str::trim).find(is_ours)?;
        Some(Self { echo, window: parameter(echo, "window").and_then(digits) })
    }
}

/// `late-tolerance` of `x-Transport-Options`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LateTolerance<'a> {
    /// How late a packet may be and still be sent, in seconds, not negative.
    pub seconds: f64,
    text: &'a str,
}

impl<'a> LateTolerance<'a> {
    /// Reads `x-Transport-Options`.
    pub fn parse(value: &'a str) -> Option<Self> {
        let text = parameter(value, "late-tolerance")?;
        let seconds = leading_number(text).filter(|seconds| *seconds >= 0.0)?;
        Some(Self { seconds, text })
    }

    /// The answer's header value.
    pub fn answer(&self) -> String {
        format!("late-tolerance={}", self.text)
    }
}

/// `maxtime` of `x-Prebuffer`: how many seconds before the asked time the server may start to find a sync sample.
pub fn prebuffer_max_time(value: &str) -> Option<f64> {
    parameter(value, "maxtime").and_then(leading_number).filter(|seconds| *seconds >= 0.0)
}

/// The `x-Prebuffer` answer: by how many seconds the start was moved back.
pub fn prebuffer_answer(seconds: f64) -> String {
    format!("time={seconds:.5}")
}

/// What `x-Dynamic-Rate` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DynamicRate {
    /// `0`: send in real time, never ahead.
    Off,
    /// `1` and above: send ahead, and tell the round-trip time.
    On,
}

impl DynamicRate {
    /// Reads `x-Dynamic-Rate`; `None` for a negative value or no number, which is as if the header were absent.
    pub fn parse(value: &str) -> Option<Self> {
        let number = leading_number(value.split(';').next()?)?;
        match number {
            number if number >= 1.0 => Some(Self::On),
            number if number >= 0.0 => Some(Self::Off),
            _ => None,
        }
    }

    /// The module API's number for an optional value: -1 absent, 0 off, 1 on.
    pub const fn id(state: Option<Self>) -> i32 {
        match state {
            None => -1,
            Some(Self::Off) => 0,
            Some(Self::On) => 1,
        }
    }

    /// The answer's header value, with the measured round-trip time in milliseconds if it is on and was measured.
    pub fn answer(self, round_trip_ms: Option<u32>) -> String {
        match (self, round_trip_ms) {
            (Self::Off, _) => "0".to_owned(),
            (Self::On, None) => "1".to_owned(),
            (Self::On, Some(rtt)) => format!("1;rtt={rtt}"),
        }
    }
}

/// A field of RTP meta information, in the order in which answers list them and packets carry them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MetaField {
    /// `pp`: position of the packet in the file.
    PacketPosition,
    /// `tt`: transmission time in milliseconds.
    TransmitTime,
    /// `ft`: frame type.
    FrameType,
    /// `pn`: packet number.
    PacketNumber,
    /// `sq`: sequence number.
    SequenceNumber,
    /// `md`: the media data.
    MediaData,
}

impl MetaField {
    /// Every field in order.
    pub const ALL: [Self; 6] = [
        Self::PacketPosition,
        Self::TransmitTime,
        Self::FrameType,
        Self::PacketNumber,
        Self::SequenceNumber,
        Self::MediaData,
    ];

    /// The two-letter name in headers and packets.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PacketPosition => "pp",
            Self::TransmitTime => "tt",
            Self::FrameType => "ft",
            Self::PacketNumber => "pn",
            Self::SequenceNumber => "sq",
            Self::MediaData => "md",
        }
    }
}

/// How a field is named in packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetaFormat {
    /// By its two letters and a 16-bit length.
    Full,
    /// By this number (0 to 127) and an 8-bit length.
    Compressed(u8),
}

/// The fields of `x-RTP-Meta-Info` that the client asks for and the server knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MetaInfo {
    formats: [Option<MetaFormat>; MetaField::ALL.len()],
}

impl MetaInfo {
    /// Reads `x-RTP-Meta-Info`; `None` when no field is known.
    pub fn parse(value: &str) -> Option<Self> {
        let mut info = Self::default();
        for (name, number) in parameters(value) {
            let known = MetaField::ALL.iter().zip(info.formats.iter_mut());
            let Some((_, slot)) = known.into_iter().find(|(field, _)| name.eq_ignore_ascii_case(field.name())) else {
                continue;
            };
            *slot = match digits::<u8>(number) {
                Some(number) if number < 128 => Some(MetaFormat::Compressed(number)),
                _ => Some(MetaFormat::Full),
            };
        }
        (info != Self::default()).then_some(info)
    }

    /// How a field was asked for; `None` when it was not.
    pub fn format(&self, field: MetaField) -> Option<MetaFormat> {
        self.formats.get(field as usize).copied().flatten()
    }

    /// The answer's header value: the accepted names in the fixed order.
    pub fn answer(&self) -> String {
        let mut out = String::new();
        for field in MetaField::ALL {
            let Some(format) = self.format(field) else { continue };
            if !out.is_empty() {
                out.push(';');
            }
            out.push_str(field.name());
            if let MetaFormat::Compressed(number) = format {
                // writing to a String cannot fail
                let _ = write!(out, "={number}");
            }
        }
        out
    }
}

/// `x-Packet-Range`: positions by packet number, for caches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacketRange<'a> {
    /// The first packet's number.
    pub start: u64,
    /// The number after the last packet's (100-110 are ten packets); `None` for an open range.
    pub stop: Option<u64>,
    /// The track's part of the URL: `trackID=3`.
    pub url: Option<&'a str>,
}

impl<'a> PacketRange<'a> {
    /// Reads `x-Packet-Range`; `None` without a `pn` range.
    pub fn parse(value: &'a str) -> Option<Self> {
        let range = parameter(value, "pn")?;
        let (start, stop) = range.split_once('-').unwrap_or((range, ""));
        let stop = if stop.trim().is_empty() { None } else { Some(digits(stop)?) };
        let url = parameters(value).find(|(name, _)| name.eq_ignore_ascii_case("url")).map(|(_, url)| url);
        Some(Self { start: digits(start)?, stop, url: url.filter(|url| !url.is_empty()) })
    }
}

/// `x-Random-Data-Size`: how many bytes a bandwidth probe gets, at most [`MAX_RANDOM_DATA`]; `None` for no number.
pub fn random_data_size(value: &str) -> Option<u32> {
    let size = leading_number(value).filter(|size| *size >= 0.0)?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // within 0..=MAX_RANDOM_DATA
    Some(size.min(f64::from(MAX_RANDOM_DATA)) as u32)
}

/// One stream's entry of `3GPP-Adaptation` (3GPP TS 26.234 section 5.3.2.2). The answer echoes the whole header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adaptation<'a> {
    /// The stream's URL.
    pub url: &'a str,
    /// The client's buffer for it in bytes.
    pub size: Option<u32>,
    /// The delay that it wants to keep in the buffer, in milliseconds.
    pub target_time: Option<u32>,
    /// The entry as sent.
    pub text: &'a str,
}

impl<'a> Adaptation<'a> {
    /// The entries of `3GPP-Adaptation` that name a URL.
    pub fn parse(value: &'a str) -> impl Iterator<Item = Self> {
        split_unquoted(value, ',').map(str::trim).filter_map(|text| {
            Some(Self {
                url: parameter(text, "url")?,
                size: parameter(text, "size").and_then(digits),
                target_time: parameter(text, "target-time").and_then(digits),
                text,
            })
        })
    }
}

/// `3GPP-Link-Char` (3GPP TS 26.234 section 5.3.2.1): what the client knows of its radio link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LinkChar<'a> {
    /// The URL it is about; `None` for all.
    pub url: Option<&'a str>,
    /// Guaranteed bit rate in kbit/s.
    pub guaranteed: Option<u32>,
    /// Maximum bit rate in kbit/s.
    pub maximum: Option<u32>,
    /// Maximum transfer delay in milliseconds.
    pub max_transfer_delay: Option<u32>,
}

impl<'a> LinkChar<'a> {
    /// Reads the first entry of `3GPP-Link-Char`; `None` when it says nothing.
    pub fn parse(value: &'a str) -> Option<Self> {
        let entry = split_unquoted(value, ',').next()?;
        let link = Self {
            url: parameter(entry, "url").filter(|url| !url.is_empty()),
            guaranteed: parameter(entry, "GBW").and_then(digits),
            maximum: parameter(entry, "MBW").and_then(digits),
            max_transfer_delay: parameter(entry, "MTD").and_then(digits),
        };
        (link != Self::default()).then_some(link)
    }
}

/// The Speed header (RFC 2326 section 12.35); `None` for zero, less, or no number, which mean normal speed.
pub fn speed(value: &str) -> Option<f64> {
    leading_number(value).filter(|speed| *speed > 0.0)
}

/// The Speed answer: ten wide, five decimals.
pub fn speed_answer(speed: f64) -> String {
    format!("{speed:10.5}")
}

/// The Bandwidth header (RFC 2326 section 12.6) in bit/s; more than 32 bits is as much as 32 bits can say.
pub fn bandwidth(value: &str) -> Option<u32> {
    digits::<u64>(value).map(|bits| u32::try_from(bits).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retransmit_takes_the_first_entry_of_ours_and_echoes_it() {
        for (value, echo, window) in [
            ("our-retransmit", "our-retransmit", None),
            ("our-retransmit;window=128", "our-retransmit;window=128", Some(128)),
            ("somebody-elses, our-retransmit;window=64 ", "our-retransmit;window=64", Some(64)),
            ("Our-Retransmit;window=x", "Our-Retransmit;window=x", None),
        ] {
            assert_eq!(Retransmit::choose(value), Some(Retransmit { echo, window }), "{value}");
        }
        assert_eq!(Retransmit::choose("somebody-elses"), None);
        assert_eq!(Retransmit::choose("our-retransmit-2"), None);
        assert_eq!(Retransmit::choose(""), None);
    }

    #[test]
    fn late_tolerance_is_echoed_as_sent() {
        let tolerance = LateTolerance::parse("late-tolerance=2.5").unwrap();
        assert_eq!((tolerance.seconds, tolerance.answer().as_str()), (2.5, "late-tolerance=2.5"));
        assert_eq!(LateTolerance::parse("x; Late-Tolerance = 0.80").unwrap().answer(), "late-tolerance=0.80");
        for value in ["", "late-tolerance", "late-tolerance=-1", "late-tolerance=abc"] {
            assert_eq!(LateTolerance::parse(value), None, "{value}");
        }
    }

    #[test]
    fn prebuffer_has_a_maximum_and_an_answer() {
        assert_eq!(prebuffer_max_time("maxtime=10.0"), Some(10.0));
        assert_eq!(prebuffer_max_time("maxtime=-1"), None);
        assert_eq!(prebuffer_max_time("time=1"), None);
        assert_eq!(prebuffer_answer(3.7), "time=3.70000");
    }

    /// ffmpeg sends 0; a QuickTime player sends 1 and gets the round-trip time.
    #[test]
    fn dynamic_rate_has_three_states() {
        for (value, state, id) in [
            ("0", Some(DynamicRate::Off), 0),
            ("1", Some(DynamicRate::On), 1),
            ("2;rtt=5", Some(DynamicRate::On), 1),
            ("-1", None, -1),
            ("abc", None, -1),
        ] {
            assert_eq!(DynamicRate::parse(value), state, "{value}");
            assert_eq!(DynamicRate::id(state), id);
        }
        assert_eq!(DynamicRate::Off.answer(Some(50)), "0");
        assert_eq!(DynamicRate::On.answer(Some(50)), "1;rtt=50");
        assert_eq!(DynamicRate::On.answer(None), "1");
    }

    #[test]
    fn meta_info_lists_known_fields_in_the_fixed_order() {
        let info = MetaInfo::parse("to;bi;bo;pn;pp;sq;ft;md").unwrap();
        assert_eq!(info.answer(), "pp;ft;pn;sq;md");
        assert_eq!(info.format(MetaField::PacketNumber), Some(MetaFormat::Full));
        assert_eq!(info.format(MetaField::TransmitTime), None);
        let info = MetaInfo::parse("md=0; sq=3 ;pn=1;tt=200").unwrap();
        assert_eq!(info.answer(), "tt;pn=1;sq=3;md=0");
        assert_eq!(info.format(MetaField::MediaData), Some(MetaFormat::Compressed(0)));
        assert_eq!(MetaInfo::parse("to;bi"), None);
    }

    #[test]
    fn packet_ranges_count_packets() {
        assert_eq!(
            PacketRange::parse("pn=100-110;url=trackID=3"),
            Some(PacketRange { start: 100, stop: Some(110), url: Some("trackID=3") })
        );
        assert_eq!(PacketRange::parse("pn=5-"), Some(PacketRange { start: 5, stop: None, url: None }));
        for value in ["", "url=trackID=3", "pn=", "pn=a-b", "pn=-5", "pn=1-x", "pn=99999999999999999999-"] {
            assert_eq!(PacketRange::parse(value), None, "{value}");
        }
    }

    #[test]
    fn a_bandwidth_probe_is_capped() {
        assert_eq!(random_data_size("512"), Some(512));
        assert_eq!(random_data_size("5000000"), Some(MAX_RANDOM_DATA));
        assert_eq!(random_data_size(&"9".repeat(400)), None);
        assert_eq!(random_data_size("-1"), None);
        assert_eq!(random_data_size("many"), None);
    }

    #[test]
    fn adaptation_has_an_entry_for_each_stream() {
        let value = r#"url="rtsp://h/a,b/trackID=3";size=20000;target-time=5000, url="t4";size=x"#;
        let entries: Vec<_> = Adaptation::parse(value).collect();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0].url, "rtsp://h/a,b/trackID=3");
        assert_eq!((entries[0].size, entries[0].target_time), (Some(20000), Some(5000)));
        assert_eq!((entries[1].url, entries[1].size, entries[1].text), ("t4", None, r#"url="t4";size=x"#));
        assert_eq!(Adaptation::parse("size=1").count(), 0);
    }

    #[test]
    fn link_char_has_rates_and_a_delay() {
        let link = LinkChar::parse(r#"url="rtsp://h/a/trackID=3";GBW=32;MBW=128;MTD=2000"#).unwrap();
        assert_eq!(link.url, Some("rtsp://h/a/trackID=3"));
        assert_eq!((link.guaranteed, link.maximum, link.max_transfer_delay), (Some(32), Some(128), Some(2000)));
        assert_eq!(LinkChar::parse("x=1"), None);
    }

    #[test]
    fn speed_of_zero_less_or_no_number_is_normal_speed() {
        assert_eq!(speed("2.0"), Some(2.0));
        for value in ["0", "-1", "abc", "", "inf", "nan"] {
            assert_eq!(speed(value), None, "{value}");
        }
        assert_eq!(speed_answer(2.0), "   2.00000");
    }

    #[test]
    fn bandwidth_is_in_bits_per_second() {
        assert_eq!(bandwidth(" 1500000 "), Some(1_500_000));
        assert_eq!(bandwidth("99999999999"), Some(u32::MAX));
        assert_eq!(bandwidth("-1"), None);
    }
}
