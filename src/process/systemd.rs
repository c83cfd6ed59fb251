//! The service manager: notifications, its watchdog, and listening sockets that it hands over.
//!
//! Everything here does nothing when the server was not started by systemd or something that speaks like it.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use nix::sys::socket::{SockType, getsockopt, sockopt};
use sd_notify::NotifyState;

use super::fork::is_single_threaded;

/// A listening TCP socket that the service manager opened.
#[derive(Debug)]
pub struct HandedSocket {
    /// `FileDescriptorName=` of the socket unit, by default the unit's name.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// The socket.
    pub listener: TcpListener,
}

/// What the service manager gave the process at its start.
#[derive(Debug)]
pub struct ServiceManager {
    sockets: Vec<HandedSocket>,
    watchdog: Option<Duration>,
    warnings: Vec<String>,
}

impl ServiceManager {
    /// Reads the environment and takes over the sockets; first thing in `main`, before anything is forked or opened, and
    /// once. The variables about sockets and watchdog are meant for this process only, so they are removed while that is
    /// possible: as long as there is one thread.
    pub fn take() -> Self {
        let watchdog = sd_notify::watchdog_enabled();
        let mut manager = Self { sockets: Vec::new(), watchdog, warnings: Vec::new() };
        let handed = sd_notify::listen_fds_with_names().map(Vec::from_iter);
        match handed {
            Ok(handed) => handed.into_iter().for_each(|(fd, name)| manager.take_socket(fd, name)),
            Err(error) => manager.warnings.push(format!("The service manager's sockets cannot be used: {error}")),
        }
        if is_single_threaded() {
            for variable in ["LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID", "WATCHDOG_USEC", "WATCHDOG_PID"] {
                // SAFETY: there is no other thread that could be reading the environment.
                unsafe { std::env::remove_var(variable) };
            }
        }
        manager
    }

    fn take_socket(&mut self, fd: RawFd, name: String) {
        // SAFETY: the service manager opened this descriptor for us (the variables name this process), `take` is called once
        // and before anything else in the process could have got hold of it; it was found open when it was set to close on exec.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        match tcp_listener(fd) {
            Ok((listener, address)) => self.sockets.push(HandedSocket { name, address, listener }),
            Err(error) => self.warnings.push(format!("The service manager's socket {name} cannot be used: {error}")),
        }
    }

    /// The listening sockets, for the server to keep.
    pub fn sockets(&mut self) -> Vec<HandedSocket> {
        std::mem::take(&mut self.sockets)
    }

    /// How often [`alive`] has to be called: half the time after which the service manager restarts the server. `None` when
    /// it does not watch.
    pub fn watchdog_interval(&self) -> Option<Duration> {
        self.watchdog.map(|limit| limit / 2)
    }

    /// What was wrong with the sockets, each for a warning in the error log.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

fn tcp_listener(fd: OwnedFd) -> io::Result<(TcpListener, SocketAddr)> {
    let is_stream = getsockopt(&fd, sockopt::SockType)? == SockType::Stream;
    if !is_stream || !getsockopt(&fd, sockopt::AcceptConn)? {
        return Err(io::Error::other("it is no listening stream socket"));
    }
    let listener = TcpListener::from(fd);
    // Fails for a socket that is not of the Internet.
    let address = listener.local_addr()?;
    listener.set_nonblocking(true)?;
    Ok((listener, address))
}

/// The server serves.
///
/// # Errors
/// As for all notifications: there is a service manager, but it cannot be told.
pub fn ready(status: &str) -> io::Result<()> {
    sd_notify::notify(&[NotifyState::Ready, NotifyState::Status(&one_line(status))])
}

/// A reread begins; [`ready`] ends it.
///
/// # Errors
/// See [`ready`].
pub fn reloading() -> io::Result<()> {
    sd_notify::notify(&[NotifyState::Reloading, NotifyState::monotonic_usec_now()?])
}

/// The orderly stop begins.
///
/// # Errors
/// See [`ready`].
pub fn stopping() -> io::Result<()> {
    sd_notify::notify(&[NotifyState::Stopping])
}

/// The server is alive; see [`ServiceManager::watchdog_interval`].
///
/// # Errors
/// See [`ready`].
pub fn alive() -> io::Result<()> {
    sd_notify::notify(&[NotifyState::Watchdog])
}

/// A line for `systemctl status`, such as the number of clients.
///
/// # Errors
/// See [`ready`].
pub fn status(text: &str) -> io::Result<()> {
    sd_notify::notify(&[NotifyState::Status(&one_line(text))])
}

/// A line end would begin another notification.
fn one_line(text: &str) -> String {
    text.replace(|sign: char| sign.is_control(), " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listening_tcp_sockets_are_taken() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let expected = listener.local_addr().unwrap();
        let (listener, address) = tcp_listener(listener.into()).unwrap();
        assert_eq!(address, expected);
        let error = listener.accept().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "it does not block");

        let connected = std::net::TcpStream::connect(address).unwrap();
        assert!(tcp_listener(connected.into()).is_err());
        assert!(tcp_listener(std::net::UdpSocket::bind("127.0.0.1:0").unwrap().into()).is_err());
        let folder = tempfile::tempdir_in("/tmp").or_else(|_| tempfile::tempdir()).unwrap(); // TMPDIR may be too long for sockets
        let local = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
        assert!(tcp_listener(local.into()).is_err());
        assert!(tcp_listener(std::fs::File::open("/dev/null").unwrap().into()).is_err());
    }

    #[test]
    fn a_status_cannot_smuggle_a_notification() {
        assert_eq!(one_line("5 clients\nSTOPPING=1\r"), "5 clients STOPPING=1 ");
    }
}
