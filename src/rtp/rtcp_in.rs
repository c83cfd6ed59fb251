//! Reading RTCP from players. Every read is bounded by the packet it belongs to; what is unknown is passed over and the
//! walk through the compound goes on (DSS 6.0.3 stopped at the first unknown `APP`).

use thiserror::Error;

use super::rtcp::packet_type;

/// Why the walk through a compound ended early. What came before it has been reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RtcpError {
    /// A packet's header is cut short.
    #[error("rtcp packet at byte {at} is cut short")]
    Truncated {
        /// Offset of the packet inside the compound.
        at: usize,
    },
    /// A packet's length field points beyond the compound.
    #[error("rtcp packet at byte {at} claims {claimed} bytes of {left}")]
    Overlong {
        /// Offset of the packet inside the compound.
        at: usize,
        /// Bytes its header claims.
        claimed: usize,
        /// Bytes there are.
        left: usize,
    },
    /// Not RTCP of RFC 3550.
    #[error("rtcp packet at byte {at} has version {version}")]
    Version {
        /// Offset of the packet inside the compound.
        at: usize,
        /// The version found.
        version: u8,
    },
}

/// One report block (RFC 3550 section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportBlock {
    /// The source reported on: one of our streams.
    pub ssrc: u32,
    /// Packets lost since the last report, in 256ths.
    pub fraction_lost: u8,
    /// Packets lost since the start; duplicates can make it negative.
    pub cumulative_lost: i32,
    /// Highest sequence number received, with cycles in the upper half.
    pub highest_sequence: u32,
    /// Interarrival jitter in units of the RTP clock.
    pub jitter: u32,
    /// Middle 32 bits of the NTP time of the last sender report, 0 if none was received.
    pub last_sender_report: u32,
    /// Delay since then in 1/65536 s.
    pub delay_since_report: u32,
}

/// One item of QuickTime's `APP QTSS` report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QtssItem {
    /// `rr`: receive rate, bit/s.
    ReceiveBitRate(u32),
    /// `lt`: mean lateness, ms.
    AverageLate(u16),
    /// `ls`: loss in percent times 256.
    LossPercent256(u16),
    /// `dl`: mean buffer delay, ms.
    BufferDelay(u16),
    /// `:)`: reception gets better.
    GettingBetter,
    /// `:(`: reception gets worse.
    GettingWorse,
    /// `:|`: no change. (DSS counted it as worse.)
    Same,
    /// `ey`: viewers behind this receiver: all, and if told the active and the paused ones.
    Eyes {
        /// All viewers.
        all: u32,
        /// Those playing.
        active: Option<u32>,
        /// Those paused.
        paused: Option<u32>,
    },
    /// `pr`: packets received.
    PacketsReceived(u32),
    /// `pd`: packets dropped.
    PacketsDropped(u16),
    /// `pl`: packets lost.
    PacketsLost(u16),
    /// `bl`: buffer fill, tenths of a second.
    BufferFill(u16),
    /// `fr`: frame rate.
    FrameRate(u16),
    /// `xr`: expected frame rate.
    ExpectedFrameRate(u16),
    /// `d#`: times the audio ran dry.
    AudioDry(u16),
    /// `ob`: bytes of overbuffer window the client has free.
    OverbufferWindow(u32),
}

/// A 3GPP next-application-data-unit block (TS 26.234 section 6.2.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NaduBlock {
    /// The stream.
    pub ssrc: u32,
    /// Milliseconds until the next unit plays; `None` if the client doesn't know (0xffff).
    pub playout_delay_ms: Option<u16>,
    /// Sequence number of the next unit to be decoded.
    pub next_sequence: u16,
    /// Unit inside that packet.
    pub next_unit: u8,
    /// Free buffer space in bytes.
    pub free_buffer_bytes: u32,
}

/// Acknowledgement of reliable UDP: one sequence number, then a bit per following number, most significant bit first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack<'a> {
    /// The stream's source.
    pub ssrc: u32,
    /// The acknowledged sequence number.
    pub sequence: u16,
    /// Bit mask for `sequence + 1` and on; whole words, may be empty.
    pub mask: &'a [u8],
}

impl Ack<'_> {
    /// All sequence numbers this packet acknowledges.
    pub fn sequences(&self) -> impl Iterator<Item = u16> + '_ {
        let masked = self.mask.iter().enumerate().flat_map(move |(byte, bits)| {
            (0..8u16)
                .filter(move |bit| bits & (0x80 >> bit) != 0)
                .map(move |bit| self.sequence.wrapping_add(1).wrapping_add(byte as u16 * 8).wrapping_add(bit))
        });
        std::iter::once(self.sequence).chain(masked)
    }
}

/// What a compound holds, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RtcpItem<'a> {
    /// A sender or receiver report without blocks, or the head of one with blocks: who sends.
    Reporter {
        /// The client's source.
        ssrc: u32,
    },
    /// A report block of that report.
    Report(ReportBlock),
    /// An item of an `APP QTSS` packet on stream `source`.
    Qtss {
        /// The source id that the packet names.
        source: u32,
        /// The item.
        item: QtssItem,
    },
    /// A block of an `APP PSS0` packet.
    Nadu(NaduBlock),
    /// An `APP qtak` (or `ack `) packet.
    Ack(Ack<'a>),
    /// Any other packet: SDES, BYE, XR, feedback, foreign `APP`.
    Other {
        /// Its packet type.
        packet_type: u8,
    },
}

/// Walks a compound and tells `visit` of each item. Returns how many whole packets were read, or why the walk ended;
/// `Err` after the first packet still means that the items before it were good.
pub fn walk<'a>(compound: &'a [u8], mut visit: impl FnMut(RtcpItem<'a>)) -> (usize, Result<(), RtcpError>) {
    let mut at = 0;
    let mut packets = 0;
    while let Some(rest) = compound.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(&[first, kind, high, low]) = rest.first_chunk::<4>() else {
            return (packets, Err(RtcpError::Truncated { at }));
        };
        let version = first >> 6;
        if version != 2 {
            return (packets, Err(RtcpError::Version { at, version }));
        }
        let claimed = (usize::from(u16::from_be_bytes([high, low])) + 1) * 4;
        let Some(packet) = rest.get(..claimed) else {
            return (packets, Err(RtcpError::Overlong { at, claimed, left: rest.len() }));
        };
        read_packet(packet, first & 0x1f, kind, &mut visit);
        packets += 1;
        at += claimed;
    }
    (packets, Ok(()))
}

fn read_packet<'a>(packet: &'a [u8], count: u8, kind: u8, visit: &mut impl FnMut(RtcpItem<'a>)) {
    match kind {
        packet_type::SENDER_REPORT => read_report(packet, 28, count, visit),
        packet_type::RECEIVER_REPORT => read_report(packet, 8, count, visit),
        packet_type::APPLICATION => read_application(packet, visit),
        _ => visit(RtcpItem::Other { packet_type: kind }),
    }
}

fn read_report<'a>(packet: &'a [u8], blocks_at: usize, count: u8, visit: &mut impl FnMut(RtcpItem<'a>)) {
    let Some(ssrc) = be32(packet, 4) else { return };
    visit(RtcpItem::Reporter { ssrc });
    let blocks = packet.get(blocks_at..).unwrap_or_default();
    for block in blocks.chunks_exact(24).take(usize::from(count)) {
        if let Some(block) = read_block(block) {
            visit(RtcpItem::Report(block));
        }
    }
}

fn read_block(block: &[u8]) -> Option<ReportBlock> {
    let loss = be32(block, 4)?;
    Some(ReportBlock {
        ssrc: be32(block, 0)?,
        fraction_lost: (loss >> 24) as u8,
        cumulative_lost: ((loss << 8) as i32) >> 8, // 24 bits, signed
        highest_sequence: be32(block, 8)?,
        jitter: be32(block, 12)?,
        last_sender_report: be32(block, 16)?,
        delay_since_report: be32(block, 20)?,
    })
}

fn read_application<'a>(packet: &'a [u8], visit: &mut impl FnMut(RtcpItem<'a>)) {
    let other = RtcpItem::Other { packet_type: packet_type::APPLICATION };
    match packet.get(8..12) {
        Some(b"QTSS") => read_qtss(packet, visit),
        Some(b"PSS0") => {
            let blocks = packet.get(12..).unwrap_or_default();
            for block in blocks.chunks_exact(12).filter_map(read_nadu) {
                visit(RtcpItem::Nadu(block));
            }
        }
        Some(b"qtak") | Some(b"ack ") => visit(read_ack(packet).map_or(other, RtcpItem::Ack)),
        _ => visit(other),
    }
}

fn read_nadu(block: &[u8]) -> Option<NaduBlock> {
    let delay = be16(block, 4)?;
    Some(NaduBlock {
        ssrc: be32(block, 0)?,
        playout_delay_ms: (delay != 0xffff).then_some(delay),
        next_sequence: be16(block, 6)?,
        next_unit: (be16(block, 8)? & 0x1f) as u8,
        free_buffer_bytes: u32::from(be16(block, 10)?) * 64,
    })
}

fn read_ack(packet: &[u8]) -> Option<Ack<'_>> {
    Some(Ack {
        ssrc: be32(packet, 12)?,
        sequence: be32(packet, 16)? as u16, // only the low half counts
        mask: packet.get(20..).unwrap_or_default(),
    })
}

/// Items: two letters, a version byte, a length byte, data; packed without padding. The list's own length field and the
/// packet's both bound it.
fn read_qtss<'a>(packet: &'a [u8], visit: &mut impl FnMut(RtcpItem<'a>)) {
    let (Some(source), Some(words)) = (be32(packet, 12), be16(packet, 18)) else { return };
    let list = packet.get(20..).unwrap_or_default();
    let mut list = list.get(..usize::from(words) * 4).unwrap_or(list);
    while let Some(&[a, b, _version, len]) = list.first_chunk::<4>() {
        let Some(data) = list.get(4..4 + usize::from(len)) else { return };
        if let Some(item) = read_qtss_item([a, b], data) {
            visit(RtcpItem::Qtss { source, item });
        }
        list = list.get(4 + data.len()..).unwrap_or_default();
    }
}

fn read_qtss_item(name: [u8; 2], data: &[u8]) -> Option<QtssItem> {
    Some(match &name {
        b"rr" => QtssItem::ReceiveBitRate(be32(data, 0)?),
        b"lt" => QtssItem::AverageLate(be16(data, 0)?),
        b"ls" => QtssItem::LossPercent256(be16(data, 0)?),
        b"dl" => QtssItem::BufferDelay(be16(data, 0)?),
        b":)" => QtssItem::GettingBetter,
        b":(" => QtssItem::GettingWorse,
        b":|" => QtssItem::Same,
        b"ey" => QtssItem::Eyes { all: be32(data, 0)?, active: be32(data, 4), paused: be32(data, 8) },
        b"pr" => QtssItem::PacketsReceived(be32(data, 0)?),
        b"pd" => QtssItem::PacketsDropped(be16(data, 0)?),
        b"pl" => QtssItem::PacketsLost(be16(data, 0)?),
        b"bl" => QtssItem::BufferFill(be16(data, 0)?),
        b"fr" => QtssItem::FrameRate(be16(data, 0)?),
        b"xr" => QtssItem::ExpectedFrameRate(be16(data, 0)?),
        b"d#" => QtssItem::AudioDry(be16(data, 0)?),
        b"ob" => QtssItem::OverbufferWindow(be32(data, 0)?),
        _ => return None,
    })
}

fn be16(data: &[u8], at: usize) -> Option<u16> {
    data.get(at..)?.first_chunk::<2>().map(|bytes| u16::from_be_bytes(*bytes))
}

fn be32(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..)?.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn items(compound: &[u8]) -> Vec<RtcpItem<'_>> {
        let mut found = Vec::new();
        let _ = walk(compound, |item| found.push(item));
        found
    }

    fn receiver_report(ssrc: u32, fraction: u8, lost: i32) -> Vec<u8> {
        let mut bytes = vec![0x81, 201, 0, 7, 0, 0, 0, 9];
        bytes.extend(ssrc.to_be_bytes());
        bytes.push(fraction);
        bytes.extend(&lost.to_be_bytes()[1..]);
        bytes.extend([0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 7, 0, 0, 0, 8]);
        bytes
    }

    fn qtss(items: &[u8]) -> Vec<u8> {
        let mut items = items.to_vec();
        items.resize(items.len().next_multiple_of(4), 0);
        let words = (items.len() / 4) as u16;
        let mut bytes = vec![0x80, 204];
        bytes.extend((4 + words).to_be_bytes());
        bytes.extend([0, 0, 0, 9]);
        bytes.extend(b"QTSS");
        bytes.extend([0, 0, 0, 1, 0, 0]);
        bytes.extend(words.to_be_bytes());
        bytes.extend(items);
        bytes
    }

    #[test]
    fn a_receiver_report_gives_its_sender_and_block() {
        let compound = receiver_report(1, 64, -2);
        let found = items(&compound);
        let block = ReportBlock {
            ssrc: 1,
            fraction_lost: 64,
            cumulative_lost: -2,
            highest_sequence: 5,
            jitter: 6,
            last_sender_report: 7,
            delay_since_report: 8,
        };
        assert_eq!(found, [RtcpItem::Reporter { ssrc: 9 }, RtcpItem::Report(block)]);
    }

    #[test]
    fn an_unknown_app_does_not_stop_the_walk() {
        let mut compound = vec![0x80, 204, 0, 2, 0, 0, 0, 9];
        compound.extend(b"xyzw");
        compound.extend(receiver_report(1, 0, 0));
        let found = items(&compound);
        assert_eq!(found[0], RtcpItem::Other { packet_type: 204 });
        assert!(matches!(found[2], RtcpItem::Report(ReportBlock { ssrc: 1, .. })));
    }

    #[test]
    fn qtss_items_are_read_packed() {
        let packet = qtss(b"ls\0\x02\x32\x00:)\0\0ob\0\x04\0\x01\0\0");
        let found = items(&packet);
        let read: Vec<_> = found.iter().map(|item| matches!(item, RtcpItem::Qtss { source: 1, .. })).collect();
        assert_eq!(read, [true; 3]);
        let RtcpItem::Qtss { item, .. } = found[0] else { panic!("{found:?}") };
        assert_eq!(item, QtssItem::LossPercent256(0x3200));
        assert_eq!(found[2], RtcpItem::Qtss { source: 1, item: QtssItem::OverbufferWindow(0x10000) });
    }

    #[test]
    fn a_qtss_item_shorter_than_its_kind_is_passed_over() {
        let packet = qtss(b"rr\0\x02\0\x01ls\0\x02\x01\0");
        let found = items(&packet);
        assert_eq!(found, [RtcpItem::Qtss { source: 1, item: QtssItem::LossPercent256(256) }]);
    }

    #[test]
    fn a_qtss_item_length_beyond_the_packet_ends_the_list() {
        assert_eq!(items(&qtss(b"rr\0\xff\0\0\0\x01")), []);
    }

    #[test]
    fn an_ack_lists_its_sequence_and_mask() {
        let mut packet = vec![0x80, 204, 0, 5, 0, 0, 0, 9];
        packet.extend(b"qtak");
        packet.extend([0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0b1010_0000, 0, 0, 1]);
        let found = items(&packet);
        let RtcpItem::Ack(ack) = found[0] else { panic!("{found:?}") };
        assert_eq!(ack.ssrc, 1);
        assert_eq!(ack.sequences().collect::<Vec<_>>(), [0xffff, 0, 2, 31]);
    }

    #[test]
    fn a_3gpp_block_gives_delay_and_free_space() {
        let mut packet = vec![0x80, 204, 0, 5, 0, 0, 0, 9];
        packet.extend(b"PSS0");
        packet.extend([0, 0, 0, 1, 0x03, 0xe8, 0, 7, 0, 3, 0, 2]);
        let block =
            NaduBlock { ssrc: 1, playout_delay_ms: Some(1000), next_sequence: 7, next_unit: 3, free_buffer_bytes: 128 };
        assert_eq!(items(&packet), [RtcpItem::Nadu(block)]);
    }

    #[test]
    fn the_walk_says_where_it_failed() {
        let mut compound = receiver_report(1, 0, 0);
        compound.extend([0x80, 201, 0, 9]);
        let error = RtcpError::Overlong { at: 32, claimed: 40, left: 4 };
        assert_eq!(walk(&compound, |_| ()), (1, Err(error)));
        assert_eq!(walk(&[0x40, 201, 0, 0], |_| ()), (0, Err(RtcpError::Version { at: 0, version: 1 })));
        assert_eq!(walk(&[0x80], |_| ()), (0, Err(RtcpError::Truncated { at: 0 })));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut acknowledged = 0usize;
            let _ = walk(&bytes, |item| {
                if let RtcpItem::Ack(ack) = item {
                    acknowledged += ack.sequences().count();
                }
            });
            prop_assert!(acknowledged <= bytes.len() * 8 + 64);
        }

        #[test]
        fn any_app_body_is_read_without_a_panic(name in prop::sample::select(vec![*b"QTSS", *b"PSS0", *b"qtak"]),
                                               body in prop::collection::vec(any::<u8>(), 0..100)) {
            let mut body = body;
            body.resize(body.len().next_multiple_of(4), 0);
            let mut packet = vec![0x80, 204];
            packet.extend(((8 + body.len()) as u16 / 4).to_be_bytes());
            packet.extend([0, 0, 0, 1]);
            packet.extend(name);
            packet.extend(body);
            let (packets, result) = walk(&packet, |_| ());
            prop_assert_eq!(packets, 1);
            prop_assert!(result.is_ok());
        }
    }
}
