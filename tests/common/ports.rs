//! Ports for servers whose port has to be known before they listen.
#![allow(dead_code)] // each test program uses its own part

use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

use socket2::{Domain, Socket, Type};

/// A TCP port of 127.0.0.1 that this test program keeps to its end: neither a connection that goes out nor somebody else who
/// asks for a free port is given it. It is bound without being listened on, and a server that shares addresses with what does
/// not listen (`SO_REUSEADDR`), as ours does, has it all the same.
pub fn free_port() -> u16 {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_reuse_address(true).expect("a shared address");
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).expect("a port");
    let address = socket.local_addr().expect("its address").as_socket().expect("an IP address");
    std::mem::forget(socket);
    address.port()
}

/// An even UDP port that is free, as is the next, and that this test program keeps to its end: it lies below those that systems
/// give to others, and a listener at the TCP port of the same number tells other test programs that it is taken.
pub fn free_udp_port() -> u16 {
    let first = 24_000 + 2 * (std::process::id() % 2_000) as u16;
    let is_free = |port: u16| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok();
    for port in (first..32_000).chain(22_000..first).step_by(2) {
        let Ok(lock) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) else { continue };
        if is_free(port) && is_free(port + 1) {
            std::mem::forget(lock);
            return port;
        }
    }
    panic!("no free UDP port");
}
