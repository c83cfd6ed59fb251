//! The broadcasts on the air, for the JSON interface.

use serde_json::{Value, json};

use crate::live::{Broadcast, TrackInfo, TrackKind};
use crate::server::Server;

/// A row for each, in the order of their paths.
pub fn rows(server: &Server) -> Value {
    let mut all = server.broadcasts.all();
    all.sort_by(|one, other| one.key().cmp(other.key()));
    all.iter().map(|broadcast| row(server, broadcast)).collect()
}

fn row(server: &Server, broadcast: &Broadcast) -> Value {
    let source = server.broadcast_sources.get(broadcast.key());
    let prefs = server.prefs();
    let folder = prefs.movie_folder.trim_end_matches('/');
    let silence = broadcast.last_packet_us().map(|last_us| (server.clock.now_us().saturating_sub(last_us)) / 1000);
    json!({
        "path": broadcast.key(),
        "url": broadcast.key().strip_prefix(folder).filter(|url| url.starts_with('/')),
        "active": broadcast.is_active(),
        "source": source.as_ref().map(|source| source.kind),
        "from": source.as_ref().map(|source| source.from.as_str()),
        "user": source.as_ref().map(|source| source.user.as_str()).filter(|user| !user.is_empty()),
        "since_ms": source.as_ref().map(|source| source.since_unix_ms),
        "viewers": broadcast.viewers(),
        "bit_rate": broadcast.bit_rate(),
        "packets": broadcast.packets(),
        "bytes": broadcast.bytes(),
        "silent_ms": silence,
        "tracks": broadcast.tracks().map(track).collect::<Vec<_>>(),
    })
}

fn track(info: &TrackInfo) -> Value {
    let kind = match info.kind {
        TrackKind::Audio => "audio",
        TrackKind::Video => "video",
        TrackKind::Other => "other",
    };
    json!({ "track": info.track_id, "kind": kind, "payload": info.payload_name, "clock_rate": info.clock_rate })
}
