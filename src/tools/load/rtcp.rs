//! RTCP as a player writes it (receiver reports, Apple's acknowledgements, 3GPP buffer feedback) and reads it.

/// One report block (RFC 3550 section 6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportBlock {
    /// The reported stream.
    pub ssrc: u32,
    /// Share lost since the last report, of 256.
    pub fraction_lost: u8,
    /// Lost since the start; clamped to 24 bits.
    pub lost: i32,
    /// Highest sequence number with cycles.
    pub highest: u32,
    /// Interarrival jitter, clock units.
    pub jitter: u32,
    /// Middle of the last sender report's NTP time.
    pub last_sr: u32,
    /// Since then, in 1/65536 s.
    pub delay: u32,
}

/// A receiver report with one block and the CNAME that section 6.1 asks for.
pub fn receiver_report(own_ssrc: u32, block: &ReportBlock, cname: &str) -> Vec<u8> {
    let mut packet = vec![0x81, 201, 0, 7];
    packet.extend(own_ssrc.to_be_bytes());
    packet.extend(block.ssrc.to_be_bytes());
    packet.push(block.fraction_lost);
    packet.extend(&block.lost.clamp(-0x80_0000, 0x7f_ffff).to_be_bytes()[1..]);
    for word in [block.highest, block.jitter, block.last_sr, block.delay] {
        packet.extend(word.to_be_bytes());
    }
    let name = &cname.as_bytes()[..cname.len().min(64)];
    let chunk = (4 + 2 + name.len() + 1).next_multiple_of(4); // at least one null octet ends the items
    packet.extend([0x81, 202]);
    packet.extend(((chunk / 4) as u16).to_be_bytes());
    let start = packet.len();
    packet.extend(own_ssrc.to_be_bytes());
    packet.extend([1, name.len() as u8]);
    packet.extend(name);
    packet.resize(start + chunk, 0);
    packet
}

/// Words of bit mask in one acknowledgement: 128 packets after the first.
const MASK_WORDS: usize = 4;

/// Apple's reliable UDP acknowledgements (APP `qtak`) of `sequences`, which is emptied. Each acknowledges one packet and,
/// by bit mask, some of the 128 after it; arithmetic is modulo 2^16, and the size is bounded whatever the order.
pub fn acknowledgements(own_ssrc: u32, ssrc: u32, sequences: &mut Vec<u16>) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    let Some(&base) = sequences.first() else { return packets };
    sequences.sort_unstable_by_key(|s| s.wrapping_sub(base) as i16);
    sequences.dedup();
    let mut rest = sequences.as_slice();
    while let Some((&first, after)) = rest.split_first() {
        let mut mask = [0u32; MASK_WORDS];
        let (mut words, mut taken) = (0, 0);
        for sequence in after {
            let bit = usize::from(sequence.wrapping_sub(first)) - 1;
            let Some(word) = mask.get_mut(bit / 32) else { break };
            *word |= 0x8000_0000 >> (bit % 32);
            words = bit / 32 + 1;
            taken += 1;
        }
        let mut packet = vec![0x80, 204];
        packet.extend(((4 + words) as u16).to_be_bytes());
        packet.extend(own_ssrc.to_be_bytes());
        packet.extend(b"qtak");
        packet.extend(ssrc.to_be_bytes());
        packet.extend(u32::from(first).to_be_bytes());
        mask[..words].iter().for_each(|word| packet.extend(word.to_be_bytes()));
        packets.push(packet);
        rest = &after[taken..];
    }
    sequences.clear();
    packets
}

/// Apple's `ob` item (APP `QTSS`): the overbuffer window in bytes.
pub fn overbuffer_window(own_ssrc: u32, ssrc: u32, bytes: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 204, 0, 6];
    packet.extend(own_ssrc.to_be_bytes());
    packet.extend(b"QTSS");
    packet.extend(ssrc.to_be_bytes());
    packet.extend([0, 0, 0, 2]); // version, words that follow
    packet.extend(b"ob");
    packet.extend([0, 4]); // item version and length
    packet.extend(bytes.to_be_bytes());
    packet
}

/// What a NADU block tells (3GPP TS 26.234, APP `PSS0`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferState {
    /// Until the oldest buffered packet is played, ms; 0xffff: unknown.
    pub playout_delay: u16,
    /// Sequence number of the next packet to decode.
    pub next_sequence: u16,
    /// Free space in the buffer, bytes.
    pub free: u32,
}

/// 3GPP buffer feedback for one stream.
pub fn next_application_data_unit(own_ssrc: u32, ssrc: u32, state: BufferState) -> Vec<u8> {
    let mut packet = vec![0x80, 204, 0, 5];
    packet.extend(own_ssrc.to_be_bytes());
    packet.extend(b"PSS0");
    packet.extend(ssrc.to_be_bytes());
    packet.extend(state.playout_delay.to_be_bytes());
    packet.extend(state.next_sequence.to_be_bytes());
    packet.extend([0, 0]);
    packet.extend(u16::try_from(state.free / 64).unwrap_or(u16::MAX).to_be_bytes());
    packet
}

/// What a player wants from a server's compound packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Incoming {
    /// SSRC of the sender report, and the middle 32 bits of its NTP time.
    pub sender_report: Option<(u32, u32)>,
    /// A BYE was in it.
    pub bye: bool,
    /// A length or version was wrong.
    pub malformed: bool,
}

/// Walks a compound packet.
pub fn parse(mut packet: &[u8]) -> Incoming {
    let mut incoming = Incoming::default();
    while !packet.is_empty() {
        let Some(&[version, kind, high, low]) = packet.first_chunk::<4>() else {
            return Incoming { malformed: true, ..incoming };
        };
        let size = (usize::from(u16::from_be_bytes([high, low])) + 1) * 4;
        let Some(body) = packet.get(..size).filter(|_| version >> 6 == 2) else {
            return Incoming { malformed: true, ..incoming };
        };
        match (kind, body.first_chunk::<20>()) {
            (200, Some(b)) => {
                let ssrc = u32::from_be_bytes([b[4], b[5], b[6], b[7]]);
                incoming.sender_report = Some((ssrc, u32::from_be_bytes([b[10], b[11], b[12], b[13]])));
            }
            (203, _) => incoming.bye = true,
            _ => {}
        }
        packet = &packet[size..];
    }
    incoming
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sequence numbers that a `qtak` packet acknowledges.
    fn acknowledged(packet: &[u8]) -> Vec<u16> {
        assert_eq!(packet.len(), (usize::from(packet[3]) + 1) * 4);
        let first = u16::from_be_bytes([packet[18], packet[19]]);
        let mut all = vec![first];
        for (n, byte) in packet[20..].iter().enumerate() {
            all.extend((0..8u16).filter(|b| byte & (0x80 >> b) != 0).map(|b| first.wrapping_add(n as u16 * 8 + b + 1)));
        }
        all
    }

    #[test]
    fn trap_37_acknowledgements_stay_small_when_the_sequence_wraps_inside_a_batch() {
        let mut batch = vec![65_534, 65_535, 0, 1, 5];
        let packets = acknowledgements(1, 2, &mut batch);
        assert_eq!(packets.len(), 1);
        assert_eq!(packets[0].len(), 24);
        assert_eq!(acknowledged(&packets[0]), [65_534, 65_535, 0, 1, 5]);
        assert!(batch.is_empty());
    }

    #[test]
    fn any_batch_is_acknowledged_completely_and_in_bounded_packets() {
        let mut wanted: Vec<u16> = (0..600u16).map(|n| n.wrapping_mul(37).wrapping_add(60_000)).collect();
        let mut batch = wanted.clone();
        let packets = acknowledgements(1, 2, &mut batch);
        assert!(packets.iter().all(|p| p.len() <= 20 + 4 * MASK_WORDS));
        let mut found: Vec<u16> = packets.iter().flat_map(|p| acknowledged(p)).collect();
        found.sort_unstable();
        wanted.sort_unstable();
        wanted.dedup();
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_receiver_report_has_its_fields_where_the_rfc_puts_them() {
        let block = ReportBlock { ssrc: 2, fraction_lost: 64, lost: -1, highest: 9, jitter: 8, last_sr: 7, delay: 6 };
        let packet = receiver_report(1, &block, "slt-0001");
        assert_eq!(packet.len() % 4, 0);
        assert_eq!(&packet[..4], [0x81, 201, 0, 7]);
        assert_eq!(&packet[12..16], [64, 0xff, 0xff, 0xff]);
        assert_eq!(&packet[28..32], [0, 0, 0, 6]);
        let sdes = &packet[32..];
        assert_eq!(sdes.len(), (usize::from(sdes[3]) + 1) * 4);
        assert_eq!(&sdes[8..18], b"\x01\x08slt-0001");
        assert!(!parse(&packet).malformed);
    }

    #[test]
    fn a_senders_compound_is_walked_and_broken_ones_are_told() {
        let mut packet = vec![0x80, 200, 0, 6, 0, 0, 0, 5, 1, 2, 3, 4, 5, 6, 7, 8];
        packet.extend([0; 12]);
        packet.extend([0x81, 203, 0, 1, 0, 0, 0, 5]);
        let incoming = parse(&packet);
        assert_eq!(incoming, Incoming { sender_report: Some((5, 0x0304_0506)), bye: true, malformed: false });
        assert!(parse(&packet[..27]).malformed);
        assert!(parse(&[0x40, 200, 0, 0]).malformed);
        assert!(parse(&[0x80]).malformed);
    }

    #[test]
    fn apples_and_3gpps_packets_say_their_length() {
        let ob = overbuffer_window(1, 2, 128 * 1024);
        assert_eq!(ob.len(), (usize::from(ob[3]) + 1) * 4);
        assert_eq!(&ob[20..24], b"ob\x00\x04");
        let state = BufferState { playout_delay: 1000, next_sequence: 7, free: u32::MAX };
        let nadu = next_application_data_unit(1, 2, state);
        assert_eq!(nadu.len(), 24);
        assert_eq!(&nadu[16..], [0x03, 0xe8, 0, 7, 0, 0, 0xff, 0xff]);
    }
}
