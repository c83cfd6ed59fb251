//! Reliable UDP for packets that come whole, one by one, from whoever makes them, instead of from a source that a send
//! worker pulls at: what is sent is kept until the player acknowledges it, sent again when it does not, and held back
//! while the window is full. The rules are those of the workers' own streams.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::packet::{RTP_HEADER_LEN, RtpHeader};
use super::ports::UdpPair;
use super::prefs::SendPrefs;
use super::resend::{Outgoing, ResendQueue, SendWindow};
use super::stream::{RtpStream, Transport, UdpTransport};

/// The reliable-UDP streams of one session's play.
#[derive(Debug, Default)]
pub struct HandFed {
    window: SendWindow,
    streams: Vec<(Arc<RtpStream>, ResendQueue)>,
    acks: Vec<(u16, i64)>,
}

impl HandFed {
    /// A play of these streams begins; those that are not reliable UDP are left alone. Without `slow_start` the window is
    /// open from the beginning.
    pub fn begin(&mut self, streams: &[Arc<RtpStream>], prefs: &SendPrefs, slow_start: bool) {
        self.end();
        let prefs = SendPrefs { reliable_slow_start: prefs.reliable_slow_start && slow_start, ..prefs.clone() };
        self.window.begin(&prefs, 0);
        for stream in streams {
            let Some(udp) = reliable(stream) else { continue };
            udp.collect_acks();
            self.streams.push((Arc::clone(stream), ResendQueue::default()));
        }
    }

    /// Nothing is sent again from now on.
    pub fn end(&mut self) {
        self.window.forget_all();
        for (stream, _) in self.streams.drain(..) {
            if let Some(udp) = reliable(&stream) {
                udp.ignore_acks();
            }
        }
    }

    /// Whether none of the streams needs looking after.
    pub fn is_idle(&self) -> bool {
        self.streams.is_empty()
    }

    /// Whether a packet of this stream may be sent now, as far as the window goes.
    pub fn has_room(&mut self, stream: &Arc<RtpStream>) -> bool {
        self.take_acks();
        let queue = self.streams.iter().find(|(of, _)| Arc::ptr_eq(of, stream));
        queue.is_none_or(|(_, queue)| self.window.has_room() && !queue.is_full())
    }

    /// A packet was sent at `now_us` and is of use until `expires_us`, both microseconds of the server's clock.
    pub fn keep(&mut self, stream: &Arc<RtpStream>, packet: &[u8], now_us: i64, expires_us: i64) {
        let Some((_, queue)) = self.streams.iter_mut().find(|(of, _)| Arc::ptr_eq(of, stream)) else { return };
        let Some((header, _)) = RtpHeader::parse(packet) else { return };
        let block = Bytes::copy_from_slice(packet);
        let payload = Some((&block, 0..packet.len()));
        let outgoing = Outgoing { sequence: header.sequence, head: &[], payload, media_us: expires_us, expires_us };
        queue.keep(&outgoing, &mut self.window, now_us);
    }

    /// Sends again what is overdue at `now_us`; gives packets and bytes.
    pub fn resend(&mut self, now_us: i64) -> (u64, u64) {
        self.take_acks();
        let (mut packets, mut bytes) = (0, 0);
        for (stream, queue) in &mut self.streams {
            let Some(udp) = reliable(stream) else { continue };
            let (pair, to) = (udp.pair(), udp.addresses().rtp);
            let sent = queue.resend(&mut self.window, now_us, |_, payload| {
                if let Some(packet) = payload.and_then(|(block, range)| block.get(range)) {
                    send(pair, to, packet);
                }
            });
            let stats = stream.stats();
            stats.packets_sent.fetch_add(sent.0, Ordering::Relaxed);
            let payload = sent.1.saturating_sub(sent.0 * RTP_HEADER_LEN as u64);
            stats.payload_bytes_sent.fetch_add(payload, Ordering::Relaxed);
            packets += sent.0;
            bytes += sent.1;
        }
        (packets, bytes)
    }

    fn take_acks(&mut self) {
        for (stream, queue) in &mut self.streams {
            if let Some(udp) = reliable(stream) {
                udp.take_acks(&mut self.acks);
            }
            for (sequence, at_us) in self.acks.drain(..) {
                queue.acknowledge(sequence, at_us, &mut self.window);
            }
        }
    }
}

impl Drop for HandFed {
    fn drop(&mut self) {
        self.end();
    }
}

fn reliable(stream: &RtpStream) -> Option<&UdpTransport> {
    match stream.transport() {
        Transport::Udp(udp) if udp.is_reliable() => Some(udp),
        _ => None,
    }
}

fn send(pair: &UdpPair, to: SocketAddr, packet: &[u8]) {
    let _ = pair.rtp().send_to(packet, to); // lost like any datagram; its timer goes on
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::time::Duration;

    use super::super::clock::ManualClock;
    use super::super::test_bench::{Bench, PEER};
    use super::*;

    const NOW: i64 = 50_000_000;

    fn packet(sequence: u16) -> Vec<u8> {
        let header = RtpHeader { marker: false, payload_type: 96, sequence, timestamp: 0, ssrc: 7 };
        [&header.to_bytes()[..], &[0; 1400]].concat()
    }

    /// An `APP qtak` that acknowledges one packet.
    fn ack(stream: &RtpStream, sequence: u16) -> Vec<u8> {
        let mut bytes = vec![0x80, 204, 0, 4];
        bytes.extend([0, 0, 0, 9]);
        bytes.extend(b"qtak");
        bytes.extend(stream.ssrc().to_be_bytes());
        bytes.extend([0, 0]);
        bytes.extend(sequence.to_be_bytes());
        bytes
    }

    #[test]
    fn what_is_not_acknowledged_is_sent_again_and_a_full_window_holds_back() {
        let player = UdpSocket::bind((PEER, 0)).expect("a player");
        player.set_read_timeout(Some(Duration::from_secs(10))).expect("a limit");
        let stream = Bench::new().reliable_stream(player.local_addr().expect("bound").port(), true);
        let prefs = SendPrefs { large_window: 3000, ..SendPrefs::default() };
        let mut fed = HandFed::default();
        fed.begin(&[Arc::clone(&stream)], &prefs, false);
        for sequence in 1..=3 {
            assert!(fed.has_room(&stream), "{sequence}");
            fed.keep(&stream, &packet(sequence), NOW, NOW + 5_000_000);
        }
        assert!(!fed.has_room(&stream), "three packets fill a window of 3000 bytes");
        stream.handle_rtcp(&ManualClock::new(NOW + 10_000, 0), &ack(&stream, 2));
        assert!(fed.has_room(&stream), "one has arrived");
        assert_eq!(fed.resend(NOW + 10_000), (0, 0));
        assert_eq!(fed.resend(NOW + 700_000).0, 2, "the timer of two is over");
        let mut buffer = [0; 2000];
        let mut again: Vec<u8> =
            (0..2).map(|_| player.recv(&mut buffer).map(|_| buffer[3]).expect("a packet")).collect();
        again.sort_unstable();
        assert_eq!(again, [1, 3]);
        assert_eq!(fed.resend(NOW + 6_000_000).0, 0, "too late to be of use");
        assert!(fed.has_room(&stream));
        assert_eq!(stream.stats().packets_sent.load(Ordering::Relaxed), 2);
        fed.end();
        assert!(fed.is_idle());
    }

    #[test]
    fn without_slow_start_the_window_is_open_at_once() {
        let stream = Bench::new().reliable_stream(5000, true);
        let prefs = SendPrefs { large_window: 12_000, ..SendPrefs::default() };
        let fits = |slow_start| {
            let mut fed = HandFed::default();
            fed.begin(&[Arc::clone(&stream)], &prefs, slow_start);
            let mut count = 0;
            while fed.has_room(&stream) {
                count += 1;
                fed.keep(&stream, &packet(count), NOW, NOW + 5_000_000);
            }
            count
        };
        assert_eq!((fits(true), fits(false)), (5, 9));
    }
}
