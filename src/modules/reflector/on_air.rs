//! What is on the air: each name's broadcast, who sends it, who watches it.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Weak};

use crate::live::sdp::{Description, Media};
use crate::live::{Broadcast, BroadcastOptions, Receiver, TrackInfo};
use crate::rtp::Clock;
use crate::rtsp::SessionId;
use crate::server::{ClientSession, Connection};

/// A push that has been silent for this long may be taken over, in microseconds.
pub(super) const TAKEOVER_SILENCE_US: i64 = 2_000_000;

/// One broadcaster's session.
pub(super) struct Push {
    pub id: SessionId,
    pub session: Weak<ClientSession>,
    pub connection: Weak<Connection>,
    pub connection_id: u32,
    pub peer: IpAddr,
    /// Empty if it needed no name.
    pub user: String,
    /// The tracks it has set up, and where they come in by UDP.
    pub tracks: Vec<(u32, Option<Receiver>)>,
    /// Server clock of its first SETUP, microseconds.
    pub since_us: i64,
    /// RECORD has come.
    pub recording: bool,
}

impl Push {
    fn has(&self, track_id: u32) -> bool {
        self.tracks.iter().any(|(id, _)| *id == track_id)
    }

    /// How it comes in, in a word for administrators.
    pub fn kind(&self) -> &'static str {
        if self.tracks.iter().any(|(_, receiver)| receiver.is_some()) { "push-udp" } else { "push-tcp" }
    }
}

/// Who wants to announce or send.
#[derive(Debug, Clone)]
pub(super) struct Claimant {
    pub id: Option<SessionId>,
    pub connection_id: u32,
    pub peer: IpAddr,
    pub user: String,
}

impl Claimant {
    /// The same broadcaster may go on where it was cut off: on the connection it already has at once, else when nothing
    /// has come for a moment. A named user is known by the name, others by the address.
    fn may_replace(&self, push: &Push, silent_us: i64) -> bool {
        self.connection_id == push.connection_id || (self.is_of(push) && silent_us >= TAKEOVER_SILENCE_US)
    }

    /// The same broadcaster.
    fn is_of(&self, push: &Push) -> bool {
        if push.user.is_empty() { self.peer == push.peer } else { self.user == push.user }
    }
}

/// A name on the air.
pub(super) struct Entry {
    pub broadcast: Arc<Broadcast>,
    pub description: Arc<Description>,
    /// Where a static description's packets come in, while somebody watches.
    pub receivers: Vec<(u32, Receiver)>,
    pub pushes: Vec<Push>,
    /// Sessions that have set up a track to watch.
    pub watchers: HashSet<SessionId>,
    /// Sequence of this entry's life, for administrators: Unix time in ms.
    pub since_unix_ms: i64,
}

impl Entry {
    pub fn new(broadcast: Arc<Broadcast>, description: Arc<Description>, since_unix_ms: i64) -> Self {
        Self {
            broadcast,
            description,
            receivers: Vec::new(),
            pushes: Vec::new(),
            watchers: HashSet::new(),
            since_unix_ms,
        }
    }

    /// Somebody sends or watches.
    pub fn is_used(&self) -> bool {
        !self.pushes.is_empty() || !self.watchers.is_empty()
    }

    /// The description that viewers of now go by; none if a new one from the file will do.
    pub fn has_source(&self) -> bool {
        !self.pushes.is_empty() || !self.receivers.is_empty()
    }

    /// How long nothing has come from a push, microseconds.
    fn silence_us(&self, push: &Push, now_us: i64) -> i64 {
        let last = self.broadcast.last_packet_us().unwrap_or(i64::MIN).max(push.since_us);
        now_us.saturating_sub(last)
    }

    /// The pushes in the way of `claimant`, who wants `track_id` (or all of the broadcast).
    ///
    /// # Errors
    /// One of them must not be replaced.
    pub fn to_replace(&self, claimant: &Claimant, track_id: Option<u32>, now_us: i64) -> Result<Vec<SessionId>, Busy> {
        let in_the_way = |push: &&Push| Some(push.id) != claimant.id && track_id.is_none_or(|id| push.has(id));
        let mut replaced = Vec::new();
        for push in self.pushes.iter().filter(in_the_way) {
            if !claimant.may_replace(push, self.silence_us(push, now_us)) {
                return Err(Busy);
            }
            replaced.push(push.id);
        }
        Ok(replaced)
    }

    /// What is in the way of `claimant` is its own, and must not be replaced yet.
    pub fn is_own_of(&self, claimant: &Claimant, track_id: Option<u32>, now_us: i64) -> bool {
        let is_busy = self.to_replace(claimant, track_id, now_us).is_err();
        is_busy && self.pushes.iter().all(|push| claimant.is_of(push))
    }

    /// Tracks that a session has set up to send.
    pub fn tracks_of(&self, id: SessionId) -> Vec<u32> {
        let of = self.pushes.iter().find(|push| push.id == id);
        of.map(|push| push.tracks.iter().map(|(id, _)| *id).collect()).unwrap_or_default()
    }
}

/// Somebody else sends under this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Busy;

/// All names on the air.
#[derive(Default)]
pub(super) struct OnAir {
    pub entries: HashMap<String, Entry>,
}

impl OnAir {
    /// The entry and push of a broadcaster's session.
    pub fn push_of(&mut self, key: &str, id: SessionId) -> Option<&mut Push> {
        self.entries.get_mut(key)?.pushes.iter_mut().find(|push| push.id == id)
    }
}

/// What the engine needs to know of a description's media.
pub(super) fn track_infos(description: &Description) -> Vec<TrackInfo> {
    description.media().iter().map(Media::track_info).collect()
}

/// A broadcast of this description.
pub(super) fn new_broadcast(
    key: &str,
    description: &Description,
    options: BroadcastOptions,
    clock: &Arc<dyn Clock>,
) -> Arc<Broadcast> {
    Broadcast::new(key, track_infos(description), options, Arc::clone(clock))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::rtp::ManualClock;

    const SDP: &str = "v=0\nm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=control:streamid=0\nm=audio 0 RTP/AVP 0\n";
    const NOW: i64 = 100_000_000;

    fn id(text: &str) -> SessionId {
        text.parse().unwrap()
    }

    fn entry(user: &str) -> Entry {
        let description = Arc::new(Description::parse(SDP.as_bytes()).unwrap());
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(NOW, 0));
        let broadcast = new_broadcast("/a.sdp", &description, BroadcastOptions::default(), &clock);
        let mut entry = Entry::new(broadcast, description, 0);
        entry.pushes.push(Push {
            id: id("1"),
            session: Weak::new(),
            connection: Weak::new(),
            connection_id: 1,
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
            user: user.to_owned(),
            tracks: vec![(0, None)],
            since_us: NOW,
            recording: true,
        });
        entry
    }

    fn claimant(connection_id: u32, peer: [u8; 4], user: &str) -> Claimant {
        Claimant { id: Some(id("2")), connection_id, peer: IpAddr::from(peer), user: user.to_owned() }
    }

    #[test]
    fn trap_63_the_same_address_or_user_takes_over_a_silent_push() {
        let later = NOW + TAKEOVER_SILENCE_US;
        let same_address = claimant(2, [127, 0, 0, 1], "");
        let other_address = claimant(2, [10, 0, 0, 1], "");
        let open = entry("");
        assert_eq!(open.to_replace(&same_address, Some(0), NOW), Err(Busy), "not while it sends");
        assert_eq!(open.to_replace(&same_address, Some(0), later), Ok(vec![id("1")]));
        assert_eq!(open.to_replace(&same_address, None, later), Ok(vec![id("1")]), "an announcement is about all");
        assert_eq!(open.to_replace(&other_address, Some(0), later), Err(Busy));
        assert_eq!(open.to_replace(&other_address, Some(1), later), Ok(vec![]), "a track that nobody sends");
        assert_eq!(
            open.to_replace(&claimant(1, [127, 0, 0, 1], ""), None, NOW),
            Ok(vec![id("1")]),
            "on its connection"
        );
        let named = entry("eve");
        assert_eq!(named.to_replace(&same_address, Some(0), later), Err(Busy), "the address is not the user");
        assert_eq!(named.to_replace(&claimant(2, [10, 0, 0, 1], "eve"), Some(0), later), Ok(vec![id("1")]));
        let itself = Claimant { id: Some(id("1")), ..same_address };
        assert_eq!(open.to_replace(&itself, Some(0), NOW), Ok(vec![]));
    }
}
