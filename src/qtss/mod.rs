//! Objects, attributes, roles and the module registry as Rust sees them. Knows no protocol.

pub mod attr;
pub mod convert;
mod error;
pub mod messages;
mod types;

pub use self::error::{QtssError, result_code};
pub use self::types::{AttrDataType, AttrId, MAX_CUSTOM_TYPES, MAX_NAME_LEN, ObjectType, Permissions};
