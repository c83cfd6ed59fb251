//! The monitor stream (`enable_udp_monitor_stream`): a copy of what players are sent, for an operator's tool that listens
//! on two fixed ports.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Where copies go, and of which players.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonitorPrefs {
    /// `udp_monitor_dest_ip`.
    pub to: IpAddr,
    /// `udp_monitor_video_port`.
    pub video_port: u16,
    /// `udp_monitor_audio_port`.
    pub audio_port: u16,
    /// `udp_monitor_src_ip`: the players' address, of whose parts any may be `*`; `0.0.0.0` for all.
    pub players: String,
}

impl MonitorPrefs {
    /// Whether what `player` is sent is copied.
    pub fn covers(&self, player: IpAddr) -> bool {
        let player = player.to_canonical().to_string();
        let wanted = self.players.trim();
        if wanted.is_empty() || wanted == "0.0.0.0" || wanted == player {
            return true;
        }
        let parts: Vec<_> = wanted.split('.').collect();
        let told: Vec<_> = player.split('.').collect();
        parts.len() == told.len() && parts.iter().zip(told).all(|(part, told)| *part == "*" || *part == told)
    }
}

/// Copies one session's packets.
#[derive(Debug)]
pub(super) struct Monitor {
    socket: UdpSocket,
    prefs: MonitorPrefs,
    packet: Vec<u8>,
}

impl Monitor {
    /// For a session of `player`, if its packets are to be copied.
    pub(super) fn open(prefs: &MonitorPrefs, player: IpAddr) -> Option<Self> {
        if !prefs.covers(player) {
            return None;
        }
        let any: IpAddr = if prefs.to.is_ipv6() { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
        let opened = UdpSocket::bind((any, 0)).and_then(|socket| {
            socket.set_nonblocking(true)?;
            Ok(socket)
        });
        match opened {
            Ok(socket) => Some(Self { socket, prefs: prefs.clone(), packet: Vec::new() }),
            Err(error) => {
                tracing::warn!(%error, "no monitor stream");
                None
            }
        }
    }

    /// Copies one packet. Whether it arrives is nobody's concern.
    pub(super) fn copy(&mut self, is_video: bool, head: &[u8], payload: &[u8]) {
        self.packet.clear();
        self.packet.extend_from_slice(head);
        self.packet.extend_from_slice(payload);
        let port = if is_video { self.prefs.video_port } else { self.prefs.audio_port };
        let _ = self.socket.send_to(&self.packet, SocketAddr::new(self.prefs.to, port));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefs(players: &str) -> MonitorPrefs {
        MonitorPrefs { to: Ipv4Addr::LOCALHOST.into(), video_port: 0, audio_port: 0, players: players.to_owned() }
    }

    #[test]
    fn players_are_chosen_by_address_with_stars() {
        let player = IpAddr::from([10, 1, 2, 3]);
        for (players, covered) in [
            ("0.0.0.0", true),
            ("", true),
            ("10.1.2.3", true),
            ("10.1.*.3", true),
            ("10.*.*.*", true),
            ("10.1.2.4", false),
            ("10.1.*", false),
            ("11.*.*.*", false),
        ] {
            assert_eq!(prefs(players).covers(player), covered, "{players}");
        }
    }

    #[test]
    fn a_copy_has_header_and_payload_and_goes_to_the_port_of_its_kind() {
        let [video, audio] = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").expect("a socket"));
        let port = |socket: &UdpSocket| socket.local_addr().expect("bound").port();
        let prefs = MonitorPrefs { video_port: port(&video), audio_port: port(&audio), ..prefs("") };
        let mut monitor = Monitor::open(&prefs, Ipv4Addr::LOCALHOST.into()).expect("a monitor");
        monitor.copy(true, b"head", b"picture");
        monitor.copy(false, b"head", b"sound");
        for (socket, text) in [(video, &b"headpicture"[..]), (audio, b"headsound")] {
            socket.set_read_timeout(Some(std::time::Duration::from_secs(10))).expect("set");
            let mut buffer = [0; 100];
            let length = socket.recv(&mut buffer).expect("a copy");
            assert_eq!(&buffer[..length], text);
        }
    }
}
