//! Hint samples (QTFF, "RTP Hint Sample Format"): packet entries and the constructors that fill them.

use super::atom::Fields;
use super::error::MovieError;

/// The packet is a copy of an earlier one, for lossy transports.
pub(crate) const FLAG_REPEAT: u16 = 1;
/// Nothing depends on the frame in this packet.
pub(crate) const FLAG_B_FRAME: u16 = 2;
/// TLVs stand between the packet's header and its constructors.
const FLAG_EXTRA: u16 = 4;

/// Length of one constructor.
const CONSTRUCTOR: usize = 16;

/// Most data one constructor of immediate data holds.
const MAX_IMMEDIATE: usize = 14;

/// One packet entry of a hint sample.
#[derive(Debug)]
pub(crate) struct PacketEntry<'a> {
    /// When to send it, relative to the sample, in units of the hint track's timescale.
    pub(crate) relative_time: i32,
    /// First byte of the RTP header without the version: padding and extension bits only.
    pub(crate) rtp_bits: u8,
    pub(crate) marker: bool,
    pub(crate) payload_type: u8,
    pub(crate) sequence: u16,
    pub(crate) flags: u16,
    /// TLV `rtpo`: added to the RTP timestamp.
    pub(crate) timestamp_offset: i32,
    /// Offset of the entry in the hint sample, in bytes.
    pub(crate) position: usize,
    pub(crate) constructors: Constructors<'a>,
}

/// How one piece of a packet is made.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Constructor<'a> {
    Noop,
    Immediate(&'a [u8]),
    Sample(SampleData),
    Description { track: i8, len: u16, number: u32, offset: u32 },
}

/// A piece of a media sample, or of a hint sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SampleData {
    /// Index into `tref/hint`; -1 is the hint track itself.
    pub(crate) track: i8,
    pub(crate) len: u16,
    /// Number of the sample, from 1.
    pub(crate) sample: u32,
    /// Bytes to skip, from the beginning of the sample.
    pub(crate) offset: u32,
    /// Compressed audio: bytes of a block and the samples in it. 0 stands for 1.
    pub(crate) bytes_per_block: u16,
    pub(crate) samples_per_block: u16,
}

/// The constructors of one packet, in order.
#[derive(Debug, Clone)]
pub(crate) struct Constructors<'a>(&'a [u8]);

/// How many packets a hint sample announces.
pub(crate) fn packet_count(sample: &[u8]) -> u16 {
    sample.get(..2).map_or(0, |b| u16::from_be_bytes([b[0], b[1]]))
}

/// The packet entries of a hint sample. A sample without any bytes has none.
pub(crate) fn packet_entries(sample: &[u8]) -> PacketEntries<'_> {
    PacketEntries {
        total: sample.len(),
        left: packet_count(sample),
        fields: Fields::new("hint sample", sample.get(4..).unwrap_or(&[])),
    }
}

/// See [`packet_entries`]. Ends after the first error.
pub(crate) struct PacketEntries<'a> {
    total: usize,
    left: u16,
    fields: Fields<'a>,
}

impl<'a> Iterator for PacketEntries<'a> {
    type Item = Result<PacketEntry<'a>, MovieError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let entry = self.entry();
        if entry.is_err() {
            self.left = 0;
        }
        Some(entry)
    }
}

impl<'a> PacketEntries<'a> {
    fn entry(&mut self) -> Result<PacketEntry<'a>, MovieError> {
        let position = self.total - self.fields.rest().len();
        let fields = &mut self.fields;
        let relative_time = fields.i32()?;
        let [first, second] = fields.array()?;
        let (sequence, flags, count) = (fields.u16()?, fields.u16()?, fields.u16()?);
        let timestamp_offset = if flags & FLAG_EXTRA != 0 { extra_data(fields)? } else { 0 };
        let constructors = Constructors(fields.take(usize::from(count) * CONSTRUCTOR)?);
        Ok(PacketEntry {
            relative_time,
            rtp_bits: first & 0x30,
            marker: second & 0x80 != 0,
            payload_type: second & 0x7f,
            sequence,
            flags,
            timestamp_offset,
            position,
            constructors,
        })
    }
}

/// Reads the TLVs of a packet and returns the value of `rtpo`, the only one that means something here.
fn extra_data(fields: &mut Fields<'_>) -> Result<i32, MovieError> {
    let bad = MovieError::malformed("hint sample", "extra data has a bad length");
    let len = (fields.u32()? as usize).checked_sub(4).ok_or(bad.clone())?;
    let mut data = fields.take(len)?;
    let mut offset = 0;
    while data.len() >= 8 {
        let mut tlv = Fields::new("hint sample", data);
        let size = tlv.u32()? as usize;
        // A size below that of the header would hold the walk in place.
        if size < 8 || size > data.len() {
            return Err(bad);
        }
        let kind: [u8; 4] = tlv.array()?;
        if &kind == b"rtpo" && size >= 12 {
            offset = tlv.i32()?;
        }
        // Entries are padded to 32 bits, which the size does not count.
        data = data.get(size.next_multiple_of(4)..).unwrap_or(&[]);
    }
    Ok(offset)
}

impl<'a> Iterator for Constructors<'a> {
    type Item = Result<Constructor<'a>, MovieError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.len() < CONSTRUCTOR {
            return None;
        }
        let (one, rest) = self.0.split_at(CONSTRUCTOR);
        self.0 = rest;
        Some(Constructor::parse(one))
    }
}

impl<'a> Constructor<'a> {
    fn parse(data: &'a [u8]) -> Result<Self, MovieError> {
        let mut fields = Fields::new("hint sample", data);
        match fields.u8()? {
            0 => Ok(Self::Noop),
            1 => {
                let len = usize::from(fields.u8()?);
                if len > MAX_IMMEDIATE {
                    return Err(MovieError::malformed("hint sample", "more than 14 bytes of immediate data"));
                }
                fields.take(len).map(Self::Immediate)
            }
            2 => Ok(Self::Sample(SampleData {
                track: fields.u8()? as i8,
                len: fields.u16()?,
                sample: fields.u32()?,
                offset: fields.u32()?,
                bytes_per_block: fields.u16()?,
                samples_per_block: fields.u16()?,
            })),
            3 => Ok(Self::Description {
                track: fields.u8()? as i8,
                len: fields.u16()?,
                number: fields.u32()?,
                offset: fields.u32()?,
            }),
            _ => Err(MovieError::malformed("hint sample", "unknown constructor")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::test_movie::{HintPacket, hint_sample};

    fn one(packet: HintPacket) -> Result<(i32, usize), MovieError> {
        let sample = hint_sample(&[packet]);
        let entry = packet_entries(&sample).next().unwrap()?;
        Ok((entry.timestamp_offset, entry.constructors.count()))
    }

    fn tlv(size: u32, kind: &[u8; 4], value: &[u8]) -> Vec<u8> {
        [&size.to_be_bytes()[..], kind, value].concat()
    }

    #[test]
    fn rtpo_is_signed_and_found_behind_other_tlvs() {
        let extra = [tlv(9, b"what", &[1, 0, 0, 0]), tlv(12, b"rtpo", &(-3000i32).to_be_bytes())].concat();
        let packet = HintPacket::new(96).immediate(b"x").extra(&extra);
        assert_eq!(one(packet).unwrap(), (-3000, 1));
    }

    #[test]
    fn a_tlv_of_size_0_is_an_error() {
        for size in [0, 7, 13] {
            assert!(one(HintPacket::new(96).extra(&tlv(size, b"rtpo", &[0; 4]))).is_err(), "{size}");
        }
    }

    #[test]
    fn entries_end_at_the_first_error() {
        let mut sample = hint_sample(&[HintPacket::new(96).immediate(b"x"), HintPacket::new(96).immediate(b"y")]);
        sample.truncate(sample.len() - 1);
        let entries: Vec<_> = packet_entries(&sample).collect();
        assert_eq!(entries.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false]);
        assert_eq!(packet_entries(&[]).count(), 0);
        assert_eq!(packet_entries(&[0, 9, 0, 0]).count(), 1);
    }

    #[test]
    fn immediate_data_has_at_most_14_bytes() {
        let mut entry = [0u8; 16];
        entry[..2].copy_from_slice(&[1, 14]);
        assert_eq!(Constructor::parse(&entry).unwrap(), Constructor::Immediate(&[0; 14]));
        entry[1] = 15;
        assert!(Constructor::parse(&entry).is_err());
        entry[0] = 4;
        assert!(Constructor::parse(&entry).is_err());
    }
}
