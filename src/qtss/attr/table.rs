//! The shape of an attribute table, and the macro that declares one together with its id constants.

use super::super::types::Permissions;
pub(super) use super::super::types::{AttrDataType, AttrId};
pub(super) use Count::{Many, One};
pub(super) use Storage::{Computed, Field, Module, Unbound, Value};

/// How a built-in attribute gets its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// A variable of the object: it has a value (zero) from the object's creation on.
    Field,
    /// Has no value until the server stores one.
    Value,
    /// A function supplies the value when it is read.
    Computed,
    /// Has no value until a module stores one.
    Module,
    /// Declared, but never given a value by the server.
    Unbound,
}

/// Whether the server itself stores several values under an attribute. Any writable one can be given more by a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// One value at most.
    One,
    /// A list.
    Many,
}

/// One built-in attribute.
#[derive(Clone, Copy, Debug)]
pub struct AttrDef {
    /// Name of the id constant in the module headers.
    pub constant: &'static str,
    /// Registered name, which QTSS_IDForAttr looks up; case-sensitive.
    pub name: &'static str,
    /// Declared type of each value.
    pub data_type: AttrDataType,
    /// What modules may do with it.
    pub permissions: Permissions,
    /// How it gets its value.
    pub storage: Storage,
    /// Whether the server stores several values.
    pub count: Count,
    /// What it holds, in one sentence.
    pub doc: &'static str,
}

pub(super) const R: Permissions = Permissions::READ;
pub(super) const RW: Permissions = R.with(Permissions::WRITE);
pub(super) const RS: Permissions = R.with(Permissions::PREEMPTIVE_SAFE);
pub(super) const RWS: Permissions = RW.with(Permissions::PREEMPTIVE_SAFE);
pub(super) const RSC: Permissions = RS.with(Permissions::CACHEABLE);
pub(super) const RI: Permissions = R.with(Permissions::INSTANCE_ATTRS_ALLOWED);
pub(super) const RSI: Permissions = RS.with(Permissions::INSTANCE_ATTRS_ALLOWED);

/// Declares a table and one id constant per attribute. Ids must count up from 0; a gap does not compile.
macro_rules! attribute_table {
    (
        $(#[doc = $table_doc:literal])+
        $table:ident {
            $(
                $(#[doc = $doc:literal])+
                $constant:ident = $id:literal, $name:literal, $type:ident, $permissions:expr, $storage:expr, $count:expr;
            )*
        }
    ) => {
        $(
            $(#[doc = $doc])+
            pub const $constant: AttrId = AttrId::new($id);
        )*

        $(#[doc = $table_doc])+
        pub static $table: &[AttrDef] = {
            const TABLE: &[AttrDef] = &[$(
                AttrDef {
                    constant: stringify!($constant),
                    name: $name,
                    data_type: AttrDataType::$type,
                    permissions: $permissions,
                    storage: $storage,
                    count: $count,
                    doc: concat!($($doc),+),
                },
            )*];
            const IDS: &[u32] = &[$($id),*];
            const { assert_ids_count_up(IDS) };
            TABLE
        };
    };
}
pub(super) use attribute_table;

pub(super) const fn assert_ids_count_up(ids: &[u32]) {
    let mut i = 0;
    while i < ids.len() {
        assert!(ids[i] as usize == i, "attribute ids must count up from 0");
        i += 1;
    }
}
