//! One TCP connection of a client: never blocks, keeps what the kernel does not take yet.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::AsRawFd;

use socket2::{Domain, Protocol, Socket, Type};

use super::sys::{self, Epoll, Interest};

/// Most bytes that wait to be sent; a server that takes no more than this does not listen.
const MAX_WAITING: usize = 256 * 1024;

/// A connection that is coming up or is up.
pub struct Link {
    stream: TcpStream,
    waiting: Vec<u8>,
    connected: bool,
    polled: bool,
    watched: Option<Interest>,
    token: u64,
}

impl Link {
    /// Begins to connect from `source`; events carry `token`. `window` is the receive buffer in bytes, 0 for the system's.
    pub fn connect(to: SocketAddr, source: IpAddr, window: usize, token: u64, epoll: &Epoll) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        if window > 0 {
            socket.set_recv_buffer_size(window)?;
        }
        // the port is chosen at connect, where only the whole four must be new: more than 28,000 connections are possible
        sys::bind_without_port(&socket)?;
        socket.bind(&SocketAddr::new(source, 0).into())?;
        match socket.connect(&to.into()) {
            Ok(()) => {}
            Err(e) if e.raw_os_error() == Some(libc::EINPROGRESS) => {}
            Err(e) => return Err(e),
        }
        socket.set_tcp_nodelay(true)?;
        let stream = TcpStream::from(socket);
        epoll.add(stream.as_raw_fd(), Interest::ReadWrite, token)?;
        let watched = Some(Interest::ReadWrite);
        Ok(Self { stream, waiting: Vec::new(), connected: false, polled: false, watched, token })
    }

    /// Whether the connection is up.
    pub fn is_connected(&self) -> bool {
        self.connected
    }

    /// After an event: says whether the connection has just come up, and sends what waits.
    pub fn progress(&mut self, epoll: &Epoll) -> io::Result<bool> {
        let fresh = !self.connected;
        if fresh {
            if let Some(error) = self.stream.take_error()? {
                return Err(error);
            }
            match self.stream.peer_addr() {
                Ok(_) => self.connected = true,
                Err(e) if e.kind() == ErrorKind::NotConnected => return Ok(false),
                Err(e) => return Err(e),
            }
        }
        self.flush(epoll)?;
        Ok(fresh)
    }

    /// Sends bytes now, or as soon as the kernel takes them.
    pub fn send(&mut self, bytes: &[u8], epoll: &Epoll) -> io::Result<()> {
        if self.waiting.len() + bytes.len() > MAX_WAITING {
            return Err(io::Error::new(ErrorKind::WriteZero, "server does not read"));
        }
        self.waiting.extend_from_slice(bytes);
        self.flush(epoll)
    }

    fn flush(&mut self, epoll: &Epoll) -> io::Result<()> {
        while self.connected && !self.waiting.is_empty() {
            match (&self.stream).write(&self.waiting) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(taken) => drop(self.waiting.drain(..taken)),
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        self.watch(epoll)
    }

    fn watch(&mut self, epoll: &Epoll) -> io::Result<()> {
        let writing = !self.connected || !self.waiting.is_empty();
        let wanted = match (self.polled, writing) {
            (false, false) => Some(Interest::Read),
            (false, true) => Some(Interest::ReadWrite),
            (true, false) => None,
            (true, true) => Some(Interest::Write),
        };
        if wanted == self.watched {
            return Ok(());
        }
        let fd = self.stream.as_raw_fd();
        match (self.watched, wanted) {
            (None, Some(interest)) => epoll.add(fd, interest, self.token)?,
            (Some(_), Some(interest)) => epoll.change(fd, interest, self.token)?,
            (_, None) => epoll.remove(fd)?,
        }
        self.watched = wanted;
        Ok(())
    }

    /// From now on the owner reads at times of its own and wants no events.
    pub fn poll_from_now(&mut self, epoll: &Epoll) -> io::Result<()> {
        self.polled = true;
        self.watch(epoll)
    }

    /// Whether [`Link::poll_from_now`] was called.
    pub fn is_polled(&self) -> bool {
        self.polled
    }

    /// Reads what is there; `None` when nothing is, 0 at the end.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match (&self.stream).read(buffer) {
            Ok(count) => Ok(Some(count)),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(None),
            Err(e) => Err(e),
        }
    }
}
