//! What a computed attribute yields.

use super::handle::Handle;
use super::memory::Bytes;

/// One attribute value. The variant must fit the attribute's declared type; TimeVal is `I64`, Bool16 is `Bool`.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // the names say it
pub enum Value {
    /// No value: readers get ValueNotFound.
    None,
    Bool(bool),
    I16(i16),
    U16(u16),
    I32(i32),
    U32(u32),
    I64(i64),
    U64(u64),
    F32(f32),
    F64(f64),
    /// Text or other bytes.
    Bytes(Vec<u8>),
    /// An object or stream, or null.
    Object(Option<Handle>),
}

impl Value {
    /// The bytes modules see; `None` for no value.
    pub(super) fn bytes(self) -> Option<Bytes> {
        Some(match self {
            Self::None => return None,
            Self::Bool(v) => Bytes::from_slice(&u16::from(v).to_ne_bytes()),
            Self::I16(v) => Bytes::from_slice(&v.to_ne_bytes()),
            Self::U16(v) => Bytes::from_slice(&v.to_ne_bytes()),
            Self::I32(v) => Bytes::from_slice(&v.to_ne_bytes()),
            Self::U32(v) => Bytes::from_slice(&v.to_ne_bytes()),
            Self::I64(v) => Bytes::from_slice(&v.to_ne_bytes()),
            Self::U64(v) => Bytes::from_slice(&v.to_ne_bytes()),
            Self::F32(v) => Bytes::from_slice(&v.to_ne_bytes()),
            Self::F64(v) => Bytes::from_slice(&v.to_ne_bytes()),
            Self::Bytes(v) => Bytes::from_vec(v),
            Self::Object(v) => Bytes::from_slice(&v.map_or(0, Handle::to_raw).to_ne_bytes()),
        })
    }
}

macro_rules! value_from {
    ($($type:ty => $variant:ident),*) => {
        $(impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(value)
            }
        })*
    };
}

value_from! {
    bool => Bool, i16 => I16, u16 => U16, i32 => I32, u32 => U32, i64 => I64, u64 => U64, f32 => F32, f64 => F64,
    Vec<u8> => Bytes, Option<Handle> => Object
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Bytes(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Bytes(text.into())
    }
}
