//! The text of RTSP: requests, responses, headers, interleaved framing. Pure: no sockets, no clock.
