//! What a stream reference stands for.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::sync::{Arc, LazyLock, Weak};

use parking_lot::Mutex;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::task::AbortHandle;

use super::call::{self, Task};
use super::host::Host;
use super::sending::{self, ModuleStream};
use crate::qtss::{Handle, Object, ObjectType, QtssError};
use crate::server::{Connection, FileObject, RequestContext};

/// `QTSS_ReadableEvent`.
pub(super) const READABLE: u32 = 1;
/// `QTSS_WriteableEvent`.
pub(super) const WRITEABLE: u32 = 2;

/// The kinds of streams. An object without any of these abilities is one all the same.
pub(super) enum StreamKind {
    ErrorLog,
    Request(Arc<RequestContext>),
    Connection(Arc<Connection>),
    Rtp(Arc<ModuleStream>),
    File(Arc<Object>),
    Socket(Arc<SocketStream>),
    Other,
}

impl StreamKind {
    /// What the object is as a stream; BadArgument when it stands for something that is gone.
    pub(super) fn of(object: &Arc<Object>) -> Result<Self, QtssError> {
        let gone = QtssError::BadArgument;
        Ok(match object.object_type() {
            ObjectType::RtspRequest => Self::Request(object.attached().and_then(Weak::upgrade).ok_or(gone)?),
            ObjectType::RtspSession => Self::Connection(object.attached().and_then(Weak::upgrade).ok_or(gone)?),
            ObjectType::RtpStream => match sending::stream(object.handle()) {
                Some(stream) => Self::Rtp(stream),
                None => Self::Other, // a stream of a built-in module
            },
            ObjectType::File if FileObject::of(object).is_some() => Self::File(Arc::clone(object)),
            ObjectType::Stream if object.handle() == Host::get()?.error_stream.handle() => Self::ErrorLog,
            _ => match object.attached::<Arc<SocketStream>>() {
                Some(socket) => Self::Socket(Arc::clone(socket)),
                None => Self::Other,
            },
        })
    }

    /// Wakes the task when one of the events happens. Streams that have no events never do.
    pub(super) fn watch(&self, events: u32, task: &Arc<Task>) {
        match self {
            Self::Request(context) => watch_connection(&context.connection, events, task),
            Self::Connection(connection) => watch_connection(connection, events, task),
            Self::File(object) => {
                let at_once = FileObject::of(object).is_none_or(|file| file.request_event(events));
                if at_once {
                    task.wake();
                }
            }
            Self::Socket(socket) => socket.watch(events, task),
            Self::ErrorLog | Self::Rtp(_) | Self::Other => {}
        }
    }
}

fn watch_connection(connection: &Arc<Connection>, events: u32, task: &Arc<Task>) {
    let Ok(host) = Host::get() else { return };
    let (connection, waiting) = (Arc::clone(connection), Arc::downgrade(task));
    let watcher = host.runtime.spawn(async move {
        tokio::select! {
            () = connection.readable(), if events & READABLE != 0 => {}
            _ = connection.writer.writable(), if events & WRITEABLE != 0 => {}
            else => return,
        }
        if let Some(task) = waiting.upgrade() {
            task.wake();
        }
    });
    task.own(watcher.abort_handle());
}

/// A socket of a module; it is closed with the stream.
pub(super) struct SocketStream {
    fd: OwnedFd,
    watcher: Mutex<Option<AbortHandle>>,
}

/// The socket streams: modules hold handles only.
static SOCKETS: LazyLock<Mutex<HashMap<Handle, Arc<Object>>>> = LazyLock::new(Mutex::default);

impl SocketStream {
    /// Takes a descriptor over and gives the stream's handle.
    ///
    /// # Safety
    /// The descriptor is open and its owner gives it away.
    pub(super) unsafe fn create(fd: i32) -> Result<Handle, QtssError> {
        let host = Host::get()?;
        let object = host.store.create(ObjectType::Stream);
        // SAFETY: the caller vouches for the descriptor.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        object.attach(Arc::new(Self { fd, watcher: Mutex::default() }));
        let handle = object.handle();
        SOCKETS.lock().insert(handle, object);
        Ok(handle)
    }

    /// Closes the descriptor and forgets the stream; an event that is due wakes nobody.
    pub(super) fn destroy(object: &Arc<Object>) -> Result<(), QtssError> {
        let socket = object.attached::<Arc<Self>>().ok_or(QtssError::BadArgument)?;
        if let Some(watcher) = socket.watcher.lock().take() {
            watcher.abort();
        }
        call::unbind(object.handle());
        SOCKETS.lock().remove(&object.handle()).map(drop).ok_or(QtssError::BadArgument)
    }

    /// One wake-up at the next of the events; takes the place of an earlier wish.
    fn watch(&self, events: u32, task: &Arc<Task>) {
        let Ok(host) = Host::get() else { return };
        let waiting = Arc::downgrade(task);
        let duplicate = self.fd.as_fd().try_clone_to_owned();
        let watcher = host.runtime.spawn(async move {
            // What cannot be watched (a file) is always ready.
            let _ = ready(duplicate, events).await;
            if let Some(task) = waiting.upgrade() {
                task.wake();
            }
        });
        let old = self.watcher.lock().replace(watcher.abort_handle());
        if let Some(old) = old {
            old.abort();
        }
    }
}

async fn ready(fd: io::Result<OwnedFd>, events: u32) -> io::Result<()> {
    let interest = match (events & READABLE != 0, events & WRITEABLE != 0) {
        (true, true) => Interest::READABLE | Interest::WRITABLE,
        (false, true) => Interest::WRITABLE,
        _ => Interest::READABLE,
    };
    // SAFETY: the descriptor is owned by the wrapper and closed after it.
    let fd = unsafe { AsyncFd::register_with_interest(fd?, interest) }.map_err(io::Error::from)?;
    fd.ready(interest).await.map(drop)
}
