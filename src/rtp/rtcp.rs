//! The RTCP compounds that the server sends (RFC 3550 section 6), in the layout players of DSS 6.0.3 know: sender
//! report, CNAME, and an `APP qtsi` packet with the ack timeout; at the end of a stream a BYE too.

use smallvec::SmallVec;

/// Room for the usual compound (84 bytes, 92 with BYE) without touching the heap.
pub type Compound = SmallVec<[u8; 96]>;

/// Name under which a session's streams are tied together (SDES CNAME, RFC 3550 section 6.5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cname(SmallVec<[u8; 16]>);

impl Cname {
    /// The name DSS gives a session: `QTSS` and the Unix second of its creation.
    pub fn of_session(created_unix_seconds: i64) -> Self {
        Self::new(&format!("QTSS{created_unix_seconds}"))
    }

    /// Any name; cut to the 255 bytes an SDES item can hold.
    pub fn new(name: &str) -> Self {
        Self(SmallVec::from_slice(name.as_bytes().get(..255).unwrap_or(name.as_bytes())))
    }

    /// The name's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What a sender report says.
#[derive(Debug, Clone, Copy)]
pub struct SenderReport<'a> {
    /// The stream's source.
    pub ssrc: u32,
    /// NTP time of the report.
    pub ntp: u64,
    /// RTP time at that same instant on the play's timeline (not that of the last packet, which may be far ahead).
    pub rtp_time: u32,
    /// RTP packets since SETUP.
    pub packets: u32,
    /// Payload bytes since SETUP, without RTP headers.
    pub payload_bytes: u32,
    /// The session's name.
    pub cname: &'a Cname,
    /// The receiver's source, 0 until it has reported.
    pub client_ssrc: u32,
    /// Milliseconds a reliable-UDP receiver should take to acknowledge.
    pub ack_timeout_ms: u32,
    /// Whether the stream ends here.
    pub bye: bool,
}

/// Packet types of RFC 3550 section 12.1.
pub(crate) mod packet_type {
    pub(crate) const SENDER_REPORT: u8 = 200;
    pub(crate) const RECEIVER_REPORT: u8 = 201;
    pub(crate) const SOURCE_DESCRIPTION: u8 = 202;
    pub(crate) const GOODBYE: u8 = 203;
    pub(crate) const APPLICATION: u8 = 204;
}

const SDES_CNAME: u8 = 1;

/// The BYE of a source whose reports are not ours, behind the empty receiver report that a compound has to begin with.
pub(crate) fn goodbye(ssrc: u32) -> Compound {
    let mut out = Compound::new();
    for (first, kind) in [(0x80, packet_type::RECEIVER_REPORT), (0x81, packet_type::GOODBYE)] {
        out.extend_from_slice(&[first, kind, 0, 1]);
        out.extend_from_slice(&ssrc.to_be_bytes());
    }
    out
}

impl SenderReport<'_> {
    /// The compound, ready to be sent.
    pub fn compose(&self) -> Compound {
        let mut out = Compound::new();
        out.extend_from_slice(&[0x80, packet_type::SENDER_REPORT, 0, 6]);
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        out.extend_from_slice(&self.ntp.to_be_bytes());
        out.extend_from_slice(&self.rtp_time.to_be_bytes());
        out.extend_from_slice(&self.packets.to_be_bytes());
        out.extend_from_slice(&self.payload_bytes.to_be_bytes());
        self.push_description(&mut out);
        self.push_server_info(&mut out);
        if self.bye {
            out.extend_from_slice(&[0x81, packet_type::GOODBYE, 0, 1]);
            out.extend_from_slice(&self.ssrc.to_be_bytes());
        }
        out
    }

    fn push_description(&self, out: &mut Compound) {
        let name = self.cname.as_bytes();
        // The item list ends with at least one zero byte and is padded to a word (RFC 3550 section 6.5). DSS ends a
        // list that already fills its words with a whole zero word; so does this.
        let chunk = 4 + 2 + name.len();
        let padded = (chunk / 4 + 1) * 4;
        let words = u16::try_from(padded / 4).unwrap_or(u16::MAX);
        out.extend_from_slice(&[0x81, packet_type::SOURCE_DESCRIPTION]);
        out.extend_from_slice(&words.to_be_bytes());
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        out.extend_from_slice(&[SDES_CNAME, u8::try_from(name.len()).unwrap_or(u8::MAX)]);
        out.extend_from_slice(name);
        out.resize(out.len() + padded - chunk, 0);
    }

    fn push_server_info(&self, out: &mut Compound) {
        out.extend_from_slice(&[0x81, packet_type::APPLICATION, 0, 6]);
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        out.extend_from_slice(b"qtsi");
        out.extend_from_slice(&self.client_ssrc.to_be_bytes());
        out.extend_from_slice(&2u32.to_be_bytes()); // words that follow
        out.extend_from_slice(b"at");
        out.extend_from_slice(&4u16.to_be_bytes());
        out.extend_from_slice(&self.ack_timeout_ms.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    fn report(cname: &Cname, bye: bool) -> Compound {
        SenderReport {
            ssrc: 0x1122_3344,
            ntp: 0x0102_0304_0506_0708,
            rtp_time: 0xaabb_ccdd,
            packets: 3,
            payload_bytes: 0x1000,
            cname,
            client_ssrc: 0,
            ack_timeout_ms: 20,
            bye,
        }
        .compose()
    }

    #[test]
    fn the_compound_is_the_84_bytes_players_know() {
        let cname = Cname::of_session(1_795_384_993);
        let expected = concat!(
            "80c80006",
            "11223344",
            "0102030405060708",
            "aabbccdd",
            "00000003",
            "00001000",
            "81ca0006",
            "11223344",
            "010e",
            "5154535331373935333834393933",
            "00000000",
            "81cc0006",
            "11223344",
            "71747369",
            "00000000",
            "00000002",
            "61740004",
            "00000014"
        );
        assert_eq!(hex(&report(&cname, false)), expected);
    }

    #[test]
    fn a_goodbye_adds_eight_bytes() {
        let bytes = report(&Cname::of_session(1_795_384_993), true);
        assert_eq!(bytes.len(), 92);
        assert_eq!(hex(&bytes[84..]), "81cb000111223344");
    }

    #[test]
    fn names_of_any_length_end_on_a_word_with_a_zero() {
        for len in [0, 1, 13, 14, 15, 16, 200, 255, 300] {
            let bytes = report(&Cname::new(&"x".repeat(len)), false);
            assert_eq!(bytes.len() % 4, 0, "name of {len}");
            let words = usize::from(u16::from_be_bytes([bytes[30], bytes[31]]));
            let end = 28 + 4 + words * 4;
            assert_eq!(bytes[end - 1], 0, "name of {len}");
            assert_eq!(bytes[end + 1], packet_type::APPLICATION, "name of {len}");
        }
    }
}
