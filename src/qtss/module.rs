//! What a module is to the server, built-in or dynamic, and the parameters of its roles.

use std::any::Any;
use std::ffi::CStr;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::registry::Registration;
use super::role::Role;
use super::{CText, Handle, Object, QtssError};

/// A future on the heap.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A module. Built-in modules implement it in Rust; the C boundary implements it for each dynamic one.
pub trait Module: Send + Sync {
    /// File name of a dynamic module, compiled-in name of a built-in one. It names the module's preferences.
    fn name(&self) -> &str;

    /// True for modules loaded from a file.
    fn is_dynamic(&self) -> bool {
        false
    }

    /// Register role: declares roles, attributes and services.
    ///
    /// # Errors
    /// Any error drops the module; what it declared besides roles stays.
    fn register(&self, registration: &mut Registration) -> Result<(), QtssError>;

    /// Initialize role, called if the module registered for it.
    ///
    /// # Errors
    /// Any error takes the module out of all roles.
    fn initialize(&self, params: &InitializeParams) -> Result<(), QtssError> {
        let _ = params;
        Ok(())
    }

    /// A role of a request, a connection or a client session. Results are of no account, with one exception: a module
    /// that had to wait in Authenticate answers WouldBlock, and the step starts again at the first module. (In all other
    /// roles the module is called again as part of this future.)
    fn call<'a>(&'a self, role: RoleCall<'a>) -> BoxFuture<'a, Result<(), QtssError>> {
        let _ = role;
        Box::pin(std::future::ready(Ok(())))
    }

    /// A role that runs on the caller's thread, often from within another role. Must not wait for other tasks.
    ///
    /// # Errors
    /// Those of the file roles go to who asked; FileNotFound from OpenFilePreProcess passes the file on. Results of the
    /// other roles are of no account.
    fn call_sync(&self, role: SyncRole<'_>) -> Result<(), QtssError> {
        let _ = role;
        Ok(())
    }
}

/// Parameters of the Initialize role; all objects live as long as the process.
#[derive(Clone)]
pub struct InitializeParams {
    /// The server object.
    pub server: Arc<Object>,
    /// The server preferences.
    pub prefs: Arc<Object>,
    /// The text messages, with those that modules added.
    pub messages: Arc<Object>,
    /// The stream that writes to the error log.
    pub error_log: Handle,
    /// The object of the module that is called.
    pub module: Arc<Object>,
}

/// The objects a role is about. What a role does not have is `None`.
#[derive(Clone, Copy)]
pub struct RoleParams<'a> {
    /// The connection.
    pub rtsp_session: Option<&'a Arc<Object>>,
    /// The request in progress.
    pub request: Option<&'a Arc<Object>>,
    /// Its headers.
    pub headers: Option<&'a Arc<Object>>,
    /// The client session.
    pub client_session: Option<&'a Arc<Object>>,
    /// The RTP stream.
    pub stream: Option<&'a Arc<Object>>,
    /// What the server hands to its built-in modules; they know its type.
    pub context: &'a (dyn Any + Send + Sync),
}

impl<'a> RoleParams<'a> {
    /// Parameters without any object.
    pub fn new(context: &'a (dyn Any + Send + Sync)) -> Self {
        Self { rtsp_session: None, request: None, headers: None, client_session: None, stream: None, context }
    }

    /// The server's context, if it is a `T`.
    pub fn context<T: Any>(&self) -> Option<&'a T> {
        self.context.downcast_ref()
    }
}

impl fmt::Debug for RoleParams<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let objects = [self.rtsp_session, self.request, self.headers, self.client_session, self.stream];
        f.debug_list().entries(objects.into_iter().flatten()).finish()
    }
}

/// Why a client session ends; the numbers are those of the module headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum ClosingReason {
    /// TEARDOWN, or ended by the server.
    Teardown = 0,
    /// Nothing was heard of the client for too long.
    Timeout = 1,
}

/// A role in which a module may wait.
#[derive(Debug)]
pub enum RoleCall<'a> {
    /// The request as it came; `replacement` takes a text that is to be parsed instead.
    Filter {
        /// Connection and request.
        params: RoleParams<'a>,
        /// Empty at first.
        replacement: &'a mut Option<CText>,
    },
    /// All four objects of a request.
    Route(RoleParams<'a>),
    /// The request only.
    Authenticate(RoleParams<'a>),
    /// All four objects of a request.
    Authorize(RoleParams<'a>),
    /// All four objects of a request.
    PreProcessor(RoleParams<'a>),
    /// All four objects of a request.
    Request(RoleParams<'a>),
    /// All four objects of a request; the client session is missing where the server itself answered.
    PostProcessor(RoleParams<'a>),
    /// The connection.
    RtspSessionClosing(RoleParams<'a>),
    /// An interleaved packet.
    IncomingData {
        /// Connection and client session.
        params: RoleParams<'a>,
        /// The packet with its four-byte interleaved header.
        data: &'a [u8],
    },
    /// Packets are due.
    SendPackets {
        /// The client session.
        params: RoleParams<'a>,
        /// Milliseconds of the QTSS clock.
        now: i64,
        /// Milliseconds until the next call; 0, as preset, and less mean no further call.
        next: &'a mut i64,
    },
    /// A client session ends.
    ClientSessionClosing {
        /// The client session.
        params: RoleParams<'a>,
        /// Why.
        reason: ClosingReason,
    },
}

impl<'a> RoleCall<'a> {
    /// Which role this is.
    pub fn role(&self) -> Role {
        match self {
            Self::Filter { .. } => Role::RtspFilter,
            Self::Route(_) => Role::RtspRoute,
            Self::Authenticate(_) => Role::RtspAuthenticate,
            Self::Authorize(_) => Role::RtspAuthorize,
            Self::PreProcessor(_) => Role::RtspPreProcessor,
            Self::Request(_) => Role::RtspRequest,
            Self::PostProcessor(_) => Role::RtspPostProcessor,
            Self::RtspSessionClosing(_) => Role::RtspSessionClosing,
            Self::IncomingData { .. } => Role::RtspIncomingData,
            Self::SendPackets { .. } => Role::RtpSendPackets,
            Self::ClientSessionClosing { .. } => Role::ClientSessionClosing,
        }
    }

    /// The objects it is about.
    pub fn params(&self) -> RoleParams<'a> {
        match self {
            Self::Filter { params, .. }
            | Self::Route(params)
            | Self::Authenticate(params)
            | Self::Authorize(params)
            | Self::PreProcessor(params)
            | Self::Request(params)
            | Self::PostProcessor(params)
            | Self::RtspSessionClosing(params)
            | Self::IncomingData { params, .. }
            | Self::SendPackets { params, .. }
            | Self::ClientSessionClosing { params, .. } => *params,
        }
    }
}

/// A role that runs on the caller's thread.
#[derive(Debug)]
pub enum SyncRole<'a> {
    /// A message to the error log.
    ErrorLog {
        /// 0 (fatal) to 4 (debug).
        verbosity: u32,
        /// The message, without prefix or line end.
        text: &'a CStr,
    },
    /// The server's state changed.
    StateChange {
        /// The new state's number.
        state: u32,
    },
    /// The preferences were read again.
    RereadPrefs,
    /// The server ends.
    Shutdown,
    /// The module's interval is over.
    Interval,
    /// An RTCP packet came.
    RtcpProcess {
        /// Client session and stream.
        params: RoleParams<'a>,
        /// The whole compound packet.
        data: &'a [u8],
    },
    /// QTSS_Authenticate from within another role: the request only.
    Authenticate(RoleParams<'a>),
    /// QTSS_Authorize from within another role: connection and request.
    Authorize(RoleParams<'a>),
    /// A file is opened; FileNotFound passes it on.
    OpenFilePreProcess(OpenFile<'a>),
    /// A file is opened that nobody claimed.
    OpenFile(OpenFile<'a>),
    /// A part of a file will be read.
    AdviseFile {
        /// The file.
        file: &'a Arc<Object>,
        /// Byte offset.
        position: u64,
        /// Bytes.
        size: u32,
    },
    /// A part of a file is read.
    ReadFile {
        /// The file.
        file: &'a Arc<Object>,
        /// Byte offset.
        position: u64,
        /// Takes the bytes.
        buffer: &'a mut [u8],
        /// Takes their number; 0 at first.
        read: &'a mut u32,
    },
    /// A file is closed.
    CloseFile {
        /// The file.
        file: &'a Arc<Object>,
    },
    /// An event on a file is asked for.
    RequestEventFile {
        /// The file.
        file: &'a Arc<Object>,
        /// Bits of the events asked for.
        events: u32,
    },
}

/// Parameters of the two roles that open a file.
#[derive(Clone, Copy, Debug)]
pub struct OpenFile<'a> {
    /// The new file object; the module that opens sets its length and date.
    pub file: &'a Arc<Object>,
    /// Path as the caller built it.
    pub path: &'a CStr,
    /// Open flags.
    pub flags: u32,
}

impl SyncRole<'_> {
    /// Which role this is.
    pub fn role(&self) -> Role {
        match self {
            Self::ErrorLog { .. } => Role::ErrorLog,
            Self::StateChange { .. } => Role::StateChange,
            Self::RereadPrefs => Role::RereadPrefs,
            Self::Shutdown => Role::Shutdown,
            Self::Interval => Role::Interval,
            Self::RtcpProcess { .. } => Role::RtcpProcess,
            Self::Authenticate(_) => Role::RtspAuthenticate,
            Self::Authorize(_) => Role::RtspAuthorize,
            Self::OpenFilePreProcess(_) => Role::OpenFilePreProcess,
            Self::OpenFile(_) => Role::OpenFile,
            Self::AdviseFile { .. } => Role::AdviseFile,
            Self::ReadFile { .. } => Role::ReadFile,
            Self::CloseFile { .. } => Role::CloseFile,
            Self::RequestEventFile { .. } => Role::RequestEventFile,
        }
    }
}
