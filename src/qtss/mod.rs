//! Objects, attributes, roles and the module registry as Rust sees them. Knows no protocol.
