//! Listening sockets and the accept loops.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::{Server, connection};
use crate::config::ServerPrefs;

/// Pending connections the kernel keeps for us; a start-up storm of players must not see resets.
const BACKLOG: i32 = 4096;

/// How long accepting pauses when descriptors have run out (DSS retries once a second).
const OUT_OF_DESCRIPTORS_PAUSE: Duration = Duration::from_millis(200);

/// How long no descriptor has to have been missing before a shortage counts as over. At the limit every connection that
/// goes lets one in; that is no news each time.
const SHORTAGE_OVER_MS: i64 = 5_000;

/// Why one address could not be listened on.
#[derive(Debug, Error)]
pub enum ListenError {
    /// Somebody else has the port.
    #[error("Another process is already using the following RTSP port: {0}")]
    InUse(u16),
    /// The port is below 1024 and this process may not bind it.
    #[error("You must be root to use the following RTSP port: {0}")]
    NotPermitted(u16),
    /// The machine does not have the address.
    #[error("The specified RTSP listening IP address doesn't exist: {0}")]
    NoSuchAddress(IpAddr),
    /// `bind_ip_addr` holds something that is no IP address.
    #[error("bind_ip_addr: '{0}' is not an IP address")]
    BadAddress(String),
    /// Anything else.
    #[error("An error occurred when attempting to listen on the following RTSP port: {port}: {source}")]
    Other {
        /// The port.
        port: u16,
        /// What the kernel said.
        source: io::Error,
    },
}

/// A bound, listening socket and its accept loop.
pub struct Listener {
    /// Where it listens.
    pub address: SocketAddr,
    /// Added for local administration; not shown among the server's ports.
    pub loopback_only: bool,
    any_port: bool,
    task: JoinHandle<()>,
}

impl Listener {
    /// Whether this is what an address of the configuration asks for. Port 0 asks for any port, so the one that was found
    /// stays.
    pub(super) fn is_for(&self, wanted: SocketAddr) -> bool {
        let any_port = self.any_port && wanted.port() == 0 && wanted.ip() == self.address.ip();
        any_port || wanted == self.address
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The addresses to listen on: every `bind_ip_addr` with every port; `0` is any address, of both families where the
/// machine has IPv6. With explicit addresses a loopback listener is added per port, as DSS does for local tools.
pub fn wanted_addresses(bind_ip_addr: &[String], ports: &[u16]) -> (Vec<(SocketAddr, bool)>, Vec<ListenError>) {
    let mut wanted: Vec<(SocketAddr, bool)> = Vec::new();
    let mut errors = Vec::new();
    let mut any = bind_ip_addr.iter().all(|text| text.trim().is_empty());
    let mut addresses = Vec::new();
    for text in bind_ip_addr.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
        match text.parse::<IpAddr>() {
            _ if text == "0" => any = true,
            Ok(address) if address.is_unspecified() && address.is_ipv4() => any = true,
            Ok(address) => addresses.push(address),
            Err(_) => errors.push(ListenError::BadAddress(text.to_owned())),
        }
    }
    for &port in ports {
        let mut add = |address: IpAddr, loopback| {
            let entry = SocketAddr::new(address, port);
            if !wanted.iter().any(|(known, _)| *known == entry) || port == 0 {
                wanted.push((entry, loopback));
            }
        };
        if any {
            add(IpAddr::V4(Ipv4Addr::UNSPECIFIED), false);
            add(IpAddr::V6(Ipv6Addr::UNSPECIFIED), false);
        } else {
            addresses.iter().for_each(|address| add(*address, false));
            if !addresses.is_empty() && port != 0 {
                add(IpAddr::V4(Ipv4Addr::LOCALHOST), true);
            }
        }
    }
    (wanted, errors)
}

/// A socket that listens already but accepts nothing yet. Made while the process may still bind low ports.
#[derive(Debug)]
pub struct BoundListener {
    /// The socket, non-blocking.
    pub socket: std::net::TcpListener,
    /// Added for local administration; not shown among the server's ports.
    pub loopback_only: bool,
    /// The configuration left the port to the kernel.
    pub any_port: bool,
}

/// Binds all configured addresses; `port` stands for the `rtsp_port` list if given. Needs no runtime.
pub fn bind_all(prefs: &ServerPrefs, port: Option<u16>) -> (Vec<BoundListener>, Vec<ListenError>) {
    let ports = port.map_or_else(|| prefs.rtsp_port.clone(), |port| vec![port]);
    let (wanted, mut errors) = wanted_addresses(&prefs.bind_ip_addr, &ports);
    let has_ipv4 = wanted.iter().any(|(address, _)| address.is_ipv4());
    let mut bound = Vec::new();
    let mut failed = Vec::new();
    for (address, loopback_only) in wanted {
        // Half a port (IPv6 only, because somebody has the IPv4 one) would look like success.
        if address.is_ipv6() && failed.contains(&address.port()) {
            continue;
        }
        match bind(address) {
            Ok(socket) => bound.push(BoundListener { socket, loopback_only, any_port: address.port() == 0 }),
            // A machine without IPv6 serves IPv4 and needs no complaint.
            Err(error) if address.is_ipv6() && address.ip().is_unspecified() && has_ipv4 => {
                tracing::debug!("{address}: {error}");
            }
            Err(error) => {
                failed.push(address.port());
                errors.push(error);
            }
        }
    }
    (bound, errors)
}

/// Binds and listens on `address`.
///
/// # Errors
/// [`ListenError`], in the words DSS logs.
pub fn bind(address: SocketAddr) -> Result<std::net::TcpListener, ListenError> {
    let port = address.port();
    let describe = |error: io::Error| match error.kind() {
        io::ErrorKind::AddrInUse => ListenError::InUse(port),
        io::ErrorKind::PermissionDenied => ListenError::NotPermitted(port),
        io::ErrorKind::AddrNotAvailable => ListenError::NoSuchAddress(address.ip()),
        _ => ListenError::Other { port, source: error },
    };
    let socket =
        Socket::new(Domain::for_address(address), Type::STREAM.nonblocking(), Some(Protocol::TCP)).map_err(describe)?;
    if address.is_ipv6() {
        // The IPv4 wildcard has a socket of its own.
        socket.set_only_v6(true).map_err(describe)?;
    }
    socket.set_reuse_address(true).map_err(describe)?;
    socket.bind(&address.into()).map_err(describe)?;
    socket.listen(BACKLOG).map_err(describe)?;
    Ok(socket.into())
}

/// Starts the accept loop of a bound socket.
pub fn serve(server: &Arc<Server>, bound: BoundListener) -> io::Result<Listener> {
    let BoundListener { socket, loopback_only, any_port } = bound;
    let address = socket.local_addr()?;
    let listener = TcpListener::from_std(socket)?;
    let server = Arc::clone(server);
    let task = tokio::spawn(accept_loop(server, listener));
    Ok(Listener { address, loopback_only, any_port, task })
}

async fn accept_loop(server: Arc<Server>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if server.out_of_descriptors.load(Ordering::Relaxed) && shortage_is_over(&server) {
                    server.out_of_descriptors.store(false, Ordering::Relaxed);
                    tracing::info!("Descriptors are available again; accepting connections.");
                }
                start_connection(&server, stream, peer);
            }
            Err(error) if is_descriptor_shortage(&error) => {
                // The reserve descriptor lets one peer at a time have a polite answer instead of a hang.
                server.last_shortage_ms.store(server.now_ms(), Ordering::Relaxed);
                server.refuse_without_descriptors(&listener).await;
                if !server.out_of_descriptors.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        "Out of file descriptors: new connections are answered 503. Raise the limit (ulimit -n) or lower \
                         maximum_connections."
                    );
                }
                tokio::time::sleep(OUT_OF_DESCRIPTORS_PAUSE).await;
            }
            Err(error) => {
                tracing::debug!("accept: {error}");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

/// Takes the reserve back if it can be had; true when there have been enough descriptors for a while.
fn shortage_is_over(server: &Server) -> bool {
    server.keep_reserve();
    server.now_ms() - server.last_shortage_ms.load(Ordering::Relaxed) >= SHORTAGE_OVER_MS
}

fn start_connection(server: &Arc<Server>, stream: TcpStream, peer: SocketAddr) {
    let server = Arc::clone(server);
    tokio::spawn(async move {
        if let Err(error) = connection::serve(server, stream, peer).await {
            tracing::debug!("connection from {peer}: {error}");
        }
    });
}

/// EMFILE or ENFILE: this process, or the machine, has no descriptor left.
pub fn is_descriptor_shortage(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trap_58_explicit_addresses_get_a_loopback_listener_once() {
        let (wanted, errors) = wanted_addresses(&["127.0.0.1".into()], &[7070]);
        assert!(errors.is_empty());
        assert_eq!(wanted.len(), 1, "the loopback address itself must not be bound twice");
        let (wanted, _) = wanted_addresses(&["10.1.2.3".into()], &[554, 7070]);
        assert_eq!(wanted.iter().filter(|(_, loopback)| *loopback).count(), 2);
    }

    #[test]
    fn zero_means_any_address_of_both_families() {
        let (wanted, _) = wanted_addresses(&["0".into()], &[554]);
        assert_eq!(
            wanted.iter().map(|(address, _)| address.to_string()).collect::<Vec<_>>(),
            ["0.0.0.0:554", "[::]:554"]
        );
    }

    #[test]
    fn text_that_is_no_address_is_reported_by_name() {
        let (_, errors) = wanted_addresses(&["eth0".into()], &[554]);
        assert!(errors.iter().any(|error| error.to_string().contains("eth0")));
    }
}
