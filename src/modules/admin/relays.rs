//! The relays in the JSON interface.

use serde_json::{Value, json};

use crate::live::relay::{DestinationStatus, RelayStatus, SourceStatus, State};

/// What all relays are doing.
pub fn json(relays: &[RelayStatus]) -> Value {
    relays.iter().map(relay).collect()
}

/// The schemas of the answer.
pub fn schemas() -> [(&'static str, Value); 2] {
    let text = json!({ "type": "string" });
    let number = json!({ "type": "integer" });
    let maybe_number = json!({ "type": "integer", "nullable": true });
    let numbers = json!({ "type": "array", "items": { "type": "integer" } });
    let maybe_text = json!({ "type": "string", "nullable": true });
    let words = ["waiting", "connecting", "up", "retrying", "finished"];
    let end = json!({
        "type": "object",
        "properties": {
            "type": text, "address": text, "local_address": text, "rtsp_port": maybe_number, "url": text,
            "user": maybe_text, "udp_ports": numbers, "ttl": maybe_number,
            "state": { "type": "string", "enum": words }, "trouble": maybe_text,
            "packets": number, "bytes": number,
        },
    });
    let reference = json!({ "$ref": "#/components/schemas/RelayEnd" });
    let relay = json!({
        "type": "object",
        "properties": {
            "name": text, "source": reference, "destinations": { "type": "array", "items": reference },
        },
    });
    [("RelayEnd", end), ("Relay", relay)]
}

fn relay(relay: &RelayStatus) -> Value {
    json!({
        "name": relay.name,
        "source": source(&relay.source),
        "destinations": relay.destinations.iter().map(destination).collect::<Vec<_>>(),
    })
}

fn with_state(mut part: Value, state: &State) -> Value {
    part["state"] = state.word().into();
    part["trouble"] = state.trouble().into();
    part
}

fn source(source: &SourceStatus) -> Value {
    let part = json!({
        "type": source.kind,
        "address": source.address,
        "local_address": source.local,
        "rtsp_port": source.rtsp_port,
        "url": source.url,
        "user": source.user,
        "udp_ports": source.udp_ports,
        "ttl": source.ttl,
        "packets": source.packets,
        "bytes": source.bytes,
    });
    with_state(part, &source.state)
}

fn destination(to: &DestinationStatus) -> Value {
    let part = json!({
        "type": to.kind,
        "address": to.address,
        "local_address": to.local,
        "rtsp_port": to.rtsp_port,
        "url": to.url,
        "udp_ports": to.targets.iter().map(std::net::SocketAddr::port).collect::<Vec<_>>(),
        "ttl": to.ttl,
        "packets": to.packets,
        "bytes": to.bytes,
    });
    with_state(part, &to.state)
}
