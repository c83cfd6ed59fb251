//! How broadcasts end, and the look once a second at what should.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::on_air::{Entry, Push};
use super::place::SDP;
use super::{Reflector, files, ntp_seconds};
use crate::live::sdp::Description;
use crate::qtss::ClosingReason;
use crate::rtsp::SessionId;
use crate::server::{ClosingSession, Server};

/// What the access log says of a viewer whose broadcast has ended, as in DSS.
const BROADCAST_ENDED: u32 = 452;

/// What the session of a broadcaster gets that was lost.
const LOST: u32 = 504;

/// Why a push ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    /// The broadcaster said so.
    Teardown,
    /// Nothing came for so many ms.
    Silence(i64),
    /// Its connection is gone.
    ConnectionLost,
    /// Whoever broadcasts from this address, on a connection of this number, goes on.
    TakenOver(IpAddr, u32),
    /// Somebody has asked for it.
    Killed(String),
    /// It has lasted as long as it may.
    TooLong,
    /// Its description's times are over.
    OffAir,
    /// The server has ended its session.
    Server,
}

impl Why {
    /// Why a broadcaster's session ends that did not say goodbye.
    pub fn of_session(closing: &ClosingSession, timeout_ms: i64) -> Self {
        match closing.reason {
            ClosingReason::Timeout => Self::Silence(timeout_ms),
            ClosingReason::Teardown if closing.session.last_status.load(Ordering::Relaxed) == LOST => {
                Self::ConnectionLost
            }
            ClosingReason::Teardown => Self::Server,
        }
    }

    /// The broadcaster does not know: its connection is closed, so that it does.
    fn hangs_up(&self, push: &Push) -> bool {
        match self {
            Self::Teardown | Self::ConnectionLost => false,
            Self::TakenOver(_, connection_id) => *connection_id != push.connection_id,
            _ => true,
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Teardown => f.write_str("TEARDOWN"),
            Self::Silence(ms) => write!(f, "nothing came for {} s", ms / 1000),
            Self::ConnectionLost => f.write_str("its connection was lost"),
            Self::TakenOver(address, _) => write!(f, "a new push from {address} takes its place"),
            Self::Killed(who) => write!(f, "killed by {who}"),
            Self::TooLong => f.write_str("max_broadcast_announce_duration_secs is reached"),
            Self::OffAir => f.write_str("the times of its description are over"),
            Self::Server => f.write_str("the server ended its session"),
        }
    }
}

impl Reflector {
    /// A broadcaster's session sends no more. Saying it twice does no harm.
    pub(super) fn end_push(&self, server: &Arc<Server>, key: &str, id: SessionId, why: Why) {
        let (push, entry) = {
            let mut on_air = self.on_air.lock();
            let Some(entry) = on_air.entries.get_mut(key) else { return };
            let Some(at) = entry.pushes.iter().position(|push| push.id == id) else { return };
            let push = entry.pushes.remove(at);
            tell_end(key, entry, &push, &why, server.clock.now_us());
            let others_send = !entry.pushes.is_empty();
            let goes_on = matches!(why, Why::TakenOver(..)) || others_send;
            let kills = !goes_on && (matches!(why, Why::Killed(_) | Why::OffAir) || self.prefs.load().kill_clients);
            let is_over = !others_send && (kills || entry.watchers.is_empty());
            if entry.pushes.is_empty() && entry.receivers.is_empty() {
                server.broadcast_sources.remove(key);
            }
            if !goes_on {
                self.files.end(key);
            }
            (push, if is_over { on_air.entries.remove(key) } else { None })
        };
        if let Some(entry) = entry {
            finish(server, key, entry, &why.to_string());
        }
        hang_up(server, &push, &why);
    }

    /// A viewer's session is over. Saying it twice does no harm.
    pub(super) fn end_viewer(&self, server: &Arc<Server>, key: &str, id: SessionId) {
        let mut on_air = self.on_air.lock();
        let Some(entry) = on_air.entries.get_mut(key) else { return };
        entry.watchers.remove(&id);
        if entry.watchers.is_empty() && !entry.receivers.is_empty() {
            tracing::debug!("{key}: nobody watches any more");
            entry.receivers.clear();
            if entry.pushes.is_empty() {
                server.broadcast_sources.remove(key);
            }
        }
        let unused = if entry.is_used() { None } else { on_air.entries.remove(key) };
        drop(on_air);
        if let Some(entry) = unused {
            finish(server, key, entry, "nobody watches");
        }
    }

    /// Ends a broadcast and its viewers; true if there was one.
    pub(super) fn kill(&self, server: &Arc<Server>, key: &str, who: &str) -> bool {
        let ids: Option<Vec<_>> =
            self.on_air.lock().entries.get(key).map(|entry| entry.pushes.iter().map(|push| push.id).collect());
        for id in ids.iter().flatten() {
            self.end_push(server, key, *id, Why::Killed(who.to_owned()));
        }
        let rest = self.on_air.lock().entries.remove(key);
        if let Some(entry) = rest {
            tracing::info!("{key}: broadcast killed by {who}");
            server.broadcast_sources.remove(key);
            finish(server, key, entry, "killed");
        }
        // What was only announced goes, too.
        self.files.end(key) || ids.is_some()
    }

    /// A file with a broadcast's name and `.kill` ends it, at the next reread of the preferences.
    pub(super) fn obey_kill_files(&self) {
        let Some(server) = self.server() else { return };
        let keys: Vec<_> = self.on_air.lock().entries.keys().filter(|key| key.ends_with(SDP)).cloned().collect();
        for key in keys {
            let file = format!("{key}.kill");
            if std::fs::symlink_metadata(&file).is_ok_and(|facts| facts.is_file()) {
                if let Err(error) = std::fs::remove_file(&file) {
                    tracing::warn!("{file}: {error}");
                }
                self.kill(&server, &key, &file);
            }
        }
    }

    /// Once a second.
    pub(super) fn tick(&self) {
        let Some(server) = self.server() else { return };
        let (now_ms, now_us, ntp) = (server.now_ms(), server.clock.now_us(), ntp_seconds(&server));
        let limit_us = self.prefs.load().longest_broadcast_ms.saturating_mul(1000);
        let mut over = Vec::new();
        let mut off_air = Vec::new();
        for (key, entry) in &self.on_air.lock().entries {
            let is_off_air = entry.description.is_timed() && !entry.description.is_on_air(ntp);
            let last_ms = entry.broadcast.last_packet_us().map(|last_us| last_us / 1000);
            for push in &entry.pushes {
                if let (Some(session), Some(last_ms)) = (push.session.upgrade(), last_ms) {
                    session.refresh(last_ms);
                }
                if is_off_air || (limit_us > 0 && now_us.saturating_sub(push.since_us) > limit_us) {
                    over.push((key.clone(), push.id, if is_off_air { Why::OffAir } else { Why::TooLong }));
                }
            }
            if is_off_air && entry.pushes.is_empty() {
                off_air.push(key.clone());
            }
        }
        for (key, id, why) in over {
            self.end_push(&server, &key, id, why);
        }
        for key in off_air {
            self.kill(&server, &key, "the times of its description");
        }
        self.remove_stale(now_ms, ntp);
    }

    /// Announced descriptions that nobody sends to, and those whose times are over.
    fn remove_stale(&self, now_ms: i64, ntp: u64) {
        for path in self.files.overdue(now_ms) {
            let is_on_air = self.on_air.lock().entries.get(&path).is_some_and(Entry::has_source);
            if !is_on_air && self.files.end(&path) {
                tracing::info!("{path}: announced, but nothing was sent; removed");
            }
        }
        for path in self.files.timed() {
            let text = files::read(&path).ok().flatten().map(|(text, _)| text).unwrap_or_default();
            let is_over = Description::parse(&text).is_ok_and(|found| found.is_over(ntp));
            if is_over && self.files.remove(&path) {
                tracing::info!("{path}: the times of this description are over; removed");
            }
        }
    }
}

fn tell_end(key: &str, entry: &Entry, push: &Push, why: &Why, now_us: i64) {
    let seconds = now_us.saturating_sub(push.since_us).max(0) / 1_000_000;
    let (packets, bytes) = (entry.broadcast.packets(), entry.broadcast.bytes());
    let viewers = entry.broadcast.viewers();
    tracing::info!(
        "Broadcast {key} from {} has ended after {seconds} s ({packets} packets, {bytes} bytes, {viewers} watching): {why}",
        push.peer
    );
}

/// What was on the air is taken off, viewers' sessions end.
fn finish(server: &Arc<Server>, key: &str, entry: Entry, why: &str) {
    server.broadcasts.remove(&entry.broadcast);
    entry.broadcast.end(why);
    tracing::debug!("{key}: off the air: {why}");
    for id in entry.watchers {
        if let Some(session) = server.sessions.find(id) {
            session.last_status.store(BROADCAST_ENDED, Ordering::Relaxed);
            server.begin_closing(&session, ClosingReason::Teardown);
        }
    }
}

/// Ends the broadcaster's session, and its connection if it would not notice else.
fn hang_up(server: &Arc<Server>, push: &Push, why: &Why) {
    if *why != Why::Teardown {
        if let Some(session) = push.session.upgrade() {
            server.begin_closing(&session, ClosingReason::Teardown);
        }
    }
    if let Some(connection) = push.connection.upgrade().filter(|_| why.hangs_up(push)) {
        connection.writer.close();
    }
}
