//! The RTP-Info header of an answer (RFC 2326 section 12.33).

use std::fmt::Write;

/// One stream's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RtpInfo<'a> {
    /// The last part of the stream's SETUP URL: `trackID=3`.
    pub stream: &'a str,
    /// The sequence number of the first packet; live streams of DSS 6.0.3 have none.
    pub seq: Option<u16>,
    /// The RTP timestamp that goes with the Range answer's start.
    pub rtptime: Option<u32>,
}

/// The header's value: each stream's URL is the request's absolute URL (without the query), a slash that is not doubled
/// and the stream's name. Entries are parted by a comma without a blank.
pub fn rtp_info(absolute_url: &str, streams: &[RtpInfo<'_>]) -> String {
    let base = absolute_url.strip_suffix('/').unwrap_or(absolute_url);
    let mut out = String::new();
    for info in streams {
        if !out.is_empty() {
            out.push(',');
        }
        // writing to a String cannot fail
        let _ = write!(out, "url={base}/{}", info.stream);
        if let Some(seq) = info.seq {
            let _ = write!(out, ";seq={seq}");
        }
        if let Some(rtptime) = info.rtptime {
            let _ = write!(out, ";rtptime={rtptime}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: [RtpInfo<'_>; 2] = [
        RtpInfo { stream: "trackID=3", seq: Some(65535), rtptime: Some(u32::MAX) },
        RtpInfo { stream: "trackID=4", seq: Some(0), rtptime: Some(0) },
    ];

    #[test]
    fn entries_of_a_file_have_seq_and_rtptime() {
        assert_eq!(
            rtp_info("rtsp://h/a.mp4", &FILE),
            "url=rtsp://h/a.mp4/trackID=3;seq=65535;rtptime=4294967295,url=rtsp://h/a.mp4/trackID=4;seq=0;rtptime=0"
        );
    }

    #[test]
    fn a_slash_at_the_end_of_the_url_is_not_doubled() {
        assert_eq!(rtp_info("rtsp://h/a.mp4/", &FILE), rtp_info("rtsp://h/a.mp4", &FILE));
    }

    #[test]
    fn entries_of_a_live_stream_may_be_bare() {
        let live = [RtpInfo { stream: "trackID=1", seq: None, rtptime: None }];
        assert_eq!(rtp_info("/live.sdp", &live), "url=/live.sdp/trackID=1");
        assert_eq!(rtp_info("/live.sdp", &[]), "");
    }
}
