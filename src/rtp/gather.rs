//! Packets on their way to a system call: small headers copied into one arena, payloads only referred to.

use std::ops::Range;

use bytes::Bytes;

/// A reusable list of packets. Nothing is allocated once its vectors have grown to their usual size; a payload's block
/// is referenced once for a run of packets from it.
#[derive(Debug, Default)]
pub struct Gather {
    heads: Vec<u8>,
    blocks: Vec<Bytes>,
    packets: Vec<Entry>,
    bytes: usize,
}

/// Where a packet's parts are. Its block is `NO_BLOCK` if it is all header.
#[derive(Debug, Clone, Copy)]
struct Entry {
    head_at: u32,
    head_len: u32,
    block: u32,
    payload_at: u32,
    payload_len: u32,
}

const NO_BLOCK: u32 = u32::MAX;

impl Gather {
    /// Adds a packet of `head` and the bytes `range` of `block`. A range outside the block adds the header alone.
    pub fn push(&mut self, head: &[u8], payload: Option<(&Bytes, Range<usize>)>) {
        let payload = payload.filter(|(block, range)| range.start <= range.end && range.end <= block.len());
        let (block, payload_at, payload_len) = match payload {
            Some((block, range)) => (self.hold(block), range.start as u32, (range.end - range.start) as u32),
            None => (NO_BLOCK, 0, 0),
        };
        let head_at = self.heads.len() as u32;
        self.heads.extend_from_slice(head);
        self.bytes += head.len() + payload_len as usize;
        self.packets.push(Entry { head_at, head_len: head.len() as u32, block, payload_at, payload_len });
    }

    /// Packets gathered.
    pub fn len(&self) -> usize {
        self.packets.len()
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Bytes gathered.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Header and payload of each packet, in order.
    pub fn frames(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        (0..self.packets.len()).map(|index| self.frame(index))
    }

    /// Header and payload of packet `index`; empty if there is none.
    pub fn frame(&self, index: usize) -> (&[u8], &[u8]) {
        let Some(entry) = self.packets.get(index) else { return (&[], &[]) };
        let head = span(&self.heads, entry.head_at, entry.head_len);
        let block = self.blocks.get(entry.block as usize).map_or(&[][..], |block| block);
        (head, span(block, entry.payload_at, entry.payload_len))
    }

    /// Size of packet `index`, header and payload.
    pub fn size(&self, index: usize) -> usize {
        self.packets.get(index).map_or(0, |entry| (entry.head_len + entry.payload_len) as usize)
    }

    /// Forgets all packets, keeping the room they took.
    pub fn clear(&mut self) {
        self.heads.clear();
        self.blocks.clear();
        self.packets.clear();
        self.bytes = 0;
    }

    fn hold(&mut self, block: &Bytes) -> u32 {
        let is_last = |last: &Bytes| last.as_ptr() == block.as_ptr() && last.len() == block.len();
        if !self.blocks.last().is_some_and(is_last) {
            self.blocks.push(block.clone());
        }
        (self.blocks.len() - 1) as u32
    }
}

fn span(bytes: &[u8], at: u32, len: u32) -> &[u8] {
    bytes.get(at as usize..at as usize + len as usize).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_come_out_as_they_went_in() {
        let block = Bytes::from_static(b"payload");
        let mut gather = Gather::default();
        gather.push(b"h1", Some((&block, 0..3)));
        gather.push(b"h2", Some((&block, 3..7)));
        gather.push(b"report", None);
        let frames: Vec<_> = gather.frames().collect();
        assert_eq!(frames, [(&b"h1"[..], &b"pay"[..]), (b"h2", b"load"), (b"report", b"")]);
        assert_eq!((gather.len(), gather.bytes(), gather.size(1)), (3, 17, 6));
    }

    #[test]
    fn a_block_is_held_once_for_a_run() {
        let block = Bytes::from(vec![1u8; 100]);
        let mut gather = Gather::default();
        for at in 0..10 {
            gather.push(b"h", Some((&block, at..at + 1)));
        }
        assert_eq!(gather.blocks.len(), 1);
        gather.clear();
        assert!(gather.is_empty());
        assert!(gather.blocks.is_empty());
    }

    #[test]
    fn a_range_outside_its_block_sends_no_payload() {
        let block = Bytes::from_static(b"abc");
        let mut gather = Gather::default();
        gather.push(b"h", Some((&block, 2..9)));
        assert_eq!(gather.frame(0), (&b"h"[..], &b""[..]));
        assert_eq!(gather.frame(5), (&b""[..], &b""[..]));
    }
}
