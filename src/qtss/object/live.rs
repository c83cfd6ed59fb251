//! Counters that the server bumps without a lock while modules read them through pointers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::super::{AttrDataType, AttrId};
use super::Object;

macro_rules! live {
    ($name:ident, $atomic:ty, $value:ty, $method:ident, $types:pat, $what:literal) => {
        #[doc = concat!("An attribute of ", $what, " as a variable: reads and writes go straight to the value's memory.")]
        ///
        /// If a module stores a value longer than the type, the attribute gets memory of its own and this variable no
        /// longer shows in it, as with DSS 6.0.3's own variables.
        pub struct $name {
            /// Keeps the memory alive.
            _object: Arc<Object>,
            at: *mut $value,
        }

        // SAFETY: the memory lives as long as the object and is only accessed atomically.
        unsafe impl Send for $name {}
        // SAFETY: as above.
        unsafe impl Sync for $name {}

        impl $name {
            /// The current value.
            pub fn get(&self) -> $value {
                self.atomic().load(Ordering::Relaxed)
            }

            /// Replaces the value.
            pub fn set(&self, value: $value) {
                self.atomic().store(value, Ordering::Relaxed);
            }

            /// Adds, wrapping at the end of the type, and gives the value before.
            pub fn add(&self, value: $value) -> $value {
                self.atomic().fetch_add(value, Ordering::Relaxed)
            }

            fn atomic(&self) -> &$atomic {
                // SAFETY: `at` is aligned to its size within fields that live as long as the object.
                unsafe { <$atomic>::from_ptr(self.at) }
            }
        }

        impl Object {
            #[doc = concat!("A built-in attribute of ", $what, " as a lock-free variable.")]
            /// `None` for other types, lists, and attributes that modules added.
            pub fn $method(self: &Arc<Self>, id: AttrId) -> Option<$name> {
                let attr = self.attr(id).ok()?;
                let spot = attr.place.field?;
                if !matches!(attr.place.data_type, $types) || usize::from(spot.size) != size_of::<$value>() {
                    return None;
                }
                let mut values = self.values.lock();
                let at = values.variable(id, spot)?.cast::<$value>();
                (at.cast::<$atomic>().is_aligned()).then(|| $name { _object: self.clone(), at })
            }
        }
    };
}

live!(LiveU32, AtomicU32, u32, live_u32, AttrDataType::UInt32 | AttrDataType::SInt32, "32 bits");
live!(
    LiveU64,
    AtomicU64,
    u64,
    live_u64,
    AttrDataType::UInt64 | AttrDataType::SInt64 | AttrDataType::TimeVal,
    "64 bits"
);
