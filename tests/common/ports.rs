//! Ports for servers whose port has to be known before they listen.

use std::net::{Ipv4Addr, SocketAddr};

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
