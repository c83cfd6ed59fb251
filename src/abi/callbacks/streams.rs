//! Writing and reading streams.

use std::ffi::c_void;
use std::sync::Arc;

use qtss_sys as sys;

use super::super::call::CallState;
use super::super::entry::{MAX_LEN, bytes, check_out, entries, object, put, to_c};
use super::super::host::Host;
use super::super::packets::{self, Refused};
use super::super::streams::{SocketStream, StreamKind};
use crate::log::Level;
use crate::qtss::QtssError;
use crate::server::{BodyRead, Connection, FileObject, RequestContext};

/// `qtssWriteFlagsBufferData`.
const BUFFER_DATA: u32 = 8;

/// Longest message taken from a module whose text has no length.
const LONGEST_TEXT: usize = 4096;

/// Most vectors of one write; the system's own limit.
const MOST_VECTORS: u32 = 1024;

entries! {
    /// Writes to a stream.
    fn QTSS_Write(stream: *mut c_void, buffer: *const c_void, len: u32, out_written: *mut u32, flags: u32) {
        let stream = object(stream)?;
        let written = match StreamKind::of(&stream)? {
            StreamKind::ErrorLog => {
                // SAFETY: by the contract of the entry.
                log(unsafe { log_text(buffer, len) }, flags)?;
                len
            }
            StreamKind::Request(context) => {
                // SAFETY: as above.
                context.write_raw(unsafe { bytes(buffer, len) }?);
                len
            }
            StreamKind::Connection(connection) => {
                // SAFETY: as above.
                write_connection(&connection, unsafe { bytes(buffer, len) }?, flags)?
            }
            StreamKind::Rtp(rtp) => {
                check_out(buffer.cast_mut())?;
                // SAFETY: on RTP streams the buffer is a packet struct, by the contract of QTSS_Write.
                let written = unsafe { packets::write(&rtp, buffer.cast_mut().cast(), len, flags) };
                written.map_err(|Refused(error, count)| {
                    if let Some(count) = count {
                        // SAFETY: as above.
                        unsafe { put(out_written, count) };
                    }
                    error
                })?
            }
            _ => return Err(QtssError::Unimplemented),
        };
        // SAFETY: by the contract of the entry.
        unsafe { put(out_written, written) };
        Ok(())
    }

    /// Writes several pieces; the first vector is the server's.
    fn QTSS_WriteV(
        stream: *mut c_void,
        vectors: *mut sys::iovec,
        count: u32,
        _total: u32,
        out_written: *mut u32,
    ) {
        let stream = object(stream)?;
        let kind = StreamKind::of(&stream)?;
        if !matches!(kind, StreamKind::Request(_) | StreamKind::Connection(_)) {
            return Err(QtssError::Unimplemented);
        }
        if count > MOST_VECTORS {
            return Err(QtssError::BadArgument);
        }
        // SAFETY: by the contract of the entry.
        let data = unsafe { gather(vectors, count) }?;
        let written = match kind {
            StreamKind::Request(context) => {
                context.write_raw(&data);
                u32::try_from(data.len()).unwrap_or(u32::MAX)
            }
            StreamKind::Connection(connection) => write_connection(&connection, &data, 0)?,
            _ => 0,
        };
        // SAFETY: as above.
        unsafe { put(out_written, written) };
        Ok(())
    }

    /// Sends what is buffered.
    fn QTSS_Flush(stream: *mut c_void) {
        let stream = object(stream)?;
        match StreamKind::of(&stream)? {
            StreamKind::Request(context) => flush(&context.connection, Some(&context)),
            StreamKind::Connection(connection) => flush(&connection, context_on(&connection).as_ref()),
            _ => Err(QtssError::Unimplemented),
        }
    }

    /// Reads from a stream: a request's body, or a file.
    fn QTSS_Read(stream: *mut c_void, buffer: *mut c_void, len: u32, out_read: *mut u32) {
        let stream = object(stream)?;
        check_out(buffer)?;
        let kind = StreamKind::of(&stream)?;
        // SAFETY: by the contract of the entry; memory of C counts as initialised.
        let buffer = unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), len.min(MAX_LEN) as usize) };
        let read = match kind {
            StreamKind::Request(context) => read_body(&context.connection, buffer)?,
            StreamKind::Connection(connection) => read_body(&connection, buffer)?,
            StreamKind::File(file) => {
                let file = FileObject::of(&file).ok_or(QtssError::BadArgument)?;
                match file.read(buffer) {
                    Ok(read) => read,
                    Err((error, read)) => {
                        // SAFETY: by the contract of the entry.
                        unsafe { put(out_read, read) };
                        return Err(error);
                    }
                }
            }
            _ => return Err(QtssError::Unimplemented),
        };
        // SAFETY: as above.
        unsafe { put(out_read, read) };
        Ok(())
    }

    /// Makes a stream of a socket, which it owns from then on.
    fn QTSS_CreateStreamFromSocket(fd: i32, out: *mut *mut c_void) {
        check_out(out)?;
        if fd < 0 {
            return Err(QtssError::BadArgument);
        }
        // SAFETY: the module gives its descriptor away.
        let stream = unsafe { SocketStream::create(fd) }?;
        // SAFETY: by the contract of the entry.
        unsafe { put(out, to_c(stream)) };
        Ok(())
    }

    /// Closes the socket and ends the stream.
    fn QTSS_DestroySocketStream(stream: *mut c_void) {
        SocketStream::destroy(&object(stream)?)
    }
}

/// The text of a log message: up to a NUL or `len` bytes, whichever comes first. Modules pass texts without a NUL and the
/// right length, and texts with a NUL and a wrong one; length 0 stands for "up to the NUL".
///
/// # Safety
/// `text` is NULL, or readable up to its NUL or for `len` bytes.
unsafe fn log_text<'a>(text: *const c_void, len: u32) -> Option<&'a [u8]> {
    if text.is_null() {
        return None;
    }
    let limit = if len == 0 { LONGEST_TEXT } else { len as usize };
    // SAFETY: the caller vouches for the memory up to the NUL or the length.
    let end = unsafe { libc::strnlen(text.cast(), limit) };
    // SAFETY: as above.
    Some(unsafe { std::slice::from_raw_parts(text.cast(), end) })
}

fn log(text: Option<&[u8]>, verbosity: u32) -> Result<(), QtssError> {
    let text = text.ok_or(QtssError::BadArgument)?;
    let level = Level::from_code(verbosity).unwrap_or(Level::Info);
    Host::get()?.log(level, &String::from_utf8_lossy(text));
    Ok(())
}

/// The bytes of all vectors but the first.
///
/// # Safety
/// `vectors` is NULL or points at `count` vectors with readable memory, the first of which is not looked at.
unsafe fn gather(vectors: *const sys::iovec, count: u32) -> Result<Vec<u8>, QtssError> {
    if vectors.is_null() && count > 0 {
        return Err(QtssError::BadArgument);
    }
    let mut data = Vec::new();
    for index in 1..count as usize {
        // SAFETY: the caller vouches for `count` vectors.
        let vector = unsafe { vectors.add(index).read_unaligned() };
        let len = u32::try_from(vector.iov_len).map_err(|_| QtssError::BadArgument)?;
        // SAFETY: the caller vouches for the memory of each.
        data.extend_from_slice(unsafe { bytes(vector.iov_base.cast_const().cast(), len) }?);
    }
    Ok(data)
}

/// The request that this thread works on, if it came on this connection.
fn context_on(connection: &Arc<Connection>) -> Option<Arc<RequestContext>> {
    CallState::current()?.context.clone().filter(|context| Arc::ptr_eq(&context.connection, connection))
}

/// Sends what the socket takes; what was buffered on the request goes first. With the flag, buffers all.
fn write_connection(connection: &Arc<Connection>, data: &[u8], flags: u32) -> Result<u32, QtssError> {
    let context = context_on(connection);
    let len = u32::try_from(data.len()).unwrap_or(u32::MAX);
    if flags & BUFFER_DATA != 0 {
        match &context {
            Some(context) => context.write_raw(data),
            None => drop(connection.writer.send_response(data).map_err(|_| QtssError::NotConnected)?),
        }
        return Ok(len);
    }
    flush(connection, context.as_ref())?;
    let sent = connection.writer.send_some(data).map_err(|_| QtssError::NotConnected)?;
    if sent == 0 && len > 0 {
        return Err(QtssError::WouldBlock);
    }
    if let Some(context) = context.filter(|_| sent > 0) {
        context.note_response();
    }
    Ok(u32::try_from(sent).unwrap_or(u32::MAX))
}

/// Hands to the socket what is buffered, on the request and behind it.
fn flush(connection: &Arc<Connection>, context: Option<&Arc<RequestContext>>) -> Result<(), QtssError> {
    if let Some(context) = context {
        let buffered = context.take_response();
        if !buffered.is_empty() {
            context.note_response();
            connection.writer.send_response(&buffered).map_err(|_| QtssError::NotConnected)?;
        }
    }
    let now_us = Host::get()?.server()?.clock.now_us();
    match connection.writer.try_flush(now_us) {
        Ok(true) => Ok(()),
        Ok(false) => Err(QtssError::WouldBlock),
        Err(_) => Err(QtssError::NotConnected),
    }
}

fn read_body(connection: &Arc<Connection>, buffer: &mut [u8]) -> Result<u32, QtssError> {
    match connection.read_body(buffer) {
        BodyRead::Bytes(count) => Ok(u32::try_from(count).unwrap_or(u32::MAX)),
        BodyRead::NotYet => Err(QtssError::WouldBlock),
        BodyRead::End => Err(QtssError::NoMoreData),
        BodyRead::Lost => Err(QtssError::NotConnected),
    }
}
