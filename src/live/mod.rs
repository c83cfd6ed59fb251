//! Broadcasts: sources, ring buffers, fan-out.

pub mod sdp;
