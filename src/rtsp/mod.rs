//! The text of RTSP: requests, responses, headers, interleaved framing. Pure: no sockets, no clock.
//!
//! Bytes go into a [`RequestReader`], which cuts them into [`Event`]s. A [`RawRequest`] is parsed into a [`Request`],
//! whose values are windows into the text as it was received. The header modules ([`transport`], [`range`],
//! [`session`], [`extensions`], …) read one header value each and compose the one that goes back;
//! [`response::ResponseBuilder`] puts the answer together in the order and spelling of DSS 6.0.3. [`client`] and
//! [`challenge`] are the other side: what a client reads from answers, and how it answers a challenge.

#![deny(unsafe_code)]

mod block;
pub mod challenge;
pub mod client;
pub mod date;
pub mod extensions;
mod header;
mod method;
mod params;
pub mod path;
pub mod range;
mod reader;
mod request;
pub mod response;
pub mod rtp_info;
pub mod session;
mod status;
pub mod transport;
pub mod tunnel;

#[cfg(test)]
mod client_tests;
#[cfg(test)]
mod properties;

pub use block::{HeaderTable, MAX_UNKNOWN_HEADERS, unfold};
pub use header::Header;
pub use method::Method;
pub use reader::{Event, MAX_BODY, MAX_HEADER_BLOCK, RawRequest, RawResponse, ReadError, ReadErrorKind, RequestReader};
pub use request::{Request, RequestError, RequestErrorKind};
pub use response::{Response, ResponseBuilder, ResponseHead};
pub use session::SessionId;
pub use status::Status;
