//! Objects, attributes, roles and the module registry as Rust sees them. Knows no protocol.
//!
//! - [`ObjectStore`] makes [`Object`]s; [`attr`] names their attributes. The server uses the typed methods of `Object`
//!   (`set_u32`, `string`, …), modules those named after the QTSS calls (`set_value`, `get_value_ptr`, …).
//! - A [`Module`] registers for [`Role`]s in a [`RegistryBuilder`]; the [`Registry`] knows whom to call.
//! - [`ModuleState`] says which module a thread is serving.

pub mod attr;
mod call_trace;
pub mod convert;
mod error;
mod handle;
mod memory;
pub mod messages;
mod module;
mod object;
mod registry;
mod role;
mod services;
mod state;
mod store;
mod types;
mod value;

pub use self::call_trace::{CallTrace, set_call_trace};
pub use self::error::{QtssError, result_code};
pub use self::handle::{Handle, shrink_handles};
pub use self::memory::{CText, RequestText};
pub use self::module::{BoxFuture, ClosingReason, InitializeParams, Module, OpenFile, RoleCall, RoleParams, SyncRole};
pub use self::object::{AttrSummary, Change, ChangeHook, LiveU32, LiveU64, LockGuard, Object, release_forgotten_locks};
pub use self::registry::{ModuleEntry, PrefsLoader, RegisterFailed, Registration, Registry, RegistryBuilder};
pub use self::role::{Role, RoleSet};
pub use self::services::{ServiceArgs, ServiceFn, ServiceId, Services};
pub use self::state::{ModuleState, ModuleStateGuard};
pub use self::store::ObjectStore;
pub use self::types::{AttrDataType, AttrId, MAX_CUSTOM_TYPES, MAX_NAME_LEN, ObjectType, Permissions};
pub use self::value::Value;
