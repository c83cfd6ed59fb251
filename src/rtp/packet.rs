//! RTP fixed headers (RFC 3550 section 5.1) and the `$` frames that carry packets inside RTSP (RFC 2326 section 10.12).

/// Bytes of an RTP header without contributing sources.
pub const RTP_HEADER_LEN: usize = 12;

/// Bytes of the `$`, channel, length prefix of an interleaved frame.
pub const INTERLEAVED_PREFIX_LEN: usize = 4;

/// The variable fields of an RTP header with no padding, extension or contributing sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpHeader {
    /// Marker bit, for video the last packet of a frame.
    pub marker: bool,
    /// Payload type, 0 to 127.
    pub payload_type: u8,
    /// Sequence number.
    pub sequence: u16,
    /// Media timestamp in units of the stream's clock rate.
    pub timestamp: u32,
    /// Synchronization source.
    pub ssrc: u32,
}

impl RtpHeader {
    /// The header as it stands on the wire.
    pub fn to_bytes(self) -> [u8; RTP_HEADER_LEN] {
        let mut bytes = [0u8; RTP_HEADER_LEN];
        bytes[0] = 0x80;
        bytes[1] = (u8::from(self.marker) << 7) | (self.payload_type & 0x7f);
        bytes[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        bytes[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
        bytes
    }

    /// Reads a header from a peer's packet. Returns it with the offset of the payload (after contributing sources and
    /// header extension), or `None` if the packet is not RTP version 2 or is cut short.
    pub fn parse(packet: &[u8]) -> Option<(Self, usize)> {
        let fixed = packet.first_chunk::<RTP_HEADER_LEN>()?;
        let [first, second, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3] = *fixed;
        if first >> 6 != 2 {
            return None;
        }
        let mut payload = RTP_HEADER_LEN + usize::from(first & 0x0f) * 4;
        if first & 0x10 != 0 {
            let extension = packet.get(payload..payload + 4)?;
            let words = u16::from_be_bytes([*extension.get(2)?, *extension.get(3)?]);
            payload += 4 + usize::from(words) * 4;
        }
        if payload > packet.len() {
            return None;
        }
        let header = Self {
            marker: second & 0x80 != 0,
            payload_type: second & 0x7f,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([c0, c1, c2, c3]),
        };
        Some((header, payload))
    }
}

/// Overwrites sequence number, timestamp and SSRC of a packet that already has a header, leaving the rest alone.
/// Does nothing to a packet shorter than a header.
pub fn patch_header(packet: &mut [u8], sequence: u16, timestamp: u32, ssrc: u32) {
    if let Some(header) = packet.first_chunk_mut::<RTP_HEADER_LEN>() {
        header[2..4].copy_from_slice(&sequence.to_be_bytes());
        header[4..8].copy_from_slice(&timestamp.to_be_bytes());
        header[8..12].copy_from_slice(&ssrc.to_be_bytes());
    }
}

/// The prefix of an interleaved frame of `len` bytes, or `None` if the length does not fit its 16 bits.
pub fn interleaved_prefix(channel: u8, len: usize) -> Option<[u8; INTERLEAVED_PREFIX_LEN]> {
    let [high, low] = u16::try_from(len).ok()?.to_be_bytes();
    Some([b'$', channel, high, low])
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: RtpHeader =
        RtpHeader { marker: true, payload_type: 96, sequence: 0x1234, timestamp: 0xdead_beef, ssrc: 0x0102_0304 };

    #[test]
    fn a_header_is_twelve_bytes_in_network_order() {
        assert_eq!(HEADER.to_bytes(), [0x80, 0xe0, 0x12, 0x34, 0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4]);
    }

    #[test]
    fn a_header_survives_the_round_trip() {
        assert_eq!(RtpHeader::parse(&HEADER.to_bytes()), Some((HEADER, 12)));
    }

    #[test]
    fn sources_and_extension_are_skipped_and_bounded() {
        let mut packet = HEADER.to_bytes().to_vec();
        packet[0] = 0x80 | 0x10 | 2;
        packet.extend([0u8; 8]);
        packet.extend([0xbe, 0xde, 0, 1, 9, 9, 9, 9]);
        assert_eq!(RtpHeader::parse(&packet).map(|(_, at)| at), Some(28));
        for len in 0..packet.len() {
            assert_eq!(RtpHeader::parse(&packet[..len]), None, "cut to {len}");
        }
    }

    #[test]
    fn patching_changes_only_sequence_time_and_source() {
        let mut packet = RtpHeader { sequence: 0, timestamp: 0, ssrc: 0, ..HEADER }.to_bytes();
        patch_header(&mut packet, 0x1234, 0xdead_beef, 0x0102_0304);
        assert_eq!(packet, HEADER.to_bytes());
        patch_header(&mut [0u8; 3], 1, 1, 1);
    }

    #[test]
    fn a_frame_longer_than_sixteen_bits_has_no_prefix() {
        assert_eq!(interleaved_prefix(3, 258), Some([b'$', 3, 1, 2]));
        assert_eq!(interleaved_prefix(3, 65_536), None);
    }
}
