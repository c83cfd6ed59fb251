//! The functions of the module API, by subject. [`super::table`] has them in the table's order.

pub(super) mod answers;
pub(super) mod attributes;
pub(super) mod files;
pub(super) mod memory;
pub(super) mod sessions;
pub(super) mod streams;
pub(super) mod users;
pub(super) mod values;
pub(super) mod waits;
