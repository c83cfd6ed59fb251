//! The raw C ABI of the QTSS plug-in interface, version 5.0: types, constants, prototypes, callback table. No behaviour.
//!
//! Everything but [`CALLBACKS`] is made by bindgen from the headers in `include/`, whose comments document it, and checked
//! in, so that building needs no clang. `tests/bindings.rs` makes it again and fails when the headers have moved on;
//! `QTSS_SYS_BLESS=1 cargo test -p qtss-sys --test bindings` writes the files anew.
//!
//! There is one file per data model. They differ in the C types behind the 32-bit integers, and in the sizes and offsets
//! that the compiler asserts.

#![no_std]

#[rustfmt::skip]
#[cfg(target_pointer_width = "64")]
mod bindings;

#[rustfmt::skip]
#[cfg(target_pointer_width = "32")]
#[path = "bindings_32.rs"]
mod bindings;

mod callbacks;

pub use self::bindings::*;
pub use self::callbacks::{CALLBACKS, Callback};
