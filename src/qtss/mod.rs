//! Objects, attributes, roles and the module registry as Rust sees them. Knows no protocol.

pub mod attr;
pub mod convert;
mod error;
mod handle;
mod memory;
pub mod messages;
mod object;
mod store;
mod types;
mod value;

pub use self::error::{QtssError, result_code};
pub use self::handle::Handle;
pub use self::memory::{CText, RequestText};
pub use self::object::{Change, ChangeHook, LiveU32, LiveU64, LockGuard, Object, release_forgotten_locks};
pub use self::store::ObjectStore;
pub use self::types::{AttrDataType, AttrId, MAX_CUSTOM_TYPES, MAX_NAME_LEN, ObjectType, Permissions};
pub use self::value::Value;
