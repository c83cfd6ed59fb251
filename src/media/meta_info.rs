//! RTP-Meta-Info payloads, as DSS 6.0.3 sends them: packets for caching proxies, which tell where in the file they come
//! from.
//!
//! The client lists the fields it wants in `x-RTP-Meta-Info`; the payload of each packet then is those fields, with the
//! media data (`md`) last. A field is two letters, a 16-bit length and its value, or, where the client gave it a number,
//! one byte 0x80 | number, an 8-bit length and the value. `md` is always in the long form, since its length needs it.

use std::fmt;

use super::block::{Packet, PacketFlags};

/// Fields that this server knows, in the order of the answer and of the payload.
const FIELDS: [(MetaInfoField, &str); 6] = [
    (MetaInfoField::PacketPosition, "pp"),
    (MetaInfoField::TransmitTime, "tt"),
    (MetaInfoField::FrameType, "ft"),
    (MetaInfoField::PacketNumber, "pn"),
    (MetaInfoField::Sequence, "sq"),
    (MetaInfoField::MediaData, "md"),
];

/// A field of the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetaInfoField {
    /// `pp`: position of the packet in the file, 8 bytes.
    PacketPosition,
    /// `tt`: when it is due, ms from the beginning of the movie, 8 bytes.
    TransmitTime,
    /// `ft`: 1 key frame, 2 B frame, 3 any other, 2 bytes.
    FrameType,
    /// `pn`: number of the packet in its track, from 0, 8 bytes.
    PacketNumber,
    /// `sq`: sequence number as it stands in the file, 2 bytes.
    Sequence,
    /// `md`: the RTP payload itself.
    MediaData,
}

/// The fields one client asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MetaInfoFields {
    /// By the order of [`FIELDS`]; inner `None`: named by its letters.
    wanted: [Option<Option<u8>>; FIELDS.len()],
}

/// The values of one packet's fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetaInfo {
    /// `pp`.
    pub packet_position: u64,
    /// `tt`, in ms.
    pub transmit_time: u64,
    /// `ft`: 1, 2 or 3.
    pub frame_type: u16,
    /// `pn`.
    pub packet_number: u64,
    /// `sq`.
    pub sequence: u16,
}

impl MetaInfoFields {
    /// Reads an `x-RTP-Meta-Info` value: names separated by `;`, each perhaps with `=number` (0 to 127). Names that
    /// this server does not know are left out; of a name that stands twice the first counts.
    pub fn parse(header: &str) -> Self {
        let mut out = Self::default();
        for word in header.split(';') {
            let (name, number) = match word.split_once('=') {
                Some((name, number)) => (name, number.trim().parse().ok().filter(|&n: &u8| n < 0x80)),
                None => (word, None),
            };
            let known = FIELDS.iter().position(|(_, n)| n.eq_ignore_ascii_case(name.trim()));
            if let Some(wanted) = known.and_then(|i| out.wanted.get_mut(i)) {
                wanted.get_or_insert(number);
            }
        }
        out
    }

    /// Whether nothing was asked for that this server knows.
    pub fn is_empty(&self) -> bool {
        self.wanted.iter().all(Option::is_none)
    }

    /// Whether a field was asked for.
    pub fn contains(&self, field: MetaInfoField) -> bool {
        self.iter().any(|(f, _, _)| f == field)
    }

    /// Appends the payload of one packet to `out`: the fields asked for, and `media` if `md` is one of them. A payload of
    /// more than 65,535 bytes does not fit the field and is cut there.
    pub fn wrap(&self, info: &MetaInfo, media: &[u8], out: &mut Vec<u8>) {
        for (field, name, number) in self.iter() {
            match field {
                MetaInfoField::PacketPosition => put(out, name, number, &info.packet_position.to_be_bytes()),
                MetaInfoField::TransmitTime => put(out, name, number, &info.transmit_time.to_be_bytes()),
                MetaInfoField::FrameType => put(out, name, number, &info.frame_type.to_be_bytes()),
                MetaInfoField::PacketNumber => put(out, name, number, &info.packet_number.to_be_bytes()),
                MetaInfoField::Sequence => put(out, name, number, &info.sequence.to_be_bytes()),
                MetaInfoField::MediaData => put(out, name, None, media.get(..0xffff).unwrap_or(media)),
            }
        }
    }

    fn iter(&self) -> impl Iterator<Item = (MetaInfoField, &'static str, Option<u8>)> {
        FIELDS.into_iter().zip(self.wanted).filter_map(|((field, name), wanted)| Some((field, name, wanted?)))
    }
}

/// The answer's `x-RTP-Meta-Info` value: the accepted fields, `pp;tt;ft;pn;sq;md`.
impl fmt::Display for MetaInfoFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (field, name, number)) in self.iter().enumerate() {
            f.write_str(if i > 0 { ";" } else { "" })?;
            f.write_str(name)?;
            if let Some(number) = number.filter(|_| field != MetaInfoField::MediaData) {
                write!(f, "={number}")?;
            }
        }
        Ok(())
    }
}

impl MetaInfo {
    /// The values for a packet from a file. `number` counts from the first packet of the track, see
    /// [`Movie::first_packet_of_block`](super::Movie::first_packet_of_block).
    pub fn of(packet: &Packet, number: u64) -> Self {
        Self {
            packet_position: packet.position,
            transmit_time: u64::try_from(packet.time_us / 1000).unwrap_or(0),
            frame_type: match packet.flags {
                f if f.contains(PacketFlags::SYNC) => 1,
                f if f.contains(PacketFlags::B_FRAME) => 2,
                _ => 3,
            },
            packet_number: number,
            sequence: packet.hint_seq,
        }
    }
}

fn put(out: &mut Vec<u8>, name: &str, number: Option<u8>, value: &[u8]) {
    match number {
        Some(number) => out.extend_from_slice(&[0x80 | number, value.len() as u8]),
        None => {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(&(value.len() as u16).to_be_bytes());
        }
    }
    out.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: MetaInfo =
        MetaInfo { packet_position: 0x1234, transmit_time: 66, frame_type: 1, packet_number: 7, sequence: 8 };

    #[test]
    fn fields_come_in_order_with_the_media_last() {
        let fields = MetaInfoFields::parse("md; sq;to;ft;pn;bogus;pp;tt");
        assert_eq!(fields.to_string(), "pp;tt;ft;pn;sq;md");
        let mut out = Vec::new();
        fields.wrap(&INFO, b"DATA", &mut out);
        let want: [&[u8]; 6] = [
            b"pp\0\x08\0\0\0\0\0\0\x12\x34",
            b"tt\0\x08\0\0\0\0\0\0\0\x42",
            b"ft\0\x02\0\x01",
            b"pn\0\x08\0\0\0\0\0\0\0\x07",
            b"sq\0\x02\0\x08",
            b"md\0\x04DATA",
        ];
        assert_eq!(out, want.concat());
    }

    #[test]
    fn numbered_fields_are_compressed() {
        let fields = MetaInfoFields::parse("pn=1;sq=3;md=4;ft=200");
        assert_eq!(fields.to_string(), "ft;pn=1;sq=3;md");
        let mut out = Vec::new();
        fields.wrap(&INFO, b"x", &mut out);
        let want: [&[u8]; 4] = [b"ft\0\x02\0\x01", b"\x81\x08\0\0\0\0\0\0\0\x07", b"\x83\x02\0\x08", b"md\0\x01x"];
        assert_eq!(out, want.concat());
    }

    #[test]
    fn nothing_known_is_nothing() {
        let fields = MetaInfoFields::parse("to;bi;;=");
        assert!(fields.is_empty());
        assert!(!fields.contains(MetaInfoField::MediaData));
        assert_eq!(fields.to_string(), "");
    }
}
