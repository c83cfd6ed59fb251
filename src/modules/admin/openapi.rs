//! The description of the JSON interface (OpenAPI 3.0), made from the table of its routes.

use serde_json::{Map, Value, json};

use super::api::{Action, PREFIX, ROUTES, Route};
use super::relays;

/// The document.
pub fn document() -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(operations) = path.as_object_mut() {
            operations.insert(route.method.as_str().to_ascii_lowercase(), operation(route));
        }
    }
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "Darwin Streaming Server administration",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "For members of the group that the preference AdministratorGroup names.",
        },
        "servers": [{ "url": PREFIX }],
        "security": [{ "basic": [] }, { "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "basic": { "type": "http", "scheme": "basic" },
                "token": { "type": "http", "scheme": "bearer" },
            },
            "schemas": all_schemas(),
            "responses": { "Problem": content("What is wrong", "application/problem+json", "Problem") },
        },
    })
}

fn operation(route: &Route) -> Value {
    let mut operation = json!({
        "summary": route.summary,
        "operationId": format!("{:?}", route.action),
        "responses": {
            "200": json!({
                "description": "Done",
                "content": { "application/json": { "schema": answer_schema(route.action) } },
            }),
            "default": { "$ref": "#/components/responses/Problem" },
        },
    });
    let parameters: Vec<_> = names(route.path).map(parameter).collect();
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    match route.action {
        Action::SetPref => operation["requestBody"] = body("application/json", "Change"),
        Action::SetState => operation["requestBody"] = body("application/json", "State"),
        Action::CheckText => operation["requestBody"] = body("application/xml", "Text"),
        Action::Document => operation["security"] = json!([]),
        _ => {}
    }
    operation
}

fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn parameter(name: &str) -> Value {
    let schema = if name == "id" { json!({ "type": "integer", "minimum": 0 }) } else { json!({ "type": "string" }) };
    json!({ "name": name, "in": "path", "required": true, "schema": schema })
}

fn body(media_type: &str, schema: &str) -> Value {
    json!({ "required": true, "content": { media_type: { "schema": reference(schema) } } })
}

fn content(description: &str, media_type: &str, schema: &str) -> Value {
    json!({ "description": description, "content": { media_type: { "schema": reference(schema) } } })
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn answer_schema(action: Action) -> Value {
    let list = |of: &str| json!({ "type": "array", "items": reference(of) });
    match action {
        Action::Sessions => list("Session"),
        Action::Session => reference("Session"),
        Action::Streams => list("Stream"),
        Action::Broadcasts => list("Broadcast"),
        Action::Modules => list("Module"),
        Action::Module => reference("Module"),
        Action::Relays => list("Relay"),
        Action::Section => list("Preference"),
        Action::Pref | Action::SetPref => reference("Preference"),
        Action::Prefs => json!({ "type": "object", "additionalProperties": list("Preference") }),
        Action::CheckFile | Action::CheckText | Action::Reread => reference("Findings"),
        Action::State | Action::SetState => reference("State"),
        Action::Status | Action::Stats | Action::EndSession | Action::RemovePref | Action::Document => {
            json!({ "type": "object" })
        }
    }
}

fn all_schemas() -> Value {
    let mut all = schemas();
    for (name, schema) in relays::schemas() {
        all[name] = schema;
    }
    all
}

fn schemas() -> Value {
    let text = json!({ "type": "string" });
    let maybe_text = json!({ "type": "string", "nullable": true });
    let number = json!({ "type": "integer" });
    let texts = json!({ "type": "array", "items": text });
    json!({
        "Problem": { "type": "object", "properties": { "status": number, "title": text, "detail": text } },
        "Text": text,
        "State": {
            "type": "object",
            "required": ["state"],
            "properties": {
                "state": { "type": "string", "enum": ["starting", "running", "refusing", "failed", "stopping", "idle"] },
                "number": number,
            },
        },
        "Change": {
            "type": "object",
            "description": "Either value or values; with a type the preference is made if it is not there.",
            "properties": { "value": {}, "values": { "type": "array", "items": {} }, "type": text },
        },
        "Preference": {
            "type": "object",
            "properties": {
                "name": text,
                "type": text,
                "list": { "type": "boolean" },
                "values": { "type": "array", "items": text, "nullable": true },
                "about": maybe_text,
                "unused": maybe_text,
            },
        },
        "Findings": {
            "type": "object",
            "properties": {
                "usable": { "type": "boolean" },
                "findings": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "severity": text, "line": number, "column": number,
                            "module": maybe_text, "pref": maybe_text, "text": text,
                        },
                    },
                },
            },
        },
        "Module": {
            "type": "object",
            "properties": {
                "name": text, "dynamic": { "type": "boolean" }, "description": maybe_text,
                "version": { "type": "integer", "nullable": true }, "roles": texts, "calls": { "type": "object" },
            },
        },
        "Session": {
            "type": "object",
            "properties": {
                "id": number, "url": maybe_text, "path": maybe_text, "user_agent": maybe_text, "address": text,
                "user": maybe_text, "state": { "type": "string", "enum": ["playing", "paused"] },
                "created_ms": number, "connected_ms": number,
                "streams": { "type": "array", "items": reference("Stream") },
            },
        },
        "Broadcast": {
            "type": "object",
            "properties": {
                "path": text, "url": maybe_text, "active": { "type": "boolean" }, "source": maybe_text,
                "from": maybe_text, "user": maybe_text, "since_ms": { "type": "integer", "nullable": true },
                "viewers": number, "bit_rate": number, "packets": number, "bytes": number,
                "silent_ms": { "type": "integer", "nullable": true },
                "tracks": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": { "track": number, "kind": text, "payload": text, "clock_rate": number },
                    },
                },
            },
        },
        "Stream": {
            "type": "object",
            "properties": {
                "session": number, "track": number, "payload": text, "kind": text, "transport": text, "ssrc": number,
                "quality_level": number, "packets": number, "payload_bytes": number, "lost_packets": number,
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_described_and_every_reference_leads_somewhere() {
        let document = document();
        for route in ROUTES {
            let operation = &document["paths"][route.path][route.method.as_str().to_ascii_lowercase()];
            assert_eq!(operation["summary"], route.summary, "{} {}", route.method, route.path);
            assert_eq!(operation["parameters"].as_array().map_or(0, Vec::len), names(route.path).count());
        }
        let described: usize =
            document["paths"].as_object().expect("paths").values().map(|p| p.as_object().map_or(0, Map::len)).sum();
        assert_eq!(described, ROUTES.len(), "two routes have one path and method");
        check_references(&document, &document);
    }

    fn check_references(node: &Value, document: &Value) {
        match node {
            Value::Object(members) => {
                if let Some(Value::String(to)) = members.get("$ref") {
                    let pointer = to.strip_prefix('#').expect("within the document");
                    assert!(document.pointer(pointer).is_some(), "{to}");
                }
                members.values().for_each(|member| check_references(member, document));
            }
            Value::Array(items) => items.iter().for_each(|item| check_references(item, document)),
            _ => {}
        }
    }
}
