//! A connection to an RTSP server, as its client: requests and answers, passwords, interleaved frames.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};

use super::config::Host;
use crate::config::identity;
use crate::live::ReceiveError;
use crate::live::sdp::SdpError;
use crate::rtsp::challenge::{Challenge, Credentials};
use crate::rtsp::client::{Item, Message, enough, next_item};

/// How long a name, a connection, or an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// The time-out of a session whose server names none, seconds (RFC 2326 section 12.37).
const DEFAULT_SESSION_TIMEOUT: u64 = 60;

/// Most that is read ahead, bytes: the longest message and a frame.
const MAX_INPUT: usize = 2 * 1024 * 1024;

/// How a relay names itself.
pub fn user_agent() -> String {
    format!("QTSS_Relay/{}", identity::SERVER_VERSION)
}

/// What went wrong with a server.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A name could not be resolved.
    #[error("the name {host} cannot be resolved: {source}")]
    Resolve {
        /// The name.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// A name has no address of the kind that is needed.
    #[error("{host} has no usable address")]
    NoAddress {
        /// The name.
        host: String,
    },
    /// The server could not be reached.
    #[error("cannot connect to {to}: {source}")]
    Connect {
        /// The server's address.
        to: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The connection broke.
    #[error("the connection is lost: {0}")]
    Lost(#[from] io::Error),
    /// The server ended the connection.
    #[error("the server closed the connection")]
    Closed,
    /// The server ended the session.
    #[error("the server ended the session")]
    Ended,
    /// No answer in time.
    #[error("no answer to {0}")]
    Silent(&'static str),
    /// What came is no RTSP.
    #[error("the server does not speak RTSP: {0}")]
    Nonsense(&'static str),
    /// An answer other than success.
    #[error("{method} was answered {status}")]
    Refused {
        /// The request.
        method: &'static str,
        /// Status code and reason.
        status: String,
    },
    /// There is no name and password for a server that asks for them.
    #[error("{0} needs a name and password")]
    NeedsPassword(&'static str),
    /// The server does not know the name or the password.
    #[error("name or password were refused")]
    WrongPassword,
    /// The server sent the request elsewhere.
    #[error("redirected to {}", shortened(.0))]
    Redirected(String),
    /// Packets cannot be sent.
    #[error("cannot send: {0}")]
    Unsendable(io::Error),
    /// Packets cannot be received.
    #[error("{0}")]
    Receive(#[from] ReceiveError),
    /// What describes the stream is no description.
    #[error("the description is of no use: {0}")]
    Description(SdpError),
    /// The source plays and nothing comes.
    #[error("no packet came for {0} s")]
    Silence(u64),
    /// What the server said is of no use.
    #[error("{0}")]
    Unusable(String),
}

/// Takes interleaved frames: the channel and the packet.
pub type FrameSink = Box<dyn FnMut(u8, Bytes) + Send>;

/// What a connection brings.
#[derive(Debug)]
pub enum Incoming {
    /// An answer or a request of the server.
    Message(Message),
    /// An interleaved frame.
    Frame(u8, Bytes),
}

/// The addresses of a host. Names are resolved on a thread where waiting does no harm.
///
/// # Errors
/// The name is not known, or resolving takes too long.
pub async fn resolve(host: &Host, port: u16) -> Result<Vec<SocketAddr>, ClientError> {
    let name = match host {
        Host::Address(address) => return Ok(vec![SocketAddr::new(*address, port)]),
        Host::Name(name) => name.as_str(),
    };
    let failed = |source| ClientError::Resolve { host: name.to_owned(), source };
    match timeout(PATIENCE, lookup_host((name, port))).await {
        Ok(Ok(found)) => Ok(found.collect()),
        Ok(Err(error)) => Err(failed(error)),
        Err(_) => Err(failed(io::ErrorKind::TimedOut.into())),
    }
}

/// The first address of a host that is of the same family as `like`, if that is given.
///
/// # Errors
/// As [`resolve`], or there is none.
pub async fn resolve_one(host: &Host, port: u16, like: Option<IpAddr>) -> Result<SocketAddr, ClientError> {
    let found = resolve(host, port).await?;
    let fits = |address: &SocketAddr| like.is_none_or(|like| like.is_ipv4() == address.is_ipv4());
    found.into_iter().find(fits).ok_or_else(|| ClientError::NoAddress { host: host.to_string() })
}

/// The local address to use, if one is named.
///
/// # Errors
/// As [`resolve`], or there is none.
pub async fn resolve_local(local: Option<&Host>) -> Result<Option<IpAddr>, ClientError> {
    match local {
        None => Ok(None),
        Some(host) => resolve_one(host, 0, None).await.map(|address| Some(address.ip())),
    }
}

/// A connection and the session on it.
pub struct Connection {
    stream: TcpStream,
    input: BytesMut,
    /// So many bytes of input make the next frame or message, as far as that is known.
    enough: usize,
    peer: SocketAddr,
    local: SocketAddr,
    cseq: u32,
    credentials: Option<Credentials>,
    challenge: Option<(Challenge, u32)>,
    /// The session's id, once there is one.
    session: Option<String>,
    timeout: u64,
    sink: Option<FrameSink>,
    /// The keep-alive that has not been answered yet, and since when.
    unanswered: Option<(u32, Instant)>,
}

impl Connection {
    /// Connects, from `local` if that is given.
    ///
    /// # Errors
    /// The server cannot be found or reached.
    pub async fn open(
        host: &Host,
        port: u16,
        local: Option<IpAddr>,
        credentials: Option<Credentials>,
    ) -> Result<Self, ClientError> {
        let mut failed = ClientError::NoAddress { host: host.to_string() };
        for to in resolve(host, port).await?.into_iter().take(8) {
            if local.is_some_and(|local| local.is_ipv4() != to.is_ipv4()) {
                continue;
            }
            match timeout(PATIENCE, connect(to, local)).await {
                Ok(Ok(stream)) => return Self::over(stream, credentials),
                Ok(Err(source)) => failed = ClientError::Connect { to, source },
                Err(_) => failed = ClientError::Connect { to, source: io::ErrorKind::TimedOut.into() },
            }
        }
        Err(failed)
    }

    fn over(stream: TcpStream, credentials: Option<Credentials>) -> Result<Self, ClientError> {
        stream.set_nodelay(true)?;
        Ok(Self {
            peer: stream.peer_addr()?,
            local: stream.local_addr()?,
            stream,
            input: BytesMut::new(),
            enough: 0,
            cseq: 0,
            credentials,
            challenge: None,
            session: None,
            timeout: DEFAULT_SESSION_TIMEOUT,
            sink: None,
            unanswered: None,
        })
    }

    /// The server's address.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Our own.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// From now on frames go there; before, they are thrown away.
    pub fn set_sink(&mut self, sink: FrameSink) {
        self.sink = Some(sink);
    }

    /// How often the server wants a sign of life.
    pub fn keep_alive_period(&self) -> Duration {
        Duration::from_secs((self.timeout / 2).clamp(1, 30))
    }

    /// Sends a request and waits for its answer, with name and password if the server asks for them.
    ///
    /// # Errors
    /// The connection fails, no answer comes, or it is not one of success.
    pub async fn ask(
        &mut self,
        method: &'static str,
        uri: &str,
        fields: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Message, ClientError> {
        let mut tries = 0;
        loop {
            let cseq = self.send(method, uri, fields, body).await?;
            let answer = self.answer_to(cseq, method).await?;
            if answer.status != 401 {
                self.note_session(&answer);
                return accepted(method, answer);
            }
            let challenge = Challenge::choose(answer.all("WWW-Authenticate"));
            tries += 1;
            match challenge {
                _ if self.credentials.is_none() => return Err(ClientError::NeedsPassword(method)),
                // What was right for the request before may be refused for its nonce; a second refusal is the password's.
                Some(challenge) if tries == 1 || (tries == 2 && challenge.is_stale()) => {
                    self.challenge = Some((challenge, 0));
                }
                _ => return Err(ClientError::WrongPassword),
            }
        }
    }

    /// Asks without waiting whether the session is still there; the answer is looked at by [`Connection::handle`].
    ///
    /// # Errors
    /// The connection fails, or the question before was not answered.
    pub async fn keep_alive(&mut self, uri: &str) -> Result<(), ClientError> {
        if self.unanswered.is_some_and(|(_, since)| since.elapsed() >= PATIENCE) {
            return Err(ClientError::Silent("OPTIONS"));
        }
        if self.unanswered.is_none() {
            let cseq = self.send("OPTIONS", uri, &[], &[]).await?;
            self.unanswered = Some((cseq, Instant::now()));
        }
        Ok(())
    }

    /// Ends the session, if there is one, without much patience.
    pub async fn tear_down(mut self, uri: &str) {
        if self.session.is_none() {
            return;
        }
        let farewell = async {
            let cseq = self.send("TEARDOWN", uri, &[], &[]).await?;
            self.answer_to(cseq, "TEARDOWN").await
        };
        let _ = timeout(FAREWELL, farewell).await; // the server finds out by itself otherwise
    }

    async fn send(
        &mut self,
        method: &'static str,
        uri: &str,
        fields: &[(&str, &str)],
        body: &[u8],
    ) -> Result<u32, ClientError> {
        self.cseq = self.cseq.wrapping_add(1);
        let mut text = format!("{method} {uri} RTSP/1.0\r\nCSeq: {}\r\nUser-Agent: {}\r\n", self.cseq, user_agent());
        if let Some(session) = &self.session {
            text.push_str(&format!("Session: {session}\r\n"));
        }
        for (name, value) in fields {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if let (Some((challenge, count)), Some(who)) = (&mut self.challenge, &self.credentials) {
            *count += 1;
            text.push_str(&format!("Authorization: {}\r\n", challenge.answer(who, method, uri, *count)));
        }
        if !body.is_empty() {
            text.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(body);
        self.write(&bytes).await?;
        Ok(self.cseq)
    }

    /// Writes bytes; a server that takes none for too long is lost.
    ///
    /// # Errors
    /// The connection is lost.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        match timeout(PATIENCE, self.stream.write_all(bytes)).await {
            Ok(written) => Ok(written?),
            Err(_) => Err(ClientError::Lost(io::ErrorKind::TimedOut.into())),
        }
    }

    async fn answer_to(&mut self, cseq: u32, method: &'static str) -> Result<Message, ClientError> {
        let until = Instant::now() + PATIENCE;
        loop {
            let Ok(incoming) = timeout_at(until, self.next()).await else { return Err(ClientError::Silent(method)) };
            match incoming? {
                Incoming::Message(message) if message.status >= 200 && cseq_of(&message).is_none_or(|c| c == cseq) => {
                    return Ok(message);
                }
                incoming => self.handle(incoming).await?,
            }
        }
    }

    /// The next frame or message. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// The connection ends, or brings nonsense.
    pub async fn next(&mut self) -> Result<Incoming, ClientError> {
        loop {
            let is_worth_a_look = self.input.len() >= self.enough;
            let (item, taken) = if is_worth_a_look { next_item(&self.input) } else { (Item::More, 0) };
            let found = match item {
                Item::Message(message) => Some(Incoming::Message(message)),
                Item::Frame { channel, data } => {
                    let len = data.len();
                    let mut frame = self.input.split_to(taken).freeze();
                    frame.advance(taken - len);
                    self.enough = 0;
                    return Ok(Incoming::Frame(channel, frame));
                }
                Item::More => None,
                Item::Nonsense(why) => return Err(ClientError::Nonsense(why)),
            };
            self.input.advance(taken);
            if let Some(found) = found {
                self.enough = 0;
                return Ok(found);
            }
            if is_worth_a_look {
                self.enough = enough(&self.input);
            }
            if self.input.len() > MAX_INPUT {
                return Err(ClientError::Nonsense("message too long"));
            }
            self.input.reserve(16 * 1024);
            if self.stream.read_buf(&mut self.input).await? == 0 {
                return Err(ClientError::Closed);
            }
        }
    }

    /// Deals with what came in between: frames go to the sink, the server's own requests are answered.
    ///
    /// # Errors
    /// The server ends or redirects the session, or the connection fails.
    pub async fn handle(&mut self, incoming: Incoming) -> Result<(), ClientError> {
        match incoming {
            Incoming::Frame(channel, packet) => {
                if let Some(sink) = &mut self.sink {
                    sink(channel, packet);
                }
                Ok(())
            }
            Incoming::Message(message) if message.status == 0 => self.answer_server(&message).await,
            Incoming::Message(message) => {
                if self.unanswered.is_some_and(|(cseq, _)| cseq_of(&message).is_none_or(|c| c == cseq)) {
                    self.unanswered = None;
                }
                // Some servers know no OPTIONS in a session; that the session is gone they say with 454.
                if message.status == 454 { Err(ClientError::Ended) } else { Ok(()) }
            }
        }
    }

    async fn answer_server(&mut self, request: &Message) -> Result<(), ClientError> {
        let cseq = request.header("CSeq").map(|cseq| format!("CSeq: {cseq}\r\n")).unwrap_or_default();
        self.write(format!("RTSP/1.0 200 OK\r\n{cseq}\r\n").as_bytes()).await?;
        match request.first_line.split(' ').next() {
            Some("REDIRECT") => match request.header("Location") {
                Some(location) => Err(ClientError::Redirected(location.to_owned())),
                None => Err(ClientError::Ended),
            },
            Some("TEARDOWN") => Err(ClientError::Ended),
            _ => Ok(()),
        }
    }

    fn note_session(&mut self, answer: &Message) {
        let Some(header) = answer.header("Session") else { return };
        let mut parts = header.split(';').map(str::trim);
        if let Some(id) = parts.next().filter(|id| !id.is_empty()) {
            self.session = Some(id.to_owned());
        }
        let stated = parts.find_map(|part| part.strip_prefix("timeout=")?.parse().ok());
        self.timeout = stated.unwrap_or(self.timeout);
    }
}

async fn connect(to: SocketAddr, local: Option<IpAddr>) -> io::Result<TcpStream> {
    let socket = if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    if let Some(local) = local {
        socket.bind(SocketAddr::new(local, 0))?;
    }
    socket.connect(to).await
}

fn cseq_of(message: &Message) -> Option<u32> {
    message.header("CSeq")?.parse().ok()
}

/// As much of another's words as a line of the log takes.
fn shortened(text: &str) -> String {
    text.chars().filter(|sign| !sign.is_control()).take(200).collect()
}

/// Success, or what else it is.
fn accepted(method: &'static str, answer: Message) -> Result<Message, ClientError> {
    if (200..300).contains(&answer.status) {
        return Ok(answer);
    }
    if let (300..=399, Some(location)) = (answer.status, answer.header("Location")) {
        return Err(ClientError::Redirected(location.to_owned()));
    }
    let reason: String = answer.first_line.chars().skip_while(|sign| *sign != ' ').skip(1).take(100).collect();
    let status = reason.chars().filter(|sign| !sign.is_control()).collect();
    Err(ClientError::Refused { method, status })
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
