//! The text of RTSP: requests, responses, headers, interleaved framing. Pure: no sockets, no clock.
//!
//! Bytes go into a [`RequestReader`], which cuts them into [`Event`]s. A [`RawRequest`] is parsed into a [`Request`],
//! whose values are windows into the text as it was received.

#![deny(unsafe_code)]

mod block;
mod header;
mod method;
pub mod path;
mod reader;
mod request;
mod status;

pub use block::{HeaderTable, MAX_UNKNOWN_HEADERS, unfold};
pub use header::Header;
pub use method::Method;
pub use reader::{Event, MAX_BODY, MAX_HEADER_BLOCK, RawRequest, RawResponse, ReadError, ReadErrorKind, RequestReader};
pub use request::{Request, RequestError, RequestErrorKind};
pub use status::Status;
