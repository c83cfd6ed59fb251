//! UDP port pairs shared by many streams: a stream is known by local address and port, so that clients with local
//! addresses of their own need few sockets.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::sys::{self, Epoll, Interest};

/// Pairs that are looked at each round without being asked for; further ones are watched by epoll.
pub const POLLED: usize = 64;
/// Receive buffers: one shared by many streams holds a second of a thousand viewers, one of a few streams a second of each.
const SHARED_BUFFER: usize = 16 << 20;
const SMALL_BUFFER: usize = 512 << 10;
/// Pairs of one address that are not used again until others have been given back.
const RESTING: usize = 2;
/// Tokens of pairs watched by epoll: this, the pair's number, and bit 0 for RTCP.
pub const PORT_TOKEN: u64 = 1 << 63;

/// Who owns a stream's port: place of the client and number of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The client's place in its worker.
    pub slot: u32,
    /// The stream's number in the client.
    pub stream: u8,
}

/// An RTP socket and its RTCP neighbour on all local addresses.
pub struct Pair {
    /// Media.
    pub rtp: UdpSocket,
    /// Control, one port above.
    pub rtcp: UdpSocket,
    /// RTP port, even.
    pub port: u16,
    owners: Vec<Option<Owner>>,
    /// Streams that use it.
    pub in_use: usize,
}

/// Hashes our own addresses, once per datagram; nobody else chooses them, so a quick mix is enough.
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let word = part.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
            self.0 = (self.0.rotate_left(26) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }

    fn write_isize(&mut self, number: isize) {
        self.0 ^= number as u64; // v4 or v6
    }

    fn write_usize(&mut self, number: usize) {
        self.0 ^= number as u64; // a length
    }
}

/// One worker's port pairs.
pub struct PortTable {
    pairs: Vec<Pair>,
    addresses: HashMap<IpAddr, usize, BuildHasherDefault<AddressHasher>>,
    free: Vec<VecDeque<u16>>,
    unused_from: Vec<usize>,
    next_port: Arc<AtomicU32>,
    gro: bool,
    ipv4: bool,
}

impl PortTable {
    /// Streams will use `sources`; ports are tried upward from `next_port`, which all workers share.
    pub fn new(sources: &[IpAddr], next_port: Arc<AtomicU32>, gro: bool) -> Self {
        Self {
            pairs: Vec::new(),
            addresses: sources.iter().copied().enumerate().map(|(n, address)| (address, n)).collect(),
            free: vec![VecDeque::new(); sources.len()],
            unused_from: vec![0; sources.len()],
            next_port,
            gro,
            ipv4: sources.first().is_none_or(IpAddr::is_ipv4),
        }
    }

    /// A pair that no other stream of local address number `source` uses, opened if need be. Pairs given back rest for a
    /// while, so that a late packet does not meet the next owner.
    pub fn allocate(&mut self, source: usize, owner: Owner, epoll: &Epoll) -> io::Result<usize> {
        let unknown = || io::Error::other("no such local address");
        let unused = *self.unused_from.get(source).ok_or_else(unknown)?;
        let number = if unused < self.pairs.len() {
            unused
        } else if let Some(number) =
            self.free.get_mut(source).filter(|f| f.len() > RESTING).and_then(VecDeque::pop_front)
        {
            usize::from(number)
        } else {
            self.open(epoll)?;
            self.pairs.len() - 1
        };
        if let Some(next) = self.unused_from.get_mut(source).filter(|n| **n == number) {
            *next += 1;
        }
        let pair = self.pairs.get_mut(number).ok_or_else(unknown)?;
        *pair.owners.get_mut(source).ok_or_else(unknown)? = Some(owner);
        pair.in_use += 1;
        Ok(number)
    }

    /// Gives a pair back.
    pub fn release(&mut self, number: usize, source: usize) {
        let Some(pair) = self.pairs.get_mut(number) else { return };
        if pair.owners.get_mut(source).and_then(Option::take).is_some() {
            pair.in_use -= 1;
            if let (Some(free), Ok(number)) = (self.free.get_mut(source), u16::try_from(number)) {
                free.push_back(number);
            }
        }
    }

    /// Who uses pair `number` at local address `to`.
    pub fn owner(&self, number: usize, to: IpAddr) -> Option<Owner> {
        let source = *self.addresses.get(&to)?;
        *self.pairs.get(number)?.owners.get(source)?
    }

    /// Pair `number`.
    pub fn get(&self, number: usize) -> Option<&Pair> {
        self.pairs.get(number)
    }

    /// How many pairs are open.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Datagrams the kernel dropped at any of them, which no server is to blame for.
    pub fn dropped(&self) -> u64 {
        self.pairs.iter().map(|p| sys::dropped(&p.rtp)).sum()
    }

    fn open(&mut self, epoll: &Epoll) -> io::Result<()> {
        let any: IpAddr = if self.ipv4 { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        loop {
            let port = self.next_port.fetch_add(2, Ordering::Relaxed).next_multiple_of(2);
            let Some(port) = u16::try_from(port).ok().filter(|p| *p < 65_535) else {
                return Err(io::Error::other("no free UDP port pair left; give more local addresses (--sources)"));
            };
            // someone else has one of the two: go on
            let Ok(rtp) = UdpSocket::bind((any, port)) else { continue };
            let Ok(rtcp) = UdpSocket::bind((any, port + 1)) else { continue };
            let number = self.pairs.len();
            let buffer = if number < POLLED { SHARED_BUFFER } else { SMALL_BUFFER };
            sys::prepare_receiver(&rtp, self.gro, buffer)?;
            sys::prepare_receiver(&rtcp, false, buffer / 16)?;
            if number >= POLLED {
                let token = PORT_TOKEN | (number as u64) << 1;
                epoll.add(rtp.as_raw_fd(), Interest::Read, token)?;
                epoll.add(rtcp.as_raw_fd(), Interest::Read, token | 1)?;
            }
            self.pairs.push(Pair { rtp, rtcp, port, owners: vec![None; self.addresses.len()], in_use: 0 });
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(sources: &[IpAddr], base: u32) -> (PortTable, Epoll) {
        (PortTable::new(sources, Arc::new(AtomicU32::new(base)), true), Epoll::new().unwrap())
    }

    #[test]
    fn streams_share_a_pair_unless_their_address_is_the_same() {
        let sources: Vec<IpAddr> = vec![[127, 0, 1, 1].into(), [127, 0, 1, 2].into()];
        let (mut table, epoll) = table(&sources, 24_001);
        let owner = |slot| Owner { slot, stream: 0 };
        let first = table.allocate(0, owner(1), &epoll).unwrap();
        let second = table.allocate(1, owner(2), &epoll).unwrap();
        let third = table.allocate(0, owner(3), &epoll).unwrap();
        assert_eq!((first, second, third), (0, 0, 1));
        assert_eq!(table.owner(0, sources[1]), Some(owner(2)));
        assert_eq!(table.owner(1, sources[0]), Some(owner(3)));
        assert_eq!(table.owner(1, sources[1]), None);
        assert_eq!(table.get(0).unwrap().port % 2, 0);
        let rtcp = table.get(1).unwrap().rtcp.local_addr().unwrap().port();
        assert_eq!(rtcp, table.get(1).unwrap().port + 1);
    }

    #[test]
    fn a_pair_given_back_is_used_again_and_counted_once() {
        let sources: Vec<IpAddr> = vec![[127, 0, 1, 1].into()];
        let (mut table, epoll) = table(&sources, 24_500);
        let owner = Owner { slot: 9, stream: 1 };
        for _ in 0..100 {
            let number = table.allocate(0, owner, &epoll).unwrap();
            assert_eq!(table.get(number).unwrap().in_use, 1);
            table.release(number, 0);
            table.release(number, 0);
            assert_eq!(table.get(number).unwrap().in_use, 0);
        }
        assert_eq!(table.len(), 1 + RESTING);
    }

    #[test]
    fn running_out_of_ports_is_an_error() {
        let sources: Vec<IpAddr> = vec![[127, 0, 1, 1].into()];
        let (mut table, epoll) = table(&sources, 65_536);
        let error = table.allocate(0, Owner { slot: 0, stream: 0 }, &epoll).unwrap_err();
        assert!(error.to_string().contains("--sources"), "{error}");
    }
}
