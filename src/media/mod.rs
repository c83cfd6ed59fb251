//! QuickTime/MP4 files: atoms, sample tables, hint tracks, SDP. Bytes in, packets out; no sockets.
