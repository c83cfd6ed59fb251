//! Which packets of a video track are sent at which quality level.

use super::block::{Packet, PacketFlags};

/// The coarsest level.
pub const MAX_THINNING_LEVEL: u8 = 6;

/// Whether a packet is sent at a quality level, as DSS 6.0.3 thins video from files. Audio is never asked about.
///
/// | Level | Kept |
/// |---|---|
/// | 0 | everything |
/// | 1 | all but B frames |
/// | 2, 3, 4 | no B frames, and only the first 75, 50, 25 % of the samples between two sync samples |
/// | 5 | sync samples |
/// | 6 and above | sync samples and the one sample behind each |
pub fn thinning_keeps(level: u8, packet: &Packet) -> bool {
    let b_frame = packet.flags.contains(PacketFlags::B_FRAME);
    let within = |percent: u64| u64::from(packet.gop_index) * 100 < u64::from(packet.gop_len) * percent;
    match level {
        0 => true,
        1 => !b_frame,
        2 => !b_frame && within(75),
        3 => !b_frame && within(50),
        4 => !b_frame && within(25),
        5 => packet.flags.contains(PacketFlags::SYNC),
        _ => packet.gop_index <= 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(level: u8) -> usize {
        let packet = |n: u32| Packet {
            time_us: 0,
            rtp_time: 0,
            marker: true,
            payload_type: 96,
            rtp_bits: 0,
            hint_seq: 0,
            sample: n + 1,
            flags: match n % 40 {
                0 => PacketFlags::SYNC,
                n if n % 2 == 1 => PacketFlags::B_FRAME,
                _ => PacketFlags::default(),
            },
            gop_index: n % 40,
            gop_len: 40,
            range: 0..0,
            position: 0,
        };
        (0..80).filter(|&n| thinning_keeps(level, &packet(n))).count()
    }

    #[test]
    fn each_level_keeps_its_share() {
        assert_eq!([0, 1, 2, 3, 4, 5, 6].map(kept), [80, 40, 30, 20, 10, 2, 4]);
        assert_eq!(kept(MAX_THINNING_LEVEL + 1), kept(MAX_THINNING_LEVEL));
    }
}
