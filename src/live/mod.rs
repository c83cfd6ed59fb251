//! Broadcasts: sources, ring buffers, fan-out.
//!
//! A [`Broadcast`] has a ring of packets per track. Whoever gets packets (UDP [`Receiver`]s, the connection of a
//! broadcaster that pushes by TCP, a relay) hands them to [`Broadcast::receive`]; they are kept once, as they came, and
//! never changed. A viewer's [`LiveSource`] is a place in a ring that a send worker reads like the packets of a movie:
//! there is no lock on that way.
//!
//! The room knows neither the viewers' connections nor who may broadcast; that is the reflector module's matter.
#![deny(unsafe_code)]

pub mod relay;

mod broadcast;
mod feedback;
mod intake;
mod join;
mod keyframe;
mod meter;
mod options;
mod receive;
mod registry;
mod reorder;
mod ring;
pub mod sdp;
mod source;
mod track;

pub use broadcast::{Broadcast, Heard, Listener, Received, TrackFigures};
pub use feedback::{Compound, REPORT_INTERVAL_US, Reception};
pub use join::{Join, JoinOptions, RtpStart};
pub use keyframe::{Codec, Content};
pub use options::{BroadcastOptions, JoinPolicy};
pub use receive::{ReceiveError, Receiver, ReceiverConfig};
pub use registry::Broadcasts;
pub use source::{LiveSource, ViewerOptions};
pub use track::{Kind, TrackInfo, TrackKind};

#[cfg(test)]
mod tests;
