//! What a relay takes from a source's description.

use crate::live::TrackInfo;
use crate::live::sdp::Description;
use crate::rtsp::client::parse_npt;

/// Most tracks that are relayed.
const MAX_TRACKS: usize = 16;

/// A track, and how to ask the source for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// What is known about it.
    pub info: TrackInfo,
    /// The `a=control` value of the source's description; empty if there is none.
    pub control: String,
}

/// The RTP tracks of a description.
pub fn tracks(description: &Description) -> Vec<Track> {
    let rtp = description.media().iter().filter(|media| media.protocol.to_ascii_uppercase().contains("RTP/"));
    let track = |media: &crate::live::sdp::Media| Track {
        info: media.track_info(),
        control: media.control().map(|control| control.trim().to_owned()).unwrap_or_default(),
    };
    rtp.take(MAX_TRACKS).map(track).collect()
}

/// Where a stream ends, in seconds, if it is one that ends.
pub fn duration(description: &Description) -> Option<f64> {
    let of_media = description.media().iter().filter_map(|media| media.attribute("range"));
    let mut ranges = description.attribute("range").into_iter().chain(of_media);
    ranges.find_map(|range| parse_npt(&range)?.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDP: &str = "v=0\r\nt=0 0\r\na=control:*\r\na=range:npt=0-  70.0\r\nm=video 5004 RTP/AVP 96\r\n\
        a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:trackID=3\r\nm=application 9 udp wb\r\n\
        a=control:trackID=9\r\nm=audio 0 RTP/AVP 0\r\na=control:rtsp://h/c/trackID=4\r\n";

    #[test]
    fn rtp_tracks_are_read_with_their_numbers_and_controls() {
        let description = Description::parse(SDP.as_bytes()).unwrap();
        assert_eq!(duration(&description), Some(70.0));
        let tracks = tracks(&description);
        let short: Vec<_> = tracks.iter().map(|t| (t.info.track_id, &*t.control, t.info.clock_rate)).collect();
        assert_eq!(short, [(3, "trackID=3", 90_000), (4, "rtsp://h/c/trackID=4", 8_000)]);
        let video = &tracks[0].info;
        assert_eq!((&*video.payload_name, &*video.fmtp), ("H264", "packetization-mode=1"));
    }

    #[test]
    fn what_has_no_end_is_live() {
        let with = |line: &str| {
            let text = format!("v=0\r\n{line}\r\nm=audio 0 RTP/AVP 0\r\n");
            duration(&Description::parse(text.as_bytes()).unwrap())
        };
        assert_eq!([with("a=range:npt=now-"), with("a=range:npt=0-"), with("a=range:clock=x-y")], [None; 3]);
        assert_eq!(with("a=range:npt=0-5"), Some(5.0));
    }
}
