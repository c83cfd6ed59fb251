//! Packets of one socket in one system call, for those that have no send worker: relays.
#![allow(unsafe_code)]

use std::io;
use std::mem;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd};
use std::ptr;

use bytes::Bytes;
use socket2::SockAddr;

/// Packets that one call takes at most.
pub const MAX_DATAGRAMS: usize = 64;

/// Sends the first of the packets, as many as the socket has room for now, each to its address, without waiting. Returns
/// how many were sent.
///
/// # Errors
/// What the system says about the first of them; `WouldBlock` where there is no room.
pub fn send_datagrams(socket: &impl AsFd, packets: &[(Bytes, SocketAddr)]) -> io::Result<usize> {
    let packets = packets.get(..MAX_DATAGRAMS).unwrap_or(packets);
    let addresses: Vec<SockAddr> = packets.iter().map(|(_, to)| SockAddr::from(*to)).collect();
    let mut vectors: Vec<libc::iovec> = packets
        .iter()
        .map(|(packet, _)| libc::iovec { iov_base: packet.as_ptr().cast_mut().cast(), iov_len: packet.len() })
        .collect();
    let mut headers: Vec<libc::mmsghdr> = Vec::with_capacity(packets.len());
    for (vector, address) in vectors.iter_mut().zip(&addresses) {
        // SAFETY: all fields of a `msghdr` are pointers, lengths and flags, for which zero means "none".
        let mut header: libc::mmsghdr = unsafe { mem::zeroed() };
        header.msg_hdr.msg_name = address.as_ptr().cast_mut().cast();
        header.msg_hdr.msg_namelen = address.len();
        header.msg_hdr.msg_iov = ptr::from_mut(vector);
        header.msg_hdr.msg_iovlen = 1;
        headers.push(header);
    }
    let count = libc::c_uint::try_from(headers.len()).unwrap_or(0);
    // SAFETY: `headers` holds `count` messages; the addresses, vectors and packets they point to outlive the call, which
    // only reads them.
    let sent = unsafe { libc::sendmmsg(socket.as_fd().as_raw_fd(), headers.as_mut_ptr(), count, libc::MSG_DONTWAIT) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::time::Duration;

    use super::*;

    #[test]
    fn packets_go_each_to_its_address() {
        let ears = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
        ears.iter().for_each(|ear| ear.set_read_timeout(Some(Duration::from_secs(5))).unwrap());
        let packet = |n: u8| (Bytes::from(vec![n; 3]), ears[usize::from(n % 2)].local_addr().unwrap());
        let packets: Vec<_> = (0..100).map(packet).collect();
        let from = UdpSocket::bind("127.0.0.1:0").unwrap();
        assert_eq!(send_datagrams(&from, &packets).unwrap(), MAX_DATAGRAMS);
        assert_eq!(send_datagrams(&from, &packets[MAX_DATAGRAMS..]).unwrap(), 36);
        for n in 0..100u8 {
            let mut buffer = [0; 16];
            let (len, sender) = ears[usize::from(n % 2)].recv_from(&mut buffer).unwrap();
            assert_eq!((&buffer[..len], sender), (&[n; 3][..], from.local_addr().unwrap()));
        }
        assert_eq!(send_datagrams(&from, &[]).unwrap(), 0);
        let long = (Bytes::from(vec![0; 70_000]), ears[0].local_addr().unwrap());
        assert_eq!(send_datagrams(&from, &[long]).unwrap_err().raw_os_error(), Some(libc::EMSGSIZE));
    }
}
