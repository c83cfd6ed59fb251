//! RTP and RTCP: packets, streams, transports, pacing and the send workers.
