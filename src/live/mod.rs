//! Broadcasts: sources, ring buffers, fan-out.
